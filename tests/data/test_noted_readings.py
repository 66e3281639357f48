"""What is read in a way that a person may not expect is noted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nextinterest.data import load


def _notes(folder: Path, text: str, name: str = "a.csv") -> list[str]:
    (folder / name).write_text(text)
    return list(load(folder / name).report.notes)


@pytest.mark.parametrize(
    ("second", "noted"), [("12.50", True), ("10.00", False), (" 10", False), ("", False), ("$ 12", True)]
)
def test_prices_that_differ_by_event(tmp_path: Path, second: str, noted: bool) -> None:
    notes = _notes(tmp_path, f"user,item,price\nu1,a,10\nu2,a,{second}\n")
    found = [note for note in notes if "several prices" in note]
    expected = f"1 item has several prices, of which the first counts: a is '10', not {second.strip()!r}"
    assert found == ([expected] if noted else [])


def test_an_export_of_orders_has_the_names_of_its_lines_as_titles(tmp_path: Path) -> None:
    rows = "".join(f"#{100 + n},u{n % 2},2026-05-0{n + 1},Tea {n},t{n},2,paid\n" for n in range(4))
    header = "Name,Customer ID,Created at,Lineitem name,Lineitem sku,Lineitem quantity,Financial Status\n"
    (tmp_path / "a.csv").write_text(header + rows)
    data = load(tmp_path / "a.csv")
    assert set(data.catalog.ids) == {"t0", "t1", "t2", "t3"}
    assert set(data.catalog.titles) == {f"Tea {n}" for n in range(4)}
    assert data.log.weights is not None
    assert "the title is Lineitem name, not Name" in data.report.notes
    assert any(note.startswith("Financial Status is not read") for note in data.report.notes)


@pytest.mark.parametrize("name", ["order_ts", "event_ts", "purchase_ts"])
def test_more_names_of_times(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.csv").write_text(f"user,item,{name}\nu1,a,1700000000\n")
    assert load(tmp_path / "a.csv").log.times is not None


def test_ids_that_are_hardly_ids(tmp_path: Path) -> None:
    rows = [{"user_id": "u", "item_id": one} for one in (True, 1.5, "a", 7)]
    notes = _notes(tmp_path, "\n".join(map(json.dumps, rows)) + "\n", "a.jsonl")
    assert any("1 id of items is true or false" in note for note in notes)
    assert "1 id of items is a fraction (1.5), hardly ids" in notes
    assert _notes(tmp_path, "user,item\nu,007\nu,a.5\nu,truth\n") == []
