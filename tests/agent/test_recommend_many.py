"""Lists for many users at once: those of single answers, whatever some of the users are like."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest
from support.films import WordEncoder
from support.full_disk import full_disk

from nextinterest.agent import AgentConfig, Engine, RecommenderAgent
from nextinterest.data import EventLog
from nextinterest.domain import Catalog, History, Item, Where
from nextinterest.domain.tables import COLUMNS
from nextinterest.errors import DataError, ProviderError, StorageError
from nextinterest.retrieval import CandidateSource, Retriever
from nextinterest.retrieval.reading import Reading, SharedReading

BASIC = ("user", "rank", "item_id", "title", "probability", "categories", "year")


def plain(agent: RecommenderAgent) -> RecommenderAgent:
    """Return the agent without a language model."""
    return RecommenderAgent(replace(agent.engine, language_model=None), agent.log)


@pytest.fixture(scope="module")
def crowd() -> RecommenderAgent:
    """Two hundred users, some with a handful of events, over items whose texts and counts often tie."""
    rng = np.random.default_rng(8)
    words = ("sea", "night", "harbour", "dunes", "storm")
    items = [
        Item(f"i{i}", " ".join(rng.choice(words, 2)), (str(rng.choice(["Drama", "Crime"])),))
        for i in range(90)
    ]
    catalog = Catalog.from_items(items)
    lengths = rng.integers(1, 40, 200)
    users = np.repeat(np.arange(200, dtype=np.int32), lengths)
    events = np.concatenate([rng.choice(90, n, replace=False) for n in lengths]).astype(np.int32)
    log = EventLog.from_arrays(tuple(f"u{u}" for u in range(200)), users, events, np.arange(len(events)) * 60)
    engine = Engine(Retriever.build(catalog, log, WordEncoder()), config=AgentConfig(n_evidence=0))
    return RecommenderAgent(engine, log)


def singly(agent: RecommenderAgent, users: Sequence[str], **asked: object) -> pl.DataFrame:
    return pl.concat([agent.recommend(user=user, **asked).to_polars() for user in users])  # type: ignore[arg-type]


def assert_same(many: pl.DataFrame, single: pl.DataFrame) -> None:
    names = [name for name in BASIC if name != "probability"]
    assert many.select(names).equals(single.select(names))
    assert np.allclose(many["probability"], single["probability"], rtol=1e-4)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"exclude_seen": False, "k": 25},
        {"where": Where(categories=("Crime",)), "k": 30},
        {"query": "night sea"},
        {"query": "storm", "where": Where(categories=("Drama",)), "k": 5},
    ],
)
def test_the_lists_are_those_of_single_calls_ties_included(
    crowd: RecommenderAgent, asked: dict[str, object]
) -> None:
    assert crowd.log is not None
    users = crowd.log.user_ids
    for size in (7, 128):
        many = crowd.recommend_many(users, batch_size=size, **asked).to_polars()  # type: ignore[arg-type]
        assert_same(many, singly(crowd, users, **asked))
    assert many["index"].to_list() == [int(user[1:]) for user in many["user"]]


def test_a_language_model_reranks_as_it_does_singly(agent: RecommenderAgent) -> None:
    users = ("ann", "bob", "cem", "dot")
    assert_same(agent.recommend_many(users).to_polars(), singly(agent, users))
    assert_same(agent.recommend_many().to_polars(), singly(agent, users))


def test_evidence_is_that_of_single_calls_where_it_is_asked_for(agent: RecommenderAgent) -> None:
    without = plain(agent)
    many = without.recommend_many(["ann", "dot"], 3, evidence=True).to_polars()
    single = singly(without, ["ann", "dot"], k=3)
    assert many.select("evidence", "evidence_ids").equals(single.select("evidence", "evidence_ids"))
    assert many["evidence"].list.len().sum()
    left_out = without.recommend_many(["ann", "dot"], 3).to_polars()
    assert left_out["evidence"].is_null().all()
    assert left_out.schema == many.schema
    assert left_out.columns == ["index", *COLUMNS]


def test_histories_and_ids_may_be_mixed_named_or_come_from_an_iterator(agent: RecommenderAgent) -> None:
    without = plain(agent)
    expected = without.recommend(["a", "b"], 3).to_polars()
    history = History(np.array([0, 1], dtype=np.int32), user="new")
    many = without.recommend_many(iter([["a", "b"], "ann", history, ()]), 3).to_polars()  # type: ignore[arg-type]
    assert many["index"].unique().to_list() == [0, 1, 2, 3]
    assert_same(many.filter(pl.col("index") == 0), expected)
    assert many.group_by("index", maintain_order=True).agg(pl.col("user").first())["user"].to_list() == [
        *(None, "ann", "new", None)
    ]
    named = without.recommend_many({"eve": ["a", "b"], "ann": ["c"]}, 3).to_polars()
    assert named["user"].unique(maintain_order=True).to_list() == ["eve", "ann"]
    assert_same(named.filter(user="ann"), without.recommend(["c"], 3, user="ann").to_polars())


def test_numbers_are_ids_as_data_frames_hold_them(catalog: Catalog, agent: RecommenderAgent) -> None:
    log = EventLog.from_arrays(("7", "8"), np.array([0, 1]), np.array([0, 1], dtype=np.int32), None)
    numbered = RecommenderAgent(replace(agent.engine, language_model=None), log)
    for users in (pl.Series([8, 7]), np.array([8, 7]), [8, "7"]):
        assert numbered.recommend_many(users, 1).to_polars()["user"].to_list() == ["8", "7"]  # type: ignore[arg-type]


def test_a_bad_user_costs_only_its_own_list(
    agent: RecommenderAgent, caplog: pytest.LogCaptureFixture
) -> None:
    without = plain(agent)
    many = without.recommend_many(["ann", "ghost", ["a", "no such item"], 3.5, "dot"], 2)  # type: ignore[list-item]
    with caplog.at_level(logging.WARNING):
        table = many.to_polars()
    assert_same(table, singly(without, ["ann", "dot"], k=2))
    assert table["index"].to_list() == [0, 0, 4, 4]
    assert (many.n_lists, many.n_failed) == (2, 3)
    assert [(one.index, one.user) for one in many.failures] == [(1, "ghost"), (2, None), (3, None)]
    assert "'no such item'" in many.failures[1].message
    assert "on_unknown='skip'" in many.failures[1].remedy
    assert "3 users of 5 got no list. The first: 'ghost': User 'ghost' is not among" in caplog.text
    skipped = without.recommend_many([["a", "no such item"]], 2, on_unknown="skip")
    assert_same(skipped.to_polars(), without.recommend(["a"], 2).to_polars())


class Breaks(CandidateSource):
    """Names nothing, and raises for whoever has seen one item."""

    name = "breaks"

    def __init__(self, item: int, error: Exception) -> None:
        self.item, self.error, self.asked = item, error, 0

    def read(self, histories: Sequence[History]) -> Reading:
        self.asked += 1
        if any(self.item in history.items for history in histories):
            raise self.error
        return SharedReading(np.zeros(9, dtype=np.float32), np.empty(0, dtype=np.int32), len(histories))

    def follow(self, change: object) -> None: ...


def test_a_source_that_fails_for_one_history_costs_only_that_list(agent: RecommenderAgent) -> None:
    without = plain(agent).with_sources(Breaks(agent.catalog.position("d"), ValueError("no idea")))
    many = without.recommend_many(["bob", "ann", "dot"], 2)
    assert many.to_polars()["user"].to_list() == ["bob", "bob", "dot", "dot"]
    assert [one.message for one in many.failures] == ["ValueError: no idea"]


def test_what_fails_for_all_is_raised_and_a_model_is_not_tried_for_each(agent: RecommenderAgent) -> None:
    down = Breaks(agent.catalog.position("a"), ProviderError("The endpoint is down."))
    many = plain(agent).with_sources(down).recommend_many([["a"]] * 50, 2)
    with pytest.raises(ProviderError, match="is down"):
        many.to_polars()
    assert down.asked == 4


def test_an_agent_without_users_says_so_at_once(agent: RecommenderAgent) -> None:
    nobody = RecommenderAgent(replace(agent.engine, language_model=None))
    for users in (None, ["ann", "bob"]):
        with pytest.raises(DataError, match="holds no users' events") as caught:
            nobody.recommend_many(users).to_polars()
        assert "with_log" in caught.value.remedy
    assert nobody.recommend_many([["a"]], 2).to_polars().height == 2


def test_users_of_a_store_are_all_those_with_events_and_unwanted_items_stay_out(
    agent: RecommenderAgent, tmp_path: Path
) -> None:
    stored = plain(agent).with_store(tmp_path / "profiles.db")
    stored.add_events("eve", {"item_id": "a"})
    stored.add_events("fay", [{"item_id": "c"}, {"item_id": "b", "kind": "hidden"}])
    many = stored.recommend_many(k=8).to_polars()
    assert_same(many, singly(stored, ["eve", "fay"], k=8))
    assert "b" not in many.filter(user="fay")["item_id"]
    stored.store.close()


@pytest.mark.parametrize(
    ("users", "remedy"),
    [
        ("ann", "into a list"),
        (7, "into a list"),
        (History(np.array([0], dtype=np.int32)), "into a list"),
        (pl.DataFrame({"user": ["ann"]}), "table['user']"),
    ],
)
def test_what_is_no_collection_of_users_is_refused(
    agent: RecommenderAgent, users: object, remedy: str
) -> None:
    with pytest.raises(DataError, match="takes users or histories") as caught:
        agent.recommend_many(users)  # type: ignore[arg-type]
    assert remedy in caught.value.remedy


@pytest.mark.parametrize("wrong", [{"k": 0}, {"batch_size": 0}, {"on_unknown": "ignore"}, {"evidence": "no"}])
def test_wrong_arguments_are_refused_before_anything_is_computed(
    agent: RecommenderAgent, wrong: dict[str, object]
) -> None:
    with pytest.raises(DataError, match=next(iter(wrong))):
        agent.recommend_many(["ann"], **wrong)  # type: ignore[arg-type]


def test_an_iterator_is_taken_once_and_only_a_batch_of_it_is_held(agent: RecommenderAgent) -> None:
    taken: list[str] = []

    def users() -> object:
        for user in ("ann", "bob", "cem", "dot"):
            taken.append(user)
            yield user

    many = plain(agent).recommend_many(users(), 1, batch_size=2)  # type: ignore[arg-type]
    tables = iter(many)
    assert next(tables)["user"].to_list() == ["ann", "bob"]
    assert taken == ["ann", "bob"]
    assert next(tables)["user"].to_list() == ["cem", "dot"]
    with pytest.raises(DataError, match="used up"):
        many.to_polars()


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
def test_a_file_holds_what_the_table_holds(agent: RecommenderAgent, tmp_path: Path, ending: str) -> None:
    path = tmp_path / "new" / f"recs{ending}"
    many = plain(agent).recommend_many(k=3, batch_size=2, evidence=True)
    assert many.write(path) == 4
    table = many.to_polars()
    if ending == ".parquet":
        assert pl.read_parquet(path).equals(table)
    elif ending == ".jsonl":
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert rows == table.to_dicts()
    else:
        joined = table.with_columns(pl.selectors.list().list.join("|"))
        assert pl.read_csv(path, schema=joined.schema).equals(joined)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
def test_what_is_broken_off_leaves_the_file_as_it_was(
    agent: RecommenderAgent, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"recs{ending}"
    path.write_text("before")

    def users() -> object:
        yield from ("ann", "bob")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plain(agent).recommend_many(users(), batch_size=1).write(path)  # type: ignore[arg-type]
    with full_disk(20), pytest.raises(StorageError, match=f"{path} could not be written"):
        plain(agent).recommend_many().write(path)
    with pytest.raises(DataError, match=r"None of 2 users got a list; nothing is written\. User 'x' is not"):
        plain(agent).recommend_many(["x", "y"]).write(path)
    assert path.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_another_ending_is_refused_before_anything_is_computed(
    agent: RecommenderAgent, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"recs\.xlsx") as caught:
        agent.recommend_many(["nobody"]).write(tmp_path / "recs.xlsx")
    assert ".parquet, .csv, .jsonl" in caught.value.remedy


def test_no_bar_is_shown_where_nobody_watches(
    agent: RecommenderAgent, capsys: pytest.CaptureFixture[str]
) -> None:
    plain(agent).recommend_many(k=1).to_polars()
    assert capsys.readouterr().err == ""


def test_one_table_of_pandas(agent: RecommenderAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    like_pandas = ModuleType("pandas")
    like_pandas.DataFrame = dict  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pandas", like_pandas)
    many = plain(agent).recommend_many(["ann"], 2)
    assert many.to_pandas()["rank"] == [1, 2]
    assert repr(many) == "ManyRecommendations(1 user, k=2)"
