"""The nouns of the house, named once: items, events, histories, the catalogue, ranked lists.

In bulk everything is columnar: a `History` holds arrays of catalogue *positions* (0 .. n_items - 1), not
objects, and a `Catalog` holds columns. `Item` and `Event` are views for one thing at a time. The pydantic
models of `outputs` are what callers and the HTTP API receive.

This package knows nothing of files, text prompts, language models or indexes.
"""

from nextinterest.domain.arrays import BoolArray, FloatArray, IntArray, TimeArray
from nextinterest.domain.catalog import NO_CATEGORY, Catalog, Item
from nextinterest.domain.history import Event, History
from nextinterest.domain.interests import InterestForecaster, InterestForecasts
from nextinterest.domain.names import found_name, normal_name
from nextinterest.domain.outputs import Evidence, Recommendation, Recommendations
from nextinterest.domain.ranking import Candidate, ItemScorer, Rankings, Recommender

__all__ = [
    "NO_CATEGORY",
    "BoolArray",
    "Candidate",
    "Catalog",
    "Event",
    "Evidence",
    "FloatArray",
    "History",
    "IntArray",
    "InterestForecaster",
    "InterestForecasts",
    "Item",
    "ItemScorer",
    "Rankings",
    "Recommendation",
    "Recommendations",
    "Recommender",
    "TimeArray",
    "found_name",
    "normal_name",
]
