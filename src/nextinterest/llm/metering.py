"""What language models read and write while something runs, and which of them failed.

Tokens are counted where they are processed.

Models call `count`; whoever wants to know runs the work inside `metering`. A meter counts what its own thread
does, and hands its counts to the meter around it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

from nextinterest.tracing import spend

__all__ = ["Meter", "count", "current", "failed", "metering", "note_failure"]


class Meter:
    """Tokens and requests so far, and money, in the unit of the endpoint's prices.

    `endpoint` is how many of the tokens an endpoint read and wrote.
    `priced` is False as soon as something was read or written at a price that is not known. `failures` are
    the models that failed and need not be asked again meanwhile, by identity; a meter around shares them.
    """

    def __init__(self, failures: set[int] | None = None) -> None:
        self.read = 0
        self.written = 0
        self.requests = 0
        self.endpoint = 0
        self.cost = 0.0
        self.priced = True
        self.failures = set[int]() if failures is None else failures


_COUNTING = Lock()
_METER: ContextVar[Meter | None] = ContextVar("_METER", default=None)


@contextmanager
def metering() -> Iterator[Meter]:
    """Count what models do in this thread from here on.

    >>> with metering() as meter:
    ...     count(read=7, written=2)
    >>> meter.read, meter.written
    (7, 2)
    """
    outer = _METER.get()
    meter = Meter(None if outer is None else outer.failures)
    token = _METER.set(meter)
    try:
        yield meter
    finally:
        _METER.reset(token)
        if outer is not None:
            outer.read += meter.read
            outer.written += meter.written
            outer.requests += meter.requests
            outer.endpoint += meter.endpoint
            outer.cost += meter.cost
            outer.priced = outer.priced and meter.priced


def current() -> Meter:
    """Return the meter that counts here; an empty one where none does."""
    return _METER.get() or Meter()


def note_failure(model: object) -> None:
    """Note for whatever the meter here is about that a model failed; without one nothing is noted."""
    current().failures.add(id(model))


def failed(model: object) -> bool:
    """Whether a model's failure was noted here.

    >>> with metering():
    ...     with metering():
    ...         note_failure(metering)
    ...     failed(metering)
    True
    >>> failed(metering)
    False
    """
    return id(model) in current().failures


def count(*, read: int = 0, written: int = 0, requests: int = 0, cost: float | None = 0.0) -> None:
    """Add what a model has read, written and cost, to the meter and to the open step of a trace.

    `requests` are those that an endpoint has answered, and the tokens beside them are then its.

    A cost of None is not known. Threads that work for one caller may count at once.
    """
    with _COUNTING:
        spend(read=read, written=written, cost=cost)
        meter = _METER.get()
        if meter is not None:
            meter.read += read
            meter.written += written
            meter.requests += requests
            meter.endpoint += read + written if requests else 0
            meter.cost += cost or 0.0
            meter.priced = meter.priced and cost is not None
