"""Text or an object: the two faces of `generate`, written once for every provider.

A provider says how it answers in text; this class makes objects of it. Knows nothing of any provider.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import overload

from pydantic import BaseModel

from nextinterest.llm.base import Sampling, SchemaT, validated
from nextinterest.messages import Message
from nextinterest.tracing import answered

__all__ = ["Answering"]


class Answering(ABC):
    """The answering half of a `nextinterest.llm.base.LanguageModel`."""

    @overload
    def generate(
        self, messages: Sequence[Message], *, schema: None = None, sampling: Sampling | None = None
    ) -> str: ...

    @overload
    def generate(
        self, messages: Sequence[Message], *, schema: type[SchemaT], sampling: Sampling | None = None
    ) -> SchemaT: ...

    def generate(
        self,
        messages: Sequence[Message],
        *,
        schema: type[SchemaT] | None = None,
        sampling: Sampling | None = None,
    ) -> str | SchemaT:
        """Return an answer as text, or as a validated object of `schema`.

        Raises
        ------
        OutputParseError
            If the answer breaks a rule of the class that its JSON schema does not say.
        """
        if schema is None:
            return self._text(messages, None, sampling or Sampling())
        return self._object(messages, schema, sampling or Sampling())

    @abstractmethod
    def stream(
        self,
        messages: Sequence[Message],
        *,
        schema: type[BaseModel] | None = None,
        sampling: Sampling | None = None,
    ) -> Iterator[str]:
        """Yield the same answer piece by piece; with `schema` the whole is JSON of that schema."""

    def _text(self, messages: Sequence[Message], schema: type[BaseModel] | None, sampling: Sampling) -> str:
        text = "".join(self.stream(messages, schema=schema, sampling=sampling))
        answered(text)
        return text

    def _object(self, messages: Sequence[Message], schema: type[SchemaT], sampling: Sampling) -> SchemaT:
        return validated(self._text(messages, schema, sampling), schema)
