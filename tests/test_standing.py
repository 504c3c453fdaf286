"""Who is writing? Every case of the matrix as a raw mail, over the real road as far as the commit, against the rule."""

from __future__ import annotations

import email.utils
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rsvpbot.model import TO_ORGANISERS, Folder, LetterKind, PartStat
from tests.standing import (
    ADA,
    BOB,
    CELLS,
    DOC,
    FROM,
    OFFICE,
    Cell,
    Known,
    Means,
    Server,
    Turn,
    Writer,
    parts,
    rule,
    tables,
)
from tests.standing_house import (
    VICTIM,
    Happened,
    Invited,
    answered_before,
    in_calendar,
    in_words,
    invite,
    mail,
    takes,
)
from tests.steer_house import ANN, CAT, NOW, House, parsed, steered

WORDS = {
    (Writer.INVITEE, True): "I will attend.\r\n\r\nAda Lovelace",
    (Writer.INVITEE, False): "I can no longer attend.\r\n\r\nAda Lovelace",
    (Writer.ASSISTANT, True): "Ms. Ada Lovelace will attend.\r\n\r\nCarl Clerk\r\nAssistant to Ms. Ada Lovelace",
    (Writer.ASSISTANT, False): "Ms. Ada Lovelace can no longer attend.\r\n\r\nCarl Clerk\r\nAssistant to Ms. Lovelace",
    (Writer.OTHER, True): "Thank you, I will attend.",
    (Writer.OTHER, False): "I am sorry, I can no longer attend.",
}
"""By who writes, and whether it is a yes."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with steered(tmp_path) as opened:
        yield opened


def raw(cell: Cell, invited: Invited, uid: str) -> bytes:
    """The mail of a cell."""
    sender = FROM[cell.known, cell.writer]
    yes = cell.turn is not Turn.CHANGED
    if cell.means is Means.CALENDAR:
        subject = f"Subject: {'Accepted' if yes else 'Declined'}: High-Level Roundtable"
        name, address = sender if cell.writer is Writer.OTHER else ("Ada Lovelace", ADA)
        by = f'SENT-BY="mailto:{sender[1]}";' if cell.writer is Writer.ASSISTANT else ""
        own = invited.ada.calendar_uid if cell.known is Known.TOKEN else uid
        attendee = f'{by}CN="{name}":mailto:{address}'
        body = in_calendar(own, attendee, "ACCEPTED" if yes else "DECLINED")
    else:
        subject = "Subject: Re: Invitation"
        body = in_words(WORDS[cell.writer, yes])
    thread = {
        Known.TOKEN: (f"In-Reply-To: {invited.ada_letter.message_id}",) if cell.means is Means.WORDS else (),
        Known.THREAD: (f"References: {invited.ada_letter.message_id}\r\n <1@sender.example>",),
    }.get(cell.known, ())
    return mail(sender, cell.server, body, subject, *thread)


@cache
def happened(cell: Cell) -> Happened:
    """Played once for each cell: the invariants look at the same as the matrix."""
    with TemporaryDirectory(prefix="standing-") as folder, steered(Path(folder)) as house:
        invited = invite(house)
        if cell.turn is not Turn.FIRST:
            answered_before(house, invited)
        return takes(house, raw(cell, invited, house.config.event.uid), 100)


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_every_case(cell: Cell) -> None:
    expected, found = rule(cell), happened(cell)
    assert found.done.folder is found.reply.folder is expected.folder
    assert [(letter.kind, letter.recipients) for letter in found.to_others] == list(expected.letters)
    assert found.reply.recorded is bool(expected.recorded)
    assert found.changed == ([expected.recorded] if expected.recorded else [])
    if expected.recorded:
        answer = found.after[expected.recorded].answer
        wanted = PartStat.DECLINED if cell.turn is Turn.CHANGED else PartStat.ACCEPTED
        assert answer is not None and (answer.partstat, answer.reply) == (wanted, found.done.digest)
    assert [address for address, one in found.after.items() if one.pending] == ([expected.asked] * bool(expected.asked))
    assert found.reply.open is (expected.folder is Folder.REVIEW)
    assert any(expected.reason in reason for reason in found.reply.reasons or ("",))
    assert bool(found.reply.reasons) is bool(expected.reason)


def test_no_case_is_left_out() -> None:
    assert len(CELLS) == len({str(cell) for cell in CELLS}) == 4 * 5 * 3 * 2 * 3


def test_the_tables_for_readers_are_those_of_the_rule() -> None:
    assert list(parts(DOC.read_text(encoding="utf-8")))[1] == tables()


# --------------------------------------------------------------------------- what holds in all cases

FORGED = [cell for cell in CELLS if cell.server is Server.FAIL or cell.known is Known.STRANGER]
UNPROVEN = [
    cell
    for cell in CELLS
    if cell.turn is Turn.CHANGED and cell.server is not Server.PASS and cell.known not in (Known.TOKEN, Known.THREAD)
]


@pytest.mark.parametrize("cell", FORGED, ids=str)
def test_a_forged_or_strange_mail_makes_us_write_to_nobody(cell: Cell) -> None:
    found = happened(cell)
    assert found.to_others == () and found.changed == []
    assert {address for letter in found.letters for address in letter.recipients} <= {ANN, CAT}


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_letters_go_to_the_list_and_to_whom_list_or_token_know(cell: Cell) -> None:
    on_the_list, wrote = {ADA, OFFICE, BOB}, FROM[cell.known, cell.writer][1]
    known = {wrote} if cell.known in (Known.TOKEN, Known.THREAD) else set()
    for letter in happened(cell).to_others:
        assert set(letter.recipients) <= on_the_list | known
        assert letter.recipients[-1] in (ADA, BOB)


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_no_other_field_names_a_recipient(cell: Cell) -> None:
    for letter in happened(cell).letters:
        assert VICTIM not in letter.recipients and VICTIM not in letter.mail_from
        written = parsed(letter)
        assert not {"Cc", "Bcc", "Reply-To", "Sender"} & set(written.keys())
        assert [address for _, address in email.utils.getaddresses([str(written["To"])])] == list(letter.recipients)
        assert letter.kind in TO_ORGANISERS or VICTIM.encode() not in (letter.raw or b"")


@pytest.mark.parametrize("cell", UNPROVEN, ids=str)
def test_a_change_without_token_and_pass_is_never_recorded_unasked(cell: Cell) -> None:
    found = happened(cell)
    assert found.changed == [] and not found.reply.recorded
    assert {letter.kind for letter in found.to_others} <= {LetterKind.CONFIRM_CHANGE}
    assert all(set(letter.recipients) <= {ADA, BOB} for letter in found.to_others)


def test_whoever_is_asked_confirms_by_answering_at_the_address_on_the_list(house: House) -> None:
    """What an unproven change comes to: only the letter of the question brings it about."""
    invited = invite(house)
    answered_before(house, invited)
    cell = Cell(Server.NONE, Known.ADDRESS, Turn.CHANGED, Means.WORDS, Writer.INVITEE)
    asked = takes(house, raw(cell, invited, house.config.event.uid), 100).to_others[0]
    later = NOW + timedelta(minutes=1)
    again = mail(("Ada Lovelace", ADA), Server.NONE, in_words("I cannot attend."), "Subject: Re", sent=later)
    assert takes(house, again, 101).changed == []
    fields = ("Subject: Re: Question", f"In-Reply-To: {asked.message_id}")
    yes = mail(("Ada Lovelace", ADA), Server.NONE, in_words("I can no longer attend."), *fields, sent=later)
    assert takes(house, yes, 102).changed == [ADA]
