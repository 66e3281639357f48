"""Any OpenAI-compatible endpoint (vLLM, Ollama, hosted) as a language model, the client injected.

A remote model gives text and the log-probabilities of the likeliest next tokens, not hidden states: `choose`
and `generate` work, `encode`, `score` and `open` say that they cannot. Prompts are text here; the tokenizer
counts bytes, which never counts too little. Knows HTTP failures and budgets, nothing of items or users.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from nextinterest.errors import MissingExtraError, ModelError, OutputParseError, ProviderError
from nextinterest.llm.answering import Answering
from nextinterest.llm.base import ChatMessage, FloatArray, Sampling, SchemaT, State, validated
from nextinterest.llm.budget import Budget
from nextinterest.llm.tokenizer import ByteTokenizer

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types import CompletionUsage
    from openai.types.chat import ChatCompletion, ChatCompletionMessageParam
    from openai.types.shared_params import ResponseFormatJSONSchema

__all__ = ["OpenAICompatibleModel", "Retries", "connect"]

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Retries(BaseModel):
    """How often and how patiently a failed request is made again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attempts: int = Field(default=5, ge=1, description="Requests made at most, the first included.")
    first_wait: float = Field(default=0.5, ge=0.0, description="Seconds before the second attempt.")
    longest_wait: float = Field(default=20.0, ge=0.0, description="Waits double up to this, in seconds.")


def connect(base_url: str, *, api_key: str = "none", timeout: float = 60.0) -> OpenAI:
    """Return a client of an endpoint; retries are this module's own, so the client makes none.

    Raises
    ------
    MissingExtraError
        If the openai package is not installed.
    """
    try:
        from openai import OpenAI
    except ImportError as error:
        raise MissingExtraError("openai", "openai") from error
    return OpenAI(base_url=base_url, api_key=api_key, timeout=timeout, max_retries=0)


class OpenAICompatibleModel(Answering):
    """A `nextinterest.llm.base.LanguageModel` behind an OpenAI-compatible endpoint.

    Parameters
    ----------
    client
        An OpenAI client (see `connect`).
    model
        The model's name at the endpoint.
    retries
        What to do about rate limits, server errors, timeouts and broken streams.
    budget
        What may be spent.
    context_length
        Longest prompt, in tokens.
    top_logprobs
        How many next tokens the endpoint reports; hosted ones give 20 at most.
    sleep, rng
        The clock and the randomness of waits.
    """

    hidden_size = 0

    def __init__(
        self,
        client: OpenAI,
        model: str,
        *,
        retries: Retries | None = None,
        budget: Budget | None = None,
        context_length: int = 8192,
        top_logprobs: int = 20,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
    ) -> None:
        self.client, self.name = client, model
        self.retries = retries or Retries()
        self.budget = budget or Budget()
        self.context_length = context_length
        self.top_logprobs = top_logprobs
        self.tokenizer = ByteTokenizer()
        self._sleep, self._rng = sleep, rng or random.Random(0)  # noqa: S311 - jitter, not secrets

    @property
    def fingerprint(self) -> str:
        """Hash of address and name; what is served there can change without notice."""
        return hashlib.sha256(f"{self.client.base_url}|{self.name}".encode()).hexdigest()

    def encode(
        self, tokens: Sequence[Sequence[int]], at: Sequence[Sequence[int]], *, layers: Sequence[int] = (-1,)
    ) -> list[FloatArray]:
        """Raise: an endpoint shows no hidden states."""
        self._cannot("show hidden states")

    def score(self, prefix: Sequence[int], continuations: Sequence[Sequence[int]]) -> FloatArray:
        """Raise: the chat interface gives no log-probabilities of given text."""
        self._cannot("score given text")

    def open(self, prefix: Sequence[int] = ()) -> State:
        """Raise: an endpoint keeps its cache to itself."""
        self._cannot("keep a state")

    def choose(
        self, prompts: Sequence[Sequence[int]], choices: Sequence[Sequence[str]], *, normalize: bool = True
    ) -> list[FloatArray]:
        """Return log-probabilities of choices as the first token of the answer.

        Read off the likeliest tokens that the endpoint reports. A choice that is not among them gets what
        the least likely reported token has, or what probability is left if that is less: an upper bound.

        Raises
        ------
        ProviderError
            If the endpoint fails for good, or reports no log-probabilities.
        """
        return [
            self._choice(self.tokenizer.decode(prompt), own, normalize)
            for prompt, own in zip(prompts, choices, strict=True)
        ]

    def _choice(self, prompt: str, choices: Sequence[str], normalize: bool) -> FloatArray:
        if not choices:
            raise ModelError("A prompt was given no choices.")
        with self._spending(len(prompt.encode()), 1) as spend:
            reply = self._patiently(
                lambda: self.client.chat.completions.create(
                    model=self.name,
                    messages=[{"role": "user", "content": prompt}],
                    max_tokens=1,
                    temperature=0.0,
                    logprobs=True,
                    top_logprobs=self.top_logprobs,
                )
            )
            spend(reply.usage)
        content = reply.choices[0].logprobs.content if reply.choices and reply.choices[0].logprobs else None
        if not content or not content[0].top_logprobs:
            raise ProviderError(
                f"{self.name} at {self.client.base_url} reports no log-probabilities.",
                remedy="Serve it with logprobs, or rank with a local model.",
            )
        mass: dict[str, float] = {}
        for top in content[0].top_logprobs:
            # " A" and "A" are the same answer: which of them a model prefers is its tokenizer's habit.
            mass[top.token.strip()] = mass.get(top.token.strip(), 0.0) + math.exp(top.logprob)
        floor = min(top.logprob for top in content[0].top_logprobs)
        left = max(1.0 - sum(mass.values()), 1e-12)
        unseen = min(floor, math.log(left))
        scores = np.array([math.log(mass[c.strip()]) if mass.get(c.strip()) else unseen for c in choices])
        if normalize:
            scores -= np.logaddexp.reduce(scores)
        return scores.astype(np.float32)

    def _object(self, messages: Sequence[ChatMessage], schema: type[SchemaT], sampling: Sampling) -> SchemaT:
        """Ask again, with another seed, while the answer does not parse: not every endpoint enforces it."""
        for attempt in range(self.retries.attempts - 1):
            again = sampling.model_copy(update={"seed": sampling.seed + attempt})
            try:
                return validated(self._text(messages, schema, again), schema)
            except OutputParseError as error:
                logger.info("%s: %s Asking again.", self.name, error)
        last = sampling.model_copy(update={"seed": sampling.seed + self.retries.attempts - 1})
        return validated(self._text(messages, schema, last), schema)

    def _text(
        self, messages: Sequence[ChatMessage], schema: type[BaseModel] | None, sampling: Sampling
    ) -> str:
        with self._spending(_size(messages), sampling.max_tokens) as spend:
            reply = self._patiently(lambda: self._request(messages, schema, sampling))
            spend(reply.usage)
        if not reply.choices or reply.choices[0].message.content is None:
            raise ProviderError(f"{self.name} answered without text.", remedy="Look at the endpoint's log.")
        return reply.choices[0].message.content

    def _request(
        self, messages: Sequence[ChatMessage], schema: type[BaseModel] | None, sampling: Sampling
    ) -> ChatCompletion:
        from openai import Omit, omit

        form: ResponseFormatJSONSchema | Omit = omit
        if schema is not None:
            form = {
                "type": "json_schema",
                "json_schema": {"name": schema.__name__, "schema": schema.model_json_schema()},
            }
        return self.client.chat.completions.create(
            model=self.name,
            messages=_rows(messages),
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=sampling.max_tokens,
            seed=sampling.seed,
            stop=list(sampling.stop) or None,
            response_format=form,
            # vLLM and Ollama know it, OpenAI does not.
            extra_body={"top_k": sampling.top_k} if sampling.top_k else None,
        )

    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        schema: type[BaseModel] | None = None,
        sampling: Sampling | None = None,
    ) -> Iterator[str]:
        """Yield an answer piece by piece.

        With `schema` the pieces are those of an answer that was checked whole: nothing broken is shown.
        A stream that ends before the endpoint says it has finished is an error, not a short answer.

        Raises
        ------
        ProviderError
            If the stream breaks off.
        """
        if schema is not None:
            answer = self.generate(messages, schema=schema, sampling=sampling)
            yield from _pieces(answer.model_dump_json())
            return
        how = sampling or Sampling()
        with self._spending(_size(messages), how.max_tokens) as spend:
            chunks = self._patiently(
                lambda: self.client.chat.completions.create(
                    model=self.name,
                    messages=_rows(messages),
                    temperature=how.temperature,
                    top_p=how.top_p,
                    max_tokens=how.max_tokens,
                    seed=how.seed,
                    stop=list(how.stop) or None,
                    stream=True,
                    stream_options={"include_usage": True},
                )
            )
            finished = False
            try:
                for chunk in chunks:
                    if chunk.usage is not None:
                        spend(chunk.usage)
                    for choice in chunk.choices:
                        finished = finished or choice.finish_reason is not None
                        if choice.delta.content:
                            yield choice.delta.content
            except _failures() as error:
                raise self._failed(error, "broke off in the middle of an answer") from error
            if not finished:
                raise ProviderError(
                    f"{self.name} at {self.client.base_url} ended its answer without finishing it.",
                    remedy="Ask again; if it recurs, look at the endpoint's log.",
                )

    def _patiently(self, request: Callable[[], T]) -> T:
        """Make a request, and again after failures that may pass, waiting longer each time."""
        import openai

        wait = self.retries.first_wait
        for attempt in range(1, self.retries.attempts + 1):
            try:
                return request()
            except _failures() as error:
                status = getattr(error, "status_code", None)
                passing = status is None or status in (408, 409, 429) or status >= 500
                if isinstance(error, openai.APIResponseValidationError) or not isinstance(
                    error, openai.APIError
                ):
                    passing = True  # the body was no JSON of the interface
                if not passing or attempt == self.retries.attempts:
                    raise self._failed(
                        error, f"failed ({attempt} of {self.retries.attempts} attempts)"
                    ) from error
                asked = _retry_after(error)
                # Full jitter: clients that failed together do not come back together.
                self._sleep(asked if asked is not None else self._rng.uniform(wait / 2, wait))
                wait = min(wait * 2, self.retries.longest_wait)
        raise AssertionError("unreachable: the last attempt returns or raises")

    @contextmanager
    def _spending(self, read: int, written: int) -> Iterator[Callable[[CompletionUsage | None], None]]:
        reserved = self.budget.reserve(read, written)
        settled: list[bool] = []

        def spend(usage: CompletionUsage | None) -> None:
            self.budget.settle(reserved, usage)
            settled.append(True)

        try:
            yield spend
        except ProviderError:
            if not settled:
                self.budget.release(reserved)
            raise

    def _failed(self, error: Exception, what: str) -> ProviderError:
        import httpx
        import openai

        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        status = getattr(error, "status_code", None)
        unreached = isinstance(error, openai.APIConnectionError | httpx.HTTPError)
        return ProviderError(
            f"{self.name} at {self.client.base_url} {what}: {detail[:200]}",
            remedy="Check address, key and load of the endpoint, or raise the timeout.",
            status=status,
            retryable=unreached or (status is not None and (status in (408, 409, 429) or status >= 500)),
            retry_after=_retry_after(error),
        )

    def _cannot(self, what: str) -> NoReturn:
        raise ModelError(
            f"{self.name} is behind an endpoint and cannot {what}.",
            remedy="Use a local model for this; an endpoint can choose and generate.",
        )


def _failures() -> tuple[type[Exception], ...]:
    import httpx
    import openai

    return (openai.APIError, httpx.HTTPError, json.JSONDecodeError)


def _retry_after(error: Exception) -> float | None:
    """Return the seconds an answer asks to wait, where it does and the number is sane."""
    response = getattr(error, "response", None)
    value = response.headers.get("retry-after") if response is not None else None
    try:
        seconds = float(value) if value is not None else math.nan
    except ValueError:
        return None  # an HTTP date: our own schedule is as good
    return seconds if 0.0 <= seconds <= 120.0 else None


def _rows(messages: Sequence[ChatMessage]) -> list[ChatCompletionMessageParam]:
    rows: list[ChatCompletionMessageParam] = []
    for message in messages:
        if message.role == "system":
            rows.append({"role": "system", "content": message.content})
        elif message.role == "assistant":
            rows.append({"role": "assistant", "content": message.content})
        else:
            rows.append({"role": "user", "content": message.content})
    return rows


def _size(messages: Sequence[ChatMessage]) -> int:
    return sum(len(message.content.encode("utf-8", "replace")) + 8 for message in messages)


def _pieces(text: str, size: int = 24) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text), size))
