"""Every row of the table of outcomes, and what bounds them: lateness, seats, standing, order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rsvpbot.config import Config, MailboxConfig, OrganisersConfig, RepliesConfig
from rsvpbot.decide import Decision, answerable, decide, is_late, newer, sending_order
from rsvpbot.model import (
    Address,
    Answer,
    Asks,
    Dmarc,
    Doubt,
    Event,
    Folder,
    Invitee,
    Kind,
    LetterKind,
    Message,
    Order,
    PartStat,
    Reading,
    Sequence,
    Standing,
    Trust,
    Verdict,
    Voice,
)

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2016, 9, 12, 9, 0, tzinfo=NEW_YORK)
EVENT = Event(
    uid="roundtable-2016-09-20@roundtable.example",
    title="Roundtable",
    starts=datetime(2016, 9, 20, 12, 30, tzinfo=NEW_YORK),
    ends=datetime(2016, 9, 20, 15, 30, tzinfo=NEW_YORK),
    timezone="America/New_York",
    rsvp_by=date(2016, 9, 16),
    capacity=120,
)
CONFIG = Config(path=Path("config.toml"), event=EVENT, mailbox=MailboxConfig(address="rsvp@roundtable.example"))
ADA = Invitee(
    id="aaaaaaaa", addresses=("ada@lovelace.example", "ada@home.example"), calendar_uid="u", name="Ada Lovelace"
)
FROM_LIST = Standing(ADA.id, Trust.ADDRESS, Dmarc.NONE, listed=True)
WITH_TOKEN = Standing(ADA.id, Trust.TOKEN, Dmarc.NONE, listed=False)
PERSON = Verdict(Kind.HUMAN, "person", "nothing says otherwise")
MESSAGE = Message(
    digest="d" * 64,
    size=100,
    message_id="<m@lovelace.example>",
    subject="Re: Invitation",
    senders=(Address("Ada Lovelace", "ada@lovelace.example"),),
    recipients=(),
    date=NOW - timedelta(hours=1),
    received=NOW - timedelta(hours=1),
)
YES = Reading(Kind.HUMAN, PartStat.ACCEPTED, party=1, names=("Ada Lovelace",), language="en")
NO = Reading(Kind.HUMAN, PartStat.DECLINED, party=0, language="en")
MAYBE = Reading(Kind.HUMAN, PartStat.TENTATIVE, language="en")
DEPUTY = Address("Charles Babbage", "charles@engine.example")
INSTEAD = Reading(Kind.HUMAN, PartStat.DELEGATED, party=1, names=(DEPUTY.name,), delegate=DEPUTY, language="en")
NOTHING = Reading(Kind.HUMAN, language="en")


def order_at(moment: datetime, arrival: int = 1) -> Order:
    return Order(moment, arrival)


def answer_of(reading: Reading, at: datetime = NOW - timedelta(days=1)) -> Answer:
    assert reading.partstat
    return Answer(
        reading.partstat,
        reading.party,
        reading.names,
        order_at(at),
        "old",
        at,
        delegate=reading.delegate,
        language="en",
    )


def decided(reading: Reading, **changes: Any) -> Decision:
    arguments: dict[str, Any] = {
        "verdict": PERSON,
        "standing": FROM_LIST,
        "invitee": ADA,
        "config": CONFIG,
        "now": NOW,
        "message": MESSAGE,
        "order": order_at(NOW - timedelta(hours=1)),
        "expected": 0,
    } | changes
    return decide(reading, **arguments)


def kinds(decision: Decision) -> list[LetterKind]:
    return [letter.kind for letter in decision.letters]


ASKS: dict[str, Any] = {"asks": Asks.OTHER, "reasons": ("asks who pays the flight",)}


@pytest.mark.parametrize(
    ("reading", "folder", "letter", "recorded"),
    [
        (YES, Folder.RECORDED, LetterKind.ACCEPTED, True),
        (NO, Folder.RECORDED, LetterKind.DECLINED, True),
        (MAYBE, Folder.RECORDED, LetterKind.TENTATIVE, True),
        (replace(YES, firm=True, **ASKS), Folder.REVIEW, LetterKind.ACCEPTED, True),
        (replace(YES, reasons=("a sentence was not understood",)), Folder.REVIEW, LetterKind.PASSED_ON, False),
        (replace(NOTHING, **ASKS), Folder.REVIEW, LetterKind.PASSED_ON, False),
        (replace(NOTHING, reasons=("contradicts itself",)), Folder.REVIEW, LetterKind.UNCLEAR, False),
        (replace(NOTHING, asks=Asks.LOGISTICS), Folder.RECORDED, LetterKind.INFORMATION, False),
        (NOTHING, Folder.RECORDED, None, False),
        (replace(YES, party=6), Folder.REVIEW, LetterKind.PASSED_ON, False),
    ],
)
def test_each_row_of_the_table(reading: Reading, folder: Folder, letter: LetterKind | None, recorded: bool) -> None:
    decision = decided(reading)
    assert decision.folder is folder
    assert kinds(decision) == ([letter] if letter else [])
    assert (decision.answer is not None) is recorded
    assert bool(decision.reasons) is (folder is Folder.REVIEW)


def test_a_question_beside_an_answer_is_said_to_be_passed_on() -> None:
    (letter,) = decided(replace(YES, firm=True, **ASKS)).letters
    assert letter.passed_on
    assert not decided(YES).letters[0].passed_on


@pytest.mark.parametrize("kind", [Kind.AUTO, Kind.BULK, Kind.OWN, Kind.BOUNCE])
def test_machines_are_ignored_and_never_answered(kind: Kind) -> None:
    verdict = Verdict(kind, "rule", "a reason", failed_address="ada@home.example", permanent=True)
    decision = decided(replace(YES, kind=kind), verdict=verdict)
    assert (decision.folder, decision.letters, decision.answer) == (Folder.IGNORED, (), None)
    assert decision.bounced == ("a reason" if kind in (Kind.BOUNCE, Kind.AUTO) else "")


def test_that_mail_is_in_vain_is_not_believed_of_a_forged_reply() -> None:
    verdict = Verdict(Kind.AUTO, "rule", "she has left", failed_address="ada@home.example", permanent=True)
    assert decided(NOTHING, verdict=verdict).bounced == "she has left"
    assert decided(NOTHING, verdict=verdict, standing=replace(FROM_LIST, dmarc=Dmarc.FAIL)).bounced == ""


def test_an_automatic_reply_that_says_no_such_thing_is_not_noted() -> None:
    assert decided(NOTHING, verdict=Verdict(Kind.AUTO, "rule", "out of office")).bounced == ""


@pytest.mark.parametrize("reading", [YES, NOTHING, replace(NOTHING, **ASKS)])
def test_what_may_be_a_machines_is_shown_and_not_answered(reading: Reading) -> None:
    verdict = Verdict(Kind.HUMAN, "person", "may be an automatic reply", doubt=Doubt.STRONG)
    decision = decided(reading, verdict=verdict)
    assert (decision.folder, decision.letters, decision.answer) == (Folder.REVIEW, (), None)
    assert decision.reasons[0] == "may be an automatic reply"


@pytest.mark.parametrize(
    ("reading", "believed"),
    [
        (YES, True),
        (NO, True),
        (replace(YES, firm=True, **ASKS), True),
        (replace(NOTHING, asks=Asks.LOGISTICS), True),
        (NOTHING, False),
        (MAYBE, False),
        (replace(YES, reasons=("a sentence was not understood",)), False),
        (replace(NOTHING, reasons=("not understood",)), False),
        (replace(NOTHING, **ASKS), False),
    ],
)
def test_where_the_doubt_is_slight_only_what_is_plain_is_a_persons(reading: Reading, believed: bool) -> None:
    verdict = Verdict(Kind.HUMAN, "person", "may be an automatic reply", doubt=Doubt.SLIGHT)
    decision = decided(reading, verdict=verdict)
    assert (decision.outcome != "in doubt") is believed
    assert believed or (decision.folder, decision.letters, decision.answer) == (Folder.REVIEW, (), None)


def test_a_bounce_of_the_delegates_address_says_so() -> None:
    verdict = Verdict(Kind.BOUNCE, "dsn", "no such user", failed_address=DEPUTY.email, permanent=True)
    bounced = decided(NOTHING, verdict=verdict, invitee=replace(ADA, answer=answer_of(INSTEAD))).bounced
    assert "delegate" in bounced and "no such user" in bounced


def test_a_delay_notice_is_no_bounce() -> None:
    verdict = Verdict(Kind.BOUNCE, "dsn", "delayed", permanent=False)
    assert decided(NOTHING, verdict=verdict).bounced == ""


@pytest.mark.parametrize(
    "standing",
    [
        replace(FROM_LIST, dmarc=Dmarc.FAIL),
        replace(WITH_TOKEN, dmarc=Dmarc.FAIL),
        replace(FROM_LIST, doubt="same domain as one invitee"),
        Standing(None, Trust.STRANGER, Dmarc.PASS, listed=False),
        Standing(None, Trust.STRANGER, Dmarc.PASS, listed=False, organiser=True),
    ],
)
def test_whoever_is_in_doubt_gets_no_letter_and_no_record(standing: Standing) -> None:
    decision = decided(YES, standing=standing, invitee=ADA if standing.invitee_id else None)
    assert (decision.folder, decision.letters, decision.answer) == (Folder.REVIEW, (), None)
    assert decision.reasons


@pytest.mark.parametrize(
    ("standing", "asks_first"),
    [
        (FROM_LIST, True),
        (replace(FROM_LIST, dmarc=Dmarc.PASS), False),
        (WITH_TOKEN, False),
    ],
)
def test_a_change_without_proof_asks_at_the_address_on_the_list(standing: Standing, asks_first: bool) -> None:
    message = replace(MESSAGE, senders=(Address("", "ada@home.example"),))
    decision = decided(NO, standing=standing, invitee=replace(ADA, answer=answer_of(YES)), message=message)
    if asks_first:
        (letter,) = decision.letters
        assert (letter.kind, letter.recipients) == (LetterKind.CONFIRM_CHANGE, ("ada@lovelace.example",))
        assert decision.answer is None
        assert decision.pending is not None and decision.pending.partstat is PartStat.DECLINED
        assert decision.folder is Folder.REVIEW
    else:
        assert decision.answer is not None and decision.answer.partstat is PartStat.DECLINED
        assert decision.pending is None


def test_the_same_answer_again_is_no_change() -> None:
    decision = decided(YES, invitee=replace(ADA, answer=answer_of(YES)))
    assert (decision.folder, decision.pending) == (Folder.RECORDED, None)


def test_an_older_mail_never_overwrites_a_newer_answer() -> None:
    recorded = replace(ADA, answer=answer_of(YES, NOW))
    decision = decided(NO, standing=WITH_TOKEN, invitee=recorded)
    assert (decision.folder, decision.answer, decision.letters) == (Folder.REVIEW, None, ())
    assert "before the recorded answer" in decision.reasons[0]
    same = decided(YES, standing=WITH_TOKEN, invitee=recorded)
    assert (same.folder, same.answer, same.letters) == (Folder.RECORDED, None, ())


def test_what_answers_our_later_letter_is_newer_whatever_its_clock_says() -> None:
    recorded = replace(ADA, answer=answer_of(YES, NOW))
    decision = decided(NO, standing=WITH_TOKEN, invitee=recorded, follows=True)
    assert decision.answer is not None and decision.answer.partstat is PartStat.DECLINED


BARE = replace(YES, bare=True)
COUPLE = replace(YES, party=2, names=("Ada Lovelace", "William King"))


def test_a_bare_yes_keeps_the_guests() -> None:
    answer = decided(BARE, standing=WITH_TOKEN, invitee=replace(ADA, answer=answer_of(COUPLE))).answer
    assert answer is not None and (answer.party, answer.names) == (2, COUPLE.names)


def test_a_yes_for_one_after_a_yes_for_two_is_asked_about() -> None:
    decision = decided(YES, standing=WITH_TOKEN, invitee=replace(ADA, answer=answer_of(COUPLE)))
    assert (decision.folder, decision.answer, kinds(decision)) == (Folder.REVIEW, None, [LetterKind.PASSED_ON])


PAIR = replace(YES, party=2, names=("Ada Lovelace", "Jane Roe"))
WITH_TOM = replace(YES, party=2, names=("Ada Lovelace", "Tom Reed"))


@pytest.mark.parametrize(
    ("reading", "names"),
    [
        (WITH_TOM, None),  # "I will also bring Tom Reed."
        (replace(YES, names=("Tom Reed",)), None),  # "Tom Reed will attend too."
        (replace(YES, party=3, names=("Ada Lovelace", "Tom Reed", "Ann Guest")), None),
        (replace(PAIR, party=3, names=(*PAIR.names, "Tom Reed")), (*PAIR.names, "Tom Reed")),
        (replace(PAIR, names=("Ada Lovelace", "Jane")), PAIR.names),
        (replace(YES, party=2), PAIR.names),  # "We are two."
        (replace(YES, party=2, names=()), PAIR.names),
        (replace(WITH_TOM, represents=("Jane Roe",)), WITH_TOM.names),  # "… instead of Jane Roe"
        (replace(WITH_TOM, spoken_of=("Jane",)), WITH_TOM.names),  # "… Jane cannot come"
        (replace(YES, spoken_of=("Jane Roe",), voice=Voice.BOTH), YES.names),  # "I will come, but Jane Roe will not."
    ],
)
def test_who_is_recorded_does_not_drop_out_in_silence(reading: Reading, names: tuple[str, ...] | None) -> None:
    decision = decided(reading, standing=WITH_TOKEN, invitee=replace(ADA, answer=answer_of(PAIR)))
    if names is None:
        assert (decision.folder, decision.answer, kinds(decision)) == (Folder.REVIEW, None, [LetterKind.PASSED_ON])
        assert "do" in decision.reasons[0] and "still come" in decision.reasons[0]
    else:
        assert decision.folder is Folder.RECORDED
        assert decision.answer is not None and set(decision.answer.names) in (set(names), set(reading.names))


@pytest.mark.parametrize(
    ("sender", "names", "voice", "same"),
    [
        ("Countess King", ("Countess King",), Voice.SELF, True),
        ("", ("艾达",), Voice.SELF, True),  # the signature's
        ("Countess King", ("Countess King",), Voice.UNKNOWN, True),
        ("Ada Lovelace", ("Tom Reed",), Voice.INVITEE, False),  # "Tom Reed will attend."
    ],
)
def test_the_writer_may_go_by_another_name(sender: str, names: tuple[str, ...], voice: Voice, same: bool) -> None:
    message = replace(MESSAGE, senders=(Address(sender, "ada@lovelace.example"),))
    again = replace(YES, names=names, voice=voice)
    recorded = replace(ADA, answer=answer_of(YES))
    answer = decided(again, standing=WITH_TOKEN, invitee=recorded, message=message).answer
    assert (answer is not None) is same
    pair = replace(ADA, answer=answer_of(PAIR))
    assert decided(again, standing=WITH_TOKEN, invitee=pair, message=message).answer is None


@pytest.mark.parametrize(
    ("spoken_of", "voice", "whole"),
    [
        (("Jane Roe",), Voice.INVITEE, False),
        (("Jane",), Voice.INVITEE, False),
        (("Jane Roe", "Tom Reed"), Voice.INVITEE, False),
        (("Ada Lovelace",), Voice.INVITEE, True),  # an assistant: "Ms. Lovelace cannot come."
        (("Ada Lovelace", "Jane Roe"), Voice.INVITEE, True),
        (("Jane Roe",), Voice.BOTH, True),  # "Jane Roe and I cannot come."
        ((), Voice.INVITEE, True),
        ((), Voice.SELF, True),
    ],
)
def test_a_guest_who_stays_away_takes_nobody_elses_seat(spoken_of: tuple[str, ...], voice: Voice, whole: bool) -> None:
    reading = replace(NO, spoken_of=spoken_of, voice=voice)
    decision = decided(reading, standing=WITH_TOKEN, invitee=replace(ADA, answer=answer_of(PAIR)))
    assert (decision.answer is not None) is whole
    assert decision.folder is (Folder.RECORDED if whole else Folder.REVIEW)
    nameless = replace(ADA, name="", answer=answer_of(replace(PAIR, party=1, names=("Jane Roe",))))
    assert decided(reading, standing=WITH_TOKEN, invitee=nameless).answer is not None


@pytest.mark.parametrize(
    ("represents", "name", "delegates"),
    [
        ((), "Ada Lovelace", True),
        (("Lovelace",), "Ada Lovelace", True),
        (("Ada Lovelace",), "Lovelace, Ada (Dr.)", True),
        (("Jane Roe",), "Ada Lovelace", False),
        (("Jane Roe",), "", False),
        (("Ana Ruiz",), "Ada Lovelace", False),
        (("Ana Ruiz",), "", True),
        (("Ana Ruiz",), "Permanent Mission of Maravelle", True),
        (("آدا لوفليس",), "Ada Lovelace", True),  # nobody here can tell
    ],
)
def test_a_seat_is_passed_on_only_in_the_place_of_the_invitee(
    represents: tuple[str, ...], name: str, delegates: bool
) -> None:
    """ "Tom Reed will come instead of Jane Roe.", who is a guest: the invitee still comes."""
    invited = replace(ADA, name=name, answer=answer_of(PAIR))
    decision = decided(replace(INSTEAD, represents=represents), standing=WITH_TOKEN, invitee=invited)
    assert (decision.answer is not None) is delegates
    assert decision.folder is (Folder.RECORDED if delegates else Folder.REVIEW)


def test_a_bare_yes_does_not_take_the_seat_back_from_a_delegate() -> None:
    delegated = replace(ADA, answer=answer_of(INSTEAD))
    assert decided(BARE, standing=WITH_TOKEN, invitee=delegated).answer is None
    in_person = decided(YES, standing=WITH_TOKEN, invitee=delegated).answer
    assert in_person is not None and in_person.partstat is PartStat.ACCEPTED


@pytest.mark.parametrize("reading", [BARE, replace(NO, bare=True), NOTHING, replace(YES, firm=True, **ASKS)])
def test_a_bare_word_to_our_question_about_a_change_is_not_plain(reading: Reading) -> None:
    asked = replace(ADA, answer=answer_of(YES), pending=answer_of(NO))
    decision = decided(reading, standing=WITH_TOKEN, invitee=asked)
    assert (decision.folder, decision.answer, kinds(decision)) == (Folder.REVIEW, None, [LetterKind.PASSED_ON])


BARE_NO = replace(NO, bare=True)
STATES = (LetterKind.ACCEPTED, LetterKind.DECLINED, LetterKind.PASSED_ON, LetterKind.FROM_ORGANISERS, LetterKind.PAPER)
"""Letters that ask nobody whether they come."""


@pytest.mark.parametrize("answered", [None, LetterKind.INVITATION, LetterKind.REMINDER, *STATES])
@pytest.mark.parametrize(("recorded", "reading"), [(NO, BARE), (YES, BARE_NO)])
def test_a_bare_word_never_turns_a_recorded_answer(
    recorded: Reading, reading: Reading, answered: LetterKind | None
) -> None:
    """ "OK, thanks." to "we have recorded that you cannot come"; "No, thank you." to "shall we book a room?"."""
    stands = replace(ADA, answer=answer_of(recorded))
    decision = decided(reading, standing=WITH_TOKEN, invitee=stands, answered=answered, follows=True)
    assert (decision.folder, decision.answer, kinds(decision)) == (Folder.REVIEW, None, [LetterKind.PASSED_ON])
    pressed = replace(reading, kind=Kind.CALENDAR)
    button = decided(pressed, standing=WITH_TOKEN, invitee=stands, answered=answered, follows=True)
    assert button.answer is not None and button.answer.partstat is reading.partstat


@pytest.mark.parametrize("before", [None, answer_of(MAYBE)])
@pytest.mark.parametrize("reading", [BARE, BARE_NO])
@pytest.mark.parametrize(
    ("answered", "counts"),
    [
        (None, True),
        (LetterKind.INVITATION, True),
        (LetterKind.REMINDER, True),
        (LetterKind.UNCLEAR, True),
        (LetterKind.TENTATIVE, False),
        (LetterKind.INFORMATION, False),
        (LetterKind.PASSED_ON, False),
        (LetterKind.FROM_ORGANISERS, False),
    ],
)
def test_a_bare_word_answers_only_what_asks_whether_one_comes(
    answered: LetterKind | None, counts: bool, reading: Reading, before: Answer | None
) -> None:
    decision = decided(reading, standing=WITH_TOKEN, invitee=replace(ADA, answer=before), answered=answered)
    assert (decision.answer is not None) is counts
    assert decision.folder is (Folder.RECORDED if counts else Folder.REVIEW)


def test_news_of_the_event_ask_only_whoever_has_not_answered() -> None:
    news: dict[str, Any] = {"standing": WITH_TOKEN, "answered": LetterKind.CHANGED}
    assert decided(BARE, **news).answer is not None
    assert decided(BARE, **news, invitee=replace(ADA, answer=answer_of(MAYBE))).answer is None


@pytest.mark.parametrize("answered", STATES)
def test_a_bare_word_that_agrees_with_the_record_changes_nothing(answered: LetterKind) -> None:
    agreed: dict[str, Any] = {"standing": WITH_TOKEN, "answered": answered}
    decision = decided(BARE, **agreed, invitee=replace(ADA, answer=answer_of(COUPLE)))
    assert (decision.outcome, decision.folder, decision.letters) == ("says nothing", Folder.RECORDED, ())
    assert decision.answer is None
    vegan = decided(replace(BARE, dietary="vegan"), **agreed, invitee=replace(ADA, answer=answer_of(COUPLE))).answer
    assert vegan is not None and (vegan.dietary, vegan.names) == ("vegan", COUPLE.names)


@pytest.mark.parametrize(
    ("answered", "reading", "outcome"),
    [
        (LetterKind.OFFER, BARE, "answer"),
        (LetterKind.OFFER, BARE_NO, "answer"),
        (LetterKind.STANDBY, BARE, "says nothing"),
        (LetterKind.STANDBY, BARE_NO, "unclear"),
        (None, BARE, "answer"),
        (None, BARE_NO, "unclear"),
    ],
)
def test_a_bare_word_takes_or_gives_back_a_seat_where_it_is_offered(
    answered: LetterKind | None, reading: Reading, outcome: str
) -> None:
    offered = replace(ADA, answer=replace(answer_of(YES), offered_until=NOW + timedelta(days=1)))
    assert decided(reading, standing=WITH_TOKEN, invitee=offered, answered=answered).outcome == outcome


def test_a_confirmed_change_brings_the_needs_of_its_own_mail() -> None:
    pending = replace(answer_of(COUPLE), dietary="vegetarian", grounds_pass=True)
    asked = replace(ADA, answer=answer_of(YES), pending=pending)
    answer = decided(COUPLE, standing=WITH_TOKEN, invitee=asked).answer
    assert answer is not None and (answer.dietary, answer.grounds_pass) == ("vegetarian", True)


def test_a_pass_for_somebody_elses_address_proves_nothing() -> None:
    neighbour = Standing(ADA.id, Trust.ADDRESS, Dmarc.PASS, listed=False)
    assert decided(NO, standing=neighbour, invitee=replace(ADA, answer=answer_of(YES))).pending is not None
    assert LetterKind.WELCOME not in kinds(decided(INSTEAD, standing=neighbour))


def test_a_calendar_that_answers_every_letter_gets_none_for_that() -> None:
    pressed = replace(BARE, kind=Kind.CALENDAR)
    again = decided(pressed, standing=WITH_TOKEN, invitee=replace(ADA, answer=answer_of(YES)))
    assert (again.folder, again.letters) == (Folder.RECORDED, ())
    assert kinds(decided(pressed, standing=WITH_TOKEN)) == [LetterKind.ACCEPTED]


QUESTION = replace(NOTHING, **ASKS)
ASKS_WHERE = replace(NOTHING, asks=Asks.LOGISTICS)
UNCLEAR = replace(NOTHING, reasons=("contradicts itself",))


@pytest.mark.parametrize("last", [LetterKind.UNCLEAR, LetterKind.PASSED_ON, LetterKind.INFORMATION])
@pytest.mark.parametrize("reading", [QUESTION, ASKS_WHERE, UNCLEAR])
def test_what_settles_nothing_gets_one_automatic_answer_and_then_a_person(reading: Reading, last: LetterKind) -> None:
    assert len(kinds(decided(reading))) == 1
    decision = decided(reading, last=last)
    assert (kinds(decision), decision.folder) == ([], Folder.REVIEW)
    assert decision.reasons[-1].startswith("comes after an automatic answer of ours")


def test_an_answer_said_again_gets_no_letter_again_and_news_do() -> None:
    recorded = replace(ADA, answer=answer_of(YES))
    again = decided(YES, invitee=recorded, last=LetterKind.ACCEPTED)
    assert (kinds(again), again.folder, again.answer is not None) == ([], Folder.RECORDED, True)
    assert kinds(decided(YES, invitee=recorded)) == [LetterKind.ACCEPTED], "a letter of another kind came between"
    assert kinds(decided(YES, last=LetterKind.UNCLEAR)) == [LetterKind.ACCEPTED]
    hungry = replace(YES, dietary="vegetarian")
    assert kinds(decided(hungry, invitee=recorded, last=LetterKind.ACCEPTED)) == [LetterKind.ACCEPTED]
    changed = decided(NO, invitee=recorded, standing=WITH_TOKEN, last=LetterKind.ACCEPTED)
    assert kinds(changed) == [LetterKind.DECLINED]
    assert kinds(decided(QUESTION, invitee=recorded, last=LetterKind.ACCEPTED)) == [LetterKind.PASSED_ON]


@pytest.mark.parametrize(
    ("standing", "welcomed"),
    [(FROM_LIST, False), (replace(FROM_LIST, dmarc=Dmarc.PASS), True), (WITH_TOKEN, True)],
)
def test_a_delegate_is_written_to_only_with_proof(standing: Standing, welcomed: bool) -> None:
    decision = decided(INSTEAD, standing=standing)
    assert kinds(decision) == [LetterKind.DELEGATED] + ([LetterKind.WELCOME] if welcomed else [])
    assert decision.letters[0].delegate_written is welcomed
    if welcomed:
        assert decision.letters[1].recipients == (DEPUTY.email,)


def test_a_delegate_without_address_gets_no_letter() -> None:
    unknown = replace(INSTEAD, delegate=Address("Charles Babbage", ""))
    assert kinds(decided(unknown, standing=WITH_TOKEN)) == [LetterKind.DELEGATED]


def test_the_delegate_may_confirm_but_not_give_the_seat_away() -> None:
    delegated = replace(ADA, answer=answer_of(INSTEAD))
    standing = replace(FROM_LIST, from_delegate=True, listed=False, dmarc=Dmarc.PASS)
    message = replace(MESSAGE, senders=(DEPUTY,))
    vegan = replace(YES, names=(DEPUTY.name,), dietary="vegan")
    yes = decided(vegan, standing=standing, invitee=delegated, message=message)
    assert yes.answer is not None
    assert (yes.answer.partstat, yes.answer.dietary, yes.answer.delegate) == (PartStat.DELEGATED, "vegan", DEPUTY)
    assert [(letter.kind, letter.recipients) for letter in yes.letters] == [(LetterKind.WELCOME, (DEPUTY.email,))]
    for reading in (NO, MAYBE):
        other = decided(reading, standing=standing, invitee=delegated, message=message)
        assert (other.folder, other.answer, other.letters[0].recipients) == (Folder.REVIEW, None, (DEPUTY.email,))


@pytest.mark.parametrize(
    ("names", "comes"),
    [
        ((DEPUTY.name,), True),
        (("C. Babbage",), True),
        (("Babbage", "Ann Guest"), True),
        ((), True),
        (("Tom Reed",), False),
        (("Ada Lovelace",), False),
        (("Tom Reed", "Ann Guest"), False),
    ],
)
@pytest.mark.parametrize("recorded", [(DEPUTY.name,), ()])
def test_a_delegate_who_names_only_others_does_not_come(
    names: tuple[str, ...], comes: bool, recorded: tuple[str, ...]
) -> None:
    """ "Tom Reed will attend." in the delegate's own mail, proven as it is."""
    delegated = replace(ADA, answer=answer_of(replace(INSTEAD, names=recorded)))
    standing = replace(FROM_LIST, from_delegate=True, listed=False, dmarc=Dmarc.PASS)
    message = replace(MESSAGE, senders=(Address("", DEPUTY.email),))
    reading = replace(YES, party=max(1, len(names)), names=names)
    decision = decided(reading, standing=standing, invitee=delegated, message=message)
    assert decision.outcome == ("answer" if comes else "delegate withdraws")
    if not comes:
        assert (decision.folder, decision.answer, kinds(decision)) == (Folder.REVIEW, None, [LetterKind.PASSED_ON])


def test_the_delegates_own_yes_needs_no_proof_unless_it_changes_who_comes() -> None:
    delegated = replace(ADA, answer=answer_of(replace(INSTEAD, names=())))
    standing = replace(FROM_LIST, from_delegate=True, listed=False)
    message = replace(MESSAGE, senders=(DEPUTY,))
    yes = decided(replace(YES, names=(DEPUTY.name,)), standing=standing, invitee=delegated, message=message)
    assert yes.answer is not None and yes.answer.names == (DEPUTY.name,)
    larger = replace(YES, party=2, names=(DEPUTY.name, "Ann Guest"))
    assert decided(larger, standing=standing, invitee=delegated, message=message).answer is None


@pytest.mark.parametrize(
    "address",
    [
        "mailer-daemon@x.example",
        "noreply@x.example",
        "rsvp@roundtable.example",
        "rsvp+k7f3@roundtable.example",
        "ada@lovelace.example",
        "team@roundtable.example",
        "bob@ray.example%0d%0abcc:evil",
        "b\\,c@ray.example",
        "=?utf-8?q?bob?=@ray.example",
    ],
)
def test_who_cannot_be_a_delegate(address: str) -> None:
    config = replace(CONFIG, organisers=OrganisersConfig(addresses=(Address("", "team@roundtable.example"),)))
    odd = replace(INSTEAD, delegate=Address("Charles Babbage", address))
    decision = decided(odd, standing=WITH_TOKEN, config=config)
    assert (decision.folder, decision.answer) == (Folder.REVIEW, None)
    assert LetterKind.WELCOME not in kinds(decision)


def test_letters_go_to_from_and_to_the_list_in_one_envelope() -> None:
    message = replace(MESSAGE, senders=(Address("An assistant", "office@lovelace.example"),))
    assert decided(YES, standing=WITH_TOKEN, message=message).letters[0].recipients == (
        "office@lovelace.example",
        "ada@lovelace.example",
    )
    assert decided(YES).letters[0].recipients == ("ada@lovelace.example",)


LATE = datetime(2016, 9, 17, 0, 0, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("reading", "late", "expected", "outcome"),
    [
        (YES, "accept", 119, "answer"),
        (YES, "accept", 120, "too late"),
        (YES, "review", 0, "too late"),
        (NO, "review", 120, "answer"),
        (MAYBE, "review", 120, "answer"),
    ],
)
def test_after_the_last_day(reading: Reading, late: Any, expected: int, outcome: str) -> None:
    config = replace(CONFIG, replies=RepliesConfig(late=late))
    decision = decided(reading, config=config, now=LATE, expected=expected)
    assert decision.outcome == outcome
    if outcome == "too late":
        assert (kinds(decision), decision.folder, decision.answer) == ([LetterKind.TOO_LATE], Folder.REVIEW, None)


def test_the_last_day_ends_at_midnight_where_the_event_is() -> None:
    assert not is_late(CONFIG, LATE - timedelta(seconds=1))
    assert is_late(CONFIG, LATE)
    assert not is_late(CONFIG, datetime(2016, 9, 17, 3, 59, tzinfo=ZoneInfo("UTC")))


def test_after_the_event_nothing_is_recorded() -> None:
    decision = decided(YES, now=EVENT.ends)
    assert (kinds(decision), decision.answer) == ([LetterKind.EVENT_OVER], None)
    assert kinds(decided(replace(NOTHING, asks=Asks.LOGISTICS), now=EVENT.ends)) == [LetterKind.EVENT_OVER]
    assert kinds(decided(replace(NOTHING, **ASKS), now=EVENT.ends)) == [LetterKind.PASSED_ON]
    assert kinds(decided(NOTHING, now=EVENT.ends)) == []


PRESSED_NO = replace(NO, kind=Kind.CALENDAR, bare=True)


@pytest.mark.parametrize(
    ("reading", "outcome", "folder", "passed_on"),
    [
        (YES, "event cancelled", Folder.RECORDED, False),
        (NO, "event cancelled", Folder.RECORDED, False),
        (MAYBE, "event cancelled", Folder.RECORDED, False),
        (INSTEAD, "event cancelled", Folder.RECORDED, False),
        (replace(YES, kind=Kind.CALENDAR, bare=True), "event cancelled", Folder.RECORDED, False),
        (replace(YES, firm=True, **ASKS), "event cancelled", Folder.REVIEW, True),
        (replace(NOTHING, asks=Asks.LOGISTICS), "asks for logistics", Folder.RECORDED, False),
        (replace(NOTHING, **ASKS), "question", Folder.REVIEW, True),
        (UNCLEAR, "unclear", Folder.REVIEW, True),
    ],
)
@pytest.mark.parametrize("now", [NOW, EVENT.ends])
def test_of_a_cancelled_event_everybody_who_writes_is_told_and_nothing_is_recorded(
    reading: Reading, outcome: str, folder: Folder, passed_on: bool, now: datetime
) -> None:
    for known in (ADA, replace(ADA, answer=answer_of(YES)), replace(ADA, pending=answer_of(NO))):
        decision = decided(reading, standing=WITH_TOKEN, invitee=known, cancelled=True, now=now)
        assert (decision.outcome, decision.folder, decision.answer) == (outcome, folder, None)
        (letter,) = decision.letters
        assert (letter.kind, letter.passed_on) == (LetterKind.CANCELLED, passed_on)


def test_thanks_for_the_news_and_a_calendar_that_lets_its_entry_go_get_no_letter() -> None:
    for known in (ADA, replace(ADA, pending=answer_of(NO))):
        thanks = decided(NOTHING, invitee=known, cancelled=True)
        assert (thanks.outcome, thanks.folder, thanks.letters) == ("says nothing", Folder.RECORDED, ())
    gone = decided(PRESSED_NO, standing=WITH_TOKEN, cancelled=True)
    assert (gone.folder, gone.letters, gone.answer) == (Folder.RECORDED, (), None)


@pytest.mark.parametrize("last", [kind for kind in LetterKind if kind is not LetterKind.CANCELLED])
def test_that_it_is_cancelled_is_news_after_every_letter_but_its_own(last: LetterKind) -> None:
    assert kinds(decided(YES, cancelled=True, last=last)) == [LetterKind.CANCELLED]
    again = decided(YES, cancelled=True, last=LetterKind.CANCELLED)
    assert (again.letters, again.folder) == ((), Folder.RECORDED)
    asks = decided(QUESTION, cancelled=True, last=LetterKind.CANCELLED)
    assert (asks.letters, asks.folder) == ((), Folder.REVIEW)


def test_needs_stay_when_only_the_number_changes() -> None:
    before = replace(answer_of(YES), dietary="vegetarian", access="wheelchair", grounds_pass=False)
    couple = replace(YES, party=2, names=("Ada Lovelace", "William King"), grounds_pass=True)
    answer = decided(couple, standing=WITH_TOKEN, invitee=replace(ADA, answer=before)).answer
    assert answer is not None
    assert (answer.dietary, answer.access, answer.grounds_pass) == ("vegetarian", "wheelchair", True)
    handed_over = decided(INSTEAD, standing=WITH_TOKEN, invitee=replace(ADA, answer=before)).answer
    assert handed_over is not None
    assert (handed_over.dietary, handed_over.access, handed_over.grounds_pass) == (None, None, None)


def test_seats_on_the_list_allow_a_larger_party() -> None:
    assert decided(replace(YES, party=8), invitee=replace(ADA, seats=8)).outcome == "answer"
    assert decided(replace(YES, party=2), invitee=replace(ADA, seats=1)).outcome == "party too large"


@pytest.mark.parametrize(
    ("sender", "return_path", "may"),
    [
        ("ada@lovelace.example", None, True),
        ("ada@lovelace.example", "", False),
        ("rsvp@roundtable.example", None, False),
        ("postmaster@lovelace.example", None, False),
        ("owner-list@lovelace.example", None, False),
        ("list-request@lovelace.example", None, False),
        ("no-reply@lovelace.example", None, False),
        ("norman@lovelace.example", None, True),
        ("rsvp+k7f3@roundtable.example", None, False),
        ("", None, False),
    ],
)
def test_whom_never_to_answer(sender: str, return_path: str | None, may: bool) -> None:
    message = replace(MESSAGE, senders=(Address("", sender),), return_path=return_path)
    assert answerable(message, CONFIG) is may
    assert bool(decided(YES, message=message).letters) is may


def test_the_letter_is_in_the_language_of_the_reply_where_we_write_it() -> None:
    config = replace(CONFIG, replies=RepliesConfig(languages=("en", "fr")))
    assert decided(replace(YES, language="fr"), config=config).letters[0].language == "fr"
    assert decided(replace(YES, language="pt"), config=config).letters[0].language == "en"
    portuguese = replace(ADA, language="fr")
    assert decided(replace(YES, language="pt"), config=config, invitee=portuguese).letters[0].language == "fr"
    assert decided(replace(YES, language="fr-CA"), config=config).letters[0].language == "fr"


def test_the_order_of_sending() -> None:
    delivered = NOW - timedelta(hours=2)
    honest = replace(MESSAGE, date=NOW - timedelta(days=3), received=delivered)
    assert sending_order(honest, YES, 7, NOW).sent == NOW - timedelta(days=3)
    assert sending_order(replace(honest, date=delivered + timedelta(days=2)), YES, 7, NOW).sent == delivered
    assert sending_order(replace(honest, date=None), YES, 7, NOW).sent == delivered
    assert sending_order(replace(honest, date=None, received=None), YES, 7, NOW).sent == NOW


@pytest.mark.parametrize(
    ("one", "other", "is_newer"),
    [
        (Order(NOW, 1), Order(NOW - timedelta(hours=1), 2), True),
        (Order(NOW, 1), Order(NOW, 2), False),
        (Order(NOW, 2), Order(NOW, 1), True),
        (Order(NOW - timedelta(days=1), 1, Sequence(2, None)), Order(NOW, 2, Sequence(1, None)), True),
        (Order(NOW, 3, Sequence(1, NOW - timedelta(hours=1))), Order(NOW, 2, Sequence(1, NOW)), False),
        (Order(NOW - timedelta(days=1), 1, Sequence(2, None)), Order(NOW, 2), False),
        (Order(NOW, 2, Sequence(0, None), "one"), Order(NOW - timedelta(days=1), 1, Sequence(2, None), "other"), True),
    ],
)
def test_which_of_two_is_newer(one: Order, other: Order, is_newer: bool) -> None:
    assert newer(one, other) is is_newer
