"""Log lines: JSON, with places but no words of an exception, and no arguments of others' messages."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from nextinterest.agent.server.logs import JsonLines


def line_of(record: logging.LogRecord) -> dict[str, object]:
    text = JsonLines().format(record)
    assert "\n" not in text
    loaded = json.loads(text)
    assert isinstance(loaded, dict)
    return loaded


def test_an_exception_keeps_its_places_and_loses_its_words() -> None:
    try:
        raise ValueError("somebody wrote\nthis")
    except ValueError:
        caught = sys.exc_info()
    record = logging.LogRecord("x", logging.ERROR, "file.py", 3, "failed", None, caught)
    line = line_of(record)
    assert line["exception"] == "builtins.ValueError"
    assert "test_logs.py" in str(line["places"])
    assert "somebody" not in json.dumps(line)
    assert line["level"] == "error"


def test_arguments_are_left_out_and_fields_are_kept() -> None:
    record = logging.LogRecord("x", logging.INFO, "file.py", 3, "asked for %s", ("/users/zoe",), None)
    record.fields = {"status": 200}
    line = line_of(record)
    assert (line["event"], line["status"]) == ("asked for %s", 200)
    assert "zoe" not in json.dumps(line)


@pytest.mark.parametrize(
    ("message", "args", "written"),
    [
        ("Started server process [%d]", (4711,), "Started server process [4711]"),
        ("on %s://%s:%d", ("http", "zoe.example", 80), "on %s://%s:80"),
        ("took %.1f s for %r", (1.25, "zoe"), "took 1.2 s for %s"),
        ("%(n)d of %(name)s", ({"n": 3, "name": "zoe"},), "3 of %s"),
        ("%d", ("zoe",), "%d"),
        ("100 %", (), "100 %"),
        ("%s %s", ("zoe",), "%s %s"),
    ],
)
def test_numbers_are_written(message: str, args: tuple[object, ...], written: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "file.py", 3, message, args, None)
    assert line_of(record)["event"] == written
