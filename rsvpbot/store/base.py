"""What the house asks of a store, in the words of the domain. No module outside `store/` knows how it is kept.

A second store implements `Store` and passes the contract in `tests/test_store_contract.py`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from rsvpbot.model import (
    Directory,
    Done,
    Flood,
    Folder,
    Frozen,
    Invitee,
    Letter,
    LetterState,
    Mailbox,
    PartStat,
    Reply,
    Ruling,
    SummaryRecord,
    Trial,
)


class StoreError(Exception):
    """The store cannot be opened, read or written; the message says what, where and what to do."""


class StoreBroken(StoreError):
    """It can no longer be known what the disk holds, so this process must not go on with the store: end it. The next
    one reads what there is, and every commit that was acknowledged is in it."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One atomic batch: all of it is on disk when `Store.commit` returns, or none of it. Each record replaces the one
    with its key (Invitee.id, Reply.digest, Letter.id, Ruling.id, Done/Trial (uidvalidity, uid), Flood.id,
    SummaryRecord.day)."""

    invitees: tuple[Invitee, ...] = ()
    replies: tuple[Reply, ...] = ()
    letters: tuple[Letter, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    done: tuple[Done, ...] = ()
    trials: tuple[Trial, ...] = ()
    """A Trial with failures == 0 is removed."""
    mailbox: Mailbox | None = None
    floods: tuple[Flood, ...] = ()
    summaries: tuple[SummaryRecord, ...] = ()
    frozen: Frozen | None = None
    """In place of the one that there is."""
    forgotten: tuple[str, ...] = ()
    """Keyed hashes of addresses that must not be taken in again."""
    erased: tuple[str, ...] = ()
    """Ids of invitees that go, with all their replies, letters and rulings. That they are gone from the disk too needs
    a `Store.compact` after it. What is erased and given anew in the same batch stays."""
    erased_replies: tuple[str, ...] = ()
    """Digests."""
    erased_letters: tuple[str, ...] = ()
    """Ids."""
    erased_rulings: tuple[str, ...] = ()
    """Ids."""
    erased_done: tuple[tuple[int, int], ...] = ()
    """(uidvalidity, uid)."""


@dataclass(frozen=True, slots=True)
class Headcount:
    """Invitees, counted."""

    answers: Mapping[PartStat, int]
    """Those on the list, by their answer; every PARTSTAT is a key."""
    expected: int
    """As `Store.seats_taken`."""
    perhaps: int
    """People of the tentative answers of those on the list."""
    standby: int
    """On the list, and wait for room, or have been offered some (see `Store.standby`)."""
    offered: int
    """Of those: who has been offered some."""
    pending: int
    """On the list, and a change waits for their confirmation."""
    asked: int
    """The same, on the list or not."""
    unreached: int
    """On the list, without an answer, and our mail did not reach them."""
    gone: int
    """No longer on the list, with an answer."""


class Store(Directory, Protocol):
    """The record. Everything returned is frozen; reads see this process's own commits and those of others that were
    complete when `refresh` (called by `transaction` and at each poll) last looked."""

    # invitees (with Directory); `invitee_by_address` finds further addresses and a recorded delegate's address too
    def invitees(self) -> tuple[Invitee, ...]: ...

    def standby(self) -> tuple[Invitee, ...]:
        """Those who wait for room, or have been offered some: whose answer has `standby` or `offered_until`."""
        ...

    def seats_taken(self, category: str = "") -> int:
        """People recorded as coming, of those on the list (see `decide.expected_people`): of one category, in lower
        case, or of all. Counted as answers are written, so that asking costs nothing."""
        ...

    def headcount(self) -> Headcount:
        """Who has answered what. Counted likewise."""
        ...

    def waiting_before(self, moment: datetime, category: str = "") -> int:
        """How many of those on the list had begun to wait for room by then (`Answer.standby`): of one category, in
        lower case, or of all. Counted likewise."""
        ...

    def last_to_wait(self) -> datetime | None:
        """When the last of those on the list who wait for room began to."""
        ...

    # history
    def reply(self, digest: str) -> Reply | None: ...
    def replies(self, invitee_id: str | None = None) -> tuple[Reply, ...]:
        """All, or one invitee's; in the order of handling."""
        ...

    def open_replies(self) -> tuple[Reply, ...]:
        """Those that wait for a person, oldest first."""
        ...

    def question(self, question_id: str) -> Reply | None:
        """The message with this `model.question_id`, whether it still waits or not."""
        ...

    def rulings(self, invitee_id: str | None = None) -> tuple[Ruling, ...]:
        """What organisers decided: all, or about one invitee; oldest first."""
        ...

    def ruled_by(self, message_id: str) -> bool:
        """Whether a mail with this Message-ID has decided anything."""
        ...

    def ruling_on(self, digest: str) -> Ruling | None:
        """The latest decision on a message that is not undone."""
        ...

    # messages of the mailbox
    def done(self, uidvalidity: int, uid: int) -> Done | None: ...
    def done_digest(self, digest: str) -> Done | None:
        """The first message with these bytes that was handled, and was not put back since."""
        ...

    def put_back(self, digest: str) -> Done | None:
        """The first message with these bytes that was put back into INBOX."""
        ...

    def failed(self) -> tuple[Done, ...]:
        """Those that went to Failed, in the order of handling."""
        ...

    def unfiled(self, uidvalidity: int) -> tuple[Done, ...]: ...
    def tally(self, since: datetime | None = None) -> Mapping[Folder, int]:
        """How many messages went to each folder (every folder is a key), those of a flood included."""
        ...

    def floods(self) -> tuple[Flood, ...]: ...

    def trial(self, uidvalidity: int, uid: int) -> Trial | None: ...
    def trials(self) -> tuple[Trial, ...]: ...

    # letters
    def letter(self, letter_id: str) -> Letter | None: ...
    def letters(self, *states: LetterState) -> tuple[Letter, ...]:
        """Those in any of these states (all without), in the order of queueing. Never a scan of all the sent ones for
        a state other than SENT."""
        ...

    def each_letter(self, state: LetterState) -> Iterator[Letter]:
        """The same of one state, one at a time and in the order of their first commit: letters are large, and many may
        wait. What has left the state meanwhile is passed over."""
        ...

    def letter_tally(self) -> Mapping[LetterState, int]:
        """How many letters are in each state (every state is a key). Counted, not looked through."""
        ...

    def uncopied(self) -> tuple[Letter, ...]:
        """Sent letters whose copy is not yet in the Sent folder (raw kept)."""
        ...

    def letters_to(self, invitee_id: str) -> tuple[Letter, ...]: ...
    def answers_since(self, since: datetime, invitee_id: str | None = None) -> int:
        """How many automatic answers (letters with `reply` set, not HELD) were queued since."""
        ...

    # the rest
    def mailbox(self) -> Mailbox: ...
    def summary(self, day: date) -> SummaryRecord | None: ...
    def last_summary(self, before: date) -> SummaryRecord | None: ...
    def frozen(self) -> Frozen | None:
        """Who was expected when the list was closed; None as long as it is open."""
        ...

    def is_forgotten(self, address_hash: str) -> bool: ...
    def has_forgotten(self) -> bool:
        """Whether there is anybody of whom `is_forgotten` would be true."""
        ...

    # writing
    def commit(self, batch: Commit) -> None:
        """Raises StoreError if it could not be made durable; then nothing of it holds, in memory and on disk."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Hold the store against other processes and see their commits, for a read that decides a write. Commits
        inside are each atomic. Never do network I/O inside."""
        ...

    def group(self) -> AbstractContextManager[None]:
        """A transaction whose commits are one, and cost one sync: all of them are on disk when it ends, or none is,
        where it raises or an exception leaves it. Reads inside see them at once; those of other threads wait for its
        end. So be quick, and tell nobody outside (a server, a log) of what was committed before it has ended. May be
        nested; nothing is made compact or backed up inside."""
        ...

    def refresh(self) -> None:
        """See what other processes have committed."""
        ...

    def mark(self) -> Hashable:
        """What is equal to an earlier one as long as nothing was committed since, by whatever process that `refresh`
        has seen."""
        ...

    def begin(self, uidvalidity: int, uid: int) -> None:
        """Note that this message is in hand (survives the death of the process, costs no sync)."""
        ...

    def finish(self) -> None: ...
    def interrupted(self) -> tuple[int, int] | None:
        """(uidvalidity, uid) of the message that was in hand when the last process died, once; None otherwise."""
        ...

    def lock_daemon(self) -> bool:
        """Take the one-daemon lock, and keep it until `close`; False where another process holds it (after a second at
        most)."""
        ...

    def daemon_runs(self) -> bool:
        """Whether some process holds the one-daemon lock. Takes nothing, and may be asked of a store that was opened
        to be read only."""
        ...

    def compact(self) -> None:
        """Leave no trace of what was replaced or erased, nor of what a repair put aside. Takes time that grows with the
        store. Raises StoreError where there is no room for it: nothing is lost then, and it can be tried again."""
        ...

    def is_compact(self) -> bool:
        """Whether there is nothing that `compact` would take away. Raises StoreError."""
        ...

    def holds(self, text: str) -> bool:
        """Whether the disk has this text as a value of any record, of those too that were replaced, erased or put aside
        by a repair. Looks through all there is. Raises StoreError."""
        ...

    def backup(self, file: Path) -> None:
        """Write everything that is committed into a new file (0600), which `open_store` opens. Commits go on meanwhile.
        Raises StoreError where there is such a file already, nothing to be written, or no room: then there is no file,
        or the one that was there."""
        ...

    def tidy(self) -> bool:
        """For quiet moments: compact where that has become worth its time, and say whether it was done. A failure is
        logged and not raised, as nothing is lost by it."""
        ...

    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
