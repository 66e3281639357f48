"""Awaited methods do what the others do, at once, in threads that carry the caller's context."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from contextvars import ContextVar
from threading import Barrier, Event, get_ident

import pytest

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.asynchronous import isolated, streamed, threaded
from nextinterest.agent.chat import ChatReply
from nextinterest.errors import UnknownItemError
from nextinterest.llm.metering import count, metering
from nextinterest.tracing import step, tracing

LIMIT = 60.0  # seconds after which a test that hangs fails; nothing is measured by it
WHERE: ContextVar[str] = ContextVar("WHERE", default="outside")
ASK = [{"role": "user", "content": "two science fiction films please"}]


class Worker:
    """Blocks until enough calls are under way together, or until it is let go."""

    def __init__(self, together: int = 1) -> None:
        self.barrier = Barrier(together)
        self.started, self.go = Event(), Event()
        self.closed: list[str] = []

    def meet(self, *, n: int) -> tuple[int, int]:
        """Return n and the thread, once all are here."""
        with step("meet"):
            count(read=n)
            self.barrier.wait(LIMIT)
        return n, get_ident()

    def stream(self, n: int) -> Iterator[int]:
        """Yield numbers, the second one once it may."""
        try:
            yield 0
            self.started.set()
            assert self.go.wait(LIMIT)
            yield from range(1, n)
        finally:
            self.closed.append(WHERE.get())

    ameet = threaded(meet)
    astream = streamed(stream)


def test_awaited_methods_give_what_the_others_give(agent: RecommenderAgent) -> None:
    async def ask() -> None:
        assert await agent.arecommend(user="ann", k=3) == agent.recommend(user="ann", k=3)
        assert await agent.ainterests(user="ann") == agent.interests(user="ann")
        assert await agent.aforecast(user="ann") == agent.forecast(user="ann")
        assert await agent.achat(ASK, user="ann") == agent.chat(ASK, user="ann")
        assert [piece async for piece in agent.achat_stream(ASK, "ann")] == list(
            agent.chat_stream(ASK, "ann")
        )
        with pytest.raises(UnknownItemError):
            await agent.arecommend(["no such film"])

    asyncio.run(ask())


def test_awaited_methods_have_the_signature_and_a_docstring() -> None:
    for name in ("recommend", "interests", "forecast", "chat", "chat_stream"):
        method, other = getattr(RecommenderAgent, name), getattr(RecommenderAgent, f"a{name}")
        assert inspect.signature(other) == inspect.signature(method)
        assert other.__name__ == f"a{name}"
        assert f"`{name}`" in (other.__doc__ or "")


def test_an_awaited_method_calls_what_a_subclass_made_of_it() -> None:
    class Other(Worker):
        def meet(self, *, n: int) -> tuple[int, int]:
            return -n, 0

    assert asyncio.run(Other().ameet(n=3)) == (-3, 0)


def test_several_awaited_calls_run_at_once_and_the_callers_meter_and_trace_count_them() -> None:
    worker = Worker(together=3)

    async def ask() -> list[tuple[int, int]]:
        return await asyncio.gather(*(worker.ameet(n=n) for n in (1, 2, 3)))

    with tracing() as trace, metering() as meter:
        made = asyncio.run(ask())
    assert [n for n, _ in made] == [1, 2, 3]
    assert len({thread for _, thread in made}) == 3
    assert meter.read == trace.tokens_read == 6
    assert [one.name for one in trace.steps] == ["meet"] * 3


def test_many_recommendations_awaited_at_once_are_those_made_one_by_one(agent: RecommenderAgent) -> None:
    users = ["ann", "bob", "cem", "dot"] * 4
    for user in users:  # what is measured once and kept is read by nobody below
        agent.recommend(user=user, k=3)

    async def ask() -> list[object]:
        return await asyncio.gather(*(agent.arecommend(user=user, k=3, trace=True) for user in users))

    for user, made in zip(users, asyncio.run(ask()), strict=True):
        expected = agent.recommend(user=user, k=3, trace=True)
        assert isinstance(made, type(expected))
        assert made.items == expected.items
        assert made.trace is not None
        assert expected.trace is not None
        assert made.trace.tokens_read == expected.trace.tokens_read


def test_a_cancelled_call_raises_at_once_and_its_thread_ends_by_itself() -> None:
    worker = Worker(together=2)

    async def ask() -> None:
        task = asyncio.create_task(worker.ameet(n=1))
        while worker.barrier.n_waiting == 0:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        made, _ = await worker.ameet(n=2)  # the thread left behind still waits, and meets this one
        assert made == 2

    asyncio.run(ask())


def test_a_cancelled_stream_is_closed_behind_its_present_piece() -> None:
    worker = Worker()
    got: list[int] = []

    async def take() -> None:
        got.extend([number async for number in worker.astream(9)])

    async def ask() -> None:
        task = asyncio.create_task(take())
        while not worker.started.is_set():
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert worker.closed == []
        worker.go.set()

    asyncio.run(ask())  # it waits for its threads
    assert got == []
    assert len(worker.closed) == 1


def test_a_stream_that_is_left_is_closed() -> None:
    worker = Worker()
    worker.go.set()

    async def first() -> int:
        pieces = worker.astream(9)
        async for number in pieces:
            return number
        return -1

    assert asyncio.run(first()) == 0
    assert len(worker.closed) == 1


def test_what_a_generator_sets_is_not_seen_between_its_pieces() -> None:
    def pieces() -> Iterator[str]:
        token = WHERE.set("inside")
        try:
            with metering() as meter:
                count(read=1)
                yield WHERE.get()
                count(read=1)
                yield str(meter.read)
        finally:
            WHERE.reset(token)

    with metering() as outer:
        stream = isolated(pieces())
        assert next(stream) == "inside"
        assert WHERE.get() == "outside"
        count(read=5)
        assert list(stream) == ["2"]
    assert outer.read == 7


def test_a_stream_counts_for_the_trace_it_is_asked_for_and_for_no_other(agent: RecommenderAgent) -> None:
    stream = agent.chat_stream(ASK, "ann", trace=True)
    next(stream)
    with tracing() as other, step("mine"):
        *_, reply = stream
    assert isinstance(reply, ChatReply)
    assert reply.trace is not None
    assert reply.trace.named("understand")
    assert [one.name for one in other.steps] == ["mine"]
