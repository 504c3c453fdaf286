"""The words of the house: plain, frozen data that every room shares. Nothing here reads a clock, a file or a socket.

Terms follow RFC 5545 (PARTSTAT, ATTENDEE), RFC 5546 (REPLY, COUNTER, delegation), RFC 5322 (message fields),
RFC 3834 (automatic responses) and RFC 8601 (Authentication-Results).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

# --------------------------------------------------------------------------- the event


@dataclass(frozen=True, slots=True)
class Venue:
    """Where the event takes place and how one gets in."""

    name: str = ""
    address: str = ""
    floor: str = ""
    pass_name: str = ""
    """What lets a person in without an escort, for example "UN (NY) grounds pass"; empty: there is no such pass."""
    reception: str = ""
    arrive_by: str = ""
    """Wall-clock time "HH:MM" by which a person without a pass should be at reception; empty: not said."""


@dataclass(frozen=True, slots=True)
class Document:
    """A paper that goes to participants before the event."""

    title: str
    file: str = ""
    send_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `starts` and `ends` are aware datetimes in `timezone`."""

    uid: str
    title: str
    starts: datetime
    ends: datetime
    timezone: str
    venue: Venue = Venue()
    rsvp_by: date | None = None
    capacity: int | None = None
    capacity_by_category: Mapping[str, int] = field(default_factory=dict)
    freeze_at: datetime | None = None
    documents: tuple[Document, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


# --------------------------------------------------------------------------- a message, parsed


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox as in a From field: display name (decoded, control characters removed) and addr-spec in lower case."""

    name: str
    email: str

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Body:
    """One text part, in the order of the message."""

    subtype: str
    """"plain" or "html"."""
    text: str
    """Decoded, LF line ends, no NUL; plain text with format=flowed already unfolded (RFC 3676)."""
    filename: str = ""
    attached: bool = False
    """Content-Disposition: attachment, or named and not the only text."""
    flowed: bool = False
    alternative: int = 0
    """Bodies with the same number other than 0 are alternatives of each other (multipart/alternative)."""


@dataclass(frozen=True, slots=True)
class Attachment:
    content_type: str
    filename: str
    size: int
    shown: bool = False
    """A picture that the text shows where it stands, as the logo of a signature."""


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """A text/calendar or .ics part, undecoded by meaning."""

    data: bytes
    method: str = ""
    """The Content-Type parameter, upper case; not to be relied on (RFC 6047, section 2.4 wants it; Apple omits it)."""
    filename: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """All that the inner rooms know of a mail. Made by `mail.parse.parse`."""

    digest: str
    """SHA-256 of the raw bytes, in hex."""
    size: int
    message_id: str
    """With angle brackets, or ""."""
    subject: str
    senders: tuple[Address, ...]
    """Every From address; one, normally."""
    recipients: tuple[Address, ...]
    """To and Cc."""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    return_path: str | None = None
    """The envelope sender of the topmost Return-Path; "" is the null reverse-path, None where no such field."""
    date: datetime | None = None
    """The Date field in UTC, where it can be read."""
    received: datetime | None = None
    """The time of the topmost Received field, in UTC."""
    fields: tuple[tuple[str, str], ...] = ()
    """Every header field, topmost first: lower-case name, unfolded and decoded value."""
    bodies: tuple[Body, ...] = ()
    calendars: tuple[CalendarPart, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    enclosed: tuple[Message, ...] = ()
    """message/rfc822 parts, parsed the same way (to a small depth)."""
    content_type: str = "text/plain"
    report: Mapping[str, str] | None = None
    """Of a multipart/report: lower-case fields of its machine-readable part (RFC 3464, RFC 8098), "report-type" too."""
    encrypted: bool = False
    defects: tuple[str, ...] = ()
    """What was damaged or not decodable, in plain words; any that may have cost text makes the reading a review."""

    @property
    def sender(self) -> Address:
        return self.senders[0] if self.senders else Address("", "")

    def get_all(self, name: str) -> tuple[str, ...]:
        wanted = name.lower()
        return tuple(value for key, value in self.fields if key == wanted)

    def get(self, name: str) -> str | None:
        values = self.get_all(name)
        return values[0] if values else None


# --------------------------------------------------------------------------- what a message says


class Kind(StrEnum):
    HUMAN = "human"
    CALENDAR = "calendar"
    AUTO = "auto"
    BOUNCE = "bounce"
    BULK = "bulk"
    OWN = "own"


MACHINE_KINDS = frozenset({Kind.AUTO, Kind.BOUNCE, Kind.BULK, Kind.OWN})


class PartStat(StrEnum):
    """RFC 5545, section 3.2.12."""

    NEEDS_ACTION = "needs-action"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"
    DELEGATED = "delegated"


class Asks(StrEnum):
    LOGISTICS = "logistics"
    """What our letters answer: date, time, place, floor, photo ID, registration, the paper."""
    OTHER = "other"


class Voice(StrEnum):
    """Whom the writer speaks for."""

    SELF = "self"
    INVITEE = "invitee"
    """In the third person for somebody else (an assistant, a mission's note)."""
    BOTH = "both"
    UNKNOWN = "unknown"


class Doubt(IntEnum):
    """How far screening may be wrong about a message."""

    NONE = 0
    SLIGHT = 1
    """A person's: some of its words are a machine's, and none speaks of our event. A plain answer or question is
    believed, nothing else."""
    STRONG = 2
    """A person's: most of its words are a machine's. A person looks, and nobody is answered."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What screening made of a message: the kind, the rule that said so, and its reason in one line."""

    kind: Kind
    rule: str
    reason: str
    failed_address: str = ""
    """Of a bounce: the address that could not be reached, lower case. Of an automatic reply: its sender's, where it
    says that mail to it is in vain (who had it has left)."""
    permanent: bool = False
    """Of a bounce: delivery was given up (Action: failed), not only delayed."""
    doubt: Doubt = Doubt.NONE
    """Of a person's message: whether it may be a machine's all the same. Of a machine's: SLIGHT where nothing but its
    words says that it is one."""
    by_field: bool = False
    """Of a machine's: a field of its header says that it is one, or how it is addressed, and none of its words."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The words in the mail, and what each was taken for."""

    words: str
    meaning: str
    start: int = -1
    """Offset of `words` in `Reading.text`; -1 where they stand elsewhere (subject, calendar part, signature)."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """iMIP revision of a calendar reply (RFC 5546, section 2.1.5): SEQUENCE, then DTSTAMP."""

    sequence: int
    dtstamp: datetime | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one message says. `reasons` says why a person must look; empty means that nobody need."""

    kind: Kind
    partstat: PartStat | None = None
    party: int | None = None
    """How many will attend by this message; 0 if declined; None if not decided."""
    names: tuple[str, ...] = ()
    """Who will attend (if tentative: might), without honorifics, ranks and titles."""
    grounds_pass: bool | None = None
    dietary: str | None = None
    access: str | None = None
    language: str = "und"
    asks: Asks | None = None
    reasons: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    text: str = ""
    """The newly written text (signature not included); what a person is shown in review."""
    voice: Voice = Voice.UNKNOWN
    represents: tuple[str, ...] = ()
    """Names of those in whose place or on whose behalf this is written, where the text or signature says so."""
    spoken_of: tuple[str, ...] = ()
    """Names of those others than the writer of whom it is said that they come, or do not."""
    delegate: Address | None = None
    """Of a delegation: who comes instead; email "" where none is given; None where nobody is named."""
    written_by: Address | None = None
    """Who wrote these words, where they stand in a mail of somebody else that is enclosed."""
    calendar_uid: str = ""
    calendar_attendee: str = ""
    """Address of the ATTENDEE of a calendar reply, lower case, without mailto:."""
    sequence: Sequence | None = None
    firm: bool = False
    """`partstat`, party and names are plain although a person must look: the reasons concern a question or request
    beside the answer, which may therefore be recorded. False wherever a reason casts doubt on the answer itself."""
    bare: bool = False
    """The answer is no more than a yes or a no ("Yes.", "I confirm.", "OK", a calendar's button without a comment):
    whom it speaks of, and what it agrees to, depends on what was asked."""

    @property
    def review(self) -> bool:
        return bool(self.reasons)

    @property
    def decided(self) -> bool:
        return self.partstat is not None and not self.reasons


# --------------------------------------------------------------------------- who writes


class Dmarc(StrEnum):
    PASS = "pass"  # noqa: S105 (a result of DMARC)
    FAIL = "fail"
    NONE = "none"
    """Nothing said by the configured authserv-id."""


class Trust(StrEnum):
    """How the invitee was found."""

    TOKEN = "token"  # noqa: S105 (a kind of trust)
    ADDRESS = "address"
    DOMAIN = "domain"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose answer it is, and how far that may be trusted."""

    invitee_id: str | None
    trust: Trust
    dmarc: Dmarc
    listed: bool
    """The From address is one of this invitee's own (or its recorded delegate's)."""
    organiser: bool = False
    from_delegate: bool = False
    doubt: str = ""
    """Why whose answer it is stays in doubt; any doubt means review."""


# --------------------------------------------------------------------------- records


@dataclass(frozen=True, slots=True)
class Order:
    """Where an answer stands in time: the newest by this order wins (see `decide.newer`)."""

    sent: datetime
    """Date, or the time of handling where Date is missing or more than a day later than the topmost Received."""
    arrival: int
    """Running number of arrival (uid)."""
    sequence: Sequence | None = None
    calendar_uid: str = ""
    """Of a calendar reply; SEQUENCE orders the revisions of one UID only (RFC 5546, section 2.1.5)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An invitee's recorded answer."""

    partstat: PartStat
    party: int | None
    names: tuple[str, ...]
    order: Order
    reply: str
    """Digest of the message that said it."""
    recorded_at: datetime
    grounds_pass: bool | None = None
    dietary: str | None = None
    access: str | None = None
    language: str = "en"
    delegate: Address | None = None
    standby: datetime | None = None
    """Since when this party waits for room; None: it has its seats."""
    offered_until: datetime | None = None
    """Room was found, and is kept for this party until then if it confirms; once that has passed without a word, it is
    not offered again by itself."""
    decided_by: str = "rsvpbot"
    """"rsvpbot", an organiser's address, or `ADMIN`."""


@dataclass(frozen=True, slots=True)
class Invitee:
    """A person (or mission) on the list, with the answer that stands."""

    id: str
    """Eight lower-case base32 characters, random, never changed."""
    addresses: tuple[str, ...]
    """Lower case; the first is where letters go."""
    calendar_uid: str
    name: str = ""
    organisation: str = ""
    category: str = ""
    language: str = ""
    seats: int | None = None
    grounds_pass: bool | None = None
    listed: bool = True
    """False once its row has gone from the list."""
    answer: Answer | None = None
    admitted: bool = False
    """Put on the list by an organiser and not by a row of it, so that no row need be there."""
    quiet: bool = False
    """Asked not to be reminded."""
    bounced: str = ""
    """Why mail to this invitee could not be delivered; empty while it can."""
    pending: Answer | None = None
    """A change that waits for a confirmation."""

    @property
    def partstat(self) -> PartStat:
        return self.answer.partstat if self.answer else PartStat.NEEDS_ACTION


class Act(StrEnum):
    """What an organiser may decide."""

    ACCEPT = "accept"
    DECLINE = "decline"
    TENTATIVE = "tentative"
    DELEGATE = "delegate"
    IGNORE = "ignore"
    """A message needs nothing."""
    ADMIT = "admit"
    """Whoever wrote is put on the list."""
    REPLY = "reply"
    """The organiser's own words go to the writer."""
    ADD = "add"
    """Somebody who has not written is put on the list."""
    SEND = "send held"
    """The automatic answers that a limit holds back go out."""
    UNDO = "undo"


class Cap(StrEnum):
    """Which limit on automatic answers holds a letter back; in `Letter.error`."""

    PERSON = "more than [replies] max_per_person_day"
    HOUR = "more than [replies] max_per_hour"
    DAY = "more than [replies] max_per_day"


ADMIN = "admin"
"""Who decides by a command on the server, in `Ruling.by` and `Answer.decided_by`."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What an organiser, or the admin, decided: the part of an invitee's history that no message of theirs explains."""

    id: str
    at: datetime
    by: str
    """The organiser's address, or `ADMIN`."""
    act: Act
    invitee_id: str | None = None
    question: str = ""
    """Digest of the message that was decided upon; "" where none waited."""
    before: Answer | None = None
    """What stood before; with `after`, what an undo needs."""
    after: Answer | None = None
    message: str = ""
    """Message-ID of the organiser's mail; a further copy of it decides nothing."""
    letters: tuple[str, ...] = ()
    """Ids of the letters that went out by it."""
    words: str = ""
    """Of a reply: what was passed on."""
    listed: bool = False
    """It put somebody on the list who was not."""
    undone: bool = False


class Folder(StrEnum):
    RECORDED = "Recorded"
    REVIEW = "Review"
    IGNORED = "Ignored"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class Reply:
    """One message in an invitee's history, or a stranger's: what it said and what was made of it."""

    digest: str
    invitee_id: str | None
    sender: Address
    subject: str
    message_id: str
    sent: datetime
    handled_at: datetime
    reading: Reading
    standing: Standing
    rule: str
    folder: Folder
    reasons: tuple[str, ...]
    recorded: bool
    open: bool
    """It waits for a person."""


def question_id(digest: str) -> str:
    """The short name of a message that went to review, by which organisers' answers come back: 80 bits, in lower-case
    base32."""
    return base64.b32encode(hashlib.sha256(digest.encode()).digest()[:10]).decode("ascii").lower()


@dataclass(frozen=True, slots=True)
class Done:
    """This message of the mailbox is handled. Committed together with everything that it caused."""

    uidvalidity: int
    uid: int
    digest: str
    """"" of a message that was too large to be fetched."""
    folder: Folder
    at: datetime
    outcome: str
    """One line for the log: kind, rule, partstat; no personal data."""
    filed: bool = False
    """Moved out of INBOX."""
    repeat: bool = False
    """The same bytes had been handled before."""
    put_back: bool = False
    """An admin has put it back into INBOX, where it is another message: this record goes when that one is handled."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Failures of one message so far; see promise 4."""

    uidvalidity: int
    uid: int
    failures: int
    error: str


@dataclass(frozen=True, slots=True)
class Flood:
    """Messages of one sender that were not read, because too many came within an hour. They lie in Review; this one
    record stands for all of them, so that they cost no memory."""

    id: str
    sender: str
    """"" where the sender was forgotten."""
    first: datetime
    last: datetime
    number: int


class LetterKind(StrEnum):
    INVITATION = "invitation"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"
    DELEGATED = "delegated"
    WELCOME = "welcome"
    UNCLEAR = "unclear"
    PASSED_ON = "passed-on"
    INFORMATION = "information"
    CONFIRM_CHANGE = "confirm-change"
    TOO_LATE = "too-late"
    CHANGED = "changed"
    """Time, place or title of the event are others now."""
    CANCELLED = "cancelled"
    STANDBY = "standby"
    """There is no room, and the party waits."""
    OFFER = "offer"
    """There is room now, if it is confirmed in time."""
    EVENT_OVER = "event-over"
    REMINDER = "reminder"
    PAPER = "paper"
    FROM_ORGANISERS = "from-organisers"
    """An organiser's own words, passed on."""
    SUMMARY = "summary"
    ALARM = "alarm"
    REVIEW = "review"
    """A message that waits for a decision."""
    DONE = "done"
    """What came of an organiser's command."""


TO_ORGANISERS = frozenset({LetterKind.SUMMARY, LetterKind.ALARM, LetterKind.REVIEW, LetterKind.DONE})

IN_EVERY_MODE = TO_ORGANISERS | {LetterKind.INVITATION, LetterKind.CHANGED, LetterKind.CANCELLED}
"""What goes out whatever `mode` says: invitations and news of the event were shown, and somebody said yes to them. But
see `Letter.in_every_mode`."""


class LetterState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    """Committed before DATA: found in this state after a restart, it is in doubt."""
    SENT = "sent"
    DRAFTED = "drafted"
    FAILED = "failed"
    DOUBTFUL = "doubtful"
    """May or may not have gone out when the process died; shown to the organisers, not sent again by itself."""
    HELD = "held"
    """Over a cap on automatic answers; waits for the organisers."""
    WITHDRAWN = "withdrawn"
    """It waited until what it says was no longer so; it did not go out."""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with a letter."""

    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class LetterRequest:
    """What `decide` asks for; `letters.compose` makes a Letter of it."""

    kind: LetterKind
    invitee_id: str | None
    recipients: tuple[str, ...]
    language: str
    passed_on: bool = False
    """Add the line that a question was passed on to the organisers."""
    answer: Answer | None = None
    """The answer that the letter speaks of (recorded, or pending where it asks for confirmation)."""
    delegate_written: bool = False
    """Of a delegation: the delegate gets a letter of their own; else the invitee's asks them to pass it on."""
    first: bool = True
    """The first letter to these people: it says what becomes of their data."""
    note: str = ""
    """Of an alarm: what happened and what to do, in the organisers' language; of a paper, its title; never words from a
    mail."""
    sequence: int = 0
    """Of the calendar file."""
    was: Facts | None = None
    """What people had been told before, of a letter about a change."""
    place: int = 0
    """On the waiting list; 1 is next."""
    deadline: datetime | None = None
    """By when an offer is to be confirmed."""
    template: str = ""
    """The name of the letter's file where it is not that of its kind: [[reminders]] name theirs."""
    enclosed: tuple[Enclosure, ...] = ()
    """Files that go with it."""
    has_had: tuple[str, ...] = ()
    """Titles of papers that have gone to these people: of them nothing is said to come."""
    words: tuple[str, ...] = ()
    """What an organiser wants passed on, line by line: the only words of a mail that get out, and by their command."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that we send. `raw` is kept until it is sent and its copy is in the Sent folder."""

    id: str
    kind: LetterKind
    invitee_id: str | None
    recipients: tuple[str, ...]
    language: str
    subject: str
    message_id: str
    """With angle brackets; fixed when the letter is queued."""
    state: LetterState
    queued_at: datetime
    mail_from: str
    raw: bytes | None = None
    reply: str = ""
    """Digest of the message that it answers; "" for none."""
    attempts: int = 0
    not_before: datetime | None = None
    not_after: datetime | None = None
    """What it says holds until then: later it is withdrawn."""
    topic: str = ""
    """Of a reminder or paper: its name, by which a command may hold it back."""
    sent_at: datetime | None = None
    error: str = ""
    copied: bool = False

    @property
    def in_every_mode(self) -> bool:
        """It goes out whatever `mode` says. What answers an invitee's message was shown to nobody before."""
        return self.kind in TO_ORGANISERS or (self.kind in IN_EVERY_MODE and not self.reply)


@dataclass(frozen=True, slots=True)
class Facts:
    """What people have been told of the event: what a change is measured against."""

    title: str
    starts: datetime
    ends: datetime
    timezone: str
    venue: Venue = Venue()
    cancelled: bool = False
    sequence: int = 0
    """Of the calendar files (RFC 5546, section 2.1.4): one more with each change that was told."""
    at: datetime | None = None
    """Since when it is told: whoever has a letter of ours since then knows it."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What is known of the mailbox between polls."""

    uidvalidity: int = 0
    since: datetime | None = None
    """Mail that arrived before is left in INBOX and counted apart."""
    started: bool = False
    left_alone: int = 0
    last_good: datetime | None = None
    failing_since: datetime | None = None
    error: str = ""
    sending_failing_since: datetime | None = None
    """Since when letters have not been able to go out; None: the SMTP server took the last one."""
    sending_error: str = ""
    told: Facts | None = None
    """What stands in our letters; None before the first."""
    told_before: Facts | None = None
    """What stood there until the last change."""
    held: tuple[str, ...] = ()
    """Names of scheduled reminders and papers that a command holds back."""
    confirmed: tuple[str, ...] = ()
    """Organisers' addresses that have confirmed a command once: mail from them carries neither a pass nor a failure."""
    lost: int = 0
    """Handled messages that the record lost when it was put back to an earlier state, until a summary has told."""

    @property
    def cancelled_at(self) -> datetime | None:
        """Since when people are told that the event will not take place; None: it will."""
        return self.told.at if self.told is not None and self.told.cancelled else None


@dataclass(frozen=True, slots=True)
class SummaryRecord:
    """The summary of one local date was queued: once a day, whatever restarts happen."""

    day: date
    at: datetime
    letter_id: str
    figures: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Expected:
    """One person who is expected at the door. Texts are on one line, without control characters."""

    invitee_id: str
    """Of the invitee by whose answer this person comes."""
    name: str = ""
    """Empty where only their number is known."""
    organisation: str = ""
    guest_of: str = ""
    """Who brings this person along; empty for the invitee, and for who comes in the invitee's place."""
    instead_of: str = ""
    """The invitee in whose place this person comes."""
    number: int = 0
    """Which of the guests without a name this is, from 1; 0 for who has one."""
    grounds_pass: bool | None = None
    """None: not known, or nothing is asked at the door."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """Who was expected when the list was closed ([event] freeze_at)."""

    due: datetime
    """The moment for which it was to be taken."""
    at: datetime
    """When it was taken: later than `due` where nothing ran then."""
    people: tuple[Expected, ...] = ()


# --------------------------------------------------------------------------- ports


class Clock(Protocol):
    """The time, as an argument."""

    def now(self) -> datetime:
        """The present moment, aware."""
        ...


class Directory(Protocol):
    """The little that `identify` needs of the list."""

    def invitee(self, invitee_id: str) -> Invitee | None: ...
    def invitee_by_address(self, email: str) -> Invitee | None: ...
    def invitee_by_calendar_uid(self, uid: str) -> Invitee | None: ...
    def invitees_by_domain(self, domain: str) -> tuple[Invitee, ...]: ...
