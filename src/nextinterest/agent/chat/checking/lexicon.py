"""How sentences say what facts can confirm or contradict: ``words_*.yaml``, one file a language.

Phrases are found in lower-case text between word boundaries, the longest first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict

__all__ = ["LANGUAGES", "Found", "Lexicon", "language_of", "lexicon"]

LANGUAGES = ("en", "de", "es", "fr")
"""Languages in which a model's sentences can be checked."""

_WORD = re.compile(r"[^\W\d_]+")
_LEAST_SHARE = 0.2  # of a message's words are among a language's commonest
_NO_ADVERBS = frozenset(
    {"family", "friendly", "scholarly", "elderly", "deadly", "ugly", "costly", "fly", "curly"}
)
_ENDINGS = ("", "s", "es", "d", "ed", "ing", "n't", "'s")


class Found(NamedTuple):
    """Where a phrase stands, and what it means."""

    start: int
    end: int
    key: str


class Lexicon(BaseModel):
    """The lists of one language; ``words_en.yaml`` shows what each is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    stop: frozenset[str]
    you: tuple[str, ...]
    past: dict[str, tuple[str, ...]]
    habits: tuple[str, ...]
    superlatives: dict[str, tuple[str, ...]]
    comparatives: dict[str, tuple[str, ...]]
    than: tuple[str, ...]
    above: tuple[str, ...]
    below: tuple[str, ...]
    above_behind: tuple[str, ...]
    below_behind: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    more: tuple[str, ...]
    less: tuple[str, ...]
    lately: tuple[str, ...]
    most: tuple[str, ...]
    negations: tuple[str, ...]
    all: tuple[str, ...]
    none: tuple[str, ...]
    only: tuple[str, ...]
    they: tuple[str, ...]
    it: tuple[str, ...]
    others: tuple[str, ...]
    number_nouns: tuple[str, ...]
    together: tuple[str, ...]
    reasons: tuple[str, ...]
    offers: tuple[str, ...]
    numbers: dict[str, int]
    ordinals: dict[str, int]
    decades: dict[str, str]
    event_nouns: tuple[str, ...]
    new_to_you: tuple[str, ...]
    currency: dict[str, str]
    liked_from: tuple[str, ...]
    claims: tuple[str, ...]
    conditions: tuple[str, ...]
    years: tuple[str, ...]
    parts: tuple[str, ...]
    prices: tuple[str, ...]
    without_pronoun: bool
    inclusive: tuple[str, ...]
    verbs: tuple[str, ...]
    genres: dict[str, tuple[str, ...]] = {}
    plain: frozenset[str] = frozenset()
    capitals: bool = True

    @cached_property
    def _patterns(self) -> dict[str, tuple[re.Pattern[str], dict[str, str]]]:
        return {}

    def find(self, text: str, field: str) -> list[Found]:
        """Return where phrases of a list stand in a text in lower case; of a table, each with its key."""
        if field not in self._patterns:
            lists = getattr(self, field)
            keys = _by_phrase(lists)
            self._patterns[field] = (phrases(keys), keys)
        pattern, keys = self._patterns[field]
        return [Found(match.start(), match.end(), keys[match[0]]) for match in pattern.finditer(text)]

    def says_nothing(self, word: str) -> bool:
        """Whether a word, in any of its usual forms, is a plain one."""
        return word in self._forms or (word.endswith("ly") and word not in _NO_ADVERBS)

    @cached_property
    def _forms(self) -> frozenset[str]:
        words = {word for phrase in self.plain for word in ([phrase] if " " not in phrase else ())}
        known = set(words)
        for word in words:
            known |= {word + ending for ending in _ENDINGS}
            if word.endswith("e"):
                known |= {f"{word[:-1]}ing"}
            if word.endswith("y"):
                known |= {f"{word[:-1]}ies", f"{word[:-1]}ied"}
            if len(word) > 2:
                known |= {f"{word}{word[-1]}ed", f"{word}{word[-1]}ing"}
        return frozenset(known)


def _by_phrase(lists: Mapping[str, object] | Iterable[str]) -> dict[str, str]:
    if not isinstance(lists, Mapping):
        return {phrase: phrase for phrase in lists}
    keys: dict[str, str] = {}
    for key, value in lists.items():
        if isinstance(value, tuple):
            keys |= dict.fromkeys(value, key)
        else:
            keys[key] = str(value)
    return keys


def phrases(texts: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern for any of some phrases between word boundaries, the longest first."""
    parts = [
        re.escape(text) + ("" if text.endswith("'") else r"(?!\w)")
        for text in sorted(set(texts), key=lambda one: (-len(one), one))
        if text
    ]
    return re.compile(rf"(?<![\w])(?:{'|'.join(parts)})" if parts else r"(?!)")


@cache
def lexicon(language: str) -> Lexicon:
    """Return the lists of a language, one of `LANGUAGES`."""
    text = files("nextinterest.agent.chat.checking").joinpath(f"words_{language}.yaml").read_text("utf-8")
    return Lexicon.model_validate(yaml.load(text, Loader=yaml.BaseLoader))  # noqa: S506 - text only


def language_of(texts: Iterable[str]) -> str | None:
    """Return the language of what a person wrote: that of the first text, the newest one, that shows one.

    English where none does; None for a language that is none of `LANGUAGES`.

    Examples
    --------
    >>> language_of(["Ich suche etwas Lustiges"]), language_of(["ok", "quiero algo divertido"])
    ('de', 'es')
    >>> language_of(["Heat?"]), language_of(["что-нибудь смешное, пожалуйста"])
    ('en', None)
    """
    for text in texts:
        words = [word.lower() for word in _WORD.findall(text)]
        if not words:
            continue
        foreign = sum(any(ord(letter) > 0x24F for letter in word) for word in words)
        if 2 * foreign > len(words):
            return None
        counts = {one: sum(word in lexicon(one).stop for word in words) for one in LANGUAGES}
        best = max(LANGUAGES, key=lambda one: counts[one])
        if counts[best] >= 2 or (counts[best] and counts[best] >= _LEAST_SHARE * len(words)):
            return best
        other = sum(word in _OTHERS for word in words)
        if other >= 2 or (other and len(words) <= 4):
            return None
    return "en"


_OTHERS = frozenset(
    [
        "di",
        "che",
        "il",
        "lo",
        "gli",
        "una",
        "per",
        "con",
        "qualcosa",
        "vorrei",
        "cerco",
        "film",
        "che",
        "mi",
        "ho",
        "grazie",
        "ciao",
        "voglio",
        "um",
        "uma",
        "não",
        "eu",
        "quero",
        "filme",
        "filmes",
        "obrigado",
        "algo",
        "mais",
        "het",
        "een",
        "ik",
        "wil",
        "graag",
        "iets",
        "niet",
        "voor",
        "van",
        "jag",
        "vill",
        "något",
        "och",
        "en",
        "som",
        "jeg",
        "noe",
        "chcę",
        "coś",
        "proszę",
        "film",
        "bir",
        "istiyorum",
    ]
)
