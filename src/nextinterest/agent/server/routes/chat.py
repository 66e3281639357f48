"""Chat, as OpenAI's API has it."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from nextinterest.agent.chat import ChatReply
from nextinterest.agent.server.bodies import UserName
from nextinterest.agent.server.chat_bodies import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatRequest,
    Choice,
    ChunkChoice,
    Delta,
    JsonObjectFormat,
    JsonSchemaFormat,
    Message,
    ResponseFormat,
    TokenUsage,
)
from nextinterest.agent.server.failures import ErrorBody, Failure, answer_to
from nextinterest.agent.server.service import MODEL_ID, Service
from nextinterest.agent.server.structured import as_json

__all__ = ["router"]

Profile = Annotated[
    UserName | None,
    Header(alias="X-Nextinterest-User", description="Whose profile is used; goes before the body's user."),
]
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
    async def complete(request: ChatRequest, header: Profile = None) -> ChatCompletion | StreamingResponse:
        """Answer the newest message, from what the server holds of the user."""
        service.check_model(request.model)
        pieces = service.talk(
            [body.message() for body in request.messages],
            header or request.user,
            confirm_forget=request.nextinterest is not None and request.nextinterest.confirm_forget,
        )
        answer = Answer(f"chatcmpl-{secrets.token_hex(12)}", int(service.live.clock().timestamp()), request)
        if not request.stream:
            return answer.whole(await last(pieces))
        # The first piece is waited for, so that what fails before it is an answer with its own status.
        first = await anext(pieces)
        return StreamingResponse(
            answer.events(first, pieces),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
        )

    return routes


async def last(pieces: AsyncGenerator[str | ChatReply]) -> ChatReply:
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
    answer_id, created
        Its id and time, seconds since 1970.
    request
        What was asked.
    """

    def __init__(self, answer_id: str, created: int, request: ChatRequest) -> None:
        self.id, self.created = answer_id, created
        wanted: ResponseFormat | None = request.response_format
        self._json = wanted if isinstance(wanted, JsonObjectFormat | JsonSchemaFormat) else None
        self._usage = request.stream_options is not None and request.stream_options.include_usage

    def _content(self, reply: ChatReply) -> str:
        return reply.text if self._json is None else as_json(reply, self._json)

    def whole(self, reply: ChatReply) -> ChatCompletion:
        """Return the answer in one piece."""
        return ChatCompletion(
            id=self.id,
            created=self.created,
            model=MODEL_ID,
            choices=(Choice(message=Message(content=self._content(reply))),),
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
                    if self._json is None and piece:
                        yield self._chunk(Delta(content=piece))
                    piece = await anext(rest)
            if self._json is not None:
                yield self._chunk(Delta(content=self._content(piece)))
            yield self._chunk(Delta(), reply=piece)
            if self._usage:
                chunk = ChatCompletionChunk(
                    id=self.id, created=self.created, model=MODEL_ID, choices=(), usage=_usage(piece)
                )
                yield _event(chunk.model_dump(mode="json", exclude_none=True))
            yield DONE
        except Exception as error:
            yield _event(answer_to(error).body.model_dump(mode="json"))

    def _chunk(self, delta: Delta, reply: ChatReply | None = None) -> bytes:
        choice = ChunkChoice(delta=delta, finish_reason=None if reply is None else "stop")
        chunk = ChatCompletionChunk(id=self.id, created=self.created, model=MODEL_ID, choices=(choice,))
        body = chunk.model_dump(mode="json", exclude_none=True)
        if reply is not None:
            body["nextinterest"] = reply.model_dump(mode="json")
        return _event(body)


def _usage(reply: ChatReply) -> TokenUsage:
    return TokenUsage(
        prompt_tokens=reply.usage.prompt_tokens,
        completion_tokens=reply.usage.completion_tokens,
        total_tokens=reply.usage.total_tokens,
    )


def _event(body: dict[str, object]) -> bytes:
    # JSON keeps every line break escaped, so that one event is one line of data.
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()
