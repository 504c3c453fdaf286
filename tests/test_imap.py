"""The mailbox on real servers: the way in, listing, fetching, filing, copies and drafts."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from rsvpbot.config import Credential, MailboxConfig, Security
from rsvpbot.mail import imap
from rsvpbot.mail.imap import (
    Connection,
    Listed,
    LoginRefused,
    MailboxError,
    MailboxFault,
    MailboxOutOfReach,
)
from rsvpbot.mail.tls import client_context
from rsvpbot.model import Folder
from tests.servers import Authority, Dovecot, Filter, Proxy, Pymap, Scripted, User, free_port, refusing, without


def mail(number: int, text: str = "I shall come.") -> bytes:
    return f"Subject: reply {number}\r\nMessage-ID: <{number}@else.example>\r\n\r\n{text}\r\n".encode()


@contextmanager
def through(
    dovecot: Dovecot,
    user: User,
    from_server: Filter | None = None,
    from_client: Filter | None = None,
    security: Security = "none",
    **changes: Any,
) -> Iterator[tuple[MailboxConfig, Proxy, list[bytes]]]:
    """The user's mailbox behind a proxy, and what the client says."""
    said: list[bytes] = []

    def note(data: bytes) -> bytes | None:
        said.append(data)
        return from_client(data) if from_client else data

    with Proxy(dovecot.imap_port, from_server or bytes, note) as proxy:
        yield dovecot.config(user, security, port=proxy.port, **changes), proxy, said


def uids(listing: Sequence[Listed]) -> list[int]:
    return [item.uid for item in listing]


def fails(config: MailboxConfig) -> MailboxError:
    with pytest.raises(MailboxError) as raised, Connection(config):
        pass
    return raised.value


# --------------------------------------------------------------------------- the way in


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_login(dovecot: Dovecot, security: Any) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, mail(1))
    with Connection(dovecot.config(user, security)) as connection:
        assert {"IDLE", "MOVE", "UIDPLUS"} <= connection.capabilities
        assert connection.uidvalidity > 0
        assert uids(connection.listing()) == [1]


def test_any_password_will_do(dovecot: Dovecot) -> None:
    user = dovecot.new_user(password='pässwörd ☂ "quoted\\')
    with Connection(dovecot.config(user)) as connection:
        assert connection.listing() == []


def test_any_ascii_password_will_do_for_a_server_with_login_only(dovecot: Dovecot) -> None:
    user = dovecot.new_user(password='a "quoted\\ word')
    with through(dovecot, user, without("AUTH=PLAIN")) as (config, _, said):
        with Connection(config) as connection:
            assert connection.listing() == []
        assert any(b" LOGIN " in line for line in said)
    other = dovecot.new_user(password="pässwörd")
    with through(dovecot, other, without("AUTH=PLAIN")) as (config, _, said):
        error = fails(config)
    assert isinstance(error, LoginRefused)
    assert "only ASCII passwords" in str(error)
    assert not any(b"LOGIN" in line for line in said)


def test_a_wrong_password_is_refused_in_words_that_show_neither_it_nor_the_user(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    user.password_file.write_text("not the password\n")
    error = fails(dovecot.config(user))
    assert isinstance(error, LoginRefused)
    assert str(error) == (
        f"127.0.0.1:{dovecot.imaps_port}: the login was refused [AUTHENTICATIONFAILED]; "
        "check [mailbox] username and the password"
    )


def test_no_password_is_no_crash(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    user.password_file.chmod(0o604)
    error = fails(dovecot.config(user))
    assert isinstance(error, LoginRefused)
    assert "may be read by others; chmod 600" in str(error)


@pytest.mark.parametrize(("hidden", "mechanism"), [((), b"XOAUTH2"), (("AUTH=XOAUTH2",), b"OAUTHBEARER")])
def test_an_access_token(dovecot: Dovecot, hidden: tuple[str, ...], mechanism: bytes) -> None:
    user = dovecot.new_user()
    credential = Credential(token_command=("printf", "%s", dovecot.token(user)))
    with through(dovecot, user, without(*hidden), credential=credential) as (config, _, said):
        with Connection(config) as connection:
            assert connection.listing() == []
        assert any(b"AUTHENTICATE " + mechanism in line for line in said)


def test_an_access_token_that_has_expired_or_that_nobody_takes(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    token = dovecot.token(user, seconds=-30)
    credential = Credential(token_command=("printf", "%s", token))
    error = fails(dovecot.config(user, credential=credential))
    assert isinstance(error, LoginRefused)
    assert "[AUTHENTICATIONFAILED]; check [mailbox] username and the access token" in str(error)
    assert token not in str(error)
    with through(dovecot, user, without("AUTH=XOAUTH2", "AUTH=OAUTHBEARER"), credential=credential) as (config, _, _):
        assert "takes no access tokens" in str(fails(config))


def test_a_connection_lost_in_the_login_is_no_refused_login(dovecot: Dovecot) -> None:
    def cut(data: bytes) -> bytes | None:
        return None if b"AUTHENTICATE" in data else data

    with through(dovecot, dovecot.new_user(), from_client=cut) as (config, _, _):
        error = fails(config)
    assert isinstance(error, MailboxOutOfReach)
    assert "the connection was lost while logging in" in str(error)


def test_a_server_that_can_let_nobody_in_just_now_is_no_refused_login(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    user.password_file.write_text("not the password\n")

    def busy(data: bytes) -> bytes:
        return data.replace(b"[AUTHENTICATIONFAILED] Auth", b"[UNAVAILABLE] Temporary auth")

    with through(dovecot, user, busy) as (config, _, _):
        error = fails(config)
    assert isinstance(error, MailboxOutOfReach)
    assert "[UNAVAILABLE]" in str(error)


def _preauth(data: bytes) -> bytes:
    return data.replace(b"* OK [", b"* PREAUTH [", 1) if data.startswith(b"* OK [") else data


@pytest.mark.parametrize("tampered", [without("STARTTLS"), _preauth])
def test_without_starttls_there_is_no_login(dovecot: Dovecot, tampered: Callable[[bytes], bytes]) -> None:
    """Whoever sits in between may hide STARTTLS, or say that we are logged in already, when it comes too late."""
    with through(dovecot, dovecot.new_user(), tampered, security="starttls") as (config, _, said):
        error = fails(config)
    assert isinstance(error, MailboxError)
    assert not any(b"AUTHENTICATE" in line or b"LOGIN" in line for line in said)


def test_starttls_not_offered_is_told(dovecot: Dovecot) -> None:
    with through(dovecot, dovecot.new_user(), without("STARTTLS"), security="starttls") as (config, _, _):
        assert 'offers no STARTTLS; write security = "tls" and its port (993)' in str(fails(config))


def test_plain_is_for_this_machine_only(dovecot: Dovecot) -> None:
    error = fails(dovecot.config(dovecot.new_user(), "none", host="imap.elsewhere.example"))
    assert isinstance(error, LoginRefused)
    assert "would send the password in the clear" in str(error)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_an_authority_that_we_do_not_know(dovecot: Dovecot, security: Any) -> None:
    user = dovecot.new_user()
    error = fails(dovecot.config(user, security, ca_file=None))
    assert isinstance(error, LoginRefused)
    assert "its certificate is not trusted" in str(error)
    assert "ca_file" in str(error)


def test_a_certificate_of_another_host(dovecot: Dovecot, authority: Authority) -> None:
    with Scripted(lambda connection: None, authority.misnamed_context()) as server:
        error = fails(dovecot.config(dovecot.new_user(), port=server.port))
    assert isinstance(error, LoginRefused)
    assert "its certificate is not trusted (IP address mismatch" in str(error)


def test_tls_is_1_2_at_least() -> None:
    context = client_context(None)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_ca_file_that_is_none(dovecot: Dovecot, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    for name, said in (("missing.pem", "cannot be read (No such file"), ("empty.pem", "holds no certificate")):
        assert said in str(fails(dovecot.config(dovecot.new_user(), ca_file=tmp_path / name)))


def test_the_wrong_port(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    user = dovecot.new_user()
    plain = fails(dovecot.config(user, "tls", port=dovecot.imap_port))
    assert isinstance(plain, MailboxOutOfReach)
    assert '"tls" goes with port 993' in str(plain)
    nobody = fails(dovecot.config(user, "tls", port=free_port()))
    assert isinstance(nobody, MailboxOutOfReach)
    assert "nothing listens there" in str(nobody)


def test_nothing_of_the_mail_or_the_login_is_logged(dovecot: Dovecot, caplog: pytest.LogCaptureFixture) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, mail(1, "a word that must not be seen"))
    caplog.set_level(logging.DEBUG)
    with Connection(dovecot.config(user)) as connection:
        connection.prepare_folders()
        assert len(list(connection.fetch(uids(connection.listing())))) == 1
    for hidden in (user.password, user.address, "must not be seen", "reply 1"):
        assert hidden not in caplog.text


# --------------------------------------------------------------------------- listing and fetching


def test_the_listing_is_in_order_with_sizes_and_times_in_utc(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, mail(1), mail(2, "x" * 900), mail(3))
    with dovecot.client(user) as other:
        other.append("INBOX", mail(4), msg_time=None)
        stored = {uid: len(raw) for uid, raw in enumerate(dovecot.messages(user), 1)}
    with Connection(dovecot.config(user)) as connection:
        listing = connection.listing()
    assert {item.uid: item.size for item in listing} == stored
    assert uids(listing) == [1, 2, 3, 4]
    assert all(item.arrived.utcoffset() == timedelta(0) and item.arrived.tzinfo is UTC for item in listing)


def test_mail_that_came_after_the_login_is_listed(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    with Connection(dovecot.config(user)) as connection:
        assert connection.listing() == []
        dovecot.deliver(user, mail(1))
        assert uids(connection.listing()) == [1]


HOSTILE = [
    b"Subject: =?utf-8?q?x?=\r\n\r\n.\r\n..\r\n. dot\r\n",
    b"Subject: 8 bit \xff\xfe\r\n\r\n\xc3\xa9 \x80\r\n",
    b"\r\nno header\r\n",
    b"Subject: literal\r\n\r\n{10}\r\n* 1 FETCH (BODY[] NIL)\r\nA1 OK done\r\n)\r\n",
    b"Subject: long\r\n\r\n" + b"y" * 200_000 + b"\r\n",
    b"Subject: no line end at the end\r\n\r\nx",
]


def test_what_is_fetched_is_byte_for_byte_what_lies_there_and_stays_unseen(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    with dovecot.client(user) as other:
        for raw in HOSTILE:
            other.append("INBOX", raw)
    with Connection(dovecot.config(user)) as connection:
        fetched = dict(connection.fetch(uids(connection.listing())))
        assert connection.fetch_header(1) == b"Subject: =?utf-8?q?x?=\r\n\r\n"
    assert [fetched[uid] for uid in sorted(fetched)] == HOSTILE
    assert set(map(frozenset, dovecot.flags(user).values())) == {frozenset()}


def test_many_are_fetched_in_the_order_asked_for(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    with dovecot.client(user) as other:
        other.multiappend("INBOX", [mail(number) for number in range(1, 124)])
    with through(dovecot, user) as (config, _, said), Connection(config) as connection:
        wanted = uids(connection.listing())[::-1]
        assert [uid for uid, _ in connection.fetch(wanted)] == wanted
    assert sum(b"BODY.PEEK[]" in line for line in said) == 3


def test_a_batch_holds_no_more_bytes_than_the_memory_should(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *(mail(number, "x" * 900) for number in range(1, 6)))
    monkeypatch.setattr(imap, "FETCH_BYTES", 2_700)
    with through(dovecot, user) as (config, _, said), Connection(config) as connection:
        assert len(list(connection.fetch(uids(connection.listing())))) == 5
    assert sum(b"BODY.PEEK[]" in line for line in said) == 3


def test_what_vanished_is_left_out(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *map(mail, range(1, 6)))
    with Connection(dovecot.config(user)) as connection:
        listing = uids(connection.listing())
        with dovecot.client(user) as other:
            other.select_folder("INBOX")
            other.delete_messages([2, 5])
            other.expunge()
        assert [uid for uid, _ in connection.fetch(listing)] == [1, 3, 4]
        assert connection.fetch_header(2) is None
        assert list(connection.fetch([])) == []
        connection.file(listing, Folder.RECORDED)
        assert connection.listing() == []
    assert len(dovecot.messages(user, "RSVP/Recorded")) == 3


def test_one_message_that_the_server_cannot_hand_out_does_not_stop_the_others(
    dovecot: Dovecot, caplog: pytest.LogCaptureFixture
) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *map(mail, range(1, 5)))

    def choke(data: bytes) -> bytes:
        """The command becomes one that Dovecot refuses, wherever message 3 is asked for."""
        return data.replace(b"BODY.PEEK", b"NOBODY") if b"BODY.PEEK" in data and b"3" in data.split()[3] else data

    with through(dovecot, user, from_client=choke) as (config, _, _), Connection(config) as connection:
        assert [uid for uid, _ in connection.fetch([1, 2, 3, 4])] == [1, 2, 4]
        assert uids(connection.listing()) == [1, 2, 3, 4]
    assert "uid=3" in caplog.text


def test_one_header_that_the_server_cannot_hand_out_stops_nothing(
    dovecot: Dovecot, caplog: pytest.LogCaptureFixture
) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *map(mail, range(1, 4)))
    with through(dovecot, user, from_client=refusing(b"FETCH", 2)) as (config, _, _), Connection(config) as connection:
        assert connection.fetch_header(2) is None
        assert connection.fetch_header(3)
        assert connection.senders([1, 2, 3]) == {}
        assert sorted(connection.senders([1, 3])) == [1, 3]
    assert "uid=2" in caplog.text


def test_a_header_without_end_is_cut(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    with dovecot.client(user) as other:
        other.append("INBOX", b"".join(b"X-%06d: %s\r\n" % (n, b"z" * 60) for n in range(8_000)) + b"\r\nx\r\n")
    with Connection(dovecot.config(user)) as connection:
        assert len(connection.fetch_header(1) or b"") == imap.HEADER_BYTES


# --------------------------------------------------------------------------- folders and filing


def test_our_folders_are_made_once_and_subscribed(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    for _ in range(2):
        with Connection(dovecot.config(user)) as connection:
            connection.prepare_folders()
    ours = [f"RSVP/{name}" for name in ("Failed", "Ignored", "Recorded", "Review")]
    assert [name for name in dovecot.folders(user) if name.startswith("RSVP/")] == ours
    with dovecot.client(user) as other:
        assert {name for _, _, name in other.list_sub_folders()} >= set(ours)


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        ("RSVP", "INBOX.RSVP.Recorded"),
        ("INBOX/RSVP", "INBOX.RSVP.Recorded"),
        ("Events/Été 2016", "INBOX.Events.Été 2016.Recorded"),
    ],
)
def test_the_servers_own_prefix_and_separator(dovecot: Dovecot, parent: str, expected: str) -> None:
    user = dovecot.new_user(prefix="INBOX.", separator=".")
    dovecot.deliver(user, mail(1))
    with Connection(dovecot.config(user, folders=parent)) as connection:
        connection.file([1], Folder.RECORDED)
        connection.append_sent(mail(2), "<2@else.example>")
    assert len(dovecot.messages(user, expected)) == 1
    assert len(dovecot.messages(user, "INBOX.Sent")) == 1


NO_MOVE = without("MOVE")
NEITHER = without("MOVE", "UIDPLUS")


@pytest.mark.parametrize("server", [without(), NO_MOVE], ids=["MOVE", "COPY and UID EXPUNGE"])
def test_filing_leaves_alone_what_others_flagged(dovecot: Dovecot, server: Filter) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *map(mail, range(1, 7)))
    with dovecot.client(user) as other:
        other.select_folder("INBOX")
        other.add_flags([2, 5], [b"\\Deleted"])
        other.add_flags([3], [b"\\Flagged"])
    with through(dovecot, user, server) as (config, _, said), Connection(config) as connection:
        connection.file([1, 3, 99], Folder.RECORDED)
        connection.file([6], Folder.REVIEW)
        # What another client means to remove is mail as long as it is there.
        assert uids(connection.listing()) == [2, 4, 5]
    assert [line for line in said if b"EXPUNGE" in line and b"UID EXPUNGE" not in line] == []
    assert b"\\Flagged" in b" ".join(map(str.encode, dovecot.flags(user, "RSVP/Recorded")[2]))
    assert len(dovecot.messages(user, "RSVP/Recorded")) == 2
    assert len(dovecot.messages(user, "RSVP/Review")) == 1


def test_filing_where_nothing_can_be_removed(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *map(mail, range(1, 4)))
    with through(dovecot, user, NEITHER) as (config, _, said), Connection(config) as connection:
        assert uids(connection.listing()) == [1, 2, 3]
        connection.file([2], Folder.IGNORED)
        assert uids(connection.listing()) == [1, 3]
    assert not any(b"EXPUNGE" in line for line in said)
    assert dovecot.flags(user) == {1: set(), 2: {"\\Deleted"}, 3: set()}
    assert len(dovecot.messages(user, "RSVP/Ignored")) == 1


def test_a_folder_that_somebody_removed_is_made_again(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, mail(1))
    with Connection(dovecot.config(user)) as connection:
        connection.prepare_folders()
        with dovecot.client(user) as other:
            other.delete_folder("RSVP/Failed")
        connection.file([1], Folder.FAILED)
    assert len(dovecot.messages(user, "RSVP/Failed")) == 1


@pytest.mark.parametrize(
    ("server", "verb", "copied"), [(without(), b"MOVE", 3), (NO_MOVE, b"COPY", 3), (NO_MOVE, b"STORE", 4)]
)
@pytest.mark.parametrize("maybe_there", [False, True])
def test_one_message_that_the_server_cannot_move_does_not_stop_the_others(
    dovecot: Dovecot, server: Filter, verb: bytes, copied: int, maybe_there: bool
) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *map(mail, range(1, 5)))
    with through(dovecot, user, server, refusing(verb, 2)) as (config, _, _), Connection(config) as connection:
        assert connection.file([1, 2, 3, 4], Folder.RECORDED, maybe_there) == {2}
        assert uids(connection.listing()) == [2]
        for _ in range(2):
            with pytest.raises(MailboxFault, match="refused filing"):
                connection.file([2], Folder.RECORDED, maybe_there=True)
    assert len(dovecot.messages(user, "RSVP/Recorded")) == copied, "no more copies than there must be"


def test_what_cannot_be_looked_for_is_neither_copied_nor_removed(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *map(mail, range(1, 5)))
    with through(dovecot, user, NO_MOVE, refusing(b"FETCH", 2)) as (config, _, _), Connection(config) as connection:
        assert connection.file([1, 2, 3, 4], Folder.RECORDED, maybe_there=True) == {2}
    assert len(dovecot.messages(user)) == 1
    assert len(dovecot.messages(user, "RSVP/Recorded")) == 3


def test_a_server_that_moves_nothing_is_not_asked_for_each_message(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *map(mail, range(1, 31)))
    with (
        through(dovecot, user, from_client=refusing(b"MOVE")) as (config, _, said),
        Connection(config) as connection,
        pytest.raises(MailboxFault, match="refused filing"),
    ):
        connection.file(range(1, 31), Folder.RECORDED)
    assert sum(b" MOVE " in line for line in said) == imap.PATIENCE + 2
    assert len(dovecot.messages(user)) == 30


def test_a_thousand_are_filed(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    with dovecot.client(user) as other:
        other.multiappend("INBOX", [mail(number) for number in range(1, 1_101)])
    with Connection(dovecot.config(user)) as connection:
        connection.file(uids(connection.listing()), Folder.RECORDED)
        assert connection.listing() == []
    assert len(dovecot.messages(user, "RSVP/Recorded")) == 1_100


# --------------------------------------------------------------------------- copies and drafts


def test_a_copy_goes_to_the_special_folder_once(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    for _ in range(2):
        with Connection(dovecot.config(user)) as connection:
            connection.append_sent(mail(1), "<1@else.example>")
            connection.append_sent(mail(1), "<1@else.example>")
            connection.append_sent(mail(11), "<11@else.example>")
            connection.append_draft(mail(1), "<1@else.example>")
    assert dovecot.messages(user, "Sent") == [mail(1), mail(11)]
    assert list(dovecot.flags(user, "Sent").values()) == [{"\\Seen"}] * 2
    assert list(dovecot.flags(user, "Drafts").values()) == [{"\\Draft"}]


def test_where_it_cannot_be_there_yet_nothing_is_looked_for(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    with through(dovecot, user) as (config, _, said), Connection(config) as connection:
        connection.append_sent(mail(1), "<1@else.example>", maybe_there=False)
        assert not any(b"SEARCH" in line for line in said)
        connection.append_sent(mail(2), "<2@else.example>")
        assert any(b"SEARCH" in line for line in said)
    assert len(dovecot.messages(user, "Sent")) == 2


def test_inbox_is_opened_again_after_copies(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, mail(1), mail(2))
    with Connection(dovecot.config(user)) as connection:
        connection.append_sent(mail(3), "<3@else.example>")
        assert dict(connection.fetch([1]))[1].endswith(mail(1))
        connection.append_draft(mail(3), "<3@else.example>")
        connection.file([2], Folder.REVIEW)
        connection.append_draft(mail(4), "<4@else.example>")
        assert connection.fetch_header(1)
        assert uids(connection.listing()) == [1]
    assert len(dovecot.messages(user, "Sent")) == 1


def _unmarked(data: bytes) -> bytes:
    return data.replace(b" \\Sent)", b")").replace(b" \\Drafts)", b")")


def _renamed(data: bytes) -> bytes:
    return _unmarked(data).replace(b'"/" Sent\r', b'"/" "Sent Items"\r')


def _marked_otherwise(data: bytes) -> bytes:
    return data.replace(b" \\Sent)", b")").replace(b" \\Drafts)", b" \\Drafts \\Sent)")


@pytest.mark.parametrize(
    ("lists", "keys", "expected"),
    [
        (bytes, {"sent": "Copies/Out", "drafts": "Review me"}, ("Copies/Out", "Review me")),
        (bytes, {"sent": "Drafts"}, ("Drafts", "Drafts")),
        (_unmarked, {}, ("Sent", "Drafts")),
        (_renamed, {}, ("Sent Items", "Drafts")),
        (_marked_otherwise, {}, ("Drafts", "Drafts")),
    ],
    ids=["as configured, made", "as configured, there", "by its name", "by another name", "by its flag"],
)
def test_where_copies_and_drafts_go(
    dovecot: Dovecot, lists: Filter, keys: dict[str, Any], expected: tuple[str, str]
) -> None:
    with through(dovecot, dovecot.new_user(), lists, **keys) as (config, _, said), Connection(config) as connection:
        # A folder that only the listing knows refuses: where it was to go is what counts.
        with suppress(MailboxFault):
            connection.append_sent(mail(1), "<1@else.example>", False)
        with suppress(MailboxFault):
            connection.append_draft(mail(2), "<2@else.example>", False)
    asked = [line.split(b" APPEND ")[1].split(b" (")[0].strip(b'"') for line in said if b" APPEND " in line]
    assert [name.decode() for name in asked] == list(expected)


def test_a_full_mailbox_takes_no_copy_but_is_filed(dovecot: Dovecot) -> None:
    user = dovecot.new_user(quota="20K")
    dovecot.deliver(user, mail(1))
    with Connection(dovecot.config(user)) as connection:
        connection.prepare_folders()
        with pytest.raises(MailboxFault, match=r"the server refused storing a copy \[OVERQUOTA\]"):
            connection.append_sent(mail(2, "x\r\n" * 10_000), "<2@else.example>")
        connection.file([1], Folder.RECORDED)
        assert connection.listing() == []
    assert len(dovecot.messages(user, "RSVP/Recorded")) == 1


# --------------------------------------------------------------------------- another server


def test_pymap_does_as_well(pymap_server: Pymap) -> None:
    user = pymap_server.new_user()
    pymap_server.deliver(user, mail(1), mail(2), mail(3))
    with Connection(pymap_server.config(user)) as connection:
        listing = uids(connection.listing())
        assert [raw for _, raw in connection.fetch(listing)] == [mail(1), mail(2), mail(3)]
        assert (connection.fetch_header(listing[0]) or b"").startswith(b"Subject: reply 1\r\n")
        connection.file(listing[:2], Folder.RECORDED)
        connection.append_sent(mail(4), "<4@else.example>")
        connection.append_draft(mail(5), "<5@else.example>")
        assert uids(connection.listing()) == listing[2:]
    with Connection(pymap_server.config(user)) as connection:
        connection.append_sent(mail(4), "<4@else.example>")
    assert pymap_server.messages(user, "RSVP/Recorded") == [mail(1), mail(2)]
    assert pymap_server.messages(user, "Sent") == [mail(4)]
    assert pymap_server.messages(user, "Drafts") == [mail(5)]
