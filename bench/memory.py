"""What the store takes of a daemon's memory: at the start, after it has handled many messages, and opened anew.

    python bench/memory.py                       # 10,000 messages, 300 invitees
    python bench/memory.py --messages 100000 --invitees 5000 --json memory.json

A message: the invitee's new answer, the reply with its text of 400 bytes and what was read in it, "this message is
done", and a letter, which is queued, sent and then without its bytes; in four commits, with the reads that go with
them, and the store made compact where a daemon would do so. Resident memory as /proc has it, each in a process of its
own.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.store import caused, invitee  # noqa: E402
from rsvpbot.model import LetterState  # noqa: E402
from rsvpbot.store import Commit  # noqa: E402
from rsvpbot.store.tinydb import TinyStore  # noqa: E402

SAID = "Dear colleagues, with thanks for your kind invitation, we shall both attend. One of us does not eat meat. "
QUIET_EVERY = 50
"""Messages after which there is a quiet moment."""


def resident() -> float:
    """Megabytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError


def handle(store: TinyStore, number: int, invitees: int) -> None:
    batch = caused(number, invitees)
    (reply,), (letter,), (done,) = batch.replies, batch.letters, batch.done
    text = (SAID * 4)[:400]
    store.invitee_by_address(reply.sender.email)
    store.done_digest(done.digest)
    store.commit(replace(batch, replies=(replace(reply, reading=replace(reply.reading, text=text)),)))
    waiting = store.letter(letter.id)
    assert waiting is not None
    sent = replace(waiting, state=LetterState.SENT, sent_at=done.at, raw=None)
    store.commit(Commit(letters=(replace(waiting, state=LetterState.SENDING),)))
    store.commit(Commit(letters=(sent,)))
    store.commit(Commit(done=(replace(done, filed=True),)))
    assert store.letters(LetterState.QUEUED) == ()
    if number % QUIET_EVERY == 0:
        store.tidy()


def measured(path: Path, messages: int, invitees: int, *, traced: bool) -> dict[str, float]:
    """Megabytes, before and after so many messages are handled."""
    with TinyStore(path) as store:
        if store.invitee("i0000000") is None:
            store.commit(Commit(invitees=tuple(invitee(number) for number in range(invitees))))
        gc.collect()
        if traced:
            tracemalloc.start()
        start = resident()
        for number in range(1, messages + 1):
            handle(store, number, invitees)
        gc.collect()
        found = {"start": start, "end": resident(), "file": path.stat().st_size / 1e6}
        if traced:
            found["objects"] = tracemalloc.get_traced_memory()[0] / 1e6
        store._db.close()  # as a death does it: nothing is made compact
    return found


def in_child(path: Path, messages: int, invitees: int, *words: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", str(path), "--messages", str(messages), "--invitees", str(invitees)]
    said = subprocess.run([*command, *words], check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(said)
    return found


def main(arguments: Sequence[str]) -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--messages", type=int, default=10_000, help="default: %(default)s")
    options.add_argument("--invitees", type=int, default=300, help="default: %(default)s")
    options.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--traced", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args(arguments)
    messages, invitees = chosen.messages, chosen.invitees
    if chosen.child:
        print(json.dumps(measured(chosen.child, messages, invitees, traced=chosen.traced)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path, other = Path(folder) / "rsvp.json", Path(folder) / "traced.json"
        new = in_child(path, 0, invitees)
        grown = in_child(path, messages, invitees)
        anew = in_child(path, 0, invitees)
        objects = in_child(other, messages, invitees, "--traced")["objects"]
    found = {
        "messages": messages,
        "invitees": invitees,
        "start_mb": grown["start"],
        "grown_mb": grown["end"] - grown["start"],
        "grown_objects_mb": objects,
        "opened_anew_mb": anew["start"] - new["start"],
        "file_mb": grown["file"],
    }
    print(f"with {invitees:,} invitees and nothing handled   {found['start_mb']:7.1f} MB")
    print(f"{messages:,} messages handled in one process   {found['grown_mb']:+7.1f} MB (objects {objects:+.1f} MB)")
    print(f"the same, opened anew                    {found['opened_anew_mb']:+7.1f} MB")
    print(f"the file                                 {found['file_mb']:7.1f} MB")
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
