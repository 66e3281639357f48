"""The cases of an evaluation: one history, one item to find, perhaps a given list of candidates.

Cuts a `Split` down to what the protocol asks for. Knows nothing of methods or metrics.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextinterest.counting import counted
from nextinterest.data.splits import HeldOut, Split
from nextinterest.domain import BoolArray, IntArray
from nextinterest.errors import DataError
from nextinterest.eval.candidates import CandidateLists
from nextinterest.eval.protocol import Protocol

__all__ = ["Cases", "select_cases"]


@dataclass(frozen=True, eq=False)
class Cases:
    """Events to predict, in order.

    Attributes
    ----------
    held_out
        Histories, targets and users, n of them.
    candidates
        Catalogue positions that may be ranked, int32, shape (n, m), -1 behind the end of a shorter list;
        None for the whole catalogue.
    notes
        What was left out and why, for the manifest.
    """

    held_out: HeldOut
    candidates: IntArray | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.held_out)

    @property
    def user_ids(self) -> tuple[str, ...]:
        """Ids of all users of the log."""
        return self.held_out.histories.log.user_ids

    def take(self, where: NDArray[np.int64]) -> Cases:
        """Return the cases at these positions, in that order."""
        return Cases(
            self.held_out.take(where),
            None if self.candidates is None else self.candidates[where],
            self.notes,
        )

    def seen_targets(self) -> BoolArray:
        """Return whether each target is already in its history, shape (n,)."""
        h, targets = self.held_out.histories, self.held_out.targets
        return np.fromiter((targets[i] in h[i].items for i in range(len(self))), np.bool_, len(self))

    @property
    def fingerprint(self) -> str:
        """SHA-256 over histories, targets and candidates."""
        h = self.held_out.histories
        digest = hashlib.sha256(h.log.fingerprint.encode())
        for column in (h.users, h.ends, self.held_out.targets, self.candidates):
            digest.update(b"-" if column is None else np.ascontiguousarray(column).tobytes())
        return digest.hexdigest()


def select_cases(split: Split, protocol: Protocol, candidates: CandidateLists | None = None) -> Cases:
    """Return the cases of a split that a protocol asks for.

    Raises
    ------
    DataError
        If a user asked for is unknown or has no held-out event, or no case is left.
    """
    held_out: HeldOut = getattr(split, protocol.part)
    log = held_out.histories.log
    notes: list[str] = []
    with_case = np.unique(held_out.users)
    chosen: NDArray[np.integer] = with_case
    if protocol.users is not None:
        found = [log.user(user) for user in protocol.users]
        unknown = [user for user, index in zip(protocol.users, found, strict=True) if index is None]
        if unknown:
            raise DataError(
                f"{len(unknown):,} of the {len(protocol.users):,} users asked for are not in the data, "
                f"the first being {unknown[0]!r}.",
                remedy="Give ids as they stand in the events file, one a line.",
            )
        asked = np.unique([index for index in found if index is not None])
        chosen = np.intersect1d(asked, with_case)
        if len(chosen) < len(asked):
            notes.append(
                f"{len(asked) - len(chosen):,} of {len(asked):,} users asked for have no held-out event"
            )
    if candidates is not None:
        listed = np.array(
            [index for u in candidates.users if (index := log.user(u)) is not None], dtype=np.int64
        )
        common = np.intersect1d(chosen, listed)
        missing = len(set(candidates.users)) - len(np.intersect1d(listed, with_case))
        if missing:
            notes.append(f"{counted(missing, 'user')} of the candidates file without a held-out event here")
        if len(common) < len(chosen):
            notes.append(f"{counted(len(chosen) - len(common), 'user')} without candidates: not evaluated")
        chosen = common
    if protocol.sample is not None and protocol.sample < len(chosen):
        rng = np.random.default_rng(protocol.seed)
        chosen = np.sort(rng.choice(chosen, size=protocol.sample, replace=False))
    where = np.flatnonzero(np.isin(held_out.users, chosen))
    if not len(where):
        raise DataError(
            f"No {protocol.part} event is left to predict{': ' + '; '.join(notes) if notes else ''}.",
            remedy="Check the users asked for, the candidates file and the split.",
        )
    cases = Cases(held_out.take(where), None, tuple(notes))
    if candidates is None:
        return cases
    return Cases(cases.held_out, candidates.for_cases(cases.held_out, protocol.missing_target), cases.notes)
