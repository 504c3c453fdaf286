"""What of a mail body is quotation: by quote marks, attributions, separators, header blocks, and by our own words.

The rule is structural and needs no language. A table of words (mailclients.toml) helps where structure is thin.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import pairwise

from rsvpbot.reading import clients
from rsvpbot.reading.html import CUT
from rsvpbot.reading.sheet import LABEL, RULE, Part, Sheet, fingerprint, has_address, has_date

MOST_WRITTEN_LINES = 2_000
"""Without quote marks; nobody writes more."""

_QUOTE = re.compile(r"[ \t]{0,8}>(?!=)")
_QUOTE_WITH_INITIALS = re.compile(r"[ ]{0,2}[^\W\d_]{1,3}> ?")
_GROUPWISE = re.compile(r">>> [^>]{3,120}(?:<[^>]{3,80}>)? {0,2}[^>]{0,60}(?:>>>|schrieb:|wrote:) {0,2}$")
"""GroupWise puts the quoted mail, without marks, below ">>> Name 04.04.17 09:12 >>>"."""
_TIME = re.compile(
    r"(?<!\d)\d{1,2} ?[:.hч时時点點] ?\d{2}(?!\d)|(?<!\d)\d{1,2} ?(?:AM|PM|am|pm|Uhr)\b|\d{1,2} ?[时時点點]"
)
_DAY = re.compile(r"(?<!\d)\d{1,2}(?!\d)|[一二三四五六七八九十]{1,3}[日号號]")
_DASHES = "-_=*~─━—–"
_LONGEST_ORIGINAL = 20_000


def mark_quotation(sheet: Sheet, known: Collection[str]) -> None:
    """Give every quoted line of the sheet to the quotation. `known`: texts of our own, whose repetition is one."""
    _mark_quote_marks(sheet)
    _mark_excess(sheet)
    _mark_attributions(sheet)
    _mark_rest(sheet)
    _mark_known(sheet, known)
    _mark_stray(sheet, known)


# --------------------------------------------------------------------------- quote marks and attributions


def _mark_quote_marks(sheet: Sheet) -> None:
    """Lines that begin with ">", or with a writer's initials and ">" (The Bat!)."""
    initials: list[int] = []
    for at, line in enumerate(sheet.plain):
        if ">" not in line[:12] or sheet.parts[at] is not Part.TEXT or _GROUPWISE.match(line):
            continue
        if _QUOTE.match(line):
            sheet.parts[at] = Part.QUOTED
        elif _QUOTE_WITH_INITIALS.match(line):
            initials.append(at)
    for first, second in pairwise(initials):
        if second == first + 1:
            sheet.mark(first, second + 1, Part.QUOTED)
    # Blank lines between two quoted lines belong to the quotation.
    last = -1
    for at, part in enumerate(sheet.parts):
        if part is Part.QUOTED:
            if last >= 0:
                sheet.mark(last + 1, at, Part.QUOTED)
            last = at
        elif not sheet.blank(at):
            last = -1


def _mark_excess(sheet: Sheet) -> None:
    written = sheet.written()
    if len(written) > MOST_WRITTEN_LINES:
        sheet.mark(written[MOST_WRITTEN_LINES], len(sheet.lines), Part.QUOTED)
        sheet.doubts.append("the text has very many lines; only the first were read")


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
    address, dated, timed = has_address(text), has_date(text), bool(_TIME.search(text))
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
    if wrote == "last" and bracketed and clients.opens_attribution(text, figure=False):
        return True
    if wrote and (bracketed or not clients.first_person(text)):
        return (dated and (wrote == "last" or timed or bracketed)) or (bracketed and timed)
    return bracketed and timed and (dated or bool(_DAY.search(text)))


def _mark_attributions(sheet: Sheet) -> None:
    end = -1
    while end + 1 < len(sheet.lines):
        end += 1
        if sheet.parts[end] is not Part.TEXT or sheet.blank(end):
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
            sheet.mark(start, following, Part.QUOTED)
        else:
            sheet.mark(start, len(sheet.lines), Part.QUOTED)
            return


def _mark_flattened(sheet: Sheet, at: int) -> None:
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
    sheet.mark(at, len(sheet.lines), Part.QUOTED)


def _attribution_start(sheet: Sheet, end: int, quote_follows: bool) -> int:
    """The first line of the attribution that ends on line `end` (it wraps over four lines at most), or -1."""
    joined = ""
    for start in range(end, max(-1, end - 4), -1):
        if sheet.parts[start] is not Part.TEXT or sheet.blank(start):
            return -1
        if start < end and sheet.plain[start].rstrip().endswith(":"):
            return -1
        joined = f"{sheet.plain[start].strip()} {joined}".strip()
        if _is_attribution(joined, quote_follows) and (not quote_follows or _complete(joined, sheet, start)):
            return _wrapped_start(sheet, start)
    return -1


def _complete(joined: str, sheet: Sheet, start: int) -> bool:
    """Before a quotation "wrote:" alone would do; but where the date stands on a line above, it belongs to it."""
    if has_date(joined):
        return True
    for above in range(start - 1, max(-1, start - 4), -1):
        if sheet.blank(above) or sheet.parts[above] is not Part.TEXT:
            return True
        line = sheet.plain[above]
        if has_date(line) and (_TIME.search(line) or clients.opens_attribution(line)):
            return False
    return True


def _wrapped_start(sheet: Sheet, start: int) -> int:
    """An attribution may be broken in the middle of its date: take the opening line above too."""
    for _ in range(2):
        if start == 0 or clients.opens_attribution(sheet.plain[start], figure=False):
            return start
        above = sheet.plain[start - 1].strip()
        if not above or sheet.parts[start - 1] is not Part.TEXT or above.endswith((".", "!", "?", "。", ":")):
            return start
        opens = clients.opens_attribution(above, figure=False) and any(sign.isdecimal() for sign in above)
        if not opens and not (len(above) >= 50 and has_date(above) and _TIME.search(above)):
            return start
        start -= 1
    return start


# --------------------------------------------------------------------------- separators and header blocks


def _mark_rest(sheet: Sheet) -> None:
    """Separators and header blocks: what follows is quotation to the end, unless quote marks tell its extent."""
    for at in range(len(sheet.lines)):
        if sheet.parts[at] is not Part.TEXT:
            continue
        line = sheet.plain[at]
        if line == CUT:
            sheet.lines[at] = sheet.plain[at] = ""
        elif _GROUPWISE.match(line):
            pass
        elif sheet.blank(at) or not (":" in line or line.lstrip()[0] in _DASHES or len(line) < 60):
            continue
        elif clients.forwards(line, _between_dashes(line)):
            sheet.forwarded = True
        elif not (_separates(sheet, at) or _header_block(sheet, at) or _notes_block(sheet, at)):
            continue
        start = at
        while start > 0 and (sheet.blank(start - 1) or RULE.match(sheet.plain[start - 1])):
            start -= 1
        following = sheet.next_written(_header_end(sheet, at))
        if sheet.quoted(following):
            sheet.mark(start, following, Part.QUOTED)
            continue
        sheet.mark(start, len(sheet.lines), Part.QUOTED)
        return


def _between_dashes(line: str) -> str:
    """The words of "----- Original Message -----", or ""."""
    text = line.strip(" >:")
    if len(text) > 200 or text[:2].strip(_DASHES) or text[-2:].strip(_DASHES) or len(text) < 5:
        return ""
    return text.strip(f"{_DASHES} ")


def _separates(sheet: Sheet, at: int) -> bool:
    words = _between_dashes(sheet.plain[at])
    if not words:
        return False
    if clients.is_original(words) or (clients.says_wrote(words) == "last" and has_date(words)):
        return True
    following = sheet.next_written(at + 1)
    return following < len(sheet.lines) and _header_block(sheet, following)


def _role(sheet: Sheet, at: int) -> str:
    """The role of the header label that this line begins with, or ""."""
    if at not in sheet.roles:
        match = LABEL.match(sheet.plain[at])
        sheet.roles[at] = clients.role(match.group(1)) if match else ""
    return sheet.roles[at]


def _header_block(sheet: Sheet, at: int) -> bool:
    """At least three header-like lines, From among them, with a subject or an address, beginning here."""
    line = sheet.plain[at]
    first = _role(sheet, at)
    if not first:
        return _unknown_header_block(sheet, at)
    if len(clients.roles_in(line)) >= 3:
        return True
    roles = {first}
    addressed = has_address(line)
    evidence = addressed or has_date(line)
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
        address = has_address(sheet.plain[below])
        addressed = addressed or (address and role in {"from", "to"})
        evidence = evidence or address or has_date(sheet.plain[below])
    # "From: Geneva / To: New York / Date: …" is somebody's journey.
    return "from" in roles and len(roles - {"other", "cc"}) >= 3 and evidence and ("subject" in roles or addressed)


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
    above_ruled = at > 0 and bool(RULE.match(sheet.plain[at - 1]))
    if labels >= 4 and dated and (addresses >= 2 or above_ruled):
        sheet.doubts.append("what looks like the header of an answered mail is in an unknown language")
        return True
    return False


def _notes_block(sheet: Sheet, at: int) -> bool:
    """Old Notes: the sender, the date, then "To", "cc" and "Subject", each alone on its line."""
    if at + 3 >= len(sheet.lines) or not (has_date(sheet.plain[at + 1]) and _TIME.search(sheet.plain[at + 1])):
        return False
    bare = {
        clients.role(line.strip(" :"))
        for line in sheet.plain[at + 2 : at + 16]
        if 0 < len(line.strip()) <= 20 and not line.strip().endswith(".")
    }
    return {"to", "subject"} <= bare and len(sheet.plain[at].split()) <= 8


def _header_end(sheet: Sheet, at: int) -> int:
    """The line behind the header block at or just below `at`."""
    end = at + 1
    blanks = 0
    for below in range(at + 1, min(len(sheet.lines), at + 16)):
        if sheet.blank(below):
            blanks += 1
            if blanks > 1:
                break
        elif LABEL.match(sheet.plain[below]):
            end, blanks = below + 1, 0
        elif blanks:
            break
    return end


# --------------------------------------------------------------------------- our own words


_LONGEST_ORIGINAL = 20_000


def _mark_known(sheet: Sheet, known: Collection[str]) -> None:
    """Runs of lines that repeat what we wrote, or what the same message quotes with marks, are quotation."""
    ours = " ".join(fingerprint(text) for text in known)
    if ours.strip():
        _mark_runs(sheet, ours, shortest_run=60)
        _rescue(sheet, ours)
    if sum(len(sheet.lines[at]) for at in sheet.written()) < 160:
        return
    quoted = fingerprint(
        " ".join(line for line, part in zip(sheet.lines, sheet.parts, strict=True) if part is Part.QUOTED)
    )
    if len(quoted) >= 200:
        _mark_runs(sheet, quoted[:_LONGEST_ORIGINAL], shortest_run=160)


def _mark_runs(sheet: Sheet, ours: str, shortest_run: int) -> None:
    run: list[int] = []
    length = longest = 0
    for at in [*sheet.written(), len(sheet.lines)]:
        trace = fingerprint(sheet.lines[at]) if at < len(sheet.lines) else ""
        if trace and trace in ours:
            run.append(at)
            length += len(trace)
            longest = max(longest, len(trace))
            continue
        if length >= shortest_run and longest >= 30:
            for line in run:
                sheet.parts[line] = Part.QUOTED
        run, length, longest = [], 0, 0


def _rescue(sheet: Sheet, ours: str) -> None:
    """Only courtesy stands above an unmarked quotation: what stands below our own words in it is likely the answer."""
    if not clients.only_courtesy("\n".join(sheet.lines[at] for at in sheet.written()[:20])):
        return
    quoted = [at for at, part in enumerate(sheet.parts) if part is Part.QUOTED and not sheet.blank(at)]
    traces = {at: fingerprint(sheet.lines[at]) for at in quoted}
    own = [at for at in quoted if len(traces[at]) >= 30 and traces[at] in ours]
    if not own:
        return
    below = [at for at in quoted if at > own[-1] and traces[at] not in ours and not _QUOTE.match(sheet.plain[at])]
    for at in below:
        sheet.parts[at] = Part.TEXT
    if below:
        sheet.doubts.append("the answer seems to stand below the quoted mail, which has no quote marks")


def _mark_stray(sheet: Sheet, known: Collection[str]) -> None:
    """A quoted line that a gateway wrapped leaves its tail without a mark; an answer may look the same."""
    ours = " ".join(fingerprint(text) for text in known)
    strays = doubtful = 0
    for at in range(1, len(sheet.lines) - 1):
        if sheet.parts[at] is not Part.TEXT or sheet.blank(at):
            continue
        above, below = sheet.plain[at - 1].rstrip(), sheet.plain[at + 1]
        if not (_QUOTE.match(above) and _QUOTE.match(below)):
            continue
        line = sheet.lines[at].strip()
        wrapped = len(above) >= 60 and above[-1] not in ".!?:;。？！"
        if wrapped and len(line) <= 40 and (line[0].islower() or strays):
            sheet.parts[at] = Part.QUOTED
            strays += 1
            doubtful += fingerprint(f"{above} {line}") not in ours
    if doubtful:
        sheet.doubts.append("a line among the quoted ones has no quote mark: it may be an answer")
