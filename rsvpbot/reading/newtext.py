"""What a person has newly written, apart from what the mail quotes, signs and carries along.

The rule is structural and needs no language: quote marks, lines that end in a colon and hold a date and an address, blocks
of header-like lines, separators between dashes. A table of words (mailclients.toml) helps where structure is thin.

Losing what was written is worse than keeping a quoted line. So nothing is dropped: every line of the body comes back as text,
signature, quotation or boilerplate, and where an answer may stand among the quotation, `doubts` says so.

All scans are linear: 200,000 characters and 2,000 characters a line at most, no nested quantifiers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

from rsvpbot.model import Body, Message
from rsvpbot.reading import clients
from rsvpbot.reading.html import CUT, QUOTED, SIGNED, may_hide, render

LONGEST_TEXT = 200_000
LONGEST_LINE = 2_000


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
    """Banners, disclaimers, the telephone's footer; of an enclosed mail, the note around it."""


class _Part(IntEnum):
    TEXT = 0
    QUOTED = 1
    SIGNATURE = 2
    BOILERPLATE = 3


# --------------------------------------------------------------------------- lines


_DIGITS = {
    code: str(digit)
    for zero in (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0xFF10)
    for digit, code in enumerate(range(zero, zero + 10))
}
_PUNCTUATION = {"：": ":", "，": ",", "、": ",", "،": ",", "＜": "<", "＞": ">", "（": "(", "）": ")", "；": ";", "＠": "@", "\xa0": " ", "\u202f": " ", "\u2009": " ", "\u3000": " ", "\t": " "}  # fmt: skip
_INVISIBLE = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069, 0xFEFF, 0x00AD), " ")  # fmt: skip
_PLAIN = {**_DIGITS, **{ord(sign): plain for sign, plain in _PUNCTUATION.items()}, **_INVISIBLE}
_OURS = dict.fromkeys((ord(QUOTED), ord(SIGNED), ord(CUT)), None)

_QUOTE = re.compile(r"[ \t]{0,8}[>＞»](?!=)")
_QUOTE_WITH_INITIALS = re.compile(r"[ ]{0,2}[^\W\d_]{1,3}> ?")
_BAR = re.compile(r"[ \t]{0,4}[|│▏]")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|[二两]?[〇零一二三四五六七八九]{4}年")
_NUMERIC_DATE = re.compile(r"(?<!\d)\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?!\d)")
_TIME = re.compile(
    r"(?<!\d)\d{1,2} ?[:.hч时時点點] ?\d{2}(?!\d)|(?<!\d)\d{1,2} ?(?:AM|PM|am|pm|Uhr)\b|\d{1,2} ?[时時点點]"
)
_DAY = re.compile(r"(?<!\d)\d{1,2}(?!\d)|[一二三四五六七八九十]{1,3}[日号號]")
_RULE = re.compile(r"[ \t]{0,8}[-_=*~─━—–#]{2,}[ \t]*$")
_BETWEEN_DASHES = re.compile(r"[ \t>]{0,8}[-_=*~─━—–]{2,}[ \t]*([^-_=*~─━—–\s].{0,118}?)[ \t]*[-_=*~─━—–]{2,}[ \t:]*$")
_LABEL = re.compile(r"[ \t>*_\-•·]{0,6}([^\W\d_][^:：<>@\n]{0,28}?)[ \t*_]{0,4}[:：][ \t*_]{0,4}(?=(.?))")


def _plain(line: str) -> str:
    """One character for one character: digits of any script as ASCII, full-width signs as their narrow ones."""
    return line if line.isascii() and "\t" not in line else line.translate(_PLAIN)


def _lines(text: str) -> tuple[list[str], bool]:
    """Lines of at most 2,000 characters, and whether the text had to be cut."""
    too_long = len(text) > LONGEST_TEXT
    text = (
        text[:LONGEST_TEXT]
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\u2028", "\n")
        .replace("\u2029", "\n")
        .replace("\x00", "")
    )
    lines: list[str] = []
    for line in text.split("\n"):
        rest = line.rstrip()
        while len(rest) > LONGEST_LINE:
            at = rest.rfind(" ", LONGEST_LINE // 2, LONGEST_LINE)
            at = LONGEST_LINE if at < 0 else at
            lines.append(rest[:at].rstrip())
            rest = rest[at:].lstrip()
        lines.append(rest)
    return lines, too_long


# --------------------------------------------------------------------------- quotation


@dataclass(slots=True)
class _Sheet:
    """The lines of one body and what each was taken for."""

    lines: list[str]
    plain: list[str]
    parts: list[_Part] = field(default_factory=list)
    forwarded: bool = False
    doubts: list[str] = field(default_factory=list)

    def blank(self, at: int) -> bool:
        return not self.plain[at].strip()

    def next_written(self, at: int) -> int:
        """The next line at or after `at` that is not blank; the number of lines if there is none."""
        while at < len(self.lines) and self.blank(at):
            at += 1
        return at

    def mark(self, start: int, end: int, part: _Part) -> None:
        for at in range(start, end):
            if self.parts[at] is _Part.TEXT:
                self.parts[at] = part

    def written(self) -> list[int]:
        return [at for at, part in enumerate(self.parts) if part is _Part.TEXT and not self.blank(at)]


def split(text: str, known: Collection[str] = (), sender: str = "") -> NewText:
    """Split a plain text. `known`: texts of our own, whose repetition is quotation; `sender`: display name of the writer."""
    return _split(text.translate(_OURS), known, sender, "plain")


def _split(text: str, known: Collection[str], sender: str, source: str) -> NewText:
    lines, too_long = _lines(text)
    sheet = _Sheet([], [])
    for line in lines:
        part = _Part.TEXT
        if line.startswith(QUOTED):
            part, line = _Part.QUOTED, line[1:]
        elif line.startswith(SIGNED):
            part, line = _Part.SIGNATURE, line[1:]
        sheet.lines.append(line)
        sheet.plain.append(_plain(line))
        sheet.parts.append(part)
    if too_long:
        sheet.doubts.append("the text is longer than 200,000 characters; only its beginning was read")
    _mark_quote_marks(sheet)
    _mark_attributions(sheet)
    _mark_rest(sheet)
    _mark_known(sheet, known)
    _mark_stray(sheet)
    _mark_boilerplate(sheet)
    _mark_signature(sheet, sender)
    return _result(sheet, source)


def _mark_quote_marks(sheet: _Sheet) -> None:
    """Lines that begin with ">", with a bar, or with a writer's initials and ">" (The Bat!)."""
    total = len(sheet.lines)
    for at, line in enumerate(sheet.plain):
        if _QUOTE.match(line):
            sheet.mark(at, at + 1, _Part.QUOTED)
    for pattern in (_QUOTE_WITH_INITIALS, _BAR):
        hits = [at for at in range(total) if sheet.parts[at] is _Part.TEXT and pattern.match(sheet.plain[at])]
        for first, second in zip(hits, hits[1:], strict=False):
            if second == first + 1:
                sheet.mark(first, second + 1, _Part.QUOTED)
    # Blank lines between two quoted lines belong to the quotation.
    last = -2
    for at in range(total):
        if sheet.parts[at] is _Part.QUOTED:
            if 0 <= last and all(sheet.blank(between) for between in range(last + 1, at)):
                sheet.mark(last + 1, at, _Part.QUOTED)
            last = at
        elif not sheet.blank(at):
            last = -2


def _has_address(plain: str) -> bool:
    at = plain.find("@")
    return 0 < at < len(plain) - 1 and not plain[at - 1].isspace() and plain[at + 1].isalnum()


def _has_date(plain: str) -> bool:
    return bool(_YEAR.search(plain) or _NUMERIC_DATE.search(plain))


def _is_attribution(plain: str, quote_follows: bool) -> bool:
    """Is this whole text the line that introduces a quotation?"""
    text = plain.strip(" -_*")
    if not text or len(text) > 400:
        return False
    wrote = clients.ends_with_wrote(text)
    if not wrote and not text.endswith(":"):
        return False
    address = _has_address(text)
    dated = _has_date(text)
    timed = bool(_TIME.search(text))
    if quote_follows:
        if wrote and (address or dated or timed or len(text.split()) <= 8):
            return True
        if address and (dated or timed or clients.opens_attribution(text)):
            return True
        return (dated and timed) or clients.opens_attribution(text, strict=True)
    if wrote:
        return dated or (address and timed)
    return address and timed and (dated or bool(_DAY.search(text))) and ("<" in text or "[" in text)


def _mark_attributions(sheet: _Sheet) -> None:
    total = len(sheet.lines)
    for end in range(total):
        if sheet.parts[end] is not _Part.TEXT or sheet.blank(end):
            continue
        line = sheet.plain[end].rstrip(" -_*")
        if not line.endswith(":") and not clients.ends_with_wrote(line):
            continue
        following = sheet.next_written(end + 1)
        quote_follows = following < total and sheet.parts[following] is _Part.QUOTED
        start = _attribution_start(sheet, end, quote_follows)
        if start < 0:
            continue
        at = clients.opener_within(sheet.plain[start])
        if at > 0 and at < len(sheet.plain[start]):
            _break_line(sheet, start, at)
            start, end, total = start + 1, end + 1, total + 1
            following += 1
        if quote_follows:
            sheet.mark(start, following, _Part.QUOTED)
        else:
            sheet.mark(start, total, _Part.QUOTED)
            return


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
        if clients.opens_attribution(sheet.plain[start]) or start == 0:
            return start
        above = sheet.plain[start - 1].strip()
        if not above or sheet.parts[start - 1] is not _Part.TEXT or above.endswith((".", "!", "?", "。", ":")):
            return start
        opens = clients.opens_attribution(above) and any(sign.isdecimal() for sign in above)
        if not opens and not (len(above) >= 50 and _has_date(above) and _TIME.search(above)):
            return start
        start -= 1
    return start


def _break_line(sheet: _Sheet, line: int, at: int) -> None:
    """Words stand before the attribution on the same line: they are the person's."""
    first, second = sheet.lines[line][:at].rstrip(), sheet.lines[line][at:]
    sheet.lines[line : line + 1] = [first, second]
    sheet.plain[line : line + 1] = [_plain(first), _plain(second)]
    sheet.parts[line : line + 1] = [sheet.parts[line]] * 2


def _mark_rest(sheet: _Sheet) -> None:
    """Separators and header blocks: what follows is quotation to the end, unless quote marks tell its extent."""
    total = len(sheet.lines)
    for at in range(total):
        if sheet.parts[at] is not _Part.TEXT:
            continue
        line = sheet.plain[at]
        if line == CUT:
            sheet.lines[at] = sheet.plain[at] = ""
            start = at
        elif sheet.blank(at):
            continue
        elif clients.forwards(line, _between_dashes(line)):
            sheet.forwarded = True
            start = at
        elif _separates(sheet, at) or _header_block(sheet, at):
            start = at
        else:
            continue
        while start > 0 and (sheet.blank(start - 1) or _RULE.match(sheet.plain[start - 1])):
            start -= 1
        block_end = _header_end(sheet, at)
        following = sheet.next_written(block_end)
        if following < total and sheet.parts[following] is _Part.QUOTED:
            sheet.mark(start, following, _Part.QUOTED)
            continue
        sheet.mark(start, total, _Part.QUOTED)
        return


def _between_dashes(line: str) -> str:
    match = _BETWEEN_DASHES.match(line)
    return match.group(1) if match else ""


def _separates(sheet: _Sheet, at: int) -> bool:
    words = _between_dashes(sheet.plain[at])
    if not words:
        return False
    if clients.is_original(words):
        return True
    if clients.ends_with_wrote(words) and _has_date(words):
        return True
    following = sheet.next_written(at + 1)
    return following < len(sheet.lines) and _header_block(sheet, following)


def _roles(sheet: _Sheet, at: int) -> list[str]:
    """The roles of the header labels on this line ("From: … Sent: …" may stand on one)."""
    line = sheet.plain[at]
    match = _LABEL.match(line)
    if match is None:
        return []
    role = clients.role(match.group(1))
    return [role] if role else []


def _header_block(sheet: _Sheet, at: int) -> bool:
    """At least three header-like lines with an address or a date, beginning here."""
    line = sheet.plain[at]
    first = _roles(sheet, at)
    if not first:
        return _unknown_header_block(sheet, at)
    if len(clients.roles_in(line)) >= 3:
        return True
    roles: set[str] = set(first)
    evidence = _has_address(line) or _has_date(line)
    blanks = 0
    last = min(len(sheet.lines), at + 14)
    for below in range(at + 1, last):
        if sheet.blank(below):
            blanks += 1
            if blanks > 1:
                break
            continue
        found = _roles(sheet, below)
        if not found and blanks:
            break
        roles.update(found)
        if found:
            blanks = 0
        evidence = evidence or bool(found and (_has_address(sheet.plain[below]) or _has_date(sheet.plain[below])))
    named = roles - {"other", "cc"}
    return "from" in roles and len(named) >= 3 and evidence


def _unknown_header_block(sheet: _Sheet, at: int) -> bool:
    """In a language that the table does not have: three labels, a bracketed address first, a date with a time."""
    labels = 0
    address = dated = False
    for below in range(at, min(len(sheet.lines), at + 8)):
        line = sheet.plain[below]
        match = _LABEL.match(line)
        if match is None:
            break
        labels += 1
        if below <= at + 1 and _has_address(line) and ("<" in line or "[" in line):
            address = True
        if _has_date(line) and _TIME.search(line):
            dated = True
    return labels >= 3 and address and dated


def _header_end(sheet: _Sheet, at: int) -> int:
    """The line behind the header block at or just below `at`."""
    end = at + 1
    blanks = 0
    for below in range(at + 1, min(len(sheet.lines), at + 16)):
        if sheet.blank(below):
            blanks += 1
            if blanks > 1:
                break
            continue
        if _LABEL.match(sheet.plain[below]):
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
    quoted = _fingerprint(
        " ".join(line for line, part in zip(sheet.lines, sheet.parts, strict=True) if part is _Part.QUOTED)
    )
    if len(quoted) >= 200:
        _mark_runs(sheet, quoted, shortest_run=160)


def _mark_runs(sheet: _Sheet, ours: str, shortest_run: int) -> None:
    run: list[int] = []
    length = longest = 0
    for at in [*sheet.written(), len(sheet.lines)]:
        print_ = _fingerprint(sheet.lines[at]) if at < len(sheet.lines) else ""
        if print_ and print_ in ours:
            run.append(at)
            length += len(print_)
            longest = max(longest, len(print_))
            continue
        if length >= shortest_run and longest >= 30:
            for line in run:
                sheet.parts[line] = _Part.QUOTED
        run, length, longest = [], 0, 0


def _mark_stray(sheet: _Sheet) -> None:
    """A quoted line that a gateway wrapped leaves its tail without a mark; an answer may look the same."""
    strays = 0
    for at in range(1, len(sheet.lines) - 1):
        if sheet.parts[at] is not _Part.TEXT or sheet.blank(at):
            continue
        above, below = sheet.lines[at - 1].rstrip(), sheet.lines[at + 1]
        if not (_QUOTE.match(_plain(above)) and _QUOTE.match(_plain(below))):
            continue
        line = sheet.lines[at].strip()
        if len(above) >= 60 and above[-1] not in ".!?:;。？！" and len(line) <= 40 and (line[0].islower() or strays):
            sheet.parts[at] = _Part.QUOTED
            strays += 1
    if 0 < strays < 3:
        sheet.doubts.append("a line among the quoted ones has no quote mark: it may be an answer")


# --------------------------------------------------------------------------- boilerplate and signature


def _mark_boilerplate(sheet: _Sheet) -> None:
    written = sheet.written()
    for order, at in enumerate(written):
        line = sheet.plain[at].strip()
        if order < 6 and clients.is_banner(line):
            sheet.parts[at] = _Part.BOILERPLATE
            for below in range(at + 1, min(len(sheet.lines), at + 5)):
                if sheet.blank(below) or not clients.goes_with_banner(sheet.plain[below]):
                    break
                sheet.mark(below, below + 1, _Part.BOILERPLATE)
        elif clients.is_footer(line):
            sheet.parts[at] = _Part.BOILERPLATE
        elif clients.is_disclaimer(line, sheet.plain[at + 1] if at + 1 < len(sheet.plain) else ""):
            below = at
            while below < len(sheet.lines) and not sheet.blank(below):
                sheet.mark(below, below + 1, _Part.BOILERPLATE)
                below += 1


def _segments(sheet: _Sheet) -> Iterable[list[int]]:
    """Runs of text lines between quotations, by line number; blank lines included."""
    segment: list[int] = []
    for at, part in enumerate(sheet.parts):
        if part is _Part.QUOTED:
            if any(not sheet.blank(line) for line in segment):
                yield segment
            segment = []
        elif part is _Part.TEXT:
            segment.append(at)
    if any(not sheet.blank(line) for line in segment):
        yield segment


def _mark_signature(sheet: _Sheet, sender: str) -> None:
    for segment in list(_segments(sheet)):
        paragraphs = _paragraphs(sheet, segment)
        start = _signature_start(sheet, segment, paragraphs, _name_words(sender))
        for at in segment:
            if at >= start:
                sheet.parts[at] = _Part.SIGNATURE
        _give_back(
            sheet,
            [block for block in _paragraphs(sheet, [at for at in segment if at >= start])],
            strict=_is_delimiter(sheet.lines[start]) if start < len(sheet.lines) else False,
        )
    if not sheet.written():
        for at, part in enumerate(sheet.parts):
            if part is _Part.SIGNATURE and not _RULE.match(sheet.plain[at]):
                sheet.parts[at] = _Part.TEXT


def _paragraphs(sheet: _Sheet, lines: Sequence[int]) -> list[list[int]]:
    blocks: list[list[int]] = []
    before = -2
    for at in lines:
        if sheet.blank(at):
            before = -2
            continue
        if at == before + 1 and blocks:
            blocks[-1].append(at)
        else:
            blocks.append([at])
        before = at
    return blocks


def _is_delimiter(line: str) -> bool:
    return line.strip() in {"--", "—", "––", "-- ", "- --"}


_WORDS = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.\-](?=[^\W\d_]))*\.?")


def _name_words(sender: str) -> frozenset[str]:
    return frozenset(word.strip(".").casefold() for word in _WORDS.findall(sender))


def _signature_start(sheet: _Sheet, segment: Sequence[int], paragraphs: list[list[int]], sender: frozenset[str]) -> int:
    """The line where the signature begins; the number of lines where there is none."""
    none = len(sheet.lines)
    if not paragraphs:
        return none
    for at in segment:
        if _is_delimiter(sheet.lines[at]) and (at != paragraphs[0][0] or len(paragraphs) == 1):
            rest = [line for line in segment if line > at and not sheet.blank(line)]
            if rest and (
                not any(_personal(sheet.lines[line]) for line in rest) or _plausible_name(sheet, rest[0], sender)
            ):
                return at
    start = none
    written = [at for block in paragraphs for at in block]
    # After a closing the name follows.
    for order, at in enumerate(written):
        if order + 1 >= len(written):
            break
        closing = clients.closing(sheet.plain[at].strip())
        following = written[order + 1]
        if closing and _plausible_name(sheet, following, sender, sure=closing == "sure"):
            rest = written[order + 1 :]
            if len(rest) <= 14:
                return following
    # No closing: from below, names of the sender, blocks with titles and telephone numbers.
    for order in range(len(paragraphs) - 1, -1, -1):
        block = paragraphs[order]
        before = paragraphs[order - 1][-1] if order else -1
        at = _block_start(sheet, block, sender, introduced=before >= 0 and sheet.plain[before].rstrip().endswith(":"))
        if at < 0 or (order == 0 and at == block[0]):
            break
        start = at
        if at != block[0]:
            break
    return start


def _block_start(sheet: _Sheet, block: list[int], sender: frozenset[str], introduced: bool) -> int:
    """Where in this last paragraph the signature begins, or -1."""
    for order, at in enumerate(block):
        line = sheet.lines[at].strip()
        rest = block[order + 1 :]
        if sender and _is_senders_name(line, sender) and (not introduced or order):
            if all(not _personal(sheet.lines[below]) or _evidence(sheet.lines[rest[0]]) for below in rest):
                return at
            continue
    if introduced:
        return -1
    first = sheet.lines[block[0]].strip()
    if len(block) > 10 or any(_personal(sheet.lines[at]) for at in block[:2]):
        return -1
    evidence = [at for at in block if _evidence(sheet.lines[at])]
    contact = [at for at in block if clients.has_contact(sheet.plain[at])]
    if (
        contact
        and len(evidence) >= 1
        and all(len(sheet.lines[at]) <= 160 for at in block)
        and not first.endswith((".", "!", "?", ":", "。", "؟"))
    ):
        return block[0]
    if (
        len(block) >= 2
        and evidence
        and block[0] not in evidence
        and _name_like(first)
        and len(first.split()) >= 2
        and len(evidence) == len(block) - 1
    ):
        return block[0]
    return -1


def _evidence(line: str) -> bool:
    return (clients.has_title(line) or clients.has_contact(_plain(line))) and len(line) <= 160 and not _personal(line)


def _is_senders_name(line: str, sender: frozenset[str]) -> bool:
    """Only words (or initials) of the sender's name; a title or an organisation may follow behind a comma or a bar."""
    head = line.split(" - ")[0]
    for sign in ",|/;–—(":
        head = head.split(sign)[0]
    tail = line[len(head) :].strip(" ,|/;–—-()")
    if tail and not clients.has_title(tail) and not _only_names(tail, sender):
        return False
    return _only_names(head, sender)


def _only_names(text: str, sender: frozenset[str]) -> bool:
    words = [word.strip(".").casefold() for word in _WORDS.findall(text)]
    if not words or len(words) > 6 or text.rstrip().endswith(("?", "!", "。")):
        return False
    initials = {name[0] for name in sender}
    full = "".join(sorted(initials))
    known = sum(word in sender or (len(word) > 2 and any(word in name for name in sender)) for word in words)
    if known:
        return all(
            word in sender or (len(word) == 1 and word in initials) or any(word in name for name in sender)
            for word in words
        )
    compact = "".join(words)
    return (
        len(compact) <= 3 and all(letter in initials for letter in compact) and bool(full) and text.strip()[0].isupper()
    )


def _plausible_name(sheet: _Sheet, at: int, sender: frozenset[str], sure: bool = True) -> bool:
    line = sheet.lines[at].strip()
    if _personal(line):
        return False
    if sender and _is_senders_name(line, sender):
        return True
    if line.endswith(("?", "!", ":", "。", "؟")):
        return False
    if sure:
        return len(line) <= 80 and len(line.split()) <= 10 and (not line.endswith(".") or len(line.split()) <= 3)
    return _name_like(line) and len(line.split()) >= 2


def _name_like(line: str) -> bool:
    """Two to five capitalised words, or a few characters of a script without capitals."""
    words = line.split()
    if (
        not 1 <= len(words) <= 5
        or any(sign.isdecimal() for sign in line)
        or line.endswith(("?", "!", ":", "."))
        or "," in line
    ):
        return False
    letters = [sign for sign in line if sign.isalpha()]
    if not letters or line[0] in "-*•·–":
        return False
    if not any(sign.islower() or sign.isupper() for sign in letters):
        return len(letters) <= 12 and not _personal(line)
    return all(word[0].isupper() or word.lower() in _PARTICLES for word in words if word[0].isalpha())


_PARTICLES = frozenset(
    "van der den de la le da do dos das di del della von zu zur bin ibn al el bint y e i ter ten af av ben".split()
)


def _personal(line: str) -> bool:
    """A sentence in the first person, or a question: a person wrote this, not a letterhead."""
    if "***" in line or line.count("|") > 1:
        return False
    return (
        clients.first_person(line)
        and (len(line.split()) >= 3 or not line.isascii())
        or (line.rstrip().endswith(("?", "？", "؟")) and len(line) >= 12)
    )


def _give_back(sheet: _Sheet, paragraphs: list[list[int]], strict: bool) -> None:
    """A postscript, or a separate paragraph in the first person, is no part of the signature."""
    for order, block in enumerate(paragraphs):
        first = sheet.plain[block[0]].strip()
        postscript = clients.is_postscript(first)
        personal = order > 0 and not strict and any(_personal(sheet.lines[at]) for at in block)
        if postscript or personal:
            for at in block:
                sheet.parts[at] = _Part.TEXT
            if postscript:
                for later in paragraphs[order + 1 :]:
                    for at in later:
                        sheet.parts[at] = _Part.TEXT
                return


# --------------------------------------------------------------------------- result


def _result(sheet: _Sheet, source: str) -> NewText:
    quoted_lines = [at for at, part in enumerate(sheet.parts) if part is _Part.QUOTED and not sheet.blank(at)]
    written = sheet.written()
    interleaved = bool(quoted_lines and any(quoted_lines[0] < at < quoted_lines[-1] for at in written))
    doubts = list(sheet.doubts)
    text = _join(sheet, _Part.TEXT)
    if not text and quoted_lines:
        doubts.append("nothing stands outside the quotation")
    if quoted_lines and text and clients.points_inside(text):
        doubts.append("the answers seem to stand inside the quoted text")
    return NewText(
        text=text,
        signature=_join(sheet, _Part.SIGNATURE),
        quoted=_join(sheet, _Part.QUOTED),
        forwarded=sheet.forwarded,
        interleaved=interleaved,
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
        out.append(sheet.lines[at].strip() if part is not _Part.QUOTED else sheet.lines[at].rstrip())
    return "\n".join(out)


# --------------------------------------------------------------------------- the message


def new_text(message: Message, known: Collection[str] = ()) -> NewText:
    """The newly written text of a message. Never raises; `known` are texts of our own (invitation, letters, event title)."""
    return _new_text(message, tuple(known), depth=0)


_EMPTY = NewText("", "", "", forwarded=False, interleaved=False, doubts=(), source="none")


def _new_text(message: Message, known: tuple[str, ...], depth: int) -> NewText:
    if message.encrypted:
        return replace(_EMPTY, doubts=("the message is encrypted: nobody here can read it",))
    sender = message.sender.name
    found = _of_bodies(message.bodies, known, sender)
    if _says_little(found.text):
        found = _elsewhere(message, found, known, depth)
    return found


def _of_bodies(bodies: Sequence[Body], known: tuple[str, ...], sender: str) -> NewText:
    """The bodies that are shown, alternatives once, in the order of the message."""
    shown = [body for body in bodies if not body.attached]
    pieces: list[str] = []
    source = "plain"
    struck = False
    seen: set[int] = set()
    for body in shown:
        if body.alternative:
            if body.alternative in seen:
                continue
            seen.add(body.alternative)
            group = [other for other in shown if other.alternative == body.alternative]
            chosen = _choose(group)
        else:
            chosen = [body]
        for piece in chosen:
            if piece.subtype == "html":
                rendered = render(piece.text)
                struck = struck or rendered.struck
                source = "html"
                pieces.append(rendered.text)
            else:
                pieces.append(piece.text.translate(_OURS))
    if not pieces:
        return _EMPTY
    return _split("\n\n".join(pieces), known, sender, source)


def _choose(group: Sequence[Body]) -> list[Body]:
    plain = [body for body in group if body.subtype != "html"]
    html = [body for body in group if body.subtype == "html"]
    if not html:
        return plain
    text = "\n".join(body.text for body in plain)
    if not text.strip() or clients.is_stub(text) or any(may_hide(body.text) for body in html):
        return html
    return plain


def _says_little(text: str) -> bool:
    """Empty, only a greeting, or a short note that points elsewhere."""
    if not text.strip():
        return True
    words = text.split()
    return len(words) <= 30 and (
        clients.only_courtesy(text) or clients.points_to_attachment(text) or clients.points_below(text)
    )


def _elsewhere(message: Message, found: NewText, known: tuple[str, ...], depth: int) -> NewText:
    """The body says nothing by itself: an attached text, an enclosed mail, the subject."""
    empty = not found.text.strip() or clients.only_courtesy(found.text)
    points = empty or clients.points_to_attachment(found.text)
    if points:
        for body in message.bodies:
            if body.attached and body.text.strip():
                inner = _of_bodies([replace(body, attached=False)], known, message.sender.name)
                if inner.text:
                    return _taken(inner, found, "attachment")
    if (
        depth < 2
        and message.enclosed
        and (empty or clients.points_below(found.text) or clients.points_to_attachment(found.text))
    ):
        written_to = {address.email for address in message.recipients}
        for enclosed in message.enclosed:
            if enclosed.sender.email and enclosed.sender.email in written_to:
                continue
            inner = _new_text(enclosed, known, depth + 1)
            if inner.text:
                return _taken(inner, found, "enclosed", forwarded=True)
    if empty:
        subject = _of_subject(message, found, known)
        if subject:
            return replace(
                found,
                text=subject,
                source="subject",
                doubts=tuple(doubt for doubt in found.doubts if not doubt.startswith("nothing stands")),
                boilerplate=_joined(found.boilerplate, found.text),
            )
    doubts = list(found.doubts)
    if clients.points_to_attachment(found.text) and message.attachments:
        doubts.append("the answer may stand in an attachment that is not read")
    if found.forwarded and len(found.text.split()) <= 15:
        doubts.append("a forwarded mail with hardly a word above it")
    return replace(found, doubts=tuple(doubts))


def _taken(inner: NewText, outer: NewText, source: str, forwarded: bool = False) -> NewText:
    return replace(
        inner,
        source=source,
        forwarded=inner.forwarded or outer.forwarded or forwarded,
        boilerplate=_joined(outer.text, outer.signature, outer.boilerplate, inner.boilerplate),
        quoted=_joined(inner.quoted, outer.quoted),
    )


def _joined(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text)


_SUBJECT_PREFIX = re.compile(
    r"\s{0,4}(?:\[[^\]]{1,40}\]\s{0,4})?([^\W\d_][^:：\s]{0,14}(?:[ ][^:：\s]{1,10})?)\s{0,2}(?:\[\d{1,3}\]|\(\d{1,3}\))?\s{0,2}[:：]"
)
_TAG = re.compile(r"\[[^\]\n]{1,60}\]")
_EOM = re.compile(r"[\s(<\[/-]{0,4}\bEOM\b[\s)>\].]{0,4}$", re.I)


def _of_subject(message: Message, found: NewText, known: tuple[str, ...]) -> str:
    """What the subject says by itself, if it is not the subject of the mail that is answered; else ""."""
    subject = " ".join(_TAG.sub(" ", message.subject).split())
    answered = _subject_within(found.quoted)
    rest, replies = _strip_prefixes(subject)
    if not rest:
        return ""
    cut = _find_reply_prefix(rest)
    if cut > 0:
        own = rest[:cut].strip(" -–—(,;:|/[")
        return _EOM.sub("", own).strip() if own else ""
    mark = _fingerprint(rest)
    if answered:
        original = _fingerprint(_strip_prefixes(answered)[0])
        if original and original in mark:
            own = _without(rest, _strip_prefixes(answered)[0])
            return own
        return _EOM.sub("", rest).strip() if original != mark else ""
    if any(mark in _fingerprint(text) for text in known):
        return ""
    if replies and not known:
        return ""
    return _EOM.sub("", rest).strip()


def _without(subject: str, original: str) -> str:
    at = subject.casefold().find(original.casefold())
    if at < 0:
        return ""
    own = f"{subject[:at]} {subject[at + len(original) :]}".strip(" -–—(),;:|/[]")
    return " ".join(own.split())


def _subject_within(quoted: str) -> str:
    for line in quoted.split("\n")[:40]:
        match = _LABEL.match(_plain(line))
        if match and clients.role(match.group(1)) == "subject":
            return line[match.end() :].strip(" *")
    return ""


def _strip_prefixes(subject: str) -> tuple[str, bool]:
    """The subject without RE:, AW:, 回复：…, and whether there was one."""
    replies = False
    for _ in range(8):
        match = _SUBJECT_PREFIX.match(subject)
        if match is None or not clients.is_subject_prefix(match.group(1)):
            break
        replies = True
        subject = subject[match.end() :].strip()
    return subject, replies


def _find_reply_prefix(subject: str) -> int:
    """Where "Re: …" begins inside a subject to which somebody put their answer in front; -1 if nowhere."""
    plain = _plain(subject)
    at = plain.find(":")
    while at >= 0:
        start = at
        while start > 0 and not plain[start - 1].isspace() and plain[start - 1] not in "([-–—|/,;":
            start -= 1
        if start > 0 and clients.is_subject_prefix(plain[start:at]):
            return start
        at = plain.find(":", at + 1)
    return -1
