"""Cells with several items are split where that is asked for, refused where they are certain, else left."""

from __future__ import annotations

import shlex
from pathlib import Path

import polars as pl
import pytest
from support.command_line import run

from nextinterest.data import CleaningConfig, Dataset, from_events, load
from nextinterest.errors import DataError

ORDERS = ["milk,bread,tea", "bread,jam", "tea", "jam,milk", "milk", "bread,tea,rum,jam", "rum,milk"]
BASKETS = {
    "commas": ("product_id", ORDERS),
    "commas and blanks": ("product_id", [cell.replace(",", ", ") for cell in ORDERS]),
    "semicolons": ("sku", [cell.replace(",", ";") for cell in ORDERS]),
    "bars": ("sku", [cell.replace(",", "|") for cell in ORDERS]),
    "numbers and blanks": ("item_id", ["1 12 3", "12 4", "3 1", "4 1 12", "12", "3 4 1 12"]),
    "a name that says so": ("items", [f"milk,bread,p{n}" for n in range(10)]),
    "most hold one": ("item", [*(f"i{n}" for n in range(9)), "i1,i2", "i2,i1", "i3,i1,i5"]),
}
WHOLE = {
    "names with commas": [f"{what}, {colour}" for what in ("Coat", "Hat") for colour in ("red", "blue")],
    "authors": ["Smith,John", "Doe,John", "Smith,Ann", "King,Ann", "King,Rose"],
    "titles": ["The Good, the Bad and the Ugly", "Heat", "Crouching Tiger, Hidden Dragon"],
    "parts of a key": ["shirt|red|XL", "shirt|red|M", "hat|blue|M", "hat|red|XL"],
    "places": ["48.85,2.35", "51.5,0.12", "48.85,0.12"],
    "thousands": ["1,234", "2,234", "1,235"],
    "words": ["Rain Jacket", "Rain Coat", "Red Jacket"],
    "edges": ["1|2", "2|1", "3|1"],
    "decimal commas": ["1,5", "5,1", "1,1"],
}


def _write(folder: Path, column: str, cells: list[str]) -> Path:
    frame = pl.DataFrame({column: cells, "customer": [f"u{n % 3}" for n in range(len(cells))]})
    frame.with_columns(pl.lit("2026-05-01").alias("date")).write_csv(folder / "orders.csv")
    return folder / "orders.csv"


def _columns(column: str) -> dict[str, str | int | None]:
    return {"item": column, "user": "customer"}


def _advised(remedy: str) -> str:
    return remedy.split("item_separator='")[1].split("'")[0]


@pytest.mark.parametrize("name", BASKETS)
def test_baskets_are_refused_and_split_as_the_error_says(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    column, cells = BASKETS[name]
    path = _write(tmp_path, column, cells)
    with pytest.raises(DataError, match=f"cells of {column} hold several items") as refused:
        load(path, columns=_columns(column))
    sign = _advised(refused.value.remedy)
    keep = CleaningConfig(item_separator=sign, repeats="keep")
    data = load(path, columns=_columns(column), cleaning=keep)
    ids = {part.strip() for cell in cells for part in cell.split(sign)}
    assert set(data.catalog.ids) == ids
    assert data.report.events_read == sum(len(cell.split(sign)) for cell in cells)
    assert any(f"{column} split at" in note for note in data.report.notes)
    option = refused.value.command.split(", as in ")[1].split("; ")[0]
    mapped = ("--column", f"item={column}", "--column", "user=customer")
    assert run("data", "users", str(path), *mapped, *shlex.split(option)) == 0
    capsys.readouterr()
    whole = load(path, columns=_columns(column), cleaning=CleaningConfig(item_separator=""))
    assert set(whole.catalog.ids) == {cell.strip() for cell in cells}


@pytest.mark.parametrize("name", WHOLE)
def test_ids_that_hold_a_sign_stay_whole(name: str, tmp_path: Path) -> None:
    data = load(_write(tmp_path, "item", WHOLE[name]))
    assert set(data.catalog.ids) == set(WHOLE[name])


def test_other_tables_too(tmp_path: Path) -> None:
    frame = pl.DataFrame({"user": [f"u{n}" for n in range(len(ORDERS))], "items": ORDERS})
    comma = CleaningConfig(item_separator=",")

    def read(what: str) -> list[Dataset]:
        if what == "program":
            with pytest.raises(DataError, match="The events given: cells of items hold several"):
                from_events(frame, columns={"item": "items"})
            return [from_events(frame, columns={"item": "items"}, cleaning=comma)]
        path = tmp_path / f"a.{what}"
        if what == "parquet":
            frame.write_parquet(path)
        else:
            frame.write_ndjson(path)
        with pytest.raises(DataError, match="cells of items hold several items"):
            load(path, columns={"item": "items"})
        return [load(path, columns={"item": "items"}, cleaning=comma)]

    for what in ("parquet", "jsonl", "program"):
        assert read(what)[0].log.n_events == sum(len(cell.split(",")) for cell in ORDERS)


def test_a_table_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("".join(f'u{n},"{cell}",{1700000000 + n}\n' for n, cell in enumerate(ORDERS)))
    columns: dict[str, str | int | None] = {"user": 0, "item": 1, "time": 2}
    with pytest.raises(DataError, match="hold several items"):
        load(path, columns=columns)
    assert load(path, columns=columns, cleaning=CleaningConfig(item_separator=",")).log.n_events == 15


def test_a_format_with_one_item_a_cell_refuses_the_option(tmp_path: Path) -> None:
    path = tmp_path / "a.inter"
    path.write_text("user_id:token\titem_id:token\nu\ta\n")
    with pytest.raises(DataError, match="hold one item each") as refused:
        load(path, cleaning=CleaningConfig(item_separator=","))
    assert "format='csv'" in refused.value.remedy
    assert load(path, cleaning=CleaningConfig(item_separator=","), format="csv").log.n_events == 1
