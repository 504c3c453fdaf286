"""A letter to many at once, shown and confirmed before: queued and sent by batches, however often it is cut off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from rsvpbot.config import Config
from rsvpbot.letters.outbox import Flushed, Outbox
from rsvpbot.letters.whom import enclosure
from rsvpbot.mail.imap import Connection, MailboxError
from rsvpbot.model import Clock, Enclosure, Invitee, Letter, LetterState
from rsvpbot.organisers.rulings import NotPossible
from rsvpbot.store.base import Commit, Store

BATCH = 50
"""Letters that are queued together: what is written waits in the store with all that is enclosed."""

BATCH_BYTES = 20_000_000

LARGEST = 10_000_000
"""Bytes of an enclosure. Many servers refuse a mail of more than 20 MB, and base64 takes a third more."""

PATIENCE = 1.0
"""Seconds between two looks at what the service has sent."""


def checked_enclosure(path: Path) -> Enclosure:
    """A file that goes with every letter. Raises NotPossible for one that cannot."""
    try:
        file = enclosure(path)
    except OSError as error:
        raise NotPossible(f"{path} cannot be read: {error.strerror}") from error
    if not file.data:
        raise NotPossible(f"{path} is empty")
    if len(file.data) > LARGEST:
        size, most = f"{len(file.data) / 1e6:.1f} MB", f"{LARGEST / 1e6:.0f} MB"
        raise NotPossible(f"{path} has {size}, and many servers refuse such a mail; make it smaller than {most}")
    return file


LOOKS = 30
"""After so many at which the service still cannot send, nobody waits for it any longer: it tries again by itself, at
longer and longer intervals."""


@dataclass(slots=True)
class Sent:
    """What came of it."""

    sent: int = 0
    waiting: int = 0
    """In the outbox: the service, or the next poll, sends them."""
    failed: int = 0
    cut_off: int = 0
    """Of an earlier command, which was cut off while it sent them: they may have gone out, and are not sent again."""
    trouble: str = ""
    stopped: bool = False


@dataclass(slots=True)
class Mailing:
    """Sends one letter each. `write` makes somebody's; None where they have it already, or are no longer concerned."""

    store: Store
    config: Config
    clock: Clock
    write: Callable[[Invitee, datetime], Letter | None]
    enclosed: int = 0
    """Bytes that go with each."""
    wait: Callable[[threading.Event, float], object] = threading.Event.wait
    _ids: list[str] = field(default_factory=list)

    def send(
        self,
        todo: Sequence[Invitee],
        queued: Sequence[str],
        stop: threading.Event,
        tell: Callable[[int, int], None] = lambda done, of: None,
    ) -> Sent:
        """Queue and send them, a batch at a time, so that an end at any moment loses nothing and sends nothing twice;
        what an earlier command had queued (`queued`: ids) goes first.

        Where the service runs on this store, it does the sending, and this waits for it. With nothing to send, this
        only finds out what an earlier command was cut off at. Raises StoreError.
        """
        outbox, cut_off = None, 0
        if self.store.lock_daemon():
            outbox = Outbox(self.store, self.config, self.clock)
            cut_off = outbox.recover()
        size = max(1, min(BATCH, BATCH_BYTES // max(1, self.enclosed)))
        result = Sent(cut_off=cut_off)
        self._ids = list(queued)
        for start in range(-size if queued else 0, len(todo), size):
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
            # Another command may have been quicker, or the list have changed, since the plan was made.
            fresh = [invitee for invitee in (self.store.invitee(one.id) for one in batch) if invitee is not None]
            letters = tuple(letter for letter in (self.write(invitee, now) for invitee in fresh) if letter is not None)
            if letters:
                self.store.commit(Commit(letters=letters))
        self._ids += [letter.id for letter in letters]

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
        """Until the service has sent what is queued, or has not been able to for a while."""
        failing = 0
        while not stop.is_set() and self.store.daemon_runs():
            self.store.refresh()
            trouble = self.store.mailbox().sending_error
            failing = failing + 1 if trouble else 0
            if failing > LOOKS:
                return f"the service cannot send ({trouble}), and goes on by itself when it can"
            left = [letter for letter in map(self.store.letter, self._ids) if letter is not None]
            # What a server has put off is tried again by and by: the others need not wait for it.
            if not any(
                letter.state is LetterState.SENDING or (letter.state is LetterState.QUEUED and not letter.attempts)
                for letter in left
            ):
                return ""
            self.wait(stop, PATIENCE)
        return "" if stop.is_set() else "the service has ended"
