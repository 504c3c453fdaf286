# ruff: noqa: E501  (tables of header fields)
"""Whose answer is it? The matrix of token, address, domain and DMARC; and what our server said, and what others claim."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rsvpbot.config import Config, InviteesConfig, MailboxConfig, OrganisersConfig
from rsvpbot.mail.identify import dmarc, identify, same_name
from rsvpbot.mail.parse import parse
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import (
    Address,
    Answer,
    Dmarc,
    Event,
    Invitee,
    Kind,
    Message,
    Order,
    PartStat,
    Reading,
    Standing,
    Trust,
    Voice,
)

UID = "roundtable-2016-09-20@roundtable.example"
START = datetime(2016, 9, 20, 16, 30, tzinfo=UTC)
TOKENS = Tokens((b"k" * 32,), UID)
CONFIG = Config(
    path=Path("config.toml"),
    event=Event(UID, "Roundtable", START, START.replace(hour=19), "America/New_York"),
    mailbox=MailboxConfig("rsvp@roundtable.example", authserv_id="mx.roundtable.example", plus_addressing=True),
    organisers=OrganisersConfig(addresses=(Address("Org", "Org@roundtable.example"),)),
)
OPEN = replace(CONFIG, invitees=InviteesConfig(open=True))
ANSWER = Answer(
    PartStat.DELEGATED,
    1,
    ("Tom Bell",),
    Order(START, 1),
    "",
    START,
    delegate=Address("Tom Bell", "tom@elsewhere.example"),
)
ANA = Invitee(
    "anaaaaaa",
    ("ana@mission.example", "ana.ruiz@home.example"),
    f"roundtable-2016-09-20.anaaaaaa@{UID.partition('@')[2]}",
    name="Ms. Ana Ruiz",
    organisation="Permanent Mission of Maravelle",
    answer=ANSWER,
)
BEN = Invitee("bennnnnn", ("ben@ngo.example",), "uid.ben@roundtable.example", name="Ben Okoth")
EVA = Invitee("evaaaaaa", ("eva@ngo.example",), "uid.eva@roundtable.example", name="Eva Lind")


@dataclass(frozen=True)
class List:
    """A directory in memory: the four look-ups, as the store answers them."""

    people: tuple[Invitee, ...] = (ANA, BEN, EVA)

    def invitee(self, invitee_id: str) -> Invitee | None:
        return next((p for p in self.people if p.id == invitee_id), None)

    def invitee_by_address(self, email: str) -> Invitee | None:
        listed = next((p for p in self.people if email in p.addresses), None)
        delegates = (p for p in self.people if p.answer and p.answer.delegate and p.answer.delegate.email == email)
        return listed or next(delegates, None)

    def invitee_by_calendar_uid(self, uid: str) -> Invitee | None:
        return next((p for p in self.people if p.calendar_uid == uid), None)

    def invitees_by_domain(self, domain: str) -> tuple[Invitee, ...]:
        return tuple(p for p in self.people if any(a.endswith(f"@{domain}") for a in p.addresses))


def message(*fields: str, sender: str = "ana@mission.example") -> Message:
    head = (f"From: {sender}", *fields)
    if not any(field.startswith("To:") for field in fields):
        head = (*head, "To: rsvp@roundtable.example")
    return parse("\r\n".join((*head, "", "Yes")).encode())


def reply_to(invitee: Invitee) -> str:
    return f"In-Reply-To: {TOKENS.message_id(invitee.id, 'l1', 'roundtable.example')}"


def whose(
    mail: Message,
    config: Config = CONFIG,
    reading: Reading | None = None,
    people: List | None = None,
    now: datetime = START - timedelta(days=8),
) -> Standing:
    return identify(mail, reading or Reading(Kind.HUMAN), people or List(), TOKENS, config, now)


def calendar(uid: str = UID, attendee: str = "") -> Reading:
    return Reading(Kind.CALENDAR, PartStat.ACCEPTED, calendar_uid=uid, calendar_attendee=attendee)


# --------------------------------------------------------------------------- the token, wherever it comes back


TAG = TOKENS.subject_tag("anaaaaaa")


@pytest.mark.parametrize(
    "field",
    [
        reply_to(ANA),
        reply_to(ANA).replace("In-Reply-To", "References"),
        f"References: <x@y.example> {TOKENS.message_id('anaaaaaa', 'l2', 'roundtable.example')} <z@y.example>",
        f"To: rsvp+{TOKENS.token('anaaaaaa')}@roundtable.example",
        f"To: RSVP+{TOKENS.token('anaaaaaa').upper()}@ROUNDTABLE.example",
        f"Delivered-To: rsvp+{TOKENS.token('anaaaaaa')}@roundtable.example",
        f"Subject: Yes {TAG}",
        f"Subject: RE: AW: 回复: Yes {TAG.upper()}",
        f"Subject: Re: Yes {TAG} ",
    ],
)
@pytest.mark.parametrize(
    ("sender", "listed", "delegate"),
    [
        ("ana@mission.example", True, False),
        ("ana.ruiz@home.example", True, False),
        ("tom@elsewhere.example", False, True),
    ],
)
def test_token_names_the_invitee(field: str, sender: str, listed: bool, delegate: bool) -> None:
    expected = Standing("anaaaaaa", Trust.TOKEN, Dmarc.NONE, listed=listed, from_delegate=delegate)
    assert whose(message(field, sender=sender)) == expected


def test_own_calendar_uid_is_a_token() -> None:
    standing = whose(message(), reading=calendar(ANA.calendar_uid, "ana@mission.example"))
    assert (standing.invitee_id, standing.trust, standing.doubt) == ("anaaaaaa", Trust.TOKEN, "")


@pytest.mark.parametrize(
    "field",
    [
        f"Subject: {TAG} but not at the end",
        f"To: other+{TOKENS.token('anaaaaaa')}@roundtable.example",
        f"To: rsvp+{TOKENS.token('anaaaaaa')}@elsewhere.example",
        f"Subject: [anaaaaaa{'a' * 16}]",
        f"In-Reply-To: <rsvpbot.l1.anaaaaaa{'b' * 16}@roundtable.example>",
        f"Reply-To: rsvp+{TOKENS.token('anaaaaaa')}@roundtable.example",
    ],
)
def test_what_is_no_token(field: str) -> None:
    assert whose(message(field, sender="x@stranger.example")).trust is Trust.STRANGER


def test_token_of_one_who_is_on_no_list() -> None:
    field = f"In-Reply-To: {TOKENS.message_id('zzzzzzzz', 'l1', 'roundtable.example')}"
    assert whose(message(field, sender="x@stranger.example")).trust is Trust.STRANGER


def test_of_a_thread_the_latest_token_counts() -> None:
    ids = f"{TOKENS.message_id('bennnnnn', 'l1', 'x.example')} {TOKENS.message_id('anaaaaaa', 'l2', 'x.example')}"
    standing = whose(message(f"References: {ids}"))
    assert (standing.invitee_id, standing.doubt) == ("anaaaaaa", "")


def test_tokens_of_two_invitees_are_a_doubt() -> None:
    standing = whose(message(reply_to(ANA), f"Subject: x {TOKENS.subject_tag('bennnnnn')}"))
    assert standing.invitee_id == "anaaaaaa"
    assert "more than one" in standing.doubt


# --------------------------------------------------------------------------- the token in other hands


@pytest.mark.parametrize(
    "reading",
    [
        Reading(Kind.HUMAN, voice=Voice.INVITEE),
        Reading(Kind.HUMAN, voice=Voice.INVITEE, spoken_of=("Ruiz",)),
        Reading(Kind.HUMAN, voice=Voice.INVITEE, spoken_of=("Tom Bell", "Ana Ruiz")),
        Reading(Kind.HUMAN, voice=Voice.BOTH, spoken_of=("Ana Ruiz",)),
        Reading(Kind.HUMAN, voice=Voice.BOTH, names=("Ana Ruiz", "Pia Holm"), spoken_of=("Ana Ruiz",)),
        Reading(Kind.HUMAN, voice=Voice.SELF, represents=("Ana Ruiz",)),
        Reading(Kind.HUMAN, represents=("the Permanent Mission of Maravelle",)),
        Reading(Kind.HUMAN, voice=Voice.SELF, names=("RUIZ, Ana",)),
        calendar(UID, "ana@mission.example"),
    ],
)
def test_assistant_answers_for_the_invitee(reading: Reading) -> None:
    standing = whose(message(reply_to(ANA), sender="office@bureau.example"), reading=reading)
    assert standing == Standing("anaaaaaa", Trust.TOKEN, Dmarc.NONE, listed=False)


def test_invitee_writes_from_another_address() -> None:
    standing = whose(message(reply_to(ANA), sender="Ana Ruiz <ruiz88@freemail.example>"))
    assert (standing.invitee_id, standing.doubt) == ("anaaaaaa", "")


@pytest.mark.parametrize(
    "reading",
    [
        Reading(Kind.HUMAN, voice=Voice.SELF),
        Reading(Kind.HUMAN),
        Reading(Kind.HUMAN, names=("Ana",)),
        Reading(Kind.HUMAN, voice=Voice.SELF, names=("Pia Holm",)),
        Reading(Kind.HUMAN, voice=Voice.INVITEE, spoken_of=("Brown",)),
        Reading(Kind.HUMAN, voice=Voice.BOTH),
        Reading(Kind.HUMAN, voice=Voice.BOTH, spoken_of=("Brown",)),
        Reading(Kind.HUMAN, voice=Voice.BOTH, names=("Pia Holm", "Tom Bell"), spoken_of=("Tom Bell",)),
        Reading(Kind.HUMAN, voice=Voice.BOTH, names=("Pia Holm",), represents=("Ana Ruiz",), spoken_of=("Ana Ruiz",)),
        calendar(UID, "pia@stranger.example"),
    ],
)
def test_passed_on_invitation_is_proposed_as_a_delegation(reading: Reading) -> None:
    mail = message(reply_to(ANA), sender="Pia Holm <pia@stranger.example>")
    standing = whose(mail, reading=reading)
    assert (standing.invitee_id, standing.trust, standing.listed) == ("anaaaaaa", Trust.TOKEN, False)
    assert "delegation" in standing.doubt


def test_where_anybody_may_answer_the_holder_answers_for_themselves() -> None:
    mail = message(reply_to(ANA), sender="Pia Holm <pia@stranger.example>")
    assert whose(mail, OPEN, Reading(Kind.HUMAN, voice=Voice.SELF)) == Standing(
        None, Trust.STRANGER, Dmarc.NONE, listed=False
    )
    assert whose(mail, OPEN, Reading(Kind.HUMAN, voice=Voice.INVITEE)).invitee_id == "anaaaaaa"


def test_another_invitee_with_this_ones_token_is_a_doubt() -> None:
    standing = whose(message(reply_to(ANA), sender="ben@ngo.example"))
    assert "another invitee" in standing.doubt


def test_another_invitees_calendar_answers_for_its_owner() -> None:
    mail = message(sender="ben@ngo.example")
    standing = whose(mail, reading=calendar(ANA.calendar_uid, "ben@ngo.example"))
    assert standing == Standing("bennnnnn", Trust.ADDRESS, Dmarc.NONE, listed=True)


# --------------------------------------------------------------------------- without a token


def test_address_on_the_list() -> None:
    assert whose(message()) == Standing("anaaaaaa", Trust.ADDRESS, Dmarc.NONE, listed=True)
    assert whose(message(sender="ANA.RUIZ@Home.example")).listed


def test_recorded_delegate() -> None:
    standing = whose(message(sender="tom@elsewhere.example"))
    assert standing == Standing("anaaaaaa", Trust.ADDRESS, Dmarc.NONE, listed=False, from_delegate=True)


@pytest.mark.parametrize(
    "field", ["Reply-To: ana@mission.example", "Sender: ana@mission.example", "Return-Path: <ana@mission.example>"]
)
def test_other_fields_name_nobody(field: str) -> None:
    assert whose(message(field, sender="x@stranger.example")).trust is Trust.STRANGER


def test_address_in_the_display_name_names_nobody() -> None:
    assert whose(message(sender='"ana@mission.example" <x@stranger.example>')).trust is Trust.STRANGER


def test_domain_of_one_invitee_is_a_proposal() -> None:
    standing = whose(message(sender="office@mission.example"))
    assert (standing.invitee_id, standing.trust, standing.listed) == ("anaaaaaa", Trust.DOMAIN, False)
    assert standing.doubt


@pytest.mark.parametrize("sender", ["office@ngo.example", "x@stranger.example", "x@sub.mission.example"])
def test_domain_of_two_or_none(sender: str) -> None:
    assert whose(message(sender=sender)) == Standing(None, Trust.STRANGER, Dmarc.NONE, listed=False)


def test_where_anybody_may_answer_a_neighbour_is_a_newcomer() -> None:
    assert whose(message(sender="office@mission.example"), OPEN).trust is Trust.STRANGER


def test_several_from_addresses_are_a_doubt() -> None:
    for mail in (message("From: x@stranger.example"), message(sender="ana@mission.example, x@stranger.example")):
        assert "more than one From" in whose(mail).doubt


def test_no_from_address_is_a_doubt() -> None:
    assert whose(message(reply_to(ANA), sender="nobody")).doubt == "there is no From address"


def test_organiser() -> None:
    expected = Standing(None, Trust.STRANGER, Dmarc.NONE, listed=False, organiser=True)
    assert whose(message(sender="org@roundtable.example")) == expected
    assert whose(message(reply_to(ANA), sender="org@roundtable.example")) == expected
    assert not whose(message("From: org@roundtable.example")).organiser
    listed = List((replace(BEN, addresses=("org@roundtable.example",)),))
    assert whose(message(sender="org@roundtable.example"), people=listed) == Standing(
        "bennnnnn", Trust.ADDRESS, Dmarc.NONE, listed=True, organiser=True
    )


# --------------------------------------------------------------------------- calendars with the event's own UID


@pytest.mark.parametrize(
    ("sender", "attendee", "invitee", "trust", "doubt"),
    [
        ("ana@mission.example", "ana@mission.example", "anaaaaaa", Trust.ADDRESS, ""),
        ("ana@mission.example", "ana.ruiz@home.example", "anaaaaaa", Trust.ADDRESS, ""),
        ("ana@mission.example", "a.ruiz@mission.example", "anaaaaaa", Trust.ADDRESS, ""),
        ("ana@mission.example", "x@stranger.example", "anaaaaaa", Trust.ADDRESS, "not on the list"),
        ("ana@mission.example", "ben@ngo.example", "anaaaaaa", Trust.ADDRESS, "another invitee"),
        ("office@mission.example", "ana@mission.example", "anaaaaaa", Trust.ADDRESS, "not on the list"),
        ("x@stranger.example", "ana@mission.example", "anaaaaaa", Trust.ADDRESS, "not on the list"),
        ("office@mission.example", "x@stranger.example", "anaaaaaa", Trust.DOMAIN, "domain"),
        ("x@stranger.example", "x@stranger.example", None, Trust.STRANGER, ""),
    ],
)
def test_attendee_and_from(sender: str, attendee: str, invitee: str | None, trust: Trust, doubt: str) -> None:
    standing = whose(message(sender=sender), reading=calendar(UID, attendee))
    assert (standing.invitee_id, standing.trust) == (invitee, trust)
    assert doubt in standing.doubt
    assert bool(doubt) == bool(standing.doubt)


def test_calendar_names_another_than_the_token() -> None:
    standing = whose(message(), reading=calendar(ANA.calendar_uid, "ben@ngo.example"))
    assert "another invitee" in standing.doubt


# --------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ana Ruiz", "RUIZ, Ana", True),
        ("Dr. Ána María Ruiz", "Ana Ruiz", True),
        ("H.E. Ms. Ana Ruiz", "Ana Ruiz", True),
        ("Ana", "Ana", True),
        ("Ana", "Ana Ruiz", False),
        ("Ana Gil", "Ana Ruiz", False),
        ("", "", False),
        ("Ms.", "Mr.", False),
        ("Permanent Mission of Maravelle", "Permanent Mission of Orsinia", False),
        ("李 梅", "李 梅", True),
    ],
)
def test_same_name(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same
    assert same_name(other, one) is same


# --------------------------------------------------------------------------- Authentication-Results

ID = "mx.roundtable.example"
HERE = "Received: from out.mission.example by mx.roundtable.example; Mon, 12 Sep 2016 09:00:00 -0400"
FOREIGN = "Received: from laptop by out.mission.example; Mon, 12 Sep 2016 09:00:00 -0400"


def result(*fields: str, authserv_id: str = ID) -> Dmarc:
    return dmarc(message(*fields), authserv_id)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"{ID}; dmarc=pass", Dmarc.PASS),
        (f"{ID}; spf=pass smtp.mailfrom=x; dkim=none; dmarc=pass (p=none dis=none) header.from=mission.example", Dmarc.PASS),
        (f"{ID};\r\n\tdkim=pass\r\n\theader.d=mission.example;\r\n\tdmarc=fail\r\n (p=reject) header.from=mission.example", Dmarc.FAIL),
        (f"{ID} 1; DMARC = Pass header.from=Mission.Example", Dmarc.PASS),
        (f'"{ID}"; dmarc=pass', Dmarc.PASS),
        ("MX.Roundtable.Example; dmarc=pass", Dmarc.PASS),
        (f"(says) {ID} (really); dmarc (ours) = (is) pass (it; dmarc=fail)", Dmarc.PASS),
        (f"{ID}; dmarc/1=pass", Dmarc.PASS),
        (f"{ID}; dmarc=none", Dmarc.NONE),
        (f"{ID}; dmarc=temperror", Dmarc.NONE),
        (f"{ID}; dmarc=permerror", Dmarc.NONE),
        (f"{ID}; dmarc=bestguesspass", Dmarc.NONE),
        (f"{ID}; none", Dmarc.NONE),
        (f"{ID}", Dmarc.NONE),
        ("", Dmarc.NONE),
        ("mx.evil.example; dmarc=pass", Dmarc.NONE),
        (f"x.{ID}; dmarc=pass", Dmarc.NONE),
        (f"mx.evil.example ({ID}); dmarc=pass", Dmarc.NONE),
        (f"mx.evil.example; x={ID}; dmarc=pass", Dmarc.NONE),
        (f"{ID}; spf=pass reason=\"dmarc=pass\"", Dmarc.NONE),
        (f"{ID}; spf=pass reason=\"; dmarc=pass\"", Dmarc.NONE),
        (f"{ID}; spf=pass (; dmarc=pass)", Dmarc.NONE),
        (f"{ID}; x-dmarc=pass", Dmarc.NONE),
        (f"{ID}; dmarc=pass header.from=other.example", Dmarc.NONE),
        (f"{ID}; dmarc=pass; dmarc=fail", Dmarc.FAIL),
        # folded and commented wherever the grammar allows it (RFC 8601, section 2.2)
        (f"\r\n\t{ID}\r\n\t1\r\n\t;\r\n\tDMARC\r\n\t=\r\n\tFAIL\r\n\theader.from\r\n\t=\r\n\tmission.example", Dmarc.FAIL),
        (f"{ID} (v1; dmarc=fail) 1 ; dkim=pass (2048-bit (rsa); good) header.d=x ; dmarc=pass", Dmarc.PASS),
        (f"{ID}; (a (b) c) dmarc (d) / (e) 1 (f) = (g) fail (h)", Dmarc.FAIL),
        (f"{ID}; dmarc=pass (\\); dmarc=fail)", Dmarc.PASS),
        (f"{ID}/1; dmarc=pass", Dmarc.NONE),
        (f'"{ID}" 1; dmarc=pass', Dmarc.PASS),
        (f'"{ID}; dmarc=pass"; spf=none', Dmarc.NONE),
        (f'{ID}; dmarc=pass header.from="mission.example"', Dmarc.PASS),
        (f"{ID}; dmarc=pass header.from=ana@mission.example", Dmarc.PASS),
        (f"{ID}; dmarc=pass header.from=MISSION.EXAMPLE.", Dmarc.PASS),
        (f"{ID}; dmarc=pass header.from=sub.mission.example", Dmarc.NONE),
        (f"{ID}; dmarc=pass header.from=mission.example.evil.example", Dmarc.NONE),
        # several methods, in any order; the verdict is the first word of its result
        (f"{ID}; dmarc=fail header.from=mission.example; dkim=pass; spf=pass; arc=pass", Dmarc.FAIL),
        (f"{ID}; dkim=pass; dkim=fail; spf=softfail; dmarc=pass; compauth=pass reason=100", Dmarc.PASS),
        (f"{ID}; arc=pass (i=1 dmarc=pass fromdomain=mission.example); dmarc=none", Dmarc.NONE),
        (f"{ID}; iprev=pass dmarc=pass", Dmarc.NONE),
        # what the sender chose, in quotes, says nothing
        (f'{ID}; spf=pass reason="all is well dmarc=pass header.from=mission.example"', Dmarc.NONE),
        (f'{ID}; spf=pass smtp.mailfrom="x; dmarc=pass header.from=mission.example"@evil.example; dmarc=none', Dmarc.NONE),
        (f'{ID}; spf=pass smtp.mailfrom="\\"; dmarc=pass"@evil.example', Dmarc.NONE),
        (f"{ID}; spf=pass smtp.mailfrom==?utf-8?q?x=3B_dmarc=3Dpass_x=3D?=@evil.example", Dmarc.NONE),
        (f"=?utf-8?q?{ID}?=; dmarc=pass", Dmarc.NONE),
        # quoted in a comment, as some servers do, or not closed: a failure counts, nothing else
        (f'{ID}; spf=pass (x: domain of "a); dmarc=pass (b"@evil.example designates) smtp.mailfrom=x; dmarc=none', Dmarc.NONE),
        (f'{ID}; spf=pass (x: domain of "a("@evil.example designates it) smtp.mailfrom=x; dmarc=fail', Dmarc.FAIL),
        (f"{ID}; spf=pass (x: domain of a(@evil.example designates it); dmarc=fail header.from=mission.example", Dmarc.FAIL),
        (f"{ID}; spf=pass (x: domain of a(@evil.example designates it); dmarc=pass", Dmarc.NONE),
        (f'{ID}; spf=pass smtp.mailfrom="a@evil.example; dmarc = fail', Dmarc.FAIL),
        # a verdict behind hundreds of the sender's signatures
        (f"{ID}; " + "".join(f"dkim=fail header.d=d{n}.evil.example;\r\n " for n in range(500)) + "dmarc=fail", Dmarc.FAIL),
    ],
)  # fmt: skip
def test_one_field(value: str, expected: Dmarc) -> None:
    assert result(HERE, f"Authentication-Results: {value}") is expected


AR = "Authentication-Results:"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((f"{AR} {ID}; dmarc=pass", HERE), Dmarc.PASS),
        ((HERE, f"{AR} {ID}; spf=pass", f"{AR} {ID}; dmarc=pass"), Dmarc.PASS),
        ((HERE, f"{AR} {ID}; dmarc=fail", f"{AR} mx.evil.example; dmarc=pass"), Dmarc.FAIL),
        ((HERE, f"{AR} {ID}; dmarc=none", f"{AR} {ID}; dmarc=pass"), Dmarc.NONE),
        ((HERE, f"{AR} {ID}; dmarc=fail", f"{AR} {ID}; dmarc=pass"), Dmarc.FAIL),
        ((HERE, f"{AR} {ID}; dmarc=pass", FOREIGN), Dmarc.PASS),
        ((HERE, FOREIGN, f"{AR} {ID}; dmarc=pass"), Dmarc.NONE),
        ((HERE, FOREIGN, HERE, f"{AR} {ID}; dmarc=pass"), Dmarc.NONE),
        (("Received: by store.roundtable.example; x", HERE, f"{AR} {ID}; dmarc=pass", FOREIGN), Dmarc.PASS),
        (("Received: by 2002:a05:6512::1; x", HERE, f"{AR} {ID}; dmarc=pass", FOREIGN), Dmarc.PASS),
        (("Received: from x by localhost (Postfix); x", HERE, f"{AR} {ID}; dmarc=pass"), Dmarc.PASS),
        ((f"{AR} {ID}; dmarc=pass",), Dmarc.PASS),
        ((), Dmarc.NONE),
        # below the trust line, in our own name: the sender wrote it
        ((f"{AR} {ID}; dmarc=fail", HERE, FOREIGN, f"{AR} {ID}; dmarc=pass"), Dmarc.FAIL),
        ((f"{AR} {ID}; spf=pass", HERE, FOREIGN, f"{AR} {ID}; dmarc=pass"), Dmarc.NONE),
        ((f"{AR} {ID}; dmarc=pass", HERE, FOREIGN, f"{AR} {ID}; dmarc=fail"), Dmarc.PASS),
        ((HERE, FOREIGN, f"{AR} {ID}; dmarc=pass", HERE), Dmarc.NONE),
        ((HERE, FOREIGN.replace("by", "BY"), f"{AR} {ID}; dmarc=pass"), Dmarc.NONE),
        ((HERE, FOREIGN.replace("by ", "by\r\n\t"), f"{AR} {ID}; dmarc=pass"), Dmarc.NONE),
        ((HERE, FOREIGN.replace("laptop", "x (helo by mx.roundtable.example)"), f"{AR} {ID}; dmarc=pass"), Dmarc.NONE),
        ((HERE, FOREIGN.replace("laptop", f"=?utf-8?q?x_by_{ID}?="), f"{AR} {ID}; dmarc=pass"), Dmarc.NONE),
        # several, one a program: dkim, spf and dmarc apart, with another server's among them
        (
            (
                f"{AR} {ID}; dmarc=pass",
                f"{AR} {ID}; dkim=pass",
                f"{AR} x.example; dmarc=fail",
                f"{AR} {ID}; spf=fail",
                HERE,
            ),
            Dmarc.PASS,
        ),
        ((f"{AR} {ID}; dkim=fail", f"{AR.upper()} {ID.upper()} 1; DMARC=FAIL", HERE), Dmarc.FAIL),
        ((f"ARC-{AR} i=1; {ID}; dmarc=pass", HERE), Dmarc.NONE),
        ((f"X-{AR} {ID}; dmarc=pass", f"Original-{AR} {ID}; dmarc=pass", HERE), Dmarc.NONE),
    ],
)
def test_where_the_field_stands(fields: tuple[str, ...], expected: Dmarc) -> None:
    assert result(*fields) is expected


def test_authserv_id_need_not_be_a_host() -> None:
    assert result(HERE, f"{AR} unhq; dmarc=pass", FOREIGN, authserv_id="unhq") is Dmarc.PASS
    assert result(HERE, FOREIGN, f"{AR} unhq; dmarc=pass", authserv_id="unhq") is Dmarc.NONE


@pytest.mark.parametrize("registry", ["co.uk", "gov.br", "org.za", "gob.mx"])
def test_whoever_has_a_name_in_the_same_country_is_no_neighbour(registry: str) -> None:
    ours, theirs = f"mx.mission.{registry}", f"mx.evil.{registry}"
    here, foreign = f"Received: from x by {ours}; x", f"Received: from y by {theirs}; x"
    assert result(here, foreign, f"{AR} {ours}; dmarc=pass", authserv_id=ours) is Dmarc.NONE
    inside = f"Received: from z by store.mission.{registry}; x"
    assert result(inside, here, f"{AR} {ours}; dmarc=pass", foreign, authserv_id=ours) is Dmarc.PASS


def test_without_an_authserv_id_nothing_is_believed() -> None:
    for verdict in ("pass", "fail"):
        assert result(HERE, f"{AR} {ID}; dmarc={verdict}", authserv_id="") is Dmarc.NONE


@pytest.mark.parametrize(
    "value", [f"{ID}; " + "(" * 100_000, f"{ID}; " + "dmarc=" * 20_000, f"{ID}; " + '"' * 50_000, "=" * 90_000]
)
def test_no_field_takes_long(value: str) -> None:
    assert result(HERE, f"{AR} {value}") in set(Dmarc)


def test_standing_carries_what_our_server_said() -> None:
    assert whose(message(HERE, f"{AR} {ID}; dmarc=fail")).dmarc is Dmarc.FAIL
    assert whose(message(HERE, f"{AR} {ID}; dmarc=pass")).dmarc is Dmarc.PASS
