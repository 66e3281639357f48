"""Titles in a message: words that name an item of the catalogue, where they can mean nothing else.

A title in full counts with its year behind it or in quotation marks. Without these, one of everyday words
("heat", "anything else") counts only capitalised in mid-sentence, or as the whole object of "saw" and the
like, and any title only where it stands alone: "Jack" in "Jack Black" is a person's, "superhero movie" a
kind. Misspelt and shortened titles are looked for in quotes, in capitals, and behind "saw" or "like".
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from nextinterest.agent.chat.reading.categories import CategoryLexicon
from nextinterest.agent.chat.reading.lookups import TitleLookups
from nextinterest.agent.chat.reading.slots import (
    compared_slots,
    in_digits,
    next_in_list,
    opens_clause,
    said_of,
    skip_fillers,
    slot_end,
    title_slots,
    year_behind,
)
from nextinterest.agent.chat.reading.small_talk import is_name_alone
from nextinterest.agent.chat.reading.statements import listed
from nextinterest.agent.chat.reading.tokens import Text, all_phrases, single_words, word_list
from nextinterest.titles import TitleIndex, TitleMatch, compared, normalise_title, title_words
from nextinterest.titles.words import common_words, everyday_words

__all__ = ["Mention", "find_mentions"]

_ARTICLES = frozenset({"the", "a", "an"})
_CLOSING = '"\u201d\u201c\u00bb'
_LEAST_LIKENESS = 0.88  # of a misspelt title
_LEAST_EXPECTED = 0.8  # of one where a title is expected


@dataclass(frozen=True, slots=True)
class Mention:
    """Words start..end - 1 name an item.

    Attributes
    ----------
    start, end
        Positions of the words.
    item
        Catalogue position.
    score
        How well the words fit the title, up to 1.
    stop
        Position behind the year that stands with them; `end` where none does.
    """

    start: int
    end: int
    item: int
    score: float
    stop: int


def find_mentions(
    text: Text,
    titles: TitleLookups,
    lexicon: CategoryLexicon,
    elsewhere: Container[int] = (),
    recent: Container[int] = (),
) -> list[Mention]:
    """Return the titles named in a message, left to right, without overlap.

    Parameters
    ----------
    text
        The message.
    titles, lexicon
        Of the catalogue.
    elsewhere
        Positions of words that mean something else.
    recent
        Items that the conversation showed or mentioned last: the whole of a clause may be their title.
    """
    return _Search(text, titles, lexicon, elsewhere, recent).found()


class _Search:
    """The search for titles in one message."""

    def __init__(
        self,
        text: Text,
        titles: TitleLookups,
        lexicon: CategoryLexicon,
        elsewhere: Container[int],
        recent: Container[int],
    ) -> None:
        self.text, self.titles, self.lexicon, self.recent = text, titles, lexicon, recent
        self.index: TitleIndex = titles.index
        self.expected = set(title_slots(text, "opens_strong"))
        self.seen = set(title_slots(text, "opens_seen"))  # where even an everyday word is one
        self.compared = compared_slots(text) - self.seen
        self.seen |= self.compared
        self.expected |= self.compared
        self.loved = title_slots(text, "opens_loved")  # and where it is as the whole object
        self.taken = {position for position in range(len(text)) if position in elsewhere}
        lower = sum(token.raw[0].islower() for token in text.tokens)
        self.cased = not text.shouted and (
            len(text) < 5 or 3 * lower >= len(text)
        )  # whether capitals carry meaning

    def found(self) -> list[Mention]:
        """Return the titles, in order."""
        found: list[Mention] = []
        position = 0
        while position < len(self.text):
            mention = None if position in self.taken else self._in_full(position)
            if mention is not None and not self.taken & set(range(mention.start, mention.stop)):
                found.append(mention)
                self._take(mention)
                self._expect_next(mention)
                position = mention.stop
            else:
                position += 1
        for start in range(len(self.text)):
            if start not in self.taken:
                found += self._misspelt_from(start)
        if len(found) == 1 and self._is_behind(self.compared, found[0].start):
            return []  # two are compared: "is android better than iphone" names no film
        return sorted(found, key=lambda mention: mention.start)

    def _take(self, mention: Mention) -> None:
        self.taken.update(range(mention.start, mention.stop))

    def _expect_next(self, mention: Mention) -> None:
        """Expect a title behind "and" where one was expected before it."""
        following = next_in_list(self.text, mention.stop)
        if following is not None:
            starts = {following, skip_fillers(self.text, following)}
            self.expected |= starts if self._is_behind(self.expected, mention.start) else set()
            self.seen |= starts if self._is_behind(self.seen, mention.start) else set()

    def _in_full(self, start: int) -> Mention | None:
        """Return the longest title in full that starts at a position and is meant."""
        words = self.text.words
        for length in range(min(self.index.longest + 1, len(words) - start), 0, -1):
            end = start + length
            inner = self.text.tokens[start + 1 : end]
            if length < 4 and any(
                t.after_stop and t.before.strip() not in {":", ".", "-", "!"} for t in inner
            ):
                continue
            year = year_behind(self.text, end)
            item = self.index.exact(compared(words[start:end]), year, " ".join(words[start:end]))
            if item is None or not self._has_article(item, words[start]):
                continue
            dated = self._is_dated(start, end, item)
            mention = Mention(start, end, item, 1.0, end + dated)
            whole = start == 0 and end == len(words) and self._is_whole()
            if dated or whole or self._is_quoted(start, end) or self._is_meant(mention):
                return mention
        return None

    def _is_whole(self) -> bool:
        """Whether a message that is a title says nothing else: "Up" does not, "more" and "drama" do."""
        return is_name_alone(self.text) and not self.lexicon.mentions(self.text, set())

    def _has_article(self, item: int, word: str) -> bool:
        """Whether a word is no article, or one of the title's: "the heat" is not Heat."""
        return word not in _ARTICLES or word in normalise_title(self.index.catalog.titles[item]).split()

    def _is_dated(self, start: int, end: int, item: int) -> bool:
        """Whether the year of an item, or one in brackets, stands behind its title."""
        year = year_behind(self.text, end)
        if year is None or year == self.index.catalog.years[item]:
            return year is not None
        before = self.text.tokens[start - 1] if start else None
        longer = before is not None and before.capital and not self.text.tokens[start].after_stop
        return "(" in self.text.tokens[end].before and not longer

    def _is_quoted(self, start: int, end: int) -> bool:
        closing = self.text.tokens[end].before if end < len(self.text) else self.text.end
        return self.text.tokens[start].quoted and any(mark in closing for mark in _CLOSING)

    def _is_meant(self, mention: Mention) -> bool:
        """Whether words that make up a title are meant as one, though neither year nor quotes say so."""
        start, end = mention.start, mention.end
        words = self.text.words[start:end]
        content = self._content(words)
        everyday = self._is_everyday(words, content)
        common = everyday or len(content) < 2
        seen = self._is_behind(self.seen, start)
        expected = seen or self._is_behind(self.expected, start)
        goods = len(content) > 1 and expected  # "do you have the French Press"
        if len("".join(words)) < 2 or not self._stands_alone(start, end, common=common and not goods):
            return False
        capital = self._is_capitalised(start, end)
        if mention.item in self.recent and opens_clause(self.text, start) and self._ends_clause(end):
            return True
        if not content:
            return capital and not any(word in single_words("kinds") for word in words)
        if self.index.is_part(mention.item, words):
            short = len(words) == 1 or self.index.is_series(words)
            return (seen or (short and expected)) and self._ends_clause(end)
        if everyday and (expected or opens_clause(self.text, start)):
            says = self.text.phrase_at(end, word_list("says_of")) > 0
            if (says and len(words) > 2 and len(content) > 1) or self._is_judged(start, end):
                return True
        if everyday:
            object_of = seen or self._is_behind(self.loved, start)
            if expected or object_of or len(content) > 1:
                return capital or (object_of and not self.lexicon.means(words) and self._ends_clause(end))
            whole = len(words) == len(self.text) and not self._says_otherwise(words)
            return whole or (capital and not self._is_circumstance(mention))
        if len(content) > 1 or expected or len(words) == len(self.text):
            return True
        return (capital and not self._is_circumstance(mention)) or (
            opens_clause(self.text, start)
            and self.text.tokens[end - 1].word not in single_words("kinds")
            and self._ends_clause(end)
        )

    def _says_otherwise(self, words: tuple[str, ...]) -> bool:
        """Whether words mean something to the reader that is no title: a category, "more", "friends"."""
        return any((word,) in all_phrases() or self.lexicon.means((word,)) for word in words)

    def _is_judged(self, start: int, end: int) -> bool:
        """Whether something is said of words that is said of works: "heat was great", "speed? loved it"."""
        text = self.text
        if end == len(text) or any(word in single_words("happenings") for word in text.words[start:end]):
            return False
        behind = end + text.phrase_at(end, word_list("judges"))
        behind += text.phrase_at(behind, word_list("intensifiers"))
        said = text.phrase_at(behind, word_list("liked", "disliked"))
        if text.phrase_at(end, word_list("liked", "disliked")) > 1:
            return True  # "matrix was sick"
        return said > 0 and (behind > end or text.tokens[end].before.strip() in {"?", "..."})

    def _is_behind(self, positions: Container[int], start: int) -> bool:
        return start in positions or (self.text.words[start] in _ARTICLES and start + 1 in positions)

    def _content(self, words: tuple[str, ...]) -> list[str]:
        """Return the words that are no function words, kinds of things, or numbers."""
        empty = single_words("plain") | single_words("kinds")
        return [w for w, c in zip(words, in_digits(words), strict=True) if not (w in empty or c.isdigit())]

    def _is_everyday(self, words: tuple[str, ...], content: list[str]) -> bool:
        """Whether words are a phrase of everyday language: one common word, or only very common ones."""
        if self.lexicon.means(words) or all(self.lexicon.means((word,)) for word in content):
            return True
        if len(content) == 1 and len(words) > 1 and any(w.isdigit() for w in in_digits(words)):
            return content[0] in everyday_words()  # "12 monkeys"
        if len(content) == 1:
            return content[0] in common_words() or any(word in single_words("kinds") for word in words)
        return all(word in everyday_words() for word in content)

    def _is_circumstance(self, mention: Mention) -> bool:
        """Whether a capital word may be a name of something else: "for Halloween", "the American version"."""
        start, end = mention.start, mention.end
        before = self.text.words[start - 1] if start else ""
        title = normalise_title(self.index.catalog.titles[mention.item]).split()
        whole = self.text.words[start] == title[0] or title[0] not in _ARTICLES
        return end - start == 1 and (before in single_words("prepositions") or not whole)

    def _is_capitalised(self, start: int, end: int) -> bool:
        """Whether words have the capitals of a title rather than those of a sentence's start."""
        text = self.text
        tokens = [t for t in text.tokens[start:end] if t.word not in single_words("plain")]
        tokens = [t for t in tokens or text.tokens[start:end] if t.raw[0].isalpha()]
        if not self.cased or not tokens:
            return False
        if any(not t.capital or (len(t.raw) > 1 and t.raw.isupper()) for t in tokens):
            return False
        opens = tokens[0] is text.tokens[start] and (start == 0 or tokens[0].after_stop)
        return not opens or len(tokens) > 1 or text.phrase_at(end, listed("of_works")) > 0

    def _stands_alone(self, start: int, end: int, *, common: bool) -> bool:
        """Whether words are no part of a longer name, nor `common` ones before or behind a noun."""
        text = self.text
        capital = self.cased and text.tokens[end - 1].capital
        if start and not (text.tokens[start].after_stop or text.tokens[start].after_comma):
            if (
                (common or text.words[start - 1] in {"a", "an"})
                and text.words[start - 1] in single_words("determiners")
                and text.words[start] not in _ARTICLES
            ):
                return False
            if capital and self._is_name(start - 1):
                return False
        if end == len(text):
            return True
        behind = text.tokens[end]
        if behind.after_stop or behind.after_comma:
            return not (behind.before.strip() == ":" and behind.capital)
        if behind.word in single_words("kinds" if common else "series") - single_words("titled_kinds"):
            return False
        if in_digits((behind.word,))[0].isdigit() and len(behind.word) < 4:
            return (text.tokens[end + 1].before if end + 1 < len(text) else text.end).startswith("/")  # "5/5"
        return not (capital and behind.capital and self._is_name(end))

    def _is_name(self, position: int) -> bool:
        """Whether a word next to a title is part of a name: capitalised, and not for starting a sentence."""
        token = self.text.tokens[position]
        if not token.capital or token.word in single_words("plain") or token.raw[-2:] in {"'s", "\u2019s"}:
            return False
        opens = position == 0 or token.after_stop
        return not (opens and (position + 1 in self.expected or token.word in everyday_words()))

    def _ends_clause(self, end: int) -> bool:
        text = self.text
        if end == len(text):
            return True
        token = text.tokens[end]
        return (
            token.after_stop
            or token.after_comma
            or text.phrase_at(end, word_list("title_ends", "says_of", "joiners")) > 0
        )

    def _misspelt_from(self, start: int) -> list[Mention]:
        """Return the misspelt or shortened titles of a list that starts at a position."""
        found: list[Mention] = []
        at: int | None = start
        expected = start in self.expected
        while at is not None and at not in self.taken:
            mention = self._misspelt(at, expected)
            if mention is None:
                break
            found.append(mention)
            self._take(mention)
            at = next_in_list(self.text, mention.end)
        return found

    def _misspelt(self, start: int, expected: bool) -> Mention | None:
        text = self.text
        if self.text.tokens[start].quoted:
            stop = next((p for p in range(start + 1, len(text)) if text.tokens[p].before[:1] in _CLOSING), 0)
            stop, expected = stop or (len(text) if text.end[:1] in _CLOSING else start), True
        elif expected:
            start = skip_fillers(text, start)
            stop = slot_end(text, start)
        elif opens_clause(text, start) and (said := said_of(text, start)) and self._is_judged(start, said):
            stop, expected = said, True
        else:
            stop = self._capitals_end(start)
        best: Mention | None = None
        for end in range(stop, start, -1):
            if self.taken & set(range(start, end)):
                continue
            match = self._like(start, end, expected)
            if match is not None and (best is None or match.score > best.score + 0.02 * (best.end - end)):
                stop_at = end + self._is_dated(start, end, match.item)
                best = Mention(start, end, match.item, match.score, stop_at)
        return best

    def _capitals_end(self, start: int) -> int:
        """Return where a name in capitals ends, or `start` where none starts."""
        text, end = self.text, start
        if not self.cased or (start and text.tokens[start - 1].capital and not text.tokens[start].after_stop):
            return start
        while end < len(text):
            token = text.tokens[end]
            if end > start and (token.after_comma or (token.after_stop and token.before.strip() != ":")):
                break
            if not token.capital and not (end > start and token.word in {"of", "the", "and", "in", "to"}):
                break
            end += 1
        return end

    def _like(self, start: int, end: int, expected: bool) -> TitleMatch | None:
        """Return the title that words misspell or shorten, where they can mean nothing else."""
        words = self.text.words[start:end]
        content = self._content(words)
        unknown = [word for word in content if word not in common_words() and not word.isdigit()]
        if (
            not unknown
            or words[0] in {"a", "an"}
            or any(word in single_words("kinds") for word in words)
            or not self._stands_alone(start, end, common=False)
        ):
            return None
        if self.lexicon.mentions(Text(self.text.tokens[start:end], "", False)):
            return None
        found = self.titles.find(self.text.span(start, end), 2)
        year = year_behind(self.text, end)
        if not found or found[0].how == "exact" or (year and year != self.index.catalog.years[found[0].item]):
            return None
        match = found[0]
        form = title_words(self.index.catalog.titles[match.item])
        if match.how == "part":
            rare = any(self.index.is_rare(word) and len(word) > 4 for word in content)
            alone = len(found) == 1 or found[1].score < match.score - 0.01
            leads = form[: len(compared(words))] == compared(words)
            return match if expected and rare and alone and leads and self._ends_clause(end) else None
        if match.score < 0.95 and all(self.index.knows_word(w) for w in content if w not in form):
            return None if set(unknown) - set(form) else match  # spelt right, it is another name's
        sure = expected and (
            len(content) > 1 or self._is_behind(self.seen, start) or self._is_capitalised(start, end)
        )
        return match if match.score >= (_LEAST_EXPECTED if sure else _LEAST_LIKENESS) else None
