"""The road: one message from raw bytes to committed and filed; and a poll, which takes every waiting message along it.

A message is finished on the server only after everything that it caused is on disk, in one commit with the note that
it is done. So a poll can be cut off anywhere and simply be run again.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Protocol

from rsvpbot.config import Config
from rsvpbot.decide import Decision, decide, pool, sending_order
from rsvpbot.examine import Examined, examine
from rsvpbot.letters.compose import compose
from rsvpbot.letters.facts import sequence_of
from rsvpbot.letters.sample import own_words
from rsvpbot.letters.templates import Templates
from rsvpbot.mail.identify import dmarc, identify, returned_to
from rsvpbot.mail.imap import Connection, Listed
from rsvpbot.mail.parse import parse
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import (
    MACHINE_KINDS,
    Answer,
    Clock,
    Dmarc,
    Done,
    Folder,
    Invitee,
    Kind,
    Letter,
    LetterKind,
    LetterState,
    Message,
    Order,
    Reading,
    Reply,
    Standing,
    Trial,
    Trust,
)
from rsvpbot.roster import calendar_uid
from rsvpbot.store.base import Commit, Store, StoreError

log = logging.getLogger("rsvpbot.intake")

MOST_FAILURES = 3
"""After so many a message goes to Failed (promise 4)."""

WARM_UP = b"From: nobody@warm-up.example\r\n\r\nThank you, I will attend.\r\n"

LEAST_DAILY_CAP = 1000
"""Automatic answers a day that are always allowed where no cap is configured; twice the invitees, if that is more."""

BATCH = 50
"""Messages fetched, and filed, together: findings put the knee of the curve between 50 and 100."""

TOO_LARGE = "too large"

HEALTH_EVERY = timedelta(minutes=10)
"""A good poll that changed nothing is written down this often, so that an idle daemon leaves the disk alone."""


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll did."""

    folders: Counter[Folder] = field(default_factory=Counter)
    letters: int = 0
    repeats: int = 0
    failures: int = 0
    left_alone: int = 0

    @property
    def seen(self) -> int:
        return sum(self.folders.values())


class Steered(Protocol):
    """What came of an organiser's mail."""

    @property
    def batch(self) -> Commit: ...
    @property
    def outcome(self) -> str: ...
    @property
    def folder(self) -> Folder: ...


class Steering(Protocol):
    """The organisers' part in it: `organisers.steer`."""

    def take(self, seen: Examined, now: datetime) -> Steered | None: ...
    def ask(self, reply: Reply, invitee: Invitee | None, now: datetime) -> tuple[Letter, ...]: ...


class Intake:
    """Takes messages along the road, for one mailbox and one store."""

    def __init__(
        self,
        store: Store,
        config: Config,
        clock: Clock,
        templates: Templates,
        tokens: Tokens,
        new_id: Callable[[], str],
        steering: Steering | None = None,
    ) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._templates = templates
        self._tokens = tokens
        self._new_id = new_id
        self._steering = steering

    @cached_property
    def _ours(self) -> tuple[str, ...]:
        """What our letters say: whoever repeats it quotes us."""
        return own_words(self._config, self._templates)

    # -------------------------------------------------------------- a poll

    def poll(
        self, connection: Connection, stop: threading.Event, tell: Callable[[int, int], None] = lambda done, of: None
    ) -> Polled:
        """Handle and file every message that waits in INBOX, oldest first.

        `tell` hears how many of how many are done, from time to time. Ends early, after the message in hand, when
        `stop` is set. Raises MailboxError where the mailbox is out of reach and StoreError where nothing can be
        recorded; what was committed until then holds.
        """
        self._store.refresh()
        self._count_death()
        connection.prepare_folders()
        listing = connection.listing()
        validity = connection.uidvalidity
        waiting = self._in_time(listing)
        polled = _Count(left_alone=len(listing) - len(waiting))
        self._file_leftovers(connection, validity, {item.uid for item in listing})
        todo = [item for item in waiting if self._store.done(validity, item.uid) is None]
        alone = {t.uid for t in self._store.trials() if t.uidvalidity == validity and t.failures == MOST_FAILURES - 1}
        rest = [item for item in todo if item.uid not in alone]
        last = [[item] for item in todo if item.uid in alone]
        if todo:
            # What is loaded at the first reading takes longer than any message, and a death meanwhile is not its fault.
            examine(WARM_UP, self._config, self._ours)
        for batch in (*_batches(rest, BATCH), *last):
            if stop.is_set():
                break
            done = self._handle_batch(connection, validity, batch, stop, polled)
            self._file(connection, done)
            tell(sum(polled.folders.values()), len(todo))
        self._note_health(validity, polled.left_alone, bool(todo))
        return polled.result()

    def _in_time(self, listing: Sequence[Listed]) -> list[Listed]:
        since = self._store.mailbox().since
        return [item for item in listing if since is None or item.arrived >= since]

    def _handle_batch(
        self, connection: Connection, validity: int, batch: Sequence[Listed], stop: threading.Event, count: _Count
    ) -> list[Done]:
        limit = self._config.mailbox.max_size
        handled: list[Done] = []
        for item in batch:
            if item.size > limit:
                handled.append(self._too_large(connection.fetch_header(item.uid), validity, item, count))
        small = [item.uid for item in batch if item.size <= limit]
        for uid, raw in connection.fetch(small):
            if stop.is_set():
                break
            small.remove(uid)
            done = self.handle(raw, validity, uid, count)
            if done is not None:
                handled.append(done)
        if small and not stop.is_set():
            handled += self._withheld(connection, validity, set(small), count)
        return handled

    def _withheld(self, connection: Connection, validity: int, missing: set[int], count: _Count) -> list[Done]:
        """What the server lists but does not hand out has failed; what has vanished meanwhile has not."""
        there = missing & {item.uid for item in connection.listing()}
        failed = (self._failed(validity, uid, "", "the server does not hand it out", count) for uid in sorted(there))
        return [done for done in failed if done is not None]

    def _file_leftovers(self, connection: Connection, validity: int, present: set[int]) -> None:
        """File what an earlier poll had committed but not moved; what has vanished since is only noted."""
        left = self._store.unfiled(validity)
        gone = tuple(replace(done, filed=True) for done in left if done.uid not in present)
        if gone:
            self._store.commit(Commit(done=gone))
        self._file(connection, [done for done in left if done.uid in present])

    def _file(self, connection: Connection, handled: Iterable[Done]) -> None:
        by_folder: dict[Folder, list[Done]] = defaultdict(list)
        for done in handled:
            by_folder[done.folder].append(done)
        for folder, group in by_folder.items():
            connection.file([done.uid for done in group], folder)
            self._store.commit(Commit(done=tuple(replace(done, filed=True) for done in group)))

    def _note_health(self, validity: int, left_alone: int, busy: bool) -> None:
        with self._store.transaction():  # a command may have written to the same record
            now, before = self._clock.now(), self._store.mailbox()
            after = replace(
                before,
                uidvalidity=validity,
                started=True,
                left_alone=left_alone,
                last_good=now,
                failing_since=None,
                error="",
            )
            stale = before.last_good is None or now - before.last_good >= HEALTH_EVERY
            if busy or stale or replace(before, last_good=now) != after:
                self._store.commit(Commit(mailbox=after))

    def note_failure(self, error: str) -> None:
        """Write down that the mailbox could not be read; `error` holds no personal data."""
        with self._store.transaction():
            before = self._store.mailbox()
            since = before.failing_since or self._clock.now()
            if (before.failing_since, before.error) != (since, error):
                self._store.commit(Commit(mailbox=replace(before, failing_since=since, error=error)))

    # -------------------------------------------------------------- one message

    def handle(self, raw: bytes, validity: int, uid: int, count: _Count | None = None) -> Done | None:
        """Take one message along the road, as far as the commit.

        Returns None where it failed and will be tried again: nothing of it holds then but the failure.
        """
        count = count or _Count()
        digest = hashlib.sha256(raw).hexdigest()
        first = self._store.done_digest(digest)
        now = self._clock.now()
        if first is not None:
            done = Done(validity, uid, digest, first.folder, now, first.outcome, repeat=True)
            self._store.commit(Commit(done=(done,)))
            return count.add(done)
        self._store.begin(validity, uid)
        try:
            seen = examine(raw, self._config, self._ours)
            # What is decided hangs on what stands, and an admin or the clock may change that meanwhile.
            with self._store.transaction():
                batch, done = self._work_out(seen, digest, validity, uid, now)
                self._store.finish()
                self._store.commit(batch)
        except StoreError:
            raise
        except Exception as error:
            # Whatever a single message brings about must not stop the others; see promise 4.
            self._store.finish()
            log.debug("message uid=%d", uid, exc_info=True)
            return self._failed(validity, uid, digest, type(error).__name__, count)
        log.info("message uid=%d %s folder=%s letters=%d", uid, done.outcome, done.folder, len(batch.letters))
        return count.add(done, len(batch.letters))

    def _work_out(self, seen: Examined, digest: str, validity: int, uid: int, now: datetime) -> tuple[Commit, Done]:
        steered = self._steering.take(seen, now) if self._steering else None
        if steered is not None:
            outcome = f"kind={seen.verdict.kind} rule={seen.verdict.rule} outcome={steered.outcome!r}"
            done = Done(validity, uid, digest, steered.folder, now, outcome)
            return replace(steered.batch, done=(done,), trials=self._forgiven(validity, uid)), done
        standing, invitee, admitted = self._identify(seen)
        order = sending_order(seen.message, seen.reading, uid, now)
        earlier = self._same_mail(seen.message, order, invitee)
        if earlier is not None:
            done = Done(validity, uid, digest, earlier.folder, now, "the same mail again", repeat=True)
            return Commit(done=(done,), trials=self._forgiven(validity, uid)), done
        decision = decide(
            seen.reading,
            seen.verdict,
            standing,
            invitee,
            self._config,
            now,
            message=seen.message,
            order=order,
            expected=self._store.seats_taken(pool(invitee, self._config)) if invitee else 0,
            follows=invitee is not None and self._follows(seen.message, invitee),
        )
        letters = self._letters(decision, seen.message, _updated(invitee, decision), now)
        if not any(
            letter.kind is LetterKind.CONFIRM_CHANGE and letter.state is LetterState.QUEUED for letter in letters
        ):
            # Nobody is asked to confirm it (mode "off", a cap): so it waits for the organisers, not for an answer.
            decision = replace(decision, pending=None)
        after = _updated(invitee, decision)
        done = Done(validity, uid, digest, decision.folder, now, _outcome(seen, decision))
        reply = Reply(
            digest=digest,
            invitee_id=invitee.id if invitee else None,
            sender=seen.message.sender,
            subject=seen.message.subject,
            message_id=seen.message.message_id,
            sent=order.sent,
            handled_at=now,
            reading=seen.reading,
            standing=standing,
            rule=seen.verdict.rule,
            folder=decision.folder,
            reasons=decision.reasons,
            recorded=decision.answer is not None,
            open=decision.folder is Folder.REVIEW,
        )
        keep_reply = seen.verdict.kind not in MACHINE_KINDS or decision.bounced
        asked = self._steering.ask(reply, after, now) if self._steering and reply.open else ()
        return Commit(
            invitees=(after,) if after is not None and (after != invitee or admitted) else (),
            replies=((reply,) if keep_reply else ()) + self._settled(invitee, decision),
            letters=letters + asked,
            done=(done,),
            trials=self._forgiven(validity, uid),
        ), done

    def _same_mail(self, message: Message, order: Order, invitee: Invitee | None) -> Reply | None:
        """The reply that this is a further copy of: delivered twice, over an alias and directly, only the fields that
        servers add differ."""
        if invitee is None or not message.message_id:
            return None
        wanted = (message.message_id, message.sender, order.sent)
        replies = self._store.replies(invitee.id)
        return next((reply for reply in replies if (reply.message_id, reply.sender, reply.sent) == wanted), None)

    def _follows(self, message: Message, invitee: Invitee) -> bool:
        """Whether it answers a letter that we wrote after the recorded answer."""
        if invitee.answer is None:
            return False
        named = {*message.in_reply_to, *message.references}
        letters = self._store.letters_to(invitee.id)
        return any(letter.message_id in named and letter.queued_at >= invitee.answer.recorded_at for letter in letters)

    def _settled(self, invitee: Invitee | None, decision: Decision) -> tuple[Reply, ...]:
        """Earlier mails of this invitee that waited for nothing but a plain answer, which we had asked for: now there
        is one. What was passed on to a person still waits for a person."""
        if invitee is None or decision.answer is None:
            return ()
        letters = self._store.letters_to(invitee.id)
        asked = {letter.reply for letter in letters if letter.kind in (LetterKind.UNCLEAR, LetterKind.CONFIRM_CHANGE)}
        replies = self._store.replies(invitee.id)
        return tuple(replace(reply, open=False) for reply in replies if reply.open and reply.digest in asked)

    def _place(self, invitee: Invitee | None, answer: Answer | None) -> int:
        """On the waiting list."""
        if invitee is None or answer is None or answer.standby is None:
            return 0
        seats = pool(invitee, self._config)
        ahead = (
            one
            for one in self._store.standby()
            if one.id != invitee.id and one.listed and pool(one, self._config) == seats and one.answer
        )
        return 1 + sum(1 for one in ahead if one.answer and one.answer.standby and one.answer.standby < answer.standby)

    def _identify(self, seen: Examined) -> tuple[Standing, Invitee | None, bool]:
        """Whose answer it is; where anybody may answer, a newcomer is put on the list (third value True)."""
        if seen.verdict.kind in MACHINE_KINDS:
            invitee = self._whom_mail_missed(seen)
            standing = Standing(invitee.id if invitee else None, Trust.STRANGER, seen.dmarc, listed=False)
            return standing, invitee, False
        standing = identify(seen.message, seen.reading, self._store, self._tokens, self._config)
        if standing.invitee_id is not None:
            return standing, self._store.invitee(standing.invitee_id), False
        newcomer = standing.trust is Trust.STRANGER and not standing.organiser and not standing.doubt
        answers = seen.reading.decided and seen.dmarc is not Dmarc.FAIL and bool(seen.message.sender.email)
        if not (self._config.invitees.open and newcomer and answers):
            return standing, None, False
        invitee = self._admit(seen.message)
        return replace(standing, invitee_id=invitee.id, trust=Trust.ADDRESS, listed=True), invitee, True

    def _whom_mail_missed(self, seen: Examined) -> Invitee | None:
        """The invitee of a bounce, or of an automatic reply that says that mail is in vain: by the address that failed,
        else by the token of our letter (mail is passed on to addresses that we never wrote to)."""
        failed = seen.verdict.failed_address
        if not failed and seen.verdict.kind is not Kind.BOUNCE:
            return None
        invitee = self._store.invitee_by_address(failed) if failed else None
        return invitee or returned_to(seen.message, self._store, self._tokens, self._config)

    def _admit(self, message: Message) -> Invitee:
        new_id = self._new_id()
        return Invitee(
            id=new_id,
            addresses=(message.sender.email,),
            calendar_uid=calendar_uid(self._config.event.uid, new_id),
            name=message.sender.name,
        )

    def _letters(
        self, decision: Decision, message: Message, invitee: Invitee | None, now: datetime
    ) -> tuple[Letter, ...]:
        if self._config.replies.mode == "off":
            return ()
        written = invitee is not None and bool(self._store.letters_to(invitee.id))
        letters = tuple(
            compose(
                # A delegate's welcome is the first that this person hears of us.
                replace(
                    request,
                    first=request.kind is LetterKind.WELCOME or not written,
                    place=self._place(invitee, request.answer),
                    sequence=sequence_of(self._store.mailbox(), self._config),
                ),
                invitee=invitee,
                message=message,
                config=self._config,
                templates=self._templates,
                tokens=self._tokens,
                now=now,
                # Made of what it answers: the same message can never bring about a further letter. Short, as it stands
                # in the Message-ID, and programs that fold a line there break it.
                letter_id=f"{message.digest[:16]}{number}",
            )
            for number, request in enumerate(decision.letters)
        )
        return tuple(
            replace(letter, state=LetterState.HELD) if self._over_cap(letter, now, number) else letter
            for number, letter in enumerate(letters)
        )

    def _over_cap(self, letter: Letter, now: datetime, beside: int) -> bool:
        """Whether automatic answers have reached a cap (promise 3): the letter is kept, and the organisers told.
        `beside`: how many letters of the same decision stand before it."""
        caps, store, day = self._config.replies, self._store, now - timedelta(days=1)
        if letter.invitee_id and beside + store.answers_since(day, letter.invitee_id) >= caps.max_per_person_day:
            return True
        if 0 < caps.max_per_hour <= beside + store.answers_since(now - timedelta(hours=1)):
            return True
        today = beside + store.answers_since(day)
        if caps.max_per_day:
            return today >= caps.max_per_day
        return today >= LEAST_DAILY_CAP and today >= 2 * len(store.invitees())

    # -------------------------------------------------------------- what goes wrong

    def _forgiven(self, validity: int, uid: int) -> tuple[Trial, ...]:
        trial = self._store.trial(validity, uid)
        return (replace(trial, failures=0),) if trial else ()

    def _failed(self, validity: int, uid: int, digest: str, error: str, count: _Count) -> Done | None:
        before = self._store.trial(validity, uid)
        trial = Trial(validity, uid, (before.failures if before else 0) + 1, error)
        log.error("message uid=%d failed attempt=%d error=%s", uid, trial.failures, error)
        count.failures += 1
        if trial.failures < MOST_FAILURES:
            self._store.commit(Commit(trials=(trial,)))
            return None
        done = Done(validity, uid, digest, Folder.FAILED, self._clock.now(), f"failed error={error}")
        self._store.commit(Commit(done=(done,), trials=(replace(trial, failures=0),)))
        return count.add(done)

    def _count_death(self) -> None:
        """The message that was being read when the last process died has one failure more."""
        interrupted = self._store.interrupted()
        if interrupted is None or self._store.done(*interrupted) is not None:
            return
        validity, uid = interrupted
        before = self._store.trial(validity, uid)
        trial = Trial(validity, uid, (before.failures if before else 0) + 1, "the process died")
        log.error("message uid=%d was in hand when the process died attempt=%d", uid, trial.failures)
        if trial.failures < MOST_FAILURES:
            self._store.commit(Commit(trials=(trial,)))
            return
        done = Done(validity, uid, "", Folder.FAILED, self._clock.now(), "failed error='the process died'")
        self._store.commit(Commit(done=(done,), trials=(replace(trial, failures=0),)))

    def _too_large(self, header: bytes, validity: int, item: Listed, count: _Count) -> Done:
        """A message over the limit is not fetched whole: a person looks at it in the review folder."""
        now, message = self._clock.now(), parse(header)
        megabytes = f"{item.size / 1e6:.1f} MB"
        reason = f"too large to be read: {megabytes}, the limit is {self._config.mailbox.max_size / 1e6:.1f} MB"
        reading = Reading(kind=Kind.HUMAN, reasons=(reason,))
        standing = Standing(None, Trust.STRANGER, dmarc(message, self._config.mailbox.authserv_id), listed=False)
        invitee = self._store.invitee_by_address(message.sender.email)
        reply = Reply(
            digest=message.digest,
            invitee_id=invitee.id if invitee else None,
            sender=message.sender,
            subject=message.subject,
            message_id=message.message_id,
            sent=sending_order(message, reading, item.uid, now).sent,
            handled_at=now,
            reading=reading,
            standing=standing,
            rule=TOO_LARGE,
            folder=Folder.REVIEW,
            reasons=(reason,),
            recorded=False,
            open=True,
        )
        done = Done(validity, item.uid, "", Folder.REVIEW, now, TOO_LARGE)
        self._store.commit(Commit(replies=(reply,), done=(done,)))
        return count.add(done)


@dataclass(slots=True)
class _Count:
    """What a poll has done so far."""

    folders: Counter[Folder] = field(default_factory=Counter)
    letters: int = 0
    repeats: int = 0
    failures: int = 0
    left_alone: int = 0

    def add(self, done: Done, letters: int = 0) -> Done:
        self.folders[done.folder] += 1
        self.letters += letters
        self.repeats += done.repeat
        return done

    def result(self) -> Polled:
        return Polled(self.folders, self.letters, self.repeats, self.failures, self.left_alone)


def _batches(items: Sequence[Listed], size: int) -> list[Sequence[Listed]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _updated(invitee: Invitee | None, decision: Decision) -> Invitee | None:
    """The invitee's record after the decision."""
    if invitee is None:
        return None
    invitee = replace(invitee, quiet=invitee.quiet or decision.quiet)
    if decision.answer is not None:
        # An answer from the invitee also shows that mail reaches them again.
        return replace(invitee, answer=decision.answer, pending=None, bounced="")
    if decision.pending is not None:
        return replace(invitee, pending=decision.pending)
    return replace(invitee, bounced=decision.bounced) if decision.bounced else invitee


def _outcome(seen: Examined, decision: Decision) -> str:
    said = seen.reading.partstat.value if seen.reading.partstat else "-"
    return f"kind={seen.verdict.kind} rule={seen.verdict.rule} partstat={said} outcome={decision.outcome!r}"
