"""What a sentence says that the person did, likes or turns to, and which event it gives as a reason."""

from __future__ import annotations

from collections.abc import Iterator

from nextinterest.agent.chat.checking.basis import Basis
from nextinterest.agent.chat.checking.references import Reference, References
from nextinterest.agent.chat.checking.sentence import MASK, Sentence, Span
from nextinterest.agent.chat.named import Done

__all__ = ["Persons", "past_fault", "reason_fault"]

_WATCHED = frozenset({None, "play", "like", "rate", "view", "click", "borrow"})
_KINDS: dict[str, frozenset[str | None]] = {
    "watch": _WATCHED,
    "play": frozenset({None, "play", "like", "rate"}),
    "read": frozenset({None, "read", "like", "rate", "borrow", "view", "click"}),
    "view": frozenset({"view", "click"}),
    "use": frozenset({None, "play", "read", "buy", "borrow", "rate", "like"}),
}
_LEADS = frozenset({"", "which", "that", "qui", "que", "den", "die", "das"})
_I = frozenset({"i", "i've", "i'd", "we", "we've", "i'll", "ich", "yo", "je", "j'ai"})
_NO_EVENT = frozenset({
    "a", "an", "to", "quick", "long", "short", "good", "worth", "next", "could", "would", "might", "may",
    "can", "will", "should", "you'll", "i'll", "we'll", "one'll", "great", "nice", "easy", "the", "if",
    "zu", "à", "para",
})  # fmt: skip
_BETWEEN = 7  # words between a verb and its object
_OFTEN = 0.15  # share of events from which "you watch a lot of" holds


def may_say(verb: str, done: Done) -> bool:
    """Return whether a verb says no more than what was done with an item.

    Examples
    --------
    >>> may_say("buy", Done("view")), may_say("view", Done("view")), may_say("like", Done("buy", liked=True))
    (False, True, True)
    """
    if verb == "know":
        return True
    if verb == "like":
        return done.liked or done.asked
    if verb == "rate":
        return done.rating is not None
    return done.kind in _KINDS.get(verb, frozenset({verb}))


class Persons:
    """The parts of a sentence that speak of the person.

    Attributes
    ----------
    taken
        Names of categories that are said of the person, or offered, and not of items.
    """

    def __init__(self, sentence: Sentence, refs: References, basis: Basis) -> None:
        self.sentence, self.refs, self.basis = sentence, refs, basis
        self.you = sentence.find("you")
        self.negations = sentence.denials
        self.past = [span for span in sentence.find("past") if self._is_theirs(span)]
        self.taken: list[Span] = []
        self.claimed: list[tuple[Span, Span | None]] = []
        self._names()

    def subject(self, span: Span) -> Span | None:
        """Return the "you" that a verb belongs to; None where it is somebody else's."""
        inside = [one for one in self.you if span.start <= one.start < span.end]
        before = [one for one in self.you if one.end <= span.start]
        if inside:
            return inside[-1]
        if self.sentence.lexicon.without_pronoun:
            return span
        behind = [
            one
            for one in self.you
            if span.end <= one.start
            and self.sentence.lower[span.end : one.start].strip() in ("by", "from", "")
        ]
        if not before:
            return behind[0] if behind else None
        words = self.sentence.lower[before[-1].end : span.start].replace(",", " ").split()
        return None if _I & set(words) else before[-1]

    def _is_theirs(self, span: Span) -> bool:
        last = self.sentence.lower[: span.start].split()[-1:]
        begin, _ = self.sentence.clause(span.start)
        supposed = any(begin <= one.start < span.start for one in self.sentence.find("conditions"))
        return self.subject(span) is not None and not supposed and not _NO_EVENT & set(last)

    def denied(self, span: Span) -> bool:
        """Return whether a verb is denied, between its subject and itself."""
        subject = self.subject(span)
        start = span.start if subject is None else min(subject.end, span.start)
        return any(start - 1 <= one.start < span.start for one in self.negations if one.value != "only")

    def objects(self, span: Span) -> list[Span]:
        """Return the titles of what a verb says was done: between it and "you", behind it, or before."""
        titles, s = self.sentence.titles, self.sentence
        subject = self.subject(span)
        inside = [
            one
            for one in titles
            if subject is not None and subject.end <= one.start and one.end <= span.start
        ]
        if inside and not any(inside[-1].end <= other.start < span.start for other in self.past):
            return inside
        led = [one for one in titles if subject is not None and one.end <= subject.start]
        if led and s.lower[led[-1].end : subject.start if subject else 0].strip(" ,") in _LEADS:
            return [led[-1]]
        behind = [one for one in titles if one.start >= span.end]
        stop = min((one.start for one in self.past if one.start > span.start), default=len(s.lower))
        if behind and s.joined(span, behind[0]) and behind[0].start < stop and self._close(span, behind[0]):
            return self._series(behind, stop)
        before = [one for one in titles if one.end <= span.start]
        if before and not any(before[-1].end <= other.start < span.start for other in self.past):
            near = s.lower[before[-1].end : span.start]
            if len(near.split()) <= _BETWEEN and ";" not in near and "." not in near:
                return [before[-1]] if self._before(before[-1], span) else []
        return []

    def _before(self, title: Span, span: Span) -> bool:
        """Whether a title before a verb is its object: "Fargo, which you liked"."""
        words = self.sentence.lower[title.end : span.start].replace(",", " ").split()
        fillers = {
            "which",
            "that",
            "is",
            "are",
            "was",
            "one",
            "of",
            "what",
            "already",
            "also",
            "being",
            "a",
            "got",
            "earned",
            "received",
        }
        own = {word for one in self.you for word in one.value.split()} | {
            "have",
            "had",
            "has",
            "been",
            "were",
            "mit",
        }
        numbers = {*self.sentence.lexicon.numbers, *(one.value for one in self.sentence.numbers)}
        rest = [
            w
            for w in words
            if w not in fillers | own | numbers | {"hast", "von", "5", "du", "und", "and", "both"}
        ]
        return not rest or all(word.isdigit() for word in rest)

    def _close(self, span: Span, title: Span) -> bool:
        words = self.sentence.lower[span.end : title.start].split()
        breaks = {
            "so",
            "here",
            "here's",
            "try",
            "i'd",
            "i",
            "which",
            "because",
            "daher",
            "deshalb",
            "donc",
            "así",
        }
        return len(words) <= _BETWEEN and not breaks & set(words)

    def _series(self, titles: list[Span], stop: int) -> list[Span]:
        series = [titles[0]]
        together = {*self.sentence.lexicon.together, ""}
        for one in titles[1:]:
            between = self.sentence.between(series[-1], one).replace(",", " ").strip()
            if between not in together or one.start >= stop or self._begins(series[-1], one):
                break
            series.append(one)
        return series

    def _begins(self, last: Span, title: Span) -> bool:
        """Whether an item behind an event begins a clause: "you liked Fargo, Heat is", "and Heat is"."""
        if title.value not in self.basis.items or last.value in self.basis.items:
            return False
        if self.sentence.between(last, title).strip() == ",":
            return True
        words = self.sentence.lower[title.end :].split()[:1]
        return bool(set(words) & set(self.sentence.lexicon.verbs))

    def _names(self) -> None:
        """Find the names that are said of the person: "you watch thrillers", and those that are offered."""
        s = self.sentence
        verbs = [one for one in (*s.find("habits"), *s.find("past")) if self._is_habit(one)]
        offers = s.find("offers")
        conditions = s.find("conditions")
        for name in s.names:
            begin, _ = s.clause(name.start)
            if s.lower[: name.start].split()[-1:] == ["your"]:
                self.taken.append(name)
                if not name.value.endswith("(no item)"):
                    self.claimed.append((name, None))
                continue
            said = [
                one
                for one in verbs
                if begin <= one.start and one.end <= name.start and not self._item(one, name)
            ]
            mostly = [
                one
                for one in verbs
                if one.start >= name.end and s.joined(name, one) and self._what(name, one)
            ]
            offered = [one for one in offers if begin <= one.start and one.end <= name.start]
            if any(begin <= one.start <= name.start for one in conditions) or offered:
                behind = self.refs.behind(name.end)
                if behind is None or behind.kind in ("they", "it"):
                    self.taken.append(name)
                elif not s.joined(name, Span("", behind.start, behind.end, "")):
                    before = self.refs.before(name.start)
                    if before is not None and before.start >= begin:
                        self.taken.append(name)
            elif said or mostly:
                self.taken.append(name)
                self.claimed.append((name, (said or mostly)[-1]))

    def _is_habit(self, verb: Span) -> bool:
        subject = self.subject(verb)
        return subject is not None

    def _item(self, verb: Span, name: Span) -> bool:
        """Whether an item or event stands between a verb and a name."""
        spans: list[Span | Reference] = [*self.sentence.titles, *self.refs.found]
        return any(verb.end <= one.start and one.end <= name.start for one in spans)

    def _what(self, name: Span, verb: Span) -> bool:
        """Whether "is what you" or the like stands between."""
        words = self.sentence.between(name, verb).split()
        return len(words) <= 5 and bool(
            {"what", "lo", "was", "ce"} & set(words) or {"you", "your"} & set(verb.value.split())
        )

    def habit_faults(self) -> Iterator[str]:
        """Yield what is said falsely of the categories that the person turns to."""
        s, basis = self.sentence, self.basis
        more, less, lately, most = (s.find(field) for field in ("more", "less", "lately", "most"))
        for name, verb in self.claimed:
            value = name.value
            begin, end = s.clause(name.start)
            end = end if verb is not None and verb.start >= name.end else name.start
            if self.denied(verb or name) and not less:
                if value in basis.excluded:
                    continue
                yield f"it denies an interest in {value}, and no fact does"
            elif any(begin <= one.start < end for one in less):
                if value not in basis.fading:
                    yield f"it says that {value} is fading, and no fact says so"
            elif any(begin <= one.start < end for one in more):
                if value not in basis.rising:
                    yield f"it says that {value} is rising, and no fact says so"
            elif most:
                top = max(basis.counts.values(), default=0)
                if not top or basis.counts.get(value, 0) < top:
                    yield f"it says that {value} is most of the history, and no fact says so"
            elif lately and value in basis.fading:
                yield f"it says that {value} is of late, and it is fading"
            elif not (value in basis.rising or self._often(value)):
                yield f"it says that the person turns to {value}, and no fact says so"

    def _often(self, name: str) -> bool:
        n, events = self.basis.counts.get(name, 0), self.basis.events or 0
        third = sorted(self.basis.counts.values(), reverse=True)[:3]
        return bool(n) and (n >= _OFTEN * events or n >= third[-1])


def past_fault(persons: Persons) -> str | None:
    """Return what a sentence says falsely that the person did."""
    s, basis = persons.sentence, persons.basis
    for span in persons.past:
        denied, objects = persons.denied(span), persons.objects(span)
        for title in objects:
            done = basis.done.get(title.value)
            item = basis.items.get(title.value)
            seen = item is not None and item.seen
            if denied:
                if (done is not None and not done.asked) or seen:
                    return f"it denies an event of {title.value}"
            elif done is not None:
                if not may_say(span.value, done):
                    return f"it says of {title.value} what was not done ({span.value})"
            elif not (seen and may_say(span.value, Done())):
                return f"it says that the person knows {title.value}, which the history does not hold"
        if not objects and not denied:
            behind = persons.refs.behind(span.end)
            near = behind is not None and len(s.lower[span.end : behind.start].split()) <= 2
            joined = behind is not None and s.joined(span, Span("", behind.start, behind.end, ""))
            meant = behind is not None and near and joined and behind.kind in ("they", "it", "others")
            if behind is not None and meant and not (behind.items and all(one.seen for one in behind.items)):
                return "it says that the person knows the items, and no fact says so"
            before = persons.refs.before(span.start)
            if before is not None and _passive(s, before, span) and not all(one.seen for one in before.items):
                named = ", ".join(one.title for one in before.items) or "the items"
                return f"it says that the person knows {named}, which the history does not hold"
    return next(persons.habit_faults(), None)


def _passive(sentence: Sentence, before: Reference, span: Span) -> bool:
    """Whether items are what a verb was done with: "Heat was seen by you", "all of which you saw"."""
    words = sentence.lower[before.end : span.start].replace(",", " ").split()
    behind = sentence.lower[span.end :].split()[:2]
    if behind[:1] == ["by"] or words[-2:-1] == ["which"]:
        return True
    return bool(words) and set(words) <= {
        "you",
        "you've",
        "have",
        "already",
        "that",
        "is",
        "are",
        "one",
        "of",
        "your",
        "du",
    }


def reason_fault(sentence: Sentence, refs: References, basis: Basis) -> str | None:
    """Return an event that is named as the reason for an item that it is none for, or an item as a reason."""
    titled = [one for one in refs.found if one.items or one.kind == "they"]
    events = [one for one in sentence.titles if one.value not in basis.items]
    for event in events:
        done = basis.done.get(event.value)
        if done is None:
            return f"it names {event.value}, which is no event"
        if done.asked:
            continue
        if done.out:
            if not _is_left_out(sentence, event, done):
                return f"it names {event.value}, which the list leaves out"
            continue
        meant = _reasoned(event, events, titled)
        if meant is None or not meant.items:
            if basis.items and not any(event.value in one.because for one in basis.every):
                return f"“{event.value}” is no evidence for any item"
            continue
        holds = [event.value in one.because for one in meant.items]
        if not (any(holds) if meant.loose else all(holds)):
            return f"“{event.value}” is no evidence for {', '.join(one.title for one in meant.items)}"
    for span in sentence.find("reasons"):
        behind = refs.behind(span.end)
        if behind is None or behind.kind in ("they", "it") or not behind.items:
            continue
        between = sentence.lower[span.end : behind.start]
        words = between.split() if MASK not in between and "," not in between else [""] * 9
        others = [one for one in titled if one is not behind and one.items]
        if len(words) <= 2 and others and not any(one.seen for one in behind.items):
            return f"it gives {behind.items[0].title} as a reason, which the history does not hold"
    return None


def _is_left_out(sentence: Sentence, event: Span, done: Done) -> bool:
    """Whether a sentence says that what the request leaves out is left out, or was disliked."""
    begin, _ = sentence.clause(event.start)
    denied = any(
        one.end <= event.start and begin <= one.start and len(sentence.between(one, event).split()) <= 2
        for one in sentence.denials
    )
    disliked = any(
        begin <= one.start < event.start and one.value == "dislike" for one in sentence.find("past")
    )
    return denied or (disliked and done.kind == "dislike")


def _reasoned(event: Span, events: list[Span], refs: list[Reference]) -> Reference | None:
    """Return the items that an event is the reason for, by the order in which both are named."""
    before = [one for one in refs if one.end <= event.start]
    behind = [one for one in refs if one.start >= event.end]
    first = events[0].start < min((one.start for one in refs), default=1 << 30)
    if first and behind:
        return behind[0]
    return before[-1] if before else behind[0] if behind else None
