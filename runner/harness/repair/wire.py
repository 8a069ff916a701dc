"""
Just enough of protobuf's wire format to read and replace the JSON texts of ``keras_metadata.pb``.

``SavedMetadata`` holds ``repeated SavedObject nodes = 1``, and a ``SavedObject`` its JSON in ``string metadata = 5``.

Source: keras/protobuf/saved_metadata.proto of keras 2.8 to 2.15.
"""

_NODES, _METADATA = 1, 5
_VARINT_BITS = 70  # a number of 64 bits has ten bytes at most
_MOST_NODES, _MOST_IN_NODE = 100000, 20  # fields; a model has a node for each of its objects, and a node has five


def metadata(data):
    """
    Return the JSON text of every node, "" where a node has none.

    Raises:
        ValueError: If `data` is no such message.
    """
    return [_text_of(value) for number, value, _ in _fields(data, _MOST_NODES) if number == _NODES]


def with_metadata(data, texts):
    """Return the message with the nodes' texts replaced, in their order."""
    left = iter(texts)
    parts = (
        _length_delimited(_NODES, _with_text(value, next(left))) if number == _NODES else raw
        for number, value, raw in _fields(data, _MOST_NODES)
    )
    return b"".join(parts)


def _text_of(node):
    return next((value.decode("utf-8") for number, value, _ in _fields(node, _MOST_IN_NODE) if number == _METADATA), "")


def _with_text(node, text):
    parts = (
        _length_delimited(_METADATA, text.encode("utf-8")) if number == _METADATA else raw
        for number, _, raw in _fields(node, _MOST_IN_NODE)
    )
    return b"".join(parts)


def _fields(data, most):
    """Return (number, value, the field as it stands) for every field of a message; the value of a number is None."""
    found, at = [], 0
    while at < len(data):
        if len(found) == most:
            raise ValueError("more fields than a model has")
        start = at
        key, at = _varint(data, at)
        number, kind, value = key >> 3, key & 7, None
        if kind == 0:
            _, at = _varint(data, at)
        elif kind == 2:
            size, at = _varint(data, at)
            value, at = data[at : at + size], at + size
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise ValueError("no protobuf message")
        if at > len(data):
            raise ValueError("the message is cut off")
        found.append((number, value if value is not None else b"", data[start:at]))
    return found


def _varint(data, at):
    value = shift = 0
    while at < len(data) and shift < _VARINT_BITS:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ValueError("the message is cut off")


def _length_delimited(number, value):
    return _encoded(number << 3 | 2) + _encoded(len(value)) + value


def _encoded(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
