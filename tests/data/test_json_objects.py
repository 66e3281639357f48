"""JSON with objects in its cells, of Python, and documents that are no JSON lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nextinterest.data import load
from nextinterest.errors import DataError


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ({"$date": "2023-11-14T22:13:20Z"}, 1_700_000_000),
        ({"$date": {"$numberLong": "1700000000000"}}, 1_700_000_000),
        ({"$date": 1_700_000_000_000}, 1_700_000_000),
        ({"$date": {"$numberLong": "86400000"}}, 86_400),
        ({"$numberLong": "1700000000"}, 1_700_000_000),
    ],
)
def test_objects_of_mongodb_stand_for_their_values(tmp_path: Path, cell: object, expected: int) -> None:
    row = {
        "user": {"$oid": "5f1"},
        "item": {"$numberInt": "7"},
        "rating": {"$numberDouble": "4.5"},
        "time": cell,
    }
    (tmp_path / "a.json").write_text(json.dumps(row) + "\n")
    data = load(tmp_path / "a.json")
    assert (data.log.user_ids, data.catalog.ids) == (("5f1",), ("7",))
    assert data.log.times is not None
    assert data.log.ratings is not None
    assert (data.log.times.tolist(), data.log.ratings.tolist()) == ([expected], [4.5])
    assert not any("objects" in note for note in data.report.notes)


@pytest.mark.parametrize("key", ["id", "_id"])
def test_ids_of_objects_are_read_with_a_note(tmp_path: Path, key: str) -> None:
    rows = [{"user": {key: f"u{i}", "name": "Ann"}, "item": {key: {"$oid": f"i{i}"}}} for i in range(2)]
    rows.append({"user": {key: "u1", "name": "Bo"}, "item": "i9"})
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = load(tmp_path / "a.jsonl")
    assert (data.log.user_ids, data.catalog.ids) == (("u0", "u1"), ("i0", "i1", "i9"))
    assert f"a.jsonl: 'user' holds objects, whose '{key}' was read" in data.report.notes
    assert f"a.jsonl: 'item' holds objects, whose '{key}' was read" in data.report.notes


@pytest.mark.parametrize("field", ["user", "item", "time"])
def test_other_objects_are_named_with_how_to_flatten(tmp_path: Path, field: str) -> None:
    row = {"user": "u1", "item": "a", "time": "2023-01-01"}
    (tmp_path / "a.jsonl").write_text(json.dumps({**row, field: {"code": row[field], "n": 1}}) + "\n")
    with pytest.raises(DataError, match=f"'{field}', the {field}, holds objects with") as caught:
        load(tmp_path / "a.jsonl")
    assert f'.["{field}"] |= .["code"]' in caught.value.command


def test_dictionaries_of_python_are_read(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {
            "reviewerID": f"u{i}",
            "asin": "B1",
            "helpful": (0, i),
            "overall": 4.0,
            "unixReviewTime": 1_300_000_000,
        }
        for i in range(3)
    ]
    said = "It's good"
    text = "".join(f"{row | {'reviewText': said}}\n" for row in rows)
    for name, how in (("reviews.json", "amazon"), ("events.jsonl", "auto")):
        folder = tmp_path / how
        folder.mkdir()
        (folder / name).write_text(text if how == "amazon" else text.replace("reviewerID", "user"))
        data = load(folder / name, format=how)  # type: ignore[arg-type]
        assert data.log.user_ids == ("u0", "u1", "u2")
        assert f"{name}: dictionaries of Python were read as JSON (3)" in data.report.notes


@pytest.mark.parametrize(
    ("text", "what", "how"),
    [
        (
            '{"user":{"0":"u","1":"v"},"item":{"0":"a","1":"b"}}',
            "a column after the other",
            "orient='records'",
        ),
        ('{"columns":["user","item"],"index":[0],"data":[["u","a"]]}', "a column after", "lines=True"),
        ('{"events":[{"user":"u","item":"a"}]}', "whose 'events' is a list", "'.[\"events\"][]' FILE"),
        ('callback([{"user":"u","item":"a"}]);', "a call of JavaScript", "jq -c '.[]'"),
    ],
)
def test_documents_are_named_with_what_helps(tmp_path: Path, text: str, what: str, how: str) -> None:
    (tmp_path / "a.json").write_text(text + "\n")
    with pytest.raises(DataError, match=what) as caught:
        load(tmp_path / "a.json")
    assert how in caught.value.remedy
