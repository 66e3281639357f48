"""Which tests may be skipped: with NEXTINTEREST_MAY_SKIP set, those whose reason holds one of its words."""

from __future__ import annotations

import os

import pytest

__all__ = ["judge_skip"]


def judge_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip that is not allowed into a failure that gives its reason.

    Words are separated by ``|``. Without the variable every test may be skipped.
    """
    allowed = os.environ.get("NEXTINTEREST_MAY_SKIP")
    if allowed is None or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not any(word and word in reason for word in allowed.split("|")):
        report.outcome = "failed"
        report.longrepr = f"Not to be skipped here (NEXTINTEREST_MAY_SKIP={allowed}): {reason}"
