"""The road: one message from raw bytes to committed and filed; and a poll, which takes every waiting message along it.

A message is finished on the server only after everything that it caused is on disk, in one commit with the note that
it is done. So a poll can be cut off anywhere and simply be run again.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Protocol

from rsvpbot.ahead import Read, Reader, to_be_read
from rsvpbot.config import Config
from rsvpbot.decide import Decision, decide, pool, sending_order
from rsvpbot.examine import WARM_UP, WARM_UP_ALL, Examined, examine
from rsvpbot.floods import CROWD, MOST_LEFT_OVER, Floods, over_limit
from rsvpbot.letters.compose import compose
from rsvpbot.letters.facts import sequence_of
from rsvpbot.letters.sample import own_words, sample_letter
from rsvpbot.letters.standby import end_of_line, place_in_line
from rsvpbot.letters.templates import Templates
from rsvpbot.letters.whom import has_had, welcomed_delegate
from rsvpbot.mail.identify import dmarc, identify, returned_to
from rsvpbot.mail.imap import Connection, Listed, MailboxFault
from rsvpbot.mail.parse import parse
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import (
    MACHINE_KINDS,
    Answer,
    Cap,
    Clock,
    Dmarc,
    Done,
    Flood,
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

LEAST_DAILY_CAP = 1000
"""Automatic answers a day that are always allowed where no cap is configured; twice the invitees, if that is more."""

BATCH = 50
"""Messages fetched, and filed, together: findings put the knee of the curve between 50 and 100."""

GROUP = 10
"""Messages that are recorded together, in one commit, and wait for the disk once. Fewer than are read ahead, so that
reading does not wait for it; and of a BATCH so many make a whole number."""

GROUP_BYTES = 5_000_000
"""What these may hold together before it is recorded: large mails do not wait in memory for others."""

TOO_LARGE = "too large"

NOT_READ = "not read: too many from one sender"

A_FLOOD = timedelta(days=1)
"""What one sender writes too much within it is told as one."""

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
    left_over: int = 0
    """Of a flood: they wait for the next poll."""
    unmoved: int = 0
    """On record, and still in INBOX: the server refuses to move them."""

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
        time_limit: Callable[[], AbstractContextManager[object]] = nullcontext,
        reader: Reader | None = None,
    ) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._templates = templates
        self._tokens = tokens
        self._new_id = new_id
        self._steering = steering
        self._time_limit = time_limit
        """Around the reading of each message; ends the process where it takes too long."""
        self.reader = reader or Reader(config, stays=False)
        self._warm = False
        self._again = False
        """Whether a message waits that was tried before."""
        self._floods = Floods([address.email for address in config.organisers.addresses])
        self._unread: dict[tuple[int, int], str] = {}
        """Who wrote what was not read and is not yet filed."""
        self._unmoved: frozenset[int] = frozenset()
        """UIDs of what the server refused to move, as was told."""

    @cached_property
    def _ours(self) -> tuple[str, ...]:
        """What our letters say: whoever repeats it quotes us."""
        return self.reader.ours or own_words(self._config, self._templates)

    # -------------------------------------------------------------- a poll

    def poll(
        self, connection: Connection, stop: threading.Event, tell: Callable[[int, int], None] = lambda done, of: None
    ) -> Polled:
        """Handle and file every message that waits in INBOX, oldest first.

        `tell` hears how many of how many are done, when the first is on disk and then by the BATCH: what they queued
        may go out. Ends early, after the message in hand, when `stop` is set. Raises MailboxError where the mailbox is
        out of reach and StoreError where nothing can be recorded; what was committed until then holds.
        """
        self._store.refresh()
        self._count_death()
        connection.prepare_folders()
        listing = connection.listing()
        validity = connection.uidvalidity
        waiting = self._in_time(listing)
        polled = _Count(left_alone=len(listing) - len(waiting))
        self._file_leftovers(connection, validity, {item.uid for item in listing}, polled)
        todo = [item for item in waiting if self._store.done(validity, item.uid) is None]
        failures = {t.uid: t.failures for t in self._store.trials() if t.uidvalidity == validity and t.failures}
        alone = {uid for uid, number in failures.items() if number == MOST_FAILURES - 1}
        self._again = any(item.uid in failures for item in todo)
        if self._again:
            # What the first letter loads is not its fault either, see `_warm_up`.
            sample_letter(LetterKind.ACCEPTED, self._config, self._templates)
        rest = [item for item in todo if item.uid not in alone]
        polled.todo = len(todo)
        rest, polled.left_over = self._everybody_first(connection, rest)
        with self.reader.reading(len(rest), lambda: self._ours) as read:
            self._handle_all(connection, validity, rest, stop, polled, read, tell)
        for item in todo:
            if item.uid in alone and not stop.is_set():
                self._handle_all(connection, validity, [item], stop, polled, to_be_read, tell)
        if polled.withheld and not stop.is_set():
            self._file(connection, self._withheld(connection, validity, polled), polled)
        if polled.fault is not None and len(polled.unmoved) > 1 and not polled.moved:
            raise polled.fault
        self._note_health(validity, polled.left_alone, bool(todo))
        return polled.result()

    def _in_time(self, listing: Sequence[Listed]) -> list[Listed]:
        since = self._store.mailbox().since
        return [item for item in listing if since is None or item.arrived >= since]

    def _everybody_first(self, connection: Connection, waiting: list[Listed]) -> tuple[list[Listed], int]:
        """In a crowd, what its senders may write within an hour goes first, in the order of arrival; and of the rest no
        more than a poll should take. Returns these, and how many wait for the next poll."""
        if len(waiting) <= CROWD:
            return waiting, 0
        fields = connection.senders([item.uid for item in waiting])
        over = over_limit([parse(fields.get(item.uid, b"")).sender.email for item in waiting])
        first = [item for item, is_over in zip(waiting, over, strict=True) if not is_over]
        rest = [item for item, is_over in zip(waiting, over, strict=True) if is_over]
        return first + rest[:MOST_LEFT_OVER], max(0, len(rest) - MOST_LEFT_OVER)

    def _handle_all(
        self,
        connection: Connection,
        validity: int,
        items: Sequence[Listed],
        stop: threading.Event,
        count: _Count,
        read: Read,
        tell: Callable[[int, int], None],
    ) -> None:
        """Handle these messages in their order, those that are too large after the others; file them by the BATCH."""
        limit = self._config.mailbox.max_size
        count.withheld |= {item.uid for item in items}
        small = connection.fetch([item.uid for item in items if item.size <= limit])
        found = read(small, lambda raw: bool(self._floods.sender_over(raw, self._clock.now())))
        for group in _in_groups(found):
            if stop.is_set():
                break
            # What has yet to be read must not keep others from the store meanwhile.
            with self._store.group() if len(group) > 1 else nullcontext():
                for uid, raw, seen in group:
                    if self._is_over(raw, validity, uid, count):
                        continue
                    if seen is None:
                        self._warm_up()
                    done = self.handle(raw, validity, uid, count, seen)
                    count.handled += [done] if done is not None else []
            if count.handled and count.seen == 1:
                # Mail comes one by one, as a rule: its letter need not wait until it is filed, too.
                tell(1, count.todo)
            self._file_batch(connection, count, tell, BATCH)
        for item in (item for item in items if item.size > limit):
            if stop.is_set():
                break
            header = connection.fetch_header(item.uid)
            if header is not None and not self._is_over(header, validity, item.uid, count):
                count.handled.append(self._too_large(header, validity, item, count))
            self._file_batch(connection, count, tell, BATCH)
        self._file_batch(connection, count, tell)

    def _is_over(self, raw: bytes, validity: int, uid: int, count: _Count) -> bool:
        """Note that this message (or its header) was handed out; whether its sender has written too much to be read."""
        count.withheld.remove(uid)
        count.fetched += 1
        sender = self._floods.sender_over(raw, self._clock.now())
        if sender:
            count.unread.append(self._not_read(sender, validity, uid))
        return bool(sender)

    def _warm_up(self) -> None:
        """Before the first message that is read here. What is loaded then takes longer than any message, and a death
        meanwhile is not its fault. In every language, where one is tried again: it would be the first each time, and
        each time it would be the one that is in hand."""
        if not self._warm:
            for raw in WARM_UP_ALL if self._again else (WARM_UP,):
                examine(raw, self._config, self._ours)
            self._warm = True

    def _file_batch(
        self, connection: Connection, count: _Count, tell: Callable[[int, int], None], least: int = 0
    ) -> None:
        """File what was handled, if it is so much, and tell how much it is by now."""
        handled, unread = count.handled, count.unread
        if len(handled) + len(unread) < least:
            return
        count.handled, count.unread = [], []
        if unread:
            self._store.commit(Commit(done=tuple(unread)))
        self._file(connection, [*handled, *map(count.add, unread)], count)
        tell(count.seen, count.todo)

    def _withheld(self, connection: Connection, validity: int, count: _Count) -> list[Done]:
        """What the server lists but does not hand out has failed; what has vanished meanwhile has not.

        A server that hands out none of several is itself at fault: they must not go to Failed for it.
        """
        there = count.withheld & {item.uid for item in connection.listing()}
        if len(there) > 1 and not count.fetched:
            at = f"{self._config.mailbox.host}:{self._config.mailbox.port}"
            raise MailboxFault(f"{at}: the server hands out none of {len(there)} messages")
        failed = (self._failed(validity, uid, "", "the server does not hand it out", count) for uid in sorted(there))
        return [done for done in failed if done is not None]

    def _file_leftovers(self, connection: Connection, validity: int, present: set[int], count: _Count) -> None:
        """File what an earlier poll had committed but not moved; what has vanished since is only noted."""
        left = self._store.unfiled(validity)
        gone = tuple(replace(done, filed=True) for done in left if done.uid not in present)
        if gone:
            self._store.commit(Commit(done=gone))
        self._file(connection, [done for done in left if done.uid in present], count, maybe_there=True)

    def _file(self, connection: Connection, handled: Iterable[Done], count: _Count, maybe_there: bool = False) -> None:
        """Move these messages into their folders. What the server refuses to move stays in INBOX until it does, and
        stops nothing: it is on record, and the next poll tries again."""
        by_folder: dict[Folder, list[Done]] = defaultdict(list)
        for done in handled:
            by_folder[done.folder].append(done)
        for folder, group in by_folder.items():
            refused = self._moved(connection, [done.uid for done in group], folder, count, maybe_there)
            moved = [done for done in group if done.uid not in refused]
            unread = [done for done in moved if (done.uidvalidity, done.uid) in self._unread]
            places = tuple((done.uidvalidity, done.uid) for done in unread)
            with self._store.transaction():
                # As they stand by now: meanwhile `rsvpbot retry` may have put one back, or `forget` erased it.
                standing = (self._store.done(done.uidvalidity, done.uid) for done in moved if done not in unread)
                filed = tuple(replace(done, filed=True) for done in standing if done is not None)
                self._store.commit(Commit(done=filed, erased_done=places, floods=self._counted(unread)))

    def _moved(
        self, connection: Connection, uids: Sequence[int], folder: Folder, count: _Count, maybe_there: bool
    ) -> frozenset[int]:
        """Move these messages; returns those that the server refuses to move."""
        try:
            refused = connection.file(uids, folder, maybe_there)
        except MailboxFault as fault:
            refused, count.fault = frozenset(uids), fault
        for uid in sorted(refused - self._unmoved):
            log.error("message uid=%d folder=%s cannot be moved: it is on record, and stays in INBOX", uid, folder)
        self._unmoved = self._unmoved - set(uids) | refused
        count.unmoved |= refused
        count.moved += len(uids) - len(refused)
        return refused

    # -------------------------------------------------------------- a flood

    def _not_read(self, sender: str, validity: int, uid: int) -> Done:
        self._unread[validity, uid] = sender
        return Done(validity, uid, "", Folder.REVIEW, self._clock.now(), NOT_READ)

    def _counted(self, unread: Sequence[Done]) -> tuple[Flood, ...]:
        """The records of the floods that these messages, now filed, belong to: they stand in for each one's own."""
        found: dict[str, Flood] = {}
        for done in unread:
            sender = self._unread.pop((done.uidvalidity, done.uid))
            lately = (f for f in self._store.floods() if f.sender == sender and done.at - f.first < A_FLOOD)
            flood = found.get(sender) or next(lately, None)
            if flood is None:
                flood = Flood(f"{done.uidvalidity}.{done.uid}", sender, done.at, done.at, 0)
            found[sender] = replace(flood, last=done.at, number=flood.number + 1)
        return tuple(found.values())

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

    def handle(
        self, raw: bytes, validity: int, uid: int, count: _Count | None = None, seen: Examined | None = None
    ) -> Done | None:
        """Take one message along the road, as far as the commit; `seen`: where it was read already.

        Returns None where it failed and will be tried again: nothing of it holds then but the failure.
        """
        count = count or _Count()
        digest = hashlib.sha256(raw).hexdigest()
        first = self._store.done_digest(digest)
        now = self._clock.now()
        if first is not None:
            done = Done(validity, uid, digest, first.folder, now, first.outcome, repeat=True)
            self._store.commit(Commit(done=(done,), erased_done=self._put_back(digest)))
            return count.add(done)
        try:
            if seen is None:
                with self._in_hand(validity, uid), self._time_limit():
                    seen = examine(raw, self._config, self._ours)
            if seen.verdict.kind not in MACHINE_KINDS:
                # Bounces come in hundreds after an invitation, and all from one address.
                self._floods.note(seen.message.sender.email, now)
            # What is decided hangs on what stands, and an admin or the clock may change that meanwhile.
            with self._store.transaction():
                with self._in_hand(validity, uid):
                    batch, done = self._work_out(seen, digest, validity, uid, now)
                self._store.commit(replace(batch, erased_done=self._put_back(digest)))
        except StoreError:
            raise
        except Exception as error:
            # Whatever a single message brings about must not stop the others; see promise 4.
            log.debug("message uid=%d", uid, exc_info=True)
            return self._failed(validity, uid, digest, type(error).__name__, count)
        log.info("message uid=%d %s folder=%s letters=%d", uid, done.outcome, done.folder, len(batch.letters))
        return count.add(done, len(batch.letters))

    @contextmanager
    def _in_hand(self, validity: int, uid: int) -> Iterator[None]:
        """While what happens is this message's doing: a death counts against it. Not while the store is waited for."""
        self._store.begin(validity, uid)
        try:
            yield
        finally:
            self._store.finish()

    def _work_out(self, seen: Examined, digest: str, validity: int, uid: int, now: datetime) -> tuple[Commit, Done]:
        steered = self._steering.take(seen, now) if self._steering else None
        if steered is not None:
            outcome = f"kind={seen.verdict.kind} rule={seen.verdict.rule} outcome={steered.outcome!r}"
            done = Done(validity, uid, digest, steered.folder, now, outcome)
            return replace(steered.batch, done=(done,), trials=self._forgiven(validity, uid)), done
        if seen.if_known is not None and self._knows(seen.if_known, now):
            seen = seen.if_known
        standing, invitee, admitted = self._identify(seen, now)
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
            last=self._last_if_answered(seen, invitee) if invitee else None,
            answered=self._answered(seen.message, invitee) if invitee else None,
            welcomed=invitee is not None
            and seen.message.sender.email == welcomed_delegate(invitee, self._store, self._config),
            cancelled=self._store.mailbox().cancelled_at is not None,
            end_of_line=lambda: end_of_line(self._store, now),
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

    def _answered(self, message: Message, invitee: Invitee) -> LetterKind | None:
        """The kind of the letter to this invitee that the message answers: by In-Reply-To, by the latest of the thread,
        or by a Subject, as some programs lose the thread."""
        letters = tuple(reversed(self._store.letters_to(invitee.id)))
        kinds = {letter.message_id: letter.kind for letter in letters}
        thread = (*message.in_reply_to, *reversed(message.references))
        by_thread = next((kinds[message_id] for message_id in thread if message_id in kinds), None)
        return by_thread or next((letter.kind for letter in letters if letter.subject in message.subject), None)

    def _last_if_answered(self, seen: Examined, invitee: Invitee) -> LetterKind | None:
        """The kind of our last automatic letter to this invitee, if the message answers it (by its thread or Subject)
        or says again what it answered."""
        last = next((letter for letter in reversed(self._store.letters_to(invitee.id)) if letter.reply), None)
        if last is None:
            return None
        message, answered = seen.message, self._store.reply(last.reply)
        in_thread = last.message_id in {*message.in_reply_to, *message.references} or last.subject in message.subject
        repeated = answered is not None and _words(answered.reading.text) == _words(seen.reading.text)
        return last.kind if in_thread or repeated else None

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
        return place_in_line(self._store, answer.standby, pool(invitee, self._config), self._config)

    def _knows(self, seen: Examined, now: datetime) -> bool:
        """Whether a message comes from the list, or answers a letter of ours to an invitee."""
        standing = identify(seen.message, seen.reading, self._store, self._tokens, self._config, now)
        return standing.invitee_id is not None and (standing.trust is Trust.TOKEN or standing.listed)

    def _identify(self, seen: Examined, now: datetime) -> tuple[Standing, Invitee | None, bool]:
        """Whose answer it is; where anybody may answer, a newcomer is put on the list (third value True)."""
        if seen.verdict.kind in MACHINE_KINDS:
            invitee = self._whom_mail_missed(seen)
            standing = Standing(invitee.id if invitee else None, Trust.STRANGER, seen.dmarc, listed=False)
            return standing, invitee, False
        standing = identify(seen.message, seen.reading, self._store, self._tokens, self._config, now)
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
                    has_had=has_had(invitee, request.recipients, self._store) if invitee else (),
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
        return self._capped(letters, now)

    def _capped(self, letters: tuple[Letter, ...], now: datetime) -> tuple[Letter, ...]:
        """The letters of one decision, held back where automatic answers have reached a cap (promise 3): they are kept,
        and the organisers are told. All or none, as one says that the other was written."""
        reached = (self._cap(letter, now, number) for number, letter in enumerate(letters))
        cap = next(filter(None, reached), None)
        if cap is None:
            return letters
        for letter in letters:
            log.error("letter id=%s is held back: %s", letter.id, cap.value)
        return tuple(replace(letter, state=LetterState.HELD, error=cap.value) for letter in letters)

    def _cap(self, letter: Letter, now: datetime, beside: int) -> Cap | None:
        """The cap that this letter would exceed."""
        caps, store, day = self._config.replies, self._store, now - timedelta(days=1)
        if letter.invitee_id and beside + store.answers_since(day, letter.invitee_id) >= caps.max_per_person_day:
            return Cap.PERSON
        if 0 < caps.max_per_hour <= beside + store.answers_since(now - timedelta(hours=1)):
            return Cap.HOUR
        today = beside + store.answers_since(day)
        reached = today >= caps.max_per_day if caps.max_per_day else today >= LEAST_DAILY_CAP
        # Counting the invitees is left for when it matters.
        if reached and (caps.max_per_day or today >= 2 * len(store.invitees())):
            return Cap.DAY
        return None

    # -------------------------------------------------------------- what goes wrong

    def _put_back(self, digest: str) -> tuple[tuple[int, int], ...]:
        """The record of this message from before an admin put it back into INBOX: the new one takes its place."""
        before = self._store.put_back(digest)
        return ((before.uidvalidity, before.uid),) if before else ()

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
        trials = (replace(trial, failures=0),)
        self._store.commit(Commit(done=(done,), trials=trials, erased_done=self._put_back(digest)))
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
        self._floods.note(message.sender.email, now)
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


def _in_groups(
    found: Iterator[tuple[int, bytes, Examined | None]],
) -> Iterator[list[tuple[int, bytes, Examined | None]]]:
    """The first alone, as its sender waits; then several at a time of those that have been read, of large ones fewer,
    and each alone that has yet to be."""
    group: list[tuple[int, bytes, Examined | None]] = []
    for number, one in enumerate(found, 1):
        if one[2] is None and group:
            yield group
            group = []
        group.append(one)
        full = number % GROUP == 0 or sum(len(raw) for _, raw, _ in group) >= GROUP_BYTES
        if number == 1 or full or one[2] is None:
            yield group
            group = []
    if group:
        yield group


@dataclass(slots=True)
class _Count:
    """What a poll has done so far."""

    folders: Counter[Folder] = field(default_factory=Counter)
    letters: int = 0
    repeats: int = 0
    failures: int = 0
    left_alone: int = 0
    left_over: int = 0
    todo: int = 0
    """Messages that waited when it began."""
    fetched: int = 0
    """Messages that the server has handed out."""
    withheld: set[int] = field(default_factory=set)
    """UIDs of those that it listed and did not hand out, so far."""
    handled: list[Done] = field(default_factory=list)
    """On record, and not yet filed."""
    unread: list[Done] = field(default_factory=list)
    """Of a flood: neither on record nor filed yet."""
    moved: int = 0
    """Messages that the server has moved."""
    unmoved: set[int] = field(default_factory=set)
    """UIDs of those that it refused to move."""
    fault: MailboxFault | None = None
    """What it said where it refused all of several."""

    @property
    def seen(self) -> int:
        return sum(self.folders.values())

    def add(self, done: Done, letters: int = 0) -> Done:
        self.folders[done.folder] += 1
        self.letters += letters
        self.repeats += done.repeat
        return done

    def result(self) -> Polled:
        return Polled(
            self.folders,
            self.letters,
            self.repeats,
            self.failures,
            self.left_alone,
            self.left_over,
            len(self.unmoved),
        )


def _words(text: str) -> list[str]:
    """What is said, apart from numbers: a ticket's, a time."""
    return re.sub(r"\d+", "0", text).split()


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
