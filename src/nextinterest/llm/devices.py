"""Where a model runs and in which precision: what the machine can truly do, not what it accepts.

A CPU without bf16 instructions accepts bf16 and is a hundred times slower in it, so the default asks for
the instructions. Knows nothing of any one model.
"""

from __future__ import annotations

import os
from typing import Literal

import torch

from nextinterest.errors import ModelError

__all__ = [
    "DTYPES",
    "HALF_WEIGHTS",
    "DtypeName",
    "asks_nothing",
    "cpu_has_bf16",
    "keeps_half",
    "pick_device",
    "pick_dtype",
]

DtypeName = Literal["auto", "float32", "bfloat16", "float16", "float16-weights"]
HALF_WEIGHTS = "float16-weights"
DTYPES: dict[str, torch.dtype] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
DTYPE_VARIABLE = "NEXTINTEREST_DTYPE"


def cpu_has_bf16() -> bool:
    """Return whether this CPU multiplies bf16 matrices in hardware (AVX512-BF16 or AMX)."""
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, probe, lambda: False)()) for probe in probes)


def pick_device(device: str = "auto") -> torch.device:
    """Return the device to run on: the one named, or with ``"auto"`` CUDA where there is one, else the CPU.

    Raises
    ------
    ModelError
        If a device is named that this machine or this build of torch does not have.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(
            f"Device {device!r} is not available: {error}", remedy="Use device='auto' or 'cpu'."
        ) from error
    return chosen


def pick_dtype(
    dtype: DtypeName = "auto", device: torch.device | None = None, *, measured: str | None = None
) -> torch.dtype:
    """Return the precision to compute in.

    ``auto`` reads the environment variable NEXTINTEREST_DTYPE first, then takes bf16 where the device
    computes in it, and fp32 elsewhere. On a CPU a measurement (`nextinterest.llm.tuning`) decides instead,
    where there is one. ``float16-weights`` computes in fp32 on a CPU (see `keeps_half`), elsewhere in fp16.

    Raises
    ------
    ModelError
        If the name is none of `DTYPES`, nor ``float16-weights``.
    """
    name = _asked(dtype)
    if name == HALF_WEIGHTS:
        return torch.float32 if device is None or device.type == "cpu" else torch.float16
    if name != "auto":
        if name not in DTYPES:
            known = ", ".join([*DTYPES, HALF_WEIGHTS])
            raise ModelError(f"Unknown dtype {name!r}.", remedy=f"Use one of {known} or auto.")
        return DTYPES[name]
    if device is not None and device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if measured is not None:
        return DTYPES[measured]
    return torch.bfloat16 if cpu_has_bf16() else torch.float32


def keeps_half(dtype: str, device: torch.device) -> bool:
    """Return whether weights are to be kept in fp16 and computed with in fp32: asked for, and on a CPU."""
    return device.type == "cpu" and _asked(dtype) == HALF_WEIGHTS


def asks_nothing(dtype: str) -> bool:
    """Return whether neither the caller nor the environment names a precision."""
    return _asked(dtype) == "auto"


def _asked(dtype: str) -> str:
    return os.environ.get(DTYPE_VARIABLE, "auto") if dtype == "auto" else dtype
