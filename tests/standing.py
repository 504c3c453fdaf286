"""Who is writing, and what follows: the rule of the house, written down once more and apart from the code, for the
tests of every case and for the tables of docs/standing.md.

    python -m tests.standing            prints the tables
    python -m tests.standing --write    puts them into docs/standing.md
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from rsvpbot.model import Folder, LetterKind

DOC = Path(__file__).parent.parent / "docs" / "standing.md"
K = TypeVar("K")

BEGIN, END = "<!-- tables: python -m tests.standing --write -->", "<!-- end of tables -->"


class Server(StrEnum):
    """What Authentication-Results say."""

    PASS = "pass"
    FAIL = "fail"
    NONE = "none"
    FOREIGN = "foreign"
    """A pass, but by a server that is not ours."""


class Known(StrEnum):
    """The strongest sign of whose answer it is."""

    TOKEN = "token"
    """It answers our letter: In-Reply-To, or the calendar UID that this invitee alone got."""
    THREAD = "thread"
    """Our letter stands in References only."""
    ADDRESS = "address"
    DOMAIN = "domain"
    STRANGER = "stranger"


class Turn(StrEnum):
    FIRST = "first"
    SAME = "same"
    CHANGED = "changed"


class Means(StrEnum):
    WORDS = "words"
    CALENDAR = "calendar"


class Writer(StrEnum):
    INVITEE = "invitee"
    ASSISTANT = "assistant"
    """Writes for the invitee, in the third person or with SENT-BY."""
    OTHER = "other"
    """The invitation was passed on to this person, who speaks for themselves."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One case of the matrix."""

    server: Server
    known: Known
    turn: Turn
    means: Means
    writer: Writer

    def __str__(self) -> str:
        return "-".join((self.writer, self.known, self.server, self.turn, self.means))


CELLS = tuple(itertools.starmap(Cell, itertools.product(Server, Known, Turn, Means, Writer)))
"""All of them can happen: where an address on the list is the sign and somebody else writes, another invitee does."""

ADA, BOB = "ada@lovelace.example", "bob@babbage.example"
OFFICE = "office@lovelace.example"
"""Stands on the list too, as a further address of Ada's."""

FROM: dict[tuple[Known, Writer], tuple[str, str]] = {
    (Known.TOKEN, Writer.INVITEE): ("Ada Lovelace", ADA),
    (Known.TOKEN, Writer.ASSISTANT): ("Carl Clerk", "clerk@bureau.example"),
    (Known.TOKEN, Writer.OTHER): ("Pia Holm", "pia@elsewhere.example"),
    (Known.THREAD, Writer.INVITEE): ("Ada Lovelace", ADA),
    (Known.THREAD, Writer.ASSISTANT): ("Carl Clerk", "clerk@bureau.example"),
    (Known.THREAD, Writer.OTHER): ("Pia Holm", "pia@elsewhere.example"),
    (Known.ADDRESS, Writer.INVITEE): ("Ada Lovelace", ADA),
    (Known.ADDRESS, Writer.ASSISTANT): ("Carl Clerk", OFFICE),
    (Known.ADDRESS, Writer.OTHER): ("Bob Babbage", BOB),
    (Known.DOMAIN, Writer.INVITEE): ("Ada Lovelace", "a.king@lovelace.example"),
    (Known.DOMAIN, Writer.ASSISTANT): ("Carl Clerk", "clerk@lovelace.example"),
    (Known.DOMAIN, Writer.OTHER): ("Pia Holm", "pia@lovelace.example"),
    (Known.STRANGER, Writer.INVITEE): ("Ada Lovelace", "ada1815@freemail.example"),
    (Known.STRANGER, Writer.ASSISTANT): ("Carl Clerk", "clerk@bureau.example"),
    (Known.STRANGER, Writer.OTHER): ("Pia Holm", "pia@elsewhere.example"),
}
"""Whose name and address stand in From."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to follow."""

    folder: Folder
    recorded: str = ""
    """On whose record, by the address on the list; "" where nothing is recorded."""
    asked: str = ""
    """Whose record would change, and is asked about first."""
    letters: tuple[tuple[LetterKind, tuple[str, ...]], ...] = ()
    """To invitees and third parties; what is put to the organisers stands aside."""
    reason: str = ""
    """Words of the reason why a person must look."""


def rule(cell: Cell) -> Outcome:
    """What follows. In quotes: the words of the house."""
    if cell.server is Server.FAIL:  # "then dmarc=fail means review, whatever else"
        return _review("dmarc=fail")
    with_token = cell.known in (Known.TOKEN, Known.THREAD)
    if cell.known is Known.STRANGER:  # 4: "no answer is sent, a line in the review list"
        return _review("not on the list")
    if cell.known is Known.DOMAIN:  # 3: "a proposal, for review"
        names_another = cell.means is Means.CALENDAR and cell.writer is not Writer.OTHER
        return _review("not on the list" if names_another else "known only by the domain")
    if with_token and cell.writer is Writer.OTHER:  # 1: "the writer speaks only of themselves: review, as a delegation"
        return _review("proposed as a delegation")
    # 1: by the token, also where an assistant answers; 2: by the address on the list; Bob's own answer is Bob's.
    whose = BOB if cell.writer is Writer.OTHER else ADA
    wrote = FROM[cell.known, cell.writer][1]
    if cell.turn is Turn.CHANGED and not with_token and cell.server is not Server.PASS:
        # "a change that comes without a token and without a pass asks first, at the address on the list"
        question = (LetterKind.CONFIRM_CHANGE, (whose,))
        return Outcome(Folder.REVIEW, asked=whose, letters=(question,), reason="nothing proves")
    # "to the From address where token or list know it, and to the address on the list, in one envelope"
    kind = LetterKind.DECLINED if cell.turn is Turn.CHANGED else LetterKind.ACCEPTED
    # A calendar that answers each of our letters by itself gets none for it (promise 3).
    repeats = cell.turn is Turn.SAME and cell.means is Means.CALENDAR
    letters = () if repeats else ((kind, tuple(dict.fromkeys((wrote, whose)))),)
    return Outcome(Folder.RECORDED, recorded=whose, letters=letters)


def _review(reason: str) -> Outcome:
    return Outcome(Folder.REVIEW, reason=reason)


# --------------------------------------------------------------------------- for readers

_WRITERS = {
    Writer.INVITEE: "The invitee writes",
    Writer.ASSISTANT: "Somebody writes for the invitee (an assistant, a mission, a calendar on another's behalf)",
    Writer.OTHER: "Somebody to whom the invitation was passed on writes of themselves",
}

_KNOWN = {
    Known.TOKEN: "answers a letter of ours, or has its calendar entry",
    Known.THREAD: "has our letter further up in the thread",
    Known.ADDRESS: "new mail from an address on the list",
    Known.DOMAIN: "new mail from the same domain",
    Known.STRANGER: "new mail from anywhere else",
}

_SERVERS = {
    Server.PASS: "`dmarc=pass`",
    Server.NONE: "says neither",
    Server.FOREIGN: "only another server's word",
    Server.FAIL: "`dmarc=fail`",
}

_TURNS = {Turn.FIRST: "first answer", Turn.SAME: "same again", Turn.CHANGED: "a change"}


def tables() -> str:
    """A table for each who may write. Rows and columns that say the same are one."""
    return "\n\n".join(_table(writer) for writer in Writer)


def _table(writer: Writer) -> str:
    columns = _merged({server: [_cell(writer, known, server) for known in Known] for server in _SERVERS})
    head = ["", *(" or ".join(_SERVERS[server] for server in servers) for servers in columns)]
    rows = _merged({known: [_cell(writer, known, servers[0]) for servers in columns] for known in _KNOWN})
    lines = [f"### {_WRITERS[writer]}", "", _line([*head, "letters go to"]), _line(["---"] * (len(head) + 1))]
    for group in rows:
        cells = [_cell(writer, group[0], servers[0]) for servers in columns]
        lines.append(_line([_name(writer, group), *cells, _recipients(writer, group[0])]))
    return "\n".join(lines)


def _merged(cells: dict[K, list[str]]) -> list[list[K]]:
    """Neighbours with the same cells, together."""
    return [list(group) for _, group in itertools.groupby(cells, key=lambda key: cells[key])]


def _name(writer: Writer, group: list[Known]) -> str:
    names = "; ".join(_KNOWN[known] for known in group)
    another = writer is Writer.OTHER and group == [Known.ADDRESS]
    return f"{names} (so of another invitee)" if another else names


def _cell(writer: Writer, known: Known, server: Server) -> str:
    said = {turn: _words(writer, known, server, turn) for turn in Turn}
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    alike = itertools.groupby(said, key=lambda turn: said[turn])
    return "<br>".join(f"{' or '.join(_TURNS[turn] for turn in turns)}: {words}" for words, turns in alike)


def _words(writer: Writer, known: Known, server: Server, turn: Turn) -> str:
    by_words, by_calendar = (_told(rule(Cell(server, known, turn, means, writer))) for means in Means)
    return by_words if by_words == by_calendar else f"{by_words}; a calendar's: {by_calendar}"


def _told(outcome: Outcome) -> str:
    if outcome.recorded:
        return "recorded" if outcome.letters else "no letter"
    return "asked first" if outcome.asked else "review, no letter"


def _recipients(writer: Writer, known: Known) -> str:
    letters = rule(Cell(Server.PASS, known, Turn.FIRST, Means.WORDS, writer)).letters
    to = {address for _, recipients in letters for address in recipients}
    if not to:
        return "nobody"
    return "the address on the list" if to <= {ADA, BOB} else "the writer and the address on the list"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def parts(document: str) -> Iterator[str]:
    """What stands before the tables, the tables, and what stands behind them."""
    before, _, rest = document.partition(BEGIN)
    found, _, after = rest.partition(END)
    yield from (before, found.strip("\n"), after)


def main() -> None:
    if sys.argv[1:] != ["--write"]:
        print(tables())
        return
    before, _, after = parts(DOC.read_text(encoding="utf-8"))
    DOC.write_text(f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
