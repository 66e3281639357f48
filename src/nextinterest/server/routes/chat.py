"""Chat, as OpenAI's API has it."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Annotated, Protocol, TypeVar

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse

from nextinterest.agent.chat import ChatReply
from nextinterest.server.chat_bodies import (
    AnswerMessage,
    ChatCompletion,
    ChatCompletionChunk,
    ChatRequest,
    Choice,
    ChunkChoice,
    Delta,
    TokenUsage,
)
from nextinterest.server.failures import ErrorBody, Failure, answer_to
from nextinterest.server.names import HeaderName
from nextinterest.server.permission import Allowed, user_of
from nextinterest.server.service import MODEL_ID, Service
from nextinterest.server.sessions import SessionHeader, place_of
from nextinterest.server.structured import WantedJson

__all__ = ["Profile", "event", "router", "sent"]

Profile = Annotated[
    HeaderName | None,
    Header(
        alias="X-Nextinterest-User",
        description="Whose profile is used, as UTF-8; goes before the body's user.",
    ),
]
_STREAM_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
T = TypeVar("T", covariant=True)
DONE = b"data: [DONE]\n\n"


def router(service: Service) -> APIRouter:
    """Return /v1/chat/completions."""
    routes = APIRouter(prefix="/v1/chat", tags=["chat"])

    @routes.post(
        "/completions",
        response_model=ChatCompletion,
        responses={
            200: {
                "description": "The answer; a stream of chunks where asked.",
                "content": {"text/event-stream": {}},
            },
            404: {"model": ErrorBody},
        },
    )
    async def complete(
        request: ChatRequest,
        grant: Allowed,
        response: Response,
        header: Profile = None,
        session: SessionHeader = None,
    ) -> ChatCompletion | StreamingResponse:
        """Answer the newest message, from what the server holds of the user."""
        service.check_model(request.model)
        user = user_of(grant, header, request.user)
        wanted = await service.wanted(request.response_format)
        options = request.nextinterest
        place = place_of(grant, user, session, None if options is None else options.session)
        said = [body.message() for body in request.messages]
        pieces = service.talk(said, user, options=options, place=place)
        answer = Answer(service, request, wanted)
        headers = {} if place is None else place.headers
        response.headers.update(headers)
        return await sent(answer, pieces, headers, streamed=bool(request.stream))

    return routes


class Answering(Protocol[T]):
    """An answer in the form of one of the routes."""

    async def whole(self, reply: ChatReply) -> T:
        """Return the answer in one piece."""
        ...

    def events(self, first: str | ChatReply, rest: AsyncGenerator[str | ChatReply]) -> AsyncIterator[bytes]:
        """Yield the answer as server-sent events."""
        ...


async def sent(
    answer: Answering[T],
    pieces: AsyncGenerator[str | ChatReply],
    headers: Mapping[str, str],
    *,
    streamed: bool,
) -> T | StreamingResponse:
    """Return an answer in one piece, or as a stream, which has these headers."""
    if not streamed:
        return await answer.whole(await _last(pieces))
    # The first piece is waited for, so that what fails before it is an answer with its own status.
    first = await anext(pieces)
    events = answer.events(first, pieces)
    return StreamingResponse(events, media_type="text/event-stream", headers={**_STREAM_HEADERS, **headers})


async def _last(pieces: AsyncGenerator[str | ChatReply]) -> ChatReply:
    """Return the reply that ends a stream."""
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, ChatReply):
                return piece
    raise Failure(500, "The agent gave no reply.", kind="server_error")


class Answer:
    """One answer in OpenAI's form.

    Parameters
    ----------
    service
        What answers.
    request
        What was asked.
    wanted
        The JSON that was asked for, if any.
    """

    def __init__(self, service: Service, request: ChatRequest, wanted: WantedJson | None) -> None:
        self.id = f"chatcmpl-{secrets.token_hex(12)}"
        self.created = int(service.agent.clock().timestamp())
        self._service, self._wanted = service, wanted
        self._usage = request.stream_options is not None and request.stream_options.include_usage

    async def whole(self, reply: ChatReply) -> ChatCompletion:
        """Return the answer in one piece."""
        content = await self._service.content(reply, self._wanted)
        return ChatCompletion(
            id=self.id,
            created=self.created,
            model=MODEL_ID,
            choices=(Choice(message=AnswerMessage(content=content)),),
            usage=_usage(reply),
            nextinterest=reply,
        )

    async def events(
        self, first: str | ChatReply, rest: AsyncGenerator[str | ChatReply]
    ) -> AsyncIterator[bytes]:
        """Yield the answer as server-sent events; what fails on the way is an event too, as with OpenAI."""
        try:
            async with aclosing(rest):  # a caller who hangs up stops the work
                yield self._chunk(Delta(role="assistant", content=""))
                piece: str | ChatReply = first
                while isinstance(piece, str):
                    if self._wanted is None and piece:
                        yield self._chunk(Delta(content=piece))
                    piece = await anext(rest)
            if self._wanted is not None:
                yield self._chunk(Delta(content=await self._service.content(piece, self._wanted)))
            yield self._chunk(Delta(), reply=piece)
            if self._usage:
                chunk = ChatCompletionChunk(
                    id=self.id, created=self.created, model=MODEL_ID, choices=(), usage=_usage(piece)
                )
                yield event(chunk.model_dump(mode="json", exclude_none=True))
            yield DONE
        except Exception as error:
            yield event(answer_to(error).body.model_dump(mode="json"))

    def _chunk(self, delta: Delta, reply: ChatReply | None = None) -> bytes:
        choice = ChunkChoice(delta=delta, finish_reason=None if reply is None else "stop")
        chunk = ChatCompletionChunk(id=self.id, created=self.created, model=MODEL_ID, choices=(choice,))
        body = chunk.model_dump(mode="json", exclude_none=True)
        if reply is not None:
            body["nextinterest"] = reply.model_dump(mode="json")
        return event(body)


def _usage(reply: ChatReply) -> TokenUsage:
    return TokenUsage(
        prompt_tokens=reply.usage.prompt_tokens,
        completion_tokens=reply.usage.completion_tokens,
        total_tokens=reply.usage.total_tokens,
    )


def event(body: Mapping[str, object], name: str | None = None) -> bytes:
    """Return a server-sent event."""
    head = "" if name is None else f"event: {name}\n"
    # JSON keeps every line break escaped, so that one event is one line of data.
    return f"{head}data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()
