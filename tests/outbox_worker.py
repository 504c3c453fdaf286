"""A process that flushes an outbox, for tests that kill it: `python -m tests.outbox_worker FOLDER PORT [NUMBER]`.

NUMBER: of connections."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from pathlib import Path

from rsvpbot.clock import SystemClock
from rsvpbot.config import RepliesConfig, SmtpConfig
from rsvpbot.letters.outbox import Outbox
from rsvpbot.store.tinydb import TinyStore
from tests.test_letters import example


def main(folder: str, port: str, connections: str = "1") -> None:
    smtp = SmtpConfig(
        host="127.0.0.1",
        port=int(port),
        security="none",
        connections=int(connections),
        max_per_minute=0,
        copy_to_sent=False,
    )
    config = replace(example(), smtp=smtp, replies=RepliesConfig(mode="send"))
    with TinyStore(Path(folder) / "rsvp.json") as store:
        outbox = Outbox(store, config, SystemClock())
        print(f"recovered {outbox.recover()}", flush=True)
        print(outbox.flush(threading.Event()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
