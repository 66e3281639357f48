"""The published OpenAPI document against the server: schemathesis asks, and every answer must fit.

Left out is its check ``positive_data_acceptance``: which items the catalogue has, and which histories have
times, cannot be written into a schema.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.slow
def test_schemathesis_passes(listen: Callable[..., str], tmp_path: Path) -> None:
    address = listen(
        requests_per_minute=10_000_000,
        max_k=10_000,
        max_events_per_request=10_000,
        max_body_bytes=1 << 26,
    )
    run = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), "run", f"{address}/openapi.json",
            "--checks", "all", "--exclude-checks", "positive_data_acceptance",
            "--max-examples", "20", "--seed", "7", "--generation-database", "none", "--no-color",
            "--continue-on-failure",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=280,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-8000:]
    counts = re.search(r"(\d+) generated, (\d+) passed", run.stdout)
    assert counts is not None, run.stdout[-2000:]
    assert counts[1] == counts[2]
    assert int(counts[1]) > 1000
