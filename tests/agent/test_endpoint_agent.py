"""A strong model behind an endpoint with only `language_model=`: on films, on a shop, however it answers."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.endpoint import Body, Endpoint, Reply, clever, failure, prompt_of, serving
from support.films import FILMS, WordEncoder
from support.shop import SHOP, dataset

from nextinterest import Item, RecommenderAgent
from nextinterest.agent import AgentConfig
from nextinterest.cli.main import main
from nextinterest.domain import Where
from nextinterest.errors import ModelError, ProviderError
from nextinterest.llm import ScriptedLanguageModel, open_model
from nextinterest.llm.estimated_tokens import EstimatedTokenizer
from nextinterest.messages import Message

KEY = "key-of-mine-2026"
LINE = re.compile(r"^([A-Z])\. (.*)$", re.MULTILINE)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def sure_of(
    title: str, *, tools: bool = True, schemas: bool = True, letters: bool = True, reasoning: bool = False
) -> Callable[[Body], Reply]:
    """A model that is 90 % sure of the candidate with this title, where it is offered."""

    def letter(prompt: str) -> dict[str, float]:
        offered = LINE.findall(prompt)
        best = next((one for one, text in offered if title in text), None)
        if best is None:
            return {one: 1 / len(offered) for one, _ in offered}
        return {one: 0.9 if one == best else 0.1 / (len(offered) - 1) for one, _ in offered}

    def ranking(schema: dict[str, object] | None, prompt: str) -> object:
        chances = letter(prompt)
        return {"ranking": sorted(chances, key=lambda one: -chances[one])[:10], "sure": 90}

    return clever(
        ranking, letter=letter if letters else None, tools=tools, schemas=schemas, reasoning=reasoning
    )


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


WAYS: dict[str, dict[str, bool]] = {
    "log-probabilities": {},
    "tools": {"letters": False},
    "schema": {"letters": False, "tools": False},
    "text": {"letters": False, "tools": False, "schemas": False},
    "reasoning": {"reasoning": True},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shop", [False, True])
def test_a_sure_model_moves_its_choice_into_the_first_three(shop: bool, way: str, endpoint: Endpoint) -> None:
    data = dataset(SHOP if shop else (*FILMS, *(Item(f"x{n}", f"Film {n}", ("Drama",)) for n in range(30))))
    plain = RecommenderAgent.from_dataset(data, language_model=None)
    last = plain.recommend(user="u3", k=20).items[-1]
    endpoint.script = [sure_of(last.title[:60], **WAYS[way])]
    agent = RecommenderAgent.from_dataset(data, language_model=f"openai:m@{endpoint.url}")
    answer = agent.recommend(user="u3", k=20)
    found = next(item for item in answer.items if item.item_id == last.item_id)
    assert found.rank <= 3
    assert sum(item.probability for item in answer.items) <= 1.0
    before = len(endpoint.bodies)
    agent.recommend(user="u4", k=5)
    assert len(endpoint.bodies) == before + 1  # what it can do was learned once


@pytest.mark.parametrize("way", ["log-probabilities", "tools"])
@pytest.mark.parametrize("query", ["Film 3", "horror", "something dark and slow"])
def test_a_sure_model_is_not_overruled_by_the_words_of_a_request(
    query: str, way: str, endpoint: Endpoint
) -> None:
    data = dataset((*FILMS, *(Item(f"x{n}", f"Film {n}", ("Drama",)) for n in range(30))))
    plain = RecommenderAgent.from_dataset(data, language_model=None)
    last = plain.recommend(user="u3", k=20, query=query).items[-1]
    endpoint.script = [sure_of(last.title[:60], **WAYS[way])]
    agent = RecommenderAgent.from_dataset(data, language_model=f"openai:m@{endpoint.url}")
    answer = agent.recommend(user="u3", k=20, query=query)
    assert next(item for item in answer.items if item.item_id == last.item_id).rank == 1


def test_the_request_is_in_the_prompt_and_what_is_excluded_is_not(endpoint: Endpoint) -> None:
    data = dataset(SHOP)
    endpoint.script = [sure_of("Rug", letters=False)]
    agent = RecommenderAgent.from_dataset(data, language_model=f"openai:m@{endpoint.url}")
    answer = agent.recommend(user="u3", query="something for the floor", where=Where(categories=("Rug",)))
    assert {item.categories for item in answer.items} == {("Rug",)}
    prompt = prompt_of(endpoint.bodies[-1])
    assert "Asked for now, in the person's words: something for the floor" in prompt
    candidates = prompt.split("Candidates, listed in no particular order:")[1]
    assert {text.split()[0] for _, text in LINE.findall(candidates)} == {"Rug"}


def test_a_letter_and_a_ranking_are_asked_for_with_the_same_facts(endpoint: Endpoint) -> None:
    bodies = []
    for letters in (True, False):
        endpoint.script = [sure_of("Rug", letters=letters)]
        agent = RecommenderAgent.from_dataset(dataset(SHOP), language_model=f"openai:m@{endpoint.url}")
        agent.recommend(user="u3", query="something for the floor")
        bodies.append(prompt_of(endpoint.bodies[-1]))
    letter, ranking = (
        {line for line in one.splitlines() if line[:2] == "- " or LINE.match(line)} for one in bodies
    )
    assert letter == ranking
    assert any("[Rug]" in line for line in letter)


def test_many_histories_learn_what_an_endpoint_can_do_by_one_request(endpoint: Endpoint) -> None:
    endpoint.script = [sure_of("Desk", letters=False, tools=False)]
    agent = RecommenderAgent.from_dataset(dataset(SHOP), language_model=f"openai:m@{endpoint.url}")
    histories = [agent.history(f"u{n}") for n in range(8)]
    ranked = agent.engine.rank(histories, 5)
    assert all("choice" in one.parts for one in ranked)
    assert len(endpoint.bodies) == 8 + 2  # one letter and one tool that it does not know


def test_a_shop_of_many_categories_still_fits(endpoint: Endpoint) -> None:
    goods = tuple(
        Item(f"p{n}", f"Thing {n}", (f"a long name of shelf number {n}", "Rug")) for n in range(900)
    )
    endpoint.script = [clever(lambda schema, prompt: {"requests": [{"intent": "other"}]})]
    agent = RecommenderAgent.from_dataset(
        dataset(goods), language_model=f"openai:m@{endpoint.url}", roles={"word": None}
    )
    agent.chat([Message(role="user", content="hm")], history=[])
    prompt = prompt_of(endpoint.bodies[0])
    assert len(prompt) < 12_000
    assert "Rug" in prompt
    assert "JSON:" not in prompt


def test_a_long_conversation_fits_a_small_context(endpoint: Endpoint) -> None:
    endpoint.models = {"data": [{"id": "m", "max_model_len": 2048}]}
    endpoint.script = [clever(lambda schema, prompt: {"requests": [{"intent": "other"}]})]
    agent = RecommenderAgent.from_dataset(
        dataset(SHOP), language_model=f"openai:m@{endpoint.url}", roles={"word": None}
    )
    long = [Message(role="user", content=f"message {n} " + "of many words " * 90) for n in range(9)]
    agent.chat([*long, Message(role="user", content="and now a rug")], history=[])
    prompt = prompt_of(endpoint.bodies[0])
    assert "user: and now a rug" in prompt
    assert "message 8" in prompt
    assert "message 1 " not in prompt
    assert len(EstimatedTokenizer().encode(prompt)) < 2048 - 300


def test_nothing_is_asked_that_nobody_reads(endpoint: Endpoint) -> None:
    endpoint.script = [sure_of("Desk")]
    agent = RecommenderAgent.from_dataset(dataset(SHOP), language_model=f"openai:m@{endpoint.url}")
    assert endpoint.bodies == []
    agent.recommend(["p1", "p2"])
    assert len(endpoint.bodies) == 1  # no measurement of the letters
    agent.recommend([])
    assert len(endpoint.bodies) == 1  # of nobody and nothing it could say nothing


def test_an_answer_that_cannot_be_read_changes_nothing(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    data = dataset(SHOP)
    endpoint.script = [Reply("I like lamps.")]
    agent = RecommenderAgent.from_dataset(data, language_model=f"openai:m@{endpoint.url}")
    plain = RecommenderAgent.from_dataset(data, language_model=None)
    with caplog.at_level(logging.WARNING):
        answer = agent.recommend(user="u1", trace=True)
    assert [i.item_id for i in answer.items] == [i.item_id for i in plain.recommend(user="u1").items]
    assert "cannot be read" in caplog.text
    assert "Ranked by retrieval alone: the language model's answer could not be read." in answer.notes
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        reply = agent.chat([Message(role="user", content="a few rugs")], history=["p1"])
    assert "could not read a message" in caplog.text
    assert "Read by rules: the language model's answer could not be read." in reply.notes
    assert reply.recommendations is not None
    assert "Ranked by retrieval alone: the language model's answer could not be read." in str(
        (reply.notes, reply.recommendations.notes)
    )


def test_a_failure_while_wording_is_a_note(endpoint: Endpoint) -> None:
    def objects(schema: dict[str, object] | None, prompt: str) -> object:
        plan = {"requests": [{"intent": "recommend"}]}
        return plan if "newest message" in prompt else {"ranking": ["A"], "sure": 50}

    well = clever(objects)
    endpoint.script = [lambda body: failure(400, "out of order") if body.get("stream") else well(body)]
    agent = RecommenderAgent.from_dataset(dataset(SHOP), language_model=f"openai:m@{endpoint.url}")
    reply = agent.chat([Message(role="user", content="what next?")], history=["p1"])
    assert reply.notes == ("Worded by the template: the language model failed.",)
    assert reply.text


def test_a_failing_endpoint_is_an_error_without_the_key(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    endpoint.script = [failure(401, f"Incorrect API key provided: {KEY}")]
    agent = RecommenderAgent.from_dataset(dataset(SHOP), language_model=f"openai:m@{endpoint.url}")
    with caplog.at_level(logging.DEBUG), pytest.raises(ProviderError) as caught:
        agent.recommend(user="u1", trace=True)
    assert KEY not in str(caught.value) + caplog.text
    agent.save_pretrained(tmp_path / "saved")
    for file in (tmp_path / "saved").rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes()


def test_a_saved_recommender_remembers_the_endpoint_and_never_the_key(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    endpoint.script = [sure_of("Desk", letters=False)]
    spec = f"openai:m@{endpoint.url.replace('://', '://ann:pw-of-ann@')}?tenant=secret-tenant"
    made = RecommenderAgent.from_dataset(dataset(SHOP), language_model=spec)
    made.save_pretrained(tmp_path / "saved")
    manifest = (tmp_path / "saved" / "manifest.json").read_text()
    named = json.loads(manifest)["content"]["language_model"]["name"]
    assert named == f"openai:m@{endpoint.url}"
    for secret in ("pw-of-ann", "secret-tenant", KEY):
        assert secret not in manifest
    again = RecommenderAgent.from_pretrained(tmp_path / "saved")
    history = ["p3", "p8"]
    assert again.recommend(history) == made.recommend(history)
    without = RecommenderAgent.from_pretrained(tmp_path / "saved", language_model=None)
    before = len(endpoint.bodies)
    assert "choice" not in without.recommend(history).items[0].scores
    assert len(endpoint.bodies) == before
    other = RecommenderAgent.from_pretrained(tmp_path / "saved", language_model=ScriptedLanguageModel())
    other.recommend(history)
    assert len(endpoint.bodies) == before


def test_roles_are_saved_by_name_and_are_one_model_again(endpoint: Endpoint, tmp_path: Path) -> None:
    spec = f"openai:m@{endpoint.url}"
    made = RecommenderAgent.from_dataset(
        dataset(SHOP), language_model=None, roles={"rerank": spec, "generate": spec, "word": None}
    )
    made.save_pretrained(tmp_path / "saved")
    engine = RecommenderAgent.from_pretrained(tmp_path / "saved").engine
    assert engine.model is engine.model_for("understand") is engine.model_for("word") is None
    reranks = engine.model_for("rerank")
    assert reranks is not None
    assert reranks is engine.model_for("generate")
    assert reranks.name == "m"
    assert engine.config == made.engine.config
    bare = RecommenderAgent.from_pretrained(tmp_path / "saved", language_model=None).engine
    assert bare.model_for("rerank") is None


def test_a_role_given_at_loading_gets_the_weight_of_its_model(endpoint: Endpoint, tmp_path: Path) -> None:
    config = AgentConfig(choice_weight=0.0)
    made = RecommenderAgent.from_dataset(dataset(SHOP), language_model=None, config=config)
    made.save_pretrained(tmp_path / "saved")
    endpoint.script = [sure_of("Desk")]
    spec = f"openai:m@{endpoint.url}"
    for how in ({"language_model": spec}, {"roles": {"rerank": spec}}):
        agent = RecommenderAgent.from_pretrained(tmp_path / "saved", **how)
        assert "choice" in agent.recommend(["p1"]).items[0].scores


def test_one_model_serves_all_roles_and_roles_are_split(endpoint: Endpoint) -> None:
    spec = f"openai:m@{endpoint.url}"
    agent = RecommenderAgent.from_dataset(
        dataset(SHOP), language_model=spec, roles={"generate": spec, "understand": None}
    )
    engine = agent.engine
    assert (
        engine.model is engine.model_for("rerank") is engine.model_for("generate") is engine.model_for("word")
    )
    assert engine.model_for("understand") is None
    small = ScriptedLanguageModel()
    split = RecommenderAgent.from_dataset(dataset(SHOP), language_model=small, roles={"rerank": spec})
    assert split.engine.model_for("generate") is small
    assert split.engine.model_for("understand") is None  # a small local model reads worse than the rules
    assert split.engine.model_for("rerank") is not small
    assert split.engine.config.choice_weight > 0.05
    with pytest.raises(ModelError, match="no role 'rank'"):
        RecommenderAgent.from_dataset(dataset(SHOP), roles={"rank": spec})  # type: ignore[dict-item]


def test_the_command_line_takes_an_endpoint(
    endpoint: Endpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["user_id,item_id,timestamp"]
    rows += [f"u{u},f{(u * 7 + s * 3) % 30},{1_700_000_000 + 3600 * s}" for u in range(9) for s in range(6)]
    (tmp_path / "events.csv").write_text("\n".join(rows), encoding="utf-8")
    titles = ["item_id,title", *(f"f{n},Film number {n}" for n in range(30))]
    (tmp_path / "items.csv").write_text("\n".join(titles), encoding="utf-8")
    endpoint.script = [sure_of("Film number 17", letters=False)]
    command = ["recommend", "--user", "u1", "--data", str(tmp_path / "events.csv"), "--json"]
    with pytest.raises(SystemExit) as ended:
        main([*command, "--language-model", f"openai:m@{endpoint.url}"])
    assert not ended.value.code
    out = capsys.readouterr().out
    assert json.loads(out)["items"][0]["scores"]["choice"] < 0
    before = len(endpoint.bodies)
    with pytest.raises(SystemExit):
        main([*command, "--language-model", "none"])
    assert len(endpoint.bodies) == before
    with pytest.raises(SystemExit) as ended:
        main(
            [
                *command,
                *("--language-model", f"openai:m@{endpoint.url}"),
                *("--max-cost", "0.0001", "--input-price", "10", "--output-price", "10"),
            ]
        )
    assert ended.value.code == 1
    assert "Raise --max-cost" in " ".join(capsys.readouterr().err.split())
    assert len(endpoint.bodies) == before


def test_messages_are_read_by_the_endpoint(endpoint: Endpoint) -> None:
    def objects(schema: dict[str, object] | None, prompt: str) -> object:
        if "newest message" in prompt:
            return {"requests": [{"intent": "recommend", "categories": ["Rug"], "count": 2}]}
        return {"ranking": ["A"], "sure": 50}

    endpoint.script = [clever(objects)]
    agent = RecommenderAgent.from_dataset(dataset(SHOP), language_model=f"openai:m@{endpoint.url}")
    reply = agent.chat([Message(role="user", content="what goes under my feet? a couple")], history=["p1"])
    assert reply.recommendations is not None
    assert [item.categories for item in reply.recommendations.items] == [("Rug",)] * 2
    (asked,) = [body for body in endpoint.bodies if "newest message" in prompt_of(body)]
    assert "Schema" not in prompt_of(asked)  # it stands in the tool, once
    assert reply.usage.total_tokens > 0


def test_an_object_from_open_model_is_saved_by_its_name(endpoint: Endpoint, tmp_path: Path) -> None:
    model = open_model(f"openai:m@{endpoint.url}")
    RecommenderAgent.from_dataset(dataset(SHOP), language_model=model).save_pretrained(tmp_path / "s")
    named = json.loads((tmp_path / "s" / "manifest.json").read_text())["content"]["language_model"]
    assert named["name"] == f"openai:m@{endpoint.url}"
