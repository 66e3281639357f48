"""Utterances generated for a catalogue, with the request each makes, split by wording.

A wording (see ``patterns.yaml``) belongs to one split by its hash: a model or reader that is tuned on train
and validation has never met the wordings of test. What fills them, titles as people mistype and shorten them
among it, comes from any catalogue. Requests are plain dictionaries in the flat form of
`nextinterest.prompts.flat_request`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
import yaml

from nextinterest.domain import Catalog
from nextinterest.finetune.utterances.filling import Filling

__all__ = ["Pattern", "Split", "Utterance", "generate", "patterns"]

Split = Literal["train", "validation", "test"]
Value = str | int | list[str]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A wording, or a conversation of them, and the intent of its last message.

    Attributes
    ----------
    intent
        What is wanted.
    turns
        Messages, the user's first; every second one is the assistant's.
    then
        Field of the request by the name of what fills it; None where the names in the wording say it.
    want
        Fields that are the same whatever fills it.
    """

    intent: str
    turns: tuple[str, ...]
    then: tuple[tuple[str, str], ...] | None = None
    want: tuple[tuple[str, str], ...] = ()

    @property
    def split(self) -> Split:
        """The split this wording belongs to: seven in ten are train, one validation, two test."""
        bucket = int(hashlib.sha256("\n".join(self.turns).encode()).hexdigest(), 16) % 10
        return "train" if bucket < 7 else "validation" if bucket == 7 else "test"


@dataclass(frozen=True, slots=True)
class Utterance:
    """A conversation and the request that its last message makes.

    Attributes
    ----------
    messages
        (role, content) pairs, oldest first.
    request
        Fields of the request that are not empty; lists sorted.
    written
        The same with titles and categories as they were typed: what a model that reads words should write.
    pattern
        The wording it was made from.
    """

    messages: tuple[tuple[str, str], ...]
    request: dict[str, Value]
    written: dict[str, Value]
    pattern: Pattern


@cache
def patterns() -> tuple[Pattern, ...]:
    """Return all wordings."""
    source = files("nextinterest.finetune.utterances").joinpath("patterns.yaml").read_text("utf-8")
    found: list[Pattern] = []
    for intent, rows in yaml.safe_load(source).items():
        for row in rows:
            if isinstance(row, str):
                found.append(Pattern(intent, (row,)))
            elif intent == "conversations":
                want = tuple(row.get("want", {}).items())
                found.append(Pattern(row["intent"], tuple(row["say"]), tuple(row["then"].items()), want))
            else:
                found.append(Pattern(intent, (row["say"],), want=tuple(row["want"].items())))
    return tuple(found)


def generate(
    catalog: Catalog,
    split: Split,
    n: int,
    rng: np.random.Generator,
    things: Sequence[str] = ("things", "titles", "items"),
) -> Iterator[Utterance]:
    """Yield n utterances of a split.

    Parameters
    ----------
    catalog
        Whose titles, categories and years fill the wordings; wordings that need what it lacks are left out.
    split
        Which wordings.
    n
        How many.
    rng
        Draws wordings and what fills them; intents are drawn evenly.
    things
        What the catalogue's items are called, such as ("movies", "films").
    """
    by_intent: dict[str, list[Pattern]] = {}
    probe = Filling(catalog, np.random.default_rng(0), things)
    for pattern in patterns():
        if pattern.split == split and probe.can_fill(pattern.turns):
            by_intent.setdefault(pattern.intent, []).append(pattern)
    intents = sorted(by_intent)
    for _ in range(n if intents else 0):
        choices = by_intent[intents[int(rng.integers(len(intents)))]]
        pattern = choices[int(rng.integers(len(choices)))]
        filling = Filling(catalog, rng, things)
        said = tuple(filling.fill(turn, assistant=i % 2 == 1) for i, turn in enumerate(pattern.turns))
        then = None if pattern.then is None else dict(pattern.then)
        request, written = (
            {"intent": pattern.intent, **filling.request(then, written=own), **dict(pattern.want)}
            for own in (False, True)
        )
        roles = ("user", "assistant")
        messages = tuple((roles[i % 2], text) for i, text in enumerate(said))
        yield Utterance(messages, request, written, pattern)
