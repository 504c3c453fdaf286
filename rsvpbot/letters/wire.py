"""A mail as the bytes that go over the wire: RFC 5322 and MIME (RFC 2045 to 2047, RFC 2231), with CRLF, in seven bits.

The standard library's EmailMessage parses each field that it is given, which took most of the time of a letter. What
stands here is ours from end to end, so it is written down as it is; the library encodes the words that are not ASCII.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from email.header import Header
from email.utils import quote as quoted_string
from itertools import groupby
from urllib.parse import quote

from rsvpbot.model import Address

LINE = 76
"""Characters after which a field is folded where it can be (RFC 5322, section 2.1.1; RFC 2047, section 2)."""

_FOLD = "\r\n "
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
"""Words that need no quotation marks (atoms, RFC 5322, section 3.2.3)."""


def field(name: str, value: str, *, utf8: bool = False) -> bytes:
    """An unstructured field, such as Subject. `utf8`: as it is (RFC 6532). Raises ValueError for a line end in it."""
    return _line(name, _words(name, _one_line(name, value), utf8))


def ids(name: str, values: Iterable[str]) -> bytes:
    """A field of message ids, one a line: however long one is, it is never cut or encoded, or the thread is lost."""
    return _line(name, _FOLD.join(_one_line(name, value) for value in values))


def addresses(name: str, given: Sequence[Address], *, utf8: bool = False) -> bytes:
    """A field of addresses. Raises ValueError for one that holds what no address may hold."""
    written = [_mailbox(name, address, utf8) for address in given]
    joined = ", ".join(written)
    return _line(name, joined if len(name) + len(joined) + 2 <= LINE else f",{_FOLD}".join(written))


def text(content: str, subtype: str, encoding: str, *, method: str = "", filename: str = "") -> bytes:
    """A text part, its fields first. `encoding`: "quoted-printable" or "base64". `method`: of a calendar (RFC 6047)."""
    kind = f'text/{subtype}; charset="utf-8"' + (f'; method="{method}"' if method else "")
    data = content.replace("\r\n", "\n")
    if encoding == "quoted-printable":
        body = binascii.b2a_qp((data if data.endswith("\n") else data + "\n").encode("utf-8"))
    else:
        # What is encoded is text in its wire form: lines end in CRLF (RFC 2045, section 6.8; RFC 5545, section 3.1).
        body = base64.encodebytes(data.replace("\n", "\r\n").encode("utf-8"))
    return _part(kind, encoding, body, filename)


def file(data: bytes, content_type: str, filename: str) -> bytes:
    """A file, as a part."""
    return _part(content_type, "base64", base64.encodebytes(data), filename)


def multipart(subtype: str, boundary: str, parts: Sequence[bytes]) -> bytes:
    """Parts in one; `boundary` may stand in none of them."""
    mark = boundary.encode("ascii")
    head = b'Content-Type: multipart/%s;\r\n boundary="%s"\r\n\r\n' % (subtype.encode("ascii"), mark)
    return head + b"".join(b"--%s\r\n%s\r\n" % (mark, part) for part in parts) + b"--%s--\r\n" % mark


def _part(kind: str, encoding: str, body: bytes, filename: str) -> bytes:
    head = [f"Content-Type: {kind}", f"Content-Transfer-Encoding: {encoding}"]
    if filename:
        plain = filename.isascii() and '"' not in filename and "\\" not in filename
        named = f'filename="{filename}"' if plain else f"filename*=utf-8''{quote(filename, safe='')}"
        head.append(f"Content-Disposition: attachment;\r\n {_one_line('filename', named)}")
    return "\r\n".join((*head, "", "")).encode("ascii") + body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _line(name: str, value: str) -> bytes:
    return f"{name}: {value}\r\n".encode()


def _one_line(name: str, value: str) -> str:
    if "\r" in value or "\n" in value:
        raise ValueError(f"{name} may not hold a line end")
    return value


def _words(name: str, value: str, utf8: bool) -> str:
    disguised = "=?" in value  # what looks like an encoded word would be decoded
    if not disguised and (utf8 or (value.isascii() and len(name) + len(value) + 2 <= LINE)):
        return value
    if value.isascii() and not disguised:
        return _folded(value, len(name) + 2)
    header = Header(maxlinelen=LINE, header_name=name)
    # Words that are ASCII stay readable for whoever looks at the mail as it is.
    for plain, words in groupby(value.split(" "), lambda word: word.isascii() and not disguised):
        header.append(" ".join(words), "us-ascii" if plain else "utf-8")
    return str(header.encode(linesep="\r\n"))


def _folded(value: str, used: int) -> str:
    """Plain words, with a line's end before each that would not fit; `used`: characters that the line begins with."""
    folded = ""
    for word in re.findall(" *[^ ]+| +$", value):
        if used > 1 and used + len(word) > LINE and word.startswith(" ") and word.strip():
            folded += "\r\n"
            used = 0
        folded += word
        used += len(word)
    return folded


def _mailbox(field_name: str, address: Address, utf8: bool) -> str:
    email = _one_line(field_name, address.email)
    if "=?" in email or any(char.isspace() or not char.isprintable() or char in "<>()," for char in email):
        raise ValueError("an address holds what no address may hold")
    name = _one_line(field_name, address.name)
    if not name:
        return email
    if (name.isascii() or utf8) and "=?" not in name:
        words = name if _PLAIN_NAME.fullmatch(name) else f'"{quoted_string(name)}"'
    else:
        words = str(Header(name, "utf-8", maxlinelen=LINE, header_name=field_name).encode(linesep="\r\n"))
    last = words.rpartition("\n")[2]
    return f"{words}{' ' if len(field_name) + len(last) + len(email) + 5 <= LINE else _FOLD}<{email}>"
