"""Tokens die with the event: what a letter of ours may still do after it, in an invitee's hands and an organiser's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from rsvpbot.clock import ShiftedClock
from rsvpbot.letters.facts import next_facts
from rsvpbot.model import Folder, LetterKind, PartStat
from rsvpbot.organisers.decisions import DAYS_AFTER_EVENT
from rsvpbot.store.base import Commit
from tests.standing import ADA, Cell, Known, Means, Server, Turn, Writer
from tests.standing_house import Invited, answered_before, in_words, invite, mail, takes
from tests.steer_house import ANN, QUESTION, House, steered
from tests.test_standing import raw

DAY = timedelta(days=1)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with steered(tmp_path) as opened:
        yield opened


@pytest.fixture
def invited(house: House) -> Invited:
    return invite(house)


def at(house: House, moment: datetime) -> datetime:
    """From now on it is this moment."""
    house.intake._clock = ShiftedClock(moment)
    return moment


# --------------------------------------------------------------------------- an invitee's


@pytest.mark.parametrize("means", Means)
@pytest.mark.parametrize("known", [Known.TOKEN, Known.THREAD])
@pytest.mark.parametrize("writer", [Writer.INVITEE, Writer.ASSISTANT])
@pytest.mark.parametrize("over", [False, True])
def test_a_token_counts_until_the_end_of_the_event(
    house: House, invited: Invited, means: Means, known: Known, writer: Writer, over: bool
) -> None:
    """By the time of handling: the mail is dated a week earlier."""
    answered_before(house, invited)
    at(house, house.config.event.ends - timedelta(minutes=0 if over else 1))
    found = takes(house, raw(Cell(Server.PASS, known, Turn.CHANGED, means, writer), invited, house.config.event.uid), 9)
    assert found.changed == ([] if over else [ADA])
    to = [(letter.kind, letter.recipients) for letter in found.to_others]
    if over and writer is Writer.ASSISTANT:  # the token is dead, and so the office is a stranger's
        assert (found.done.folder, to) == (Folder.REVIEW, [])
    elif over:
        assert (found.done.folder, to) == (Folder.RECORDED, [(LetterKind.EVENT_OVER, (ADA,))])


@pytest.mark.parametrize("subject", ["stop", "Re: Invitation"])
def test_a_dead_token_ends_no_reminders_and_brings_no_letter(house: House, invited: Invited, subject: str) -> None:
    at(house, house.config.event.ends + DAY)
    tag = house.tokens.subject_tag(invited.ada.id)
    fields = (f"Subject: {subject} {tag}", f"In-Reply-To: {invited.ada_letter.message_id}")
    found = takes(house, mail(("Pia", "pia@elsewhere.example"), Server.PASS, in_words("Please stop."), *fields), 9)
    assert found.after == found.before and found.to_others == ()
    assert found.reply.invitee_id is None and found.done.folder is Folder.REVIEW


def test_a_letter_that_comes_back_after_the_event_is_still_noted(house: House, invited: Invited) -> None:
    """That names whom mail does not reach, and changes no answer."""
    at(house, house.config.event.ends + DAY)
    bounce = EmailMessage(policy=policy.SMTP)
    bounce["Return-Path"] = "<>"
    bounce["From"] = "MAILER-DAEMON@mx.example"
    bounce["To"] = "rsvp@roundtable.example"
    bounce["Subject"] = "Undelivered Mail Returned to Sender"
    bounce["In-Reply-To"] = invited.ada_letter.message_id
    bounce.set_content("countess@elsewhere.example: user unknown")
    found = takes(house, bounce.as_bytes(), 9)
    assert found.after[ADA].bounced and found.changed == [] and found.letters == ()


# --------------------------------------------------------------------------- an organiser's


def asked(house: House, days: int | None) -> House:
    """A house with this retention, in which a question of Ada's waits."""
    kept = House(house.store, replace(house.config, retention_days=days))
    kept.comes(QUESTION)
    return kept


@pytest.mark.parametrize(("retention", "days"), [(None, 1), (None, DAYS_AFTER_EVENT - 1), (90, 89), (3, 2)])
def test_organisers_settle_what_waits_on_the_days_after(house: House, retention: int | None, days: int) -> None:
    kept = asked(house, retention)
    question = kept.question()
    at(kept, kept.config.event.ends + days * DAY)
    kept.answers("reply\nThe film is online.", question)
    assert kept.letters(LetterKind.FROM_ORGANISERS)[-1].recipients == (ADA,)
    kept.answers("ignore", question)
    assert kept.store.open_replies() == ()


def test_organisers_put_the_record_right_and_nobody_is_told_how_to_get_there(house: House) -> None:
    kept = asked(house, None)
    question, written = kept.question(), {letter.id for letter in kept.store.letters()}
    at(kept, kept.config.event.ends + DAY)
    summary = kept.steering.decisions.summary_message_id("s1")
    kept.answers("accept 2", question)
    kept.answers(
        "Bob Babbage delegate Jane Doe <jane@doe.example>\nadd Eve Doe <eve@doe.example>", question, In_Reply_To=summary
    )
    kept.answers("undo", question)
    assert {letter.kind for letter in kept.store.letters() if letter.id not in written} == {LetterKind.DONE}
    bob, eve = kept.store.invitee_by_address("bob@babbage.example"), kept.store.invitee_by_address("eve@doe.example")
    assert bob is not None and bob.partstat is PartStat.DELEGATED and eve is not None


def test_of_a_cancelled_event_they_put_the_record_right_and_nobody_is_told_how_to_get_there(house: House) -> None:
    kept = asked(house, None)
    question, written = kept.question(), {letter.id for letter in kept.store.letters()}
    facts = next_facts(None, kept.config, kept.clock.now(), cancelled=True)
    kept.store.commit(Commit(mailbox=replace(kept.store.mailbox(), told=facts)))
    kept.answers("accept 2", question)
    assert "No letter goes out." in kept.told()
    kept.answers("undo", question)
    kept.comes("I will come.", "Eve Doe <eve@doe.example>")
    kept.answers("admit", kept.question())
    new = {letter.kind for letter in kept.store.letters() if letter.id not in written}
    assert new <= {LetterKind.DONE, LetterKind.REVIEW}
    eve = kept.store.invitee_by_address("eve@doe.example")
    assert eve is not None and eve.partstat is PartStat.ACCEPTED


@pytest.mark.parametrize(("retention", "days"), [(None, DAYS_AFTER_EVENT), (90, 90), (3, 3), (0, 0)])
@pytest.mark.parametrize("words", ["ignore", "accept 2", "reply\nHello.", "add Eve Doe <eve@doe.example>", "undo"])
def test_then_their_tokens_are_dead_too(house: House, retention: int | None, days: int, words: str) -> None:
    kept = asked(house, retention)
    question = kept.question()
    summary = kept.steering.decisions.summary_message_id("s1")
    before, letters = kept.store.invitees(), len(kept.store.letters())
    at(kept, kept.config.event.ends + days * DAY)
    for thread in (question.message_id, summary):
        assert kept.answers(words, question, In_Reply_To=thread).folder is Folder.REVIEW
    assert kept.store.invitees() == before and kept.store.rulings() == ()
    new = kept.store.letters()[letters:]
    assert {letter.kind for letter in new} <= {LetterKind.REVIEW}
    assert all(ANN in letter.recipients for letter in new)
