"""Items that a model behind an endpoint names for a request in words: candidates, never more than that."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from support.endpoint import Body, Endpoint, Reply, clever, failure, prompt_of, serving
from support.films import WordEncoder
from support.shop import dataset

from nextinterest import Item, RecommenderAgent
from nextinterest.agent import AgentConfig
from nextinterest.domain import Where
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.messages import Message

LINE = re.compile(r"^([A-Z])\. (.*)$", re.MULTILINE)
QUERY = "slow and dark"
FILMS = tuple(Item(f"x{n}", f"Film {n}", ("Drama",)) for n in range(60))
GLOOM = Item("gloom", "Gloomy Sunday", ("Thriller",), 1999)
DUSK = Item("dusk", "A bleak dusk", ("Crime",), 2001)


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())
    with serving() as server:
        yield server


def knowing(*named: str, plan: dict[str, object] | None = None) -> Callable[[Body], Reply]:
    """A model that names items for a request, and ranks these first where they are offered."""

    def objects(schema: dict[str, object] | None, prompt: str) -> object:
        if "what such an item would be called there" in prompt:
            return {"items": list(named)}
        if "newest message" in prompt:
            return {"requests": [plan]}
        offered = [(letter, text) for letter, text in LINE.findall(prompt.split("Candidates")[-1])]
        first = [letter for letter, text in offered if GLOOM.title in text or DUSK.title in text]
        return {"ranking": first or [offered[0][0]], "sure": 60 if first else 5}

    return clever(objects)


def agent_of(endpoint: Endpoint, **config: int) -> RecommenderAgent:
    return RecommenderAgent.from_dataset(
        dataset((*FILMS, GLOOM, DUSK)),
        language_model=f"openai:m@{endpoint.url}",
        roles={"word": None},
        config=AgentConfig(**config),
    )


def offered(endpoint: Endpoint) -> str:
    return prompt_of(endpoint.bodies[-1]).split("Candidates, listed in no particular order:")[1]


def test_what_a_model_names_is_reranked_and_recommended(endpoint: Endpoint) -> None:
    endpoint.script = [knowing("Gloomy Sunday (1999)", "The Film Nobody Made", "a bleak dusk over the town")]
    agent = agent_of(endpoint)
    before = agent.recommend(user="u3", k=5)
    assert GLOOM.title not in [item.title for item in before.items]
    asked = len(endpoint.bodies)
    answer = agent.recommend(user="u3", k=5, query=QUERY, trace=True)
    assert len(endpoint.bodies) == asked + 2
    assert {GLOOM.title, DUSK.title} <= {
        text.split(" [")[0].split(" (")[0] for _, text in LINE.findall(offered(endpoint))
    }
    best = answer.items[0]
    assert {best.title, answer.items[1].title} == {GLOOM.title, DUSK.title}
    sources = {item.title: item.sources for item in answer.items}
    assert sources[GLOOM.title]["suggested"] == 1
    assert sources[DUSK.title]["suggested: a bleak dusk over the town"] == 1
    assert sum(item.probability for item in answer.items) <= 1.0
    assert answer.trace is not None
    assert "suggest" in [step.name for step in answer.trace.steps]


def test_constraints_and_seen_items_hold_for_what_is_named(endpoint: Endpoint) -> None:
    endpoint.script = [knowing("Gloomy Sunday", "A bleak dusk", "Film 1")]
    agent = agent_of(endpoint)
    only = Where(categories=("Drama",))
    assert {i.categories for i in agent.recommend(user="u3", query=QUERY, where=only).items} == {("Drama",)}
    assert GLOOM.title not in offered(endpoint)
    history = [GLOOM.title, "Film 2"]
    assert GLOOM.title not in [item.title for item in agent.recommend(history, query=QUERY).items]


def test_half_of_the_candidates_are_retrieval_s(endpoint: Endpoint) -> None:
    endpoint.script = [knowing(*(f"Film {n}" for n in range(40)))]
    agent = agent_of(endpoint, n_candidates=8, suggested=40)
    plain = RecommenderAgent.from_dataset(dataset((*FILMS, GLOOM, DUSK)), language_model=None)
    usual = [item.title for item in plain.recommend(user="u3", k=4, query=QUERY).items]
    agent.recommend(user="u3", query=QUERY)
    assert set(usual) <= {text.split(" [")[0] for _, text in LINE.findall(offered(endpoint))}


def test_nothing_is_asked_without_words_or_where_it_is_switched_off(endpoint: Endpoint) -> None:
    endpoint.script = [knowing("Gloomy Sunday")]
    for agent, query in ((agent_of(endpoint), None), (agent_of(endpoint, suggested=0), QUERY)):
        before = len(endpoint.bodies)
        agent.recommend(user="u3", query=query)
        asked = [prompt_of(body) for body in endpoint.bodies[before:]]
        assert not any("would be called there" in prompt for prompt in asked)
    local = RecommenderAgent.from_dataset(dataset(FILMS), language_model=ScriptedLanguageModel())
    assert local.recommend(user="u3", query=QUERY).items


def test_an_answer_that_cannot_be_read_names_nothing(endpoint: Endpoint) -> None:
    well = knowing()
    endpoint.script = [
        lambda body: (
            Reply("I would rather not.") if "would be called there" in prompt_of(body) else well(body)
        )
    ]
    answer = agent_of(endpoint).recommend(user="u3", query=QUERY)
    assert len(answer.items) == 10
    assert not any("suggested" in source for item in answer.items for source in item.sources)


def test_in_chat_the_plan_names_them_and_no_request_is_added(endpoint: Endpoint) -> None:
    plan: dict[str, object] = {"intent": "recommend", "query": QUERY, "suggested": ["Gloomy Sunday"]}
    endpoint.script = [knowing(plan=plan)]
    reply = agent_of(endpoint).chat([Message(role="user", content="slow and dark please")], user="u3")
    assert reply.recommendations is not None
    assert reply.recommendations.items[0].title == GLOOM.title
    assert reply.request.suggested == ("Gloomy Sunday",)
    assert not any("would be called there" in json.dumps(body) for body in endpoint.bodies)


def test_an_endpoint_that_fails_leaves_the_chat_a_list(endpoint: Endpoint) -> None:
    plan: dict[str, object] = {"intent": "recommend", "query": QUERY}
    well = knowing(plan=plan)
    endpoint.script = [lambda body: well(body) if "newest message" in prompt_of(body) else failure(400, "no")]
    reply = agent_of(endpoint).chat([Message(role="user", content="slow and dark please")], user="u3")
    assert reply.recommendations is not None
    assert reply.recommendations.items
    assert any("language model failed" in note for note in reply.recommendations.notes)


def test_a_model_that_read_the_words_is_not_said_to_have_followed_the_history(endpoint: Endpoint) -> None:
    plan: dict[str, object] = {"intent": "recommend", "query": "Heat or Collateral"}
    endpoint.script = [knowing(plan=plan)]
    agent = agent_of(endpoint)
    assert agent.recommend(user="u3", query="Heat or Collateral").match == "read"
    said = [Message(role="user", content="pick one for me")]
    for reply in (agent.chat(said, user="u3"), agent.chat(said, history=[])):
        assert reply.recommendations is not None
        assert reply.recommendations.match == "read"
        for untrue in ("matches", "order is", "popular"):
            assert untrue not in reply.text
    plain = RecommenderAgent.from_dataset(dataset(FILMS), language_model=None)
    assert plain.recommend(user="u3", query="Heat or Collateral").match != "read"


def test_where_no_candidate_fits_the_list_says_so(endpoint: Endpoint) -> None:
    none = {"ranking": [], "sure": 0}
    endpoint.script = [clever(lambda schema, prompt: {"items": []} if "would be called" in prompt else none)]
    answer = agent_of(endpoint).recommend(user="u3", query=QUERY)
    plain = RecommenderAgent.from_dataset(dataset((*FILMS, GLOOM, DUSK)), language_model=None)
    assert answer.match in {"weak", "none"}
    usual = plain.recommend(user="u3", query=QUERY)
    assert [item.item_id for item in answer.items] == [item.item_id for item in usual.items]
    assert "rank none" in prompt_of(endpoint.bodies[-1])


def test_what_is_named_for_items_like_others_is_reranked_with_or_without_words(endpoint: Endpoint) -> None:
    plan: dict[str, object] = {
        "intent": "similar",
        "similar_to": ["Film 3"],
        "suggested": ["Gloomy Sunday", "a bleak dusk over the town"],
    }
    for more in ({}, {"query": "darker"}):
        endpoint.script = [knowing(plan={**plan, **more})]
        reply = agent_of(endpoint).chat([Message(role="user", content="more like Film 3")], user="u3")
        assert reply.recommendations is not None
        titles = [item.title for item in reply.recommendations.items]
        assert set(titles[:2]) == {GLOOM.title, DUSK.title}
        assert "like Film 3" in prompt_of(endpoint.bodies[-1])
        assert "matches" not in reply.text


def test_one_item_that_the_model_chose_is_no_failure_to_match(endpoint: Endpoint) -> None:
    plan: dict[str, object] = {
        "intent": "recommend",
        "query": QUERY,
        "count": 1,
        "suggested": ["Gloomy Sunday"],
    }
    endpoint.script = [knowing(plan=plan)]
    agent = agent_of(endpoint)
    reply = agent.chat([Message(role="user", content="the slowest, darkest one")], user="u3")
    assert reply.recommendations is not None
    assert [item.title for item in reply.recommendations.items] == [GLOOM.title]
    assert "matches" not in reply.text
    assert agent.recommend(user="u3", k=1, query=QUERY).match == "read"


def test_what_the_model_has_not_seen_stands_behind_what_it_has(endpoint: Endpoint) -> None:
    endpoint.script = [knowing("Gloomy Sunday", "A bleak dusk")]
    answer = agent_of(endpoint, n_candidates=6).recommend(user="u3", k=12, query=QUERY)
    seen = {text.split(" [")[0].split(" (")[0] for _, text in LINE.findall(offered(endpoint))}
    assert {item.title for item in answer.items[:6]} == seen
    assert sum(item.probability for item in answer.items) <= 1.0
    fits = "As the language model reads the request, the first 2 fit; the others come closest."
    assert fits in answer.notes
