"""Whose answer a message is, and how far that may be trusted.

The token that an invitee was sent comes first, then the From address on the list, then a domain that one invitee alone
has; Reply-To and Sender never name anybody. Where two of these name different people, it is said (`Standing.doubt`)
and not guessed. A token dies with its event: from the end on it names nobody.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from rsvpbot.config import Config
from rsvpbot.decide import may_be
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import Directory, Dmarc, Invitee, Message, Reading, Standing, Trust, Voice
from rsvpbot.reading.names import same_person

# --------------------------------------------------------------------------- Authentication-Results


def dmarc(message: Message, authserv_id: str) -> Dmarc:
    """What our own server found out about the sender's domain (RFC 8601; DMARC: RFC 9989).

    Only fields with `authserv_id` count, and only those above the first Received of a foreign host, because all below
    was written by the sender. A `fail` in any of them counts; a `pass` only in the topmost that speaks of dmarc, and
    only for the domain of the From address. Without an `authserv_id` nothing is believed.
    """
    wanted = authserv_id.strip().lower()
    if not wanted:
        return Dmarc.NONE
    found = [result for value in _ours(message, wanted) for result in _dmarc_results(value, wanted)]
    if any(result.verdict == "fail" for result in found):
        return Dmarc.FAIL
    if found and found[0].verdict == "pass" and found[0].speaks_for(message.sender.domain):
        return Dmarc.PASS
    return Dmarc.NONE


@dataclass(frozen=True, slots=True)
class _Result:
    verdict: str
    header_from: str

    def speaks_for(self, domain: str) -> bool:
        return not self.header_from or self.header_from == domain


def _ours(message: Message, authserv_id: str) -> Iterator[str]:
    """Values of Authentication-Results that a host of ours can have written, topmost first.

    A host is ours if it shares the domain of `authserv_id`; where no Received names such a one, if it shares that of
    the topmost Received (an authserv-id need not be a host's name). Hosts without a domain tell nothing.
    """
    hosts = [_by_host(value) for name, value in message.fields if name == "received"]
    home = _home(authserv_id)
    if not any(host and _home(host) == home for host in hosts):
        home = next((_home(host) for host in hosts if host), home)
    been_home = False
    for name, value in message.fields:
        if name == "authentication-results":
            yield value
        elif name == "received":
            host = _by_host(value)
            at_home = bool(host) and _home(host) == home
            if been_home and host and not at_home:
                return
            been_home = been_home or at_home


def _by_host(received: str) -> str:
    """The host that wrote a Received field; "" for an address literal, a bare name, or none."""
    found = re.search(r"(?:^|\s)by\s{1,5}([a-z0-9._-]{1,255})", _bare(received[:2_000])[0])
    host = found.group(1).strip(".") if found else ""
    return host if re.search(r"\.[a-z][a-z0-9-]+$", host) else ""


_REGISTRIES = frozenset(
    {"ac", "co", "com", "edu", "go", "gob", "gouv", "gov", "int", "mil", "ne", "net", "nic", "or", "org"}
)
"""Second labels below which countries register names: hosts of "co.uk" are no neighbours."""


def _home(host: str) -> str:
    """The part of a host name that its neighbours share: the last two labels, or three below a registry."""
    labels = host.split(".")
    registry = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _REGISTRIES
    return ".".join(labels[-3 if registry else -2 :])


def _dmarc_results(value: str, authserv_id: str) -> Iterator[_Result]:
    """The results of DMARC in one field. Of each result the first word alone is method and verdict: all behind it may
    quote the sender."""
    text, closed = _bare(value)
    head, *results = re.sub(r"\s{0,20}([=/])\s{0,20}", r"\1", text).split(";")
    if head.split()[:1] != [authserv_id]:
        return
    if not closed:
        # Our server has quoted the sender as he came, and nobody can say where that ends. A failure is a failure.
        if re.search(r";\s{0,20}dmarc\s{0,20}=\s{0,20}fail\b", value.lower()):
            yield _Result("fail", "")
        return
    for methodspec, *rest in filter(None, map(str.split, results)):
        method, _, verdict = methodspec.partition("=")
        if re.fullmatch(r"dmarc(?:/\d{1,3})?", method):
            said = next((word.partition("=")[2] for word in rest if word.startswith("header.from=")), "")
            yield _Result(verdict, said.rpartition("@")[2].strip("."))


def _bare(value: str) -> tuple[str, bool]:
    """Lower case, comments out (they nest), quotes off (RFC 8601, section 2.2); and whether all of them were closed.

    What has a meaning in the field has none within quotes, in comments as well: MAIL FROM is quoted there, and it is
    the sender's to choose.
    """
    out: list[str] = []
    depth, quoted, escaped = 0, False, False
    for character in value:
        if escaped:
            escaped = False
        elif character == "\\" and (depth or quoted):
            escaped = True
            continue
        elif character == '"':
            quoted = not quoted
            continue
        elif not quoted and character in "()":
            depth = max(0, depth + (1 if character == "(" else -1))
            out.append(" ")
            continue
        if not depth:
            out.append("_" if quoted and (character in ";=/" or character.isspace()) else character)
    return "".join(out).lower(), not (depth or quoted or escaped)


# --------------------------------------------------------------------------- the invitee


def identify(
    message: Message, reading: Reading, directory: Directory, tokens: Tokens, config: Config, now: datetime
) -> Standing:
    """Name the invitee whose answer this is, and say what is in doubt about it. Pure over its arguments.

    From the end of the event on, by the time of handling, a token gives no standing: whoever comes upon an old letter
    is who their address says.
    """
    sender = message.sender.email
    result = dmarc(message, config.mailbox.authserv_id)
    organisers = {address.email.lower() for address in config.organisers.addresses}
    case = _Case(
        message,
        reading,
        directory,
        result,
        organiser=len(message.senders) == 1 and sender in organisers,
        open=config.invitees.open,
        writer=directory.invitee_by_address(sender) if sender else None,
        named=_named(message, reading, directory, tokens, config) if now < config.event.ends else (),
        attendee=_attendee(reading, directory),
    )
    return case.standing()


def returned_to(message: Message, directory: Directory, tokens: Tokens, config: Config) -> Invitee | None:
    """Whose letter came back, by the token in what a bounce encloses, answers, or was sent to."""
    claims = (
        *(tokens.find(enclosed.message_id) for enclosed in message.enclosed),
        *(tokens.find(message_id) for message_id in message.in_reply_to),
        *_last_reference(message, tokens),
        *(tokens.find(address) for address in _own_plus_addresses(message, config.mailbox.address)),
    )
    found = next(filter(None, claims), None)
    return directory.invitee(found) if found else None


def _named(
    message: Message, reading: Reading, directory: Directory, tokens: Tokens, config: Config
) -> tuple[Invitee, ...]:
    """The invitees whose tokens the message carries, the most telling first, without repetition."""
    found = [directory.invitee(invitee_id) for invitee_id in claimed(message, tokens, config.mailbox.address)]
    uid = reading.calendar_uid
    if uid and uid != config.event.uid:
        found.append(directory.invitee_by_calendar_uid(uid))
    return tuple({invitee.id: invitee for invitee in found if invitee is not None}.values())


def claimed(message: Message, tokens: Tokens, mailbox: str) -> Iterator[str]:
    """What the authentic tokens name that a message carries, the most telling first: those of the letter that it
    answers, then of its thread, of the address that it was sent to, and of a link's Subject."""
    claims = (
        *(tokens.find(message_id) for message_id in message.in_reply_to),
        *_last_reference(message, tokens),
        *(tokens.find(address) for address in _own_plus_addresses(message, mailbox)),
        tokens.find(_subject_tag(message.subject)),
    )
    return (claim for claim in claims if claim is not None)


def _last_reference(message: Message, tokens: Tokens) -> Iterator[str]:
    """Of References, the latest token alone: a thread that was forwarded holds earlier ones of others."""
    if any(tokens.find(message_id) for message_id in message.in_reply_to):
        return
    for message_id in reversed(message.references[-50:]):
        found = tokens.find(message_id)
        if found is not None:
            yield found
            return


def _own_plus_addresses(message: Message, own: str) -> Iterator[str]:
    """`rsvp+TOKEN@…` among the recipients, in the header or in what our server noted of the envelope."""
    local, _, domain = own.lower().partition("@")
    noted = (value for name in ("delivered-to", "x-original-to", "envelope-to") for value in message.get_all(name))
    for address in (*(recipient.email for recipient in message.recipients), *(v.strip("<> ").lower() for v in noted)):
        if address.startswith(f"{local}+") and address.endswith(f"@{domain}"):
            yield address.removeprefix(f"{local}+").partition("@")[0]


def _subject_tag(subject: str) -> str:
    """`[token]` at the end of the Subject, whatever stands before it."""
    found = re.search(r"\[([A-Za-z2-7]{17,48})\][\s.]{0,5}$", subject[-200:])
    return found.group(1) if found else ""


def _attendee(reading: Reading, directory: Directory) -> Invitee | None:
    return directory.invitee_by_address(reading.calendar_attendee) if reading.calendar_attendee else None


@dataclass(frozen=True, slots=True)
class _Case:
    """One message with all that was found out about whose it is."""

    message: Message
    reading: Reading
    directory: Directory
    dmarc: Dmarc
    organiser: bool
    open: bool
    writer: Invitee | None
    """Whose From address (or recorded delegate's) this is."""
    named: tuple[Invitee, ...]
    """Whose tokens it carries."""
    attendee: Invitee | None
    """Whom a calendar reply names, where that one is on the list."""

    def standing(self) -> Standing:
        if not self.message.sender.email:
            return self._nobody("there is no From address")
        if self.organiser and self.writer is None:
            return self._nobody("")
        if len(self.message.senders) > 1:
            return self._of(self.writer or next(iter(self.named), None), "more than one From address")
        if self.named:
            return self._by_token(self.named[0])
        if self.writer:
            return self._by_address(self.writer)
        return self._by_attendee_or_domain()

    def _by_token(self, invitee: Invitee) -> Standing:
        if len(self.named) > 1:
            return self._of(invitee, "it carries the tokens of more than one invitee")
        if self.writer is not None and self.writer.id != invitee.id:
            if self.attendee is not None and self.attendee.id == self.writer.id:
                # The invitation was passed on to somebody who is invited too, and whose calendar answers for them.
                return self._of(self.writer, "", Trust.ADDRESS)
            return self._of(invitee, "another invitee writes with this invitee's token")
        if self.attendee is not None and self.attendee.id != invitee.id:
            return self._of(invitee, "the calendar reply names another invitee")
        if self.writer is not None or self._speaks_for(invitee):
            return self._of(invitee, "")
        if self.open:
            return self._nobody("")
        return self._of(
            invitee,
            "the invitation was passed on: the writer is not on the list and does not speak for the invitee; "
            "proposed as a delegation",
        )

    def _by_address(self, invitee: Invitee) -> Standing:
        said = self.reading.calendar_attendee
        if self.attendee is not None and self.attendee.id != invitee.id:
            return self._of(invitee, "the calendar reply names another invitee", Trust.ADDRESS)
        if said and self.attendee is None and said.rpartition("@")[2] != self.message.sender.domain:
            return self._of(invitee, "the calendar reply names an address that is not on the list", Trust.ADDRESS)
        return self._of(invitee, "", Trust.ADDRESS)

    def _by_attendee_or_domain(self) -> Standing:
        domain = self.message.sender.domain
        if self.attendee is not None:
            # Neighbours at one domain may be colleagues, or everybody who has a mailbox with a large provider.
            doubt = "the calendar reply names an invitee, but comes from an address that is not on the list"
            return self._of(self.attendee, doubt, Trust.ADDRESS)
        neighbours = () if self.open else self.directory.invitees_by_domain(domain)
        if len(neighbours) == 1:
            return self._of(neighbours[0], "known only by the domain, which this invitee alone has", Trust.DOMAIN)
        return self._nobody("")

    def _speaks_for(self, invitee: Invitee) -> bool:
        """Whether an address that is not on the list answers for the invitee: in the third person, or in their name."""
        reading = self.reading
        if reading.calendar_attendee:
            return reading.calendar_attendee in invitee.addresses
        if reading.written_by is not None:
            return self._of_whose_words(invitee)
        if self._named(invitee, self.message.sender.name, *reading.names):
            return True
        if self._comes():
            return False
        if self._named(invitee, *reading.represents):
            return True
        meant = any(may_be(name, invitee) for name in reading.spoken_of)
        if reading.voice is Voice.BOTH:
            # Whose seat "I cannot, but my assistant will" speaks of, only the invitee's own name shows.
            return meant and bool(invitee.name)
        return reading.voice is Voice.INVITEE and (meant or not reading.spoken_of)

    def _comes(self) -> bool:
        """Whether the writer, who is not on the list, is among those who come: in the invitee's seat, it seems."""
        writer = self.message.sender.name
        return any(same_person(writer, name) for name in self.reading.names)

    def _named(self, invitee: Invitee, *names: str) -> bool:
        own = tuple(filter(None, (invitee.name, invitee.organisation)))
        return any(same_name(name, one) for one in own for name in names)

    def _of_whose_words(self, invitee: Invitee) -> bool:
        """Whether the words are the sender's, or of the invitee whose mail is enclosed."""
        by = self.reading.written_by
        return by is None or by.email in invitee.addresses or same_name(by.name, invitee.name)

    def _of(self, invitee: Invitee | None, doubt: str, trust: Trust = Trust.TOKEN) -> Standing:
        if invitee is None:
            return self._nobody(doubt)
        sender = self.message.sender.email
        listed = sender in invitee.addresses
        doubt = doubt or ("" if self._of_whose_words(invitee) else "the answer stands in a mail of somebody else")
        if trust is Trust.TOKEN and invitee.id not in {named.id for named in self.named}:
            trust = Trust.ADDRESS
        return Standing(
            invitee.id,
            trust,
            self.dmarc,
            listed=listed,
            organiser=self.organiser,
            from_delegate=not listed and sender in _delegates(invitee),
            doubt=doubt,
        )

    def _nobody(self, doubt: str) -> Standing:
        return Standing(None, Trust.STRANGER, self.dmarc, listed=False, organiser=self.organiser, doubt=doubt)


def _delegates(invitee: Invitee) -> frozenset[str]:
    delegate = invitee.answer.delegate if invitee.answer else None
    return frozenset({delegate.email.lower()}) if delegate and delegate.email else frozenset()


_TITLES = frozenset(
    {"mr", "mrs", "ms", "mx", "dr", "prof", "professor", "h", "e", "he", "hon", "sir", "dame", "lord", "lady", "amb",
     "ambassador", "excellency", "the", "of", "and", "for", "to", "m", "mme", "mlle", "me", "sr", "sra", "srta", "don",
     "herr", "frau"}
)  # fmt: skip


def same_name(one: str, other: str) -> bool:
    """Whether two written names can be one person's (or office's): the words of one are among those of the other.

    Order, case, accents and titles do not matter; one word alone is enough only where it is all of both.
    """
    a, b = _name_words(one), _name_words(other)
    if not a or not b:
        return False
    return a == b or (min(len(a), len(b)) >= 2 and (a <= b or b <= a))


def _name_words(name: str) -> frozenset[str]:
    flat = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(c for c in flat if not unicodedata.combining(c))
    return frozenset(_without(re.findall(r"\w+", plain)[:30], _TITLES))


def _without(words: Iterable[str], unwanted: frozenset[str]) -> Iterator[str]:
    return (word for word in words if word not in unwanted)
