"""What a catalogue says of the items of a result beside their titles, categories and years."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from nextinterest.agent.chat.checking.lexicon import lexicon
from nextinterest.domain import Catalog, KnownFacts, Outcome
from nextinterest.interests.claims import plain_words
from nextinterest.prompts.lines import value_text

__all__ = ["own_denials", "own_numbers", "own_words", "with_known"]

MOST_DESCRIPTION = 400
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_NUMBER = re.compile(r"(?<![\w.,])[0-9]+(?:[.,][0-9]+)*(?!\w)")
_DENIES = frozenset(
    [
        "except",
        "excluding",
        "unlike",
        "instead",
        "rather",
        "hardly",
        "barely",
        "avoid",
        "lack",
        "lacks",
        "cannot",
        "incompatible",
    ]
)
_SENTENCE = re.compile(r"[.!?;\n]\s+|[.!?;]$")
_CLAUSE = re.compile(r",\s+(?:but\s+)?")
_IS_NOT = re.compile(r"not ([^\W\d_]+(?:-[^\W\d_]+)*)", re.IGNORECASE)
_OF_THE_WHOLE = frozenset({
    "recommended", "suitable", "suited", "supported", "included", "advised", "allowed", "possible",
    "needed", "required", "safe", "covered", "available", "meant", "made", "intended", "only", "just",
    "merely", "is", "are", "was", "were", "does", "do", "will",
})  # fmt: skip
"""Words behind "not" with which it denies what stands before it, or denies nothing."""
_WITH = ("work", "works", "suit", "suits")
_IN_STOCK, _SOLD_OUT = {"stock", "available", "left"}, {"sold", "out"}


def with_known(outcome: Outcome, catalog: Catalog, now: datetime) -> Outcome:
    """Return a result with what else is known, at a moment, of the items it lists, explains or has found."""
    made, why = outcome.recommendations, outcome.explanation
    ids = [one.item_id for one in outcome.found]
    ids += [] if made is None else [one.item_id for one in made.items]
    ids += [] if why is None else [why.item.item_id]
    known = {item_id: one for item_id in ids if (one := _known(catalog, item_id, now)) != KnownFacts()}
    return outcome.model_copy(update={"known": known}) if known else outcome


def _known(catalog: Catalog, item_id: str, now: datetime) -> KnownFacts:
    item = catalog[catalog.position(item_id)]
    return KnownFacts(
        price=item.price,
        published=item.published,
        attributes=dict(item.attributes),
        description=item.description[:MOST_DESCRIPTION] if item.description else None,
        stock=None if item.available is None else item.available.stock,
        available=None if item.available is None else item.available.at(now),
    )


def own_words(known: KnownFacts) -> frozenset[str]:
    """Return the words that may be said of an item, in lower case: those of its attributes and description.

    A word is left out where it stands beside one that denies, or names what the item is not. Words for
    having an item in stock are there where it can be had, "sold out" where none is left.

    Examples
    --------
    >>> facts = KnownFacts(attributes={"oven": False, "hob": True}, description="Keeps heat. Not for gas.")
    >>> sorted(own_words(facts))
    ['heat', 'hob', 'keeps', 'suit', 'suits', 'work', 'works']
    """
    said, denied = set[str](), set[str]()
    for text, holds in _texts(known):
        (said if holds else denied).update(word.casefold() for word in _WORD.findall(text))
    held = _SOLD_OUT if known.stock == 0 else _IN_STOCK if known.stock and known.available else set[str]()
    own = said - denied - _IN_STOCK | held if known.available is not None else said - denied
    return frozenset(own | set(_WITH)) if said - denied else frozenset(own)


def own_numbers(known: KnownFacts) -> frozenset[str]:
    """Return the numbers of an item's attributes and description that it does not deny."""
    held = [text for text, holds in _texts(known) if holds]
    in_words = lexicon("en").numbers
    words = (word for text in held for word in re.findall(r"[^\W\d_]+", text.casefold()))
    left = {str(known.stock)} if known.stock else set[str]()
    return (
        frozenset(number for text in held for number in _NUMBER.findall(text))
        | left
        | {str(in_words[word]) for word in words if word in in_words}
    )


def own_denials(known: KnownFacts) -> frozenset[str]:
    """Return the words of what a description says an item is not: "windproof, not waterproof".

    Examples
    --------
    >>> sorted(own_denials(KnownFacts(description="Windproof, not waterproof. Not only for rain.")))
    ['waterproof']
    """
    clauses = [
        clause for sentence in _SENTENCE.split(known.description or "") for clause in _CLAUSE.split(sentence)
    ]
    found = [match[1].casefold() for clause in clauses if (match := _IS_NOT.fullmatch(clause.strip()))]
    return frozenset(word for word in found if word not in _OF_THE_WHOLE)


def _texts(known: KnownFacts) -> Iterator[tuple[str, bool]]:
    """Yield sentences and attributes, and whether each says what the item is rather than what it is not."""
    for name, value in known.attributes.items():
        if isinstance(value, bool):
            yield name, value
        else:
            text = value_text(value)
            yield f"{name} {text}", not _denies(text)
    for sentence in _SENTENCE.split(known.description or ""):
        yield from _clauses(sentence)


def _clauses(sentence: str) -> Iterator[tuple[str, bool]]:
    """Yield what stands before a clause that begins with "not", and the rest: "windproof, not waterproof"."""
    clauses = _CLAUSE.split(sentence)
    first = next((n for n, clause in enumerate(clauses) if _denies(clause)), None)
    if first is None:
        yield sentence, not _denies(sentence)
        return
    words = [word.casefold() for word in _WORD.findall(clauses[first])]
    apart = words[:1] == ["not"] and not set(words) & _OF_THE_WHOLE
    yield ", ".join(clauses[:first]), apart
    yield ", ".join(clauses[first:]), False


def _denies(text: str) -> bool:
    words = {word.casefold().replace("\u2019", "'") for word in _WORD.findall(text)}
    return bool(words & (_DENIES | set(plain_words().negations))) or any(
        word.endswith("n't") or (word.startswith(("un", "non")) and len(word) > 5) for word in words
    )
