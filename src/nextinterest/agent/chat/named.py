"""What may be said of items and of events of the history, as values that sentences are compared with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nextinterest.agent.chat.known import own_denials, own_numbers, own_words
from nextinterest.agent.chat.wording import clean
from nextinterest.domain import Evidence, FoundItem, KnownFacts, Recommendation

__all__ = ["Done", "Named", "described_by", "done_with", "number_of", "of_found", "of_item"]


@dataclass(frozen=True, slots=True)
class Named:
    """What may be said of one item.

    Attributes
    ----------
    title
        As sentences have it.
    rank
        Its rank; None if it has none.
    year, price
        Where known.
    probability
        That it is next, in percent.
    categories
        Its categories.
    because
        Titles of the history that are evidence for it.
    seen
        Whether the history holds it.
    amounts
        Attributes that are numbers, by name in lower case.
    numbers
        Numbers in its attributes and description.
    words
        Words of its title, attributes and description.
    title_words
        Those of its title.
    lacks
        Names of attributes that it has not, and words of what its description says that it is not.
    """

    title: str
    rank: int | None = None
    year: int | None = None
    price: float | None = None
    probability: float | None = None
    categories: frozenset[str] = frozenset()
    because: frozenset[str] = frozenset()
    seen: bool = False
    amounts: Mapping[str, float] = field(default_factory=dict)
    numbers: frozenset[float] = frozenset()
    words: frozenset[str] = frozenset()
    title_words: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Done:
    """What was done with an item of the history.

    Attributes
    ----------
    kind
        Of its events what says most; None where it is not known.
    liked
        Whether it was said to be liked, or rated highly.
    rating, best_rating
        Its rating, and the end of the scale.
    asked
        Whether the person asked for items like it, so that it need be no event.
    out
        Whether the request leaves it out or is for what is less like it.
    """

    kind: str | None = None
    liked: bool = False
    rating: float | None = None
    best_rating: float | None = None
    asked: bool = False
    out: bool = False


def of_item(item: Recommendation) -> Named:
    """Return what may be said of an item of a list."""
    return Named(
        clean(item.title),
        item.rank,
        item.year,
        probability=100 * item.probability,
        categories=frozenset(map(clean, item.categories)),
        because=frozenset(clean(one.title) for one in item.evidence),
        words=_title_words(item.title),
        title_words=_title_words(item.title),
    )


def of_found(
    item: FoundItem, rank: int | None, probability: float | None, evidence: Sequence[Evidence], *, seen: bool
) -> Named:
    """Return what may be said of an item that is explained."""
    return Named(
        clean(item.title),
        rank,
        item.year,
        probability=None if probability is None else 100 * probability,
        categories=frozenset(map(clean, item.categories)),
        because=frozenset(clean(one.title) for one in evidence),
        seen=seen,
        words=_title_words(item.title),
        title_words=_title_words(item.title),
    )


def _title_words(title: str) -> frozenset[str]:
    """Return the longer words of a title, which may be said of its item: "the housing bill"."""
    return frozenset(word for word in re.findall(r"[^\W\d_]{4,}", clean(title).casefold()))


def described_by(item: Named, known: KnownFacts) -> Named:
    """Return what may be said of an item with what else the catalogue says of it."""
    amounts = {
        name.casefold(): float(value)
        for name, value in known.attributes.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    numbers = {value for text in own_numbers(known) if (value := number_of(text)) is not None}
    lacks = frozenset(
        word for name, value in known.attributes.items() if value is False for word in name.casefold().split()
    )
    return replace(
        item,
        price=known.price,
        amounts=amounts,
        numbers=frozenset(numbers),
        words=item.words | own_words(known),
        lacks=lacks | own_denials(known),
    )


def done_with(evidence: Iterable[Evidence]) -> dict[str, Done]:
    """Return what was done with each item of the history that is named as evidence, by title."""
    return {clean(one.title): Done(one.kind, one.liked, one.rating, one.best_rating) for one in evidence}


def number_of(text: str) -> float | None:
    """Return a number as people write it, in English or with a decimal comma; None for anything else.

    Examples
    --------
    >>> number_of("1,250"), number_of("45.50"), number_of("45,5"), number_of("1.250"), number_of("a")
    (1250.0, 45.5, 45.5, 1250.0, None)
    """
    whole, comma, rest = text.rpartition(",") if "," in text else text.rpartition(".")
    if (comma and (len(rest) != 3 or not whole)) or (comma == "." and whole == "0"):
        plain = f"{whole.replace(',', '').replace('.', '')}.{rest}"
    else:
        plain = text.replace(",", "").replace(".", "")
    try:
        return float(plain)
    except ValueError:
        return None
