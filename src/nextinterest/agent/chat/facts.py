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
from functools import cached_property

from nextinterest.agent.chat.named import (
    Named,
    decades_of,
    described_by,
    of_item,
    plain_number,
    texts_of,
    titles_of,
)
from nextinterest.agent.chat.relations import MARK, counts_events, is_price, relation_fault, turned_round
from nextinterest.agent.chat.reply_words import reply_words
from nextinterest.agent.chat.wording import clean, percent
from nextinterest.domain import Outcome
from nextinterest.interests.claims import ClaimChecker, plain_words

__all__ = ["Facts"]

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_DENIABLE = re.compile(rf"{_WORD.pattern}|{MARK}")
_NUMBER = re.compile(r"(?<![\w.,])(?:[0-9]{3}0s|[0-9]+(?:[.,][0-9]+)*(?: ?%)?)(?!\w)")
_WITHOUT = re.compile(r"\b(?:without|no)\s+$", re.IGNORECASE)
_LISTED = re.compile(r",? (?:(?:and|or) )?")
_PUNCTUATION = frozenset(" .,;:()'\"“”\u2019-–—!?&/#%")  # noqa: RUF001 - an en dash is meant


@dataclass(frozen=True, slots=True)
class _Token:
    """A fact in a sentence: a title, a name or excluded one, or a number and what it counts."""

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
        Numbers that belong to no item: how many are listed, years and prices of the request.
    claims
        The template's own sentences.
    like
        Titles that the items should resemble.
    excluded
        Categories that the request excludes.
    counts
        Events of the history in each category.
    lowest, highest
        The first year and price of the request, and the last.
    events_used
        How many events the history has.
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
    lowest: frozenset[str] = frozenset()
    highest: frozenset[str] = frozenset()
    events_used: str | None = None
    portrait: bool = False

    @classmethod
    def of(cls, outcome: Outcome, claims: Sequence[str]) -> Facts:
        """Return the facts of an outcome, of which the template says `claims`."""
        where, titles, names = outcome.request.where, {}, set(map(clean, outcome.request.where.categories))
        events: set[str] = set()
        like = frozenset(map(clean, outcome.request.similar_to))
        counts: dict[str, str] = {}
        lowest, highest = (
            texts_of(where.year_from, where.price_from),
            texts_of(where.year_to, where.price_to),
        )
        numbers = {*lowest, *highest, *decades_of(where.year_from, where.year_to)}
        events_used: int | None = None
        made, why, portrait = outcome.recommendations, outcome.explanation, outcome.portrait
        if made is not None:
            titles = {clean(item.title): of_item(item) for item in made.items}
            shared = [set(map(clean, item.categories)) for item in made.items]
            names |= set.intersection(*shared) if shared else set()
            numbers |= {str(len(made.items)), *decades_of(*(item.year for item in made.items))}
            events_used = made.events_used
        if why is not None:
            own = frozenset(clean(name) for name in why.item.categories)
            values = {*texts_of(why.item.year), *decades_of(why.item.year)}
            values |= set() if why.probability is None else {plain_number(percent(why.probability))}
            because = titles_of(why.evidence)
            rank = None if why.rank is None else str(why.rank)
            titles[clean(why.item.title)] = Named(frozenset(values), rank, own, because, why.seen)
            events_used = why.events
            counts = {clean(name): str(n) for name, n in why.shared_categories.items()}
            names |= set(counts)
        if portrait is not None:
            names |= {clean(share.interest) for share in portrait.interests}
            events |= {clean(event.title) for change in portrait.changes for event in change.evidence}
        described = [*(made.items if made is not None else ()), *(() if why is None else (why.item,))]
        for one in described:
            if (known := outcome.known.get(one.item_id)) is not None:
                titles[clean(one.title)] = described_by(titles[clean(one.title)], known)
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
            lowest,
            highest,
            None if events_used is None else str(events_used),
            portrait is not None,
        )

    @cached_property
    def _known(self) -> dict[str, str]:
        """Names of categories by the forms they may have in a sentence."""
        every = self.names.union(self.excluded, *(one.categories for one in self.titles.values()))
        forms = [(form, name) for name in sorted(every) for form in _forms(name)]
        meant = {form: {name for other, name in forms if other == form} for form, _ in forms}
        plain = reply_words().plain | set(plain_words().plain)
        return {
            form: name
            for form, name in forms
            if form == name.casefold() or (len(meant[form]) == 1 and form not in plain and form not in every)
        }

    @cached_property
    def _plain(self) -> frozenset[str]:
        """Words that a sentence may use."""
        rest = [re.sub(_any(self.kept), " ", claim) for claim in self.claims]
        said = {word.casefold() for claim in rest for word in _WORD.findall(claim)}
        return reply_words().plain | set(plain_words().plain) | said

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """What is a fact; a title that is a plain word, such as “It”, is one in quotation marks only."""
        numbers = dict.fromkeys([*reply_words().numbers, *reply_words().ordinals], "")
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
        if MARK in sentence:
            return f"it has the character {MARK}"
        tokens, rest = self._read(sentence)
        titles = [token.value if token.kind == "title" else None for token in tokens]
        named = [self.titles[title] for title in titles if title is not None and title in self.titles]
        past = {*self.events, *(title for title, one in self.titles.items() if one.seen)}
        return (
            self._words_fault(rest, named)
            or self._bound_fault(tokens)
            or relation_fault(rest, titles, past, self.titles)
        )

    def states(self, claim: str, sentences: Sequence[str]) -> bool:
        """Return whether sentences have every title, name and number of one of the claims."""
        if self.portrait:
            return any(self._checker.fault(sentence, claim) is None for sentence in sentences)
        said = {token for sentence in sentences for token in self._read(sentence)[0]}
        meant = {token for token in self._read(claim)[0] if token.kind != "year"}  # the title says enough
        return bool(sentences) and (meant <= said if meant else claim in sentences)

    def _read(self, sentence: str) -> tuple[list[_Token], str]:
        """Return the facts of a sentence in order, and the rest, a mark where each stood."""
        tokens: list[_Token] = []
        words, end = reply_words().numbers | reply_words().ordinals, 0

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
                value = str(words.get(number.casefold(), plain_number(number)))
                before, behind = sentence[: match.start()], sentence[match.end() :]
                kind = _kind(number, before, behind, tokens)
                lowest, highest = value in self.lowest, value in self.highest
                turned = turned_round(before, behind, lowest=lowest, highest=highest)
                tokens.append(_Token("turned" if turned and kind != "year" else kind, value))
            end = match.end()
            return f" {MARK} "

        rest = self._pattern.sub(take, sentence)
        return tokens, rest

    def _words_fault(self, rest: str, named: Sequence[Named]) -> str | None:
        if not _denials(rest) <= self._denied:
            return "it denies something"
        own = frozenset.intersection(*(one.words for one in named)) if named else frozenset[str]()
        for number, match in enumerate(_WORD.finditer(rest)):
            word = match[0].replace("\u2019", "'")
            if word.casefold() in own:
                continue
            if word.casefold() not in self._plain:
                return f"it uses the word {word!r}, which no fact supports"
            inside = number > 0 and not re.search(r"[.:!?“\"]\s*$", rest[: match.start()])
            if inside and word[0].isupper() and word.partition("'")[0] != "I":
                return f"it names {word!r}, which no fact names"
        strange = set(_WORD.sub("", rest)) - _PUNCTUATION - {MARK}
        return f"it has the characters {''.join(sorted(strange))!r}" if strange else None

    def _bound_fault(self, tokens: Sequence[_Token]) -> str | None:
        """Return a fact that is bound to a title it does not belong to, or to none."""
        items = [token.value for token in tokens if token.kind == "title" and token.value in self.titles]
        for index, token, titles in _bound(tokens, self.titles):
            if not (self._holds(token, titles) or self._counted(tokens, index)):
                return f"{token.value} is said of {', '.join(titles) or 'the whole'}, and no fact says so"
        for index, token in enumerate(tokens):
            named = [one.value for one in (*tokens[index::-1], *tokens[index:]) if one.kind == "title"]
            if token.kind == "ordinal" and named[0] not in self.titles:
                return f"rank {token.value} is said of {named[0]}, which is in no list"
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
        if token.kind == "ordinal":
            return len(own) == 1 and own[0].rank == token.value
        if token.kind == "events":
            return token.value == self.events_used
        if token.kind == "price":
            return token.value in (own[-1].prices if own else self.lowest | self.highest)
        if token.kind == "turned":
            return False
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


def _kind(number: str, before: str, behind: str, tokens: Sequence[_Token]) -> str:
    """Return what a number is, by the text around it and the facts before it."""
    if number.casefold() in reply_words().ordinals:
        return "ordinal"
    if before.endswith("(") and tokens and tokens[-1].kind == "title":
        return "year"
    if counts_events(before, behind):
        return "events"
    if is_price(before):
        return "price"
    words = before.split()
    ranked = bool(words) and words[-1].strip(".:,").casefold() in reply_words().ranks
    return "rank" if ranked or before.endswith("#") else "number"


def _denials(text: str) -> set[tuple[str, ...]]:
    """Return each word that denies, with the word behind it, or the mark of a fact."""
    words, denying = [word.casefold() for word in _DENIABLE.findall(text)], set(plain_words().negations)
    return {
        tuple(words[i : i + 2]) for i, word in enumerate(words) if word in denying or word.endswith("n't")
    }


def _forms(name: str) -> set[str]:
    """Return a name as sentences have it: as it is, and in the other number; the last part of a path."""
    plain = name.casefold()
    whole = {plain, plain.replace("-", " "), plain.rpartition(">")[2].strip()}
    forms = set(whole)
    for form in whole - {""}:
        forms |= {f"{form}s", *([f"{form[:-1]}ies"] if form.endswith("y") else [])}
        forms |= {f"{form[:-3]}y"} if len(form) > 4 and form.endswith("ies") else set()
        forms |= {form[:-1]} if len(form) > 3 and form.endswith("s") and form[-2].isalpha() else set()
    return forms - {""}


def _any(texts: Sequence[str] | Mapping[str, str]) -> str:
    """Return a pattern for any of some texts, longest first; one that matches nothing for none."""
    return "|".join(re.escape(text) for text in sorted(texts, key=lambda t: (-len(t), t)) if text) or r"(?!)"
