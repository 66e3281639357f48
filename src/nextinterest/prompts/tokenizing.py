"""What prompts need of a tokenizer, as a protocol.

Any tokenizer that has these members will do; those of `nextinterest.llm` satisfy it. This module
knows no particular tokenizer and loads none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from nextinterest.messages import Message

__all__ = ["TextTokenizer", "plain_start"]


class TextTokenizer(Protocol):
    """Text to token ids and back, and the chat rendering of an instruct model.

    A tokenizer may also have an attribute ``bos``: the text a model expects in front of plain text (see
    `plain_start`).
    """

    @property
    def special_tokens(self) -> frozenset[str]:
        """Return every control token of the vocabulary, as text; none may come from untrusted text."""

    @property
    def has_chat_template(self) -> bool:
        """Return whether `render_chat` can be used."""

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text`; control tokens written in it are parsed as such, none are added."""

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of `ids`."""

    def render_chat(self, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> str:
        """Return the conversation as the model was trained to read it."""


def plain_start(tokenizer: TextTokenizer) -> str:
    """Return the text a model expects in front of plain text, empty where its tokenizer names none.

    A chat template writes that start by itself; plain rendering for base models has to.
    """
    start = getattr(tokenizer, "bos", "")
    return start if isinstance(start, str) else ""
