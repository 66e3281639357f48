"""Files are whole or absent, and a disk that refuses them is one error that names the path."""

from __future__ import annotations

import importlib
import logging
from pathlib import Path

import pytest
from support.full_disk import full_disk

from nextinterest.cli import main
from nextinterest.errors import StorageError
from nextinterest.files import check_output, discarded_on_failure, not_kept, write_atomic


@pytest.mark.parametrize("old", [None, b"old"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, old: bytes | None) -> None:
    path = tmp_path / "file"
    if old is not None:
        write_atomic(path, old)
    with pytest.raises(StorageError, match=f"{path} could not be written: ") as caught, full_disk(10):
        write_atomic(path, b"new" * 100)
    assert caught.value.remedy.startswith("Free some space")
    assert [p.read_bytes() for p in tmp_path.iterdir()] == ([] if old is None else [old])
    write_atomic(path, b"new")  # the remedy
    assert path.read_bytes() == b"new"


def test_a_failed_move_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def fail(self: Path, target: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(StorageError, match="disk full"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_file_where_a_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(StorageError, match="a/b could not be written: "):
        write_atomic(tmp_path / "a" / "b", b"x")


def test_a_cache_that_keeps_nothing_says_so_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    error = StorageError("x could not be written: Read-only file system.")
    for _ in range(3):
        not_kept(tmp_path, "Vectors of texts", error)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    for word in (str(tmp_path), "NEXTINTEREST_HOME", "Read-only"):
        assert word in record.getMessage()


def test_the_command_line_names_what_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path / "x"))

    monkeypatch.setattr(importlib.import_module("nextinterest.cli.main"), "app", fail)
    with pytest.raises(SystemExit) as ended:
        main(["data"])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "x: No space left on device." in said
    assert "Traceback" not in said


def test_a_folder_of_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    marks = ("trained.json", "recommender.json")
    folder = tmp_path / "precious"
    folder.mkdir()
    check_output(folder, marks, "recommender")  # empty
    check_output(tmp_path / "new", marks, "recommender")
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(StorageError, match=r"precious holds other files \(thesis\.txt\) and no recommender"):
        check_output(folder, marks, "recommender")
    (folder / "trained.json").write_text("{}")
    check_output(folder, marks, "recommender")
    with pytest.raises(StorageError, match=r"thesis\.txt is a file; recommender is a folder"):
        check_output(folder / "thesis.txt", marks, "recommender")


def test_a_remedy_fits_what_the_system_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError) as caught:
        write_atomic(tmp_path / "file" / "below", b"x")
    assert "Free some space" not in str(caught.value)


@pytest.mark.parametrize("failure", [StorageError("refused"), KeyboardInterrupt()])
@pytest.mark.parametrize("there", [False, True])
def test_what_failed_leaves_no_folder(tmp_path: Path, there: bool, failure: BaseException) -> None:
    folder = tmp_path / "a" / "b" / "run"
    if there:
        folder.mkdir(parents=True)

    def run() -> None:
        with discarded_on_failure(folder):
            write_atomic(folder / "part" / "x", b"x")
            raise failure

    with pytest.raises(type(failure)):
        run()
    assert sorted(tmp_path.rglob("*")) == ([folder.parents[1], folder.parents[0], folder] if there else [])


def test_what_failed_leaves_what_was_there_and_what_is_worth_keeping(tmp_path: Path) -> None:
    def run(folder: Path, part: str) -> None:
        with discarded_on_failure(folder, keep=("part/*",)):
            write_atomic(folder / part / "y", b"y")
            raise ValueError("no")

    write_atomic(tmp_path / "old" / "x", b"old")
    for folder, part in ((tmp_path / "old", "other"), (tmp_path / "new", "part")):
        with pytest.raises(ValueError, match="no"):
            run(folder, part)
        assert (folder / part / "y").is_file()
    assert (tmp_path / "old" / "x").is_file()


def test_a_mark_may_lie_in_a_folder_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "notes.txt").write_text("mine")
    with pytest.raises(StorageError, match="no tuned model"):
        check_output(tmp_path, ("work/options.json",), "tuned model")
    (tmp_path / "work" / "options.json").write_text("{}")
    check_output(tmp_path, ("work/options.json",), "tuned model")
