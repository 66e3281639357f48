"""Answers of endpoints kept in a file, so that a request made before is not paid for again.

An answer is kept under the hash of address, model, messages and parameters; neither prompts nor keys are in
the file. Several threads and processes may use one file.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock

from nextinterest.errors import StorageError

__all__ = ["AnswerStore", "request_of"]

_TABLE = "CREATE TABLE IF NOT EXISTS answers (request TEXT PRIMARY KEY, reply TEXT NOT NULL)"
_WAIT = 30.0  # seconds for another process


class AnswerStore:
    """A file of answers.

    Parameters
    ----------
    path
        The file; it is made where there is none.

    Raises
    ------
    StorageError
        If it cannot be written, or is something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
            self._file.execute(_TABLE)
        except (OSError, sqlite3.Error) as error:
            raise self._failed(error) from error

    def __enter__(self) -> AnswerStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def get(self, request: str) -> str | None:
        """Return the answer to a request (see `request_of`); None where there is none."""
        try:
            with self._lock:
                row = self._file.execute("SELECT reply FROM answers WHERE request = ?", (request,)).fetchone()
        except sqlite3.Error as error:
            raise self._failed(error) from error
        return None if row is None else str(row[0])

    def put(self, request: str, reply: str) -> None:
        """Keep an answer."""
        try:
            with self._lock:
                self._file.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (request, reply))
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> StorageError:
        return StorageError(
            f"The file of answers {self.path} cannot be used: {error}.",
            remedy="Name another file (EndpointSettings.answers).",
            command="Name another file with --answers.",
        )


def request_of(address: str, model: str, rows: Sequence[object], body: Mapping[str, object]) -> str:
    """Return the name of a request: a hash of all that its answer depends on."""
    whole = json.dumps([address, model, rows, body], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()
