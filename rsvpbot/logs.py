"""The log: to standard error, one line an event; under systemd to the journal, with a field for every figure of a line.

A line says what happened in words and in pairs: "message uid=4 folder=Review letters=1". In the journal each pair is a
field as well (RSVPBOT_UID, RSVPBOT_FOLDER, RSVPBOT_LETTERS; "letter id=…" is RSVPBOT_LETTER), so that
`journalctl -u rsvpbot RSVPBOT_FOLDER=Failed` finds what it says. No field holds what its line does not.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final

_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7))
"""Of the journal, by least level (sd-daemon(3))."""

JOURNAL: Final = Path("/run/systemd/journal/socket")

_PAIR: Final = re.compile(r"""(?:\b(?P<noun>[a-z]+) )?\b(?P<name>[a-z_]+)=(?P<value>'[^']*'|"[^"]*"|\S+)""")


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
        kind, _, trace = info if isinstance(info, tuple) else (None, None, None)
        return f"{kind.__name__} in {where(trace)}" if kind else ""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        line = " ".join(super().format(record).splitlines())
        return f"<{_priority(record)}>{line}" if self._journal else line


def _priority(record: logging.LogRecord) -> int:
    return next((number for least, number in _PRIORITIES if record.levelno >= least), 7)


# ------------------------------------------------------------------ the journal


def fields(line: str) -> Iterator[tuple[str, str]]:
    """What the pairs of a line are called in the journal, each with its value.

    >>> dict(fields("letter id=k7f3 accepted attempt=2 outcome='put off'"))
    {'RSVPBOT_LETTER': 'k7f3', 'RSVPBOT_ATTEMPT': '2', 'RSVPBOT_OUTCOME': 'put off'}
    """
    for pair in _PAIR.finditer(line):
        name = pair["noun"] if pair["name"] == "id" and pair["noun"] else pair["name"]
        value = pair["value"]
        yield f"RSVPBOT_{name.upper()}", value[1:-1] if value[0] in "'\"" and value[-1] == value[0] else value


def entry(pairs: Iterator[tuple[str, str]]) -> bytes:
    """One record in the native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): a value of several lines has its length
    before it, in 64 bits, little-endian."""
    return b"".join(
        f"{name}\n".encode() + struct.pack("<Q", len(data)) + data + b"\n"
        if b"\n" in data
        else f"{name}=".encode() + data + b"\n"
        for name, data in ((name, value.encode("utf-8", "replace")) for name, value in pairs)
    )


def goes_to_journal(descriptor: int) -> bool:
    """Whether systemd reads this stream for the journal (JOURNAL_STREAM, systemd.exec(5))."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM", "") == f"{status.st_dev}:{status.st_ino}"


class Journal(logging.StreamHandler):  # type: ignore[type-arg]
    """Hands records to journald; where it cannot be reached, or takes no more, to standard error with a priority."""

    def __init__(self, address: Path) -> None:
        super().__init__(sys.stderr)
        self._address = str(address)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def emit(self, record: logging.LogRecord) -> None:
        """Hand over one record."""
        try:
            self._socket.sendto(entry(self._pairs(record)), self._address)
        except OSError:
            super().emit(record)

    def _pairs(self, record: logging.LogRecord) -> Iterator[tuple[str, str]]:
        # With details, the traceback in all its lines; else what a line on standard error says.
        said = self.format(record)
        yield "MESSAGE", said.removeprefix(f"<{_priority(record)}>")
        yield "PRIORITY", str(_priority(record))
        yield "SYSLOG_IDENTIFIER", "rsvpbot"
        yield "RSVPBOT_LOGGER", record.name
        if record.exc_info and record.exc_info[0]:
            yield "RSVPBOT_EXCEPTION", record.exc_info[0].__name__
        yield from dict(fields(record.getMessage())).items()


def start(address: Path = JOURNAL) -> None:
    """Log from now on: to the journal where systemd reads standard error for it, else to standard error."""
    journal = goes_to_journal(sys.stderr.fileno())
    handler: logging.Handler = Journal(address) if journal else logging.StreamHandler(sys.stderr)
    if not wants_details():
        handler.setFormatter(OneLine(journal))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
