"""A remedy as code to paste. Pure."""

import json
from collections.abc import Sequence

from runner.model import Format
from runner.remedies import Case, in_child, through

_SHOWN = 4
_LOADERS = {
    "weights-into-rebuilt-model": "model = build_model()  # as in save.py\n{weights}",
    "tfsm-layer": 'model = tf.keras.layers.TFSMLayer({path}, call_endpoint="serving_default")',
    "saved-model-load": 'model = tf.saved_model.load({path}).signatures["serving_default"]',
}


def how(case: Case, steps: Sequence[str]) -> str:
    """Return the code, or the commands, that do what the steps did; comments say where."""
    led = through(steps)
    file, file_format = (led[1].path, led[1]) if led else (case.format.path, case.format)
    lines = [*_environment(case, steps), *(_through(case, *led) if led else ())]
    for step in in_child(steps):
        file, said = _file(step, file, case)
        lines += said
    path = "path" if file == case.format.path and not led else _quoted(file)
    return "\n".join([*lines, _load(case, steps, path, file_format)])


def _environment(case: Case, steps: Sequence[str]) -> list[str]:
    lines = []
    for step in steps:
        if step == "legacy-keras":
            minor = ".".join(case.load.tensorflow.split(".")[:2])
            lines.append(f'# pip install "tf-keras~={minor}.0"; before the first import of TensorFlow:')
            lines.append('os.environ["TF_USE_LEGACY_KERAS"] = "1"')
        elif step.startswith("pin:"):
            lines.append(f'# pip install "{step.partition(":")[2]}"')
    return lines


def _through(case: Case, name: str, file_format: Format) -> list[str]:
    write = "export" if file_format is Format.EXPORT else "save"
    objects = f", custom_objects={_named(case)}" if case.own else ""
    return [
        f"# in {name}:",
        f"model = load_model(path{objects})",
        f"model.{write}({_quoted(file_format.path)})",
        f"# in {case.load.name}:",
    ]


def _file(step: str, file: str, case: Case) -> tuple[str, list[str]]:
    """Return the file that a step makes, and how it is made."""
    match step:
        case "rename-suffix":
            other = "model.h5" if case.format is Format.KERAS else "model.keras"
            return other, [f"shutil.copy(path, {_quoted(other)})"]
        case "repair-config" | "repair-weights":
            repaired = f"repaired_{file}"
            return repaired, [f"# python -m runner repair {file} --for {case.load.name} -o {repaired}"]
        case _:
            return file, []


def _load(case: Case, steps: Sequence[str], path: str, file_format: Format) -> str:
    replaced = next((step for step in steps if step in _LOADERS), None)
    if replaced:
        return _LOADERS[replaced].format(path=path, weights=_weights(path, file_format))
    if file_format is Format.EXPORT:
        return f'model = tf.saved_model.load({path}).signatures["serving_default"]'
    if file_format in (Format.CHECKPOINT, Format.WEIGHTS_H5):
        return f"model.load_weights({path})"
    if "call-as-traced" in steps:
        return f'tf.saved_model.load({path}).signatures["serving_default"](**inputs)'
    return f"load_model({', '.join([path, *_arguments(case, steps)])})"


def _arguments(case: Case, steps: Sequence[str]) -> list[str]:
    written = {
        "custom-objects": f"custom_objects={_named(case)}",
        "compile-false": "compile=False",
        "safe-mode-off": "safe_mode=False",
    }
    return [argument for step, argument in written.items() if step in steps]


def _weights(path: str, file_format: Format) -> str:
    if file_format in (Format.SAVEDMODEL, Format.EXPORT):
        return f'# the variables in {path} + "/variables/variables" (tf.train.load_checkpoint), by order and shape'
    return f"model.load_weights({path})  # where that does not read it: the arrays of the file, by order and shape"


def _named(case: Case) -> str:
    names = case.own or ()
    if not names:
        return "{...}"
    more = ", ..." if len(names) > _SHOWN else ""
    return "{" + ", ".join(f"{_quoted(name)}: {name}" for name in names[:_SHOWN]) + more + "}"


def _quoted(text: str) -> str:
    return json.dumps(text)
