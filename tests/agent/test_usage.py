"""What language models took stands in every answer: Python, HTTP, the command line and MCP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from support.endpoint import Endpoint, Reply, clever, serving
from support.films import WordEncoder
from support.shop import SHOP, dataset

from nextinterest import RecommenderAgent
from nextinterest.cli.main import main
from nextinterest.domain import Usage
from nextinterest.llm import EndpointSettings, open_model
from nextinterest.messages import Message
from nextinterest.profiles import ProfileEvent
from nextinterest.server.app import create_app
from nextinterest.server.settings import ServerSettings

mcp = pytest.importorskip("mcp")

from nextinterest.server.mcp_tools import create_mcp_server  # noqa: E402 - needs the extra

ONE = Usage(prompt_tokens=10, completion_tokens=2, requests=1, endpoint_tokens=12, cost=None)
"""One request of the endpoint that these tests ask, whose prices are not known."""


def objects(schema: dict[str, object] | None, prompt: str) -> object:
    if "titles" in json.dumps(schema):
        return {"interests": [], "titles": ["Rug 3"]}
    if "newest message" in prompt:
        return {"intent": "recommend"}
    return {"ranking": ["A"], "sure": 50}


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())
    with serving(clever(objects, letter=lambda _: {"A": 0.9, "B": 0.1})) as server:
        yield server


@pytest.fixture
def agent(endpoint: Endpoint) -> RecommenderAgent:
    return RecommenderAgent.from_dataset(dataset(SHOP), language_model=f"openai:m@{endpoint.url}")


def test_lists_and_predictions_say_what_they_took(agent: RecommenderAgent) -> None:
    assert agent.recommend(user="u3", k=3).usage == ONE
    assert agent.generate(user="u3", n=3).usage == ONE
    assert agent.recommend([], k=3).usage == Usage()  # nobody was asked
    traced = agent.recommend(user="u3", k=3, trace=True)
    assert traced.trace is not None
    assert (traced.trace.tokens_read, traced.trace.cost) == (traced.usage.prompt_tokens, None)


@pytest.mark.usefixtures("endpoint")
def test_without_a_language_model_nothing_was_used() -> None:
    agent = RecommenderAgent.from_dataset(dataset(SHOP), language_model=None)
    assert agent.recommend(user="u3", k=3).usage == Usage(requests=0, cost=0.0)


def test_requests_that_are_repaired_count_and_kept_answers_cost_nothing(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    settings = EndpointSettings(input_price=1e6, output_price=0.0, answers=tmp_path / "answers.db")
    model = open_model(f"openai:m@{endpoint.url}", endpoint=settings)
    agent = RecommenderAgent.from_dataset(dataset(SHOP), language_model=model)
    endpoint.script = [Reply("I like rugs."), Reply('{"interests": [], "titles": ["Rug 3"]}')]
    assert agent.generate(user="u3", n=1).usage == Usage(
        prompt_tokens=20, completion_tokens=4, requests=2, endpoint_tokens=24, cost=20.0
    )
    assert agent.generate(user="u3", n=1).usage == Usage()


def test_an_answer_counts_what_is_inside_it_once(agent: RecommenderAgent) -> None:
    agent.recommend(user="u3")  # finds out what the endpoint can do
    reply = agent.chat([Message(role="user", content="a rug")], history=["p1", "p2"])
    assert reply.recommendations is not None
    assert reply.recommendations.usage == ONE
    assert reply.usage.requests >= 2
    assert reply.usage.prompt_tokens > reply.recommendations.usage.prompt_tokens


def test_over_http(agent: RecommenderAgent, tmp_path: Path) -> None:
    app = create_app(agent.with_store(tmp_path / "profiles.db"), ServerSettings())
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        for path in ("/v1/recommend", "/v1/generate"):
            found = client.post(path, json={"history": ["p1", "p2"]}).json()
            assert found["usage"] == ONE.model_dump()


def test_in_mcp(agent: RecommenderAgent, tmp_path: Path) -> None:
    live = agent.with_store(tmp_path / "profiles.db")
    live.add_events("zoe", [ProfileEvent(item_id="p1"), ProfileEvent(item_id="p2")])

    async def scenario() -> None:
        async with mcp.Client(create_mcp_server(live, "zoe")) as client:
            for tool in ("recommend", "generate"):
                found = await client.call_tool(tool, {})
                assert found.structured_content["usage"] == ONE.model_dump()

    asyncio.run(scenario())


def test_on_the_command_line(endpoint: Endpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"u{u},Film {(u * 7 + s * 3) % 30},{1_700_000_000 + s}" for u in range(9) for s in range(6)]
    (tmp_path / "events.csv").write_text("\n".join(["user_id,item_id,timestamp", *rows]), encoding="utf-8")
    source = ["--data", str(tmp_path / "events.csv"), "--language-model", f"openai:m@{endpoint.url}"]
    for command in ("recommend", "generate"):
        with pytest.raises(SystemExit) as ended:
            main([command, "--user", "u1", "--json", *source])
        assert not ended.value.code
        assert json.loads(capsys.readouterr().out)["usage"] == ONE.model_dump()
