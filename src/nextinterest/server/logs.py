"""Structured logs without personal data: one JSON object a line.

Of a message's arguments numbers are written and nothing else, since texts may be what somebody sent: "(text)"
stands in their place. The address the server listens on is written whole. Of an exception its kind and the
source lines it came through are kept, not its message.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime

__all__ = ["JsonLines", "log_as_json"]


_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[-#0 +]*\d*(?:\.\d+)?[diouxXeEfFgGcrsa]")
_OWN_ADDRESS = "Uvicorn running on "
"""How uvicorn's one record begins whose texts are the operator's settings: protocol and address."""


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _message(record),
        }
        fields = getattr(record, "fields", None)
        if isinstance(fields, dict):
            line.update(fields)
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, places = record.exc_info
            line["exception"] = f"{kind.__module__}.{kind.__qualname__}"
            line["places"] = [
                f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(places)
            ]
        return json.dumps(line)


class _Kept:
    """Stands for an argument that is not written."""

    def __str__(self) -> str:
        return "(text)"

    __repr__ = __str__


def _message(record: logging.LogRecord) -> str:
    if not isinstance(record.msg, str):
        return type(record.msg).__name__
    if not record.args:
        return record.msg
    if record.name == "uvicorn.error" and record.msg.startswith(_OWN_ADDRESS):
        return record.getMessage()
    try:
        if isinstance(record.args, Mapping):
            return record.msg % {name: _numbers_only(value) for name, value in record.args.items()}
        return record.msg % tuple(_numbers_only(value) for value in record.args)
    except (TypeError, ValueError, KeyError):  # a number was wanted, or the counts differ
        return _PLACEHOLDER.sub(str(_Kept()), record.msg)


def _numbers_only(value: object) -> object:
    return value if isinstance(value, int | float) else _Kept()


def log_as_json(level: int = logging.INFO) -> None:
    """Make every logger of this process write such lines to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # The clients and servers of other libraries name addresses and paths.
    for name in ("httpx", "httpcore", "urllib3", "sqlalchemy"):
        logging.getLogger(name).setLevel(logging.WARNING)
