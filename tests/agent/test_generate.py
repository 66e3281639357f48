"""`RecommenderAgent.generate`: the model always runs, whoever the user is."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from nextinterest.agent import AgentConfig, RecommenderAgent
from nextinterest.agent.config import GeneratedSource
from nextinterest.domain import Item, Where
from nextinterest.errors import DataError, ModelError, UnknownItemError
from nextinterest.llm import ScriptedLanguageModel

SAID = json.dumps(
    {
        "interests": [{"name": "Crime", "because": [1], "share": 70, "trend": "rising"}],
        "titles": ["Fargo", "Heat", "Picnic at Hanging Rock"],
    }
)


def test_known_users_histories_and_requests(agent: RecommenderAgent, model: ScriptedLanguageModel) -> None:
    model.answers.extend([SAID] * 3)
    known = agent.generate(user="ann", n=3)
    assert (known.user, known.events_used) == ("ann", len(agent.history("ann")))
    given = agent.generate(["Heat", "Emma"], 3, request="something bleak", trace=True)
    assert [item.item_id for item in given.items] == ["f", None]
    assert given.interests[0].because[0].title == "Heat"
    assert given.trace is not None
    assert [step.name for step in given.trace.steps] == ["prompt", "generate", "ground"]
    assert "in the person's words: something bleak" in model.calls[-1].messages[-1][1]
    assert "The history is empty" in agent.generate([]).notes[0]
    assert [call.schema for call in model.calls if call.function == "generate"] == ["PredictionsAnswer"] * 3


def test_what_is_generated_is_a_source_only_where_settings_say_so(
    agent: RecommenderAgent, model: ScriptedLanguageModel
) -> None:
    def lists(generated: GeneratedSource | None) -> list[dict[str, int]]:
        config = AgentConfig(choice_weight=0, n_candidates=3, generated=generated)
        engine = replace(agent.engine, config=config)
        return [item.sources for item in RecommenderAgent(engine, agent.log).recommend(user="ann").items]

    assert not any("generated" in name for sources in lists(None) for name in sources)
    assert model.calls == []
    model.answers.append(SAID)
    named = [sources for sources in lists(GeneratedSource(validation={"hits": 1})) if sources]
    assert {"generated titles", "generated: Crime"} <= {name for sources in named for name in sources}
    model.answers.extend(["no", "no"])  # what cannot be read adds nothing
    assert lists(GeneratedSource()) == lists(None)


def test_items_that_were_added_can_be_generated(
    agent: RecommenderAgent, model: ScriptedLanguageModel
) -> None:
    model.answers.extend(['{"interests":[],"titles":["Zodiac"]}'] * 2)
    assert agent.generate([]).items[0].how == "outside"
    agent.put_items([Item("z", "Zodiac", ("Crime",), 2007)])
    assert agent.generate([]).items[0].item_id == "z"


def test_constraints_hold_for_titles(agent: RecommenderAgent, model: ScriptedLanguageModel) -> None:
    model.answers.append(SAID)
    generated = agent.generate(["Emma"], 5, where=Where(excluded_categories=("Crime",)))
    assert [item.how for item in generated.items] == ["outside"]
    assert any("2 generated titles are of the history, or not to be named" in n for n in generated.notes)


def test_it_can_be_awaited(agent: RecommenderAgent, model: ScriptedLanguageModel) -> None:
    model.answers.extend([SAID] * 2)
    assert asyncio.run(agent.agenerate(user="ann")) == agent.generate(user="ann")


def test_what_cannot_be_generated_is_said(agent: RecommenderAgent, model: ScriptedLanguageModel) -> None:
    model.answers.append(SAID)
    assert agent.generate(["Heat", "Nowhere"], on_unknown="skip").skipped == ("Nowhere",)
    with pytest.raises(UnknownItemError):
        agent.generate(["Nowhere"])
    with pytest.raises(DataError):
        agent.generate(user="ann", n=0)
    with pytest.raises(DataError):
        agent.generate()
    silent = RecommenderAgent(type(agent.engine)(agent.retriever, None, AgentConfig()), agent.log)
    with pytest.raises(ModelError, match="no language model") as caught:
        silent.generate(user="ann")
    assert "language_model=" in caught.value.remedy


def test_constraints_may_be_a_dictionary_as_in_recommend(
    agent: RecommenderAgent, model: ScriptedLanguageModel
) -> None:
    model.answers.extend([SAID] * 4)
    given: dict[str, object] = {"categories": ["crime", "Musicl"], "match": "any"}
    found = agent.generate([], 2, where=given)
    assert found == agent.generate([], 2, where=Where.model_validate(given))
    assert "No item has the category 'Musicl'." in " ".join(found.notes)
    assert "1 id to leave out" in " ".join(agent.generate([], 2, where={"excluded_items": ["x"]}).notes)
    with pytest.raises(DataError, match="where"):
        agent.generate([], where={"genre": "Crime"})
    assert len(model.answers) == 1


@pytest.mark.parametrize("words", ["x" * 301, "x" * 5000, "", " \n"])
def test_free_text_has_one_bound_in_python_too(agent: RecommenderAgent, words: str) -> None:
    with pytest.raises(DataError, match=r"query .* at most 300 characters"):
        agent.recommend([], query=words)
    with pytest.raises(DataError, match=r"request .* at most 300 characters"):
        agent.generate([], request=words)
    assert agent.recommend([], 1, query=f" {'x' * 300} ").items
