"""What more invitees cost: CPU time and peak memory of each part of rsvpbot at 100, 1,000 and 5,000 of them.

    python bench/scale.py
    python bench/scale.py --sizes 200,20000 --times 5 --only summary,message

Five of six have answered within two weeks, some of them last night: with guests, delegates, diets and access needs; one
answer in fifty waits for a person; the invitation and the answers have been sent. Each measurement is a process of its
own on a copy of that record; medians. What the daemon does is measured on an open record, without the start of the
process; what a command costs is the whole process. The last column says how CPU time grows from the first size to the
last. One message must cost the same whatever the number of invitees.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "bench"))

from table import end_tidily, machine_line, table, verdict, write_json  # noqa: E402

from rsvpbot.clock import ShiftedClock  # noqa: E402
from rsvpbot.config import Config, load  # noqa: E402
from rsvpbot.examine import WARM_UP, examine  # noqa: E402
from rsvpbot.intake import Polled  # noqa: E402
from rsvpbot.mail.imap import Connection  # noqa: E402
from rsvpbot.model import (  # noqa: E402
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
    Mailbox,
    Order,
    PartStat,
    Reading,
    Reply,
    Standing,
    Trust,
)
from rsvpbot.organisers import summary, workbook  # noqa: E402
from rsvpbot.roster import new_id  # noqa: E402
from rsvpbot.service import Round  # noqa: E402
from rsvpbot.store import Commit, Store, open_store  # noqa: E402

if TYPE_CHECKING:
    from tests.servers import User

T = TypeVar("T")

REMINDED = datetime(2016, 9, 14, 9, 0, tzinfo=ZoneInfo("America/New_York"))
"""When the configuration wants the silent reminded."""
NOW = REMINDED + timedelta(minutes=5)
MESSAGES = 16
"""Replies of invitees that had been silent: there are as many at the smallest size."""
SAME = 1.3
"""A growth that is none: less is what the machine does besides."""

COMMANDS = {
    "status": ("status",),
    "guests, table": ("guests",),
    "guests, csv": ("guests", "--format", "csv"),
    "guests, json": ("guests", "--format", "json"),
    "guests, xlsx": ("guests", "--format", "xlsx", "--output", "guests.xlsx"),
    "reception, html": ("guests", "--reception"),
    "reception, csv": ("guests", "--reception", "--format", "csv"),
    "reception, xlsx": ("guests", "--reception", "--format", "xlsx", "--output", "reception.xlsx"),
    "badges, html": ("guests", "--badges"),
}

# ------------------------------------------------------------------ a record with so many invitees

SAID = (PartStat.ACCEPTED, PartStat.ACCEPTED, PartStat.DECLINED, PartStat.TENTATIVE, PartStat.DELEGATED, None)
CATEGORIES = ("Member States", "Civil society", "Experts", "UN entities")
LETTERS = {
    PartStat.ACCEPTED: LetterKind.ACCEPTED,
    PartStat.DECLINED: LetterKind.DECLINED,
    PartStat.TENTATIVE: LetterKind.TENTATIVE,
    PartStat.DELEGATED: LetterKind.DELEGATED,
}


def house(folder: Path, number: int, imap_port: int, user: User) -> None:
    """The example event in that folder, with room for everybody and a reminder, its record, and the replies of some
    that have been silent."""
    # What the servers load is no part of any measurement.
    from road import reply

    from tests.corpus_mailbox import on_loopback

    changes = {
        'mode = "draft"': 'mode = "send"',
        "capacity = 120": "capacity = 1000000",
        "# max_per_day = 0": "max_per_day = 1000000",
        "# [[reminders]]": f'[[reminders]]\nto = "silent"\nat = {REMINDED:%Y-%m-%dT%H:%M:%S}\nletter = "reminder"',
    }
    (folder / "config.toml").write_text(on_loopback(user, imap_port, 9, changes), encoding="utf-8")
    (folder / "discussion-paper.pdf").write_bytes(b"%PDF-1.4")
    (folder / "invitees.csv").write_text("email\n", encoding="utf-8")
    for index in range(SAID.index(None), MESSAGES * len(SAID), len(SAID)):
        (folder / f"{index}.eml").write_bytes(reply(index))
    with open_store("tinydb:rsvp.json", folder) as store:
        fill(store, number)
        store.compact()


def fill(store: Store, number: int) -> None:
    invitees = [invitee(index) for index in range(number)]
    letters = [sent(f"i{one.id}", LetterKind.INVITATION, one, NOW - timedelta(days=20)) for one in invitees]
    replies, done = [], []
    for index, one in enumerate(invitees):
        if one.answer is None:
            continue
        answer, waits = one.answer, index % 50 == 0
        folder = Folder.REVIEW if waits else Folder.RECORDED
        replies.append(earlier(index, one, answer, folder))
        done.append(Done(1, index + 1, answer.reply, folder, answer.recorded_at, "kind=human", filed=True))
        letters.append(sent(f"a{one.id}", LETTERS[answer.partstat], one, answer.recorded_at, answer.reply))
    store.commit(
        Commit(
            invitees=tuple(invitees),
            replies=tuple(replies),
            letters=tuple(letters),
            done=tuple(done),
            mailbox=Mailbox(uidvalidity=1, started=True, last_good=NOW),
        )
    )


def invitee(index: int) -> Invitee:
    """With the address from which the replies of bench/road.py come."""
    known, name, domain = _id(index), f"Delegate {index}", f"mission-{index % 193}.example"
    partstat = SAID[index % len(SAID)]
    answer = None
    if partstat is not None:
        at = NOW - timedelta(minutes=7 * index % 20_000)
        party = 0 if partstat is PartStat.DECLINED else 1 + index // len(SAID) % 3
        answer = Answer(
            partstat,
            party,
            (name, f"Ruth Keller {index}", f"Jean Moreau {index}")[:party],
            Order(at, index),
            f"{index:064x}",
            at,
            grounds_pass=(True, False, None)[index % 3],
            dietary="vegetarian" if index % 7 == 0 else None,
            access="a wheelchair" if index % 40 == 0 else None,
            delegate=Address(f"Deputy {index}", f"deputy.{index}@{domain}") if partstat is PartStat.DELEGATED else None,
        )
    return Invitee(
        known,
        (f"delegate.{index}@{domain}",),
        f"{known}@roundtable.example",
        name=name,
        organisation=f"Permanent Mission {index % 193}",
        category=CATEGORIES[index % len(CATEGORIES)],
        answer=answer,
    )


def sent(letter_id: str, kind: LetterKind, to: Invitee, at: datetime, reply: str = "") -> Letter:
    return Letter(
        letter_id,
        kind,
        to.id,
        to.addresses,
        "en",
        kind.value,
        f"<{letter_id}@roundtable.example>",
        LetterState.SENT,
        at,
        "rsvp@roundtable.example",
        sent_at=at + timedelta(seconds=2),
        copied=True,
        reply=reply,
    )


def earlier(index: int, writer: Invitee, answer: Answer, folder: Folder) -> Reply:
    reading = Reading(
        Kind.HUMAN,
        answer.partstat,
        answer.party,
        answer.names,
        language="en",
        evidence=(Evidence("will both attend", "accepted", 20),),
        text="Dear colleagues, we will both attend. One of us is vegetarian. Kind regards",
    )
    return Reply(
        answer.reply,
        writer.id,
        Address(writer.name, writer.addresses[0]),
        "Re: Invitation to the High-Level Roundtable",
        f"<{index}.earlier@mission.example>",
        answer.recorded_at,
        answer.recorded_at,
        reading,
        Standing(writer.id, Trust.ADDRESS, Dmarc.NONE, listed=True),
        "person",
        folder,
        (),
        recorded=True,
        open=folder is Folder.REVIEW,
    )


def _id(number: int) -> str:
    return "i" + "".join("abcdefghij"[int(digit)] for digit in f"{number:07d}")


# ------------------------------------------------------------------ parts of the daemon, each in a process of its own


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds."""

    cpu: float
    wall: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Daemon:
    """What the daemon holds."""

    store: Store
    config: Config
    work: Round


@contextmanager
def opened(folder: Path) -> Iterator[Daemon]:
    """On the record in that folder; everything that the first message loads is loaded."""
    config = load(folder / "config.toml")
    with open_store(config.store_url, folder) as store:
        work = Round(store, config, ShiftedClock(NOW), everything=False, since=None)
        examine(WARM_UP, config, work.intake._ours)
        yield Daemon(store, config, work)


def timed(act: Callable[[], T]) -> tuple[T, Cost]:
    cpu, wall = time.process_time(), time.perf_counter()
    result = act()
    return result, Cost(time.process_time() - cpu, time.perf_counter() - wall)


def median_of(costs: Sequence[Cost]) -> Cost:
    return Cost(statistics.median(cost.cpu for cost in costs), statistics.median(cost.wall for cost in costs))


def summary_of(daemon: Daemon) -> Cost:
    """The mail, its HTML and the workbook that goes with it, into the outbox: what happens every morning."""
    decisions = daemon.work.steering.decisions
    letter, cost = timed(lambda: summary.queue_now(daemon.store, daemon.config, NOW, new_id, decisions))
    assert letter.raw is not None
    return replace(cost, note=f"{len(letter.raw) / 1000:,.0f} kB")


def workbook_of(daemon: Daemon) -> Cost:
    book, cost = timed(lambda: workbook.guest_book(daemon.store, daemon.config, NOW))
    return replace(cost, note=f"{len(book) / 1000:,.0f} kB")


def reminders_of(daemon: Daemon) -> Cost:
    """Everybody who is silent, a batch in one commit, until nobody is left."""

    def passes() -> int:
        queued = 0
        while more := daemon.work.schedule.queue_due(NOW):
            queued += more
        return queued

    queued, cost = timed(passes)
    assert queued, "nobody was reminded"
    return replace(cost, note=f"{queued:,} letters")


def nobody_to_remind(daemon: Daemon) -> Cost:
    """A look that finds nobody: there is one after each commit."""
    reminders_of(daemon)
    queued, cost = timed(lambda: daemon.work.schedule.queue_due(NOW))
    assert not queued
    return cost


def quiet_poll_of(daemon: Daemon) -> Cost:
    """Connect, log in, list INBOX, in which nothing is, and leave."""

    def poll() -> Polled:
        with Connection(daemon.config.mailbox) as connection:
            return daemon.work.poll(connection, threading.Event())

    poll()
    found = [timed(poll) for _ in range(5)]
    assert not any(polled.seen for polled, _ in found)
    return median_of([cost for _, cost in found])


def message_of(daemon: Daemon) -> Cost:
    """From raw bytes to the commit on disk, with the letter: the median of some."""
    costs = []
    for file in daemon.config.path.parent.glob("*.eml"):
        done, cost = timed(partial(daemon.work.intake.handle, file.read_bytes(), 2, int(file.stem)))
        assert done is not None and not done.repeat, file
        costs.append(cost)
    return median_of(costs)


PARTS = {
    "daily summary, mail and workbook": summary_of,
    "the workbook alone": workbook_of,
    "reminders, all that are due": reminders_of,
    "reminders, a look that finds nobody": nobody_to_remind,
    "a poll with nothing new": quiet_poll_of,
    "a message handled": message_of,
}


def highest() -> float:
    """MB that this process held at most (what getrusage says would be of its parent, too)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def in_this_process(part: str, folder: Path) -> None:
    with opened(folder) as daemon:
        cost = PARTS[part](daemon)
    print(json.dumps({**asdict(cost), "peak_mb": highest()}))


COMMAND = """
import json, sys, time
from rsvpbot.cli import invoke
status = invoke(sys.argv[1:])
kilobytes = open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]
print(json.dumps({"status": status, "cpu": time.process_time(), "peak_mb": int(kilobytes) / 1000}), file=sys.stderr)
"""


def measured(name: str, folder: Path) -> dict[str, Any]:
    """Once, on a copy of that record."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "house"
        shutil.copytree(folder, copy)
        if name in PARTS:
            command = [sys.executable, __file__, "--part", name, "--folder", str(copy)]
        else:
            config = ("--config", str(copy / "config.toml"), "--now", NOW.isoformat())
            command = [sys.executable, "-c", COMMAND, *config, *COMMANDS[name]]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        began = time.perf_counter()
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False, env=environment)
        wall = time.perf_counter() - began
    told = (done.stdout if name in PARTS else done.stderr).splitlines()
    if done.returncode or not told:
        raise SystemExit(f"{name}: {done.stderr}")
    found: dict[str, Any] = {"wall": wall, "note": "", **json.loads(told[-1])}
    if found.get("status"):
        raise SystemExit(f"{name} ended with {found['status']}: {done.stderr}")
    return found


# ------------------------------------------------------------------ all of them


def growth(first: float, last: float, times: float) -> str:
    by = last / first
    if by < SAME:
        return f"x {by:.1f}, the same"
    if by <= times * SAME:
        return f"x {by:.1f}, " + ("in proportion" if by > times / SAME else "less than the list")
    return f"x {by:.1f}, MORE than the list"


def told(found: dict[str, dict[str, Any]], sizes: list[int]) -> str:
    times = sizes[-1] / sizes[0]
    rows = [
        [
            name,
            *(_milliseconds(by_size[str(size)]["cpu"]) for size in sizes),
            *(f"{by_size[str(size)]['peak_mb']:.0f} MB" for size in (sizes[0], sizes[-1])),
            growth(by_size[str(sizes[0])]["cpu"], by_size[str(sizes[-1])]["cpu"], times),
        ]
        for name, by_size in found.items()
    ]
    head = ["CPU", *(f"{size:,}" for size in sizes), f"peak at {sizes[0]:,}", f"peak at {sizes[-1]:,}"]
    return table([*head, f"{times:g} times the list"], rows)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms" if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"


def measure(sizes: list[int], times: int, only: list[str]) -> dict[str, dict[str, Any]]:
    from tests.servers import Authority, Dovecot

    found: dict[str, dict[str, Any]] = {
        name: {} for name in (*PARTS, *COMMANDS) if any(words in name for words in only)
    }
    with Authority() as authority, Dovecot(authority) as dovecot, tempfile.TemporaryDirectory() as name:
        for size in sizes:
            folder = Path(name) / str(size)
            folder.mkdir()
            house(folder, size, dovecot.imap_port, dovecot.new_user())
            for part, by_size in found.items():
                runs = [measured(part, folder) for _ in range(times)]
                by_size[str(size)] = {
                    key: statistics.median(run[key] for run in runs) for key in ("cpu", "wall", "peak_mb")
                } | {"note": runs[0]["note"]}
            print(f"{size:,} invitees measured", flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100,1000,5000")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument(
        "--only", default="", metavar="WORDS", help="what has one of these words, by commas, in its name"
    )
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--part", choices=list(PARTS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    wish = parser.parse_args()
    if wish.part:
        in_this_process(wish.part, wish.folder)
        return 0
    sizes = [int(size) for size in wish.sizes.split(",")]
    if min(sizes) < len(SAID) * MESSAGES:
        parser.error(f"no size may be less than {len(SAID) * MESSAGES}: so many invitees hold {MESSAGES} silent ones")
    end_tidily()
    print(machine_line(), flush=True)
    found = measure(sizes, wish.times, wish.only.split(","))
    print(f"\n{told(found, sizes)}\n")
    if message := found.get("a message handled"):
        by = message[str(sizes[-1])]["cpu"] / message[str(sizes[0])]["cpu"]
        print(f"One message costs {by:.2f} times as much (less than {SAME}): {verdict(by < SAME)}.")
    last = str(sizes[-1])
    noted = "; ".join(f"{name}: {by_size[last]['note']}" for name, by_size in found.items() if by_size[last]["note"])
    if noted:
        print(f"At {sizes[-1]:,}: {noted}.")
    write_json(wish.json, {"sizes": sizes, "found": found})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
