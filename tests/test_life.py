"""The whole life of an event on Dovecot and Postfix, with a clock that is moved: from a messy workbook to the door.

Thirty times the process is killed where it happens to be. At the end each invitee's letters are exactly those that were
due, in their order, none of them twice; at most one a kill is in doubt instead of sent.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rsvpbot.config import load
from rsvpbot.model import Invitee, LetterKind, LetterState, PartStat
from rsvpbot.store import open_store
from tests.corpus_mailbox import EXAMPLE, command
from tests.servers import Dovecot, Postfix, SmtpSink, User, until

NEW_YORK = ZoneInfo("America/New_York")
ORGANISER = "ann@unicef.example"
PASS = "mx.roundtable.example; dmarc=pass header.from=unicef.example"
KILLS = 30
SEATS = 23

ASKED, A, D, T = "invitation", "accepted", "declined", "tentative"
NEWS, PAPER, REMINDER = "changed", "paper", "reminder"
DUE: dict[str, list[str]] = {
    **{f"p{n:02}": [ASKED, A, NEWS, PAPER, REMINDER] for n in (*range(2, 9), *range(10, 15))},
    "p00": [ASKED, A, D],
    "p09": [ASKED, A, D],
    "p01": [ASKED, A, NEWS, PAPER, D],
    "p15": [ASKED, "standby", "offer", A, NEWS, PAPER, REMINDER],
    "p16": [ASKED, "standby", NEWS, "offer"],
    "p17": [ASKED, "standby", NEWS, "offer"],
    "p18": [ASKED, "standby", NEWS],
    **{f"p{n}": [ASKED, D] for n in range(19, 25)},
    **{f"p{n}": [ASKED, T, NEWS, REMINDER] for n in (25, 26, 27)},
    **{f"p{n}": [ASKED, "delegated", "welcome", NEWS, PAPER, REMINDER] for n in (28, 29)},
    "p30": [ASKED, A, "from-organisers", NEWS, PAPER, REMINDER],
    "p31": [ASKED, REMINDER, NEWS],
    "p32": [ASKED],
    "p34": [ASKED, "unclear", D],
    **{f"p{n}": [ASKED, REMINDER, NEWS] for n in (33, *range(35, 60))},
    "eve": [A, NEWS, PAPER, REMINDER],
}


def at(month: int, day: int, hour: int = 9, minute: int = 30) -> datetime:
    return datetime(2016, month, day, hour, minute, tzinfo=NEW_YORK)


FIRST = at(8, 29)


@dataclass
class Life:
    config: Path
    user: User
    dovecot: Dovecot
    postfix: Postfix
    outside: SmtpSink
    now: datetime = FIRST
    kills: int = 0
    number: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(2016))

    # ------------------------------------------------------------ the program

    def run(self, *words: str, kills: int = 0) -> str:
        """Run a command, after having killed it so often somewhere on its way."""
        line = [*command(self.config, words[0]), *words[1:], "--now", self.now.isoformat()]
        for _ in range(kills):
            process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(self.chance.uniform(0.5, 2.6))
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.kills += 1
        done = subprocess.run(line, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def poll(self, moment: datetime, kills: int = 0) -> None:
        self.now = moment
        self.run("poll", kills=kills)
        self.run("poll")  # what a reply has brought about, an offer say, goes out with the next round

    # ------------------------------------------------------------ the mail

    def writes(
        self, who: str, text: str, *, thread: str = "", auth: str = "", subject: str = "Re: Invitation", **fields: str
    ) -> None:
        self.number += 1
        message = EmailMessage(policy=policy.SMTP)
        if auth:
            message["Authentication-Results"] = auth
        message["From"] = who
        message["To"] = self.user.address
        message["Subject"] = subject
        message["Date"] = format_datetime(self.now)
        message["Message-ID"] = f"<{self.number}@sender.example>"
        if thread:
            message["In-Reply-To"] = thread
        for name, value in fields.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        if auth:  # what our own server would write: Postfix here has no milter for it
            self.dovecot.deliver(self.user, message.as_bytes())
        else:
            self.postfix.deliver(self.user.address, message.as_bytes())

    def answers(self, name: str, text: str, kind: str = ASKED) -> None:
        self.writes(f"{name.upper()} Guest <{name}@x.example>", text, thread=self.letters(name)[kind][-1])

    def letters(self, name: str) -> dict[str, list[str]]:
        """Message-IDs of an invitee's letters by kind."""
        found: dict[str, list[str]] = {}
        loaded = load(self.config)
        with open_store(loaded.store_url, loaded.path.parent, read_only=True) as store:
            invitee = store.invitee_by_address(f"{name}@x.example")
            assert invitee is not None, name
            for letter in store.letters_to(invitee.id):
                found.setdefault(letter.kind.value, []).append(letter.message_id)
        return found

    def arrived(self) -> None:
        until(lambda: self.postfix.queued() == 0, 30)

    def to(self, address: str) -> list[EmailMessage]:
        self.arrived()
        found = []
        for received in self.outside.received:
            if address in received.recipients:
                message = message_from_bytes(received.raw, policy=policy.default)
                assert isinstance(message, EmailMessage)
                found.append(message)
        return found

    def in_doubt(self) -> list[EmailMessage]:
        loaded = load(self.config)
        with open_store(loaded.store_url, loaded.path.parent, read_only=True) as store:
            raws = [letter.raw for letter in store.letters(LetterState.DOUBTFUL) if letter.raw]
        return [
            message
            for message in (message_from_bytes(raw, policy=policy.default) for raw in raws)
            if isinstance(message, EmailMessage)
        ]

    def decides(self, about: str, words: str) -> None:
        """The organiser replies to the letter about somebody; or, where a kill has met that very letter and it never
        arrived, to the same one out of the record, which the summary would have told of."""
        mails = self.to(ORGANISER) + self.in_doubt()
        asked = [m for m in mails if "To decide" in m["Subject"] and about in str(m.get_body(("plain",)))]
        assert asked, about
        self.writes(ORGANISER, words, thread=asked[-1]["Message-ID"], auth=PASS, subject="Re: To decide")


def workbook(path: Path) -> None:
    """As an assistant keeps it: a title, a header in French, first and last names apart, somebody twice."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.append(["Table ronde – liste des invités", None, "version finale 3"])
    sheet.append([])
    sheet.append(["N°", "Nom", "Prénom", "Courriel", "Langue", "Téléphone"])
    for n in range(60):
        language = {33: "français", 35: "Spanish", 36: "русский"}.get(n, "anglais")
        sheet.append([n, "Guest", f"P{n:02}", f"P{n:02}@X.example ", language, 12125550000 + n])
    sheet.append([60, "Guest", "P05", "p05@x.example", "anglais", None])
    book.save(path)


@pytest.fixture
def life(tmp_path: Path, dovecot: Dovecot, postfix: Postfix, outside: SmtpSink) -> Life:
    user = dovecot.new_user("life")
    text = EXAMPLE.read_text(encoding="utf-8")
    reminders = "".join(
        f'[[reminders]]\nto = "{to}"\nat = {when}\nletter = "{letter}"\n\n'
        for to, when, letter in (
            ("silent", "2016-09-07T09:00:00", "reminder"),
            ("tentative", "2016-09-14T09:00:00", "reminder-tentative"),
            ("participants", "2016-09-19T09:00:00", "day-before"),
        )
    )
    for old, new in {
        'address = "rsvp@roundtable.example"': f'address = "{user.address}"',
        'host = "imap.roundtable.example"': f'host = "127.0.0.1"\nport = {dovecot.imap_port}\nsecurity = "none"',
        'password_file = "imap-password"': f'password_file = "{user.password_file}"',
        'host = "smtp.roundtable.example"': f'host = "127.0.0.1"\nport = {postfix.port}\nsecurity = "none"',
        'mode = "draft"': 'mode = "send"',
        "# max_per_minute = 60": "max_per_minute = 100000",
        "# copy_to_sent = true": "copy_to_sent = false",
        "capacity = 120": f"capacity = {SEATS}",
        'file = "invitees.csv"': 'file = "liste.xlsx"',
        'file = "discussion-paper.pdf"': 'file = "paper.pdf"',
        '# review = "summary"': 'review = "at once"',
        "Roundtable Secretariat <secretariat@roundtable.example>": ORGANISER,
        "[organisers]\n": f"{reminders}[organisers]\n",
    }.items():
        assert old in text, old
        text = text.replace(old, new, 1)
    workbook(tmp_path / "liste.xlsx")
    (tmp_path / "paper.pdf").write_bytes(b"%PDF-1.4 discussion paper")
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    return Life(tmp_path / "config.toml", user, dovecot, postfix, outside)


def test_from_the_invitation_to_the_door(life: Life) -> None:
    # The list, and the invitation; a used mailbox is none, so the first poll asks nothing.
    told = life.run("invite", "--yes", kills=6)
    assert "60" in told or "wait in the outbox" in told or "0 to invite" in told
    life.arrived()
    assert Counter(r.recipients[0] for r in life.outside.received).most_common(1)[0][1] == 1

    # A fortnight of replies: whoever comes first has a seat.
    life.now = at(8, 30)
    for n in range(10):
        life.answers(f"p{n:02}", "Yes, I will attend.")
    for n in range(10, 15):
        life.answers(f"p{n}", "I will come with one colleague.")
    for n in (28, 29):
        life.answers(
            f"p{n}", f"I cannot come. {('Jane Doe', 'Omar Haddad')[n - 28]} <d{n}@x.example> will attend in my place."
        )
    life.answers("p30", "I will attend. May we film the opening?")
    life.poll(at(8, 30, 10), kills=4)

    life.now = at(9, 1)
    for n in range(15, 19):
        life.answers(f"p{n}", "I will attend.")
        life.arrived()  # Postfix may deliver two at once, in either order
    life.poll(at(9, 1, 10), kills=2)  # in the order in which they came
    life.now = at(9, 1, 11)
    for n in range(19, 25):
        life.answers(f"p{n}", "I am sorry, I cannot attend.")
    for n in (25, 26, 27):
        life.answers(f"p{n}", "I am not sure yet whether I can come and will let you know.")
    life.answers("p34", "The thing is complicated.")
    life.writes("P31 Guest <p31@x.example>", "I am out of the office until Monday.", Auto_Submitted="auto-replied")
    life.dovecot.deliver(life.user, bounce(life, "p32"))
    life.writes("Eve Adams <eve@x.example>", "I will attend.")
    life.poll(at(9, 1, 12), kills=4)

    # The organiser decides by reply.
    life.now = at(9, 2)
    life.decides("film the opening", "reply\nYou may film the opening only.")
    life.decides("The thing is complicated", "decline")
    life.decides("Eve Adams", "admit")
    life.poll(at(9, 2, 10), kills=2)

    life.poll(at(9, 7), kills=2)  # the silent are reminded

    life.now = at(9, 8)
    life.answers("p00", "I can no longer attend, sorry.", A)
    life.answers("p09", "I can no longer attend, sorry.", A)
    life.poll(at(9, 8, 10), kills=2)
    life.now = at(9, 9)
    life.answers("p15", "Yes.", "offer")
    life.poll(at(9, 9, 10))

    another_room(life)
    life.poll(at(9, 14), kills=1)  # the undecided are reminded
    life.poll(at(9, 15), kills=1)  # the paper
    life.now = at(9, 16)
    life.answers("p01", "I can no longer attend, sorry.", A)
    life.poll(at(9, 16, 10), kills=1)  # p16 is offered the seat, and says nothing
    life.poll(at(9, 19), kills=1)  # the day before; the seat passes on to p17
    life.arrived()
    assert life.kills == KILLS

    desk = life.run("guests", "--reception", "--format", "csv")
    assert sum("Guest" in line or "Adams" in line for line in desk.splitlines()) >= 20
    assert "P16" not in desk and "P00" not in desk and "Jane Doe" in desk and "P28" in desk
    keep(life)
    check_letters(life)


def another_room(life: Life) -> None:
    text = life.config.read_text(encoding="utf-8")
    life.config.write_text(text.replace('floor = "14th floor"', 'floor = "2nd floor"'), encoding="utf-8")
    life.now = at(9, 10)
    life.run("announce", "--yes", kills=4)


def keep(life: Life) -> None:
    """For a look at them: the mails, and the list of the desk, in the folder that RSVPBOT_LIFE names."""
    folder = os.environ.get("RSVPBOT_LIFE")
    if not folder:
        return
    for number, received in enumerate(life.outside.received):
        Path(folder, f"{number:03}-{received.recipients[0].partition('@')[0]}.eml").write_bytes(received.raw)
    life.run("guests", "--reception", "--output", f"{folder}/desk.html")
    life.run("guests", "--format", "xlsx", "--output", f"{folder}/guests.xlsx")


def bounce(life: Life, name: str) -> bytes:
    """A delivery status notification for the invitation (RFC 3464)."""
    original = life.letters(name)[ASKED][0]
    return "\r\n".join(
        (
            "Return-Path: <>",
            "From: MAILER-DAEMON@mx.x.example",
            f"To: {life.user.address}",
            "Subject: Undelivered Mail Returned to Sender",
            f"Date: {format_datetime(life.now)}",
            "Message-ID: <bounce1@mx.x.example>",
            "Auto-Submitted: auto-replied",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
            "",
            "--b",
            "Content-Type: text/plain",
            "",
            "The address does not exist.",
            "--b",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mx.x.example",
            "",
            f"Final-Recipient: rfc822; {name}@x.example",
            "Action: failed",
            "Status: 5.1.1",
            "",
            "--b",
            "Content-Type: message/rfc822",
            "",
            f"Message-ID: {original}",
            "Subject: Invitation",
            "",
            "Gone.",
            "--b--",
            "",
        )
    ).encode()


def check_letters(life: Life) -> None:
    loaded = load(life.config)
    with open_store(loaded.store_url, loaded.path.parent, read_only=True) as store:
        people = {name_of(invitee): invitee for invitee in store.invitees()}
        assert set(people) == set(DUE)
        got = {name: [letter.kind.value for letter in store.letters_to(one.id)] for name, one in people.items()}
        letters = store.letters()
        seats = store.seats_taken()
        states = Counter(letter.state for letter in letters)
        known = {letter.message_id: letter for letter in letters}
        assert {name: people[name].partstat for name in ("p15", "p17", "p28", "p34")} == {
            "p15": PartStat.ACCEPTED,
            "p17": PartStat.ACCEPTED,
            "p28": PartStat.DELEGATED,
            "p34": PartStat.DECLINED,
        }
    assert {name: kinds for name, kinds in got.items() if kinds != DUE[name]} == {}
    assert set(states) <= {LetterState.SENT, LetterState.DOUBTFUL}
    assert states[LetterState.DOUBTFUL] <= life.kills
    assert seats <= SEATS + 1, "one more than there is room for, by the organiser's own word"
    # What reached the world: every letter once for each of its recipients, but for those in doubt.
    arrived = Counter(
        (str(message["Message-ID"]), recipient)
        for received in life.outside.received
        for message in [message_from_bytes(received.raw, policy=policy.default)]
        for recipient in received.recipients
    )
    assert [key for key, times in arrived.items() if times != 1] == []
    assert {message_id for message_id, _ in arrived} <= set(known)
    reached = {message_id for message_id, _ in arrived}
    missing = [one for one in letters if one.message_id not in reached and one.state is not LetterState.DOUBTFUL]
    assert missing == []
    # Nobody but the organiser heard of reviews, and the stranger's admission is in the record.
    about = [one for one in letters if one.kind in (LetterKind.REVIEW, LetterKind.DONE, LetterKind.SUMMARY)]
    assert about and all(one.recipients == (ORGANISER,) for one in about)
    story = life.run("show", "eve@x.example")
    assert re.search(rf"by {ORGANISER}: admit – accepted", story)


def name_of(invitee: Invitee) -> str:
    return invitee.addresses[0].partition("@")[0]
