"""The state of a conversation, as data: what a client or a server keeps between two messages.

Nothing of a conversation's state is recovered from the wording of replies.
"""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from nextinterest.domain.history import Event
from nextinterest.domain.outcome import Question
from nextinterest.domain.request import Request
from nextinterest.messages import Message

__all__ = ["Session"]


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
    messages: tuple[Message, ...] = Field(default=(), description="The messages, oldest first.")
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
