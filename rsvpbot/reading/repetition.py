"""Lines that repeat our own letters, or what the same mail quotes with marks, are quotation whoever brought them along.

A line repeats a text where all its stretches of sixteen letters stand in it; so it may be broken otherwise than in our
letter. A shorter line has to go on where the line above or below it ends: "yes" repeats nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

from rsvpbot.reading import clients
from rsvpbot.reading.sheet import Part, Sheet, fingerprint, has_date, plain_text

_STRETCH = 16
_FEWEST_LETTERS = 60
"""That a run of lines must repeat before it counts."""
_LONGEST_LINE = 30
"""Of a run: at least one of its lines has as many letters."""
_LONGEST_KNOWN = 400_000
_LONGEST_QUOTED = 20_000
_MOST_QUOTED = 400
"""Lines of a quotation in which something of the writer's is looked for; a letter of ours has fewer."""

Stretches = frozenset[str]


def mark_repetition(sheet: Sheet, known: Collection[str]) -> None:
    """Give to the quotation what repeats `known`, and what repeats the quotation itself."""
    if known:
        ours = _stretches(tuple(known))
        _mark_runs(sheet, ours, _FEWEST_LETTERS)
        _rescue(sheet, ours)
    longest = max((sheet.lines[at] for at in sheet.written()), key=len, default="")
    if len(longest) >= 40 and Part.QUOTED in sheet.parts:
        text = "\n".join(sheet.lines[at] for at in sheet.of_part(Part.QUOTED))[:_LONGEST_QUOTED]
        if longest[4:36] in text:
            _mark_runs(sheet, _of_text(fingerprint(text)), 160)


@lru_cache(maxsize=8)
def _stretches(known: tuple[str, ...]) -> Stretches:
    return _of_text(fingerprint("\n".join(known)[:_LONGEST_KNOWN]))


def _of_text(letters: str) -> Stretches:
    return frozenset(letters[at : at + _STRETCH] for at in range(len(letters) - _STRETCH + 1))


def _repeats(letters: str, ours: Stretches) -> bool:
    """All of these letters, without a gap."""
    if len(letters) < _STRETCH:
        return False
    last = len(letters) - _STRETCH
    return letters[last:] in ours and all(letters[at : at + _STRETCH] in ours for at in range(0, last, _STRETCH))


def _repeating(traces: list[str], ours: Stretches) -> list[bool]:
    """Of consecutive lines, given as letters: which repeat."""
    found = [_repeats(trace, ours) for trace in traces]
    for at, trace in enumerate(traces):
        if found[at] or not trace or len(trace) >= _STRETCH:
            continue
        before = traces[at - 1][1 - _STRETCH :] if at and found[at - 1] else ""
        after = traces[at + 1][: _STRETCH - 1] if at + 1 < len(traces) and found[at + 1] else ""
        joined = [f"{before}{trace}"] if before else []
        joined += [f"{trace}{after}"] if after else []
        found[at] = any(
            all(letters[first : first + _STRETCH] in ours for first in range(max(1, len(letters) - _STRETCH + 1)))
            for letters in joined
        )
    return found


def _mark_runs(sheet: Sheet, ours: Stretches, fewest: int) -> None:
    written = sheet.written()
    traces = [fingerprint(sheet.lines[at]) for at in written]
    run: list[int] = []
    letters = longest = 0
    for at, trace, repeats in zip([*written, -1], [*traces, ""], [*_repeating(traces, ours), False], strict=True):
        if repeats:
            run.append(at)
            letters += len(trace)
            longest = max(longest, len(trace))
            continue
        if letters >= fewest and longest >= _LONGEST_LINE:
            for line in run:
                sheet.parts[line] = Part.QUOTED
        run, letters, longest = [], 0, 0


def repeats(line: str, known: Collection[str]) -> bool:
    """Whether a line stands in texts of our own."""
    return _repeats(fingerprint(line), _stretches(tuple(known)))


def inserted(sheet: Sheet, known: Collection[str]) -> list[str]:
    """The quoted lines behind the first of ours that repeat none, as far as the mail that is answered goes: what
    it quotes itself was written before."""
    quoted = sheet.of_part(Part.QUOTED)[:_MOST_QUOTED]
    marks = [_marks_of_quotation(sheet.lines[at]) for at in quoted]
    lines = [sheet.lines[at][count:].strip() for at, count in zip(quoted, marks, strict=True)]
    repeating = _repeating([fingerprint(line) for line in lines], _stretches(tuple(known)))
    first = next((i for i, ours in enumerate(repeating) if ours), len(quoted))
    depth = sheet.lines[quoted[first]][: marks[first]].count(">") if first < len(quoted) else 0
    found: list[str] = []
    for i in range(first, len(quoted)):
        deeper = sheet.lines[quoted[i]][: marks[i]].count(">") > depth
        attributed = lines[i].endswith((":", "：")) and has_date(plain_text(lines[i]))
        if deeper or attributed or clients.role(lines[i].partition(":")[0]) == "from":
            break
        if not repeating[i]:
            found.append(lines[i])
    return found


def _marks_of_quotation(line: str) -> int:
    return len(line) - len(line.lstrip("> "))


def _rescue(sheet: Sheet, ours: Stretches) -> None:
    """Only courtesy stands above an unmarked quotation: what stands among or below our own words may be the answer."""
    written = sheet.written()
    if len(written) > 20 or not clients.only_courtesy("\n".join(sheet.lines[at] for at in written)):
        return
    quoted = sheet.of_part(Part.QUOTED)
    repeating = _repeating([fingerprint(sheet.lines[at]) for at in quoted], ours)
    ours_first = next((at for at, repeats in zip(quoted, repeating, strict=True) if repeats), len(sheet.lines))
    answers = [
        at
        for at, repeats in zip(quoted, repeating, strict=True)
        if at > ours_first and not repeats and sheet.lines[at][0] != ">" and _says_something(sheet.lines[at])
    ]
    for at in answers:
        sheet.parts[at] = Part.TEXT
    if answers:
        sheet.doubts.append("the answer seems to stand below the quoted mail, which has no quote marks")


def _says_something(line: str) -> bool:
    return any(sign.isalnum() for sign in line) and "://" not in line


def mark_stray(sheet: Sheet, known: Collection[str]) -> None:
    """A quoted line that a gateway wrapped leaves its tail without a mark; an answer may look the same."""
    strays = 0
    doubtful: list[str] = []
    for at in _alone_among_marks(sheet):
        above, line = sheet.lines[at - 1], sheet.lines[at]
        wrapped = len(above) >= 60 and above[-1] not in ".!?:;。？！"
        if wrapped and len(line) <= 40 and (line[0].islower() or strays):
            sheet.parts[at] = Part.QUOTED
            strays += 1
            doubtful.append(f"{above} {line}")
    if doubtful:
        ours = _stretches(tuple(known))
        if not all(_repeats(fingerprint(text), ours) for text in doubtful):
            sheet.doubts.append("a line among the quoted ones has no quote mark: it may be an answer")


def _alone_among_marks(sheet: Sheet) -> Iterable[int]:
    lines = sheet.lines
    for at in sheet.written() if len(lines) > 2 and Part.QUOTED in sheet.parts else ():
        if at and lines[at - 1][:1] == ">" and lines[at][0] != ">" and "".join(lines[at + 1 : at + 2])[:1] == ">":
            yield at
