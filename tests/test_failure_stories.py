"""What broke elsewhere, by its public source, and must not break here: docs/promises.md, "What broke elsewhere".

Only what has no better home among the other tests is here.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from imapclient import SocketTimeout

from rsvpbot.clock import ShiftedClock
from rsvpbot.config import Config, load
from rsvpbot.examine import examine
from rsvpbot.intake import BATCH, Intake
from rsvpbot.letters.outbox import Outbox
from rsvpbot.mail.imap import Connection, MailboxOutOfReach
from rsvpbot.mail.parse import parse
from rsvpbot.mail.screen import screen
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import Folder, Invitee, Kind, LetterState, PartStat
from rsvpbot.reading.calendar import find_reply
from rsvpbot.service import Daemon
from rsvpbot.store import open_store
from rsvpbot.store.base import Commit, Store, StoreError
from tests.corpus_mailbox import EXAMPLE
from tests.servers import HOST, Dovecot, Scripted, SmtpSink, User, until
from tests.steer_house import letters_of, with_own_words

NOW = datetime(2016, 9, 12, 9, 0, tzinfo=ZoneInfo("America/New_York"))
ADA = Invitee(
    "adaadaad", ("ada@lovelace.example",), "roundtable-2016-09-20.adaadaad@roundtable.example", "Ada Lovelace"
)
OURS = frozenset({"rsvp@roundtable.example"})
UID = "roundtable-2016-09-20@roundtable.example"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    read = load(path, frozenset())
    return replace(read, replies=replace(read.replies, mode="send"), smtp=replace(read.smtp, copy_to_sent=False))


@pytest.fixture
def store(config: Config) -> Iterator[Store]:
    with open_store(config.store_url, config.path.parent) as store:
        store.commit(Commit(invitees=(ADA,)))
        yield store


def road(store: Store, config: Config) -> Intake:
    ids, tokens = ("newcome" + letter for letter in itertools.cycle("abcdefgh")), Tokens((b"k" * 32,), config.event.uid)
    return with_own_words(
        Intake(store, config, ShiftedClock(NOW), letters_of(config), tokens, lambda: next(ids)), config
    )


def mail(text: str, sender: str = "ada@lovelace.example", *, date: str = "08:30:00", **fields: str) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    given = {"From": sender, "To": "rsvp@roundtable.example", "Subject": "Re: Invitation"} | fields
    for name, value in given.items():
        message[name.replace("_", "-")] = value
    message["Date"] = f"Mon, 12 Sep 2016 {date} -0400"
    message.set_content(text)
    return message.as_bytes()


# ------------------------------------------------------------------ A. loops and wrong automatic answers


@pytest.mark.parametrize(
    "field",
    [
        "Received: from auto-reply.partner.example by mx.partner.example; Mon, 12 Sep 2016 08:30:00 -0400",
        "Message-ID: <auto-reply.autoreply@partner.example>",
        "X-Spam-Report: not an auto-reply, auto_generated or autoresponder",
        "References: <vacation-auto-reply@partner.example>",
        "Comments: Auto-Submitted: auto-replied",
        "X-MS-Exchange-Inbox-Rules-Loop: ada@lovelace.example",
    ],
)
def test_a_word_elsewhere_in_the_header_makes_no_machine(field: str) -> None:
    raw = f"{field}\r\nFrom: ada@lovelace.example\r\nTo: rsvp@roundtable.example\r\nSubject: Re: Invitation\r\n\r\n"
    verdict = screen(parse(f"{raw}Yes, I will attend.\r\n".encode()), OURS, UID)
    assert verdict.kind is Kind.HUMAN, verdict


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("PRECEDENCE: Bulk", Kind.BULK),
        ("precedence: JUNK", Kind.BULK),
        ("AUTO-submitted: Auto-Replied", Kind.AUTO),
        ("Auto-Submitted: auto-generated; x=1", Kind.AUTO),
        ("x-AutoReply: Yes", Kind.AUTO),
        ("LIST-ID: <x.example>", Kind.BULK),
        ("Auto-Submitted: no; x=1", Kind.HUMAN),
        ("auto-submitted: NO", Kind.HUMAN),
    ],
)
def test_names_and_values_of_fields_in_any_case_and_with_parameters(field: str, kind: Kind) -> None:
    raw = f"From: ada@lovelace.example\r\nTo: rsvp@roundtable.example\r\nSubject: Hello\r\n{field}\r\n\r\nHello.\r\n"
    assert screen(parse(raw.encode()), OURS, UID).kind is kind


ABSENT = {
    "RFC 3834": {"Auto_Submitted": "auto-replied"},
    "Exchange": {"Auto_Submitted": "auto-generated", "X_Auto_Response_Suppress": "All"},
    "Gmail": {"Precedence": "bulk", "X_Autoreply": "yes", "In_Reply_To": "<invite-1@roundtable.example>"},
    "null path": {"Return_Path": "<>"},
    "subject alone": {"Subject": "Automatic reply: Invitation"},
    "words alone": {},
}


@pytest.mark.parametrize("fields", ABSENT.values(), ids=ABSENT)
@pytest.mark.parametrize("said", [PartStat.ACCEPTED, PartStat.DECLINED])
def test_an_absence_changes_no_record_and_opens_nothing(
    store: Store, config: Config, fields: dict[str, str], said: PartStat
) -> None:
    words = "Yes, I will attend." if said is PartStat.ACCEPTED else "I cannot attend."
    intake = road(store, config)
    intake.handle(mail(words), 1, 1)
    before = store.invitee(ADA.id)
    away = "I am out of the office until 30 September with limited access to e-mail. I will reply on my return."
    done = intake.handle(mail(away, date="08:45:00", **fields), 1, 2)
    assert done is not None and done.folder is Folder.IGNORED
    after = store.invitee(ADA.id)
    assert before is not None and before.partstat is said and after == before
    assert (len(store.letters()), store.open_replies()) == (1, ())


# ------------------------------------------------------------------ B. poison messages and parsers

STANDARD_LIBRARY = {
    "cpython#94306": "Message-ID: <[anu10]x@[anu13].EURPRD10.PROD.OUTLOOK.COM>",
    "brackets around it": "Message-ID: <[b378@microsoft.example]>",
    "a To of a comment": "To: (c):",
    "cpython#151857": "Content-Type: text/plain; name*",
    "an unknown charset": "Content-Type: text/plain; charset=unknown-8bit-x",
    "an escape sequence for a charset": "Content-Type: text/plain; charset=_iso-2022-jp$esc",
    "zammad#2473": "Subject: Re: C:\\new\\temp \\ =?utf-8?q?a=5Cb?= \\",
}


@pytest.mark.parametrize("field", STANDARD_LIBRARY.values(), ids=STANDARD_LIBRARY)
def test_what_a_standard_parser_trips_over_is_read(field: str) -> None:
    raw = f"From: Ada <ada@lovelace.example>\r\n{field}\r\n\r\nYes, I will attend.\r\n".encode()
    message = parse(raw)
    assert message.sender.email == "ada@lovelace.example"
    assert [body.text.strip() for body in message.bodies] == ["Yes, I will attend."]
    seen = examine(raw, load(EXAMPLE, frozenset()))
    assert seen.reading.partstat is PartStat.ACCEPTED


def test_a_line_end_encoded_in_a_name_is_no_line_end() -> None:
    """cpython#114906."""
    message = parse(b"From: =?UTF-8?Q?=0AMy_self?= <me@lovelace.example>\r\n\r\nYes, I will attend.\r\n")
    assert (message.sender.email, message.sender.name) == ("me@lovelace.example", "My self")


@pytest.mark.parametrize("levels", [500, 2_000])
def test_nesting_that_ends_the_standard_parser_ends_no_poll(store: Store, config: Config, levels: int) -> None:
    raw = b"Content-Type: text/plain\r\n\r\nYes, I will attend.\r\n"
    for level in range(levels):
        mark = b"b%d" % level
        raw = b'Content-Type: multipart/mixed; boundary="%s"\r\n\r\n--%s\r\n%s\r\n--%s--\r\n' % (mark, mark, raw, mark)
    done = road(store, config).handle(b"From: ada@lovelace.example\r\nMIME-Version: 1.0\r\n" + raw, 1, 1)
    assert done is not None and done.folder is Folder.REVIEW


@pytest.mark.parametrize("html", [False, True])
def test_more_than_five_thousand_links_end(html: bool) -> None:
    """zammad: its own limit for such a message."""
    links = (f"https://x.example/{number}" for number in range(6_000))
    text = "".join(f'<a href="{link}">{link}</a> ' for link in links) if html else "\n".join(links)
    kind = "html" if html else "plain"
    raw = f"From: ada@lovelace.example\r\nContent-Type: text/{kind}\r\n\r\nYes, I will attend.\r\n\r\n{text}\r\n"
    assert examine(raw.encode(), load(EXAMPLE, frozenset())).reading.kind is Kind.HUMAN


def test_what_cannot_be_written_down_after_sending_is_in_doubt_and_never_sent_again(
    store: Store, config: Config, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """wiki.list.org 4.35: a log that could not be written after the sending, and so it was sent twice."""
    config = replace(config, smtp=smtp_sink.config(copy_to_sent=False))
    road(store, config).handle(mail("Yes, I will attend."), 1, 1)
    commit = type(store).commit

    def full(self: Store, batch: Commit) -> None:
        if smtp_sink.received:
            raise StoreError("no space left on device")
        commit(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(type(store), "commit", full)
        with pytest.raises(StoreError):
            Outbox(store, config, ShiftedClock(NOW)).flush(threading.Event())
    assert len(smtp_sink.received) == 1
    again = Outbox(store, config, ShiftedClock(NOW))
    assert again.recover() == 1
    again.flush(threading.Event())
    assert len(smtp_sink.received) == 1
    assert [letter.state for letter in store.letters()] == [LetterState.DOUBTFUL]


# ------------------------------------------------------------------ C. lost and doubled mail


@pytest.fixture
def user(dovecot: Dovecot) -> User:
    return dovecot.new_user("stories")


def poll(store: Store, config: Config, dovecot: Dovecot, user: User) -> int:
    with Connection(replace(dovecot.config(user), address=config.mailbox.address)) as connection:
        return road(store, config).poll(connection, threading.Event()).seen


def test_mail_that_somebody_has_looked_at_is_handled_all_the_same(
    store: Store, config: Config, dovecot: Dovecot, user: User
) -> None:
    """FreeScout#3406, #2416, #4064, #1611: it fetched only what was unread."""
    flags = ((b"\\Seen",), (b"\\Seen", b"\\Answered"), (b"\\Flagged",), (b"\\Deleted",))
    with dovecot.client(user) as client:
        for number, flagged in enumerate(flags):
            client.append("INBOX", mail(f"Yes, I will attend. {'Thank you. ' * number}"), flags=flagged)
    assert poll(store, config, dovecot, user) == len(flags)
    assert dovecot.messages(user) == []
    assert len(store.replies(ADA.id)) == len(flags)


def test_five_hundred_at_once_are_five_hundred_records(
    store: Store, config: Config, dovecot: Dovecot, user: User
) -> None:
    """n8n#4272, #10470: 14 in a burst, 5 never processed; others twice. FreeScout#4624: a short page ended the loop.
    Outlook counts no more answers from 400 invitees on."""
    many = 10 * BATCH
    people = [
        Invitee(f"guest{chr(97 + n // 26)}{chr(97 + n % 26)}", (f"g{n}@x.example",), f"u{n}@roundtable.example")
        for n in range(many)
    ]
    config = replace(config, event=replace(config.event, capacity=None))
    store.commit(Commit(invitees=tuple(people)))
    with dovecot.client(user) as client:
        for number in range(many):
            client.append("INBOX", mail("Yes, I will attend.", f"g{number}@x.example"))
    assert poll(store, config, dovecot, user) == many
    assert poll(store, config, dovecot, user) == 0
    assert (len(store.replies()), len(store.letters()), store.seats_taken()) == (many, many, many)
    assert len({letter.recipients for letter in store.letters()}) == many
    assert all(len(letter.recipients) == 1 for letter in store.letters())


def test_new_mail_under_an_old_uid_of_a_rebuilt_mailbox_is_new(
    store: Store, config: Config, dovecot: Dovecot, user: User
) -> None:
    """paperless-ngx#8939 and others: a UID without its UIDVALIDITY. Old mail that comes back is known by its bytes."""
    old, new = mail("Yes, I will attend."), mail("Will you pay my flight?", date="08:50:00")
    rebuilt = dovecot.new_user("rebuilt")
    dovecot.deliver(user, old)
    assert poll(store, config, dovecot, user) == 1
    validity = store.mailbox().uidvalidity
    with dovecot.client(user) as client:
        client.select_folder("RSVP/Recorded")
        (filed,) = client.fetch(client.search(), ["BODY.PEEK[]"]).values()
    dovecot.deliver(rebuilt, new)
    with dovecot.client(rebuilt) as client:
        client.append("INBOX", filed[b"BODY[]"])
    dovecot.doveadm("mailbox", "update", "--uid-validity", str(validity + 7), "-u", rebuilt.address, "INBOX")
    with Connection(replace(dovecot.config(rebuilt), address=config.mailbox.address)) as connection:
        assert {item.uid for item in connection.listing()} == {1, 2}
        polled = road(store, config).poll(connection, threading.Event())
    assert (polled.seen, polled.repeats) == (2, 1)
    assert len(store.replies(ADA.id)) == 2


def test_two_mails_of_one_second_without_message_id_are_two(store: Store, config: Config) -> None:
    """itop-mail#253: From, Subject and second were its key."""
    intake = road(store, config)
    intake.handle(mail("Yes, I will attend."), 1, 1)
    intake.handle(mail("Will you pay my flight?"), 1, 2)
    assert len(store.replies(ADA.id)) == 2
    assert len(store.open_replies()) == 1


def test_a_message_id_that_is_used_again_hides_nothing(store: Store, config: Config) -> None:
    """Discourse takes the Message-ID for the only key: whoever repeats one hides a mail."""
    same = {"Message_ID": "<1@lovelace.example>"}
    intake = road(store, config)
    intake.handle(mail("I cannot attend.", "mallory@x.example", **same), 1, 1)
    intake.handle(mail("Yes, I will attend.", **same), 1, 2)
    intake.handle(mail("Will you pay my flight?", date="08:50:00", **same), 1, 3)
    ada = store.invitee(ADA.id)
    assert ada is not None and ada.partstat is PartStat.ACCEPTED
    assert len(store.replies(ADA.id)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "> Yes, I will attend.\r\n> Ada",
        "-----Original Message-----\r\nFrom: Ada\r\nSubject: Re: Invitation\r\n\r\nYes, I will attend.",
        "On Mon, 12 Sep 2016, Ada wrote:\r\n> Yes, I will attend.",
    ],
)
def test_a_mail_in_which_everything_looks_quoted_is_not_passed_over(store: Store, config: Config, text: str) -> None:
    """gitlab#335983: forwarded by a server, it was "blank"."""
    done = road(store, config).handle(mail(text), 1, 1)
    ada = store.invitee(ADA.id)
    assert done is not None and ada is not None
    assert done.folder is Folder.REVIEW or ada.partstat is PartStat.ACCEPTED


# ------------------------------------------------------------------ D. calendar replies


def calendar_reply(*lines: str, events: int = 1, uid: str = UID) -> bytes:
    event = ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20160912T120000Z", *lines, "END:VEVENT"]
    more = [
        line
        for number in range(1, events)
        for line in (*event[:-1], f"RECURRENCE-ID:201609{number + 10}T163000Z", "END:VEVENT")
    ]
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//X//EN", "METHOD:REPLY"]
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = ADA.addresses[0], "rsvp@roundtable.example", "Accepted"
    message["Date"] = "Mon, 12 Sep 2016 08:30:00 -0400"
    text = "\r\n".join((*head, *event, *more, "END:VCALENDAR", ""))
    message.set_content(text, subtype="calendar", params={"method": "REPLY"})
    return message.as_bytes()


ACCEPTED = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@lovelace.example"


@pytest.mark.parametrize("events", [1, 16])
@pytest.mark.parametrize("organiser", [(), ("ORGANIZER:mailto:rsvp@roundtable.example",)])
def test_a_calendars_accept_counts(store: Store, config: Config, events: int, organiser: tuple[str, ...]) -> None:
    """nextcloud/server#53949, #58904: Outlook leaves ORGANIZER out. nextcloud/mail#10811: 16 instances at once."""
    raw = calendar_reply(ACCEPTED, *organiser, events=events)
    assert find_reply(parse(raw)) is not None
    done = road(store, config).handle(raw, 1, 1)
    ada = store.invitee(ADA.id)
    assert done is not None and ada is not None
    assert (done.folder, ada.partstat) == (Folder.RECORDED, PartStat.ACCEPTED)


# ------------------------------------------------------------------ F. hanging


def test_a_server_to_which_no_connection_comes_about_is_out_of_reach(dovecot: Dovecot, user: User) -> None:
    """MailKit#1186, #1489: connect never returned. Where the queue is full, the kernel answers nobody."""
    with socket.socket() as full:
        full.bind((HOST, 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex((HOST, port))
        try:
            with pytest.raises(MailboxOutOfReach):
                Connection(dovecot.config(user, port=port), SocketTimeout(connect=1, read=1)).__enter__()
        finally:
            for one in waiting:
                one.close()


def test_the_watchdog_is_fed_by_a_poll_that_has_ended_and_by_nothing_else(
    store: Store, config: Config, dovecot: Dovecot, user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """odoo#7792: a fetch hung for more than a day, and nobody noticed."""
    asked, go_on, stop = threading.Event(), threading.Event(), threading.Event()

    def hangs(_: socket.socket) -> None:
        asked.set()
        go_on.wait(30)

    told: list[bytes] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd, Scripted(hangs) as server:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(0.5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

        def hear() -> bool:
            with contextlib.suppress(TimeoutError):
                told.append(systemd.recv(1000))
            return b"WATCHDOG=1" in told

        hung = replace(
            config, mailbox=dovecot.config(user, port=server.port), service=replace(config.service, idle=False)
        )
        daemon = Daemon(store, hung, ShiftedClock(NOW), stop, everything=True, since=None)
        thread = threading.Thread(target=daemon.run)
        thread.start()
        try:
            assert asked.wait(20)
            assert not any(hear() for _ in range(3)), "it hangs in the poll"
            go_on.set()
            assert until(hear, 30)
        finally:
            go_on.set()
            stop.set()
            thread.join(30)
    assert not thread.is_alive()
    assert store.mailbox().failing_since is not None
