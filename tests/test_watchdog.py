"""The daemon as systemd sees it: what it tells NOTIFY_SOCKET (sd_notify(3)) while a mail server is dead, and after.

Only a finished poll feeds the watchdog: one that hangs for good is ended by systemd, one that fails is told.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Self

import pytest

from tests.corpus_mailbox import EXAMPLE, MORNING, command, on_loopback
from tests.servers import Dovecot, Proxy, SmtpSink, User, until
from tests.servers import Folder as ShortFolder

IMPATIENT = """
import sys
from functools import partial
from imapclient import SocketTimeout
from rsvpbot import cli, service
from rsvpbot.mail.imap import Connection

service.Connection = partial(Connection, timeout=SocketTimeout(connect=2, read=2))
sys.exit(cli.invoke(sys.argv[1:]))
"""
"""The program, with a short timeout by the parameter that there is for it."""

FAILS = "STATUS=The mailbox cannot be read: 127.0.0.1:"
READ = "STATUS=Mailbox read at "
FED = "WATCHDOG=1"
QUIET = 4.0
"""Seconds: polls are one second apart."""
ORGANISER = "secretariat@elsewhere.example"


class Systemd:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self) -> None:
        self._folder = ShortFolder()
        self.address = str(self._folder.path / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._folder.remove()

    def next(self, seconds: float = 60.0) -> str:
        """What is told next. Raises TimeoutError."""
        self._socket.settimeout(seconds)
        return self._socket.recv(4096).decode()

    def until(self, beginning: str) -> list[str]:
        """All that is told, up to the first that begins so."""
        told = [self.next()]
        while not told[-1].startswith(beginning):
            told.append(self.next())
        return told

    def drain(self, seconds: float = 0.01) -> None:
        """Hear all that was told, until there is nothing for so long."""
        with contextlib.suppress(TimeoutError, BlockingIOError):
            while True:
                self.next(seconds)

    def is_silent(self) -> bool:
        try:
            self.next(QUIET)
        except TimeoutError:
            return True
        return False


@dataclass
class House:
    config: Path
    dovecot: Dovecot
    user: User
    imap: Proxy
    sink: SmtpSink
    systemd: Systemd
    log: list[str] = field(default_factory=list)

    @contextmanager
    def daemon(self, *, impatient: bool, now: str = MORNING) -> Iterator[subprocess.Popen[str]]:
        line = [one if one != MORNING else now for one in command(self.config, "run")]
        if impatient:
            line = [sys.executable, "-c", IMPATIENT, *line[line.index("--config") :]]
        environment = {**os.environ, "PYTHONPATH": str(EXAMPLE.parent), "NOTIFY_SOCKET": self.systemd.address}
        log = self.config.with_name("log")
        with log.open("a") as file:
            process = subprocess.Popen(line, stdout=file, stderr=file, text=True, env=environment)
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            self.log = log.read_text().splitlines()

    def status(self) -> str:
        done = subprocess.run(command(self.config, "status"), capture_output=True, text=True, check=True)
        return next(line for line in done.stdout.splitlines() if line.startswith("Mailbox"))


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, smtp_sink: SmtpSink) -> Iterator[House]:
    user = dovecot.new_user("watchdog")
    with Proxy(dovecot.imap_port) as proxy, Systemd() as systemd:
        text = on_loopback(
            user,
            proxy.port,
            smtp_sink.port,
            {
                'mode = "draft"': 'mode = "send"',
                '# poll_every = "1m"': 'poll_every = "1s"',
                "# idle = true": "idle = false",
                "Roundtable Secretariat <secretariat@roundtable.example>": ORGANISER,
            },
        )
        (tmp_path / "invitees.csv").write_text("email,name\nada@lovelace.example,Ada Lovelace\n")
        config = tmp_path / "config.toml"
        config.write_text(text, encoding="utf-8")
        yield House(config, dovecot, user, proxy, smtp_sink, systemd)


def test_no_watchdog_while_a_poll_hangs(house: House) -> None:
    with house.daemon(impatient=False):
        assert house.systemd.next().startswith("READY=1")
        house.systemd.until(FED)
        house.systemd.until(FED)
        house.imap.hold()
        house.systemd.drain(2 * QUIET)  # until a poll hangs
        assert house.systemd.is_silent()
        house.imap.release()
        assert house.systemd.until(FED)[0].startswith((READ, FED))
        assert house.systemd.until(FED)[0].startswith(READ)


def test_a_server_that_speaks_without_end_does_not_feed_it_either(house: House) -> None:
    """No timeout ends that: a byte comes in time, again and again."""

    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"* OK ")
        while house.imap.instead is not None:
            connection.sendall(b".")
            time.sleep(0.2)

    with house.daemon(impatient=True):
        house.systemd.until(FED)
        house.imap.instead = trickle
        house.systemd.drain(2 * QUIET)  # until a poll hangs
        assert house.systemd.is_silent()
        house.imap.instead = None
        assert house.systemd.until(FED)[-2].startswith(FAILS)
        assert house.systemd.until(FED)[-2].startswith(READ)


def test_it_is_fed_again_when_a_timeout_has_ended_the_poll_and_says_what_is_wrong(house: House) -> None:
    with house.daemon(impatient=True) as process:
        house.systemd.until(FED)
        house.imap.hold()
        house.systemd.until(FAILS)
        for _ in range(2):
            assert house.systemd.next() == FED
            told = house.systemd.next()
            assert told.startswith(FAILS) and "no answer in time" in told
        assert "CANNOT BE READ" in house.status() and "no answer in time" in house.status()
        house.dovecot.deliver(house.user, b"From: ada@lovelace.example\r\nSubject: Re: x\r\n\r\nI will attend.\r\n")

        house.imap.release()
        house.systemd.until(READ)
        assert house.systemd.next() == FED
        assert "CANNOT" not in house.status()
        until(lambda: any("ada@lovelace.example" in one.recipients for one in house.sink.received), 60)
        assert len(house.dovecot.messages(house.user, "RSVP/Recorded")) == 1

        process.send_signal(signal.SIGTERM)
        house.systemd.until("STOPPING=1")
        assert process.wait(60) == 0
    failures = [line for line in house.log if "the mailbox cannot be read" in line]
    assert len(failures) >= 2 and all("no answer in time" in line for line in failures)
    assert any("the mailbox can be read again" in line for line in house.log)
    assert house.user.address not in "\n".join(house.log)


@pytest.mark.parametrize("how", ["silent", "closes"])
def test_a_dead_mailbox_is_told_at_the_first_poll_and_in_the_next_summary(house: House, how: str) -> None:
    with house.daemon(impatient=True, now="2016-09-12T05:00-04:00"):
        house.systemd.until(READ)
        assert house.systemd.next() == FED
    if how == "silent":
        house.imap.hold()
    else:
        house.imap.instead = lambda connection: None
    house.systemd.drain()  # what the first one told until its end
    with house.daemon(impatient=True, now="2016-09-12T08:01-04:00"):
        told = house.systemd.until("STATUS=The")
        # No poll was over before, which would have been told.
        assert [line.partition("\n")[0] for line in told[:-1]] == ["READY=1"]
        assert told[-1].startswith(FAILS)
        [summary] = until(lambda: [one for one in house.sink.received if ORGANISER in one.recipients], 60)
        assert "CANNOT BE READ" in house.status()
    mail = message_from_bytes(summary.raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    text = " ".join(str(body.get_content()).split()) if body else ""
    assert str(mail["Subject"]).startswith("ALARM: the mailbox is not being read")
    assert "The mailbox could not be read since" in text and "Replies are safe in it and wait" in text
