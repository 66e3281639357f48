"""The agent: any history in, a valid list out; cold cases said so."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.films import FILMS, WordEncoder

from nextinterest.agent import AgentConfig, Engine, RecommenderAgent
from nextinterest.agent.evidence import closest_events
from nextinterest.agent.notes import MATCHED
from nextinterest.domain import Catalog, Event, History, Recommender, Where
from nextinterest.errors import DataError, UnknownItemError
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.rerank import redistribute


def test_ids_titles_and_events_are_one_history(agent: RecommenderAgent) -> None:
    time = datetime(2026, 1, 1, tzinfo=UTC)
    by_id = agent.recommend(["a", "b"], k=3)
    by_title = agent.recommend(["alien", "Blade Runner (1982)"], k=3)
    by_event = agent.recommend([Event("a", time), Event("Blade Runner", time)], k=3)
    assert by_id.items == by_title.items
    assert [i.item_id for i in by_event.items] == [i.item_id for i in by_id.items]
    assert by_id.events_used == 2
    assert {i.item_id for i in by_id.items}.isdisjoint({"a", "b"})


def test_result_is_complete(agent: RecommenderAgent) -> None:
    result = agent.recommend(user="ann", k=4)
    assert result.user == "ann"
    assert [item.rank for item in result.items] == [1, 2, 3, 4]
    probabilities = [item.probability for item in result.items]
    assert probabilities == sorted(probabilities, reverse=True)
    assert 0 < sum(probabilities) <= 1
    assert set(result.items[0].scores) == {"retrieval", "choice"}
    evidence = result.items[0].evidence
    assert [e.item_id for e in evidence if e.item_id not in {"a", "b", "d"}] == []
    effects = [e.effect for e in evidence if e.effect is not None]
    assert len(effects) == len(evidence) > 0
    assert effects == sorted(effects, reverse=True)
    assert evidence[0].time is not None


def test_evidence_names_the_newest_of_a_repeated_item(agent: RecommenderAgent) -> None:
    # ann saw Alien twice: at hour 0 and at hour 3.
    (alien,) = closest_events(
        agent.history("ann"), agent.catalog.position("a"), agent.retriever.item_vectors, agent.catalog, 1
    )
    assert alien.item_id == "a"
    assert alien.time == datetime.fromtimestamp(3 * 3600, UTC)


def test_empty_history_is_popularity_and_says_so(agent: RecommenderAgent) -> None:
    result = agent.recommend([], k=3)
    # Counts: a 3, b 2, c 3, e 2, g 2, f, h, d 1.
    assert {item.item_id for item in result.items[:2]} == {"a", "c"}
    assert result.events_used == 0
    assert any("history is empty" in note for note in result.notes)
    assert all(item.evidence == () for item in result.items)


def test_constraints_hold_before_anything_is_chosen(agent: RecommenderAgent) -> None:
    for history in (["a", "b"], []):
        result = agent.recommend(history, k=5, where=Where(categories=("Romance",)))
        assert {item.item_id for item in result.items} == {"c", "e", "g"}
    assert agent.recommend(["a"], where=Where(categories=("Western",))).items == ()


def test_a_request_moves_the_list_and_an_empty_history_too(agent: RecommenderAgent) -> None:
    plain = agent.recommend(["a", "b"], k=5)
    asked = agent.recommend(["a", "b"], k=5, query="crime")
    assert {item.item_id for item in asked.items[:2]} == {"f", "h"} != {i.item_id for i in plain.items[:2]}
    alone = agent.recommend([], k=3, query="horror")
    assert {item.item_id for item in alone.items[:2]} == {"a", "d"}
    assert "The history is empty: these are popular items close to the request." in alone.notes
    assert plain.match is None
    for found in (asked, alone):
        assert found.match in {"weak", "clear"}
        assert MATCHED[found.match] in found.notes


def test_words_that_match_nothing_leave_the_list_as_it_is_and_say_so(agent: RecommenderAgent) -> None:
    for history in (["a", "b"], []):
        plain, asked = (agent.recommend(history, k=7, query=words) for words in (None, "zzgrk vlub"))
        scores = [
            {item.item_id: item.scores["retrieval"] for item in found.items} for found in (plain, asked)
        ]
        assert scores[0] == scores[1]  # the language model still reads them
        assert asked.match == "none"
        assert set(asked.notes) - set(plain.notes) == {MATCHED["none"]}


def test_each_item_says_which_sources_named_it(agent: RecommenderAgent) -> None:
    found = agent.recommend(["a", "b"], k=3, query="crime").items
    assert all(item.sources and min(item.sources.values()) >= 1 for item in found)
    assert set().union(*(item.sources for item in found)) <= {"text", "popularity", "cooccurrence", "request"}
    assert min(item.sources.get("request", 99) for item in found) == 1


def test_the_model_chooses_between_what_the_constraints_leave_and_reads_the_request(
    agent: RecommenderAgent, model: ScriptedLanguageModel
) -> None:
    def prompts() -> list[str]:
        sent = [tokens for call in model.calls if call.function == "choose" for tokens in call.tokens]
        model.calls.clear()
        return [text for text in map(model.tokenizer.decode, sent) if "Alien" in text]

    plain = agent.recommend(["a", "b"], k=3)
    assert not any("Asked for now" in text for text in prompts())
    agent.recommend(["a", "b"], k=3, where=Where(categories=("Romance",)), query="slow and sad")
    (text,) = prompts()
    assert "Asked for now: slow and sad" in text
    offered = text.partition("Which of these")[2]
    titles = [item.title for item in agent.catalog]
    assert [title for title in titles if title in offered] == ["Casablanca", "Emma", "Ghost"]
    assert agent.recommend(["a", "b"], k=3) == plain


def test_history_of_one(agent: RecommenderAgent) -> None:
    result = agent.recommend(["Emma"], k=3)
    assert len(result.items) == 3
    assert result.items[0].evidence[0].item_id == "e"


def test_unknown_items(agent: RecommenderAgent) -> None:
    with pytest.raises(UnknownItemError, match=r"Element 2.*'Nosferatu'.*9 items"):
        agent.recommend(["a", "Nosferatu"])
    result = agent.recommend(["a", "Nosferatu"], k=2, on_unknown="skip")
    assert result.skipped == ("Nosferatu",)
    assert any("1 of the history's items" in note for note in result.notes)


def test_everything_seen(agent: RecommenderAgent) -> None:
    everything = [film.id for film in FILMS]
    result = agent.recommend(everything, k=3)
    assert result.items == ()
    assert any("No item is left" in note for note in result.notes)
    assert len(agent.recommend(everything, k=3, exclude_seen=False).items) == 3


def test_k_beyond_what_is_left(agent: RecommenderAgent) -> None:
    result = agent.recommend(["a"], k=50)
    assert len(result.items) == 8
    assert any("Only 8 items are left" in note for note in result.notes)
    assert sum(item.probability for item in result.items) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    ("history", "message"),
    [
        (None, "Neither a history nor a user"),
        ("alien", "single string"),
        ([3], "Element 1 of the history is a int"),
        (History(np.array([99])), "outside the catalogue"),
    ],
)
def test_wrong_histories_are_named(agent: RecommenderAgent, history: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        agent.recommend(history)  # type: ignore[arg-type]


def test_a_history_says_that_it_replaces_the_known_events(agent: RecommenderAgent) -> None:
    said = "replaces the known events of user 'ann'"
    assert any(said in note for note in agent.recommend(["a"], user="ann").notes)
    assert any(said in note for note in agent.interests(["a"], user="ann").notes)
    own = agent.recommend(agent.history("ann"), user="ann").notes
    assert not any(said in note for one in (own, agent.recommend(["a"], user="eve").notes) for note in one)


def test_unknown_user_and_k(agent: RecommenderAgent) -> None:
    with pytest.raises(DataError, match="'zoe' is not among the 4 users"):
        agent.recommend(user="zoe")
    with pytest.raises(DataError, match="k is 0"):
        agent.recommend(["a"], k=0)


def test_without_a_model_it_is_the_retriever(catalog: Catalog, agent: RecommenderAgent) -> None:
    bare = RecommenderAgent(Engine(agent.retriever))
    result = bare.recommend(["a", "b"], k=4)
    alone = agent.retriever.recommend([History(np.array([0, 1]))], 4)
    assert [catalog.position(item.item_id) for item in result.items] == alone.items[0].tolist()
    assert any("retrieval alone" in note for note in result.notes)


def test_the_model_can_turn_the_order(catalog: Catalog, agent: RecommenderAgent) -> None:
    first = agent.retriever.recommend([History(np.array([0]))], 5).items[0]
    favourite = int(first[4])

    def chooser(tokens: object, choices: object) -> list[float]:
        place = int(np.flatnonzero(np.sort(first) == favourite)[0])
        return [9.0 * (i == place) for i in range(len(choices))]  # type: ignore[arg-type]

    model = ScriptedLanguageModel(chooser=chooser)
    config = AgentConfig(n_candidates=5, choice_weight=1.0, max_prompt_tokens=4096)
    strong = RecommenderAgent(Engine(agent.retriever, model, config))
    strong.engine.reranker._letter_bias[5] = np.zeros(5, dtype=np.float32)  # type: ignore[union-attr]
    assert strong.recommend(["a"], k=1).items[0].item_id == catalog.ids[favourite]


def test_the_engine_is_a_recommender(agent: RecommenderAgent) -> None:
    assert isinstance(agent.engine, Recommender)
    histories = [
        History(np.array([0, 1])),
        History(np.array([], dtype=np.int32)),
        History(np.arange(9, dtype=np.int32)),
    ]
    rankings = agent.engine.recommend(histories, 6)
    assert rankings.items.shape == (3, 6)
    assert (rankings.items[2] == -1).all()
    assert rankings.probabilities.sum(axis=1).max() <= 1 + 1e-6


@given(
    st.lists(st.integers(0, 8), max_size=12),
    st.integers(1, 12),
    st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_lists_are_always_valid(items: list[int], k: int, exclude_seen: bool) -> None:
    world = Catalog.from_items(FILMS)
    retriever = Retriever.build(world, None, WordEncoder())
    config = AgentConfig(n_candidates=4, max_prompt_tokens=4096)
    agent = RecommenderAgent(Engine(retriever, ScriptedLanguageModel(), config))
    result = agent.recommend(History(np.array(items, dtype=np.int32)), k, exclude_seen=exclude_seen)
    ids = [item.item_id for item in result.items]
    left = 9 - len(set(items)) if exclude_seen else 9
    assert len(ids) == len(set(ids)) == min(k, left)
    assert set(ids) <= set(world.ids)
    if exclude_seen:
        assert set(ids).isdisjoint({world.ids[i] for i in items})
    assert sum(item.probability for item in result.items) <= 1 + 1e-5


@given(st.lists(st.floats(-20, 0), min_size=1, max_size=20), st.floats(0, 3), st.data())
@settings(deadline=None)
def test_blending_moves_no_mass_in_or_out(logs: list[float], weight: float, data: st.DataObject) -> None:
    retrieval = np.array(logs, dtype=np.float32)
    choice = np.array([data.draw(st.floats(-20, 0)) for _ in logs], dtype=np.float32)
    mixed = redistribute(retrieval, choice, weight)
    assert np.logaddexp.reduce(mixed) == pytest.approx(np.logaddexp.reduce(retrieval), abs=1e-4)


def test_without_a_reranker_the_order_is_that_of_retrieval(agent: RecommenderAgent) -> None:
    engine = Engine(agent.retriever)
    histories = [History(np.array([0, 1]))]
    np.testing.assert_array_equal(
        engine.recommend(histories, 5).items, agent.retriever.recommend(histories, 5).items
    )
    assert engine.tokens_used == 0


def test_interests_and_forecast_speak_of_one_history(agent: RecommenderAgent) -> None:
    history = ["a", "b", "d", "a", "b"]
    portrait = agent.interests(history)
    assert portrait.events == 5
    outlook = agent.forecast(history, horizon=3)
    assert outlook.horizon_events == 3
    assert sum(outlook.next_step.values()) == pytest.approx(1.0, abs=1e-4)
    with pytest.raises(DataError, match="Neither a history nor a user"):
        agent.interests()


def test_interests_may_be_learned_clusters(agent: RecommenderAgent) -> None:
    history = [agent.catalog.ids[i] for i in (0, 1, 3)]
    portrait = agent.interests(history, clusters=3)
    assert {share.interest for share in portrait.interests} == {"Crime", "Horror / Sci-Fi", "Romance"}
    assert sum(share.events for share in portrait.interests) == pytest.approx(3.0)
    with pytest.raises(DataError, match="10 clusters"):
        agent.interests(history, clusters=10)


def test_constraints_that_no_item_meets_are_said(agent: RecommenderAgent) -> None:
    where = Where(categories=("Romance",), excluded_categories=("Romance",))
    found = agent.recommend([], where=where)
    assert found.items == ()
    assert "No item meets the constraints." in found.notes
    assert not any("left" in note for note in found.notes)
    with pytest.raises(DataError, match=r"^where: year_from 2000 lies after year_to 1990\."):
        agent.recommend([], where={"year_from": 2000, "year_to": 1990})
