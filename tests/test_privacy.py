"""What is stored of a person goes when they ask, and when its time has come; and can be given to them before."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from rsvpbot import safekeeping
from rsvpbot.config import Config, load
from rsvpbot.mail.tokens import load_keys
from rsvpbot.model import Address, LetterKind, LetterState, PartStat
from rsvpbot.organisers import door, summary
from rsvpbot.organisers.history import Unclear
from rsvpbot.organisers.privacy import expire, exported, forget, found
from rsvpbot.roster import Row, forgotten_by, merge
from rsvpbot.store import open_store
from rsvpbot.store.base import Commit, Store, StoreError
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


@pytest.mark.parametrize("read_only", [False, True])
def test_where_the_key_is_gone_no_other_is_made_that_would_bring_them_back(
    house: House, tmp_path: Path, read_only: bool
) -> None:
    url, key = house.config.store_url, tmp_path / "token.key"
    forget(house.store, house.config, "ada@lovelace.example", keys(house))
    kept = key.read_bytes()
    key.unlink()
    with pytest.raises(StoreError, match=r"token\.key is missing.*put it back from a backup"):
        open_store(url, tmp_path, read_only=read_only)
    assert not key.exists()
    key.write_bytes(kept)
    open_store(url, tmp_path, read_only=read_only).close()
    key.unlink()
    subprocess.run(["sh", "-c", f"head -c 30 /dev/urandom | base32 > {key}"], check=True)  # as the message says
    assert len(keys(house)) == 1
    open_store(url, tmp_path, read_only=read_only).close()


def test_where_nobody_was_forgotten_a_key_is_made_anew(house: House, tmp_path: Path) -> None:
    keys(house)
    (tmp_path / "token.key").unlink()
    with open_store(house.config.store_url, tmp_path):
        keys(house)


def test_a_delegate_is_forgotten_and_the_seat_is_kept(house: House, tmp_path: Path) -> None:
    house.comes("I cannot come. Whom may I send?")
    house.answers("delegate Jane Doe <jane@doe.example>", house.question())
    forget(house.store, house.config, "jane@doe.example", keys(house))
    answer = house.ada().answer
    assert answer is not None and answer.partstat is PartStat.DELEGATED and answer.party == 1
    assert answer.delegate == Address("", "") and answer.names == ()
    assert b"jane@doe.example" not in state(tmp_path)


def test_who_is_meant_may_be_written_as_in_a_mail(house: House) -> None:
    assert found(house.store, "Ada Lovelace <Ada@lovelace.example>").invitee == ADA
    with pytest.raises(Unclear, match=r"'Lovelace' is no e-mail address; rsvpbot show finds it by a name"):
        found(house.store, "Lovelace")
    with pytest.raises(Unclear, match=r"nothing is stored of 'Eve <eve@stranger\.example>'"):
        found(house.store, "Eve <eve@stranger.example>")


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


# --------------------------------------------------------------------------- an older record

AFTER = "1 address forgotten since: nothing of them is put back, and no list takes them in again."


def backed_up(house: House, tmp_path: Path) -> Path:
    """A backup in a folder of its own, for what is in it is the admin's to delete."""
    elsewhere = tmp_path.with_name(f"{tmp_path.name}-elsewhere")
    elsewhere.mkdir()
    house.store.backup(elsewhere / "backup.json")
    return elsewhere / "backup.json"


def restored(house: House, source: Path | None, *, dry_run: bool = False) -> list[str]:
    house.store.close()
    return list(safekeeping.repair(house.config, NOW, source, dry_run=dry_run))


@pytest.mark.parametrize("present", ["whole", "damaged", "lost"])
def test_no_backup_brings_them_back(house: House, tmp_path: Path, present: str) -> None:
    house.comes("I will come with Bob Babbage. I am a vegetarian. May we film the opening?")
    house.comes("I will come.", "Bob Babbage <bob@babbage.example>")
    saved = backed_up(house, tmp_path)
    forget(house.store, house.config, "ada@lovelace.example", keys(house))
    house.comes("I am sorry, I cannot come.", "Bob Babbage <bob@babbage.example>")
    house.store.close()
    path = house.config.store_file
    if present == "damaged":
        data = path.read_bytes()
        path.write_bytes(data.replace(b"digest", b"digerr", 1))
    elif present == "lost":
        open_store(house.config.store_url, tmp_path).close()
        path.unlink()
        assert path.with_name(f"{path.name}.before").exists()
    assert AFTER in restored(house, saved)
    assert [secret for secret in SECRETS if secret in state(tmp_path)] == []
    assert not list(tmp_path.glob("*in-the-making*"))
    with open_store(house.config.store_url, tmp_path) as store:
        assert store.invitee(ADA.id) is None
        bob = store.invitee(BOB.id)
        assert bob is not None and bob.answer is not None and bob.answer.partstat is PartStat.ACCEPTED
        assert {reply.invitee_id for reply in store.replies()} == {BOB.id}
        row = Row(2, ADA.addresses, "Ada Lovelace")
        assert merge([row], store, house.config, lambda: "zzzzzzzz").added == 0


def test_no_backup_brings_back_a_forgotten_delegate_and_the_seat_is_kept(house: House, tmp_path: Path) -> None:
    house.comes("I cannot come.")
    answer = house.ada().answer
    assert answer is not None
    delegated = replace(answer, partstat=PartStat.DELEGATED, delegate=Address("Zoe Zed", "zoe@zed.example"))
    house.store.commit(Commit(invitees=(replace(house.ada(), answer=delegated),)))
    saved = backed_up(house, tmp_path)
    forget(house.store, house.config, "zoe@zed.example", keys(house))
    assert AFTER in restored(house, saved)
    assert b"zed.example" not in state(tmp_path)
    with open_store(house.config.store_url, tmp_path) as store:
        ada = store.invitee(ADA.id)
        assert ada is not None and ada.answer is not None and ada.answer.partstat is PartStat.DELEGATED


def test_who_was_forgotten_before_the_backup_and_put_on_the_list_again_stays(house: House, tmp_path: Path) -> None:
    forget(house.store, house.config, "ada@lovelace.example", keys(house))
    house.store.commit(Commit(invitees=(ADA,)))
    saved = backed_up(house, tmp_path)
    assert not any("forgotten since" in line for line in restored(house, saved))
    with open_store(house.config.store_url, tmp_path) as store:
        assert store.invitee(ADA.id) == ADA


def test_a_backup_is_not_put_in_place_where_it_cannot_be_known_whom_it_brings_back(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.comes("I will come.")
    saved = backed_up(house, tmp_path)
    forget(house.store, house.config, "ada@lovelace.example", keys(house))
    house.store.close()
    before = house.config.store_file.read_bytes()
    would = restored(house, saved, dry_run=True)
    assert AFTER.replace("is put back", "would be put back") in would
    assert "nothing was changed" in without_room(monkeypatch, lambda: restored(house, saved))
    assert house.config.store_file.read_bytes() == before and b"Lovelace" not in state(tmp_path)
    key = house.config.state_folder / "token.key"
    kept = key.read_bytes()
    key.unlink()
    with pytest.raises(StoreError, match=r"nothing was changed.*token\.key is missing.*backup"):
        restored(house, saved)
    assert house.config.store_file.read_bytes() == before and b"Lovelace" not in state(tmp_path)
    key.write_bytes(kept)
    assert AFTER in restored(house, saved)


# --------------------------------------------------------------------------- cut off


def without_room(monkeypatch: pytest.MonkeyPatch, work: Callable[[], object]) -> str:
    """Do it on a disk that takes a line more, and no second file; gives what is said of that."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as faulty:
        faulty.setattr(os, "fsync", full)
        with pytest.raises(StoreError) as refused:
            work()
    return str(refused.value)


def opened_again(house: House, *, first_shut_down: bool) -> Store:
    """As after a kill; or by a process that comes behind another, which had room, and made the file compact."""
    if first_shut_down:
        open_store(house.config.store_url, house.config.path.parent).close()
    return open_store(house.config.store_url, house.config.path.parent)


@pytest.mark.parametrize("first_shut_down", [False, True])
def test_what_was_cut_off_amid_forget_is_finished_when_it_is_said_again(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first_shut_down: bool
) -> None:
    house.comes("I will come. I am a vegetarian.")
    known = keys(house)
    said = without_room(monkeypatch, lambda: forget(house.store, house.config, "ada@lovelace.example", known))
    assert said.startswith("taken out of the record, but its files still hold what was stored: ")
    assert said.endswith("(No space left on device); make room on this disk, then run this again")
    assert house.store.invitee(ADA.id) is None and b"Lovelace" in state(tmp_path)
    with opened_again(house, first_shut_down=first_shut_down) as store:
        assert b"Lovelace" in state(tmp_path)
        with pytest.raises(Unclear, match="nothing is stored"):
            exported(found(store, "ada@lovelace.example"))
        done = forget(store, house.config, "ada@lovelace.example", keys(house))
        assert (done.messages, done.letters) == (0, 0)
    assert [secret for secret in SECRETS if secret in state(tmp_path)] == []
    with opened_again(house, first_shut_down=False) as store, pytest.raises(Unclear, match="nothing is stored"):
        forget(store, house.config, "ada@lovelace.example", keys(house))


@pytest.mark.parametrize("first_shut_down", [False, True])
def test_what_was_cut_off_amid_retention_is_finished_the_next_time(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first_shut_down: bool
) -> None:
    house.comes("I will come. I am a vegetarian.")
    config = replace(house.config, retention_days=30)
    late = config.event.ends + timedelta(days=31)
    without_room(monkeypatch, lambda: expire(house.store, config, late))
    with opened_again(house, first_shut_down=first_shut_down) as store:
        assert store.invitees() == () and b"Lovelace" in state(tmp_path)
        expire(store, config, late)
        assert [secret for secret in SECRETS if secret in state(tmp_path)] == []


def test_the_command_that_finds_no_room_says_so_once(installed: tuple[Path, User], small_disk: Path) -> None:
    config, _ = installed
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('"tinydb:rsvp.json"', f'"tinydb:{small_disk}/rsvp.json"'), encoding="utf-8")
    with (config.parent / "invitees.csv").open("a") as rows:
        rows.writelines(f"p{number}@x.example,P\n" for number in range(200))
    assert run(config, "poll").returncode == 0
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as filled, pytest.raises(OSError, match="space"):
        for _ in range(1000):
            filled.write(bytes(4096))
    os.truncate(ballast, ballast.stat().st_size - 2 * 4096)  # room for what a commit adds, and not for all there is
    done = run(config, "forget", "ada@lovelace.example", "--yes", "--no-mailbox")
    assert done.returncode == 1
    assert "taken out of the record" in done.stderr and "then run this again" in done.stderr
    assert done.stderr.count("No space left on device") == 1
    ballast.unlink()
    assert b"lovelace" in state(small_disk).lower()
    done = run(config, "forget", "ada@lovelace.example", "--yes", "--no-mailbox")
    assert done.returncode == 0 and "Forgotten: ada@lovelace.example" in done.stdout
    assert b"lovelace" not in state(small_disk).lower()


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


def test_forgetting_does_not_wait_for_a_password(installed: tuple[Path, User]) -> None:
    """As in the documented installation, where systemd hands it to the service and to nobody else."""
    config, user = installed
    assert run(config, "poll").returncode == 0
    text = config.read_text(encoding="utf-8")
    config.write_text(re.sub(r"(?m)^password_file = .*$", "", text), encoding="utf-8")
    done = run(config, "forget", "ada@lovelace.example", "--yes")
    assert done.returncode == 0, done.stderr
    assert "cannot be looked at from here" in done.stderr and "there is no password for the mailbox" in done.stderr
    assert f"The mailbox was not looked at: search {user.address} for the address" in done.stdout
    assert b"lovelace" not in state(config.parent).lower()
    config.write_text(text.replace("[store]", "[storr]"), encoding="utf-8")
    assert run(config, "forget", "bob@babbage.example", "--yes").returncode == 2, "the rest must be right"


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
