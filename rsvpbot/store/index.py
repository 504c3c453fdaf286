"""Indexes over the documents of a table, kept up with every commit, so that no question needs a search.

They outnumber the messages that were handled, so each is a pair of columns: what it stands under, as a number, and
what stands there; 16 bytes together, where objects would take ten times as much.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

Doc = Mapping[str, Any]
Change = tuple[int, Doc | None, Doc | None]
"""Id, and the document before and after: None before it was put in place, and after it was taken away."""
V = TypeVar("V", int, float)
T = TypeVar("T")

MANY = 256
"""Values that came last and are kept apart: few enough that one more is sorted in at once."""

FEW = 16
"""New values, as a commit brings them, that are sorted in one by one."""


class Index(Protocol):
    late: Callable[[], None] | None
    """Tells it of all documents that there are: to be called before the first question. None: it knows them."""

    @property
    def quick(self) -> bool:
        """It need not have the documents decoded."""
        ...

    def change(self, changes: Sequence[Change]) -> None: ...

    def read(self, texts: Iterable[tuple[int, bytes]], decoded: Callable[[bytes], Doc]) -> None:
        """Told of documents that are new to it, as we write them: in ASCII, without blanks."""
        ...

    def clear(self) -> None: ...


Raw = Callable[[bytes], "Iterable[T] | None"]
"""What a document says, from its text; None where that has to be decoded."""


class _Late(ABC, Generic[T]):
    """An index that is told of the documents at the first question."""

    def __init__(self, found: Callable[[Doc], Iterable[T]], raw: Raw[T] | None) -> None:
        self._found = found
        self._raw = raw
        self.late: Callable[[], None] | None = None

    @property
    def quick(self) -> bool:
        return self._raw is not None

    def read(self, texts: Iterable[tuple[int, bytes]], decoded: Callable[[bytes], Doc]) -> None:
        raw, found, add = self._raw, self._found, self._add
        for doc_id, text in texts:
            values = None if raw is None else raw(text)
            for value in found(decoded(text)) if values is None else values:
                add(doc_id, value)

    def _ready(self) -> None:
        if self.late is not None:
            self.late()

    @abstractmethod
    def _add(self, doc_id: int, value: T) -> None: ...


def without(*marks: bytes) -> Raw[Any]:
    """A document whose text has nothing like these says nothing. Of such a field, or field and value: in what somebody
    wrote, a backslash stands before each quotation mark."""

    def nothing(text: bytes) -> Iterable[Any] | None:
        for mark in marks:
            if mark in text:
                return None
        return ()

    return nothing


def only(name: str) -> Callable[[bytes], str | None]:
    """What stands in this field, where it is plain text and no part of the document has a field of that name."""
    find = re.compile(rb'"%b":(?:"([^"\\]*)")?' % name.encode("ascii")).findall

    def value(text: bytes) -> str | None:
        found = find(text)
        return str(found[0], "ascii") if len(found) == 1 and found[0] else None

    return value


class _Columns(Generic[V]):
    """Hashes of keys, and a value beside each; sorted by both. What is added is sorted in when it is first asked for:
    opening a store adds thousands, and a command then asks for one."""

    def __init__(self, values: array[V]) -> None:
        self.hashes = array("q")
        self.values: array[V] = values
        self._sorted = 0

    def __len__(self) -> int:
        return len(self.hashes)

    def add(self, hashed: int, value: V) -> None:
        self.hashes.append(hashed)
        self.values.append(value)

    def drop(self, hashed: int, value: V) -> bool:
        """Whether it was there."""
        begin, end = self.run(hashed)
        row = bisect_left(self.values, value, begin, end)
        if row == end or self.values[row] != value:
            return False
        del self.hashes[row], self.values[row]
        self._sorted -= 1
        return True

    def run(self, hashed: int) -> tuple[int, int]:
        """The rows of a key."""
        if self._sorted < len(self.hashes):
            self._sort()
        begin = bisect_left(self.hashes, hashed)
        return begin, bisect_right(self.hashes, hashed, begin)

    def take_in(self, others: _Columns[V]) -> None:
        """Add all of these, in one pass over both."""
        others.run(0)
        hashes, values, at = self.hashes[:0], self.values[:0], 0
        for hashed, value in zip(others.hashes, others.values, strict=True):
            begin, end = self.run(hashed)
            row = bisect_left(self.values, value, begin, end)
            hashes += self.hashes[at:row]
            values += self.values[at:row]
            hashes.append(hashed)
            values.append(value)
            at = row
        self.hashes, self.values = hashes + self.hashes[at:], values + self.values[at:]
        self._sorted = len(self.hashes)

    def _sort(self) -> None:
        hashes, values = self.hashes, self.values
        if len(hashes) - self._sorted <= FEW:
            new = list(zip(hashes[self._sorted :], values[self._sorted :], strict=True))
            del hashes[self._sorted :], values[self._sorted :]
            for hashed, value in new:
                begin = bisect_left(hashes, hashed)
                row = bisect_left(values, value, begin, bisect_right(hashes, hashed, begin))
                hashes.insert(row, hashed)
                values.insert(row, value)
            self._sorted = len(hashes)
            return
        rows = sorted(range(len(hashes)), key=values.__getitem__)
        rows.sort(key=hashes.__getitem__)
        self.hashes = array(hashes.typecode, map(hashes.__getitem__, rows))
        self.values = array(values.typecode, map(values.__getitem__, rows))
        self._sorted = len(rows)


class _Pairs(Generic[V]):
    """Values under keys. The last that came are kept apart, so that what a commit costs does not grow with how many
    there are: to sort one into a long column moves all that stand behind it.

    A key is known by its hash of 64 bits, which Python salts in each process, so that nobody can choose it: that two
    of a million keys have the same happens to one store in thirty million.
    """

    def __init__(self, values: array[V]) -> None:
        self._old: _Columns[V] = _Columns(values)
        self._late: _Columns[V] = _Columns(values[:0])
        self._asked = False

    def add(self, key: Hashable, value: V) -> None:
        # Before the first question all come in their thousands, and are sorted at once.
        (self._late if self._asked else self._old).add(hash(key), value)

    def drop(self, key: Hashable, value: V) -> None:
        self._ask()
        hashed = hash(key)
        if not self._late.drop(hashed, value):
            self._old.drop(hashed, value)

    def under(self, key: Hashable) -> Sequence[V]:
        """In ascending order."""
        one, other = (columns.values[begin:end] for columns, begin, end in self._runs(key))
        return sorted(one + other) if one and other else one or other

    def count(self, key: Hashable, since: V | None = None) -> int:
        return sum(
            end - (begin if since is None else bisect_left(columns.values, since, begin, end))
            for columns, begin, end in self._runs(key)
        )

    def last_before(self, key: Hashable, value: V) -> V | None:
        found = [
            columns.values[row - 1]
            for columns, begin, end in self._runs(key)
            if (row := bisect_left(columns.values, value, begin, end)) > begin
        ]
        return max(found, default=None)

    def _runs(self, key: Hashable) -> Iterator[tuple[_Columns[V], int, int]]:
        self._ask()
        hashed = hash(key)
        for columns in (self._old, self._late):
            begin, end = columns.run(hashed)
            yield columns, begin, end

    def _ask(self) -> None:
        self._asked = True
        if len(self._late) > MANY:
            self._old.take_in(self._late)
            self._late = _Columns(self._old.values[:0])


class Terms(_Late[Hashable]):
    """The documents that hold a term, by their ids: in the order in which they were first put in place."""

    def __init__(self, terms: Callable[[Doc], Iterable[Hashable]], raw: Raw[Hashable] | None = None) -> None:
        """`terms` names each of a document's terms once, in a container that can be compared."""
        super().__init__(terms, raw)
        self.clear()

    def clear(self) -> None:
        self._pairs = _Pairs(array("q"))

    def change(self, changes: Sequence[Change]) -> None:
        terms, add = self._found, self._pairs.add
        for doc_id, old, new in changes:
            after = () if new is None else terms(new)
            if old is not None:
                before = terms(old)
                if before == after:  # nearly always
                    continue
                before, after = set(before), set(after)
                for term in before - after:
                    self._pairs.drop(term, doc_id)
                after -= before
            for term in after:
                add(term, doc_id)

    def _add(self, doc_id: int, value: Hashable) -> None:
        self._pairs.add(value, doc_id)

    def all(self, term: Hashable) -> Sequence[int]:
        self._ready()
        return self._pairs.under(term)

    def first(self, term: Hashable) -> int | None:
        return next(iter(self.all(term)), None)

    def count(self, term: Hashable) -> int:
        self._ready()
        return self._pairs.count(term)


class Times(_Late[tuple[Hashable, float]]):
    """Points on a line (seconds, days), sorted within each group, so that counting from one on is a bisection."""

    def __init__(
        self, points: Callable[[Doc], Iterable[tuple[Hashable, float]]], raw: Raw[tuple[Hashable, float]] | None = None
    ) -> None:
        super().__init__(points, raw)
        self.clear()

    def clear(self) -> None:
        self._pairs = _Pairs(array("d"))

    def change(self, changes: Sequence[Change]) -> None:
        for _, old, new in changes:
            before = () if old is None else tuple(self._found(old))
            after = () if new is None else tuple(self._found(new))
            if before == after:  # a record changes far more often than its moment
                continue
            for group, point in before:
                self._pairs.drop(group, point)
            for group, point in after:
                self._pairs.add(group, point)

    def _add(self, doc_id: int, value: tuple[Hashable, float]) -> None:
        self._pairs.add(*value)

    def count(self, group: Hashable, since: float | None = None) -> int:
        self._ready()
        return self._pairs.count(group, since)

    def last_before(self, group: Hashable, point: float) -> float | None:
        self._ready()
        return self._pairs.last_before(group, point)


class Sums(_Late[tuple[Hashable, int]]):
    """Numbers added up within each group."""

    def __init__(
        self, numbers: Callable[[Doc], Iterable[tuple[Hashable, int]]], raw: Raw[tuple[Hashable, int]] | None = None
    ) -> None:
        super().__init__(numbers, raw)
        self.clear()

    def clear(self) -> None:
        self._sums: dict[Hashable, int] = {}

    def change(self, changes: Sequence[Change]) -> None:
        for doc_id, old, new in changes:
            for group, number in () if old is None else self._found(old):
                self._sums[group] = self._sums.get(group, 0) - number
            for value in () if new is None else self._found(new):
                self._add(doc_id, value)

    def _add(self, doc_id: int, value: tuple[Hashable, int]) -> None:
        group, number = value
        self._sums[group] = self._sums.get(group, 0) + number

    def of(self, group: Hashable) -> int:
        self._ready()
        return self._sums.get(group, 0)
