"""The text of an item as the text encoder reads it.

Text is untrusted. An encoder obeys no instructions, but its tokenizer reads its own marker words, such as
``[SEP]`` or ``</s>``, as control tokens wherever they stand, so item text is neutralised here as it is in
prompts. Knows nothing of models. Changing this text changes every item vector; vectors are cached by the text
itself, so none goes stale.
"""

from __future__ import annotations

from nextinterest.domain import Catalog, Item
from nextinterest.prompts.sanitise import neutralise

__all__ = ["catalog_texts", "item_text", "title_text"]

_MAX_TITLE = 300
_MAX_DESCRIPTION = 1000  # characters; MiniLM reads 256 tokens, which is about as much


def title_text(title: str) -> str:
    """Return a bare title as one harmless line."""
    return neutralise(title, max_chars=_MAX_TITLE)


def item_text(item: Item) -> str:
    """Return an item as one line: title, year, categories, description, as far as they are known.

    Examples
    --------
    >>> item_text(Item("1", "Toy Story", ("Animation", "Comedy"), 1995))
    'Toy Story (1995). Animation, Comedy'
    """
    title = title_text(item.title) or title_text(item.id)
    parts = [title if item.year is None else f"{title} ({item.year})"]
    if item.categories:
        parts.append(title_text(", ".join(item.categories)))
    if item.description:
        parts.append(neutralise(item.description, max_chars=_MAX_DESCRIPTION))
    return ". ".join(part for part in parts if part)


def catalog_texts(catalog: Catalog) -> list[str]:
    """Return the text of every item, in catalogue order."""
    return [item_text(item) for item in catalog]
