"""The whole road against the floor: replies of 8 kB in INBOX -> recorded, filed and answered, beside a bare loop that
searches, fetches in 100s, parses, builds a reply of 2 kB, sends it on one connection and flags in 100s.

    python bench/road.py                    # 1,000 replies, five pairs; 10,000, three
    python bench/road.py --sizes 500x2
    python bench/road.py --stations         # where the time goes, by station, instead: one process does all

Both work on Dovecot and the same relay, in turn, each in a process of its own and on a mailbox of its own; their
start-up is no part of it, nor is that of the process in which rsvpbot reads: the service keeps it while mail comes, and
needs about a second to start it after a rest. rsvpbot keeps all its promises meanwhile: each commit is on disk, every
message is moved to its folder. Copies into the Sent folder are off, but for --copies. "CPU beside" is of the process
that reads, "servers" of Dovecot and the relay.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from table import end_tidily, machine_line, table, verdict, write_json  # noqa: E402

from tests.corpus_mailbox import on_loopback  # noqa: E402
from tests.servers import Authority, Dovecot, User, free_port, until  # noqa: E402

BEFORE_THE_SUMMARY = "2016-09-12T07:00-04:00"
SAID = (
    "Thank you for the invitation. I will attend.",
    "I confirm my attendance. I have a UN grounds pass.",
    "Yes, I shall be there, with one colleague, Ms. Ruth Keller. I am a vegetarian.",
    "Unfortunately I will not be able to attend. Best wishes for the roundtable.",
    "Dear colleagues,\n\nwith thanks for your kind invitation, I am pleased to confirm that I will participate.",
)
QUOTED = (
    "We have the honour to invite you to the High-Level Roundtable. To confirm your attendance, reply to this e-mail. "
)
REPLY = "Dear colleague,\n\nthank you for your answer. We look forward to seeing you.\n\n" + "All the best. " * 110


def reply(number: int) -> bytes:
    """About 8 kB, as mail programs write them: plain and HTML, with the invitation quoted below."""
    said = SAID[number % len(SAID)]
    quoted = QUOTED * 14
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = f"Delegate {number} <delegate.{number}@mission-{number % 193}.example>"
    message["To"] = "rsvp@roundtable.example"
    message["Subject"] = "Re: Invitation to the High-Level Roundtable"
    message["Date"] = "Mon, 12 Sep 2016 06:30:00 -0400"
    message["Message-ID"] = f"<{number}.reply@mission-{number % 193}.example>"
    message["In-Reply-To"] = "<invitation@roundtable.example>"
    wrote = "On 8 September 2016, Roundtable RSVP <rsvp@roundtable.example> wrote:"
    message.set_content(f"{said}\n\nDelegate {number}\n\n{wrote}\n> {quoted}\n", cte="quoted-printable")
    lines = said.replace("\n", "<br>")
    cited = f"<blockquote>{quoted}</blockquote>"
    html = f"<html><body><p>{lines}</p><p>Delegate {number}</p><p>{wrote}</p>{cited}</body></html>"
    message.add_alternative(html + "<!-- " + "x" * 1_000 + " -->", subtype="html", cte="quoted-printable")
    return message.as_bytes()


# ------------------------------------------------------------------ the two that are measured


def bare(imap_port: int, smtp_port: int, user: str, password: str) -> int:
    """The floor. Returns how many messages it answered."""
    import smtplib

    from imapclient import IMAPClient

    with IMAPClient("127.0.0.1", imap_port, ssl=False) as client, smtplib.SMTP("127.0.0.1", smtp_port) as relay:
        client.login(user, password)
        client.select_folder("INBOX")
        uids = client.search(["UNKEYWORD", "$Done"])
        for start in range(0, len(uids), 100):
            batch = uids[start : start + 100]
            for data in client.fetch(batch, ["BODY.PEEK[]"]).values():
                mail = message_from_bytes(data[b"BODY[]"], policy=policy.compat32)
                sender = mail["From"]
                text = next(part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart())
                answer = EmailMessage(policy=policy.SMTP)
                answer["From"], answer["To"], answer["Subject"] = user, sender, f"Re: {len(text)}"
                answer["In-Reply-To"], answer["Auto-Submitted"] = mail["Message-ID"], "auto-replied"
                answer.set_content(REPLY)
                relay.sendmail(user, [sender.partition("<")[2].strip(">")], answer.as_bytes())
            client.add_flags(batch, [b"$Done"], silent=True)
        return len(uids)


def whole(config_path: Path, stations: Stations | None) -> int:
    """One round of rsvpbot, as the service does it while mail comes. Returns how many letters went out."""
    import threading
    from datetime import datetime

    from rsvpbot.clock import ShiftedClock
    from rsvpbot.config import load
    from rsvpbot.examine import WARM_UP, examine
    from rsvpbot.mail.imap import Connection
    from rsvpbot.service import Round
    from rsvpbot.store import open_store

    config, stop = load(config_path), threading.Event()
    clock = ShiftedClock(datetime.fromisoformat(BEFORE_THE_SUMMARY))
    with open_store(config.store_url, config.path.parent) as store:
        work = Round(store, config, clock, everything=True, since=None, stays=stations is None)
        work.take_in_list()
        reader = work.intake.reader
        with Connection(config.mailbox) as connection:
            # What is loaded at the first reading is no part of the road: while mail comes, a daemon is warm.
            if stations:
                examine(WARM_UP, config, work.intake._ours)
            else:
                with reader.reading(1, lambda: ()) as read:
                    next(read([(0, WARM_UP)], lambda raw: False))
            with measured(stations):
                _, sent = work.poll_and_send(connection, stop)
                done = (sent + work.send(stop, connection)).sent
        reader.close()
        return done


@contextmanager
def measured(stations: Stations | None) -> Iterator[None]:
    wall, cpu, below = time.perf_counter(), time.process_time(), spent_below()
    yield
    print(
        json.dumps(
            {
                "wall": time.perf_counter() - wall,
                "cpu": time.process_time() - cpu,
                "beside": spent_below() - below,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "stations": dict(stations.seconds) if stations else {},
            }
        ),
        flush=True,
    )


class Stations:
    """CPU seconds of this thread, by station; a station within another is counted for itself alone."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._open: list[float] = []

    def watch(self, owner: Any, name: str, station: str) -> None:
        inner = getattr(owner, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            before = time.thread_time()
            self._open.append(0.0)
            try:
                return inner(*arguments, **named)
            finally:
                took = time.thread_time() - before
                self.seconds[station] += took - self._open.pop()
                if self._open:
                    self._open[-1] += took

        setattr(owner, name, timed)

    def everywhere(self) -> None:
        import rsvpbot.ahead
        import rsvpbot.examine
        import rsvpbot.intake
        import rsvpbot.service
        from rsvpbot.mail.imap import Connection
        from rsvpbot.mail.smtp import Sender
        from rsvpbot.store.tinydb import TinyStore

        for owner, name, station in (
            (rsvpbot.examine, "parse", "parse"),
            (rsvpbot.examine, "new_text", "read"),
            (rsvpbot.examine, "screen", "screen"),
            (rsvpbot.examine, "read", "read"),
            (rsvpbot.intake, "identify", "identify"),
            (rsvpbot.intake, "decide", "decide"),
            (rsvpbot.intake, "compose", "render"),
            (TinyStore, "commit", "commit"),
            (Sender, "send", "send"),
            (Connection, "file", "file"),
            (Connection, "listing", "list"),
        ):
            self.watch(owner, name, station)
        whole_batch = Connection._fetch_batch

        def listed(connection: Connection, uids: Any) -> Any:
            return iter(list(whole_batch(connection, uids)))  # or it would take no time, and its reader all

        Connection._fetch_batch = listed  # type: ignore[method-assign]
        self.watch(Connection, "_fetch_batch", "fetch")
        for module in (rsvpbot.ahead, rsvpbot.service):
            module.WORTH_IT = 1_000_000_000  # nothing is read or sent beside


# ------------------------------------------------------------------ the servers, and the pairs


SINK = """
import asyncio, sys
from aiosmtpd.smtp import SMTP
class Handler:
    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]  # as every relay of note offers
    async def handle_DATA(self, server, session, envelope):
        return "250 taken"
async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler(), hostname="relay.example"), "127.0.0.1", int(sys.argv[1]))
    async with server:
        await server.serve_forever()
asyncio.run(main())
"""


@contextmanager
def sink() -> Iterator[int]:
    """A relay that takes everything, in a process of its own."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SINK, str(port)])
    try:
        import socket

        def answers() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        until(answers)
        yield port
    finally:
        process.kill()
        process.wait()


def fill(dovecot: Dovecot, user: User, replies: list[bytes]) -> None:
    """As LMTP would leave them, but at once: files of a Maildir."""
    with dovecot.client(user) as client:
        if "MULTIAPPEND" in {word.decode() for word in client.capabilities()}:
            for start in range(0, len(replies), 100):
                client.multiappend("INBOX", replies[start : start + 100])
            return
        for raw in replies:
            client.append("INBOX", raw)


def spent_below() -> float:
    """CPU seconds so far of every process below this one, and of what each of them has waited for."""

    def below(pid: int) -> float:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            threads = Path(f"/proc/{pid}/task").glob("*/children")
            children = [int(child) for thread in threads for child in thread.read_text(encoding="ascii").split()]
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            return 0.0
        return sum(map(int, stat[11:15])) / os.sysconf("SC_CLK_TCK") + sum(map(below, children))

    threads = Path("/proc/self/task").glob("*/children")
    return sum(below(int(child)) for thread in threads for child in thread.read_text(encoding="ascii").split())


def measured_by(run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The same, with what the servers took for it."""
    before = spent_below()
    found = run()
    time.sleep(0.5)  # until Dovecot has waited for its processes
    return {**found, "servers": spent_below() - before}


def child(*words: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, __file__, *words], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[0])
    return found


def run_bare(dovecot: Dovecot, relay: int, replies: list[bytes]) -> dict[str, Any]:
    user = dovecot.new_user()
    fill(dovecot, user, replies)
    words = ("--bare", str(dovecot.imap_port), str(relay), user.address, user.password)
    return measured_by(lambda: child(*words))


def configured(folder: Path, dovecot: Dovecot, user: User, relay: int, invitees: int, *, copies: bool) -> Path:
    """The example event in that folder, with so many invitees, on these servers and without limits."""
    changes = {
        'mode = "draft"': 'mode = "send"',
        "# max_per_minute = 60": "max_per_minute = 100000",
        "# max_per_day = 0": "max_per_day = 1000000",
        "capacity = 120": f"capacity = {4 * invitees}",
        "# copy_to_sent = true": f"copy_to_sent = {'true' if copies else 'false'}",
    }
    path = folder / "config.toml"
    path.write_text(on_loopback(user, dovecot.imap_port, relay, changes), encoding="utf-8")
    (folder / "discussion-paper.pdf").touch()
    listed = (f"delegate.{n}@mission-{n % 193}.example" for n in range(invitees))
    (folder / "invitees.csv").write_text("\n".join(["email", *listed]), encoding="utf-8")
    return path


def run_whole(dovecot: Dovecot, relay: int, replies: list[bytes], copies: bool, stations: bool) -> dict[str, Any]:
    user = dovecot.new_user()
    fill(dovecot, user, replies)
    with tempfile.TemporaryDirectory() as name:
        config = configured(Path(name), dovecot, user, relay, len(replies), copies=copies)
        words = ("--whole", str(config), *(["--stations"] if stations else []))
        found = measured_by(lambda: child(*words))
    left = len(dovecot.flags(user))
    filed = sum(len(dovecot.flags(user, f"RSVP/{folder}")) for folder in ("Recorded", "Review"))
    if left or filed != len(replies):
        raise SystemExit(f"not all was handled: {left} left in INBOX, {filed} filed of {len(replies)}")
    return found


def pairs(size: int, number: int, copies: bool) -> dict[str, Any]:
    replies = [reply(n) for n in range(size)]
    floors, roads = [], []
    with Authority() as authority, Dovecot(authority) as dovecot, sink() as relay:
        for again in range(number):
            # In turn, and each first as often: whatever else the machine does strikes both.
            order: list[Callable[[], None]] = [
                lambda: floors.append(run_bare(dovecot, relay, replies)),
                lambda: roads.append(run_whole(dovecot, relay, replies, copies, stations=False)),
            ]
            for one in order if again % 2 == 0 else reversed(order):
                one()
            print(
                f"  {size:6,}  pair {again + 1}: floor {size / floors[-1]['wall']:7.1f}/s  "
                f"rsvpbot {size / roads[-1]['wall']:7.1f}/s  ratio {floors[-1]['wall'] / roads[-1]['wall']:.2f}",
                file=sys.stderr,
                flush=True,
            )
    return {
        "size": size,
        "bytes": round(statistics.mean(map(len, replies))),
        "ratio": statistics.median(f["wall"] / r["wall"] for f, r in zip(floors, roads, strict=True)),
        "floor": floors,
        "rsvpbot": roads,
    }


def told(results: list[dict[str, Any]]) -> str:
    rows = []
    for found in results:
        for name in ("floor", "rsvpbot"):

            def of(key: str, name: str = name, found: dict[str, Any] = found) -> float:
                return float(statistics.median(one[key] for one in found[name]))

            size, wall = found["size"], of("wall")
            cpu = [f"{of(key) / size * 1000:.2f} ms" for key in ("cpu", "beside", "servers")]
            ratio = f"{found['ratio']:.2f}" if name == "rsvpbot" else ""
            who = {"floor": "bare loop", "rsvpbot": "rsvpbot"}[name]
            pace = [f"{size / wall:.0f}", f"{wall / size * 1000:.2f} ms"]
            rows.append([f"{who}, {size:,} replies", *pace, *cpu, f"{of('peak_mb'):.0f} MB", ratio])
    head = ["", "a second", "each", "CPU", "CPU beside", "servers", "memory", "ratio"]
    return table(head, rows)


def judged(results: list[dict[str, Any]]) -> str:
    lines = [
        f"At {found['size']:,} replies rsvpbot is {found['ratio']:.2f} times as fast as the bare loop (median of "
        f"{len(found['floor'])} pairs; at least 1.5): {verdict(found['ratio'] >= 1.5)}."
        for found in results
    ]
    if len(results) > 1:
        few, many = (
            statistics.median(one["wall"] for one in found["rsvpbot"]) / found["size"]
            for found in (results[0], results[-1])
        )
        sizes = f"of {results[-1]['size']:,} takes {many / few:.2f} times what one of {results[0]['size']:,} takes"
        lines.append(f"A reply {sizes} (at most 1.1): {verdict(many / few <= 1.1)}.")
    return "\n".join(lines)


def by_station(found: dict[str, Any], size: int) -> str:
    known = sorted(found["stations"].items(), key=lambda one: -one[1])
    rows = [[station, f"{seconds / size * 1000:.2f} ms"] for station, seconds in known]
    rest = found["cpu"] - sum(found["stations"].values())
    return table(["station", "CPU a message"], [*rows, ["the rest", f"{rest / size * 1000:.2f} ms"]])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000x5,10000x3", help="replies, and how many pairs (1000x5,10000x3)")
    parser.add_argument("--copies", action="store_true", help="put a copy of each letter into the Sent folder")
    parser.add_argument("--stations", action="store_true", help="CPU by station, of one run at the first size")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all of it there")
    parser.add_argument("--bare", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--whole", type=Path, help=argparse.SUPPRESS)
    wish = parser.parse_args()
    if wish.bare:
        imap_port, smtp_port, user, password = wish.bare
        with measured(None):
            bare(int(imap_port), int(smtp_port), user, password)
        return 0
    if wish.whole:
        stations = Stations() if wish.stations else None
        if stations:
            stations.everywhere()
        whole(wish.whole, stations)
        return 0
    end_tidily()
    sizes = [tuple(map(int, one.split("x"))) for one in wish.sizes.split(",")]
    print(f"`{machine_line()}`\n", flush=True)
    if wish.stations:
        size = sizes[0][0]
        with Authority() as authority, Dovecot(authority) as dovecot, sink() as relay:
            found = run_whole(dovecot, relay, [reply(n) for n in range(size)], wish.copies, stations=True)
        print(by_station(found, size))
        write_json(wish.json, {"size": size, **found})
        return 0
    results = [pairs(size, number, wish.copies) for size, number in sizes]
    print(f"{told(results)}\n\n{judged(results)}")
    write_json(wish.json, {"results": results})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
