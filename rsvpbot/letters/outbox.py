"""Letters that wait in the store go out: sent over SMTP, or put into the Drafts folder for a person to send.

Nothing is sent twice. "Sending" is on disk before the first byte of a letter leaves, "sent" after the server took it; a
letter found in "sending" after a death may or may not have gone out, and that is said rather than guessed: it becomes
"doubtful". One commit marks a letter sent and the next one sending, so at most one for each connection is ever in that
state.

A draft needs no such doubt, nor does a copy in Sent: the folder is asked for its Message-ID where it may be
there already.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from operator import itemgetter

from rsvpbot.config import Config
from rsvpbot.letters.hours import EVENING, MORNING
from rsvpbot.mail.imap import Connection, MailboxError, MailboxOutOfReach
from rsvpbot.mail.smtp import Refused, Rejected, Sender, Unreachable
from rsvpbot.model import Clock, Letter, LetterKind, LetterState, PartStat
from rsvpbot.store.base import Commit, Store

log = logging.getLogger("rsvpbot.outbox")

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60))
"""After the first, second … attempt; the last again and again."""

GIVE_UP_AFTER = timedelta(days=4)
"""RFC 5321, section 4.5.4.1: a sender tries for four to five days."""

MOST_REFUSED_IN_A_ROW = 10
"""A server that refuses so many letters one after the other has something against us, not against them."""

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Flushed:
    """What one round did."""

    sent: int = 0
    drafted: int = 0
    copied: int = 0
    """Copies put into the Sent folder."""
    failed: int = 0
    """Given up; the organisers see them."""
    doubtful: int = 0
    waiting: int = 0
    """Still queued: later, because of the mode, or because a server is out of reach."""
    trouble: str = ""
    """Why letters did not go out, or not all of them; no personal data."""
    uncopied: str = ""
    """Why copies of sent letters are not in the Sent folder yet; no personal data."""

    def __add__(self, later: Flushed) -> Flushed:
        """What this round and a later one did, and what waits then. A later one may have left a server alone that was
        out of reach: then what that was is still why."""
        return replace(
            later,
            sent=self.sent + later.sent,
            drafted=self.drafted + later.drafted,
            copied=self.copied + later.copied,
            failed=self.failed + later.failed,
            doubtful=self.doubtful + later.doubtful,
            trouble=later.trouble or ("" if later.sent else self.trouble),
        )


@dataclass(slots=True)
class _Count:
    sent: int = 0
    drafted: int = 0
    copied: int = 0
    failed: int = 0
    doubtful: int = 0
    trouble: str = ""
    uncopied: str = ""
    refused: int = 0
    """Letters refused in a row, on whichever connection."""


@dataclass(slots=True)
class _Pause:
    """How long to leave a server alone that was out of reach."""

    failures: int = 0
    until: datetime | None = None

    def note_failure(self, now: datetime) -> None:
        self.failures += 1
        self.until = now + pause_after(self.failures)

    def clear(self) -> None:
        self.failures, self.until = 0, None

    def holds(self, now: datetime) -> bool:
        return lasts(self.until, pause_after(self.failures), now)


@dataclass(slots=True)
class _Pace:
    """At most so many letters in any sixty seconds; 0: as many as will go."""

    most: int
    sent: deque[datetime] = field(default_factory=deque)

    def wait_for(self, now: datetime) -> float:
        """Seconds until the next one may go."""
        if self.sent and now < self.sent[-1]:
            self.sent.clear()  # the clock was set back
        while self.sent and now - self.sent[0] >= MINUTE:
            self.sent.popleft()
        if self.most <= 0 or len(self.sent) < self.most:
            return 0.0
        return (self.sent[0] + MINUTE - now).total_seconds()

    def note(self, now: datetime) -> None:
        self.sent.append(now)

    def take_back(self, now: datetime) -> None:
        """It did not go after all."""
        if now in self.sent:
            self.sent.remove(now)


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts."""
    return PAUSES[min(attempts, len(PAUSES)) - 1]


def lasts(until: datetime | None, pause: timedelta, now: datetime) -> bool:
    """Whether a pause of this length that ends at `until` is still on. Where its end is further off than it is long,
    the clock was set back, and nobody waits for that."""
    return until is not None and until - pause <= now < until


def _told(rejected: Sequence[Rejected], letter: Letter) -> str:
    """That a letter was taken, but not for everybody; it is sent all the same, and not again."""
    if not rejected:
        return ""
    codes = ", ".join(sorted({str(one.code) for one in rejected}))
    return f"refused for {len(rejected)} of {len(letter.recipients)} recipients with {codes}"


class Outbox:
    """The letters of one store.

    `make_sender` opens the way to the SMTP server; `wait(stop, seconds)` sleeps, and ends early when `stop` is set.
    """

    def __init__(
        self,
        store: Store,
        config: Config,
        clock: Clock,
        *,
        make_sender: Callable[[], Sender] | None = None,
        wait: Callable[[threading.Event, float], object] = threading.Event.wait,
    ) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._make_sender = make_sender or (lambda: Sender(config.smtp))
        self._wait = wait
        self._pause = _Pause()
        self._pace = _Pace(config.smtp.max_per_minute)
        self._inherited: frozenset[str] | None = None
        self._tried: set[str] = set()
        """Drafts that this process has tried to put in place."""
        self._fresh: set[str] = set()
        """Letters that this process has sent and not yet tried to copy."""

    def recover(self) -> int:
        """At start: what was being sent when the last process died is in doubt. Returns how many letters are."""
        with self._store.transaction():
            self._note_inheritance()
            cut_off = self._store.letters(LetterState.SENDING)
            if cut_off:
                error = "the process died while it was being sent"
                doubtful = (replace(letter, state=LetterState.DOUBTFUL, error=error) for letter in cut_off)
                self._store.commit(Commit(letters=tuple(doubtful)))
        for letter in cut_off:
            log.warning("letter id=%s in doubt", letter.id)
        return len(cut_off)

    def flush(self, stop: threading.Event, connection: Connection | None = None) -> Flushed:
        """Send what is due, oldest first; put drafts and copies in place where there is a mailbox connection.

        Ends between two letters when `stop` is set. Raises StoreError; what servers do wrong is noted and tried again.
        """
        count = _Count()
        self._store.refresh()
        self._note_inheritance()
        self._send_due(stop, count)
        if connection is not None:
            self._put_drafts(stop, connection, count)
            self._put_copies(stop, connection, count)
        waiting = self._store.letter_tally()[LetterState.QUEUED]
        return Flushed(
            count.sent,
            count.drafted,
            count.copied,
            count.failed,
            count.doubtful,
            waiting,
            count.trouble,
            count.uncopied,
        )

    # -------------------------------------------------------------- sending

    def _by_smtp(self, letter: Letter) -> bool:
        return letter.in_every_mode or self._config.replies.mode == "send"

    def _due(self, now: datetime) -> list[str]:
        due = [
            (letter.queued_at, letter.id)
            for letter in self._store.each_letter(LetterState.QUEUED)
            if self._by_smtp(letter) and not lasts(letter.not_before, pause_after(letter.attempts), now)
        ]
        return [letter_id for _, letter_id in sorted(due, key=itemgetter(0))]

    def _send_due(self, stop: threading.Event, count: _Count) -> None:
        now = self._clock.now()
        due = () if self._pause.holds(now) else self._due(now)
        if not due:
            return
        todo, lock = iter(due), threading.Lock()

        def one_connection() -> None:
            with self._make_sender() as sender:
                run = _Run(
                    self._store,
                    self._clock,
                    sender,
                    self._pace,
                    self._pause,
                    self._after_sending,
                    count,
                    self._config.event.zone,
                    lock,
                )
                run.run(todo, lambda seconds: self._wait(stop, seconds), stop)

        lines = min(self._config.smtp.connections, len(due))
        if lines == 1:
            one_connection()
        else:
            with ThreadPoolExecutor(lines, "sending") as side_by_side:
                for ended in [side_by_side.submit(one_connection) for _ in range(lines)]:
                    ended.result()
        self._note_sending(count)

    def _note_sending(self, count: _Count) -> None:
        """Write down that letters cannot go out, or can again: no mail tells it, so `rsvpbot status` must."""
        if not (count.trouble or count.sent):
            return
        with self._store.transaction():
            before = self._store.mailbox()
            since = (before.sending_failing_since or self._clock.now()) if count.trouble else None
            after = replace(before, sending_failing_since=since, sending_error=count.trouble)
            if after != before:
                self._store.commit(Commit(mailbox=after))

    def _after_sending(self, letter: Letter, now: datetime, error: str) -> Letter:
        keep = self._config.smtp.copy_to_sent
        if keep:
            self._fresh.add(letter.id)
        return replace(
            letter,
            state=LetterState.SENT,
            sent_at=now,
            attempts=letter.attempts + 1,
            not_before=None,
            error=error,
            raw=letter.raw if keep else None,
            copied=not keep,
        )

    # -------------------------------------------------------------- the mailbox's folders

    def _note_inheritance(self) -> None:
        """Which letters an earlier process may have put into a folder already, without living to write it down."""
        if self._inherited is None:
            self._inherited = frozenset(letter.id for letter in self._store.each_letter(LetterState.QUEUED))

    def _put_drafts(self, stop: threading.Event, connection: Connection, count: _Count) -> None:
        if self._config.replies.mode != "draft":
            return
        refused = 0
        for letter in self._store.letters(LetterState.QUEUED):
            if stop.is_set():
                return
            if letter.in_every_mode or letter.raw is None:
                continue
            now = self._clock.now()
            if is_withdrawn(letter, self._store, now):
                self._settle(replace(letter, state=LetterState.WITHDRAWN, raw=None))
                continue
            if waits(letter, self._store, now, self._config.event.zone):
                continue
            try:
                maybe_there = letter.id in (self._inherited or ()) or letter.id in self._tried
                self._tried.add(letter.id)
                connection.append_draft(letter.raw, letter.message_id, maybe_there)
            except MailboxError as error:
                count.trouble = count.trouble or str(error)
                refused += 1
                if isinstance(error, MailboxOutOfReach) or refused == MOST_REFUSED_IN_A_ROW:
                    return
                continue
            refused = 0
            drafted = replace(letter, state=LetterState.DRAFTED, sent_at=self._clock.now(), raw=None)
            count.drafted += self._settle(drafted)

    def _put_copies(self, stop: threading.Event, connection: Connection, count: _Count) -> None:
        if not self._config.smtp.copy_to_sent:
            return
        refused = 0
        for letter in self._store.uncopied():
            if stop.is_set():
                return
            if letter.raw is None:
                continue
            try:
                maybe_there = letter.id not in self._fresh
                self._fresh.discard(letter.id)
                connection.append_sent(letter.raw, letter.message_id, maybe_there)
            except MailboxError as error:
                count.uncopied = count.uncopied or str(error)
                refused += 1
                if isinstance(error, MailboxOutOfReach) or refused == MOST_REFUSED_IN_A_ROW:
                    return
                continue
            refused = 0
            count.copied += self._settle(replace(letter, raw=None, copied=True))

    def _settle(self, letter: Letter) -> bool:
        """Write down what became of a letter, unless it was forgotten meanwhile."""
        with self._store.transaction():
            known = _as_known(letter, self._store)
            if known:
                self._store.commit(Commit(letters=known))
        return bool(known)


def _as_known(letter: Letter, store: Store) -> tuple[Letter, ...]:
    """What became of a letter, to be written down: nothing of one that was forgotten meanwhile, and nothing that
    `forget` has cleared in one that speaks of somebody else besides."""
    known = store.letter(letter.id)
    if known is None:
        return ()
    letter = replace(letter, subject=known.subject)
    if known.raw is None and letter.raw is not None:
        waits_in_vain = letter.state is LetterState.QUEUED
        state = LetterState.WITHDRAWN if waits_in_vain else letter.state
        letter = replace(letter, raw=None, copied=True, state=state)
    return (letter,)


BY_DAY = frozenset({LetterKind.REMINDER, LetterKind.PAPER, LetterKind.OFFER})
"""Letters that ring nobody's bed-side telephone."""


def is_withdrawn(letter: Letter, store: Store, now: datetime) -> bool:
    """Whether what a letter says is no longer so: its time has passed, whom it is for has declined, left the list, or
    answered what it asks; whom it welcomes does not come."""
    if letter.not_after is not None and now >= letter.not_after:
        return True
    invitee = store.invitee(letter.invitee_id) if letter.invitee_id else None
    if invitee is None or letter.kind not in (*BY_DAY, LetterKind.INVITATION, LetterKind.WELCOME):
        return False
    answer = invitee.answer
    if letter.kind is LetterKind.WELCOME:
        delegate = answer.delegate if answer is not None and answer.partstat is PartStat.DELEGATED else None
        return delegate is None or delegate.email not in letter.recipients
    if not invitee.listed or invitee.partstat is PartStat.DECLINED:
        return True
    if letter.kind is LetterKind.OFFER:
        return answer is None or answer.offered_until is None or answer.standby is not None
    return letter.kind is LetterKind.REMINDER and answer is not None and answer.recorded_at > letter.queued_at


def waits(letter: Letter, store: Store, now: datetime, zone: tzinfo) -> bool:
    """Whether a letter stays in the outbox for now: it is night, or a command holds it back."""
    night = letter.kind in BY_DAY and not MORNING <= now.astimezone(zone).time() < EVENING
    return night or (bool(letter.topic) and letter.topic in store.mailbox().held)


@dataclass(slots=True)
class _Run:
    """One round of sending over one connection. What connections of a round share is changed under `lock`."""

    store: Store
    clock: Clock
    sender: Sender
    pace: _Pace
    pause: _Pause
    after_sending: Callable[[Letter, datetime, str], Letter]
    count: _Count
    zone: tzinfo
    lock: threading.Lock
    settled: Letter | None = None
    """The last letter, when what became of it is known but not yet on disk."""

    def run(self, due: Iterator[str], wait: Callable[[float], object], stop: threading.Event) -> None:
        try:
            while not self.count.trouble and (letter_id := next(due, None)) is not None:
                turn = self._turn(wait, stop)
                if turn is None:
                    break
                letter = self._take(letter_id)
                if letter is None:
                    with self.lock:
                        self.pace.take_back(turn)
                elif not self._send(letter):
                    break
        finally:
            self._write_down()

    def _turn(self, wait: Callable[[float], object], stop: threading.Event) -> datetime | None:
        """Wait until the pace allows one more letter, and count it. None where nothing more is to go out."""
        while not stop.is_set():
            now = self.clock.now()
            with self.lock:
                seconds = self.pace.wait_for(now)
                if seconds <= 0:
                    self.pace.note(now)
                    return now
            self._write_down()
            wait(seconds)
        return None

    def _take(self, letter_id: str) -> Letter | None:
        """Commit that this letter is being sent, and with it what became of the one before. None where it was
        forgotten, or taken out of the queue, since the round began."""
        with self.store.transaction():
            letter = self.store.letter(letter_id)
            taken = letter is not None and letter.state is LetterState.QUEUED and letter.raw is not None
            batch = self._still_known(self.settled)
            if taken and letter is not None:
                now = self.clock.now()
                if is_withdrawn(letter, self.store, now):
                    batch, taken = (*batch, replace(letter, state=LetterState.WITHDRAWN, raw=None)), False
                elif waits(letter, self.store, now, self.zone):
                    taken = False
            if taken and letter is not None:
                letter = replace(letter, state=LetterState.SENDING)
                batch = (*batch, letter)
            if batch:
                self.store.commit(Commit(letters=batch))
            self.settled = None
        return letter if taken else None

    def _write_down(self) -> None:
        with self.store.transaction():
            batch = self._still_known(self.settled)
            if batch:
                self.store.commit(Commit(letters=batch))
            self.settled = None

    def _still_known(self, letter: Letter | None) -> tuple[Letter, ...]:
        return _as_known(letter, self.store) if letter is not None else ()

    def _send(self, letter: Letter) -> bool:
        """Send one letter. Returns whether the round may go on."""
        try:
            rejected = self.sender.send(letter.mail_from, letter.recipients, letter.raw or b"")
        except Refused as refusal:
            with self.lock:
                self._note_refusal(letter, refusal)
        except Unreachable as failure:
            with self.lock:
                self._note_unreachable(letter, failure)
        except Exception as error:
            # Whatever a single letter brings about must not stop the others, nor leave it in "sending" unseen.
            with self.lock:
                self._note_doubt(letter, f"sending it failed: {type(error).__name__}")
        else:
            self.settled = self.after_sending(letter, self.clock.now(), _told(rejected, letter))
            with self.lock:
                self.count.sent += 1
                self.count.refused = 0
                self.pause.clear()
            log.info("letter id=%s %s sent", letter.id, letter.kind)
        return not self.count.trouble

    def _note_refusal(self, letter: Letter, refusal: Refused) -> None:
        now = self.clock.now()
        attempts = letter.attempts + 1
        again = now + pause_after(attempts)
        self.count.refused += 1
        if refusal.permanent or again - letter.queued_at > GIVE_UP_AFTER:
            state, not_before = LetterState.FAILED, None
            error = f"refused with {refusal.code}" + ("" if refusal.permanent else " for four days")
            self.count.failed += 1
        else:
            state, not_before, error = LetterState.QUEUED, again, f"put off with {refusal.code}"
        log.warning("letter id=%s %s attempt=%d %s", letter.id, letter.kind, attempts, error)
        self.settled = replace(letter, state=state, attempts=attempts, not_before=not_before, error=error)
        if self.count.refused >= MOST_REFUSED_IN_A_ROW:
            self._note_trouble(
                f"the SMTP server refused {self.count.refused} letters in a row, the last with {refusal.code}"
            )

    def _note_unreachable(self, letter: Letter, failure: Unreachable) -> None:
        self._note_trouble(str(failure))
        if failure.in_doubt:
            self._note_doubt(letter, "the connection broke before the server had answered")
        else:
            self.settled = replace(letter, state=LetterState.QUEUED)
            log.warning("letter id=%s %s not sent, the server is out of reach", letter.id, letter.kind)

    def _note_trouble(self, words: str) -> None:
        """Once a round, whichever connection met it first."""
        if not self.count.trouble:
            self.pause.note_failure(self.clock.now())
            self.count.trouble = words

    def _note_doubt(self, letter: Letter, error: str) -> None:
        self.settled = replace(letter, state=LetterState.DOUBTFUL, attempts=letter.attempts + 1, error=error)
        self.count.doubtful += 1
        log.warning("letter id=%s %s in doubt: %s", letter.id, letter.kind, error)
