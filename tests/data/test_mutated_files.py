"""Damaged files of every format: each is read or refused by name, and nothing else happens.

The mutations are seeded (see `support.mutations`); a case that fails names its seed.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from support.formats import FORMATS, write_format
from support.mutations import mutate
from typer.testing import CliRunner

from nextinterest.cli.main import app
from nextinterest.data import load
from nextinterest.data.sources import FORMATS as READ
from nextinterest.errors import NextInterestError

FIELDS = ("user", "item", "time", "rating", "title", "categories", "year", "description")
NAMES = ("user", "item", "user_id", "item_id", "line", "problem", "title", "", "timestamp", "user:token", "0")


def check(
    folder: Path, seed: int, *, format_: str = "auto", columns: dict[str, str | int] | None = None
) -> None:
    """Read one damaged case."""
    name, files = mutate(seed)
    path = write_format(folder, files)
    try:
        dataset = load(path, format=format_, columns=columns)  # type: ignore[arg-type]
    except NextInterestError as error:
        message = error.message
    except BaseException as error:
        error.add_note(f"{name} as {format_} with {columns}")
        raise
    else:
        assert dataset.log.n_events > 0, name
        return
    named = any(Path(file).name in message for file in files) or str(path) in message
    assert named or "by position" in message, f"{name}: {message}"
    assert len(message) < 2000, name
    assert message.isprintable(), name


def check_any_way(folder: Path, seed: int) -> None:
    """Read a damaged case in a format and with a mapping that need not be its own."""
    rng = random.Random(seed)
    columns: dict[str, str | int] = {
        field: rng.choice(NAMES) if seed % 2 else rng.randrange(6)
        for field in rng.sample(FIELDS, rng.randint(0, 4))
    }
    check(folder, seed, format_=rng.choice(READ), columns=columns or None)


def test_undamaged_files_are_read(tmp_path: Path) -> None:
    for name, files in FORMATS.items():
        folder = tmp_path / name
        folder.mkdir()
        dataset = load(write_format(folder, {file: make() for file, make in files.items()}))
        assert dataset.log.n_users >= 2, name
        assert not dataset.report.count("wrong number of fields"), name


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_damaged_files_are_read_or_refused(tmp_path: Path, first: int) -> None:
    for seed in range(first, first + 20):
        (tmp_path / str(seed)).mkdir()
        check(tmp_path / str(seed), seed)


@pytest.mark.parametrize("first", range(5000, 5100, 20))
def test_damaged_files_are_read_or_refused_in_any_way(tmp_path: Path, first: int) -> None:
    for seed in range(first, first + 20):
        (tmp_path / str(seed)).mkdir()
        check_any_way(tmp_path / str(seed), seed)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_many_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    for seed in range(10_000, 12_000):
        (tmp_path / str(seed)).mkdir()
        check(tmp_path / str(seed), seed)
        check_any_way(tmp_path / str(seed), seed)


def test_the_command_line_shows_one_line_for_a_damaged_file(tmp_path: Path) -> None:
    outcomes = set()
    for seed in range(7000, 7030):
        folder = tmp_path / str(seed)
        folder.mkdir()
        name, files = mutate(seed)
        result = CliRunner().invoke(app, ["data", "describe", str(write_format(folder, files))])
        if result.exception is not None:
            assert isinstance(result.exception, NextInterestError), name
        outcomes.add(type(result.exception).__name__)
    assert len(outcomes) > 1
