"""A small disk that really fills up, in a mount namespace of its own, which needs no root (Linux)."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_AS_ROOT = () if os.geteuid() == 0 else ("--user", "--map-root-user")
_ENTERED = ("--mount",) if os.geteuid() == 0 else ("--user", "--mount", "--preserve-credentials")


class Disk:
    """
    A disk in the place of a folder, for the commands that are run `within`.

    Args:
        folder: Where it is; nobody else sees it there.
        kilobytes: How much it holds.
    """

    def __init__(self, folder: Path, kilobytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        script = f'mount -t tmpfs -o size={kilobytes}k tmpfs "$1" && echo mounted && exec cat'
        command = ["unshare", *_AS_ROOT, "--mount", "sh", "-c", script, "sh", str(folder)]
        self._holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "mounted\n"

    @property
    def root(self) -> Path:
        """Return the disk as it can be seen from outside."""
        return Path(f"/proc/{self._holder.pid}/root{self._folder}")

    def within(self, command: Sequence[str], folder: Path = Path("/")) -> list[str]:
        """Return the command that runs another one in a folder where the disk is."""
        return ["nsenter", *_ENTERED, f"--wdns={folder}", "--target", str(self._holder.pid), *command]

    def remount(self, options: str) -> None:
        """Change the disk: ``ro``, or its ``size=``."""
        command = ["mount", "-o", f"remount,{options}", str(self._folder)]
        subprocess.run(self.within(command), check=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._holder.communicate()
