"""Titles: compared as people compare them, and one index of those of a catalogue."""

from nextinterest.titles.index import TitleIndex, TitleMatch
from nextinterest.titles.normal import normalise_title, split_year, without_articles, without_brackets
from nextinterest.titles.words import compared, title_numbers, title_words

__all__ = [
    "TitleIndex",
    "TitleMatch",
    "compared",
    "normalise_title",
    "split_year",
    "title_numbers",
    "title_words",
    "without_articles",
    "without_brackets",
]
