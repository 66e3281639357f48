"""Bodies of requests and answers of the HTTP API, beside the domain's own `Recommendations`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from nextinterest.agent.profiles import ProfileEvent

__all__ = [
    "EventsAccepted",
    "EventsRequest",
    "Forgotten",
    "Health",
    "ItemBody",
    "ItemsChanged",
    "ItemsRemoved",
    "ItemsRequest",
    "ModelCard",
    "ModelList",
    "Profile",
    "RecommendRequest",
]

ItemId = Field(min_length=1, max_length=512)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RecommendRequest(_Body):
    """Ask for a ranked list: for a user whose events the server holds, or for a history given here."""

    user: str | None = Field(default=None, description="Id of a user with live events.", max_length=256)
    history: list[str] | None = Field(
        default=None, description="Item ids or titles, oldest first, instead of a user.", max_length=10_000
    )
    k: int = Field(default=10, ge=1, le=10_000, description="Length of the list.")
    exclude_seen: bool = Field(default=True, description="Leave out items of the history.")
    on_unknown: Literal["raise", "skip"] = Field(
        default="raise", description="What to do with items of the history that the catalogue does not have."
    )


class EventsRequest(_Body):
    """Events of one user, written all or none."""

    events: list[ProfileEvent] = Field(description="What happened.", min_length=1, max_length=10_000)


class EventsAccepted(_Body):
    """The events are durable and count for the next answer."""

    accepted: int = Field(description="Events written, by this request or the first one with its key.")
    replayed: bool = Field(description="Whether the idempotency key was known, so that nothing was written.")


class Profile(_Body):
    """What the server holds of a user."""

    user: str = Field(description="Id of the user.")
    events: list[ProfileEvent] = Field(description="All events, oldest first.")


class Forgotten(_Body):
    """A user was forgotten."""

    user: str = Field(description="Id of the user.")
    events: int = Field(description="Events that were removed.")


class ItemBody(_Body):
    """One item of the catalogue."""

    id: str = Field(description="Unique id.", min_length=1, max_length=512)
    title: str = Field(description="Title.", min_length=1, max_length=4096)
    categories: list[str] = Field(default_factory=list, description="Categories.", max_length=64)
    year: int | None = Field(default=None, description="Year.", ge=-9999, le=9999)
    description: str | None = Field(default=None, description="Longer text.", max_length=65_536)


class ItemsRequest(_Body):
    """Items to add; those whose id exists are replaced."""

    items: list[ItemBody] = Field(description="The items.", min_length=1, max_length=1000)


class ItemsChanged(_Body):
    """The catalogue and its index follow."""

    added: int = Field(description="Items that were new.")
    replaced: int = Field(description="Items that were known.")
    total: int = Field(description="Items of the catalogue now.")


class ItemsRemoved(_Body):
    """Items were removed from the catalogue and its index."""

    removed: int = Field(description="How many.")
    total: int = Field(description="Items of the catalogue now.")


class ModelCard(_Body):
    """A model as OpenAI's API lists it."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "nextinterest"


class ModelList(_Body):
    """The models this server answers with."""

    object: Literal["list"] = "list"
    data: list[ModelCard]


class Health(_Body):
    """The server is up."""

    status: Literal["ok"] = "ok"
