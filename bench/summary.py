"""How long a summary takes: `python bench/summary.py [INVITEES …]`. Prints, and judges nothing."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TypeVar

from rsvpbot.config import load
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import (
    Address,
    Answer,
    Dmarc,
    Done,
    Folder,
    Invitee,
    Kind,
    Letter,
    LetterKind,
    LetterState,
    Mailbox,
    Order,
    PartStat,
    Reading,
    Reply,
    Standing,
    Trust,
)
from rsvpbot.organisers import summary
from rsvpbot.organisers.decisions import Decisions
from rsvpbot.organisers.guests import csv_text, guests
from rsvpbot.store.base import Commit
from rsvpbot.store.tinydb import TinyStore

EXAMPLE = Path(__file__).resolve().parent.parent / "config.example.toml"
ANSWERS = (PartStat.ACCEPTED, PartStat.ACCEPTED, PartStat.DECLINED, PartStat.TENTATIVE, PartStat.DELEGATED, None)
CATEGORIES = ("Member States", "Civil society", "Experts", "UN entities")
T = TypeVar("T")


def fill(store: TinyStore, number: int, now: datetime) -> None:
    """Invitees of whom five of six have answered within two weeks, some of them this night, and one in fifty waits. All
    were invited before that, and are of four categories."""
    invitees, replies, letters, done = [], [], [], []
    for index in range(number):
        at = now - timedelta(minutes=7 * index % 20_000)
        partstat, digest = ANSWERS[index % len(ANSWERS)], f"{index:064x}"
        sender = Address(f"Person {index}", f"p{index}@mission-{index % 90}.example")
        answer = Answer(partstat, 1 + index % 3, (sender.name,), Order(at, index), digest, at) if partstat else None
        known = f"{index:08d}"
        category = CATEGORIES[index % len(CATEGORIES)]
        invitees.append(
            Invitee(known, (sender.email,), f"u{index}", name=sender.name, category=category, answer=answer)
        )
        letters.append(
            Letter(
                f"i{known}",
                LetterKind.INVITATION,
                known,
                (sender.email,),
                "en",
                "Invitation",
                f"<{known}@roundtable.example>",
                LetterState.SENT,
                now - timedelta(days=20),
                "rsvp@roundtable.example",
                sent_at=now - timedelta(days=20) + timedelta(seconds=index),
                copied=True,
            )
        )
        if partstat is None:
            continue
        reading = Reading(Kind.HUMAN, partstat, 1, (sender.name,), text="Thank you, I will be there. " * 8)
        standing = Standing(f"{index:08d}", Trust.ADDRESS, Dmarc.NONE, listed=True)
        waits = index % 50 == 0
        folder = Folder.REVIEW if waits else Folder.RECORDED
        replies.append(
            Reply(
                digest,
                f"{index:08d}",
                sender,
                "Re",
                "<x@y>",
                at,
                at,
                reading,
                standing,
                "person",
                folder,
                (),
                True,
                waits,
            )
        )
        done.append(Done(1, index + 1, digest, folder, at, "kind=human"))
    mailbox = Mailbox(uidvalidity=1, started=True, last_good=now)
    store.commit(
        Commit(
            invitees=tuple(invitees),
            replies=tuple(replies),
            letters=tuple(letters),
            done=tuple(done),
            mailbox=mailbox,
        )
    )


def timed(what: str, work: Callable[[], T], rounds: int = 5) -> T:
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        result = work()
        took.append(1000 * (time.perf_counter() - start))
    print(f"  {what:<34}{took[0]:9.1f} ms at first, {median(took):9.1f} ms after")
    return result


def measure(number: int) -> None:
    config = load(EXAMPLE, frozenset({"event", "venue", "organisers"}))
    now = datetime(2016, 9, 12, 8, 0, tzinfo=config.event.zone)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rsvp.json"
        with TinyStore(path) as store:
            fill(store, number, now)
        print(f"{number} invitees")
        with TinyStore(path) as store:
            found = timed("figures", lambda: summary.figures(store, config, now))
            decisions = Decisions(Tokens((b"only for the figures",), config.event.uid), config)
            rendered = timed("text and HTML", lambda: summary.render(found, config, decisions))
            rows = timed("guest list", lambda: guests(store, config))
            timed("as CSV", lambda: csv_text(rows))
        print(f"  HTML {len(rendered.html.encode()) / 1000:.0f} kB, text {len(rendered.text.encode()) / 1000:.0f} kB")


if __name__ == "__main__":
    for size in sys.argv[1:] or ("200", "5000"):
        measure(int(size))
