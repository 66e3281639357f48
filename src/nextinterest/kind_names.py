"""Names of kinds of events, and how sources spell them: of files, of stored profiles and of requests."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["HAD_KINDS", "KINDS", "NEGATIVE_KINDS", "OPEN_KINDS", "done", "kind_name"]

KINDS: Mapping[str, tuple[str, ...]] = {
    "view": (
        "view",
        "views",
        "viewed",
        "seen",
        "see",
        "pv",
        "page_view",
        "view_item",
        "product_view",
        "visit",
    ),
    "click": ("click", "clicks", "clicked", "click_out", "select_item"),
    "cart": ("cart", "add_to_cart", "added_to_cart", "addtocart", "basket", "add_to_basket"),
    "buy": (
        *("buy", "bought", "purchase", "purchased", "order", "ordered", "transaction", "sale", "conversion"),
        "checkout",
    ),
    "play": ("play", "plays", "played", "listen", "listened", "watch", "watched", "stream", "streamed"),
    "read": ("read",),
    "borrow": ("borrow", "borrowed", "loan", "loaned", "rent", "rented"),
    "save": (
        *("save", "saved", "fav", "favourite", "favorite", "bookmark", "wishlist", "add_to_wishlist"),
        "add_to_favorites",
    ),
    "share": ("share", "shared"),
    "like": ("like", "liked", "thumbs_up", "upvote", "love", "loved"),
    "rate": ("rate", "rated", "rating", "review", "reviewed"),
    "dislike": ("dislike", "disliked", "thumbs_down", "downvote"),
    "skip": ("skip", "skipped"),
    "hide": ("hide", "hidden", "not_interested", "block"),
    "remove": ("remove", "removed", "remove_from_cart", "delete"),
    "return": ("return", "returned", "refund", "refunded"),
}
"""Kinds that have a name of their own, and how sources spell them; any other kind keeps its spelling."""

OPEN_KINDS = frozenset({"view", "click", "cart", "save", "share"})
"""Kinds of somebody who is still choosing, where others are of somebody who has chosen (`HAD_KINDS`)."""

HAD_KINDS = frozenset({"buy", "borrow"})
"""Kinds after which an item is had."""

NEGATIVE_KINDS = frozenset({"dislike", "skip", "hide", "remove", "return"})
"""Kinds that do not speak for an item."""

_DONE: Mapping[str, str] = {
    "view": "viewed",
    "click": "clicked",
    "cart": "put in the cart",
    "buy": "bought",
    "play": "played",
    "read": "read",
    "borrow": "borrowed",
    "save": "saved",
    "share": "shared",
    "like": "liked",
    "rate": "rated",
    "dislike": "disliked",
    "skip": "skipped",
    "hide": "hidden",
    "remove": "removed",
    "return": "returned",
}

_APART = re.compile(r"[\W_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _folded(text: str) -> str:
    return _APART.sub("_", _CAMEL.sub("_", text.strip())).strip("_").lower()


_NAMES = {spelling: kind for kind, spellings in KINDS.items() for spelling in spellings}


def kind_name(text: str) -> str:
    """Return the name of a kind as the package has it.

    Examples
    --------
    >>> kind_name("Purchase"), kind_name("addToCart"), kind_name("pv"), kind_name("Unlocked Level")
    ('buy', 'cart', 'view', 'unlocked_level')
    """
    folded = _folded(text)
    return _NAMES.get(folded, folded)


def done(kind: str) -> str:
    """Return what was done in an event of a kind, as it stands behind a title.

    Examples
    --------
    >>> done("view"), done("return"), done("unlocked_level")
    ('viewed', 'returned', 'unlocked level')
    """
    return _DONE.get(kind, kind.replace("_", " "))
