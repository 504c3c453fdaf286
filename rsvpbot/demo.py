"""A day at the roundtable, in one process: real servers on loopback, sample replies by SMTP, the unchanged road.

Nothing here reads or decides anything: it delivers mail, lets `service.Round` do its work, and shows what the store
and the outside world hold afterwards.
"""

from __future__ import annotations

import logging
import shutil
import smtplib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rsvpbot.clock import ShiftedClock
from rsvpbot.config import Config, builtin_templates, load
from rsvpbot.demo_servers import HOST, Delivered, Servers
from rsvpbot.mail.imap import Connection
from rsvpbot.mail.tokens import Tokens, load_keys
from rsvpbot.model import MACHINE_KINDS, Folder, Invitee, Reply, question_id
from rsvpbot.organisers import summary
from rsvpbot.private import AlreadyThere, CannotWrite
from rsvpbot.service import Round
from rsvpbot.store import open_store
from rsvpbot.store.base import Store

if TYPE_CHECKING:
    from rich.console import Console

MORNING = datetime(2016, 9, 12, 9, 0, tzinfo=ZoneInfo("America/New_York"))
MAILBOX = "rsvp@roundtable.example"
WRITTEN = ("config.toml", "invitees.csv", "imap-password", "rsvp.json", "summary.html")
"""What a day leaves in its folder. None of it may be there before: a day begins with an empty record, and whatever else
has these names is somebody's."""
PATIENCE = 5.0
"""Seconds that a mail may take from SMTP to INBOX."""

LIST = """\
email,name,organisation,category,language,seats,grounds_pass
amara.diallo@children-first.example,Amara Diallo,Children First,civil society,en,,
tomas.herrera@mission-a.example,Tomás Herrera,Permanent Mission of Atlantis,Member States,en,,
ingrid.solberg@university.example,Ingrid Solberg,University of the North,experts,en,,
office@mission-b.example,Ambassador Chidi Okafor,Permanent Mission of Borduria,Member States,en,,
henrik.lind@council.example,Henrik Lind,Nordic Council for Refugees,civil society,en,,
noor.aziz@shelter.example,Noor Aziz,Shelter Network,civil society,en,,
mei.tanaka@institute.example,Mei Tanaka,Institute for Migration,experts,en,,
paul.reyes@ngo.example,Paul Reyes,Open Doors,civil society,en,,
dana.weiss@law.example,Dana Weiss,Law Clinic,experts,en,,
aline.moreau@ministere.example,Aline Moreau,Ministère de la Justice,Member States,fr,,
jorge.ibanez@red.example,Jorge Ibáñez,Red de Infancia,civil society,es,,
lebedeva@fond.example,Анна Лебедева,Фонд «Дом»,civil society,ru,,
sami.haddad@markaz.example,سامي حداد,مركز الطفولة,civil society,ar,,
liwenbo@institute.example,李文博,移民研究所,experts,zh,,
lost@closed.example,Robin Vale,Closed Office,civil society,en,,
"""

INVITATION = """\
Excellency, dear colleague,

We have the pleasure of inviting you to the High-Level Roundtable "Working
Together to End Child Immigration Detention", on Tuesday, 20 September 2016,
from 12:30 to 15:30, on the 14th floor of UNICEF House, New York.

To confirm your attendance, please reply to this e-mail.
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """One mail of the day, and what is worth watching in it."""

    about: str
    sender: str
    make: Callable[[Mail], EmailMessage]
    envelope: str | None = None
    """MAIL FROM where it differs from the sender; "" is the null reverse-path."""
    decides: str = ""
    """Of an organiser's: whose message it decides upon, by their address."""


@dataclass(frozen=True, slots=True)
class Mail:
    """What a sample needs to be written: who writes, when, and which invitation it answers."""

    sender: str
    invitation: str
    event_uid: str
    now: datetime

    def plain(
        self, text: str, *, quote: bool = True, subject: str = "Re: Invitation: High-Level Roundtable"
    ) -> EmailMessage:
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"] = self.sender
        mail["To"] = f"Roundtable RSVP <{MAILBOX}>"
        mail["Subject"] = subject
        mail["Date"] = format_datetime(self.now)
        mail["Message-ID"] = make_msgid(domain="sender.example")
        if self.invitation:
            mail["In-Reply-To"] = self.invitation
        quoted = "".join(f"> {line}".rstrip() + "\n" for line in INVITATION.splitlines())
        attribution = f"\nOn Mon, Aug 29, 2016 at 3:14 PM, Roundtable RSVP <{MAILBOX}> wrote:\n\n"
        mail.set_content(text + (attribution + quoted if quote else ""), cte="quoted-printable")
        return mail


def _says(text: str) -> Callable[[Mail], EmailMessage]:
    return lambda mail: mail.plain(text)


def _calendar_accept(mail: Mail) -> EmailMessage:
    reply = mail.plain(
        "Henrik Lind has accepted this invitation.\n", quote=False, subject="Accepted: High-Level Roundtable"
    )
    lines = (
        "BEGIN:VCALENDAR",
        "PRODID:-//Demo//Calendar//EN",
        "VERSION:2.0",
        "METHOD:REPLY",
        "BEGIN:VEVENT",
        f"UID:{mail.event_uid}",
        "SEQUENCE:0",
        f"DTSTAMP:{mail.now.astimezone(ZoneInfo('UTC')):%Y%m%dT%H%M%SZ}",
        "ATTENDEE;CN=Henrik Lind;PARTSTAT=ACCEPTED:mailto:henrik.lind@council.example",
        f"ORGANIZER:mailto:{MAILBOX}",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    reply.add_alternative("\r\n".join(lines) + "\r\n", subtype="calendar", params={"method": "REPLY"})
    return reply


def _out_of_office(mail: Mail) -> EmailMessage:
    reply = mail.plain(
        "I am out of the office until 26 September and will attend to my mail on my return.\n",
        quote=False,
        subject="Automatic reply: Invitation: High-Level Roundtable",
    )
    reply["Auto-Submitted"] = "auto-replied"
    return reply


def _bounce(mail: Mail) -> EmailMessage:
    """A report as Postfix writes it (RFC 3464)."""
    report = mail.plain("", quote=False, subject="Undelivered Mail Returned to Sender")
    del report["Content-Type"], report["Content-Transfer-Encoding"]
    text = (
        "This is the mail system at host mx.closed.example.\n\n"
        "I'm sorry to have to inform you that your message could not be delivered.\n\n"
        "<lost@closed.example>: host said: 550 5.1.1 User unknown\n"
    )
    status = (
        "Reporting-MTA: dns; mx.closed.example\n\n"
        "Final-Recipient: rfc822; lost@closed.example\nAction: failed\nStatus: 5.1.1\n"
    )
    head = report.as_string().partition("\r\n\r\n")[0]
    lines = (
        head,
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=_report"',
        "",
        "--=_report",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        text,
        "--=_report",
        "Content-Type: message/delivery-status",
        "",
        status,
        "--=_report--",
        "",
    )
    made = message_from_bytes("\n".join(lines).encode("ascii"), policy=policy.SMTP)
    assert isinstance(made, EmailMessage)  # noqa: S101 (what this policy makes)
    return made


def _form(name: str, address: str) -> str:
    return f"{name} <{address}>"


AMARA = _form("Amara Diallo", "amara.diallo@children-first.example")
TOMAS = _form("Tomás Herrera", "tomas.herrera@mission-a.example")
ORGANISER = _form("Roundtable Secretariat", "secretariat@roundtable.example")
DAY = (
    Sample(
        "a plain yes",
        AMARA,
        _says("Dear organisers,\n\nThank you for the invitation. I will attend.\n\nKind regards,\nAmara Diallo\n"),
    ),
    Sample(
        "yes, with a guest and a diet",
        TOMAS,
        _says(
            "Dear all,\n\nI confirm my participation. I will be accompanied by my colleague Lucía Ferrer, who is"
            " vegetarian. We both hold UN grounds passes.\n\nBest regards,\nTomás Herrera\n"
        ),
    ),
    Sample(
        "a no that sounds like a yes",
        _form("Ingrid Solberg", "ingrid.solberg@university.example"),
        _says(
            "Dear colleagues,\n\nI would have loved to join you on the 20th, and I thank you warmly for thinking of me."
            " Sadly, I am teaching in Oslo that week.\n\nWith best wishes,\nIngrid Solberg\n"
        ),
    ),
    Sample(
        "a delegate, named by the office",
        _form("Office of the Ambassador", "office@mission-b.example"),
        _says(
            "Dear Secretariat,\n\nAmbassador Okafor thanks you for the invitation. He is unable to attend and will be"
            " represented by Ms. Priya Raman, First Secretary.\n\nYours sincerely,\nOffice of the Ambassador\n"
        ),
    ),
    Sample(
        "in French: yes, without a pass",
        _form("Aline Moreau", "aline.moreau@ministere.example"),
        _says(
            "Madame, Monsieur,\n\nC'est avec grand plaisir que je serai des vôtres le 20. Je n'ai pas de badge de l'ONU"
            " et je suis végétarienne.\n\nCordialement,\nAline Moreau\n"
        ),
    ),
    Sample(
        "in Spanish: a colleague comes instead",
        _form("Jorge Ibáñez", "jorge.ibanez@red.example"),
        _says(
            "Estimados señores:\n\nMuy a mi pesar, ese día estaré de viaje y no podré acompañarlos. En mi lugar"
            " asistirá mi colega Rosa Medina.\n\nUn cordial saludo,\nJorge Ibáñez\n"
        ),
    ),
    Sample(
        "in Russian: yes, by a double no, and for two",
        _form("Анна Лебедева", "lebedeva@fond.example"),
        _says(
            "Добрый день!\n\nНе могу не прийти: тема слишком важная. Нас будет двое, я и моя коллега Вера Котова.\n\n"
            "С уважением,\nАнна Лебедева\n"
        ),
    ),
    Sample(
        "in Arabic: no, with regret",
        _form("سامي حداد", "sami.haddad@markaz.example"),
        _says("تحية طيبة،\n\nيؤسفني أنني لن أتمكن من الحضور بسبب السفر في ذلك اليوم.\n\nمع خالص التقدير،\nسامي حداد\n"),
    ),
    Sample(
        "in Chinese: not decided",
        _form("李文博", "liwenbo@institute.example"),
        _says("尊敬的秘书处：\n\n签证还没有下来，暂时无法确定能否出席，下周三前答复。\n\n李文博\n"),
    ),
    Sample("Accept, pressed in a calendar", _form("Henrik Lind", "henrik.lind@council.example"), _calendar_accept),
    Sample(
        "a question that a person must answer",
        _form("Noor Aziz", "noor.aziz@shelter.example"),
        _says("Dear organisers,\n\nWill you cover the travel costs of speakers from abroad?\n\nNoor Aziz\n"),
    ),
    Sample(
        "a question that the logistics answer",
        _form("Mei Tanaka", "mei.tanaka@institute.example"),
        _says("Hello,\n\nWhich floor is it on, and do I need to bring photo ID?\n\nMei Tanaka\n"),
    ),
    Sample(
        "nothing that can be read with confidence",
        _form("Paul Reyes", "paul.reyes@ngo.example"),
        _says("As I told Anna on the phone, same as last year.\n\nPaul\n"),
    ),
    Sample(
        "a changed mind",
        AMARA,
        _says(
            "Dear organisers,\n\nI am sorry to write again: something has come up and I can no longer attend on the"
            " 20th.\n\nKind regards,\nAmara Diallo\n"
        ),
    ),
    Sample("an out-of-office notice", _form("Dana Weiss", "dana.weiss@law.example"), _out_of_office, ""),
    Sample("a bounce", "Mail Delivery System <MAILER-DAEMON@mx.closed.example>", _bounce, ""),
    Sample(
        "a forgery: somebody else's server says no in Tomás Herrera's name",
        TOMAS,
        _says("I will not attend, and nobody else from our mission will.\n\nTomás Herrera\n"),
        "bulk@elsewhere.example",
    ),
    Sample(
        "a stranger",
        _form("Alex Nobody", "alex@unknown.example"),
        lambda mail: mail.plain(
            "I heard of your roundtable and will attend.\n\nAlex\n", quote=False, subject="Roundtable"
        ),
    ),
    Sample(
        "an organiser decides by reply: her own words for Noor Aziz",
        ORGANISER,
        lambda mail: mail.plain("reply\nWe gladly cover economy fares; please send us your itinerary.\n", quote=False),
        decides="noor.aziz@shelter.example",
    ),
    Sample(
        "an organiser decides by reply: the stranger may come",
        ORGANISER,
        lambda mail: mail.plain("Admit, please.\n\nThanks, Ann\n", quote=False),
        decides="alex@unknown.example",
    ),
)


# ------------------------------------------------------------------ the folder


def _prepare(folder: Path, servers: Servers) -> Config:
    """Write config.toml, the list and the password, as an admin would, and read them back."""
    text = (builtin_templates() / "config.example.toml").read_text(encoding="utf-8")
    (folder / "invitees.csv").write_text(LIST, encoding="utf-8")
    password = folder / "imap-password"
    password.touch(mode=0o600)
    password.write_text(servers.password, encoding="utf-8")
    changes = {
        'host = "imap.roundtable.example"': f'host = "{HOST}"\nport = {servers.imap_port}\nsecurity = "none"',
        'host = "smtp.roundtable.example"': f'host = "{HOST}"\nport = {servers.smtp_port}\nsecurity = "none"',
        'mode = "draft"': 'mode = "send"',
        "# max_per_minute = 60": "max_per_minute = 6000",
    }
    for old, new in changes.items():
        if old not in text:
            raise RuntimeError(f"the example configuration has no line {old!r}")
        text = text.replace(old, new)
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def _invitations(store: Store, config: Config) -> dict[str, str]:
    """The Message-ID of the invitation that each address got: it carries the invitee's token."""
    tokens = Tokens(load_keys(config.state_folder), config.event.uid)
    domain = config.mailbox.address.rpartition("@")[2]
    return {
        address: tokens.message_id(invitee.id, "invitation", domain)
        for invitee in store.invitees()
        for address in invitee.addresses
    }


# ------------------------------------------------------------------ the play


def play(folder: Path | None = None) -> int:
    """Play the day and show it. Returns the exit status.

    `folder` keeps the store, the configuration and the HTML of the summary; without one a fresh folder is made below
    the system's temporary one. Raises AlreadyThere and CannotWrite, before anything is written.
    """
    from rich.console import Console

    there = tuple(folder / name for name in WRITTEN if (folder / name).exists()) if folder else ()
    if there:
        raise AlreadyThere(there)
    console = Console(highlight=False, width=min(100, shutil.get_terminal_size((100, 40)).columns))
    place = folder or Path(tempfile.mkdtemp(prefix="rsvpbot-demo-"))
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(place, error) from None
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    clock = ShiftedClock(MORNING)
    with Servers(MAILBOX, "demo", "mx.roundtable.example", clock) as servers:
        config = _prepare(place, servers)
        with open_store(config.store_url, config.path.parent) as store:
            work = Round(store, config, clock, everything=True, since=None)
            work.take_in_list()
            _introduce(console, config, len(store.invitees()))
            invitations = _invitations(store, config)
            for number, sample in enumerate(DAY, 1):
                _one(console, number, sample, servers, work, store, config, clock.now(), invitations)
            figures = summary.figures(store, config, clock.now())
            rendered = summary.render(figures, config, work.steering.decisions)
    page = place / "summary.html"
    page.write_text(rendered.html, encoding="utf-8")
    console.rule("[bold]What the organisers read in the morning")
    console.print(rendered.text, markup=False)
    console.rule()
    console.print(f"The summary as HTML: {page}", soft_wrap=True)
    console.print(f"Store, configuration and list: {place}", soft_wrap=True)
    return 0


def _introduce(console: Console, config: Config, invited: int) -> None:
    console.rule("[bold]A day at the roundtable")
    console.print(
        f"{config.event.title}\n{MORNING:%A, %d %B %Y}, eight days before. {invited} people are invited. Their replies"
        " arrive by SMTP on this machine; rsvpbot fetches them by IMAP, reads, records and answers.",
        markup=False,
    )


def _one(
    console: Console,
    number: int,
    sample: Sample,
    servers: Servers,
    work: Round,
    store: Store,
    config: Config,
    now: datetime,
    invitations: dict[str, str],
) -> None:
    address = sample.sender.rpartition("<")[2].rstrip(">")
    envelope = address if sample.envelope is None else sample.envelope
    # The forger has the invitee's address, but never saw the invitation.
    invitation = invitations.get(address, "") if envelope == address else ""
    if sample.decides:
        invitation = _question(sample.decides, work, store, config)
    raw = sample.make(Mail(sample.sender, invitation, config.event.uid, now)).as_bytes()
    before, answered = len(store.replies()), len(servers.delivered)
    folders = store.tally()
    _deliver(servers, envelope, raw)
    with Connection(config.mailbox) as connection:
        _wait_for_mail(connection)
    with Connection(config.mailbox) as connection:
        stop = threading.Event()
        work.poll(connection, stop)
        work.send(stop, connection)
    console.rule(f"[bold]{number}. {sample.about}", align="left")
    replies = store.replies()[before:]
    went = next(folder for folder, count in store.tally().items() if count > folders[folder])
    if sample.decides:
        console.print(f"[dim]{'from':9}[/dim]{ORGANISER}", markup=True, soft_wrap=True)
        console.print(f"[dim]{'filed':9}[/dim]RSVP/{went}")
    else:
        _show(console, sample, replies[-1] if replies else None, went, store)
    for letter in servers.delivered[answered:]:
        _show_letter(console, letter)
    if len(servers.delivered) == answered:
        console.print("[dim]answered [/dim] nothing")


def _question(about: str, work: Round, store: Store, config: Config) -> str:
    """The Message-ID of the letter that put somebody's message to the organisers."""
    reply = next(reply for reply in store.open_replies() if reply.sender.email == about)
    domain = config.mailbox.address.rpartition("@")[2]
    return work.steering.decisions.tokens.message_id(question_id(reply.digest), "question", domain)


def _deliver(servers: Servers, mail_from: str, raw: bytes) -> None:
    with smtplib.SMTP(HOST, servers.smtp_port, local_hostname="client.example", timeout=PATIENCE) as smtp:
        smtp.sendmail(mail_from, [MAILBOX], raw)


def _wait_for_mail(connection: Connection) -> None:
    deadline = time.monotonic() + PATIENCE
    while not connection.listing():
        if time.monotonic() > deadline:
            raise RuntimeError("the demo's mail did not arrive")
        time.sleep(0.05)


def _show(console: Console, sample: Sample, reply: Reply | None, went: Folder, store: Store) -> None:
    from rich.text import Text

    def line(label: str, words: str) -> None:
        console.print(Text(f"{label:9}", style="dim") + Text(words))

    line("from", sample.sender)
    if reply is None or reply.reading.kind in MACHINE_KINDS:
        line("read", "a machine's mail; nobody is answered")
        if reply is not None:
            line("recorded", "that this address cannot be reached")
        line("filed", f"RSVP/{went}")
        return
    reading = reply.reading
    if reading.text:
        line("wrote", " ".join(reading.text.split()))
    said = reading.partstat.value if reading.partstat else "no answer"
    details = [said]
    if reading.party:
        details.append(f"party of {reading.party}")
    details += [", ".join(reading.names)] if reading.names else []
    details += [need for need in (reading.dietary, reading.access) if need]
    if reading.grounds_pass is not None:
        details.append("grounds pass" if reading.grounds_pass else "no grounds pass")
    line("read", "; ".join(details))
    for evidence in reading.evidence[:4]:
        line("", f"“{evidence.words}”: {evidence.meaning}")
    for reason in reply.reasons:
        line("review", reason)
    invitee = store.invitee(reply.invitee_id) if reply.invitee_id else None
    line("recorded", _recorded(reply, invitee))
    line("filed", f"RSVP/{went}")


def _recorded(reply: Reply, invitee: Invitee | None) -> str:
    if not reply.recorded or invitee is None or invitee.answer is None:
        return "nothing"
    party = f", {invitee.answer.party} coming" if invitee.answer.party else ""
    return f"{invitee.name}: {invitee.answer.partstat}{party}"


def _show_letter(console: Console, letter: Delivered) -> None:
    from rich.panel import Panel
    from rich.text import Text

    mail = message_from_bytes(letter.raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)  # noqa: S101 (what this policy makes)
    body = mail.get_body(("plain",))
    text = body.get_content() if body else ""
    console.print(
        Panel(
            Text("\n".join(_first_lines(text, 9))),
            title=Text(f"{mail['Subject']}  to {', '.join(letter.recipients)}"),
            title_align="left",
        )
    )


def _first_lines(text: str, most: int) -> Iterator[str]:
    lines = text.strip().splitlines()
    yield from lines[:most]
    if len(lines) > most:
        yield f"… ({len(lines) - most} more lines)"
