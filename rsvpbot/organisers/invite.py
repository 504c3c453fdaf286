"""The invitation goes out: to everybody on the list who has not had it, once each, however often it is interrupted.

That somebody was invited is known from the letters in the store, and from nothing else: a letter is queued in one
commit, and whoever has one in any state but "failed" is not invited again.
"""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from rsvpbot.config import Config
from rsvpbot.letters.compose import compose
from rsvpbot.letters.outbox import Flushed, Outbox
from rsvpbot.letters.templates import Templates
from rsvpbot.mail.imap import Connection, MailboxError
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import (
    Clock,
    Enclosure,
    Invitee,
    Letter,
    LetterKind,
    LetterRequest,
    LetterState,
)
from rsvpbot.organisers.history import find
from rsvpbot.organisers.rulings import NotPossible
from rsvpbot.organisers.shown import one_line
from rsvpbot.store.base import Commit, Store

BATCH = 50
"""Invitations that are queued together: what is written waits in the store with all that is enclosed."""

BATCH_BYTES = 20_000_000

LARGEST = 10_000_000
"""Bytes of an enclosure. Many servers refuse a mail of more than 20 MB, and base64 takes a third more."""

PATIENCE = 1.0
"""Seconds between two looks at what the service has sent."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is to be invited, and who is passed over."""

    todo: tuple[Invitee, ...]
    queued: tuple[str, ...] = ()
    """Ids of invitations that wait in the outbox since an earlier command was cut off."""
    had: int = 0
    """Have had it, or it waits in the outbox."""
    answered: int = 0
    """Have answered already, without it."""
    bounced: int = 0
    """Mail does not reach them."""
    elsewhere: int = 0
    """On the list, and not among those asked for."""


def plan(store: Store, *, only: Sequence[str] = (), categories: Collection[str] = ()) -> Plan:
    """Who is to be invited now.

    `only`: addresses, or words of a name; whoever is named so gets it even after an answer, a bounce or a letter that
    failed, but never a second time. `categories`: of these alone, whatever their case. Raises NotPossible where nobody
    is meant by words, Unclear where several are.
    """
    named = {invitee.id for invitee in (_named(store, words) for words in only)}
    wanted = {category.casefold() for category in categories}
    known = {invitee.category.casefold() for invitee in store.invitees() if invitee.listed}
    unknown = sorted(category for category in categories if category.casefold() not in known)
    if unknown:
        raise NotPossible(f"nobody on the list is of the category {unknown[0]!r}")
    letters = _invitations(store)
    queued = tuple(letter.id for letter in store.letters(LetterState.QUEUED) if letter.kind is LetterKind.INVITATION)
    had = answered = bounced = elsewhere = 0
    todo: list[Invitee] = []
    for invitee in store.invitees():
        if not invitee.listed:
            continue
        if (named and invitee.id not in named) or (wanted and invitee.category.casefold() not in wanted):
            elsewhere += 1
            continue
        states = letters.get(invitee.id, set())
        if states - {LetterState.FAILED}:
            had += 1
        elif invitee.id in named:
            todo.append(invitee)
        elif invitee.bounced or states:
            bounced += 1
        elif invitee.answer is not None:
            answered += 1
        else:
            todo.append(invitee)
    return Plan(tuple(todo), queued, had, answered, bounced, elsewhere)


def _named(store: Store, words: str) -> Invitee:
    invitee = find(store, words.strip().lower())
    if invitee is None or not invitee.listed:
        raise NotPossible(f"nobody on the list is meant by {one_line(words)!r}")
    return invitee


def _invitations(store: Store) -> dict[str, set[LetterState]]:
    """The states of the invitations of each invitee."""
    found: dict[str, set[LetterState]] = {}
    for letter in store.letters():
        if letter.kind is LetterKind.INVITATION and letter.invitee_id:
            found.setdefault(letter.invitee_id, set()).add(letter.state)
    return found


def enclosure(path: Path) -> Enclosure:
    """A file that goes with every invitation. Raises NotPossible."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotPossible(f"{path} cannot be read: {error.strerror}") from error
    if not data:
        raise NotPossible(f"{path} is empty")
    if len(data) > LARGEST:
        size, most = f"{len(data) / 1e6:.1f} MB", f"{LARGEST / 1e6:.0f} MB"
        raise NotPossible(f"{path} has {size}, and many servers refuse such a mail; make it smaller than {most}")
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind.startswith(("text/", "message/", "multipart/")):
        kind = "application/octet-stream"
    return Enclosure(path.name, kind, data)


@dataclass(slots=True)
class Sent:
    """What came of it."""

    sent: int = 0
    waiting: int = 0
    """In the outbox: the service, or the next poll, sends them."""
    failed: int = 0
    trouble: str = ""
    stopped: bool = False


@dataclass(slots=True)
class Inviting:
    """Sends the invitations of a plan."""

    store: Store
    config: Config
    clock: Clock
    templates: Templates
    tokens: Tokens
    new_id: Callable[[], str]
    enclosed: tuple[Enclosure, ...] = ()
    wait: Callable[[threading.Event, float], object] = threading.Event.wait
    _ids: list[str] = field(default_factory=list)

    def written(self, invitee: Invitee, now: datetime) -> Letter:
        """The invitation of one invitee."""
        request = LetterRequest(
            LetterKind.INVITATION, invitee.id, invitee.addresses[:1], self._language(invitee), enclosed=self.enclosed
        )
        return compose(
            request,
            invitee=invitee,
            message=None,
            config=self.config,
            templates=self.templates,
            tokens=self.tokens,
            now=now,
            letter_id=self.new_id(),
        )

    def _language(self, invitee: Invitee) -> str:
        offered = self.config.replies.languages
        return invitee.language if invitee.language in offered else offered[0]

    def send(self, plan: Plan, stop: threading.Event, tell: Callable[[int, int], None] = lambda done, of: None) -> Sent:
        """Queue and send them, a batch at a time, so that an end at any moment loses nothing and sends nothing twice;
        what an earlier command had queued goes first.

        Where the service runs on this store, it does the sending, and this waits for it. Raises StoreError.
        """
        outbox = None
        if self.store.lock_daemon():
            outbox = Outbox(self.store, self.config, self.clock)
            outbox.recover()
        size = max(1, min(BATCH, BATCH_BYTES // max(1, sum(len(file.data) for file in self.enclosed))))
        result = Sent()
        todo, self._ids = plan.todo, list(plan.queued)
        for start in range(-size if plan.queued else 0, len(todo), size):
            self._queue(todo[max(0, start) : max(0, start + size)])
            trouble = self._flushed(outbox, stop) if outbox is not None else self._waited_for(stop)
            tell(min(start + size, len(todo)), len(todo))
            if trouble or stop.is_set():
                result.trouble, result.stopped = trouble, stop.is_set()
                break
        self.store.refresh()
        states = [letter.state for letter in map(self.store.letter, self._ids) if letter is not None]
        result.sent = states.count(LetterState.SENT)
        result.waiting = states.count(LetterState.QUEUED)
        result.failed = len(states) - result.sent - result.waiting
        return result

    def _queue(self, batch: Sequence[Invitee]) -> None:
        now = self.clock.now()
        with self.store.transaction():
            letters = []
            for invitee in batch:
                # Another command may have been quicker, or the list have changed, since the plan was made.
                fresh = self.store.invitee(invitee.id)
                if fresh is not None and fresh.listed and not self._has_one(fresh.id):
                    letters.append(self.written(fresh, now))
            if letters:
                self.store.commit(Commit(letters=tuple(letters)))
        self._ids += [letter.id for letter in letters]

    def _has_one(self, invitee_id: str) -> bool:
        return any(
            letter.kind is LetterKind.INVITATION and letter.state is not LetterState.FAILED
            for letter in self.store.letters_to(invitee_id)
        )

    def _flushed(self, outbox: Outbox, stop: threading.Event) -> str:
        """Send; what stopped it, or ""."""
        if not self.config.smtp.copy_to_sent:
            return outbox.flush(stop).trouble
        try:
            with Connection(self.config.mailbox) as connection:
                flushed: Flushed = outbox.flush(stop, connection)
        except MailboxError:
            # Copies can wait; the letters need not.
            flushed = outbox.flush(stop)
        return flushed.trouble

    def _waited_for(self, stop: threading.Event) -> str:
        """Until the service has sent what is queued."""
        while not stop.is_set() and self.store.daemon_runs():
            self.store.refresh()
            left = [letter for letter in map(self.store.letter, self._ids) if letter is not None]
            if not any(letter.state in (LetterState.QUEUED, LetterState.SENDING) for letter in left):
                return ""
            if any(letter.attempts for letter in left if letter.state is LetterState.QUEUED):
                return "the SMTP server puts letters off"
            self.wait(stop, PATIENCE)
        return "" if stop.is_set() else "the service has ended"
