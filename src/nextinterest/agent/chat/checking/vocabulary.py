"""Words that no fact supports: names of people, prizes and plots, and what else is said of an item.

A sentence that names no item, category or number may use any word but those of `Lexicon.claims`. In English,
one that does may use plain words and those of the facts of the items it speaks of.
"""

from __future__ import annotations

import re

from nextinterest.agent.chat.checking.basis import Basis
from nextinterest.agent.chat.checking.own_phrases import own_phrases
from nextinterest.agent.chat.checking.references import References
from nextinterest.agent.chat.checking.sentence import MASK, Sentence, Span

__all__ = ["words_fault"]

_STRANGE = re.compile(r"[^\w\s.,;:()'\"“”‘’„«»\u2010-\u2014!?&/#%$€£¿¡+\-…]|https?:|www\.")  # noqa: RUF001
_BEGINS = re.compile(r"(?:^|[.:!?¿¡\"“„«(]|\u2014)\s*$")
_PRAISE = re.compile(
    r"\b(?:is|are|was|were|it's|they're|looks?|sounds?) (?:(?:really|very|so|just|both|all|pretty|quite) )*"
    r"(great|good|bad|nice|fine|strong|perfect|ideal|lovely|solid|wonderful|excellent|exciting|fun|cool|super|enjoyable|"
    r"attractive|impressive|inspiring|entertaining|better|weak|surprising|moving)\s*(?:[,.;!]|$)"
)
_OFFERS = re.compile(r"(?:and |or |so )?(?:would|shall|should|want|how about|can i|may i|do you|are you)\b")
_BY = re.compile(r"\b(?:by|with|from) $")
_I = frozenset({"i", "i'd", "i'll", "i've", "i'm", "we", "we've", "let", "me", "happy"})
_WITH = frozenset({"mit", "von", "with", "by", "con", "de", "avec", "par", "featuring"})


def words_fault(
    sentence: Sentence,
    refs: References,
    basis: Basis,
    *,
    strict: bool = False,
    also: frozenset[str] = frozenset(),
) -> str | None:
    """Return a word of a sentence that no fact supports, or None.

    Parameters
    ----------
    sentence, refs, basis
        The sentence, what it speaks of, and the facts.
    strict
        Whether it may use plain words alone even where it speaks of no item.
    also
        Further words that it may use.
    """
    if _STRANGE.search(sentence.text.replace(MASK, "\0")) or MASK in sentence.text:
        strange = _STRANGE.search(sentence.text)
        return f"it has the characters {strange[0] if strange else MASK!r}"
    asked = {one.strip(".,!?\"'") for one in basis.said.split()}
    for span in sentence.quoted:
        if not set(span.value.casefold().split()) <= asked:
            return f"it names {span.value!r}, which no fact names"
    return (
        _claim(sentence, refs, basis)
        or _currency(sentence, basis)
        or _name(sentence, refs, basis, asked)
        or _content(sentence, refs, basis, strict=strict, also=also)
    )


def _own(refs: References, span: Span, basis: Basis) -> frozenset[str]:
    """Return the words of the facts of the items that a word is said of."""
    said = refs.of(span)
    items = said.items if said is not None and said.items else basis.every
    shared = frozenset.intersection(*(one.words for one in items)) if items else frozenset[str]()
    return shared | {f"{word}s" for word in shared} | {word[:-1] for word in shared if word.endswith("s")}


def _claim(sentence: Sentence, refs: References, basis: Basis) -> str | None:
    for span in sentence.find("claims"):
        words = sentence.lower[span.start : span.end].split()
        known = (*sentence.names, *sentence.find("past"))
        if any(name.start < span.end and span.start < name.end for name in known):
            continue
        rated = any(one.value == "rate" for one in sentence.find("past")) and words == ["stars"]
        if not rated and not set(words) <= _own(refs, span, basis):
            return f"it says {' '.join(words)!r}, which no fact says"
    return None


def _currency(sentence: Sentence, basis: Basis) -> str | None:
    """Return a currency that the person did not name: prices of a catalogue have none."""
    named = {
        sign for word, sign in sentence.lexicon.currency.items() if re.search(rf"\b{word}\b", basis.said)
    }
    said = {one.value for one in sentence.find("currency")} | {one for one in "$€£" if one in sentence.text}
    wrong = said - named - {one for one in "$€£" if one in basis.said}
    return f"it names the currency {min(wrong)}, which no fact does" if wrong else None


def _name(sentence: Sentence, refs: References, basis: Basis, asked: set[str]) -> str | None:
    """Return a word with a capital in mid-sentence that is part of no fact."""
    names = [(one.start, one.end) for one in sentence.names]
    for match in sentence.words:
        written = sentence.text[match.start() : match.end()]
        if not written[0].isupper() or any(a <= match.start() < b for a, b in names):
            continue
        before = sentence.lower[: match.start()].split()[-1:]
        begins = bool(_BEGINS.search(sentence.lower[: match.start()]))
        english = bool(sentence.lexicon.plain)
        if begins and not (english and not _known(sentence, match[0], refs, basis, match)):
            continue
        if not sentence.lexicon.capitals and not _foreign(sentence, match, before):
            continue
        if match[0].split("'")[0] == "i" or match[0] in asked or _known_word(refs, basis, match):
            continue
        if begins and not _proper(sentence, match):
            continue
        return f"it names {written!r}, which no fact names"
    return None


def _proper(sentence: Sentence, match: re.Match[str]) -> bool:
    """Whether a word that begins a sentence is a name: another capital or a possessive follows."""
    behind = sentence.text[match.end() :]
    return match[0].endswith("'s") or bool(re.match(r" [A-Z][a-z]", behind))


def _foreign(sentence: Sentence, match: re.Match[str], before: list[str]) -> bool:
    """Whether a word with a capital is a name where nouns have one: behind "mit", or two in a row."""
    lexicon = sentence.lexicon
    nouns = {word for phrase in (*lexicon.event_nouns, *lexicon.years) for word in phrase.split()}
    if match[0] in nouns or sentence.lexicon.find(match[0], "stop"):
        return False
    return bool(set(before) & _WITH) or bool(re.match(r" [A-Z][a-zäöü]+", sentence.text[match.end() :]))


def _known_word(refs: References, basis: Basis, match: re.Match[str]) -> bool:
    return match[0] in _own(refs, Span("word", match.start(), match.end(), ""), basis)


def _known(sentence: Sentence, word: str, refs: References, basis: Basis, match: re.Match[str]) -> bool:
    return sentence.lexicon.says_nothing(word) or _known_word(refs, basis, match)


def _content(
    sentence: Sentence, refs: References, basis: Basis, *, strict: bool, also: frozenset[str]
) -> str | None:
    """Return a word said of items that is neither plain nor of their facts; English alone has plain words."""
    lexicon = sentence.lexicon
    speaks = any(one.items or one.kind != "it" for one in refs.found) or sentence.titles or sentence.names
    free = (
        sentence.find("offers")
        or sentence.find("conditions")
        or sentence.find("you")
        or _I & set(sentence.lower.split())
    )
    if not lexicon.plain or not (speaks or not free or strict):
        return None
    if _OFFERS.match(sentence.lower) and sentence.text.rstrip().endswith("?") and not sentence.titles:
        return None
    if (praise := _PRAISE.search(sentence.lower)) is not None:
        return f"it says that something is {praise[1]}, which no fact says"
    covered = [
        (one.start, one.end)
        for field in (
            "superlatives",
            "comparatives",
            "past",
            "lately",
            "numbers",
            "decades",
            "ordinals",
            "above",
            "below",
        )
        for one in sentence.find(field)
    ]
    covered += [(one.start, one.end) for one in (*sentence.names, *sentence.numbers, *sentence.quoted)]
    covered += [(one.start, one.end) for one in refs.found if one.kind == "word"]
    covered += [*own_phrases(sentence, basis.said), *_queried(sentence, refs, basis)]
    events = {word for title in basis.done for word in title.casefold().split() if len(word) > 3}
    offers = [one.start for one in (*sentence.find("offers"), *sentence.find("conditions"))]
    for match in sentence.words:
        word = match[0]
        if any(a <= match.start() < b for a, b in covered) or len(word) == 1:
            continue
        begin, end = sentence.clause(match.start())
        denied = any(begin <= one.start < match.start() for one in sentence.denials)
        if _known_word(refs, basis, match) and not lexicon.says_nothing(word) and denied:
            return f"it denies {word!r}"
        if lexicon.says_nothing(word) or _known_word(refs, basis, match) or word in events or word in also:
            continue
        if _partly_so(sentence, word, begin, match.start(), basis):
            continue
        if denied and word in _lacking(refs, match, basis) | basis.left_out:
            continue
        free_clause = _I & set(sentence.lower[begin:end].split()) or sentence.lower[begin:end].startswith(
            "say"
        )
        starts = [one.start for one in refs.found]
        starts += [one.start for one in (*sentence.titles, *sentence.names)]
        if free_clause and not strict and not any(begin <= at < end for at in starts):
            continue
        if any(begin <= at < match.start() for at in offers):
            continue  # what is offered or was asked for, not what an item is
        parts = word.split("-")
        if len(parts) > 1 and all(
            lexicon.says_nothing(one) or one in _own_words(refs, basis, match) for one in parts
        ):
            continue
        return f"it uses the word {word!r}, which no fact supports"
    return None


def _queried(sentence: Sentence, refs: References, basis: Basis) -> list[tuple[int, int]]:
    """Return where names of the query stand that are said of the list: "five by Kubrick"."""
    found: list[tuple[int, int]] = []
    for match in sentence.words:
        start, end = match.span()
        follows = bool(_BY.search(sentence.lower[:start])) or bool(found and found[-1][1] == start - 1)
        of_one = any(one.end <= start and one.kind != "they" for one in refs.found)
        if match[0] in basis.queried and sentence.text[start].isupper() and follows and not of_one:
            found.append((start, end))
    return found


def _partly_so(sentence: Sentence, word: str, begin: int, at: int, basis: Basis) -> bool:
    """Whether a word is said of as many items as have it: "two of them can be played co-op"."""
    parts = [one for one in sentence.numbers if begin <= one.start < at and sentence.is_part(one)]
    return bool(parts) and parts[-1].value == str(sum(word in one.words for one in basis.every))


def _lacking(refs: References, match: re.Match[str], basis: Basis) -> frozenset[str]:
    """Return names of attributes that the items a word is said of have not."""
    said = refs.of(Span("word", match.start(), match.end(), ""))
    items = said.items if said is not None and said.items else basis.every
    return frozenset.intersection(*(one.lacks for one in items)) if items else frozenset()


def _own_words(refs: References, basis: Basis, match: re.Match[str]) -> frozenset[str]:
    return _own(refs, Span("word", match.start(), match.end(), ""), basis)
