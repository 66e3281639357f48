"""The benchmark of recommending dialogues on a tiny folder of the form that it reads."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCH = Path(__file__).parents[2] / "bench" / "crs.py"
FILMS: dict[str, dict[str, object]] = {
    "The Quiet Harbour": {"genre": ["Drama"], "year": "1999", "actor": ["Ada Quill", "Ada Quill"]},
    "Night Ferry": {"genre": ["Thriller"], "actor": ["Ada Quill"], "director": ["Bo Mars"]},
    "Paper Moons": {"genre": ["Comedy"], "plot": "Two friends fold a boat."},
    "Salt": {"genre": ["Drama", "Drama"], "year": "n/a"},
    "Only Spoken Of": {},
}
Row = dict[str, object]


def row(dialogue: int, turn: int, entity: list[str], rec: list[str], said: str = "Hello") -> Row:
    """Return a turn as the files have it."""
    context = ["Hi!", said]
    return {"dialog_id": dialogue, "turn_id": turn, "context": context, "entity": entity, "rec": rec}


TRAIN = [
    row(1, 1, [], ["Salt"]),
    row(1, 3, ["Salt", "Drama"], ["Paper Moons"]),
    row(2, 1, ["Salt"], ["The Quiet Harbour", "Salt"]),
    row(3, 1, [], ["Night Ferry"]),  # before the turn that is evaluated
    row(3, 5, ["Night Ferry", "The Quiet Harbour"], ["Paper Moons"]),  # behind it
]
VALID = [
    row(3, 3, ["Night Ferry"], ["The Quiet Harbour"], "Another one with Ada Quill?"),
    row(4, 1, ["Salt", "Paper Moons", "Salt"], ["Salt", "Night Ferry"], "By Bo Mars?"),
]


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    found = importlib.util.spec_from_file_location("crs_bench", BENCH)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules["crs_bench"] = module
    found.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names, described = list(FILMS), tmp_path / "opendialkg"
    (tmp_path / "opendialkg_eval").mkdir()
    described.mkdir()
    texts = {
        "id2info": {str(90 + n): {"name": name} | FILMS[name] for n, name in enumerate(names)},
        "entity2id": {name: n for n, name in enumerate([*names, "Ada Quill", "Drama"])},
        "item_ids": [n for n, name in enumerate(names) if name != "Only Spoken Of"],
    }
    for name, content in texts.items():
        (described / f"{name}.json").write_text(json.dumps(content), "utf-8")
    for name, rows in (("train", TRAIN), ("valid", VALID)):
        path = tmp_path / "opendialkg_eval" / f"{name}_data_processed.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in rows), "utf-8")
    return tmp_path


def test_items_turns_and_what_is_learned_from(bench: ModuleType, folder: Path) -> None:
    data = bench.read_dialogues(folder, "opendialkg", "valid", ["train"])
    assert data.catalog.titles == tuple(list(FILMS)[:4])
    assert data.catalog[0].attributes == {"actor": ("Ada Quill",)}
    assert (data.catalog[0].year, data.catalog[3].year) == (1999, None)
    assert data.catalog[2].description == "Two friends fold a boat."
    assert [(turn.named, turn.targets) for turn in data.turns] == [((1,), (0,)), ((2, 3), (3, 1))]
    assert data.turns[0].names == {"Night Ferry"}
    assert data.names[0] == {"Salt", "Drama", "Paper Moons"}
    # Of dialogue 3 nothing is learned that was said behind the turn that is evaluated.
    assert data.log.user_ids == ("1", "2", "3")
    assert [data.log.history(user).items.tolist() for user in range(3)] == [[3, 2], [0, 3], [1]]


def test_ranks_stand_apart_for_targets_that_were_named(bench: ModuleType, folder: Path) -> None:
    data = bench.read_dialogues(folder, "opendialkg", "valid", ["train"])
    found = bench.find(lambda turn, named: [i for i in range(4) if named or i not in turn.named], data.turns)
    assert found.mentioned.tolist() == [False, True, False]
    assert found.open.tolist() == [1.0, 4.0, 2.0]
    assert found.masked.tolist() == [1.0, np.inf, 2.0]
    values, dialogues = bench.hits(found, "unmentioned", 1)
    assert (values.tolist(), dialogues.tolist()) == ([1.0, 0.0], [0, 1])
    assert bench.share(values, dialogues) == "0.500 (0.354)"  # of two dialogues
    assert [len(bench.hits(found, group, 1)[0]) for group in ("mentioned", "all")] == [1, 3]
    lines = bench.contrast({"agent": found, "popularity": found}, "agent", ("popularity", "co-mention"))
    assert [line.rpartition(": ")[2] for line in lines] == ["+0.000, p = 1.0000"] * 2


def test_the_agent_finds_whom_the_words_name(
    bench: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["crs.py", "--data", str(folder), "--dataset", "opendialkg"])
    bench.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "opendialkg, valid: 2 turns; 4 items; 3 dialogues with 5 events learned from"
    (agent, *_) = (line.split() for line in lines if line.startswith("agent  "))
    assert agent[1] == "1.000"
    assert sum(line.startswith("R@") for line in lines) == 6
