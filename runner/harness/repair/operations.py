"""
Operations on tensors among the layers: ``TFOpLambda`` in Keras 2, operations of their own in Keras 3.

Only those are translated that compute the same in both; what is in no table stays, and is reported as unknown.
"""

# Operation of Keras 3: (function of TensorFlow as Keras 2 writes it first, other names of it, arguments 3 -> 2)
_BINARY = {"x2": "y"}
_REDUCTION = {"axis": "axis", "keepdims": "keepdims"}
_TABLE = {
    "Add": (("math.add", "__operators__.add", "add"), _BINARY),
    "Subtract": (("math.subtract", "__operators__.sub", "subtract"), _BINARY),
    "Multiply": (("math.multiply", "__operators__.mul", "multiply"), _BINARY),
    "TrueDivide": (("math.truediv", "__operators__.truediv", "truediv"), _BINARY),
    "Divide": (("math.divide", "divide"), _BINARY),
    "Power": (("math.pow", "__operators__.pow", "pow"), _BINARY),
    "Maximum": (("math.maximum", "maximum"), _BINARY),
    "Minimum": (("math.minimum", "minimum"), _BINARY),
    "Mean": (("math.reduce_mean", "reduce_mean"), _REDUCTION),
    "Sum": (("math.reduce_sum", "reduce_sum"), _REDUCTION),
    "Max": (("math.reduce_max", "reduce_max"), _REDUCTION),
    "Min": (("math.reduce_min", "reduce_min"), _REDUCTION),
    "Prod": (("math.reduce_prod", "reduce_prod"), _REDUCTION),
    "Concatenate": (("concat",), {"axis": "axis"}),
    "Stack": (("stack",), {"axis": "axis"}),
    "Reshape": (("reshape",), {"newshape": "shape"}),
    "Transpose": (("transpose",), {"axes": "perm"}),
    "ExpandDims": (("expand_dims",), {"axis": "axis"}),
    "Squeeze": (("squeeze",), {"axis": "axis"}),
    "Cast": (("cast",), {"dtype": "dtype"}),
    "Clip": (("clip_by_value",), {"x_min": "clip_value_min", "x_max": "clip_value_max"}),
    "Negative": (("math.negative", "__operators__.neg", "negative"), {}),
    "Absolute": (("math.abs", "abs"), {}),
    "Exp": (("math.exp", "exp"), {}),
    "Log": (("math.log",), {}),
    "Sqrt": (("math.sqrt", "sqrt"), {}),
    "Square": (("math.square", "square"), {}),
    "Sin": (("math.sin", "sin"), {}),
    "Cos": (("math.cos", "cos"), {}),
    "Tanh": (("math.tanh", "tanh", "nn.tanh"), {}),
    "Sigmoid": (("math.sigmoid", "sigmoid", "nn.sigmoid"), {}),
    "Relu": (("nn.relu",), {}),
    "Softplus": (("math.softplus", "nn.softplus"), {}),
}
_FUNCTIONS = {name: operation for operation, (names, _) in _TABLE.items() for name in names}
_COMMUTATIVE = ("Add", "Multiply", "Maximum", "Minimum")
_CONSTANT = "_CONSTANT_VALUE"


def to_keras3(layer, cls_of):
    """
    Write a ``TFOpLambda`` of Keras 2 as the operation of Keras 3, its calls still as Keras 2 writes calls.

    Args:
        cls_of: Returns the class of an operation by its name, or None.

    Returns:
        What was changed.
    """
    operation = _FUNCTIONS.get(str(layer["config"].get("function")))
    cls = cls_of(operation) if layer["class_name"] == "TFOpLambda" and operation else None
    if cls is None:
        return []
    calls = [call if isinstance(call[0], list) else [call] for call in layer["inbound_nodes"]]
    calls = [_without_constant(call, operation) for call in calls]
    split = [_split(call, _TABLE[operation][1]) for call in calls]
    if not split or None in split or any(one != split[0][0] for one, _ in split):
        return []
    function = layer["config"]["function"]
    layer.update(class_name=operation, module=cls.__module__, registered_name=None)
    layer["config"] = dict(split[0][0], name=layer["config"]["name"])
    layer["inbound_nodes"] = [call for _, call in split]
    return ["{} written as the operation {}".format(function, operation)]


def _without_constant(call, operation):
    """Put a tensor first, where that makes no difference: Keras 3 wants one there."""
    name, _, value, kwargs = (call[0] + [{}])[:4]
    if name != _CONSTANT or operation not in _COMMUTATIVE or not isinstance(kwargs.get("y"), list):
        return call
    return [kwargs["y"] + [dict(kwargs, y=value)]]


def _split(call, arguments):
    """Return (the operation's own arguments, the call with the others), or None if one has no name here."""
    given = {key: value for key, value in (call[0] + [{}])[3].items() if key != "name" and value is not None}
    names = {second: third for third, second in arguments.items()}
    if call[0][0] == _CONSTANT or set(given) - set(names):
        return None
    kwargs = {names[key]: value for key, value in given.items()}
    own = {key: kwargs.pop(key) for key in list(kwargs) if key not in _BINARY}
    return own, [tensor[:3] + [kwargs if index == 0 else {}] for index, tensor in enumerate(call)]


def with_module(layer, cls_of):
    """Add the module to an operation that Keras 3 wrote into an HDF5 file like the layer of the same name."""
    cls = cls_of(layer["class_name"]) if "module" not in layer and _is_operation(layer) else None
    if cls is None:
        return []
    layer.update(module=cls.__module__, registered_name=None)
    return ["said to be the operation of that name, no layer"]


def _is_operation(layer):
    """Tell operations from layers: by their module, or as layers take several tensors as one list."""
    if ".ops." in str(layer.get("module") or ""):
        return True
    calls = [call for call in layer.get("inbound_nodes") or [] if isinstance(call, dict) and "args" in call]
    several = any(len(call["args"]) > 1 for call in calls)
    return "module" not in layer and several and layer["class_name"] in _TABLE


def to_keras2(layer):
    """Write an operation of Keras 3 as the ``TFOpLambda`` of Keras 2, its calls still as Keras 3 writes calls."""
    calls = layer.get("inbound_nodes") or []
    if layer["class_name"] not in _TABLE or not _is_operation(layer):
        return []
    operation, config = layer["class_name"], layer["config"]
    names, arguments = _TABLE[operation]
    own = {arguments[key]: value for key, value in config.items() if key in arguments}
    for call in calls:
        rest = call["args"][1:] + [call["kwargs"][key] for key in _BINARY if key in call["kwargs"]]
        call["args"], call["kwargs"] = call["args"][:1], dict(own, **dict(zip(["y"], rest)))
    layer.update(class_name="TFOpLambda", config={"name": config["name"], "trainable": True, "function": names[0]})
    layer["config"]["dtype"] = "float32"
    for key in ("module", "registered_name", "build_config"):
        layer.pop(key, None)
    return ["operation {} written as {}".format(operation, names[0])]
