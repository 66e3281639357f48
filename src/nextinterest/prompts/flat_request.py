"""The form in which a language model writes a `Request`, and the prompt of a model that was tuned to it.

A model is held to a flat, short form of `Request`: some of its fields, and of its constraints, in one
object; which ones depends on what the items of a catalogue have. The form is derived from the types by
`flat_form`, so that no field is defined twice. Training and serving build prompt and answer here, under
one template whose hash an adapter carries. In the answer of a tuned model titles and categories stand in
the person's own words: which item or category they mean is looked up afterwards, so that what is learned
holds for any catalogue.

Knows no model and no reader of messages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import copy
from functools import cache
from importlib.resources import files
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from nextinterest.domain import Catalog, Request, Where
from nextinterest.domain.where import Names
from nextinterest.messages import Message
from nextinterest.prompts.sanitise import neutralise
from nextinterest.prompts.template import PromptTemplate

__all__ = [
    "FIELDS",
    "FlatPlan",
    "FlatRequest",
    "attributes_for",
    "fields_for",
    "flags_of",
    "flat_form",
    "flat_plan",
    "request_answer",
    "request_prompt",
    "request_template",
]

FIELDS = (
    "intent",
    "count",
    "categories",
    "excluded_categories",
    "year_from",
    "year_to",
    "liked",
    "disliked",
    "similar_to",
    "query",
)
"""Fields that a tuned model has learned to write, in their order. The template names them, so that its hash
changes with them."""

MOST_MESSAGES = 7
MOST_REQUESTS = 4
MOST_ATTRIBUTES = 12
MOST_VALUES = 200
MOST_CHARACTERS = 400


class FlatRequest(BaseModel):
    """A request whose constraints stand beside its other fields; `flat_form` gives it those."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def of(cls, request: Request) -> FlatRequest:
        """Return a request in this form, without the fields that the form does not have.

        Nothing is checked: titles of a catalogue may be of any length.
        """
        return cls.model_construct(
            **{
                name: getattr(request.where if name in Where.model_fields else request, name)
                for name in cls.model_fields
            }
        )

    def request(self) -> Request:
        """Return the same as a `Request`.

        Raises
        ------
        ValueError
            If a first year, price or time lies after the last.
        """
        said = {name: getattr(self, name) for name in type(self).model_fields}
        for name in ("attributes", "excluded_attributes"):
            values = said.pop(name, None)
            if isinstance(values, BaseModel):
                dumped = values.model_dump(by_alias=True, exclude_none=True)
                said[name] = {key: _condition(value) for key, value in dumped.items()}
        where = Where(**{name: said.pop(name) for name in tuple(said) if name in Where.model_fields})
        return Request(where=where, **said)

    def asked(self) -> tuple[Request, ...]:
        """Return what is asked for: this request alone."""
        return (self.request(),)

    @model_validator(mode="after")
    def _is_request(self) -> Self:
        self.request()
        return self


class FlatPlan(BaseModel):
    """All requests of one message; `flat_plan` gives it their form."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests: tuple[FlatRequest, ...]

    def asked(self) -> tuple[Request, ...]:
        """Return what is asked for, in its order."""
        return tuple(one.request() for one in self.requests)


def _condition(value: bool | tuple[str, ...]) -> bool | str | tuple[str, ...]:
    """Return the condition on an attribute that a form's value is: one text, or one of several."""
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def fields_for(catalog: Catalog) -> tuple[str, ...]:
    """Return what a message about a catalogue may ask for: of constraints, those that its items can meet.

    Examples
    --------
    >>> from nextinterest.domain import Item
    >>> fields_for(Catalog.from_items([Item("1", "Espresso machine", price=90.0)]))[:5]
    ('intent', 'count', 'price_from', 'price_to', 'order')
    """
    details = catalog.details
    has: dict[str, bool] = {
        "categories": bool(catalog.category_names),
        "years": any(year is not None for year in catalog.years),
        "prices": details.prices is not None,
        "availability": details.stock is not None or details.available_until is not None,
    }
    constraints = {
        "categories": ("categories", "match", "excluded_categories"),
        "years": ("year_from", "year_to", "excluded_year_from", "excluded_year_to"),
        "prices": ("price_from", "price_to"),
        "availability": ("available",),
    }
    held = [name for kind, names in constraints.items() if has[kind] for name in names]
    items = ("excluded_items", "liked", "disliked", "seen", "similar_to", "less_like", "compared")
    return ("intent", "count", *held, "order", *items, "others", "about", "past", "query", "suggested")


def attributes_for(catalog: Catalog) -> tuple[str, ...]:
    """Return the attributes that a message may ask for by name: of few different words, or of yes and no.

    The commonest stand first.

    Examples
    --------
    >>> from nextinterest.domain import Item
    >>> attributes_for(Catalog.from_items([Item("1", "Espresso machine", attributes={"brand": "Gaggia"})]))
    ('brand',)
    """
    found: list[tuple[int, str]] = []
    for name, column in catalog.details.attributes.items():
        known = [value for value in column if value is not None]
        named = all(isinstance(value, str) for value in known) and len(set(known)) <= MOST_VALUES
        if known and (named or all(isinstance(value, bool) for value in known)):
            found.append((len(known), name))
    return tuple(name for _, name in sorted(found, key=lambda one: -one[0])[:MOST_ATTRIBUTES])


def flags_of(catalog: Catalog, attributes: Sequence[str]) -> tuple[str, ...]:
    """Return which of some attributes are yes or no.

    Examples
    --------
    >>> from nextinterest.domain import Item
    >>> flags_of(Catalog.from_items([Item("1", "Pan", attributes={"induction": True})]), ["induction"])
    ('induction',)
    """
    columns = catalog.details.attributes
    return tuple(
        name for name in attributes if all(isinstance(value, bool | None) for value in columns[name])
    )


@cache
def flat_form(
    names: tuple[str, ...] = FIELDS, attributes: tuple[str, ...] = (), flags: tuple[str, ...] = ()
) -> type[FlatRequest]:
    """Return the flat form of requests with some fields of `Request` and `Where`, derived from both.

    Parameters
    ----------
    names
        The fields, in the order they are written; the intent, where it is among them, has to be given.
    attributes
        Names of attributes of which a value can be asked for, or ruled out, each a field of ``attributes``
        and ``excluded_attributes``.
    flags
        Those of them that are yes or no.

    Examples
    --------
    >>> form = flat_form(("intent", "year_from"))
    >>> form(intent="recommend", year_from=1990).request().where.year_from
    1990
    >>> form.of(Request(where=Where(year_from=1990))).model_dump()
    {'intent': 'recommend', 'year_from': 1990}
    """
    found = [(name, _field(name)) for name in names]
    fields: dict[str, Any] = {name: (info.annotation, info) for name, info in found}
    if attributes:
        values: dict[str, Any] = {
            f"value_{n}": ((bool if name in flags else Names) | None, Field(default=None, alias=name))
            for n, name in enumerate(attributes)
        }
        config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)
        form = create_model("Attributes", __config__=config, **values)
        said = "Values that attributes must have, as the catalogue writes them; of several any one."
        fields["attributes"] = (form | None, Field(default=None, description=said))
        said = "Values that attributes of the items may not have: nothing of a brand, say."
        fields["excluded_attributes"] = (form | None, Field(default=None, description=said))
    return create_model("FlatRequest", __base__=FlatRequest, **fields)


@cache
def flat_plan(
    names: tuple[str, ...] = FIELDS, attributes: tuple[str, ...] = (), flags: tuple[str, ...] = ()
) -> type[FlatPlan]:
    """Return the form of a message's requests, each in the form of `flat_form`; at most `MOST_REQUESTS`.

    Examples
    --------
    >>> plan = flat_plan(("intent", "query"))
    >>> [one.intent for one in plan(requests=[{"intent": "thank"}, {"intent": "recommend"}]).asked()]
    ['thank', 'recommend']
    """
    said = "What the message asks for: one request for each thing that is wanted, in its order; mostly one."
    field = Field(min_length=1, max_length=MOST_REQUESTS, description=said)
    form: Any = flat_form(names, attributes, flags)
    return create_model("FlatPlan", __base__=FlatPlan, requests=(tuple[form, ...], field))


def _field(name: str) -> FieldInfo:
    if name == "excluded_items":  # a conversation names items by title
        said = "Titles of items to leave out of which no opinion is said."
        return FieldInfo.from_annotated_attribute(Names, Field(default=(), description=said))
    found = (Where if name in Where.model_fields else Request).model_fields[name]
    if name != "intent":
        return found
    required = copy(found)
    required.default = PydanticUndefined
    return required


@cache
def request_template() -> PromptTemplate:
    """Return the template; its hash is written into what was tuned under it."""
    source = files("nextinterest.prompts").joinpath("flat_request.jinja").read_text("utf-8")
    return PromptTemplate("flat-request", source)


def request_prompt(
    said: Sequence[tuple[str, str]], special_tokens: frozenset[str] = frozenset()
) -> list[Message]:
    r"""Return the prompt of a conversation, to be rendered by the model's chat template.

    Parameters
    ----------
    said
        (role, content) pairs, oldest first, the user's newest message last. Only the newest `MOST_MESSAGES`
        are shown, each up to `MOST_CHARACTERS`.
    special_tokens
        Control tokens of the model's tokenizer; none passes.

    Examples
    --------
    >>> request_prompt([("user", "three westerns"), ("assistant", "1. Shane"), ("user", "older")])[1].content
    'U: three westerns\nA: 1. Shane\nU: older'
    """
    template = request_template()
    lines = [
        template.render(
            "event",
            role=role,
            content=neutralise(content, max_chars=MOST_CHARACTERS, special_tokens=special_tokens),
        )
        for role, content in said[-MOST_MESSAGES:]
    ]
    return [
        Message(role="system", content=template.render("system").strip()),
        Message(role="user", content="".join(lines).strip()),
    ]


def request_answer(fields: Mapping[str, object]) -> str:
    """Return the answer that is learned: compact JSON of the fields that say something, in their order.

    Examples
    --------
    >>> request_answer({"query": None, "count": 3, "intent": "recommend", "liked": []})
    '{"intent":"recommend","count":3}'
    """
    kept = {name: fields[name] for name in FIELDS if fields.get(name) not in (None, [], ())}
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    return request_template().render("target", answer=text)
