"""What may be spent on an endpoint, in tokens and money, and what has been.

The most a request can cost is set aside before it is sent, so that concurrent requests cannot exceed the
budget together. Knows numbers, nothing of endpoints.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Protocol

from nextinterest.errors import BudgetError

__all__ = ["Budget", "Usage"]


class Usage(Protocol):
    """What an endpoint reports of one request."""

    prompt_tokens: int
    completion_tokens: int


@dataclass(slots=True)
class Budget:
    """What may be spent on one endpoint, and what has been. Shared between threads.

    Attributes
    ----------
    max_tokens, max_cost
        Limits in tokens and in units of money; None for no limit.
    input_price, output_price
        Money per million tokens read and written; None where they are not known.
    tokens, cost
        What has been spent; cost counts requests of known price.
    """

    max_tokens: int | None = None
    max_cost: float | None = None
    input_price: float | None = None
    output_price: float | None = None
    tokens: int = 0
    cost: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def reserve(self, read: int, written: int) -> tuple[int, float]:
        """Set aside the most a request can cost.

        Raises
        ------
        BudgetError
            If it could exceed a limit; nothing is sent then.
        """
        tokens, cost = read + written, self._price(read, written)
        with self._lock:
            if self.max_tokens is not None and self.tokens + tokens > self.max_tokens:
                raise BudgetError(
                    f"A request of up to {tokens:,} tokens exceeds the budget: {self.tokens:,} of "
                    f"{self.max_tokens:,} are spent.",
                    remedy="Raise max_tokens of the endpoint's settings.",
                )
            if self.max_cost is not None and self.cost + cost > self.max_cost:
                raise BudgetError(
                    f"A request of up to {cost:.4g} exceeds the budget: {self.cost:.4g} of "
                    f"{self.max_cost:.4g} are spent.",
                    remedy="Raise max_cost of the endpoint's settings.",
                    command="Raise --max-cost.",
                )
            self.tokens += tokens
            self.cost += cost
        return tokens, cost

    @property
    def priced(self) -> bool:
        """Whether the prices are known."""
        return self.input_price is not None and self.output_price is not None

    def price(self, read: int, written: int) -> float | None:
        """Return what so many tokens cost; None where the prices are not known."""
        return self._price(read, written) if self.priced else None

    def settle(self, reserved: tuple[int, float], usage: Usage | None) -> float | None:
        """Replace what was set aside by what was used, and return what that costs; None without prices.

        Without a report of use the reserve stays spent.
        """
        tokens, cost = reserved
        if usage is not None:
            tokens = usage.prompt_tokens + usage.completion_tokens
            cost = self._price(usage.prompt_tokens, usage.completion_tokens)
            with self._lock:
                self.tokens += tokens - reserved[0]
                self.cost += cost - reserved[1]
        return cost if self.priced else None

    def release(self, reserved: tuple[int, float]) -> None:
        """Give back what was set aside for a request that was refused."""
        with self._lock:
            self.tokens -= reserved[0]
            self.cost -= reserved[1]

    def _price(self, read: int, written: int) -> float:
        return (read * (self.input_price or 0.0) + written * (self.output_price or 0.0)) / 1e6
