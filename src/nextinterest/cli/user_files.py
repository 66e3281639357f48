"""Files that name users: one id a line."""

from __future__ import annotations

from pathlib import Path

from nextinterest.errors import DataError

__all__ = ["read_user_ids"]


def read_user_ids(path: Path) -> tuple[str, ...]:
    """Return the ids of a file, in its order.

    Raises
    ------
    DataError
        If it cannot be read, is no text, or names no user.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(
            f"The users file {path} cannot be read: {error.strerror}.", remedy="Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"The users file {path} is no text in UTF-8.", remedy="Write one id a line, as text in UTF-8."
        ) from error
    ids = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not ids:
        raise DataError(f"The users file {path} names no user.", remedy="Write one id a line.")
    return ids
