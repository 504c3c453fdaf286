"""The corpus in a real mailbox: 200 mails, some of them twice, and a configuration that polls them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from rsvpbot.config import Config, load
from rsvpbot.model import Folder, LetterKind
from rsvpbot.store import open_store
from rsvpbot.store.base import Store
from tests.servers import Dovecot, SmtpSink, User

CORPUS = Path(__file__).parent / "corpus"
EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
MORNING = "2016-09-12T09:00-04:00"
TOTAL = 200


def on_loopback(user: User, imap_port: int, smtp_port: int, changes: Mapping[str, str] | None = None) -> str:
    """The example configuration, for a mailbox on these servers. `changes`: what stands in it, and what is to."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in {
        'address = "rsvp@roundtable.example"': f'address = "{user.address}"',
        'host = "imap.roundtable.example"': f'host = "127.0.0.1"\nport = {imap_port}\nsecurity = "none"',
        'password_file = "imap-password"': f'password_file = "{user.password_file}"',
        'host = "smtp.roundtable.example"': f'host = "127.0.0.1"\nport = {smtp_port}\nsecurity = "none"',
        **(changes or {}),
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@dataclass(frozen=True, slots=True)
class Labelled:
    """One mail of the corpus."""

    name: str
    raw: bytes
    label: dict[str, Any]

    @property
    def machine(self) -> bool:
        return self.label["kind"] in ("auto", "bounce", "bulk")

    @property
    def sender(self) -> str:
        return parseaddr(str(message_from_bytes(self.raw).get("From", "")))[1].lower()

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


def corpus() -> list[Labelled]:
    found = []
    for folder in ("people", "machine"):
        rows = map(json.loads, (CORPUS / folder / "labels.jsonl").read_text(encoding="utf-8").splitlines())
        for row in rows:
            found.append(Labelled(f"{folder}/{row['file']}", (CORPUS / folder / row["file"]).read_bytes(), row))
    return found


def two_hundred() -> list[Labelled]:
    """The corpus, and its first mails once more, as a server that lost its place would deliver them."""
    mails = corpus()
    return mails + mails[: TOTAL - len(mails)]


def invitees() -> str:
    """invitees.csv: everybody who answers in person or by calendar."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["email", "seats"])
    for address in sorted({mail.sender for mail in corpus() if not mail.machine and mail.sender}):
        writer.writerow([address, 10])
    return out.getvalue()


def write_config(folder: Path, dovecot: Dovecot, user: User, sink: SmtpSink, listed: str, **changes: str) -> Path:
    """config.toml of the example event on these servers, in send mode, with its list; `changes` replace whole lines
    that begin with the key."""
    text = EXAMPLE.read_text(encoding="utf-8")
    mailbox = f'host = "127.0.0.1"\nport = {dovecot.imap_port}\nsecurity = "none"\nusername = "{user.address}"\n'
    replaced = {
        'host = "imap.roundtable.example"\n': mailbox,
        'password_file = "imap-password"\n': f'password_file = "{user.password_file}"\n',
        'host = "smtp.roundtable.example"\n': f'host = "127.0.0.1"\nport = {sink.port}\nsecurity = "none"\n',
        'mode = "draft"\n': 'mode = "send"\n',
        "# max_per_minute = 60\n": "max_per_minute = 100000\n",
    }
    for old, new in {**replaced, **changes}.items():
        assert old in text, old
        text = text.replace(old, new)
    (folder / "invitees.csv").write_text(listed, encoding="utf-8")
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def fill(dovecot: Dovecot, user: User, mails: list[Labelled]) -> None:
    with dovecot.client(user) as client:
        for mail in mails:
            client.append("INBOX", mail.raw)


def command(config: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "rsvpbot", "--config", str(config), "--now", MORNING, *words]


def start_poll(config: Path) -> subprocess.Popen[str]:
    """`rsvpbot poll` as a process of its own, as an admin would start it."""
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLE.parent)}
    return subprocess.Popen(
        command(config, "poll"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def opened(config: Config) -> Store:
    return open_store(config.store_url, config.path.parent)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How things stand at the end, as the mailbox, the sink and the store tell it."""

    inbox: int
    folders: dict[Folder, int]
    answers: Counter[str]
    """Letters that reached the sink, by the digest of what they answer; a delegate's welcome is not counted."""
    sent_twice: list[str]
    """Message-IDs of our own that the sink got more than once."""
    unsent: dict[str, str]
    """Letters of the store that are not sent: their id, and their state."""
    recorded: dict[str, str]
    """Recorded replies: digest and PARTSTAT."""


def outcome(dovecot: Dovecot, user: User, sink: SmtpSink, config_path: Path) -> Outcome:
    config = load(config_path)
    folders = {folder: len(dovecot.messages(user, f"RSVP/{folder.value}")) for folder in Folder}
    answers: Counter[str] = Counter()
    own: Counter[str] = Counter()
    with opened(config) as store:
        letters = {letter.message_id: letter for letter in store.letters()}
        unsent = {letter.id: letter.state.value for letter in letters.values() if letter.state.value != "sent"}
        recorded = {reply.digest: str(reply.reading.partstat) for reply in store.replies() if reply.recorded}
    for received in sink.received:
        mail = message_from_bytes(received.raw, policy=policy.default)
        own[str(mail["Message-ID"])] += 1
        letter = letters[str(mail["Message-ID"])]
        if letter.kind is not LetterKind.WELCOME:
            answers[letter.reply] += 1
    twice = [message_id for message_id, times in own.items() if times > 1]
    return Outcome(len(dovecot.messages(user)), folders, answers, twice, unsent, recorded)
