"""Under systemd each record goes to the journal with fields, by its native protocol; else to standard error."""

from __future__ import annotations

import logging
import os
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rsvpbot import logs
from rsvpbot.service import Round
from tests.steer_house import steered


class Journald:
    """A socket in journald's place, which reads what comes as systemd.io/JOURNAL_NATIVE_PROTOCOL says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(5)

    def entry(self) -> dict[str, str]:
        data, found = self._socket.recv(1 << 20), {}
        while data:
            name, rest = data.split(b"\n", 1)
            if b"=" in name:
                name, value = name.split(b"=", 1)
                data = rest
            else:
                (size,) = struct.unpack("<Q", rest[:8])
                value, data = rest[8 : 8 + size], rest[9 + size :]
                assert rest[8 + size : 9 + size] == b"\n"
            assert name.decode() not in found
            found[name.decode()] = value.decode()
        return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def journald() -> Iterator[Journald]:
    # Short: a socket's path has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="rsvpbot-journal-") as folder:
        opened = Journald(Path(folder) / "socket")
        yield opened
        opened.close()


@pytest.fixture
def logger(journald: Journald) -> Iterator[logging.Logger]:
    handler = logs.Journal(journald.path)
    handler.setFormatter(logs.OneLine(journal=True))
    logger = logging.Logger("rsvpbot.intake")
    logger.addHandler(handler)
    yield logger
    handler.close()


def test_each_pair_of_a_line_is_a_field(journald: Journald, logger: logging.Logger) -> None:
    outcome = "kind=human rule=person partstat=accepted outcome='question passed on'"
    logger.info("message uid=%d %s folder=%s letters=%d", 7, outcome, "Review", 1)
    assert journald.entry() == {
        "MESSAGE": f"message uid=7 {outcome} folder=Review letters=1",
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "rsvpbot",
        "RSVPBOT_LOGGER": "rsvpbot.intake",
        "RSVPBOT_UID": "7",
        "RSVPBOT_KIND": "human",
        "RSVPBOT_RULE": "person",
        "RSVPBOT_PARTSTAT": "accepted",
        "RSVPBOT_OUTCOME": "question passed on",
        "RSVPBOT_FOLDER": "Review",
        "RSVPBOT_LETTERS": "1",
    }
    logger.warning("letter id=%s %s attempt=%d %s", "k7f3", "accepted", 2, "put off with 450")
    told = journald.entry()
    assert (told["RSVPBOT_LETTER"], told["RSVPBOT_ATTEMPT"], told["PRIORITY"]) == ("k7f3", "2", "4")
    assert "RSVPBOT_ID" not in told


@pytest.mark.parametrize(
    "value", ["two\nlines", "a\nPRIORITY=0\n_UID=0", "\n", "x\n\x00\x01\x00\x00\x00\x00\x00\x00\x00y", "ü\n三"]
)
def test_a_value_of_several_lines_stays_one_value(journald: Journald, value: str) -> None:
    pairs = (("MESSAGE", value), ("PRIORITY", "6"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.sendto(logs.entry(iter(pairs)), str(journald.path))
    assert journald.entry() == dict(pairs)


def test_a_line_end_in_a_record_makes_no_field(journald: Journald, logger: logging.Logger) -> None:
    logger.info("uid=%d %s", 1, "x\nPRIORITY=0\nMESSAGE=forged")
    told = journald.entry()
    assert (told["PRIORITY"], told["MESSAGE"]) == ("6", "uid=1 x PRIORITY=0 MESSAGE=forged")
    assert set(told) == {"MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "RSVPBOT_LOGGER", "RSVPBOT_UID"}


def test_an_exception_is_its_type_and_place_without_its_words(journald: Journald, logger: logging.Logger) -> None:
    try:
        raise ValueError("amb.keller@mission-aa.example")
    except ValueError:
        logger.exception("the poll failed")
    told = journald.entry()
    assert told["RSVPBOT_EXCEPTION"] == "ValueError" and told["PRIORITY"] == "3"
    assert not any("keller" in value for value in told.values())


PROGRAM = """
import logging, sys
from pathlib import Path
from rsvpbot import logs
from rsvpbot.service import Round
from tests.steer_house import steered
logs.start(Path(sys.argv[1]))
logging.getLogger("rsvpbot").error("uid=%d failed", 3)
try:
    int("three")
except ValueError:
    logging.getLogger("rsvpbot").exception("broken")
"""


def started(journal: Path, **environment: str) -> str:
    """What a program says on standard error that logs two records; its JOURNAL_STREAM is its standard error's own."""
    read, write = os.pipe()
    status = os.fstat(write)
    environment = {key: value.format(f"{status.st_dev}:{status.st_ino}") for key, value in environment.items()}
    clean = {key: value for key, value in os.environ.items() if key not in ("JOURNAL_STREAM", "RSVPBOT_DEBUG")}
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(journal)], stderr=write, check=True, timeout=60, env=clean | environment
    )
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as said:
        return said.read()


def test_where_systemd_reads_standard_error_records_go_to_the_journal(journald: Journald) -> None:
    assert started(journald.path, JOURNAL_STREAM="{}") == ""
    assert journald.entry()["RSVPBOT_UID"] == "3"
    assert journald.entry()["MESSAGE"].startswith("broken ValueError in")


def test_details_keep_their_lines(journald: Journald) -> None:
    assert started(journald.path, JOURNAL_STREAM="{}", RSVPBOT_DEBUG="1") == ""
    journald.entry()
    assert "Traceback (most recent call last):\n" in journald.entry()["MESSAGE"]


def test_without_journald_a_line_has_its_priority(tmp_path: Path) -> None:
    assert started(tmp_path / "nobody", JOURNAL_STREAM="{}").startswith("<3>uid=3 failed\n<3>broken ValueError in")


def test_a_stream_of_somebody_else_is_not_ours(journald: Journald) -> None:
    """A program started from a service, with its standard error elsewhere."""
    assert "uid=3 failed" in started(journald.path, JOURNAL_STREAM="1:2")
    assert "uid=3 failed" in started(journald.path)


def test_a_record_that_the_journal_does_not_take_is_not_lost(
    journald: Journald, logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = logs.Journal(journald.path)
    handler.setFormatter(logs.OneLine(journal=True))
    logger.handlers = [handler]
    logger.error("x" * 10_000_000)
    assert capsys.readouterr().err.startswith("<3>xxxx")
    handler.close()


def test_what_the_log_says_of_a_list_is_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A row that is doubtful is taken in, and not called skipped."""
    listed = tmp_path / "invitees.csv"
    listed.write_text("email,name\na@x.example,Ada Byron\nb@y.example,Ada Byron\nno address,Bob\n", encoding="utf-8")
    with steered(tmp_path) as house:
        config = replace(house.config, invitees=replace(house.config.invitees, file=listed))
        Round(house.store, config, house.clock, everything=False, since=None).take_in_list()
        assert house.store.invitee_by_address("b@y.example") is not None
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told == [
        "invitees: line 3 may not be meant so; `rsvpbot check` says why",
        "invitees: line 4 is skipped; `rsvpbot check` says why",
    ]
