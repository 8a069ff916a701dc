"""What matrix.yaml may say, and what is said of its mistakes."""

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import DocumentError, Mistake
from runner.matrix import json_schema, read_matrix
from runner.model import Backend, Call, Direction, Exclusion, Format, Isolation, Limits, Matrix, Pairs, Tolerance

ROOT = Path(__file__).parents[2]

CONTRACT = """\
version: 1
environments:
  tf2.8: {tensorflow: "2.8.4"}
  tf2.15: {tensorflow: "2.15"}
  tf2.16-keras3.3: {tensorflow: "2.16.2", keras: "3.3.3"}
  tf2.16-legacy:
    tensorflow: "2.16.2"
    tf-keras: "2.16.0"
    variables: {TF_USE_LEGACY_KERAS: "1"}
  keras2.3: {tensorflow: "1.15.5", keras: "2.3.1", python: "3.7", packages: ["h5py<3"], as_of: "2020-06-01"}
  tf2.8-today: {tensorflow: "2.8.4", as_of: today}
releases:
  tensorflow: ">=2.8,<2.22"
pairs:
  direction: both
  save: ["*"]
  load: ["*"]
  exclude: [{save: "tf2.21", load: "keras2.3", reason: "no one does that"}]
scenarios:
  dense: {formats: [h5, keras, savedmodel]}
  custom_activation_missing:
    formats: [savedmodel, h5]
    folder: scenarios/custom_activation
    load: load_without_class.py
    requires: {save: "tensorflow>=2.4"}
    tolerance: {rtol: 1.0e-4}
tolerance: {rtol: 1.0e-5, atol: 1.0e-6}
limits: {seconds: 120, memory_mb: 4096, disk_mb: 2048, output_kb: 256}
backend: nox
"""
ENVIRONMENT = "version: 1\nenvironments:\n  tf2.8: {tensorflow: '2.8'}\n"
SCENARIO = "version: 1\nscenarios:\n  dense: {formats: [h5]}\n"
SMALL = f"{ENVIRONMENT}scenarios:\n  dense: {{formats: [h5]}}\n"

Read = Callable[[str], Matrix]
Mistakes = Callable[[str], Sequence[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with scenarios: dense, and custom_activation with two load scripts."""
    scripts = [
        "dense/save.py",
        "with_load/save.py",
        "with_load/load.py",
        "custom_activation/save.py",
        "custom_activation/load_without_class.py",
        "without_save/load.py",
    ]
    for script in scripts:
        path = tmp_path / "scenarios" / script
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


@pytest.fixture
def read(folder: Path) -> Read:
    """Return what reads a matrix from its text."""

    def read(text: str) -> Matrix:
        path = folder / "matrix.yaml"
        path.write_text(text, encoding="utf-8")
        return read_matrix(path)

    return read


@pytest.fixture
def mistakes(read: Read, folder: Path) -> Mistakes:
    """Return what gives the mistakes in a text, as ``LINE:COLUMN: message``."""

    def mistakes(text: str) -> Sequence[str]:
        with pytest.raises(DocumentError) as raised:
            read(text)
        lines = str(raised.value).splitlines()
        assert all(line.startswith(f"{folder / 'matrix.yaml'}:") for line in lines)
        return [line.removeprefix(f"{folder / 'matrix.yaml'}:") for line in lines]

    return mistakes


def test_the_documented_matrix_means_what_is_documented(read: Read, folder: Path) -> None:
    """All that the documentation writes is read, environments in the file's order and then the generated ones."""
    matrix = read(CONTRACT)
    names = [spec.name for spec in matrix.environments]
    assert names[:6] == ["tf2.8", "tf2.15", "tf2.16-keras3.3", "tf2.16-legacy", "keras2.3", "tf2.8-today"]
    assert names[6:] == [f"tf2.{minor}" for minor in (9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20, 21)]
    dense, custom = matrix.scenarios
    assert (dense.formats, dense.load) == ((Format.H5, Format.KERAS, Format.SAVEDMODEL), None)
    assert custom.folder == folder / "scenarios" / "custom_activation"
    assert custom.load == "load_without_class.py"
    assert custom.requires_save == ("tensorflow>=2.4",)
    assert custom.tolerance == Tolerance(rtol=1e-4, atol=1e-6)
    exclusion = Exclusion(save="tf2.21", load="keras2.3", reason="no one does that")
    assert matrix.pairs == Pairs(exclude=(exclusion,))
    assert matrix.limits == Limits(seconds=120.0, memory_mb=4096, disk_mb=2048, output_kb=256)
    assert matrix.digest == f"sha256:{sha256(CONTRACT.encode()).hexdigest()}"


def test_environments_are_completed(read: Read) -> None:
    """What an environment leaves open is chosen, and what it says is kept."""
    by_name = {spec.name: spec for spec in read(CONTRACT).environments}
    assert by_name["tf2.15"].tensorflow == "2.15.1"
    assert by_name["tf2.16-legacy"].tf_keras == "2.16.0"
    assert by_name["tf2.16-legacy"].variables == (("TF_USE_LEGACY_KERAS", "1"),)
    assert by_name["tf2.8-today"].as_of is None
    assert by_name["keras2.3"].as_of == date(2020, 6, 1)
    assert by_name["keras2.3"].packages == ("h5py<3",)


def test_everything_but_the_version_and_names_can_be_left_out(read: Read) -> None:
    """The smallest matrix pairs all with all, within the documented limits and tolerances."""
    matrix = read(SMALL)
    assert matrix.pairs == Pairs(direction=Direction.BOTH, save=("*",), load=("*",))
    assert matrix.limits == Limits()
    assert [scenario.tolerance for scenario in matrix.scenarios] == [Tolerance()]


def test_a_key_with_nothing_behind_it_is_not_there(read: Read) -> None:
    """Sections and settings that are empty, or null, have their defaults."""
    text = f"{SMALL}pairs:\nlimits: {{seconds: }}\nreleases:\n"
    assert replace(read(text), digest="") == replace(read(SMALL), digest="")


def test_a_range_of_releases_is_enough(read: Read) -> None:
    """A matrix without environments has those of its range."""
    matrix = read(f"{SCENARIO}releases: {{tensorflow: '>=2.14,<2.17'}}\n")
    assert [(spec.name, spec.tensorflow) for spec in matrix.environments] == [
        ("tf2.14", "2.14.1"),
        ("tf2.15", "2.15.1"),
        ("tf2.16", "2.16.2"),
    ]


def test_a_named_environment_wins_over_a_generated_one(read: Read) -> None:
    """An environment that is written out replaces the one of the same name that the range would give."""
    matrix = read(SMALL.replace("'2.8'", "'2.8.1'") + "releases: {tensorflow: '==2.8.*'}\n")
    assert [(spec.name, spec.tensorflow) for spec in matrix.environments] == [("tf2.8", "2.8.1")]


def test_a_date_needs_no_quotes(read: Read) -> None:
    """A date is a date, quoted or not."""
    for written in ("2023-01-31", "'2023-01-31'"):
        (spec,) = read(SMALL.replace("'2.8'}", f"'2.8', as_of: {written}}}")).environments
        assert spec.as_of == date(2023, 1, 31)


def test_numbers_may_be_written_in_any_way(read: Read) -> None:
    """``1e-4`` is a number, as it is in Python, and a whole one will do."""
    matrix = read(f"{SMALL}tolerance: {{rtol: 1e-4, atol: 0}}\nlimits: {{seconds: 7}}\n")
    assert matrix.scenarios[0].tolerance == Tolerance(rtol=1e-4, atol=0.0)
    assert matrix.limits.seconds == 7.0


def test_a_scenario_inherits_the_half_of_the_tolerance_that_it_leaves_out(read: Read) -> None:
    """What a scenario's tolerance leaves out is as in the whole matrix."""
    matrix = read(f"{SMALL.replace('[h5]', '[h5], tolerance: {atol: 0.5}')}tolerance: {{rtol: 0.25, atol: 0.125}}\n")
    assert matrix.scenarios[0].tolerance == Tolerance(rtol=0.25, atol=0.5)


def test_the_load_script_is_load_py_where_there_is_one(read: Read) -> None:
    """A scenario loads with its load.py, else with what it names, else with the format's own loader."""
    scenarios = (
        "with_load: {formats: [checkpoint]}\n  named: {formats: [h5], folder: scenarios/with_load, load: save.py}"
    )
    loads = [scenario.load for scenario in read(f"{SMALL}  {scenarios}\n").scenarios]
    assert loads == [None, "load.py", "save.py"]


def test_scenarios_say_how_they_are_called_and_compared(read: Read) -> None:
    """``call`` and ``training`` are kept, and several requirements may be a list."""
    extra = "call: predict, training: compare, requires: {save: 'keras<3', load: [python>=3.8, 'tf_keras']}"
    (scenario,) = read(SMALL.replace("[h5]", f"[h5], {extra}")).scenarios
    assert (scenario.call, scenario.training) == (Call.PREDICT, True)
    assert (scenario.requires_save, scenario.requires_load) == (("keras<3",), ("python>=3.8", "tf_keras"))


def test_an_environment_may_name_its_own_backend(read: Read) -> None:
    """The matrix's backend is that of every environment that names none."""
    extra = "  other: {tensorflow: '2.9', backend: nox}\nbackend: docker\nscenarios:"
    backends = [spec.backend for spec in read(SMALL.replace("scenarios:", extra)).environments]
    assert backends == [Backend.DOCKER, Backend.NOX]


def test_an_environment_may_name_its_own_image_and_isolation(read: Read) -> None:
    """What the matrix says of containers holds for every environment that says nothing itself, generated ones too."""
    other = "  other: {tensorflow: '2.9', image: 'base:{python}', isolation: container}\n"
    generated = "releases: {tensorflow: '==2.15.1'}\n"
    found = read(SMALL.replace("scenarios:", f"{other}{generated}image: example.com/ml\nscenarios:")).environments
    assert [(spec.image, spec.isolation) for spec in found] == [
        ("example.com/ml", Isolation.ENVIRONMENT),
        ("base:{python}", Isolation.CONTAINER),
        ("example.com/ml", Isolation.ENVIRONMENT),
    ]


def test_the_command_line_outranks_the_matrix(read: Read, folder: Path) -> None:
    """A backend that is asked for is that of every environment, whatever it names itself."""
    read(SMALL.replace("scenarios:", "  other: {tensorflow: '2.9', backend: nox}\nscenarios:"))
    found = read_matrix(folder / "matrix.yaml", Backend.DOCKER).environments
    assert {spec.backend for spec in found} == {Backend.DOCKER}


def test_relative_folders_are_relative_to_the_matrix(read: Read, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the program is started does not matter."""
    matrix = read(SMALL)
    monkeypatch.chdir(folder / "scenarios")
    again = read_matrix(Path("..") / "matrix.yaml")
    assert again.scenarios == matrix.scenarios
    assert again.scenarios[0].folder == folder / "scenarios" / "dense"


def test_anchors_spare_repetition(read: Read) -> None:
    """Anchors, aliases and merge keys mean what they mean in YAML."""
    text = (
        f"{SMALL}  again: &again {{formats: [h5], folder: scenarios/dense}}\n  more: {{<<: *again, formats: [keras]}}\n"
    )
    assert [scenario.formats for scenario in read(text).scenarios] == [(Format.H5,), (Format.H5,), (Format.KERAS,)]


def environment(text: str) -> str:
    """Return a matrix whose one environment says so."""
    return SMALL.replace("tensorflow: '2.8'", text)


def scenario(text: str) -> str:
    """Return a matrix whose one scenario says so."""
    return SMALL.replace("formats: [h5]", text)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (SMALL.replace("version: 1", "version: 2"), "1:10: 'version' must be 1, the only one that this program knows"),
        (SMALL.replace("version: 1\n", ""), "1:1: 'version' is missing; write version: 1"),
        (SCENARIO, "1:1: there is no environment; name some here, or a range under 'releases'"),
        (SCENARIO + "environments:\n", "4:14: there is no environment; name some here, or a range under 'releases'"),
        (ENVIRONMENT, "1:1: there is no scenario"),
        (SMALL + f"pairs: {{save: ['{'[' * 100_000}']}}\n", "6:16: each of 'save' must have 200 characters at most"),
        (SMALL + "pears: {}\n", "6:1: unknown key 'pears'; perhaps you meant 'pairs'"),
        (SMALL + "tf2.9: {}\n", "6:1: unknown key 'tf2.9'; known are version, environments, "),
        (SMALL + "  dense: {formats: [h5]}\n", "6:3: 'dense' is there twice; it was given at line 5 already"),
        (
            SMALL + "image: 'python:{Python}'\n",
            "6:8: 'python:{Python}' is no image; write it as for docker, like 'python:",
        ),
        (SMALL + "isolation: cell\n", "6:12: unknown isolation 'cell'; known are environment and container"),
        (SMALL + "backend: dokcer\n", "6:10: unknown backend 'dokcer'; perhaps you meant 'docker'"),
        (SMALL + "limits: 5\n", "6:9: 'limits' must be a mapping, of keys and values"),
        (SMALL + "limits: {seconds: 0}\n", "6:19: 'seconds' must be greater than 0"),
        (SMALL + "limits: {seconds: .inf}\n", "6:19: 'seconds' must be a finite number"),
        (SMALL + "limits: {memory_mb: 1.5}\n", "6:21: 'memory_mb' must be a whole number"),
        (SMALL + "limits: {disk_mb: 0}\n", "6:19: 'disk_mb' "),
        (SMALL + "limits: {output_kb: many}\n", "6:21: 'output_kb' must be a whole number"),
        (SMALL + "tolerance: {rtol: -1.0}\n", "6:19: 'rtol' must be 0 or greater"),
        (SMALL + "tolerance: {atol: .nan}\n", "6:19: 'atol' must be a finite number"),
        (SMALL + "tolerance: {atol: true}\n", "6:19: 'atol' must be a number"),
        (SMALL + "releases: {tensorflow: '>=3'}\n", "6:24: no known release of tensorflow is in '>=3'"),
        (SMALL + "releases: {tensorflow: '2.8'}\n", "6:24: '2.8' is no range of versions; write it like '>=2.8,<2.22'"),
        (SMALL + "releases: {}\n", "6:1: 'tensorflow' is missing"),
        (SMALL + "pairs: {direction: up}\n", "6:20: unknown direction 'up'; known are both, upgrade and rollback"),
        (SMALL + "pairs: {save: ['tf3*']}\n", "6:16: 'tf3*' matches no environment; known is tf2.8"),
        (SMALL + "pairs: {load: tf2.8}\n", "6:15: 'load' must be a list, in [ ]"),
        (SMALL + "pairs: {load: []}\n", "6:15: 'load' must not be empty"),
        (SMALL + "pairs: {exclude: [{save: 'tf2.8'}]}\n", "6:19: 'reason' is missing"),
        (SMALL + "pairs: {exclude: [{reason: ' '}]}\n", "6:28: the reason is empty; say why these pairs are left out"),
        (SMALL + "pairs: {exclude: [{load: x, reason: y}]}\n", "6:26: 'x' matches no environment; known is tf2.8"),
        (environment("tensorflow: 2.10"), '3:23: quote it: "2.10" (YAML reads 2.10 as the number 2.1)'),
        (environment("tensorflow: 2"), '3:23: quote it: "2" (YAML reads 2 as a number)'),
        (environment("tensorflow: '2.8.9'"), "3:23: there is no tensorflow 2.8.9; the closest is 2.8.4"),
        (environment("tensorflow: [2]"), "3:23: 'tensorflow' must be text"),
        (environment("tensorflw: '2.8'"), "3:11: unknown key 'tensorflw'; perhaps you meant 'tensorflow'"),
        (environment("keras: '2.8.0'"), "3:3: 'tensorflow' is missing"),
        (environment(""), "3:3: 'tensorflow' is missing"),
        (environment("tensorflow: '2.8', tf_keras: '2.16.0'"), "3:30: unknown key 'tf_keras'; perhaps you meant 'tf-"),
        (environment("tensorflow: '2.8', keras: '2.99'"), "3:37: there is no keras 2.99.0; the closest is 2.15.0"),
        (environment("tensorflow: '2.8', python: '3.11'"), "3:38: tensorflow 2.8.4 has no wheel for Python 3.11; "),
        (
            environment("tensorflow: '2.8', python: python3.9"),
            "3:38: 'python3.9' is no Python that environments can have",
        ),
        (
            environment("tensorflow: '2.8', keras: '3.15.1'"),
            "3:3: Python 3.9 is the default with tensorflow 2.8.4, but",
        ),
        (environment("tensorflow: '2.8', variables: {X: 1}"), '3:45: quote it: "1" (YAML reads 1 as a number)'),
        (environment("tensorflow: '2.8', variables: {X: yes}"), '3:45: quote it: "yes" (YAML reads yes as true)'),
        (environment("tensorflow: '2.8', variables: {A B: x}"), "3:42: 'A B' is no name of an environment variable; "),
        (environment("tensorflow: '2.8', packages: ['h5py=>3']"), "3:41: 'h5py=>3' is no requirement; "),
        (environment("tensorflow: '2.8', packages: h5py"), "3:40: 'packages' must be a list, in [ ]"),
        (environment("tensorflow: '2.8', as_of: tomorrow"), "3:37: 'tomorrow' is no date"),
        (environment("tensorflow: '2.8', as_of: 2020-13-01"), "3:37: '2020-13-01' is no date: month must be in 1..12"),
        (SMALL.replace("tf2.8:", "2.10:"), '3:3: quote it: "2.10" (YAML reads 2.10 as the number 2.1)'),
        (SMALL.replace("tf2.8:", "tf 2.8:"), "3:3: 'tf 2.8' is no name; use letters, digits and . _ + -, "),
        (SMALL.replace("dense:", "../dense:"), "5:3: '../dense' is no name; use letters, digits and . _ + -, "),
        (scenario(""), "5:3: 'formats' is missing"),
        (scenario("formats: h5"), "5:20: 'formats' must be a list, in [ ]"),
        (scenario("formats: []"), "5:20: 'formats' must not be empty"),
        (scenario("formats: [hdf5]"), "5:21: unknown format 'hdf5'; perhaps you meant 'h5'"),
        (scenario("formats: [h5, 1]"), "5:25: unknown format 1; known are h5, keras"),
        (scenario("formats: [h5, keras, h5]"), "5:32: format 'h5' is there twice"),
        (scenario("formats: [weights_h5]"), "5:3: weights_h5 has no loader of its own; write a load.py in the folder"),
        (scenario("formats: [checkpoint]"), "5:3: checkpoint has no loader of its own; write a load.py in the folder"),
        (scenario("formats: [h5], folder: denes"), "5:34: there is no folder 'denes'"),
        (scenario("formats: [h5], folder: scenarios/without_save"), "5:3: there is no 'save.py' in 'without_save'"),
        (scenario("formats: [h5], load: laod.py"), "5:32: there is no 'laod.py' in 'dense'; "),
        (scenario("formats: [h5], load: ../x.py"), "5:32: '../x.py' must be in the scenario's folder"),
        (scenario("formats: [h5], call: fit"), "5:32: unknown call 'fit'; known are call and predict"),
        (scenario("formats: [h5], training: strict"), "5:36: unknown training 'strict'; known are report and compare"),
        (scenario("formats: [h5], tolerance: {rtol: x}"), "5:44: 'rtol' must be a number"),
        (scenario("formats: [h5], requires: {save: tensoflow>=2}"), "5:43: nothing is known about 'tensoflow' here; "),
        (scenario("formats: [h5], requires: {laod: keras}"), "5:37: unknown key 'laod'; perhaps you meant 'load'"),
        (scenario("formats: [h5], requires: {save: [keras, 'keras=>3']}"), "5:51: 'keras=>3' is no requirement; "),
        (scenario("formats: [h5], requires: {save: 3}"), "5:43: 'save' must be a list, in [ ]"),
        (SMALL.replace("dense:", "nowhere:"), "5:3: there is no folder 'scenarios/nowhere'"),
    ],
)
def test_a_mistake_is_said_once_and_where_it_is(mistakes: Mistakes, text: str, mistake: str) -> None:
    """A mistake gives one sentence with its line and column and the closest known name, and nothing follows from it."""
    (found,) = mistakes(text)
    assert found.startswith(mistake)


def test_all_mistakes_are_reported_in_the_order_of_the_file(mistakes: Mistakes) -> None:
    """Mistakes of YAML, of names, of releases and of files are reported together; none hides another."""
    found = mistakes(
        "version: 1\n"
        "environments:\n"
        "  a: {tensorflow: 2.10, pyton: '3.9'}\n"
        "  a: {tensorflow: '2.8'}\n"
        "  b: {tensorflow: '2.8.9', keras: '0.1', backend: dock}\n"
        "pairs: {save: [c], exclude: [{save: d}]}\n"
        "scenarios:\n"
        "  dense: {formats: [h55, keras, keras], save: sav.py}\n"
        "  nowhere: {formats: [h5], requires: {load: x>1}, nothing: 1}\n"
        "limits: {cpu: 1}\n"
    )
    places = [":".join(line.split(":")[:2]) for line in found]
    assert places == [
        "3:19",
        "3:25",
        "4:3",
        "5:19",
        "5:35",
        "5:51",
        "6:16",
        "6:30",
        "6:37",
        "8:21",
        "8:33",
        "8:47",
        "9:3",
        "9:45",
        "9:51",
        "10:10",
    ]


def test_a_file_that_cannot_be_read_is_a_mistake_too(tmp_path: Path) -> None:
    """A missing matrix ends in the same kind of sentence, with the exit status of a wrong matrix."""
    with pytest.raises(DocumentError, match=r"nowhere\.yaml:1:1: there is no such file") as raised:
        read_matrix(tmp_path / "nowhere.yaml")
    assert raised.value.exit_status == 2


def test_the_shipped_schema_is_the_one_of_the_code() -> None:
    """matrix.schema.json is what ``python -m runner schema`` prints."""
    assert (ROOT / "matrix.schema.json").read_text("utf-8") == json.dumps(json_schema(), indent=2) + "\n"


def test_the_schema_is_good_for_editors() -> None:
    """The schema is valid, admits the documented matrix, and describes every key."""
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load(CONTRACT), schema)
    shapes = [schema, *(shape for shape in schema["$defs"].values() if "properties" in shape)]
    for shape in shapes:
        for key, field in shape["properties"].items():
            assert "description" in field or "$ref" in field, key


@pytest.mark.parametrize(
    "text",
    [
        SMALL.replace("version: 1", "version: 2"),
        SMALL.replace("tf2.8:", "tf 2.8:"),
        environment("tensorflow: 2.10"),
        environment("tensorflow: '2.8', pyton: '3.9'"),
        scenario("formats: [hdf5]"),
        scenario("formats: []"),
        scenario("formats: [h5, h5]"),
        SMALL + "backend: podman\n",
        SMALL + "image: 'a image'\n",
        SMALL + "isolation: none\n",
        SMALL + "limits: {seconds: 0}\n",
        ENVIRONMENT,
        SCENARIO,
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(text: str) -> None:
    """An editor that knows the schema shows what the program would say."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), json_schema())


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["2.8", "h5", "*"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def test_a_name_that_cannot_be_printed_is_quoted(tmp_path: Path) -> None:
    """What a mistake lists as known may hold anything."""
    matrix = {**yaml.safe_load(CONTRACT), "environments": {"\ud7fc": None}}
    path = tmp_path / "matrix.yaml"
    path.write_text(yaml.safe_dump(matrix, allow_unicode=True), encoding="utf-8")
    with pytest.raises(DocumentError) as refused:
        read_matrix(path)
    assert all(mistake.message.isprintable() for mistake in refused.value.mistakes)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_any_matrix_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever stands anywhere in a matrix, it is read or refused with places, never a traceback."""
    matrix = yaml.safe_load(CONTRACT)
    for _ in range(data.draw(st.integers(1, 4))):
        change(matrix, data)
    path = tmp_path_factory.getbasetemp() / "mutated.yaml"
    path.write_text(yaml.safe_dump(matrix, allow_unicode=True), encoding="utf-8", errors="surrogatepass")
    mistakes: Sequence[Mistake] = ()
    try:
        scenarios = read_matrix(path).scenarios
    except DocumentError as error:
        scenarios, mistakes = (), error.mistakes
    assert bool(scenarios) is not bool(mistakes)
    assert all(mistake.line >= 1 and mistake.column >= 1 and mistake.message.isprintable() for mistake in mistakes)


def change(matrix: Any, data: st.DataObject) -> None:
    """Replace, remove or rename something, somewhere in a matrix."""
    holder = matrix
    while holder:
        key = data.draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
        if isinstance(holder[key], dict | list) and data.draw(st.booleans()):
            holder = holder[key]
            continue
        what = data.draw(st.sampled_from(["replace", "remove", "rename"]))
        if what == "replace":
            holder[key] = data.draw(JUNK)
        elif what == "rename" and isinstance(holder, dict):
            holder[data.draw(st.text(max_size=8))] = deepcopy(holder[key])
        else:
            del holder[key]
        return
