"""Files that are on disk as a whole, or not at all. Everything here raises OSError."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from rsvpbot.store.lock import open_private

BLOCK = 1 << 20
"""Bytes that are written at once."""


def write_all(fd: int, data: bytes | bytearray) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def sync_folder(folder: Path) -> None:
    """What was made, renamed or deleted in it survives a power cut from here on."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def put_in_place(path: Path, pieces: Iterable[bytes], keep: Path | None = None) -> int:
    """Put a file (0600) of these pieces in place of the one at `path`, which stays under the name `keep` where that can
    be done: after any failure the old one is still there. Returns the new one, open to be appended to. That it stays
    needs a `sync_folder` yet."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    fd = _complete(new, pieces)
    try:
        if keep is not None:
            with contextlib.suppress(OSError):  # a file system that has no links
                keep.unlink(missing_ok=True)
                keep.hardlink_to(path)
        new.rename(path)
    except OSError:
        os.close(fd)
        _take_away(new)
        raise
    return fd


def put_beside(path: Path, pieces: Iterable[bytes]) -> None:
    """Make a file (0600) of these pieces, which there must not be yet. Raises FileExistsError where there is one."""
    if path.exists():
        raise FileExistsError
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    new.unlink(missing_ok=True)  # of a process that had this number, and died
    os.close(_complete(new, pieces))
    try:
        try:
            path.hardlink_to(new)  # unlike a rename, it never replaces what somebody else has just put there
        except FileExistsError:
            raise
        except OSError:
            new.rename(path)  # a file system that has no links
    finally:
        _take_away(new)
    sync_folder(path.parent)


def _complete(path: Path, pieces: Iterable[bytes]) -> int:
    """A new file with these in it, on disk; nothing is left of it where that fails."""
    fd = open_private(path, os.O_APPEND | os.O_EXCL)
    try:
        block = bytearray()
        for piece in pieces:
            block += piece
            if len(block) >= BLOCK:
                write_all(fd, block)
                block = bytearray()
        write_all(fd, block)
        os.fsync(fd)
    except BaseException:
        os.close(fd)
        _take_away(path)
        raise
    return fd


def _take_away(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
