"""Every benchmark runs to its end, at a tiny size, and writes what it found. No test judges how long anything took."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Dovecot

ROOT = Path(__file__).resolve().parent.parent

on_dovecot = pytest.mark.skipif(bool(Dovecot.missing()), reason=Dovecot.missing())


def found(tmp_path: Path, name: str, *words: str) -> tuple[dict[str, Any], str]:
    """What a benchmark wrote with --json, and what it printed."""
    file = tmp_path / "found.json"
    command = [sys.executable, str(ROOT / "bench" / name), *words, "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    wrote: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    assert {"processor", "cores", "kernel", "python"} <= wrote["machine"].keys()
    return wrote, done.stdout


@on_dovecot
def test_latency(tmp_path: Path) -> None:
    wrote, printed = found(tmp_path, "latency.py", "--pairs", "1", "--block", "2")
    assert [[len(seconds) for seconds in block.values()] for block in wrote["rsvpbot"]] == [[1, 1]]
    assert [[len(seconds) for seconds in block.values()] for block in wrote["floor"]] == [[1, 1]]
    assert "| rsvpbot, after a rest " in printed


@on_dovecot
@pytest.mark.parametrize("fault", ["cut", "silent", "off"])
def test_latency_without_the_bell(tmp_path: Path, fault: str) -> None:
    wrote, _ = found(tmp_path, "latency.py", "--no-bell", fault, "--mails", "1")
    assert len(wrote["took"]) == 1


@on_dovecot
def test_scale(tmp_path: Path) -> None:
    wrote, printed = found(tmp_path, "scale.py", "--sizes", "96,120", "--times", "1", "--only", "poll,message,csv")
    assert len(wrote["found"]) == 4
    assert all({"96", "120"} == by_size.keys() for by_size in wrote["found"].values())
    assert "| a message handled " in printed


def test_startup(tmp_path: Path) -> None:
    wrote, printed = found(tmp_path, "startup.py", "--invitees", "20", "--times", "1", "--imports")
    assert wrote["found"].keys() == {"--help", "status", "status, answered", "guests", "guests, answered"}
    assert all({"rsvpbot", "import click"} <= costs.keys() for costs in wrote["found"].values())
    assert "| loaded by status" in printed


@on_dovecot
def test_idle(tmp_path: Path) -> None:
    wrote, _ = found(tmp_path, "idle.py", "--seconds", "1", "--messages", "2", "--at-once")
    assert {"rsvpbot, at the start", "rsvpbot, after 2 messages"} <= wrote["found"].keys()
    assert all(one["memory_mb"] and one["connections"] for one in wrote["found"].values())


@on_dovecot
def test_road(tmp_path: Path) -> None:
    wrote, printed = found(tmp_path, "road.py", "--sizes", "3x1,6x1")
    assert [(one["size"], len(one["floor"]), len(one["rsvpbot"])) for one in wrote["results"]] == [(3, 1, 1), (6, 1, 1)]
    assert "| rsvpbot, 6 replies " in printed and "A reply of 6 takes" in printed


@on_dovecot
def test_road_by_station(tmp_path: Path) -> None:
    wrote, printed = found(tmp_path, "road.py", "--sizes", "3x1", "--stations")
    assert {"parse", "read", "screen", "render", "commit", "send", "fetch", "file"} <= wrote["stations"].keys()
    assert "| render " in printed
