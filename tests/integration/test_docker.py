"""Both backends give the same: containers, and processes of this machine."""

import pytest

from runner.record import Record, Status
from tests.integration.conftest import Ran

pytestmark = pytest.mark.docker


def outcome(cell: Record) -> tuple[object, ...]:
    """Return what must be the same wherever a cell is run."""
    return cell.status, cell.phase, cell.cause, cell.comparison


def test_both_backends_agree_on_every_cell(contained: Ran, shipped: Ran) -> None:
    """Status, phase, cause and comparison of every cell are the same in containers as outside of them."""
    cells = contained.cells
    assert len(cells) == sum(name in shipped.cells for name in cells) > 500
    others = {name: (outcome(cell), outcome(shipped.cells[name])) for name, cell in cells.items()}
    assert {name: pair for name, pair in others.items() if pair[0] != pair[1]} == {}


def test_what_could_not_be_judged(contained: Ran) -> None:
    """No cell in a container is lost."""
    assert not [cell.id for cell in contained.results.cells if cell.status is Status.ERROR]


def test_both_backends_install_the_same(contained: Ran, shipped: Ran) -> None:
    """The pins are the same, and the images are recorded with their digest."""
    for name, environment in contained.results.environments.items():
        assert environment.packages == shipped.results.environments[name].packages
        assert environment.image
        assert "@sha256:" in environment.image
