"""Language models as functions on tokens: encode, choose, score, generate, and states that grow.

    opening               `open_model`: the model that a name, a folder, an address or an object means
    base                  the contract: `LanguageModel`, `State`, `Tokenizer`, `Message`, `Sampling`
    local                 causal models on this machine (the default)
    seq2seq               encoder-decoder models on this machine (T5 family)
    openai_compatible     any OpenAI-compatible endpoint
    scripted              a model without weights, for tests
    store                 cached states of many users
    continuations         many sequences that begin alike, each growing its own way
    constrained           what can be held to a grammar or a trie
    trie, search          rows of a catalogue's token trie by beams

Nothing here knows items, users, catalogues or templates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextinterest.llm.base import (
    Capabilities,
    FloatArray,
    LanguageModel,
    Sampling,
    State,
    Tokenizer,
)
from nextinterest.llm.constrained import ConstrainedModel, ConstrainedState
from nextinterest.llm.scripted import ScriptedLanguageModel
from nextinterest.messages import Message

if TYPE_CHECKING:
    from nextinterest.llm.continuations import Continuations
    from nextinterest.llm.endpoint_settings import EndpointSettings
    from nextinterest.llm.local import LocalModel
    from nextinterest.llm.openai_compatible import OpenAICompatibleModel
    from nextinterest.llm.opening import LanguageModelLike, open_model
    from nextinterest.llm.search import beam_search
    from nextinterest.llm.seq2seq import Seq2SeqModel
    from nextinterest.llm.store import StateStore
    from nextinterest.llm.trie import TokenTrie

__all__ = [
    "Capabilities",
    "ConstrainedModel",
    "ConstrainedState",
    "Continuations",
    "EndpointSettings",
    "FloatArray",
    "LanguageModel",
    "LanguageModelLike",
    "LocalModel",
    "Message",
    "OpenAICompatibleModel",
    "Sampling",
    "ScriptedLanguageModel",
    "Seq2SeqModel",
    "State",
    "StateStore",
    "TokenTrie",
    "Tokenizer",
    "beam_search",
    "open_model",
]

_LAZY = {
    "Continuations": "nextinterest.llm.continuations",
    "EndpointSettings": "nextinterest.llm.endpoint_settings",
    "LanguageModelLike": "nextinterest.llm.opening",
    "LocalModel": "nextinterest.llm.local",
    "OpenAICompatibleModel": "nextinterest.llm.openai_compatible",
    "Seq2SeqModel": "nextinterest.llm.seq2seq",
    "StateStore": "nextinterest.llm.store",
    "TokenTrie": "nextinterest.llm.trie",
    "beam_search": "nextinterest.llm.search",
    "open_model": "nextinterest.llm.opening",
}


def __getattr__(name: str) -> object:
    """Import what needs torch only when it is asked for."""
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
