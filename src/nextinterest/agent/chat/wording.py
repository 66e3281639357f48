"""The text of a reply, made from its structured result alone.

Sentences come from ``templates/chat.jinja``. Titles and users' text are untrusted: each is
neutralised to one line before it is put into a sentence, and none is ever rendered as a template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Protocol, cast

from jinja2 import Environment, StrictUndefined

from nextinterest.agent.chat.condition_words import condition_words
from nextinterest.agent.notes import MATCHED, POPULAR, unordered
from nextinterest.domain import (
    AttributeValue,
    Confirmation,
    Explanation,
    FoundItem,
    KnownFacts,
    Outcome,
    Past,
    PastEvent,
    Question,
    Recommendation,
    Recommendations,
    Request,
)
from nextinterest.interests.words import describe
from nextinterest.kind_names import done
from nextinterest.prompts import neutralise
from nextinterest.prompts.lines import value_text

__all__ = ["Macros", "Parts", "clean", "facts_of", "figure", "parts_of", "percent"]

_SAID_OTHERWISE = frozenset({POPULAR, *MATCHED.values()})
"""Notes that the text says in its own words, or that speak of probabilities, which it does not show."""

_BY_OTHERS = ("Read by rules: ", "Ranked by retrieval alone: ")
_SIMPLER = "The language model gave no usable answer, so this was done without it."

_STOCK = frozenset({"stock", "availability", "available", "left", "sold"})
"""Words that ask whether an item can be had."""

_NUMBERED = re.compile(r"\d+\. ")

N_CATEGORIES = 3
N_NAMED = 8
N_DETAILS, LONGEST_DETAIL = 3, 30


class Macros(Protocol):
    """The macros of the template, as functions."""

    def __getattr__(self, name: str) -> Callable[..., str]: ...


@cache
def _template() -> Macros:
    source = files("nextinterest.agent.chat").joinpath("templates/chat.jinja").read_text("utf-8")
    # The result is plain text for people, not a page; HTML escaping is for whoever makes one.
    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701
    return cast(Macros, environment.from_string(source).module)


@dataclass(frozen=True, slots=True)
class Parts:
    """A reply as the template has it, by who may word it.

    Attributes
    ----------
    before, after
        Lines that are always the template's: what was written down or is asked back, the items of a list,
        notes.
    free
        Sentences between them that a language model may word in its own way.
    further
        Lines on what else was asked for, behind all that is said of the first.
    opening
        Whether the free sentence opens a list, so that what else a model says belongs behind the list.
    """

    before: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    opening: bool = False


def parts_of(outcome: Outcome) -> Parts:
    """Write a result as text, in parts; of several requests, the first is said first.

    Parameters
    ----------
    outcome
        The result.
    """
    first = _parts_of(outcome)
    said = {*first.before, *first.free, *first.after}
    further: list[str] = []
    for other in map(_parts_of, outcome.also):
        for line in (*other.before, *other.free, *other.after):
            of_list = other.opening and (line in other.free or _NUMBERED.match(line))
            if of_list or line not in said:  # each list has its heading and all of its items
                further.append(line)
        said.update(further)
    return replace(first, further=tuple(further))


def _parts_of(outcome: Outcome) -> Parts:
    say = _template()
    before: list[str] = []
    if outcome.confirmation is not None:
        before.append(_confirmation(outcome.confirmation, say))
    if outcome.question is not None:
        before.append(_question(outcome.question, say))
    if outcome.unknown and outcome.request.intent == "forget":
        absent = [clean(words, 80) for words in outcome.unknown]
        before.append(say.not_held(absent) if outcome.confirmation is None else say.not_held_besides(absent))
    elif outcome.unknown:
        before.append(say.unknown(list(dict.fromkeys(clean(words, 80) for words in outcome.unknown))))
    request, notes = outcome.request, [neutralise(note, max_chars=400) for note in outcome.notes]
    notes = [
        _SIMPLER if note.startswith(_BY_OTHERS) else note for note in notes if note not in _SAID_OTHERWISE
    ]
    notes = list(dict.fromkeys(notes))
    if outcome.recommendations is not None:
        head, lines = _list(outcome, outcome.recommendations, say)
        free = (head,) if outcome.recommendations.items else ()
        return Parts((*before, *(() if free else (head,))), free, (*lines, *notes), opening=True)
    if outcome.past is not None and request.intent != "ask":
        before.append(_past(outcome.past, request, say))
    if outcome.portrait is not None and outcome.past is not None and not outcome.past.total:
        return Parts(tuple(before), (), tuple(notes))
    if outcome.portrait is not None:
        said = describe(outcome.portrait, outcome.outlook).sentences
        return Parts(tuple(before), tuple(sentence.text for sentence in said), tuple(notes))
    if outcome.explanation is not None:
        return Parts(tuple(before), tuple(_explanation(outcome.explanation, say)), tuple(notes))
    if outcome.found or outcome.matches is not None:
        before.append(_found(outcome, say))
        if outcome.past is not None:
            before.append(say.held([_event(one, say) for one in outcome.past.events]))
    elif not before:
        ask = {
            "feedback": say.nothing_noted,
            "forget": say.forget_what,
            "explain": say.explain_what,
            "search": say.search_what,
            "ask": say.ask_what,
            "greet": say.greeting,
            "thank": say.thanks,
            "bye": say.farewell,
            "complain": say.complaint,
        }
        before.append(
            ""
            if outcome.notes and request.intent in {"forget", "other", "similar"}
            else ask.get(request.intent, say.other)()
        )
    return Parts(tuple(filter(None, (*before, *notes))))


def _list(outcome: Outcome, made: Recommendations, say: Macros) -> tuple[str, list[str]]:
    """Return the sentence that opens a list, and the lines behind it."""
    request = outcome.request
    conditions = _conditions(request, say)
    like = [clean(title) for title in request.similar_to]
    if made.items:
        popular = made.events_used == 0 and made.match in {None, "none"}
        unknown = set(unordered(request.order, known=False))
        order = None if unknown & set(outcome.notes) else request.order
        if len(request.compared) > 1:
            head = say.choice_head(say.item(clean(made.items[0].title), made.items[0].year), order, popular)
        else:
            asked = made.match not in {None, "none"}
            head = say.list_head(len(made.items), conditions, like, popular, order, asked)
    else:
        head = say.nothing(conditions, like)
    lines = [_line(item, outcome.known.get(item.item_id), say) for item in made.items]
    if made.items and request.query is not None and made.match in {"weak", "none"}:
        weak, popular = made.match == "weak", made.events_used == 0
        lines.append(say.unmatched(clean(request.query, 80), weak, popular, bool(like)))
    if outcome.relaxation is not None:
        loosened = outcome.relaxation
        lines.append(say.relaxed(_conditions(loosened.request, say), loosened.matches))
    return head, lines


def _conditions(request: Request, say: Macros) -> str:
    return say.conditions(
        [clean(name) for name in request.where.categories],
        request.where.match == "any",
        [clean(name) for name in request.where.excluded_categories],
        request.where.year_from,
        request.where.year_to,
        *(
            None if price is None else figure(price)
            for price in (request.where.price_from, request.where.price_to)
        ),
        request.where.available,
        [clean(text) for text in condition_words(request.where)],
    )


def _line(item: Recommendation, known: KnownFacts | None, say: Macros) -> str:
    details = [] if known is None or known.price is None else [figure(known.price)]
    details += [] if known is None else _details(known)
    details += _availability(known) if known is not None and known.available is False else []
    return say.line(
        item.rank, clean(item.title), item.year, [clean(name) for name in item.categories], details
    )


def _details(known: KnownFacts) -> list[str]:
    """Return the first few attributes of an item as a list shows them, figures with their names."""
    found: list[str] = []
    for name, value in known.attributes.items():
        if isinstance(value, str) and len(value) <= LONGEST_DETAIL:
            found.append(clean(value))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found.append(clean(f"{name} {figure(value)}"))
    return found[:N_DETAILS]


def _found(outcome: Outcome, say: Macros) -> str:
    request, found = outcome.request, outcome.found
    names = [_name(one, say) for one in found]
    if outcome.matches is not None:
        return say.counted(outcome.matches, _conditions(request, say), names)
    if outcome.unknown:
        return say.close(names)
    if len(names) > 1 and not request.where.only_items:
        exact = request.intent == "search" and found[0].match >= 1.0
        return say.found_several(names) if exact else say.found_many(names)
    known = [outcome.known.get(one.item_id, KnownFacts()) for one in found]
    asked = None if request.about is None else clean(request.about, 60)
    if asked is not None and _STOCK & set(asked.casefold().split()) and (left := _availability(known[0])):
        return say.about(names[0], left, None)
    value = None if asked is None else _property(asked, found[0], known[0])
    if asked is not None and value is not None:
        return say.property(names[0], asked, value)
    facts = [_facts(*one) for one in zip(found, known, strict=True)]
    if request.intent == "search":
        return "\n".join(map(say.found_one, names, facts))
    texts = [None if one.description is None else clean(one.description, 400) for one in known]
    lines = [say.about(*one) for one in zip(names, facts, texts, strict=True)]
    all_said = say.all_said(len(lines), any(facts) or any(texts))
    lacking = "" if asked is None else f"{say.no_property(names[0], asked)} "
    return lacking + "\n".join((*lines[:-1], f"{lines[-1]} {all_said}"))


def _property(asked: str, item: FoundItem, known: KnownFacts) -> str | None:
    """Return the value of a property by its name; None where it has none."""
    wanted = set(asked.casefold().replace("_", " ").split())
    for name, value in known.attributes.items():
        if wanted & set(name.casefold().replace("_", " ").split()):
            return clean(_value(value))
    if wanted & {"price", "cost", "costs"} and known.price is not None:
        return figure(known.price)
    if wanted & {"year", "date", "age", "release", "released"} and item.year is not None:
        return str(item.year)
    if wanted & {"genre", "genres", "category", "categories", "kind", "type"} and item.categories:
        return ", ".join(map(clean, item.categories))
    return None


def _facts(item: FoundItem, known: KnownFacts) -> list[str]:
    categories = [", ".join(map(clean, item.categories))] if item.categories else []
    return [*categories, *facts_of(known)]


def facts_of(known: KnownFacts) -> list[str]:
    """Return price, availability, day of publication and attributes, each as it stands in a sentence."""
    facts = [] if known.price is None else [f"price {figure(known.price)}"]
    facts += _availability(known)
    facts += [] if known.published is None else [f"published {known.published:%Y-%m-%d}"]
    return [*facts, *(clean(f"{name} {_value(value)}") for name, value in known.attributes.items())]


def _availability(known: KnownFacts) -> list[str]:
    """Return whether an item can be had, in words; nothing where that is not known."""
    if known.stock == 0:
        return ["sold out"]
    if known.available is False:
        return ["not available now"]
    return [] if known.stock is None else [f"in stock: {known.stock}"]


def _value(value: AttributeValue) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return figure(value)
    return value_text(value)


def figure(number: float) -> str:
    """Return a price or another value as it stands in a sentence."""
    return f"{number:.10g}"


def _past(past: Past, request: Request, say: Macros) -> str:
    """Return the person's newest events in one sentence."""
    asked = [clean(kind, 40) for kind in request.past if kind.casefold() not in {"all", "any", "everything"}]
    conditions = _conditions(request, say)
    said = "; ".join([*([", ".join(asked)] if asked else []), *([conditions] if conditions else [])])
    return say.past([_event(one, say) for one in past.events], past.matching, past.total, said)


def _event(one: PastEvent, say: Macros) -> str:
    """Return an event in a sentence: "Heat (1995), rated 4, on 3 May 2001"."""
    how = [] if one.kind is None else [done(one.kind)]
    how = [f"rated {figure(one.rating)}"] if one.rating is not None else how
    when = [] if one.time is None else [f"on {one.time.day} {one.time:%B %Y}"]
    said = [] if one.stored else ["said in this conversation"]
    return ", ".join([_name(one.item, say), *how, *when, *said])


def _confirmation(done: Confirmation, say: Macros) -> str:
    if done.kind == "forgotten_everything":
        return say.forgotten_everything(done.events, done.durable)
    if done.kind == "forgotten":
        return say.forgotten(_names(done.forgotten, say), done.events, done.durable)
    noted = [_names(items, say) for items in (done.liked, done.disliked, done.seen)]
    return say.noted(*noted, _names(done.forgotten, say), done.durable)


def _question(asked: Question, say: Macros) -> str:
    if asked.kind == "forget_everything":
        return say.delete_everything(asked.events)
    names = _names(asked.items[:N_NAMED], say)
    if asked.kind == "which_item" and len(set(names)) < len(names):  # years alone do not distinguish them
        names = [
            f"{name} ({', '.join(map(clean, item.categories)) or clean(item.item_id)})"
            for name, item in zip(names, asked.items, strict=False)
        ]
    if asked.kind == "which_item":
        return say.which(clean(asked.items[0].title), names)
    return say.delete_items(names, len(asked.items) - len(names), asked.events)


def _explanation(why: Explanation, say: Macros) -> list[str]:
    name = _name(why.item, say)
    if why.seen:
        lines = [say.seen_already(name)]
    elif why.place is not None:
        asked = why.listed or Request()
        like = [clean(title) for title in asked.similar_to]
        words = None if asked.query is None else clean(asked.query, 80)
        lines = [say.placed(name, why.place, like, words, asked.order)]
    elif why.rank is None or why.probability is None:
        lines = [say.unranked(name)]
    else:
        lines = [say.standing(name, why.rank, percent(why.probability))]
    if why.events == 0 and why.place is None:
        lines.append(say.no_history())
    others = [one for one in why.evidence if one.item_id != why.item.item_id]
    if others:
        titles = [f"“{clean(one.title)}”" for one in others]
        sentence = say.raised if all(one.effect is not None for one in others) else say.closest
        lines.append(sentence(titles))
    if why.shared_categories:
        pairs = sorted(why.shared_categories.items(), key=lambda pair: -pair[1])[:N_CATEGORIES]
        lines.append(say.shares([(clean(n), count) for n, count in pairs], why.events))
    return lines


def _names(items: Sequence[FoundItem], say: Macros) -> list[str]:
    return [_name(item, say) for item in items]


def _name(item: FoundItem, say: Macros) -> str:
    return say.item(clean(item.title), item.year)


def clean(text: str, max_chars: int = 200) -> str:
    """Return a title or what a user said as it stands in a sentence."""
    return neutralise(text, max_chars=max_chars)


def percent(share: float) -> str:
    """Return a probability as it stands in a sentence."""
    if share < 0.0001:
        return "less than 0.01 %"
    return f"{100 * share:.2f} %" if share < 0.01 else f"{100 * share:.1f} %"
