"""What happens beside a daemon: a second one, an admin's command in the middle of a poll, a clock that is set back, a
machine that sleeps. Real processes on Dovecot and an SMTP server; nothing is lost, and nothing comes twice.

The clock of a real process is set by libfaketime (package faketime): what Python takes for the time of the machine is
real time shifted by what stands in a file, and monotonic time is left alone, as it is where a clock is set.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from rsvpbot.config import load
from rsvpbot.model import Folder, LetterState, PartStat
from rsvpbot.store import open_store
from rsvpbot.store.base import Store
from tests.corpus_mailbox import EXAMPLE, command, on_loopback
from tests.servers import Dovecot, Proxy, SmtpSink, User, until

ORGANISER = "secretariat@elsewhere.example"
LISTED = 70
SLOW = 120
"""Seconds; a machine may be busy."""
PATIENT = f"""
import sys
from functools import partial
from imapclient import SocketTimeout
from rsvpbot import cli, service
from rsvpbot.mail.imap import Connection

service.Connection = partial(Connection, timeout=SocketTimeout(connect={SLOW}, read={8 * SLOW}))
sys.exit(cli.invoke(sys.argv[1:]))
"""
"""The program, with a timeout that no busy machine reaches while a test holds the server."""


@dataclass
class House:
    """A mailbox, an SMTP server, a configuration for both, and daemons that end with the test."""

    folder: Path
    dovecot: Dovecot
    user: User
    sink: SmtpSink
    clock: Mapping[str, str] = field(default_factory=dict)
    """The environment that sets the clock of every process; empty: --now does."""
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def configure(self, changes: Mapping[str, str] | None = None, imap_port: int = 0) -> None:
        text = on_loopback(
            self.user,
            imap_port or self.dovecot.imap_port,
            self.sink.port,
            {
                'mode = "draft"': 'mode = "send"',
                "# max_per_minute = 60": "max_per_minute = 100000",
                "Roundtable Secretariat <secretariat@roundtable.example>": ORGANISER,
                "send_at = 2016-09-15T09:00:00": "send_at = 2016-09-12T08:30:00",
                **(changes or {}),
            },
        )
        self.config.write_text(text, encoding="utf-8")
        (self.folder / "discussion-paper.pdf").write_bytes(b"%PDF-1.4 discussion paper")
        rows = "".join(f"p{n:02}@x.example,P{n:02} Guest\n" for n in range(LISTED))
        (self.folder / "invitees.csv").write_text("email,name\n" + rows, encoding="utf-8")

    def _words(self, *words: str, now: str = "") -> list[str]:
        if self.clock:
            return [sys.executable, "-m", "rsvpbot", "--config", str(self.config), *words]
        return [*command(self.config, *words), *(("--now", now) if now else ())]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.clock, "PYTHONPATH": str(EXAMPLE.parent)}

    def start(self, *words: str, now: str = "", patient: bool = False) -> subprocess.Popen[str]:
        """A process whose log goes to a file of its own. `patient`: it waits for the mail server for very long."""
        line = self._words(*words, now=now)
        if patient:
            line = [sys.executable, "-c", PATIENT, *line[line.index("--config") :]]
        with (self.folder / f"log{len(self.running)}").open("w") as log:
            process = subprocess.Popen(line, stdout=log, stderr=log, text=True, env=self._environment())
        self.running.append(process)
        return process

    def daemon(self, now: str = "") -> subprocess.Popen[str]:
        """One that has looked at its mailbox."""
        number = len(self.running)
        process = self.start("run", now=now)
        until(self.mailbox_was_read, SLOW)
        assert process.poll() is None, self.log(number)
        return process

    def log(self, number: int) -> str:
        return (self.folder / f"log{number}").read_text(encoding="utf-8")

    def run(self, *words: str, now: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._words(*words, now=now),
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * SLOW,
            stdin=subprocess.DEVNULL,
            env=self._environment(),
        )

    def done(self, *words: str, now: str = "") -> str:
        process = self.run(*words, now=now)
        assert process.returncode == 0, process.stderr
        return process.stdout

    def end(self, process: subprocess.Popen[str], now: str = "2016-09-12T09:30-04:00") -> None:
        """As systemd ends it; a last poll does what it was about to do."""
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(SLOW) == 0
        self.done("poll", now=now)

    @contextmanager
    def store(self) -> Iterator[Store]:
        loaded = load(self.config)
        with open_store(loaded.store_url, self.folder, read_only=True) as store:
            yield store

    def mailbox_was_read(self) -> bool:
        if not (self.folder / "rsvp.json").exists():
            return False
        with self.store() as store:
            return store.mailbox().last_good is not None

    def writes(self, *numbers: int, text: str = "Yes, I will attend.") -> None:
        self.dovecot.deliver(self.user, *(mail(f"p{n:02}", text) for n in numbers))

    def to(self, who: str) -> list[EmailMessage]:
        found = []
        for received in self.sink.received:
            if who in received.recipients:
                message = message_from_bytes(received.raw, policy=policy.default)
                assert isinstance(message, EmailMessage)
                found.append(message)
        return found

    def answers(self, number: int) -> int:
        return len(self.to(f"p{number:02}@x.example"))

    def kinds(self, number: int) -> list[str]:
        """The letters that an invitee has had, as the store has it."""
        with self.store() as store:
            invitee = store.invitee_by_address(f"p{number:02}@x.example")
            return sorted(letter.kind.value for letter in store.letters_to(invitee.id)) if invitee else []

    def each_once(self) -> None:
        """What the store has as sent arrived once and lies once in Sent; nothing is in doubt, nothing waits."""
        with self.store() as store:
            letters = store.letters()
            assert store.uncopied() == ()
        assert {letter.state for letter in letters} == {LetterState.SENT}
        sent = Counter(letter.message_id for letter in letters)
        arrived = Counter(str(message_from_bytes(one.raw)["Message-ID"]) for one in self.sink.received)
        copies = Counter(str(message_from_bytes(raw)["Message-ID"]) for raw in self.dovecot.messages(self.user, "Sent"))
        assert max(arrived.values()) == max(copies.values()) == 1
        assert sent - arrived == sent - copies == Counter()


def mail(who: str, text: str) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = f"{who.upper()} Guest <{who}@x.example>"
    message["To"] = "rsvp@roundtable.example"
    message["Subject"] = "Re: Invitation"
    message["Date"] = "Mon, 12 Sep 2016 06:30:00 -0400"
    message["Message-ID"] = f"<{who}.{len(text)}@x.example>"
    message.set_content(text)
    return message.as_bytes()


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, smtp_sink: SmtpSink) -> Iterator[House]:
    house = House(tmp_path, dovecot, dovecot.new_user("beside"), smtp_sink)
    house.configure()
    yield house
    for process in house.running:
        process.kill()
        process.wait()


# --------------------------------------------------------------------------- two daemons


def test_a_second_daemon_and_a_poll_leave_and_the_first_goes_on(house: House) -> None:
    first = house.daemon()
    house.writes(1)
    until(lambda: house.answers(1), SLOW)
    for words, told in ((("run",), "runs on this store already"), (("poll",), "it polls by itself")):
        beside = house.run(*words)
        assert (beside.returncode, beside.stdout) == (1, "")
        assert told in beside.stderr
    house.writes(2)
    until(lambda: house.answers(2), SLOW)
    house.end(first)
    house.each_once()
    assert house.kinds(1) == house.kinds(2) == ["accepted", "paper"]
    assert "ERROR" not in house.log(0)


def test_of_two_daemons_that_start_together_one_stays(house: House) -> None:
    house.writes(*range(10))
    both = [house.start("run") for _ in range(2)]
    left = until(lambda: [one for one in both if one.poll() is not None], SLOW)
    (gone,) = left
    assert gone.returncode == 1
    assert "runs on this store already" in house.log(both.index(gone))
    (stays,) = (one for one in both if one is not gone)
    until(lambda: all(house.kinds(n) == ["accepted", "paper"] for n in range(10)), SLOW)
    until(lambda: all(house.answers(n) == 2 for n in range(10)), SLOW)
    house.end(stays)
    house.each_once()


# --------------------------------------------------------------------------- a command in the middle of a poll


class Held:
    """Before an IMAP server: the first batch of messages that is to be filed waits until `go`."""

    def __init__(self, port: int) -> None:
        self.proxy = Proxy(port, from_client=self._look)
        self.reached = threading.Event()
        self.go = threading.Event()

    def _look(self, data: bytes) -> bytes:
        if b" MOVE " in data and not self.reached.is_set():
            self.reached.set()
            self.go.wait(8 * SLOW)
        return data


def test_commands_in_the_middle_of_a_poll(house: House) -> None:
    held = Held(house.dovecot.imap_port)
    with held.proxy:
        house.configure(imap_port=held.proxy.port)
        house.done("outbox", "--hold", "Discussion Paper")
        house.writes(*range(60))
        daemon = house.start("run", patient=True)
        assert held.reached.wait(SLOW), house.log(0)

        # Fifty are recorded, ten are not, and the daemon waits for the server.
        with house.store() as store:
            assert sum(store.tally().values()) == 50
        later = "2016-09-12T09:05-04:00"
        assert "P60" in house.done("record", "p60@x.example", "accepted", now=later)
        house.done("record", "p01@x.example", "declined", now=later)
        house.done("record", "p55@x.example", "declined", now=later)  # whose mail has come, and is older
        assert "Forgotten" in house.done("forget", "p02@x.example", "--yes", "--no-mailbox", now=later)
        assert "Forgotten" in house.done("forget", "p56@x.example", "--yes", "--no-mailbox", now=later)
        house.done("outbox", "--release", "Discussion Paper", now=later)
        assert "sent" in house.done("invite", "--yes", now=later)
        assert len(house.dovecot.messages(house.user)) == 60
        assert daemon.poll() is None

        held.go.set()
        until(lambda: not house.dovecot.messages(house.user), SLOW)
        until(lambda: house.answers(59) >= 3, SLOW)
        until(lambda: house.kinds(55), SLOW)
        house.end(daemon)

    with house.store() as store:
        standing = {one.addresses[0][:3]: one.partstat for one in store.invitees()}
        done = [store.done(store.mailbox().uidvalidity, uid) for uid in range(1, 61)]
    assert "p02" not in standing and "p56" not in standing
    assert (standing["p60"], standing["p01"], standing["p55"]) == (
        PartStat.ACCEPTED,
        PartStat.DECLINED,
        PartStat.DECLINED,
    )
    yes = [n for n in range(60) if n not in (1, 2, 55, 56)]
    assert {n for n in yes if standing[f"p{n:02}"] is not PartStat.ACCEPTED} == set()
    assert all(one is not None and one.filed for one in done)
    filed = {folder: len(house.dovecot.messages(house.user, f"RSVP/{folder.value}")) for folder in Folder}
    assert sum(filed.values()) == 60

    house.each_once()
    for n in yes:
        asked = ["invitation"] if n >= 50 else []
        assert house.kinds(n) == sorted(["accepted", *asked, "paper"]), n
        assert house.answers(n) == len(house.kinds(n))
    assert house.kinds(60) == ["accepted", "paper"]
    assert house.kinds(1) == ["accepted", "declined"]
    assert house.kinds(55) == ["declined"]
    assert {n: house.kinds(n) for n in range(61, LISTED)} == {n: ["invitation"] for n in range(61, LISTED)}
    assert house.kinds(56) == [] and house.answers(56) == 0


# --------------------------------------------------------------------------- clocks


LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


class Wall:
    """The clock on the wall, for every process of a house; it runs on."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self._offset = 0.0
        self.environment = {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, moment: str) -> None:
        self._move(datetime.fromisoformat(moment).timestamp() - time.time())

    def set_back(self, by: timedelta) -> None:
        self._move(self._offset - by.total_seconds())

    def _move(self, offset: float) -> None:
        self._offset = offset
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset:+.3f}", encoding="ascii")
        new.replace(self._file)  # nobody reads half of it


@pytest.fixture
def wall(house: House) -> Wall:
    if LIBRARY is None:
        pytest.skip("faketime is not installed: setting a process's clock is left out (clock objects are tested)")
    wall = Wall(house.folder)
    house.clock = wall.environment
    return wall


def test_a_clock_that_is_set_back_an_hour_stops_nothing_and_brings_nothing_twice(house: House, wall: Wall) -> None:
    wall.set("2016-09-12T07:59:50-04:00")
    house.configure({'# poll_every = "1m"': 'poll_every = "5s"', "# idle = true": "idle = false"})
    daemon = house.daemon()
    house.writes(1)
    until(lambda: house.answers(1) == 1, SLOW)
    until(lambda: house.to(ORGANISER), SLOW)  # the summary, at eight
    house.sink.fail("RCPT", "451 4.3.0 later", matching="p02@", times=1)
    house.writes(2)
    until(lambda: _attempts(house), SLOW)

    wall.set_back(timedelta(hours=1))
    # Only what looks at the mailbox by the clock finds this one, and the other one is to be tried again in a minute.
    house.writes(3)
    until(lambda: house.answers(3), SLOW)
    until(lambda: house.answers(2), SLOW)

    # Eight o'clock comes a second time.
    wall.set("2016-09-12T08:00-04:00")
    house.writes(4)  # which is answered in a round that looks for a summary first
    until(lambda: house.answers(4), SLOW)
    house.end(daemon)
    assert "Traceback" not in house.log(0)
    assert len(house.to(ORGANISER)) == 1
    house.each_once()
    for number in range(1, 5):
        assert house.kinds(number) in (["accepted"], ["accepted", "paper"]), number


def _attempts(house: House) -> int:
    with house.store() as store:
        return sum(letter.attempts for letter in store.letters(LetterState.QUEUED))


def test_a_machine_that_sleeps_over_the_summarys_time_sends_it_once_and_late(house: House, wall: Wall) -> None:
    wall.set("2016-09-12T07:30-04:00")
    daemon = house.daemon()
    house.writes(1)
    until(lambda: house.answers(1), SLOW)
    assert house.to(ORGANISER) == []
    daemon.send_signal(signal.SIGSTOP)
    house.writes(2)
    wall.set("2016-09-12T09:12-04:00")
    assert house.to(ORGANISER) == []
    daemon.send_signal(signal.SIGCONT)
    until(lambda: house.to(ORGANISER), SLOW)
    until(lambda: house.answers(2), SLOW)
    house.end(daemon)
    assert len(house.to(ORGANISER)) == 1
    house.each_once()
