"""What stands behind a history in a prompt: what the person asks for, and the day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from nextinterest.domain import History
from nextinterest.prompts.sanitise import neutralise
from nextinterest.prompts.template import PromptTemplate

__all__ = ["Asking", "asked_text", "day_text"]

_MAX_REQUEST_CHARS = 500
_MAX_NAME_CHARS = 96
_MOST_NAMES = 20
_SECONDS_PER_DAY = 86_400
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What a person asks for, in words that a prompt shows.

    Attributes
    ----------
    request
        In the person's own words; None for nothing.
    constraints
        What every item must meet, a phrase each.
    liked, disliked, similar_to, less_like
        Titles, as in `nextinterest.domain.Request`.
    today
        The day, for prompts whose history has times; None leaves it out.
    """

    request: str | None = None
    constraints: tuple[str, ...] = ()
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    similar_to: tuple[str, ...] = ()
    less_like: tuple[str, ...] = ()
    today: date | None = None


def asked_text(
    template: PromptTemplate, asking: Asking, special: frozenset[str], variables: Mapping[str, object]
) -> str:
    """Return a template's section ``request``; empty where nothing that it shows is asked for."""
    used = template.variables("request")
    lists = {
        name: _names(getattr(asking, name), special)
        for name in ("constraints", "liked", "disliked", "similar_to", "less_like")
    }
    words = neutralise(asking.request or "", max_chars=_MAX_REQUEST_CHARS, special_tokens=special)
    values = {"request": words, **lists}
    if not any(value for name, value in values.items() if name in used):
        return ""
    return template.render("request", **variables, **values)


def day_text(
    template: PromptTemplate, history: History, today: date | None, variables: Mapping[str, object]
) -> str:
    """Return a template's section ``today``; empty where the history has no times."""
    if today is None or history.times is None or not len(history) or "today" not in template.sections:
        return ""
    days = (today - _EPOCH).days - int(history.times[-1]) // _SECONDS_PER_DAY
    if days < 0:  # dated ahead
        return ""
    return template.render("today", **variables, today=today.isoformat(), days=days)


def _names(texts: Iterable[str], special: frozenset[str]) -> tuple[str, ...]:
    clean = (neutralise(text, max_chars=_MAX_NAME_CHARS, special_tokens=special) for text in texts)
    return tuple(name for name in clean if name)[:_MOST_NAMES]
