"""The list of invitees: a CSV or XLSX that organisers keep, merged into the store.

The list says who is asked; the store says what they answered. A merge never touches an answer, never forgets a person
who went from the list, and never loses one because of a slip in their row.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import re
import secrets
import tomllib
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from rsvpbot import schema
from rsvpbot.config import Config, Problem
from rsvpbot.lists import NotATable, Record, records
from rsvpbot.model import Invitee
from rsvpbot.schema import Place, Wrong
from rsvpbot.store.base import Commit, Store

COLUMNS: Final = ("email", "name", "organisation", "category", "language", "seats", "grounds_pass")
_LONGEST_CELL: Final = 300
MOST_ABOVE: Final = 20
"""Lines in which the header is looked for: a title and a date may stand above it."""

_LOOKS_LIKE_ADDRESS: Final = re.compile(r"[^\s;,\"'<>]{1,64}@[^\s;,\"'<>]{1,253}")


@lru_cache(maxsize=1)
def _known() -> Mapping[str, Mapping[str, str]]:
    """By what columns.toml is asked for ("columns", "yes", "no"): folded words, and what each means."""
    data = tomllib.loads(resources.files("rsvpbot").joinpath("columns.toml").read_text(encoding="utf-8"))
    answers = ("yes", "no")
    columns = {_folded(name): column for column, names in data.items() if column not in answers for name in names}
    columns |= {_folded(column): column for column in COLUMNS}
    return {"columns": columns} | {answer: dict.fromkeys(map(str.casefold, data[answer]), answer) for answer in answers}


def _column(cell: str) -> str:
    """What a column of this name holds; "" where nobody can tell."""
    return _known()["columns"].get(_folded(cell), "") if cell else ""


def _folded(words: str) -> str:
    """Without case, accents and signs."""
    flat = unicodedata.normalize("NFKD", words.casefold())
    plain = "".join(char for char in flat if not unicodedata.combining(char))
    return " ".join(re.sub(r"[^\w]+|_", " ", plain).split())


@dataclass(frozen=True, slots=True)
class Row:
    """One invitee as the list has them."""

    line: int
    addresses: tuple[str, ...]
    """Lower case; the first is where letters go."""
    name: str = ""
    organisation: str = ""
    category: str = ""
    language: str = ""
    seats: int | None = None
    grounds_pass: bool | None = None
    skipped: bool = False
    """Something in it cannot be used: nobody new is taken in by it, and whom it names stays on the list as they are."""


@dataclass(frozen=True, slots=True)
class Merge:
    """What a merge did: numbers of invitees."""

    added: int = 0
    changed: int = 0
    """Other details, or back on the list."""
    gone: int = 0
    unchanged: int = 0
    problems: tuple[Problem, ...] = ()


# --------------------------------------------------------------------------- reading


def read_list(path: Path) -> tuple[tuple[Row, ...], tuple[Problem, ...]]:
    """The rows of a list, and what is wrong with it, each with its line.

    CSV (commas, semicolons or tabs; UTF-8 with or without a byte order mark, UTF-16 with one, or else Windows-1252) or
    XLSX. The header names the columns in any order and in any of several languages (`columns.toml`); what stands above
    it is passed over. Raises OSError where the file cannot be read.
    """
    lines = _Lines(str(path))
    try:
        rows = tuple(lines.rows(records(path)))
    except NotATable as error:
        return (), (Problem(str(path), "the file", error.wrong, error.right),)
    return rows, tuple(lines.problems)


@dataclass(slots=True)
class _Lines:
    """Takes a list apart, and notes what is wrong on the way."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    _first_line: dict[str, int] = field(default_factory=dict)
    """By address, the line that named it first."""
    _first_name: dict[tuple[str, str], int] = field(default_factory=dict)
    """By name and organisation, likewise."""

    def note(self, line: int, wrong: str, right: str, fatal: bool = True) -> None:
        self.problems.append(Problem(self.file, f"line {line}", wrong, right, fatal))

    def rows(self, table: Sequence[Record]) -> Iterator[Row]:
        start, columns = self._columns(table)
        if columns is None:
            return
        for record in table[start:]:
            cells = None if record.cells is None else list(record.cells)
            if row := self._row(record.line, cells, record.text, columns):
                yield self._once(row)

    def _columns(self, table: Sequence[Record]) -> tuple[int, list[str] | None]:
        """Where the rows begin, and what each column holds; None where nobody can tell."""
        if not table:
            self.note(1, "the list is empty", "begin with a header line, as " + ",".join(COLUMNS))
            return 0, None
        for at, record in enumerate(table[:MOST_ABOVE]):
            if any(_column(cell) == "email" for cell in record.cells or ()):
                return at + 1, self._header(record.line, record.cells or ())
        return self._without_header(table)

    def _without_header(self, table: Sequence[Record]) -> tuple[int, list[str] | None]:
        """No column is called e-mail in any language that we know: but an address looks the same in all of them."""
        for at, record in enumerate(table[:MOST_ABOVE]):
            cells = record.cells or ()
            found = next((i for i, cell in enumerate(cells) if _LOOKS_LIKE_ADDRESS.fullmatch(cell.strip())), None)
            if found is None:
                continue
            above = table[at - 1].cells or () if at else ()
            columns = self._header(table[at - 1].line, above, told=False) if above else []
            columns = (columns + [""] * len(cells))[: max(len(cells), len(above))]
            columns[found] = "email"
            wrong = f"no column is called email; column {found + 1} holds addresses and is taken for it"
            self.note(record.line, wrong, "begin with a header line, as " + ",".join(COLUMNS), fatal=False)
            return at, columns
        self.note(
            table[0].line, 'the header has no column "email"', "begin with a header line, as " + ",".join(COLUMNS)
        )
        return 0, None

    def _header(self, line: int, cells: Sequence[str], *, told: bool = True) -> list[str]:
        columns: list[str] = []
        for cell in cells:
            name = _column(cell)
            if name and name in columns:
                if told:
                    self.note(line, f'the column "{name}" stands there twice', "keep one of them; the first is used")
                name = ""
            elif told and not name and cell.strip():
                meant = schema.nearest(re.sub(r"\s+", "_", cell.strip().lower()), COLUMNS)
                if meant is not None:
                    wrong = f'the column "{cell.strip()}" is not used'
                    self.note(line, wrong, f'did you mean "{meant}"?', fatal=False)
            columns.append(name)
        return columns

    def _once(self, row: Row) -> Row:
        """Note whoever stands in the list twice by name: two addresses of one person, most often."""
        name = _folded(row.name)
        if name and " " in name and not row.skipped:
            first = self._first_name.setdefault((name, _folded(row.organisation)), row.line)
            if first != row.line:
                wrong = f'"{row.name}" stands in line {first} already, with another address'
                right = "if it is the same person, write both addresses into one line, separated by a space"
                self.note(row.line, wrong, right, fatal=False)
        return row

    def _row(self, line: int, cells: list[str] | None, raw: str, columns: Sequence[str]) -> Row | None:
        if cells is None:
            self.note(line, "has a quotation mark too many or too few", 'put "…" around the whole cell')
            return self._unreadable(line, raw)
        if any(cell.strip() for cell in cells[len(columns) :]):
            wrong = f"has {len(cells)} cells, the header {len(columns)}"
            self.note(line, wrong, 'put "…" around a cell that holds a separator')
            return self._unreadable(line, " ".join(cells))
        table = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name}
        if not table.get("name"):
            table["name"] = f"{table.get('first_name', '')} {table.get('last_name', '')}"
        return self._checked(line, table)

    def _unreadable(self, line: int, text: str) -> Row | None:
        return self._skipped(line, tuple(word.lower() for word in _LOOKS_LIKE_ADDRESS.findall(text)))

    def _skipped(self, line: int, addresses: tuple[str, ...]) -> Row | None:
        return Row(line, addresses, skipped=True) if addresses else None

    def _checked(self, line: int, table: Mapping[str, str]) -> Row | None:
        before = len(self.problems)
        addresses = self._addresses(line, table.get("email", ""))
        details = dict(self._details(line, table))
        if len(self.problems) > before and (not addresses or len(details) < len(_CELLS)):
            return self._skipped(line, addresses)
        return Row(line, addresses, **details) if addresses else None

    def _addresses(self, line: int, cell: str) -> tuple[str, ...]:
        words = [word.strip("<>").removeprefix("mailto:").strip("<>") for word in re.split(r"[\s;,]+", cell) if word]
        if not words:
            self.note(line, "names no e-mail address", "write one, or take the line out")
        found: list[str] = []
        for word in words:
            try:
                address = schema.addr_spec(word)
            except Wrong as error:
                self.note(line, error.wrong, error.right)
                continue
            first = self._first_line.setdefault(address, line)
            if first != line:
                self.note(line, f"{address} stands in line {first} already", "keep it in one line")
            elif address not in found:
                found.append(address)
        return tuple(found)

    def _details(self, line: int, table: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
        for name, kind in _CELLS.items():
            try:
                yield name, kind(table.get(name, ""))
            except Wrong as error:
                self.note(line, f"{name}: {error.wrong}", error.right)


_NOWHERE: Final = Place(Path())
_SEATS: Final = schema.whole(1, 1_000, "number of seats")


def _words(cell: str) -> str:
    words = " ".join(cell.split())
    if any(ord(character) < 32 or ord(character) == 127 for character in words):
        raise Wrong("has a control character", "take it out")
    if len(words) > _LONGEST_CELL:
        raise Wrong(f"is {len(words)} letters long", f"write at most {_LONGEST_CELL}")
    return words


def _language(cell: str) -> str:
    """A tag, or the name of a language in itself or any of the six."""
    if not cell:
        return ""
    by_name = _language_names().get(cell.casefold())
    return by_name or str(schema.language(cell, _NOWHERE))


@lru_cache(maxsize=1)
def _language_names() -> Mapping[str, str]:
    from babel import Locale

    tags = ("en", "fr", "es", "ru", "ar", "zh", "pt", "de", "it")
    named = {Locale(one).get_language_name(other): one for one in tags for other in tags}
    return {name.casefold(): tag for name, tag in named.items() if name}


def _seats(cell: str) -> int | None:
    if not cell:
        return None
    if not cell.isdecimal():
        raise Wrong(f"{schema.shown(cell)} is not a number", "write how many may come, as 3, or nothing")
    return int(str(_SEATS(int(cell), _NOWHERE)))


def _grounds_pass(cell: str) -> bool | None:
    word = cell.casefold()
    if not word:
        return None
    if word in _known()["yes"]:
        return True
    if word in _known()["no"]:
        return False
    raise Wrong(f"{schema.shown(cell)} says neither", "write yes, no, or nothing")


_CELLS: Final[Mapping[str, Callable[[str], object]]] = {
    "name": _words,
    "organisation": _words,
    "category": _words,
    "language": _language,
    "seats": _seats,
    "grounds_pass": _grounds_pass,
}
"""How each column beside email is read; an empty or missing cell says nothing."""


# --------------------------------------------------------------------------- merging


def new_id() -> str:
    """Eight random lower-case base32 characters."""
    return base64.b32encode(secrets.token_bytes(5)).decode("ascii").lower()


def calendar_uid(event_uid: str, invitee_id: str) -> str:
    """The calendar UID of one invitee: made once, stored, and never changed."""
    stem, at, domain = event_uid.rpartition("@")
    return f"{stem}.{invitee_id}@{domain}" if at else f"{event_uid}.{invitee_id}"


def event_uid(calendar_uid: str, invitee_id: str) -> str:
    """Of the event as it was when `calendar_uid` made this one."""
    return calendar_uid.replace(f".{invitee_id}", "", 1)


def address_hash(address: str, key: bytes) -> str:
    """What is kept of a forgotten address: HMAC-SHA-256 in hex, of no use without the key of the state folder."""
    return hmac.new(key, b"forgotten:" + address.lower().encode(), hashlib.sha256).hexdigest()


def forgotten_by(store: Store, keys: Iterable[bytes]) -> Callable[[str], bool]:
    """Whether an address was forgotten, under any of the keys that this installation has had."""
    known = tuple(keys)
    return lambda address: any(store.is_forgotten(address_hash(address, key)) for key in known)


def merge(
    rows: Sequence[Row],
    store: Store,
    config: Config,
    new_id: Callable[[], str],
    is_forgotten: Callable[[str], bool] | None = None,
) -> Merge:
    """Bring the store in line with the list, in one commit, or in none where nothing changed.

    `new_id` gives eight lower-case base32 characters. `is_forgotten` says which addresses must not be taken in again;
    by default those that the store knows under any key that the state folder has had. Raises StoreError.
    """
    if is_forgotten is None:
        from rsvpbot.mail.tokens import all_keys

        is_forgotten = forgotten_by(store, all_keys(config.state_folder))
    with store.transaction():
        plan = _Plan(store.invitees(), config, new_id)
        plan.follow(rows, is_forgotten)
        if plan.writes:
            store.commit(Commit(invitees=tuple(plan.writes)))
    return plan.summed_up()


def preview(rows: Sequence[Row], invitees: Collection[Invitee], config: Config) -> Merge:
    """What a merge of these rows would do to these invitees. Whom we were asked to forget counts as added."""
    numbers = itertools.count()
    plan = _Plan(invitees, config, lambda: f"preview {next(numbers)}")
    plan.follow(rows, lambda _: False)
    return plan.summed_up()


class _Plan:
    """What has to be written so that the record of the invitees follows the list."""

    def __init__(self, invitees: Collection[Invitee], config: Config, new_id: Callable[[], str]) -> None:
        self._config = config
        self._new_id = new_id
        self._invitees = {invitee.id: invitee for invitee in invitees}
        self._owner = {address: invitee.id for invitee in invitees for address in invitee.addresses}
        self._kept: set[str] = set()
        self.writes: list[Invitee] = []
        self.problems: list[Problem] = []
        self.added = self.changed = self.gone = self.unchanged = 0

    def follow(self, rows: Sequence[Row], is_forgotten: Callable[[str], bool]) -> None:
        self._take([row for row in rows if not any(map(is_forgotten, row.addresses))])
        self._mark_gone(seen_any=bool(rows))

    def summed_up(self) -> Merge:
        return Merge(self.added, self.changed, self.gone, self.unchanged, tuple(self.problems))

    def _take(self, rows: Sequence[Row]) -> None:
        owned = [(row, self._find(row)) for row in rows]
        spoken_for = {invitee_id for row, invitee_id in owned if invitee_id and not row.skipped}
        for row, invitee_id in owned:
            if row.skipped:
                self.unchanged += invitee_id is not None
                continue
            addresses = tuple(self._free(row, invitee_id, spoken_for))
            if invitee_id is not None:
                self._update(self._invitees[invitee_id], row, addresses or self._invitees[invitee_id].addresses)
            elif addresses:
                self._add(row, addresses)

    def _find(self, row: Row) -> str | None:
        """The invitee that this row is about, whom no earlier row was."""
        for address in row.addresses:
            owner = self._owner.get(address)
            if owner is not None and owner not in self._kept:
                self._kept.add(owner)
                return owner
        return None

    def _free(self, row: Row, invitee_id: str | None, spoken_for: Collection[str]) -> Iterator[str]:
        """The row's addresses, without those that cannot become this invitee's."""
        for address in row.addresses:
            owner = self._owner.get(address, invitee_id)
            if address == self._config.mailbox.address:
                self._note(row, f"{address} is the mailbox itself", "take it out")
            elif owner not in {None, invitee_id} and owner not in spoken_for:
                # Joining two records would lose the address of the one, and with it its answer's writer.
                self._kept.add(str(owner))
                self._note(row, f"{address} has a record of its own from before", "give it a line of its own again")
            else:
                yield address

    def _note(self, row: Row, wrong: str, right: str) -> None:
        file = str(self._config.invitees.file or "invitees")
        self.problems.append(Problem(file, f"line {row.line}", wrong, right))

    def _add(self, row: Row, addresses: tuple[str, ...]) -> None:
        invitee_id = self._new_id()
        while invitee_id in self._invitees:
            invitee_id = self._new_id()
        uid = calendar_uid(self._config.event.uid, invitee_id)
        invitee = _with_details(Invitee(invitee_id, addresses, uid), row)
        self._invitees[invitee_id] = invitee
        self._kept.add(invitee_id)
        self.writes.append(invitee)
        self.added += 1

    def _update(self, before: Invitee, row: Row, addresses: tuple[str, ...]) -> None:
        # A letter that could not be delivered says nothing about a new address.
        bounced = before.bounced if addresses[0] == before.addresses[0] else ""
        after = replace(_with_details(before, row), addresses=addresses, bounced=bounced, listed=True)
        if after == before:
            self.unchanged += 1
        else:
            self.writes.append(after)
            self.changed += 1

    def _mark_gone(self, seen_any: bool) -> None:
        """Whoever no row was about is off the list; but where anybody may answer, nobody needs to be on it, and an
        empty list (a file that is just being written) says nothing about anybody."""
        if self._config.invitees.open or not seen_any:
            return
        for invitee in tuple(self._invitees.values()):
            if invitee.listed and not invitee.admitted and invitee.id not in self._kept:
                self.writes.append(replace(invitee, listed=False))
                self.gone += 1


def _with_details(invitee: Invitee, row: Row) -> Invitee:
    return replace(
        invitee,
        name=row.name,
        organisation=row.organisation,
        category=row.category,
        language=row.language,
        seats=row.seats,
        grounds_pass=row.grounds_pass,
    )
