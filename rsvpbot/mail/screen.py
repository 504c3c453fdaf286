"""What kind of message this is: our own, a mail system's, a calendar's, a machine's, a mailing, or a person's.

A list of small named rules, tried in order; the first that finds a reason gives the verdict. The two worst errors are
to take a person's answer for a machine's, which nobody would then see, and to answer a machine (RFC 3834): so a field
of the header that only machines write decides alone, while words decide only where several agree and nothing in the
text speaks of our event.

Reasons name fields and kinds of words, never what stands in the mail: they go into the log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rsvpbot.mail.phrasebook import Words, fold, phrasebook
from rsvpbot.mail.tokens import OUR_MESSAGE_ID
from rsvpbot.model import Doubt, Kind, Message, Verdict
from rsvpbot.reading.calendar import find_reply
from rsvpbot.reading.newtext import NewText, new_text

GONE = "an automatic reply says that nobody reads this address any more, or that the person has left"

MARKER = "x-rsvpbot"
"""Stands in every message that we send."""

AUTOMATIC_ENOUGH = 5
DOUBTFUL = 3
"""From here on up a message may well be a machine's: a person must look, and nobody is answered."""
AUTOMATIC_ENOUGH_WITH_A_HINT = 3
BULK_ENOUGH = 6
BULK_ENOUGH_OF_OTHER_THINGS = 5
"""Where nothing speaks of our event."""
BULK_WORDS_ENOUGH = 4
"""How much the words alone must weigh: people too write to others, or want answers elsewhere."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to take a message for something. `check` returns the reason in one line, "" where it does not hold."""

    name: str
    kind: Kind
    description: str
    check: Callable[[Screened], str]


def screen(message: Message, own: frozenset[str], event_uid: str, text: NewText | None = None) -> Verdict:
    """The verdict of the first rule that holds. Pure; `own`: our mailbox's addresses in lower case; `text`: what is
    newly written in the message, where that is known already."""
    view = Screened(message, own, event_uid, text)
    for rule in RULES:
        reason = rule.check(view)
        if not reason:
            continue
        if rule.kind is Kind.BOUNCE:
            status = bounce_status(view)
            return Verdict(rule.kind, rule.name, f"{reason}{status.said}", status.address, status.permanent)
        doubt = Doubt.SLIGHT if rule.check in _BY_WORDS and not _says_so(view) else Doubt.NONE
        if rule.kind is Kind.AUTO and _says_gone(view):
            return Verdict(rule.kind, rule.name, GONE, view.message.sender.email, permanent=True, doubt=doubt)
        return Verdict(rule.kind, rule.name, reason, doubt=doubt, by_field=_by_field_alone(rule, view))
    doubt, reason = _doubt(view)
    return Verdict(Kind.HUMAN, "person", reason, doubt=doubt)


class Screened:
    """A message with what several rules ask of it, each found out at most once."""

    def __init__(self, message: Message, own: frozenset[str], event_uid: str, text: NewText | None = None) -> None:
        self.message = message
        self._written = text
        self.own = frozenset(address.lower() for address in own)
        self.event_uid = event_uid

        self.fields = dict(reversed(message.fields))
        """The first field of each name."""
        self.names = self.fields.keys()

    def field(self, name: str) -> str:
        """The first field of this name, lower case; "" where there is none."""
        return self.fields.get(name, "").strip().lower()

    @cached_property
    def own_domains(self) -> frozenset[str]:
        return frozenset(address.rpartition("@")[2] for address in self.own)

    @cached_property
    def replies_to_us(self) -> bool:
        """In-Reply-To or References name a message of our domain."""
        ids = (*self.message.in_reply_to, *self.message.references)
        return any(message_id.rpartition("@")[2].rstrip(">").lower() in self.own_domains for message_id in ids)

    @cached_property
    def to_us(self) -> bool:
        return any(without_plus(address.email) in self.own for address in self.message.recipients)

    @cached_property
    def full_subject(self) -> Words:
        return Words(fold(self.message.subject))

    @cached_property
    def _split_subject(self) -> tuple[str, str]:
        return _split_subject(self.full_subject.text)

    @property
    def subject_prefix(self) -> str:
        """ "re", "fwd" … in front of the subject, whatever the language."""
        return self._split_subject[0]

    @property
    def subject(self) -> str:
        """Folded, without the chain of Re: and Fwd: and without [marks] in front."""
        return self._split_subject[1]

    @cached_property
    def text(self) -> Words:
        """The newly written text, signature and footer included, folded."""
        written = self._written or new_text(self.message)
        return Words(fold(f"{written.text}\n{written.signature}"))

    @cached_property
    def whole_text(self) -> Words:
        """A bounce quotes without marks, so nothing is cut off."""
        plain = next((body.text for body in self.message.bodies if body.subtype == "plain"), "")
        return Words(fold(plain)) if plain else self.text

    @cached_property
    def _of_events(self) -> Mapping[str, int]:
        """Kinds of words that speak of events, apart from names of hosts and our mailbox's own name."""
        text = self.text.text
        ours = tuple(self.own_domains)
        if any(sign in text for sign in ("@", "://", "www.", *ours)):
            text = " ".join(w for w in text.split() if not _NAMES_A_HOST.search(w) and not w.startswith(ours))
        for name in self._quotable:
            text = text.replace(name, " ")
        words = self.text if text == self.text.text else Words(text)
        return phrasebook().person.weigh(phrasebook().not_of_our_event.cut_from(words))

    @cached_property
    def _quotable(self) -> frozenset[str]:
        """The name that others write before our address, and the subject where a machine quotes it: both may hold the
        name of the event."""
        ours = (a.name for a in self.message.recipients if a.name and without_plus(a.email) in self.own)
        subject = (self.subject,) if len(self.subject) >= _LONG_SUBJECT else ()
        return frozenset(filter(None, (*map(fold, ours), *subject)))

    @cached_property
    def automatic(self) -> Mapping[str, int]:
        """Kinds of words of automatic replies, with their weights."""
        return phrasebook().automatic.weigh(self.text)

    @property
    def answers(self) -> int:
        """The (negative) weight of words in which people speak of coming or not."""
        return self._of_events.get("definite", 0)

    @property
    def speaks_of_ours(self) -> int:
        """The (negative) weight of words that answer us, or name our event."""
        return min(self.answers, self._of_events.get("mention", 0))

    @property
    def speaks_of_event(self) -> int:
        """The (negative) weight of words that speak of our event, or of events in general."""
        return min(self._of_events.values(), default=0)

    @cached_property
    def begins(self) -> Mapping[str, int]:
        """Kinds of phrases that begin the subject, with their lengths."""
        return phrasebook().subjects.at_start_of(self.subject)

    @cached_property
    def subject_marks(self) -> Sequence[str]:
        """What stands in square brackets in the subject."""
        return _IN_BRACKETS.findall(self.full_subject.text) if "[" in self.full_subject.text else ()

    @cached_property
    def daemon(self) -> bool:
        """The sender is a mail system, by its address or its name."""
        sender = self.message.sender
        return sender.email.partition("@")[0] in _DAEMONS or bool(_DAEMON_NAMES.search(sender.name.lower()))

    @cached_property
    def null_path(self) -> bool:
        return self.message.return_path == ""


_LONG_SUBJECT = 20
"""Characters: what is shorter may be the answer itself."""

_NAMES_A_HOST = re.compile(r"@.|://|www\.")
_DAEMONS = frozenset(
    {"mailer-daemon", "mailerdaemon", "mail-daemon", "maildaemon", "mdaemon", "postmaster", "post_master", "mailadmin",
     "mail_daemon", "mta", "mmdf", "bounce", "bounces", "mail-delivery", "microsoftexchange", "system_administrator"}
)  # fmt: skip
_DAEMON_NAMES = re.compile(
    r"mail delivery (?:sub)?system|mailer-daemon|mail system|mail administrator|microsoft outlook$|postmaster"
    r"|internet mail delivery|system administrator"
)

_IN_BRACKETS = re.compile(r"\[([^\[\]]{2,60})\]")
_IN_ANY_BRACKETS = re.compile(r"[(\[{【]([^()\[\]{}【】]{2,60})[)\]}】]")
_CHAIN = re.compile(
    r"(?:(re|r|aw|antw|antwort|sv|vs|odp|rv|rif|res|resp|ref|fwd|fw|wg|tr|i|enc|doorst|回复|答复|回覆|答覆|转发|轉寄|轉發|رد"
    r"|اعاده توجيه|на|отв|ответ|пересл)\s?(?:\[\d{1,3}\]|\^\d{1,3})?\s?[:：]"
    r"|\[(?!auto)[^\]]{1,40}\]|\((?:external|extern)\))\s?"
)
"""Of a folded subject: one Re: or Fwd: in front, or one [mark]."""


def _split_subject(folded: str) -> tuple[str, str]:
    prefix = ""
    for _ in range(12):
        match = _CHAIN.match(folded)
        if not match:
            break
        prefix = prefix or match.group(1) or ""
        folded = folded[match.end() :]
    return prefix, folded


def without_plus(address: str) -> str:
    local, at, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


# --------------------------------------------------------------------------- our own


def _from_us(view: Screened) -> str:
    ours = any(without_plus(sender.email) in view.own for sender in view.message.senders)
    return "From is our own address" if ours else ""


def _marked_by_us(view: Screened) -> str:
    return "it carries our own mark" if MARKER in view.names else ""


def _our_message_id(view: Screened) -> str:
    match = OUR_MESSAGE_ID.fullmatch(view.message.message_id.lower())
    domain = view.message.message_id.lower().rpartition("@")[2].rstrip(">")
    return "the Message-ID is of our making" if match and domain in view.own_domains else ""


# --------------------------------------------------------------------------- mail systems


@dataclass(frozen=True, slots=True)
class BounceStatus:
    address: str
    permanent: bool
    said: str
    """" (status 5.1.1)" where the report gives one."""


def _delivery_report(view: Screened) -> str:
    report = view.message.report or {}
    if "delivery-status" not in report.get("report-part", ""):
        return ""
    if view.message.content_type != "multipart/report" and not (view.null_path or view.daemon):
        return ""
    return "" if _delivered(report.get("action", "")) else "a delivery report"


def _delivered(action: str) -> bool:
    return action.strip().lower().split(" ")[0] in {"delivered", "relayed", "expanded"}


def _report_without_part(view: Screened) -> str:
    report = view.message.report or {}
    lacks = report.get("report-type") == "delivery-status" and "report-part" not in report
    return "a delivery report without its machine-readable part" if lacks else ""


def _failed_recipients(view: Screened) -> str:
    if "x-failed-recipients" in view.names:
        return "X-Failed-Recipients"
    return "X-MS-Exchange-Message-Is-Ndr" if "x-ms-exchange-message-is-ndr" in view.names else ""


def _bounce_by_shape(view: Screened) -> str:
    """Two of three: a mail system's address (or the null reverse-path), its subject, its words."""
    book = phrasebook()
    by_system = view.daemon or view.null_path
    if view.subject_prefix and not by_system:
        return ""  # a person sends a bounce on, or replies to one
    said = "bounce" in view.begins or (by_system and "bounce" in book.subjects.weigh(view.full_subject))
    if not by_system and not said:
        return ""
    worded = book.bounce_body.found_in(view.whole_text)
    if by_system and said:
        return "a mail system's sender and subject"
    if by_system and worded:
        return "a mail system's sender and words"
    return "a mail system's subject and words" if said and worded else ""


def bounce_status(view: Screened) -> BounceStatus:
    """Whose address failed, and for good or not yet, as far as the bounce tells."""
    report = view.message.report or {}
    action = report.get("action", "").lower()
    status = re.search(r"\b[245]\.\d{1,3}\.\d{1,3}\b", report.get("status", ""))
    said = f" (status {status.group()})" if status else ""
    if action.startswith(("failed", "delayed")):
        permanent = action.startswith("failed")
    elif status:
        permanent = status.group().startswith("5")
    else:
        told = Words(f"{view.subject}\n{view.whole_text.text[:1_500]}")
        permanent = not phrasebook().bounce_delay.found_in(told)
    return BounceStatus(_failed_address(view), permanent, said)


_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", re.ASCII)


def _failed_address(view: Screened) -> str:
    """The address as we wrote it, if the report or what it returns shows that, else as the report names it."""
    report = view.message.report or {}
    named = [*_addresses_in(report.get("original-recipient", "")), *_addresses_in(report.get("final-recipient", ""))]
    named += _addresses_in(view.message.get("x-failed-recipients") or "")
    text = "\n".join(body.text for body in view.message.bodies if body.subtype == "plain")[:20_000]
    text = text or view.whole_text.text
    named += [address for address in _addresses_in(text) if without_plus(address) not in view.own]
    written_to = [address.email for message in view.message.enclosed for address in message.recipients]
    for candidate in (*named[:1], *written_to):
        if candidate in written_to:
            return candidate if candidate in named[:1] or len(written_to) == 1 else named[0] if named else candidate
    return named[0] if named else ""


def _addresses_in(text: str) -> list[str]:
    found = (match.group().lower().strip(".'") for match in _ADDRESS.finditer(text))
    return [address for address in found if not address.startswith(("mailer-daemon@", "postmaster@"))]


def _delivered_report(view: Screened) -> str:
    report = view.message.report or {}
    return "a report of successful delivery" if _delivered(report.get("action", "")) else ""


def _read_receipt(view: Screened) -> str:
    report = view.message.report or {}
    kinds = f"{report.get('report-type', '')} {report.get('report-part', '')}"
    return "a read receipt (RFC 8098)" if "disposition-notification" in kinds else ""


def _other_report(view: Screened) -> str:
    reported = view.message.content_type == "multipart/report" and view.message.report is not None
    return "a multipart/report" if reported else ""


def _read_receipt_by_words(view: Screened) -> str:
    book = phrasebook()
    worded = _prefixed("read", view) and book.receipt_body.found_in(view.text)
    return "a read receipt by its subject and words" if worded else ""


# --------------------------------------------------------------------------- calendars


def _calendar_reply(view: Screened) -> str:
    found = find_reply(view.message)
    return f"a calendar's {found.method.upper()}" if found is not None else ""


# --------------------------------------------------------------------------- automatic replies, by the header


def auto_submitted(value: str) -> str:
    """The keyword of Auto-Submitted (RFC 3834, section 5), lower case, without parameters and comments."""
    uncommented = re.sub(r"\([^()]{0,200}\)", " ", value)
    words = uncommented.partition(";")[0].split()
    return words[0].strip("\"'.,").lower() if words else ""


def _says_auto_submitted(view: Screened) -> str:
    if not _sent_by_calendar(view):
        for value in view.message.get_all("auto-submitted"):
            keyword = auto_submitted(value)
            if keyword and keyword != "no":
                return "Auto-Submitted"
    return ""


def _sent_by_calendar(view: Screened) -> bool:
    """A calendar's answer whose calendar part was lost on the way: the person must not be lost with it."""
    by_google = "calendar-notification@" in view.field("sender")
    return by_google and (view.to_us or view.replies_to_us) and view.message.sender.email not in view.field("sender")


def _automatic_precedence(view: Screened) -> str:
    automatic = view.field("precedence").replace("-", "_") in {"auto_reply", "autoreply", "auto"}
    return "Precedence: auto_reply" if automatic else ""


_AUTOMATIC_FIELDS = frozenset(
    {"x-autoreply", "x-autorespond", "x-autoresponder", "x-autoresponse", "x-autoreply-from", "x-mail-autoreply",
     "x-auto-reply", "x-auto-reply-from", "auto-reply", "x-autoreply-to", "x-autoresponder-id", "x-amazon-auto-reply",
     "x-fc-machinegenerated", "x-machine-generated", "x-autogenerated", "x-auto-generated", "x-vacation",
     "x-boxtrapper", "x-tmda-confirm-done", "x-tmda-fingerprint", "x-challenge-response", "x-mailinblack",
     "x-rt-loop-prevention", "rt-ticket", "rt-originator", "x-otrs-loop", "x-znuny-loop", "x-jira-fingerprint",
     "x-zendesk-from-account-id", "x-freshdesk-ticket-id", "x-cron-env", "x-mailer-autoreply", "x-qq-autoreply",
     "x-yahoo-autoreply", "x-sieve-vacation", "x-notes-autoreply"}
)  # fmt: skip
_NEGATIVE = frozenset({"no", "false", "0", "none", "off", ""})


def _automatic_field(view: Screened) -> str:
    for name in sorted(_AUTOMATIC_FIELDS & view.names):
        if view.field(name) not in _NEGATIVE:
            return f"the field {name}"
    return ""


def _apple_vacation(view: Screened) -> str:
    return "X-Apple-Action: VACATION" if view.field("x-apple-action") == "vacation" else ""


def _exchange_rule(view: Screened) -> str:
    source = view.field("x-ms-exchange-generated-message-source")
    generated = source and any(word in source for word in ("rules agent", "oof", "approval", "journal", "antimalware"))
    return "X-MS-Exchange-Generated-Message-Source" if generated else ""


_AUTOMATIC_MAILERS = re.compile(
    r"zendesk|autorespon|auto-?reply|vacation|freshdesk|otrs|zammad|request tracker|osticket|boxtrapper|mailinblack"
)


def _automatic_mailer(view: Screened) -> str:
    mailer = f"{view.field('x-mailer')} {view.field('user-agent')} {view.field('managed-by')}"
    autoresponder = any(value.strip().lower() == "autoresponder" for value in view.message.get_all("delivered-to"))
    return "a program that answers by itself" if autoresponder or _AUTOMATIC_MAILERS.search(mailer) else ""


def _null_path(view: Screened) -> str:
    return "the null reverse-path, which no person's program sets" if view.null_path else ""


def _daemon(view: Screened) -> str:
    return "the sender is a mail system" if view.daemon else ""


# --------------------------------------------------------------------------- automatic replies, by the words


def _prefixed(kind: str, view: Screened) -> bool:
    """A phrase of this kind begins the subject and ends at a colon, a dash, a date, or the end."""
    end = view.begins.get(kind, 0)
    return bool(end) and _ENDS.match(view.subject[end:]) is not None


_ENDS = re.compile(
    r"\s?(?:[:：,;|!.>(\[/*-]|–|—|$|\d)"
    r"|\s(?:until|till|from|jusqu|du|au|hasta|del|desde|до|с|по|bis|vom|ab|ate|de \d|fino|dal|حتي|من|至)"
)
"""What may follow the words of a subject that says something by itself."""


def _automatic_subject(view: Screened) -> str:
    subjects = phrasebook().subjects
    bracketed = _IN_ANY_BRACKETS.findall(view.full_subject.text)
    marked = any(subjects.at_start_of(inner).get("automatic") == len(inner) for inner in bracketed)
    if marked or (_prefixed("automatic", view) and not view.subject_prefix):
        return "the subject says automatic reply"
    return ""


def _absence_subject(view: Screened) -> str:
    """ "Out of office: Invitation …": absence, a colon, and the subject of a letter that we sent."""
    end = view.begins.get("absence", 0)
    followed = end and re.match(r"\s?(?:re\s?)?[:：]\s?\S", view.subject[end:])
    return "the subject says absence before our own subject" if followed and not view.subject_prefix else ""


_SUBJECT_WEIGHTS = {"absence": 4, "receipt": 3, "automatic": 3}
_SAYS_SO = frozenset({"statement", "challenge", "read", "recall"})


def _weighed(view: Screened) -> tuple[int, list[str]]:
    """The weight of the kinds of automatic words found, and their names."""
    found = {**view.automatic}
    found |= {f"subject: {name}": weight for name, weight in _SUBJECT_WEIGHTS.items() if _subject_says(name, view)}
    return sum(found.values()) + view.speaks_of_event, list(found)


def _subject_says(kind: str, view: Screened) -> bool:
    """The subject begins with a phrase of this kind, or a mark in square brackets does."""
    if kind == "absence" and view.subject_prefix:
        return False  # somebody answers an automatic reply
    begins = kind in view.begins if kind == "receipt" else _prefixed(kind, view)
    return begins or any(kind in phrasebook().subjects.at_start_of(mark) for mark in view.subject_marks)


def _automatic_words(view: Screened) -> str:
    total, found = _weighed(view)
    enough = AUTOMATIC_ENOUGH_WITH_A_HINT if _hint(view) else AUTOMATIC_ENOUGH
    return f"the words of an automatic reply ({', '.join(found)})" if _says_so(view) or total >= enough else ""


def _says_so(view: Screened) -> bool:
    """The text says itself that a machine wrote it: then it may speak of whatever else it likes."""
    return not _SAYS_SO.isdisjoint(view.automatic)


_COURTESIES = frozenset({"thanks"})
"""Kinds of words of automatic replies that are everybody's."""


def _doubt(view: Screened) -> tuple[Doubt, str]:
    total, found = _weighed(view)
    reason = f"may be an automatic reply ({', '.join(found)})"
    if total >= DOUBTFUL:
        return Doubt.STRONG, reason
    if not view.speaks_of_ours and not _COURTESIES.issuperset(found):
        return Doubt.SLIGHT, reason
    return Doubt.NONE, "nothing says that a machine wrote it"


def _says_gone(view: Screened) -> bool:
    """Of an automatic reply: mail to its address is in vain from now on."""
    return "gone" in view.automatic


def _hint(view: Screened) -> bool:
    """A field that automatic replies carry, but people's mail too: Exchange and help desks ask so for no answers."""
    asked = view.field("x-auto-response-suppress")
    return bool(asked and asked != "none") or "x-loop" in view.names


# --------------------------------------------------------------------------- bulk mail


def _mailing_list(view: Screened) -> str:
    if not any(name.startswith("list-") for name in view.names) and "x-mailman-version" not in view.names:
        return ""
    return "" if _list_is_ours(view) or _reply_through_list(view) else "the fields of a mailing list (List-…)"


def _list_is_ours(view: Screened) -> bool:
    """Our mailbox may itself be a group: then all its mail carries the group's own List- fields."""
    list_id = view.field("list-id")
    dotted = {address.replace("@", ".") for address in view.own}
    return any(name in list_id for name in dotted) or any(
        f"mailto:{own}" in view.field("list-post") for own in view.own
    )


def _reply_through_list(view: Screened) -> bool:
    """A reply to our own letter, to us, from a person: it only passed through a group on its way.

    A group of people takes posts (List-Post); a mailing does not.
    """
    post = view.field("list-post")
    grouped = "mailto:" in post and f"mailto:{view.message.sender.email}" not in post
    return grouped and view.replies_to_us and view.to_us


def _bulk_precedence(view: Screened) -> str:
    precedence = view.field("precedence")
    if precedence not in {"bulk", "junk", "list"} or _list_is_ours(view) or _reply_through_list(view):
        return ""
    return f"Precedence: {precedence}"


def _automatic_bulk_precedence(view: Screened) -> str:
    """vacation(1) and its kin mark their replies as bulk: in answer to us that is no mailing."""
    if view.field("precedence") not in {"bulk", "junk"} or any(name.startswith("list-") for name in view.names):
        return ""
    answers = view.replies_to_us or _prefixed("absence", view)
    return "Precedence: bulk on an answer" if answers else ""


_MAILING_FIELDS = frozenset(
    {"x-campaign", "x-campaignid", "x-campaign-id", "x-mc-user", "x-mailgun-tag", "x-mailchimp", "x-report-abuse-to",
     "x-csa-complaints", "x-mailer-recptid", "x-mailer-lid", "x-mailingid", "x-mailing-id", "x-newsletter", "x-job",
     "x-mandrill-user", "x-sg-eid", "x-roving-id", "x-ymlpcode", "x-bulkmail", "x-mass-mailing", "x-massmail",
     "x-listmember", "x-sfmc-stack", "x-emarsys-identify", "x-rpcampaign", "x-hubspot-message-source"}
)  # fmt: skip
_MAILERS = re.compile(r"mailchimp|sendinblue|mailjet|constant contact|phplist|sendgrid|campaign|getresponse|acymailing")


def _mailing_field(view: Screened) -> str:
    if view.replies_to_us:
        return ""
    for name in sorted(_MAILING_FIELDS & view.names):
        return f"the field {name}"
    return "a program for mailings" if _MAILERS.search(view.field("x-mailer")) else ""


_NOBODY = re.compile(
    r"(?:no-?_?\.?reply|do-?_?\.?not-?_?\.?reply|donotreply|noreplay|nicht-?antworten|ne-?pas-?repondre|no-?responder"
    r"|notifications?|newsletter|mailings?|alerts?|bounces?)(?:[+._-].{0,60})?"
)


def _nobody_sends(view: Screened) -> str:
    nobody = _NOBODY.fullmatch(view.message.sender.email.partition("@")[0])
    return "the sender is an address that nobody reads" if nobody and not view.message.calendars else ""


def _nobody_answers(view: Screened) -> str:
    return _nobody_sends(view) if view.replies_to_us or (view.subject_prefix and view.to_us) else ""


def _other_invitation(view: Screened) -> str:
    """METHOD:REQUEST, PUBLISH or CANCEL for another event, and not beside an answer to us."""
    if view.replies_to_us:
        return ""
    for part in view.message.calendars:
        data = part.data[:200_000].upper()
        method = re.search(rb"^METHOD:(REQUEST|PUBLISH|CANCEL|ADD)", data, re.MULTILINE)
        if method and view.event_uid.upper().encode() not in re.sub(rb"\r?\n[ \t]", b"", data):
            return f"a calendar's {method.group(1).decode()} for another event"
    return ""


def _bulk_words(view: Screened) -> str:
    """The words of mailings, offers, fraud and phishing, with the ways in which those are addressed."""
    book = phrasebook()
    if view.replies_to_us and not book.bulk_notice.found_in(view.text):
        return ""
    found = book.bulk.weigh(Words(f"{view.subject}\n{view.text.text}"))
    if _subject_says("press", view):
        found["subject: press"] = 3
    signs = dict(_signs(view))
    total = sum(found.values()) + sum(signs.values())
    if view.to_us and not {"unsubscribe", "press"}.intersection(found):
        total += view.answers
    enough = BULK_ENOUGH if view.speaks_of_event else BULK_ENOUGH_OF_OTHER_THINGS
    if sum(found.values()) < BULK_WORDS_ENOUGH or total < enough:
        return ""
    return f"the words and ways of bulk mail ({', '.join((*found, *signs))})"


def _signs(view: Screened) -> Iterator[tuple[str, int]]:
    message = view.message
    sender = message.sender
    if not message.recipients:
        yield "no recipient named", 2
    elif not view.to_us:
        yield "not addressed to us", 2
    if any(recipient.email == sender.email for recipient in message.recipients):
        yield "addressed to its own sender", 1
    if sender.domain in view.own_domains:
        yield "a stranger in our own domain's name", 2
    if "x-php-originating-script" in view.names or "x-php-script" in view.names:
        yield "sent by a web page's script", 2
    answers_elsewhere = view.field("reply-to").rpartition("@")[2].strip("> ")
    if answers_elsewhere and answers_elsewhere != sender.domain:
        yield "answers go to another domain", 1
    if _MAILED_BY_NUMBER.search(message.return_path or ""):
        yield "a reverse-path that carries our address", 3
    if view.field("x-priority").startswith("1"):
        yield "marked urgent", 1
    if message.bodies and all(body.subtype == "html" for body in message.bodies):
        yield "HTML alone", 1


_MAILED_BY_NUMBER = re.compile(r"^[^@]{1,200}=[^@]{1,200}@|^(?:bounces?|b|msprvs1)[+._-][^@]{4,200}@")


def _addressed_to_nobody(view: Screened) -> str:
    """Sent to a list of hidden recipients: a person who answers us writes to us."""
    hidden = not view.message.recipients and not view.replies_to_us and view.field("to").startswith("undisclosed")
    return "sent to undisclosed recipients" if hidden and not view.subject_prefix else ""


_BY_WORDS = (_automatic_words, _absence_subject, _bulk_words)
"""Rules that go by what people may write too."""


_NO_ANSWER = (_delivered_report, _read_receipt, _other_report, _read_receipt_by_words, _daemon)
"""Rules of what programs alone send, whatever their words."""


def _by_field_alone(rule: Rule, view: Screened) -> bool:
    """Whether a field, or how it is addressed, makes it a machine's or a mailing's, and none of its words: help desks,
    address books and groups put such fields into what people write too."""
    beside_people = rule.kind in {Kind.AUTO, Kind.BULK} and rule.check not in (*_NO_ANSWER, *_BY_WORDS)
    return beside_people and _COURTESIES.issuperset(_weighed(view)[1])


# --------------------------------------------------------------------------- the list

RULES: tuple[Rule, ...] = (
    Rule("own-address", Kind.OWN, "From is one of our own addresses", _from_us),
    Rule("own-mark", Kind.OWN, "the field X-RSVPBot, which every letter of ours carries", _marked_by_us),
    Rule("own-message-id", Kind.OWN, "a Message-ID of our making, in our domain", _our_message_id),
    Rule("delivery-report", Kind.BOUNCE, "multipart/report with message/delivery-status (RFC 3464)", _delivery_report),
    Rule("delivery-report-bare", Kind.BOUNCE, "the same, its report lost on the way", _report_without_part),
    Rule("failed-recipients", Kind.BOUNCE, "fields that only bounces carry", _failed_recipients),
    Rule("delivery-success", Kind.AUTO, "a report that mail was delivered", _delivered_report),
    Rule("read-receipt", Kind.AUTO, "a disposition notification, sent by hand or not (RFC 8098)", _read_receipt),
    Rule("calendar-reply", Kind.CALENDAR, "METHOD:REPLY or COUNTER in a calendar part", _calendar_reply),
    Rule(
        "bounce-by-shape", Kind.BOUNCE, "bounces of old: sender, subject and words of a mail system", _bounce_by_shape
    ),
    Rule("report", Kind.AUTO, "any other multipart/report", _other_report),
    Rule(
        "auto-submitted", Kind.AUTO, "Auto-Submitted says anything but no (RFC 3834, section 5)", _says_auto_submitted
    ),
    Rule("auto-precedence", Kind.AUTO, "Precedence: auto_reply", _automatic_precedence),
    Rule("auto-field", Kind.AUTO, "a field that only automatic replies carry", _automatic_field),
    Rule("auto-apple", Kind.AUTO, "the vacation reply of iCloud", _apple_vacation),
    Rule("auto-exchange", Kind.AUTO, "a message that an Exchange rule made", _exchange_rule),
    Rule("auto-program", Kind.AUTO, "a help desk or an autoresponder", _automatic_mailer),
    Rule("auto-bulk", Kind.AUTO, "Precedence: bulk or junk on an answer to us", _automatic_bulk_precedence),
    Rule("bulk-list", Kind.BULK, "List-… fields (RFC 2369, RFC 2919) of a list that is not our own", _mailing_list),
    Rule("bulk-precedence", Kind.BULK, "Precedence: bulk, junk or list", _bulk_precedence),
    Rule("bulk-field", Kind.BULK, "a field or program of mailings", _mailing_field),
    Rule("auto-null-path", Kind.AUTO, "the null reverse-path (RFC 5321, section 4.5.5)", _null_path),
    Rule("auto-daemon", Kind.AUTO, "a mail system writes, but no bounce", _daemon),
    Rule("auto-subject", Kind.AUTO, "the subject says automatic reply, in many languages", _automatic_subject),
    Rule("auto-absence", Kind.AUTO, "absence, a colon and our own subject", _absence_subject),
    Rule("auto-receipt", Kind.AUTO, "a read receipt without its structure", _read_receipt_by_words),
    Rule("auto-nobody", Kind.AUTO, "an answer from an address that nobody reads", _nobody_answers),
    Rule("bulk-nobody", Kind.BULK, "an address that nobody reads", _nobody_sends),
    Rule("bulk-hidden", Kind.BULK, "undisclosed recipients", _addressed_to_nobody),
    Rule("bulk-invitation", Kind.BULK, "an invitation to another event", _other_invitation),
    Rule("bulk-words", Kind.BULK, "mailings, offers, fraud and phishing by words and address", _bulk_words),
    Rule("auto-words", Kind.AUTO, "an automatic reply by its words", _automatic_words),
)
