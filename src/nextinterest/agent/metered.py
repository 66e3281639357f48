"""Results that say what language models read, wrote and cost for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar, cast

from pydantic import BaseModel

from nextinterest.domain import Usage
from nextinterest.llm.metering import metering

__all__ = ["metered"]

P = ParamSpec("P")


class _Result(Protocol):
    """A frozen pydantic model with a field ``usage``."""

    @property
    def usage(self) -> Usage: ...


ResultT = TypeVar("ResultT", bound=_Result)


def metered(work: Callable[P, ResultT]) -> Callable[P, ResultT]:
    """Return a function whose result has the usage of what it did; a meter around it counts the same."""

    @wraps(work)
    def counting(*args: P.args, **kwargs: P.kwargs) -> ResultT:
        with metering() as meter:
            result = work(*args, **kwargs)
        model = cast(BaseModel, result)
        return cast(ResultT, model.model_copy(update={"usage": Usage.of(meter)}))

    return counting
