"""Commands that look at the record: status, guests, summary; on a real store, and with a real relay where they send."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from rsvpbot import scaffold
from rsvpbot.config import load
from rsvpbot.model import Answer, Frozen, Invitee, LetterState, Order, PartStat
from rsvpbot.store import open_store
from rsvpbot.store.base import Commit
from tests.servers import SmtpSink, free_port

NOW = "2016-09-12T09:00-04:00"
EXAMPLE = Path(__file__).parent / "corpus" / "people" / "012-stateless.eml"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def house(tmp_path: Path, smtp_sink: SmtpSink) -> Path:
    """A configuration that sends to the sink, and a record of three invitees, one of whom comes with a guest."""
    scaffold.write(tmp_path)
    password = tmp_path / "imap-password"
    password.touch(mode=0o600)
    password.write_text("open sesame")
    path = tmp_path / "config.toml"
    server = f'host = "127.0.0.1"\nport = {smtp_sink.port}\nsecurity = "none"'
    path.write_text(path.read_text().replace('host = "smtp.roundtable.example"', server))
    at = datetime(2016, 9, 12, 12, tzinfo=UTC)
    answer = Answer(PartStat.ACCEPTED, 2, ("Ruth Keller", "Ann Bell"), Order(at, 1), "d", at, dietary="vegetarian")
    ruth = Invitee(
        "aaaaaaaa", ("ruth@mission.example",), "u1", name="=Ruth Keller", category="delegation", answer=answer
    )
    bo = Invitee("bbbbbbbb", ("bo@ngo.example",), "u2", name="Bo Lund", category="observer", grounds_pass=True)
    cy = replace(bo, id="cccccccc", addresses=("cy@ngo.example",), calendar_uid="u3", name="Cy Lund")
    with open_store("tinydb:rsvp.json", tmp_path) as store:
        store.commit(Commit(invitees=(ruth, bo, cy)))
    return tmp_path


@pytest.fixture
def run(house: Path) -> Run:
    def command(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "rsvpbot", *words, "--config", str(house), "--now", NOW],
            env={**os.environ, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return command


def done(process: subprocess.CompletedProcess[str]) -> str:
    assert (process.returncode, process.stderr) == (0, "")
    return process.stdout


def test_the_summary_is_printed(run: Run) -> None:
    told = done(run("summary"))
    assert "12 September 2016" in told
    assert "2 people expected" in told


def test_the_summary_is_written_as_html(run: Run, house: Path) -> None:
    file = house / "today.html"
    assert done(run("summary", "--html", str(file))) == f"Wrote {file}.\n"
    assert "<html" in file.read_text()


def test_a_summary_that_cannot_be_written_is_told(run: Run, house: Path) -> None:
    file = house / "no" / "today.html"
    told = run("summary", "--html", str(file))
    assert told.returncode == 1
    assert told.stderr == f"{file} cannot be written (No such file or directory); " + (
        "make its folder first, or name another place\n"
    )


def test_what_is_written_only_its_owner_may_read(run: Run, house: Path) -> None:
    here = house / "lists"
    here.mkdir(mode=0o755)
    (here / "guests.csv").touch(mode=0o644)
    lists = {
        "guests.csv": ("guests", "--format", "csv", "--output"),
        "guests.json": ("guests", "--format", "json", "--output"),
        "guests.xlsx": ("guests", "--format", "xlsx", "--output"),
        "desk.html": ("guests", "--reception", "--output"),
        "badges.html": ("guests", "--badges", "--output"),
        "today.html": ("summary", "--html"),
        "ruth.json": ("export", "ruth@mission.example", "--output"),
    }
    before = os.umask(0o022)
    try:
        for name, words in lists.items():
            done(run(*words, str(here / name)))
    finally:
        os.umask(before)
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in here.iterdir()} == dict.fromkeys(lists, 0o600)


def test_what_does_not_fit_onto_the_disk_leaves_what_was_there(run: Run, small_disk: Path) -> None:
    file, other = small_disk / "guests.csv", small_disk / "other.csv"
    file.write_text("of yesterday")
    with (small_disk / "ballast").open("wb", buffering=0) as ballast, pytest.raises(OSError, match="space"):
        while True:
            ballast.write(bytes(4096))
    for words in (("guests", "--format", "csv", "--output"), ("summary", "--html")):
        for name in (file, other):
            told = run(*words, str(name))
            assert told.returncode == 1
            assert told.stderr == f"{name} cannot be written (No space left on device); " + (
                "make room, or name a place on another disk\n"
            )
    assert {name.name for name in small_disk.iterdir()} == {"ballast", "guests.csv"}
    assert file.read_text() == "of yesterday"


def test_a_pipe_is_written_to_and_not_replaced(run: Run, house: Path) -> None:
    done(run("guests", "--format", "csv", "--output", "/dev/null"))
    assert Path("/dev/null").is_char_device()
    target = house / "target.csv"
    (house / "link.csv").symlink_to(target)
    done(run("guests", "--format", "csv", "--output", str(house / "link.csv")))
    assert (house / "link.csv").is_symlink() and target.read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_dry_run_sends_nothing(run: Run, house: Path, smtp_sink: SmtpSink) -> None:
    before = (house / "rsvp.json").read_bytes()
    assert done(run("summary", "--send", "--dry-run")) == "1 letter, to secretariat@roundtable.example.\n"
    assert smtp_sink.received == []
    assert (house / "rsvp.json").read_bytes() == before
    assert run("summary", "--dry-run").returncode == 2


DRY_RUNS = [
    ("summary", "--send", "--dry-run"),
    ("invite", "--dry-run"),
    ("announce", "--dry-run"),
    ("announce", "--cancel", "--dry-run"),
    ("record", "Bo Lund", "declined", "--dry-run"),
]


@pytest.mark.parametrize("words", DRY_RUNS)
def test_a_dry_run_needs_no_password(run: Run, house: Path, words: tuple[str, ...]) -> None:
    """As in the documented installation, where systemd hands them to the service and to nobody else."""
    path = house / "config.toml"
    text = path.read_text().replace('password_file = "imap-password"\n', "")
    path.write_text(text.replace('# username = "rsvp@roundtable.example"\n', 'username = "rsvp"\n'))
    done(run(*words))
    if words[-1] == "--dry-run" and words[0] != "record":
        told = run(*words[:-1])
        assert told.returncode == 2 and "there is no password for the mailbox" in told.stderr
        assert "smtp.username: there is no password for it" in told.stderr
        assert "LoadCredential=imap:FILE: to the service in its unit, to a command by systemd-run" in told.stderr


def test_the_summary_is_sent(run: Run, house: Path, smtp_sink: SmtpSink) -> None:
    assert done(run("summary", "--send")) == "1 letter, to secretariat@roundtable.example.\nSent.\n"
    (received,) = smtp_sink.received
    assert b"Auto-Submitted: auto-generated" in received.raw


def test_a_summary_that_was_not_taken_stays_in_the_outbox(run: Run, house: Path, smtp_sink: SmtpSink) -> None:
    smtp_sink.fail("MAIL", "451 4.3.0 later")
    told = run("summary", "--send")
    assert told.returncode == 1
    assert "It stays in the outbox." in told.stderr
    with open_store("tinydb:rsvp.json", house, read_only=True) as store:
        assert [letter.state for letter in store.letters()] == [LetterState.QUEUED]


def test_a_running_service_sends_it(run: Run, house: Path, smtp_sink: SmtpSink) -> None:
    with open_store("tinydb:rsvp.json", house) as store:
        assert store.lock_daemon()
        assert "The service is running" in done(run("summary", "--send"))
        store.refresh()
        assert [letter.state for letter in store.letters()] == [LetterState.QUEUED]
    assert smtp_sink.received == []


def test_the_status_at_a_glance(run: Run) -> None:
    told = done(run("status"))
    assert "3" in told


def test_looking_needs_no_secret_and_writes_nothing(run: Run, house: Path) -> None:
    (house / "imap-password").unlink()
    (house / "rsvp.json").unlink()
    before = sorted(path for path in house.rglob("*") if path.is_file())
    for command in ("status", "summary", "guests"):
        done(run(command))
    assert sorted(path for path in house.rglob("*") if path.is_file()) == before
    assert load(house / "config.toml", frozenset()).store_file == house / "rsvp.json"


def test_a_store_that_cannot_be_read_is_1(run: Run, house: Path) -> None:
    (house / "rsvp.json").write_text("this is no store\nand never was\n")
    told = run("status")
    assert told.returncode == 1
    assert "rsvp.json" in told.stderr and "Traceback" not in told.stderr


def listed(run: Run, *words: str) -> list[str]:
    return [json.loads(line)["name"] for line in done(run("guests", "--format", "json", *words)).splitlines()]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ((), ["=Ruth Keller", "Bo Lund", "Cy Lund"]),
        (("--partstat", "accepted"), ["=Ruth Keller"]),
        (("--partstat", "accepted", "--partstat", "needs-action"), ["=Ruth Keller", "Bo Lund", "Cy Lund"]),
        (("--category", "Observer"), ["Bo Lund", "Cy Lund"]),
        (("--needs",), ["=Ruth Keller"]),
        (("--pass", "yes"), ["Bo Lund", "Cy Lund"]),
        (("--pass", "unknown"), ["=Ruth Keller"]),
        (("--no-pass",), []),
        (("--waiting",), []),
        (("--bounced",), []),
        (("--search", "lund cy"), ["Cy Lund"]),
    ],
)
def test_guests_are_filtered(run: Run, words: tuple[str, ...], names: list[str]) -> None:
    assert listed(run, *words) == names


def test_guests_as_a_table(run: Run) -> None:
    told = done(run("guests"))
    assert "=Ruth Keller" in told and "vegetarian" in told


PRINTING = [
    ("guests",),
    ("guests", "--format", "csv"),
    ("guests", "--format", "json"),
    ("status",),
    ("show", "ruth@mission.example"),
    ("record", "Bo Lund", "declined"),
    ("read", str(EXAMPLE)),
    ("read", str(EXAMPLE), "--json"),
]


@pytest.mark.parametrize("words", PRINTING)
def test_a_reader_who_has_gone_is_no_fault(house: Path, words: tuple[str, ...]) -> None:
    """As `rsvpbot guests | head` may end: by the status of SIGPIPE, which is no "out of reach"."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "rsvpbot", *words, "--config", str(house), "--now", NOW]
    try:
        told = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    finally:
        os.close(writer)
    assert (told.returncode, told.stderr) == (141, "")


@pytest.mark.parametrize("words", [*PRINTING, ("check",)])
def test_output_that_is_closed_is_lost_and_nothing_else(house: Path, words: tuple[str, ...]) -> None:
    before = (house / "rsvp.json").read_text()
    command = [sys.executable, "-m", "rsvpbot", *words, "--config", str(house), "--now", NOW]
    closing = ["sh", "-c", 'exec "$@" <&- >&-', "sh", *command]
    told = subprocess.run(closing, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (told.returncode, told.stderr) == (1 if words[0] == "check" else 0, "")  # no mailbox is in reach
    assert words[0] == "record" or (house / "rsvp.json").read_text() == before
    with open_store("tinydb:rsvp.json", house, read_only=True) as store:
        declined = [invitee.name for invitee in store.invitees() if invitee.partstat is PartStat.DECLINED]
        assert declined == (["Bo Lund"] if words[0] == "record" else [])


def test_output_that_does_not_fit_is_told(house: Path) -> None:
    command = [sys.executable, "-m", "rsvpbot", "read", str(EXAMPLE), "--json", "--config", str(house)]
    with Path("/dev/full").open("wb") as full:
        told = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert told.returncode == 1
    assert "No space left on device" in told.stderr and "Traceback" not in told.stderr


def test_guests_as_csv(run: Run, house: Path) -> None:
    told = done(run("guests", "--format", "csv"))
    assert '"\'=Ruth Keller"' in told
    file = house / "guests.csv"
    assert done(run("guests", "--format", "csv", "--output", str(file))) == f"Wrote {file}: 3 rows.\n"
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_list_without_guests_says_why(run: Run, house: Path) -> None:
    assert done(run("guests", "--search", "zzz")).startswith("Nobody fits, of 3 on record")
    assert "Name" not in done(run("guests", "--no-pass"))
    for form in ("table", "csv", "json"):
        told = run("guests", "--category", "delegaton", "--format", form)
        assert (told.returncode, told.stdout) == (2, "")
        assert told.stderr == "nobody on record is of the category 'delegaton'; there are: delegation, observer\n"
    assert run("guests", "--badges", "--category", "Observer", "--category", "delegaton").returncode == 2
    (house / "rsvp.json").unlink()
    for words in ((), ("--category", "delegaton")):
        assert done(run("guests", *words)).startswith("Nobody is on record yet: rsvpbot run, poll and invite take in")
    assert done(run("guests", "--format", "csv")).startswith('"name","organisation"')


@pytest.mark.parametrize("words", [("--no-pass", "--pass", "yes"), ("--output", "x.csv"), ("--partstat", "maybe")])
def test_guests_wrongly_asked_for(run: Run, words: tuple[str, ...]) -> None:
    assert run("guests", *words).returncode == 2


def test_one_invitees_story(run: Run) -> None:
    told = done(run("show", "ruth@mission.example"))
    assert "=Ruth Keller" in told and "accepted; 2; Ruth Keller, Ann Bell; vegetarian" in told
    assert "Cy Lund" in done(run("show", "cy", "lund"))
    several = run("show", "lund")
    assert several.returncode == 2 and "fits 2" in several.stderr and "Traceback" not in several.stderr
    assert json.loads(done(run("show", "bo@ngo.example", "--json")))["history"] == []


# --------------------------------------------------------------------------- recording by hand


def test_an_answer_by_telephone_is_recorded_and_confirmed_by_letter(run: Run, house: Path) -> None:
    told = done(run("record", "Bo Lund", "accepted", "--party", "2"))
    assert told == "Recorded: Bo Lund: accepts, 2 people: Bo Lund.\nOne letter goes to bo@ngo.example.\n" + (
        "Letters go into the Drafts folder, where somebody sends them.\n"
    )
    with open_store("tinydb:rsvp.json", house) as store:
        bo = store.invitee("bbbbbbbb")
        assert bo is not None and bo.answer is not None
        assert (bo.answer.partstat, bo.answer.party, bo.answer.decided_by) == (PartStat.ACCEPTED, 2, "admin")
        assert [letter.recipients for letter in store.letters(LetterState.QUEUED)] == [("bo@ngo.example",)]
    assert "==  by admin: accept – accepted, 2" in " ".join(done(run("show", "bo@ngo.example")).split()).replace(
        "== by", "==  by"
    )
    assert "Undone: for Bo Lund, what stands again is: No answer yet." in done(run("record", "bo@ngo.example", "undo"))
    with open_store("tinydb:rsvp.json", house) as store:
        assert store.letters(LetterState.QUEUED) == ()


def test_a_delegate_by_telephone(run: Run, house: Path) -> None:
    done(run("record", "ruth@mission.example", "delegated", "--delegate", "Omar Haddad <omar@mission.example>"))
    with open_store("tinydb:rsvp.json", house) as store:
        to = {letter.recipients for letter in store.letters(LetterState.QUEUED)}
        assert to == {("ruth@mission.example",), ("omar@mission.example",)}


def test_a_rehearsal_records_nothing(run: Run, house: Path) -> None:
    told = done(run("record", "Bo Lund", "declined", "--dry-run"))
    assert told.startswith("Nothing is recorded yet") and "bo@ngo.example" in told
    quiet = done(run("record", "Cy Lund", "declined", "--no-letter"))
    assert "No letter goes out" in quiet
    with open_store("tinydb:rsvp.json", house) as store:
        assert [invitee.partstat for invitee in store.invitees()] == [
            PartStat.ACCEPTED,
            PartStat.NEEDS_ACTION,
            PartStat.DECLINED,
        ]
        assert store.letters() == ()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("Lund", "accepted"), "fits 2"),
        (("nobody@x.example", "accepted"), "nobody on record is meant"),
        (("Bo Lund", "delegated"), "it is not said who comes instead; write --delegate 'Jane Doe"),
        (("Bo Lund", "delegated", "--delegate", "bo@ngo.example"), "cannot be the delegate's address"),
        (("Bo Lund", "undo"), "there is nothing to undo"),
        (("Bo Lund", "declined", "--party", "2"), "--party goes with"),
        (("Bo Lund", "accepted", "--delegate", "X"), "--delegate goes with delegated"),
        (("Bo Lund", "accepted", "--party", "0"), "0 is not in the range"),
    ],
)
def test_what_cannot_be_recorded_is_said(run: Run, words: tuple[str, ...], told: str) -> None:
    process = run("record", *words)
    assert process.returncode == 2 and told in process.stderr and "Traceback" not in process.stderr


def test_what_is_scheduled_is_shown_and_held(run: Run, house: Path) -> None:
    path = house / "config.toml"
    reminder = '[[reminders]]\nto = "silent"\nat = 2016-09-14T09:00:00\nletter = "reminder"\n\n\n[organisers]'
    path.write_text(path.read_text().replace("[organisers]", reminder, 1))
    told = done(run("outbox"))
    assert "Wed 14 Sep 2016 09:00  reminder: to silent; 0 had it, 2 to come" in told
    assert (
        "Thu 15 Sep 2016 09:00  Discussion Paper: to participants; 0 had it, 1 to come" in told and "IS MISSING" in told
    )
    assert "HELD by a command" in done(run("outbox", "--hold", "reminder"))
    assert "HELD" not in done(run("outbox", "--release", "reminder"))
    wrong = run("outbox", "--hold", "nonsense")
    assert wrong.returncode == 2 and "there is 'reminder', 'Discussion Paper'" in wrong.stderr
    assert done(run("outbox", "--send-held")).startswith("No letter is held back.")


# --------------------------------------------------------------------------- at the door


def test_guests_as_a_workbook(run: Run, house: Path) -> None:
    file = house / "guests.xlsx"
    assert done(run("guests", "--format", "xlsx", "--output", str(file))) == f"Wrote {file}: 3 rows.\n"
    book = load_workbook(file)
    assert book.sheetnames == ["Guests", "Reception", "Catering", "Access"]
    assert [row[0].value for row in book["Guests"].iter_rows(min_row=2)] == ["=Ruth Keller", "Bo Lund", "Cy Lund"]
    assert all(cell.data_type != "f" for row in book["Guests"].iter_rows() for cell in row)
    assert run("guests", "--format", "xlsx").returncode == 2, "not onto a terminal"


def test_the_list_of_the_desk(run: Run, house: Path) -> None:
    page = done(run("guests", "--reception"))
    assert page.startswith("<!DOCTYPE html>") and "Ann Bell" in page and "Bo Lund" not in page
    file = house / "desk"
    for form, begins in (("html", b"<!DOCTYPE html>"), ("csv", b'\xef\xbb\xbf"arrived","name"'), ("xlsx", b"PK")):
        told = done(run("guests", "--reception", "--format", form, "--output", str(file)))
        assert told == f"Wrote {file}: 2 people.\n"
        assert file.read_bytes().startswith(begins)


def test_badges_for_all_and_for_some(run: Run, house: Path) -> None:
    file = house / "badges.html"
    assert done(run("guests", "--badges", "--output", str(file))) == f"Wrote {file}: 2 badges.\n"
    assert "Ann Bell" in file.read_text()
    assert done(run("guests", "--badges", "--search", "lund", "--output", str(file))) == f"Wrote {file}: 0 badges.\n"
    (house / "templates" / "badges.html").write_text("{{ nobody }}")
    told = run("guests", "--badges")
    assert told.returncode == 2 and "line 1: 'nobody' is undefined" in told.stderr


WRONG = [
    (("--reception", "--badges"), "two lists"),
    (("--reception", "--format", "json"), "--reception comes as html or csv or xlsx, not as json"),
    (("--badges", "--format", "csv"), "--badges comes as html, not as csv"),
    (("--format", "html"), "the list of guests comes as table or csv or json or xlsx, not as html"),
    (("--reception", "--search", "ada"), "leave the filters out"),
    (("--reception", "--format", "xlsx"), "--output FILE"),
]


@pytest.mark.parametrize(("words", "why"), WRONG)
def test_lists_of_the_door_wrongly_asked_for(run: Run, words: tuple[str, ...], why: str) -> None:
    told = run("guests", *words)
    assert told.returncode == 2 and why in told.stderr


def closes(house: Path, freeze_at: datetime, starts: datetime) -> None:
    """Write into the configuration when the list is closed; without an offset, local to the event."""
    path = house / "config.toml"
    text = path.read_text()
    for key, moment in (("starts", starts), ("ends", starts + timedelta(hours=3))):
        text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {moment:%Y-%m-%dT%H:%M:%S}", text)
    text = re.sub(r"(?m)^rsvp_by = .*$", f"rsvp_by = {freeze_at:%Y-%m-%d}", text)
    text = re.sub(r"(?m)^(# )?freeze_at = .*$", f"freeze_at = {freeze_at:%Y-%m-%dT%H:%M:%S}", text)
    text = re.sub(r"(?m)^send_at = .*$", "", text)
    path.write_text(text)


FREEZE_AT, STARTS = datetime(2016, 9, 12, 8), datetime(2016, 9, 20, 12, 30)  # noqa: DTZ001  (as the configuration has it)


def kept(house: Path) -> Frozen | None:
    with open_store("tinydb:rsvp.json", house, read_only=True) as store:
        return store.frozen()


def test_the_command_closes_the_list_where_nothing_ran_and_a_rehearsal_does_not(run: Run, house: Path) -> None:
    closes(house, FREEZE_AT, STARTS)
    page = done(run("guests", "--reception"))
    assert "and not kept yet: this is how it stands" in page and kept(house) is None
    here = datetime.now(ZoneInfo("America/New_York"))
    # Not a day from now: an event must start after the time at which people should be there.
    closes(house, here - timedelta(hours=1), (here + timedelta(days=1)).replace(hour=12, minute=30))
    command = [sys.executable, "-m", "rsvpbot", "guests", "--reception", "--config", str(house)]
    first = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "The list is closed now; nothing had closed it" in first.stderr
    assert "as it stood then; it was to be closed on" in first.stdout
    found = kept(house)
    assert found is not None and [person.name for person in found.people] == ["=Ruth Keller", "Ann Bell"]
    again = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert again.stderr == "" and again.stdout == first.stdout and kept(house) == found


def unreachable(house: Path) -> None:
    path = house / "config.toml"
    server = f'host = "127.0.0.1"\nport = {free_port()}\nsecurity = "none"'
    path.write_text(path.read_text().replace('host = "imap.roundtable.example"', server))


def test_a_round_closes_the_list_also_where_the_mailbox_is_out_of_reach(
    run: Run, house: Path, smtp_sink: SmtpSink
) -> None:
    closes(house, FREEZE_AT, STARTS)
    unreachable(house)
    assert run("poll").returncode == 1
    found = kept(house)
    assert found is not None and len(found.people) == 2
    (received,) = smtp_sink.received
    assert b'filename="guests.xlsx"' in received.raw and b'filename="reception.xlsx"' in received.raw


def test_the_service_closes_the_list(run: Run, house: Path) -> None:
    closes(house, FREEZE_AT, STARTS)
    unreachable(house)
    command = [sys.executable, "-m", "rsvpbot", "run", "--config", str(house), "--now", NOW]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as service:
        try:
            deadline = time.monotonic() + 30
            while kept(house) is None and time.monotonic() < deadline:
                time.sleep(0.1)
        finally:
            service.terminate()
        told = service.communicate(timeout=30)[1]
    found = kept(house)
    assert found is not None and len(found.people) == 2
    assert "the list of the desk was closed" in told
    assert "Keller" not in told and "Bell" not in told
