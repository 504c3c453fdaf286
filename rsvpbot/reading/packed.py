"""Many short texts in little memory, and numbers found by a word.

A language has tens of thousands of words and phrases of which one text meets a few dozen. As Python strings in sets and
dicts they take some hundred bytes each; here, their own letters and a few bytes more.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import NamedTuple, TypeVar
from zlib import crc32

_ERRORS = "surrogatepass"
"""Half a character may stand in a text that came by mail."""


class Texts(Sequence[str]):
    """Texts one behind another, each found by its number."""

    __slots__ = ("_ends", "_letters")

    def __init__(self, texts: Iterable[str]) -> None:
        encoded = [text.encode("utf-8", _ERRORS) for text in texts]
        self._letters = b"".join(encoded)
        self._ends = array("I", [0])
        end = 0
        for text in encoded:
            end += len(text)
            self._ends.append(end)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number):  # type: ignore[no-untyped-def]
        return self.encoded(number).decode("utf-8", _ERRORS)

    def encoded(self, number: int) -> bytes:
        return self._letters[self._ends[number] : self._ends[number + 1]]

    def __iter__(self) -> Iterator[str]:
        return map(self.__getitem__, range(len(self)))


class Index:
    """Numbers by a word, in the order in which they were given: a hash table with open addressing, without objects."""

    __slots__ = ("_mask", "_numbers", "_slots", "_starts", "_words")

    def __init__(self, numbers: Mapping[str, Sequence[int]]) -> None:
        self._words = Texts(numbers)
        self._numbers = array("I")
        self._starts = array("I", [0])
        for found in numbers.values():
            self._numbers.extend(found)
            self._starts.append(len(self._numbers))
        self._mask = (1 << (2 * len(numbers)).bit_length()) - 1
        self._slots = array("I", bytes(4 * (self._mask + 1)))
        for place in range(len(self._words)):
            slot = crc32(self._words.encoded(place)) & self._mask
            while self._slots[slot]:
                slot = (slot + 1) & self._mask
            self._slots[slot] = place + 1

    def get(self, word: str) -> Sequence[int]:
        """The numbers of a word; none where it is not here."""
        sought = word.encode("utf-8", _ERRORS)
        slots, mask = self._slots, self._mask
        slot = crc32(sought) & mask
        while slots[slot]:
            place = slots[slot] - 1
            if self._words.encoded(place) == sought:
                return self._numbers[self._starts[place] : self._starts[place + 1]]
            slot = (slot + 1) & mask
        return ()

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)


MOST_REMEMBERED = 2_000
"""Words of which a language's answers are kept as objects: most words of a text come again and again."""

Answer = TypeVar("Answer")


class Remembered(dict[str, Answer]):
    """What a function says of a word, asked once and kept; all of it is given back when it has grown large."""

    def __init__(self, ask: Callable[[str], Answer]) -> None:
        self._ask = ask

    def __missing__(self, word: str) -> Answer:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        found = self[word] = self._ask(word)
        return found

    def __reduce__(self) -> tuple[type[Remembered[Answer]], tuple[Callable[[str], Answer]]]:
        """A copy begins anew."""
        return type(self), (self._ask,)


class Met(NamedTuple):
    """What sets of words know of one word."""

    entries: tuple[tuple[tuple[str, ...], int], ...]
    """The entries that begin with it, as words, each with the sets that have it; the longest first."""
    begins: int
    """The sets that have any of these."""
    alone: int
    """The sets that have the word by itself."""


_UNKNOWN = Met((), 0, 0)


class WordSets:
    """Sets of words and of words in a row, all together: a set is a bit, and an entry says in which sets it is."""

    __slots__ = ("_by_first", "_entries", "_sets", "bits", "met")

    def __init__(self, sets: Mapping[str, Iterable[str]]) -> None:
        self.bits = {name: 1 << number for number, name in enumerate(sets)}
        """Each set as a number, of which several may be added."""
        memberships: dict[str, int] = {}
        for name, texts in sets.items():
            for text in texts:
                memberships[text] = memberships.get(text, 0) | self.bits[name]
        ordered = sorted(memberships, key=lambda text: -text.count(" "))
        by_first: dict[str, list[int]] = {}
        for number, text in enumerate(ordered):
            by_first.setdefault(text.partition(" ")[0], []).append(number)
        self._entries = Texts(ordered)
        self._sets = array("Q", (memberships[text] for text in ordered))
        self._by_first = Index(by_first)
        self.met = Remembered(self.find)

    def find(self, word: str) -> Met:
        """What is known of a word; `met` remembers it."""
        numbers = self._by_first.get(word)
        if not numbers:
            return _UNKNOWN
        entries = tuple((tuple(self._entries[number].split()), self._sets[number]) for number in numbers)
        alone = next((sets for words, sets in entries if words == (word,)), 0)
        return Met(entries, reduce(or_, (sets for _, sets in entries)), alone)

    def has(self, name: str, text: str) -> bool:
        """Whether a set has a word, or words parted by single spaces."""
        bit = self.bits[name]
        if " " not in text:
            return self.met[text].alone & bit > 0
        met = self.met[text.partition(" ")[0]]
        return met.begins & bit > 0 and any(sets & bit and " ".join(words) == text for words, sets in met.entries)

    def __getitem__(self, name: str) -> frozenset[str]:
        """A whole set."""
        bit = self.bits[name]
        return frozenset(self._entries[number] for number, sets in enumerate(self._sets) if sets & bit)


__all__ = ["Index", "Met", "Remembered", "Texts", "WordSets"]
