from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.data.times import read_times
from nextinterest.errors import DataError


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("881250949", 881250949),
        (" 881250949 ", 881250949),
        ("8.81250949E8", 881250949),
        ("881250949.9", 881250949),
        ("-5", -5),
        ("1588687728923", 1588687728),
        ("1588687728923000", 1588687728),
        ("1588687728923000000", 1588687728),
        ("1997-12-04", 881193600),
        ("1997-12-04 15:55:49", 881250949),
        ("1997-12-04T15:55:49Z", 881250949),
        ("1997-12-04T15:55:49.250", 881250949),
        ("1997-12-04T16:55:49+01:00", 881250949),
        ("1997-12-04 15:55", 881250900),
        ("yesterday", None),
        ("nan", None),
        ("inf", None),
        ("1e300", None),
        ("", None),
        (None, None),
    ],
)
def test_times_as_they_are_written(written: str | None, expected: int | None) -> None:
    assert read_times(pl.Series([written], dtype=pl.String)).seconds.to_list() == [expected]


@pytest.mark.parametrize(
    ("written", "expected", "note"),
    [
        (["25/12/2023 18:30", "02/01/2024 09:00"], [1703529000, 1704186000], "time with the day first"),
        (["25.12.2023", "02.01.2024"], [1703462400, 1704153600], "time with the day first"),
        (["1/25/2023 6:30 PM", "2/1/2023 12:05 am"], [1674671400, 1675209900], "time with the month first"),
        (["25 Dec 2023", "1 January 2024"], [1703462400, 1704067200], "time with names of months"),
        (["Dec 25, 2023", "January 1 2024 9:30"], [1703462400, 1704101400], "time with names of months"),
        (["Mon, 25 Dec 2023 18:30:00 +0100"], [1703525400], "time with names of months"),
        (["Mon Dec 25 18:30:00 +0000 2023"], [1703529000], "time with names of months"),
        (["2023-12-25 18:30 CET"], [1703525400], "time: CET as UTC+1"),
        (["20200705", "20191231"], [1593907200, 1577750400], "time as YYYYMMDD"),
        (["20200705.0", None], [1593907200, None], "time as YYYYMMDD"),
        (["20231225183000"], [1703529000], "time as YYYYMMDDhhmmss"),
        (["202312251830"], [1703529000], "time as YYYYMMDDhhmm"),
        (["2023122518"], [1703527200], "time as YYYYMMDDHH"),
        (["20200705"] * 19 + ["99999999"], [1593907200] * 19 + [None], "time as YYYYMMDD"),
        (["1700000000900"], [1700000000], "time as milliseconds since 1970"),
        (
            ["1700000000", "1700000000900"],
            [1700000000] * 2,
            "in several units: 1 in seconds, 1 in milliseconds",
        ),
        (["1.7E+09"], [1700000000], "1 time of time in scientific notation"),
        (["1", "2", "3"], [1, 2, 3], "all before 1973: of a count, the dates mean nothing"),
        (["20230101"] * 5 + ["1700000000"] * 5, [1672531200] * 5 + [1700000000] * 5, "time as YYYYMMDD"),
        (["20230101"] * 2 + ["1700000000.5"], [1672531200] * 2 + [1700000000], "1 number of time by their"),
        (["20230101"] * 2 + ["9999999999"], [1672531200] * 2 + [None], "time as YYYYMMDD"),
        (["20230101"] + ["1700000000"] * 5, [1672531200] + [1700000000] * 5, "1 number of time as YYYYMMDD"),
        (["20230101"] + ["1700000000900"] * 5, [1672531200] + [1700000000] * 5, "(20230101)"),
        (["2023010112"] + ["1700000000"] * 5, [1672574400] + [1700000000] * 5, "as YYYYMMDDHH (2023010112)"),
        (["202301011200"] + ["1700000000"] * 5, [1672574400] + [1700000000] * 5, "as YYYYMMDDhhmm"),
        (["20230101120000"] + ["1700000000"] * 5, [1672574400] + [1700000000] * 5, "as YYYYMMDDhhmmss"),
        (["20231301"] + ["1700000000"] * 5, [20231301] + [1700000000] * 5, ""),  # no day
        (["15000000", "20000101", "25000000"], [15000000, 20000101, 25000000], "all before 1973"),
        (
            ["2023-12-25 18:30Z", "2023-12-25 18:30"],
            [1703529000] * 2,
            "1 time without a zone was read as UTC",
        ),
    ],
)
def test_what_is_not_plain_is_read_by_the_column_and_noted(
    written: list[str | None], expected: list[int | None], note: str
) -> None:
    read = read_times(pl.Series(written, dtype=pl.String))
    assert read.seconds.to_list() == expected
    assert note in " ".join(read.notes)


@pytest.mark.parametrize(
    "written",
    [
        "1703529000",
        "2023-12-25 18:30",
        "2023-12-25T18:30:00Z",
        "2023-12-25T20:30+02:00",
        "2023-12-25 15:00:00-0330",
        "2023-12-25T19:30+01:00[Europe/Berlin]",
        "2023-12-25 20:30 UTC+2",
        "2023/12/25 18:30",
        "2023.12.25 18:30:00",
        "20231225T183000Z",
        "2023-12-25 6:30 p.m.",
    ],
)
def test_plain_times_carry_no_note(written: str) -> None:
    read = read_times(pl.Series([written]))
    assert (read.seconds.to_list(), read.nanoseconds, read.notes) == ([1703529000], None, ())


@pytest.mark.parametrize(
    "written",
    [
        "2023-13-01",
        "2023-02-30",
        "31/02/2023",
        "2023-12-25 18",
        "2023-12-25 25:00",
        "2023-12-25 13:00 PM",
        "2023-12-25 18:30 CST",
        "2023-12-25 18:30 CET+2",
        "2023-12-25 18:30+19:00",
        "18:30",
        "12 Foo 2023",
        "99999999999999999999",
        "1,700,000,000",
    ],
)
def test_what_is_no_time_is_null_and_never_another_time(written: str) -> None:
    assert read_times(pl.Series([written, "31/12/2023"])).seconds.to_list() == [None, 1703980800]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (["01/02/2023", "03-04-2023"], r"f.csv: column 'when' can be read with the day or the month first"),
        (["25/01/2023", "01/25/2023"], r"dates with the day first \(25/01.*month first \(01/25"),
        (["25/12/23"], r"column 'when' has years of two digits \(25/12/23\)"),
        (["25-Dec-23 18:30"], "years of two digits"),
        (["45285", "45300.5"], r"numbers from 45285 to 45300: days as Excel counts them"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_by_name(written: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_times(pl.Series(written), name="when", file="f.csv")
    assert "time_format" in caught.value.remedy
    assert "--time-format" in caught.value.command


@pytest.mark.parametrize(
    ("written", "form", "expected"),
    [
        ("01/02/2023", "day-first", 1675296000 - 86400),
        ("01/02/2023", "month-first", 1672617600),
        ("01/02/23 18:30", "%d/%m/%y %H:%M", 1675276200),
        ("2023-02-01T18:30:00+0200", "%Y-%m-%dT%H:%M:%S%z", 1675269000),
        ("45285.770833333", "excel", 1703529000),
        ("45285", "s", 45285),
        ("20200705", "s", 20200705),
        ("20200705", "%Y%m%d", 1593907200),
        ("5000", "ms", 5),
    ],
)
def test_the_caller_can_say_how_times_are_written(written: str, form: str, expected: int) -> None:
    assert read_times(pl.Series([written, None]), form=form).seconds.to_list() == [expected, None]


@pytest.mark.parametrize("form", ["dd", "%Y%m%d%H"])
def test_a_format_that_is_none_is_refused(form: str) -> None:
    with pytest.raises(DataError, match=r"time format|cannot be read by the pattern"):
        read_times(pl.Series(["2020010203"]), form=form)


@pytest.mark.parametrize(
    ("cell", "form", "expected"),
    [
        ("2023-01-01 10:00:00.5", "%Y-%m-%d %H:%M:%S.%f", (1672567200, 500_000_000)),
        ("2023-01-01 10:00:00.25", "%Y-%m-%d %H:%M:%S.%f", (1672567200, 250_000_000)),
        ("2023-01-01 10:00:00.123456", "%Y-%m-%d %H:%M:%S.%f", (1672567200, 123_456_000)),
        ("2023-01-01 10:00:00.123456789", "%Y-%m-%d %H:%M:%S%.f", (1672567200, 123_456_789)),
        ("2500-01-01 00:00:00.5", "%Y-%m-%d %H:%M:%S.%f", (16725225600, 500_000_000)),
        ("01/01/23 100 %f", "%d/%m/%y 100 %%f", (1672531200, None)),
    ],
)
def test_fractions_of_a_pattern_are_those_of_strptime(
    cell: str, form: str, expected: tuple[int, int | None]
) -> None:
    read = read_times(pl.Series([cell]), form=form)
    assert (read.seconds[0], None if read.nanoseconds is None else read.nanoseconds[0]) == expected


@pytest.mark.parametrize("directive", ["%Z", "%z"])
@pytest.mark.parametrize(
    "zone",
    [
        "EST",
        "+0200",
        "-03:30",
        "+02",
        "Z",
        "utc",
        "UTC+2",
        "CET",
        "CST",
        "America/New_York",
        "CET+2",
        "+19:00",
    ],
)
def test_zones_of_a_pattern_are_those_read_without_one(zone: str, directive: str) -> None:
    cell = pl.Series([f"2023-12-25 18:30 {zone}", "2023-12-25 18:30 Z"])
    plain = read_times(cell)
    read = read_times(cell, form=f"%Y-%m-%d %H:%M {directive}")
    assert read.seconds.to_list() == plain.seconds.to_list()
    assert set(plain.notes) <= set(read.notes)


@pytest.mark.parametrize(
    ("cell", "form"),
    [
        ("25/12/23 1:30 PM EST", "%d/%m/%y %I:%M %p %Z"),
        ("25/12/23 01:30PMEST", "%d/%m/%y %I:%M%p%Z"),
        ("Mon Dec 25 13:30:00 EST 2023", "%a %b %d %H:%M:%S %Z %Y"),
        ("2023-12-25T19:30:00.000+0100", "%Y-%m-%dT%H:%M:%S.%f%z"),
        ("2023-12-25 20:30 GMT+0200", "%F %R %Z%z"),
        ("20231225 193000+01:00", "%Y%m%d %H%M%S%:z"),
    ],
)
def test_a_zone_may_stand_anywhere_in_a_pattern(cell: str, form: str) -> None:
    missing = cell.replace("EST", "").replace("+0100", "").replace("GMT+0200", "").replace("+01:00", "")
    assert read_times(pl.Series([cell, missing]), form=form).seconds.to_list() == [1703529000, None]


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S,%f", "%Y%m%d%f", "%f"])
def test_a_fraction_that_is_not_behind_a_point_is_refused_by_name(form: str) -> None:
    with pytest.raises(DataError, match=r"%f, a fraction of a second, is read only behind a point"):
        read_times(pl.Series(["2023-01-01 10:00:00,5"]), form=form)
    assert read_times(pl.Series(["2023-01-01 10:00:00,5"])).nanoseconds is not None  # the remedy


def test_equal_days_in_either_order_need_no_order() -> None:
    assert read_times(pl.Series(["01/01/2023", "02/02/2024"])).seconds.to_list() == [1672531200, 1706832000]


@pytest.mark.parametrize(
    ("written", "nanoseconds"),
    [
        ("1700000000.5", 500_000_000),
        ("1700000000,25", 250_000_000),
        ("1700000000900", 900_000_000),
        ("1700000000900.5", 900_500_000),
        ("1700000000000001", 1_000),
        ("1700000000000000001", 1),
        ("2023-11-14T22:13:20.123456789Z", 123_456_789),
        ("2023-11-14 22:13:20,5", 500_000_000),
    ],
)
def test_fractions_of_a_second_are_kept(written: str, nanoseconds: int) -> None:
    read = read_times(pl.Series([written, "1700000000"]))
    assert read.seconds.to_list() == [1700000000, 1700000000]
    assert read.nanoseconds is not None
    assert read.nanoseconds.to_list() == [nanoseconds, 0]


def test_a_stated_unit_is_not_guessed() -> None:
    assert read_times(pl.Series(["5000"]), "ms").seconds.to_list() == [5]
    assert read_times(pl.Series(["1588687728923"]), "s").seconds.to_list() == [1588687728923]


@settings(deadline=None, max_examples=100)
@given(
    moment=st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    hours=st.integers(-11, 14),
)
def test_any_zone_is_read(moment: datetime, hours: int) -> None:
    local = moment.astimezone(timezone(timedelta(hours=hours)))
    assert read_times(pl.Series([local.isoformat()])).seconds.to_list() == [int(moment.timestamp())]


BERLIN_WINTER = 1704445200  # 2024-01-05 10:00 in Berlin


@pytest.mark.parametrize("form", ["auto", "%Y-%m-%d %H:%M:%S %Z"])
@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("Europe/Berlin", 1),
        ("America/New_York", -5),
        ("America/Argentina/Buenos_Aires", -3),
        ("Pacific/Auckland", 13),
        ("Etc/GMT+5", -5),
    ],
)
def test_regions_are_read_by_their_clocks(zone: str, hours: int, form: str) -> None:
    times = read_times(
        pl.Series([f"2024-01-05 10:00:00 {zone}", f"2024-01-05 10:00:00 {zone[:-1]}_"]), form=form
    )
    assert times.seconds.to_list() == [BERLIN_WINTER + 3600 * (1 - hours), None]
    assert f"time by the clocks of {zone}" in times.notes


@pytest.mark.parametrize(
    "written",
    [
        "2024-01-05T10:00:00[Europe/Berlin]",
        "2024-01-05 10:00 [Europe/Berlin]",
        "2024-01-05 10:00 AM Europe/Berlin",
        "2024-01-05T10:00:00+01:00[Europe/Berlin]",
        "2024-01-05T10:00:00+01:00[Europe/Berlin][u-ca=gregory]",
        "2024-01-05T09:00:00Z[!Europe/Berlin]",
        "2024-01-05 04:00-05:00 America/New_York",
        "2024-01-05T04:00[America/New_York]",
        "05.01.2024 10:00 Europe/Berlin",
        "20240105T1000 Europe/Berlin",
        "5 Jan 2024 10:00 Europe/Berlin",
        "Fri Jan 05 2024 10:00:00 GMT+0100 (Central European Standard Time)",
        "Fri, 5 Jan 2024 10:00:00 +0100 (CET)",
        "2024-01-05T09:00:00[UTC]",
    ],
)
def test_every_form_of_a_time_takes_a_region(written: str) -> None:
    assert read_times(pl.Series([written])).seconds.to_list() == [BERLIN_WINTER]


@pytest.mark.parametrize(
    "zone", ["[Nope]", " Nope/Nowhere", "[]", " (Central European Standard Time)", "[+01:00]"]
)
def test_a_zone_that_is_not_known_alone_is_no_time_in_utc(zone: str) -> None:
    read = read_times(pl.Series([f"2024-01-05 10:00{zone}", "2024-01-05 10:00Z"])).seconds
    assert read.to_list() == [None, BERLIN_WINTER + 3600]


def test_hours_that_clocks_repeat_are_counted_and_those_they_skip_are_no_times() -> None:
    cells = [
        "2024-10-27 02:30 Europe/Berlin",
        "2024-10-27 03:30 Europe/Berlin",
        "2024-03-31 02:30 Europe/Berlin",
    ]
    times = read_times(pl.Series(cells))
    assert times.seconds.to_list() == [1729989000, 1729996200, None]
    assert times.notes == ("time by the clocks of Europe/Berlin, 1 time of a repeated hour as the first",)


@given(
    moment=st.datetimes(datetime(1971, 1, 1), datetime(2037, 1, 1)),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_any_time_of_a_region_is_that_of_the_standard_library(moment: datetime, zone: str) -> None:
    moment = moment.replace(microsecond=0, fold=0)
    local = moment.replace(tzinfo=ZoneInfo(zone))
    there = local.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == moment
    read = read_times(pl.Series([f"{moment.isoformat()} {zone}"])).seconds.to_list()
    assert read == [int(local.timestamp()) if there else None]


@pytest.mark.parametrize("sign", [".", ","])
@pytest.mark.parametrize(
    ("rest", "beyond"), [("5", 43200), ("770833333", 66600), ("54166666667", 46800), ("75", 64800)]
)
def test_days_of_excel_are_read_with_either_sign_of_decimals(sign: str, rest: str, beyond: int) -> None:
    column = pl.Series([f"45292{sign}{rest}", "45293", None])
    assert read_times(column, form="excel").seconds.to_list() == [1704067200 + beyond, 1704153600, None]
    with pytest.raises(DataError, match="days as Excel counts them") as refused:
        read_times(column)
    assert refused.value.command is not None
    assert "--time-format excel" in refused.value.command


def test_a_comma_behind_three_digits_may_be_of_thousands_and_is_no_time() -> None:
    assert read_times(pl.Series(["123,456", "1700000000"])).seconds.to_list() == [None, 1700000000]
