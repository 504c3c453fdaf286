"""The guest list: one row for each invitee, with the answer that stands; as a table, as CSV and as JSON.

A row is an invitee and not a person who comes, because most of what organisers look for (who is silent, who declined,
whom to ring up) are invitees; the people who come by an answer stand in its row.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from rsvpbot.config import Config
from rsvpbot.decide import expected_people
from rsvpbot.model import Invitee, PartStat
from rsvpbot.organisers.rulings import NotPossible
from rsvpbot.organisers.shown import one_line
from rsvpbot.store.base import Store

if TYPE_CHECKING:
    from rich.table import Table

CSV_ENCODING: Final = "utf-8-sig"
"""For a file: without the mark at its beginning, Excel takes UTF-8 for windows-1252."""

FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠|%]")
"""What a cell must not begin with; see `safe_cell`."""

SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv", "phd", "md", "dphil", "esq", "obe", "cbe", "mbe", "kc", "qc"))
"""What follows a family name and is none."""

ARTICLE = re.compile(r"^(?:al|el|as|ash|ad|an|ar|at|az)[-‐‑–’'](?=\w)", re.IGNORECASE)
"""The Arabic article, joined on: "al-Hakim" stands under H."""


@dataclass(frozen=True, slots=True)
class GuestRow:
    """An invitee and the answer that stands. Texts are on one line, without control characters."""

    name: str
    organisation: str
    category: str
    partstat: PartStat
    party: int | None
    """How many come; None where it was not said."""
    names: tuple[str, ...]
    """Who comes by this answer."""
    delegate: str
    """Who comes in the invitee's place."""
    grounds_pass: bool | None
    """As the answer says, else as the list does; None: not known."""
    dietary: str
    access: str
    answered: datetime | None
    """When the answer was recorded, in the event's time zone."""
    language: str
    address: str
    listed: bool
    """Still on the list."""
    bounced: str
    """Why mail does not reach this invitee; "" where it does."""
    waiting: bool
    """A message of theirs waits for the organisers, or a change for their own confirmation."""
    id: str
    standby: bool = False
    """Waits for room, so that nobody of theirs is expected."""

    @property
    def label(self) -> str:
        return self.name or self.organisation or self.address

    @property
    def needs(self) -> str:
        return "; ".join(need for need in (self.dietary, self.access) if need)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows are wanted; what is left empty lets every row pass."""

    partstats: frozenset[PartStat] = frozenset()
    categories: frozenset[str] = frozenset()
    """Compared without regard to case."""
    grounds_pass: str = ""
    """"yes", "no" or "unknown"."""
    needs: bool = False
    """Only those with a diet or an access need."""
    waiting: bool = False
    bounced: bool = False
    unlisted: bool = False
    """Those who left the list as well; else only who is on it."""
    words: str = ""
    """All of these words occur in name, organisation, names, delegate or address; case and accents do not matter."""

    def lets_pass(self, row: GuestRow) -> bool:
        known = {True: "yes", False: "no", None: "unknown"}[row.grounds_pass]
        return (
            (self.unlisted or row.listed)
            and (not self.partstats or row.partstat in self.partstats)
            and (not self.categories or row.category.casefold() in {name.casefold() for name in self.categories})
            and (not self.grounds_pass or self.grounds_pass == known)
            and (not self.needs or bool(row.needs))
            and (not self.waiting or row.waiting)
            and (not self.bounced or bool(row.bounced))
            and self._has_words(row)
        )

    def _has_words(self, row: GuestRow) -> bool:
        if not self.words:
            return True
        text = folded(" ".join((row.name, row.organisation, *row.names, row.delegate, row.address)))
        return all(word in text for word in folded(self.words).split())


def guests(store: Store, config: Config, chosen: Filter = Filter()) -> tuple[GuestRow, ...]:
    """The rows that are wanted, by family name.

    Raises StoreError, and NotPossible where nobody on record is of a category that is asked for: it may be misspelt.
    """
    zone = config.event.zone
    invitees = store.invitees()
    _check_categories(chosen, invitees)
    open_ones = {reply.invitee_id for reply in store.open_replies()}
    rows = (_row(invitee, invitee.id in open_ones, zone) for invitee in invitees)
    return tuple(sorted(filter(chosen.lets_pass, rows), key=sort_key))


def _check_categories(chosen: Filter, invitees: Collection[Invitee]) -> None:
    known = {one_line(invitee.category).casefold(): one_line(invitee.category) for invitee in invitees}
    unknown = sorted(name for name in chosen.categories if name.casefold() not in known)
    if invitees and unknown:
        named = ", ".join(sorted(filter(None, known.values())))
        there = f"there are: {named}" if named else "the list has none"
        raise NotPossible(f"nobody on record is of the category {unknown[0]!r}; {there}")


def nobody(store: Store, chosen: Filter) -> str:
    """What to say in place of a table without rows."""
    number = len(store.invitees())
    if not number:
        return "Nobody is on record yet: rsvpbot run, poll and invite take in the list of [invitees] file."
    left = "" if chosen.unlisted else "; who left the list is shown with --unlisted only"
    return f"Nobody fits, of {number:,} on record{left}."


def _row(invitee: Invitee, waits: bool, zone: ZoneInfo) -> GuestRow:
    answer = invitee.answer
    delegate = answer.delegate.name or answer.delegate.email if answer and answer.delegate else ""
    said = answer.grounds_pass if answer else None
    by_list = None if answer and answer.partstat is PartStat.DELEGATED else invitee.grounds_pass
    return GuestRow(
        name=one_line(invitee.name),
        organisation=one_line(invitee.organisation),
        category=one_line(invitee.category),
        partstat=invitee.partstat,
        party=(answer.party if answer.party is not None else expected_people(answer) or None) if answer else None,
        names=tuple(filter(None, map(one_line, answer.names))) if answer else (),
        delegate=one_line(delegate),
        grounds_pass=by_list if said is None else said,
        dietary=one_line(answer.dietary or "") if answer else "",
        access=one_line(answer.access or "") if answer else "",
        answered=answer.recorded_at.astimezone(zone) if answer else None,
        language=answer.language if answer else invitee.language,
        address=one_line(invitee.addresses[0]) if invitee.addresses else "",
        listed=invitee.listed,
        bounced=one_line(invitee.bounced),
        waiting=waits or invitee.pending is not None,
        id=invitee.id,
        standby=answer is not None and answer.standby is not None,
    )


# ------------------------------------------------------------------ order


def sort_key(row: GuestRow) -> tuple[str, str, str, str]:
    """By family name, then the whole name; who has no name stands under the organisation."""
    family = family_name(row.name) if row.name else row.organisation or row.address
    return (folded(ARTICLE.sub("", family)), folded(row.name), folded(row.organisation), row.address)


def family_name(name: str) -> str:
    """What to sort a name by: the words in capitals, as diplomats write them ("ZHANG Wei"); else what stands before a
    comma ("Doe, Jane"); else the last word that is no suffix ("John Doe Jr."). A guess: nothing but order hangs on it.
    """
    words = name.split()
    bare = [word.strip(".,") for word in words]
    capitals = [word for word in bare if len(word) > 1 and word.isupper() and word.casefold() not in SUFFIXES]
    if capitals and len(capitals) < len(words):
        return " ".join(capitals)
    before, comma, after = name.partition(",")
    if comma and after.strip() and after.strip(" .").casefold() not in SUFFIXES:
        return before
    family = [word for word in bare if word.casefold().replace(".", "") not in SUFFIXES]
    return family[-1] if family else name


def folded(text: str) -> str:
    """Without regard to case and accents: é stands beside e, Ł beside l."""
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_STROKED))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


_STROKED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
"""Letters that Unicode does not take apart."""


# ------------------------------------------------------------------ as CSV

COLUMNS: Final = tuple(field.name for field in fields(GuestRow) if field.name not in ("listed", "waiting"))


_LINE_ENDS = re.compile(r"[\r\n]+")


def csv_text(rows: Iterable[GuestRow]) -> str:
    """RFC 4180: CRLF, every cell in quotes. Written to a file, encode it as `CSV_ENCODING`.

    Every cell, so that a program which takes semicolons for separators does not find a new cell inside of one; and on
    one line, so that it does not find a new row there either.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([safe_cell(_LINE_ENDS.sub(" ", _cell(getattr(row, column)))) for column in COLUMNS])
    return file.getvalue()


def safe_cell(text: str) -> str:
    """A text that a spreadsheet shows as it is.

    Excel, LibreOffice and Google Sheets take what begins with = + - @ for a formula even in quotes, and a formula can
    send the sheet elsewhere or start a program; a name in a mail is anybody's to choose. A leading apostrophe makes it
    text (OWASP, "CSV Injection"). Tab, CR and LF before such a character are passed over by some; | and % begin DDE
    commands; the wide forms are taken for the narrow ones in East Asian settings.
    """
    return f"'{text}" if FORMULA.match(text.lstrip(" ")) else text


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat(timespec="seconds")
        case tuple():
            return "; ".join(map(str, value))
        case _:
            return str(value)


# ------------------------------------------------------------------ as JSON and as a table


def json_lines(rows: Iterable[GuestRow]) -> str:
    """One object a line, with the fields of `GuestRow`; times as ISO 8601."""
    return "".join(f"{json.dumps(asdict(row), ensure_ascii=False, default=_cell)}\n" for row in rows)


STYLES = {
    PartStat.ACCEPTED: "green",
    PartStat.DELEGATED: "blue",
    PartStat.TENTATIVE: "yellow",
    PartStat.DECLINED: "bright_black",
    PartStat.NEEDS_ACTION: "",
}


def table(rows: Iterable[GuestRow]) -> Table:
    """For a terminal. Values are text: no markup of rich's is obeyed in them."""
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=SIMPLE, pad_edge=False)
    for heading in ("Name", "Organisation", "Answer"):
        shown.add_column(heading)
    shown.add_column("People", justify="right")
    for heading in ("Who comes", "Pass", "Needs", "Answered"):
        shown.add_column(heading)
    for row in rows:
        who = ", ".join(row.names) or row.delegate
        cells = (
            row.label,
            row.organisation if row.label != row.organisation else "",
            Text(_answer(row), style=STYLES[row.partstat]),
            str(row.party) if row.party else "",
            who if who != row.name else "",
            {True: "yes", False: "no", None: ""}[row.grounds_pass],
            row.needs,
            f"{row.answered:%d %b %H:%M}" if row.answered else "",
        )
        shown.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in cells))
    return shown


def _answer(row: GuestRow) -> str:
    answer, bounced = row.partstat.value, bool(row.bounced)
    if row.partstat is PartStat.NEEDS_ACTION:
        answer, bounced = "could not be reached" if row.bounced else "no answer", False
    found = (
        ("waits for room", row.standby),
        ("waits", row.waiting),
        ("bounced", bounced),
        ("off the list", not row.listed),
    )
    marks = [mark for mark, holds in found if holds]
    return f"{answer} ({', '.join(marks)})" if marks else answer
