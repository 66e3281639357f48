"""Whether a message asks for what a catalogue has, and in which words that no other field holds.

A message is about the catalogue by what it has of it: titles, categories, kinds of things, words of
recommending and watching, references to what was shown. A question that has nothing of that is another
matter, whatever it is about.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import TYPE_CHECKING

from nextinterest.agent.chat.reading.categories import is_negated
from nextinterest.agent.chat.reading.goods import opening
from nextinterest.agent.chat.reading.tokens import Text, Token, phrases_of, single_words, word_list
from nextinterest.titles.words import NUMBER_WORDS, common_words

if TYPE_CHECKING:
    from nextinterest.agent.chat.reading.turn import Turn

__all__ = [
    "counts",
    "free_text",
    "in_scope",
    "is_contraction",
    "is_question",
    "names_anew",
    "opens_indefinite",
    "unwanted_text",
]

_LONGEST_QUERY = 200
_SHORT = 3  # words
_LONGEST_IDIOM = 8  # words


def in_scope(turn: Turn, *, refining: bool) -> bool:
    """Whether a message has something of what the agent does.

    Parameters
    ----------
    turn
        The message taken apart.
    refining
        Whether a list was asked for before, so that a few words may change it.
    """
    if turn.named or turn.goods or turn.has("asks_items", "asks_item"):
        return True
    if not is_question(turn.text):
        wanted = turn.categories.include or turn.categories.exclude or turn.has("item_nouns")
        return refining or bool(wanted) or turn.conditions or turn.has("wants_open", "any_year")
    inner = not single_words("asks_facts").isdisjoint(turn.text.words[: opening(turn.text) + 5])
    if refining and not inner and (turn.conditions or turn.has("more_of_same", "wants_open")):
        return True
    wanted = turn.categories.include or turn.categories.exclude or turn.has("item_nouns", "wants_open")
    held = turn.attributes.wanted or turn.attributes.unwanted or turn.dates.first
    return bool(wanted or held) and _offers(turn.text)


def is_question(text: Text) -> bool:
    """Whether a message asks a question, by its first word."""
    first = opening(text)
    return first < len(text) and text.words[first] in single_words("question_words")


def opens_indefinite(text: Text) -> bool:
    """Whether a message is the name of a thing rather than a sentence: "a gift for my mother"."""
    first = opening(text)
    return first < len(text) and text.words[first] in {"a", "an", "some", "any"}


def _offers(text: Text) -> bool:
    """Whether a question asks what there is: "do you have any comedies", "which films should I watch"."""
    first = opening(text)
    if text.phrase_at(first, word_list("asks_for")):
        return True
    return text.words[first] in {"what", "which", "whats"} and text.has(word_list("asks_choice"))


def free_text(turn: Turn) -> str | None:
    """Return the words of a request for a list that no other field holds; None for none.

    They are those that are neither titles, categories, years, numbers and prices nor words that ask, with the
    function words between them: "something dark and slow about grief" gives "dark and slow about grief".
    What is not wanted is none of them, since texts like it would come first.
    """
    wanted = [run for run in _free(turn) if not is_negated(turn.text, run[0])]
    said = ", ".join(_as_said(turn.text, start, end) for start, end in wanted)
    return said[:_LONGEST_QUERY] or None


def unwanted_text(turn: Turn) -> tuple[tuple[int, int], ...]:
    """Return where the words of a request stand that say what is not wanted and that no field holds."""
    return tuple(run for run in _free(turn) if is_negated(turn.text, run[0]))


def _free(turn: Turn) -> list[tuple[int, int]]:
    """Return the runs of words of a request that no field holds."""
    text = turn.text
    held = turn.taken | turn.title_positions | _asking(text) | _idioms(text)
    runs: list[tuple[int, int]] = []
    for position, word in enumerate(text.words):
        empty = word in single_words("plain") or word in single_words("says_nothing")
        empty = empty or is_contraction(text.tokens[position])
        if position in held or empty or word.isdigit() or word in NUMBER_WORDS:
            continue
        if (
            runs
            and not text.breaks(runs[-1][0], position)
            and _only_function(text, runs[-1][1], position, held)
        ):
            runs[-1] = (runs[-1][0], position + 1)
        else:
            runs.append((position, position + 1))
    asked = [run for run in runs if _is_refused(text, run[0]) or _is_of_request(turn, run)]
    # What is said beside a request that says nothing else is what it is about: "I feel sad, cheer me up".
    return runs if not asked and not turn.conditions and not turn.named else asked


def counts(turn: Turn) -> bool:
    """Whether a message asks how many items meet conditions: "how many war films do you have?"."""
    text, first = turn.text, opening(turn.text)
    if text.words[first : first + 2] != ("how", "many") or turn.named or not turn.conditions or turn.lacking:
        return False
    held = [span for span in text.spans(phrases_of("asking.yaml", "is_held")) if span[0] > first + 1]
    asked = {p for span in held for p in range(*span)}
    return bool(held) and not turn.count and all(asked.issuperset(range(*run)) for run in _free(turn))


def is_contraction(token: Token) -> bool:
    """Whether a word is a pronoun and a verb in one, with or without its apostrophe: "that'll", "theyve"."""
    word, contracted = token.word, {phrase[0] for phrase in phrases_of("asking.yaml", "contracted")}
    for ending in ("dve", "llve", "ll", "ve", "re", "d", "m"):
        if word.endswith(ending) and word.removesuffix(ending) in contracted:
            written = "'" in token.raw or "\u2019" in token.raw
            return written or word not in common_words()
    return (
        word.endswith("s")
        and "s" in re.split("['\u2019]", token.raw.casefold())[1:]
        and (word[:-1] in contracted)
    )


def _idioms(text: Text) -> set[int]:
    """Return the positions of "done all of those to death": it names nothing."""
    found = set[int]()
    for end in range(2, len(text)):
        if text.words[end - 1 : end + 1] != ("to", "death"):
            continue
        first = end - 1
        while first > max(0, end - _LONGEST_IDIOM) and not text.tokens[first].after_stop:
            first -= 1
            if (text.words[first],) in phrases_of("asking.yaml", "to_death"):
                found |= {first, end - 1, end}
                break
    return found


def names_anew(turn: Turn) -> bool:
    """Whether a message opens with what is wanted, and so starts another search: "10 songs for a party".

    A category alone does not: it may narrow the list that there is.
    """
    text = turn.text
    first = at = opening(text)
    while at < len(text) and (length := text.phrase_at(at, word_list("wants", "asks_for"))):
        at += length
    asks = at > first
    beside = single_words("beside_noun") | set(NUMBER_WORDS)
    while at < len(text) and (text.words[at] in beside or text.words[at].isdigit()):
        at += 1
    noun = at in turn.categories.taken or text.words[at : at + 1] in word_list("item_nouns", "counted")
    whole = turn.years.range is not None or turn.count is not None or asks or len(text) > _SHORT
    return noun and whole and not (turn.reference.items or turn.has("replacing", "adding"))


def _asking(text: Text) -> set[int]:
    """Return the positions of the words that ask, greet or compare."""
    asking = word_list(
        "strong_requests", "asks_items", "asks_for", "wants", "greetings", "thanks", "farewells", "similar",
        "similar_behind", "less_like", "more_of_same", "adding", "replacing", "reset",
        "any_year", "allowing", "fewer_items", "double_items", "half_items", "rejects", "affirmations",
        "seen", "couples", "negators", "if_liked",
    )  # fmt: skip
    return {p for start, end in text.spans(asking) for p in range(start, end)}


def _only_function(text: Text, start: int, end: int, held: Container[int]) -> bool:
    words = text.words
    return all(
        p not in held and (words[p] in single_words("plain") or words[p].isdigit()) for p in range(start, end)
    )


def _as_said(text: Text, start: int, end: int) -> str:
    """Return words as they were written, with "about" or "for" before them."""
    leads = start and text.words[start - 1] in single_words("leads_query")
    return text.span(start - (leads and not text.breaks(start - 1, start)), end)


def _is_refused(text: Text, start: int) -> bool:
    """Whether a clause only says what is not wanted: "nothing with clowns", not "my car isn't running"."""
    first = start
    while first and not (text.tokens[first].after_stop or text.tokens[first].after_comma):
        first -= 1
    before = set(text.words[first:start])
    said = {word for phrase in word_list("negators") for word in phrase} | single_words("refuses")
    if not is_negated(text, start) or not before <= said | single_words("plain") - single_words(
        "not_refuses"
    ):
        return False
    return before.isdisjoint({"i", "we", "im", "were"}) or not before.isdisjoint(single_words("desires"))


def _is_of_request(turn: Turn, run: tuple[int, int]) -> bool:
    """Whether words stand where something is asked for; what is said beside is no part of it.

    In a sentence that asks they stand behind the words that ask: "my train is late, I need something calm".
    """
    text, (start, _) = turn.text, run
    first = last = start
    while first and not text.tokens[first].after_stop:
        first -= 1
    while last < len(text) and (last == first or not text.tokens[last].after_stop):
        last += 1
    asks = text.spans(
        word_list("asks_items", "asks_for", "wants", "wants_open", "strong_requests", "similar", "less_like")
    )
    inside = [at for at, _ in asks if first <= at < last]
    inside += [first - 1] if opens_indefinite(text) and first <= opening(text) < last else []
    if inside:
        return min(inside) < start
    if turn.title_positions & set(range(first, last)):
        return False
    return single_words("tells_of").isdisjoint(text.words[first:last])
