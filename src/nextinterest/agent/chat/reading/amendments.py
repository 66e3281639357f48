"""Messages about the one before: "undo that", "no, I meant the third one", "the second one, is it a comedy?".

What is undone or corrected is what the conversation did, as its replies have it as data where they do: events
that were noted or removed, and conditions on the list. Everything else is read by `Dialogue`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from nextinterest.agent.chat.reading.asking import unanswered
from nextinterest.agent.chat.reading.dialogue import Dialogue
from nextinterest.agent.chat.reading.list_request import ListRequest
from nextinterest.agent.chat.reading.namesakes import chosen
from nextinterest.agent.chat.reading.tokens import tokenise
from nextinterest.agent.chat.reading.turn import Turn
from nextinterest.agent.chat.understanding import ChatContext, ReportedEvent, Understood
from nextinterest.domain import Answer, Intent, Request

__all__ = ["Amendments", "corrected", "undoes"]

_LEAD = (
    "(?:(?:oops|oopsie|whoops|sorry|oh|ah|hmm|hm|er|um|uh|no|nope|wait|actually|ok|okay|please|well|hang on"
    "|my bad|my mistake|that was wrong|that was a mistake|thats wrong) )*"
)
_TAIL = "(?: (?:please|pls|sorry|thanks|thank you|again|then|now|for me|my mistake|my bad))*"
_DID = "(?:i|you|we)(?: have|ve)?(?: just)? (?:said|did|done|made|asked|changed|added|wrote)"
_WHAT = (  # "it", "that last one", "the last thing I said", "my last message", "what you just did"
    f"(?:what {_DID}|(?:(?:that|this|the|my|your) )?(?:very )?(?:last|latest|previous|most recent)"
    "(?: (?:one|thing|change|step|message|request|condition|filter|action|edit|bit|part|update))?"
    f"(?: {_DID})?|that (?:one|thing|change|step|condition|filter|action|edit)|that|it|this)"
)
_UNDO = re.compile(
    f"{_LEAD}(?:(?:can|could|would) (?:you|we|i) |lets |let us |i (?:want|need) to |id like to |just )?"
    "(?:please )?"
    f"(?:undo(?: {_WHAT})?|(?:i )?take {_WHAT} back|(?:i )?take back {_WHAT}"
    f"|(?:reverse|revert|roll back) {_WHAT}"
    f"|go back(?: to (?:the|my) (?:list before|last list|previous list))?){_TAIL}"
)
_MISTAKE = re.compile(
    f"{_LEAD}(?:that was (?:a mistake|wrong|an accident|not right)|my (?:mistake|bad)"
    "|thats (?:wrong|not right)"
    f"|(?:that was|thats) not (?:true|what i meant)){_TAIL}"
)
_LEAD_WRITTEN = (
    r"^\W*(?:(?:oops|whoops|sorry|oh|ah|er|um|no|nope|wait|actually|hang on|my bad|my mistake)\W+)*"
)
_MEANT = re.compile(
    _LEAD_WRITTEN + r"(?:that'?s not what i meant\W+)?"
    r"(?:i (?:actually |really )?(?:meant|mean|meant to say|was thinking of)|i said|make that)\b"
    r"[\s,:]*(?:to say\b\s*)?",
    re.IGNORECASE,
)
_NOT_THAT = re.compile(
    _LEAD_WRITTEN + r"not that one\W+(?:but\s+)?(?!i\b|ive\b|seen\b|saw\b)(?=\w)", re.IGNORECASE
)
_ASKS = re.compile(
    r"^(?:(?:and|so|but|ok|well) )*(?:is|are|was|were|does|do|did|has|have|how|what|whats|when|who|whos|where"
    r"|which year)\b|\b(?:is|was|does|did|has|can) (?:it|that|this|he|she|they)\b"
    r"|\bhow (?:much|long|old|many)\b|\bwhat year\b|\bwho (?:made|directed|wrote|is in|plays|sings|sells)\b"
)


def undoes(message: str) -> bool:
    """Whether a message asks to undo the last thing, or calls it a mistake, and says nothing else.

    Examples
    --------
    >>> [undoes(text) for text in ("oops, undo that please", "I take that back", "undo Heat", "go back")]
    [True, True, False, True]
    """
    words = " ".join(tokenise(message).words)
    return _UNDO.fullmatch(words) is not None or _MISTAKE.fullmatch(words) is not None


def corrected(message: str) -> str | None:
    """Return what a message says in place of the one before it; None where it corrects nothing.

    Examples
    --------
    >>> corrected("no, I meant the 1995 one"), corrected("sorry, not that one, the first"), corrected("I see")
    ('the 1995 one', 'the first', None)
    """
    for pattern in (_MEANT, _NOT_THAT):
        found = pattern.match(message)
        if found is not None and found.end() < len(message):
            return message[found.end() :].strip() or None
    return None


@dataclass
class _Change:
    """What a message changed: events noted or removed, and the list that was asked for before it."""

    noted: tuple[ReportedEvent, ...] = ()
    removed: tuple[ReportedEvent, ...] = ()
    removes: bool = False
    before: ListRequest | None = None


@dataclass
class Amendments:
    """Follows a conversation with what may be undone and corrected in it.

    Attributes
    ----------
    context
        What is known of the catalogue.
    turned
        Takes a message apart, in the light of what was shown.
    """

    context: ChatContext
    turned: Callable[[str, Dialogue], Turn]
    dialogue: Dialogue = field(init=False)
    _changes: list[_Change] = field(default_factory=list)
    _last: _Change | None = None  # of the message before, if it changed anything
    _unanswered: bool = False

    def __post_init__(self) -> None:
        self.dialogue = Dialogue(self.context)

    def answered(self, answer: Answer) -> None:
        """Record what a reply did; what it did not do is not undone."""
        self.dialogue.answered(answer)
        noted = self.dialogue.last_reported
        if not self._unanswered:  # the message before it is not read any more
            self._last = None
        self._unanswered = False
        if self._last is None and noted:
            self._push(_Change())
        if self._last is not None:
            self._last.noted = noted
            if not (noted or self._last.removes or self._last.before):
                self._drop_last()

    def user(self, message: str) -> Understood:
        """Record a user's message and return what it asks for."""
        last, self._last, self._unanswered = self._last, None, True
        words = " ".join(tokenise(message).words)
        if _UNDO.fullmatch(words) or (last is not None and _MISTAKE.fullmatch(words)):
            return self._undone()
        instead = corrected(message)
        if instead is not None and last is not None and last.noted:
            understood = self._in_place_of(instead, last.noted)
            if understood is not None:
                return understood
        if instead is not None and self.dialogue.request.asked:
            message = self._completed(instead)
        turn = self.turned(message, self.dialogue)
        item = self._asked_about(turn, message)
        if item is not None:
            return self._telling(item, turn)
        return self._followed(turn)

    def _followed(self, turn: Turn) -> Understood:
        """Return what `Dialogue` makes of a message, and keep what that changes."""
        dialogue = self.dialogue
        held, before = tuple(dialogue.reported), deepcopy(dialogue.request)
        understood = dialogue.user(turn)
        forgets = understood.request.intent == "forget"
        listing = understood.request.intent in {"recommend", "similar"} and not understood.unclear
        gone = tuple(one for one in held if one not in dialogue.reported) if forgets else ()
        change = _Change(
            noted=understood.reported,
            removed=gone,
            removes=forgets and bool(understood.undo or understood.request.where.only_items),
            before=before if listing and before.asked else None,
        )
        if change.noted or change.removes or change.before is not None:
            self._push(change)
        return understood

    def _undone(self) -> Understood:
        """Return the request that undoes the last change."""
        dialogue = self.dialogue
        dialogue.begin()
        earlier = tuple(dialogue.reported)
        if not self._changes:
            return Understood(Request(intent="other"), earlier=earlier, remark="nothing_to_undo")
        change = self._changes.pop()
        if change.before is not None:
            dialogue.restore(change.before, change.noted)
            intent: Intent = "similar" if change.before.similar_to else "recommend"
            asked = change.before.asks(intent, self.context)
            return Understood(asked, earlier=earlier, corrects=change.noted)
        if change.removes:
            if not change.removed:
                return Understood(Request(intent="other"), earlier=earlier, remark="gone")
            dialogue.note(change.removed)
            return Understood(self._feedback(change.removed), reported=change.removed, earlier=earlier)
        dialogue.restore(None, change.noted)
        query = self.context.titles.called(change.noted[0].item)
        return Understood(Request(intent="forget", query=query), earlier=earlier, undo=change.noted)

    def _in_place_of(self, instead: str, noted: Sequence[ReportedEvent]) -> Understood | None:
        """Return a message that names other items than those noted before; None where it names none."""
        dialogue, context = self.dialogue, self.context
        turn = self.turned(instead, dialogue)
        alike = context.titles.namesakes(noted[-1].item)
        items = list(chosen(turn.text, alike, context)) if alike and not turn.titled else []
        named = [one for one in turn.named if not (one.like or one.alike)]
        said = {one.item: one.opinion for one in named}
        if not items and turn.named and not turn.reference.pronoun and len(named) == len(turn.named):
            items = list(said)
        if not (items or turn.named or turn.conditions) and (whole := self._title(instead)) is not None:
            items = [whole]
        asks = turn.count or turn.categories.include or turn.categories.exclude
        if not items or (asks and not alike):
            return None
        kind = noted[-1].kind
        events = tuple(
            ReportedEvent(item, kind if (opinion := said.get(item, "none")) == "none" else opinion)
            for item in items
        )
        if set(events) == set(noted):
            return None
        wrong = tuple(one for one in noted if one not in events)
        dialogue.begin()
        earlier = tuple(dialogue.reported)
        dialogue.restore(None, wrong)
        dialogue.note(events)
        self._changes.pop()  # that of the message corrected
        self._push(_Change(noted=events))
        return Understood(self._feedback(events), reported=events, earlier=earlier, corrects=wrong)

    def _completed(self, instead: str) -> str:
        """Return a correction of a list as a request: of items to resemble, a title alone names another."""
        turn = self.turned(instead, self.dialogue)
        request = self.dialogue.request
        named = turn.titled or self._title(instead) is not None
        if named and request.similar_to and not turn.conditions:
            request.similar_to = []
            return f"something like {instead}"
        if turn.categories.exclude and self._changes and self._changes[-1].before is not None:
            request.exclude = list(self._changes[-1].before.exclude)
        return instead

    def _title(self, words: str) -> int | None:
        """Return the item whose very title some words are."""
        return self.context.titles.resolve(words.strip(" .!?,"))

    def _asked_about(self, turn: Turn, message: str) -> int | None:
        """Return the item of which a message asks something, pointing to it and naming none."""
        reference = turn.reference
        if turn.titled or not reference.items or len(set(reference.items)) > 1 or turn.count:
            return None
        if any(one.like or one.unlike or one.opinion != "none" for one in turn.named):
            return None
        if turn.has("explain", "strong_requests", "less_like", "similar") or turn.retraction is not None:
            return None
        if not _ASKS.search(" ".join(turn.text.words)) and not turn.asks:
            return None
        if not reference.pronoun:
            return reference.items[0]
        focus = self.dialogue.table.focus
        return focus[0] if len(focus) == 1 and self.dialogue.antecedent.known == focus else None

    def _telling(self, item: int, turn: Turn) -> Understood:
        dialogue = self.dialogue
        dialogue.begin()
        dialogue.points_to(item)
        query = self.context.titles.called(item)
        return Understood(
            Request(intent="ask", query=query),
            earlier=tuple(dialogue.reported),
            unanswered=unanswered(turn, (item,), self.context),
        )

    def _feedback(self, events: Sequence[ReportedEvent]) -> Request:
        called = self.context.titles.called
        liked, disliked, seen = (
            tuple(called(one.item) for one in events if one.kind == kind)
            for kind in ("liked", "disliked", "seen")
        )
        return Request(intent="feedback", liked=liked, disliked=disliked, seen=seen)

    def _push(self, change: _Change) -> None:
        self._changes.append(change)
        self._last = change

    def _drop_last(self) -> None:
        self._changes.pop()
        self._last = None
