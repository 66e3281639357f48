"""Where in a message a title may be: after "saw", "like", "do you have", or before "was great".

Knows words, not titles.
"""

from __future__ import annotations

from nextinterest.agent.chat.reading.tokens import Text, phrases_of, word_list
from nextinterest.titles import compared

__all__ = [
    "compared_slots",
    "in_digits",
    "next_in_list",
    "opens_clause",
    "said_of",
    "skip_fillers",
    "slot_end",
    "title_slots",
    "words_in_slot",
    "year_behind",
]

LONGEST_SLOT = 9


def title_slots(text: Text, cues: str) -> frozenset[int]:
    """Return the positions where a title is expected: behind "saw" or "like", "the film" skipped."""
    found: set[int] = set()
    for _, end in _all_spans(text, word_list(cues)):
        found |= {
            at for at in (end, skip_fillers(text, end)) if at < len(text) and not text.breaks(end - 1, at)
        }
    return frozenset(found)


def compared_slots(text: Text) -> frozenset[int]:
    """Return the positions where a title that is compared may start: "is Heat better than Casino?"."""
    compares = phrases_of("asking.yaml", "compares")
    spans = text.spans(compares)
    if not spans:
        return frozenset()
    found = {at for _, end in spans for at in (end, skip_fillers(text, end))}
    first = 1 if text.words[0] in {"is", "was", "are", "were"} else 0
    found |= {skip_fillers(text, first)} if spans[0][0] > first else set()
    found |= {p for p, token in enumerate(text.tokens) if p and token.after_comma and p > spans[0][1]}
    return frozenset(at for at in found if at < len(text))


def _all_spans(text: Text, phrases: frozenset[tuple[str, ...]]) -> list[tuple[int, int]]:
    lengths = ((position, text.phrase_at(position, phrases)) for position in range(len(text)))
    return [(position, position + length) for position, length in lengths if length]


def words_in_slot(text: Text, cues: frozenset[tuple[str, ...]]) -> str | None:
    """Return the text after one of the cues, where a title is expected, as it was written; None for none.

    For titles that the catalogue does not have.
    """
    for _, end in text.spans(cues):
        start = skip_fillers(text, end)
        stop = slot_end(text, start)
        stop = next((at for at in range(start + 1, stop) if _goes_on(text, at)), stop)
        if start < stop:
            return text.span(start, stop)
    return None


def skip_fillers(text: Text, position: int) -> int:
    """Return the position after words like "the film" in front of a title."""
    while (
        position < len(text)
        and text.phrase_at(position, word_list("fillers"))
        and not text.tokens[position].quoted
    ):
        position += text.phrase_at(position, word_list("fillers"))
    return position


def slot_end(text: Text, start: int) -> int:
    """Return the latest end (exclusive) of a title that starts at a position."""
    if start < len(text) and opens_clause(text, start):
        said = said_of(text, start)
        if said is not None:
            return said
    end = start
    while end < len(text) and end - start < LONGEST_SLOT:
        if end > start:
            token = text.tokens[end]
            if token.after_stop and not (token.before.strip() in {":", ".", "-"} and token.capital):
                break
            if token.after_comma or text.phrase_at(end, word_list("title_ends")):
                break
        elif text.phrase_at(end, word_list("title_ends")):
            break
        end += 1
    return end


def next_in_list(text: Text, end: int) -> int | None:
    """Return where the next title of a list may start: after a comma or "and"; None where none may."""
    if end >= len(text):
        return None
    token = text.tokens[end]
    if token.word in {"and", "or", "und", "et", "nor"}:
        return end + 1 if end + 1 < len(text) else None
    return end if "," in token.before and not token.after_stop else None


def opens_clause(text: Text, position: int) -> bool:
    """Whether a clause starts at a position."""
    token = text.tokens[position]
    return (
        position == 0 or token.after_stop or token.after_comma or text.words[position - 1] in {"and", "but"}
    )


def said_of(text: Text, position: int) -> int | None:
    """Return where the statement about the subject of a clause starts: at "was" in "The Fugtive was"."""
    for at in range(position + 1, min(len(text), position + LONGEST_SLOT)):
        token = text.tokens[at]
        if token.after_comma or (token.after_stop and token.before.strip() != ":"):
            return None
        if text.phrase_at(at, word_list("says_of")):
            return at
    return None


def _goes_on(text: Text, at: int) -> bool:
    """Whether "and" at a position joins a clause, as in "watched Tenet and loved it"."""
    if text.words[at] != "and" or at + 1 >= len(text):
        return False
    return (
        text.words[at + 1] in {"i", "it", "my"} or text.phrase_at(at + 1, word_list("liked", "disliked")) > 0
    )


def in_digits(words: tuple[str, ...]) -> list[str]:
    """Return words with numbers in digits: "twelve" as "12"."""
    return [(compared((word,)) or ("",))[0] for word in words]


def year_behind(text: Text, position: int) -> int | None:
    """Return the year at a position; None for none."""
    if position < len(text) and text.words[position].isdigit() and len(text.words[position]) == 4:
        return int(text.words[position])
    return None
