"""Which kind of store a URL means. The database's library is loaded when a store is opened, not before."""

from __future__ import annotations

from nextinterest.errors import DataError, MissingExtraError
from nextinterest.profiles.store import ProfileStore

__all__ = ["open_store"]


def open_store(url: str) -> ProfileStore:
    """Open a store: a path or ``sqlite:///path`` is SQLite, ``postgresql://...`` is PostgreSQL.

    Raises
    ------
    DataError
        For any other scheme, or where the database cannot be opened.
    MissingExtraError
        Where the database's driver is not installed.
    """
    try:
        from nextinterest.profiles.sql import SqlProfileStore
    except ModuleNotFoundError:
        raise MissingExtraError("sqlalchemy", "serve") from None
    scheme, separator, rest = url.partition("://")
    if not separator:
        return SqlProfileStore(f"sqlite:///{url}")
    if scheme == "sqlite":
        return SqlProfileStore(url)
    if scheme in {"postgresql", "postgres"}:
        return SqlProfileStore(f"postgresql+psycopg://{rest}")
    raise DataError(
        f"No profile store is known for URLs that start with {scheme!r}.",
        remedy="Use a path, sqlite:///path or postgresql://user@host/database.",
    )
