"""Tables as organisers keep them -> records: CSV in whatever encoding and with whatever separator, and Excel's XLSX.

Nothing here knows what a column means.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

MOST_ROWS: Final = 100_000
MOST_COLUMNS: Final = 200
LARGEST_XLSX: Final = 200_000_000
"""Bytes that a workbook may unpack to: it is a ZIP file, and a small one may hold a sea of zeros."""


class NotATable(ValueError):
    """A file that cannot be read as a list; its words say why, and what would be right."""

    def __init__(self, wrong: str, right: str) -> None:
        super().__init__(f"{wrong}; {right}")
        self.wrong = wrong
        self.right = right


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a table."""

    line: int
    """From 1 on, as an editor or a spreadsheet shows it."""
    cells: tuple[str, ...] | None
    """None where the line cannot be taken apart."""
    text: str = ""
    """The line itself, where it cannot be."""


def records(path: Path) -> tuple[Record, ...]:
    """Every line of a table that holds something. Of a workbook the first sheet that holds an address, else the first.

    Raises OSError where the file cannot be read, NotATable where it is none.
    """
    raw = path.read_bytes()
    if raw.startswith(b"PK\x03\x04"):
        found = _workbook(raw)
    elif raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise NotATable("is an old Excel workbook (.xls)", "save it as .xlsx or as CSV")
    else:
        text = _decoded(raw)
        found = _text(text, _delimiter(text))
    return tuple(record for record in found if record.cells is None or any(cell.strip() for cell in record.cells))


# ------------------------------------------------------------------ text


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("windows-1252", "replace")


def _delimiter(text: str) -> str:
    """The sign that the first lines have most often, each for itself: a title above the header may hold a comma."""
    first = [line for line in re.split(r"[\r\n]+", text[:20_000]) if line.strip()][:20]
    return max(
        ",;\t",
        key=lambda sign: (sum(sign in line for line in first), max((line.count(sign) for line in first), default=0)),
    )


def _text(text: str, delimiter: str) -> Iterator[Record]:
    """A file with a stray quotation mark is read line by line, so that the mark spoils its own line only."""
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        found, start = [], 1
        for cells in reader:
            found.append(Record(start, tuple(cells)))
            start = reader.line_num + 1
    except csv.Error:
        yield from _single_lines(text, delimiter)
    else:
        yield from found


def _single_lines(text: str, delimiter: str) -> Iterator[Record]:
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        try:
            yield Record(number, tuple(next(csv.reader([line], delimiter=delimiter, strict=True), [])), line)
        except csv.Error:
            yield Record(number, None, line)


# ------------------------------------------------------------------ workbooks


def _workbook(raw: bytes) -> Iterator[Record]:
    # openpyxl warns of styles, print areas and the like that it does not keep: nothing of a list.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sheets = _sheets(raw)
    if not sheets:
        raise NotATable("has no sheet that can be seen", "save the list as a workbook with one sheet")
    yield from next((sheet for sheet in sheets if any("@" in cell for r in sheet for cell in r.cells or ())), sheets[0])


def _sheets(raw: bytes) -> list[tuple[Record, ...]]:
    import openpyxl

    damaged = NotATable("is a damaged workbook", "open it in Excel or LibreOffice and save it anew")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if sum(file.file_size for file in archive.infolist()) > LARGEST_XLSX:
                raise NotATable("unpacks to more than a list can be", "copy the list into a new workbook")
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    except NotATable:
        raise
    except Exception as error:  # openpyxl raises whatever its parts do
        raise damaged from error
    try:
        return [tuple(_sheet(sheet)) for sheet in book.worksheets if sheet.sheet_state == "visible"]
    except Exception as error:
        raise damaged from error
    finally:
        book.close()


def _sheet(sheet: object) -> Iterator[Record]:
    rows: Iterator[Sequence[object]] = sheet.iter_rows(  # type: ignore[attr-defined]
        max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True
    )
    for line, cells in enumerate(rows, start=1):
        words = [_words(cell) for cell in cells]
        while words and not words[-1]:
            words.pop()
        yield Record(line, tuple(words))


def _words(value: object) -> str:
    """A cell as one would type it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value)


__all__ = ["NotATable", "Record", "records"]
