"""Hostile input against everything that takes any: the road from raw bytes to the commit, the list of invitees, what
organisers write, and calendar replies.

    python -m tests.fuzz                         # one minute, as before every landing
    python -m tests.fuzz --seconds 3600 --jobs 2
    python -m tests.fuzz --guided                # led by coverage, where atheris is installed

An escape is an exception that leaves a part which promises to raise none, a letter to somebody whom nobody named, or an
input that takes longer than a minute. It prints how many inputs each target had, the slowest, and every escape once;
the inputs of escapes are kept in the folder that it names. Ends with 1 where there is any.
"""

from __future__ import annotations

import argparse
import contextlib
import email
import faulthandler
import importlib.util
import io
import itertools
import json
import logging
import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from email import policy
from pathlib import Path
from types import FunctionType, ModuleType

from openpyxl import Workbook

from rsvpbot.model import Folder, LetterKind
from rsvpbot.organisers import commands
from rsvpbot.organisers.invite import Inviting
from rsvpbot.roster import read_list
from tests.steer_house import ANN, CAT, PASS, QUESTION, House, steered
from tests.test_parse_fuzz import SEEDS, mutated

LONGEST = 60.0
"""Seconds that an input may take before it counts as an escape."""
FRESH_AFTER = 300
"""Messages after which the road begins with an empty record, so that it does not grow without end."""
FIELDS = frozenset(
    {"from", "to", "subject", "date", "message-id", "in-reply-to", "references", "auto-submitted", "mime-version",
     "x-auto-response-suppress", "content-type", "content-language", "content-transfer-encoding", "precedence",
     "list-unsubscribe", "x-rsvpbot"}
)  # fmt: skip
"""What stands in the header of our letters; whatever else does was smuggled in."""
SAID = [
    b"accept 2", b"Jane Doe accepts 2", b"delegate Jane Doe <jane@x.example>", b"reply You may film.\nBring a badge.",
    b"undo", b"Mme Jane Doe ne viendra pas", "王伟 不出席".encode(), "لن يحضر".encode(), "не придёт, спасибо".encode(),
    b"admit +1",
]  # fmt: skip
LISTS = [
    b"email,name,seats,grounds_pass\nada@lovelace.example,Ada Lovelace,2,yes\n",
    b'\xef\xbb\xbfE-mail;Nom;Pr\xc3\xa9nom\r\na@b.example;B;A\r\n"x@y.example";"Y; Z";\r\n',
    "Guests\n\nemail\tname\na@b.example\t王伟\n".encode("utf-16"),
]


class Escape(AssertionError):
    """Something that must not happen has happened."""


# ------------------------------------------------------------------ what is attacked


class Road:
    """From raw bytes to the commit, organisers included: `Intake.handle`, which may fail no message."""

    def __init__(self) -> None:
        self._open = contextlib.ExitStack()
        self._left = 0
        self._uid = itertools.count(1_000)

    def __call__(self, data: bytes) -> None:
        uid = next(self._uid)
        known = {letter.id for letter in self.house.store.letters()}
        done = self.house.intake.handle(self._with_token(data), 1, uid)
        trial = self.house.store.trial(1, uid)
        if done is None or done.folder is Folder.FAILED:
            raise Escape(f"the road failed: {trial.error if trial else 'at once'}")
        for letter in self.house.store.letters():
            if letter.id not in known:
                self._check(letter.kind, letter.recipients, letter.raw or b"")

    def ready(self) -> None:
        """A house for the next input: from time to time a fresh one."""
        self._left -= 1
        if self._left > 0:
            return
        self._open.close()
        folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(dir=_in_memory())))
        self.house: House = self._open.enter_context(steered(folder))
        self.house.comes(QUESTION)
        self._left = FRESH_AFTER
        question = self.house.question()
        self._allowed = {address for one in self.house.store.invitees() for address in one.addresses} | {ANN, CAT}
        self._token = question.message_id.encode("ascii")
        inviting = Inviting(
            self.house.store, self.house.config, self.house.intake._templates, self.house.intake._tokens, str, ()
        )
        invitation = inviting.written(self.house.store.invitees()[0], self.house.clock.now())
        self._invited = invitation.message_id.encode("ascii")

    def _with_token(self, data: bytes) -> bytes:
        """Some inputs answer our letters: what is open only to these must stand as well."""
        return data.replace(b"<QUESTION>", self._token).replace(b"<INVITATION>", self._invited)

    def _check(self, kind: LetterKind, recipients: Sequence[str], raw: bytes) -> None:
        header = email.message_from_bytes(raw, policy=policy.compat32)
        strange = {name.lower() for name in header} - FIELDS
        if strange or header.defects:
            raise Escape(f"a letter ({kind}) with {sorted(strange)} in its header")
        # A delegate may be written to where the invitee's own answer, with a token, names them.
        if kind is not LetterKind.WELCOME and not self._named(set(recipients)):
            raise Escape(f"a letter ({kind}) to somebody whom nobody named")

    def _named(self, recipients: set[str]) -> bool:
        now = {address for one in self.house.store.invitees() for address in one.addresses}
        unknown = recipients - self._allowed - now
        # Whoever holds a token is answered, beside the invitee.
        return len(unknown) <= 1 and bool(recipients - unknown) if unknown else True


def _in_memory() -> str | None:
    """Where a sync costs nothing, if there is such a place: disks are attacked elsewhere."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def organisers(data: bytes) -> None:
    """What organisers write: understood, or not understood, and nothing else."""
    text = data.decode("utf-8", "replace")
    with contextlib.suppress(commands.NotUnderstood):
        commands.commands(text)
    commands.of_subject(text)
    commands.person(text)
    commands.is_plain_sentence(text)


def invitees(data: bytes) -> None:
    """The list, as CSV or as a workbook: rows, and problems with their lines."""
    with tempfile.NamedTemporaryFile(dir=_in_memory()) as file:
        file.write(data)
        file.flush()
        rows, problems = read_list(Path(file.name))
    for row in rows:
        if not row.addresses or any("@" not in address or "\n" in address for address in row.addresses):
            raise Escape("a row without an address")
    for problem in problems:
        if not (problem.wrong and problem.right):
            raise Escape("a problem without words")


# ------------------------------------------------------------------ what it is attacked with


def _workbook() -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["email", "name", "seats"], ["ada@lovelace.example", "Ada", 2], ["bob@babbage.example", "=1+1", None]):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


BOOK = _workbook()


def wounded(data: bytes, chance: random.Random) -> bytes:
    """The bytes with one to five of them, or stretches of them, changed, cut, doubled or replaced."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(out) + 1)
        end = min(len(out), at + chance.randint(1, 40))
        match chance.randrange(4):
            case 0:
                del out[at:end]
            case 1:
                out[at:at] = out[at:end] * chance.choice((1, 2, 50, 2_000))
            case 2:
                out[at:end] = bytes(chance.randrange(256) for _ in range(end - at))
            case _:
                out[at:at] = chance.choice(
                    (b"\n", b"\x00", b'"', b"\xff\xfe", b"<x@y.example>", b",,;;\t", b"(" * 500, b"=1+1")
                )
    return bytes(out)


def _damaged_workbook(chance: random.Random) -> bytes:
    """The ZIP itself, or one of the files in it."""
    if chance.random() < 0.3:
        return wounded(BOOK, chance)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BOOK)) as source, zipfile.ZipFile(out, "w") as target:
        victim = chance.choice(source.namelist())
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, wounded(data, chance) if name == victim else data)
    return out.getvalue()


def a_mail(chance: random.Random) -> bytes:
    """A mail of the corpus that broke on its way, or one that answers a letter of ours."""
    kind = chance.random()
    if kind < 0.6:
        return mutated(chance)
    fields = [b"Authentication-Results: " + PASS.encode()] if chance.random() < 0.8 else []
    if kind < 0.8:
        fields += [f"From: {chance.choice((ANN, CAT))}".encode(), b"In-Reply-To: <QUESTION>"]
        body = wounded(chance.choice(SAID), chance)
    else:
        sender = chance.choice((b"ada@lovelace.example", b"bob@babbage.example", b"x@y.example"))
        fields += [b"From: Somebody <" + sender + b">", b"References: <INVITATION>"]
        body = mutated(chance).partition(b"\r\n\r\n")[2]
    head = wounded(b"\r\n".join(fields), chance) if chance.random() < 0.3 else b"\r\n".join(fields)
    return head + b"\r\nDate: Mon, 12 Sep 2016 09:00:00 -0400\r\nSubject: Re: Invitation\r\n\r\n" + body


def a_calendar(chance: random.Random) -> bytes:
    """A reply that carries a calendar object, broken."""
    objects = [seed for seed in SEEDS if b"BEGIN:VCALENDAR" in seed]
    seed = chance.choice(objects)
    at = seed.index(b"BEGIN:VCALENDAR")
    return seed[:at] + wounded(seed[at:], chance)


@dataclass(slots=True)
class Target:
    name: str
    run: Callable[[bytes], None]
    make: Callable[[random.Random], bytes]
    share: int
    """Of a hundred inputs."""
    ready: Callable[[], None] = lambda: None
    """Called before each, and no part of its time."""


def targets() -> list[Target]:
    road = Road()
    return [
        Target("mail", road, a_mail, 60, road.ready),
        Target("calendar", road, a_calendar, 15, road.ready),
        Target("list", invitees, lambda c: wounded(c.choice(LISTS), c), 8),
        Target("workbook", invitees, _damaged_workbook, 5),
        Target("organisers", organisers, lambda c: wounded(c.choice(SAID), c), 12),
    ]


# ------------------------------------------------------------------ attacking


@dataclass(slots=True)
class Tally:
    inputs: dict[str, int] = field(default_factory=dict)
    slowest: dict[str, float] = field(default_factory=dict)
    """Seconds of this process."""
    escapes: dict[str, int] = field(default_factory=dict)


def attack(found: Tally, target: Target, data: bytes, keep: Path) -> None:
    """Run one input. An exception is told by its kind and place."""
    target.ready()
    before = time.process_time()
    # An input that never ends is left behind, for whoever looks for it.
    in_hand = keep / f"in-hand-{os.getpid()}"
    in_hand.write_bytes(data)
    faulthandler.dump_traceback_later(LONGEST, exit=True)
    try:
        target.run(data)
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{target.name}: {type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}"
        told += f": {error}" if isinstance(error, Escape) else ""
        if told not in found.escapes:
            (keep / f"{target.name}-{len(found.escapes)}-{os.getpid()}").write_bytes(data)
        found.escapes[told] = found.escapes.get(told, 0) + 1
    finally:
        faulthandler.cancel_dump_traceback_later()
        in_hand.unlink()
    took = time.process_time() - before
    found.inputs[target.name] = found.inputs.get(target.name, 0) + 1
    if took > found.slowest.get(target.name, 0.0):
        found.slowest[target.name] = took
        (keep / f"slowest-{target.name}-{os.getpid()}").write_bytes(data)


def run(chance: random.Random, keep: Path, goes_on: Callable[[int], bool]) -> Tally:
    """Attack as long as `goes_on`, which is told how many inputs there were."""
    logging.disable(logging.CRITICAL)
    found, everything = Tally(), targets()
    weights = [target.share for target in everything]
    for number in itertools.count():
        if not goes_on(number):
            return found
        (target,) = chance.choices(everything, weights)
        attack(found, target, target.make(chance), keep)
    raise AssertionError("never reached")


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """Those that a module defines, in its classes too."""
    for value in vars(module).values():
        if getattr(value, "__module__", "") == module.__name__:
            inside = vars(value).values() if isinstance(value, type) else (value,)
            yield from (one for one in inside if isinstance(one, FunctionType))


def guided(seconds: int, keep: Path) -> int:
    """Led by the coverage of rsvpbot's own code (libFuzzer by way of atheris); ends the process."""
    import atheris

    everything = targets()
    logging.disable(logging.CRITICAL)
    chance = random.Random(1)
    seeds = keep / "seeds"
    seeds.mkdir(exist_ok=True)
    for number, target in enumerate(everything):
        for again in range(60):
            (seeds / f"{number}-{again}").write_bytes(bytes([number]) + target.make(chance))

    def one_input(data: bytes) -> None:
        if data:
            target = everything[data[0] % len(everything)]
            target.ready()
            target.run(data[1:])

    for name in [name for name in sys.modules if name.startswith("rsvpbot")]:
        for function in _functions(sys.modules[name]):
            atheris.instrument_func(function)
    options = [
        f"-max_total_time={seconds}",
        "-timeout=60",
        "-max_len=60000",
        "-rss_limit_mb=2048",
        f"-artifact_prefix={keep}/",
    ]
    atheris.Setup([sys.argv[0], *options, "-print_final_stats=1", str(seeds)], one_input)
    atheris.Fuzz()
    return 0


def shared_out(seconds: int, seed: int, jobs: int, keep: Path) -> Tally:
    """Several processes, each with its own chance."""
    command = [sys.executable, "-m", "tests.fuzz", "--keep", str(keep), "--seconds", str(seconds), "--as-json"]
    processes = [
        subprocess.Popen([*command, "--seed", str(seed + job)], stdout=subprocess.PIPE, text=True)
        for job in range(jobs)
    ]
    found = Tally()
    for process in processes:
        printed, _ = process.communicate()
        if not printed:
            left = next(iter(keep.glob(f"in-hand-{process.pid}")), None)
            found.escapes[f"a process ended with {process.returncode}; its input: {left}"] = 1
            continue
        one = Tally(**json.loads(printed))
        for name, number in one.inputs.items():
            found.inputs[name] = found.inputs.get(name, 0) + number
            found.slowest[name] = max(found.slowest.get(name, 0.0), one.slowest[name])
        for told, number in one.escapes.items():
            found.escapes[told] = found.escapes.get(told, 0) + number
    return found


def lines(found: Tally, keep: Path) -> Iterator[str]:
    for name, number in found.inputs.items():
        yield f"{name:12}{number:10,} inputs   slowest {found.slowest[name] * 1000:8.0f} ms"
    yield f"{'in all':12}{sum(found.inputs.values()):10,} inputs   escapes {sum(found.escapes.values())}"
    for told, number in sorted(found.escapes.items()):
        yield f"  {number} × {told}"
    if found.escapes:
        yield f"their inputs: {keep}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=2016)
    parser.add_argument("--guided", action="store_true")
    parser.add_argument("--keep", type=Path, help="where inputs of escapes are kept (a new folder)")
    parser.add_argument("--as-json", action="store_true", help=argparse.SUPPRESS)
    wish = parser.parse_args()
    keep = wish.keep or Path(tempfile.mkdtemp(prefix="rsvpbot-fuzz-"))
    keep.mkdir(parents=True, exist_ok=True)
    if wish.guided:
        if importlib.util.find_spec("atheris") is None:
            print("atheris is not installed: pip install atheris", file=sys.stderr)
            return 2
        return guided(wish.seconds, keep)
    if wish.jobs > 1:
        found = shared_out(wish.seconds, wish.seed, wish.jobs, keep)
    else:
        end = time.monotonic() + wish.seconds
        found = run(random.Random(wish.seed), keep, lambda number: time.monotonic() < end)
    if wish.as_json:
        print(json.dumps({"inputs": found.inputs, "slowest": found.slowest, "escapes": found.escapes}))
    else:
        print("\n".join(lines(found, keep)))
    return 1 if found.escapes else 0


if __name__ == "__main__":
    raise SystemExit(main())
