"""Attack the store in every way that is known, and count.

    python -m tests.store_attacks             # everything: some minutes
    python -m tests.store_attacks --quick     # a sample of each, as the tests run it
    python -m tests.store_attacks flips cuts  # these only

Each attack is real: bytes of the file, system calls that fail or kill (strace), a full disk (tmpfs), a file that may
not grow (RLIMIT_FSIZE), another user (setuid), a read-only mount, SIGKILL. Each ends in one of few ways:

    right     what was acknowledged is all there, and nothing else
    refused   it says what is wrong, and has changed nothing
    repaired  it was refused, and `repair` brought it back to a state that was committed once
    backup    it was refused, and a backup put in its place: damage in the first line of what was never made compact
    cut       the last commits are not there, as after a crash: nobody can tell the two apart
    wrong     none of these. There must be none
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rsvpbot.store import StoreBroken, StoreError
from rsvpbot.store.journal import Journal
from rsvpbot.store.repair import put_aside_by_repairs, repair
from rsvpbot.store.tinydb import TinyStore
from tests.store_records import NOON
from tests.store_worker import both, few

ROOT = Path(__file__).parent.parent
COMMITS = 30
NOBODY = 65534
AT_ONCE = 2
"""Processes under strace side by side."""

State = Any


@dataclass(slots=True)
class Tally:
    """How the attacks of one kind ended."""

    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def attacks(self) -> int:
        return self.ends.total() + len(self.wrong)

    def note(self, end: str, attack: str) -> None:
        """`end`: one of the words above, or what went wrong."""
        if end in ENDS:
            self.ends[end] += 1
        else:
            self.wrong.append(f"{attack}: {end}")

    def attempt(self, attack: str, of: Callable[[], str]) -> None:
        """Whatever comes out of an attack counts, an exception too."""
        try:
            self.note(of(), attack)
        except Exception as error:
            self.note(f"{type(error).__name__} {error}", attack)


ENDS = ("right", "refused", "repaired", "backup", "cut")


class Missing(Exception):
    """What this machine cannot do: an attack is left out, and says so."""


# --------------------------------------------------------------------------- a journal, and all that it ever was


@dataclass(frozen=True, slots=True)
class History:
    """A journal of many commits, and the state after each."""

    data: bytes
    states: tuple[State, ...]
    """states[n]: after n commits."""
    starts: tuple[int, ...]
    """Where each line begins; the end of the file last."""
    before: bytes
    """The file from before the compaction; empty where there was none."""

    def line_at(self, position: int) -> int:
        """Which line a byte belongs to, from 0; its line end too."""
        return sum(start <= position for start in self.starts) - 1


def history(folder: Path, compacted: int = 0) -> History:
    """Small commits of every kind, among them documents that change and go; made compact after so many."""
    path, before = folder / "rsvp.json", folder / "rsvp.json.before"
    store = TinyStore(path)
    states: list[State] = [{}]
    starts = [0]
    for number in range(COMMITS):
        store.commit(few(number))
        states.append(state(path))
        starts.append(path.stat().st_size)
        if number + 1 == compacted:
            store._journal.compact()
            states, starts = [{}, state(path)], [0, path.stat().st_size]
    store._db.close()
    return History(path.read_bytes(), tuple(states), tuple(starts), before.read_bytes() if before.exists() else b"")


def state(path: Path) -> State:
    """What the file says, to one who opens it to read only; what a repair writes down besides left out."""
    journal = Journal(path, read_only=True)
    try:
        tables = json.loads(json.dumps(journal.read() or {}))
    finally:
        journal.close()
    for doc in tables.get("letters", {}).values():
        doc.pop("state", None)
        doc.pop("error", None)
    for doc in tables.get("mailbox", {}).values():
        doc.pop("lost", None)
    return tables


def attacked(path: Path, data: bytes, was: History, first: int, backup: Path, *, crash: bool) -> str:
    """How it ends where the file holds `data`, in which the lines from `first` (counted from 0) on may be damaged.
    `crash`: it may be taken for a crash, and end as if no more than the lines before had been written."""
    path.write_bytes(data)
    path.with_name("rsvp.json.before").write_bytes(was.before)
    for aside in put_aside_by_repairs(path):
        aside.unlink()
    try:
        reader = state(path)
    except StoreError:
        reader = None
    try:
        with TinyStore(path):
            pass
    except StoreError as error:
        if reader is not None:
            return "refused to who writes, and not to who reads"
        if path.read_bytes() != data:
            return "refused, and changed"
        if "rsvpbot repair" not in str(error):
            return f"refused without the remedy: {error}"
        return _repaired(path, data, was, first, backup)
    found = state(path)
    if reader != found and not (crash and reader in was.states[first:]):
        return "who reads saw something else than who writes"
    if found == was.states[-1]:
        return "right"
    if crash and found in was.states[first:]:
        return "cut"
    return "opened at a state that was not the last one committed"


def _repaired(path: Path, data: bytes, was: History, first: int, backup: Path) -> str:
    end = "repaired"
    try:
        told = repair(path, NOON)
    except StoreError as error:
        if first > 0 or "--from" not in str(error) or path.read_bytes() != data:
            return f"not repaired: {error}"
        told = repair(path, NOON, backup)
        end = "backup"
    aside = told.aside.read_bytes() if told.aside else b""
    kept = data[: len(data) - len(aside)]
    if not data.endswith(aside) or not (told.mended or path.read_bytes().startswith(kept)):
        return "something is neither kept nor put aside"
    if end == "backup" and aside != data:
        return "not all is put aside for the backup"
    if end == "repaired" and told.kept < first:
        return f"only {told.kept} commits were kept of {first} that are good"
    whole = end == "backup" or (told.mended and not aside)
    after = was.states[-1] if whole else was.states[told.kept]
    return end if state(path) == after else "repaired to a state that was never committed"


@contextmanager
def memory() -> Iterator[Path]:
    """A folder whose syncs cost nothing, for attacks on bytes."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        yield Path(folder)


@contextmanager
def prepared(compacted: int = 0) -> Iterator[tuple[Path, History, Path]]:
    """The file to attack, its history, and a backup of it."""
    with memory() as folder:
        was = history(folder, compacted)
        backup = folder / "backup.json"
        with TinyStore(folder / "rsvp.json", read_only=True) as store:
            store.backup(backup)
        yield folder / "rsvp.json", was, backup


# --------------------------------------------------------------------------- bytes of the file


def flips(quick: bool) -> Tally:
    """Every byte made another: by turns one bit of it, a zero, a blank, a line end, another digit. Of a file that was
    made compact midway, too: there it is repaired without a backup, whichever byte it is."""
    tally, chance = Tally(), random.Random(1)
    for compacted in (0, COMMITS // 2):
        with prepared(compacted) as (path, was, backup):
            for position in range(0, len(was.data), 31 if quick else 1):
                old = was.data[position]
                byte = (old ^ 1 << chance.randrange(8), 0, 0x20, 0x0A, old ^ 1)[position % 5]
                if byte != old:
                    data = was.data[:position] + bytes([byte]) + was.data[position + 1 :]
                    tally.attempt(
                        f"byte {position} from {old} to {byte}, compacted after {compacted}",
                        partial(_flipped, path, data, was, was.line_at(position), backup),
                    )
    return tally


def _flipped(path: Path, data: bytes, was: History, line: int, backup: Path) -> str:
    end = attacked(path, data, was, line, backup, crash=False)
    return "a backup was asked for" if end == "backup" and was.before else end


def cuts(quick: bool) -> Tally:
    """The file cut at every byte; then, by turns, nothing, zeros, and zeros and a line end, as crashes leave it."""
    tally, tails = Tally(), (b"", b"\0" * 40, b"\0" * 40 + b"\n")
    with prepared() as (path, was, backup):
        for cut in range(1, len(was.data), 31 if quick else 1):
            tail = tails[cut % 3]
            tally.attempt(
                f"cut at {cut} and {tail!r}",
                partial(attacked, path, was.data[:cut] + tail, was, was.line_at(cut), backup, crash=True),
            )
    return tally


def blocks(quick: bool) -> Tally:
    """Blocks at random places overwritten by zeros, ones, rubbish or another part of the file; taken out; doubled."""
    tally, chance = Tally(), random.Random(2)
    with prepared(COMMITS // 3) as (path, was, backup):
        for number in range(60 if quick else 3000):
            at = chance.randrange(len(was.data))
            size = min(chance.choice((2, 16, 100, 512, 4096)), len(was.data) - at)
            block, rest = was.data[at : at + size], was.data[at + size :]
            other = chance.randrange(len(was.data) - size + 1)
            put = (
                bytes(size), b"\xff" * size, chance.randbytes(size), was.data[other : other + size], b"", block + block
            )[number % 6]  # fmt: skip
            data = was.data[:at] + put + rest
            if data == was.data:
                continue
            # What reaches into the last line may be what a crash has left there.
            crash = at + size > was.starts[-2]
            tally.attempt(
                f"block of {size} at {at}, kind {number % 6}",
                partial(attacked, path, data, was, was.line_at(at), backup, crash=crash),
            )
    return tally


# --------------------------------------------------------------------------- system calls


def traced(folder: Path, what: str, paths: Sequence[Path], *injection: str) -> tuple[list[str], str]:
    """What the worker says, and its errors, while strace makes its system calls on these files (all, where there are
    none) fail or kill."""
    strace = shutil.which("strace")
    assert strace is not None
    named = [word for path in paths for word in ("-P", str(path))]
    calls = ",".join(word.partition("=")[2].partition(":")[0] for word in injection)
    words = [word for one in injection for word in ("-e", one)]
    done = subprocess.run(
        [strace, "-f", "-qq", "-o", os.devnull, *named, "-e", f"trace={calls}", *words,
         sys.executable, "-m", "tests.store_worker", what, str(folder), "0"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.stdout.split("\n")[:-1], done.stderr


def may_trace() -> str:
    """Why strace cannot be used here; empty where it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    probe = ["strace", "-qq", "-o", os.devnull, "-e", "inject=getpid:error=EIO", "true"]
    return "strace may not trace here" if subprocess.run(probe, check=False, capture_output=True).returncode else ""


FAULTS: Sequence[tuple[str, Sequence[str], int]] = (
    ("write", ("error=ENOSPC", "error=EIO", "signal=KILL"), 12),
    ("fdatasync", ("error=EIO", "error=ENOSPC", "signal=KILL"), 8),
    ("fsync", ("error=EIO", "error=ENOSPC", "signal=KILL"), 9),
    ("rename", ("error=EIO", "error=ENOSPC", "signal=KILL"), 4),
    ("openat", ("error=EIO", "error=ENOSPC", "error=EMFILE", "signal=KILL"), 10),
    ("pread64", ("error=EIO", "signal=KILL"), 2),
    ("fstat,newfstatat,stat", ("error=EIO",), 6),
)
"""The calls that a run of nine commits and three compactions makes on its files, and how many of each at least."""


def calls(quick: bool) -> Tally:
    """Every system call of a run of commits and compactions fails, or is where the process is killed."""
    if reason := may_trace():
        raise Missing(reason)
    tally = Tally()
    plan: list[tuple[str, tuple[str, ...]]] = [
        (f"{call} {how} at {when}", (f"inject={call}:{how}:when={when}",))
        for call, hows, times in FAULTS
        for how in hows
        for when in range(1, times + 1)
    ]
    plan += [
        (
            f"write ENOSPC at {when}, not taken back",
            (f"inject=write:error=ENOSPC:when={when}", "inject=ftruncate:error=EIO"),
        )
        for when in range(1, 13)
    ]
    with tempfile.TemporaryDirectory() as ground:

        def one(number: int) -> None:
            attack, injection = plan[number]
            folder = Path(ground) / str(number)
            folder.mkdir()
            paths = [folder / name for name in ("rsvp.json", "rsvp.json.new", "")]
            tally.attempt(attack, lambda: after_faults(folder, *traced(folder, "some", paths, *injection)))

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(one, range(0, len(plan), 13 if quick else 1)))
    return tally


def after_faults(folder: Path, said: list[str], errors: str) -> str:
    """Whether the store holds what the worker said that it acknowledged, and one commit more at most, and goes on."""
    if "Traceback" in errors and "rsvpbot.store.base.Store" not in errors:
        return f"the worker failed: {errors.splitlines()[-1]}"
    acknowledged = [int(word) for word in said if word.isdecimal()]
    with TinyStore(folder / "rsvp.json") as store:
        present = [n for n in range(9) if whole_commit(store, n)]
        if set(acknowledged) - set(present):
            return f"acknowledged and lost: {set(acknowledged) - set(present)}"
        if len(present) > len(acknowledged) + 1:
            return f"more is there than was acknowledged: {present} of {acknowledged}"
        store.commit(both(50))
    with TinyStore(folder / "rsvp.json") as store:
        if not whole_commit(store, 50):
            return "it does not go on"
    return "left over" if (folder / "rsvp.json.new").exists() else "right"


def whole_commit(store: TinyStore, number: int) -> bool:
    """Whether the worker's commit of this number is there. Raises AssertionError where a part of it is."""
    wanted = both(number)
    parts = {
        store.reply(wanted.replies[0].digest) == wanted.replies[0],
        store.letter(wanted.letters[0].id) == wanted.letters[0],
        store.done(1, number) == wanted.done[0],
    }
    if len(parts) != 1:
        raise AssertionError(f"a part only of commit {number}")
    return parts.pop()


REPAIR_FAULTS: Sequence[tuple[str, int]] = (("fsync", 4), ("rename", 1), ("linkat,link", 1), ("unlink,unlinkat", 2))


def repairs(quick: bool) -> Tally:
    """Every system call with which a repair writes fails, or is where it is killed: the file is as it was, or repaired,
    and the next repair gets through."""
    if reason := may_trace():
        raise Missing(reason)
    tally = Tally()
    plan = [
        (call, how, when)
        for call, times in (*REPAIR_FAULTS, ("write", 2))
        for how in ("error=EIO", "error=ENOSPC", "signal=KILL")
        for when in range(1, times + 1)
    ]
    with tempfile.TemporaryDirectory() as ground:
        was = history(Path(ground))
        at = was.starts[COMMITS // 2] + 9
        data = was.data[:at] + bytes([was.data[at] ^ 1]) + was.data[at + 1 :]
        for number, (call, how, when) in list(enumerate(plan))[:: 5 if quick else 1]:
            folder = Path(ground) / str(number)
            folder.mkdir()
            path = folder / "rsvp.json"
            path.write_bytes(data)
            # The worker's own write to stdout comes last.
            said, errors = traced(folder, "repair", (), f"inject={call}:{how}:when={when}")
            tally.attempt(
                f"repair, {call} {how} at {when}",
                partial(_after_repair, path, data, was, said, errors),
            )
    return tally


def _after_repair(path: Path, data: bytes, was: History, said: list[str], errors: str) -> str:
    kept = COMMITS // 2
    if "Traceback" in errors and "rsvpbot.store.base.StoreError" not in errors and "OSError" not in errors:
        return f"the worker failed: {errors.splitlines()[-1]}"
    if path.read_bytes() == data:
        if "repaired" in said:
            return "said to be repaired, and was not"
        end = "refused"
        repair(path, NOON)
    else:
        end = "repaired"
    if state(path) != was.states[kept]:
        return "neither as it was nor repaired"
    rest = data[was.starts[kept] :]
    if not any(aside.read_bytes() == rest for aside in put_aside_by_repairs(path)):
        return "what was put aside is not there"
    with TinyStore(path) as store:
        store.commit(both(99))
    return end


# --------------------------------------------------------------------------- disks and users


def in_child(work: Callable[[], str]) -> str:
    """What `work` gives in a forked process, which may take limits and another user upon itself."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            end = work()
        except BaseException as error:
            end = f"{type(error).__name__} {error}"
        os.write(writing, end.encode("utf-8", "replace")[:4000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    return said


def limits(quick: bool) -> Tally:
    """A file that may not grow beyond each byte of a commit, and of a compaction: refused, nothing of it holds, and the
    same process goes on when it may."""
    tally = Tally()
    with memory() as folder:
        store = TinyStore(folder / "rsvp.json")
        for number in range(4):
            store.commit(both(number))
        size = (folder / "rsvp.json").stat().st_size
        store.backup(folder / "backup.json")
        least = (folder / "backup.json").stat().st_size
        store.commit(both(4))
        grown = (folder / "rsvp.json").stat().st_size
        data = (folder / "rsvp.json").read_bytes()[:size]
        store._db.close()
        for limit in range(1, grown, 101 if quick else 1):
            path = folder / f"{limit}.json"
            path.write_bytes(data)
            tally.attempt(f"no more than {limit} bytes", partial(in_child, partial(_limited, path, limit, least)))
            for left in folder.glob(f"{limit}.json*"):
                left.unlink()
    return tally


def _limited(path: Path, limit: int, least: int) -> str:
    """`least`: the bytes of the compact file."""
    store = TinyStore(path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    for what in ("commit", "compact"):
        try:
            if what == "commit":
                store.commit(both(4))
            else:
                store.compact()
        except StoreBroken as error:
            return f"broken: {error}"
        except StoreError:
            continue
        if what == "commit" or limit < least:
            return f"{what} was not refused"
    if whole_commit(store, 4):
        return "a refused commit is remembered"
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.commit(both(5))
    store._db.close()
    with TinyStore(path) as again:
        there = [n for n in range(6) if whole_commit(again, n)]
    return "right" if there == [0, 1, 2, 3, 5] else f"there is {there}"


@contextmanager
def mounted(options: str) -> Iterator[Path]:
    """A small file system of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
            raise Missing("nothing can be mounted here")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


def full(quick: bool) -> Tally:
    """A disk with room for so many pages: commits until it is full, and on when there is room; a compaction, a backup
    and a repair on the full disk."""
    tally = Tally()
    for pages in range(2, 60, 14 if quick else 1):
        with mounted(f"size={pages * 4 + 4}k,mode=700") as folder:
            (folder / "ballast").write_bytes(bytes(4096))
            tally.attempt(f"a disk of {pages} pages", partial(in_child, partial(_until_full, folder)))
    return tally


def _until_full(folder: Path) -> str:
    path = folder / "rsvp.json"
    store = TinyStore(path)
    number = 0
    try:
        while True:
            store.commit(both(number))
            number += 1
    except StoreBroken as error:
        return f"broken: {error}"
    except StoreError as error:
        if "make room" not in str(error):
            return str(error)
    try:
        with TinyStore(path, read_only=True) as reader:
            reader.backup(folder / "backup.json")
    except StoreError:
        if list(folder.glob("backup*")):
            return "half a backup was left"
    if not all(whole_commit(store, n) for n in range(number)) or whole_commit(store, number):
        return "memory is not what was acknowledged"
    (folder / "ballast").unlink()
    for left in folder.glob("backup*"):
        left.unlink()
    store.commit(both(number + 1))
    store.close()
    with TinyStore(path, read_only=True) as again:
        wanted = [*range(number), number + 1]
        return "right" if [n for n in range(number + 2) if whole_commit(again, n)] == wanted else "something is lost"


def users(quick: bool) -> Tally:
    """As another user who may not write, or not read; on a mount that is read-only: refused with words, and reading
    goes on where it may."""
    del quick
    tally = Tally()
    if os.geteuid() != 0:
        raise Missing("only root can become another user and mount")
    with memory() as ground:
        ground.chmod(0o755)
        for name, file_owner, folder_mode, folder_owner, expected in (
            ("nothing there, folder read-only", None, 0o555, NOBODY, "refused"),
            ("nothing there, folder of root", None, 0o755, 0, "refused"),
            ("own file, folder read-only", NOBODY, 0o555, NOBODY, "refused"),
            ("file of root", 0, 0o755, NOBODY, "refused"),
            ("own file and folder", NOBODY, 0o755, NOBODY, "right"),
        ):
            folder = ground / name.replace(" ", "-")
            folder.mkdir()
            if file_owner is not None:
                with TinyStore(folder / "rsvp.json") as store:
                    store.commit(both(0))
                for entry in folder.iterdir():
                    if entry.suffix != ".json":
                        entry.unlink()
                os.chown(folder / "rsvp.json", file_owner, file_owner)
            os.chown(folder, folder_owner, folder_owner)
            folder.chmod(folder_mode)
            readable = file_owner in (None, NOBODY)
            tally.attempt(
                name,
                partial(in_child, partial(_as_nobody, folder, expected, readable=readable)),
            )
        folder = ground / "locks-are-there"
        folder.mkdir()
        with TinyStore(folder / "rsvp.json") as store:
            store.commit(both(0))
        for entry in folder.iterdir():
            os.chown(entry, NOBODY, NOBODY)
        folder.chmod(0o555)
        tally.attempt("own files, folder read-only", partial(in_child, partial(_appends_only, folder)))
    with mounted("size=1m,mode=755") as disk:
        with TinyStore(disk / "rsvp.json") as store:
            store.commit(both(0))
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        tally.attempt("a read-only mount", lambda: _refused_and_readable(disk, readable=True))
        tally.attempt("a repair on a read-only mount", lambda: _repair_refused(disk))
        tally.attempt("a backup onto a read-only mount", lambda: _backup_refused(disk))
    return tally


def _become_nobody() -> None:
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def _as_nobody(folder: Path, expected: str, *, readable: bool) -> str:
    _become_nobody()
    if expected == "refused":
        return _refused_and_readable(folder, readable=readable)
    with TinyStore(folder / "rsvp.json") as store:
        store.commit(both(1))
        return "right" if whole_commit(store, 0) and whole_commit(store, 1) else "something is lost"


REMEDIES = ("let this user write", "belong to", "so that it can be written")


def _refused_and_readable(folder: Path, *, readable: bool) -> str:
    before = {entry.name for entry in folder.iterdir()}
    try:
        TinyStore(folder / "rsvp.json")
    except StoreError as error:
        if str(folder) not in str(error) or not any(remedy in str(error) for remedy in REMEDIES):
            return f"unclear: {error}"
    else:
        return "not refused"
    try:
        with TinyStore(folder / "rsvp.json", read_only=True) as store:
            if not readable:
                return "read, which it must not be"
            if whole_commit(store, 0) != (folder / "rsvp.json").exists():
                return "not what was recorded"
    except StoreError as error:
        if readable or "cannot be opened" not in str(error):
            return f"not readable: {error}"
    made = {entry.name for entry in folder.iterdir()} - before - {"rsvp.json.lock"}
    return f"made {made}" if made else "refused"


def _appends_only(folder: Path) -> str:
    """In a folder in which no file can be made a commit is appended, and a compaction is refused."""
    _become_nobody()
    store = TinyStore(folder / "rsvp.json")
    store.commit(both(1))
    try:
        store.compact()
    except StoreBroken as error:
        return f"broken: {error}"
    except StoreError:
        store.commit(both(2))
        return "right" if all(whole_commit(store, n) for n in range(3)) else "something is lost"
    return "compacted, which cannot be"


def _repair_refused(disk: Path) -> str:
    try:
        repair(disk / "rsvp.json", NOON)
    except StoreError as error:
        return "refused" if "so that it can be written" in str(error) else str(error)
    return "not refused"


def _backup_refused(disk: Path) -> str:
    try:
        with TinyStore(disk / "rsvp.json", read_only=True) as store:
            store.backup(disk / "backup.json")
    except StoreError as error:
        return "refused" if "cannot be written" in str(error) else str(error)
    return "not refused"


# --------------------------------------------------------------------------- kills


def kills(quick: bool) -> Tally:
    """SIGKILL at random moments of a process that commits and compacts as fast as it can."""
    tally, chance = Tally(), random.Random(3)
    with tempfile.TemporaryDirectory() as ground:
        folder = Path(ground)
        number = 0
        for _ in range(3 if quick else 200):
            command = [sys.executable, "-m", "tests.store_worker", "for-ever", ground, str(number)]
            with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
                assert child.stdout is not None
                child.stdout.readline()
                time.sleep(chance.uniform(0, 0.08))
                child.kill()
                acknowledged = [int(line) for line in child.stdout.read().split("\n")[:-1]]
            last = acknowledged[-1] if acknowledged else number - 1
            with TinyStore(folder / "rsvp.json", read_only=True) as store:
                lost = [n for n in range(last + 1) if not whole_commit(store, n)]
                turn = 2 if (last + 1 - number) % 3 else 1
                survived = sum(whole_commit(store, last + 1 + more) for more in range(3))
                half = f"half a group survived, {survived} of {turn}" if survived not in (0, turn) else "right"
                number = last + 1 + survived
                tally.note(f"lost {lost}" if lost else half, f"kill after {last}")
    return tally


ATTACKS: Sequence[Callable[[bool], Tally]] = (flips, cuts, blocks, calls, repairs, limits, full, users, kills)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a sample of each attack")
    parser.add_argument("names", nargs="*", metavar="ATTACK", help=", ".join(attack.__name__ for attack in ATTACKS))
    arguments = parser.parse_args()
    logging.disable()  # what is cut off is told for each attack
    total, wrong = 0, 0
    print(f"{'attack':<9}{'number':>8}" + "".join(f"{end:>10}" for end in ENDS) + f"{'wrong':>7}", flush=True)
    for attack in ATTACKS:
        if arguments.names and attack.__name__ not in arguments.names:
            continue
        try:
            tally = attack(arguments.quick)
        except Missing as reason:
            print(f"{attack.__name__:<9}left out: {reason}", flush=True)
            continue
        ends = "".join(f"{tally.ends[end]:>10,}" for end in ENDS)
        print(f"{attack.__name__:<9}{tally.attacks:>8,}{ends}{len(tally.wrong):>7}", flush=True)
        for line in tally.wrong[:20]:
            print(f"    {line}", flush=True)
        total, wrong = total + tally.attacks, wrong + len(tally.wrong)
    print(f"{total:,} attacks, {wrong} went wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
