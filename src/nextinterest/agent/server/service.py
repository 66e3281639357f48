"""What every route works with."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence

from nextinterest.agent.chat import ChatMessage, ChatReply, Converses
from nextinterest.agent.live import LiveAgent
from nextinterest.agent.server.failures import Failure
from nextinterest.agent.server.gate import Gate
from nextinterest.agent.server.observe import Metrics
from nextinterest.agent.server.settings import ServerSettings

__all__ = ["MODEL_ID", "Service"]

MODEL_ID = "nextinterest"
"""By this name a chat asks for the agent, whatever language model is inside."""


class Service:
    """The live agent behind its gates.

    Parameters
    ----------
    live
        The agent and its store.
    settings
        Limits.
    talker
        Answers chats; the live agent itself by default.
    """

    def __init__(self, live: LiveAgent, settings: ServerSettings, talker: Converses | None = None) -> None:
        self.live = live
        self._talker = talker
        self.settings = settings
        self.started = int(live.clock().timestamp())
        self.gate = Gate(
            "model",
            running=settings.max_concurrency,
            waiting=settings.max_queue,
            seconds=settings.request_seconds,
            patience=settings.max_wait_seconds,
        )
        self.ledger = Gate(
            "store",
            running=settings.store_concurrency,
            waiting=settings.max_store_queue,
            seconds=settings.request_seconds,
        )
        self.metrics = Metrics(lambda: self.gate.inside)
        self.closing = False

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

    def talk(
        self, messages: Sequence[ChatMessage], user: str | None, *, confirm_forget: bool = False
    ) -> AsyncGenerator[str | ChatReply]:
        """Yield the answer's text piece by piece and last the whole reply.

        Without a user the agent answers from the conversation alone, and nothing is kept.
        """

        def answer() -> Iterator[str | ChatReply]:
            if self._talker is not None:
                return self._talker.chat_stream(messages, user or "")
            return self.live.chat_stream(messages, user, confirm_forget=confirm_forget)

        return self.gate.stream(answer)

    def close(self) -> None:
        """Let running calls end, then release the store."""
        self.closing = True
        self.gate.close()
        self.ledger.close()
        self.live.store.close()
