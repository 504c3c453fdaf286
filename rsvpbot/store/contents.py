"""What a file holds: where in it each document stands. The documents themselves stay there until they are asked for.

A daemon that has handled ten thousand messages would otherwise hold all of their texts. A place takes 24 bytes, and
its checksum is looked at whenever the document is read, so that what goes bad on the disk is noticed and not believed.
"""

from __future__ import annotations

import json
import os
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from itertools import islice
from operator import gt, itemgetter
from pathlib import Path

from rsvpbot.store.base import StoreBroken, StoreError
from rsvpbot.store.line import Columns, Doc, Entry, Place, encoded, in_pieces

WINDOW = 1 << 18
"""Bytes that are read at once where all documents of a table are."""


class Places:
    """The places of a table's documents, by their ids and in their order: columns, as an object for each would take
    more memory than a small document."""

    def __init__(self, columns: Columns | None = None) -> None:
        """Of these documents; of none without."""
        self._ids, self._begins, self._sizes, self._checksums = columns or Columns(
            array("q"), array("q"), array("I"), array("I")
        )

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[int]:
        return iter(self._ids)

    def __contains__(self, doc_id: int) -> bool:
        return self.get(doc_id) is not None

    @property
    def top(self) -> int:
        return self._ids[-1] if self._ids else 0

    def get(self, doc_id: int) -> Place | None:
        row = bisect_left(self._ids, doc_id)
        if row == len(self._ids) or self._ids[row] != doc_id:
            return None
        return Place(self._begins[row], self._sizes[row], self._checksums[row])

    def in_the_file(self) -> Iterator[tuple[int, int, int, int]]:
        """Ids and places, in the order in which they stand in the file."""
        columns = self._ids, self._begins, self._sizes, self._checksums
        if any(map(gt, self._begins, islice(self._begins, 1, None))):
            return iter(sorted(zip(*columns, strict=True), key=itemgetter(1)))
        return zip(*columns, strict=True)

    def put(self, doc_id: int, place: Place | None) -> Place | None:
        """None takes it away. Returns where it stood before."""
        columns = self._begins, self._sizes, self._checksums
        if place is not None and doc_id > self.top:  # nearly always
            self._ids.append(doc_id)
            for column, value in zip(columns, place, strict=True):
                column.append(value)
            return None
        before, row = self.get(doc_id), bisect_left(self._ids, doc_id)
        if before is not None and place is not None:
            for column, value in zip(columns, place, strict=True):
                column[row] = value
            return before
        if before is not None:
            for column in (self._ids, *columns):
                del column[row]
        if place is not None:
            self._ids.insert(row, doc_id)
            for column, value in zip(columns, place, strict=True):
                column.insert(row, value)
        return before


class Contents:
    """An open file, as far as it was read. `fd` is closed with it."""

    def __init__(self, path: Path, fd: int = -1, inode: tuple[int, int] = (0, 0)) -> None:
        self.path = path
        self.fd = fd
        self.inode = inode
        """Device and inode; (0, 0): what was read is not to be gone on with."""
        self.tables: dict[str, Places] = {}
        self.tops: dict[str, int] = {}
        """The highest id that each table has had."""
        self.end = 0
        """Bytes that were read."""
        self.first = 0
        """Bytes of the first line."""
        self.lines = 0
        self.ended = True
        """The last line has its line end."""
        self.ours = True
        """Every line was written by us, so that each document is as we write it."""
        self._ahead: list[bytes] = []

    def place(self, table: str, doc_id: int) -> Place | None:
        places = self.tables.get(table)
        return None if places is None else places.get(doc_id)

    def document(self, table: str, doc_id: int) -> Doc | None:
        place = self.place(table, doc_id)
        return None if place is None else self.read(place)

    def read(self, place: Place) -> Doc:
        """Raises StoreError where the disk cannot be read, StoreBroken where it has something else there."""
        return self.decoded(self._bytes(place))

    def texts(self, table: str) -> Iterator[tuple[int, bytes]]:
        """The documents of a table with their ids, each once, as they stand in the file; nothing may be folded
        meanwhile. Raises as `read`."""
        window, begin, crc32 = b"", 0, zlib.crc32
        for doc_id, at, size, checksum in self.tables.get(table, Places()).in_the_file():
            if at < 0:
                yield doc_id, self._bytes(Place(at, size, checksum))
                continue
            if not begin <= at <= begin + len(window) - size:
                begin, window = at, self._pread(max(WINDOW, size), at)
            text = window[at - begin : at - begin + size]
            if len(text) != size or crc32(text) != checksum:
                text = self._bytes(Place(at, size, checksum))  # which says what is wrong
            yield doc_id, text

    def docs(self, table: str) -> Iterator[tuple[int, Doc]]:
        """The same, decoded."""
        for doc_id, text in self.texts(table):
            yield doc_id, self.decoded(text)

    def decoded(self, text: bytes) -> Doc:
        try:
            doc: Doc = json.loads(str(text, "utf-8"))
        except (ValueError, RecursionError):
            raise StoreBroken(f"{self.path} holds a document that is none; put a backup in its place") from None
        return doc

    def encoded(self) -> Iterator[tuple[str, Iterator[tuple[int, bytes]]]]:
        """Everything, as it is written: for a line of its own. Raises as `read`."""
        for name, places in self.tables.items():
            yield name, self._table(places)

    def filled(self, tables: Iterable[tuple[str, Iterable[tuple[int, bytes]]]]) -> Iterator[bytes]:
        """The line of these encoded documents, piece by piece. When it is through, these contents are what it holds."""

        def noted() -> Iterator[tuple[str, Iterable[tuple[int, bytes]]]]:
            for name, documents in tables:
                self.tables[name] = Places()
                yield name, documents

        length = 0
        for piece in in_pieces(noted(), lambda name, doc_id, place: self.fold((name, doc_id, place, None))):
            length += len(piece)
            yield piece
        self.line(length)

    def move(self, fd: int, there: Contents) -> None:
        """The same documents now stand elsewhere, in a file of our own. No id is used again for that."""
        os.close(self.fd)
        self.fd = fd
        self.tables = there.tables
        self.end, self.first, self.lines = there.end, there.first, there.lines
        self.ended = self.ours = True

    def duplicate(self) -> Contents:
        """As they are now, whatever becomes of these. Raises OSError."""
        other = Contents(self.path, os.dup(self.fd), self.inode)
        other.tables = deepcopy(self.tables)
        other.ours = self.ours
        return other

    def take(self, tables: Mapping[str, Columns]) -> None:
        """The documents of a first line."""
        for name, columns in tables.items():
            places = self.tables[name] = Places(columns)
            if places:
                self.tops[name] = places.top

    def fold(self, entry: Entry) -> Place | None:
        """Returns where the document stood before."""
        name, doc_id, place, _ = entry
        places = self.tables.get(name)
        if places is None:
            places = self.tables[name] = Places()
        if place is not None and doc_id > self.tops.get(name, 0):
            self.tops[name] = doc_id
        return places.put(doc_id, place)

    def ahead(self, text: bytes) -> Place:
        """A place for a document that is not in the file yet: behind nothing, before the file's beginning."""
        self._ahead.append(text)
        return Place(-len(self._ahead), len(text), zlib.crc32(text))

    def written(self) -> None:
        """Whatever was ahead has its place in the file now."""
        self._ahead.clear()

    def line(self, length: int) -> None:
        """A line of this length was folded."""
        self.end += length
        self.lines += 1
        if self.lines == 1:
            self.first = length

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _table(self, places: Places) -> Iterator[tuple[int, bytes]]:
        for doc_id in places:
            place = places.get(doc_id)
            assert place is not None  # noqa: S101 (its own id)
            yield doc_id, self._bytes(place) if self.ours else encoded(self.read(place))

    def _bytes(self, place: Place) -> bytes:
        if place.begin < 0:
            return self._ahead[-place.begin - 1]
        found = self._pread(place.size, place.begin)
        if len(found) != place.size or zlib.crc32(found) != place.checksum:
            raise StoreBroken(
                f"{self.path}: what was recorded at byte {place.begin} is not there any more; check the disk, then "
                "start again"
            )
        return found

    def _pread(self, size: int, begin: int) -> bytes:
        try:
            return os.pread(self.fd, size, begin)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be read ({error.strerror}); check the disk") from error
