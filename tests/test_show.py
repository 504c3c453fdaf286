"""`rsvpbot read`: one line of JSON a mail, or a page for a person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from rsvpbot import show
from rsvpbot.config import READ, Config, load
from rsvpbot.examine import Examined

ROOT = Path(__file__).resolve().parent.parent
PEOPLE = ROOT / "tests" / "corpus" / "people"
KEYS = {
    "file", "kind", "partstat", "party", "names", "review", "grounds_pass", "dietary", "access", "language", "asks",
    "reasons", "evidence",
}  # fmt: skip


@pytest.fixture(scope="module")
def config() -> Config:
    return load(ROOT / "config.example.toml", READ)


def test_json(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    files = sorted(PEOPLE.glob("*.eml"))[:5]
    assert show.main(files, config, as_json=True) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [Path(row["file"]) for row in rows] == files
    assert all(set(row) == KEYS for row in rows)


def test_a_file_that_cannot_be_read(config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = PEOPLE / "012-stateless.eml"
    files = [tmp_path / "nowhere.eml", good, tmp_path]
    assert show.main(files, config, as_json=True) == 2
    captured = capsys.readouterr()
    rows = [json.loads(line) for line in captured.out.splitlines()]
    assert [(row["kind"], row["partstat"]) for row in rows] == [(None, None), ("human", "accepted"), (None, None)]
    assert all(row["review"] and row["reasons"] for row in (rows[0], rows[2]))
    told = [
        f"{files[0]}: the file cannot be read: No such file or directory",
        f"{files[2]}: the file cannot be read: Is a directory",
    ]
    assert captured.err.splitlines() == told
    assert show.main(files, config, as_json=False) == 2
    captured = capsys.readouterr()
    assert captured.err.splitlines() == told and "012-stateless" in captured.out
    assert show.main([good], config, as_json=False) == 0


def test_many_files_are_shared_out_and_come_back_in_order(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [*sorted(PEOPLE.glob("*.eml"))[:9], tmp_path / "nowhere.eml"]
    one_by_one = [show.row(file, config) for file in files]
    monkeypatch.setattr(show, "WORTH_A_WORKER", 2)
    monkeypatch.setattr(show, "CHUNK", 2)
    assert list(show.rows(files, config)) == one_by_one


def examined(file: Path, config: Config) -> Examined:
    found = show.read_file(file, config)
    assert isinstance(found, Examined)
    return found


def test_for_a_person(config: Config) -> None:
    console = Console(record=True, width=100)
    show.show("012-stateless.eml", examined(PEOPLE / "012-stateless.eml", config), console)
    page = console.export_text()
    assert "accepted" in page
    assert "for a person" in page
    assert "comes" in page


def test_terminal_controls_stay_out(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "hostile.eml"
    file.write_bytes(
        b"From: Jane Roe <j@x.example>\r\nSubject: x\r\n\r\nI will \x1b[31mattend\x1b[0m [red]now[/red]\r\n"
    )
    console = Console(record=True, width=100, force_terminal=False)
    show.show(file, examined(file, config), console)
    assert "\x1b" not in console.export_text(styles=False)
