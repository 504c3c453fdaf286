"""The house: every message takes one road, and imports point one way."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rsvpbot

ROOT = Path(rsvpbot.__file__).parent
ROOMS = (
    ("__main__",),
    ("cli",),
    ("check", "demo", "inviting", "retry", "safekeeping", "scaffold", "show"),
    ("service",),
    ("metrics",),
    ("intake", "organisers"),
    ("ahead",),
    ("letters", "roster", "demo_servers"),
    ("examine", "floods", "lists"),
    ("mail",),
    ("store",),
    ("decide",),
    ("reading",),
    ("config",),
    ("schema", "logs", "clock", "private", "timelimit"),
    ("model",),
)
"""From left to right. A module may import from its own room and from those to its right; `__init__` is the doormat."""

PLACE = {room: number for number, rooms in enumerate(ROOMS) for room in rooms}
MODULES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """The rooms that a module imports from, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "rsvpbot" and len(parts) > 1:
                yield parts[1]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    own = room_of(path)
    assert own in PLACE, f"{own} has no place in the house; put it into ROOMS"
    to_the_left = {room for room in imported(path) if room in PLACE and PLACE[room] < PLACE[own]}
    beside = {room for room in imported(path) if room in PLACE and PLACE[room] == PLACE[own] and room != own}
    assert not to_the_left
    assert not beside


def test_the_inner_rooms_know_neither_mail_nor_store() -> None:
    for path in MODULES:
        if room_of(path) in ("reading", "decide"):
            assert not {"mail", "store"} & set(imported(path)), path


def test_only_the_store_knows_tinydb() -> None:
    for path in MODULES:
        if room_of(path) != "store":
            text = path.read_text(encoding="utf-8")
            assert "import tinydb" not in text and "from tinydb" not in text, path


def test_the_package_loads_its_words_when_they_are_asked_for() -> None:
    """`rsvpbot.decide` is the function, before and after the module of that name was imported."""
    code = (
        "import sys, rsvpbot\n"
        "assert not [name for name in sys.modules if name.startswith('rsvpbot.')]\n"
        "function = rsvpbot.decide\n"
        "import rsvpbot.decide\n"
        "assert callable(function) and rsvpbot.decide is function is sys.modules['rsvpbot.decide'].decide\n"
        "from rsvpbot import *\n"
        "assert [decide, read, parse] == [rsvpbot.decide, rsvpbot.read, rsvpbot.parse]"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
