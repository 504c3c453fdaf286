"""Kill `rsvpbot poll` with SIGKILL at every system call by which it changes anything outside itself; then count.

    python -m tests.crash_points                 # every one of them, and once more with a second kill at the restart
    python -m tests.crash_points --sample 40     # forty, spread evenly

The poll takes forty messages along the whole road on Dovecot (over TLS) and an SMTP server: recorded, filed, answered,
copied to Sent; a seat that becomes free is offered, the summary, a reminder and a paper are due. A calm run under
strace counts its calls. Then, for each of them, a fresh mailbox and a poll that strace kills at the entry of that call,
before it has any effect. (TLS writes with write(2), Python's plain sockets with sendto(2); both are among the calls.)

A kill after the effect needs no run of its own: the process changes nothing between a call's return and the entry of
the next one, and what it wrote to a socket is the kernel's, whoever lives. So a kill at call k+1 is the kill after call
k. For the same reason lines of the log are passed over: a kill there is that at the next call.

Each poll is a process of its own, forked from one that has loaded the program and tried out the letters, and has
opened nothing: loading would be most of the time.

After a kill an undisturbed poll has to come to the same end as if nothing had happened:

- every message is recorded once and lies where it would have; INBOX is empty;
- every letter that would have been written is there once, and none beside it;
- it reached the SMTP server once, and its copy lies in Sent once. Only a letter in "sending" on disk at the moment of a
  kill (at most one) is in doubt instead: it reached the server at most once, has no copy in Sent, as nobody knows that
  it was sent, is not sent again, and the next summary names it;
- no file, lock or note is left of the process that died.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import queue
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import rsvpbot
from rsvpbot.cli import main as main_of_rsvpbot
from rsvpbot.config import RECORD, Config, load
from rsvpbot.examine import examine
from rsvpbot.model import Folder, Invitee, Letter, LetterState
from rsvpbot.organisers import summary
from rsvpbot.store import open_store
from rsvpbot.store.base import Store
from tests.corpus_mailbox import EXAMPLE, write_config
from tests.servers import Authority, Dovecot, SmtpSink, User, until

NOW = datetime.fromisoformat("2016-09-12T09:00-04:00")
LATER = timedelta(minutes=5)
"""Between two starts."""

CALLS = (
    *("write", "pwrite64", "writev", "sendto", "sendmsg", "fsync", "fdatasync", "ftruncate"),
    *("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat"),
)

TOTAL = 40
ORGANISER = "secretariat@elsewhere.example"
IN_HAND = "was in hand when the process died"
"""The one error that a start after a kill may tell in its log."""

PASS = "mx.roundtable.example; dmarc=pass header.from=x.example"


# ------------------------------------------------------------------ the event


def _mail(number: int, who: str, text: str, **fields: str) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    message["Authentication-Results"] = PASS
    message["From"] = f"{who.upper()} Guest <{who}@x.example>"
    message["To"] = "rsvp@roundtable.example"
    message["Subject"] = "Re: Invitation"
    message["Date"] = f"Mon, 12 Sep 2016 08:{number:02}:00 -0400"
    message["Message-ID"] = f"<{number}@x.example>"
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def mails() -> list[bytes]:
    """What waits in INBOX. Three seats are asked for four times; two become free again, and one of them is offered to
    whoever came last."""
    texts = [
        *((f"p{n}", "Yes, I will attend.") for n in range(4)),
        *((f"p{n}", "I am sorry, I can no longer attend.") for n in range(2)),
        *((f"p{n}", "I am sorry, I cannot attend.") for n in range(4, 8)),
        *((f"p{n}", "I am not sure yet whether I can come and will let you know.") for n in (8, 9)),
        ("p10", "May we film the opening?"),
        ("p11", "Who pays for my flight?"),
        ("p12", "The thing is complicated."),
        ("p13", "I cannot come. Jane Doe <d13@x.example> will attend in my place."),
        ("p14", "At what time does it begin, and do I need photo ID?"),
        ("p4", "Thank you."),
        ("p5", "Thank you."),
        *((f"stranger{n}", "I will attend.") for n in range(3)),
    ]
    written = [_mail(number, who, text) for number, (who, text) in enumerate(texts)]
    away = "I am out of the office until Monday."
    written += [_mail(30 + n, f"p{n}", away, Auto_Submitted="auto-replied") for n in range(8)]
    written += [_mail(40 + n, f"list{n}", "News of the week.", List_Id="<news.x.example>") for n in range(2)]
    written.append(_mail(50, "p15", "I will attend.\r\n" + "A long story. \r\n" * 2000))
    aliased = [b"Received: from an.alias.example; Mon, 12 Sep 2016 08:59:00 -0400\r\n" + raw for raw in written[4:6]]
    return written + aliased + written[: TOTAL - len(written) - len(aliased)]


LISTED = "email,name\n" + "".join(f"p{n}@x.example,P{n} Guest\n" for n in range(18))

SCHEDULED = """\
[[reminders]]
to = "silent"
at = 2016-09-12T08:30:00
letter = "reminder"

[organisers]
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A mailbox with its forty messages, and the configuration that polls it."""

    dovecot: Dovecot
    user: User
    sink: SmtpSink
    path: Path

    @property
    def folder(self) -> Path:
        return self.path.parent


@contextmanager
def place(dovecot: Dovecot, authority: Authority, sink: SmtpSink) -> Iterator[Place]:
    user = dovecot.new_user("crash")
    sink.reset()
    server = f'host = "127.0.0.1"\nport = {dovecot.imaps_port}\nca_file = "{authority.ca_file}"\n'
    changes = {
        'host = "imap.roundtable.example"\n': f'{server}username = "{user.address}"\n',
        "# max_size = 10000000": "max_size = 20000",
        "capacity = 120": "capacity = 3",
        '# languages = ["en", "ar", "es", "fr", "ru", "zh"]': 'languages = ["en"]',
        "2016-09-15T09:00:00": "2016-09-12T08:30:00",
        "Roundtable Secretariat <secretariat@roundtable.example>": ORGANISER,
        "[organisers]\n": SCHEDULED,
    }
    with tempfile.TemporaryDirectory(prefix="rsvpbot-crash-") as folder:
        path = write_config(Path(folder), dovecot, user, sink, LISTED, **changes)
        (path.parent / "discussion-paper.pdf").write_bytes(b"%PDF-1.4 discussion paper")
        with dovecot.client(user) as client:
            client.multiappend("INBOX", mails())
        yield Place(dovecot, user, sink, path)
        shutil.rmtree(dovecot.root / "home" / user.address.replace("@", "_"), ignore_errors=True)


# ------------------------------------------------------------------ its processes


@dataclass(frozen=True, slots=True)
class Ended:
    returncode: int
    said: str


def serve() -> None:
    """Load the program, then do a poll in a process of its own for each line of standard input: the configuration, the
    moment, where to write what it says, and the word "traced" where it is to wait for strace."""
    for module in pkgutil.walk_packages(rsvpbot.__path__, "rsvpbot."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    config = load(EXAMPLE, RECORD)
    for raw in mails():
        examine(raw, config)
    for line in sys.stdin:
        path, now, log, *traced = line.rstrip("\n").split("\t")
        child = os.fork()
        if child == 0:
            with open(os.devnull, "rb") as nothing, open(log, "wb") as written:  # noqa: PTH123
                os.dup2(nothing.fileno(), 0)
                os.dup2(written.fileno(), 1)
                os.dup2(written.fileno(), 2)
            if traced:
                until(lambda: _status("TracerPid") != "0", 60, step=0.002)
            sys.argv = ["rsvpbot", "--config", path, "--now", now, "poll"]
            main_of_rsvpbot()
            raise SystemExit(0)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


class Loaded:
    """A process that has loaded the program and begins each poll by a fork: most of a poll's time would be its start.
    Nothing is open in it, and nothing of one poll is there in the next."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from tests.crash_points import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(EXAMPLE.parent)},
        )

    def close(self) -> None:
        self._process.communicate()

    def poll(self, at: Place, start: int, *strace: str) -> Ended:
        """The poll of the so-many-th start, under strace with these arguments."""
        ways, answers = self._process.stdin, self._process.stdout
        assert ways is not None and answers is not None
        log = at.folder.with_suffix(".said")
        now = (NOW + start * LATER).isoformat()
        ways.write("\t".join((str(at.path), now, str(log), *(("traced",) if strace else ()))) + "\n")
        ways.flush()
        child = int(answers.readline())
        if strace:
            self._trace(child, strace)
        returncode = int(answers.readline())
        said = log.read_text(errors="replace")
        log.unlink()
        return Ended(returncode, said)

    @staticmethod
    def _trace(child: int, arguments: Sequence[str]) -> None:
        """Put strace to a process that waits for it, until both have ended."""
        # Not with --seccomp-bpf, which would be quicker: there an injected signal is lost.
        subprocess.run(["strace", "-f", "-qq", *arguments, "-p", str(child)], check=False, timeout=120)


def _status(key: str) -> str:
    """Of this process (proc(5))."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(line.partition(":")[2].strip() for line in lines if line.startswith(key))


# ------------------------------------------------------------------ how things stand


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is at the end, as the mailbox, the SMTP server, the store and the state folder tell it."""

    inbox: int
    filed: Counter[tuple[str, bytes]]
    """Folder and message."""
    done: Counter[str]
    """Digests of the messages that the store has as handled and filed."""
    record: dict[str, str]
    """Invitees by address, with what stands; replies by digest, with what became of them."""
    letters: Counter[tuple[str, str, str]]
    """Kind, recipients, and the digest of what it answers."""
    states: dict[str, str]
    """State of each letter by Message-ID."""
    arrived: Counter[str]
    """Message-IDs at the SMTP server."""
    copies: Counter[str]
    """Message-IDs in Sent."""
    named: int
    """Letters in doubt that the next summary names."""
    files: frozenset[str]
    loose: str
    """A lock, a note or a trial that somebody has left; "" where there is none."""


def _messages(at: Place, *folders: str) -> dict[str, list[bytes]]:
    found = {}
    with at.dovecot.client(at.user) as client:
        for folder in folders:
            client.select_folder(folder, readonly=True)
            there = client.search()
            found[folder] = [one[b"BODY[]"] for one in client.fetch(there, ["BODY.PEEK[]"]).values()] if there else []
    return found


def _message_ids(raws: Sequence[bytes]) -> Counter[str]:
    return Counter(str(message_from_bytes(raw, policy=policy.default)["Message-ID"]) for raw in raws)


def _stands(invitee: Invitee) -> str:
    answer = invitee.answer
    said: tuple[Any, ...] = ()
    if answer is not None:
        offered = (answer.standby is not None, answer.offered_until is not None)
        said = (answer.partstat, answer.party, answer.names, answer.delegate, answer.reply, *offered)
    return str((said, invitee.bounced, invitee.quiet, invitee.listed, invitee.pending is not None))


def _loose(store: Store) -> str:
    if not store.lock_daemon():
        return "the daemon's lock is held"
    if store.interrupted() is not None:
        return "a message is noted as being in hand"
    if store.trials():
        return "a message is noted as having failed"
    if store.mailbox().failing_since is not None:
        return "the mailbox is noted as failing"
    if store.unfiled(store.mailbox().uidvalidity):
        return "a message is noted as not filed"
    return f"{len(store.uncopied())} copies are missing" if store.uncopied() else ""


def _in_doubt(store: Store, config: Config) -> int:
    """How many lines of the next morning's summary say that a letter is in doubt."""
    text = summary.render(summary.figures(store, config, NOW + timedelta(days=1)), config).text
    return " ".join(text.split()).count("may or may not have gone out")


def standing(at: Place) -> Standing:
    config = load(at.path)
    lies = _messages(at, "INBOX", "Sent", *(f"RSVP/{folder.value}" for folder in Folder))
    files = frozenset(str(path.relative_to(at.folder)) for path in at.folder.rglob("*"))
    with open_store(config.store_url, at.folder) as store:
        validity = store.mailbox().uidvalidity
        done = [found for uid in range(1, TOTAL + 1) if (found := store.done(validity, uid)) and found.filed]
        letters = store.letters()
        return Standing(
            inbox=len(lies["INBOX"]),
            filed=Counter((folder.value, raw) for folder in Folder for raw in lies[f"RSVP/{folder.value}"]),
            done=Counter(one.digest for one in done),
            record={
                **{invitee.addresses[0]: _stands(invitee) for invitee in store.invitees()},
                **{r.digest: str((r.reading.partstat, r.folder, r.recorded, r.open)) for r in store.replies()},
                "summaries": str([store.summary((NOW + timedelta(days=n)).date()) is not None for n in (-1, 0, 1)]),
            },
            letters=Counter(map(_what, letters)),
            states={letter.message_id: letter.state.value for letter in letters},
            arrived=_message_ids([received.raw for received in at.sink.received]),
            copies=_message_ids(lies["Sent"]),
            named=_in_doubt(store, config),
            files=files,
            loose=_loose(store),
        )


def _what(letter: Letter) -> tuple[str, str, str]:
    return letter.kind.value, " ".join(letter.recipients), letter.reply


def in_flight(at: Place) -> list[str]:
    """Message-IDs of the letters that are being sent, as the disk has it after a kill."""
    config = load(at.path)
    if not (at.folder / "rsvp.json").exists():
        return []
    with open_store(config.store_url, at.folder, read_only=True) as store:
        return [letter.message_id for letter in store.letters(LetterState.SENDING)]


# ------------------------------------------------------------------ one kill


@dataclass(frozen=True, slots=True)
class Point:
    """The so-many-th system call of this name."""

    call: str
    number: int

    def __str__(self) -> str:
        return f"{self.call} {self.number}"


@dataclass(slots=True)
class Verdict:
    """What a kill has led to."""

    point: str
    kills: list[Point] = field(default_factory=list)
    missed: int = 0
    """Calls that were not reached, so that the run was a calm one."""
    doubtful: int = 0
    delivered: int = 0
    """Of the doubtful ones: those that had reached the server."""
    lost: list[str] = field(default_factory=list)
    recorded_twice: list[str] = field(default_factory=list)
    sent_twice: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        return self.lost + self.recorded_twice + self.sent_twice + self.other


def judge(verdict: Verdict, got: Standing, calm: Standing, flying: Collection[str]) -> Verdict:
    """`flying`: the letters that were being sent at the kills."""
    lost, twice, other = verdict.lost, verdict.recorded_twice, verdict.other
    if got.inbox:
        lost.append(f"{got.inbox} left in INBOX")
    lost += [f"not filed: {one[0]}" for one in (calm.filed - got.filed).elements()]
    twice += [f"filed beside: {one[0]}" for one in (got.filed - calm.filed).elements()]
    lost += [f"not noted as done: {one[:12]}" for one in (calm.done - got.done).elements()]
    twice += [f"done twice: {one[:12]}" for one in (got.done - calm.done).elements()]
    lost += [f"no letter: {one}" for one in (calm.letters - got.letters).elements()]
    twice += [f"another letter: {one}" for one in (got.letters - calm.letters).elements()]
    for key in sorted(calm.record.keys() | got.record.keys()):
        if calm.record.get(key) != got.record.get(key):
            other.append(f"{key[:24]} is {got.record.get(key)}, calm {calm.record.get(key)}")
    for message_id, state in got.states.items():
        expected = LetterState.DOUBTFUL if message_id in flying else LetterState.SENT
        if state != expected:
            other.append(f"a letter is {state}, not {expected}")
        times, copies = got.arrived[message_id], got.copies[message_id]
        verdict.doubtful += state == LetterState.DOUBTFUL
        verdict.delivered += state == LetterState.DOUBTFUL and times == 1
        if times > 1:
            verdict.sent_twice.append(f"a letter arrived {times} times")
        if state == LetterState.SENT and not times:
            lost.append("a letter is noted as sent and never arrived")
        if copies != (state == LetterState.SENT):
            other.append(f"{copies} copies in Sent of a letter that is {state}")
    if strange := (set(got.arrived) | set(got.copies)) - set(got.states):
        other.append(f"{len(strange)} letters that the store does not know")
    if len(flying) > len(verdict.kills):
        other.append(f"{len(flying)} letters were in flight at {len(verdict.kills)} kills")
    if got.named != verdict.doubtful:
        other.append(f"the summary names {got.named} of {verdict.doubtful} letters in doubt")
    if got.files != calm.files:
        other.append(f"files: {sorted(got.files ^ calm.files)}")
    if got.loose:
        other.append(got.loose)
    return verdict


def killed_at(point: Point) -> tuple[str, ...]:
    injected = f"inject={point.call}:signal=SIGKILL:when={point.number}"
    return ("-o", os.devnull, "-e", f"trace={point.call}", "-e", injected)


def _errors(said: str) -> list[str]:
    return [line for line in said.splitlines() if " ERROR " in line and IN_HAND not in line]


def attack(loaded: Loaded, at: Place, calm: Standing, *points: Point) -> Verdict:
    """Kill the first start at the first point, the second one at the second; then start undisturbed, and look."""
    verdict = Verdict(", then ".join(map(str, points)))
    flying: set[str] = set()
    for start, point in enumerate(points):
        done = loaded.poll(at, start, *killed_at(point))
        if done.returncode != -9:
            if done.returncode:
                verdict.other.append(f"not killed, and left with {done.returncode}: {done.said[-300:]}")
            verdict.missed += 1
            continue
        verdict.kills.append(point)
        flying.update(in_flight(at))
    done = loaded.poll(at, len(points))
    if done.returncode or "Traceback" in done.said or _errors(done.said):
        verdict.other.append(f"the poll after it left with {done.returncode}: {done.said[-300:]}")
    return judge(verdict, standing(at), calm, flying)


# ------------------------------------------------------------------ all of them


@dataclass(frozen=True, slots=True)
class Calm:
    """A run that nobody disturbs: how it ends, and by which calls it gets there."""

    standing: Standing
    points: tuple[Point, ...]


def calm_run(loaded: Loaded, at: Place) -> Calm:
    log = at.folder.with_suffix(".strace")
    done = loaded.poll(at, 0, "-o", str(log), "-e", f"trace={','.join(CALLS)}", "-e", "signal=none")
    assert done.returncode == 0, done.said
    lines = log.read_text(errors="replace").splitlines()
    log.unlink()
    calls = [found for line in lines if (found := re.match(r"(\d+) +(\w+)\((\d*)", line))]
    # strace counts for each thread: were there several, "the k-th" would not name one call.
    assert len({found[1] for found in calls}) == 1
    return Calm(standing(at), tuple(numbered((call[2], call[3]) for call in calls)))


def numbered(calls: Iterable[tuple[str, str]]) -> Iterator[Point]:
    """The calls as points; `calls` gives the name and the first argument. A line of the log, which goes to standard
    error, is counted as strace counts it, and is no point: it changes nothing, so a kill there is that at the next."""
    seen: Counter[str] = Counter()
    for call, argument in calls:
        seen[call] += 1
        if (call, argument) != ("write", "2"):
            yield Point(call, seen[call])


def spread(points: Sequence[Point], sample: int) -> list[Point]:
    """So many of them, evenly over the run; all where it is 0."""
    if not 0 < sample < len(points):
        return list(points)
    return [points[number * len(points) // sample] for number in range(sample)]


def second(points: Sequence[Point], first: Point, dice: random.Random) -> Point:
    """Somewhere in what a start after a kill at `first` still has to do."""
    rest = points[points.index(first) :]
    call = rest[dice.randrange(len(rest))].call
    return Point(call, dice.randint(1, sum(point.call == call for point in rest)))


class Attacks:
    """Runs attacks on several places at once."""

    def __init__(self, dovecot: Dovecot, authority: Authority, jobs: int) -> None:
        self._dovecot = dovecot
        self._authority = authority
        self._all = [(SmtpSink(), Loaded()) for _ in range(jobs)]
        self._free: queue.SimpleQueue[tuple[SmtpSink, Loaded]] = queue.SimpleQueue()

    def __enter__(self) -> Attacks:
        for sink, loaded in self._all:
            sink.start()
            self._free.put((sink, loaded))
        with self._place() as (loaded, at):  # whatever is not compiled yet is written down, which is not to be counted
            loaded.poll(at, 0)
        with self._place() as (loaded, at):
            self.calm = calm_run(loaded, at)
        return self

    def __exit__(self, *_: object) -> None:
        for sink, loaded in self._all:
            loaded.close()
            sink.stop()

    @contextmanager
    def _place(self) -> Iterator[tuple[Loaded, Place]]:
        sink, loaded = self._free.get()
        try:
            with place(self._dovecot, self._authority, sink) as at:
                yield loaded, at
        finally:
            self._free.put((sink, loaded))

    def run(self, attacks: Sequence[tuple[Point, ...]]) -> Iterator[Verdict]:
        def one(points: tuple[Point, ...]) -> Verdict:
            with self._place() as (loaded, at):
                return attack(loaded, at, self.calm.standing, *points)

        with ThreadPoolExecutor(len(self._all)) as pool:
            yield from pool.map(one, attacks)


def of(points: Iterable[Point]) -> str:
    return ", ".join(f"{call} {number}" for call, number in Counter(point.call for point in points).most_common())


def told(verdicts: Sequence[Verdict]) -> str:
    doubtful, delivered = sum(v.doubtful for v in verdicts), sum(v.delivered for v in verdicts)
    return "\n".join(
        (
            f"{sum(len(v.kills) for v in verdicts)} kills in {len(verdicts)} runs "
            f"({of(point for v in verdicts for point in v.kills)}); not reached: {sum(v.missed for v in verdicts)}",
            f"lost {sum(len(v.lost) for v in verdicts)}, "
            f"recorded twice {sum(len(v.recorded_twice) for v in verdicts)}, "
            f"sent twice {sum(len(v.sent_twice) for v in verdicts)}, "
            f"other faults {sum(len(v.other) for v in verdicts)}; "
            f"letters in doubt {doubtful}, of which {delivered} had arrived",
        )
    )


def missing() -> str:
    """Why this cannot be done here, or ""."""
    if reason := Dovecot.missing():
        return reason
    probe = ["strace", "-qq", "-o", os.devnull, "-e", "inject=getpid:error=EIO", "true"]
    if shutil.which("strace") is None or subprocess.run(probe, check=False, capture_output=True).returncode:
        return "strace cannot be used here"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2, help="runs at once")
    parser.add_argument("--sample", type=int, default=0, help="only so many calls, spread evenly (0: all)")
    parser.add_argument("--seed", type=int, default=1, help="of the second kills")
    arguments = parser.parse_args()
    if reason := missing():
        print(reason, file=sys.stderr)
        return 1
    dice, bad = random.Random(arguments.seed), 0
    with (
        Authority() as authority,
        Dovecot(authority) as dovecot,
        Attacks(dovecot, authority, arguments.jobs) as attacks,
    ):
        points = attacks.calm.points
        print(f"a calm run: {len(points)} calls: {of(points)}", flush=True)
        chosen = spread(points, arguments.sample)
        for title, runs in (
            ("one kill", [(point,) for point in chosen]),
            ("a second kill at the restart", [(point, second(points, point, dice)) for point in chosen]),
        ):
            print(f"{title}:", flush=True)
            verdicts = []
            for verdict in attacks.run(runs):
                verdicts.append(verdict)
                if len(verdicts) % 50 == 0:
                    print(f"  {len(verdicts)} of {len(runs)}", flush=True)
                if verdict.faults:
                    print(f"  {verdict.point}: {'; '.join(verdict.faults)}", flush=True)
            print(told(verdicts), flush=True)
            bad += sum(bool(verdict.faults) for verdict in verdicts)
    print("all ended as they should" if not bad else f"{bad} runs did not end as they should")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
