"""The Dockerfile of an environment, and the file in ``golden/`` that says how it looks."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from runner import releases
from runner.environments.dockerfile import NAME, Recipe, dockerfile, tag
from runner.errors import UsageError

GOLDEN = Path(__file__).parent / "golden" / "Dockerfile"
SPEC = replace(
    releases.complete(name="tf2.16-legacy", tensorflow="2.16.2", python="3.11", platform="linux-x86_64"),
    variables=(("TF_USE_LEGACY_KERAS", "1"),),
)
RECIPE = Recipe(
    spec=SPEC,
    base="python:3.11-slim@sha256:0123",
    tag=tag(SPEC),
    arguments=("HTTPS_PROXY", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "no_proxy"),
    certificates=True,
)


def kept(text: str) -> str:
    """Return the stage that becomes the image."""
    return text[text.rindex("\nFROM ") :]


def test_it_reads_as_it_is_written_down() -> None:
    """The Dockerfile of an environment is the golden file, to the letter."""
    assert dockerfile(RECIPE) == GOLDEN.read_text(encoding="utf-8")


def test_nothing_of_the_installation_is_kept() -> None:
    """The stage that becomes the image has no uv, no certificate and no variable of the installer."""
    assert not re.search(r"ARG|SSL|UV_|certificates|netrc|PROXY|/uv\b", kept(dockerfile(RECIPE)))


def test_proxies_are_not_declared() -> None:
    """Docker takes proxies undeclared, and then keeps them out of the history."""
    assert "PROXY" not in dockerfile(RECIPE).upper()


def test_without_certificates() -> None:
    """A Dockerfile names certificates only if there are some."""
    assert "certificates" not in dockerfile(replace(RECIPE, certificates=False))


@pytest.mark.parametrize(("value", "written"), [('a "b"', r"a \"b\""), ("$HOME", r"\$HOME"), ("a\\b", r"a\\b")])
def test_values_mean_what_the_matrix_says(value: str, written: str) -> None:
    """Docker fills nothing into a variable of the matrix, whatever is in it."""
    recipe = replace(RECIPE, spec=replace(SPEC, variables=(("NAME", value),)))
    assert f'NAME="{written}"' in kept(dockerfile(recipe))


@pytest.mark.parametrize(
    ("name", "repository"),
    [("tf2.8", "tf2.8"), ("TF", "tf"), ("a+b", "a-b"), ("a..b", "a-b"), ("a._+b", "a-b"), ("a-", "a"), ("a_b", "a_b")],
)
def test_every_environment_can_be_a_tag(name: str, repository: str) -> None:
    """Whatever an environment is called, Docker takes the name of its image."""
    assert tag(replace(SPEC, name=name)) == f"crossload/{repository}:2.16.2"
    assert NAME.fullmatch(tag(replace(SPEC, name=name)))


@pytest.mark.parametrize("name", ["tf", "Tf:1", "a b:1", "a:1:2", ":1", "a:", "a//b:1@x", "-a:1"])
def test_what_is_no_tag(name: str) -> None:
    """A name that Docker would refuse, or that has no version, is refused before anything is built."""
    assert not NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["tf:1", "a/b:1.2-x", "localhost:5000/a/b:1", "Registry.example.com/a_b:V1"])
def test_what_is_a_tag(name: str) -> None:
    """A name for a registry is taken as it is."""
    assert NAME.fullmatch(name)


def test_what_no_dockerfile_can_say() -> None:
    """A variable with a line break is refused in words: Docker would take the rest for an instruction."""
    with pytest.raises(UsageError, match="line break"):
        dockerfile(replace(RECIPE, spec=replace(SPEC, variables=(("NAME", "a\nb"),))))
