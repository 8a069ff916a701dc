"""
A job that its server confines can do its work, and reaches nothing that belongs to others.

The walls are the kernel's: where it has no Landlock that holds signals too (Linux 6.12), these tests fail and say so.
"""

import asyncio
import os
import socket
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from runner.environments import Reach
from runner.execution import observations
from runner.execution.servers import Ended, Job, start
from runner.files import emptied
from runner.harness import landlock
from runner.model import Format
from runner.observation import Observation
from runner.plan import Filters, plan
from runner.record import Cause, Status
from tests.fakes import LIMITS, SAVE, FakeBuilder, Lab, environment, matrix

PRELUDE = """
import ctypes, errno, os, shutil, signal, socket, subprocess, sys, tempfile, threading
import numpy as np
import tensorflow as tf

def refused(work, *args):
    try:
        work(*args)
    except OSError as error:
        assert error.errno in (errno.EACCES, errno.EPERM, errno.EXDEV), repr(error)
    else:
        raise AssertionError("it was allowed")

def opened(path, mode="r"):
    open(path, mode).close()
"""

WALLS = {
    "read": "refused(opened, VICTIM + '/artifact/model.h5')",
    "read_observation": "refused(opened, VICTIM + '/observation.json')",
    "read_through_a_link": "os.symlink(VICTIM + '/artifact/model.h5', 'link'); refused(opened, 'link')",
    "read_through_the_root": "refused(opened, '/proc/self/root' + VICTIM + '/artifact/model.h5')",
    "read_in_a_subprocess": "assert subprocess.call(['cat', VICTIM + '/artifact/model.h5'])",
    "read_in_a_thread": """
seen = []
def look():
    try:
        seen.append(os.listdir(VICTIM))
    except PermissionError:
        seen.append(None)
thread = threading.Thread(target=look)
thread.start(); thread.join()
assert seen == [None], seen
""",
    "list": "refused(os.listdir, VICTIM)",
    "list_all": "refused(os.listdir, os.path.dirname(VICTIM))",
    "list_what_leads_there": "refused(os.listdir, HIDDEN); refused(os.listdir, os.path.dirname(HIDDEN))",
    "write": "refused(opened, VICTIM + '/artifact/model.h5', 'r+b')",
    "make": "refused(opened, VICTIM + '/new', 'w'); refused(os.mkdir, VICTIM + '/folder')",
    "shorten": "refused(os.truncate, VICTIM + '/artifact/model.h5', 0)",
    "remove": "refused(os.remove, VICTIM + '/artifact/model.h5')",
    "take": "refused(os.rename, VICTIM + '/artifact/model.h5', 'mine')",
    "link": "refused(os.link, VICTIM + '/artifact/model.h5', 'mine')",
    "replace_its_own_folder": "refused(os.rename, os.path.dirname(os.path.dirname(path)), HIDDEN + '/elsewhere')",
    "write_to_the_scenario": "refused(opened, OWN + '/new', 'w'); refused(opened, OWN + '/save.py', 'r+')",
    "link_the_scenario": "refused(os.link, OWN + '/save.py', 'mine')",
    "take_the_scenario": "refused(os.rename, OWN + '/save.py', 'mine')",
    "write_to_the_system": "refused(os.open, '/etc/passwd', os.O_WRONLY)",
    "write_to_another_s_tmp": "refused(opened, os.path.dirname(HIDDEN) + '/new', 'w')",
    "kill_the_server": "refused(os.kill, os.getppid(), signal.SIGKILL); refused(os.kill, os.getppid(), signal.SIGTERM)",
    "trace_the_server": """
libc = ctypes.CDLL(None, use_errno=True)
assert libc.ptrace(16, os.getppid(), None, None) == -1
assert ctypes.get_errno() == errno.EPERM
""",
    "look_into_the_server": """
for name in ("environ", "mem", "maps", "root/etc/passwd", "cwd/."):
    refused(os.open, "/proc/%d/%s" % (os.getppid(), name), os.O_RDONLY)
for number in os.listdir("/proc/%d/fd" % os.getppid()):
    refused(os.readlink, "/proc/%d/fd/%s" % (os.getppid(), number))
    refused(os.open, "/proc/%d/fd/%s" % (os.getppid(), number), os.O_WRONLY | os.O_NONBLOCK)
""",
    "limit_the_server": "import resource; refused(resource.prlimit, os.getppid(), resource.RLIMIT_FSIZE, (0, 0))",
    "leave_the_machine": """
try:
    socket.socket(40, socket.SOCK_STREAM)  # to the host of a virtual machine
except OSError as error:
    assert error.errno == errno.EAFNOSUPPORT
else:
    raise AssertionError("it was allowed")
""",
    "close_to_all": """
mode = os.stat(HIDDEN).st_mode
for change in (os.chmod, lambda *args: subprocess.call(["chmod", "0", args[0]])):
    change(HIDDEN, 0)
    assert os.stat(HIDDEN).st_mode == mode
""",
    "call_a_socket": "refused(socket.socket(socket.AF_UNIX).connect, CALLED)",
    "gain_rights": """
status = subprocess.check_output(["cat", "/proc/self/status"]).decode()
assert "NoNewPrivs:\\t1" in status
assert "CapEff:\\t" + 16 * "0" in status, status
""",
}
"""What a job must not be able to do -> the body of a save script that tries."""

WORK = {
    "read": "assert open(OWN + '/words.txt').read() == 'words'; assert os.listdir(OWN)",
    "read_the_system": "open('/etc/passwd').read(); os.listdir(os.path.dirname(os.__file__)); os.listdir('/proc')",
    "write": "open('file', 'w').write('x'); os.truncate('file', 0); os.remove('file'); os.mkdir('a'); os.rmdir('a')",
    "move": """
os.makedirs('one/two')
open('one/file', 'w').close()
os.rename('one/file', 'one/two/file')
os.rename('one/two', '../tmp/two')
os.link('../tmp/two/file', 'linked')
os.symlink('linked', 'soft')
assert open('soft').read() == ''
""",
    "keep_temporary_files": "tempfile.NamedTemporaryFile().write(b'x'); tempfile.TemporaryDirectory().cleanup()",
    "throw_away": "open('/dev/null', 'w').write('x'); subprocess.check_call(['true'], stdout=subprocess.DEVNULL)",
    "change_a_mode": "open('file', 'w').close(); os.chmod('file', 0o600); shutil.copy('file', 'copy')",
    "limit_itself": "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))",
    "run_programs": "assert subprocess.check_output([sys.executable, '-c', 'print(1)']) == b'1\\n'",
    "end_its_own": "child = subprocess.Popen(['sleep', '60']); child.kill(); assert child.wait() == -9",
    "talk_to_its_own": "one, two = socket.socketpair(); one.send(b'x'); assert two.recv(1) == b'x'",
    "see_itself": "open('/proc/self/environ').read(); os.listdir('/proc/self/fd')",
}
"""What a job must be able to do -> the body of a save script that does it."""

TRIED = [
    (kind, name, fresh) for kind, bodies in (("wall", WALLS), ("work", WORK)) for name in bodies for fresh in (0, 1)
]
CHANGING = """
    import os
    import tensorflow as tf

    def load(path):
        model = tf.keras.models.load_model(path)
        os.remove(path)
        return model
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a job ended, and what was seen of it."""

    ended: Ended
    observation: Observation


@dataclass(frozen=True, slots=True)
class House:
    """A server that hides the folder ``hidden``, in which all jobs are."""

    folder: Path

    @property
    def hidden(self) -> Path:
        """Return the hidden folder."""
        return self.folder / "hidden"

    def job(self, name: str, save: str, load: str | None = None, *, fresh: bool = False) -> Job:
        """Return a job that saves; `replace` makes others of it."""
        own, folder = self.folder / "scenarios" / name, emptied(self.hidden / name)
        own.mkdir(parents=True)
        (own / "save.py").write_text(textwrap.dedent(save), encoding="utf-8")
        (own / "load.py").write_text(textwrap.dedent(load or CHANGING), encoding="utf-8")
        (own / "words.txt").write_text("words", encoding="utf-8")
        return Job(
            id=name,
            kind="save",
            folder=folder,
            scenario=own,
            script="save.py",
            format="h5",
            path=folder / "artifact" / Format.H5.path,
            artifact=folder / "artifact",
            fresh=fresh,
        )

    def run(self, jobs: Sequence[Job], **variables: str) -> tuple[bool, list[Ran]]:
        """Have jobs done one after the other; tell, too, whether they were confined."""
        return asyncio.run(self._run(jobs, variables))

    async def _run(self, jobs: Sequence[Job], variables: dict[str, str]) -> tuple[bool, list[Ran]]:
        builder = FakeBuilder(self.folder / "environments", hide=[self.hidden])
        environed = await builder.prepare(environment("tf1", **variables))
        server = await start(builder, environed, LIMITS, self.folder / "server.log", Reach(), shared=True)
        try:
            ended = [await server.run(job) for job in jobs]
        finally:
            await server.stop()
        seen = [observations.read(job.folder) for job in jobs]
        return server.confined, [Ran(*each) for each in zip(ended, seen, strict=True)]


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Return a house of its own for each test."""
    return House(tmp_path)


@pytest.fixture(scope="module")
def called() -> Iterator[str]:
    """Give the address of a socket that a process outside listens to, as an expression."""
    name = f"crossload-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"\0{name}")
        listening.listen()
        yield repr(f"\0{name}")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, called: str) -> dict[tuple[str, str, int], Ran]:
    """Try everything, in forks and in fresh processes, beside the folder of another job."""
    assert landlock.version() >= 6, "this kernel has no Landlock 6: leave this module out (--ignore), or use Linux 6.12"
    house = House(tmp_path_factory.mktemp("walls"))
    victim = house.job("victim", SAVE)
    jobs = [house.job("-".join(map(str, each)), _script(house, each, called), fresh=bool(each[2])) for each in TRIED]
    confined, found = house.run([victim, *jobs])
    assert confined
    assert found[0].observation.exception is None
    assert Path(victim.path).stat().st_size > 0
    return dict(zip(TRIED, found[1:], strict=True))


def _script(house: House, tried: tuple[str, str, int], called: str) -> str:
    kind, name, _ = tried
    own = house.folder / "scenarios" / "-".join(map(str, tried))
    body = (WALLS if kind == "wall" else WORK)[name]
    places = f"VICTIM = {str(house.hidden / 'victim')!r}\nHIDDEN = {str(house.hidden)!r}\nOWN = {str(own)!r}\n"
    good = textwrap.dedent(SAVE).replace("def save", "def good")
    trying = f"def save(path):\n{textwrap.indent(body.strip(), '    ')}\n    return good(path)\n"
    return f"{PRELUDE}\n{places}CALLED = {called}\n{good}\n{trying}"


@pytest.mark.parametrize(("kind", "name", "fresh"), TRIED)
def test_walls_hold_and_work_goes_on(ran: dict[tuple[str, str, int], Ran], kind: str, name: str, fresh: int) -> None:
    """A job reaches nothing that is not its own, in a fork and in a fresh process, and what it needs is there."""
    found = ran[kind, name, fresh]
    assert found.observation.exception is None
    assert (found.ended.ended, found.ended.status) == ("exit", 0)


@pytest.mark.parametrize("fresh", [False, True])
def test_job_reads_what_it_is_given(house: House, fresh: bool) -> None:
    """A load reads the artifact and the inputs of its save, and copies it; a resave writes to a target elsewhere."""
    saved = house.job("one", SAVE)
    load = replace(
        saved, id="load", kind="load", script="load.py", saved=saved.folder, folder=emptied(house.hidden / "load")
    )
    outside = emptied(house.hidden / "outside")
    resave = replace(
        load,
        id="resave",
        kind="resave",
        script=None,
        folder=emptied(house.hidden / "resave"),
        target=outside / "model.h5",
        target_format="h5",
    )
    _, found = house.run([replace(each, fresh=fresh) for each in (saved, load, resave)])
    assert [each.observation.exception for each in found] == [None, None, None]
    assert (outside / "model.h5").is_file()
    assert saved.path.is_file()


def test_link_in_the_place_of_an_artifact_opens_nothing(house: House) -> None:
    """A link to another job's artifact, which a save left in the place of its own, is no way there for who reads it."""
    victim, link = house.job("victim", SAVE), house.hidden / "link"
    link.symlink_to(victim.artifact)
    spy = f"{PRELUDE}\nrefused(opened, {str(victim.path)!r})\nrefused(opened, {str(link / 'model.h5')!r})\n"
    spying = house.job("spying", spy + textwrap.dedent(SAVE))
    _, found = house.run([victim, replace(spying, artifact=link)])
    assert [each.observation.exception for each in found] == [None, None]


def test_server_without_the_means_says_so(house: House) -> None:
    """Where the kernel cannot confine, the greeting says so, and jobs run as they would without being hidden."""
    victim = house.job("victim", SAVE)
    spy = house.job("spy", SAVE.replace("model.save(path)", f"model.save(path); open({str(victim.path)!r})"))
    confined, found = house.run([victim, spy], FAKE_IMPORT="import harness.landlock as l\nl.version = lambda: 0")
    assert not confined
    assert [each.observation.exception for each in found] == [None, None]


def test_nothing_is_confined_unless_it_is_asked_for(tmp_path: Path) -> None:
    """A server that is told to hide nothing confines nothing."""
    assert (
        Lab(tmp_path).one("\n    open('/proc/self/status').read().index('NoNewPrivs:\\t0')" + SAVE).status
        is Status.PASS
    )


@pytest.mark.parametrize("died", ["", "os.abort()"])
def test_job_that_cannot_be_confined_is_not_run(tmp_path: Path, died: str) -> None:
    """A job that the kernel does not confine though it can is an error, and none of its code is run."""
    lab = Lab(tmp_path)
    refusing = "import harness.confinement as c\n" + textwrap.dedent("""
        import os
        def confine(hidden, readable, writable):
            if "saves" in writable[0]:
                raise c.ConfinementError("no")
        c.confine = confine
    """)
    wanted = plan(
        matrix([environment("tf1", FAKE_IMPORT=refusing)], [lab.scenario("one", f"import os\n{died}\n{SAVE}")]),
        Filters(),
    )
    builder = FakeBuilder(tmp_path / "environments", hide=[tmp_path / "cache"])
    (record,) = lab.execute(wanted, builder).records
    assert (record.status, record.cause) == (Status.ERROR, Cause.UNRECOGNISED)
    assert "could not be kept from the others: no." in record.explanation


def test_run_goes_well_behind_the_walls(tmp_path: Path) -> None:
    """Scenarios come to the same behind the walls, those included whose first process dies."""
    lab = Lab(tmp_path)
    dying = "import os\nos.abort()\n"
    scenarios = [lab.scenario("good", SAVE, CHANGING), lab.scenario("dying", textwrap.dedent(SAVE), dying)]
    wanted = plan(matrix([environment("tf1"), environment("tf2")], scenarios), Filters())
    builder = FakeBuilder(tmp_path / "environments", hide=[tmp_path / "cache"])
    found = {(record.scenario, record.status) for record in lab.execute(wanted, builder).records}
    assert found == {("good", Status.PASS), ("dying", Status.CRASH)}
