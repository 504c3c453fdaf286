"""One commit as a line of the file: written, read, and told from what a crash or a bad disk has made of it.

A line is `{"table": {"id": document or null}}` in JSON, its checksum and a line end. The checksum is the CRC-32 of the
JSON, in 32 blanks: a tab for a bit that is set and a space for one that is not, the highest first. JSON passes over
blanks, so that plain TinyDB reads the line as it is, and drops them when it writes the file anew. A line without any is
plain TinyDB's, or of a version that wrote no checksums; it counts where it is JSON.
"""

from __future__ import annotations

import json
import re
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import ge
from typing import Any, NamedTuple

Doc = dict[str, Any]
State = dict[str, dict[int, Doc]]
Changes = Mapping[str, Mapping[int, Doc | None]]

BITS = 32
TRAILER = BITS + 1
"""Bytes of the checksum and the line end."""
_BLANKS = str.maketrans("01", " \t")
_encode = json.JSONEncoder(separators=(",", ":")).encode
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
_OPENS = re.compile(r"[ \t\r\n]*\{[ \t\r\n]*(\}?)[ \t\r\n]*").match
_NAME = re.compile(r'("(?:[^"\\]|\\.)*")[ \t\r\n]*:[ \t\r\n]*').match
_ID = re.compile(r'"([0-9]{1,18})"[ \t\r\n]*:[ \t\r\n]*').match
_NEXT = re.compile(r"[ \t\r\n]*([,}])[ \t\r\n]*").match
# The same in a line of ours, which has no blanks: in a string every quotation mark follows a backslash, so that nothing
# in it is taken for any of these.
_OUR_NAME = re.compile(rb'("(?:[^"\\]|\\.)*"):\{').match
_OUR_ID = re.compile(rb'"([0-9]{1,18})":(?=\{)').match
_OUR_BREAKS = re.compile(rb'\}(?=,"([0-9]{1,18})":(\{?)|\},"(?:[^"\\]|\\.)*":\{(?:\}|"[0-9]{1,18}":))').finditer


class Damaged(Exception):
    """A line that was written whole is no longer what it was."""


class Place(NamedTuple):
    """Where a document stands: its bytes in the file, and their CRC-32."""

    begin: int
    size: int
    checksum: int


class Columns(NamedTuple):
    """The documents of a table: their ids, which ascend, and their places."""

    ids: array[int]
    begins: array[int]
    sizes: array[int]
    checksums: array[int]


Entry = tuple[str, int, Place | None, Doc | None]
"""Table, id, where the document stands, the document. None and None: it goes; of the id 0: there is such a table."""


@dataclass(frozen=True, slots=True)
class Line:
    data: bytes
    """In which it was found."""
    begin: int
    stop: int
    """Where its JSON ends."""
    end: int
    """Where the next one begins."""
    ended: bool
    """Its line end is there."""
    checked: bool
    """Its checksum is there, and right."""

    def entries(self, offset: int = 0) -> Iterator[Entry]:
        """What it says, document by document, so that a line of everything is never in memory decoded. `offset`: where
        the data stand in the file. Raises Damaged."""
        try:
            yield from _entries(memoryview(self.data)[self.begin : self.stop], offset + self.begin)
        except (ValueError, RecursionError):
            raise Damaged from None

    def columns(self, offset: int = 0) -> dict[str, Columns] | None:
        """The same, table by table and without decoding a document, of a line that we wrote and that takes none away.
        None where that cannot be: then `entries` says what it says."""
        if not self.checked or not self.data.isascii():
            return None
        try:
            return _columns(self.data, self.begin, self.stop, offset)
        except (ValueError, RecursionError):
            return None


def encoded(value: Doc | str | None) -> bytes:
    """Raises TypeError or ValueError for what JSON cannot say."""
    return _encode(value).encode("ascii")


def in_pieces(
    tables: Iterable[tuple[str, Iterable[tuple[int, bytes]]]], placed: Callable[[str, int, Place], object]
) -> Iterator[bytes]:
    """A line of these encoded documents, piece by piece; `placed` is told where each stands, from the line's begin."""
    at = crc = 0
    table_after = b"{"
    for name, documents in tables:
        piece = b"%b%b:{" % (table_after, encoded(name))
        for doc_id, text in documents:
            piece += b'"%d":%b' % (doc_id, text)
            at += len(piece)
            crc = zlib.crc32(piece, crc)
            placed(name, doc_id, Place(at - len(text), len(text), zlib.crc32(text)))
            yield piece
            piece = b","
        piece = b"}" if piece == b"," else piece + b"}"
        at += len(piece)
        crc = zlib.crc32(piece, crc)
        yield piece
        table_after = b","
    piece = b"}" if at else b"{}"
    yield b"%b%b\n" % (piece, _checksum(zlib.crc32(piece, crc)))


def written(changes: Changes) -> tuple[bytes, list[Entry]]:
    """The line, and what it says, with places from its begin. Raises TypeError or ValueError for what JSON cannot
    say."""
    entries: list[Entry] = [(name, 0, None, None) for name, documents in changes.items() if not documents]

    def placed(name: str, doc_id: int, place: Place) -> None:
        doc = changes[name][doc_id]
        entries.append((name, doc_id, None if doc is None else place, doc))

    tables = [(name, [(i, encoded(doc)) for i, doc in documents.items()]) for name, documents in changes.items()]
    return b"".join(in_pieces(tables, placed)), entries


def moved(entries: Iterable[Entry], offset: int) -> Iterator[Entry]:
    """With the places from the beginning of the file, where the line begins at this offset."""
    for name, doc_id, place, doc in entries:
        yield name, doc_id, None if place is None else place._replace(begin=place.begin + offset), doc


def next_line(data: bytes, begin: int, *, first: bool) -> Line | None:
    """The line of `data` that begins there; None where it is torn: it was never acknowledged.

    A line is begun when the one before it is on disk, and the first is put in place whole: so only the last can be
    torn, and the first never. It then lacks its line end, or the disk gave zeros for a part that it never wrote; two
    at least, since a single one may be a byte that went bad. Raises Damaged for any other line that is no commit.
    """
    newline = data.find(b"\n", begin)
    after = len(data) if newline < 0 else newline + 1
    for end in (after, after - 1) if newline < 0 else (after,):
        # Whatever became of the line end of the last commit: where the rest is whole, it counts.
        line = _read(data, begin, end, ended=newline >= 0)
        if line is not None:
            return line
    torn = newline < 0 or b"\0\0" in data[begin:after]
    if first or after < len(data) or not torn:
        raise Damaged
    return None


def _read(data: bytes, begin: int, end: int, *, ended: bool) -> Line | None:
    stop = end - ended
    while stop > begin and data[stop - 1] in b" \t":
        stop -= 1
    blanks = data[stop : end - ended]
    if blanks and blanks != _checksum(zlib.crc32(memoryview(data)[begin:stop])):
        return None
    line = Line(data, begin, stop, end, ended, bool(blanks))
    if not line.checked:
        try:
            for _ in line.entries():
                pass
        except Damaged:
            return None
    return line


def _checksum(crc: int) -> bytes:
    return f"{crc:0{BITS}b}".translate(_BLANKS).encode("ascii")


def _entries(raw: memoryview, offset: int) -> Iterator[Entry]:
    # Positions in the text are positions in the bytes: what is not ASCII (others write it) is taken for Latin-1, and
    # read again as what it is.
    text = _Text(str(raw, "latin-1"))
    ascii_only = text.content.isascii()
    if not ascii_only:
        str(raw, "utf-8")
    for name in text.members(_NAME):
        table = json.loads(name.encode("latin-1"))
        empty = True
        for doc_id in text.members(_ID):
            begin, doc = text.at, text.value()
            if doc is None:
                yield table, int(doc_id), None, None
            elif isinstance(doc, dict):
                content = raw[begin : text.at]
                place = Place(offset + begin, len(content), zlib.crc32(content))
                yield table, int(doc_id), place, doc if ascii_only else json.loads(bytes(content))
            else:
                raise ValueError("no document")
            empty = False
        if empty:
            yield table, 0, None, None
    if text.at != len(text.content):
        raise ValueError("more than a commit")


def _columns(data: bytes, begin: int, stop: int, offset: int) -> dict[str, Columns]:
    """Raises ValueError where it is not certain what stands there."""
    found: dict[str, Columns] = {}
    at = begin + 1
    while True:
        name = _OUR_NAME(data, at, stop)
        if name is None:
            raise ValueError("no table")
        table = json.loads(name[1])
        if table in found:
            raise ValueError("a table twice")
        bounds, at = _documents(data, name.end(), stop)
        found[table] = _measured(data, bounds, offset)
        if data[at : at + 1] == b"}" and at + 1 == stop and data[begin : begin + 1] == b"{":
            return found
        if data[at : at + 1] != b",":
            raise ValueError("no commit")
        at += 1


def _documents(data: bytes, at: int, stop: int) -> tuple[list[tuple[int, int, int]], int]:
    """The ids of the documents of the table that begins there, where each begins, and where it ends; and where the
    table ends.

    Whether something that looks like the end of a document is one, its braces say, and where they do not (it holds a
    part that looks alike, or a text with a brace), a look at all of it. Both together could deceive: but no record has
    parts that look alike, those of objects under numbers, and what comes of it could not be decoded.
    """
    bounds: list[tuple[int, int, int]] = []
    if data[at : at + 1] == b"}":
        return bounds, at + 1
    first = _OUR_ID(data, at, stop)
    if first is None:
        raise ValueError("no document")
    doc_id, begin, count = first[1], first.end(), data.count
    for found in _OUR_BREAKS(data, begin, stop):
        end = found.end()
        if count(b"{", begin, end) != count(b"}", begin, end) and _end(data, begin, stop) != end:
            continue
        bounds.append((int(doc_id), begin, end))
        doc_id = found[1]
        if doc_id is None:
            return bounds, end + 1
        if not found[2]:
            raise ValueError("one that goes")
        begin = end + len(doc_id) + 4
    bounds.append((int(doc_id), begin, stop - 2))
    if data[stop - 2 : stop] != b"}}" or _end(data, begin, stop) != stop - 2:
        raise ValueError("no end")
    return bounds, stop - 1


def _end(data: bytes, begin: int, stop: int) -> int:
    """Where the document ends that begins there."""
    size = 1 << 12
    while True:
        part = data[begin : min(stop, begin + size)]
        try:
            return begin + int(_scan(part.decode("ascii"), 0)[1])
        except (ValueError, StopIteration):
            if begin + size >= stop:
                raise ValueError("no document") from None
        size <<= 3


def _measured(data: bytes, bounds: Sequence[tuple[int, int, int]], offset: int) -> Columns:
    ids = array("q", [doc_id for doc_id, _, _ in bounds])
    if any(map(ge, ids, ids[1:])):
        raise ValueError("not in order")
    view, crc32 = memoryview(data), zlib.crc32
    return Columns(
        ids,
        array("q", [begin + offset for _, begin, _ in bounds]),
        array("I", [end - begin for _, begin, end in bounds]),
        array("I", [crc32(view[begin:end]) for _, begin, end in bounds]),
    )


class _Text:
    """JSON that is read from the left to the right. Everything raises ValueError for what is none."""

    def __init__(self, content: str) -> None:
        self.content = content
        self.at = 0

    def members(self, key: Callable[[str, int], re.Match[str] | None]) -> Iterator[str]:
        """The keys of the object that begins here; the value of each is to be read before the next is asked for."""
        if self._word(_OPENS):
            return
        while True:
            yield self._word(key)
            if self._word(_NEXT) == "}":
                return

    def value(self) -> Any:
        try:
            value, self.at = _scan(self.content, self.at)
        except StopIteration:
            raise ValueError("no value") from None
        return value

    def _word(self, pattern: Callable[[str, int], re.Match[str] | None]) -> str:
        found = pattern(self.content, self.at)
        if found is None:
            raise ValueError("no commit")
        self.at = found.end()
        return found[1]
