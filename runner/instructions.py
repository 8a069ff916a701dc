"""A remedy as code to paste. Pure."""

import json
from collections.abc import Sequence

from runner.model import Format
from runner.remedies import Case, exports, in_child, through, zips

# As the harness says it, in rebuild.py, traced.py and jobs.py.
FILLED = "weights put into the rebuilt model: "
CALLED = "called with "
REPAIRED = "repaired before it was written again"
_SHOWN = 4
_LOADERS = {
    "weights-into-rebuilt-model": "model = build_model()  # as in save.py\n{weights}",
    "tfsm-layer": 'model = tf.keras.layers.TFSMLayer({path}, call_endpoint="serving_default")',
    "saved-model-load": 'model = tf.saved_model.load({path}).signatures["serving_default"]',
}


def how(case: Case, steps: Sequence[str], changes: Sequence[str] = ()) -> str:
    """
    Return the code, or the commands, that do what the steps did; comments say where.

    Args:
        changes: What the harness says of what it did.
    """
    led = through(steps)
    file, file_format = (led[1].path, led[1]) if led else (case.format.path, case.format)
    lines = [*_environment(case, steps), *(_through(case, *led, changes) if led else ())]
    for step in in_child(steps):
        file, said = _file(step, file, case, steps)
        lines += said
    path = "path" if file == case.format.path and not led else _quoted(file)
    return "\n".join([*lines, _load(case, steps, path, file_format, changes)])


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


def _through(case: Case, name: str, file_format: Format, changes: Sequence[str]) -> list[str]:
    file = _quoted(file_format.path)
    writes = f"model.save({file})"
    if file_format is Format.EXPORT:
        spec = next((spec for spec in case.environments if spec.name == name), None)
        writes = f"model.export({file})" if spec and exports(spec) else f"tf.saved_model.save(model, {file})"
    objects = f", custom_objects={_named(case)}" if case.own else ""
    repaired = f"repaired_{case.format.path}"
    given = " --objects save.py" if case.own else ""
    repair = f"# python -m runner repair {case.format.path} --for {name} -o {repaired}{given}"
    first = any(change == REPAIRED for change in changes)
    return [
        *([repair] if first else []),
        f"# in {name}:",
        f"model = load_model({_quoted(repaired) if first else 'path'}{objects})",
        writes,
        f"# in {case.load.name}:",
    ]


def _file(step: str, file: str, case: Case, steps: Sequence[str]) -> tuple[str, list[str]]:
    """Return the file that a step makes, and how it is made."""
    match step:
        case "rename-suffix":
            other = "model.h5" if case.format is Format.KERAS else "model.keras"
            return other, [f"shutil.copy(path, {_quoted(other)})"]
        case "repair-config" | "repair-weights":
            repaired = f"repaired_{file}"
            given = (" --objects save.py" if "custom-objects" in steps else "") + _trusting(steps)
            return repaired, [f"# python -m runner repair {file} --for {case.load.name} -o {repaired}{given}"]
        case _:
            return file, []


def _trusting(steps: Sequence[str]) -> str:
    return " --trust" if "safe-mode-off" in steps else ""


def _load(case: Case, steps: Sequence[str], path: str, file_format: Format, changes: Sequence[str]) -> str:
    replaced = next((step for step in steps if step in _LOADERS), None)
    if replaced:
        return _LOADERS[replaced].format(path=path, weights=_weights(case, path, file_format, changes))
    if file_format is Format.EXPORT:
        return f'model = tf.saved_model.load({path}).signatures["serving_default"]'
    if file_format in (Format.CHECKPOINT, Format.WEIGHTS_H5):
        return f"model.load_weights({path})"
    if "call-as-traced" in steps:
        return _call_as_traced(path, changes)
    return f"load_model({', '.join([path, *_arguments(case, steps)])})"


def _arguments(case: Case, steps: Sequence[str]) -> list[str]:
    written = {
        "custom-objects": f"custom_objects={_named(case)}",
        "compile-false": "compile=False",
        "safe-mode-off": "safe_mode=False",
    }
    return [argument for step, argument in written.items() if step in steps]


def _call_as_traced(path: str, changes: Sequence[str]) -> str:
    """Return the call that worked: of a signature, else of what was loaded, as the harness says."""
    called = next((change.partition(CALLED)[2] for change in changes if change.startswith(CALLED)), "")
    name = called.partition("signature ")[2] or "serving_default"
    if called and not called.startswith("signature "):
        return f"load_model({path})(...)  # with {called}"
    return (
        f"tf.saved_model.load({path}).signatures[{_quoted(name)}](**inputs)  # by name, each of the dtype that it takes"
    )


def _weights(case: Case, path: str, file_format: Format, changes: Sequence[str]) -> str:
    """Return how the weights come into the rebuilt model: what ``load_weights`` read, else what was done by hand."""
    found = next((change.partition(FILLED)[2] for change in changes if change.startswith(FILLED)), "")
    stored, opened = _stored_weights(case, path, file_format)
    if found == "load_weights":
        return f"{opened}model.load_weights({stored})"
    by = f" {found}" if found else ", or by order and shape where that does not read them"
    if file_format in (Format.SAVEDMODEL, Format.EXPORT, Format.CHECKPOINT):
        return f"reader = tf.train.load_checkpoint({stored})  # and model.set_weights: its variables{by}"
    return f"{opened}model.set_weights(...)  # the arrays of {stored} (h5py){by}"


def _stored_weights(case: Case, path: str, file_format: Format) -> tuple[str, str]:
    """Return the file with the weights, and the code that gets at it."""
    if file_format is Format.KERAS and zips(case.save):
        return '"model.weights.h5"', f'zipfile.ZipFile({path}).extract("model.weights.h5")\n'
    if file_format in (Format.SAVEDMODEL, Format.EXPORT):
        return f'{path} + "/variables/variables"', ""
    return path, ""


def _named(case: Case) -> str:
    names = case.own or ()
    if not names:
        return "{...}"
    more = ", ..." if len(names) > _SHOWN else ""
    return "{" + ", ".join(f"{_quoted(name)}: {name}" for name in names[:_SHOWN]) + more + "}"


def _quoted(text: str) -> str:
    return json.dumps(text)
