"""The command line in this process: its exit status, and an agent of tests in place of any it would open."""

from __future__ import annotations

import pytest

from nextinterest import RecommenderAgent
from nextinterest.cli.main import main
from nextinterest.cli.opening import Source

__all__ = ["opened", "run"]


def run(*arguments: str) -> int:
    """Run a command and return its exit status."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


@pytest.fixture
def opened(agent: RecommenderAgent, monkeypatch: pytest.MonkeyPatch) -> RecommenderAgent:
    """Have every command open the tests' agent."""
    monkeypatch.setattr(Source, "open", lambda *_, **__: agent)
    monkeypatch.setenv("COLUMNS", "300")
    return agent
