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
from pathlib import Path

KEY_FILE = "token.key"
KEY_BYTES = 32
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

    `keys`: the first signs, the others are still read (after a key was replaced). `purpose`: a token that was made for
    one is none for another; an invitee's names an invitee, and an organiser's what is to be decided. Raises ValueError
    without a key or with one shorter than 16 bytes.
    """

    def __init__(self, keys: tuple[bytes, ...], event_uid: str, purpose: str = "token") -> None:
        if not keys or any(len(key) < 16 for key in keys):
            raise ValueError("tokens need at least one key of at least 16 bytes")
        self._keys = keys
        self._event_uid = event_uid
        self._purpose = purpose

    def meant_for(self, purpose: str) -> Tokens:
        """The tokens of the same event for another purpose."""
        return Tokens(self._keys, self._event_uid, purpose)

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


def load_keys(state_folder: Path) -> tuple[bytes, ...]:
    """The keys in `token.key`: one a line, base32, the first one signs; made on first use, mode 0600.

    To replace the key, put a new line above the old one: letters that are already out keep their meaning. Raises
    KeyFileError.
    """
    path = state_folder / KEY_FILE
    try:
        if not path.exists():
            _create(path)
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        lines = path.read_text("ascii").split()
        keys = tuple(base64.b32decode(line.upper() + "=" * (-len(line) % 8)) for line in lines)
    except (binascii.Error, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: not a key; every line must be base32, as rsvpbot wrote it") from error
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}; the state folder must be readable and writable") from error
    if not keys or any(len(key) < 16 for key in keys):
        raise KeyFileError(f"{path}: no key of at least 16 bytes; remove the file to have one made (old letters lose)")
    return keys


def _create(path: Path) -> None:
    """Write a new key so that no reader ever sees a part of it and two writers agree on one."""
    text = base64.b32encode(secrets.token_bytes(KEY_BYTES)).decode("ascii").rstrip("=").lower() + "\n"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was quicker: its key holds
            os.link(temporary, path)
    finally:
        temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
