"""Offline evaluation on held-out histories: any `Recommender` in, ranks on disk, numbers with intervals out.

    run = evaluate({"popularity": model}, leave_one_out(log), out=Path("runs/first"))

The parts, in the order a number passes through them: `protocol` (what is asked), `cases`, `runner` and
`answers` (asking and checking), `runs` (ranks written once), `metrics`, `measures` (metrics of a run),
`significance`, `breakdowns`, `report`. Loaded when first used; no model library is imported here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextinterest.eval.candidates import CandidateLists, read_candidates
    from nextinterest.eval.cold import hold_out_cold
    from nextinterest.eval.evaluation import Method, evaluate
    from nextinterest.eval.lists import GivenLists, read_lists
    from nextinterest.eval.protocol import Protocol
    from nextinterest.eval.runner import CandidateScorer
    from nextinterest.eval.runs import Run

__all__ = [
    "CandidateLists",
    "CandidateScorer",
    "GivenLists",
    "Method",
    "Protocol",
    "Run",
    "evaluate",
    "hold_out_cold",
    "read_candidates",
    "read_lists",
]

_HOME = {
    "CandidateLists": "candidates",
    "CandidateScorer": "runner",
    "GivenLists": "lists",
    "Method": "evaluation",
    "Protocol": "protocol",
    "Run": "runs",
    "evaluate": "evaluation",
    "hold_out_cold": "cold",
    "read_candidates": "candidates",
    "read_lists": "lists",
}


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
