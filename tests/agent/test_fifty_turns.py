"""Conversations of fifteen turns: a film club read by rules, a shop with a tiny local model, a music service
with an endpoint; and five turns with a news site. What comes of each turn is compared as data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from support.cinema import CINEMA
from support.domain_turns import NOW, items_of
from support.endpoint import Endpoint, clever, serving
from support.films import WordEncoder
from support.saved_llama import save_tiny_llama
from support.shop import dataset
from support.turns import Turn, check, listed

from nextinterest import RecommenderAgent
from nextinterest.agent.chat import ChatReply, CompositionalReader
from nextinterest.messages import Message
from nextinterest.server.app import create_app
from nextinterest.server.settings import ServerSettings

Say = Callable[[str], ChatReply]


def clock() -> datetime:
    return NOW


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())
    monkeypatch.setenv("OPENAI_API_KEY", "none")


def talk(agent: RecommenderAgent, user: str, turns: Sequence[Turn], say: Say) -> None:
    """Say the messages one after the other, and hold what comes of each against what is to come."""
    shown: list[str] = []
    for turn in turns:
        reply = say(turn.say)
        held = [(event.item_id, event.kind) for event in agent.store.events(user)]
        check(turn, reply, shown, held, agent.catalog)
        assert reply.text.strip(), turn.say
        shown = listed(reply) or shown


def in_python(agent: RecommenderAgent, user: str) -> Say:
    return lambda message: agent.chat([Message(role="user", content=message)], user, session="one")


FILMS = (
    Turn("hi!", "greet"),
    Turn(
        "can you suggest three thrillers from the seventies?",
        "recommend",
        {"categories": ("Thriller",), "year_from": 1970, "year_to": 1979},
        count=3,
        among=("f01", "f02", "f03", "f04", "f05", "f09"),
    ),
    Turn("the second one, is it a comedy?", "ask", found=(2,), held=()),
    Turn("ok, I've seen the first one and loved it", "feedback", liked=(1,)),
    Turn("sorry, I meant the third one", "feedback", liked=(3,), forgotten=(1,)),
    Turn("anything newer?", "recommend", {"categories": ("Thriller",), "year_from": 1980}, count=3),
    Turn("and no horror please", "recommend", {"excluded_categories": ("Horror",), "year_from": 1980}),
    Turn("undo that", "recommend", {"excluded_categories": (), "year_from": 1980}, count=3),
    Turn("how about something like Solaris", question="which_item"),
    Turn("the old one", "similar", {"year_from": None}, like=("Solaris (1972)",)),
    Turn("just two please", "similar", like=("Solaris (1972)",), count=2),
    Turn("why the first one?", "explain"),
    Turn("I hated Zodiac by the way", "feedback", disliked=("f21",)),
    Turn("I take that back", "forget", forgotten=("f21",)),
    Turn("what am I into?", "profile"),
)


def test_a_film_club_by_rules(tmp_path: Path) -> None:
    agent = RecommenderAgent.from_dataset(dataset(CINEMA), language_model=None)
    agent = agent.with_store(tmp_path / "profiles.db", clock=clock)
    talk(agent, "mara", FILMS, in_python(agent, "mara"))
    (event,) = agent.store.events("mara")
    assert event.kind == "liked"
    kept = agent.session("one", "mara")
    assert kept is not None
    assert [one.item for one in kept.events] == [event.item_id]
    assert len(kept.messages) == 30


def test_the_same_film_club_replayed_as_text_comes_to_the_same_profile(tmp_path: Path) -> None:
    agent = RecommenderAgent.from_dataset(dataset(CINEMA), language_model=None)
    agent = agent.with_store(tmp_path / "profiles.db", clock=clock)
    said: list[Message] = []

    def say(message: str) -> ChatReply:
        said.append(Message(role="user", content=message))
        reply = agent.chat(said, "mara")
        said.append(Message(role="assistant", content=reply.text))
        return reply

    talk(agent, "mara", FILMS, say)


GOODS = (
    Turn("good morning", "greet"),
    Turn(
        "I need a frying pan for my induction hob",
        "recommend",
        {"categories": ("Kitchen > Pans",), "attributes": {"induction": True}},
        items=("k01", "k03"),
    ),
    Turn("nothing over 30 please", "recommend", {"price_to": 30, "price_from": None}, items=("k03",)),
    Turn("is the first one dishwasher safe?", "ask", found=("k03",), held=()),
    Turn("great, I bought that one", "feedback", liked=("k03",)),
    Turn(
        "now I'm looking for over-ear headphones with noise cancelling",
        "recommend",
        {
            "categories": ("Electronics > Headphones",),
            "attributes": {"type": "over-ear", "noise_cancelling": True},
            "price_to": None,
        },
        items=("e02", "e03"),
    ),
    Turn("anything under 150?", "recommend", {"price_to": 150}, items=("e02",)),
    Turn("not from Nuvo", "recommend", {"excluded_attributes": {"brand": "Nuvo"}}, items=()),
    Turn("oops, undo that", "recommend", {"excluded_attributes": {}, "price_to": 150}, items=("e02",)),
    Turn(
        "do you have a kettle with temperature control?",
        "recommend",
        {"attributes": {"temperature_control": True}, "price_to": None},
        items=("k06",),
    ),
    Turn(
        "what about a lawn mower, two of them please",
        "recommend",
        {"categories": ("Garden > Mowers",), "attributes": {}},
        count=2,
        items=("g03", "g04"),
    ),
    Turn("does the second one run on a battery?", "ask", found=(2,)),
    Turn("I loved the first one", "feedback", liked=(1,)),
    Turn("no, I meant the second", "feedback", liked=(2,), forgotten=(1,)),
    Turn("that's all, bye", "bye"),
)


def test_a_shop_with_a_tiny_local_model(tmp_path: Path) -> None:
    """The model ranks and words; rules read, as they do beside any local model that was not taught to."""
    pytest.importorskip("transformers")
    folder = save_tiny_llama(tmp_path / "model")
    agent = RecommenderAgent.from_dataset(
        dataset(tuple(items_of("shop"))), language_model=folder, device="cpu", dtype="float32"
    ).with_store(tmp_path / "profiles.db", clock=clock)
    talk(agent, "ben", GOODS, in_python(agent, "ben"))
    assert {event.item_id for event in agent.store.events("ben")} & {"g03", "g04"}


def test_a_tiny_local_model_that_reads_can_do_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its weights are random: whatever it makes of messages, lists meet their conditions and nothing goes."""
    pytest.importorskip("transformers")
    from support import tiny_speakers

    monkeypatch.setattr(tiny_speakers, "CONTEXT", 16_384)  # a whole prompt of single letters
    reader = tiny_speakers.speaker("causal", tiny_speakers.bytes_tokenizer())
    agent = RecommenderAgent.from_dataset(
        dataset(CINEMA), language_model=None, roles={"understand": reader}
    ).with_store(tmp_path / "profiles.db", clock=clock)
    agent.add_events("ann", [{"item_id": "f01", "kind": "liked"}])
    say = in_python(agent, "ann")
    reply = say("two comedies please")
    assert not any("Read by rules" in note for note in reply.notes)
    held = [(event.item_id, event.kind) for event in agent.store.events("ann")]
    assert ("f01", "liked") in held
    check(Turn("two comedies please"), reply, [], held, agent.catalog)
    assert say("delete everything you know about me").question is not None
    assert say("wait, no").confirmation is None
    assert ("f01", "liked") in [(event.item_id, event.kind) for event in agent.store.events("ann")]


PLANS: dict[str, list[dict[str, Any]] | str] = {
    "hola! what's good while I cook dinner?": [{"intent": "recommend", "attributes": {"use": "dinner"}}],
    "nice. and something sad with guitars for later, three of them": [
        {
            "intent": "recommend",
            "count": 3,
            "attributes": {"mood": "melancholic"},
            "query": "sad guitars",
        }
    ],
    "who sings on the second one?": [{"intent": "ask", "query": "Silver Pines"}],
    "Saltwater is brilliant": [{"intent": "feedback", "liked": ["Saltwater"]}],
    "more like Night Shift but happier": [
        {"intent": "similar", "similar_to": ["Night Shift"], "query": "happy"}
    ],
    "nothing explicit, there are kids here": [
        {"intent": "recommend", "attributes": {"mood": "happy"}, "excluded_attributes": {"explicit": True}}
    ],
    "we've played Kids Sing Along to death, let's have jazz": [
        {"intent": "feedback", "seen": ["Kids Sing Along"]},
        {"intent": "recommend", "categories": ["Jazz"]},
    ],
    "only the really old ones": [{"intent": "recommend", "categories": ["Jazz"], "year_to": 1970}],
    "jazz from the sixties": "I would rather not write JSON.",
    "forget that I heard Kids Sing Along": [{"intent": "forget", "query": "Kids Sing Along"}],
    "what do you make of my taste?": [{"intent": "profile"}],
    "can you book me a table for tonight?": [{"intent": "other"}],
    "gracias, adios": [{"intent": "bye"}],
}
MUSIC = (
    Turn("hola! what's good while I cook dinner?", "recommend", items=("m15",)),
    Turn(
        "nice. and something sad with guitars for later, three of them",
        "recommend",
        {"attributes": {"mood": "melancholic"}},
        count=3,
        items=("m01", "m27"),
        note="Only 2 fit",
    ),
    Turn("who sings on the second one?", "ask", found=(2,), held=()),
    Turn("Saltwater is brilliant", "feedback", liked=("m02",), held=[("m02", "liked")]),
    Turn(
        "hang on, I meant Harbour Lights",
        "feedback",
        liked=("m01",),
        forgotten=("m02",),
        held=[("m01", "liked")],
    ),
    Turn("more like Night Shift but happier", "similar", like=("Night Shift",)),
    Turn(
        "nothing explicit, there are kids here",
        "recommend",
        {"excluded_attributes": {"explicit": True}, "attributes": {"mood": "happy"}},
        among=("m06", "m08", "m12", "m20", "m24", "m25", "m26"),
    ),
    Turn(
        "we've played Kids Sing Along to death, let's have jazz",
        "feedback",
        seen=("m26",),
        items=("m13", "m14", "m15"),
        held=[("m01", "liked"), ("m26", "seen")],
    ),
    Turn("only the really old ones", "recommend", {"year_to": 1970}, items=("m13", "m14")),
    Turn(
        "jazz from the sixties",
        "recommend",
        {"categories": ("Jazz",), "year_from": 1960, "year_to": 1969},
        items=("m14",),
        note="Read by rules",
    ),
    Turn("undo that", "recommend", {"year_from": None, "year_to": 1970}, items=("m13", "m14")),
    Turn("forget that I heard Kids Sing Along", "forget", forgotten=("m26",), held=[("m01", "liked")]),
    Turn("what do you make of my taste?", "profile"),
    Turn("can you book me a table for tonight?", "other", items=()),
    Turn("gracias, adios", "bye", held=[("m01", "liked")]),
)


def planned(schema: dict[str, object] | None, prompt: str) -> object:
    """Answer as a good model does: the newest message's plan, candidates in order, a plain sentence."""
    properties = (schema or {}).get("properties", {})
    assert isinstance(properties, dict)
    if "requests" in properties:
        said = re.findall(r"^user: (.*)$", prompt, re.MULTILINE)[-1]
        plan = PLANS[said]
        return plan if isinstance(plan, str) else {"requests": plan}
    if "ranking" in properties:
        return {"ranking": re.findall(r"^([A-Z])\. ", prompt, re.MULTILINE)[:10], "sure": 60}
    return {"items": []} if "items" in properties else "These fit what you asked for."


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving(clever(planned)) as server:
        yield server


def over_http(client: TestClient, user: str, session: str) -> Say:
    def say(message: str) -> ChatReply:
        body = {"model": "nextinterest", "messages": [{"role": "user", "content": message}]}
        headers = {"X-Nextinterest-Session": session, "X-Nextinterest-User": user}
        answer = client.post("/v1/chat/completions", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        reply = ChatReply.model_validate_json(json.dumps(answer.json()["nextinterest"]))
        assert reply.session is not None
        assert reply.session.id == answer.headers["X-Nextinterest-Session"] == session
        return reply

    return say


def test_a_music_service_with_an_endpoint_over_http(endpoint: Endpoint, tmp_path: Path) -> None:
    agent = RecommenderAgent.from_dataset(
        dataset(tuple(items_of("music"))), language_model=f"openai:m@{endpoint.url}"
    ).with_store(tmp_path / "profiles.db", clock=clock)
    with TestClient(create_app(agent, ServerSettings()), base_url="http://127.0.0.1:8000") as client:
        talk(agent, "lena", MUSIC, over_http(client, "lena", "kitchen"))
        kept = client.get("/v1/sessions/kitchen?user=lena").json()
        assert [event["item"] for event in kept["events"]] == ["m01"]
        assert client.get("/v1/sessions/kitchen?user=tom").status_code == 404
    assert endpoint.bodies  # it was asked


_WEEK = datetime(2026, 11, 23, tzinfo=UTC)
NEWS = (
    Turn(
        "morning, any politics this week?",
        "recommend",
        {"categories": ("Politics", "Politics > Explainer"), "match": "any", "published_from": _WEEK},
        items=("n07", "n08", "n09"),
    ),
    Turn("only short ones please", "recommend", {"attributes": {"length": "short"}}, items=("n09",)),
    Turn("I've read the first one already", "recommend", seen=(1,), items=(), held=[("n09", "seen")]),
    Turn(
        "yes please",  # to the offer: short ones of this week, of any category
        "recommend",
        {"categories": (), "attributes": {"length": "short"}, "published_from": _WEEK},
        among=("n01", "n02", "n05", "n10", "n12", "n18", "n22", "n24", "n25", "n27", "n30"),
    ),
    Turn(
        "some sport instead?",
        "recommend",
        {"categories": ("Sport > Football", "Sport > Tennis", "Sport > Winter")},
        items=("n05",),
    ),
    Turn("is the first one about football?", "ask", found=("n05",)),
    Turn("thanks!", "thank", held=[("n09", "seen")]),
)


def test_a_news_site_over_http_from_response_to_response(tmp_path: Path) -> None:
    agent = RecommenderAgent.from_dataset(dataset(tuple(items_of("news"))), language_model=None)
    agent.conversation = agent.conversation.read_by(CompositionalReader(clock=clock))
    agent = agent.with_store(tmp_path / "profiles.db", clock=clock)
    before: dict[str, str] = {}
    with TestClient(create_app(agent, ServerSettings()), base_url="http://127.0.0.1:8000") as client:

        def say(message: str) -> ChatReply:
            body = {"model": "nextinterest", "user": "kim", "input": message, **before}
            answer = client.post("/v1/responses", json=body)
            assert answer.status_code == 200, answer.text
            before["previous_response_id"] = answer.json()["id"]
            return ChatReply.model_validate_json(json.dumps(answer.json()["nextinterest"]))

        talk(agent, "kim", NEWS, say)
