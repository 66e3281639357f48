"""Conversing: read the messages, carry out what they ask, say what came of it.

The one place where understanding, execution and wording meet. Text is written once the result is there, and
streaming hands that text out in pieces.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nextinterest.agent.chat.consent import settled
from nextinterest.agent.chat.execution import Executor
from nextinterest.agent.chat.model_reader import ModelReader
from nextinterest.agent.chat.profile import ChatProfile
from nextinterest.agent.chat.reading.reader import CompositionalReader
from nextinterest.agent.chat.schema import ChatReply, Question, Usage
from nextinterest.agent.chat.understanding import ChatContext, Understanding, Understood
from nextinterest.agent.chat.wording import words_of
from nextinterest.agent.engine import Engine
from nextinterest.llm.metering import current
from nextinterest.messages import Message

__all__ = ["Conversation", "pieces"]

_PIECE = 24  # characters of a streamed piece, about


class Conversation:
    """The side of conversations that answers; holds what is the same for all of them.

    Parameters
    ----------
    engine
        Ranks, explains and forecasts.
    understanding
        Reads messages; rules by default.
    """

    def __init__(self, engine: Engine, understanding: Understanding | None = None) -> None:
        self.engine = engine
        self.understanding = understanding or CompositionalReader()
        self.context = ChatContext(engine.catalog)
        self.executor = Executor(engine, self.context)

    def understand(
        self, messages: Sequence[Message], waiting: Question | None = None, *, confirmed: bool = False
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
        """
        return settled(self.understanding, messages, self.context, waiting, confirmed=confirmed)

    def answer(self, understood: Understood, profile: ChatProfile, messages: Sequence[Message]) -> ChatReply:
        """Carry out what was understood and return the reply."""
        outcome = self.executor.carry_out(understood, profile)
        text = words_of(outcome)
        spent = current()
        return ChatReply(
            text=text,
            usage=Usage(prompt_tokens=spent.read, completion_tokens=spent.written),
            action=understood.action,
            **{name: getattr(outcome, name) for name in type(outcome).model_fields},
        )

    def with_model(self) -> Conversation:
        """Return the same with the engine's language model as reader.

        Raises
        ------
        ModelError
            If the engine has none.
        """
        return self.read_by(ModelReader.of(self.engine.model))

    def read_by(self, understanding: Understanding) -> Conversation:
        """Return the same with another reader of messages."""
        return Conversation(self.engine, understanding)


def pieces(reply: ChatReply) -> Iterator[str | ChatReply]:
    """Yield the text of a reply in pieces that join to it, cut before words, and then the reply."""
    text, start = reply.text, 0
    while start < len(text):
        end = min(len(text), start + _PIECE)
        if end < len(text):
            space = text.rfind(" ", start + 1, end)
            end = space if space > start else end
        yield text[start:end]
        start = end
    yield reply
