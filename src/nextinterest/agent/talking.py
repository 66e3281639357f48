"""Conversations: messages or whole requests in, what came of them out; kept in a session if one is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from unicodedata import normalize

from nextinterest.agent.asynchronous import isolated, streamed, threaded
from nextinterest.agent.chat.conversing import question_in, traced_pieces, whole
from nextinterest.agent.chat.grounding import as_sent
from nextinterest.agent.chat.messages import MessageLike, read_messages
from nextinterest.agent.chat.profile import SessionProfile
from nextinterest.agent.chat.schema import ChatReply
from nextinterest.agent.chat.shown import shown_in
from nextinterest.agent.chat.understanding import Understood
from nextinterest.agent.config import OnUnknown
from nextinterest.agent.histories import HistoryLike
from nextinterest.agent.similar import AgentSimilar
from nextinterest.arguments import as_flag, as_record
from nextinterest.domain import Outcome, Request, Session, traced
from nextinterest.llm.metering import metering
from nextinterest.messages import Message

__all__ = ["AgentTalking"]


class AgentTalking(AgentSimilar):
    """The methods of `nextinterest.agent.RecommenderAgent` that answer messages and whole requests."""

    def chat(
        self,
        messages: Sequence[MessageLike],
        user: str | None = None,
        history: HistoryLike | None = None,
        *,
        session: str | None = None,
        confirm_forget: bool = False,
        trace: bool = False,
    ) -> ChatReply:
        """Answer the newest user message in words and with the structured result behind them.

        With a store, what the newest message of a user says happened ("I just watched Alien"), or takes back,
        is written to the user's profile. Otherwise it counts in this conversation and is kept nowhere.

        A message that asks to delete the whole profile, and nothing else, is answered by a question
        (``reply.question``). The profile is deleted if the user's next message, within ten minutes, means
        only yes, or once the caller confirms it with `confirm_forget`.

        Parameters
        ----------
        messages
            The conversation so far, oldest first: OpenAI's dictionaries, or `Message`. Messages of users
            and assistants are read; system, developer and tool messages have no effect.
        user
            A known user, whose events are the history; no message can name another.
        history
            Or the history itself, as in `recommend`: nothing is then read from or written to a store. With
            neither, the conversation is all that is known.
        session
            Id of a conversation that the agent keeps for a while (`sessions`), chosen by the caller; a new
            one begins it. The messages are then what is new: those behind an assistant's last one. With a
            user it is that user's, and nobody else's.
        confirm_forget
            Whether the user has confirmed, say by a button, a deletion that the newest message asks for. It
            changes nothing for any other message.
        trace
            As in `recommend`.

        Raises
        ------
        UnknownItemError
            For an id or title in the history that the catalogue does not have.
        DataError
            If the user is not known, no store may keep such a user id, a message is none, or no session may
            have such an id.
        ForgottenError
            If the user was forgotten while this was answered; nothing is written.
        """
        pieces = self._conversing(messages, user, history, session, confirm_forget=confirm_forget)
        return traced(lambda: whole(pieces), as_flag(trace, "trace"))

    def chat_stream(
        self,
        messages: Sequence[MessageLike],
        user: str | None = None,
        history: HistoryLike | None = None,
        *,
        session: str | None = None,
        confirm_forget: bool = False,
        trace: bool = False,
    ) -> Iterator[str | ChatReply]:
        """Yield the text of the answer of `chat` sentence by sentence, and last the whole reply.

        A sentence is yielded as soon as it is made and checked. What the message changes is written before
        the first one. Times of a trace include those between the sentences that are taken.
        """
        pieces = self._conversing(messages, user, history, session, confirm_forget=confirm_forget)
        return isolated(traced_pieces(pieces) if as_flag(trace, "trace") else pieces)

    def _conversing(
        self,
        messages: Sequence[MessageLike],
        user: str | None,
        history: HistoryLike | None,
        session: str | None,
        *,
        confirm_forget: bool,
    ) -> Iterator[str | ChatReply]:
        served, said = self._served.now, read_messages(messages)
        confirm_forget = as_flag(confirm_forget, "confirm_forget")
        with metering():
            if self._users is not None and user is not None and history is None:
                name = str(user)
                yield from self._users.chat(
                    served, name, said, session, confirm_forget=confirm_forget, absent=self._absent(name)
                )
                return
            conversation, clock = served.conversation, served.engine.clock
            given = [] if history is None and user is None else history
            read = self._read(served.engine, given, user, "raise")
            opened = None
            if session is not None:
                opened = self.sessions.open(_name(user), session, said, clock())
                said = opened.messages
            understood = conversation.understand(said, question_in(said), history=read.history)
            profile = SessionProfile(read.history, conversation.earlier(said, understood))
            outcome = conversation.carry_out(understood, profile)
            if opened is None:
                yield from conversation.worded(outcome, said)
                return
            outcome = outcome.model_copy(update={"notes": (*outcome.notes, *opened.notes)})
            pieces = conversation.worded(outcome, said)
            yield from self.sessions.recorded(opened, outcome, pieces, clock, lambda: None)

    def carry_out(
        self,
        request: Request,
        user: str | None = None,
        history: HistoryLike | None = None,
        *,
        session: str | None = None,
        on_unknown: OnUnknown = "raise",
        confirm_forget: bool = False,
    ) -> Outcome:
        """Do what a request asks for and return what came of it: `chat` without words.

        Items are named by id or title. With a store, the intents feedback and forget change the user's
        profile; what is deleted for good is asked back (``outcome.question``) unless it is confirmed.

        Parameters
        ----------
        request
            The request.
        user, history
            As in `chat`; with neither, nothing is known of the person.
        session
            As in `chat`: `references` and `others` of the request are about the lists shown in it, and its
            next message may refer to the outcome.
        on_unknown
            As in `recommend`.
        confirm_forget
            Whether the user has confirmed what the request deletes.

        Exceptions as in `chat`.
        """
        served, request = self._served.now, as_record(request, Request, "request")
        confirmed = as_flag(confirm_forget, "confirm_forget")
        context = served.conversation.context

        def understood(said: Sequence[Message]) -> Understood:
            return as_sent(request, context, shown_in(said, context), confirmed=confirmed)

        if self._users is not None and user is not None and history is None:
            name = str(user)
            return self._users.carry_out(served, name, understood, session, absent=self._absent(name))
        given = [] if history is None and user is None else history
        read = self._read(served.engine, given, user, on_unknown)
        clock, opened = served.engine.clock, None
        if session is not None:
            opened = self.sessions.open(_name(user), session, (), clock())
        said = () if opened is None else opened.messages
        asked = understood(said)
        profile = SessionProfile(read.history, served.conversation.earlier(said, asked))
        outcome = served.conversation.carry_out(asked, profile)
        if opened is not None:
            self.sessions.close(opened, outcome, "", clock(), None)
        return outcome

    def session(self, session: str, user: str | None = None) -> Session | None:
        """Return what is kept of a conversation; None where that is nothing.

        Parameters
        ----------
        session
            Its id.
        user
            Whose it is, if anybody's.
        """
        name = _name(user)
        return self.sessions.get(name, session, self.engine.clock(), self._number(name))

    def _number(self, name: str | None) -> int | None:
        return None if self._users is None or name is None else self._users.remembered.number(name)

    def branch_session(self, session: str, other: str, user: str | None = None) -> bool:
        """Let a conversation of another id go on from this one; False where nothing is kept of this one.

        Parameters
        ----------
        session, other
            Ids, of one user's.
        user
            As in `session`.
        """
        name = _name(user)
        return self.sessions.branch(name, session, other, self.engine.clock(), self._number(name))

    def end_session(self, session: str, user: str | None = None) -> bool:
        """Forget a conversation and return whether anything was kept of it; see `session`.

        What it wrote to a profile stays there.
        """
        return self.sessions.end(_name(user), session)

    acarry_out = threaded(carry_out)
    achat = threaded(chat)
    achat_stream = streamed(chat_stream)


def _name(user: str | None) -> str | None:
    return None if user is None else normalize("NFC", str(user))
