"""What a reply remarks on how a message was read: what was left out of it, and what was not done."""

from __future__ import annotations

from collections.abc import Iterator

from nextinterest.agent.chat.understanding import Remark, Understood
from nextinterest.counting import counted
from nextinterest.titles import TitleIndex

__all__ = ["remarks"]

_REMARKS: dict[Remark, str] = {
    "idle": "No question is open, so nothing was changed. Say what you would like.",
    "nothing_to_undo": "There is nothing in this conversation to undo. Nothing was changed.",
    "program": "I am a program, not a person.",
    "gone": "What was removed is gone. Say it again to note it again.",
    "drops_seen": "What you have seen is left out of lists anyway. Nothing was deleted.",
}


def remarks(understood: Understood, titles: TitleIndex) -> Iterator[str]:
    """Yield what is to be said of how a message was read, beside what came of it.

    Parameters
    ----------
    understood
        The message as it was read.
    titles
        Of the catalogue.
    """
    if understood.kept:
        yield "Nothing was deleted."
    if understood.ruled_out:
        names = ", ".join(titles.called(item) for item in understood.ruled_out)
        yield f"Left out in this conversation: {names}."
    elif understood.remark is not None:
        yield _REMARKS[understood.remark]
    for lacking, words in understood.unheld:
        searched = words.casefold() in (understood.request.query or "").casefold()
        done = "was only compared with titles and categories" if searched else "was left out"
        yield f"I have no {lacking}, so “{words}” {done}."
    for words, items in understood.left_out:
        if items:
            yield f"Left out: {counted(len(items), 'item')} {words}."
        else:
            yield f"I know of no item {words}, so none was left out for that."
    if understood.unanswered:
        yield f"I have no data on {', on '.join(understood.unanswered)}."
    if understood.by_rules:
        yield f"Read by rules: {understood.by_rules}."
    if understood.unread:
        oldest = counted(understood.unread, "character was", "characters were")
        yield f"This conversation is long: its oldest {oldest} not read."
    if understood.cut:
        last = counted(understood.cut, "character was", "characters were")
        yield f"This message is long: its last {last} not read."
    if understood.unsearched:
        yield (
            "This message has very many unknown words: misspelt titles were looked for among the first of "
            "them only."
        )
