"""A person logs in, so that the program gets access tokens from then on: `rsvpbot login`.

With a device code (RFC 8628) the person opens a page anywhere and enters a code there. With an authorization code
(RFC 8252) a browser comes back to a port of this machine that only this machine can reach; PKCE (RFC 7636) makes the
code useless to anybody else. Either way it ends with a real login at the mail server.
"""

from __future__ import annotations

import hashlib
import hmac
import http.server
import socketserver
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rsvpbot.config import LOGINS, Config, ConfigError, OAuth2, Problem
from rsvpbot.mail import oauth2
from rsvpbot.mail.imap import Connection
from rsvpbot.mail.oauth2 import Answer, OutOfReach, base64url, granted, keep_login, post
from rsvpbot.mail.secret_files import CredentialError
from rsvpbot.mail.smtp import Sender
from rsvpbot.schema import loopback

Say = Callable[[str], None]

_INTERVAL: Final = 5.0
"""Seconds between two questions where the server names none, and what "slow_down" adds (RFC 8628, section 3.5)."""
_PATIENCE: Final = 900.0
"""Seconds that a person has for a browser."""
_PAGE: Final = "<!DOCTYPE html><meta charset=utf-8><title>rsvpbot</title><p>{} You may close this window.\n"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which logins, and how."""

    mailbox: bool = True
    smtp: bool = True
    paste: bool = False
    """The browser is on another machine: its last address is pasted."""


def log_in(
    config: Config,
    wanted: Wanted,
    say: Say,
    paste: Callable[[], str],
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Log in where [mailbox] or [smtp] ask for a person's login, keep it, and try it at the mail servers.

    Where both want the same, once. `paste` asks for one line. Raises CredentialError, MailboxError, Unreachable, and
    ConfigError where neither wants one.
    """
    servers = (("[mailbox]", config.mailbox, wanted.mailbox), ("[smtp]", config.smtp, wanted.smtp))
    todo = [
        (section, server.credential.oauth2)
        for section, server, is_wanted in servers
        if is_wanted and server.credential.oauth2 and server.credential.oauth2.flow in LOGINS
    ]
    if not todo:
        flows = " or ".join(f'"{flow}"' for flow in sorted(LOGINS, reverse=True))
        right = f"where a person shall log in, write flow = {flows} below [mailbox.oauth2] or [smtp.oauth2]"
        raise ConfigError((Problem(str(config.path), "oauth2.flow", "asks for no login by a person", right),))
    for settings in dict.fromkeys(settings for _, settings in todo):
        say(f"Login for {' and '.join(section for section, other in todo if other == settings)}")
        if settings.flow == "device-code":
            answer = with_device_code(settings, say, wait)
        else:
            answer = with_browser(settings, say, paste if wanted.paste else None)
        keep_login(settings, answer)
    _prove(config, {section for section, _ in todo}, say)


def _prove(config: Config, sections: set[str], say: Say) -> None:
    if "[mailbox]" in sections:
        with Connection(config.mailbox):
            say(f"Logged in at {config.mailbox.host} (IMAP).")
    if "[smtp]" in sections:
        with Sender(config.smtp) as sender:
            sender.check()
            say(f"Logged in at {config.smtp.host} (SMTP).")


# --------------------------------------------------------------------------- with a code for another device


def with_device_code(
    settings: OAuth2, say: Say, wait: Callable[[float], None] = time.sleep, now: Callable[[], float] = time.monotonic
) -> Answer:
    """RFC 8628. Returns the grant. Raises CredentialError."""
    client = oauth2.client(settings)
    offer = granted(settings, post(settings.device_url, {**client, "scope": settings.scope}))
    code = offer.text("device_code")
    # Google's own name for it is older than the standard's.
    address = offer.text("verification_uri") or offer.text("verification_url")
    user_code = offer.text("user_code")
    if not (code and user_code and _is_web(address)):
        raise CredentialError(f"{offer.host} did not answer as a device endpoint does; check oauth2.device_url")
    interval = max(offer.seconds("interval", _INTERVAL), 1.0)
    end = now() + offer.seconds("expires_in", _PATIENCE)
    say(f"Open {address} on any device, enter the code {user_code} and log in as {settings.username}.")
    say("Waiting …")
    fields = {**client, "grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": code}
    while now() < end:
        wait(interval)
        try:
            answer = post(settings.token_url, fields)
        except OutOfReach:
            interval *= 2  # section 3.5
            continue
        if answer.error == "slow_down":
            interval += _INTERVAL
        elif answer.error != "authorization_pending":
            return _accepted(settings, answer)
    raise CredentialError("the code has expired; run this again, and enter the new code in time")


def _accepted(settings: OAuth2, answer: Answer) -> Answer:
    """The answer, if it is a grant. Raises CredentialError."""
    if answer.error in ("access_denied", "authorization_declined"):  # the second is Microsoft's
        raise CredentialError(f"the login was declined ({answer.told}); run this again, and agree to what is asked")
    if answer.error == "expired_token":
        raise CredentialError("the code has expired; run this again, and enter the new code in time")
    if answer.error in oauth2.OVER:
        raise CredentialError(f"the login was not accepted ({answer.told}); see what this account is allowed to do")
    return granted(settings, answer)


# --------------------------------------------------------------------------- with a browser


def with_browser(
    settings: OAuth2, say: Say, paste: Callable[[], str] | None = None, patience: float = _PATIENCE
) -> Answer:
    """RFC 8252, section 7.3, with PKCE. Returns the grant. Raises CredentialError.

    `paste` asks for the address at which a browser on another machine has ended; without it the browser comes to us.
    """
    state, verifier = oauth2.unguessable(), oauth2.unguessable()
    with _Redirect(state) as redirect:
        request = {
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": redirect.uri,
            "scope": settings.scope,
            "state": state,
            "code_challenge": base64url(hashlib.sha256(verifier.encode()).digest()).decode(),
            "code_challenge_method": "S256",
            "login_hint": settings.username,
        }
        mark = "&" if urllib.parse.urlsplit(settings.authorize_url).query else "?"
        address = f"{settings.authorize_url}{mark}{urllib.parse.urlencode(request)}"
        if paste is None:
            say(f"Open this address in a browser on this machine and log in as {settings.username}:\n\n{address}\n")
            say("Waiting …")
            answer = redirect.wait(patience)
        else:
            redirect.server_close()
            say(f"Open this address in any browser and log in as {settings.username}:\n\n{address}\n")
            say("The browser will end at an address that begins with http://127.0.0.1 and fail to show it.")
            answer = _parameters(paste())
            if not _is_ours(answer, state):
                raise CredentialError("this address is not the one of this login; copy the whole address and try again")
        if "code" not in answer:
            raise CredentialError(_declined(answer))
        fields = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": redirect.uri,
            "code_verifier": verifier,
        }
        return _accepted(settings, post(settings.token_url, {**fields, **oauth2.client(settings)}))


def _declined(answer: Mapping[str, str]) -> str:
    told = Answer("the service", 0, answer).error or "no reason given"
    return f"the login was declined ({told}); run this again, and agree to what is asked"


def _parameters(address: str) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address.strip()).query))


def _is_ours(parameters: Mapping[str, str], state: str) -> bool:
    return hmac.compare_digest(parameters.get("state", "").encode(), state.encode())


class _Redirect(socketserver.TCPServer):
    """Where the browser comes back to: a free port of 127.0.0.1, for as long as the login takes."""

    def __init__(self, state: str) -> None:
        super().__init__(("127.0.0.1", 0), _Visit)
        self.state = state
        self.answer: dict[str, str] = {}
        self.timeout = 0.5

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def wait(self, patience: float) -> dict[str, str]:
        """What the browser brought. Raises CredentialError where it does not come in so many seconds."""
        end = time.monotonic() + patience
        while not self.answer:
            if time.monotonic() > end:
                raise CredentialError("no browser came back in time; run this again, with --paste if it runs elsewhere")
            self.handle_request()
        return self.answer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A visitor that hangs up is none of our concern; the standard library would print its traceback."""


class _Visit(http.server.BaseHTTPRequestHandler):
    server: _Redirect
    timeout = 5.0
    """Seconds; a visitor that says nothing must not keep out the one that matters."""

    def do_GET(self) -> None:
        parameters = _parameters(self.path)
        # Whatever else runs here may visit us too: only who knows the state is answered.
        ours = _is_ours(parameters, self.server.state)
        told = "This is not the login that rsvpbot waits for."
        if ours:
            self.server.answer = parameters
            told = "rsvpbot has its answer." if "code" in parameters else "The login was declined."
        page = _PAGE.format(told).encode()
        self.send_response(200 if ours else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the line would hold the code."""


def _is_web(address: str) -> bool:
    parts = urllib.parse.urlsplit(address)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and loopback(parts.hostname or ""))
    )
