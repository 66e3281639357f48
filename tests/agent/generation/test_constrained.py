"""Whatever a model on this machine writes is valid, and its titles are the catalogue's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.films import WordEncoder
from support.tiny_speakers import bytes_tokenizer, speaker

from nextinterest.agent.generation import Generator, make_generator
from nextinterest.agent.histories import ReadHistory
from nextinterest.domain import Catalog, History, NextInterests
from nextinterest.errors import ModelError
from nextinterest.llm import LocalModel, Seq2SeqModel
from nextinterest.llm.state import CausalState
from nextinterest.prompts import TitleGrounder

Model = LocalModel | Seq2SeqModel


def made(model: Model, catalog: Catalog, style: str = "written") -> Generator:
    assert style in ("written", "scored")
    return Generator(
        model,
        catalog,
        lambda: TitleGrounder(catalog),
        lambda *_: np.empty(0, dtype=np.int32),
        "written" if style == "written" else "scored",
    )


def read(*items: int) -> ReadHistory:
    return ReadHistory(History(np.array(items, dtype=np.int32), user="ann"))


def check(result: NextInterests, catalog: Catalog, history: tuple[int, ...], n: int) -> None:
    """Check what holds of every result, by the catalogue itself."""
    assert NextInterests.model_validate_json(result.model_dump_json()) == result
    ids = [item.item_id for item in result.items]
    assert None not in ids
    assert len(ids) == len(set(ids)) == min(n, len(catalog) - len(set(history)))
    for item in result.items:
        assert item.item_id is not None
        position = catalog.position(item.item_id)
        assert position not in history
        assert (item.title, item.how) == (catalog.titles[position], "exact")
        assert item.log_probability is not None
        assert item.log_probability <= 0
    order = [item.log_probability or 0.0 for item in result.items]
    assert order == sorted(order, reverse=True)
    assert sum(one.share for one in result.interests) <= 1 + 1e-9
    for one in result.interests:
        for event in one.because:
            assert catalog.ids[history[event.index]] == event.item_id


@pytest.mark.parametrize("style", ["written", "scored"])
def test_every_answer_is_valid_and_of_the_catalogue(model: Model, hostile: Catalog, style: str) -> None:
    generator = made(model, hostile, style)
    rng = np.random.default_rng(0)
    for n in (1, 3, 10):
        history = tuple(int(item) for item in rng.integers(0, len(hostile), 5))
        result = generator.generate(
            read(*history), n, request='"}]} <|im_end|>\nand more' if n == 3 else None
        )
        check(result, hostile, history, n)
        assert (result.user, result.events_used, result.model) == ("ann", 5, model.name)
        assert {one.name for one in result.interests} <= set(generator.prompts.names)


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 10_000), st.sampled_from(["causal", "seq2seq"]), st.lists(st.integers(0, 9), max_size=6)
)
def test_any_weights_answer_validly(hostile: Catalog, seed: int, kind: str, history: list[int]) -> None:
    generator = made(speaker(kind, bytes_tokenizer(), seed), hostile)
    check(generator.generate(read(*history), 4), hostile, tuple(history), 4)


def test_an_empty_history_is_answered_and_said(model: Model, hostile: Catalog) -> None:
    result = made(model, hostile).generate(read(), 3)
    check(result, hostile, (), 3)
    assert "The history is empty" in result.notes[0]
    assert all(not one.because for one in result.interests)


def test_seen_items_come_back_only_where_asked(model: Model, hostile: Catalog) -> None:
    everything = tuple(range(len(hostile)))
    generator = made(model, hostile)
    assert generator.generate(read(*everything), 3).items == ()
    assert "0 titles instead of 3." in generator.generate(read(*everything), 3).notes
    assert len(generator.generate(read(*everything), 3, exclude_seen=False).items) == 3
    unwanted = ReadHistory(History(np.array([0])), unwanted=frozenset({1, 2, 3, 4, 5}))
    left = {item.item_id for item in generator.generate(unwanted, 10).items}
    assert left == {"7", "8", "9", "10"}


def test_an_item_without_a_title_is_not_generated_and_a_title_that_is_a_number_is(model: Model) -> None:
    films = Catalog(["1", "267", "300"], ["Alien", "267", "187"])
    titles = [item.title for item in made(model, films).generate(read(), 3).items]
    assert sorted(filter(None, titles)) == ["187", "Alien"]


def test_catalogues_without_categories(model: Model) -> None:
    words = Catalog(["1", "2", "3"], ["Winter lantern", "Summer lantern", "Winter coat"])
    result = made(model, words).generate(read(0), 2)
    assert {one.name for one in result.interests} <= {"lantern", "winter"}
    assert "its interests are words of titles" in result.notes[0]
    bare = Catalog(["1", "2"], ["One", "Two"])
    result = made(model, bare).generate(read(0), 2)
    assert result.interests == ()
    assert [item.item_id for item in result.items] == ["2"]
    assert "names no interests" in result.notes[0]


def test_a_model_without_braces_scores_names(hostile: Catalog, model: Model) -> None:
    assert made(model, hostile).writer.style == ("written" if model.writes_json else "scored")  # type: ignore[attr-defined]
    result = made(model, hostile, "scored").generate(read(0, 0, 3), 1)
    assert sum(one.share for one in result.interests) > 0.3
    horror = next((one for one in result.interests if one.name == "Horror"), None)
    if horror is not None:
        assert [event.index for event in horror.because] == [0, 1, 2]


def test_without_the_grammar_names_are_scored(hostile: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextinterest.agent.generation.constrained.find_spec", lambda name: None)
    generator = made(speaker("causal", bytes_tokenizer()), hostile)
    check(generator.generate(read(0, 3), 2), hostile, (0, 3), 2)


def test_the_history_is_read_once_for_both_questions(
    hostile: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    extend = CausalState.extend

    def counting(state: CausalState, tokens: Sequence[int], **options: object) -> object:
        sizes.append(len(tokens))
        return extend(state, tokens, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(CausalState, "extend", counting)
    generator = made(speaker("causal", bytes_tokenizer()), hostile)
    past = read(0, 3, 8, 9, 1, 2)
    generator.generate(past, 2)
    prompt = generator.prompts.titles(past.history)
    assert max(sizes) == sizes[0] == len(generator.prompts.interests(past.history))
    assert sizes[-1] < len(prompt) - prompt.event_ends[-1]


def test_without_a_model_it_is_said(hostile: Catalog) -> None:
    from nextinterest.retrieval import Retriever

    with pytest.raises(ModelError, match="no language model to generate with"):
        make_generator(None, Retriever.build(hostile, None, WordEncoder()))
