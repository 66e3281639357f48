"""What messages ask for that a catalogue has no field for: cast, running times, countries, moods.

Where items have descriptions, words about what they are like are left to the search by words instead.
"""

from __future__ import annotations

from collections.abc import Collection, Container
from functools import cache, cached_property
from importlib.resources import files
from typing import TypedDict

import yaml

from nextinterest.agent.chat.reading.tokens import Text, single_words, tokenise, word_list
from nextinterest.titles.words import common_words

__all__ = ["Lacking"]

_PEOPLE = "cast or crew"
_Phrases = frozenset[tuple[str, ...]]
_LONGEST_NAME = 4


class _Kind(TypedDict, total=False):
    lacks: str
    held: list[str]
    words: list[str]
    cues: list[str]
    asked: str
    searched: str


@cache
def _kinds() -> tuple[_Kind, ...]:
    source = files("nextinterest.agent.chat.reading").joinpath("lacking.yaml").read_text("utf-8")
    return tuple(yaml.load(source, Loader=yaml.BaseLoader))  # noqa: S506 - plain strings only


class Lacking:
    """What one catalogue lacks.

    Parameters
    ----------
    names
        The words of the names of its attributes.
    described
        Whether its items have descriptions.
    goods
        Whether they are goods, with prices or attributes.
    """

    def __init__(self, names: Collection[tuple[str, ...]], *, described: bool, goods: bool) -> None:
        self._held = {word for words in names for word in words}
        self._described, self._goods = described, goods

    @cached_property
    def _lacked(self) -> list[tuple[_Kind, _Phrases, _Phrases]]:
        """What is lacking, the words that ask for it, and the cues behind which a name of it stands."""
        asked = {"always"} | ({"goods"} if self._goods else set()) | (set() if self._described else {"plain"})
        return [
            (kind, _phrases(kind.get("words", [])), _phrases(kind.get("cues", [])))
            for kind in _kinds()
            if self._held.isdisjoint(kind["held"]) and kind.get("asked", "plain") in asked
        ]

    def read(self, text: Text, taken: Container[int]) -> tuple[list[tuple[str, str]], set[int]]:
        """Return what a message asks for in vain: what is lacking and the words; and positions left out.

        Examples
        --------
        >>> films = Lacking([], described=False, goods=False)
        >>> films.read(tokenise("anything with bill murray, on netflix?"), ())[0]
        [('cast or crew', 'with bill murray'), ('streaming services', 'on netflix')]
        """
        found: list[tuple[str, str]] = []
        read: set[int] = set()
        kept: set[int] = set()
        for at in range(len(text)):
            if at in read or at in taken:
                continue
            for kind, words, cues in self._lacked:
                end = at + text.phrase_at(at, words)
                if length := text.phrase_at(at, cues):
                    end = max(end, self._name_end(text, at + length, taken))
                elif kind["lacks"] == _PEOPLE and text.words[at] in {"with", "by"}:
                    end = max(end, self._person_end(text, at, taken))
                if end > at and not any(p in taken or p in read for p in range(at, end)):
                    found.append((kind["lacks"], text.span(at, end)))
                    read.update(range(at, end))
                    kept.update(range(at, end) if "searched" in kind else ())
                    break
        return found, read - kept

    def _name_end(self, text: Text, start: int, taken: Container[int]) -> int:
        """Return where a name behind a cue ends; 0 where none follows."""
        end = start
        while end < min(len(text), start + _LONGEST_NAME) and end not in taken:
            if end > start and (text.breaks(end - 1, end) or text.tokens[end].after_comma):
                break
            if text.words[end] in single_words("plain") or text.phrase_at(end, word_list("title_ends")):
                break
            end += 1
        return end if end > start else 0

    def _person_end(self, text: Text, at: int, taken: Container[int]) -> int:
        """Return where the name of a person behind "with" or "by" ends: two words, capitals or rare ones."""
        end = self._name_end(text, at + 1, taken)
        tokens = text.tokens[at + 1 : end]
        if len(tokens) != 2:
            return 0
        capital = not text.shouted and all(token.capital for token in tokens)
        first = tokens[0].word in single_words("first_names")
        rare = not any(token.word in common_words() for token in tokens) and tokens[1].word[-1] != "s"
        return end if capital or first or rare else 0


def _phrases(lines: Collection[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(tokenise(line).words for line in lines)
