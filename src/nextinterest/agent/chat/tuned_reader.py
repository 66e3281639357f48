"""`TunedReader`: understanding by a model that was tuned to it, under the prompt it was tuned with.

What ``nextinterest finetune-task understanding`` writes is read here: the adapter, and a manifest that says
which base model and template it belongs to. The model is still held to the flat form of `Request`, and what
it writes is looked up in the catalogue as for any `ModelReader`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from nextinterest.agent.chat.model_reader import ModelReader
from nextinterest.agent.chat.understanding import ChatContext
from nextinterest.artifact_files import read_artifact
from nextinterest.data.assets import locate
from nextinterest.errors import IntegrityError
from nextinterest.llm import LocalModel
from nextinterest.llm.adapters import adapter_digest
from nextinterest.messages import Message
from nextinterest.prompts.flat_request import (
    MOST_MESSAGES,
    FlatRequest,
    flat_form,
    request_prompt,
    request_template,
)
from nextinterest.retrieval.tuned import ADAPTER, UNDERSTANDING

__all__ = ["TunedReader"]

_LONGEST = 160  # tokens of an answer; those learned from have 16 on average


class TunedReader(ModelReader):
    """Asks a tuned model for the request; parameters are those of `ModelReader`."""

    @classmethod
    def from_pretrained(cls, directory: str | Path, *, device: str = "auto") -> Self:
        """Load what ``nextinterest finetune-task understanding`` wrote.

        Parameters
        ----------
        directory
            The folder.
        device
            As in `nextinterest.llm.LocalModel.load`.

        Raises
        ------
        IntegrityError
            If a file does not match the manifest, or the adapter belongs to another template or base model.
        ModelError
            If the base model cannot be loaded.
        """
        directory = Path(directory)
        found = read_artifact(directory, UNDERSTANDING)
        content = found.content
        template = request_template()
        if (content.template, content.template_hash) != (template.name, template.hash):
            raise IntegrityError(
                f"{directory} was tuned under template {content.template!r} {content.template_hash[:12]}, "
                f"not {template.name!r} {template.hash[:12]}.",
                remedy="Use the version of nextinterest that wrote it, or tune the reader again.",
            )
        adapter, named = found.folder(ADAPTER), content.base_model
        model = LocalModel.load(locate(named.name, "language-model"), device=device, adapter=adapter)
        expected = hashlib.sha256((named.fingerprint + adapter_digest(adapter)).encode()).hexdigest()
        if model.fingerprint != expected:
            raise IntegrityError(
                f"{directory} was tuned on {named.name!r} of fingerprint {named.fingerprint[:12]}; what is "
                "found under that name has another.",
                remedy="Tune the reader again, or restore the model it was tuned on.",
            )
        model.name = f"{named.name}, tuned to read"
        return cls(model, most_messages=MOST_MESSAGES, max_tokens=_LONGEST)

    def form(self, context: ChatContext) -> type[FlatRequest]:
        """Return the form that was learned, which is the same for every catalogue."""
        return flat_form()

    def prompt(self, said: Sequence[Message], context: ChatContext) -> list[Message]:
        """Return the prompt that was learned under; nothing of the catalogue stands in it."""
        return request_prompt(
            [(message.role, message.content) for message in said], self.model.tokenizer.special_tokens
        )
