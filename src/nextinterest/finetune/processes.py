"""Which of several processes this is, where `accelerate launch` or torchrun started them."""

from __future__ import annotations

import os

__all__ = ["is_main_process"]


def is_main_process() -> bool:
    """Return whether this process writes the files; true where there is only one."""
    return int(os.environ.get("RANK", "0")) == 0
