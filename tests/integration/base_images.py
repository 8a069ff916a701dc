"""
Stand-ins for the official ``python:X.Y-slim`` images, made of what this machine has, for where no registry answers.

They go by the very names of the official ones, so that crossload has no branch for tests: a root skeleton, one of the
machine's Pythons in /usr/local, the shared libraries that it and TensorFlow's wheels need, and a static busybox.
"""

import io
import os
import re
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

import docker

BUSYBOX = ("sh", "ls", "cat", "ln", "mkdir", "rm", "cp", "mv", "env", "id", "uname", "sleep", "chmod")
_SYSTEM = "/usr/lib/x86_64-linux-gnu"
_LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
_FOLDERS = (
    "etc",
    "tmp",
    "var/tmp",
    "proc",
    "sys",
    "dev",
    "root",
    "home",
    "usr/bin",
    "usr/sbin",
    "usr/lib64",
    "usr/local",
)
_EXTRA = (
    *("libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2", "libstdc++.so.6", "libgcc_s.so.1", "libz.so.1"),
    *("libdl.so.2", "libm.so.6", "libpthread.so.0", "librt.so.1", "libutil.so.1"),
)
_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}


def ensure(client: docker.DockerClient, version: str) -> str:
    """
    Have an image ``python:VERSION-slim``, from the engine if it is there.

    Args:
        version: Such as ``3.9``.

    Raises:
        FileNotFoundError: If this machine has no such Python.
    """
    name = f"python:{version}-slim"
    if not client.images.list(name=name):
        client.api.import_image_from_data(_archive(version), repository="python", tag=f"{version}-slim")
    return name


def _archive(version: str) -> bytes:
    prefix, buffer = _prefix(version), io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, target in _LINKS.items():
            _link(archive, name, target)
        for name in _FOLDERS:
            _folder(archive, name)
        for name, text in _FILES.items():
            _text(archive, name, text)
        _python(archive, prefix, version)
        for name, library in _libraries(prefix, version).items():
            archive.add(library, f"{_SYSTEM}/{name}".lstrip("/"))
        archive.add(os.path.realpath("/lib64/ld-linux-x86-64.so.2"), "usr/lib64/ld-linux-x86-64.so.2")
        archive.add(os.path.realpath("/etc/ssl/certs/ca-certificates.crt"), "etc/ssl/certs/ca-certificates.crt")
        archive.add("/bin/busybox", "usr/bin/busybox")
        for name in BUSYBOX:
            _link(archive, f"usr/bin/{name}", "busybox")
    return buffer.getvalue()


def _prefix(version: str) -> Path:
    """Return where the machine has this Python: pyenv's, or one that is installed at the usual places."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = sorted(root.glob(f"versions/{version}.*/bin/python{version}"))
    found += [path for path in (Path(f"/usr/local/bin/python{version}"),) if path.exists()]
    if not found:
        raise FileNotFoundError(f"This machine has no Python {version} for a stand-in of python:{version}-slim.")
    return found[-1].parents[1]


def _python(archive: tarfile.TarFile, prefix: Path, version: str) -> None:
    """Add the interpreter and its standard library, without what was installed into it."""
    archive.add(os.path.realpath(prefix / "bin" / f"python{version}"), f"usr/local/bin/python{version}")
    for name in ("python3", "python"):
        _link(archive, f"usr/local/bin/{name}", f"python{version}")
    left_out = re.compile(r"/(site-packages|test|tests|idlelib|tkinter|ensurepip|config-[^/]*)(/|$)|\.pyc$")
    archive.add(
        prefix / "lib" / f"python{version}",
        f"usr/local/lib/python{version}",
        filter=lambda entry: None if left_out.search(entry.name) else entry,
    )
    _folder(archive, f"usr/local/lib/python{version}/site-packages")


def _libraries(prefix: Path, version: str) -> dict[str, str]:
    """Find, by name, the shared libraries of the interpreter, of its extension modules and of TensorFlow's wheels."""
    modules = (prefix / "lib" / f"python{version}" / "lib-dynload").glob("*.so")
    extra = [Path(_SYSTEM, name) for name in _EXTRA]
    found = _needed([prefix / "bin" / f"python{version}", *modules, *extra])
    return {path.name: os.path.realpath(path) for path in sorted({*found, *extra})}


def _needed(files: Iterable[Path]) -> set[Path]:
    told = subprocess.run(["ldd", *map(str, files)], capture_output=True, text=True, check=False).stdout
    return {Path(path) for path in re.findall(r"=> (/\S+)", told)}


def _link(archive: tarfile.TarFile, name: str, target: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    archive.addfile(entry)


def _folder(archive: tarfile.TarFile, name: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name.endswith("tmp") else 0o755
    archive.addfile(entry)


def _text(archive: tarfile.TarFile, name: str, text: str) -> None:
    data = text.encode()
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))
