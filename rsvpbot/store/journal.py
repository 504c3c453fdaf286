"""A TinyDB storage and table whose commits cost what they change, and survive what kills a file rewritten in place.

The file: each line is one commit, `{"table": {"id": document or null}}` in JSON, null taking a document away; the
state is the fold of the lines. A line counts once it is complete with its line end. A file of one line is what plain
TinyDB writes and reads, and that is what compaction leaves; a file that plain TinyDB wrote can be opened as it is.

Durability: a commit is appended and fdatasync'ed before it is acknowledged, and only then folded into memory: nobody
ever sees what is not on disk. A crash can tear the last line only, because no line is begun before the one ahead of
it is on disk; it then lacks its line end or has zeros in it, was never acknowledged, and is cut off. Any other line
that cannot be read is damage, and nothing is done before a person has looked.

Processes: who writes holds an flock on `FILE.lock` and first folds what others appended. Who reads takes no lock
between processes and sees complete lines only. Compaction puts a new file in place; the others notice the new inode.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Protocol

from tinydb import TinyDB
from tinydb.queries import QueryLike
from tinydb.storages import Storage
from tinydb.table import Table

from rsvpbot.store.base import StoreBroken, StoreError
from rsvpbot.store.lock import FileLock, open_private

log = logging.getLogger(__name__)

Doc = dict[str, Any]
State = dict[str, dict[str, Doc]]
Changes = Mapping[str, Mapping[str, Doc | None]]

PATIENCE = 30.0
"""Seconds to wait for another process's commit: thousands of times what one takes."""
WORTH_COMPACTING = 1_000_000
"""Bytes behind the first line below which compaction would gain nothing that anybody notices."""
FREEZE_FROM = 5_000
"""Documents from which on a full garbage collection would stop the daemon noticeably (200 ms at 100,000)."""
READ_AT_ONCE = 1 << 24


class Watcher(Protocol):
    """Is told of the state, so that it can keep indexes. Called by one thread at a time."""

    def loaded(self, state: State) -> None:
        """The file was read from its beginning: forget everything, this is the state."""
        ...

    def changed(self, table: str, doc_id: str, old: Doc | None, new: Doc | None) -> None: ...


class Journal(Storage):
    """The file. Safe for several threads and processes.

    Raises StoreError where the file cannot be opened, read or written, and where a line is damaged; StoreBroken where
    it can no longer be known what the disk holds.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        read_only: bool = False,
        watcher: Watcher | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self.path = Path(path)
        self._read_only = read_only
        self._watcher = watcher
        self._patience = patience
        self._threads = threading.RLock()
        self.folding = threading.RLock()
        """Held while a commit is folded into memory, never while the disk is waited for: who reads under it sees whole
        commits only."""
        self._depth = 0
        self._pending: dict[str, dict[str, Doc | None]] | None = None
        self._unusable = ""
        self.closed = False
        self._state: State = {}
        self._tops: dict[str, int] = {}
        self._fd = -1
        self._inode = (0, 0)
        self._end = 0
        self._ended = True
        self._lines = 0
        self._first = 0
        self._lock: FileLock | None = None
        with self._threads:
            if read_only:
                self._catch_up()
                return
            try:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._lock = FileLock(self.path.with_name(self.path.name + ".lock"))
            except OSError as error:
                raise StoreError(
                    f"{self.path}: its folder cannot be used ({error.strerror}); let this user write there"
                ) from error
            try:
                with self.hold():
                    pass
            except BaseException:
                self.close()
                raise

    # ----------------------------------------------------------------- reading

    @property
    def lines(self) -> int:
        """How many commits the file holds."""
        return self._lines

    @property
    def worth_compacting(self) -> bool:
        return self._end - self._first > max(self._first, WORTH_COMPACTING)

    def refresh(self) -> None:
        """See what others have committed."""
        with self._threads:
            self._check()
            if self._depth == 0:
                self._catch_up()

    def read(self) -> State | None:
        """The tables, refreshed, with the changes of this thread's open transaction. To be looked at only."""
        with self._threads:
            self.refresh()
            tables = dict(self._state)
            for name, changes in (self._pending or {}).items():
                merged = {**tables.get(name, {}), **changes}
                tables[name] = {doc_id: doc for doc_id, doc in merged.items() if doc is not None}
            return tables or None

    # ----------------------------------------------------------------- writing

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Keep other threads and processes from writing, and see all that they wrote. May be nested."""
        with self._threads:
            self._check()
            if self._lock is None:
                raise StoreError(f"{self.path} was opened to be read only")
            if self._depth == 0 and not self._lock.acquire(self._patience):
                raise StoreError(
                    f"{self.path}: another process has held it for {self._patience:g} s; look for one that hangs"
                )
            self._depth += 1
            try:
                if self._depth == 1:
                    self._catch_up()
                    self._cut_torn_line()
                yield
            finally:
                self._depth -= 1
                if self._depth == 0 and self._lock.held:
                    self._lock.release()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold, and write all changes made inside as one commit at the end; none if an exception leaves it. One
        inside another joins it."""
        with self.hold():
            if self._pending is not None:
                yield
                return
            changes = self._pending = {}
            try:
                yield
            finally:
                self._pending = None
            self._commit(changes)

    def change(self, table: str, documents: Mapping[str, Doc | None]) -> None:
        """Within a transaction: put these documents of a table in place, or away where None."""
        if self._pending is None:
            raise StoreError("a change needs a transaction around it")
        self._pending.setdefault(table, {}).update(documents)
        for doc_id in documents:
            self._tops[table] = max(self._tops.get(table, 0), int(doc_id))

    def next_id(self, table: str) -> int:
        """Within a hold: a document id that the table has not had since the file was opened."""
        self._tops[table] = self._tops.get(table, 0) + 1
        return self._tops[table]

    def restart_ids(self, table: str) -> None:
        """Within a hold: begin with 1 again, for a table that was emptied."""
        self._tops.pop(table, None)

    def write(self, data: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        """Replace everything, as TinyDB does to drop tables. Not within a transaction."""
        with self.hold():
            if self._pending is not None:
                raise StoreError("tables cannot be dropped within a transaction")
            self._replace(json.loads(json.dumps(data)))
            self._tops = {name: max(map(int, documents), default=0) for name, documents in self._state.items()}
            self._watch_from_start()

    @property
    def position(self) -> tuple[tuple[int, int], int]:
        """The file, and how far it was read."""
        return self._inode, self._end

    def compact(self) -> None:
        """Rewrite the file as one line. Raises StoreError where there is no room; the old file then stays in use."""
        with self.hold():
            if self._pending is None and self._lines > 1:
                self._replace(self._state)

    def close(self) -> None:
        with self._threads:
            self.closed = True
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
            if self._lock is not None and self._depth == 0:
                self._lock.close()
                self._lock = None

    # ----------------------------------------------------------------- the file

    def _check(self) -> None:
        if self._unusable:
            raise StoreBroken(self._unusable)
        if self.closed:
            raise StoreError(f"{self.path} was closed")

    def _break(self, why: str, error: OSError) -> StoreBroken:
        self._unusable = f"{self.path}: {why} ({error.strerror}); check the disk, then start again"
        return StoreBroken(self._unusable)

    def _catch_up(self) -> None:
        """Fold what was appended since; read a new file from its beginning."""
        try:
            there = self.path.stat()
        except FileNotFoundError:
            if self._fd >= 0:
                self._unusable = f"{self.path} was taken away while in use; put it back and start again"
                raise StoreBroken(self._unusable) from None
            if self._depth == 0:
                self._watch_from_start()
                return  # to a reader, a store that was never written is an empty one
            self._create()
            there = self.path.stat()
        except OSError as error:
            raise StoreError(f"{self.path} cannot be read ({error.strerror})") from error
        if (there.st_dev, there.st_ino) != self._inode or there.st_size < self._end:
            self._load()
        elif there.st_size > self._end:
            self._fold_lines(self._read_from(self._fd, self._end))

    def _create(self) -> None:
        try:
            os.close(open_private(self.path))
            _sync_folder(self.path.parent)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be made ({error.strerror})") from error

    def _load(self) -> None:
        """Read the whole file. Without garbage collection: nothing here is garbage, and looking for it would take as
        long as the reading."""
        collecting = gc.isenabled()
        gc.disable()
        try:
            fd = self._open()
            if self._fd >= 0:
                os.close(self._fd)
            self._fd = fd
            data = self._read_from(fd, 0)
            status = os.fstat(fd)
            self._inode = (status.st_dev, status.st_ino)
            self._state, self._tops = {}, {}
            self._end = self._lines = self._first = 0
            self._ended = True
            watcher, self._watcher = self._watcher, None
            try:
                self._fold_lines(data)
            finally:
                self._watcher = watcher
            self._watch_from_start()
        except BaseException:
            self._inode = (0, 0)  # what was read is not to be gone on with
            raise
        finally:
            if collecting:
                gc.enable()
        if sum(map(len, self._state.values())) >= FREEZE_FROM:
            gc.freeze()

    def _open(self) -> int:
        try:
            if self._read_only:
                return os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
            if os.fstat(fd).st_mode & 0o077:
                os.fchmod(fd, 0o600)
            return fd
        except OSError as error:
            raise StoreError(
                f"{self.path} cannot be opened ({error.strerror}); it should belong to the user that runs rsvpbot"
            ) from error

    def _read_from(self, fd: int, position: int) -> bytes:
        chunks = []
        try:
            while chunk := os.pread(fd, READ_AT_ONCE, position):
                chunks.append(chunk)
                position += len(chunk)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be read ({error.strerror}); check the disk") from error
        return b"".join(chunks)

    def _watch_from_start(self) -> None:
        if self._watcher is not None:
            self._watcher.loaded(self._state)

    def _fold_lines(self, data: bytes) -> None:
        """Fold the lines in `data`, which stands at `_end`. What is left over at the end is not folded: the line that
        another is just writing, or one that was torn."""
        begin = 0
        while begin < len(data):
            newline = data.find(b"\n", begin)
            if newline == begin:  # the line end that plain TinyDB did not write
                self._ended = True
                self._end += 1
                begin += 1
                continue
            after = len(data) if newline < 0 else newline + 1
            # Plain TinyDB writes no line end. Elsewhere a line without one counts only where nobody can be writing it.
            whole = newline >= 0 or self._end == 0 or self._depth > 0
            changes = _parse(data[begin:after]) if whole else None
            if changes is None:
                torn = newline < 0 or b"\0" in data[begin:after]
                if after < len(data) or not torn:
                    raise StoreError(
                        f"{self.path}: line {self._lines + 1} (at byte {self._end}) is damaged. "
                        "Nothing was changed. Put back a copy of the file, or take that line out of it "
                        "if you can do without what it recorded"
                    )
                return
            self._ended = newline >= 0
            self._fold(changes, after - begin)
            begin = after

    def _fold(self, changes: Changes, length: int) -> None:
        with self.folding:
            for name, documents in changes.items():
                self._fold_table(name, documents)
        self._end += length
        self._lines += 1
        if self._lines == 1:
            self._first = length

    def _fold_table(self, name: str, documents: Mapping[str, Doc | None]) -> None:
        table = self._state.setdefault(name, {})
        top = self._tops.get(name, 0)
        for doc_id, new in documents.items():
            old = table.get(doc_id)
            if new is None:
                table.pop(doc_id, None)
            else:
                table[doc_id] = new
                top = max(top, int(doc_id))
            if self._watcher is not None:
                self._watcher.changed(name, doc_id, old, new)
        self._tops[name] = top

    def _cut_torn_line(self) -> None:
        """Within a hold, after `_catch_up`: make the file end where the last good line ends."""
        size = os.fstat(self._fd).st_size
        try:
            if size > self._end:
                log.warning("cut off %d bytes of a commit that was never acknowledged", size - self._end)
                os.ftruncate(self._fd, self._end)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written ({error.strerror})") from error

    def _commit(self, changes: Changes) -> None:
        kept = {
            name: {doc_id: doc for doc_id, doc in documents.items() if doc is not None or self._has(name, doc_id)}
            for name, documents in changes.items()
        }
        kept = {name: documents for name, documents in kept.items() if documents or name not in self._state}
        if not kept:
            return
        text = json.dumps(kept, separators=(",", ":"))
        line = (b"" if self._ended else b"\n") + text.encode("ascii") + b"\n"
        try:
            _write_all(self._fd, line)
        except OSError as error:
            self._take_back()
            raise StoreError(
                f"{self.path}: nothing could be recorded ({error.strerror}); make room on this disk"
            ) from error
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            # The kernel may have dropped the pages and report success next time: only a new process, which reads what
            # there is, can go on.
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._end)
            raise self._break("the disk did not confirm a commit", error) from error
        self._ended = True
        self._fold(json.loads(text), len(line))  # what memory holds is what the file says, and shares nothing

    def _has(self, table: str, doc_id: str) -> bool:
        return doc_id in self._state.get(table, {})

    def _take_back(self) -> None:
        try:
            os.ftruncate(self._fd, self._end)
        except OSError as error:
            raise self._break("half a commit could not be taken back", error) from error

    def _replace(self, state: State) -> None:
        """Put a file of one line, holding `state`, in place of the present one."""
        line = json.dumps(state, separators=(",", ":")).encode("ascii") + b"\n"
        new = self.path.with_name(self.path.name + ".new")
        fd = -1
        try:
            new.unlink(missing_ok=True)
            fd = open_private(new, os.O_APPEND | os.O_EXCL)
            _write_all(fd, line)
            os.fsync(fd)
            status = os.fstat(fd)
            new.rename(self.path)
        except OSError as error:
            if fd >= 0:
                os.close(fd)
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)
            raise StoreError(
                f"{self.path} could not be compacted ({error.strerror}); nothing is lost, make room on this disk"
            ) from error
        os.close(self._fd)
        self._fd, self._inode = fd, (status.st_dev, status.st_ino)
        self._state = state
        self._end = self._first = len(line)
        self._lines = 1
        self._ended = True
        try:
            _sync_folder(self.path.parent)
        except OSError as error:
            # After a power cut the old file could be back, without what is appended to the new one from here on.
            raise self._break("the disk did not confirm the compacted file", error) from error


class JournalTable(Table):
    """TinyDB's table over a Journal: the same calls and results; a change writes only what it changes.

    No query cache, as that would not see the commits of other processes.
    """

    def __init__(self, storage: Journal, name: str, cache_size: int = 0, persist_empty: bool = False) -> None:
        self._journal = storage
        super().__init__(storage, name, cache_size=0, persist_empty=persist_empty)

    def put(self, documents: Mapping[int, Doc | None]) -> None:
        """Put documents in place by their ids, whatever was there before; away where None."""
        with self._journal.transaction():
            self._journal.change(self.name, {str(doc_id): doc for doc_id, doc in documents.items()})

    def insert(self, document: Mapping[str, Any]) -> int:
        with self._journal.transaction():
            return super().insert(document)

    def insert_multiple(self, documents: Iterable[Mapping[str, Any]]) -> list[int]:
        with self._journal.transaction():
            return super().insert_multiple(documents)

    def update(
        self,
        fields: Mapping[str, Any] | Callable[[MutableMapping[str, Any]], None],
        cond: QueryLike | None = None,
        doc_ids: Iterable[int] | None = None,
    ) -> list[int]:
        with self._journal.transaction():
            return super().update(fields, None, self._ids(cond, doc_ids))

    def upsert(self, document: Mapping[str, Any], cond: QueryLike | None = None) -> list[int]:
        with self._journal.transaction():
            return super().upsert(document, cond)

    def remove(self, cond: QueryLike | None = None, doc_ids: Iterable[int] | None = None) -> list[int]:
        with self._journal.transaction():
            return super().remove(None, self._ids(cond, doc_ids))

    def truncate(self) -> None:
        with self._journal.transaction():
            super().truncate()
            self._journal.restart_ids(self.name)

    def _ids(self, cond: QueryLike | None, doc_ids: Iterable[int] | None) -> Iterable[int] | None:
        """Whom a change is for. The condition looks at the documents as they are, so that only those which it finds
        need be copied."""
        if doc_ids is not None or cond is None:
            return doc_ids
        return [int(doc_id) for doc_id, doc in self._read_table().items() if cond(doc)]

    def _get_next_id(self) -> int:
        return self._journal.next_id(self.name)

    def _update_table(self, updater: Callable[[dict[int, Mapping[str, Any]]], None]) -> None:
        with self._journal.transaction():
            draft = _Draft(self._read_table())
            updater(draft)  # type: ignore[arg-type]
            self._journal.change(self.name, draft.changes())


class JournalDB(TinyDB):
    """TinyDB with both: `JournalDB(path)`."""

    table_class = JournalTable  # type: ignore[assignment]
    default_storage_class = Journal  # type: ignore[assignment]


class _Draft(MutableMapping[int, Doc]):
    """A table as an updater sees it. A document is copied when it is touched, because updaters change it in place."""

    def __init__(self, present: Mapping[str, Mapping[str, Any]]) -> None:
        self._present = present
        self._touched: dict[int, Doc | None] = {}

    def changes(self) -> dict[str, Doc | None]:
        return {str(i): doc for i, doc in self._touched.items() if not _same(doc, self._present.get(str(i)))}

    def __getitem__(self, doc_id: int) -> Doc:
        if doc_id not in self._touched:
            self._touched[doc_id] = deepcopy(dict(self._present[str(doc_id)]))
        doc = self._touched[doc_id]
        if doc is None:
            raise KeyError(doc_id)
        return doc

    def __setitem__(self, doc_id: int, doc: Doc) -> None:
        self._touched[doc_id] = doc

    def __delitem__(self, doc_id: int) -> None:
        if doc_id not in self:
            raise KeyError(doc_id)
        self._touched[doc_id] = None

    def __contains__(self, doc_id: object) -> bool:
        if doc_id in self._touched:
            return self._touched[doc_id] is not None
        return str(doc_id) in self._present

    def __iter__(self) -> Iterator[int]:
        for doc_id in map(int, self._present):
            if self._touched.get(doc_id, ...) is not None:
                yield doc_id
        yield from [i for i, doc in self._touched.items() if doc is not None and str(i) not in self._present]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        self._touched = dict.fromkeys(self)


def _same(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """As JSON has it, where true is not 1."""
    return json.dumps(one) == json.dumps(other)


def _parse(line: bytes) -> Changes | None:
    """The commit in a line; None if it is none."""
    try:
        changes = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(changes, dict):
        return None
    for documents in changes.values():
        if not isinstance(documents, dict):
            return None
        for doc_id, doc in documents.items():
            if not (doc is None or isinstance(doc, dict)) or not doc_id.isdecimal():
                return None
    return changes


def _write_all(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
