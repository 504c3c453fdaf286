"""config.toml: what is taken, and what is said of what is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rsvpbot import config as configuration
from rsvpbot.config import ALL, READ, RECORD, Config, ConfigError, find, load
from rsvpbot.model import Address

NEW_YORK = ZoneInfo("America/New_York")

GOOD = """
[event]
uid = "talk@roundtable.example"
title = "A talk"
starts = 2016-09-20T12:30:00
ends = 2016-09-20T15:30:00
timezone = "America/New_York"

[mailbox]
address = "RSVP@roundtable.example"
host = "127.0.0.1"
password_file = "secret"

[smtp]
host = "127.0.0.1"

[organisers]
addresses = ["Secretariat <office@roundtable.example>", "chair@roundtable.example"]
"""

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a configuration beside a password file that only we can read."""
    secret = tmp_path / "secret"
    secret.write_text("open sesame\n")
    secret.chmod(0o600)

    def file(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return file


def changed(section: str, line: str) -> str:
    """The good configuration with one line more, or with another value of a key that it has."""
    keys = tuple(new.partition("=")[0] + "=" for new in line.splitlines())
    lines, current = [], ""
    for old in GOOD.splitlines():
        current = old if old.startswith("[") else current
        if current == f"[{section}]" and old.startswith(keys):
            continue
        lines.append(old)
        if old == f"[{section}]":
            lines.append(line)
    return "\n".join((*lines, "")) if f"[{section}]" in lines else GOOD + f"[{section}]\n{line}\n"


def problems(path: Path, uses: frozenset[str] = ALL) -> dict[str, str]:
    """Key -> what is wrong and what would be right."""
    with pytest.raises(ConfigError) as caught:
        load(path, uses)
    assert all(problem.file == str(path) for problem in caught.value.problems)
    return {problem.key: f"{problem.wrong}; {problem.right}" for problem in caught.value.problems}


def test_a_good_file_becomes_a_config(write: Write, tmp_path: Path) -> None:
    config = load(write(GOOD))
    assert config.event.starts == datetime(2016, 9, 20, 12, 30, tzinfo=NEW_YORK)
    assert config.mailbox.address == "rsvp@roundtable.example"
    assert config.mailbox.username == "rsvp@roundtable.example"
    assert config.mailbox.credential.password_file == tmp_path / "secret"
    assert config.smtp.username == "" and not config.smtp.credential
    assert config.organisers.addresses == (
        Address("Secretariat", "office@roundtable.example"),
        Address("", "chair@roundtable.example"),
    )
    assert config.store_file == tmp_path / "rsvp.json"
    assert config.state_folder == tmp_path


@pytest.mark.parametrize(
    ("section", "line", "read", "value"),
    [
        ("event", "rsvp_by = 2016-09-20", lambda c: c.event.rsvp_by, date(2016, 9, 20)),
        ("event", 'weekday = "tue"', lambda c: c.event.title, "A talk"),
        (
            "event",
            "freeze_at = 2016-09-19T22:00:00Z",
            lambda c: c.event.freeze_at,
            datetime(2016, 9, 19, 18, 0, tzinfo=NEW_YORK),
        ),
        ("event", "capacity = 120", lambda c: c.event.capacity, 120),
        (
            "event",
            "capacity = { a = 80, b = 40 }",
            lambda c: (c.event.capacity, c.event.capacity_by_category["b"]),
            (120, 40),
        ),
        ("venue", "arrive_by = 12:00:00", lambda c: c.event.venue.arrive_by, "12:00"),
        ("venue", 'arrive_by = "12:30"', lambda c: c.event.venue.arrive_by, "12:30"),
        ("mailbox", 'security = "starttls"', lambda c: c.mailbox.port, 143),
        ("mailbox", "since = 2016-08-22", lambda c: c.mailbox.since, datetime(2016, 8, 22, tzinfo=NEW_YORK)),
        ("smtp", 'security = "none"', lambda c: c.smtp.port, 25),
        ("smtp", 'security = "tls"', lambda c: c.smtp.port, 465),
        ("replies", 'languages = ["EN", "zh-Hant", "EN"]', lambda c: c.replies.languages, ("en", "zh-Hant")),
        ("organisers", 'summary_at = "7:30"', lambda c: c.organisers.summary_at, "07:30"),
        ("organisers", 'addresses = "a@b.example"', lambda c: c.organisers.addresses, (Address("", "a@b.example"),)),
        ("service", 'poll_every = "30s"', lambda c: c.service.poll_every, timedelta(seconds=30)),
        ("service", 'poll_every = "2h"', lambda c: c.service.poll_every, timedelta(hours=2)),
        ("store", 'url = "tinydb:/var/lib/x/rsvp.json"', lambda c: c.store_file, Path("/var/lib/x/rsvp.json")),
        ("retention", "days_after_event = 90", lambda c: c.retention_days, 90),
    ],
)
def test_values(write: Write, section: str, line: str, read: Callable[[Config], object], value: object) -> None:
    assert read(load(write(changed(section, line)))) == value


def test_documents_and_reminders(write: Write, tmp_path: Path) -> None:
    config = load(
        write(
            GOOD
            + """
[[documents]]
title = "Paper"
file = "paper.pdf"
send_at = 2016-09-14T09:00:00
[[reminders]]
to = "silent"
at = 2016-09-15T09:00:00
letter = "reminder"
"""
        )
    )
    (paper,) = config.event.documents
    assert (paper.title, paper.file) == ("Paper", str(tmp_path / "paper.pdf"))
    assert paper.send_at == datetime(2016, 9, 14, 9, tzinfo=NEW_YORK)
    assert config.reminders[0].at == datetime(2016, 9, 15, 9, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("section", "line", "key", "words"),
    [
        ("event", 'uid = "two words"', "event.uid", "without spaces"),
        ("event", 'title = ""', "event.title", "is empty"),
        ("event", 'title = "a\\nb"', "event.title", "one line"),
        ("event", 'starts = "2016-09-20 12:30"', "event.starts", "without them, as 2016-09-20T12:30:00"),
        ("event", "starts = 2016-09-20", "event.starts", "is a date; write a date with a time"),
        ("event", 'starts = "tomorrow"', "event.starts", "is not a date with a time"),
        ("event", "ends = 2016-09-20T11:00:00", "event.ends", "is not after the start"),
        ("event", "starts = 2016-03-13T02:30:00", "event.starts", "the clocks go forward"),
        ("event", "starts = 0001-01-01T00:00:00", "event.starts", "0001 is no possible year; write one between 1970"),
        ("event", "ends = 9999-12-31T23:59:59", "event.ends", "9999 is no possible year"),
        ("event", "rsvp_by = 0001-01-01", "event.rsvp_by", "0001 is no possible year"),
        ("event", "freeze_at = 9999-12-31T23:59:59-04:00", "event.freeze_at", "9999 is no possible year"),
        ("mailbox", "since = 9999-12-31", "mailbox.since", "9999 is no possible year"),
        ("event", 'timezone = "America/NewYork"', "event.timezone", 'did you mean "America/New_York"?'),
        ("event", 'timezone = "New York"', "event.timezone", 'did you mean "America/New_York"?'),
        ("event", 'weekday = "Wednesday"', "event.weekday", 'is a Tuesday, not a Wednesday; write weekday = "Tuesday"'),
        ("event", 'weekday = "Tusday"', "event.weekday", 'did you mean "Tuesday"?'),
        ("event", "rsvp_by = 2016-09-21", "event.rsvp_by", "is after the event starts"),
        ("event", "freeze_at = 2016-09-20T13:00:00", "event.freeze_at", "is after the event starts"),
        ("event", "capacity = 0", "event.capacity", "no possible capacity"),
        ("event", 'capacity = "120"', "event.capacity", '"120" is a text; write a whole number without quotes'),
        ("event", "capacity = true", "event.capacity", "true is true or false; write a whole number"),
        ("event", "capacity = { a = -1 }", "event.capacity", 'category "a"'),
        ("venue", 'arrive_by = "13:00"', "venue.arrive_by", "13:00 is after the event starts, 12:30"),
        ("venue", 'arrive_by = "noon"', "venue.arrive_by", 'as "08:00"'),
        ("mailbox", 'address = "rsvp at example"', "mailbox.address", "is not an e-mail address"),
        ("mailbox", 'host = "imaps://127.0.0.1/"', "mailbox.host", "is not the name of a host"),
        ("mailbox", 'host = "localhost:993"', "mailbox.host", 'host = "localhost" and port = 993'),
        ("mailbox", "port = 99999", "mailbox.port", "no possible port; write a whole number between 1 and 65,535"),
        ("mailbox", 'port = "imaps"', "mailbox.port", "without quotes"),
        ("mailbox", 'security = "ssl"', "mailbox.security", 'one of "tls", "starttls", "none"'),
        ("mailbox", 'security = "startls"', "mailbox.security", 'did you mean "starttls"?'),
        ("mailbox", 'token_command = ["sh", "-c", "true"]', "mailbox.token_command", "keep one of them"),
        ("mailbox", 'password_file = "nowhere"', "mailbox.password_file", "does not exist"),
        ("mailbox", 'ca_file = "nowhere.pem"', "mailbox.ca_file", "does not exist"),
        ("mailbox", 'plus_addressing = "yes"', "mailbox.plus_addressing", "write true or false"),
        ("mailbox", "max_size = 1.5", "mailbox.max_size", "a number with decimals"),
        ("mailbox", 'password = "sesame"', "mailbox.password", "password_file"),
        ("mailbox", 'adress = "x@y.example"', "mailbox.adress", 'did you mean "address"?'),
        ("mailbox", 'poll_every = "1m"', "mailbox.poll_every", "it belongs below [service]"),
        ("smtp", 'security = "none"\nhost = "mail.example"', "smtp.security", "in the clear to mail.example"),
        ("smtp", 'username = "rsvp"', "smtp.username", "there is no password for it"),
        ("smtp", 'password_file = "secret"', "smtp.password_file", "without a username"),
        ("smtp", 'username = "a"\npassword_command = ["./none"]', "smtp.password_command", "there is no program"),
        ("smtp", 'password_command = "pass show x"', "smtp.password_command", "write a list of the program"),
        ("smtp", 'oauth2 = { client = "x" }', "smtp.oauth2", 'did you mean "client_id"?'),
        ("smtp", 'oauth2 = { token_url = "http://login.example/" }', "smtp.oauth2", 'write it as "https://'),
        ("invitees", 'file = "nowhere.csv"', "invitees.file", "does not exist"),
        ("invitees", 'file = "."', "invitees.file", "is a folder; name the list in it"),
        ("replies", 'mode = "sent"', "replies.mode", 'did you mean "send"?'),
        ("replies", 'languages = ["English"]', "replies.languages", 'write "en"'),
        ("replies", 'languages = "en"', "replies.languages", "write a list"),
        ("replies", "languages = []", "replies.languages", "the list is empty"),
        ("replies", 'templates = "nowhere"', "replies.templates", "is no folder"),
        ("organisers", "addresses = []", "organisers.addresses", "the list is empty"),
        ("organisers", 'addresses = ["me"]', "organisers.addresses", "is not an e-mail address"),
        ("organisers", 'addresses = ["rsvp@roundtable.example"]', "organisers.addresses", "the mailbox itself"),
        ("organisers", 'summary_at = "25:00"', "organisers.summary_at", "is not a time of day"),
        ("organisers", "summary_at = 8", "organisers.summary_at", 'as "08:00"'),
        ("store", 'url = "rsvp.json"', "store.url", 'write "tinydb:rsvp.json"'),
        ("store", 'url = "mysql:x"', "store.url", 'no store of the kind "mysql"'),
        ("service", 'poll_every = "often"', "service.poll_every", '"30s", "1m" or "2h"'),
        ("service", "poll_every = 60", "service.poll_every", "is a number; write a number and its unit"),
        ("service", 'poll_every = "0s"', "service.poll_every", "too short"),
        ("service", 'poll_every = "48h"', "service.poll_every", "too long"),
        ("service", 'metrics_file = "no/such/folder/x.prom"', "service.metrics_file", "there is no folder"),
        ("service", 'metrics_file = "x.txt"', "service.metrics_file", "write a name that ends in .prom"),
        ("retention", "days_after_event = -1", "retention.days_after_event", "no possible number of days"),
        ("event", "title = 5", "event.title", "5 is a number; write a text in quotes"),
        ("event", "title = [1]", "event.title", "this is a list; write a text"),
        ("event", "title = { a = 1 }", "event.title", "this is a table; write a text"),
        ("event", "title = 2016-09-20T12:30:00", "event.title", "is a date with a time; write a text"),
        ("event", "title = 12:30:00", "event.title", "is a time; write a text"),
        ("event", "rsvp_by = 2016-09-16T12:00:00", "event.rsvp_by", "write a date without quotes"),
        ("event", "capacity = {}", "event.capacity", "the table is empty"),
        ("mailbox", "security = true", "mailbox.security", "write one of"),
        ("mailbox", "token_command = []", "mailbox.token_command", "names no program"),
        ("smtp", 'oauth2 = { flow = "device" }', "smtp.oauth2", 'did you mean "device-code"?'),
        ("smtp", 'oauth2 = { flow = "device-code" }', "smtp.oauth2", "device_url, token_url, client_id, scope missing"),
        ("smtp", 'oauth2 = { flow = "authorization-code", scope = "x" }', "smtp.oauth2", "authorize_url, token_url"),
        ("smtp", 'oauth2 = { flow = "service-account", scope = "x" }', "smtp.oauth2", "key_file missing"),
        ("smtp", 'oauth2 = { device_url = "http://login.example/" }', "smtp.oauth2", 'device_url: "http://login.example/"'),
        ("smtp", "oauth2 = true", "smtp.oauth2", "write a table with the keys"),
        ("smtp", 'oauth2 = { scope = "x" }', "smtp.oauth2", "token_url, client_id, client_secret_file missing"),
        ("smtp", "capacity_of = 1", "smtp.capacity_of", "its keys are host"),
        ("organisers", "addresses = 5", "organisers.addresses", "write a list"),
        ("store", 'url = "tinydb:"', "store.url", "names no file"),
        ("mailbx", "port = 1", "mailbx", "did you mean [mailbox]?"),
        ("document", "port = 1", "document", "did you mean [[documents]]?"),
        ("documents", 'title = "x"', "documents", "write its header as [[documents]]"),
        ("zebra", "port = 1", "zebra", "the sections are [event]"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_what_would_be_right(
    write: Write, section: str, line: str, key: str, words: str
) -> None:
    found = problems(write(changed(section, line)))
    assert list(found) == [key]
    assert words in found[key]


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        ('poll_every = "1m"', "poll_every", "move it below [service]"),
        ("zebra = 1", "zebra", "there is no such key"),
        ('service = "1m"', "service", "write [service] on a line of its own"),
    ],
)
def test_what_stands_outside_of_a_section(write: Write, line: str, key: str, words: str) -> None:
    found = problems(write(f"{line}\n{GOOD}"))
    assert list(found) == [key]
    assert words in found[key]


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("localhost", True), ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("[::1]", True),
        ("localhost.evil.example", False), ("128.0.0.1", False), ("mail", False), ("::", False), ("0.0.0.0", False),
    ],
)  # fmt: skip
def test_only_this_machine_may_be_spoken_to_in_the_clear(write: Write, host: str, is_loopback: bool) -> None:
    path = write(changed("smtp", f'host = "{host}"\nsecurity = "none"'))
    if is_loopback:
        assert load(path).smtp.security == "none"
    else:
        assert "in the clear" in problems(path)["smtp.security"]


def test_eight_mistakes_are_all_named(write: Write, tmp_path: Path) -> None:
    (tmp_path / "open").write_text("secret")
    (tmp_path / "open").chmod(0o644)
    text = """
titel = "x"
[event]
uid = "talk@roundtable.example"
title = "A talk"
starts = 2016-09-20T12:30:00
ends = 2016-09-19T15:30:00
timezone = "America/New_Yrok"
weekday = "Wednesday"
[mailbox]
address = "rsvp@roundtable.example"
host = "imap.roundtable.example"
port = 70000
security = "none"
password_file = "open"
[smtp]
hots = "127.0.0.1"
[organisers]
addresses = ["office@roundtable.example"]
"""
    assert set(problems(write(text))) == {
        "titel", "event.ends", "event.timezone", "event.weekday", "mailbox.port", "mailbox.security",
        "mailbox.password_file", "smtp.hots", "smtp.host",
    }  # fmt: skip


def test_every_required_key_says_what_to_write(write: Write) -> None:
    found = problems(write("[[documents]]\n[[reminders]]\n"))
    assert set(found) == {
        "event.uid", "event.title", "event.starts", "event.ends", "event.timezone", "mailbox.address", "mailbox.host",
        "mailbox.password_file", "smtp.host", "organisers.addresses", "documents[1].title", "reminders[1].to",
        "reminders[1].at", "reminders[1].letter",
    }  # fmt: skip
    for section in configuration.SECTIONS:
        for key in section.keys:
            assert key.required == ((section.name, key.name) in configuration._EXPECTED)


def test_one_arrives_the_evening_before_what_starts_at_midnight(write: Write) -> None:
    at_night = GOOD.replace("12:30:00", "00:30:00") + '[venue]\narrive_by = "23:45"\n'
    assert load(write(at_night)).event.venue.arrive_by == "23:45"


@pytest.mark.parametrize(("mode", "wrong"), [(0o600, None), (0o640, None), (0o604, "others"), (0o666, "others")])
def test_a_password_file_is_read_by_its_owner_only(write: Write, tmp_path: Path, mode: int, wrong: str | None) -> None:
    (tmp_path / "secret").chmod(mode)
    if wrong is None:
        load(write(GOOD))
    else:
        assert wrong in problems(write(GOOD))["mailbox.password_file"]


# What is wrong with each of the configurations that are named, as JSON.
TELL = """
import json, sys
from pathlib import Path
from rsvpbot.config import ConfigError, find, load
for name in sys.argv[1:]:
    try:
        load(find(Path(name)))
    except ConfigError as error:
        print(json.dumps({problem.key: problem.wrong + "; " + problem.right for problem in error.problems}))
"""


def test_what_this_user_may_not_look_at_is_told(tmp_path: Path) -> None:
    """As where `rsvpbot init`, run by root, made the folder."""
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "config.toml").write_text(GOOD)
    named = '[invitees]\nfile = "closed/list.csv"\n[replies]\ntemplates = "closed/letters"\n'
    (tmp_path / "config.toml").write_text(changed("mailbox", 'ca_file = "closed/ca.pem"') + named)
    closed.chmod(0)
    # Root looks into every folder by these two capabilities; without them it still reads what the program is made of,
    # which another user could not where the tests themselves stand in a private folder.
    as_any_other = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    try:
        told = subprocess.run(
            [*as_any_other, sys.executable, "-c", TELL, closed, closed / "config.toml", tmp_path / "config.toml"],
            stdout=subprocess.PIPE,
            check=True,
        ).stdout.splitlines()
    finally:
        closed.chmod(0o700)
    folder, file, others = map(json.loads, told)
    assert folder == file == {"file": "cannot be read (Permission denied); let this user read it"}
    assert "list.csv cannot be read" in others["invitees.file"]
    assert {"mailbox.ca_file", "replies.templates"} <= others.keys()


def test_an_empty_password_file_and_a_folder(write: Write, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("")
    assert "is empty" in problems(write(GOOD))["mailbox.password_file"]
    (tmp_path / "secret").unlink()
    (tmp_path / "secret").mkdir(mode=0o700)
    assert "is no file" in problems(write(GOOD))["mailbox.password_file"]


def test_a_systemd_credential_is_password_enough(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(GOOD.replace('password_file = "secret"', ""))
    assert "there is no password" in problems(path)["mailbox.password_file"]
    (tmp_path / "imap").write_text("sesame")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert not load(path).mailbox.credential


@pytest.mark.parametrize("section", ["mailbox", "smtp"])
def test_a_credential_that_is_wrong_is_not_called_missing_too(write: Write, section: str) -> None:
    text = changed(section, 'oauth2 = { flow = "device-code", scope = "x" }\nusername = "rsvp@roundtable.example"')
    path = write(text.replace('password_file = "secret"\n', ""))
    assert [key for key in problems(path) if key.startswith(section)] == [f"{section}.oauth2"]


TOKENS = 'token_url = "https://login.example/token", client_id = "x", scope = "mail"'
LOGIN = f'{{ flow = "device-code", device_url = "https://login.example/device", {TOKENS} }}'


def test_logins_lie_in_the_state_folder_and_one_does_where_both_sections_say_the_same(
    write: Write, tmp_path: Path
) -> None:
    text = changed("mailbox", f"oauth2 = {LOGIN}").replace('password_file = "secret"', "")
    text += '[store]\nurl = "tinydb:state/rsvp.json"\n'

    def files(smtp: str) -> tuple[Path, Path]:
        config = load(write(text.replace("[smtp]", f"[smtp]\n{smtp}")))
        assert config.mailbox.credential.oauth2 and config.smtp.credential.oauth2
        return config.mailbox.credential.oauth2.login_file, config.smtp.credential.oauth2.login_file

    imap, smtp = tmp_path / "state" / "imap-login.json", tmp_path / "state" / "smtp-login.json"
    assert files(f'username = "rsvp@roundtable.example"\noauth2 = {LOGIN}') == (imap, imap)
    assert files(f'username = "other@roundtable.example"\noauth2 = {LOGIN}') == (imap, smtp)
    other = LOGIN.replace('"mail"', '"smtp"')
    assert files(f'username = "rsvp@roundtable.example"\noauth2 = {other}') == (imap, smtp)


def test_a_service_account_opens_the_mailbox_of_the_username_unless_another_is_named(
    write: Write, tmp_path: Path
) -> None:
    def subject(keys: str) -> str:
        text = changed("mailbox", f'oauth2 = {{ flow = "service-account", key_file = "secret", scope = "mail"{keys} }}')
        config = load(write(text.replace('password_file = "secret"', "")))
        assert config.mailbox.credential.oauth2
        assert config.mailbox.credential.oauth2.key_file == tmp_path / "secret"
        return config.mailbox.credential.oauth2.subject

    assert subject("") == "rsvp@roundtable.example"
    assert subject(', subject = "chair@roundtable.example"') == "chair@roundtable.example"


def test_the_secret_of_a_client_is_read_by_its_owner_only(write: Write, tmp_path: Path) -> None:
    (tmp_path / "secret").chmod(0o604)
    for keys, named in (
        (f'client_secret_file = "secret", {TOKENS}', "client_secret_file"),
        ('flow = "service-account", scope = "x", key_file = "secret", client_secret_file = "nothing"', "key_file"),
    ):
        text = changed("mailbox", f"oauth2 = {{ {keys} }}").replace('password_file = "secret"', "")
        assert "may be read by others" in problems(write(text))[f"mailbox.oauth2.{named}"]


def test_a_relative_program_is_found_beside_the_file(write: Write, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "password"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho sesame\n")
    program.chmod(0o700)
    text = GOOD.replace('password_file = "secret"', 'password_command = ["bin/password", "imap"]')
    assert load(write(text)).mailbox.credential.password_command == (str(program), "imap")


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("[event]\nuid 5\n", "line 2", "is not TOML: expected '='"),
        ("[event]\nuid = talk\n", "line 2", "is not TOML"),
        ("[event]\n[event]\n", "line 2", "is not TOML"),
        ('[event]\ntitle = "abc\n', "line 2", "is not TOML"),
        ("[event]\nuid =", "last line", "is not TOML: invalid value"),
    ],
)
def test_what_is_not_toml_is_told_with_its_line(write: Write, text: str, key: str, words: str) -> None:
    assert words in problems(write(text))[key]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "does not exist" in problems(tmp_path / "config.toml")["file"]
    (tmp_path / "latin.toml").write_bytes(b"[event]\ntitle = 'caf\xe9'\n")
    assert "UTF-8" in problems(tmp_path / "latin.toml")["line 2"]
    assert "cannot be read" in problems(tmp_path)["file"]


def test_a_byte_order_mark_does_not_matter(write: Write) -> None:
    assert load(write("\ufeff" + GOOD)).event.title == "A talk"


def test_a_command_needs_only_what_it_uses(write: Write) -> None:
    text = GOOD.partition("[mailbox]")[0] + '[mailbox]\naddress = "rsvp@roundtable.example"\nport = "x"\n'
    assert load(write(text), READ).mailbox.port == 993
    assert load(write(text + '[smtp]\npassword_file = "nowhere"\nsecurity = "no"\n'), READ).smtp.security == "starttls"
    assert set(problems(write(text + "[store]\nulr = 1\n"), READ)) == {"store.ulr"}
    assert set(problems(write(text + '[store]\nurl = ""\n'), RECORD)) == {"store.url", "organisers.addresses"}


def test_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    assert find(Path("x.toml")) == Path("x.toml")
    assert find(tmp_path) == tmp_path / "config.toml"
    if not Path("/etc/rsvpbot/config.toml").exists():
        with pytest.raises(ConfigError, match="rsvpbot init DIR"):
            find()
    (tmp_path / "user" / "rsvpbot").mkdir(parents=True)
    (tmp_path / "user" / "rsvpbot" / "config.toml").touch()
    assert find() == tmp_path / "user" / "rsvpbot" / "config.toml"
    (tmp_path / "config.toml").touch()
    assert find() == Path("config.toml")


BEFORE = datetime(2016, 9, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("section", "line", "now", "key", "fatal"),
    [
        ("mailbox", "port = 993", BEFORE, "mailbox.authserv_id", False),
        ("mailbox", "port = 143", BEFORE, "mailbox.security", False),
        ("smtp", "port = 465", BEFORE, "smtp.security", False),
        ("invitees", "open = false", BEFORE, "invitees.file", False),
        ("invitees", "open = false", datetime(2016, 9, 21, tzinfo=UTC), "event.ends", False),
        ("[documents]", 'title = "x"\nfile = "x.pdf"', BEFORE, "documents[1].file", False),
        ("[documents]", 'title = "x"\nsend_at = 2016-09-14T09:00:00', BEFORE, "documents[1].file", False),
        (
            "[documents]",
            'title = "x"\nfile = "x.pdf"\nsend_at = 2016-09-11T09:00:00',
            BEFORE,
            "documents[1].file",
            True,
        ),
        ("[documents]", 'title = "x"\nsend_at = 2016-10-11T09:00:00', BEFORE, "documents[1].send_at", False),
        ("[reminders]", 'to = "silent"\nat = 2017-01-01T00:00:00\nletter = "x"', BEFORE, "reminders[1].at", False),
    ],
)
def test_what_is_doubtful_is_told_and_stops_nothing(
    write: Write, section: str, line: str, now: datetime, key: str, fatal: bool
) -> None:
    found = configuration.warnings(load(write(changed(section, line))), now)
    assert (key, fatal) in {(problem.key, problem.fatal) for problem in found}


def test_nothing_is_doubtful_where_nothing_is(write: Write) -> None:
    text = changed("mailbox", 'authserv_id = "mx.roundtable.example"') + "[invitees]\nopen = true\n"
    assert configuration.warnings(load(write(text)), BEFORE) == ()


def test_what_is_right_in_a_wrong_file_can_still_be_looked_at(write: Write, tmp_path: Path) -> None:
    config = configuration.salvage(write('[event]\ntimezone = "?"\n[smtp]\nport = 0\n[invitees]\nfile = "list.csv"\n'))
    assert config is not None
    assert (config.invitees.file, config.smtp.port) == (tmp_path / "list.csv", 587)
    assert configuration.salvage(write("[event")) is None
