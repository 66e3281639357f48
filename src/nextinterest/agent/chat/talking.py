"""What makes a `RecommenderAgent` one that can be talked to: `chat`, and `chat` in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, cast

from nextinterest.agent.chat.messages import MessageLike, read_messages
from nextinterest.agent.chat.schema import ChatReply
from nextinterest.agent.config import OnUnknown
from nextinterest.agent.histories import HistoryLike, ReadHistory
from nextinterest.llm.metering import metered

if TYPE_CHECKING:
    from nextinterest.agent.chat.conversing import Conversation
    from nextinterest.agent.recommender import RecommenderAgent

__all__ = ["Talking"]


class Talking:
    """The talking half of `RecommenderAgent`; nothing else derives from it."""

    def _read(self, history: HistoryLike | None, user: str | None, on_unknown: OnUnknown) -> ReadHistory:
        """Return a history that the caller gave, or that of a known user."""
        raise TypeError("Talking is the talking half of RecommenderAgent and stands on no other.")

    @cached_property
    def conversation(self) -> Conversation:
        """What `chat` works with. Rules read messages; put in another `Conversation` for a model to do so."""
        from nextinterest.agent.chat.conversing import Conversation

        return Conversation(cast("RecommenderAgent", self))

    @metered
    def chat(
        self,
        messages: Sequence[MessageLike],
        user: str | None = None,
        history: HistoryLike | None = None,
    ) -> ChatReply:
        """Answer the newest user message in words and with the structured result behind them.

        What messages tell ("I just watched Alien") counts in this conversation and is kept nowhere; for
        profiles that stay see `nextinterest.agent.live.LiveAgent`.

        Parameters
        ----------
        messages
            The conversation so far, oldest first: OpenAI's dictionaries, or `nextinterest.messages.Message`.
            What users and assistants say is read; system, developer and tool messages have no effect.
        user
            A known user, whose events are the history.
        history
            Or the history itself, as in `recommend`; with neither, nothing is known of the person.

        Raises
        ------
        UnknownItemError
            For an id or title in the history that the catalogue does not have.
        DataError
            If the user is not known, or a message is none.
        """
        from nextinterest.agent.chat.profile import SessionProfile

        given = self._read([] if history is None and user is None else history, user, "raise").history
        said = read_messages(messages)
        understood = self.conversation.understand(said)
        return self.conversation.answer(understood, SessionProfile(given, understood.earlier), said)

    def chat_stream(
        self,
        messages: Sequence[MessageLike],
        user: str | None = None,
        history: HistoryLike | None = None,
    ) -> Iterator[str | ChatReply]:
        """Yield the text of the answer of `chat` piece by piece, and last the whole reply."""
        from nextinterest.agent.chat.conversing import pieces

        yield from pieces(self.chat(messages, user, history))
