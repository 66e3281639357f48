"""What a reader of a result should know: the notes of recommendations, portraits and forecasts."""

from __future__ import annotations

from collections.abc import Sequence

from nextinterest.counting import counted
from nextinterest.domain import Catalog, Order, RequestMatch

__all__ = [
    "MATCHED",
    "POPULAR",
    "UNRANKED",
    "UNREAD",
    "absent_note",
    "ambiguity_note",
    "fitting_notes",
    "left_notes",
    "list_notes",
    "unordered",
]

UNREAD = "Ranked by retrieval alone: the language model's answer could not be read."
"""The note of a list that a language model was to rerank."""

UNRANKED = "Ranked by retrieval alone: the language model failed."
"""The note of a list of chat whose reranking failed."""

MATCHED: dict[RequestMatch, str] = {
    "none": "No item matches the words of the request better than random words: retrieval leaves them out.",
    "weak": "Items match the words of the request only weakly: the words count for less. "
    "Probabilities are not calibrated.",
    "read": "A language model read the request and ordered the best candidates by it. Probabilities are not "
    "calibrated.",
    "clear": "Probabilities take the words of the request into account and are not calibrated.",
}
"""The notes of a list that was asked for in words."""

POPULAR = "The history is empty: the order is that of popularity."
"""The note of a list for somebody of whom nothing is known."""

_RANKED = 10
"""Candidates that a model is asked to rank at least (template ``ranking``)."""

_NAMED = 5
"""Items of one title that a note names at most."""


def absent_note(user: str) -> str:
    """Return the note of a user whose events the data has and the store has not."""
    return (
        f"The store holds no events of user {user!r}. The data this recommender was made from does, but with "
        "a store only the store's events count; import_history writes one user's "
        "history into it, import_histories those of a data set, and, where it is empty, `nextinterest serve "
        "--examples N` those of the data's first N users."
    )


def ambiguity_note(title: str, positions: Sequence[int], taken: int, catalog: Catalog) -> str:
    """Return the note of a title that several items have.

    Parameters
    ----------
    title
        As it was given.
    positions
        Catalogue positions of all items it may mean.
    taken
        The position that was taken.
    catalog
        The catalogue.

    Examples
    --------
    >>> from nextinterest.domain import Item
    >>> two = Catalog.from_items([Item("f1", "Night Ferry", year=1984), Item("f4", "Night Ferry", year=2021)])
    >>> ambiguity_note("Night Ferry", [0, 1], 0, two)
    "'Night Ferry' is the title of 2 items: f1 (1984), f4 (2021); f1 was taken. Say the year or the id."
    """
    years = [catalog.years[position] for position in positions]
    named = ", ".join(
        catalog.ids[position] + (f" ({year})" if year is not None else "")
        for position, year in list(zip(positions, years, strict=True))[:_NAMED]
    )
    more = f" and {len(positions) - _NAMED} more" if len(positions) > _NAMED else ""
    differ = len({year for year in years if year is not None}) > 1
    say = "Say the year or the id." if differ else "Say the id."
    found = f"{title!r} is the title of {len(positions)} items: {named}{more}"
    return f"{found}; {catalog.ids[taken]} was taken. {say}"


def left_notes(n_items: int, k: int, *, constrained: bool) -> tuple[str, ...]:
    """Return the note of a list that is shorter than was asked for; parameters as of `list_notes`."""
    if not n_items and constrained:
        return ("No item meets the constraints.",)
    if n_items >= k:
        return ()
    left = f"Only {counted(n_items, 'item is', 'items are')}" if n_items else "No item is"
    return (f"{left} left to recommend; {k} were asked for.",)


def fitting_notes(fits: int | None, n_items: int) -> tuple[str, ...]:
    """Return the note of a list of which a language model put only a few items before all others.

    Examples
    --------
    >>> fitting_notes(3, 5), fitting_notes(5, 5), fitting_notes(None, 5)
    (('As the language model reads the request, the first 3 fit; the others come closest.',), (), ())
    """
    if fits is None or fits >= min(n_items, _RANKED):
        return ()
    fit = "the first fits" if fits == 1 else f"the first {fits} fit"
    return (f"As the language model reads the request, {fit}; the others come closest.",)


def list_notes(
    *,
    n_events: int,
    reading: Sequence[str],
    n_skipped: int,
    n_items: int,
    k: int,
    match: RequestMatch | None,
    constrained: bool,
    has_model: bool,
    unread: bool = False,
    fits: int | None = None,
) -> tuple[str, ...]:
    """Return the notes of a ranked list.

    Parameters
    ----------
    n_events
        Events of the history.
    reading
        What was noted when the history was read.
    n_skipped
        Items of the history that the catalogue does not have.
    n_items, k
        Items on the list, and items asked for.
    match
        How clearly the catalogue matches the words of a request; None without one.
    constrained
        Whether items had to meet constraints.
    has_model
        Whether the agent has a language model.
    unread
        Whether its answer could not be read.
    fits
        How many items it put before all others; None where it read no request.
    """
    notes: list[str] = []
    if n_events == 0:
        plain = match is None or match == "none"
        by = "the most popular items" if plain else "popular items close to the request"
        notes.append(f"The history is empty: these are {by}.")
    notes += reading
    if match is not None:
        notes.append(MATCHED[match])
    notes += fitting_notes(fits, n_items)
    if n_skipped:
        are = ("is", "was") if n_skipped == 1 else ("are", "were")
        notes.append(
            f"{n_skipped} of the history's items {are[0]} not in the catalogue and {are[1]} left out."
        )
    notes += left_notes(n_items, k, constrained=constrained)
    if not has_model:
        notes.append("Ranked by retrieval alone: this agent has no language model.")
    if unread:
        notes.append(UNREAD)
    return tuple(notes)


def unordered(order: Order | None, *, known: bool) -> tuple[str, ...]:
    """Return what is said where a list is not in the order that was asked for; nothing where it is."""
    if order is None or known:
        return ()
    lacking = {"most_popular": "no record of how often each was taken", "best_rated": "no ratings of them"}
    what = lacking.get(order, "no prices" if order in {"cheapest", "dearest"} else "no dates")
    return (f"I have {what}, so they are not in that order.",)
