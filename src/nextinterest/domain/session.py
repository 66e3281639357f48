"""The state of a conversation, as data: what a client or a server keeps between two messages.

A reply is kept as an `Answer`, with what it did beside its text, so that nothing of a conversation's state is
recovered from the wording of replies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, Protocol, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from nextinterest.domain.history import Event
from nextinterest.domain.outcome import Confirmation, Outcome, Question
from nextinterest.domain.request import Request
from nextinterest.messages import Message

__all__ = ["Answer", "Session", "SessionState", "events_after"]

MOST_MESSAGES = 200
MOST_CHARACTERS = 24_000
_LISTS = frozenset({"recommend", "similar"})


class Answer(Message):
    """A reply in a conversation: its text, and what it did."""

    role: Literal["assistant"] = Field(default="assistant", description="Who wrote it.")
    request: Request | None = Field(default=None, description="The request for a list that it answers.")
    shown: tuple[str, ...] = Field(default=(), description="Ids of the items of its list, in their order.")
    named: tuple[str, ...] = Field(default=(), description="Ids of other items that it is about.")
    offer: Request | None = Field(default=None, description="The nearest request that it offers instead.")
    noted: tuple[Event, ...] = Field(default=(), description="Events that it noted and that were new.")
    removed: tuple[str, ...] = Field(default=(), description="Ids of the items whose events it removed.")
    removed_all: bool = Field(default=False, description="Whether it removed all events.")
    question: Question | None = Field(default=None, description="What it asks back.")

    @classmethod
    def of(cls, outcome: Outcome, text: str = "", time: datetime | None = None) -> Self:
        """Return the answer that reports an outcome; of several lists the last one counts."""
        every = outcome.every
        done = [one.confirmation for one in every if one.confirmation is not None]
        lists = [one.recommendations.items for one in every if one.recommendations is not None]
        asked = [one.request for one in every if one.request.intent in _LISTS and one.question is None]
        offered = next((one.relaxation.request for one in every if one.relaxation is not None), None)
        return cls(
            content=text,
            request=asked[-1] if asked else None,
            shown=next((_ids(items) for items in reversed(lists) if items), ()),
            named=_named(every),
            offer=offered,
            noted=tuple(event for one in done for event in _noted(one, time)),
            removed=tuple(dict.fromkeys(item for one in done for item in _ids(one.forgotten))),
            removed_all=any(one.kind == "forgotten_everything" for one in done),
            question=outcome.asked_back,
        )


class _HasId(Protocol):
    @property
    def item_id(self) -> str: ...


def _ids(items: Iterable[_HasId]) -> tuple[str, ...]:
    return tuple(item.item_id for item in items)


def _named(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    named: list[str] = []
    for one in outcomes:
        named += [] if one.explanation is None else [one.explanation.item.item_id]
        named += _ids(one.found)
        done = one.confirmation
        named += () if done is None else _ids((*done.liked, *done.disliked, *done.seen, *done.forgotten))
    return tuple(dict.fromkeys(named))


def _noted(done: Confirmation, time: datetime | None) -> list[Event]:
    kinds = {"liked": done.liked, "disliked": done.disliked, "seen": done.seen}
    return [
        Event(one.item_id, time=time, kind=kind)
        for kind, items in kinds.items()
        for one in items
        if one.item_id in done.written
    ]


def events_after(events: Sequence[Event], answer: Answer) -> tuple[Event, ...]:
    """Return what a conversation holds of events once an answer has noted and removed some."""
    gone = {*answer.removed, *(one.item for one in answer.noted)}
    kept = () if answer.removed_all else tuple(one for one in events if one.item not in gone)
    return (*kept, *answer.noted)


class SessionState(BaseModel):
    """What a reply says of the session that it is kept in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(description="Id of the session; sent with the next message it goes on.")
    new: bool = Field(description="Whether this reply began it: nothing was known of it before.")
    messages: int = Field(description="Messages of it that are kept, this reply among them.", ge=0)
    expires: AwareDatetime = Field(description="Moment from which it is forgotten, if nothing is said.")


class Session(BaseModel):
    """The state of a conversation after a reply.

    Examples
    --------
    >>> session = Session(id="s1", shown=("50", "181"))
    >>> Session.model_validate_json(session.model_dump_json()) == session
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(description="Id of the conversation.", min_length=1, max_length=256)
    user: str | None = Field(default=None, description="Id of the user, where known.")
    messages: tuple[Message | Answer, ...] = Field(
        default=(), description="The messages, oldest first; replies with what they did."
    )
    request: Request | None = Field(default=None, description="The request that still holds.")
    shown: tuple[str, ...] = Field(
        default=(), description="Ids of the items of the list shown last, in its order."
    )
    events: tuple[Event, ...] = Field(
        default=(), description="What messages said happened, oldest first, and none took back."
    )
    question: Question | None = Field(
        default=None, description="What was asked back and waits for an answer."
    )
    expires: AwareDatetime | None = Field(default=None, description="Moment from which it is forgotten.")

    def after(self, messages: Sequence[Message], answer: Answer, expires: datetime) -> Session:
        """Return the state once a conversation that goes on from this one has got an answer.

        The newest `MOST_MESSAGES` messages are kept, and of their texts the newest `MOST_CHARACTERS`
        characters; what replies did is kept with them.

        Parameters
        ----------
        messages
            The whole conversation without the answer.
        answer
            The answer.
        expires
            Moment from which it is forgotten.
        """
        kept = _shortened((*messages, answer)[-MOST_MESSAGES:])
        events: tuple[Event, ...] = ()
        request, shown = None, tuple[str, ...]()
        for one in kept:
            if isinstance(one, Answer):
                events = events_after(events, one)
                request, shown = one.request or request, one.shown or shown
        return self.model_copy(
            update={
                "messages": kept,
                "request": request,
                "shown": shown,
                "events": events,
                "question": answer.question,
                "expires": expires,
            }
        )


def _shortened(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return messages with the texts of the oldest ones cut off where all are too long."""
    left, kept = MOST_CHARACTERS, list[Message]()
    for message in reversed(messages):
        size = len(message.content)
        kept.append(message if size <= left else message.model_copy(update={"content": ""}))
        left = max(0, left - size)
    return tuple(reversed(kept))
