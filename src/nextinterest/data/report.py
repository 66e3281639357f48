"""What cleaning read, kept and dropped, as a record that prints and serialises."""

from __future__ import annotations

import re
from collections.abc import Collection

from pydantic import BaseModel, ConfigDict, Field, field_validator

from nextinterest.counting import counted

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
    files_not_read: tuple[str, ...] = Field(
        default=(), description="Other files of the folder that are named as tables."
    )
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

    def losses(self, asked_for: Collection[str]) -> str:
        """Return what was dropped for other reasons, and what was not read, in one line; empty for nothing.

        Parameters
        ----------
        asked_for
            Reasons that the caller chose.
        """
        found = []
        for what in ("event", "item", "user"):
            rows = [d for d in self.dropped if d.what == f"{what}s" and d.reason not in asked_for]
            n, read = sum(d.count for d in rows), self.events_read if what == "event" else 0
            if rows:
                reasons = ", ".join(dict.fromkeys(d.reason for d in rows))
                of = f"{n:,} of {counted(read, what)}" if read else counted(n, what)
                found.append(f"{of} {'was' if n == 1 else 'were'} dropped ({reasons})")
        if self.files_not_read:
            files = counted(len(self.files_not_read), "file of the folder was", "files of the folder were")
            names = ", ".join(self.files_not_read[:3]) + ", ..." * (len(self.files_not_read) > 3)
            found.append(f"{files} not read ({names})")
        return "; ".join(found)

    def count(self, reason: str, what: str = "events") -> int:
        """Return how many rows were dropped for a reason, zero where none was."""
        return sum(d.count for d in self.dropped if d.reason == reason and d.what == what)
