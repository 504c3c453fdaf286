"""Answers that calendar programs send (iMIP, RFC 6047; iTIP REPLY and COUNTER, RFC 5546), read leniently.

Real replies are often damaged: bare CR, no END, inner quotes, names with semicolons, undecoded transfer encodings.
A strict parser drops the ATTENDEE line then, which is the answer. So this reader unfolds the bytes and looks at the
few properties that make up an answer. What cannot be trusted says so in `damaged`; it never raises.
"""

from __future__ import annotations

import binascii
import html
import quopri
import re
from collections.abc import Iterable
from collections.abc import Sequence as Many
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rsvpbot.model import Address, CalendarPart, Message, PartStat, Sequence
from rsvpbot.reading import clients
from rsvpbot.reading.names import same_person

LONGEST_PART = 500_000


@dataclass(frozen=True, slots=True)
class CalendarReply:
    """What one calendar answer says."""

    method: str
    """"REPLY" or "COUNTER"; "" of a vCalendar 1.0 or a file too damaged to say."""
    uid: str
    """Of the event that it answers, as written; compare with `same_event`."""
    sequence: Sequence | None
    attendee: Address
    """Who answers; email "" where the file does not say."""
    partstat: PartStat | None
    delegate: Address | None
    """Of DELEGATED-TO: who comes instead."""
    guests: int
    """X-NUM-GUESTS: how many more come along."""
    comment: str
    """Words of the person in the calendar part; the program's own sentences and notices are left out."""
    damaged: str
    """"" or why it cannot be trusted."""
    delegated_from: str = ""
    """Address of the one in whose place the attendee answers, lower case."""
    sent_by: str = ""
    """Address that answered on the attendee's behalf (SENT-BY), lower case."""
    language: str = ""
    """LANGUAGE of the comment or summary, as the program set it; it is not always the person's."""


def same_event(uid: str, event_uid: str) -> bool:
    """Whether a UID is the event's own or one made for an invitee: "stem@domain" or "stem.<id>@domain"."""
    uid, event_uid = uid.strip().casefold(), event_uid.strip().casefold()
    if not uid or not event_uid:
        return False
    if uid == event_uid:
        return True
    stem, _, domain = event_uid.rpartition("@")
    own, _, own_domain = uid.rpartition("@")
    extra = own.removeprefix(f"{stem}.")
    return bool(stem) and own_domain == domain and extra != own and bool(extra) and "." not in extra


def find_reply(message: Message, known: Iterable[str] = ()) -> CalendarReply | None:
    """The calendar answer of a message, once, however often it is attached; None where there is none.

    `known`: texts of our own that a program may have copied into DESCRIPTION.
    """
    replies = []
    for part in message.calendars:
        reply = _read(part, message.sender, tuple(known))
        if reply is not None:
            replies.append(reply)
    if not replies:
        return None
    best = min(replies, key=lambda reply: (bool(reply.damaged), reply.partstat is None))
    others = [reply for reply in replies if _key(reply) == _key(best)]
    if len({reply.partstat for reply in others if not reply.damaged}) > 1:
        return replace(best, damaged="the calendar parts of this message say different things")
    comment = next((reply.comment for reply in [best, *others] if reply.comment), "")
    return replace(best, comment=comment, guests=max(reply.guests for reply in [best, *others]))


def _key(reply: CalendarReply) -> tuple[str, str]:
    return reply.uid.casefold(), reply.attendee.email


# --------------------------------------------------------------------------- one part


@dataclass(frozen=True, slots=True)
class _Property:
    name: str
    parameters: str
    value: str


def _read(part: CalendarPart, sender: Address, known: tuple[str, ...]) -> CalendarReply | None:
    data, damaged = _repaired(part.data[:LONGEST_PART])
    properties = list(_properties(_decoded(_unfolded(data))))
    calendar = [entry for entry in properties if entry.name in {"METHOD", "PRODID", "VERSION"}]
    method = next((entry.value.strip().upper() for entry in calendar if entry.name == "METHOD"), "") or part.method
    if method not in {"REPLY", "COUNTER"} and not (not method and _is_old_reply(properties)):
        return None
    event = _event(properties)
    uid = _value(event, "UID").strip()
    attendees = [_attendee(entry) for entry in event if entry.name == "ATTENDEE"]
    chosen, doubt = _choose(attendees, sender)
    ends = any(entry.name == "END" and entry.value.strip().upper() in {"VEVENT", "VCALENDAR"} for entry in properties)
    if chosen is None:
        cut = "" if ends else "the calendar part ends in the middle"
        return CalendarReply(
            method, uid, _sequence(event), Address("", ""), None, None, 0, "", cut or "it names no attendee"
        )
    if chosen.partstat is None:
        doubt = doubt or (
            "it does not say accepted, declined or tentative" if ends else "the calendar part ends in the middle"
        )
    if not chosen.address.email:
        doubt = doubt or "the attendee's address cannot be read"
    delegate = _delegate(chosen, attendees)
    comment, language = _comment(event, chosen, calendar, known)
    return CalendarReply(
        method=method,
        uid=uid,
        sequence=_sequence(event),
        attendee=chosen.address,
        partstat=chosen.partstat,
        delegate=delegate,
        guests=_number(chosen.parameters.get("X-NUM-GUESTS", "") or _value(event, "X-NUM-GUESTS")),
        comment=comment,
        damaged=doubt or (damaged if not ends else ""),
        delegated_from=_address_of(chosen.parameters.get("DELEGATED-FROM", "")),
        sent_by=_address_of(chosen.parameters.get("SENT-BY", "")),
        language=language,
    )


def _repaired(data: bytes) -> tuple[bytes, str]:
    """Undo a transfer encoding that the mail parser could not."""
    head = data[:4000].upper()
    if b"BEGIN:V" in head:
        if re.search(rb"=3D|=\r?\n", data[:20_000]):
            return quopri.decodestring(data), ""
        return data, ""
    squeezed = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    if len(squeezed) >= 16:
        try:
            decoded = binascii.a2b_base64(squeezed[: len(squeezed) // 4 * 4])
        except binascii.Error:
            return data, "the calendar part cannot be decoded"
        if b"BEGIN:V" in decoded[:4000].upper():
            return decoded, "the calendar part was damaged on its way"
    return data, "the calendar part cannot be decoded"


def _unfolded(data: bytes) -> bytes:
    """RFC 5545, section 3.1, at the level of bytes, so that a character cut by folding comes together again."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16", "replace").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    data = data.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data.replace(b"\n ", b"").replace(b"\n\t", b"")


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    # A Cyrillic word is a run of high bytes, a Western one has single ones.
    runs = re.findall(rb"[\xc0-\xff\xa8\xb8]{3,}", data)
    high = sum(byte >= 0x80 for byte in data)
    in_runs = sum(len(run) for run in runs)
    if in_runs * 2 > high:
        return data.decode("windows-1251", "replace")
    return data.decode("cp1252", "replace")


_LONGEST_PROPERTY = 50_000
_PROPERTY = re.compile(r"\s{0,4}([A-Za-z][A-Za-z0-9-]{0,60})\s?([;:])")


def _properties(text: str) -> Iterable[_Property]:
    """Property after property; a line that has not the shape of one continues the one before."""
    current = ""
    for line in text.split("\n"):
        match = _PROPERTY.match(line)
        if match is None or _incomplete_attendee(current):
            if len(current) < _LONGEST_PROPERTY:
                current += line.strip(" ") if current[:8].upper() == "ATTENDEE" else line
            continue
        if current:
            yield _property(current)
        current = line
    if current:
        yield _property(current)


def _incomplete_attendee(line: str) -> bool:
    """The value of an ATTENDEE is missing: the line was folded without the leading blank."""
    upper = line[:9].upper().lstrip()
    return upper.startswith("ATTENDEE;") and ":" not in line and len(line) < 2000


def _property(line: str) -> _Property:
    match = _PROPERTY.match(line)
    if match is None:
        return _Property("", "", line)
    name, rest = match.group(1).upper(), line[match.end() :]
    if match.group(2) == ":":
        return _Property(name, "", rest)
    at = _value_at(rest)
    return _Property(name, rest[:at], rest[at + 1 :])


def _value_at(rest: str) -> int:
    """Where the parameters end. The last ":mailto:" decides, since names may hold colons and stray quotes."""
    at = rest.lower().rfind(":mailto:")
    if at >= 0 and rest[at - 1 : at] not in {"="}:
        return at
    quoted = False
    for position, sign in enumerate(rest):
        if sign == '"':
            quoted = not quoted
        elif sign == ":" and not quoted:
            return position
    at = rest.rfind(":")
    return at if at >= 0 else len(rest)


def _event(properties: list[_Property]) -> list[_Property]:
    """The properties of the first VEVENT (or VTODO), those of nested alarms and of time zones left out."""
    inside: list[_Property] = []
    depth: list[str] = []
    for entry in properties:
        kind = entry.value.strip().upper()
        if entry.name == "BEGIN":
            depth.append(kind)
        elif entry.name == "END":
            if kind in {"VEVENT", "VTODO"} and inside:
                return inside
            if depth and depth[-1] == kind:
                depth.pop()
        elif depth and depth[-1] in {"VEVENT", "VTODO"}:
            inside.append(entry)
    return inside


def _is_old_reply(properties: list[_Property]) -> bool:
    """vCalendar 1.0 has no METHOD; an attendee with a status other than "needs action" answers."""
    version = _value(properties, "VERSION").strip()
    answered = any(
        re.search(r"STATUS\s?=\s?(?!NEEDS)", entry.parameters, re.I) for entry in properties if entry.name == "ATTENDEE"
    )
    return version == "1.0" and answered


# --------------------------------------------------------------------------- attendees


@dataclass(frozen=True, slots=True)
class _Attendee:
    address: Address
    partstat: PartStat | None
    parameters: dict[str, str]


_OLD_STATUS = {"CONFIRMED": "ACCEPTED", "SENT": "NEEDS-ACTION", "NEEDS ACTION": "NEEDS-ACTION"}
_AFTER_VALUE = re.compile(r"\s{0,3}(?:$|[,:]|;\s{0,3}[A-Za-z][A-Za-z0-9-]{0,40}\s?=)")
_PARAMETER = re.compile(r"(?:^|;)\s{0,3}([A-Za-z][A-Za-z0-9-]{0,40})\s?=\s?")


def _attendee(entry: _Property) -> _Attendee:
    parameters = _parameters(entry.parameters)
    email = _address_of(entry.value) or _address_of(parameters.get("EMAIL", ""))
    name = " ".join(_clean(parameters.get("CN", "")).split())
    if "@" in name and " " not in name:
        name = ""
    status = (parameters.get("PARTSTAT") or parameters.get("STATUS") or "").strip().upper()
    status = _OLD_STATUS.get(status, status)
    try:
        partstat = PartStat(status.lower())
    except ValueError:
        partstat = None
    return _Attendee(Address(name, email), partstat if partstat is not PartStat.NEEDS_ACTION else None, parameters)


def _parameters(text: str) -> dict[str, str]:
    """Parameters by name. A value ends where the next name begins, so that an unquoted "Ruiz; Ana" stays whole."""
    found: dict[str, str] = {}
    position = 0
    while True:
        match = _PARAMETER.search(text, position)
        if match is None:
            return found
        start = match.end()
        if text.startswith('"', start):
            end = _closing_quote(text, start + 1)
            value = text[start + 1 : end]
            position = end + 1
        else:
            following = _PARAMETER.search(text, start)
            end = following.start() if following else len(text)
            value = text[start:end]
            position = end
        found.setdefault(match.group(1).upper(), value.strip().strip('"'))


def _closing_quote(text: str, start: int) -> int:
    """The quote that closes a value: one behind which a parameter begins, or the last one."""
    at = text.find('"', start)
    while at >= 0:
        if _AFTER_VALUE.match(text, at + 1):
            return at
        further = text.find('"', at + 1)
        if further < 0:
            return at
        at = further
    return len(text)


def _clean(value: str) -> str:
    """RFC 6868 and backslash escapes, undone."""
    value = value.replace("^n", "\n").replace("^'", '"').replace("^^", "^")
    return _unescaped(value)


def _address_of(value: str) -> str:
    value = value.strip().strip('"').split('","')[0]
    at = value.lower().rfind("mailto:")
    if at >= 0:
        value = value[at + 7 :]
    elif value.endswith(">") and "<" in value:
        value = value[value.rfind("<") :]
    words = value.strip().strip("<>\"' ;").split("?")[0].split()
    address = words[0].rstrip(">,;") if words else ""
    local, _, domain = address.rpartition("@")
    return address.lower() if local and "." in domain and not domain.endswith(".") else ""


def _choose(attendees: Many[_Attendee], sender: Address) -> tuple[_Attendee | None, str]:
    """The attendee whose answer this is (RFC 5546, section 3.2.3: one, save for a delegation), and a doubt."""
    if not attendees:
        return None, ""
    answered = [entry for entry in attendees if entry.partstat is not None]
    if len({entry.address.email for entry in answered}) == 1:
        return answered[0], "" if len({entry.partstat for entry in answered}) == 1 else "it gives two answers"
    own = [entry for entry in answered if entry.address.email == sender.email]
    # From another address of theirs, the name tells.
    named = [entry for entry in answered if entry.address.name and same_person(entry.address.name, sender.name)]
    if own or len(named) == 1:
        return (*own, *named)[0], ""
    # A delegate's answer holds the line by which the seat was passed on, too (section 3.2.2.3).
    passed_on = {_address_of(entry.parameters.get("DELEGATED-TO", "")) for entry in answered}
    delegates = [
        entry
        for entry in answered
        if entry.partstat is not PartStat.DELEGATED
        and (entry.address.email in passed_on or "DELEGATED-FROM" in entry.parameters)
    ]
    if len(delegates) == 1:
        return delegates[0], ""
    if answered:
        return answered[0], "it names several attendees"
    return attendees[0], ""


def _delegate(chosen: _Attendee, attendees: Many[_Attendee]) -> Address | None:
    email = _address_of(chosen.parameters.get("DELEGATED-TO", ""))
    if not email:
        others = [
            entry
            for entry in attendees
            if _address_of(entry.parameters.get("DELEGATED-FROM", "")) == chosen.address.email
        ]
        if chosen.partstat is PartStat.DELEGATED and others and chosen.address.email:
            return others[0].address
        return None
    name = next((entry.address.name for entry in attendees if entry.address.email == email), "")
    return Address(name, email)


# --------------------------------------------------------------------------- the rest


def _value(properties: Iterable[_Property], name: str) -> str:
    return next((entry.value for entry in properties if entry.name == name), "")


def _number(text: str) -> int:
    digits = text.strip().strip('"')
    return min(int(digits), 1000) if digits.isdecimal() and len(digits) <= 6 else 0


_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d))?")


def _sequence(event: list[_Property]) -> Sequence | None:
    stamp = _value(event, "DTSTAMP").strip()
    revision = _value(event, "SEQUENCE").strip()
    match = _STAMP.match(stamp)
    when = None
    if match:
        try:
            when = datetime(*(int(part or 0) for part in match.groups()), tzinfo=UTC)  # type: ignore[misc, arg-type]
        except ValueError:
            when = None
    if when is None and not revision.isdecimal():
        return None
    return Sequence(int(revision) if revision.isdecimal() and len(revision) < 9 else 0, when)


_ESCAPE = re.compile(r"\\(.)", re.S)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: "\n" if match.group(1) in "nN" else match.group(1), text)


_MOST_COMMENTS = 10

# Programs whose DESCRIPTION in a reply is what the person wrote; the others copy the event's.
_WRITES_DESCRIPTION = ("microsoft", "outlook", "exchange", "zimbra", "lotus", "groupwise", "novell")


def _comment(
    event: list[_Property], chosen: _Attendee, calendar: list[_Property], known: tuple[str, ...]
) -> tuple[str, str]:
    """The person's words, and the language that the program gave them."""
    texts: list[str] = []
    language = ""
    for entry in event:
        if entry.name in {"COMMENT", "X-RESPONSE-COMMENT", "X-COMMENT"} and len(texts) < _MOST_COMMENTS:
            texts.append(entry.value)
            language = language or _parameters(entry.parameters).get("LANGUAGE", "")
    for name in ("X-RESPONSE-COMMENT", "X-COMMENT"):
        texts.append(chosen.parameters.get(name, ""))
    program = _value(calendar, "PRODID").lower()
    if not any(_unescaped(text).strip() for text in texts) and any(sign in program for sign in _WRITES_DESCRIPTION):
        texts.append(_value(event, "DESCRIPTION"))
    if not language:
        language = next(
            (_parameters(entry.parameters).get("LANGUAGE", "") for entry in event if entry.name == "SUMMARY"), ""
        )
    words: list[str] = []
    for text in texts:
        human, _ = client_words(html.unescape(_clean(text)), chosen.address.name, chosen.partstat)
        if human and not any(human in already for already in words) and not _ours(human, known):
            words.append(human)
    return "\n\n".join(words), language


def _ours(text: str, known: tuple[str, ...]) -> bool:
    squeezed = "".join(text.split()).casefold()
    return any(squeezed in "".join(own.split()).casefold() for own in known)


_MOST_PROGRAM_LINES = 120
_OPENING = '"«“„「『'
_CLOSING = '"»”“」』'

_QUOTED_NOTE = re.compile(r"[«“„\"「『]\s{0,2}(.+?)\s{0,2}[»”“\"」』]?\s*$", re.S)


def client_words(text: str, name: str = "", partstat: PartStat | None = None) -> tuple[str, str]:
    """The person's words in an answer's body or comment, and the calendar program's own, parted.

    `name`: the attendee's, with which programs begin their sentence. `partstat`: a ready-made sentence such as Zimbra's
    "Yes, I will attend." is the program's only where it says the same.
    """
    human: list[str] = []
    client: list[str] = []
    in_particulars = in_footer = False
    lines = text.replace("\r\n", "\n").split("\n")
    # Programs write short letters; what stands far below is a person's, or what they quote.
    rest = lines[_MOST_PROGRAM_LINES:]
    for line in _joined_notes(lines[:_MOST_PROGRAM_LINES]):
        plain = line.strip()
        if not plain:
            human.append("")
            in_footer = False
            continue
        standing = clients.standing_sentence(plain)
        if standing and (partstat is None or standing == partstat.value):
            client.append(plain)
            in_particulars = True
            continue
        sentence, note = _program_sentence(plain, name)
        if sentence:
            client.append(sentence)
            if note:
                human.append(note)
            in_particulars = True
            continue
        if clients.is_calendar_footer(plain) or clients.is_footer(plain) or clients.is_disclaimer(plain):
            client.append(plain)
            in_footer = True
            continue
        if in_footer and not clients.first_person(plain):
            client.append(plain)
            continue
        if (in_particulars or _is_separator(plain)) and (
            clients.is_event_label(plain) or _is_separator(plain) or plain.startswith("*")
        ):
            client.append(plain)
            continue
        human.append(plain)
    titles = {clients.event_value(line) for line in client} - {""}
    client += [line for line in human if line in titles]
    return _trimmed([line for line in human if line not in titles] + rest), "\n".join(client)


def _joined_notes(lines: list[str]) -> list[str]:
    """A note in quotation marks on the lines below the program's sentence is made one with it."""
    joined: list[str] = []
    expected = open_note = False
    for line in lines:
        stripped = line.strip()
        if expected and stripped:
            open_note, expected = stripped[0] in _OPENING, False
        if open_note and stripped and joined:
            joined[-1] = f"{joined[-1].rstrip()}\n{stripped}"
            open_note = stripped[-1] not in _CLOSING and len(joined[-1]) < 4000
            continue
        if expected:
            continue
        joined.append(line)
        head = re.split('[«“"]', stripped, maxsplit=1)[0]
        if stripped.endswith((":", "：")):
            expected = clients.is_response_sentence(stripped)
        else:
            open_note = _opens_note(stripped) and clients.is_response_sentence(head)
    return joined


def _opens_note(line: str) -> bool:
    return (
        line.count("«") > line.count("»")
        or line.count("“") > line.count("”")
        or bool(re.search(r"[:：]\s?\"[^\"]*$", line))
    )


def _program_sentence(line: str, name: str) -> tuple[str, str]:
    """The program's sentence on this line, and the note that it cites; empty where the line is the person's."""
    head = line.split("\n", maxsplit=1)[0]
    colon = max(
        head.rfind(": "), head.rfind("："), head.rfind(":\n"), head.rfind(":") if head.rstrip().endswith(":") else -1
    )
    for at in sorted({position for position in (_first_colon(line), colon) if position > 0}):
        before, after = line[: at + 1], line[at + 1 :].strip()
        if clients.is_response_sentence(before) and _starts_as_program(before, name):
            if not after:
                return line, ""
            match = _QUOTED_NOTE.match(after)
            if match:
                return before, match.group(1).strip()
    if clients.is_response_sentence(head) and _starts_as_program(head, name) and "\n" not in line:
        return line, ""
    return "", ""


def _first_colon(line: str) -> int:
    for at, sign in enumerate(line[:400]):
        if sign in ":：" and line[at + 1 :].lstrip()[:1] in set(_OPENING):
            return at
    return -1


def _starts_as_program(sentence: str, name: str) -> bool:
    """Programs begin with the attendee's name or address; they never speak in the first person."""
    if clients.first_person(sentence):
        return False
    if name:
        words = {word.casefold() for word in re.findall(r"[^\W\d_]+", name)}
        found = {word.casefold() for word in re.findall(r"[^\W\d_]+", sentence)}
        return bool(words & found) or "@" in sentence
    return sentence[:1].isupper() or not sentence[:1].isascii() or "@" in sentence


def _is_separator(line: str) -> bool:
    return not any(sign.isalnum() for sign in line) and len(line) >= 3


def _trimmed(lines: list[str]) -> str:
    out: list[str] = []
    for line in lines:
        if line or (out and out[-1]):
            out.append(line)
    return "\n".join(out).strip()
