"""Real processes that are killed, whose disk is full, or that compete for one store."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from tinydb import TinyDB

from rsvpbot.model import Mailbox
from rsvpbot.store import Commit, Store, StoreError
from rsvpbot.store.tinydb import TinyStore
from tests.store_records import done
from tests.store_worker import both

KILLS = 30


def worker(what: str, folder: Path, *arguments: object, before: Sequence[str] = ()) -> subprocess.Popen[str]:
    command = [*before, sys.executable, "-m", "tests.store_worker", what, str(folder), *map(str, arguments)]
    return subprocess.Popen(
        command,
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def has_whole(store: Store, number: int) -> bool:
    """Whether the worker's commit of this number is there; fails if only a part of it is."""
    wanted = both(number)
    parts = [
        store.reply(wanted.replies[0].digest) == wanted.replies[0],
        store.letter(wanted.letters[0].id) == wanted.letters[0],
        store.done(1, number) == wanted.done[0],
    ]
    assert len(set(parts)) == 1, f"a part only of commit {number}"
    return parts[0]


def test_kill_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(2016)
    number = 0
    for _ in range(KILLS):
        with worker("for-ever", tmp_path, number) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            # Before the first commit, too; and after so many as must be, however busy the machine is.
            acknowledged = [int(child.stdout.readline()) for _ in range(chance.randrange(5))]
            time.sleep(chance.uniform(0.0, 0.08))
            child.kill()
            acknowledged += [int(line) for line in child.stdout.read().split("\n")[:-1]]
        with TinyStore(tmp_path / "rsvp.json", read_only=True) as store:
            last = acknowledged[-1] if acknowledged else number - 1
            assert all(has_whole(store, n) for n in range(last + 1))
            # Durable, but killed before it could say so: one commit, or a whole group, as it was the turn of.
            turn = 2 if (last + 1 - number) % 3 else 1
            survived = sum(has_whole(store, last + 1 + more) for more in range(3))
            assert survived in (0, turn)
            number = last + 1 + survived
            assert store.mailbox() == Mailbox(max(number - 1, 0))
    assert number > KILLS


def traced(folder: Path, *injection: str) -> list[str]:
    """What the worker "some" says while strace makes its system calls on the store's files fail or kill."""
    strace = shutil.which("strace")
    assert strace is not None
    paths = [word for name in ("rsvp.json", "rsvp.json.new", "") for word in ("-P", str(folder / name))]
    command = [strace, "-f", "-qq", "-o", os.devnull, *paths, *injection]
    with worker("some", folder, 0, before=command) as child:
        out, _ = child.communicate(timeout=60)
    return out.split("\n")[:-1]


@pytest.fixture(scope="session")
def strace() -> None:
    """Skips where strace is not there or may not trace."""
    probe = ["strace", "-qq", "-o", os.devnull, "-e", "inject=getpid:error=EIO", "true"]
    if shutil.which("strace") is None or subprocess.run(probe, check=False, capture_output=True).returncode:
        pytest.skip("strace cannot be used here: faults at chosen system calls are left out (random kills are tested)")


def holds_what_it_said(folder: Path, said: list[str]) -> None:
    acknowledged = [int(word) for word in said if word.isdecimal()]
    with TinyStore(folder / "rsvp.json") as store:
        assert [n for n in acknowledged if not has_whole(store, n)] == []
        present = [n for n in range(9) if has_whole(store, n)]
        assert len(present) <= len(acknowledged) + 1
        store.commit(both(50))
    with TinyDB(folder / "rsvp.json") as plain:
        assert len(plain.table("done")) == len(present) + 1
    assert not (folder / "rsvp.json.new").exists()


@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize(("call", "times"), [("write", 12), ("fdatasync", 8), ("fsync", 9), ("rename", 4)])
def test_killed_at_each_system_call_it_holds_what_was_acknowledged(tmp_path: Path, call: str, times: int) -> None:
    for when in range(1, times + 1, 2):
        folder = tmp_path / str(when)
        folder.mkdir()
        said = traced(folder, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={when}")
        assert "end" not in said  # it was killed
        holds_what_it_said(folder, said)


@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize(
    ("call", "error", "when", "said"),
    [
        ("write", "ENOSPC", 2, ["0", "refused", "2", "3", "4", "5", "6", "7", "8", "end"]),
        ("write", "ENOSPC", 4, ["0", "1", "2", "not compacted", "3", "4", "5", "6", "7", "8", "end"]),
        ("fdatasync", "EIO", 1, ["0", "broken"]),
        ("fsync", "EIO", 2, ["refused", "1", "2", "3", "4", "5", "6", "7", "8", "end"]),
        ("fsync", "EIO", 3, ["broken"]),
        ("fsync", "EIO", 4, ["0", "1", "2", "not compacted", "3", "4", "5", "6", "7", "8", "end"]),
        ("fsync", "EIO", 5, ["0", "1", "2", "broken"]),
        ("rename", "EIO", 1, ["refused", "1", "2", "3", "4", "5", "6", "7", "8", "end"]),
        ("rename", "EIO", 2, ["0", "1", "2", "not compacted", "3", "4", "5", "6", "7", "8", "end"]),
    ],
)
def test_a_system_call_that_fails(tmp_path: Path, call: str, error: str, when: int, said: list[str]) -> None:
    assert traced(tmp_path, "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}") == said
    holds_what_it_said(tmp_path, said)


def fill_up(folder: Path, first: int, limit: int) -> int:
    """Let a worker commit until it is refused; what it acknowledged must be there. Gives the next number."""
    with worker("until-full", folder, first, limit) as child:
        out, errors = child.communicate(timeout=60)
    assert child.returncode == 0, errors
    said = out.split()
    assert "remembered" not in said
    assert "forgotten" not in said
    assert "full" in said
    refused_after = [int(word) for word in said if word.isdecimal()]
    with TinyStore(folder / "rsvp.json", read_only=True) as store:
        assert all(has_whole(store, n) for n in refused_after)
        refused = refused_after[-1] - 1
        assert not has_whole(store, refused)
    return refused_after[-1] + 1


def test_a_file_that_may_not_grow_refuses_commits_and_goes_on_when_it_may(tmp_path: Path) -> None:
    number = 0
    for limit in range(20_000, 120_000, 25_013):  # each time another byte of a line is the last
        number = fill_up(tmp_path, number, limit)


def test_a_full_disk_refuses_commits_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    number = 0
    for ballast in (100_000, 51_001):
        (small_disk / "ballast").write_bytes(bytes(ballast))
        number = fill_up(small_disk, number, 0)


def test_a_store_on_a_full_disk_can_be_opened_and_read(small_disk: Path) -> None:
    path = small_disk / "rsvp.json"
    with TinyStore(path) as store:
        store.commit(Commit(done=(done(1),)))
    path.write_bytes(path.read_bytes().rstrip(b"\n"))  # as plain TinyDB leaves it
    with (small_disk / "ballast").open("wb", buffering=0) as filled, pytest.raises(OSError, match="space"):
        for size in [4096] * 100 + [1] * 5000:
            filled.write(bytes(size))
    with TinyStore(path) as store:
        assert store.done(1, 1) == done(1)
        with pytest.raises(StoreError, match="make room"):
            for number in range(100):  # what is left of the last block may take a few
                store.commit(both(number))


def test_processes_and_threads_share_a_store(tmp_path: Path) -> None:
    """Each reads a number and writes the next with a record of it, compacting now and then; a reader beside them
    never sees one without the other."""
    processes, threads, rounds = 3, 2, 40
    children = [worker("count", tmp_path, rounds, threads) for _ in range(processes)]
    seen = 0
    with TinyStore(tmp_path / "rsvp.json", read_only=True) as reader:
        while any(child.poll() is None for child in children):
            reader.refresh()
            number = reader.mailbox().uidvalidity
            assert number >= seen
            assert sum(reader.tally().values()) == number
            seen = number
    for child in children:
        _, errors = child.communicate()
        assert child.returncode == 0, errors
    with TinyStore(tmp_path / "rsvp.json", read_only=True) as store:
        total = processes * threads * rounds
        assert store.mailbox() == Mailbox(total)
        assert [store.done(1, number + 1) for number in range(total)] == [done(number + 1) for number in range(total)]
        assert len(store.letters()) == total


def test_a_killed_process_lets_go_of_everything(tmp_path: Path) -> None:
    with worker("hold", tmp_path) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.kill()
        child.wait()
        with TinyStore(tmp_path / "rsvp.json") as store:
            assert store.lock_daemon()
            assert store.interrupted() == (7, 8)
            store.commit(Commit(done=(done(),)))


def test_a_daemon_that_lives_keeps_what_is_its_own(tmp_path: Path) -> None:
    with worker("hold", tmp_path) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        with TinyStore(tmp_path / "rsvp.json", read_only=True) as store:
            assert store.done(1, 1) is None
        os.kill(child.pid, 0)
        child.communicate("")
    with TinyStore(tmp_path / "rsvp.json") as store:
        assert store.lock_daemon()
