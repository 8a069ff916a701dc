"""What a save script may return, what a load script gets, and what is seen of both."""

from dataclasses import replace
from pathlib import Path

import pytest

from runner.model import Call, Format
from runner.plan import Filters, plan
from runner.record import Cause, Phase, Record, Status
from tests.fakes import SAVE, Lab, environment, matrix

CALLABLE = """
import os, sys
import numpy as np
import tensorflow as tf

def save(path):
    open(path, "w").close()
    return {model}, {inputs}

def load(path):
    return {loaded}
"""
"""One text for both scripts: `model` and `loaded` are callables, so that nothing but outputs is compared."""


SAME = [
    ("np.ones((2, 3))", "x.numpy() * 2"),
    ("[np.ones(2), np.zeros((2, 2))]", "x[0].numpy() + x[1].numpy()[0]"),
    ("(np.ones(2), np.zeros((2, 2)))", "x[0].numpy() + x[1].numpy()[0]"),
    ("{'b': np.ones(2), 'a': np.zeros((2, 2))}", "{'sum': x['b'].numpy() + x['a'].numpy()[0]}"),
    ("np.array(['né', ''])", "[word.decode() + '!' for word in x.numpy()]"),
    ("np.array([b'\\xff\\x00', b''], dtype=object)", "x"),
    ("np.arange(3)", "(x.numpy(), {'half': x.numpy() / 2})"),
    ("np.float32(3)", "x"),
    ("np.ones((0, 3))", "x"),
    ("np.array([1.5 + 2j])", "x"),
    ("np.array([True, False])", "x"),
    ("np.array([np.nan, np.inf, -np.inf])", "x"),
    ("np.ones((2, 2), 'float16')", "x"),
    ("np.ones(2)", "{'\\udc80': x, 'é': x}"),
]
"""Inputs, and what a model gives for `x`."""

DRIFTS = [
    ("x.numpy()", "x.numpy() + 1e-3", Cause.NUMERIC_DRIFT),
    ("x.numpy()", "-x.numpy()", Cause.DECISION_CHANGED),
    ("x.numpy()", "x.numpy() * np.nan", Cause.NOT_FINITE),
    ("x.numpy()", "x.numpy()[:1]", Cause.SHAPE_CHANGED),
    ("x.numpy()", "x.numpy().astype('float16')", Cause.DTYPE_CHANGED),
    ("x.numpy()", "[x.numpy(), x.numpy()]", Cause.SHAPE_CHANGED),
    ("x.numpy()", "np.array(['one', 'two'])", Cause.DTYPE_CHANGED),
    ("['one', 'two']", "['one', 'three']", Cause.DECISION_CHANGED),
]
"""What a model gives for `x` before saving and after loading, and the cause of the drift."""

BROKEN = [
    ("def save(path:\n", None, Phase.SAVE, "SyntaxError"),
    ("x = 1", None, Phase.SAVE, "save.py defines no function save(path)"),
    (SAVE, "def load(path:\n", Phase.LOAD, "SyntaxError"),
    (SAVE, "x = 1", Phase.LOAD, "load.py defines no function load(path)"),
    (SAVE, "def load(path): return 7", Phase.LOAD, "must return a model or a callable, not int"),
    ("def save(path): return None", None, Phase.SAVE, "nothing is at model.h5"),
    ("def save(path):\n        open(path + 'x', 'w')", None, Phase.SAVE, "must return (model, inputs)"),
    ("def save(path):\n        open(path, 'w')\n        return 1, 2, 3, 4", None, Phase.SAVE, "not 4 items"),
    ("def save(path):\n        open(path, 'w')\n        return 1, 2", None, Phase.SAVE, "a model first, not int"),
    (
        "def save(path):\n        open(path, 'w')\n        return print, object()",
        None,
        Phase.SAVE,
        "inputs as an array",
    ),
]
"""A save script, a load script, and the phase and the words in which they fail."""


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab of its own for each test."""
    return Lab(tmp_path)


def called(lab: Lab, inputs: str, model: str, loaded: str = "") -> Record:
    """Return the record of a callable that is saved and loaded."""
    both = script(inputs, model, loaded or model)
    return lab.one(both, both)


def script(inputs: str, model: str, loaded: str) -> str:
    """Return the scripts of a callable."""
    return CALLABLE.format(model=f"lambda x: {model}", inputs=inputs, loaded=f"lambda x: {loaded}")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Record]:
    """Run what the tables hold in one matrix."""
    lab = Lab(tmp_path_factory.mktemp("tables"))
    callables = {f"same{number}": (inputs, model, model) for number, (inputs, model) in enumerate(SAME)}
    callables |= {f"drift{number}": ("np.array([1.0, 2.0])", *given[:2]) for number, given in enumerate(DRIFTS)}
    scenarios = [lab.scenario(name, script(*given), script(*given)) for name, given in callables.items()]
    scenarios += [lab.scenario(f"broken{number}", *given[:2]) for number, given in enumerate(BROKEN)]
    return {record.scenario: record for record in lab.run(scenarios).values()}


@pytest.mark.parametrize("number", range(len(SAME)), ids=[f"{inputs}-{model}" for inputs, model in SAME])
def test_inputs_and_outputs_come_back(records: dict[str, Record], number: int) -> None:
    """Arrays of any kind and text, alone, in a sequence or by name, reach the load side as the save side had them."""
    record = records[f"same{number}"]
    assert record.status is Status.PASS, (record.explanation, record.exception)


@pytest.mark.parametrize("number", range(len(DRIFTS)), ids=[f"{before}-{after}" for before, after, _ in DRIFTS])
def test_silent_failures(records: dict[str, Record], number: int) -> None:
    """What loads and gives something else is drift, with what changed as its cause."""
    record = records[f"drift{number}"]
    assert (record.status, record.phase, record.cause) == (Status.DRIFT, Phase.PREDICT, DRIFTS[number][2])


@pytest.mark.parametrize("number", range(len(BROKEN)), ids=[said for *_, said in BROKEN])
def test_broken_contract(records: dict[str, Record], number: int) -> None:
    """A script that breaks its contract is told what is wrong with it, and is no matter of versions."""
    record, (_, _, phase, said) = records[f"broken{number}"], BROKEN[number]
    assert (record.status, record.phase, record.cause) == (Status.FAIL, phase, Cause.SCENARIO_ERROR)
    assert record.exception is not None
    assert said in record.exception.first_line


def test_renamed_outputs(lab: Lab) -> None:
    """Outputs that a format names anew are paired by their order."""
    record = called(lab, "np.ones(2)", "{'a': x, 'b': x.numpy()[:1]}", "{'output_0': x, 'output_1': x.numpy()[:1]}")
    assert record.status is Status.PASS


def test_what_is_made_up_is_made_up_alike_in_every_run(lab: Lab) -> None:
    """What a file does not hold is random: other than at the save, and the same in each run."""
    made_up = "import random; import numpy as np; MADE_UP = [random.random(), np.random.rand()]"
    both = made_up + script("np.ones(2)", "x.numpy() + MADE_UP", "x.numpy() + MADE_UP")
    records = [lab.run(lab.scenario("one", both, both), fresh=True) for _ in range(2)]
    (first,), (second,) = (list(each.values()) for each in records)
    assert first.status is Status.DRIFT
    assert first.comparison == second.comparison


def test_same_not_finite_outputs(lab: Lab) -> None:
    """Outputs that were not finite before saving are no drift if they still are the same."""
    assert called(lab, "np.array([np.nan, 1.0])", "x").status is Status.PASS


def test_model_that_is_not_deterministic(lab: Lab) -> None:
    """Outputs that differ from call to call are not compared, weights are, and the cell says so."""
    noise = """
    class Noise(tf.keras.layers.Layer):
        def __call__(self, values):
            return values + np.random.rand()
    """
    record = lab.one(SAVE.replace("return model", "model.layers.append(Noise()); return model") + noise)
    assert record.status is Status.PASS
    assert [warned.kind for warned in record.warnings] == ["not-deterministic"]
    assert record.comparison is not None
    assert record.comparison.max_abs is None
    assert record.comparison.weights_max_abs == 0.0


@pytest.mark.parametrize("layer", [0, 1])
def test_weight_that_was_not_restored(lab: Lab, layer: int) -> None:
    """A weight that was not restored is found, and is the cause."""
    load = f"""
        import tensorflow as tf

        def load(path):
            model = tf.keras.models.load_model(path)
            model.layers[{layer}].weights[0] *= 0
            return model
    """
    record = lab.one(SAVE, load)
    assert (record.status, record.cause) == (Status.DRIFT, Cause.WEIGHTS_NOT_RESTORED)
    assert record.comparison is not None
    assert record.comparison.first_layer == ["hidden", "out"][layer]


def test_renamed_layers(lab: Lab) -> None:
    """Weights in layers of other names are still the same weights."""
    load = """
        import tensorflow as tf

        def load(path):
            model = tf.keras.models.load_model(path)
            for layer in model.layers:
                layer.name += "_1"
            return model
    """
    record = lab.one(SAVE, load)
    assert record.status is Status.PASS
    assert record.comparison is not None
    assert record.comparison.weights_max_abs == 0.0


COMPILED = SAVE.replace("model.save", "model.compile(tf.keras.optimizers.SGD(0.1, 7, [1.0, 2.0])); model.save").replace(
    "return model, inputs", "return model, inputs, np.ones((4, 2), 'float32')"
)


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ("pass", []),
        ("model.optimizer = None", ["optimizer-lost"]),
        ("model.optimizer.steps = 0", ["optimizer-state-lost"]),
        ("model.optimizer.rate = 0.5", ["optimizer-state-lost"]),
        ("model.optimizer.step = lambda array: array * 0", ["training-differs"]),
        ("model.train_on_batch = None", ["training-differs"]),
    ],
)
def test_what_is_lost_while_outputs_agree(lab: Lab, change: str, kinds: list[str]) -> None:
    """What is lost of the optimizer while outputs and weights agree is a pass with a warning."""
    load = f"""
        import tensorflow as tf

        def load(path):
            model = tf.keras.models.load_model(path)
            {change}
            return model
    """
    record = lab.one(COMPILED, load)
    assert record.status is Status.PASS
    assert [warned.kind for warned in record.warnings] == kinds


def test_training_that_has_to_be_the_same(lab: Lab) -> None:
    """Where the scenario asks for it, a training step that differs is a failure."""
    load = """
        import tensorflow as tf

        def load(path):
            model = tf.keras.models.load_model(path)
            model.optimizer.step = lambda array: array * 0
            return model
    """
    scenario = replace(lab.scenario("one", COMPILED, load), training=True)
    (record,) = lab.execute(plan(matrix([environment("tf1")], [scenario]), Filters())).records
    assert (record.status, record.phase, record.cause) == (Status.FAIL, Phase.TRAIN, Cause.OPTIMIZER_STATE)


@pytest.mark.parametrize("side", ["save", "load"])
def test_death_while_training(lab: Lab, side: str) -> None:
    """A process that dies in the training step died on the save side, or in phase train."""
    die = "model.train_on_batch = lambda *_: os.abort()"
    save = COMPILED.replace("return model", f"{die}; return model") if side == "save" else COMPILED
    load = f"""
        import os
        import tensorflow as tf

        def load(path):
            model = tf.keras.models.load_model(path)
            {die}
            return model
    """
    record = lab.one("\n    import os" + save, load)
    assert (record.status, record.phase) == (Status.CRASH, Phase.SAVE if side == "save" else Phase.TRAIN)


def test_predict_on_request(lab: Lab) -> None:
    """A scenario may ask for `predict` instead of a call."""
    save = SAVE.replace("model.save(path)", "model.save(path)\n        model.predict = lambda x: np.asarray(x) * 0")
    scenario = replace(lab.scenario("one", save), call=Call.PREDICT)
    (record,) = lab.execute(plan(matrix([environment("tf1")], [scenario]), Filters())).records
    assert record.status is Status.DRIFT


@pytest.mark.parametrize("file_format", [Format.H5, Format.KERAS, Format.SAVEDMODEL])
def test_default_loader(lab: Lab, file_format: Format) -> None:
    """Without a load script the format's own loader is used."""
    (record,) = lab.run(lab.scenario("one", SAVE, None, file_format)).values()
    assert record.status is Status.PASS


def test_load_script_works_on_a_copy(lab: Lab) -> None:
    """A load script may change the files of the artifact: the next cell finds them as they were saved."""
    load = """
        import os
        import tensorflow as tf

        def load(path):
            model = tf.keras.models.load_model(path)
            os.remove(path)
            return model
    """
    records = lab.run(lab.scenario("one", SAVE, load), ["tf1", "tf2"], jobs=1)
    assert {record.status for record in records.values()} == {Status.PASS}


def test_scenario_has_modules_of_its_own(lab: Lab) -> None:
    """The scenario's folder is importable, and what the runner calls its own modules is not."""
    lab.scenario("one")
    for name in ("model", "plan", "jobs", "keys"):
        (lab.folder / "scenarios" / "one" / f"{name}.py").write_text("OURS = True")
    record = lab.one("\n    import model, plan, jobs, keys\n    model.OURS, plan.OURS, jobs.OURS, keys.OURS" + SAVE)
    assert record.status is Status.PASS, record.exception


def test_scripts_do_not_meet_each_other(lab: Lab) -> None:
    """What a script does to its process and its working folder, the next one does not see."""
    look = """
    import os, sys
    assert not hasattr(sys, "been_here"), "another script was here"
    assert os.listdir(".") == [], os.listdir(".")
    sys.been_here = True
    os.environ["BEEN_HERE"] = "yes"
    open("trace", "w").close()
    """
    scenarios = [
        lab.scenario(name, look + SAVE, f"{look}\n    import tensorflow as tf\n    load = tf.keras.models.load_model")
        for name in ("one", "two")
    ]
    assert {record.status for record in lab.run(scenarios, jobs=1).values()} == {Status.PASS}


def test_script_that_is_missing(lab: Lab) -> None:
    """A script that is not there fails its cell."""
    scenario = lab.scenario("one")
    (scenario.folder / "save.py").unlink()
    (record,) = lab.run(replace(scenario)).values()
    assert (record.status, record.phase) == (Status.FAIL, Phase.SAVE)
    assert "save.py" in str(record.exception)


def test_text_of_a_declined_cell(lab: Lab) -> None:
    """The reason that a script gives for not applying is the cell's."""
    record = lab.one("def save(path):\n        raise NotImplementedError('needs Keras 3')")
    assert record.status is Status.UNSUPPORTED
    assert "needs Keras 3" in record.explanation


OWN = """
import helper
import numpy as np

class Mine:
    pass

def save(path):
    open(path, "w").close()
    return (lambda x: x), np.ones(2)
"""
"""A script that defines a class; its helper defines a function."""


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("Mine", Cause.CUSTOM_OBJECT_MISSING),
        ("package>Mine", Cause.CUSTOM_OBJECT_MISSING),
        ("helped", Cause.CUSTOM_OBJECT_MISSING),
        ("LSTM", Cause.CLASS_MOVED),
        ("keras.layers.LSTM", Cause.CLASS_MOVED),
        ("array", Cause.CLASS_MOVED),
    ],
)
def test_own_code_is_told_from_the_library_s(lab: Lab, name: str, cause: Cause) -> None:
    """A class that nobody finds is a missing custom object if the scenario's folder defines it, else it moved."""
    load = f"def load(path):\n    raise TypeError(\"Could not locate class '{name}'. Make sure custom classes\")\n"
    scenario = lab.scenario("own", OWN, load)
    (scenario.folder / "helper.py").write_text("from numpy import array\n\ndef helped(x):\n    return array(x)\n")
    (record,) = lab.run([scenario]).values()
    assert (record.cause, record.phase) == (cause, Phase.LOAD)


HIDING = """
class {name}:
    def __init__(self, **given):
        raise TypeError("('Keyword argument not understood:', 'hue')")

def load(path):
    try:
        {name}(hue=1)
    except TypeError:
        raise RuntimeError("Unable to restore object of class 'Dense' likely due to name conflict") from None
"""
"""A script that hides, as Keras does, what an exception was raised over."""


@pytest.mark.parametrize(("name", "cause"), [("Mine", Cause.CUSTOM_OBJECT_MISSING), ("Dense", Cause.CONFIG_KEYWORD)])
def test_what_an_exception_was_raised_over_is_seen(lab: Lab, name: str, cause: Cause) -> None:
    """The reason that Keras hides behind one of its own decides, and the class that could not be made with it."""
    (record,) = lab.run([lab.scenario("hiding", OWN.replace("import helper", ""), HIDING.format(name=name))]).values()
    assert record.cause is cause
    assert record.exception
    assert f"Raised while making a {name}" in record.exception.traceback
    assert "'hue'" in record.explanation or name in record.explanation
