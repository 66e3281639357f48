"""What callers receive: the portrait of a user's interests and the outlook on where they go.

Pure data, validated, with the events that each claim rests on. Shares are between 0 and 1; intervals are at
the `level` stated in the object that holds them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from nextinterest.domain.trace import Trace

__all__ = [
    "Breadth",
    "EventRef",
    "ForecastShare",
    "InterestChange",
    "InterestOutlook",
    "InterestPortrait",
    "InterestShare",
    "InterestWindow",
    "ItemPath",
    "Novelty",
    "Pace",
    "PathStep",
]

Direction = Literal["rising", "fading", "steady"]


class _Output(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EventRef(_Output):
    """A past event that a claim rests on."""

    index: int = Field(description="Place of the event in the history, oldest first, from 0.", ge=0)
    item_id: str = Field(description="Id of its item.")
    title: str = Field(description="Title of its item.")
    time: datetime | None = Field(default=None, description="When it happened (UTC).")


class InterestShare(_Output):
    """An interest's share of attention."""

    interest: str = Field(description="Name of the interest.")
    events: float = Field(description="Events it got; an event of m interests counts 1/m for each.", ge=0.0)
    share: float = Field(description="Smoothed share of attention.", ge=0.0, le=1.0)
    lower: float = Field(description="Lower end of the credible interval of the share.", ge=0.0, le=1.0)
    upper: float = Field(description="Upper end of it.", ge=0.0, le=1.0)


class InterestWindow(_Output):
    """A window of the history, cut by the user's own pace."""

    first: int = Field(description="Index of its first event.", ge=0)
    last: int = Field(description="Index of its last event.", ge=0)
    start: datetime | None = Field(default=None, description="Time of its first event (UTC).")
    end: datetime | None = Field(default=None, description="Time of its last event (UTC).")
    interests: tuple[InterestShare, ...] = Field(description="Every interest, in order of the catalogue.")


class InterestChange(_Output):
    """How an interest's share moved between the earlier part of the history and the recent part."""

    interest: str = Field(description="Name of the interest.")
    direction: Direction = Field(description="'rising' or 'fading' only where the data support it.")
    before: float = Field(description="Share of the earlier events.", ge=0.0, le=1.0)
    after: float = Field(description="Share of the recent events.", ge=0.0, le=1.0)
    change: float = Field(description="after - before.", ge=-1.0, le=1.0)
    lower: float = Field(description="Lower end of the block-bootstrap interval of the change.")
    upper: float = Field(description="Upper end of it.")
    p_value: float = Field(description="Two-sided p-value of the block permutation test.", ge=0.0, le=1.0)
    q_value: float = Field(
        description="Least false-discovery rate at which the change is reported (Benjamini-Hochberg).",
        ge=0.0,
        le=1.0,
    )
    evidence: tuple[EventRef, ...] = Field(description="Events that carry the claim, newest first.")


class Breadth(_Output):
    """How widely attention is spread."""

    entropy: float = Field(description="Entropy of the whole history's mix, in bits.", ge=0.0)
    effective_interests: float = Field(
        description="2 to the power of the entropy: as many equal interests.", ge=1.0
    )
    recent_entropy: float = Field(description="Entropy of the recent events' mix, in bits.", ge=0.0)
    expected_entropy: float = Field(
        description="Mean entropy of as many blocks drawn from the whole history: few events look narrower.",
        ge=0.0,
    )
    direction: Literal["broadening", "narrowing", "steady"] = Field(
        description="Named only where p_value is at most the false-discovery rate."
    )
    p_value: float = Field(description="Two-sided p-value of the block permutation test.", ge=0.0, le=1.0)


class Novelty(_Output):
    """How far events stray from what the user did before them."""

    surprise: float = Field(
        description="Mean over events of -log2 of the share their interests had had so far, in bits.", ge=0.0
    )
    recent_surprise: float = Field(description="The same over the recent events.", ge=0.0)
    new_interests: tuple[str, ...] = Field(
        description="Interests met for the first time among recent events."
    )


class Pace(_Output):
    """How often the user acts. Times of day and of year are not looked at."""

    sessions: int = Field(description="Runs of events without a gap longer than `session_gap_minutes`.", ge=0)
    session_gap_minutes: float = Field(description="The gap that ends a session, in minutes.", gt=0.0)
    events_per_session: float = Field(description="Mean events per session.", ge=0.0)
    days_between_sessions: float | None = Field(
        default=None, description="Median days between the starts of sessions; None with one session."
    )
    days: float = Field(description="Days between the first and the last event.", ge=0.0)
    events_per_day: float | None = Field(
        default=None, description="Events per day over that time; None where it is less than a day."
    )


class InterestPortrait(_Output):
    """A user's interests over time, and what can be claimed of them."""

    user: str | None = Field(default=None, description="Id of the user, where known.")
    events: int = Field(description="Events of the history.", ge=0)
    recent_events: int = Field(description="Newest events that count as recent.", ge=0)
    level: float = Field(description="Level of the intervals.", gt=0.0, lt=1.0)
    false_discovery_rate: float = Field(
        description="Expected part of false claims among reported changes.", gt=0.0, lt=1.0
    )
    test: str = Field(description="The test behind rising and fading, in words.")
    interests: tuple[InterestShare, ...] = Field(description="The whole history, largest share first.")
    current: tuple[InterestShare, ...] = Field(description="The recent events, largest share first.")
    long_standing: tuple[str, ...] = Field(
        description="Interests present in at least three of four windows, largest share first."
    )
    changes: tuple[InterestChange, ...] = Field(description="Every interest tested, surest first.")
    windows: tuple[InterestWindow, ...] = Field(description="The history in windows, oldest first.")
    breadth: Breadth | None = Field(default=None, description="None for an empty history.")
    novelty: Novelty | None = Field(default=None, description="None for an empty history.")
    pace: Pace | None = Field(default=None, description="None where times are unknown.")
    notes: tuple[str, ...] = Field(default=(), description="What the reader should know.")

    @property
    def rising(self) -> tuple[InterestChange, ...]:
        """The changes reported as rising, surest first."""
        return tuple(change for change in self.changes if change.direction == "rising")

    @property
    def fading(self) -> tuple[InterestChange, ...]:
        """The changes reported as fading, surest first."""
        return tuple(change for change in self.changes if change.direction == "fading")


class ForecastShare(_Output):
    """The forecast of one interest."""

    interest: str = Field(description="Name of the interest.")
    share: float = Field(description="Expected share of the coming events.", ge=0.0, le=1.0)
    lower: float = Field(
        description="Lower end of the prediction interval of the share that will be seen.", ge=0.0, le=1.0
    )
    upper: float = Field(description="Upper end of it.", ge=0.0, le=1.0)
    usual: float = Field(description="Smoothed share of the whole history, for comparison.", ge=0.0, le=1.0)
    probability_above_usual: float = Field(
        description="Probability that the share that will be seen exceeds the usual one.", ge=0.0, le=1.0
    )


class PathStep(_Output):
    """One event of a sampled continuation."""

    item_id: str = Field(description="Id of the item, always one of the catalogue.")
    title: str = Field(description="Its title.")
    probability: float = Field(description="Its probability given the steps before it.", ge=0.0, le=1.0)


class ItemPath(_Output):
    """A sampled continuation of the history."""

    steps: tuple[PathStep, ...] = Field(description="Its events, next one first.")
    log_probability: float = Field(description="Log-probability of the whole path, in nats.", le=0.0)


class InterestOutlook(_Output):
    """Where a user's interests go."""

    user: str | None = Field(default=None, description="Id of the user, where known.")
    events: int = Field(description="Events of the history it was made after.", ge=0)
    made_at: datetime | None = Field(default=None, description="Time of the newest event (UTC).")
    level: float = Field(description="Nominal coverage of the intervals.", gt=0.0, lt=1.0)
    next_step: dict[str, float] = Field(
        description="Marginal of the item distribution over interests at the next event; sums to one."
    )
    horizon_events: float = Field(description="Number of coming events the forecast is for.", gt=0.0)
    horizon_days: float | None = Field(default=None, description="The days that stand for, where asked so.")
    events_lower: float | None = Field(
        default=None, description="Lower end of the interval of the number of events in those days."
    )
    events_upper: float | None = Field(default=None, description="Upper end of it.")
    interests: tuple[ForecastShare, ...] = Field(description="Every interest, largest share first.")
    paths: tuple[ItemPath, ...] = Field(default=(), description="Likely continuations, likeliest first.")
    n_paths: int = Field(default=0, description="Continuations that were sampled.", ge=0)
    notes: tuple[str, ...] = Field(default=(), description="What the reader should know.")
    trace: Trace | None = Field(default=None, description="Each step of the answer, where asked for.")
