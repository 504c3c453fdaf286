"""From what was decided to a mail that can be sent: headers, text, HTML and calendar file.

What goes out is a courteous machine's letter (RFC 3834): From is the mailbox and so is MAIL FROM, that bounces come
back; Auto-Submitted says what it is; In-Reply-To and References tie it to what it answers. The Subject is the letter's
own and tells the outcome: "Re:" and the words of the other side would be text of a mail that gets out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote

from rsvpbot.config import Config
from rsvpbot.letters import wire
from rsvpbot.letters.calendar import CANCEL, PUBLISH, REQUEST, calendar_file, file_name
from rsvpbot.letters.page import tidy
from rsvpbot.letters.templates import PIECE_FOR_CALENDAR, Rendered, Templates
from rsvpbot.letters.values import Values, make_values
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import (
    TO_ORGANISERS,
    Address,
    Enclosure,
    Invitee,
    Letter,
    LetterKind,
    LetterRequest,
    LetterState,
    Message,
)

MARKER = "X-RSVPBot"
"""Holds the event's uid: by it a mail of our own is known wherever it turns up."""

ACTED_UPON = frozenset({LetterKind.INVITATION, LetterKind.CHANGED, LetterKind.CANCELLED})
"""Their calendar part is for the invitee's calendar to act upon by itself."""

WITH_CALENDAR = ACTED_UPON | {LetterKind.ACCEPTED, LetterKind.WELCOME}
MOST_REFERENCES = 12
LONGEST_ID = 250
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,200}@[!-;=?-~]{1,200}>")
"""Printable ASCII without spaces and angle brackets: what a message id may be, and no more."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who gets a letter, under which id, and what it answers."""

    letter_id: str
    kind: LetterKind
    recipients: tuple[str, ...]
    message_id: str
    mail_from: str
    names: tuple[str, ...] = ()
    """Display names of the recipients, as far as known, in their order."""
    invitee_id: str | None = None
    answers: Message | None = None
    unsubscribe: str = ""
    """Where a mail program may say that no more reminders are wanted (RFC 2369, section 3.2)."""


def compose(
    request: LetterRequest,
    *,
    invitee: Invitee | None,
    message: Message | None,
    config: Config,
    templates: Templates,
    tokens: Tokens,
    now: datetime,
    letter_id: str,
) -> Letter:
    """Write the letter that was asked for, ready to be queued.

    `invitee` is the record as it will stand, `message` what the letter answers. Of the message nothing enters but its
    message ids, where they are well formed, and names of people which `values.checked_name` let pass.
    """
    with_calendar = request.kind in WITH_CALENDAR and invitee is not None
    name = request.template or request.kind.value
    language = templates.language(name, request.language)
    values = make_values(
        request.kind,
        language,
        config,
        now,
        invitee=invitee,
        answer=request.answer,
        tag=tokens.subject_tag(invitee.id) if invitee else "",
        passed_on=request.passed_on,
        delegate_written=request.delegate_written,
        first=request.first,
        note=request.note,
        was=request.was,
        place=request.place,
        deadline=request.deadline,
        words=request.words,
        calendar=with_calendar,
        has_had=request.has_had,
    )
    envelope = _envelope(request, invitee, message, config, tokens, letter_id, values)
    calendar = None
    if with_calendar and invitee is not None:
        description = templates.render_piece(PIECE_FOR_CALENDAR, language, values)
        acts = request.kind in ACTED_UPON
        cancelled = request.kind is LetterKind.CANCELLED
        data = calendar_file(
            config,
            invitee.calendar_uid,
            description,
            now,
            asked=Address(tidy(invitee.name), _ascii_domain(invitee.addresses[0])) if acts else None,
            answered=invitee.partstat.value.upper() if invitee.answer else "",
            sequence=request.sequence,
            cancelled=cancelled,
        )
        calendar = Calendar(data, CANCEL if cancelled else REQUEST if acts else PUBLISH)
    rendered = templates.render(name, language, values)
    return assemble(envelope, rendered, config, now, calendar, request.enclosed)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar file, and what it is to do (RFC 5546)."""

    data: bytes
    method: str


def assemble(
    envelope: Envelope,
    rendered: Rendered,
    config: Config,
    now: datetime,
    calendar: Calendar | None = None,
    enclosed: Sequence[Enclosure] = (),
) -> Letter:
    """Make the mail of words that are written already; the summary comes this way."""
    utf8 = not _is_ascii(envelope)  # only a server that offers SMTPUTF8 takes such a local part (RFC 6532)
    sender = Address(tidy(config.mailbox.name or config.organisers.name), config.mailbox.address)
    names = _padded(envelope.names, len(envelope.recipients))
    # Exchange would keep back with "All" that an address does not exist, and of an invitation that must be known.
    asks = envelope.kind in ACTED_UPON
    head = [
        wire.addresses("From", (sender,), utf8=utf8),
        wire.addresses("To", [Address(tidy(n), a) for n, a in zip(names, envelope.recipients, strict=True)], utf8=utf8),
        wire.field("Subject", tidy(rendered.subject), utf8=utf8),
        wire.field("Date", format_datetime(now)),
        wire.ids("Message-ID", (envelope.message_id,)),
        *_thread(envelope.answers),
        wire.field("Auto-Submitted", "auto-replied" if envelope.answers else "auto-generated"),
        wire.field("X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply" if asks else "All"),
        wire.field(MARKER, tidy(config.event.uid)),
    ]
    if envelope.unsubscribe:
        # Without List-Unsubscribe-Post (RFC 8058), which wants a web address.
        head.append(wire.ids("List-Unsubscribe", (f"<{envelope.unsubscribe}>",)))
    head += [wire.field("MIME-Version", "1.0"), wire.field("Content-Language", rendered.language)]
    # Boundaries of our own, so that the same letter is the same bytes; "=_" stands in no encoded text.
    boundary = f"_{_alphanumeric(envelope.letter_id)}"
    # Encoded by our own choice: nothing on the way has a reason to change it, and signatures hold.
    encoding = "quoted-printable" if _is_latin(rendered.text) else "base64"
    said = [wire.text(rendered.text, "plain", encoding), wire.text(rendered.html, "html", encoding)]
    beside = [wire.file(file.data, file.content_type, tidy(file.filename)) for file in enclosed]
    if calendar is not None:
        data, acts = calendar.data.decode("utf-8"), calendar.method != PUBLISH
        name = "" if acts else file_name(config.event.title)
        part = wire.text(data, "calendar", "base64", method=calendar.method, filename=name)
        said, beside = ([*said, part], beside) if acts else (said, [part, *beside])
    content = wire.multipart("alternative", f"=_1{boundary}", said)
    if beside:
        content = wire.multipart("mixed", f"=_0{boundary}", [content, *beside])
    return Letter(
        id=envelope.letter_id,
        kind=envelope.kind,
        invitee_id=envelope.invitee_id,
        recipients=envelope.recipients,
        language=rendered.language,
        subject=tidy(rendered.subject),
        message_id=envelope.message_id,
        state=LetterState.QUEUED,
        queued_at=now,
        mail_from=envelope.mail_from,
        raw=b"".join(head) + content,
        reply=envelope.answers.digest if envelope.answers else "",
    )


# ------------------------------------------------------------------ pieces


def _envelope(
    request: LetterRequest,
    invitee: Invitee | None,
    message: Message | None,
    config: Config,
    tokens: Tokens,
    letter_id: str,
    values: Values,
) -> Envelope:
    mailbox = config.mailbox.address
    if invitee is None:
        message_id, mail_from = _plain_message_id(letter_id, config), mailbox
    else:
        message_id = tokens.message_id(invitee.id, _alphanumeric(letter_id), _domain(mailbox))
        mail_from = _plus(mailbox, tokens.token(invitee.id)) if config.mailbox.plus_addressing else mailbox
    remindful = request.kind is LetterKind.REMINDER
    names: dict[str, str] = {}
    if request.kind in TO_ORGANISERS:
        names = {address.email: address.name for address in config.organisers.addresses}
    elif request.kind is LetterKind.WELCOME:
        names = dict.fromkeys(request.recipients[:1], values.addressee)
    elif invitee is not None:
        names = {invitee.addresses[0]: invitee.name}
    return Envelope(
        letter_id=letter_id,
        kind=request.kind,
        recipients=tuple(map(_ascii_domain, request.recipients)),
        message_id=message_id,
        mail_from=mail_from,
        names=tuple(names.get(address, "") for address in request.recipients),
        invitee_id=request.invitee_id,
        answers=message,
        unsubscribe=unsubscribe_link(config, tokens.subject_tag(invitee.id)) if remindful and invitee else "",
    )


STOP = "stop"
"""The word with which a mail program, or a person, ends reminders."""


def unsubscribe_link(config: Config, tag: str) -> str:
    """The address of a mail that ends the reminders to whom the tag names."""
    to, subject = quote(config.mailbox.address, safe="@"), quote(f"{STOP} {tag}", safe="")
    return f"mailto:{to}?subject={subject}"


def _thread(answers: Message | None) -> Iterator[bytes]:
    """In-Reply-To and References (RFC 5322, section 3.6.4); the first and the newest where there are many."""
    if answers is None:
        return
    known = [*answers.references, *(() if answers.references else answers.in_reply_to), answers.message_id]
    sound = list(dict.fromkeys(filter(_is_message_id, known)))
    if _is_message_id(answers.message_id):
        yield wire.ids("In-Reply-To", (answers.message_id,))
    if sound:
        yield wire.ids("References", sound if len(sound) <= MOST_REFERENCES else _ends(sound))


def _ends(ids: Sequence[str]) -> list[str]:
    return [ids[0], *ids[1 - MOST_REFERENCES :]]


def _is_message_id(text: str) -> bool:
    return len(text) <= LONGEST_ID and MESSAGE_ID.fullmatch(text) is not None


def _padded(names: Sequence[str], length: int) -> tuple[str, ...]:
    return (*names, *[""] * (length - len(names)))[:length]


def _ascii_domain(email: str) -> str:
    """An internationalised domain as it goes over the wire."""
    local, _, domain = email.rpartition("@")
    if domain.isascii():
        return email
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return email


def _is_ascii(envelope: Envelope) -> bool:
    return all(address.isascii() for address in (*envelope.recipients, envelope.mail_from))


def _is_latin(text: str) -> bool:
    return (len(text) - len(text.encode("ascii", "ignore"))) * 6 < len(text)


def _plus(mailbox: str, token: str) -> str:
    local, _, domain = mailbox.rpartition("@")
    return f"{local}+{token}@{domain}"


def _domain(mailbox: str) -> str:
    return mailbox.rpartition("@")[2]


def _plain_message_id(letter_id: str, config: Config) -> str:
    return f"<rsvpbot.{_alphanumeric(letter_id)}@{_domain(config.mailbox.address)}>"


def _alphanumeric(letter_id: str) -> str:
    return "".join(char for char in letter_id.lower() if char.isascii() and char.isalnum())
