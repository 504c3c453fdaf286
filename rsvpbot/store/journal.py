"""A TinyDB storage and table whose commits cost what they change, and survive what kills a file rewritten in place.

The file: each line is one commit, `{"table": {"id": document or null}}` in JSON, null taking a document away; the
state is the fold of the lines. Each carries a checksum that JSON passes over (see `line`). A file of one line is what
plain TinyDB writes and reads, and is what compaction leaves; a file that plain TinyDB wrote can be opened as it is.

Memory holds where each document stands (see `contents`), and what a watcher makes of them.

Durability: a commit is appended and fdatasync'ed before it is acknowledged, and only then folded in: nobody ever sees
what is not on disk. A crash can tear the last line only, because no line is begun before the one ahead of
it is on disk, and never the first, which is put in place as a whole; what is torn was never acknowledged, and is cut
off. Any other line that is not what it was is damage, and nothing is done before a person has looked: see `repair`.

Compaction keeps the file from before it, `FILE.before`: the first line of a compact file is everything, and from that
file it can be made again, byte by byte, should it go bad.

Processes: who writes holds an flock on `FILE.lock` and first folds what others appended. Who reads takes no lock
between processes and sees complete lines only. Compaction puts a new file in place; the others notice the new inode.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import json
import logging
import os
import stat
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Protocol

from tinydb import TinyDB
from tinydb.queries import QueryLike
from tinydb.storages import Storage
from tinydb.table import Table

from rsvpbot.store.base import StoreBroken, StoreError
from rsvpbot.store.contents import Contents, Places
from rsvpbot.store.line import Changes, Damaged, Doc, Entry, Line, Place, encoded, in_pieces, moved, next_line, written
from rsvpbot.store.lock import LOCK, FileLock, open_private, unusable
from rsvpbot.store.place import put_beside, put_in_place, sync_folder, write_all

log = logging.getLogger(__name__)

BEFORE = ".before"
"""Behind the name of the file, in that of the one from before the last compaction."""
PATIENCE = 30.0
"""Seconds to wait for another process's commit: thousands of times what one takes."""
WORTH_COMPACTING = 1_000_000
"""Bytes behind the first line below which compaction would gain nothing that anybody notices."""
READ_AHEAD = 4096
"""Bytes that another process may just have appended."""
TELL_AT_ONCE = 100
"""Documents of a table that are in memory decoded while a file is read from its beginning."""


Moved = tuple[int, Place | None, Doc | None]
"""Id, where the document stood before (and can be read yet), and the document after: None before it was put in place,
and after it was taken away."""


class Watcher(Protocol):
    """Is told of what changes, so that it can keep indexes. Called by one thread at a time."""

    def renewed(self, contents: Contents) -> None:
        """A file is read from its beginning: what is told from here on is of these contents. Those of before go on
        being asked for until `loaded`."""
        ...

    def there(self, tables: Collection[str]) -> bool:
        """The first line of the new contents has documents in these tables, which need not be told one by one: they
        can be read there when they are asked for. False where all are to be told."""
        ...

    def changed(self, table: str, changes: Sequence[Moved]) -> None: ...

    def loaded(self) -> None:
        """The new contents are complete: take them into use, and forget those of before."""
        ...


class _News:
    """What was folded and the watcher was not told yet: of each document where it stood when it was last told, and what
    it is. While a file is read, a document that changes several times is told once."""

    def __init__(self, watcher: Watcher | None, contents: Contents) -> None:
        self._watcher = watcher
        self._contents = contents
        self._changes: dict[str, dict[int, tuple[Place | None, Doc | None]]] = {}

    def fold(self, entry: Entry) -> None:
        before = self._contents.fold(entry)
        if self._watcher is not None:
            table, doc_id, _, doc = entry
            changes = self._changes.setdefault(table, {})
            known = changes.get(doc_id)
            changes[doc_id] = (before if known is None else known[0], doc)
            if len(changes) >= TELL_AT_ONCE:
                self._tell(table, self._watcher)

    def tell(self) -> None:
        if self._watcher is not None:
            for table in self._changes:
                self._tell(table, self._watcher)

    def _tell(self, table: str, watcher: Watcher) -> None:
        changes = self._changes[table]
        told = [(doc_id, old, new) for doc_id, (old, new) in changes.items() if old is not None or new is not None]
        changes.clear()
        if told:
            watcher.changed(table, told)


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
        """Held while a commit is folded into memory, and during a group: who reads under it sees whole commits only,
        and only such as are on disk."""
        self._depth = 0
        self._pending: dict[str, dict[int, Doc | None]] | None = None
        self._grouped: dict[str, dict[int, Doc | None]] | None = None
        self._unusable = ""
        self.closed = False
        self._contents = Contents(self.path)
        self._lock: FileLock | None = None
        with self._threads:
            if read_only:
                try:
                    self._catch_up()
                except BaseException:
                    self.close()
                    raise
                return
            lock = self.path.with_name(self.path.name + LOCK)
            try:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._lock = FileLock(lock)
            except OSError as error:
                raise StoreError(unusable(lock, error)) from error
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
        return self._contents.lines

    @property
    def worth_compacting(self) -> bool:
        there = self._contents
        return there.end - there.first > max(there.first, WORTH_COMPACTING)

    def refresh(self) -> None:
        """See what others have committed."""
        with self._threads:
            self._check()
            if self._depth == 0:
                self._catch_up()

    def read(self) -> dict[str, dict[str, Doc]] | None:
        """The tables, refreshed, with the changes of this thread's open transaction."""
        with self._threads:
            self.refresh()
            names = dict.fromkeys((*self._contents.tables, *(self._pending or {})))
            return {name: dict(self.documents(name)) for name in names} or None

    def documents(self, table: str) -> Mapping[str, Doc]:
        """One table, refreshed, with the changes of this thread's open transaction; each document is read when it is
        asked for."""
        with self._threads:
            self.refresh()
            pending = (self._pending or {}).get(table, {})
            return _Documents(self, self._contents.tables.get(table, Places()), table, dict(pending))

    def document(self, table: str, doc_id: int) -> Doc | None:
        with self.folding:
            return self._contents.document(table, doc_id)

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

    @contextlib.contextmanager
    def group(self) -> Iterator[None]:
        """Hold, and make one commit, of one line and with one sync, of all transactions inside. This thread sees each
        at once; others that read wait, as nobody may see what is not on disk. None holds where an exception leaves the
        group, or where it cannot be recorded. One inside another, or inside a transaction, joins it.

        One line: of several that wait for one sync a power cut could tear any, and only the last may ever be torn.
        """
        with self.hold():
            if self._grouped is not None or self._pending is not None:
                yield
                return
            changes = self._grouped = {}
            with self.folding:
                try:
                    yield
                    self._settle(changes)
                except BaseException:
                    if changes:
                        self._undo()
                    raise
                finally:
                    self._grouped = None

    def change(self, table: str, documents: Mapping[int, Doc | None]) -> None:
        """Within a transaction: put these documents of a table in place, or away where None."""
        if self._pending is None:
            raise StoreError("a change needs a transaction around it")
        self._pending.setdefault(table, {}).update(documents)
        tops = self._contents.tops
        tops[table] = max(tops.get(table, 0), *documents, 0)

    def next_id(self, table: str) -> int:
        """Within a hold: a document id that the table has not had since the file was opened."""
        tops = self._contents.tops
        tops[table] = tops.get(table, 0) + 1
        return tops[table]

    def restart_ids(self, table: str) -> None:
        """Within a hold: begin with 1 again, for a table that was emptied."""
        self._contents.tops.pop(table, None)

    def write(self, data: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        """Replace everything, as TinyDB does to drop tables. Not within a transaction."""
        with self.hold():
            if self._pending is not None or self._grouped is not None:
                raise StoreError("tables cannot be dropped within a transaction")
            self._replace(
                (name, [(int(doc_id), encoded(dict(doc))) for doc_id, doc in documents.items()])
                for name, documents in data.items()
            )
            self._load()

    @property
    def position(self) -> tuple[tuple[int, int], int]:
        """The file, and how far it was read."""
        return self._contents.inode, self._contents.end

    def compact(self) -> None:
        """Rewrite the file as one line. Raises StoreError where there is no room; the old file then stays in use."""
        with self.hold():
            self._not_grouped()
            if self._pending is None and self._contents.lines > 1:
                self._replace(self._contents.encoded())

    def copy_to(self, file: Path) -> None:
        """Write the state into a new file of one line. Raises StoreError where it cannot be made, or is there."""
        with self._threads:
            self._not_grouped()
            self.refresh()
            if not self._contents.tables:
                raise StoreError(f"{self.path} holds nothing yet; there is nothing to back up")
            contents = self._contents.duplicate()
        try:
            with contextlib.closing(contents):
                put_beside(file, in_pieces(contents.encoded(), lambda *_: None))
        except FileExistsError:
            raise StoreError(f"{file} is there already, and nothing is overwritten; name another file") from None
        except FileNotFoundError:
            raise StoreError(f"{file}: there is no folder {file.parent}; make it, or name another file") from None
        except OSError as error:
            raise StoreError(
                f"{file} cannot be written ({error.strerror}); make room there, or name another file"
            ) from error

    def close(self) -> None:
        with self._threads:
            self.closed = True
            with self.folding:
                self._contents.close()
            if self._lock is not None and self._depth == 0:
                self._lock.close()
                self._lock = None

    # ----------------------------------------------------------------- the file

    def _check(self) -> None:
        if self._unusable:
            raise StoreBroken(self._unusable)
        if self.closed:
            raise StoreError(f"{self.path} was closed")

    def _not_grouped(self) -> None:
        if self._grouped is not None:
            raise StoreError("not all is on disk within a group: copy the file, or make it compact, after it")

    def _break(self, why: str, error: OSError) -> StoreBroken:
        self._unusable = f"{self.path}: {why} ({error.strerror}); check the disk, then start again"
        return StoreBroken(self._unusable)

    def _catch_up(self) -> None:
        """Fold what was appended since; read a new file from its beginning."""
        there = self._look()
        if there is None:
            if self._contents.fd >= 0:
                self._unusable = f"{self.path} was taken away while in use; put it back and start again"
                raise StoreBroken(self._unusable)
            self._see_that_nothing_was_here()
            if self._depth == 0:
                return  # to a reader, a store that was never written is an empty one
            self._create()
            self._load()
            return
        known = self._contents
        if (there.st_dev, there.st_ino) != known.inode or there.st_size < known.end:
            self._load()
        elif there.st_size > known.end:
            data, offset = self._read_from(known.fd, known.end), known.end
            for line in self._lines(known, data):
                with self.folding:
                    self._fold(known, line.entries(offset), line.end - line.begin)

    def _look(self) -> os.stat_result | None:
        """The file as it is there; None where there is none."""
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{self.path} cannot be read ({error.strerror})") from error
        if stat.S_ISDIR(there.st_mode):
            raise StoreError(f"{self.path} is a folder; name a file in it in [store] url")
        return there

    def _see_that_nothing_was_here(self) -> None:
        """At no moment of a compaction is there the file from before it without one that holds something: where that
        is so, the record was lost, and the next compaction would destroy what is left of it."""
        before = left_behind(self.path)
        if before is not None:
            lost = "is empty" if self.path.exists() else "is not there"
            raise StoreError(
                f"{self.path} {lost}, but {before.name} beside it shows that there was a record; rsvpbot repair puts "
                "that older state in place, rsvpbot repair --from BACKUP a backup (--dry-run says what it means); to "
                "begin with an empty record, move both files away"
            )

    def _create(self) -> None:
        try:
            os.close(open_private(self.path))
            sync_folder(self.path.parent)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be made ({error.strerror})") from error

    def _load(self) -> None:
        """Read the whole file, and take it into use. Without garbage collection: nothing here is garbage, and looking
        for it would take as long as the reading."""
        collecting = gc.isenabled()
        gc.disable()
        fd = self._open()
        try:
            new = Contents(self.path, fd, self._identity(fd))
            news = _News(self._watcher, new)
            if self._watcher is not None:
                self._watcher.renewed(new)
            data = self._read_from(fd, 0)
            for line in self._lines(new, data):
                if not self._take(new, line):
                    self._fold_into(news, new, line.entries(), line.end - line.begin)
            if not new.lines:
                self._see_that_nothing_was_here()
            news.tell()
            with self.folding:
                if self._watcher is not None:
                    self._watcher.loaded()
                before, self._contents = self._contents, new
                before.close()
        except BaseException:
            os.close(fd)
            self._contents.inode = (0, 0)
            raise
        finally:
            if collecting:
                gc.enable()

    def _take(self, contents: Contents, line: Line) -> bool:
        """A first line as compaction leaves it, which is nearly all there is: without decoding it."""
        if contents.lines or self._watcher is None:
            return False
        tables = line.columns()
        if tables is None or not self._watcher.there(tables):
            return False
        contents.take(tables)
        contents.line(line.end - line.begin)
        return True

    def _open(self) -> int:
        try:
            if self._read_only:
                return os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
            if os.fstat(fd).st_mode & 0o077:
                os.fchmod(fd, 0o600)
            return fd
        except OSError as error:
            raise StoreError(unusable(self.path, error)) from error

    def _identity(self, fd: int) -> tuple[int, int]:
        try:
            status = os.fstat(fd)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be read ({error.strerror}); check the disk") from error
        return status.st_dev, status.st_ino

    def _read_from(self, fd: int, position: int) -> bytes:
        chunks = []
        try:
            # In one piece where that can be: pieces that are joined leave holes in the memory of a daemon.
            while chunk := os.pread(fd, max(os.fstat(fd).st_size - position, READ_AHEAD), position):
                chunks.append(chunk)
                position += len(chunk)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be read ({error.strerror}); check the disk") from error
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _lines(self, contents: Contents, data: bytes) -> Iterator[Line]:
        """The lines in `data`, which stands where the contents end; each is to be folded before the next is asked for.
        What is left over at the end is none: the line that another is just writing, or one that was torn."""
        begin = 0
        while begin < len(data):
            if data[begin] == 0x0A:  # the line end that plain TinyDB did not write
                contents.ended = True
                contents.end += 1
                begin += 1
                continue
            try:
                line = next_line(data, begin, first=contents.lines == 0)
            except Damaged:
                raise StoreError(damage(self.path, contents.lines + 1, contents.end)) from None
            # One without its line end or checksum may be half written, unless nobody can be writing.
            if line is None or not (line.ended or line.checked or contents.lines == 0 or self._depth):
                return
            contents.ended = line.ended
            contents.ours &= line.checked
            yield line
            begin = line.end

    def _fold(self, contents: Contents, entries: Iterable[Entry], length: int) -> None:
        """One commit: the watcher is told of it, and of nothing else."""
        news = _News(self._watcher, contents)
        try:
            self._fold_into(news, contents, entries, length)
            news.tell()
        except BaseException:
            contents.inode = (0, 0)  # what was folded by half is not to be gone on with
            raise

    def _fold_into(self, news: _News, contents: Contents, entries: Iterable[Entry], length: int) -> None:
        try:
            for entry in entries:
                news.fold(entry)
        except Damaged:
            raise StoreError(damage(self.path, contents.lines + 1, contents.end)) from None
        contents.line(length)

    def _cut_torn_line(self) -> None:
        """Within a hold, after `_catch_up`: make the file end where the last good line ends."""
        try:
            there = self._contents
            size = os.fstat(there.fd).st_size
            if size > there.end:
                log.warning("cut off %d bytes of a commit that was never acknowledged", size - there.end)
                os.ftruncate(there.fd, there.end)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written ({error.strerror})") from error

    def _commit(self, changes: Changes) -> None:
        there = self._contents
        kept = {
            name: {doc_id: doc for doc_id, doc in documents.items() if doc is not None or there.place(name, doc_id)}
            for name, documents in changes.items()
        }
        kept = {name: documents for name, documents in kept.items() if documents or name not in there.tables}
        if not kept:
            return
        if self._grouped is not None:
            self._fold_ahead(kept, self._grouped)
            return
        entries, length = self._record(kept)
        with self.folding:
            self._fold(there, entries, length)

    def _record(self, changes: Changes) -> tuple[Iterator[Entry], int]:
        """Put a line on disk; what it says, and its length."""
        there = self._contents
        line, entries = written(changes)
        line_end = b"" if there.ended else b"\n"
        if there.lines == 0:
            self._begin(line_end + line)
        else:
            self._append(line_end + line)
        there.ended = True
        return moved(entries, there.end + len(line_end)), len(line_end) + len(line)

    def _fold_ahead(self, changes: Changes, grouped: dict[str, dict[int, Doc | None]]) -> None:
        """Fold what is not on disk yet."""
        there = self._contents
        news = _News(self._watcher, there)
        for name, documents in changes.items():
            grouped.setdefault(name, {}).update(documents)
            if not documents:
                news.fold((name, 0, None, None))
            for doc_id, doc in documents.items():
                news.fold((name, doc_id, None if doc is None else there.ahead(encoded(doc)), doc))
        news.tell()

    def _settle(self, changes: Changes) -> None:
        """Put on disk what was folded ahead. The watcher knows of it."""
        if changes:
            entries, length = self._record(changes)
            for entry in entries:
                self._contents.fold(entry)
            self._contents.line(length)
            self._contents.written()

    def _undo(self) -> None:
        """Back to what the file says."""
        try:
            self._load()
        except StoreError as error:
            self._unusable = f"{error}; what is in memory was never recorded: start again"
            raise StoreBroken(self._unusable) from error

    def _begin(self, line: bytes) -> None:
        """Put the first line in place as a whole: so a first line that is not whole is damage, and no file is ever
        taken for one that was just begun."""
        try:
            self._place((line,), Contents(self.path), keep=False)
        except OSError as error:
            raise StoreError(f"{self.path}: nothing could be recorded ({error.strerror}); {_remedy(error)}") from error

    def _append(self, line: bytes) -> None:
        try:
            write_all(self._contents.fd, line)
        except OSError as error:
            self._take_back()
            raise StoreError(f"{self.path}: nothing could be recorded ({error.strerror}); {_remedy(error)}") from error
        try:
            os.fdatasync(self._contents.fd)
        except OSError as error:
            # The kernel may have dropped the pages and report success next time: only a new process, which reads what
            # there is, can go on.
            with contextlib.suppress(OSError):
                os.ftruncate(self._contents.fd, self._contents.end)
            raise self._break("the disk did not confirm a commit", error) from error

    def _take_back(self) -> None:
        try:
            os.ftruncate(self._contents.fd, self._contents.end)
        except OSError as error:
            raise self._break("half a commit could not be taken back", error) from error

    def _replace(self, tables: Iterable[tuple[str, Iterable[tuple[int, bytes]]]]) -> None:
        """Put a file of one line, holding these, in place of the present one."""
        made = Contents(self.path)
        try:
            self._place(made.filled(tables), made, keep=True)
        except OSError as error:
            raise StoreError(
                f"{self.path} could not be compacted, and nothing is lost ({error.strerror}); {_remedy(error)}"
            ) from error

    def _place(self, pieces: Iterable[bytes], made: Contents, *, keep: bool) -> None:
        """Put a file of these pieces in place of the present one; `made` is what it holds when they are through. Raises
        OSError where the present one still stands."""
        fd = put_in_place(self.path, pieces, self.path.with_name(self.path.name + BEFORE) if keep else None)
        with self.folding:
            self._contents.move(fd, made)
        try:
            status = os.fstat(fd)
            self._contents.inode = (status.st_dev, status.st_ino)
            sync_folder(self.path.parent)
        except OSError as error:
            # After a power cut the old file could be back, without what is appended to the new one from here on.
            raise self._break("the disk did not confirm the new file", error) from error


class JournalTable(Table):
    """TinyDB's table over a Journal: the same calls and results; a change writes only what it changes.

    No query cache, as that would not see the commits of other processes.
    """

    def __init__(self, storage: Journal, name: str, cache_size: int = 0, persist_empty: bool = False) -> None:
        self._journal = storage
        super().__init__(storage, name, cache_size=0, persist_empty=persist_empty)

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

    def _read_table(self) -> dict[str, Mapping[str, Any]]:
        return self._journal.documents(self.name)  # type: ignore[return-value]

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


class _Documents(Mapping[str, Doc]):
    """A table as TinyDB looks at it: by ids that are words. A document is read when it is asked for."""

    def __init__(self, journal: Journal, places: Places, table: str, pending: Mapping[int, Doc | None]) -> None:
        self._journal = journal
        self._places = places
        self._table = table
        self._pending = pending

    def __getitem__(self, key: str) -> Doc:
        doc_id = int(key)
        doc = self._pending[doc_id] if doc_id in self._pending else self._journal.document(self._table, doc_id)
        if doc is None:
            raise KeyError(key)
        return doc

    def __iter__(self) -> Iterator[str]:
        for doc_id in sorted({*self._places, *self._pending}):
            if self._pending.get(doc_id, ...) is not None:
                yield str(doc_id)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Draft(MutableMapping[int, Doc]):
    """A table as an updater sees it. A document is copied when it is touched, because updaters change it in place."""

    def __init__(self, present: Mapping[str, Mapping[str, Any]]) -> None:
        self._present = present
        self._touched: dict[int, Doc | None] = {}

    def changes(self) -> dict[int, Doc | None]:
        return {i: doc for i, doc in self._touched.items() if not _same(doc, self._present.get(str(i)))}

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


def _remedy(error: OSError) -> str:
    """Where nothing could be written."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return "let this user write in its folder"
    if error.errno == errno.EROFS:
        return "mount the disk so that it can be written"
    return "check the disk" if error.errno == errno.EIO else "make room on this disk"


def left_behind(path: Path) -> Path | None:
    """The file from before the last compaction of the one at `path`, where there is one that holds something."""
    before = path.with_name(path.name + BEFORE)
    try:
        return before if before.stat().st_size else None
    except OSError:
        return None


def damage(path: Path, line: int, byte: int) -> str:
    """What is told of a file that cannot be gone on with."""
    return (
        f"{path}: line {line} (at byte {byte}) is damaged, and nothing was changed; rsvpbot repair --dry-run says what "
        "can be kept, and rsvpbot repair keeps it"
    )
