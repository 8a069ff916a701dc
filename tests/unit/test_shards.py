"""One plan, cut into the parts that several machines run."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner import options
from runner.errors import UsageError
from runner.model import Cell, Direction, Format, Pairs, Scenario
from runner.plan import Filters, Plan, plan
from runner.record import Status, Tried
from runner.results import write_results
from runner.shards import Shard
from runner.shards.parts import ENVIRONMENT_MS, SAVE_MS, Part, part
from runner.shards.times import Times, read_times
from tests.fakes import environment, matrix
from tests.unit.synthetic import synthetic

STORED = Path(__file__).with_name("stored") / "seconds.json"


def parts(wanted: Plan, number: int, times: Times | None = None) -> list[Part]:
    """Return all parts of a plan, each as a machine of its own would find it."""
    return [part(wanted, Shard(number=place, of=number), times or Times()) for place in range(1, number + 1)]


def ids(wanted: Plan) -> list[str]:
    """Return the names of the cells."""
    return [cell.id for cell in wanted.cells]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Return plans of several environments and scenarios, some of which are unsupported in some environments."""
    environments = [environment(f"tf{number}") for number in range(1, 1 + draw(st.integers(1, 4)))]
    scenarios = [
        Scenario(
            name=f"s{number}",
            folder=Path("s"),
            formats=tuple(sorted(draw(st.sets(st.sampled_from([Format.H5, Format.KERAS]), min_size=1)))),
            requires_save=draw(st.sampled_from([(), ("tensorflow>=2",), ("tensorflow>=9",)])),
        )
        for number in range(draw(st.integers(1, 4)))
    ]
    pairs = Pairs(direction=draw(st.sampled_from(list(Direction))))
    return plan(replace(matrix(environments, scenarios), pairs=pairs), Filters())


@st.composite
def cases(draw: st.DrawFn) -> tuple[Plan, int, Times]:
    """Return plans with a number of parts and times of some of their cells."""
    wanted = draw(plans())
    known = draw(st.dictionaries(st.sampled_from(ids(wanted)), st.floats(0, 100)))
    return wanted, draw(st.integers(1, 12)), Times(seconds=known)


@settings(deadline=None)
@given(cases())
def test_every_cell_is_in_one_part(case: tuple[Plan, int, Times]) -> None:
    """The parts hold every cell and every save of the plan, each in exactly one, in the plan's order."""
    wanted, number, times = case
    found = [each.plan for each in parts(wanted, number, times)]
    places = {name: place for place, name in enumerate(ids(wanted))}
    assert sorted((name for each in found for name in ids(each)), key=places.__getitem__) == ids(wanted)
    assert all(places[one] < places[two] for each in found for one, two in pairwise(ids(each)))
    assert {save: cells for each in found for save, cells in each.saves.items()} == wanted.saves
    assert sum(len(each.saves) for each in found) == len(wanted.saves)


@settings(deadline=None)
@given(cases())
def test_what_shares_a_save_stays_together(case: tuple[Plan, int, Times]) -> None:
    """No save is made in two parts, and the cell that answers for it is where the others are."""
    for each in parts(*case):
        own = set(ids(each.plan))
        assert all({cell.id for cell in cells} <= own for cells in each.plan.saves.values())


@settings(deadline=None)
@given(cases())
def test_no_part_is_empty_before_all_saves_have_one(case: tuple[Plan, int, Times]) -> None:
    """Only where there are fewer saves than parts are some of them empty, and those are the last."""
    wanted, number, times = case
    groups = len({(cell.scenario.name, cell.format, cell.save.name) for cell in wanted.cells})
    filled = [bool(each.plan.cells) for each in parts(wanted, number, times)]
    assert filled == [place < groups for place in range(number)]


@settings(deadline=None)
@given(cases())
def test_the_longest_part_is_as_short_as_can_be(case: tuple[Plan, int, Times]) -> None:
    """No other cuts of the saves, in the order of their environments, give a longest part that takes less."""
    wanted, number, times = case
    rows: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in wanted.cells:
        rows.setdefault((cell.save.name, cell.scenario.name, cell.format), []).append(cell)
    saves = [rows[key] for key in sorted(rows, key=lambda key: int(key[0].removeprefix("tf")))]
    best = [0] + [10**9] * len(saves)
    for _ in range(min(number, len(saves))):
        best = [
            min((max(best[cut], took(saves[cut:end], times)) for cut in range(end)), default=10**9)
            for end in range(len(saves) + 1)
        ]
    assert max(each.milliseconds for each in parts(wanted, number, times)) == best[-1]


def took(saves: Sequence[Sequence[Cell]], times: Times) -> int:
    """Return what saves take on one machine, with their loads and environments."""
    run = [[cell for cell in cells if cell.unsupported is None] for cells in saves]
    environments = {spec.name for cells in run for cell in cells for spec in (cell.save, cell.load)}
    work = sum(SAVE_MS * bool(cells) + sum(map(times.milliseconds, cells)) for cells in run)
    return work + ENVIRONMENT_MS * len(environments)


@settings(deadline=None)
@given(cases())
def test_all_machines_agree(case: tuple[Plan, int, Times]) -> None:
    """The same plan and times give the same parts, whatever the order in which times were read."""
    wanted, number, times = case
    turned = replace(times, seconds=dict(reversed(list(times.seconds.items()))))
    assert parts(wanted, number, times) == parts(wanted, number, turned)


def measured() -> tuple[Plan, Times]:
    """Return the shipped matrix as of a run of it, with the seconds that its 4,608 cells took."""
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    names = stored["environments"]
    environments = [environment(name, f"2.{place}") for place, name in enumerate(names)]
    models = [model.rpartition(".") for model in stored["models"]]
    scenarios = [Scenario(name=name, folder=Path(name), formats=(Format(form),)) for name, _, form in models]
    seconds = {
        f"{model}@{save}->{load}": took
        for model, rows in stored["models"].items()
        for save, row in zip(names, rows, strict=True)
        for load, took in zip(names, row, strict=True)
    }
    return plan(matrix(environments, scenarios), Filters()), Times(seconds=seconds)


@pytest.mark.parametrize("number", [2, 3, 4, 8, 16])
def test_real_times_balance(number: int) -> None:
    """By the times of a real run, the longest part of the shipped matrix takes at most 5 % more than the average."""
    wanted, times = measured()
    assert len(times.seconds) == len(wanted.cells) == 4608
    lengths = [each.milliseconds for each in parts(wanted, number, times)]
    assert max(lengths) <= 1.05 * sum(lengths) / number


def test_times_matter() -> None:
    """A scenario that takes long gets a part with less beside it than one of which nothing is known."""
    scenarios = [Scenario(name=name, folder=Path(name), formats=(Format.H5,)) for name in ("slow", "b", "c", "d")]
    wanted = plan(matrix([environment("tf1")], scenarios), Filters())
    assert [len(each.plan.cells) for each in parts(wanted, 2)] == [2, 2]
    slow = Times(seconds={"slow.h5@tf1->tf1": 60.0})
    assert [len(each.plan.cells) for each in parts(wanted, 2, slow)] == [1, 3]


def test_parts_need_few_environments() -> None:
    """Where models are only loaded in what is newer, what was saved in the newest needs no older environment."""
    environments = [environment(f"tf{number}") for number in range(1, 5)]
    scenarios = [Scenario(name=f"s{number}", folder=Path("s"), formats=(Format.H5,)) for number in range(50)]
    upgrades = replace(matrix(environments, scenarios), pairs=Pairs(direction=Direction.UPGRADE))
    counts = [len(each.plan.environments) for each in parts(plan(upgrades, Filters()), 4)]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] < len(environments)


def test_times_of_an_earlier_run(tmp_path: Path) -> None:
    """A cell takes what it took, its ways out included; one that is new takes as long as the average."""
    results = synthetic(environments=["tf2.8", "tf2.15"], scenarios=["sequential_h5"])
    tried = Tried(id="compile-false", status=Status.PASS, seconds=2.5)
    cells = [replace(cell, seconds=1.0, remedies=(tried,) * (place == 0)) for place, cell in enumerate(results.cells)]
    write_results(replace(results, cells=tuple(cells)), tmp_path / "results.json")
    scenarios = [Scenario(name=name, folder=Path("s"), formats=(Format.H5,)) for name in ("sequential_h5", "new")]
    wanted = plan(matrix([environment("tf2.8"), environment("tf2.15")], scenarios), Filters())
    known = {cell.id: read_times(tmp_path).milliseconds(cell) for cell in wanted.cells}
    assert known["sequential_h5.h5@tf2.8->tf2.8"] == 3500
    assert known["sequential_h5.h5@tf2.15->tf2.15"] == 1000
    assert known["new.h5@tf2.8->tf2.8"] == round((3500 + 3 * 1000) / 4)


def test_times_that_are_not_there(tmp_path: Path) -> None:
    """Times that were named and are not there are an error: other machines may have them."""
    with pytest.raises(UsageError, match=r"results\.json"):
        read_times(tmp_path)


@pytest.mark.parametrize("text", ["0/3", "4/3", "1/0", "1", "1/", "/2", "-1/2", "1/2/3", "a/b", "1/9999999", ""])
def test_no_shard(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What names no part of a whole ends with exit status 2 and an example."""
    with pytest.raises(SystemExit) as caught:
        options.parse(["run", f"--shard={text}"])
    assert caught.value.code == 2
    assert "such as 2/4" in capsys.readouterr().err


def test_a_shard_is_a_number_of_a_number() -> None:
    """Parts count from one, and print as they are written."""
    wanted = options.parse(["plan", "--shard", "3/3"]).shard
    assert wanted == Shard(number=3, of=3)
    assert str(wanted) == "3/3"
