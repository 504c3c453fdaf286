"""Mail servers that misbehave, each before the whole road: what the poll said, and how things stand in the end.

    python -m tests.server_faults
    python -m tests.server_faults --only SMTP

Four mails wait in a mailbox on Dovecot: an acceptance, a refusal, a question and an automatic reply. A server goes
wrong in one way during one poll; then it is well again, and polls go on until one gets through. In the end every
message must be recorded once and lie in its folder once, every letter sent once, with one copy in Sent; a letter of
which nobody can know whether it was taken must be shown to the organisers and not sent again. A further poll must
change nothing.

Letters go to aiosmtpd, or through a Postfix before it. Ends with 1 where anything is not as it should be.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import re
import signal
import socket
import ssl
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Literal, Self
from unittest import mock
from zoneinfo import ZoneInfo

from imapclient import IMAPClient, SocketTimeout

from rsvpbot import intake, service
from rsvpbot.cli import invoke
from rsvpbot.config import Config
from rsvpbot.letters import outbox
from rsvpbot.letters.sample import own_words
from rsvpbot.letters.templates import Templates
from rsvpbot.mail.imap import Connection
from rsvpbot.mail.smtp import Sender, Timeouts
from rsvpbot.model import Folder, LetterState, Mailbox, PartStat
from rsvpbot.store import open_store
from rsvpbot.store.base import Store
from tests.corpus_mailbox import on_loopback
from tests.servers import Authority, Dovecot, Postfix, Proxy, SmtpSink, User, free_port, until, without
from tests.steer_house import letters_of

Begin = Callable[["Scene"], None]
How = Literal["cut", "silence"]
Side = Literal["before", "after"]
Act = How | bytes | Callable[[], None]
"""What happens: the connection is cut, or falls silent for ever; this is the answer in place of the server's own; or
this is done while the server waits."""
Answer = bytes | Callable[["re.Match[bytes]"], bytes]

FIRST = datetime(2016, 9, 12, 8, 30, tzinfo=ZoneInfo("America/New_York"))
BETWEEN = timedelta(minutes=10)
"""Between two polls: longer than the first pause of a letter that was put off."""
AT_NOON = FIRST.replace(hour=12, minute=5)
"""Then the summary is due."""
MOST_POLLS = 4
IMPATIENCE = 1.5
"""Seconds that a silent server is waited for."""

STORE = "tinydb:rsvp.json"
"""The default of [store] url."""
ORGANISER = "secretariat@elsewhere.example"
SENDER, SECRET = "sender", "a secret that no log may hold"
INVITEES = """\
email,name
ada@lovelace.example ada@home.example,Ada Lovelace
grace@hopper.example,Grace Hopper
joan@clarke.example,Joan Clarke
mary@somerville.example,Mary Somerville
"""


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who has written, and what must come of it."""

    sender: str
    text: str
    folder: Folder
    answer: PartStat | None = None
    answered: bool = True
    machine: bool = False

    def mail(self, name: str) -> bytes:
        message = EmailMessage(policy=policy.SMTPUTF8)
        message["From"] = self.sender
        message["To"] = "rsvp@roundtable.example"
        message["Subject"] = "Re: Invitation"
        message["Date"] = "Mon, 12 Sep 2016 05:30:00 -0400"
        message["Message-ID"] = f"<{name}@sender.example>"
        if self.machine:
            message["Auto-Submitted"] = "auto-replied"
        message.set_content(self.text)
        return message.as_bytes()


WRITERS = {
    # From her second address: so her letter has two recipients.
    "ada": Writer("Ada Lovelace <ada@home.example>", "Yes, I will attend.", Folder.RECORDED, PartStat.ACCEPTED),
    "grace": Writer("Grace Hopper <grace@hopper.example>", "I cannot attend.", Folder.RECORDED, PartStat.DECLINED),
    "joan": Writer("Joan Clarke <joan@clarke.example>", "May we film the opening?", Folder.REVIEW),
    "mary": Writer("mary@somerville.example", "Out of the office.", Folder.IGNORED, answered=False, machine=True),
}
PERSONAL = ("lovelace", "home.example", "Grace", "hopper.example", "clarke.example", "somerville", "film", SECRET)
"""What no line on the screen or in the log may hold (promise 5)."""


# --------------------------------------------------------------------------- the place


@dataclass(frozen=True, slots=True)
class Servers:
    """What all faults share."""

    authority: Authority
    stranger: Authority
    """Whose certificates nobody here trusts."""
    dovecot: Dovecot
    postfix: Postfix
    outside: SmtpSink
    """Behind Postfix."""
    sinks: Mapping[str, SmtpSink]
    """Take letters directly, from `SENDER`."""


@contextmanager
def servers(authority: Authority, dovecot: Dovecot) -> Iterator[Servers]:
    with (
        Authority() as stranger,
        SmtpSink() as outside,
        SmtpSink(users={SENDER: SECRET}) as plain,
        SmtpSink(authority, "tls", {SENDER: SECRET}) as tls,
        SmtpSink(authority, "starttls", {SENDER: SECRET}) as starttls,
        Postfix(authority, dovecot, outside) as postfix,
    ):
        sinks = {"aiosmtpd": plain, "aiosmtpd over TLS": tls, "aiosmtpd with STARTTLS": starttls}
        yield Servers(authority, stranger, dovecot, postfix, outside, sinks)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a fault needs of the place."""

    relay: Literal["aiosmtpd", "aiosmtpd over TLS", "aiosmtpd with STARTTLS", "Postfix"] = "aiosmtpd"
    imap: Literal["none", "tls", "starttls"] = "none"
    smtp: Literal["none", "tls", "starttls"] = "none"
    lacks: tuple[str, ...] = ()
    """Capabilities that the IMAP server does not have."""
    quota: str = ""
    prefix: str = ""
    separator: str = ""
    writers: tuple[tuple[str, Writer], ...] = tuple(WRITERS.items())
    invitees: str = INVITEES
    paper: int = 0
    """Bytes of a paper that is due."""
    mode: Literal["send", "draft"] = "send"


@dataclass(frozen=True, slots=True)
class Told:
    """What a poll said."""

    status: int
    words: str
    log: str


class Scene:
    """One mailbox, one store, and proxies before the servers of both. A fault changes what the proxies do."""

    def __init__(self, servers: Servers, folder: Path, setting: Setting) -> None:
        self.servers, self.folder, self.setting = servers, folder, setting
        self.dovecot = servers.dovecot
        self.user: User = self.dovecot.new_user(
            "fault", quota=setting.quota, prefix=setting.prefix, separator=setting.separator
        )
        self.relay = servers.sinks.get(setting.relay, servers.outside)
        self.lean = Proxy(self.dovecot.imap_port, self._strip)
        """Before Dovecot, where it must not have all its capabilities."""
        direct = self.dovecot.imaps_port if setting.imap == "tls" else self.dovecot.imap_port
        self.imap = Proxy(self.lean.port if setting.lacks else direct)
        self.smtp = Proxy(servers.postfix.port if setting.relay == "Postfix" else self.relay.port)
        self.fired = False
        """Whether the fault has come about."""
        self.leaked = False
        """Whether a login or a letter went over the wire in the clear, on a connection that was to be TLS."""
        self.polls = 0
        self.mended: list[Callable[[], object]] = []
        """What else is to be done when the server is well again."""
        self.config = folder / "config.toml"
        self.configure()
        self.relay.reset()
        for name, writer in setting.writers:
            with self.dovecot.client(self.user) as client:
                client.append("INBOX", writer.mail(name))

    def __enter__(self) -> Self:
        for proxy in (self.lean, self.imap, self.smtp):
            proxy.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        for proxy in (self.imap, self.smtp, self.lean):
            proxy.__exit__()

    def _strip(self, data: bytes) -> bytes | None:
        stripped = without(*self.setting.lacks)(data)
        self.fired = self.fired or stripped != data
        return stripped

    # ------------------------------------------------------------ the configuration

    def configure(self, *, imap_port: int = 0, smtp_port: int = 0, ca_file: Path | None = None) -> None:
        """Write it; ports and authority are right unless told otherwise."""
        setting, secret = self.setting, self.folder / "smtp-password"
        imap_port, smtp_port = imap_port or self.imap.port, smtp_port or self.smtp.port
        text = on_loopback(
            self.user,
            imap_port,
            smtp_port,
            {
                'mode = "draft"': f'mode = "{setting.mode}"',
                '# summary_at = "08:00"': 'summary_at = "12:00"',
                "# max_per_minute = 60": "max_per_minute = 100000",
                # Six languages take six times as long to load, at each poll.
                '# languages = ["en", "ar", "es", "fr", "ru", "zh"]': 'languages = ["en"]',
                "Roundtable Secretariat <secretariat@roundtable.example>": ORGANISER,
                "send_at = 2016-09-15T09:00:00": f"send_at = 2016-09-{10 if setting.paper else 15}T09:00:00",
            },
        )
        authority = f'ca_file = "{ca_file or self.servers.authority.ca_file}"'
        login = f'username = "{SENDER}"\npassword_file = "{secret}"' if setting.relay != "Postfix" else ""
        text = text.replace(
            f'port = {imap_port}\nsecurity = "none"', f'port = {imap_port}\nsecurity = "{setting.imap}"\n{authority}'
        ).replace(
            f'port = {smtp_port}\nsecurity = "none"',
            f'port = {smtp_port}\nsecurity = "{setting.smtp}"\n{authority}\n{login}',
        )
        secret.write_text(SECRET)
        secret.chmod(0o600)
        (self.folder / "invitees.csv").write_text(setting.invitees, encoding="utf-8")
        (self.folder / "discussion-paper.pdf").write_bytes(b"%PDF-1.4 " + b"paper " * (setting.paper // 6))
        self.config.write_text(text, encoding="utf-8")

    # ------------------------------------------------------------ the program

    def run(self, *words: str, now: datetime | None = None) -> Told:
        """A command of rsvpbot, with all that it says and logs."""
        moment = now or FIRST + self.polls * BETWEEN
        log, said = io.StringIO(), self.folder / "said"
        handler, root = logging.StreamHandler(log), logging.getLogger()
        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        root.addHandler(handler)
        try:
            # A real file: the program asks where its standard error goes.
            with said.open("w") as out, contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                status = invoke([*words, "--config", str(self.config), "--now", moment.isoformat()])
        finally:
            root.removeHandler(handler)
            signal.signal(signal.SIGTERM, before[0])
            signal.signal(signal.SIGINT, before[1])
        return Told(status, said.read_text(), log.getvalue())

    def poll(self) -> Told:
        told = self.run("poll")
        self.polls += 1
        return told

    def mend(self) -> None:
        """The servers are well again."""
        for proxy in (self.imap, self.smtp):
            proxy.from_client = proxy.from_server = bytes
            proxy.instead = None
            proxy.cut()
            proxy.release()
        self.relay.mend()
        for act in self.mended:
            act()
        self.mended.clear()

    # ------------------------------------------------------------ how things stand

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        with self.dovecot.client(self.user) as client:
            yield client

    def lying(self) -> dict[str, list[str]]:
        r"""Message-IDs in each folder, by its name without prefix; those flagged \Deleted in a folder of their own."""
        found: dict[str, list[str]] = {}
        with self.client() as client:
            for flags, separator, name in client.list_folders():
                if {b"\\Noselect", b"\\NonExistent"} & set(flags):
                    continue
                path = name.removeprefix(self.setting.prefix).replace(separator.decode(), "/")
                client.select_folder(name, readonly=True)
                uids = client.search()
                for data in (
                    client.fetch(uids, ["FLAGS", "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"]).values() if uids else ()
                ):
                    header = next(bytes(value) for key, value in data.items() if key.startswith(b"BODY[HEADER"))
                    place = f"{path} deleted" if b"\\Deleted" in data[b"FLAGS"] else path
                    found.setdefault(place, []).append(str(message_from_bytes(header)["Message-ID"]))
        return found

    @contextmanager
    def store(self) -> Iterator[Store]:
        """To look into."""
        with open_store(STORE, self.folder, read_only=True) as store:
            yield store

    def mailbox(self) -> Mailbox:
        with self.store() as store:
            return store.mailbox()

    def arrived(self) -> Counter[str]:
        """Letters that came out at the other end, by Message-ID."""
        if self.setting.relay == "Postfix":
            until(lambda: self.servers.postfix.queued() == 0)
        return Counter(str(message_from_bytes(one.raw)["Message-ID"]) for one in self.relay.received)


# --------------------------------------------------------------------------- what must be in the end


@dataclass(frozen=True, slots=True)
class End:
    """How things must stand; the default is what an undisturbed poll brings about."""

    doubtful: frozenset[str] = frozenset()
    """Whose letter may or may not have gone out."""
    failed: frozenset[str] = frozenset()
    """Whose letter was refused for good."""
    partly: frozenset[str] = frozenset()
    """Whose letter did not go to all recipients."""
    vanished: frozenset[str] = frozenset()
    """Whose message somebody else took away before it was read."""
    taken: frozenset[str] = frozenset()
    """Whose message somebody else took away when it had been read."""
    kept_deleted: bool = False
    r"""The server can remove nothing: handled messages stay in INBOX, flagged \Deleted."""
    repeats: int = 0
    """Messages that came again under other UIDs, at most: they count anew."""


def check(scene: Scene, end: End) -> list[str]:
    """What is not as it should be, in plain words."""
    writers = dict(scene.setting.writers)
    read = {name: writer for name, writer in writers.items() if name not in end.vanished}
    lying, wrong = scene.lying(), []
    ids = {f"<{name}@sender.example>": name for name in writers}
    places = {
        name: [place for place, found in lying.items() for one in found if ids.get(one) == name] for name in writers
    }
    for name, writer in writers.items():
        expected = [f"RSVP/{writer.folder.value}"] if name not in end.vanished | end.taken else []
        expected += ["INBOX deleted"] if end.kept_deleted else []
        if sorted(places[name]) != sorted(expected):
            wrong.append(f"the message of {name} lies in {places[name]}, not in {expected}")
    with scene.store() as store:
        recorded = Counter((reply.message_id, reply.reading.partstat) for reply in store.replies() if reply.recorded)
        waiting = Counter(reply.message_id for reply in store.open_replies())
        letters = {reply.digest: reply.message_id for reply in store.replies()}
        states = Counter((ids.get(letters.get(one.reply, ""), one.kind.value), one.state) for one in store.letters())
        by_id = {one.message_id: one for one in store.letters()}
        tally = {folder: count for folder, count in store.tally().items() if count}
        trials, mailbox = store.trials(), store.mailbox()
        unfiled = store.unfiled(mailbox.uidvalidity)
        stands = {invitee.name.partition(" ")[0].lower(): invitee.partstat for invitee in store.invitees()}
    must_record = {(f"<{name}@sender.example>", writer.answer): 1 for name, writer in read.items() if writer.answer}
    if recorded != must_record:
        wrong.append(f"recorded {dict(recorded)}")
    if waiting != {f"<{name}@sender.example>": 1 for name, writer in read.items() if writer.folder is Folder.REVIEW}:
        wrong.append(f"for a person: {dict(waiting)}")
    for name, writer in read.items():
        if writer.answer and stands.get(name) is not writer.answer:
            wrong.append(f"{name} stands as {stands.get(name)}")
    must_tally = Counter(writer.folder for writer in read.values())
    too_many = sum(tally.values()) - sum(must_tally.values())
    if not 0 <= too_many <= end.repeats or any(tally.get(folder, 0) < count for folder, count in must_tally.items()):
        wrong.append(f"the record counts {tally}")
    if trials:
        wrong.append(f"{len(trials)} messages count as failing")
    if unfiled:
        wrong.append(f"{len(unfiled)} messages count as not filed")
    if mailbox.failing_since or mailbox.error:
        wrong.append("the mailbox counts as failing still")
    wrong += _check_letters(scene, end, read, states)
    arrived = scene.arrived()
    for message_id, letter in by_id.items():
        times, copies = arrived[message_id], lying.get("Sent", []).count(message_id)
        if letter.state is LetterState.SENT and (times, copies) != (1, 1):
            wrong.append(f"a {letter.kind} letter was sent {times} times and lies {copies} times in Sent")
        if letter.state is LetterState.DOUBTFUL and (times > 1 or copies):
            wrong.append(f"a {letter.kind} letter in doubt was sent {times} times and lies {copies} times in Sent")
        if letter.state is LetterState.FAILED and (times or copies):
            wrong.append(
                f"a {letter.kind} letter that was refused was sent {times} times and lies {copies} times in Sent"
            )
    if stray := set(arrived) - set(by_id):
        wrong.append(f"{len(stray)} letters were sent that nobody knows")
    return wrong


def _check_letters(
    scene: Scene, end: End, read: dict[str, Writer], states: Counter[tuple[str, LetterState]]
) -> Iterator[str]:
    expected: Counter[tuple[str, LetterState]] = Counter()
    for name, writer in read.items():
        if writer.answered:
            doubtful, failed = name in end.doubtful, name in end.failed
            state = LetterState.DOUBTFUL if doubtful else LetterState.FAILED if failed else LetterState.SENT
            expected[name, state] += 1
    if scene.setting.paper:
        expected["paper", LetterState.SENT] += 1
    if states != expected:
        yield f"letters {dict(states)}, not {dict(expected)}"


def check_told(scene: Scene, end: End) -> list[str]:
    """Whether the organisers are told in the morning what did not go as it should, and the admin at any time."""
    trouble = [*((name, "in doubt") for name in end.doubtful), *((name, "failed") for name in end.failed)]
    if not trouble:
        return []
    status = scene.run("status").words
    scene.run("poll", now=AT_NOON)
    scene.arrived()
    summaries = [one for one in scene.relay.received if ORGANISER in one.recipients]
    if len(summaries) != 1:
        return [f"{len(summaries)} summaries came"]
    mail = message_from_bytes(summaries[0].raw, policy=policy.default)
    body = mail.get_body(("plain",))
    text = " ".join(str(body.get_content()).split()) if body else ""
    wrong = []
    if "ALARM" not in str(mail["Subject"]):
        wrong.append("the summary's subject is no alarm")
    for words, names in (("ask whether it has arrived", end.doubtful), ("refused with", end.failed)):
        shown = len(re.findall(words, text))
        if shown < len(names):
            wrong.append(f"the summary names {shown} letters with {words!r}, not {len(names)}")
    for state, names in (("doubtful", end.doubtful), ("failed", end.failed)):
        if names and f"{len(names)} {state}" not in status:
            wrong.append(f"`rsvpbot status` does not say that {len(names)} are {state}")
    return wrong


# --------------------------------------------------------------------------- a fault


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a server goes wrong."""

    name: str
    begin: Begin
    """Bring it about; `Scene.mend` takes it away."""
    says: str = ""
    """What the poll says, as a regular expression."""
    status: int = 1
    unread: bool = False
    """The mailbox cannot be read, and that is known at once (promise 6)."""
    end: End = End()
    setting: Setting = Setting()
    impatient: bool = False
    lasting: bool = False
    """The server is like that, and stays so."""
    before: Begin | None = None
    """What has happened already, in an earlier poll."""


@dataclass(frozen=True, slots=True)
class Result:
    fault: Fault
    told: Told
    polls: int
    """How many more it took."""
    wrong: tuple[str, ...]


_OWN: list[tuple[str, ...]] = []


def _own_words(config: Config, templates: Templates) -> tuple[str, ...]:
    if not _OWN:
        _OWN.append(own_words(config, templates))
    return _OWN[0]


@contextmanager
def letters_read_once() -> Iterator[None]:
    """The letters are those of the example in every scene, and are read once, as in the daemon: that takes longer than
    all else."""
    with (
        mock.patch.object(service, "Templates", letters_of),
        mock.patch.object(intake, "own_words", _own_words),
    ):
        yield


@contextmanager
def impatience() -> Iterator[None]:
    """Short timeouts, by the parameters that there are for them."""
    connection = partial(Connection, timeout=SocketTimeout(connect=IMPATIENCE, read=IMPATIENCE))
    sender = partial(Sender, timeouts=Timeouts(connect=IMPATIENCE, command=IMPATIENCE, final=IMPATIENCE))
    with mock.patch.object(service, "Connection", connection), mock.patch.object(outbox, "Sender", sender):
        yield


def attempt(fault: Fault, servers: Servers, folder: Path) -> Result:
    """Let it happen once, then poll until one gets through, and compare."""
    with letters_read_once(), Scene(servers, folder, fault.setting) as scene:
        if fault.before is not None:
            fault.before(scene)
            scene.poll()
            scene.mend()
            scene.fired, scene.relay.faults = False, 0
        fault.begin(scene)
        with impatience() if fault.impatient else contextlib.nullcontext():
            told = scene.poll()
        wrong = list(_check_poll(fault, scene, told))
        if not fault.lasting:
            scene.mend()
        polls, through = 0, told.status == 0 and _is_through(scene)
        while not through and polls < MOST_POLLS:
            again = scene.poll()
            polls += 1
            wrong += _secrets(scene, again)
            through = again.status == 0 and _is_through(scene)
        if not through:
            wrong.append(f"no poll got through: {again.words.strip()}")
        wrong += check(scene, fault.end)
        before = scene.arrived()
        scene.poll()
        if scene.arrived() != before:
            wrong.append("a further poll sent letters")
        wrong += check(scene, fault.end)
        wrong += check_told(scene, fault.end)
        return Result(fault, told, polls, tuple(dict.fromkeys(wrong)))


def _is_through(scene: Scene) -> bool:
    """Whether there is nothing left to be done."""
    with scene.store() as store:
        waits = store.letters(LetterState.QUEUED) or store.uncopied() or store.unfiled(store.mailbox().uidvalidity)
        return not (waits or store.trials())


def _check_poll(fault: Fault, scene: Scene, told: Told) -> Iterator[str]:
    """What the faulty poll itself must be like."""
    if not (scene.fired or scene.relay.faults):
        yield "the fault did not come about"
    if told.status != fault.status:
        yield f"exit status {told.status}, not {fault.status}"
    if not re.search(fault.says, told.words + told.log):
        yield f"it does not say {fault.says!r}"
    if scene.leaked:
        yield "a login or a letter went out in the clear"
    yield from _secrets(scene, told)
    mailbox = scene.mailbox() if scene.config.with_name("rsvp.json").exists() else Mailbox()
    if fault.unread is not (mailbox.failing_since is not None):
        yield f"the mailbox counts as {'read' if fault.unread else 'failing'}"
    if fault.unread and "CANNOT BE READ" not in scene.run("status").words:
        yield "`rsvpbot status` does not say that the mailbox cannot be read"
    if twice := [one for one, times in scene.arrived().items() if times > 1]:
        yield f"{len(twice)} letters were sent twice"


def _secrets(scene: Scene, told: Told) -> Iterator[str]:
    said = told.words + told.log
    for needle in (*PERSONAL, scene.user.address, scene.user.password):
        if needle in said:
            yield f"it says {needle!r}"
    if "Traceback" in said:
        yield "it shows a traceback"


# --------------------------------------------------------------------------- at a command of IMAP


def imap_at(command: bytes, act: Act, side: Side = "before", times: int = 1) -> Begin:
    """Something happens when the client says this command (`before` the server sees it), or when the server has done it
    and answers (`after`)."""

    def begin(scene: Scene) -> None:
        tags: set[bytes] = set()
        left, silent = times, False

        def from_client(data: bytes) -> bytes | None:
            nonlocal left, silent
            if silent:
                return b""
            if left == 0 or command not in data:
                return data
            left -= 1
            scene.fired = True
            tag = data.split(b" ", 1)[0]
            if callable(act):
                act()
                return data
            if isinstance(act, bytes):
                tags.add(tag)
                return tag + b" NOOP\r\n"
            if side == "after":
                tags.add(tag)
                return data
            silent = act == "silence"
            return b"" if silent else None

        def from_server(data: bytes) -> bytes | None:
            nonlocal silent
            if silent:
                return b""
            lines = data.splitlines(keepends=True)
            if not any(line.split(b" ", 1)[0] in tags for line in lines):
                return data
            if isinstance(act, bytes):
                return b"".join(
                    line.split(b" ", 1)[0] + b" " + act + b"\r\n" if line.split(b" ", 1)[0] in tags else line
                    for line in lines
                )
            silent = act == "silence"
            return b"" if silent else None

        scene.imap.from_client, scene.imap.from_server = from_client, from_server

    return begin


def imap_answers(pattern: bytes, answer: Answer, then: Literal["go on", "cut", "silence"] = "go on") -> Begin:
    """What the server says is changed, wherever it matches; after it the connection is cut or falls silent."""

    def begin(scene: Scene) -> None:
        said = False

        def from_server(data: bytes) -> bytes | None:
            nonlocal said
            if said and then == "cut":
                return None
            if said and then == "silence":
                return b""
            changed, times = re.subn(pattern, answer, data, flags=re.DOTALL)
            if times:
                scene.fired = True
                said = True
                if then == "cut":
                    threading.Timer(0.05, scene.imap.cut).start()
            return changed

        scene.imap.from_server = from_server

    return begin


def does(act: Begin, command: bytes) -> Begin:
    """Somebody does this to the mailbox while the server waits at a command."""

    def begin(scene: Scene) -> None:
        imap_at(command, partial(act, scene))(scene)

    return begin


def speaks(proxy: Literal["imap", "smtp"], talk: Callable[[socket.socket], None]) -> Begin:
    """Something else answers in the place of the server."""

    def begin(scene: Scene) -> None:
        def instead(connection: socket.socket) -> None:
            scene.fired = True
            connection.settimeout(10)
            talk(connection)

        (scene.imap if proxy == "imap" else scene.smtp).instead = instead

    return begin


def says(words: bytes) -> Callable[[socket.socket], None]:
    """A server that says this, whatever it hears, and closes when nothing more is said to it."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(words)
        with contextlib.suppress(OSError):
            while connection.recv(4096):
                pass

    return talk


def in_tls(
    proxy: Literal["imap", "smtp"], context: Callable[[Authority], ssl.SSLContext], greeting: Sequence[bytes] = ()
) -> Begin:
    """A server with this TLS, at once or after STARTTLS: `greeting` is what it says before, a line for each of ours."""

    def begin(scene: Scene) -> None:
        def talk(connection: socket.socket) -> None:
            if greeting:
                lines = connection.makefile("rb")
                connection.sendall(greeting[0])
                for answer in greeting[1:]:
                    tag = lines.readline().split(b" ", 1)[0]
                    connection.sendall(answer.replace(b"TAG", tag))
            with contextlib.suppress(OSError):
                context(scene.servers.authority).wrap_socket(connection, server_side=True).close()

        speaks(proxy, talk)(scene)

    return begin


# --------------------------------------------------------------------------- at a command of SMTP


def smtp_at(step: str, act: How, side: Side) -> Begin:
    """The connection is cut or falls silent once: before the server sees a command, or after it and before its answer.

    Steps: the commands, CONNECT (the greeting), LETTER (within it), END (its final dot).
    """

    def begin(scene: Scene) -> None:
        in_letter = awaited = silent = over = False
        size = 0

        def happen() -> bytes | None:
            nonlocal silent, over
            scene.fired = over = True
            silent = act == "silence"
            return b"" if silent else None

        def from_client(data: bytes) -> bytes | None:
            nonlocal in_letter, awaited, size, over
            if silent or over:
                return b"" if silent else data
            said = {"LETTER"} if in_letter else _commands(data)
            if in_letter:
                size += len(data)
                if data.endswith(b"\r\n.\r\n"):
                    in_letter, said = False, {"END"}
            if step not in said or (step == "LETTER" and size < 1_000_000):
                return data
            if step == "LETTER" and act == "silence":
                # Nobody reads any more, as it would be if the network were gone.
                scene.fired = over = True
                scene.smtp.hold()
                return data
            if side == "before":
                return happen()
            awaited = True
            return data

        def from_server(data: bytes) -> bytes | None:
            nonlocal in_letter, awaited, silent
            if over and data.startswith(b"220"):
                silent = False  # it was the connection before
            if silent or over:
                return b"" if silent else data
            if awaited or (step == "CONNECT" and data.startswith(b"220")):
                return happen()
            in_letter = in_letter or any(line.startswith(b"354") for line in data.splitlines())
            return data

        scene.smtp.from_client, scene.smtp.from_server = from_client, from_server

    return begin


def _commands(data: bytes) -> set[str]:
    """Those that a client has written at once (RFC 2920)."""
    return {line.partition(b" ")[0].upper().decode("ascii", "replace") for line in data.splitlines()}


def smtp_says(step: str, answer: str, matching: str = "", times: int = 1) -> Begin:
    """The server answers so at a step."""

    def begin(scene: Scene) -> None:
        scene.relay.fail(step, answer, matching, times)

    return begin


def smtp_changes(pattern: bytes, answer: Answer) -> Begin:
    """What the server says is changed."""

    def begin(scene: Scene) -> None:
        def from_server(data: bytes) -> bytes:
            changed, times = re.subn(pattern, answer, data, flags=re.DOTALL)
            scene.fired = scene.fired or bool(times)
            return changed

        scene.smtp.from_server = from_server

    return begin


def and_then(*begins: Begin) -> Begin:
    def begin(scene: Scene) -> None:
        for one in begins:
            one(scene)

    return begin


# --------------------------------------------------------------------------- the table

LOST, SLOW = "the connection was lost", "no answer in time"
WAYS: tuple[tuple[str, How, Side], ...] = (
    ("cut before", "cut", "before"),
    ("cut after", "cut", "after"),
    ("silent at", "silence", "before"),
    ("silent after", "silence", "after"),
)


def nothing(scene: Scene) -> None:
    """It is in the setting."""
    scene.fired = scene.fired or not scene.setting.lacks


def of_imap_commands() -> Iterator[Fault]:
    """Cut off, or left without an answer, at every command that the road uses."""
    roads: tuple[tuple[str, tuple[bytes, ...], tuple[str, ...]], ...] = (
        (
            "",
            (
                *(b"CAPABILITY", b"AUTHENTICATE", b"SELECT", b"NAMESPACE", b"LIST", b"CREATE", b"SUBSCRIBE"),
                *(b"NOOP", b"SEARCH", b"RFC822.SIZE", b"BODY.PEEK[]", b"MOVE", b"APPEND", b"LOGOUT"),
            ),
            (),
        ),
        (" without MOVE", (b"COPY", b"STORE", b"EXPUNGE"), ("MOVE",)),
    )
    for beside, commands, lacks in roads:
        for command in commands:
            word = {b"RFC822.SIZE": "FETCH of sizes", b"BODY.PEEK[]": "FETCH of messages"}.get(
                command, command.decode()
            )
            unread = command not in (b"APPEND", b"LOGOUT")
            status = 0 if command == b"LOGOUT" else 1
            setting = Setting(lacks=lacks)
            for how, act, side in WAYS:
                yield Fault(
                    f"IMAP {how} {word}{beside}",
                    imap_at(command, act, side),
                    "" if command == b"LOGOUT" else LOST if act == "cut" else SLOW,
                    status,
                    unread,
                    setting=setting,
                    impatient=act == "silence",
                )
    refused = imap_at(b" APPEND ", b"NO [OVERQUOTA] full", times=9)
    for how, act, side in WAYS:
        yield Fault(
            f"IMAP {how} EXAMINE",
            imap_at(b" EXAMINE ", act, side),
            LOST if act == "cut" else SLOW,
            before=refused,
            impatient=act == "silence",
        )


def take_away(scene: Scene, names: Sequence[str]) -> None:
    """Another program removes these messages from INBOX."""
    with scene.client() as client:
        client.select_folder("INBOX")
        for name in names:
            uids = client.search(["HEADER", "Message-ID", f"<{name}@sender.example>"])
            client.delete_messages(uids)
            client.uid_expunge(uids)


def delete(scene: Scene, *folders: str) -> None:
    with scene.client() as client:
        for folder in folders:
            client.delete_folder(folder)


def new_validity(scene: Scene) -> None:
    scene.fired = True
    scene.dovecot.doveadm("mailbox", "update", "--uid-validity", "4711", "-u", scene.user.address, "INBOX")


def rebuild(scene: Scene) -> None:
    """INBOX is copied anew: another UIDVALIDITY, and other UIDs."""
    scene.fired = True
    with scene.client() as client:
        client.create_folder("Spare")
        client.select_folder("INBOX")
        client.append("INBOX", b"Subject: placeholder\r\n\r\n")
        client.move(client.search(), "Spare")
        client.select_folder("Spare")
        uids = client.search()
        client.delete_messages(uids[-1:])
        client.uid_expunge(uids[-1:])
        client.move(client.search(), "INBOX")
        client.select_folder("INBOX")
        client.delete_folder("Spare")
    new_validity(scene)


def fill_up(scene: Scene) -> None:
    """Until nothing more goes in."""
    scene.fired = True
    with scene.client() as client:
        client.create_folder("Old")
        for size in (50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50):
            with contextlib.suppress(Exception):
                while True:
                    client.append("Old", b"Subject: old\r\n\r\n" + b"x" * size)
    scene.mended.append(lambda: delete(scene, "Old"))


def wrong_port(scene: Scene, *, imap: bool) -> None:
    scene.fired = True
    scene.configure(imap_port=free_port() if imap else 0, smtp_port=0 if imap else free_port())
    scene.mended.append(scene.configure)


def wrong_authority(scene: Scene) -> None:
    scene.fired = True
    scene.configure(ca_file=scene.servers.stranger.ca_file)
    scene.mended.append(scene.configure)


def wrong_password(scene: Scene) -> None:
    scene.fired = True
    scene.user.password_file.write_text("mistyped")
    scene.mended.append(lambda: scene.user.password_file.write_text(scene.user.password))


def kill_session(scene: Scene) -> None:
    scene.dovecot.signal_sessions(scene.user, signal.SIGKILL)


def kick(scene: Scene) -> None:
    scene.dovecot.doveadm("kick", scene.user.address)


def hide(pattern: bytes) -> Begin:
    """The folders are there, and LIST does not name them."""

    def begin(scene: Scene) -> None:
        with scene.client() as client:
            for folder in Folder:
                client.create_folder(f"RSVP/{folder.value}")
        imap_answers(rb"\* LIST [^\r]*" + pattern + rb"[^\r]*\r\n", b"")(scene)

    return begin


def of_imap() -> Iterator[Fault]:
    """What else an IMAP server may do."""
    quota = Setting(quota="100K")
    everybody = frozenset(WRITERS)
    ada = frozenset({"ada"})
    refuses = partial(imap_at, times=99)
    bodies = b"BODY.PEEK[]"

    def of_length(change: Callable[[int], int]) -> Answer:
        return lambda found: b"BODY[] {%d}" % change(int(found[1]))

    literal = rb"BODY\[\] \{(\d+)\}"
    yield from (
        # The way in.
        Fault("IMAP nothing listens", partial(wrong_port, imap=True), "nothing listens there", unread=True),
        Fault("IMAP silent at the greeting", speaks("imap", says(b"")), SLOW, unread=True, impatient=True),
        Fault("IMAP cut at the greeting", speaks("imap", lambda _: None), LOST, unread=True),
        Fault(
            "IMAP BYE at the greeting",
            speaks("imap", lambda end: end.sendall(b"* BYE [UNAVAILABLE] too many connections\r\n")),
            r"connecting \[UNAVAILABLE\]",
            unread=True,
        ),
        Fault("IMAP speaks HTTP", speaks("imap", says(b"HTTP/1.0 400 Bad Request\r\n\r\n")), LOST, unread=True),
        Fault("IMAP BYE after login", does(kick, b" SELECT "), LOST, unread=True),
        Fault("IMAP process killed while fetching", does(kill_session, bodies), LOST, unread=True),
        Fault("IMAP BYE while fetching", does(kick, bodies), LOST, unread=True),
        Fault("IMAP password refused", wrong_password, r"login was refused \[AUTHENTICATIONFAILED\]", unread=True),
        *(
            Fault(
                f"IMAP [{code}] at {command.decode()}",
                imap_at(b" " + command, b"NO [%s] not now" % code.encode()),
                rf"\[{code}\]",
                unread=True,
            )
            for code in ("UNAVAILABLE", "INUSE", "LIMIT")
            for command in (b"AUTHENTICATE", b"SELECT", b"UID FETCH", b"UID MOVE")
        ),
        Fault("IMAP [LIMIT] at APPEND", imap_at(b" APPEND ", b"NO [LIMIT] slowly"), r"\[LIMIT\]"),
        Fault(
            "IMAP login refused without a reason", imap_at(b"AUTHENTICATE", b"NO no"), "login was refused;", unread=True
        ),
        Fault("IMAP login is a bad command", imap_at(b"AUTHENTICATE", b"BAD what"), "login was refused;", unread=True),
        # What a command may come to.
        Fault(
            "IMAP CREATE refused", refuses(b" CREATE ", b"NO [NOPERM] no"), r"creating a folder \[NOPERM\]", unread=True
        ),
        Fault("IMAP SUBSCRIBE refused", refuses(b" SUBSCRIBE ", b"NO [NOPERM] no"), "4 messages handled", 0),
        Fault(
            "IMAP MOVE refused", refuses(b" MOVE ", b"NO [SERVERBUG] no"), r"refused filing \[SERVERBUG\]", unread=True
        ),
        Fault("IMAP MOVE refused once", refuses(b" MOVE ", b"NO [SERVERBUG] no", times=1), "4 messages handled", 0),
        Fault("IMAP APPEND refused once", imap_at(b" APPEND ", b"NO [TOOBIG] no"), r"storing a copy \[TOOBIG\]"),
        Fault(
            "IMAP FETCH of one message refused", imap_at(bodies, b"NO [SERVERBUG] no", times=2), "1 failed; each is", 0
        ),
        Fault(
            "IMAP FETCH of all messages refused",
            refuses(bodies, b"NO [SERVERBUG] no"),
            "hands out none of 4",
            unread=True,
        ),
        Fault("IMAP quota full", fill_up, r"storing a copy \[OVERQUOTA\]", setting=quota),
        Fault(
            "IMAP quota full, without MOVE",
            fill_up,
            r"refused filing \[OVERQUOTA\]",
            unread=True,
            setting=Setting(quota="100K", lacks=("MOVE",)),
        ),
        Fault(
            "IMAP INBOX read-only",
            imap_answers(rb"\[READ-WRITE\]", b"[READ-ONLY]"),
            "INBOX may only be read",
            unread=True,
        ),
        Fault(
            "IMAP INBOX without UIDVALIDITY",
            imap_answers(rb"\* OK \[UIDVALIDITY[^\r]*\r\n", b""),
            "no UIDVALIDITY",
            unread=True,
        ),
        # Other programs at the same mailbox.
        Fault(
            "IMAP a message vanishes before it is fetched",
            does(partial(take_away, names=("ada",)), bodies),
            "3 messages handled",
            0,
            end=End(vanished=ada),
        ),
        Fault(
            "IMAP a message vanishes before it is moved",
            does(partial(take_away, names=("ada",)), b" MOVE "),
            "4 messages handled",
            0,
            end=End(taken=ada),
        ),
        Fault(
            "IMAP all messages vanish before they are moved",
            does(partial(take_away, names=tuple(WRITERS)), b" MOVE "),
            "4 messages handled",
            0,
            end=End(taken=everybody),
        ),
        Fault(
            "IMAP a folder is deleted before messages are moved there",
            does(lambda scene: delete(scene, "RSVP/Recorded"), b" MOVE "),
            "4 messages handled",
            0,
        ),
        Fault(
            "IMAP all folders are deleted before messages are moved",
            does(lambda scene: delete(scene, *(f"RSVP/{folder.value}" for folder in Folder)), b" MOVE "),
            "4 messages handled",
            0,
        ),
        Fault(
            "IMAP Sent is deleted before copies go there",
            does(lambda scene: delete(scene, "Sent"), b" APPEND "),
            "4 messages handled",
            0,
        ),
        Fault("IMAP INBOX rebuilt while fetching", does(new_validity, bodies), "", unread=True),
        Fault("IMAP INBOX rebuilt while filing", does(new_validity, b" MOVE "), "", unread=True, end=End(repeats=4)),
        *(
            Fault(
                f"IMAP {name} between two polls",
                act,
                "4 of them had been here before",
                0,
                before=refuses(b" MOVE ", b"NO [SERVERBUG] no"),
                end=End(repeats=4),
            )
            for name, act in (("UIDVALIDITY changes", new_validity), ("INBOX is rebuilt", rebuild))
        ),
        # Servers that are so.
        *(
            Fault(
                f"IMAP without {' and '.join(lacks)}",
                nothing,
                "4 messages handled",
                0,
                setting=Setting(lacks=lacks),
                end=end,
            )
            for lacks, end in (
                (("MOVE",), End()),
                (("UIDPLUS",), End()),
                (("MOVE", "UIDPLUS"), End(kept_deleted=True)),
                (("NAMESPACE",), End()),
            )
        ),
        Fault(
            "IMAP a namespace with a prefix",
            nothing,
            "4 messages handled",
            0,
            setting=Setting(prefix="INBOX.", separator="."),
        ),
        Fault("IMAP LIST omits our folders", hide(rb"RSVP"), "4 messages handled", 0, lasting=True),
        Fault("IMAP LIST omits Sent", hide(rb"Sent"), "4 messages handled", 0, lasting=True),
        # What cannot be understood.
        Fault("IMAP garbage in an answer", imap_answers(rb"\* LIST ", b"\x00\xff* L\xc3ST ("), LOST, unread=True),
        Fault(
            "IMAP an overlong line",
            imap_answers(rb"\* SEARCH", b"* SEARCH" + b" 1" * 600_000),
            "too long to be read",
            unread=True,
        ),
        Fault("IMAP an answer to nothing", imap_answers(rb"\w+ OK Search", b"XYZ99 OK Search"), LOST, unread=True),
        Fault(
            "IMAP numbers that are none",
            imap_answers(rb"\* SEARCH [\d ]+", b"* SEARCH one two"),
            "cannot be read",
            unread=True,
        ),
        Fault(
            "IMAP a message that is not there is listed",
            imap_answers(rb"(\* SEARCH [\d ]+)", rb"\1 99"),
            "4 messages handled",
            0,
        ),
        Fault(
            "IMAP messages are listed twice",
            imap_answers(rb"\* SEARCH ([\d ]+)", rb"* SEARCH \1 \1"),
            "^4 messages handled(?s:(?!here before).)*$",
            0,
        ),
        Fault(
            "IMAP news of other messages within an answer",
            imap_answers(rb"(\* 1 FETCH \(UID 1 B)", rb"* 4 FETCH (FLAGS (\\Seen))\r\n* 5 EXISTS\r\n* 5 RECENT\r\n\1"),
            "4 messages handled",
            0,
        ),
        Fault("IMAP a literal that is too short", imap_answers(literal, of_length(lambda n: n - 5)), LOST, unread=True),
        Fault(
            "IMAP a literal that is too long",
            imap_answers(literal, of_length(lambda n: n + 100_000)),
            SLOW,
            unread=True,
            impatient=True,
        ),
        Fault(
            "IMAP a literal that swallows the next message",
            imap_answers(literal, of_length(lambda n: n + 60)),
            "",
            unread=True,
            impatient=True,
        ),
        Fault(
            "IMAP a literal larger than any memory",
            imap_answers(literal, of_length(lambda n: 10**15)),
            "too long to be read",
            unread=True,
        ),
        Fault(
            "IMAP a literal larger than any number",
            imap_answers(literal, of_length(lambda n: 10**30)),
            "too long to be read",
            unread=True,
        ),
        Fault(
            "IMAP NIL for every message",
            imap_answers(rb"BODY\[\] \{\d+\}\r\n.*?\r\n\)\r\n", b"BODY[] NIL)\r\n"),
            "hands out none of 4",
            unread=True,
        ),
        Fault(
            "IMAP cut within a message",
            imap_answers(rb"(BODY\[\] \{\d+\}\r\n.{40}).*", rb"\1", "cut"),
            LOST,
            unread=True,
        ),
        Fault(
            "IMAP silent within a message",
            imap_answers(rb"(BODY\[\] \{\d+\}\r\n.{40}).*", rb"\1", "silence"),
            SLOW,
            unread=True,
            impatient=True,
        ),
        Fault(
            "IMAP BYE within a message",
            imap_answers(rb"(BODY\[\] \{\d+\}\r\n.{40}).*", rb"\1\r\n* BYE [UNAVAILABLE] going down\r\n", "cut"),
            LOST,
            unread=True,
        ),
        Fault(
            "IMAP BYE between two messages",
            imap_answers(rb"(\* 1 FETCH .*?\r\n\)\r\n).*", rb"\1* BYE [UNAVAILABLE] going down\r\n", "cut"),
            LOST,
            unread=True,
        ),
    )


IMAP_HELLO = (
    b"* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] hello\r\n",
    b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\nTAG OK done\r\n",
    b"TAG OK begin\r\n",
)
SMTP_HELLO = (b"220 hello\r\n", b"250-hello\r\n250 STARTTLS\r\n", b"220 begin\r\n")
IN_THE_CLEAR = re.compile(rb"AUTHENTICATE|LOGIN|\bAUTH\b|MAIL FROM", re.IGNORECASE)


def stripped(protocol: Literal["imap", "smtp"]) -> Begin:
    """Somebody in between takes STARTTLS out of what the server offers."""

    def begin(scene: Scene) -> None:
        proxy = scene.imap if protocol == "imap" else scene.smtp
        strip = without("STARTTLS")

        def from_server(data: bytes) -> bytes | None:
            passed = strip(data)
            scene.fired = scene.fired or passed != data
            return passed

        def from_client(data: bytes) -> bytes:
            scene.leaked = scene.leaked or bool(IN_THE_CLEAR.search(data))
            return data

        proxy.from_server, proxy.from_client = from_server, from_client

    return begin


def of_tls() -> Iterator[Fault]:
    """Connections that are not to be trusted, over IMAP and SMTP."""
    imap_tls, imap_starttls = Setting(imap="tls"), Setting(imap="starttls")
    smtp_tls = Setting("aiosmtpd over TLS", smtp="tls")
    smtp_starttls = Setting("aiosmtpd with STARTTLS", smtp="starttls")
    postfix = Setting("Postfix", smtp="starttls")
    contexts: tuple[tuple[str, Callable[[Authority], ssl.SSLContext], str], ...] = (
        ("a certificate for another name", Authority.misnamed_context, "not trusted .IP address mismatch"),
        ("an expired certificate", Authority.expired_context, "not trusted .certificate has expired"),
        ("TLS 1.1 only", Authority.outdated_context, "no TLS there"),
    )
    for name, context, told in contexts:
        yield Fault(f"IMAP TLS: {name}", in_tls("imap", context), told, unread=True, setting=imap_tls)
        yield Fault(
            f"IMAP STARTTLS: {name}", in_tls("imap", context, IMAP_HELLO), told, unread=True, setting=imap_starttls
        )
        yield Fault(f"SMTP TLS: {name}", in_tls("smtp", context), told, setting=smtp_tls)
        yield Fault(f"SMTP STARTTLS: {name}", in_tls("smtp", context, SMTP_HELLO), told, setting=postfix)
    for name, setting in (("IMAP TLS", imap_tls), ("IMAP STARTTLS", imap_starttls)):
        yield Fault(f"{name}: an unknown authority", wrong_authority, "is not trusted", unread=True, setting=setting)
    for name, setting in (("SMTP TLS", smtp_tls), ("SMTP STARTTLS", postfix)):
        yield Fault(f"{name}: an unknown authority", wrong_authority, "is not trusted", setting=setting)
    yield from (
        Fault(
            "IMAP TLS: no TLS at that port",
            speaks("imap", says(b"* OK hello\r\n")),
            "no TLS",
            unread=True,
            setting=imap_tls,
        ),
        Fault("SMTP TLS: no TLS at that port", speaks("smtp", says(b"220 hello\r\n")), "no TLS", setting=smtp_tls),
        Fault("IMAP STARTTLS taken away", stripped("imap"), "offers no STARTTLS", unread=True, setting=imap_starttls),
        Fault("SMTP STARTTLS taken away", stripped("smtp"), "offers no STARTTLS", setting=postfix),
        Fault(
            "IMAP STARTTLS refused",
            imap_at(b" STARTTLS", b"NO [UNAVAILABLE] no"),
            "starting TLS",
            unread=True,
            setting=imap_starttls,
        ),
        Fault(
            "IMAP words put in behind STARTTLS",
            imap_answers(
                rb"(\w+ OK Begin TLS[^\r]*\r\n)", rb"\1* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n* BYE injected\r\n"
            ),
            "4 messages handled",
            0,
            setting=imap_starttls,
        ),
        Fault(
            "IMAP words put in before STARTTLS",
            imap_answers(rb"(\w+ OK Begin TLS[^\r]*\r\n)", rb"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n\1"),
            "4 messages handled",
            0,
            setting=imap_starttls,
        ),
        Fault(
            "IMAP logged in before STARTTLS",
            in_tls(
                "imap",
                Authority.server_context,
                (b"* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n", IMAP_HELLO[1]),
            ),
            "starting TLS",
            unread=True,
            setting=imap_starttls,
        ),
        Fault(
            "SMTP words put in behind STARTTLS",
            smtp_changes(rb"(220 [^\r]*start TLS\r\n)", rb"\g<1>250 injected\r\n"),
            "3 sent",
            0,
            setting=postfix,
        ),
        *(
            Fault(f"SMTP {answer[:3]} at STARTTLS", smtp_says("STARTTLS", answer), told, setting=smtp_starttls)
            for answer, told in (
                ("454 4.7.0 TLS not available", "454"),
                ("554 5.7.0 no", "554"),
                ("421 4.3.2 closing", "421"),
            )
        ),
        *(
            Fault(
                f"SMTP {how} STARTTLS",
                smtp_at("STARTTLS", act, side),
                f"connection broke|{SLOW}",
                setting=postfix,
                impatient=act == "silence",
            )
            for how, act, side in WAYS
        ),
    )


def of_smtp() -> Iterator[Fault]:
    """At every step of SMTP: refused for now, for good, with a goodbye; cut; silent."""
    postfix = Setting("Postfix")
    ada, grace = frozenset({"ada"}), frozenset({"grace"})
    broke = "connection broke"
    for step in ("CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "END", "QUIT"):
        setting = Setting() if step == "AUTH" else postfix
        end, status = End(doubtful=ada if step == "END" else frozenset()), 0 if step == "QUIT" else 1
        word = {"CONNECT": "the greeting", "END": "the final dot"}.get(step, step)
        sides: tuple[Side, ...] = ("before",) if step == "CONNECT" else ("before", "after")
        for side in sides:
            yield Fault(
                f"SMTP cut {side} {word}",
                smtp_at(step, "cut", side),
                "" if step == "QUIT" else broke,
                status,
                end=end,
                setting=setting,
            )
            yield Fault(
                f"SMTP silent {'at' if side == 'before' else 'after'} {word}",
                smtp_at(step, "silence", side),
                "" if step == "QUIT" else f"{broke}|{SLOW}",
                status,
                end=end,
                setting=setting,
                impatient=True,
            )
        for answer in ("451 4.3.0 later", "554 5.7.1 no", "421 4.3.2 closing"):
            code, letter = answer[:3], step in ("MAIL", "RCPT", "DATA", "END")
            matching = {"RCPT": "grace@", "END": "Grace"}.get(step, "")
            whose = grace if matching else ada
            # A letter that is refused leaves the others as they are; goodbye ends the connection for all.
            carries_on = step == "QUIT" or (letter and (code != "421" or step == "END"))
            yield Fault(
                f"SMTP {code} at {word}",
                smtp_says(step, answer, matching),
                ""
                if step == "QUIT"
                else "1 failed"
                if letter and code == "554"
                else "1 waiting"
                if carries_on
                else code,
                0 if carries_on else 1,
                end=End(failed=whose if letter and code == "554" else frozenset()),
            )
    put_off = smtp_says("RCPT", "450 4.2.0 greylisted, come back", "grace@")
    for name, begin in (
        ("cut before", smtp_at("RSET", "cut", "before")),
        ("cut after", smtp_at("RSET", "cut", "after")),
        ("silent at", smtp_at("RSET", "silence", "before")),
        *((f"{code} at", smtp_says("RSET", f"{code} 0.0.0 no")) for code in ("451", "554", "421")),
    ):
        yield Fault(
            f"SMTP {name} RSET", and_then(put_off, begin), "2 sent.*1 waiting", 0, impatient=name.startswith("silent")
        )
    yield from (
        Fault("SMTP nothing listens", partial(wrong_port, imap=False), "nothing listens there"),
        Fault("SMTP speaks HTTP", speaks("smtp", says(b"HTTP/1.0 400 Bad Request\r\n\r\n")), "go out"),
        Fault(
            "SMTP an overlong line",
            smtp_changes(rb"^250[- ]", b"250-" + b"x" * 10_000 + b"\r\n250-"),
            "takes no mail from us",
        ),
        Fault(
            "SMTP garbage after the final dot",
            smtp_changes(rb"^250 2.0.0 kept", b"\x00\xffgarbage"),
            "cannot be read|broke before",
            end=End(doubtful=ada),
        ),
        Fault("SMTP greylisted", put_off, "2 sent.*1 waiting", 0),
        Fault("SMTP greylisted, all", smtp_says("RCPT", "450 4.2.0 come back", times=4), "0 sent.*3 waiting", 0),
        Fault(
            "SMTP one of two recipients refused for good",
            smtp_says("RCPT", "550 5.1.1 no such user", "ada@home"),
            "3 sent",
            0,
        ),
        Fault(
            "SMTP one of two recipients refused for now",
            smtp_says("RCPT", "450 4.2.1 later", "ada@home"),
            "3 sent",
            0,
        ),
        Fault(
            "SMTP no SMTPUTF8 for a non-ASCII address",
            without_smtputf8,
            "2 sent.*1 failed",
            0,
            end=End(failed=frozenset({"grace"})),
            setting=Setting(
                writers=tuple((WRITERS | {"grace": INTERNATIONAL}).items()),
                invitees=INVITEES.replace("grace@", "grâce@"),
            ),
        ),
        Fault(
            "SMTP letters larger than SIZE",
            too_small,
            "3 failed",
            0,
            end=End(failed=frozenset(("ada", "grace", "joan"))),
        ),
        Fault(
            "SMTP letters too large, said after the final dot",
            and_then(too_small, smtp_changes(rb"250-SIZE \d+\r\n", b"")),
            "3 failed",
            0,
            end=End(failed=frozenset(("ada", "grace", "joan"))),
        ),
        Fault(
            "SMTP cut within a letter",
            smtp_at("LETTER", "cut", "before"),
            "broke within a letter",
            setting=Setting("Postfix", paper=6_000_000),
        ),
        Fault(
            "SMTP silent within a letter",
            smtp_at("LETTER", "silence", "before"),
            "broke within a letter",
            setting=Setting("Postfix", paper=6_000_000),
            impatient=True,
        ),
    )


INTERNATIONAL = Writer("Grace Hopper <grâce@hopper.example>", "I cannot attend.", Folder.RECORDED, PartStat.DECLINED)


def without_smtputf8(scene: Scene) -> None:
    smtp_changes(rb"250-SMTPUTF8\r\n", b"")(scene)


def too_small(scene: Scene) -> None:
    """Another server, which takes small letters only."""
    small = SmtpSink(users={SENDER: SECRET}, largest=2_000)
    small.start()
    scene.fired = True
    before, scene.smtp.target = scene.smtp.target, small.port

    def mend() -> None:
        scene.smtp.target = before
        small.stop()

    scene.mended.append(mend)


FAULTS = {fault.name: fault for fault in (*of_imap_commands(), *of_imap(), *of_tls(), *of_smtp())}


# --------------------------------------------------------------------------- all of them


def first_line(told: Told) -> str:
    """The words of the faulty poll that matter, on one line."""
    lines = [line for line in told.words.splitlines() if line.strip()]
    said = next(
        (line for line in reversed(lines) if "could not" in line or (told.status and ":" in line)),
        lines[-1] if lines else "",
    )
    return re.sub(r"127\.0\.0\.1:\d+", "SERVER", said)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="WORDS", help="Faults whose name holds these words.")
    arguments = parser.parse_args()
    if reason := Dovecot.missing() or Postfix.missing():
        print(reason, file=sys.stderr)
        return 1
    chosen, bad = [fault for name, fault in FAULTS.items() if arguments.only in name], 0
    logging.getLogger("rsvpbot").setLevel(logging.INFO)
    with ExitStack() as stack:
        authority = stack.enter_context(Authority())
        place = stack.enter_context(servers(authority, stack.enter_context(Dovecot(authority))))
        for fault in chosen:
            with tempfile.TemporaryDirectory() as folder:
                result = attempt(fault, place, Path(folder))
            bad += bool(result.wrong)
            print(f"{fault.name}\n    exit {result.told.status}: {first_line(result.told)}")
            print(f"    then {result.polls} more: {'; '.join(result.wrong) or 'as it should be'}", flush=True)
    print(f"{len(chosen) - bad} of {len(chosen)} faults ended as they should")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
