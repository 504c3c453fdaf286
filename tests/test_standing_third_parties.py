"""Nobody makes us write to a third party: what a mail may name, and who gets no letter for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from rsvpbot.model import TO_ORGANISERS, Address, Folder, LetterKind, PartStat
from tests.standing import ADA, BOB, OFFICE, Server
from tests.standing_house import VICTIM, Happened, Invited, answered_before, in_calendar, in_words, invite, mail, takes
from tests.steer_house import ANN, CAT, NOW, PASS, QUESTION, House, steered

ME = ("Ada Lovelace", ADA)
TOM = ("Tom Bell", VICTIM)
INSTEAD = f"I cannot come. Tom Bell <{VICTIM}> will attend in my place.\r\n\r\nAda Lovelace"
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with steered(tmp_path) as opened:
        yield opened


@pytest.fixture
def invited(house: House) -> Invited:
    return invite(house)


def written_to(*happened: Happened) -> set[str]:
    """Everybody to whom a letter was queued."""
    return {address for one in happened for letter in one.letters for address in letter.recipients}


def delegates(happened: Happened) -> Address | None:
    answer = happened.after[ADA].answer
    return answer.delegate if answer else None


def answering(invited: Invited) -> tuple[str, ...]:
    return ("Subject: Re: Invitation", f"In-Reply-To: {invited.ada_letter.message_id}")


NEW = ("Subject: The roundtable",)

# --------------------------------------------------------------------------- the delegate


@pytest.mark.parametrize(
    ("server", "token", "welcomed"),
    [
        (Server.FAIL, True, False),
        (Server.FAIL, False, False),
        (Server.NONE, False, False),
        (Server.FOREIGN, False, False),
        (Server.PASS, False, True),
        (Server.NONE, True, True),
    ],
)
def test_a_delegate_is_welcomed_only_where_token_or_pass_prove_who_names_them(
    house: House, invited: Invited, server: Server, token: bool, welcomed: bool
) -> None:
    found = takes(house, mail(ME, server, in_words(INSTEAD), *(answering(invited) if token else NEW)), 1)
    assert (VICTIM in written_to(found)) is welcomed
    assert found.reply.recorded is (server is not Server.FAIL)
    if server is Server.FAIL:
        assert written_to(found) <= {ANN, CAT}


@pytest.mark.parametrize(
    "words", ["I will attend.", "I cannot attend.", "Which floor is it?", "May I film the opening?"]
)
@pytest.mark.parametrize(
    ("server", "token", "answered"),
    [
        (Server.FAIL, True, False),
        (Server.NONE, False, False),
        (Server.FOREIGN, False, False),
        (Server.PASS, False, True),
        (Server.NONE, True, True),
    ],
)
def test_whom_anybody_could_have_named_is_written_to_only_where_they_prove_themselves(
    house: House, invited: Invited, server: Server, token: bool, answered: bool, words: str
) -> None:
    """The first mail names a third party, the second is written in that one's name: together they prove nothing."""
    takes(house, mail(ME, Server.NONE, in_words(INSTEAD), *NEW), 1)
    fields = answering(invited) if token else NEW
    found = takes(house, mail(TOM, server, in_words(f"{words}\r\n\r\nTom Bell"), *fields, sent=LATER), 2)
    assert found.reply.invitee_id == invited.ada.id
    assert (VICTIM in written_to(found)) is answered


def test_a_delegate_whom_we_have_welcomed_is_answered(house: House, invited: Invited) -> None:
    takes(house, mail(ME, Server.NONE, in_words(INSTEAD), *answering(invited)), 1)
    found = takes(house, mail(TOM, Server.NONE, in_words("I will attend.\r\n\r\nTom Bell"), *NEW, sent=LATER), 2)
    assert written_to(found) == {VICTIM}


def test_a_delegates_address_is_not_changed_unasked(house: House, invited: Invited) -> None:
    real = INSTEAD.replace(VICTIM, "tom@bell.example")
    takes(house, mail(ME, Server.PASS, in_words(real), *answering(invited)), 1)
    found = takes(house, mail(ME, Server.NONE, in_words(INSTEAD), *NEW, sent=LATER), 2)
    assert delegates(found) == Address("Tom Bell", "tom@bell.example")
    assert [(letter.kind, letter.recipients) for letter in found.to_others] == [(LetterKind.CONFIRM_CHANGE, (ADA,))]


def test_a_delegate_named_again_without_an_address_keeps_the_one_that_is_known(house: House, invited: Invited) -> None:
    takes(house, mail(ME, Server.PASS, in_words(INSTEAD), *answering(invited)), 1)
    again = "I cannot come. Tom Bell will attend in my place.\r\n\r\nAda Lovelace"
    found = takes(house, mail(ME, Server.NONE, in_words(again), *NEW, sent=LATER), 2)
    assert (found.done.folder, delegates(found)) == (Folder.RECORDED, Address("Tom Bell", VICTIM))
    assert VICTIM not in written_to(found)


def test_an_address_that_anybody_named_is_not_proven_by_a_later_mail_that_does_not(
    house: House, invited: Invited
) -> None:
    takes(house, mail(ME, Server.NONE, in_words(INSTEAD), *NEW), 1)
    again = "I cannot come. Tom Bell will attend in my place.\r\n\r\nAda Lovelace"
    found = takes(house, mail(ME, Server.PASS, in_words(again), *answering(invited), sent=LATER), 2)
    assert found.reply.recorded and VICTIM not in written_to(found)


# --------------------------------------------------------------------------- the invitation in other hands

ZOE = ("Zoe Zimm", "zoe@zimm.example")


@pytest.mark.parametrize(
    "words",
    [
        "My colleague Tom Reed and I will attend.",
        "Dr. Brown will not attend, but I will.",
        "Dr. Brown will not attend.",
        "Dr. Brown will attend.",
        "My assistant will attend. I cannot.",
        "My wife will attend with me.",
        "Ada Lovelace cannot attend; I will represent her.",
        "I will attend in place of Ada Lovelace.",
        "Jane Roe and I cannot come.",
    ],
)
def test_whoever_was_given_the_invitation_does_not_take_the_seat(house: House, invited: Invited, words: str) -> None:
    found = takes(house, mail(ZOE, Server.NONE, in_words(words), *answering(invited)), 1)
    assert (found.done.folder, found.changed, found.to_others) == (Folder.REVIEW, [], ())
    assert any("proposed as a delegation" in reason for reason in found.reply.reasons)


@pytest.mark.parametrize(
    "words",
    [
        "Ms. Lovelace will attend.",
        "Ada Lovelace regrets that she cannot attend.",
        "Ada Lovelace will attend, accompanied by me.",
        "The Ambassador will attend.",
        "Our director will not attend.",
        "Ada Lovelace will be represented by Tom Reed.",
        "The Ambassador cannot attend; Tom Reed will come in her place.",
        "On behalf of Ada Lovelace, I confirm her attendance.",
    ],
)
def test_whoever_answers_for_the_invitee_is_heard(house: House, invited: Invited, words: str) -> None:
    found = takes(house, mail(ZOE, Server.NONE, in_words(words), *answering(invited)), 1)
    assert (found.done.folder, found.changed) == (Folder.RECORDED, [ADA])


PASSED_ON = f'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:{VICTIM}":mailto:{ADA}'
"""The line of whoever passed the seat on, as it stands in the delegate's answer too (RFC 5546, section 3.2.2.3)."""


@pytest.mark.parametrize("partstat", ["ACCEPTED", "DECLINED"])
def test_a_delegates_calendar_does_not_delegate(house: House, invited: Invited, partstat: str) -> None:
    attendee = f'DELEGATED-FROM="mailto:{ADA}":mailto:{VICTIM}'
    answers = in_calendar(invited.ada.calendar_uid, attendee, partstat, PASSED_ON)
    alone = takes(house, mail(TOM, Server.NONE, answers), 1)
    assert (alone.done.folder, alone.changed, alone.to_others) == (Folder.REVIEW, [], ())
    takes(house, mail(ME, Server.NONE, in_words(INSTEAD), *answering(invited)), 2)
    found = takes(house, mail(TOM, Server.NONE, answers, sent=LATER), 3)
    assert found.reply.recorded is (partstat == "ACCEPTED")
    assert delegates(found) == Address("Tom Bell", VICTIM)


# --------------------------------------------------------------------------- From, and what only looks like it


@pytest.mark.parametrize(
    "field",
    [
        f"From: Ada Lovelace <{ADA}>, {VICTIM}",
        f"From: {VICTIM}, Ada Lovelace <{ADA}>",
        f"From: Ada Lovelace <{ADA}>\r\nFrom: {VICTIM}",
        f"From: Ada and Tom: {ADA}, {VICTIM};",
        f'From: "{ADA}" <{VICTIM}>',
        f"From: {ADA} <{VICTIM}>",
        f"From: <{ADA}> <{VICTIM}>",
        f"From: =?utf-8?q?Ada_=3C{ADA}=3E?= <{VICTIM}>",
        f"From: Ada Lovelace <{ADA}> <{VICTIM}>",
        f"From: Ada Lovelace ({ADA}) <{VICTIM}>",
    ],
)
@pytest.mark.parametrize("server", [Server.NONE, Server.FAIL])
def test_a_from_field_with_more_than_one_address_brings_no_letter(
    house: House, invited: Invited, field: str, server: Server
) -> None:
    body = mail(ME, server, in_words("I will attend."), *NEW).replace(
        f"From: Ada Lovelace <{ADA}>".encode(), field.encode()
    )
    found = takes(house, body, 1)
    assert found.done.folder is Folder.REVIEW and found.to_others == () and found.changed == []


@pytest.mark.parametrize("name", [f'"{VICTIM}"', f'"Ada <{VICTIM}>"', f"=?utf-8?q?{VICTIM}?=", f"({VICTIM})"])
def test_an_address_in_the_display_name_gets_no_letter(house: House, invited: Invited, name: str) -> None:
    found = takes(house, mail((name, ADA), Server.NONE, in_words("I will attend."), *NEW), 1)
    assert found.changed == [ADA] and written_to(found) == {ADA}


@pytest.mark.parametrize(
    "field",
    [
        "Resent-From",
        "Resent-Sender",
        "Errors-To",
        "Return-Receipt-To",
        "Disposition-Notification-To",
        "X-Original-Sender",
        "Mail-Reply-To",
        "Mail-Followup-To",
        "Bcc",
        "To",
    ],
)
def test_no_other_field_gets_a_letter(house: House, invited: Invited, field: str) -> None:
    found = takes(house, mail(ME, Server.NONE, in_words("I will attend."), *NEW, f"{field}: {VICTIM}"), 1)
    assert VICTIM not in written_to(found)


# --------------------------------------------------------------------------- calendars


@pytest.mark.parametrize("server", [Server.NONE, Server.FOREIGN, Server.FAIL])
@pytest.mark.parametrize(
    ("attendee", "partstat", "more"),
    [
        (f"CN=Tom:mailto:{VICTIM}", "ACCEPTED", ()),
        (f'SENT-BY="mailto:{VICTIM}":mailto:{ADA}', "ACCEPTED", ()),
        (f'EMAIL="{VICTIM}":mailto:{ADA}', "ACCEPTED", ()),
        (
            f'DELEGATED-TO="mailto:{VICTIM}":mailto:{ADA}',
            "DELEGATED",
            (f'ATTENDEE;PARTSTAT=NEEDS-ACTION;DELEGATED-FROM="mailto:{ADA}";CN="Tom Bell":mailto:{VICTIM}',),
        ),
        (f'DELEGATED-FROM="mailto:{ADA}":mailto:{VICTIM}', "ACCEPTED", ()),
        (f"CN=Bob:mailto:{BOB}", "ACCEPTED", ()),
    ],
)
def test_a_calendar_reply_makes_us_write_to_nobody_else(
    house: House, invited: Invited, server: Server, attendee: str, partstat: str, more: tuple[str, ...]
) -> None:
    body = in_calendar(house.config.event.uid, attendee, partstat, *more)
    found = takes(house, mail(ME, server, body, "Subject: Accepted: Roundtable"), 1)
    assert {address for letter in found.to_others for address in letter.recipients} <= {ADA}
    assert server is not Server.FAIL or found.to_others == ()
    assert set(found.changed) <= {ADA}


# --------------------------------------------------------------------------- in an organiser's name


COMMANDS = [
    "reply\r\nPlease pay the fee at http://evil.example.",
    f"add Tom Bell <{VICTIM}>",
    f"delegate Tom Bell <{VICTIM}>",
    "admit",
    "accept",
    f"Bob Babbage delegate Tom Bell <{VICTIM}>",
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("stranger", [True, False])
@pytest.mark.parametrize(
    ("server", "token"),
    [(Server.FAIL, True), (Server.FAIL, False), (Server.NONE, False), (Server.FOREIGN, True), (Server.NONE, True)],
)
def test_a_forged_command_reaches_nobody_but_the_organisers(
    house: House, invited: Invited, command: str, stranger: bool, server: Server, token: bool
) -> None:
    """With our token and without a pass the organiser is asked at their own address, and that is all."""
    house.comes(QUESTION, f"Tom Bell <{VICTIM}>" if stranger else f"Ada Lovelace <{ADA}>")
    question = house.question()
    thread = (f"In-Reply-To: {question.message_id}",) if token else ()
    had = {letter.id for letter in house.store.letters()}
    before = house.store.invitees()
    house.intake.handle(mail(("Ann", ANN), server, in_words(command), "Subject: Re: x", *thread, sent=LATER), 1, 900)
    queued = [letter for letter in house.store.letters() if letter.id not in had]
    asked = {LetterKind.REVIEW} if server is Server.FAIL or not token else TO_ORGANISERS
    assert {letter.kind for letter in queued} <= asked
    assert {address for letter in queued for address in letter.recipients} <= {ANN, CAT}
    assert house.store.invitees() == before and house.store.rulings() == ()


@pytest.mark.parametrize("sender", [f"{ANN}, {VICTIM}", f'"{ANN}" <{VICTIM}>', f"{ANN} <{VICTIM}>"])
def test_who_only_looks_like_an_organiser_is_none(house: House, invited: Invited, sender: str) -> None:
    house.comes(QUESTION, f"Ada Lovelace <{ADA}>")
    had = len(house.store.letters())
    house.answers("reply\nPlease pay the fee.", house.question(), sender, auth=PASS)
    assert {a for letter in house.store.letters()[had:] for a in letter.recipients} <= {ANN, CAT}
    assert house.store.rulings() == ()


def test_organisers_letters_go_to_their_own_address_whatever_reply_to_says(house: House, invited: Invited) -> None:
    house.comes(QUESTION, f"Ada Lovelace <{ADA}>")
    had = len(house.store.letters())
    house.answers("ignore", house.question(), Reply_To=VICTIM, Cc=VICTIM)
    assert [letter.recipients for letter in house.store.letters()[had:]] == [(ANN,)]


def test_the_same_person_may_be_named_where_it_is_proven(house: House, invited: Invited) -> None:
    """The other side of all this: with a pass, an organiser's word goes where it is sent."""
    house.comes(QUESTION, f"Ada Lovelace <{ADA}>")
    house.answers(f"delegate Tom Bell <{VICTIM}>", house.question())
    ada = house.store.invitee(invited.ada.id)
    assert ada is not None and ada.partstat is PartStat.DELEGATED
    assert house.letters(LetterKind.WELCOME)[-1].recipients == (VICTIM,)


def test_nothing_is_sent_to_a_further_address_of_an_invitee_who_did_not_write(house: House, invited: Invited) -> None:
    answered_before(house, invited)
    found = takes(
        house, mail(("Carl Clerk", OFFICE), Server.NONE, in_words("Ada Lovelace can no longer attend."), *NEW), 9
    )
    assert written_to(found) == {ADA}
