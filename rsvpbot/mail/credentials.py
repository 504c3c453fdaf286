"""Passwords and access tokens: fetched when a connection needs one, and never part of an error or a log.

A secret comes from a file, a systemd credential (systemd.exec(5), LoadCredential=), a program, or an OAuth 2 token
service (`oauth2`). What `Config` shows of a credential is only where it lies.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rsvpbot.config import LOGINS, Credential
from rsvpbot.mail import oauth2
from rsvpbot.mail.secret_files import CredentialError, line, read

__all__ = ["COMMAND_TIMEOUT", "CredentialError", "is_token", "refused", "secret", "to_check"]

COMMAND_TIMEOUT: Final = 30.0
"""Seconds that a password_command or token_command may take."""


def secret(credential: Credential, credential_name: str) -> str:
    """The password, or the access token where `is_token`, read afresh (a token of [….oauth2] lasts until it expires).

    `credential_name` is the systemd credential ("imap", "smtp") that counts where nothing else is configured. One line
    end after the secret is taken off. Raises CredentialError.
    """
    if credential.password_file:
        return line(read(credential.password_file), f"{credential.password_file}")
    if credential.password_command:
        return _from_command(credential.password_command, "password_command")
    if credential.token_command:
        return _from_command(credential.token_command, "token_command")
    if credential.oauth2:
        return oauth2.access_token(credential.oauth2)
    file = _systemd_file(credential_name)
    if file is None:
        raise CredentialError(
            f"no password is configured: name password_file or password_command, "
            f"or hand the service LoadCredential={credential_name}:FILE"
        )
    # systemd guards these files by an access list, which shows in their mode as a group that may read.
    return line(read(file, private=False), f"the systemd credential {credential_name}")


def is_token(credential: Credential) -> bool:
    """Whether the secret is an OAuth 2 access token (RFC 6750) rather than a password."""
    return bool(credential.token_command or credential.oauth2)


def to_check(credential: Credential) -> str:
    """What may be wrong, beside the user name, where a server refuses the secret."""
    if credential.oauth2:
        logged_in = credential.oauth2.flow in LOGINS
        return "who has logged in (rsvpbot login)" if logged_in else "whether this client may open the mailbox"
    return "the access token" if is_token(credential) else "the password"


def refused(credential: Credential) -> None:
    """A server did not take the secret: a token that was kept is dropped, and the next connection gets a new one."""
    if credential.oauth2:
        oauth2.drop(credential.oauth2)


def _systemd_file(name: str) -> Path | None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return None
    file = Path(folder, name)
    return file if file.is_file() else None


def _from_command(command: Sequence[str], key: str) -> str:
    """Only the program's name is told: its arguments may be secret."""
    program = f"{key} ({Path(command[0]).name})"
    try:
        # A group of its own, so that what it started ends with it.
        process = subprocess.Popen(  # noqa: S603 (no shell; the admin's own configuration)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise CredentialError(f"{program} cannot be started ({error.strerror}); name it with its whole path") from None
    try:
        printed, _ = process.communicate(timeout=COMMAND_TIMEOUT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise CredentialError(
            f"{program} did not end within {COMMAND_TIMEOUT:.0f} s; it must not ask anything, for nobody is there"
        ) from None
    if process.returncode != 0:
        raise CredentialError(
            f"{program} ended with status {process.returncode}; run it by hand as this user to see why"
        )
    return line(printed, f"what {program} prints")
