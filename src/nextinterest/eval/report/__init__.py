"""A run as a report: ``report.md`` and a self-contained ``report.html``, made from saved answers alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextinterest.eval.report.content import Content, gather
    from nextinterest.eval.report.render import write_report

__all__ = ["Content", "gather", "write_report"]

_HOME = {"Content": "content", "gather": "content", "write_report": "render"}


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
