"""A trace as people read it: a table of the steps, and below it every prompt and answer, whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from pydantic import JsonValue
from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from nextinterest.counting import counted
from nextinterest.domain import Trace, TraceStep

__all__ = ["Traced", "trace_view"]

Traced = Annotated[
    bool, typer.Option("--trace", help="Show each step: prompts, what was found, tokens, time and cost.")
]
"""Of a command that answers: whether it shows how."""

_TEXTS = {"prompts": "prompt", "answers": "answer"}
_SOURCES = 3  # that are shown of those that name an item
_SHOWN = 6  # values of a list or a dictionary in the table; JSON has them all


def trace_view(trace: Trace) -> RenderableType:
    """Draw a trace: what each step took and found, then the texts that went to and came from models."""
    steps = list(_numbered(trace.steps))
    table = Table(
        title=f"{counted(len(steps), 'step')} in {_seconds(trace.seconds)}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    costly = trace.cost != 0
    table.add_column("Step", no_wrap=True)
    table.add_column("Time", justify="right", no_wrap=True)
    table.add_column("Read", justify="right", no_wrap=True)
    table.add_column("Written", justify="right", no_wrap=True)
    if costly:
        table.add_column("Cost", justify="right", no_wrap=True)
    table.add_column("Details", style="dim", overflow="fold")
    for number, depth, step in steps:
        row = [f"{'  ' * depth}{number}. {escape(step.name)}", _seconds(step.seconds)]
        row += [f"{tokens:,}" if tokens else "" for tokens in (step.tokens_read, step.tokens_written)]
        row += [_cost(step.cost)] if costly else []
        table.add_row(*row, escape(_details(step)))
    total = ["all", _seconds(trace.seconds), f"{trace.tokens_read:,}", f"{trace.tokens_written:,}"]
    table.add_section()
    table.add_row(*total, *([_cost(trace.cost)] if costly else []), "tokens, the steps inside included")
    return Group(table, *(panel for number, _, step in steps for panel in _panels(number, step)))


def _numbered(steps: tuple[TraceStep, ...]) -> Iterator[tuple[int, int, TraceStep]]:
    """Yield each step with its number and depth, in the order of the table."""

    def walk(inner: tuple[TraceStep, ...], depth: int) -> Iterator[tuple[int, TraceStep]]:
        for step in inner:
            yield depth, step
            yield from walk(step.steps, depth + 1)

    for number, (depth, step) in enumerate(walk(steps, 0), start=1):
        yield number, depth, step


def _panels(number: int, step: TraceStep) -> Iterator[Panel]:
    for name, one in _TEXTS.items():
        texts = step.details.get(name)
        texts = texts if isinstance(texts, list) else []
        for index, text in enumerate(texts, start=1):
            which = f" {index} of {len(texts)}" if len(texts) > 1 else ""
            title = f"{number}. {escape(step.name)}: {one}{which}"
            # A prompt may hold what looks like markup: it is shown as it is.
            yield Panel(Text(str(text)), title=title, title_align="left", border_style="dim")


def _details(step: TraceStep) -> str:
    plain, lists = [], []
    for name, value in step.details.items():
        titled = _titled(value)
        if titled:
            lines = [f"{number}. {_value(one)}" for number, one in enumerate(titled, start=1)]
            lists.append("\n  ".join([f"{name}:", *lines]))
        elif name not in _TEXTS:
            plain.append(f"{name} {_value(value)}")
    for name, one in _TEXTS.items():
        texts = step.details.get(name)
        if isinstance(texts, list) and texts:
            plain.append(f"{counted(len(texts), one)} below")
    return "\n".join(filter(None, ["; ".join(plain), *lists]))


def _titled(value: JsonValue) -> list[JsonValue]:
    """Return the items of a list, or of a list of one list, if they have titles: each gets a line."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        return _titled(value[0])
    if isinstance(value, list) and all(isinstance(one, dict) and "title" in one for one in value):
        return value
    return []


def _value(value: JsonValue) -> str:
    """Return a value in a few words."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict) and "title" in value:
        more = [_value(one) for name, one in value.items() if name not in {"title", "item_id", "sources"}]
        sources = value.get("sources")
        more += [_sources(sources)] if isinstance(sources, dict) else []
        return " ".join([str(value["title"]), *more])
    if isinstance(value, dict):
        return _some([f"{name} {_value(one)}" for name, one in value.items()])
    if isinstance(value, list):
        if len(value) == 1:
            return _value(value[0])
        return _some([_value(one) for one in value])
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else f"{value:,}" if isinstance(value, int) else value


def _sources(ranks: dict[str, JsonValue]) -> str:
    """Return the sources that name an item highest, each with its rank."""
    best = sorted(ranks.items(), key=lambda pair: pair[1] if isinstance(pair[1], int) else 0)
    more = [f"{len(best) - _SOURCES} more"] if len(best) > _SOURCES else []
    return f"({', '.join([*(f'{name} {_value(rank)}' for name, rank in best[:_SOURCES]), *more])})"


def _some(values: list[str]) -> str:
    more = [] if len(values) <= _SHOWN else [f"... ({len(values):,})"]
    return f"({', '.join(values[:_SHOWN] + more)})"


def _cost(cost: float | None) -> str:
    return "not known" if cost is None else f"{cost:.6f}" if cost else ""


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"
