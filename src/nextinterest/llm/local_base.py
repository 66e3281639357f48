"""What causal and encoder-decoder models on this machine have in common: loading and identity.

Knows how a model gets here; `local` and `seq2seq` know what to do with it.
"""

from __future__ import annotations

import logging
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from nextinterest.llm.answering import Answering
from nextinterest.llm.capabilities import Capabilities
from nextinterest.llm.devices import DtypeName
from nextinterest.llm.loading import load_module, weights_digest
from nextinterest.llm.shared_weights import share_weights
from nextinterest.llm.tokenizer import LocalTokenizer

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["TOKENS_PER_BATCH", "ModuleModel"]

logger = logging.getLogger(__name__)

TOKENS_PER_BATCH = 4096

LEAST_INSTRUCTED = 3_000_000_000
"""Weights from which an instruct model is taken to follow instructions it was not tuned to. Not measured
here: of the models at hand, of 135 and 270 million weights, neither reads messages as well as the rules."""


class ModuleModel(Answering):
    """A model whose weights are in this process.

    Parameters
    ----------
    module
        The model, with or without a PEFT adapter, in evaluation mode.
    tokenizer
        Its tokenizer.
    name
        Short name for tables.
    fingerprint
        Hash of weights and adapter; None hashes the weights in memory when it is first asked for.
    tokens_per_batch
        Budget of tokens in one forward pass; bounds memory, does not change results.
    half_weights
        Whether the linear layers' weights were asked for in float16, computed with in float32. Models outside
        the Llama family say so in the log and keep theirs.
    """

    kind: ClassVar[Literal["causal", "seq2seq"]]
    tokenizer: LocalTokenizer

    def __init__(
        self,
        module: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        name: str = "local",
        fingerprint: str | None = None,
        tokens_per_batch: int = TOKENS_PER_BATCH,
        half_weights: bool = False,
    ) -> None:
        self.module = module
        self.half_weights = half_weights and self._halves()
        if half_weights and not self.half_weights:
            logger.warning(
                "%s keeps its weights in %s: float16-weights is for the Llama family.", name, self.dtype
            )
        self.name = name
        self.tokens_per_batch = tokens_per_batch
        self._fingerprint = fingerprint
        self.opened_as: str | None = None
        """The name that `nextinterest.llm.open_model` was given."""

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the model can do: everything that needs its weights."""
        weights = sum(weight.numel() for weight in self.module.parameters())
        return Capabilities(
            hidden_states=True,
            choose=True,
            score=True,
            constrained=True,
            instructed=weights >= LEAST_INSTRUCTED and self.tokenizer.has_chat_template,
        )

    @classmethod
    def load(
        cls,
        path_or_id: str | Path,
        *,
        device: str = "auto",
        dtype: DtypeName = "auto",
        adapter: str | Path | None = None,
        threads: int | None = None,
        tokens_per_batch: int = TOKENS_PER_BATCH,
        n_layers: int | None = None,
        random_seed: int | None = None,
    ) -> Self:
        """Load a model from a directory or a hub id.

        Weights that no adapter was folded into are shared with models loaded from the same files, so that
        nothing may change them in place.

        Parameters
        ----------
        path_or_id
            A directory in transformers' format, or a hub id where a hub can be reached.
        device
            ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ...
        dtype
            ``auto`` takes bf16 where the device computes in it and fp32 elsewhere. ``float16-weights`` keeps
            the weights of Llama-family layers in fp16 and computes in fp32, on a CPU: half the memory and
            a few times the speed on short inputs, at 11 bits a weight.
        adapter
            A PEFT adapter directory to attach.
        threads
            Threads of one forward pass on the CPU (for the whole process); None takes what was measured on
            this machine, or what OMP_NUM_THREADS or NEXTINTEREST_THREADS says.
        tokens_per_batch
            Budget of tokens in one forward pass.
        n_layers
            Layers kept, from the bottom, for a reader of inner states; None for all.
        random_seed
            Draws the weights anew, as a control; None reads them.

        Raises
        ------
        ModelError
            If there is no such model, or its weights are not safetensors.
        IntegrityError
            If the adapter belongs to another model.
        """
        loaded = load_module(
            path_or_id,
            cls.kind,
            device=device,
            dtype=dtype,
            adapter=adapter,
            threads=threads,
            n_layers=n_layers,
            random_seed=random_seed,
        )
        if loaded.changed is not None:
            share_weights(loaded.module, loaded.base, loaded.changed)
        return cls(
            loaded.module,
            loaded.tokenizer,
            name=loaded.name,
            fingerprint=loaded.fingerprint,
            tokens_per_batch=tokens_per_batch,
            half_weights=loaded.half_weights,
        )

    def _halves(self) -> bool:
        """Return whether this kind of model can keep its weights in float16."""
        return False

    @cached_property
    def fingerprint(self) -> str:
        """Hash of weights and adapter; equal fingerprints give equal answers."""
        return self._fingerprint or weights_digest(self.module)

    @property
    def writes_json(self) -> bool:
        """Whether the vocabulary has what JSON is written with."""
        return self.tokenizer.writes_json

    @property
    def end_token(self) -> int:
        """The token that ends an answer."""
        return self.tokenizer.end_id

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.module.device

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the weights."""
        return self.module.dtype
