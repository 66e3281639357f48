"""A split as files: what another library learns from and predicts is what methods here do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from nextinterest.data import CleaningConfig, leave_last_out, load
from nextinterest.data.split_files import write_split
from nextinterest.errors import StorageError

EVENTS = "user,item,time,rating,action,title\n" + "".join(
    f"u{user},i{(user + n) % 6},{1_600_000_000 + 3600 * n + user},{n % 5 + 1},"
    f"{('view', 'purchase', '')[n % 3]},Item {(user + n) % 6}\n"
    for user in range(3)
    for n in range(6 - user)
)


def test_the_files_hold_the_split(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(EVENTS)
    dataset = load(tmp_path / "events.csv", cleaning=CleaningConfig(repeats="keep"))
    split = leave_last_out(dataset.log, 2, 1)
    write_split(split, dataset, tmp_path / "split")
    write_split(split, dataset, tmp_path / "split")  # one that is there is replaced
    read = {
        name: pl.read_csv(tmp_path / "split" / f"{name}.csv")
        for name in ("train", "validation", "test", "items")
    }
    assert read["train"].columns == ["user", "item", "time", "rating", "kind"]
    assert read["test"].columns == [*read["train"].columns, "after"]
    assert len(read["train"]) == split.train.n_events
    assert read["items"]["item"].to_list() == list(dataset.catalog.ids)
    for part, cases in (("validation", split.validation), ("test", split.test)):
        assert read[part]["item"].to_list() == [dataset.catalog.ids[item] for item in cases.targets]
        assert read[part]["after"].to_list() == [len(history) for history in cases.histories]
    first = read["train"].row(0, named=True)
    assert first == {
        "user": "u0",
        "item": "i0",
        "time": "2020-09-13T12:26:40Z",
        "rating": 1.0,
        "kind": "view",
    }
    again = load(tmp_path / "split" / "train.csv", cleaning=CleaningConfig(repeats="keep")).log
    assert np.array_equal(again.offsets, split.train.offsets)
    assert again.times is not None
    assert split.train.times is not None
    assert np.array_equal(again.times, split.train.times)
    about = json.loads((tmp_path / "split" / "split.json").read_text())
    assert about["split"] == split.name
    assert about["rows"]["test"] == len(split.test)


def test_only_a_folder_of_its_own_is_written_to(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("user,item\n" + "".join(f"u,i{n}\n" for n in range(4)))
    dataset = load(tmp_path / "events.csv")
    with pytest.raises(StorageError, match="holds other files"):
        write_split(leave_last_out(dataset.log), dataset, tmp_path)
    write_split(leave_last_out(dataset.log), dataset, tmp_path / "split")
    assert (tmp_path / "split" / "train.csv").read_text() == "user,item\nu,i0\nu,i1\n"
