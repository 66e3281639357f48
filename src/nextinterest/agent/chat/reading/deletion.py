"""Whether a message asks for a whole profile to be deleted, and whether a reply to that question agrees.

A deletion is recognised only where the whole message is one, word for word: a verb, an object that is the
whole profile, politeness, and nothing left over. One word that the grammar does not have, be it a "not", a
topic or a request for a film, makes it something else; so does a quotation.

Pure functions on text; the words are in ``deletion.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from rapidfuzz.distance import OSA

from nextinterest.agent.chat.reading.tokens import tokenise
from nextinterest.titles.words import common_words

__all__ = [
    "agreement",
    "asks_to_delete_profile",
    "asks_to_forget_items",
    "contains",
    "listed",
    "matched",
    "retyped",
    "says",
    "speaks_of_deleting",
]

_LONGEST, _LONGEST_REPLY, _LONGEST_SEARCHED = 30, 12, 100  # words; a bound on the work of a match too
_LONGEST_PHRASE = 12
_QUOTES = re.compile('["\u201c\u201d\u201e\u00ab\u00bb]')
_LEAST_MISTYPED = 4  # letters: shorter words have too many neighbours
_SYMBOL = re.compile(r"<(\w+)>|([a-z]+)|(\()|(_)| +")  # of a rule; ), |, ?, * and + stay as they are


def asks_to_delete_profile(message: str, *, named: bool = False) -> bool:
    """Whether a message asks to delete everything stored about whoever wrote it, and asks for nothing else.

    Parameters
    ----------
    message
        The message.
    named
        Whether it has to name the profile, because "everything" alone may be a title or the list shown.

    Examples
    --------
    >>> asks_to_delete_profile("Please delete everything you know about me!")
    True
    >>> asks_to_delete_profile("forget everything I said about horror")
    False
    >>> asks_to_delete_profile("delete everything I said today"), asks_to_delete_profile("delete it all")
    (False, False)
    """
    said = _words(message, _LONGEST)
    if said is None:
        return False
    said = " ".join(map(retyped, said.split())) + " "
    if _has("limited", said):
        return False  # "everything I said just now"
    return _is("named_request", said) or (not named and _is("bare_request", said))


def speaks_of_deleting(message: str) -> bool:
    """Whether a message may ask to delete the profile, or what was shown, in words that are not sure.

    It is answered by how to ask. One that `asks_to_delete_profile` may be among them.

    Examples
    --------
    >>> speaks_of_deleting("I don't want you to keep data about me"), speaks_of_deleting("clear it all")
    (True, True)
    >>> speaks_of_deleting("don't delete my profile"), speaks_of_deleting("remove Heat from my profile")
    (False, False)
    """
    said = _words(message, _LONGEST_SEARCHED)
    if said is None:
        return False
    said = " ".join(map(retyped, said.split())) + " "
    if len(said.split()) <= _LONGEST and _is("pointing", said):
        return True
    return _has("speaks", said) and not _has("spared", said)


def asks_to_forget_items(message: str) -> bool:
    """Whether a message asks to take back all items that were mentioned, and asks for nothing else.

    Examples
    --------
    >>> asks_to_forget_items("forget all the films I mentioned"), asks_to_forget_items("forget films")
    (True, False)
    """
    return says("all_items", message)


def says(rule: str, message: str) -> bool:
    """Whether a rule of ``deletion.yaml`` describes a whole message.

    Examples
    --------
    >>> says("denied", "actually I didn't see it"), says("denied", "I didn't see it coming")
    (True, False)
    >>> says("seen_ones", "hide the ones I've already seen"), says("seen_ones", "hide Heat")
    (True, False)
    """
    said = _words(message, _LONGEST)
    return said is not None and _is(rule, " ".join(map(retyped, said.split())) + " ")


def agreement(message: str) -> Literal["yes", "no"] | None:
    """Return whether a reply to "delete it?" means only yes, or only no; None for all else.

    Examples
    --------
    >>> agreement("yes, delete it"), agreement("no, don't"), agreement("yes but keep my films")
    ('yes', 'no', None)
    """
    said = None if "?" in message else _words(message, _LONGEST_REPLY)
    if said is None:
        return None
    return "yes" if _is("yes", said) else "no" if _is("no", said) else None


def matched(rule: str, words: Sequence[str]) -> int:
    """Return how many of the first words a rule of ``deletion.yaml`` describes; 0 where it does not.

    Examples
    --------
    >>> matched("from_store", ("from", "what", "you", "know", "about", "me", "please"))
    6
    """
    found = _compiled(rule).match(" ".join(words[:_LONGEST_PHRASE]) + " ")
    return 0 if found is None else found.group().count(" ")


def contains(rule: str, words: Sequence[str]) -> bool:
    """Whether a rule of ``deletion.yaml`` describes some of the words.

    Examples
    --------
    >>> contains("held", ("my", "horror", "history")), contains("held", ("my", "horror", "of", "spiders"))
    (True, False)
    """
    return _has(rule, " ".join(words[:_LONGEST_SEARCHED]) + " ")


def _words(message: str, most: int) -> str | None:
    """Return the words of a message, a space behind each; None where it quotes, says nothing, or goes on."""
    words = () if _QUOTES.search(message) else tokenise(message).words
    return " ".join(words) + " " if 0 < len(words) <= most else None


def _is(rule: str, said: str) -> bool:
    return _compiled(rule).fullmatch(said) is not None


def _has(rule: str, said: str) -> bool:
    return _compiled(rule, r"\b").search(said) is not None


@cache
def _compiled(rule: str, start: str = "") -> re.Pattern[str]:
    return re.compile(f"{start}(?:{_grammar()[rule]})")


def retyped(word: str) -> str:
    """Return the word of the grammar that a word mistypes by one letter, or else the word."""
    if len(word) < _LEAST_MISTYPED or word in _vocabulary() or word in common_words():
        return word
    for meant in _lists()["mistyped"]:
        # "deletes" and "eraser" are other words, not slips.
        if OSA.distance(word, meant, score_cutoff=1) == 1 and not word.startswith(meant):
            return meant
    return word


@cache
def listed(*names: str) -> frozenset[tuple[str, ...]]:
    """Return the phrases of lists of ``deletion.yaml``, each a tuple of words."""
    return frozenset(tokenise(phrase).words for name in names for phrase in _lists()[name])


@cache
def _file() -> dict[str, list[str] | dict[str, str]]:
    source = files("nextinterest.agent.chat.reading").joinpath("deletion.yaml").read_text("utf-8")
    # Plain strings only: YAML would read "no" and "on" as truth values otherwise.
    loaded: dict[str, list[str] | dict[str, str]] = yaml.load(source, Loader=yaml.BaseLoader)  # noqa: S506
    return loaded


@cache
def _lists() -> dict[str, list[str]]:
    return {name: list(phrases) for name, phrases in _file().items() if isinstance(phrases, list)}


@cache
def _vocabulary() -> frozenset[str]:
    rules = " ".join(rule for rules in _file().values() if isinstance(rules, dict) for rule in rules.values())
    phrases = " ".join(
        phrase for name, phrases in _lists().items() if name != "mistyped" for phrase in phrases
    )
    return frozenset(tokenise(f"{rules} {phrases}").words)


@cache
def _grammar() -> dict[str, str]:
    """Return each rule as a regular expression over words with a space behind each."""
    made = {
        name: "|".join(" ".join(tokenise(phrase).words) + " " for phrase in phrases)
        for name, phrases in _lists().items()
    }
    rules = _file()["rules"]
    for name, rule in rules.items() if isinstance(rules, dict) else ():
        made[name] = _SYMBOL.sub(lambda found: _translated(found, made), rule)
    return made


def _translated(found: re.Match[str], made: dict[str, str]) -> str:
    name, word, bracket, any_word = found.groups()
    if name:
        return f"(?:{made[name]})"
    if any_word:
        return r"(?:\w+ )"
    return f"(?:{word} )" if word else "(?:" if bracket else ""
