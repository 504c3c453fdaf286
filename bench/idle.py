"""What an idle daemon costs: CPU, wake-ups, memory, connections; at the start and after it has handled many messages.

    python bench/idle.py                                   # ten minutes each, after 10,000 messages
    python bench/idle.py --seconds 60 --messages 1000

`rsvpbot run` on Dovecot and a relay, with the doorbell, polling once a minute as configured. The floor is a bare loop
that holds one connection in IDLE and looks once a minute, at the same time beside it. Wake-ups are voluntary context
switches of all threads; connections are open sockets.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "bench"))

from road import configured, fill, reply, sink  # noqa: E402
from table import end_tidily, machine_line, table, write_json  # noqa: E402

from tests.servers import Authority, Dovecot, Program, until  # noqa: E402

REST = 10.0
"""Seconds in which whatever is at rest uses less than a twentieth of a core."""

BARE = """
import sys, time
from imapclient import IMAPClient
with IMAPClient("127.0.0.1", int(sys.argv[1]), ssl=False) as client:
    client.login(sys.argv[2], sys.argv[3])
    client.select_folder("INBOX", readonly=True)
    while True:
        client.idle()
        client.idle_check(60)
        client.idle_done()
        client.search(["ALL"])
"""


def counted(pid: int) -> dict[str, float]:
    """What the kernel counts of a process and of those that it has started."""
    found = dict.fromkeys(("cpu", "wakeups", "memory_mb", "connections"), 0.0)
    for one in (pid, *children(pid)):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            for name, number in counted_alone(one).items():
                found[name] += number
    return found


def children(pid: int) -> list[int]:
    return [
        int(child) for thread in Path(f"/proc/{pid}/task").glob("*/children") for child in thread.read_text().split()
    ]


def counted_alone(pid: int) -> dict[str, float]:
    folder = Path(f"/proc/{pid}")
    words = (folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
    switches = 0
    for thread in (folder / "task").iterdir():
        status = (thread / "status").read_text(encoding="ascii")
        switches += int(status.partition("voluntary_ctxt_switches:")[2].split()[0])
    memory = (folder / "status").read_text(encoding="ascii").partition("VmRSS:")[2].split()[0]
    links = [link for link in (folder / "fd").iterdir() if link.is_symlink()]
    return {
        "cpu": sum(int(words[at]) for at in (11, 12)) / os.sysconf("SC_CLK_TCK"),
        "wakeups": switches,
        "memory_mb": int(memory) / 1000,
        "connections": sum(str(link.readlink()).startswith("socket:") for link in links),
    }


def come_to_rest(program: Program, *, at_once: bool) -> None:
    """Letters go out long after INBOX is empty; and the process that reads ends only after a while without mail, which
    `at_once` does not wait for."""

    def used() -> float:
        before = counted(program.pid)["cpu"]
        time.sleep(REST)
        return counted(program.pid)["cpu"] - before

    until(lambda: used() < REST / 20 and (at_once or not children(program.pid)), 3_600)


def over(seconds: float, programs: dict[str, Program]) -> dict[str, dict[str, float]]:
    """What each used while nothing happened."""
    before = {name: counted(program.pid) for name, program in programs.items()}
    time.sleep(seconds)
    found = {}
    for name, program in programs.items():
        after = counted(program.pid)
        found[name] = {
            "seconds": seconds,
            "cpu": after["cpu"] - before[name]["cpu"],
            "wakeups": after["wakeups"] - before[name]["wakeups"],
            "memory_mb": after["memory_mb"],
            "connections": after["connections"],
        }
    return found


def told(found: dict[str, dict[str, float]]) -> str:
    rows = [
        [
            name,
            f"{one['cpu']:.2f} s",
            f"{one['cpu'] / one['seconds'] * 100:.3f} %",
            f"{one['wakeups']:,.0f}",
            f"{one['wakeups'] / one['seconds']:.2f}",
            f"{one['memory_mb']:.0f} MB",
            f"{one['connections']:.0f}",
        ]
        for name, one in found.items()
    ]
    return table(["idle", "CPU", "of a core", "wake-ups", "a second", "memory", "connections"], rows)


def measure(seconds: float, messages: int, *, at_once: bool) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    with ExitStack() as stack:
        dovecot = stack.enter_context(Dovecot(stack.enter_context(Authority())))
        relay = stack.enter_context(sink())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        user, other = dovecot.new_user(), dovecot.new_user()
        config = configured(folder, dovecot, user, relay, messages, copies=False)
        now = "2016-09-12T09:00-04:00"
        daemon = Program(
            *(sys.executable, "-m", "rsvpbot", "--config", str(config), "--now", now, "run"),
            env={"PYTHONPATH": str(ROOT)},
        )
        stack.callback(daemon.stop)
        bare = Program(sys.executable, "-c", BARE, str(dovecot.imap_port), other.address, other.password)
        stack.callback(bare.stop)
        both = {"bare IDLE loop": bare, "rsvpbot": daemon}
        until(lambda: dovecot.sessions(user) and dovecot.sessions(other))
        come_to_rest(daemon, at_once=at_once)
        for name, used in over(seconds, both).items():
            found[f"{name}, at the start"] = used
        fill(dovecot, user, [reply(number) for number in range(messages)])
        until(lambda: not dovecot.flags(user), 3_600, 1.0)
        come_to_rest(daemon, at_once=at_once)
        for name, used in over(seconds, both).items():
            found[f"{name}, after {messages:,} messages" if name == "rsvpbot" else f"{name}, meanwhile"] = used
        assert daemon.running and bare.running, "one of them ended by itself"
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--at-once", action="store_true", help="do not wait until the process that reads has ended")
    parser.add_argument("--json", type=Path, metavar="FILE")
    wish = parser.parse_args()
    end_tidily()
    print(f"{machine_line()}\n{wish.seconds:g} seconds each\n", flush=True)
    found = measure(wish.seconds, wish.messages, at_once=wish.at_once)
    print(told(found))
    write_json(wish.json, {"seconds": wish.seconds, "messages": wish.messages, "found": found})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
