"""Four users over nine films."""

from __future__ import annotations

from support.four_users import agent, catalog, log, model

__all__ = ["agent", "catalog", "log", "model"]
