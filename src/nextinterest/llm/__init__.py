"""Language models as functions on tokens: encode, choose, score, generate, and states that grow.

    base                  the contract: `LanguageModel`, `State`, `Tokenizer`, `Message`, `Sampling`
    local                 causal models on this machine (the default)
    seq2seq               encoder-decoder models on this machine (T5 family)
    scripted              a model without weights, for tests

Nothing here knows items, users, catalogues or templates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextinterest.llm.base import (
    ChatMessage,
    FloatArray,
    LanguageModel,
    Message,
    Sampling,
    State,
    Tokenizer,
)
from nextinterest.llm.scripted import ScriptedLanguageModel

if TYPE_CHECKING:
    from nextinterest.llm.local import LocalModel
    from nextinterest.llm.seq2seq import Seq2SeqModel

__all__ = [
    "ChatMessage",
    "FloatArray",
    "LanguageModel",
    "LocalModel",
    "Message",
    "Sampling",
    "ScriptedLanguageModel",
    "Seq2SeqModel",
    "State",
    "Tokenizer",
]

_LAZY = {"LocalModel": "nextinterest.llm.local", "Seq2SeqModel": "nextinterest.llm.seq2seq"}


def __getattr__(name: str) -> object:
    """Import what needs torch only when it is asked for."""
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
