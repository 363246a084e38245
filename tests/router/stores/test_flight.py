"""Equal requests on their way share one call, whoever comes, goes or fails."""

import asyncio
import gc
import weakref

import pytest

from router.errors import Busy
from router.stores.flight import STAYS_S, Flight, Seat
from tests.support import clockwork


class Upstream:
    """A fake provider: counts its calls, answers when it is told to."""

    def __init__(self):
        self.calls = self.ended = 0
        self.gate = asyncio.Event()
        self.error = None

    async def __call__(self):
        self.calls += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError as cut:
            self.ended += 1
            raise self.error or cut from None
        if self.error is not None:
            raise self.error
        return ["answer"]


def drive(story):
    """Run a story with a flight and an upstream; nothing may be left under way."""

    async def main():
        flight, upstream = Flight(), Upstream()
        told = await story(flight, upstream)
        await asyncio.sleep(0)
        assert len(flight) == 0
        return told

    return asyncio.run(main())


async def settle():
    """Let every task run until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_five_hundred_equal_requests_make_one_call():
    """All get the same answer, and exactly one of them led."""

    async def story(flight, upstream):
        callers = [asyncio.create_task(flight.share("k", upstream)) for _ in range(500)]
        await settle()
        upstream.gate.set()
        answers = await asyncio.gather(*callers)
        return upstream.calls, sum(led for _, led in answers), {id(answer) for answer, _ in answers}

    calls, led, answers = drive(story)
    assert (calls, led, len(answers)) == (1, 1, 1)


def test_the_call_outlives_the_one_who_asked_first():
    """The leader is cancelled; the others get the answer of the one call, and the next of them bears its cost."""

    async def story(flight, upstream):
        callers = [asyncio.create_task(flight.share("k", upstream)) for _ in range(500)]
        await settle()
        callers[0].cancel()
        await settle()
        upstream.gate.set()
        answers = await asyncio.gather(*callers, return_exceptions=True)
        return upstream.calls, isinstance(answers[0], asyncio.CancelledError), answers[1:]

    calls, cancelled, answers = drive(story)
    assert (calls, cancelled) == (1, True)
    assert answers == [(["answer"], True), *[(["answer"], False)] * 498]


def test_different_keys_do_not_meet():
    """Each key has its own call."""

    async def story(flight, upstream):
        callers = [asyncio.create_task(flight.share(key, upstream)) for key in "ab"]
        await settle()
        upstream.gate.set()
        return [led for _, led in await asyncio.gather(*callers)]

    assert drive(story) == [True, True]


def test_a_failure_is_shared_once():
    """All who wait get it; who comes after starts anew, so 500 requests make one call, then another one more."""

    async def story(flight, upstream):
        upstream.error = Busy("groq", 3)
        callers = [asyncio.create_task(flight.share("k", upstream)) for _ in range(500)]
        await settle()
        upstream.gate.set()
        outcomes = await asyncio.gather(*callers, return_exceptions=True)
        upstream.error = None
        after = await flight.share("k", upstream)
        return upstream.calls, {type(outcome) for outcome in outcomes}, after

    assert drive(story) == (2, {Busy}, (["answer"], True))


def test_a_shared_failure_does_not_grow():
    """500 callers raise one exception; its traceback stays as short as one caller's."""

    async def story(flight, upstream):
        upstream.error = Busy("groq")
        callers = [asyncio.create_task(flight.share("k", upstream)) for _ in range(500)]
        await settle()
        upstream.gate.set()
        await asyncio.gather(*callers, return_exceptions=True)
        frames, at = 0, upstream.error.__traceback__
        while at is not None:
            frames, at = frames + 1, at.tb_next
        return frames

    assert drive(story) < 10


def test_the_call_ends_when_everyone_has_gone():
    """Nobody pays for an answer that nobody waits for; the next caller starts anew at once."""

    async def story(flight, upstream):
        callers = [asyncio.create_task(flight.share("k", upstream)) for _ in range(3)]
        await settle()
        for caller in callers:
            caller.cancel()
        await settle()
        upstream.gate.set()
        return upstream.ended, await flight.share("k", upstream), upstream.calls

    assert drive(story) == (1, (["answer"], True), 2)


def test_nobody_boards_a_call_that_is_ending():
    """A call that takes its time to end is not joined: who comes now starts anew and gets an answer."""

    async def story(flight, upstream):
        cleaned = asyncio.Event()

        async def slow_to_end():
            try:
                await upstream()
            finally:
                await cleaned.wait()

        first = asyncio.create_task(flight.share("k", slow_to_end))
        await settle()
        first.cancel()
        await settle()
        second = asyncio.create_task(flight.share("k", upstream))
        await settle()
        upstream.gate.set()
        told = await second
        cleaned.set()
        await settle()
        return told, upstream.calls

    assert drive(story) == ((["answer"], True), 2)


def test_an_unwanted_failure_is_not_a_warning():
    """A call whose waiters have gone may fail; nobody is told, nothing is logged as never retrieved."""
    complaints = []

    async def story(flight, upstream):
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
        upstream.error = Busy("groq")
        caller = asyncio.create_task(flight.share("k", upstream))
        await settle()
        caller.cancel()
        await settle()
        gc.collect()

    drive(story)
    assert complaints == []


@pytest.mark.parametrize("cut", [1, 2])
def test_one_tells_the_cost_even_if_time_is_up_as_the_call_lands(cut):
    """Who is cut off between the landing and its turn leaves it to who sees the answer, the last of all to nobody."""

    async def story(flight, upstream):
        seats = Seat("first"), Seat("second")
        callers = [asyncio.create_task(flight.share("k", upstream, seat=seat)) for seat in seats]
        await settle()
        for caller in callers[:cut]:
            seats[0].trip.task.add_done_callback(lambda _, caller=caller: caller.cancel())
        upstream.gate.set()
        await asyncio.gather(*callers, return_exceptions=True)
        return [(seat.host, seat.tells) for seat in seats]

    assert drive(story) == [("first", False), ("first", True)]


def test_nothing_of_an_answer_is_kept():
    """Once it was handed out, only its callers hold it."""

    class Answer:
        pass

    async def story(flight, _upstream):
        async def make():
            return Answer()

        answer, _ = await flight.share("k", make)
        watch = weakref.ref(answer)
        del answer
        await settle()
        gc.collect()
        return watch()

    assert drive(story) is None


def test_closing_ends_what_is_under_way():
    """Who still waits is told by a cancellation."""

    async def story(flight, upstream):
        caller = asyncio.create_task(flight.share("k", upstream))
        await settle()
        await flight.aclose()
        return upstream.ended, (await asyncio.gather(caller, return_exceptions=True))[0]

    ended, outcome = drive(story)
    assert ended == 1
    assert isinstance(outcome, asyncio.CancelledError)


@pytest.mark.parametrize("count", [1, 2])
def test_a_crowds_failure_is_the_answer_to_the_rest_of_the_crowd(count):
    """Who asks the same a moment later makes no call of its own; after a single one's failure it does."""

    async def main():
        flight, upstream = Flight(stays=lambda made: isinstance(made, Busy)), Upstream()
        upstream.error = Busy("x", 0)
        callers = [asyncio.create_task(flight.share("k", upstream)) for _ in range(count)]
        await settle()
        upstream.gate.set()
        await asyncio.gather(*callers, return_exceptions=True)
        with pytest.raises(Busy):
            await flight.share("k", upstream)
        soon = upstream.calls
        await asyncio.sleep(STAYS_S)
        with pytest.raises(Busy):
            await flight.share("k", upstream)
        return soon, upstream.calls, len(flight)

    assert clockwork.run(main()) == ((2, 3, 0) if count == 1 else (1, 2, 0))
