"""What loading says of files that are read otherwise than meant: repeats, missing columns, nested events."""

from __future__ import annotations

import ast
import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nextinterest.cli.main import app
from nextinterest.data import CleaningConfig, load
from nextinterest.errors import DataError

VIEWS = "user,item,time,kind\n" + "".join(
    f"u{n},tent,2026-05-01,view\nu{n},tent,2026-05-02,purchase\nu{n},lamp,2026-05-03,view\n" for n in range(4)
)


def _written(folder: Path, text: str, name: str = "shop.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_many_dropped_repeats_are_a_warning_that_names_the_option(tmp_path: Path) -> None:
    path = _written(tmp_path, VIEWS)
    report = load(path).report
    (warning,) = report.warnings
    assert "4 of 12 events (33%) repeat a user and an item" in warning
    assert "--repeats keep" in warning
    assert "CleaningConfig(repeats='keep')" in warning
    assert "the first of each stays" in warning
    assert "the last of each" in load(path, cleaning=CleaningConfig(repeats="last")).report.warnings[0]
    kept = load(path, cleaning=CleaningConfig(repeats="keep"))
    assert kept.report.warnings == ()
    assert kept.log.n_events == 12
    shown = CliRunner().invoke(app, ["data", "describe", str(path)], env={"COLUMNS": "300"})
    assert shown.stdout.count("--repeats keep") == 2


def test_few_dropped_repeats_are_counted_without_a_warning(tmp_path: Path) -> None:
    rows = "".join(f"u,i{n},{1700000000 + n}\n" for n in range(30))
    report = load(_written(tmp_path, f"user,item,time\n{rows}u,i0,1700001000\n")).report
    assert report.repeated_events == 1
    assert report.warnings == ()


def test_a_k_core_that_leaves_nothing_says_to_lower_it(tmp_path: Path) -> None:
    path = _written(tmp_path, VIEWS)
    with pytest.raises(DataError) as caught:
        load(path, cleaning=CleaningConfig(min_user_events=100, min_item_events=100))
    assert caught.value.command.startswith("Lower --k-core")


def test_all_missing_columns_are_named_at_once(tmp_path: Path) -> None:
    path = _written(tmp_path, "wer,was,wann\nu,b,2023-01-02\nu,a,2023-01-01\n")
    with pytest.raises(DataError, match="is the user, the item or the time") as caught:
        load(path)
    columns = iter(("wer", "was", "wann"))
    options = re.sub("NAME", lambda _: next(columns), caught.value.command)
    found = re.findall(r"--column \w+=\w+", options)
    assert len(found) == 3
    done = CliRunner().invoke(app, shlex.split(f"data describe {shlex.quote(str(path))} {' '.join(found)}"))
    assert done.exit_code == 0, done.output
    columns = iter(("wer", "was", "wann"))
    python = re.sub("NAME", lambda _: next(columns), caught.value.remedy)
    mapping = ast.literal_eval(re.findall(r"columns=(\{.*?\})", python)[0])
    assert load(path, columns=mapping).log.times is not None


def test_only_what_is_missing_is_named(tmp_path: Path) -> None:
    path = _written(tmp_path, "user,was,time\nu,b,2023-01-02\n")
    with pytest.raises(DataError, match=r"is the item\.") as caught:
        load(path)
    assert "time" not in caught.value.command
    assert "user" not in caught.value.command


@pytest.mark.parametrize(
    "header",
    [
        "client,product,bought on",
        "visitor,article,Paid at",
        "Kunde,Artikel,Datum",
        "Kundennr,Artikelnummer,Bestelldatum",
        "Kunden-Nr.,Produkt,Kaufdatum",
        "client,produit,date_achat",
        "id_client,article,date de commande",
        "cliente,producto,fecha",
        "usuario,artículo,fecha_compra",
    ],
)
def test_further_names_of_columns(tmp_path: Path, header: str) -> None:
    dataset = load(_written(tmp_path, f"{header}\nu,b,2023-01-02T00:00:00\nu,a,2023-01-01T00:00:00\n"))
    assert [dataset.catalog.ids[i] for i in dataset.log.items] == ["a", "b"]
    assert dataset.report.warnings == ()


def test_an_id_beside_a_name_is_the_item_and_the_name_its_title(tmp_path: Path) -> None:
    dataset = load(_written(tmp_path, "client,product_id,product,date\nu,7,Rain Jacket,2023-01-02\n"))
    assert (dataset.catalog.ids, dataset.catalog.titles) == (("7",), ("Rain Jacket",))


@pytest.mark.parametrize("further", ["customer_id", "shop_id", "orderId", "Order No"])
def test_an_id_is_not_proposed_as_the_time(tmp_path: Path, further: str) -> None:
    assert load(_written(tmp_path, f"user,item,{further}\nu,b,7\n")).report.warnings == ()
    both = load(_written(tmp_path, f"user,item,{further},moment\nu,b,7,2023-01-02\n")).report.warnings
    assert "['moment']" in both[0]


@pytest.mark.parametrize("key", ["items", "purchases", "item"])
def test_events_in_a_list_of_objects_are_refused_with_one_remedy(tmp_path: Path, key: str) -> None:
    rows: list[dict[str, object]] = [
        {"user": "u1", key: [{"id": "a", "time": "2024-01-01"}, {"id": "b", "time": "2024-01-02"}]}
    ]
    path = _written(tmp_path, "\n".join(map(json.dumps, rows)), "nest.jsonl")
    for columns in (None, {"item": key}, {"item": "id"}):
        with pytest.raises(DataError, match=f"{key!r} holds lists of objects") as caught:
            load(path, columns=columns)
        assert f'`jq -c \'del(.["{key}"]) + .["{key}"][]\' FILE`' in caught.value.remedy
    flat = [{"user": "u1", "id": item, "time": "2024-01-01"} for item in ("a", "b")]
    flat_path = _written(tmp_path, "\n".join(map(json.dumps, flat)), "flat.jsonl")
    assert load(flat_path, columns={"item": "id"}).log.n_events == 2
