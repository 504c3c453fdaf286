"""What mail does that no standard foresaw: one case each, with what must be read of it."""

from __future__ import annotations

import email
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

import rsvpbot.mail.parse
from rsvpbot.mail.charsets import codec_name, decode, decode_words, one_line
from rsvpbot.mail.parse import MAX_PARTS, parse, signed_content, unflow
from rsvpbot.model import Address, Body, Message

CORPUS = Path(__file__).parent / "corpus"
MIME = "From: ana@mission.example\r\nMIME-Version: 1.0\r\n"


def mail(content_type: str, body: bytes | str = b"", *fields: str) -> Message:
    content = body if isinstance(body, bytes) else body.encode()
    head = "".join(f"{field}\r\n" for field in (*fields, f"Content-Type: {content_type}"))
    return parse(MIME.encode() + head.encode() + b"\r\n" + content)


def texts(message: Message) -> list[str]:
    return [body.text.strip() for body in message.bodies]


def senders(field: bytes) -> tuple[tuple[str, str], ...]:
    return tuple((a.name, a.email) for a in parse(field + b"\r\n\r\nHello").senders)


# --------------------------------------------------------------------------- the corpus


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*/*.eml")), ids=lambda path: path.stem)
def test_corpus_is_read_whole(path: Path) -> None:
    message = parse(path.read_bytes())
    assert len(message.senders) == 1
    assert message.date is not None
    assert message.received is not None
    assert "\ufffd" not in "".join(body.text for body in message.bodies)
    assert message.bodies or message.calendars or message.encrypted
    assert message.defects == (("a calendar part is damaged",) if path.stem == "063-willow" else ())


def test_header() -> None:
    raw = (
        b"Return-Path: <Ana@Mission.example>\r\n"
        b"Received: from a.example by mx.roundtable.example; Mon, 12 Sep 2016 09:00:00 -0400 (EDT)\r\n"
        b"Received: from b.example by a.example; Mon, 12 Sep 2016 08:00:00 -0400\r\n"
        b"From: Ana Ruiz <Ana@Mission.Example>\r\n"
        b"To: RSVP <rsvp@roundtable.example>, b@x.example\r\nCc: c@x.example\r\n"
        b"Date: Mon, 12 Sep 2016 08:59:00 -0400\r\nMessage-ID: <1@mission.example>\r\n"
        b"In-Reply-To: <invite-1@roundtable.example> (your message)\r\n"
        b"References: <0@x.example>\r\n\t<invite-1@roundtable.example>\r\nSubject: Re:\r\n  yes\r\n\r\nYes\r\n"
    )
    message = parse(raw)
    assert message.sender == Address("Ana Ruiz", "ana@mission.example")
    assert [a.email for a in message.recipients] == ["rsvp@roundtable.example", "b@x.example", "c@x.example"]
    assert message.date == datetime(2016, 9, 12, 12, 59, tzinfo=UTC)
    assert message.received == datetime(2016, 9, 12, 13, 0, tzinfo=UTC)
    assert message.return_path == "ana@mission.example"
    assert message.in_reply_to == ("<invite-1@roundtable.example>",)
    assert message.references == ("<0@x.example>", "<invite-1@roundtable.example>")
    assert message.subject == "Re: yes"
    assert message.get_all("RECEIVED")[0].startswith("from a.example")
    assert message.message_id == "<1@mission.example>"
    assert (len(message.digest), message.size) == (64, len(raw))


def test_null_reverse_path_is_told_from_none() -> None:
    assert parse(b"Return-Path: <>\r\n\r\n").return_path == ""
    assert parse(b"Return-Path: < >\r\n\r\n").return_path == ""
    assert parse(b"From: a@b.example\r\n\r\n").return_path is None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"<[anu10]a@[anu13].EURPRD10.PROD.OUTLOOK.COM>", "<[anu10]a@[anu13].EURPRD10.PROD.OUTLOOK.COM>"),
        (b"<[b378@microsoft.example]>", "<[b378@microsoft.example]>"),
        (b"bare@x.example", "<bare@x.example>"),
        (b"<a b@c.example>", ""),
        (b"", ""),
    ],
)
def test_message_ids_as_exchange_writes_them(raw: bytes, expected: str) -> None:
    assert parse(b"Message-ID: " + raw + b"\r\n\r\n").message_id == expected


@pytest.mark.parametrize(
    "raw",
    ["", "yesterday", "Mon, 99 Sep 2016 25:61:00 +9999", "Mon, 12 Sep 99999 08:00:00 +0000", "\x00", "0 0 0 0:0:0 0"],
)
def test_absurd_dates_are_none(raw: str) -> None:
    assert parse(f"Date: {raw}\r\n\r\n".encode()).date is None


# --------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b"From: =?utf-8?b?abcde?= <a@b.example>", None),
        (b'From: "=?utf-8?q?Jos=C3=A9?=" <a@b.example>', "José"),
        (b"From: =?utf-8?q?Jos=C3=A9?= =?utf-8?q?_P=C3=A9rez?= <a@b.example>", "José Pérez"),
        (b"From: =?utf-8?q?Jos=C3?=\r\n =?utf-8?q?=A9?= <a@b.example>", "José"),
        (b"From: Jos\xe9 <a@b.example>", "José"),
        (b"From: Jos\xc3\xa9 <a@b.example>", "José"),
        (b"From: Doe, Jane <a@b.example>", "Doe, Jane"),
        (b'From: "Doe, Jane" <a@b.example>', "Doe, Jane"),
        (b"From: =?gb2312?B?1uzpRrv5?= <a@b.example>", "朱镕基"),
        (b"From: =?utf-8?q?Doe=2C_Jane?= <a@b.example>", "Doe, Jane"),
        (b"From: =?utf-8?q?Jane_<x@y.example>?= <a@b.example>", "Jane <x@y.example>"),
        (b"From: =?utf-8?Q?Ana=0D=0ABcc:_x@y.example?= <a@b.example>", "Ana"),
        (b"From: =?utf-8?Q?A=E2=80=AEna=E2=80=8B?= <a@b.example>", "Ana"),
        (b"From: A\x00na <a@b.example>", "A na"),
        (b"From: =?x-nonsense?q?Jane?= <a@b.example>", "Jane"),
        (b"From: a@b.example (Jane Doe)", "Jane Doe"),
        (b"From: a@b.example", ""),
    ],
)
def test_display_names(field: bytes, expected: str | None) -> None:
    found = senders(field)
    assert [email for _, email in found] == ["a@b.example"]
    assert expected is None or found[0][0] == expected


def test_address_in_a_display_name_is_nobody() -> None:
    assert senders(b"From: boss@un.example <evil@x.example>") == (("boss@un.example", "evil@x.example"),)
    assert senders(b'From: "boss@un.example" <evil@x.example>')[0][1] == "evil@x.example"


def test_several_senders() -> None:
    assert senders(b"From: a@b.example\r\nFrom: c@d.example") == (("", "a@b.example"), ("", "c@d.example"))
    assert senders(b"From: a@b.example, c@d.example") == (("", "a@b.example"), ("", "c@d.example"))


@pytest.mark.parametrize("field", [b"From:", b"From: nobody", b"From: <>", b"From: undisclosed:;", b"X: y"])
def test_no_sender(field: bytes) -> None:
    assert senders(field) == ()
    assert parse(field + b"\r\n\r\n").sender == Address("", "")


def test_sender_and_reply_to_are_not_senders() -> None:
    message = parse(b"From: a@b.example\r\nSender: c@d.example\r\nReply-To: e@f.example\r\n\r\n")
    assert message.senders == (Address("", "a@b.example"),)


def test_raw_subject_and_repeated_fields() -> None:
    message = parse(b"Subject: R\xe9ponse\r\nSubject: other\r\n\r\n")
    assert message.subject == "Réponse"
    assert message.get_all("subject") == ("Réponse", "other")


def test_encoded_line_ends_do_not_survive_in_fields() -> None:
    message = parse(b"Subject: =?utf-8?q?yes=0D=0ABcc:_x@y.example=00?=\r\n\r\n")
    assert message.subject == "yes Bcc: x@y.example"


# --------------------------------------------------------------------------- charsets


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("iso-2022-jp", "iso2022_jp", "出席します"),
        ("hz-gb-2312", "hz", "我会参加"),
        ("utf-7", "utf-7", "Réponse: oui"),
        ("iso-2022-kr", "iso2022_kr", "참석합니다"),
        ("gb2312", "gbk", "朱镕基参加"),
        ("GBK", "gbk", "朱镕基参加"),
        ("big5", "cp950", "我會參加會議"),
        ("cp-850", "cp850", "été déjà"),
        ("iso-8859-8-i", "iso8859_8", "אשתתף"),
        ("iso-8859-6-e", "iso8859_6", "سأحضر"),
        ("windows-1256", "cp1256", "سأحضر الاجتماع"),
        ("windows-1251", "cp1251", "Буду"),
        ("ks_c_5601-1987", "cp949", "참석합니다"),
        ("iso-8859-1", "cp1252", "J’arrive – oui"),
        ("us-ascii", "utf-8", "Déjà vu"),
        ("iso-8859-1", "utf-8", "Déjà vu"),
        *((f"iso-8859-{number}", "cp1252", "I can’t attend – sorry…") for number in (1, 2, 5, 6, 7, 8, 9, 15)),
        ("utf-8", "cp1252", "J’arrive, été déjà là"),
        ("x-unknown", "cp1251", "Добрый день, буду присутствовать"),
        ("x-unknown", "koi8-r", "Добрый день, буду присутствовать"),
        ("x-unknown", "cp1256", "سأحضر الاجتماع إن شاء الله"),
        ("x-unknown", "cp1252", "Je serai présent, été comme hiver"),
        ("x-unknown", "gbk", "我会参加会议，谢谢"),
        ("x-unknown", "cp950", "我會參加會議，謝謝"),
        ("x-unknown", "utf-8", "Буду"),
        ("idna", "utf-8", "Буду"),
        ("punycode", "utf-8", "Буду"),
        ("unicode_escape", "ascii", "a\\u0041"),
        ("zlib", "ascii", "hello"),
        ("utf-16", "utf-16", "hello"),
        ('"utf-8"', "utf-8", "Буду"),
    ],
)
def test_charsets(label: str, codec: str, text: str) -> None:
    message = mail(f'text/plain; charset="{label.strip(chr(34))}"', text.encode(codec))
    assert texts(message) == [text]
    assert message.defects == ()


def test_charset_that_the_header_hints_at() -> None:
    message = mail("text/plain; charset=x-cyr", "да".encode("cp1251"), "Subject: =?windows-1251?B?xOA=?=")
    assert (message.subject, texts(message)) == ("Да", ["да"])


def test_charset_named_in_the_html() -> None:
    page = '<html><meta charset="windows-1251"><p>да, приду</p>'.encode("cp1251")
    assert "да, приду" in texts(mail("text/html; charset=x-nonsense", page))[0]


def test_characters_that_are_lost_are_said() -> None:
    message = mail("text/plain; charset=utf-8", "приду обязательно".encode() + b"\xff")
    assert "приду обязательно" in texts(message)[0]
    assert message.defects == ("some characters could not be decoded",)


@pytest.mark.parametrize(
    "label", ["", "nonsense", "rot13", "base64", "hex", "idna", "é", "a" * 10_000, "\x00", "undefined"]
)
def test_what_is_no_charset(label: str) -> None:
    assert codec_name(label) == ""
    assert decode("Да".encode(), label).text == "Да"


def test_encoded_words() -> None:
    assert decode_words("=?utf-8?q?a?= =?utf-8?q?b?= c") == "ab c"
    assert decode_words("=?utf-8*en?q?a?=x=?utf-8?q?b?=") == "axb"
    assert decode_words("=?utf-8?b?0JQ=?=\t=?koi8-r?b?wQ==?=") == "Да"
    assert decode_words("=?utf-8?x?a?= =?broken") == "=?utf-8?x?a?= =?broken"
    assert decode_words("plain") == "plain"


def test_one_line() -> None:
    assert one_line(" a\r\n b\x00\u2028c\u202e\u200b ") == "a b c"


# --------------------------------------------------------------------------- structure


def test_named_body_is_a_body() -> None:
    body = mail('text/plain; name="answer.txt"', "yes").bodies[0]
    assert (body.text, body.filename, body.attached) == ("yes", "answer.txt", False)


def test_named_text_beside_a_body_is_attached() -> None:
    parts = "--b\r\n\r\nSee letter.\r\n--b\r\nContent-Type: text/plain; name=l.txt\r\n\r\nYes.\r\n--b--"
    assert [(b.text, b.attached) for b in mail("multipart/mixed; boundary=b", parts).bodies] == [
        ("See letter.", False),
        ("Yes.", True),
    ]


def test_order_and_alternatives() -> None:
    inner = "--c\r\n\r\none\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>one\r\n--c--"
    parts = f"--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n{inner}\r\n--b\r\n\r\ntwo\r\n--b--"
    bodies = mail("multipart/mixed; boundary=b", parts).bodies
    assert [(b.subtype, b.text.strip()) for b in bodies] == [("plain", "one"), ("html", "<p>one"), ("plain", "two")]
    assert bodies[0].alternative == bodies[1].alternative != 0
    assert bodies[2].alternative == 0


def test_enclosed_mail_is_not_the_writers_text() -> None:
    old = "From: c@d.example\r\nSubject: old\r\n\r\nno"
    parts = f"--b\r\n\r\nFYI\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{old}\r\n--b--"
    message = mail("multipart/mixed; boundary=b", parts)
    assert texts(message) == ["FYI"]
    assert [(m.subject, m.sender.email, texts(m)) for m in message.enclosed] == [("old", "c@d.example", ["no"])]


def test_enclosed_mail_in_base64() -> None:
    parts = (
        "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        "RnJvbTogY0BkLmV4YW1wbGUNClN1YmplY3Q6IG9sZA0KDQpubw0K\r\n--b--"
    )
    assert [m.subject for m in mail("multipart/mixed; boundary=b", parts).enclosed] == ["old"]


@pytest.mark.parametrize("subtype", ["mixed", "alternative"])
@pytest.mark.parametrize("parameter", ["", "; boundary=elsewhere"])
def test_boundary_that_is_missing_or_wrong(subtype: str, parameter: str) -> None:
    parts = "--x1\r\nContent-Type: text/plain\r\n\r\nyes\r\n--x1\r\nContent-Type: text/html\r\n\r\n<p>yes\r\n--x1--\r\n"
    message = mail(f"multipart/{subtype}{parameter}", parts)
    assert [(b.subtype, b.text.strip()) for b in message.bodies] == [("plain", "yes"), ("html", "<p>yes")]


def test_multipart_without_parts() -> None:
    assert texts(mail("multipart/mixed; boundary=b", "Yes, I come.")) == ["Yes, I come."]
    assert mail("multipart/mixed; boundary=b", "<html><p>Yes").bodies[0].subtype == "html"


def test_text_outside_the_parts_counts_where_there_is_no_other() -> None:
    parts = "Yes, I come.\r\n--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b--\r\n"
    assert texts(mail("multipart/mixed; boundary=b", parts)) == ["Yes, I come."]
    silent = parts.replace("Yes, I come.", "This is a multi-part message in MIME format.")
    assert texts(mail("multipart/mixed; boundary=b", silent)) == []
    other = parts.replace("Content-Type: image/png", "Content-Type: text/plain")
    assert texts(mail("multipart/mixed; boundary=b", other)) == ["x"]


def test_calendar_parts() -> None:
    ics = "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n"
    for content_type in (
        "text/calendar; method=REPLY",
        "application/ics; name=invite.ics",
        'application/octet-stream; name="x.ICS"',
        "text/plain",
    ):
        message = mail(content_type, ics)
        assert [part.data for part in message.calendars] == [ics.encode()]
        assert message.bodies == ()
    assert mail("text/calendar; Method=reply; charset=utf-8", ics).calendars[0].method == "REPLY"


def test_calendar_in_another_charset_becomes_utf8() -> None:
    ics = "BEGIN:VCALENDAR\r\nATTENDEE;CN=Иванов:mailto:i@x.example\r\nEND:VCALENDAR\r\n"
    assert mail("text/calendar; charset=koi8-r", ics.encode("koi8-r")).calendars[0].data == ics.encode()


def test_attachments_are_listed_and_tnef_is_left_alone() -> None:
    parts = (
        "--b\r\n\r\nyes\r\n--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b\r\nContent-Type: application/pdf\r\n"
        "Content-Disposition: attachment; filename*=utf-8''note%C3%A9.pdf\r\n\r\nx\r\n--b--"
    )
    message = mail("multipart/mixed; boundary=b", parts)
    assert [(a.content_type, a.filename, a.size) for a in message.attachments] == [
        ("application/ms-tnef", "winmail.dat", 3),
        ("application/pdf", "noteé.pdf", 1),
    ]


def test_filename_is_one_name() -> None:
    parts = '--b\r\nContent-Type: image/png; name="../../etc/pass\twd"\r\n\r\nx\r\n--b--'
    assert mail("multipart/mixed; boundary=b", parts).attachments[0].filename == "pass wd"


def test_report() -> None:
    parts = (
        "--b\r\n\r\nSorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        "Final-Recipient: rfc822; a@b.example\r\nAction: delayed\r\n\r\n"
        "Final-Recipient: rfc822; c@d.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--"
    )
    report = mail("multipart/report; report-type=Delivery-Status; boundary=b", parts).report
    assert report is not None
    assert report["report-type"] == "delivery-status"
    assert (report["reporting-mta"], report["final-recipient"]) == ("dns; mx.example", "rfc822; c@d.example")
    assert (report["action"], report["status"]) == ("failed", "5.1.1")
    assert mail("text/plain", "x").report is None


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"From: a@b.example\nSubject: x\n\nhello\nworld\n", "hello\nworld\n"),
        (b"From: a@b.example\rSubject: x\r\rhello\rworld\r", "hello\nworld\n"),
        (b"\r\n\r\nFrom: a@b.example\r\nSubject: x\r\n\r\nhello\r\nworld\r\n", "hello\nworld\n"),
        (b"\xef\xbb\xbfFrom: a@b.example\r\nSubject: x\r\n\r\nhel\x00lo\r\nworld\r\n", "hello\nworld\n"),
    ],
)
def test_line_ends_and_what_stands_before_the_header(raw: bytes, text: str) -> None:
    message = parse(raw)
    assert (message.sender.email, message.subject) == ("a@b.example", "x")
    assert message.bodies == (Body("plain", text),)


def test_format_flowed() -> None:
    body = mail(
        "text/plain; format=flowed", "I will \r\nattend.\r\n> quoted \r\n> text\r\n>> deeper\r\n-- \r\nAna\r\n"
    ).bodies[0]
    assert body.text == "I will attend.\n> quoted text\n>> deeper\n-- \nAna\n"
    assert body.flowed


@pytest.mark.parametrize(
    ("text", "delsp", "expected"),
    [
        ("a \nb", False, "a b"),
        ("a \nb", True, "ab"),
        ("a \n> b", False, "a \n> b"),
        (" >not quoted", False, ">not quoted"),
        (" From here", False, "From here"),
        ("-- \nsig", False, "-- \nsig"),
        ("a \n-- \nsig", False, "a \n-- \nsig"),
        ("", False, ""),
    ],
)
def test_unflow(text: str, delsp: bool, expected: str) -> None:
    assert unflow(text, delsp=delsp) == expected


def test_broken_base64_is_said() -> None:
    message = mail("text/plain; charset=utf-8", "SGVsbG8gd29y$$%%bGQ=\r\n", "Content-Transfer-Encoding: base64")
    assert message.defects == ("the transfer encoding of a text is damaged",)
    assert mail("text/plain", "SGVsbG8", "Content-Transfer-Encoding: base64").defects == ()


# --------------------------------------------------------------------------- signed and encrypted


def test_pgp_signed_text_leaves_its_frame() -> None:
    text = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nI come.\n- -- \nAna\n-----BEGIN PGP SIGNATURE-----\n\n"
        "iQEz\n-----END PGP SIGNATURE-----\nsent by list"
    )
    message = mail("text/plain", text)
    assert texts(message) == ["I come.\n-- \nAna\nsent by list"]
    assert not message.encrypted


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", "-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----\n"),
        (
            "multipart/encrypted; boundary=b",
            "--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b--",
        ),
        ("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "0\x80"),
    ],
)
def test_encrypted_mail_is_known(content_type: str, body: str) -> None:
    assert mail(content_type, body).encrypted


@pytest.fixture(scope="module")
def signer() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ana@mission.example")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2016, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2017, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def test_opaquely_signed_mail_is_read(signer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]) -> None:
    content = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + "Je viens, c'est sûr.\r\n".encode() * 20
    der = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(content)
        .add_signer(*signer, hashes.SHA256())
        .sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
    )
    assert signed_content(der) == content
    message = mail("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", der)
    assert "Je viens, c'est sûr." in texts(message)[0]
    assert not message.encrypted
    for cut in range(0, len(der), 7):
        signed_content(der[:cut])


def test_signed_content_in_pieces() -> None:
    """As OpenSSL streams it: indefinite lengths (X.690, section 8.1.3.6)."""
    oid = bytes.fromhex("06092a864886f70d010702")
    head = b"\x30\x80" + oid + b"\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80" + bytes.fromhex("06092a864886f70d010701")
    assert signed_content(head + b"\xa0\x80\x24\x80\x04\x02ab\x04\x01c\x00\x00") == b"abc"


# --------------------------------------------------------------------------- limits


def nested(levels: int) -> bytes:
    out = b"Content-Type: text/plain\r\n\r\nYes, I come."
    for level in range(levels):
        mark = b"b%d" % level
        out = b'Content-Type: multipart/mixed; boundary="' + mark + b'"\r\n\r\n--' + mark + b"\r\n" + out
        out += b"\r\n--" + mark + b"--\r\n"
    return MIME.encode() + out


def test_text_sixty_levels_deep_is_found() -> None:
    message = parse(nested(60))
    assert texts(message) == ["Yes, I come."]
    assert message.defects == ()


@pytest.mark.parametrize("levels", [200, 3_000, 20_000])
def test_more_levels_are_cut(levels: int) -> None:
    assert parse(nested(levels)).defects != ()


def test_enclosed_in_enclosed() -> None:
    raw = b"From: a@b.example\r\nContent-Type: message/rfc822\r\n\r\n" * 1_000 + b"From: z@b.example\r\n\r\nhi"
    message = parse(raw)
    assert message.sender.email == "a@b.example"
    assert message.defects != ()


def test_many_parts_are_cut() -> None:
    message = mail("multipart/mixed; boundary=b", "--b\r\n\r\nhi\r\n" * 10_000 + "--b--")
    assert 0 < len(message.bodies) <= MAX_PARTS
    assert message.defects == (f"more than {MAX_PARTS} parts",)


HOSTILE = {
    "spaces in the subject": b"Subject: " + b" " * 3_000_000 + b"\r\n\r\nx",
    "semicolons": b"Content-Type: text/plain" + b";" * 100_000 + b"\r\n\r\nx",
    "semicolons and quotes": b"Content-Type: text/plain" + b';"' * 100_000 + b"\r\n\r\nx",
    "parameters": b"Content-Type: text/plain" + b"".join(b"; a*%d=x" % n for n in range(20_000)) + b"\r\n\r\nx",
    "quotes in From": b"From: " + b'"' * 100_000 + b" <a@b.example>\r\n\r\nx",
    "parentheses in From": b"From: " + b"(" * 100_000 + b"\r\n\r\nx",
    "angles in From": b"From: " + b"<" * 100_000 + b"\r\n\r\nx",
    "commas in From": b"From: " + b"," * 100_000 + b"\r\n\r\nx",
    "fields": b"".join(b"X-%d: y\r\n" % n for n in range(50_000)) + b"\r\nx",
    "Froms": b"From: a@b.example\r\n" * 20_000 + b"\r\nx",
    "recipients": b"To: " + b", ".join(b"u%d@x.example" % n for n in range(5_000)) + b"\r\n\r\nx",
    "encoded words": b"Subject: " + b"=?utf-8?q?x?= " * 100_000 + b"\r\n\r\nx",
    "encoded word": b"Subject: =?utf-8?q?" + b"=41" * 1_000_000 + b"?=\r\n\r\nx",
    "references": b"References: " + b"<" * 100_000 + b"\r\n\r\nx",
    "received": b"Received: " + b"from a by b " * 5_000 + b"; x\r\n\r\nx",
    "lines below parts": MIME.encode()
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
    + b"\n" * 5_000_000,
    "lines in the depth": nested(95).replace(b"Yes, I come.", b"x\n" * 1_000_000),
    "one line": MIME.encode() + b"\r\n" + b"a" * 5_000_000,
    "everything": bytes(range(256)) * 1_000,
    "dashes": MIME.encode() + b"Content-Type: multipart/mixed\r\n\r\n" + b"--" * 1_000_000,
    "begins": MIME.encode() + b"\r\n" + b"-----BEGIN PGP SIGNED MESSAGE-----\n" * 20_000,
    "empty": b"",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_mail_is_read_within_limits(raw: bytes) -> None:
    message = parse(raw)
    assert sum(len(body.text) for body in message.bodies) <= 2_000_000
    assert len(message.fields) <= 1_000
    assert message.size == len(raw)


def test_cut_header_is_said() -> None:
    assert parse(HOSTILE["fields"]).defects != ()
    assert parse(HOSTILE["one line"]).defects != ()


def test_a_message_id_that_was_folded_into_encoded_words_is_found() -> None:
    raw = (
        b"From: a@b.example\r\nIn-Reply-To: =?utf-8?q?=3Crsvpbot=2E7439f678=2E4glud5tql2e6x?=\r\n"
        b" =?utf-8?q?vmjkt2bzov6=40roundtable=2Eexample=3E?=\r\n\r\nx\r\n"
    )
    assert parse(raw).in_reply_to == ("<rsvpbot.7439f678.4glud5tql2e6xvmjkt2bzov6@roundtable.example>",)


@pytest.mark.parametrize(
    "value",
    [
        "Zed <=?utf-8?q?zed=0d=0asubject:_Pay_here=0d=0a=0d=0aclick?=@z.example>",
        "=?utf-8?q?victim=40v.example=2c=20ada?=@x.example",
        "Zed <zed@=?utf-8?q?z.example=0d=0abcc:_x?=>",
        '"a b"@x.example',
    ],
)
def test_what_only_looks_like_an_address_is_none(value: str) -> None:
    assert parse(f"From: {value}\r\n\r\nx\r\n".encode()).senders == ()


@pytest.mark.parametrize("address", ["o'brien+rsvp=1@x.example", "a.b_c-d@sub.x.example", "jos\u00e9@x.example"])
def test_unusual_addresses_are_kept(address: str) -> None:
    assert parse(f"From: Zed <{address}>\r\n\r\nx\r\n".encode()).sender.email == address


def test_a_usual_mailbox_is_read_as_mail_parser_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """All fields of the corpus that are taken the short way, and some more."""
    values = {"x@y.example", "Ana-Maria O'Neil <a.b+c@mail-1.y.example>", "A <a..b@y..example>", "7 <7@7.example>"}
    values |= {
        ".a@y.example",
        "B <b.@y.example>",
        "C <c@.example>",
        "d@y.example.",
        "E  F <e@y.example>",
        "g @y.example",
    }
    for path in sorted((Path(__file__).parent / "corpus").glob("*/*.eml")):
        message = email.message_from_bytes(path.read_bytes())
        values |= {str(value) for name in ("From", "To", "Cc") for value in message.get_all(name, [])}
    mailboxes, usual = rsvpbot.mail.parse._mailboxes.__wrapped__, rsvpbot.mail.parse._USUAL_MAILBOX
    taken = sorted(filter(usual.fullmatch, values))
    short = [mailboxes(value) for value in taken]
    monkeypatch.setattr(rsvpbot.mail.parse, "_USUAL_MAILBOX", re.compile("(?!)"))
    assert len(taken) > 100
    assert short == [mailboxes(value) for value in taken]
