"""Log lines: JSON, with places but no words of an exception, and no arguments of others' messages."""

from __future__ import annotations

import asyncio
import json
import logging
import sys

import pytest
import uvicorn

from nextinterest.server.logs import JsonLines


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
    assert (line["event"], line["status"]) == ("asked for (text)", 200)
    assert "zoe" not in json.dumps(line)


@pytest.mark.parametrize(
    ("message", "args", "written"),
    [
        ("Started server process [%d]", (4711,), "Started server process [4711]"),
        ("on %s://%s:%d", ("http", "zoe.example", 80), "on (text)://(text):80"),
        ("took %.1f s for %r", (1.25, "zoe"), "took 1.2 s for (text)"),
        ("%(n)d of %(name)s", ({"n": 3, "name": "zoe"},), "3 of (text)"),
        ("%d", ("zoe",), "(text)"),
        ("100 %", (), "100 %"),
        ("%s %s", ("zoe",), "(text) (text)"),
    ],
)
def test_numbers_are_written(message: str, args: tuple[object, ...], written: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "file.py", 3, message, args, None)
    assert line_of(record)["event"] == written


def test_what_uvicorn_logs_of_its_start_and_end_has_no_placeholder_left(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its own records, as its server makes them, with the format for colours beside them."""

    async def app(scope: object, receive: object, send: object) -> None: ...

    async def serve_and_stop() -> None:
        server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None))
        server.should_exit = True
        await server.serve()

    with caplog.at_level(logging.INFO, "uvicorn.error"):
        asyncio.run(serve_and_stop())
    lines = [line_of(record) for record in caplog.records if record.name == "uvicorn.error"]
    events = [str(line["event"]) for line in lines]
    assert any(hasattr(record, "color_message") for record in caplog.records)
    assert all("%" not in event and "(text)" not in event for event in events)
    assert all("color_message" not in line for line in lines)
    started = [event for event in events if event.startswith("Uvicorn running on http://127.0.0.1:")]
    assert len(started) == 1
