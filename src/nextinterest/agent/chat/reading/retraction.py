"""The part of a message that asks to take something back: "forget that I saw Alien", "delete that".

A retraction is a clause that starts with the request, politeness aside. "If only I could forget Up", a
negation ("can't forget Alien"), a question and a remark ("where they erase everything") ask for nothing.

Knows words, not titles; see ``deletion.yaml``.
"""

from __future__ import annotations

from dataclasses import dataclass

from nextinterest.agent.chat.reading.deletion import contains, listed, matched, retyped
from nextinterest.agent.chat.reading.slots import opens_clause
from nextinterest.agent.chat.reading.tokens import Text, tokenise, word_list

__all__ = ["Retraction", "denial", "held_where", "introduces", "may_be_name", "read_retraction", "ruled_out"]

_POINTERS = frozenset(
    {"my", "i", "i've", "ive", "of", "it", "me", "you", "you've", "this", "that", "these", "those", "them"}
    | {"today", "today's", "now", "from", "since", "in", "we", "we've", "until"}
)
_IDIOMS = frozenset({"forget", "drop", "never", "nevermind", "nvm", "ignore", "lose"})


@dataclass(frozen=True, slots=True)
class Retraction:
    """What is to be taken back, as words.

    Attributes
    ----------
    start, end
        Positions of its object; empty where the request itself is the pointer ("take that back").
    points
        Whether the object refers to the last message, as "that" and "my last rating" do.
    idle
        Whether it may be the idiom for "never mind": "forget it".
    stored
        Whether the object is limited to what is stored: "what I said about", "from my history", "I like".
    watched
        Whether it is limited to what the user watched or rated, which may be stored or in the list shown.
    topic
        The rest of the object: "Tom Cruise" of "everything I said about Tom Cruise".
    firm
        Whether nothing else can be meant: "drop the horror" may ask for a list without it, "drop the horror
        from my history" may not.
    opens
        Where the clause starts.
    corrects
        Whether it only says that something stored is wrong: "I never saw Heat".
    hoped
        Whether the user is to forget, which may only be a mood: "I want to forget everything tonight".
    """

    start: int
    end: int
    points: bool
    idle: bool
    stored: bool
    topic: str
    firm: bool
    opens: int = 0
    watched: bool = False
    corrects: bool = False
    hoped: bool = False

    @property
    def denies(self) -> bool:
        """Whether it only says that what was noted last did not happen."""
        return self.points and self.corrects and self.start == self.end

    @property
    def unsure(self) -> bool:
        """Whether the words leave open that events are to be removed, so that it is asked back."""
        return self.corrects or self.hoped


def read_retraction(text: Text) -> Retraction | None:
    """Return what a message asks to take back; None where it asks for nothing like that.

    Examples
    --------
    >>> from nextinterest.agent.chat.reading.tokens import tokenise
    >>> read_retraction(tokenise("please forget everything I said about Tom Cruise")).topic
    'Tom Cruise'
    >>> read_retraction(tokenise("if only I could forget Up")) is None
    True
    """
    pointing: Retraction | None = None
    for position in range(len(text)):
        if not opens_clause(text, position):
            continue
        verb = _skip(text, position, "lead_in", "polite", "asks_you")
        length = _verb(text, verb)
        hoped = False
        if not length:
            verb = _skip(text, verb, "asks_for_me", "polite")
            length = _verb(text, verb)
            hoped = text.words[verb : verb + 1] == ("forget",)
        if length:
            found = _object(text, position, verb, verb + length, hoped=hoped)
            if found.start < found.end or not found.points:
                return found
            pointing = pointing or found  # "scratch that, forget Alien" names it behind
    return pointing


def denial(text: Text) -> Retraction:
    """Return a message that says what was noted last did not happen ("I didn't see it") as a retraction."""
    n = len(text)
    return Retraction(
        n, n, points=True, idle=False, stored=False, topic="", firm=True, opens=n, corrects=True
    )


def ruled_out(text: Text) -> tuple[int, int] | None:
    """Return the words that a message wants left out of a list or forgotten: "horror" of "scrap horror".

    They end at a comma or a sentence, and where "and" leads to something else that is asked for.

    Examples
    --------
    >>> from nextinterest.agent.chat.reading.tokens import tokenise
    >>> ruled_out(tokenise("let's forget horror for a moment")), ruled_out(tokenise("forget it"))
    ((2, 6), None)
    """
    for position in range(len(text)):
        if not opens_clause(text, position):
            continue
        verb = _skip(text, position, "lead_in", "polite", "asks_you", "asks_for_me")
        if verb >= len(text) or not (
            length := max(_verb(text, verb), text.phrase_at(verb, listed("leaves_out")))
        ):
            continue
        if text.words[verb + length :] == ("it",):
            return (0, position) if position else None  # "everything I said about horror, forget it"
        start = end = verb + length
        while end < len(text):
            token = text.tokens[end]
            if token.after_stop or token.after_comma or (end > start and token.word in {"but", "then"}):
                break
            if token.word == "and" and text.phrase_at(end + 1, word_list("requests", "scope_ends")):
                break
            if _turns(text, end):
                break
            end += 1
        return (start, end) if start < end else None
    return None


def may_be_name(topic: str) -> bool:
    """Whether words may name what the catalogue lacks, unlike "my data", "I said today" and "films I liked".

    Examples
    --------
    >>> may_be_name("Tom Cruise"), may_be_name("my data"), may_be_name("the ones I have seen")
    (True, False, False)
    """
    first, *rest = topic.split() or [""]
    pointed = first.casefold() in _POINTERS and not any(word[0].isupper() for word in rest)
    return not pointed and not contains("watched", tokenise(topic).words)


def _skip(text: Text, position: int, *names: str) -> int:
    while position < len(text) and (length := text.phrase_at(position, listed(*names))):
        position += length
    return position


def _verb(text: Text, position: int) -> int:
    """Return how many words ask to take something back at a position."""
    if position >= len(text):
        return 0
    length = text.phrase_at(position, listed("takes_back", "takes_that_back"))
    return length or int((retyped(text.words[position]),) in listed("takes_back"))


def _object(text: Text, opens: int, verb: int, start: int, *, hoped: bool) -> Retraction:
    end = start
    while end < len(text):
        token = text.tokens[end]
        if token.after_stop or token.after_comma or (end > start and _turns(text, end)):
            break
        end += 1
    points = text.phrase_at(verb, listed("takes_that_back")) >= start - verb
    pointer = text.phrase_at(start, listed("last_said"))
    first = start
    while first < end and (length := introduces(text, first)):
        first += length
    topic = _skip(text, first, "of_all")
    last = first
    while last < end and not held_where(text, last):
        last += 1
    words = text.words[start:end]
    held = last < end or contains("held", words)
    watched = contains("watched", words)
    negates = text.words[verb : verb + 1] in word_list("negators")
    leaves_out = text.words[verb] != "forget" and text.phrase_at(verb, listed("leaves_out")) > 0
    return Retraction(
        start,
        end,
        points=points
        or (start == end == len(text) and text.words[verb] == "undo")
        or (pointer > 0 and _skip(text, start + pointer, "polite", "declines_with") >= end),
        idle=text.words[verb] in _IDIOMS and text.words[start : start + 1] in {("it",), ()},
        stored=first > start or held or (watched and not negates and not leaves_out),
        topic=text.span(topic, last) if topic < last else "",
        firm=held or not negates,
        opens=opens,
        watched=watched,
        corrects=text.phrase_at(verb, listed("corrects")) > 0,
        hoped=hoped,
    )


def _turns(text: Text, position: int) -> bool:
    """Whether "and" leads to something else: "and watch a comedy"."""
    following = text.words[position + 1 : position + 2]
    return text.words[position] == "and" and (
        following in listed("does") or text.phrase_at(position + 1, word_list("strong_requests")) > 0
    )


def held_where(text: Text, position: int) -> int:
    """Return how many words at a position say that it is stored: "from my history"."""
    words = text.words[position:]
    return max(text.phrase_at(position, listed("held_where")), matched("from_store", words))


def introduces(text: Text, position: int) -> int:
    """Return how many words at a position introduce a topic: "everything I said about"."""
    words = text.words[position:]
    return max(text.phrase_at(position, listed("about_what")), matched("about_store", words))
