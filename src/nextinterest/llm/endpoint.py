"""One model at one OpenAI-compatible endpoint: requests made patiently, in the parameters it takes.

Failures that may pass are tried again, refused parameters are replaced or left out (see
`nextinterest.llm.endpoint_parameters`), everything else is one `ProviderError`. Knows nothing of what an
answer means.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field

from nextinterest.errors import MissingExtraError, ModelError, ProviderError
from nextinterest.llm.answer_store import AnswerStore, request_of
from nextinterest.llm.endpoint_answers import listed_length, schema_form, stated, tool_form
from nextinterest.llm.endpoint_parameters import Dialect, Json
from nextinterest.llm.provider_failures import (
    failure,
    failure_types,
    may_pass,
    retry_after,
    secrets_of,
    silence_credentials,
)
from nextinterest.messages import Message
from nextinterest.redaction import address, redact
from nextinterest.tracing import answered, sent

if TYPE_CHECKING:
    from openai import OpenAI, Stream
    from openai._types import Headers
    from openai.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionMessageParam

__all__ = ["Endpoint", "Form", "Retries", "connect"]

Form = Literal["tools", "schema", "text"]
"""How an object is asked for: as the arguments of a tool, by a JSON schema, or in words."""

T = TypeVar("T")
_LISTING = 5.0  # seconds that the list of models may take
_LONGEST_ASKED = 120.0  # seconds; an endpoint that asks for a longer wait is reported instead of waited for


class Retries(BaseModel):
    """How often and how patiently a failed request is made again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attempts: int = Field(default=5, ge=1, description="Requests made at most, the first included.")
    first_wait: float = Field(default=0.5, ge=0.0, description="Seconds before the second attempt.")
    longest_wait: float = Field(default=20.0, ge=0.0, description="Waits double up to this, in seconds.")


def connect(base_url: str, *, api_key: str = "none", timeout: float = 60.0) -> OpenAI:
    """Return a client of an endpoint; retries are this module's own, so the client makes none.

    Parameters
    ----------
    base_url
        Address of the endpoint, which ends in ``/v1`` as a rule. A user with a password is sent as basic
        authentication, and what stands behind ``?`` with every request.
    api_key
        Sent as a bearer token; spaces around it are dropped. ``none`` and nothing send no such header.
    timeout
        Seconds that a request may take.

    Raises
    ------
    MissingExtraError
        If the openai package is not installed.
    ModelError
        If the address is no HTTP address, or the key cannot stand in an HTTP header.
    """
    try:
        from openai import OpenAI
    except ImportError as error:
        raise MissingExtraError("openai", "openai") from error
    try:
        parts = urlsplit(base_url.strip())
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ModelError(
            f"{redact(base_url)!r} is no address of an endpoint.",
            remedy="Give one such as http://HOST:8000/v1.",
        )
    key = api_key.strip()
    if not key.isascii() or not key.isprintable():
        raise ModelError(
            "The key for the endpoint holds characters that cannot be sent.",
            remedy="Copy the key again: it has letters, digits and signs of ASCII only.",
        )
    return OpenAI(
        base_url=parts._replace(query="", fragment="").geturl(),
        api_key=key or "none",
        default_query=dict(parse_qsl(parts.query)) or None,
        timeout=timeout,
        max_retries=0,
    )


class Endpoint:
    """A model's chat interface.

    Parameters
    ----------
    client, model
        The client and the model's name there.
    retries
        How often and how patiently failures are tried again.
    parameters
        What is sent with every request besides or instead of what it asks for; None leaves one out.
    sleep, rng
        The clock and the randomness of waits.
    concurrency
        Requests under way at once.
    answers
        Keeps answers, which are not asked for again and cost nothing then; None keeps none. Streams are not
        kept.
    """

    def __init__(
        self,
        client: OpenAI,
        model: str,
        retries: Retries,
        parameters: Mapping[str, Json] | None,
        sleep: Callable[[float], None],
        rng: random.Random,
        concurrency: int = 8,
        answers: AnswerStore | None = None,
    ) -> None:
        self.client, self.model, self.retries = client, model, retries
        self.address = address(str(client.base_url))
        self._dialect = Dialect(parameters)
        self._sleep, self._rng = sleep, rng
        self._turns = BoundedSemaphore(concurrency)
        self.answers = answers
        self._headers = None if client.api_key != "none" else _without_key()
        silence_credentials()

    @property
    def where(self) -> str:
        """The model and its address, for messages: no credentials."""
        return f"{self.model} at {self.address}"

    def complete(
        self,
        messages: Sequence[Message],
        wanted: Mapping[str, Json],
        schema: type[BaseModel] | None = None,
        *,
        refused: str = "",
    ) -> ChatCompletion:
        """Return an answer as the endpoint gives it.

        Parameters
        ----------
        messages, wanted
            The conversation and the parameters.
        schema
            What the answer should be JSON of.
        refused
            What a user can do where the endpoint refuses these parameters.

        Raises
        ------
        ProviderError
            If it fails for good.
        """
        from openai.types import CompletionUsage
        from openai.types.chat import ChatCompletion

        def create(rows: list[ChatCompletionMessageParam], body: dict[str, Json]) -> ChatCompletion:
            request = request_of(self.address, self.model, rows, body) if self.answers else ""
            kept = self.answers.get(request) if self.answers else None
            if kept is not None:
                free = CompletionUsage(prompt_tokens=0, completion_tokens=0, total_tokens=0)
                return ChatCompletion.model_validate_json(kept).model_copy(update={"usage": free})
            reply = self.client.chat.completions.create(
                model=self.model, messages=rows, extra_body=body, extra_headers=self._headers
            )
            found: object = reply
            if not isinstance(found, ChatCompletion):  # the client passes on a page, or JSON of any kind
                raise json.JSONDecodeError("the answer is no JSON object", str(found)[:200], 0)
            if self.answers and reply.choices:
                self.answers.put(request, reply.model_dump_json())
            return reply

        with self._turns:
            reply = self._patiently(lambda: self._send(create, messages, wanted, schema), refused)
        answered(partial(_answers, reply), secrets_of(self.client))
        return reply

    def stream(self, messages: Sequence[Message], wanted: Mapping[str, Json]) -> Stream[ChatCompletionChunk]:
        """Return an answer's pieces as the endpoint sends them.

        Raises
        ------
        ProviderError
            If it fails for good before the first piece.
        """

        def create(
            rows: list[ChatCompletionMessageParam], body: dict[str, Json]
        ) -> Stream[ChatCompletionChunk]:
            return self.client.chat.completions.create(
                model=self.model, messages=rows, stream=True, extra_body=body, extra_headers=self._headers
            )

        return self._patiently(lambda: self._send(create, messages, wanted, None), "")

    @property
    def form(self) -> Form:
        """How an object is asked for, as far as is known: the first form that the endpoint takes."""
        if self._dialect.takes("tools") and self._dialect.takes("tool_choice"):
            return "tools"
        return "schema" if self._dialect.takes("response_format") else "text"

    def context_length(self) -> int | None:
        """Return the context length that the endpoint's list of models reports; None where it does not."""
        try:
            listed: object = self.client.with_options(timeout=_LISTING).get(
                "/models", cast_to=object, options={"headers": self._headers} if self._headers else {}
            )
        except failure_types():
            return None
        return listed_length(listed, self.model)

    def failed(self, error: Exception, what: str, remedy: str = "") -> ProviderError:
        """Return what a user is shown of a failure: no credentials, and not at any length."""
        return failure(error, self.where, what, secrets_of(self.client), remedy)

    def quote(self, text: object) -> str:
        """Return what the endpoint said, fit for a message."""
        return redact(str(text), secrets_of(self.client))

    def _send(
        self,
        create: Callable[[list[ChatCompletionMessageParam], dict[str, Json]], T],
        messages: Sequence[Message],
        wanted: Mapping[str, Json],
        schema: type[BaseModel] | None,
    ) -> T:
        """Make a request, and at once again without what is refused by name."""
        import openai

        while True:  # each round sends one parameter less or under another name
            form = None if schema is None else self.form
            rows = _rows(messages, stated(schema) if schema is not None and form == "text" else "")
            more: dict[str, Json] = {}
            if schema is not None and form != "text":
                more = tool_form(schema) if form == "tools" else schema_form(schema)
            body = self._dialect.body({**wanted, **more})
            sent(partial(_shown, rows, body), secrets_of(self.client))
            try:
                return create(rows, body)
            except openai.APIStatusError as error:
                if not self._dialect.learn(error, body, self.where):
                    raise

    def _patiently(self, request: Callable[[], T], refused: str) -> T:
        """Make a request, and again after failures that may pass, waiting longer each time."""
        wait = self.retries.first_wait
        for attempt in range(1, self.retries.attempts + 1):
            try:
                return request()
            except failure_types() as error:
                asked = retry_after(error)
                late = asked is not None and asked > _LONGEST_ASKED
                if late or attempt == self.retries.attempts or not may_pass(error):
                    status = getattr(error, "status_code", None)
                    done = f"failed ({attempt} of {self.retries.attempts} attempts)"
                    # The original is left out of tracebacks: it quotes the endpoint with whatever it echoes.
                    raise self.failed(error, done, refused if status in (400, 422) else "") from None
                # Full jitter: clients that failed together do not come back together.
                self._sleep(asked if asked is not None else self._rng.uniform(wait / 2, wait))
                wait = min(wait * 2, self.retries.longest_wait)
        raise AssertionError("unreachable: the last attempt returns or raises")


def _without_key() -> Headers:
    """Return the headers of a request that sends no key: the client would send a bearer token else."""
    from openai import Omit

    return {"Authorization": Omit()}


def _shown(rows: Sequence[ChatCompletionMessageParam], body: Mapping[str, Json]) -> str:
    """Return a request as a person reads it: its parameters, and each message under its role."""
    head = json.dumps(body, ensure_ascii=False)
    return "\n\n".join([head, *(f"[{row['role']}]\n{row.get('content')}" for row in rows)])


def _answers(reply: ChatCompletion) -> str:
    """Return what an endpoint answered: its message, as JSON where it is more than text."""
    messages = [choice.message.model_dump(exclude_none=True) for choice in reply.choices or ()]
    texts = [
        one["content"] if set(one) <= {"content", "role"} and "content" in one else one for one in messages
    ]
    return "\n\n".join(one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in texts)


def _rows(messages: Sequence[Message], more: str = "") -> list[ChatCompletionMessageParam]:
    """Return the conversation as the interface has it, `more` behind its last turn."""
    rows: list[ChatCompletionMessageParam] = []
    for number, message in enumerate(messages, start=1):
        content = f"{message.content}\n\n{more}" if more and number == len(messages) else message.content
        if message.role == "system":
            rows.append({"role": "system", "content": content})
        elif message.role == "assistant":
            rows.append({"role": "assistant", "content": content})
        else:
            rows.append({"role": "user", "content": content})
    return rows
