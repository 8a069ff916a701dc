"""The uv that works in containers, of the same version as the one of this machine."""

import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from uv import find_uv_bin

from runner.environments import EnvironmentFailure, engine
from runner.environments.containers import Containers, Task
from runner.environments.engine import Image
from runner.environments.installing import installation_failure
from runner.environments.processes import Completed, run
from runner.environments.variables import for_installer, forwarded
from runner.model import EnvironmentSpec
from runner.record import Cause

_NO_SHELL = re.compile(r'exec:? "?(/bin/)?sh"?(:| failed)')
_NO_PYTHON = re.compile(r"No interpreter found|Could not read ELF interpreter")


class ContainerUv:
    """
    uv in a container of an image; see `runner.environments.locking.Uv`.

    Args:
        program: A uv that runs in it.
        python: Minor version, which the image must have.
        store: Where its cache is, and what it makes.
    """

    def __init__(self, containers: Containers, image: Image, program: Path, python: str, store: Path) -> None:
        self._containers, self._store = containers, store
        self.image, self.program = image, program
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
            "UV": str(self.program),
            "UV_CACHE_DIR": str(self._store / "uv"),
            "UV_PYTHON_DOWNLOADS": "never",
            "HOME": "/tmp",  # noqa: S108  (inside of the container)
        }
        task = Task(
            image=self.image,
            command=("sh", "-c", script, "sh", *arguments),
            variables={**settings.variables, **own},
            readable=(self.program, *settings.files),
            writable=tuple(
                path for path in (self._store, folder) if path == self._store or not path.is_relative_to(self._store)
            ),
        )
        done = await self._containers.run(task)
        if done.status:
            check_image(self.image, self.python, done.stderr)
        return done


async def container_uv(containers: Containers, spec: EnvironmentSpec, store: Path) -> ContainerUv:
    """
    Return the uv of an environment, in the image that it is made in.

    Raises:
        EnvironmentFailure: If the image, or a uv for it, cannot be had.
    """
    image = await containers.in_thread(engine.image, containers.client, spec.image_name)
    program = await static_uv(containers.architecture, store)
    return ContainerUv(containers, image, program, spec.python, store)


def check_image(image: Image, python: str, said: str) -> None:
    """
    See whether it is for the image that something failed in it.

    Args:
        said: What was printed.

    Raises:
        EnvironmentFailure: If it has not the Python that is wanted, or nothing to run anything with.
    """
    if _NO_SHELL.search(said):
        text = f"The image {image.name} has no shell, with which to install Python packages: name another `image`."
        raise EnvironmentFailure(Cause.ENVIRONMENT_UNRESOLVABLE, text)
    if _NO_PYTHON.search(said):
        text = f"The image {image.name} has no Python {python}: name another `image`, or `python`."
        raise EnvironmentFailure(Cause.ENVIRONMENT_UNRESOLVABLE, text)


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
            raise installation_failure("The uv for containers could not be installed.", done.stderr)
    return program
