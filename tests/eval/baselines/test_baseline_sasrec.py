"""SASRec: the loss against autograd, windows that miss nothing, causality, learning, resuming exactly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from nextinterest.data.log import EventLog
from nextinterest.data.splits import Split
from nextinterest.domain import Catalog, History
from nextinterest.errors import ModelError
from nextinterest.eval.baselines import SASRecConfig, build, sasrec_loss, sasrec_search, sasrec_training
from nextinterest.eval.baselines.columns import HistoryColumns
from nextinterest.eval.baselines.sasrec import SASRecNet, left_aligned
from nextinterest.eval.baselines.sasrec_loss import full_softmax_loss, proposal, sampled_softmax_loss
from nextinterest.eval.baselines.sasrec_training import train_sasrec
from nextinterest.eval.baselines.sasrec_windows import cut_windows

SMALL = SASRecConfig(dim=16, max_len=6, dropout=0.1, batch_size=16, epochs=12, warmup_steps=5, ema_decay=0.9)


def _problem(n: int = 40, n_items: int = 30, dim: int = 6) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    g = torch.Generator().manual_seed(0)
    hidden = torch.randn(n, dim, generator=g, requires_grad=True)
    vectors = torch.randn(n_items, dim, generator=g, requires_grad=True)
    bias = torch.randn(n_items, generator=g, requires_grad=True)
    return hidden, vectors, bias, torch.randint(0, n_items, (n,), generator=g)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("block", [False, True])
def test_full_loss_and_gradients(smoothing: float, block: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sasrec_loss, "_CELLS", 7 * 30)  # several parts
    hidden, vectors, bias, targets = _problem()
    blocked = torch.randint(0, 31, (40, 5), generator=torch.Generator().manual_seed(1)) if block else None
    mask = torch.zeros(40, 31, dtype=torch.bool)
    if blocked is not None:
        mask.scatter_(1, blocked, True)
    mask = mask[:, :30]
    mask[torch.arange(40), targets] = False
    log_p = (hidden @ vectors.T + bias).masked_fill(mask, -torch.inf).log_softmax(1)
    spread = log_p.masked_fill(mask, 0.0).sum(1) / (~mask).sum(1)
    expected = -((1 - smoothing) * log_p[torch.arange(40), targets] + smoothing * spread).mean()
    got = full_softmax_loss(hidden, vectors, bias, targets, blocked, smoothing)
    torch.testing.assert_close(got, expected)
    wanted = torch.autograd.grad(3.0 * expected, (hidden, vectors, bias))
    found = torch.autograd.grad(3.0 * got, (hidden, vectors, bias))
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_sampled_loss_comes_near_the_full_one() -> None:
    hidden, vectors, bias, targets = _problem()
    q = proposal(torch.arange(30, dtype=torch.float32))
    assert float(q.sum()) == pytest.approx(1.0)
    assert float(q.min()) > 0
    full = full_softmax_loss(hidden, vectors, bias, targets)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        sampled = sampled_softmax_loss(hidden, vectors, bias, targets, q, 100_000)
        rough = torch.stack(
            [sampled_softmax_loss(hidden, vectors, bias, targets, q, 50).detach() for _ in range(200)]
        )
    assert float(sampled.detach()) == pytest.approx(float(full.detach()), rel=0.01)
    # Without the correction 50 negatives of 30 items would be off by about log(50 / 30) at least.
    assert float(rough.mean()) == pytest.approx(float(full.detach()), abs=0.15)


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 23), min_size=1, max_size=6).filter(any),
    st.integers(1, 9),
    st.floats(0, 0.95),
    st.integers(0, 10),
)
def test_every_event_is_a_target_once(lengths: list[int], max_len: int, overlap: float, seed: int) -> None:
    n = sum(lengths)
    # Items are numbered as the events, so that a place tells which event it holds.
    log = EventLog(
        tuple(map(str, lengths)),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.arange(n, dtype=np.int32),
    )
    windows = cut_windows(log, max_len, overlap, np.random.default_rng(seed))
    assert int(windows.length.max()) <= max_len
    batch = windows.batch(log, np.arange(len(windows)), start=n)
    assert sorted(batch.targets[batch.counted].tolist()) == list(range(n))
    for inputs, targets, counted in zip(batch.inputs, batch.targets, batch.counted, strict=True):
        for place in np.flatnonzero(counted):
            target = int(targets[place])
            first = target in log.offsets
            assert inputs[place] == (n if first else target - 1)
            read = inputs[: place + 1]
            read = read[read < n]
            assert (log.users[read] == log.users[target]).all()
            np.testing.assert_array_equal(read, np.arange(target - len(read), target))


def test_nothing_later_is_read() -> None:
    net = SASRecNet(20, SMALL)
    net.initialise(torch.Generator().manual_seed(0), torch.zeros(20))
    net.eval()
    a, b = torch.tensor([[20, 1, 2, 3, 4]]), torch.tensor([[20, 1, 2, 9, 9]])
    with torch.inference_mode():
        one, other = net.encode(a), net.encode(b)
    torch.testing.assert_close(one[:, :3], other[:, :3])
    assert not torch.allclose(one[:, 3:], other[:, 3:])


def test_only_the_newest_events_are_read(split: Split, catalog: Catalog) -> None:
    model, _ = train_sasrec(
        split.train, catalog, split.validation, SMALL.model_copy(update={"epochs": 1}), seed=0
    )
    tail = np.array([1, 2, 3, 4, 5, 6], dtype=np.int32)
    longer = History(np.concatenate([np.array([20, 21], dtype=np.int32), tail]))
    log_p = model.log_probabilities([longer, History(tail)])
    inputs, _ = left_aligned(HistoryColumns.of([longer], len(catalog)), 6, start=len(catalog))
    assert inputs.tolist() == [tail.tolist()]
    np.testing.assert_allclose(log_p[0], log_p[1], atol=1e-5)


@pytest.mark.parametrize(
    "changes",
    [{}, {"cosine": True, "mask_seen": False}, {"sampled_above": 1, "negatives": 64}, {"item_dropout": 0.1}],
)
def test_it_learns_what_follows_what(changes: dict[str, float], split: Split, catalog: Catalog) -> None:
    config = SASRecConfig.model_validate(
        {**SMALL.model_dump(), "epochs": 24, "learning_rate": 1e-2, "patience": 24, **changes}
    )
    _, progressed = train_sasrec(split.train, catalog, split.validation, config, seed=1)
    uniform = float(np.log(len(catalog)))
    best = max(progressed.curve, key=lambda row: row[2])
    # Half of the items are another taste and most steps go to the next item: far above chance.
    assert best[3] > 0.9
    assert best[2] > 0.6
    assert best[4] < uniform - 0.8


def test_resumed_training_ends_at_the_same_weights(
    split: Split, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, whole_progress = train_sasrec(split.train, catalog, split.validation, SMALL, seed=3)
    path, real = tmp_path / "checkpoint.safetensors", sasrec_training._epoch

    def dies(net: SASRecNet, *rest: object) -> float:
        state = rest[-1]
        assert isinstance(state, sasrec_training.Progressed)
        if state.epoch == 7:
            raise KeyboardInterrupt
        return real(net, *rest)  # type: ignore[arg-type]

    before = torch.get_rng_state()
    monkeypatch.setattr(sasrec_training, "_epoch", dies)
    with pytest.raises(KeyboardInterrupt):
        train_sasrec(split.train, catalog, split.validation, SMALL, seed=3, checkpoint_path=path)
    monkeypatch.setattr(sasrec_training, "_epoch", real)
    resumed, progress = train_sasrec(
        split.train, catalog, split.validation, SMALL, seed=3, checkpoint_path=path
    )
    assert torch.equal(before, torch.get_rng_state())
    assert [row[0] for row in progress.curve] == [row[0] for row in whole_progress.curve]
    np.testing.assert_allclose(np.array(progress.curve), np.array(whole_progress.curve))
    for name, weight in whole.state().items():
        np.testing.assert_array_equal(resumed.state()[name], weight)
    other, _ = train_sasrec(split.train, catalog, split.validation, SMALL, seed=4)
    assert not np.array_equal(other.state()["items.weight"], whole.state()["items.weight"])


def test_training_stops_when_validation_does(split: Split, catalog: Catalog) -> None:
    config = SMALL.model_copy(update={"epochs": 500, "patience": 2, "learning_rate": 1e-2})
    _, progressed = train_sasrec(split.train, catalog, split.validation, config, seed=0)
    assert progressed.stopped == "patience"
    assert progressed.epoch == progressed.best_epoch + 2 * config.eval_every
    _, halted = train_sasrec(split.train, catalog, split.validation, config, seed=0, max_seconds=0.0)
    assert (halted.stopped, halted.epoch) == ("time", config.eval_every)


def test_built_and_cached(
    split: Split, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = {"dim": 8, "max_len": 6, "epochs": 4}
    monkeypatch.setattr(sasrec_search, "CANDIDATES", (quick, {**quick, "dropout": 0.5}))
    model = build("sasrec", split, catalog, cache_dir=tmp_path)
    provenance = json.loads(json.dumps(model.provenance, allow_nan=False))
    assert len(provenance["tried"]) == len(sasrec_search.CANDIDATES)
    assert max(t["best_ndcg"] for t in provenance["tried"]) == pytest.approx(
        provenance["validation"]["ndcg@10"], abs=1e-5
    )
    (folder,) = (tmp_path / "baselines").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "state.npz"]
    again = build("sasrec", split, catalog, cache_dir=tmp_path)
    np.testing.assert_array_equal(
        again.log_probabilities(split.test.histories), model.log_probabilities(split.test.histories)
    )


def test_a_run_that_diverges_ends_at_once(split: Split, catalog: Catalog, tmp_path: Path) -> None:
    wild = SMALL.model_copy(update={"learning_rate": 1e30, "warmup_steps": 0})
    path = tmp_path / "c.safetensors"
    with pytest.raises(
        ModelError, match=r"not finite at step \d+ \(epoch 1\), at a learning rate of 1e\+30"
    ) as caught:
        train_sasrec(split.train, catalog, split.validation, wild, seed=1, checkpoint_path=path)
    assert "learning_rate" in caught.value.remedy
    assert not path.exists()


def test_checkpoints_that_cannot_be_kept_only_cost_time(
    split: Split, catalog: Catalog, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "c").write_text("")
    short = SMALL.model_copy(update={"epochs": 2})
    train_sasrec(split.train, catalog, split.validation, short, seed=1, checkpoint_path=tmp_path / "c" / "d")
    assert "Checkpoints of SASRec are not kept" in caplog.text
