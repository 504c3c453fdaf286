"""Tokens: who holds one was written to by us, or was given it by somebody who was.

A token is the invitee's id followed by 80 bits of HMAC-SHA-256 over the event's uid and that id, in lower-case base32
(some programs lower-case addresses, so nothing else would come back). It travels in our Message-IDs, in plus-addresses
and at the end of the Subject of mailto: links; it names the invitee without a look into the store.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from rsvpbot.store.lock import KEY_FILE, open_private, unusable

KEY_BYTES = 32
LEAST_BYTES = 16
_MAC_BYTES = 10
_MAC_LENGTH = 16
_MOST_TRIED = 100

_CANDIDATE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z2-7]{17,48}(?![A-Za-z0-9])")
OUR_MESSAGE_ID = re.compile(r"<rsvpbot\.[a-z0-9]{1,64}\.[a-z2-7]{17,48}@[^<>@\s]{1,255}>")
"""The shape of the Message-IDs that `Tokens.message_id` makes; whether one is authentic, `Tokens.find` says."""


class KeyFileError(Exception):
    """token.key cannot be read or written; the message says what, where and what to do."""


class Tokens:
    """Makes and checks the tokens of one event.

    `keys`: the first signs, the others are still read (after a key was replaced); of a `KeyFile`, those that it holds
    by then. `purpose`: a token that was made for one is none for another; an invitee's names an invitee, and an
    organiser's what is to be decided. Raises ValueError without a key or with one shorter than 16 bytes.

    A token says nothing of time: how long one counts, they say who ask (`identify`, `organisers.steer`).
    """

    def __init__(self, keys: tuple[bytes, ...] | KeyFile, event_uid: str, purpose: str = "token") -> None:
        self._source = keys
        self._event_uid = event_uid
        self._purpose = purpose
        if not self._keys or any(len(key) < LEAST_BYTES for key in self._keys):
            raise ValueError(f"tokens need at least one key of at least {LEAST_BYTES} bytes")

    @property
    def _keys(self) -> tuple[bytes, ...]:
        return self._source.keys if isinstance(self._source, KeyFile) else self._source

    def meant_for(self, purpose: str) -> Tokens:
        """The tokens of the same event for another purpose."""
        return Tokens(self._source, self._event_uid, purpose)

    def token(self, invitee_id: str) -> str:
        """The token of an invitee. Raises ValueError for an id that is not lower-case base32."""
        if not re.fullmatch(r"[a-z2-7]{1,32}", invitee_id):
            raise ValueError("an invitee's id is 1 to 32 lower-case base32 characters")
        return invitee_id + self._mac(self._keys[0], invitee_id)

    def invitee_id(self, token: str) -> str | None:
        """The invitee whose token this is; None if it is not one of ours. Compared in constant time."""
        wanted = token.strip().lower()
        invitee_id, mac = wanted[:-_MAC_LENGTH], wanted[-_MAC_LENGTH:]
        if not invitee_id or not wanted.isascii():
            return None
        valid = [hmac.compare_digest(self._mac(key, invitee_id).encode(), mac.encode()) for key in self._keys]
        return invitee_id if any(valid) else None

    def find(self, text: str) -> str | None:
        """The invitee of the first authentic token in `text` (a Message-ID, an address, a subject)."""
        for number, match in enumerate(_CANDIDATE.finditer(text[:20_000])):
            if number >= _MOST_TRIED:
                break
            found = self.invitee_id(match.group())
            if found is not None:
                return found
        return None

    def message_id(self, invitee_id: str, letter_id: str, domain: str) -> str:
        """The Message-ID of a letter, with angle brackets: In-Reply-To and References bring the token back."""
        return f"<rsvpbot.{letter_id}.{self.token(invitee_id)}@{domain}>"

    def subject_tag(self, invitee_id: str) -> str:
        """What stands at the end of the Subject of a mailto: link, which opens a new mail without In-Reply-To."""
        return f"[{self.token(invitee_id)}]"

    def _mac(self, key: bytes, invitee_id: str) -> str:
        claim = f"rsvpbot {self._purpose}\0{self._event_uid}\0{invitee_id}".encode()
        return base64.b32encode(hmac.digest(key, claim, hashlib.sha256)[:_MAC_BYTES]).decode("ascii").lower()


# --------------------------------------------------------------------------- the key file

_RETIRED = "retired"
"""Stands before a key that makes and checks no token any more. It is kept because hashes were made with it: without it,
the list would bring back whom we were asked to forget."""


_PUT_BACK = (
    "put it back from a backup; where there is none, move it away to have a new one made, with which tokens in letters "
    "that are out count no more"
)


class KeyFile:
    """`token.key` of a state folder, for a process that runs for weeks: `renew` takes up a key that was put there.

    Raises KeyFileError as `load_keys`.
    """

    def __init__(self, state_folder: Path) -> None:
        self._path = _there(state_folder)
        self._seen = self._mark()
        self.keys = _read(self._path)[0]
        """The first signs, all are read."""

    def renew(self) -> bool:
        """Read the file again if it is another now, and say whether it was; a file that cannot be read changes nothing.
        Raises KeyFileError."""
        mark = self._mark()
        if mark == self._seen:
            return False
        # Where it changes once more meanwhile, the mark is an old one, and the next look sees it.
        self.keys = _read(self._path)[0]
        self._seen = mark
        return True

    def _mark(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except OSError as error:
            raise KeyFileError(f"{self._path}: {error.strerror}; {_PUT_BACK}") from error
        return found.st_ino, found.st_mtime_ns, found.st_size


def load_keys(state_folder: Path) -> tuple[bytes, ...]:
    """The keys in `token.key` that tokens are checked with: one a line, base32, the first one signs; made on first use,
    mode 0600.

    `rotate` puts a new line above the old ones: letters that are already out keep their meaning. Raises KeyFileError.
    """
    return _read(_there(state_folder))[0]


def all_keys(state_folder: Path) -> tuple[bytes, ...]:
    """Every key that this state folder has had, retired ones as well, the newest first. Raises KeyFileError."""
    live, retired = _read(_there(state_folder))
    return (*live, *retired)


def look_at_keys(state_folder: Path) -> tuple[bytes, ...]:
    """The same of a file that is there; none is made, and nothing is changed. Raises KeyFileError."""
    live, retired = _read(state_folder / KEY_FILE)
    return (*live, *retired)


def rotate(state_folder: Path, *, retire: bool) -> int:
    """Put a new key above the old ones, in one step that either happens or does not; how many old ones are still read.

    `retire`: the old ones count for no token any more. Two of these at once would lose a key: hold a lock, such as the
    store's. Raises KeyFileError.
    """
    path = _there(state_folder)
    live, retired = _read(path)
    read = () if retire else live
    retired = tuple(dict.fromkeys((*(live if retire else ()), *retired)))
    lines = (*map(_written, (secrets.token_bytes(KEY_BYTES), *read)), *(f"{_RETIRED} {_written(k)}" for k in retired))
    try:
        temporary = _beside(path, "".join(f"{line}\n" for line in lines))
        try:
            temporary.replace(path)
        except OSError:
            temporary.unlink()
            raise
        _sync(path.parent)
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}; the old key still holds") from error
    return len(read)


def _there(state_folder: Path) -> Path:
    """The file, made where there is none, and closed to others."""
    path = state_folder / KEY_FILE
    try:
        if not path.exists():
            _create(path)
        _sweep(path)
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise KeyFileError(unusable(path, error)) from error
    return path


def _read(path: Path) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """The keys that count, and those that are retired. Raises KeyFileError."""
    try:
        lines = [line.split() for line in path.read_text("ascii").splitlines() if line.strip()]
        live = tuple(_key(line) for line in lines if line[0] != _RETIRED)
        retired = tuple(_key(line[1:]) for line in lines if line[0] == _RETIRED)
    except (binascii.Error, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: not a key: every line must be base32, as rsvpbot wrote it; {_PUT_BACK}") from error
    except OSError as error:
        raise KeyFileError(unusable(path, error)) from error
    if not live or any(len(key) < LEAST_BYTES for key in (*live, *retired)):
        raise KeyFileError(f"{path}: no key of at least {LEAST_BYTES} bytes; {_PUT_BACK}")
    return live, retired


def _key(words: Sequence[str]) -> bytes:
    text = " ".join(words)
    return base64.b32decode(text.upper() + "=" * (-len(text) % 8))


def _written(key: bytes) -> str:
    return base64.b32encode(key).decode("ascii").rstrip("=").lower()


def _create(path: Path) -> None:
    """Write a new key so that no reader ever sees a part of it and two writers agree on one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = _beside(path, _written(secrets.token_bytes(KEY_BYTES)) + "\n")
    try:
        os.link(temporary, path)
    except (FileExistsError, FileNotFoundError):
        # Another process was quicker: its key holds, and it may have swept ours away.
        if not path.exists():
            raise
    finally:
        temporary.unlink(missing_ok=True)
    _sync(path.parent)


def _beside(path: Path, text: str) -> Path:
    """A file of its own with this text, on disk, for its owner only."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = open_private(temporary, os.O_EXCL)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary.unlink()
        raise
    return temporary


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(path: Path) -> None:
    """Once there is a key, remove what processes that died while they made one have left: it holds a key, too."""
    for left in path.parent.glob(f".{path.name}.{'[0-9a-f]' * 16}"):  # an editor's swap file is none of them
        with contextlib.suppress(OSError):  # whoever only looks may not write there
            left.unlink()
