from __future__ import annotations

import os

import polars as pl
import pytest

from nextinterest.data.sources.panics import panics_unprinted


def test_the_report_of_a_panic_is_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    def panic() -> None:
        os.write(2, b"before\n\nthread '<unnamed>' panicked at src/x.rs:1:2:\nno such page\n")
        raise pl.exceptions.PanicException("no such page")

    with pytest.raises(pl.exceptions.PanicException), panics_unprinted():
        panic()
    assert capfd.readouterr().err == "before\n"


def test_what_else_is_written_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    with panics_unprinted():
        os.write(2, b"a warning\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "a warning\nafter\n"
