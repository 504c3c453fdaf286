"""The embedded store: TinyDB over a journal, with every question answered from an index.

A document carries its own key (an invitee's id, a reply's digest); TinyDB's integer ids are used again after a removal
and mean nothing outside. Documents are read from the file and decoded when they are asked for, and a record is what its
document says: the same before and after a restart. In memory are the indexes, and the records that were asked for last.

Reads come from any thread, take no lock between processes, and wait for no commit of another thread, but for a group of
them. Each sees whole commits that are on disk; several reads that must agree belong in a `transaction()`.
"""

from __future__ import annotations

import contextlib
import logging
import math
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial, wraps
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

from rsvpbot.model import (
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
    question_id,
)
from rsvpbot.store.base import Commit, Headcount, Store, StoreError
from rsvpbot.store.codec import Codec, CodecError, codec
from rsvpbot.store.contents import Contents, Places
from rsvpbot.store.index import Doc, Index, Sums, Terms, Times, only, without
from rsvpbot.store.inhand import IN_HAND, InHand
from rsvpbot.store.journal import BEFORE, TELL_AT_ONCE, Journal, JournalDB, Moved
from rsvpbot.store.line import Place, encoded
from rsvpbot.store.lock import DAEMON_LOCK, FileLock, is_held, unusable
from rsvpbot.store.place import sync_folder

log = logging.getLogger(__name__)

SCHEMA = 1
"""Raised when an older version could no longer make sense of what this one writes. A new field is no such change."""
CLOSING_TAKES = 1.0
"""Seconds for which a daemon that starts waits for its lock: a command that just closes the store may have it."""

KEPT = 128
"""Documents of each table that stay in memory: what is in hand, and some around it."""

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
    return dict.fromkeys(doc["addresses"])


def _delegate_address(doc: Doc) -> Iterable[Hashable]:
    delegate = (doc.get("answer") or {}).get("delegate")
    return [delegate["email"]] if delegate and delegate["email"] else []


def _on_standby(doc: Doc) -> Iterable[Hashable]:
    answer = doc.get("answer") or {}
    return [True] if answer.get("standby") or answer.get("offered_until") else []


def _waiting_since(doc: Doc) -> Iterable[tuple[Hashable, float]]:
    since = (doc.get("answer") or {}).get("standby")
    if not since or not doc.get("listed", True):
        return ()
    category, at = doc.get("category", "").casefold(), _seconds(since)
    return ((_ALL, at), (("category", category), at)) if category else ((_ALL, at),)


def _seats(doc: Doc) -> Iterable[tuple[Hashable, int]]:
    answer = doc.get("answer")
    if not answer or answer["partstat"] not in _COMING or answer.get("standby") or not doc.get("listed", True):
        return ()
    party = answer.get("party")
    people = party if party is not None else max(1, len(answer.get("names") or ()))
    category = doc.get("category", "").casefold()
    return ((_ALL, people), (("category", category), people)) if category else ((_ALL, people),)


def _heads(doc: Doc) -> Iterable[tuple[Hashable, int]]:
    """See `base.Headcount`."""
    answer = doc.get("answer")
    asked = (("asked", 1),) if doc.get("pending") else ()
    if not doc.get("listed", True):
        return (("gone", 1), *asked) if answer else asked
    partstat = answer["partstat"] if answer else PartStat.NEEDS_ACTION.value
    heads = [(partstat, 1), *(("expected", people) for group, people in _seats(doc) if group == _ALL)]
    if answer and partstat == PartStat.TENTATIVE:
        heads.append(("perhaps", answer.get("party") or max(1, len(answer.get("names") or ()))))
    if partstat == PartStat.NEEDS_ACTION and doc.get("bounced"):
        heads.append(("unreached", 1))
    if answer and (answer.get("standby") or answer.get("offered_until")):
        heads.append(("standby", 1))
        if not answer.get("standby"):
            heads.append(("offered", 1))
    if asked:
        heads += (("pending", 1), *asked)
    return heads


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


def _state(text: bytes) -> Iterable[Hashable] | None:
    state = _state_of(text)
    return None if state is None else (state,)


def _folder_and_time(text: bytes) -> Iterable[tuple[Hashable, float]] | None:
    folder, at = _folder_of(text), _at_of(text)
    return None if folder is None or at is None else ((folder, _seconds(at)),)


_state_of, _folder_of, _at_of = only("state"), only("folder"), only("at")
_ALL = "all"


@dataclass(slots=True)
class _Kept(Generic[R]):
    """A document in memory, and its record once that was asked for."""

    doc: Doc
    record: R | None = None


class _Shelf(Generic[R]):
    """One table: its documents by key, and their records."""

    def __init__(
        self, contents: Contents, table: str, record: type[R], key: Callable[[Doc], Hashable], *indexes: Index
    ) -> None:
        self.codec: Codec[R] = codec(record)
        self.key = key
        self._contents = contents
        self._table = table
        self._ids = Terms(lambda doc: (key(doc),))
        self._indexes: tuple[Index, ...] = (self._ids, *indexes)
        self.at_once = True
        """Whoever asks one index will ask the others. A command that only reads asks few."""
        self._kept: OrderedDict[int, _Kept[R]] = OrderedDict()
        """Those written or asked for last, the latest at the end."""

    def change(self, changes: Sequence[Moved]) -> None:
        indexes = [index for index in self._indexes if index.late is None]
        if indexes:
            known = [(doc_id, self._before(doc_id, old), new) for doc_id, old, new in changes]
            for index in indexes:
                index.change(known)
        for doc_id, _, new in changes:
            if new is None:
                self._kept.pop(doc_id, None)
            else:
                self._keep(doc_id, _Kept(new))

    def there(self, *, at_once: bool) -> None:
        """There are documents that the indexes were not told of: they read them at the first question."""
        self.at_once = at_once
        for index in self._indexes:
            index.late = partial(self._index, index)

    def _index(self, asked: Index) -> None:
        late = [index for index in self._indexes if index.late is not None] if self.at_once else [asked]
        contents, table = self._contents, self._table
        try:
            with told(contents.path, table):
                if contents.ours and (asked.quick or len(late) == 1):
                    late = [asked]
                    asked.read(contents.texts(table), contents.decoded)
                else:
                    for some in batched(contents.docs(table)):
                        for index in late:
                            index.change(some)
        except BaseException:
            for index in late:
                index.clear()
            raise
        for index in late:
            index.late = None

    def id_of(self, key: Hashable) -> int | None:
        return self._ids.first(key)

    def get(self, key: Hashable) -> R | None:
        return self.record(self._ids.first(key))

    def record(self, doc_id: int | None) -> R | None:
        if doc_id is None:
            return None
        kept = self._kept.get(doc_id)
        if kept is None:
            doc = self._contents.document(self._table, doc_id)
            if doc is None:
                return None
            kept = _Kept(doc)
        if kept.record is None:
            kept.record = self._decoded(doc_id, kept.doc)
        self._keep(doc_id, kept)
        return kept.record

    def _all(self) -> list[R]:
        """Each is read once and not kept: what is in hand stays so."""
        found: dict[int, R] = {}
        for doc_id, text in self._contents.texts(self._table):
            kept = self._kept.get(doc_id)
            record = None if kept is None else kept.record
            found[doc_id] = self._decoded(doc_id, self._contents.decoded(text)) if record is None else record
        return [found[doc_id] for doc_id in self._contents.tables.get(self._table, ())]

    def _decoded(self, doc_id: int, doc: Doc) -> R:
        try:
            return self.codec.decode(doc)
        except CodecError as error:
            raise StoreError(f"document {doc_id} was written by a newer version, or altered: {error}") from error

    def _before(self, doc_id: int, place: Place | None) -> Doc | None:
        if place is None:
            return None
        kept = self._kept.get(doc_id)
        return self._contents.read(place) if kept is None else kept.doc

    def _keep(self, doc_id: int, kept: _Kept[R]) -> None:
        self._kept[doc_id] = kept
        self._kept.move_to_end(doc_id)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def documents(self) -> Iterator[Doc]:
        for doc_id in self._contents.tables.get(self._table, ()):
            doc = self._contents.document(self._table, doc_id)
            if doc is not None:
                yield doc

    def records(self, doc_ids: Iterable[int] | None = None) -> list[R]:
        """Of these documents, or of all."""
        if doc_ids is None:
            doc_ids = self._contents.tables.get(self._table, Places())
            if len(doc_ids) > KEPT:
                return self._all()
        return [record for record in map(self.record, doc_ids) if record is not None]


def batched(docs: Iterable[tuple[int, Doc]]) -> Iterator[list[tuple[int, Doc | None, Doc | None]]]:
    """Documents that are new to an index, some at a time."""
    docs = iter(docs)
    while some := [(doc_id, None, doc) for doc_id, doc in islice(docs, TELL_AT_ONCE)]:
        yield some  # type: ignore[misc]


@contextlib.contextmanager
def told(path: Path, table: str) -> Iterator[None]:
    """What an index cannot make anything of, in words."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(
            f"{path}: a document of {table} is not one that rsvpbot wrote ({type(error).__name__}); "
            "is this another program's file? Choose another one in [store] url"
        ) from error


class _View:
    """The state as the questions of the interface want it. Made anew when the file is read from its beginning."""

    def __init__(self, contents: Contents) -> None:
        self.by_address = Terms(_own_addresses)
        self.by_delegate = Terms(_delegate_address, without(b'"delegate":{'))
        self.by_bare_uid = Terms(lambda doc: (_bare(doc["calendar_uid"]),))
        self.by_domain = Terms(_domains)
        self.standby = Terms(_on_standby, without(b'"standby":', b'"offered_until":'))
        self.waiting = Times(_waiting_since, without(b'"standby":'))
        self.seats = Sums(_seats)
        self.heads = Sums(_heads)
        self.invitees = _Shelf(
            contents,
            "invitees",
            Invitee,
            lambda doc: doc["id"],
            self.standby,
            self.waiting,
            self.seats,
            self.heads,
            self.by_address,
            self.by_delegate,
            self.by_bare_uid,
            self.by_domain,
        )
        self.replies_by_invitee = Terms(_invitee_id)
        self.open_replies = Terms(lambda doc: (True,) if doc["open"] else (), without(b'"open":true'))
        self.questions = Terms(lambda doc: (question_id(doc["digest"]),) if doc["folder"] == Folder.REVIEW else ())
        self.replies = _Shelf(
            contents,
            "replies",
            Reply,
            lambda doc: doc["digest"],
            self.replies_by_invitee,
            self.open_replies,
            self.questions,
        )
        self.rulings_by_invitee = Terms(lambda doc: (doc.get("invitee_id"),))
        self.rulings_by_question = Terms(
            lambda doc: (doc["question"],) if doc.get("question") and not doc.get("undone") else ()
        )
        self.rulings_by_mail = Terms(lambda doc: (doc["message"],) if doc.get("message") else ())
        self.rulings = _Shelf(
            contents,
            "rulings",
            Ruling,
            lambda doc: doc["id"],
            self.rulings_by_invitee,
            self.rulings_by_question,
            self.rulings_by_mail,
        )
        self.letters_by_state = Terms(lambda doc: (doc["state"],), _state)
        self.letters_by_invitee = Terms(_invitee_id)
        self.uncopied = Terms(
            lambda doc: (True,) if doc["state"] == LetterState.SENT and "raw" in doc and not doc.get("copied") else ()
        )
        self.answers = Times(_answer_times)
        self.letters = _Shelf(
            contents,
            "letters",
            Letter,
            lambda doc: doc["id"],
            self.letters_by_state,
            self.letters_by_invitee,
            self.uncopied,
            self.answers,
        )
        self.done_by_digest = Terms(lambda doc: ((doc["digest"], doc.get("put_back", False)),) if doc["digest"] else ())
        self.failed = Terms(lambda doc: (True,) if doc["folder"] == Folder.FAILED else ())
        self.unfiled = Terms(lambda doc: () if doc.get("filed") else (doc["uidvalidity"],))
        self.tally = Times(lambda doc: ((doc["folder"], _seconds(doc["at"])),), _folder_and_time)
        self.done = _Shelf(contents, "done", Done, _place, self.done_by_digest, self.failed, self.unfiled, self.tally)
        self.trials = _Shelf(contents, "trials", Trial, _place)
        self.floods = _Shelf(contents, "floods", Flood, lambda doc: doc["id"])
        self.mailbox = _Shelf(contents, "mailbox", Mailbox, lambda doc: "")
        self.summary_days = Times(lambda doc: ((_ALL, float(date.fromisoformat(doc["day"]).toordinal())),))
        self.summaries = _Shelf(contents, "summaries", SummaryRecord, lambda doc: doc["day"], self.summary_days)
        self.frozen = _Shelf(contents, "frozen", Frozen, lambda doc: "")
        self.forgotten = _Shelf(contents, "forgotten", _Forgotten, lambda doc: doc["hash"])
        self.version = _Shelf(contents, "version", _Version, lambda doc: "")
        self.shelves: Mapping[str, _Shelf[Any]] = {
            "invitees": self.invitees,
            "replies": self.replies,
            "letters": self.letters,
            "rulings": self.rulings,
            "done": self.done,
            "trials": self.trials,
            "floods": self.floods,
            "mailbox": self.mailbox,
            "summaries": self.summaries,
            "frozen": self.frozen,
            "forgotten": self.forgotten,
            "version": self.version,
        }


def _invitee_id(doc: Doc) -> Iterable[Hashable]:
    """None: nobody asks for those of nobody."""
    invitee_id = doc["invitee_id"]
    return () if invitee_id is None else (invitee_id,)


def _place(doc: Doc) -> Hashable:
    return (doc["uidvalidity"], doc["uid"])


class _Keeper:
    """Keeps the view at the journal's state."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self._path = path
        self._read_only = read_only
        self.view = _View(Contents(path))
        self._coming: _View | None = None
        """While a file is read from its beginning."""
        self._trouble: StoreError | None = None

    def renewed(self, contents: Contents) -> None:
        self._coming, self._trouble = _View(contents), None

    def there(self, tables: Collection[str]) -> bool:
        coming = self._coming
        if coming is None or not coming.shelves.keys() >= set(tables):
            return False
        for table in tables:
            coming.shelves[table].there(at_once=not self._read_only)
        return True

    def changed(self, table: str, changes: Sequence[Moved]) -> None:
        if self._coming is not None:
            try:
                self._change(self._coming, table, changes)
            except StoreError as error:
                self._trouble = self._trouble or error  # that a newer version wrote it says more
            return
        if table == "version":
            self._check_version([new for _, _, new in changes if new is not None])
        self._change(self.view, table, changes)

    def loaded(self) -> None:
        coming, self._coming = self._coming, None
        assert coming is not None  # noqa: S101 (the journal says `renewed` first)
        self._check_version(coming.version.documents())
        if self._trouble is not None:
            raise self._trouble
        self.view = coming

    def _change(self, view: _View, table: str, changes: Sequence[Moved]) -> None:
        shelf = view.shelves.get(table)
        if shelf is None:
            return  # a later version's table, or a guest's
        with told(self._path, table):
            shelf.change(changes)

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
        self._keeper = _Keeper(path, read_only=read_only)
        self._db = JournalDB(path, read_only=read_only, watcher=self._keeper)
        journal = self._db.storage
        assert isinstance(journal, Journal)  # noqa: S101 (the class that JournalDB names)
        self._journal = journal
        self._daemon: FileLock | None = None
        self._in_hand: InHand | None = None
        self._no_room = False
        """A compaction that was asked for has just failed, and who asked was told."""

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

    @_steady
    def headcount(self) -> Headcount:
        of = self._view.heads.of
        answers = {partstat: of(partstat.value) for partstat in PartStat}
        return Headcount(
            answers,
            expected=of("expected"),
            perhaps=of("perhaps"),
            standby=of("standby"),
            offered=of("offered"),
            pending=of("pending"),
            asked=of("asked"),
            unreached=of("unreached"),
            gone=of("gone"),
        )

    @_steady
    def waiting_before(self, moment: datetime, category: str = "") -> int:
        group = ("category", category.casefold()) if category else _ALL
        return self._view.waiting.count(group) - self._view.waiting.count(group, moment.timestamp())

    @_steady
    def last_to_wait(self) -> datetime | None:
        last = self._view.waiting.last_before(_ALL, math.inf)
        return None if last is None else datetime.fromtimestamp(last, UTC)

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
        return view.done.record(view.done_by_digest.first((digest, False))) if digest else None

    @_steady
    def put_back(self, digest: str) -> Done | None:
        view = self._view
        return view.done.record(view.done_by_digest.first((digest, True))) if digest else None

    @_steady
    def failed(self) -> tuple[Done, ...]:
        view = self._view
        return tuple(sorted(view.done.records(view.failed.all(True)), key=lambda done: done.at))

    @_steady
    def unfiled(self, uidvalidity: int) -> tuple[Done, ...]:
        view = self._view
        return tuple(view.done.records(view.unfiled.all(uidvalidity)))

    @_steady
    def tally(self, since: datetime | None = None) -> Mapping[Folder, int]:
        view = self._view
        start = None if since is None else since.timestamp()
        counted = {folder: view.tally.count(folder.value, start) for folder in Folder}
        unread = (flood.number for flood in view.floods.records() if since is None or flood.last >= since)
        return counted | {Folder.REVIEW: counted[Folder.REVIEW] + sum(unread)}

    @_steady
    def floods(self) -> tuple[Flood, ...]:
        return tuple(sorted(self._view.floods.records(), key=lambda flood: flood.first))

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

    def each_letter(self, state: LetterState) -> Iterator[Letter]:
        for doc_id in self._in_state(state):
            letter = self._letter(doc_id)
            if letter is not None and letter.state is state:
                yield letter

    @_steady
    def _in_state(self, state: LetterState) -> Sequence[int]:
        return tuple(self._view.letters_by_state.all(state.value))

    @_steady
    def _letter(self, doc_id: int) -> Letter | None:
        return self._view.letters.record(doc_id)

    @_steady
    def letter_tally(self) -> Mapping[LetterState, int]:
        view = self._view
        return {state: view.letters_by_state.count(state.value) for state in LetterState}

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

    @_steady
    def has_forgotten(self) -> bool:
        return any(True for _ in self._view.forgotten.documents())

    # ----------------------------------------------------------------- writing

    def commit(self, batch: Commit) -> None:
        puts = self._puts(batch)
        with self._journal.transaction():
            with self._journal.folding:
                self._erase(batch, puts)
                if self._view.version.get("") is None:
                    puts["version"] = {"": {"schema": SCHEMA}}
                placed = {name: self._placed(name, documents) for name, documents in puts.items()}
            for name, documents in placed.items():
                if documents:
                    self._journal.change(name, documents)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        with self._journal.hold():
            yield

    @contextlib.contextmanager
    def group(self) -> Iterator[None]:
        with self._journal.group():
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
                raise StoreError(unusable(self._daemon_lock, error)) from error
        return self._daemon.acquire(CLOSING_TAKES)

    def daemon_runs(self) -> bool:
        try:
            return is_held(self._daemon_lock)
        except OSError as error:
            raise StoreError(unusable(self._daemon_lock, error)) from error

    @property
    def _daemon_lock(self) -> Path:
        return self._path.with_name(self._path.name + DAEMON_LOCK)

    def compact(self) -> None:
        self._no_room = True
        self._journal.compact()
        self._no_room = False
        folder = self._path.parent
        try:
            for file in self._older():
                file.unlink()
                if file.name != self._path.name + BEFORE:
                    log.warning("deleted %s", file.name)
            sync_folder(folder)
        except OSError as error:
            raise StoreError(
                f"{folder}: what was there before cannot be deleted ({error.strerror}); let this user write there"
            ) from error

    def is_compact(self) -> bool:
        try:
            return self._journal.lines <= 1 and not self._older()
        except OSError as error:
            raise StoreError(f"{self._path.parent} cannot be read ({error.strerror}); let this user read it") from error

    def holds(self, text: str) -> bool:
        value = encoded(text)
        try:
            files = [file for file in (self._path, *self._older()) if file.exists()]
            return any(value in file.read_bytes() for file in files)
        except OSError as error:
            raise StoreError(
                f"{error.filename} cannot be read ({error.strerror}); it should belong to the user that runs rsvpbot"
            ) from error

    def _older(self) -> list[Path]:
        """The files beside the store that hold what it held. Raises OSError."""
        from rsvpbot.store.repair import put_aside_by_repairs

        before = self._path.with_name(self._path.name + BEFORE)
        if not before.parent.is_dir():
            return []  # a store that was never written
        return [*([before] if before.exists() else []), *put_aside_by_repairs(self._path)]

    def backup(self, file: Path) -> None:
        self._journal.copy_to(file)

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
            if not self._read_only and not self._no_room and self.lock_daemon():
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
            file = self._path.with_name(self._path.name + IN_HAND)
            try:
                self._in_hand = InHand(file)
            except OSError as error:
                raise StoreError(unusable(file, error)) from error
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
            ("floods", batch.floods),
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
            ("done", batch.erased_done),
        ):
            for key in keys:
                puts.setdefault(name, {}).setdefault(key, None)

    def _placed(
        self, name: str, documents: Mapping[Hashable, dict[str, Any] | None]
    ) -> dict[int, dict[str, Any] | None]:
        """The documents by their ids, those that are new with a new one."""
        shelf = self._view.shelves[name]
        placed: dict[int, dict[str, Any] | None] = {}
        for key, doc in documents.items():
            doc_id = shelf.id_of(key)
            if doc_id is not None:
                placed[doc_id] = doc
            elif doc is not None:
                placed[self._journal.next_id(name)] = doc
        return placed


def _queued(letters: Iterable[Letter]) -> tuple[Letter, ...]:
    """In the order of queueing."""
    return tuple(sorted(letters, key=lambda letter: letter.queued_at))
