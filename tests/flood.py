"""A flood against the running daemon: one sender writes without end, and the others are answered as ever.

    python -m tests.flood --messages 50000

`rsvpbot run` works on Dovecot and a relay. First some invitees answer in peace; then one sender's messages are
delivered as fast as Dovecot takes them, while the other invitees go on answering. It prints how long each of these
waited for their letter, what memory the daemon took, and where everything went. Ends with 1 where an answer is missing
or doubled, where what was seen does not add up, or where INBOX is not empty at the end.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import threading
import time
from email import message_from_bytes
from pathlib import Path

from rsvpbot.config import load
from rsvpbot.model import Folder
from tests.corpus_mailbox import EXAMPLE, command, on_loopback, opened
from tests.servers import Authority, Dovecot, SmtpSink, User, until
from tests.test_intake import mail

EVERY = 3.0
"""Seconds between two answers of invitees."""


def invitee(number: int) -> str:
    return f"guest{number}@mission.example"


class Siege:
    """The servers, the daemon and the clock of one run."""

    def __init__(self, folder: Path, dovecot: Dovecot, sink: SmtpSink, guests: int) -> None:
        self.dovecot, self.sink, self.user = dovecot, sink, dovecot.new_user()
        text = on_loopback(
            self.user,
            dovecot.imap_port,
            sink.port,
            {'mode = "draft"': 'mode = "send"', "# max_per_minute = 60": "max_per_minute = 100000"},
        )
        self.config = folder / "config.toml"
        self.config.write_text(text, encoding="utf-8")
        (folder / "discussion-paper.pdf").touch()
        listed = "\n".join(["email", *map(invitee, range(guests))])
        (folder / "invitees.csv").write_text(listed, encoding="utf-8")
        self.log = (folder / "log").open("wb")
        environment = {**os.environ, "PYTHONPATH": str(EXAMPLE.parent)}
        self.daemon = subprocess.Popen(command(self.config, "run"), stderr=self.log, env=environment)

    def answer(self, number: int) -> float:
        """An invitee accepts; seconds until their letter was handed to the relay."""
        address = invitee(number)
        started = time.monotonic()
        self.dovecot.deliver(self.user, mail("Yes, I will attend.", address))
        until(lambda: self.letters_to(address), 600, 0.05)
        return time.monotonic() - started

    def letters_to(self, address: str) -> int:
        return sum(address in received.recipients for received in self.sink.received)

    def memory(self) -> float:
        """MB that the daemon holds (VmRSS)."""
        status = Path(f"/proc/{self.daemon.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def lie_in(self, folder: str = "INBOX") -> int:
        """How many messages are there."""
        with self.dovecot.client(self.user) as client:
            return int(client.folder_status(folder, ["MESSAGES"])[b"MESSAGES"])


def pour(dovecot: Dovecot, user: User, number: int) -> None:
    for start in range(0, number, 500):
        dovecot.deliver(
            user,
            *(
                mail(f"Number {n}. {'Read me. ' * 800}", "loud@elsewhere.example")
                for n in range(start, min(start + 500, number))
            ),
        )


def told(name: str, waits: list[float], memory: float) -> str:
    return (
        f"{name:10} {len(waits):4} answers  median {statistics.median(waits):6.2f} s  "
        f"longest {max(waits):6.2f} s  memory {memory:5.0f} MB"
    )


def besiege(siege: Siege, messages: int, calm: int, guests: int) -> list[str]:
    siege.answer(0)  # what is loaded at the first reading takes longer than any message
    waits = []
    for number in range(1, calm):
        waits.append(siege.answer(number))
        time.sleep(EVERY / 3)
    print(told("in peace", waits, siege.memory()), flush=True)
    loud = threading.Thread(target=pour, args=(siege.dovecot, siege.user, messages), daemon=True)
    began, waits, number = time.monotonic(), [], calm
    loud.start()
    while loud.is_alive() and number < guests:
        waits.append(siege.answer(number))
        number += 1
        time.sleep(EVERY)
    loud.join()
    poured = time.monotonic() - began
    print(f"{messages} messages delivered in {poured:.0f} s, {messages / poured:.0f} a second")
    print(told("in flood", waits, siege.memory()), flush=True)
    until(lambda: siege.lie_in() == 0, 3_600, 1.0)
    print(f"INBOX empty {time.monotonic() - began - poured:.0f} s later; memory {siege.memory():.0f} MB")
    siege.daemon.terminate()
    siege.daemon.wait(60)
    return list(faults(siege, messages, number))


def faults(siege: Siege, messages: int, answered: int) -> list[str]:
    config, found = load(siege.config), []
    with opened(config) as store:
        tally = store.tally()
        unread = sum(flood.number for flood in store.floods())
        print(f"seen {sum(tally.values())} =", " + ".join(f"{n} {folder.value.lower()}" for folder, n in tally.items()))
        print(
            f"not read: {unread}, in {len(store.floods())} records; the store: {config.store_file.stat().st_size} bytes"
        )
    if sum(tally.values()) != messages + answered:
        found.append(f"{sum(tally.values())} counted of {messages + answered}")
    for folder in Folder:
        there = siege.lie_in(f"RSVP/{folder.value}")
        if there != tally[folder]:
            found.append(f"{there} in {folder.value}, {tally[folder]} counted")
    for number in range(answered):
        if siege.letters_to(invitee(number)) != 1:
            found.append(f"invitee {number} had {siege.letters_to(invitee(number))} letters")
    strangers = [one for one in siege.sink.received if "loud@elsewhere.example" in one.recipients]
    if strangers:
        found.append(f"{len(strangers)} letters to a stranger: {message_from_bytes(strangers[0].raw)['Subject']}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--calm", type=int, default=20)
    arguments = parser.parse_args()
    guests = arguments.calm + max(20, arguments.messages // 100)
    with (
        Authority() as authority,
        Dovecot(authority) as dovecot,
        SmtpSink() as sink,
        tempfile.TemporaryDirectory() as folder,
    ):
        siege = Siege(Path(folder), dovecot, sink, guests)
        try:
            found = besiege(siege, arguments.messages, arguments.calm, guests)
        finally:
            siege.daemon.kill()
    print("\n".join(found) or "nothing lost, nothing doubled")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
