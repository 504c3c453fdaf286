"""The list of invitees: a CSV that organisers keep, merged into the store.

The list says who is asked; the store says what they answered. A merge never touches an answer, never forgets a person
who went from the list, and never loses one because of a slip in their row.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import hmac
import io
import itertools
import re
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from rsvpbot import schema
from rsvpbot.config import Config, Problem
from rsvpbot.model import Invitee
from rsvpbot.schema import Place, Wrong
from rsvpbot.store.base import Commit, Store

COLUMNS: Final = ("email", "name", "organisation", "category", "language", "seats", "grounds_pass")
_SYNONYMS: Final = {
    "e-mail": "email", "e_mail": "email", "mail": "email", "email_address": "email", "e-mail_address": "email",
    "address": "email", "addresses": "email", "emails": "email", "full_name": "name", "organization": "organisation",
    "lang": "language", "pass": "grounds_pass",
}  # fmt: skip
_YES: Final = frozenset({"yes", "y", "true", "1", "x"})
_NO: Final = frozenset({"no", "n", "false", "0"})
_LONGEST_CELL: Final = 300
_LOOKS_LIKE_ADDRESS: Final = re.compile(r"[^\s;,\"'<>]{1,64}@[^\s;,\"'<>]{1,253}")


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

    The header names the columns in any order; commas, semicolons or tabs separate them; UTF-8 (with or without a byte
    order mark), UTF-16 with one, or else Windows-1252. Raises OSError where the file cannot be read.
    """
    lines = _Lines(str(path))
    rows = tuple(lines.rows(_decoded(path.read_bytes())))
    return rows, tuple(lines.problems)


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("windows-1252", "replace")


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | None, str]]:
    """Line number, cells (None where the line cannot be taken apart) and text of each record.

    A file with a stray quotation mark is read line by line, so that the mark spoils its own line only.
    """
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        records, start = [], 1
        for cells in reader:
            records.append((start, cells, ""))
            start = reader.line_num + 1
    except csv.Error:
        yield from _single_lines(text, delimiter)
    else:
        yield from records


def _single_lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | None, str]]:
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        try:
            yield number, next(csv.reader([line], delimiter=delimiter, strict=True), []), line
        except csv.Error:
            yield number, None, line


def _delimiter(text: str) -> str:
    header = re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0]
    return max(",;\t", key=header.count)


@dataclass(slots=True)
class _Lines:
    """Takes a list apart, and notes what is wrong on the way."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    _first_line: dict[str, int] = field(default_factory=dict)
    """By address, the line that named it first."""

    def note(self, line: int, wrong: str, right: str, fatal: bool = True) -> None:
        self.problems.append(Problem(self.file, f"line {line}", wrong, right, fatal))

    def rows(self, text: str) -> Iterator[Row]:
        columns: list[str] | None = None
        for line, cells, raw in _records(text, _delimiter(text)):
            if cells is not None and not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = self._header(line, cells or [])
                if "email" not in columns:
                    return
            elif row := self._row(line, cells, raw, columns):
                yield row
        if columns is None:
            self.note(1, "the list is empty", "begin with a header line, as " + ",".join(COLUMNS))

    def _header(self, line: int, cells: Sequence[str]) -> list[str]:
        columns: list[str] = []
        for cell in cells:
            name = re.sub(r"\s+", "_", cell.strip().lower())
            name = _SYNONYMS.get(name, name)
            if name in columns and name in COLUMNS:
                self.note(line, f'the column "{name}" stands there twice', "keep one of them; the first is used")
                name = ""
            elif name not in COLUMNS and (meant := schema.nearest(name, COLUMNS)) is not None:
                self.note(line, f'the column "{cell.strip()}" is not used', f'did you mean "{meant}"?', fatal=False)
            columns.append(name)
        if "email" not in columns:
            self.note(line, 'the header has no column "email"', "begin with a header line, as " + ",".join(COLUMNS))
        return columns

    def _row(self, line: int, cells: list[str] | None, raw: str, columns: Sequence[str]) -> Row | None:
        if cells is None:
            self.note(line, "has a quotation mark too many or too few", 'put "…" around the whole cell')
            return self._unreadable(line, raw)
        if any(cell.strip() for cell in cells[len(columns) :]):
            wrong = f"has {len(cells)} cells, the header {len(columns)}"
            self.note(line, wrong, 'put "…" around a cell that holds a separator')
            return self._unreadable(line, " ".join(cells))
        table = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name in COLUMNS}
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
    return str(schema.language(cell, _NOWHERE)) if cell else ""


def _seats(cell: str) -> int | None:
    if not cell:
        return None
    if not cell.isdecimal():
        raise Wrong(f"{schema.shown(cell)} is not a number", "write how many may come, as 3, or nothing")
    return int(str(_SEATS(int(cell), _NOWHERE)))


def _grounds_pass(cell: str) -> bool | None:
    word = cell.lower()
    if word and word not in _YES | _NO:
        raise Wrong(f"{schema.shown(cell)} says neither", "write yes, no, or nothing")
    return word in _YES if word else None


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
    by default those that the store knows under the keys of the state folder. Raises StoreError.
    """
    if is_forgotten is None:
        from rsvpbot.mail.tokens import load_keys

        is_forgotten = forgotten_by(store, load_keys(config.state_folder))
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
