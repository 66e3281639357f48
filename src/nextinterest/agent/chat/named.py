"""What may be said of one item, and numbers as sentences have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nextinterest.agent.chat.known import own_numbers, own_words
from nextinterest.agent.chat.wording import clean, figure, percent
from nextinterest.domain import Evidence, KnownFacts, Recommendation

__all__ = ["Named", "decades_of", "described_by", "of_item", "plain_number", "texts_of", "titles_of"]


@dataclass(frozen=True, slots=True)
class Named:
    """What may be said of one title.

    Attributes
    ----------
    numbers
        As sentences have them: year, probability.
    rank
        Its rank, which stands behind a word such as "number"; None if it has none.
    categories
        Its categories.
    because
        Titles of the history that are evidence for it.
    seen
        Whether the history holds it.
    prices
        Its price, as sentences have it.
    words
        Words of its attributes and description, for sentences that name it.
    """

    numbers: frozenset[str] = frozenset()
    rank: str | None = None
    categories: frozenset[str] = frozenset()
    because: frozenset[str] = frozenset()
    seen: bool = False
    prices: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


def of_item(item: Recommendation) -> Named:
    """Return what may be said of an item of a list."""
    numbers = {plain_number(percent(item.probability)), *texts_of(item.year), *decades_of(item.year)}
    return Named(
        frozenset(numbers),
        str(item.rank),
        frozenset(clean(name) for name in item.categories),
        titles_of(item.evidence),
    )


def described_by(item: Named, known: KnownFacts) -> Named:
    """Return what may be said of an item with what else the catalogue says of it."""
    price = known.price
    prices = frozenset() if price is None else frozenset({figure(price), f"{price:.2f}"})
    numbers = item.numbers | prices | own_numbers(known)
    return replace(item, numbers=numbers, prices=prices, words=own_words(known))


def titles_of(evidence: Sequence[Evidence]) -> frozenset[str]:
    """Return the titles of events."""
    return frozenset(clean(one.title) for one in evidence)


def texts_of(*numbers: float | None) -> frozenset[str]:
    """Return those of some numbers that are known."""
    return frozenset(figure(number) for number in numbers if number is not None)


def decades_of(*years: int | None) -> set[str]:
    """Return the decade that all of some years are in, as sentences have it; none where one is not known."""
    found = {None if year is None else f"{year // 10}0s" for year in years}
    return {decade for decade in found if decade is not None} if len(found) == 1 else set()


def plain_number(number: str) -> str:
    """Return a number without the space before its unit."""
    return number.replace(" ", "")
