"""`Trace`: each step of an answer, what it was given, what it found and what it took.

Steps are collected by `nextinterest.tracing`; this is the form in which callers and the HTTP API get them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from nextinterest.domain.arrays import IntArray
from nextinterest.domain.catalog import Catalog
from nextinterest.tracing import Step, tracing

__all__ = ["Trace", "TraceStep", "traced", "with_titles"]


class _Took(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float = Field(description="Wall time, the steps inside included.", ge=0.0)
    tokens_read: int = Field(default=0, description="Tokens that language models read.", ge=0)
    tokens_written: int = Field(default=0, description="Tokens that language models wrote.", ge=0)
    cost: float | None = Field(
        default=0.0,
        description="Money, in the unit of the model's prices; None where one is not known.",
        ge=0.0,
    )


class TraceStep(_Took):
    """One step of an answer."""

    name: str = Field(description="What was done, such as search, score or rerank.")
    details: dict[str, JsonValue] = Field(
        default_factory=dict,
        description="What the step was given and what it found. prompts and answers are the whole texts that "
        "went to a language model and came back; credentials are masked.",
    )
    steps: tuple[TraceStep, ...] = Field(default=(), description="The steps inside this one, in order.")

    @classmethod
    def of(cls, step: Step) -> Self:
        """Return a collected step."""
        return cls(
            name=step.name,
            details=dict(step.details),
            steps=tuple(TraceStep.of(inner) for inner in step.steps),
            **_took(step),
        )


class Trace(_Took):
    """Every step of an answer, and what all of them took together."""

    steps: tuple[TraceStep, ...] = Field(default=(), description="The steps, in order.")

    @classmethod
    def of(cls, root: Step) -> Self:
        """Return what `nextinterest.tracing.tracing` has collected."""
        return cls(steps=tuple(TraceStep.of(step) for step in root.steps), **_took(root))

    def named(self, name: str) -> tuple[TraceStep, ...]:
        """Return the steps of a name at any depth, in order."""
        return tuple(step for step in _all(self.steps) if step.name == name)


class _Result(Protocol):
    """A frozen pydantic model with a field ``trace``."""

    @property
    def trace(self) -> Trace | None: ...


ResultT = TypeVar("ResultT", bound=_Result)


def traced(work: Callable[[], ResultT], wanted: bool) -> ResultT:
    """Return the result of some work, with the trace of it where one is wanted."""
    if not wanted:
        return work()
    with tracing() as root:
        result = work()
    model = cast(BaseModel, result)
    return cast(ResultT, model.model_copy(update={"trace": Trace.of(root)}))


def with_titles(
    catalog: Catalog,
    items: IntArray,
    logs: NDArray[np.floating],
    ranks: Mapping[str, IntArray] | None = None,
    most: int | None = None,
) -> list[dict[str, object]]:
    """Return items as the details of a step name them, the likeliest first.

    Parameters
    ----------
    catalog
        The catalogue.
    items
        Catalogue positions, shape (n,).
    logs
        Their log-probabilities, shape (n,).
    ranks
        Their ranks in each source, from 1, shape (n,) each; 0 where it did not name them.
    most
        How many are named at most; None for all.
    """
    named: list[dict[str, object]] = []
    for i in np.argsort(-logs, kind="stable")[:most].tolist():
        position = int(items[i])
        one = {"item_id": catalog.ids[position], "title": catalog.titles[position]}
        own = {source: int(rank[i]) for source, rank in (ranks or {}).items() if rank[i]}
        named.append(
            one | {"probability": round(float(np.exp(logs[i])), 4)} | ({"sources": own} if own else {})
        )
    return named


def _took(step: Step) -> dict[str, Any]:
    took = {name: getattr(step, name) for name in _Took.model_fields}
    return took if step.priced else took | {"cost": None}


def _all(steps: tuple[TraceStep, ...]) -> list[TraceStep]:
    return [found for step in steps for found in (step, *_all(step.steps))]
