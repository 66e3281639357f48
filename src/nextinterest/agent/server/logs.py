"""Structured logs without personal data: one JSON object a line.

A record's own message is written only where it comes from this package's server; of an exception its kind
and the places it came through are kept, not its message, which may quote what somebody sent.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime

__all__ = ["JsonLines", "log_as_json"]


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            # Not getMessage(): the arguments of other libraries' messages may be what somebody sent.
            "event": record.msg if isinstance(record.msg, str) else type(record.msg).__name__,
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
