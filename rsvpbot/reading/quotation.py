"""What of a mail body is quotation: by quote marks, or by what introduces it.

Three things introduce a quotation: an attribution ("On … X wrote:"), a line between dashes ("----- Original Message
-----"), and a block of header lines ("From: … Sent: … To: … Subject: …"). Quote marks that follow tell how far the
quotation reaches; else it reaches to the end. The rule is structural: dates, addresses, colons, dashes and how lines
break. The table of words (mailclients.toml) helps where structure is thin.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from rsvpbot.reading import clients
from rsvpbot.reading.html import CUT
from rsvpbot.reading.repetition import mark_repetition, mark_stray
from rsvpbot.reading.sheet import LABEL, RULE, Part, Sheet, has_address, has_date

MOST_WRITTEN_LINES = 1_000
"""Without quote marks; nobody writes more."""

_TIME = re.compile(
    r"(?<!\d)\d{1,2} ?[:.hч时時点點시] ?\d{2}(?!\d)|(?<!\d)\d{1,2} ?(?:[AaPp]\.?[Mm]|Uhr)\b|\d{1,2} ?[时時点點시]"
    r"|[一二三四五六七八九十]{1,3}[时時点點]"
)
_DAY = re.compile(r"(?<!\d)\d{1,2}(?!\d)|[一二三四五六七八九十]{1,3}[日号號]")
_DASHES = "-_=*~─━—–"
_SENTENCE_ENDS = (".", "!", "?", "。", "！", "？", "؟", "…")
_LONGEST_ATTRIBUTION = 400
_MOST_LINES_OF_ATTRIBUTION = 4
_NARROWEST = 62
"""No client breaks lines at fewer characters."""


def mark_quotation(sheet: Sheet, known: Collection[str]) -> None:
    """Give every quoted line of the sheet to the quotation. `known`: texts of our own, whose repetition is one."""
    _mark_quote_marks(sheet)
    sheet.read_plainly()
    last = _mark_excess(sheet)
    _mark_introduced(sheet)
    if sheet.is_text(last):
        sheet.doubts.append("the text has very many lines; only the first were read")
    mark_repetition(sheet, known)
    mark_stray(sheet, known)


# --------------------------------------------------------------------------- quote marks


def _mark_quote_marks(sheet: Sheet) -> None:
    """Lines that begin with ">", or with a writer's initials and ">" (The Bat!), and blank lines between such."""
    lines, parts = sheet.lines, sheet.parts
    last = -1
    for at, line in enumerate(lines):
        if not line:
            continue
        if parts[at] == Part.TEXT:
            plainly = line[0] == ">" and line[1:2] != "=" and line[:3] != ">>>"
            if not plainly and (">" not in line[:4] or not _is_marked(lines, at)):
                last = -1
                continue
            parts[at] = Part.QUOTED
        elif parts[at] != Part.QUOTED:
            last = -1
            continue
        if 0 <= last < at - 1:
            parts[last + 1 : at] = [Part.QUOTED] * (at - last - 1)
        last = at


def _is_marked(lines: list[str], at: int) -> bool:
    line = lines[at]
    if line[0] == ">":
        return line[1:2] != "=" and not _groupwise(line)
    # Initials before the mark count where two lines in sequence have them.
    return bool(_INITIALS.match(line)) and any(
        _INITIALS.match(beside) for beside in (*lines[at - 1 : at], *lines[at + 1 : at + 2])
    )


_INITIALS = re.compile(r"[^\W\d_]{1,3}> ?")


def _groupwise(line: str) -> bool:
    """GroupWise puts the quoted mail, without marks, below ">>> Name 04.04.17 09:12 >>>"."""
    return line.startswith(">>> ") and has_date(line) and bool(_TIME.search(line))


def _mark_excess(sheet: Sheet) -> int:
    """The last line that is looked at, where there are too many; else -1."""
    written = sheet.written() if len(sheet.lines) > MOST_WRITTEN_LINES else []
    if len(written) > MOST_WRITTEN_LINES:
        sheet.mark(written[MOST_WRITTEN_LINES], len(sheet.lines), Part.QUOTED)
        return written[MOST_WRITTEN_LINES - 1]
    return -1


# --------------------------------------------------------------------------- introductions


def _mark_introduced(sheet: Sheet) -> None:
    at = 0
    while at < len(sheet.lines):
        found = _introduction(sheet, at) if sheet.plain[at] and sheet.parts[at] == Part.TEXT else None
        if found is None:
            at += 1
            continue
        start, body = found
        following = sheet.next_written(body)
        if not sheet.quoted(following):
            sheet.mark(start, len(sheet.lines), Part.QUOTED)
            return
        sheet.mark(start, following, Part.QUOTED)
        at = following


def _introduction(sheet: Sheet, at: int) -> tuple[int, int] | None:
    """The first line of the introduction that line `at` tells of, and the line behind it; None where there is none."""
    line = sheet.plain[at]
    if _is_ordinary(sheet, at, line):
        return None
    if line == CUT:
        sheet.lines[at] = sheet.plain[at] = ""
        return at, at + 1
    if line[0] in _DASHES or line[0] == ">" or (len(line) < 60 and (line[-1] == ":" or _label_follows(sheet, at))):
        between = _between_dashes(line)
        if clients.forwards(line, between):
            sheet.forwarded = True
            return _above(sheet, at), _header_end(sheet, at)
        if _separates(sheet, at, between):
            return _above(sheet, at), _header_end(sheet, at)
    if ":" in line[:40] and _header_block(sheet, at):
        return _above(sheet, at), _header_end(sheet, at)
    if len(line) <= 16 and at and clients.role(line.rstrip(" :")) == "to":
        start = _notes_block(sheet, at)
        if start >= 0:
            return start, _header_end(sheet, at)
    return _attribution(sheet, at)


def _is_ordinary(sheet: Sheet, at: int, line: str) -> bool:
    """A quick look, as most lines are sentences: no colon, no dashes, and nothing special below."""
    if ":" in line or line[-1] in _DASHES or line[0] in _DASHES or line[0] == ">" or len(line) <= 16:
        return False
    below = sheet.next_written(at + 1)
    if below == len(sheet.lines):
        return True
    return sheet.parts[below] == Part.TEXT and ":" not in sheet.plain[below][:40]


def _label_follows(sheet: Sheet, at: int) -> bool:
    following = sheet.next_written(at + 1)
    return following < len(sheet.plain) and ":" in sheet.plain[following][:40]


def _above(sheet: Sheet, start: int) -> int:
    """Rules, "Message du 06/09/16 09:12" and blank lines above an introduction belong to it."""
    while start > 0 and sheet.parts[start - 1] == Part.TEXT:
        line = sheet.plain[start - 1]
        if line and not RULE.match(line) and not _begins_header(sheet, start - 1, line):
            break
        start -= 1
    return start


def _begins_header(sheet: Sheet, at: int, line: str) -> bool:
    return clients.is_original(line) or (has_date(line) and clients.heads_block(line)) or bool(_role(sheet, at))


# --------------------------------------------------------------------------- attributions


def _attribution(sheet: Sheet, end: int) -> tuple[int, int] | None:
    """The attribution that ends on line `end`."""
    line = sheet.plain[end]
    quote_follows = not sheet.is_text(end + 1) and sheet.quoted(sheet.next_written(end + 1))
    framed = line[-1] in _DASHES and line[-2:-1] in _DASHES and not RULE.match(line)
    if line[-1] != ":" and not framed and not quote_follows:
        return _flattened(sheet, end) if len(line) > 60 and "@" in line and ":" in line else None
    start = _attribution_start(sheet, end, quote_follows)
    if start < 0:
        return None
    at = _answer_before(sheet, start, end, quote_follows)
    if at > 0:
        sheet.break_line(start, at)
        start, end = start + 1, end + 1
    return _above(sheet, start), end + 1


def _attribution_start(sheet: Sheet, end: int, quote_follows: bool) -> int:
    """The first line of the attribution that ends on line `end`, or -1.

    The shortest passage that is an attribution, and above it what its client broke off: an answer may stand directly
    above, without a blank line.
    """
    found, joined = -1, ""
    for start in range(end, end - _MOST_LINES_OF_ATTRIBUTION, -1):
        if not sheet.is_text(start) or (start < end and _ends_in_colon(sheet.plain[start])):
            break
        joined = f"{sheet.plain[start]} {joined}" if joined else sheet.plain[start]
        if len(joined) > _LONGEST_ATTRIBUTION:
            break
        if found >= 0 or _is_attribution(joined, quote_follows):
            found = start
            if not _goes_on(sheet, start, joined):
                break
    return found


def _ordinary_word(word: str) -> bool:
    return word.isalpha() and word.islower() and word not in {"am", "pm"}


def _ends_in_colon(line: str) -> bool:
    """Outside brackets: "N <M> ezt írta (időpont:" goes on."""
    return line[-1] == ":" and line.count("(") <= line.count(")")


def _is_attribution(joined: str, quote_follows: bool) -> bool:
    """Is this whole text what introduces a quotation?"""
    text = joined.strip(f"> {_DASHES}")
    if not text:
        return False
    framed = joined[:2] in {"--", "—-", "__"} and joined[-2:] in {"--", "__"}
    colon = text[-1] == ":"
    address, dated = has_address(text), has_date(text)
    if not quote_follows and not address and not dated:
        return False
    wrote = clients.says_wrote(text)
    if not colon and wrote != "last":
        return False
    timed = bool(_TIME.search(text))
    if quote_follows:
        if wrote:
            return address or dated or timed or len(text.split()) <= 8
        return (address and (dated or timed or clients.opens_attribution(text))) or (
            (dated and timed) or clients.opens_citation(text)
        )
    # Nothing tells where the quotation ends, so the proof must be stronger: a person's sentence may end in a colon too.
    if not colon and not framed:
        return False
    bracketed = address and any(sign in text for sign in "<[(")
    if wrote == "last" and dated and timed:
        return True
    if wrote == "last" and bracketed and (dated or clients.opens_attribution(text, figure=False)):
        return True
    if clients.speaks_of_self(text):
        return False
    # It ends in a name, a date or a bracket; "… wrote on 3 May 2017 at 9:00 that these would come:" does not.
    end = text.rstrip(": ").rpartition(" ")[2]
    if wrote:
        strong = (dated and (wrote == "last" or timed or bracketed)) or (bracketed and timed)
        return strong and (wrote == "last" or not _ordinary_word(end))
    if bracketed:
        return timed and end[-1:] in ">)]" and (dated or bool(_DAY.search(text)))
    return address and dated and timed and has_address(end) and len(text.split()) <= 10


_WEEKDAY = re.compile(r"[^\W\d_]{2,5}[.,]{0,2} \d{1,4}[. ]")


def _opens(line: str) -> bool:
    """Does the line begin as an attribution does, with a date near?"""
    if line[0].isdecimal():
        return has_date(line) and not (line[:4].isdecimal() and line[4:5] in {"", " ", ","})
    if _WEEKDAY.match(line):
        return has_date(line)
    return clients.opens_attribution(line, figure=False) and any(sign.isdecimal() for sign in line[:40])


_BEHIND_ADDRESS = re.compile(r"@[^\s>]{1,80}[>)]{1,2},? [^>]{1,40}$")


_NAME_AND_ADDRESS = re.compile(r"[^@<>]{1,100}<[^@\s>]{1,80}@[^@\s>]{1,100}>(?: [^\W\d_]{1,3})?$")


def _names(line: str) -> bool:
    """A capital word behind the first one: "AM" apart, the name of somebody."""
    return any(word[0].isupper() and len(word) > 2 for word in line.split()[1:])


def _wrote_above(sheet: Sheet, start: int) -> bool:
    """ "N <M> escreveu (terça," above "6/09/2016 à(s) 09:12):"."""
    return any(sheet.is_text(at) and clients.holds_wrote(sheet.plain[at]) for at in (start - 1, start - 2))


def _goes_on(sheet: Sheet, start: int, joined: str) -> bool:
    """Was the attribution broken off before its line `start`, so that the line above belongs to it?"""
    if not sheet.is_text(start - 1):
        return False
    above, line = sheet.plain[start - 1], sheet.plain[start]
    if line[0] in "<[(" or above[-1] == "<":
        return True
    if not has_address(joined) and _BEHIND_ADDRESS.search(above) and _wrote_above(sheet, start):
        return True
    if _NAME_AND_ADDRESS.match(above) and not has_address(joined) and not _names(line):
        return True
    if above[-1] in "!?。！？؟…" or _ends_in_colon(above) or _opens(line):
        return False
    opened = _opens(above)
    if opened and (line[:4].isdecimal() or not has_date(joined)):
        return True
    if above[-1] == ".":
        return False
    if clients.is_wrote(line):
        return not clients.speaks_of_self(above)
    if len(above) + 1 + len(line.split(" ", 1)[0]) <= _NARROWEST or clients.speaks_of_self(above):
        return False
    complete = has_date(joined) and has_address(joined) and (bool(clients.says_wrote(joined)) or _TIME.search(joined))
    return opened or not complete or not sheet.is_text(start - 2)


def _answer_before(sheet: Sheet, start: int, end: int, quote_follows: bool) -> int:
    """Where, in the attribution's first line, it begins behind an answer on the same line; 0 where none stands."""
    line = sheet.plain[start]
    if _opens(line):
        return 0
    at = clients.opener_within(line)
    if at > 0:
        return at
    for match in _SENTENCE_END.finditer(line[:300]):
        head = line[: match.start() + 1]
        if any(sign.isdecimal() for sign in head) or "." in head[:-1] or clients.opens_attribution(head):
            break
        weekday = head[0].islower() and " " not in head and len(head) <= 7 and line[match.end() :][:1].isdecimal()
        rest = " ".join([line[match.end() :], *sheet.plain[start + 1 : end + 1]])
        titled = clients.is_honorific(head.casefold().rstrip("."))
        if not weekday and not titled and _is_attribution(rest, quote_follows):
            return match.end()
    return 0


_SENTENCE_END = re.compile(r"[.!?؟] {1,3}|[。！？] {0,3}")


def _flattened(sheet: Sheet, at: int) -> tuple[int, int] | None:
    """A client that lost its line breaks: "Yes On … X <x@y> wrote: Excellency, …" on one line."""
    line = sheet.plain[at]
    colon = line.find(">:")
    colon = colon + 1 if colon >= 0 else clients.wrote_colon(line)
    if colon < 0:
        return None
    start = clients.opener_within(line[: colon + 1])
    start = 0 if start < 0 and clients.opens_attribution(line) else start
    if start < 0 or not _is_attribution(line[start : colon + 1], quote_follows=False):
        return None
    if start > 0:
        sheet.break_line(at, start)
        at += 1
    return at, at + 1


# --------------------------------------------------------------------------- separators and header blocks


def _between_dashes(line: str) -> str:
    """The words of "----- Original Message -----", or ""."""
    text = line.strip(" >:")
    if (
        len(text) > 200
        or len(text) < 5
        or text[0] not in _DASHES
        or text[-2:].strip(_DASHES)
        or text[:2].strip(_DASHES)
    ):
        return ""
    return text.strip(f"{_DASHES} ")


def _separates(sheet: Sheet, at: int, between: str) -> bool:
    line = sheet.plain[at]
    if line.startswith(">>>"):
        return line.endswith(">>>")
    if between:
        if clients.is_original(between) or (clients.says_wrote(between) == "last" and has_date(between)):
            return True
    elif len(line) > 40 or not clients.is_original(line):
        return False
    following = sheet.next_written(at + 1)
    return sheet.is_text(following) and _header_block(sheet, following)


def _role(sheet: Sheet, at: int) -> str:
    """The role of the header label that this line begins with, or ""."""
    line = sheet.plain[at]
    found = sheet.roles.get(line)
    if found is None:
        match = LABEL.match(line) if ":" in line[:40] else None
        found = sheet.roles[line] = clients.role(match.group(1)) if match else ""
    return found


_LONGEST_BLOCK = 14


def _header_block(sheet: Sheet, at: int) -> bool:
    """At least three header-like lines, From among them, with a subject or an address, beginning here."""
    first = _role(sheet, at)
    if not first:
        return _unknown_header_block(sheet, at)
    if len(clients.roles_in(sheet.plain[at])) >= 3:
        return True
    held = {at: first}
    spaced = at + 1 < len(sheet.lines) and not sheet.lines[at + 1]
    for below in range(at + 1, min(len(sheet.lines), at + _LONGEST_BLOCK)):
        if not sheet.lines[below]:
            if not spaced or not sheet.lines[below - 1]:
                break
            continue
        role = _role(sheet, below)
        if role:
            held[below] = role
        elif spaced:
            break
    roles = set(held.values())
    if "from" not in roles or len(roles - {"other", "cc"}) < 3:
        return False
    # "From: Geneva / To: New York / Date: …" is somebody's journey.
    addressed = any(role in {"from", "to"} and has_address(sheet.plain[line]) for line, role in held.items())
    if not addressed and "subject" not in roles:
        return False
    return addressed or any(_tells_when_or_whom(sheet.plain[line]) for line in held)


def _tells_when_or_whom(line: str) -> bool:
    return has_address(line) or (has_date(line) and bool(_TIME.search(line)))


def _unknown_header_block(sheet: Sheet, at: int) -> bool:
    """In a language that the table does not have: four labels, a bracketed address first, a date with a time."""
    labels = addresses = 0
    dated = False
    for below in range(at, min(len(sheet.lines), at + 8)):
        line = sheet.plain[below]
        if LABEL.match(line) is None:
            break
        labels += 1
        bracketed = has_address(line) and ("<" in line or "[" in line)
        if below == at and not bracketed:
            return False
        addresses += bracketed
        dated = dated or bool(has_date(line) and _TIME.search(line))
    ruled = at > 0 and bool(RULE.match(sheet.plain[at - 1]))
    if labels >= 4 and dated and (addresses >= 2 or ruled):
        sheet.doubts.append("what looks like the header of an answered mail is in an unknown language")
        return True
    return False


def _notes_block(sheet: Sheet, to: int) -> int:
    """Old Notes: sender and date, then "To", "cc" and "Subject", each alone on its line. Where it begins, or -1."""
    bare = {clients.role(line.rstrip(" :")) for line in sheet.plain[to + 1 : to + 15] if 0 < len(line) <= 20}
    if "subject" not in bare:
        return -1
    for at in range(to - 1, max(-1, to - 4), -1):
        line = sheet.plain[at]
        if line and has_date(line) and _TIME.search(line):
            named = sheet.is_text(at - 1) and len(sheet.plain[at - 1].split()) <= 14
            return at - 1 if named else at
    return -1


def _header_end(sheet: Sheet, at: int) -> int:
    """The line behind the header block at or just below `at`."""
    end = at + 1
    blanks = 0
    for below in range(at + 1, min(len(sheet.lines), at + 16)):
        if not sheet.lines[below]:
            blanks += 1
            if blanks > 1:
                break
        elif sheet.parts[below] != Part.TEXT:
            break
        elif LABEL.match(sheet.plain[below]):
            end, blanks = below + 1, 0
        elif blanks:
            break
    return end
