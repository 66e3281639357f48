"""The text of a reply, made from its structured result alone.

Sentences come from ``templates/chat.jinja``. Titles and users' text are untrusted: each is
neutralised to one line before it is put into a sentence, and none is ever rendered as a template.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Protocol, cast

from jinja2 import Environment, StrictUndefined

from nextinterest.domain import (
    Confirmation,
    Explanation,
    FoundItem,
    Outcome,
    Question,
    Recommendation,
    Request,
)
from nextinterest.interests.words import describe
from nextinterest.prompts import neutralise

__all__ = ["words_of"]

N_CATEGORIES = 3
N_NAMED = 8


class _Sentences(Protocol):
    """The macros of the template, as functions."""

    def __getattr__(self, name: str) -> Callable[..., str]: ...


@cache
def _template() -> _Sentences:
    source = files("nextinterest.agent.chat").joinpath("templates/chat.jinja").read_text("utf-8")
    # The result is plain text for people, not a page; HTML escaping is for whoever makes one.
    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701
    return cast(_Sentences, environment.from_string(source).module)


def words_of(outcome: Outcome) -> str:
    """Write a result as text.

    Parameters
    ----------
    outcome
        The result.
    """
    say = _template()
    parts: list[str] = []
    if outcome.confirmation is not None:
        parts.append(_confirmation(outcome.confirmation, say))
    if outcome.question is not None:
        parts.append(_question(outcome.question, say))
    if outcome.unknown and outcome.request.intent == "forget":
        absent = [_clean(words, 80) for words in outcome.unknown]
        parts.append(say.not_held(absent) if outcome.confirmation is None else say.not_held_besides(absent))
    elif outcome.unknown:
        parts.append(say.unknown([_clean(words, 80) for words in outcome.unknown]))
    request = outcome.request
    if outcome.recommendations is not None:
        parts.append(_list(outcome, say))
    elif outcome.portrait is not None:
        parts.append(describe(outcome.portrait, outcome.outlook).text)
    elif outcome.explanation is not None:
        parts.append(_explanation(outcome.explanation, say))
    elif outcome.found:
        parts.append(_found(outcome, say))
    elif not parts:
        ask = {"forget": say.forget_what, "explain": say.explain_what, "search": say.search_what}
        parts.append(ask[request.intent]() if request.intent in ask else "" if outcome.notes else say.other())
    parts += [neutralise(note, max_chars=400) for note in outcome.notes]
    return "\n".join(part for part in parts if part)


def _list(outcome: Outcome, say: _Sentences) -> str:
    made = outcome.recommendations
    if made is None:
        return ""
    request = outcome.request
    conditions = _conditions(request, say)
    like = [_clean(title) for title in request.similar_to]
    if made.items:
        popular = made.events_used == 0
        lines = [
            say.list_head(len(made.items), conditions, like, popular),
            *(_line(item, say) for item in made.items),
        ]
    else:
        lines = [say.nothing(conditions, like)]
    if outcome.relaxation is not None:
        loosened = outcome.relaxation
        lines.append(say.relaxed(_conditions(loosened.request, say), loosened.matches))
    return "\n".join(lines)


def _conditions(request: Request, say: _Sentences) -> str:
    return say.conditions(
        [_clean(name) for name in request.where.categories],
        request.where.match == "any",
        [_clean(name) for name in request.where.excluded_categories],
        request.where.year_from,
        request.where.year_to,
    )


def _line(item: Recommendation, say: _Sentences) -> str:
    return say.line(item.rank, _clean(item.title), item.year, [_clean(name) for name in item.categories])


def _found(outcome: Outcome, say: _Sentences) -> str:
    names = [_name(one, say) for one in outcome.found]
    if outcome.unknown:
        return say.close(names)
    if len(names) == 1:
        return say.found_one(names[0], [_clean(name) for name in outcome.found[0].categories])
    return say.found_many(names)


def _confirmation(done: Confirmation, say: _Sentences) -> str:
    if done.kind == "forgotten_everything":
        return say.forgotten_everything(done.events, done.durable)
    if done.kind == "forgotten":
        return say.forgotten(_names(done.forgotten, say), done.events, done.durable)
    return say.noted(
        _names(done.liked, say), _names(done.disliked, say), _names(done.seen, say), done.durable
    )


def _question(asked: Question, say: _Sentences) -> str:
    if asked.kind == "forget_everything":
        return say.delete_everything(asked.events)
    names = _names(asked.items[:N_NAMED], say)
    if asked.kind == "which_item" and len(set(names)) < len(names):  # years alone do not distinguish them
        names = [
            f"{name} ({', '.join(map(_clean, item.categories)) or _clean(item.item_id)})"
            for name, item in zip(names, asked.items, strict=False)
        ]
    if asked.kind == "which_item":
        return say.which(_clean(asked.items[0].title), names)
    return say.delete_items(names, len(asked.items) - len(names), asked.events)


def _explanation(why: Explanation, say: _Sentences) -> str:
    name = _name(why.item, say)
    if why.seen:
        lines = [say.seen_already(name)]
    elif why.rank is None or why.probability is None:
        lines = [say.unranked(name)]
    else:
        lines = [say.standing(name, why.rank, _percent(why.probability))]
    if why.events == 0:
        lines.append(say.no_history())
    others = [one for one in why.evidence if one.item_id != why.item.item_id]
    if others:
        titles = [f"“{_clean(one.title)}”" for one in others]
        sentence = say.raised if all(one.effect is not None for one in others) else say.closest
        lines.append(sentence(titles))
    if why.shared_categories:
        pairs = sorted(why.shared_categories.items(), key=lambda pair: -pair[1])[:N_CATEGORIES]
        lines.append(say.shares([(_clean(n), count) for n, count in pairs], why.events))
    return " ".join(lines)


def _names(items: Sequence[FoundItem], say: _Sentences) -> list[str]:
    return [_name(item, say) for item in items]


def _name(item: FoundItem, say: _Sentences) -> str:
    return say.item(_clean(item.title), item.year)


def _clean(text: str, max_chars: int = 200) -> str:
    return neutralise(text, max_chars=max_chars)


def _percent(share: float) -> str:
    if share < 0.0001:
        return "less than 0.01 %"
    return f"{100 * share:.2f} %" if share < 0.01 else f"{100 * share:.1f} %"
