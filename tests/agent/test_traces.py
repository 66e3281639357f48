"""A trace shows every step of an answer, whoever takes the roles, and is there only where asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.endpoint import Body, Endpoint, Reply, prompt_of, schema_of, serving
from support.tiny_speakers import bytes_tokenizer, speaker

from nextinterest.agent import RecommenderAgent
from nextinterest.domain import Trace, TraceStep, Where
from nextinterest.llm import LanguageModel, LocalModel
from nextinterest.messages import Message

KEY = "key-of-no-usual-form"
ASK = [Message(role="user", content="two films please")]
WORDS = "Here are two for you, as you asked. They are wonderful."


def _with(agent: RecommenderAgent, model: LanguageModel | None) -> RecommenderAgent:
    return RecommenderAgent(replace(agent.engine, language_model=model), agent.log)


def _answer(body: Body) -> Reply:
    """Answer as a model that follows schemas would, with its key in the answer."""
    schema, prompt = schema_of(body), prompt_of(body)
    if body.get("logprobs"):
        return Reply("A", logprobs=None)
    if schema is None:
        return Reply(WORDS if "The person wrote" in prompt else f"A. My key is {KEY}.")
    fields = schema["properties"]
    assert isinstance(fields, dict)
    known: dict[str, object] = {
        "requests": [{"intent": "recommend", "count": 2}],
        "ranking": ["B", "A"],
        "sure": 80,
        "interests": [{"name": "Horror", "share": 50, "trend": "steady", "because": [1]}],
        "titles": ["Heat", "Nosferatu"],
    }
    made = {name: known[name] for name in fields if name in known}
    return Reply(None, tool=made)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving(_answer) as server:
        yield server


@pytest.fixture(scope="module")
def local() -> LocalModel:
    made = speaker("causal", bytes_tokenizer())
    assert isinstance(made, LocalModel)
    return made


def _trace(trace: Trace | None) -> Trace:
    assert trace is not None
    assert trace.tokens_read == sum(step.tokens_read for step in trace.steps)
    assert trace.seconds >= sum(step.seconds for step in trace.steps)
    return trace


def _texts(steps: tuple[TraceStep, ...], name: str) -> list[str]:
    found: list[str] = []
    for step in steps:
        texts = step.details.get(name, [])
        assert isinstance(texts, list)
        found += map(str, texts)
    return found


def test_no_trace_where_none_is_asked_for(agent: RecommenderAgent, local: LocalModel) -> None:
    for one in (agent, _with(agent, local), _with(agent, None)):
        assert one.recommend(user="ann").trace is None
        assert one.forecast(user="ann").trace is None
        reply = one.chat(ASK, user="ann")
        assert reply.trace is None
        assert reply.recommendations is not None
        assert reply.recommendations.trace is None
    assert _with(agent, local).generate(user="ann", n=2).trace is None


def test_without_a_model_the_steps_are_those_of_retrieval(agent: RecommenderAgent) -> None:
    plain = _with(agent, None)
    trace = _trace(
        plain.recommend(user="ann", k=3, where=Where(year_to=1990), query="horror", trace=True).trace
    )
    assert [step.name for step in trace.steps] == ["constrain", "embed", "retrieve", "evidence"]
    sources = {"text", "cooccurrence", "popularity"}
    assert {step.details["source"] for step in trace.named("search")} == sources | {"request"}
    assert {step.details["source"] for step in trace.named("embed")} >= sources
    assert trace.named("embed")[0].details["match"] in {"weak", "clear"}
    (retrieved,) = trace.named("retrieve")
    assert [step.name for step in retrieved.steps][-1] == "score"
    best = retrieved.details["best"][0][0]  # type: ignore[index]
    assert set(best) == {"item_id", "title", "probability", "sources"}  # type: ignore[arg-type]
    assert trace.tokens_read == 0
    assert not _texts(trace.steps, "prompts")
    chat = _trace(plain.chat(ASK, user="ann", trace=True).trace)
    assert chat.steps[0].name == "understand"
    assert chat.named("search")
    assert _trace(plain.forecast(user="ann", trace=True).trace).named("embed") is not None


def test_a_local_model_is_shown_with_its_prompts(agent: RecommenderAgent, local: LocalModel) -> None:
    own = _with(agent, local)
    trace = _trace(own.recommend(user="ann", k=3, query="a dark ship", trace=True).trace)
    (rerank,) = trace.named("rerank")
    asked = next(text for text in _texts((rerank,), "prompts") if "Alien" in text)
    assert "a dark ship" in asked
    assert asked.index("Alien") < asked.index("a dark ship")
    assert rerank.tokens_read > 0
    generated = _trace(own.generate(user="ann", n=2, trace=True).trace)
    assert len(generated.named("generate")) == 2
    assert all("Blade Runner" in text for text in _texts(generated.named("generate"), "prompts"))
    assert generated.tokens_read > 0
    chat = _trace(own.chat(ASK, user="ann", trace=True).trace)
    assert chat.named("understand")[0].details["reader"] == "rules"
    assert chat.named("rerank")
    assert not chat.named("word")


def test_an_endpoint_is_shown_with_its_prompts_and_without_its_key(
    agent: RecommenderAgent, endpoint: Endpoint
) -> None:
    own = _with(agent, endpoint.model(api_key=KEY))
    made = own.recommend(user="ann", k=3, query="a dark ship", trace=True)
    generated = own.generate(user="ann", n=2, trace=True)
    reply = own.chat(ASK, user="ann", trace=True)
    traces = [_trace(one.trace) for one in (made, generated, reply)]
    prompts = [
        text for trace in traces for name in _names(trace) for text in _texts(trace.named(name), "prompts")
    ]
    assert len(prompts) >= len(endpoint.bodies) > 4  # a stream's prompt too, and each once
    for body in endpoint.bodies:
        whole = prompt_of(body).split("\n\n")[0]
        assert any(whole in prompt for prompt in prompts)
    assert "a dark ship" in " ".join(_texts(traces[0].named("rerank"), "prompts"))
    assert "Heat" in " ".join(_texts(traces[1].named("generate"), "answers"))
    assert traces[1].named("ground")[0].details["found"] == 1
    (understood,) = traces[2].named("understand")
    assert understood.tokens_read > 0
    (asked,) = _texts((understood,), "prompts")
    assert asked.count("items like a named one") == 1  # what the schema says is said once
    (word,) = traces[2].named("word")
    assert word.details["released"] == ["Here are two for you, as you asked."]
    for answer in (made, generated, reply):
        assert KEY not in answer.model_dump_json()


def _names(trace: Trace) -> list[str]:
    def walk(steps: tuple[TraceStep, ...]) -> Iterator[str]:
        for step in steps:
            yield step.name
            yield from walk(step.steps)

    return list(dict.fromkeys(walk(trace.steps)))
