"""Who runs next."""

import asyncio

from runner.execution.slots import Slots, Turn


async def taken(slots: Slots, turn: Turn, order: list[Turn], release: asyncio.Event) -> None:
    """Take a slot, note it, and hold it until told."""
    async with slots.take(turn):
        order.append(turn)
        await release.wait()


async def settled() -> None:
    """Let everything come as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_the_most_urgent_goes_first() -> None:
    """Of those that wait, cells go before saves, and saves before imports, whoever came first."""

    async def run() -> list[Turn]:
        slots, order, go = Slots(1), list[Turn](), asyncio.Event()
        turns = (Turn.SAVE, Turn.IMPORT, Turn.SAVE, Turn.CELL)
        async with asyncio.TaskGroup() as group:
            for turn in turns:
                group.create_task(taken(slots, turn, order, go))
            await settled()
            go.set()
        return order

    assert asyncio.run(run()) == [Turn.SAVE, Turn.CELL, Turn.SAVE, Turn.IMPORT]


def test_no_more_than_there_are_slots() -> None:
    """As many are in as there are slots, and the others when those leave."""

    async def run() -> tuple[int, int]:
        slots, order, go = Slots(2), list[Turn](), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(taken(slots, Turn.CELL, order, go))
            await settled()
            within = len(order)
            go.set()
        return within, len(order)

    assert asyncio.run(run()) == (2, 5)


def test_whoever_gives_up_takes_no_slot_along() -> None:
    """One that is cancelled while it waits, or in the moment in which it is let in, leaves its slot to the next."""

    async def run() -> list[Turn]:
        slots, order, go = Slots(1), list[Turn](), asyncio.Event()
        held = asyncio.create_task(taken(slots, Turn.CELL, order, go))
        waiting = [asyncio.create_task(taken(slots, Turn.SAVE, order, go)) for _ in range(2)]
        await settled()
        waiting[0].cancel()
        held.cancel()  # which lets the second in; it is cancelled before it notices
        await asyncio.sleep(0)
        waiting[1].cancel()
        await asyncio.gather(held, *waiting, return_exceptions=True)
        go.set()
        await taken(slots, Turn.IMPORT, order, go)
        return order

    assert asyncio.run(run()) == [Turn.CELL, Turn.IMPORT]
