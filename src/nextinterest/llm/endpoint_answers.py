"""What goes to a chat interface and what comes back, as plain functions: parameters, texts, streamed pieces.

Knows the shapes of requests and replies; makes no request.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pydantic import BaseModel

from nextinterest.llm.answer_text import without_thoughts
from nextinterest.llm.base import Sampling
from nextinterest.llm.endpoint_parameters import Json

if TYPE_CHECKING:
    from openai.types import CompletionUsage
    from openai.types.chat import ChatCompletionChunk

__all__ = [
    "Heard",
    "called_with",
    "content_of",
    "has_reasoned",
    "listed_length",
    "parameters_of",
    "pieces_of",
    "schema_form",
    "stated",
    "tool_form",
]


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


def parameters_of(sampling: Sampling) -> dict[str, Json]:
    """Return the parameters of a request; what is at the interface's default is not sent."""
    return {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p if sampling.top_p < 1.0 else None,
        "top_k": sampling.top_k or None,  # vLLM and Ollama know it, OpenAI does not
        "max_tokens": sampling.max_tokens,
        "seed": sampling.seed,
        "stop": list(sampling.stop) or None,
    }


def tool_form(schema: type[BaseModel]) -> dict[str, Json]:
    """Return the parameters by which the answer is the call of one tool, whose arguments are the object."""
    called: Json = {
        "name": schema.__name__,
        "description": (schema.__doc__ or "The answer.").strip().splitlines()[0],
        "parameters": schema.model_json_schema(),
    }
    return {
        "tools": [{"type": "function", "function": called}],
        "tool_choice": {"type": "function", "function": {"name": schema.__name__}},
    }


def schema_form(schema: type[BaseModel]) -> dict[str, Json]:
    """Return the parameters by which the answer is JSON of a schema."""
    named: Json = {"name": schema.__name__, "schema": schema.model_json_schema()}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def stated(schema: type[BaseModel]) -> str:
    """Return the schema in words, for an endpoint that takes none as a parameter."""
    return f"Answer with JSON of this schema and nothing else: {json.dumps(schema.model_json_schema())}"


def called_with(message: object) -> str | None:
    """Return the arguments of the tool that an answer calls, as JSON; None where it calls none."""
    for call in getattr(message, "tool_calls", None) or ():
        arguments: object = getattr(getattr(call, "function", None), "arguments", None)
        if isinstance(arguments, str):
            return arguments
        if arguments is not None:  # some servers send the object itself
            return json.dumps(arguments)
    return None


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


_LENGTHS = ("max_model_len", "context_length", "context_window", "max_context_length", "n_ctx")


def listed_length(listed: object, model: str) -> int | None:
    """Return the context length that a list of models gives for one of them; servers differ in the field."""
    rows = listed.get("data") if isinstance(listed, dict) else None
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict) or row.get("id") != model:
            continue
        meta = row.get("meta")
        for fields in (row, meta if isinstance(meta, dict) else {}):
            for name in _LENGTHS:
                value = fields.get(name)
                if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                    return value
    return None
