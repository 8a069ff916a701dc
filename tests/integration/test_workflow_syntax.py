"""The workflow in docs/ is one that GitHub Actions takes."""

import pytest

from tests.integration import actionlint
from tests.integration.actionlint import Actionlint
from tests.integration.conftest import REPOSITORY

WORKFLOW = (REPOSITORY / "docs" / "github-actions.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def linter(tmp_path_factory: pytest.TempPathFactory) -> Actionlint:
    """Return actionlint."""
    return actionlint.install(tmp_path_factory.mktemp("actionlint"))


def test_actionlint_finds_nothing(linter: Actionlint) -> None:
    """The workflow is without fault."""
    assert linter.complaints(WORKFLOW) == []


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("needs: times", "needs: tims", 'needs job "tims" which does not exist'),
        ("matrix.shard }}.tar.gz", "matrix.part }}.tar.gz", 'property "part" is not defined'),
        ("fail-fast", "fail-fats", 'unexpected key "fail-fats"'),
        ('cron: "17 3 * * 1"', 'cron: "17 3 * *"', "invalid CRON"),
    ],
)
def test_actionlint_finds_what_is_wrong(linter: Actionlint, right: str, wrong: str, said: str) -> None:
    """A mistake in the workflow would be found."""
    assert right in WORKFLOW
    assert any(said in complaint for complaint in linter.complaints(WORKFLOW.replace(right, wrong)))
