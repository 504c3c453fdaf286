"""Whether a clause speaks of something else: another thing, another place, another day."""

from __future__ import annotations

from collections.abc import Sequence

from rsvpbot.reading.names import han
from rsvpbot.reading.pack import Pack
from rsvpbot.reading.people import Who
from rsvpbot.reading.phrases import Mark
from rsvpbot.reading.said import DAY_BEFORE, SOMETHING_ELSE
from rsvpbot.reading.sentence import Here, Reader
from rsvpbot.reading.tokens import Token

ANOTHER_DAY = "it names another day"
"""How the doubt begins that a clause speaks of another day."""


TRAVEL = 4
"""Days before the event on which one arrives for it."""


def object_doubt(head: Mark, here: Here, reader: Reader) -> str:
    """Whether what follows the verb is another thing than our event: "attend the launch", "come to Geneva"."""
    tokens, pack = here.tokens, reader.pack
    at = head.end
    if pack.longest("other", tokens, at + pack.longest("object", tokens, at)):  # "attend another event"
        return f"{SOMETHING_ELSE}: “{here.marks.words(head.start, at + 2)}”"
    while at < len(tokens) and not here.covered[at] and pack.longest("object", tokens, at):
        at += pack.longest("object", tokens, at)
    if at >= len(tokens) or not tokens[at].word or tokens[at].norm[:1].isdecimal():
        return ""
    norm = tokens[at].norm
    if any(mark.meaning == "away" and mark.start == at for mark in here.marks.main) and at > head.end:
        return f"{SOMETHING_ELSE}: “{here.marks.words(head.start, at + 1)}”"
    if here.covered[at]:
        return _place_doubt(head, at, here, reader)
    if pack.has("places", norm) and at > head.end and norm not in reader.event_words:
        return f"it may be about another place: “{here.marks.words(head.start, at + 1)}”"
    named = any(p.who in {Who.NAMED, Who.SELF, Who.THEY} for m in here.mentions.at(at)[:1] for p in m.people)
    dated = pack.has("months", norm) or pack.weekday(norm) is not None
    if norm in reader.event_words or dated or here.marks.little(at) or named:
        return ""
    end = at + 1
    if han(norm):
        while end < len(tokens) and han(tokens[end].norm) and not here.covered[end]:
            end += 1
        if end - at < 2:
            return ""
    elif at == head.end and not (tokens[at].capital and not pack.knows(norm)):
        return ""
    return f"{SOMETHING_ELSE}: “{here.marks.words(head.start, end)}”"


def _place_doubt(head: Mark, at: int, here: Here, reader: Reader) -> str:
    """Whether another place, or somebody whose meeting it is, stands behind the event: "attend the meeting in Geneva",
    "the meeting of the FAO"."""
    tokens, pack = here.tokens, reader.pack
    away = {mark.start for mark in here.marks.main if mark.meaning == "away"}
    while at < len(tokens) and here.covered[at]:
        if at in away:
            return ""  # "cannot attend owing to his journey to Nairobi"
        at += 1
    if at + 1 >= len(tokens) or not pack.longest("object", tokens, at):
        return ""
    behind = at + pack.longest("of", tokens, at)
    behind += pack.longest("determiners", tokens, behind) if behind > at else 0
    if at < behind < len(tokens) and _somebody_s(behind, reader, here):
        return f"{SOMETHING_ELSE}: “{here.marks.words(head.start, behind + 1)}”"
    place = tokens[at + 1]
    if pack.has("places", place.norm) and place.norm not in reader.event_words:
        return f"it may be about another place: “{here.marks.words(head.start, at + 2)}”"
    return ""


def _somebody_s(at: int, reader: Reader, here: Here) -> bool:
    """Whether a meeting *of* what stands at a token is somebody else's: "the meeting of the FAO"."""
    token, pack = here.tokens[at], reader.pack
    if token.norm in reader.event_words or here.covered[at] or not token.word:
        return False
    office = any(pack.longest(name, here.tokens, at) for name in ("group", "organisation"))
    return office or (token.capital and token.norm.isalpha() and not pack.knows(token.norm))


def other_day(here: Here, head: Mark, reader: Reader) -> str:
    """A day that is not the event's in the piece of a head, where the event's own is not named there too."""
    begin, end = here.marks.piece_of(head.start)
    piece = begin, _with_its_date(end, here, reader)
    if piece not in here.other_days:
        doubt = _other_day_in(*piece, here, reader)
        if doubt.startswith(DAY_BEFORE) and not _other_day_in(here.begin, len(here.tokens), here, reader):
            doubt = ""  # "I fly on the 18th and shall be there on the 20th"
        here.other_days[piece] = doubt
    return here.other_days[piece]


def another_time(here: Here, head: Mark, reader: Reader) -> str:
    """Whether the piece of a head speaks of some later occasion: "count me in next time"."""
    begin, end = here.marks.piece_of(head.start)
    for at in range(begin, end):
        if length := reader.pack.longest("another_time", here.tokens, at):
            return f"it speaks of another time: “{here.marks.words(at, at + length)}”"
    return ""


def _with_its_date(end: int, here: Here, reader: Reader) -> int:
    """The end of a piece with the date behind its comma: "on Tuesday, the 27th"."""
    tokens, pack = here.tokens, reader.pack
    if end + 1 >= len(tokens) or tokens[end].norm != ",":
        return end
    stop = here.marks.piece_of(end + 1)[1]
    parts = ("months", "day_beginnings", "day_endings", "of", "determiners", "object")
    date = all(
        t.norm[:1].isdecimal() or pack.weekday(t.norm) is not None or pack.longest_of(parts, tokens, i)
        for i, t in enumerate(tokens[end + 1 : stop], end + 1)
    )
    return stop if date and any(t.norm[:1].isdecimal() for t in tokens[end + 1 : stop]) else end


def a_single_other_day(here: Here, head: Mark, reader: Reader) -> bool:
    """Whether one is elsewhere on one day that is named, and it is not ours ("on the 19th I am in Washington")."""
    begin, end = here.marks.piece_of(head.start)
    days = sum(t.norm[:1].isdecimal() or reader.pack.weekday(t.norm) is not None for t in here.tokens[begin:end])
    doubt = other_day(here, head, reader)
    return days == 1 and doubt.startswith((ANOTHER_DAY, DAY_BEFORE)) and not here.marks.dated


def names_a_day(here: Here, head: Mark, reader: Reader) -> bool:
    """Whether a phrase itself holds the other day: "not before the 22nd" is a no to the 20th."""
    return head.meaning == "no" and bool(_other_day_in(head.start, head.end, here, reader))


def _other_day_in(begin: int, end: int, here: Here, reader: Reader) -> str:
    tokens, event = here.tokens, reader.event
    days = range(event.starts.day, event.ends.day + 1) if event.ends.day >= event.starts.day else [event.starts.day]
    other, before, dated, ours = "", False, False, False
    weekdays = {event.starts.weekday(), event.ends.weekday()}
    for i in range(begin, end):
        norm = tokens[i].norm
        weekday = reader.pack.weekday(norm)
        if weekday is None and not norm[:1].isdecimal():
            continue
        if norm in reader.event_words and tokens[i + 1 : i + 2] and tokens[i + 1].norm in reader.event_words:
            continue  # "on the 14th floor"
        day = _day_of_month(tokens, i, reader.pack) or _day_in_figures(norm, event.starts.month)
        if day in days:
            return ""
        if weekday in weekdays:
            ours = True
            continue
        if (day or weekday is not None) and not other:
            other = here.marks.words(i, i + 1)
            before = 0 <= event.starts.day - day <= TRAVEL
            dated = day > 0
    if other and (dated or not ours):
        return f"{DAY_BEFORE if before else ANOTHER_DAY}: “{other}”"
    if ours or here.marks.has("time") or here.marks.has("event"):
        return ""
    month = next(
        (i for i in range(begin, end) if reader.pack.has("months", tokens[i].norm) and not here.covered[i]), -1
    )
    return f"it names another month: “{here.marks.words(month, month + 1)}”" if month >= 0 else ""


def _day_in_figures(norm: str, month: int) -> int:
    """21 for "21/9", "9/21/2016" and "21.9.2016" in September, -1 for another month's day; 0 for anything else."""
    sign = "/" if "/" in norm else "."
    parts = norm.split(sign)
    if not 2 + (sign == ".") <= len(parts) <= 3 or not all(part.isdecimal() and len(part) <= 4 for part in parts):
        return 0
    one, two = int(parts[0]), int(parts[1])
    if two == month and 1 <= one <= 31:
        return one
    if one == month and 1 <= two <= 31:
        return two
    return -1 if 1 <= one <= 31 and 1 <= two <= 12 else 0


def _day_of_month(tokens: Sequence[Token], at: int, pack: Pack) -> int:
    """21 for "21st", "21 September", "September 21", "21日"; 0 for anything else."""
    norm = tokens[at].norm
    ending = norm.lstrip("0123456789")
    digits = norm[: len(norm) - len(ending)]
    if not digits.isdecimal() or len(digits) > 2 or not 1 <= int(digits) <= 31:
        return 0
    if ending:
        return int(digits) if ending in pack.words["day_endings"] else 0
    after = tokens[at + 1].norm if at + 1 < len(tokens) else ""
    if after in pack.words["day_endings"]:
        return int(digits)
    before = tokens[at - 1].norm if at else ""
    if before in pack.words["day_beginnings"] and after not in pack.words["hours"]:
        return int(digits)
    beside = {tokens[i].norm for i in (at - 2, at - 1, at + 1, at + 2) if 0 <= i < len(tokens)}
    return int(digits) if beside & pack.words["months"] else 0


__all__ = ["ANOTHER_DAY", "a_single_other_day", "another_time", "names_a_day", "object_doubt", "other_day"]
