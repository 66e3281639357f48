"""Every file of the repository whose bytes are compared keeps its line ends on every platform."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="needs the repository"
)
def test_no_file_of_this_repository_gets_other_line_ends_on_windows() -> None:
    """What ships is hashed, templates are hashed, tests compare bytes: all of them say so to git."""
    names = git("ls-files", "-z").split("\0")[:-1]
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
