"""How soon an answer goes out: from a mail's delivery (LMTP says 250) to its answer in the hands of the relay (end of
DATA, as the relay saw it), one mail after another with small irregular pauses between an answer and the next mail.

    python bench/latency.py                          # five pairs of 20 and 20, some four minutes
    python bench/latency.py --pairs 2 --block 5
    python bench/latency.py --no-bell cut            # the doorbell's connection breaks; or: silent, off

`rsvpbot run` as configured, with its doorbell, beside a bare loop that holds one connection in IDLE and another to the
relay: both on the same Dovecot and the same relay, in alternating blocks. Dovecot tells a client in IDLE of a change
half a second after it (mailbox_idle_check_interval); that strikes both. Half of the mails come after a rest longer than
that; the others come at once, and the half second may have begun with the filing of the mail before: a median is
compared where it has not.

With --no-bell the doorbell tells nothing, and rsvpbot alone is measured: the poll (here every 5 seconds) must find each
mail. `cut` breaks the connection at IDLE, `silent` swallows what the server says in IDLE, `off` is `idle = false`.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from queue import Empty, Queue
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "bench"))

from road import BEFORE_THE_SUMMARY, REPLY, configured, reply  # noqa: E402
from table import end_tidily, machine_line, percentile, table, verdict, write_json  # noqa: E402

from tests.servers import Authority, Dovecot, Program, Proxy, User, free_port, until  # noqa: E402

WARM = 2
"""Mails that are no part of it: for what is loaded at the first reading, and a client that is not yet in IDLE."""
BEHIND = 0.050
"""Seconds that the median may be behind that of the bare loop."""
LATE = 2.0
"""The 99th percentile may be so many times the median."""
PAUSES = {"after a rest": (0.6, 1.2), "at once": (0.02, 0.4)}
"""Seconds between an answer and the next mail: longer and shorter than Dovecot's own delay."""
Block = dict[str, list[float]]
"""Seconds from delivery to answer, by the pause before."""
POLL_EVERY = 5.0
"""Seconds, where the bell tells nothing."""
A_POLL = 0.5
"""Seconds that such a poll, and the answer, may take themselves."""
PATIENCE = 90.0
"""Seconds after which an answer is taken for lost: longer than the usual poll."""

SINK = """
import asyncio, json, os, sys, threading, time
from aiosmtpd.smtp import SMTP
def until_the_parent_goes():
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=until_the_parent_goes, daemon=True).start()
class Handler:
    async def handle_DATA(self, server, session, envelope):
        print(json.dumps({"at": time.monotonic(), "to": envelope.rcpt_tos}), flush=True)
        return "250 taken"
async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler(), hostname="relay.example"), "127.0.0.1", int(sys.argv[1]))
    async with server:
        print("{}", flush=True)
        await server.serve_forever()
asyncio.run(main())
"""


class Relay:
    """Takes everything, in a process of its own, and tells when and for whom (the clock of time.monotonic is one for
    all processes)."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process = subprocess.Popen(
            [sys.executable, "-c", SINK, str(self.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._came: Queue[dict[str, Any]] = Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self._came.get(timeout=20)  # it listens

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._came.put(json.loads(line))

    def taken_for(self, address: str, seconds: float = PATIENCE) -> float:
        """When a letter for this address came. What comes for others meanwhile is passed over."""
        end = time.monotonic() + seconds
        while True:
            try:
                came = self._came.get(timeout=max(0.0, end - time.monotonic()))
            except Empty:
                raise SystemExit(f"no answer to {address} within {seconds:.0f} s") from None
            if address in came["to"]:
                return float(came["at"])

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


# ------------------------------------------------------------------ the two that are measured


def bare(imap_port: int, smtp_port: int, user: str, password: str) -> None:
    """The floor: IDLE, fetch, parse, build a reply of 2 kB, send it on an open connection, flag; until it is killed."""
    import smtplib

    from imapclient import IMAPClient

    with IMAPClient("127.0.0.1", imap_port, ssl=False) as client, smtplib.SMTP("127.0.0.1", smtp_port) as relay:
        client.login(user, password)
        client.select_folder("INBOX")
        while True:
            client.idle()
            client.idle_check(5)
            client.idle_done()
            client.noop()
            for uid in client.search(["UNKEYWORD", "$Done"]):
                mail = message_from_bytes(client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"], policy=policy.compat32)
                sender = mail["From"]
                text = next(part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart())
                answer = EmailMessage(policy=policy.SMTP)
                answer["From"], answer["To"], answer["Subject"] = user, sender, f"Re: {len(text)}"
                answer["In-Reply-To"], answer["Auto-Submitted"] = mail["Message-ID"], "auto-replied"
                answer.set_content(REPLY)
                relay.sendmail(user, [sender.partition("<")[2].strip(">")], answer.as_bytes())
                client.add_flags([uid], [b"$Done"], silent=True)


@contextmanager
def running(*command: str) -> Iterator[None]:
    program = Program(sys.executable, *command, env={"PYTHONPATH": str(ROOT)})
    try:
        yield
        if not program.running:
            raise SystemExit(f"{' '.join(command)} ended by itself")
    finally:
        program.stop()


def daemon(config: Path) -> list[str]:
    return ["-m", "rsvpbot", "--config", str(config), "--now", BEFORE_THE_SUMMARY, "run"]


class Correspondence:
    """Mail to one mailbox, and the answers to it."""

    def __init__(self, dovecot: Dovecot, user: User, relay: Relay, chance: random.Random) -> None:
        self._dovecot, self._user, self._relay, self._chance = dovecot, user, relay, chance
        self._number = 0

    def one(self, pause: tuple[float, float]) -> float:
        """Seconds from delivery to answer, after a pause between these two."""
        raw = reply(self._number)
        address = f"delegate.{self._number}@mission-{self._number % 193}.example"
        self._number += 1
        time.sleep(self._chance.uniform(*pause))
        self._dovecot.deliver(self._user, raw, sender=address)
        delivered = time.monotonic()
        return self._relay.taken_for(address) - delivered

    def block(self, mails: int) -> Block:
        """So many, after each kind of pause in turn."""
        took: Block = {kind: [] for kind in PAUSES}
        for number in range(mails):
            kind = list(PAUSES)[number % len(PAUSES)]
            took[kind].append(self.one(PAUSES[kind]))
        return took


# ------------------------------------------------------------------ with the bell, in pairs


def told(found: dict[str, list[float]]) -> str:
    rows = [
        [
            name,
            str(len(values)),
            f"{statistics.median(values) * 1000:.0f} ms",
            f"{percentile(values, 99) * 1000:.0f} ms",
            f"{max(values) * 1000:.0f} ms",
        ]
        for name, values in found.items()
    ]
    return table(["delivery to answer", "mails", "median", "99th percentile", "longest"], rows)


def paired(pairs: int, mails: int, seed: int) -> dict[str, list[Block]]:
    chance = random.Random(seed)  # noqa: S311 (pauses, the same in each run)
    floors: list[Block] = []
    ours: list[Block] = []
    with ExitStack() as stack:
        dovecot = stack.enter_context(Dovecot(stack.enter_context(Authority())))
        relay = Relay()
        stack.callback(relay.close)
        user, other = dovecot.new_user(), dovecot.new_user()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        config = configured(folder, dovecot, user, relay.port, pairs * mails + WARM, copies=True)
        imap, smtp = str(dovecot.imap_port), str(relay.port)
        stack.enter_context(running(*daemon(config)))
        stack.enter_context(running(__file__, "--bare", imap, smtp, other.address, other.password))
        until(lambda: dovecot.sessions(user) and dovecot.sessions(other))
        rsvpbot = Correspondence(dovecot, user, relay, chance)
        floor = Correspondence(dovecot, other, relay, chance)
        for one in (rsvpbot, floor):
            one.block(WARM)
        for again in range(pairs):
            order: list[Callable[[], None]] = [
                lambda: floors.append(floor.block(mails)),
                lambda: ours.append(rsvpbot.block(mails)),
            ]
            for measure in order if again % 2 == 0 else reversed(order):
                measure()
            print(f"pair {again + 1}: after a rest, {_behind(ours[-1], floors[-1]) * 1000:+.0f} ms", flush=True)
    return {"floor": floors, "rsvpbot": ours}


def _behind(one: Block, floor: Block) -> float:
    return statistics.median(one["after a rest"]) - statistics.median(floor["after a rest"])


def judged(found: dict[str, list[Block]]) -> dict[str, Any]:
    rows = {
        f"{name}, {kind}": [seconds for block in found[key] for seconds in block[kind]]
        for kind in PAUSES
        for name, key in (("bare IDLE loop", "floor"), ("rsvpbot", "rsvpbot"))
    }
    everything = [seconds for block in found["rsvpbot"] for some in block.values() for seconds in some]
    print(f"\n{told({**rows, 'rsvpbot, all': everything})}\n")
    pairs = list(zip(found["rsvpbot"], found["floor"], strict=True))
    behind = statistics.median(_behind(one, floor) for one, floor in pairs)
    late = percentile(everything, 99) / statistics.median(everything)
    print(
        f"After a rest the median is {behind * 1000:.0f} ms behind that of the bare loop (median of {len(pairs)} "
        f"pairs; at most {BEHIND * 1000:.0f} ms): {verdict(behind <= BEHIND)}.\n"
        f"The 99th percentile is {late:.2f} times the median (less than {LATE:.0f}): {verdict(late < LATE)}."
    )
    return {**found, "behind": behind, "late": late}


# ------------------------------------------------------------------ without it


def cut_at_idle(data: bytes) -> bytes | None:
    return None if data.rstrip().endswith(b" IDLE") else data


def silent_in_idle(data: bytes) -> bytes:
    """Nothing that a server says of its own accord: what it answers to a command ends with a tagged line."""
    lines = data.splitlines()
    news = all(line.startswith(b"* ") and line.endswith((b" EXISTS", b" RECENT", b" EXPUNGE")) for line in lines)
    return b"" if news else data


def without_bell(fault: str, mails: int, seed: int) -> dict[str, Any]:
    with ExitStack() as stack:
        dovecot = stack.enter_context(Dovecot(stack.enter_context(Authority())))
        relay = Relay()
        stack.callback(relay.close)
        proxy = stack.enter_context(Proxy(dovecot.imap_port))
        if fault == "cut":
            proxy.from_client = cut_at_idle
        elif fault == "silent":
            proxy.from_server = silent_in_idle
        user, folder = dovecot.new_user(), Path(stack.enter_context(tempfile.TemporaryDirectory()))
        config = configured(folder, dovecot, user, relay.port, mails + WARM, copies=False)
        changes = {
            f"port = {dovecot.imap_port}": f"port = {proxy.port}",
            '# poll_every = "1m"': f'poll_every = "{POLL_EVERY:.0f}s"',
            "# idle = true": f"idle = {'false' if fault == 'off' else 'true'}",
        }
        text = config.read_text(encoding="utf-8")
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new)
        config.write_text(text, encoding="utf-8")
        stack.enter_context(running(*daemon(config)))
        # Whatever the poll leaves of its interval: the next mail comes anywhere in it.
        anywhere = (0.0, POLL_EVERY)
        chance = random.Random(seed)  # noqa: S311 (pauses, the same in each run)
        mail = Correspondence(dovecot, user, relay, chance)
        for _ in range(WARM):
            mail.one(anywhere)
        took = [mail.one(anywhere) for _ in range(mails)]
    print(f"\n{told({f'rsvpbot, bell {fault}': took})}\n")
    holds = max(took) <= POLL_EVERY + A_POLL
    print(
        f"The longest took {max(took):.2f} s, with a poll every {POLL_EVERY:.0f} s and {A_POLL:.1f} s for the poll "
        f"itself: {verdict(holds)}."
    )
    return {"fault": fault, "poll_every": POLL_EVERY, "took": took}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--block", type=int, default=20, help="mails of each in a pair")
    parser.add_argument("--no-bell", choices=("cut", "silent", "off"), help="rsvpbot alone, with its bell at fault")
    parser.add_argument("--mails", type=int, default=30, help="with --no-bell")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--bare", nargs=4, help=argparse.SUPPRESS)
    wish = parser.parse_args()
    if wish.bare:
        imap_port, smtp_port, user, password = wish.bare
        bare(int(imap_port), int(smtp_port), user, password)
        return 0
    end_tidily()
    print(machine_line(), flush=True)
    if wish.no_bell:
        write_json(wish.json, without_bell(wish.no_bell, wish.mails, wish.seed))
    else:
        write_json(wish.json, judged(paired(wish.pairs, wish.block, wish.seed)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
