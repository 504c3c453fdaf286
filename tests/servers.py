"""Real mail servers on loopback, for tests and benchmarks: Dovecot, Postfix, aiosmtpd and pymap.

Each is a context manager. It listens on 127.0.0.1 only, on a free port, in a folder of its own under /tmp that goes
with it; the server programs die with the process that started them, however that ends.

    with Authority() as authority, Dovecot(authority) as dovecot:
        user = dovecot.new_user()                    # an empty mailbox that nobody else uses
        dovecot.deliver(user, b"Subject: yes\\r\\n\\r\\nI shall come.\\r\\n")
        config = dovecot.config(user)                # a MailboxConfig: over TLS, with its password file
        ...
        assert dovecot.messages(user, "RSVP/Recorded")

`Proxy` stands between a client and any of them and changes, holds back or cuts what passes.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import itertools
import json
import os
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import warnings
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from imapclient import IMAPClient

from rsvpbot.config import Credential, MailboxConfig, Security, SmtpConfig

T = TypeVar("T")

HOST = "127.0.0.1"
DOMAIN = "roundtable.example"
MAIL_USER = 8  # "mail" on Debian
_START = 20.0
"""Seconds that a server may take to answer its first connection."""


def free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def until(condition: Callable[[], T], seconds: float = _START, step: float = 0.02) -> T:
    """Wait until `condition` holds; return what it returned, or raise TimeoutError."""
    end = time.monotonic() + seconds
    while True:
        held = condition()
        if held:
            return held
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s: {condition}")
        time.sleep(step)


class Folder:
    """A folder that the servers' own users may enter: short, since the paths of sockets are limited, and mode 755."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="rsvpbot-", dir="/tmp"))
        self.path.chmod(0o755)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


class Authority:
    """A certificate authority, a certificate of it for localhost and 127.0.0.1, and the CA file that clients trust."""

    def __init__(self) -> None:
        self._folder = Folder()
        root = self._folder.path
        authority = trustme.CA()
        issued = authority.issue_cert("localhost", HOST)
        self.ca_file = root / "ca.pem"
        self.cert_file = root / "cert.pem"
        self.key_file = root / "key.pem"
        self.misnamed_cert_file = root / "misnamed.pem"
        """Certificate and key in one file, of the same authority but for another host."""
        authority.cert_pem.write_to_path(str(self.ca_file))
        for blob in issued.cert_chain_pems:
            blob.write_to_path(str(self.cert_file), append=True)
        issued.private_key_pem.write_to_path(str(self.key_file))
        authority.issue_cert("elsewhere.example").private_key_and_cert_chain_pem.write_to_path(
            str(self.misnamed_cert_file)
        )
        self._expired_cert_file = root / "expired.pem"
        authority.issue_cert(
            "localhost", HOST, not_after=datetime.now(UTC) - timedelta(days=1)
        ).private_key_and_cert_chain_pem.write_to_path(str(self._expired_cert_file))

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert_file, self.key_file)
        return context

    def misnamed_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.misnamed_cert_file)
        return context

    def expired_context(self) -> ssl.SSLContext:
        """Of this authority and for this host, until yesterday."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._expired_cert_file)
        return context

    def outdated_context(self) -> ssl.SSLContext:
        """Speaks TLS 1.1 and nothing later (which RFC 8996 forbids)."""
        context = self.server_context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):
            context.minimum_version = ssl.TLSVersion.TLSv1_1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        return context

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.remove()


class Program:
    """A server program in a process group of its own, which ends when this process does, however that dies.

    (PR_SET_PDEATHSIG would not do: Postfix changes its user while it starts, and that clears it.)
    """

    def __init__(self, *command: str, env: dict[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            command,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        # Nothing is ever written to the watcher: its input ends with this process.
        self._watcher = subprocess.Popen(
            ["sh", "-c", 'read _; kill -TERM "$0"; sleep 3; kill -KILL -- "-$0"', str(self._process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self, seconds: float = 5.0) -> None:
        """End the program, then whatever is left of its group."""
        self._watcher.kill()
        self._watcher.communicate()
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _missing(*programs: str) -> str:
    """Why these programs cannot be run here, or ""."""
    for program in programs:
        if shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin") is None:
            return f"{program} is not installed"
    if os.geteuid() != 0:
        return f"{programs[0]} needs root to start"
    return ""


@dataclass(frozen=True, slots=True)
class User:
    """A mailbox on a test server."""

    address: str
    password: str = field(repr=False)
    password_file: Path

    @property
    def name(self) -> str:
        return self.address.partition("@")[0]


# --------------------------------------------------------------------------- Dovecot

_DOVECOT = """\
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
mail_max_userip_connections = 0
auth_failure_delay = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
recipient_delimiter = +
auth_username_format = %Lu
auth_mechanisms = plain login oauthbearer xoauth2
passdb {{
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = {root}/oauth2.conf.ext
}}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=plain username_format=%u {root}/users/%u
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {root}/users/%u
}}
first_valid_uid = 1
mail_location = {location}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    special_use = \\Sent
    auto = subscribe
  }}
  mailbox Drafts {{
    special_use = \\Drafts
    auto = subscribe
  }}
}}
mailbox_idle_check_interval = 1 secs
imap_idle_notify_interval = {still_here} secs
mail_plugins = quota
protocol imap {{
  mail_plugins = quota imap_quota
}}
protocol lmtp {{
  mail_plugins = quota
  postmaster_address = postmaster@{domain}
}}
plugin {{
  quota = count:User quota
  quota_vsizes = yes
}}
service imap-login {{
  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service auth {{
  unix_listener auth-postfix {{
    mode = 0666
  }}
}}
"""

_OAUTH2 = """\
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={root}/keys/
username_attribute = email
scope = mail
openid_configuration_url = http://127.0.0.1:1/none
"""

_TOKEN_SECRET = b"a key that only the test server knows"


class Dovecot:
    """Dovecot 2.3: IMAPS, LMTP, and IMAP with STARTTLS offered and plain allowed; quota and OAuth2 where asked for."""

    def __init__(
        self, authority: Authority, location: str = "maildir:~/Maildir", still_here_seconds: int = 120
    ) -> None:
        self._authority = authority
        self._folder = Folder()
        self.root = self._folder.path
        self.imap_port, self.imaps_port, self.lmtp_port = free_port(), free_port(), free_port()
        self._numbers = itertools.count(1)
        for name in ("run", "state", "home", "users", "keys/default/HS256", "secrets"):
            (self.root / name).mkdir(parents=True)
        os.chown(self.root / "home", MAIL_USER, MAIL_USER)
        (self.root / "secrets").chmod(0o700)
        (self.root / "oauth2.conf.ext").write_text(_OAUTH2.format(root=self.root))
        (self.root / "keys/default/HS256/default").write_bytes(base64.b64encode(_TOKEN_SECRET))
        self._conf = self.root / "dovecot.conf"
        self._conf.write_text(
            _DOVECOT.format(
                root=self.root,
                cert=authority.cert_file,
                key=authority.key_file,
                location=location,
                still_here=still_here_seconds,
                domain=DOMAIN,
                imap=self.imap_port,
                imaps=self.imaps_port,
                lmtp=self.lmtp_port,
            )
        )
        self._program: Program | None = None

    @staticmethod
    def missing() -> str:
        """Why Dovecot cannot run here, or ""."""
        return _missing("dovecot", "doveadm")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._folder.remove()

    def start(self) -> None:
        self._program = Program("dovecot", "-F", "-c", str(self._conf))
        until(self._ready)

    def stop(self) -> None:
        if self._program is not None:
            self._program.stop()
            self._program = None

    def _ready(self) -> bool:
        """While its auth process still starts, the greeting is a BYE."""
        if self._program is None or not self._program.running:
            raise RuntimeError(f"Dovecot did not start: {self.log()[-2000:]}")
        try:
            with socket.create_connection((HOST, self.imap_port), 2) as connection:
                connection.settimeout(5)
                return connection.recv(200).startswith(b"* OK")
        except OSError:
            return False

    def log(self) -> str:
        path = self.root / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def new_user(
        self, name: str = "rsvp", *, quota: str = "", prefix: str = "", separator: str = "", password: str = ""
    ) -> User:
        """An empty mailbox of its own: rsvp1@roundtable.example, rsvp2@…

        `quota` such as "200K"; `prefix` and `separator` of its personal namespace, such as "INBOX." and ".".
        """
        address = f"{name}{next(self._numbers)}@{DOMAIN}"
        return self.add_user(address, quota=quota, prefix=prefix, separator=separator, password=password)

    def add_user(
        self, address: str, *, quota: str = "", prefix: str = "", separator: str = "", password: str = ""
    ) -> User:
        """A mailbox with exactly this address."""
        password = password or f"secret of {address}"
        fields = []
        if quota:
            fields.append(f"userdb_quota_rule=*:storage={quota}")
        if prefix:
            fields.append(f"userdb_namespace/inbox/prefix={prefix}")
        if separator:
            fields.append(f"userdb_namespace/inbox/separator={separator}")
        home = self.root / "home" / address.replace("@", "_")
        line = f"{address}:{{PLAIN}}{password}:{MAIL_USER}:{MAIL_USER}::{home}::{' '.join(fields)}\n"
        # A file for each: Dovecot looks only once a second whether one that it has read was changed.
        (self.root / "users" / address).write_text(line)
        password_file = self.root / "secrets" / address
        password_file.write_text(password + "\n")
        password_file.chmod(0o600)
        return User(address, password, password_file)

    def config(self, user: User, security: Security = "tls", **changes: Any) -> MailboxConfig:
        """The [mailbox] section with which the bot reads this user's mail; `changes` replace single keys."""
        keys: dict[str, Any] = {
            "address": user.address,
            "host": HOST,
            "port": self.imaps_port if security == "tls" else self.imap_port,
            "security": security,
            "username": user.address,
            "credential": Credential(password_file=user.password_file),
            "ca_file": self._authority.ca_file,
            "authserv_id": f"mx.{DOMAIN}",
        }
        return MailboxConfig(**{**keys, **changes})

    def token(self, user: User, seconds: int = 60, secret: bytes = _TOKEN_SECRET) -> str:
        """An OAuth2 access token (a JWT, RFC 7519) of this user, good for so many seconds; below 0: expired."""
        now = int(time.time())
        claims = {"email": user.address, "sub": user.address, "iat": now - 60, "exp": now + seconds, "scope": "mail"}
        parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
        signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
        signature = hmac.new(secret, signed, hashlib.sha256).digest()
        return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()

    def deliver(self, user: User, *raws: bytes, sender: str = "sender@elsewhere.example") -> None:
        """Put messages into the user's INBOX over LMTP (RFC 2033), each as it is."""
        with smtplib.LMTP(HOST, self.lmtp_port) as client:
            for raw in raws:
                client.sendmail(sender, [user.address], raw)

    @contextlib.contextmanager
    def client(self, user: User) -> Iterator[IMAPClient]:
        """A plain client of one's own, to look or to interfere."""
        with IMAPClient(HOST, self.imap_port, ssl=False, timeout=30) as client:
            client.login(user.address, user.password)
            client.normalise_times = False
            yield client

    def messages(self, user: User, folder: str = "INBOX") -> list[bytes]:
        """The raw messages of a folder in order of UID; none where there is no such folder."""
        return [data[b"BODY[]"] for _, data in self._fetched(user, folder, "BODY.PEEK[]")]

    def flags(self, user: User, folder: str = "INBOX") -> dict[int, set[str]]:
        r"""The flags of each message by its UID, without \Recent."""
        return {
            uid: {flag.decode() for flag in data[b"FLAGS"]} - {"\\Recent"}
            for uid, data in self._fetched(user, folder, "FLAGS")
        }

    def _fetched(self, user: User, folder: str, item: str) -> list[tuple[int, dict[bytes, Any]]]:
        with self.client(user) as client:
            if not client.folder_exists(folder):
                return []
            client.select_folder(folder, readonly=True)
            return sorted(client.fetch(client.search(), [item]).items())

    def folders(self, user: User) -> list[str]:
        with self.client(user) as client:
            return sorted(name for _, _, name in client.list_folders())

    def doveadm(self, *arguments: str) -> str:
        result = subprocess.run(
            ["doveadm", "-c", str(self._conf), *arguments], capture_output=True, text=True, check=False, timeout=30
        )
        if result.returncode not in (0, 68):  # 68: nobody is logged in
            raise RuntimeError(f"doveadm {arguments}: {result.stderr}")
        return result.stdout

    def sessions(self, user: User) -> list[int]:
        """Process ids of the imap processes that serve this user now."""
        lines = self.doveadm("who", "-1", user.address).splitlines()[1:]
        return [int(line.split()[2]) for line in lines if line.strip()]

    def signal_sessions(self, user: User, number: int) -> list[int]:
        """Send a signal (SIGKILL, SIGSTOP, SIGCONT) to the user's imap processes; returns their ids."""
        pids = until(lambda: self.sessions(user), 5)
        for pid in pids:
            os.kill(pid, number)
        return pids


# --------------------------------------------------------------------------- Postfix

_POSTFIX_MAIN = """\
compatibility_level = 3.6
queue_directory = {root}/spool
data_directory = {root}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {root}/log
maillog_file_prefixes = {root}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
myhostname = mx.{domain}
mydomain = {domain}
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
local_transport = error:no local mail
virtual_mailbox_domains = {domain}
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
default_transport = {outside}
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = may
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth}
smtpd_sasl_mechanism_filter = {mechanisms}
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
message_size_limit = 30000000
in_flow_delay = 0
queue_run_delay = 5s
minimal_backoff_time = 5s
maximal_backoff_time = 10s
"""

_POSTFIX_MASTER = """\
127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

_SPOOL = (
    ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace"),
    ("maildrop", "public"),
)


class Postfix:
    """Postfix 3.7 before a Dovecot: @roundtable.example goes to its LMTP, everything else to a sink, or is discarded.

    `port` takes mail from anybody on loopback (STARTTLS is offered); `submission_port` demands STARTTLS and the
    password of a user of that Dovecot. A recipient whom Dovecot does not know is bounced, as in life.
    """

    def __init__(
        self,
        authority: Authority,
        dovecot: Dovecot,
        outside: SmtpSink | None = None,
        mechanisms: str = "plain, login, xoauth2, oauthbearer",
    ) -> None:
        self._authority = authority
        self._folder = Folder()
        self.root = root = self._folder.path
        self.port, self.submission_port = free_port(), free_port()
        self._conf = root / "etc"
        self._conf.mkdir()
        self._make_spool()
        onward = f"smtp:[{HOST}]:{outside.port}" if outside else "discard:"
        main = _POSTFIX_MAIN.format(
            root=root,
            domain=DOMAIN,
            lmtp=dovecot.lmtp_port,
            outside=onward,
            cert=authority.cert_file,
            key=authority.key_file,
            auth=dovecot.root / "run" / "auth-postfix",
            mechanisms=mechanisms,
        )
        master = _POSTFIX_MASTER.format(smtp=self.port, submission=self.submission_port)
        # Postfix sleeps for two seconds over a configuration that has just been written.
        past = time.time() - 60
        for name, text in (("main.cf", main), ("master.cf", master)):
            (self._conf / name).write_text(text)
            os.utime(self._conf / name, (past, past))
        self._program: Program | None = None

    def _make_spool(self) -> None:
        spool = self.root / "spool"
        (spool / "pid").mkdir(parents=True)
        own, dropped = _SPOOL
        for name in own:
            (spool / name).mkdir(mode=0o700)
            shutil.chown(spool / name, "postfix")
        for name in dropped:
            (spool / name).mkdir()
            shutil.chown(spool / name, "postfix", "postdrop")
            (spool / name).chmod(0o1730 if name == "maildrop" else 0o2710)
        (self.root / "data").mkdir()
        shutil.chown(self.root / "data", "postfix")

    @staticmethod
    def missing() -> str:
        """Why Postfix cannot run here, or ""."""
        return _missing("postfix", "postqueue")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._folder.remove()

    def start(self) -> None:
        conf = str(self._conf)
        self._program = Program("/usr/lib/postfix/sbin/master", "-d", "-c", conf, env={"MAIL_CONFIG": conf})
        until(self._ready)

    def stop(self) -> None:
        if self._program is not None:
            self._program.stop()
            self._program = None

    def _ready(self) -> bool:
        if self._program is None or not self._program.running:
            raise RuntimeError(f"Postfix did not start: {self.log()[-2000:]}")
        try:
            with socket.create_connection((HOST, self.port), 2) as connection:
                connection.settimeout(5)
                return connection.recv(200).startswith(b"220")
        except OSError:
            return False

    def log(self) -> str:
        path = self.root / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def config(self, user: User | None = None, **changes: Any) -> SmtpConfig:
        """The [smtp] section: STARTTLS and the user's password on the submission port; without a user, no AUTH."""
        keys: dict[str, Any] = {
            "host": HOST,
            "port": self.submission_port if user else self.port,
            "security": "starttls",
            "ca_file": self._authority.ca_file,
        }
        if user:
            keys |= {"username": user.address, "credential": Credential(password_file=user.password_file)}
        return SmtpConfig(**{**keys, **changes})

    def deliver(self, recipient: str, *raws: bytes, sender: str = "sender@elsewhere.example") -> None:
        """Hand messages over by SMTP, as the outside world does."""
        with smtplib.SMTP(HOST, self.port) as client:
            for raw in raws:
                client.sendmail(sender, [recipient], raw)

    def queued(self) -> int:
        """How many messages wait in its queue."""
        result = subprocess.run(
            ["postqueue", "-c", str(self._conf), "-j"], capture_output=True, text=True, check=True, timeout=30
        )
        return len(result.stdout.splitlines())


# --------------------------------------------------------------------------- aiosmtpd

CUT = "cut"
"""In place of an answer: the connection is closed without one."""


@dataclass(frozen=True, slots=True)
class Received:
    """One message as the sink took it: its envelope and its bytes."""

    mail_from: str
    recipients: tuple[str, ...]
    raw: bytes
    options: tuple[str, ...] = ()
    """Parameters of MAIL FROM, such as SMTPUTF8."""
    username: str = ""
    tls: bool = False


@dataclass(slots=True)
class _Fault:
    stage: str
    answer: str
    matching: str
    times: int


class SmtpSink:
    """An SMTP server (aiosmtpd, in a thread) that keeps what it gets, and fails as it is told.

    `security` and `users` (name -> password) say what it offers: plain without AUTH by default.
    """

    def __init__(
        self,
        authority: Authority | None = None,
        security: Security = "none",
        users: dict[str, str] | None = None,
        *,
        smtputf8: bool = True,
        context: ssl.SSLContext | None = None,
        port: int = 0,
        largest: int = 33_554_432,
        pipelining: bool = True,
    ) -> None:
        self.port = port or free_port()
        self.largest = largest
        """Bytes that a message may have (RFC 1870)."""
        self.pipelining = pipelining
        self.slowness = 0.0
        """Seconds that it takes over each letter, as a relay that delivers before it answers."""
        self._authority = authority
        self._security: Security = security
        self._users = users or {}
        self._smtputf8 = smtputf8
        self._context = context or (authority.server_context() if authority and security != "none" else None)
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self._faults: list[_Fault] = []
        self._live: set[_SinkSession] = set()
        self.connections = 0
        self.faults = 0
        """How many commands were answered as `fail` says."""
        self._controller: Controller | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._controller = _SinkController(self, self._context, self._security, authenticates=bool(self._users))
        self._controller.start()
        # aiosmtpd has connected to itself, to see whether it runs.
        self.connections -= 1

    def stop(self) -> None:
        """Stop listening, and drop every connection."""
        if self._controller is not None:
            self.drop()
            self._controller.stop()
            self._controller = None

    def config(self, username: str = "", credential: Credential | None = None, **changes: Any) -> SmtpConfig:
        """The [smtp] section with which the bot sends to this sink."""
        keys: dict[str, Any] = {
            "host": HOST,
            "port": self.port,
            "security": self._security,
            "username": username,
            "credential": credential or Credential(),
            "ca_file": self._authority.ca_file if self._authority else None,
        }
        return SmtpConfig(**{**keys, **changes})

    @property
    def received(self) -> list[Received]:
        with self._lock:
            return list(self._received)

    def reset(self) -> None:
        """Forget what came, and every fault."""
        with self._lock:
            self._received.clear()
            self._faults.clear()
            self.connections = self.faults = 0
            self.slowness = 0.0

    def mend(self) -> None:
        """Forget every fault, and keep what came."""
        with self._lock:
            self._faults.clear()

    def fail(self, stage: str, answer: str, matching: str = "", times: int = 1_000_000) -> None:
        """Answer so (as "451 4.3.0 later"; CUT: close the connection) at a stage, for the next `times` times.

        Stages: CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA (the command), END (its final dot), RSET, QUIT.
        `matching`: only where the command's argument (at END: the message) contains these words. A message cut at END
        counts as received.
        """
        with self._lock:
            self._faults.append(_Fault(stage, answer, matching, times))

    def drop(self) -> None:
        """Close every open connection, as a server does with idle ones."""
        controller = self._controller
        if controller is None:
            return
        done = threading.Event()

        def close() -> None:
            for session in list(self._live):
                session.cut()
            controller.loop.call_soon(done.set)

        controller.loop.call_soon_threadsafe(close)
        done.wait(5)

    def fault(self, stage: str, argument: str) -> str:
        """What to answer here instead of the usual, or ""; used by the server itself."""
        with self._lock:
            for fault in self._faults:
                if fault.stage == stage and fault.times > 0 and fault.matching in argument:
                    fault.times -= 1
                    self.faults += 1
                    return fault.answer
        return ""

    def keep(self, received: Received) -> None:
        with self._lock:
            self._received.append(received)

    def opened(self, session: _SinkSession) -> None:
        if session in self._live:
            return  # it has only begun TLS
        self._live.add(session)
        with self._lock:
            self.connections += 1

    def closed(self, session: _SinkSession) -> None:
        self._live.discard(session)

    def authenticate(self, _server: object, _session: object, _envelope: object, mechanism: str, data: Any) -> Any:
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        name, password = data.login.decode(), data.password.decode()
        return AuthResult(success=self._users.get(name) == password, handled=False, auth_data=name)

    @property
    def smtputf8(self) -> bool:
        return self._smtputf8


class _SinkSession(SMTP):
    def __init__(self, sink: SmtpSink, *args: Any, **kwargs: Any) -> None:
        self._sink = sink
        super().__init__(*args, **kwargs)

    async def _failed(self, stage: str, argument: str | None) -> bool:
        if self.transport is not None and self.transport.is_closing():
            return True  # what was written ahead comes too late
        answer = self._sink.fault(stage, argument or "")
        if answer == CUT:
            self.cut()
            return True
        if answer:
            await self.push(answer)
            if answer.startswith("421") and self.transport is not None:
                self.transport.close()
            return True
        return False

    @property
    def encrypted(self) -> bool:
        return self.transport is not None and self.transport.get_extra_info("sslcontext") is not None

    def cut(self) -> None:
        transport: Any = self.transport
        if transport is not None:
            transport.abort()

    def connection_made(self, transport: Any) -> None:
        self._sink.opened(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._sink.closed(self)
        super().connection_lost(error)

    async def _handle_client(self) -> None:
        if not await self._failed("CONNECT", ""):
            await super()._handle_client()

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self._failed("EHLO", hostname):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if not await self._failed("STARTTLS", arg):
            await super().smtp_STARTTLS(arg)

    async def smtp_RSET(self, arg: str) -> None:
        if not await self._failed("RSET", arg):
            await super().smtp_RSET(arg)

    async def smtp_QUIT(self, arg: str) -> None:
        if not await self._failed("QUIT", arg):
            await super().smtp_QUIT(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        if not await self._failed("AUTH", arg):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        if not await self._failed("MAIL", arg):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        if not await self._failed("RCPT", arg):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if not await self._failed("DATA", arg):
            await super().smtp_DATA(arg)


class _SinkHandler:
    def __init__(self, sink: SmtpSink) -> None:
        self._sink = sink

    async def handle_EHLO(
        self, server: _SinkSession, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        # It reads line by line from a buffer, and so has always done what RFC 2920 asks of a server.
        return [*responses[:-1], "250-PIPELINING", responses[-1]] if self._sink.pipelining else responses

    async def handle_DATA(self, server: _SinkSession, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self._sink.slowness)
        answer = self._sink.fault("END", envelope.original_content.decode("utf-8", "replace"))
        if answer and answer != CUT:
            return answer
        self._sink.keep(
            Received(
                mail_from=envelope.mail_from.removeprefix("<>"),
                recipients=tuple(envelope.rcpt_tos),
                raw=envelope.original_content,
                options=tuple(envelope.mail_options),
                username=session.auth_data or "",
                tls=server.encrypted,
            )
        )
        if answer == CUT:
            server.cut()
        return "250 2.0.0 kept"


class _SinkController(Controller):
    def __init__(
        self, sink: SmtpSink, context: ssl.SSLContext | None, security: Security, *, authenticates: bool
    ) -> None:
        self._sink = sink
        super().__init__(
            _SinkHandler(sink),
            hostname=HOST,
            port=sink.port,
            ssl_context=context if security == "tls" else None,
            tls_context=context if security == "starttls" else None,
            enable_SMTPUTF8=sink.smtputf8,
            data_size_limit=sink.largest,
            authenticator=sink.authenticate if authenticates else None,
            auth_require_tls=security == "starttls",
        )

    def factory(self) -> SMTP:
        return _SinkSession(self._sink, self.handler, **self.SMTP_kwargs)


# --------------------------------------------------------------------------- pymap


class Pymap:
    """pymap's IMAP server with mailboxes in memory, in a thread. Not for IDLE, faults or speed."""

    def __init__(self) -> None:
        self._folder = Folder()
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._numbers = itertools.count(1)
        self._loop = asyncio.new_event_loop()
        self._backend: Any = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pymap", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(_START):
            raise RuntimeError("pymap did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)
        self._folder.remove()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        from proxyprotocol.reader import ProxyProtocolReader
        from proxyprotocol.version import ProxyProtocolVersion
        from pymap.backend.dict import DictBackend
        from pymap.imap import IMAPServer
        from pysasl.hashing import BuiltinHash

        self._stop = asyncio.Event()
        settings = Namespace(
            host=HOST,
            port=self.port,
            debug=False,
            cert=None,
            key=None,
            tls=False,
            proxy_protocol=None,
            passlib_cfg=None,
            demo_data=False,
            demo_user="nobody",
            demo_password="nothing",
        )
        # One round: the half million of the default cost 0.15 s a login.
        self._backend, config = await DictBackend.init(settings, hash_context=BuiltinHash(rounds=1))
        config.apply_context()
        reader = ProxyProtocolReader(ProxyProtocolVersion.get(None))
        callback = reader.get_callback(IMAPServer(self._backend.login, config))
        async with await asyncio.start_server(callback, sock=self._listener):
            self._ready.set()
            await self._stop.wait()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    def _call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_START)

    def new_user(self, name: str = "rsvp") -> User:
        address = f"{name}{next(self._numbers)}@{DOMAIN}"
        password = f"secret of {address}"
        self._call(self._add(address, password))
        password_file = self._folder.path / address
        password_file.write_text(password + "\n")
        password_file.chmod(0o600)
        return User(address, password, password_file)

    async def _add(self, address: str, password: str) -> None:
        from pymap.user import Passwords, UserMetadata

        config = self._backend.config
        hashed = await Passwords(config).hash_password(password)
        self._backend.login.users_dict[address] = UserMetadata(config, address, password=hashed)

    def config(self, user: User, **changes: Any) -> MailboxConfig:
        keys: dict[str, Any] = {
            "address": user.address,
            "host": HOST,
            "port": self.port,
            "security": "none",
            "username": user.address,
            "credential": Credential(password_file=user.password_file),
            "authserv_id": f"mx.{DOMAIN}",
        }
        return MailboxConfig(**{**keys, **changes})

    def deliver(self, user: User, *raws: bytes) -> None:
        """Put messages into the user's INBOX."""
        self._call(self._append(user, raws))

    async def _append(self, user: User, raws: Sequence[bytes]) -> None:
        from pymap.backend.dict import Identity
        from pymap.parsing.message import AppendMessage

        identity = Identity(user.address, self._backend.login, None, frozenset())
        async with identity.new_session() as session:
            now = datetime.now(UTC)
            await session.append_messages("INBOX", [AppendMessage(raw, now) for raw in raws])

    @contextlib.contextmanager
    def client(self, user: User) -> Iterator[IMAPClient]:
        with IMAPClient(HOST, self.port, ssl=False, timeout=30) as client:
            client.login(user.address, user.password)
            yield client

    def messages(self, user: User, folder: str = "INBOX") -> list[bytes]:
        """The raw messages of a folder in order of UID; none where there is no such folder."""
        with self.client(user) as client:
            if not client.folder_exists(folder):
                return []
            client.select_folder(folder, readonly=True)
            found = client.fetch(client.search(), ["BODY.PEEK[]"]) if client.search() else {}
            return [data[b"BODY[]"] for _, data in sorted(found.items())]


# --------------------------------------------------------------------------- in between

Filter = Callable[[bytes], bytes | None]
"""Takes what passes (a whole line or more, CRLF included) and returns what goes on; None: cut both connections."""


def without(*capabilities: str) -> Filter:
    """A filter for a server's lines: takes these words out of CAPABILITY (RFC 9051) and EHLO (RFC 5321) lines."""
    words = "|".join(map(re.escape, capabilities))
    imap = re.compile(rb" (?:%s)(?=[ \]\r])" % words.encode(), re.IGNORECASE)
    smtp = re.compile(rb"^250-(?:%s)\b.*\r\n" % words.encode(), re.IGNORECASE | re.MULTILINE)

    def strip(data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        lines = [imap.sub(b"", line) if b"CAPABILITY " in line else line for line in lines]
        return smtp.sub(b"", b"".join(lines))

    return strip


def refusing(verb: bytes, *numbers: int) -> Filter:
    """What a client says passes, but this IMAP command becomes one that no server knows, wherever a message of one of
    these UIDs is named (none given: always)."""

    def look(data: bytes) -> bytes:
        words = data.split()
        if verb not in words or len(words) < 4:
            return data
        named = set(words[3].split(b","))
        return data.replace(verb, b"X" + verb) if not numbers or named & {b"%d" % n for n in numbers} else data

    return look


def _pass(data: bytes) -> bytes | None:
    return data


class Proxy:
    """Stands before a server; `from_server` and `from_client` see and change what passes until it is TLS.

    As long as `instead` is set, it gets each new connection in the place of the server, as the `talk` of Scripted.
    """

    def __init__(self, target: int, from_server: Filter = _pass, from_client: Filter = _pass) -> None:
        self.target = target
        self.from_server, self.from_client = from_server, from_client
        self.instead: Callable[[socket.socket], None] | None = None
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self.connections = 0
        self._through = threading.Event()
        self._through.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._through.set()
        self.cut()

    def cut(self) -> None:
        """Close every connection that passes through now."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            self._close(*pair)

    def hold(self) -> None:
        """Let nothing pass any more, as a network that drops every packet; `release` ends it."""
        self._through.clear()

    def release(self) -> None:
        self._through.set()

    @staticmethod
    def _close(*ends: socket.socket) -> None:
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self.instead is not None:
                threading.Thread(target=self._stand_in, args=(self.instead, client), name="proxy", daemon=True).start()
                continue
            try:
                server = socket.create_connection((HOST, self.target), 10)
            except OSError:
                self._close(client)
                continue
            server.settimeout(None)
            self._pairs.append((client, server))
            for source, sink, side in ((client, server, "from_client"), (server, client, "from_server")):
                threading.Thread(target=self._pump, args=(source, sink, side), name="proxy", daemon=True).start()

    def _stand_in(self, talk: Callable[[socket.socket], None], client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            talk(client)
        self._close(client)

    def _pump(self, source: socket.socket, sink: socket.socket, side: str) -> None:
        encrypted = False
        try:
            while data := source.recv(65536):
                encrypted = encrypted or data[:2] == b"\x16\x03"
                while not (encrypted or data.endswith(b"\n") or len(data) > 1_000_000):
                    more = source.recv(65536)
                    if not more:
                        break
                    data += more
                self._through.wait()
                chosen: Filter = getattr(self, side)
                passed = data if encrypted else chosen(data)
                if passed is None:
                    break
                sink.sendall(passed)
        except OSError:
            pass
        finally:
            self._close(source, sink)


class Scripted:
    """A TCP server that does with each connection what `talk` does: for what no real server can be made to do.

    `talk` gets the connection (over TLS where there is a `context`) and may return at any time, which closes it.
    """

    def __init__(self, talk: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> None:
        self._talk = talk
        self._context = context
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="scripted", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), name="scripted", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        self._open.add(connection)
        with contextlib.suppress(OSError):
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._open.add(connection)
            self._talk(connection)
        self._open.discard(connection)
        connection.close()
