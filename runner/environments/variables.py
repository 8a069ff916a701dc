"""Which environment variables reach an installer, and which a harness; on this machine, and in a container."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.model import EnvironmentSpec

# One thread for each child: as many children run as there are cores.
_THREADS = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
# Huge pages for the heap, and everything on it: half the pages to copy at a fork and to free at an exit, of which every
# job has one (10 ms of 18, TensorFlow 2.21, Linux 6.18). Where the C library is another, nothing changes.
_MEMORY = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "PYTHONMALLOC": "malloc"}
# What a shell may hold that would change which Keras is met, or what it does.
_DECIDING = ("KERAS_", "PYTHON", "TF_", "UV_EXCLUDE_NEWER", "VIRTUAL_ENV", "XLA_", "NOX_", "CUDA_VISIBLE_DEVICES")
BUNDLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")
_FORWARDED = (
    "ALL_PROXY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_HTTP_",
    "UV_INDEX",
    "UV_INSECURE_HOST",
    "UV_NO_CONFIG",
)


def for_installer() -> dict[str, str]:
    """Return the caller's variables, but for those that would choose other packages or another Python."""
    left_out = ("PYTHON", "UV_EXCLUDE_NEWER", "UV_PYTHON", "UV_CONSTRAINT", "UV_OVERRIDE", "VIRTUAL_ENV", "NOX_")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


def for_harness(spec: EnvironmentSpec, home: Path) -> Mapping[str, str]:
    """
    Return the variables of a harness.

    The caller's own TensorFlow, Keras and Python variables and ~/.keras do not count, so that a matrix means the same
    everywhere; byte code is always written, since an import without it takes three times as long.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_DECIDING)}
    return kept | _fixed(home) | dict(spec.variables)


def for_container(spec: EnvironmentSpec, home: str) -> Mapping[str, str]:
    """
    Return the variables of a harness in a container: none of the caller's, which may be secrets.

    Args:
        home: A folder in the container.
    """
    user = {"HOME": home, "USER": "crossload", "LOGNAME": "crossload", "LANG": "C.UTF-8", "PYTHONPATH": ""}
    return user | _fixed(Path(home, "keras")) | dict(spec.variables)


def _fixed(home: Path) -> dict[str, str]:
    fixed = {"KERAS_HOME": str(home), "PYTHONNOUSERSITE": "1", "PYTHONHASHSEED": "0", "CUDA_VISIBLE_DEVICES": "-1"}
    return _THREADS | _MEMORY | fixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """
    What an installer in a container needs of the caller's settings: where the index is, and how to reach it.

    Attributes:
        files: That the variables name.
    """

    variables: Mapping[str, str]
    files: tuple[Path, ...]


def forwarded() -> Forwarded:
    """Return the settings of index, proxy and certificates, but for those that name places on this machine."""
    kept = {name: value for name, value in os.environ.items() if name.upper().startswith(_FORWARDED)}
    variables = {name: value for name, value in kept.items() if not value.startswith("/") and "file:" not in value}
    files = {name: path for name, path in _settings().items() if path.is_file()}
    bundle = files.pop("SSL_CERT_FILE", None)
    certificates = dict.fromkeys(BUNDLES, str(bundle)) if bundle else {}
    named = {name: str(path) for name, path in files.items()}
    return Forwarded(variables=variables | named | certificates, files=(*files.values(), *([bundle] if bundle else [])))


def _settings() -> dict[str, Path]:
    """Return the files of the caller that say how to reach an index, by the variable that names each."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config", "uv", "uv.toml")
    bundle = next((os.environ[name] for name in BUNDLES if Path(os.environ.get(name) or "/").is_file()), "/")
    return {
        "UV_CONFIG_FILE": Path(os.environ.get("UV_CONFIG_FILE") or config),
        "NETRC": Path(os.environ.get("NETRC") or Path.home() / ".netrc"),
        "SSL_CERT_FILE": Path(bundle),
    }
