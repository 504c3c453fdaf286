"""What a command costs before it does anything: CPU and wall seconds of whole processes, beside a bare interpreter.

    python bench/startup.py                     # at 10,000 invitees
    python bench/startup.py --invitees 1000 --times 20 --imports

The floors are `python -c pass` and `python -c "import click"` of the same interpreter, in turn with each command.
`status` and `guests` are measured on a list that nobody has answered yet, and on the record of bench/scale.py, in which
five of six have, with all replies and letters. Medians. --imports lists what the commands load, the dearest first
(-X importtime).
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "bench"))

from scale import NOW, fill, invitee  # noqa: E402
from table import end_tidily, machine_line, table, verdict, write_json  # noqa: E402

from rsvpbot import scaffold  # noqa: E402
from rsvpbot.store import Commit, open_store  # noqa: E402

MOST = {"--help": 0.15, "status": 0.5}
"""CPU seconds."""
_ENV = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""With the modules compiled, as pip leaves them: under that variable a checkout is compiled anew by each process."""

FLOORS = {"python -c pass": "pass", "import click": "import click"}


def house(folder: Path, invitees: int, *, answered: bool) -> Path:
    """A configuration, and a record with so many invitees."""
    folder.mkdir()
    scaffold.write(folder)
    with open_store("tinydb:rsvp.json", folder) as store:
        if answered:
            fill(store, invitees)
            store.compact()
        else:
            store.commit(Commit(invitees=tuple(replace(invitee(n), answer=None) for n in range(invitees))))
    return folder


def once(command: list[str], folder: Path) -> tuple[float, float]:
    """CPU and wall seconds of one process."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=_ENV, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.decode()}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def imports(command: list[str], folder: Path) -> list[tuple[float, str]]:
    """Milliseconds of each module for itself, the dearest first."""
    done = subprocess.run(
        [command[0], "-X", "importtime", *command[1:]],
        cwd=folder,
        env=_ENV,
        capture_output=True,
        text=True,
        check=True,
    )
    rows = (line.removeprefix("import time:").split("|") for line in done.stderr.splitlines() if "|" in line)
    found = [(int(row[0]) / 1000, row[2].strip()) for row in rows if row[0].strip().isdecimal()]
    return sorted(found, reverse=True)


def medians(costs: list[tuple[float, float]]) -> dict[str, float]:
    cpu, wall = (statistics.median(values) for values in zip(*costs, strict=True))
    return {"cpu": cpu, "wall": wall}


def measured(command: list[str], folder: Path, times: int) -> dict[str, dict[str, float]]:
    """The command and the floors, in turn."""
    once(command, folder)  # so that every module is compiled
    floors: dict[str, list[tuple[float, float]]] = {name: [] for name in FLOORS}
    costs = []
    for _ in range(times):
        for name, words in FLOORS.items():
            floors[name].append(once([sys.executable, "-c", words], folder))
        costs.append(once(command, folder))
    return {"rsvpbot": medians(costs), **{name: medians(found) for name, found in floors.items()}}


def told(found: dict[str, dict[str, dict[str, float]]]) -> str:
    rows = []
    for label, costs in found.items():
        most = MOST.get(label.partition(",")[0])
        cpu = costs["rsvpbot"]["cpu"]
        rows.append(
            [
                f"rsvpbot {label}",
                f"{cpu:.3f} s",
                f"{costs['rsvpbot']['wall']:.3f} s",
                *(f"{costs[name]['cpu']:.3f} s" for name in FLOORS),
                f"{most} s: {verdict(cpu < most)}" if most else "",
            ]
        )
    return table(["command", "CPU", "wall", *(f"CPU of {name}" for name in FLOORS), "less than"], rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invitees", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=11)
    parser.add_argument("--imports", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    wish = parser.parse_args()
    rsvpbot = [sys.executable, "-m", "rsvpbot", "--now", NOW.isoformat()]
    commands = {
        "--help": [*rsvpbot, "--help"],
        "status": [*rsvpbot, "status"],
        "guests": [*rsvpbot, "guests", "--format", "csv"],
    }
    end_tidily()
    print(f"{machine_line()}\n{wish.invitees:,} invitees\n", flush=True)
    found: dict[str, dict[str, dict[str, float]]] = {}
    loaded: list[tuple[float, str]] = []
    with tempfile.TemporaryDirectory() as name:
        invited = house(Path(name) / "invited", wish.invitees, answered=False)
        answered = house(Path(name) / "answered", wish.invitees, answered=True)
        for label, command in commands.items():
            found[label] = measured(command, invited, wish.times)
            if label != "--help":
                found[f"{label}, answered"] = measured(command, answered, wish.times)
        if wish.imports:
            loaded = imports(commands["status"], invited)[:25]
    print(told(found))
    if loaded:
        print("\n" + table(["loaded by status", "for itself"], [[name, f"{took:.1f} ms"] for took, name in loaded]))
    write_json(wish.json, {"invitees": wish.invitees, "found": found})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
