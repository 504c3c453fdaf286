"""A calendar's answer together with what its sender wrote."""

from __future__ import annotations

import pytest

from rsvpbot.mail.parse import parse
from rsvpbot.model import Kind, Reading
from rsvpbot.reading import read
from tests.test_reading_english import EVENT


def answer(
    partstat: str, comment: str = "", *, method: str = "REPLY", uid: str = EVENT.uid, attendee: str = ""
) -> Reading:
    raw = (
        "From: Jane Roe <jane@sender.example>\r\nTo: rsvp@roundtable.example\r\nSubject: Answer: Roundtable\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/calendar; charset=utf-8; method=" + method + "\r\n\r\n"
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\nMETHOD:" + method + "\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nSEQUENCE:0\r\nDTSTAMP:20160901T120000Z\r\n"
        f'ATTENDEE;PARTSTAT={partstat};CN="Jane Roe"{attendee}:mailto:jane@sender.example\r\n'
        + (f"COMMENT:{comment}\r\n" if comment else "")
        + "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    return read(parse(raw.encode()), EVENT)


@pytest.mark.parametrize(
    ("partstat", "comment", "said", "party", "names"),
    [
        ("ACCEPTED", "", "accepted", 1, {"Jane Roe"}),
        ("ACCEPTED", "Thank you!", "accepted", 1, {"Jane Roe"}),
        ("ACCEPTED", "I will bring two colleagues.", "accepted", 3, {"Jane Roe"}),
        ("ACCEPTED", "My colleague John Doe comes with me.", "accepted", 2, {"Jane Roe", "John Doe"}),
        ("DECLINED", "", "declined", 0, set()),
        ("DECLINED", "On leave until the 26th.", "declined", 0, set()),
        ("DECLINED", "I would have loved to come!", "declined", 0, set()),
        ("DECLINED", "My colleague John Doe will come in my place.", "delegated", 1, {"John Doe"}),
        ("TENTATIVE", "", "tentative", None, {"Jane Roe"}),
        ("TENTATIVE", "I hope to come.", "tentative", None, {"Jane Roe"}),
        ("TENTATIVE", "Pressed the wrong button\\, I will attend.", "accepted", 1, {"Jane Roe"}),
        ("ACCEPTED", "Sorry\\, pressed the wrong button. I cannot come.", "declined", 0, set()),
    ],
)
def test_together(partstat: str, comment: str, said: str, party: int | None, names: set[str]) -> None:
    got = answer(partstat, comment)
    told = (got.partstat, got.party, got.names, got.reasons)
    assert got.kind is Kind.CALENDAR
    assert not got.review, told
    assert got.partstat is not None
    assert (got.partstat.value, got.party, set(got.names)) == (said, party, names), told


@pytest.mark.parametrize(
    ("partstat", "comment"),
    [
        ("ACCEPTED", "Unfortunately I cannot come."),
        ("DECLINED", "I will be there."),
        ("TENTATIVE", "I will definitely attend."),
        ("ACCEPTED", "Je serai malheureusement absent ce jour-là et je vous prie de m'en excuser."),
        ("ACCEPTED", "Could you send a car?"),
    ],
)
def test_a_person_decides(partstat: str, comment: str) -> None:
    assert answer(partstat, comment).review


def test_guests_count() -> None:
    got = answer("ACCEPTED", attendee=";X-NUM-GUESTS=2")
    assert (got.party, got.names, got.review) == (3, ("Jane Roe",), False)


@pytest.mark.parametrize(
    "got",
    [
        answer("ACCEPTED", uid="other@meeting.example"),
        answer("TENTATIVE", method="COUNTER"),
        answer("NEEDS-ACTION"),
    ],
)
def test_no_answer_of_ours(got: Reading) -> None:
    assert got.partstat is None
    assert got.review
    assert not got.firm
