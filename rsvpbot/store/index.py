"""Indexes over the documents of a table, kept up with every commit, so that no question needs a search."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Protocol

Doc = Mapping[str, Any]


class Index(Protocol):
    def change(self, doc_id: str, old: Doc | None, new: Doc | None) -> None:
        """A document was put in place (`old` None: for the first time) or taken away (`new` None)."""
        ...


class Terms:
    """The documents that hold a term, in the order in which they came to hold it."""

    def __init__(self, terms: Callable[[Doc], Iterable[Hashable]]) -> None:
        self._terms = terms
        self._found: dict[Hashable, str | dict[str, None]] = {}
        """One document as it is, several as the keys of a dict: most terms have one, and a dict for each would take
        more memory than the documents."""

    def change(self, doc_id: str, old: Doc | None, new: Doc | None) -> None:
        after = () if new is None else tuple(self._terms(new))
        if old is not None:
            for term in self._terms(old):
                if term not in after:
                    self._drop(term, doc_id)
        for term in after:
            self._add(term, doc_id)

    def all(self, term: Hashable) -> tuple[str, ...]:
        found = self._found.get(term, ())
        return (found,) if isinstance(found, str) else tuple(found)

    def first(self, term: Hashable) -> str | None:
        return next(iter(self.all(term)), None)

    def _add(self, term: Hashable, doc_id: str) -> None:
        found = self._found.setdefault(term, doc_id)
        if isinstance(found, dict):
            found[doc_id] = None
        elif found != doc_id:
            self._found[term] = {found: None, doc_id: None}

    def _drop(self, term: Hashable, doc_id: str) -> None:
        found = self._found.get(term)
        if isinstance(found, dict):
            found.pop(doc_id, None)
        if not found or found == doc_id:
            self._found.pop(term, None)


class Times:
    """Points on a line (seconds, days), sorted within each group, so that counting from one on is a bisection."""

    def __init__(self, points: Callable[[Doc], Iterable[tuple[Hashable, float]]]) -> None:
        self._points = points
        self._sorted: dict[Hashable, list[float]] = {}

    def change(self, doc_id: str, old: Doc | None, new: Doc | None) -> None:
        before = () if old is None else tuple(self._points(old))
        after = () if new is None else tuple(self._points(new))
        if before == after:  # a record changes far more often than its moment
            return
        for group, point in before:
            points = self._sorted[group]
            del points[bisect_left(points, point)]
            if not points:
                del self._sorted[group]
        for group, point in after:
            insort(self._sorted.setdefault(group, []), point)

    def count(self, group: Hashable, since: float | None = None) -> int:
        points = self._sorted.get(group, [])
        return len(points) if since is None else len(points) - bisect_left(points, since)

    def last_before(self, group: Hashable, point: float) -> float | None:
        points = self._sorted.get(group, [])
        place = bisect_left(points, point)
        return points[place - 1] if place else None


class Sums:
    """Numbers added up within each group."""

    def __init__(self, numbers: Callable[[Doc], Iterable[tuple[Hashable, int]]]) -> None:
        self._numbers = numbers
        self._sums: dict[Hashable, int] = {}

    def change(self, doc_id: str, old: Doc | None, new: Doc | None) -> None:
        for group, number in () if old is None else self._numbers(old):
            self._sums[group] = self._sums.get(group, 0) - number
        for group, number in () if new is None else self._numbers(new):
            self._sums[group] = self._sums.get(group, 0) + number

    def of(self, group: Hashable) -> int:
        return self._sums.get(group, 0)
