"""An authorisation server on loopback: the grants of RFC 6749, 7523 and 8628, and what real ones do beside them.

It issues tokens of its own kind, or with `issue` those of a mail server (Dovecot checks them as JWT), and may refuse,
rotate, revoke, and answer nonsense. Used up refresh tokens are remembered: whoever shows one again loses the login
(RFC 9700, section 4.14.2). A person is played by `approve`, `decline` and a browser that follows the redirect.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import itertools
import json
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from rsvpbot.config import OAuth2

CLIENT = "rsvpbot"
SECRET = "correct horse battery staple"
SCOPE = "https://mail.example/all offline_access"
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Refusal(Exception):
    """An error answer (RFC 6749, section 5.2)."""

    def __init__(self, code: str, status: int = 400, description: str = "") -> None:
        super().__init__(code)
        self.code, self.status, self.description = code, status, description


@dataclass(slots=True)
class _Device:
    user_code: str
    state: str = "pending"


@dataclass(slots=True)
class _Code:
    redirect_uri: str
    challenge: str


@dataclass(slots=True)
class ServiceAccount:
    """A key pair, and the file in which an admin gets its private half."""

    email: str = "rsvpbot@project.example"
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def write(self, file: Path, token_uri: str) -> Path:
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        content = {
            "type": "service_account",
            "private_key_id": "key 1",
            "private_key": pem,
            "client_email": self.email,
            "token_uri": token_uri,
        }
        file.touch(0o600)
        file.write_text(json.dumps(content))
        return file


class AuthorisationServer(http.server.ThreadingHTTPServer):
    """One client, one person, one service account.

    `issue(seconds)` makes an access token that is good for so long; by default it is the word "token" and a number.
    """

    daemon_threads = True

    def __init__(self, issue: Callable[[int], str] | None = None, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self._scheme = "https" if context else "http"
        self._numbers = itertools.count(1)
        self._issue = issue or (lambda seconds: f"token {next(self._numbers)}")
        self._lock = threading.Lock()
        self.person = "rsvp@roundtable.example"
        self.account = ServiceAccount()
        self.delegated = True
        """Whether the service account may act for the person."""
        self.lifetime = 3600
        """Seconds, as it says."""
        self.really: int | None = None
        """Seconds, where the truth is another."""
        self.rotates = True
        self.needs_secret = False
        self.asked: list[dict[str, str]] = []
        """Every form that came to the token endpoint."""
        self.answers: list[Refusal | bytes] = []
        """What the next questions to the token endpoint get in place of an answer, in order."""
        self.every: bytes | None = None
        """What every grant says in place of a token."""
        self.device_fields: dict[str, Any] = {}
        """What differs from the usual answer of the device endpoint."""
        self.browser_answer: dict[str, str] | None = None
        """What the browser is sent back with, in place of a code."""
        self.devices: dict[str, _Device] = {}
        self.codes: dict[str, _Code] = {}
        self.refresh_tokens: set[str] = set()
        self._used_up: set[str] = set()

    # -------------------------------------------------------------- for tests

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def url(self, path: str) -> str:
        return f"{self._scheme}://127.0.0.1:{self.server_port}/{path}"

    def settings(self, flow: str = "client-credentials", **changes: Any) -> OAuth2:
        """[….oauth2] for this server."""
        keys: dict[str, Any] = {
            "flow": flow,
            "token_url": self.url("token"),
            "device_url": self.url("device"),
            "authorize_url": self.url("authorize"),
            "client_id": CLIENT,
            "scope": SCOPE,
            "username": self.person,
            "subject": self.person,
        }
        return OAuth2(**{**keys, **changes})

    def approve(self, user_code: str) -> None:
        """The person has entered the code and agreed."""
        self._device(user_code).state = "approved"

    def decline(self, user_code: str) -> None:
        self._device(user_code).state = "declined"

    def revoke(self) -> None:
        """The person has taken every login back, or changed their password."""
        self.refresh_tokens.clear()

    def _device(self, user_code: str) -> _Device:
        return next(device for device in self.devices.values() if device.user_code == user_code)

    def grants(self) -> list[str]:
        """By which grant each token was asked for."""
        return [form.get("grant_type", "").rpartition(":")[2] for form in self.asked]

    # -------------------------------------------------------------- the endpoints

    def token(self, form: dict[str, str]) -> dict[str, Any] | bytes:
        with self._lock:
            self.asked.append(form)
            if self.answers:
                answer = self.answers.pop(0)
                if isinstance(answer, Refusal):
                    raise answer
                return answer
            return self._granted(form)

    def _granted(self, form: dict[str, str]) -> dict[str, Any] | bytes:
        grant = form.get("grant_type", "")
        if grant == _JWT:
            self._check_assertion(form["assertion"])
            return self._answer(refreshable=False)
        self._check_client(form, needed=grant == "client_credentials" or self.needs_secret)
        if grant == "client_credentials":
            return self._answer(refreshable=False)
        if grant == _DEVICE:
            self._check_device(form["device_code"])
        elif grant == "authorization_code":
            self._check_code(form)
        elif grant == "refresh_token":
            self._check_refresh_token(form["refresh_token"])
            return self._answer(refreshable=self.rotates)
        else:
            raise Refusal("unsupported_grant_type")
        return self._answer(refreshable=True)

    def _answer(self, *, refreshable: bool) -> dict[str, Any] | bytes:
        if self.every is not None:
            return self.every
        seconds = self.lifetime if self.really is None else self.really
        answer = {"token_type": "Bearer", "access_token": self._issue(seconds), "expires_in": self.lifetime}
        if refreshable:
            refresh_token = f"refresh-{next(self._numbers)}-{time.monotonic_ns()}"
            self.refresh_tokens.add(refresh_token)
            answer["refresh_token"] = refresh_token
        return answer

    def _check_client(self, form: dict[str, str], *, needed: bool) -> None:
        if form.get("client_id") != CLIENT or (needed and form.get("client_secret") != SECRET):
            # Real ones repeat what they got.
            raise Refusal("invalid_client", 401, f"AADSTS7000215: Invalid client secret provided. {form}")

    def _check_device(self, device_code: str) -> None:
        device = self.devices.get(device_code)
        if device is None:
            raise Refusal("expired_token")
        if device.state == "pending":
            raise Refusal("authorization_pending")
        del self.devices[device_code]
        if device.state == "declined":
            raise Refusal("access_denied", 403)

    def _check_code(self, form: dict[str, str]) -> None:
        code = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if code is None or code.redirect_uri != form.get("redirect_uri") or code.challenge != challenge:
            raise Refusal("invalid_grant", description=f"{form}")

    def _check_refresh_token(self, refresh_token: str) -> None:
        if refresh_token in self._used_up:
            self.refresh_tokens.clear()
        if refresh_token not in self.refresh_tokens:
            raise Refusal("invalid_grant", description=f"AADSTS700082: {self.person} {refresh_token} has expired")
        if self.rotates:
            self.refresh_tokens.remove(refresh_token)
            self._used_up.add(refresh_token)

    def _check_assertion(self, assertion: str) -> None:
        """RFC 7523, section 3."""
        signed, _, signature = assertion.rpartition(".")
        try:
            self.account.key.public_key().verify(_unpadded(signature), signed.encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            raise Refusal("invalid_grant", description="Invalid JWT Signature.") from None
        header, claims = (json.loads(_unpadded(part)) for part in signed.split("."))
        now = time.time()
        right = (
            (header["alg"], header["typ"], header["kid"]) == ("RS256", "JWT", "key 1"),
            claims["iss"] == self.account.email,
            claims["aud"] == self.url("token"),
            claims["scope"] == SCOPE,
            claims["iat"] <= now < claims["exp"] <= claims["iat"] + 3600,
        )
        if not all(right):
            raise Refusal("invalid_grant", description=f"{right}")
        if claims["sub"] != self.person or not self.delegated:
            raise Refusal("unauthorized_client", 401, "Client is unauthorized to retrieve access tokens")

    def device(self, form: dict[str, str]) -> dict[str, Any]:
        self._check_client(form, needed=False)
        number = next(self._numbers)
        device_code, user_code = f"device-{time.monotonic_ns()}", f"WDJB-{number:04}"
        self.devices[device_code] = _Device(user_code)
        usual = {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": self.url("activate"),
            "expires_in": 900,
            "interval": 1,
        }
        return {name: value for name, value in (usual | self.device_fields).items() if value is not None}

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser goes next: the person agrees at once."""
        right = (
            query["response_type"] == "code",
            query["client_id"] == CLIENT,
            query["scope"] == SCOPE,
            query["code_challenge_method"] == "S256",
            query["login_hint"] == self.person,
            urllib.parse.urlsplit(query["redirect_uri"]).hostname == "127.0.0.1",
        )
        if not all(right):
            raise Refusal("invalid_request", description=f"{right}")
        if self.browser_answer is None:
            code = f"code-{time.monotonic_ns()}"
            self.codes[code] = _Code(query["redirect_uri"], query["code_challenge"])
            answer = {"code": code, "state": query["state"]}
        else:
            answer = {"state": query["state"], **self.browser_answer}
        return f"{query['redirect_uri']}?{urllib.parse.urlencode(answer)}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: AuthorisationServer
    timeout = 10

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"])).decode("ascii")
        form = dict(urllib.parse.parse_qsl(raw))
        endpoint = {"/token": self.server.token, "/device": self.server.device}[self.path]
        try:
            answer = endpoint(form)
        except Refusal as refusal:
            told = {"error": refusal.code, "error_description": refusal.description}
            self._send(refusal.status, json.dumps(told).encode())
        else:
            self._send(200, answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        assert path == "/authorize"
        try:
            onward = self.server.authorize(dict(urllib.parse.parse_qsl(query)))
        except Refusal as refusal:
            self._send(400, refusal.description.encode())
        else:
            self.send_response(302)
            self.send_header("Location", onward)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
