"""Whether a sentence says only what an outcome says: the check of replies that a language model words.

No model is asked. What can be compared with the facts is compared: titles, categories (other words for them
included), years, prices and other numbers, ranks, superlatives and comparisons, what the person did, for
which items that is a reason, and what they turn to lately. What says nothing of the kind passes, unless it
has a word for what no fact says (`nextinterest.agent.chat.checking`). A sentence about a portrait says one of
its claims (`nextinterest.interests.claims`), or is compared with its numbers and changes.

A sentence that holds may be clumsy, and a true one may be refused; the template stands in for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

import yaml

from nextinterest.agent.chat.checking.basis import Basis
from nextinterest.agent.chat.checking.comparisons import Comparisons
from nextinterest.agent.chat.checking.lexicon import Lexicon, lexicon, phrases
from nextinterest.agent.chat.checking.names import names_fault
from nextinterest.agent.chat.checking.numbers import numbers_fault
from nextinterest.agent.chat.checking.past import Persons, past_fault, reason_fault
from nextinterest.agent.chat.checking.portraits import OF_INTERESTS, PortraitFacts, portrait_fault
from nextinterest.agent.chat.checking.references import References
from nextinterest.agent.chat.checking.sentence import Sentence, TitleForms
from nextinterest.agent.chat.checking.vocabulary import words_fault
from nextinterest.agent.chat.named import Done, Named, described_by, done_with, of_found, of_item
from nextinterest.agent.chat.wording import clean
from nextinterest.domain import Outcome, Where
from nextinterest.interests.claims import ClaimChecker

__all__ = ["Facts"]


@dataclass(frozen=True, eq=False)
class Facts:
    """What sentences may say of an outcome.

    Attributes
    ----------
    basis
        The facts as values.
    claims
        The template's own sentences.
    language
        In which sentences are written, a code such as ``en``.
    portrait
        What a portrait says; None without one.
    evidence
        Titles of the events that carry its changes.
    """

    basis: Basis
    claims: tuple[str, ...]
    language: str = "en"
    portrait: PortraitFacts | None = None
    evidence: tuple[str, ...] = ()

    @classmethod
    def of(cls, outcome: Outcome, claims: Sequence[str], message: str = "", language: str = "en") -> Facts:
        """Return the facts of an outcome, of which the template says `claims`.

        Parameters
        ----------
        outcome
            The outcome.
        claims
            Sentences that hold.
        message
            What the person wrote, whose words may be taken up.
        language
            Of the sentences to check.
        """
        request, where = outcome.request, outcome.request.where
        made, why, portrait, past = (
            outcome.recommendations,
            outcome.explanation,
            outcome.portrait,
            outcome.background,
        )
        items = {clean(one.title): of_item(one) for one in (made.items if made is not None else ())}
        done = dict[str, Done]()
        for one in made.items if made is not None else ():
            done |= done_with(one.evidence)
        if why is not None:
            title = clean(why.item.title)
            # Of an item of the list shown its place there is said, and no rank beside it.
            rank, share = (why.rank, why.probability) if why.place is None else (why.place, None)
            items[title] = of_found(why.item, rank, share, why.evidence, seen=why.seen)
            done |= done_with(why.evidence)
        listed = [*(made.items if made is not None else ()), *(() if why is None else (why.item,))]
        for one in listed:
            if (known := outcome.known.get(one.item_id)) is not None:
                items[clean(one.title)] = described_by(items[clean(one.title)], known)
        asked = Done(asked=True)
        done = {clean(title): asked for title in request.similar_to} | done
        out = {clean(title): Done(out=True) for title in request.less_like}
        done |= out | {clean(title): Done("dislike", out=True) for title in request.disliked}
        counts = {} if why is None else {clean(name): n for name, n in why.shared_categories.items()}
        events = why.events if why is not None else None if made is None else made.events_used
        if past is not None:
            counts = {clean(name): n for name, n in past.categories.items()}
        return cls(
            Basis(
                items,
                {title: one for title, one in done.items() if title not in items},
                frozenset(map(clean, where.categories)),
                frozenset(map(clean, where.excluded_categories)),
                frozenset(float(n) for n in (where.year_from, where.price_from) if n is not None),
                frozenset(float(n) for n in (where.year_to, where.price_to) if n is not None),
                request.count,
                made is not None,
                events,
                counts,
                frozenset(map(clean, past.rising)) if past is not None else frozenset(),
                frozenset(map(clean, past.fading)) if past is not None else frozenset(),
                f"{message} {request.query or ''}".casefold(),
                _left_out(where),
                frozenset(_WORD.findall((request.query or "").casefold()))
                if made is not None and made.match == "read"
                else frozenset(),
                outcome.matches,
            ),
            tuple(claims),
            language,
            None if portrait is None else PortraitFacts.of(portrait, outcome.outlook),
            ()
            if portrait is None
            else tuple(clean(event.title) for change in portrait.changes for event in change.evidence),
        )

    @cached_property
    def _lexicon(self) -> Lexicon:
        return lexicon(self.language)

    @cached_property
    def _titles(self) -> TitleForms:
        return TitleForms(self.kept, lexicon("en").plain | self._lexicon.stop)

    @cached_property
    def _meant(self) -> Mapping[str, str]:
        """Names of categories by the forms they may have in a sentence, of those too that no item has."""
        basis = self.basis
        known = basis.names | basis.excluded | set(basis.counts) | basis.rising | basis.fading
        known = known.union(*(one.categories for one in basis.every))
        known |= set() if self.portrait is None else set(self.portrait.shares)
        return forms_of(known, self._lexicon)

    @cached_property
    def _names(self) -> re.Pattern[str]:
        return phrases(self._meant)

    @cached_property
    def _checker(self) -> ClaimChecker:
        names = self.portrait.shares if self.portrait is not None else ()
        return ClaimChecker(sorted(names), sorted(self.evidence))

    @property
    def kept(self) -> list[str]:
        """Titles, in which no sentence ends."""
        return [*self.basis.items, *self.basis.done, *self.evidence]

    def fault(self, sentence: str, before: Sequence[str] = (), *, opens: bool = False) -> str | None:
        """Return what a sentence says that the outcome does not, or None.

        Parameters
        ----------
        sentence
            The sentence.
        before
            Sentences that were said before it, whose last title "it" may mean.
        opens
            Whether it stands before a list, where it may say nothing that is beside the point.
        """
        if sentence in self.claims:
            return None
        read = self._read(sentence)
        if self.portrait is not None:
            if None in (self._checker.fault(sentence, claim) for claim in self.claims):
                return None
            beside = References(read, {})
            return words_fault(read, beside, self.basis, strict=True, also=OF_INTERESTS) or portrait_fault(
                read, self.portrait
            )
        refs = References(read, dict(self.basis.items), self._about(before))
        if refs.faults:
            return refs.faults[0]
        persons = Persons(read, refs, self.basis)
        comparisons = Comparisons(read, refs, self.basis)
        return (
            words_fault(read, refs, self.basis, strict=opens)
            or past_fault(persons)
            or reason_fault(read, refs, self.basis)
            or comparisons.fault()
            or names_fault(read, refs, persons, self.basis)
            or numbers_fault(read, refs, persons, comparisons, self.basis)
        )

    def _about(self, before: Sequence[str]) -> tuple[Named, ...]:
        """Return the items that the sentence before named last."""
        for sentence in reversed(before[-1:]):
            refs = References(self._read(sentence), dict(self.basis.items))
            if refs.found:
                return refs.found[-1].items
        return ()

    def speaks(self, sentence: str) -> bool:
        """Return whether a sentence speaks of items, categories or numbers; a greeting does not."""
        read = self._read(sentence)
        return bool(self._facts(sentence) or References(read, dict(self.basis.items)).found)

    def states(self, claim: str, sentences: Sequence[str]) -> bool:
        """Return whether sentences have every title, name and number of one of the claims."""
        if self.portrait is not None and any(
            self._checker.fault(sentence, claim) is None for sentence in sentences
        ):
            return True
        said = {fact for sentence in sentences for fact in self._facts(sentence)}
        meant = self._facts(claim)
        if not meant and self.language == "en":
            return claim in sentences
        return bool(sentences) and meant <= said

    def _facts(self, sentence: str) -> set[tuple[str, str]]:
        """Return titles, names and numbers; the year behind a title is none of its own."""
        read = self._read(sentence)
        dated = {span for span in read.numbers if read.lower[: span.start].endswith("(")}
        ranks = {("number", span.value) for span in read.find("ordinals")}
        return ranks | {
            (span.kind if span.kind in ("title", "name") else "number", span.value.replace(" ", ""))
            for span in (*read.titles, *read.names, *read.numbers)
            if span not in dated
        }

    def _read(self, sentence: str) -> Sentence:
        return Sentence.read(sentence, self._titles, self._names, self._meant, self._lexicon)


_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


def _left_out(where: Where) -> frozenset[str]:
    """Return the words of the values of attributes that no item of a list has."""
    values = [
        value
        for condition in where.excluded_attributes.values()
        for value in (condition if isinstance(condition, tuple) else (condition,))
        if isinstance(value, str)
    ]
    return frozenset(word for value in values for word in _WORD.findall(value.casefold()))


def forms_of(known: frozenset[str] | set[str], words: Lexicon) -> Mapping[str, str]:
    """Return the category of each form of a name: its own, in the other number, and other words for it.

    What other words mean that no category of `known` is (a "western" where none is) means a name of its own.
    """
    plain = lexicon("en").plain | words.stop
    forms: dict[str, set[str]] = {}
    for name in sorted(known):
        for form in _own_forms(name):
            forms.setdefault(form, set()).add(name)
    meant = {
        form: next(iter(names))
        for form, names in forms.items()
        if form in {name.casefold() for name in known} or (len(names) == 1 and form not in plain)
    }
    folded = {_folded(name): name for name in known}
    other = dict[str, str]()
    for names, others in _groups(words):
        own = next((folded[_folded(name)] for name in names if _folded(name) in folded), None)
        for form in (*names, *others):
            if own is not None:
                other.setdefault(form, own)
            elif form not in _EVERYDAY and form not in plain:
                other.setdefault(form, f"{names[0]} (no item)")
    return {form: name for form, name in other.items() if form not in meant and form not in plain} | meant


_EVERYDAY = frozenset({
    "history", "music", "film", "kid", "kids", "space", "quest", "tech", "cans", "child", "family",
    "strategic", "tactics", "verse", "computer", "notebook", "singing", "cooking", "docs", "rom",
    "ya", "rap", "concerts", "quests", "tense", "laugh", "laughs", "mob", "cuisine", "teen",
    "teens", "dance", "cops", "gadget", "gadgets", "magical", "military", "life story", "mystery",
    "electronic", "shooter", "toon", "amour", "abenteuer", "sport",
})  # fmt: skip
"""Words of categories that say something else as often, where the facts have no such category."""


def _groups(words: Lexicon) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return names of categories and other words for them, the reader's and the language's."""
    source = files("nextinterest.agent.chat.reading").joinpath("categories.yaml").read_text("utf-8")
    groups = [
        (tuple(one["names"]), tuple(one["words"]))
        for one in yaml.load(source, Loader=yaml.BaseLoader)  # noqa: S506 - text only
        if "names" in one
    ]
    known = []
    for name, others in words.genres.items():
        names = next((own for own, _ in groups if name in own), (name, name.rstrip("s")))
        known.append((names, others))
    return [*known, *groups]


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name.casefold()).strip()


def _own_forms(name: str) -> set[str]:
    """Return a name as sentences have it: as it is, and in the other number; the last part or word of it."""
    plain = name.casefold()
    whole = {
        plain,
        plain.replace("-", " "),
        plain.rpartition(">")[2].strip(),
        plain.split()[-1] if plain else "",
    }
    forms = set(whole)
    for form in whole - {""}:
        forms |= {f"{form}s", *([f"{form[:-1]}ies"] if form.endswith("y") else [])}
        forms |= {f"{form[:-3]}y"} if len(form) > 4 and form.endswith("ies") else set()
        forms |= {form[:-1]} if len(form) > 3 and form.endswith("s") and form[-2].isalpha() else set()
    return forms - {""}
