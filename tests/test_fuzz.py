"""A little of `python -m tests.fuzz`, which goes on for as long as one likes; and that it sees what it looks for."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from rsvpbot.model import Folder
from tests.fuzz import Tally, Target, attack, lines, run, targets
from tests.steer_house import steered


@pytest.fixture(autouse=True)
def logging_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logging.root.manager.disable", 0)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_escapes(seed: int, tmp_path: Path) -> None:
    found = run(random.Random(seed), tmp_path, lambda number: number < 100)
    assert found.escapes == {}
    assert set(found.inputs) == {target.name for target in targets()}


def number_of(data: bytes) -> None:
    int(data)


def test_an_escape_is_told_once_and_its_input_kept(tmp_path: Path) -> None:
    found = Tally()
    target = Target("broken", number_of, lambda chance: b"x", 1)
    for data in (b"17", b"x", b"y"):
        attack(found, target, data, tmp_path)
    assert found.inputs == {"broken": 3}
    assert list(found.escapes.values()) == [2]
    assert [path.read_bytes() for path in tmp_path.glob("broken-*")] == [b"x"]
    assert "2 × broken: ValueError in test_fuzz.py" in "\n".join(lines(found, tmp_path))
    assert not list(tmp_path.glob("in-hand-*"))


ESCAPED = {
    "a signature whose first line repeats ours": (
        "From: Roundtable RSVP <rsvp@roundtable.example>\nTo: Mission of Bergovia <notes@bergovia-un.example>\n"
        "Subject: Invitation: High-Level Roundtable on Ending Child Immigration Dete=\n> rsvp@roundtable.example\n"
        "v><br></div><div>With kind regards,</div><div>The Roundtable Secretariat</d=\n"
        "iv><div>rsvp@roundtable.example</div></blockquote></div><br></div>"
    ),
}


@pytest.mark.parametrize("body", ESCAPED.values(), ids=ESCAPED)
def test_what_escaped_once_is_read(body: str, tmp_path: Path) -> None:
    """Cut down by lines to what it takes; on the whole road, as our own letters' words are part of it."""
    with steered(tmp_path) as house:
        assert house.comes(body).folder is not Folder.FAILED
