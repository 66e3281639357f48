"""Whether words state an experience of the writer: "I loved Heat" does, "did you like Heat?" does not.

What is asked, wanted, hoped for, heard of others or only looks good is no statement, and neither is what is
in doubt: a person is not recorded to have liked what they did not say they liked.

Knows words, not titles; see ``statements.yaml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Literal

from nextinterest.agent.chat.reading.tokens import Text, phrases_of, word_list

__all__ = ["Statements", "is_liking", "listed", "opens_question"]

Subject = Literal["speaker", "other", "none"]

_FARTHEST = 40  # words looked back over
_IS = frozenset({"was", "is", "were", "are", "wasnt", "isnt", "werent", "arent", "war", "ist", "est"})
_POSSESSIVES = frozenset({"my", "our", "meine", "mein", "mon", "ma"})


def listed(*names: str) -> frozenset[tuple[str, ...]]:
    """Return the phrases of lists of ``statements.yaml``, each a tuple of words."""
    return phrases_of("statements.yaml", *names)


class Statements:
    """What of a message its writer states of themself.

    Parameters
    ----------
    text
        The message.
    named
        Positions of the words that name items.
    clause
        The clause of each word, from 0.
    """

    def __init__(self, text: Text, named: AbstractSet[int], clause: Sequence[int]) -> None:
        self._text, self._named, self._clause = text, named, clause
        self._subjects: dict[int, Subject] = {}  # of the verbs read so far, by clause

    def states(self, position: int, length: int) -> bool:
        """Whether the words of an opinion are the writer's own; they are asked about from left to right."""
        if self._knows_of(position, length):
            return False
        experienced = self._is_experienced(position, length)
        own = self._is_own(position) if experienced else not self._is_others(position)
        passive = experienced and self._is_passive(position)
        if (
            not own
            or passive
            or self._is_open(position, length)
            or self._is_asked(position, length, experienced)
        ):
            return False
        if experienced:
            return True
        return not self._is_wanted(position, length) and not self._hears(position, length)

    def is_on_another(self, position: int, length: int) -> bool:
        """Whether an opinion in a clause without items has an object of its own: "we both hate gore"."""
        text, at = self._text, position + length
        if not self._is_experienced(position, length) or (text.words[at - 1],) not in listed("takes_object"):
            return False
        number = self._clause[position]
        behind = [text.words[p] for p in range(at, len(text)) if self._clause[p] == number]
        if not behind or (behind[0],) in listed("whole"):
            return False
        end = at + len(behind)
        return not any((word,) in listed("items") for word in behind) and any(
            (word,) not in listed("whole") and not word.endswith("ly") and not self._is_transparent(p)
            for p, word in zip(range(at, end), behind, strict=True)
        )

    def negates(self, position: int, length: int) -> Literal["near", "far"] | None:
        """Whether a negation that does not stand right before reverses an opinion, and from how far."""
        text = self._text
        start = self._start(position)
        behind = text.words[position + length : position + length + 1]
        if behind and text.phrase_at(position + length, listed("neither")):
            return "near"
        for at in range(start, position):
            if at not in self._named and text.phrase_at(at, listed("neither")):
                return "near"
            if at not in self._named and text.phrase_at(at, listed("denies")):
                return "far"
        return None

    def left_out(self, start: int, end: int) -> bool | None:
        """Return how an item is contrasted with the one before: false for "but Speed wasn't"; else None."""
        text = self._text
        before = text.words[max(0, start - 2) : start]
        if before[-1:] in {("not",), ("nicht",), ("pas",)} and before[:1] in {("but",), ("aber",), ("mais",)}:
            return False
        at = end
        while at < len(text) and (text.words[at] in {"just", "really", "definitely", "sadly", "certainly"}):
            at += 1
        said: bool | None = None
        for name, yes in (("left_out_yes", True), ("left_out_no", False)):
            if length := text.phrase_at(at, listed(name)):
                said, behind = yes, at + length
        if said is None:
            return None
        while behind < len(text) and not self._breaks(behind):
            length = text.phrase_at(behind, listed("left_out_ends"))
            if not length:
                return None
            behind += length
        return said

    def _breaks(self, position: int) -> bool:
        """Whether a clause ends before a word."""
        token = self._text.tokens[position]
        return token.after_stop or token.after_comma or self._clause[position] != self._clause[position - 1]

    def _start(self, position: int) -> int:
        number, start = self._clause[position], position
        while start and self._clause[start - 1] == number and position - start < _FARTHEST:
            start -= 1
        return start

    def _is_experienced(self, position: int, length: int) -> bool:
        words = self._text.words[position : position + length]
        return words in listed("experienced") or words in word_list("seen")

    def _is_own(self, position: int) -> bool:
        """Whether the writer is the subject of a verb; a verb without one has that of the one before."""
        number = self._clause[position]
        subject = self._subject(position)
        if subject == "none":
            subject = self._subjects.get(number) or self._inherited(number)
        self._subjects[number] = subject
        return subject != "other"

    def _inherited(self, number: int) -> Subject:
        return self._subjects.get(number - 1, "speaker")

    def _subject(self, position: int) -> Subject:
        """Return who is named before a verb of a clause, nearest first."""
        text, unknown = self._text, False
        start = self._start(position)
        oblique = self._obliques(start, position)
        for at in range(position - 1, start - 1, -1):
            word = text.words[at]
            if at in self._named or at in oblique:
                if unknown:
                    return "other"
                continue
            if (word,) in listed("speakers") and not (unknown and word in {"me", "us"}):
                return "speaker"
            if word in _POSSESSIVES:
                return "other" if unknown else "speaker"
            if (word,) in listed("others"):
                return "speaker" if self._and_speaker(at) else "other"
            if not self._is_transparent(at):
                unknown = True
            elif unknown:
                return "speaker" if self._and_speaker(at) else "other"
        return "other" if unknown else "none"

    def _and_speaker(self, position: int) -> bool:
        """Whether the writer is named beside another: "my wife and I", "me and my wife"."""
        text = self._text
        window = text.words[max(0, position - 4) : position + 3]
        pairs = pairwise(window)
        return any(one in {"me", "i", "ich", "moi"} and two in {"and", "und", "et"} for one, two in pairs)

    def _is_transparent(self, position: int) -> bool:
        """Whether a word may stand between a verb and its subject: "really", another verb, "last night"."""
        phrases = listed("beside")
        word = (self._text.words[position],)
        return word in phrases | word_list("seen") | listed("suffered") or any(
            self._text.phrase_at(start, phrases) > position - start
            for start in range(max(0, position - 3), position)
        )

    def _obliques(self, start: int, end: int) -> set[int]:
        """Return the positions of words like "with my wife"."""
        text, found = self._text, set[int]()
        for at in range(start, end):
            length = 0 if at in self._named else text.phrase_at(at, listed("obliques"))
            if not length or (text.words[at + length : at + length + 1] == ("us",)):
                continue
            stop = at + length
            while stop < end and (text.words[stop],) in listed("near"):
                stop += 1
            if stop < end and stop not in self._named and (text.words[stop],) not in listed("speakers"):
                stop += 1
            found.update(range(at, stop))
        return found

    def _is_others(self, position: int) -> bool:
        """Whether somebody else holds an opinion: "my wife says it was dull", "his favourite"."""
        text, start = self._text, self._start(position)
        before = text.tokens[position - 1] if position > start else None
        if before is not None and position - 1 not in self._named:
            if before.word in {"his", "her", "their", "your"}:
                return True
            if before.raw.casefold().endswith(("'s", "\u2019s", "s'", "s\u2019")) and text.words[
                position
            ].startswith("fav"):
                return True
        for at in range(position - 1, start - 1, -1):
            if at not in self._named and (text.words[at],) in listed("saying"):
                return self._subject(at) == "other"
        return False

    def _knows_of(self, position: int, length: int) -> bool:
        """Whether "I know" is followed by what is known: "I know everyone loves it"."""
        end = position + length
        if self._text.words[end - 1] not in {"know", "knew"} or end >= len(self._text):
            return False
        token = self._text.tokens[end]
        objects = {"it", "that", "this", "them", "the", "those", "these", "already", "both", "all"}
        return not (end in self._named or token.word in objects or token.after_stop or token.after_comma)

    def _is_passive(self, position: int) -> bool:
        words = self._text.words
        if (words[position],) not in listed("suffered"):
            return False
        at = position - 1
        while at >= 0 and words[at] in {"really", "so", "widely", "much", "well", "also", "not", "generally"}:
            at -= 1
        return at >= 0 and words[at] in {"is", "was", "are", "were", "be", "been", "isnt", "wasnt"}

    def _hears(self, position: int, length: int) -> bool:
        """Whether something in the sentence says that the opinion is hearsay."""
        text = self._text
        first, last = position, position + length
        while first and not text.tokens[first].after_stop and position - first < _FARTHEST:
            if self._clause[first - 1] != self._clause[first] and self._turns(first):
                break
            first -= 1
        while last < len(text) and not text.tokens[last].after_stop and last - position < _FARTHEST:
            if self._clause[last] != self._clause[last - 1] and self._turns(last):
                break
            last += 1
        cue = range(position, position + length)
        return any(
            at not in cue and at not in self._named and text.phrase_at(at, listed("hearsay"))
            for at in range(first, last)
        )

    def _turns(self, position: int) -> bool:
        """Whether a clause turns against the one before, or has the writer as its subject."""
        words = self._text.words
        return words[position] in {"but", "aber", "mais", "though", "however"} or (
            (words[position],) in listed("speakers")
        )

    def _is_open(self, position: int, length: int) -> bool:
        """Whether something is only hoped for, expected or supposed."""
        text, start = self._text, self._start(position)
        if any(at not in self._named and text.phrase_at(at, listed("open")) for at in range(start, position)):
            return True
        at = position - 1
        skipped = False
        adverbs = {"really", "so", "very", "pretty", "quite", "a", "an", "the", "such", "too", "also", "just"}
        adverbs |= {
            "both",
            "all",
            "definitely",
            "probably",
            "absolutely",
            "totally",
            "surely",
            "like",
            "be",
            "been",
            "have",
        }
        while at >= start and at not in self._named and text.words[at] in adverbs:
            skipped = True
            at -= 1
        if at < start or at in self._named:
            return False
        word = text.words[at]
        if (word,) in listed("appears"):
            return True
        if word == "never":
            return False
        return (word,) in listed("will") and (
            skipped or self._is_experienced(position, length) or word in {"to", "would", "might", "will"}
        )

    def _is_asked(self, position: int, length: int, experienced: bool) -> bool:
        """Whether the clause of an opinion is a question."""
        text = self._text
        number, start = self._clause[position], self._start(position)
        first = start
        while first < position and (n := text.phrase_at(first, listed("leads"))):
            first += n
        if any(self._opens_question(at) for at in (start, first) if at < position or text.words[at] == "any"):
            return True
        end = position + length
        while end < len(text) and not text.tokens[end].after_stop:
            end += 1
        asked = "?" in (text.tokens[end].before if end < len(text) else text.end)
        if not asked:
            return False
        if not experienced and self._clause[end - 1] == number:
            return True
        if not experienced:
            return position == 0 or text.words[position - 1] not in {
                "was",
                "is",
                "were",
                "wasnt",
                "isnt",
                "so",
            }
        if self._clause[end - 1] != number:
            return False
        return not any(self._opens_question(at) for at in range(position + length, end))

    def _opens_question(self, position: int) -> bool:
        return _asks_at(self._text, position, self._named)

    def _is_wanted(self, position: int, length: int) -> bool:
        """Whether a word of praise describes what is asked for: "a good film like Heat"."""
        text, number = self._text, self._clause[position]
        before = text.words[position - 1] if position else ""
        start = self._start(position)
        if _IS & set(text.words[max(start, position - 3) : position]):
            return False
        if any(
            at not in self._named and text.phrase_at(at, listed("wants")) for at in range(start, position)
        ):
            return True
        end = position + length
        while end < len(text) and self._clause[end] == number and end not in self._named:
            end += 1
        behind = range(position + length, end)
        return any(text.phrase_at(at, word_list("similar")) for at in behind) or before == "as"


def opens_question(text: Text, named: AbstractSet[int]) -> bool:
    """Whether a message starts as a question does, with or without a question mark.

    Parameters
    ----------
    text
        The message.
    named
        Positions of the words that name items.
    """
    first = 0
    while first < len(text) and (length := text.phrase_at(first, listed("leads"))):
        first += length
    return _asks_at(text, 0, named) or _asks_at(text, first, named)


def _asks_at(text: Text, position: int, named: AbstractSet[int]) -> bool:
    if position in named or text.phrase_at(position, listed("exclaims")):
        return False
    if text.phrase_at(position, listed("asks_by")):
        return True
    following = position + text.phrase_at(position, listed("asks_with"))
    if not position < following < len(text):
        return False
    return following in named or (text.words[following],) in listed("asked_of")


def is_liking(text: Text, position: int, length: int) -> bool:
    """Whether a lone "like" is a verb ("I like Alien"), or small talk ("need like four")."""
    if text.words[position : position + length] not in {("like",), ("wie",), ("comme",)}:
        return False
    before = text.words[max(0, position - 2) : position]
    who = {"i", "we", "id", "dont", "didnt", "really", "also", "still", "wife", "doesnt", "they", "always"}
    if _asks_to_like(text, position):
        return True
    if before and before[-1] in {"you", "u"}:
        return False
    return bool(before) and (before[-1] in who or (before[-1] in {"do", "would"} and position > 1))


def _asks_to_like(text: Text, position: int) -> bool:
    """Whether "like" is the verb of a question: "did you like Heat", "would my wife like it"."""
    before = text.words[max(0, position - 4) : position]
    asks = {"did", "do", "does", "would", "will"}
    return any(word in asks for word in before[:-1]) and (before[-1],) in listed("others", "speakers")
