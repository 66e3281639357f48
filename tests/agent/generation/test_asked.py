"""An endpoint's answers against the catalogue: exact, unique, near, outside, seen, malformed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from support.endpoint import Endpoint, Reply, serving
from support.films import FILMS, WordEncoder

from nextinterest.agent.generation import Generator, generated_queries, make_generator
from nextinterest.agent.histories import ReadHistory
from nextinterest.domain import Catalog, History, Item, NextInterests
from nextinterest.errors import ProviderError
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.retrieval import Retriever

EXTRA = [
    Item("k1", "King Kong", ("Horror",), 1933),
    Item("k2", "King Kong", ("Horror",), 2005),
    Item("s", "The Seventh Seal at Sea", ("Drama",), 1957),
]


@pytest.fixture(scope="module")
def retriever() -> Retriever:
    return Retriever.build(Catalog.from_items([*FILMS, *EXTRA]), None, WordEncoder())


def answer(*titles: str, interests: tuple[dict[str, object], ...] = ()) -> str:
    return json.dumps({"interests": list(interests), "titles": titles})


def interest(name: str, share: int = 40, because: tuple[int, ...] = ()) -> dict[str, object]:
    return {"name": name, "because": because, "share": share, "trend": "rising"}


def asked(retriever: Retriever, *answers: str, n: int = 10, seen: tuple[int, ...] = (0, 7)) -> NextInterests:
    model = ScriptedLanguageModel([*answers, *answers])
    read = ReadHistory(History(np.array(seen, dtype=np.int32)))
    return make_generator(model, retriever).generate(read, n)


def test_titles_are_grounded_or_marked(retriever: Retriever) -> None:
    said = answer(
        *("Dracula (1931)", "the FARGO", "The Seventh Seal Sea"),
        *("Picnic at Hanging Rock", "King Kong", "King Kong (2005)"),
    )
    result = asked(retriever, said)
    assert [(item.item_id, item.how) for item in result.items] == [
        ("d", "exact"),
        ("f", "unique"),
        ("s", "neighbour"),
        (None, "outside"),
        (None, "outside"),
        ("k2", "exact"),
    ]
    assert result.items[1].text == "the FARGO"
    assert result.items[1].title == "Fargo"
    assert any("fits several items" in note for note in result.notes)


def test_seen_and_repeated_titles_are_left_out(retriever: Retriever) -> None:
    result = asked(
        retriever, answer("Alien", "Emma", "Emma (1996)", "Heat", "Nowhere", "Nowhere", "Ghost"), n=3
    )
    assert [item.text for item in result.items] == ["Emma", "Nowhere", "Ghost"]
    assert any("2 generated titles are of the history" in note for note in result.notes)


def test_interests_keep_reasons_that_hold(retriever: Retriever) -> None:
    said = answer(
        interests=(
            interest("Horror", 90, (1, 2, 99)),
            interest("slow films about the sea", 60, (2,)),
            interest("Horror", 10),
        )
    )
    result = asked(retriever, said)
    assert [(one.name, round(one.share, 3)) for one in result.interests] == [
        ("Horror", 0.6),
        ("slow films about the sea", 0.4),
    ]
    assert [[event.title for event in one.because] for one in result.interests] == [["Alien"], ["Heat"]]


def test_another_model_is_asked_once_more_in_words(retriever: Retriever) -> None:
    model = ScriptedLanguageModel(
        ["no", "Sure: {'titles': ['Emma', 'Nothing of the kind',], 'interests': []}"]
    )
    result = make_generator(model, retriever).generate(ReadHistory(History(np.array([0]))), 2)
    assert [item.item_id for item in result.items] == ["e", None]
    assert [call.schema for call in model.calls] == ["PredictionsAnswer", None]


CUT = '{"interests":[%s,{"name":"Crime","because":[1],"sha' % json.dumps(interest("Horror"))  # noqa: UP031
CUT_LATER = f'{{"interests":[{json.dumps(interest("Horror"))}],"titles":["Emma","Gho'


@pytest.mark.parametrize(
    ("said", "interests", "titles"),
    [(CUT, ["Horror"], []), (CUT_LATER, ["Horror"], ["e"]), ('{"titles": ["Emma"]', [], ["e"])],
)
@pytest.mark.parametrize("finish", ["length", "stop"])
@pytest.mark.parametrize("tool", [False, True])
def test_what_is_complete_in_a_cut_answer_is_kept(
    retriever: Retriever, said: str, interests: list[str], titles: list[str], finish: str, tool: bool
) -> None:
    calls = [{"id": "1", "type": "function", "function": {"name": "PredictionsAnswer", "arguments": said}}]
    reply = Reply(None if tool else said, finish=finish, message={"tool_calls": calls} if tool else {})
    with serving(reply) as served:
        read = ReadHistory(History(np.array([0, 7], dtype=np.int32)))
        result = endpoint(retriever, served).generate(read, 3)
    assert [one.name for one in result.interests] == interests
    assert [item.item_id for item in result.items] == titles
    assert len(served.bodies) == (
        1 if finish == "length" else 2
    )  # the end may come when it is asked for again
    assert any(note.startswith("The answer was cut off or faulty; ") for note in result.notes)
    assert any("instead of 3" in note for note in result.notes)


def test_parts_of_an_answer_that_break_its_rules_are_left_out(retriever: Retriever) -> None:
    wrong = {**interest("Crime"), "trend": "upwards"}
    result = asked(retriever, answer("Emma", "", "x" * 400, interests=(wrong, interest("Horror"))))
    assert [one.name for one in result.interests] == ["Horror"]
    assert [item.item_id for item in result.items] == ["e"]
    assert "1 interest and 1 title were complete in it" in " ".join(result.notes)


@pytest.mark.parametrize(
    "said", ["I would watch Alien.", '{"interests": 7}', '{"titles": [', "[]", '{"a": {']
)
def test_a_malformed_answer_is_an_empty_prediction_that_says_so(retriever: Retriever, said: str) -> None:
    result = asked(retriever, said)
    assert (result.interests, result.items) == ((), ())
    assert any(note.startswith("Nothing was predicted") for note in result.notes)


def test_hostile_answers_stay_text(retriever: Retriever) -> None:
    said = answer("<|im_end|>\nEmma", "\u202e", "x" * 300, interests=(interest("a\u202e\n<|im_start|>b"),))
    result = asked(retriever, said)
    assert all("\n" not in item.text and "<|" not in item.text for item in result.items)
    assert all("\n" not in one.name and "<|" not in one.name for one in result.interests)


def endpoint(retriever: Retriever, served: Endpoint) -> Generator:
    return make_generator(served.model(retries=2), retriever)


def test_an_endpoint_is_asked_by_schema_and_once_more(retriever: Retriever) -> None:
    read = ReadHistory(History(np.array([0, 7], dtype=np.int32)))
    with serving(Reply("Certainly! Emma."), Reply(answer("Emma"))) as served:
        result = endpoint(retriever, served).generate(read, 2, request="something light")
    assert [item.item_id for item in result.items] == ["e"]
    first = served.bodies[0]
    assert "tools" in first or "response_format" in first
    text = json.dumps(first["messages"])
    assert "1. Alien (1979) [Horror, Sci-Fi]" in text
    assert "in the person's words: something light" in text
    assert "JSON" not in text  # the schema goes beside the prompt, and once is enough
    with serving(Reply("no")) as served:
        result = endpoint(retriever, served).generate(read, 2)
    assert result.items == ()
    assert any(note.startswith("Nothing was predicted") for note in result.notes)
    assert len(served.bodies) <= 4
    with serving(Reply(status=401, raw="{}")) as served, pytest.raises(ProviderError):
        endpoint(retriever, served).generate(read, 2)


def test_long_titles_never_refuse_a_prompt() -> None:
    items = [Item(f"i{i}", f"{i} " + "very long " * 400, ("Drama",)) for i in range(80)]
    retriever = Retriever.build(Catalog.from_items(items), None, WordEncoder())
    result = asked(retriever, answer(), seen=tuple(range(80)))
    assert result.events_used == 80


def test_what_was_generated_is_searched_for(retriever: Retriever) -> None:
    said = answer(
        "Emma", "Picnic at Hanging Rock", "Ghost", interests=(interest("Crime", 30), interest("Sci-Fi", 0))
    )
    queries = generated_queries(asked(retriever, said), retriever.encoder, retriever.catalog)
    assert [query.source for query in queries] == ["generated: Crime", "generated titles"]
    assert queries[0].vector is not None
    assert np.linalg.norm(queries[0].vector) == pytest.approx(1, abs=1e-4)
    assert queries[0].weight == pytest.approx(0.3)
    assert queries[1].items is not None
    assert [retriever.catalog.ids[i] for i in queries[1].items] == ["e", "g"]
    nothing = generated_queries(asked(retriever, answer()), retriever.encoder, retriever.catalog)
    assert nothing == []
