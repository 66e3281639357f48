"""What was done for an answer, step by step: the prompts as sent, what was found, tokens, time and money.

Stages open a `step`; models report tokens (`spend`) and texts (`sent`, `answered`) to the step that is open.
Nothing is collected outside `tracing`: `step` then returns one object that does nothing. Knows nothing of
items, users or models. Every text passes `nextinterest.redaction.masked`, so that no credential is kept.

The open step is a context variable. A thread that works for a step runs in a copy of the caller's context
(`contextvars.copy_context`), as `asyncio.to_thread` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from contextvars import ContextVar, Token
from math import isfinite
from time import perf_counter
from types import TracebackType
from typing import Final, Self

from pydantic import JsonValue

from nextinterest.redaction import masked

__all__ = ["Step", "answered", "sent", "spend", "step", "tracing"]


class Step:
    """One step, which collects until it ends. It is true where something is collected.

    Attributes
    ----------
    name
        What was done.
    seconds, tokens_read, tokens_written, cost
        What it took, the steps inside it included; cost in the unit of the prices.
    priced
        Whether all of it is in the cost: False as soon as something had a price that is not known.
    details
        JSON values; ``prompts`` and ``answers`` are lists of whole texts.
    steps
        The steps inside it, in order.
    """

    __slots__ = ("cost", "details", "name", "priced", "seconds", "steps", "tokens_read", "tokens_written")

    def __init__(self, name: str) -> None:
        self.name = name
        self.seconds = self.cost = 0.0
        self.tokens_read = self.tokens_written = 0
        self.priced = True
        self.details: dict[str, JsonValue] = {}
        self.steps: list[Step] = []

    def __bool__(self) -> bool:
        return True

    def note(self, **details: object) -> None:
        """Keep details; numbers and arrays of NumPy are read, what has no JSON form is kept as text."""
        for name, value in details.items():
            self.details[name] = _json(value)

    def add(self, name: str, text: str, secrets: Iterable[str] = ()) -> None:
        """Append a text to the list of this name."""
        texts = self.details.setdefault(name, [])
        if isinstance(texts, list):
            texts.append(masked(text, secrets))


_OPEN: ContextVar[Step | None] = ContextVar("_OPEN", default=None)


class _Recording(Step):
    """A step as a context manager: opens itself, and hands what it took to the step around it."""

    __slots__ = ("_started", "_token")

    def __enter__(self) -> Self:
        self._token: Token[Step | None] = _OPEN.set(self)
        self._started = perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.seconds = perf_counter() - self._started
        _OPEN.reset(self._token)
        outer = _OPEN.get()
        if outer is not None:
            outer.tokens_read += self.tokens_read
            outer.tokens_written += self.tokens_written
            outer.cost += self.cost
            outer.priced = outer.priced and self.priced
        if kind is not None:
            self.details["error"] = kind.__name__


class _Idle(_Recording):
    """What `step` returns where nothing is collected."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def note(self, **details: object) -> None:
        """Keep nothing."""

    def add(self, name: str, text: str, secrets: Iterable[str] = ()) -> None:
        """Keep nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Do nothing."""


_IDLE: Final = _Idle("")


@contextmanager
def tracing() -> Iterator[Step]:
    """Collect the steps of what runs inside; the step around them all is yielded.

    Inside another `tracing` the steps are collected here only, their tokens and cost in both.

    Examples
    --------
    >>> with tracing() as trace:
    ...     with step("search", source="sequence", n=200) as searched:
    ...         spend(read=7, written=2)
    ...         searched.note(found=120)
    >>> [(one.name, one.details, one.tokens_read) for one in trace.steps]
    [('search', {'source': 'sequence', 'n': 200, 'found': 120}, 7)]
    """
    with _Recording("trace") as root:
        yield root


def step(name: str, **details: object) -> _Recording:
    """Return a context manager that collects one step of the trace; it costs next to nothing without one.

    Parameters
    ----------
    name
        ``prompt``, ``generate``, ``ground``, ``embed``, ``search``, ``constrain``, ``score``, ``rerank``,
        ``evidence``, ``understand``, ``word`` or another stage.
    details
        What is known before; `Step.note` keeps what is known later. What costs something to make is made
        ``if s:`` only.
    """
    outer = _OPEN.get()
    if outer is None:
        return _IDLE
    made = _Recording(name)
    if details:
        made.note(**details)
    outer.steps.append(made)
    return made


def spend(*, read: int = 0, written: int = 0, cost: float | None = 0.0) -> None:
    """Add tokens and money to the open step; models do it through `nextinterest.llm.metering.count`.

    A cost of None is not known.
    """
    here = _OPEN.get()
    if here is not None:
        here.tokens_read += read
        here.tokens_written += written
        here.cost += cost or 0.0
        here.priced = here.priced and cost is not None


def sent(prompt: str | Callable[[], str], secrets: Iterable[str] = ()) -> None:
    """Keep a prompt as it is sent to a model, whole; a function is called only where it is kept.

    Parameters
    ----------
    prompt
        The text.
    secrets
        Credentials that must not be shown; the usual forms are found without.
    """
    _keep("prompts", prompt, secrets)


def answered(text: str | Callable[[], str], secrets: Iterable[str] = ()) -> None:
    """Keep what a model answered; parameters as of `sent`."""
    _keep("answers", text, secrets)


def _keep(name: str, text: str | Callable[[], str], secrets: Iterable[str]) -> None:
    here = _OPEN.get()
    if here is not None:
        here.add(name, text if isinstance(text, str) else text(), secrets)


def _json(value: object) -> JsonValue:
    """Return a value as JSON has it."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return float(value) if isfinite(value) else None  # JSON has no infinity and no NaN
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {str(key): _json(one) for key, one in value.items()}
    if isinstance(value, Sequence | Set):
        return [_json(one) for one in value]
    listed: Callable[[], object] | None = getattr(value, "tolist", None)
    return masked(str(value)) if listed is None else _json(listed())
