"""The calendar file: what a calendar program makes of it, in zones with and without summer time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from rsvpbot.letters.calendar import calendar_file, file_name, transitions
from tests.test_letters import example

NOW = datetime(2016, 9, 12, 13, 0, tzinfo=UTC)

ZONES = (
    "America/New_York",
    "Europe/Zurich",
    "Europe/Dublin",
    "Australia/Lord_Howe",
    "Asia/Tokyo",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "Africa/Cairo",
    "America/Caracas",
    "UTC",
)


def read(data: bytes) -> tuple[Any, Any]:
    """The event and its time zone."""
    calendar = Calendar.from_ical(data)
    [event] = calendar.walk("VEVENT")
    [zone] = calendar.walk("VTIMEZONE")
    return event, zone


def onsets(zone: Any, last: int) -> list[tuple[datetime, timedelta]]:
    """When which offset begins, in wall-clock time, by the rules of a VTIMEZONE alone (RFC 5545, section 3.6.5)."""
    found: list[tuple[datetime, timedelta]] = []
    for part in zone.subcomponents:
        start, offset = part["DTSTART"].dt, part["TZOFFSETTO"].td
        rule = part.get("RRULE")
        years = range(start.year, last + 1) if rule else [start.year]
        found += [(_onset(start, rule, year), offset) for year in years]
    return sorted(found)


def _onset(start: datetime, rule: dict[str, list[object]] | None, year: int) -> datetime:
    if rule is None or year == start.year:
        return start
    [month], [day] = rule["BYMONTH"], rule["BYDAY"]
    text = str(day)
    weekday, nth = ("MO", "TU", "WE", "TH", "FR", "SA", "SU").index(text[-2:]), int(text[:-2])
    days = [start.replace(year=year, month=int(str(month)), day=1) + timedelta(days=number) for number in range(31)]
    fitting = [day for day in days if day.month == int(str(month)) and day.weekday() == weekday]
    return fitting[nth - 1 if nth > 0 else nth]


def test_what_stands_in_it() -> None:
    event, _ = read(calendar_file(example(), "roundtable.abcdefgh@roundtable.example", "Bring; a, pass.\nThanks", NOW))
    assert event["UID"] == "roundtable.abcdefgh@roundtable.example"
    assert event["DTSTART"].dt == datetime(2016, 9, 20, 12, 30, tzinfo=ZoneInfo("America/New_York"))
    assert event["DTEND"].dt.astimezone(UTC) == datetime(2016, 9, 20, 19, 30, tzinfo=UTC)
    assert event["DTSTART"].params["TZID"] == "America/New_York"
    assert event["DTSTAMP"].dt == NOW
    assert event["SUMMARY"] == example().event.title
    assert event["LOCATION"] == "UNICEF House, 14th floor, 3 UN Plaza, New York, NY 10017"
    assert event["DESCRIPTION"] == "Bring; a, pass.\nThanks"
    assert event["ORGANIZER"] == "mailto:rsvp@roundtable.example"
    assert event["ORGANIZER"].params["CN"] == "Roundtable RSVP"


def test_it_asks_for_no_answer() -> None:
    data = calendar_file(example(), "x@y.example", "", NOW)
    assert Calendar.from_ical(data)["METHOD"] == "PUBLISH"
    assert b"ATTENDEE" not in data and b"RSVP=" not in data and b"VALARM" not in data


def test_lines_are_folded_and_end_as_they_must() -> None:
    data = calendar_file(example(), "x@y.example", "Ä" * 200, NOW)
    assert all(len(line) <= 75 for line in data.split(b"\r\n")) and b"\n" not in data.replace(b"\r\n", b"")


def test_a_value_stays_a_value() -> None:
    title = "x\r\nATTENDEE:mailto:evil@evil.example\r\nEND:VEVENT"
    config = replace(
        example(),
        event=replace(example().event, title=title),
        mailbox=replace(example().mailbox, name='Ro"und;table:x\r\nX-EVIL:1'),
    )
    data = calendar_file(config, "x@y.example\r\nX-EVIL:1", "y\r\nX-EVIL:1", NOW)
    event, _ = read(data)
    assert "ATTENDEE" not in event and "X-EVIL" not in event
    assert not [line for line in data.split(b"\r\n") if line.startswith((b"X-EVIL", b"ATTENDEE"))]
    assert data.split(b"\r\n").count(b"END:VEVENT") == 1


@pytest.mark.parametrize("name", ZONES)
def test_the_zone_is_right_at_every_hour_of_the_year(name: str) -> None:
    zone = ZoneInfo(name)
    starts = datetime(2016, 9, 20, 12, 30, tzinfo=zone)
    event = replace(example().event, timezone=name, starts=starts, ends=starts + timedelta(hours=3))
    _, component = read(calendar_file(replace(example(), event=event), "x@y.example", "", NOW))
    assert component["TZID"] == name
    rules = onsets(component, 2016)
    local = datetime(2016, 1, 1)  # noqa: DTZ001 (wall clock)
    checked = 0
    while local.year == 2016:
        right = local.replace(tzinfo=zone).utcoffset()
        # A wall-clock time that comes twice, or never, has two offsets: a file cannot say which is meant.
        if right == local.replace(tzinfo=zone, fold=1).utcoffset():
            assert max(rule for rule in rules if rule[0] <= local)[1] == right, local
            checked += 1
        local += timedelta(minutes=30)
    assert checked > 365 * 48


@pytest.mark.parametrize(
    ("name", "year", "moments"),
    [
        ("America/New_York", 2016, ["2016-03-13 02:00", "2016-11-06 02:00"]),
        ("Europe/Zurich", 2016, ["2016-03-27 02:00", "2016-10-30 03:00"]),
        ("Asia/Tokyo", 2016, []),
        ("America/Caracas", 2016, ["2016-05-01 02:30"]),
    ],
)
def test_changes_of_offset_are_told_in_the_time_before_them(name: str, year: int, moments: list[str]) -> None:
    assert [f"{change.local:%Y-%m-%d %H:%M}" for change in transitions(ZoneInfo(name), year, year)] == moments


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("High-Level Roundtable", "high-level-roundtable.ics"),
        ("A Very Long Title That Goes On and On and On", "a-very-long-title-that-goes-on-and-on.ics"),
        ("高级别圆桌会议", "event.ics"),
        ('../../etc/"passwd"', "etc-passwd.ics"),
    ],
)
def test_the_name_of_the_file_is_plain(title: str, name: str) -> None:
    assert file_name(title) == name
