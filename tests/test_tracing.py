"""Steps are collected where they are asked for, and nowhere else."""

from __future__ import annotations

import asyncio
import json
from contextvars import copy_context
from threading import Thread

import numpy as np
import pytest

from nextinterest.domain import Recommendations, Trace, traced
from nextinterest.llm.metering import count, metering
from nextinterest.tracing import Step, answered, sent, step, tracing


def _never() -> str:
    raise AssertionError("a text was made though nothing is collected")


def _names(steps: list[Step]) -> list[object]:
    return [[one.name, _names(one.steps)] if one.steps else one.name for one in steps]


def test_nothing_is_collected_where_nobody_asks() -> None:
    with step("search", n=3) as made:
        assert not made
        made.note(found=1)
        sent(_never)
        answered(_never)
        count(read=3)
    assert not made.details
    assert step("search") is step("score")


def test_steps_nest_and_an_outer_one_has_what_its_inner_ones_took() -> None:
    with tracing() as trace:
        with step("search"):
            with step("embed"):
                count(read=5, cost=0.25)
            count(read=1, written=2)
        with step("score") as scored:
            assert scored
    assert _names(trace.steps) == [["search", ["embed"]], "score"]
    search = trace.steps[0]
    assert (search.tokens_read, search.tokens_written, search.cost) == (6, 2, 0.25)
    assert search.steps[0].tokens_read == 5
    assert trace.tokens_read == 6
    assert 0 <= search.steps[0].seconds <= search.seconds <= trace.seconds


def test_a_trace_inside_a_trace_keeps_its_steps_and_both_count_its_tokens() -> None:
    with tracing() as outer, tracing() as inner, step("search"):
        count(read=4)
    assert _names(inner.steps) == ["search"]
    assert outer.steps == []
    assert outer.tokens_read == inner.tokens_read == 4


def test_a_step_that_fails_says_so_and_the_next_one_stands_beside_it() -> None:
    with tracing() as trace:
        with pytest.raises(ValueError, match="no"), step("search"):
            raise ValueError("no")
        with step("score"):
            pass
    assert _names(trace.steps) == ["search", "score"]
    assert trace.steps[0].details == {"error": "ValueError"}


def test_details_are_json_whatever_is_noted() -> None:
    with tracing() as trace, step("score", n=np.int64(3)) as made:
        made.note(
            share=np.float32(0.5),
            items=np.arange(2),
            no=float("nan"),
            found={"a": (1, 2)},
            flag=np.bool_(True),
            kind=Trace,
        )
    details = json.loads(json.dumps(trace.steps[0].details))
    assert details["n"] == 3
    assert details["share"] == 0.5
    assert details["items"] == [0, 1]
    assert details["no"] is None
    assert details["found"] == {"a": [1, 2]}
    assert details["flag"] is True
    assert isinstance(details["kind"], str)


def test_prompts_and_answers_are_kept_whole_without_credentials() -> None:
    prompt = (
        "Line one\n  Token: The Ring\nhttp://ann:pw@host/v1 and my-own-key and sk-abcdef123456\n" + "x" * 9000
    )
    with tracing() as trace, step("generate", model="m at http://ann:pw@host"):
        sent(prompt, ["my-own-key"])
        sent(lambda: "again")
        answered("Bearer abcdefghij0123456789")
    details = trace.steps[0].details
    assert details["prompts"] == [
        "Line one\n  Token: The Ring\nhttp://***@host/v1 and *** and ***\n" + "x" * 9000,
        "again",
    ]
    assert details["answers"] == ["Bearer ***"]
    assert details["model"] == "m at http://***@host"


def test_the_meter_counts_with_and_without_a_trace() -> None:
    with metering() as meter:
        count(read=1)
        with tracing():
            count(read=2, written=1, cost=0.5)
    assert (meter.read, meter.written, meter.cost) == (3, 1, 0.5)


def test_threads_count_for_the_step_whose_context_they_carry() -> None:
    def work(name: str) -> None:
        with step(name):
            count(read=1)

    async def both() -> None:
        await asyncio.gather(asyncio.to_thread(work, "a"), asyncio.to_thread(work, "b"))

    with tracing() as trace:
        asyncio.run(both())
        for context in (copy_context(), None):
            thread = Thread(
                target=work if context is None else context.run,
                args=("c",) if context is None else (work, "d"),
            )
            thread.start()
            thread.join()
    assert sorted(one.name for one in trace.steps) == ["a", "b", "d"]
    assert trace.tokens_read == 3


def test_a_result_has_a_trace_only_where_one_is_wanted() -> None:
    def work() -> Recommendations:
        with step("search"):
            count(read=2)
        return Recommendations(items=(), events_used=0)

    assert traced(work, False).trace is None
    trace = traced(work, True).trace
    assert trace is not None
    assert [one.name for one in trace.steps] == ["search"]
    assert trace.tokens_read == 2
    assert trace.named("search") == trace.steps
    assert Trace.model_validate_json(trace.model_dump_json()) == trace
