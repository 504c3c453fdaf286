"""The mailbox over IMAP (RFC 9051, RFC 3501): one fresh connection for each poll, and a second one as a doorbell.

Whatever goes wrong becomes a MailboxError that says where, what and what would be right. It never holds a password, an
address or a server's own words, which may hold both: of those only the bracketed response code (RFC 5530) is told.
"""

from __future__ import annotations

import contextlib
import logging
import re
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import (
    CapabilityError,
    IMAPClientAbortError,
    IMAPClientError,
    IMAPClientReadOnlyError,
    LoginError,
)

from rsvpbot.config import CREDENTIAL_NAMES, MailboxConfig
from rsvpbot.mail import credentials
from rsvpbot.mail.tls import client_context
from rsvpbot.model import Folder
from rsvpbot.schema import loopback

log = logging.getLogger(__name__)

TIMEOUT: Final = SocketTimeout(connect=15, read=60)
"""Seconds; without them imaplib waits for ever."""
_FAREWELL: Final = 5.0
"""Seconds that a server may take over LOGOUT, and over DONE: nothing hangs on either."""
FETCH_BATCH: Final = 50
FETCH_BYTES: Final = 20_000_000
"""What one batch may hold at most, so that a batch of large mails does not fill the memory."""
LIST_BATCH: Final = 1_000
MOVE_BATCH: Final = 500
PATIENCE: Final = 10
"""Messages that a server may refuse to move, one after the other and before any other, until it is believed to mean
all of them."""
HEADER_BYTES: Final = 262_144
"""How much of a header is fetched of a message that is too large to be fetched whole."""
_SENT_NAMES: Final = ("Sent", "Sent Items", "Sent Messages", "Sent Mail")
_DRAFT_NAMES: Final = ("Drafts", "Draft")
_PASSING: Final = frozenset({"UNAVAILABLE", "INUSE", "LIMIT"})
"""Response codes (RFC 5530) that say: the server's trouble, not ours."""
_WRONG: Final = (
    *(IMAPClientError, OSError, EOFError),
    # What imaplib and imapclient make of an answer that is none.
    *(ValueError, LookupError, TypeError, AttributeError, OverflowError, MemoryError),
)
_CODE: Final = re.compile(r"\[([A-Z][A-Z-]{1,30})[ \]]")

# At DEBUG these loggers would write mail and passwords into the log.
for _name in ("imapclient", "imapclient.imaplib"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class MailboxError(Exception):
    """The mailbox cannot be used: where, what is wrong, and what would be right; no secret, no address."""


class MailboxOutOfReach(MailboxError):
    """No connection, a lost one, or a server that is not well: later it may be better."""


class LoginRefused(MailboxError):
    """The server, or our own settings, will not let us in."""


class MailboxFault(MailboxError):
    """The server refused a command, or answered it wrongly."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A message in INBOX."""

    uid: int
    size: int
    """Bytes, as the server counts them (RFC822.SIZE)."""
    arrived: datetime
    """INTERNALDATE, in UTC."""


class Connection:
    """One connection, from login to logout; a context manager. Not for two threads at once.

    After a MailboxOutOfReach it is dead: open a new one. After a MailboxFault (a full mailbox, say) it may be used on.
    """

    def __init__(self, config: MailboxConfig, timeout: SocketTimeout = TIMEOUT) -> None:
        self._config = config
        self._timeout = timeout
        self._at = f"{config.host}:{config.port}"
        self._client: IMAPClient = None  # set by __enter__; using a connection before is a mistake of the caller
        self._lost = False
        self._selected = ""
        self._sizes: dict[int, int] = {}
        self._folders: dict[Folder, str] = {}
        self._names: _Names | None = None
        self._appended: set[tuple[str, str]] = set()
        self.uidvalidity: int = 0
        self.capabilities: frozenset[str] = frozenset()

    def __enter__(self) -> Self:
        """Connect, log in and select INBOX. Raises MailboxError."""
        self._client = connect(self._config, self._timeout)
        try:
            with self._guarded("reading its capabilities"):
                self.capabilities = frozenset(word.decode("ascii") for word in self._client.capabilities())
            self._select_inbox()
        except BaseException:
            _hang_up(self._client, lost=True)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _hang_up(self._client, lost=self._lost)

    # -------------------------------------------------------------- INBOX

    def listing(self) -> list[Listed]:
        r"""Every message in INBOX in order of UID. What vanishes while we look is left out.

        On a server with neither MOVE nor UIDPLUS a message that was filed stays in INBOX, flagged \Deleted, as nothing
        removes it without removing others' mail. Only there are messages with that flag left out.
        """
        criteria = "ALL" if self._can_remove else "UNDELETED"
        self._select_inbox()
        with self._guarded("listing INBOX"):
            # A server may tell of new mail only when asked (RFC 9051, section 7).
            self._client.noop()
            uids = sorted(set(self._client.search([criteria])))
        found: list[Listed] = []
        for batch in _batches(uids, LIST_BATCH):
            with self._guarded("listing INBOX"):
                answers = self._client.fetch(batch, ["RFC822.SIZE", "INTERNALDATE"])
            found += [_listed(uid, answers[uid]) for uid in batch if b"RFC822.SIZE" in answers.get(uid, {})]
        self._sizes = {item.uid: item.size for item in found}
        return found

    def senders(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The From field of these messages of INBOX as it stands there, by UID; what has vanished is left out, and so
        is the whole batch of one that the server cannot read."""
        found: dict[int, bytes] = {}
        for batch in _batches(uids, LIST_BATCH):
            try:
                with self._guarded("listing INBOX"):
                    answers = self._client.fetch(batch, ["BODY.PEEK[HEADER.FIELDS (FROM)]"])
            except MailboxFault:
                log.warning("the server does not tell who wrote one of %d messages", len(batch))
                continue
            for uid, answer in answers.items():
                found[uid] = next((bytes(v or b"") for key, v in answer.items() if key.startswith(b"BODY[")), b"")
        return found

    def fetch(self, uids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        r"""The raw bytes of these messages of INBOX, in the order given; \Seen stays as it is.

        What has vanished is left out, and so is what the server itself cannot read: that stays in INBOX.
        """
        for batch in self._by_size(uids):
            yield from self._fetch_batch(batch)

    def fetch_header(self, uid: int) -> bytes | None:
        """The header of one message (at most 256 KiB of it); None where it has vanished, and where the server itself
        cannot read it."""
        self._select_inbox()
        try:
            with self._guarded("fetching a header"):
                answer = self._client.fetch([uid], [f"BODY.PEEK[HEADER]<0.{HEADER_BYTES}>"]).get(uid, {})
        except MailboxFault:
            _tell_withheld(uid)
            return None
        return next((bytes(value or b"") for key, value in answer.items() if key.startswith(b"BODY[HEADER]")), None)

    def file(self, uids: Sequence[int], folder: Folder, maybe_there: bool = False) -> frozenset[int]:
        r"""Move messages of INBOX into one of our folders; those that have vanished do not matter. Returns those that
        the server refuses to move while it moves others. Raises MailboxFault where it moves none.

        MOVE (RFC 6851) where there is such a command; else COPY, \Deleted, and UID EXPUNGE (RFC 4315) of just these.
        `maybe_there`: an earlier connection may have broken between COPY and EXPUNGE. Then what lies in the folder
        already is not copied again; of a message without a Message-ID there will be a second copy: none is ever lost.
        """
        if not self._folders:
            self.prepare_folders()
        self._select_inbox()
        refused: dict[int, MailboxFault] = {}
        for batch in _batches(sorted(uids), MOVE_BATCH):
            refused |= self._file_batch(batch, folder, maybe_there)
        return _unless_all(uids, refused)

    def _file_batch(self, uids: Sequence[int], folder: Folder, maybe_there: bool) -> dict[int, MailboxFault]:
        """Returns those that were refused."""
        refused: dict[int, MailboxFault] = {}
        there: set[int] = set()
        if maybe_there and "MOVE" not in self.capabilities:
            refused = _one_by_one(uids, lambda some: there.update(self._copied(some, folder)))
            self._select_inbox()
            refused |= _one_by_one(sorted(there), self._remove)
        left = [uid for uid in uids if uid not in there and uid not in refused]
        return refused | (self._transfer(left, folder) if left else {})

    def _copied(self, uids: Sequence[int], folder: Folder) -> frozenset[int]:
        """Which of these messages of INBOX lie in the folder, too: with the same Message-ID and of the same size."""
        name = self._folders[folder]
        self._select_inbox()
        with self._guarded("looking for what was filed"):
            here = self._client.fetch(uids, ["RFC822.SIZE", "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"])
            self._selected = ""
            self._client.select_folder(name, readonly=True)
            found = set()
            for uid, answer in here.items():
                message_id = _message_id(answer)
                words = ["UNDELETED", "HEADER", "Message-ID", message_id]
                others = self._client.search(words) if message_id else []
                sizes = self._client.fetch(others, ["RFC822.SIZE"]).values() if others else ()
                if any(other.get(b"RFC822.SIZE") == answer.get(b"RFC822.SIZE") for other in sizes):
                    found.add(uid)
        self._select_inbox()
        return frozenset(found)

    def _transfer(self, uids: Sequence[int], folder: Folder) -> dict[int, MailboxFault]:
        """Returns those that were refused."""
        refused: dict[int, MailboxFault] = {}
        try:
            self._move(uids, self._folders[folder])
        except MailboxFault:
            # Somebody may have removed the folder since, and some servers refuse where nothing is left to move.
            with self._guarded("filing"):
                uids = self._client.search(["UID", ",".join(map(str, uids))])
            if not uids:
                return refused
            self.prepare_folders()
            refused = _one_by_one(uids, lambda some: self._move(some, self._folders[folder]))
        if "MOVE" not in self.capabilities:
            refused |= _one_by_one([uid for uid in uids if uid not in refused], self._remove)
        return refused

    def _move(self, uids: Sequence[int], name: str) -> None:
        with self._guarded("filing"):
            transfer = self._client.move if "MOVE" in self.capabilities else self._client.copy
            transfer(uids, name)

    def _remove(self, uids: Sequence[int]) -> None:
        with self._guarded("filing"):
            self._client.add_flags(uids, [b"\\Deleted"], silent=True)
            if "UIDPLUS" in self.capabilities:
                # Never a plain EXPUNGE: it would remove whatever else is flagged, by whomever.
                self._client.uid_expunge(uids)

    @property
    def _can_remove(self) -> bool:
        return not self.capabilities.isdisjoint({"MOVE", "UIDPLUS"})

    def _select_inbox(self) -> None:
        if self._selected == "INBOX":
            return
        with self._guarded("opening INBOX"):
            answer = self._client.select_folder("INBOX")
        validity = int(answer.get(b"UIDVALIDITY", 0))
        if not validity:
            raise MailboxFault(f"{self._at}: its INBOX has no UIDVALIDITY, so that messages cannot be told apart")
        if "MOVE" not in self.capabilities and b"\\Deleted" not in answer.get(b"PERMANENTFLAGS", (b"\\Deleted",)):
            # Otherwise every poll would copy the same messages anew.
            raise MailboxFault(f"{self._at}: this user may not remove messages from INBOX; give it that right")
        if self.uidvalidity not in (0, validity):
            self._lost = True
            raise MailboxOutOfReach(f"{self._at}: INBOX was rebuilt while we read it; the next connection starts anew")
        self.uidvalidity, self._selected = validity, "INBOX"

    def _by_size(self, uids: Sequence[int]) -> Iterator[list[int]]:
        """Batches of at most FETCH_BATCH messages and, as far as `listing` knows their sizes, FETCH_BYTES bytes."""
        batch: list[int] = []
        room = FETCH_BYTES
        for uid in uids:
            size = self._sizes.get(uid, 0)
            if batch and (len(batch) == FETCH_BATCH or size > room):
                yield batch
                batch, room = [], FETCH_BYTES
            batch.append(uid)
            room -= size
        if batch:
            yield batch

    def _fetch_batch(self, uids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        self._select_inbox()
        try:
            with self._guarded("fetching"):
                answers = self._client.fetch(uids, ["BODY.PEEK[]"])
        except MailboxFault:
            if len(uids) == 1:
                _tell_withheld(uids[0])
                return
            # One message that the server chokes on must not stop the others.
            for uid in uids:
                yield from self._fetch_batch([uid])
            return
        for uid in uids:
            # Whoever has been given it decides how long it is kept.
            raw = answers.pop(uid, {}).get(b"BODY[]")
            if raw is not None:
                yield uid, raw

    # -------------------------------------------------------------- back into INBOX

    def filed(self, folder: Folder) -> Iterator[tuple[int, bytes | None]]:
        """The messages in one of our folders, and their raw bytes, in the order of their UIDs there; None: the server
        cannot hand it out."""
        self._open_filed(folder)
        with self._guarded("listing a folder"):
            uids = sorted(self._client.search(["UNDELETED"]))
        for uid in uids:
            try:
                with self._guarded("fetching"):
                    answer = self._client.fetch([uid], ["BODY.PEEK[]"]).get(uid, {})
            except MailboxFault:
                yield uid, None
                continue
            if b"BODY[]" in answer:
                yield uid, answer[b"BODY[]"]

    def put_back(self, uids: Sequence[int], folder: Folder) -> frozenset[int]:
        """Move messages of one of our folders, by their UIDs there, back into INBOX, where they are new. Returns those
        that the server refuses to move while it moves others. Raises MailboxFault where it moves none."""
        self._open_filed(folder)
        refused: dict[int, MailboxFault] = {}
        for batch in _batches(sorted(uids), MOVE_BATCH):
            refused |= _one_by_one(batch, lambda some: self._move(some, "INBOX"))
            if "MOVE" not in self.capabilities:
                refused |= _one_by_one([uid for uid in batch if uid not in refused], self._remove)
        return _unless_all(uids, refused)

    def _open_filed(self, folder: Folder) -> None:
        if not self._folders:
            self.prepare_folders()
        name = self._folders[folder]
        if self._selected != name:
            with self._guarded("opening a folder"):
                self._selected = ""
                self._client.select_folder(name)
                self._selected = name

    # -------------------------------------------------------------- folders

    def prepare_folders(self) -> None:
        """Find our folders; create and subscribe those that are absent, with the server's own separator and prefix."""
        names = self._names = self._list_folders()
        for folder in Folder:
            name = names.full(f"{self._config.folders}/{folder.value}")
            self._create(name)
            self._folders[folder] = name

    def _list_folders(self) -> _Names:
        with self._guarded("listing folders"):
            prefix, separator = "", ""
            if "NAMESPACE" in self.capabilities:
                personal = self._client.namespace().personal
                if personal:
                    prefix, separator = personal[0][0], personal[0][1] or ""
            folders = self._client.list_folders()
            if not separator:
                separator = next((_text(delimiter) for _, delimiter, _ in folders if delimiter), "")
        flagged = {name: frozenset(map(_text, flags)) for flags, _, name in folders}
        real = {name: flags for name, flags in flagged.items() if flags.isdisjoint({"\\Noselect", "\\NonExistent"})}
        return _Names(prefix, separator, real)

    def _create(self, name: str) -> None:
        if self._names is None or name in self._names.existing:
            return
        with self._guarded("creating a folder"):
            try:
                self._client.create_folder(name)
            except IMAPClientAbortError:
                raise
            except IMAPClientError:
                # Another program may have made it meanwhile, or it was there and LIST did not name it.
                if not self._is_there(name):
                    raise
            try:
                self._client.subscribe_folder(name)
            except IMAPClientAbortError:
                raise
            except IMAPClientError:
                log.info("the server refused to subscribe to a folder that it made; only mail programs need that")
        self._names.existing[name] = frozenset()

    def _is_there(self, name: str) -> bool:
        """Whether there is such a folder, whatever LIST says."""
        try:
            self._client.folder_status(name, ["UIDVALIDITY"])
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            return False
        return True

    def _special(self, configured: str, use: str, usual: Sequence[str]) -> str:
        """A folder by its configured name, else by SPECIAL-USE (RFC 6154), else by a usual name; created if absent."""
        names = self._names = self._names or self._list_folders()
        if configured:
            name = configured if configured in names.existing else names.full(configured)
        else:
            marked = (name for name, flags in names.existing.items() if use in flags)
            known = (name for name in map(names.full, usual) if name in names.existing)
            name = next(marked, "") or next(known, "") or names.full(usual[0])
        self._create(name)
        return name

    # -------------------------------------------------------------- copies and drafts

    def append_sent(self, raw: bytes, message_id: str, maybe_there: bool = True) -> None:
        r"""Put a copy of what was sent into the Sent folder, \Seen.

        Not twice: where it may be there already, because an earlier try had no answer, its Message-ID is looked for.
        Raises MailboxError; a full mailbox is told as [OVERQUOTA].
        """
        name = self._special(self._config.sent, "\\Sent", _SENT_NAMES)
        self._append(name, raw, message_id, "\\Seen", maybe_there)

    def append_draft(self, raw: bytes, message_id: str, maybe_there: bool = True) -> None:
        r"""Put a letter into the Drafts folder, \Draft, for a person to send; not twice, as `append_sent`."""
        name = self._special(self._config.drafts, "\\Drafts", _DRAFT_NAMES)
        self._append(name, raw, message_id, "\\Draft", maybe_there)

    def _append(self, name: str, raw: bytes, message_id: str, flag: str, maybe_there: bool) -> None:
        if (name, message_id) in self._appended or (maybe_there and self._holds(name, message_id)):
            return
        with self._guarded("storing a copy"):
            self._client.append(name, raw, [flag])
        self._appended.add((name, message_id))

    def _holds(self, name: str, message_id: str) -> bool:
        """The folder stays open for the next letter: INBOX is opened again when it is needed."""
        with self._guarded("looking for a copy"):
            if self._selected == name:
                self._client.noop()
            else:
                self._selected = ""
                self._client.select_folder(name, readonly=True)
                self._selected = name
            return bool(self._client.search(["HEADER", "Message-ID", message_id]))

    # -------------------------------------------------------------- looking for somebody

    def mail_of(self, addresses: Sequence[str]) -> dict[str, int]:
        """How many messages in each folder come from or go to one of these addresses, by the folder's name; folders
        without any are left out. Nothing is changed. Raises MailboxError."""
        found: dict[str, int] = {}
        names = self._names = self._names or self._list_folders()
        for name in sorted(names.existing):
            with self._guarded("looking for mail of somebody"):
                self._selected = ""
                self._client.select_folder(name, readonly=True)
                uids: set[int] = set()
                for address in addresses:
                    for header in ("FROM", "TO", "CC"):
                        uids |= set(self._client.search([header, address]))
            if uids:
                found[name] = len(uids)
        return found

    # -------------------------------------------------------------- what goes wrong

    @contextlib.contextmanager
    def _guarded(self, doing: str) -> Iterator[None]:
        try:
            yield
        except MailboxError:
            raise
        except _WRONG as error:
            told = _told(self._at, doing, error)
            self._lost = self._lost or isinstance(told, MailboxOutOfReach)
            raise told from None


@dataclass(frozen=True, slots=True)
class _Names:
    """The folders that there are, and how this server writes the name of one."""

    prefix: str
    separator: str
    existing: dict[str, frozenset[str]]
    """Name -> its flags."""

    def full(self, path: str) -> str:
        """`path` with / between its levels -> the server's name (RFC 2342): INBOX.RSVP.Recorded, for example."""
        name = path.replace("/", self.separator or "-")
        return name if name.startswith(self.prefix) else self.prefix + name


# --------------------------------------------------------------------------- the doorbell


class Doorbell:
    """A connection of its own in IDLE (RFC 2177) that tells when something may have come. Only ever a hint.

    imapclient's `idle_check` takes a dead connection for a quiet one and does not see what imaplib has read already; so
    this waits for the socket itself, looks into that buffer, and lets DONE bring the lines.
    """

    def __init__(self, config: MailboxConfig, slice_seconds: float = 60.0, timeout: SocketTimeout = TIMEOUT) -> None:
        self._config = config
        self._slice = slice_seconds
        self._timeout = timeout
        self._client: IMAPClient | None = None
        self._idles = False
        self._rest = 0.0
        """Seconds to wait before the next connection; doubled by each that breaks before a slice is over."""

    def wait(self, stop: threading.Event) -> bool:
        """Wait until something may have come (True), or the slice is over or `stop` is set (False).

        True as well where the connection broke, and after every new one, as what came before it is not announced: poll
        then. After a breakage the next call rests before it connects (1 s, 2 s … 60 s). On a server without IDLE every
        slice passes quietly. Raises MailboxError where no connection can be had.
        """
        if self._client is None:
            if stop.wait(self._rest):
                return False
            self._rest = max(self._rest, 1.0)
            self._open()
            return True
        if not self._idles:
            stop.wait(self._slice)
            return False
        try:
            rang = self._idle(self._client, stop)
        except _WRONG as error:
            log.info("the doorbell's connection broke (%s)", type(error).__name__)
            self.close()
            self._rest = min(max(2 * self._rest, 1.0), 60.0)
            return True
        self._rest = 0.0
        return rang

    def close(self) -> None:
        """End the connection; `wait` opens a new one."""
        client, self._client = self._client, None
        if client is not None:
            _hang_up(client, lost=True)

    def _open(self) -> None:
        client = connect(self._config, self._timeout)
        try:
            client.select_folder("INBOX", readonly=True)
            self._idles = client.has_capability("IDLE")
            client.socket().settimeout(_FAREWELL)
        except _WRONG as error:
            _hang_up(client, lost=True)
            raise _told(f"{self._config.host}:{self._config.port}", "opening INBOX", error) from None
        if not self._idles:
            log.info("the server has no IDLE: mail is found at the next poll")
        self._client = client

    def _idle(self, client: IMAPClient, stop: threading.Event) -> bool:
        """IDLE until the slice is over; lines that announce no mail ("Still here") only begin it anew."""
        end = time.monotonic() + self._slice
        while not stop.is_set() and time.monotonic() < end:
            try:
                client.idle()
            except IMAPClientAbortError:
                raise
            except IMAPClientError as error:
                if self._refused_idle(error):
                    return False
                raise
            if not _buffered(client):
                _await_readable(client.socket(), end, stop)
            if stop.is_set():
                # The connection is of no use any more, and DONE could wait for a hung server.
                self.close()
                return False
            _, lines = client.idle_done()
            if any(_announces_mail(line) for line in lines):
                return True
            if any(line and line[0] == b"BYE" for line in lines):
                raise IMAPClientAbortError("BYE")
        return False

    def _refused_idle(self, error: IMAPClientError) -> bool:
        """IDLE was answered by a refusal; if not, then by an untagged line before its time: news, so reconnect."""
        if "b'* " in str(error):
            return False
        self._idles = False
        log.info("the server offers IDLE and refuses it: mail is found at the next poll")
        return True


def _await_readable(sock: socket.socket, end: float, stop: threading.Event) -> None:
    """Until there is something to read (an end of file too), the time is over, or `stop` is set."""
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    while not stop.is_set() and (left := end - time.monotonic()) > 0:
        if poller.poll(min(left, 0.5) * 1000):
            return


def _buffered(client: IMAPClient) -> bool:
    """Whether imaplib has read more than it has handed out: lines that came in one packet with `+ idling`.

    The buffer is private: `file` up to Python 3.13, `_readbuf` from 3.14.
    """
    imap = client._imap
    if (unread := getattr(imap, "_readbuf", None)) is not None:
        return bool(unread)
    sock = client.socket()
    timeout = sock.gettimeout()
    sock.settimeout(0)
    try:
        return bool(imap.file.peek(1))
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    finally:
        sock.settimeout(timeout)


def _announces_mail(line: Sequence[Any]) -> bool:
    """EXISTS comes with every new message. RECENT alone only says that another connection, our own poll, has looked."""
    return len(line) > 1 and line[1] == b"EXISTS"


# --------------------------------------------------------------------------- the way in


def connect(config: MailboxConfig, timeout: SocketTimeout = TIMEOUT) -> IMAPClient:
    """A client that is logged in. Raises MailboxError.

    TLS 1.2 or later; STARTTLS fails where the server does not offer it; plain on loopback only. Where the credential
    is a token: XOAUTH2, else OAUTHBEARER (RFC 7628).
    """
    at = f"{config.host}:{config.port}"
    if config.security == "none" and not loopback(config.host):
        raise LoginRefused(f'{at}: security = "none" would send the password in the clear; write "tls" or "starttls"')
    try:
        password = credentials.secret(config.credential, CREDENTIAL_NAMES["mailbox"])
    except credentials.CredentialError as error:
        raise LoginRefused(f"{at}: {error}") from None
    client = _open(config, timeout, at)
    try:
        _log_in(client, config, password, at)
    except BaseException:
        _hang_up(client, lost=True)
        raise
    return client


def _open(config: MailboxConfig, timeout: SocketTimeout, at: str) -> IMAPClient:
    try:
        context = client_context(config.ca_file) if config.security != "none" else None
    except OSError as error:
        reason = "holds no certificate" if isinstance(error, ssl.SSLError) else f"cannot be read ({error.strerror})"
        raise LoginRefused(f"{at}: ca_file {config.ca_file} {reason}; name a PEM file") from None
    try:
        client = IMAPClient(
            config.host, config.port, ssl=config.security == "tls", ssl_context=context, timeout=timeout
        )
    except _WRONG as error:
        raise _told(at, "connecting", error) from None
    # imapclient sets 5, at which every line is formatted for a log that is off: 1.2 to 1.8 times the work.
    client._imap.debug = 0
    # Otherwise INTERNALDATE comes in local time without a zone.
    client.normalise_times = False
    try:
        # Commands go out in two writes, which Nagle's algorithm holds back for 40 ms on some servers.
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if config.security == "starttls":
            if not client.has_capability("STARTTLS"):
                raise LoginRefused(f'{at}: the server offers no STARTTLS; write security = "tls" and its port (993)')
            client.starttls(context)
    except _WRONG as error:
        _hang_up(client, lost=True)
        raise _told(at, "starting TLS", error) from None
    except LoginRefused:
        _hang_up(client, lost=True)
        raise
    return client


def _log_in(client: IMAPClient, config: MailboxConfig, password: str, at: str) -> None:
    user = config.username or config.address
    try:
        offered = {word.decode("ascii", "replace") for word in client.capabilities()}
        if credentials.is_token(config.credential):
            if "AUTH=XOAUTH2" in offered:
                client.oauth2_login(user, password)
            elif "AUTH=OAUTHBEARER" in offered:
                client.oauthbearer_login(user, password)
            else:
                raise LoginRefused(f"{at}: the server takes no access tokens; name password_file instead")
        elif "AUTH=PLAIN" in offered:
            # Unlike LOGIN, it carries any password and any user name (RFC 4616).
            client.plain_login(user, password)
        elif "LOGINDISABLED" in offered:
            raise LoginRefused(f"{at}: the server takes no password here (LOGINDISABLED); an access token may do")
        elif not (password.isascii() and user.isascii()):
            raise LoginRefused(f"{at}: the server takes only ASCII passwords (no AUTH=PLAIN); choose such a password")
        else:
            client.login(user, password)
    except LoginError as error:
        raise _login_error(at, config, error) from None
    except _WRONG as error:
        raise _told(at, "logging in", error) from None


def _login_error(at: str, config: MailboxConfig, error: LoginError) -> MailboxError:
    """imapclient makes a LoginError of everything: of a wrong password and of a connection that was lost meanwhile."""
    cause = error.__context__
    if isinstance(cause, IMAPClientAbortError):
        return _told(at, "logging in", cause)
    code = _code(error)
    if code in _PASSING:
        return MailboxOutOfReach(f"{at}: the server cannot let anybody in just now [{code}]")
    credentials.refused(config.credential)
    said = f" [{code}]" if code else ""
    secret = credentials.to_check(config.credential)
    return LoginRefused(f"{at}: the login was refused{said}; check [mailbox] username and {secret}")


def _hang_up(client: IMAPClient, *, lost: bool) -> None:
    """End a connection, politely unless it is lost; never raises."""
    try:
        if not lost:
            sock = client.socket()
            sock.settimeout(min(_FAREWELL, sock.gettimeout() or _FAREWELL))
            client.logout()
            return
    except _WRONG:
        pass
    with contextlib.suppress(OSError, ValueError):
        client.shutdown()


def _told(at: str, doing: str, error: BaseException) -> MailboxError:
    """An exception of imapclient, imaplib, ssl or the socket, in words for the admin. abort is a subclass of error."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return LoginRefused(
            f"{at}: its certificate is not trusted ({error.verify_message.rstrip('.')}); "
            f"name its authority in ca_file, or write host as the certificate does"
        )
    if isinstance(error, ssl.SSLError) and doing in ("connecting", "starting TLS"):
        return MailboxOutOfReach(
            f'{at}: no TLS there ({error.reason or type(error).__name__}); security = "tls" goes with port 993, '
            f'"starttls" with 143'
        )
    if isinstance(error, socket.gaierror):
        return MailboxOutOfReach(f"{at}: there is no such host, or no name service; check [mailbox] host")
    if isinstance(error, ConnectionRefusedError):
        return MailboxOutOfReach(f"{at}: nothing listens there; check [mailbox] host and port")
    if isinstance(error, TimeoutError):
        return MailboxOutOfReach(f"{at}: no answer in time while {doing}")
    if isinstance(error, IMAPClientReadOnlyError):
        return MailboxFault(f"{at}: INBOX may only be read; this user needs the right to move messages")
    if isinstance(error, (OverflowError, MemoryError)) or "got more than" in str(error):
        # What is still to come would be taken for the next answer.
        return MailboxOutOfReach(f"{at}: the server's answer is too long to be read, while {doing}")
    if isinstance(error, (IMAPClientAbortError, OSError, EOFError)):
        code = _code(error)
        return MailboxOutOfReach(f"{at}: the connection was lost while {doing}" + (f" [{code}]" if code else ""))
    if isinstance(error, CapabilityError):
        return MailboxFault(f"{at}: the server lacks what is needed for {doing}")
    if isinstance(error, IMAPClientError):
        code = _code(error)
        kind = MailboxOutOfReach if code in _PASSING else MailboxFault
        return kind(f"{at}: the server refused {doing}" + (f" [{code}]" if code else ""))
    return MailboxFault(f"{at}: the server's answer cannot be read ({type(error).__name__}) while {doing}")


def _code(error: BaseException) -> str:
    found = _CODE.search(str(error))
    return found[1] if found else ""


def _listed(uid: int, answer: Mapping[bytes, Any]) -> Listed:
    arrived = answer.get(b"INTERNALDATE")
    # A server that cannot say when a message came must not make it look old.
    moment = arrived.astimezone(UTC) if isinstance(arrived, datetime) else datetime.now(UTC)
    return Listed(uid, int(answer[b"RFC822.SIZE"]), moment)


def _one_by_one(uids: Sequence[int], move: Callable[[Sequence[int]], None]) -> dict[int, MailboxFault]:
    """Move these messages at once and, where the server refuses, one after the other, so that one that it chokes on
    does not stop the others. Returns those that it refuses. Where they are the first PATIENCE, all others count, too:
    it is the server, then, and not the messages."""
    if not uids:
        return {}
    try:
        move(uids)
    except MailboxFault as fault:
        if len(uids) == 1:
            return {uids[0]: fault}
    else:
        return {}
    refused: dict[int, MailboxFault] = {}
    for number, uid in enumerate(uids):
        refused |= _one_by_one([uid], move)
        if len(refused) == number + 1 == PATIENCE:
            return refused | dict.fromkeys(uids, refused[uid])
    return refused


def _unless_all(uids: Sequence[int], refused: Mapping[int, MailboxFault]) -> frozenset[int]:
    """Those that were refused. Raises what was said of them where it is all there are."""
    if refused and len(refused) == len(uids):
        raise next(iter(refused.values()))
    return frozenset(refused)


def _tell_withheld(uid: int) -> None:
    log.warning("the server cannot hand out message uid=%d; it stays in INBOX", uid)


def _message_id(answer: Mapping[bytes, Any]) -> str:
    """Of the field, fetched alone; empty where there is none, or none that can be searched for."""
    field = next((bytes(value or b"") for key, value in answer.items() if key.startswith(b"BODY[HEADER")), b"")
    message_id = b"".join(field.partition(b":")[2].split())
    return message_id.decode("ascii") if message_id.isascii() else ""


def _text(word: bytes | str) -> str:
    return word.decode("ascii", "replace") if isinstance(word, bytes) else word


def _batches(items: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
