"""What the house asks of a store: this suite runs on each of them.

A store that is new here gets a line in `STORES`: a function that opens the store which lives in a folder, as often
as it is called, from this process or another.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rsvpbot.mail.tokens import load_keys
from rsvpbot.model import (
    Address,
    Done,
    Folder,
    Frozen,
    Invitee,
    Letter,
    LetterState,
    Mailbox,
    PartStat,
    Reply,
    SummaryRecord,
    Trial,
    question_id,
)
from rsvpbot.store import Commit, Store, StoreError, open_store
from tests.store_records import NOON, answer, at, done, frozen, invitee, letter, reply, ruling

Open = Callable[[Path], Store]


def opened(url: str, folder: Path) -> Store:
    load_keys(folder / "state")  # without it, whom we were asked to forget would come back
    return open_store(url, folder)


STORES: dict[str, Open] = {"tinydb": lambda folder: opened("tinydb:state/rsvp.json", folder)}


@pytest.fixture(params=STORES)
def open_here(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Opens the same store as often as it is called."""
    kind: str = request.param
    return lambda: STORES[kind](tmp_path)


@pytest.fixture
def store(open_here: Callable[[], Store]) -> Iterator[Store]:
    with open_here() as store:
        yield store


# --------------------------------------------------------------------------- reading what was written


def test_a_new_store_knows_nothing(store: Store) -> None:
    several: list[tuple[object, ...]] = [store.invitees(), store.replies(), store.open_replies(), store.letters()]
    several += [
        store.rulings(),
        store.rulings("aaaaaaaa"),
        store.uncopied(),
        store.trials(),
        store.unfiled(1),
        store.invitees_by_domain("mission.example"),
    ]
    assert several == [()] * len(several)
    one: list[object] = [store.invitee("aaaaaaaa"), store.invitee_by_address("a@mission.example"), store.letter("l1")]
    one += [store.invitee_by_calendar_uid("u"), store.reply("d1"), store.done(1, 1), store.done_digest("d1")]
    one += [
        store.question("q"),
        store.ruling_on("d1"),
        store.trial(1, 1),
        store.summary(NOON.date()),
        store.last_summary(NOON.date()),
        store.frozen(),
    ]
    assert one == [None] * len(one)
    assert store.letters_to("aaaaaaaa") == ()
    assert store.answers_since(at(-1)) == store.answers_since(at(-1), "aaaaaaaa") == 0
    assert store.tally() == store.tally(at(-1)) == dict.fromkeys(Folder, 0)
    assert store.mailbox() == Mailbox()
    assert not store.is_forgotten("hash")


def test_one_commit_holds_everything_and_lasts(open_here: Callable[[], Store]) -> None:
    summary = SummaryRecord(date(2016, 9, 12), NOON, "l1", {"accepted": 1})
    mailbox = Mailbox(7, since=NOON, started=True, left_alone=2)
    batch = Commit(
        invitees=(invitee(answer=answer()),),
        replies=(reply(),),
        letters=(letter(),),
        rulings=(ruling(),),
        done=(done(),),
        trials=(Trial(1, 2, 1, "slow"),),
        mailbox=mailbox,
        summaries=(summary,),
        frozen=frozen(),
        forgotten=("hash",),
    )

    def check(store: Store) -> None:
        assert store.invitees() == batch.invitees
        assert store.invitee("aaaaaaaa") == batch.invitees[0]
        assert store.replies() == batch.replies
        assert store.reply("d1") == batch.replies[0]
        assert store.letters() == batch.letters
        assert store.letter("l1") == batch.letters[0]
        assert store.rulings() == batch.rulings
        assert store.done(1, 1) == store.done_digest("d1") == batch.done[0]
        assert store.trials() == batch.trials
        assert store.trial(1, 2) == batch.trials[0]
        assert store.mailbox() == mailbox
        assert store.summary(summary.day) == summary
        assert store.frozen() == batch.frozen
        assert store.is_forgotten("hash")
        assert not store.is_forgotten("other")

    with open_here() as store:
        store.commit(batch)
        check(store)
    with open_here() as store:
        check(store)
        store.commit(Commit(done=(done(2),)))
        store.compact()
        check(store)
    with open_here() as store:
        check(store)


def test_a_record_replaces_the_one_with_its_key(store: Store) -> None:
    store.commit(Commit(invitees=(invitee(name="Ada"), invitee(name="Ada L.")), mailbox=Mailbox(1)))
    store.commit(Commit(invitees=(invitee(name="Ada Lovelace"),), mailbox=Mailbox(2)))
    assert [i.name for i in store.invitees()] == ["Ada Lovelace"]
    assert store.mailbox() == Mailbox(2)


def test_an_empty_commit_is_one(store: Store) -> None:
    store.commit(Commit())
    assert store.invitees() == ()


def test_what_cannot_be_written_leaves_nothing_behind(open_here: Callable[[], Store]) -> None:
    good = invitee()
    bad = letter(queued_at=NOON.replace(tzinfo=None))
    with open_here() as store:
        with pytest.raises(StoreError, match="queued_at"):
            store.commit(Commit(invitees=(good,), letters=(bad,)))
        assert store.invitees() == ()
        store.commit(Commit(done=(done(),)))
    with open_here() as store:
        assert store.invitees() == ()
        assert store.done(1, 1) == done()


# --------------------------------------------------------------------------- invitees


def test_an_invitee_is_found_by_every_address(store: Store) -> None:
    ada = invitee("aaaaaaaa", "ada@mission.example", "ada@home.example")
    store.commit(Commit(invitees=(ada,)))
    assert store.invitee_by_address("ada@mission.example") == ada
    assert store.invitee_by_address("ADA@home.example") == ada
    moved = replace(ada, addresses=("ada@other.example",))
    store.commit(Commit(invitees=(moved,)))
    assert store.invitee_by_address("ada@home.example") is None
    assert store.invitee_by_address("ada@other.example") == moved


def test_a_recorded_delegate_is_found_too_and_only_while_recorded(store: Store) -> None:
    deputy = Address("Grace Hopper", "grace@mission.example")
    ada = invitee(answer=answer(partstat=PartStat.DELEGATED, delegate=deputy))
    store.commit(Commit(invitees=(ada, invitee("bbbbbbbb", pending=answer(delegate=Address("", "p@x.example"))))))
    assert store.invitee_by_address("grace@mission.example") == ada
    assert store.invitee_by_address("p@x.example") is None
    store.commit(Commit(invitees=(replace(ada, answer=answer()),)))
    assert store.invitee_by_address("grace@mission.example") is None


def test_a_delegate_without_an_address_is_nobodys_key(store: Store) -> None:
    store.commit(Commit(invitees=(invitee(answer=answer(delegate=Address("Grace Hopper", ""))),)))
    assert store.invitee_by_address("") is None


def test_whose_own_address_it_is_goes_before_whose_delegates(store: Store) -> None:
    deputy = Address("", "both@mission.example")
    first = invitee("aaaaaaaa", answer=answer(delegate=deputy))
    second = invitee("bbbbbbbb", "both@mission.example")
    store.commit(Commit(invitees=(first, second)))
    assert store.invitee_by_address("both@mission.example") == second


def test_who_is_still_listed_goes_before_who_is_not(store: Store) -> None:
    gone = invitee("aaaaaaaa", "post@mission.example", listed=False)
    here = invitee("bbbbbbbb", "post@mission.example")
    store.commit(Commit(invitees=(gone,)))
    assert store.invitee_by_address("post@mission.example") == gone
    store.commit(Commit(invitees=(here,)))
    assert store.invitee_by_address("post@mission.example") == here


@pytest.mark.parametrize(
    ("uid", "found"),
    [
        ("Roundtable.k7f3@rsvp.example", True),
        ("roundtable.K7F3@RSVP.example", True),
        ("roundtable.k7f3", True),
        (" roundtable.k7f3@rsvp.example\t", True),
        ("roundtable@rsvp.example", False),
        ("roundtable.k7f4@rsvp.example", False),
        ("", False),
    ],
)
def test_by_calendar_uid_as_programs_give_it_back(store: Store, uid: str, found: bool) -> None:
    ada = invitee(calendar_uid="Roundtable.k7f3@rsvp.example")
    store.commit(Commit(invitees=(ada, invitee("bbbbbbbb"))))
    assert store.invitee_by_calendar_uid(uid) == (ada if found else None)


def test_a_calendar_uid_that_several_have_names_nobody(store: Store) -> None:
    both = (invitee("aaaaaaaa", calendar_uid="u@a.example"), invitee("bbbbbbbb", calendar_uid="u@b.example"))
    store.commit(Commit(invitees=both))
    assert store.invitee_by_calendar_uid("u@b.example") == both[1]
    assert store.invitee_by_calendar_uid("u") is None


def test_by_domain(store: Store) -> None:
    ada = invitee("aaaaaaaa", "ada@mission.example", "ada2@mission.example", "ada@home.example")
    grace = invitee("bbbbbbbb", "grace@mission.example")
    store.commit(Commit(invitees=(ada, grace)))
    assert store.invitees_by_domain("Mission.example") == (ada, grace)
    assert store.invitees_by_domain("home.example") == (ada,)
    assert store.invitees_by_domain("example") == ()


# --------------------------------------------------------------------------- history


def test_replies_come_in_the_order_of_handling(store: Store) -> None:
    late = reply("d1", handled_at=at(3))
    early = reply("d2", handled_at=at(1), open=True)
    strangers = reply("d3", None, handled_at=at(2), open=True)
    store.commit(Commit(replies=(late, early, strangers)))
    assert store.replies() == (early, strangers, late)
    assert store.replies("aaaaaaaa") == (early, late)
    assert store.open_replies() == (early, strangers)
    store.commit(Commit(replies=(replace(early, open=False),)))
    assert store.open_replies() == (strangers,)
    assert store.replies("bbbbbbbb") == ()


# --------------------------------------------------------------------------- messages


def test_what_waits_or_waited_for_a_decision_is_found_by_its_short_name(store: Store) -> None:
    waits = reply("d1", folder=Folder.REVIEW, open=True)
    store.commit(Commit(replies=(waits, reply("d2"))))
    assert store.question(question_id("d1")) == waits
    assert store.question(question_id("d2")) is None
    assert store.question("nothing") is None
    store.commit(Commit(replies=(replace(waits, open=False),)))
    assert store.question(question_id("d1")) == replace(waits, open=False)
    store.commit(Commit(erased_replies=("d1",)))
    assert store.question(question_id("d1")) is None


def test_decisions_by_invitee_and_by_message_oldest_first(store: Store) -> None:
    second = ruling("r2", at=at(2))
    first, other = ruling("r1", at=at(1)), ruling("r3", "bbbbbbbb", at=at(3), question="")
    store.commit(Commit(rulings=(second, first, other)))
    assert store.rulings() == (first, second, other)
    assert store.rulings("aaaaaaaa") == (first, second)
    assert store.ruling_on("d1") == second
    assert store.ruling_on("") is None
    store.commit(Commit(rulings=(replace(second, undone=True),)))
    assert store.ruling_on("d1") == first
    store.commit(Commit(erased=("aaaaaaaa",)))
    assert store.rulings() == (other,)


def test_the_first_message_with_the_same_bytes(store: Store) -> None:
    first = done(1, digest="same")
    store.commit(Commit(done=(first,)))
    store.commit(Commit(done=(done(2, digest="same", repeat=True, at=at(1)), done(3, digest=""))))
    store.commit(Commit(done=(replace(first, filed=True),)))
    assert store.done_digest("same") == replace(first, filed=True)
    assert store.done_digest("") is None


def test_unfiled_ones_of_this_uidvalidity(store: Store) -> None:
    store.commit(Commit(done=(done(1), done(2), done(1, 2))))
    store.commit(Commit(done=(done(1, filed=True),)))
    assert store.unfiled(1) == (done(2),)
    assert store.unfiled(2) == (done(1, 2),)


def test_the_tally_counts_each_message_once(store: Store) -> None:
    store.commit(Commit(done=(done(1), done(2, at=at(1)), done(3, at=at(2), folder=Folder.IGNORED))))
    store.commit(Commit(done=(done(1, filed=True), done(2, at=at(1), folder=Folder.REVIEW))))
    nothing = dict.fromkeys(Folder, 0)
    assert store.tally() == nothing | {Folder.RECORDED: 1, Folder.REVIEW: 1, Folder.IGNORED: 1}
    assert store.tally(at(1)) == nothing | {Folder.REVIEW: 1, Folder.IGNORED: 1}
    assert store.tally(at(2.5)) == nothing


def test_a_trial_without_failures_is_removed(store: Store) -> None:
    store.commit(Commit(trials=(Trial(1, 1, 2, "slow"), Trial(1, 2, 1, "slow"))))
    store.commit(Commit(trials=(Trial(1, 1, 0, ""), Trial(9, 9, 0, ""))))
    assert store.trials() == (Trial(1, 2, 1, "slow"),)
    assert store.trial(1, 1) is None


# --------------------------------------------------------------------------- letters


def test_letters_come_by_state_in_the_order_of_queueing(store: Store) -> None:
    late = letter("l1", queued_at=at(2))
    early = letter("l2", None, queued_at=at(1), state=LetterState.DOUBTFUL)
    sent = letter("l3", queued_at=at(0), state=LetterState.SENT, raw=None)
    store.commit(Commit(letters=(late, early, sent)))
    assert store.letters(LetterState.QUEUED, LetterState.DOUBTFUL) == (early, late)
    assert store.letters(LetterState.SENT) == (sent,)
    assert store.letters(LetterState.HELD) == ()
    assert store.letters() == (sent, early, late)
    assert store.letters_to("aaaaaaaa") == (sent, late)
    store.commit(Commit(letters=(replace(late, state=LetterState.SENDING),)))
    assert store.letters(LetterState.QUEUED) == ()
    assert store.letters(LetterState.SENDING, LetterState.SENDING) == (replace(late, state=LetterState.SENDING),)


def test_uncopied_are_sent_and_kept_and_not_in_the_folder_yet(store: Store) -> None:
    waiting = letter("l1", state=LetterState.SENT)
    store.commit(
        Commit(
            letters=(
                waiting,
                letter("l2", state=LetterState.SENT, copied=True),
                letter("l3", state=LetterState.SENT, raw=None),
                letter("l4"),
            )
        )
    )
    assert store.uncopied() == (waiting,)
    store.commit(Commit(letters=(replace(waiting, copied=True, raw=None),)))
    assert store.uncopied() == ()


def test_commits_of_a_group_are_one(open_here: Callable[[], Store]) -> None:
    """Records that are new in it are changed, found by every index and erased in it."""
    with open_here() as store, open_here() as other:
        store.commit(Commit(invitees=(invitee("a"), invitee("b")), letters=(letter("l0", "b"),)))
        with store.group():
            store.commit(Commit(invitees=(invitee("c"),), letters=(letter("l1", "c"), letter("l2", "a"))))
            assert store.invitee_by_address("c@mission.example") == invitee("c")
            with store.group():
                store.commit(Commit(letters=(letter("l1", "c", state=LetterState.SENT),)))
            with store.transaction():
                store.commit(Commit(invitees=(invitee("c", name="Ada"),), done=(done(1),), erased=("b",)))
            store.commit(Commit(done=(done(2),), erased_letters=("l2",)))
            store.commit(Commit(erased_done=((1, 2),)))
            assert store.invitees() == (invitee("a"), invitee("c", name="Ada"))
            assert store.letters() == (letter("l1", "c", state=LetterState.SENT),)
        other.refresh()
        for one in (store, other):
            assert one.invitees() == (invitee("a"), invitee("c", name="Ada"))
            assert one.letters() == one.letters_to("c") == (letter("l1", "c", state=LetterState.SENT),)
            assert one.letter_tally()[LetterState.QUEUED] == 0
            assert (one.done(1, 1), one.done(1, 2)) == (done(1), None)
        store.commit(Commit(invitees=(invitee("d"),)))
    with open_here() as store:
        assert [one.id for one in store.invitees()] == ["a", "c", "d"]


def test_a_group_that_an_exception_leaves_leaves_nothing(open_here: Callable[[], Store]) -> None:
    with open_here() as store:
        for known in ((), (invitee("a"),)):
            store.commit(Commit(invitees=known))
            with pytest.raises(ZeroDivisionError), store.group():
                store.commit(Commit(invitees=(invitee("a", name="Ada"), invitee("b"))))
                store.commit(Commit(done=(done(1),), invitees=(invitee("b", name="Bea"),)))
                raise ZeroDivisionError
            assert store.invitees() == known
            assert store.invitee_by_address("b@mission.example") is None
            assert store.done(1, 1) is None
        store.commit(Commit(done=(done(2),)))
    with open_here() as store:
        assert store.invitees() == (invitee("a"),)
        assert store.done(1, 2) == done(2)


def test_nobody_sees_of_a_group_what_may_be_undone(open_here: Callable[[], Store]) -> None:
    with open_here() as store, open_here() as other:
        store.commit(Commit(done=(done(1),)))
        seen: list[Done | None] = []
        thread = threading.Thread(target=lambda: seen.append(store.done(1, 2)))
        with store.group():
            store.commit(Commit(done=(done(2),)))
            thread.start()
            thread.join(0.05)
            other.refresh()
            assert other.done(1, 2) is None
            assert seen == []
        thread.join()
        assert seen == [done(2)]


def test_within_a_group_nothing_is_copied_or_made_compact(store: Store, tmp_path: Path) -> None:
    with store.group():
        store.commit(Commit(done=(done(1),)))
        for work in (store.compact, lambda: store.backup(tmp_path / "backup.json")):
            with pytest.raises(StoreError, match="group"):
                work()
    assert store.done(1, 1) == done(1)


def test_automatic_answers_are_counted_since(store: Store) -> None:
    store.commit(
        Commit(
            letters=(
                letter("l1", reply="d1", queued_at=at(0)),
                letter("l2", reply="d2", queued_at=at(5), state=LetterState.SENT),
                letter("l3", "bbbbbbbb", reply="d3", queued_at=at(5)),
                letter("l4", reply="d4", queued_at=at(6), state=LetterState.HELD),
                letter("l5", queued_at=at(7)),
            )
        )
    )
    assert store.answers_since(at(0)) == 3
    assert store.answers_since(at(0), "aaaaaaaa") == 2
    assert store.answers_since(at(1), "aaaaaaaa") == 1
    assert store.answers_since(at(5.1)) == 0
    assert store.letter_tally() == dict.fromkeys(LetterState, 0) | {
        LetterState.QUEUED: 3,
        LetterState.SENT: 1,
        LetterState.HELD: 1,
    }
    store.commit(Commit(letters=(letter("l4", reply="d4", queued_at=at(6)),)))  # an organiser let it go
    assert store.answers_since(at(5.1)) == 1


# --------------------------------------------------------------------------- the rest


def test_the_last_summary_before_a_day(store: Store) -> None:
    days = [date(2016, 9, day) for day in (12, 10, 14)]
    records = {day: SummaryRecord(day, NOON, f"l{day.day}", {}) for day in days}
    store.commit(Commit(summaries=tuple(records.values())))
    assert store.last_summary(date(2016, 9, 14)) == records[days[0]]
    assert store.last_summary(date(2016, 9, 12)) == records[days[1]]
    assert store.last_summary(date(2016, 9, 10)) is None
    assert store.last_summary(date(2017, 1, 1)) == records[days[2]]


def test_who_is_erased_goes_with_all_replies_and_letters(open_here: Callable[[], Store]) -> None:
    with open_here() as store:
        store.commit(
            Commit(
                invitees=(invitee(answer=answer()), invitee("bbbbbbbb")),
                replies=(reply("d1"), reply("d2", "bbbbbbbb"), reply("d3", None)),
                letters=(letter("l1"), letter("l2", "bbbbbbbb"), letter("l3", None)),
                done=(done(1),),
            )
        )
        store.commit(Commit(erased=("aaaaaaaa", "nobodyyy"), erased_replies=("d3", "d9"), erased_letters=("l3",)))
    with open_here() as store:
        assert [i.id for i in store.invitees()] == ["bbbbbbbb"]
        assert [r.digest for r in store.replies()] == ["d2"]
        assert [x.id for x in store.letters()] == ["l2"]
        assert store.invitee_by_address("aaaaaaaa@mission.example") is None
        assert store.invitee_by_calendar_uid(invitee().calendar_uid) is None
        assert store.done(1, 1) == done(1)
        store.commit(Commit(erased=("bbbbbbbb",), invitees=(invitee("bbbbbbbb", name="anew"),)))
        assert [i.name for i in store.invitees()] == ["anew"]
        assert store.replies() == ()


def test_what_was_erased_is_on_the_disk_until_it_is_compact(open_here: Callable[[], Store]) -> None:
    with open_here() as store:
        assert store.is_compact() and not store.holds("aaaaaaaa@mission.example")
        store.commit(Commit(invitees=(invitee(), invitee("bbbbbbbb"))))
        store.commit(Commit(erased=("aaaaaaaa",)))
        assert store.invitee("aaaaaaaa") is None and store.holds("aaaaaaaa@mission.example")
        assert not store.is_compact()
        store.compact()
        assert store.is_compact()
        assert not store.holds("aaaaaaaa@mission.example") and store.holds("bbbbbbbb@mission.example")
        assert not store.holds("bbbb@mission.example")


def calls(work: Callable[[], object]) -> int:
    """How many functions, Python's and C's, are called."""
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return counted


def test_one_message_is_as_much_work_in_a_large_store_as_in_a_small_one(open_here: Callable[[], Store]) -> None:
    def handle(store: Store, number: int) -> None:
        who = store.invitee_by_address("i7@m7.example")
        assert who is not None
        assert store.invitee_by_calendar_uid(who.calendar_uid) == who
        assert store.invitees_by_domain("m7.example") == (who,)
        assert store.done(1, number) is store.done_digest(f"d{number}") is None
        assert store.trial(1, number) is None
        store.begin(1, number)
        with store.transaction():
            store.answers_since(at(0), who.id)
            store.answers_since(at(0))
            store.commit(
                Commit(
                    invitees=(replace(who, answer=answer()),),
                    replies=(reply(f"d{number}", who.id),),
                    letters=(letter(f"l{number}", who.id, reply=f"d{number}"),),
                    done=(done(number),),
                )
            )
        store.finish()
        store.commit(Commit(letters=(letter(f"l{number}", who.id, state=LetterState.SENT, raw=None),)))
        store.commit(Commit(done=(done(number, filed=True),)))
        store.unfiled(1)
        store.letters(LetterState.QUEUED)
        store.uncopied()
        store.open_replies()
        store.tally(at(0))
        store.tally()

    with open_here() as store:
        work = []
        for size in (20, 2000):
            numbers = range(size)
            store.commit(
                Commit(
                    invitees=tuple(invitee(f"i{n}", f"i{n}@m{n}.example") for n in numbers),
                    replies=tuple(reply(f"old{n}", f"i{n}") for n in numbers),
                    letters=tuple(letter(f"old{n}", f"i{n}", state=LetterState.SENT, raw=None) for n in numbers),
                    done=tuple(done(10_000 + n, filed=True) for n in numbers),
                )
            )
            handle(store, size)  # once, so that what is decoded once has been
            work.append(calls(lambda size=size: handle(store, size + 1)))  # type: ignore[misc]
    assert abs(work[1] - work[0]) < work[0] / 100


# --------------------------------------------------------------------------- several at once


def test_a_mark_tells_whether_anything_was_committed(open_here: Callable[[], Store]) -> None:
    with open_here() as one, open_here() as other:
        one.commit(Commit(invitees=(invitee(),)))
        mark = one.mark()
        one.refresh()
        assert one.mark() == mark
        other.commit(Commit(letters=(letter(),)))
        one.refresh()
        assert one.mark() != mark


def test_another_sees_a_commit_when_it_looks(open_here: Callable[[], Store]) -> None:
    with open_here() as one, open_here() as other:
        one.commit(Commit(invitees=(invitee(),)))
        other.refresh()
        assert other.invitee_by_address("aaaaaaaa@mission.example") == invitee()
        other.commit(Commit(done=(done(5),)))
        with one.transaction():
            assert one.done(1, 5) == done(5)
        one.compact()
        other.refresh()
        assert (other.invitees(), other.done(1, 5)) == ((invitee(),), done(5))


def test_a_commit_inside_a_transaction_is_its_own(open_here: Callable[[], Store]) -> None:
    with open_here() as store:
        with pytest.raises(ZeroDivisionError), store.transaction():
            store.commit(Commit(done=(done(1),)))
            with store.transaction():
                store.commit(Commit(done=(done(2),)))
            raise ZeroDivisionError
        assert store.done(1, 2) == done(2)
    with open_here() as store:
        assert (store.done(1, 1), store.done(1, 2)) == (done(1), done(2))


def test_transactions_of_threads_do_not_mix(open_here: Callable[[], Store]) -> None:
    """Each reads a number and writes the next: none may be lost, whether they share a store or not."""
    with open_here() as one, open_here() as other:
        one.commit(Commit(mailbox=Mailbox(0)))

        def count(store: Store) -> None:
            for _ in range(25):
                with store.transaction():
                    store.commit(Commit(mailbox=Mailbox(store.mailbox().uidvalidity + 1)))

        threads = [threading.Thread(target=count, args=(store,)) for store in (one, one, other, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        one.refresh()
        assert one.mailbox() == Mailbox(100)


def test_readers_in_threads_see_whole_records_while_others_write(store: Store) -> None:
    """Letters wander through their states, all in one commit; whoever reads sees each of them, and no half of it."""
    store.commit(Commit(letters=tuple(letter(f"l{n}") for n in range(20))))
    over = threading.Event()
    wrong: list[object] = []

    def read() -> None:
        try:
            while not over.is_set():
                if len(store.letters()) != 20 or len(store.letters_to("aaaaaaaa")) != 20:
                    wrong.append("a letter was missing")
                if len(store.letters(*reversed(LetterState))) != 20 or store.answers_since(NOON) not in (0, 20):
                    wrong.append("half a commit was seen")
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=read) for _ in range(2)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # so that they do meet
    try:
        for thread in threads:
            thread.start()
        for round_ in range(60):
            state = LetterState.SENT if round_ % 2 else LetterState.HELD
            store.commit(Commit(letters=tuple(letter(f"l{n}", state=state, reply="d1") for n in range(20))))
    finally:
        sys.setswitchinterval(interval)
        over.set()
        for thread in threads:
            thread.join()
    assert not wrong


def test_one_daemon_at_a_time(open_here: Callable[[], Store]) -> None:
    with open_here() as other:
        with open_here() as daemon:
            assert not other.daemon_runs()
            assert daemon.lock_daemon()
            assert daemon.lock_daemon()
            assert not other.lock_daemon()
            assert other.daemon_runs()
            other.commit(Commit(done=(done(),)))  # an admin's command beside it
        assert not other.daemon_runs()
        assert other.lock_daemon()


def test_the_message_in_hand_is_remembered_once(open_here: Callable[[], Store]) -> None:
    with open_here() as store:
        assert store.interrupted() is None
        store.begin(7, 12345)
        store.finish()
        store.begin(4294967295, 4294967295)
        assert store.interrupted() is None  # ours, and we live
        with open_here() as other:
            assert other.interrupted() is None  # so they see
    with open_here() as store:
        assert store.interrupted() == (4294967295, 4294967295)
        assert store.interrupted() is None
    with open_here() as store:
        assert store.interrupted() is None
        store.begin(7, 1)
        store.finish()
    with open_here() as store:
        assert store.interrupted() is None


def test_there_is_nothing_to_tidy_in_a_small_store(store: Store) -> None:
    store.commit(Commit(done=(done(),)))
    assert not store.tidy()


def test_a_closed_store_says_so(open_here: Callable[[], Store]) -> None:
    store = open_here()
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.commit(Commit(done=(done(),)))
    with pytest.raises(StoreError, match="closed"), store.transaction():
        pass


# --------------------------------------------------------------------------- against the plainest store there is


@dataclass
class Plain:
    """The same questions answered by looking through everything."""

    invitees: dict[str, Invitee] = field(default_factory=dict)
    replies: dict[str, Reply] = field(default_factory=dict)
    letters: dict[str, Letter] = field(default_factory=dict)
    done: dict[tuple[int, int], Done] = field(default_factory=dict)
    trials: dict[tuple[int, int], Trial] = field(default_factory=dict)
    summaries: dict[date, SummaryRecord] = field(default_factory=dict)
    frozen: Frozen | None = None

    def commit(self, batch: Commit) -> None:
        for invitee_id in batch.erased:
            self.invitees.pop(invitee_id, None)
            self.replies = {k: r for k, r in self.replies.items() if r.invitee_id != invitee_id}
            self.letters = {k: x for k, x in self.letters.items() if x.invitee_id != invitee_id}
        self.invitees |= {i.id: i for i in batch.invitees}
        self.replies |= {r.digest: r for r in batch.replies}
        self.letters |= {x.id: x for x in batch.letters}
        self.done |= {(d.uidvalidity, d.uid): d for d in batch.done}
        self.summaries |= {s.day: s for s in batch.summaries}
        self.frozen = batch.frozen or self.frozen
        for trial in batch.trials:
            self.trials.pop((trial.uidvalidity, trial.uid), None)
            if trial.failures:
                self.trials[trial.uidvalidity, trial.uid] = trial


IDS = ("aaaaaaaa", "bbbbbbbb", "cccccccc")
ADDRESSES = ("a@x.example", "b@x.example", "c@y.example")
NUMBERS = st.integers(1, 4)
TIMES = st.integers(-3, 3).map(at)


def few(records: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(records, max_size=2).map(tuple)


ANSWERS = st.none() | st.builds(
    lambda email, since: answer(delegate=email and Address("", email), standby=since),
    st.none() | st.sampled_from(ADDRESSES),
    st.none() | TIMES,
)
BATCHES = st.builds(
    Commit,
    invitees=few(
        st.builds(
            lambda i, addresses, uid, said, category, listed: invitee(
                i, *addresses, calendar_uid=uid, answer=said, category=category, listed=listed
            ),
            st.sampled_from(IDS),
            st.lists(st.sampled_from(ADDRESSES), min_size=1, max_size=2, unique=True),
            st.sampled_from(("u1@x.example", "u2@x.example", "u1@y.example")),
            ANSWERS,
            st.sampled_from(("", "Press", "press")),
            st.booleans(),
        )
    ),
    replies=few(
        st.builds(
            lambda n, i, when, waits: reply(f"d{n}", i, handled_at=when, open=waits),
            NUMBERS,
            st.none() | st.sampled_from(IDS),
            TIMES,
            st.booleans(),
        )
    ),
    letters=few(
        st.builds(
            lambda n, i, when, state, to, copied, raw: letter(
                f"l{n}", i, queued_at=when, state=state, reply=to, copied=copied, raw=raw
            ),
            NUMBERS,
            st.none() | st.sampled_from(IDS),
            TIMES,
            st.sampled_from(LetterState),
            st.sampled_from(("", "d1")),
            st.booleans(),
            st.none() | st.just(b"raw"),
        )
    ),
    done=few(
        st.builds(
            lambda u, v, digest, when, folder, filed: done(u, v, digest=digest, at=when, folder=folder, filed=filed),
            NUMBERS,
            st.integers(1, 2),
            st.sampled_from(("", "d1", "d2")),
            TIMES,
            st.sampled_from(Folder),
            st.booleans(),
        )
    ),
    trials=few(st.builds(Trial, st.just(1), NUMBERS, st.integers(0, 2), st.just("slow"))),
    summaries=few(
        st.builds(lambda day: SummaryRecord(date(2016, 9, day), NOON, "l1", {"n": day}), st.integers(10, 14))
    ),
    frozen=st.none() | st.builds(lambda n, when: frozen(at=when, people=frozen().people[:n]), st.integers(0, 2), TIMES),
    erased=st.lists(st.sampled_from(IDS), max_size=1).map(tuple),
)


NOBODY: Any = {None}


def in_order(records: Any, moment: str) -> list[datetime]:
    return [getattr(record, moment) for record in records]


def same(store: Store, plain: Plain) -> None:  # every question there is
    assert store.frozen() == plain.frozen
    assert set(store.invitees()) == set(plain.invitees.values())
    for email in ADDRESSES:
        own = {i for i in plain.invitees.values() if email in i.addresses}
        as_delegate = {
            i
            for i in plain.invitees.values()
            if i.answer and i.answer.delegate and i.answer.delegate.email == email and i not in own
        }
        assert store.invitee_by_address(email) in (own or as_delegate or NOBODY)
    for domain in ("x.example", "y.example"):
        assert set(store.invitees_by_domain(domain)) == {
            i for i in plain.invitees.values() if any(a.endswith("@" + domain) for a in i.addresses)
        }
    for uid in ("u1@x.example", "u2@x.example"):
        exact = [i for i in plain.invitees.values() if i.calendar_uid == uid]
        bare = [i for i in plain.invitees.values() if i.calendar_uid[:2] == uid[:2]]
        wanted = exact[0] if len(exact) == 1 else bare[0] if len(bare) == 1 else None
        assert store.invitee_by_calendar_uid(uid) == wanted
    waiting = [i for i in plain.invitees.values() if i.listed and i.answer and i.answer.standby]
    since = [(i.answer.standby, i.category.casefold()) for i in waiting if i.answer and i.answer.standby]
    for moment in (at(-3), at(0), at(3.1)):
        assert store.waiting_before(moment) == sum(begun < moment for begun, _ in since)
        assert store.waiting_before(moment, "press") == sum(b < moment for b, category in since if category == "press")
    assert store.last_to_wait() == max((begun for begun, _ in since), default=None)
    replies = set(plain.replies.values())
    assert set(store.replies()) == replies
    assert in_order(store.replies(), "handled_at") == sorted(in_order(replies, "handled_at"))
    assert set(store.open_replies()) == {r for r in replies if r.open}
    letters = set(plain.letters.values())
    assert set(store.letters()) == letters
    assert in_order(store.letters(), "queued_at") == sorted(in_order(letters, "queued_at"))
    for state in LetterState:
        assert set(store.letters(state)) == {x for x in letters if x.state is state}
        assert sorted(store.each_letter(state), key=lambda x: x.id) == sorted(store.letters(state), key=lambda x: x.id)
    assert set(store.uncopied()) == {x for x in letters if x.state is LetterState.SENT and x.raw and not x.copied}
    for invitee_id in IDS:
        assert set(store.replies(invitee_id)) == {r for r in replies if r.invitee_id == invitee_id}
        assert set(store.letters_to(invitee_id)) == {x for x in letters if x.invitee_id == invitee_id}
    automatic = [x for x in letters if x.reply and x.state is not LetterState.HELD]
    for start in (at(-3), at(0), at(1)):
        assert store.answers_since(start) == sum(x.queued_at >= start for x in automatic)
        assert store.answers_since(start, IDS[0]) == sum(
            x.queued_at >= start and x.invitee_id == IDS[0] for x in automatic
        )
        for folder in Folder:
            fell = [d for d in plain.done.values() if d.folder is folder]
            assert store.tally(start)[folder] == sum(d.at >= start for d in fell)
            assert store.tally()[folder] == len(fell)
    for place, record in plain.done.items():
        assert store.done(*place) == record
    for digest in ("d1", "d2"):
        assert store.done_digest(digest) in ({d for d in plain.done.values() if d.digest == digest} or NOBODY)
    for uidvalidity in (1, 2):
        assert set(store.unfiled(uidvalidity)) == {
            d for d in plain.done.values() if d.uidvalidity == uidvalidity and not d.filed
        }
    assert set(store.trials()) == set(plain.trials.values())
    for number in range(9, 16):
        day = date(2016, 9, number)
        assert store.summary(day) == plain.summaries.get(day)
        earlier = [d for d in plain.summaries if d < day]
        assert store.last_summary(day) == (plain.summaries[max(earlier)] if earlier else None)


@pytest.mark.parametrize("kind", STORES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(batches=st.lists(BATCHES, max_size=8))
def test_every_question_is_answered_as_by_looking_through_everything(kind: str, batches: list[Commit]) -> None:
    """By the one who writes, by one who watches, and after a new start."""
    plain = Plain()
    with tempfile.TemporaryDirectory() as folder, closing(STORES[kind](Path(folder))) as watcher:
        with STORES[kind](Path(folder)) as writer:
            for number, batch in enumerate(batches):
                writer.commit(batch)
                plain.commit(batch)
                if number % 3 == 2:
                    writer.compact()
                watcher.refresh()
                same(writer, plain)
                same(watcher, plain)
        with STORES[kind](Path(folder)) as again:
            same(again, plain)


@pytest.mark.parametrize("kind", STORES)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(groups=st.lists(st.tuples(st.lists(BATCHES, max_size=3), st.booleans()), max_size=4))
def test_in_groups_too_and_as_before_where_one_is_left(kind: str, groups: list[tuple[list[Commit], bool]]) -> None:
    """`True`: by an exception."""
    plain = Plain()
    with tempfile.TemporaryDirectory() as folder:
        with STORES[kind](Path(folder)) as writer:
            for batches, left in groups:
                inside = deepcopy(plain)
                with suppress(ZeroDivisionError), writer.group():
                    for batch in batches:
                        writer.commit(batch)
                        inside.commit(batch)
                        same(writer, inside)
                    if left:
                        raise ZeroDivisionError
                    plain = inside
                same(writer, plain)
        with STORES[kind](Path(folder)) as again:
            same(again, plain)


# --------------------------------------------------------------------------- backups


def test_a_backup_opens_as_an_equal_store_and_is_never_written_over(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing"):
        store.backup(tmp_path / "none")
    person = invitee("aaaaaaaa", name="Ada Lovelace", answer=answer())
    store.commit(
        Commit(invitees=(person,), replies=(reply(),), letters=(letter(),), done=(done(),), frozen=frozen(),
               rulings=(ruling(),), mailbox=Mailbox(7), forgotten=("hash",))
    )  # fmt: skip
    store.backup(tmp_path / "saved")
    store.commit(Commit(erased=("aaaaaaaa",)))
    with pytest.raises(StoreError, match="overwritten"):
        store.backup(tmp_path / "saved")
    load_keys(tmp_path)
    with open_store(str(tmp_path / "saved"), tmp_path, read_only=True) as saved:
        assert saved.invitees() == (person,)
        assert (saved.replies(), saved.letters(), saved.rulings()) == ((reply(),), (letter(),), (ruling(),))
        assert (saved.done(1, 1), saved.mailbox(), saved.frozen()) == (done(), Mailbox(7), frozen())
        assert saved.is_forgotten("hash")
