"""Verified files, and what git does to line ends."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from nextinterest.errors import IntegrityError
from nextinterest.retrieval.files import read_verified, sha256, write_atomic

ROOT = Path(__file__).parents[2]
TEXT = b'{\n "a": 1\n}\n'


def git(*arguments: str | Path, cwd: Path) -> str:
    settings = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "core.autocrlf=true")
    done = subprocess.run(["git", *settings, *arguments], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout


def test_a_changed_file_is_refused_and_a_missing_one_too(tmp_path: Path) -> None:
    digest = write_atomic(tmp_path / "a.json", TEXT)
    assert read_verified(tmp_path / "a.json", digest) == TEXT
    (tmp_path / "a.json").write_bytes(TEXT + b"\n")
    with pytest.raises(IntegrityError, match=r"has SHA-256 .*was damaged"):
        read_verified(tmp_path / "a.json", digest)
    with pytest.raises(IntegrityError, match=r"b\.json is missing"):
        read_verified(tmp_path / "b.json", digest)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_converted_line_ends_are_named_and_the_remedy_works(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    write_atomic(kept / "rec" / "a.json", TEXT)
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


@pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="needs the repository"
)
def test_no_file_of_this_repository_gets_other_line_ends_on_windows() -> None:
    """What ships is hashed, templates are hashed, tests compare bytes: all of them say so to git."""
    names = git("ls-files", "-z", cwd=ROOT).split("\0")[:-1]
    given = subprocess.run(
        ["git", "check-attr", "-z", "--stdin", "text", "eol"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        input="\0".join(names),
        text=True,
    ).stdout.split("\0")
    said: dict[str, dict[str, str]] = {}
    for name, attribute, value in zip(given[0::3], given[1::3], given[2::3], strict=False):
        said.setdefault(name, {})[attribute] = value
    assert all(said[name]["text"] == "unset" for name in names if name.startswith("artifacts/"))
    assert {said[name]["eol"] for name in names} == {"lf"}
