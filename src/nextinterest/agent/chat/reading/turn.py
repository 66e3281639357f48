"""One user message, taken apart: the items, categories, years and counts it names, each with its role.

It uses the last list and the items mentioned last (`Table`), no earlier conditions; those are kept by
`nextinterest.agent.chat.reading.dialogue`.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from nextinterest.agent.chat.reading import deletion
from nextinterest.agent.chat.reading.amounts import Amount, called, read_amounts
from nextinterest.agent.chat.reading.attributes import AttributeReading
from nextinterest.agent.chat.reading.categories import CategoryRequest, is_negated, read_categories
from nextinterest.agent.chat.reading.dates import DateReading, read_dates
from nextinterest.agent.chat.reading.goods import names_goods
from nextinterest.agent.chat.reading.lookups import TitleLookups
from nextinterest.agent.chat.reading.mentions import find_mentions
from nextinterest.agent.chat.reading.namesakes import identified
from nextinterest.agent.chat.reading.numbers import count_asked
from nextinterest.agent.chat.reading.references import (
    Reference,
    numbers_are_positions,
    refer,
    referring_positions,
)
from nextinterest.agent.chat.reading.removal import Removal, excepts, in_passing, read_removal
from nextinterest.agent.chat.reading.retraction import Retraction, denial, read_retraction, ruled_out
from nextinterest.agent.chat.reading.roles import Named, with_roles
from nextinterest.agent.chat.reading.tokens import Text, tokenise, word_list
from nextinterest.agent.chat.reading.years import YearRange, YearReading, read_years

if TYPE_CHECKING:
    from nextinterest.agent.chat.understanding import ChatContext

__all__ = ["Table", "Turn", "read_turn"]


Cost = Literal["dearer", "cheaper", "cheap", "dear"]
_COSTS: tuple[Cost, ...] = ("dearer", "cheaper", "cheap", "dear")


@dataclass(frozen=True, slots=True)
class Table:
    """The items that a message may refer to without naming them.

    Attributes
    ----------
    shown
        Items of the assistant's last list.
    focus
        Items mentioned last, the most prominent first.
    """

    shown: tuple[int, ...] = ()
    focus: tuple[int, ...] = ()


@dataclass
class Turn:
    """A message taken apart.

    Attributes
    ----------
    text
        Its words.
    named
        Items it means, left to right.
    reference
        Those of them that it does not name.
    years, categories, count
        Conditions.
    table
        The items it may refer to.
    deletes_profile
        Whether it asks to delete everything about the person, and nothing else.
    asks_how
        Whether it may ask for that, or to delete what it points to, so that the reply says how to ask.
    all_items
        Whether it asks to take back all items that were mentioned.
    drops_seen
        Whether it asks to leave what was seen out of the list.
    retraction
        What it asks to take back, in words.
    categories_back
        Categories of which it asks to take back what was said.
    removal
        What the request to take back names, and whether it may remove anything.
    prices, dates, attributes
        Further conditions.
    cost
        What it says of prices without an amount, where the catalogue has any.
    unheld
        Amounts that no field of the catalogue holds: what it lacks, and the words.
    lacking
        The same of what may be a condition of a list, and is none by itself: people, moods, languages.
    goods
        Whether it asks for a thing by words that titles have: "an espresso machine please".
    taken
        Positions of words that a field holds.
    """

    text: Text
    named: list[Named] = field(default_factory=list)
    reference: Reference = field(default_factory=Reference)
    years: YearReading = field(default_factory=YearReading)
    categories: CategoryRequest = field(default_factory=CategoryRequest)
    count: int | None = None
    table: Table = field(default_factory=Table)
    deletes_profile: bool = False
    asks_how: bool = False
    all_items: bool = False
    drops_seen: bool = False
    retraction: Retraction | None = None
    categories_back: tuple[str, ...] = ()
    removal: Removal | None = None
    prices: tuple[float | None, float | None] | None = None
    cost: Cost | None = None
    dates: DateReading = field(default_factory=DateReading)
    attributes: AttributeReading = field(default_factory=AttributeReading)
    unheld: tuple[tuple[str, str], ...] = ()
    lacking: list[tuple[str, str]] = field(default_factory=list)
    goods: bool = False
    taken: set[int] = field(default_factory=set)

    def has(self, *names: str) -> bool:
        """Whether a phrase of the named word lists is in the message, outside of titles and comparisons."""
        phrases, held = word_list(*names), self._compared | self.title_positions
        return any(
            length and held.isdisjoint(range(position, position + length))
            for position in range(len(self.text))
            if (length := self.text.phrase_at(position, phrases))
        )

    @cached_property
    def _compared(self) -> frozenset[int]:
        """Positions of words that only compare: "no more than three", "more of a drama"."""
        spans = self.text.spans(word_list("comparing_more"))
        joined = ((a, b) for a, b in spans if not any(t.after_comma for t in self.text.tokens[a + 1 : b]))
        return frozenset(p for start, end in joined for p in range(start, end))

    def starts_with(self, name: str) -> bool:
        """Whether the message starts with a phrase of the named word list."""
        return (
            len(self.text) > 0
            and 0 not in self.title_positions
            and self.text.phrase_at(0, word_list(name)) > 0
        )

    @cached_property
    def title_positions(self) -> frozenset[int]:
        """Positions of the words of titles."""
        return frozenset(p for one in self.named if one.by_title for p in range(one.start, one.end))

    @cached_property
    def asks(self) -> bool:
        """Whether there is a question mark."""
        return "?" in self.text.end or any("?" in token.before for token in self.text.tokens)

    @cached_property
    def conditions(self) -> bool:
        """Whether it names a condition on a list: a category, years, or a count."""
        categories = self.categories
        return bool(
            categories.include or categories.exclude or categories.allowed or categories.joint
            or self.years.range or self.years.without
            or self.years.direction or self.years.any_year or self.count
            or self.prices or self.cost or self.attributes.wanted or self.attributes.unwanted
            or self.dates.first or self.dates.newest or self.unheld
        )  # fmt: skip

    @property
    def taken_back(self) -> list[int]:
        """Items that it asks to take back and names: in the request, or where the request points to them."""
        asked, removal = self.retraction, self.removal
        if asked is None or removal is None or removal.doubtful:
            return []
        inside = [one.item for one in self.titled if one.start in removal.starts]
        if inside or removal.missing or not asked.points:
            return inside
        return [one.item for one in self.titled if one.start < asked.start or one.opinion != "none"]

    @property
    def part_back(self) -> bool:
        """Whether it asks to take back a part of what is stored by what it is like, not by name."""
        asked = self.retraction
        if asked is None or not (asked.stored or asked.watched) or _spares(self.text, self.title_positions):
            return False
        return bool(self.categories_back or self.years.range or self.years.direction or self.count)

    @property
    def missing(self) -> tuple[str, ...]:
        """Names it asks to take back that the catalogue does not have."""
        return () if self.removal is None or self.removal.doubtful else self.removal.missing

    @property
    def unclear(self) -> tuple[int, ...]:
        """The items that the first of its titles may mean which several items have; empty for none."""
        return next((one.alike for one in self.named if one.alike), ())

    def resolved(self, alike: tuple[int, ...], meant: Sequence[int]) -> Turn:
        """Return the message with some of the items of one title named instead of all of them."""
        named = [
            replace(one, item=item, alike=())
            for one in self.named
            for item in (meant if one.alike == alike else (one.item,))
            if one.alike == alike
        ]
        kept = [one for one in self.named if one.alike != alike]
        return replace(self, named=sorted([*kept, *named], key=lambda one: one.start))

    @property
    def titled(self) -> list[Named]:
        """The items named by their titles."""
        return [one for one in self.named if one.by_title]


def read_turn(
    message: str, table: Table, context: ChatContext, titles: TitleLookups, now: datetime | None = None
) -> Turn:
    """Take a user's message apart; its titles are looked up by `titles`, which limits the work.

    Without the time, "today" and the like are not read.
    """
    text = tokenise(message)
    pointed = referring_positions(text, table.shown)
    recent = {*table.shown, *table.focus}
    mentions = find_mentions(text, titles, context.categories, pointed, recent)
    known = [identified(text, mention, recent, context) for mention in mentions]
    mentions = [replace(one, item=item) for one, (item, _, _) in zip(mentions, known, strict=True)]
    alike = {one.start: items for one, (_, _, items) in zip(mentions, known, strict=True)}
    asked = denial(text) if deletion.says("denied", message) else read_retraction(text)
    if asked is not None:  # what is removed for good is asked for where two may be meant
        alike |= {
            one.start: items
            for one, (_, position, _) in zip(mentions, known, strict=True)
            if (items := context.titles.of_title(one.item, same_year=position is not None))
        }
    positions = {position for mention in mentions for position in range(mention.start, mention.end)}
    dated = {position for mention in mentions for position in range(mention.end, mention.stop)}
    dated |= {position for _, position, _ in known if position is not None}
    if asked is not None and asked.start - 1 in positions:
        asked = None  # the verb is a title's: "Forget Paris"
    turn = Turn(text, table=table, retraction=asked)
    if now is not None:
        days = context.catalog.details.published is not None
        turn.dates = read_dates(text, now, positions | dated, days=days)
    amounts = _read_amounts(turn, context, positions | dated)
    compared: set[int] = set()
    if turn.years.than is not None:
        for n, mention in enumerate(mentions):
            if turn.years.than <= mention.start <= turn.years.than + 1:
                _compare(turn.years, context.catalog.years[mention.item])
                compared.add(n)
    taken = positions | dated | turn.taken | turn.years.taken
    if asked is not None and asked.start == asked.end:
        taken |= set(range(asked.opens, asked.start))  # "that" of "scratch that" is no item of a list
    if asked is not None and asked.idle and asked.end < len(text):
        taken |= set(range(asked.start, asked.end))  # "forget it, let's look for a western"
    by_number = numbers_are_positions(text)
    if not mentions or any(text.phrase_at(p, word_list("rest")) for p in range(len(text))):
        turn.reference = refer(text, table.shown, table.focus, taken, by_number=by_number)
    elif table.shown:
        found = refer(text, table.shown, (), taken, by_number=False)
        turn.reference = found if not found.pronoun else Reference()
    if turn.years.than is not None and turn.reference.items and not compared:
        _compare(turn.years, context.catalog.years[turn.reference.items[0]])
    referred = {p for start, end in turn.reference.spans for p in range(start, end)}
    if asked is not None:
        turn.removal = read_removal(text, asked, mentions, dated, context.titles)
    if asked is not None and (asked.stored or asked.watched) and not _spares(text, positions):
        clause = set(range(asked.start, asked.end)) - taken
        said = context.categories.mentions(text, set(range(len(text))) - clause)
        turn.categories_back = tuple(dict.fromkeys(name for mention in said for name in mention.names))
        taken = taken | clause
    turn.categories = read_categories(text, context.categories, taken)
    if turn.reference.pronoun and _means_category(turn):
        turn.reference, referred = Reference(), set()
    _rule_out(turn, context, taken)
    numbers = referred if not turn.reference.pronoun else set()
    turn.attributes = context.attributes.read(text, taken | turn.categories.taken, amounts)
    _read_makers(turn, context)
    turn.count = count_asked(text, taken | numbers | turn.attributes.taken, turn.categories.taken)
    turn.taken = taken | numbers | turn.categories.taken | turn.attributes.taken
    turn.lacking, lacked = context.lacking.read(text, turn.taken | referred)
    turn.taken |= lacked
    turn.goods = names_goods(text, context)
    spans: list[tuple[int, int, int, bool]] = [
        (mention.start, mention.stop, mention.item, True)
        for n, mention in enumerate(mentions)
        if n not in compared
    ]
    spans += [
        (start, end, item, False)
        for item, (start, end) in zip(turn.reference.items, turn.reference.spans, strict=True)
    ]
    spans.sort()
    turn.named = [
        replace(one, alike=alike.get(one.start, ()) if one.by_title else ())
        for one in with_roles(text, spans)
    ]
    if asked is not None and in_passing(text, frozenset(positions)):  # "remove Alien from the list"
        turn.named = [
            replace(one, unlike=True, like=False, opinion="none")
            if asked.start <= one.start < asked.end
            else one
            for one in turn.named
        ]
    turn.deletes_profile = deletion.asks_to_delete_profile(message, named=bool(turn.titled or table.shown))
    turn.all_items = not turn.titled and deletion.asks_to_forget_items(message)
    turn.drops_seen = not turn.titled and deletion.says("seen_ones", message)
    named = bool(turn.taken_back or turn.missing or turn.categories_back)
    turn.asks_how = not (turn.deletes_profile or named) and deletion.speaks_of_deleting(message)
    if turn.titled and not named and (turn.retraction is None or turn.retraction.points):
        turn.asks_how |= deletion.contains("removed", text.words)
    return turn


def _read_makers(turn: Turn, context: ChatContext) -> None:
    """Read "albums of hers", "nothing from them", "by other people": of whoever made the last item."""
    for start, end in turn.text.spans(word_list("of_maker", "of_others")):
        items = turn.table.focus or turn.table.shown
        made = context.attributes.of_makers(items[0]) if items else {}
        if made:
            others = turn.text.phrase_at(start, word_list("of_others")) > 0
            into = (
                turn.attributes.unwanted if others or is_negated(turn.text, start) else turn.attributes.wanted
            )
            into |= made
            turn.attributes.taken.update(range(start, end))


def _read_amounts(turn: Turn, context: ChatContext, taken: set[int]) -> list[Amount]:
    """Read years, prices and what no field holds, and return the amounts that an attribute may hold."""
    text, kept = turn.text, list[Amount]()
    amounts = read_amounts(text, taken | turn.dates.taken)
    measured = {p for one in amounts if one.kind for p in range(one.start, one.end)}
    turn.years = read_years(text, context.years, taken | turn.dates.taken | measured)
    if turn.years.range is not None:
        turn.dates.newest = False
    turn.taken |= turn.dates.taken
    for one in amounts:
        words = set(range(one.start, one.end))
        lacking = called(one.kind)
        if context.attributes.holds(one.kind):
            kept.append(one)
        elif one.kind == "money" or (not one.kind and context.priced and not words & turn.years.taken):
            turn.taken |= words
            if context.priced:
                turn.prices = one.least, one.most
            else:
                turn.unheld += ((called("money") or "", text.span(one.start, one.end)),)
        elif lacking is not None and not (context.goods and context.titles.having(text.words[one.end - 1])):
            turn.taken |= words
            turn.unheld += ((lacking, text.span(one.start, one.end)),)
    if context.priced and turn.prices is None:
        found = [(name, span) for name in _COSTS for span in text.spans(word_list(name))]
        turn.cost = found[0][0] if found else None
        turn.taken |= {p for _, span in found for p in range(*span) if not turn.taken & set(range(*span))}
    return kept


def _spares(text: Text, titles: AbstractSet[int]) -> bool:
    """Whether a message makes an exception, or is about a moment or the list shown."""
    return excepts(text, frozenset(titles)) or in_passing(text, frozenset(titles))


def _rule_out(turn: Turn, context: ChatContext, taken: set[int]) -> None:
    """Leave out of a list the categories that the message casually wants gone: "scrap horror"."""
    ruled = ruled_out(turn.text)
    if ruled is None or excepts(turn.text):
        return
    outside = set(range(len(turn.text))) - set(range(*ruled))
    for mention in context.categories.mentions(turn.text, taken | outside):
        for name in mention.names:
            if name in turn.categories.include:
                turn.categories.include.remove(name)
                turn.categories.exclude.append(name)


def _means_category(turn: Turn) -> bool:
    """Whether "that" is a category named before it: "she hates anything animated, so not that"."""
    at = turn.reference.spans[0][0]
    return any(p < at for p in turn.categories.taken) and turn.text.words[at - 1] in {"not", "no"}


def _compare(years: YearReading, year: int | None) -> None:
    if year is None:
        return
    years.range = YearRange(year + 1, None) if years.direction > 0 else YearRange(None, year - 1)
    years.direction = 0
