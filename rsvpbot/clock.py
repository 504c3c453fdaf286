"""The time, as an argument: the real clock, and one that is set to another moment for rehearsals and tests."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The time of this machine. Implements `model.Clock`."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return datetime.now(UTC)


class ShiftedClock:
    """A clock that stood at `start` (aware) when it was made and runs on from there, whatever is done to the
    machine's own. Implements `model.Clock`. Raises ValueError if `start` has no time zone."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"{start.isoformat()} has no time zone; write for example 2016-09-12T09:00-04:00")
        self._start = start.astimezone(UTC)  # arithmetic in a local zone would be wrong across a change of its offset
        self._made = time.monotonic()

    def now(self) -> datetime:
        """`start` and the time that has passed since this clock was made, in UTC."""
        return self._start + timedelta(seconds=time.monotonic() - self._made)
