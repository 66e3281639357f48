"""``nextinterest evaluate`` from a file of events to a report, a second report and a comparison."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import typer
from support.full_disk import full_disk
from typer.testing import CliRunner

from nextinterest.cli.evaluate import evaluate
from nextinterest.errors import DataError, IntegrityError, StorageError
from nextinterest.eval import Run

app = typer.Typer()
app.command()(evaluate)


@pytest.fixture
def events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEXTINTEREST_HOME", str(tmp_path / "home"))
    rng = np.random.default_rng(5)
    weights = 1 / np.arange(1, 31)
    lines = ["user,item,time"]
    for user in range(40):
        items = rng.choice(30, size=8, replace=False, p=weights / weights.sum())
        lines += [f"u{user},i{item},{int(rng.integers(10**9, 17 * 10**8))}" for item in items]
    path = tmp_path / "events.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_evaluates_reports_and_compares(events: Path, tmp_path: Path) -> None:
    shared = ("--data", str(events), "--cost-sample", "2", "--resamples", "100")
    first, second = tmp_path / "first", tmp_path / "second"
    output = _run(*shared, "--methods", "popularity,markov", "--out", str(first))
    assert "popularity" in output
    assert "NDCG@10" in output
    run = Run(first)
    assert run.manifest.protocol.part == "validation"
    assert set(run.records()) == {"popularity", "markov"}
    assert run.records()["markov"].provenance["chosen"]
    page = (first / "report.html").read_bytes()
    (first / "report.html").unlink()
    _run("--report", str(first), "--resamples", "100")
    assert (first / "report.html").read_bytes() == page
    _run(*shared, "--methods", "itemknn", "--out", str(second), "--sample", "20")
    output = _run("--compare", str(first), str(second), "--resamples", "100")
    assert "20 users" in output
    with pytest.raises(IntegrityError, match="Give another --out"):
        _run(*shared, "--methods", "markov", "--out", str(first), "--part", "test")


def test_every_protocol_option_reaches_the_run(events: Path, tmp_path: Path) -> None:
    (tmp_path / "users").write_text("u1\nu2\nu3\n")
    (tmp_path / "lists").write_text("".join(f"u{u}\ti1 i2 i3 i4\n" for u in range(1, 4)))
    out = tmp_path / "run"
    _run(
        *("--data", str(events), "--methods", "popularity", "--part", "test", "--out", str(out)),
        *("--protocol", "leave-last-out", "--held-out", "2", "--users-file", str(tmp_path / "users")),
        *("--candidates", str(tmp_path / "lists"), "--insert-target", "--keep-seen", "--lenient"),
        *("--cold-items", "0.1", "--list-length", "5", "--cost-sample", "0", "--resamples", "100"),
    )
    manifest = Run(out).manifest
    assert manifest.n_cases == 6
    assert manifest.protocol.users == ("u1", "u2", "u3")
    assert manifest.protocol.missing_target == "insert"
    assert not manifest.protocol.exclude_seen
    assert not manifest.protocol.strict
    assert manifest.candidates is not None
    assert manifest.candidates.startswith("lists sha256:")
    assert manifest.split.startswith("leave-last-out(test=2, validation=2), cold(items=0.1")


def test_a_time_split_at_given_moments_or_at_the_last_fifth(events: Path, tmp_path: Path) -> None:
    shared = ("--data", str(events), "--methods", "popularity", "--protocol", "time", "--cost-sample", "0")
    _run(*shared, "--out", str(tmp_path / "a"), "--resamples", "100")
    moments = ("--validation-from", "2021-01-01", "--test-from", "1650000000")
    _run(*shared, *moments, "--out", str(tmp_path / "b"), "--resamples", "100")
    assert Run(tmp_path / "b").manifest.split == "time(validation_from=1609459200, test_from=1650000000)"
    assert Run(tmp_path / "a").manifest.n_cases == pytest.approx(32, abs=2)


def test_an_unknown_method_names_the_known_ones(events: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no method 'magic'.*itemknn.*agent"):
        _run("--data", str(events), "--methods", "magic", "--out", str(tmp_path / "x"))


def test_metrics_asked_for_by_name_are_reported(events: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    shared = ("--cost-sample", "0", "--resamples", "100")
    _run("--data", str(events), "--methods", "popularity,markov", "--out", str(out), *shared)
    output = _run("--report", str(out), "--metrics", "recall@7,map@3", "--resamples", "100")
    assert "Recall@7" in output
    text = (out / "report.md").read_text()
    assert "| method | Recall@7 | MAP@3 |" in text
    assert "NDCG" not in text


def test_a_folder_that_cannot_be_written_to_names_the_option(events: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="could not be written") as caught:
        _run("--data", str(events), "--methods", "popularity", "--out", str(tmp_path / "file" / "run"))
    assert "--out" in caught.value.command


def test_a_full_disk_leaves_no_run_that_looks_whole(events: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with full_disk(500), pytest.raises(StorageError, match=f"{out}.*could not be written"):
        _run("--data", str(events), "--methods", "popularity", "--out", str(out))
    assert not (out / "manifest.json").exists()
    _run("--data", str(events), "--methods", "popularity", "--out", str(out))
    assert set(Run(out).records()) == {"popularity"}


@pytest.mark.parametrize("users", [1, 2, 9])
def test_few_users_get_numbers_without_intervals_tests_or_stars(
    events: Path, tmp_path: Path, users: int
) -> None:
    arguments = ("--data", str(events), "--cost-sample", "0", "--resamples", "100")
    folder = tmp_path / "few"
    output = _run(*arguments, "--methods", "popularity,markov", "--sample", str(users), "--out", str(folder))
    said = f"{users} user{'s are' if users > 1 else ' is'} too few for intervals and tests, which need 10"
    pages = [output, *((folder / name).read_text() for name in ("report.md", "report.html"))]
    for text in pages:
        assert said in text
        assert "[undefined]" in text
        body = text.split("<style")[0] + text.split("</style>")[-1]
        assert not set("★≈▼") & set(body)
    _run(*arguments, "--methods", "itemknn", "--sample", str(users), "--out", str(tmp_path / "other"))
    compared = _run("--compare", str(folder), str(tmp_path / "other"), "--resamples", "100")
    assert said in compared


def test_ten_users_get_intervals_and_marks(events: Path, tmp_path: Path) -> None:
    arguments = ("--data", str(events), "--cost-sample", "0", "--resamples", "100", "--sample", "10")
    output = _run(*arguments, "--methods", "popularity,markov", "--out", str(tmp_path / "ten"))
    assert "★" in output
    assert "undefined" not in output
