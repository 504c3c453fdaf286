"""Which message is being worked on, kept where the death of this process cannot take it along.

The page cache survives a process, not a power cut; that is all that is needed to know which message killed us, and
costs a few microseconds instead of a sync. The note names a message by numbers only.
"""

from __future__ import annotations

import os
from pathlib import Path

from rsvpbot.store.lock import FileLock, open_private

IN_HAND = ".in-hand"
"""Behind the name of the store."""
SIZE = 32


class InHand:
    """The note in its file. Whoever makes a note keeps the file locked, so that a note can be told from the note of
    a process that still lives. Raises OSError if the file cannot be opened or written."""

    def __init__(self, path: Path) -> None:
        self._lock = FileLock(path)
        self._fd = open_private(path)
        self._ours = False

    def begin(self, uidvalidity: int, uid: int) -> None:
        self._lock.acquire()
        self._write(f"{uidvalidity} {uid}")
        self._ours = True

    def finish(self) -> None:
        if self._ours:
            self._write("")
            self._ours = False

    def interrupted(self) -> tuple[int, int] | None:
        """The note of a process that died; it is taken off, so that it is told once."""
        if self._ours or not self._lock.acquire():
            return None
        words = os.pread(self._fd, SIZE, 0).decode("ascii", "replace").split()
        self._write("")
        if len(words) != 2 or not all(word.isdecimal() for word in words):
            return None
        return int(words[0]), int(words[1])

    def close(self) -> None:
        os.close(self._fd)
        self._lock.close()

    def _write(self, text: str) -> None:
        os.pwrite(self._fd, text.ljust(SIZE).encode("ascii"), 0)  # one length always: no byte of an older note stays
