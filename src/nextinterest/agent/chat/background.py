"""What a history says of categories, for replies that a language model words."""

from __future__ import annotations

from collections import Counter

from nextinterest.agent.chat.profile import ChatProfile
from nextinterest.agent.engine import Engine
from nextinterest.agent.histories import ReadHistory
from nextinterest.domain import Background, Outcome

__all__ = ["with_background"]


def with_background(outcome: Outcome, engine: Engine, profile: ChatProfile) -> Outcome:
    """Return a result with what the history says of categories; as it is where no model words replies.

    Rising and fading are those of the portrait of interests, which tests them.
    """
    lists = outcome.recommendations is not None or outcome.explanation is not None
    if not lists or engine.model_for("word") is None or not len(history := profile.history()):
        return outcome
    counts = Counter(name for item in history.items.tolist() for name in engine.catalog.categories[item])
    portrait = engine.interests(ReadHistory(history))
    past = Background(
        categories=dict(counts.most_common()),
        rising=tuple(change.interest for change in portrait.rising),
        fading=tuple(change.interest for change in portrait.fading),
    )
    return outcome.model_copy(update={"background": past})
