"""No bytes may stop the mailbox: mutations of the corpus, and bytes that nobody would write."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rsvpbot.mail.identify import dmarc
from rsvpbot.mail.parse import parse
from rsvpbot.mail.screen import screen
from rsvpbot.model import Message

SEEDS = [path.read_bytes() for path in sorted((Path(__file__).parent / "corpus").glob("*/*.eml"))]
OWN = frozenset({"rsvp@roundtable.example"})
TOKENS = [
    b";",
    b'"',
    b"=?utf-8?b?abcde?=",
    b"=?utf-8?q?=0D=0A?=",
    b"\r\n",
    b"\r",
    b"\n",
    b"\x00",
    b"--",
    b"<",
    b">",
    b"(",
    b")",
    b"\\",
    b"boundary=",
    b"charset=utf-16",
    b"charset=idna",
    b"charset*=x''%",
    b"name*0*=",
    b"Content-Type: message/rfc822\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"From: a@b.example\r\n",
    b"Content-Type: multipart/report; report-type=delivery-status\r\n",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"BEGIN:VCALENDAR",
    b"[",
    b"Content-Type: application/pkcs7-mime\r\n",
    b"-----BEGIN PGP SIGNED MESSAGE-----\n",
    b"In-Reply-To: <[a]@[b]>\r\n",
]


def mutated(source: random.Random) -> bytes:
    data = bytearray(source.choice(SEEDS)[:60_000])
    for _ in range(source.randint(1, 6)):
        place = source.randrange(len(data) or 1)
        match source.randrange(6):
            case 0:
                for _ in range(source.randint(1, 30)):
                    data[source.randrange(len(data))] = source.randrange(256)
            case 1:
                data[place:place] = source.choice(TOKENS) * source.choice((1, 1, 2, 50, 1_000))
            case 2:
                other = source.choice(SEEDS)
                start = source.randrange(len(other))
                data[place:place] = other[start : start + 3_000]
            case 3:
                del data[place : place + source.randint(1, 2_000)]
            case 4:
                end = bytes(data).find(b"\r\n\r\n")
                place = source.randrange(max(1, end))
                data[place:place] = source.choice(TOKENS)
            case _:
                data[place : place + 200] = bytes(reversed(data[place : place + 200]))
        data = data or bytearray(b"\n")
    return bytes(data)


def check(message: Message) -> None:
    """What every inner room may rely on."""
    for text in strings(message):
        text.encode("utf-8")
        assert "\x00" not in text
    for address in (*message.senders, *message.recipients):
        assert "@" in address.email
        assert address.email == address.email.lower()
        assert not any(unicodedata.category(c) == "Cc" for c in address.name + address.email)
    for name, value in message.fields:
        assert name == name.lower()
        assert "\n" not in value
        assert "\r" not in value
    assert message.date is None or message.date.utcoffset() is not None
    for inner in message.enclosed:
        check(inner)


def strings(message: Message) -> Iterator[str]:
    yield from (message.subject, message.message_id, *message.defects, *message.references)
    yield from (body.text for body in message.bodies)
    yield from (part.filename for part in message.attachments)
    yield from (value for _, value in message.fields)
    yield from (address.name for address in message.senders)


@pytest.mark.parametrize("seed", range(8))
def test_mutations_of_the_corpus(seed: int) -> None:
    source = random.Random(seed)
    for _ in range(150):
        raw = mutated(source)
        message = parse(raw)
        check(message)
        assert message.size == len(raw)
        dmarc(message, "mx.roundtable.example")
        screen(message, OWN, "roundtable-2016-09-20@roundtable.example")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=2_000))
def test_any_bytes(raw: bytes) -> None:
    check(parse(raw))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(TOKENS), max_size=60), st.binary(max_size=200))
def test_any_tokens(tokens: list[bytes], tail: bytes) -> None:
    check(parse(b"From: " + b"".join(tokens) + tail))
    check(parse(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + b"".join(tokens) + tail))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.text(max_size=30))
def test_any_charset(data: bytes, label: str) -> None:
    check(parse(b"Content-Type: text/plain; charset=" + label.encode() + b"\r\n\r\n" + data))
