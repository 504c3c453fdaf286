"""The hours in which letters go out that nobody has just asked for."""

from __future__ import annotations

from datetime import time

MORNING, EVENING = time(8), time(20)
"""Nothing scheduled goes out before and after, by the event's own clock: a telephone beside a bed rings, too."""
