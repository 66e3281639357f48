"""What a catalogue says of the items of a result beside their titles, categories and years."""

from __future__ import annotations

from nextinterest.domain import Catalog, KnownFacts, Outcome

__all__ = ["with_known"]

MOST_DESCRIPTION = 400


def with_known(outcome: Outcome, catalog: Catalog) -> Outcome:
    """Return a result with what else is known of the items that it lists, explains or has found."""
    made, why = outcome.recommendations, outcome.explanation
    ids = [one.item_id for one in outcome.found]
    ids += [] if made is None else [one.item_id for one in made.items]
    ids += [] if why is None else [why.item.item_id]
    known = {item_id: one for item_id in ids if (one := _known(catalog, item_id)) != KnownFacts()}
    return outcome.model_copy(update={"known": known}) if known else outcome


def _known(catalog: Catalog, item_id: str) -> KnownFacts:
    item = catalog[catalog.position(item_id)]
    return KnownFacts(
        price=item.price,
        attributes=dict(item.attributes),
        description=item.description[:MOST_DESCRIPTION] if item.description else None,
    )
