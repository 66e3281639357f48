"""Conditions on attributes and times of publication, in words: "brand Nike", "bpm at least 160"."""

from __future__ import annotations

from collections.abc import Iterator

from nextinterest.domain import Span, Where
from nextinterest.domain.where import AttributeCondition
from nextinterest.prompts.lines import value_text

__all__ = ["condition_words"]


def condition_words(where: Where) -> Iterator[str]:
    """Yield what attributes, years and times of publication must be and may not be, one text a condition.

    Examples
    --------
    >>> where = Where(
    ...     attributes={"brand": ("Nike", "Puma"), "weight_g": Span(most=250.0), "waterproof": True},
    ...     excluded_attributes={"colour": "black"},
    ... )
    >>> list(condition_words(where))
    ['brand Nike or Puma', 'weight g at most 250', 'waterproof', 'not colour black']
    """
    for name, condition in where.attributes.items():
        yield _one(name, condition)
    for name, condition in where.excluded_attributes.items():
        yield f"not {_one(name, condition)}"
    years = (where.excluded_year_from, where.excluded_year_to)
    if any(year is not None for year in years):
        yield f"not from {' to '.join(str(year) for year in dict.fromkeys(years) if year is not None)}"
    for relation, time in (("since", where.published_from), ("until", where.published_to)):
        if time is not None:
            yield f"published {relation} {time:%Y-%m-%d}"


def _one(name: str, condition: AttributeCondition) -> str:
    label = name.replace("_", " ")
    if isinstance(condition, bool):
        return label if condition else f"not {label}"
    if isinstance(condition, Span):
        bounds = (("at least", condition.least), ("at most", condition.most))
        return f"{label} " + " and ".join(f"{how} {value:.4g}" for how, value in bounds if value is not None)
    values = condition if isinstance(condition, tuple) else (condition,)
    return f"{label} {' or '.join(map(value_text, values))}"
