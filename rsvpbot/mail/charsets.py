"""Bytes of a mail into text, whatever they claim to be: charset labels, encoded words, guesses.

Labels in real mail are often wrong, and Python's codecs hold to them to the letter. The table below gives each label
the superset that mail programs mean by it (as the WHATWG Encoding Standard does for the web). Nothing here raises on
any bytes or label.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import quopri
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_MEANT_BY = {
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "euc-cn": "gb18030",
    "hz-gb-2312": "hz",
    "big5": "cp950",
    "big5-eten": "cp950",
    "x-big5": "cp950",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "ansi_x3.4-1968": "us-ascii",
    "iso646-us": "us-ascii",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "iso-8859-6-i": "iso-8859-6",
    "iso-8859-6-e": "iso-8859-6",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "logical": "iso-8859-8",
    "visual": "iso-8859-8",
    "koi8-ru": "koi8-u",
    "koi8": "koi8-r",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "utf-8mb4": "utf-8",
    "unicode": "utf-16",
}

_TEXT_CODEC = re.compile(r"(?:utf-|utf_|iso|cp\d|gb|big5|euc|koi8|shift|johab|hz|mac|tis|ptcp154|kz1048|latin|ascii)")
"""Names of Python's charsets. Its other text codecs (idna, punycode, unicode_escape …) are no charsets, and slow."""

_WIDENED = {"iso2022_jp": ("iso2022_jp_ext", "iso2022_jp_3"), "cp950": ("big5hkscs",), "cp932": ("shift_jisx0213",)}

_UNDECLARED = frozenset({"", "us-ascii", "ascii", "cp1252"})
"""Under these labels senders put anything; text that is valid UTF-8 by chance alone does not occur."""

_GUESSES = ("cp1252", "cp1251", "koi8-r", "cp1256", "cp1253", "cp1255", "gb18030", "cp950", "cp949")
_ESCAPED = re.compile(rb"\x1b\$[@AB)(]|\x1b\([JI]")
_GUESSED_FROM = 20_000


@dataclass(frozen=True, slots=True)
class Decoded:
    text: str
    lossy: bool
    """Characters were lost or had to be guessed without support."""


def codec_name(label: str) -> str:
    """Python's name of the charset that `label` means; "" where there is none such."""
    wanted = label.strip().strip("\"'").partition("*")[0].lower().replace("windows-", "cp")
    wanted = re.sub(r"^(?:x-)?cp-?(\d+)$", r"cp\1", wanted[:64])
    wanted = _MEANT_BY.get(wanted, wanted)
    if not wanted.isascii() or not wanted:
        return ""
    try:
        found = codecs.lookup(wanted).name
    except (LookupError, ValueError, UnicodeError):
        return ""
    if found == "iso8859-1":
        return "cp1252"
    return found if _TEXT_CODEC.match(found) else ""


def decode(data: bytes, label: str, hints: Iterable[str] = ()) -> Decoded:
    """Decode `data` as `label` says or meant to say.

    `hints`: labels that stand elsewhere in the same message (encoded header fields, an HTML meta element), tried
    before guessing where `label` is unknown or does not fit.
    """
    name = codec_name(label)
    if not name or name in {"ascii", "cp1252"}:
        high = not data.isascii()
        if not high and b"\x1b" in data and _ESCAPED.search(data):
            name = "iso2022_jp"
        elif high:
            text = _strict(data, "utf-8")
            if text is not None:
                return Decoded(text, False)
            name = "" if name == "ascii" else name
        else:
            name = name or "ascii"
    for candidate in (name, *_WIDENED.get(name, ())):
        text = _strict(data, candidate) if candidate else None
        if text is not None:
            return Decoded(text, False)
    return _decode_unlabelled(data, name, hints)


def _decode_unlabelled(data: bytes, name: str, hints: Iterable[str]) -> Decoded:
    text = _strict(data, "utf-8")
    if text is not None:
        return Decoded(text, False)
    if name == "utf-8" and _mostly_utf8(data):  # a few bytes broken by a gateway or a cut: what is whole stays
        return Decoded(data.decode("utf-8", "replace"), True)
    for hint in hints:
        candidate = codec_name(hint)
        if candidate and candidate not in {"utf-8", "ascii", name}:
            text = _strict(data, candidate)
            if text is not None and _plausible(text) > 0.5:
                return Decoded(text, False)
    if name not in {"", "ascii", "utf-8"}:
        return Decoded(_lenient(data, name), True)
    return _guess(data)


def _strict(data: bytes, codec: str) -> str | None:
    try:
        text = data.decode(codec)
    except (UnicodeError, LookupError, ValueError):
        if codec != "cp1252":
            return None
        # The five bytes that windows-1252 leaves open stand for themselves there (WHATWG Encoding, index windows-1252).
        text = "".join(map(_CP1252.__getitem__, data)) if len(data) < 1_000_000 else data.decode("latin-1")
    if text.isascii():
        return text
    if codec.startswith("iso8859") and _CONTROL.search(text):
        text = text.translate(_MEANT_IN_ISO_8859)
    return None if _SURROGATE.search(text) else text


def _lenient(data: bytes, codec: str) -> str:
    try:
        return _SURROGATE.sub("�", data.decode(codec, "replace"))
    except (UnicodeError, LookupError, ValueError):
        return data.decode("cp1252", "replace")


_SURROGATE = re.compile("[\ud800-\udfff]")
_CP1252 = [
    bytes((byte,)).decode("cp1252") if byte not in {0x81, 0x8D, 0x8F, 0x90, 0x9D} else chr(byte) for byte in range(256)
]

_CONTROL = re.compile("[\x80-\x9f]")
_MEANT_IN_ISO_8859 = {byte: _CP1252[byte] for byte in range(0x80, 0xA0)}
"""ISO 8859 has nothing but controls there, which no mail uses: the program meant the signs that Windows has there."""


def _mostly_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", "replace")
    broken = text.count("�")
    whole = sum(1 for character in text[:_GUESSED_FROM] if ord(character) > 127) - broken
    return whole > 2 * broken


def _guess(data: bytes) -> Decoded:
    """The charset under which the words look most like words of one script."""
    best, best_score = "", 0.0
    for candidate in _GUESSES:
        try:
            sample = data[:_GUESSED_FROM].decode(candidate)
        except UnicodeError:
            sample = ""
            if candidate == "cp1252":
                sample = _strict(data[:_GUESSED_FROM], candidate) or ""
            elif len(data) > _GUESSED_FROM:
                continue
        score = _plausible(sample)
        if score > best_score + 0.05:
            best, best_score = candidate, score
    if not best:
        return Decoded(data.decode("cp1252", "replace"), True)
    text = _strict(data, best)
    return Decoded(text if text is not None else _lenient(data, best), text is None or best_score < 0.7)


_WORD = re.compile(r"[^\W\d_]+")


def _plausible(text: str) -> float:
    """0 to 1: how many of the words with a letter outside ASCII keep to one script and to the usual cases."""
    good = bad = 0
    for match in _WORD.finditer(text[:_GUESSED_FROM]):
        word = match.group()[:40]
        if word.isascii():
            continue
        good, bad = (good + 1, bad) if _like_a_word(word) else (good, bad + 1)
    stray = sum(1 for character in text[:_GUESSED_FROM] if _stray(character))
    return good / (good + bad + stray) if good else 0.0


def _like_a_word(word: str) -> bool:
    scripts = {_script(character) for character in word}
    if len(scripts) != 1:
        return False
    beyond_ascii = sum(1 for character in word if not character.isascii())
    if scripts == {"LATIN"} and len(word) > 1 and (beyond_ascii == len(word) or beyond_ascii * 2 > len(word) > 4):
        return False  # a language written in Latin letters keeps most of them within ASCII
    upper = sum(1 for character in word if character.isupper())
    return upper in {0, len(word)} or (upper == 1 and word[0].isupper())


def _script(character: str) -> str:
    return unicodedata.name(character, "UNNAMED").split(" ", 1)[0].removesuffix("-LETTER")


def _stray(character: str) -> bool:
    code = ord(character)
    return 0x80 <= code < 0xA0 or 0x2500 <= code < 0x25A0 or 0xE000 <= code < 0xF900 or character == "�"


# --------------------------------------------------------------------------- header fields

ENCODED_WORD = re.compile(r"=\?([^?\s=]{1,64})\?([bBqQ])\?([^?\r\n]{0,4000})\?=")
"""RFC 2047, section 2, with the spaces and the lengths that mail programs allow themselves."""


def charsets_named(values: Iterable[str]) -> tuple[str, ...]:
    """The charset labels of all encoded words in these field values, without repetition."""
    return tuple(dict.fromkeys(match.group(1) for value in values for match in ENCODED_WORD.finditer(value)))


def field_text(raw: str, hints: Iterable[str] = ()) -> str:
    """A header field's value, from the parser's tree (surrogates stand for raw bytes), as unfolded Unicode."""
    if not raw.isascii() and _SURROGATE.search(raw):
        raw = decode(raw.encode("utf-8", "surrogateescape"), "", hints).text
    if "\n" not in raw and "\r" not in raw:
        return raw.strip()
    return re.sub(r"\r?\n(?=[ \t])", "", raw).replace("\r", " ").replace("\n", " ").strip()


def decode_words(text: str, hints: Iterable[str] = ()) -> str:
    """Replace the encoded words in `text`, wherever they stand (RFC 2047; in quotes and glued to other text too).

    White space between adjacent ones goes (section 6.2). The bytes of adjacent ones in one charset are joined before
    they are decoded, because many programs split in the midst of a character (against section 5).
    """
    if "=?" not in text:
        return text
    out: list[str] = []
    run, run_label, end = b"", "", 0
    for match in ENCODED_WORD.finditer(text):
        label, data = match.group(1), _word_bytes(match.group(2), match.group(3))
        if data is None:
            continue
        between = text[end : match.start()]
        if run and not between.strip():
            if label.lower() == run_label.lower():
                run, end = run + data, match.end()
                continue
            between = ""
        out += [decode(run, run_label, hints).text, between]
        run, run_label, end = data, label, match.end()
    return "".join((*out, decode(run, run_label, hints).text, text[end:]))


def _word_bytes(encoding: str, payload: str) -> bytes | None:
    raw = payload.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return quopri.decodestring(raw.replace(b"_", b" "), header=False)
    whole = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    try:
        return base64.b64decode(whole[: len(whole) - (len(whole) % 4 == 1)] + b"=" * (-len(whole) % 4))
    except (binascii.Error, ValueError):
        return None


_UNSEEN = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
"""Zero width, bidirectional overrides and isolates: a display name needs none, and they make it look like another."""


def one_line(text: str) -> str:
    """Without control characters, line ends and invisible marks; single spaces."""
    spaced = text
    if not text.isprintable():  # nearly all are: nothing of the kind is in them
        visible = _UNSEEN.sub("", text)
        spaced = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp", "Cs", "Zs"} else c for c in visible)
    return re.sub(r" {2,}", " ", spaced).strip() if "  " in spaced else spaced.strip()
