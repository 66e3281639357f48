"""A language model with scripted answers: for tests and for trying things out without weights.

Answers come from a queue, numbers from plain functions of the tokens, and every call is remembered. The
numbers are deterministic and depend on the tokens they are asked of, so that callers' arithmetic can be
tested; they mean nothing.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from pydantic import BaseModel

from nextinterest.errors import ModelError
from nextinterest.llm.answering import Answering
from nextinterest.llm.base import Capabilities, FloatArray, Sampling
from nextinterest.llm.metering import count
from nextinterest.messages import Message
from nextinterest.tracing import answered, sent

__all__ = ["Call", "ScriptedLanguageModel", "ScriptedState", "ScriptedTokenizer"]

_EVERYTHING = Capabilities(hidden_states=True, choose=True, score=True, constrained=True)
ChoiceScorer = Callable[[Sequence[int], Sequence[str]], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it was made."""

    function: str
    tokens: tuple[tuple[int, ...], ...] = ()
    choices: tuple[tuple[str, ...], ...] = ()
    messages: tuple[tuple[str, str], ...] = ()
    schema: str | None = None
    sampling: Sampling | None = None


class ScriptedTokenizer:
    """One token per character: its code point. ``<|im_start|>`` and ``<|im_end|>`` are special."""

    special_tokens = frozenset({"<|im_start|>", "<|im_end|>"})
    eos_ids = frozenset({0x110001})
    has_chat_template = True

    _SPECIAL = ("<|im_start|>", "<|im_end|>")
    _BASE = 0x110000  # one past the last code point

    def encode(self, text: str) -> list[int]:
        """Return one id per character, or per special token."""
        ids: list[int] = []
        position = 0
        while position < len(text):
            for n, token in enumerate(self._SPECIAL):
                if text.startswith(token, position):
                    ids.append(self._BASE + n)
                    position += len(token)
                    break
            else:
                ids.append(ord(text[position]))
                position += 1
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of `ids`."""
        return "".join(self._SPECIAL[i - self._BASE] if i >= self._BASE else chr(i) for i in ids)

    def render_chat(self, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> str:
        """Return the conversation in the ChatML form."""
        turns = "".join(f"<|im_start|>{m.role}\n{m.content}<|im_end|>\n" for m in messages)
        return turns + ("<|im_start|>assistant\n" if add_generation_prompt else "")


class ScriptedLanguageModel(Answering):
    """A `nextinterest.llm.base.LanguageModel` without weights.

    Parameters
    ----------
    answers
        What `generate` and `stream` say, in order: text, or a pydantic object said as its JSON.
    chooser
        Log-probabilities (any real numbers) of choices given a prompt; None scores by a hash of both.
    hidden_size, context_length, capabilities
        As a model would have.

    Examples
    --------
    >>> from nextinterest.llm import Message
    >>> model = ScriptedLanguageModel(["Because you liked Alien."])
    >>> model.generate([Message(role="user", content="Why?")])
    'Because you liked Alien.'
    >>> model.calls[0].messages
    (('user', 'Why?'),)
    """

    def __init__(
        self,
        answers: Sequence[str | BaseModel] = (),
        *,
        chooser: ChoiceScorer | None = None,
        hidden_size: int = 16,
        context_length: int = 8192,
        name: str = "scripted",
        capabilities: Capabilities = _EVERYTHING,
    ) -> None:
        self.name = name
        self.capabilities = capabilities
        self.hidden_size = hidden_size
        self.context_length = context_length
        self.tokenizer = ScriptedTokenizer()
        self.calls: list[Call] = []
        self.answers: deque[str | BaseModel] = deque(answers)
        self._chooser = chooser

    @property
    def fingerprint(self) -> str:
        """Hash of the name: a script has no weights."""
        return hashlib.sha256(f"scripted:{self.name}:{self.hidden_size}".encode()).hexdigest()

    def encode(
        self, tokens: Sequence[Sequence[int]], at: Sequence[Sequence[int]], *, layers: Sequence[int] = (-1,)
    ) -> list[FloatArray]:
        """Return vectors that depend on the tokens up to each position and on nothing else."""
        self.calls.append(Call("encode", _frozen(tokens)))
        count(read=sum(map(len, tokens)))
        out: list[FloatArray] = []
        for sequence, positions in zip(tokens, at, strict=True):
            self._check(sequence)
            positions = [p + len(sequence) if p < 0 else p for p in positions]
            rows = [[self._vector(sequence[: p + 1], layer) for layer in layers] for p in positions]
            out.append(
                np.array(rows, dtype=np.float32).reshape(len(positions), len(layers) * self.hidden_size)
            )
        return out

    def choose(
        self, prompts: Sequence[Sequence[int]], choices: Sequence[Sequence[str]], *, normalize: bool = True
    ) -> list[FloatArray]:
        """Return the scores of `chooser`, normalised where asked."""
        self.calls.append(Call("choose", _frozen(prompts), tuple(tuple(own) for own in choices)))
        count(read=sum(map(len, prompts)))
        for prompt in prompts:
            sent(partial(self.tokenizer.decode, prompt))
        return [self._choice(prompt, own, normalize) for prompt, own in zip(prompts, choices, strict=True)]

    def score(self, prefix: Sequence[int], continuations: Sequence[Sequence[int]]) -> FloatArray:
        """Return a negative number per token, by a hash of everything before it."""
        self.calls.append(Call("score", _frozen([prefix, *continuations])))
        count(read=len(prefix) + sum(map(len, continuations)))
        return self._score(prefix, continuations)

    def open(self, prefix: Sequence[int] = ()) -> ScriptedState:
        """Return a state holding `prefix`."""
        self.calls.append(Call("open", _frozen([prefix])))
        count(read=len(prefix))
        return ScriptedState(self, list(prefix))

    def stream(
        self,
        messages: Sequence[Message],
        *,
        schema: type[BaseModel] | None = None,
        sampling: Sampling | None = None,
    ) -> Iterator[str]:
        """Yield the next answer of the queue word by word.

        Raises
        ------
        ModelError
            If the queue is empty.
        """
        text = self._answer("stream", messages, schema, sampling or Sampling())
        start = 0
        while start < len(text):
            end = text.find(" ", start) + 1 or len(text)
            yield text[start:end]
            start = end

    def _text(self, messages: Sequence[Message], schema: type[BaseModel] | None, sampling: Sampling) -> str:
        return self._answer("generate", messages, schema, sampling)

    def _answer(
        self,
        function: str,
        messages: Sequence[Message],
        schema: type[BaseModel] | None,
        sampling: Sampling,
    ) -> str:
        said = tuple((m.role, m.content) for m in messages)
        self.calls.append(
            Call(
                function, messages=said, schema=None if schema is None else schema.__name__, sampling=sampling
            )
        )
        if not self.answers:
            raise ModelError(
                "The scripted model has no answers left.",
                remedy="Give it one per call.",
            )
        answer = self.answers.popleft()
        text = answer.model_dump_json() if isinstance(answer, BaseModel) else answer
        count(read=sum(len(content) for _, content in said), written=len(text))
        sent(self.tokenizer.render_chat(messages))
        answered(text)
        return text

    def _check(self, sequence: Sequence[int]) -> None:
        if not 1 <= len(sequence) <= self.context_length:
            raise ModelError(f"A sequence has {len(sequence):,} tokens, not 1 to {self.context_length:,}.")

    def _choice(self, prompt: Sequence[int], choices: Sequence[str], normalize: bool) -> FloatArray:
        self._check(prompt)
        if self._chooser is not None:
            scores = np.array(self._chooser(prompt, choices), dtype=np.float64)
        else:
            scores = np.array([_unit((*prompt, -1, *map(ord, c))) for c in choices])
        if normalize:
            scores -= np.logaddexp.reduce(scores)
        return scores.astype(np.float32)

    def _score(self, prefix: Sequence[int], continuations: Sequence[Sequence[int]]) -> FloatArray:
        self._check(prefix)
        rows = [sum(-1.0 - _unit((*prefix, *own[: j + 1])) for j in range(len(own))) for own in continuations]
        return np.array(rows, dtype=np.float32)

    def _vector(self, tokens: Sequence[int], layer: int) -> FloatArray:
        seed = zlib.crc32(repr((layer, *tokens)).encode())
        return np.random.default_rng(seed).standard_normal(self.hidden_size, dtype=np.float32)


class ScriptedState:
    """A state of a scripted model: its tokens."""

    def __init__(self, model: ScriptedLanguageModel, tokens: list[int]) -> None:
        self.model = model
        self._tokens = tokens

    @property
    def tokens(self) -> tuple[int, ...]:
        """Tokens read so far."""
        return tuple(self._tokens)

    @property
    def nbytes(self) -> int:
        """Bytes of the tokens."""
        return 8 * len(self._tokens)

    def extend(
        self, tokens: Sequence[int], *, at: Sequence[int] | None = None, layers: Sequence[int] = (-1,)
    ) -> FloatArray:
        """Append `tokens`; return what `encode` would at the positions `at` of them."""
        self.model.calls.append(Call("extend", _frozen([tokens])))
        count(read=len(tokens))
        offset = len(self._tokens)
        self._tokens.extend(tokens)
        positions = [p + len(tokens) if p < 0 else p for p in (range(len(tokens)) if at is None else at)]
        ends = [offset + p + 1 for p in positions]
        rows = [[self.model._vector(self._tokens[:end], layer) for layer in layers] for end in ends]
        return np.array(rows, dtype=np.float32).reshape(len(positions), len(layers) * self.model.hidden_size)

    def trim(self, length: int) -> None:
        """Forget everything behind the first `length` tokens."""
        del self._tokens[length:]

    def score(self, continuations: Sequence[Sequence[int]]) -> FloatArray:
        """Return what the model's `score` would."""
        return self.model._score(self._tokens, continuations)

    def choose(self, choices: Sequence[str], *, normalize: bool = True) -> FloatArray:
        """Return what the model's `choose` would."""
        return self.model._choice(self._tokens, choices, normalize)


def _frozen(rows: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(i) for i in row) for row in rows)


def _unit(key: tuple[int, ...]) -> float:
    """Return a number in [0, 1) that depends on `key` alone."""
    return zlib.crc32(repr(key).encode()) / 2**32
