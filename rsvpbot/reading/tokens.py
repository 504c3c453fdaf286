"""Text to sentences of tokens. Knows scripts, knows no language; what a language spells otherwise comes from its pack.

Every token keeps its place in the text, so that evidence can be marked where it stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

LONGEST = 5_000
"""Characters read at most. An answer stands at the beginning; what is longer is said to be so (see `weigh`)."""

MOST_REMEMBERED = 4_000
"""Words whose pieces are kept in memory, a language."""

SHORT = 60
"""Characters of a text that is surely no more than a name or a line."""

MOST_SHORT = 200
"""Of them so many are kept in memory, a language."""

MOST_TOKENS = 160
"""A longer sentence is read in pieces of so many tokens, which keeps the work linear."""

_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_APOSTROPHES = "'’ʼ`´‘′‛＇"
"""What stands for an apostrophe: many keyboards and programs have another sign than the one that is meant."""
_UNSEEN = "\u200b\u200d\u200e\u200f\u2060\ufeff\xad"
"""What is not seen within a word: a "not" with a soft hyphen is one word. What keeps Arabic letters apart does part."""
_WORD = re.compile(
    rf"[{_HAN}]"  # scripts without spaces: one character, one token
    r"|\d[\d:.,/]*\d(?![^\W_])"
    rf"|[^\W_{_HAN}](?:[^\W_{_HAN}]|[\u0300-\u036f\u064b-\u065f\u0670\u0640{_APOSTROPHES}]"
    rf"|(?:[{_UNSEEN}]|(?<![\u0600-\u06ff])\u200c)(?=[^\W_{_HAN}{_UNSEEN}]|[{_UNSEEN}][^\W_{_HAN}]))*"
    r"|\n"
    r"|[.。．…]+|[!！]|[?？؟]|[,،、，]|[;；؛]|[:：]"
    r"|[^\s]"
)
_HAN_ONLY = re.compile(r"[\u4e00-\u9fff]+")
_SENTENCE_END = frozenset(".!?")
_PUNCTUATION = str.maketrans("。．…！？؟،、，；؛：（）“”„«»–—•·‚’‘", '...!??,,,;;:()"""""--**,\'\'')
_QUOTES = frozenset('"“”„«»*_')
_DROPPED = frozenset("\ufe0f\ufe0e\u200d\u200b\u200c\u200e\u200f\u2060\ufeff\xad")
_BULLET = re.compile(
    r"[ \t]*(?:(?:[-*•·–—]|\(?\d{1,2}[.)]|\(?[a-z]\)|\(?[ivx]{1,4}[.)])[ \t]+"
    r"|(?:[（(]?[一二三四五六七八九十]{1,3}[、）)]|\d{1,2}、|[①-⑳]))"
)
_LABEL = re.compile(r"[ \t]*[^\W\d_][^:：\n.!?,;。，]{0,40}(?::(?:[ \t]|$)|：)")


_Piece = tuple[str, int, int, bool]
"""A word, the places in the written word where it begins and ends, and whether it has a capital."""


class Token(NamedTuple):
    """One word, number, sign or stop."""

    norm: str
    """Case, accents, vowel signs and width folded; full stops and quotes of every script made Latin ones."""
    start: int
    end: int
    capital: bool = False
    word: bool = True
    space: bool = True
    """White space stands before it."""

    @property
    def number(self) -> int | None:
        return int(self.norm) if self.norm.isdecimal() and len(self.norm) <= 4 else None


@dataclass(frozen=True, slots=True)
class Sentence:
    """What stands between two stops, or on a line of its own."""

    tokens: tuple[Token, ...]
    question: bool = False
    exclaimed: bool = False
    paragraph: int = 0
    bullet: bool = False
    own_line: bool = False
    """It is one whole line: no other sentence stands on it."""

    @property
    def start(self) -> int:
        return self.tokens[0].start

    @property
    def end(self) -> int:
        return self.tokens[-1].end


@dataclass(frozen=True, slots=True)
class Spelling:
    """What a language writes in several ways (from its pack)."""

    variants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """"cant" -> ("can", "not")"""
    endings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """"'ll" -> ("will",): cut off and replaced."""
    accented: frozenset[str] = frozenset()
    """Words whose accent tells them from another word: "sí" from "si"."""
    elisions: frozenset[str] = frozenset()
    """What stands before an apostrophe and is a word of its own: "j", "l", "qu" in French."""
    always: tuple[str, ...] = ()
    """Of these, those that are parted from a word that nobody knows too, since it may be a name ("وأيوب")."""
    beginnings: tuple[str, ...] = ()
    """What is written in one with the word behind it ("و" and "ف" in Arabic), the longest first."""
    addressed: tuple[tuple[str, str], ...] = ()
    """How a word ends that is said to one or to women, and how the one that is said to all ends ("ك" and "كم")."""
    stops: frozenset[str] = frozenset()
    """Abbreviations after which a full stop ends no sentence."""
    met: dict[str, tuple[_Piece, ...]] = field(default_factory=dict, compare=False)
    """Words cut before: most words of a text come again and again."""

    short: dict[str, tuple[Token, ...]] = field(default_factory=dict, compare=False)
    """Names and the like, which are taken apart several times each."""


PLAIN = Spelling()
"""Nothing but case, accents and width is folded."""


@lru_cache(maxsize=MOST_REMEMBERED)
def fold(word: str) -> str:
    """One word without case, accents, vowel signs and width."""
    if word.isascii():
        return word.lower().replace("`", "'")
    flat = unicodedata.normalize("NFKD", word.translate(_MEANT)).casefold()
    kept = "".join(c for c in flat if not unicodedata.combining(c) and c != "ـ" and c not in _DROPPED)
    return kept.translate(_FOLDED)


_MEANT = str.maketrans(dict.fromkeys(_APOSTROPHES, "'"))
"""Before anything is folded: the sign "´" would fall apart into a space and an accent."""
_FOLDED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i"}
    | {"ى": "ي", "ة": "ه", "ٱ": "ا", "ک": "ك", "ی": "ي", "ھ": "ه", "ہ": "ه", "ە": "ه", "گ": "ك", "ڭ": "ك"}
    | {"پ": "ب", "ڤ": "ف", "چ": "ج"}
    | {chr(zero + digit): str(digit) for zero in (0x0660, 0x06F0, 0xFF10) for digit in range(10)}
)


def _is_emoji(char: str) -> bool:
    return ord(char) >= 0x203C and unicodedata.category(char) in {"So", "Sk"}


def norms_of(text: str, spelling: Spelling) -> list[str]:
    """The words and signs of a phrase, as they are compared."""
    if text.isalpha() and text[0] < "\u2e80":
        return [word for word, *_ in _pieces(text, spelling)]
    return [token.norm for token in tokenize(text, spelling) if token.norm != "\n"]


def norms_of_words(words: Iterable[str], spelling: Spelling) -> dict[str, tuple[str, ...]]:
    """As `norms_of`, of those words that need no cutting: they are all letters, of a script that parts words or of
    Han. Many at once cost a fraction of one by one. `spelling`: only its accents count here."""
    plain = [word for word in set(words) if word.isalpha()]
    folded = dict(zip(plain, _folded_at_once(plain), strict=True))
    if spelling.accented:
        exact = ((word, unicodedata.normalize("NFC", word.lower())) for word in plain if not word.isascii())
        folded.update((word, kept) for word, kept in exact if kept in spelling.accented)
    norms: dict[str, tuple[str, ...]] = {word: (norm,) for word, norm in folded.items() if word[0] < "\u2e80"}
    han = (word for word in plain if word[0] >= "\u2e80" and _HAN_ONLY.fullmatch(word))
    norms.update((word, tuple(folded[word])) for word in han)
    return norms


def _folded_at_once(words: Sequence[str]) -> list[str]:
    """`fold` of each."""
    flat = unicodedata.normalize("NFKD", "\n".join(words).translate(_MEANT)).casefold()
    for char in set(flat):
        if unicodedata.combining(char) or char == "ـ" or char in _DROPPED:
            flat = flat.replace(char, "")
        elif ord(char) in _FOLDED:
            flat = flat.replace(char, _FOLDED[ord(char)])
    return flat.split("\n") if words else []


def tokenize(text: str, spelling: Spelling = PLAIN, most: int = LONGEST) -> list[Token]:
    """The tokens of a text, line ends included (as "\\n"): all, or somewhat more than `most` if there are more."""
    if len(text) > SHORT or most < LONGEST:
        return _tokens(text, spelling, most)
    tokens = spelling.short.get(text)
    if tokens is None:
        if len(spelling.short) >= MOST_SHORT:
            spelling.short.clear()
        tokens = spelling.short[text] = tuple(_tokens(text, spelling, most))
    return list(tokens)


def _tokens(text: str, spelling: Spelling, most: int) -> list[Token]:
    tokens: list[Token] = []
    last_end = 0
    for found in _WORD.finditer(text):
        if len(tokens) > most:
            break
        raw = found.group()
        start, end = found.span()
        first = raw[0]
        space = start > last_end
        last_end = end
        if first in _QUOTES:
            continue  # quoted and emphasised words are words
        if first.isalnum():
            tokens.extend(_word_tokens(raw, start, space, spelling))
        elif first in _DROPPED or (unicodedata.category(first) in {"Sk", "Cf", "Cc", "Mn"} and first != "\n"):
            continue  # skin tones, joiners and direction marks say nothing
        elif first in "-‐‑" and not space and text[last_end : last_end + 1].isalnum():
            continue  # "co-director" is two words
        else:
            norm = raw.translate(_PUNCTUATION)
            tokens.append(Token(norm if first == "\n" else norm[0], start, last_end, False, _is_emoji(first), space))
    return tokens


def _word_tokens(raw: str, start: int, space: bool, spelling: Spelling) -> list[Token]:
    pieces = spelling.met.get(raw)
    if pieces is None:
        pieces = tuple(_pieces(raw, spelling))
        if len(spelling.met) >= MOST_REMEMBERED:
            spelling.met.clear()
        spelling.met[raw] = pieces
    if len(pieces) == 1:
        norm, begin, end, capital = pieces[0]
        return [Token(norm, start + begin, start + end, capital, True, space)]
    return [
        Token(norm, start + begin, start + end, capital, True, space and not i)
        for i, (norm, begin, end, capital) in enumerate(pieces)
    ]


def _pieces(raw: str, spelling: Spelling) -> Iterable[_Piece]:
    """The words that a written word stands for, each with its place in it and whether it has a capital."""
    stripped = raw.rstrip(_APOSTROPHES) or raw
    norm = fold(stripped)
    if spelling.accented and not stripped.isascii():
        exact = unicodedata.normalize("NFC", stripped.lower())
        norm = exact if exact in spelling.accented else norm
    length, capital = len(stripped), stripped[0].isupper()
    if spelling.elisions and "'" in norm:
        cut = norm.index("'")
        both = capital and stripped[cut + 1 : cut + 2].isupper() and not stripped.isupper()
        if norm[:cut] in spelling.elisions and len(norm) > cut + 1 and not both:
            yield norm[:cut], 0, cut + 1, capital
            for word, begin, end, upper in _pieces(stripped[cut + 1 :], spelling):
                yield word, begin + cut + 1, end + cut + 1, upper
            return
    if spelling.elisions and norm in spelling.elisions and length < len(raw):
        yield norm, 0, len(raw), capital
        return
    if norm in spelling.variants:
        for i, part in enumerate(spelling.variants[norm]):
            yield part, 0, length, capital and i == 0
        return
    for ending, parts in spelling.endings:
        if len(norm) > len(ending) and norm.endswith(ending):
            base = norm[: -len(ending)]
            cut = length - len(ending)
            for i, part in enumerate(spelling.variants.get(base, (base,))):
                yield part, 0, cut, capital and i == 0
            for part in parts:
                yield part, cut, length, False
            return
    yield norm, 0, length, capital


NO_TITLE = 3
"""Letters of a word that is no shortened title."""

_STOP_WITHIN = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_]{2})")


def with_stops(text: str) -> str:
    """A text in which a full stop ends a sentence also where the space behind it was left out ("on the 13th.If they let
    me"): a word with a capital follows small letters or figures, or in a script without capitals another word, and
    nothing is an address. The text is as long as before."""
    return re.sub(r"\S*\.\S+", _stopped, text)


def _stopped(found: re.Match[str]) -> str:
    written = found.group()
    if "@" in written or "/" in written or written.casefold().startswith("www."):
        return written

    def stop(sign: re.Match[str]) -> str:
        before, after = written[sign.start() - 1], written[sign.end() : sign.end() + 2]
        ends = (before.islower() or before.isdecimal()) and after[0].isupper() and after[1].islower()
        word = written[max(0, sign.start() - NO_TITLE) : sign.start()]  # "د.محمد": a title is shorter
        whole = len(word) == NO_TITLE and word.isalpha() and after.isalpha()
        ends = ends or (whole and (word + after).upper() == (word + after).lower())
        return "。" if ends else "."  # which stands in no word, and ends a sentence in any language

    return _STOP_WITHIN.sub(stop, written)


def sentences(text: str, spelling: Spelling = PLAIN, most: int = LONGEST) -> list[Sentence]:
    """The sentences of a text in order. Hard-wrapped lines are joined; a line ended on purpose ends a sentence. `most`:
    so many tokens are wanted; a sentence that goes on behind them may be cut."""
    text = text[:LONGEST]
    breaks = _line_breaks(text)
    found: list[Sentence] = []
    current: list[Token] = []
    paragraph = 0
    tokens = tokenize(text, spelling, most)

    def close(mark: str = "", at_line_end: bool = False) -> None:
        if any(token.word for token in current) or (current and all(token.norm == "+" for token in current)):
            begin = text.rfind("\n", 0, current[0].start) + 1
            bullet = bool(_BULLET.match(text, begin))
            alone = at_line_end and not text[begin : current[0].start].strip(" \t-*•·–—()0123456789.")
            found.append(Sentence(tuple(current), mark == "?", mark == "!", paragraph, bullet, alone))
        elif mark == "?" and found and not current:
            last = found[-1]
            found[-1] = Sentence(last.tokens, True, last.exclaimed, last.paragraph, last.bullet, last.own_line)
        current.clear()

    for i, token in enumerate(tokens):
        if token.norm == "\n":
            kind = breaks.get(token.start, "")
            if kind:
                close(at_line_end=True)
                paragraph += kind == "paragraph"
            continue
        if not token.word and token.norm in _SENTENCE_END:
            after = tokens[i + 1] if i + 1 < len(tokens) else None
            western = text[token.start] in ".…"
            if token.norm == "." and western and _no_stop(current, token, after, spelling):
                continue
            line_end = after is None or after.norm == "\n"
            close(token.norm, at_line_end=line_end)
            continue
        if token.norm in "¿¡" and not token.word:
            if token.norm == "¿":
                close()
            continue
        current.append(token)
        if len(current) >= MOST_TOKENS:
            close()
    close(at_line_end=True)
    return found


def _no_stop(current: list[Token], dot: Token, after: Token | None, spelling: Spelling) -> bool:
    """Whether this full stop belongs to an abbreviation, an initial, a number or an address."""
    if dot.end - dot.start > 1:
        return False
    if after is not None and not after.space and after.word:
        return True
    before = current[-1] if current else None
    if before is None or dot.space:
        return before is None
    if before.norm in spelling.stops:
        return True
    if len(before.norm) == 1 and before.capital and after is not None and after.capital and after.word:
        return True
    alone_number = before.number is not None and (len(current) == 1)
    return alone_number and after is not None and after.norm != "\n"


def _line_breaks(text: str) -> dict[int, str]:
    """Offsets of the line ends that end a sentence: "line" or "paragraph"."""
    lines = text.split("\n")
    widths = [_width(line) for line in lines]
    width = max(widths, default=0)
    width = width if 50 <= width <= 100 else 72
    breaks: dict[int, str] = {}
    offset = 0
    for i, line in enumerate(lines[:-1]):
        offset += len(line)
        following = lines[i + 1]
        stripped = following.strip()
        if not stripped or not line.strip():
            breaks[offset] = "paragraph"
        elif (
            _BULLET.match(following)
            or (_LABEL.match(following) and not stripped[0].islower())
            or (_BULLET.match(line) and not following[:1].isspace())
            or (widths[i] + 1 + _width(_first_word(stripped)) <= width and not stripped[0].islower())
        ):
            breaks[offset] = "line"
        offset += 1
    return breaks


def _width(line: str) -> int:
    """Columns: those of East Asian scripts take two."""
    line = line.rstrip()
    return len(line) if line.isascii() else len(line) + sum(unicodedata.east_asian_width(c) in "WF" for c in line)


def _first_word(line: str) -> str:
    """What could not be parted at a line end: a word, or one Chinese character."""
    return line[0] if "\u2e80" <= line[0] <= "\uffef" else line.split(" ", 1)[0]
