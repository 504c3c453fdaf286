"""The phrases of `machine.toml`, compiled: which kinds of phrase a text holds.

The words are data; this is the little that finds them. Text and phrases are folded alike (case, accents, vowel signs,
kinds of quotation marks), so that "reponse automatique" is found where "Réponse automatique" is written. Of thousands
of phrases only those are tried of which one word, the rarest in the book, occurs in the text.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from itertools import chain
from typing import NamedTuple

MOST_READ = 6_000
"""Characters of a text that are looked at: a machine says what it is at the beginning."""

_GAP = r"[^.!?]{0,80}?"
_RAW_FOLDS = str.maketrans(
    {"’": "'", "‘": "'", "´": "'", "“": '"', "”": '"', "«": '"', "»": '"', "ـ": "", "ى": "ي", "ة": "ه", "ł": "l",
     "Ł": "l", "ı": "i", "ø": "o", "Ø": "o"}
)  # fmt: skip
_INVISIBLE = re.compile(
    "[\u00ad\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u0600-\u0605\u0610-\u061a\u061c\u064b-\u065f\u0670"
    "\u06d6-\u06dd\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u093c\u094d\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u20d0-\u20dc\u3099\u309a\ufe00-\ufe0f\ufe20-\ufe2f\ufeff]"
)
"""Accents and vowel signs that NFKD has set apart, and characters that only steer others."""

_ARABIC = re.compile("[\u0621-\u064a]")
_JOINED = r"(?<!\w)(?:[وفسبكل]|ال|وال|بال|لل|فال|كال|ولل|وس|فس|وب|ول)?"
"""What Arabic writes together with the word that follows: and, so, by, for, the, shall."""
_SPACED = re.compile("[0-9a-zα-ωа-яєі]")
"""A letter of a script that sets words apart by spaces, as folding leaves it."""
_WORD = re.compile(r"\w+")
_RUN = re.compile(r"[^\W_0-9a-zα-ωа-яєі]+")
"""Letters of the other scripts."""


def fold(text: str) -> str:
    """Case, accents, vowel signs, quotation marks and spaces made alike."""
    cut = text[: 2 * MOST_READ]
    if cut.isascii():
        return " ".join(cut.lower().split())[:MOST_READ]
    flat = unicodedata.normalize("NFKD", cut.translate(_RAW_FOLDS)).casefold()
    return " ".join(_INVISIBLE.sub("", flat).split())[:MOST_READ]


@dataclass(frozen=True)
class Words:
    """A folded text, and by what its phrases are looked up."""

    text: str

    @cached_property
    def keys(self) -> frozenset[str]:
        """The words; in scripts that write without spaces, or join small words to others (Arabic), each character and
        each pair of them; and "", for the phrases that have no key."""
        keys = {"", *_WORD.findall(self.text)}
        if not self.text.isascii():
            for run in _RUN.findall(self.text):
                keys.update(run, map(str.__add__, run, run[1:]))
        return frozenset(keys)


@dataclass(frozen=True)
class Phrase:
    kind: str
    """The list that it stands in."""
    piece: str
    """Its longest literal piece, which is sought first because that is quick."""
    source: str
    """The pattern, which is compiled when it is first tried: most never are."""
    one_word: bool
    """It is no more than one of the keys by which it is looked up, and so found when it is tried."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self.source)

    def found_in(self, text: str) -> bool:
        return self.one_word or (self.piece in text and self.pattern.search(text) is not None)


@dataclass(frozen=True, slots=True)
class Weight:
    each: int
    most: int
    """How many phrases count."""


class Phrases:
    """Lists of phrases that are sought together, each in all languages."""

    def __init__(self, tables: Mapping[str, Mapping[str, object]]) -> None:
        self._weights = {kind: _weight(table) for kind, table in tables.items()}
        written = {
            (kind, phrase)
            for kind, table in tables.items()
            for phrases in table.values()
            if isinstance(phrases, list)
            for phrase in phrases
        }
        self._by_key, self._by_start = _indexed(sorted(written))

    def _candidates(self, words: Words) -> Iterator[Phrase]:
        return chain.from_iterable(self._by_key[key] for key in self._by_key.keys() & words.keys)

    def found_in(self, words: Words) -> bool:
        return any(phrase.found_in(words.text) for phrase in self._candidates(words))

    def weigh(self, words: Words) -> dict[str, int]:
        """The weight of each kind that is found: its own for each phrase of it, up to so many; in the book's order."""
        text, weights = words.text, self._weights
        counts = dict.fromkeys(weights, 0)
        for phrase in self._candidates(words):
            kind = phrase.kind
            if counts[kind] < weights[kind].most and phrase.found_in(text):
                counts[kind] += 1
        return {kind: weights[kind].each * count for kind, count in counts.items() if count}

    def at_start_of(self, folded: str) -> dict[str, int]:
        """How many characters of `folded` a phrase of each kind takes at its beginning, where one does."""
        ends: dict[str, int] = {}
        for phrase in self._by_start.get(folded[:2], ()):
            match = phrase.pattern.match(folded)
            if match:
                ends[phrase.kind] = max(match.end(), ends.get(phrase.kind, 0))
        return ends

    def cut_from(self, words: Words) -> Words:
        found = [phrase for phrase in self._candidates(words) if phrase.piece in words.text]
        text = words.text
        for phrase in sorted(found, key=lambda phrase: -len(phrase.piece)):
            text = phrase.pattern.sub(" ", text)
        return Words(text) if found else words


def _weight(table: Mapping[str, object]) -> Weight:
    each, most = table.get("weight", 0), table.get("most", 1)
    assert isinstance(each, int)  # noqa: S101 (our own data)
    assert isinstance(most, int)  # noqa: S101 (our own data)
    return Weight(each, most)


_Index = Mapping[str, tuple[Phrase, ...]]


def _indexed(written: Iterable[tuple[str, str]]) -> tuple[_Index, _Index]:
    """The phrases by the rarest of their keys ("" where they have none), and by their first two characters."""
    rows = [(kind, tuple(_pieces(phrase))) for kind, phrase in written]
    keyed = [(_phrase(kind, pieces), frozenset(_keys_of(pieces)), pieces[0].text[:2]) for kind, pieces in rows]
    frequency = Counter(key for _, keys, _ in keyed for key in keys)
    by_key: dict[str, list[Phrase]] = {}
    by_start: dict[str, list[Phrase]] = {}
    for phrase, keys, start in keyed:
        rarest = min(keys, key=lambda key: (frequency[key], -len(key), key), default="")
        by_key.setdefault(rarest, []).append(phrase)
        by_start.setdefault(start, []).append(phrase)
    return _fixed(by_key), _fixed(by_start)


def _fixed(index: Mapping[str, list[Phrase]]) -> _Index:
    return {key: tuple(phrases) for key, phrases in index.items()}


class _Piece(NamedTuple):
    """What stands between the "*" of a phrase, folded, and whether a word must begin and end with it: so it is but for
    a side where "*" touches a letter ("задерж*")."""

    text: str
    begins: bool
    ends: bool


def _pieces(phrase: str) -> Iterator[_Piece]:
    pieces = phrase.split("*")
    for number, piece in enumerate(pieces):
        begins, ends = number == 0 or piece[:1] == " ", number == len(pieces) - 1 or piece[-1:] == " "
        folded = fold(piece)
        yield _Piece(folded, begins and bool(_SPACED.match(folded[:1])), ends and bool(_SPACED.match(folded[-1:])))


def _phrase(kind: str, pieces: tuple[_Piece, ...]) -> Phrase:
    first = pieces[0]
    one_word = len(pieces) == 1 and first.begins and first.ends and _WORD.fullmatch(first.text) is not None
    longest = max((piece.text for piece in pieces), key=len)
    return Phrase(kind, longest, _GAP.join(map(_source, pieces)), one_word and not _RUN.search(first.text))


def _source(piece: _Piece) -> str:
    """A pattern for a piece, which may begin where its script shows that a word begins."""
    before = r"(?<!\w)" if piece.begins else _JOINED if _ARABIC.match(piece.text) else ""
    return before + re.escape(piece.text) + (r"(?!\w)" if piece.ends else "")


def _keys_of(pieces: Iterable[_Piece]) -> Iterator[str]:
    """Keys (see `Words.keys`) of every text that holds this phrase."""
    for piece in pieces:
        for word in _WORD.finditer(piece.text):
            cut = (word.start() == 0 and not piece.begins) or (word.end() == len(piece.text) and not piece.ends)
            if not cut and not _RUN.search(word.group()):
                yield word.group()
        for run in _RUN.findall(piece.text):
            yield from map(str.__add__, run, run[1:]) if len(run) > 1 else run


@dataclass(frozen=True, slots=True)
class Phrasebook:
    subjects: Phrases
    automatic: Phrases
    person: Phrases
    bulk: Phrases
    bulk_notice: Phrases
    not_of_our_event: Phrases
    receipt_body: Phrases
    bounce_body: Phrases
    bounce_delay: Phrases


@cache
def phrasebook() -> Phrasebook:
    """Read and compiled on first use."""
    table = tomllib.loads(files("rsvpbot.mail").joinpath("machine.toml").read_text("utf-8"))
    one = ("not_of_our_event", "receipt_body", "bounce_body", "bounce_delay")
    return Phrasebook(
        subjects=Phrases(table["subject"]),
        automatic=Phrases(table["automatic"]),
        person=Phrases(table["person"]),
        bulk=Phrases(table["bulk"]),
        bulk_notice=Phrases({"notice": table["bulk"]["notice"]}),
        **{name: Phrases({name: table[name]}) for name in one},
    )
