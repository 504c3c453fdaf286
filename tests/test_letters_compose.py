"""The mail around a letter: what its headers say, who gets it, and what of a hostile message does not get into it."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from icalendar import Calendar

from rsvpbot.letters.cases import sample_answer, sample_invitee
from rsvpbot.letters.compose import ACTED_UPON, MOST_REFERENCES, WITH_CALENDAR, Envelope, assemble, compose
from rsvpbot.letters.templates import Rendered
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import (
    Address,
    Answer,
    Body,
    Invitee,
    Letter,
    LetterKind,
    LetterRequest,
    LetterState,
    Message,
    PartStat,
)
from tests.test_letters import LETTERS, example, templates

TOKENS = Tokens((b"0123456789abcdef",), example().event.uid)
NOW = datetime(2016, 9, 12, 9, 30, tzinfo=timezone(timedelta(hours=-4)))
INVITEE = sample_invitee()
LONG_ID = "<AM6PR03MB1234567890ABCDEF1234567890ABCDEF@AM6PR03MB12345678901234567890.eurprd03.prod.outlook.com>"


def message(**changes: object) -> Message:
    known: dict[str, object] = {
        "digest": "d" * 64,
        "size": 100,
        "message_id": "<reply-1@mission.example>",
        "subject": "RE: invitation",
        "senders": (Address("Ana Silva", "ana.silva@mission.example"),),
        "recipients": (),
    }
    return Message(**{**known, **changes})  # type: ignore[arg-type]


def make(
    kind: LetterKind = LetterKind.ACCEPTED,
    *,
    answers: Message | None = None,
    answer: Answer | None = None,
    invitee: Invitee | None = INVITEE,
    recipients: tuple[str, ...] = ("ana.silva@mission.example",),
    note: str = "",
    **changes: object,
) -> Letter:
    config = replace(example(), **changes)  # type: ignore[arg-type]
    return compose(
        LetterRequest(
            kind,
            invitee.id if invitee else None,
            recipients,
            "en",
            passed_on=True,
            answer=answer or sample_answer(PartStat.ACCEPTED, config),
            note=note,
        ),
        invitee=invitee,
        message=answers,
        config=config,
        templates=templates(),
        tokens=TOKENS,
        now=NOW,
        letter_id="dddddddddddddddddddddddd-passed-on",
    )


def read(letter: Letter) -> EmailMessage:
    assert letter.raw is not None
    mail = email.message_from_bytes(letter.raw, policy=default)
    assert isinstance(mail, EmailMessage) and not mail.defects
    return mail


def test_the_headers_of_an_answer() -> None:
    letter = make(answers=message(references=("<invite-1@roundtable.example>",)))
    mail = read(letter)
    assert mail["From"] == "Roundtable RSVP <rsvp@roundtable.example>"
    assert mail["To"] == "Ana Silva <ana.silva@mission.example>"
    assert mail["Subject"] == f"Attendance confirmed: {example().event.title}"
    assert mail["Date"] == "Mon, 12 Sep 2016 09:30:00 -0400"
    assert mail["In-Reply-To"] == "<reply-1@mission.example>"
    assert mail["References"] == "<invite-1@roundtable.example> <reply-1@mission.example>"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["X-RSVPBot"] == example().event.uid
    assert mail["Content-Language"] == "en"
    assert not {"Reply-To", "Bcc", "Cc", "Precedence"} & set(mail.keys())
    assert TOKENS.find(str(mail["Message-ID"])) == INVITEE.id
    assert mail["Message-ID"] == letter.message_id


def test_the_letter_that_is_queued() -> None:
    letter = make(answers=message())
    assert letter.state is LetterState.QUEUED and letter.queued_at == NOW and letter.reply == "d" * 64
    assert letter.recipients == ("ana.silva@mission.example",) and letter.mail_from == "rsvp@roundtable.example"
    assert letter.invitee_id == INVITEE.id and letter.kind is LetterKind.ACCEPTED and letter.language == "en"
    assert make(answers=message()) == letter  # the same letter is the same bytes


def test_what_answers_no_message_is_generated() -> None:
    letter = make(LetterKind.INFORMATION)
    assert read(letter)["Auto-Submitted"] == "auto-generated" and letter.reply == ""
    assert "In-Reply-To" not in read(letter) and "References" not in read(letter)


def test_an_alarm_goes_to_the_organisers() -> None:
    letter = make(LetterKind.ALARM, invitee=None, recipients=("secretariat@roundtable.example",), note="Look here.")
    mail = read(letter)
    assert mail["To"] == "Roundtable Secretariat <secretariat@roundtable.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<rsvpbot\.[a-z0-9]+@roundtable\.example>", letter.message_id)
    assert "Look here." in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_one_message_in_one_envelope_for_both_addresses() -> None:
    letter = make(recipients=("pa@mission.example", "ana.silva@mission.example"))
    assert letter.recipients == ("pa@mission.example", "ana.silva@mission.example")
    assert read(letter)["To"] == "pa@mission.example, Ana Silva <ana.silva@mission.example>"


def test_bounces_come_back_with_the_token_where_the_mailbox_can() -> None:
    letter = make(mailbox=replace(example().mailbox, plus_addressing=True))
    assert letter.mail_from == f"rsvp+{TOKENS.token(INVITEE.id)}@roundtable.example"
    assert read(letter)["From"] == "Roundtable RSVP <rsvp@roundtable.example>"


def test_the_delegate_is_addressed_by_name() -> None:
    answer = replace(
        sample_answer(PartStat.DELEGATED, example(), names=("Omar Haddad",)),
        delegate=Address("Omar Haddad", "o.haddad@mission.example"),
    )
    letter = make(LetterKind.WELCOME, answer=answer, recipients=("o.haddad@mission.example",))
    assert read(letter)["To"] == "Omar Haddad <o.haddad@mission.example>"
    assert TOKENS.find(letter.message_id) == INVITEE.id


@pytest.mark.parametrize("kind", LETTERS)
def test_the_structure_and_the_size(kind: LetterKind) -> None:
    letter = make(kind, answers=message(), note="Q.")
    mail = read(letter)
    kinds = [part.get_content_type() for part in mail.walk()]
    parts = ["multipart/alternative", "text/plain", "text/html"]
    with_calendar = kind in (LetterKind.ACCEPTED, LetterKind.WELCOME)
    asks = ["text/calendar"] if kind in ACTED_UPON else []
    assert kinds == (["multipart/mixed", *parts, "text/calendar"] if with_calendar else parts + asks)
    assert letter.raw is not None and letter.raw.isascii() and len(letter.raw) < 20_000
    ids = (b"Message-ID:", b"List-Unsubscribe:")
    assert all(len(line) <= 78 for line in letter.raw.split(b"\r\n") if not line.startswith(ids))
    assert b"\n" not in letter.raw.replace(b"\r\n", b"") and b"\r" not in letter.raw.replace(b"\r\n", b"")


@pytest.mark.parametrize("kind", sorted(WITH_CALENDAR))
def test_a_calendar_is_in_its_wire_form_once_decoded(kind: LetterKind) -> None:
    [part] = [part for part in read(make(kind)).walk() if part.get_content_type() == "text/calendar"]
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes) and data.startswith(b"BEGIN:VCALENDAR\r\n") and data.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"") and max(map(len, data.split(b"\r\n"))) <= 75


def test_the_calendar_file_is_the_invitees_own_and_asks_nothing() -> None:
    [part] = _attachments(make())
    assert part.get_content_disposition() == "attachment"
    assert part.get_filename() == "high-level-roundtable-working-together.ics"
    assert part.get_param("method") == "PUBLISH"
    calendar = _calendar(part)
    assert calendar["METHOD"] == "PUBLISH"
    [event] = calendar.walk("VEVENT")
    assert event["UID"] == INVITEE.calendar_uid
    assert "Holders of a UN (NY) grounds pass" in event["DESCRIPTION"]
    assert "secretariat@roundtable.example" in event["DESCRIPTION"]


@pytest.mark.parametrize(("grounds_pass", "photo"), [(True, False), (False, True)])
def test_the_calendar_file_says_of_photo_id_what_the_letter_says(grounds_pass: bool, photo: bool) -> None:
    answer = sample_answer(PartStat.ACCEPTED, example(), grounds_pass=grounds_pass)
    [part] = _attachments(make(answer=answer))
    [event] = _calendar(part).walk("VEVENT")
    assert ("photo identification" in event["DESCRIPTION"]) is photo


def _attachments(letter: Letter) -> list[Any]:
    return list(read(letter).iter_attachments())


def _calendar(part: Any) -> Any:
    return Calendar.from_ical(part.get_content())


# ------------------------------------------------------------------ threads


def test_a_long_message_id_is_left_whole() -> None:
    """The standard library would encode it, and the thread be lost."""
    raw = make(answers=message(message_id=LONG_ID, references=(LONG_ID.replace("A", "B"), LONG_ID))).raw
    assert raw is not None
    header = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    assert f"\r\nIn-Reply-To: {LONG_ID}\r\n" in header
    assert f"\r\nReferences: {LONG_ID.replace('A', 'B')}\r\n {LONG_ID}\r\n" in header
    assert "=?" not in header


def test_many_references_are_capped() -> None:
    known = tuple(f"<{number}@x.example>" for number in range(200))
    mail = read(make(answers=message(references=known)))
    ids = str(mail["References"]).split()
    assert len(ids) == MOST_REFERENCES and ids[0] == "<0@x.example>"
    assert ids[-2:] == ["<199@x.example>", "<reply-1@mission.example>"]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "no brackets@x.example",
        "<a b@x.example>",
        "<a@x.example>\r\nBcc: evil@evil.example",
        "<ä@x.example>",
        f"<{'a' * 260}@x.example>",
        "<a@b><c@d>",
    ],
)
def test_a_message_id_that_is_none_is_left_out(bad: str) -> None:
    mail = read(make(answers=message(message_id=bad, references=(bad, "<good@x.example>"))))
    assert "In-Reply-To" not in mail and mail["References"] == "<good@x.example>"
    assert "Bcc" not in mail


def test_without_references_in_reply_to_takes_their_place() -> None:
    mail = read(make(answers=message(in_reply_to=("<invite-1@roundtable.example>",))))
    assert mail["References"] == "<invite-1@roundtable.example> <reply-1@mission.example>"


# ------------------------------------------------------------------ addresses


def test_a_domain_of_another_script_goes_as_ascii() -> None:
    letter = make(recipients=("ana@müller.example",))
    assert letter.recipients == ("ana@xn--mller-kva.example",)
    assert read(letter)["To"] == "ana@xn--mller-kva.example"


def test_a_local_part_of_another_script_goes_as_utf8() -> None:
    letter = make(recipients=("анна@mission.example",))
    assert letter.recipients == ("анна@mission.example",)
    assert letter.raw is not None and "\r\nTo: анна@mission.example\r\n".encode() in letter.raw


def test_names_of_another_script_are_encoded_and_come_back() -> None:
    invitee = replace(INVITEE, name="Анна Каренина, посол")
    mail = read(make(invitee=invitee, mailbox=replace(example().mailbox, name="圆桌会议")))
    assert mail["To"].addresses[0].display_name == "Анна Каренина, посол"
    assert mail["From"].addresses[0].display_name == "圆桌会议"


def test_words_of_another_script_go_as_base64() -> None:
    envelope = Envelope("l1", LetterKind.ALARM, ("a@b.example",), "<l1@b.example>", "rsvp@roundtable.example")
    letter = assemble(envelope, Rendered("ru", "Тема " * 40, "Привет\n" * 50, "<p>Привет</p>"), example(), NOW)
    mail = read(letter)
    assert mail["Subject"] == ("Тема " * 40).strip()
    assert all(len(line) <= 78 for line in (letter.raw or b"").split(b"\r\n"))
    plain = mail.get_body(("plain",))
    assert plain is not None and plain["Content-Transfer-Encoding"] == "base64"
    assert plain.get_content().replace("\r\n", "\n") == "Привет\n" * 50


# ------------------------------------------------------------------ nothing of a mail gets out

CANARY = "canary7*7"
INJECTIONS = (
    CANARY,
    f"{CANARY}\r\nBcc: evil@evil.example\r\n\r\nbody",
    f"<b>{CANARY}</b><script>{CANARY}</script>",
    f"[{CANARY}](http://evil.example/{CANARY})",
    f"{{{{ '{CANARY}' }}}}{{% for x in y %}}",
    f'=HYPERLINK("http://evil.example/{CANARY}")',
    f"www.evil.example/{CANARY}",
)


def _poisoned(text: str) -> tuple[Message, Answer]:
    hostile = Message(
        digest="e" * 64,
        size=1,
        message_id=text,
        subject=text,
        senders=(Address(text, "ana.silva@mission.example"),),
        recipients=(Address(text, f"{text}@evil.example"),),
        in_reply_to=(text,),
        references=(text,),
        return_path=text,
        fields=(("subject", text), ("reply-to", text), ("x-rsvpbot", text), (text, text)),
        bodies=(Body("plain", text), Body("html", text)),
        content_type=text,
        defects=(text,),
    )
    answer = replace(
        sample_answer(PartStat.ACCEPTED, example(), party=2),
        names=(text, "Omar Haddad"),
        dietary=text,
        access=text,
        language=text,
        delegate=Address(text, f"{text}@evil.example"),
    )
    return hostile, answer


def _everything(letter: Letter) -> Iterator[str]:
    mail = read(letter)
    yield letter.subject
    yield letter.message_id
    for part in mail.walk():
        yield from (str(value) for value in part.values())
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            yield payload.decode("utf-8")


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("partstat", [PartStat.ACCEPTED, PartStat.DELEGATED, PartStat.TENTATIVE, PartStat.DECLINED])
@pytest.mark.parametrize("kind", LETTERS)
def test_no_word_of_a_mail_gets_out(kind: LetterKind, partstat: PartStat, text: str) -> None:
    hostile, answer = _poisoned(text)
    answer = replace(answer, partstat=partstat)
    letter = make(kind, answers=hostile, answer=answer, invitee=replace(INVITEE, answer=answer, pending=answer))
    out = "\n".join(_everything(letter))
    assert "canary" not in out.lower() and "evil" not in out.lower()
    assert set(read(letter).keys()) <= {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "X-RSVPBot",
        "List-Unsubscribe",
        "Content-Language",
        "MIME-Version",
        "Content-Type",
    }


@pytest.mark.parametrize("text", INJECTIONS)
def test_what_organisers_configure_cannot_break_the_headers_either(text: str) -> None:
    config = example()
    letter = make(
        event=replace(config.event, title=text, uid=text),
        mailbox=replace(config.mailbox, name=text),
        invitee=replace(INVITEE, name=text),
    )
    mail = read(letter)
    assert not {"Bcc", "Cc"} & set(mail.keys())
    assert [address.addr_spec for address in mail["To"].addresses] == ["ana.silva@mission.example"]
    assert [address.addr_spec for address in mail["From"].addresses] == ["rsvp@roundtable.example"]
