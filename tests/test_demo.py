"""The demo as a user starts it: each reply read rightly, nobody answered who must not be, nothing left behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rsvpbot.model import Folder, PartStat
from rsvpbot.store import open_store
from tests.corpus_mailbox import EXAMPLE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def shown(folder: Path) -> dict[str, str]:
    """What the demo prints, by the heading of each mail; "" is the beginning, "summary" the end."""
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLE.parent), "TMPDIR": str(folder), "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-m", "rsvpbot", "demo"], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    parts = re.split(r"^(\d+)\. (.*?) ─+$", done.stdout, flags=re.MULTILINE)
    sections = dict(zip(parts[2::3], parts[3::3], strict=True))
    last = parts[2::3][-1]
    sections[last], _, sections["summary"] = sections[last].partition("What the organisers read")
    return sections


def section(shown: dict[str, str], words: str) -> str:
    (found,) = (text for heading, text in shown.items() if words in heading)
    return found


@pytest.mark.parametrize(
    ("heading", "read", "filed"),
    [
        ("a plain yes", "accepted; party of 1; Amara Diallo", Folder.RECORDED),
        (
            "with a guest",
            "accepted; party of 2; Tomás Herrera, Lucía Ferrer; vegetarian; grounds pass",
            Folder.RECORDED,
        ),
        ("a no that sounds", "declined", Folder.RECORDED),
        ("a delegate", "delegated; party of 1; Priya Raman", Folder.RECORDED),
        ("in French", "accepted; party of 1; Aline Moreau; vegetarian; no grounds pass", Folder.RECORDED),
        ("in Spanish", "delegated; party of 1; Rosa Medina", Folder.RECORDED),
        ("in Russian", "accepted; party of 2; Анна Лебедева, Вера Котова", Folder.RECORDED),
        ("in Arabic", "declined", Folder.RECORDED),
        ("in Chinese", "tentative; 李文博", Folder.RECORDED),
        ("pressed in a calendar", "accepted; party of 1; Henrik Lind", Folder.RECORDED),
        ("a person must answer", "no answer", Folder.REVIEW),
        ("the logistics answer", "no answer", Folder.RECORDED),
        ("with confidence", "no answer", Folder.REVIEW),
        ("a changed mind", "declined", Folder.RECORDED),
        ("out-of-office", "a machine's mail; nobody is answered", Folder.IGNORED),
        ("a bounce", "a machine's mail; nobody is answered", Folder.IGNORED),
    ],
)
def test_each_reply_is_read_rightly(shown: dict[str, str], heading: str, read: str, filed: Folder) -> None:
    text = section(shown, heading)
    assert re.search(rf"^read +{re.escape(read)}$", text, re.MULTILINE), text
    assert f"RSVP/{filed.value}" in text


@pytest.mark.parametrize("heading", ["out-of-office", "a bounce", "a forgery", "a stranger"])
def test_nothing_is_answered_to_those_who_must_not_be(shown: dict[str, str], heading: str) -> None:
    text = section(shown, heading)
    assert "answered  nothing" in text
    assert "╭" not in text


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("in French", "│ À l’attention de\u202f: Aline Moreau"),
        ("in Spanish", "│ A la atención de Jorge Ibáñez"),
        ("in Russian", "│ Уважаемый(-ая) Анна Лебедева!"),
        ("in Arabic", "سامي حداد"),
        ("in Chinese", "│ 尊敬的李文博女士/先生："),
    ],
)
def test_each_is_answered_in_their_language(shown: dict[str, str], heading: str, words: str) -> None:
    assert words in section(shown, heading).partition("╭")[2]


@pytest.mark.parametrize("heading", ["a plain yes", "a delegate", "with confidence", "the logistics answer"])
def test_the_answer_is_shown(shown: dict[str, str], heading: str) -> None:
    assert "│ Dear " in section(shown, heading)


def test_the_forgery_changes_nothing(shown: dict[str, str], folder: Path) -> None:
    text = section(shown, "a forgery")
    assert "dmarc=fail" in text
    assert "recorded nothing" in text
    (place,) = folder.glob("rsvpbot-demo-*")
    with open_store("tinydb:rsvp.json", place, read_only=True) as store:
        tomas = store.invitee_by_address("tomas.herrera@mission-a.example")
        lost = store.invitee_by_address("lost@closed.example")
    assert tomas is not None and tomas.partstat is PartStat.ACCEPTED
    assert lost is not None and lost.bounced


def test_an_organiser_decides_by_reply(shown: dict[str, str], folder: Path) -> None:
    words = section(shown, "her own words")
    assert "We gladly cover economy fares" in words and "noor.aziz@shelter.example" in words
    assert "Your words have gone to Noor Aziz" in words
    assert "Alex Nobody is on the list now; recorded: accepts" in section(shown, "the stranger may come")


def test_the_summary_is_shown_and_written(shown: dict[str, str], folder: Path) -> None:
    assert "20 seen = " in shown["summary"]
    (place,) = folder.glob("rsvpbot-demo-*")
    page = (place / "summary.html").read_text(encoding="utf-8")
    assert "Lucía Ferrer" in page
    assert str(place / "summary.html") in shown["summary"]


def test_nothing_is_left_behind_but_its_folder(shown: dict[str, str], folder: Path) -> None:
    assert [path.name[:13] for path in folder.iterdir()] == ["rsvpbot-demo-"]


def test_a_second_day_does_not_overwrite_the_first(shown: dict[str, str], folder: Path, tmp_path: Path) -> None:
    assert shown
    (first,) = folder.glob("rsvpbot-demo-*")
    before = {path.name: path.read_bytes() for path in first.iterdir() if path.is_file()}
    (tmp_path / "config.toml").write_text("mine")
    for place, name in ((first, "rsvp.json"), (tmp_path, "config.toml")):
        done = again(place)
        assert (done.returncode, done.stdout) == (2, "")
        assert str(place / name) in done.stderr and "there already, and not overwritten" in done.stderr
    assert {path.name: path.read_bytes() for path in first.iterdir() if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


def test_a_folder_that_cannot_be_made_is_told() -> None:
    done = again(Path("/dev/null/demo"))
    assert done.returncode == 1
    assert done.stderr.startswith("/dev/null/demo cannot be written (Not a directory); ")


def again(place: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rsvpbot", "demo", str(place)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
