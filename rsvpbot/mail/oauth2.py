"""Access tokens (OAuth 2.0): got, kept until shortly before they expire, and got anew. No provider is special.

A program gets them by itself with client credentials (RFC 6749, section 4.4) or with the key of a service account
(RFC 7523). Where a person has logged in (`login`), a refresh token (RFC 6749, section 6) gets them; servers may replace
it at each use, so what a login has left is in a file, and a new refresh token is on disk before anything else is done.

No error holds a secret, nor a server's own words, which may hold names: of those only the code is told.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import secrets
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from rsvpbot.config import LOGINS, OAuth2
from rsvpbot.mail.secret_files import LARGEST, CredentialError, line, locked, read, replacing
from rsvpbot.mail.tls import client_context
from rsvpbot.schema import loopback

TIMEOUT: Final = 30.0
"""Seconds that a token service may be silent."""
EARLY: Final = 120.0
"""Seconds before its expiry at which a token is not handed out any more."""
LONGEST: Final = 86_400.0
"""Seconds that a token is kept at most, whatever its service says."""
_ASSERTED: Final = 3600
"""Seconds for which a service account vouches for its request; Google takes no more."""
_MICROSOFT_NUMBER: Final = re.compile(r"AADSTS\d{4,8}\b")
_PASSING: Final = frozenset({"temporarily_unavailable", "server_error"})
"""Error codes that say: the service's trouble, not ours."""


OVER: Final = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})
"""Error codes after which only a person can help (RFC 6749, section 5.2; OpenID Connect Core, section 3.1.2.6)."""


class OutOfReach(CredentialError):
    """The token service cannot be asked, or cannot answer, just now."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a token service answered (RFC 6749, sections 5.1 and 5.2)."""

    host: str
    status: int
    fields: Mapping[str, Any] = field(repr=False)

    @property
    def error(self) -> str:
        """The error code; "" where there is none, or none that may be shown."""
        code = self.fields.get("error", "")
        shown = isinstance(code, str) and code.isascii() and code.replace("_", "").isalnum()
        return code if shown and len(code) < 60 else ""

    @property
    def told(self) -> str:
        """Who answered, with which codes. Microsoft's own number says more than the standard's code."""
        number = _MICROSOFT_NUMBER.search(str(self.fields.get("error_description", "")))
        codes = (f"HTTP {self.status}", self.error, number[0] if number else "")
        return f"{self.host}: {', '.join(filter(None, codes))}"

    def text(self, name: str) -> str:
        """A field, one line of printable ASCII; "" where it is not there, or null. Raises CredentialError."""
        value = self.fields.get(name)
        if value is None:
            return ""
        if not (isinstance(value, str) and value.isascii() and value.isprintable()):
            raise self.strange()
        return value

    def seconds(self, name: str, default: float) -> float:
        """A length of time. Raises CredentialError."""
        try:
            return min(max(float(self.fields.get(name, default)), 0.0), LONGEST)
        except (TypeError, ValueError):
            raise self.strange() from None

    def strange(self) -> CredentialError:
        return CredentialError(f"{self.host} did not answer as a token service does; check oauth2.token_url")


@dataclass(frozen=True, slots=True)
class Token:
    """An access token."""

    value: str = field(repr=False)
    expires_at: float
    """Seconds of the clock of whoever keeps it."""

    def is_good(self, now: float) -> bool:
        return bool(self.value) and now < self.expires_at - EARLY


# --------------------------------------------------------------------------- what the rest of the program wants


def access_token(settings: OAuth2) -> str:
    """A token that is good for two minutes at least, as far as anybody can know. Raises CredentialError."""
    return _by_login(settings) if settings.flow in LOGINS else _by_itself(settings)


def drop(settings: OAuth2) -> None:
    """A server did not take the token: the next one is asked for. Raises nothing."""
    if settings.flow in LOGINS:
        _forget_token(settings)
    else:
        with _tokens_lock:
            _tokens.pop(settings, None)


# --------------------------------------------------------------------------- tokens that need no person

_tokens: dict[OAuth2, Token] = {}
_tokens_lock = threading.Lock()


def _by_itself(settings: OAuth2) -> str:
    """Kept in memory: whoever starts anew asks anew, and that is seldom enough."""
    with _tokens_lock:
        kept = _tokens.get(settings)
        if kept is None or not kept.is_good(time.monotonic()):
            answer = _from_key(settings) if settings.flow == "service-account" else _from_client_secret(settings)
            kept = _tokens[settings] = token_of(answer, time.monotonic())
        return kept.value


def _from_client_secret(settings: OAuth2) -> Answer:
    return ask(settings, {"grant_type": "client_credentials", "scope": settings.scope})


def _from_key(settings: OAuth2) -> Answer:
    """RFC 7523, section 2.1. The key file is JSON as Google hands it out."""
    assert settings.key_file is not None  # noqa: S101 (the configuration demands it of this flow)
    key = _key(settings)
    url = settings.token_url or str(key.get("token_uri", ""))
    now = int(time.time())
    claims = {
        "iss": key["client_email"],
        "sub": settings.subject,
        "scope": settings.scope,
        "aud": url,
        "iat": now,
        "exp": now + _ASSERTED,
    }
    fields = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": _signed(claims, key, settings)}
    return granted(settings, post(url, fields))


def _key(settings: OAuth2) -> Mapping[str, str]:
    assert settings.key_file is not None  # noqa: S101 (the configuration demands it of this flow)
    try:
        key = json.loads(read(settings.key_file, anew="have another key made"))
        return {name: str(key[name]) for name in ("client_email", "private_key")} | {
            name: str(key[name]) for name in ("private_key_id", "token_uri") if name in key
        }
    except (ValueError, KeyError, TypeError):
        raise CredentialError(
            f"{settings.key_file} is not the key of a service account; name the JSON file that was made with it"
        ) from None


def _signed(claims: Mapping[str, object], key: Mapping[str, str], settings: OAuth2) -> str:
    """A JSON Web Token (RFC 7519), signed with RS256 (RFC 7518, section 3.3)."""
    try:
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ModuleNotFoundError:
        raise CredentialError(
            "a service account needs the package cryptography; install it with: pip install 'rsvpbot[google]'"
        ) from None
    header = {"alg": "RS256", "typ": "JWT"} | ({"kid": key["private_key_id"]} if "private_key_id" in key else {})
    signed = b".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    try:
        private = load_pem_private_key(key["private_key"].encode(), None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, RSAPrivateKey):
        raise CredentialError(f"private_key in {settings.key_file} is no RSA key; have a new key file made")
    return (signed + b"." + base64url(private.sign(signed, PKCS1v15(), SHA256()))).decode("ascii")


def base64url(raw: bytes) -> bytes:
    """RFC 7515, section 2: without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


# --------------------------------------------------------------------------- tokens after a person has logged in


@dataclass(frozen=True, slots=True)
class _Login:
    """What is kept of a login, as JSON."""

    made_for: str
    """The settings that it is good for. A refresh token never goes to another service than gave it."""
    refresh_token: str = field(repr=False)
    token: Token
    """By the clock of time.time(): other processes read it."""


def _by_login(settings: OAuth2) -> str:
    login = _load(settings)
    if login.token.is_good(time.time()):
        return login.token.value
    with locked(settings.login_file):
        login = _load(settings)  # another process may have been quicker
        if login.token.is_good(time.time()):
            return login.token.value
        with replacing(settings.login_file) as write:
            fields = {"grant_type": "refresh_token", "refresh_token": login.refresh_token}
            answer = ask(settings, fields)
            renewed = _login_of(settings, answer, answer.text("refresh_token") or login.refresh_token)
            write(_as_json(renewed))
        return renewed.token.value


def keep_login(settings: OAuth2, answer: Answer) -> None:
    """Write down what a login brought. Raises CredentialError."""
    refresh_token = answer.text("refresh_token")
    if not refresh_token:
        raise CredentialError(
            f"{answer.host} gave no refresh token; ask for one in oauth2.scope (Microsoft: offline_access)"
        )
    with locked(settings.login_file), replacing(settings.login_file) as write:
        write(_as_json(_login_of(settings, answer, refresh_token)))


def _forget_token(settings: OAuth2) -> None:
    try:
        with locked(settings.login_file):
            login = _load(settings)
            with replacing(settings.login_file) as write:
                write(_as_json(replace(login, token=Token("", 0.0))))
    except CredentialError:
        return  # the next connection says what is wrong


def _login_of(settings: OAuth2, answer: Answer, refresh_token: str) -> _Login:
    return _Login(_made_for(settings), refresh_token, token_of(answer, time.time()))


def _made_for(settings: OAuth2) -> str:
    return " ".join((settings.token_url, settings.client_id, settings.username, settings.scope))


def _as_json(login: _Login) -> bytes:
    return json.dumps(asdict(login)).encode() + b"\n"


def _load(settings: OAuth2) -> _Login:
    raw = read(
        settings.login_file,
        absent="nobody has logged in yet; log in with: rsvpbot login",
        anew="log in anew with: rsvpbot login",
    )
    try:
        kept = json.loads(raw)
        token = Token(str(kept["token"]["value"]), float(kept["token"]["expires_at"]))
        login = _Login(str(kept["made_for"]), str(kept["refresh_token"]), token)
    except (ValueError, LookupError, TypeError):
        raise CredentialError(f"{settings.login_file} cannot be understood; log in anew with: rsvpbot login") from None
    if login.made_for != _made_for(settings):
        raise CredentialError("the login was made with other settings; log in anew with: rsvpbot login")
    return login


# --------------------------------------------------------------------------- asking


def ask(settings: OAuth2, fields: Mapping[str, str]) -> Answer:
    """Ask the token service as this client. Raises CredentialError where it gives no token."""
    return granted(settings, post(settings.token_url, {**fields, **client(settings)}))


def client(settings: OAuth2) -> dict[str, str]:
    """How a client names itself (RFC 6749, section 2.3.1). Raises CredentialError."""
    names = {"client_id": settings.client_id}
    if settings.client_secret_file:
        names["client_secret"] = line(read(settings.client_secret_file), f"{settings.client_secret_file}")
    return names


def post(url: str, fields: Mapping[str, str]) -> Answer:
    """Post a form; its answer, whether it grants or refuses. Raises CredentialError.

    Never in the clear but on this machine (RFC 6749, section 3.2).
    """
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and loopback(host))):
        raise CredentialError("oauth2.token_url must begin with https://")
    request = urllib.request.Request(url, urllib.parse.urlencode(fields).encode("ascii"))  # noqa: S310 (its scheme was looked at)
    request.add_header("Accept", "application/json")
    # A context of our own: TLS 1.2 at least, and the system's authorities as they are now.
    context = client_context(None)
    try:
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT, context=context) as response:  # noqa: S310 (as above)
                status, body = response.status, response.read(LARGEST)
        except urllib.error.HTTPError as refusal:
            with refusal:
                status, body = refusal.code, refusal.read(LARGEST)
    except (OSError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise OutOfReach(f"the token service {host} is out of reach ({type(reason).__name__})") from None
    return _understood(host, status, body)


def _understood(host: str, status: int, body: bytes) -> Answer:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    refused = not 200 <= status < 300
    answer = Answer(host, status, fields if isinstance(fields, dict) else {})
    if status == 429 or status >= 500 or (refused and answer.error in _PASSING):
        raise OutOfReach(f"the token service cannot answer just now ({answer.told}); it is asked again")
    if not refused and not isinstance(fields, dict):
        raise answer.strange()
    return answer


def granted(settings: OAuth2, answer: Answer) -> Answer:
    """The answer, if it is a grant. Raises CredentialError, which says why not and what to do."""
    if 200 <= answer.status < 300:
        return answer
    wrong, right = _refusal(settings, answer.error)
    raise CredentialError(f"{wrong} ({answer.told}); {right}")


def _refusal(settings: OAuth2, code: str) -> tuple[str, str]:
    """What is wrong, and what would be right."""
    if settings.flow == "service-account":
        if code in ("unauthorized_client", "access_denied"):
            return (
                "the service account may not open this mailbox",
                "let the admin console give its client ID this very scope (domain-wide delegation)",
            )
        return "the service account got no token", "check oauth2.key_file, subject and scope, and this machine's clock"
    if settings.flow in LOGINS and code in OVER:
        return "the login has expired or was taken back", "log in anew with: rsvpbot login"
    return "no access token was given", "check oauth2.token_url, client_id, client_secret_file and scope"


def token_of(answer: Answer, now: float) -> Token:
    """The access token of a grant. Raises CredentialError."""
    value = answer.text("access_token")
    kind = answer.text("token_type") or "Bearer"
    if not value or kind.lower() != "bearer":
        raise answer.strange()
    return Token(value, now + answer.seconds("expires_in", 0.0))


def unguessable() -> str:
    """256 bits, fit for an address (RFC 7636, section 4.1)."""
    return secrets.token_urlsafe(32)
