"""Signs that were lost on the way: of "I can?t attend" nobody but a person knows what it was."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rsvpbot.reading.pack import Pack
from rsvpbot.reading.tokens import fold

LONGEST_SHOWN = 60
"""Characters of a word that are shown."""

_LETTER = r"[^\W\d_]"
_SIGNS = re.compile(
    rf"{_LETTER}[\x80-\x84\x86-\x9f\ufffd]|[\x80-\x84\x86-\x9f\ufffd]{_LETTER}"  # no charset has a letter there
    rf"|{_LETTER}[\u2500-\u259f\ue000-\uf8ff]{_LETTER}"  # lines and private signs, where another charset has its "’"
    rf"|{_LETTER}=[89A-F][0-9A-F]"  # quoted-printable that nobody declared
    r"|â€|Ã[\x80-\xbf]|Â[\x80-\xbf]"  # UTF-8 that was taken for something else, and made UTF-8 again
    r"|[\u202d\u202e]"  # letters that are shown in another order than they stand in
)
_QUESTION = re.compile(rf"{_LETTER}{{1,40}}\?( ?){_LETTER}")
_LOST = "aeiouncs"
"""Letters that have an accent somewhere, and so get lost."""
_OF_AN_ADDRESS = frozenset("/=@&")


def lost_signs(text: str, pack: Pack) -> Iterator[str]:
    """Why the words may not be those that were written."""
    found = [match.start() for match in _SIGNS.finditer(text)] if not text.isascii() or "=" in text else []
    if "?" in text:
        found += [match.end() - 1 for match in _QUESTION.finditer(text) if _stood_for_a_letter(match, pack)]
    if found:
        yield f"characters were lost on the way: “{_word_at(text, min(found))}”"


def _stood_for_a_letter(match: re.Match[str], pack: Pack) -> bool:
    """Whether a question mark replaces what another charset did not have: "can?t", "no podr? asistir"."""
    words, behind = match.group(), match.group()[-1]
    if not behind.islower():
        return False
    if match.group(1):
        word = fold(words.partition("?")[0])
        return words[0].islower() and not pack.knows(word) and any(pack.knows(word + one) for one in _LOST)
    return _OF_AN_ADDRESS.isdisjoint(_word_at(match.string, match.start()))


def _word_at(text: str, at: int) -> str:
    begin = max(text.rfind(" ", 0, at), text.rfind("\n", 0, at)) + 1
    return next(iter(text[begin : begin + LONGEST_SHOWN].split()), "")


__all__ = ["lost_signs"]
