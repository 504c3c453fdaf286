"""What is written by hand for the wire is what the standard library's parser reads back, whatever the words."""

from __future__ import annotations

import base64
import email
import quopri
import re
from collections.abc import Callable
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsvpbot.letters import wire
from rsvpbot.letters.page import tidy
from rsvpbot.model import Address

NAMES = [
    "Ana Silva", "Doe, Jane (UNICEF)", 'Jane "JJ" O\\Neil', "Иванова Анна Сергеевна " * 6, "王伟", "سارة أحمد",
    "=?utf-8?b?abcde?=", "María-José " * 12, "A" * 200,
]  # fmt: skip
LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Co", "Cn"]), max_size=300).map(tidy)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))


def parsed(*parts: bytes) -> EmailMessage:
    mail = email.message_from_bytes(b"".join(parts), policy=default)
    assert isinstance(mail, EmailMessage) and not mail.defects
    return mail


@pytest.mark.parametrize("name", NAMES)
def test_a_name_comes_back_and_no_line_is_too_long(name: str) -> None:
    given = (Address(tidy(name), "ana.silva@mission.example"), Address("", "pa@mission.example"))
    written = wire.addresses("To", given)
    assert written.isascii()
    # compat32: the newer parser puts a space between encoded words that a fold has parted.
    found = getaddresses([str(email.message_from_bytes(written + b"\r\n")["To"])])
    shown = [(" ".join(str(make_header(decode_header(one))).split()), address) for one, address in found]
    assert shown == [(tidy(name), "ana.silva@mission.example"), ("", "pa@mission.example")]
    assert max(map(len, written.split(b"\r\n"))) <= (78 if " " in name or not name.isascii() else 250)
    for word in re.findall(rb"=\?[^?]+\?[bq]\?[^?]*\?=", written):
        assert len(word) <= 75, "RFC 2047, section 2"


def test_words_that_are_ascii_stay_readable() -> None:
    written = wire.field(
        "Subject", "ALARM: the mailbox is not being read – High-Level Roundtable on Child Immigration Detention"
    )
    assert written.startswith(b"Subject: ALARM: the mailbox is not being read =?utf-8?")
    assert b"Roundtable" in written


@pytest.mark.parametrize("words", ["word " * 60, "a" * 90 + " b" * 50, "two  spaces " * 20, "b" * 200])
def test_a_long_subject_of_plain_words_is_folded_between_them(words: str) -> None:
    written = wire.field("Subject", words.strip())
    lines = written.decode("ascii").removesuffix("\r\n").split("\r\n")
    assert all(len(line) <= wire.LINE or " " not in line.removeprefix("Subject: ").strip() for line in lines)
    assert all(line.startswith(" ") and line.strip() for line in lines[1:])
    assert str(parsed(written, b"\r\n")["Subject"]) == words.strip()


@settings(max_examples=200, deadline=None)
@given(LINE)
def test_any_subject_comes_back(subject: str) -> None:
    written = wire.field("Subject", subject)
    assert written.isascii()
    # Between two encoded words blanks are no part of the text, at a fold they are one.
    assert " ".join(str(parsed(written, b"\r\n")["Subject"]).split()) == " ".join(subject.split())


@settings(max_examples=200, deadline=None)
@given(TEXT, st.sampled_from(["quoted-printable", "base64"]))
def test_any_text_comes_back(content: str, encoding: str) -> None:
    part = wire.text(content, "plain", encoding)
    assert part.isascii() and b"\n" not in part.replace(b"\r\n", b"")
    assert max(map(len, part.split(b"\r\n"))) <= 76
    back = parsed(part).get_content().replace("\r\n", "\n")
    assert back == (content if content.endswith("\n") or encoding == "base64" else content + "\n")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["quoted-printable", "base64"])
def test_lines_end_in_crlf_once_decoded(encoding: str, end: str) -> None:
    """RFC 2045, section 6.8; of a calendar RFC 5545, section 3.1, demands it."""
    part = wire.text(f"BEGIN:VCALENDAR{end}END:VCALENDAR{end}", "calendar", encoding, method="REQUEST")
    head, _, body = part.partition(b"\r\n\r\n")
    assert encoding.encode() in head
    decoded = base64.b64decode(body) if encoding == "base64" else quopri.decodestring(body)
    assert decoded == b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


def test_what_would_add_a_field_is_refused() -> None:
    attempts: list[Callable[[], bytes]] = [
        lambda: wire.field("Subject", "yes\r\nBcc: x@y.example"),
        lambda: wire.ids("References", ["<a@b.example>\n<c@d.example>"]),
        lambda: wire.addresses("To", [Address("Ana\nBcc: x@y.example", "ana@mission.example")]),
        lambda: wire.addresses("To", [Address("", "ana@mission.example>,<x@y.example")]),
        lambda: wire.file(b"", "application/pdf", "paper.pdf\r\nX: y"),
    ]
    for write in attempts:
        with pytest.raises(ValueError, match="hold"):
            write()


@pytest.mark.parametrize("name", ["paper.pdf", "Документ для обсуждения.pdf", 'a "b".pdf', "a\\b.pdf"])
def test_a_file_keeps_its_name(name: str) -> None:
    mail = parsed(
        wire.multipart(
            "mixed",
            "=_0_x",
            [wire.text("See there.", "plain", "base64"), wire.file(b"\x00\xff" * 99, "application/pdf", name)],
        )
    )
    (file,) = mail.iter_attachments()
    assert (file.get_filename(), file.get_content_type(), file.get_content()) == (
        name,
        "application/pdf",
        b"\x00\xff" * 99,
    )


def test_a_local_part_beyond_ascii_stands_as_it_is() -> None:
    written = wire.addresses("To", [Address("Ана", "ана@mission.example")], utf8=True)
    assert written.decode() == 'To: "Ана" <ана@mission.example>\r\n'
