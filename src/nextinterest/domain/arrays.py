"""Arrays by what they hold: one type of number for each meaning, everywhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["BoolArray", "FloatArray", "IntArray", "TimeArray"]

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int32]
TimeArray = NDArray[np.int64]
