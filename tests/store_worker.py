"""A process that writes to a store, for tests that kill it, fill its disk, or let it compete:
`python -m tests.store_worker WHAT FOLDER ARGUMENT …`. It says what was acknowledged, a line each, on stdout."""

from __future__ import annotations

import resource
import sys
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path

from rsvpbot.model import LetterState, Mailbox
from rsvpbot.store import Commit, Store, StoreBroken, StoreError
from rsvpbot.store.repair import repair
from rsvpbot.store.tinydb import TinyStore
from tests.store_records import NOON, done, invitee, letter, reply


def both(number: int) -> Commit:
    """Records of several tables which must stand or fall together; sizes go up and down."""
    name = "x" * (number * 37 % 500)
    return Commit(
        invitees=(invitee(f"i{number % 40}", name=name),),
        replies=(reply(f"d{number}", f"i{number % 40}"),),
        letters=(letter(f"l{number}", f"i{number % 40}"),),
        done=(done(number),),
        mailbox=Mailbox(number),
    )


def few(number: int) -> Commit:
    """A small commit, for files of which every byte is attacked; a message is handled in it, or a letter goes out."""
    if number % 3 == 2:
        return Commit(letters=(letter(f"l{number - 1}", None, state=LetterState.SENT, raw=None),))
    name = "Zoë" * (number % 4)
    return Commit(
        invitees=(invitee(f"i{number % 5}", name=name),),
        letters=(letter(f"l{number}", None, raw=b""),) if number % 3 == 1 else (),
        done=(done(number),),
        mailbox=Mailbox(number),
        erased=(f"i{(number + 2) % 5}",) if number % 7 == 6 else (),
    )


def commit_for_ever(folder: Path, first: str) -> None:
    """Until killed: one by itself, then two in a group. Compacts now and then."""
    with TinyStore(folder / "rsvp.json") as store:
        print("ready", flush=True)
        for number in count(int(first), 3):
            store.commit(both(number))
            print(number, flush=True)
            with store.group():
                store.commit(both(number + 1))
                store.commit(both(number + 2))
            print(number + 1, number + 2, sep="\n", flush=True)
            if number % 8 == 0:
                store.compact()


def commit_until_full(folder: Path, first: str, limit: str) -> None:
    """Until the disk is full or the file reaches `limit` bytes (0: none). Then room again, and one commit more."""
    with TinyStore(folder / "rsvp.json") as store:
        if int(limit):
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
        number = int(first)
        try:
            while True:
                store.commit(both(number))
                print(number, flush=True)
                number += 1
        except StoreBroken:
            raise
        except StoreError:
            print("full", flush=True)
        if store.done(1, number) is not None or store.invitee_by_address("nobody@x.example") is not None:
            print("a refused commit is remembered", flush=True)
        if not store.tidy() and store.done(1, number - 1) is None:
            print("an acknowledged commit is forgotten", flush=True)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        (folder / "ballast").unlink(missing_ok=True)
        store.commit(both(number + 1))
        print(number + 1, flush=True)


def add(folder: Path, rounds: str, threads: str) -> None:
    """Add one to a number, and a record, again and again, from several threads."""

    def work(store: Store, name: str) -> None:
        for round_ in range(int(rounds)):
            with store.transaction():
                number = store.mailbox().uidvalidity + 1
                store.commit(
                    Commit(mailbox=Mailbox(number), done=(done(number),), letters=(letter(f"{name}-{number}"),))
                )
            if round_ % 20 == 19:
                store.compact()

    with TinyStore(folder / "rsvp.json") as store:
        workers = [threading.Thread(target=work, args=(store, f"t{n}")) for n in range(int(threads))]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()


def commit_some(folder: Path, first: str) -> None:
    """Nine commits and three compactions, going on after what is refused, ending where the store is broken."""
    store = TinyStore(folder / "rsvp.json")
    for number in range(int(first), int(first) + 9):
        try:
            store.commit(both(number))
            print(number, flush=True)
        except StoreBroken:
            print("broken", flush=True)
            return
        except StoreError:
            print("refused", flush=True)
        try:
            if number % 3 == 2:
                store.compact()
        except StoreBroken:
            print("broken", flush=True)
            return
        except StoreError:
            print("not compacted", flush=True)
    print("end", flush=True)


def mend(folder: Path, _: str) -> None:
    """Repair the store."""
    repair(folder / "rsvp.json", NOON)
    print("repaired", flush=True)


def hold(folder: Path) -> None:
    """Hold the store and the daemon's lock, with a message in hand, until stdin ends."""
    with TinyStore(folder / "rsvp.json") as store, store.transaction():
        store.lock_daemon()
        store.begin(7, 8)
        print("ready", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    what, where, *rest = sys.argv[1:]
    workers: dict[str, Callable[..., None]] = {
        "for-ever": commit_for_ever,
        "until-full": commit_until_full,
        "some": commit_some,
        "count": add,
        "hold": hold,
        "repair": mend,
    }
    workers[what](Path(where), *rest)
