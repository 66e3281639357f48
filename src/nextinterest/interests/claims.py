"""Whether a sentence says what a claim says, and nothing else.

Three rules, none of which asks a model: the sentence has the claim's titles, names and numbers in the claim's
order, each number with the same word before it (``from``, ``to``) and the same unit; its other words are the
claim's own, or plain ones that say nothing by themselves, or synonyms of the claim's (``plain_words.yaml``);
it denies as often as the claim. A sentence that passes may still be clumsy; it cannot bring in a fact.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

__all__ = ["ClaimChecker", "PlainWords", "plain_words"]

_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
_WORD = re.compile(rf"[^\W\d_]+(?:['{_APOSTROPHE}][^\W\d_]+)?")
_NUMBER = r"[0-9]+(?:[.,][0-9]+)*(?: ?%)?"
_PUNCTUATION = frozenset(" .,;:()'\"“”-—=!&/" + _APOSTROPHE)


class PlainWords(BaseModel):
    """The vocabulary of sentences about a portrait, beside the words of the claims themselves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plain: tuple[str, ...]
    groups: dict[str, tuple[str, ...]]
    negations: tuple[str, ...]
    binders: tuple[str, ...]
    units: tuple[str, ...]


@cache
def plain_words() -> PlainWords:
    """Return the vocabulary that ships."""
    text = files("nextinterest.interests").joinpath("plain_words.yaml").read_text(encoding="utf-8")
    return PlainWords.model_validate(yaml.safe_load(text))


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence taken apart: facts in order, other words in lower case, characters that are neither."""

    facts: tuple[str, ...]
    words: tuple[str, ...]
    strange: str


class ClaimChecker:
    """Compares sentences with claims about one portrait.

    Parameters
    ----------
    names
        Names of all interests there are, so that one which the claim does not name is found out.
    titles
        Titles that claims may quote.

    Examples
    --------
    >>> checker = ClaimChecker(["Drama", "War"], [])
    >>> claim = "War is rising, from 10% to 30% of events."
    >>> checker.fault("The share of War in events is growing from 10% to 30%.", claim)
    >>> checker.fault("War is rising, from 10% to 40% of events.", claim)
    'it says War, from 10%, to 40%, where the claim says War, from 10%, to 30%'
    >>> checker.fault("War is rising, from 10% to 30%, as the user is bored.", claim)
    "it uses the word 'bored', which the claim does not support"
    """

    def __init__(self, names: Sequence[str], titles: Sequence[str]) -> None:
        self._words = plain_words()
        self._names = {form: name for name in names if name for form in _forms(name)}
        self._pattern = self._facts(titles)

    def _facts(self, titles: Sequence[str]) -> re.Pattern[str]:
        words = self._words
        binders, units = "|".join(words.binders), "|".join(words.units)
        quoted = _any([title for title in titles if title])
        return re.compile(
            rf"[“\"](?P<title>{quoted})[”\"]"
            rf"|(?<!\w)(?P<name>{_any(self._names)})(?!\w)"
            rf"|(?:(?<!\w)(?P<binder>{binders})[ =]+)?(?<![\w.,])(?P<number>-?{_NUMBER})"
            rf"(?!\w)(?: (?P<unit>{units})s?(?!\w))?",
            re.IGNORECASE,
        )

    def _read(self, sentence: str) -> _Said:
        text = re.sub(r" ?\bper ?cent\b", "%", sentence, flags=re.IGNORECASE)
        facts: list[str] = []

        def take(match: re.Match[str]) -> str:
            if match["title"] is not None:
                facts.append(f"“{match['title']}”")
            elif match["name"] is not None:
                facts.append(self._names.get(match["name"].casefold(), match["name"]))
            else:
                number = match["number"].replace(" ", "")
                facts.append(" ".join(filter(None, (match["binder"], number, match["unit"]))).lower())
            return " "

        rest = self._pattern.sub(take, text)
        words = tuple(word.casefold().replace(_APOSTROPHE, "'") for word in _WORD.findall(rest))
        strange = "".join(sorted(set(_WORD.sub("", rest)) - _PUNCTUATION))
        return _Said(tuple(facts), words, strange)

    def fault(self, sentence: str, claim: str) -> str | None:
        """Return what a sentence says beyond its claim or leaves out of it, or None."""
        said, meant = self._read(sentence), self._read(claim)
        if said.facts != meant.facts:
            has, should = (", ".join(facts) or "no name or number" for facts in (said.facts, meant.facts))
            return f"it says {has}, where the claim says {should}"
        if more := set(said.strange) - set(meant.strange):
            return f"it has the characters {''.join(sorted(more))!r}"
        allowed = set(meant.words) | set(self._words.plain)
        for name, group in self._words.groups.items():
            if not set(group).isdisjoint(meant.words):
                if set(group).isdisjoint(said.words):
                    return f"it leaves out what the claim says ({name})"
                allowed |= set(group)
        negations = set(self._words.negations)
        if _count(said.words, negations) != _count(meant.words, negations):
            return "it denies where the claim does not, or the other way round"
        for word in said.words:
            if word not in allowed and word not in negations:
                return f"it uses the word {word!r}, which the claim does not support"
        return None


def _count(words: Sequence[str], of: set[str]) -> int:
    return sum(word in of for word in words)


def _forms(name: str) -> set[str]:
    """Return a name as sentences have it: as it is, and its plurals."""
    plain = name.casefold()
    return {plain, f"{plain}s", f"{plain}es", *([f"{plain[:-1]}ies"] if plain.endswith("y") else [])}


def _any(texts: Sequence[str] | dict[str, str]) -> str:
    """Return a pattern for any of some texts, longest first; one that matches nothing for none."""
    return "|".join(re.escape(text) for text in sorted(texts, key=lambda t: (-len(t), t))) or r"(?!)"
