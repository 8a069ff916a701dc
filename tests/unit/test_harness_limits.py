"""What a job may use, and a server that outlives whatever its jobs do about it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from runner.environments import Reach
from runner.execution.servers import Ended, Job, start
from runner.plan import Filters, plan
from runner.record import Cause, Record, Status
from tests.fakes import LIMITS, SAVE, Lab, environment, matrix, processes_with

SMALL = replace(LIMITS, disk_mb=8)
FILES = "[open('{}%d' % number, 'wb').write(bytes(2**22)) for number in range(4)]"
FILLING = {
    "one_file": "open('file', 'wb').write(bytes(2**24))",
    "sparse": "open('file', 'wb').truncate(2**34)",
    "sparse_of_a_child": "subprocess.run(['truncate', '-s', '16G', 'file'], check=True)",
    "elsewhere": "tempfile.TemporaryFile(dir='/dev/shm').write(bytes(2**24))",
    "many_files": "[open(str(number), 'wb').write(bytes(2**19)) for number in range(32)]",
    "below": "os.makedirs('a/b/c'); " + FILES.format("a/b/c/"),
    "closed": "os.mkdir('a'); " + FILES.format("a/") + "; os.chmod('a', 0)",
    "deep": "[(os.mkdir('a'), os.chdir('a')) for _ in range(300)]",
    "nameless": "kept = [tempfile.TemporaryFile(dir='.') for number in range(4)]; "
    "[file.write(bytes(2**22)) for file in kept]; time.sleep(3)",
    "artifact": "os.makedirs(path + '.d'); [open(path + '.d/%d' % n, 'wb').write(bytes(2**22)) for n in range(4)]",
}
"""What fills a folder of 8 MiB, or makes it too deep to look at."""

SPARING = {
    "little": "open('file', 'wb').write(bytes(2**20))",
    "sparse_within": "[open(str(number), 'wb').truncate(2**23) for number in range(20)]",
    "linked_often": "open('file', 'wb').write(bytes(2**21)); [os.link('file', str(number)) for number in range(20)]",
    "leads_elsewhere": "os.symlink('/', 'everything'); os.symlink('.', 'itself')",
    "takes_away": "open('file', 'wb').write(bytes(2**22)); os.remove('file')",
}
"""What does not."""


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab of its own for each test."""
    return Lab(tmp_path)


def doing(what: str) -> str:
    """Return a save script that does something first."""
    imports = "\n    import os, signal, subprocess, tempfile, time"
    return imports + SAVE.replace("model.save(path)", f"model.save(path); {what}")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Record]:
    """Run what the tables hold in one matrix."""
    lab = Lab(tmp_path_factory.mktemp("disk"))
    scenarios = [lab.scenario(name, doing(what)) for name, what in {**FILLING, **SPARING}.items()]
    return {record.scenario: record for record in lab.run(scenarios, limits=SMALL).values()}


@pytest.mark.parametrize("name", FILLING)
def test_folder_over_the_limit(records: dict[str, Record], name: str) -> None:
    """A job that leaves more in its folder than it may is an error that names the limit, however it hides that."""
    assert (records[name].status, records[name].cause) == (Status.ERROR, Cause.DISK_FULL)
    assert "limits.disk_mb" in records[name].explanation


@pytest.mark.parametrize("name", SPARING)
def test_folder_within_the_limit(records: dict[str, Record], name: str) -> None:
    """What takes no room on the disk, or lies elsewhere, is not counted."""
    assert records[name].status is Status.PASS, records[name].explanation


def test_job_over_the_limit_is_ended(lab: Lab) -> None:
    """A job is ended while it fills its folder, not when it is done."""
    filling = "[(open(str(n), 'wb').write(bytes(2**20)), time.sleep(0.02)) for n in range(10**6)]"
    record = lab.one(doing(filling), limits=SMALL)
    assert (record.status, record.cause, record.attempts) == (Status.ERROR, Cause.DISK_FULL, 1)
    assert record.seconds < 10


def test_processes_without_end(lab: Lab) -> None:
    """A job that starts process after process is ended for that, long before its time is over, with all of them."""
    record = lab.one(doing("any(os.fork() == 0 for _ in range(400)); time.sleep(60)"))
    assert (record.status, record.cause, record.attempts) == (Status.FAIL, Cause.SCENARIO_ERROR, 1), record.explanation
    assert "256" in record.explanation


BOMB = """
        count = os.open("count", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        while os.fstat(count).st_size < 1000:
            os.write(count, b"x")
            if os.fork() == 0:
                os.setsid()
        time.sleep(600)
"""
"""Each process starts others, in sessions of their own; it comes to an end only for the sake of the machine."""


def test_processes_of_processes(lab: Lab) -> None:
    """A job all of whose processes start others is ended for that, with all of them."""
    scenarios = [lab.scenario("bomb", doing(BOMB)), lab.scenario("innocent")]
    bombed = environment("tf1", MARK=str(lab.folder))
    wanted = plan(matrix([bombed], scenarios, replace(LIMITS, seconds=60.0)), Filters())
    records = {record.scenario: record for record in lab.execute(wanted).records}
    assert (records["bomb"].status, records["bomb"].cause) == (Status.FAIL, Cause.SCENARIO_ERROR)
    assert "256" in records["bomb"].explanation
    assert records["innocent"].status is Status.PASS
    assert processes_with(f"MARK={lab.folder}") == []


def test_processes_whose_memory_the_kernel_does_not_tell(lab: Lab) -> None:
    """A job is ended for its processes while the kernel is asked for their memory, which waits for those that fork."""
    silent = environment(
        "tf1", FAKE_IMPORT="import time, harness.memory as m\nm.together = lambda pids: time.sleep(600)"
    )
    body = "os.fork() or time.sleep(600); time.sleep(2); any(os.fork() == 0 for _ in range(400)); time.sleep(600)"
    wanted = plan(matrix([silent], [lab.scenario("asked", doing(body))], replace(LIMITS, seconds=60.0)), Filters())
    (record,) = lab.execute(wanted).records
    assert (record.status, record.cause, record.attempts) == (Status.FAIL, Cause.SCENARIO_ERROR, 1), record.explanation
    assert "256" in record.explanation


@pytest.mark.parametrize(("kills", "status"), [(2, Status.ERROR), (1, Status.TIMEOUT)])
def test_waiting_for_what_was_killed_for_want_of_memory(lab: Lab, kills: int, status: Status) -> None:
    """A job that hangs since the kernel killed something of it for want of memory is no timeout."""
    count = lab.folder / "count"
    count.write_text("oom_kill 1\n")
    counted = environment("tf1", FAKE_IMPORT=f"import harness.cgroup as c\nc.COUNTERS = ({str(count)!r},)")
    hanging = doing(f"open({str(count)!r}, 'w').write('oom_kill {kills}\\n'); time.sleep(60)")
    wanted = matrix([counted], [lab.scenario("one", hanging)], replace(LIMITS, seconds=2.0))
    (record,) = lab.execute(plan(wanted, Filters())).records
    assert record.status is status, record.explanation


def test_room_is_given_back(lab: Lab) -> None:
    """What a save has written that was ended for it is gone, and what another kept is still there."""
    lab.run([lab.scenario("large", doing(FILLING["one_file"])), lab.scenario("small")], limits=SMALL)
    assert list(lab.folder.rglob("scratch/file")) == []
    assert len(list(lab.folder.rglob("artifact/model.h5"))) == 1


def test_more_files_than_can_be_looked_at(lab: Lab) -> None:
    """A folder with too many files to look at is over the limit, though all of them are empty."""
    scenario = lab.scenario("one", doing("[open(str(number), 'w').close() for number in range(200)]"))
    few = environment("tf1", FAKE_IMPORT="import harness.folders as f\nf.ENTRIES = 100")
    (record,) = lab.execute(plan(matrix([few], [scenario], SMALL), Filters())).records
    assert (record.status, record.cause) == (Status.ERROR, Cause.DISK_FULL)


@pytest.mark.parametrize(
    ("rises", "dies", "status", "cause"),
    [
        (True, "os.kill(os.getpid(), signal.SIGKILL)", Status.ERROR, Cause.OUT_OF_MEMORY),
        (True, "os._exit(1)", Status.ERROR, Cause.OUT_OF_MEMORY),
        (False, "os.kill(os.getpid(), signal.SIGKILL)", Status.CRASH, Cause.UNRECOGNISED),
        (True, "os.abort()", Status.ERROR, Cause.OUT_OF_MEMORY),
        (True, "None", Status.PASS, None),
    ],
)
def test_death_by_the_kernel_for_want_of_memory(
    lab: Lab, *, rises: bool, dies: str, status: Status, cause: Cause | None
) -> None:
    """A job that died while the kernel counted a kill for want of memory is an error, and no crash."""
    counter = lab.folder / "memory.events"
    counter.write_text("low 0\noom 1\noom_kill 1\noom_group_kill 0\n")
    count = f"open({str(counter)!r}, 'w').write('oom 2\\noom_kill 2\\n')" if rises else "None"
    counted = environment("tf1", FAKE_IMPORT=f"import harness.cgroup as c\nc.COUNTERS = ('/none', {str(counter)!r})")
    scenario = lab.scenario("one", doing(f"{count}; {dies}"))
    (record,) = lab.execute(plan(matrix([counted], [scenario]), Filters()), jobs=1).records
    assert (record.status, record.cause) == (status, cause), record.explanation


@pytest.mark.parametrize(("counter", "word"), [("COUNTERS", "oom_kill"), ("FORKS", "max")], ids=["memory", "processes"])
def test_death_beside_others_that_take_all(lab: Lab, counter: str, word: str) -> None:
    """What fails while its neighbours may have taken all memory or processes is tried again without them."""
    count, tried = lab.folder / "count", lab.folder / "tried"
    count.write_text(f"{word} 1\n")
    dies = f"open({str(count)!r}, 'w').write('{word} 2\\n'); open({str(tried)!r}, 'w').close(); os._exit(1)"
    victim = f"time.sleep(0.5)\n        if not os.path.exists({str(tried)!r}): {dies}"
    counted = environment("tf1", FAKE_IMPORT=f"import harness.cgroup as c\nc.{counter} = ({str(count)!r},)")
    scenarios = [lab.scenario("neighbour", doing("time.sleep(2)")), lab.scenario("victim", doing(victim))]
    records = lab.execute(plan(matrix([counted], scenarios), Filters()), jobs=2).records
    assert {record.scenario: record.status for record in records} == {
        "neighbour": Status.PASS,
        "victim": Status.PASS,
    }
    assert tried.exists()


def test_link_in_the_place_of_an_artifact_is_not_mounted(lab: Lab) -> None:
    """A link that a save left in the place of its artifact is nothing that a job needs: it may lead anywhere."""
    saving = lab.job("one")
    loading = replace(saving, kind="load", folder=lab.folder, artifact=lab.folder.parent / "artifact")
    loading.artifact.mkdir()
    assert loading.artifact in loading.reach().readable
    loading.artifact.rmdir()
    loading.artifact.symlink_to("/etc")
    assert loading.artifact not in loading.reach().readable


def serve(lab: Lab, jobs: Sequence[Job], **variables: str) -> list[Ended]:
    """Have one server do jobs, one after the other."""

    async def served() -> list[Ended]:
        builder = lab.builder()
        environed = await builder.prepare(environment("tf1", **variables))
        server = await start(builder, environed, LIMITS, lab.folder / "server.log", Reach(), shared=True)
        try:
            return [await server.run(each) for each in jobs]
        finally:
            await server.stop()

    return asyncio.run(served())


@pytest.mark.parametrize("fresh", [False, True])
def test_server_outlives_a_fork_that_fails(lab: Lab, fresh: bool) -> None:
    """Where no process can be started, that job is lost, and the server does the next one."""
    failing = """
import os, subprocess
def once(start):
    def started(*args, **given):
        if os.path.exists(FULL):
            os.remove(FULL)
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return start(*args, **given)
    return started
os.fork, subprocess.Popen = once(os.fork), once(subprocess.Popen)
"""
    full, one, two = lab.folder / "full", replace(lab.job("one"), fresh=fresh), lab.job("two")
    variable = f"FULL = {str(full)!r}\n{failing}"
    assert [ended.ended for ended in serve(lab, [lab.job("probe")], FAKE_IMPORT=variable)] == ["exit"]
    full.touch()
    assert [ended.ended for ended in serve(lab, [one, two], FAKE_IMPORT=variable)] == ["lost", "exit"]
    assert "one could not be started" in (lab.folder / "server.log").read_text()


@pytest.mark.parametrize("name", ["log", "job.json"])
def test_server_follows_no_link_to_write(lab: Lab, name: str) -> None:
    """A link where the server would write in a job's folder is not followed: the job is lost, and the next one done."""
    precious = lab.folder / "precious"
    precious.write_text("precious")
    one, two = replace(lab.job("one"), fresh=True), lab.job("two")
    (Path(one.folder) / name).symlink_to(precious)
    assert [ended.ended for ended in serve(lab, [one, two])] == ["lost", "exit"]
    assert precious.read_text() == "precious"


def test_server_follows_no_link_to_a_folder(lab: Lab) -> None:
    """A link in the place of a job's folder is not followed."""
    one, elsewhere = lab.job("one"), lab.folder / "elsewhere"
    elsewhere.mkdir()
    Path(one.folder).rmdir()
    Path(one.folder).symlink_to(elsewhere)
    assert [ended.ended for ended in serve(lab, [one, lab.job("two")])] == ["lost", "exit"]
    assert list(elsewhere.iterdir()) == []


def test_log_that_a_job_replaces(lab: Lab) -> None:
    """A job that puts a link in the place of its log has nothing written to where it leads."""
    precious = lab.folder / "precious"
    precious.write_text("precious")
    replacing = f"os.remove('../log'); os.symlink({str(precious)!r}, '../log'); os.write(1, b'x' * 2**20)"
    assert [ended.ended for ended in serve(lab, [lab.job("one", doing(replacing))])] == ["exit"]
    assert precious.read_text() == "precious"
