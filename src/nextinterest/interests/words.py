"""The portrait in words: a few plain sentences, each written from named numbers and nothing else.

Sentences come from a template file, one macro each. A sentence carries the paths of the values it was
written from (``changes.0.after``), so every number in it can be looked up; titles are neutralised first,
since they are untrusted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Protocol, cast

from jinja2 import Environment, StrictUndefined
from pydantic import BaseModel, ConfigDict, Field

from nextinterest.domain.portraits import InterestOutlook, InterestPortrait, InterestShare
from nextinterest.prompts.sanitise import neutralise

__all__ = ["Sentence", "TextPortrait", "describe"]

N_NAMED = 3
LEAST_SHARE = 0.05
N_CHANGES = 4
LEAST_EVENTS = 5
"""Events from which shares are named: those of fewer are mostly the average of all users."""
N_TITLES = 2
CHANGE_FIELDS = ("interest", "direction", "before", "after", "q_value")


class Sentence(BaseModel):
    """One sentence and the values it rests on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(description="The sentence.")
    portrait: tuple[str, ...] = Field(
        default=(), description="Paths of the values in the portrait, such as 'changes.0.after'."
    )
    outlook: tuple[str, ...] = Field(default=(), description="Paths of the values in the outlook.")
    events: tuple[int, ...] = Field(default=(), description="Indices of the events it names.")


class TextPortrait(BaseModel):
    """A short profile in words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str | None = Field(default=None, description="Id of the user, where known.")
    sentences: tuple[Sentence, ...] = Field(description="In reading order.")

    @property
    def text(self) -> str:
        """The whole profile as one paragraph."""
        return " ".join(sentence.text for sentence in self.sentences)


class Sayings(Protocol):
    """The macros of the template, as functions."""

    def __getattr__(self, name: str) -> Callable[..., str]: ...


@cache
def sayings() -> Sayings:
    """Return the sentences of the template file, one function each."""
    source = files("nextinterest.interests").joinpath("templates/portrait.jinja").read_text("utf-8")
    # The result is plain text for people and prompts, not a page; HTML escaping is for whoever makes one.
    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701
    return cast(Sayings, environment.from_string(source).module)


def describe(portrait: InterestPortrait, outlook: InterestOutlook | None = None) -> TextPortrait:
    """Write a portrait, and an outlook where given, as sentences."""
    say = sayings()
    if portrait.events == 0:
        nothing = Sentence(text=say.empty(), portrait=("events",))
        return TextPortrait(user=portrait.user, sentences=(nothing,))
    sentences = [_extent(portrait, say), *_mix(portrait, say)]
    now = observed(portrait.current)
    if now and 0 < portrait.recent_events < portrait.events:
        names, shares = columns(portrait.current, now)
        sentences.append(
            Sentence(
                text=say.current(portrait.recent_events, names, shares),
                portrait=("recent_events", *(f"current.{i}.share" for i in now)),
            )
        )
    if portrait.long_standing:
        sentences.append(long_standing(portrait, say))
    sentences += _changes(portrait, say)
    if portrait.breadth is not None:
        breadth = portrait.breadth
        sentences.append(
            Sentence(
                text=say.breadth(breadth.effective_interests, breadth.direction),
                portrait=("breadth.effective_interests", "breadth.direction"),
            )
        )
    if portrait.novelty is not None and portrait.novelty.new_interests:
        new = portrait.novelty.new_interests[:N_NAMED]
        sentences.append(
            Sentence(
                text=say.novelty(clean(new)),
                portrait=tuple(f"novelty.new_interests.{i}" for i in range(len(new))),
            )
        )
    if outlook is not None:
        sentences.append(_outlook(outlook, say))
    return TextPortrait(user=portrait.user, sentences=tuple(sentences))


def long_standing(portrait: InterestPortrait, say: Sayings) -> Sentence:
    """Return the sentence about interests held throughout; there must be one."""
    lasting = portrait.long_standing[:N_NAMED]
    return Sentence(
        text=say.long_standing(clean(lasting)),
        portrait=tuple(f"long_standing.{i}" for i in range(len(lasting))),
    )


def clean(names: Sequence[str]) -> list[str]:
    """Return names that can do no harm in a prompt."""
    return [neutralise(name) for name in names]


def _extent(portrait: InterestPortrait, say: Sayings) -> Sentence:
    if portrait.pace is None:
        return Sentence(text=say.extent(portrait.events, None, None), portrait=("events",))
    return Sentence(
        text=say.extent(portrait.events, portrait.pace.days, portrait.pace.sessions),
        portrait=("events", "pace.days", "pace.sessions"),
    )


def _mix(portrait: InterestPortrait, say: Sayings) -> list[Sentence]:
    """Name the largest interests, of a history of few events without shares; none where it has none."""
    rows = portrait.interests
    if portrait.events < LEAST_EVENTS:
        seen = sorted((i for i, row in enumerate(rows) if row.events > 0), key=lambda i: -rows[i].events)
        names, _ = columns(rows, seen)
        paths = tuple(f"interests.{i}.events" for i in seen)
        return [Sentence(text=say.few(names), portrait=paths)] if seen else []
    top = observed(rows)
    names, shares = columns(rows, top)
    paths = tuple(f"interests.{i}.share" for i in top)
    return [Sentence(text=say.mix(names, shares), portrait=paths)] if top else []


def observed(rows: Sequence[InterestShare]) -> list[int]:
    """Return which of the rows to name: the first few that matter, and one always, of those with events.

    A smoothed share is above zero for an interest without events too, as large as it is among all users.
    """
    seen = [i for i, row in enumerate(rows) if row.events > 0][:N_NAMED]
    return [i for n, i in enumerate(seen) if n == 0 or rows[i].share >= LEAST_SHARE]


def columns(rows: Sequence[InterestShare], chosen: Sequence[int]) -> tuple[list[str], list[float]]:
    """Return names, harmless in a prompt, and shares of some of the rows."""
    return clean([rows[i].interest for i in chosen]), [rows[i].share for i in chosen]


def _changes(portrait: InterestPortrait, say: Sayings) -> list[Sentence]:
    if not portrait.changes:
        return []
    reported = [(i, c) for i, c in enumerate(portrait.changes) if c.direction != "steady"][:N_CHANGES]
    if not reported:
        return [
            Sentence(text=say.no_change(portrait.false_discovery_rate), portrait=("false_discovery_rate",))
        ]
    sentences = []
    for i, change in reported:
        shown = change.evidence[:N_TITLES]
        titles = [f"“{neutralise(event.title)}”" for event in shown]
        name = neutralise(change.interest)
        sentences.append(
            Sentence(
                text=say.change(name, change.direction, change.before, change.after, change.q_value, titles),
                portrait=tuple(f"changes.{i}.{field}" for field in CHANGE_FIELDS),
                events=tuple(event.index for event in shown),
            )
        )
    return sentences


def _outlook(outlook: InterestOutlook, say: Sayings) -> Sentence:
    rows = outlook.interests[:N_NAMED]
    return Sentence(
        text=say.outlook(
            outlook.horizon_events,
            clean([row.interest for row in rows]),
            [row.share for row in rows],
            [row.lower for row in rows],
            [row.upper for row in rows],
            outlook.level,
        ),
        outlook=(
            "horizon_events",
            "level",
            *(f"interests.{i}.{field}" for i in range(len(rows)) for field in ("share", "lower", "upper")),
        ),
    )
