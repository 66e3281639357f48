"""``nextinterest interests`` on a small MovieLens folder."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel

from nextinterest import RecommenderAgent
from nextinterest.cli import main
from nextinterest.data import load
from nextinterest.domain import FloatArray
from nextinterest.llm import Sampling, ScriptedLanguageModel
from nextinterest.messages import Message
from nextinterest.retrieval import encoder_assets

interests = importlib.import_module("nextinterest.cli.interests")  # the package has a function of that name


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
    monkeypatch.setattr(encoder_assets, "open_encoder", lambda *_: _Words())


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


def test_a_model_words_the_text_and_what_it_gets_wrong_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Liar(ScriptedLanguageModel):
        def _text(
            self, messages: Sequence[Message], schema: type[BaseModel] | None, sampling: Sampling
        ) -> str:
            told = re.findall(r"^(s\d+): (.*)$", messages[1].content, re.MULTILINE)
            lied = {id_: text.replace("40 events", "90 events") for id_, text in told}
            return json.dumps(
                lied | {"s2": told[1][1].replace("Most attention goes", "Attention goes mostly")}
            )

    monkeypatch.setattr("nextinterest.cli.models.Models.opened", lambda self, name: Liar(name="liar"))
    assert _run("--data", str(folder), "--user", "2", "--json", "--role", "word=big") == 0
    printed = capsys.readouterr()
    text = json.loads(printed.out)["text"]
    assert text["sentences"][0]["text"].startswith("The history holds 40 events")
    assert text["sentences"][1]["text"].startswith("Attention goes mostly to")
    assert [one["sentence"] for one in text["refused"]] == [0]
    assert text["worded"] == len(text["sentences"]) - 1
    said = " ".join(printed.err.split())
    assert "Sentence 1 is the template's: it says 90 event" in said
    assert f"{text['worded']} of {len(text['sentences'])} sentences worded by liar" in said


def test_a_role_needs_a_name_and_a_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for pair in ("word", "words=big", "word="):
        assert _run("--data", str(folder), "--user", "2", "--role", pair) == 2
        assert "ROLE=MODEL" in capsys.readouterr().err


def test_unknown_user_is_one_line_with_the_remedy(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--data", str(folder), "--user", "nobody") == 1
    assert "Choose one of the user ids" in capsys.readouterr().err


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Data without categories, whose titles share words."""
    monkeypatch.setenv("COLUMNS", "200")
    titles = ("Trail tent", "Winter tent", "Trail shoes", "Espresso cups", "Espresso beans", "Lamp")
    rows = "".join(
        f"{user},{titles[(user + k) % 6]},{1_700_000_000 + 3600 * k}\n" for user in range(5) for k in range(4)
    )
    (tmp_path / "us.csv").write_text(f"user,item,time\n{rows}")
    return str(tmp_path / "us.csv")


def test_without_categories_interests_are_named_as_generate_names_them(
    bare: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("--data", bare, "--user", "3", "--language-model", "none") == 0
    said = capsys.readouterr().out
    assert "The items have no categories: interests are words that their titles share." in said
    assert "espresso" in said
    assert "Most attention goes to (none)" not in said
    assert _run("--data", bare, "--user", "3", "--json", "--language-model", "none") == 0
    found = json.loads(capsys.readouterr().out)
    for part in ("portrait", "outlook"):
        assert any("no categories" in note for note in found[part]["notes"])
    agent = RecommenderAgent.from_dataset(load(bare), language_model="none")
    portrait, outlook = agent.interests(user="3"), agent.forecast(user="3")
    assert "espresso" in {share.interest for share in portrait.interests}
    assert {row.interest for row in outlook.interests} == {share.interest for share in portrait.interests}
    assert any("no categories" in note for note in (*portrait.notes, *outlook.notes))


def test_the_change_is_explained_below_the_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--data", str(folder), "--user", "1") == 0
    assert "change: share of the recent events minus that of the earlier ones" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--events", "5", "--days", "5"), "--events or --days, not both"),
        (("--plot", "missing/x.png"), "no folder missing"),
        (("--plot-changes", "missing/x.svg"), "no folder missing"),
        (("--plot", "x.jpeg"), "name it .png or .svg"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_read(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    assert _run("--user", "1", *options) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
