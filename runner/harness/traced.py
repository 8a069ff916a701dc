"""Call what was loaded with the inputs as its saved function takes them: by name, as a list, one after the other."""

from . import loaders


class Callable:
    """
    A loaded object that is called in whichever way it accepts.

    Args:
        changes: A list that says afterwards which way that was.

    Raises:
        TypeError: If it takes the inputs in none.
    """

    def __init__(self, tf, loaded, changes):
        self._tf = tf
        self._loaded = loaded
        self._changes = changes

    def __call__(self, inputs):
        """Return the outputs of the first way that works."""
        reasons = []
        for way, call in self._ways(inputs):
            try:
                returned = call()
            except Exception as error:  # TensorFlow has errors of its own for a wrong dtype
                reasons.append("{}: {}".format(way, str(error).strip().split("\n")[0][:200]))
                continue
            if "called with " + way not in self._changes:
                self._changes.append("called with " + way)
            return returned
        raise TypeError("Could not find matching function to call, tried: " + "; ".join(reasons))

    def _ways(self, inputs):
        values = _values(inputs)
        loaded = self._loaded
        for name, function in _signatures(loaded):
            yield "signature " + name, lambda function=function: function(**self._cast(function, inputs))
        if len(values) == 1:
            yield "one tensor", lambda: loaded(values[0])
        yield "a list", lambda: loaded(values)
        yield "a tuple", lambda: loaded(tuple(values))
        yield "one tensor after the other", lambda: loaded(*values)
        names = list(inputs) if isinstance(inputs, dict) else getattr(loaded, "input_names", None)
        if names and len(names) == len(values):
            yield "a dict", lambda: loaded(dict(zip(names, values)))
            yield "keywords", lambda: loaded(**dict(zip(names, values)))

    def _cast(self, function, inputs):
        specs = function.structured_input_signature[1]
        chosen = loaders.by_name(inputs, specs)
        return {name: self._as(value, specs[name].dtype) for name, value in chosen.items()}

    def _as(self, value, dtype):
        tensor = self._tf.convert_to_tensor(value)
        return tensor if tensor.dtype == dtype else self._tf.cast(tensor, dtype)


def _values(inputs):
    if isinstance(inputs, dict):
        return list(inputs.values())
    return list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]


def _signatures(loaded):
    """Return the signatures of a SavedModel, the one for serving first."""
    try:
        found = dict(getattr(loaded, "signatures", None) or {})
    except (TypeError, AttributeError):
        return []
    return sorted(found.items(), key=lambda pair: pair[0] != "serving_default")
