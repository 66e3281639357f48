"""What an answer took of language models: tokens, requests and money."""

from __future__ import annotations

from typing import Protocol, Self

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Metered", "Usage"]


class _Spent(Protocol):
    """A meter, such as `nextinterest.llm.metering.Meter`."""

    read: int
    written: int
    requests: int
    endpoint: int
    cost: float
    priced: bool


class Usage(BaseModel):
    """Tokens that language models read and wrote for the answer, and what they cost; 0 where none ran."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt_tokens: int = Field(default=0, ge=0, description="Tokens read.")
    completion_tokens: int = Field(default=0, ge=0, description="Tokens written.")
    requests: int = Field(
        default=0,
        ge=0,
        description="Requests that an endpoint answered, repairs included; 0 for models on this machine and "
        "for answers kept in a file.",
    )
    endpoint_tokens: int = Field(
        default=0,
        ge=0,
        description="How many of the tokens an endpoint read and wrote; models on this machine the others.",
    )
    cost: float | None = Field(
        default=0.0, ge=0, description="In the money of the endpoint's prices; null where they are not known."
    )

    @classmethod
    def of(cls, meter: _Spent) -> Self:
        """Return what a meter has counted."""
        return cls(
            prompt_tokens=meter.read,
            completion_tokens=meter.written,
            requests=meter.requests,
            endpoint_tokens=meter.endpoint,
            cost=meter.cost if meter.priced else None,
        )

    @property
    def total_tokens(self) -> int:
        """Tokens read and written together."""
        return self.prompt_tokens + self.completion_tokens


class Metered(BaseModel):
    """A result with a field ``usage``, which takes no part in comparisons.

    The same answer may cost less a second time: what a model has read of a prompt is kept.
    """

    def __eq__(self, other: object) -> bool:
        return self._answer() == other._answer() if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._answer())

    def _answer(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in type(self).model_fields if name != "usage")
