"""The portrait as the summary of events that a prompt leaves out: from those alone, within its room."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.films import WordEncoder

from nextinterest.agent import AgentConfig, Engine
from nextinterest.domain import Catalog, History, Item
from nextinterest.interests import InterestPortrait, PortraitSummary, describe_older, portray
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.prompts import PromptOptions, PromptRenderer, PromptTemplate
from nextinterest.retrieval import Retriever

CHOICE = PromptTemplate.named("choice")


def _value(portrait: InterestPortrait, path: str) -> object:
    value: object = portrait.model_dump(mode="json")
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, (list, tuple)) else value[part]  # type: ignore[index]
    return value


@pytest.mark.parametrize("which", ["history", "changed"])
def test_every_sentence_is_traceable(which: str, catalog: Catalog, request: pytest.FixtureRequest) -> None:
    portrait = portray(request.getfixturevalue(which), catalog)
    sentences = describe_older(portrait).sentences
    assert len(sentences) >= 3
    for sentence in sentences:
        values = [_value(portrait, path) for path in sentence.portrait]
        assert values
        forms = {
            form for x in values if isinstance(x, int | float) for form in (f"{100 * x:.0f}", f"{x:.0f}")
        }
        assert set(re.findall(r"\d+(?:\.\d+)?", sentence.text)) <= forms, sentence.text


def test_what_it_says(catalog: Catalog, changed: History) -> None:
    said = PortraitSummary(catalog)(changed)
    assert said[0] == "Before that, 80 more over 3 days."
    assert "War was rising, from 0% to 100%." in said
    assert "Comedy was fading, from 100% to 0%." in said
    assert not any("Title" in sentence or "q =" in sentence for sentence in said)
    untimed = PortraitSummary(catalog)(History(changed.items))
    assert untimed[0] == "Before that, 80 more."
    assert PortraitSummary(catalog)(History(np.zeros(0, dtype=np.int32))) == ()


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_only_interests_that_the_events_have_are_named(data: st.DataObject) -> None:
    """Smoothed shares of a few events are above zero for every interest that the population has."""
    names = ("Comedy", "Drama", "Horror", "Sci-Fi", "War")
    kinds = [(), *[(name,) for name in names], ("Drama", "War")]
    items = [Item(str(i), f"Title {i}", kinds[i % 6 if i < 36 else 6]) for i in range(40)]
    catalog = Catalog.from_items(items)
    events = data.draw(st.lists(st.integers(0, 39), min_size=1, max_size=30))
    said = " ".join(PortraitSummary(catalog)(History(np.array(events, dtype=np.int32))))
    there = {name for event in events for name in items[event].categories or ("(none)",)}
    assert {name for name in (*names, "(none)") if name in said} <= there


def test_equal_events_get_equal_words_whoever_did_them_and_in_any_order_of_calls(
    catalog: Catalog, history: History, changed: History
) -> None:
    one, other = PortraitSummary(catalog), PortraitSummary(catalog)
    first = [one(history), one(changed)]
    assert first == [other(h) for h in (changed, history)][::-1]
    assert one(History(changed.items, changed.times, user="somebody else")) == first[1]
    assert first == [
        tuple(s.text for s in describe_older(portray(h, catalog)).sentences) for h in (history, changed)
    ]


def test_a_prompt_keeps_its_start_while_its_first_event_stays(catalog: Catalog, changed: History) -> None:
    model = ScriptedLanguageModel()
    options = PromptOptions(budget=700, summary_share=0.4, drop_stride=10)
    renderer = PromptRenderer(CHOICE, catalog, model.tokenizer, options, summariser=PortraitSummary(catalog))
    previous, stood = renderer.history(changed.first(60)), 0
    for end in range(61, 81):
        longer = renderer.history(changed.first(end))
        assert len(longer) <= options.budget
        assert longer.summary is not None
        assert len(longer.summary) <= options.budget * options.summary_share
        assert longer.summary.startswith(f"Before that, {longer.first_event} more")
        if longer.first_event == previous.first_event:
            stood += 1
            known = previous.event_ends[-1] + 1
            assert longer.tokens[:known] == previous.tokens[:known]
        previous = longer
    assert stood >= 10


def test_an_agent_says_it_where_asked_and_not_by_default(catalog: Catalog, changed: History) -> None:
    def prompt(config: AgentConfig) -> str:
        model = ScriptedLanguageModel()
        reranker = Engine(Retriever.build(catalog, None, WordEncoder()), model, config).reranker
        assert reranker is not None
        reranker.log_probabilities([changed], [np.array([1, 2], dtype=np.int32)])
        asked = next(call for call in model.calls if call.function == "choose")
        return model.tokenizer.decode(asked.tokens[0])

    settings = {"max_prompt_tokens": 4096, "max_events": 10}
    told = prompt(AgentConfig.model_validate(settings | {"older_events": "portrait"}))
    shares = prompt(AgentConfig.model_validate(settings))
    first, last = (" ".join(PortraitSummary(catalog)(changed.first(70))), "Comedy 86%, War 14%")
    assert first in told
    assert last not in told
    assert "Before that, 70 more: " in shares
    assert last in shares
    short = AgentConfig.model_validate(
        settings | {"older_events": "portrait", "older_events_share": 40 / 4096}
    )
    assert "\nBefore that, 70 more over 3 days.\n- " in prompt(short)
