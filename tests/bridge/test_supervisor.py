"""The daemon's end of the link without a process: what is sent, what is refused, who is answered."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from bridge.engine.link import Row
from bridge.methods import explain
from bridge.supervisor import Engine, EngineBusy

ROW = Row(0, 10, 0x90, 36, 100, 0)


class PipeTwin:
    """The pipe to an engine: keeps what is written; `backlog` bytes seem to wait."""

    def __init__(self):
        self.written = []
        self.backlog = 0
        self.transport = SimpleNamespace(get_write_buffer_size=lambda: self.backlog)

    def write(self, frame):
        """Keep a frame."""
        self.written.append(frame)


@pytest.fixture
def engine(tmp_path):
    """An engine that runs, as far as the supervisor can see."""

    async def nothing():
        return None

    engine = Engine([], tmp_path / "sounding", lambda _: None, nothing)
    engine._process = SimpleNamespace(stdin=PipeTwin(), returncode=None, pid=1)
    return engine


def test_more_than_the_engine_can_take_in_is_refused_at_once(engine):
    """Nothing is sent then, and the client hears that the same call may succeed in a moment."""

    async def work():
        asked = [asyncio.create_task(engine.call("panic")) for _ in range(512)]
        await asyncio.sleep(0)
        with pytest.raises(EngineBusy) as refused:
            await engine.call("panic")
        for number in range(1, 513):
            engine._take({"e": "reply", "n": number})
        await asyncio.gather(*asked)
        return refused.value

    error = explain(asyncio.run(work()))

    assert error.data["code"] == "busy"
    assert error.data["retry_after_s"] > 0
    assert error.data["hint"]
    assert len(engine._process.stdin.written) == 512


def test_patterns_wait_for_a_pipe_that_is_full_and_commands_do_not(engine):
    """An engine that takes nothing in must not fill the daemon's memory; a panic still goes out."""
    engine._process.stdin.backlog = 9 << 20

    with pytest.raises(EngineBusy):
        engine.tell("load", [ROW], id="t-1")
    engine.tell("panic")

    assert len(engine._process.stdin.written) == 1


def test_an_answer_that_came_while_the_loop_was_held_up_counts(engine, monkeypatch):
    """A daemon that was stopped for a while blames no engine that has long answered."""
    monkeypatch.setattr("bridge.supervisor._CALL_S", 0.01)

    async def work():
        asking = asyncio.create_task(engine.call("stop"))
        await asyncio.sleep(0)
        time.sleep(0.05)
        asyncio.get_running_loop().call_later(0.02, engine._take, {"e": "reply", "n": 1})  # it takes turns to read
        return await asking

    assert asyncio.run(work())["n"] == 1
