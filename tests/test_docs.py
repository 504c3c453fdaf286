"""README, --help, config.example.toml and docs say what the code does, and all of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from itertools import chain
from pathlib import Path
from textwrap import dedent
from typing import Any

import click
import pytest
from click.testing import CliRunner

from rsvpbot import cli, config
from rsvpbot.config import SECTIONS, Config, load
from rsvpbot.model import Document, Event, Venue
from rsvpbot.schema import Place

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "config.example.toml"
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(cli.rsvpbot.commands.items())

# --------------------------------------------------------------------------- commands


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_each_command_has_help_and_stands_in_the_readme(name: str, command: click.Command) -> None:
    assert command.help and command.short_help
    assert f"`rsvpbot {name}" in README
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
    shown = CliRunner().invoke(cli.rsvpbot, [name, "--help"])
    assert shown.exit_code == 0
    for parameter in command.params:
        assert all(flag in shown.output for flag in parameter.opts if flag.startswith("--"))


def test_the_readme_names_no_command_that_there_is_not() -> None:
    text = "\n".join((README, *(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))))
    assert set(re.findall(r"`rsvpbot ([a-z]+(?:-[a-z]+)*)", text)) <= set(cli.rsvpbot.commands)


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS])
def test_config_and_now_stand_with_every_command(name: str) -> None:
    options = {flag for parameter in cli.rsvpbot.commands[name].params for flag in parameter.opts}
    assert {"--config", "--now"} <= options


def test_links_of_the_readme_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_each_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = chain(project["dependencies"], *project["optional-dependencies"].values())
    names = {re.split(r"[\[<>=~!; ]", requirement)[0] for requirement in wanted} - {"rsvpbot"}
    told = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert sorted(name for name in names if not re.search(rf"\b{re.escape(name)}\b", told)) == []


@pytest.mark.parametrize("name", ["microsoft-365.md", "google.md"])
def test_the_settings_in_a_document_are_right(name: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    blocks = [tomllib.loads(dedent(block)) for block in re.findall(r"^ *```toml\n(.*?)^ *```$", text, re.M | re.S)]
    known = {section.name: section for section in SECTIONS}
    flows = []
    for section, keys in chain.from_iterable(block.items() for block in blocks):
        for key, value in keys.items():
            found = known[section].key(key)
            assert found is not None, key
            taken = found.kind(value, Place(tmp_path))  # raises what is wrong
            flows += [taken["flow"]] if isinstance(taken, dict) else []
    assert (
        sorted(flows)
        == {
            "microsoft-365.md": ["client-credentials", "device-code"],
            "google.md": ["authorization-code", "service-account"],
        }[name]
    )
    assert set(flows) <= set(re.findall(r'`"([a-z-]+)"`', text))


# --------------------------------------------------------------------------- the example configuration


@dataclass(frozen=True, slots=True)
class Line:
    """One key of the example, active or commented out."""

    number: int
    section: str
    """As "mailbox" or "mailbox.oauth2"."""
    key: str
    active: bool
    hidden: bool
    """Its section is commented out."""


def lines() -> Iterator[Line]:
    section, hidden = "", False
    for number, line in enumerate(EXAMPLE.read_text(encoding="utf-8").splitlines()):
        if header := re.fullmatch(r"(# )?\[\[?([a-z0-9_.]+)\]\]?", line):
            section, hidden = header[2], bool(header[1])
        elif found := re.match(r"(#\s*)?([A-Za-z0-9_]+)\s*=", line):
            yield Line(number, section, found[2], not found[1], hidden)


LINES = tuple(lines())
COMMENTED_OUT = tuple(line for line in LINES if not line.active)


def known_keys() -> set[tuple[str, str]]:
    found = {(section.name, key.name) for section in SECTIONS for key in section.keys}
    nested = {(name, key) for name, key in found if key == "oauth2"}
    return (found - nested) | {(f"{name}.oauth2", key.name) for name, _ in nested for key in config.OAUTH2_KEYS}


def test_the_example_holds_every_key_and_no_other() -> None:
    assert {(line.section, line.key) for line in LINES} == known_keys()


def test_each_key_stands_there_once() -> None:
    places = [(line.section, line.key) for line in LINES]
    assert len(places) == len(set(places))


def test_headers_stand_alone_on_their_line() -> None:
    headers = [line for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if re.match(r"(# )?\[[a-z\[]", line)]
    assert all(re.fullmatch(r"(# )?(\[[a-z0-9_.]+\]|\[\[[a-z]+\]\])", header) for header in headers)
    assert {header.strip("# []") for header in headers} == {line.section for line in LINES}


def test_each_key_is_explained() -> None:
    """A comment stands above it, or above the keys and the header right before it."""
    text = EXAMPLE.read_text(encoding="utf-8").splitlines()
    keys = {line.number for line in LINES}
    unexplained = []
    for line in LINES:
        above = line.number - 1
        while above in keys or re.match(r"(# )?\[", text[above]):
            above -= 1
        if not text[above].startswith("# "):
            unexplained.append(f"{line.section}.{line.key}")
    assert unexplained == []


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every file and program that the example names."""
    for name in ("imap-password", "smtp-password", "oauth2-secret", "invitees.csv", "ca.pem", "discussion-paper.pdf"):
        file = tmp_path / name
        file.touch(mode=0o600)
        file.write_text("email\n")
    (tmp_path / "templates").mkdir()
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("pass", "oama"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o700)
    monkeypatch.setenv("PATH", str(programs))
    return tmp_path


def loaded(house: Path, *uncommented: Line, without: str = "") -> Config:
    text = EXAMPLE.read_text(encoding="utf-8").splitlines()
    sections = {line.section for line in uncommented if line.hidden}
    for number, header in enumerate(text):
        if header.startswith("# [") and header.strip("# []") in sections:
            text[number] = header.removeprefix("# ")
    for line in uncommented:
        text[line.number] = text[line.number].lstrip("# ")
    if without:
        text = [words for words in text if not words.startswith(without)]
    path = house / "config.toml"
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    return load(path)


def test_the_example_loads(house: Path) -> None:
    example = loaded(house)
    assert example.event.uid == "roundtable-2016-09-20@roundtable.example"
    assert example.mailbox.address == "rsvp@roundtable.example"
    assert example.mailbox.authserv_id == "mx.roundtable.example"
    assert (str(example.event.rsvp_by), example.event.capacity) == ("2016-09-16", 120)
    assert not example.smtp.username and not example.smtp.credential
    assert example.replies.mode == "draft"
    assert config.warnings(example, example.event.starts) == ()


CREDENTIALS = {key.name for key in config._CREDENTIAL} - {"oauth2"}


def _together(line: Line) -> tuple[Line, ...]:
    """The lines that must be uncommented with this one: a hidden section, or the user name of a password."""
    with_it = [other for other in COMMENTED_OUT if line.hidden and other.section == line.section] or [line]
    if line.section.startswith("smtp") and (line.key in CREDENTIALS or line.hidden):
        with_it += [other for other in COMMENTED_OUT if (other.section, other.key) == ("smtp", "username")]
    if (line.section, line.key) == ("smtp", "username"):
        with_it += [other for other in COMMENTED_OUT if (other.section, other.key) == ("smtp", "password_file")]
    return tuple(with_it)


def _default(line: Line) -> Any:
    """The default of the field that holds this key; MISSING where its dataclass has another shape."""
    holders: dict[str, Any] = {
        "event": Event, "venue": Venue, "mailbox": config.MailboxConfig, "smtp": config.SmtpConfig,
        "invitees": config.InviteesConfig, "replies": config.RepliesConfig, "documents": Document,
        "reminders": config.ReminderConfig, "organisers": config.OrganisersConfig, "service": config.ServiceConfig,
    }  # fmt: skip
    held = {field.name: field for field in fields(holders[line.section])} if line.section in holders else {}
    return held[line.key].default if line.key in held else MISSING


@pytest.mark.parametrize("line", COMMENTED_OUT, ids=lambda line: f"{line.section}.{line.key}")
def test_what_is_commented_out_is_right_when_it_is_not(house: Path, line: Line) -> None:
    other_credential = line.section == "mailbox.oauth2" or (line.section == "mailbox" and line.key in CREDENTIALS)
    with_it = loaded(house, *_together(line), without="password_file" if other_credential else "")
    default = _default(line)
    if default is not MISSING and default not in (None, "", ()) and not line.hidden:
        held: Any = {"event": with_it.event, "venue": with_it.event.venue}.get(line.section)
        assert getattr(held or getattr(with_it, line.section), line.key) == default
