"""The guest list as a workbook (XLSX): for the office, the reception, the kitchen and whoever sees to access.

Every text is written as text: no name becomes a formula, a link, a number or markup. The sheets print on A4, and on
Letter where that is what the printer holds: fitted to the width, with the head of the table on each page.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from rsvpbot.config import Config
from rsvpbot.decide import COMING
from rsvpbot.letters.page import columns, wrap
from rsvpbot.model import Enclosure, PartStat
from rsvpbot.organisers import door
from rsvpbot.organisers.door import Desk, Entry, Line
from rsvpbot.organisers.guests import Filter, GuestRow, folded, guests
from rsvpbot.organisers.shown import one_line
from rsvpbot.store.base import Store

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

CONTENT_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GUESTS: Final = "guests.xlsx"
RECEPTION: Final = "reception.xlsx"
"""The names under which they are enclosed: always the same, so that a newer one is known for it."""

EVERYBODY: Final = Filter()

TICK: Final = "☐"
A4: Final = 9
"""Of ECMA-376, part 1, section 18.3.1.63; programs take Letter for it where that is what the printer holds."""

Cell = str | int | datetime | None


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    width: float
    """In characters."""
    look: str = "text"
    """One of the formats of `_Book`."""


# ------------------------------------------------------------------ what is written


def guest_book(store: Store, config: Config, now: datetime, chosen: Filter = EVERYBODY) -> bytes:
    """All the sheets, of the invitees that are wanted. Raises StoreError.

    After the list was closed, the sheet "Reception" holds it as it stood, and "Changes" what came later.
    """
    rows = guests(store, config, chosen)
    found = door.desk(store, config, now)
    if chosen != EVERYBODY:
        found = door.only(found, {row.id for row in rows})
    book = _Book(config, now)
    _guests(book, rows)
    _reception(book, found, config)
    if found.closed:
        _changes(book, found)
    _catering(book, rows, len(found.lines))
    _access(book, rows)
    return book.bytes()


def reception_book(found: Desk, config: Config) -> bytes:
    """The list of the desk alone, with what has changed since it was closed."""
    book = _Book(config, found.at)
    _reception(book, found, config)
    if found.closed:
        _changes(book, found)
    return book.bytes()


def enclosed(
    store: Store, config: Config, now: datetime, since: datetime | None, *, quiet: bool
) -> tuple[Enclosure, ...]:
    """What goes with a summary: the guest list where there is news; the list of the desk once, after it was closed.

    `since`: when the last summary was written. Raises StoreError.
    """
    files = [] if quiet else [Enclosure(GUESTS, CONTENT_TYPE, guest_book(store, config, now))]
    kept = door.kept_list(store, config)
    if kept is not None and (since is None or kept.at > since):
        files.append(Enclosure(RECEPTION, CONTENT_TYPE, reception_book(door.desk(store, config, now), config)))
    return tuple(files)


# ------------------------------------------------------------------ the sheets


_ANSWERS: Final = {
    PartStat.ACCEPTED: "accepted",
    PartStat.DECLINED: "declined",
    PartStat.TENTATIVE: "perhaps",
    PartStat.DELEGATED: "sends somebody",
    PartStat.NEEDS_ACTION: "no answer",
}
NAMES: Final = 20
"""In one row of the kitchen's sheet; what is more goes into a further row, as no row may be higher than `TALLEST`."""
_PASS: Final = {True: "yes", False: "no", None: ""}


def _guests(book: _Book, rows: Sequence[GuestRow]) -> None:
    named = (
        Column("Name", 22, "strong"),
        Column("Organisation", 22),
        Column("Category", 11),
        Column("Answer", 15),
        Column("People", 8, "number"),
        Column("Who comes", 22),
        Column("Pass", 7),
        Column("Needs", 18),
        Column("Answered", 16, "moment"),
        Column("Address", 26),
        Column("To be seen to", 15),
    )
    book.sheet("Guests", named, map(_guest, rows), wide=True)


def _guest(row: GuestRow) -> tuple[Cell, ...]:
    comes = "; ".join(row.names) or row.delegate
    return (
        row.name,
        row.organisation,
        row.category,
        _answer(row),
        row.party,
        comes,
        _PASS[row.grounds_pass],
        row.needs,
        row.answered,
        row.address,
        "; ".join(_open_ends(row)),
    )


def _answer(row: GuestRow) -> str:
    return "waits for room" if row.standby else _ANSWERS[row.partstat]


def _comes(row: GuestRow) -> bool:
    return row.partstat in COMING and not row.standby


def _may_come(row: GuestRow) -> bool:
    return row.partstat is PartStat.TENTATIVE or row.standby


def _open_ends(row: GuestRow) -> Iterable[str]:
    if row.waiting:
        yield "waits for a decision"
    if row.bounced:
        yield "mail does not arrive"
    if not row.listed:
        yield "off the list"


def _reception(book: _Book, found: Desk, config: Config) -> None:
    venue = config.event.venue
    asks, escorts = bool(venue.pass_name or venue.reception), bool(venue.pass_name)
    named = [
        Column("", 4, "tick"),
        Column("Name", 34, "large"),
        Column("Comes", 26),
        Column("Organisation", 30),
        *([Column("Pass or photo ID" if escorts else "Photo ID", 16)] if asks else []),
        *([Column("Group", 8, "centred")] if escorts else []),
    ]

    def cells(line: Line) -> tuple[Cell, ...]:
        entry = (_entry(line.entry),) if asks else ()
        group = (line.group,) if escorts else ()
        return (TICK, line.name, line.note, line.person.organisation, *entry, *group)

    book.sheet(
        "Reception", named, map(cells, found.lines), note=f"{door.tally(found, config)}. {door.standing(found, config)}"
    )


def _entry(entry: Entry) -> str:
    return "ask for either" if entry is Entry.ASK else entry.value


def _changes(book: _Book, found: Desk) -> None:
    named = (
        Column("", 4, "tick"),
        Column("What", 17),
        Column("Name", 34, "large"),
        Column("Comes", 26),
        Column("Before", 26),
        Column("Organisation", 30),
        Column("Pass or photo ID", 16),
    )

    def cells(change: door.Change) -> tuple[Cell, ...]:
        line = change.line
        tick = TICK if change.after is not None else ""
        return (tick, change.kind, line.name, line.note, change.was, line.person.organisation, _entry(line.entry))

    note = "" if found.changes else "Nothing has changed since the list was closed."
    book.sheet("Changes", named, map(cells, found.changes), note=note, wide=True)


def _catering(book: _Book, rows: Iterable[GuestRow], people: int) -> None:
    named = (
        Column("Diet", 34, "strong"),
        Column("Told by", 9, "number"),
        Column("Perhaps", 9, "number"),
        Column("Who", 60),
    )
    lines: list[tuple[Cell, ...]] = []
    for need, told in _by_need(rows, lambda row: row.dietary):
        counts = (_how_many(told, _comes), _how_many(told, _may_come))
        for start in range(0, len(told), NAMES):
            who = "; ".join(map(_with_party, told[start : start + NAMES]))
            lines.append((need, *(counts if not start else (None, None)), who))
    book.sheet("Catering", named, lines, note=f"{people:,} {'person' if people == 1 else 'people'} expected in all")


def _access(book: _Book, rows: Iterable[GuestRow]) -> None:
    named = (
        Column("Need", 34, "strong"),
        Column("Who", 40),
        Column("Organisation", 26),
        Column("Answer", 15),
        Column("Address", 30),
    )
    lines = [
        (need, _with_party(row), row.organisation, _answer(row), row.address)
        for need, told in _by_need(rows, lambda row: row.access)
        for row in told
    ]
    book.sheet("Access", named, lines, wide=True)


def _by_need(rows: Iterable[GuestRow], need_of: Callable[[GuestRow], str]) -> list[tuple[str, tuple[GuestRow, ...]]]:
    """Of those who come or might: each need in the words of who told it first, and who told it; the most told first."""
    found: dict[str, list[GuestRow]] = {}
    for row in rows:
        if row.listed and need_of(row) and (_comes(row) or _may_come(row)):
            found.setdefault(folded(need_of(row)).strip(" ."), []).append(row)
    told = [(need_of(some[0]), tuple(some)) for some in found.values()]
    return sorted(told, key=lambda one: (-len(one[1]), folded(one[0])))


def _how_many(rows: Iterable[GuestRow], counts: Callable[[GuestRow], bool]) -> int | None:
    return sum(map(counts, rows)) or None


def _with_party(row: GuestRow) -> str:
    """Whose need it is, of those who come by one answer, is not known."""
    who = row.delegate if row.partstat is PartStat.DELEGATED and row.delegate else row.label
    return f"{who} (one of {row.party})" if row.party and row.party > 1 else who


# ------------------------------------------------------------------ the file

USUAL: Final = 11
LARGE: Final = 14
"""Sizes of letters, in points."""
LINE: Final = 15
"""Height of a line of the usual size, in points."""
TALLEST: Final = 400
"""Points; programs allow a row 409."""
BIG: Final = frozenset({"large", "tick", "centred"})
CENTRED: Final = frozenset({"number", "tick", "centred"})


def _height(column: Column, cell: Cell) -> float:
    """Of a row, as far as this cell goes, in points. Said, because not every program works it out when it opens the
    file, and rows would be printed over each other."""
    size = LARGE if column.look in BIG else USUAL
    # Bold letters are wider.
    room = column.width * (0.9 if column.look in ("large", "strong") else 1.05) * USUAL / size
    lines = _lines(cell, room) if isinstance(cell, str) else 1
    return min(TALLEST, LINE * size / USUAL * lines + 2)


def _lines(text: str, room: float) -> int:
    """How many lines a text takes; a word that is longer than a line is broken."""
    most = max(1, int(room))
    return sum(max(1, -(-columns(line) // most)) for line in wrap(text, most).split("\n"))


class _Book:
    """A workbook in memory."""

    def __init__(self, config: Config, now: datetime) -> None:
        from xlsxwriter import Workbook

        self._file = io.BytesIO()
        self._title = one_line(config.event.title, 150)
        self._at = now.astimezone(config.event.zone)
        self._book: Workbook = Workbook(
            self._file,
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
            },
        )
        self._book.set_properties({"title": self._title, "created": self._at.replace(tzinfo=None)})
        plain = {"valign": "top", "align": "left", "text_wrap": True, "bottom": 4, "bottom_color": "#999999"}
        self._formats: dict[str, Format] = {
            "text": self._book.add_format(plain),
            "strong": self._book.add_format({**plain, "bold": True}),
            "large": self._book.add_format({**plain, "bold": True, "font_size": LARGE}),
            "number": self._book.add_format({**plain, "num_format": "0", "align": "center"}),
            "moment": self._book.add_format({**plain, "num_format": "yyyy-mm-dd hh:mm"}),
            "tick": self._book.add_format({**plain, "font_size": LARGE, "align": "center"}),
            "centred": self._book.add_format({**plain, "font_size": LARGE, "bold": True, "align": "center"}),
        }
        head = {"bold": True, "bg_color": "#E6EBF0", "bottom": 1, "valign": "vcenter", "text_wrap": True}
        self._heads: dict[bool, Format] = {
            centred: self._book.add_format({**head, "align": "center"} if centred else head)
            for centred in (False, True)
        }
        self._note = self._book.add_format({"italic": True, "valign": "top", "text_wrap": True})

    def sheet(
        self,
        name: str,
        named: Sequence[Column],
        rows: Iterable[Sequence[Cell]],
        *,
        note: str = "",
        wide: bool = False,
    ) -> None:
        """One sheet with a table of these columns; `note` stands in a line above it, `wide` lays the paper on its
        side."""
        sheet = self._book.add_worksheet(name)
        filled = tuple(rows)
        note = note or ("" if filled else "Nobody.")
        head = 1 if note else 0
        if note:
            self._write_note(sheet, note, named)
        for number, column in enumerate(named):
            sheet.set_column(number, number, column.width)
            sheet.write_string(head, number, column.title, self._heads[column.look in CENTRED])
        for row, cells in enumerate(filled, head + 1):
            sheet.set_row(row, max(map(_height, named, cells)))
            for number, (column, cell) in enumerate(zip(named, cells, strict=True)):
                self._write(sheet, row, number, cell, self._formats[column.look])
        last = head + len(filled)
        sheet.freeze_panes(head + 1, 2 if named[0].look == "tick" else 1)
        sheet.autofilter(head, 0, last, len(named) - 1)
        self._print(sheet, head, last, len(named) - 1, name, wide=wide)

    def _write_note(self, sheet: Worksheet, note: str, named: Sequence[Column]) -> None:
        """A line above the table, as wide as that."""
        sheet.merge_range(0, 0, 0, len(named) - 1, "", self._note)
        sheet.write_string(0, 0, as_text(note), self._note)
        sheet.set_row(0, LINE * _lines(note, sum(column.width for column in named)) + 4)

    @staticmethod
    def _write(sheet: Worksheet, row: int, column: int, cell: Cell, look: Any) -> None:
        match cell:
            case None | "":
                sheet.write_blank(row, column, None, look)
            case str():
                sheet.write_string(row, column, as_text(cell), look)
            case datetime():
                sheet.write_datetime(row, column, cell.replace(tzinfo=None), look)
            case _:
                sheet.write_number(row, column, cell, look)

    def _print(self, sheet: Worksheet, head: int, last: int, right: int, name: str, *, wide: bool) -> None:
        if wide:
            sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(head)
        sheet.print_area(0, 0, last, right)
        sheet.set_margins(left=0.5, right=0.5, top=0.8, bottom=0.7)
        # An ampersand begins a code in these lines; doubled, XlsxWriter still takes "&&G" for a picture.
        title = self._title.replace("&", "＆")
        sheet.set_header(f"&L&B{_apart(title)}&R{name}")
        sheet.set_footer(f"&L{self._at:%Y-%m-%d %H:%M}&RPage &P of &N")

    def bytes(self) -> bytes:
        self._book.close()
        return self._file.getvalue()


def _apart(text: str) -> str:
    """After a code, digits would be taken for a size of the letters (ECMA-376, part 1, section 18.3.1.46)."""
    return f" {text}" if text[:1].isdigit() else text


def as_text(text: str) -> str:
    """A text that XlsxWriter writes as it is: what begins with <r> and ends with </r> it would take for formatted XML,
    and copy it into the file."""
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text
