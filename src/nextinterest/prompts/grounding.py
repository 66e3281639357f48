"""From a title that a model generated to the catalogue item it means, or to "not in catalogue".

Exact titles first, then titles without case, accents, punctuation, articles and years, then the one title
that begins so up to its subtitle, then the nearest title by text embedding where one is near enough. A year
or a number that the title does not have speaks against all of them. Never a guess without saying how it was
made. Embeddings come in as a callable; this module computes none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from nextinterest.domain import Catalog, FloatArray, IntArray
from nextinterest.titles import TitleIndex, split_year, title_numbers
from nextinterest.titles.readings import readings

__all__ = ["Grounding", "Neighbours", "TitleGrounder"]

How = Literal["exact", "normalised", "neighbour", "not in catalogue"]

_LONGEST = 1000  # no title is longer; text is cut there before it is looked at
_YEARS_APART = 1  # of a first showing and a release


class Neighbours(Protocol):
    """Nearest titles by embedding."""

    def __call__(self, titles: Sequence[str], /) -> tuple[IntArray, FloatArray]:
        """Return the nearest items of each title, nearest first.

        Returns
        -------
        tuple
            Catalogue positions, -1 where there is none, and cosine similarities; both of shape (n, k), or
            (n,) where only the nearest is given.
        """


@dataclass(frozen=True, slots=True)
class Grounding:
    """What a generated title was taken to mean.

    Attributes
    ----------
    text
        The title as generated.
    position
        Catalogue position, or None where it is not in the catalogue.
    how
        How it was found.
    similarity
        Cosine similarity of the nearest item where neighbours were asked for, whether or not it was near
        enough; else None.
    alike
        Catalogue positions of all items that the title fits as well, the one taken among them, or of several
        that begin with it, where none is taken; empty where it was found by embedding.
    """

    text: str
    position: int | None
    how: How
    similarity: float | None = None
    alike: tuple[int, ...] = field(default=(), repr=False)


class TitleGrounder:
    """Maps generated titles to items of one catalogue.

    Several items may have one title: a year in the text picks among them, else the lowest position is
    meant. Without its brackets, its edition or its subtitle a title is only taken where one item alone fits.

    Parameters
    ----------
    catalog
        The catalogue.
    neighbours
        Nearest items by embedding, asked for titles that match none; None to go without.
    threshold
        Least cosine similarity at which the nearest item is taken for the one meant. With MiniLM on
        MovieLens-100K's titles, 0.8 takes 3 % of titles that the catalogue does not have (0.7: 8 %) and
        finds 9 % of those with a letter or two mistyped (0.7: 19 %): embeddings know paraphrases better
        than spelling.

    Examples
    --------
    >>> from nextinterest.domain import Item
    >>> catalog = Catalog.from_items([Item("1", "Godfather, The", year=1972), Item("2", "Alien", year=1979)])
    >>> TitleGrounder(catalog).match("the GODFATHER (1972)")
    Grounding(text='the GODFATHER (1972)', position=0, how='normalised', similarity=None)
    >>> TitleGrounder(catalog).match("Heat").how
    'not in catalogue'
    """

    def __init__(
        self, catalog: Catalog, neighbours: Neighbours | None = None, *, threshold: float = 0.8
    ) -> None:
        self.catalog = catalog
        self.titles = TitleIndex.of(catalog)
        self.neighbours = neighbours
        self.threshold = threshold

    def ground_many(self, titles: Sequence[str]) -> list[Grounding]:
        """Map titles to items, asking for neighbours once for all that match none.

        A year in brackets that is not that of the item, give or take one, and a number that is not in its
        title are taken for another item's: "Terminator 2" is not "The Terminator".

        Returns
        -------
        list of Grounding
            One per title, in order; two titles may mean the same item.
        """
        found = [self._strictly(title) for title in titles]
        open_ = [
            i
            for i, one in enumerate(found)
            if one.position is None and len(one.alike) < 2 and titles[i].strip()
        ]
        if self.neighbours is None or not open_:
            return found
        positions, similarities = self.neighbours([titles[i][:_LONGEST].strip() for i in open_])
        positions = positions.reshape(len(open_), -1)
        similarities = similarities.reshape(len(open_), -1)
        for row, i in enumerate(open_):
            near = [
                (int(position), float(similarity))
                for position, similarity in zip(positions[row], similarities[row], strict=True)
                if position >= 0
            ]
            found[i] = self._nearest(titles[i], near)
        return found

    def _strictly(self, title: str) -> Grounding:
        """Match a title, or the beginning of one; several that begin so are `alike`, and none is taken."""
        found = self.match(title)
        if found.position is not None:
            as_written = self.catalog.titles[found.position].strip() == title.strip()
            fitting = tuple(item for item in found.alike if as_written or self._may_be(title, item))
            if not fitting:
                return Grounding(title, None, "not in catalogue")
            return replace(found, position=fitting[0], alike=fitting)
        begun = tuple(item for item in self.titles.begun(title) if self._may_be(title, item))
        if len(begun) == 1:
            return Grounding(title, begun[0], "normalised", alike=begun)
        return Grounding(title, None, "not in catalogue", alike=begun)

    def _nearest(self, title: str, near: list[tuple[int, float]]) -> Grounding:
        close = [
            pair
            for pair in near
            if pair[1] >= self.threshold and self._may_be(title, pair[0], to_be_whole=True)
        ]
        if not close:
            return Grounding(title, None, "not in catalogue", near[0][1] if near else None)
        year = split_year(title.strip(), bare=True)[1]
        position, similarity = next(
            (pair for pair in close if year is not None and self.catalog.years[pair[0]] == year), close[0]
        )
        return Grounding(title, position, "neighbour", similarity)

    def _may_be(self, text: str, item: int, *, to_be_whole: bool = False) -> bool:
        """Whether years and numbers in a text allow that it means an item.

        With `to_be_whole` the text must have all numbers of the title too.
        """
        theirs, of_item = title_numbers(self.catalog.titles[item]), self.catalog.years[item]
        years = () if of_item is None else range(of_item - _YEARS_APART, of_item + _YEARS_APART + 1)
        for core, year, _ in readings(text.strip()[:_LONGEST]):
            ours = title_numbers(core)
            strange = ours - theirs - set(map(str, years))
            of_another = year is not None and of_item is not None and year not in years
            if not (strange or of_another or (to_be_whole and theirs - ours)):
                return True
        return False

    def match(self, title: str) -> Grounding:
        """Map a title as written or by its normalised form, never by embedding, nor by years and numbers."""
        items = self.titles.identify(title)
        if not items:
            return Grounding(title, None, "not in catalogue")
        written = self.catalog.titles[items[0]].strip()
        is_exact = written in (title.strip(), split_year(title.strip())[0])
        return Grounding(title, items[0], "exact" if is_exact else "normalised", alike=items)
