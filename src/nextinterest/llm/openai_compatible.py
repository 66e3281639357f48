"""Any OpenAI-compatible endpoint (vLLM, Ollama, hosted) as a language model, the client injected.

A remote model gives text and the log-probabilities of the likeliest next tokens, not hidden states: `choose`
and `generate` work, `encode`, `score` and `open` say that they cannot. Prompts are text here; their tokens
are estimated (`estimated_tokens`), and the estimate is corrected by what the endpoint reports. Knows answers
and budgets, nothing of items or users; requests and their failures are in `endpoint`, what of a text is the
answer in `answer_text`, what log-probabilities say of choices in `reported_tokens`.
"""

from __future__ import annotations

import hashlib
import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, Self

from pydantic import BaseModel

from nextinterest.errors import ModelError, OutputParseError, ProviderError
from nextinterest.llm.answer_text import answered_object, answered_text, only_thoughts
from nextinterest.llm.answering import Answering
from nextinterest.llm.base import Capabilities, FloatArray, Sampling, SchemaT, State
from nextinterest.llm.budget import Budget
from nextinterest.llm.endpoint import Endpoint, Retries, connect
from nextinterest.llm.endpoint_answers import Heard, content_of, has_reasoned, parameters_of, pieces_of
from nextinterest.llm.endpoint_parameters import Json
from nextinterest.llm.endpoint_settings import EndpointSettings
from nextinterest.llm.estimated_tokens import EstimatedTokenizer, TokenRate
from nextinterest.llm.metering import count
from nextinterest.llm.provider_failures import failure_types
from nextinterest.llm.reported_tokens import choice_scores
from nextinterest.messages import Message

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types import CompletionUsage
    from openai.types.chat import ChatCompletion

__all__ = ["OpenAICompatibleModel", "Retries", "connect"]

logger = logging.getLogger(__name__)

_NO_LOGPROBS = "Serve it with top_logprobs and without reasoning, or rank with a local model."
_MORE_TOKENS = "Raise Sampling.max_tokens, or turn the model's reasoning off at the endpoint."
_LESS_REASONING = "Turn the model's reasoning off at the endpoint, or name a model that does not reason."


@dataclass(frozen=True, slots=True)
class _Answer:
    """The text behind the thoughts, and whether the limit of tokens cut it."""

    text: str
    cut: bool


class OpenAICompatibleModel(Answering):
    """A `nextinterest.llm.base.LanguageModel` behind an OpenAI-compatible endpoint.

    A parameter that the endpoint refuses by name is sent under its newer name (``max_completion_tokens``) or
    left out from then on, which is logged once and uses up no attempt. Where it takes no ``response_format``,
    the schema is stated behind the last turn.

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
    parameters
        What is sent with every request besides or instead of what it asks for, such as
        ``{"reasoning_effort": "low"}``; None leaves a parameter out.
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
        parameters: Mapping[str, Json] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
    ) -> None:
        self.client, self.name = client, model
        self.retries = retries or Retries()
        self.budget = budget or Budget()
        self.top_logprobs = top_logprobs
        self.tokenizer = EstimatedTokenizer()
        self.rate = TokenRate()
        self.opened_as: str | None = None
        """The name that `nextinterest.llm.open_model` was given."""
        self._context_length = context_length
        dice = rng or random.Random(0)  # noqa: S311 - jitter, not secrets
        self._endpoint = Endpoint(client, model, self.retries, parameters, sleep, dice)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r} at {self._endpoint.address})"

    @classmethod
    def at(
        cls, url: str, model: str, settings: EndpointSettings | None = None, *, opened_as: str | None = None
    ) -> Self:
        """Return a model at an address, with what the settings and the environment say.

        Raises
        ------
        ModelError
            If the address is none, or a setting is not valid.
        MissingExtraError
            If the openai package is not installed.
        """
        given = EndpointSettings.of(settings)
        found = cls(
            connect(url, api_key=given.key, timeout=given.timeout),
            model,
            retries=Retries(attempts=given.attempts),
            budget=Budget(
                given.max_tokens, given.max_cost, given.input_price or 0.0, given.output_price or 0.0
            ),
            context_length=given.context_length or 8192,
        )
        found.opened_as = opened_as
        return found

    @property
    def capabilities(self) -> Capabilities:
        """What can be asked of it, as far as is known."""
        return Capabilities(choose=True, tool_calls=True, instructed=True, remote=True)

    @property
    def context_length(self) -> int:
        """Longest prompt, in tokens as `tokenizer` counts them."""
        return self.rate.estimated(self._context_length)

    @property
    def fingerprint(self) -> str:
        """Hash of address and name, without credentials; what is served there can change without notice."""
        return hashlib.sha256(f"{self._endpoint.address}|{self.name}".encode()).hexdigest()

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
            If the endpoint fails for good, reports no log-probabilities or none that are a distribution, or
            if none of the choices is among the tokens that it reports.
        """
        return [
            self._choice(self.tokenizer.decode(prompt), own, normalize)
            for prompt, own in zip(prompts, choices, strict=True)
        ]

    def _choice(self, prompt: str, choices: Sequence[str], normalize: bool) -> FloatArray:
        if not choices:
            raise ModelError("A prompt was given no choices.")
        wanted: dict[str, Json] = {
            "max_tokens": 1,
            "temperature": 0.0,
            "logprobs": True,
            "top_logprobs": self.top_logprobs,
        }
        messages = [Message(role="user", content=prompt)]
        with self._spending(messages, 1) as spend:
            reply = self._endpoint.complete(messages, wanted, refused=_NO_LOGPROBS)
            spend(reply.usage)
        with self._reading():
            logprobs = reply.choices[0].logprobs if reply.choices else None
            content = logprobs.content if logprobs is not None else None
            reported = [(top.token, float(top.logprob)) for top in content[0].top_logprobs] if content else []
        where = self._endpoint.where
        if not reported:
            raise ProviderError(f"{where} reports no log-probabilities.", remedy=_NO_LOGPROBS)
        try:
            return choice_scores(reported, choices, normalize=normalize)
        except ModelError as error:
            raise ProviderError(f"{where} {error.message}.", remedy=_NO_LOGPROBS) from None

    def _object(self, messages: Sequence[Message], schema: type[SchemaT], sampling: Sampling) -> SchemaT:
        """Ask again, with another seed, while the answer does not parse: not every endpoint enforces it."""
        attempt = 0
        while True:
            again = sampling.model_copy(update={"seed": sampling.seed + attempt})
            answer = self._answer(messages, schema, again)
            try:
                return answered_object(answer.text, schema)
            except OutputParseError as error:
                attempt += 1
                if answer.cut:  # no seed makes it shorter
                    raise OutputParseError(
                        f"{self._endpoint.where} cut its answer at {sampling.max_tokens} tokens "
                        f"(finish_reason length). {error.message}",
                        remedy=_MORE_TOKENS,
                        command=_LESS_REASONING,
                    ) from error
                if attempt >= self.retries.attempts:
                    raise
                logger.info("%s: %s Asking again.", self.name, error)

    def _text(self, messages: Sequence[Message], schema: type[BaseModel] | None, sampling: Sampling) -> str:
        return self._answer(messages, schema, sampling).text

    def _answer(
        self, messages: Sequence[Message], schema: type[BaseModel] | None, sampling: Sampling
    ) -> _Answer:
        with self._spending(messages, sampling.max_tokens) as spend:
            reply = self._endpoint.complete(messages, parameters_of(sampling, schema), schema)
            spend(reply.usage)
        with self._reading():
            return self._read(reply, sampling.max_tokens)

    def _read(self, reply: ChatCompletion, limit: int) -> _Answer:
        """Return what a reply answers, or raise what keeps it from being an answer."""
        where = self._endpoint.where
        if not reply.choices:
            said = getattr(reply, "error", None)
            detail = "" if said is None else f": {self._endpoint.quote(said)}"
            raise ProviderError(
                f"{where} answered without a choice{detail}.",
                remedy="Look at the endpoint's log.",
            )
        choice = reply.choices[0]
        text, cut = content_of(choice.message.content), choice.finish_reason == "length"
        if (text or "").strip() and not only_thoughts(text or ""):
            return _Answer(answered_text(text or ""), cut)
        if cut:
            raise self._cut(limit, reasoned=bool(text) or has_reasoned(choice.message))
        if choice.message.refusal:
            raise ProviderError(
                f"{where} refuses to answer: {self._endpoint.quote(choice.message.refusal)}",
                remedy="Ask for something else, or another model.",
            )
        if text is None or text.strip() or has_reasoned(choice.message):
            raise ProviderError(
                f"{where} answered without text (finish_reason {choice.finish_reason}).",
                remedy="Look at the endpoint's log.",
            )
        return _Answer("", cut)

    def stream(
        self,
        messages: Sequence[Message],
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
            If the stream breaks off, or its tokens are used up before the answer begins.
        """
        if schema is not None:
            answer = self.generate(messages, schema=schema, sampling=sampling)
            yield from pieces_of(answer.model_dump_json())
            return
        how = sampling or Sampling()
        heard = Heard()
        wanted = parameters_of(how, None) | {"stream_options": {"include_usage": True}}
        with self._spending(messages, how.max_tokens) as spend:
            chunks = self._endpoint.stream(messages, wanted)
            try:
                with chunks, self._reading():
                    yield from heard.answer(chunks, spend)
            except failure_types() as error:
                raise self._endpoint.failed(error, "broke off in the middle of an answer") from None
            if heard.finish is None:
                raise ProviderError(
                    f"{self._endpoint.where} ended its answer without finishing it.",
                    remedy="Ask again; if it recurs, look at the endpoint's log.",
                    retryable=True,
                )
            if heard.finish == "length" and not heard.anything:
                raise self._cut(how.max_tokens, reasoned=heard.reasoned)

    @contextmanager
    def _spending(
        self, messages: Sequence[Message], written: int
    ) -> Iterator[Callable[[CompletionUsage | None], None]]:
        size = self.tokenizer.size(messages)
        reserved = self.budget.reserve(self.rate.tokens(size), written)
        settled: list[bool] = []

        def spend(usage: CompletionUsage | None) -> None:
            counted = usage is not None and isinstance(usage.prompt_tokens, int)
            self.budget.settle(reserved, usage if counted else None)
            if usage is not None and counted:
                count(read=usage.prompt_tokens, written=usage.completion_tokens)
                self.rate.learn(size, usage.prompt_tokens)
            settled.append(True)

        try:
            yield spend
        except ProviderError:
            if not settled:
                self.budget.release(reserved)
            raise

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Make an answer of another shape than the interface has an error of ours."""
        try:
            yield
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise ProviderError(
                f"{self._endpoint.where} answered outside the interface: {self._endpoint.quote(error)}",
                remedy="Check that the address is that of an OpenAI-compatible chat interface.",
            ) from error

    def _cut(self, limit: int, *, reasoned: bool) -> ProviderError:
        when = "while the model was reasoning" if reasoned else "before its text began"
        return ProviderError(
            f"{self._endpoint.where}: the answer was cut at {limit} tokens (finish_reason length) {when}.",
            remedy=_MORE_TOKENS,
            command=_LESS_REASONING,
        )

    def _cannot(self, what: str) -> NoReturn:
        raise ModelError(
            f"{self.name} is behind an endpoint and cannot {what}.",
            remedy="Use a local model for this; an endpoint can choose and generate.",
        )
