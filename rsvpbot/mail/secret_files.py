"""Files that hold a secret: read only where nobody else may, and replaced so that no moment loses what was there.

No error that comes from here holds what stands in a file.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from rsvpbot.store.lock import FileLock, open_private

LARGEST: Final = 64 * 1024
"""Bytes; what is longer is no secret."""
PATIENCE: Final = 90.0
"""Seconds to wait for another process that replaces the same file, and may be waiting for an answer itself."""


class CredentialError(Exception):
    """There is no password or token to be had; says where it was sought and what to do, never what it is."""


def read(file: Path, *, private: bool = True, absent: str = "", anew: str = "change the password") -> bytes:
    """What stands in the file. `private`: nobody but its owner and its group may have access. `absent`: what to say
    where there is no such file. `anew`: what to do where others may have read it. Raises CredentialError.
    """
    try:
        with file.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if private and mode & stat.S_IRWXO:
                raise CredentialError(f"{file} may be read by others; chmod 600 it, and {anew}")
            return stream.read(LARGEST)
    except FileNotFoundError:
        told = f"{file} does not exist; write the password into it, and chmod 600 it"
        raise CredentialError(absent or told) from None
    except OSError as error:
        raise CredentialError(f"{file} cannot be read ({error.strerror}); let this user read it") from None


def line(raw: bytes, source: str) -> str:
    """The one line of text that a password is, without its line end. `source` says where it came from.

    Raises CredentialError.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise CredentialError(f"{source} is not UTF-8 text; write the password as UTF-8") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise CredentialError(f"{source} is empty; it must be the password, on one line")
    if any(character in text for character in "\r\n\0"):
        raise CredentialError(f"{source} has more than one line; it must be the password alone")
    return text


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Nobody else, of this process or another, holds the lock of this file meanwhile. Raises CredentialError."""
    try:
        lock = FileLock(file.with_name(f"{file.name}.lock"))
    except OSError as error:
        raise _unwritable(file, error) from None
    try:
        if not lock.acquire(PATIENCE):
            raise CredentialError(f"{file} is held by another process for long; see what hangs")
        yield
    finally:
        lock.close()


@contextlib.contextmanager
def replacing(file: Path) -> Iterator[Callable[[bytes], None]]:
    """Room for the file's next content (at most 64 KiB), made before it is known. Only while `locked`.

    What is handed to the function is on disk, whole and with mode 0600, when it returns. A secret that a server gives
    out once must not arrive at a full disk: so that is found out before it is asked for. Raises CredentialError.
    """
    new = file.with_name(f".{file.name}.new")
    try:
        new.unlink(missing_ok=True)
        handle = open_private(new, os.O_EXCL)
    except OSError as error:
        raise _unwritable(file, error) from None

    def write(content: bytes) -> None:
        os.pwrite(handle, content, 0)
        os.ftruncate(handle, len(content))
        os.fsync(handle)
        new.replace(file)
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    try:
        _make_room(handle)
        yield write
    except OSError as error:
        raise _unwritable(file, error) from None
    finally:
        os.close(handle)
        new.unlink(missing_ok=True)


def _make_room(handle: int) -> None:
    try:
        os.posix_fallocate(handle, 0, LARGEST)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):  # not every file system keeps room
            raise


def _unwritable(file: Path, error: OSError) -> CredentialError:
    return CredentialError(f"{file} cannot be written ({error.strerror}); let this user write there, or make room")
