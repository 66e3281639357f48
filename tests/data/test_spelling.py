"""Ids that events spell in another way than the tables beside them: counted, never joined unasked."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from nextinterest.cli.main import app
from nextinterest.data import CleaningConfig, Dataset, load

LOOSE = CleaningConfig(ids="loose")


def written(folder: Path, events: list[str], items: list[str], what: str = "item") -> Path:
    rows = (f"{one},x{i % 2}" if what == "user" else f"x{i % 2},{one}" for i, one in enumerate(events))
    (folder / "log.csv").write_text("user,item\n" + "".join(f"{row}\n" for row in rows))
    column = "title" if what == "item" else "age"
    table = f"{what},{column}\n" + "".join(f"{one},T{i}\n" for i, one in enumerate(items))
    (folder / f"{what}s.csv").write_text(table)
    return folder / "log.csv"


def untitled(dataset: Dataset) -> int:
    return dataset.report.items_without_title


@pytest.mark.parametrize(
    ("events", "items", "rule"),
    [
        (["7", "8", "9"], ["007", "008", "009"], "leading zeros"),
        (["0007"], ["7"], "leading zeros"),
        (["B01", "B02"], ["b01", "b02"], "capital letters"),
        (["SKU-1"], ["sku-1"], "capital letters"),
        (["SKU-1"], ["sku-0001"], "capital letters or blanks or a trailing .0 or leading zeros"),
        (["10.0", "11"], ["10", "11"], "a trailing .0"),
        (["AB 1", "AB2"], ["AB1", "AB2"], "blanks"),
    ],
)
@pytest.mark.parametrize("what", ["item", "user"])
def test_ids_that_differ_in_their_spelling_are_counted_and_joined_where_asked(
    tmp_path: Path, events: list[str], items: list[str], rule: str, what: str
) -> None:
    path = written(tmp_path, events, items, what)
    dataset = load(path)
    missing = sum(one not in items for one in events)
    (warning,) = dataset.report.warnings
    assert warning in dataset.report.notes
    assert f"but for {rule}, {missing} of the {missing} match" in warning
    assert f"such as {events[0]!r} and {items[0]!r}" in warning
    assert "--ids loose joins them (in Python cleaning=CleaningConfig(ids='loose'))" in warning
    ids = dataset.catalog.ids if what == "item" else dataset.log.user_ids
    assert events[0] in ids  # nothing is joined unasked
    joined = load(path, cleaning=LOOSE)
    assert joined.report.warnings == ()
    assert f"such as {events[0]!r} to {items[0]!r}" in " ".join(joined.report.notes)
    assert set(joined.catalog.ids if what == "item" else joined.log.user_ids) == set(items)
    assert untitled(joined) == (0 if what == "item" else untitled(dataset))


def test_an_id_that_may_be_two_stays_apart(tmp_path: Path) -> None:
    dataset = load(written(tmp_path, ["7", "a1"], ["07", "007", "A1"]), cleaning=LOOSE)
    assert dataset.catalog.ids == ("07", "007", "A1", "7")
    assert "1 event names 1 item that the table of items does not have" in dataset.report.notes[-1]


def test_ids_of_another_kind_are_counted_with_the_closest(tmp_path: Path) -> None:
    report = load(written(tmp_path, ["item_71", "item_72", "x"], ["film_71", "film_72", "x"])).report
    assert report.warnings == ()
    assert report.notes == (
        "2 events name 2 items that the table of items does not have, and 2 of its 3 items have no event; "
        "closest to 'item_71' is 'film_71'",
    )


def test_that_no_id_matches_is_a_warning(tmp_path: Path) -> None:
    (warning,) = load(written(tmp_path, ["q", "r"], ["1", "2"])).report.warnings
    assert (
        warning
        == "2 events name 2 items that the table of items does not have, and 2 of its 2 items have no event"
    )


@pytest.mark.parametrize(("events", "items"), [(["a"], ["a", "b"]), (["a", "b"], ["a"]), (["a"], ["a"])])
def test_what_lacks_on_one_side_only_needs_no_note(
    tmp_path: Path, events: list[str], items: list[str]
) -> None:
    assert load(written(tmp_path, events, items)).report.notes == ()


def test_the_command_line_follows_the_warning(tmp_path: Path) -> None:
    path = str(written(tmp_path, ["7", "8"], ["007", "008"]))
    assert "--ids loose" in " ".join(CliRunner().invoke(app, ["data", "describe", path]).output.split())
    result = CliRunner().invoke(app, ["data", "describe", path, "--ids", "loose"])
    assert "2 of 2 items" in result.output
