"""Raw bytes into `Message`, the only thing that the inner rooms know of mail.

`parse` never raises: what is damaged is read as far as it goes, and `Message.defects` names what may have cost text.
mail-parser reads addresses and the date; the structure, bodies, charsets and calendar parts come from the bounded
compat32 tree (`rsvpbot.mail.tree`), because mail-parser's flat lists lose or mix them.
"""

from __future__ import annotations

import email.utils
import hashlib
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import Message as _StdlibMessage
from functools import lru_cache
from typing import Any

import mailparser

from rsvpbot.mail import charsets, tree
from rsvpbot.mail.tree import Part
from rsvpbot.model import Address, Attachment, Body, CalendarPart, Message

logging.getLogger("mailparser").setLevel(logging.ERROR)  # it warns of every calendar part, with header contents

MAX_PARTS = 200
MAX_TEXT = 1_000_000
"""Characters of one body."""
MAX_ENCLOSED_DEPTH = 2
MAX_ADDRESS_FIELDS = 20
MOST_REMEMBERED = 500
"""Characters of an address field that may come again."""
MAX_IDS = 500

_CALENDAR_TYPES = frozenset({"text/calendar", "application/ics", "text/x-vcalendar", "application/calendar"})
_TEXT_ENDINGS = {".txt": "plain", ".text": "plain", ".htm": "html", ".html": "html", ".xhtml": "html"}
_MARKED_UP = frozenset({"html", "xhtml", "xhtml+xml", "enriched", "richtext"})
_NOT_TEXT = frozenset(
    {"rtf", "richtext-rtf", "css", "csv", "vcard", "x-vcard", "directory", "x-amp-html", "watch-html", "rfc822-headers",
     "xml", "javascript", "x-pgp-signature", "x-moz-deleted", "x-patch", "x-diff"}
)  # fmt: skip
_STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status", "message/feedback-report",
                           "message/disposition-notification", "message/global-disposition-notification"})  # fmt: skip
_SAID_BY_EVERY_PREAMBLE = re.compile(
    r"multi-?part message in MIME|OpenPGP/MIME|cryptographically signed|MIME.{0,40}(?:format|capable|compliant)", re.I
)


def parse(raw: bytes) -> Message:
    """Parse one message as a mail server hands it over. Never raises on any bytes."""
    digest = hashlib.sha256(raw).hexdigest()
    try:
        message = _message(tree.build(raw), 0)
    except Exception as error:  # one poisoned mail must cost one mail: it goes to review, unread
        message = replace(_unreadable(raw), defects=(f"could not be parsed ({type(error).__name__})",))
    return replace(message, digest=digest, size=len(raw))


def _unreadable(raw: bytes) -> Message:
    """What can be said of a message whose tree cannot be built: its header fields."""
    header = re.split(rb"\r?\n\r?\n|\r\r", raw[:200_000], maxsplit=1)[0]
    try:
        return replace(_message(tree.build(header + b"\r\n\r\n"), MAX_ENCLOSED_DEPTH), bodies=())
    except Exception:
        return Message("", 0, "", "", (), ())


def _message(root: Part, depth: int) -> Message:
    raw_fields = tree.fields(root)
    hints = charsets.charsets_named(value for _, value in raw_fields)
    values = tuple((name, charsets.field_text(value, hints)) for name, value in raw_fields)
    head = _Head.of(values, hints)
    content = _Content(hints, depth)
    content.walk(root, 0)
    content.last_resort(root)
    content.defect(root.cut, tree.CUT)
    return Message(
        digest="",
        size=0,
        message_id=_first(_ids(head.get("message-id"), loose=True)),
        subject=charsets.one_line(charsets.decode_words(head.get("subject"), hints)),
        senders=head.senders,
        recipients=head.recipients,
        # Python's own email package, and what is built on it, folds a long Message-ID into encoded words.
        in_reply_to=_ids(charsets.decode_words(head.get("in-reply-to"), hints)),
        references=_ids(charsets.decode_words(head.get("references"), hints)),
        return_path=_return_path(head),
        date=head.date,
        received=_time_of(head.get("received").rpartition(";")[2]),
        fields=tuple((name, charsets.one_line(_decoded(name, value, hints))) for name, value in values),
        bodies=content.finished_bodies(),
        calendars=tuple(content.calendars),
        attachments=tuple(content.attachments),
        enclosed=tuple(content.enclosed),
        content_type=root.get_content_type(),
        report=content.report,
        encrypted=content.encrypted,
        defects=tuple(content.defects),
    )


_OF_SERVERS = frozenset({"authentication-results", "received"})
"""Structured fields, in which an encoded word is none (RFC 2047, section 5): what a sender hides in one, as part of an
address, our server has written down as it stood."""


def _decoded(name: str, value: str, hints: Sequence[str]) -> str:
    return value if name in _OF_SERVERS else charsets.decode_words(value, hints)


def _first(values: Sequence[str]) -> str:
    return values[0] if values else ""


# --------------------------------------------------------------------------- header fields


@dataclass(frozen=True, slots=True)
class _Head:
    """The header's own values: unfolded, encoded words still encoded."""

    values: Mapping[str, tuple[str, ...]]
    senders: tuple[Address, ...]
    recipients: tuple[Address, ...]
    date: datetime | None

    def get(self, name: str) -> str:
        return _first(self.values.get(name, ()))

    @classmethod
    def of(cls, fields: Sequence[tuple[str, str]], hints: Sequence[str]) -> _Head:
        values: dict[str, tuple[str, ...]] = {}
        for name, value in fields:
            known = values.get(name, ())
            if len(known) < MAX_ADDRESS_FIELDS:
                values[name] = (*known, value)
        return cls(
            values,
            senders=_addresses(values.get("from", ()), hints),
            recipients=_addresses((*values.get("to", ()), *values.get("cc", ())), hints),
            date=_time_of(_first(values.get("date", ()))),
        )


_MASK = re.compile("\ue000(\\d{1,5})\ue001")
"""Stands for an encoded word while mail-parser splits a field: it raises on some, splits at the commas and colons in
others, and knows fewer charsets than we do. The two characters are private and are taken out of the field first."""


_ATOM = r"[^\s\x00-\x1f\x7f()<>\[\]:;@\\,\"]+"
_ADDR_SPEC = re.compile(rf"(?!.*=\?){_ATOM}@{_ATOM}")
"""An addr-spec as mail really has it: a dot-atom (RFC 5322, section 3.4.1; RFC 6532). An encoded word in it is no
address (RFC 2047, section 5), and a program that decodes it later would find header fields there."""


def _addresses(values: Sequence[str], hints: Sequence[str]) -> tuple[Address, ...]:
    found: list[Address] = []
    for value in values:
        # A field without end, each time another, must not fill the memory.
        pairs = _mailboxes(value) if len(value) <= MOST_REMEMBERED else _mailboxes.__wrapped__(value)
        if len(pairs) == 1:
            pairs = ((_whole_name(value, *pairs[0]), pairs[0][1]),)
        read = [(_spoken(name, hints), charsets.one_line(mailbox).lower()) for name, mailbox in pairs]
        found += [Address(name, mailbox) for name, mailbox in read if _ADDR_SPEC.fullmatch(mailbox)]
    return tuple(dict.fromkeys(found))


def _spoken(name: str, hints: Sequence[str]) -> str:
    """A display name as a person reads it. What follows an encoded line end is no name but an injected field."""
    lines = re.split(r"[\r\n]+", charsets.decode_words(name, hints).strip())
    return charsets.one_line(lines[0]).strip("\"'").strip()


_USUAL_ADDRESS = r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_USUAL_MAILBOX = re.compile(
    rf"(?:(?P<name>[A-Za-z0-9'-]+(?: [A-Za-z0-9'-]+)*) <(?P<at>{_USUAL_ADDRESS})>|(?P<bare>{_USUAL_ADDRESS}))"
)
"""A mailbox of RFC 5322 section 3.4 without its freedoms: plain words before an address, or the address alone."""


@lru_cache(maxsize=1_000)
def _mailboxes(value: str) -> tuple[tuple[str, str], ...]:
    """Display name (still encoded) and addr-spec of each mailbox in a field, by mail-parser where it takes one;
    remembered, since most mail is to the same address."""
    usual = _USUAL_MAILBOX.fullmatch(value)
    if usual:
        return ((usual["name"] or "", usual["at"] or usual["bare"]),)
    words: list[str] = []

    def mask(match: re.Match[str]) -> str:
        words.append(match.group())
        return f"\ue000{len(words) - 1}\ue001"

    head = _StdlibMessage()
    head["From"] = charsets.ENCODED_WORD.sub(mask, re.sub("[\ue000\ue001]", "", value))
    try:
        pairs: list[tuple[str, str]] = mailparser.MailParser(head).from_
    except Exception:  # whatever it trips over, the standard library may still read
        pairs = email.utils.getaddresses([str(head["From"])])
    return tuple(
        (_MASK.sub(lambda m: words[int(m.group(1))], str(name)), _MASK.sub(lambda m: words[int(m.group(1))], str(box)))
        for name, box in pairs or ()
        if "@" in str(box)
    )


def _whole_name(value: str, name: str, mailbox: str) -> str:
    """`Doe, Jane <jane@…>`: the unquoted comma cut the name in two; a list of one address has no comma of its own."""
    before, angle, _ = value.partition("<")
    lost = angle and "," in before and '"' not in before and "@" not in before and mailbox in value
    return before.strip() if lost else name


def _forgivingly(text: str) -> Any:
    """A date-time as mail-parser reads it."""
    head = _StdlibMessage()
    head["Date"] = text
    return mailparser.MailParser(head).date


_USUAL_TIME = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?[0-3]?\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
    r"(?:19[7-9]|20\d)\d [0-2]\d:[0-5]\d:[0-5]\d [+-][01]\d[0-5]\d"
)
"""The date-time of RFC 5322 section 3.3 without its freedoms."""


def _time_of(value: str) -> datetime | None:
    """An RFC 5322 date-time in UTC; None where it cannot be read. Without a zone it counts as UTC."""
    text = re.sub(r"\([^()]{0,100}\)", " ", value[:200]).strip()
    if not text:
        return None
    try:
        # Nearly every mail's needs no parser that forgives.
        read = None if _USUAL_TIME.fullmatch(text) else _forgivingly(text)
        if not isinstance(read, datetime):
            read = email.utils.parsedate_to_datetime(text)
        aware = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except Exception:
        return None
    return aware if 1970 <= aware.year <= 2200 else None


_ID = re.compile(r"<([^<>\s\x00-\x1f\x7f]{1,998})>")


def _ids(value: str, *, loose: bool = False) -> tuple[str, ...]:
    """Message-IDs with their angle brackets. `loose`: a bare one counts too, as some programs write their own."""
    found = tuple(dict.fromkeys(f"<{match}>" for match in _ID.findall(value)))[:MAX_IDS]
    bare = value.strip().strip("<>")
    if not found and loose and bare and not re.search(r"[\s\x00-\x1f\x7f]", bare):
        return (f"<{bare[:998]}>",)
    return found


def _return_path(head: _Head) -> str | None:
    if "return-path" not in head.values:
        return None
    return charsets.one_line(head.get("return-path")).strip("<> ").lower()


# --------------------------------------------------------------------------- structure and bodies


@dataclass(slots=True)
class _Content:
    """What a walk over the tree gathers."""

    hints: tuple[str, ...]
    enclosed_depth: int
    bodies: list[Body] = field(default_factory=list)
    calendars: list[CalendarPart] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    enclosed: list[Message] = field(default_factory=list)
    report: dict[str, str] | None = None
    encrypted: bool = False
    defects: list[str] = field(default_factory=list)
    parts: int = 0
    groups: int = 0

    def defect(self, holds: bool, what: str) -> None:
        if holds and what not in self.defects:
            self.defects.append(what)

    def walk(self, part: Part, alternative: int) -> None:
        self.parts += 1
        if self.parts > MAX_PARTS:
            self.defect(True, f"more than {MAX_PARTS} parts")
            return
        kind = part.get_content_type()
        below = tree.children(part)
        if kind in _STATUS_TYPES:
            self._read_report(kind, part, below)
        elif kind.startswith("message/"):
            self._read_enclosed(part, below)
        elif kind.startswith("multipart/") and below:
            self._walk_parts(kind, part, below, alternative)
        elif kind.startswith("multipart/"):
            self._walk_without_boundary(kind, part, alternative)
        else:
            self._read_leaf(kind, part, alternative)

    def _walk_parts(self, kind: str, part: Part, below: Sequence[Part], alternative: int) -> None:
        if kind == "multipart/encrypted":
            self.encrypted = True
        elif kind == "multipart/alternative" and not alternative:
            self.groups += 1
            alternative = self.groups
        elif kind == "multipart/report":
            self.report = {**(self.report or {}), "report-type": tree.parameter(part, "report-type").lower()}
        elif kind not in {"multipart/alternative", "multipart/related", "multipart/signed"}:
            alternative = 0
        for child in below:
            self.walk(child, alternative)

    def _walk_without_boundary(self, kind: str, part: Part, alternative: int) -> None:
        """The boundary parameter is missing, or never appears: the text itself shows where parts begin."""
        data = tree.payload_bytes(part)
        boundary = _boundary_in(data)
        if not boundary:
            self._add_text("html" if _looks_like_html(data) else "plain", part, data, alternative)
            return
        header = f'Content-Type: {kind}; boundary="{boundary}"\r\n\r\n'.encode("ascii", "replace")
        again = tree.build(header + data)
        again.depth = part.depth
        below = tree.children(again)
        if below and part.depth < tree.MAX_DEPTH:
            self._walk_parts(kind, part, below, alternative)
        else:
            self._add_text("plain", part, data, alternative)

    def _read_leaf(self, kind: str, part: Part, alternative: int) -> None:
        maintype, _, subtype = kind.partition("/")
        filename = _filename(part, self.hints)
        ending = re.search(r"\.[a-z0-9]{1,5}$", filename.lower())
        known = _TEXT_ENDINGS.get(ending.group()) if ending else None
        if kind in _CALENDAR_TYPES or (ending and ending.group() in {".ics", ".vcs"}):
            self._add_calendar(part, filename)
        elif kind in {"application/pkcs7-mime", "application/x-pkcs7-mime"}:
            self._read_pkcs7(part, filename, alternative)
        elif maintype == "text" and subtype not in _NOT_TEXT and not (ending and subtype == "plain" and not known):
            self._add_text(_subtype(subtype), part, tree.payload_bytes(part), alternative, filename)
        elif maintype == "text" and subtype == "plain":
            self._read_named_text(part, filename, alternative)
        elif known and maintype == "application":
            self._add_text(known, part, tree.payload_bytes(part), 0, filename)
        elif ending and ending.group() == ".eml" and self.enclosed_depth < MAX_ENCLOSED_DEPTH:
            self._enclose(tree.build(tree.payload_bytes(part)))
        else:
            self._add_attachment(part, filename)

    def _read_named_text(self, part: Part, filename: str, alternative: int) -> None:
        """text/plain named "note.doc" or "v1.2": an attachment by disposition, else the body that it says it is."""
        if part.get_content_disposition() == "attachment":
            self._add_attachment(part, filename)
        else:
            self._add_text("plain", part, tree.payload_bytes(part), alternative, filename)

    def _add_attachment(self, part: Part, filename: str) -> None:
        payload = getattr(part, "_payload", None)
        size = len(payload) if isinstance(payload, str) else 0
        if str(part.get("content-transfer-encoding", "")).strip().lower() == "base64":
            size = size * 3 // 4
        picture = part.get_content_maintype() == "image" and part.get_content_disposition() != "attachment"
        shown = picture and "content-id" in part
        self.attachments.append(Attachment(part.get_content_type(), filename, size, shown))

    def _add_calendar(self, part: Part, filename: str) -> None:
        data = tree.payload_bytes(part)
        label = tree.parameter(part, "charset")
        name = charsets.codec_name(label)
        if name not in {"", "utf-8", "ascii", "cp1252"}:
            decoded = charsets.decode(data, label, self.hints)
            data = data if decoded.lossy else decoded.text.encode("utf-8")
        self.defect(_broken_transfer(part), "a calendar part is damaged")
        self.calendars.append(CalendarPart(data[:MAX_TEXT], tree.parameter(part, "method").strip().upper(), filename))

    def _add_text(self, subtype: str, part: Part, data: bytes, alternative: int, filename: str = "") -> None:
        if re.match(rb"(?:\xef\xbb\xbf)?\s{0,20}BEGIN:VCALENDAR", data[:64], re.IGNORECASE) and subtype == "plain":
            self._add_calendar(part, filename)
            return
        self.defect(len(data) > 4 * MAX_TEXT, tree.CUT)
        label = tree.parameter(part, "charset")
        hints = (*_charset_in_html(data), *self.hints) if subtype == "html" else self.hints
        decoded = charsets.decode(data[: 4 * MAX_TEXT], label, hints)
        text = _clean(decoded.text)
        self.defect(len(text) > MAX_TEXT, tree.CUT)
        self.defect(decoded.lossy, "some characters could not be decoded")
        self.defect(_broken_transfer(part), "the transfer encoding of a text is damaged")
        text = text[:MAX_TEXT]
        flowed = subtype == "plain" and tree.parameter(part, "format").strip().lower() == "flowed"
        if flowed:
            text = unflow(text, delsp=tree.parameter(part, "delsp").strip().lower() == "yes")
        if subtype == "plain":
            text = self._without_armour(text)
        disposition = part.get_content_disposition()
        self.bodies.append(Body(subtype, text, filename, disposition == "attachment", flowed, alternative))

    def _without_armour(self, text: str) -> str:
        """Inline OpenPGP (RFC 9580, sections 6.2 and 7): signed text leaves its frame, encrypted is noted."""
        if "-----BEGIN PGP " not in text:
            return text
        if re.search(r"^-----BEGIN PGP MESSAGE-----[ \t]*$", text, re.M):
            self.encrypted = True
        signed = re.search(r"^-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Z][A-Za-z-]{1,20}: [^\n]*\n)*\n?", text, re.M)
        if not signed:
            return text
        inner, mark, rest = text[signed.end() :].partition("\n-----BEGIN PGP SIGNATURE-----")
        after = rest.partition("-----END PGP SIGNATURE-----")[2] if mark else ""
        return text[: signed.start()] + re.sub(r"^- (?=-|From )", "", inner, flags=re.M) + after

    def _read_pkcs7(self, part: Part, filename: str, alternative: int) -> None:
        """S/MIME (RFC 8551, section 3.2): encrypted is noted; the content of an opaque signed one is read."""
        inner = signed_content(tree.payload_bytes(part))
        if inner is None:
            self.encrypted = True
            self._add_attachment(part, filename)
        elif part.depth < tree.MAX_DEPTH:
            below = tree.build(inner)
            below.depth = part.depth + 1
            self.walk(below, alternative)

    def _read_report(self, kind: str, part: Part, below: Sequence[Part]) -> None:
        blocks = [dict(reversed([(n, _unfolded(v)) for n, v in tree.fields(block)])) for block in below]
        if not any(blocks):
            lines = tree.build(tree.payload_bytes(part) or b"\n") if not below else below[0]
            blocks = [dict(reversed([(n, _unfolded(v)) for n, v in tree.fields(lines)]))]
        first, recipients = blocks[0] if blocks else {}, [b for b in blocks[1:] if b]
        worst = next((b for b in recipients if b.get("action", "").lower().startswith("failed")), None)
        chosen = worst or (recipients[0] if recipients else {})
        found = {**first, **chosen, "report-part": kind}
        self.report = {**found, **(self.report or {})} if self.report and "report-part" in self.report else {
            **(self.report or {}), **found
        }  # fmt: skip

    def _read_enclosed(self, part: Part, below: Sequence[Part]) -> None:
        if not below or part.get_content_type() not in {"message/rfc822", "message/global", "message/news"}:
            self._add_attachment(part, _filename(part, self.hints))
            return
        inner = below[0]
        encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
        if encoding in {"base64", "quoted-printable"} and not tree.fields(inner):  # against RFC 2046, 5.2.1, but seen
            inner["Content-Transfer-Encoding"] = encoding
            inner = tree.build(tree.payload_bytes(inner))
        self._enclose(inner)

    def _enclose(self, inner: Part) -> None:
        if self.enclosed_depth >= MAX_ENCLOSED_DEPTH or len(self.enclosed) >= 20:
            self.defect(True, "messages enclosed in one another more deeply than is read")
            return
        message = _message(inner, self.enclosed_depth + 1)
        self.parts += len(message.bodies) + len(message.attachments) + 1
        self.enclosed.append(message)

    def last_resort(self, root: Part) -> None:
        """Text outside of all parts, where there is no other."""
        if any(body.text.strip() for body in self.bodies) or self.calendars or self.encrypted:
            return
        for outside in (root.preamble, root.epilogue):
            text = outside if isinstance(outside, str) else ""
            if text.strip() and not _SAID_BY_EVERY_PREAMBLE.search(text[:400]):
                data = text.encode("utf-8", "surrogateescape")
                self._add_text("html" if _looks_like_html(data) else "plain", Part(), data, 0)
                return

    def finished_bodies(self) -> tuple[Body, ...]:
        """A named body is an attachment only where there is a text beside it that is not."""
        others = any(not body.filename and not body.attached and body.text.strip() for body in self.bodies)
        return tuple(replace(b, attached=True) if b.filename and others else b for b in self.bodies)


def _subtype(subtype: str) -> str:
    return "html" if subtype in _MARKED_UP else "plain"


def _unfolded(value: str) -> str:
    return charsets.one_line(charsets.field_text(value))


def _filename(part: Part, hints: Sequence[str]) -> str:
    name = tree.parameter(part, "filename", "content-disposition") or tree.parameter(part, "name")
    spoken = charsets.one_line(charsets.decode_words(charsets.field_text(name, hints), hints))
    return re.split(r"[/\\]", spoken)[-1].strip()[:200]


def _broken_transfer(part: Part) -> bool:
    """Whether base64 was broken in its midst. Missing padding at the end costs nothing."""
    return any(type(defect).__name__ in {"InvalidBase64CharactersDefect", "InvalidBase64LengthDefect"}
               for defect in part.defects)  # fmt: skip


def _looks_like_html(data: bytes) -> bool:
    return re.match(rb"\s{0,200}<(?:!doctype html|html|body|div|p|table)\b", data[:400], re.IGNORECASE) is not None


def _boundary_in(data: bytes) -> str:
    """The line that begins parts: `--x` twice or more, or once and `--x--`; followed by a Content- field."""
    found = re.search(rb"(?:^|\n)--([^\s\"][^\r\n\"]{0,70}?)[ \t]*\r?\nContent-[A-Za-z-]{1,40}:", data[:200_000], re.I)
    return found.group(1).decode("ascii", "replace") if found and found.group(1).isascii() else ""


def _charset_in_html(data: bytes) -> tuple[str, ...]:
    found = re.search(rb"<meta\b[^>]{0,200}charset=[\"']?([A-Za-z0-9_.:-]{1,40})", data[:4_000], re.IGNORECASE)
    return (found.group(1).decode("ascii"),) if found else ()


_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
_ASCII_CONTROL = bytes(code for code in range(128) if _CONTROL.match(chr(code)))


def _clean(text: str) -> str:
    """LF line ends, no NUL or other control characters, no byte order mark."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    if unified.isascii():  # the same, many times as quick
        return unified.encode("ascii").translate(None, _ASCII_CONTROL).decode("ascii")
    return _CONTROL.sub("", unified)


def unflow(text: str, *, delsp: bool) -> str:
    """Join the lines of format=flowed (RFC 3676, section 4.2); quoted ones keep one ">" for each level."""
    out: list[str] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        flows = content.endswith(" ") and content != "-- "
        if open_depth == depth and content != "-- ":
            out[-1] += content
        else:
            out.append((">" * depth + " " if depth else "") + content)
        if flows and delsp:
            out[-1] = out[-1][:-1]
        open_depth = depth if flows else None
    return "\n".join(out)


# --------------------------------------------------------------------------- S/MIME

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_OCTETS, _OCTETS_IN_PIECES = 0x04, 0x24


def signed_content(data: bytes) -> bytes | None:
    """The content of an opaque CMS SignedData (RFC 5652, sections 3 and 5.1), unverified; None of anything else."""
    at = data[:64].find(_SIGNED_DATA)
    if at < 0:
        return None
    try:
        position = at + len(_SIGNED_DATA)
        for expected in (0xA0, 0x30, 0x02, 0x31, 0x30, 0x06, 0xA0):  # [0], SEQUENCE, version, algorithms, content
            tag, start, length = _der(data, position)
            if tag != expected:
                return None
            position = start if tag in {0xA0, 0x30} else start + length
        return _octets(data, position)
    except (IndexError, ValueError):
        return None


def _der(data: bytes, at: int) -> tuple[int, int, int]:
    """Tag, start of the content and its length (-1: indefinite) of the element at `at` (X.690, section 8.1)."""
    tag, length = data[at], data[at + 1]
    if length < 0x80:
        return tag, at + 2, length
    if length == 0x80:
        return tag, at + 2, -1
    count = length & 0x7F
    if count > 4:
        raise ValueError("length")
    return tag, at + 2 + count, int.from_bytes(data[at + 2 : at + 2 + count])


def _octets(data: bytes, at: int) -> bytes | None:
    tag, start, length = _der(data, at)
    if tag == _OCTETS:
        return data[start : start + length]
    if tag != _OCTETS_IN_PIECES:
        return None
    pieces, end = [], len(data) if length < 0 else start + length
    while start < end and data[start] == _OCTETS:
        _, begin, length = _der(data, start)
        pieces.append(data[begin : begin + length])
        start = begin + length
    return b"".join(pieces)
