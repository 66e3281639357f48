"""Where every test must run, a skip is a failure."""

from __future__ import annotations

import pytest
from support.skips import judge_skip


def skipped(reason: str) -> pytest.TestReport:
    where = ("test_page.py", 1, f"Skipped: {reason}")
    return pytest.TestReport("test_page.py::test", ("", 0, ""), {}, "skipped", where, "setup")


@pytest.mark.parametrize("allowed", ["", "CUDA|PostgreSQL"])
@pytest.mark.parametrize("reason", ["no Chromium on this machine", "langchain-openai is not installed"])
def test_a_skip_that_is_not_allowed_fails(reason: str, allowed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXTINTEREST_MAY_SKIP", allowed)
    report = skipped(reason)
    judge_skip(report)
    assert report.failed
    assert reason in str(report.longrepr)


def test_what_is_allowed_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXTINTEREST_MAY_SKIP", "CUDA|PostgreSQL")
    report = skipped("needs CUDA")
    judge_skip(report)
    assert report.skipped


def test_without_the_variable_every_test_may_be_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEXTINTEREST_MAY_SKIP", raising=False)
    report = skipped("no Chromium on this machine")
    judge_skip(report)
    assert report.skipped
