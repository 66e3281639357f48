"""Bearer keys and what each of them opens.

A key is written as a line: the key, then scopes, separated by spaces. Without a scope it opens everything.

======================  ==================================================================
``KEY user:NAME``       that user's profile, and nobody else's; NAME is the rest of the line
``KEY users``           the profiles of all users, and their list
``KEY catalogue``       changes of the catalogue's items
======================  ==================================================================

Every key may read items and models, and ask with a history that it sends along. Keys are kept as hashes.
"""

from __future__ import annotations

import hashlib
import hmac
import stat
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nextinterest.errors import DataError
from nextinterest.profiles.store import checked_user

__all__ = ["EVERYTHING", "Grant", "Keyring", "read_key_file"]

SHORTEST = 16


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key opens."""

    user: str | None = None
    """The one user, where it is limited to one."""
    users: bool = False
    """All users, and their list."""
    catalogue: bool = False
    """Changes of items."""
    holder: str = ""
    """Digest of the key, which tells apart who sends what belongs to no user; empty without keys."""

    def may_use(self, user: str) -> bool:
        """Return whether a user's profile may be read and changed."""
        return self.users or user == self.user


EVERYTHING = Grant(users=True, catalogue=True)


class Keyring:
    """Keys and their grants.

    Parameters
    ----------
    lines
        Keys with their scopes, as the module's text has them.

    Raises
    ------
    DataError
        If a line cannot be read. No message quotes a key.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._grants: dict[bytes, Grant] = {}
        for number, line in enumerate(lines, start=1):
            key, grant = _parsed(line, number)
            if self._grants.setdefault(key, grant) != grant:
                raise DataError(
                    f"Key {number} was given before with other scopes.",
                    remedy="Give each key once, with all its scopes.",
                )

    def grant(self, key: str) -> Grant | None:
        """Return what a key opens; None for a wrong one. Takes the same time for every wrong key."""
        given, found = _hash(key), None
        for known, grant in self._grants.items():
            if hmac.compare_digest(given, known):
                found = grant
        return found


def read_key_file(path: Path) -> tuple[tuple[str, ...], str]:
    """Return the lines of a file of keys, and a warning where others than its owner can read it.

    Empty lines and lines that start with ``#`` are left out.

    Raises
    ------
    DataError
        If the file cannot be read, holds no key, or can be written by others than its owner.
    """
    try:
        mode, text = path.stat().st_mode, path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise DataError(f"The key file {path} cannot be read: {reason}.", remedy="Check its path.") from None
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise DataError(
            f"The key file {path} can be written by others than its owner.", remedy=f"Run: chmod 600 {path}"
        )
    lines = tuple(line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#"))
    if not lines:
        raise DataError(f"The key file {path} holds no key.", remedy="Write one key a line into it.")
    readable = mode & (stat.S_IRGRP | stat.S_IROTH)
    warning = f"The key file {path} can be read by others than its owner. Run: chmod 600 {path}"
    return lines, warning if readable else ""


def _parsed(line: str, number: int) -> tuple[bytes, Grant]:
    key, _, rest = line.strip().partition(" ")
    if len(key) < SHORTEST:
        raise DataError(
            f"Key {number} is too short: a bearer key needs at least {SHORTEST} characters.",
            remedy="Use a longer random key.",
        )
    if not key.isascii() or not key.isprintable():
        raise DataError(
            f"Key {number} has characters that no header can carry.",
            remedy="Use letters, digits and punctuation of ASCII.",
        )
    scopes, _, name = rest.partition("user:")
    names = scopes.split()
    unknown = next((scope for scope in names if scope not in {"users", "catalogue"}), None)
    if unknown is not None or (name and scopes and not scopes.endswith(" ")):
        raise DataError(
            f"Key {number} has an unknown scope.", remedy="Scopes are users, catalogue and user:NAME."
        )
    if "user:" not in rest:
        grant = Grant(users="users" in names, catalogue="catalogue" in names) if names else EVERYTHING
        return _hash(key), grant
    user = checked_user(unicodedata.normalize("NFC", name.strip()))
    return _hash(key), Grant(user=user, users="users" in names, catalogue="catalogue" in names)


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()
