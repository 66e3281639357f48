"""From a log to a trained retriever: the contract of a recommender, new items, saving, refusing."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from support.saved_retriever import change, load_trained, save

from nextinterest.data import Dataset, EventLog, leave_last_out
from nextinterest.data.report import CleaningReport
from nextinterest.domain import Catalog, History, Item, ItemScorer
from nextinterest.errors import DataError, IntegrityError, ModelError
from nextinterest.finetune.config import FinetuneConfig, read_config
from nextinterest.finetune.encoder_task import catalog_loss, sampled_loss
from nextinterest.finetune.recipe import train_retriever
from nextinterest.finetune.windows import Windows
from nextinterest.retrieval import Encoder, Retriever
from nextinterest.retrieval.pool import ScorePool
from nextinterest.retrieval.sequence_encoder import SequenceEncoder, SequenceEncoderConfig
from nextinterest.retrieval.text_source import TextNeighbours
from nextinterest.retrieval.trained import TrainedRetriever

CONFIG = FinetuneConfig.model_validate(
    {
        "split": {"n_test": 1, "n_validation": 1},
        "encoder": {"dimension": 16, "blocks": 1, "window": 6, "dropout": 0.1},
        "training": {"epochs": 12, "batch_size": 16, "warmup_steps": 5, "learning_rate": 0.01},
        "ease": {"ridge": 5.0},
        "lift": {"prior": 10.0},
    }
)


@pytest.fixture(scope="module")
def dataset(catalog: Catalog, log: EventLog) -> Dataset:
    counts = {name: 0 for name, field in CleaningReport.model_fields.items() if field.annotation is int}
    return Dataset("walks", catalog, log, None, CleaningReport(files=(), **counts))


@pytest.fixture(scope="module")
def trained_once(
    dataset: Dataset, words: Encoder, tmp_path_factory: pytest.TempPathFactory
) -> TrainedRetriever:
    return train_retriever(dataset, words, CONFIG, tmp_path_factory.mktemp("work")).retriever


@pytest.fixture
def trained(trained_once: TrainedRetriever) -> TrainedRetriever:
    """Return a copy, since tests change it."""
    return deepcopy(trained_once)


def test_it_learns_and_the_blend_is_no_worse_than_its_best_part(trained: TrainedRetriever) -> None:
    measures = trained.provenance.validation
    assert measures["blend"]["ndcg@10"] > 1.5 * measures["popularity"]["ndcg@10"]
    best = min(m["log_loss"] for name, m in measures.items() if name in ("sequence", "popularity"))
    assert measures["blend"]["log_loss"] <= best + 0.02


def test_it_beats_the_untrained_retriever_on_test(
    trained: TrainedRetriever, dataset: Dataset, words: Encoder
) -> None:
    split = leave_last_out(dataset.log, 1, 1)
    plain = Retriever.build(dataset.catalog, split.train, words)
    histories = split.test.histories[:]

    def mean_log_p(of: Retriever) -> float:
        return float(of.log_probabilities(histories)[np.arange(len(histories)), split.test.targets].mean())

    assert mean_log_p(trained) > mean_log_p(plain)


def test_the_contract_of_a_recommender(trained: TrainedRetriever, log: EventLog) -> None:
    assert isinstance(trained, ItemScorer)
    histories = [log.history(0), log.history(1).first(1), History(np.empty(0, dtype=np.int32))]
    ranked = trained.recommend(histories, k=60)
    for history, items, probabilities in zip(histories, ranked.items, ranked.probabilities, strict=True):
        there = items[items >= 0]
        assert len(set(there.tolist())) == len(there) == 40 - len(set(history.items.tolist()))
        assert not set(there.tolist()) & set(history.items.tolist())
        assert (np.diff(probabilities) <= 0).all()
        assert 0.99 < probabilities.sum() <= 1.0
    log_p = trained.log_probabilities(histories)
    assert np.allclose(np.exp(log_p).sum(axis=1), 1.0, atol=1e-4)


def test_masked_and_renormalised_the_scores_are_the_ranking(trained: TrainedRetriever, log: EventLog) -> None:
    history = log.history(3)
    log_p = trained.log_probabilities([history])[0].astype(np.float64)
    log_p[history.items] = -np.inf
    expected = np.exp(log_p) / np.exp(log_p).sum()
    ranked = trained.recommend([history], k=5)
    assert np.allclose(expected[ranked.items[0]], ranked.probabilities[0], atol=1e-5)


def test_a_batch_ranks_as_single_calls_do(trained: TrainedRetriever, log: EventLog) -> None:
    histories = [log.history(u).first(1 + u % 5) for u in range(12)]
    together = trained.recommend(histories, k=5)
    for row, history in enumerate(histories):
        alone = trained.recommend([history], k=5)
        assert np.allclose(together.probabilities[row], alone.probabilities[0], atol=1e-6)


def test_the_shortlist_names_its_sources(trained: TrainedRetriever, log: EventLog) -> None:
    (found,) = trained.shortlist([log.history(2)], k=5)
    assert found.items.tolist() == trained.recommend([log.history(2)], k=5).items[0].tolist()
    assert set(found.ranks) >= {"sequence", "text"}
    assert (found.ranks["sequence"] > 0).all()


def test_an_item_held_out_of_training_ranks_by_its_text(trained: TrainedRetriever, log: EventLog) -> None:
    grown = trained.catalog.with_items([Item("new", "western number77", ("western",), 1999)])
    trained.update(grown)
    new = grown.position("new")
    western = [log.history(u) for u in range(80) if u % 4 == 2]
    others = [log.history(u) for u in range(80) if u % 4 != 2]
    n = len(grown)
    rank_in = (trained.log_probabilities(western) > trained.log_probabilities(western)[:, [new]]).sum(axis=1)
    rank_out = (trained.log_probabilities(others) > trained.log_probabilities(others)[:, [new]]).sum(axis=1)
    assert rank_in.mean() < n / 2 - 5  # chance is n / 2
    assert rank_in.mean() < rank_out.mean()


def test_removed_items_are_gone_and_the_others_keep_their_scores(
    trained: TrainedRetriever, log: EventLog
) -> None:
    history = log.history(0).first(3)
    before = trained.pool.read([history]).all()[0]
    gone = trained.catalog.ids[39]
    smaller = trained.catalog.without([gone])
    trained.update(smaller)
    assert np.allclose(trained.pool.read([history]).all()[0], before[:39], atol=1e-4)


def test_saved_and_loaded_it_ranks_the_same(
    trained: TrainedRetriever, words: Encoder, log: EventLog, tmp_path: Path
) -> None:
    save(trained, tmp_path / "saved")
    loaded = load_trained(tmp_path / "saved", words)
    histories = [log.history(u) for u in range(10)]
    assert loaded.provenance == trained.provenance
    assert np.allclose(loaded.log_probabilities(histories), trained.log_probabilities(histories), atol=2e-3)
    assert (loaded.recommend(histories).items[:, 0] == trained.recommend(histories).items[:, 0]).all()


def test_a_part_without_weight_is_neither_asked_nor_saved(
    trained: TrainedRetriever, words: Encoder, log: EventLog, tmp_path: Path
) -> None:
    weights = trained.pool.weights | {"sequence": 0.0, "popularity": 1.0}
    pool = ScorePool(trained.pool.parts, weights)
    weighed = TrainedRetriever.from_retriever(trained, pool)
    save(weighed, tmp_path)
    loaded = load_trained(tmp_path, words)
    assert "sequence" not in [part.name for part in loaded.pool.parts]
    for retriever in (weighed, loaded):
        (found,) = retriever.shortlist([log.history(0)], 40)
        assert {"popularity", "text", "cooccurrence"} <= set(found.ranks)
        assert "sequence" not in found.ranks
    histories = [log.history(user) for user in range(4)]
    assert np.allclose(loaded.pool.read(histories).all(), pool.read(histories).all(), atol=1e-4)


def test_a_source_that_has_no_file_is_refused_before_anything_is_written(
    trained: TrainedRetriever, tmp_path: Path
) -> None:
    mine = TextNeighbours(trained.item_vectors, trained.index, half_life=1.0)
    mine.name = "mine"
    trained.sources.append(mine)
    with pytest.raises(ModelError, match=r"'mine'.*cannot be saved"):
        save(trained, tmp_path / "refused")
    assert not (tmp_path / "refused").exists()


@pytest.mark.parametrize("name", ["heads.safetensors", "catalog.parquet", "index.faiss"])
def test_a_damaged_file_is_refused(
    trained: TrainedRetriever, words: Encoder, tmp_path: Path, name: str
) -> None:
    save(trained, tmp_path)
    file = tmp_path / name
    file.write_bytes(file.read_bytes()[:-1] + bytes([file.read_bytes()[-1] ^ 1]))
    with pytest.raises(IntegrityError, match=name):
        load_trained(tmp_path, words)


def test_another_catalogue_is_refused(trained: TrainedRetriever, words: Encoder, tmp_path: Path) -> None:
    save(trained, tmp_path)
    change(tmp_path, "catalog", value="0" * 64)
    with pytest.raises(IntegrityError, match="do not belong together"):
        load_trained(tmp_path, words)


def test_a_pool_without_any_weight_calls_all_items_alike(trained: TrainedRetriever, log: EventLog) -> None:
    empty = ScorePool(trained.pool.parts, {})
    assert (empty.read([log.history(0)]).all() == 0).all()


def test_a_wrong_field_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"training\.epochs"):
        read_config(None, ["training.epochs=none"])
    with pytest.raises(DataError, match="speed"):
        read_config(None, ["speed=3"])
    path = tmp_path / "c.yaml"
    path.write_text("seeds: [0, 1]\nencoder: {dimension: 32}\n")
    config = read_config(path, ["encoder.window=20"])
    assert (config.seeds, config.encoder.dimension, config.encoder.window) == ((0, 1), 32, 20)


def test_every_config_file_is_valid() -> None:
    import nextinterest.finetune.config as module

    files = list((Path(module.__file__).parent / "configs").glob("*.yaml"))
    assert files
    for file in files:
        first = file.read_text().splitlines()[0]
        assert first.startswith("# Run: nextinterest finetune")
        assert file.name in first
        if first.startswith("# Run: nextinterest finetune "):
            read_config(file)


def test_the_sampled_loss_approaches_the_full_one(log: EventLog) -> None:
    torch.manual_seed(0)
    text = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    encoder = SequenceEncoder(SequenceEncoderConfig(dimension=8, blocks=1, window=6), text).eval()
    windows = Windows(log, 40, 6)
    rng = np.random.default_rng(0)
    batch = windows.batch(windows.epoch(rng)[:8], rng)
    vectors = encoder.item_vectors()
    states = encoder(batch.items, vectors).flatten(0, 1)[batch.positions]
    full = float(catalog_loss(states, vectors, encoder.bias, batch).detach()) / len(batch)
    drawn = torch.from_numpy(rng.integers(0, 40, 20_000))
    sampled = float(sampled_loss(states, vectors, encoder.bias, batch, drawn).detach()) / len(batch)
    assert sampled == pytest.approx(full, abs=0.05)
