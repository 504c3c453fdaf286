"""No message may hold up the others, whatever its reading runs into: the process that reads it ends instead."""

from __future__ import annotations

import faulthandler
from collections.abc import Iterator
from contextlib import contextmanager

MOST_SECONDS_A_MESSAGE = 60.0
"""A hundred times what the slowest of 20,000 broken mails takes to be read (bench/mutated.py)."""


@contextmanager
def time_limit() -> Iterator[None]:
    """End the process where what is inside takes too long: the next start counts that against the message in hand.

    A thread cannot be stopped from outside, and whatever loops in C hears no exception. The timer shows on standard
    error which line it was, and nothing of the message.
    """
    faulthandler.dump_traceback_later(MOST_SECONDS_A_MESSAGE, exit=True, file=2)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
