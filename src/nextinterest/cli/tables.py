"""Tables that several commands draw."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from rich.markup import escape
from rich.table import Table

from nextinterest.counting import counted
from nextinterest.domain import Evidence, Recommendations

__all__ = ["recommendations_table", "similar_table"]


def recommendations_table(result: Recommendations) -> Table:
    """Draw a ranked list with probabilities and evidence."""
    whom = f"user {result.user}" if result.user is not None else "this history"
    table = Table(title=f"For {whom}, from {counted(result.events_used, 'event')}", title_justify="left")
    table.add_column("#", justify="right")
    table.add_column("Item", overflow="fold")
    table.add_column("Categories", style="dim", overflow="fold")
    table.add_column("P(next)", justify="right")
    table.add_column("Because of", style="dim", overflow="fold")
    for item in result.items:
        year = f" ({item.year})" if item.year is not None else ""
        table.add_row(
            str(item.rank),
            escape(item.title + year),
            escape(", ".join(item.categories)),
            f"{item.probability:.2%}",
            escape(", ".join(_reason(e) for e in item.evidence)),
        )
    return table


def similar_table(result: Recommendations, named: Sequence[str]) -> Table:
    """Draw a list of items like those named, with what says that they are alike."""
    table = Table(title=escape(f"Like {', '.join(named)}"), title_justify="left")
    table.add_column("#", justify="right")
    table.add_column("Item", overflow="fold")
    table.add_column("Categories", style="dim", overflow="fold")
    table.add_column("Similarity", justify="right")
    table.add_column("Of which", style="dim", overflow="fold")
    for item in result.items:
        year = f" ({item.year})" if item.year is not None else ""
        total, *shares = item.scores.items()
        table.add_row(
            str(item.rank),
            escape(item.title + year),
            escape(", ".join(item.categories)),
            f"{total[1]:.1f}",
            ", ".join(f"{name.replace('_', ' ')} {share:.1f}" for name, share in shares),
        )
    return table


def _reason(evidence: Evidence) -> str:
    """Return an event's title, and what it multiplies the item's probability by, or how close its text is."""
    if evidence.effect is None:
        return f"{evidence.title} {evidence.similarity:.2f}"
    factor = exp(min(evidence.effect, 9.0))
    return f"{evidence.title} ×{factor:.1f}" if factor >= 1.05 else evidence.title  # noqa: RUF001 - times
