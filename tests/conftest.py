"""What every test shares: no network beyond this machine, and one place for assets."""

from __future__ import annotations

import os
import socket
from collections.abc import Generator

import pytest
from support.skips import judge_skip

# One thread each: tests run beside one another, and two multi-threaded torch processes on two cores
# slow each other several times over.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

_LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(autouse=True)
def _refuse_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections to any other machine from the test process.

    Assets are fetched by pip in a process of its own, which this does not touch.
    """
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        remote = isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK)
        if remote and self.family in (socket.AF_INET, socket.AF_INET6):
            raise AssertionError(f"a test tried to reach {address!r}")
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)
    return


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let no test be skipped that must not be: see `support.skips`."""
    report = yield
    judge_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Let no module be skipped that must not be."""
    report = yield
    judge_skip(report)
    return report
