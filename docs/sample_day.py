"""Three mornings of the example event, for the pictures: a busy one, a quiet one, and one with an alarm."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from rsvpbot.config import Config
from rsvpbot.model import (
    Address,
    Dmarc,
    Folder,
    Invitee,
    Kind,
    LetterKind,
    PartStat,
    Reading,
    Reply,
    Standing,
    Trust,
)
from rsvpbot.organisers.figures import (
    Bounced,
    Category,
    Change,
    Door,
    Figures,
    Health,
    LetterNote,
    Letters,
    MailboxState,
    Messages,
    Need,
    Pending,
    Said,
    Silent,
    Waiting,
    Who,
    read_as,
)
from rsvpbot.organisers.growth import Column, Growth

KELLER = Who("Ambassador Ruth Keller", "Permanent Mission of Aldavia", "amb.keller@mission-aa.example")
BENALI = Who("Samira Benali", "Rights of the Child Network", "s.benali@ngo-two.example")
BELMORA = Who("", "Permanent Mission of Belmora", "protocol@mission-bb.example")
LINDQVIST = Who("Sven Lindqvist", "University of Norwick", "lindqvist@norwick.example")
ORLOVA = Who("Olga Orlova", "Permanent Mission of Carvenia", "orlova@mission-cc.example")
CHEN = Who("Chen Wei", "Institute for Migration Law", "chen.wei@iml.example")
DIALLO = Who("Amara Diallo", "Children First International", "diallo@cfi.example")

_SILENT = (
    (Who("Helena Brandt", "Permanent Mission of Estovia", "h.brandt@mission-ee.example"), 21),
    (Who("Dr. Kwame Asante", "Centre for Child Health", "asante@cch.example"), 21),
    (Who("", "Permanent Mission of Farland", "mission@mission-ff.example"), 21),
    (Who("Nadia Rahimi", "Shelter Network", "n.rahimi@shelter.example"), 12),
)

_GROWN = (*zip(range(14, -1, -1), (2, 9, 21, 28, 30, 30, 38, 45, 51, 55, 55, 56, 63, 74, 79), strict=True),)
"""Days before the morning of the picture, and people expected at the end of each."""

ACCEPTED, DECLINED, TENTATIVE = PartStat.ACCEPTED, PartStat.DECLINED, PartStat.TENTATIVE
DELEGATED, SILENT = PartStat.DELEGATED, PartStat.NEEDS_ACTION


def _waiting(who: Who | None, sender: Address, at: datetime, subject: str, reading: Reading) -> Waiting:
    """A message that waits; whoever is on the list has their own answer on record."""
    invitee = Invitee("orlova22", (who.address,), "orlova", name=who.name) if who else None
    standing = Standing(
        invitee.id if invitee else None, Trust.ADDRESS if who else Trust.STRANGER, Dmarc.NONE, bool(who)
    )
    reply = Reply(
        digest=sender.email,
        invitee_id=standing.invitee_id,
        sender=sender,
        subject=subject,
        message_id="",
        sent=at,
        handled_at=at,
        reading=reading,
        standing=standing,
        rule="person",
        folder=Folder.REVIEW,
        reasons=reading.reasons,
        recorded=bool(who),
        open=True,
    )
    return Waiting(
        who=who,
        sender=sender,
        handled_at=at,
        subject=subject,
        text=reading.text,
        reasons=reading.reasons,
        reading=read_as(reply),
        recorded=Said(ACCEPTED, 1) if who else None,
        reply=reply,
        invitee=invitee,
    )


def busy(config: Config) -> Figures:
    zone = config.event.zone
    now = datetime(2016, 9, 12, 8, 0, tzinfo=zone)
    at = now - timedelta(hours=14)
    return Figures(
        at=now,
        since=now - timedelta(days=1),
        counts={ACCEPTED: 58, DELEGATED: 7, TENTATIVE: 6, DECLINED: 15, SILENT: 44},
        people={ACCEPTED: 71, DELEGATED: 8, TENTATIVE: 0, DECLINED: 0, SILENT: 0},
        perhaps=9,
        listed=130,
        gone=(),
        expected=79,
        growth=Growth(tuple(Column(now.date() - timedelta(days=back), people) for back, people in _GROWN)),
        capacity=config.event.capacity,
        categories=(
            Category("Member States", 62, 41, 4, 17, None),
            Category("Civil society", 34, 21, 6, 14, None),
            Category("Experts", 22, 11, 3, 8, None),
            Category("UN entities", 12, 6, 2, 5, None),
        ),
        changes=(
            Change(KELLER, None, Said(ACCEPTED, 2, ("Ruth Keller", "Jonas Ritter")), at, dietary="vegetarian"),
            Change(CHEN, Said(TENTATIVE, 1), Said(ACCEPTED, 1, ("Chen Wei",)), at, access="wheelchair"),
            Change(BELMORA, None, Said(DELEGATED, 1, ("Tomás Ferreira",), "Tomás Ferreira"), at),
            Change(LINDQVIST, Said(ACCEPTED, 1), Said(DECLINED, 0), at),
        ),
        waiting=(
            _waiting(
                ORLOVA,
                Address("Office of Olga Orlova", "office@mission-cc.example"),
                now - timedelta(hours=2),
                "RE: High-Level Roundtable",
                Reading(
                    Kind.HUMAN,
                    ACCEPTED,
                    1,
                    text="The Deputy Permanent Representative will be pleased to attend.\n\nCould she be given the"
                    " floor before 13:30? She is expected at the General Assembly at 14:00.",
                    reasons=("a question that the logistics do not answer", "a special request"),
                ),
            ),
            _waiting(
                None,
                Address("Newsroom", "desk@daily.example"),
                now - timedelta(hours=4),
                "Accreditation",
                Reading(
                    Kind.HUMAN,
                    text="We would like to send a reporter and a photographer. Whom do we contact?",
                    reasons=("the writer is not on the list",),
                ),
            ),
        ),
        pending=(Pending(BENALI, Said(ACCEPTED, 1), Said(DECLINED, 0), now - timedelta(hours=3)),),
        dietary=(
            Need(DIALLO, "halal", ACCEPTED, ("Amara Diallo",)),
            Need(KELLER, "vegetarian", ACCEPTED, ("Ruth Keller", "Jonas Ritter")),
        ),
        access=(Need(CHEN, "wheelchair", ACCEPTED, ("Chen Wei",)),),
        door=Door(with_pass=31, without=27, unknown=21),
        letters=Letters(sent=84, waiting=0, retried=0, drafted=0, drafted_new=0, failed=(), doubtful=(), held=()),
        bounced=(
            Bounced(
                Who("Jean-Baptiste Lefèvre", "Permanent Mission of Dorland", "lefevre@mission-dd.example"),
                "550 5.1.1 the address does not exist",
                SILENT,
            ),
        ),
        silent=tuple(Silent(who, days, quiet=False) for who, days in _SILENT),
        messages=Messages(recorded=88, review=11, ignored=24, failed=0, retried=0, missing=0, left_alone=0, new=17),
        mailbox=MailboxState(Health.GOOD, now - timedelta(minutes=1), None, ""),
        worse={"failed": 0, "unread": 0, "letters_failed": 0, "letters_doubtful": 0, "letters_held": 0},
        days_left=8,
    )


def quiet(config: Config) -> Figures:
    return replace(busy(config), changes=(), waiting=(), pending=())


def alarm(config: Config) -> Figures:
    usual = busy(config)
    failing = usual.at - timedelta(hours=9, minutes=40)
    lost = LetterNote(LetterKind.ACCEPTED, DIALLO, "550 5.7.1 relaying denied", usual.at - timedelta(hours=11))
    return replace(
        usual,
        letters=replace(usual.letters, failed=(lost,)),
        mailbox=MailboxState(Health.FAILING, failing, failing, "the server refused the password"),
        worse={**usual.worse, "letters_failed": 1},
    )
