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
        self._found: dict[Hashable, dict[str, None]] = {}

    def change(self, doc_id: str, old: Doc | None, new: Doc | None) -> None:
        before = () if old is None else tuple(self._terms(old))
        after = () if new is None else tuple(self._terms(new))
        for term in before:
            if term not in after and term in self._found:
                self._found[term].pop(doc_id, None)
                if not self._found[term]:
                    del self._found[term]
        for term in after:
            self._found.setdefault(term, {})[doc_id] = None

    def first(self, term: Hashable) -> str | None:
        return next(iter(self.all(term)), None)

    def all(self, term: Hashable) -> tuple[str, ...]:
        return tuple(self._found.get(term, ()))

    def only(self, term: Hashable) -> str | None:
        """The one document; None if there are several."""
        found = self.all(term)
        return found[0] if len(found) == 1 else None


class Times:
    """Points on a line (seconds, days), sorted within each group, so that counting from one on is a bisection."""

    def __init__(self, points: Callable[[Doc], Iterable[tuple[Hashable, float]]]) -> None:
        self._points = points
        self._sorted: dict[Hashable, list[float]] = {}

    def change(self, doc_id: str, old: Doc | None, new: Doc | None) -> None:
        before = () if old is None else tuple(self._points(old))
        after = () if new is None else tuple(self._points(new))
        if before == after:
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
