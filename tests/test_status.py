"""How things stand, at a glance: every line, in the states that it can be in."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from rsvpbot.config import ReminderConfig
from rsvpbot.letters.facts import next_facts
from rsvpbot.model import Document, Folder, Invitee, Kind, LetterState, Mailbox, PartStat, Reading
from rsvpbot.organisers.figures import figures
from rsvpbot.organisers.glance import Glance, glance
from rsvpbot.organisers.status import report
from rsvpbot.store.base import Commit
from rsvpbot.store.tinydb import TinyStore
from tests.test_summary import CONFIG, GOOD, NOW, answer, handled, invitee, letter, recorded_on, reply


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TinyStore]:
    with TinyStore(tmp_path / "rsvp.json") as opened:
        yield opened


def lines(store: TinyStore, tmp_path: Path) -> dict[str, str]:
    config = replace(CONFIG, store_file=tmp_path / "rsvp.json")
    told = report(store, config, NOW)
    return {line.split()[0]: line[10:] for line in told.splitlines()}


def test_an_empty_record(store: TinyStore, tmp_path: Path) -> None:
    told = lines(store, tmp_path)
    assert told["Event"] == "Roundtable, Tuesday, 20 September 2016 12:30 (America/New_York): 8 days to go"
    assert told["Answers"].endswith("0 without an answer, of 0 invitees")
    assert told["Mailbox"] == "rsvp@roundtable.example, never read yet"
    assert told["Waiting"] == "nothing"
    assert told["Letters"] == "none yet (mode draft)"
    assert told["Service"].startswith("NOT RUNNING")
    assert told["Summary"] == "due now"


def test_a_busy_morning(store: TinyStore, tmp_path: Path) -> None:
    person = invitee(1, answer(PartStat.ACCEPTED, 2), pending=answer(PartStat.DECLINED, 0))
    store.commit(
        Commit(
            invitees=(person, invitee(2, answer(PartStat.TENTATIVE, 1)), invitee(3)),
            replies=(reply(1, person, Reading(Kind.HUMAN, reasons=("a question",)), at=NOW - timedelta(days=3)),),
            letters=(letter(1, LetterState.SENT), letter(2, LetterState.QUEUED), letter(3, LetterState.FAILED)),
            done=handled({Folder.RECORDED: 4, Folder.REVIEW: 1, Folder.IGNORED: 2}),
            summaries=(recorded_on(date(2016, 9, 12), NOW - timedelta(hours=1)),),
            mailbox=replace(GOOD, left_alone=3),
        )
    )
    assert store.lock_daemon()
    told = lines(store, tmp_path)
    assert told["Answers"] == "1 accepted, 0 declined, 1 tentative, 0 delegated, 1 without an answer, of 3 invitees"
    assert told["People"] == "2 expected of 10, 1 more perhaps; 8 places left"
    assert (
        told["Waiting"]
        == "1 message for the organisers, the oldest for 3 days; 1 change for the invitee's confirmation"
    )
    assert told["Mailbox"] == "rsvp@roundtable.example, last read 1 minute ago; 3 older messages left in INBOX"
    assert told["Messages"] == "7 seen = 4 recorded + 1 review + 2 ignored + 0 failed"
    assert told["Letters"] == "1 queued, 1 sent, 1 failed (mode draft)"
    assert told["Service"] == "running"
    assert told["Summary"] == ("next on Tuesday, 13 September at 08:00 (America/New_York); the last one 1 hour ago")
    assert told["Store"].startswith(f"{tmp_path / 'rsvp.json'} (") and told["Store"].endswith(" kB)")


MAILBOXES = [
    (
        Mailbox(failing_since=NOW - timedelta(minutes=90), error="MailboxError"),
        "CANNOT BE READ, for 1 hour now (MailboxError)",
    ),
    (replace(GOOD, last_good=NOW - timedelta(days=4)), "NOT READ FOR LONG: last read 4 days ago"),
    (replace(GOOD, last_good=NOW - timedelta(seconds=20)), "last read a moment ago"),
]


@pytest.mark.parametrize(("mailbox", "said"), MAILBOXES)
def test_the_mailbox(store: TinyStore, tmp_path: Path, mailbox: Mailbox, said: str) -> None:
    store.commit(Commit(mailbox=mailbox))
    assert said in lines(store, tmp_path)["Mailbox"]


def test_letters_that_cannot_go_out(store: TinyStore, tmp_path: Path) -> None:
    since = NOW - timedelta(hours=3)
    failing = replace(GOOD, sending_failing_since=since, sending_error="smtp.example:587: the login was refused")
    store.commit(Commit(letters=(letter(1, LetterState.QUEUED),), mailbox=failing))
    assert lines(store, tmp_path)["Letters"] == (
        "1 queued (mode draft); CANNOT BE SENT, for 3 hours now (smtp.example:587: the login was refused). "
        "See: rsvpbot check"
    )


def test_too_many_and_missing_are_told_loudly(store: TinyStore, tmp_path: Path) -> None:
    store.commit(
        Commit(
            invitees=(invitee(1, answer(PartStat.ACCEPTED, 13)),),
            summaries=(recorded_on(date(2016, 9, 11), handled=2),),
        )
    )
    told = lines(store, tmp_path)
    assert "3 MORE THAN THERE IS ROOM FOR" in told["People"]
    assert "2 MISSING" in told["Messages"]


def test_it_looks_at_a_store_that_another_process_writes(store: TinyStore, tmp_path: Path) -> None:
    assert store.lock_daemon()
    with TinyStore(tmp_path / "rsvp.json", read_only=True) as beside:
        assert lines(beside, tmp_path)["Service"] == "running"
    store.close()
    with TinyStore(tmp_path / "rsvp.json", read_only=True) as beside:
        assert lines(beside, tmp_path)["Service"].startswith("NOT RUNNING")


def test_an_event_without_capacity_that_is_over(store: TinyStore, tmp_path: Path) -> None:
    config = replace(CONFIG, event=replace(CONFIG.event, capacity=None), store_file=tmp_path / "nothing.json")
    told = report(store, config, NOW + timedelta(days=9))
    assert "1 day ago" in told
    assert "People    0 expected\n" in told
    assert "(nothing written yet)" in told


def test_a_cancelled_event(store: TinyStore, tmp_path: Path) -> None:
    facts = next_facts(None, CONFIG, NOW - timedelta(days=1), cancelled=True)
    store.commit(Commit(mailbox=replace(GOOD, told=facts)))
    told = lines(store, tmp_path)
    assert told["Event"].endswith("12:30 (America/New_York): CANCELLED on 11 September 2016")
    assert told["Next"] == "nothing scheduled goes out"


@pytest.mark.parametrize(("size", "said"), [(10, "1 kB"), (999_400, "999 kB"), (12_340_000, "12.3 MB")])
def test_sizes(store: TinyStore, tmp_path: Path, size: int, said: str) -> None:
    file = tmp_path / "other.json"
    with file.open("wb") as grown:
        grown.truncate(size)
    assert report(store, replace(CONFIG, store_file=file), NOW).endswith(f"({said})")


def test_what_comes_next_and_who_waits_for_a_seat(store: TinyStore, tmp_path: Path) -> None:
    paper = Document("Discussion Paper", "paper.pdf", NOW + timedelta(days=3))
    config = replace(
        CONFIG,
        event=replace(CONFIG.event, documents=(paper,)),
        reminders=(ReminderConfig("silent", NOW + timedelta(days=2), "reminder"),),
        store_file=tmp_path / "rsvp.json",
    )
    yes = answer(PartStat.ACCEPTED, 1)
    store.commit(
        Commit(
            invitees=(
                invitee(1, replace(yes, standby=NOW)),
                invitee(2, replace(yes, offered_until=NOW + timedelta(days=1))),
            )
        )
    )
    told = report(store, config, NOW)
    assert "2 parties for seats, 1 of them offered seats" in told
    assert re.search(r"Next +reminder to silent on \w+, \d+ September \d\d:\d\d and 1 more; see: rsvpbot outbox", told)
    later = report(store, config, NOW + timedelta(days=4))
    assert "no reminder and no paper is scheduled" in later


def some_invitee(number: int, dice: random.Random) -> Invitee:
    """Anything that may stand in a record."""
    given = None
    if dice.random() < 0.8:
        names = ("Ada", "Bob")[: dice.randrange(3)]
        given = answer(
            dice.choice(list(PartStat)),
            dice.choice((None, 0, 1, 4)),
            names,
            standby=dice.choice((None, None, NOW)),
            offered_until=dice.choice((None, None, NOW + timedelta(days=1))),
        )
    return invitee(
        number,
        given,
        listed=dice.random() < 0.7,
        bounced=dice.choice(("", "no such mailbox")),
        pending=dice.choice((None, None, answer(PartStat.DECLINED, 0))),
    )


def as_figures(store: TinyStore) -> Glance:
    """The same, counted one by one."""
    found = figures(store, CONFIG, NOW)
    return Glance(
        at=found.at,
        since=found.since,
        counts=found.counts,
        perhaps=found.perhaps,
        gone=len(found.gone),
        unreached=found.unreached,
        expected=found.expected,
        capacity=found.capacity,
        waiting=len(found.waiting),
        oldest=found.waiting[0].handled_at if found.waiting else None,
        pending=len(found.pending),
        standby=len(found.standby),
        offered=sum(one.since is None for one in found.standby),
        messages=found.messages,
        mailbox=found.mailbox,
        days_left=found.days_left,
    )


@pytest.mark.parametrize("seed", range(12))
def test_what_the_store_has_counted_is_what_the_summary_counts(store: TinyStore, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(3):  # answers that change, and counts that follow
        people = tuple(some_invitee(number, dice) for number in range(12))
        asked = replace(people[0], pending=replace(answer(PartStat.DECLINED, 0), reply=f"{0:064x}"))
        waiting = (
            reply(0, asked, Reading(Kind.HUMAN), at=NOW - timedelta(days=5)),
            reply(
                1, people[1], Reading(Kind.HUMAN, reasons=("a question",)), at=NOW - timedelta(days=dice.randrange(4))
            ),
            reply(2, None, Reading(Kind.HUMAN, reasons=("a stranger",)), open=dice.random() < 0.5),
        )
        store.commit(
            Commit(
                invitees=(asked, *people[1:]),
                replies=waiting,
                done=handled({Folder.RECORDED: 2, Folder.FAILED: 1}),
                summaries=(recorded_on(date(2016, 9, 11), handled=dice.randrange(6)),),
                erased=(people[dice.randrange(2, 12)].id,),
                mailbox=GOOD,
            )
        )
        found = glance(store, CONFIG, NOW)
        assert found == as_figures(store)
        assert found.listed == figures(store, CONFIG, NOW).listed
    with TinyStore(tmp_path / "rsvp.json", read_only=True) as opened:
        assert glance(opened, CONFIG, NOW) == found


@pytest.mark.parametrize("asked", ["replies", "letters", "rulings", "invitees"])
def test_no_history_is_read_for_it(
    store: TinyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    def read(*_: object) -> None:
        raise AssertionError(f"{asked} were read, one by one")

    told, known = getattr(store, asked), ("letters",)
    monkeypatch.setattr(store, asked, lambda *states: told(*states) if states and asked in known else read())
    assert lines(store, tmp_path)["Waiting"] == "nothing"


def test_nobody_is_looked_up_where_nobody_is_asked_to_confirm(
    store: TinyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks one up has an index made of them all."""
    looked: list[str] = []
    monkeypatch.setattr(store, "invitee", looked.append)
    person = invitee(1)
    waits = reply(1, person, Reading(Kind.HUMAN))
    store.commit(Commit(invitees=(person,), replies=(waits,)))
    assert glance(store, CONFIG, NOW).waiting == 1 and not looked
    store.commit(Commit(invitees=(replace(person, listed=False, pending=answer(PartStat.DECLINED, 0)),)))
    assert glance(store, CONFIG, NOW).waiting == 1 and looked == [person.id]


def test_it_loads_no_letters_and_no_mailbox() -> None:
    told = (
        "import sys, rsvpbot.organisers.status\n"
        "print(*{'jinja2', 'imapclient', 'rsvpbot.letters.schedule', 'rsvpbot.mail.imap'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
