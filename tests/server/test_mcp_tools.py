"""The agent as MCP tools, called by MCP's own client."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nextinterest.agent import RecommenderAgent
from nextinterest.errors import DataError, ProviderError

mcp = pytest.importorskip("mcp")

from nextinterest.server.mcp_tools import create_mcp_server  # noqa: E402 - needs the extra


@pytest.fixture
def live(agent: RecommenderAgent, tmp_path: Path) -> RecommenderAgent:
    return agent.with_store(tmp_path / "profiles.db", clock=lambda: datetime(2026, 1, 2, tzinfo=UTC))


def test_tools_tell_and_recommend(live: RecommenderAgent) -> None:
    async def scenario() -> None:
        async with mcp.Client(create_mcp_server(live, "zoe")) as client:
            listed = await client.list_tools()
            names = {tool.name for tool in listed.tools}
            assert names == {
                "recommend", "similar", "generate", "chat", "interests", "forecast", "search", "tell",
                "take_back",
            }  # fmt: skip
            assert not any("user" in tool.input_schema.get("properties", {}) for tool in listed.tools)
            found = await client.call_tool("search", {"title": "alie"})
            assert found.structured_content["items"][0]["id"] == "a"
            told = await client.call_tool("tell", {"item_id": "a", "kind": "liked"})
            assert told.structured_content == {"accepted": 1, "replayed": False}
            ranked = await client.call_tool("recommend", {"count": 3})
            ids = [item["item_id"] for item in ranked.structured_content["items"]]
            assert len(ids) == 3
            assert "a" not in ids
            alike = await client.call_tool("similar", {"item_ids": ["d"], "count": 3})
            ids = [item["item_id"] for item in alike.structured_content["items"]]
            assert len(ids) == 3
            assert not {"a", "d"} & set(ids)
            reply = await client.call_tool("chat", {"message": "two crime films please"})
            assert reply.structured_content["request"]["intent"] == "recommend"
            portrait = await client.call_tool("interests", {})
            assert portrait.structured_content["portrait"]["events"] == 1
            ahead = await client.call_tool("forecast", {"events": 5})
            assert ahead.structured_content["horizon_events"] == 5
            assert (await client.call_tool("take_back", {"item_id": "a"})).structured_content["events"] == 1
            wrong = await client.call_tool("tell", {"item_id": "nowhere"})
            assert wrong.is_error
            assert (await client.call_tool("recommend", {"count": 0})).is_error

    asyncio.run(scenario())
    assert live.store.events("zoe") == []


def test_constraints_and_words_are_taken_and_checked(live: RecommenderAgent) -> None:
    async def scenario() -> None:
        async with mcp.Client(create_mcp_server(live, "zoe")) as client:
            where = {"categories": ["Horror"], "year_to": 1960}
            found = await client.call_tool("recommend", {"where": where, "query": "castles"})
            assert [item["title"] for item in found.structured_content["items"]] == ["Dracula"]
            for wrong, said in (
                ({"where": {"year_from": "1990"}}, "where.year_from: Input should be a valid integer"),
                ({"query": " "}, "query: String should have at least 1 character"),
            ):
                answer = await client.call_tool("recommend", wrong)
                assert answer.is_error
                assert answer.content[0].text == said
                answer = await client.call_tool("generate", wrong if "where" in wrong else {"request": " "})
                assert answer.is_error
                assert answer.content[0].text == said.replace("query", "request")

    asyncio.run(scenario())


def test_messages_of_one_session_are_one_conversation(live: RecommenderAgent) -> None:
    async def scenario() -> None:
        async with mcp.Client(create_mcp_server(live, "zoe")) as client:

            async def say(message: str, session: str | None = "c1") -> dict[str, Any]:
                told = {"message": message} | ({} if session is None else {"session": session})
                reply: dict[str, Any] = (await client.call_tool("chat", told)).structured_content
                return reply

            listed = (await say("two romances please"))["recommendations"]["items"]
            assert (await say("I loved the second one", None))["confirmation"] is None
            noted = (await say("I loved the second one"))["confirmation"]
            assert [one["item_id"] for one in noted["liked"]] == [listed[1]["item_id"]]
            assert (await say("undo that"))["confirmation"]["events"] == 1
            assert (await say("undo that", "c2"))["session"]["new"]
            wrong = await client.call_tool("chat", {"message": "hi", "session": "a b"})
            assert wrong.is_error

    asyncio.run(scenario())
    assert live.store.events("zoe") == []


@pytest.mark.parametrize("sure", [False, True])
def test_a_profile_is_deleted_once_that_is_confirmed(live: RecommenderAgent, sure: bool) -> None:
    async def scenario() -> None:
        async with mcp.Client(create_mcp_server(live, "zoe")) as client:
            await client.call_tool("tell", {"item_id": "a"})
            request = {"message": "delete my profile"}
            asked = await client.call_tool("chat", request)
            assert asked.structured_content["question"]["kind"] == "forget_everything"
            assert len(live.store.events("zoe")) == 1
            answer = {**request, "confirm_forget": True} if sure else {"message": "yes"}
            await client.call_tool("chat", answer)

    asyncio.run(scenario())
    assert live.store.events("zoe") == []


def test_a_user_that_no_store_may_keep_is_refused(live: RecommenderAgent) -> None:
    with pytest.raises(DataError, match="user id"):
        create_mcp_server(live, "")


def test_what_fails_says_what_to_mend(live: RecommenderAgent, caplog: pytest.LogCaptureFixture) -> None:
    async def said(tool: str, given: dict[str, object]) -> str:
        async with mcp.Client(create_mcp_server(live, "zoe")) as client:
            answer = await client.call_tool(tool, given)
            assert answer.is_error
            return "".join(part.text for part in answer.content)

    def call(tool: str, **given: object) -> str:
        return asyncio.run(said(tool, given))

    unknown = call("tell", item_id="f99")
    assert unknown.startswith("Item id 'f99' is not in the catalogue. No event was written.")
    assert "search" in unknown
    assert call("recommend", count=0) == "count: Input should be greater than or equal to 1"
    unknown = call("tell", item_id="a", kind="adored")
    assert unknown.startswith("kind: Input should be 'seen', 'liked', 'disliked', 'hidden', 'view', ")
    assert unknown.endswith(" or 'return'")
    assert call("tell") == "item_id: is required."
    assert "integer" in call("forecast", events="soon")
    assert "300" in call("search", title="x" * 301)
    assert not any(record.exc_info for record in caplog.records)
    assert "http" not in caplog.text


def test_a_fault_says_nothing_and_a_failing_model_little(
    live: RecommenderAgent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def said() -> str:
        async with mcp.Client(create_mcp_server(live, "zoe")) as client:
            answer = await client.call_tool("recommend", {})
            assert answer.is_error
            return "".join(part.text for part in answer.content)

    def failing(error: Exception) -> None:
        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(RecommenderAgent, "recommend", fail)

    failing(ProviderError("http://me:secret@host failed", retryable=True))
    assert "language model behind this server cannot be used now" in asyncio.run(said())
    assert "secret" not in caplog.text
    failing(RuntimeError("secret"))
    assert asyncio.run(said()) == "Error executing tool recommend"
    assert any(record.exc_info for record in caplog.records)


def test_unknown_arguments_are_refused_with_the_known_ones(live: RecommenderAgent) -> None:
    async def scenario() -> None:
        async with mcp.Client(create_mcp_server(live, "zoe")) as client:
            for tool in (await client.list_tools()).tools:
                known = list(tool.input_schema.get("properties", {}))
                for given in ({"bogus": 2}, {"bogus": 0, **({"count": 3} if "count" in known else {})}):
                    answer = await client.call_tool(tool.name, given)
                    assert answer.is_error
                    takes = f"takes {', '.join(known)}" if known else "takes no arguments"
                    said = f"'bogus': {tool.name} has no such argument; it {takes}."
                    assert answer.content[0].text == said
            answer = await client.call_tool("recommend", {"k": 2})
            assert answer.content[0].text.endswith("it takes count, where, query.")

    asyncio.run(scenario())


def test_a_purchase_is_told(live: RecommenderAgent) -> None:
    async def scenario() -> None:
        async with mcp.Client(create_mcp_server(live, "zoe")) as client:
            assert not (await client.call_tool("tell", {"item_id": "a", "kind": "bought"})).is_error

    asyncio.run(scenario())
    assert [event.kind for event in live.store.events("zoe")] == ["buy"]


def test_the_documented_tools_are_those_there_are(live: RecommenderAgent) -> None:
    async def tools() -> dict[str, tuple[str, ...]]:
        async with mcp.Client(create_mcp_server(live, "zoe")) as client:
            listed = (await client.list_tools()).tools
            return {one.name: tuple(one.input_schema.get("properties", {})) for one in listed}

    text = (Path(__file__).parents[2] / "docs" / "clients.md").read_text("utf-8")
    table = text.partition("| tool |")[2].partition("\n\n")[0]
    documented = {}
    for row in table.splitlines()[2:]:
        name, arguments = row.split("|")[1:3]
        documented[name.strip(" `")] = tuple(re.findall(r"`(\w+)`", arguments))
    assert documented == asyncio.run(tools())
