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
from typing import TYPE_CHECKING, NoReturn, Self

from pydantic import BaseModel

from nextinterest.errors import ModelError, NoLogProbabilitiesError, OutputParseError, ProviderError
from nextinterest.llm.answer_store import AnswerStore
from nextinterest.llm.answer_text import answered_object, answered_text
from nextinterest.llm.answering import Answering
from nextinterest.llm.base import Capabilities, FloatArray, Sampling, SchemaT, State
from nextinterest.llm.budget import Budget
from nextinterest.llm.endpoint import Endpoint, Retries, connect
from nextinterest.llm.endpoint_answers import Heard, parameters_of, pieces_of, stated
from nextinterest.llm.endpoint_parameters import Json
from nextinterest.llm.endpoint_replies import (
    LESS_REASONING,
    MORE_TOKENS,
    Answer,
    CutOffError,
    as_interface,
    cut_off,
    read_reply,
)
from nextinterest.llm.endpoint_settings import EndpointSettings
from nextinterest.llm.estimated_tokens import EndpointTokenizer, EstimatedTokenizer, NamedTokenizer, TokenRate
from nextinterest.llm.metering import count
from nextinterest.llm.parallel import side_by_side
from nextinterest.llm.provider_failures import failure_types
from nextinterest.llm.reported_tokens import choice_scores
from nextinterest.messages import Message
from nextinterest.prompts.parsing import parse_output

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types import CompletionUsage

__all__ = ["OpenAICompatibleModel", "Retries", "connect"]

logger = logging.getLogger(__name__)

_CONTEXT_LENGTH = 8192  # where nobody says
_MOST_SILENT = 3  # answers running that say nothing of the choices, before choices are asked for no more
_SHOWN_BACK = 2000  # characters of an answer that is sent back
_NO_LOGPROBS = "Serve it with top_logprobs and without reasoning, or rank with a local model."


class OpenAICompatibleModel(Answering):
    """A `nextinterest.llm.base.LanguageModel` behind an OpenAI-compatible endpoint.

    A parameter that the endpoint refuses by name is sent under its newer name (``max_completion_tokens``) or
    left out from then on, which is logged once and uses up no attempt. Objects are asked for as the
    arguments of a tool; where the endpoint refuses tools, by a JSON schema; else the schema is stated behind
    the last turn. An answer that cannot be read is sent back once, and changes nothing of the next request.

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
        Longest prompt and answer together, in tokens; None asks the endpoint's list of models when it is
        first needed, and takes 8,192 where that does not say.
    top_logprobs
        How many next tokens the endpoint reports; hosted ones give 20 at most.
    parameters
        What is sent with every request besides or instead of what it asks for, such as
        ``{"reasoning_effort": "low"}``; None leaves a parameter out.
    tokenizer
        Counts prompts; None estimates.
    concurrency
        Requests under way at once.
    answers
        Keeps answers (see `Endpoint`).
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
        context_length: int | None = None,
        top_logprobs: int = 20,
        parameters: Mapping[str, Json] | None = None,
        tokenizer: EndpointTokenizer | None = None,
        concurrency: int = 8,
        answers: AnswerStore | None = None,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
    ) -> None:
        self.client, self.name = client, model
        self.retries = retries or Retries()
        self.budget = budget or Budget()
        self.top_logprobs = top_logprobs
        self.tokenizer = tokenizer or EstimatedTokenizer()
        self.rate = TokenRate()
        self.opened_as: str | None = None
        """The name that `nextinterest.llm.open_model` was given."""
        self._context_length = context_length
        self.concurrency = concurrency
        self._reasons = False  # whether thoughts have used up an answer's tokens
        self._silent = 0  # choices of which nothing was reported; below zero once some was
        dice = rng or random.Random(0)  # noqa: S311 - jitter, not secrets
        self._endpoint = Endpoint(client, model, self.retries, parameters, sleep, dice, concurrency, answers)

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
            budget=Budget(given.max_tokens, given.max_cost, given.input_price, given.output_price),
            context_length=given.context_length,
            tokenizer=None if given.tokenizer is None else NamedTokenizer.load(given.tokenizer),
            concurrency=given.concurrency,
            answers=None if given.answers is None else AnswerStore(given.answers.expanduser()),
        )
        found.opened_as = opened_as
        return found

    @property
    def capabilities(self) -> Capabilities:
        """What can be asked of it, as far as is known."""
        return Capabilities(
            choose=self._silent < _MOST_SILENT,
            tool_calls=self._endpoint.form == "tools",
            instructed=True,
            remote=True,
            concurrency=self.concurrency,
        )

    @property
    def context_length(self) -> int:
        """Longest prompt and answer together, in tokens as `tokenizer` counts them."""
        if self._context_length is None:
            self._context_length = self._endpoint.context_length() or _CONTEXT_LENGTH
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
        """Return log-probabilities of choices as the first token of the answer; requests run side by side.

        Read off the likeliest tokens that the endpoint reports. Choices that are not among them share what
        probability is left, each at most what the least likely reported token has.

        Raises
        ------
        NoLogProbabilitiesError
            If the endpoint reports no log-probabilities or none that are a distribution, or if none of the
            choices is among the tokens that it reports. `capabilities.choose` is False from then on where it
            reports none at all, or nothing of the choices a few times running.
        ProviderError
            If it fails for good.
        """
        return side_by_side(
            lambda one: self._choice(self.tokenizer.decode(one[0]), one[1], normalize),
            list(zip(prompts, choices, strict=True)),
            self.concurrency,
        )

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
        try:
            with self._spending(messages, 1) as spend:
                reply = self._endpoint.complete(messages, wanted, refused=_NO_LOGPROBS)
                spend(reply.usage)
        except ProviderError as error:
            if error.status not in (400, 422):
                raise
            self._silent = _MOST_SILENT  # it takes no such request
            raise NoLogProbabilitiesError(error.message, remedy=_NO_LOGPROBS, status=error.status) from None
        with as_interface(self._endpoint):
            first = reply.choices[0] if reply.choices else None
            whole = first is not None and bool(first.message.content or first.finish_reason == "length")
            content = first.logprobs.content if first is not None and first.logprobs is not None else None
            reported = [(top.token, float(top.logprob)) for top in content[0].top_logprobs] if content else []
        where = self._endpoint.where
        if not reported:
            self._silent += _MOST_SILENT if whole and self._silent == 0 else 1  # an empty one says nothing
            raise NoLogProbabilitiesError(f"{where} reports no log-probabilities.", remedy=_NO_LOGPROBS)
        try:
            found = choice_scores(reported, choices, normalize=normalize)
        except ModelError as error:
            self._silent += 1
            raise NoLogProbabilitiesError(f"{where} {error.message}.", remedy=_NO_LOGPROBS) from None
        self._silent = min(self._silent, 0) - 1
        return found

    def _object(self, messages: Sequence[Message], schema: type[SchemaT], sampling: Sampling) -> SchemaT:
        """Return an object; an answer that cannot be read is sent back once.

        One answer says nothing of the form of asking: only a refusal changes that (see `Endpoint.form`).
        """
        turns, repaired = list(messages), False
        while True:
            answer = self._answer(turns, schema, sampling)
            try:
                return answered_object(answer.text, schema)
            except OutputParseError as error:
                if answer.cut:  # asking again makes it no shorter
                    raise OutputParseError(
                        f"{self._endpoint.where} cut its answer at {sampling.max_tokens} tokens "
                        f"(finish_reason length). {error.message}",
                        remedy=MORE_TOKENS,
                        command=LESS_REASONING,
                        answer=answer.text,
                    ) from error
                fault = error
            try:
                return parse_output(answered_text(answer.text), schema, whole=getattr(schema, "whole", False))
            except OutputParseError:
                if repaired:
                    raise fault from None
            logger.info("%s: %s Asking again.", self.name, fault)
            turns, repaired = [*turns, *self._sent_back(answer, fault, schema)], True

    def _sent_back(
        self, answer: Answer, fault: OutputParseError, schema: type[BaseModel]
    ) -> tuple[Message, Message]:
        """Return the turns that ask for a repair, with the schema in words where it was passed over."""
        again = f"{fault.message} Answer again"
        shown = answer.called or self._endpoint.form == "text"  # else the model may not have seen it
        again += f", with JSON of {schema.__name__} and nothing else." if shown else f". {stated(schema)}"
        return (
            Message(role="assistant", content=answer.text[:_SHOWN_BACK] or "(nothing)"),
            Message(role="user", content=again),
        )

    def _text(self, messages: Sequence[Message], schema: type[BaseModel] | None, sampling: Sampling) -> str:
        return self._answer(messages, schema, sampling).text

    def _answer(
        self, messages: Sequence[Message], schema: type[BaseModel] | None, sampling: Sampling
    ) -> Answer:
        reasons = self._reasons  # as it is when the request is sent: another thread may find out meanwhile
        try:
            return self._answered(messages, schema, sampling, reasons)
        except CutOffError:
            if reasons or not sampling.thinking:
                raise
            self._reasons = True
            return self._answered(messages, schema, sampling, True)

    def _answered(
        self, messages: Sequence[Message], schema: type[BaseModel] | None, sampling: Sampling, reasons: bool
    ) -> Answer:
        limit = sampling.max_tokens + (sampling.thinking if reasons else 0)
        wanted = parameters_of(sampling.model_copy(update={"max_tokens": limit}))
        with self._spending(messages, limit) as spend:
            reply = self._endpoint.complete(messages, wanted, schema)
            spend(reply.usage)
        with as_interface(self._endpoint):
            return read_reply(reply, self._endpoint, limit)

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
        reasons = self._reasons
        limit = how.max_tokens + (how.thinking if reasons else 0)
        heard = Heard()
        sent = how.model_copy(update={"max_tokens": limit})
        wanted = parameters_of(sent) | {"stream_options": {"include_usage": True}}
        with self._spending(messages, limit) as spend:
            chunks = self._endpoint.stream(messages, wanted)
            try:
                with chunks, as_interface(self._endpoint):
                    yield from heard.answer(chunks, spend)
            except failure_types() as error:
                raise self._endpoint.failed(error, "broke off in the middle of an answer") from None
            if heard.finish is None:
                raise ProviderError(
                    f"{self._endpoint.where} ended its answer without finishing it.",
                    remedy="Ask again; if it recurs, look at the endpoint's log.",
                    retryable=True,
                )
            if heard.finish == "length" and not heard.anything and (reasons or not how.thinking):
                raise cut_off(self._endpoint, limit, reasoned=heard.reasoned)
        if heard.finish == "length" and not heard.anything:
            self._reasons = True
            yield from self.stream(messages, sampling=how)

    @contextmanager
    def _spending(
        self, messages: Sequence[Message], written: int
    ) -> Iterator[Callable[[CompletionUsage | None], None]]:
        size = self.tokenizer.size(messages)
        reserved = self.budget.reserve(self.rate.tokens(size), written)
        settled: list[bool] = []

        def spend(usage: CompletionUsage | None) -> None:
            counted = usage is not None and isinstance(usage.prompt_tokens, int)
            cost = self.budget.settle(reserved, usage if counted else None)
            read, written = (usage.prompt_tokens, usage.completion_tokens) if usage and counted else (0, 0)
            # Nothing at all is reported of an answer that was kept: no request was sent.
            count(read=read, written=written, requests=int(not counted or read + written > 0), cost=cost)
            self.rate.learn(size, read)
            settled.append(True)

        try:
            yield spend
            if not settled:
                spend(None)
        except ProviderError:
            if not settled:
                self.budget.release(reserved)
            raise

    def _cannot(self, what: str) -> NoReturn:
        raise ModelError(
            f"{self.name} is behind an endpoint and cannot {what}.",
            remedy="Use a local model for this; an endpoint can choose and generate.",
        )
