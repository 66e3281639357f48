"""Building by name: tuned on validation only, cached by inputs, mended when the cache is damaged."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.full_disk import full_disk

from nextinterest.data.splits import HeldOut, Split
from nextinterest.domain import Catalog
from nextinterest.errors import DataError
from nextinterest.eval.baselines import build, tuning
from nextinterest.eval.baselines.cache import cache_key, code_version

QUICK = ["popularity", "recent-popularity", "markov", "itemknn", "ease", "text"]


def _vectors(catalog: Catalog) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.random.default_rng(0).normal(size=(len(catalog), 4)).astype(np.float32)


@pytest.mark.parametrize("name", QUICK)
def test_builds_and_tells_how(name: str, split: Split, catalog: Catalog) -> None:
    model = build(name, split, catalog, item_vectors=_vectors(catalog))
    assert model.name == name
    provenance = json.loads(json.dumps(model.provenance, allow_nan=False))
    assert provenance["chosen"] == model.config.model_dump(mode="json")
    assert len(provenance["tried"]) >= 1
    best = max(trial["ndcg@10"] for trial in provenance["tried"])
    assert provenance["validation"]["ndcg@10"] == best
    assert set(provenance["space"]) == set(type(model).SPACE)


def test_the_test_part_is_never_read(split: Split, catalog: Catalog) -> None:
    class Untouchable:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"the test part was asked for its {name}")

    sealed = replace(split, test=Untouchable())  # type: ignore[arg-type]
    for name in QUICK:
        build(name, sealed, catalog, item_vectors=_vectors(catalog))


def test_a_cached_baseline_is_the_same(
    split: Split, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build("ease", split, catalog, cache_dir=tmp_path)

    def refuse(*args: object) -> None:
        raise AssertionError("it was tuned again")

    monkeypatch.setattr(tuning, "_tune", refuse)
    again = build("ease", split, catalog, cache_dir=tmp_path)
    assert again.config == first.config
    assert again.provenance == json.loads(json.dumps(first.provenance))
    histories = split.test.histories
    np.testing.assert_array_equal(again.log_probabilities(histories), first.log_probabilities(histories))
    with pytest.raises(AssertionError, match="tuned again"):
        build("ease", split, catalog, cache_dir=tmp_path, seed=1)
    v = split.validation
    other = replace(split, validation=HeldOut(v.histories, np.roll(v.targets, 1), v.users))
    with pytest.raises(AssertionError, match="tuned again"):
        build("ease", other, catalog, cache_dir=tmp_path)


@pytest.mark.parametrize("damage", ["state", "manifest", "0.1", "unfinished"])
def test_a_damaged_entry_is_fitted_anew(
    split: Split, catalog: Catalog, tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    build("popularity", split, catalog, cache_dir=tmp_path)
    (folder,) = (tmp_path / "baselines").iterdir()
    if damage == "state":
        (folder / "state.npz").write_bytes(b"half a file")
    elif damage == "manifest":
        (folder / "manifest.json").write_text("{")
    elif damage == "0.1":
        (folder / "manifest.json").write_text('{"sha256": "0", "config": {}, "provenance": {}}')
    else:
        (folder / "manifest.json").unlink()
    with caplog.at_level(logging.WARNING):
        build("popularity", split, catalog, cache_dir=tmp_path)
    assert ("fitted anew" in caplog.text) == (damage != "unfinished")
    caplog.clear()
    build("popularity", split, catalog, cache_dir=tmp_path)
    assert not caplog.text
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "state.npz"]


def test_a_cache_that_cannot_be_written_to_only_costs_time(
    split: Split, catalog: Catalog, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "baselines").write_text("")  # a file where the folder should be
    first = build("popularity", split, catalog, cache_dir=tmp_path)
    again = build("ease", split, catalog, cache_dir=tmp_path)
    assert (first.name, again.name) == ("popularity", "ease")
    (record,) = caplog.records
    assert "Fitted baselines are not kept" in record.getMessage()


def test_an_entry_that_a_full_disk_cut_off_is_not_taken(
    split: Split, catalog: Catalog, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with full_disk(64):
        build("popularity", split, catalog, cache_dir=tmp_path)
    assert "are not kept" in caplog.text
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_keys_and_code_versions_tell_apart() -> None:
    assert cache_key({"a": 1, "b": 2}) == cache_key({"b": 2, "a": 1})
    assert cache_key({"a": 1}) != cache_key({"a": 2})
    ease, other = Path(tuning.__file__).with_name("ease.py"), Path(tuning.__file__)
    assert code_version([ease]) == code_version([ease])
    assert code_version([ease]) != code_version([other])


def test_what_cannot_be_built_says_why(split: Split, catalog: Catalog) -> None:
    with pytest.raises(DataError, match=r"no baseline 'bert4rec'.*Choose one of: popularity"):
        build("bert4rec", split, catalog)
    with pytest.raises(DataError, match="needs item_vectors"):
        build("text", split, catalog)


def test_ease_on_a_large_catalogue_models_what_fits(
    split: Split, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nextinterest.retrieval.ease.ease_memory_gb", lambda n: 24.0 * (n / 24) ** 2)
    model = build("ease", split, catalog)
    assert model.config.model_dump()["max_items"] == 12
