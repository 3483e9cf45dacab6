"""What comes while a group is worked on becomes the next group; nobody waits for a timer."""

import asyncio
from collections.abc import Sequence
from threading import Barrier, Event

import pytest

from api.gathering import Gathering
from ledger.errors import Unavailable


class Work:
    """Doubles numbers, notes which came together, and begins only when it is let."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.go = Event()

    def __call__(self, group: Sequence[int]) -> list[int | Exception]:
        self.go.wait(30)
        self.groups.append(list(group))
        return [ValueError(number) if number < 0 else 2 * number for number in group]


def test_those_who_come_together_are_one_group_and_those_who_come_meanwhile_the_next() -> None:
    """The first ones go at once; whoever comes while they are worked on waits for one turn, in groups of a bounded size."""
    work = Work()

    async def story() -> list[int]:
        gathering = Gathering("test", work, group_max=3)
        first = [asyncio.ensure_future(gathering.ask(number)) for number in (1, 2)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        second = [asyncio.ensure_future(gathering.ask(number)) for number in (3, 4, 5, 6)]
        await asyncio.sleep(0)
        work.go.set()
        results = await asyncio.gather(*first, *second)
        results.append(await gathering.ask(7))
        gathering.close()
        return results

    assert asyncio.run(story()) == [2, 4, 6, 8, 10, 12, 14]
    assert work.groups == [[1, 2], [3, 4, 5], [6], [7]]


def test_two_groups_may_be_worked_on_at_once() -> None:
    """Whoever comes while one group waits is not held up by it; what comes while both do becomes the third."""
    both = Barrier(2, timeout=30)

    def work(group: Sequence[int]) -> list[int | Exception]:
        if max(group) < 3:
            both.wait()
        return [2 * number for number in group]

    async def story() -> list[int]:
        gathering = Gathering("test", work, groups_at_once=2)
        first = asyncio.ensure_future(gathering.ask(1))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        others = [asyncio.ensure_future(gathering.ask(2))]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        others += [asyncio.ensure_future(gathering.ask(number)) for number in (3, 4)]
        results = await asyncio.gather(first, *others)
        gathering.close()
        return results

    assert asyncio.run(story()) == [2, 4, 6, 8]


def test_what_concerns_one_is_told_to_one_and_what_concerns_all_to_all() -> None:
    """An exception in an item's place is raised to its asker; one that the work raises, to everybody of the group."""
    work = Work()
    work.go.set()

    async def story(numbers: Sequence[int]) -> list[object]:
        gathering = Gathering("test", work)
        return await asyncio.gather(*(gathering.ask(number) for number in numbers), return_exceptions=True)

    one, bad, other = asyncio.run(story([1, -1, 2]))
    assert (one, repr(bad), other) == (2, "ValueError(-1)", 4)

    async def broken() -> list[object]:
        def fails(_group: Sequence[int]) -> list[int | Exception]:
            raise Unavailable("gone")

        gathering = Gathering("test", fails)
        return await asyncio.gather(gathering.ask(1), gathering.ask(2), return_exceptions=True)

    assert [repr(found) for found in asyncio.run(broken())] == ["Unavailable('gone')"] * 2


def test_a_task_that_hangs_up_harms_nobody() -> None:
    """Its item is worked on all the same, its neighbours get their results."""
    work = Work()

    async def story() -> int:
        gathering = Gathering("test", work)
        gone, stays = (asyncio.ensure_future(gathering.ask(number)) for number in (1, 2))
        await asyncio.sleep(0)
        gone.cancel()
        work.go.set()
        return await stays

    assert asyncio.run(story()) == 4
    assert work.groups == [[1, 2]]


def test_after_closing_nothing_is_taken() -> None:
    """What is in hand is finished first."""
    work = Work()
    work.go.set()

    async def story() -> int:
        gathering = Gathering("test", work)
        result = await gathering.ask(1)
        gathering.close()
        with pytest.raises(Unavailable):
            await gathering.ask(2)
        return result

    assert asyncio.run(story()) == 2
