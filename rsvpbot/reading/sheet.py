"""The lines of one mail body, and what each was taken for: text, quotation, signature or boilerplate."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from rsvpbot.reading.html import QUOTED, SIGNED

LONGEST_TEXT = 200_000
LONGEST_LINE = 2_000
MOST_LINES = 6_000
VERY_LONG = "the text is very long; only its beginning was read"


class Part:
    """What a line was taken for. Plain numbers: the members of an Enum are ten times as slow to look up."""

    TEXT: Final = 0
    QUOTED: Final = 1
    SIGNATURE: Final = 2
    BOILERPLATE: Final = 3


_ZEROS = (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0xFF10)
_DIGITS = {chr(zero + digit): str(digit) for zero in _ZEROS for digit in range(10)}
_SIGNS = dict(zip("：﹕，、،＜＞（）；＠\xa0\u202f\u2009\u3000\t‐", "::,,,<>();@     -", strict=True))
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\xad"
_PLAIN = {**_DIGITS, **_SIGNS, **dict.fromkeys(_INVISIBLE, " ")}
_NOT_PLAIN = re.compile(f"[{re.escape(''.join(_PLAIN))}]")
_EDGES = " \t\xa0\u3000\x1c\x1d\x1e\x1f\x85\u2002\u2003\u2009\u202f" + _INVISIBLE
_LINE_ENDS = ("\r\n", "\r", "\x0b", "\x0c", "\u2028", "\u2029")

_DATE = re.compile(
    r"(?<!\d)(?:(?:19|20|25)\d\d(?!\d)|\d{1,4}(?:[/-]|\. ?)\d{1,2}(?:[/-]|\. ?)\d{1,4}(?!\d))"
    r"|[〇零一二三四五六七八九]{4}年"
)
RULE = re.compile(r"[-_=*~─━—–#]{2,}$")
LABEL = re.compile(r"[ >*_\-•·]{0,6}([^\W\d_][^:<>@\n]{0,28}?)[ *_]{0,4}:[ *_]{0,4}")


def plain_text(text: str) -> str:
    """One character for one character: digits of any script as ASCII, full-width signs as their narrow ones."""
    if text.isascii():
        return text.replace("\t", " ")
    return _NOT_PLAIN.sub(lambda sign: _PLAIN[sign.group()], text)


def _broken(lines: list[str]) -> list[str]:
    """The same lines, with those longer than LONGEST_LINE broken."""
    out: list[str] = []
    for line in lines:
        rest = line
        while len(rest) > LONGEST_LINE:
            at = rest.rfind(" ", LONGEST_LINE // 2, LONGEST_LINE)
            at = LONGEST_LINE if at < 0 else at
            out.append(rest[:at].rstrip(_EDGES))
            # Stripped piece by piece, thousands of blanks would be looked at again with each piece.
            rest = rest[at:].lstrip(_EDGES)
        out.append(rest)
    return out


@dataclass(slots=True)
class Sheet:
    """The lines of one body and what each was taken for. A blank line is the empty string."""

    lines: list[str] = field(default_factory=list)
    """As written, without white space and marks of direction at either end."""
    plain: list[str] = field(default_factory=list)
    """The same lines as `plain_text` has them, character by character; of those that were quoted early, nothing."""
    parts: list[int] = field(default_factory=list)
    forwarded: bool = False
    doubts: list[str] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    """What header label each of the lines looked at begins with."""

    @classmethod
    def of(cls, text: str) -> Sheet:
        """At most 6,000 lines of at most 2,000 characters; a doubt where the text had to be cut."""
        sheet = cls()
        too_long = len(text) > LONGEST_TEXT
        text = text[:LONGEST_TEXT].replace("\x00", "")
        for line_end in _LINE_ENDS:
            text = text.replace(line_end, "\n")
        lines = text.split("\n", MOST_LINES)
        if len(lines) > MOST_LINES:
            too_long = True
            del lines[MOST_LINES]
        lines = [line.strip(_EDGES) for line in lines]
        if max(map(len, lines)) > LONGEST_LINE:
            lines = _broken(lines)
        sheet.parts = [Part.TEXT] * len(lines)
        if QUOTED in text or SIGNED in text:
            for at, line in enumerate(lines):
                if line[:1] in {QUOTED, SIGNED}:
                    sheet.parts[at] = Part.QUOTED if line[0] == QUOTED else Part.SIGNATURE
                    lines[at] = line[1:].strip(_EDGES)
        sheet.lines = lines
        if too_long:
            sheet.doubts.append(VERY_LONG)
        return sheet

    def read_plainly(self) -> None:
        """Fill `plain`, once it is known what stands behind quote marks."""
        text = [line if part == Part.TEXT else "" for line, part in zip(self.lines, self.parts, strict=True)]
        self.plain = plain_text("\n".join(text)).split("\n")

    def blank(self, at: int) -> bool:
        return not self.lines[at]

    def is_text(self, at: int) -> bool:
        """Whether there is such a line, with something on it that is still taken for text."""
        return 0 <= at < len(self.lines) and self.parts[at] == Part.TEXT and bool(self.lines[at])

    def quoted(self, at: int) -> bool:
        return at < len(self.lines) and self.parts[at] == Part.QUOTED

    def next_written(self, at: int) -> int:
        """The next line at or after `at` that is not blank; the number of lines if there is none."""
        while at < len(self.lines) and not self.lines[at]:
            at += 1
        return at

    def mark(self, start: int, end: int, part: int) -> None:
        """Give lines that are still text to another part."""
        for at in range(start, end):
            if self.parts[at] == Part.TEXT:
                self.parts[at] = part

    def written(self) -> list[int]:
        """The lines that are text, blank ones apart."""
        return self.of_part(Part.TEXT)

    def of_part(self, part: int) -> list[int]:
        return [at for at, line in enumerate(self.lines) if line and self.parts[at] == part]

    def break_line(self, line: int, at: int) -> None:
        """Make two lines of one, before character `at`."""
        for lines in (self.lines, self.plain):
            lines[line : line + 1] = [lines[line][:at].rstrip(_EDGES), lines[line][at:].lstrip(_EDGES)]
        self.parts[line : line + 1] = [self.parts[line]] * 2


def has_address(plain: str) -> bool:
    at = plain.find("@")
    return 0 < at < len(plain) - 1 and not plain[at - 1].isspace() and plain[at + 1].isalnum()


def has_date(plain: str) -> bool:
    """A year, or a date in figures."""
    return bool(_DATE.search(plain))


_WORD = re.compile(r"[^\W_]+")


def fingerprint(text: str) -> str:
    """The letters and figures of a text, without regard to case, breaks and signs."""
    return "".join(_WORD.findall(text.casefold()))


def segments(sheet: Sheet) -> list[list[int]]:
    """Runs of text lines between quotations, by line number; blank lines included."""
    found: list[list[int]] = []
    segment: list[int] = []
    for at, part in enumerate(sheet.parts):
        if part == Part.QUOTED:
            if segment:
                found.append(segment)
                segment = []
        elif part == Part.TEXT:
            segment.append(at)
    found.append(segment)
    return [lines for lines in found if any(sheet.lines[at] for at in lines)]
