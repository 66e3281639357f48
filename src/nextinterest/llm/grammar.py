"""JSON of a schema, token by token: whatever the model would like to say, only what parses comes out.

llguidance keeps the grammar and says which tokens may follow. An answer that grows past its length is not
cut off (half an object parses under no schema) but closed: from then on the shortest way to the end is
taken. Knows schemas and ids; nothing of what the objects mean.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from pydantic import BaseModel, JsonValue

from nextinterest.errors import MissingExtraError, ModelError
from nextinterest.llm.base import Sampling
from nextinterest.llm.decoding import Speaker, draw

if TYPE_CHECKING:
    from nextinterest.llm.tokenizer import LocalTokenizer

__all__ = ["JsonMatcher", "schema_grammar", "stream_json"]

LONGEST_CLOSE = 4096  # tokens; a schema whose shortest object is longer than this is refused
# What ends things soonest, tried in this order wherever the grammar leaves a choice.
CLOSERS = ('"', "]", "}", "null", "0", "false", "1", "a", " ")


def schema_grammar(schema: type[BaseModel]) -> str:
    """Return the JSON schema that is enforced, as text.

    It is pydantic's own with one thing tightened: an object has no properties but its fields, unless the
    model allows extra ones. A model that could add fields would add them for ever.
    """
    return json.dumps(_closed(schema.model_json_schema()))


def _closed(node: JsonValue) -> JsonValue:
    if isinstance(node, dict):
        closed = {key: _closed(value) for key, value in node.items()}
        if isinstance(closed.get("properties"), dict) and closed.get("type") == "object":
            closed.setdefault("additionalProperties", False)
        return closed
    if isinstance(node, list):
        return [_closed(value) for value in node]
    return node


class JsonMatcher:
    """Where an answer stands in the grammar of its schema.

    Parameters
    ----------
    tokenizer
        The tokenizer of the model that answers.
    vocabulary
        Rows of the model's head.
    schema
        What the answer must parse under.

    Raises
    ------
    MissingExtraError
        If llguidance is not installed.
    ModelError
        If the schema uses what no grammar can express, such as a pattern with look-around.
    """

    def __init__(self, tokenizer: LocalTokenizer, vocabulary: int, schema: type[BaseModel]) -> None:
        try:
            from llguidance import LLMatcher
            from llguidance.numpy import allocate_token_bitmask
        except ImportError as error:
            raise MissingExtraError("llguidance", "grammar") from error
        self._vocabulary = vocabulary
        self._trie = tokenizer.trie(vocabulary)
        grammar = LLMatcher.grammar_from_json_schema(
            schema_grammar(schema), overrides={"whitespace_flexible": False}
        )
        self._matcher = LLMatcher(self._trie, grammar, log_level=0)
        self._check(f"The schema of {schema.__name__} cannot be enforced")
        self._bits = allocate_token_bitmask(1, vocabulary)
        closers = [self._trie.tokenize_str(text) for text in CLOSERS]
        self._closers = [ids[0] for ids in closers if len(ids) == 1]

    @property
    def done(self) -> bool:
        """Whether nothing can follow."""
        return self._matcher.is_stopped()

    @property
    def may_end(self) -> bool:
        """Whether what has been said is a whole object."""
        return self._matcher.is_accepting()

    def allowed(self) -> torch.Tensor:
        """Return which tokens may follow, bool, shape (vocabulary,)."""
        from llguidance.numpy import fill_next_token_bitmask

        fill_next_token_bitmask(self._matcher, self._bits, 0)
        self._check("The answer left its grammar")
        bits = np.unpackbits(self._bits[0].view(np.uint8), bitorder="little")[: self._vocabulary]
        return torch.from_numpy(bits.astype(bool))

    def forced(self) -> list[int]:
        """Return tokens that must follow, taken as said; often none."""
        tokens = [int(token) for token in self._matcher.compute_ff_tokens()]
        if tokens:
            self.take(tokens)
        return tokens

    def take(self, tokens: list[int]) -> None:
        """Consume `tokens`, which must be allowed."""
        if not self._matcher.consume_tokens(tokens):
            self._check("The answer left its grammar")

    def close(self) -> list[int]:
        """Consume and return the tokens of a short way to the end.

        Raises
        ------
        ModelError
            If there is none of reasonable length.
        """
        said: list[int] = []
        while not (self.may_end or self.done):
            step = self.forced()
            if not step:
                step = [self._closing_token()]
                self.take(step)
            said.extend(step)
            if len(said) > LONGEST_CLOSE:
                raise ModelError(
                    f"The answer could not be closed within {LONGEST_CLOSE} tokens.",
                    remedy="Use a schema whose fields can be short.",
                )
        return said

    def bytes_of(self, tokens: list[int]) -> bytes:
        """Return the bytes that tokens stand for."""
        return bytes(self._trie.decode_bytes(tokens))

    def _closing_token(self) -> int:
        for token in self._closers:
            if self._matcher.validate_tokens([token]):
                return token
        # Inside a pattern or a fixed word: any allowed token leads on; the longest one leads furthest.
        options = torch.nonzero(self.allowed()).flatten().tolist()
        return max((int(o) for o in options), key=lambda o: (len(self.bytes_of([o])), -o))

    def _check(self, what: str) -> None:
        if self._matcher.is_error():
            raise ModelError(
                f"{what}: {self._matcher.get_error().splitlines()[0]}",
                remedy="Simplify the schema, or parse free text.",
            )


def stream_json(speaker: Speaker, matcher: JsonMatcher, budget: int, sampling: Sampling) -> Iterator[str]:
    """Yield JSON of the matcher's schema in pieces that are whole characters.

    Parameters
    ----------
    speaker
        The model.
    matcher
        The grammar, at its start.
    budget
        Tokens left in the context. The answer is closed at `sampling.max_tokens` or at this budget less
        what closing may take. `sampling.stop` does not apply: an object ends where it ends.
    sampling
        How tokens are drawn among those allowed.
    """
    generator = torch.Generator().manual_seed(sampling.seed)
    decoder = codecs.getincrementaldecoder("utf-8")()
    generated = 0
    limit = min(sampling.max_tokens, budget)
    while not matcher.done:
        step = matcher.forced()
        if not step:
            if generated >= limit:
                step = matcher.close()
                yield decoder.decode(matcher.bytes_of(step), final=True)
                return
            logits = speaker.logits().masked_fill(~matcher.allowed().to(speaker.device), -torch.inf)
            token = draw(logits, sampling, generator)
            if matcher.may_end and token in speaker.ends:
                break
            step = [token]
            matcher.take(step)
        generated += len(step)
        piece = decoder.decode(matcher.bytes_of(step))
        if piece:
            yield piece
        if generated < limit and not matcher.done:
            speaker.push(step)
    piece = decoder.decode(b"", final=True)
    if piece:
        yield piece
