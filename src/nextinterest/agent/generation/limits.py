"""What a request and constraints bar from being generated, and what of them a prompt says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nextinterest.agent.histories import ReadHistory
from nextinterest.agent.where_notes import where_notes
from nextinterest.agent.where_words import where_words
from nextinterest.domain import Conditions, Request, Where
from nextinterest.prompts import Asking, TitleGrounder

__all__ = ["NO_ITEM", "limited"]

NO_ITEM = "No item meets the constraints."
"""The note of constraints that contradict one another, or that no item meets."""


def limited(
    read: ReadHistory,
    request: Request,
    where: Where | None,
    conditions: Conditions,
    grounder: TitleGrounder,
) -> tuple[ReadHistory, Asking]:
    """Return a history with what may not be named besides, and what a prompt says is asked for.

    Items that the request names as liked, disliked or to be resembled are barred: the person knows them.

    Parameters
    ----------
    read
        The history.
    request
        The request; its items are named by id or title.
    where
        Constraints that must be met besides those of the request.
    conditions
        The catalogue's.
    grounder
        Looks titles up.
    """
    all_of = [one for one in (request.where, where or Where()) if not one.empty]
    allowed, notes = np.ones(len(conditions.catalog), dtype=bool), list(read.notes)
    for one in all_of:
        allowed &= conditions.mask(one)
        notes += where_notes(one, conditions)
    if all_of and not allowed.any():
        notes.append(NO_ITEM)
    known: set[int] = set()

    def titles(names: tuple[str, ...], *, known_to_person: bool = True) -> tuple[str, ...]:
        looked_up = [_looked_up(name, grounder) for name in names]
        if known_to_person:
            known.update(position for position, _ in looked_up if position is not None)
        return tuple(title for _, title in looked_up)

    titles(request.seen)
    asking = Asking(
        request=request.query,
        constraints=tuple(dict.fromkeys(phrase for one in all_of for phrase in where_words(one))),
        liked=titles(request.liked),
        disliked=titles(request.disliked),
        similar_to=titles(request.similar_to),
        less_like=titles(request.less_like, known_to_person=False),
    )
    unwanted = read.unwanted | known | frozenset(np.flatnonzero(~allowed).tolist())
    return replace(read, notes=tuple(dict.fromkeys(notes)), unwanted=unwanted), asking


def _looked_up(text: str, grounder: TitleGrounder) -> tuple[int | None, str]:
    """Return the item that an id or a title names, None for none, and what to call it."""
    catalog = grounder.catalog
    found = catalog.position(text) if text in catalog else grounder.match(text).position
    return found, text if found is None else grounder.titles.called(found)
