"""Nothing is said twice: names that nothing was found for, what a model words near the template, failures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.endpoint import Endpoint, failure, serving
from support.films import FILMS
from support.planning import Plan, planned, talked

from nextinterest.agent.chat.worded import worded
from nextinterest.domain import (
    Confirmation,
    Explanation,
    FoundItem,
    Outcome,
    Recommendation,
    Recommendations,
    Request,
)
from nextinterest.llm import ScriptedLanguageModel

LIST = Outcome(
    request=Request(count=1),
    recommendations=Recommendations(
        events_used=0,
        items=(
            Recommendation(
                rank=1, item_id="f", title="Fargo", categories=("Crime",), year=1996, probability=0.1
            ),
        ),
    ),
)
WHY = Outcome(
    request=Request(intent="explain", query="Fargo"),
    explanation=Explanation(
        item=FoundItem(
            item_id="f", title="Fargo", categories=("Crime",), year=1996, asked="Fargo", match=1.0
        ),
        rank=1,
        probability=0.2,
        events=0,
    ),
)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


def test_an_unknown_title_is_named_once(endpoint: Endpoint) -> None:
    plan = {"intent": "similar", "liked": ["Oppenheimer"], "similar_to": ["Oppenheimer"]}
    reply = talked(planned(FILMS, endpoint, {"like oppenheimer": plan}), "like oppenheimer")
    assert reply.text.count("Oppenheimer") == 1


def test_items_that_a_model_knows_to_be_like_an_unknown_one_are_listed(endpoint: Endpoint) -> None:
    plan: Plan = {
        "intent": "similar",
        "similar_to": ["Oppenheimer"],
        "suggested": ["Heat", "Fargo"],
        "count": 2,
    }
    reply = talked(planned(FILMS, endpoint, {"like oppenheimer": plan}), "like oppenheimer")
    assert reply.recommendations is not None
    assert len(reply.recommendations.items) == 2
    assert reply.unknown == ("Oppenheimer",)


def test_what_the_template_opened_with_is_not_said_again() -> None:
    said = [
        "Praise for Fargo!\nI have no history of you yet, so here is the most popular one.\n"
        "Fargo is a Crime item."
    ]
    text = "".join(worded(LIST, "something", ScriptedLanguageModel(said)))
    assert text.count("no history of you") == 1


def test_a_fact_without_a_name_in_nearly_its_words_is_said() -> None:
    said = ["I have no history of you yet, so that is its popularity, not your taste."]
    text = "".join(worded(WHY, "why fargo", ScriptedLanguageModel(said)))
    assert text.count("popularity") == 1


def test_whoever_words_a_reply_knows_what_was_asked_for_and_noted() -> None:
    seen = FoundItem(item_id="h", title="Heat", asked="Heat", match=1.0)
    noted = Confirmation(kind="reported", liked=(seen,), events=1, durable=False)
    request = Request(count=1, query="slow and dark")
    model = ScriptedLanguageModel(["Here is one for you."])
    outcome = LIST.model_copy(update={"request": request, "confirmation": noted})
    assert list(worded(outcome, "something slow and dark, I loved Heat", model))
    prompt = model.calls[-1].messages[-1][1]
    assert "- asked for: slow and dark" in prompt
    assert "- noted as liked: Heat" in prompt


def test_a_failing_endpoint_is_said_once_in_plain_words(endpoint: Endpoint) -> None:
    agent = planned(FILMS, endpoint, {})
    endpoint.script = [failure(400, "no")]
    reply = talked(agent, "a crime film")
    assert reply.recommendations is not None
    assert "Read by rules: the language model failed." in reply.notes
    assert reply.text.splitlines()[-1] == (
        "The language model gave no usable answer, so this was done without it."
    )
