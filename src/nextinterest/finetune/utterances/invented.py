"""A catalogue that exists nowhere: titles put together from other titles' words, categories of other trades.

A model that learned to copy the words of a title, wherever it stands, reads any catalogue; one that learned
the titles themselves reads one. Mixing invented titles in leaves it only the first way.
"""

from __future__ import annotations

import numpy as np

from nextinterest.domain import Catalog

__all__ = ["THINGS", "invented"]

THINGS = ("things", "items", "books", "songs", "games", "products", "ones", "albums", "shows")
"""What items of an invented catalogue are called."""

_CATEGORIES = (
    "Jazz", "Blues", "Hip-Hop", "Classical", "Heavy Metal", "Folk", "Techno", "Soul", "Reggae", "Opera",
    "Fantasy", "Biography", "Cookery", "Poetry", "Travel", "History", "Self-Help", "Gardening", "Philosophy",
    "Mystery", "Thriller", "Romance", "Puzzle", "Strategy", "Racing", "Simulation", "Role-Playing", "Sports",
    "Arcade", "Board Games", "Kitchen", "Bathroom", "Outdoor", "Electronics", "Headphones", "Skincare",
    "Shoes",
    "Toys", "Pet Supplies", "Stationery", "Science Fiction", "Anime", "True Crime", "Nature", "Politics",
    "Business", "Health", "Photography", "Bicycles", "Furniture", "Comics", "Young Adult", "Graphic Novels",
)  # fmt: skip
_ITEMS = 600


def invented(catalog: Catalog, rng: np.random.Generator) -> Catalog:
    """Return a catalogue of invented titles, each in one category and of a year between 1930 and 2020.

    Parameters
    ----------
    catalog
        Whose titles' words are drawn from.
    rng
        Draws titles, lengths, categories and years.
    """
    words = sorted({word for title in catalog.titles for word in title.split() if word[0].isalpha()})
    if not words:
        words = ["Wonderful", "Thing"]
    titles = [
        " ".join(words[int(i)] for i in rng.integers(len(words), size=int(rng.integers(1, 6))))
        for _ in range(_ITEMS)
    ]
    return Catalog(
        [str(i) for i in range(_ITEMS)],
        titles,
        [(_CATEGORIES[int(i)],) for i in rng.integers(len(_CATEGORIES), size=_ITEMS)],
        [int(year) for year in rng.integers(1930, 2021, size=_ITEMS)],
    )
