"""Programs that the runner starts, such as an installer."""

import asyncio
import subprocess
import sys
from pathlib import Path

from runner.environments.processes import inheritable_lock
from tests.unit.places import REPOSITORY

INSTALLING = """
import asyncio, os, sys
from pathlib import Path
from runner.environments.processes import inheritable_lock, run

async def install():
    async with inheritable_lock(Path("lock")) as lock:
        script = "echo begun > begun; sleep 1; echo written > written"
        installer = asyncio.create_task(run(["sh", "-c", script], os.environ, holding=(lock,)))
        while not Path("begun").exists():
            await asyncio.sleep(0.01)
        os.kill(os.getpid(), 9)

asyncio.run(install())
"""
"""A runner that is killed while its installer writes."""


def test_an_installer_whose_runner_was_killed(tmp_path: Path) -> None:
    """Whoever is next waits until it has ended: the two would write into one folder."""
    variables = {"PYTHONPATH": str(REPOSITORY)}
    killed = subprocess.run([sys.executable, "-c", INSTALLING], cwd=tmp_path, env=variables, check=False)
    assert killed.returncode == -9
    assert not (tmp_path / "written").exists()

    async def next_one() -> None:
        async with inheritable_lock(tmp_path / "lock"):
            assert (tmp_path / "written").exists()

    asyncio.run(next_one())
