"""What cleaning read, kept and dropped, as a record that prints and serialises."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator

__all__ = ["CleaningReport", "Dropped"]


_LONGEST_WORD, _LONGEST_NOTE = 200, 1000
_LONG = re.compile(rf"(\S{{{_LONGEST_WORD}}})\S+")


def _bounded(note: str) -> str:
    """Return a note of bounded length, though it shows a cell or a name of any."""
    short = _LONG.sub(r"\1...", note)
    return short if len(short) <= _LONGEST_NOTE else f"{short[:_LONGEST_NOTE]}..."


class Dropped(BaseModel):
    """Rows dropped for one reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str = Field(description="What was dropped: events, items or users.")
    reason: str = Field(description="Why.")
    count: int = Field(description="How many.", ge=1)
    first: str | None = Field(default=None, description="The first of them, as file:line.")
    cell: str | None = Field(default=None, description="What could not be read in the first, cut.")

    @property
    def location(self) -> str:
        """Where the first is, with its cell where one could not be read."""
        return f"{self.first or ''} ({self.cell})" if self.cell is not None else self.first or ""


class CleaningReport(BaseModel):
    """What cleaning read, kept and dropped.

    ``events_read`` equals ``events_kept`` plus the events in `dropped`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: tuple[str, ...] = Field(description="Files read.")
    events_read: int = Field(description="Rows of events in the files.", ge=0)
    events_kept: int = Field(description="Events in the log.", ge=0)
    users_read: int = Field(description="Users named in the rows of events.", ge=0)
    users_kept: int = Field(description="Users in the log.", ge=0)
    items_read: int = Field(description="Rows of the item file, and items named in events only.", ge=0)
    items_kept: int = Field(description="Items in the catalogue.", ge=0)
    items_without_title: int = Field(description="Items of the catalogue that carry their id as title.", ge=0)
    items_without_events: int = Field(description="Items of the catalogue that no event names.", ge=0)
    tied_events: int = Field(description="Events that share their user and time with another.", ge=0)
    users_tied_at_the_end: int = Field(
        description="Users whose last two events share a time: the order of ties picks the test event.",
        ge=0,
    )
    repeated_events: int = Field(
        default=0,
        description="Events of a user and an item that had one before, whether they were kept or dropped.",
        ge=0,
    )
    dropped: tuple[Dropped, ...] = Field(default=(), description="What was dropped, by reason.")
    notes: tuple[str, ...] = Field(default=(), description="What was unusual about the files.")
    warnings: tuple[str, ...] = Field(
        default=(), description="Those of the notes that are likely to be a mistake in what was read."
    )

    @field_validator("notes", "warnings")
    @classmethod
    def _of_bounded_length(cls, notes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_bounded, notes))

    def count(self, reason: str, what: str = "events") -> int:
        """Return how many rows were dropped for a reason, zero where none was."""
        return sum(d.count for d in self.dropped if d.reason == reason and d.what == what)
