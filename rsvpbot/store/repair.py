"""What is done with a file that was damaged: back to the last good commit before the damage, or to a backup.

What is put back is older than what was there. So what is put aside is kept in a file beside the store; and two things
are written down together with what is put back. A letter that waited then may have gone out since: it is in doubt, and
not sent again. Of those before the damage these are the ones that are named behind it; of a backup all, but for those
that a present file without damage has waiting still. Messages that were handled since are counted, for the next summary
to say so. And whom rsvpbot was asked to forget since stays forgotten: what is put back holds nothing of them.

A store that is missing or empty, beside the file from before its last compaction, was lost: that file is the backup
where none is given.

Letters, messages and hashes of forgotten addresses are looked for in the bytes that are put aside, not in their lines:
a line that is damaged tells nearly all that it told.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from rsvpbot.model import LetterState
from rsvpbot.store.base import StoreError
from rsvpbot.store.journal import BEFORE, left_behind
from rsvpbot.store.line import TRAILER, Changes, Damaged, Doc, State, next_line, written
from rsvpbot.store.lock import DAEMON_LOCK, LOCK, FileLock, unusable
from rsvpbot.store.place import put_beside, put_in_place, sync_folder

ASIDE = ".aside-"
"""Between the name of the store and the moment of the repair, in the name of what was put aside."""
_IN_THE_MAKING = f"{ASIDE}in-the-making"
"""Behind the name of the store, where what is put back is made ready. What a death leaves of it goes with what was put
aside."""
PATIENCE = 2.0
"""Seconds to wait for who just closes the store, or commits."""

_LOCKS = (
    (
        DAEMON_LOCK,
        "the service runs on it; stop it first (systemctl stop rsvpbot)",
    ),
    (LOCK, "another process holds it; wait for it, or look for one that hangs"),
)
_UNTOUCHED = (LetterState.QUEUED, LetterState.HELD)
_WAITING = (*_UNTOUCHED, LetterState.SENDING)
_MAY_BE_OUT = "the record was put back to an earlier state, and it may have gone out since"
_DONE = re.compile(rb'"uidvalidity": ?(\d+), ?"uid": ?(\d+), ?"digest"')
_LETTER = re.compile(rb'"id": ?"([^"\\]+)", ?"kind"')
_FORGOTTEN = re.compile(rb'\{"hash": ?"([0-9a-f]{64})"\}')

Forget = Callable[[Path, Collection[str]], None]
"""Takes out of a file whoever has an address of one of these hashes, and sees to it that they are in it. Raises
StoreError."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Where a file is no longer what it was: the line, and the byte at which it begins."""

    line: int
    byte: int


@dataclass(frozen=True, slots=True)
class Repair:
    """What a repair has done, or would do."""

    damage: Damage | None
    """None: nothing is damaged."""
    kept: int = 0
    """Commits that the store holds now."""
    put_aside: int = 0
    """Lines that it holds no more, the damaged one among them."""
    aside: Path | None = None
    """The file that holds them; None where there are none, or where nothing was done."""
    messages: int = 0
    """Handled messages that are in the record no more."""
    letters: int = 0
    """Letters that are in the record no more."""
    doubtful: int = 0
    """Letters that waited, and may have gone out since."""
    forgotten: int = 0
    """Addresses that were forgotten since: nothing of them is put back."""
    mended: bool = False
    """The first line was damaged, and is again as it was written."""
    source: Path | None = None
    """The file that was put in its place; None: it is its own."""
    blind: bool = False
    """That was done, and nothing can be known of what came after it: no line of the present file can be read."""


def repair(
    path: Path, now: datetime, source: Path | None = None, forget: Forget | None = None, *, dry_run: bool = False
) -> Repair:
    """Put the file back to its last good commit before the damage, or, where `source` is given, to that backup; in one
    step, whatever happens meanwhile. Without a source, a file that is not damaged stays as it is, and one that is
    missing or empty is put back to the state of before its last compaction. Nothing is written in a `dry_run`.

    Where anybody was forgotten since, `forget` takes them out before anything is put in place.

    Raises StoreError where the service runs, another process holds the store, nothing can be kept, the disk fails, or
    somebody was forgotten and nothing can take them out.
    """
    if not path.exists() and source is None and left_behind(path) is None:
        raise StoreError(
            f"{path} does not exist, nor a {path.name}{BEFORE} beside it; rsvpbot repair --from BACKUP puts a backup "
            "in its place"
        )
    if dry_run:
        return _repaired(path, now, source, forget, dry_run=True)
    with _alone(path):
        return _repaired(path, now, source, forget, dry_run=False)


def _repaired(path: Path, now: datetime, source: Path | None, forget: Forget | None, *, dry_run: bool) -> Repair:
    present = _read(path) if path.exists() else b""
    found = older = _scan(present)
    mended = False
    if source is None and not (found.lines or found.damage):
        source = left_behind(path)
    if source is not None:
        (good, older), aside = _backup(source), present
        good, put_aside = good[: older.end], found.lines + found.beyond
    elif found.damage is None:
        return Repair(None, found.lines)
    else:
        if not found.lines:
            present, mended = _with_first_line(path, present), True
            older = _scan(present)
        good, aside, put_aside = present[: older.end], present[older.end :], older.beyond
    kept, forgotten = older.lines, _forgotten_since(path, older.state, aside)
    if forgotten and not dry_run:
        good = _without(path, good, forgotten, forget)
        older = _scan(good)
    if source is not None:
        still = _letters(found.state, _UNTOUCHED).keys() if found.damage is None else ()
        doubtful = [known for known in _letters(older.state, _WAITING) if known not in still]
    else:
        doubtful = [known for known, doc in _letters(older.state, _WAITING).items() if _is_named(doc, aside)]
    changes, told = _consequences(older.state, aside, doubtful)
    if changes:
        good = (good if good.endswith(b"\n") else good + b"\n") + written(changes)[0]
    kept_in = None if dry_run else _put(path, good, aside, now)
    blind = bool(source and not found.lines)
    return Repair(found.damage, kept, put_aside, kept_in, *told, len(forgotten), mended, source, blind)


def check_backup(source: Path) -> None:
    """Raises StoreError for what is no backup, whole and sound."""
    _backup(source)


def _backup(source: Path) -> tuple[bytes, _Scan]:
    data = _read(source)
    scan = _scan(data)
    if scan.damage or not scan.lines:
        raise StoreError(f"{source} is no backup, or damaged itself; nothing was changed, name another")
    return data, scan


def _with_first_line(path: Path, data: bytes) -> bytes:
    """The file with its first line as it was written, made again from the file of before the last compaction. Raises
    StoreError where that is not there, or where what it gives is neither what stands there nor what its checksum says.
    """
    before = path.with_name(path.name + BEFORE)
    scan = _scan(_read(before)) if before.exists() else None
    good = scan is not None and scan.lines > 0 and scan.damage is None
    if scan is not None and good:
        # As compaction does it: the documents of a table by their ids.
        line, _ = written({name: dict(sorted(documents.items())) for name, documents in scan.state.items()})
        there, text = data[: len(line)], len(line) - TRAILER
        if there[:text] == line[:text] or there[text:] == line[text:]:
            return line + data[len(line) :]
    older = f" ({before.name} is one, from before the file was last made compact)" if good else ""
    and_before = f", and {before.name} with it," if scan is not None else ""
    raise StoreError(
        f"{path}: the damage is in the first line, and nothing comes before it; put a backup in its place with rsvpbot "
        f"repair --from BACKUP{older}, or, where there is none, move the file away{and_before} to begin with an empty "
        "record"
    )


def _forgotten_since(path: Path, older: State, aside: bytes) -> frozenset[str]:
    """Hashes of addresses that were forgotten after this older state: what it knows of them is of before. Where the
    store was lost, the file from before its last compaction may still tell them."""
    before = path.with_name(path.name + BEFORE)
    told = aside + (_read(before) if before.exists() else b"")
    known = {doc["hash"] for doc in older.get("forgotten", {}).values()}
    return frozenset(found.decode() for found in _FORGOTTEN.findall(told)) - known


def _without(path: Path, good: bytes, forgotten: Collection[str], forget: Forget | None) -> bytes:
    """The older state without those who were forgotten since. It is made beside the store: nothing of them must be in
    place at any moment, for a service that starts would write to them."""
    if forget is None:
        raise StoreError(f"{path}: somebody was forgotten since, whom nothing here can take out; nothing was changed")
    making = path.with_name(path.name + _IN_THE_MAKING)
    try:
        os.close(put_in_place(making, (good,)))
        forget(making, forgotten)
        return _read(making)
    except StoreError as error:
        raise StoreError(f"nothing was changed, for somebody was forgotten since: {error}") from error
    except OSError as error:
        raise StoreError(
            f"{path} could not be repaired ({error.strerror}); nothing was changed, make room on this disk and see to "
            "it that this user may write there"
        ) from error
    finally:
        for left in path.parent.glob(f"{making.name}*"):
            left.unlink()


def _put(path: Path, good: bytes, aside: bytes, now: datetime) -> Path | None:
    """What is kept aside first: an end in between leaves the store as it was."""
    beside = None
    try:
        if aside:
            beside = _put_aside(path, aside, now)
        os.close(put_in_place(path, (good,)))
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(
            f"{path} could not be repaired ({error.strerror}); nothing was changed, make room on this disk and see to "
            "it that this user may write there"
        ) from error
    return beside


def _put_aside(path: Path, data: bytes, now: datetime) -> Path:
    stem = f"{path.name}{ASIDE}{now.astimezone(UTC):%Y-%m-%dT%H%M%SZ}"
    for number in count(1):
        beside = path.with_name(stem if number == 1 else f"{stem}-{number}")
        try:
            put_beside(beside, (data,))
        except FileExistsError:
            continue
        return beside
    raise AssertionError


def put_aside_by_repairs(path: Path) -> list[Path]:
    """The files that repairs of the store at `path` have left. Raises OSError."""
    return sorted(entry for entry in path.parent.iterdir() if entry.name.startswith(path.name + ASIDE))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the store against the service and all others."""
    with ExitStack() as held:
        for suffix, otherwise in _LOCKS:
            file = path.with_name(path.name + suffix)
            try:
                lock = FileLock(file)
            except OSError as error:
                raise StoreError(unusable(file, error)) from error
            held.callback(lock.close)
            if not lock.acquire(PATIENCE):
                raise StoreError(f"{path}: {otherwise}")
        yield


# --------------------------------------------------------------------------- what is in a file


@dataclass(frozen=True, slots=True)
class _Scan:
    """The good lines of a file, and what comes behind them."""

    state: State
    lines: int
    end: int
    """Where the good lines end."""
    damage: Damage | None
    beyond: int
    """Lines behind the good ones, where there is damage."""


def _scan(data: bytes) -> _Scan:
    state: State = {}
    lines = begin = end = 0
    while begin < len(data):
        if data[begin] == 0x0A:
            begin += 1
            continue
        try:
            line = next_line(data, begin, first=lines == 0)
            entries = () if line is None else tuple(line.entries())
        except Damaged:
            beyond = sum(bool(rest.strip()) for rest in data[begin:].split(b"\n"))
            return _Scan(state, lines, end, Damage(lines + 1, begin), beyond)
        if line is None:
            break  # a commit that was never acknowledged
        for table, doc_id, _, doc in entries:
            kept = state.setdefault(table, {})
            if doc is None:
                kept.pop(doc_id, None)
            else:
                kept[doc_id] = doc
        lines += 1
        begin = end = line.end
    return _Scan(state, lines, end, None, 0)


def _letters(state: State, states: Collection[LetterState]) -> dict[str, Doc]:
    """Those in any of these states, by their ids."""
    return {doc["id"]: doc for doc in state.get("letters", {}).values() if doc["state"] in states}


def _consequences(older: State, aside: bytes, may_be_out: Collection[str]) -> tuple[Changes, tuple[int, int, int]]:
    """What must be written down in an older state because of what came after it, and of the letters that may be out by
    then; and the numbers of messages and letters that it does not know, and of those letters."""
    done = {(str(doc["uidvalidity"]), str(doc["uid"])) for doc in older.get("done", {}).values()}
    lost = {(a.decode(), b.decode()) for a, b in _DONE.findall(aside)} - done
    letters = older.get("letters", {})
    unknown = {found.decode("ascii", "replace") for found in _LETTER.findall(aside)}
    unknown -= {doc["id"] for doc in letters.values()}
    doubtful = {
        doc_id: {**doc, "state": LetterState.DOUBTFUL.value, "error": _MAY_BE_OUT}
        for doc_id, doc in letters.items()
        if doc["id"] in may_be_out
    }
    changes: dict[str, dict[int, Any]] = {}
    if doubtful:
        changes["letters"] = doubtful
    if lost:
        mailbox = older.get("mailbox", {})
        doc_id, known = next(iter(mailbox.items()), (1, {}))
        changes["mailbox"] = {doc_id: {**known, "lost": known.get("lost", 0) + len(lost)}}
    return changes, (len(lost), len(unknown), len(doubtful))


def _is_named(letter: Doc, aside: bytes) -> bool:
    return any(json.dumps(name).encode() in aside for name in (letter["id"], letter["message_id"]))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}); it should belong to this user") from error
