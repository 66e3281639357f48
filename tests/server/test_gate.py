"""The gate: who runs, who waits, who is turned away; streams that end early."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Awaitable, Iterator
from functools import partial

import pytest

from nextinterest.server.failures import Failure
from nextinterest.server.gate import Gate


def status_of(result: object) -> int:
    return result.status if isinstance(result, Failure) else 200


def test_who_would_wait_too_long_is_turned_away_at_once() -> None:
    async def scenario() -> list[object]:
        gate = Gate("test", running=1, waiting=100, seconds=10, patience=0.5)
        for _ in range(3):
            await gate.run(lambda: time.sleep(0.2))  # it learns what a call takes: 0.05 s, on its way to 0.2
        calls = [gate.run(lambda: time.sleep(0.2)) for _ in range(20)]
        started = time.monotonic()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert time.monotonic() - started < 3.5
        gate.close()
        return list(results)

    results = asyncio.run(scenario())
    statuses = [status_of(result) for result in results]
    assert set(statuses) == {200, 503}
    assert 2 <= statuses.count(200) <= 5
    turned_away = next(result for result in results if isinstance(result, Failure))
    assert turned_away.retry_after == 1
    assert turned_away.body.error.code == "overloaded"


@pytest.mark.parametrize("streamed", [False, True])
def test_nobody_waits_longer_than_the_limit_for_a_call_slower_than_those_before(streamed: bool) -> None:
    async def scenario() -> tuple[object, float]:
        gate = Gate("test", running=1, waiting=5, seconds=10, patience=0.2)
        slow = asyncio.create_task(gate.run(partial(time.sleep, 1.0)))
        await asyncio.sleep(0.05)
        started = time.monotonic()
        waiting: Awaitable[int] = anext(gate.stream(lambda: iter([1]))) if streamed else gate.run(lambda: 1)
        result: object = (await asyncio.gather(waiting, return_exceptions=True))[0]
        took = time.monotonic() - started
        await slow  # what runs is let run
        assert gate.inside == 0
        gate.close()
        return result, took

    result, took = asyncio.run(scenario())
    assert isinstance(result, Failure)
    assert (result.status, result.body.error.code) == (503, "overloaded")
    assert result.retry_after
    assert took < 0.8


def test_a_stream_left_early_stops_the_work() -> None:
    reached: list[int] = []

    def work() -> Iterator[int]:
        for i in range(100):
            reached.append(i)
            yield i
            time.sleep(0.01)

    async def scenario() -> None:
        gate = Gate("test", running=1, waiting=0, seconds=10)
        stream = gate.stream(work)
        assert await anext(stream) == 0
        with pytest.raises(Failure):
            await gate.run(lambda: None)  # the place is taken while the work goes on
        await stream.aclose()
        gate.close()
        assert len(reached) < 50

    asyncio.run(scenario())


def test_a_stream_that_takes_too_long_is_ended() -> None:
    def work() -> Iterator[int]:
        yield 1
        time.sleep(0.6)
        yield 2

    async def scenario() -> None:
        gate = Gate("test", running=1, waiting=0, seconds=0.2)
        stream = gate.stream(work)
        assert await anext(stream) == 1
        with pytest.raises(Failure, match=r"No answer within 0\.2 s"):
            await anext(stream)
        gate.close()

    asyncio.run(scenario())


def test_what_work_raises_is_raised_behind_its_pieces() -> None:
    def work() -> Iterator[int]:
        yield 1
        raise KeyError("later")

    async def scenario() -> None:
        gate = Gate("test", running=1, waiting=0, seconds=5)
        stream = gate.stream(work)
        assert await anext(stream) == 1
        with pytest.raises(KeyError):
            await anext(stream)
        gate.close()
        assert gate.inside == 0

    asyncio.run(scenario())


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux only")
def test_its_threads_give_way_to_all_others() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    async def scenario() -> list[int]:
        gates = [Gate("test", running=1, waiting=0, seconds=10, niceness=by) for by in (0, 5, 19)]
        found = [await gate.run(niceness) for gate in gates]
        for gate in gates:
            gate.close()
        return found

    before = niceness()
    assert asyncio.run(scenario()) == [before, min(before + 5, 19), min(before + 19, 19)]
    assert niceness() == before
