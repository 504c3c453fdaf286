"""Sending over SMTP (RFC 5321): one reused connection, and every outcome told apart.

A letter is taken, refused, or not sent because no connection held; and there is one moment in which nobody can know:
after its last line was written and before the answer came. Only then is `Unreachable.in_doubt` true.

Exceptions hold no secret, no address and no words of the server, which may repeat both: its codes only.
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import logging
import re
import smtplib
import socket
import ssl
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from rsvpbot.config import CREDENTIAL_NAMES, SmtpConfig
from rsvpbot.mail import credentials
from rsvpbot.mail.tls import client_context
from rsvpbot.schema import loopback

log = logging.getLogger(__name__)

# A bare CR or LF (RFC 5321, section 2.3.8) may end a line for the next server: so one message is smuggled into another.
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT: Final = re.compile(rb"^\.", re.MULTILINE)
_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
_OURS: Final = frozenset({530, 534, 535, 538})
"""Codes of RFC 4954 that say: log in (otherwise). No letter is at fault."""
_GOODBYE: Final = 421
_UNKNOWN: Final = frozenset({500, 501, 502, 504})
"""Codes of RFC 5321, section 4.2.2, that say: no such command."""
_FAREWELL: Final = 5.0
"""Seconds that a server may take over QUIT: nothing hangs on it."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds (RFC 5321, section 4.5.3.2)."""

    connect: float = 30.0
    command: float = 120.0
    final: float = 600.0
    """After the final dot: the server may deliver before it answers, and to give up early makes the letter doubtful."""


TIMEOUTS: Final = Timeouts()


class Refused(Exception):
    """The server refused this letter: for good (5xx), or for now (4xx)."""

    def __init__(self, code: int, stage: str, enhanced: str = "") -> None:
        words = f"{code} {enhanced}".strip()
        super().__init__(f"refused {'for good' if code >= 500 else 'for now'} at {stage} ({words})")
        self.code = code
        self.permanent = code >= 500
        self.stage = stage
        """MAIL, RCPT, DATA (the command), or END (the whole message)."""
        self.enhanced = enhanced
        """The enhanced status code (RFC 3463), such as 5.1.1; may be empty."""


class Unreachable(Exception):
    """No letter can be sent just now: no connection, or one that broke, or a login that was refused."""

    def __init__(self, words: str, *, in_doubt: bool = False) -> None:
        super().__init__(words)
        self.in_doubt = in_doubt
        """Its last line was written and the answer never came: it may have been sent."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A recipient that the server refused while it took the letter for others."""

    recipient: str
    code: int
    enhanced: str = ""

    @property
    def permanent(self) -> bool:
        return self.code >= 500


class Sender:
    """Sends letters over one connection, opened at the first and reused; a context manager. Not for two threads."""

    def __init__(self, config: SmtpConfig, local_name: str = "", timeouts: Timeouts = TIMEOUTS) -> None:
        self._config = config
        self._local_name = local_name
        self._timeouts = timeouts
        self._at = f"{config.host}:{config.port}"
        self._client: smtplib.SMTP | None = None
        self._ahead: deque[str] = deque()
        """Commands that are written and not yet answered (RFC 2920)."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """QUIT, if there is a connection."""
        client, self._client = self._client, None
        if client is not None:
            try:
                if client.sock is not None:
                    client.sock.settimeout(min(_FAREWELL, self._timeouts.command))
                client.quit()
            except (OSError, smtplib.SMTPException, ValueError):
                client.close()

    def check(self) -> None:
        """Connect and log in, send nothing. Raises Unreachable."""
        self._connected()

    def send(self, mail_from: str, recipients: Sequence[str], raw: bytes) -> tuple[Rejected, ...]:
        """Send one message in one envelope; returns those recipients that were refused while others were taken.

        Raises Refused where the server does not take the letter, for anybody, and Unreachable where none could be sent.
        """
        body = _LINE_END.sub(b"\r\n", raw)
        try:
            client = self._begin(mail_from, recipients, body)
            try:
                return self._rest(client, recipients, body)
            except Refused as refused:
                self._reset(client, refused.code)
                raise
        except Refused:
            raise
        except BaseException:
            # Answers that nobody has read would be taken for those to the next letter.
            self._drop()
            raise

    # -------------------------------------------------------------- one letter

    def _begin(self, mail_from: str, recipients: Sequence[str], raw: bytes) -> smtplib.SMTP:
        """MAIL FROM. A server may have closed a connection that rested since the last letter: then on a new one."""
        code, words = _GOODBYE, b""
        if self._client is not None:
            with contextlib.suppress(Unreachable):
                code, words = self._mail(self._client, mail_from, recipients, raw)
            if code == _GOODBYE:
                self._drop()
        if self._client is None:
            try:
                code, words = self._mail(self._connected(), mail_from, recipients, raw)
            except Unreachable:
                self._drop()
                raise
        client = self._connected()
        if code == 250:
            return client
        if code == _GOODBYE:
            self._drop()
            raise Unreachable(f"{self._at}: the server closed the connection" + _quoted(code, words))
        if code in _OURS:
            self._drop()
            raise Unreachable(f"{self._at}: the server wants a login ({code}); set [smtp] username and a password")
        refused = Refused(code, "MAIL", _enhanced(words))
        self._reset(client, code)
        raise refused

    def _mail(self, client: smtplib.SMTP, mail_from: str, recipients: Sequence[str], raw: bytes) -> tuple[int, bytes]:
        """The answer to MAIL FROM. Raises Unreachable where the connection is gone."""
        options = []
        if client.has_extn("size"):
            options.append(f"SIZE={len(raw)}")
        header = raw.partition(b"\r\n\r\n")[0]
        international = any(not _wire(name).isascii() for name in (mail_from, *recipients))
        if client.has_extn("smtputf8") and (international or not header.isascii()):
            options.append("SMTPUTF8")
        elif not header.isascii():
            raise Refused(553, "MAIL", "5.6.9")  # RFC 6531, section 3.5
        if not raw.isascii() and client.has_extn("8bitmime"):
            options.append("BODY=8BITMIME")
        first = " ".join((f"MAIL FROM:<{self._address(client, mail_from, 'MAIL')}>", *options))
        if client.has_extn("pipelining"):
            self._write_ahead(client, [first, *self._recipients(client, recipients), "DATA"])
        return self._command(client, first)

    def _write_ahead(self, client: smtplib.SMTP, lines: Sequence[str]) -> None:
        """Write commands at once, so that only one way there and back is waited for; each is then asked as if alone."""
        try:
            client.send("".join(f"{line}\r\n" for line in lines).encode("utf-8"))
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(f"{self._at}: the connection broke ({_kind(error)})") from None
        self._ahead.extend(lines)

    def _recipients(self, client: smtplib.SMTP, recipients: Sequence[str]) -> Iterator[str]:
        for recipient in recipients:
            with contextlib.suppress(Refused):
                yield f"RCPT TO:<{self._address(client, recipient, 'RCPT')}>"

    def _rest(self, client: smtplib.SMTP, recipients: Sequence[str], raw: bytes) -> tuple[Rejected, ...]:
        rejected = []
        for recipient in recipients:
            try:
                code, words = self._command(client, f"RCPT TO:<{self._address(client, recipient, 'RCPT')}>")
            except Refused as refused:
                code, words = refused.code, refused.enhanced.encode()
            if code == _GOODBYE:
                raise Unreachable(f"{self._at}: the server closed the connection (421)")
            if not 200 <= code < 300:
                rejected.append(Rejected(recipient, code, _enhanced(words)))
        if len(rejected) == len(recipients):
            # One that may be taken later is reason enough to try again.
            worst = min(rejected, key=lambda one: one.code)
            raise Refused(worst.code, "RCPT", worst.enhanced)
        self._data(client, raw)
        if rejected:
            log.warning("the letter was taken, but not for %d of its %d recipients", len(rejected), len(recipients))
        return tuple(rejected)

    def _data(self, client: smtplib.SMTP, raw: bytes) -> None:
        code, words = self._command(client, "DATA")
        if code == _GOODBYE:
            raise Unreachable(f"{self._at}: the server closed the connection (421)")
        if code != 354:
            raise Refused(code, "DATA", _enhanced(words))
        try:
            client.send(_dotted(raw))
        except (OSError, smtplib.SMTPException) as error:
            # The final dot is the last to be written: without it, no server may take the letter (section 4.1.1.4).
            raise Unreachable(f"{self._at}: the connection broke within a letter ({_kind(error)})") from None
        try:
            self._set_timeout(client, self._timeouts.final)
            code, words = client.getreply()
            self._set_timeout(client, self._timeouts.command)
        except (OSError, smtplib.SMTPException) as error:
            words_ = f"{self._at}: the connection broke before the server answered whether it took a letter"
            raise Unreachable(f"{words_} ({_kind(error)})", in_doubt=True) from None
        if 200 <= code < 300:
            return
        if not 400 <= code < 600:
            raise Unreachable(f"{self._at}: the server's answer to a letter cannot be read ({code})", in_doubt=True)
        raise Refused(code, "END", _enhanced(words))

    def _address(self, client: smtplib.SMTP, address: str, stage: str) -> str:
        """As it goes over the wire. Raises Refused where only SMTPUTF8 could carry it and the server has none."""
        wire = _wire(address)
        if any(character in wire for character in "\r\n<> \0"):
            raise Refused(553, stage, "5.1.3")
        if not wire.isascii() and not client.has_extn("smtputf8"):
            raise Refused(553, stage, "5.6.7")  # RFC 6531, section 3.5
        return wire

    def _command(self, client: smtplib.SMTP, line: str) -> tuple[int, bytes]:
        """Send one command, unless it is under way, and read its answer. Raises Unreachable where the connection is
        gone."""
        # smtplib knows only ASCII commands, unless told otherwise.
        client.command_encoding = "ascii" if line.isascii() else "utf-8"
        try:
            if self._ahead and self._ahead[0] == line:
                self._ahead.popleft()
                code, words = client.getreply()
            else:
                code, words = client.docmd(line)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise Unreachable(f"{self._at}: the connection broke ({_kind(error)})") from None
        if not 200 <= code < 600:
            raise Unreachable(f"{self._at}: the server's answer cannot be read ({code})")
        return code, words

    def _reset(self, client: smtplib.SMTP, code: int) -> None:
        """RSET before the next letter; a connection on which that fails is dropped."""
        if code == _GOODBYE:
            self._drop()
            return
        try:
            # What was written ahead is answered all the same; a server that waits for the letter gets an empty one,
            # which it cannot take for anybody (RFC 2920, section 3.1).
            while self._ahead:
                if self._command(client, self._ahead[0])[0] == 354:
                    self._command(client, ".")
            if self._command(client, "RSET")[0] != 250:
                self._drop()
        except Unreachable:
            self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        self._ahead.clear()
        if client is not None:
            client.close()

    def _set_timeout(self, client: smtplib.SMTP, seconds: float) -> None:
        if client.sock is not None:
            client.sock.settimeout(seconds)

    # -------------------------------------------------------------- the way in

    def _connected(self) -> smtplib.SMTP:
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _connect(self) -> smtplib.SMTP:
        config = self._config
        if config.security == "none" and not loopback(config.host):
            raise Unreachable(f'{self._at}: security = "none" is for this machine only; write "tls" or "starttls"')
        try:
            secret = credentials.secret(config.credential, CREDENTIAL_NAMES["smtp"]) if config.username else ""
            context = client_context(config.ca_file) if config.security != "none" else None
        except credentials.CredentialError as error:
            raise Unreachable(f"{self._at}: {error}") from None
        except OSError:
            raise Unreachable(f"{self._at}: ca_file {config.ca_file} holds no certificate; name a PEM file") from None
        client = self._open(context)
        try:
            self._greet(client, context)
            if config.username:
                self._log_in(client, secret)
            self._set_timeout(client, self._timeouts.command)
        except Unreachable:
            client.close()
            raise
        except (OSError, smtplib.SMTPException, ValueError) as error:
            client.close()
            raise self._told(error) from None
        return client

    def _open(self, context: ssl.SSLContext | None) -> smtplib.SMTP:
        host, port, seconds = self._config.host, self._config.port, self._timeouts.connect
        # Without a name of ours smtplib asks the name service for one, which can take long: see `_greet`.
        name = self._local_name or "localhost"
        try:
            if self._config.security == "tls" and context is not None:
                return smtplib.SMTP_SSL(host, port, name, timeout=seconds, context=context)
            return smtplib.SMTP(host, port, name, seconds)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise self._told(error) from None

    def _greet(self, client: smtplib.SMTP, context: ssl.SSLContext | None) -> None:
        if client.sock is not None:
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not self._local_name:
                client.local_hostname = _address_literal(client.sock.getsockname()[0])
        self._hello(client)
        if self._config.security == "starttls":
            if not client.has_extn("starttls"):
                raise Unreachable(
                    f'{self._at}: the server offers no STARTTLS; write security = "tls" and its port (465)'
                )
            client.starttls(context=context)
            self._hello(client)

    def _hello(self, client: smtplib.SMTP) -> None:
        """EHLO; HELO only for a server that does not know EHLO, as without it there are neither STARTTLS nor AUTH."""
        code, words = client.ehlo()
        if code in _UNKNOWN:
            code, words = client.helo()
        if not 200 <= code < 300:
            raise Unreachable(f"{self._at}: the server takes no mail from us{_quoted(code, words)}")

    def _log_in(self, client: smtplib.SMTP, secret: str) -> None:
        """AUTH (RFC 4954) with PLAIN or LOGIN; with a token, XOAUTH2 or OAUTHBEARER. smtplib's own takes only ASCII."""
        user = self._config.username
        offered = set(client.esmtp_features.get("auth", "").upper().split())
        if credentials.is_token(self._config.credential):
            self._log_in_with_token(client, offered, user, secret)
        elif "PLAIN" in offered:
            self._authenticate(client, f"PLAIN {_base64(f'{chr(0)}{user}{chr(0)}{secret}')}")
        elif "LOGIN" in offered:
            self._authenticate(client, "LOGIN", _base64(user), _base64(secret))
        elif offered:
            raise Unreachable(
                f"{self._at}: the server takes no password by AUTH PLAIN or LOGIN; an access token may do"
            )
        else:
            raise Unreachable(f"{self._at}: the server offers no login; remove [smtp] username, or use another port")

    def _log_in_with_token(self, client: smtplib.SMTP, offered: set[str], user: str, token: str) -> None:
        if "XOAUTH2" in offered:
            self._authenticate(
                client, f"XOAUTH2 {_base64(f'user={user}{chr(1)}auth=Bearer {token}{chr(1)}{chr(1)}')}", ""
            )
        elif "OAUTHBEARER" in offered:
            name = user.replace("=", "=3D").replace(",", "=2C")
            words = f"n,a={name},{chr(1)}auth=Bearer {token}{chr(1)}{chr(1)}"
            # After a refusal the server waits for this answer (RFC 7628, section 3.2.3).
            self._authenticate(client, f"OAUTHBEARER {_base64(words)}", _base64(chr(1)))
        else:
            raise Unreachable(f"{self._at}: the server takes no access tokens; name password_file instead")

    def _authenticate(self, client: smtplib.SMTP, first: str, *answers: str) -> None:
        code, words = client.docmd("AUTH", first)
        for answer in answers:
            if code == 334:
                code, words = client.docmd(answer)
        if code == 235:
            return
        if 400 <= code < 500:
            raise Unreachable(f"{self._at}: the server cannot check logins just now{_quoted(code, words)}")
        credentials.refused(self._config.credential)
        secret = credentials.to_check(self._config.credential)
        raise Unreachable(
            f"{self._at}: the login was refused{_quoted(code, words)}; check [smtp] username and {secret}"
        )

    def _told(self, error: Exception) -> Unreachable:
        """Why there is no connection, in words for the admin."""
        at = self._at
        if isinstance(error, ssl.SSLCertVerificationError):
            return Unreachable(
                f"{at}: its certificate is not trusted ({error.verify_message.rstrip('.')}); "
                f"name its authority in ca_file, or write host as the certificate does"
            )
        if isinstance(error, ssl.SSLError):
            return Unreachable(
                f'{at}: no TLS there ({error.reason or _kind(error)}); security = "tls" goes with port 465, '
                f'"starttls" with 587'
            )
        if isinstance(error, socket.gaierror):
            return Unreachable(f"{at}: there is no such host, or no name service; check [smtp] host")
        if isinstance(error, ConnectionRefusedError):
            return Unreachable(f"{at}: nothing listens there; check [smtp] host and port")
        if isinstance(error, TimeoutError) or "timed out" in str(error):
            return Unreachable(
                f'{at}: no answer in time; check [smtp] host, port and security ("tls" goes with port 465)'
            )
        if isinstance(error, smtplib.SMTPResponseException):
            words = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
            return Unreachable(f"{at}: the server takes no mail from us{_quoted(error.smtp_code, words)}")
        return Unreachable(f"{at}: the connection broke ({_kind(error)})")


def _wire(address: str) -> str:
    """The domain in ASCII, as every server takes it; a local part has no such form (RFC 6531)."""
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address


def _dotted(body: bytes) -> bytes:
    """Leading dots doubled, and the final dot (RFC 5321, section 4.5.2)."""
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    return _LEADING_DOT.sub(b"..", body) + b".\r\n"


def _address_literal(ip: str) -> str:
    """What a host without a name calls itself (RFC 5321, section 4.1.3)."""
    version = ipaddress.ip_address(ip.partition("%")[0]).version
    return f"[IPv6:{ip.partition('%')[0]}]" if version == 6 else f"[{ip}]"


def _base64(words: str) -> str:
    return base64.b64encode(words.encode("utf-8")).decode("ascii")


def _enhanced(words: bytes) -> str:
    found = _ENHANCED.match(words.decode("ascii", "replace"))
    return found[0] if found else ""


def _quoted(code: int, words: bytes) -> str:
    return f" ({code} {_enhanced(words)}".rstrip() + ")" if code > 0 else ""


def _kind(error: Exception) -> str:
    # smtplib makes a lost connection of silence, too.
    return "no answer in time" if "timed out" in str(error) else type(error).__name__
