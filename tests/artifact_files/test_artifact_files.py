"""Directories with one manifest: written whole or not at all, checked before anything is opened."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from pydantic import BaseModel
from support.full_disk import full_disk

from nextinterest.artifact_files import (
    MANIFEST,
    SCHEMA_VERSION,
    Kind,
    MadeFrom,
    check_target,
    read_artifact,
    read_verified,
    sha256,
    update_artifact,
    write_artifact,
)
from nextinterest.errors import IntegrityError, StorageError
from nextinterest.files import write_atomic

TEXT = b'{\n "a": 1\n}\n'


class Words(BaseModel):
    said: str
    often: int = 3


BOOK = Kind(
    "book",
    Words,
    "Write it again.",
    "Run: write",
    earlier=("book.json", "pages"),
    upgradable=True,
    marks=("weights.bin",),
)
LIST = Kind("list", Words, "List it again.")
FIRST = {"weights.bin": b"one", "cover/a.txt": b"a", "cover/b.txt": b"b", "README.md": b"first\n"}
SECOND = {"weights.bin": b"two", "cover/a.txt": b"a", "cover/b.txt": b"c", "README.md": b"second\n"}


def contents(directory: Path) -> dict[str, bytes]:
    return {str(f.relative_to(directory)): f.read_bytes() for f in directory.rglob("*") if f.is_file()}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    made = MadeFrom(data="films", data_fingerprint="f" * 64, command="nextinterest write")
    write_artifact(tmp_path / "it", BOOK, Words(said="hello"), FIRST, made)
    found = read_artifact(tmp_path / "it", BOOK)
    assert found.content == Words(said="hello", often=3)
    assert found.manifest.made_from == made
    assert {"nextinterest", "python"} <= set(made.versions)
    assert {name: found.read(name) for name in found.names()} == FIRST
    assert found.names("cover") == ["cover/a.txt", "cover/b.txt"]
    assert contents(found.folder("cover")) == {"a.txt": b"a", "b.txt": b"b"}
    raw = json.loads((tmp_path / "it" / MANIFEST).read_bytes())
    assert raw["schema_version"] == SCHEMA_VERSION
    assert raw["files"]["weights.bin"] == {"path": "weights.bin", "sha256": sha256(b"one"), "size": 3}


def test_a_new_version_leaves_nothing_of_the_old_one_and_all_that_is_not_its_own(tmp_path: Path) -> None:
    write_artifact(tmp_path, BOOK, Words(said="1"), FIRST)
    (tmp_path / "notes.txt").write_text("mine")
    for files in (SECOND, FIRST, SECOND):
        write_artifact(tmp_path, BOOK, Words(said="2"), files)
        found = read_artifact(tmp_path, BOOK)
        assert {name: found.read(name) for name in found.names()} == files
        assert contents(found.folder("cover")) == {"a.txt": b"a", "b.txt": files["cover/b.txt"]}
        assert len(contents(tmp_path)) == len(files) + 2  # the manifest, the notes
    assert (tmp_path / "README.md").read_bytes() == b"second\n"
    write_artifact(tmp_path, BOOK, Words(said="3"), {})
    assert set(contents(tmp_path)) == {MANIFEST, "notes.txt"}


def test_at_every_moment_it_is_the_one_before_or_the_one_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = "nextinterest.artifact_files.writing.write_atomic"
    write_artifact(tmp_path, BOOK, Words(said="before"), FIRST)
    for after in range(6):
        left = after

        def broken(path: Path, data: bytes) -> str:
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            return write_atomic(path, data)

        monkeypatch.setattr(where, broken)
        try:
            write_artifact(tmp_path, BOOK, Words(said="after"), SECOND)
        except KeyboardInterrupt:
            expected, said = FIRST, "before"
        else:
            expected, said = SECOND, "after"
        monkeypatch.setattr(where, write_atomic)
        found = read_artifact(tmp_path, BOOK)
        assert found.content.said == said
        assert {name: found.read(name) for name in found.names() if name != "README.md"} == {
            name: data for name, data in expected.items() if name != "README.md"
        }
    assert said == "after"
    assert len(contents(tmp_path)) == len(SECOND) + 1  # nothing is left of what was broken off


@pytest.mark.parametrize("room", [0, 1, 200])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, room: int) -> None:
    write_artifact(tmp_path, BOOK, Words(said="before"), FIRST)
    with pytest.raises(StorageError, match=f"{tmp_path}.*could not be written"), full_disk(room):
        write_artifact(tmp_path, BOOK, Words(said="after"), SECOND)
    assert read_artifact(tmp_path, BOOK).content.said == "before"
    assert read_artifact(tmp_path, BOOK).read("weights.bin") == b"one"
    with pytest.raises(StorageError), full_disk(0):
        write_artifact(tmp_path / "new", BOOK, Words(said="after"), SECOND)
    with pytest.raises(IntegrityError, match=MANIFEST):
        read_artifact(tmp_path / "new", BOOK)


def test_an_update_keeps_the_rest_and_says_nothing_that_was_not_said(tmp_path: Path) -> None:
    write_artifact(tmp_path, BOOK, Words(said="1"), FIRST, MadeFrom(data="films"))
    path = tmp_path / MANIFEST
    raw = json.loads(path.read_bytes())
    del raw["content"]["often"]  # as of a version that did not know it
    path.write_text(json.dumps(raw))
    found = read_artifact(tmp_path, BOOK)
    changed = found.content.model_copy(update={"said": "2"})
    update_artifact(found, content=changed, files={"cover/a.txt": b"other"}, without=["weights.bin"])
    after = read_artifact(tmp_path, BOOK)
    assert {name: after.read(name) for name in after.names()} == {
        "cover/a.txt": b"other",
        "README.md": b"first\n",
    }
    assert after.manifest.content == {"said": "2"}
    assert after.manifest.made_from == found.manifest.made_from


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"{}", b"null", b"[" * 100_000, bytes(40), b"\xff\xfe"])
def test_a_damaged_manifest_is_refused_by_name(tmp_path: Path, damage: bytes) -> None:
    write_artifact(tmp_path, BOOK, Words(said="1"), FIRST)
    (tmp_path / MANIFEST).write_bytes(damage)
    with pytest.raises(IntegrityError, match=MANIFEST) as caught:
        read_artifact(tmp_path, BOOK)
    assert (caught.value.remedy, caught.value.command) == (BOOK.remedy, BOOK.command)
    write_artifact(tmp_path, BOOK, Words(said="2"), SECOND)  # the remedy
    assert read_artifact(tmp_path, BOOK).read("weights.bin") == b"two"


@pytest.mark.parametrize("wrong", [None, 7, "x", [], {"a": None}, {"a": {"path": "../a"}}])
@pytest.mark.parametrize("key", ["schema_version", "kind", "made_from", "content", "files"])
def test_a_manifest_of_other_types_is_refused(tmp_path: Path, key: str, wrong: object) -> None:
    write_artifact(tmp_path, BOOK, Words(said="1"), FIRST)
    path = tmp_path / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {key: wrong}))
    if (key, wrong) not in (("kind", "x"), ("schema_version", 7)):
        with pytest.raises(IntegrityError, match=rf"{MANIFEST} cannot be read as the manifest of a book"):
            read_artifact(tmp_path, BOOK)


@pytest.mark.parametrize("path", ["../weights.bin", "/etc/passwd", "a/../../b", "", "c:\\x", "a\\..\\b"])
def test_no_file_outside_of_the_directory_is_named(tmp_path: Path, path: str) -> None:
    write_artifact(tmp_path / "it", BOOK, Words(said="1"), FIRST)
    manifest = tmp_path / "it" / MANIFEST
    raw = json.loads(manifest.read_bytes())
    raw["files"]["weights.bin"]["path"] = path
    manifest.write_text(json.dumps(raw))
    with pytest.raises(IntegrityError, match="a file lies below its directory"):
        read_artifact(tmp_path / "it", BOOK)


@pytest.mark.parametrize("damage", ["changed", "missing", "cut", "empty"])
def test_a_damaged_file_is_not_opened(tmp_path: Path, damage: str) -> None:
    for name in ("weights.bin", "cover/b.txt"):
        write_artifact(tmp_path, BOOK, Words(said="1"), FIRST)
        path = tmp_path / name
        if damage == "missing":
            path.unlink()
        else:
            path.write_bytes({"changed": b"X", "cut": FIRST[name][:-1], "empty": b""}[damage])
        found = read_artifact(tmp_path, BOOK)
        with pytest.raises(IntegrityError, match=path.name) as caught:
            found.folder("cover") if "/" in name else found.read(name)
        assert caught.value.remedy == BOOK.remedy
        path.write_bytes(FIRST[name])
    with pytest.raises(IntegrityError, match="names no file other"):
        found.read("other")
    with pytest.raises(IntegrityError, match="names no folder other"):
        found.folder("other")


def test_another_kind_and_a_later_version_are_named(tmp_path: Path) -> None:
    write_artifact(tmp_path, LIST, Words(said="1"), {})
    with pytest.raises(IntegrityError, match="holds a list, not a book"):
        read_artifact(tmp_path, BOOK)
    for write in (
        lambda: write_artifact(tmp_path, BOOK, Words(said="2"), {}),
        lambda: check_target(tmp_path, BOOK),
    ):
        with pytest.raises(StorageError, match="holds a list, and a book is to be written"):
            write()
    path = tmp_path / MANIFEST
    later = json.loads(path.read_bytes()) | {"schema_version": SCHEMA_VERSION + 1, "unknown": 1}
    path.write_text(json.dumps(later))
    with pytest.raises(IntegrityError, match=r"written by a later version.*pip install -U"):
        read_artifact(tmp_path, LIST)


def test_a_directory_of_version_0_1_is_named_with_the_command_that_remakes_it(tmp_path: Path) -> None:
    folder = tmp_path / "an old one"
    (folder / "pages").mkdir(parents=True)
    (folder / "pages" / "1").write_text("x")
    (folder / "book.json").write_text("{}")
    with pytest.raises(IntegrityError, match=r"nextinterest 0\.1 \(book\.json\)") as caught:
        read_artifact(folder, BOOK)
    assert f"nextinterest upgrade '{folder}'" in caught.value.command
    write_artifact(folder, BOOK, Words(said="2"), FIRST)
    assert set(contents(folder)) == {*FIRST, MANIFEST}


def test_a_folder_of_other_things_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("")
    for directory in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(StorageError, match=r"thesis\.txt"):
            write_artifact(directory, BOOK, Words(said="1"), FIRST)
    with pytest.raises(IntegrityError, match=MANIFEST):
        read_artifact(tmp_path / "thesis.txt", BOOK)


def git(*arguments: str | Path, cwd: Path) -> str:
    settings = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "core.autocrlf=true")
    done = subprocess.run(["git", *settings, *arguments], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_converted_line_ends_are_named_and_the_remedy_works(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    (kept / "rec").mkdir(parents=True)
    (kept / "rec" / "a.json").write_bytes(TEXT)
    git("init", "--quiet", cwd=kept)
    git("add", ".", cwd=kept)
    git("commit", "--quiet", "-m", "x", cwd=kept)
    git("clone", "--quiet", "-c", "core.autocrlf=true", kept, tmp_path / "clone", cwd=tmp_path)
    clone = tmp_path / "clone" / "rec"
    assert b"\r\n" in (clone / "a.json").read_bytes()
    with pytest.raises(IntegrityError, match=r"line ends of .*a\.json were converted.*\.gitattributes"):
        read_verified(clone / "a.json", sha256(TEXT))
    (clone / ".gitattributes").write_text("* -text\n")
    (clone / "a.json").unlink()
    git("checkout", "--", ".", cwd=clone)
    assert read_verified(clone / "a.json", sha256(TEXT)) == TEXT
