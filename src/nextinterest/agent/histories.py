"""Reading what a caller calls a history: item ids, titles, events, or a `History` already made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from nextinterest.agent.config import OnUnknown
from nextinterest.agent.near import meant, near_item
from nextinterest.agent.notes import ambiguity_note
from nextinterest.arguments import as_record
from nextinterest.counting import counted
from nextinterest.domain import Catalog, Event, History
from nextinterest.errors import DataError, UnknownItemError
from nextinterest.prompts import TitleGrounder

__all__ = ["ReadHistory", "read_history"]

HistoryLike = History | Event | Mapping[str, object] | Sequence[str | Event | Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """A history in catalogue positions, and what was left out of it.

    Attributes
    ----------
    history
        The events that the catalogue knows.
    skipped
        Ids or titles that it does not know, in the order given.
    notes
        What the caller should know, such as that a title is that of several items.
    unwanted
        Catalogue positions that are never to be recommended, beside those of the history.
    """

    history: History
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unwanted: frozenset[int] = frozenset()


def read_history(
    value: HistoryLike,
    catalog: Catalog,
    grounder: TitleGrounder,
    *,
    user: str | None = None,
    on_unknown: OnUnknown = "raise",
    called: str = "the history",
) -> ReadHistory:
    """Turn what a caller gave into a `History`.

    A string is taken as an item id where the catalogue has that id, else as a title, matched exactly and
    then by its normalised form; a title is never guessed by similarity here, since a wrong event in a
    history is worse than a missing one. Of several items of one title the first is taken, and a note says so.

    Parameters
    ----------
    value
        Item ids, titles or events, oldest first; events that all carry times are sorted by them.
    catalog
        The catalogue.
    grounder
        Maps titles to items of that catalogue.
    user
        The user's id, kept with the history.
    on_unknown
        ``"raise"`` or ``"skip"``; skipped ones are reported in the result.
    called
        What errors call the value.

    Raises
    ------
    UnknownItemError
        With ``on_unknown="raise"``, for the first id or title that the catalogue does not have.
    DataError
        If an element is neither a string nor an `Event`, or a position lies outside the catalogue.
    """
    if isinstance(value, History):
        if len(value) and (value.items.min() < 0 or value.items.max() >= len(catalog)):
            raise DataError(
                f"The history has positions from {value.items.min()} to {value.items.max()}, outside the "
                f"catalogue of {counted(len(catalog), 'item')}.",
                remedy="Build the history with the catalogue of this agent.",
            )
        given = value if user is None or value.user == user else replace(value, user=user)
        return ReadHistory(given)
    if isinstance(value, str):
        raise DataError(
            f"A history is a list of items; got the single string {value!r}.", remedy="Put it into a list."
        )
    if isinstance(value, Event | Mapping):
        value = [value]
    elements = cast("object", value)
    if isinstance(elements, bytes) or not isinstance(elements, Iterable):
        raise DataError(
            f"A history is a list of items; got a {type(elements).__name__}.", remedy="Give a list of items."
        )
    events: list[Event] = []
    skipped: list[str] = []
    notes: list[str] = []
    for number, element in enumerate(elements, start=1):
        if not isinstance(element, str | Event | Mapping):
            raise DataError(
                f"Element {number} of {called} is a {type(element).__name__}.",
                remedy="Give item ids, titles, Event objects, or dictionaries with their fields.",
            )
        event = (
            Event(element)
            if isinstance(element, str)
            else as_record(element, Event, f"Element {number} of {called}")
        )
        position, also = _position(event.item, catalog, grounder)
        if position is not None:
            events.append(replace(event, item=catalog.ids[position]))
            if len(also) > 1:
                notes.append(ambiguity_note(event.item, also, position, catalog))
        elif on_unknown == "skip":
            skipped.append(event.item)
        else:
            near = meant(near_item(event.item, catalog, grounder))
            raise UnknownItemError(
                f"Element {number} of {called}, {event.item!r}, is neither an id nor a title of the "
                f"catalogue of {counted(len(catalog), 'item')}.",
                remedy=f"{near}Check it, or pass on_unknown='skip' to leave such events out.",
                command=f"{near}Check it, or give --skip-unknown to leave such events out.",
                argument=called.removeprefix("the "),
                index=number - 1,
            )
    made = History.from_events(events, catalog, user)
    return ReadHistory(made, tuple(skipped), tuple(dict.fromkeys(notes)))


def _position(text: str, catalog: Catalog, grounder: TitleGrounder) -> tuple[int | None, tuple[int, ...]]:
    """Return the item meant, and all items of that title."""
    if text in catalog:
        return catalog.position(text), ()
    found = grounder.match(text)
    return found.position, found.alike
