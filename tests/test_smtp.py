"""Sending, on real servers, with every stage of the dialogue made to fail."""

from __future__ import annotations

import re
import smtplib
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rsvpbot.config import Credential, SmtpConfig
from rsvpbot.mail.smtp import Refused, Rejected, Sender, Timeouts, Unreachable
from tests.servers import CUT, Authority, Dovecot, Filter, Postfix, Proxy, Scripted, SmtpSink, free_port, until, without

FROM = "rsvp@roundtable.example"
TO = "amal@mission.example"
RAW = b"Subject: See you there\r\nMessage-ID: <1@roundtable.example>\r\n\r\nDear Amal,\r\n.\r\n.. and dots\r\n"
PASSWORD = "pässwörd ☂"
IMPATIENT = Timeouts(connect=5, command=2, final=2)


@pytest.fixture(scope="module", params=[True, False], ids=["pipelining", "one by one"])
def own_sink(request: pytest.FixtureRequest) -> Iterator[SmtpSink]:
    with SmtpSink(pipelining=request.param) as sink:
        yield sink


@pytest.fixture
def smtp_sink(own_sink: SmtpSink) -> SmtpSink:
    """With and without PIPELINING (RFC 2920): what comes of a letter is the same."""
    own_sink.reset()
    return own_sink


def letter(number: int) -> bytes:
    return RAW.replace(b"<1@", b"<%d@" % number)


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "smtp-password"
    file.write_text(PASSWORD + "\n", encoding="utf-8")
    file.chmod(0o600)
    return file


def send(config: SmtpConfig, raw: bytes = RAW, recipients: Sequence[str] = (TO,)) -> tuple[Rejected, ...]:
    with Sender(config, timeouts=IMPATIENT) as sender:
        return sender.send(FROM, recipients, raw)


def unreachable(config: SmtpConfig, raw: bytes = RAW) -> Unreachable:
    with pytest.raises(Unreachable) as raised:
        send(config, raw)
    for hidden in (FROM, TO, PASSWORD):
        assert hidden not in str(raised.value)
    return raised.value


@contextmanager
def before(
    sink: SmtpSink, from_server: Filter | None = None, from_client: Filter | None = None, **keys: Any
) -> Iterator[tuple[SmtpConfig, list[bytes], Proxy]]:
    """The sink behind a proxy, and what the client says."""
    said: list[bytes] = []

    def note(data: bytes) -> bytes | None:
        said.append(data)
        return from_client(data) if from_client else data

    with Proxy(sink.port, from_server or bytes, note) as proxy:
        yield sink.config(port=proxy.port, **keys), said, proxy


# --------------------------------------------------------------------------- the letter


def test_a_letter_arrives_byte_for_byte_in_one_envelope(smtp_sink: SmtpSink) -> None:
    assert send(smtp_sink.config(), RAW, [TO, "boris@mission.example"]) == ()
    [received] = smtp_sink.received
    assert received.mail_from == FROM
    assert received.recipients == (TO, "boris@mission.example")
    assert received.raw == RAW
    assert not any("SMTPUTF8" in option for option in received.options)


@pytest.mark.parametrize(
    ("raw", "arrives"),
    [
        (
            b"Subject: x\n\n.\nMAIL FROM:<evil@else.example>\n",
            b"Subject: x\r\n\r\n.\r\nMAIL FROM:<evil@else.example>\r\n",
        ),
        (b"Subject: x\r\n\r\na\n.\r\nb", b"Subject: x\r\n\r\na\r\n.\r\nb\r\n"),
        (b"Subject: x\r\n\r\na\r.\r\r\nb\r\n", b"Subject: x\r\n\r\na\r\n.\r\n\r\nb\r\n"),
        (b".dot first\r\n\r\n", b".dot first\r\n\r\n"),
        (b"", b"\r\n"),
    ],
)
def test_no_line_end_smuggles_anything(smtp_sink: SmtpSink, raw: bytes, arrives: bytes) -> None:
    send(smtp_sink.config(), raw)
    [received] = smtp_sink.received
    assert received.raw == arrives


@pytest.mark.parametrize(
    "address",
    ["a@b.example>\r\nRCPT TO:<x@y.example", "a b@c.example", "a@b.example>", "a\0@b.example", "a\nb@c.example"],
)
def test_an_address_that_would_say_something_to_the_server(smtp_sink: SmtpSink, address: str) -> None:
    with Sender(smtp_sink.config()) as sender:
        with pytest.raises(Refused) as raised:
            sender.send(FROM, [address], RAW)
        assert (raised.value.permanent, raised.value.code, raised.value.stage) == (True, 553, "RCPT")
        with pytest.raises(Refused) as raised:
            sender.send(address, [TO], RAW)
        assert (raised.value.permanent, raised.value.stage) == (True, "MAIL")
        assert sender.send(FROM, [TO, address], RAW) == (Rejected(address, 553, "5.1.3"),)
    [received] = smtp_sink.received
    assert received.recipients == (TO,)


def test_the_null_reverse_path(smtp_sink: SmtpSink) -> None:
    with Sender(smtp_sink.config()) as sender:
        sender.send("", [TO], RAW)
    assert [received.mail_from for received in smtp_sink.received] == [""]


@pytest.mark.parametrize(
    ("recipient", "raw", "arrives", "option"),
    [
        ("юрий@пример.example", RAW, "юрий@xn--e1afmkfd.example", True),
        ("yuri@пример.example", RAW, "yuri@xn--e1afmkfd.example", False),
        (TO, "Subject: Réponse\r\n\r\nx\r\n".encode(), TO, True),
        (TO, "Subject: x\r\n\r\nRéponse\r\n".encode(), TO, False),
    ],
    ids=["local part", "domain", "header", "body"],
)
def test_smtputf8_only_where_it_is_needed(
    smtp_sink: SmtpSink, recipient: str, raw: bytes, arrives: str, option: bool
) -> None:
    send(smtp_sink.config(), raw, [recipient])
    [received] = smtp_sink.received
    assert received.recipients == (arrives,)
    assert received.raw == raw
    assert ("SMTPUTF8" in received.options) is option
    assert ("BODY=8BITMIME" in received.options) is not raw.isascii()


def test_a_server_without_smtputf8() -> None:
    with SmtpSink(smtputf8=False) as sink:
        assert send(sink.config(), RAW, ["yuri@пример.example"]) == ()
        with pytest.raises(Refused) as raised:
            send(sink.config(), RAW, ["юрий@пример.example"])
        assert (raised.value.permanent, raised.value.code, raised.value.enhanced) == (True, 553, "5.6.7")
        with pytest.raises(Refused) as raised:
            send(sink.config(), "Subject: Réponse\r\n\r\nx\r\n".encode())
        assert (raised.value.permanent, raised.value.code, raised.value.enhanced) == (True, 553, "5.6.9")
        assert send(sink.config(), RAW, [TO, "юрий@пример.example"]) == (Rejected("юрий@пример.example", 553, "5.6.7"),)
        assert [received.recipients for received in sink.received] == [("yuri@xn--e1afmkfd.example",), (TO,)]


def test_we_say_who_we_are(smtp_sink: SmtpSink) -> None:
    for name, expected in (("", b"[127.0.0.1]"), ("bot.roundtable.example", b"bot.roundtable.example")):
        with before(smtp_sink) as (config, said, _), Sender(config, name) as sender:
            sender.check()
        assert said[0].lower() == b"ehlo " + expected + b"\r\n"


# --------------------------------------------------------------------------- one connection


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_one_connection_for_all_letters(authority: Authority, security: Any) -> None:
    with SmtpSink(authority, security) as sink, Sender(sink.config()) as sender:
        for number in range(5):
            sender.send(FROM, [TO], letter(number))
        assert sink.connections == 1
        assert [received.raw for received in sink.received] == [letter(number) for number in range(5)]
        assert all(received.tls is (security != "none") for received in sink.received)


def test_a_connection_that_the_server_closed_meanwhile_is_opened_anew(smtp_sink: SmtpSink) -> None:
    with Sender(smtp_sink.config()) as sender:
        sender.send(FROM, [TO], letter(1))
        smtp_sink.drop()
        sender.send(FROM, [TO], letter(2))
        smtp_sink.stop()
        smtp_sink.start()
        sender.send(FROM, [TO], letter(3))
    assert [received.raw for received in smtp_sink.received] == [letter(1), letter(2), letter(3)]
    assert smtp_sink.connections == 3


@pytest.mark.parametrize("answer", ["421 4.7.0 too many letters on one connection", CUT])
def test_a_server_that_ends_the_connection_at_the_next_letter(smtp_sink: SmtpSink, answer: str) -> None:
    with Sender(smtp_sink.config()) as sender:
        sender.send(FROM, [TO], letter(1))
        smtp_sink.fail("MAIL", answer, times=1)
        sender.send(FROM, [TO], letter(2))
    assert [received.raw for received in smtp_sink.received] == [letter(1), letter(2)]
    assert smtp_sink.connections == 2


@pytest.mark.parametrize("answer", ["421 4.3.2 shutting down", CUT])
def test_a_new_connection_that_the_server_ends_is_not_tried_over_and_over(smtp_sink: SmtpSink, answer: str) -> None:
    smtp_sink.fail("MAIL", answer)
    error = unreachable(smtp_sink.config())
    assert not error.in_doubt
    assert smtp_sink.connections == 1


# --------------------------------------------------------------------------- every stage fails


@pytest.mark.parametrize("answer", [1, 2, 3])
def test_after_something_unforeseen_the_next_letter_goes_over_a_new_connection(
    smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch, answer: int
) -> None:
    smtp_sink.fail("RCPT", "550 5.1.1 no", matching="bad@")
    with Sender(smtp_sink.config()) as sender:
        sender.send(FROM, ["first@x.example"], RAW)
        getreply, read = smtplib.SMTP.getreply, 0

        def unforeseen(client: smtplib.SMTP) -> tuple[int, bytes]:
            nonlocal read
            read += 1
            if read == answer:
                raise RuntimeError
            return getreply(client)

        with monkeypatch.context() as patch, pytest.raises(RuntimeError):
            patch.setattr(smtplib.SMTP, "getreply", unforeseen)
            sender.send(FROM, ["second@x.example"], RAW)
        with pytest.raises(Refused, match="550"):
            sender.send(FROM, ["bad@x.example"], RAW)
        assert sender.send(FROM, ["third@x.example"], RAW) == ()
    assert [one.recipients for one in smtp_sink.received] == [("first@x.example",), ("third@x.example",)]
    assert smtp_sink.connections == 2


@pytest.mark.parametrize("code", [450, 452, 550, 552, 554])
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "END"])
def test_a_refused_letter_does_not_stop_the_next(smtp_sink: SmtpSink, stage: str, code: int) -> None:
    smtp_sink.fail(stage, f"{code} {code // 100}.1.1 <{TO}>: no such user here", times=1)
    with Sender(smtp_sink.config()) as sender:
        with pytest.raises(Refused) as raised:
            sender.send(FROM, [TO], letter(1))
        error = raised.value
        assert (error.code, error.permanent, error.stage) == (code, code >= 500, stage)
        assert error.enhanced == f"{code // 100}.1.1"
        assert TO not in str(error)
        sender.send(FROM, [TO], letter(2))
    assert [received.raw for received in smtp_sink.received] == [letter(2)]
    assert smtp_sink.connections == 1


@pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_connection_cut_before_the_letter_was_written_leaves_no_doubt(smtp_sink: SmtpSink, stage: str) -> None:
    smtp_sink.fail(stage, CUT)
    error = unreachable(smtp_sink.config())
    assert not error.in_doubt
    assert smtp_sink.received == []


def test_a_connection_cut_after_the_letter_was_written_leaves_it_in_doubt(smtp_sink: SmtpSink) -> None:
    smtp_sink.fail("END", CUT, times=1)
    with Sender(smtp_sink.config()) as sender:
        with pytest.raises(Unreachable) as raised:
            sender.send(FROM, [TO], letter(1))
        assert raised.value.in_doubt
        assert TO not in str(raised.value)
        sender.send(FROM, [TO], letter(2))
    # The server had taken it: sending it again would have been the second time.
    assert [received.raw for received in smtp_sink.received] == [letter(1), letter(2)]


def test_a_server_that_never_answers_leaves_the_letter_in_doubt(smtp_sink: SmtpSink) -> None:
    held: list[Proxy] = []

    def hold(data: bytes) -> bytes:
        if data.startswith(b"250 2.0.0 kept"):
            held[0].hold()
            held[0]._through.wait()
        return data

    with before(smtp_sink, hold) as (config, _, proxy):
        held.append(proxy)
        assert unreachable(config).in_doubt
    assert len(smtp_sink.received) == 1


@pytest.mark.parametrize("answer", [b"", b"2", b"hello\r\n", b"250-2.0.0 more\r\n"])
def test_half_an_answer_leaves_the_letter_in_doubt(smtp_sink: SmtpSink, answer: bytes) -> None:
    """The proxy hands on what is left of the answer, and closes."""
    ends: list[Proxy] = []

    def shorten(data: bytes) -> bytes:
        if not data.startswith(b"250 2.0.0 kept"):
            return data
        for client, _ in ends[0]._pairs:
            client.sendall(answer)
        ends[0].cut()
        return b""

    with before(smtp_sink, shorten) as (config, _, proxy):
        ends.append(proxy)
        assert unreachable(config).in_doubt


def test_a_connection_cut_within_the_letter_leaves_no_doubt() -> None:
    """The server hangs up after the first part of a letter that is too long for the network to swallow whole."""

    def talk(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stream = connection.makefile("rwb")
        stream.write(b"220 mx.elsewhere.example\r\n")
        stream.flush()
        for line in stream:
            answer = b"354 go on\r\n" if line.startswith(b"DATA") else b"250 fine\r\n"
            stream.write(answer)
            stream.flush()
            if line.startswith(b"DATA"):
                connection.recv(1000)
                return

    with Scripted(talk) as server:
        config = SmtpConfig(host="127.0.0.1", port=server.port, security="none")
        error = unreachable(config, RAW + b"x" * 70 + b"\r\n" * 8_000_000)
    assert not error.in_doubt
    assert "within a letter" in str(error)


def test_a_server_that_closes_down_at_a_recipient_or_at_data(smtp_sink: SmtpSink) -> None:
    for stage in ("RCPT", "DATA"):
        smtp_sink.fail(stage, "421 4.3.2 shutting down", times=1)
        assert not unreachable(smtp_sink.config()).in_doubt
    smtp_sink.fail("END", "421 4.3.2 shutting down", times=1)
    with Sender(smtp_sink.config()) as sender:
        with pytest.raises(Refused) as raised:
            sender.send(FROM, [TO], letter(1))
        assert (raised.value.permanent, raised.value.code) == (False, 421)
        sender.send(FROM, [TO], letter(2))
    assert [received.raw for received in smtp_sink.received] == [letter(2)]


def in_answer(connection: socket.socket, steps: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    """Wait until each of these has come, and say what is to be said then; all that came, step by step."""
    said: list[bytes] = []
    for wanted, answer in steps:
        got = b""
        while not got.endswith(wanted):
            piece = connection.recv(65_536)
            if not piece:
                return [*said, got]
            got += piece
        said.append(got)
        connection.sendall(answer)
    return said


def test_with_pipelining_a_letter_waits_twice_for_the_server() -> None:
    said: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        connection.sendall(b"220 relay.example\r\n")
        envelope = b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n550 5.1.1 nobody\r\n354 go on\r\n"
        greeted = (b"\r\n", b"250-relay.example\r\n250 PIPELINING\r\n")
        said.extend(in_answer(connection, [greeted, (b"DATA\r\n", envelope), (b"\r\n.\r\n", b"250 2.0.0 taken\r\n")]))

    with Scripted(talk) as server:
        config = SmtpConfig(host="127.0.0.1", port=server.port, security="none")
        assert send(config, RAW, [TO, "nobody@mission.example"]) == (Rejected("nobody@mission.example", 550, "5.1.1"),)
    assert said[1].splitlines() == [
        f"MAIL FROM:<{FROM}>".encode(),
        f"RCPT TO:<{TO}>".encode(),
        b"RCPT TO:<nobody@mission.example>",
        b"DATA",
    ]


def test_a_server_that_waits_for_a_letter_to_nobody_gets_an_empty_one() -> None:
    """RFC 2920, section 3.1; and the next letter goes out on the same connection."""
    said: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        connection.sendall(b"220 relay.example\r\n")
        refused = b"250 2.1.0 ok\r\n550 5.1.1 nobody\r\n354 go on\r\n"
        taken = b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go on\r\n"
        steps = [
            (b"\r\n", b"250-relay.example\r\n250 PIPELINING\r\n"),
            (b"DATA\r\n", refused),
            (b".\r\n", b"554 5.5.1 no valid recipients\r\n"),
            (b"RSET\r\n", b"250 2.0.0 ok\r\n"),
            (b"DATA\r\n", taken),
            (b"\r\n.\r\n", b"250 2.0.0 taken\r\n"),
        ]
        said.extend(in_answer(connection, steps))

    with Scripted(talk) as server:
        config = SmtpConfig(host="127.0.0.1", port=server.port, security="none")
        with Sender(config, timeouts=IMPATIENT) as sender:
            with pytest.raises(Refused) as raised:
                sender.send(FROM, ["nobody@mission.example"], RAW)
            assert (raised.value.code, raised.value.stage) == (550, "RCPT")
            assert sender.send(FROM, [TO], letter(2)) == ()
    assert said[2] == b".\r\n"
    assert said[5].startswith(b"Subject: See you there\r\nMessage-ID: <2@")


def test_some_recipients_are_refused(smtp_sink: SmtpSink) -> None:
    smtp_sink.fail("RCPT", "550 5.1.1 no such user", matching="gone@")
    smtp_sink.fail("RCPT", "450 4.2.1 later", matching="busy@")
    gone, busy = "gone@mission.example", "busy@mission.example"
    with Sender(smtp_sink.config()) as sender:
        assert sender.send(FROM, [gone, TO, busy], RAW) == (Rejected(gone, 550, "5.1.1"), Rejected(busy, 450, "4.2.1"))
        with pytest.raises(Refused) as raised:
            sender.send(FROM, [gone, busy], RAW)
        assert (raised.value.code, raised.value.permanent, raised.value.stage) == (450, False, "RCPT")
        with pytest.raises(Refused) as raised:
            sender.send(FROM, [gone], RAW)
        assert (raised.value.code, raised.value.permanent) == (550, True)
    assert [received.recipients for received in smtp_sink.received] == [(TO,)]
    assert Rejected(gone, 550).permanent
    assert not Rejected(busy, 450).permanent


def test_a_server_that_wants_a_login_is_no_fault_of_the_letter(smtp_sink: SmtpSink) -> None:
    smtp_sink.fail("MAIL", "530 5.7.0 Authentication required")
    assert "the server wants a login (530); set [smtp] username" in str(unreachable(smtp_sink.config()))


def test_a_server_that_takes_no_mail_from_us(smtp_sink: SmtpSink) -> None:
    smtp_sink.fail("CONNECT", "554 5.7.1 go away", times=1)
    assert "(554 5.7.1)" in str(unreachable(smtp_sink.config()))


def test_a_server_that_knows_no_ehlo_gets_helo(smtp_sink: SmtpSink) -> None:
    smtp_sink.fail("EHLO", "502 5.5.1 what?")
    send(smtp_sink.config())
    assert len(smtp_sink.received) == 1


# --------------------------------------------------------------------------- the way in


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_login(authority: Authority, password_file: Path, security: Any) -> None:
    with SmtpSink(authority, security, {FROM: PASSWORD}) as sink:
        send(sink.config(FROM, Credential(password_file=password_file)))
        assert [(received.username, received.tls) for received in sink.received] == [(FROM, True)]
        password_file.write_text("wrong")
        error = unreachable(sink.config(FROM, Credential(password_file=password_file)))
        assert re.search(r"the login was refused \(535 5\.7\.8\); check \[smtp\] username and the password", str(error))
        password_file.chmod(0o604)
        assert "may be read by others" in str(unreachable(sink.config(FROM, Credential(password_file=password_file))))


def test_a_login_that_cannot_be_checked_just_now(authority: Authority, password_file: Path) -> None:
    with SmtpSink(authority, "starttls", {FROM: PASSWORD}) as sink:
        sink.fail("AUTH", "454 4.7.0 try later")
        error = unreachable(sink.config(FROM, Credential(password_file=password_file)))
        assert "cannot check logins just now (454 4.7.0)" in str(error)


@pytest.mark.parametrize(
    ("offers", "said"), [("AUTH LOGIN", ""), ("AUTH GSSAPI", "by AUTH PLAIN or LOGIN"), ("HELP", "offers no login")]
)
def test_what_the_server_offers(password_file: Path, offers: str, said: str) -> None:
    def rewrite(data: bytes) -> bytes:
        return re.sub(rb"AUTH LOGIN PLAIN", offers.encode(), data)

    with (
        SmtpSink(users={FROM: PASSWORD}) as sink,
        before(sink, rewrite, username=FROM, credential=Credential(password_file=password_file)) as (config, _, _),
    ):
        if said:
            assert said in str(unreachable(config))
        else:
            send(config)
        assert len(sink.received) == (not said)


def test_without_a_user_name_there_is_no_login(smtp_sink: SmtpSink, password_file: Path) -> None:
    with before(smtp_sink, credential=Credential(password_file=password_file)) as (config, said, _):
        send(config)
    assert not any(b"AUTH" in line for line in said)


def test_without_starttls_there_is_neither_login_nor_letter(authority: Authority, password_file: Path) -> None:
    with (
        SmtpSink(authority, "starttls", {FROM: PASSWORD}) as sink,
        before(sink, without("STARTTLS"), username=FROM, credential=Credential(password_file=password_file)) as (
            config,
            said,
            _,
        ),
    ):
        assert 'offers no STARTTLS; write security = "tls" and its port (465)' in str(unreachable(config))
        assert not any(b"AUTH" in line or b"MAIL" in line for line in said)
        assert sink.received == []


def test_what_is_said_before_tls_does_not_count_after_it(authority: Authority) -> None:
    """Lines injected behind the answer to STARTTLS must not pass for answers over TLS."""

    def inject(data: bytes) -> bytes:
        return data + b"250 injected\r\n" if data.startswith(b"220 Ready to start TLS") else data

    with SmtpSink(authority, "starttls") as sink, before(sink, inject) as (config, _, _):
        send(config)
        assert [received.tls for received in sink.received] == [True]
        assert sink.received[0].options == (f"SIZE={len(RAW)}",), "the answer to EHLO over TLS was read as such"


def test_plain_is_for_this_machine_only() -> None:
    error = unreachable(SmtpConfig(host="smtp.elsewhere.example", port=25, security="none"))
    assert 'security = "none" is for this machine only' in str(error)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_certificates_that_are_not_to_be_trusted(authority: Authority, security: Any) -> None:
    with SmtpSink(authority, security) as sink:
        assert "its certificate is not trusted" in str(unreachable(sink.config(ca_file=None)))
    with SmtpSink(authority, security, context=authority.misnamed_context()) as sink:
        assert "not trusted (IP address mismatch" in str(unreachable(sink.config()))
        assert sink.received == []


def test_the_wrong_port(authority: Authority, smtp_sink: SmtpSink, tmp_path: Path) -> None:
    assert "nothing listens there" in str(unreachable(smtp_sink.config(port=free_port())))
    wrong = smtp_sink.config(security="tls", ca_file=authority.ca_file)
    assert '"tls" goes with port 465' in str(unreachable(wrong))
    with (
        SmtpSink(authority, "tls") as sink,
        Sender(sink.config(security="none"), timeouts=Timeouts(1, 1, 1)) as sender,
        pytest.raises(Unreachable, match="no answer in time"),
    ):
        sender.check()
    assert "holds no certificate" in str(unreachable(smtp_sink.config(security="tls", ca_file=tmp_path / "none.pem")))


# --------------------------------------------------------------------------- Postfix


def test_postfix_takes_letters_over_starttls_with_a_login(
    postfix: Postfix, dovecot: Dovecot, outside: SmtpSink
) -> None:
    user, other = dovecot.new_user(password="pässwörd"), dovecot.new_user()
    with Sender(postfix.config(user)) as sender:
        assert sender.send(user.address, [TO, other.address], RAW) == ()
    until(lambda: outside.received)
    assert [received.recipients for received in outside.received] == [(TO,)]
    assert outside.received[0].raw.endswith(RAW.partition(b"\r\n\r\n")[2])
    [arrived] = until(lambda: dovecot.messages(other))
    assert arrived.endswith(RAW.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_postfix_takes_an_access_token(authority: Authority, dovecot: Dovecot, mechanism: str) -> None:
    if reason := Postfix.missing():
        pytest.skip(reason)
    user = dovecot.new_user()
    fresh, stale = (Credential(token_command=("printf", dovecot.token(user, seconds=seconds))) for seconds in (60, -30))
    with (
        SmtpSink() as outside,
        Postfix(authority, dovecot, outside, mechanisms=f"plain, {mechanism.lower()}") as postfix,
    ):
        with Sender(postfix.config(user, credential=fresh)) as sender:
            sender.send(user.address, [TO], RAW)
        until(lambda: outside.received)
        refused = r"the login was refused \(535 5.7.8\); check \[smtp\] username and the access token"
        with pytest.raises(Unreachable, match=refused):
            send(postfix.config(user, credential=stale))
        until(lambda: f"sasl_method={mechanism}" in postfix.log())


def test_postfix_refuses_a_login_that_is_none(postfix: Postfix, dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    user.password_file.write_text("wrong")
    with pytest.raises(Unreachable, match=r"the login was refused \(535 5.7.8\)"):
        send(postfix.config(user))
    with pytest.raises(Refused) as raised:
        send(postfix.config(port=postfix.submission_port))
    assert (raised.value.permanent, raised.value.stage) == (True, "RCPT")
