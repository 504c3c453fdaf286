"""What the benchmarks print, and write: the machine, medians, a table that docs/performance.md takes as it is, JSON."""

from __future__ import annotations

import json
import math
import os
import platform
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def end_tidily() -> None:
    """Take servers and folders away also where the benchmark is told to stop."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda caught, _: sys.exit(128 + caught))


def machine() -> dict[str, Any]:
    """The machine that this runs on, as it describes itself."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def machine_line() -> str:
    its = machine()
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{its['processor']}, {its['cores']} cores, {its['kernel']}, {its['python']}; load at the start {load}"


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of them do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown, and legible as it is: the first column to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        told = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        return "| " + " | ".join(told) + " |"

    rule = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(map(line, (head, rule, *rows)))


def verdict(holds: bool) -> str:
    return "holds" if holds else "MISSED"


def write_json(path: Path | None, found: dict[str, Any]) -> None:
    """Into that file, where one is named, with the machine."""
    if path is not None:
        path.write_text(json.dumps({"machine": machine(), **found}, indent=2) + "\n", encoding="utf-8")
