"""The doorbell on a real server, with every defect of IDLE clients brought about on purpose.

The slices here are long, and what must ring rings well before one is over: `rings` fails where it does not.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from imapclient import SocketTimeout

from rsvpbot.config import Security
from rsvpbot.mail import imap
from rsvpbot.mail.imap import Doorbell, MailboxOutOfReach
from tests.servers import Authority, Dovecot, Filter, Proxy, Pymap, User, free_port, without

MAIL = b"Subject: yes\r\n\r\nYes.\r\n"
LONG = 60.0


@pytest.fixture
def user(dovecot: Dovecot) -> User:
    return dovecot.new_user()


@pytest.fixture(autouse=True)
def _short_farewells(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that hangs or sends half a line is waited for this long; the tests need not wait as long as life."""
    monkeypatch.setattr(imap, "_FAREWELL", 1.0)


@contextmanager
def bell_at(config: Any, seconds: float = LONG) -> Iterator[Doorbell]:
    """A doorbell that is connected: the first ring, which says so, is over."""
    bell = Doorbell(config, seconds, SocketTimeout(5, 5))
    try:
        assert bell.wait(threading.Event())
        yield bell
    finally:
        bell.close()


def rings(bell: Doorbell, within: float = 15.0) -> bool:
    """What `wait` says; it must say it long before a slice of 60 s is over."""
    said: list[bool] = []
    stop = threading.Event()
    thread = threading.Thread(target=lambda: said.append(bell.wait(stop)), daemon=True)
    thread.start()
    thread.join(within)
    assert not thread.is_alive(), "the doorbell slept on"
    return said[0]


def later(act: Any, *arguments: Any) -> None:
    """Do this when the doorbell has had time to go into IDLE."""
    timer = threading.Timer(0.5, act, arguments)
    timer.daemon = True
    timer.start()


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_mail_rings(dovecot: Dovecot, user: User, security: Security) -> None:
    with bell_at(dovecot.config(user, security)) as bell:
        for _ in range(2):
            later(dovecot.deliver, user, MAIL)
            assert rings(bell)


def test_mail_that_came_between_two_slices_rings(dovecot: Dovecot, user: User) -> None:
    with bell_at(dovecot.config(user), 0.2) as bell:
        assert not rings(bell)
        dovecot.deliver(user, MAIL)
        time.sleep(1.5)
        bell._slice = LONG
        assert rings(bell)


def test_a_quiet_slice_does_not_ring(dovecot: Dovecot, user: User) -> None:
    with bell_at(dovecot.config(user), 0.5) as bell:
        assert [rings(bell), rings(bell)] == [False, False]


def test_flags_and_moved_mail_do_not_ring(dovecot: Dovecot, user: User) -> None:
    dovecot.deliver(user, MAIL, MAIL)

    def tidy() -> None:
        with dovecot.client(user) as other:
            other.select_folder("INBOX")
            other.add_flags([1], [b"\\Flagged"])
            other.move([2], "Sent")

    with bell_at(dovecot.config(user), 2.5) as bell:
        later(tidy)
        assert not rings(bell)


def test_still_here_does_not_ring_and_does_not_end_the_waiting(authority: Authority) -> None:
    if reason := Dovecot.missing():
        pytest.skip(reason)
    with Dovecot(authority, still_here_seconds=1) as dovecot:
        user = dovecot.new_user()
        with bell_at(dovecot.config(user), 2.5) as bell:
            assert not rings(bell)
            bell._slice = LONG
            later(dovecot.deliver, user, MAIL)
            assert rings(bell)


# --------------------------------------------------------------------------- what comes in odd pieces


def _one_packet(data: bytes) -> bytes:
    return data.replace(b"+ idling\r\n", b"+ idling\r\n* 5 EXISTS\r\n")


def _before(data: bytes) -> bytes:
    return data.replace(b"+ idling\r\n", b"* 5 EXISTS\r\n+ idling\r\n")


def _half_a_line(data: bytes) -> bytes:
    return data.replace(b"+ idling\r\n", b"+ idling\r\n* 5 EXI")


def _half_a_line_and_the_end(data: bytes) -> bytes | None:
    return data.replace(b"+ idling\r\n", b"+ idling\r\n* 5 EXI") if b"Idle completed" not in data else None


def _goodbye(data: bytes) -> bytes:
    return data.replace(b"+ idling\r\n", b"+ idling\r\n* BYE Session invalidated - AccessTokenExpired\r\n")


def _nonsense(data: bytes) -> bytes:
    return data.replace(b"+ idling\r\n", b"+ idling\r\n* (((\r\n")


@pytest.mark.parametrize(
    "odd", [_one_packet, _before, _half_a_line, _half_a_line_and_the_end, _goodbye, _nonsense], ids=lambda f: f.__name__
)
def test_what_comes_in_odd_pieces_rings(dovecot: Dovecot, user: User, odd: Filter) -> None:
    with Proxy(dovecot.imap_port, odd) as proxy, bell_at(dovecot.config(user, "none", port=proxy.port)) as bell:
        assert rings(bell)
        # And goes on, on this connection or, after a breakage, on a new one.
        proxy.from_server = bytes
        if bell._client is None:
            assert rings(bell)
        later(dovecot.deliver, user, MAIL)
        assert rings(bell)


# --------------------------------------------------------------------------- broken connections


def test_the_servers_process_is_killed(dovecot: Dovecot, user: User) -> None:
    with bell_at(dovecot.config(user)) as bell:
        later(dovecot.signal_sessions, user, signal.SIGKILL)
        assert rings(bell)
        assert rings(bell), "a new connection rings, since what came before it is not announced"
        later(dovecot.deliver, user, MAIL)
        assert rings(bell)


def test_the_server_says_goodbye(dovecot: Dovecot, user: User) -> None:
    with bell_at(dovecot.config(user)) as bell:
        later(dovecot.doveadm, "kick", user.address)
        assert rings(bell)
        assert bell._client is None


def test_the_server_hangs(dovecot: Dovecot, user: User) -> None:
    with bell_at(dovecot.config(user), 1.0) as bell:
        pids = dovecot.signal_sessions(user, signal.SIGSTOP)
        try:
            assert rings(bell)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)


def test_the_server_is_restarted(dovecot: Dovecot, user: User) -> None:
    with bell_at(dovecot.config(user)) as bell:
        restarted = threading.Event()

        def restart() -> None:
            dovecot.stop()
            dovecot.start()
            restarted.set()

        later(restart)
        assert rings(bell)
        assert restarted.wait(20)
        assert rings(bell)
        later(dovecot.deliver, user, MAIL)
        assert rings(bell)


def test_a_server_that_breaks_every_idle_is_not_asked_over_and_over(dovecot: Dovecot, user: User) -> None:
    stop = threading.Event()

    def cut(data: bytes) -> bytes | None:
        return None if b" IDLE" in data else data

    with Proxy(dovecot.imap_port, from_client=cut) as proxy:
        bell = Doorbell(dovecot.config(user, "none", port=proxy.port), LONG)
        threading.Timer(4, stop.set).start()
        rang = 0
        while not stop.is_set():
            rang += bell.wait(stop)
        bell.close()
        assert 2 <= proxy.connections <= 3
        assert rang <= 6


def test_a_server_that_is_not_there(dovecot: Dovecot, user: User) -> None:
    bell = Doorbell(dovecot.config(user, "none", port=free_port()), LONG)
    stop = threading.Event()
    threading.Timer(2.5, stop.set).start()
    tries = 0
    while not stop.is_set():
        try:
            assert not bell.wait(stop)
        except MailboxOutOfReach as error:
            assert "nothing listens there" in str(error)
            tries += 1
    assert 2 <= tries <= 4


# --------------------------------------------------------------------------- stop, and servers without IDLE


def test_stop_ends_the_waiting(dovecot: Dovecot, user: User) -> None:
    stop = threading.Event()
    with bell_at(dovecot.config(user)) as bell:
        later(stop.set)
        said: list[bool] = []
        thread = threading.Thread(target=lambda: said.append(bell.wait(stop)), daemon=True)
        thread.start()
        thread.join(5)
        assert said == [False]
    assert not Doorbell(dovecot.config(user)).wait(stop), "not even a connection is made"


def test_stop_ends_the_rest_after_a_breakage(dovecot: Dovecot, user: User) -> None:
    stop = threading.Event()
    with bell_at(dovecot.config(user)) as bell:
        bell._rest = LONG
        bell.close()
        later(stop.set)
        said: list[bool] = []
        thread = threading.Thread(target=lambda: said.append(bell.wait(stop)), daemon=True)
        thread.start()
        thread.join(5)
        assert said == [False]


def test_a_server_without_idle(dovecot: Dovecot, user: User) -> None:
    said: list[bytes] = []

    def note(data: bytes) -> bytes:
        said.append(data)
        return data

    with (
        Proxy(dovecot.imap_port, without("IDLE"), note) as proxy,
        bell_at(dovecot.config(user, "none", port=proxy.port), 0.3) as bell,
    ):
        assert [rings(bell), rings(bell)] == [False, False]
    assert not any(b" IDLE" in line for line in said)


def test_a_server_that_offers_idle_and_refuses_it(dovecot: Dovecot, user: User) -> None:
    def refuse(data: bytes) -> bytes:
        return data.replace(b" IDLE\r\n", b" IDLER\r\n")

    with (
        Proxy(dovecot.imap_port, from_client=refuse) as proxy,
        bell_at(dovecot.config(user, "none", port=proxy.port), 0.3) as bell,
    ):
        assert [rings(bell), rings(bell), rings(bell)] == [False, False, False]
        assert proxy.connections == 1


def test_pymap_rings_or_lets_the_slice_pass(pymap_server: Pymap) -> None:
    user = pymap_server.new_user()
    with bell_at(pymap_server.config(user), 2.0) as bell:
        later(pymap_server.deliver, user, MAIL)
        assert rings(bell) in (True, False)
