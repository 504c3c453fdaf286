"""Both clocks."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rsvpbot.clock import ShiftedClock, SystemClock
from rsvpbot.model import Clock


def test_the_system_clock_tells_the_present_in_utc() -> None:
    clock: Clock = SystemClock()
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().utcoffset() == timedelta(0)


def test_a_shifted_clock_runs_on_from_its_start() -> None:
    start = datetime(2016, 9, 12, 9, 0, tzinfo=ZoneInfo("America/New_York"))
    clock: Clock = ShiftedClock(start)
    first = clock.now()
    time.sleep(0.01)
    assert start <= first
    assert clock.now() - first >= timedelta(milliseconds=10)


def test_a_shifted_clock_runs_on_through_a_change_of_the_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    zone = ZoneInfo("America/New_York")
    clock = ShiftedClock(datetime(2016, 11, 6, 0, 30, tzinfo=zone))
    later = time.monotonic() + 3 * 3600
    monkeypatch.setattr("rsvpbot.clock.time.monotonic", lambda: later)
    assert clock.now().astimezone(zone).hour == 2  # the hour from one to two came twice


def test_a_start_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        ShiftedClock(datetime(2016, 9, 12, 9, 0))  # noqa: DTZ001
