"""What somebody asks for, as data: one message of a conversation, or one call.

Items are named by title or id, as whoever asks names them; what they mean is looked up by whoever carries the
request out. Knows neither how requests are read nor how they are carried out.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from nextinterest.domain.where import Name, Names, Where

__all__ = ["Intent", "Order", "Request"]

Intent = Literal[
    "recommend", "similar", "explain", "feedback", "profile", "search", "ask", "forget",
    "greet", "thank", "bye", "complain", "other",
]  # fmt: skip
"""What is wanted: a list, a list around items, reasons, to say something of items, one's own interests, an
item looked up, what is known of one, something taken back; small talk of four kinds; or anything else."""

Order = Literal["newest", "oldest", "cheapest", "dearest", "most_popular", "best_rated"]
"""What a list is ordered by in place of what fits the person."""

MAX_COUNT = 10_000


class Request(BaseModel):
    """All that a message or a call can ask for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intent: Intent = Field(
        default="recommend",
        description="recommend: a list of items. similar: items like a named one. explain: why an item was "
        "recommended. feedback: what the person saw, liked or disliked. profile: the person's own interests. "
        "search: whether an item exists, or how many meet conditions. ask: a question about a named item, "
        "such as what it is like or costs. forget: take back what was said. greet, thank, bye, complain: "
        "small talk without a request. other: anything else, which a recommender does not do.",
    )
    where: Where = Field(default=Where(), description="Constraints that every item must meet.")
    count: int | None = Field(
        default=None, ge=1, le=MAX_COUNT, description="How many items, where a number was asked for."
    )
    liked: Names = Field(default=(), description="Items the person says they like.")
    disliked: Names = Field(default=(), description="Items the person dislikes; a list leaves them out.")
    seen: Names = Field(default=(), description="Items the person only says they have seen or have.")
    similar_to: Names = Field(default=(), description="Items that the results should resemble.")
    compared: Names = Field(
        default=(),
        description="Two or more named items that the person compares or chooses between; no others are "
        "listed then.",
    )
    less_like: Names = Field(default=(), description="Items of whose kind less is wanted.")
    query: Name | None = Field(
        default=None,
        description="The item that is looked up, asked about, explained, taken back or said to be seen, or "
        "words that no other field holds; 'everything' where all is to be forgotten.",
    )
    about: Name | None = Field(
        default=None,
        description="For ask: the property that is asked about, such as price, director or material.",
    )
    order: Order | None = Field(
        default=None, description="What the list is ordered by, where the person says so: newest first, say."
    )
    past: Names = Field(
        default=(),
        description="For profile: which of the person's own past events are asked for: liked, disliked, "
        "rated, another kind of the history such as bought, or all. Empty for their interests as a whole.",
    )
    suggested: Names = Field(
        default=(),
        description="Up to eight items that fit the query of a list, named by whoever reads the message: "
        "titles, or what such an item would be called. Those that the catalogue has are candidates.",
    )
    references: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(), max_length=100, description="Items of the list shown last, by their number in it, from 1."
    )
    others: bool = Field(
        default=False, description="Whether items listed before in this conversation are left out."
    )
    exclude_seen: bool = Field(default=True, description="Whether items of the history are left out.")
    horizon_events: int | None = Field(
        default=None, ge=1, le=1000, description="For profile: how many events ahead interests are forecast."
    )
    horizon_days: float | None = Field(
        default=None, gt=0, le=3650, description="For profile: or how many days.", allow_inf_nan=False
    )
