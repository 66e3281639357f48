"""What a turn of a conversation has to come to, as data; the wording of replies is not looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nextinterest.domain import Catalog, Conditions, Outcome

__all__ = ["Turn", "check", "listed"]


@dataclass(frozen=True)
class Turn:
    """A message, and what is to come of it; None is not looked at.

    Attributes
    ----------
    say
        The message.
    intent
        Of its request.
    where
        Fields of its constraints.
    like, count
        Of its request.
    items
        Ids of the list, in any order; () for none.
    among
        Ids that the list is taken from.
    found
        Ids of items looked up or asked about; a number is that rank of the list shown before.
    liked, disliked, seen, forgotten
        Ids of the items noted, or taken back; a number as in `found`.
    question
        Kind of the question asked back.
    held
        All events that are stored after it, as (id, kind).
    note
        A part of a note.
    """

    say: str
    intent: str | None = None
    where: Mapping[str, object] = field(default_factory=dict)
    like: tuple[str, ...] | None = None
    count: int | None = None
    items: Sequence[str] | None = None
    among: Sequence[str] | None = None
    found: Sequence[str | int] | None = None
    liked: Sequence[str | int] = ()
    disliked: Sequence[str | int] = ()
    seen: Sequence[str | int] = ()
    forgotten: Sequence[str | int] = ()
    question: str | None = None
    held: Sequence[tuple[str, str]] | None = None
    note: str | None = None


def listed(outcome: Outcome) -> list[str]:
    """Return the ids of an outcome's lists, in their order."""
    lists = (one.recommendations for one in outcome.every)
    return [item.item_id for made in lists if made is not None for item in made.items]


def check(
    turn: Turn, outcome: Outcome, shown: Sequence[str], held: Sequence[tuple[str, str]], catalog: Catalog
) -> None:
    """Hold an outcome against what is to come of a message.

    Parameters
    ----------
    turn
        What is to come of it.
    outcome
        What came of it.
    shown
        Ids of the list shown before.
    held
        What is stored now.
    catalog
        The catalogue.
    """
    request, said = outcome.request, repr(turn.say)

    def ids(expected: Sequence[str | int]) -> list[str]:
        return sorted(shown[one - 1] if isinstance(one, int) else one for one in expected)

    assert turn.intent in {None, request.intent}, said
    for name, value in turn.where.items():
        assert getattr(request.where, name) == value, f"{said}: {name}"
    assert turn.like in {None, request.similar_to}, said
    assert turn.count in {None, request.count}, said
    items = listed(outcome)
    if turn.items is not None:
        assert sorted(items) == sorted(turn.items), said
    if turn.among is not None:
        assert items, said
        assert set(items) <= set(turn.among), said
    if turn.found is not None:
        assert sorted(one.item_id for one in outcome.found) == ids(turn.found), said
    done = [one.confirmation for one in outcome.every if one.confirmation is not None]
    for name in ("liked", "disliked", "seen", "forgotten"):
        noted = sorted(item.item_id for one in done for item in getattr(one, name))
        assert noted == ids(getattr(turn, name)), f"{said}: {name}"
    asked = outcome.asked_back
    assert (None if asked is None else asked.kind) == turn.question, said
    if turn.held is not None:
        assert list(held) == list(turn.held), said
    if turn.note is not None:
        assert any(turn.note in note for one in outcome.every for note in one.notes), said
    _holds(outcome, held, catalog, said)


def _holds(outcome: Outcome, held: Sequence[tuple[str, str]], catalog: Catalog, said: str) -> None:
    """Whatever was asked for: items of a list meet its conditions, each once, and none is known already."""
    conditions, known = Conditions(catalog), {item for item, _ in held}
    for one in outcome.every:
        if one.recommendations is None:
            continue
        ids = [item.item_id for item in one.recommendations.items]
        fits = conditions.mask(one.request.where)
        assert all(fits[catalog.position(item)] for item in ids), said
        assert len(set(ids)) == len(ids), said
        assert not known & set(ids), said
        assert len(ids) <= (one.request.count or 5), said
