"""What came from a mail or a list, made fit to be shown to organisers: in a mail, on a terminal, in a table.

It stays text: nothing here escapes for HTML or CSV, which is done where the text lands.
"""

from __future__ import annotations

import unicodedata

ELLIPSIS = "…"

TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks and overrides of the reading direction: with them a text could show itself, and what is around it, in another
order than it has. Arabic and Hebrew need none."""


def one_line(text: str, most: int = 200) -> str:
    """On one line and at most `most` characters, without control characters."""
    return _cut(" ".join(_harmless(text).split()), most)


def lines(text: str, most_lines: int = 6, most: int = 500) -> tuple[str, ...]:
    """The first lines that hold something, at most `most` characters in all; "…" ends what was cut."""
    shown: list[str] = []
    room = most
    filled = [line for line in (" ".join(line.split()) for line in _harmless(text).splitlines()) if line]
    for line in filled[:most_lines]:
        shown.append(_cut(line, room))
        room -= len(line)
        if room <= 0:
            break
    cut = len(filled) > len(shown)
    if cut and not shown[-1].endswith(ELLIPSIS):
        shown[-1] += f" {ELLIPSIS}"
    return tuple(shown)


def _harmless(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join("" if _is_unfit(char) else char for char in "\n".join(text.splitlines()))


def _is_unfit(char: str) -> bool:
    # Cc: terminals obey them. Cs: half a character, which no file can hold. Co: marks of our own elsewhere.
    return char in TURNING or (unicodedata.category(char) in ("Cc", "Cs", "Co") and char not in "\n\t")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: max(0, most - 1)].rstrip() + ELLIPSIS
