"""The terms of the package, named once: items, events, histories, the catalogue, requests, ranked lists.

In bulk everything is columnar: a `History` holds arrays of catalogue *positions* (0 .. n_items - 1), not
objects, and a `Catalog` holds columns. `Item` and `Event` are views for one thing at a time. The pydantic
models of `outputs` are what callers and the HTTP API receive.

This package knows nothing of files, text prompts, language models or indexes.
"""

from nextinterest.domain.arrays import BoolArray, FloatArray, IntArray, TimeArray
from nextinterest.domain.catalog import NO_CATEGORY, Catalog
from nextinterest.domain.details import ItemDetails, MomentArray
from nextinterest.domain.history import Event, History
from nextinterest.domain.interests import InterestForecaster, InterestForecasts
from nextinterest.domain.items import AttributeValue, Availability, Item
from nextinterest.domain.kinds import KINDS, MAX_KINDS, NEGATIVE_KINDS, Kinds, kind_name
from nextinterest.domain.names import found_name, normal_name
from nextinterest.domain.next_interests import GeneratedItem, HowGrounded, NextInterest, NextInterests
from nextinterest.domain.outcome import (
    Background,
    Confirmation,
    Explanation,
    FoundItem,
    KnownFacts,
    Outcome,
    Past,
    PastEvent,
    Question,
    Relaxation,
)
from nextinterest.domain.outputs import Evidence, Recommendation, Recommendations, RequestMatch
from nextinterest.domain.ranking import ItemScorer, Rankings, Recommender
from nextinterest.domain.request import Intent, Order, Request
from nextinterest.domain.schemas import json_schemas
from nextinterest.domain.session import Answer, Session, SessionState, events_after
from nextinterest.domain.trace import Trace, TraceStep, traced, with_titles
from nextinterest.domain.usage import Usage
from nextinterest.domain.where import Conditions, Span, Where

__all__ = [
    "KINDS",
    "MAX_KINDS",
    "NEGATIVE_KINDS",
    "NO_CATEGORY",
    "Answer",
    "AttributeValue",
    "Availability",
    "Background",
    "BoolArray",
    "Catalog",
    "Conditions",
    "Confirmation",
    "Event",
    "Evidence",
    "Explanation",
    "FloatArray",
    "FoundItem",
    "GeneratedItem",
    "History",
    "HowGrounded",
    "IntArray",
    "Intent",
    "InterestForecaster",
    "InterestForecasts",
    "Item",
    "ItemDetails",
    "ItemScorer",
    "Kinds",
    "KnownFacts",
    "MomentArray",
    "NextInterest",
    "NextInterests",
    "Order",
    "Outcome",
    "Past",
    "PastEvent",
    "Question",
    "Rankings",
    "Recommendation",
    "Recommendations",
    "Recommender",
    "Relaxation",
    "Request",
    "RequestMatch",
    "Session",
    "SessionState",
    "Span",
    "TimeArray",
    "Trace",
    "TraceStep",
    "Usage",
    "Where",
    "events_after",
    "found_name",
    "json_schemas",
    "kind_name",
    "normal_name",
    "traced",
    "with_titles",
]
