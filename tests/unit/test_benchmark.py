"""The figures in the README are those that were measured."""

from benchmarks.results import BLOCK, README, RESULTS, tables_of


def test_the_readme_shows_what_was_measured() -> None:
    """What the README says of speed is benchmarks/results.md, to the letter."""
    (block,) = BLOCK.findall(README.read_text(encoding="utf-8"))
    assert block == tables_of(RESULTS.read_text(encoding="utf-8"))
