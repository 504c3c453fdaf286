"""The invitation: once to everybody, whatever happens in between; and what calendars make of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar, vCalAddress

from rsvpbot.clock import SystemClock
from rsvpbot.config import load
from rsvpbot.model import Answer, Invitee, LetterKind, LetterState, Order, PartStat
from rsvpbot.organisers.invite import plan
from rsvpbot.organisers.mailing import LARGEST, Mailing, checked_enclosure
from rsvpbot.organisers.rulings import NotPossible
from rsvpbot.service import take_in
from rsvpbot.store import open_store
from rsvpbot.store.base import Commit, Store
from tests.corpus_mailbox import command, on_loopback
from tests.servers import Dovecot, SmtpSink, User, until
from tests.store_records import letter

AT = datetime(2016, 9, 5, 12, tzinfo=UTC)
LIST = """\
email,name,category,language
ada@lovelace.example,Ada Lovelace,experts,en
aline@ministere.example,Aline Moreau,states,fr
sami@markaz.example,سامي حداد,states,ar
"""


# --------------------------------------------------------------------------- whom


def person(number: int, **changes: Any) -> Invitee:
    known = Invitee(f"aaaaaa{'abcdefgh'[number]}a", (f"p{number}@mission.example",), f"u{number}", f"Person {number}")
    return replace(known, **changes)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store("tinydb:rsvp.json", tmp_path) as opened:
        yield opened


def invited(invitee: Invitee, state: LetterState) -> Any:
    return letter(f"l{invitee.id}{state}", invitee.id, kind=LetterKind.INVITATION, state=state)


def test_who_has_not_had_it_is_invited(store: Store) -> None:
    came = Answer(PartStat.ACCEPTED, 1, (), Order(AT, 1), "d", AT)
    people = [person(0), person(1), person(2, answer=came), person(3, bounced="5.1.1"), person(4, listed=False)]
    people += [person(5), person(6), person(7, category="Experts")]
    had = [invited(people[1], LetterState.SENT), invited(people[5], LetterState.DOUBTFUL)]
    failed = invited(people[6], LetterState.FAILED)
    store.commit(Commit(invitees=tuple(people), letters=(*had, failed)))
    found = plan(store)
    assert [invitee.id for invitee in found.todo] == [people[0].id, people[7].id]
    assert (found.had, found.answered, found.bounced, found.elsewhere) == (2, 1, 2, 0)
    assert [invitee.id for invitee in plan(store, categories=["experts"]).todo] == [people[7].id]
    named = plan(store, only=["p2@mission.example", "P3@Mission.example", "Person 6", "Person 1"])
    assert [invitee.id for invitee in named.todo] == [people[2].id, people[3].id, people[6].id]
    assert (named.had, named.elsewhere) == (1, 3)


@pytest.mark.parametrize(("only", "categories"), [(["nobody@x.example"], []), (["Person 4"], []), ([], ["nonsense"])])
def test_nobody_in_particular_is_an_error(store: Store, only: list[str], categories: list[str]) -> None:
    store.commit(Commit(invitees=(person(0), person(4, listed=False))))
    with pytest.raises(NotPossible, match="nobody on the list"):
        plan(store, only=only, categories=categories)


def test_a_file_that_cannot_go_along_is_said(tmp_path: Path) -> None:
    note = tmp_path / "note.pdf"
    with pytest.raises(NotPossible, match="cannot be read"):
        checked_enclosure(note)
    note.touch()
    with pytest.raises(NotPossible, match="is empty"):
        checked_enclosure(note)
    note.write_bytes(b"%PDF" + b"x" * LARGEST)
    with pytest.raises(NotPossible, match=r"10\.0 MB"):
        checked_enclosure(note)
    note.write_bytes(b"%PDF-1.4 note")
    assert (checked_enclosure(note).filename, checked_enclosure(note).content_type) == ("note.pdf", "application/pdf")


# --------------------------------------------------------------------------- the whole of it


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, smtp_sink: SmtpSink) -> tuple[Path, User]:
    user = dovecot.new_user("invite")
    text = on_loopback(user, dovecot.imap_port, smtp_sink.port)
    (tmp_path / "invitees.csv").write_text(LIST, encoding="utf-8")
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    return tmp_path / "config.toml", user


def run(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command(config, "invite"), *words, "--now", "2016-08-29T09:00-04:00"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def daemon_runs(config: Path) -> bool:
    loaded = load(config)
    if not loaded.store_file.exists():
        return False
    with open_store(loaded.store_url, loaded.path.parent, read_only=True) as store:
        return store.daemon_runs()


def mails(sink: SmtpSink) -> dict[str, EmailMessage]:
    found: dict[str, EmailMessage] = {}
    for received in sink.received:
        message = message_from_bytes(received.raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        if "secretariat" not in str(message["To"]):
            found[received.recipients[0]] = message
    return found


def calendar_of(message: EmailMessage) -> tuple[EmailMessage, Any]:
    (part,) = (part for part in message.walk() if part.get_content_type() == "text/calendar")
    return part, Calendar.from_ical(part.get_content())


def test_everybody_gets_their_own_in_their_language_with_the_note(
    house: tuple[Path, User], smtp_sink: SmtpSink, dovecot: Dovecot
) -> None:
    config, user = house
    note = config.parent / "background.pdf"
    note.write_bytes(b"%PDF-1.4 background")
    looked = run(config, "--attach", str(note), "--dry-run")
    assert looked.returncode == 0, looked.stderr
    assert "3 to invite: Ada Lovelace <ada@lovelace.example>" in looked.stdout
    assert "honour to invite you" in looked.stdout and "enclosed: background.pdf" in looked.stdout
    assert smtp_sink.received == []
    refused = run(config)
    assert refused.returncode == 2 and "say --yes" in refused.stderr and smtp_sink.received == []

    done = run(config, "--attach", str(note), "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("3 sent.\n")
    got = mails(smtp_sink)
    assert set(got) == {"ada@lovelace.example", "aline@ministere.example", "sami@markaz.example"}
    assert re.match(r"Invitation\s:", got["aline@ministere.example"]["Subject"])
    assert got["sami@markaz.example"]["Subject"].startswith("دعوة")
    ada = got["ada@lovelace.example"]
    kinds = [part.get_content_type() for part in ada.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/pdf",
    ]
    part, calendar = calendar_of(ada)
    assert part.get_param("method") == "REQUEST" and calendar["METHOD"] == "REQUEST"
    (event,) = calendar.walk("VEVENT")
    assert event["ORGANIZER"] == f"mailto:{user.address}"
    assert event["ATTENDEE"] == "mailto:ada@lovelace.example"
    assert event["ATTENDEE"].params["RSVP"] == "TRUE"
    uids = [calendar_of(message)[1].walk("VEVENT")[0]["UID"] for message in got.values()]
    assert len(set(uids)) == 3
    body = ada.get_body(("plain",))
    assert body is not None and len(re.findall(r"<mailto:", str(body.get_content()))) == 2
    assert "NDR" not in ada["X-Auto-Response-Suppress"] and ada["Auto-Submitted"] == "auto-generated"
    assert len(dovecot.messages(user, "Sent")) == 3

    again = run(config, "--yes")
    assert again.returncode == 0 and "0 to invite." in again.stdout and "3 have had it" in again.stdout
    assert len(smtp_sink.received) == 3


@pytest.mark.parametrize(
    ("partstat", "recorded"), [("ACCEPTED", PartStat.ACCEPTED), ("DECLINED", PartStat.DECLINED), ("DELEGATED", None)]
)
def test_a_calendars_answer_to_it_is_recorded_from_an_unlisted_address_too(
    house: tuple[Path, User], smtp_sink: SmtpSink, dovecot: Dovecot, partstat: str, recorded: PartStat | None
) -> None:
    config, user = house
    assert run(config, "--yes").returncode == 0
    raw = reply_of_a_calendar(mails(smtp_sink)["ada@lovelace.example"], partstat, "ada@private.example", user.address)
    dovecot.deliver(user, raw)
    polled = subprocess.run(
        [*command(config, "poll"), "--now", "2016-08-30T09:00-04:00"], capture_output=True, text=True, check=False
    )
    assert polled.returncode == 0, polled.stderr
    loaded = load(config)
    with open_store(loaded.store_url, loaded.path.parent) as store:
        ada = store.invitee_by_address("ada@lovelace.example")
        assert ada is not None
        assert ada.partstat is (recorded or PartStat.DELEGATED)
        if recorded is None:
            assert ada.answer is not None and ada.answer.delegate is not None
            assert ada.answer.delegate.email == "omar@private.example"


def reply_of_a_calendar(invitation: EmailMessage, partstat: str, sender: str, to: str) -> bytes:
    """What a calendar program makes of a request: its own entry, with the answer of its user (RFC 5546, section 3.2.3).
    Made with icalendar from the invitation as it came."""
    _, calendar = calendar_of(invitation)
    calendar["METHOD"] = "REPLY"
    (event,) = calendar.walk("VEVENT")
    attendee = event["ATTENDEE"]
    attendee.params["PARTSTAT"] = partstat
    attendee.params.pop("RSVP")
    if partstat == "DELEGATED":
        attendee.params["DELEGATED-TO"] = "mailto:omar@private.example"
        other = vCalAddress("mailto:omar@private.example")
        other.params |= {"CN": "Omar Haddad", "PARTSTAT": "ACCEPTED", "DELEGATED-FROM": "mailto:ada@lovelace.example"}
        event.add("attendee", other)
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = f"Ada Lovelace <{sender}>"
    message["To"] = to
    message["Subject"] = f"{partstat.title()}: {event['SUMMARY']}"
    message["Date"] = "Tue, 30 Aug 2016 08:00:00 -0400"
    message["Message-ID"] = f"<{partstat}@private.example>"
    message.set_content(f"Ada Lovelace has {partstat.lower()} this invitation.\n")
    message.add_alternative(calendar.to_ical().decode(), subtype="calendar", params={"method": "REPLY"})
    return message.as_bytes()


def test_killed_and_started_again_it_sends_to_everybody_and_to_nobody_twice(
    house: tuple[Path, User], smtp_sink: SmtpSink
) -> None:
    config, _ = house
    rows = "".join(f"p{number:03}@mission.example,Person {number},states,en\n" for number in range(120))
    (config.parent / "invitees.csv").write_text("email,name,category,language\n" + rows, encoding="utf-8")
    text = config.read_text(encoding="utf-8")
    config.write_text(re.sub(r"# max_per_minute = \d+", "max_per_minute = 100000", text), encoding="utf-8")
    kills = 0
    for round_ in range(40):
        process = subprocess.Popen(
            [*command(config, "invite"), "--yes", "--now", "2016-08-29T09:00-04:00"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=os.environ,
        )
        before, deadline = len(smtp_sink.received), time.monotonic() + 60
        while process.poll() is None and len(smtp_sink.received) < before + 9 + round_ and time.monotonic() < deadline:
            time.sleep(0.002)
        if process.poll() is not None:
            assert process.returncode == 0, process.stderr.read().decode() if process.stderr else ""
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
    assert kills >= 3
    loaded = load(config)
    with open_store(loaded.store_url, loaded.path.parent) as store:
        states = Counter(letter.state for letter in store.letters() if letter.kind is LetterKind.INVITATION)
        doubtful = {letter.recipients[0] for letter in store.letters(LetterState.DOUBTFUL)}
    assert sum(states.values()) == 120 and set(states) <= {LetterState.SENT, LetterState.DOUBTFUL}
    assert states[LetterState.DOUBTFUL] <= kills
    times = Counter(received.recipients[0] for received in smtp_sink.received)
    assert max(times.values()) == 1
    assert {f"p{number:03}@mission.example" for number in range(120)} - set(times) <= doubtful


@pytest.mark.parametrize("left", [0, 1])
def test_what_a_command_was_cut_off_at_is_said_by_the_next_even_where_nobody_is_left(
    house: tuple[Path, User], smtp_sink: SmtpSink, left: int
) -> None:
    config, _ = house
    assert run(config, "--yes").returncode == 0
    went = len(smtp_sink.received)
    loaded = load(config)
    with open_store(loaded.store_url, loaded.path.parent) as store, store.transaction():
        first, *others = (letter for letter in store.letters() if letter.kind is LetterKind.INVITATION)
        # As a kill leaves it between the server's answer and its record.
        store.commit(Commit(letters=(replace(first, state=LetterState.SENDING, sent_at=None),)))
    if left:
        with (config.parent / "invitees.csv").open("a", encoding="utf-8") as more:
            more.write("late@mission.example,Late Comer,states,en\n")
    with open_store(loaded.store_url, loaded.path.parent) as store:
        assert store.letter_tally()[LetterState.SENDING] == 1
    assert "may not have gone out" not in run(config, "--dry-run").stdout
    again = run(config, "--yes")
    assert again.returncode == 0, again.stderr
    assert "1 may not have gone out: an earlier command was cut off there; the summary names them" in again.stdout
    assert len(smtp_sink.received) == went + left
    with open_store(loaded.store_url, loaded.path.parent) as store:
        (doubtful,) = store.letters(LetterState.DOUBTFUL)
        assert doubtful.id == first.id and len(others) == 2
    assert "may not have gone out" not in run(config, "--yes").stdout


def test_the_service_sends_where_it_runs(house: tuple[Path, User], smtp_sink: SmtpSink) -> None:
    config, _ = house
    daemon = subprocess.Popen(
        [*command(config, "run"), "--now", "2016-08-29T09:00-04:00"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        assert daemon.stderr is not None
        until(lambda: daemon_runs(config), 60)
        done = run(config, "--yes")
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith("3 sent.\n")
        assert len(mails(smtp_sink)) == 3
    finally:
        daemon.kill()
        daemon.communicate()


def test_beside_a_service_that_cannot_send_it_says_so_and_ends(house: tuple[Path, User], smtp_sink: SmtpSink) -> None:
    config, _ = house
    smtp_sink.stop()
    daemon = subprocess.Popen(
        [*command(config, "run"), "--now", "2016-08-29T09:00-04:00"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        loaded = load(config)
        with open_store(loaded.store_url, loaded.path.parent) as store:
            until(store.daemon_runs)
            take_in(loaded, store, AT)
            letters = [letter(f"w{one.id}", one.id, kind=LetterKind.INVITATION) for one in store.invitees()]
            mailing = Mailing(
                store,
                loaded,
                SystemClock(),
                lambda invitee, now: next(one for one in letters if one.invitee_id == invitee.id),
                wait=lambda stop, seconds: stop.wait(0.05),
            )
            sent = mailing.send(store.invitees(), (), threading.Event())
        assert sent.waiting == 3 and "the service cannot send (127.0.0.1:" in sent.trouble
    finally:
        daemon.kill()
        daemon.communicate()
        smtp_sink.start()


def test_an_event_that_is_over_invites_nobody(house: tuple[Path, User], smtp_sink: SmtpSink) -> None:
    late = subprocess.run(
        [*command(house[0], "invite"), "--yes", "--now", "2016-09-21T09:00-04:00"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert late.returncode == 2 and "the event is over" in late.stderr and smtp_sink.received == []


def test_a_server_that_is_out_of_reach_is_said_and_nothing_is_lost(
    house: tuple[Path, User], smtp_sink: SmtpSink
) -> None:
    config, _ = house
    port = smtp_sink.port
    smtp_sink.stop()
    failed = run(config, "--yes")
    assert failed.returncode == 1 and "It ended early" in failed.stderr and "3 wait in the outbox" in failed.stdout
    assert str(port)
    loaded = load(config)
    with open_store(loaded.store_url, loaded.path.parent) as store:
        assert len(store.letters(LetterState.QUEUED)) == 3
    smtp_sink.start()
    polled = subprocess.run(command(config, "poll"), capture_output=True, text=True, check=False)
    assert polled.returncode == 0, polled.stderr
    assert len(mails(smtp_sink)) == 3
