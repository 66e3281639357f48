"""What a model's plan tells apart: dislikes, items seen or left out, others, values not wanted."""

from __future__ import annotations

import json

import pytest

from nextinterest.agent.chat import ChatContext, ModelReader, Understood
from nextinterest.domain import Catalog, Item, Where
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.messages import Message

SAID = (Message(role="user", content="..."),)


def read(context: ChatContext, *messages: Message, **fields: object) -> Understood:
    plan = json.dumps({"requests": [{"intent": "recommend", **fields}]})
    return ModelReader(ScriptedLanguageModel([plan])).read(messages or SAID, context)


def reported(read: Understood, context: ChatContext) -> list[tuple[str, str]]:
    return [(context.catalog.titles[one.item], one.kind) for one in read.reported]


@pytest.mark.parametrize("intent", ["recommend", "similar", "feedback"])
def test_what_is_disliked_or_only_seen_is_noted_as_that(cinema: ChatContext, intent: str) -> None:
    said = read(cinema, intent=intent, disliked=["Alien"], seen=["blade runer"])
    assert reported(said, cinema) == [("Alien", "disliked"), ("Blade Runner", "seen")]


def test_what_is_only_left_out_is_no_opinion(cinema: ChatContext) -> None:
    said = read(cinema, excluded_items=["alien", "Oppenheimer"])
    assert said.reported == ()
    alien = cinema.catalog.ids[cinema.catalog.titles.index("Alien")]
    assert said.request.where.excluded_items == (alien, "Oppenheimer")


def test_others_are_not_those_of_the_lists_shown(cinema: ChatContext) -> None:
    shown = Message(role="assistant", content="Here:\n1. Alien (1979): Horror\n2. Emma: Romance")
    talk = (Message(role="user", content="films"), shown, Message(role="user", content="others"))
    left_out = read(cinema, *talk, others=True).request.where.excluded_items
    assert {cinema.catalog.titles[cinema.catalog.position(one)] for one in left_out} == {"Alien", "Emma"}
    assert read(cinema, *talk).request.where.excluded_items == ()


def test_values_not_wanted_and_yes_or_no() -> None:
    pans = [
        Item("a", "Pan", attributes={"brand": "Sonder", "induction": True}),
        Item("b", "Pot", attributes={"brand": "Peak", "induction": False}),
    ]
    context = ChatContext(Catalog.from_items(pans))
    no, yes = {"brand": "Sonder"}, {"induction": True}
    said = read(context, excluded_attributes=no, attributes=yes)
    assert said.request.where == Where(attributes={"induction": True}, excluded_attributes=no)
