"""What callers and the HTTP API receive: recommendations with their reasons, as pydantic models."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from nextinterest.domain.tables import COLUMNS, as_pandas, as_polars
from nextinterest.domain.trace import Trace
from nextinterest.domain.usage import Metered, Usage

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

__all__ = ["Evidence", "Recommendation", "Recommendations", "RequestMatch"]

RequestMatch = Literal["clear", "weak", "none", "read"]
"""How clearly a catalogue matches the words of a request; "read" where a language model that follows
instructions has read them and ordered the best candidates by what they mean."""


class _Output(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(_Output):
    """A past event that speaks for a recommendation."""

    item_id: str = Field(description="Id of the past event's item.")
    title: str = Field(description="Its title.")
    effect: float | None = Field(
        default=None,
        description="By how much the event raises the item's log-probability (nats), found by leaving it "
        "out; None where that was not tried.",
    )
    similarity: float = Field(
        description="Cosine similarity of the two items' text embeddings, between -1 and 1.", ge=-1.0, le=1.0
    )
    time: datetime | None = Field(default=None, description="When the event happened (UTC).")
    kind: str | None = Field(
        default=None,
        description="What was done with the item (view, cart, buy, ...), of several events what says most; "
        "None where it is not known.",
    )
    rating: float | None = Field(default=None, description="Its newest rating, where one was given.")
    best_rating: float | None = Field(default=None, description="The highest rating there is on that scale.")
    liked: bool = Field(
        default=False,
        description="Whether it was said to be liked, or rated highly.",
    )


class Recommendation(_Output):
    """One recommended item."""

    rank: int = Field(description="Place in the list, from 1.", ge=1)
    item_id: str = Field(description="Id of the item, always one of the catalogue.")
    title: str = Field(description="Title of the item.")
    categories: tuple[str, ...] = Field(default=(), description="Categories of the item.")
    year: int | None = Field(default=None, description="Year of the item, where known.")
    probability: float = Field(description="Probability that this is the next item.", ge=0.0, le=1.0)
    scores: dict[str, float] = Field(
        default_factory=dict, description="Log-scores of the parts that were blended, by name."
    )
    sources: dict[str, int] = Field(
        default_factory=dict,
        description="The candidate sources that named the item, each with the item's rank in it, from 1.",
    )
    evidence: tuple[Evidence, ...] = Field(
        default=(), description="Past events that speak for the item, the strongest first."
    )


class Recommendations(Metered, _Output):
    """A ranked list for one history, and how it came about."""

    user: str | None = Field(default=None, description="Id of the user, where one was given.")
    items: tuple[Recommendation, ...] = Field(description="Recommended items, best first.")
    events_used: int = Field(description="Events of the history that were used.", ge=0)
    skipped: tuple[str, ...] = Field(
        default=(), description="Item ids or titles of the history that the catalogue does not have."
    )
    notes: tuple[str, ...] = Field(
        default=(), description="What the reader should know, such as that the history was empty."
    )
    match: RequestMatch | None = Field(
        default=None,
        description="How clearly the catalogue matches the words of a request, or read: a language model "
        "ordered the best candidates by them; null without words. Unless it "
        "is null or none, probabilities order the items and are not calibrated.",
    )
    usage: Usage = Field(default=Usage(), description="What language models took for it.")
    trace: Trace | None = Field(default=None, description="Each step of the answer, where asked for.")

    def to_dicts(self) -> list[dict[str, object]]:
        """Return one dictionary an item, best first: its user, rank, item and reasons.

        Keys are user, rank, item_id, title, probability, categories, year, evidence (titles of the past
        events that speak for the item, the strongest first) and evidence_ids. Scores and sources stay in the
        objects.
        """
        return [
            {
                "user": self.user,
                "rank": item.rank,
                "item_id": item.item_id,
                "title": item.title,
                "probability": item.probability,
                "categories": list(item.categories),
                "year": item.year,
                "evidence": [one.title for one in item.evidence],
                "evidence_ids": [one.item_id for one in item.evidence],
            }
            for item in self.items
        ]

    def to_polars(self) -> pl.DataFrame:
        """Return a DataFrame of polars, one row an item; columns are the keys of `to_dicts`."""
        return as_polars(self.to_dicts())

    def to_pandas(self) -> pd.DataFrame:
        """Return a DataFrame of pandas, one row an item; columns are the keys of `to_dicts`.

        Raises
        ------
        NextInterestError
            If pandas is not installed.
        """
        rows = self.to_dicts()
        return as_pandas({name: [row[name] for row in rows] for name in COLUMNS})
