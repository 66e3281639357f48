"""What a model wrote, before it is checked against the whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from nextinterest.domain import Catalog, GeneratedItem, History, HowGrounded, NextInterest
from nextinterest.interests.portrait import event_ref
from nextinterest.prompts import Asking, GenerationPrompts, PredictedInterest, Prompt, neutralise

__all__ = ["Writer", "Written", "as_interests", "fitted", "in_catalogue"]

_MOST_CHARS = 80


@dataclass(frozen=True, slots=True)
class Written:
    """Interests and titles as written, each once.

    Attributes
    ----------
    interests
        Largest share first.
    items
        Likeliest first; those of items that must not be named are left out.
    notes
        What the reader should know.
    """

    interests: tuple[NextInterest, ...]
    items: tuple[GeneratedItem, ...]
    notes: tuple[str, ...] = ()


class Writer(Protocol):
    """A way to ask a model."""

    def write(self, history: History, n: int, excluded: frozenset[int], asking: Asking) -> Written:
        """Ask for interests and n titles.

        Parameters
        ----------
        history
            The events so far.
        n
            Titles, at most.
        excluded
            Catalogue positions that must not be named.
        asking
            What the person asks for.
        """


def as_interests(
    said: Sequence[PredictedInterest], prompts: GenerationPrompts, prompt: Prompt, history: History
) -> tuple[NextInterest, ...]:
    """Return interests that a model wrote, those of one name once.

    An event is kept as a reason where the prompt showed it and, for an interest of the catalogue, its item
    has that interest.
    """
    found: dict[str, NextInterest] = {}
    for one in said:
        name = neutralise(one.name, max_chars=_MOST_CHARS)
        if not name or name in found:
            continue
        positions = [prompts.position_of(prompt, number) for number in dict.fromkeys(one.because)]
        known = name in prompts.names
        because = tuple(
            event_ref(history, prompts.catalog, position)
            for position in positions
            if position is not None
            and (not known or name in prompts.catalog.categories[int(history.items[position])])
        )
        found[name] = NextInterest(name=name, share=one.share / 100, trend=one.trend, because=because)
    return fitted(found.values())


def fitted(interests: Iterable[NextInterest]) -> tuple[NextInterest, ...]:
    """Return interests sorted by share, shares scaled down where they sum to more than one."""
    ordered = sorted(interests, key=lambda one: -one.share)
    total = sum(one.share for one in ordered)
    if total <= 1.0:
        return tuple(ordered)
    return tuple(one.model_copy(update={"share": one.share / total}) for one in ordered)


def in_catalogue(
    catalog: Catalog, position: int, text: str, how: HowGrounded, log_probability: float | None = None
) -> GeneratedItem:
    """Return a title as that of an item of the catalogue."""
    return GeneratedItem(
        text=text.strip(),
        item_id=catalog.ids[position],
        title=catalog.titles[position],
        how=how,
        log_probability=log_probability,
    )
