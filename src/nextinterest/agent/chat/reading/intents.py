"""What a message wants: one intent, by what it names and by the phrases it uses.

The first check that applies decides: forget before explain and profile, those before search and similar,
those before feedback and lists. What matches no check is `other`.
"""

from __future__ import annotations

from itertools import pairwise

from nextinterest.agent.chat.reading.asking import asks_of_what, compares, question_of
from nextinterest.agent.chat.reading.deletion import contains
from nextinterest.agent.chat.reading.goods import opening
from nextinterest.agent.chat.reading.removal import excepts
from nextinterest.agent.chat.reading.retraction import Retraction
from nextinterest.agent.chat.reading.scope import (
    counts,
    free_text,
    in_scope,
    is_question,
    opens_indefinite,
    unwanted_text,
)
from nextinterest.agent.chat.reading.slots import words_in_slot
from nextinterest.agent.chat.reading.small_talk import asks_who_answers, small_talk, takes_leave
from nextinterest.agent.chat.reading.statements import opens_question
from nextinterest.agent.chat.reading.tokens import phrases_of, single_words, word_list
from nextinterest.agent.chat.reading.turn import Turn
from nextinterest.agent.chat.schema import Intent
from nextinterest.titles.words import common_words, everyday_words

_SHORT = 4  # words; "more like that" where nothing was shown asks for what is meant

__all__ = ["decide", "forgets_besides", "is_request", "looked_up", "opinionated"]


def decide(turn: Turn, *, refining: bool) -> Intent:
    """Return the intent of a message.

    Parameters
    ----------
    turn
        The message taken apart.
    refining
        Whether a list was asked for before, so that a few words may change it.
    """
    if not len(turn.text) or turn.drops_seen:
        return "other"
    if turn.deletes_profile or turn.all_items or turn.asks_how or _takes_back(turn) or _excepts(turn):
        return "forget"
    if not turn.titled and not turn.conditions and (said := small_talk(turn.text)) is not None:
        return "other" if said == "idle" else said
    if (left := takes_leave(turn.text)) is not None and not _asks_or_tells(turn):
        return left  # type: ignore[return-value]
    if asks_who_answers(turn.text) and not turn.titled:
        return "other"
    if _is_injected(turn):
        return "other"
    if counts(turn):
        return "search"
    if _shows_stored(turn):
        return "profile"
    for intent, fits in (
        ("explain", _asks_why),
        ("profile", _asks_about_self),
        ("ask", _asks_of_it),
    ):
        if fits(turn):
            return intent  # type: ignore[return-value]
    reported = not is_question(turn.text) and looked_up(turn, "reported_slots") is not None
    reported = reported or _any_of_name(turn) is not None
    if not reported and not in_scope(turn, refining=refining):
        return "forget" if _speaks_of_deleting(turn) else "other"
    similar = any(one.like for one in turn.named) or _similar_without_name(turn)
    stated = opinionated(turn)
    if not similar and not stated and (compares(turn) or _looks_up(turn)):
        return question_of(turn)
    if similar or (not turn.named and looked_up(turn, "similar_slots") is not None):
        return "similar"
    if any(one.unlike and not one.kind and one.by_title for one in turn.named) and turn.has("bans"):
        return "recommend"
    if any(one.unstated for one in turn.named) and not stated and not _asks_besides(turn):
        return _unstated(turn)
    if _rejects(turn):
        return "recommend"
    if stated and not is_request(turn):
        return "feedback"
    if not turn.named and not turn.conditions and looked_up(turn, "reported_slots") is not None:
        return "feedback"
    if turn.has("about_agent") and not turn.has("strong_requests") and not turn.count:
        return "other"
    unlike = any(one.unlike for one in turn.named)
    if turn.titled and not (stated or unlike or turn.count or turn.has("strong_requests", "wants_open")):
        return _mentioned(turn)
    if turn.conditions or unlike or (refining and unwanted_text(turn)):
        return "recommend"
    if _is_small_talk(turn):
        return "other"
    if _asks_for_list(turn):
        return "recommend"
    if refining and (
        turn.lacking
        or turn.has("more_of_same", "rejects", "fewer_items", "double_items", "half_items", "reset")
    ):
        return "recommend"
    if turn.titled:
        return "feedback" if stated else _mentioned(turn)
    return "forget" if _speaks_of_deleting(turn) else "other"


def _asks_or_tells(turn: Turn) -> bool:
    """Whether a message that takes leave has something else to it: a request, a title, an opinion."""
    asks = turn.has("strong_requests", "wants", "asks_items", "more_of_same", "liked", "disliked", "explain")
    return bool(turn.named or turn.conditions or turn.lacking or turn.retraction or asks)


def _asks_of_it(turn: Turn) -> bool:
    wants = turn.has("explain", "strong_requests", "less_like", "similar", "wants_open")
    return asks_of_what(turn) and not wants


def _asks_for_list(turn: Turn) -> bool:
    """Whether a list is asked for, be it without any condition that a field holds."""
    if turn.has("asks_items", "wants_open", "any_year") or turn.goods:
        return True
    if not turn.has("item_nouns"):
        return False
    tells = not single_words("tells_of").isdisjoint(turn.text.words)
    if turn.has("wants", "asks_for", "asks_choice") or opens_indefinite(turn.text):
        return True
    return not tells and bool(turn.lacking or free_text(turn) is not None or unwanted_text(turn))


def _asks_besides(turn: Turn) -> bool:
    return turn.has("strong_requests") or turn.conditions or any(one.unlike for one in turn.named)


def _unstated(turn: Turn) -> Intent:
    """Return what a message wants that speaks of an opinion on an item without stating one."""
    return question_of(turn) if _asks(turn) else "feedback"


def _mentioned(turn: Turn) -> Intent:
    """Return what a message wants that names an item and says nothing else that is known."""
    tells = turn.text.words[0] in {"i", "we"} or turn.text.words[1:2] in {("i",), ("we",)}
    return "feedback" if tells and not _asks(turn) else question_of(turn)


def _asks(turn: Turn) -> bool:
    return turn.asks or turn.has("search") or opens_question(turn.text, turn.title_positions)


def opinionated(turn: Turn) -> bool:
    """Whether the message states an opinion on an item."""
    return any(one.opinion != "none" and not one.like for one in turn.named)


def is_request(turn: Turn) -> bool:
    """Whether a message that states an opinion also asks for a list."""
    wanted = turn.categories
    conditions = wanted.include or wanted.exclude or turn.years.range or turn.years.direction
    if turn.has("strong_requests", "why_not") or turn.count:
        return True
    if turn.asks and (conditions or turn.has("requests")):
        return True
    if _already_seen(turn):
        return True
    return bool(conditions) and turn.has("requests", "replacing") and not _only_praise(turn)


def looked_up(turn: Turn, *lists: str) -> str | None:
    """Return the words that stand where a title is expected, of a title the catalogue does not have.

    Parameters
    ----------
    turn
        The message taken apart.
    lists
        Names of the word lists behind which it stands; those of looking up by default.
    """
    written = words_in_slot(turn.text, word_list(*(lists or ("strong_search",))))
    if written is None:
        return None if lists else _any_of_name(turn)
    if turn.categories.include and lists:
        return None
    words = [word.strip(".,!?\"'").casefold() for word in written.split()]
    content = [word for word in words if word not in single_words("nothing_meant")]
    if written == written.casefold() and not {"one", "ones"}.isdisjoint(words):
        return None  # "a quiet one with a timer" is a thing, and no title
    if not content or len(content) < len(words) / 2 or (words and words[0] in single_words("nothing_meant")):
        return None
    written = written.strip()
    capital = any(part[:1].isupper() for part in written.split())
    return written if capital or any(word not in common_words() for word in content) else None


def _any_of_name(turn: Turn) -> str | None:
    """Return the name in "got any Taylor Swift?", which nothing in the catalogue has."""
    text, first = turn.text, opening(turn.text)
    start = first + text.phrase_at(first, phrases_of("asking.yaml", "got_any"))
    end = len(text) - (text.words[-1:] in {("please",), ("pls",)})
    words = text.words[start:end]
    empty = single_words("plain") | single_words("says_nothing") | single_words("nothing_meant")
    if start == first or not 0 < len(words) <= _SHORT or turn.conditions or turn.lacking or turn.goods:
        return None
    if turn.has("item_nouns", "more_of_same") or not empty.isdisjoint(words) or turn.named:
        return None
    return text.span(start, end) if any(word not in everyday_words() for word in words) else None


def forgets_besides(turn: Turn) -> bool:
    """Whether a message that asks for a list also asks to take back what may be stored."""
    asked = turn.retraction
    if asked is None or asked.idle or not asked.firm:
        return False
    if any(asked.start <= one.start < asked.end for one in turn.titled):
        return True
    return asked.stored and not asked.hoped


def _is_injected(turn: Turn) -> bool:
    """Whether it asks for what is not the catalogue's: instructions, secrets, another user's data."""
    words = turn.text.words
    other = any(
        one == "user" and two.isalnum() and any(c.isdigit() for c in two) for one, two in pairwise(words)
    )
    return not turn.has("why_not") and (other or turn.has("injections"))


def _takes_back(turn: Turn) -> bool:
    """Whether it asks to take back something that may be known, and asks for nothing else."""
    asked = turn.retraction
    if asked is None or turn.has("reset") or _requests_besides(turn, asked):
        return False
    if asked.start == asked.end and (turn.years.range or turn.count or turn.years.direction):
        return False  # "scratch that, I meant the 90s"
    if turn.categories.include or turn.categories.exclude:
        return False  # "forget Heat, a comedy" is a request, and so is "forget Heat, something light"
    if asked.hoped and turn.text.words[asked.end : asked.end + 1] == ("and",):
        return False  # "I want to forget everything about work and watch something"
    if any(start >= asked.end for start, _ in turn.text.spans(word_list("requests"))):
        return False
    if turn.taken_back or (turn.missing and not asked.hoped):
        return not any(one.like for one in turn.named) and not turn.has("similar_behind")
    if turn.removal is not None and turn.removal.doubtful and turn.titled:
        return asked.firm and not any(one.unlike or one.like for one in turn.named)  # answered by how to ask
    if asked.idle:
        return False
    if turn.part_back:
        return True
    if asked.hoped:
        return False
    if turn.removal is not None and turn.removal.doubtful and not asked.points:
        return asked.stored and asked.firm
    listed = bool(turn.reference.items) and not turn.reference.pronoun
    return asked.points or asked.stored or listed


def _requests_besides(turn: Turn, asked: Retraction) -> bool:
    """Whether a list is asked for outside of the words that ask to take back: "I want" to forget is none."""
    return any(
        not asked.opens <= start < asked.start and start not in turn.title_positions
        for start, _ in turn.text.spans(word_list("strong_requests"))
    )


def _excepts(turn: Turn) -> bool:
    """Whether everything is to go but something, which is answered by how to remove parts."""
    asked = turn.retraction
    if asked is None or asked.hoped or asked.end <= asked.start:
        return False
    first = turn.text.words[asked.start]
    return first in {"everything", "all", "anything"} and excepts(turn.text, turn.title_positions)


def _speaks_of_deleting(turn: Turn) -> bool:
    """Whether small talk is about taking back or deleting, so that the reply says how to ask for it."""
    if turn.retraction is not None:
        return not (turn.retraction.idle or turn.retraction.hoped)
    return turn.has("forget") and turn.has("everything") and not turn.has("flip")


def _asks_why(turn: Turn) -> bool:
    if not turn.has("explain") or turn.has("why_not"):
        return False
    if turn.named:
        return not any(one.like for one in turn.named if one.by_title)
    bare = turn.text.words[:1] in {("why",), ("warum",), ("pourquoi",), ("wieso",)} or turn.starts_with(
        "explain"
    )
    return bool(turn.table.shown or turn.table.focus) and bare and len(turn.text) <= 6


def _asks_about_self(turn: Turn) -> bool:
    if not turn.has("profile") or turn.titled:
        return False
    if turn.has("profile_guards", "hard_requests"):
        return False
    return not (turn.count or turn.years.range)


def _shows_stored(turn: Turn) -> bool:
    """Whether only what is stored is asked for: "don't delete anything, show me what you have on me"."""
    spared = contains("spared", turn.text.words)
    asks = any(
        not turn.title_positions & {start}
        for start, _ in turn.text.spans(phrases_of("asking.yaml", "stored_of_me"))
    )
    return spared and asks and not turn.titled


def _looks_up(turn: Turn) -> bool:
    if turn.named:
        if any(one.unlike for one in turn.named):
            return False
        return turn.has("search") and not turn.has("if_liked") and not (turn.count and not turn.titled)
    if turn.categories.include or turn.categories.exclude or turn.count:
        return False
    return looked_up(turn) is not None


def _similar_without_name(turn: Turn) -> bool:
    """Whether "similar ones" stands beside an item that is named elsewhere."""
    more = turn.text.has(word_list("more_like_it"))
    if not (turn.named or turn.table.focus or turn.table.shown or more or len(turn.text) <= _SHORT):
        return False
    return turn.text.has(word_list("alike")) and not turn.has("less_like")


def _rejects(turn: Turn) -> bool:
    """Whether an item of the last list is turned down, or known already, in want of others."""
    if any(one.unlike for one in turn.named) and not opinionated(turn):
        return True
    if turn.reference.items and turn.has("rejects") and not any(o.opinion in {"liked"} for o in turn.named):
        return not any(one.opinion == "disliked" and not turn.has("rejects") for one in turn.named)
    return _already_seen(turn)


def _already_seen(turn: Turn) -> bool:
    """Whether all that is said of items listed or named before is that they were seen."""
    if turn.has("acquires"):
        return False  # "ok, I bought it" asks for no other
    on_table = [one for one in turn.named if one.item in turn.table.shown]
    return (
        bool(on_table) and all(one.opinion == "seen" for one in on_table) and len(on_table) == len(turn.named)
    )


def _only_praise(turn: Turn) -> bool:
    return not turn.asks and not turn.has("strong_requests") and not turn.count


def _is_small_talk(turn: Turn) -> bool:
    if turn.text.words == ("help",):
        return True
    polite = turn.has("greetings", "thanks", "farewells")
    if not polite or turn.conditions:
        return False
    return not turn.has("strong_requests") and not turn.has("more_of_same")
