"""What keeps a yes from being read into a no: short phrases, regret, subjects that say the opposite, stray names."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rsvpbot.config import READ, load
from rsvpbot.model import Address, Body, CalendarPart, Kind, Message, PartStat, Reading
from rsvpbot.reading import read

EVENT = load(Path(__file__).parent.parent / "config.example.toml", READ).event
INVITED = "Re: Invitation: High-Level Roundtable"


def reading(text: str, subject: str = INVITED, calendar: str = "") -> Reading:
    message = Message(
        digest="x",
        size=1,
        message_id="<a@b.example>",
        subject=subject,
        senders=(Address("Ada Lovelace", "ada@lovelace.example"),),
        recipients=(),
        date=datetime(2016, 9, 5, tzinfo=UTC),
        bodies=(Body("plain", text),),
        calendars=(CalendarPart(calendar.encode(), "REPLY"),) if calendar else (),
    )
    return read(message, EVENT, Kind.CALENDAR if calendar else Kind.HUMAN)


@pytest.mark.parametrize(
    "text",
    [
        "Sadly I'm in the far north of Norway until the 24th. Another time, for sure!",
        "My term ends in July and my successor takes over the files. See you there!",
        "Alas, the hospital keeps me on the ward all of that week. I will be there in spirit, sure.",
        "Sorry, my plane lands after midnight. See you on the 20th",
        "I have a wedding in Lisbon that weekend and shall still be there on the Tuesday.",
    ],
)
def test_a_short_phrase_is_no_yes_beside_what_was_not_understood(text: str) -> None:
    got = reading(text)
    assert got.review
    assert not (got.partstat is PartStat.ACCEPTED and got.decided)


def test_a_farewell_until_another_time_is_no_yes() -> None:
    """ "the 20th is a disaster" is a no that the pack knows by now; what follows must not turn it."""
    got = reading("the 20th is a disaster for me. see you at the next one")
    assert got.partstat is PartStat.DECLINED


@pytest.mark.parametrize("text", ["See you on the 20th!", "Sure thing. See you there!", "👍 see you on Tuesday"])
def test_a_short_phrase_alone_is_a_yes(text: str) -> None:
    assert reading(text).partstat is PartStat.ACCEPTED
    assert not reading(text).review


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("I cannot attend", "I will be there on the 20th and look forward to it."),
        ("Regrets: I am unable to attend", "Yes, I will attend."),
        ("Yes, I will attend", "I am afraid I cannot come."),
    ],
)
def test_a_subject_that_says_the_opposite_is_a_contradiction(subject: str, text: str) -> None:
    got = reading(text, subject)
    assert got.partstat is None
    assert any("contradicts" in reason for reason in got.reasons)


def test_a_subject_that_says_the_same_is_none() -> None:
    assert not reading("Yes, I will attend.", "I will attend").review


@pytest.mark.parametrize(
    "text", ["I will attend.\n\nSlán,", "I will attend.\n\nMag. Ada Lovelace", "I'll come. Ta muchly"]
)
def test_a_stray_word_is_no_guest(text: str) -> None:
    got = reading(text)
    assert (got.party, got.names) == (1, ("Ada Lovelace",))


@pytest.mark.parametrize("text", ["Yes.", "Yes, I confirm.", "Thank you, I confirm.", "Confirmed.", "OK", "No."])
def test_a_bare_yes_or_no(text: str) -> None:
    assert reading(text).bare


@pytest.mark.parametrize(
    "text",
    ["I will attend.", "Yes, I will attend.", "I cannot come.", "No, I am unable to attend.", "My wife and I confirm."],
)
def test_an_answer_that_says_who_comes_is_not_bare(text: str) -> None:
    assert not reading(text).bare


@pytest.mark.parametrize(("more", "bare"), [("", True), (";X-NUM-GUESTS=2", False)])
def test_a_calendars_button_is_bare(more: str, bare: bool) -> None:
    part = (
        "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n"
        f"UID:{EVENT.uid}\r\nATTENDEE;PARTSTAT=ACCEPTED;CN=Ada Lovelace{more}:mailto:ada@lovelace.example\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    assert reading("", "Accepted: Roundtable", part).bare is bare
