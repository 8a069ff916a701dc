"""What a matrix and filters plan to do."""

from dataclasses import replace
from pathlib import Path

import pytest

from runner.errors import NothingSelectedError
from runner.model import Direction, Exclusion, Format, Matrix, Pairs, Scenario
from runner.plan import Filters, plan
from tests.fakes import environment, matrix

ENVIRONMENTS = [environment(f"tf{version}") for version in ("2.8", "2.15", "2.16", "2.21")]
SCENARIOS = [
    Scenario(name="dense", folder=Path("dense"), formats=(Format.H5, Format.KERAS)),
    Scenario(name="lstm", folder=Path("lstm"), formats=(Format.H5,)),
]
MATRIX = matrix(ENVIRONMENTS, SCENARIOS)


def pairs(wanted: Matrix, filters: Filters | None = None) -> list[str]:
    """Return the pairs of the first scenario's first format."""
    cells = plan(wanted, filters or Filters()).cells
    first = (cells[0].scenario, cells[0].format)
    return [f"{cell.save.name}->{cell.load.name}" for cell in cells if (cell.scenario, cell.format) == first]


def test_all_with_all() -> None:
    """Without rules every scenario and format meets every pair, once, in the matrix's order."""
    cells = plan(MATRIX, Filters()).cells
    assert len(cells) == len({cell.id for cell in cells}) == 3 * 16
    assert [cell.id for cell in cells[:2]] == ["dense.h5@tf2.8->tf2.8", "dense.h5@tf2.8->tf2.15"]
    assert cells[-1].id == "lstm.h5@tf2.21->tf2.21"


def test_saves_are_shared() -> None:
    """There is one save for each scenario, format and save environment, and its own diagonal cell answers for it."""
    saves = plan(MATRIX, Filters()).saves
    assert len(saves) == 3 * 4
    for save, cells in saves.items():
        assert len(cells) == 4
        assert {cell.save for cell in cells} == {save.environment}
        assert cells[0].load == save.environment


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        (Direction.BOTH, {"tf2.8->tf2.8", "tf2.8->tf2.21", "tf2.21->tf2.8", "tf2.21->tf2.21"}),
        (Direction.UPGRADE, {"tf2.8->tf2.8", "tf2.8->tf2.21", "tf2.21->tf2.21"}),
        (Direction.ROLLBACK, {"tf2.8->tf2.8", "tf2.21->tf2.8", "tf2.21->tf2.21"}),
    ],
)
def test_direction(direction: Direction, expected: set[str]) -> None:
    """An upgrade loads what is older or the same, a rollback what is newer or the same; versions are no text."""
    rules = replace(MATRIX, pairs=Pairs(direction=direction))
    assert set(pairs(rules, Filters(environments=("tf2.8", "tf2.21")))) == expected
    ten = matrix([environment("tf2.9"), environment("tf2.10")], SCENARIOS)
    upgrades = pairs(replace(ten, pairs=Pairs(direction=Direction.UPGRADE)))
    assert "tf2.9->tf2.10" in upgrades
    assert "tf2.10->tf2.9" not in upgrades


def test_environments_of_the_same_age_meet() -> None:
    """Two environments of which none is older meet in both directions."""
    twins = matrix([environment("one", "2.16"), environment("two", "2.16")], SCENARIOS)
    for direction in Direction:
        assert len(pairs(replace(twins, pairs=Pairs(direction=direction)))) == 4


def test_pairs_of_the_matrix() -> None:
    """The matrix may name who saves and who loads, and leave pairs out."""
    rules = Pairs(save=("tf2.8", "tf2.15"), load=("tf2.1*",), exclude=(Exclusion(save="tf2.8", load="*6", reason="x"),))
    assert pairs(replace(MATRIX, pairs=rules)) == ["tf2.8->tf2.15", "tf2.15->tf2.15", "tf2.15->tf2.16"]


def test_filters() -> None:
    """Filters are globs, those of one kind add up and those of several narrow down."""
    chosen = plan(MATRIX, Filters(scenarios=("d*",), formats=(Format.H5,), save=("tf2.8", "tf2.15"), load=("*21",)))
    assert [cell.id for cell in chosen.cells] == ["dense.h5@tf2.8->tf2.21", "dense.h5@tf2.15->tf2.21"]
    assert [spec.name for spec in chosen.environments] == ["tf2.8", "tf2.15", "tf2.21"]


def test_case_and_brackets() -> None:
    """Globs heed upper and lower case, on every system."""
    with pytest.raises(NothingSelectedError):
        plan(MATRIX, Filters(scenarios=("Dense",)))
    assert plan(MATRIX, Filters(scenarios=("[dl]*",))).cells


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (Filters(environments=("tf3*",)), "--env tf3* matches none of tf2.8, tf2.15, tf2.16, tf2.21"),
        (Filters(save=("x", "y")), "--save x y matches none"),
        (Filters(load=("x",)), "--load x matches none"),
        (Filters(scenarios=("x",)), "--scenario x matches none of dense, lstm"),
        (Filters(scenarios=("lstm",), formats=(Format.KERAS,)), "nothing in common"),
    ],
)
def test_nothing_selected(filters: Filters, said: str) -> None:
    """Filters that leave nothing are an error that says which one, and what there is."""
    with pytest.raises(NothingSelectedError, match=r"^No cell is selected") as caught:
        plan(MATRIX, filters)
    assert said in str(caught.value)
    assert caught.value.exit_status == 3


def test_requirements() -> None:
    """A cell outside of what its scenario requires is in the plan as unsupported, and neither saves nor loads."""
    choosy = replace(SCENARIOS[1], requires_save=("tensorflow>=2.15",), requires_load=("tensorflow<2.21",))
    wanted = plan(matrix(ENVIRONMENTS, [choosy]), Filters())
    assert len(wanted.cells) == 16
    reasons = {cell.id: cell.unsupported for cell in wanted.cells}
    assert reasons["lstm.h5@tf2.15->tf2.16"] is None
    assert reasons["lstm.h5@tf2.8->tf2.15"] == (
        "the matrix says that lstm requires tensorflow>=2.15 to save; tf2.8 has not"
    )
    assert "to load; tf2.21" in str(reasons["lstm.h5@tf2.15->tf2.21"])
    assert [save.environment.name for save in wanted.saves] == ["tf2.15", "tf2.16", "tf2.21"]
    assert {cell.load.name for cells in wanted.saves.values() for cell in cells} == {"tf2.8", "tf2.15", "tf2.16"}


def test_plan_is_pure() -> None:
    """The same matrix and filters give the same plan."""
    assert plan(MATRIX, Filters()) == plan(MATRIX, Filters())
