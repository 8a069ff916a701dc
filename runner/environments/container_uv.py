"""The uv that works in containers, of the same version as the one of this machine."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from uv import find_uv_bin

from runner.environments import EnvironmentFailure
from runner.environments.containers import Containers, Task
from runner.environments.engine import Image
from runner.environments.processes import Completed, run
from runner.environments.variables import for_installer, forwarded
from runner.model import Cause


class ContainerUv:
    """
    uv in a container of an image; see `runner.environments.locking.Uv`.

    Args:
        program: A uv that runs in it.
        python: Minor version, which the image must have.
        store: Where its cache is, and what it makes.
    """

    def __init__(self, containers: Containers, image: Image, program: Path, python: str, store: Path) -> None:
        self._containers, self._image, self._program, self._store = containers, image, program, store
        self.platform = f"linux-{containers.architecture}"
        self.python = python

    async def run(self, arguments: Sequence[str], folder: Path) -> Completed:
        """Run uv, which sees the store and a folder."""
        return await self.run_script('exec "$UV" "$@"', arguments, folder)

    async def run_script(self, script: str, arguments: Sequence[str], folder: Path) -> Completed:
        """
        Run a shell script with arguments, for which ``$UV`` is uv.

        Raises:
            EnvironmentFailure: If the engine cannot, or the image has not that Python.
        """
        settings = forwarded()
        own = {
            "UV": str(self._program),
            "UV_CACHE_DIR": str(self._store / "uv"),
            "UV_PYTHON_DOWNLOADS": "never",
            "HOME": "/tmp",  # noqa: S108  (inside of the container)
        }
        task = Task(
            image=self._image,
            command=("sh", "-c", script, "sh", *arguments),
            variables={**settings.variables, **own},
            readable=(self._program, *settings.files),
            writable=tuple(
                path for path in (self._store, folder) if path == self._store or not path.is_relative_to(self._store)
            ),
        )
        done = await self._containers.run(task)
        if done.status and "No interpreter found" in done.stderr:
            text = f"The image {self._image.name} has no Python {self.python}: name another `image`, or `python`."
            raise EnvironmentFailure(Cause.ENVIRONMENT_UNRESOLVABLE, text)
        return done


async def static_uv(architecture: str, folder: Path) -> Path:
    """
    Return a uv that runs in any Linux image, as it needs no library of it.

    Args:
        architecture: Such as ``x86_64``.
        folder: Where to install it once.

    Raises:
        EnvironmentFailure: If it cannot be installed.
    """
    wanted = version("uv")
    program = folder / f"uv-{wanted}-{architecture}" / "bin" / "uv"
    if not program.exists():
        target = ["--target", str(program.parents[1]), "--python-platform", f"{architecture}-unknown-linux-musl"]
        done = await run([find_uv_bin(), "pip", "install", "--no-deps", *target, f"uv=={wanted}"], for_installer())
        if done.status:
            text = f"The uv for containers could not be installed: {done.stderr.strip()}"
            raise EnvironmentFailure(Cause.ENVIRONMENT_INSTALL, text)
    return program
