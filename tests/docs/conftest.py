"""What runs the documents: a small world under their names, and commands in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.small_world import Commands, SmallWorld


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> SmallWorld:
    """Return the small stand-ins, made once."""
    return SmallWorld.make(tmp_path_factory.mktemp("world"))


@pytest.fixture
def commands(world: SmallWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Return what runs command lines in a folder of its own, where the documents' places are."""
    world.use(monkeypatch)
    return Commands(world, tmp_path, monkeypatch)


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Return what prints past the capture of output, for everybody to see."""

    def line(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", end="")  # noqa: T201 - shown beside the dots

    return line
