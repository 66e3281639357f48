"""Bodies of requests and answers of the HTTP API, beside the domain's own `Recommendations`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from nextinterest.agent.config import OnUnknown
from nextinterest.amounts import Amount
from nextinterest.domain import Event, Session
from nextinterest.domain.portraits import InterestPortrait
from nextinterest.interests.words import TextPortrait
from nextinterest.profiles import ProfileEvent
from nextinterest.server.asked import AskedFor, Constraints, Words
from nextinterest.server.body import Body
from nextinterest.server.failures import Failure
from nextinterest.server.item_bodies import ItemBody
from nextinterest.server.names import UserName
from nextinterest.server.sessions import SessionId

__all__ = [
    "About",
    "Ahead",
    "CarryOutRequest",
    "EventsAccepted",
    "EventsRequest",
    "ForecastQuery",
    "ForecastRequest",
    "Forgotten",
    "GenerateRequest",
    "Health",
    "Interests",
    "InterestsRequest",
    "ModelCard",
    "ModelList",
    "Profile",
    "RecommendRequest",
    "SimilarRequest",
    "UserName",
    "Users",
]


Time = Annotated[AwareDatetime, Field(strict=False)]  # JSON has no times; they come as text


class HistoryEvent(Body):
    """One event of a history given in a request."""

    item: str = Field(description="Id or title of the item.", min_length=1, max_length=4096)
    time: Time | None = Field(default=None, description="When it happened (with a time zone).")
    rating: Amount | None = Field(default=None, description="Rating, where one was given.")


_TRACE = "Return each step of the answer with it: prompts, what was found, tokens, time."

_EITHER: dict[str, JsonValue] = {
    "oneOf": [
        {"required": [given], "properties": {given: {"type": kind}, other: {"type": "null"}}}
        for given, kind, other in (("user", "string", "history"), ("history", "array", "user"))
    ]
}


def _about(**example: JsonValue) -> ConfigDict:
    """Return the configuration of a body about somebody, with an example."""
    return ConfigDict(json_schema_extra={**_EITHER, "examples": [example]})


class About(Body):
    """Whom a request is about: a user whose events the server holds, or a history given here."""

    model_config = ConfigDict(json_schema_extra=_EITHER)

    user: UserName | None = Field(default=None, description="Id of a user with live events.")
    history: list[str | HistoryEvent] | None = Field(
        default=None,
        description="Item ids, titles or events, oldest first, instead of a user. Events that all carry "
        "times are sorted by them.",
        max_length=10_000,
    )
    on_unknown: OnUnknown = Field(
        default="raise", description="What to do with items of the history that the catalogue does not have."
    )

    def given(self) -> tuple[str | None, list[str | Event] | None]:
        """Return the user and the history, one of which is None.

        Raises
        ------
        Failure
            422 where both or neither is given.
        """
        one = self.one()
        return (one, None) if isinstance(one, str) else (None, one)

    def one(self) -> str | list[str | Event]:
        """Return the user or the history, as the agent takes it.

        Raises
        ------
        Failure
            422 where both or neither is given.
        """
        if (self.user is None) == (self.history is None):
            raise Failure(422, "Give either user or history.", code="invalid_value", param="user")
        if self.user is not None:
            return self.user
        return [
            given if isinstance(given, str) else Event(given.item, given.time, given.rating)
            for given in self.history or []
        ]


class RecommendRequest(About):
    """Ask for a ranked list."""

    model_config = _about(user="zoe", k=5, where={"categories": ["Crime"], "year_from": 1980})

    k: int = Field(default=10, ge=1, le=10_000, description="Length of the list.")
    exclude_seen: bool = Field(default=True, description="Leave out items of the history.")
    where: Constraints | None = Field(default=None, description="Constraints that every item must meet.")
    query: Words | None = Field(
        default=None, description="What is asked for, in free text: items whose texts are close rank higher."
    )
    trace: bool = Field(default=False, description=_TRACE)


class SimilarRequest(Body):
    """Ask for items like others."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": ["night-ferry"], "k": 5}]})

    items: list[Annotated[str, Field(min_length=1, max_length=4096)]] = Field(
        description="Ids or titles of the items to resemble.", min_length=1, max_length=100
    )
    user: UserName | None = Field(
        default=None, description="Id of a user with live events, whose items are left out."
    )
    k: int = Field(default=10, ge=1, le=10_000, description="Length of the list.")
    exclude_seen: bool = Field(default=True, description="Leave out items of the user's history.")
    on_unknown: OnUnknown = Field(
        default="raise", description="What to do with items that the catalogue does not have."
    )
    where: Constraints | None = Field(default=None, description="Constraints that every item must meet.")
    trace: bool = Field(default=False, description=_TRACE)


class GenerateRequest(About):
    """Ask the language model what comes next."""

    model_config = _about(user="zoe", n=5, request="something slow and dark")

    n: int = Field(default=10, ge=1, le=1000, description="Titles, at most.")
    request: Words | None = Field(default=None, description="What the person asks for, in their words.")
    where: Constraints | None = Field(default=None, description="Constraints that every item must meet.")
    exclude_seen: bool = Field(default=True, description="Leave out items of the history.")
    trace: bool = Field(default=False, description=_TRACE)


class CarryOutRequest(About):
    """Ask for what a request says."""

    model_config = _about(
        user="zoe",
        request={"intent": "recommend", "count": 3, "where": {"excluded_categories": ["Horror"]}},
    )

    request: AskedFor = Field(description="What is asked for; items are named by id or title.")
    confirm_forget: bool = Field(
        default=False, description="Whether the person has confirmed what the request deletes."
    )
    session: SessionId | None = Field(
        default=None, description="The conversation that it belongs to; see /v1/chat/completions."
    )


class InterestsRequest(About):
    """Ask for interests over time."""

    model_config = _about(user="zoe")


class Ahead(Body):
    """How far to look ahead, and how."""

    horizon_events: int = Field(default=10, ge=1, le=1000, description="Events ahead.")
    horizon_days: float | None = Field(
        default=None,
        gt=0,
        le=3650,
        description="Days ahead, instead of events; needs a history with times.",
        allow_inf_nan=False,
    )
    n_paths: int = Field(default=0, ge=0, le=256, description="Likely item paths to sample besides.")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="Seed of what is sampled.")
    trace: bool = Field(default=False, description=_TRACE)

    @property
    def horizon(self) -> int | timedelta:
        """The horizon as the agent takes it.

        Raises
        ------
        Failure
            422 where both events and days are given.
        """
        if self.horizon_days is not None and "horizon_events" in self.model_fields_set:
            raise Failure(
                422, "Give either horizon_events or horizon_days.", code="invalid_value", param="horizon_days"
            )
        return self.horizon_events if self.horizon_days is None else timedelta(days=self.horizon_days)


class ForecastQuery(Ahead):
    """Ask where a user's interests go."""

    model_config = ConfigDict(strict=False)  # in a query everything is text

    user: UserName = Field(description="Id of a user with live events.")


class ForecastRequest(About, Ahead):
    """Ask where interests go: over the next events, or over days."""

    model_config = _about(user="zoe", horizon_events=5)


class Interests(Body):
    """Interests over time, in numbers and in words."""

    portrait: InterestPortrait = Field(description="Shares, changes and windows, with their evidence.")
    words: TextPortrait = Field(description="The same in a few sentences, each with what it rests on.")


class Users(Body):
    """Users of whom the server holds events."""

    users: list[str] = Field(description="Their ids, sorted.")


class EventsRequest(Body):
    """Events of one user, written all or none."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"events": [{"item_id": "night-ferry", "kind": "liked"}]}]}
    )

    events: list[ProfileEvent] = Field(description="What happened.", min_length=1, max_length=10_000)


class EventsAccepted(Body):
    """The events are durable and count for the next answer."""

    accepted: int = Field(description="Events written, by this request or the first one with its key.")
    replayed: bool = Field(description="Whether the idempotency key was known, so that nothing was written.")


class Profile(Body):
    """What the server holds of a user."""

    sessions: list[Session] = Field(description="Conversations that are kept for a while.")

    user: str = Field(description="Id of the user.")
    events: list[ProfileEvent] = Field(description="All events, oldest first.")
    items: dict[str, ItemBody] = Field(
        description="What the catalogue says of their items, by id; without items it no longer has."
    )


class Forgotten(Body):
    """A user was forgotten."""

    user: str = Field(description="Id of the user.")
    events: int = Field(description="Events that were removed.")


class ModelCard(BaseModel):
    """A model as OpenAI's API lists it."""

    id: str = Field(description="By which a chat names it.")
    object: Literal["model"] = "model"
    created: int = Field(description="Start of the server, in seconds since 1970.")
    owned_by: str = "nextinterest"
    language_model: str | None = Field(description="The language model inside, where there is one.")


class ModelList(Body):
    """The models this server answers with."""

    object: Literal["list"] = "list"
    data: list[ModelCard]


class Health(Body):
    """The server is up."""

    status: Literal["ok"] = "ok"
