"""The phrases of `machine.toml`, compiled: which kinds of phrase a text holds.

The words are data; this is the little that finds them. Text and phrases are folded alike (case, accents, vowel signs,
kinds of quotation marks), so that "reponse automatique" is found where "Réponse automatique" is written.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

MOST_READ = 6_000
"""Characters of a text that are looked at: a machine says what it is at the beginning."""

_GAP = r"[^.!?]{0,80}?"
_RAW_FOLDS = str.maketrans(
    {"’": "'", "‘": "'", "´": "'", "“": '"', "”": '"', "«": '"', "»": '"', "ـ": "", "ى": "ي", "ة": "ه"}
)
_LETTERS_WITH_SPACES = re.compile(r"[0-9a-zа-яα-ω]")


def fold(text: str) -> str:
    """Case, accents, vowel signs, quotation marks and spaces made alike."""
    flat = unicodedata.normalize("NFKD", text[: 2 * MOST_READ].translate(_RAW_FOLDS)).casefold()
    plain = "".join(c for c in flat if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    return " ".join(plain.split())[:MOST_READ]


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases of one kind, in all languages."""

    weight: int
    most: int
    """How many phrases count."""
    patterns: tuple[tuple[str, re.Pattern[str]], ...]
    """The longest literal piece of each, which is sought first because that is quick, and its pattern."""

    def found_in(self, folded: str) -> bool:
        return any(piece in folded and pattern.search(folded) for piece, pattern in self.patterns)

    def weight_in(self, folded: str) -> int:
        """0 where none is found, else the weight, for each phrase up to `most`."""
        count = 0
        for piece, pattern in self.patterns:
            if piece in folded and pattern.search(folded):
                count += 1
                if count >= self.most:
                    break
        return self.weight * count

    def at_start_of(self, folded: str) -> int:
        """How many characters of `folded` one of the phrases takes at its beginning; 0 if none does."""
        ends = (m.end() for piece, pattern in self.patterns if piece in folded and (m := pattern.match(folded)))
        return max(ends, default=0)

    def cut_from(self, folded: str) -> str:
        for piece, pattern in self.patterns:
            if piece in folded:
                folded = pattern.sub(" ", folded)
        return folded


@dataclass(frozen=True, slots=True)
class Phrasebook:
    subjects: Mapping[str, Phrases]
    automatic: Mapping[str, Phrases]
    person: Mapping[str, Phrases]
    bulk: Mapping[str, Phrases]
    not_of_our_event: Phrases
    receipt_body: Phrases
    bounce_body: Phrases
    bounce_delay: Phrases


@cache
def phrasebook() -> Phrasebook:
    """Read and compiled on first use."""
    table = tomllib.loads(files("rsvpbot.mail").joinpath("machine.toml").read_text("utf-8"))
    return Phrasebook(
        subjects=_group(table["subject"]),
        automatic=_group(table["automatic"]),
        person=_group(table["person"]),
        bulk=_group(table["bulk"]),
        not_of_our_event=_phrases(table["not_of_our_event"]),
        receipt_body=_phrases(table["receipt_body"]),
        bounce_body=_phrases(table["bounce_body"]),
        bounce_delay=_phrases(table["bounce_delay"]),
    )


def _group(tables: Mapping[str, Mapping[str, object]]) -> Mapping[str, Phrases]:
    return {name: _phrases(table) for name, table in tables.items()}


def _phrases(table: Mapping[str, object]) -> Phrases:
    weight, most = table.get("weight", 0), table.get("most", 1)
    assert isinstance(weight, int)
    assert isinstance(most, int)
    lists = [value for value in table.values() if isinstance(value, list)]
    return Phrases(weight, most, tuple(_compiled({phrase for phrases in lists for phrase in phrases})))


def _compiled(phrases: Iterable[str]) -> Iterable[tuple[str, re.Pattern[str]]]:
    for phrase in sorted(phrases, key=len, reverse=True):
        pieces = [fold(piece) for piece in phrase.split("*")]
        before = r"(?<!\w)" if _LETTERS_WITH_SPACES.match(pieces[0][:1]) else ""
        after = r"(?!\w)" if _LETTERS_WITH_SPACES.match(pieces[-1][-1:]) else ""
        yield max(pieces, key=len), re.compile(before + _GAP.join(map(re.escape, pieces)) + after)
