"""The log: to standard error, one line an event. Under systemd the journal adds the time and takes the priority."""

from __future__ import annotations

import logging
import os
import sys
from types import TracebackType

_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7))
"""Of the journal, by least level (sd-daemon(3))."""


def wants_details() -> bool:
    """Whether RSVPBOT_DEBUG asks for tracebacks, which may hold what stands in a mail."""
    return os.environ.get("RSVPBOT_DEBUG", "") not in {"", "0"}


def where(trace: TracebackType | None) -> str:
    """The innermost line of rsvpbot in a traceback, as "intake.py:120"; "" where there is none."""
    found = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] == "rsvpbot":
            found = f"{os.path.basename(code.co_filename)}:{trace.tb_lineno}"  # noqa: PTH119 (a name, not a path)
        trace = trace.tb_next
    return found


class OneLine(logging.Formatter):
    """Formats a record on one line. An exception becomes its type and place: its words may hold personal data."""

    def __init__(self, journal: bool) -> None:
        super().__init__("%(message)s" if journal else "%(asctime)s %(levelname)-7s %(message)s")
        self._journal = journal

    def formatException(self, info: object) -> str:
        """The type and place of an exception, as logging wants it."""
        assert isinstance(info, tuple)
        return f"{info[0].__name__} in {where(info[2])}"

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        line = " ".join(super().format(record).splitlines())
        if not self._journal:
            return line
        priority = next((number for least, number in _PRIORITIES if record.levelno >= least), 7)
        return f"<{priority}>{line}"


def start() -> None:
    """Log to standard error from now on."""
    handler = logging.StreamHandler(sys.stderr)
    if not wants_details():
        handler.setFormatter(OneLine(journal="JOURNAL_STREAM" in os.environ))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
