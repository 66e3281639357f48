"""Kinds of events: what a user did with an item, under one name each however a source spells it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextinterest.errors import DataError
from nextinterest.kind_names import HAD_KINDS, KINDS, NEGATIVE_KINDS, OPEN_KINDS, kind_name

__all__ = ["KINDS", "MAX_KINDS", "NEGATIVE_KINDS", "Kinds", "kind_name"]

MAX_KINDS = 127


@dataclass(frozen=True, slots=True, eq=False)
class Kinds:
    """The kind of each event, as codes.

    Attributes
    ----------
    codes
        Index into `names` of each event, int8, shape (n_events,); -1 where the kind is not known.
    names
        Names of the kinds, at most `MAX_KINDS`.
    """

    codes: NDArray[np.int8]
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.names) > MAX_KINDS:
            raise DataError(
                f"{len(self.names):,} kinds of events are more than {MAX_KINDS}.",
                remedy="Give each event a coarser kind, or none.",
            )
        object.__setattr__(self, "codes", np.ascontiguousarray(self.codes, dtype=np.int8))

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def of(cls, kinds: Iterable[str | None]) -> Kinds | None:
        """Return kinds given by name, in the order in which they appear; None where none is known.

        Examples
        --------
        >>> kinds = Kinds.of(["view", None, "bought", "view"])
        >>> kinds.names, kinds.codes.tolist()
        (('view', 'buy'), [0, -1, 1, 0])
        """
        names = [None if kind is None else kind_name(kind) for kind in kinds]
        codes = {name: code for code, name in enumerate(dict.fromkeys(n for n in names if n is not None))}
        if not codes:
            return None
        return cls(np.array([-1 if n is None else codes[n] for n in names], dtype=np.int16), tuple(codes))

    def name(self, i: int) -> str | None:
        """Return the kind of event i; None where it is not known."""
        code = int(self.codes[i])
        return None if code < 0 else self.names[code]

    def left_open(self) -> tuple[str, ...]:
        """Return the kinds after which an item is still to be had: none where no kind says that one is had.

        Examples
        --------
        >>> Kinds.of(["view", "cart", "buy"]).left_open(), Kinds.of(["click", "save"]).left_open()
        (('view', 'cart'), ())
        """
        found = self.counts().keys()
        return tuple(name for name in self.names if name in found & OPEN_KINDS) if found & HAD_KINDS else ()

    def among(self, names: Collection[str]) -> NDArray[np.bool_]:
        """Return which events are of some kinds, shape (n_events,)."""
        return np.isin(self.codes, [code for code, name in enumerate(self.names) if name in names])

    def take(self, where: slice | NDArray[np.bool_] | NDArray[np.integer]) -> Kinds:
        """Return the kinds of some events."""
        return Kinds(self.codes[where], self.names)

    def followed_by(self, n: int, kind: str | None = None) -> Kinds:
        """Return the kinds with n events of one kind after them, unknown by default."""
        names = self.names if kind is None or kind in self.names else (*self.names, kind)
        code = -1 if kind is None else names.index(kind)
        return Kinds(np.append(self.codes, np.full(n, code, dtype=np.int8)), names)

    def counts(self) -> dict[str, int]:
        """Return how many events there are of each kind, the most frequent first."""
        counted = np.bincount(self.codes[self.codes >= 0], minlength=len(self.names))
        order = np.argsort(-counted, kind="stable")
        return {self.names[i]: int(counted[i]) for i in order if counted[i]}
