"""A new key for the tokens: in one step, taken up by the service while it runs; what old letters mean by then."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path

import pytest

from rsvpbot.config import Config, load
from rsvpbot.mail.tokens import KeyFile, KeyFileError, Tokens, all_keys, load_keys, rotate
from rsvpbot.model import Folder, PartStat
from rsvpbot.store import open_store
from rsvpbot.store.base import Commit, Store
from rsvpbot.store.lock import KEY_FILE
from tests.corpus_mailbox import EXAMPLE, command, on_loopback
from tests.servers import Dovecot, SmtpSink, User, until

UID = "roundtable-2016-09-20@roundtable.example"

# --------------------------------------------------------------------------- the file


def test_a_new_key_signs_and_the_old_one_is_still_read(tmp_path: Path) -> None:
    (old,) = load_keys(tmp_path)
    token = Tokens((old,), UID).token("abcdefgh")
    assert rotate(tmp_path, retire=False) == 1
    new, kept = load_keys(tmp_path)
    assert kept == old and len(new) == 32
    both = Tokens(load_keys(tmp_path), UID)
    assert both.invitee_id(token) == "abcdefgh" and both.token("abcdefgh") != token
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_a_retired_key_counts_for_no_token_and_is_kept(tmp_path: Path) -> None:
    (first,) = load_keys(tmp_path)
    rotate(tmp_path, retire=False)
    second = load_keys(tmp_path)[0]
    assert rotate(tmp_path, retire=True) == 0
    (third,) = load_keys(tmp_path)
    assert all_keys(tmp_path) == (third, second, first)
    assert Tokens(load_keys(tmp_path), UID).invitee_id(Tokens((second,), UID).token("abcdefgh")) is None
    assert rotate(tmp_path, retire=False) == 1
    assert load_keys(tmp_path)[1:] == (third,) and all_keys(tmp_path)[2:] == (second, first)
    rotate(tmp_path, retire=True)
    assert len(load_keys(tmp_path)) == 1 and len(all_keys(tmp_path)) == 5


@pytest.mark.parametrize("damage", ["retired aaaa\n", "retired\n", "retired not base32!\n", "nonsense here\n"])
def test_a_damaged_line_is_said_and_kept(tmp_path: Path, damage: str) -> None:
    load_keys(tmp_path)
    file = tmp_path / KEY_FILE
    file.write_text(file.read_text() + damage)
    for attempt in (load_keys, all_keys, lambda folder: rotate(folder, retire=False)):
        with pytest.raises(KeyFileError, match=r"token\.key"):
            attempt(tmp_path)
    assert file.read_text().endswith(damage)


@contextmanager
def child(folder: Path, script: str) -> Iterator[subprocess.Popen[bytes]]:
    imports = "import resource, sys; from pathlib import Path; from rsvpbot.mail.tokens import rotate, KeyFileError"
    code = f"{imports}\nfolder = Path(sys.argv[1])\n{script}"
    process = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, cwd=EXAMPLE.parent)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_whoever_reads_meanwhile_finds_whole_keys_and_a_kill_leaves_them(tmp_path: Path) -> None:
    (first,) = load_keys(tmp_path)
    for rounds in range(6):
        with child(tmp_path, "for n in range(500):\n rotate(folder, retire=False)\n print(n, flush=True)") as process:
            assert process.stdout is not None and process.stdout.readline()
            for _ in range(40 + 7 * rounds):
                assert load_keys(tmp_path)[-1] == first
        assert load_keys(tmp_path)[-1] == first
    assert len(load_keys(tmp_path)) > 6


def test_on_a_full_disk_the_old_key_holds(tmp_path: Path) -> None:
    before = load_keys(tmp_path)
    script = (
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "try: rotate(folder, retire=True)\n"
        "except KeyFileError as error: print(error)"
    )
    with child(tmp_path, script) as process:
        told = process.communicate(timeout=60)[0].decode()
    assert "token.key" in told and "the old key still holds" in told
    assert load_keys(tmp_path) == before and [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file for another user")
def test_a_key_that_root_rotates_belongs_to_whom_the_folder_belongs(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    load_keys(tmp_path)
    assert (tmp_path / KEY_FILE).stat().st_uid == 12345
    rotate(tmp_path, retire=False)
    assert (tmp_path / KEY_FILE).stat().st_uid == 12345


# --------------------------------------------------------------------------- while a process runs


def test_tokens_of_every_purpose_follow_the_file(tmp_path: Path) -> None:
    file = KeyFile(tmp_path)
    tokens = Tokens(file, UID)
    organisers = tokens.meant_for("organiser")
    old, old_organisers = tokens.token("abcdefgh"), organisers.token("abcdefgh")
    assert not file.renew()
    rotate(tmp_path, retire=False)
    assert tokens.token("abcdefgh") == old  # until it is told
    assert file.renew() and not file.renew()
    assert tokens.token("abcdefgh") != old and organisers.token("abcdefgh") != old_organisers
    assert (tokens.invitee_id(old), organisers.invitee_id(old_organisers)) == ("abcdefgh", "abcdefgh")
    rotate(tmp_path, retire=True)
    file.renew()
    assert (tokens.invitee_id(old), organisers.invitee_id(old_organisers)) == (None, None)


def test_a_file_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    file = KeyFile(tmp_path)
    before = file.keys
    path, text = tmp_path / KEY_FILE, (tmp_path / KEY_FILE).read_text()
    path.write_text("not base32!")
    for _ in range(2):
        with pytest.raises(KeyFileError, match="base32"):
            file.renew()
    path.unlink()
    with pytest.raises(KeyFileError, match="put it back from a backup"):
        file.renew()
    assert file.keys == before
    path.write_text(text)
    file.renew()
    assert file.keys == before


# --------------------------------------------------------------------------- the command


LIST = "email,name\nada@lovelace.example,Ada Lovelace\nbob@babbage.example,Bob Babbage\n"
CLERK = "Carl Clerk <clerk@bureau.example>"
OF_ADA = "Ms. Ada Lovelace will attend.\n\nCarl Clerk\nAssistant to Ms. Ada Lovelace"


class Installed:
    """A configuration with its list, on a mailbox of its own."""

    def __init__(self, config: Path, user: User, dovecot: Dovecot, sink: SmtpSink) -> None:
        self.config, self.user, self.dovecot, self.sink = config, user, dovecot, sink
        self.number = 0

    @property
    def loaded(self) -> Config:
        return load(self.config)

    @contextmanager
    def store(self) -> Iterator[Store]:
        with open_store(self.loaded.store_url, self.config.parent) as store:
            yield store

    def run(self, *words: str, status: int = 0) -> str:
        done = subprocess.run(
            command(self.config, *words), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        assert done.returncode == status, (done.stdout, done.stderr)
        return done.stdout if status == 0 else done.stderr

    def message_id(self, letter: str = "letter1") -> str:
        """Of a letter to Ada, signed with the key that signs now."""
        with self.store() as store:
            ada = store.invitee_by_address("ada@lovelace.example")
        assert ada is not None
        return Tokens(load_keys(self.config.parent), UID).message_id(ada.id, letter, "roundtable.example")

    def comes(self, sender: str, text: str, *fields: str) -> None:
        self.number += 1
        head = (
            *fields,
            f"From: {sender}",
            f"To: {self.user.address}",
            "Subject: Re: Invitation",
            f"Date: Mon, 12 Sep 2016 08:{self.number:02}:00 -0400",
            f"Message-ID: <{self.number}@sender.example>",
        )
        self.dovecot.deliver(self.user, ("\r\n".join(head) + f"\r\n\r\n{text}\r\n").encode())

    def partstat(self, address: str = "ada@lovelace.example") -> PartStat:
        with self.store() as store:
            found = store.invitee_by_address(address)
        assert found is not None
        return found.partstat

    def filed(self, folder: Folder) -> int:
        return len(self.dovecot.messages(self.user, f"RSVP/{folder.value}"))


@pytest.fixture
def installed(tmp_path: Path, dovecot: Dovecot, smtp_sink: SmtpSink) -> Installed:
    user = dovecot.new_user("keys")
    changes = {'mode = "draft"': 'mode = "send"', '# poll_every = "1m"': 'poll_every = "12h"'}
    (tmp_path / "invitees.csv").write_text(LIST, encoding="utf-8")
    path = tmp_path / "config.toml"
    path.write_text(on_loopback(user, dovecot.imap_port, smtp_sink.port, changes), encoding="utf-8")
    return Installed(path, user, dovecot, smtp_sink)


def test_old_letters_keep_their_meaning_and_calendars_their_uid(installed: Installed) -> None:
    installed.run("poll")
    old = installed.message_id()
    with installed.store() as store:
        before = store.invitees()
    told = installed.run("rotate-key")
    assert "A new key signs" in told and "keep their meaning until the event is over" in told
    assert str(installed.config.parent / KEY_FILE) in told
    with installed.store() as store:
        assert store.invitees() == before
        assert all(one.calendar_uid for one in before)
    assert installed.message_id() != old
    installed.comes(CLERK, OF_ADA, f"In-Reply-To: {old}")
    installed.run("poll")
    assert installed.partstat() is PartStat.ACCEPTED
    answer = message_from_bytes(installed.sink.received[-1].raw)
    assert installed.message_id("x").rpartition(".")[0][-24:] in answer["Message-ID"]  # the new token
    with installed.store() as store:
        assert [one.calendar_uid for one in store.invitees()] == [one.calendar_uid for one in before]
    for part in answer.walk():
        if part.get_content_type() == "text/calendar":
            ada = next(one for one in before if "ada@lovelace.example" in one.addresses)
            assert ada.calendar_uid in bytes(part.get_payload(decode=True) or b"").decode().replace("\r\n ", "")
            break
    else:
        pytest.fail("no calendar file")


def test_a_key_that_leaked_is_forgotten_and_what_it_proved_with_it(installed: Installed) -> None:
    installed.run("poll")
    old = installed.message_id()
    with installed.store() as store:
        store.commit(replace_confirmed(store))
    refused = installed.run("rotate-key", "--forget-old", status=2)
    assert "--yes" in refused and installed.message_id() == old
    told = installed.run("rotate-key", "--forget-old", "--yes")
    assert "Old tokens count no more" in told and "confirm their next decision once more" in told
    with installed.store() as store:
        assert store.mailbox().confirmed == ()
    installed.comes(CLERK, OF_ADA, f"In-Reply-To: {old}")
    installed.run("poll")
    assert installed.partstat() is PartStat.NEEDS_ACTION and installed.filed(Folder.REVIEW) == 1
    installed.comes(CLERK, OF_ADA, f"In-Reply-To: {installed.message_id()}")
    installed.run("poll")
    assert installed.partstat() is PartStat.ACCEPTED


def test_whom_we_were_asked_to_forget_stays_forgotten_under_any_key(installed: Installed) -> None:
    installed.run("poll")
    installed.run("forget", "bob@babbage.example", "--yes", "--no-mailbox")
    for options in ((), ("--forget-old", "--yes"), ()):
        installed.run("rotate-key", *options)
        os.utime(installed.config.parent / "invitees.csv")
        installed.run("poll")
        with installed.store() as store:
            assert store.invitee_by_address("bob@babbage.example") is None


def test_after_the_event_old_keys_are_dropped_at_the_next_rotation(installed: Installed) -> None:
    installed.run("poll")
    installed.run("rotate-key")
    assert len(load_keys(installed.config.parent)) == 2
    told = installed.run("rotate-key", "--now", "2016-09-20T15:30-04:00")
    assert "The event is over: old keys are read no more" in told
    assert len(load_keys(installed.config.parent)) == 1


def replace_confirmed(store: Store) -> Commit:
    return Commit(mailbox=replace(store.mailbox(), confirmed=("ann@unicef.example",)))


def test_a_running_service_takes_the_new_key_up_by_itself(installed: Installed) -> None:
    installed.run("poll")
    old = installed.message_id()
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLE.parent)}
    service = subprocess.Popen(
        command(installed.config, "run"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        installed.comes("Bob Babbage <bob@babbage.example>", "I will attend.")
        until(lambda: installed.filed(Folder.RECORDED) == 1, 60)
        installed.run("rotate-key", "--forget-old", "--yes")
        new = installed.message_id()
        installed.comes(CLERK, OF_ADA, f"In-Reply-To: {old}")
        until(lambda: installed.filed(Folder.REVIEW) == 1, 60)
        installed.comes(CLERK, OF_ADA, f"In-Reply-To: {new}")
        until(lambda: installed.filed(Folder.RECORDED) == 2, 60)
        letters = until(lambda: [r for r in installed.sink.received if "clerk@bureau.example" in r.recipients], 60)
    finally:
        service.kill()
        _, error = service.communicate()
    assert new.rpartition(".")[0][-24:] in message_from_bytes(letters[0].raw)["Message-ID"]
    assert "a new key for the tokens was taken up" in error
