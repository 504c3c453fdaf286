"""The mailbox when things break: every fault is a MailboxError, and after it nothing is lost and nothing twice."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from imapclient import SocketTimeout

from rsvpbot.mail.imap import Connection, MailboxError, MailboxFault, MailboxOutOfReach
from rsvpbot.model import Folder
from tests.servers import Dovecot, Filter, Proxy, Scripted, User, free_port, until

IMPATIENT = SocketTimeout(connect=5, read=1)


def mail(number: int) -> bytes:
    return f"Subject: reply {number}\r\nMessage-ID: <{number}@else.example>\r\n\r\nYes.\r\n".encode()


@pytest.fixture
def user(dovecot: Dovecot) -> User:
    user = dovecot.new_user()
    dovecot.deliver(user, mail(1), mail(2), mail(3))
    return user


def a_round(connection: Connection) -> None:
    """All that a poll and a flush do."""
    connection.prepare_folders()
    uids = [item.uid for item in connection.listing()]
    for _ in connection.fetch(uids):
        pass
    connection.file(uids, Folder.RECORDED)
    connection.append_sent(mail(9), "<9@else.example>")
    connection.append_draft(mail(8), "<8@else.example>")


# --------------------------------------------------------------------------- cut at any command


@contextmanager
def cut_at(dovecot: Dovecot, command: bytes, side: str) -> Iterator[Proxy]:
    """A proxy that cuts when the client says this command (it never arrives), or when the server has answered it."""
    tags: list[bytes] = []

    def from_client(data: bytes) -> bytes | None:
        if command in data:
            if side == "before":
                return None
            tags.append(data.split(b" ", 1)[0])
        return data

    def from_server(data: bytes) -> bytes | None:
        return None if any(line.split(b" ", 1)[0] in tags for line in data.split(b"\r\n")) else data

    with Proxy(dovecot.imap_port, from_server, from_client) as proxy:
        yield proxy


COMMANDS = [
    b" AUTHENTICATE ",
    b" SELECT ",
    b" NAMESPACE",
    b" LIST ",
    b" CREATE ",
    b" SUBSCRIBE ",
    b" NOOP",
    b" SEARCH ",
    b"RFC822.SIZE",
    b"BODY.PEEK[]",
    b" MOVE ",
    b" EXAMINE ",
    b" APPEND ",
]


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.decode().strip())
def test_a_connection_cut_at_any_command(dovecot: Dovecot, user: User, command: bytes, side: str) -> None:
    with (
        cut_at(dovecot, command, side) as proxy,
        pytest.raises(MailboxOutOfReach) as raised,
        Connection(dovecot.config(user, "none", port=proxy.port)) as connection,
    ):
        a_round(connection)
    assert user.address not in str(raised.value)
    with Connection(dovecot.config(user)) as connection:
        a_round(connection)
    assert dovecot.messages(user) == []
    assert len(dovecot.messages(user, "RSVP/Recorded")) == 3
    assert dovecot.messages(user, "Sent") == [mail(9)]
    assert dovecot.messages(user, "Drafts") == [mail(8)]


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("command", [b" COPY ", b" STORE ", b" EXPUNGE "], ids=lambda command: command.decode().strip())
def test_a_connection_cut_while_filing_without_move_loses_nothing(
    dovecot: Dovecot, user: User, command: bytes, side: str
) -> None:
    def no_move(data: bytes) -> bytes:
        return data.replace(b" MOVE", b"")

    with cut_at(dovecot, command, side) as proxy, pytest.raises(MailboxOutOfReach):
        plain = proxy.from_server

        def both(data: bytes) -> bytes | None:
            passed = plain(data)
            return passed if passed is None else no_move(passed)

        proxy.from_server = both
        with Connection(dovecot.config(user, "none", port=proxy.port)) as connection:
            connection.file([1, 2, 3], Folder.RECORDED)
    with Connection(dovecot.config(user)) as connection:
        left = [item.uid for item in connection.listing()]
        connection.file(left, Folder.RECORDED)
        assert connection.listing() == []
    filed = [raw.partition(b"Subject: ")[2] for raw in dovecot.messages(user, "RSVP/Recorded")]
    assert {words[:7] for words in filed} == {b"reply 1", b"reply 2", b"reply 3"}


# --------------------------------------------------------------------------- the server's own troubles


def test_the_servers_process_is_killed_between_commands(dovecot: Dovecot, user: User) -> None:
    with Connection(dovecot.config(user)) as connection:
        dovecot.signal_sessions(user, signal.SIGKILL)
        for _ in range(2):
            with pytest.raises(MailboxOutOfReach, match="the connection was lost while listing INBOX"):
                connection.listing()


def test_the_server_hangs(dovecot: Dovecot, user: User) -> None:
    with Connection(dovecot.config(user), IMPATIENT) as connection:
        pids = dovecot.signal_sessions(user, signal.SIGSTOP)
        try:
            with pytest.raises(MailboxOutOfReach, match="no answer in time while listing INBOX"):
                connection.listing()
            with pytest.raises(MailboxOutOfReach):
                connection.listing()
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)


def test_the_server_says_goodbye(dovecot: Dovecot, user: User) -> None:
    with Connection(dovecot.config(user)) as connection:
        dovecot.doveadm("kick", user.address)
        with pytest.raises(MailboxOutOfReach, match="the connection was lost"):
            connection.listing()


def test_a_server_that_accepts_and_never_speaks(dovecot: Dovecot, user: User) -> None:
    ended = threading.Event()

    def silent(connection: socket.socket) -> None:
        connection.recv(1)
        ended.set()

    with Scripted(silent) as server:
        with pytest.raises(MailboxOutOfReach, match="no answer in time while connecting"):
            Connection(dovecot.config(user, "none", port=server.port), SocketTimeout(1, 1)).__enter__()
        assert ended.wait(5), "our end of the connection was left open"


def test_a_server_that_speaks_something_else(dovecot: Dovecot, user: User) -> None:
    def http(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

    with Scripted(http) as server, pytest.raises(MailboxOutOfReach):
        Connection(dovecot.config(user, "none", port=server.port)).__enter__()


def test_a_hung_server_does_not_hold_up_the_end(dovecot: Dovecot, user: User) -> None:
    with (
        Proxy(dovecot.imap_port) as proxy,
        Connection(dovecot.config(user, "none", port=proxy.port), IMPATIENT) as connection,
    ):
        proxy.hold()
        with pytest.raises(MailboxOutOfReach, match="no answer in time"):
            connection.listing()


def test_uidvalidity_changes_under_an_open_connection(dovecot: Dovecot, user: User) -> None:
    with Connection(dovecot.config(user)) as connection:
        before = connection.uidvalidity
        other = before + 7
        dovecot.doveadm("mailbox", "update", "--uid-validity", str(other), "-u", user.address, "INBOX")
        with pytest.raises(MailboxError):
            connection.listing()
    with Connection(dovecot.config(user)) as connection:
        assert connection.uidvalidity == other
        assert len(connection.listing()) == 3


def test_inbox_is_rebuilt_while_copies_are_stored(dovecot: Dovecot, user: User) -> None:
    """INBOX is not selected just then: when it is again, other messages may have the old UIDs."""
    selected: list[bytes] = []

    def from_client(data: bytes) -> bytes:
        if b" SELECT " in data:
            selected.append(data)
        return data

    def from_server(data: bytes) -> bytes:
        return data if len(selected) < 2 else data.replace(b"[UIDVALIDITY ", b"[UIDVALIDITY 1")

    with (
        Proxy(dovecot.imap_port, from_server, from_client) as proxy,
        Connection(dovecot.config(user, "none", port=proxy.port)) as connection,
    ):
        uids = [item.uid for item in connection.listing()]
        connection.append_sent(mail(9), "<9@else.example>")
        with pytest.raises(MailboxOutOfReach, match="INBOX was rebuilt while we read it"):
            connection.file(uids, Folder.RECORDED)
    assert len(dovecot.messages(user)) == 3


def test_the_server_is_restarted(dovecot: Dovecot, user: User) -> None:
    with Connection(dovecot.config(user)) as connection:
        dovecot.stop()
        try:
            with pytest.raises(MailboxOutOfReach):
                connection.listing()
            with pytest.raises(MailboxOutOfReach, match="nothing listens there"):
                Connection(dovecot.config(user)).__enter__()
        finally:
            dovecot.start()
    with Connection(dovecot.config(user)) as connection:
        assert len(connection.listing()) == 3


def test_an_inbox_that_may_only_be_read(dovecot: Dovecot, user: User) -> None:
    def read_only(data: bytes) -> bytes:
        return data.replace(b"[READ-WRITE]", b"[READ-ONLY]")

    with Proxy(dovecot.imap_port, read_only) as proxy, pytest.raises(MailboxFault, match="INBOX may only be read"):
        Connection(dovecot.config(user, "none", port=proxy.port)).__enter__()


def test_an_inbox_from_which_nothing_may_be_removed_is_not_copied_over_and_over(dovecot: Dovecot, user: User) -> None:
    def tied(data: bytes) -> bytes:
        lines = data.replace(b" MOVE", b"").splitlines(keepends=True)
        return b"".join(line.replace(b" \\Deleted", b"") if b"PERMANENTFLAGS" in line else line for line in lines)

    with Proxy(dovecot.imap_port, tied) as proxy, pytest.raises(MailboxFault, match="may not remove messages"):
        Connection(dovecot.config(user, "none", port=proxy.port)).__enter__()


def test_a_removal_that_is_refused_copies_once(dovecot: Dovecot, user: User) -> None:
    def refuse(data: bytes) -> bytes:
        return data.replace(b" STORE ", b" STARE ")

    with (
        Proxy(dovecot.imap_port, lambda data: data.replace(b" MOVE", b""), refuse) as proxy,
        Connection(dovecot.config(user, "none", port=proxy.port)) as connection,
        pytest.raises(MailboxFault, match="refused filing"),
    ):
        connection.file([1, 2, 3], Folder.RECORDED)
    assert len(dovecot.messages(user)) == 3
    assert len(dovecot.messages(user, "RSVP/Recorded")) == 3


def _no_validity(data: bytes) -> bytes:
    return b"".join(line for line in data.splitlines(keepends=True) if b"UIDVALIDITY" not in line)


def _not_numbers(data: bytes) -> bytes:
    return data.replace(b"* SEARCH 1 2 3", b"* SEARCH one two")


def _odd_sizes(data: bytes) -> bytes:
    return data.replace(b"RFC822.SIZE ", b"RFC822.SIZE (")


@pytest.mark.parametrize("lie", [_no_validity, _not_numbers, _odd_sizes])
def test_answers_that_make_no_sense(dovecot: Dovecot, user: User, lie: Filter) -> None:
    with (
        Proxy(dovecot.imap_port, lie) as proxy,
        pytest.raises(MailboxFault),
        Connection(dovecot.config(user, "none", port=proxy.port)) as connection,
    ):
        connection.listing()
    assert len(dovecot.messages(user)) == 3


def test_nothing_is_left_open_after_a_fault(dovecot: Dovecot, user: User) -> None:
    own = Path("/proc/self/fd")
    with pytest.raises(MailboxOutOfReach):
        Connection(dovecot.config(user, port=free_port())).__enter__()
    before = len(list(own.iterdir()))
    for _ in range(5):
        with pytest.raises(MailboxError):
            Connection(dovecot.config(user, ca_file=None)).__enter__()
        with pytest.raises(MailboxError):
            Connection(dovecot.config(user, "tls", port=dovecot.imap_port)).__enter__()
        with Connection(dovecot.config(user)) as connection:
            dovecot.signal_sessions(user, signal.SIGKILL)
            with pytest.raises(MailboxOutOfReach):
                connection.listing()
    until(lambda: not dovecot.sessions(user), 5)
    assert len(list(own.iterdir())) == before
