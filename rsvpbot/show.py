"""`rsvpbot read`: what messages say, for a program (a JSON object a line) or for a person. Acts on nothing."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rsvpbot.config import Config
from rsvpbot.examine import Examined, examine
from rsvpbot.model import Evidence, Kind, Reading

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

WORTH_A_WORKER = 50
"""Files for which a further process pays."""

MOST_WORKERS = 8
CHUNK = 8
"""Files given to a process at once."""

_STYLES = (
    ("comes late", "green"),
    ("comes", "bold green"),
    ("would like to come", "green"),
    ("does not come", "bold red"),
    ("would have liked", "red"),
    ("is elsewhere", "red"),
    ("not decided", "bold yellow"),
    ("somebody else", "bold magenta"),
    ("takes an earlier", "magenta"),
    ("not accounted", "reverse"),
    ("asks", "bold cyan"),
    ("courtesy", "dim"),
    ("received", "dim"),
)
"""How the words of a meaning are marked; the first that the meaning begins with."""


def main(files: Sequence[str | Path], config: Config, as_json: bool) -> int:
    """Read the files and print what each says. Returns the exit status: 2 where a file cannot be read, which keeps no
    other from being read."""
    every = True
    if as_json:
        for read in rows(files, config):
            sys.stdout.write(json.dumps(read, ensure_ascii=False) + "\n")
            if read["kind"] is None:
                every = False
                print(f"{read['file']}: {read['reasons'][0]}", file=sys.stderr)
        sys.stdout.flush()
    else:
        from rich.console import Console

        console = Console(highlight=False)
        for file in files:
            examined = read_file(file, config)
            if isinstance(examined, str):
                every = False
                print(f"{file}: {examined}", file=sys.stderr)
            else:
                show(file, examined, console)
    return 0 if every else 2


def read_file(file: str | Path, config: Config) -> Examined | str:
    """The message of a file as the reader understands it; a sentence where the file cannot be read."""
    try:
        raw = Path(file).read_bytes()
    except OSError as error:
        return f"the file cannot be read: {error.strerror or type(error).__name__}"
    return examine(raw, config)


def rows(files: Sequence[str | Path], config: Config) -> Iterator[dict[str, Any]]:
    """What each file says, in order. Many files are shared out among the processors."""
    _expect_much()
    workers = min(len(os.sched_getaffinity(0)), MOST_WORKERS, len(files) // WORTH_A_WORKER)
    if workers < 2:
        yield from (row(file, config) for file in files)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from rsvpbot.reading import pack as packs

    gc.disable()  # nothing of a pack is garbage
    for tag in packs.available():
        packs.load(tag)
    gc.freeze()
    gc.enable()
    # What is loaded here need not be loaded again in a forked process; Ctrl-C is the parent's to answer.
    forked = get_context("fork")
    with ProcessPoolExecutor(workers, forked, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        yield from pool.map(partial(row, config=config), files, chunksize=CHUNK)


def _expect_much() -> None:
    """The language packs are hundreds of thousands of small objects that stay: looking through all of them for garbage
    at every turn costs a tenth of the time and finds nothing. Forked processes keep the setting."""
    gc.set_threshold(100_000, 50, 100)


def row(file: str | Path, config: Config) -> dict[str, Any]:
    """What one file says, under the keys of tests/corpus/README.md and `asks`, `reasons`, `evidence`. Of one that
    cannot be read nothing is known, so that `kind` is null."""
    examined = read_file(file, config)
    if isinstance(examined, str):
        return as_row(str(file), Reading(Kind.HUMAN, reasons=(examined,))) | {"kind": None}
    return as_row(str(file), examined.reading)


def as_row(file: str, reading: Reading) -> dict[str, Any]:
    """A reading under the keys of tests/corpus/README.md and `asks`, `reasons`, `evidence`."""
    return {
        "file": file,
        "kind": reading.kind.value,
        "partstat": reading.partstat.value if reading.partstat else None,
        "party": reading.party,
        "names": list(reading.names),
        "review": reading.review,
        "grounds_pass": reading.grounds_pass,
        "dietary": reading.dietary,
        "access": reading.access,
        "language": reading.language,
        "asks": reading.asks.value if reading.asks else None,
        "reasons": list(reading.reasons),
        "evidence": [{"words": e.words, "meaning": e.meaning, "start": e.start} for e in reading.evidence],
    }


def show(file: str | Path, examined: Examined, console: Console) -> None:
    """Print one file for a person: the text with the evidence marked, what it was taken for, why a person must look."""
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    reading, verdict = examined.reading, examined.verdict
    console.print(Panel(marked(reading), title=Text(str(file)), title_align="left"))
    facts = Table.grid(padding=(0, 2))
    for name, value in _summary(reading):
        facts.add_row(Text(name, style="dim"), Text(value))
    facts.add_row(Text("screening", style="dim"), Text(f"{verdict.kind.value} ({verdict.rule}: {verdict.reason})"))
    console.print(facts)
    if reading.evidence:
        taken = Table.grid(padding=(0, 2))
        for mark in reading.evidence:
            taken.add_row(Text(" ".join(mark.words.split()), style=style_of(mark)), Text(f"→ {mark.meaning}"))
        console.print(taken)
    for reason in reading.reasons:
        console.print(Text(f"for a person: {reason}", style="bold yellow"))
    console.print()


def _summary(reading: Reading) -> Iterable[tuple[str, str]]:
    yield "answer", reading.partstat.value if reading.partstat else "none"
    if reading.party is not None:
        yield "party", str(reading.party)
    if reading.names:
        yield "names", ", ".join(reading.names)
    if reading.grounds_pass is not None:
        yield "grounds pass", "yes" if reading.grounds_pass else "no"
    for name, need in (("diet", reading.dietary), ("access", reading.access)):
        if need:
            yield name, need
    if reading.asks:
        yield "asks", reading.asks.value
    yield "language", reading.language
    yield "review", "yes" if reading.review else "no"


def marked(reading: Reading) -> Text:
    """The text with the words marked that were taken for something. Control characters never reach the terminal."""
    from rich.text import Text

    shown = "".join(c if c.isprintable() or c == "\n" else "�" for c in reading.text)
    text = Text(shown or "(nothing is written)")
    for mark in reading.evidence:
        if mark.start >= 0:
            text.stylize(style_of(mark), mark.start, mark.start + len(mark.words))
    return text


def style_of(mark: Evidence) -> str:
    return next((style for opening, style in _STYLES if mark.meaning.startswith(opening)), "bold blue")
