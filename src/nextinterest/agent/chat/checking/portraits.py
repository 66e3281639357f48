"""Sentences about a portrait in a model's own words: shares, changes, what is expected, each of its interest.

English alone. A number in percent belongs to the interest named before it, else behind it; words for more and
less need a change that was tested; what is to come has the forecast's numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from nextinterest.agent.chat.checking.sentence import Sentence, Span
from nextinterest.agent.chat.named import number_of
from nextinterest.agent.chat.wording import clean
from nextinterest.domain.portraits import InterestOutlook, InterestPortrait

__all__ = ["OF_INTERESTS", "PortraitFacts", "portrait_fault"]

OF_INTERESTS = frozenset(
    {"largest", "biggest", "smallest", "smaller", "larger", "attention", "constant", "currently"}
)
"""Words that sentences about interests may use beside plain ones, and those about items may not."""

Way = Literal["rising", "fading", "steady"]

_RISING = re.compile(
    r"\b(?:ris(?:es?|ing|en)|rose|gr(?:ow(?:s|n|ing)?|ew)|gain(?:s|ed|ing)?|climb(?:s|ed|ing)?|more|up"
    r"|increas(?:es?|ed|ing|ingly))\b"
)
_FADING = re.compile(
    r"\b(?:fad(?:es?|ed|ing)|fall(?:s|en|ing)?|fell|declin(?:es?|ed|ing)|drop(?:s|ped|ping)?|less|fewer|down"
    r"|decreas(?:es?|ed|ing)|shr(?:ink(?:s|ing)?|unk)|wan(?:es?|ed|ing)|away from)\b"
)
_NEW = re.compile(r"\b(?:new|newly|first time)\b")
_MOST = re.compile(r"\b(?:most|mostly|mainly|main|biggest|largest|favourite|favorite|top|above all)\b")
_LATELY = re.compile(r"\b(?:lately|recent|recently|last|latest|these days|now|currently)\b")
_TO_COME = re.compile(r"\b(?:next|expect(?:ed)?|will|likely|coming|ahead|forecast)\b")
_FROM_TO = re.compile(
    r"\bfrom (?:about |around |some )?(\d+) ?%? (?:\w+ ){0,3}?to (?:about |around |some )?(\d+) ?%"
)
_ALWAYS = re.compile(r"\b(?:always|long-standing|all along|constant|lasting|throughout)\b")


@dataclass(frozen=True, eq=False)
class PortraitFacts:
    """The numbers of a portrait and an outlook, as sentences have them.

    Attributes
    ----------
    shares, expected
        Percentages of each interest: of the history, and of what is to come.
    ways
        Where each interest goes, with its shares before and after.
    most, most_lately
        The interest with the largest share of the history, and of the recent events.
    new, lasting
        Interests that are new, and those that are long-standing.
    counts
        Events, days, sessions and other numbers that belong to no interest.
    """

    shares: Mapping[str, frozenset[int]]
    expected: Mapping[str, frozenset[int]]
    ways: Mapping[str, tuple[Way, int, int]]
    most: str | None = None
    most_lately: str | None = None
    new: frozenset[str] = frozenset()
    lasting: frozenset[str] = frozenset()
    counts: frozenset[int] = field(default_factory=frozenset)

    @classmethod
    def of(cls, portrait: InterestPortrait, outlook: InterestOutlook | None) -> PortraitFacts:
        """Return the facts of a portrait, and of an outlook where there is one."""
        shares: dict[str, set[int]] = {}
        for one in (*portrait.interests, *portrait.current):
            shares.setdefault(clean(one.interest), set()).add(round(100 * one.share))
        ways = {
            clean(one.interest): (one.direction, round(100 * one.before), round(100 * one.after))
            for one in portrait.changes
        }
        for name, (_, before, after) in ways.items():
            shares.setdefault(name, set()).update((before, after))
        pace, breadth = portrait.pace, portrait.breadth
        counts = [portrait.events, portrait.recent_events]
        counts += [] if pace is None else [round(pace.days), pace.sessions]
        counts += [] if breadth is None else [round(breadth.effective_interests)]
        counts += [] if outlook is None else [round(outlook.horizon_events)]
        expected = (
            {}
            if outlook is None
            else {
                clean(one.interest): frozenset(round(100 * x) for x in (one.share, one.lower, one.upper))
                for one in outlook.interests
            }
        )
        return cls(
            {name: frozenset(own) for name, own in shares.items()},
            expected,
            ways,
            clean(portrait.interests[0].interest) if portrait.interests else None,
            clean(portrait.current[0].interest) if portrait.current else None,
            frozenset(map(clean, portrait.novelty.new_interests)) if portrait.novelty else frozenset(),
            frozenset(map(clean, portrait.long_standing)),
            frozenset(counts),
        )


def portrait_fault(sentence: Sentence, facts: PortraitFacts) -> str | None:
    """Return what a sentence says that the portrait does not, or None; its other words are not looked at."""
    lower, names = sentence.lower, sentence.names
    if sentence.denials:
        return "it denies something"
    for name in names:
        if name.value not in facts.shares:
            return f"it names {name.value}, which is no interest of the portrait"
        begin, end = sentence.clause(name.start)
        fault = _said_of(name.value, lower[begin:end], facts)
        if fault is not None:
            return fault
    if not names and (
        _RISING.search(lower) or _FADING.search(lower) or _NEW.search(lower) or _MOST.search(lower)
    ):
        return "it says of no interest where it goes"
    for match in _FROM_TO.finditer(lower):
        near = _nearest(names, match.start(), match.end())
        if near is None or facts.ways.get(near, ("steady", -1, -1))[1:] != (int(match[1]), int(match[2])):
            return f"from {match[1]} to {match[2]} is no change of {near or 'an interest'}"
    for number in sentence.numbers:
        value, percent = number_of(number.value.rstrip("% ")), number.value.endswith("%")
        part = _FROM_TO.search(lower)
        if percent or (part is not None and part.start() <= number.start < part.end()):
            near = _nearest(names, number.start, number.end)
            begin, end = sentence.clause(number.start)
            known = facts.expected if _TO_COME.search(lower) else facts.shares
            if near is None or value not in known.get(near, frozenset()):
                return f"{number.value} is said of {near or 'the whole'}, and no fact says so"
        elif value not in facts.counts:
            return f"{number.value} is said of the whole, and no fact says so"
    return None


def _said_of(name: str, clause: str, facts: PortraitFacts) -> str | None:
    """Return what a clause says falsely of an interest that it names."""
    way = facts.ways.get(name, ("steady", 0, 0))[0]
    if _TO_COME.search(clause):
        return None if name in facts.expected else f"no fact says what is to come of {name}"
    for pattern, needed in ((_RISING, "rising"), (_FADING, "fading")):
        if pattern.search(clause) and way != needed:
            return f"it says that {name} is {needed}, and no fact says so"
    if _NEW.search(clause) and name not in facts.new:
        return f"it says that {name} is new, and no fact says so"
    if _ALWAYS.search(clause) and name not in facts.lasting:
        return f"it says that {name} is long-standing, and no fact says so"
    top = facts.most_lately if _LATELY.search(clause) else facts.most
    if _MOST.search(clause) and name != top:
        return f"it says that {name} is most, and no fact says so"
    return None


def _nearest(names: tuple[Span, ...], start: int, end: int) -> str | None:
    """Return the interest named last before a place, else first behind it."""
    before = [one for one in names if one.end <= start]
    behind = [one for one in names if one.start >= end]
    return before[-1].value if before else behind[0].value if behind else None
