"""Arrays to ``.npz`` and back, without pickle: text becomes bytes and the places where each item ends."""

import numpy as np

_PLAIN = "biufc"


def as_array(leaf, name):
    """
    Turn one output or weight into an array.

    Returns:
        The array and the name of its dtype as the model knows it; what NumPy lacks (bfloat16) comes as float32.

    Raises:
        TypeError: If it is neither numbers nor text.
    """
    value = leaf.numpy() if hasattr(leaf, "numpy") else leaf
    array = np.asarray(value)
    dtype = array.dtype.name
    if array.dtype.kind in _PLAIN:
        return array, dtype
    if array.dtype.kind in "SU" or _is_text(array):
        return array.astype(object), "string"
    if array.dtype.kind == "V":
        return array.astype(np.float32), dtype
    raise TypeError("{} is a {}, neither numbers nor text".format(name, type(leaf).__name__))


def _is_text(array):
    return array.dtype.kind == "O" and all(isinstance(item, (str, bytes)) for item in array.ravel())


class Writer:
    """Collects arrays for one ``.npz``, and the entries that describe them."""

    def __init__(self):
        self._arrays = {}

    def add(self, leaf, **entry):
        """Keep one array; return its entry: the words given, its key, dtype and shape."""
        array, dtype = as_array(leaf, entry["name"])
        key = "a{}".format(len(self._arrays))
        entry.update(key=key, dtype=dtype, shape=list(array.shape))
        if dtype == "string":
            items = [item if isinstance(item, bytes) else item.encode("utf-8") for item in array.ravel()]
            self._arrays[key + ".ends"] = np.cumsum([len(item) for item in items], dtype=np.int64)
            array = np.frombuffer(b"".join(items), dtype=np.uint8)
        self._arrays[key] = array
        return entry

    def write(self, path):
        """Write all that was added to `path`."""
        with open(path, "wb") as file:
            np.savez(file, **self._arrays)


def read(arrays, entry):
    """Return the array that `entry` describes, text as an array of bytes objects, from a loaded ``.npz``."""
    array = arrays[entry["key"]]
    if entry["dtype"] != "string":
        return array
    ends = arrays[entry["key"] + ".ends"].tolist()
    data = array.tobytes()
    items = np.empty(len(ends), dtype=object)
    items[:] = [data[start:end] for start, end in zip([0] + ends, ends)]
    return items.reshape(entry["shape"])
