"""Messages as callers have them: `Message`, OpenAI's dictionaries, or any object that has both keys.

Roles are OpenAI's. What users and assistants say is read; system, developer and tool messages are accepted,
so that a client's whole conversation can be passed on, and have no effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, get_args

from nextinterest.agent.chat.reading.tokens import LONGEST, tokenise
from nextinterest.agent.chat.schema import ChatReply
from nextinterest.domain import Answer
from nextinterest.errors import DataError
from nextinterest.messages import Message, Role
from nextinterest.titles import split_year

__all__ = ["MessageLike", "last_said", "names", "newest_part", "read_messages"]

MOST_CHARACTERS = 6_000
"""Characters of a conversation that are read: of the newest message at most `LONGEST`, the rest of those
before it; for the rules some tenths of a second of work, about what one long message costs."""

_MISSING = object()
_ROLES: tuple[str, ...] = get_args(Role)
_FORM = 'A message is {"role": "user", "content": "..."}.'


class HasRoleAndContent(Protocol):
    """An object of a client library, such as OpenAI's messages."""

    @property
    def role(self) -> str:
        """The role of the author."""
        ...

    @property
    def content(self) -> object:
        """The content, text or parts."""
        ...


MessageLike = Message | ChatReply | Mapping[str, object] | HasRoleAndContent


def read_messages(messages: Sequence[MessageLike]) -> tuple[Message, ...]:
    """Return messages of any of the accepted forms as `Message`.

    Other keys of a dictionary (name, tool_calls, ...) are ignored. A content is text, or a list of OpenAI's
    text parts, which are joined by line breaks.

    Raises
    ------
    DataError
        If a message has no role or no content, a role that is none, or a content that is no text; the error
        names the message by its number from 0, and the key.

    Examples
    --------
    >>> read_messages([{"role": "user", "content": "hello"}])
    (Message(role='user', content='hello'),)
    """
    if isinstance(messages, str | bytes | Mapping) or not isinstance(messages, Sequence):
        raise DataError(
            f"Messages are given as {type(messages).__name__}, not as a list.", remedy=f"Pass a list. {_FORM}"
        )
    return tuple(_read(number, message) for number, message in enumerate(messages))


def newest_part(messages: Sequence[Message], most: int = MOST_CHARACTERS) -> tuple[Sequence[Message], int]:
    """Return what is read of a long conversation, and how many characters are left out.

    Read are the newest user message, which counts as no more than the reader takes of one, and before it the
    newest characters of users and assistants; of the oldest message among them its end. Of what replies did
    nothing is left out.

    Examples
    --------
    >>> said = [Message(role="user", content=text) for text in ("one two", "three", "four")]
    >>> part, unread = newest_part(said, 12)
    >>> [message.content for message in part], unread
    (['two', 'three', 'four'], 4)
    """
    said = [message for message in messages if message.role in {"user", "assistant"}]
    while said and said[-1].role != "user":
        said.pop()
    earlier = sum(len(message.content) for message in said[:-1])
    left = most - min(len(said[-1].content), LONGEST) if said else most
    if earlier <= left:
        return messages, 0
    unread = earlier - left
    part = [said[-1]]
    for message in reversed(said[:-1]):
        if left > 0:
            part.append(message.model_copy(update={"content": message.content[-left:]}))
            left -= len(message.content)
        elif isinstance(message, Answer):
            part.append(message.model_copy(update={"content": ""}))
    return part[::-1], unread


def last_said(messages: Sequence[Message], back: int = 0) -> str | None:
    """Return the user's newest message, or one so many before it; None where there is none."""
    said = [message.content for message in messages if message.role == "user"]
    return said[-1 - back] if back < len(said) else None


def _read(number: int, message: MessageLike) -> Message:
    if isinstance(message, Message):
        return message
    if isinstance(message, ChatReply):  # an earlier answer, put back into the conversation
        return Answer.of(message, message.text)
    role, content = _value(number, message, "role"), _value(number, message, "content")
    if role not in _ROLES:
        raise DataError(
            f'Message {number} has the "role" {str(role)[:40]!r}.', remedy=f"Use one of {', '.join(_ROLES)}."
        )
    text = _text(content)
    if text is None:
        raise DataError(
            f'Message {number} has a "content" that is no text, but {type(content).__name__}.',
            remedy="Pass a string; images and sound are not understood.",
        )
    return Message.model_validate({"role": role, "content": text})


def _value(number: int, message: MessageLike, key: str) -> object:
    found = message.get(key, _MISSING) if isinstance(message, Mapping) else getattr(message, key, _MISSING)
    if found is _MISSING:
        raise DataError(f'Message {number} has no "{key}".', remedy=_FORM)
    return found


def _text(content: object) -> str | None:
    if isinstance(content, str):
        return content
    if not isinstance(content, list | tuple) or not content:
        return None
    parts = [_part(part) for part in content]
    texts = [part for part in parts if part is not None]
    return "\n".join(texts) if len(texts) == len(parts) else None


def _part(part: object) -> str | None:
    """Return the text of one of OpenAI's content parts; None for an image, sound, or anything else."""
    if not isinstance(part, Mapping) or part.get("type") != "text":
        return None
    text = part.get("text")
    return text if isinstance(text, str) else None


def names(text: str, title: str) -> bool:
    """Whether a text has the words of a title, its year aside.

    Examples
    --------
    >>> names("oops i meant aliens, not alien!", "Alien (1979)"), names("aliens", "Alien")
    (True, False)
    """
    wanted, words = tokenise(split_year(title)[0]).words, tokenise(text).words
    return any(words[start : start + len(wanted)] == wanted for start in range(len(words) - len(wanted) + 1))
