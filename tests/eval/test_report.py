"""Reports: complete, self-contained, remade from the run's files alone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from nextinterest.data import Split
from nextinterest.domain import History, Rankings, Recommender
from nextinterest.errors import DataError, MissingExtraError
from nextinterest.eval import Method, Run, evaluate
from nextinterest.eval.report import gather, plots, write_report
from nextinterest.eval.report.style import plain


class _Balanced(HTMLParser):
    """Checks that every element that is opened is closed, in order."""

    VOID = frozenset({"meta", "br", "link", "img", "input", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] = self.seen.get(tag, 0) + 1
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def run(
    tmp_path: Path,
    split: Split,
    users: pl.DataFrame,
    popularity: Recommender,
    backwards: Recommender,
    make_lists: Callable[..., Recommender],
    make_scorer: Callable[..., Recommender],
) -> Run:
    def short(histories: Sequence[History], k: int, exclude_seen: bool) -> Rankings:
        if len(histories) > 1:
            raise RuntimeError("<b>one at a time</b> | please")
        return popularity.recommend(histories, k - 1, exclude_seen)

    seeds = [
        Method("seeded", lambda s=s: make_scorer(np.random.default_rng(s).random(40)), s)  # type: ignore[misc]
        for s in (0, 1)
    ]
    return evaluate(
        [popularity, backwards, make_lists(short, "short & <small>"), *seeds],
        split,
        out=tmp_path / "run",
        users=users,
        vectors=np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32),
        data="small",
        cost_sample=4,
    )


def test_the_page_is_whole_and_needs_nothing_else(run: Run) -> None:
    markdown, page = write_report(run, n_resamples=200)
    html = page.read_text()
    parser = _Balanced()
    parser.feed(html)
    assert parser.open == []
    assert parser.seen["svg"] >= 7
    assert "<script" not in html
    links = set(re.findall(r"(?:src|href)=\"([^\"]+)\"", html))
    assert all(link.startswith("#") for link in links)
    assert "short &amp; &lt;small&gt;" in html
    assert "<b>one at a time</b>" not in html
    for heading in ("Accuracy", "Beyond accuracy", "Calibration", "Differences", "Seeds", "Time and memory"):
        assert heading in html
    text = markdown.read_text()
    rows = [line for line in text.splitlines() if line.startswith("| popularity |")]
    assert len(rows) >= 4
    widths = {len(re.split(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("| short")}
    assert len(widths) >= 3


def test_tables_of_the_markdown_are_rectangular(run: Run) -> None:
    markdown, _ = write_report(run, n_resamples=200)
    table: list[int] = []
    for line in [*markdown.read_text().splitlines(), ""]:
        if line.startswith("|"):
            table.append(len(re.split(r"(?<!\\)\|", line)))
        elif table:
            assert len(table) >= 3
            assert len(set(table)) == 1, line
            table = []


def test_numbers_in_both_reports_are_those_of_the_scores(run: Run) -> None:
    content = gather(run, n_resamples=200)
    markdown, page = write_report(run, content=content)
    for method in content.order:
        for measure in content.table.measures:
            value = plain(content.table.number(method, measure.name).value, measure.name)
            assert value in markdown.read_text()
            assert value in page.read_text()
    assert content.mark(content.order[0], "ndcg@10") == "best"
    assert content.mark("backwards", "ndcg@10") == "worse"
    assert content.mark("backwards", "mrr@20") == ""


def test_a_report_is_remade_from_the_folder_alone(run: Run, tmp_path: Path) -> None:
    first = [path.read_bytes() for path in write_report(run, n_resamples=200)]
    moved = tmp_path / "elsewhere" / "run"
    shutil.copytree(run.path, moved)
    for path in moved.glob("report.*"):
        path.unlink()
    assert [path.read_bytes() for path in write_report(Run(moved), n_resamples=200)] == first


def test_one_method_and_no_users_table_still_make_a_report(
    tmp_path: Path, split: Split, popularity: Recommender
) -> None:
    run = evaluate([popularity], split, out=tmp_path / "one")
    _, page = write_report(run, n_resamples=200)
    assert "Differences between methods" not in page.read_text()
    assert "★ best" not in page.read_text()


def test_a_run_without_answers_has_no_report(tmp_path: Path, split: Split, popularity: Recommender) -> None:
    run = evaluate([], split, out=tmp_path / "none", catalog=popularity.catalog)
    with pytest.raises(DataError, match="no finished method"):
        write_report(run)


def test_without_matplotlib_the_extra_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"nextinterest\[eval\]"):
        plots.leaderboard_plot(gather(run, n_resamples=200))
