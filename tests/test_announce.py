"""News of the event: what changed, who is told, and that calendars follow."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from rsvpbot.config import load
from rsvpbot.letters.facts import changed, facts_of, next_facts, sequence_of
from rsvpbot.model import Answer, Invitee, LetterKind, LetterState, Mailbox, Order, PartStat, Venue
from rsvpbot.organisers.announce import News, begin, news, note_first, waiting
from rsvpbot.store import open_store
from rsvpbot.store.base import Commit, Store
from tests.corpus_mailbox import command, on_loopback
from tests.servers import Dovecot, SmtpSink, User
from tests.store_records import letter
from tests.test_letters import example

NOW = datetime(2016, 9, 12, 9, tzinfo=ZoneInfo("America/New_York"))


def person(number: int, partstat: PartStat | None = None, **changes: Any) -> Invitee:
    answer = Answer(partstat, 1, (), Order(NOW, 1), "d", NOW) if partstat else None
    made = Invitee(f"{'abcdefgh'[number] * 8}", (f"p{number}@x.example",), f"u{number}", f"P {number}", answer=answer)
    return replace(made, **changes)


def test_what_has_changed_is_named() -> None:
    config = example()
    told = facts_of(config)
    event, hour = config.event, timedelta(hours=1)
    assert changed(None, config) == changed(told, config) == ()
    cases = {
        "title": replace(event, title="Another"),
        "time": replace(event, starts=event.starts + hour, ends=event.ends + hour),
        "date": replace(event, starts=event.starts + 24 * hour, ends=event.ends + 24 * hour),
        "place": replace(event, venue=replace(event.venue, floor="2nd floor")),
        "way in": replace(event, venue=replace(event.venue, arrive_by="11:00")),
    }
    for name, other in cases.items():
        assert changed(told, replace(config, event=other)) == (name,)
    both = replace(event, starts=event.starts + 25 * hour, ends=event.ends + 25 * hour)
    assert changed(told, replace(config, event=both)) == ("date", "time")


def test_the_sequence_counts_what_was_told() -> None:
    config = example()
    told = facts_of(config)
    moved = replace(config, event=replace(config.event, venue=Venue("Elsewhere")))
    assert sequence_of(Mailbox(), config) == sequence_of(Mailbox(told=told), config) == 0
    # Whoever confirms before the news is out gets the new place with the new number.
    assert sequence_of(Mailbox(told=told), moved) == 1
    after = next_facts(told, moved, NOW)
    assert after.sequence == 1 and sequence_of(Mailbox(told=after), moved) == 1
    assert sequence_of(Mailbox(told=after), config) == 2


def test_who_is_concerned(tmp_path: Path) -> None:
    config = example()
    with open_store("tinydb:rsvp.json", tmp_path) as store:
        note_first(store, config)
        people = [
            person(0, PartStat.ACCEPTED),
            person(1, PartStat.DELEGATED),
            person(2, PartStat.TENTATIVE),
            person(3, PartStat.DECLINED),
            person(4),
            person(5),  # has the invitation
            person(6, PartStat.ACCEPTED, bounced="5.1.1"),
            person(7, PartStat.ACCEPTED, listed=False),
        ]
        invitation = letter("i5", people[5].id, kind=LetterKind.INVITATION, state=LetterState.SENT)
        store.commit(Commit(invitees=tuple(people), letters=(invitation,)))
        assert news(store, config, NOW) is None
        moved = replace(config, event=replace(config.event, venue=Venue("Elsewhere")))
        found = news(store, moved, NOW)
        assert found is not None and found.what == ("place", "way in")
        assert [one.id[0] for one in found.todo] == ["a", "b", "c", "f"]


def test_another_way_in_is_told_to_those_who_need_it(tmp_path: Path) -> None:
    config = example()
    event = config.event
    with open_store("tinydb:rsvp.json", tmp_path) as store:
        note_first(store, config)
        couple = person(2, PartStat.ACCEPTED, grounds_pass=True)
        assert couple.answer is not None
        people = [
            person(0, PartStat.ACCEPTED, grounds_pass=True),
            person(1, PartStat.ACCEPTED, grounds_pass=False),
            replace(couple, answer=replace(couple.answer, party=2)),  # of the guest it is not known
            person(3, PartStat.ACCEPTED),
            person(4, PartStat.DELEGATED, grounds_pass=True),  # nor of the delegate
        ]
        store.commit(Commit(invitees=tuple(people)))

        def told_of(venue: Venue, **others: Any) -> list[str]:
            found = news(store, replace(config, event=replace(event, venue=venue)), NOW, **others)
            assert found is not None
            return [one.id[0] for one in found.todo]

        early = replace(event.venue, arrive_by="11:00", reception="Elsewhere")
        assert told_of(early) == ["b", "c", "d", "e"]
        assert told_of(early, cancel=True) == ["a", "b", "c", "d", "e"]
        assert told_of(replace(early, floor="2nd floor")) == ["a", "b", "c", "d", "e"]
        assert told_of(replace(early, pass_name="Visitor's pass")) == ["a", "b", "c", "d", "e"]
        # Cut off at once, it goes on with the same.
        moved = replace(config, event=replace(event, venue=early))
        found = news(store, moved, NOW)
        assert found is not None
        begin(store, found)
        assert told_of(early) == ["b", "c", "d", "e"]
        told(store, found, found.todo)
        assert news(store, moved, NOW) is None


def told(store: Store, found: News, whom: Iterable[Invitee]) -> None:
    letters = (letter(found.letter_id(one), one.id, kind=found.kind, queued_at=NOW) for one in whom)
    store.commit(Commit(letters=tuple(letters)))


def test_a_change_that_was_cut_off_goes_on_and_a_second_one_reaches_all(tmp_path: Path) -> None:
    config = example()
    moved = replace(config, event=replace(config.event, venue=Venue("Elsewhere")))
    again = replace(config, event=replace(config.event, venue=Venue("Yet another place")))
    with open_store("tinydb:rsvp.json", tmp_path) as store:
        note_first(store, config)
        people = [person(number, PartStat.ACCEPTED) for number in range(3)]
        store.commit(Commit(invitees=tuple(people)))
        first = news(store, moved, NOW)
        assert first is not None
        begin(store, first)
        told(store, first, people[:1])
        rest = news(store, moved, NOW)
        assert rest is not None and rest.after == first.after and rest.what == ("place", "way in")
        assert [one.id for one in rest.todo] == [people[1].id, people[2].id]
        second = news(store, again, NOW + timedelta(hours=1))
        assert second is not None and second.after.sequence == 2 and len(second.todo) == 3
        back = news(store, config, NOW + timedelta(hours=1))
        assert back is not None and len(back.todo) == 3, "taken back: whoever was told must hear of it"
        told(store, rest, people[1:])
        assert news(store, moved, NOW) is None
        # Whoever confirms after the change has a letter that tells the new place.
        late = person(3, PartStat.ACCEPTED)
        store.commit(Commit(invitees=(late,)))
        fresh = news(store, moved, NOW)
        assert fresh is not None and fresh.todo == (late,)
        store.commit(Commit(letters=(letter("a3", late.id, queued_at=NOW + timedelta(minutes=1)),)))
        assert news(store, moved, NOW) is None
        off = news(store, moved, NOW + timedelta(hours=2), cancel=True)
        assert off is not None and off.kind is LetterKind.CANCELLED and len(off.todo) == 4
        begin(store, off)
        told(store, off, off.todo)
        assert news(store, moved, NOW, cancel=True) is None and news(store, config, NOW) is None


def test_who_cannot_be_written_to_keeps_nobody_waiting(tmp_path: Path) -> None:
    config = example()
    moved = replace(config, event=replace(config.event, venue=Venue("Elsewhere")))
    with open_store("tinydb:rsvp.json", tmp_path) as store:
        note_first(store, config)
        store.commit(Commit(invitees=(person(0, PartStat.ACCEPTED, addresses=("noreply@x.example",)),)))
        found = news(store, moved, NOW)
        assert found is not None and found.todo == ()
        begin(store, found)
        assert news(store, moved, NOW) is None


# --------------------------------------------------------------------------- as an organiser does it


COMMANDS: list[str] = []


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, smtp_sink: SmtpSink) -> tuple[Path, User]:
    user = dovecot.new_user("announce")
    text = on_loopback(user, dovecot.imap_port, smtp_sink.port, {'mode = "draft"': 'mode = "send"'})
    (tmp_path / "invitees.csv").write_text(
        "email,name,language\nada@x.example,Ada Lovelace,en\naline@x.example,A B,fr\n"
    )
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    return tmp_path / "config.toml", user


def run(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command; each a minute after the one before, as letters are known by when they were written."""
    COMMANDS.append(words[0])
    minute = len(COMMANDS)
    return subprocess.run(
        [*command(config, words[0]), *words[1:], "--now", f"2016-09-12T{9 + minute // 60:02}:{minute % 60:02}-04:00"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=os.environ,
    )


def to(sink: SmtpSink, address: str) -> list[EmailMessage]:
    found = []
    for received in sink.received:
        if address in received.recipients:
            message = message_from_bytes(received.raw, policy=policy.default)
            assert isinstance(message, EmailMessage)
            found.append(message)
    return found


def event_of(message: EmailMessage) -> tuple[str, Any]:
    (part,) = (part for part in message.walk() if part.get_content_type() == "text/calendar")
    calendar = Calendar.from_ical(part.get_content())
    (event,) = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), event


def test_a_changed_room_is_told_and_calendars_follow(
    house: tuple[Path, User], smtp_sink: SmtpSink, dovecot: Dovecot
) -> None:
    config, user = house
    assert run(config, "invite", "--yes").returncode == 0
    raw = (
        b"From: Ada Lovelace <ada@x.example>\r\nTo: rsvp@roundtable.example\r\nSubject: Re: Invitation\r\n"
        b"Date: Mon, 12 Sep 2016 08:30:00 -0400\r\nMessage-ID: <1@x.example>\r\n\r\nI will come.\r\n"
    )
    dovecot.deliver(user, raw)
    assert run(config, "poll").returncode == 0
    invited, confirmed = to(smtp_sink, "ada@x.example")
    uid = event_of(invited)[1]["UID"]
    assert run(config, "announce", "--yes").stdout == "Nothing has changed since people were told.\n"

    text = config.read_text()
    config.write_text(text.replace('floor = "14th floor"', 'floor = "2nd floor"'))
    checked = run(config, "check")
    assert "place changed since people were told; 2 would have to be" in " ".join(checked.stdout.split())
    looked = run(config, "announce", "--dry-run")
    assert "Changed: place. 2 to be told." in looked.stdout and "Until now it was:" in looked.stdout
    assert run(config, "announce").returncode == 2  # nobody is there to be asked
    assert len(to(smtp_sink, "ada@x.example")) == 2
    told = run(config, "announce", "--yes")
    assert told.returncode == 0 and told.stdout.endswith("2 sent.\n"), told.stderr
    news_to_ada = to(smtp_sink, "ada@x.example")[-1]
    method, event = event_of(news_to_ada)
    assert (method, event["UID"], event["SEQUENCE"]) == ("REQUEST", uid, 1)
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED" and event["ATTENDEE"].params["RSVP"] == "FALSE"
    assert "2nd floor" in event["LOCATION"]
    body = news_to_ada.get_body(("plain",))
    assert body is not None
    words = " ".join(str(body.get_content()).split())
    assert words.index("2nd floor") < words.index("Until now it was:") < words.index("14th floor")
    silent = event_of(to(smtp_sink, "aline@x.example")[-1])[1]
    assert silent["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION" and silent["ATTENDEE"].params["RSVP"] == "TRUE"
    assert run(config, "announce", "--yes").stdout == "Nothing has changed since people were told.\n"
    assert confirmed is not None


def test_a_cancelled_event_leaves_the_calendars(house: tuple[Path, User], smtp_sink: SmtpSink) -> None:
    config, _ = house
    assert run(config, "invite", "--yes").returncode == 0
    told = run(config, "announce", "--cancel", "--yes")
    assert told.returncode == 0 and told.stdout.endswith("2 sent.\n"), told.stderr
    message = to(smtp_sink, "ada@x.example")[-1]
    method, event = event_of(message)
    assert (method, event["STATUS"], event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 1)
    assert message["Subject"].startswith("Cancelled:")
    assert run(config, "announce", "--cancel", "--yes").stdout.startswith("Nothing has changed")


def said(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


def test_whoever_answers_a_cancelled_event_is_told_and_so_is_whoever_looks(
    house: tuple[Path, User], smtp_sink: SmtpSink, dovecot: Dovecot
) -> None:
    config, user = house
    paper = '[[documents]]\ntitle = "Agenda"\nfile = "agenda.pdf"\nsend_at = 2016-09-12T09:00:00\n\n[organisers]'
    config.write_text(config.read_text().replace("[organisers]", paper, 1))
    (config.parent / "agenda.pdf").write_bytes(b"%PDF-1.4 agenda")
    assert run(config, "invite", "--yes").returncode == 0
    assert run(config, "announce", "--cancel", "--yes").returncode == 0
    words = {"ada": "I will attend.", "aline": "Sera-t-il reporté ? Qui paie mon billet d'avion ?"}
    for number, (who, text) in enumerate(words.items()):
        head = f"From: {who}@x.example\r\nTo: rsvp@roundtable.example\r\nSubject: Invitation\r\n"
        head += f"Date: Mon, 12 Sep 2016 09:00:30 -0400\r\nMessage-ID: <{number}@x.example>\r\n"
        head += "Content-Type: text/plain; charset=utf-8\r\n\r\n"
        dovecot.deliver(user, (head + text + "\r\n").encode())
    assert run(config, "poll").returncode == 0
    to_ada, to_aline = (to(smtp_sink, f"{who}@x.example")[-1] for who in words)
    assert to_ada["Subject"].startswith("Cancelled:") and to_ada["Auto-Submitted"] == "auto-replied"
    assert "will not take place" in said(to_ada) and "passed on" not in said(to_ada)
    (method, event), before = event_of(to_ada), event_of(to(smtp_sink, "ada@x.example")[-2])[1]
    assert (method, event["STATUS"], event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 1)
    assert event["UID"] == before["UID"]
    assert to_aline["Subject"].startswith("Annulation") and "ont été transmis aux organisateurs" in said(to_aline)
    loaded = load(config)
    with open_store(loaded.store_url, loaded.path.parent) as store:
        assert [one.answer for one in store.invitees()] == [None, None]
    checked = " ".join(run(config, "check").stdout.split())
    assert "cancelled on 12 September 2016: no answer is recorded any more" in checked
    assert "CANCELLED on 12 September 2016" in run(config, "status").stdout
    outbox = run(config, "outbox").stdout
    assert outbox.startswith("The event was cancelled on 12 September 2016") and "goes out now" not in outbox
    assert run(config, "announce", "--cancel", "--yes").stdout.startswith("Nothing has changed")


def test_an_answer_that_tells_of_it_is_no_news_that_waits(tmp_path: Path) -> None:
    with open_store("tinydb:rsvp.json", tmp_path) as store:
        store.commit(Commit(invitees=(person(0),)))
        news_letter = letter("n", person(0).id, kind=LetterKind.CANCELLED)
        store.commit(Commit(letters=(news_letter, letter("r", person(0).id, kind=LetterKind.CANCELLED, reply="d"))))
        assert waiting(store) == ("n",)


def test_cut_off_it_goes_on_and_tells_nobody_twice(house: tuple[Path, User], smtp_sink: SmtpSink) -> None:
    config, _ = house
    assert run(config, "invite", "--yes").returncode == 0
    config.write_text(config.read_text().replace('floor = "14th floor"', 'floor = "2nd floor"'))
    smtp_sink.stop()
    cut = run(config, "announce", "--yes")
    assert cut.returncode == 1 and "It ended early" in cut.stderr
    smtp_sink.start()
    assert run(config, "poll").returncode == 0
    assert run(config, "announce", "--yes").stdout == "Nothing has changed since people were told.\n"
    loaded = load(config)
    with open_store(loaded.store_url, loaded.path.parent) as store:
        letters = [one for one in store.letters() if one.kind is LetterKind.CHANGED]
        assert sorted(one.state for one in letters) == [LetterState.SENT, LetterState.SENT]


def test_what_it_was_cut_off_at_is_said_where_nothing_is_left_to_tell(
    house: tuple[Path, User], smtp_sink: SmtpSink
) -> None:
    config, _ = house
    assert run(config, "invite", "--yes").returncode == 0
    config.write_text(config.read_text().replace('floor = "14th floor"', 'floor = "2nd floor"'))
    assert run(config, "announce", "--yes").returncode == 0
    went = len(smtp_sink.received)
    loaded = load(config)
    with open_store(loaded.store_url, loaded.path.parent) as store, store.transaction():
        last = [one for one in store.letters() if one.kind is LetterKind.CHANGED][-1]
        # As a kill leaves it between the server's answer and its record.
        store.commit(Commit(letters=(replace(last, state=LetterState.SENDING, sent_at=None),)))
    assert "may not have gone out" not in run(config, "announce", "--dry-run").stdout
    again = run(config, "announce", "--yes")
    assert again.returncode == 0 and again.stdout == (
        "Nothing has changed since people were told.\n"
        "1 may not have gone out: an earlier command was cut off there; the summary names them.\n"
    )
    assert run(config, "announce", "--yes").stdout == "Nothing has changed since people were told.\n"
    with open_store(loaded.store_url, loaded.path.parent) as store:
        assert [one.id for one in store.letters(LetterState.DOUBTFUL)] == [last.id]
    assert len(smtp_sink.received) == went


def test_cut_off_the_same_command_sends_what_waits(house: tuple[Path, User], smtp_sink: SmtpSink) -> None:
    config, _ = house
    assert run(config, "invite", "--yes").returncode == 0
    smtp_sink.stop()
    cut = run(config, "announce", "--cancel", "--yes")
    assert cut.returncode == 1 and "2 wait in the outbox" in cut.stdout
    smtp_sink.start()
    looked = run(config, "announce", "--dry-run")
    assert "2 wait in the outbox since an earlier command was cut off" in looked.stdout
    # A server that was out of reach is tried again after a minute.
    again = run(config, "announce", "--yes")
    assert again.returncode == 0 and again.stdout.endswith("2 sent.\n"), (again.stdout, again.stderr)
    assert to(smtp_sink, "ada@x.example")[-1]["Subject"].startswith("Cancelled:")
    assert run(config, "announce", "--yes").stdout == "Nothing has changed since people were told.\n"


def test_a_clock_set_back_since_the_invitation_keeps_nobody_from_being_told(
    house: tuple[Path, User], smtp_sink: SmtpSink
) -> None:
    config, _ = house
    at = "2016-09-12T10:00-04:00", "2016-09-12T09:50-04:00"
    for moment, words in zip(at, (("invite",), ("announce", "--cancel")), strict=True):
        line = [*command(config, words[0]), *words[1:], "--yes", "--now", moment]
        done = subprocess.run(line, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode == 0 and done.stdout.endswith("2 sent.\n"), (done.stdout, done.stderr)
    assert to(smtp_sink, "ada@x.example")[-1]["Subject"].startswith("Cancelled:")


@pytest.mark.parametrize("words", [("invite",), ("announce",), ("announce", "--cancel")])
def test_a_dry_run_writes_nothing(house: tuple[Path, User], words: tuple[str, ...]) -> None:
    config, _ = house

    def files() -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in config.parent.rglob("*") if file.is_file()}

    before = files()
    done = run(config, *words, "--dry-run")
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert files() == before
    if words == ("invite",):
        assert "2 to invite" in done.stdout and "Subject: " in done.stdout
    assert run(config, "invite", "--yes").returncode == 0
    before = files()
    (config.parent / "invitees.csv").write_text("email,name\nada@x.example,Ada Lovelace\nnew@x.example,New Comer\n")
    before["invitees.csv"] = (config.parent / "invitees.csv").read_bytes()
    done = run(config, *words, "--dry-run")
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert files() == before
    assert words != ("invite",) or "1 to invite: New Comer" in done.stdout


def test_after_a_cancellation_nothing_scheduled_goes_out(house: tuple[Path, User], smtp_sink: SmtpSink) -> None:
    config, _ = house
    text = config.read_text()
    reminder = '[[reminders]]\nto = "silent"\nat = 2016-09-14T09:00:00\nletter = "reminder"\n\n\n[organisers]'
    config.write_text(text.replace("[organisers]", reminder, 1))
    assert run(config, "invite", "--yes").returncode == 0
    assert run(config, "announce", "--cancel", "--yes").returncode == 0
    before = len(to(smtp_sink, "aline@x.example"))
    late = subprocess.run(
        [*command(config, "poll"), "--now", "2016-09-14T10:00-04:00"], capture_output=True, check=False
    )
    assert late.returncode == 0
    assert len(to(smtp_sink, "aline@x.example")) == before
    assert "was cancelled" in run(config, "invite", "--yes").stderr
