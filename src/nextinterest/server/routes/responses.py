"""Chat, as the newer of OpenAI's two routes has it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from fastapi import APIRouter
from fastapi import Response as HttpResponse
from fastapi.responses import StreamingResponse

from nextinterest.agent.chat import ChatReply
from nextinterest.server.failures import ErrorBody, Failure, answer_to
from nextinterest.server.keys import Grant
from nextinterest.server.permission import Allowed, user_of
from nextinterest.server.response_bodies import (
    ConversationBody,
    InputUsage,
    OutputMessage,
    OutputText,
    Response,
    ResponseRequest,
)
from nextinterest.server.routes.chat import Profile, event, sent
from nextinterest.server.service import MODEL_ID, Service
from nextinterest.server.sessions import SessionHeader, SessionPlace, place_of
from nextinterest.server.structured import WantedJson

__all__ = ["router"]


def router(service: Service) -> APIRouter:
    """Return /v1/responses."""
    routes = APIRouter(prefix="/v1", tags=["chat"])

    @routes.post(
        "/responses",
        response_model=Response,
        responses={
            200: {
                "description": "The answer; a stream of events where asked.",
                "content": {"text/event-stream": {}},
            },
            404: {"model": ErrorBody},
        },
    )
    async def respond(
        request: ResponseRequest,
        grant: Allowed,
        sending: HttpResponse,
        header: Profile = None,
        session: SessionHeader = None,
    ) -> Response | StreamingResponse:
        """Answer the newest message, from what the server holds of the user."""
        service.check_model(request.model)
        user = user_of(grant, header, request.user)
        form = None if request.text is None else request.text.wanted()
        wanted = await service.wanted(form, "text.format")
        named = session or request.session
        answer = Answer(service, request, wanted, named)
        place = _place(answer.id, request, grant, user, named)
        pieces = service.talk(request.messages(), user, options=request.nextinterest, place=place)
        headers = {} if place is None else place.headers
        sending.headers.update(headers)
        return await sent(answer, pieces, headers, streamed=bool(request.stream))

    return routes


def _place(
    response: str, request: ResponseRequest, grant: Grant, user: str | None, session: str | None
) -> SessionPlace | None:
    """Return where the conversation is kept: as the session that is named, else under the response's id.

    Raises
    ------
    Failure
        422 where both a session and a previous response are named.
    """
    previous = request.previous_response_id
    if session is not None and previous is not None:
        message = "Give either previous_response_id or a session (conversation)."
        raise Failure(422, message, code="invalid_value", param="previous_response_id")
    if session is not None:
        return place_of(grant, user, session)
    kept = request.store is not False
    if previous is None and not kept:
        return None
    return SessionPlace(response, user, grant.holder, after=previous, kept=kept)


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
    session
        The session that was named, if any.
    """

    def __init__(
        self, service: Service, request: ResponseRequest, wanted: WantedJson | None, session: str | None
    ) -> None:
        self._conversation = None if session is None else ConversationBody(id=session)
        self._service, self._wanted, self._request = service, wanted, request
        self.id, self._message_id = f"resp_{secrets.token_hex(16)}", f"msg_{secrets.token_hex(12)}"
        self._created = int(service.agent.clock().timestamp())
        self._sent = 0

    async def whole(self, reply: ChatReply) -> Response:
        """Return the answer in one piece."""
        return self._response(reply, await self._service.content(reply, self._wanted))

    async def events(
        self, first: str | ChatReply, rest: AsyncGenerator[str | ChatReply]
    ) -> AsyncIterator[bytes]:
        """Yield the answer as server-sent events; what fails on the way is an event too."""
        place = {"item_id": self._message_id, "output_index": 0, "content_index": 0}
        try:
            async with aclosing(rest):  # a caller who hangs up stops the work
                begun = self._response().model_dump(mode="json", exclude={"nextinterest"})
                yield self._event("response.created", response=begun)
                yield self._event("response.in_progress", response=begun)
                item = OutputMessage(id=self._message_id, status="in_progress", content=())
                yield self._event("response.output_item.added", output_index=0, item=item.model_dump())
                part = OutputText(text="").model_dump()
                yield self._event("response.content_part.added", **place, part=part)
                piece: str | ChatReply = first
                while isinstance(piece, str):
                    if self._wanted is None and piece:
                        yield self._event("response.output_text.delta", **place, delta=piece, logprobs=[])
                    piece = await anext(rest)
            text = await self._service.content(piece, self._wanted)
            if self._wanted is not None:
                yield self._event("response.output_text.delta", **place, delta=text, logprobs=[])
            yield self._event("response.output_text.done", **place, text=text, logprobs=[])
            part = OutputText(text=text).model_dump()
            yield self._event("response.content_part.done", **place, part=part)
            done = self._response(piece, text)
            item = done.output[0]
            yield self._event("response.output_item.done", output_index=0, item=item.model_dump())
            yield self._event("response.completed", response=done.model_dump(mode="json"))
        except Exception as error:
            error_body = answer_to(error).body.error.model_dump()
            # Some clients read the fields beside the type, others those below "error".
            fields = {name: error_body[name] for name in ("code", "message", "param")}
            yield self._event("error", **fields, error=error_body)

    def _response(self, reply: ChatReply | None = None, text: str = "") -> Response:
        """Return the answer; without a reply, as it is before there is one."""
        message = OutputMessage(id=self._message_id, status="completed", content=(OutputText(text=text),))
        return Response(
            id=self.id,
            created_at=self._created,
            status="in_progress" if reply is None else "completed",
            model=MODEL_ID,
            output=() if reply is None else (message,),
            instructions=self._request.instructions,
            previous_response_id=self._request.previous_response_id,
            conversation=self._conversation,
            store=self._request.store is not False,
            usage=None
            if reply is None
            else InputUsage(
                input_tokens=reply.usage.prompt_tokens,
                output_tokens=reply.usage.completion_tokens,
                total_tokens=reply.usage.total_tokens,
            ),
            nextinterest=reply,
        )

    def _event(self, kind: str, **fields: object) -> bytes:
        number, self._sent = self._sent, self._sent + 1
        return event({"type": kind, "sequence_number": number, **fields}, kind)
