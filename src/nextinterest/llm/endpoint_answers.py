"""What goes to a chat interface and what comes back, as plain functions: parameters, texts, streamed pieces.

Knows the shapes of requests and replies; makes no request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pydantic import BaseModel

from nextinterest.llm.answer_text import without_thoughts
from nextinterest.llm.base import Sampling
from nextinterest.llm.endpoint_parameters import Json

if TYPE_CHECKING:
    from openai.types import CompletionUsage
    from openai.types.chat import ChatCompletionChunk

__all__ = ["Heard", "content_of", "has_reasoned", "parameters_of", "pieces_of"]


class Heard:
    """What a stream has brought so far."""

    def __init__(self) -> None:
        self.finish: str | None = None
        self.anything = self.reasoned = False

    def answer(
        self, chunks: Iterator[ChatCompletionChunk], spend: Callable[[CompletionUsage | None], None]
    ) -> Iterator[str]:
        """Yield the answer's pieces, thoughts left out."""
        for piece in without_thoughts(self._pieces(chunks, spend)):
            self.anything = self.anything or bool(piece.strip())
            yield piece

    def _pieces(
        self, chunks: Iterator[ChatCompletionChunk], spend: Callable[[CompletionUsage | None], None]
    ) -> Iterator[str]:
        for chunk in chunks:
            if chunk.usage is not None:
                spend(chunk.usage)
            for choice in chunk.choices or ():
                self.finish = choice.finish_reason or self.finish
                self.reasoned = self.reasoned or has_reasoned(choice.delta) or bool(choice.delta.content)
                if choice.delta.content:
                    yield choice.delta.content


def parameters_of(sampling: Sampling, schema: type[BaseModel] | None) -> dict[str, Json]:
    """Return the parameters of a request; what is at the interface's default is not sent."""
    form: Json = None
    if schema is not None:
        named: Json = {"name": schema.__name__, "schema": schema.model_json_schema()}
        form = {"type": "json_schema", "json_schema": named}
    return {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p if sampling.top_p < 1.0 else None,
        "top_k": sampling.top_k or None,  # vLLM and Ollama know it, OpenAI does not
        "max_tokens": sampling.max_tokens,
        "seed": sampling.seed,
        "stop": list(sampling.stop) or None,
        "response_format": form,
    }


def content_of(content: object) -> str | None:
    """Return the text of a message: a string, or parts of which those of type text are the answer."""
    if not isinstance(content, list):
        return content if isinstance(content, str) else None
    texts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
    return "".join(text for text in texts if isinstance(text, str))


def has_reasoned(message: object) -> bool:
    """Return whether a message brings thoughts beside its content; servers differ in the field."""
    return any(bool(getattr(message, field, None)) for field in ("reasoning_content", "reasoning"))


def pieces_of(text: str, size: int = 24) -> Iterator[str]:
    """Yield a text in pieces of so many characters."""
    return (text[start : start + size] for start in range(0, len(text), size))
