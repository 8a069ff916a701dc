"""The Dockerfile of one environment, for people who read it, change it and build it by hand. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runner.errors import UsageError
from runner.model import EnvironmentSpec
from runner.wording import shown

CERTIFICATES, SETTINGS, PASSWORDS = "certificates.pem", "uv.toml", ".netrc"
"""What may lie beside it, for the stage that installs."""

NAME = re.compile(r"(?:[\w.-]+(?::\d+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*:[A-Za-z0-9_][\w.-]{0,127}", re.ASCII)
"""How an image may be called, with its version."""

_PREDEFINED = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
"""What every Dockerfile takes without ``ARG``; Docker then keeps it out of the history of the stage."""

_INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX")
_VENV, _HOME = "/opt/crossload/venv", "/build"

_TEXT = """\
# TensorFlow {tensorflow} on Python {python}: `{name}` of crossload's matrix. requirements.txt has all that is in it.
#
#     docker build --tag {tag} .
#     docker run --rm --interactive --tty {tag} python

# This stage installs; nothing of it is kept but the virtual environment.
FROM {base} AS build
USER root
WORKDIR {home}
COPY uv /usr/local/bin/uv
# A uv.toml or a .netrc beside this file is used here too.
COPY requirements.txt {beside} ./
# Where the packages come from, if not from PyPI: docker build --build-arg UV_DEFAULT_INDEX=https://... .
{arguments}
ENV {settings}
RUN uv venv --python {python} {venv} \\
    && uv pip install --no-deps --no-cache --compile-bytecode --python {venv}/bin/python \\
        --requirement requirements.txt

FROM {base}
COPY --from=build {venv} {venv}
ENV {variables}
CMD ["python"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """
    What an image is made from.

    Attributes:
        base: The image to begin with, as ``FROM`` takes it.
        arguments: Names of the variables that say where the packages come from; their values are given at the build.
        certificates: Whether there are certificates beside the Dockerfile that the installer must trust.
    """

    spec: EnvironmentSpec
    base: str
    tag: str
    arguments: tuple[str, ...] = ()
    certificates: bool = False


def dockerfile(recipe: Recipe) -> str:
    """
    Return the text of the Dockerfile.

    Raises:
        UsageError: If it cannot say what the matrix does.
    """
    spec, beside = recipe.spec, [f"{SETTINGS}*", f"{PASSWORDS}*"]
    settings = {"HOME": _HOME, "UV_PYTHON_DOWNLOADS": "never"}
    if recipe.certificates:
        settings, beside = settings | {"SSL_CERT_FILE": f"{_HOME}/{CERTIFICATES}"}, [CERTIFICATES, *beside]
    return _TEXT.format(
        name=spec.name,
        tensorflow=spec.tensorflow,
        python=spec.python,
        tag=recipe.tag,
        base=recipe.base,
        venv=_VENV,
        home=_HOME,
        beside=" ".join(beside),
        arguments="\n".join(f"ARG {name}" for name in _declared(recipe.arguments)),
        settings=_assigned(settings),
        variables=f'PATH="{_VENV}/bin:$PATH"' + "".join(f" \\\n    {_assigned({k: v})}" for k, v in spec.variables),
    )


def tag(spec: EnvironmentSpec) -> str:
    """Return the usual name of the image of an environment: Docker allows less in it than the matrix."""
    name = re.sub(r"[._+-]{2,}|\+", "-", spec.name.lower()).strip("._-")
    return f"crossload/{name}:{spec.tensorflow.replace('+', '-')}"


def _declared(arguments: Iterable[str]) -> list[str]:
    return sorted({*_INDEXES, *(name for name in arguments if name.upper() not in _PREDEFINED)})


def _assigned(variables: Mapping[str, str]) -> str:
    return " ".join(f'{name}="{_escaped(value)}"' for name, value in variables.items())


def _escaped(value: str) -> str:
    """Return a value as it stands between double quotes, where Docker would fill in variables."""
    if "\n" in value:
        raise UsageError(f"No Dockerfile can hold the line break in {shown(value)}, which is in `variables`.")
    return re.sub(r'([\\"$])', r"\\\1", value)
