"""`SecondReader`: one reader, and another that is asked where the first is unsure.

The first has no probabilities, so its doubt is read off what it found: a title that the catalogue does not
have, or nothing at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nextinterest.agent.chat.schema import ChatAction, ChatMessage
from nextinterest.agent.chat.understanding import ChatContext, Understanding, Understood

__all__ = ["SecondReader", "is_unsure"]

_EVERYTHING = "everything"


class SecondReader:
    """Asks a second reader where the first is unsure.

    Parameters
    ----------
    first
        Reads every conversation; cheap.
    second
        Reads those that the first found little in, such as a `TunedReader`.
    """

    def __init__(self, first: Understanding, second: Understanding) -> None:
        self.first, self.second = first, second

    @property
    def name(self) -> str:
        """Short name, used in tables."""
        return f"{self.first.name}, else {self.second.name}"

    def read(self, messages: Sequence[ChatMessage], context: ChatContext) -> Understood:
        """Return what the newest user message asks for; what earlier ones told is the first reader's."""
        understood = self.first.read(messages, context)
        if not is_unsure(understood.action, context):
            return understood
        return replace(self.second.read(messages, context), earlier=understood.earlier)


def is_unsure(action: ChatAction, context: ChatContext) -> bool:
    """Whether an action says little: nothing beside a vague intent, or words that are no title.

    Examples
    --------
    >>> from nextinterest.domain import Catalog
    >>> context = ChatContext(Catalog(["1"], ["Alien"]))
    >>> is_unsure(ChatAction(intent="other"), context)
    True
    >>> is_unsure(ChatAction(intent="search", query="Alien"), context)
    False
    """
    if action.query is not None and action.query != _EVERYTHING:
        return context.titles.resolve(action.query) is None
    return action.intent in {"other", "recommend"} and action == ChatAction(intent=action.intent)
