"""What is stored of a person goes when they ask, and when its time has come; and can be given to them before."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from rsvpbot.config import Config, load
from rsvpbot.mail.tokens import load_keys
from rsvpbot.model import Address, LetterKind, LetterState, PartStat
from rsvpbot.organisers import door, summary
from rsvpbot.organisers.history import Unclear
from rsvpbot.organisers.privacy import expire, exported, forget, found
from rsvpbot.roster import Row, forgotten_by, merge
from rsvpbot.store import open_store
from rsvpbot.store.base import Commit, Store
from tests.corpus_mailbox import command, on_loopback
from tests.servers import Dovecot, SmtpSink, User
from tests.steer_house import ADA, BOB, NOW, House, steered

SECRETS = (b"Lovelace", b"lovelace.example", b"vegetarian", b"film the opening")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with steered(tmp_path) as opened:
        yield opened


def state(folder: Path) -> bytes:
    """Every byte of the state folder, the lists of organisers apart."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".csv")


def keys(house: House) -> tuple[bytes, ...]:
    return load_keys(house.config.state_folder)


def test_after_forget_nothing_of_them_is_in_the_state_folder(house: House, tmp_path: Path) -> None:
    house.comes("I will come with Bob Babbage. I am a vegetarian. May we film the opening?")
    house.answers("reply\nDear Ada Lovelace, you may.", house.question())
    house.answers("decline", house.question())
    assert all(secret in state(tmp_path) for secret in SECRETS)
    done = forget(house.store, house.config, "ADA@lovelace.example", keys(house))
    assert (done.messages, done.letters >= 3, done.named_elsewhere) == (1, True, 0)
    assert [secret for secret in SECRETS if secret in state(tmp_path)] == []
    assert house.store.invitee(ADA.id) is None and house.store.invitee(BOB.id) == BOB
    assert house.store.rulings() == () and house.store.replies() == ()


def test_no_list_brings_them_back(house: House) -> None:
    forget(house.store, house.config, "ada@lovelace.example", keys(house))
    row = Row(2, ("ada@lovelace.example",), "Ada Lovelace")
    merged = merge([row], house.store, house.config, lambda: "zzzzzzzz", forgotten_by(house.store, keys(house)))
    assert merged.added == 0 and house.store.invitee_by_address("ada@lovelace.example") is None


def test_a_delegate_is_forgotten_and_the_seat_is_kept(house: House, tmp_path: Path) -> None:
    house.comes("I cannot come. Whom may I send?")
    house.answers("delegate Jane Doe <jane@doe.example>", house.question())
    forget(house.store, house.config, "jane@doe.example", keys(house))
    answer = house.ada().answer
    assert answer is not None and answer.partstat is PartStat.DELEGATED and answer.party == 1
    assert answer.delegate == Address("", "") and answer.names == ()
    assert b"jane@doe.example" not in state(tmp_path)


def test_a_stranger_who_only_wrote_is_forgotten_too(house: House, tmp_path: Path) -> None:
    house.comes("May I come?", "Eve Adams <eve@stranger.example>")
    forget(house.store, house.config, "eve@stranger.example", keys(house))
    assert b"eve@stranger" not in state(tmp_path) and b"Eve Adams" not in state(tmp_path)
    assert house.store.open_replies() == ()


def test_what_others_wrote_of_them_is_theirs_and_is_told(house: House) -> None:
    house.comes("I will come. Ada Lovelace will bring the papers.", "Bob Babbage <bob@babbage.example>")
    done = forget(house.store, house.config, "ada@lovelace.example", keys(house))
    assert done.named_elsewhere == 1


def test_copies_that_wait_for_the_sent_folder_go_as_well(house: House, tmp_path: Path) -> None:
    house.comes("I will come with my wife. May we film?")
    question = house.question()
    summary = replace(question, id="s1", kind=LetterKind.SUMMARY, state=LetterState.SENT, sent_at=question.queued_at)
    house.store.commit(Commit(letters=(summary,)))
    forget(house.store, house.config, "ada@lovelace.example", keys(house))
    left = house.store.letter("s1")
    assert left is not None and left.raw is None and left.copied
    assert house.letters(LetterKind.REVIEW) == ()


def closed(house: House) -> Config:
    """The list of the desk is closed, and a summary with the guest list waits to be sent."""
    event = replace(house.config.event, freeze_at=NOW)
    config = replace(house.config, event=event)
    door.freeze_if_due(house.store, config, NOW)
    summary.queue_now(house.store, config, NOW, lambda: "s1")
    return config


def test_the_closed_list_and_the_guest_list_forget_too(house: House) -> None:
    house.comes("I will come with Eve Adams.")
    house.comes("I will come.", "Bob Babbage <bob@babbage.example>")
    config = closed(house)
    given = json.loads(exported(found(house.store, "ada@lovelace.example")))
    assert [person["name"] for person in given["at_the_door"]] == ["Ada Lovelace", "Eve Adams"]
    # Without the words of the summary itself: the guest list alone speaks of her.
    letter = house.store.letter("s1")
    assert letter is not None and letter.raw is not None
    quiet = replace(letter, raw=re.sub(rb"(?s)--=_1_.*?--=_1_s1--", b"", letter.raw))
    assert b"Lovelace" not in quiet.raw and b"guests.xlsx" in quiet.raw  # type: ignore[operator]
    house.store.commit(Commit(letters=(quiet,)))
    forget(house.store, config, "ada@lovelace.example", keys(house))
    kept = house.store.frozen()
    assert kept is not None and [person.name for person in kept.people] == ["Bob Babbage"]
    assert house.store.letter("s1") is None
    assert door.desk(house.store, config, NOW).changes == ()


def test_a_delegate_is_forgotten_on_the_closed_list_and_the_seat_is_kept(house: House, tmp_path: Path) -> None:
    house.comes("I cannot come. Whom may I send?")
    house.answers("delegate Grace Hopper <grace@hopper.example>", house.question())
    config = closed(house)
    assert b"Grace Hopper" in state(tmp_path)
    forget(house.store, config, "grace@hopper.example", keys(house))
    assert b"Hopper" not in state(tmp_path)
    (line,) = door.desk(house.store, config, NOW).lines
    assert line.name == "Delegate of Ada Lovelace"


def test_nobody_by_that_address(house: House) -> None:
    with pytest.raises(Unclear, match=r"nothing is stored of 'carol@x\.example'"):
        found(house.store, "carol@x.example")


def test_what_is_stored_can_be_given_to_them(house: House) -> None:
    house.comes("I will come. I am a vegetarian. May we film the opening?")
    house.answers("accept 2", house.question())
    given = json.loads(exported(found(house.store, "ada@lovelace.example")))
    assert given["invitee"]["name"] == "Ada Lovelace" and given["invitee"]["answer"]["party"] == 2
    assert "film the opening" in given["messages"][0]["reading"]["text"]
    assert {letter["kind"] for letter in given["letters"]} >= {"accepted"}
    assert [decision["act"] for decision in given["decisions"]] == ["accept"]
    assert "raw" not in json.dumps(given)


def test_retention_leaves_nothing(house: House, tmp_path: Path) -> None:
    house.comes("I will come. I am a vegetarian. May we film the opening?")
    ends = house.config.event.ends
    kept = replace(house.config, retention_days=None)
    assert not expire(house.store, kept, ends + timedelta(days=9999))
    limited = replace(house.config, retention_days=90)
    closing = replace(closed(house), retention_days=90)
    assert not expire(house.store, limited, ends + timedelta(days=89, hours=23))
    assert b"Lovelace" in state(tmp_path)
    assert expire(house.store, closing, ends + timedelta(days=90))
    assert [secret for secret in SECRETS if secret in state(tmp_path)] == []
    assert not expire(house.store, closing, ends + timedelta(days=91))
    kept_list = house.store.frozen()
    assert kept_list is not None and kept_list.people == ()


# --------------------------------------------------------------------------- as an admin does it


@pytest.fixture
def installed(tmp_path: Path, dovecot: Dovecot, smtp_sink: SmtpSink) -> Iterator[tuple[Path, User]]:
    user = dovecot.new_user("forget")
    text = on_loopback(user, dovecot.imap_port, smtp_sink.port, {"# days_after_event = 90": "days_after_event = 90"})
    (tmp_path / "invitees.csv").write_text("email,name\nbob@babbage.example,Bob\nada@lovelace.example,Ada Lovelace\n")
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    raw = (
        b"From: Ada Lovelace <ada@lovelace.example>\r\nTo: rsvp@roundtable.example\r\nSubject: Re: Invitation\r\n"
        b"Date: Mon, 12 Sep 2016 08:30:00 -0400\r\nMessage-ID: <1@x.example>\r\n\r\nI will come.\r\n"
    )
    dovecot.deliver(user, raw)
    yield tmp_path / "config.toml", user


def run(config: Path, *words: str, now: str = "2016-09-12T09:00-04:00") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command(config, words[0]), *words[1:], "--now", now],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=os.environ,
    )


def test_the_commands_say_what_remains_and_where(installed: tuple[Path, User], dovecot: Dovecot) -> None:
    config, user = installed
    assert run(config, "poll").returncode == 0
    given = run(config, "export", "ada@lovelace.example")
    assert given.returncode == 0 and json.loads(given.stdout)["invitee"]["name"] == "Ada Lovelace"
    assert run(config, "forget", "ada@lovelace.example").returncode == 2  # nobody is there to be asked
    done = run(config, "forget", "ada@lovelace.example", "--yes")
    assert done.returncode == 0, done.stderr
    assert "Forgotten: ada@lovelace.example, with 1 message and 1 letter" in done.stdout
    assert "Left: line 3 of" in done.stdout
    assert f"Left: 1 message in RSVP/Recorded of {user.address}" in done.stdout
    assert "Left: 1 message in Drafts" in done.stdout
    assert len(dovecot.messages(user, "RSVP/Recorded")) == 1  # nothing is deleted
    folder = config.parent
    assert b"lovelace" not in state(folder).lower()
    assert run(config, "poll").returncode == 0
    assert b"lovelace" not in state(folder).lower()
    again = run(config, "forget", "ada@lovelace.example", "--yes")
    assert again.returncode == 2 and "nothing is stored" in again.stderr


def test_retention_by_the_clock_and_the_list_brings_nobody_back(installed: tuple[Path, User]) -> None:
    config, _ = installed
    assert run(config, "poll").returncode == 0
    for _ in range(2):
        late = run(config, "poll", now="2016-12-24T09:00-04:00")
        assert late.returncode == 0, late.stderr
    loaded = load(config)
    with open_store(loaded.store_url, loaded.path.parent) as store:
        kept: Store = store
        assert kept.invitees() == () and kept.replies() == ()
    assert b"lovelace" not in state(config.parent).lower()
