"""A rendered prompt: its tokens, and where in them things are."""

from __future__ import annotations

from dataclasses import dataclass

from nextinterest.messages import Message

__all__ = ["Prompt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A history as a language model reads it.

    Attributes
    ----------
    tokens
        Token ids of the whole prompt.
    text
        The same as text.
    event_ends
        Index into `tokens` of the last token of each event line kept, oldest first. In the item-softmax
        template that is the line's newline, the prediction position.
    first_event
        Index in the history of the oldest event kept; the number of events dropped.
    first_number
        The number that a template which numbers events gives to that event; those behind it count on.
    summary
        What is said of the dropped events, or None.
    messages
        The prompt as a conversation, for models that are given messages; the start of the answer is not
        among them.
    labels
        What the model says to choose each candidate, exactly as it follows `text` (such as ``" A"``), in the
        order of the candidates given; empty for a prompt without candidates.
    """

    tokens: list[int]
    text: str
    event_ends: list[int]
    first_event: int
    summary: str | None
    messages: tuple[Message, ...]
    labels: tuple[str, ...] = ()
    first_number: int = 1

    def __len__(self) -> int:
        return len(self.tokens)
