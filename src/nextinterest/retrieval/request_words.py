"""The words of a request that say what is asked for, less those that only ask.

"Hi, can you recommend something like a good western?" asks for a western. The other words hold no topic, yet
they pull a sentence's vector away from the items it means. English only: in other languages they stay.
"""

from __future__ import annotations

import re

__all__ = ["topic_words"]

_ENGLISH = """
    a about all also am an and any anything are as at be been but by can could did do does doing find for
    from get give good great had has have having he hello hey hi how i idea ideas if i'd i'll i'm i've in
    is isn't it it's its just kind kinda let like liked look looking made make may maybe me might mood
    more most my need of oh ok okay on one ones or other our perhaps please pick prefer really recommend
    recommendation recommendations search searching see seek seeking seen she should show so some
    something sort suggest suggestion suggestions thank thanks that that's the their them then there
    these they thing things this those to too try type up us very want was watch watching we well were
    what what's when where which who will with would you your book books film films game games item items
    movie movies product products song songs
"""
_ASKING = frozenset(_ENGLISH.split())
_WORD = re.compile(r"\w+(?:['\u2019-]\w+)*")


def topic_words(request: str, *, else_all: bool = True) -> str:
    """Return a request without the words that only ask.

    Parameters
    ----------
    request
        The request.
    else_all
        Whether all of it is returned where nothing else is there, rather than nothing.

    Examples
    --------
    >>> topic_words("Hi! I'm looking for a good romantic comedy.")
    'romantic comedy'
    >>> topic_words("Up")
    'Up'
    """
    kept = [word for word in _WORD.findall(request) if word.casefold().replace("\u2019", "'") not in _ASKING]
    return " ".join(kept) or (request if else_all else "")
