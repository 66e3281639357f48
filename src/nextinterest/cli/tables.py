"""Tables that several commands draw."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from rich.markup import escape
from rich.table import Table

from nextinterest.counting import counted
from nextinterest.domain import Evidence, Recommendation, Recommendations
from nextinterest.kind_names import done

__all__ = ["recommendations_table", "similar_table"]


def recommendations_table(result: Recommendations) -> Table:
    """Draw a ranked list with probabilities and evidence."""
    whom = f"user {result.user}" if result.user is not None else "this history"
    table = _item_table(f"For {whom}, from {counted(result.events_used, 'event')}", "P(next)", "Because of")
    for item in result.items:
        reasons = escape(", ".join(_reason(e) for e in item.evidence))
        table.add_row(*_about(item), f"{item.probability:.2%}", reasons)
    return table


def similar_table(result: Recommendations, named: Sequence[str]) -> Table:
    """Draw a list of items like those named, with what says that they are alike."""
    table = _item_table(escape(f"Like {', '.join(named)}"), "Similarity", "Of which")
    for item in result.items:
        total, *shares = item.scores.items()
        parts = ", ".join(f"{name.replace('_', ' ')} {share:.1f}" for name, share in shares)
        table.add_row(*_about(item), f"{total[1]:.1f}", parts)
    return table


def _item_table(title: str, number: str, why: str) -> Table:
    """Return an empty table of items, each with a number and what it rests on."""
    table = Table(title=title, title_justify="left")
    table.add_column("#", justify="right")
    table.add_column("Item", overflow="fold")
    table.add_column("Categories", style="dim", overflow="fold")
    table.add_column(number, justify="right")
    table.add_column(why, style="dim", overflow="fold")
    return table


def _about(item: Recommendation) -> tuple[str, str, str]:
    """Return rank, title with year, and categories as cells."""
    year = f" ({item.year})" if item.year is not None else ""
    return str(item.rank), escape(item.title + year), escape(", ".join(item.categories))


def _reason(evidence: Evidence) -> str:
    """Return an event's title, what was done, and what it multiplies the item's probability by.

    In place of the last, how close the texts are where nothing was left out.
    """
    title = evidence.title if evidence.kind is None else f"{evidence.title}, {done(evidence.kind)}"
    if evidence.effect is None:
        return f"{title} {evidence.similarity:.2f}"
    factor = exp(min(evidence.effect, 9.0))
    return f"{title} ×{factor:.1f}" if factor >= 1.05 else title  # noqa: RUF001 - times
