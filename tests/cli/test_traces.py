"""A trace as people read it."""

from __future__ import annotations

import io
import re

from pydantic import JsonValue
from rich.console import Console

from nextinterest.cli.traces import trace_view
from nextinterest.domain import Trace, TraceStep

PROMPT = "First line with [red]brackets[/red]\n\n  - an indented title " + "word " * 60 + "the end"
RANKS: dict[str, JsonValue] = {"a": 3, "b": 1, "c": 2, "d": 4}
TRACE = Trace(
    seconds=1.5,
    tokens_read=1200,
    tokens_written=3,
    cost=0.0021,
    steps=(
        TraceStep(
            name="search",
            seconds=0.004,
            details={"source": "sequence", "found": 1200, "ranks": {"a": 1, "b": 2}},
            steps=(TraceStep(name="embed", seconds=0.001),),
        ),
        TraceStep(
            name="rerank",
            seconds=1.25,
            tokens_read=1200,
            tokens_written=3,
            cost=0.0021,
            details={
                "prompts": [PROMPT, "Second"],
                "answers": ["A"],
                "chosen": [[{"item_id": "h", "title": "Heat", "probability": 0.25, "sources": RANKS}] * 9],
                "weight": None,
            },
        ),
    ),
)


def _drawn(trace: Trace, width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(trace_view(trace))
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_steps_are_numbered_and_indented_with_what_they_took() -> None:
    lines = _drawn(TRACE).splitlines()
    assert lines[0].strip() == "3 steps in 1.50 s"
    assert any(
        re.match(r" +1\. search +4\.0 ms +source sequence; found 1,200; ranks \(a 1, b 2\)", x) for x in lines
    )
    assert any(re.match(r" +2\. embed +1\.0 ms", x) for x in lines)
    assert any(
        re.match(r" +3\. rerank +1\.25 s +1,200 +3 +0\.002100 +weight none; 2 prompts", x) for x in lines
    )
    assert any(x.strip() == "9. Heat 0.25 (b 1, c 2, a 3, 1 more)" for x in lines)
    assert "2 prompts below; 1 answer below" in " ".join(_drawn(TRACE).split())


def test_a_prompt_is_whole_and_its_brackets_are_text() -> None:
    for width in (60, 200):
        drawn = _drawn(TRACE, width)
        text = " ".join(re.sub(r"[│╭╮╰╯─]", " ", drawn).split())
        assert " ".join(PROMPT.split()) in text
        assert "3. rerank: prompt 1 of 2" in text
        assert "3. rerank: answer" in text


def test_what_costs_nothing_has_no_column_of_costs() -> None:
    assert "Cost" in _drawn(TRACE)
    assert "Cost" not in _drawn(TRACE.model_copy(update={"cost": 0.0}))
