"""How many servers live follows how much memory is free, whatever comes of it the same results."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runner.environments import Connection, Environment, EnvironmentFailure, Reach
from runner.execution.free import free_mb
from runner.execution.room import JOB_MB, Room
from runner.plan import Filters, plan
from runner.record import Cause, Status
from tests.fakes import SAVE, FakeBuilder, Lab, environment, matrix

ALL = ("tf1", "tf2", "tf3", "tf4")


@dataclass(eq=False, slots=True)
class Server:
    """A guest that takes memory, and notes when it leaves."""

    name: str
    room: Room
    taken: list["Server"]
    left: list[str]
    busy: bool = False
    memory_mb: int | None = 100

    async def enter(self) -> None:
        """Come in."""
        async with self.room.entering(self, lambda: None):
            self.taken.append(self)

    async def work(self) -> None:
        """Have had a job."""
        self.busy = False
        await self.room.used(self)

    async def make_way(self) -> None:
        """Leave."""
        with self.room.leaving(self):
            self.taken.remove(self)
            self.left.append(self.name)


@dataclass(slots=True)
class House:
    """A room of a machine with so much memory, and servers for it."""

    total: int
    taken: list[Server] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def room(self) -> Room:
        """Return the room, which keeps 100 MiB free for the one job."""
        return Room(1, 100, lambda: self.total - sum(each.memory_mb or 0 for each in self.taken))

    def servers(self, room: Room, *names: str) -> list[Server]:
        """Return servers that want to come in."""
        return [Server(name, room, self.taken, self.left) for name in names]


def test_all_stay_where_there_is_room() -> None:
    """With memory for all of them, nobody has to leave."""

    async def run() -> list[str]:
        house = House(1000)
        room = house.room()
        for each in house.servers(room, *"abcdefghi"):
            await each.enter()
            await each.work()
        return house.left

    assert asyncio.run(run()) == []


def test_the_one_longest_unused_leaves() -> None:
    """Where memory is short, the one that was used least lately makes room, and only as many as have to."""

    async def run() -> list[str]:
        house = House(400)
        room = house.room()
        a, b, c, d, e = house.servers(room, *"abcde")
        for each in (a, b, c):
            await each.enter()
            await each.work()
        await a.work()
        await d.enter()
        await d.work()
        await e.enter()
        return house.left

    assert asyncio.run(run()) == ["b", "c"]


def test_nobody_leaves_while_a_job_is_on_it() -> None:
    """A newcomer waits until one is idle."""

    async def run() -> tuple[bool, list[str]]:
        house = House(200)
        room = house.room()
        a, b = house.servers(room, *"ab")
        await a.enter()
        a.busy = True
        coming = asyncio.create_task(b.enter())
        await asyncio.sleep(0.05)
        waits = not coming.done()
        await a.work()
        await coming
        return waits, house.left

    assert asyncio.run(run()) == (True, ["a"])


@pytest.mark.parametrize("total", [0, 50, 150])
def test_one_always_lives(total: int) -> None:
    """However little there is, one comes in, and the next when that one is idle."""

    async def run() -> list[str]:
        house = House(total)
        room = house.room()
        for each in house.servers(room, *"abc"):
            await each.enter()
            await each.work()
        return house.left

    assert asyncio.run(run()) == ["a", "b"]


def test_a_new_server_is_not_sent_away_before_its_jobs_come() -> None:
    """One that has just come in stays until a job was on it; but not for ever, if none comes."""

    async def run() -> tuple[bool, list[str]]:
        house = House(200)
        room = house.room()
        a, b = house.servers(room, *"ab")
        await a.enter()
        coming = asyncio.create_task(b.enter())
        await asyncio.sleep(0.05)
        waits = not coming.done()
        await asyncio.wait_for(coming, 10)
        return waits, house.left

    assert asyncio.run(run()) == (True, ["a"])


def test_memory_that_becomes_free_lets_the_next_in() -> None:
    """Who waits is let in when other programs have given memory back, though nobody says so."""

    async def run() -> list[str]:
        house = House(150)
        room = house.room()
        a, b = house.servers(room, *"ab")
        await a.enter()
        a.busy = True
        coming = asyncio.create_task(b.enter())
        await asyncio.sleep(0.05)
        house.total = 1000
        await asyncio.wait_for(coming, 10)
        return house.left

    assert asyncio.run(run()) == []


def test_servers_leave_when_memory_becomes_short() -> None:
    """When others take memory, idle servers are ended before anybody needs their place, but never the last."""

    async def run() -> list[str]:
        house = House(1000)
        room = house.room()
        a, b, c = house.servers(room, *"abc")
        for each in (a, b, c):
            await each.enter()
        for each in (a, b):
            await each.work()
        house.total = 0
        await asyncio.sleep(1.1)
        await c.work()
        return house.left

    assert asyncio.run(run()) == ["a", "b"]


def test_those_that_come_are_counted_before_they_take_anything() -> None:
    """Two that start at the same time are not both let into a place for one."""

    async def run() -> tuple[bool, list[str]]:
        house = House(350)
        room = house.room()
        a, b, c = house.servers(room, *"abc")
        await c.enter()
        c.busy = True
        async with room.entering(a, lambda: None):
            coming = asyncio.create_task(b.enter())
            await asyncio.sleep(0.05)
            waits = not coming.done()
        await asyncio.wait_for(coming, 10)
        return waits, house.left

    assert asyncio.run(run()) == (True, [])


def test_one_that_fails_to_start_leaves_its_place() -> None:
    """A server that could not be started takes no room."""

    async def run() -> list[str]:
        house = House(150)
        room = house.room()
        a, b = house.servers(room, *"ab")
        with pytest.raises(EnvironmentFailure):
            async with room.entering(a, lambda: None):
                raise EnvironmentFailure(Cause.ENVIRONMENT_IMPORT, "It cannot.")
        await asyncio.wait_for(b.enter(), 10)
        return house.left

    assert asyncio.run(run()) == []


def test_who_gives_up_waiting_keeps_nobody_out() -> None:
    """One that is cancelled at the door lets the next in."""

    async def run() -> list[str]:
        house = House(200)
        room = house.room()
        a, b, c = house.servers(room, *"abc")
        await a.enter()
        a.busy = True
        coming = asyncio.create_task(b.enter())
        await asyncio.sleep(0.01)
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        await a.work()
        await asyncio.wait_for(c.enter(), 10)
        return house.left

    assert asyncio.run(run()) == ["a"]


def test_unknown_memory_is_no_limit() -> None:
    """Where the system does not say how much there is, all stay."""

    async def run() -> list[str]:
        room, house = Room(1, 100, lambda: None), House(0)
        for each in house.servers(room, *"abc"):
            await each.enter()
            await each.work()
        return house.left

    assert asyncio.run(run()) == []


HOLD = "kept = b'x' * (100 * 2**20)"
LARGE_MB = 160
"""More than a server takes that holds so much, and less than one and a half of them."""


class Counting(FakeBuilder):
    """A builder on a machine whose memory is known: so much, less what lives of its servers."""

    def __init__(self, folder: Path, room_for: int) -> None:
        super().__init__(folder)
        self.room_for, self.alive, self.most, self.starts = room_for, 0, 0, 0

    def free(self) -> int:
        """Return what is free: room for so many servers that take as much as these, and for two jobs."""
        return 2 * JOB_MB + (self.room_for - self.alive) * LARGE_MB

    async def start(self, environment: Environment, log: Path, reach: Reach, *, shared: bool) -> Connection:
        """Start a server, and count it."""
        self.alive, self.starts = self.alive + 1, self.starts + 1
        self.most = max(self.most, self.alive)
        return Counted(await super().start(environment, log, reach, shared=shared), self)


class Counted:
    """A connection that says when it ends."""

    def __init__(self, connection: Connection, builder: Counting) -> None:
        self._connection, self._builder = connection, builder
        self.receive, self.send, self.out_of_memory = connection.receive, connection.send, connection.out_of_memory

    async def end(self) -> None:
        """End it."""
        await self._connection.end()
        self._builder.alive -= 1


def outcomes(lab: Lab, builder: Counting, after: Callable[[int], None] = lambda count: None) -> dict[str, Status]:
    """Return what comes of a matrix of four environments; `after` hears how many cells are done."""
    crash = SAVE.replace("model.save(path)", "import os; os.environ['FAKE_TENSORFLOW'] == '2' and os.abort()")
    scenarios = [*(lab.scenario(f"good{number}") for number in range(4)), lab.scenario("bad", crash)]
    wanted = plan(matrix([environment(name, FAKE_IMPORT=HOLD) for name in ALL], scenarios), Filters())
    calls = 0

    def free() -> int:
        nonlocal calls
        calls += 1
        after(calls)
        return builder.free()

    executed = lab.execute(wanted, builder, fresh=True, free=free)
    names = [record.id for record in lab.heard.records]
    assert sorted(names) == sorted(cell.id for cell in wanted.cells)
    return {record.id: record.status for record in executed.records}


def test_the_same_comes_out_with_little_memory(tmp_path: Path) -> None:
    """With room for one server, for two or for all, every cell is judged once, and the same; no more live than fit."""
    found = {}
    for room_for in (1, 2, 100):
        lab = Lab(tmp_path / str(room_for))
        builder = Counting(lab.folder / "environments", room_for)
        found[room_for] = outcomes(lab, builder)
        assert builder.most <= room_for
        assert builder.alive == 0
        assert builder.starts <= (len(ALL) if room_for == 100 else 5 * len(ALL))
    assert found[1] == found[2] == found[100]


def test_memory_that_shrinks_while_a_run_goes_on(tmp_path: Path) -> None:
    """When memory becomes short after some servers were started, the run goes on with fewer."""
    lab = Lab(tmp_path)
    builder = Counting(lab.folder / "environments", 3)

    def shrink(calls: int) -> None:
        if calls == 4:
            builder.room_for = 1

    found = outcomes(lab, builder, shrink)
    assert builder.most <= 3
    assert builder.starts > len(ALL)
    assert len(found) == 5 * len(ALL) ** 2


def test_who_waits_for_memory_is_shown(tmp_path: Path) -> None:
    """An environment whose server waits for memory says so, and is installed again when it had to make way."""
    lab = Lab(tmp_path)
    outcomes(lab, Counting(lab.folder / "environments", 1))
    states = [state for _, state in lab.heard.states]
    assert "waiting for memory" in states
    assert states.count("installed") > len(ALL)


def meminfo(folder: Path, available: int) -> Path:
    """Write what the kernel says of a machine's memory; return the folder."""
    (folder / "proc" / "self").mkdir(parents=True)
    (folder / "proc" / "meminfo").write_text(f"MemTotal:  9 kB\nMemAvailable:   {available * 1024} kB\n")
    return folder / "proc"


def test_what_is_free_on_this_machine() -> None:
    """A real machine says how much there is."""
    found = free_mb()
    assert found is None or found > 0


def test_what_a_machine_says(tmp_path: Path) -> None:
    """Without control groups it is what the kernel has available."""
    assert free_mb(meminfo(tmp_path, 5000), tmp_path / "nowhere") == 5000


@pytest.mark.parametrize("path", ["/", "/user.slice/own.scope", "/not/seen/from/inside"])
def test_a_limit_of_a_control_group(tmp_path: Path, path: str) -> None:
    """A limit of the group, or of one around it, holds; what the kernel would drop at once is free."""
    proc, top = meminfo(tmp_path, 5000), tmp_path / "groups"
    (top / "user.slice" / "own.scope").mkdir(parents=True)
    (proc / "self" / "cgroup").write_text(f"0::{path}\n")
    (top / "memory.max").write_text(f"{3000 * 2**20}\n")
    (top / "memory.current").write_text(f"{1500 * 2**20}\n")
    (top / "memory.stat").write_text(f"anon 7\ninactive_file {200 * 2**20}\n")
    (top / "user.slice" / "memory.max").write_text("max\n")
    (top / "user.slice" / "memory.current").write_text("5\n")
    assert free_mb(proc, top) == 1700


def test_a_limit_of_the_first_version(tmp_path: Path) -> None:
    """The same with version 1 of control groups, where no limit is a number larger than any machine."""
    proc, top = meminfo(tmp_path, 5000), tmp_path / "groups"
    (top / "memory" / "own").mkdir(parents=True)
    (proc / "self" / "cgroup").write_text("4:memory:/own\n3:cpuset:/\n")
    for folder, limit in ((top / "memory", 2**63 - 4096), (top / "memory" / "own", 2000 * 2**20)):
        (folder / "memory.limit_in_bytes").write_text(f"{limit}\n")
        (folder / "memory.usage_in_bytes").write_text(f"{800 * 2**20}\n")
    assert free_mb(proc, top) == 1200
