"""What the store costs, beside stock TinyDB and sqlite (WAL, synchronous=FULL), in one run on one disk.

    python bench/store.py                          # 100, 1,000, 10,000 and 100,000 invitees: some minutes
    python bench/store.py --without stock          # stock TinyDB takes most of them
    python bench/store.py --folder /var/lib/rsvpbot --json store.json

Each invitee has answered once: a reply, a letter that went out, a message that was handled.
commit: what one reply causes, durable: the invitee's new answer, the reply, the letter, "this message is done".
read: whose address is this, and how many answers did they get today. open: from the file to the first answer.
Medians of at least five; times are wall time and noisy on a busy machine, [cpu] is process time. What takes more than a
minute in all is repeated less often, and marked: "(of 2)".
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table
from tinydb import TinyDB, where

from rsvpbot.model import (
    Address,
    Answer,
    Dmarc,
    Done,
    Evidence,
    Folder,
    Invitee,
    Kind,
    Letter,
    LetterKind,
    LetterState,
    Order,
    PartStat,
    Reading,
    Reply,
    Standing,
    Trust,
)
from rsvpbot.store import Commit
from rsvpbot.store.codec import codec
from rsvpbot.store.tinydb import TinyStore

NOON = datetime(2016, 9, 12, 12, 0, tzinfo=UTC)
SECONDS_EACH = 2.0
"""How long one operation is repeated at most."""
FEWEST, MOST = 5, 300
LONGEST = 60.0
"""Seconds after which it is not repeated once more."""


def invitee(number: int) -> Invitee:
    """About 600 bytes of JSON, as after an answer."""
    address = f"delegate.{number}@mission-{number % 193}.example"
    said = Answer(
        PartStat.ACCEPTED,
        2,
        ("Ada Lovelace", "Grace Hopper"),
        Order(NOON, number),
        f"{number:064x}",
        NOON,
        grounds_pass=bool(number % 2),
        dietary="vegetarian",
    )
    return Invitee(
        f"i{number:07d}",
        (address, f"office.{number}@mission-{number % 193}.example"),
        f"roundtable-2016-09-20.i{number:07d}@roundtable.example",
        name=f"Her Excellency Number {number}",
        organisation=f"Permanent Mission {number % 193}",
        category="mission",
        language="en",
        answer=said,
    )


def caused(number: int, invitees: int) -> Commit:
    """What reply number so-and-so causes."""
    who = invitee(number * 7919 % invitees)
    at = NOON + timedelta(seconds=number)
    digest = f"{number:064x}"
    sender = Address(who.name, who.addresses[0])
    reading = Reading(
        Kind.HUMAN,
        PartStat.ACCEPTED,
        2,
        ("Ada Lovelace", "Grace Hopper"),
        language="en",
        evidence=(Evidence("we will both attend", "accepted", 12),),
        text="Dear all, we will both attend. One of us is vegetarian. Kind regards",
    )
    standing = Standing(who.id, Trust.TOKEN, Dmarc.PASS, True)
    return Commit(
        invitees=(replace(who, answer=who.answer and replace(who.answer, recorded_at=at, reply=digest)),),
        replies=(
            Reply(
                digest, who.id, sender, "Re: Roundtable", f"<{digest}@x.example>", at, at, reading, standing, "person",
                Folder.RECORDED, (), True, False,
            ),
        ),
        letters=(
            Letter(
                f"l{number}", LetterKind.ACCEPTED, who.id, (sender.email,), "en", "Your answer", f"<{number}@x>",
                LetterState.QUEUED, at, "rsvp@roundtable.example", raw=b"Subject: Your answer\r\n\r\n" + b"x" * 2000,
                reply=digest,
            ),
        ),
        done=(Done(1, number, digest, Folder.RECORDED, at, "human person accepted"),),
    )  # fmt: skip


def past(invitees: int) -> Iterator[Commit]:
    """How each invitee has answered."""
    for number in range(invitees):
        batch = caused(number, invitees)
        sent = tuple(replace(letter, state=LetterState.SENT, raw=None, sent_at=NOON) for letter in batch.letters)
        filed = tuple(replace(done, filed=True) for done in batch.done)
        yield replace(batch, letters=sent, done=filed)


def documents(batch: Commit) -> dict[str, tuple[str, dict[str, Any]]]:
    """The same for the others: table -> key, document."""
    (who,), (reply,), (letter,), (done,) = batch.invitees, batch.replies, batch.letters, batch.done
    return {
        "invitees": (who.id, codec(Invitee).encode(who)),
        "replies": (reply.digest, codec(Reply).encode(reply)),
        "letters": (letter.id, codec(Letter).encode(letter)),
        "done": (f"{done.uidvalidity}:{done.uid}", codec(Done).encode(done)),
    }


class Subject(Protocol):
    """What is measured."""

    def fill(self, batches: Iterable[Commit]) -> None: ...
    def commit(self, batch: Commit) -> None: ...
    def read(self, email: str) -> object: ...
    def compact(self) -> None: ...
    def close(self) -> None: ...


class Ours:
    name = "rsvpbot"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ours.json"
        self.store = TinyStore(self.path)

    def fill(self, batches: Iterable[Commit]) -> None:
        several = tuple(batches)
        self.store.commit(
            Commit(
                invitees=tuple(one for batch in several for one in batch.invitees),
                replies=tuple(one for batch in several for one in batch.replies),
                letters=tuple(one for batch in several for one in batch.letters),
                done=tuple(one for batch in several for one in batch.done),
            )
        )
        self.store.compact()

    def commit(self, batch: Commit) -> None:
        self.store.commit(batch)

    def read(self, email: str) -> object:
        who = self.store.invitee_by_address(email)
        return who and self.store.answers_since(NOON, who.id)

    def compact(self) -> None:
        self.store.commit(Commit(done=(Done(9, 9, "", Folder.FAILED, NOON, ""),)))
        self.store.compact()

    def close(self) -> None:
        self.store.compact()
        self.store.close()


class Stock:
    name = "stock TinyDB"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "stock.json"
        self.db = TinyDB(self.path)

    def fill(self, batches: Iterable[Commit]) -> None:
        tables: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        for batch in batches:
            for name, found in documents(batch).items():
                tables.setdefault(name, []).append(found)
        state = {
            name: {str(number): doc for number, (_, doc) in enumerate(sorted(found, key=lambda pair: pair[0]), 1)}
            for name, found in tables.items()
        }
        self.db.storage.write(state)  # at once: it would take longer than all that is measured

    def commit(self, batch: Commit) -> None:
        docs = documents(batch)
        key, doc = docs.pop("invitees")
        self.db.table("invitees").update(doc, doc_ids=[int(key[1:]) + 1])
        for table, (_, other) in docs.items():
            self.db.table(table).insert(other)

    def read(self, email: str) -> object:
        found = self.db.table("invitees").search(where("addresses").any([email]))
        return self.db.table("letters").count(where("invitee_id") == found[0]["id"])

    def compact(self) -> None:
        """Nothing to do: stock TinyDB writes the whole file at each commit."""

    def close(self) -> None:
        self.db.close()


class Sqlite:
    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "sqlite.db"
        self.db = sqlite3.connect(self.path, isolation_level=None)
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        for table in ("invitees", "replies", "letters", "done"):
            self.db.execute(f"CREATE TABLE IF NOT EXISTS {table} (key TEXT PRIMARY KEY, who TEXT, at TEXT, doc TEXT)")
        self.db.executescript(
            "CREATE TABLE IF NOT EXISTS addresses (email TEXT PRIMARY KEY, key TEXT);"
            "CREATE INDEX IF NOT EXISTS answers ON letters (who, at);"
        )

    def fill(self, batches: Iterable[Commit]) -> None:
        self.db.execute("BEGIN")
        for batch in batches:
            for table, (key, doc) in documents(batch).items():
                self._put(table, key, doc)
            for who in batch.invitees:
                for email in who.addresses:
                    self.db.execute("REPLACE INTO addresses VALUES (?, ?)", (email, who.id))
        self.db.execute("COMMIT")

    def _put(self, table: str, key: str, doc: dict[str, Any]) -> None:
        values = (key, doc.get("invitee_id"), doc.get("queued_at"), json.dumps(doc))
        self.db.execute(f"REPLACE INTO {table} VALUES (?, ?, ?, ?)", values)  # noqa: S608 (the names of our tables)

    def commit(self, batch: Commit) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        for table, (key, doc) in documents(batch).items():
            self._put(table, key, doc)
        self.db.execute("COMMIT")

    def read(self, email: str) -> object:
        (key,) = self.db.execute("SELECT key FROM addresses WHERE email = ?", (email,)).fetchone()
        (doc,) = self.db.execute("SELECT doc FROM invitees WHERE key = ?", (key,)).fetchone()
        codec(Invitee).decode(json.loads(doc))
        return self.db.execute("SELECT count(*) FROM letters WHERE who = ? AND at >= ?", (key, "")).fetchone()

    def compact(self) -> None:
        self.db.execute("VACUUM")

    def close(self) -> None:
        self.db.close()


KINDS: dict[str, type[Ours] | type[Stock] | type[Sqlite]] = {"rsvpbot": Ours, "stock": Stock, "sqlite": Sqlite}


@dataclass(frozen=True)
class Cost:
    """Milliseconds."""

    median: float
    slow: float
    """The 99th percentile, or the slowest of fewer than a hundred."""
    cpu: float
    repeated: int

    def __str__(self) -> str:
        digits = 3 if self.median < 1 else 1
        few = f" (of {self.repeated})" if self.repeated < FEWEST else ""
        return f"{self.median:,.{digits}f} / {self.slow:,.{digits}f} [{self.cpu:,.{digits}f}]{few}"


def cost(operation: Callable[[int], object], most: int = MOST) -> Cost:
    """Repeat until it has taken long enough."""
    times: list[float] = []
    cpu = time.process_time()
    began = time.perf_counter()
    while _again(len(times), most, time.perf_counter() - began):
        start = time.perf_counter()
        operation(len(times))
        times.append(time.perf_counter() - start)
    cpu = (time.process_time() - cpu) / len(times)
    slow = sorted(times)[min(len(times) - 1, len(times) * 99 // 100)]
    return Cost(statistics.median(times) * 1000, slow * 1000, cpu * 1000, len(times))


def _again(times: int, most: int, taken: float) -> bool:
    if times < FEWEST:
        return times == 0 or taken < LONGEST
    return times < most and taken < SECONDS_EACH


def measure(kind: type[Ours] | type[Stock] | type[Sqlite], size: int, folder: Path) -> dict[str, Cost | None]:
    subject = kind(folder)
    subject.fill(past(size))
    emails = [invitee(number).addresses[-1] for number in range(0, size, max(1, size // 97))]
    email = emails[0]
    commit = cost(lambda n: subject.commit(caused(size + n, size)))
    read = cost(lambda n: subject.read(emails[n % len(emails)]))
    compact = None if kind is Stock else cost(lambda n: subject.compact(), FEWEST)
    subject.close()

    def reopen(_: int) -> None:
        with ExitStack() as stack:
            again = kind(folder)
            stack.callback(again.close)
            again.read(email)

    opened = cost(reopen, FEWEST)
    return {"commit": commit, "read": read, "open": opened, "compact": compact}


def main(arguments: Sequence[str]) -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", default="100,1000,10000,100000", help="numbers of invitees (default: %(default)s)")
    options.add_argument("--without", default="", help=f"leave out, of {', '.join(KINDS)}")
    options.add_argument("--folder", type=Path, help="measure on this disk (default: the one of temporary files)")
    options.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too, in milliseconds")
    chosen = options.parse_args(arguments)
    table = Table(title=r"ms: median / 99th percentile \[cpu]")
    for heading in ("store", "invitees", "commit", "read", "open", "compact"):
        table.add_column(heading, justify="left" if heading == "store" else "right", no_wrap=True)
    figures = []
    for size in map(int, chosen.sizes.split(",")):
        for name, kind in KINDS.items():
            if name not in chosen.without.split(","):
                with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
                    found = measure(kind, size, Path(folder))
                table.add_row(kind.name, f"{size:,}", *(str(one or "-").replace("[", r"\[") for one in found.values()))
                figures.append({"store": name, "invitees": size} | {k: one and asdict(one) for k, one in found.items()})
        table.add_section()
    Console(width=max(150, Console().width)).print(table)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
