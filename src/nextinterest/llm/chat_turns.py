"""Conversations brought into the form that a chat template takes, with every turn in the rendered text.

Published templates refuse system turns, pass them over in silence, or demand that user and assistant
alternate, the user first. Which of this holds is found by rendering marked turns of the same roles, so no
content can be mistaken for a template's fault. Knows roles and text, nothing of any one template.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nextinterest.errors import ModelError
from nextinterest.messages import Message, Role

__all__ = ["TurnFitter"]

Render = Callable[[Sequence[Message]], str]
Arrange = Callable[[Sequence[Message]], list[Message]]
_REMEMBERED = 256


class TurnFitter:
    """Arranges conversations for one template.

    Parameters
    ----------
    render
        Renders turns; raises `ModelError` with the template's own words where it refuses them.
    name
        Of the model, for messages.
    """

    def __init__(self, render: Render, name: str) -> None:
        self._render, self._name = render, name
        self._found: dict[tuple[str, ...], Arrange] = {}

    def fitted(self, messages: Sequence[Message]) -> list[Message]:
        """Return the turns as the template takes them.

        The first of these that keeps every turn: as they are; neighbours of one role joined and an empty
        user turn put first where the assistant begins; system turns put before the user turn behind them;
        both.

        Raises
        ------
        ModelError
            If the template refuses or loses turns in every arrangement.
        """
        roles = tuple(message.role for message in messages)
        arrange = self._found.get(roles)
        if arrange is None:
            arrange = self._probe(roles)
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[roles] = arrange
        return arrange(messages)

    def _probe(self, roles: Sequence[str]) -> Arrange:
        marked = [Message(role=_role(role), content=f"turn{index}mark") for index, role in enumerate(roles)]
        tried: list[list[Message]] = []
        refusal = ""
        for arrange in (_as_they_are, _alternating, _without_system, _both):
            turns = arrange(marked)
            if turns in tried:
                continue
            tried.append(turns)
            try:
                text = self._render(turns)
            except ModelError as error:
                refusal = refusal or error.message
                continue
            if all(mark.content in text for mark in marked):
                return arrange
        what = refusal or f"The chat template of {self._name} leaves out turns of {', '.join(roles)}."
        raise ModelError(what, remedy="Use a model whose chat template takes such a conversation.")


def _as_they_are(messages: Sequence[Message]) -> list[Message]:
    return [Message(role=_role(message.role), content=message.content) for message in messages]


def _alternating(messages: Sequence[Message]) -> list[Message]:
    """Join neighbours of one role; the first that is no system turn is the user's."""
    out: list[Message] = []
    for message in _as_they_are(messages):
        if message.role == "assistant" and all(turn.role == "system" for turn in out):
            out.append(Message(role="user", content=""))
        if out and out[-1].role == message.role:
            out[-1] = Message(role=message.role, content=_joined(out[-1].content, message.content))
        else:
            out.append(message)
    return out


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """Put what system turns say before the user turn behind them, or where none is into one of its own."""
    out: list[Message] = []
    open_ = False  # the last turn holds what system turns said, and no user's words yet
    for message in _as_they_are(messages):
        if open_ and message.role != "assistant":
            out[-1] = Message(role="user", content=_joined(out[-1].content, message.content))
        else:
            out.append(
                Message(role="assistant" if message.role == "assistant" else "user", content=message.content)
            )
        open_ = message.role == "system"
    return out


def _both(messages: Sequence[Message]) -> list[Message]:
    return _alternating(_without_system(messages))


def _joined(first: str, second: str) -> str:
    return f"{first}\n\n{second}" if first and second else first or second


def _role(role: str) -> Role:
    """Return a role that templates know; any other is the user's, as in the interface of endpoints."""
    return "system" if role == "system" else "assistant" if role == "assistant" else "user"
