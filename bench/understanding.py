"""How well mails are understood: the figures of tests/corpus/score.py by folder and language, and why each fault.

    python bench/understanding.py                       # every labelled folder and file under tests/corpus
    python bench/understanding.py unread-ru replies/ru  # some of them
    python bench/understanding.py fresh.jsonl           # a file of labelled replies that stands elsewhere
    python bench/understanding.py --faults              # and each fault, with the words and what they were taken for
    python bench/understanding.py --time                # and the time that each station takes, by language
    python bench/understanding.py --memory              # instead: what each language adds to a fresh process
    python bench/understanding.py --json figures.json   # figures, times and memory, whichever were asked for

A folder holds mails (*.eml) and labels.jsonl; replies/LANGUAGE.jsonl holds only what people newly wrote. Wrong, flips,
lost and answered must be 0. Times are process time of the fastest of three readings, in one process. Memory is the
resident set of a process that has imported what the daemon has, and then reads one mail in each language in turn.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from rsvpbot.config import READ, Config, load
from rsvpbot.examine import examine
from rsvpbot.mail.parse import parse
from rsvpbot.mail.screen import screen
from rsvpbot.model import MACHINE_KINDS, Address, Body, Kind, Message, Reading
from rsvpbot.reading import read
from rsvpbot.reading.newtext import new_text
from rsvpbot.show import as_row

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "corpus"
ANSWERS = ("accepted", "declined", "tentative", "delegated", "none", "review")
SHOWN = ("cases", "wrong", "flips", "lost", "answered", "missed", "needless")
PARTS = ("automatic", "kind", "party", "names", "facts", "language")


def scorer() -> Any:
    """tests/corpus/score.py, as a module."""
    spec = importlib.util.spec_from_file_location("corpus_score", CORPUS / "score.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True, slots=True)
class Case:
    """One labelled mail, or one newly written text."""

    name: str
    label: dict[str, Any]
    raw: bytes | None = None
    written: Message | None = None


def sets() -> list[str]:
    """Everything that is labelled."""
    folders = sorted(labels.parent.name for labels in CORPUS.glob("*/labels.jsonl"))
    return folders + sorted(f"replies/{file.stem}" for file in (CORPUS / "replies").glob("*.jsonl"))


def cases_of(name: str) -> Iterator[Case]:
    """The cases of a folder, or of a file of replies."""
    if name.startswith("replies/") or name.endswith(".jsonl"):
        for label in _lines(Path(name) if name.endswith(".jsonl") else CORPUS / f"{name}.jsonl"):
            written = Message(
                digest="0" * 64,
                size=len(label["text"]),
                message_id=f"<{label['id']}@reply.example>",
                subject=label["subject"],
                senders=(_sender(label["from"]),),
                recipients=(Address("", "rsvp@roundtable.example"),),
                bodies=(Body("plain", label["text"]),),
            )
            yield Case(f"{name}/{label['id']}", {"kind": "human", **label}, written=written)
        return
    for label in _lines(CORPUS / name / "labels.jsonl"):
        yield Case(f"{name}/{label['file']}", label, raw=(CORPUS / name / label["file"]).read_bytes())


def _sender(written: str) -> Address:
    """ "Jane Roe", or "Jane Roe <jane@roe.example>"."""
    name, _, email = written.partition(" <")
    return Address(name, email.rstrip(">") or "invitee@reply.example")


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def reading_of(case: Case, config: Config) -> Reading:
    """What the program makes of a case."""
    if case.written is not None:
        return read(case.written, config.event, Kind.HUMAN)
    assert case.raw is not None
    return examine(case.raw, config).reading


# --------------------------------------------------------------------------- time


def stations(case: Case, config: Config) -> Iterator[tuple[str, float]]:
    """The process time, in milliseconds, that a case takes at each station of the road, as `examine` goes it; the
    fastest of three."""
    message, own = case.written, frozenset({config.mailbox.address})
    if case.raw is not None:
        raw = case.raw
        yield "parse", _fastest(lambda: parse(raw))
        message = parse(raw)
    assert message is not None
    text = new_text(message)
    verdict = screen(message, own, config.event.uid, text)
    yield "new text", _fastest(lambda: new_text(message))
    yield "screen", _fastest(lambda: screen(message, own, config.event.uid, text))
    yield "read", _fastest(lambda: read(message, config.event, verdict.kind, text))


def _fastest(work: Any) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.process_time_ns()
        work()
        best = min(best, (time.process_time_ns() - start) / 1e6)
    return best


# --------------------------------------------------------------------------- printing


def figures_table(rows: Sequence[tuple[str, str, dict[str, Any]]]) -> Table:
    table = Table("set", "language", *SHOWN, *PARTS)
    for name, language, figures in rows:
        table.add_row(name, language, *(str(figures[key]) for key in SHOWN), *(f"{figures[key]:.3f}" for key in PARTS))
    return table


def confusion_table(pairs: Counter[tuple[str, str]]) -> Table:
    table = Table("said", *(f"read as {answer}" for answer in ANSWERS), title="people and calendars")
    for said in ANSWERS[:-1]:
        table.add_row(said, *(str(pairs[said, got] or "·") for got in ANSWERS))
    return table


def time_rows(times: dict[tuple[str, str], list[float]]) -> list[dict[str, Any]]:
    """Milliseconds by station and language, the stations in the order of the road; and of each station in all."""
    everything: dict[tuple[str, str], list[float]] = {}
    for (station, _), found in times.items():
        everything.setdefault((station, ""), []).extend(found)
    rows = []
    for (station, language), found in [*sorted(times.items(), key=lambda one: _place(*one[0])), *everything.items()]:
        ordered = sorted(found)
        rows.append(
            {
                "station": station,
                "language": language or "all",
                "mails": len(ordered),
                "mean": statistics.mean(ordered),
                "median": statistics.median(ordered),
                "95th": ordered[int(len(ordered) * 0.95)],
                "worst": ordered[-1],
            }
        )
    return rows


def _place(station: str, language: str) -> tuple[str, int]:
    return language, ("parse", "new text", "screen", "read").index(station)


def time_table(rows: Sequence[dict[str, Any]]) -> Table:
    shown = ("mean", "median", "95th", "worst")
    table = Table("language", "station", "mails", *(f"{name} ms" for name in shown))
    for row in rows:
        numbers = (f"{row[name]:.2f}" for name in shown)
        table.add_row(row["language"], row["station"], str(row["mails"]), *numbers)
    return table


# --------------------------------------------------------------------------- memory


LANGUAGES = ("en", "fr", "es", "ar", "zh", "ru", "pt")

FRESH = """
import json, sys, time
from pathlib import Path
import rsvpbot.service
from rsvpbot.config import READ, load
from rsvpbot.examine import examine
def megabytes():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024
config = load(Path(sys.argv[1]), READ)
print(json.dumps(["at the start", megabytes(), 0]))
for mail in json.load(sys.stdin):
    before = time.process_time()
    reading = examine(mail.encode(), config).reading
    print(json.dumps([reading.language, megabytes(), time.process_time() - before]))
"""


def memory() -> list[dict[str, Any]]:
    """Megabytes of a fresh process, after one mail in each language in turn, and the seconds that each took."""
    mails = []
    for language in LANGUAGES:
        texts = (label["text"] for label in _lines(CORPUS / "replies" / f"{language}.jsonl"))
        text = next(text for text in texts if len(text) > 120)  # surely of that language
        mails.append(
            "From: Jane Roe <jane@reply.example>\r\nTo: rsvp@roundtable.example\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        )
    command = [sys.executable, "-c", FRESH, str(ROOT / "config.example.toml")]
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(mails), stdout=subprocess.PIPE, text=True, check=True)
    rows = map(json.loads, done.stdout.splitlines())
    return [{"after": after, "megabytes": size, "seconds": seconds} for after, size, seconds in rows]


def memory_table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table("after a mail in", "resident MB", "more", "CPU s")
    before = rows[0]["megabytes"]
    for row in rows:
        size = row["megabytes"]
        table.add_row(row["after"], f"{size:.1f}", f"{size - before:.1f}", f"{row['seconds']:.2f}")
        before = size
    return table


def fault_lines(case: Case, faults: Sequence[tuple[str, str]], got: Reading) -> Iterator[str]:
    yield f"{case.name}: " + "; ".join(f"{what}: {text}" for what, text in faults)
    for line in (case.label.get("text") or got.text).split("\n")[:12]:
        yield f"    | {line}"
    for reason in got.reasons:
        yield f"    review: {reason}"
    for mark in got.evidence:
        yield f"    “{' '.join(mark.words.split())}”: {mark.meaning}"
    yield ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "sets", nargs="*", help="folders under tests/corpus, replies/TAG, or a file *.jsonl (default: all)"
    )
    parser.add_argument("--faults", action="store_true", help="print each fault with the evidence")
    parser.add_argument("--time", action="store_true", help="print what each station takes, by language")
    parser.add_argument("--memory", action="store_true", help="print what each language adds to a fresh process")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures into a file")
    options = parser.parse_args(arguments)
    unknown = sorted(
        name for name in set(options.sets) - set(sets()) if not (name.endswith(".jsonl") and Path(name).is_file())
    )
    if unknown:
        parser.error(f"{unknown[0]} is not under tests/corpus; there are {', '.join(sets())}")
    if options.memory:
        measured = memory()
        Console(highlight=False).print(memory_table(measured))
        _write(options.json, {"memory": measured})
        return 0
    score = scorer().score
    config = load(ROOT / "config.example.toml", READ)
    console = Console(width=max(Console().width, 150), highlight=False)
    rows: list[tuple[str, str, dict[str, Any]]] = []
    pairs: Counter[tuple[str, str]] = Counter()
    times: dict[tuple[str, str], list[float]] = {}
    told: list[str] = []
    everything: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for name in options.sets or sets():
        cases = list(cases_of(name))
        readings = {case.name: reading_of(case, config) for case in cases}
        answers = {case.name: as_row(case.name, readings[case.name]) for case in cases}
        labels = {case.name: case.label for case in cases}
        everything[0].update(labels)
        everything[1].update(answers)
        for language in sorted({case.label["language"] for case in cases}):
            spoken = {name: label for name, label in labels.items() if label["language"] == language}
            rows.append((name, language, score(spoken, answers)[0]))
        _, faults = score(labels, answers)
        for case in cases:
            got = readings[case.name]
            if case.label["kind"] not in MACHINE_KINDS:
                read_as = "review" if got.review else (got.partstat.value if got.partstat else "none")
                pairs[case.label["partstat"] or "none", read_as] += 1
            mine = [(what, text) for file, what, text in faults if file == case.name]
            if mine:
                told.extend(fault_lines(case, mine, got))
            if options.time:
                for station, taken in stations(case, config):
                    times.setdefault((station, case.label["language"]), []).append(taken)
    rows.append(("together", "", score(*everything)[0]))
    if options.faults:
        for line in told:
            console.print(line, markup=False)
    console.print(figures_table(rows))
    console.print(confusion_table(pairs))
    if options.time:
        console.print(time_table(time_rows(times)))
    figures = [{"set": s, "tag": tag, **found} for s, tag, found in rows]
    _write(options.json, {"figures": figures, "times": time_rows(times)})
    return 0


def _write(file: Path | None, found: dict[str, Any]) -> None:
    if file:
        file.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
