"""The embedded store: TinyDB over a journal, with every question answered from an index.

A document carries its own key (an invitee's id, a reply's digest); TinyDB's integer ids are used again after a removal
and mean nothing outside. Documents are decoded when first read, and a record is what its document says: the same
before and after a restart.

Reads come from any thread, take no lock between processes and never wait for the disk. Each sees whole commits that
are on disk; several reads that must agree belong in a `transaction()`.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

from rsvpbot.model import (
    Done,
    Folder,
    Frozen,
    Invitee,
    Letter,
    LetterState,
    Mailbox,
    Reply,
    Ruling,
    SummaryRecord,
    Trial,
    question_id,
)
from rsvpbot.store.base import Commit, Store, StoreError
from rsvpbot.store.codec import Codec, CodecError, codec
from rsvpbot.store.index import Doc, Index, Sums, Terms, Times
from rsvpbot.store.inhand import InHand
from rsvpbot.store.journal import Journal, JournalDB, JournalTable, State
from rsvpbot.store.lock import FileLock, is_held

log = logging.getLogger(__name__)

SCHEMA = 1
"""Raised when an older version could no longer make sense of what this one writes. A new field is no such change."""
CLOSING_TAKES = 1.0
"""Seconds for which a daemon that starts waits for its lock: a command that just closes the store may have it."""

_COMING = frozenset({"accepted", "delegated"})

R = TypeVar("R")
P = ParamSpec("P")
Puts = dict[str, dict[Hashable, dict[str, Any] | None]]
"""table -> key -> document, None: away."""


@dataclass(frozen=True, slots=True)
class _Forgotten:
    hash: str


@dataclass(frozen=True, slots=True)
class _Version:
    schema: int


def _own_addresses(doc: Doc) -> Iterable[Hashable]:
    return doc["addresses"]  # type: ignore[no-any-return]


def _delegate_address(doc: Doc) -> Iterable[Hashable]:
    delegate = (doc.get("answer") or {}).get("delegate")
    return [delegate["email"]] if delegate and delegate["email"] else []


def _on_standby(doc: Doc) -> Iterable[Hashable]:
    answer = doc.get("answer") or {}
    return [True] if answer.get("standby") or answer.get("offered_until") else []


def _seats(doc: Doc) -> Iterable[tuple[Hashable, int]]:
    answer = doc.get("answer")
    if not answer or answer["partstat"] not in _COMING or answer.get("standby") or not doc.get("listed", True):
        return ()
    party = answer.get("party")
    people = party if party is not None else max(1, len(answer.get("names") or ()))
    category = doc.get("category", "").casefold()
    return ((_ALL, people), (("category", category), people)) if category else ((_ALL, people),)


def _domains(doc: Doc) -> Iterable[Hashable]:
    return {address.rpartition("@")[2] for address in doc["addresses"]}


def _bare(uid: str) -> str:
    """A calendar UID as it still is after a program has dropped its domain or changed its case."""
    return uid.strip().partition("@")[0].lower()


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _answer_times(doc: Doc) -> Iterable[tuple[Hashable, float]]:
    """Automatic answers, each once for all and once for its invitee."""
    if not doc.get("reply") or doc["state"] == LetterState.HELD:
        return ()
    at = _seconds(doc["queued_at"])
    return (_ALL, at), (("invitee", doc["invitee_id"]), at)


_ALL = "all"


class _Shelf(Generic[R]):
    """One table: its documents by key, and their records."""

    def __init__(self, record: type[R], key: Callable[[Doc], Hashable], *indexes: Index) -> None:
        self.codec: Codec[R] = codec(record)
        self.key = key
        self._indexes = indexes
        self._docs: dict[str, Doc] = {}
        self._ids: dict[Hashable, str] = {}
        self._records: dict[str, R] = {}

    def change(self, doc_id: str, old: Doc | None, new: Doc | None) -> None:
        if old is not None:
            self._records.pop(doc_id, None)
        if new is not None:
            self._docs[doc_id] = new
            self._ids[self.key(new)] = doc_id
        elif old is not None:
            del self._docs[doc_id]
            del self._ids[self.key(old)]
        for index in self._indexes:
            index.change(doc_id, old, new)

    def id_of(self, key: Hashable) -> str | None:
        return self._ids.get(key)

    def get(self, key: Hashable) -> R | None:
        return self.record(self._ids.get(key))

    def record(self, doc_id: str | None) -> R | None:
        """Decoded when first asked for."""
        if doc_id is None:
            return None
        known = self._records.get(doc_id)
        if known is not None:
            return known
        try:
            record = self.codec.decode(self._docs[doc_id])
        except CodecError as error:
            raise StoreError(f"document {doc_id} was written by a newer version, or altered: {error}") from error
        self._records[doc_id] = record
        return record

    def records(self, doc_ids: Iterable[str] | None = None) -> list[R]:
        """Of these documents, or of all."""
        found = map(self.record, self._docs if doc_ids is None else doc_ids)
        return [record for record in found if record is not None]


class _View:
    """The state as the questions of the interface want it. Made anew when the file is read from its beginning."""

    def __init__(self) -> None:
        self.by_address = Terms(_own_addresses)
        self.by_delegate = Terms(_delegate_address)
        self.by_bare_uid = Terms(lambda doc: (_bare(doc["calendar_uid"]),))
        self.by_domain = Terms(_domains)
        self.standby = Terms(_on_standby)
        self.seats = Sums(_seats)
        self.invitees = _Shelf(
            Invitee,
            lambda doc: doc["id"],
            self.standby,
            self.seats,
            self.by_address,
            self.by_delegate,
            self.by_bare_uid,
            self.by_domain,
        )
        self.replies_by_invitee = Terms(lambda doc: (doc["invitee_id"],))
        self.open_replies = Terms(lambda doc: (True,) if doc["open"] else ())
        self.questions = Terms(lambda doc: (question_id(doc["digest"]),) if doc["folder"] == Folder.REVIEW else ())
        self.replies = _Shelf(
            Reply, lambda doc: doc["digest"], self.replies_by_invitee, self.open_replies, self.questions
        )
        self.rulings_by_invitee = Terms(lambda doc: (doc.get("invitee_id"),))
        self.rulings_by_question = Terms(
            lambda doc: (doc["question"],) if doc.get("question") and not doc.get("undone") else ()
        )
        self.rulings_by_mail = Terms(lambda doc: (doc["message"],) if doc.get("message") else ())
        self.rulings = _Shelf(
            Ruling, lambda doc: doc["id"], self.rulings_by_invitee, self.rulings_by_question, self.rulings_by_mail
        )
        self.letters_by_state = Terms(lambda doc: (doc["state"],))
        self.letters_by_invitee = Terms(lambda doc: (doc["invitee_id"],))
        self.uncopied = Terms(
            lambda doc: (True,) if doc["state"] == LetterState.SENT and "raw" in doc and not doc.get("copied") else ()
        )
        self.answers = Times(_answer_times)
        self.letters = _Shelf(
            Letter,
            lambda doc: doc["id"],
            self.letters_by_state,
            self.letters_by_invitee,
            self.uncopied,
            self.answers,
        )
        self.done_by_digest = Terms(lambda doc: (doc["digest"],) if doc["digest"] else ())
        self.unfiled = Terms(lambda doc: () if doc.get("filed") else (doc["uidvalidity"],))
        self.tally = Times(lambda doc: ((doc["folder"], _seconds(doc["at"])),))
        self.done = _Shelf(Done, _place, self.done_by_digest, self.unfiled, self.tally)
        self.trials = _Shelf(Trial, _place)
        self.mailbox = _Shelf(Mailbox, lambda doc: "")
        self.summary_days = Times(lambda doc: ((_ALL, float(date.fromisoformat(doc["day"]).toordinal())),))
        self.summaries = _Shelf(SummaryRecord, lambda doc: doc["day"], self.summary_days)
        self.frozen = _Shelf(Frozen, lambda doc: "")
        self.forgotten = _Shelf(_Forgotten, lambda doc: doc["hash"])
        self.version = _Shelf(_Version, lambda doc: "")
        self.shelves: Mapping[str, _Shelf[Any]] = {
            "invitees": self.invitees,
            "replies": self.replies,
            "letters": self.letters,
            "rulings": self.rulings,
            "done": self.done,
            "trials": self.trials,
            "mailbox": self.mailbox,
            "summaries": self.summaries,
            "frozen": self.frozen,
            "forgotten": self.forgotten,
            "version": self.version,
        }


def _place(doc: Doc) -> Hashable:
    return (doc["uidvalidity"], doc["uid"])


class _Keeper:
    """Keeps the view at the journal's state."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.view = _View()

    def loaded(self, state: State) -> None:
        view = _View()
        self._check_version(state.get("version", {}).values())
        for table, documents in state.items():
            for doc_id, doc in documents.items():
                self._change(view, table, doc_id, None, doc)
        self.view = view  # at once: other threads are reading

    def changed(self, table: str, doc_id: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> None:
        if table == "version" and new is not None:
            self._check_version([new])
        self._change(self.view, table, doc_id, old, new)

    def _change(self, view: _View, table: str, doc_id: str, old: Doc | None, new: Doc | None) -> None:
        shelf = view.shelves.get(table)
        if shelf is None:
            return  # a later version's table, or a guest's
        try:
            shelf.change(doc_id, old, new)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StoreError(
                f"{self._path}: document {doc_id} of {table} is not one that rsvpbot wrote ({type(error).__name__}); "
                "is this another program's file? Choose another one in [store] url"
            ) from error

    def _check_version(self, documents: Iterable[Doc]) -> None:
        for doc in documents:
            schema = doc.get("schema")
            if not isinstance(schema, int) or schema > SCHEMA:
                raise StoreError(
                    f"{self._path} was written by a newer version of rsvpbot (its schema is {schema}, this version "
                    f"knows {SCHEMA}); upgrade rsvpbot"
                )


def _steady(read: Callable[Concatenate[TinyStore, P], R]) -> Callable[Concatenate[TinyStore, P], R]:
    """A read during which no other thread's commit is folded in."""

    @wraps(read)
    def steadily(store: TinyStore, /, *arguments: P.args, **named: P.kwargs) -> R:
        with store._journal.folding:
            return read(store, *arguments, **named)

    return steadily


class TinyStore(Store):
    """`base.Store` in one file. See `journal.Journal` for what holds about the file, and `base.StoreError`."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        self._read_only = read_only
        self._keeper = _Keeper(path)
        self._db = JournalDB(path, read_only=read_only, watcher=self._keeper)
        journal = self._db.storage
        assert isinstance(journal, Journal)
        self._journal = journal
        self._daemon: FileLock | None = None
        self._in_hand: InHand | None = None

    # ----------------------------------------------------------------- invitees

    @_steady
    def invitee(self, invitee_id: str) -> Invitee | None:
        return self._view.invitees.get(invitee_id)

    @_steady
    def invitee_by_address(self, email: str) -> Invitee | None:
        """Whose own address it is goes before whose delegate's, and who is still listed before who is not."""
        view = self._view
        wanted = email.lower()
        for index in (view.by_address, view.by_delegate):
            found = view.invitees.records(index.all(wanted))
            if found:
                return next((invitee for invitee in found if invitee.listed), found[0])
        return None

    @_steady
    def invitee_by_calendar_uid(self, uid: str) -> Invitee | None:
        """As it was given out, or without its domain or in another case where that names one invitee only."""
        view = self._view
        found = view.invitees.records(view.by_bare_uid.all(_bare(uid)))
        exact = [invitee for invitee in found if invitee.calendar_uid == uid]
        return next((some[0] for some in (exact, found) if len(some) == 1), None)

    @_steady
    def invitees_by_domain(self, domain: str) -> tuple[Invitee, ...]:
        view = self._view
        return tuple(view.invitees.records(view.by_domain.all(domain.lower())))

    @_steady
    def invitees(self) -> tuple[Invitee, ...]:
        return tuple(self._view.invitees.records())

    @_steady
    def standby(self) -> tuple[Invitee, ...]:
        view = self._view
        return tuple(view.invitees.records(view.standby.all(True)))

    @_steady
    def seats_taken(self, category: str = "") -> int:
        return self._view.seats.of(("category", category.casefold()) if category else _ALL)

    # ----------------------------------------------------------------- history

    @_steady
    def reply(self, digest: str) -> Reply | None:
        return self._view.replies.get(digest)

    @_steady
    def replies(self, invitee_id: str | None = None) -> tuple[Reply, ...]:
        view = self._view
        found = None if invitee_id is None else view.replies_by_invitee.all(invitee_id)
        return tuple(sorted(view.replies.records(found), key=lambda reply: reply.handled_at))

    @_steady
    def open_replies(self) -> tuple[Reply, ...]:
        view = self._view
        found = view.replies.records(view.open_replies.all(True))
        return tuple(sorted(found, key=lambda reply: reply.handled_at))

    @_steady
    def question(self, question_id: str) -> Reply | None:
        view = self._view
        return view.replies.record(view.questions.first(question_id))

    @_steady
    def rulings(self, invitee_id: str | None = None) -> tuple[Ruling, ...]:
        view = self._view
        found = None if invitee_id is None else view.rulings_by_invitee.all(invitee_id)
        return tuple(sorted(view.rulings.records(found), key=lambda ruling: ruling.at))

    @_steady
    def ruled_by(self, message_id: str) -> bool:
        return bool(message_id) and self._view.rulings_by_mail.first(message_id) is not None

    @_steady
    def ruling_on(self, digest: str) -> Ruling | None:
        view = self._view
        found = view.rulings.records(view.rulings_by_question.all(digest)) if digest else []
        return max(found, key=lambda ruling: ruling.at, default=None)

    # ----------------------------------------------------------------- messages

    @_steady
    def done(self, uidvalidity: int, uid: int) -> Done | None:
        return self._view.done.get((uidvalidity, uid))

    @_steady
    def done_digest(self, digest: str) -> Done | None:
        view = self._view
        return view.done.record(view.done_by_digest.first(digest)) if digest else None

    @_steady
    def unfiled(self, uidvalidity: int) -> tuple[Done, ...]:
        view = self._view
        return tuple(view.done.records(view.unfiled.all(uidvalidity)))

    @_steady
    def tally(self, since: datetime | None = None) -> Mapping[Folder, int]:
        view = self._view
        start = None if since is None else since.timestamp()
        return {folder: view.tally.count(folder.value, start) for folder in Folder}

    @_steady
    def trial(self, uidvalidity: int, uid: int) -> Trial | None:
        return self._view.trials.get((uidvalidity, uid))

    @_steady
    def trials(self) -> tuple[Trial, ...]:
        return tuple(self._view.trials.records())

    # ----------------------------------------------------------------- letters

    @_steady
    def letter(self, letter_id: str) -> Letter | None:
        return self._view.letters.get(letter_id)

    @_steady
    def letters(self, *states: LetterState) -> tuple[Letter, ...]:
        view = self._view
        if not states:
            return _queued(view.letters.records())
        return _queued(
            letter
            for state in dict.fromkeys(states)
            for letter in view.letters.records(view.letters_by_state.all(state.value))
        )

    @_steady
    def uncopied(self) -> tuple[Letter, ...]:
        view = self._view
        return _queued(view.letters.records(view.uncopied.all(True)))

    @_steady
    def letters_to(self, invitee_id: str) -> tuple[Letter, ...]:
        view = self._view
        return _queued(view.letters.records(view.letters_by_invitee.all(invitee_id)))

    @_steady
    def answers_since(self, since: datetime, invitee_id: str | None = None) -> int:
        group = _ALL if invitee_id is None else ("invitee", invitee_id)
        return self._view.answers.count(group, since.timestamp())

    # ----------------------------------------------------------------- the rest

    @_steady
    def mailbox(self) -> Mailbox:
        return self._view.mailbox.get("") or Mailbox()

    @_steady
    def summary(self, day: date) -> SummaryRecord | None:
        return self._view.summaries.get(day.isoformat())

    @_steady
    def last_summary(self, before: date) -> SummaryRecord | None:
        view = self._view
        day = view.summary_days.last_before(_ALL, before.toordinal())
        return None if day is None else view.summaries.get(date.fromordinal(int(day)).isoformat())

    @_steady
    def frozen(self) -> Frozen | None:
        return self._view.frozen.get("")

    @_steady
    def is_forgotten(self, address_hash: str) -> bool:
        return self._view.forgotten.id_of(address_hash) is not None

    # ----------------------------------------------------------------- writing

    def commit(self, batch: Commit) -> None:
        puts = self._puts(batch)
        with self._journal.transaction():
            self._erase(batch, puts)
            if self._view.version.get("") is None:
                puts["version"] = {"": {"schema": SCHEMA}}
            for name, documents in puts.items():
                self._put(name, documents)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        with self._journal.hold():
            yield

    def refresh(self) -> None:
        self._journal.refresh()

    def mark(self) -> Hashable:
        return self._journal.position

    def begin(self, uidvalidity: int, uid: int) -> None:
        self._notes().begin(uidvalidity, uid)

    def finish(self) -> None:
        self._notes().finish()

    def interrupted(self) -> tuple[int, int] | None:
        return self._notes().interrupted()

    def lock_daemon(self) -> bool:
        if self._read_only:
            raise StoreError(f"{self._path} was opened to be read only")
        if self._daemon is None:
            try:
                self._daemon = FileLock(self._daemon_lock)
            except OSError as error:
                raise StoreError(f"{error.filename} cannot be opened ({error.strerror})") from error
        return self._daemon.acquire(CLOSING_TAKES)

    def daemon_runs(self) -> bool:
        try:
            return is_held(self._daemon_lock)
        except OSError as error:
            raise StoreError(f"{self._daemon_lock} cannot be opened ({error.strerror})") from error

    @property
    def _daemon_lock(self) -> Path:
        return self._path.with_name(self._path.name + ".daemon.lock")

    def compact(self) -> None:
        self._journal.compact()

    def tidy(self) -> bool:
        if self._read_only or not self._journal.worth_compacting:
            return False
        try:
            self._journal.compact()
        except StoreError as error:
            log.warning("not compacted: %s", error)
            return False
        return True

    def close(self) -> None:
        """Leaves a file that plain TinyDB opens, unless a daemon goes on with it."""
        if self._journal.closed:
            return
        try:
            if not self._read_only and self.lock_daemon():
                self._journal.compact()
        except StoreError as error:
            log.warning("not compacted: %s", error)
        finally:
            self._db.close()
            for held in (self._in_hand, self._daemon):
                if held is not None:
                    held.close()
            self._in_hand = self._daemon = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ----------------------------------------------------------------- inside

    @property
    def _view(self) -> _View:
        return self._keeper.view

    def _notes(self) -> InHand:
        if self._read_only:
            raise StoreError(f"{self._path} was opened to be read only")
        if self._in_hand is None:
            try:
                self._in_hand = InHand(self._path.with_name(self._path.name + ".in-hand"))
            except OSError as error:
                raise StoreError(f"{error.filename} cannot be opened ({error.strerror})") from error
        return self._in_hand

    def _puts(self, batch: Commit) -> Puts:
        """The batch as documents. Encoded before the lock is taken."""
        view = self._view
        puts: Puts = {}
        tables: tuple[tuple[str, Iterable[Any]], ...] = (
            ("invitees", batch.invitees),
            ("replies", batch.replies),
            ("letters", batch.letters),
            ("rulings", batch.rulings),
            ("done", batch.done),
            ("summaries", batch.summaries),
            ("forgotten", map(_Forgotten, batch.forgotten)),
            ("frozen", () if batch.frozen is None else (batch.frozen,)),
            ("mailbox", () if batch.mailbox is None else (batch.mailbox,)),
            ("trials", batch.trials),
        )
        try:
            for name, records in tables:
                shelf = view.shelves[name]
                for record in records:
                    doc = shelf.codec.encode(record)
                    gone = isinstance(record, Trial) and record.failures == 0
                    puts.setdefault(name, {})[shelf.key(doc)] = None if gone else doc
        except CodecError as error:
            raise StoreError(f"nothing was recorded: {error}") from error
        return puts

    def _erase(self, batch: Commit, puts: Puts) -> None:
        """Add what goes to `puts`; what the batch puts in place anew stays."""
        view = self._view
        for invitee_id in batch.erased:
            puts.setdefault("invitees", {}).setdefault(invitee_id, None)
            for reply in view.replies.records(view.replies_by_invitee.all(invitee_id)):
                puts.setdefault("replies", {}).setdefault(reply.digest, None)
            for letter in self.letters_to(invitee_id):
                puts.setdefault("letters", {}).setdefault(letter.id, None)
            for ruling in view.rulings.records(view.rulings_by_invitee.all(invitee_id)):
                puts.setdefault("rulings", {}).setdefault(ruling.id, None)
        for name, keys in (
            ("replies", batch.erased_replies),
            ("letters", batch.erased_letters),
            ("rulings", batch.erased_rulings),
        ):
            for key in keys:
                puts.setdefault(name, {}).setdefault(key, None)

    def _put(self, name: str, documents: Mapping[Hashable, dict[str, Any] | None]) -> None:
        shelf = self._view.shelves[name]
        placed: dict[int, dict[str, Any] | None] = {}
        for key, doc in documents.items():
            doc_id = shelf.id_of(key)
            if doc_id is not None:
                placed[int(doc_id)] = doc
            elif doc is not None:
                placed[self._journal.next_id(name)] = doc
        if placed:
            table = self._db.table(name)
            assert isinstance(table, JournalTable)
            table.put(placed)


def _queued(letters: Iterable[Letter]) -> tuple[Letter, ...]:
    """In the order of queueing."""
    return tuple(sorted(letters, key=lambda letter: letter.queued_at))
