"""Lines of a prompt that speak of one item, rendered and tokenised once and kept.

Item text is neutralised here, on its way into a template. This module knows nothing of budgets, nor of what
stands around the lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from nextinterest.counting import counted
from nextinterest.domain import AttributeValue, Catalog, History
from nextinterest.errors import PromptError
from nextinterest.kind_names import done
from nextinterest.prompts.options import PromptOptions
from nextinterest.prompts.sanitise import neutralise
from nextinterest.prompts.template import PromptTemplate
from nextinterest.prompts.tokenizing import TextTokenizer

__all__ = [
    "MAX_CATEGORIES",
    "MAX_CATEGORY_CHARS",
    "ItemLines",
    "Piece",
    "encode_piece",
    "rating_band",
    "value_text",
]

_KEPT_LINES = 1 << 18  # about 100 MB of short lines at most
MAX_CATEGORY_CHARS = 48
"""Categories are cut to this many characters."""
MAX_CATEGORIES = 8
"""An item's categories that a line names at most."""
_FEW_CATEGORIES = 3
_MAX_ATTRIBUTES = 8
_MAX_ATTRIBUTE_CHARS = 48
_MAX_DESCRIPTION_CHARS = 160
_MAX_ID_CHARS = 96
_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a prompt that is tokenised by itself."""

    text: str
    tokens: tuple[int, ...]


def encode_piece(tokenizer: TextTokenizer, text: str) -> Piece:
    """Tokenise one piece by itself."""
    return Piece(text, tuple(tokenizer.encode(text)) if text else ())


def rating_band(rating: float, scale: tuple[float, float]) -> str | None:
    """Return ``liked``, ``mixed`` or ``disliked``; None for a missing rating (NaN).

    Examples
    --------
    >>> [rating_band(r, (1, 5)) for r in (1, 2, 3, 4, 5)]
    ['disliked', 'disliked', 'mixed', 'liked', 'liked']
    """
    if np.isnan(rating):
        return None
    low, high = scale
    share = (rating - low) / (high - low)
    return "liked" if share >= 0.75 else "disliked" if share < 0.5 else "mixed"


def value_text(value: AttributeValue) -> str:
    """Return the value of an attribute as it stands in a text.

    Examples
    --------
    >>> [value_text(value) for value in (True, 1.5, ("red", "blue"))]
    ['yes', '1.5', 'red, blue']
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


class ItemLines:
    """Event, candidate and target lines of one catalogue under one template and tokenizer.

    With `longest_title` they are tighter than the options say: titles have so many characters at most, and
    three categories are named.
    """

    def __init__(
        self,
        template: PromptTemplate,
        catalog: Catalog,
        tokenizer: TextTokenizer,
        options: PromptOptions,
        *,
        longest_title: int | None = None,
    ) -> None:
        self._template = template
        self._catalog = catalog
        self._tokenizer = tokenizer
        self._options = options
        self._title_chars = options.max_title_chars if longest_title is None else longest_title
        self._categories = MAX_CATEGORIES if longest_title is None else _FEW_CATEGORIES
        self._special = tokenizer.special_tokens
        uses = template.variables("event")
        self._uses_rating = "rating" in uses
        self._uses_time = bool(uses & {"days", "session_break"})
        self._uses_kind = "kind" in uses
        self._uses_number = "number" in uses
        self._tight = longest_title is not None
        self._event = lru_cache(maxsize=_KEPT_LINES)(self._render_event)
        self.candidate = lru_cache(maxsize=_KEPT_LINES)(self._render_candidate)
        self.target = lru_cache(maxsize=_KEPT_LINES)(self._render_target)

    def newest_first(self, history: History, limit: int, first_number: int = 1) -> list[Piece]:
        """Return the lines of the newest events, newest first, stopping once they exceed `limit` tokens.

        `first_number` is that of the history's oldest event.
        """
        pieces: list[Piece] = []
        total = 0
        items = history.items.tolist()
        plain = not (self._uses_rating or self._uses_time or self._uses_kind)
        for i in range(len(items) - 1, -1, -1):
            number = first_number + i if self._uses_number else None
            features = () if plain else self._features(history, i)
            piece = self._event(items[i], number, *features)
            pieces.append(piece)
            total += len(piece.tokens)
            if total > limit:
                break
        return pieces

    def _features(self, history: History, i: int) -> tuple[str | None, int | None, bool, str | None]:
        """Rating band, days since the event before, whether a session begins, what was done.

        All of them follow from events up to this one: a line never changes when the history grows.
        """
        kind = history.kinds.name(i) if self._uses_kind and history.kinds is not None else None
        if kind is not None:
            kind = self._short(done(kind), _MAX_ATTRIBUTE_CHARS)
        band = None
        if self._uses_rating and history.ratings is not None:
            band = rating_band(float(history.ratings[i]), self._options.rating_scale)
        if not self._uses_time or history.times is None or i == 0:
            return band, None, False, kind
        gap = int(history.times[i]) - int(history.times[i - 1])
        return band, gap // _SECONDS_PER_DAY, gap > self._options.session_gap, kind

    def _item(self, position: int) -> dict[str, object]:
        if not 0 <= position < len(self._catalog):
            raise PromptError(
                f"Item position {position} is outside the catalogue of "
                f"{counted(len(self._catalog), 'item')}.",
                remedy="Use histories and candidates made for this catalogue.",
            )
        catalog, special = self._catalog, self._special
        title = neutralise(catalog.titles[position], max_chars=self._title_chars, special_tokens=special)
        if not title:  # nothing but markers and controls: its id says at least which item it is
            title = (
                neutralise(catalog.ids[position], max_chars=_MAX_ID_CHARS, special_tokens=special)
                or f"item {position}"
            )
        categories = (
            neutralise(name, max_chars=min(MAX_CATEGORY_CHARS, self._title_chars), special_tokens=special)
            for name in catalog.categories[position][: self._categories]
        )
        return {
            "title": title,
            "year": catalog.years[position],
            "categories": tuple(name for name in categories if name),
            "facts": () if self._tight else self._facts(position),
            "description": None if self._tight else self._description(position),
        }

    def _facts(self, position: int) -> tuple[str, ...]:
        """Return price and attributes of an item, as far as they are known."""
        details = self._catalog.details
        known: list[str] = []
        if details.prices is not None and not np.isnan(details.prices[position]):
            known.append(f"price {details.prices[position]:g}")
        for name, column in list(details.attributes.items())[:_MAX_ATTRIBUTES]:
            value = column[position]
            if value is not None:
                known.append(f"{name} {value_text(value)}")
        facts = (self._short(text, _MAX_ATTRIBUTE_CHARS) for text in known)
        return tuple(fact for fact in facts if fact)

    def _left(self, position: int) -> tuple[str, ...]:
        """Return how many of a candidate are left, where known; that is no fact of an event of the past."""
        stock = self._catalog.details.stock
        if stock is None or stock[position] < 0:
            return ()
        return (f"in stock: {stock[position]}" if stock[position] else "sold out",)

    def _description(self, position: int) -> str | None:
        described = self._catalog.descriptions[position]
        return self._short(described, _MAX_DESCRIPTION_CHARS) if described else None

    def _short(self, text: str, most: int) -> str:
        return neutralise(text, max_chars=most, special_tokens=self._special)

    def _render_event(
        self,
        item: int,
        number: int | None = None,
        rating: str | None = None,
        days: int | None = None,
        session_break: bool = False,
        kind: str | None = None,
    ) -> Piece:
        said = {"number": number, "rating": rating, "days": days, "session_break": session_break}
        values = self._item(item) | said | {"kind": kind}
        piece = encode_piece(self._tokenizer, self._template.render("event", **values))
        if not piece.tokens:
            raise PromptError(
                f"The event line of item {self._catalog.ids[item]!r} has no tokens, so it has no end.",
                remedy=f"Mend section 'event' of template {self._template.name!r}.",
            )
        return piece

    def _render_candidate(self, item: int, letter: str) -> Piece:
        values = self._item(item) | {"letter": letter}
        if not self._tight:
            values["facts"] = (*self._facts(item), *self._left(item))
        return encode_piece(self._tokenizer, self._template.render("candidate", **values))

    def _render_target(self, item: int) -> Piece:
        return encode_piece(self._tokenizer, self._template.render("target", **self._item(item)))
