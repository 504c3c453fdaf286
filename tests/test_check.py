"""`rsvpbot check`: what it finds on files, on this machine, and on real servers."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from rsvpbot import scaffold
from rsvpbot.check import (
    LEAST_FREE,
    LITTLE_FREE,
    Finding,
    Mark,
    capability_findings,
    check_and_show,
    clock_finding,
    disk_finding,
    exit_status,
    findings,
    show,
)
from rsvpbot.mail.tokens import Tokens, load_keys, rotate
from rsvpbot.model import Invitee, LetterKind, LetterState, Mailbox
from rsvpbot.store import open_store
from rsvpbot.store.base import Commit
from tests.servers import Dovecot, SmtpSink, User, free_port
from tests.store_records import letter

GOOD = Finding("x", Mark.GOOD, "fine")
DOUBT = Finding("x", Mark.DOUBT, "hm", "think")
OUT_OF_REACH = Finding("x", Mark.BAD, "gone", "ask")
WRITTEN_WRONG = Finding("x", Mark.BAD, "wrong", "write", written=True)


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ((), 0),
        ((GOOD, DOUBT), 0),
        ((GOOD, OUT_OF_REACH), 1),
        ((OUT_OF_REACH, WRITTEN_WRONG), 2),
        ((Finding("x", Mark.DOUBT, "hm", written=True),), 0),
    ],
)
def test_exit_status(found: tuple[Finding, ...], status: int) -> None:
    assert exit_status(found) == status


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "newest", "mark"),
    [
        (NOW, None, Mark.GOOD),
        (NOW, NOW - timedelta(days=3), Mark.GOOD),
        (NOW, NOW + timedelta(minutes=2), Mark.GOOD),
        (NOW, NOW + timedelta(minutes=6), Mark.BAD),
        (NOW.replace(year=1970), None, Mark.BAD),
        (NOW.replace(year=2099), None, Mark.GOOD),
        (NOW.replace(year=2100), None, Mark.BAD),
    ],
)
def test_clock(now: datetime, newest: datetime | None, mark: Mark) -> None:
    assert clock_finding(now, newest).mark is mark


@pytest.mark.parametrize(
    ("free", "mark"),
    [(LEAST_FREE - 1, Mark.BAD), (LEAST_FREE, Mark.DOUBT), (LITTLE_FREE - 1, Mark.DOUBT), (LITTLE_FREE, Mark.GOOD)],
)
def test_disk(free: int, mark: Mark) -> None:
    assert disk_finding(Path("/state"), free).mark is mark


@pytest.mark.parametrize(
    ("capabilities", "idle", "marks"),
    [
        (("IMAP4rev1", "MOVE", "IDLE"), True, {"filing": Mark.GOOD, "doorbell": Mark.GOOD}),
        (("uidplus", "idle"), True, {"filing": Mark.GOOD, "doorbell": Mark.GOOD}),
        (("IMAP4rev1",), True, {"filing": Mark.DOUBT, "doorbell": Mark.DOUBT}),
        (("MOVE",), False, {"filing": Mark.GOOD}),
    ],
)
def test_capabilities(capabilities: tuple[str, ...], idle: bool, marks: dict[str, Mark]) -> None:
    assert {finding.about: finding.mark for finding in capability_findings(capabilities, idle)} == marks


@pytest.mark.parametrize(("encoding", "signs"), [("utf-8", "✓!✗→"), ("latin-1", "ok!X->")])
def test_every_cross_says_what_to_do(encoding: str, signs: str) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    show((GOOD, DOUBT, Finding("store", Mark.BAD, "gone [/bold]", "ask")), Console(file=out, width=60))
    out.seek(0)
    told = out.read()
    for sign in signs if encoding == "utf-8" else ("ok", "!", "X", "->"):
        assert sign in told
    assert "gone [/bold]" in told
    assert "1 to put right, 1 to think about." in told


# --------------------------------------------------------------------------- files


@dataclass
class House:
    """What init wrote, and changes to it."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def change(self, *changes: tuple[str, str]) -> None:
        text = self.config.read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        self.config.write_text(text)

    def findings(self, *marks: Mark) -> dict[str, list[Finding]]:
        found: dict[str, list[Finding]] = {}
        for finding in findings(self.config, datetime(2016, 9, 12)):  # noqa: DTZ001 (local to the event)
            if not marks or finding.mark in marks:
                found.setdefault(finding.about, []).append(finding)
        return found


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Servers in it are out of reach at once: nothing listens there."""
    scaffold.write(tmp_path)
    password = tmp_path / "imap-password"
    password.touch(mode=0o600)
    password.write_text("open sesame")
    house = House(tmp_path)
    servers = f'host = "127.0.0.1"\nport = {free_port()}\nsecurity = "none"'
    house.change(('host = "imap.roundtable.example"', servers), ('host = "smtp.roundtable.example"', servers))
    return house


def test_eight_different_mistakes_are_all_named(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    (house.folder / "imap-password").chmod(0o644)
    (house.folder / "invitees.csv").write_text("email,seats\na@x.example,1\nb@x.example,many\n")
    house.change(
        ('# weekday = "Tuesday"', 'weekday = "Wednesday"'),
        ("ends = 2016-09-20T15:30:00", "ends = 2016-09-20T11:30:00"),
        ('name = "UNICEF House"', 'nmae = "UNICEF House"'),
        ('host = "127.0.0.1"', 'host = "mail.roundtable.example"'),
        ('# summary_at = "08:00"', 'summary_at = "eight"'),
        ('timezone = "America/New_York"\n# Letters', 'timezone = "America/Newyork"\n# Letters'),
    )
    letter = house.folder / "templates" / "en" / "accepted.md"
    letter.write_text("Subject: Thank you\n\n{{ nobody }}\n")
    (house.folder / "templates" / "badges.html").write_text("<p>\n{{ somebody }}")
    assert check_and_show(house.config, None, Console(width=200)) == 2
    told = " ".join(capsys.readouterr().out.split())
    for wrong, right in (
        ("event.weekday: 2016-09-20 is a Tuesday, not a Wednesday", 'write weekday = "Tuesday"'),
        ("event.ends: 2016-09-20T11:30:00 is not after the start", "write a time after starts"),
        ('event.timezone: "America/Newyork" is not a known time zone', 'did you mean "America/New_York"?'),
        ("venue.nmae: there is no such key", 'did you mean "name"?'),
        ("mailbox.security: \"none\" would send mail and password in the clear", 'write "tls" or "starttls"'),
        ("smtp.security: \"none\" would send", 'write "tls" or "starttls"'),
        ("mailbox.password_file:", "chmod 600"),
        ('organisers.summary_at: "eight" is not a time of day', 'as "08:00"'),
        ('invitees.csv, line 3: seats: "many" is not a number', "write how many may come"),
        ("en/accepted.md", "nobody"),
        ("badges.html, line 2: 'somebody' is undefined", "the built-in one shows"),
    ):  # fmt: skip
        assert wrong in told
        assert right in told


def test_each_letter_is_named_with_its_language_and_all_that_is_wrong_is_told_at_once(house: House) -> None:
    templates = house.folder / "templates"
    for language in ("en", "fr"):
        (templates / language / "accepted.md").write_text("Thank you!\n\nYou are coming.\n")
    (templates / "en" / "declined.md").write_text("{# ours #}\n{% set a = 1 %}\nSubject: Thank you\n\n{{ oh dear }}\n")
    told = [finding.told for finding in house.findings(Mark.BAD)["letters"]]
    assert sorted(one.partition(",")[0] for one in told) == ["en/accepted.md", "en/declined.md", "fr/accepted.md"]
    assert sum("must begin with a line 'Subject: …'" in one for one in told) == 2


def test_what_is_not_toml_is_one_cross(house: House) -> None:
    house.config.write_text("[event\n")
    (found,) = house.findings(Mark.BAD)["configuration"]
    assert found.told.startswith("line 1: is not TOML")


def test_servers_out_of_reach_are_1(house: House) -> None:
    bad = house.findings(Mark.BAD)
    assert set(bad) == {"IMAP", "SMTP"}
    assert exit_status(finding for about in bad.values() for finding in about) == 1


def test_doubts_stop_nothing(house: House) -> None:
    (paper,) = house.findings(Mark.DOUBT)["configuration"]
    assert "discussion-paper.pdf does not exist" in paper.told


def test_a_list_that_names_nobody(house: House) -> None:
    (house.folder / "invitees.csv").write_text("email\n")
    assert house.findings(Mark.DOUBT)["invitees"][0].told == "invitees.csv names nobody"


def test_what_the_list_would_change(house: House) -> None:
    known = ("amb.keller@mission-aa.example", "went@x.example")
    with open_store("tinydb:rsvp.json", house.folder) as store:
        invitees = tuple(Invitee(f"aaaaaaa{number}", (address,), "uid") for number, address in enumerate(known))
        store.commit(Commit(invitees=invitees))
    assert house.findings()["invitees"] == [Finding("invitees", Mark.GOOD, "3 on the list: 2 new, 1 changed, 1 gone")]
    (house.folder / "invitees.csv").write_text(f"email\n{known[0]} {known[1]}\n")
    assert "has a record of its own" in house.findings(Mark.BAD)["invitees"][0].told


# --------------------------------------------------------------------------- this machine


def test_a_state_folder_that_is_missing(house: House) -> None:
    house.change(('url = "tinydb:rsvp.json"', 'url = "tinydb:state/rsvp.json"'))
    (found,) = house.findings(Mark.BAD)["state folder"]
    assert f"mkdir -m 700 {house.folder / 'state'}" in found.remedy


def test_a_store_that_others_may_read(house: House) -> None:
    with open_store("tinydb:rsvp.json", house.folder) as store:
        store.commit(Commit(invitees=(Invitee("aaaaaaaa", ("a@x.example",), "uid"),)))
    assert house.findings()["store"] == [Finding("store", Mark.GOOD, "1 invitees, 0 replies")]
    (house.folder / "rsvp.json").chmod(0o644)
    assert house.findings(Mark.BAD)["store"][0].remedy == f"chmod 600 {house.folder / 'rsvp.json'}"


def test_a_store_that_cannot_be_opened(house: House) -> None:
    (house.folder / "rsvp.json").touch(mode=0o600)
    (house.folder / "rsvp.json").write_text("this is no store\nand never was\n")
    assert house.findings(Mark.BAD)["store"]


def test_a_store_that_is_gone_is_no_first_start(house: House) -> None:
    file = house.folder / "rsvp.json"
    assert "first start" in house.findings(Mark.GOOD)["store"][0].told
    load_keys(house.folder)
    (found,) = house.findings()["store"]
    assert found.mark is Mark.DOUBT and "token.key beside it" in found.told and "repair --from" in found.remedy
    (house.folder / "rsvp.json.before").write_text('{"mailbox":{}}')
    for content in (None, ""):
        if content is not None:
            file.touch(mode=0o600)
        (found,) = house.findings()["store"]
        assert found.mark is Mark.BAD and "rsvp.json.before" in found.told and "rsvpbot repair" in found.remedy


@pytest.mark.parametrize("name", ["rsvp.json.lock", "rsvp.json.daemon.lock", "rsvp.json.in-hand", "token.key"])
def test_a_file_beside_the_store_that_cannot_be_opened(house: House, name: str) -> None:
    with open_store("tinydb:rsvp.json", house.folder) as store:
        store.begin(1, 1)
        load_keys(house.folder)
    assert {"IMAP", "SMTP"} == set(house.findings(Mark.BAD))
    file = house.folder / name
    if os.geteuid() == 0:
        os.chown(file, 65534, 65534)
        (found,) = house.findings(Mark.BAD)["state folder"]
        assert str(file) in found.told and found.remedy == f"chown --reference={house.folder} {file}"
    else:
        file.chmod(0)
        assert house.findings(Mark.BAD).keys() & {"state folder", "token key"}
    file.unlink()
    file.mkdir()
    bad = house.findings(Mark.BAD)
    told = bad["token key" if name == "token.key" else "state folder"][0]
    assert f"{file} is a folder" in told.told and "move it away" in told.remedy


@pytest.mark.parametrize("content", ["", "garbage!", "aaaa"])
def test_a_key_that_is_none(house: House, content: str) -> None:
    (house.folder / "token.key").write_text(content)
    (found,) = house.findings(Mark.BAD)["token key"]
    assert "token.key" in found.told and "put it back from a backup" in found.remedy


GUESTS = tuple(Invitee(one * 8, (f"{one}@x.example",), f"roundtable.{one * 8}@x.example") for one in "abc")


def set_uid(house: House, uid: str) -> None:
    house.config.write_text(re.sub(r"(?m)^uid = .*$", f'uid = "{uid}"', house.config.read_text()))


def written_to(house: House, uid: str, *guests: Invitee, kind: LetterKind = LetterKind.INVITATION) -> None:
    """Letters to these went out, of an event with this uid."""
    set_uid(house, uid)
    tokens = Tokens(load_keys(house.folder), uid)
    sent = tuple(
        replace(
            letter(f"{kind}{one.id}", one.id, state=LetterState.SENT),
            kind=kind,
            message_id=tokens.message_id(one.id, kind.value, "x.example"),
        )
        for one in guests
    )
    with open_store("tinydb:rsvp.json", house.folder) as store:
        store.commit(Commit(invitees=guests, letters=sent))


def test_letters_that_are_out_need_the_uid_that_they_were_written_with(house: House) -> None:
    written_to(house, "roundtable@x.example", *GUESTS)
    assert house.findings(Mark.BAD).keys() & {"event", "token key"} == set()
    set_uid(house, "another@x.example")
    (found,) = house.findings(Mark.BAD)["event"]
    assert found.told.startswith("uid: the letters that 3 invitees got") and found.written
    assert found.remedy == 'write uid = "roundtable@x.example", as it was'
    written_to(house, "another@x.example", GUESTS[0], kind=LetterKind.ACCEPTED)
    assert "2 invitees" in house.findings(Mark.BAD)["event"][0].told


def test_a_uid_that_was_changed_before_anybody_was_written_to_is_no_fault(house: House) -> None:
    """The list had been taken in: the calendar UIDs are of before, and the tokens are not."""
    written_to(house, "final@x.example", *GUESTS)
    assert house.findings(Mark.BAD).keys() & {"event", "token key"} == set()


def test_letters_that_are_out_need_their_key(house: House, caplog: pytest.LogCaptureFixture) -> None:
    written_to(house, "roundtable@x.example", *GUESTS)
    key, before = house.folder / "token.key", load_keys(house.folder)
    rotate(house.folder, retire=True)
    assert "token key" not in house.findings()
    key.unlink()
    (found,) = house.findings(Mark.BAD)["token key"]
    assert (
        "token.key is missing" in found.told and "3 invitees" in found.told and "put the old one back" in found.remedy
    )
    assert not key.exists() and not caplog.records
    open_store("tinydb:rsvp.json", house.folder).close()
    (warned,) = caplog.records
    assert "token.key is missing beside rsvp.json, and the tokens of 3 letters" in warned.getMessage()
    load_keys(house.folder)
    assert load_keys(house.folder) != before
    (found,) = house.findings(Mark.DOUBT)["token key"]
    assert "is not the one of the letters that 3 invitees got" in found.told


def test_before_any_letter_went_out_a_key_may_be_missing(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with open_store("tinydb:rsvp.json", house.folder) as store:
        store.commit(Commit(invitees=GUESTS))
    assert "token key" not in house.findings() and not caplog.records


@pytest.mark.parametrize(
    ("name", "said"),
    [("config.toml", "is the configuration"), ("invitees.csv", "is the list"), ("templates", "is a folder")],
)
def test_a_store_that_is_something_else(house: House, name: str, said: str) -> None:
    house.change(('url = "tinydb:rsvp.json"', f'url = "tinydb:{name}"'))
    (found,) = house.findings(Mark.BAD)["store"]
    assert said in found.told and found.remedy.startswith("name a file") and found.written


def test_a_running_service_is_no_fault(house: House) -> None:
    with open_store("tinydb:rsvp.json", house.folder) as store:
        assert store.lock_daemon()
        (found,) = house.findings()["store"]
    assert (found.mark, found.told) == (Mark.GOOD, "0 invitees, 0 replies; the service is running")


def test_looking_leaves_nothing_behind(house: House) -> None:
    before = sorted(house.folder.rglob("*"))
    house.findings()
    assert sorted(house.folder.rglob("*")) == before


# --------------------------------------------------------------------------- real servers


@pytest.fixture
def user(dovecot: Dovecot) -> User:
    return dovecot.new_user()


@pytest.fixture
def served(tmp_path: Path, dovecot: Dovecot, user: User, smtp_sink: SmtpSink) -> Iterator[House]:
    """Like `house`, on servers that are there."""
    scaffold.write(tmp_path)
    house = House(tmp_path)
    mailbox = f'host = "127.0.0.1"\nport = {dovecot.imap_port}\nsecurity = "none"\nusername = "{user.address}"'
    house.change(
        ('host = "imap.roundtable.example"', mailbox),
        ('password_file = "imap-password"', f'password_file = "{user.password_file}"'),
        ('host = "smtp.roundtable.example"', f'host = "127.0.0.1"\nport = {smtp_sink.port}\nsecurity = "none"'),
    )
    yield house


def test_all_is_well(served: House, dovecot: Dovecot, user: User, smtp_sink: SmtpSink) -> None:
    assert served.findings(Mark.BAD) == {}
    found = served.findings(Mark.GOOD)
    assert {"IMAP", "filing", "doorbell", "folders", "INBOX", "SMTP", "clock", "disk", "letters"} <= set(found)
    assert {f"RSVP/{name}" for name in ("Recorded", "Review", "Ignored", "Failed")} <= set(dovecot.folders(user))
    assert smtp_sink.received == []


def test_a_wrong_password(served: House, tmp_path: Path, user: User) -> None:
    wrong = tmp_path / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_text("close sesame")
    served.change((str(user.password_file), str(wrong)))
    bad = served.findings(Mark.BAD)
    assert set(bad) == {"IMAP"}
    assert "sesame" not in bad["IMAP"][0].told


def test_a_used_mailbox_is_announced(served: House, dovecot: Dovecot, user: User) -> None:
    dovecot.deliver(user, b"Subject: yes\r\n\r\nI shall come.\r\n")
    (found,) = served.findings(Mark.DOUBT)["INBOX"]
    assert found.told.startswith("1 messages wait")
    assert "--all" in found.remedy
    with open_store("tinydb:rsvp.json", served.folder) as store:
        store.commit(Commit(mailbox=Mailbox(started=True)))
    assert served.findings()["INBOX"][0].mark is Mark.GOOD
    (served.folder / "rsvp.json").unlink()
    served.change(("# since = 2016-08-22T00:00:00", "since = 2016-08-22T00:00:00"))
    assert served.findings()["INBOX"][0].mark is Mark.GOOD


def test_a_clock_that_is_behind_the_server(served: House, dovecot: Dovecot, user: User) -> None:
    with dovecot.client(user) as client:
        client.append("INBOX", b"Subject: x\r\n\r\nx\r\n", msg_time=datetime.now(UTC) + timedelta(hours=1))
    assert "minutes behind the mail server" in served.findings(Mark.BAD)["clock"][0].told


def test_a_relay_that_will_not_have_us(served: House, smtp_sink: SmtpSink) -> None:
    smtp_sink.fail("CONNECT", "554 5.7.1 not you")
    assert set(served.findings(Mark.BAD)) == {"SMTP"}
