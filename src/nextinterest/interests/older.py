"""The portrait as the summary of events that do not fit into a prompt.

Written from those events alone, so that it stays the same for as long as the prompt's first event does (see
`nextinterest.prompts.Summariser`). Shorter than the portrait that people read: no titles, no q-values. It
knows no tokens; the renderer leaves out the last sentences until the rest fits.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from nextinterest.domain import Catalog, History
from nextinterest.domain.portraits import InterestPortrait
from nextinterest.interests.portrait import PortraitConfig, portray
from nextinterest.interests.words import (
    CHANGE_FIELDS,
    N_CHANGES,
    Sentence,
    TextPortrait,
    clean,
    columns,
    long_standing,
    observed,
    sayings,
)

__all__ = ["PortraitSummary", "describe_older"]

KEPT = 1024
"""Summaries remembered: a prompt asks for several while it looks for the one that fits."""


def describe_older(portrait: InterestPortrait) -> TextPortrait:
    """Write the portrait of dropped events as sentences, the weightiest first.

    How many they were; what most of them were; which interests rose or faded beyond chance; what the last of
    them were; what was there all along.
    """
    say = sayings()
    if portrait.events == 0:
        return TextPortrait(user=portrait.user, sentences=())
    days = None if portrait.pace is None else portrait.pace.days
    extent = ("events",) if days is None else ("events", "pace.days")
    sentences = [Sentence(text=say.earlier(portrait.events, days), portrait=extent)]
    if top := observed(portrait.interests):
        sentences.append(
            Sentence(
                text=say.earlier_mix(*columns(portrait.interests, top)),
                portrait=tuple(f"interests.{i}.share" for i in top),
            )
        )
    reported = [(i, c) for i, c in enumerate(portrait.changes) if c.direction != "steady"][:N_CHANGES]
    fields = [field for field in CHANGE_FIELDS if field != "q_value"]
    for i, change in reported:
        name = clean([change.interest])[0]
        sentences.append(
            Sentence(
                text=say.earlier_change(name, change.direction, change.before, change.after),
                portrait=tuple(f"changes.{i}.{field}" for field in fields),
            )
        )
    now = observed(portrait.current)
    if now and 0 < portrait.recent_events < portrait.events:
        sentences.append(
            Sentence(
                text=say.earlier_end(portrait.recent_events, *columns(portrait.current, now)),
                portrait=("recent_events", *(f"current.{i}.share" for i in now)),
            )
        )
    if portrait.long_standing:
        sentences.append(long_standing(portrait, say))
    return TextPortrait(user=portrait.user, sentences=tuple(sentences))


class PortraitSummary:
    """A `nextinterest.prompts.Summariser` that says the portrait of the events it is given.

    Parameters
    ----------
    catalog
        Gives the interests of items.
    config
        Settings of the portrait.
    """

    def __init__(self, catalog: Catalog, config: PortraitConfig | None = None) -> None:
        self.catalog = catalog
        self.config = config or PortraitConfig()
        self._said = lru_cache(maxsize=KEPT)(self._say)

    def __call__(self, history: History) -> tuple[str, ...]:
        """Return the sentences, the weightiest first."""
        return self._said(history.items.tobytes(), None if history.times is None else history.times.tobytes())

    def _say(self, items: bytes, times: bytes | None) -> tuple[str, ...]:
        dropped = History(
            np.frombuffer(items, dtype=np.int32),
            None if times is None else np.frombuffer(times, dtype=np.int64),
        )
        portrait = portray(dropped, self.catalog, config=self.config)
        return tuple(sentence.text for sentence in describe_older(portrait).sentences)
