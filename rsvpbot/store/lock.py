"""A lock between processes: flock(2) on a file of its own.

The kernel releases it when the process dies, however it dies; so the file is never deleted and its presence means
nothing. It needs a local disk: flock over NFS cannot be relied on.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from pathlib import Path

LOCK = ".lock"
DAEMON_LOCK = ".daemon.lock"
"""Behind the name of the store: held while something is written; and by the one process that answers mail."""

KEY_FILE = "token.key"
"""Beside the store. The store itself has no use for it, but what it holds of whom we were asked to forget has."""

FIRST_PAUSE = 0.0002
LONGEST_PAUSE = 0.005


def open_private(path: Path, flags: int = 0) -> int:
    """A file descriptor to read and write `path`, made 0600 if it is not there. Raises OSError.

    An admin's command runs as root beside the daemon: what it makes must belong to whom the folder belongs, or the
    daemon could not open it.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | flags, 0o600)
    if os.geteuid() == 0:
        folder = path.parent.stat()
        with contextlib.suppress(PermissionError):
            os.fchown(fd, folder.st_uid, folder.st_gid)
    return fd


def unusable(file: Path, error: OSError) -> str:
    """What is told of a file of ours that cannot be opened or made."""
    if isinstance(error, IsADirectoryError):
        return f"{file} is a folder; move it away, rsvpbot makes a file of that name"
    if error.errno == errno.EROFS:
        return f"{file} cannot be opened ({error.strerror}); mount the disk so that it can be written"
    if os.path.lexists(file):
        return f"{file} cannot be opened ({error.strerror}); it should belong to the user that runs rsvpbot"
    return f"{file} cannot be made ({error.strerror}); let this user write in {file.parent}"


class FileLock:
    """Held by one process, and by one FileLock within it, at a time. Raises OSError if the file cannot be opened."""

    def __init__(self, path: Path) -> None:
        self._fd = open_private(path)
        self.held = False

    def acquire(self, patience: float = 0.0) -> bool:
        """Take the lock, waiting at most `patience` seconds; False if another still holds it then.

        It asks again and again instead of waiting in the kernel, because that wait has no limit: a holder that was
        stopped would stop us too.
        """
        if self.held:
            return True
        give_up = time.monotonic() + patience
        pause = FIRST_PAUSE
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= give_up:
                    return False
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                self.held = True
                return True

    def release(self) -> None:
        fcntl.flock(self._fd, fcntl.LOCK_UN)
        self.held = False

    def close(self) -> None:
        """Release it and close its file."""
        os.close(self._fd)
        self.held = False


def is_held(path: Path) -> bool:
    """Whether some process, this one included, holds the lock of this file; False where there is no such file. Raises
    OSError if it cannot be opened."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two who ask at once do not take each other for the holder; closing gives it back.
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
