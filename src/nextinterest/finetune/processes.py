"""Which of several processes this is, where `accelerate launch` or torchrun started them."""

from __future__ import annotations

import os

import torch

__all__ = ["is_main_process", "use_own_gpu", "wait_for_all"]


def is_main_process() -> bool:
    """Return whether this process writes the files; true where there is only one."""
    return int(os.environ.get("RANK", "0")) == 0


def use_own_gpu() -> None:
    """Make this process's GPU the current one, so that not all of them load their model onto the first."""
    local = os.environ.get("LOCAL_RANK")
    if local is not None and torch.cuda.is_available():
        torch.cuda.set_device(int(local))


def wait_for_all() -> None:
    """Return once every process has come here, so that what the first one writes can be read."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
