"""Conversing: read the messages, carry out what they ask, say what came of it.

The one place where understanding, execution and wording meet. Text is written once the result is there, and
handed out sentence by sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from nextinterest.agent.chat.consent import settled
from nextinterest.agent.chat.execution import Executor
from nextinterest.agent.chat.messages import names, newest_part
from nextinterest.agent.chat.model_reader import ModelReader
from nextinterest.agent.chat.profile import ChatProfile
from nextinterest.agent.chat.reading.reader import CompositionalReader
from nextinterest.agent.chat.schema import ChatReply, Question, Usage
from nextinterest.agent.chat.shown import shown_in
from nextinterest.agent.chat.tuned_reader import TunedReader
from nextinterest.agent.chat.understanding import (
    ChatContext,
    ReportedEvent,
    Understanding,
    Understood,
    reported_by,
)
from nextinterest.agent.chat.worded import worded
from nextinterest.agent.engine import Engine
from nextinterest.domain import Answer, Event, History, Outcome, Trace, events_after
from nextinterest.llm import LanguageModel
from nextinterest.llm.metering import current
from nextinterest.messages import Message
from nextinterest.tracing import step, tracing

__all__ = ["Conversation", "question_in", "traced_pieces", "whole"]


EARLIER = 6
"""Messages of a person that show in which language to reply."""


class Conversation:
    """The side of conversations that answers; holds what is the same for all of them.

    Parameters
    ----------
    engine
        Ranks, explains and forecasts.
    understanding
        Reads messages; by default the engine's model for the role, else the rules.
    """

    def __init__(self, engine: Engine, understanding: Understanding | None = None) -> None:
        self.engine = engine
        model = engine.model_for("understand") if understanding is None else None
        self.understanding = understanding or (_reader(engine, model) if model else CompositionalReader())
        self.context = ChatContext(engine.catalog)
        self.executor = Executor(engine, self.context)

    def understand(
        self,
        messages: Sequence[Message],
        waiting: Question | None = None,
        *,
        confirmed: bool = False,
        history: History | None = None,
    ) -> Understood:
        """Return what the newest user message asks for.

        Whoever reads messages, a language model included: a profile is deleted only on a message that asks
        for that and nothing else, and only once it is confirmed.

        Parameters
        ----------
        messages
            The conversation, oldest first.
        waiting
            What was asked back before this message.
        confirmed
            Whether the caller has it confirmed that a deletion, if the message asks for one, is meant.
        history
            The person's events, which a language model is shown.
        """
        context = self.context if history is None else self.context.about(history)
        with step("understand", reader=self.understanding.name) as s:
            read = settled(self.understanding, messages, context, waiting, confirmed=confirmed)
            read = self._beside_list(read, messages)
            if self.reads_history and any(one.reported for one in (read, *read.then)):
                read = self._unrepeated(read, messages)
            if s:
                asked = (read, *read.then)
                s.note(requests=[one.request.model_dump(mode="json", exclude_defaults=True) for one in asked])
        return read

    def earlier(self, messages: Sequence[Message], understood: Understood) -> tuple[ReportedEvent, ...]:
        """Return the events that a conversation noted before its newest message.

        That is what its replies did, where they say so; else what the rules read in earlier messages.
        """
        replies = [message for message in messages if message.role == "assistant"]
        if replies and all(isinstance(reply, Answer) for reply in replies):
            events: tuple[Event, ...] = ()
            for reply in replies:
                events = events_after(events, reply) if isinstance(reply, Answer) else events
            return reported_by(events, self.context)
        if understood.earlier or not (replies and self.reads_history):
            return understood.earlier
        return CompositionalReader().read(newest_part(messages)[0], self.context).earlier

    def _beside_list(self, read: Understood, messages: Sequence[Message]) -> Understood:
        """Return what was read, where it asks for reasons with the list that was shown last."""
        if all(one.request.intent != "explain" for one in (read, *read.then)):
            return read
        answers = [one for one in messages if isinstance(one, Answer) and one.shown]
        listed = shown_in(messages, self.context).last
        request = answers[-1].request if answers else None

        def beside(one: Understood) -> Understood:
            return replace(one, listed=listed, list_request=request)

        return replace(beside(read), then=tuple(map(beside, read.then)))

    def _unrepeated(self, read: Understood, messages: Sequence[Message]) -> Understood:
        """Return what was read with what a language model repeats of earlier messages as said there.

        Beside a list it is neither noted nor said a second time.
        """
        said = [one.content for one in messages if one.role == "user"]
        known = self.earlier(messages, read)
        called = self.context.titles.called

        def before(event: ReportedEvent) -> bool:
            title = called(event.item)
            return event in known or (
                not names(said[-1], title) and any(names(text, title) for text in said[:-1])
            )

        def first_said(one: Understood) -> Understood:
            events = tuple(
                event for event in one.reported if one.request.intent == "feedback" or not before(event)
            )
            return replace(one, reported=events, then=tuple(map(first_said, one.then)))

        repeated = [event for one in (read, *read.then) for event in one.reported if before(event)]
        earlier = tuple(dict.fromkeys((*known, *repeated)))
        return replace(first_said(read), earlier=earlier)

    @property
    def reads_history(self) -> bool:
        """Whether what reads messages is shown the person's events."""
        return isinstance(self.understanding, ModelReader)

    def answer(self, understood: Understood, profile: ChatProfile, messages: Sequence[Message]) -> ChatReply:
        """Carry out what was understood and return the reply."""
        return whole(self.worded(self.carry_out(understood, profile), messages))

    def carry_out(self, understood: Understood, profile: ChatProfile) -> Outcome:
        """Return what came of a request, not yet in words."""
        return self.executor.carry_out(understood, profile)

    def worded(self, outcome: Outcome, messages: Sequence[Message]) -> Iterator[str | ChatReply]:
        """Yield the text of a reply sentence by sentence, as each is made, and last the whole reply."""
        written: list[str] = []
        notes: list[str] = []
        said = [one.content for one in messages if one.role == "user"][::-1]
        model = self.engine.model_for("word")
        for sentence in worded(outcome, said[0] if said else "", model, notes, said[1:EARLIER]):
            written.append(sentence)
            yield sentence
        yield ChatReply(
            text="".join(written),
            usage=Usage.of(current()),
            **{name: getattr(outcome, name) for name in type(outcome).model_fields}
            | {"notes": (*outcome.notes, *notes)},
        )

    def read_by(self, understanding: Understanding) -> Conversation:
        """Return the same with another reader of messages."""
        return Conversation(self.engine, understanding)


def _reader(engine: Engine, model: LanguageModel) -> ModelReader:
    """Return a reader by a model of the engine, under the prompt it was taught with where it was."""
    taught = engine.tuned is not None and "understand" in engine.tuned.record.tasks
    return TunedReader(model) if taught and model is engine.model else ModelReader(model)


def question_in(messages: Sequence[Message]) -> Question | None:
    """Return what the reply before the newest message asked to be confirmed, where it says so as data."""
    before = next((n for n in range(len(messages) - 1, -1, -1) if messages[n].role == "user"), 0)
    replies = [message for message in messages[:before] if message.role == "assistant"]
    reply = replies[-1] if replies else None
    asked = reply.question if isinstance(reply, Answer) else None
    return None if asked is None or asked.kind == "which_item" else asked


def whole(pieces: Iterator[str | ChatReply]) -> ChatReply:
    """Return the reply that a stream ends with."""
    *_, reply = pieces
    if not isinstance(reply, ChatReply):
        raise TypeError("a stream of a reply ends with the reply")
    return reply


def traced_pieces(pieces: Iterator[str | ChatReply]) -> Iterator[str | ChatReply]:
    """Yield a stream whose reply has a trace."""
    reply = None
    with tracing() as root:
        for piece in pieces:
            if isinstance(piece, ChatReply):
                reply = piece
            else:
                yield piece
    if reply is not None:
        yield reply.model_copy(update={"trace": Trace.of(root)})
