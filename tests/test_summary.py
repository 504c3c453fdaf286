"""The daily summary: figures that add up, words that stay words, and one a day."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser
from itertools import count, pairwise
from pathlib import Path
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rsvpbot.config import Config, InviteesConfig, MailboxConfig, OrganisersConfig, RepliesConfig, ServiceConfig
from rsvpbot.letters.facts import next_facts
from rsvpbot.letters.values import locale_of
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import (
    ADMIN,
    TO_ORGANISERS,
    Act,
    Address,
    Answer,
    Dmarc,
    Done,
    Event,
    Folder,
    Invitee,
    Kind,
    Letter,
    LetterKind,
    LetterState,
    Mailbox,
    Order,
    PartStat,
    Reading,
    Reply,
    Ruling,
    Standing,
    SummaryRecord,
    Trial,
    Trust,
    Venue,
)
from rsvpbot.organisers import summary, wording
from rsvpbot.organisers.commands import commands
from rsvpbot.organisers.decisions import Decisions
from rsvpbot.organisers.figures import Category, Figures, figures
from rsvpbot.organisers.glance import Health, next_summary
from rsvpbot.organisers.growth import MOST_COLUMNS, Column, growth
from rsvpbot.organisers.shown import one_line
from rsvpbot.organisers.summary import is_due, queue_if_due, queue_now, render
from rsvpbot.organisers.wording import ORDER, Phrases, shares
from rsvpbot.store.base import Commit
from rsvpbot.store.tinydb import TinyStore

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2016, 9, 12, 9, 0, tzinfo=NEW_YORK)
YESTERDAY = NOW - timedelta(days=1)
CONFIG = Config(
    path=Path("config.toml"),
    event=Event(
        uid="roundtable-2016-09-20@roundtable.example",
        title="Roundtable",
        starts=datetime(2016, 9, 20, 12, 30, tzinfo=NEW_YORK),
        ends=datetime(2016, 9, 20, 15, 30, tzinfo=NEW_YORK),
        timezone="America/New_York",
        venue=Venue(pass_name="UN (NY) grounds pass", reception="UNICEF reception"),
        capacity=10,
    ),
    mailbox=MailboxConfig(address="rsvp@roundtable.example", name="Roundtable RSVP"),
    organisers=OrganisersConfig(
        addresses=(Address("Secretariat", "secretariat@roundtable.example"), Address("", "chair@roundtable.example"))
    ),
)
GOOD = Mailbox(uidvalidity=1, started=True, last_good=NOW - timedelta(minutes=1))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TinyStore]:
    with TinyStore(tmp_path / "rsvp.json") as opened:
        yield opened


def ids() -> Any:
    numbers = count()
    return lambda: f"id{next(numbers):06d}"


def answer(
    partstat: PartStat,
    party: int | None = 1,
    names: tuple[str, ...] = (),
    at: datetime = NOW - timedelta(hours=2),
    **facts: Any,
) -> Answer:
    order = Order(sent=at, arrival=1)
    return Answer(partstat, party, names, order, reply="d" * 64, recorded_at=at, **facts)


def invitee(number: int, given: Answer | None = None, **facts: Any) -> Invitee:
    facts = {"name": f"Person {number}", **facts}
    return Invitee(f"inv{number:05d}", (f"p{number}@mission.example",), f"uid{number}", answer=given, **facts)


def reply(number: int, of: Invitee | None, reading: Reading, **facts: Any) -> Reply:
    at = facts.pop("at", NOW - timedelta(hours=2))
    trust = Trust.ADDRESS if of else Trust.STRANGER
    base = Reply(
        digest=f"{number:064x}",
        invitee_id=of.id if of else None,
        sender=Address("Some Body", "some@body.example"),
        subject="Re: Invitation",
        message_id=f"<{number}@body.example>",
        sent=at,
        handled_at=at,
        reading=reading,
        standing=Standing(of.id if of else None, trust, Dmarc.NONE, listed=of is not None),
        rule="person",
        folder=Folder.REVIEW,
        reasons=reading.reasons,
        recorded=False,
        open=True,
    )
    return replace(base, **facts)


def handled(folders: Mapping[Folder, int], at: datetime = NOW - timedelta(hours=3)) -> tuple[Done, ...]:
    numbers = count(1)
    return tuple(
        Done(1, uid, f"{uid:064x}", folder, at, "kind=human", filed=True)
        for folder, many in folders.items()
        for uid in (next(numbers) for _ in range(many))
    )


def letter(number: int, state: LetterState, **facts: Any) -> Letter:
    base = Letter(
        id=f"letter{number}",
        kind=LetterKind.ACCEPTED,
        invitee_id=None,
        recipients=("p@mission.example",),
        language="en",
        subject="Attendance confirmed",
        message_id=f"<{number}@roundtable.example>",
        state=state,
        queued_at=NOW - timedelta(hours=1),
        mail_from="rsvp@roundtable.example",
        raw=None if state is LetterState.SENT else b"x",
        reply=f"{number:064x}",
    )
    return replace(base, **facts)


def recorded_on(day: date, at: datetime = YESTERDAY, **numbers: int) -> SummaryRecord:
    return SummaryRecord(day, at, "x", numbers)


# ------------------------------------------------------------------ figures


def test_who_was_not_reached_is_not_counted_as_silent(store: TinyStore) -> None:
    gone = "an automatic reply says that the person has left"
    answered = invitee(3, answer(PartStat.ACCEPTED, 1), bounced=gone)
    store.commit(Commit(invitees=(invitee(1), invitee(2, bounced=gone), answered), mailbox=GOOD))
    found = figures(store, CONFIG, NOW)
    assert (found.counts[PartStat.NEEDS_ACTION], found.unreached) == (2, 1)
    text = " ".join(render(found, CONFIG).text.split())
    assert "No answer yet 1" in text and "Could not be reached 1" in text and "Accepted 1" in text
    assert f"Person 2 (p2@mission.example) {gone}" in text


def test_everybody_was_reached(store: TinyStore) -> None:
    store.commit(Commit(invitees=(invitee(1),), mailbox=GOOD))
    assert "Could not be reached" not in render(figures(store, CONFIG, NOW), CONFIG).text


@pytest.mark.parametrize(("hours", "quiet"), [(2, False), (48, True)])
def test_a_day_on_which_an_invitee_turns_out_to_have_left_is_not_quiet(
    store: TinyStore, hours: int, quiet: bool
) -> None:
    left = invitee(1, bounced="has left")
    told = reply(1, left, Reading(kind=Kind.AUTO), at=NOW - timedelta(hours=hours), folder=Folder.IGNORED, open=False)
    store.commit(Commit(invitees=(left,), replies=(told,), summaries=(recorded_on(date(2016, 9, 11)),), mailbox=GOOD))
    assert figures(store, CONFIG, NOW).quiet is quiet


def test_answers_of_those_on_the_list_are_counted_and_those_who_left_it_apart(store: TinyStore) -> None:
    store.commit(
        Commit(
            invitees=(
                invitee(1, answer(PartStat.ACCEPTED, 2)),
                invitee(2, answer(PartStat.ACCEPTED, None)),
                invitee(3, answer(PartStat.ACCEPTED, None, ("A", "B", "C"))),
                invitee(4, answer(PartStat.DELEGATED, 1, delegate=Address("Tomás", ""))),
                invitee(5, answer(PartStat.TENTATIVE, 4)),
                invitee(6, answer(PartStat.DECLINED, 0)),
                invitee(7),
                invitee(8, answer(PartStat.ACCEPTED, 5), listed=False),
                invitee(9, listed=False),
            ),
            mailbox=GOOD,
        )
    )
    found = figures(store, CONFIG, NOW)
    assert dict(found.counts) == {
        PartStat.ACCEPTED: 3,
        PartStat.DELEGATED: 1,
        PartStat.TENTATIVE: 1,
        PartStat.DECLINED: 1,
        PartStat.NEEDS_ACTION: 1,
    }
    assert (found.listed, found.expected, found.perhaps) == (7, 2 + 1 + 3 + 1, 4)
    assert [(who.label, said.party) for who, said in found.gone] == [("Person 8", 5)]
    assert found.days_left == 8


def test_what_is_new_is_told_by_name_with_what_it_was_before(store: TinyStore) -> None:
    changed = invitee(1, answer(PartStat.DECLINED, 0))
    store.commit(
        Commit(
            invitees=(
                changed,
                invitee(2, answer(PartStat.ACCEPTED, 2, ("Ada", "Bob"), dietary="vegan")),
                invitee(3, answer(PartStat.ACCEPTED, at=YESTERDAY - timedelta(hours=1))),
                invitee(4, answer(PartStat.ACCEPTED)),
            ),
            replies=(
                # What was recorded before the last summary; then what the first one said once more.
                reply(
                    1, changed, Reading(Kind.HUMAN, PartStat.TENTATIVE), recorded=True, at=YESTERDAY - timedelta(days=2)
                ),
                reply(
                    2,
                    changed,
                    Reading(Kind.HUMAN, PartStat.ACCEPTED, 1),
                    recorded=True,
                    at=YESTERDAY - timedelta(days=1),
                ),
                reply(3, changed, Reading(Kind.HUMAN, PartStat.TENTATIVE), at=YESTERDAY - timedelta(hours=1)),
                reply(4, changed, Reading(Kind.HUMAN, PartStat.DECLINED, 0), recorded=True),
                reply(
                    5,
                    invitee(4),
                    Reading(Kind.HUMAN, PartStat.ACCEPTED, 1),
                    recorded=True,
                    at=YESTERDAY - timedelta(days=1),
                ),
            ),
            summaries=(recorded_on(date(2016, 9, 11)),),
            mailbox=GOOD,
        )
    )
    found = figures(store, CONFIG, NOW)
    told = {
        change.who.label: (change.before and change.before.partstat, change.after.partstat) for change in found.changes
    }
    assert told == {
        "Person 1": (PartStat.ACCEPTED, PartStat.DECLINED),
        "Person 2": (None, PartStat.ACCEPTED),
    }, "Person 3 was in the last summary; Person 4 has only said the same again"
    text = render(found, CONFIG).text
    assert "Declined [Changed]: before: accepts" in text
    assert text.count("[Changed]") == 1
    assert render(found, CONFIG).html.count(">Changed</span>") == 1
    assert "Accepted: 2 people: Ada and Bob · needs: vegan" in text


def test_a_message_in_hand_while_the_last_summary_was_written_is_not_passed_over(store: TinyStore) -> None:
    """Its time was taken before the summary's, its commit came after it."""
    at = YESTERDAY - timedelta(seconds=3)
    asks = Reading(Kind.HUMAN, text="May I bring a film crew?", reasons=("a special request",))
    store.commit(
        Commit(
            invitees=(invitee(1, answer(PartStat.ACCEPTED, at=at)),),
            replies=(reply(1, None, asks, at=at),),
            summaries=(recorded_on(date(2016, 9, 11)),),
            mailbox=GOOD,
        )
    )
    found = figures(store, CONFIG, NOW)
    assert len(found.changes) == 1
    assert "film crew" in render(found, CONFIG).text


def test_what_waits_is_told_with_sender_time_text_and_reasons(store: TinyStore) -> None:
    person = invitee(1, answer(PartStat.ACCEPTED), name="Ada Lovelace", organisation="Analytical Engines")
    asks = Reading(
        Kind.HUMAN, PartStat.ACCEPTED, 2, text="May I\nbring\n\n\na film crew?", reasons=("a special request",)
    )
    strange = Reading(Kind.HUMAN, text="Who are you?")
    store.commit(
        Commit(
            invitees=(person,),
            replies=(
                reply(1, person, asks),
                reply(2, None, strange, reasons=("the writer is not on the list",), at=NOW - timedelta(hours=1)),
                reply(3, person, asks, open=False),
            ),
            mailbox=GOOD,
        )
    )
    found = figures(store, CONFIG, NOW)
    assert [waiting.reasons for waiting in found.waiting] == [
        ("a special request",),
        ("the writer is not on the list",),
    ]
    words = wording.page(found, CONFIG)
    assert words.sections[0].urgent
    first, second = words.sections[0].items
    assert first.lead == "Ada Lovelace"
    assert first.quote == ("May I", "bring", "a film crew?")
    assert first.notes == (
        "Why you are asked: a special request",
        "We read it as: accepts, 2 people",
        "On record: accepts",
    )
    assert "12 Sept, 07:00" in first.aside and "some@body.example" in first.aside
    assert second.lead == "Some Body" and "not on the list" in second.aside
    assert "2 to decide" in words.subject


NEEDS_AT_THE_DOOR = [
    # answer's pass, list's pass, partstat, party -> with, without, unknown
    (True, None, PartStat.ACCEPTED, 3, (3, 0, 0)),
    (False, True, PartStat.ACCEPTED, 2, (0, 2, 0)),
    (None, True, PartStat.ACCEPTED, 1, (1, 0, 0)),
    (None, True, PartStat.ACCEPTED, 3, (1, 0, 2)),
    (None, False, PartStat.ACCEPTED, 2, (0, 1, 1)),
    (None, True, PartStat.DELEGATED, 1, (0, 0, 1)),
    (None, None, PartStat.ACCEPTED, 2, (0, 0, 2)),
    (True, None, PartStat.TENTATIVE, 2, (0, 0, 0)),
    (False, None, PartStat.DECLINED, 0, (0, 0, 0)),
]


@pytest.mark.parametrize(("said", "listed", "partstat", "party", "expected"), NEEDS_AT_THE_DOOR)
def test_photo_id_by_people(
    store: TinyStore, said: bool | None, listed: bool | None, partstat: PartStat, party: int, expected: tuple[int, ...]
) -> None:
    store.commit(Commit(invitees=(invitee(1, answer(partstat, party, grounds_pass=said), grounds_pass=listed),)))
    door = figures(store, CONFIG, NOW).door
    assert door is not None
    assert (door.with_pass, door.without, door.unknown) == expected


def test_a_venue_without_pass_and_reception_asks_for_nothing_at_the_door(store: TinyStore) -> None:
    store.commit(Commit(invitees=(invitee(1, answer(PartStat.ACCEPTED)),), mailbox=GOOD))
    plain = replace(CONFIG, event=replace(CONFIG.event, venue=Venue(name="Town hall")))
    found = figures(store, plain, NOW)
    assert found.door is None
    assert "photo ID" not in render(found, plain).text
    no_pass = replace(CONFIG, event=replace(CONFIG.event, venue=Venue(reception="Desk")))
    text = render(figures(store, no_pass, NOW), no_pass).text
    assert "need photo ID" in text and "pass" not in text


def test_needs_are_told_by_name_of_those_who_come_or_might(store: TinyStore) -> None:
    store.commit(
        Commit(
            invitees=(
                invitee(
                    1, answer(PartStat.ACCEPTED, names=("Ada Lovelace",), dietary="vegetarian", access="wheelchair")
                ),
                invitee(2, answer(PartStat.TENTATIVE, dietary="halal")),
                invitee(3, answer(PartStat.DECLINED, 0, dietary="vegan")),
            ),
            mailbox=GOOD,
        )
    )
    found = figures(store, CONFIG, NOW)
    assert [(need.who.label, need.need) for need in found.dietary] == [
        ("Person 2", "halal"),
        ("Person 1", "vegetarian"),
    ]
    assert [need.need for need in found.access] == ["wheelchair"]
    text = render(found, CONFIG).text
    assert "* Ada Lovelace (Person 1)\n  vegetarian" in text
    assert "* Person 2 (Tentative)\n  halal" in text


def test_letters_and_bounces_that_need_a_person_are_named(store: TinyStore) -> None:
    store.commit(
        Commit(
            invitees=(invitee(1, name="Ada Lovelace"), invitee(2, bounced="5.1.1 unknown")),
            letters=(
                letter(1, LetterState.FAILED, invitee_id="inv00001", error="550 no such user"),
                letter(2, LetterState.DOUBTFUL, invitee_id="inv00001"),
                letter(3, LetterState.HELD, invitee_id="inv00001"),
                letter(4, LetterState.QUEUED),
                letter(5, LetterState.QUEUED, attempts=2),
                letter(6, LetterState.DRAFTED),
                letter(7, LetterState.DRAFTED, queued_at=YESTERDAY - timedelta(days=3)),
                letter(8, LetterState.SENT),
            ),
            summaries=(recorded_on(date(2016, 9, 11)),),
            mailbox=GOOD,
        )
    )
    found = figures(store, CONFIG, NOW)
    assert (found.letters.waiting, found.letters.retried, found.letters.sent) == (2, 1, 1)
    assert (found.letters.drafted, found.letters.drafted_new) == (2, 1)
    text = " ".join(render(found, CONFIG).text.split())
    assert "could not be sent: 550 no such user" in text
    assert "may or may not have gone out" in text
    assert "held: more automatic answers" in text
    assert "1 automatic answer is held back: the limit was reached." in text
    assert "write “send held” in reply to this summary, and it goes out" in text
    subject = render(found, CONFIG).subject
    assert subject.startswith("ALARM") and "answers held back" in subject
    assert "Person 2 (p2@mission.example) 5.1.1 unknown" in text
    assert "Correct the address in the list, or ring them up" in text and "rsvpbot record ADDRESS accepted" in text
    assert "2 drafts in all so far" in text


def test_room_by_category(store: TinyStore) -> None:
    event = replace(CONFIG.event, capacity=5, capacity_by_category={"Delegation": 3, "observer": 2})
    config = replace(CONFIG, event=event)
    store.commit(
        Commit(
            invitees=(
                invitee(1, answer(PartStat.ACCEPTED, 4), category="delegation"),
                invitee(2, answer(PartStat.ACCEPTED, 1), category="Observer"),
                invitee(3, answer(PartStat.ACCEPTED, 1), category="press"),
            ),
            mailbox=GOOD,
        )
    )
    found = figures(store, config, NOW)
    assert [(one.name, one.coming, one.room) for one in found.categories] == [
        ("Delegation", 4, 3),
        ("observer", 1, 2),
        ("press", 1, None),
    ]
    rendered = render(found, config)
    assert "\nDelegation        1  4 of 3         0       0\nobserver          1  1 of 2" in rendered.text
    assert "1 more than there is room for" in rendered.text
    assert len(re.findall(r'class="piece alarm"[^>]* width="25%" height="6"', rendered.html)) == 1


def test_by_category_as_the_list_has_them(store: TinyStore) -> None:
    gone, declined = answer(PartStat.ACCEPTED, 9), answer(PartStat.DECLINED, 0)
    store.commit(
        Commit(
            invitees=(
                invitee(1, category="Experts"),
                invitee(2, answer(PartStat.ACCEPTED, 3), category="Member States"),
                invitee(3, declined, category="member states"),
                invitee(4, answer(PartStat.TENTATIVE, 2), category="Member States"),
                invitee(5, category="Member States"),
                invitee(6, answer(PartStat.DELEGATED, 1)),
                invitee(7, category="Member States", bounced="unknown"),
                invitee(8, gone, category="Observers", listed=False),
            ),
            mailbox=GOOD,
        )
    )
    found = figures(store, CONFIG, NOW)
    assert found.categories == (
        Category("Member States", 5, 3, 1, 2, None),
        Category("Experts", 1, 0, 0, 1, None),
        Category("", 1, 1, 0, 0, None),
    )
    assert render(found, CONFIG).text.partition("By category\n-----------\n\n")[2].splitlines()[:4] == [
        "                    Invited  Coming  Declined  Silent",
        "Member States             5       3         1       2",
        "Experts                   1       0         0       1",
        "without a category        1       1         0       0",
    ]


def test_a_list_without_categories_is_told_without(store: TinyStore) -> None:
    store.commit(Commit(invitees=(invitee(1, answer(PartStat.ACCEPTED)),), mailbox=GOOD))
    assert figures(store, CONFIG, NOW).categories == ()
    assert "category" not in render(figures(store, CONFIG, NOW), CONFIG).text


def test_as_many_categories_as_invitees_are_cut_off(store: TinyStore) -> None:
    people = tuple(invitee(n, answer(PartStat.ACCEPTED), category=f"{n} {'long ' * 30}") for n in range(90))
    store.commit(Commit(invitees=people, mailbox=GOOD))
    rendered = render(figures(store, CONFIG, NOW), CONFIG)
    table = rendered.text.partition("By category")[2].partition("and 66 more")[0]
    assert max(map(len, table.splitlines())) <= 74 and table.count("long") >= 24


LEFT = [
    (datetime(2016, 9, 19, 23, 0, tzinfo=NEW_YORK), "tomorrow"),
    (datetime(2016, 9, 20, 8, 0, tzinfo=NEW_YORK), "today"),
    (datetime(2016, 9, 21, 8, 0, tzinfo=NEW_YORK), "it was yesterday"),
    (datetime(2016, 9, 23, 8, 0, tzinfo=NEW_YORK), "it was 3 days ago"),
]


@pytest.mark.parametrize(("now", "left"), LEFT)
def test_days_are_those_of_the_calendar_at_the_place(store: TinyStore, now: datetime, left: str) -> None:
    utc = figures(store, CONFIG, now.astimezone(UTC))
    assert f"The event: Tuesday, 20 September 2016, {left}\n" in render(utc, CONFIG).text


def test_the_very_first_summary(store: TinyStore) -> None:
    store.commit(Commit(mailbox=GOOD))
    assert "No answers yet, and nothing waits for you." in render(figures(store, CONFIG, NOW), CONFIG).text


def test_a_delegation_names_the_delegate_and_who_speaks_as_one_is_known(store: TinyStore) -> None:
    """The delegate's own "yes" is recorded as the delegation that it confirms, and is told as no change."""
    delegate = Address("Tomás Ferreira", "tomas@ferreira.example")
    sent = invitee(1, answer(PartStat.DELEGATED, 1, ("Tomás Ferreira",), delegate=delegate))
    before = YESTERDAY - timedelta(hours=2)
    yes = Reading(Kind.HUMAN, PartStat.ACCEPTED, 1, ("Tomás Ferreira",), delegate=delegate)
    standing = Standing(sent.id, Trust.ADDRESS, Dmarc.NONE, listed=True, from_delegate=True)
    store.commit(
        Commit(
            invitees=(sent, invitee(2, answer(PartStat.DELEGATED, 1, delegate=delegate))),
            replies=(reply(1, sent, yes, standing=standing, recorded=True, at=before, open=False),),
            summaries=(recorded_on(date(2016, 9, 11)),),
            mailbox=GOOD,
        )
    )
    found = figures(store, CONFIG, NOW)
    assert [change.who.label for change in found.changes] == ["Person 2"]
    assert "Delegated: Tomás Ferreira" in render(found, CONFIG).text


# ------------------------------------------------------------------ who is silent


def invited(number: int, of: Invitee, days_ago: float, **facts: Any) -> Letter:
    at = NOW - timedelta(days=days_ago)
    kind = facts.pop("kind", LetterKind.INVITATION)
    return letter(
        number, LetterState.SENT, kind=kind, invitee_id=of.id, reply="", **{"queued_at": at, "sent_at": at, **facts}
    )


def test_who_has_been_silent_for_longest(store: TinyStore) -> None:
    people = {
        "first": invitee(1, name="Zoe", organisation="Institute"),
        "yesterday": invitee(2, name="Ada", quiet=True),
        "today": invitee(3),
        "answered": invitee(4, answer(PartStat.DECLINED, 0)),
        "returned": invitee(5, bounced="unknown"),
        "wrote": invitee(6),
        "asked": invitee(7, pending=answer(PartStat.DECLINED, 0)),
        "not by us": invitee(8),
        "gone": invitee(9, listed=False),
        "reminded": invitee(10, name="Bea"),
        "failed": invitee(11),
    }
    waits = reply(1, people["wrote"], Reading(Kind.HUMAN, text="Which day?"))
    letters = [
        invited(n, person, {"first": 20, "yesterday": 1, "today": 0.2}.get(name, 9))
        for n, (name, person) in enumerate(people.items())
        if name not in ("not by us", "failed")
    ]
    again = invited(50, people["first"], 2)
    reminder = invited(51, people["not by us"], 9, kind=LetterKind.REMINDER)
    failed = replace(invited(52, people["failed"], 9, sent_at=None), state=LetterState.FAILED, raw=b"x")
    store.commit(
        Commit(
            invitees=tuple(people.values()),
            letters=(*letters, again, reminder, failed),
            replies=(waits,),
            mailbox=GOOD,
        )
    )
    found = figures(store, CONFIG, NOW)
    assert [(one.who.label, one.days, one.quiet) for one in found.silent] == [
        ("Zoe", 20, False),
        ("Bea", 9, False),
        ("Ada", 1, True),
    ]
    text = render(found, CONFIG).text
    assert "* Zoe (Institute · p1@mission.example)\n  invited 20 days ago\n* Bea" in text
    assert "* Ada (p2@mission.example)\n  invited yesterday, asked for no reminders\n" in text


def test_ten_who_are_silent_are_named_and_the_others_counted(store: TinyStore) -> None:
    people = [invitee(number) for number in range(25)]
    letters = tuple(invited(n, person, 30 - n) for n, person in enumerate(people))
    news = invitee(99, answer(PartStat.ACCEPTED))
    store.commit(Commit(invitees=(*people, news), letters=letters, mailbox=GOOD))
    text = render(figures(store, CONFIG, NOW), CONFIG).text
    named = text.partition("Silent for longest")[2].partition("\n\n\n")[0]
    assert re.findall(r"Person (\d+)", named) == [str(number) for number in range(10)]
    assert named.endswith("and 15 more")


def test_the_silent_are_left_out_on_a_quiet_day_and_where_nobody_was_invited_by_us(store: TinyStore) -> None:
    store.commit(Commit(invitees=(invitee(1), invitee(2, answer(PartStat.ACCEPTED))), mailbox=GOOD))
    assert "Silent for longest" not in render(figures(store, CONFIG, NOW), CONFIG).text
    store.commit(Commit(letters=(invited(1, invitee(1), 5),)))
    assert "Silent for longest" in render(figures(store, CONFIG, NOW), CONFIG).text
    store.commit(Commit(summaries=(recorded_on(date(2016, 9, 11), NOW - timedelta(hours=1)),)))
    quiet = figures(store, CONFIG, NOW)
    assert quiet.quiet and quiet.silent
    assert "Silent for longest" not in render(quiet, CONFIG).text


def test_days_of_silence_are_those_of_the_organisers_calendar(store: TinyStore) -> None:
    """The invitation went out at 20:00 in New York, on the 10th; in Geneva it was the 11th by then."""
    sent = datetime(2016, 9, 10, 20, 0, tzinfo=NEW_YORK)
    store.commit(Commit(invitees=(invitee(1),), letters=(invited(1, invitee(1), 0, sent_at=sent),), mailbox=GOOD))
    geneva = replace(CONFIG, organisers=replace(CONFIG.organisers, timezone="Europe/Zurich"))
    assert [one.days for one in figures(store, CONFIG, NOW).silent] == [2]
    assert [one.days for one in figures(store, geneva, NOW).silent] == [1]


# ------------------------------------------------------------------ day by day


def test_people_expected_at_the_end_of_each_day_are_those_of_the_record(store: TinyStore) -> None:
    def day(number: int, hour: int = 12) -> datetime:
        return datetime(2016, 9, number, hour, tzinfo=NEW_YORK)

    moved = invitee(1, answer(PartStat.DECLINED, 0, at=day(11)))
    by_hand = invitee(2, answer(PartStat.ACCEPTED, 4, at=day(10)))
    wrote = Reading(Kind.HUMAN, PartStat.ACCEPTED, 2)
    undone = answer(PartStat.ACCEPTED, 5, at=day(9))
    store.commit(
        Commit(
            invitees=(
                moved,
                by_hand,
                invitee(3, answer(PartStat.ACCEPTED, 1, at=day(12, 1))),
                invitee(4, answer(PartStat.TENTATIVE, 3, at=day(8))),
                invitee(5),
                invitee(6, answer(PartStat.ACCEPTED, 7, at=day(8)), listed=False),
                invitee(7),
            ),
            replies=(
                reply(1, moved, wrote, recorded=True, open=False, at=day(9, 23)),
                reply(2, moved, replace(wrote, party=9), at=day(10)),  # not recorded
                reply(3, moved, Reading(Kind.HUMAN, PartStat.DECLINED, 0), recorded=True, open=False, at=day(11)),
            ),
            rulings=(
                Ruling("r1", day(8), ADMIN, Act.ACCEPT, by_hand.id, after=answer(PartStat.ACCEPTED, 1, at=day(8))),
                Ruling("r2", day(10), ADMIN, Act.ACCEPT, by_hand.id, after=by_hand.answer),
                Ruling("r3", day(9), ADMIN, Act.ACCEPT, "inv00005", after=undone, undone=True),
                Ruling("r4", day(10), ADMIN, Act.UNDO, "inv00005", before=undone),
                Ruling("r5", day(9), ADMIN, Act.IGNORE, "inv00007"),
            ),
            mailbox=GOOD,
        )
    )
    found = figures(store, CONFIG, NOW)
    told = [(column.until.day, column.people) for column in found.growth.columns]
    assert told == [(8, 1), (9, 1 + 2 + 5), (10, 4 + 2), (11, 4), (12, 4 + 1)]
    assert found.growth.span == 1 and found.growth.columns[-1].people == found.expected


def test_a_decision_that_was_undone_leaves_no_trace_in_the_days(store: TinyStore) -> None:
    stands = answer(PartStat.ACCEPTED, 1, at=NOW - timedelta(days=3))
    slip = answer(PartStat.ACCEPTED, 60, at=NOW - timedelta(days=2))
    person = invitee(1, stands)
    store.commit(
        Commit(
            invitees=(person,),
            rulings=(
                Ruling(
                    "r1", NOW - timedelta(days=2), ADMIN, Act.ACCEPT, person.id, before=stands, after=slip, undone=True
                ),
                Ruling("r2", NOW - timedelta(days=1), ADMIN, Act.UNDO, person.id, before=slip, after=stands),
            ),
            mailbox=GOOD,
        )
    )
    assert [column.people for column in figures(store, CONFIG, NOW).growth.columns] == [1, 1, 1, 1]


def test_an_answer_that_was_recorded_by_hand_is_what_a_mind_is_changed_from(store: TinyStore) -> None:
    person = invitee(1, answer(PartStat.DECLINED, 0))
    by_telephone = answer(PartStat.ACCEPTED, 2, at=NOW - timedelta(days=3))
    said_so = Ruling("r1", NOW - timedelta(days=3), ADMIN, Act.ACCEPT, person.id, after=by_telephone)
    store.commit(
        Commit(invitees=(person,), rulings=(said_so,), summaries=(recorded_on(date(2016, 9, 11)),), mailbox=GOOD)
    )
    assert "Declined [Changed]: before: accepts, 2 people" in render(figures(store, CONFIG, NOW), CONFIG).text


def test_a_day_is_that_of_the_organisers_calendar() -> None:
    late = datetime(2016, 9, 11, 23, 30, tzinfo=NEW_YORK)
    assert growth([[(late, 2)]], NEW_YORK, NOW).columns == (Column(date(2016, 9, 11), 2), Column(date(2016, 9, 12), 2))
    assert growth([[(late, 2)]], ZoneInfo("Europe/Zurich"), NOW).columns == (Column(date(2016, 9, 12), 2),)


@pytest.mark.parametrize(
    ("days", "columns", "span"), [(1, 1, 1), (21, 21, 1), (22, 11, 2), (60, 20, 3), (4000, 21, 191)]
)
def test_more_days_than_columns_share_them(days: int, columns: int, span: int) -> None:
    """One more person a day; the last column ends today and holds everybody."""
    grown = growth([[(NOW - timedelta(days=back), 1)] for back in range(days)], NEW_YORK, NOW)
    assert (len(grown.columns), grown.span) == (columns, span)
    assert grown.columns[-1] == Column(NOW.date(), days)
    assert grown.columns[0].people == days - span * (columns - 1) > 0
    assert {later.people - earlier.people for earlier, later in pairwise(grown.columns)} <= {span}


STEPS = st.lists(st.tuples(st.integers(-100, 3), st.integers(0, 9)), max_size=4).map(sorted)


@given(st.lists(STEPS, max_size=8))
def test_the_last_column_is_the_sum_of_what_stands(courses: list[list[tuple[int, int]]]) -> None:
    grown = growth([[(NOW + timedelta(days=day), people) for day, people in one] for one in courses], NEW_YORK, NOW)
    assert bool(grown.columns) == any(courses)
    assert len(grown.columns) <= MOST_COLUMNS
    if grown.columns:
        assert grown.columns[-1] == Column(NOW.date(), sum(one[-1][1] for one in courses if one))
        assert all(
            later.until - earlier.until == timedelta(days=grown.span) for earlier, later in pairwise(grown.columns)
        )


@given(st.lists(st.integers(0, 400), min_size=1, max_size=21), st.integers(1, 300), st.sampled_from([2, 5, 80]))
def test_a_column_reaches_the_line_where_it_is_full_and_passes_it_where_there_are_more(
    people: list[int], line: int, height: int
) -> None:
    drawing = wording.Chart(tuple(people), line, "", "", "").drawn(height)
    assert drawing.below + drawing.above == height and drawing.below >= 1
    assert bool(drawing.above) == (max(people) > line)
    for number, (below, above) in zip(people, drawing.columns, strict=True):
        assert 0 <= below <= drawing.below and 0 <= above <= drawing.above
        assert bool(below) == bool(number)
        assert bool(above) == (number > line)
        assert below == drawing.below or number < line
        assert below < drawing.below or number >= line or drawing.below == 1


GROWN = [
    # answers by days ago, capacity -> what the chart says, its columns
    ([], 10, None, 0),
    ([0], 10, "1 on 12 Sept · each column is one day", 1),
    ([2, 1, 1], 10, "1 on 10 Sept, 3 on 12 Sept · each column is one day", 3),
    ([2, 1, 1], None, "1 on 10 Sept, 3 on 12 Sept · each column is one day", 3),
    (range(60), 80, "3 on 17 Jul, 60 on 12 Sept · each column is 3 days", 20),
    ([3, 3, 2, 1, 1, 0], 4, "2 on 9 Sept, 6 on 12 Sept · each column is one day", 4),
    (range(60), 1, "3 on 17 Jul, 60 on 12 Sept · each column is 3 days", 20),
]


@pytest.mark.parametrize(("days", "capacity", "told", "columns"), GROWN)
def test_the_chart(store: TinyStore, days: Iterable[int], capacity: int | None, told: str | None, columns: int) -> None:
    config = replace(CONFIG, event=replace(CONFIG.event, capacity=capacity))
    people = [invitee(n, answer(PartStat.ACCEPTED, at=NOW - timedelta(days=n_ago))) for n, n_ago in enumerate(days)]
    store.commit(Commit(invitees=(*people, invitee(999)), mailbox=GOOD))
    rendered = render(figures(store, config, NOW), config)
    if told is None:
        assert "day by day" not in rendered.text + rendered.html
        return
    _, _, after = rendered.text.partition("People expected, day by day\n")
    drawn, _, _ = after.partition(f"\n\n{told}\n")
    lines = drawn.split("\n")[2:]
    assert told in rendered.html
    assert 7 <= len(lines) <= 8 and max(map(len, lines)) <= 74
    assert f"{capacity or len(people)} +-" in drawn
    assert ("!!" in drawn) == (capacity is not None and len(people) > capacity)
    assert lines[-1].split("  ")[-1].strip().endswith("12 Sept")
    heights = re.findall(r'<td class="column[^>]*height="(\d+)"', rendered.html)
    assert len(heights) == columns * len(set(heights)) and sum({int(height) for height in heights}) <= 100
    assert len(re.findall(r'<td class="piece accepted" style="[^"]*" height="\d+"', rendered.html)) == columns


def test_the_chart_in_characters() -> None:
    chart = wording.Chart((0, 1, 6, 12, 15), 10, "10", "8 Sept", "12 Sept")
    assert summary._chart(chart).split("\n") == [
        "   |             !!",
        "   |          !! !!",
        "10 +---------------",
        "   |          ## ##",
        "   |       ## ## ##",
        "   |    :: ## ## ##",
        "   +---------------",
        "     8 Sept 12 Sept",
    ]


# ------------------------------------------------------------------ the mailbox, and alarms


HEALTH = [
    (GOOD, Health.GOOD),
    (Mailbox(started=True), Health.NEVER),
    (replace(GOOD, failing_since=NOW - timedelta(minutes=2), error="MailboxError"), Health.FAILING),
    (Mailbox(failing_since=NOW, error="MailboxError"), Health.FAILING),
    (replace(GOOD, last_good=NOW - timedelta(minutes=59)), Health.GOOD),
    (replace(GOOD, last_good=NOW - timedelta(minutes=61)), Health.STALE),
]


@pytest.mark.parametrize(("mailbox", "health"), HEALTH)
def test_whether_the_mailbox_is_read(store: TinyStore, mailbox: Mailbox, health: Health) -> None:
    store.commit(Commit(mailbox=mailbox))
    found = figures(store, CONFIG, NOW)
    assert found.mailbox.health is health
    rendered = render(found, CONFIG)
    alarmed = health is not Health.GOOD
    assert rendered.subject.startswith("ALARM: the mailbox is not being read") is alarmed
    assert ("*** ALARM" in rendered.text) is alarmed
    assert found.quiet is not alarmed


def test_a_slow_rhythm_is_no_alarm(store: TinyStore) -> None:
    store.commit(Commit(mailbox=replace(GOOD, last_good=NOW - timedelta(hours=5))))
    slow = replace(CONFIG, service=ServiceConfig(poll_every=timedelta(hours=2)))
    assert figures(store, slow, NOW).mailbox.health is Health.GOOD


def test_mail_that_failed_is_an_alarm_once_and_stays_listed(store: TinyStore) -> None:
    failed = letter(1, LetterState.FAILED, error="550 no")
    store.commit(Commit(letters=(failed,), done=handled({Folder.FAILED: 1}), mailbox=GOOD))
    first = figures(store, CONFIG, NOW)
    assert render(first, CONFIG).subject.startswith("ALARM: letters failed and messages failed")
    store.commit(Commit(summaries=(recorded_on(NOW.date(), NOW, **first.numbers()),)))
    tomorrow = NOW + timedelta(days=1)
    store.commit(Commit(mailbox=replace(GOOD, last_good=tomorrow)))
    second = figures(store, CONFIG, tomorrow)
    rendered = render(second, CONFIG)
    assert "ALARM" not in rendered.subject
    assert "550 no" in rendered.text and "1 failed" in rendered.text


def test_where_every_message_went_adds_up_in_the_text(store: TinyStore) -> None:
    folders = {Folder.RECORDED: 7, Folder.REVIEW: 3, Folder.IGNORED: 5, Folder.FAILED: 1}
    store.commit(Commit(done=handled(folders), trials=(Trial(1, 99, 1, "ValueError"),), mailbox=GOOD))
    text = " ".join(render(figures(store, CONFIG, NOW), CONFIG).text.split())
    assert "17 seen = 7 recorded + 3 review + 5 ignored + 1 failed + 1 to be tried again." in text


def test_a_record_that_went_back_is_told_loudly(store: TinyStore) -> None:
    store.commit(
        Commit(
            done=handled({Folder.RECORDED: 4}),
            summaries=(recorded_on(date(2016, 9, 11), handled=6),),
            mailbox=GOOD,
        )
    )
    found = figures(store, CONFIG, NOW)
    assert not found.messages.adds_up
    rendered = render(found, CONFIG)
    assert rendered.subject.startswith("ALARM: the record has gone back")
    assert "6 seen = 4 recorded + 0 review + 0 ignored + 0 failed + 2 MISSING" in " ".join(rendered.text.split())
    assert "older copy" in rendered.html


def test_mail_left_alone_is_told(store: TinyStore) -> None:
    store.commit(Commit(mailbox=replace(GOOD, left_alone=1200)))
    assert "1,200 older messages were left alone in INBOX" in " ".join(
        render(figures(store, CONFIG, NOW), CONFIG).text.split()
    )


def test_a_quiet_day_says_so_in_one_line(store: TinyStore) -> None:
    old = NOW - timedelta(days=4)
    store.commit(
        Commit(
            invitees=(invitee(1, answer(PartStat.ACCEPTED, dietary="vegan", at=old)), invitee(2, bounced="unknown")),
            summaries=(recorded_on(date(2016, 9, 11)),),
            mailbox=GOOD,
        )
    )
    rendered = render(figures(store, CONFIG, NOW), CONFIG)
    assert rendered.subject == "No news: 1 of 10 expected – Roundtable"
    assert "No new answers since 11 Sept, 09:00, and nothing waits for you." in rendered.text
    assert [section.title for section in wording.page(figures(store, CONFIG, NOW), CONFIG).sections] == [
        "Answers of the 2 on the list",
        "The mailbox",
    ]


def test_what_was_told_before_is_told_shortly(store: TinyStore) -> None:
    old = NOW - timedelta(days=3)
    asks = Reading(Kind.HUMAN, text="May I bring a film crew?", reasons=("a special request",))
    store.commit(
        Commit(
            invitees=(invitee(1, answer(PartStat.ACCEPTED, at=old)),),
            replies=(reply(1, invitee(1), asks, at=old),),
            summaries=(recorded_on(date(2016, 9, 11)),),
            mailbox=GOOD,
        )
    )
    found = figures(store, CONFIG, NOW)
    rendered = render(found, CONFIG)
    assert found.quiet and "1 message still waits for you." in rendered.text
    assert "film crew" not in rendered.text and "a special request" in rendered.text


def test_a_need_that_is_new_is_no_change_of_mind(store: TinyStore) -> None:
    person = invitee(1, answer(PartStat.ACCEPTED, access="wheelchair"))
    before = reply(1, person, Reading(Kind.HUMAN, PartStat.ACCEPTED, 1), recorded=True, at=NOW - timedelta(days=3))
    store.commit(
        Commit(
            invitees=(person,),
            replies=(replace(before, open=False),),
            summaries=(recorded_on(date(2016, 9, 11)),),
            mailbox=GOOD,
        )
    )
    text = render(figures(store, CONFIG, NOW), CONFIG).text
    assert "Accepted: needs: wheelchair" in text and "Changed" not in text


def test_who_was_not_reached_is_corrected_in_the_list_by_its_name(store: TinyStore) -> None:
    store.commit(Commit(invitees=(invitee(1, bounced="unknown"), invitee(2, answer(PartStat.ACCEPTED))), mailbox=GOOD))
    listed = replace(CONFIG, invitees=InviteesConfig(file=Path("/srv/events/guests 2016.xlsx")))
    text = " ".join(render(figures(store, listed, NOW), listed).text.split())
    assert "Correct the address in guests 2016.xlsx, or ring" in text


@pytest.mark.parametrize("days", [0, 3])
def test_what_waits_can_be_decided_by_links_on_its_first_day_and_later(store: TinyStore, days: int) -> None:
    at = NOW - timedelta(hours=1, days=days)
    asks = Reading(Kind.HUMAN, PartStat.ACCEPTED, 2, text="For two?", reasons=("a special request",))
    store.commit(
        Commit(
            invitees=(invitee(1),),
            replies=(reply(1, invitee(1), asks, at=at),),
            summaries=(recorded_on(date(2016, 9, 11)),),
            mailbox=GOOD,
        )
    )
    decisions = Decisions(Tokens((b"k" * 32,), CONFIG.event.uid), CONFIG)
    rendered = render(figures(store, CONFIG, NOW), CONFIG, decisions)
    for part in (rendered.text, rendered.html):
        links = re.findall(r"mailto:rsvp@roundtable\.example\?subject=([a-z]+)", part)
        assert links == ["accept", "decline", "tentative", "delegate", "reply", "ignore"]


def test_a_change_that_waits_for_its_confirmation_waits_for_the_invitee_alone(store: TinyStore) -> None:
    bare = Reading(Kind.HUMAN, PartStat.DECLINED, 0)
    asking = replace(bare, reasons=("a question",))
    waits = {number: answer(PartStat.DECLINED, 0) for number in (1, 2)}
    people = tuple(
        invitee(number, answer(PartStat.ACCEPTED), pending=replace(pending, reply=f"{number:064x}"))
        for number, pending in waits.items()
    )
    why = ("changes the recorded answer",)
    store.commit(
        Commit(
            invitees=people,
            replies=(
                reply(1, people[0], bare, reasons=why),
                reply(2, people[1], asking, reasons=(*why, "a question")),
            ),
            mailbox=GOOD,
        )
    )
    found = figures(store, CONFIG, NOW)
    assert len(found.pending) == 2
    assert [one.who.label for one in found.waiting if one.who] == ["Person 2"]
    assert "Declined: On record: accepts · asked on 12 Sept, 07:00" in render(found, CONFIG).text


# ------------------------------------------------------------------ property: figures add up

PARTSTATS = [PartStat.ACCEPTED, PartStat.DECLINED, PartStat.TENTATIVE, PartStat.DELEGATED]
PASSES = st.sampled_from([True, False, None])
ANSWERS = st.none() | st.builds(
    answer,
    st.sampled_from(PARTSTATS),
    st.none() | st.integers(0, 7),
    st.lists(st.text(max_size=8), max_size=3).map(tuple),
    grounds_pass=PASSES,
    dietary=st.none() | st.text(max_size=10),
)
LISTS = st.lists(st.tuples(ANSWERS, st.booleans(), PASSES, st.text(max_size=12), st.text(max_size=12)), max_size=12)
TALLIES = st.fixed_dictionaries({folder: st.integers(0, 4) for folder in Folder})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=LISTS,
    tally=TALLIES,
    tried=st.integers(0, 3),
    before=st.integers(0, 30),
    capacity=st.none() | st.integers(1, 20),
)
def test_figures_always_add_up(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[Answer | None, bool, bool | None, str, str]],
    tally: dict[Folder, int],
    tried: int,
    before: int,
    capacity: int | None,
) -> None:
    people = tuple(
        invitee(number, given, listed=listed, grounds_pass=card, name=name, organisation=organisation)
        for number, (given, listed, card, name, organisation) in enumerate(rows)
    )
    config = replace(CONFIG, event=replace(CONFIG.event, capacity=capacity))
    with TinyStore(tmp_path_factory.mktemp("store") / "rsvp.json") as store:
        store.commit(
            Commit(
                invitees=people,
                done=handled(tally),
                trials=tuple(Trial(1, 900 + number, 1, "ValueError") for number in range(tried)),
                summaries=(recorded_on(date(2016, 9, 11), handled=before),),
                mailbox=GOOD,
            )
        )
        found = figures(store, config, NOW)
    assert sum(found.counts.values()) == found.listed == sum(person.listed for person in people)
    assert found.expected == sum(found.people.values())
    assert found.door is not None
    assert found.door.with_pass + found.door.without + found.door.unknown == found.expected
    m = found.messages
    assert m.seen == m.recorded + m.review + m.ignored + m.failed + m.retried + m.missing
    assert m.seen - m.retried == max(before, sum(tally.values()))
    assert m.adds_up == (before <= sum(tally.values()))
    words = wording.page(found, config)
    tables = [section.table.lines for section in words.sections if section.table]
    bars = [row.bar for section in words.sections for row in section.rows] + [
        line.bar for table in tables for line in table
    ]
    for bar in [words.capacity, *bars]:
        assert not bar or sum(piece.percent for piece in bar) == 100
    rendered = render(found, config)
    assert max(map(len, rendered.text.split("\n"))) < 998
    _well_formed(rendered.html)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=5), st.integers(0, 600))
def test_bars_fill_their_width_and_show_whatever_is_there(numbers: list[int], total: int) -> None:
    whole = max(total, sum(numbers))
    widths = shares(numbers, whole)
    assert sum(widths) == 100
    assert all(width >= 0 for width in widths)
    if whole:
        assert all(bool(width) == bool(number) for width, number in zip(widths, numbers, strict=False))
    if whole and sum(numbers) == whole:
        assert widths[-1] == 0


# ------------------------------------------------------------------ what comes from mails stays text

CANARIES = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><a href='http://evil.example'>x</a>",
    "[click](http://evil.example)",
    "{{ 7*7 }}{% raw %}",
    "Eve\r\nBcc: victim@else.example",
    "Eve\n\n# Heading\n---",
    "\u202eevil\u202c",
    "\x1b[31mred\x07",
    "\ud800half",
    '=HYPERLINK("http://x")',
    "<!-- x --><style>*{display:none}</style>",
    "{n}{capacity}%s",
    "]]>&amp;&lt;",
]


@pytest.mark.parametrize("canary", CANARIES)
def test_values_of_mails_are_shown_as_text(store: TinyStore, canary: str) -> None:
    fit = canary.replace("\ud800", "")  # JSON could hold half a character, a file in UTF-8 cannot
    person = invitee(
        1,
        answer(PartStat.ACCEPTED, 2, (fit, fit), dietary=fit, access=fit),
        name=fit,
        organisation=fit,
        category=fit,
        pending=answer(PartStat.DELEGATED, 1, (fit,), delegate=Address(fit, "x@y.example")),
        bounced=fit,
    )
    reading = Reading(Kind.HUMAN, PartStat.ACCEPTED, 1, (fit,), text=fit, reasons=(fit,))
    silent = invitee(2, name=fit, organisation=f"{fit} Mission", category=f"{fit} Mission")
    store.commit(
        Commit(
            invitees=(person, silent),
            replies=(reply(1, None, reading, sender=Address(fit, "x@y.example"), subject=fit),),
            letters=(letter(1, LetterState.FAILED, invitee_id=person.id, error=fit), invited(2, silent, 3)),
            mailbox=replace(GOOD, failing_since=NOW, error=fit),
        )
    )
    found = figures(store, CONFIG, NOW)
    found = replace(
        found,
        waiting=tuple(replace(one, text=canary, subject=canary, reasons=(canary,)) for one in found.waiting),
        changes=tuple(replace(one, who=replace(one.who, name=canary), dietary=canary) for one in found.changes),
    )
    assert found.silent and len(found.categories) == 2 and found.growth.columns
    rendered = render(found, CONFIG)
    for forbidden in "\x1b\x07\u202e\u202c\r\ud800":
        assert forbidden not in rendered.text + rendered.html + rendered.subject
    tags = _well_formed(rendered.html)
    assert tags == _well_formed(render(_harmless(found), CONFIG).html), (
        "no element that an innocent value would not make"
    )
    assert not re.search(r"^(Bcc|# Heading)", rendered.text, re.MULTILINE)
    queued = queue_now(store, CONFIG, NOW, ids())
    assert queued.raw is not None
    assert message_from_bytes(queued.raw, policy=default)["Bcc"] is None


def _harmless(found: Figures) -> Figures:
    """The same figures with every value of a mail replaced by a plain word, the same by the same."""
    words: dict[str, str] = {}

    def plain(value: Any) -> Any:
        if isinstance(value, PartStat | Health | LetterKind | Folder):
            return value
        if isinstance(value, str):
            return words.setdefault(one_line(value, 10_000), f"word{len(words)}") if value else ""
        if isinstance(value, tuple):
            return tuple(map(plain, value))
        if hasattr(value, "__dataclass_fields__"):
            return replace(value, **{name: plain(getattr(value, name)) for name in value.__dataclass_fields__})
        return value

    changes: dict[str, Any] = {
        name: plain(getattr(found, name))
        for name in (
            "changes",
            "waiting",
            "pending",
            "dietary",
            "access",
            "letters",
            "bounced",
            "categories",
            "silent",
            "gone",
            "mailbox",
        )
    }
    return replace(found, **changes)


class _Tags(HTMLParser):
    VOID = frozenset({"meta", "br", "img", "hr", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: dict[str, int] = {}
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "br":
            self.seen[tag] = self.seen.get(tag, 0) + 1
        if tag not in self.VOID:
            self.open.append(tag)
        self.loaded += [
            str(value) for name, value in attrs if name in ("src", "href", "background", "onerror", "onclick")
        ]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _well_formed(page: str) -> dict[str, int]:
    """Every element is closed where it should be, and nothing is fetched. Returns how many there are of each."""
    tags = _Tags()
    tags.feed(page)
    tags.close()
    assert tags.open == []
    assert tags.loaded == []
    assert not {"script", "img", "link", "iframe", "a", "form", "object"} & tags.seen.keys()
    assert "url(" not in page and "@import" not in page
    return tags.seen


def test_the_largest_summary_is_not_cut_off_by_gmail(store: TinyStore) -> None:
    """Gmail shows the first 102 kB of HTML."""
    long = "Massachusetts " * 15
    people = tuple(
        invitee(
            number,
            answer(PartStat(list(PARTSTATS)[number % 4]), 2, (long, long), dietary=long, access=long),
            name=long,
            organisation=long,
            bounced=long,
            pending=answer(PartStat.DECLINED, 0),
        )
        for number in range(300)
    )
    reading = Reading(Kind.HUMAN, PartStat.ACCEPTED, 1, (long,), text=f"{long}\n" * 50, reasons=(long,))
    waiting = tuple(reply(number, people[number], reading) for number in range(100))
    gone = tuple(replace(person, id=f"gone{person.id[4:]}", calendar_uid=person.id, listed=False) for person in people)
    notes = tuple(letter(number, LetterState.HELD, invitee_id=people[number].id) for number in range(60))
    store.commit(Commit(invitees=(*people, *gone), replies=waiting, letters=notes, mailbox=GOOD))
    rendered = render(figures(store, CONFIG, NOW), CONFIG)
    assert len(rendered.html.encode()) < 102_000
    assert rendered.text.count("Why you are asked") >= 4
    assert "100 messages wait" in rendered.html and re.search(r"and 9\d more", rendered.text)


def test_five_thousand_invitees_with_a_busy_night_fit_with_all_their_links(store: TinyStore) -> None:
    """Sixty days of answers, forty categories, a thousand silent, three hundred to decide."""
    people = tuple(
        invitee(
            n,
            answer(PARTSTATS[n % 4], 1 + n % 3, (f"Person {n}",), at=NOW - timedelta(days=n % 60)) if n % 5 else None,
            category=f"Category {n % 40}",
            organisation=f"Permanent Mission of the Federation {n % 193} to the United Nations",
        )
        for n in range(5000)
    )
    asks = Reading(Kind.HUMAN, PartStat.ACCEPTED, 2, text="May I bring a film crew? " * 9, reasons=("a request",))
    waiting = tuple(reply(n, people[n], asks, at=NOW - timedelta(days=n % 3, hours=1)) for n in range(1, 1500, 5))
    letters = tuple(invited(n, person, 61) for n, person in enumerate(people))
    store.commit(
        Commit(
            invitees=people,
            replies=waiting,
            letters=letters,
            summaries=(recorded_on(date(2016, 9, 11)),),
            mailbox=GOOD,
        )
    )
    decisions = Decisions(Tokens((b"k" * 32,), CONFIG.event.uid), CONFIG)
    rendered = render(figures(store, CONFIG, NOW), CONFIG, decisions)
    assert len(rendered.html.encode()) <= 100_000
    for title in (
        "100 messages wait for your decision",
        "200 messages still wait",
        "By category",
        "Silent for longest",
    ):
        assert title.casefold() in rendered.text.casefold() and title in rendered.html
    assert rendered.html.count('class="choice"') >= 24


# ------------------------------------------------------------------ the words


def test_every_phrase_that_is_used_exists_and_none_is_left_over() -> None:
    room = Path(wording.__file__).parent
    source = "".join((room / f"{name}.py").read_text(encoding="utf-8") for name in ("wording", "steer", "decisions"))
    words = (room / "words" / "en.toml").read_text(encoding="utf-8")
    keys = set(re.findall(r"^([a-z-]+|[a-z_]+) = ", words, re.MULTILINE))
    asked = set(re.findall(r"""say\(\s*"([a-z_]+)["]""", source))
    named = {key for key in keys if f'"{key}"' in source}
    named |= {partstat.value for partstat in ORDER}
    named |= {f"says_{partstat.value}" for partstat in PARTSTATS}
    named |= {f"kind_{kind.value.replace('-', '_')}" for kind in LetterKind}
    assert asked <= keys
    assert named == keys


WORDS = Path(wording.__file__).parent / "words"
LANGUAGES = sorted(path.stem for path in WORDS.glob("*.toml") if path.stem != "commands")
NEVER_NONE = {"standby", "days_left", "days_ago", "growth_span", "invited_ago", "with_people"}
"""Phrases that are never said of 0."""


def words_of(language: str) -> dict[str, str | dict[str, str]]:
    return tomllib.loads((WORDS / f"{language}.toml").read_text(encoding="utf-8"))


def forms_of(phrase: str | dict[str, str]) -> dict[str, str]:
    return {"other": phrase} if isinstance(phrase, str) else phrase


def placeholders(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name is not None}


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_a_language_has_every_phrase_with_the_same_placeholders(language: str) -> None:
    english, words = words_of("en"), words_of(language)
    assert list(words) == list(english), "the same keys, in the same order"
    wrong = {
        key: forms
        for key, forms in ((key, forms_of(phrase)) for key, phrase in words.items())
        if set().union(*map(placeholders, forms.values()))
        != set().union(*map(placeholders, forms_of(english[key]).values()))
    }
    assert not wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phrase_has_the_plurals_of_its_language(language: str) -> None:
    """Those that whole numbers up to a hundred thousand fall into (CLDR): one and other, in these three. Whatever "one"
    holds for beside 1, as 0 does in French, must not be called 1."""
    rule = locale_of(language).plural_form
    needed = {rule(number) for number in range(100_000)}
    for key, phrase in words_of(language).items():
        if isinstance(phrase, str):
            continue
        assert phrase.keys() == needed, key
        for category, form in phrase.items():
            numbers = {number for number in range(200) if rule(number) == category}
            if len(numbers - ({0} if key in NEVER_NONE else set())) > 1:
                missing = placeholders(phrase["other"]) - placeholders(form)
                assert not missing, (key, category)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phrase_without_plurals_is_not_said_of_one_in_the_plural(language: str) -> None:
    """Where English needs a plural, so does every other language here."""
    counted = {key for key, phrase in words_of("en").items() if isinstance(phrase, dict)}
    assert counted <= {key for key, phrase in words_of(language).items() if isinstance(phrase, dict)}


def test_french_has_its_narrow_spaces() -> None:
    """U+202F before ; : ! ? and inside « », and no other space there."""
    for key, phrase in words_of("fr").items():
        for form in forms_of(phrase).values():
            assert not re.search("(?<!\u202f)[;:!?»]|«(?!\u202f)|\u202f(?![;:!?»])(?<!«\u202f)|'", form), (key, form)
    assert "?" in str(words_of("fr")["missing"]) and "»" in str(words_of("fr")["letter_about"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_command_that_a_language_gives_as_an_example_is_understood(language: str) -> None:
    words = words_of(language)
    (example,) = re.findall("[«“]\u202f?(Jane Doe [^»”\u202f]+?)\u202f?[»”]", str(words["bounced_intro"]))
    (command,) = commands(example)
    assert (command.act, command.who, command.party) == (Act.ACCEPT, "Jane Doe", 2)


FIRST = [
    ("en", "1 Sept, 09:00", "Thursday, 1 September 2016"),
    ("es", "1 sept, 9:00", "jueves, 1 de septiembre de 2016"),
    ("fr", "1er sept. à 09:00", "jeudi 1er septembre 2016"),
]


@pytest.mark.parametrize(("language", "moment", "day"), FIRST)
def test_the_first_of_a_month(language: str, moment: str, day: str) -> None:
    say, first = Phrases(language), datetime(2016, 9, 1, 9, 0, tzinfo=NEW_YORK)
    assert (say.moment(first), say.full_date(first)) == (moment, day)
    assert say.moment(first + timedelta(days=10)).startswith("11 ")
    assert say.moment(first.replace(hour=1)).count("1er") == (language == "fr")


CANCELLED = {
    "en": (
        "Cancelled on 11 Sept – Roundtable",
        "20 September 2016, cancelled on 11 Sept",
        "2 people had been expected",
    ),
    "es": ("Cancelada el 11 sept – Roundtable", "de 2016, cancelada el 11 sept", "2 personas estaban previstas"),
    "fr": ("Annulée le 11 sept. – Roundtable", "septembre 2016, annulée le 11 sept.", "2 personnes étaient attendues"),
}


@pytest.mark.parametrize("language", CANCELLED)
def test_a_cancelled_event_is_told_as_such(store: TinyStore, language: str) -> None:
    config = replace(CONFIG, organisers=replace(CONFIG.organisers, language=language))
    told = Mailbox(told=next_facts(None, config, YESTERDAY + timedelta(hours=2), cancelled=True))
    store.commit(
        Commit(
            invitees=(invitee(1, answer(PartStat.ACCEPTED, 2, at=NOW - timedelta(days=4))),),
            summaries=(recorded_on(date(2016, 9, 11), YESTERDAY),),
            mailbox=replace(GOOD, told=told.told),
        )
    )
    rendered = render(figures(store, config, NOW), config)
    subject, day, people = CANCELLED[language]
    assert rendered.subject == subject
    assert day in " ".join(rendered.text.split()) and day in rendered.html
    assert people in rendered.text and "places" not in rendered.text and "plazas" not in rendered.text
    assert not figures(store, config, NOW).quiet
    later = figures(store, config, NOW + timedelta(days=1))
    store.commit(Commit(summaries=(recorded_on(date(2016, 9, 12), NOW),)))
    quiet = render(figures(store, config, NOW + timedelta(minutes=5)), config)
    assert subject[1:] in quiet.subject and subject not in quiet.subject and later.cancelled_at is not None


IN_WORDS = {
    "es": (
        "1 persona prevista de 10 · 1 respuesta nueva · 1 por decidir",
        "Declinado [Cambio]: antes: acepta, 2 personas",
        "quedan 9 plazas",
    ),
    "fr": (
        "1 personne attendue sur 10 · 1 nouvelle réponse · 1 à décider",
        "Décliné [Changement]\u202f: auparavant\u202f: accepte, 2 personnes",
        "9 places encore libres",
    ),
}


@pytest.mark.parametrize("language", ["es", "fr"])
def test_the_summary_in_another_language(store: TinyStore, language: str) -> None:
    config = replace(CONFIG, organisers=replace(CONFIG.organisers, language=language))
    moved, stays = (
        invitee(1, answer(PartStat.DECLINED, 0)),
        invitee(2, answer(PartStat.ACCEPTED, at=NOW - timedelta(days=3))),
    )
    before = Reading(Kind.HUMAN, PartStat.ACCEPTED, 2)
    asks = Reading(Kind.HUMAN, PartStat.ACCEPTED, 1, text="A film crew?", reasons=("first", "second"))
    store.commit(
        Commit(
            invitees=(moved, stays),
            replies=(
                reply(1, moved, before, recorded=True, open=False, at=NOW - timedelta(days=3)),
                reply(2, stays, asks),
            ),
            letters=(letter(1, LetterState.FAILED, kind=LetterKind.CONFIRM_CHANGE, error="550 no"),),
            summaries=(recorded_on(date(2016, 9, 11), letters_failed=1),),
            mailbox=GOOD,
        )
    )
    rendered = render(figures(store, config, NOW), config)
    assert rendered.language == language and f'lang="{language}"' in rendered.html
    subject, changed, room = IN_WORDS[language]
    assert rendered.subject.startswith(subject)
    assert changed in rendered.text and room in rendered.text
    joined = {"es": "first; second", "fr": "first\u202f; second"}[language]
    assert joined in rendered.text and joined in rendered.html
    kind = {"es": "«confirmación de un cambio»", "fr": "«\u202fconfirmation d’un changement\u202f»"}[language]
    assert kind in rendered.text.replace("\n  ", " ")
    english = {
        phrase
        for phrase in words_of("en").values()
        if isinstance(phrase, str) and len(phrase) > 9 and "{" not in phrase
    }
    assert not [phrase for phrase in english if phrase in rendered.text]
    assert max(map(len, rendered.text.splitlines())) <= 78


def test_the_configuration_says_which_languages_there_are() -> None:
    example = (Path(__file__).parent.parent / "config.example.toml").read_text(encoding="utf-8")
    section = example.partition("[organisers]")[2].partition("\n[")[0]
    comment = section.partition("# language = ")[0].splitlines()[-1]
    assert sorted(re.findall(r'"([a-z]{2})"', comment)) == LANGUAGES


def test_a_language_without_words_is_written_to_in_english() -> None:
    assert Phrases("xx").language == "en"
    assert Phrases("en-US")("today") == "today"


def test_plurals(store: TinyStore) -> None:
    say = Phrases("en")
    assert [say("headline", number) for number in (0, 1, 2)] == [
        "people expected",
        "person expected",
        "people expected",
    ]
    assert say("room", 1234) == "1,234 places left"


# ------------------------------------------------------------------ once a day


def at(text: str, zone: ZoneInfo = NEW_YORK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def test_it_is_due_once_a_local_date_at_its_time(tmp_path: Path) -> None:
    path, new_id = tmp_path / "rsvp.json", ids()
    moments = [
        ("2016-09-12 07:59", False),
        ("2016-09-12 08:00", True),
        ("2016-09-12 08:00", False),
        ("2016-09-12 23:59", False),
        ("2016-09-13 00:00", False),
        ("2016-09-13 07:59", False),
        ("2016-09-13 19:30", True),  # the service was down: made up for on the same day
        ("2016-09-13 19:31", False),
        ("2016-09-16 09:00", True),  # three days later: one, not three
        ("2016-09-16 09:01", False),
    ]
    for text, expected in moments:
        with TinyStore(path) as store:  # a restart before every look
            assert queue_if_due(store, CONFIG, at(text), new_id) is expected, text
    with TinyStore(path) as store:
        summaries = store.letters(LetterState.QUEUED)
        assert len(summaries) == 3
        assert len({one.message_id for one in summaries}) == 3


CHANGES_OF_THE_CLOCK = [
    # day, summary_at, how often it must come within three days, whatever the hour is called
    (datetime(2016, 3, 12, 5, 0, tzinfo=UTC), "08:00"),
    (datetime(2016, 3, 12, 5, 0, tzinfo=UTC), "02:30"),  # 02:30 does not exist on 13 March
    (datetime(2016, 3, 12, 5, 0, tzinfo=UTC), "00:00"),
    (datetime(2016, 11, 5, 4, 0, tzinfo=UTC), "08:00"),
    (datetime(2016, 11, 5, 4, 0, tzinfo=UTC), "01:30"),  # 01:30 comes twice on 6 November
    (datetime(2016, 11, 5, 4, 0, tzinfo=UTC), "00:00"),
]


@pytest.mark.parametrize(("midnight", "wall"), CHANGES_OF_THE_CLOCK)
def test_days_on_which_the_clock_changes_have_one_each(store: TinyStore, midnight: datetime, wall: str) -> None:
    config = replace(CONFIG, organisers=replace(CONFIG.organisers, summary_at=wall))
    new_id, came = ids(), []
    for minutes in range(0, 3 * 24 * 60, 10):
        now = midnight + timedelta(minutes=minutes)
        if now.astimezone(NEW_YORK).date() >= midnight.astimezone(NEW_YORK).date() + timedelta(days=3):
            break
        if queue_if_due(store, config, now, new_id):
            came.append(now.astimezone(NEW_YORK))
    assert [moment.date() for moment in came] == [
        midnight.astimezone(NEW_YORK).date() + timedelta(days=n) for n in range(3)
    ]
    expected = {"02:30": ["02:30", "03:00", "02:30"]}.get(wall, [wall] * 3)
    assert [f"{moment:%H:%M}" for moment in came] == expected


def test_a_clock_that_is_put_back_brings_none_twice_and_none_for_the_days_before(store: TinyStore) -> None:
    new_id = ids()
    assert queue_if_due(store, CONFIG, at("2016-09-12 08:05"), new_id)
    assert not queue_if_due(store, CONFIG, at("2016-09-12 08:01"), new_id)
    assert not queue_if_due(store, CONFIG, at("2016-09-12 07:00"), new_id)
    assert not queue_if_due(store, CONFIG, at("2016-09-11 09:00"), new_id), "a day before the one that was told"
    assert not queue_if_due(store, CONFIG, at("2016-09-12 09:00"), new_id)
    assert queue_if_due(store, CONFIG, at("2016-09-13 09:00"), new_id)


def test_a_rehearsal_on_a_later_day_does_not_silence_the_days_until_then(store: TinyStore) -> None:
    new_id = ids()
    assert queue_if_due(store, CONFIG, at("2016-09-19 09:00"), new_id)
    assert queue_if_due(store, CONFIG, at("2016-09-12 09:00"), new_id)


def test_the_time_zone_is_the_organisers_own(store: TinyStore) -> None:
    geneva = replace(CONFIG, organisers=replace(CONFIG.organisers, timezone="Europe/Zurich"))
    assert not is_due(store, geneva, datetime(2016, 9, 12, 5, 59, tzinfo=UTC))
    assert is_due(store, geneva, datetime(2016, 9, 12, 6, 0, tzinfo=UTC))
    assert queue_if_due(store, geneva, datetime(2016, 9, 12, 6, 0, tzinfo=UTC), ids())
    assert next_summary(store, geneva, datetime(2016, 9, 12, 6, 0, tzinfo=UTC)) == datetime(
        2016, 9, 13, 6, 0, tzinfo=UTC
    )
    assert next_summary(store, CONFIG, at("2016-09-14 07:00")) == at("2016-09-14 08:00")


@pytest.mark.parametrize("mode", ["draft", "send", "off"])
def test_it_comes_in_every_mode_and_record_and_letter_are_one_commit(tmp_path: Path, mode: Any) -> None:
    config = replace(CONFIG, replies=RepliesConfig(mode=mode))
    path = tmp_path / "rsvp.json"
    with TinyStore(path) as store:
        store.commit(Commit(mailbox=GOOD, done=handled({Folder.RECORDED: 2})))
        before = path.read_bytes().count(b"\n")
        assert queue_if_due(store, config, NOW, ids())
        whole = path.read_bytes()
        assert whole.count(b"\n") == before + 1
    # Whatever part of that line a crash leaves, there is both or neither.
    start = whole.rstrip(b"\n").rfind(b"\n") + 1
    for cut in range(start, len(whole), max(1, (len(whole) - start) // 25)):
        copy = tmp_path / f"cut{cut}.json"
        copy.write_bytes(whole[:cut])
        with TinyStore(copy) as store:
            assert bool(store.letters()) == bool(store.summary(NOW.date()))
    with TinyStore(path) as store:
        record = store.summary(NOW.date())
        assert record is not None and record.figures["handled"] == 2
        queued = store.letter(record.letter_id)
        assert queued is not None and queued.kind in TO_ORGANISERS and queued.reply == ""


def test_two_that_ask_at_once_make_one(tmp_path: Path) -> None:
    """Four threads here and two processes, as a daemon beside `rsvpbot poll`; all of them find it due before the first
    has the lock."""
    path = tmp_path / "rsvp.json"
    script = (
        "from tests.test_summary import *\n"
        "with TinyStore(Path(sys.argv[1])) as store:\n"
        "    print('open', flush=True)\n"
        "    sys.stdin.readline()\n"
        "    print(queue_if_due(store, CONFIG, NOW, ids()))"
    )
    with TinyStore(path) as store:
        store.commit(Commit(mailbox=GOOD))
        came: list[bool] = []
        new_id = ids()
        ask = [threading.Thread(target=lambda: came.append(queue_if_due(store, CONFIG, NOW, new_id))) for _ in range(4)]
        command = [sys.executable, "-c", script, str(path)]
        root = Path(__file__).parent.parent
        others = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)
            for _ in range(2)
        ]
        assert [other.stdout.readline() for other in others if other.stdout] == ["open\n"] * 2
        with store.transaction():
            for other in others:
                assert other.stdin
                other.stdin.write("go\n")
                other.stdin.flush()
            for thread in ask:
                thread.start()
            time.sleep(0.3)
        for thread in ask:
            thread.join()
        said = [other.communicate(timeout=60)[0].strip() == "True" for other in others]
        assert [other.returncode for other in others] == [0, 0]
        assert sum(came) + sum(said) == 1
        store.refresh()
        assert len(store.letters()) == 1


def test_nobody_to_write_to(store: TinyStore) -> None:
    alone = replace(CONFIG, organisers=OrganisersConfig())
    assert not queue_if_due(store, alone, NOW, ids())


def test_one_sent_by_hand_leaves_the_daily_one_as_it_is(store: TinyStore) -> None:
    store.commit(Commit(invitees=(invitee(1, answer(PartStat.ACCEPTED)),), mailbox=GOOD))
    new_id = ids()
    by_hand = queue_now(store, CONFIG, NOW, new_id)
    assert by_hand.state is LetterState.QUEUED
    assert queue_if_due(store, CONFIG, NOW, new_id)
    assert ["1 new" in one.subject for one in store.letters()] == [True, True]


# ------------------------------------------------------------------ as a mail


def test_the_mail(store: TinyStore) -> None:
    store.commit(Commit(invitees=(invitee(1, answer(PartStat.ACCEPTED), name="Zoë 陳"),), mailbox=GOOD))
    assert queue_if_due(store, CONFIG, NOW, ids())
    (queued,) = store.letters()
    assert queued.raw is not None
    mail = message_from_bytes(queued.raw, policy=default)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == queued.message_id
    assert re.fullmatch(r"<[^@<>\s]+@roundtable\.example>", queued.message_id)
    assert mail["Subject"] == queued.subject == "1 of 10 expected · 1 new – Roundtable"
    assert [address.addr_spec for address in mail["From"].addresses] == ["rsvp@roundtable.example"]
    assert [str(address) for address in mail["To"].addresses] == [
        "Secretariat <secretariat@roundtable.example>",
        "chair@roundtable.example",
    ]
    assert queued.recipients == ("secretariat@roundtable.example", "chair@roundtable.example")
    assert queued.mail_from == "rsvp@roundtable.example"
    assert mail["In-Reply-To"] is None and mail["Reply-To"] is None
    assert mail.get_content_type() == "multipart/mixed", "the guest list goes with it"
    words, book = mail.iter_parts()
    plain, page = words.iter_parts()
    assert book.get_filename() == "guests.xlsx"
    assert "Zoë 陳" in plain.get_content() and "Zoë 陳" in page.get_content()
    assert max(map(len, queued.raw.split(b"\r\n"))) <= 998
    assert b"\n" not in queued.raw.replace(b"\r\n", b"")
    assert summary.render(figures(store, CONFIG, NOW), CONFIG).html
