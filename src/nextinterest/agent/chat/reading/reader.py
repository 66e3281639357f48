"""`CompositionalReader`: understanding without a model, composed of the modules of this package."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from nextinterest.agent.chat.reading.amendments import Amendments
from nextinterest.agent.chat.reading.dialogue import Dialogue
from nextinterest.agent.chat.reading.lookups import TitleLookups
from nextinterest.agent.chat.reading.orders import in_order
from nextinterest.agent.chat.reading.references import read_shown
from nextinterest.agent.chat.reading.tokens import LONGEST, tokenise
from nextinterest.agent.chat.reading.turn import Table, Turn, read_turn
from nextinterest.agent.chat.reading.years import YearRange
from nextinterest.agent.chat.understanding import ChatContext, Understood
from nextinterest.domain import Answer, Request, Where
from nextinterest.domain.where import FIRST_YEAR, LAST_YEAR, MAX_NAMES
from nextinterest.messages import Message

__all__ = ["CompositionalReader"]

# As ``templates/chat.jinja`` words an offer, for conversations that are replayed as text; "yes" accepts.
_OFFER = re.compile(r"^The nearest I can do: (.{1,400}?), which \d+ items? meets?\.", re.M)


class CompositionalReader:
    """Reads a conversation by rules and a title index; deterministic, a few milliseconds a message.

    Parameters
    ----------
    most_messages
        Newest messages read; of what lies before, only what replies did counts.
    clock
        Returns the time now, for "today" and the like.
    """

    name = "rules"

    def __init__(
        self, most_messages: int = 40, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.most_messages = most_messages
        self.clock = clock

    def read(self, messages: Sequence[Message], context: ChatContext) -> Understood:
        """Return what the newest user message asks for; what follows that message is not read.

        Examples
        --------
        >>> from nextinterest.domain import Catalog, Item
        >>> films = [Item("1", "Fargo", ("Crime",), 1996), Item("2", "Alien", ("Horror",), 1979)]
        >>> catalog = Catalog.from_items(films)
        >>> said = [Message(role="user", content="three crime films like fargo from the 90s")]
        >>> asked = CompositionalReader().read(said, ChatContext(catalog)).request
        >>> asked.intent, asked.count, asked.similar_to, asked.where.categories, asked.where.year_to
        ('similar', 3, ('Fargo',), ('Crime',), 1999)
        """
        said = [message for message in messages if message.role in {"user", "assistant"}]
        while said and said[-1].role != "user":
            said.pop()
        titles = TitleLookups(context.titles)

        def turned(text: str, dialogue: Dialogue) -> Turn:
            return read_turn(text, dialogue.table, context, titles, self.clock())

        amendments = Amendments(context, turned)
        dialogue = amendments.dialogue
        understood = Understood(Request(intent="other"))
        before = [one for one in said[: -self.most_messages] if isinstance(one, Answer)]
        said = [*before, *said[-self.most_messages :]]
        for behind, message in zip(range(len(said) - 1, -1, -1), said, strict=True):
            titles.begin(behind)
            if isinstance(message, Answer):
                amendments.answered(message)
            elif message.role == "assistant":
                shown = read_shown(message.content, titles, context.categories)
                offered = _OFFER.search(message.content)
                offer = None if offered is None else _offer(offered.group(1), context, titles)
                dialogue.assistant(shown.items, shown.listed, offer)
            else:
                understood = amendments.user(message.content)
        asked = understood.request
        if said and not understood.unclear:
            asked = in_order(asked, " ".join(tokenise(said[-1].content).words))
        return replace(understood, request=asked, unsearched=titles.skipped, cut=_cut(said))


def _offer(words: str, context: ChatContext, titles: TitleLookups) -> Where:
    turn = read_turn(words, Table(), context, titles)
    first, last = (turn.years.range or YearRange()).within(FIRST_YEAR, LAST_YEAR)
    wanted, unwanted = turn.categories.include[:MAX_NAMES], turn.categories.exclude[:MAX_NAMES]
    return Where(categories=wanted, excluded_categories=unwanted, year_from=first, year_to=last)


def _cut(said: Sequence[Message]) -> int:
    """Return how many characters at the end of the newest message are not read."""
    return max(0, len(said[-1].content) - LONGEST) if said else 0
