"""
How Keras 2 and Keras 3 write the same graph: which layer was called on what, and what a dtype is called.

Keras 2 writes a call as ``[[layer, node, tensor, kwargs], ...]`` and counts the first node of a nested model as 1;
Keras 3 writes ``{"args": [tensor, ...], "kwargs": {...}}`` and counts from 0.

Source: ``get_config`` and ``from_config`` of ``Functional`` in keras 2.8 to 2.15 and 3.3 to 3.15.
"""

_TENSOR = "__keras_tensor__"
_RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM")


def plain_policy(thing):
    """Write the dtype policy of an object, if it has one, by its name."""
    policy = thing["config"].get("dtype")
    name = policy.get("config", {}).get("name") if isinstance(policy, dict) else None
    if not isinstance(name, str):
        return []
    thing["config"]["dtype"] = name
    return ["dtype policy written as {!r}".format(name)]


def is_graph(thing):
    """Tell whether an object is a model with a graph of layers."""
    config = thing.get("config")
    return isinstance(config, dict) and "layers" in config and "output_layers" in config


def _calls(config):
    return [call for layer in config["layers"] for call in layer.get("inbound_nodes", [])]


def to_keras2(thing):
    """Write a graph of Keras 3 as Keras 2 does; return what was changed."""
    config = thing["config"]
    if not any(isinstance(call, dict) for call in _calls(config)):
        return []
    nested = _nested(config)
    for layer in config["layers"]:
        layer["inbound_nodes"] = [_call2(call, nested, layer["class_name"]) for call in layer.get("inbound_nodes", [])]
    wrap_ends(thing)
    config["layers"] = _needed(config)
    _shift(config["output_layers"], {n for n, c in nested.items() if c == "Sequential"}, 1)
    return ["calls of layers written as Keras 2 does"]


def wrap_ends(thing):
    """Write a single input or output as a list of one, as all but the newest releases do; return what was changed."""
    config, changes = thing["config"], []
    for key in ("input_layers", "output_layers"):
        if _is_reference(config[key]):
            config[key] = [config[key]]
            changes.append("{} written as a list".format(key))
    return changes


def without_masks(thing, is_known):
    """
    Leave the masks out of a graph that only operations make which this Keras lacks: it hands masks on by itself.

    Args:
        is_known: Tells whether this Keras has the class of a layer.
    """
    config = thing["config"]
    unknown = {layer["name"] for layer in config["layers"] if not is_known(layer)}
    masked = [call for call in _calls(config) if _is_call3(call) and _masks(call) & unknown]
    for call in masked:
        del call["kwargs"]["mask"]
    if masked:
        config["layers"] = _needed(config)
    return ["masks left out that {} made".format(", ".join(sorted(unknown)))] if masked else []


def _masks(call):
    return set(_sources(call["kwargs"].get("mask")))


def _sources(value):
    """Return the names of all layers whose tensors are in a structure of calls, of either generation."""
    if isinstance(value, dict) and value.get("class_name") == _TENSOR:
        return [value["config"]["keras_history"][0]]
    if _is_reference(value):
        return [value[0]]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    names = [name for item in items for name in _sources(item)]
    return names + ([value[0]] if isinstance(value, list) and _is_reference(value[:3]) else [])


def _needed(config):
    """Leave out what nothing is made of, which a graph never has: the operations that only made a mask."""
    layers = list(config["layers"])
    while True:
        used = set(_sources([[layer["inbound_nodes"] for layer in layers], config["output_layers"]]))
        kept = [layer for layer in layers if layer["name"] in used or layer["class_name"] == "InputLayer"]
        if len(kept) == len(layers):
            return layers
        layers = kept


def _nested(config):
    return {layer["name"]: layer["class_name"] for layer in config["layers"] if "layers" in layer.get("config", {})}


def _is_reference(value):
    return isinstance(value, list) and len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], int)


def _shift(ends, names, by):
    """Move the node index of every reference to one of `names`, in place."""
    if _is_reference(ends):
        ends[1] += by if ends[0] in names else 0
        return
    for item in ends.values() if isinstance(ends, dict) else ends if isinstance(ends, list) else []:
        _shift(item, names, by)


def _call2(call, nested, class_name):
    args, kwargs = _references(call["args"], nested), _references(call["kwargs"], nested)
    # Keras 2 hands masks on by itself, and what `training` a preprocessing layer was called with says nothing of the
    # next call: Keras 3 takes that of the model.
    kwargs = {key: value for key, value in kwargs.items() if key not in ("mask", "training")}
    if not args:
        args = [kwargs.pop(next(key for key, value in kwargs.items() if _is_reference(value)))]
    first, rest = args[0], args[1:]
    if class_name == "TFOpLambda" and _is_reference(first):
        return first + [kwargs]  # a list of one would be another argument
    tensors = [first] if _is_reference(first) else first
    # A second positional tensor has a name in Keras 2: that of attention layers, or the states of recurrent ones.
    for name, value in zip(("value", "key"), rest):
        if value is not None:
            kwargs[name] = value
    states = kwargs.pop("initial_state", None)
    if states is not None:
        tensors = tensors + ([states] if _is_reference(states) else states)
    if isinstance(tensors, dict):
        return {key: tensor + [kwargs] for key, tensor in tensors.items()}
    return [tensor + [kwargs if index == 0 else {}] for index, tensor in enumerate(tensors)]


def _references(value, nested):
    if isinstance(value, dict):
        if value.get("class_name") == _TENSOR:
            name, node, tensor = value["config"]["keras_history"]
            return [name, node + (1 if name in nested else 0), tensor]
        return {key: _references(item, nested) for key, item in value.items()}
    return [_references(item, nested) for item in value] if isinstance(value, list) else value


def to_keras3(thing):
    """Write the calls of a graph of Keras 2 as Keras 3 does, if it would misread any; return what was changed."""
    config = thing["config"]
    calls = [call for call in _calls(config) if not _is_call3(call)]
    nested = set(_nested(config))
    if not nested & set(_named(calls)) and not any(map(_differs, config["layers"])):
        return []
    indices = _named([calls, config["output_layers"]])
    shifted = {name for name in nested if min(indices.get(name, [1])) >= 1}
    for layer in config["layers"]:
        written = [call if _is_call3(call) else _call3(call, layer, shifted) for call in layer.get("inbound_nodes", [])]
        layer["inbound_nodes"] = written
    _shift(config["output_layers"], {n for n in shifted if _nested(config)[n] == "Sequential"}, -1)
    return ["calls of layers written as Keras 3 does"]


def _is_call3(call):
    return isinstance(call, dict) and "args" in call and "kwargs" in call


def _differs(layer):
    """Tell whether Keras 3 misreads a call of this layer: tensors among the keywords, or states after the sequence."""
    for call in layer.get("inbound_nodes", []):
        if _is_call3(call):
            continue
        tensors = list(call.values()) if isinstance(call, dict) else call
        if any(isinstance(tensor, list) and len(tensor) > 3 and _named(tensor[3]) for tensor in tensors):
            return True
        if len(tensors) > 1 and layer["class_name"].startswith(_RECURRENT):
            return True
    return False


def _named(value, found=None):
    """Return the node indices of all references in a structure, by layer."""
    found = {} if found is None else found
    if isinstance(value, list) and len(value) in (3, 4) and _is_reference(value[:3]):
        found.setdefault(value[0], []).append(value[1])
        value = value[3:]
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        _named(item, found)
    return found


def _call3(call, layer, shifted):
    if isinstance(call, dict):
        kwargs = next(iter(call.values()))[3:]
        args = [{key: _tensor(value, shifted) for key, value in call.items()}]
    else:
        kwargs = call[0][3:]
        args = _arguments([_tensor(value, shifted) for value in call], layer)
    kwargs = {key: _tensors(value, shifted) for key, value in (kwargs[0] if kwargs else {}).items()}
    if len(args) == 2 and layer["class_name"].startswith(_RECURRENT):
        kwargs["initial_state"] = args.pop()
    return {"args": args, "kwargs": kwargs}


def _arguments(tensors, layer):
    if layer["class_name"].startswith(_RECURRENT) and len(tensors) > 1:
        return [tensors[0], tensors[1:]]
    return tensors if len(tensors) == 1 else [tensors]


def _tensors(value, shifted):
    if _is_reference(value):
        return _tensor(value, shifted)
    if isinstance(value, dict):
        return {key: _tensors(item, shifted) for key, item in value.items()}
    return [_tensors(item, shifted) for item in value] if isinstance(value, list) else value


def _tensor(reference, shifted):
    history = [reference[0], reference[1] - (1 if reference[0] in shifted else 0), reference[2]]
    # Only the history is read: shape and dtype are those of the tensor that it leads to.
    return {"class_name": _TENSOR, "config": {"shape": [None], "dtype": "float32", "keras_history": history}}


def function_name(value):
    """Return the name of a function that Keras 3 wrote as an object, else None."""
    is_function = value.get("class_name") == "function" and isinstance(value.get("config"), str)
    return value["config"] if is_function else None


def names2(thing, plain):
    """
    Write an object's shapes, code and modules as Keras 2 does.

    Args:
        plain: Take out the modules too, which Keras before 2.12 does not know.
    """
    config, changes = thing["config"], []
    if thing["class_name"] == "InputLayer" and "batch_shape" in config:
        config["batch_input_shape"] = config.pop("batch_shape")
        changes.append("batch_shape written as batch_input_shape")
    function = config.get("function")
    if isinstance(function, dict) and function.get("class_name") == "__lambda__":
        code = function["config"]
        config.update(function=[code["code"], code["defaults"], code["closure"]], function_type="lambda", module=None)
        config.update(output_shape=config.get("output_shape"), output_shape_type="raw", output_shape_module=None)
        changes.append("byte code written as Keras 2 does")
    return changes + (_without_modules(thing) if plain else [])


def names3(thing):
    """Write an object's axis and code as Keras 3 does; nothing of the code is run."""
    config = thing["config"]
    axis = config.get("axis")
    if isinstance(axis, list) and len(axis) == 1 and isinstance(axis[0], int):
        # Keras 2 wraps the only axis; the HDF5 reader of Keras 3 unwraps it, its other reader does not.
        config["axis"] = axis[0]
        return ["axis written as {}".format(axis[0])]
    function = config.get("function")
    if thing["class_name"] != "Lambda" or "function_type" not in config or not isinstance(function, list):
        return []
    config["function"] = {"class_name": "__lambda__", "config": dict(zip(("code", "defaults", "closure"), function))}
    for key in ("function_type", "module", "output_shape_type", "output_shape_module"):
        config.pop(key, None)
    return ["byte code written as Keras 3 does"]


def _without_modules(thing):
    if "module" not in thing:
        return []
    registered = thing.pop("registered_name", None)
    if registered and ">" in registered:
        thing["class_name"] = registered
    module = thing.pop("module")
    thing.pop("build_config", None)
    return ["module {} taken out".format(module)]
