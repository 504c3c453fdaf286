"""Reminders and papers: to whom they are due, once each, by day; whatever restarts and clocks do."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rsvpbot.clock import ShiftedClock
from rsvpbot.config import RECORD, Config, ReminderConfig, load
from rsvpbot.letters.facts import next_facts
from rsvpbot.letters.outbox import Outbox
from rsvpbot.letters.schedule import LOOK_AGAIN, Phase, Rest, Schedule, phase
from rsvpbot.letters.templates import Templates
from rsvpbot.letters.timetable import items
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import (
    Address,
    Answer,
    Document,
    Invitee,
    Letter,
    LetterKind,
    LetterState,
    Mailbox,
    Order,
    PartStat,
)
from rsvpbot.organisers import scheduled
from rsvpbot.organisers.rulings import NotPossible
from rsvpbot.reading.wishes import Wish, wish
from rsvpbot.store import open_store
from rsvpbot.store.base import Commit, Store
from tests.corpus_mailbox import EXAMPLE
from tests.steer_house import ADA, House, letters_of, steered
from tests.store_records import letter, reply

NEW_YORK = ZoneInfo("America/New_York")
ADAS_PASS = "mx.roundtable.example; dmarc=pass header.from=lovelace.example"
TOKENS = Tokens((b"a key of thirty-two bytes, really",), "roundtable-2016-09-20@roundtable.example")


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2016, 9, day, hour, minute, tzinfo=NEW_YORK)


def answer(partstat: PartStat, **changes: object) -> Answer:
    party = 0 if partstat is PartStat.DECLINED else 1
    made = Answer(partstat, party, (), Order(at(1), 1), "d", at(1))
    return replace(made, **changes)  # type: ignore[arg-type]


def person(number: int, partstat: PartStat | None = None, **changes: object) -> Invitee:
    made = Invitee(
        f"aaaaaa{'abcdefghijklmnop'[number]}a", (f"p{number}@mission.example",), f"u{number}", f"Person {number}"
    )
    return replace(made, answer=answer(partstat) if partstat else None, **changes)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store("tinydb:rsvp.json", tmp_path) as opened:
        yield opened


@pytest.fixture
def config(tmp_path: Path) -> Config:
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(b"%PDF-1.4 discussion")
    loaded = load(EXAMPLE, RECORD)
    event = replace(loaded.event, documents=(Document("Discussion Paper", str(paper), at(15)),))
    return replace(
        loaded,
        event=event,
        replies=replace(loaded.replies, mode="send"),
        reminders=(
            ReminderConfig("silent", at(14), "reminder"),
            ReminderConfig("tentative", at(14), "reminder-tentative"),
            ReminderConfig("participants", at(19), "day-before"),
        ),
    )


def run(store: Store, config: Config, moments: Sequence[datetime], templates: Templates | None = None) -> list[Letter]:
    """The letters that the schedule brings about at these moments."""
    before = {one.id for one in store.letters()}
    for moment in moments:
        Schedule(store, config, templates or letters_of(config), TOKENS).queue_due(moment)
    return [one for one in store.letters() if one.id not in before]


def to(letters: Sequence[Letter]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in letters:
        found.setdefault(one.recipients[0].partition("@")[0], []).append(one.kind.value)
    return found


# --------------------------------------------------------------------------- to whom


def test_the_silent_only_and_none_whom_it_would_annoy(store: Store, config: Config) -> None:
    people = [
        person(0),
        person(1, PartStat.DECLINED),
        person(2, PartStat.ACCEPTED),
        person(3, bounced="5.1.1"),
        person(4, listed=False),
        person(5, quiet=True),
        person(6),  # an assistant wrote, and a person looks at it
        person(7, pending=answer(PartStat.ACCEPTED)),
        person(8),  # invited yesterday evening
        person(9),  # the invitation has not gone out
        person(10),  # invited long ago
    ]
    invitation = {"kind": LetterKind.INVITATION, "state": LetterState.SENT}
    letters = (
        letter("i8", people[8].id, **invitation, sent_at=at(13, 18)),
        letter("i9", people[9].id, kind=LetterKind.INVITATION, state=LetterState.QUEUED, queued_at=at(1)),
        letter("i10", people[10].id, **invitation, sent_at=at(1)),
    )
    store.commit(Commit(invitees=tuple(people), replies=(reply("r6", people[6].id, open=True),), letters=letters))
    got = run(store, config, [at(14)])
    # p0 was not invited by us, while others were.
    assert to(got) == {"p10": ["reminder"]}


def test_each_reminder_to_its_own(store: Store, config: Config) -> None:
    people = [person(0), person(1, PartStat.TENTATIVE), person(2, PartStat.ACCEPTED), person(3, PartStat.DECLINED)]
    delegate = answer(PartStat.DELEGATED, delegate=Address("Jane Doe", "jane@x.example"), names=("Jane Doe",))
    people += [replace(person(4), answer=delegate), replace(person(5), answer=delegate)]
    welcome = letter(
        "w4", people[4].id, kind=LetterKind.WELCOME, recipients=("jane@x.example",), state=LetterState.SENT
    )
    store.commit(Commit(invitees=tuple(people), letters=(welcome,)))
    assert to(run(store, config, [at(14)])) == {"p0": ["reminder"], "p1": ["reminder"]}
    # A delegate is written to only where we have done so before.
    assert to(run(store, config, [at(15)])) == {"p2": ["paper"], "jane": ["paper"], "p5": ["paper"]}
    assert to(run(store, config, [at(19)])) == {"p2": ["reminder"], "jane": ["reminder"], "p5": ["reminder"]}


def test_whoever_confirms_later_gets_the_paper_then(store: Store, config: Config) -> None:
    store.commit(Commit(invitees=(person(0, PartStat.ACCEPTED), person(1, PartStat.DECLINED))))
    assert to(run(store, config, [at(15), at(16)])) == {"p0": ["paper"]}
    store.commit(Commit(invitees=(person(1, PartStat.ACCEPTED),)))
    (late,) = run(store, config, [at(18), at(19, 8)])[:1]
    assert late.kind is LetterKind.PAPER and late.recipients == ("p1@mission.example",)
    message = message_from_bytes(late.raw or b"", policy=policy.default)
    (file,) = message.iter_attachments()
    assert file.get_filename() == "paper.pdf" and file.get_content() == b"%PDF-1.4 discussion"
    assert str(message["Subject"]).startswith("Discussion Paper")


def sent(store: Store) -> None:
    """All that waits goes out."""
    letters = (replace(one, state=LetterState.SENT, raw=None) for one in store.letters(LetterState.QUEUED))
    store.commit(Commit(letters=tuple(letters)))


def sends(number: int, email: str) -> tuple[Invitee, Letter]:
    """This person sends somebody else, who has been welcomed."""
    instead = answer(PartStat.DELEGATED, delegate=Address("Jane Doe", email), names=("Jane Doe",))
    after = replace(person(number), answer=instead)
    return after, letter(f"w{email}", after.id, kind=LetterKind.WELCOME, recipients=(email,), state=LetterState.SENT)


def test_a_later_delegate_gets_what_went_to_the_invitee_and_nobody_gets_it_twice(store: Store, config: Config) -> None:
    store.commit(Commit(invitees=(person(0, PartStat.ACCEPTED), person(1, PartStat.ACCEPTED))))
    assert to(run(store, config, [at(15)])) == {"p0": ["paper"], "p1": ["paper"]}
    sent(store)
    for email, due in (("jane@x.example", True), ("anna@x.example", True), ("jane@x.example", False)):
        invitee, welcome = sends(0, email)
        store.commit(Commit(invitees=(invitee,), letters=(welcome,)))
        told = scheduled.report(store, config, at(16))
        assert ("1 had it, 1 to come" if due else "2 had it, 0 to come") in told
        assert to(run(store, config, [at(16), at(17)])) == ({email.partition("@")[0]: ["paper"]} if due else {})
        sent(store)
    assert to(run(store, config, [at(19)])) == {"jane": ["reminder"], "p1": ["reminder"]}
    anna, _ = sends(0, "anna@x.example")
    store.commit(Commit(invitees=(anna,)))
    assert to(run(store, config, [at(19, 10)])) == {"anna": ["reminder"]}
    store.commit(Commit(invitees=(person(0, PartStat.ACCEPTED),)))
    assert to(run(store, config, [at(19, 11)])) == {"p0": ["reminder"]}, "comes in person after all, and has the paper"


def test_whoever_takes_the_seat_back_gets_what_went_to_the_delegate_alone(store: Store, config: Config) -> None:
    invitee, welcome = sends(0, "jane@x.example")
    store.commit(Commit(invitees=(invitee,), letters=(welcome,)))
    assert to(run(store, config, [at(15)])) == {"jane": ["paper"]}
    store.commit(Commit(invitees=(person(0, PartStat.ACCEPTED),)))
    assert to(run(store, config, [at(16), at(17)])) == {"p0": ["paper"]}


def words(one: Letter) -> str:
    message = message_from_bytes(one.raw or b"", policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


@pytest.mark.parametrize(
    ("state", "promised"),
    [
        (LetterState.SENT, False),
        (LetterState.DRAFTED, False),
        (LetterState.DOUBTFUL, False),
        (LetterState.QUEUED, True),
        (LetterState.FAILED, True),
    ],
)
def test_a_paper_is_not_promised_to_whoever_has_it(
    store: Store, config: Config, state: LetterState, promised: bool
) -> None:
    store.commit(Commit(invitees=(person(0, PartStat.ACCEPTED),)))
    (paper,) = run(store, config, [at(15)])
    store.commit(Commit(letters=(replace(paper, state=state),)))
    (before,) = run(store, config, [at(19)])
    assert ("The Discussion Paper will reach you by separate e-mail." in words(before)) is promised


def test_an_answer_promises_the_paper_only_to_whom_it_has_not_reached(tmp_path: Path) -> None:
    with steered(tmp_path) as house:
        event = replace(house.config.event, documents=(Document("Discussion Paper", "p.pdf", at(1)),))
        known = House(house.store, replace(house.config, event=event))
        paper = letter("p", ADA.id, kind=LetterKind.PAPER, recipients=ADA.addresses, state=LetterState.SENT)
        house.store.commit(Commit(letters=(replace(paper, topic="Discussion Paper"),)))
        known.comes("I will attend.")
        known.comes("I will attend.", "Bob Babbage <bob@babbage.example>")
        known.comes("Zoe Zeta <zoe@z.example> will attend in my place.", auth=ADAS_PASS)
        promise = "The Discussion Paper will reach you by separate e-mail."
        told = {(one.kind, one.recipients[0]): promise in words(one) for one in known.store.letters(LetterState.QUEUED)}
        assert told == {
            (LetterKind.ACCEPTED, "ada@lovelace.example"): False,
            (LetterKind.ACCEPTED, "bob@babbage.example"): True,
            (LetterKind.DELEGATED, "ada@lovelace.example"): False,
            (LetterKind.WELCOME, "zoe@z.example"): True,
        }


def test_who_asked_not_to_be_reminded_gets_the_paper_all_the_same(store: Store, config: Config) -> None:
    store.commit(Commit(invitees=(person(0, PartStat.ACCEPTED, quiet=True),)))
    assert to(run(store, config, [at(15), at(19)])) == {"p0": ["paper"]}


# --------------------------------------------------------------------------- when, and once


def test_nothing_goes_out_at_night(store: Store, config: Config) -> None:
    store.commit(Commit(invitees=(person(0),)))
    late = replace(config, reminders=(ReminderConfig("silent", at(14, 22), "reminder"),))
    assert run(store, late, [at(14, 21), at(14, 22), at(15, 3), at(15, 7, 59)]) == []
    assert phase(items(late)[0], late, at(15, 3), Mailbox()) is Phase.NIGHT
    # The clock of the event counts, wherever the machine stands.
    assert len(run(store, late, [at(15, 8).astimezone(ZoneInfo("Asia/Tokyo"))])) == 1


def test_what_is_late_by_days_is_not_sent(store: Store, config: Config) -> None:
    store.commit(Commit(invitees=(person(0),)))
    assert run(store, config, [at(16, 9, 1)]) == []
    assert phase(items(config)[0], config, at(16, 9, 1), Mailbox()) is Phase.OVER
    assert to(run(store, config, [at(16, 8, 59)])) == {"p0": ["reminder"]}


def test_moved_to_another_day_it_is_not_sent_again(store: Store, config: Config) -> None:
    store.commit(Commit(invitees=(person(0),)))
    assert len(run(store, config, [at(14)])) == 1
    moved = replace(config, reminders=(ReminderConfig("silent", at(15), "reminder"),))
    assert run(store, moved, [at(15)]) == []
    second = replace(config, reminders=(*config.reminders, ReminderConfig("silent", at(16), "reminder")))
    assert len(run(store, second, [at(16)])) == 1, "a second reminder is another one"


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(hours=st.lists(st.integers(0, 24 * 8), max_size=20))
def test_once_each_whatever_the_clock_does(
    tmp_path_factory: pytest.TempPathFactory, config: Config, hours: list[int]
) -> None:
    with open_store("tinydb:rsvp.json", tmp_path_factory.mktemp("clock")) as store:
        people = (person(0), person(1, PartStat.TENTATIVE), person(2, PartStat.ACCEPTED))
        store.commit(Commit(invitees=people))
        got = run(store, config, [at(13, 0) + timedelta(hours=hour) for hour in hours])
        assert all(count == 1 for count in Counter((one.kind, one.recipients, one.id) for one in got).values())
        assert len({(one.id) for one in got}) == len(got) <= 4


def test_many_are_queued_by_and_by(store: Store, config: Config) -> None:
    crowd = tuple(
        Invitee(f"a{number:07}".translate(str.maketrans("0189", "abcd")), (f"c{number}@x.example",), f"c{number}")
        for number in range(120)
    )
    store.commit(Commit(invitees=crowd))
    assert [len(run(store, config, [at(14, 9, minute)])) for minute in range(4)] == [50, 50, 20, 0]


def test_a_paper_whose_file_is_missing_waits(store: Store, config: Config) -> None:
    store.commit(Commit(invitees=(person(0, PartStat.ACCEPTED),)))
    paper = Path(config.event.documents[0].file)
    content = paper.read_bytes()
    paper.unlink()
    assert run(store, config, [at(15)]) == []
    assert "IS MISSING" in scheduled.report(store, config, at(15))
    paper.write_bytes(content)
    assert to(run(store, config, [at(15)])) == {"p0": ["paper"]}


def test_mode_off_writes_none(store: Store, config: Config) -> None:
    store.commit(Commit(invitees=(person(0),)))
    assert run(store, replace(config, replies=replace(config.replies, mode="off")), [at(14)]) == []


def test_an_idle_daemon_looks_only_when_something_may_have_come(store: Store, config: Config) -> None:
    rest = Rest(config, [item.at for item in items(config)])
    first = store.mark()
    assert not rest.holds(first, at(14, 8, 55))
    rest.note(first, at(14, 8, 55))
    assert rest.holds(first, at(14, 8, 59)) and store.mark() == first
    assert not rest.holds(first, at(14, 9)), "the time of a reminder"
    rest.note(first, at(14, 10))
    assert rest.holds(first, at(14, 10) + LOOK_AGAIN / 2) and not rest.holds(first, at(14, 10) + LOOK_AGAIN)
    assert not rest.holds(first, at(13)), "the clock was put back"
    rest.note(first, at(15, 7, 58))
    assert not rest.holds(first, at(15, 8)), "the morning"
    rest.note(first, at(14, 10))
    store.commit(Commit(invitees=(person(0),)))
    assert store.mark() != first and not rest.holds(store.mark(), at(14, 10, 1))


# --------------------------------------------------------------------------- looking, holding


def test_what_is_scheduled_is_shown_and_can_be_held(store: Store, config: Config) -> None:
    store.commit(Commit(invitees=(person(0), person(1), person(2, PartStat.ACCEPTED))))
    told = scheduled.report(store, config, at(12))
    assert "Wed 14 Sep 2016 09:00  reminder: to silent; 0 had it, 2 to come" in told
    assert "Thu 15 Sep 2016 09:00  Discussion Paper: to participants; 0 had it, 1 to come" in told
    scheduled.hold(store, config, ["reminder"], [])
    assert run(store, config, [at(14)]) == []
    assert "HELD by a command" in scheduled.report(store, config, at(14))
    scheduled.hold(store, config, [], ["reminder"])
    assert len(run(store, config, [at(14)])) == 2
    assert "2 had it, 0 to come" in scheduled.report(store, config, at(14))
    assert "over" in scheduled.report(store, config, at(17))
    with pytest.raises(NotPossible, match="nothing scheduled is called 'nonsense'"):
        scheduled.hold(store, config, ["nonsense"], [])


def test_of_a_cancelled_event_nothing_is_told_to_go_out(store: Store, config: Config) -> None:
    store.commit(Commit(invitees=(person(0, PartStat.ACCEPTED),)))
    assert "1 to come; goes out now" in scheduled.report(store, config, at(15))
    store.commit(Commit(mailbox=Mailbox(told=next_facts(None, config, at(12), cancelled=True))))
    told = scheduled.report(store, config, at(15))
    assert told.startswith("The event was cancelled on 12 September 2016: none of this goes out any more.\n")
    assert "goes out now" not in told and "0 to come; does not go out" in told
    assert run(store, config, [at(15)]) == []


# --------------------------------------------------------------------------- being left alone


def test_a_reminder_can_be_stopped_from_the_mail_program(store: Store, config: Config) -> None:
    store.commit(Commit(invitees=(person(0),)))
    (sent,) = run(store, config, [at(14)])
    message = message_from_bytes(sent.raw or b"", policy=policy.default)
    assert str(message["List-Unsubscribe"]).startswith("<mailto:rsvp@roundtable.example?subject=stop%20%5B")
    assert message["List-Unsubscribe-Post"] is None
    assert message["Auto-Submitted"] == "auto-generated"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with steered(tmp_path) as opened:
        yield opened


def test_a_wish_to_be_left_alone_ends_reminders_and_is_told_to_nobody_but_organisers(house: House) -> None:
    house.comes("Please stop writing to me.")
    assert house.ada().quiet and house.ada().answer is None
    assert [one.kind for one in house.store.letters()] == [LetterKind.REVIEW]
    assert any("reminders have ended" in reason for reason in house.store.open_replies()[0].reasons)


def test_the_link_of_the_mail_program_does_the_same(house: House) -> None:
    tag = TOKENS.subject_tag(house.ada().id)
    house.comes("", Subject=f"stop {tag}")
    assert house.ada().quiet


def test_an_answer_beside_it_counts(house: House) -> None:
    house.comes("I cannot come. Please delete my data.")
    assert house.ada().partstat is PartStat.DECLINED and house.ada().quiet
    reasons = house.store.open_replies()[0].reasons
    assert any("rsvpbot forget ADDRESS" in reason for reason in reasons)
    assert house.letters(LetterKind.DECLINED)


def test_a_forged_wish_ends_nothing(house: House) -> None:
    house.comes("Stop writing to me.", auth="mx.roundtable.example; dmarc=fail header.from=lovelace.example")
    assert not house.ada().quiet


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("STOP", Wish.STOP),
        ("Unsubscribe.", Wish.STOP),
        ("Kindly remove me from your mailing list!", Wish.STOP),
        ("Bonjour,\nmerci de ne plus m’écrire.", Wish.STOP),
        ("Deseo darme de baja.", Wish.STOP),
        ("Прошу мне больше не писать.", Wish.STOP),
        ("أرجو التوقف عن مراسلتي.", Wish.STOP),
        ("请勿再联系我。谢谢", Wish.STOP),
        ("Please delete all my personal data.", Wish.DELETE),
        ("Veuillez supprimer mes données, et ne m'écrivez plus.", Wish.DELETE),
        ("Solicito la eliminación de mis datos.", Wish.DELETE),
        ("Прошу удалить мои персональные данные.", Wish.DELETE),
        ("أطلب حذف بياناتي.", Wish.DELETE),
        ("请删除我的个人信息。", Wish.DELETE),
        ("Take me off the list of those who need a pass; I have one.", None),
        ("Remove me from the list of speakers, but I will attend.", None),
        ("I will come by bus, stop: First Avenue.", None),
        ("退订酒店", None),
        ("We must stop the detention of children.", None),
        ("I will stop by at noon.", None),
        ("My data arrived too late for the paper.", None),
        ("La tasa está a la baja.", None),
        ("Yes, I will attend.", None),
        ("", None),
    ],
)
def test_what_is_wished(text: str, meant: Wish | None) -> None:
    assert wish(text) is meant


# --------------------------------------------------------------------------- what waited too long


def send(store: Store, config: Config, now: datetime) -> Counter[str]:
    """One round of the outbox, to a server that takes everything: the states of all letters afterwards."""

    class Takes:
        def __enter__(self) -> Takes:
            return self

        def __exit__(self, *_: object) -> None: ...

        def send(self, *_: object) -> tuple[()]:
            return ()

    outbox = Outbox(store, config, ShiftedClock(now), make_sender=cast(Any, Takes))
    outbox.flush(threading.Event())
    return Counter(one.state.value for one in store.letters())


@pytest.mark.parametrize(
    ("change", "now", "state"),
    [
        ({}, at(14, 10), "sent"),
        ({}, at(15, 3), "queued"),  # at night
        ({}, at(16, 10), "withdrawn"),  # two days late
        ({"answer": answer(PartStat.DECLINED, recorded_at=at(14, 9, 30))}, at(14, 10), "withdrawn"),
        ({"answer": answer(PartStat.ACCEPTED, recorded_at=at(14, 9, 30))}, at(14, 10), "withdrawn"),
        ({"listed": False}, at(14, 10), "withdrawn"),
    ],
)
def test_a_reminder_is_looked_at_again_before_it_leaves(
    store: Store, config: Config, change: dict[str, Any], now: datetime, state: str
) -> None:
    store.commit(Commit(invitees=(person(0),)))
    run(store, config, [at(14)])
    store.commit(Commit(invitees=(replace(person(0), **change),)))
    assert send(store, config, now) == {state: 1}


def test_what_is_held_after_it_was_queued_stays(store: Store, config: Config) -> None:
    store.commit(Commit(invitees=(person(0),)))
    run(store, config, [at(14)])
    scheduled.hold(store, config, ["reminder"], [])
    assert send(store, config, at(14, 10)) == {"queued": 1}
    scheduled.hold(store, config, [], ["reminder"])
    assert send(store, config, at(14, 11)) == {"sent": 1}


def test_papers_wait_in_the_store_by_their_size(store: Store, config: Config) -> None:
    Path(config.event.documents[0].file).write_bytes(b"%PDF" + bytes(6_000_000))
    store.commit(Commit(invitees=tuple(person(number, PartStat.ACCEPTED) for number in range(10))))
    assert len(run(store, config, [at(15)])) == 3
    assert len(run(store, config, [at(15, 9, 1)])) == 0, "as long as these wait"


def test_a_paper_that_cannot_be_read_stops_nothing_else(store: Store, config: Config, tmp_path: Path) -> None:
    folder = tmp_path / "folder.pdf"
    folder.mkdir()
    event = replace(config.event, documents=(Document("Paper", str(folder), at(14)),))
    store.commit(Commit(invitees=(person(0), person(1, PartStat.ACCEPTED))))
    assert to(run(store, replace(config, event=event), [at(14)])) == {"p0": ["reminder"]}
