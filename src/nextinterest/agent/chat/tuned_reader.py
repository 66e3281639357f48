"""`TunedReader`: understanding by a model that was tuned to it, under the prompt it was tuned with.

The model is still held to the flat form of `Request`, and what it writes is looked up in the catalogue as for
any `ModelReader`.
"""

from __future__ import annotations

from collections.abc import Sequence

from nextinterest.agent.chat.model_reader import ModelReader
from nextinterest.agent.chat.understanding import ChatContext
from nextinterest.llm import LanguageModel
from nextinterest.messages import Message
from nextinterest.prompts.flat_request import MOST_MESSAGES, FlatRequest, flat_form, request_prompt

__all__ = ["TunedReader"]

_LONGEST = 160  # tokens of an answer; those learned from have 16 on average


class TunedReader(ModelReader):
    """Asks a model that ``nextinterest finetune --tasks understand`` taught to read.

    Parameters
    ----------
    model
        The model, its adapter attached.
    """

    knows_opinions = False

    def __init__(self, model: LanguageModel) -> None:
        super().__init__(model, most_messages=MOST_MESSAGES, max_tokens=_LONGEST)

    def form(self, context: ChatContext) -> type[FlatRequest]:
        """Return the form that was learned, which is the same for every catalogue."""
        return flat_form()

    def prompt(self, said: Sequence[Message], context: ChatContext) -> list[Message]:
        """Return the prompt that was learned under; nothing of the catalogue stands in it."""
        return request_prompt(
            [(message.role, message.content) for message in said], self.model.tokenizer.special_tokens
        )
