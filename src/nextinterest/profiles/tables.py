"""The tables of the profile store on SQL, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa

__all__ = ["COUNTERS", "EVENTS", "ITEMS", "KEYS", "METADATA", "PROBE", "PROFILES"]

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

METADATA = sa.MetaData()
EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("sequence", _NUMBER, primary_key=True, autoincrement=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("item_id", sa.Text, nullable=False),
    sa.Column("time_us", sa.BigInteger, nullable=False),  # microseconds since 1970 UTC
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("rating", sa.Float, nullable=True),
    sa.Index("events_by_user", "user_id", "time_us", "sequence"),
)
KEYS = sa.Table(
    "idempotency_keys",
    METADATA,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("accepted", sa.Integer, nullable=False),
)
# A row lives from a user's first event until the user is forgotten; AUTOINCREMENT uses no number twice.
PROFILES = sa.Table(
    "profiles",
    METADATA,
    sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
    sa.Column("user_id", sa.Text, nullable=False, unique=True),
    sqlite_autoincrement=True,
)
ITEMS = sa.Table(
    "items",
    METADATA,
    sa.Column("item_id", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False, index=True),
    sa.Column("place", sa.Integer, nullable=False),  # within its version
    sa.Column("body", sa.Text, nullable=True),
)
COUNTERS = sa.Table(
    "counters",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)
# What `check` writes.
PROBE = sa.Table(
    "probe",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
