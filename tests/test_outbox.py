"""The outbox on real servers: nothing is sent twice, nothing is lost unseen, whatever a server or the process does."""

from __future__ import annotations

import email
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from rsvpbot.config import Config, MailboxConfig, Mode, RepliesConfig
from rsvpbot.letters.outbox import GIVE_UP_AFTER, MOST_REFUSED_IN_A_ROW, Flushed, Outbox, pause_after
from rsvpbot.mail.imap import Connection
from rsvpbot.mail.smtp import Refused, Sender
from rsvpbot.model import Letter, LetterKind, LetterState
from rsvpbot.organisers.privacy import forget
from rsvpbot.organisers.summary import queue_now
from rsvpbot.store.base import Commit, Store
from rsvpbot.store.tinydb import TinyStore
from tests.servers import CUT, Dovecot, SmtpSink
from tests.steer_house import NOW as MORNING
from tests.steer_house import House, steered
from tests.store_records import NOON
from tests.test_letters import example

MINUTE = timedelta(minutes=1)


@dataclass
class HandClock:
    """A clock that is set by hand, and by waiting."""

    time: datetime = NOON
    waits: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.time

    def wait(self, stop: threading.Event, seconds: float) -> None:
        assert not stop.is_set()
        self.waits.append(seconds)
        self.time += timedelta(seconds=seconds)


def letter(number: int, kind: LetterKind = LetterKind.ACCEPTED, **changes: Any) -> Letter:
    message_id = f"<l{number}@roundtable.example>"
    raw = f"Message-ID: {message_id}\r\nSubject: letter {number}\r\n\r\nDear {number}\r\n".encode()
    known = Letter(
        id=f"l{number:04}",
        kind=kind,
        invitee_id="abcdefgh",
        recipients=(f"guest{number}@mission.example",),
        language="en",
        subject=f"letter {number}",
        message_id=message_id,
        state=LetterState.QUEUED,
        queued_at=NOON + timedelta(seconds=number),
        mail_from="rsvp@roundtable.example",
        raw=raw,
    )
    return replace(known, **changes)


@dataclass
class Post:
    """A store with letters, a clock and a server."""

    store: Store
    sink: SmtpSink
    clock: HandClock
    stop: threading.Event
    config: Config
    outbox: Outbox = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self, make_sender: Callable[[], Sender] | None = None) -> None:
        """As a new process would begin."""
        self.outbox = Outbox(self.store, self.config, self.clock, make_sender=make_sender, wait=self.clock.wait)

    def set(self, *, mode: Mode = "send", **smtp: Any) -> None:
        smtp_config = self.sink.config(**{"max_per_minute": 0, "copy_to_sent": False, **smtp})
        self.config = replace(self.config, smtp=smtp_config, replies=RepliesConfig(mode=mode))
        self.restart()

    def queue(self, *letters: Letter) -> None:
        self.store.commit(Commit(letters=letters))

    def flush(self, connection: Connection | None = None) -> Flushed:
        return self.outbox.flush(self.stop, connection)

    def states(self) -> list[LetterState]:
        return [letter.state for letter in self.store.letters()]

    def get(self, number: int) -> Letter:
        found = self.store.letter(f"l{number:04}")
        assert found is not None
        return found

    def arrived(self) -> list[str]:
        return [str(email.message_from_bytes(one.raw)["Message-ID"]) for one in self.sink.received]


@pytest.fixture
def post(tmp_path: Path, smtp_sink: SmtpSink) -> Iterator[Post]:
    with TinyStore(tmp_path / "rsvp.json") as store:
        post = Post(store, smtp_sink, HandClock(), threading.Event(), example())
        post.set()
        yield post


# ------------------------------------------------------------------ sending


def test_letters_go_out_oldest_first_over_one_connection(post: Post) -> None:
    post.queue(letter(1), letter(2), letter(3))
    assert post.flush() == Flushed(sent=3)
    assert post.arrived() == [f"<l{number}@roundtable.example>" for number in (1, 2, 3)]
    assert post.sink.connections == 1
    assert [one.recipients for one in map(post.get, (1, 2))] == [
        ("guest1@mission.example",),
        ("guest2@mission.example",),
    ]
    assert post.states() == [LetterState.SENT] * 3
    assert post.get(1).sent_at == post.clock.now() and post.get(1).attempts == 1
    assert post.get(1).raw is None and post.get(1).copied  # no copy is wanted: nothing is kept
    assert post.flush() == Flushed()
    assert len(post.arrived()) == 3


def test_several_connections_share_the_letters(post: Post) -> None:
    post.set(connections=4)
    post.sink.slowness = 0.05
    post.queue(*map(letter, range(40)))
    assert post.flush() == Flushed(sent=40)
    assert sorted(post.arrived()) == sorted(f"<l{number}@roundtable.example>" for number in range(40))
    assert post.sink.connections == 4
    assert set(post.states()) == {LetterState.SENT}


def test_no_more_connections_than_letters(post: Post) -> None:
    post.set(connections=8)
    post.queue(letter(1), letter(2))
    assert post.flush() == Flushed(sent=2)
    assert post.sink.connections <= 2


def test_several_connections_keep_one_pace(post: Post) -> None:
    post.set(connections=3, max_per_minute=5)
    post.queue(*map(letter, range(20)))
    assert post.flush() == Flushed(sent=20)
    gone = sorted(one.sent_at for one in map(post.get, range(20)) if one.sent_at)
    for at in gone:
        # A turn is taken just before the letter goes; the clock may be set while one is under way.
        assert sum(at <= other < at + MINUTE for other in gone) <= 5 + 3


def test_a_server_that_several_connections_find_gone_is_one_trouble(post: Post) -> None:
    post.set(connections=4)
    post.sink.fail("MAIL", CUT)
    post.queue(*map(letter, range(20)))
    flushed = post.flush()
    assert (flushed.sent, flushed.waiting) == (0, 20) and flushed.trouble
    post.sink.reset()
    post.clock.time += MINUTE  # the first pause, and not the fourth
    assert post.flush() == Flushed(sent=20)


def test_letters_refused_on_several_connections_are_refused_in_a_row(post: Post) -> None:
    post.set(connections=4)
    post.sink.fail("RCPT", "550 5.7.1 not from you")
    post.queue(*map(letter, range(100)))
    flushed = post.flush()
    assert MOST_REFUSED_IN_A_ROW <= flushed.failed < MOST_REFUSED_IN_A_ROW + 4
    assert "in a row" in flushed.trouble


def test_the_envelope_is_that_of_the_letter(post: Post) -> None:
    post.queue(letter(1, recipients=("a@mission.example", "b@mission.example"), mail_from="rsvp+x@roundtable.example"))
    post.flush()
    [received] = post.sink.received
    assert received.mail_from == "rsvp+x@roundtable.example"
    assert list(received.recipients) == ["a@mission.example", "b@mission.example"]
    assert received.raw == post_raw(1)


def post_raw(number: int) -> bytes:
    raw = letter(number).raw
    assert raw is not None
    return raw


def test_nothing_to_do_needs_no_connection(post: Post) -> None:
    assert post.flush() == Flushed()
    assert post.sink.connections == 0


@pytest.mark.parametrize("state", [state for state in LetterState if state is not LetterState.QUEUED])
def test_only_what_is_queued_is_sent(post: Post, state: LetterState) -> None:
    post.queue(letter(1, state=state))
    assert post.flush().sent == 0
    assert post.arrived() == [] and post.states() == [state]


@pytest.mark.parametrize(("mode", "sent"), [("send", {1, 2, 3}), ("draft", {2, 3}), ("off", {2, 3})])
def test_the_mode_governs_letters_to_invitees_only(post: Post, mode: Mode, sent: set[int]) -> None:
    post.set(mode=mode)
    post.queue(letter(1), letter(2, LetterKind.SUMMARY), letter(3, LetterKind.ALARM))
    flushed = post.flush()
    assert (flushed.sent, flushed.waiting) == (len(sent), 3 - len(sent))
    assert post.arrived() == [f"<l{number}@roundtable.example>" for number in sorted(sent)]
    assert post.get(1).state is (LetterState.SENT if mode == "send" else LetterState.QUEUED)


@pytest.mark.parametrize("mode", ["draft", "off"])
def test_news_goes_out_in_every_mode_but_not_as_an_answer(post: Post, mode: Mode) -> None:
    post.set(mode=mode)
    told = letter(1, LetterKind.CANCELLED)
    post.queue(told, replace(letter(2, LetterKind.CANCELLED), reply="d" * 64))
    post.queue(replace(letter(3, LetterKind.DONE), reply="d" * 64))
    post.flush()
    assert post.arrived() == ["<l1@roundtable.example>", "<l3@roundtable.example>"]


def test_sending_is_on_disk_before_a_letter_leaves(post: Post) -> None:
    seen: list[list[LetterState]] = []

    class Watching(Sender):
        def send(self, *arguments: Any) -> Any:
            seen.append(post.states())
            return super().send(*arguments)

    post.restart(lambda: Watching(post.config.smtp))
    post.queue(letter(1), letter(2), letter(3))
    post.flush()
    assert seen == [
        [LetterState.SENDING, LetterState.QUEUED, LetterState.QUEUED],
        [LetterState.SENT, LetterState.SENDING, LetterState.QUEUED],
        [LetterState.SENT, LetterState.SENT, LetterState.SENDING],
    ]


def test_a_stop_is_heard_between_letters(post: Post) -> None:
    class Stopping(Sender):
        def send(self, *arguments: Any) -> Any:
            post.stop.set()
            return super().send(*arguments)

    post.restart(lambda: Stopping(post.config.smtp))
    post.queue(letter(1), letter(2))
    assert post.flush() == Flushed(sent=1, waiting=1)
    assert post.states() == [LetterState.SENT, LetterState.QUEUED]


def test_a_letter_forgotten_meanwhile_is_neither_sent_nor_written_down_again(post: Post) -> None:
    class Forgetting(Sender):
        def send(self, *arguments: Any) -> Any:
            sent = super().send(*arguments)
            post.store.commit(Commit(erased_letters=("l0001", "l0002")))
            return sent

    post.restart(lambda: Forgetting(post.config.smtp))
    post.queue(letter(1), letter(2), letter(3))
    post.flush()
    assert post.arrived() == ["<l1@roundtable.example>", "<l3@roundtable.example>"]
    assert [one.id for one in post.store.letters()] == ["l0003"]


# ------------------------------------------------------------------ pace


def test_so_many_a_minute_and_no_more(post: Post) -> None:
    post.set(max_per_minute=3)
    post.queue(*map(letter, range(8)))
    moments: list[datetime] = []

    class Timed(Sender):
        def send(self, *arguments: Any) -> Any:
            moments.append(post.clock.now())
            # What was sent before a pause is on disk before the pause.
            assert post.states().count(LetterState.SENDING) == 1
            return super().send(*arguments)

    post.restart(lambda: Timed(post.config.smtp))
    assert post.flush().sent == 8
    for moment in moments:
        assert sum(moment <= other < moment + MINUTE for other in moments) <= 3
    assert post.clock.waits == [60.0, 60.0]
    post.queue(letter(9))
    post.clock.time += timedelta(seconds=20)
    post.flush()
    assert sum(moments[-1] - MINUTE < other <= moments[-1] for other in moments) <= 3


def test_a_clock_that_is_set_back_does_not_hold_letters_up(post: Post) -> None:
    post.set(max_per_minute=1)
    post.queue(letter(1))
    post.flush()
    post.clock.time -= timedelta(days=365)
    post.queue(letter(2))
    assert post.flush().sent == 1 and post.clock.waits == []


@pytest.mark.parametrize("back", [timedelta(minutes=2), timedelta(hours=1), timedelta(days=365)])
def test_a_clock_that_is_set_back_does_not_prolong_a_pause(post: Post, back: timedelta) -> None:
    post.sink.fail("RCPT", "451 4.3.0 later", times=1)
    post.queue(letter(1))
    assert post.flush().waiting == 1
    post.clock.time -= back
    assert post.flush().sent == 1

    post.set(port=1, host="127.0.0.1")
    post.queue(letter(2))
    assert post.flush().trouble
    post.clock.time -= back
    assert post.flush().trouble, "the server that was out of reach is asked again"


def test_a_pause_ends_when_the_service_stops(post: Post) -> None:
    post.set(max_per_minute=1)
    post.clock.wait = lambda stop, seconds: stop.set()  # type: ignore[method-assign]
    post.restart()
    post.queue(letter(1), letter(2))
    assert post.flush() == Flushed(sent=1, waiting=1)
    assert post.states() == [LetterState.SENT, LetterState.QUEUED]


# ------------------------------------------------------------------ what servers do


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "END"])
def test_a_refusal_for_good_is_final_and_visible(post: Post, stage: str) -> None:
    matching = {"MAIL": "", "RCPT": "guest1@", "DATA": "", "END": "letter 1"}[stage]
    post.sink.fail(stage, "550 5.1.1 no such user guest1@mission.example", matching, times=1)
    post.queue(letter(1), letter(2))
    assert post.flush() == Flushed(sent=1, failed=1)
    assert post.get(1).state is LetterState.FAILED and post.get(1).error == "refused with 550"
    assert post.get(1).attempts == 1
    assert post.get(2).state is LetterState.SENT
    post.clock.time += timedelta(days=1)
    assert post.flush() == Flushed()
    assert post.arrived().count("<l1@roundtable.example>") == 0


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "END"])
def test_a_refusal_for_now_is_tried_again_later(post: Post, stage: str) -> None:
    post.sink.fail(stage, "451 4.3.0 later", times=1)
    post.queue(letter(1), letter(2))
    assert post.flush() == Flushed(sent=1, waiting=1)
    waiting = post.get(1)
    assert (waiting.state, waiting.attempts, waiting.error) == (LetterState.QUEUED, 1, "put off with 451")
    assert waiting.not_before == NOON + MINUTE
    assert post.flush() == Flushed(waiting=1)  # not yet
    post.clock.time += MINUTE
    assert post.flush() == Flushed(sent=1)
    assert post.get(1).error == "" and post.get(1).not_before is None
    assert Counter(post.arrived()) == {"<l1@roundtable.example>": 1, "<l2@roundtable.example>": 1}


def test_the_pauses_grow_and_end_after_four_days(post: Post) -> None:
    post.sink.fail("RCPT", "450 4.2.1 later")
    post.queue(letter(1, queued_at=NOON))
    pauses = []
    while post.get(1).state is LetterState.QUEUED:
        post.flush()
        until = post.get(1).not_before
        if until is not None:
            pauses.append((until - post.clock.now()) / MINUTE)
            post.clock.time = until
    assert pauses[:6] == [1, 5, 15, 30, 60, 60] and set(pauses[6:]) == {60}
    assert timedelta(days=3, hours=22) < post.clock.now() - NOON <= GIVE_UP_AFTER
    assert post.get(1).state is LetterState.FAILED and post.get(1).error == "refused with 450 for four days"


def test_one_recipient_of_two_that_is_refused_is_noted(post: Post) -> None:
    post.sink.fail("RCPT", "550 5.1.1 unknown", "old@")
    post.queue(letter(1, recipients=("old@mission.example", "guest1@mission.example")))
    assert post.flush() == Flushed(sent=1)
    assert post.get(1).state is LetterState.SENT
    assert post.get(1).error == "refused for 1 of 2 recipients with 550"


@pytest.mark.parametrize("answer", ["550 5.7.1 no", "451 4.7.1 later"])
def test_a_server_that_refuses_everything_does_not_spoil_the_whole_queue(post: Post, answer: str) -> None:
    post.sink.fail("MAIL", answer)
    post.queue(*map(letter, range(30)))
    flushed = post.flush()
    assert "10 letters in a row" in flushed.trouble and "@" not in flushed.trouble
    untouched = [one for one in post.store.letters(LetterState.QUEUED) if one.attempts == 0]
    assert len(untouched) == 30 - MOST_REFUSED_IN_A_ROW
    assert post.flush().trouble == ""  # it is left alone
    post.sink.reset()
    post.clock.time += 2 * MINUTE
    assert post.flush().sent >= 20


@pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_connection_that_breaks_before_the_end_leaves_no_doubt(post: Post, stage: str) -> None:
    post.sink.fail(stage, CUT, times=2)
    post.queue(letter(1), letter(2))
    flushed = post.flush()
    assert (flushed.sent, flushed.waiting, flushed.doubtful) == (0, 2, 0) and flushed.trouble
    assert post.get(1).state is LetterState.QUEUED and post.get(1).attempts == 0
    assert post.flush() == Flushed(waiting=2)  # the server is left alone for a while
    post.sink.reset()
    post.clock.time += pause_after(1)
    assert post.flush() == Flushed(sent=2)


def test_a_connection_that_breaks_after_the_end_leaves_a_doubt_that_is_shown(post: Post) -> None:
    post.sink.fail("END", CUT, "letter 1\r\n")
    post.queue(letter(1), letter(2))
    flushed = post.flush()
    assert (flushed.sent, flushed.doubtful, flushed.waiting) == (0, 1, 1) and flushed.trouble
    assert post.get(1).state is LetterState.DOUBTFUL and "before the server had answered" in post.get(1).error
    assert post.get(1).raw is not None  # a person may decide to send it
    post.clock.time += pause_after(1)
    assert post.flush() == Flushed(sent=1)
    assert Counter(post.arrived()) == {"<l1@roundtable.example>": 1, "<l2@roundtable.example>": 1}


def test_a_server_that_is_gone_is_asked_more_and_more_seldom(post: Post) -> None:
    post.set(host="127.0.0.1", port=1)
    post.queue(letter(1))
    tries = []
    for minute in range(120):
        post.clock.time = NOON + minute * MINUTE
        if post.flush().trouble:
            tries.append(minute)
    assert tries == [0, 1, 6, 21, 51, 111]
    assert post.get(1).attempts == 0 and post.get(1).state is LetterState.QUEUED


def test_that_letters_cannot_go_out_is_written_down_until_one_does(post: Post) -> None:
    port = post.config.smtp.port
    post.set(host="127.0.0.1", port=1)
    post.queue(letter(1))
    post.flush()
    told = post.store.mailbox()
    assert told.sending_failing_since == NOON and "nothing listens there" in told.sending_error
    post.clock.time += timedelta(days=1)
    post.flush()
    assert post.store.mailbox() == told  # since when, not how often
    post.set(port=port)
    post.flush()
    assert (post.store.mailbox().sending_failing_since, post.store.mailbox().sending_error) == (None, "")


def test_a_connection_closed_between_two_letters_is_opened_again(post: Post) -> None:
    class Dropping(Sender):
        def send(self, *arguments: Any) -> Any:
            sent = super().send(*arguments)
            post.sink.drop()
            return sent

    post.restart(lambda: Dropping(post.config.smtp))
    post.queue(*map(letter, range(4)))
    assert post.flush() == Flushed(sent=4)
    assert max(Counter(post.arrived()).values()) == 1


def test_a_letter_that_nobody_can_send_does_not_stop_the_others(post: Post) -> None:
    class Stumbling(Sender):
        def send(self, mail_from: str, recipients: Any, raw: bytes) -> Any:
            if recipients == ("guest1@mission.example",):
                raise RuntimeError("guest1@mission.example")
            return super().send(mail_from, recipients, raw)

    post.restart(lambda: Stumbling(post.config.smtp))
    post.queue(letter(1), letter(2))
    assert post.flush() == Flushed(sent=1, doubtful=1)
    assert post.get(1).state is LetterState.DOUBTFUL and post.get(1).error == "sending it failed: RuntimeError"


# ------------------------------------------------------------------ deaths


def test_what_was_being_sent_at_a_death_is_in_doubt(post: Post) -> None:
    post.queue(letter(1, state=LetterState.SENDING), letter(2))
    assert post.outbox.recover() == 1
    assert post.states() == [LetterState.DOUBTFUL, LetterState.QUEUED]
    assert post.outbox.recover() == 0
    assert post.flush() == Flushed(sent=1)
    assert post.arrived() == ["<l2@roundtable.example>"]


@pytest.mark.parametrize(("seed", "connections"), [(0, 1), (1, 1), (2, 1), (3, 4)])
def test_killed_again_and_again_no_letter_is_sent_twice_and_none_is_lost_unseen(
    tmp_path: Path, seed: int, connections: int
) -> None:
    """Promise 1, with real processes and SIGKILL."""
    dice, count, kills = random.Random(seed), 150, 0
    with TinyStore(tmp_path / "rsvp.json") as store:
        store.commit(Commit(letters=tuple(map(letter, range(count)))))
    with SmtpSink() as sink:
        while True:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.outbox_worker", str(tmp_path), str(sink.port), str(connections)],
                stdout=subprocess.DEVNULL,
                cwd=Path(__file__).parent.parent,
            )
            enough = len(sink.received) + dice.randint(1, 25)
            while process.poll() is None and len(sink.received) < enough:
                time.sleep(0.0005)
            time.sleep(dice.uniform(0.0, 0.004))
            if process.poll() is None:
                process.kill()
            if process.wait() == 0:
                break
            kills += 1
            assert process.returncode == -signal.SIGKILL
        arrived = Counter(str(email.message_from_bytes(one.raw)["Message-ID"]) for one in sink.received)
    assert kills >= 4
    assert max(arrived.values()) == 1
    with TinyStore(tmp_path / "rsvp.json") as store:
        sent, doubtful = store.letters(LetterState.SENT), store.letters(LetterState.DOUBTFUL)
        assert len(sent) + len(doubtful) == count
        assert len(doubtful) <= kills * connections
        assert {one.message_id for one in sent} <= set(arrived)
        assert set(arrived) <= {one.message_id for one in (*sent, *doubtful)}


# ------------------------------------------------------------------ what a command clears meanwhile


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


class Forgetting:
    """Between the question of the outbox and its note somebody is forgotten, by another process."""

    def __init__(self, house: House, folder: Path, refusal: Refused | None = None) -> None:
        self._house, self._folder, self._refusal = house, folder, refusal

    def __enter__(self) -> Forgetting:
        return self

    def __exit__(self, *_: object) -> None: ...

    def send(self, *_: object) -> tuple[()]:
        with TinyStore(self._folder / "rsvp.json") as other:
            forget(other, self._house.config, "ada@lovelace.example", (b"k" * 32,))
        assert b"Lovelace" not in everything_in(self._folder)
        if self._refusal:
            raise self._refusal
        return ()

    append_sent = send


def summary_alone(house: House, **changes: Any) -> Letter:
    """The summary, which names Ada, is all that the outbox holds."""
    house.comes("I will come. May we film the opening?")
    house.store.commit(Commit(erased_letters=tuple(one.id for one in house.store.letters())))
    letter = replace(queue_now(house.store, house.config, MORNING, lambda: "s1"), **changes)
    house.store.commit(Commit(letters=(letter,)))
    return letter


@pytest.mark.parametrize("copy", [True, False])
@pytest.mark.parametrize(("refusal", "state"), [(None, LetterState.SENT), (Refused(451, "END"), LetterState.WITHDRAWN)])
def test_whoever_is_forgotten_while_a_letter_is_in_flight_stays_forgotten(
    tmp_path: Path, copy: bool, refusal: Refused | None, state: LetterState
) -> None:
    with steered(tmp_path) as house:
        summary_alone(house)
        config = replace(house.config, smtp=replace(house.config.smtp, copy_to_sent=copy))
        sender = cast(Sender, Forgetting(house, tmp_path, refusal))
        outbox = Outbox(house.store, config, house.clock, make_sender=lambda: sender)
        outbox.flush(threading.Event())
        after = house.store.letter("s1")
        assert after is not None and (after.state, after.raw, after.subject) == (state, None, "")
        assert b"Lovelace" not in everything_in(tmp_path)


def test_whoever_is_forgotten_while_a_copy_is_put_into_sent_stays_forgotten(tmp_path: Path) -> None:
    with steered(tmp_path) as house:
        summary_alone(house, subject="About Ada Lovelace", state=LetterState.SENT, sent_at=MORNING)
        config = replace(house.config, smtp=replace(house.config.smtp, copy_to_sent=True))
        outbox = Outbox(house.store, config, house.clock)
        outbox.flush(threading.Event(), cast(Connection, Forgetting(house, tmp_path)))
        assert b"Lovelace" not in everything_in(tmp_path)


# ------------------------------------------------------------------ Drafts and Sent, on a real IMAP server


@dataclass
class Mailbox:
    dovecot: Dovecot
    user: Any
    config: MailboxConfig

    def connect(self) -> Connection:
        return Connection(self.config)

    def ids(self, folder: str) -> list[str]:
        raws = self.dovecot.messages(self.user, folder)
        return sorted(str(email.message_from_bytes(raw)["Message-ID"]) for raw in raws)


@pytest.fixture
def mailbox(dovecot: Dovecot) -> Mailbox:
    user = dovecot.new_user()
    return Mailbox(dovecot, user, dovecot.config(user))


def test_drafts_are_put_there_for_a_person_and_only_once(post: Post, mailbox: Mailbox) -> None:
    post.set(mode="draft")
    post.queue(letter(1), letter(2), letter(3, LetterKind.SUMMARY))
    with mailbox.connect() as connection:
        assert post.flush(connection) == Flushed(sent=1, drafted=2)
        assert post.flush(connection) == Flushed()
    assert mailbox.ids("Drafts") == ["<l1@roundtable.example>", "<l2@roundtable.example>"]
    assert post.arrived() == ["<l3@roundtable.example>"]
    assert post.states() == [LetterState.DRAFTED, LetterState.DRAFTED, LetterState.SENT]
    assert post.get(1).raw is None


def test_drafts_wait_for_a_connection_and_off_leaves_them_waiting(post: Post, mailbox: Mailbox) -> None:
    post.set(mode="draft")
    post.queue(letter(1))
    assert post.flush() == Flushed(waiting=1)
    post.set(mode="off")
    with mailbox.connect() as connection:
        assert post.flush(connection) == Flushed(waiting=1)
    assert mailbox.ids("Drafts") == []


@pytest.mark.parametrize("recovered", [True, False])
def test_a_draft_that_was_put_there_before_a_death_is_not_put_there_again(
    post: Post, mailbox: Mailbox, recovered: bool
) -> None:
    post.set(mode="draft")
    post.queue(letter(1), letter(2))
    with mailbox.connect() as connection:
        connection.append_draft(post_raw(1), "<l1@roundtable.example>")  # and then the process died
    if recovered:
        post.outbox.recover()
    with mailbox.connect() as connection:
        assert post.flush(connection) == Flushed(drafted=2)
    assert mailbox.ids("Drafts") == ["<l1@roundtable.example>", "<l2@roundtable.example>"]


def test_a_copy_goes_to_sent_and_what_it_was_made_of_goes(post: Post, mailbox: Mailbox) -> None:
    post.set(copy_to_sent=True)
    post.queue(letter(1), letter(2))
    with mailbox.connect() as connection:
        assert post.flush(connection) == Flushed(sent=2, copied=2)
        assert post.flush(connection) == Flushed()
    assert mailbox.ids("Sent") == ["<l1@roundtable.example>", "<l2@roundtable.example>"]
    assert post.get(1).raw is None and post.get(1).copied


def test_a_copy_is_made_later_and_never_by_sending_again(post: Post, mailbox: Mailbox) -> None:
    post.set(copy_to_sent=True)
    post.queue(letter(1))
    assert post.flush() == Flushed(sent=1)
    assert post.get(1).raw == post_raw(1) and not post.get(1).copied
    with mailbox.connect() as connection:
        pass
    flushed = post.flush(connection)
    assert flushed.uncopied and not flushed.trouble  # closed: the copy fails
    assert post.get(1).state is LetterState.SENT and not post.get(1).copied
    with mailbox.connect() as connection:
        connection.append_sent(post_raw(1), "<l1@roundtable.example>")  # and then the process died
    post.restart()
    with mailbox.connect() as connection:
        assert post.flush(connection) == Flushed(copied=1)
    assert mailbox.ids("Sent") == ["<l1@roundtable.example>"]
    assert len(post.arrived()) == 1


def test_a_mailbox_that_fails_keeps_drafts_waiting(post: Post, mailbox: Mailbox) -> None:
    post.set(mode="draft")
    post.queue(letter(1), letter(2))
    with mailbox.connect() as connection:
        pass
    flushed = post.flush(connection)
    assert flushed.trouble and (flushed.drafted, flushed.waiting) == (0, 2)
    with mailbox.connect() as connection:
        assert post.flush(connection) == Flushed(drafted=2)
    assert len(mailbox.ids("Drafts")) == 2


@pytest.mark.parametrize("mode", ["draft", "send"])
def test_a_stop_is_heard_between_drafts_and_copies(post: Post, mailbox: Mailbox, mode: Mode) -> None:
    post.set(mode="send", copy_to_sent=True)
    post.queue(letter(1), letter(2))
    if mode == "send":
        post.flush()
    else:
        post.set(mode="draft")
    post.stop.set()
    with mailbox.connect() as connection:
        flushed = post.flush(connection)
    assert (flushed.drafted, flushed.copied) == (0, 0)


def test_two_rounds_are_told_as_one() -> None:
    """A round after one that found the server out of reach leaves it alone, and knows no reason of its own."""
    first = Flushed(sent=2, failed=1, waiting=3, trouble="relay.example:587: nothing listens there")
    assert first + Flushed(drafted=1, waiting=4) == Flushed(2, 1, 0, 1, 0, 4, first.trouble)
    assert (first + Flushed(sent=3)).trouble == ""
    assert (first + Flushed(trouble="later")).trouble == "later"
    assert sum((), Flushed()) == Flushed()
