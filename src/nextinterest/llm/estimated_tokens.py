"""Tokens of a model whose tokenizer is not at hand, estimated: about as many as it will count, not bytes.

Text is cut the way byte-pair vocabularies cut it: a word with the space before it, in pieces of seven
letters at most, each digit and each other sign by itself; letters beyond ASCII count one each, what
lies beyond the basic plane (emoji) two. On English prompts that is within a twentieth of what vocabularies of
50,000 to 260,000 tokens need, on lists of titles up to 15 % less (docs/models.md); what an endpoint reports
corrects it (`TokenRate`).
"""

from __future__ import annotations

import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Self

from nextinterest.data.assets import locate
from nextinterest.llm.base import Tokenizer
from nextinterest.messages import Message

__all__ = ["EndpointTokenizer", "EstimatedTokenizer", "NamedTokenizer", "TokenRate"]

_PIECE = re.compile(r" ?[A-Za-z]{1,7}| ?[0-9]| ?[!-/:-@\[-`{-~]| +|[\r\n]+|.", re.DOTALL)
_BEYOND = 4  # bytes of a character beyond the basic plane
_TURN = 4  # tokens that a chat template puts around a message, about
_SMOOTHING = 0.3
_LEAST, _MOST = 0.5, 4.0


class EndpointTokenizer(ABC):
    """A `nextinterest.llm.base.Tokenizer` of a model behind an endpoint.

    The chat form is a plain transcript; the endpoint applies the model's own template to it as one message.
    """

    special_tokens: frozenset[str]
    """Control tokens; none may come from untrusted text."""

    has_chat_template = False
    eos_ids: frozenset[int] = frozenset()

    @abstractmethod
    def encode(self, text: str) -> list[int]:
        """Return the tokens of `text`."""

    @abstractmethod
    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of tokens."""

    def render_chat(self, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> str:
        """Return a plain transcript."""
        turns = "\n\n".join(message.content for message in messages)
        return turns + ("\n\n" if add_generation_prompt else "")

    def size(self, messages: Sequence[Message]) -> int:
        """Return about how many tokens a conversation has, its turns' marks included."""
        return sum(len(self.encode(message.content)) + _TURN for message in messages)


class NamedTokenizer(EndpointTokenizer):
    """The tokenizer of the model that the endpoint serves, where it is at hand."""

    def __init__(self, inner: Tokenizer) -> None:
        self._inner = inner
        self.special_tokens = inner.special_tokens

    @classmethod
    def load(cls, name: str) -> Self:
        """Load a tokenizer by the name of an asset, a folder or a hub id.

        Raises
        ------
        AssetError, ModelError
            If there is none.
        """
        from nextinterest.llm.loading import load_tokenizer

        return cls(load_tokenizer(locate(name, "language-model")))

    def encode(self, text: str) -> list[int]:
        """Return the model's tokens of `text`."""
        return self._inner.encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of tokens."""
        return self._inner.decode(ids)


class EstimatedTokenizer(EndpointTokenizer):
    """A tokenizer that counts about as the endpoint's own does.

    Ids are the bytes of their piece as one number, so that `decode` gives back the text.
    """

    special_tokens = frozenset(
        {
            "<|im_start|>",
            "<|im_end|>",
            "<|endoftext|>",
            "<s>",
            "</s>",
            "[INST]",
            "[/INST]",
            "<|begin_of_text|>",
            "<|start_header_id|>",
            "<|end_header_id|>",
            "<|eot_id|>",
            "<start_of_turn>",
            "<end_of_turn>",
            "<|system|>",
            "<|user|>",
            "<|assistant|>",
            "<|end|>",
        }
    )
    """Those of the usual families."""

    def encode(self, text: str) -> list[int]:
        """Return the pieces of `text`."""
        ids: list[int] = []
        for match in _PIECE.finditer(text):
            piece = match[0].encode("utf-8", "replace")
            if len(piece) == _BEYOND and not piece.isascii():
                ids += [_id(piece[:2]), _id(piece[2:])]
            else:
                ids.append(_id(piece))
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of pieces."""
        whole = b"".join(i.to_bytes((i.bit_length() + 7) // 8, "big")[1:] for i in ids)
        return whole.decode("utf-8", "replace")


def _id(piece: bytes) -> int:
    # The leading 1 keeps zero bytes, and makes a vocabulary of everything without a table of it.
    return int.from_bytes(b"\x01" + piece, "big")


class TokenRate:
    """Tokens that an endpoint counts for each one estimated, from what it reports. Shared between threads."""

    def __init__(self) -> None:
        self._rate, self._seen = 1.0, False
        self._lock = threading.Lock()

    def learn(self, estimated: int, reported: int) -> None:
        """Take over what one request has shown: a prompt's size as estimated and as reported."""
        if estimated <= 0 or reported <= 0:
            return
        found = min(max(reported / estimated, _LEAST), _MOST)
        with self._lock:
            self._rate = found if not self._seen else self._rate + _SMOOTHING * (found - self._rate)
            self._seen = True

    def tokens(self, estimated: int) -> int:
        """Return how many tokens the endpoint will count, about."""
        return max(1, round(estimated * self._rate))

    def estimated(self, tokens: int) -> int:
        """Return how many estimated tokens make so many of the endpoint's, about."""
        return max(1, int(tokens / self._rate))
