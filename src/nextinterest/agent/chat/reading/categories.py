"""Categories in words: "funny" is Comedy where there is one; "no horror, war or drama" excludes three.

The lexicon is built from the catalogue's own category names and widened by ``categories.yaml``; a word that
means a category that the catalogue does not have is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TypedDict

import yaml
from rapidfuzz import process
from rapidfuzz.distance import OSA

from nextinterest.agent.chat.reading.tokens import Text, tokenise, word_list
from nextinterest.titles.words import common_words, everyday_words

__all__ = [
    "CategoryLexicon",
    "CategoryMention",
    "CategoryRequest",
    "is_negated",
    "numbers_of",
    "read_categories",
]

_PART = re.compile(r"\s*(?:[/|,&>]|\band\b)\s*")
_FARTHEST_NEGATION = 60  # words; longer sentences are rare, and the work of reading stays bounded
_LONGEST_PHRASE = 5
# What may stand between "less" and what is less wanted.
_BETWEEN = frozenset(
    {"of", "the", "that", "this", "like", "so", "such", "any", "sort", "kind", "type", "stuff"}
)


class _Group(TypedDict, total=False):
    names: list[str]
    words: list[str]
    of: list[str]


@cache
def _groups() -> tuple[_Group, ...]:
    source = files("nextinterest.agent.chat.reading").joinpath("categories.yaml").read_text("utf-8")
    return tuple(yaml.load(source, Loader=yaml.BaseLoader))  # noqa: S506


@dataclass(frozen=True, slots=True)
class CategoryMention:
    """Words start..end - 1 mean these categories."""

    start: int
    end: int
    names: tuple[str, ...]


@dataclass(slots=True)
class CategoryRequest:
    """The categories that a message asks for and excludes.

    Attributes
    ----------
    include, exclude
        Categories wanted and unwanted, in order of mention.
    joint
        Categories of which no item may have all: "no romcoms" rules out neither romances nor comedies.
    allowed
        Categories that need no longer be excluded.
    either
        Whether any one of the wanted categories is enough.
    taken
        Positions of the words read.
    """

    include: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    joint: list[tuple[str, ...]] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    either: bool = False
    taken: set[int] = field(default_factory=set)


class CategoryLexicon:
    """What people call the categories of one catalogue.

    Parameters
    ----------
    names
        The catalogue's category names.

    Examples
    --------
    >>> lexicon = CategoryLexicon(["Sci-Fi", "Comedy", "Running Shoes"])
    >>> [m.names for m in lexicon.mentions(tokenise("funny scifi, or commedy in running shoes"))]
    [('Comedy',), ('Sci-Fi',), ('Comedy',), ('Running Shoes',)]
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        self._phrases: dict[tuple[str, ...], tuple[str, ...]] = {}
        called: dict[str, list[str]] = {}
        for name in self.names:
            for form in {" ".join(tokenise(part).words) for part in (name, *_PART.split(name.casefold()))}:
                if form:
                    called.setdefault(form, []).append(name)
        self._joint: set[tuple[str, ...]] = set()
        self._parents: set[tuple[str, ...]] = set()
        for form in {name.rsplit(">", 1)[0].strip() for name in self.names if ">" in name} - {""}:
            below = tuple(name for name in self.names if f"{name} >".startswith(f"{form} >"))
            self._parents.add(below)
            if words := tokenise(form).words:
                self._add(numbers_of(words), below)
        for group in _groups():
            if "of" in group:
                parts = [self._phrases.get(tokenise(one).words) for one in group["of"]]
                if all(parts):
                    joined = tuple(name for part in parts if part for name in part)
                    self._add(group["words"], joined)
                    self._joint.add(joined)
                continue
            meant = tuple(dict.fromkeys(name for form in group["names"] for name in called.get(form, ())))
            if meant:
                self._add([*group["names"], *group["words"]], meant)
        heads: dict[str, list[str]] = {}
        for name in self.names:
            words = tokenise(name).words
            if words:
                self._add(numbers_of(words), (name,), over=not self._phrases.get(words, ("",))[1:])
                if len(words) > 1:
                    heads.setdefault(words[-1], []).append(name)
        for head, owners in heads.items():  # "shoes" where only Running Shoes end so
            if len(owners) == 1:
                self._add(numbers_of((head,)), tuple(owners))
        last = ((tokenise(name.rsplit(">")[-1]).words, name) for name in self.names)
        self._firsts = [(words[0], (name,)) for words, name in last if words]
        self._single = sorted(
            {phrase[0] for phrase in self._phrases if len(phrase) == 1 and len(phrase[0]) > 4}
        )

    def _add(self, forms: Iterable[str], names: tuple[str, ...], *, over: bool = False) -> None:
        for form in forms:
            words = tokenise(form).words
            if words and (over or words not in self._phrases):
                self._phrases[words] = names

    def is_parent(self, names: tuple[str, ...]) -> bool:
        """Whether names are those of all categories below one: "Sport > Football" and "Sport > Tennis"."""
        return names in self._parents

    def is_joint(self, names: tuple[str, ...]) -> bool:
        """Whether names are of one kind of thing that has all of them: a romcom."""
        return names in self._joint

    def means(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """Return the categories that exactly these words mean."""
        return self._phrases.get(words, ())

    def mentions(self, text: Text, taken: Container[int] = ()) -> list[CategoryMention]:
        """Return the categories named, left to right; words at positions in `taken` are ignored."""
        found: list[CategoryMention] = []
        words = text.words
        position = 0
        while position < len(words):
            step = 1
            for length in range(min(_LONGEST_PHRASE, len(words) - position), 0, -1):
                if any(p in taken for p in range(position, position + length)):
                    continue
                names = self._phrases.get(words[position : position + length])
                if names is None and length == 1:
                    names = self._shortened(words[position]) or self._mistyped(words[position])
                if names:
                    found.append(CategoryMention(position, position + length, names))
                    step = length
                    break
            position += step
        return found

    def _shortened(self, word: str) -> tuple[str, ...] | None:
        """Return what a word means that begins one name alone: "tech", "docu"."""
        if len(word) < 4 or word in everyday_words():
            return None
        begun = [names for first, names in self._firsts if first.startswith(word)]
        return begun[0] if len(begun) == 1 else None

    def _mistyped(self, word: str) -> tuple[str, ...] | None:
        if len(word) < 5 or word in common_words() or not word.isalpha():
            return None
        allowed = 1 if len(word) < 8 else 2
        best = process.extractOne(word, self._single, scorer=OSA.distance, score_cutoff=allowed)
        if best is None or word[0] != best[0][0]:
            return None
        return self._phrases[(best[0],)]


def numbers_of(words: tuple[str, ...]) -> list[str]:
    """Return a name in singular and plural, by English rules of thumb."""
    last = words[-1]
    forms = {last}
    if last.endswith("ies"):
        forms.add(last[:-3] + "y")
    elif last.endswith("s") and not last.endswith("ss"):
        forms.add(last[:-1])
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        forms.add(last[:-1] + "ies")
    else:
        forms.add(last + "s")
    return [" ".join((*words[:-1], form)) for form in sorted(forms)]


def read_categories(text: Text, lexicon: CategoryLexicon, taken: Container[int] = ()) -> CategoryRequest:
    """Read the categories that a message asks for and excludes.

    Examples
    --------
    >>> lexicon = CategoryLexicon(["Comedy", "Drama", "Horror", "War"])
    >>> request = read_categories(tokenise("something funny without horror, war or drama"), lexicon)
    >>> request.include, request.exclude
    (['Comedy'], ['Horror', 'War', 'Drama'])
    >>> request = read_categories(tokenise("no comedies, funny is not for me"), lexicon)
    >>> request.include, request.exclude
    ([], ['Comedy'])
    """
    request = CategoryRequest()
    mentions = lexicon.mentions(text, taken)
    negated = [is_negated(text, mention.start) for mention in mentions]
    _carry_along_lists(text, mentions, negated)
    wanted: list[CategoryMention] = []
    refused: dict[str, tuple[str, ...]] = {}
    for mention, no in zip(mentions, negated, strict=True):
        request.taken.update(range(mention.start, mention.end))
        if _is_allowed(text, mention):
            request.allowed += mention.names
            continue
        if _is_of_people(text, mention):
            continue
        if no and lexicon.is_joint(mention.names):
            request.joint.append(mention.names)
            continue
        target, other = (request.exclude, request.include) if no else (request.include, request.exclude)
        said = text.words[mention.start : mention.end]
        for name in mention.names:
            if no:
                refused[name] = said
            elif refused.get(name, said) != said:
                continue  # "no musicals, she finds the singing annoying": the same thing in other words
            if name in other:
                other.remove(name)
            if name not in target:
                target.append(name)
        if not no:
            wanted.append(mention)
    for one, two in pairwise(wanted):
        gap = text.words[one.end : two.start]
        slash = any("/" in token.before for token in text.tokens[one.end : two.start + 1])
        request.either |= slash or any((word,) in word_list("either") for word in gap)
    request.either |= any(lexicon.is_parent(mention.names) for mention in wanted)
    return request


def is_negated(text: Text, position: int) -> bool:
    """Whether the word at a position is ruled out by a word before it, such as "no", "without" or "hate".

    Looks left to the end of the sentence, a comma, or a word that turns ("but", "just", "instead"), and no
    farther than 60 words.
    """
    negators, ends, harmless = word_list("negators"), word_list("scope_ends"), word_list("not_negating")
    words = text.words
    if position + 1 < len(words) and words[position + 1] == "enough":
        return False
    for at in range(position - 1, max(-1, position - 1 - _FARTHEST_NEGATION), -1):
        behind = text.tokens[at + 1]
        if behind.after_stop:
            hyphenated = behind.before == "-"
            if not hyphenated:
                return False
        if at and (words[at],) in word_list("excepting") and is_negated(text, at):
            return False  # "no metal except Iron Vale"
        for start in range(max(0, at - 3), at + 1):
            if words[start : at + 1] in negators:
                if text.phrase_at(at + 1, harmless) or words[max(0, start - 1) : start] == ("why",):
                    return False
                if words[at] in {"less", "fewer"}:
                    return set(words[at + 1 : position]) <= _BETWEEN
                return (words[at],) not in word_list("next_only") or _reaches(text, at, position)
        if (words[at],) in word_list("next_only"):
            if at == position - 1:
                return True
            continue
        if behind.after_comma and ("," in behind.before or "(" in behind.before):
            return False
        if words[at] == "more" and at and (words[at - 1],) not in negators | {("any",)}:
            return False  # "less pop more rock"
        if (words[at],) in ends and not (words[at] == "so" and at and (words[at - 1],) in negators):
            return False
        if words[at] in {"something", "some"} and at and (words[at - 1],) in word_list("joiners"):
            return False
    return False


def _reaches(text: Text, at: int, position: int) -> bool:
    """Whether "too" applies to the word at a position: in "too scary", not in "too long, a western"."""
    return position - at <= 3 and not any(token.after_comma for token in text.tokens[at + 1 : position + 1])


def _carry_along_lists(text: Text, mentions: list[CategoryMention], negated: list[bool]) -> None:
    """Carry a negation along "horror, war or drama"; a comma alone ends it ("no horror, comedy please")."""
    i = 0
    while i < len(mentions):
        j, joined = i, False
        while j + 1 < len(mentions):
            gap = text.words[mentions[j].end : mentions[j + 1].start]
            if text.breaks(mentions[j].end - 1, mentions[j + 1].start):
                break
            if gap and not (len(gap) == 1 and (gap[0],) in word_list("joiners")):
                break
            joined = bool(gap)
            j += 1
            if joined:
                break
        if joined and negated[i]:
            for k in range(i, j + 1):
                negated[k] = True
        i = j if joined else j + 1


def _is_of_people(text: Text, mention: CategoryMention) -> bool:
    """Whether a word is about who is there: "kids are in the car"."""
    behind = text.words[mention.end : mention.end + 1]
    people = (text.words[mention.start],) in word_list("people")
    return people and bool(behind) and behind in word_list("states")


def _is_allowed(text: Text, mention: CategoryMention) -> bool:
    allowing = word_list("allowing")
    for position in range(mention.end, min(mention.end + 3, len(text))):
        token = text.tokens[position]
        if token.after_stop or token.after_comma or token.word in {"but", "and"}:
            break
        if text.phrase_at(position, allowing):
            return True
    for start in range(max(0, mention.start - 3), mention.start):
        length = text.phrase_at(start, allowing)
        if length and start + length == mention.start:
            return True
    return False
