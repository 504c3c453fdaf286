"""Nothing of a mail gets out but a checked name: every place of a mail marked, every product of the service searched.

Mails of each kind that brings a letter, and of those that bring none, carry a mark in every header field, MIME
parameter, file name, part and calendar property, each in seven dresses (plain, formula, template, HTML, line ends,
link, turned direction). They go the whole road in a real process between Dovecot and an SMTP server; then what went
out, the log, the process's own entries in /proc, the metrics and the lists are searched for the marks.
"""

from __future__ import annotations

import base64
import csv
import io
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest

from rsvpbot.config import READ, builtin_templates, load
from rsvpbot.letters.templates import TemplateError, Templates
from rsvpbot.organisers.door import check_badges
from tests.corpus_mailbox import EXAMPLE, MORNING, command, on_loopback
from tests.servers import Dovecot, Received, SmtpSink, User, until
from tests.test_metrics import parsed, value

ROOT = Path(__file__).parent.parent
ORGANISER = "secretariat@elsewhere.example"
PASSWORD = "the password of this mailbox"

DRESSES = {
    "plain": "{}",
    "formula": "=cmd|'/c {}'!A1",
    "template": "{{{{7*7}}}}{{{{ {} }}}}{{% for qzvwxq in {} %}}",
    "html": "<img src=x onerror={}><script>{}</script><b>{}</b>",
    "lines": "{}\r\nBcc: {}@evil.example\r\n\r\n{}",
    "link": "[{}](javascript:{}) www.{}.example",
    "bidi": "\u202e{}\u2066\u0007",
}
MARK = re.compile(r"qzvwxq([a-z]*)", re.IGNORECASE)
"""A mark is "qzvwxq" and the place where it stands; shorter, it would stand in a token by chance now and then."""


def dressed(place: str, dress: str) -> str:
    return DRESSES[dress].replace("{}", f"qzvwxq{place}").replace("{{", "{").replace("}}", "}")


def word(text: str) -> str:
    """An encoded-word (RFC 2047), which may hold what a header field cannot."""
    return f"=?utf-8?B?{base64.b64encode(text.encode()).decode()}?="


# ------------------------------------------------------------------ the mails

TEXTS = {
    "accepted": "Yes, I will attend.",
    "guests": "I will attend with my colleague Jane Example.",
    "declined": "I am afraid I cannot attend.",
    "tentative": "I may be able to attend, but cannot confirm yet.",
    "passedon": "I will attend. May we film the opening {}?",
    "unclear": "Thank you {} for your kind words {} about the weather {}.",
    "delegated": "I cannot come. My colleague John Example (john{n}@delegate.example) will attend in my place.",
    "information": "Could you tell me at what time it starts, and where?",
    "diet": "Yes, I will attend. I am allergic to nuts and to {}.",
    "twice": "Yes, I will attend.",
}


@dataclass(frozen=True, slots=True)
class Mail:
    kind: str
    dress: str
    number: int
    raw: bytes

    @property
    def address(self) -> str:
        return address(self.kind, self.number)


def address(kind: str, number: int) -> str:
    return f"qzvwxqlocal{kind}.{number}@mission-{number}.example"


def header(kind: str, dress: str, number: int, *, dmarc: str = "none", again: str = "", extra: str = "") -> str:
    """Every field that mail has and that does not change what it is."""

    def at(place: str) -> str:
        return word(dressed(place, dress))

    lines = [
        "Return-Path: <qzvwxqreturnpath@evil.example>",
        f"Received: from qzvwxqhelo.example (qzvwxqrdns.example [192.0.2.1]) (qzvwxqreceived {at('receivedcomment')})",
        "\tby mx.roundtable.example; Mon, 12 Sep 2016 08:30:00 -0400",
        f"Authentication-Results: mx.roundtable.example; dmarc={dmarc} header.from=mission-{number}.example",
        "\t(qzvwxqauth)",
        "DKIM-Signature: v=1; a=rsa-sha256; d=qzvwxqdkim.example; s=qzvwxq; b=qzvwxqdkimsignature",
        f"From: {at('fromname')} <{address(kind, number)}>",
        f"To: {at('toname')} <rsvp@roundtable.example>, {at('toother')} <qzvwxqto@evil.example>",
        f"Cc: {at('cc')} <qzvwxqcc@evil.example>",
        f"Reply-To: {at('replyto')} <qzvwxqreplyto@evil.example>",
        f"Sender: {at('sender')} <qzvwxqsender@evil.example>",
        f"Subject: Re: Invitation {at('subject')}",
        f"Message-ID: <qzvwxqmessageid.{kind}.{dress}.{number}{again}@evil.example>",
        "In-Reply-To: <qzvwxqinreplyto@evil.example>",
        "References: <qzvwxqreferencesa@evil.example> <qzvwxqreferencesb@evil.example>",
        f"Date: Mon, 12 Sep 2016 08:{45 if again else 30}:{number % 60:02d} -0400 (qzvwxqdatecomment)",
        f"Thread-Topic: {at('threadtopic')}",
        f"Comments: {at('comments')}",
        f"Keywords: {at('keywords')}",
        f"Organization: {at('organization')}",
        f"X-Mailer: {at('xmailer')}",
        f"X-qzvwxqheadername: {at('xheader')}",
        "Content-Language: qzvwxqlanguage",
        "MIME-Version: 1.0",
    ]
    return "\r\n".join([*lines, *([extra] if extra else [])])


def person(kind: str, dress: str, number: int, *, second: str = "") -> Mail:
    """A person's mail: text and HTML alternatives, a signature, a quotation, an attachment."""
    dress_of = dressed("body", dress).replace("\r\n", " ")
    said = (second or TEXTS[kind]).replace("{}", dress_of).replace("{n}", str(number))
    name = word(dressed("filename", dress))
    text = f"{said}\r\n\r\n-- \r\n{dressed('signature', dress)}\r\n\r\n> {dressed('quoted', dress)}\r\n"
    page = f"<html><head><title>qzvwxqtitle</title></head><body class=qzvwxqclass><p>{said}</p></body></html>"
    dmarc, again = ("pass" if kind in ("delegated", "guests") else "none"), ("again" if second else "")
    parts = [
        header(kind, dress, number, dmarc=dmarc, again=again),
        'Content-Type: multipart/mixed; boundary="qzvwxqouter"; qzvwxqparameter="qzvwxqparametervalue"',
        "",
        dressed("preamble", dress),
        "--qzvwxqouter",
        'Content-Type: multipart/alternative; boundary="qzvwxqinner"',
        "",
        "--qzvwxqinner",
        f'Content-Type: text/plain; charset=utf-8; name="{name}"',
        "Content-Description: qzvwxqdescription",
        "Content-ID: <qzvwxqcontentid@evil.example>",
        "Content-Transfer-Encoding: base64",
        "",
        base64.encodebytes(text.encode()).decode().replace("\n", "\r\n"),
        "--qzvwxqinner",
        "Content-Type: text/html; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        "",
        base64.encodebytes(page.encode()).decode().replace("\n", "\r\n"),
        "--qzvwxqinner--",
        "--qzvwxqouter",
        f'Content-Type: application/pdf; name="{name}"',
        f'Content-Disposition: attachment; filename="{name}"; qzvwxqdisposition=qzvwxqdispositionvalue',
        "Content-Transfer-Encoding: base64",
        "",
        base64.encodebytes(f"%PDF-1.4 {dressed('attachment', dress)}".encode()).decode(),
    ]
    if kind in ("passedon", "unclear"):
        parts += [
            "--qzvwxqouter",
            "Content-Type: message/rfc822",
            "",
            header("enclosed", dress, number) + "\r\n\r\n" + dressed("enclosedbody", dress),
            "--qzvwxqouter",
            f'Content-Type: text/plain; charset=utf-8; name="{name}.txt"',
            "Content-Disposition: attachment",
            "",
            dressed("textattachment", dress),
        ]
    return Mail(kind, dress, number, "\r\n".join([*parts, "--qzvwxqouter--", dressed("epilogue", dress), ""]).encode())


def calendar(dress: str, number: int) -> Mail:
    """A calendar's answer, with every property that one has."""

    def at(place: str) -> str:
        return dressed(place, dress).replace("\r\n", "\\n").replace(",", "\\,")

    who = address("calendar", number)
    lines = [
        "BEGIN:VCALENDAR",
        f"PRODID:{at('prodid')}",
        "VERSION:2.0",
        "METHOD:REPLY",
        "BEGIN:VEVENT",
        "UID:roundtable-2016-09-20@roundtable.example",
        "DTSTAMP:20160912T120000Z",
        "DTSTART:20160920T163000Z",
        "DTEND:20160920T193000Z",
        "SEQUENCE:0",
        f"SUMMARY:{at('icssummary')}",
        f"DESCRIPTION:{at('icsdescription')}",
        f"LOCATION:{at('icslocation')}",
        "ORGANIZER;CN=qzvwxqicsorganizer:mailto:rsvp@roundtable.example",
        f'ATTENDEE;PARTSTAT=ACCEPTED;CN="{at("icscn").replace(chr(34), "")}";X-QZVPARAM=qzvwxqicsparam:mailto:{who}',
        f"URL:http://qzvwxqicsurl.example/{dress}",
        "X-QZV:qzvwxqicsx",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    body = base64.encodebytes("\r\n".join(lines).encode()).decode().replace("\n", "\r\n")
    raw = "\r\n".join(
        [
            header("calendar", dress, number),
            'Content-Type: text/calendar; charset=utf-8; method=REPLY; name="qzvwxqicsname.ics"',
            "Content-Transfer-Encoding: base64",
            "",
            body,
        ]
    )
    return Mail("calendar", dress, number, raw.encode())


def machine(kind: str, dress: str, number: int) -> Mail:
    """What nobody answers: an automatic reply, a mailing, a bounce with its report."""
    if kind == "auto":
        raw = header(kind, dress, number, extra="Auto-Submitted: auto-replied (qzvwxqautosubmitted)")
        raw += "\r\nContent-Type: text/plain\r\n\r\nI am out of the office until qzvwxqautobody.\r\n"
    elif kind == "bulk":
        fields = "List-Id: qzvwxqlistname <qzvwxqlist.evil.example>"
        fields += "\r\nList-Unsubscribe: <mailto:qzvwxqunsubscribe@evil.example>"
        raw = header(kind, dress, number, extra=f"{fields}\r\nPrecedence: bulk")
        raw += f"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{dressed('bulkbody', dress)}\r\n"
    else:
        raw = "\r\n".join(
            [
                header(kind, dress, number, extra="Auto-Submitted: auto-replied"),
                'Content-Type: multipart/report; report-type=delivery-status; boundary="qzvwxqreport"',
                "",
                "--qzvwxqreport",
                "Content-Type: text/plain; charset=utf-8",
                "",
                dressed("bouncetext", dress),
                "--qzvwxqreport",
                "Content-Type: message/delivery-status",
                "",
                "Reporting-MTA: dns; qzvwxqreportingmta.example",
                "",
                f"Final-Recipient: rfc822; {address('accepted', 1)}",
                "Action: failed",
                "Status: 5.1.1",
                f"Diagnostic-Code: smtp; 550 {dressed('diagnostic', dress).splitlines()[0]}",
                "--qzvwxqreport--",
                "",
            ]
        )
    return Mail(kind, dress, number, raw.encode())


def everything() -> list[Mail]:
    mails, number = [], 0
    for dress in DRESSES:
        for kind in TEXTS:
            number += 1
            mails.append(person(kind, dress, number))
            if kind == "twice":
                # Without a token or a pass: asks first.
                mails.append(person(kind, dress, number, second="I am afraid I can no longer attend."))
        mails.append(calendar(dress, number := number + 1))
        mails += [machine(kind, dress, number := number + 1) for kind in ("auto", "bulk", "bounce")]
    return mails


# ------------------------------------------------------------------ the run


@dataclass(frozen=True, slots=True)
class Products:
    """Everything that came out."""

    config: Path
    letters: tuple[Received, ...]
    log: str
    proc: bytes
    metrics: str

    def to(self, organisers: bool) -> list[EmailMessage]:
        found = []
        for letter in self.letters:
            if (ORGANISER in letter.recipients) is organisers:
                mail = message_from_bytes(letter.raw, policy=policy.default)
                assert isinstance(mail, EmailMessage)
                found.append(mail)
        return found

    def said(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command(self.config, *words), capture_output=True, check=True, timeout=120)


LOUD = """
import logging, sys
from rsvpbot import logs
quiet = logs.start
def start():
    quiet()
    logging.getLogger("rsvpbot").setLevel(logging.DEBUG)
logs.start = start
from rsvpbot.cli import main
main()
"""


class Watch(threading.Thread):
    """Reads what /proc tells everybody, or its own user, of a process and of what it starts."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid, self._ended = pid, threading.Event()
        self.seen: set[bytes] = set()

    def run(self) -> None:
        while not self._ended.wait(0.05):
            with suppress(OSError):
                children = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text(encoding="ascii").split()
                for pid in (str(self._pid), *children):
                    for name in ("cmdline", "environ", "comm", "limits"):
                        self.seen.add(Path(f"/proc/{pid}/{name}").read_bytes())
                self.seen.update(path.read_bytes() for path in Path(f"/proc/{self._pid}/task").glob("*/comm"))

    def end(self) -> bytes:
        self._ended.set()
        self.join()
        return b"\n".join(self.seen)


def configured(folder: Path, user: User, dovecot: Dovecot, sink: SmtpSink, listed: str) -> Path:
    changes = {
        'mode = "draft"': 'mode = "send"',
        "# max_per_minute = 60": "max_per_minute = 100000",
        "Roundtable Secretariat <secretariat@roundtable.example>": ORGANISER,
        '# review = "summary"': 'review = "at once"',
        '# metrics_file = "rsvpbot.prom"': 'metrics_file = "rsvpbot.prom"',
        "capacity = 120": "capacity = 1000",
    }
    (folder / "invitees.csv").write_text(listed, encoding="utf-8")
    path = folder / "config.toml"
    path.write_text(on_loopback(user, dovecot.imap_port, sink.port, changes), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot) -> Iterator[Products]:
    """What came of all these mails in one run of the service, with debugging on."""
    folder = tmp_path_factory.mktemp("canary")
    user, mails = dovecot.new_user("canary", password=PASSWORD), everything()
    rows = {
        f"{mail.address},Listed {mail.kind} {mail.dress}"
        for mail in mails
        if mail.kind not in ("auto", "bulk", "bounce")
    }
    with SmtpSink() as sink:
        config = configured(folder, user, dovecot, sink, "email,name\n" + "\n".join(sorted(rows)) + "\n")
        with dovecot.client(user) as client:
            for mail in mails:
                client.append("INBOX", mail.raw)
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "RSVPBOT_DEBUG": "1"}
        log = folder / "log"
        arguments = ["--config", str(config), "--now", MORNING, "run"]
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-c", LOUD, *arguments], stdout=out, stderr=out, env=environment
            )
            watch = Watch(process.pid)
            watch.start()
            try:
                metrics = folder / "rsvpbot.prom"
                until(metrics.is_file, 180, 0.2)
                until(lambda: not dovecot.messages(user), 180, 0.5)
                # The last thing that a first poll brings about.
                until(lambda: any("expected" in subject_of(one.raw) for one in sink.received), 180, 0.2)
                until(
                    lambda: value(parsed(metrics.read_text(encoding="utf-8")), "letters", state="queued") == 0, 180, 0.2
                )
            except TimeoutError:
                print(log.read_text(encoding="utf-8")[-3000:])
                raise
            finally:
                process.terminate()
                process.wait(60)
                proc = watch.end()
        yield Products(config, tuple(sink.received), log.read_text("utf-8"), proc, metrics.read_text(encoding="utf-8"))


def subject_of(raw: bytes) -> str:
    return str(message_from_bytes(raw, policy=policy.default)["Subject"])


def parts(mail: EmailMessage) -> Iterator[tuple[str, str]]:
    """Every header field of a letter and of its parts, decoded, by its name; and every part, by its type."""
    for part in mail.walk():
        yield from ((name.lower(), str(text)) for name, text in part.items())
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            yield part.get_content_type(), payload.decode("utf-8", "replace")


def places(text: str) -> set[str]:
    return {place.lower() for place in MARK.findall(text)}


NAMES = {"fromname", "icscn"}
"""Where a name stands that may be a checked one: `letters.values.checked_name`."""

SYNTAX = (
    "=cmd",
    "7*7",
    "{{",
    "{%",
    "<img",
    "<script",
    "onerror",
    "javascript:",
    "bcc:",
    "evil.example",
    "\u202e",
    "\u2066",
    "\a",
)
"""What the dresses bring with them."""


class Elements(HTMLParser):
    """The elements, attributes and links of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {text or "" for name, text in attrs if name in ("href", "src", "action", "background")}


def harmless(page: str) -> None:
    found = Elements(page)
    assert not found.tags & {"img", "script", "iframe", "object", "form", "input", "svg", "base", "link"}
    assert not [name for name in found.attributes if name.startswith("on")]
    assert not [link for link in found.links if not link.startswith(("mailto:canary", "https://"))]


# ------------------------------------------------------------------ the products


def test_every_kind_of_letter_went_out(products: Products) -> None:
    """Else nothing below would be shown by it."""
    subjects = {mail["Subject"].partition(":")[0].strip() for mail in products.to(organisers=False)}
    assert subjects >= {
        "Attendance confirmed",
        "Your reply is recorded",
        "Attendance to be confirmed",
        "May we ask for your answer once more",
        "Your representative is registered",
        "Practical information",
        "Kindly confirm a change",
        "Your attendance",
    }
    assert len(products.to(organisers=False)) == len(DRESSES) * (len(TEXTS) + 3)
    shown = [mail["Subject"] for mail in products.to(organisers=True)]
    decided = [subject.split()[3:5] for subject in shown if subject.startswith("To decide")]
    # Of words that are written from right to left by a sign of their own, a person sees what they show.
    assert len(decided) == 2 * len(DRESSES) + 1 and ["diet", "bidi"] in decided
    assert len([subject for subject in shown if "expected" in subject]) == 1
    assert re.search(r"uid=\d+ kind=bounce", products.log) and " failed attempt" not in products.log


def test_letters_hold_nothing_of_a_mail_but_checked_names(products: Products) -> None:
    for mail in products.to(organisers=False):
        for name, text in parts(mail):
            if name in ("in-reply-to", "references"):
                # RFC 5322, section 3.6.4: what a thread hangs by; taken only where it is a msg-id and nothing else.
                assert places(text) <= {"messageid", "referencesa", "referencesb"}
                assert re.fullmatch(r"(<qzvwxq[\w.]+@evil\.example>\s*)+", text)
                continue
            marked = {place for place in places(text) if not (name == "to" and place.startswith("local"))}
            assert marked <= NAMES, (name, text)
            # As a word of its own: nothing that stood around it came along.
            assert name == "to" or set(re.findall(r"qzvwxq([\w:/@.-]*\w)", text.replace("%20", " "))) <= NAMES, text
            assert not [sign for sign in SYNTAX if sign in text.lower()], (name, text)
        harmless(page_of(mail))


def page_of(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def test_letters_go_to_whom_they_are_for_and_have_our_fields_alone(products: Products) -> None:
    own = {"from", "to", "subject", "date", "message-id", "auto-submitted", "x-auto-response-suppress", "x-rsvpbot"}
    own |= {"list-unsubscribe", "content-language", "mime-version", "content-type", "in-reply-to", "references"}
    for letter in products.letters:
        assert all(re.match(r"qzvwxqlocal|john\d+@delegate|secretariat@", to) for to in letter.recipients)
        assert re.match(r"canary\d+(\+\w+)?@roundtable", letter.mail_from)
        mail = message_from_bytes(letter.raw, policy=policy.default)
        assert {name.lower() for name in mail} <= own
        assert {to.addr_spec for to in mail["To"].addresses} == set(letter.recipients)


def test_organisers_are_shown_the_words_of_a_mail_as_text(products: Products) -> None:
    shown = products.to(organisers=True)
    for mail in shown:
        for name, text in parts(mail):
            if name not in ("text/plain", "text/html"):
                assert not places(text), name
                continue
            for place in places(text):
                # What is long is cut.
                known = any(word.startswith(place) for word in (*NAMES, "body", "subject"))
                assert known or place.startswith("local"), place
            assert not re.search("[\u202e\u2066\a]", text)
        harmless(page_of(mail))
    texts = [mail.get_body(("plain",)).get_content() for mail in shown]  # type: ignore[union-attr]
    assert any("<img src=x onerror=qzvwxqsubject>" in " ".join(text.split()) for text in texts), "shown, and as text"


def test_the_log_holds_ids_and_outcomes_alone(products: Products) -> None:
    assert "message uid=" in products.log
    assert not places(products.log) and PASSWORD not in products.log
    assert not [sign for sign in SYNTAX if sign in products.log.lower()]
    assert "Listed" not in products.log and "@" not in products.log


def test_the_metrics_hold_numbers_alone(products: Products) -> None:
    assert value(parsed(products.metrics), "people_expected") > 0
    assert not places(products.metrics)


def test_what_everybody_may_read_of_the_process_holds_nothing(products: Products) -> None:
    assert b"--config" in products.proc and b"RSVPBOT_DEBUG=1" in products.proc
    assert not MARK.search(products.proc.decode("utf-8", "replace")) and PASSWORD.encode() not in products.proc
    assert re.search(rb"Max core file size +0 +0 ", products.proc), "nor does it leave its memory behind"


def test_no_product_holds_the_password(products: Products) -> None:
    assert not [letter for letter in products.letters if PASSWORD.encode() in letter.raw]
    folder = products.config.parent
    assert not [path for path in folder.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]


def test_the_lists_hold_names_and_needs_as_text(products: Products, tmp_path: Path) -> None:
    rows = list(csv.reader(io.StringIO(products.said("guests", "--format", "csv").stdout.decode("utf-8-sig"))))
    assert len(rows) > 70
    for cell in (cell for row in rows for cell in row):
        assert places(cell) <= NAMES | {"body"} or cell.startswith("qzvwxqlocal")
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")) and not re.search("[\u202e\r\n\a]", cell)
    products.said("guests", "--format", "xlsx", "--output", str(tmp_path / "guests.xlsx"))
    book = openpyxl.load_workbook(tmp_path / "guests.xlsx")
    for cell in (cell for sheet in book for row in sheet.iter_rows() for cell in row):
        assert cell.hyperlink is None
        assert cell.data_type != "f" or not places(str(cell.value)), cell.value
    for words in (["--reception"], ["--badges"]):
        page = tmp_path / "page.html"
        products.said("guests", *words, "--output", str(page))
        text = page.read_text(encoding="utf-8")
        assert places(text) <= NAMES | {"body"}
        harmless(text)


# ------------------------------------------------------------------ templates

ATTACKS = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.environ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ '%s'|attr('__class__') }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(range) }}",
)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("file", ["en/accepted.md", "en/_calendar.md", "base.html", "badges.html"])
def test_a_template_that_reaches_for_the_program_is_refused(tmp_path: Path, file: str, attack: str) -> None:
    """Organisers may be sent a letter by somebody "to try": it may say what it likes, and nothing of this machine."""
    own = tmp_path / "templates"
    shutil.copytree(builtin_templates(), own)
    text = (own / file).read_text(encoding="utf-8")
    (own / file).write_text(text.replace("</body>", f"{attack}</body>") if "</body>" in text else f"{text}\n{attack}\n")
    config = load(EXAMPLE, READ)
    config = replace(config, replies=replace(config.replies, templates=own))
    if file == "badges.html":
        (problem,) = check_badges(config)
        assert problem.file.endswith(file)
        return
    with pytest.raises(TemplateError) as refused:
        Templates(config)
    assert all(problem.file.endswith(file) for problem in refused.value.problems)
