"""Tokenizers: a local model's own, and bytes where the model's is not known.

Knows text and ids; nothing of weights or prompts.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from nextinterest.errors import ModelError
from nextinterest.llm.chat_turns import TurnFitter
from nextinterest.messages import Message

if TYPE_CHECKING:
    from llguidance import LLTokenizer
    from transformers import PreTrainedTokenizerBase

__all__ = ["ByteTokenizer", "LocalTokenizer"]


class LocalTokenizer:
    """A `nextinterest.llm.base.Tokenizer` over a transformers tokenizer.

    Parameters
    ----------
    inner
        The tokenizer as transformers loads it.
    eos_ids
        Ids that end an answer besides the tokenizer's own end token (a model's config may name several).
    """

    def __init__(self, inner: PreTrainedTokenizerBase, eos_ids: Sequence[int] = ()) -> None:
        self.inner = inner
        self._trie: tuple[int, LLTokenizer] | None = None
        self._trie_lock = threading.Lock()
        self._turns: TurnFitter | None = None
        own = inner.eos_token_id
        self._eos_ids = frozenset([*eos_ids, *([own] if isinstance(own, int) else [])])

    @cached_property
    def special_tokens(self) -> frozenset[str]:
        """Every added or special token, as text: none of them may come from untrusted text."""
        added = {token.content for token in self.inner.added_tokens_decoder.values()}
        return frozenset(added | set(self.inner.all_special_tokens))

    def trie(self, vocabulary: int) -> LLTokenizer:
        """Return llguidance's view of the vocabulary, made once (it takes about a second).

        Raises
        ------
        ModelError
            If the tokenizer is not one of the `tokenizers` library.
        """
        from llguidance import LLTokenizer

        with self._trie_lock:
            if self._trie is None or self._trie[0] != vocabulary:
                backend = getattr(self.inner, "backend_tokenizer", None)
                if backend is None:
                    raise ModelError(
                        f"{type(self.inner).__name__} cannot be constrained.",
                        remedy="Use a model with a fast tokenizer (tokenizer.json).",
                    )
                trie = LLTokenizer(backend.to_str(), n_vocab=vocabulary, eos_token=sorted(self._eos_ids))
                self._trie = (vocabulary, trie)
            return self._trie[1]

    @property
    def has_chat_template(self) -> bool:
        """Whether the model was trained on conversations and says how they are written."""
        return bool(self.inner.chat_template)

    @property
    def eos_ids(self) -> frozenset[int]:
        """Ids that end an answer."""
        return self._eos_ids

    @cached_property
    def writes_json(self) -> bool:
        """Whether the vocabulary has what JSON is written with; that of T5 has no braces."""
        signs = '{"[:,1]}'
        return set(signs) <= set(self.decode(self.encode(signs)))

    @property
    def end_id(self) -> int:
        """The id that answers are taught to end with: the tokenizer's own end token.

        Raises
        ------
        ModelError
            If the model has none.
        """
        own = self.inner.eos_token_id
        if not isinstance(own, int) and not self._eos_ids:
            raise ModelError(
                f"The tokenizer of {self._name} names no end token.", remedy="Use a model with one."
            )
        return own if isinstance(own, int) else min(self._eos_ids)

    @cached_property
    def bos(self) -> str:
        """Text the model expects before plain text; empty where its tokenizer adds none."""
        ids = self.inner("a")["input_ids"]
        start = self.inner.bos_token_id
        return str(self.inner.bos_token) if start is not None and list(ids)[:1] == [start] else ""

    def encode(self, text: str) -> list[int]:
        """Return ids of `text`; special tokens written in it are parsed, none are added."""
        return [int(i) for i in self.inner(text, add_special_tokens=False)["input_ids"]]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of `ids`, special tokens included."""
        return str(
            self.inner.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False)
        )

    def render_chat(self, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> str:
        """Return the conversation as the model was trained to read it, with every turn in it.

        What the template does not take is rearranged: system turns go before the next user turn, neighbours
        of one role are joined (see `nextinterest.llm.chat_turns`).

        Raises
        ------
        ModelError
            If the model has no chat template, or its template refuses or loses turns even so.
        """
        if not self.has_chat_template:
            raise ModelError(
                "This model has no chat template; it is a base model.",
                remedy="Render plain text for it, or use an instruct model.",
            )
        if self._turns is None:
            self._turns = TurnFitter(self._apply, self._name)
        return self._apply(self._turns.fitted(messages), add_generation_prompt)

    @property
    def _name(self) -> str:
        return Path(self.inner.name_or_path).name or "this model"

    def _apply(self, messages: Sequence[Message], add_generation_prompt: bool = True) -> str:
        """Render turns as they are; what a template raises is an error of ours with its own words."""
        from jinja2 import TemplateError

        rows = [{"role": message.role, "content": message.content} for message in messages]
        try:
            text = self.inner.apply_chat_template(
                rows, tokenize=False, add_generation_prompt=add_generation_prompt
            )
        except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise ModelError(
                f"The chat template of {self._name} fails: {str(error) or type(error).__name__}.",
                remedy="Use a model whose chat template takes such a conversation.",
            ) from error
        return str(text)

    def render(self, messages: Sequence[Message]) -> str:
        """Return a conversation for this model to answer: its chat template, or plain lines without one."""
        if self.has_chat_template:
            return self.render_chat(messages)
        lines = "".join(f"{message.role}: {message.content}\n" for message in messages)
        return f"{self.bos}{lines}assistant:"


class ByteTokenizer:
    """A stand-in where the endpoint's tokenizer is not known: one token per UTF-8 byte.

    No byte-level vocabulary needs more tokens than bytes, so a prompt that fits by this count fits. The
    chat form is a plain transcript; the endpoint applies the model's own template to it as one message.
    """

    special_tokens = frozenset({"<|im_start|>", "<|im_end|>", "<|endoftext|>", "<s>", "</s>"})
    has_chat_template = False
    eos_ids: frozenset[int] = frozenset()

    def encode(self, text: str) -> list[int]:
        """Return the bytes of `text`."""
        return list(text.encode("utf-8", "replace"))

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of bytes."""
        return bytes(ids).decode("utf-8", "replace")

    def render_chat(self, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> str:
        """Return a plain transcript."""
        turns = "\n\n".join(message.content for message in messages)
        return turns + ("\n\n" if add_generation_prompt else "")
