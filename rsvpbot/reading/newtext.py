"""What a person has newly written, apart from what the mail quotes, signs and carries along.

The rule is structural and needs no language: quote marks, lines that end in a colon and hold a date and an address,
blocks of header-like lines, separators between dashes. A table of words (mailclients.toml) helps where structure is
thin.

Losing what was written is worse than keeping a quoted line. So nothing is dropped: every line of the body comes back
as text, signature, quotation or boilerplate, and where an answer may stand among the quotation, `doubts` says so.

All scans are linear: 200,000 characters and 2,000 characters a line at most, no nested quantifiers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from itertools import pairwise

from rsvpbot.model import Address, Body, Message
from rsvpbot.reading import clients
from rsvpbot.reading.calendar import client_words, find_reply
from rsvpbot.reading.html import CUT, QUOTED, SIGNED, may_hide, render, without_marks

LONGEST_TEXT = 200_000
LONGEST_LINE = 2_000
MOST_LINES = 20_000
MOST_WRITTEN_LINES = 2_000
"""Without quote marks; nobody writes more."""


@dataclass(frozen=True, slots=True)
class NewText:
    """The parts of one message's body. `text`, `signature`, `quoted` and `boilerplate` together hold every line."""

    text: str
    """Newly written: greeting and closing included; without quotation, signature, banner, disclaimer."""
    signature: str
    """The lines of the signature block, where they were told apart."""
    quoted: str
    """What was cut as quotation."""
    forwarded: bool
    interleaved: bool
    """Answers stand between quoted lines."""
    doubts: tuple[str, ...]
    """Reasons for review, in plain words."""
    source: str
    """"plain", "html", "attachment", "enclosed", "subject", "none"."""
    boilerplate: str = ""
    """Banners, disclaimers, the telephone's footer; of a calendar answer the program's own sentences (the language of a
    bare answer is theirs); of an enclosed or attached text the note around it."""
    writer: Address | None = None
    """Who wrote it, where that is not the sender of the message: the From of the enclosed mail."""


class _Part(IntEnum):
    TEXT = 0
    QUOTED = 1
    SIGNATURE = 2
    BOILERPLATE = 3


# --------------------------------------------------------------------------- lines


_ZEROS = (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0xFF10)
_DIGITS = {code: str(digit) for zero in _ZEROS for digit, code in enumerate(range(zero, zero + 10))}
_SIGNS = dict(zip("：，、،＜＞（）；＠\xa0\u202f\u2009\u3000\t", ":,,,<>();@     ", strict=True))
_INVISIBLE = (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF, 0x00AD)
_PLAIN = {**_DIGITS, **{ord(sign): plain for sign, plain in _SIGNS.items()}, **dict.fromkeys(_INVISIBLE, " ")}
_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c]")

_QUOTE = re.compile(r"[ \t]{0,8}>(?!=)")
_QUOTE_WITH_INITIALS = re.compile(r"[ ]{0,2}[^\W\d_]{1,3}> ?")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|[〇零一二三四五六七八九]{4}年")
_NUMERIC_DATE = re.compile(r"(?<!\d)\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?!\d)")
_TIME = re.compile(
    r"(?<!\d)\d{1,2} ?[:.hч时時点點] ?\d{2}(?!\d)|(?<!\d)\d{1,2} ?(?:AM|PM|am|pm|Uhr)\b|\d{1,2} ?[时時点點]"
)
_DAY = re.compile(r"(?<!\d)\d{1,2}(?!\d)|[一二三四五六七八九十]{1,3}[日号號]")
_RULE = re.compile(r"[ \t]{0,8}[-_=*~─━—–#]{2,}[ \t]*$")
_DASHES = "-_=*~─━—–"
_LABEL = re.compile(r"[ >*_\-•·]{0,6}([^\W\d_][^:<>@\n]{0,28}?)[ *_]{0,4}:[ *_]{0,4}")


def _plain(line: str) -> str:
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


_VERY_LONG = "the text is very long; only its beginning was read"


@dataclass(slots=True)
class _Sheet:
    """The lines of one body and what each was taken for."""

    lines: list[str] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    parts: list[_Part] = field(default_factory=list)
    forwarded: bool = False
    doubts: list[str] = field(default_factory=list)
    roles: dict[int, str] = field(default_factory=dict)
    """Of header labels, by line; filled once the lines are settled."""

    @classmethod
    def of(cls, text: str) -> _Sheet:
        sheet = cls()
        lines, too_long = _lines(text)
        for line in lines:
            part = _Part.QUOTED if line[:1] == QUOTED else _Part.SIGNATURE if line[:1] == SIGNED else _Part.TEXT
            own = line if part is _Part.TEXT else line[1:]
            sheet.lines.append(own)
            sheet.plain.append(_plain(own))
            sheet.parts.append(part)
        if too_long:
            sheet.doubts.append(_VERY_LONG)
        return sheet

    def blank(self, at: int) -> bool:
        return not self.plain[at].strip()

    def next_written(self, at: int) -> int:
        """The next line at or after `at` that is not blank; the number of lines if there is none."""
        while at < len(self.lines) and self.blank(at):
            at += 1
        return at

    def quoted(self, at: int) -> bool:
        return at < len(self.lines) and self.parts[at] is _Part.QUOTED

    def mark(self, start: int, end: int, part: _Part) -> None:
        """Give lines that are still text to another part."""
        for at in range(start, end):
            if self.parts[at] is _Part.TEXT:
                self.parts[at] = part

    def written(self) -> list[int]:
        return [at for at, part in enumerate(self.parts) if part is _Part.TEXT and not self.blank(at)]

    def break_line(self, line: int, at: int) -> None:
        """Make two lines of one, before character `at`."""
        pieces = [self.lines[line][:at].rstrip(), self.lines[line][at:]]
        self.lines[line : line + 1] = pieces
        self.plain[line : line + 1] = [_plain(piece) for piece in pieces]
        self.parts[line : line + 1] = [self.parts[line]] * 2


# --------------------------------------------------------------------------- quote marks and attributions


def _mark_quote_marks(sheet: _Sheet) -> None:
    """Lines that begin with ">", or with a writer's initials and ">" (The Bat!)."""
    initials: list[int] = []
    for at, line in enumerate(sheet.plain):
        if ">" not in line[:12] or sheet.parts[at] is not _Part.TEXT:
            continue
        if _QUOTE.match(line):
            sheet.parts[at] = _Part.QUOTED
        elif _QUOTE_WITH_INITIALS.match(line):
            initials.append(at)
    for first, second in pairwise(initials):
        if second == first + 1:
            sheet.mark(first, second + 1, _Part.QUOTED)
    # Blank lines between two quoted lines belong to the quotation.
    last = -1
    for at, part in enumerate(sheet.parts):
        if part is _Part.QUOTED:
            if last >= 0:
                sheet.mark(last + 1, at, _Part.QUOTED)
            last = at
        elif not sheet.blank(at):
            last = -1


def _mark_excess(sheet: _Sheet) -> None:
    written = sheet.written()
    if len(written) > MOST_WRITTEN_LINES:
        sheet.mark(written[MOST_WRITTEN_LINES], len(sheet.lines), _Part.QUOTED)
        sheet.doubts.append("the text has very many lines; only the first were read")


def _has_address(plain: str) -> bool:
    at = plain.find("@")
    return 0 < at < len(plain) - 1 and not plain[at - 1].isspace() and plain[at + 1].isalnum()


def _has_date(plain: str) -> bool:
    return bool(_YEAR.search(plain) or _NUMERIC_DATE.search(plain))


def _is_attribution(plain: str, quote_follows: bool) -> bool:
    """Is this whole text the line that introduces a quotation?"""
    text = plain.strip(f" {_DASHES}")
    if not text or len(text) > 400:
        return False
    between_dashes = plain.strip()[:2] in {"--", "—-", "__"} and plain.strip()[-2:] in {"--", "__"}
    colon = text.endswith(":")
    wrote = clients.says_wrote(text)
    if not colon and wrote != "last":
        return False
    address, dated, timed = _has_address(text), _has_date(text), bool(_TIME.search(text))
    if quote_follows:
        if wrote and (address or dated or timed or len(text.split()) <= 8):
            return True
        if address and (dated or timed or clients.opens_attribution(text)):
            return True
        return (dated and timed) or clients.opens_citation(text)
    # Nothing tells where the quotation ends, so the proof must be stronger: a person's sentence may end in a colon too.
    if not colon and not between_dashes:
        return False
    bracketed = address and ("<" in text or "[" in text)
    if wrote and (bracketed or not clients.first_person(text)):
        return (dated and (wrote == "last" or timed or bracketed)) or (bracketed and timed)
    return bracketed and timed and (dated or bool(_DAY.search(text)))


def _mark_attributions(sheet: _Sheet) -> None:
    end = -1
    while end + 1 < len(sheet.lines):
        end += 1
        if sheet.parts[end] is not _Part.TEXT or sheet.blank(end):
            continue
        line = sheet.plain[end].rstrip(f" {_DASHES}")
        if not line.endswith(":") and clients.says_wrote(line) != "last":
            if len(line) > 60 and "@" in line and ":" in line:
                _mark_flattened(sheet, end)
            continue
        following = sheet.next_written(end + 1)
        quote_follows = sheet.quoted(following)
        start = _attribution_start(sheet, end, quote_follows)
        if start < 0:
            continue
        at = clients.opener_within(sheet.plain[start])
        if at > 0:
            sheet.break_line(start, at)
            start, end, following = start + 1, end + 1, following + 1
        if quote_follows:
            sheet.mark(start, following, _Part.QUOTED)
        else:
            sheet.mark(start, len(sheet.lines), _Part.QUOTED)
            return


def _mark_flattened(sheet: _Sheet, at: int) -> None:
    """A client that lost its line breaks: "Yes On … X <x@y> wrote: Excellency, …" on one line."""
    line = sheet.plain[at]
    colon = line.find(">:")
    colon = colon + 1 if colon >= 0 else clients.wrote_colon(line)
    if colon < 0:
        return
    start = clients.opener_within(line[: colon + 1])
    start = 0 if start < 0 and clients.opens_attribution(line) else start
    if start < 0 or not _is_attribution(line[start : colon + 1], quote_follows=False):
        return
    if start > 0:
        sheet.break_line(at, start)
        at += 1
    sheet.mark(at, len(sheet.lines), _Part.QUOTED)


def _attribution_start(sheet: _Sheet, end: int, quote_follows: bool) -> int:
    """The first line of the attribution that ends on line `end` (it wraps over four lines at most), or -1."""
    joined = ""
    for start in range(end, max(-1, end - 4), -1):
        if sheet.parts[start] is not _Part.TEXT or sheet.blank(start):
            return -1
        if start < end and sheet.plain[start].rstrip().endswith(":"):
            return -1
        joined = f"{sheet.plain[start].strip()} {joined}".strip()
        if _is_attribution(joined, quote_follows) and (not quote_follows or _complete(joined, sheet, start)):
            return _wrapped_start(sheet, start)
    return -1


def _complete(joined: str, sheet: _Sheet, start: int) -> bool:
    """Before a quotation "wrote:" alone would do; but where the date stands on the line above, it belongs to it."""
    if _has_date(joined) or start == 0 or sheet.blank(start - 1) or sheet.parts[start - 1] is not _Part.TEXT:
        return True
    above = sheet.plain[start - 1]
    return not (_has_date(above) and (_TIME.search(above) or clients.opens_attribution(above)))


def _wrapped_start(sheet: _Sheet, start: int) -> int:
    """An attribution may be broken in the middle of its date: take the opening line above too."""
    for _ in range(2):
        if start == 0 or clients.opens_attribution(sheet.plain[start], figure=False):
            return start
        above = sheet.plain[start - 1].strip()
        if not above or sheet.parts[start - 1] is not _Part.TEXT or above.endswith((".", "!", "?", "。", ":")):
            return start
        opens = clients.opens_attribution(above, figure=False) and any(sign.isdecimal() for sign in above)
        if not opens and not (len(above) >= 50 and _has_date(above) and _TIME.search(above)):
            return start
        start -= 1
    return start


# --------------------------------------------------------------------------- separators and header blocks


def _mark_rest(sheet: _Sheet) -> None:
    """Separators and header blocks: what follows is quotation to the end, unless quote marks tell its extent."""
    for at in range(len(sheet.lines)):
        if sheet.parts[at] is not _Part.TEXT:
            continue
        line = sheet.plain[at]
        if line == CUT:
            sheet.lines[at] = sheet.plain[at] = ""
        elif sheet.blank(at) or not (":" in line or line.lstrip()[0] in _DASHES or len(line) < 60):
            continue
        elif clients.forwards(line, _between_dashes(line)):
            sheet.forwarded = True
        elif not (_separates(sheet, at) or _header_block(sheet, at) or _notes_block(sheet, at)):
            continue
        start = at
        while start > 0 and (sheet.blank(start - 1) or _RULE.match(sheet.plain[start - 1])):
            start -= 1
        following = sheet.next_written(_header_end(sheet, at))
        if sheet.quoted(following):
            sheet.mark(start, following, _Part.QUOTED)
            continue
        sheet.mark(start, len(sheet.lines), _Part.QUOTED)
        return


def _between_dashes(line: str) -> str:
    """The words of "----- Original Message -----", or ""."""
    text = line.strip(" >:")
    if len(text) > 200 or text[:2].strip(_DASHES) or text[-2:].strip(_DASHES) or len(text) < 5:
        return ""
    return text.strip(f"{_DASHES} ")


def _separates(sheet: _Sheet, at: int) -> bool:
    words = _between_dashes(sheet.plain[at])
    if not words:
        return False
    if clients.is_original(words) or (clients.says_wrote(words) == "last" and _has_date(words)):
        return True
    following = sheet.next_written(at + 1)
    return following < len(sheet.lines) and _header_block(sheet, following)


def _role(sheet: _Sheet, at: int) -> str:
    """The role of the header label that this line begins with, or ""."""
    if at not in sheet.roles:
        match = _LABEL.match(sheet.plain[at])
        sheet.roles[at] = clients.role(match.group(1)) if match else ""
    return sheet.roles[at]


def _header_block(sheet: _Sheet, at: int) -> bool:
    """At least three header-like lines, From among them, with a subject or an address, beginning here."""
    line = sheet.plain[at]
    first = _role(sheet, at)
    if not first:
        return _unknown_header_block(sheet, at)
    if len(clients.roles_in(line)) >= 3:
        return True
    roles = {first}
    addressed = _has_address(line)
    evidence = addressed or _has_date(line)
    spaced = at + 1 < len(sheet.lines) and sheet.blank(at + 1)
    for below in range(at + 1, min(len(sheet.lines), at + 14)):
        if sheet.blank(below):
            if not spaced or sheet.blank(below - 1):
                break
            continue
        role = _role(sheet, below)
        if not role:
            if spaced:
                break
            continue
        roles.add(role)
        has_address = _has_address(sheet.plain[below])
        addressed = addressed or (has_address and role in {"from", "to"})
        evidence = evidence or has_address or _has_date(sheet.plain[below])
    # "From: Geneva / To: New York / Date: …" is somebody's journey.
    return "from" in roles and len(roles - {"other", "cc"}) >= 3 and evidence and ("subject" in roles or addressed)


def _unknown_header_block(sheet: _Sheet, at: int) -> bool:
    """In a language that the table does not have: four labels, a bracketed address first, a date with a time."""
    labels = addresses = 0
    dated = False
    for below in range(at, min(len(sheet.lines), at + 8)):
        line = sheet.plain[below]
        if _LABEL.match(line) is None:
            break
        labels += 1
        bracketed = _has_address(line) and ("<" in line or "[" in line)
        if below == at and not bracketed:
            return False
        addresses += bracketed
        dated = dated or bool(_has_date(line) and _TIME.search(line))
    above_ruled = at > 0 and bool(_RULE.match(sheet.plain[at - 1]))
    if labels >= 4 and dated and (addresses >= 2 or above_ruled):
        sheet.doubts.append("what looks like the header of an answered mail is in an unknown language")
        return True
    return False


def _notes_block(sheet: _Sheet, at: int) -> bool:
    """Old Notes: the sender, the date, then "To", "cc" and "Subject", each alone on its line."""
    if at + 3 >= len(sheet.lines) or not (_has_date(sheet.plain[at + 1]) and _TIME.search(sheet.plain[at + 1])):
        return False
    bare = {
        clients.role(line.strip(" :"))
        for line in sheet.plain[at + 2 : at + 16]
        if 0 < len(line.strip()) <= 20 and not line.strip().endswith(".")
    }
    return {"to", "subject"} <= bare and len(sheet.plain[at].split()) <= 8


def _header_end(sheet: _Sheet, at: int) -> int:
    """The line behind the header block at or just below `at`."""
    end = at + 1
    blanks = 0
    for below in range(at + 1, min(len(sheet.lines), at + 16)):
        if sheet.blank(below):
            blanks += 1
            if blanks > 1:
                break
        elif _LABEL.match(sheet.plain[below]):
            end, blanks = below + 1, 0
        elif blanks:
            break
    return end


# --------------------------------------------------------------------------- our own words


_WORD = re.compile(r"[^\W_]+")


def _fingerprint(text: str) -> str:
    return "".join(_WORD.findall(text.casefold()))


def _mark_known(sheet: _Sheet, known: Collection[str]) -> None:
    """Runs of lines that repeat what we wrote, or what the same message quotes with marks, are quotation."""
    ours = " ".join(_fingerprint(text) for text in known)
    if ours.strip():
        _mark_runs(sheet, ours, shortest_run=60)
        _rescue(sheet, ours)
    if sum(len(sheet.lines[at]) for at in sheet.written()) < 160:
        return
    quoted = _fingerprint(
        " ".join(line for line, part in zip(sheet.lines, sheet.parts, strict=True) if part is _Part.QUOTED)
    )
    if len(quoted) >= 200:
        _mark_runs(sheet, quoted, shortest_run=160)


def _mark_runs(sheet: _Sheet, ours: str, shortest_run: int) -> None:
    run: list[int] = []
    length = longest = 0
    for at in [*sheet.written(), len(sheet.lines)]:
        trace = _fingerprint(sheet.lines[at]) if at < len(sheet.lines) else ""
        if trace and trace in ours:
            run.append(at)
            length += len(trace)
            longest = max(longest, len(trace))
            continue
        if length >= shortest_run and longest >= 30:
            for line in run:
                sheet.parts[line] = _Part.QUOTED
        run, length, longest = [], 0, 0


def _rescue(sheet: _Sheet, ours: str) -> None:
    """Nothing stands above an unmarked quotation: what stands below our own words in it is likely the answer."""
    if sheet.written():
        return
    quoted = [at for at, part in enumerate(sheet.parts) if part is _Part.QUOTED and not sheet.blank(at)]
    traces = {at: _fingerprint(sheet.lines[at]) for at in quoted}
    own = [at for at in quoted if len(traces[at]) >= 30 and traces[at] in ours]
    if not own:
        return
    below = [at for at in quoted if at > own[-1] and traces[at] not in ours and not _QUOTE.match(sheet.plain[at])]
    for at in below:
        sheet.parts[at] = _Part.TEXT
    if below:
        sheet.doubts.append("the answer seems to stand below the quoted mail, which has no quote marks")


def _mark_stray(sheet: _Sheet) -> None:
    """A quoted line that a gateway wrapped leaves its tail without a mark; an answer may look the same."""
    strays = 0
    for at in range(1, len(sheet.lines) - 1):
        if sheet.parts[at] is not _Part.TEXT or sheet.blank(at):
            continue
        above, below = sheet.plain[at - 1].rstrip(), sheet.plain[at + 1]
        if not (_QUOTE.match(above) and _QUOTE.match(below)):
            continue
        line = sheet.lines[at].strip()
        wrapped = len(above) >= 60 and above[-1] not in ".!?:;。？！"
        if wrapped and len(line) <= 40 and (line[0].islower() or strays):
            sheet.parts[at] = _Part.QUOTED
            strays += 1
    if 0 < strays < 3:
        sheet.doubts.append("a line among the quoted ones has no quote mark: it may be an answer")


# --------------------------------------------------------------------------- boilerplate


def _mark_boilerplate(sheet: _Sheet) -> None:
    written = sheet.written()
    notices = clients.notices_in("\n".join(sheet.plain[at] for at in written))
    for order, at in enumerate(written):
        if sheet.parts[at] is not _Part.TEXT:
            continue
        line = sheet.plain[at].strip()
        if order < 6 and clients.is_banner(line):
            sheet.parts[at] = _Part.BOILERPLATE
            for below in range(at + 1, min(len(sheet.lines), at + 5)):
                if sheet.blank(below) or not clients.goes_with_banner(sheet.plain[below]):
                    break
                sheet.mark(below, below + 1, _Part.BOILERPLATE)
        elif clients.is_footer(line):
            sheet.parts[at] = _Part.BOILERPLATE
        elif notices and clients.begins_notice(line, "".join(sheet.plain[at + 1 : at + 2]), notices):
            _mark_notice(sheet, at, first=order == 0)
    _mark_lone_delimiters(sheet)


def _mark_notice(sheet: _Sheet, at: int, first: bool) -> None:
    """A legal notice runs to the end of its paragraph; glued on top of a letter, only to the first personal line."""
    sheet.parts[at] = _Part.BOILERPLATE
    for below in range(at + 1, len(sheet.lines)):
        if sheet.blank(below) or (first and clients.first_person(sheet.plain[below], singular=True)):
            return
        sheet.mark(below, below + 1, _Part.BOILERPLATE)


def _mark_lone_delimiters(sheet: _Sheet) -> None:
    """A rule or "-- " with nothing of the person's below it (in its segment) says nothing."""
    for segment in _segments(sheet):
        for at in reversed(segment):
            if sheet.blank(at):
                continue
            if not _RULE.match(sheet.lines[at]) and not _is_delimiter(sheet.lines[at]):
                break
            sheet.parts[at] = _Part.BOILERPLATE


def _segments(sheet: _Sheet) -> list[list[int]]:
    """Runs of text lines between quotations, by line number; blank lines included."""
    found: list[list[int]] = []
    segment: list[int] = []
    for at, part in enumerate(sheet.parts):
        if part is _Part.QUOTED:
            if segment:
                found.append(segment)
            segment = []
        elif part is _Part.TEXT:
            segment.append(at)
    found.append(segment)
    return [lines for lines in found if any(not sheet.blank(at) for at in lines)]


# --------------------------------------------------------------------------- signature


_LONGEST_SIGNATURE = 16
_NAME_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.\-](?=[^\W\d_]))*\.?")
_PARTICLES = frozenset({
    "van", "der", "den", "de", "la", "le", "les", "da", "do", "dos", "das", "di", "del", "della", "von", "zu", "zur",
    "bin", "ibn", "al", "el", "bint", "y", "e", "i", "ter", "ten", "af", "av", "ben", "the", "of", "for", "and",
    "du", "des", "et", "pour", "para", "por", "und", "für", "и", "по", "o", "os", "a", "l'", "d'", "los", "las",
})  # fmt: skip
_ANSWERS = frozenset(["no", "ok", "si", "ja", "da", "oui", "non", "yes", "sim", "нет", "да", "ne", "na", "yep", "nah"])
_SIGNED_OFF = ("敬上", "謹上", "谨上", "敬启", "謹啟", "拜上", "上")
_ENDS_SENTENCE = (".", "!", "?", "。", "！", "？", "؟", "…")


def _mark_signature(sheet: _Sheet, sender: str) -> None:
    segments = _segments(sheet)
    for segment in segments if len(segments) <= 20 else segments[-2:]:
        paragraphs = _paragraphs(sheet, segment)
        start = _signature_start(sheet, segment, paragraphs, _name_words(sender))
        if start < 0:
            continue
        below = [at for at in segment if at >= start]
        for at in below:
            sheet.parts[at] = _Part.SIGNATURE
        _give_back(sheet, _paragraphs(sheet, below), delimited=_is_delimiter(sheet.lines[start]))


def _paragraphs(sheet: _Sheet, lines: Sequence[int]) -> list[list[int]]:
    blocks: list[list[int]] = []
    before = -2
    for at in lines:
        if sheet.blank(at):
            before = -2
            continue
        if at == before + 1:
            blocks[-1].append(at)
        else:
            blocks.append([at])
        before = at
    return blocks


def _is_delimiter(line: str) -> bool:
    """RFC 3676, section 4.3, and what clients that strip its trailing blank leave."""
    return line.strip() in {"--", "—", "––", "- --"}


def _name_words(sender: str) -> frozenset[str]:
    return frozenset(word.strip(".").casefold() for word in _NAME_WORD.findall(sender))


def _signature_start(sheet: _Sheet, segment: Sequence[int], paragraphs: list[list[int]], sender: frozenset[str]) -> int:
    """The line where the signature begins; -1 where there is none."""
    written = [at for block in paragraphs for at in block]
    for at in segment:
        if _is_delimiter(sheet.lines[at]) and at != written[0]:
            rest = [line for line in written if line > at]
            personal = any(_personal(sheet.lines[line]) for line in rest)
            if rest and (not personal or _signs(sheet, rest[0], sender, sure=True)):
                return at
    tail = written[-_LONGEST_SIGNATURE - 1 :]
    for at, following in pairwise(tail):
        closing = clients.closing(sheet.plain[at].strip())
        if closing and _signs(sheet, following, sender, sure=closing == "sure"):
            return following
    return _from_below(sheet, paragraphs, sender)


def _from_below(sheet: _Sheet, paragraphs: list[list[int]], sender: frozenset[str]) -> int:
    """No closing: from below, lines with the sender's name, blocks with titles and telephone numbers."""
    start = -1
    for order in range(len(paragraphs) - 1, -1, -1):
        block = paragraphs[order]
        introduced = order > 0 and sheet.plain[paragraphs[order - 1][-1]].rstrip().endswith(":")
        at = _block_start(sheet, block, sender, introduced)
        if at < 0 or (order == 0 and at == block[0]):
            break
        start = at
        if at != block[0]:
            break
    return start


def _block_start(sheet: _Sheet, block: list[int], sender: frozenset[str], introduced: bool) -> int:
    """Where in this last paragraph the signature begins, or -1. After "… the following:" names are a list."""
    if introduced:
        return -1
    tail = block[-_LONGEST_SIGNATURE:]
    for order, at in enumerate(tail):
        listed = order > 0 and sheet.plain[tail[order - 1]].rstrip().endswith(":")
        if listed or not sender or not _is_senders_name(sheet.lines[at].strip(), sender):
            continue
        below = tail[order + 1 :]
        if not any(_personal(sheet.lines[line]) for line in below) or _evidence(sheet.lines[below[0]]):
            return at
    if len(block) > 10 or any(_personal(sheet.lines[at]) or sheet.plain[at].lstrip()[0] in "-*•·–" for at in block[:2]):
        return -1
    first = sheet.lines[block[0]].strip()
    if clients.is_event_label(first):
        return -1
    evidence = [at for at in block if _evidence(sheet.lines[at])]
    contact = any(clients.has_contact(sheet.plain[at]) for at in block)
    short = all(len(sheet.lines[at]) <= 160 for at in block)
    if contact and evidence and short and not first.endswith((*_ENDS_SENTENCE, ":", ",")):
        return block[0]
    named = len(block) >= 2 and _name_like(first) and len(first.split()) >= 2 and block[0] not in evidence
    return block[0] if named and len(evidence) == len(block) - 1 else -1


def _evidence(line: str) -> bool:
    """A job title, an organisation, a telephone number: what stands under a name."""
    return len(line) <= 160 and (clients.has_title(line) or clients.has_contact(_plain(line))) and not _personal(line)


def _is_senders_name(line: str, sender: frozenset[str]) -> bool:
    """Only words (or initials) of the sender's name; a title may follow behind a comma, a bar or a dash."""
    for suffix in _SIGNED_OFF:
        line = line.removesuffix(suffix) if len(line) > len(suffix) + 1 else line
    head, _, tail = line.strip().partition(" - ")
    for sign in ",|/;–—(":
        head, found, more = head.partition(sign)
        tail = f"{more} {tail}" if found else tail
    tail = tail.strip(" ,|/;–—-()")
    if tail and not clients.has_title(tail) and not _only_names(tail, sender):
        return False
    return _only_names(head, sender)


def _only_names(text: str, sender: frozenset[str]) -> bool:
    words = [word.strip(".").casefold() for word in _NAME_WORD.findall(text)]
    words = [word for word in words if word not in _PARTICLES or word in sender] or words
    if (
        not words
        or len(words) > 6
        or any(sign.isdecimal() for sign in text)
        or text.rstrip().endswith(("?", "!", "。"))
    ):
        return False
    initials = {name[0] for name in sender}
    if any(_is_name(word, sender) for word in words):
        return all(_is_name(word, sender) or (len(word) == 1 and word in initials) for word in words)
    compact = "".join(words)
    return (
        len(compact) <= 3
        and all(letter in initials for letter in compact)
        and (len(compact) == 1 or "." in text or text.strip().isupper())
        and compact not in _ANSWERS
    )


def _is_name(word: str, sender: frozenset[str]) -> bool:
    if word in sender:
        return True
    caseless = not (word[0].islower() or word[0].isupper())
    return caseless and len(word) >= 2 and any(word in name for name in sender)


def _signs(sheet: _Sheet, at: int, sender: frozenset[str], sure: bool) -> bool:
    """May this line, which follows a closing, be the name of the one who signs?"""
    line = sheet.lines[at].strip()
    if _personal(line) or clients.closing(line):
        return False
    if sender and _is_senders_name(line, sender):
        return True
    if line.endswith(("?", "!", ":", "。", "？", "！", "؟", ";")) or len(line) > 90 or clients.is_event_label(line):
        return False
    if not sure:
        return _name_like(line) and len(line.split()) >= 2 and any(sign.islower() for sign in line)
    if _evidence(line) and len(line.split()) <= 10:
        return True
    return _name_like(line.rstrip("."), strict=bool(sender))


def _name_like(line: str, strict: bool = True) -> bool:
    """One to six capitalised words; where it need not be strict, a few signs of a script without capitals."""
    line = line.rstrip(" ,،，")
    words = line.split()
    if not 1 <= len(words) <= 6 or any(sign.isdecimal() or sign in ",:;?!" for sign in line):
        return False
    letters = [sign for sign in line if sign.isalpha()]
    if not letters or line[0] in "-*•·–":
        return False
    if not any(sign.islower() or sign.isupper() for sign in letters):
        return not strict and len(letters) <= (5 if ord(letters[0]) > 0x2E80 else 24)
    if words[0].casefold().strip(".") in _ANSWERS:
        return False
    return all(word[0].isupper() or word.lower() in _PARTICLES for word in words if word[0].isalpha())


def _personal(line: str) -> bool:
    """A sentence in the first person, or a question: a person wrote this, not a letterhead."""
    if "***" in line or line.count("|") > 1:
        return False
    question = line.rstrip().endswith(("?", "？", "؟")) and len(line) >= 12
    return question or (clients.first_person(line) and (len(line.split()) >= 3 or not line.isascii()))


def _sentence(line: str) -> bool:
    """Ends as a sentence does and is long enough for one."""
    plain = line.strip()
    if not plain.endswith(_ENDS_SENTENCE):
        return False
    words = plain.split()
    return len(words) >= 5 or (not plain[0].islower() and not plain[0].isupper() and len(plain) >= 10)


def _advertises(line: str) -> bool:
    """An address, or words in capitals, and nobody who says "I"."""
    if clients.first_person(line, singular=True):
        return False
    capitals = sum(len(word) > 3 and word.isupper() for word in line.split())
    return capitals >= 2 or any(sign in line for sign in ("@", "://", "***", "|")) or clients.has_contact(_plain(line))


def _says_more(line: str) -> bool:
    return (_personal(line) or _sentence(line)) and not _advertises(line)


def _give_back(sheet: _Sheet, paragraphs: list[list[int]], delimited: bool) -> None:
    """A postscript, or a paragraph of sentences below the name, is no part of the signature."""
    for order, block in enumerate(paragraphs):
        if clients.is_postscript(sheet.plain[block[0]].strip()):
            for later in paragraphs[order:]:
                _return(sheet, later)
            return
        if delimited:
            continue
        if order and any(_says_more(sheet.lines[at]) for at in block):
            _return(sheet, block)
        elif not order:
            for place, at in enumerate(block[1:], 1):
                if clients.is_postscript(sheet.plain[at].strip()) or (
                    _personal(sheet.lines[at]) and not any(_evidence(sheet.lines[above]) for above in block[:place])
                ):
                    _return(sheet, block[place:])
                    break


def _return(sheet: _Sheet, block: Iterable[int]) -> None:
    for at in block:
        sheet.parts[at] = _Part.TEXT


# --------------------------------------------------------------------------- one text


_NOTHING_OUTSIDE = "nothing stands outside the quotation"


def split(text: str, known: Collection[str] = (), sender: str = "") -> NewText:
    """Split a plain text. `known`: texts of our own, to be taken for quotation; `sender`: the writer's display name."""
    return _kept(_split(without_marks(text), known, sender, "plain"))


def _split(text: str, known: Collection[str], sender: str, source: str) -> NewText:
    sheet = _Sheet.of(text)
    _mark_quote_marks(sheet)
    _mark_excess(sheet)
    _mark_attributions(sheet)
    _mark_rest(sheet)
    _mark_known(sheet, known)
    _mark_stray(sheet)
    _mark_boilerplate(sheet)
    _mark_signature(sheet, sender)
    return _result(sheet, source)


def _result(sheet: _Sheet, source: str) -> NewText:
    quoted = [at for at, part in enumerate(sheet.parts) if part is _Part.QUOTED and not sheet.blank(at)]
    text = _join(sheet, _Part.TEXT)
    doubts = list(sheet.doubts)
    if not text and quoted:
        doubts.append(_NOTHING_OUTSIDE)
    if quoted and text and clients.points_inside(text):
        doubts.append("the answers seem to stand inside the quoted text")
    return NewText(
        text=text,
        signature=_join(sheet, _Part.SIGNATURE),
        quoted=_join(sheet, _Part.QUOTED),
        forwarded=sheet.forwarded,
        interleaved=any(quoted[0] < at < quoted[-1] for at in sheet.written()) if quoted else False,
        doubts=tuple(doubts),
        source=source if text else "none",
        boilerplate=_join(sheet, _Part.BOILERPLATE),
    )


def _join(sheet: _Sheet, part: _Part) -> str:
    """The lines of one part; where others stood between, an empty line."""
    out: list[str] = []
    gap = False
    for at, kind in enumerate(sheet.parts):
        if kind is not part or sheet.blank(at):
            gap = gap or bool(out)
            continue
        if gap:
            out.append("")
            gap = False
        line = sheet.lines[at]
        out.append(line.rstrip() if part is _Part.QUOTED else line.strip())
    return "\n".join(out)


def _kept(found: NewText) -> NewText:
    """Where nothing but a signature stands, it may be the answer; it is given back as text."""
    if found.text or not found.signature:
        return found
    return replace(
        found, text=found.signature, signature="", source=found.source if found.source != "none" else "plain"
    )


# --------------------------------------------------------------------------- the message


_EMPTY = NewText("", "", "", forwarded=False, interleaved=False, doubts=(), source="none")


def new_text(message: Message, known: Collection[str] = ()) -> NewText:
    """The newly written text of a message. Never raises.

    `known`: texts of our own (invitation, letters, the event's title), whose repetition is quotation.
    """
    return _kept(_new_text(message, tuple(known), depth=0))


def _new_text(message: Message, known: tuple[str, ...], depth: int) -> NewText:
    if message.encrypted:
        return replace(_EMPTY, doubts=("the message is encrypted: nobody here can read it",))
    found = _of_bodies([body for body in message.bodies if not body.attached], known, message)
    if _says_little(found.text, message.sender.name):
        found = _elsewhere(message, found, known, depth)
    return found


def _of_bodies(bodies: Sequence[Body], known: tuple[str, ...], message: Message) -> NewText:
    """The bodies that are shown, alternatives once, in the order of the message."""
    pieces: list[str] = []
    source = "plain"
    cut = False
    for body in _shown(bodies):
        if body.subtype == "html":
            source = "html"
            rendered = render(body.text)
            cut = cut or rendered.cut
            pieces.append(rendered.text)
        else:
            pieces.append(without_marks(body.text))
    if not pieces:
        return _EMPTY
    text = "\n\n".join(pieces)
    human, program = _by_program(text, message) if message.calendars else (text, "")
    found = _split(human, known, message.sender.name, source)
    doubts = (*found.doubts, _VERY_LONG) if cut and _VERY_LONG not in found.doubts else found.doubts
    return replace(found, boilerplate=_joined(program, found.boilerplate), doubts=doubts)


def _by_program(text: str, message: Message) -> tuple[str, str]:
    """The person's words beside a calendar answer, and the program's."""
    name = message.sender.name
    human, program = client_words(text, name)
    if program and any(clients.standing_sentence(line) for line in program.split("\n")):
        reply = find_reply(message)
        human, program = client_words(text, name, reply.partstat if reply else None)
    return human, program


def _shown(bodies: Sequence[Body]) -> list[Body]:
    shown: list[Body] = []
    seen: set[int] = set()
    for body in bodies:
        if not body.alternative:
            shown.append(body)
        elif body.alternative not in seen:
            seen.add(body.alternative)
            shown += _choose([other for other in bodies if other.alternative == body.alternative])
    return shown


def _choose(alternatives: Sequence[Body]) -> list[Body]:
    """The plain version, unless it is empty or a stub, or cannot show what the HTML strikes out."""
    plain = [body for body in alternatives if body.subtype != "html"]
    html = [body for body in alternatives if body.subtype == "html"]
    text = "\n".join(body.text for body in plain)
    if html and (not text.strip() or clients.is_stub(text) or any(may_hide(body.text) for body in html)):
        return html
    return plain


def _says_little(text: str, sender: str) -> bool:
    """Empty, only a greeting or a name, or a note that only points elsewhere."""
    return _says_nothing(text, sender) or _only_points(text)


def _says_nothing(text: str, sender: str) -> bool:
    names = _name_words(sender)
    return clients.only_courtesy("\n".join(line for line in text.split("\n") if not _only_names(line, names)))


_SENTENCE_END = re.compile(r"(?<=[.!?。！？؟])\s+|\n")


def _only_points(text: str) -> bool:
    """Every sentence points to an attachment or to a mail below, or is courtesy."""
    if len(text) > 400 or not (clients.points_to_attachment(text) or clients.points_below(text)):
        return False
    sentences = [piece for piece in _SENTENCE_END.split(text) if piece.strip()]
    pointing = [piece for piece in sentences if clients.points_to_attachment(piece) or clients.points_below(piece)]
    return bool(pointing) and all(piece in pointing or clients.only_courtesy(piece) for piece in sentences)


def _elsewhere(message: Message, found: NewText, known: tuple[str, ...], depth: int) -> NewText:
    """The body says nothing by itself: an attached text, an enclosed mail, the subject."""
    nothing = _says_nothing(found.text, message.sender.name)
    to_attachment = clients.points_to_attachment(found.text)
    if nothing or to_attachment:
        for body in message.bodies:
            if body.attached and body.text.strip():
                inner = _of_bodies([replace(body, attached=False, alternative=0)], known, message)
                if inner.text:
                    return _taken(inner, found, "attachment")
    written_to = {address.email for address in message.recipients}
    for enclosed in message.enclosed if depth < 2 else ():
        # A mail of ours that was attached says nothing about the person who attached it.
        if enclosed.sender.email and enclosed.sender.email in written_to:
            continue
        inner = _new_text(enclosed, known, depth + 1)
        if inner.text:
            return replace(_taken(inner, found, "enclosed"), forwarded=True, writer=inner.writer or enclosed.sender)
    if nothing and not message.calendars:
        subject = _of_subject(message, found, known)
        if subject:
            doubts = tuple(doubt for doubt in found.doubts if doubt != _NOTHING_OUTSIDE)
            note = _joined(found.text, found.boilerplate)
            return replace(found, text=subject, source="subject", doubts=doubts, boilerplate=note)
    return replace(found, doubts=(*found.doubts, *_more_doubts(message, found, nothing)))


def _more_doubts(message: Message, found: NewText, nothing: bool) -> Iterable[str]:
    if clients.points_to_attachment(found.text) and (message.attachments or not nothing):
        yield "the answer may stand in an attachment that is not read"
    if found.forwarded and len(found.text.split()) <= 15:
        yield "a forwarded mail with hardly a word above it"
    elif nothing and found.text and found.quoted:
        yield "nothing but courtesy stands outside the quotation"


def _taken(inner: NewText, outer: NewText, source: str) -> NewText:
    """The text found elsewhere, with the parts of the note around it."""
    return replace(
        inner,
        source=source,
        forwarded=inner.forwarded or outer.forwarded,
        boilerplate=_joined(outer.text, outer.signature, outer.boilerplate, inner.boilerplate),
        quoted=_joined(inner.quoted, outer.quoted),
    )


def _joined(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text)


# --------------------------------------------------------------------------- the subject


_PREFIX = re.compile(r" ?([^\W\d_][^: ]{0,14}(?: [^: ]{1,10})?) {0,2}(?:\[\d{1,3}\]|\(\d{1,3}\))? {0,2}:")
_TAG = re.compile(r"\[[^\]\n]{1,60}\]")
_END_OF_MESSAGE = re.compile(r"[\s(<\[/-]{0,4}\bEOM\b[\s)>\].]{0,4}$", re.I)
_EDGES = " -–—(),;:|/[]"


def _of_subject(message: Message, found: NewText, known: tuple[str, ...]) -> str:
    """What the subject says by itself, if it is not the subject of the mail that is answered; else ""."""
    subject, replies = _without_prefixes(" ".join(_TAG.sub(" ", message.subject[:1000]).split()))
    at = _reply_prefix_within(subject)
    if at > 0:
        return _own(subject[:at])
    trace = _fingerprint(subject)
    original = _without_prefixes(_subject_within(found.quoted))[0]
    if original and _fingerprint(original) in trace:
        at = subject.casefold().find(original.casefold())
        return _own(f"{subject[:at]} {subject[at + len(original) :]}") if at >= 0 else ""
    if any(trace in _fingerprint(text) for text in known) or (replies and not original and not known):
        return ""
    return _own(subject)


def _own(subject: str) -> str:
    return " ".join(_END_OF_MESSAGE.sub("", subject.strip(_EDGES)).split())


def _subject_within(quoted: str) -> str:
    for line in quoted.split("\n")[:40]:
        match = _LABEL.match(_plain(line))
        if match and clients.role(match.group(1)) == "subject":
            return line[match.end() :].strip(" *")
    return ""


def _without_prefixes(subject: str) -> tuple[str, bool]:
    """The subject without RE:, AW:, 回复：…, and whether there was one."""
    replies = False
    for _ in range(8):
        match = _PREFIX.match(_plain(subject))
        if match is None or not clients.is_subject_prefix(match.group(1)):
            break
        replies = True
        subject = subject[match.end() :].strip()
    return subject, replies


def _reply_prefix_within(subject: str) -> int:
    """Where "Re: …" begins inside a subject to which somebody put their answer in front; -1 if nowhere."""
    plain = _plain(subject)
    at = plain.find(":")
    while at >= 0:
        start = at
        while start > 0 and not plain[start - 1].isspace() and plain[start - 1] not in "([-–—|/,;":
            start -= 1
        if 0 < start < at and clients.is_subject_prefix(plain[start:at]):
            return start
        at = plain.find(":", at + 1)
    return -1
