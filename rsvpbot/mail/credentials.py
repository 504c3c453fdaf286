"""Passwords and access tokens: fetched when a connection needs one, kept nowhere, and never part of an error or a log.

A secret comes from a file, a systemd credential (systemd.exec(5), LoadCredential=), a program, or an OAuth 2 token
service (RFC 6749, section 4.4). What `Config` shows of a credential is only where it lies.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rsvpbot.config import Credential
from rsvpbot.schema import loopback

COMMAND_TIMEOUT: Final = 30.0
"""Seconds that a password_command or token_command may take."""
TOKEN_TIMEOUT: Final = 30.0
"""Seconds that a token service may take to answer."""
_LARGEST: Final = 64 * 1024
_EARLY: Final = 120.0
"""Seconds before its expiry at which a token is not handed out any more."""


class CredentialError(Exception):
    """There is no password or token to be had; says where it was sought and what to do, never what it is."""


def secret(credential: Credential, credential_name: str) -> str:
    """The password, or the access token where `is_token`, read afresh (a token of [….oauth2] lasts until it expires).

    `credential_name` is the systemd credential ("imap", "smtp") that counts where nothing else is configured. One line
    end after the secret is taken off. Raises CredentialError.
    """
    if credential.password_file:
        return _checked(_read(credential.password_file, private=True), f"{credential.password_file}")
    if credential.password_command:
        return _from_command(credential.password_command, "password_command")
    if credential.token_command:
        return _from_command(credential.token_command, "token_command")
    if credential.oauth2:
        return _from_token_service(credential.oauth2)
    file = _systemd_file(credential_name)
    if file is None:
        raise CredentialError(
            f"no password is configured: name password_file or password_command, "
            f"or hand the service LoadCredential={credential_name}:FILE"
        )
    # systemd guards these files by an access list, which shows in their mode as a group that may read.
    return _checked(_read(file, private=False), f"the systemd credential {credential_name}")


def is_token(credential: Credential) -> bool:
    """Whether the secret is an OAuth 2 access token (RFC 6750) rather than a password."""
    return bool(credential.token_command or credential.oauth2)


def refused(credential: Credential) -> None:
    """A server did not take the secret: a token that was kept is dropped, and the next connection gets a new one."""
    if credential.oauth2:
        with _tokens_lock:
            _tokens.pop(_token_key(credential.oauth2), None)


def _systemd_file(name: str) -> Path | None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return None
    file = Path(folder, name)
    return file if file.is_file() else None


def _read(file: Path, *, private: bool) -> bytes:
    try:
        with file.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if private and mode & stat.S_IRWXO:
                raise CredentialError(f"{file} may be read by others; chmod 600 it, and change the password")
            return stream.read(_LARGEST)
    except FileNotFoundError:
        raise CredentialError(f"{file} does not exist; write the password into it, and chmod 600 it") from None
    except OSError as error:
        raise CredentialError(f"{file} cannot be read ({error.strerror}); let this user read it") from None


def _from_command(command: Sequence[str], key: str) -> str:
    """Only the program's name is told: its arguments may be secret."""
    program = f"{key} ({Path(command[0]).name})"
    try:
        # A group of its own, so that what it started ends with it.
        process = subprocess.Popen(
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
    return _checked(printed, f"what {program} prints")


def _checked(raw: bytes, source: str) -> str:
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


# --------------------------------------------------------------------------- OAuth 2, client credentials

_tokens: dict[tuple[str, str, str], tuple[str, float]] = {}
_tokens_lock = threading.Lock()


def _token_key(settings: Mapping[str, str]) -> tuple[str, str, str]:
    return settings["token_url"], settings["client_id"], settings["scope"]


def _from_token_service(settings: Mapping[str, str]) -> str:
    """A token of the client credentials grant (RFC 6749, section 4.4), kept until shortly before it expires.

    Asking anew for every connection would be refused sooner or later.
    """
    key = _token_key(settings)
    with _tokens_lock:
        token, until = _tokens.get(key, ("", 0.0))
        if time.monotonic() < until:
            return token
        token, seconds = _ask_token_service(*key, Path(settings["client_secret_file"]))
        _tokens[key] = token, time.monotonic() + seconds - _EARLY
        return token


def _ask_token_service(url: str, client: str, scope: str, secret_file: Path) -> tuple[str, float]:
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    if not (parts.scheme == "https" or (parts.scheme == "http" and loopback(host))):
        raise CredentialError("oauth2.token_url must begin with https://")
    fields = {
        "grant_type": "client_credentials",
        "client_id": client,
        "client_secret": _checked(_read(secret_file, private=True), f"{secret_file}"),
        "scope": scope,
    }
    request = urllib.request.Request(url, urllib.parse.urlencode(fields).encode("ascii"))
    try:
        with urllib.request.urlopen(request, timeout=TOKEN_TIMEOUT) as response:
            answer = json.loads(response.read(_LARGEST))
        return str(answer["access_token"]), float(answer.get("expires_in", 0))
    except urllib.error.HTTPError as error:
        with error:
            reason = _oauth_error(error.read(_LARGEST))
        raise CredentialError(
            f"{host} gave no token (HTTP {error.code}{reason}); check oauth2.client_id, client_secret_file and scope"
        ) from None
    except OSError as error:
        raise CredentialError(f"the token service {host} is out of reach ({type(error).__name__})") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CredentialError(f"{host} did not answer as a token service does; check oauth2.token_url") from None


def _oauth_error(body: bytes) -> str:
    """The error code of RFC 6749, section 5.2; its description may hold names."""
    try:
        code = str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return ""
    return f", {code}" if code.isascii() and code.replace("_", "").isalnum() else ""
