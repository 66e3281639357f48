"""The profile store on SQLite (default) or PostgreSQL, through SQLAlchemy Core.

Durability: an `append` returns after the commit, and the commit after the log reached the disk (SQLite: WAL
with synchronous=FULL; PostgreSQL: its default, synchronous_commit=on). A process killed at any moment leaves
a database that opens at once; SQLite rolls an unfinished transaction back by itself. A SQLite file of up to
256 MiB is checked when it is opened.

Forgetting: SQLite overwrites freed pages (secure_delete) and empties the write-ahead log; PostgreSQL vacuums
the tables. Backups and disk blocks remapped by the drive are out of reach and named here for that.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from nextinterest.amounts import MAX_AMOUNT
from nextinterest.errors import DataError
from nextinterest.profiles.engine import impatient, open_engine, where_it_is
from nextinterest.profiles.faults import (
    EARLIEST,
    ForgottenError,
    IdempotencyError,
    StoreError,
    settled_times,
    store_fault,
)
from nextinterest.profiles.kinds import EventKind
from nextinterest.profiles.sqlite_path import check_path
from nextinterest.profiles.store import (
    AppendResult,
    ItemRecord,
    ProfileEvent,
    checked_user,
)
from nextinterest.profiles.tables import COUNTERS, EVENTS, ITEMS, KEYS, METADATA, PROBE, PROFILES

__all__ = ["SqlProfileStore"]

_CHECKED_BYTES = 256 << 20
_IMPORT_KEY = "import"
_LOG_SECONDS = 10.0
_AT_ONCE = 500  # values in one statement
_PROBE_BYTES = 1
_PROBE_BYTES_AFTER_FAILURE = 64 << 10  # a disk that takes a few bytes may not take a batch of events
_ITEM_VERSION = "items"


class SqlProfileStore:
    """A `ProfileStore` in a SQL database.

    Parameters
    ----------
    url
        An SQLAlchemy URL, such as ``sqlite:///profiles.db`` or ``postgresql+psycopg://host/database``.

    Raises
    ------
    DataError
        If the URL cannot be read; as `StoreError`, if the database cannot be opened or is damaged.
    MissingExtraError
        If PostgreSQL's driver is not installed.
    """

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        self._sqlite = self._engine.dialect.name == "sqlite"
        self._where = where_it_is(self._engine)
        self._failing = False
        """Whether the last write failed for a reason that may last."""
        if self._sqlite:
            check_path(Path(self._where))
            self._check_file()
        with self._write() as connection:
            METADATA.create_all(connection)
            # Events that an earlier version of this program wrote have no profile yet.
            connection.exec_driver_sql(
                "INSERT INTO profiles (user_id) SELECT DISTINCT user_id FROM events "
                "WHERE NOT EXISTS (SELECT 1 FROM profiles) ON CONFLICT (user_id) DO NOTHING"
            )
            connection.exec_driver_sql(
                f"INSERT INTO counters (name, value) VALUES ('{_ITEM_VERSION}', 0) "  # noqa: S608 - constant
                "ON CONFLICT (name) DO NOTHING"
            )

    def _check_file(self) -> None:
        file = Path(self._where)
        if not file.exists() or file.stat().st_size > _CHECKED_BYTES:
            return
        with self._read() as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            raise store_fault(self._where, ValueError(f"database disk image is malformed: {found}"))

    @contextmanager
    def _read(self) -> Iterator[sa.Connection]:
        # Autocommit: a read sees one committed state and waits for no writer.
        with (
            self._ours(),
            self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        ):
            yield connection

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        try:
            with self._ours(), self._engine.begin() as connection:
                yield connection
        except StoreError as error:
            self._failing = self._failing or error.reason != "busy"
            raise

    @contextmanager
    def _ours(self) -> Iterator[None]:
        """Turn what a driver raises into errors of this package."""
        try:
            yield
        except sa.exc.IntegrityError:
            raise
        except sa.exc.DataError as error:
            raise DataError(
                f"The profile store {self._where} cannot hold this text: {error.orig}.",
                remedy="Leave out control characters.",
            ) from error
        except sa.exc.DBAPIError as error:
            raise store_fault(self._where, error.orig) from error
        except sa.exc.TimeoutError as error:
            raise store_fault(self._where, error) from error

    def append(
        self,
        user: str,
        events: Sequence[ProfileEvent],
        *,
        received: datetime,
        key: str | None = None,
        profile: int | None = None,
    ) -> AppendResult:
        """Write events of one user, all or none; see `ProfileStore.append`."""
        user = checked_user(user)
        rows, digest = _rows(user, events, received), _digest(events)
        try:
            with self._write() as connection:
                _insert(connection, user, rows, key, digest, profile)
        except sa.exc.IntegrityError:
            if key is None:
                raise
            return self._replay(user, key, digest)
        return AppendResult(accepted=len(rows), replayed=False)

    def _replay(self, user: str, key: str, digest: str) -> AppendResult:
        where = (KEYS.c.user_id == user) & (KEYS.c.key == key)
        with self._read() as connection:
            row = connection.execute(sa.select(KEYS.c.digest, KEYS.c.accepted).where(where)).one()
        if row.digest != digest:
            raise IdempotencyError(
                "This idempotency key was already used with other events.",
                remedy="Use a new key for new events.",
            )
        return AppendResult(accepted=row.accepted, replayed=True)

    def fill(self, histories: Mapping[str, Sequence[ProfileEvent]], *, received: datetime) -> int:
        """Write histories into an empty store, all or none; see `ProfileStore.fill`."""
        histories = {checked_user(user): events for user, events in histories.items()}
        ready = {user: _rows(user, events, received) for user, events in histories.items()}
        try:
            with self._write() as connection:
                if connection.execute(sa.select(EVENTS.c.sequence).limit(1)).first() is not None:
                    return 0
                for user, rows in ready.items():
                    _insert(connection, user, rows, _IMPORT_KEY, _digest(histories[user]), None)
        except sa.exc.IntegrityError:  # another process filled it in the meantime
            return 0
        return len(ready)

    def events(self, user: str) -> list[ProfileEvent]:
        """Return a user's events, oldest first; empty for an unknown user."""
        query = (
            sa.select(EVENTS.c.item_id, EVENTS.c.time_us, EVENTS.c.kind, EVENTS.c.rating)
            .where(EVENTS.c.user_id == user)
            .order_by(EVENTS.c.time_us, EVENTS.c.sequence)
        )
        with self._read() as connection:
            return [
                ProfileEvent(
                    item_id=row.item_id,
                    time=EARLIEST + timedelta(microseconds=row.time_us),
                    kind=row.kind,
                    # an older version wrote ratings of any size
                    rating=None if row.rating is None or abs(row.rating) > MAX_AMOUNT else row.rating,
                )
                for row in connection.execute(query)
            ]

    def retract(self, user: str, item_id: str, *, newest: EventKind | None = None) -> int:
        """Remove a user's events of one item, or only the newest of a kind; return how many there were."""
        where: sa.ColumnElement[bool] = (EVENTS.c.user_id == user) & (EVENTS.c.item_id == item_id)
        if newest is not None:
            last = (
                sa.select(EVENTS.c.sequence)
                .where(where & (EVENTS.c.kind == newest))
                .order_by(EVENTS.c.time_us.desc(), EVENTS.c.sequence.desc())
                .limit(1)
            )
            where = EVENTS.c.sequence == last.scalar_subquery()
        with self._write() as connection:
            return connection.execute(EVENTS.delete().where(where)).rowcount

    def users(self) -> list[str]:
        """Return the ids of all users with events, sorted."""
        query = sa.select(EVENTS.c.user_id).distinct().order_by(EVENTS.c.user_id)
        with self._read() as connection:
            return list(connection.execute(query).scalars())

    def profiles(self, users: Sequence[str]) -> dict[str, int]:
        """Return the number of each user's profile; users without one are left out."""
        found: dict[str, int] = {}
        if users:
            with self._read() as connection:
                for some in _parts(users):
                    query = sa.select(PROFILES.c.user_id, PROFILES.c.number).where(
                        PROFILES.c.user_id.in_(some)
                    )
                    found.update((row.user_id, row.number) for row in connection.execute(query))
        return found

    def forget(self, user: str) -> int:
        """Remove everything about a user; see the module for what is beyond reach."""
        with self._write() as connection:
            # The profile goes first: PostgreSQL lets it wait here for writers of the same profile.
            for table in (PROFILES, KEYS, EVENTS):
                removed = connection.execute(table.delete().where(table.c.user_id == user)).rowcount
        with self._read() as connection:
            if self._sqlite:
                _empty_log(connection)
            else:  # cutting the files' ends would wait up to 5 s for each table while others write
                connection.exec_driver_sql("VACUUM (TRUNCATE FALSE) events, idempotency_keys, profiles")
        return removed

    def change_items(self, records: Sequence[ItemRecord]) -> int:
        """Keep changes of the catalogue; see `ProfileStore.change_items`."""
        newest = {record.item_id: record for record in records}
        counter = COUNTERS.c.name == _ITEM_VERSION
        with self._write() as connection:
            # Whoever changes the counter holds its row until the end, so that versions follow one another.
            connection.execute(COUNTERS.update().where(counter).values(value=COUNTERS.c.value + 1))
            version: int = connection.execute(sa.select(COUNTERS.c.value).where(counter)).scalar_one()
            for some in _parts(newest):
                connection.execute(ITEMS.delete().where(ITEMS.c.item_id.in_(some)))
            rows = [
                {"item_id": record.item_id, "version": version, "place": place, "body": record.body}
                for place, record in enumerate(newest.values())
            ]
            if rows:
                connection.execute(ITEMS.insert(), rows)
        return version

    def items_since(self, version: int) -> tuple[int, list[ItemRecord]]:
        """Return changes of the catalogue; see `ProfileStore.items_since`."""
        with self._read() as connection:
            # The version is read first: what is changed after that comes again next time, and does no harm.
            now: int = connection.execute(
                sa.select(COUNTERS.c.value).where(COUNTERS.c.name == _ITEM_VERSION)
            ).scalar_one()
            if now == version:
                return now, []
            query = (
                sa.select(ITEMS.c.item_id, ITEMS.c.body)
                .where(ITEMS.c.version > version)
                .order_by(ITEMS.c.version, ITEMS.c.place)
            )
            return now, [ItemRecord(row.item_id, row.body) for row in connection.execute(query)]

    def check(self) -> None:
        """Write a little, or more where the last write failed; see `ProfileStore.check`."""
        size = _PROBE_BYTES_AFTER_FAILURE if self._failing else _PROBE_BYTES
        try:
            with (
                self._ours(),
                self._engine.connect() as connection,
                impatient(connection),
                connection.begin(),
            ):
                connection.execute(PROBE.delete())
                connection.execute(PROBE.insert().values(id=0, data=bytes(size)))
        except StoreError as error:
            self._failing = self._failing or error.reason != "busy"
            raise
        self._failing = False

    def close(self) -> None:
        """Release files and connections."""
        self._engine.dispose()


def _empty_log(connection: sa.Connection) -> None:
    """Move what SQLite's write-ahead log holds into the file and empty it.

    Raises
    ------
    StoreError
        If others read or empty it all the time.
    """
    end = time.monotonic() + _LOG_SECONDS
    # SQLite itself waits for readers, but not for another connection that empties the log.
    while connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one():
        if time.monotonic() > end:
            raise StoreError(
                "busy",
                "The events of the user are removed, but the store's write-ahead log is in use and may "
                "still hold them.",
                remedy="Forget the user again.",
            )
        time.sleep(0.005)


def _parts(values: Iterable[str]) -> Iterator[list[str]]:
    """Yield values in lists short enough for one statement."""
    rest = iter(values)
    while some := list(islice(rest, _AT_ONCE)):
        yield some


def _rows(user: str, events: Sequence[ProfileEvent], received: datetime) -> list[dict[str, object]]:
    times = settled_times((event.time for event in events), received)
    return [
        {
            "user_id": user,
            "item_id": event.item_id,
            "time_us": (moment - EARLIEST) // timedelta(microseconds=1),
            "kind": event.kind,
            "rating": event.rating,
        }
        for event, moment in zip(events, times, strict=True)
    ]


def _digest(events: Sequence[ProfileEvent]) -> str:
    return hashlib.sha256("\n".join(event.model_dump_json() for event in events).encode()).hexdigest()


def _insert(
    connection: sa.Connection,
    user: str,
    rows: Sequence[dict[str, object]],
    key: str | None,
    digest: str,
    profile: int | None,
) -> None:
    """Write a user's rows within a transaction, and the profile's and the key's where they are new."""
    _hold_profile(connection, user, profile)
    if key is not None:
        # The key goes before the events: its primary key makes a second writer of it wait or fail.
        connection.execute(KEYS.insert().values(user_id=user, key=key, digest=digest, accepted=len(rows)))
    if rows:
        connection.execute(EVENTS.insert(), rows)


def _hold_profile(connection: sa.Connection, user: str, expected: int | None) -> None:
    """Make the user's profile where there is none, and keep others from forgetting it until the end.

    Raises
    ------
    ForgottenError
        If a profile is expected and it is another, or none.
    """
    held = sa.select(PROFILES.c.number).where(PROFILES.c.user_id == user).with_for_update(read=True)
    number = connection.execute(held).scalar_one_or_none()
    if expected is not None and number != expected:
        raise ForgottenError(
            "The user was forgotten while this was answered, so nothing of it was written.",
            remedy="Send it again if it is to be kept.",
        )
    while number is None:  # PostgreSQL: again where another transaction forgets the user at this moment
        connection.execute(
            sa.text("INSERT INTO profiles (user_id) VALUES (:user) ON CONFLICT (user_id) DO NOTHING"),
            {"user": user},
        )
        number = connection.execute(held).scalar_one_or_none()
