"""The page says what was measured, marks the best, and takes no markup from names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nextinterest.errors import DataError
from nextinterest.eval.forecast import (
    ForecastScores,
    HorizonResults,
    Picture,
    compare,
    write_forecast_report,
)
from nextinterest.eval.forecast.metrics import share_reliability

USERS = np.repeat(np.arange(20, dtype=np.int32), 2)


def _scores(name: str, loss: float, *, coverage: bool = False) -> ForecastScores:
    shares = np.random.default_rng(0).dirichlet(np.ones(3), len(USERS))
    noise = np.random.default_rng(len(name)).normal(0.0, 0.01, len(USERS))
    metrics = {"log-loss": loss + noise, "NDCG": 1.0 - loss / 4 + noise}
    metrics |= {"Brier": loss / 10 + noise, "change error": loss / 5 + noise, "direction": 0.6 + noise}
    if coverage:
        metrics["coverage"] = np.full(len(USERS), 0.8)
    return ForecastScores(name, 10, USERS, metrics, share_reliability(shares, shares), ())


def test_page_holds_tables_tests_and_pictures(tmp_path: Path) -> None:
    simple, ours = _scores("long-run <b>mix</b>", 2.0), _scores("pool", 1.5, coverage=True)
    tests = [("best simple", compare(ours, simple, "log-loss"))]
    path = tmp_path / "page.html"
    picture = Picture("User <1>", "<svg><path d='M0 0'/></svg>")
    write_forecast_report(path, "Forecasts", "small", [HorizonResults([simple], [ours], tests)], [picture])
    page = path.read_text("utf-8")
    assert "The next 10 events" in page
    assert "40 cases of 20 users" in page
    assert f'<td class="best">{ours.mean("log-loss"):.4f}</td>' in page
    assert f"<td>{simple.mean('log-loss'):.4f}</td>" in page
    assert "<b>mix</b>" not in page
    assert "long-run &lt;b&gt;mix" in page
    assert "<h3>User &lt;1&gt;</h3>" in page
    assert picture.svg in page
    assert ".scroll { overflow-x: auto" in page
    assert f"<td>{tests[0][1].p_value:.4f}</td></tr>" in page


def test_nothing_and_foreign_markup_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no forecasts"):
        write_forecast_report(tmp_path / "a.html", "t", "l", [])
    result = HorizonResults([_scores("a", 2.0)], [], [])
    with pytest.raises(DataError, match="no SVG"):
        write_forecast_report(tmp_path / "a.html", "t", "l", [result], [Picture("x", "<script>")])
    assert not list(tmp_path.iterdir())
