"""The lines of one mail body, and what each was taken for: text, quotation, signature or boilerplate."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum

from rsvpbot.reading.html import QUOTED, SIGNED

LONGEST_TEXT = 200_000
LONGEST_LINE = 2_000
MOST_LINES = 20_000
VERY_LONG = "the text is very long; only its beginning was read"


class Part(IntEnum):
    TEXT = 0
    QUOTED = 1
    SIGNATURE = 2
    BOILERPLATE = 3


_ZEROS = (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0xFF10)
_DIGITS = {code: str(digit) for zero in _ZEROS for digit, code in enumerate(range(zero, zero + 10))}
_SIGNS = dict(zip("：，、،＜＞（）；＠\xa0\u202f\u2009\u3000\t", ":,,,<>();@     ", strict=True))
_INVISIBLE = (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF, 0x00AD)
_PLAIN = {**_DIGITS, **{ord(sign): plain for sign, plain in _SIGNS.items()}, **dict.fromkeys(_INVISIBLE, " ")}
_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c]")

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|[〇零一二三四五六七八九]{4}年")
_NUMERIC_DATE = re.compile(r"(?<!\d)\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?!\d)")
RULE = re.compile(r"[ \t]{0,8}[-_=*~─━—–#]{2,}[ \t]*$")
LABEL = re.compile(r"[ >*_\-•·]{0,6}([^\W\d_][^:<>@\n]{0,28}?)[ *_]{0,4}:[ *_]{0,4}")


def plain_line(line: str) -> str:
    """One character for one character: digits of any script as ASCII, full-width signs as their narrow ones."""
    return line if line.isascii() and "\t" not in line else line.translate(_PLAIN)


def _lines(text: str) -> tuple[list[str], bool]:
    """At most 20,000 lines of at most 2,000 characters, and whether the text had to be cut."""
    too_long = len(text) > LONGEST_TEXT
    text = _LINE_ENDS.sub("\n", text[:LONGEST_TEXT].replace("\x00", ""))
    pieces = text.split("\n", MOST_LINES)
    too_long = too_long or len(pieces) > MOST_LINES
    lines: list[str] = []
    for line in pieces[:MOST_LINES]:
        rest = line.rstrip()
        while len(rest) > LONGEST_LINE:
            at = rest.rfind(" ", LONGEST_LINE // 2, LONGEST_LINE)
            at = LONGEST_LINE if at < 0 else at
            lines.append(rest[:at].rstrip())
            rest = rest[at:].lstrip()
        lines.append(rest)
    return lines, too_long


@dataclass(slots=True)
class Sheet:
    """The lines of one body and what each was taken for."""

    lines: list[str] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    forwarded: bool = False
    doubts: list[str] = field(default_factory=list)
    roles: dict[int, str] = field(default_factory=dict)
    """Of header labels, by line; filled once the lines are settled."""

    @classmethod
    def of(cls, text: str) -> Sheet:
        sheet = cls()
        lines, too_long = _lines(text)
        for line in lines:
            part = Part.QUOTED if line[:1] == QUOTED else Part.SIGNATURE if line[:1] == SIGNED else Part.TEXT
            own = line if part is Part.TEXT else line[1:]
            sheet.lines.append(own)
            sheet.plain.append(plain_line(own))
            sheet.parts.append(part)
        if too_long:
            sheet.doubts.append(VERY_LONG)
        return sheet

    def blank(self, at: int) -> bool:
        return not self.plain[at].strip()

    def next_written(self, at: int) -> int:
        """The next line at or after `at` that is not blank; the number of lines if there is none."""
        while at < len(self.lines) and self.blank(at):
            at += 1
        return at

    def quoted(self, at: int) -> bool:
        return at < len(self.lines) and self.parts[at] is Part.QUOTED

    def mark(self, start: int, end: int, part: Part) -> None:
        """Give lines that are still text to another part."""
        for at in range(start, end):
            if self.parts[at] is Part.TEXT:
                self.parts[at] = part

    def written(self) -> list[int]:
        return [at for at, part in enumerate(self.parts) if part is Part.TEXT and not self.blank(at)]

    def break_line(self, line: int, at: int) -> None:
        """Make two lines of one, before character `at`."""
        pieces = [self.lines[line][:at].rstrip(), self.lines[line][at:]]
        self.lines[line : line + 1] = pieces
        self.plain[line : line + 1] = [plain_line(piece) for piece in pieces]
        self.parts[line : line + 1] = [self.parts[line]] * 2


def has_address(plain: str) -> bool:
    at = plain.find("@")
    return 0 < at < len(plain) - 1 and not plain[at - 1].isspace() and plain[at + 1].isalnum()


def has_date(plain: str) -> bool:
    return bool(_YEAR.search(plain) or _NUMERIC_DATE.search(plain))


_WORD = re.compile(r"[^\W_]+")


def fingerprint(text: str) -> str:
    return "".join(_WORD.findall(text.casefold()))


def segments(sheet: Sheet) -> list[list[int]]:
    """Runs of text lines between quotations, by line number; blank lines included."""
    found: list[list[int]] = []
    segment: list[int] = []
    for at, part in enumerate(sheet.parts):
        if part is Part.QUOTED:
            if segment:
                found.append(segment)
            segment = []
        elif part is Part.TEXT:
            segment.append(at)
    found.append(segment)
    return [lines for lines in found if any(not sheet.blank(at) for at in lines)]
