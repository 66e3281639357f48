"""Something that converses, for tests of what carries a conversation: it says what it heard."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from nextinterest.agent.chat import ChatReply, Usage
from nextinterest.domain import Recommendation, Recommendations, Request, Where
from nextinterest.errors import DataError
from nextinterest.messages import Message


class EchoTalker:
    """Answers ``You said: ...`` word by word, with one recommendation behind it.

    The message ``fail`` fails before the first word, ``break`` after it with an exception nobody foresaw,
    ``slow`` takes a second.
    """

    def __init__(self) -> None:
        self.heard: list[tuple[tuple[Message, ...], str]] = []
        self.abandoned = False

    def chat(self, messages: Sequence[Message], user: str) -> ChatReply:
        *_, reply = self.chat_stream(messages, user)
        assert isinstance(reply, ChatReply)
        return reply

    def chat_stream(self, messages: Sequence[Message], user: str) -> Iterator[str | ChatReply]:
        self.heard.append((tuple(messages), user))
        said = messages[-1].content
        if said == "fail":
            raise DataError("It failed.", remedy="Say something else.")
        text = f"You said: {said}"
        ended = False
        try:
            for i, word in enumerate(text.split(" ")):
                yield word if i == 0 else f" {word}"
                if said == "break":
                    raise RuntimeError("secret detail")
                if said == "slow":
                    time.sleep(0.3)
            ended = True
        finally:
            self.abandoned = not ended
        picked = Recommendation(
            rank=1, item_id="a", title="Alien", categories=("Horror",), year=1979, probability=0.5
        )
        yield ChatReply(
            text=text,
            request=Request(count=1, where=Where(excluded_categories=("Romance",))),
            recommendations=Recommendations(user=user or None, items=(picked,), events_used=0),
            usage=Usage(prompt_tokens=len(messages), completion_tokens=len(text.split())),
        )
