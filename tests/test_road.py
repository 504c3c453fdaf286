"""The whole road on Dovecot and Postfix: mail comes by SMTP and LMTP, the bell wakes the daemon, the answer arrives."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from rsvpbot.clock import ShiftedClock
from rsvpbot.config import load
from rsvpbot.mail.imap import Connection
from rsvpbot.mail.tokens import Tokens, load_keys
from rsvpbot.model import Folder, LetterState, PartStat
from rsvpbot.service import Round
from rsvpbot.store import open_store
from tests.corpus_mailbox import EXAMPLE, MORNING, command
from tests.servers import Dovecot, Postfix, SmtpSink, User, until

LIST = """\
email,name
ada@lovelace.example,Ada Lovelace
grace@hopper.example,Grace Hopper
joan@clarke.example,Joan Clarke
mary@somerville.example,Mary Somerville
"""
RSVP = "rsvp@roundtable.example"
ORGANISER = "secretariat@elsewhere.example"


@dataclass(frozen=True, slots=True)
class House:
    """A mailbox on Dovecot, Postfix before it, and rsvpbot configured for both."""

    config: Path
    dovecot: Dovecot
    postfix: Postfix
    user: User
    outside: SmtpSink


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, postfix: Postfix, outside: SmtpSink) -> House:
    user = dovecot.new_user("road")
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in {
        f'address = "{RSVP}"': f'address = "{user.address}"',
        'host = "imap.roundtable.example"': f'host = "127.0.0.1"\nport = {dovecot.imap_port}\nsecurity = "none"',
        'password_file = "imap-password"': f'password_file = "{user.password_file}"',
        'host = "smtp.roundtable.example"': f'host = "127.0.0.1"\nport = {postfix.port}\nsecurity = "none"',
        'mode = "draft"': 'mode = "send"',
        "Roundtable Secretariat <secretariat@roundtable.example>": ORGANISER,
        # So far apart that only the bell can have woken the daemon.
        '# poll_every = "1m"': 'poll_every = "12h"',
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    (tmp_path / "invitees.csv").write_text(LIST, encoding="utf-8")
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return House(path, dovecot, postfix, user, outside)


def mail(house: House, sender: str, text: str, *, to_letter: str = "", subject: str = "Re: Invitation") -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = sender
    message["To"] = house.user.address
    message["Subject"] = subject
    message["Date"] = "Mon, 12 Sep 2016 08:30:00 -0400"
    message["Message-ID"] = f"<{abs(hash((sender, text)))}@sender.example>"
    if to_letter:
        message["In-Reply-To"] = to_letter
    message.set_content(text)
    return message.as_bytes()


@contextmanager
def daemon(house: House) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLE.parent)}
    process = subprocess.Popen(
        command(house.config, "run"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def answers_to(house: House, address: str) -> list[EmailMessage]:
    found = []
    for received in house.outside.received:
        if address in received.recipients:
            message = message_from_bytes(received.raw, policy=policy.default)
            assert isinstance(message, EmailMessage)
            found.append(message)
    return found


def filed(house: House) -> dict[Folder, int]:
    return {folder: len(house.dovecot.messages(house.user, f"RSVP/{folder.value}")) for folder in Folder}


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_the_whole_road(house: House) -> None:
    with daemon(house) as process:
        until(lambda: "RSVP/Recorded" in house.dovecot.folders(house.user), 30)

        house.postfix.deliver(
            house.user.address, mail(house, "Ada Lovelace <ada@lovelace.example>", "Yes, I will attend.")
        )
        until(lambda: answers_to(house, "ada@lovelace.example"), 30)
        (answer,) = answers_to(house, "ada@lovelace.example")
        assert "20 September 2016" in text_of(answer)
        assert "photo" in text_of(answer)
        assert answer["Auto-Submitted"] == "auto-replied"
        assert any(part.get_content_type() == "text/calendar" for part in answer.walk())

        house.dovecot.deliver(
            house.user,
            mail(house, "Grace Hopper <grace@hopper.example>", "I am afraid I cannot come."),
            mail(house, "Joan Clarke <joan@clarke.example>", "Who pays for my flight?"),
        )
        until(lambda: answers_to(house, "grace@hopper.example") and answers_to(house, "joan@clarke.example"), 30)

        # Ada answers our letter: its Message-ID names her, so the change is recorded without a question back.
        changed = mail(
            house,
            "Ada Lovelace <ada@lovelace.example>",
            "I can no longer attend, sorry.",
            to_letter=answer["Message-ID"],
        )
        house.postfix.deliver(house.user.address, changed)
        until(lambda: len(answers_to(house, "ada@lovelace.example")) == 2, 30)
        until(lambda: not house.dovecot.messages(house.user), 30)
        assert filed(house) == {Folder.RECORDED: 3, Folder.REVIEW: 1, Folder.IGNORED: 0, Folder.FAILED: 0}

        until(lambda: answers_to(house, ORGANISER), 30)
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=40)
        assert process.returncode == 0, error
    assert "lovelace" not in error

    config = load(house.config)
    with open_store(config.store_url, config.path.parent) as store:
        standing = {invitee.name: invitee.partstat for invitee in store.invitees()}
        assert not store.uncopied()
    assert standing == {
        "Ada Lovelace": PartStat.DECLINED,
        "Grace Hopper": PartStat.DECLINED,
        "Joan Clarke": PartStat.NEEDS_ACTION,
        "Mary Somerville": PartStat.NEEDS_ACTION,
    }
    assert len(house.dovecot.messages(house.user, "Sent")) == 5
    (summary,) = answers_to(house, ORGANISER)
    assert summary["Auto-Submitted"] == "auto-generated"


def test_the_token_of_a_letter_names_the_invitee_from_any_address(house: House) -> None:
    run = subprocess.run(command(house.config, "poll"), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    config = load(house.config)
    with open_store(config.store_url, config.path.parent) as store:
        grace = store.invitee_by_address("grace@hopper.example")
        assert grace is not None
        tokens = Tokens(load_keys(config.state_folder), config.event.uid)
    letter = tokens.message_id(grace.id, "letter", "roundtable.example")
    note = "On behalf of Grace Hopper I confirm that she will attend.\n\nHoward Aiken\nAssistant to Grace Hopper"
    house.dovecot.deliver(house.user, mail(house, "Howard Aiken <aiken@harvard.example>", note, to_letter=letter))
    run = subprocess.run(command(house.config, "poll"), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    with open_store(config.store_url, config.path.parent) as store:
        grace = store.invitee_by_address("grace@hopper.example")
        assert grace is not None and grace.answer is not None
        assert (grace.partstat, grace.answer.names) == (PartStat.ACCEPTED, ("Grace Hopper",))
    assert filed(house)[Folder.RECORDED] == 1
    assert until(lambda: answers_to(house, "aiken@harvard.example"), 30)


def test_a_second_daemon_on_one_store_is_refused(house: House) -> None:
    with daemon(house):
        until(lambda: "RSVP/Recorded" in house.dovecot.folders(house.user), 30)
        second = subprocess.run(command(house.config, "run"), capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    assert "already" in second.stderr


def test_an_organiser_decides_by_reply(house: House) -> None:
    text = house.config.read_text(encoding="utf-8")
    house.config.write_text(text.replace('# review = "summary"', 'review = "at once"'), encoding="utf-8")
    with daemon(house):
        until(lambda: "RSVP/Recorded" in house.dovecot.folders(house.user), 30)
        asked = "I am not sure yet. Could my driver wait inside?"
        house.postfix.deliver(house.user.address, mail(house, "Joan Clarke <joan@clarke.example>", asked))
        question = until(lambda: [m for m in answers_to(house, ORGANISER) if "To decide" in m["Subject"]], 30)[0]
        assert "Could my driver wait inside?" in text_of(question)

        def answer(words: str, thread: EmailMessage) -> None:
            quoted = "\n".join(f"> {line}" for line in text_of(thread).splitlines())
            body = f"{words}\n\nAnn\n\nOn Monday rsvp wrote:\n{quoted}\n"
            house.dovecot.deliver(
                house.user, mail(house, ORGANISER, body, to_letter=thread["Message-ID"], subject="Re: To decide")
            )

        # Nothing proves that it is the organiser: they are asked at their own address, and repeat it from there.
        answer("accept 2", question)
        confirm = until(lambda: [m for m in answers_to(house, ORGANISER) if "Please confirm" in m["Subject"]], 30)[0]
        answer("accept 2, please", confirm)
        done = until(lambda: [m for m in answers_to(house, ORGANISER) if m["Subject"].startswith("Done")], 30)[0]
        assert "Recorded: Joan Clarke: accepts, 2 people" in text_of(done)
        letters = until(lambda: [m for m in answers_to(house, "joan@clarke.example") if m["In-Reply-To"]][1:], 30)
        assert any(part.get_content_type() == "text/calendar" for part in letters[-1].walk())
        until(lambda: not house.dovecot.messages(house.user), 30)
    assert filed(house) == {Folder.RECORDED: 2, Folder.REVIEW: 1, Folder.IGNORED: 0, Folder.FAILED: 0}
    story = subprocess.run(
        command(house.config, "show", "joan@clarke.example"), capture_output=True, text=True, check=True
    ).stdout
    assert f"by {ORGANISER}: accept – accepted, 2" in story


def test_the_first_letter_of_a_poll_does_not_wait_until_its_message_is_filed(house: House) -> None:
    for sender in ("Ada Lovelace <ada@lovelace.example>", "Grace Hopper <grace@hopper.example>"):
        house.dovecot.deliver(house.user, mail(house, sender, "I will attend."))
    config = load(house.config)
    seen: list[tuple[int, int, int]] = []
    with open_store(config.store_url, config.path.parent) as store, Connection(config.mailbox) as connection:
        work = Round(store, config, ShiftedClock(datetime.fromisoformat(MORNING)), everything=True, since=None)

        def tell(done: int, of: int) -> None:
            seen.append((done, len(house.dovecot.messages(house.user)), len(store.letters(LetterState.QUEUED))))

        work.poll(connection, threading.Event(), tell)
    assert seen == [(1, 2, 1), (2, 0, 2)], "at first both are in INBOX, and one letter is on disk"
