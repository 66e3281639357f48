"""The first run of the demo from an empty cache: fetched, converted, embedded, in bounded memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform != "linux", reason="what wait4 tells is in other units elsewhere")
def test_the_first_demo_stays_under_two_gigabytes(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "nextinterest", "demo"],
            stdout=written,
            stderr=written,
            env={**os.environ, "NEXTINTEREST_HOME": str(tmp_path / "home")},
        )
        _, status, usage = os.wait4(process.pid, 0)  # the largest of the process and of those it waited for
    process.returncode = os.waitstatus_to_exitcode(status)  # waited for here, and not by Popen
    assert process.returncode == 0, log.read_text()
    assert "What the user really watched next" in log.read_text()
    assert usage.ru_maxrss * 1024 < 2e9
