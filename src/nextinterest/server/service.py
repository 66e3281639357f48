"""What every route works with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat import ChatReply, Converses
from nextinterest.messages import Message
from nextinterest.server.chat_bodies import JsonObjectFormat, JsonSchemaFormat, Options, ResponseFormat
from nextinterest.server.failures import Failure
from nextinterest.server.gate import Gate
from nextinterest.server.observe import Metrics
from nextinterest.server.readiness import Readiness
from nextinterest.server.sessions import SessionPlace, unknown_response
from nextinterest.server.settings import ServerSettings
from nextinterest.server.structured import WantedJson

__all__ = ["MODEL_ID", "Service"]

MODEL_ID = "nextinterest"
"""By this name a chat asks for the agent, whatever language model is inside."""

_GRACE = 1.0
"""Seconds that calls have to end once every request has ended or was cut off."""


class Service:
    """The agent behind its gates.

    Parameters
    ----------
    agent
        The agent, with a store.
    settings
        Limits.
    talker
        Answers chats; the agent itself by default.

    Raises
    ------
    DataError
        If the agent has no store.
    """

    def __init__(
        self, agent: RecommenderAgent, settings: ServerSettings, talker: Converses | None = None
    ) -> None:
        self.agent = agent
        self.store = agent.store
        self._talker = talker
        self.settings = settings
        agent.sessions.seconds, agent.sessions.most = settings.session_seconds, settings.max_sessions
        self.started = int(agent.clock().timestamp())
        self.gate = Gate(
            "model",
            running=settings.max_concurrency,
            waiting=settings.max_queue,
            seconds=settings.request_seconds,
            patience=settings.max_wait_seconds,
            niceness=settings.model_niceness,
        )
        self.ledger = Gate(
            "store",
            running=settings.store_concurrency,
            waiting=settings.max_store_queue,
            seconds=settings.request_seconds,
        )
        self.schemas = Gate("schemas", running=1, waiting=64, seconds=settings.request_seconds)
        # Encoding new items takes longer than a write of the store, and no answer waits for it.
        self.changes = Gate(
            "catalogue",
            running=1,
            waiting=settings.max_store_queue,
            seconds=settings.request_seconds,
        )
        self.readiness = Readiness(self.store.check)
        self.metrics = Metrics(lambda: self.gate.inside)
        self.closing = False
        self.unfinished = 0
        """Calls that still ran when the server had waited long enough for them to end."""

    def check_model(self, name: str) -> None:
        """Refuse a chat with a model that is not here.

        Raises
        ------
        Failure
            404 for any other model than this server's.
        """
        if name != MODEL_ID:
            raise Failure(
                404, f"This server has one model, {MODEL_ID!r}.", code="model_not_found", param="model"
            )

    async def wanted(
        self, wanted: ResponseFormat | None, param: str = "response_format"
    ) -> WantedJson | None:
        """Check what JSON is wanted, before anything is done for the request; None where words are.

        Raises
        ------
        Failure
            422 where its schema cannot be used.
        """
        if not isinstance(wanted, JsonObjectFormat | JsonSchemaFormat):
            return None
        return await self.schemas.run(lambda: WantedJson(wanted, param))

    async def content(self, reply: ChatReply, wanted: WantedJson | None) -> str:
        """Return a reply's text, or the part of it that is wanted as JSON.

        Raises
        ------
        Failure
            422 where no part fits the schema.
        """
        return reply.text if wanted is None else await self.schemas.run(lambda: wanted.of(reply))

    def talk(
        self,
        messages: Sequence[Message],
        user: str | None,
        *,
        options: Options | None = None,
        place: SessionPlace | None = None,
    ) -> AsyncGenerator[str | ChatReply]:
        """Yield the answer's text piece by piece and last the whole reply.

        Without a user the agent answers from the conversation alone, and no profile is kept; without a place
        for a session nothing is.

        Raises
        ------
        Failure
            400 where the session goes on from one of which nothing is kept.
        """
        given = options or Options()

        def answer() -> Iterator[str | ChatReply]:
            if place is not None and place.after is not None and not self._branched(place):
                raise unknown_response(place.after)
            if self._talker is not None:
                return self._talker.chat_stream(messages, user or "")
            pieces = self.agent.chat_stream(
                messages,
                user,
                session=None if place is None else place.key,
                confirm_forget=given.confirm_forget,
                trace=given.trace,
            )
            return pieces if place is None else self._in(place, pieces)

        return self.gate.stream(answer)

    def _branched(self, place: SessionPlace) -> bool:
        return self.agent.branch_session(place.after_key or "", place.key, place.user)

    def _in(self, place: SessionPlace, pieces: Iterator[str | ChatReply]) -> Iterator[str | ChatReply]:
        """Yield an answer with the id of its session as the client has it."""
        try:
            for piece in pieces:
                if isinstance(piece, ChatReply):
                    self._end_unkept(place)  # before the client has the answer
                    yield place.named(piece)
                else:
                    yield piece
        finally:
            self._end_unkept(place)

    def _end_unkept(self, place: SessionPlace) -> None:
        if not place.kept:
            self.agent.end_session(place.key, place.user)

    async def close(self) -> None:
        """Give running calls a moment to end, then release the store; what runs longer is left behind."""
        self.closing = True
        gates = (self.gate, self.ledger, self.changes, self.schemas, self.readiness.gate)
        for gate in gates:
            gate.close()
        self.unfinished = sum(await asyncio.gather(*(gate.drained(_GRACE) for gate in gates)))
        self.store.close()
