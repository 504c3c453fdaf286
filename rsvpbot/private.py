"""Files that a command writes for whoever gave it: whole or not at all, and for their eyes only, since they hold
personal data."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import Final

_RIGHT: Final = {
    errno.ENOENT: "make its folder first, or name another place",
    errno.ENOTDIR: "make its folder first, or name another place",
    errno.EACCES: "name a place where this user may write",
    errno.EPERM: "name a place where this user may write",
    errno.EROFS: "name a place where this user may write",
    errno.ENOSPC: "make room, or name a place on another disk",
    errno.EDQUOT: "make room, or name a place on another disk",
    errno.EISDIR: "name a file",
}


class CannotWrite(Exception):
    """A file or folder that cannot be written, with why, and what would be right. What was there before still is."""

    def __init__(self, path: Path, error: OSError) -> None:
        reason = error.strerror or type(error).__name__
        right = _RIGHT.get(error.errno or 0, "name another place")
        super().__init__(f"{path} cannot be written ({reason}); {right}")


class AlreadyThere(Exception):
    """Something that a command would write exists. Nothing was written."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        super().__init__(
            f"{', '.join(map(str, paths))}: there already, and not overwritten. Name another folder, or move it away."
        )
        self.paths = paths


def write(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read (0600), in place of the one that is there. Raises CannotWrite."""
    try:
        if path.exists() and not path.is_file():  # a pipe or a device: nothing may be put in its place
            path.write_bytes(data)
        else:
            _put(path.resolve(), data)
    except OSError as error:
        raise CannotWrite(path, error) from None


def _put(path: Path, data: bytes) -> None:
    descriptor, aside = tempfile.mkstemp(prefix=".rsvpbot-", dir=path.parent)
    new = Path(aside)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
