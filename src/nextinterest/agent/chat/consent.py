"""What chat may destroy: whatever a reader made of a message, a profile goes only by consent.

The rules hold for every reader, a language model included. A whole profile is asked for in a message that
says nothing else (`nextinterest.agent.chat.reading.deletion`), and is deleted once a reply that means only
yes, or the caller, confirms it. Part of a profile is taken back only by a message that speaks of forgetting,
or, one item of a language model's plan, by a message that corrects what was said before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nextinterest.agent.chat.grounding import deletes_everything
from nextinterest.agent.chat.messages import last_said, names, newest_part
from nextinterest.agent.chat.reading.amendments import corrected, undoes
from nextinterest.agent.chat.reading.deletion import (
    agreement,
    asks_to_delete_profile,
    listed,
    speaks_of_deleting,
)
from nextinterest.agent.chat.reading.reader import CompositionalReader
from nextinterest.agent.chat.reading.removal import excepts, in_passing
from nextinterest.agent.chat.reading.retraction import read_retraction
from nextinterest.agent.chat.reading.tokens import Text, tokenise
from nextinterest.agent.chat.schema import EVERYTHING, Question
from nextinterest.agent.chat.understanding import ChatContext, Understanding, Understood
from nextinterest.domain import Request, Where
from nextinterest.messages import Message

__all__ = ["settled"]

_DELETION = Request(intent="forget", query=EVERYTHING)


def settled(
    reader: Understanding,
    messages: Sequence[Message],
    context: ChatContext,
    waiting: Question | None = None,
    *,
    confirmed: bool = False,
) -> Understood:
    """Return what the newest user message asks for, as far as it may.

    Parameters
    ----------
    reader
        Reads what is no answer to the question.
    messages
        The conversation, oldest first.
    context
        What is known of the catalogue.
    waiting
        What was asked back before.
    confirmed
        Whether the caller confirms a deletion that the message asks for.
    """
    said, before = last_said(messages), last_said(messages, 1)
    answer = None if said is None else agreement(said)
    if said is not None and _asks_again(said, before):
        answer = None
    if waiting is not None and answer == "yes":
        return _agreed(waiting, context)
    if waiting is not None and answer == "no":
        return Understood(Request(intent="other"), kept=True)
    if answer == "yes" and before is not None and asks_to_delete_profile(before, named=True):
        return Understood(_DELETION)  # the question waits no longer: it is asked again
    part, unread = newest_part(messages)
    if said is not None and _needs_no_model(said):
        reader = CompositionalReader()  # what needs no model is not left to one
    read = _corrected(reader, said or "", part, context) or reader.read(part, context)
    # The rules keep to this by themselves, but for a message of which they read the end.
    if unread or not isinstance(reader, CompositionalReader):
        read = _allowed(read, said or "", part, context)
    kept = waiting is not None and read.request.query != EVERYTHING
    said_before = unread and newest_part(_before_newest(messages))[1]
    return replace(read, confirmed=confirmed, kept=kept or read.kept, unread=0 if said_before else unread)


def _needs_no_model(said: str) -> bool:
    return asks_to_delete_profile(said, named=True) or speaks_of_deleting(said) or undoes(said)


def _corrected(
    reader: Understanding, said: str, part: Sequence[Message], context: ChatContext
) -> Understood | None:
    """Return a message that corrects what was noted before it, which no model is asked for; else None."""
    if isinstance(reader, CompositionalReader) or corrected(said) is None:
        return None
    read = CompositionalReader().read(part, context)
    return read if read.corrects else None


def _before_newest(messages: Sequence[Message]) -> Sequence[Message]:
    """Return the conversation as it was when the message before the newest was answered."""
    newest = max((n for n, message in enumerate(messages) if message.role == "user"), default=0)
    return messages[:newest]


def _asks_again(said: str, before: str | None) -> bool:
    """Whether a message is the request itself rather than an answer: one sent again is no yes."""
    if asks_to_delete_profile(said, named=True):
        return True
    again = before is None or tokenise(said).words == tokenise(before).words
    return again and asks_to_delete_profile(said)


def _agreed(waiting: Question, context: ChatContext) -> Understood:
    if waiting.kind == "forget_everything":
        return Understood(_DELETION, confirmed=True)
    items = tuple(one.item_id for one in waiting.items if one.item_id in context.catalog)
    return Understood(Request(intent="forget", where=Where(only_items=items)), confirmed=True)


def _allowed(read: Understood, said: str, part: Sequence[Message], context: ChatContext) -> Understood:
    """Return what was read without what the message may not ask for."""
    if read.then:
        read = replace(read, then=tuple(_allowed(one, said, part, context) for one in read.then))
    if read.request.intent != "forget":
        return read
    if deletes_everything(read.request):
        rules = CompositionalReader().read(part, context)  # knows the list shown, as `said` does not
        allowed = asks_to_delete_profile(said) and rules.request.query == EVERYTHING
    else:
        text = tokenise(said)
        asked = read_retraction(text)
        undone = undoes(said)
        corrects = asked is None and not undone and read.request.query is not None and _corrects(text)
        allowed = undone or corrects or (asked is not None and not excepts(text) and not in_passing(text))
        named = any(one.role == "user" and names(one.content, read.request.query or "") for one in part)
        unsure = not named if corrects else asked is not None and asked.unsure
        read = replace(read, unsure=read.unsure or unsure)
    return read if allowed else replace(read, request=Request(intent="forget"), undo=())


def _corrects(text: Text) -> bool:
    return any(text.phrase_at(position, listed("misspoke")) for position in range(len(text)))
