"""Documented commands of other programs: what can be run is run, the rest is read as they would."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from importlib.metadata import metadata
from typing import Any

import pytest
from packaging.requirements import Requirement
from support.documents import ROOT

Run = Callable[[list[str]], str]


def accelerate(words: list[str], nextinterest: Run) -> str:
    """Let accelerate's own parser read the launcher's options; run what is launched as one process."""
    from accelerate.commands.launch import launch_command_parser

    launched = words[1:] if "-m" in words else [*words[1:], "script.py"]  # a launcher's options alone
    read = launch_command_parser().parse_args(launched)
    if read.training_script == "nextinterest" and read.training_script_args != ["..."]:
        return nextinterest(read.training_script_args)
    return ""


def make(words: list[str]) -> str:
    """Ask make what it would do."""
    return subprocess.run(["make", "-n", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def pip(words: list[str]) -> str:
    """See that the extras exist that would be installed."""
    for word in words[1:]:
        wanted = Requirement(word)
        assert wanted.extras <= set(metadata(wanted.name).get_all("Provides-Extra") or ()), word
    return ""


def run_pytest(words: list[str]) -> str:
    """See that the tests exist and bear the marker by which they are chosen."""
    for word in words:
        if word.startswith("tests/"):
            assert "pytest.mark.slow" in (ROOT / word).read_text("utf-8")
    return ""


def tensorboard(words: list[str]) -> str:
    """Let tensorboard read its options."""
    program: Any = pytest.importorskip("tensorboard.program")
    program.TensorBoard().configure(argv=["tensorboard", *words])
    return ""
