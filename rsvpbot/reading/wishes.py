"""What somebody asks of us as writers: to be left alone, or to be forgotten.

These are wishes and no answers: whether somebody comes is read elsewhere.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from enum import StrEnum
from functools import lru_cache
from importlib import resources

MOST_SENTENCES = 40
SHORTEST_ALONE = 12
"""Letters of a phrase that counts at the beginning of a longer sentence; a shorter one ("stop") must be all of it."""

MOST_BEHIND = 1
"""Words behind a phrase: "remove me from the list of speakers" is another wish."""

FEWEST_SIGNS, MOST_SIGNS = 4, 4
"""Of a phrase that is written without spaces, and behind it."""

_ENDS = re.compile(r"[.!?;\n,،؛。！？；，]+")


class Wish(StrEnum):
    STOP = "stop"
    """No more reminders."""
    DELETE = "delete"
    """The data that are stored shall go."""


def wish(text: str) -> Wish | None:
    """What is asked in a newly written text; the weightier where it is both. Linear in the text."""
    found: set[Wish] = set()
    for sentence in _ENDS.split(text[:20_000])[:MOST_SENTENCES]:
        words = _folded(sentence)
        if words:
            found |= {kind for kind in Wish if _asks(words, kind)}
    return next((kind for kind in (Wish.DELETE, Wish.STOP) if kind in found), None)


def _asks(words: str, kind: Wish) -> bool:
    alone, begins = _phrases()[kind]
    if words in alone:
        return True
    if not words.startswith(begins):
        return False
    found = next(phrase for phrase in begins if words.startswith(phrase))
    if " " in words or found.isascii():
        return len(words.split()) - len(found.split()) <= MOST_BEHIND
    return len(found) >= FEWEST_SIGNS and len(words) - len(found) <= MOST_SIGNS


@lru_cache(maxsize=1)
def _phrases() -> dict[Wish, tuple[frozenset[str], tuple[str, ...]]]:
    data = tomllib.loads(resources.files("rsvpbot.reading").joinpath("wishes.toml").read_text(encoding="utf-8"))
    folded = {kind: [_folded(phrase) for phrase in data[kind.value]] for kind in Wish}
    return {
        kind: (frozenset(phrases), tuple(p for p in phrases if len(p) >= SHORTEST_ALONE or not p.isascii()))
        for kind, phrases in folded.items()
    }


def _folded(text: str) -> str:
    plain = text.casefold().replace("’", "'")
    if not plain.isascii():
        plain = "".join(char for char in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(char))
    words = re.sub(r"[^\w]+", " ", plain).split()
    return " ".join(words[1:] if words[:1] in (["please"], ["kindly"]) and len(words) > 1 else words)
