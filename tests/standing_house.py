"""Mails as a receiving server hands them over, for the tests of who is writing; and what became of them."""

from __future__ import annotations

import email.utils
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rsvpbot.model import TO_ORGANISERS, Done, Invitee, Letter, LetterState, Reply
from rsvpbot.organisers.invite import Inviting
from rsvpbot.roster import calendar_uid
from rsvpbot.store.base import Commit
from tests import steer_house
from tests.standing import ADA, OFFICE, Server
from tests.steer_house import NOW, House

MX = "mx.roundtable.example"
VICTIM = "victim@third.example"
"""Named in every mail where no recipient may come from: Reply-To, Sender, Cc, Return-Path."""


# --------------------------------------------------------------------------- the mails, as our server hands them over


def results(server: Server, domain: str) -> tuple[str, ...]:
    """The fields that servers have added, topmost first: ours above its own Received, the sender's below it."""
    ours = {
        Server.PASS: f"\r\n\tdkim=pass header.d={domain};\r\n\tdmarc=pass (p=none dis=none) header.from={domain}",
        Server.FAIL: f"\r\n\tdkim=none;\r\n\tdmarc=fail (p=none dis=none) header.from={domain}",
        Server.NONE: f"\r\n\tdkim=none;\r\n\tdmarc=none header.from={domain}",
        Server.FOREIGN: "\r\n\tdkim=none",
    }[server]
    theirs = f"Authentication-Results: mx.{domain}; dmarc=pass header.from={domain}"
    return (
        f"Authentication-Results: {MX};\r\n\tspf=none smtp.mailfrom={VICTIM};{ours}",
        f"Received: from out.{domain} (out.{domain} [192.0.2.7])\r\n\tby {MX} (Postfix) with ESMTPS id 1;"
        "\r\n\tMon, 12 Sep 2016 08:31:00 -0400",
        *((theirs,) if server is Server.FOREIGN else ()),
        f"Received: from [198.51.100.9] by out.{domain} with ESMTPSA; Mon, 12 Sep 2016 08:30:30 -0400",
    )


def mail(
    sender: tuple[str, str], server: Server, body: str, *fields: str, sent: datetime = NOW - timedelta(minutes=30)
) -> bytes:
    """A raw mail. Whatever may name a recipient beside From, names one who must never be one."""
    name, address = sender
    head = (
        f"Return-Path: <{VICTIM}>",
        "Delivered-To: rsvp@roundtable.example",
        *results(server, address.rpartition("@")[2]),
        f"From: {name} <{address}>",
        f"Reply-To: {VICTIM}",
        f"Sender: {VICTIM}",
        "To: Roundtable RSVP <rsvp@roundtable.example>",
        f"Cc: {VICTIM}",
        f"Date: {email.utils.format_datetime(sent)}",
        f"Message-ID: <{abs(hash((sender, body, fields, sent)))}@sender.example>",
        "MIME-Version: 1.0",
        *fields,
    )
    return ("\r\n".join(head) + "\r\n" + body).encode()


def in_words(text: str) -> str:
    return f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"


def in_calendar(uid: str, attendee: str, partstat: str, *more: str) -> str:
    """What a calendar program sends (RFC 6047): an empty text, and the reply."""
    lines = (
        "Content-Type: multipart/alternative; boundary=b",
        "",
        "--b",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "",
        "--b",
        "Content-Type: text/calendar; charset=utf-8; method=REPLY",
        "",
        "BEGIN:VCALENDAR",
        "PRODID:-//Some//Program//EN",
        "VERSION:2.0",
        "METHOD:REPLY",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20160912T123000Z",
        "SEQUENCE:0",
        "ORGANIZER:mailto:rsvp@roundtable.example",
        f"ATTENDEE;PARTSTAT={partstat};{attendee}",
        *more,
        "END:VEVENT",
        "END:VCALENDAR",
        "--b--",
        "",
    )
    return "\r\n".join(lines)


@dataclass(frozen=True)
class Invited:
    """Ada and Bob, and the invitations that they have had."""

    ada: Invitee
    bob: Invitee
    ada_letter: Letter
    bob_letter: Letter


def invite(house: House) -> Invited:
    """Ada has two addresses, Bob one; both have been invited."""
    uid = house.config.event.uid
    ada = replace(steer_house.ADA, addresses=(ADA, OFFICE), calendar_uid=calendar_uid(uid, steer_house.ADA.id))
    bob = replace(steer_house.BOB, calendar_uid=calendar_uid(uid, steer_house.BOB.id))
    house.store.commit(Commit(invitees=(ada, bob)))
    templates, ids = steer_house.letters_of(house.config), iter(("invitea", "inviteb"))
    inviting = Inviting(house.store, house.config, templates, house.tokens, lambda: next(ids))
    at = NOW - timedelta(days=14)
    letters = [
        replace(inviting.written(one, at), state=LetterState.SENT, sent_at=at, raw=None, copied=True)
        for one in (ada, bob)
    ]
    house.store.commit(Commit(letters=tuple(letters)))
    return Invited(ada, bob, *letters)


# --------------------------------------------------------------------------- what became of them


@dataclass(frozen=True)
class Happened:
    """What a mail brought about."""

    done: Done
    reply: Reply
    before: dict[str, Invitee]
    after: dict[str, Invitee]
    letters: tuple[Letter, ...]
    """All that it queued, those to organisers as well."""

    @property
    def to_others(self) -> tuple[Letter, ...]:
        return tuple(letter for letter in self.letters if letter.kind not in TO_ORGANISERS)

    @property
    def changed(self) -> list[str]:
        """Whose recorded answer is another than before, by the address on the list."""
        return [address for address, one in self.after.items() if one.answer != self.before[address].answer]


def people(house: House) -> dict[str, Invitee]:
    return {invitee.addresses[0]: invitee for invitee in house.store.invitees()}


def takes(house: House, raw: bytes, uid: int) -> Happened:
    before, had = people(house), {letter.id for letter in house.store.letters()}
    done = house.intake.handle(raw, 1, uid)
    assert done is not None
    reply = house.store.reply(done.digest)
    assert reply is not None
    letters = tuple(letter for letter in house.store.letters() if letter.id not in had)
    return Happened(done, reply, before, people(house), letters)


def answered_before(house: House, invited: Invited) -> None:
    """Both said yes, each in reply to the invitation, and in words that no case repeats."""
    early = NOW - timedelta(hours=3)
    for number, (one, letter) in enumerate(((invited.ada, invited.ada_letter), (invited.bob, invited.bob_letter))):
        fields = ("Subject: Re: Invitation", f"In-Reply-To: {letter.message_id}")
        sender = (one.name, one.addresses[0])
        happened = takes(
            house, mail(sender, Server.PASS, in_words("Thank you, I am glad to come."), *fields, sent=early), number + 1
        )
        assert happened.changed == [one.addresses[0]]
