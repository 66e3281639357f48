"""``add-choice``: what is not a tuned choice is refused with its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from nextinterest.agent.config import AgentConfig
from nextinterest.cli.main import app
from nextinterest.errors import IntegrityError


def test_the_folders_are_passed_on_and_the_new_weight_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Path, Path]] = []

    def add(tuned: Path, directory: Path) -> AgentConfig:
        asked.append((tuned, directory))
        return AgentConfig(choice_weight=0.4, n_candidates=12)

    monkeypatch.setattr("nextinterest.agent.additions.add_choice", add)
    found = CliRunner().invoke(app, ["add-choice", str(tmp_path / "a"), "--into", str(tmp_path / "b")])
    assert found.exit_code == 0
    assert asked == [(tmp_path / "a", tmp_path / "b")]
    assert "12 candidates" in " ".join(found.output.split())


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["add-choice", str(tmp_path), "--into", str(tmp_path)])
    assert isinstance(found.exception, IntegrityError)
