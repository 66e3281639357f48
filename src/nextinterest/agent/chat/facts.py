"""Whether a sentence says only what an outcome says: the check of replies that a language model words.

No model is asked. A sentence may name titles, categories and numbers of the outcome, each bound to its item:
a number or category belongs to the titles named just before it (else just behind it), an event of the
history is named with an item it is evidence for. Its other words are those of the template's sentences or
plain ones that claim nothing (``reply_words.yaml``), and it denies nothing that the template does not deny.
Sentences about a portrait are held to one of its claims (`nextinterest.interests.claims`).

A sentence that holds may be clumsy, and a true one may be refused; the template stands in for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

from nextinterest.agent.chat.wording import clean, percent
from nextinterest.domain import Evidence, Outcome, Recommendation
from nextinterest.interests.claims import ClaimChecker, plain_words

__all__ = ["Facts", "Named"]

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_DENIABLE = re.compile(rf"{_WORD.pattern}|\u2022")
_NUMBER = re.compile(r"(?<![\w.,])[0-9]+(?:[.,][0-9]+)*(?: ?%)?(?!\w)")
_WITHOUT = re.compile(r"\b(?:without|no)\s+$", re.IGNORECASE)
_LISTED = re.compile(r",? (?:(?:and|or) )?")
_PUNCTUATION = frozenset(" .,;:()'\"“”\u2019-–—!?&/#%")  # noqa: RUF001 - an en dash is meant


class ReplyWords(BaseModel):
    """The vocabulary of replies, beside the words of the facts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plain: frozenset[str]
    ranks: frozenset[str]
    numbers: dict[str, int]


@cache
def reply_words() -> ReplyWords:
    """Return the vocabulary that ships."""
    text = files("nextinterest.agent.chat").joinpath("reply_words.yaml").read_text(encoding="utf-8")
    return ReplyWords.model_validate(yaml.safe_load(text))


@dataclass(frozen=True, slots=True)
class Named:
    """What may be said of one title.

    Attributes
    ----------
    numbers
        As sentences have them: year, probability.
    rank
        Its rank, which stands behind a word such as "number"; None if it has none.
    categories
        Its categories.
    because
        Titles of the history that are evidence for it.
    """

    numbers: frozenset[str] = frozenset()
    rank: str | None = None
    categories: frozenset[str] = frozenset()
    because: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Token:
    """A fact in a sentence: a title, a name or excluded one, a number, a rank, a year behind its title."""

    kind: str
    value: str


@dataclass(frozen=True, eq=False)
class Facts:
    """What sentences may say of an outcome.

    Attributes
    ----------
    titles
        Items that may be named, and what is said of each.
    events
        Titles of the history that may be named.
    names
        Categories that may be said of the whole reply.
    numbers
        Numbers that belong to no item: counts, years of the request.
    claims
        The template's own sentences.
    like
        Titles that the items should resemble.
    excluded
        Categories that the request excludes.
    counts
        Events of the history in each category.
    portrait
        Whether each sentence must say one of the claims.
    """

    titles: Mapping[str, Named]
    events: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]
    claims: tuple[str, ...]
    like: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    counts: Mapping[str, str] = field(default_factory=dict)
    portrait: bool = False

    @classmethod
    def of(cls, outcome: Outcome, claims: Sequence[str]) -> Facts:
        """Return the facts of an outcome, of which the template says `claims`."""
        where, titles, names = outcome.request.where, {}, set(map(clean, outcome.request.where.categories))
        events: set[str] = set()
        like = frozenset(map(clean, outcome.request.similar_to))
        counts: dict[str, str] = {}
        numbers = {str(year) for year in (where.year_from, where.year_to) if year is not None}
        made, why, portrait = outcome.recommendations, outcome.explanation, outcome.portrait
        if made is not None:
            titles = {clean(item.title): _of_item(item) for item in made.items}
            shared = [set(map(clean, item.categories)) for item in made.items]
            names |= set.intersection(*shared) if shared else set()
            numbers |= {str(len(made.items)), str(made.events_used)}
        if why is not None:
            own = frozenset(clean(name) for name in why.item.categories)
            values = {str(year) for year in (why.item.year,) if year is not None}
            values |= set() if why.probability is None else {_plain(percent(why.probability))}
            because = _titles(why.evidence)
            rank = None if why.rank is None else str(why.rank)
            titles[clean(why.item.title)] = Named(frozenset(values), rank, own, because)
            numbers |= {str(why.events)}
            counts = {clean(name): str(n) for name, n in why.shared_categories.items()}
            names |= set(counts)
        if portrait is not None:
            names |= {clean(share.interest) for share in portrait.interests}
            events |= {clean(event.title) for change in portrait.changes for event in change.evidence}
        for item in titles.values():
            events |= item.because
        return cls(
            titles,
            frozenset(events | like),
            frozenset(names),
            frozenset(numbers),
            tuple(claims),
            like,
            frozenset(map(clean, where.excluded_categories)),
            counts,
            portrait is not None,
        )

    @cached_property
    def _known(self) -> dict[str, str]:
        """Names of categories by the forms they may have in a sentence."""
        every = self.names.union(self.excluded, *(one.categories for one in self.titles.values()))
        return {form: name for name in sorted(every) for form in _forms(name)}

    @cached_property
    def _plain(self) -> frozenset[str]:
        """Words that a sentence may use."""
        rest = [re.sub(_any(self.kept), " ", claim) for claim in self.claims]
        said = {word.casefold() for claim in rest for word in _WORD.findall(claim)}
        return reply_words().plain | set(plain_words().plain) | said

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """What is a fact; a title that is a plain word, such as “It”, is one in quotation marks only."""
        numbers = dict.fromkeys(reply_words().numbers, "")
        bare = [title for title in self.kept if title.casefold() not in self._plain]
        return re.compile(
            rf"[“\"](?P<quoted>{_any(self.kept)})[”\"]|(?<!\w)(?P<title>{_any(bare)})(?!\w)"
            rf"|(?<!\w)(?P<name>(?i:{_any(self._known)}))(?!\w)|(?P<number>{_NUMBER.pattern}|(?i:\b(?:{_any(numbers)})\b))"
        )

    @cached_property
    def _denied(self) -> set[tuple[str, ...]]:
        return {one for claim in self.claims for one in _denials(self._read(claim)[1])}

    @cached_property
    def _checker(self) -> ClaimChecker:
        return ClaimChecker(sorted(self.names), sorted(self.events))

    @property
    def kept(self) -> list[str]:
        """Titles, in which no sentence ends."""
        return [*self.titles, *self.events]

    def fault(self, sentence: str) -> str | None:
        """Return what a sentence says that the outcome does not, or None."""
        if self.portrait:
            faults = [self._checker.fault(sentence, claim) for claim in self.claims]
            return None if None in faults else "it says none of the facts, or more than one of them says"
        tokens, rest = self._read(sentence)
        return self._words_fault(rest) or self._bound_fault(tokens)

    def states(self, claim: str, sentences: Sequence[str]) -> bool:
        """Return whether sentences have every title, name and number of one of the claims."""
        if self.portrait:
            return any(self._checker.fault(sentence, claim) is None for sentence in sentences)
        said = {token for sentence in sentences for token in self._read(sentence)[0]}
        meant = set(self._read(claim)[0])
        return bool(sentences) and (meant <= said if meant else claim in sentences)

    def _read(self, sentence: str) -> tuple[list[_Token], str]:
        """Return the facts of a sentence in order, and the rest, a mark where each stood."""
        tokens: list[_Token] = []
        numbers, end = reply_words().numbers, 0

        def take(match: re.Match[str]) -> str:
            nonlocal end
            title, name, number = match["title"] or match["quoted"], match["name"], match["number"]
            between = sentence[end : match.start()]
            if title is not None:
                tokens.append(_Token("title", title))
            elif name is not None:
                listed = _LISTED.fullmatch(between) and tokens and tokens[-1].kind == "excluded"
                kind = "excluded" if listed or _WITHOUT.search(between) else "name"
                tokens.append(_Token(kind, self._known[name.casefold()]))
            else:
                value = str(numbers.get(number.casefold(), _plain(number)))
                tokens.append(_Token(_kind(sentence[: match.start()], tokens), value))
            end = match.end()
            return " \u2022 "

        rest = self._pattern.sub(take, sentence)
        return tokens, rest

    def _words_fault(self, rest: str) -> str | None:
        if not _denials(rest) <= self._denied:
            return "it denies something"
        for number, match in enumerate(_WORD.finditer(rest)):
            word = match[0].replace("\u2019", "'")
            if word.casefold() not in self._plain:
                return f"it uses the word {word!r}, which no fact supports"
            inside = number > 0 and not re.search(r"[.:!?“\"]\s*$", rest[: match.start()])
            if inside and word[0].isupper() and word.partition("'")[0] != "I":
                return f"it names {word!r}, which no fact names"
        strange = set(_WORD.sub("", rest)) - _PUNCTUATION - {"\u2022"}
        return f"it has the characters {''.join(sorted(strange))!r}" if strange else None

    def _bound_fault(self, tokens: Sequence[_Token]) -> str | None:
        """Return a fact that is bound to a title it does not belong to, or to none."""
        items = [token.value for token in tokens if token.kind == "title" and token.value in self.titles]
        for index, token, titles in _bound(tokens, self.titles):
            if not (self._holds(token, titles) or self._counted(tokens, index)):
                return f"{token.value} is said of {', '.join(titles) or 'the whole'}, and no fact says so"
        for token in tokens:
            if token.kind != "title" or token.value in self.titles or token.value in self.like:
                continue
            if not all(token.value in self.titles[item].because for item in items):
                return f"“{token.value}” is no evidence for {', '.join(items)}"
        return None

    def _counted(self, tokens: Sequence[_Token], index: int) -> bool:
        """Return whether a number is that of the events in the category named beside it."""
        beside = [tokens[i] for i in (index - 1, index + 1) if 0 <= i < len(tokens)]
        return any(self.counts.get(one.value) == tokens[index].value for one in beside if one.kind == "name")

    def _holds(self, token: _Token, titles: Sequence[str]) -> bool:
        own = [self.titles[title] for title in titles]
        if token.kind == "excluded":
            return token.value in self.excluded
        if token.kind == "year":
            return bool(own) and token.value in own[-1].numbers
        if token.kind == "rank":
            return bool(own) and own[-1].rank == token.value
        if token.kind == "name":
            return all(token.value in one.categories for one in own) if own else token.value in self.names
        return token.value in self.numbers or (bool(own) and token.value in own[-1].numbers)


def _bound(tokens: Sequence[_Token], items: Mapping[str, Named]) -> Iterator[tuple[int, _Token, list[str]]]:
    """Yield each number and name, by index, with the titles it is said of: those before it, or behind."""
    group: list[str] = []
    used = False
    for index, token in enumerate(tokens):
        if token.kind == "title":
            if token.value in items:
                group = [token.value] if used else [*group, token.value]
                used = False
            continue
        behind = [one.value for one in tokens[index:] if one.kind == "title" and one.value in items]
        yield index, token, group or (behind if token.kind == "name" else behind[:1])
        used = used or token.kind == "name"


def _of_item(item: Recommendation) -> Named:
    numbers = {_plain(percent(item.probability))} | ({str(item.year)} if item.year is not None else set())
    return Named(
        frozenset(numbers),
        str(item.rank),
        frozenset(clean(name) for name in item.categories),
        _titles(item.evidence),
    )


def _titles(evidence: Sequence[Evidence]) -> frozenset[str]:
    return frozenset(clean(one.title) for one in evidence)


def _kind(before: str, tokens: Sequence[_Token]) -> str:
    """Return what a number is, by the text before it and the facts in that."""
    if before.endswith("(") and tokens and tokens[-1].kind == "title":
        return "year"
    words = before.split()
    ranked = bool(words) and words[-1].strip(".:,").casefold() in reply_words().ranks
    return "rank" if ranked or before.endswith("#") else "number"


def _denials(text: str) -> set[tuple[str, ...]]:
    """Return each word that denies, with the word behind it, or the mark of a fact."""
    words, denying = [word.casefold() for word in _DENIABLE.findall(text)], set(plain_words().negations)
    return {
        tuple(words[i : i + 2]) for i, word in enumerate(words) if word in denying or word.endswith("n't")
    }


def _plain(number: str) -> str:
    return number.replace(" ", "")


def _forms(name: str) -> set[str]:
    """Return a name as sentences have it: as it is, and in the plural."""
    plain = name.casefold()
    return {
        plain,
        f"{plain}s",
        plain.replace("-", " "),
        *([f"{plain[:-1]}ies"] if plain.endswith("y") else []),
    }


def _any(texts: Sequence[str] | Mapping[str, str]) -> str:
    """Return a pattern for any of some texts, longest first; one that matches nothing for none."""
    return "|".join(re.escape(text) for text in sorted(texts, key=lambda t: (-len(t), t)) if text) or r"(?!)"
