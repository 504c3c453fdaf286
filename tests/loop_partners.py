"""rsvpbot against everybody who answers by themselves, each for a dozen rounds; no conversation may go on.

    python -m tests.loop_partners            # a table; exit status 1 if any went beyond one exchange

The road is the real one: a mailbox on Dovecot, `service.Round`, SMTP. What we send is handed to the partner it is for,
what the partner answers goes into the mailbox over LMTP, and a letter to our own address comes back the same way.

What an exchange is: a mail of the partner's, and the automatic letter of ours that it brought about (to whomever, the
organisers apart). The letter that begins it all, our invitation, belongs to no exchange, nor do letters that a person
ordered (`announce`). So "after one exchange" allows one automatic letter in all rounds together, however many mails the
partner sends: RFC 3834 calls for an end, and the first answer to what may be a person's words cannot be helped.

Every partner is run at two paces: a minute a round, as machines answer, and 25 hours a round, as if each of its mails
were held up, so that no limit that counts a day and no sense for haste can end it. The limits on automatic answers are
out of reach in these runs, so that something better must end it; they have their own tests in tests/test_loops.py.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from rsvpbot.config import Config, load
from rsvpbot.inviting import announce
from rsvpbot.mail.imap import Connection
from rsvpbot.mail.screen import without_plus
from rsvpbot.mail.tokens import Tokens, load_keys
from rsvpbot.organisers import announce as events
from rsvpbot.organisers.invite import Inviting
from rsvpbot.roster import new_id
from rsvpbot.service import Round
from rsvpbot.store import open_store
from rsvpbot.store.base import Commit, Store
from tests.corpus_mailbox import on_loopback
from tests.servers import Authority, Dovecot, Postfix, Received, SmtpSink, User
from tests.steer_house import with_own_words

ROUNDS = 12
START = datetime(2016, 9, 1, 9, 0, tzinfo=UTC)
PACES = {"minutes": timedelta(minutes=1), "days": timedelta(hours=25)}
HASTE = timedelta(seconds=20)
"""After so long a partner answers."""

ORGANISER = "secretariat@unicef.example"
ADDRESS = "ada@partner.example"
"""Of most partners."""


# --------------------------------------------------------------------------- what passes between them


class Hand:
    """A clock whose hand is moved. Implements `model.Clock`."""

    def __init__(self, start: datetime) -> None:
        self.time = start

    def now(self) -> datetime:
        return self.time


@dataclass(frozen=True, slots=True)
class Mail:
    """What a partner sends: its bytes, and its envelope sender ("": the null reverse-path)."""

    raw: bytes
    mail_from: str = ADDRESS


@dataclass(frozen=True, slots=True)
class Got:
    """A letter of ours, as it reaches a partner."""

    received: Received
    to: str
    number: int
    """How many have come before."""
    now: datetime

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.received.raw, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def sender(self) -> str:
        return str(self.message["From"].addresses[0].addr_spec)

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        assert body is not None
        return str(body.get_content())

    def calendar(self) -> str:
        """The calendar file in it that asks to be acted upon, or ""."""
        for part in self.message.walk():
            if part.get_content_type() == "text/calendar" and part.get_param("method") == "REQUEST":
                return str(part.get_content())
        return ""


Answers = Callable[[Got], Sequence[Mail]]


@dataclass(frozen=True, slots=True)
class Partner:
    """Who answers by themselves, and how."""

    name: str
    answers: Answers
    address: str = ADDRESS
    """On the list of invitees; {own} stands for our mailbox's, {local} for its local part."""
    machine: str = ""
    """Whose mail it answers, where that is not the invitee's."""
    opening: str = ""
    """What the invitee, a person, has answered to the invitation before the machine takes over."""
    changes: bool = False
    """The event is changed and announced every third round."""
    changed: Mapping[str, str] = field(default_factory=dict)
    """In the configuration."""


def reply(
    got: Got,
    text: str,
    *,
    subject: str = "Re: {subject}",
    who: str = "Ada Lovelace <ada@partner.example>",
    thread: bool = True,
    **fields: str,
) -> EmailMessage:
    """An answer to our letter, as a mail program threads it."""
    ours, answer = got.message, EmailMessage(policy=policy.SMTP)
    answer["From"] = who
    answer["To"] = got.sender
    answer["Subject"] = subject.format(subject=ours["Subject"], number=4711 + got.number)
    answer["Date"] = format_datetime(got.now)
    answer["Message-ID"] = f"<{got.number}.{got.now.timestamp():.0f}@partner.example>"
    if thread:
        answer["In-Reply-To"] = str(ours["Message-ID"])
        answer["References"] = str(ours["Message-ID"])
    for name, value in fields.items():
        answer[name.replace("_", "-")] = value
    answer.set_content(text.format(number=4711 + got.number, time=f"{got.now:%H:%M:%S}"))
    return answer


def says(
    text: str,
    *,
    mail_from: str = ADDRESS,
    quoted: str = "",
    subject: str = "Re: {subject}",
    who: str = f"Ada Lovelace <{ADDRESS}>",
    thread: bool = True,
    **fields: str,
) -> Answers:
    """A partner that always answers this. `quoted`: the line above our letter, which it quotes in full."""

    def answers(got: Got) -> Sequence[Mail]:
        below = "\n".join(f"> {line}" for line in got.text.splitlines()) if quoted else ""
        told = f"{text}\n\n{quoted}\n{below.replace('{', '(').replace('}', ')')}\n" if quoted else text
        return [Mail(reply(got, told, subject=subject, who=who, thread=thread, **fields).as_bytes(), mail_from)]

    return answers


# --------------------------------------------------------------------------- bounces, lists, circles


def failed(got: Got) -> Sequence[Mail]:
    """A delivery status notification (RFC 3464)."""
    report = EmailMessage(policy=policy.SMTP)
    report["From"] = "Mail Delivery System <MAILER-DAEMON@mx.partner.example>"
    report["To"] = got.received.mail_from
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Date"] = format_datetime(got.now)
    report["Message-ID"] = f"<bounce{got.number}@mx.partner.example>"
    report["Auto-Submitted"] = "auto-replied"
    report.make_mixed()
    parts = (
        ("text/plain", "I'm sorry to have to inform you that your message could not be delivered."),
        (
            "message/delivery-status",
            f"Reporting-MTA: dns; mx.partner.example\r\n\r\nFinal-Recipient: rfc822; {got.to}\r\n"
            "Action: failed\r\nStatus: 5.1.1\r\n",
        ),
        ("message/rfc822", got.received.raw.decode("ascii", "replace")),
    )
    body = "".join(f"--b\r\nContent-Type: {kind}\r\n\r\n{text}\r\n" for kind, text in parts) + "--b--\r\n"
    head = report.as_bytes().partition(b"Content-Type:")[0]
    kind = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\nMIME-Version: 1.0\r\n\r\n'
    return [Mail(head + kind.encode() + body.encode(), "")]


def returned(sender: str, mail_from: str) -> Answers:
    """A bounce in words alone, as old and home-made systems write it."""

    def answers(got: Got) -> Sequence[Mail]:
        text = f"The following message to <{got.to}> was undeliverable.\n\nReason: 550 user unknown\n"
        mail = reply(got, text, subject="Delivery failure", who=sender, thread=False)
        return [Mail(mail.as_bytes(), mail_from)]

    return answers


def resent(*added: str, without: Sequence[str] = (), mail_from: str = "", **replaced: str) -> Answers:
    """Our letter comes back as it is, with fields added, taken away, and replaced."""

    def answers(got: Got) -> Sequence[Mail]:
        mail = message_from_bytes(got.received.raw, policy=policy.compat32)
        for name in without:
            del mail[name]
        for name, value in replaced.items():
            del mail[name.replace("_", "-")]
            mail[name.replace("_", "-")] = value.format(number=got.number, sender=got.sender)
        head = "".join(f"{line}\r\n" for line in added).format(number=got.number).encode()
        return [Mail(head + mail.as_bytes(policy=policy.SMTP), mail_from or got.received.mail_from)]

    return answers


MARKS = ("X-RSVPBot", "Auto-Submitted", "X-Auto-Response-Suppress", "List-Unsubscribe")
"""By which a letter of ours says what it is; a gateway may think them nobody's business."""


# --------------------------------------------------------------------------- calendars, receipts, people


def accepts(got: Got) -> Sequence[Mail]:
    """A calendar server: each calendar file that asks for an answer gets one (RFC 6047), in iMIP's own form."""
    asked = got.calendar()
    if not asked:
        return []
    lines = asked.replace("\r\n ", "").splitlines()
    kept = [
        line for line in lines if line.startswith(("UID:", "SEQUENCE:", "DTSTART", "DTEND", "ORGANIZER", "SUMMARY"))
    ]
    answer = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Partner//Calendar//EN",
        "METHOD:REPLY",
        "BEGIN:VEVENT",
        *kept,
        f"DTSTAMP:{got.now:%Y%m%dT%H%M%SZ}",
        f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{got.to}",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    mail = reply(got, "Ada Lovelace has accepted this invitation.", subject="Accepted: {subject}")
    mail.add_alternative("\r\n".join(answer), subtype="calendar", params={"method": "REPLY"})
    return [Mail(mail.as_bytes())]


def was_read(got: Got) -> Sequence[Mail]:
    """A disposition notification (RFC 8098)."""
    head = reply(got, "x", subject="Read: {subject}").as_bytes().partition(b"Content-Type:")[0]
    body = (
        'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\r\n'
        "MIME-Version: 1.0\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nYour message was displayed.\r\n"
        "--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
        f"Final-Recipient: rfc822;{got.to}\r\nOriginal-Message-ID: {got.message['Message-ID']}\r\n"
        "Disposition: automatic-action/MDN-sent-automatically; displayed\r\n--b--\r\n"
    )
    return [Mail(head + body.encode())]


def in_turn(*texts: str) -> Answers:
    """A partner that never says the same twice in a row."""
    return lambda got: says(texts[got.number % len(texts)])(got)


def nothing(_: Got) -> Sequence[Mail]:
    return []


RU = "Здравствуйте! Благодарю Вас за письмо. Я отвечу Вам, как только смогу."
AR = "شكرا على رسالتكم. سوف أعود إليكم في أقرب وقت ممكن."
ZH = "您好，您的来信我已收到，我会尽快给您答复。谢谢！"

PARTNERS: tuple[Partner, ...] = (
    Partner("vacation, RFC 3834", says("I am away until 1 October.", mail_from="", Auto_Submitted="auto-replied")),
    Partner(
        "vacation, Exchange and Microsoft 365",
        says(
            "I am away. Please write to Bob.",
            mail_from="",
            subject="Automatic reply: {subject}",
            X_Auto_Response_Suppress="All",
            X_MS_Exchange_Inbox_Rules_Loop=ADDRESS,
            Auto_Submitted="auto-generated",
        ),
    ),
    Partner("vacation, Gmail", says("Away from my desk.", Precedence="bulk", X_Autoreply="yes")),
    Partner("vacation(1) of old, Precedence alone", says("I will read your mail later.", Precedence="junk")),
    Partner("rule of Outlook.com, words alone", says("I am out of office.")),
    Partner("rule, the words of a person", says("Thank you for your message, I will get back to you.")),
    Partner("rule, words of a person and a time", says("Thank you for your mail of {time}, I will get back to you.")),
    Partner("rule, unclear words", says("The thing is complicated. Please see the file as agreed with Anna.")),
    Partner(
        "customer database, from another address each time",
        lambda got: says(
            "The thing is complicated. Please see the file as agreed with Anna.",
            who=f"Ada Lovelace <ada+{got.number}@partner.example>",
        )(got),
    ),
    Partner("rule, words that decline", says("I am on leave until 1 October and cannot attend any meetings.")),
    Partner("assistant that accepts everything", says("Yes, I will attend.")),
    Partner(
        "vacation that quotes our letter",
        says("Thank you, I will read this when I am back.", quoted="On Thu, Rsvp wrote:"),
    ),
    Partner(
        "vacation that quotes without a mark",
        lambda got: [Mail(reply(got, f"Thank you, I have got this:\n\n{got.text}".replace("{", "(")).as_bytes())],
    ),
    Partner("rule in Russian, quoting", says(RU, quoted="1 сентября 2016 г. Rsvp написал:")),
    Partner("rule in Arabic, quoting", says(AR, quoted="كتب Rsvp:")),
    Partner("rule in Chinese, quoting", says(ZH, quoted="在 2016年9月1日，Rsvp 写道：")),
    Partner("bounce, RFC 3464", failed),
    Partner("bounce in words", returned("MAILER-DAEMON@mx.partner.example", "")),
    Partner("bounce with a sender", returned("Postmaster <postmaster@partner.example>", "postmaster@partner.example")),
    Partner("bounce from a person's address", returned("Ada Lovelace <ada@partner.example>", ADDRESS)),
    Partner(
        "ticket system without a header",
        says(
            "Your request has been received and was given the number #{number}. We will answer as soon as we can.",
            subject="[#{number}] {subject}",
            thread=False,
        ),
    ),
    Partner(
        "ticket system that quotes and asks",
        says(
            "Dear customer,\nwe opened ticket {number} at {time}. Could you tell us which product you use?",
            subject="[Ticket {number}] {subject}",
            quoted="Your request:",
        ),
    ),
    Partner(
        "ticket system in a person's words, no thread",
        says(
            "Hello, I have your file under {number} since {time}. Could you tell me which product you mean?",
            subject="[#{number}] {subject}",
            thread=False,
        ),
    ),
    Partner(
        "ticket system with a header",
        says(
            "Ticket {number} was opened.",
            subject="[#{number}] {subject}",
            X_Auto_Response_Suppress="All",
            X_Autoresponse="ticket-created",
        ),
    ),
    Partner(
        "mailing list that sends it back",
        resent("List-Id: <all.partner.example>", "Precedence: list", "List-Post: <mailto:ada@partner.example>"),
    ),
    Partner("mailing list that changes Reply-To alone", resent(Reply_To=ADDRESS)),
    Partner(
        "mailing list that changes From",
        resent(From="Rsvp via All <ada@partner.example>", Reply_To="{sender}", mail_from=ADDRESS),
    ),
    Partner(
        "mailing list that changes From and drops our marks",
        resent(without=MARKS, From="Rsvp via All <ada@partner.example>", mail_from=ADDRESS),
    ),
    Partner(
        "moderator's notice",
        says(
            "Your message awaits moderator approval. The reason it is being held: post by non-member.",
            subject="Your message to All awaits moderator approval",
        ),
    ),
    Partner("forwarded back to us", resent("Received: from a.example by b.example; Thu, 1 Sep 2016 09:00:30 +0000")),
    Partner("forwarded back, new Message-ID", resent(Message_ID="<again{number}@partner.example>")),
    Partner("forwarded back, without our marks", resent(without=MARKS, Message_ID="<again{number}@partner.example>")),
    Partner("our own address is on the list", nothing, address="{own}"),
    Partner("our own address with a plus is on the list", nothing, address="{local}+guest@roundtable.example"),
    Partner("calendar server that accepts every update", accepts, changes=True),
    Partner(
        "challenge to the sender",
        says("To have your message delivered, please click to confirm that you are a human: http://partner.example/c"),
    ),
    Partner("read receipt", was_read),
    Partner(
        "program that writes like a person, never the same",
        in_turn(
            "Could you tell me who else is on the panel?",
            "Thanks a lot for this, noted with interest.",
            "As discussed, see my note to Anna about it.",
            "Wonderful to hear from you! Will lunch be served, and may my driver wait outside?",
            "Let me look into this and revert.",
        ),
    ),
    Partner(
        "delegate's vacation, the words of a person",
        says(
            "Thank you for your message, I will get back to you.",
            who="Jane Doe <jane@delegate.example>",
            mail_from="jane@delegate.example",
        ),
        machine="jane@delegate.example",
        opening="I cannot come. Jane Doe <jane@delegate.example> will attend in my place.",
    ),
    Partner(
        "organiser's vacation, words alone",
        says("I am travelling and will read this next week.", who=f"Ann <{ORGANISER}>", mail_from=ORGANISER),
        machine=ORGANISER,
        opening="I will come with my wife. May we film the opening?",
        changed={'# review = "summary"': 'review = "at once"'},
    ),
)


# --------------------------------------------------------------------------- the house


class Bot:
    """One rsvpbot: a mailbox, a configuration, a store, and the round that `rsvpbot poll` does."""

    def __init__(
        self,
        dovecot: Dovecot,
        user: User,
        relay: SmtpSink | Postfix,
        folder: Path,
        listed: str,
        clock: Hand,
        changed: Mapping[str, str] | None = None,
    ) -> None:
        self.user, self.clock, self.folder = user, clock, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "config.toml"
        usual = {
            'mode = "draft"': 'mode = "send"',
            "# max_per_minute = 60": "max_per_minute = 100000",
            "# copy_to_sent = true": "copy_to_sent = false",
            "# max_per_person_day = 3": "max_per_person_day = 1000",
            "Roundtable Secretariat <secretariat@roundtable.example>": ORGANISER,
        }
        text = on_loopback(user, dovecot.imap_port, relay.port, {**usual, **(changed or {})})
        self.path.write_text(text, encoding="utf-8")
        (folder / "discussion-paper.pdf").write_bytes(b"%PDF-1.4 paper")
        (folder / "invitees.csv").write_text(f"email,name\n{listed}", encoding="utf-8")
        self._stop = threading.Event()
        self._round: Round | None = None
        self._store: Store | None = None

    @property
    def config(self) -> Config:
        return load(self.path)

    def _opened(self) -> tuple[Round, Store]:
        if self._round is None or self._store is None:
            config = self.config
            self._store = open_store(config.store_url, self.folder)
            self._round = Round(self._store, config, self.clock, everything=True, since=None)
            with_own_words(self._round.intake, config)
        return self._round, self._store

    def invite(self) -> None:
        """To everybody on the list."""
        (work, store), config = self._opened(), self.config
        work.take_in_list()
        events.note_first(store, config)
        tokens = Tokens(load_keys(config.state_folder), config.event.uid)
        inviting = Inviting(store, config, work.templates, tokens, new_id)
        letters = tuple(inviting.written(invitee, self.clock.now()) for invitee in store.invitees())
        store.commit(Commit(letters=letters))
        work.send(self._stop, None)

    def move_room(self, floor: int) -> None:
        """The event changes, and everybody is told."""
        self.close()
        text = self.path.read_text(encoding="utf-8")
        lines = [f'floor = "floor {floor}"' if line.startswith("floor =") else line for line in text.splitlines()]
        self.path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with contextlib.redirect_stdout(io.StringIO()):
            assert announce(self.config, self.clock, lambda _: True, cancel=False, yes=True, dry_run=False) == 0

    def poll(self) -> None:
        """One round, as the service does it: list, mailbox, letters."""
        work, _ = self._opened()
        with Connection(self.config.mailbox) as connection:
            work.poll(connection, self._stop)
            work.queue_due()
            work.send(self._stop, connection)

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = self._round = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a conversation ended."""

    partner: str
    pace: str
    mails: int
    """From the partner."""
    letters: int
    """From us, to invitees and delegates, invitation included."""
    exchanges: int
    last: int
    """The last round in which we said anything; 0: nothing after the invitation."""

    @property
    def good(self) -> bool:
        return self.exchanges <= 1


# --------------------------------------------------------------------------- a conversation


def as_it_is(raw: bytes) -> bytes:
    return raw


def gateway(raw: bytes) -> bytes:
    """Takes off all by which a letter of ours says what it is, and puts a Message-ID of its own."""
    mail = message_from_bytes(raw, policy=policy.compat32)
    passed = str(mail["Message-ID"]).strip("<>").partition("@")[0]
    for name in (*MARKS, "Message-ID"):
        del mail[name]
    mail["Message-ID"] = f"<{passed}@gateway.example>"
    return mail.as_bytes(policy=policy.SMTP)


class Post:
    """Carries what the bots send: to the partner, to each other, back to themselves; and what the partner answers."""

    def __init__(
        self,
        dovecot: Dovecot,
        sink: SmtpSink,
        bots: Sequence[Bot],
        partner: Partner | None = None,
        between: Callable[[bytes], bytes] = as_it_is,
    ) -> None:
        self._dovecot, self._sink, self._bots, self._partner, self._between = dovecot, sink, bots, partner, between
        self._carried = 0
        self._opened = 0
        self.mails = 0
        """From the partner; between bots, from the one to the other."""

    def carry(self, now: datetime) -> None:
        """Hand over what was sent since the last time."""
        letters = self._sink.received[self._carried :]
        self._carried += len(letters)
        for letter in letters:
            for to in letter.recipients:
                self._carry_to(to, letter, now)

    def _carry_to(self, to: str, letter: Received, now: datetime) -> None:
        home = next((bot for bot in self._bots if without_plus(to) == bot.user.address), None)
        partner = self._partner
        if home is not None:
            self.mails += 1
            self.deliver(home, self._between(letter.raw), letter.mail_from)
        elif partner is not None and to == (partner.machine or ADDRESS):
            for mail in partner.answers(Got(letter, to, self.mails, now + HASTE)):
                self.mails += 1
                self.deliver(self._bots[0], mail.raw, mail.mail_from)

    def deliver(self, bot: Bot, raw: bytes, mail_from: str) -> None:
        self._dovecot.deliver(bot.user, raw, sender=mail_from)

    def opened(self) -> None:
        """What was sent until now was ordered by people."""
        self._opened = len(self._sink.received)

    def exchanges(self) -> int:
        """Letters that answer a mail, by their own header, since then."""
        headers = (message_from_bytes(letter.raw) for letter in self._sink.received[self._opened :])
        return sum(header["Auto-Submitted"] == "auto-replied" for header in headers)


def converse(dovecot: Dovecot, sink: SmtpSink, folder: Path, partner: Partner, pace: str) -> Ended:
    """Invite a partner, and let the two write to each other for all the rounds."""
    sink.reset()
    user, clock = dovecot.new_user("rsvp"), Hand(START)
    address = partner.address.format(own=user.address, local=user.name)
    bot = Bot(dovecot, user, sink, folder, f"{address},Ada Lovelace\n", clock, partner.changed)
    post = Post(dovecot, sink, (bot,), partner)
    bot.invite()
    if partner.opening:
        (invitation,) = sink.received
        written = reply(Got(invitation, ADDRESS, 0, clock.time), partner.opening)
        sink.reset()
        post.deliver(bot, written.as_bytes(), ADDRESS)
        clock.time += timedelta(hours=1)
        bot.poll()
        post.opened()
    last = 0
    for number in range(1, ROUNDS + 1):
        post.carry(clock.time)
        clock.time += PACES[pace]
        before = len(sink.received)
        bot.poll()
        last = number if len(sink.received) > before else last
        if partner.changes and number % 3 == 0:
            bot.move_room(number)
    bot.close()
    assert dovecot.messages(user) == [], "mail was left in INBOX"
    return Ended(partner.name, pace, post.mails, len(sink.received), post.exchanges(), last)


def each_other(
    dovecot: Dovecot, sink: SmtpSink, folder: Path, pace: str, name: str, between: Callable[[bytes], bytes]
) -> Ended:
    """Two of us, each on the other's list of invitees, both in mode "send"; `between`: what is done to the mail."""
    sink.reset()
    clock = Hand(START)
    here = dovecot.new_user("rsvp")
    there = dovecot.add_user(f"{here.name}@conference.example")
    pairs = ((here, there, "a"), (there, here, "b"))
    bots = [Bot(dovecot, own, sink, folder / sub, f"{other.address},Other\n", clock) for own, other, sub in pairs]
    post = Post(dovecot, sink, bots, between=between)
    last = 0
    for bot in bots:
        bot.invite()
    for number in range(1, ROUNDS + 1):
        post.carry(clock.time)
        clock.time += PACES[pace]
        before = len(sink.received)
        for bot in bots:
            bot.poll()
        last = number if len(sink.received) > before else last
    for bot in bots:
        bot.close()
        assert dovecot.messages(bot.user) == [], "mail was left in INBOX"
    return Ended(name, pace, post.mails, len(sink.received), post.exchanges(), last)


Talk = Callable[[Dovecot, SmtpSink, Path, str], Ended]

TWO_OF_US: Mapping[str, Callable[[bytes], bytes]] = {
    "rsvpbot, each the other's invitee": as_it_is,
    "rsvpbot, behind a gateway that drops our marks": gateway,
}


def talks() -> dict[str, Talk]:
    """Everybody by name: how to have a conversation with them."""

    def with_partner(partner: Partner) -> Talk:
        return lambda dovecot, sink, folder, pace: converse(dovecot, sink, folder, partner, pace)

    def of_two(name: str) -> Talk:
        return lambda dovecot, sink, folder, pace: each_other(dovecot, sink, folder, pace, name, TWO_OF_US[name])

    return {**{name: of_two(name) for name in TWO_OF_US}, **{one.name: with_partner(one) for one in PARTNERS}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="partners whose name holds this")
    arguments = parser.parse_args()
    if reason := Dovecot.missing():
        print(reason, file=sys.stderr)
        return 1
    logging.disable(logging.WARNING)
    bad = count = 0
    print(f"{'partner':58} {'pace':8} {'mails from it':>13} {'letters from us':>15} {'exchanges':>9} {'ended':>9}")
    with Authority() as authority, Dovecot(authority) as dovecot, SmtpSink() as sink:
        for name, talk in talks().items():
            for pace in PACES if arguments.only in name else ():
                with tempfile.TemporaryDirectory() as folder:
                    ended = talk(dovecot, sink, Path(folder), pace)
                bad, count = bad + (not ended.good), count + 1
                when = f"round {ended.last}" if ended.last else "at once"
                row = f"{name:58} {pace:8} {ended.mails:13} {ended.letters:15} {ended.exchanges:9} {when:>9}"
                print(row if ended.good else f"{row}  TOO MANY", flush=True)
    print(f"{count - bad} of {count} conversations ended after at most one exchange, in {ROUNDS} rounds each")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
