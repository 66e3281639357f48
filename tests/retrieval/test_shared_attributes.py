"""Items by shared values of attributes: the formula, what tells nothing, and changed catalogues."""

from __future__ import annotations

import numpy as np

from nextinterest import Item
from nextinterest.domain import Catalog, History
from nextinterest.domain.items import AttributeValue
from nextinterest.retrieval import Encoder, Retriever
from nextinterest.retrieval.shared_attributes import SharedAttributes, value_vectors

HOUSES = ("North Press", "South Press")


def book(n: int) -> Item:
    """Return a book: pairs share an author, all a language, every second one a house, each has a number."""
    known: dict[str, AttributeValue] = {"author": (f"Author {n // 2}",), "house": HOUSES[n % 2]}
    return Item(str(n), f"Book {n}", attributes=known | {"language": "English", "number": n, "isbn": f"x{n}"})


BOOKS = Catalog.from_items(map(book, range(300)))


def history(*items: int) -> History:
    return History(np.array(items, dtype=np.int32))


def test_only_values_that_few_items_share_count() -> None:
    vectors = value_vectors(BOOKS).toarray()
    assert vectors.shape == (300, 150)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)
    same = vectors @ vectors.T
    assert set(np.flatnonzero(same[7] > 0)) == {6, 7}


def test_rarer_values_weigh_more_and_newer_events_too() -> None:
    items = [Item(str(n), f"T{n}", attributes={"by": (f"rare {n // 2}", f"kind {n % 5}")}) for n in range(50)]
    source = SharedAttributes(value_vectors(Catalog.from_items(items)), 1.0)
    (scores,) = source.read([history(10)]).all()
    assert scores[11] > scores[15] > 0
    assert scores[12] == 0
    (both,) = source.read([history(10, 20)]).all()
    assert both[21] > both[11] > 0
    np.testing.assert_allclose(both[11], scores[11] / 2, rtol=1e-5)
    assert source.read([history()]).best(3)[0].tolist() == [[-1, -1, -1]]


def test_a_retriever_has_it_where_items_have_values_in_common(encoder: Encoder) -> None:
    plain = Catalog.from_items(Item(str(n), f"Book {n}", attributes={"pages": n}) for n in range(30))
    names = [[one.name for one in Retriever.build(made, None, encoder).sources] for made in (BOOKS, plain)]
    assert names == [["text", "attributes"], ["text"]]
    (found,) = Retriever.build(BOOKS, None, encoder).shortlist([history(40)], 5)
    assert found.ranks["attributes"][found.items.tolist().index(41)] == 1


def test_it_follows_a_changed_catalogue(encoder: Encoder) -> None:
    retriever = Retriever.build(BOOKS, None, encoder)
    new = Item("new", "Unseen", attributes={"author": ("Author 3",)})
    changed = retriever.changed(BOOKS.without(["6"]).with_items([new]))
    (found,) = changed.shortlist([history(changed.catalog.position("7"))], 3)
    assert changed.catalog.ids[int(found.items[found.ranks["attributes"] == 1][0])] == "new"
    (before,) = retriever.shortlist([history(7)], 3)
    assert retriever.catalog.ids[int(before.items[before.ranks["attributes"] == 1][0])] == "6"
