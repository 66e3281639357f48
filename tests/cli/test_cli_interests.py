"""``nextinterest interests`` on a small MovieLens folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nextinterest.agent import recommender
from nextinterest.cli import main
from nextinterest.domain import FloatArray


class _Words:
    """Unit vectors from the words of a text, in place of a downloaded encoder."""

    fingerprint = "words"

    def encode(self, texts: Sequence[str]) -> FloatArray:
        vectors = np.full((len(texts), 32), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                vectors[row, hashlib.sha256(word.encode()).digest()[0] % 32] += 1.0
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


@pytest.fixture(autouse=True)
def _no_download(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recommender, "open_encoder", lambda *_: _Words())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "movies"
    home.mkdir()
    genres = ("Comedy", "Drama", "War|Drama")
    movies = ["movieId,title,genres", *(f"{i},Film {i} (1990),{genres[i % 3]}" for i in range(1, 61))]
    ratings = ["userId,movieId,rating,timestamp"]
    for user in range(1, 6):
        ratings += [f"{user},{(7 * i + user) % 60 + 1},4.0,{1_000_000_000 + 5000 * i}" for i in range(40)]
    (home / "movies.csv").write_text("\n".join(movies) + "\n", "utf-8")
    (home / "ratings.csv").write_text("\n".join(ratings) + "\n", "utf-8")
    return home


def _run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["interests", *arguments])
    return int(stopped.value.code or 0)


def test_json_and_picture(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "out.png"
    code = _run("--data", str(folder), "--user", "2", "--json", "--paths", "4", "--plot", str(picture))
    assert code == 0
    result = json.loads(capsys.readouterr().out)
    assert result["portrait"]["events"] == 40
    assert sum(result["outlook"]["next_step"].values()) == pytest.approx(1.0)
    assert result["outlook"]["paths"]
    assert result["text"]["sentences"]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_table_days_and_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--data", str(folder), "--user", "1", "--days", "2") == 0
    printed = capsys.readouterr().out
    assert "Interests of user 1" in printed
    assert "Most attention goes to" in " ".join(printed.split())
    assert _run("--data", str(folder), "--user", "1", "--text") == 0
    assert capsys.readouterr().out.startswith("The history holds 40 events")


def test_unknown_user_is_one_line_with_the_remedy(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--data", str(folder), "--user", "nobody") == 1
    assert "Choose one of the user ids" in capsys.readouterr().err
