"""Promise 4, to its end: what cannot be read is set aside without stopping others, and comes back when asked for."""

from __future__ import annotations

import os
import subprocess
import textwrap
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

import rsvpbot.intake
from rsvpbot.config import Config, load
from rsvpbot.intake import MOST_FAILURES
from rsvpbot.mail.imap import Connection
from rsvpbot.model import Folder
from rsvpbot.retry import retry
from tests.corpus_mailbox import EXAMPLE, command, on_loopback, opened
from tests.servers import Dovecot, Proxy, SmtpSink, User, refusing
from tests.test_intake import YES, intake, mail

BAD = mail("Yes, I will attend. POISON", "grace@hopper.example")
POISONED = textwrap.dedent(
    """
    import re, sys
    import rsvpbot.intake, rsvpbot.timelimit
    from rsvpbot.cli import invoke
    rsvpbot.timelimit.MOST_SECONDS_A_MESSAGE = 5.0  # what reads well is done long before, on a busy machine, too
    examine = rsvpbot.intake.examine
    def poisoned(raw, *rest):
        if b"POISON" in raw:
            {fault}
        return examine(raw, *rest)
    rsvpbot.intake.examine = poisoned
    sys.exit(invoke(sys.argv[1:]))
    """
)
FAULTS = {
    "it never ends": 're.match("(a+)+$", "a" * 60 + "b")  # in C, where no signal and no exception is heard',
    "it kills the process": "import os; os.abort()",
    "it raises": 'raise ValueError("grace@hopper.example")',
}


@pytest.fixture
def path(dovecot: Dovecot, smtp_sink: SmtpSink, user: User, tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(on_loopback(user, dovecot.imap_port, smtp_sink.port), encoding="utf-8")
    (tmp_path / "invitees.csv").write_text("email\nada@lovelace.example\ngrace@hopper.example\n", encoding="utf-8")
    (tmp_path / "discussion-paper.pdf").touch()
    return path


@pytest.fixture
def user(dovecot: Dovecot) -> User:
    return dovecot.new_user()


def run(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLE.parent)}
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300, check=False)


def poisoned_poll(path: Path, fault: str) -> subprocess.CompletedProcess[str]:
    program, *options = command(path, "poll")
    return run(program, "-c", POISONED.format(fault=FAULTS[fault]), *options[2:])


def tally(config: Config) -> dict[Folder, int]:
    with opened(config) as store:
        return {folder: number for folder, number in store.tally().items() if number}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_read_is_set_aside_and_comes_back_when_asked_for(
    dovecot: Dovecot, user: User, path: Path, fault: str
) -> None:
    config = load(path)
    dovecot.deliver(user, BAD, YES)
    for number in range(1, MOST_FAILURES + 1):
        ended = poisoned_poll(path, fault)
        assert "hopper" not in ended.stderr, "nothing personal, however it ends"
        assert tally(config).get(Folder.FAILED, 0) == (number == MOST_FAILURES and fault == "it raises")
    # A death is counted by the next start.
    done = poisoned_poll(path, fault)
    assert done.returncode == 0, done.stderr
    assert tally(config) == {Folder.RECORDED: 1, Folder.FAILED: 1}
    (kept,) = dovecot.messages(user, "RSVP/Failed")
    assert kept.replace(b"\r\n", b"\n").endswith(BAD.replace(b"\r\n", b"\n")), "untouched"
    assert dovecot.messages(user) == []

    asked = run(*command(path, "retry", "--dry-run"))
    assert (asked.returncode, asked.stdout) == (0, "1 message in RSVP/Failed would be tried again.\n")
    assert dovecot.messages(user) == []
    asked = run(*command(path, "retry"))
    assert (asked.returncode, "1 message put back into INBOX" in asked.stdout) == (0, True), asked.stderr
    assert len(dovecot.messages(user)) == 1
    assert tally(config) == {Folder.RECORDED: 1, Folder.FAILED: 1}, "it has not been handled since"
    assert run(*command(path, "poll")).returncode == 0
    assert tally(config) == {Folder.RECORDED: 2}, "seen once, in one folder"
    assert dovecot.messages(user) == dovecot.messages(user, "RSVP/Failed") == []
    with opened(config) as store:
        assert len(store.replies()) == 2
    assert run(*command(path, "retry")).stdout == "0 messages in RSVP/Failed: nothing is to be tried again.\n"


def test_one_that_the_server_does_not_hand_out_or_move_keeps_no_other_back(
    dovecot: Dovecot, user: User, path: Path
) -> None:
    with Proxy(dovecot.imap_port) as proxy:
        path.write_text(on_loopback(user, proxy.port, 25), encoding="utf-8")
        config = load(path)
        with Connection(config.mailbox) as connection:
            connection.prepare_folders()
        with dovecot.client(user) as client:
            client.multiappend("RSVP/Failed", [BAD, YES, mail("Which floor is it?")])
        refused = refusing(b"FETCH", 1), refusing(b"MOVE", 2)
        proxy.from_client = lambda data: refused[0](refused[1](data) or b"")
        asked = run(*command(path, "retry"))
    assert asked.returncode == 0, asked.stderr
    assert "1 message in RSVP/Failed cannot be handed out by the server" in asked.stdout
    assert "1 message in RSVP/Failed cannot be moved by the server" in asked.stdout
    assert "1 message put back into INBOX" in asked.stdout
    assert (len(dovecot.messages(user)), len(dovecot.messages(user, "RSVP/Failed"))) == (1, 2)


def test_what_is_put_back_in_the_moment_in_which_it_is_filed_stays_put_back(
    dovecot: Dovecot, user: User, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load(path)
    dovecot.deliver(user, BAD)
    with opened(config) as store, Connection(config.mailbox) as connection:
        file, road = connection.file, intake(store, config)

        def filed(uids: Sequence[int], folder: Folder, maybe_there: bool = False) -> frozenset[int]:
            refused = file(uids, folder, maybe_there)
            assert retry(config, dry_run=False) == 0
            return refused

        with monkeypatch.context() as patch:
            patch.setattr(rsvpbot.intake, "examine", lambda raw, *_: 1 / 0 if b"POISON" in raw else None)
            patch.setattr(connection, "file", filed)
            for _ in range(MOST_FAILURES):
                road.poll(connection, threading.Event())
        assert len(dovecot.messages(user)) == 1
        road.poll(connection, threading.Event())
    assert tally(config) == {Folder.REVIEW: 1}, "it was read, and went back to Failed before"
    assert dovecot.messages(user) == dovecot.messages(user, "RSVP/Failed") == []


def test_what_fails_again_goes_back_and_is_counted_once(
    dovecot: Dovecot, user: User, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load(path)
    dovecot.deliver(user, BAD)
    monkeypatch.setattr(rsvpbot.intake, "examine", lambda raw, *_: 1 / 0 if b"POISON" in raw else None)
    for _ in range(2):
        with opened(config) as store, Connection(config.mailbox) as connection:
            for _ in range(MOST_FAILURES):
                intake(store, config).poll(connection, threading.Event())
        assert tally(config) == {Folder.FAILED: 1}
        assert len(dovecot.messages(user, "RSVP/Failed")) == 1
        assert retry(config, dry_run=False) == 0
    assert len(dovecot.messages(user)) == 1
