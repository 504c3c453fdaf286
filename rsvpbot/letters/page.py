"""One Markdown source, two parts: plain text that reads like a letter, and HTML.

Values never meet the Markdown: in their place stand marks (`Marks`) that mean nothing to it, and the values are put in
at the very end, escaped for where they land. So a name such as `<b>x</b>` or `[x](http://y)` cannot become markup, and
the parsed page of one template is the same for every invitee and can be kept.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from rsvpbot.letters.values import END_ISOLATE, ISOLATE, Link

WIDTH = 74
"""Columns of the text part; RFC 5322, section 2.1.1 asks for at most 78."""

OPEN, CLOSE = "\ue000", "\ue001"
"""The marks are made of characters for private use, which Markdown takes for letters."""

MARK = re.compile(f"{OPEN}(\\d+){CLOSE}")
HREF = re.compile(f'href="([^"]*{OPEN}[^"]*)"')
ISOLATED = re.compile(f"{ISOLATE}[^{END_ISOLATE}]*{END_ISOLATE}")
RIGHT_TO_LEFT = "\u200f"
SIGNATURE = "-- "
"""What mail programs know as the beginning of a signature, and leave out when they quote (RFC 3676, section 4.3)."""

SCHEMES = ("https:", "http:", "mailto:", "tel:")

NOT_FIRST = frozenset("，。、；：？！）》」』】”’…·")
NOT_LAST = frozenset("（《「『【“‘")
"""Chinese punctuation at which a line must not break."""


UNSPACED = re.compile(
    f"[{re.escape(''.join(NOT_LAST))}]|(?:^| )[{re.escape(''.join(NOT_FIRST))}]|[\u1100-\u1fff\u2070-\U0010ffff]"
)
"""Where a line may break elsewhere than at spaces, or may not break at one: a wide character may be there (all of them
are in these ranges; what else is there takes the longer way for nothing), or punctuation that sticks to another."""

WORD = re.compile("[^ ]+ *| +")


class Marks:
    """The values of one page, each behind a mark."""

    def __init__(self) -> None:
        self._values: list[str] = []

    def hide(self, value: object) -> str:
        """Take a value in, on one line and without control characters, and give its mark; for an empty one, nothing."""
        clean = "" if value is None else tidy(str(value))
        if not clean:
            return ""
        self._values.append(Link(clean) if isinstance(value, Link) else clean)
        return f"{OPEN}{len(self._values) - 1}{CLOSE}"

    def plain(self, text: str, *, isolate: bool = False) -> str:
        """Put the values in as they are.

        `isolate` keeps each from turning the direction of what is around it (Unicode bidirectional isolates).
        """
        return MARK.sub(lambda match: self._isolated(match, isolate), text)

    def markup(self, page: str, *, isolate: bool) -> str:
        """Put the values in, escaped for HTML."""
        page = HREF.sub(lambda match: f'href="{html.escape(self.address(match[1]))}"', page)
        return MARK.sub(lambda match: html.escape(self._isolated(match, isolate)), page)

    def address(self, marked: str) -> str:
        """Where a link leads; "#" unless it is written in the template or a `Link` alone."""
        if OPEN not in marked:
            return marked
        whole = MARK.fullmatch(marked)
        value = self._values[int(whole[1])] if whole else ""
        return value if isinstance(value, Link) and value.lower().startswith(SCHEMES) else "#"

    def _isolated(self, match: re.Match[str], isolate: bool) -> str:
        value = self._values[int(match[1])]
        if not isolate or isinstance(value, Link) or ISOLATE in value:
            return value
        foreign = any(unicodedata.bidirectional(char) == "L" for char in value)
        return f"{ISOLATE}{value}{END_ISOLATE}" if foreign else value


def tidy(text: str) -> str:
    """One line, without control characters and without anything that looks like a mark."""
    if text.isprintable() and "  " not in text:  # most are; what is for private use is not printable
        return text.strip()
    spaced = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return re.sub(" {2,}", " ", spaced.replace(OPEN, "").replace(CLOSE, "")).strip()


# ------------------------------------------------------------------ Markdown


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    # The address of a link is left as it stands: a mark must survive, and `Marks.markup` escapes it.
    markdown.normalizeLink = lambda url: url  # type: ignore[method-assign]
    markdown.validateLink = lambda url: url.startswith((OPEN, *SCHEMES))  # type: ignore[method-assign]
    return markdown


@lru_cache(maxsize=256)
def parse(source: str) -> tuple[Token, ...]:
    """The tokens of a Markdown source, with the classes that the layout knows.

    A paragraph of nothing but links is a row of buttons; what follows the last rule is the signature.
    """
    tokens = _markdown().parse(source)
    for opening, inline in pairwise(tokens):
        if opening.type == "paragraph_open" and _only_links(inline.children or []):
            opening.attrSet("class", "choices")
            for child in inline.children or []:
                if child.type == "link_open":
                    child.attrSet("class", "choice")
    rules = [index for index, token in enumerate(tokens) if token.type == "hr" and token.level == 0]
    for token in tokens[rules[-1] + 1 :] if rules else []:
        if token.type == "paragraph_open":
            token.attrSet("class", "signature")
    return tuple(tokens)


def _only_links(children: Sequence[Token]) -> bool:
    outside = [child for child in children if child.level == 0 and child.type not in ("link_open", "link_close")]
    has_link = any(child.type == "link_open" for child in children)
    return has_link and all(child.type in ("softbreak", "hardbreak") or not child.content.strip() for child in outside)


def to_html(source: str) -> str:
    """The body of the HTML part, with marks."""
    markdown = _markdown()
    rendered: str = markdown.renderer.render(list(parse(source)), markdown.options, {})
    # A two-column table without headings is a list of facts.
    return re.sub(r"<thead>\s*<tr>(?:\s*<th[^>]*></th>)+\s*</tr>\s*</thead>\s*", "", rendered)


# ------------------------------------------------------------------ plain text


def to_text(source: str, marks: Marks, *, isolate: bool) -> str:
    """The text part, with the values in, wrapped at `WIDTH` columns. Ends in a line feed."""
    writer = _Text(marks, isolate)
    text = "\n\n".join(block for block in writer.blocks(parse(source), WIDTH) if block)
    text = text.replace(f"\n\n{SIGNATURE}\n\n", f"\n\n{SIGNATURE}\n") + "\n"
    return "\n".join(_each_for_itself(text.split("\n"))) if isolate else text


def _each_for_itself(lines: Sequence[str]) -> Iterator[str]:
    """Every line of plain text is a paragraph to the bidirectional algorithm (Unicode Annex 9, rule P1): an isolate
    ends with it, and its direction is that of its first letter outside of isolates. So an isolate that was wrapped is
    opened anew, and a line with nothing outside begins with a mark from right to left."""
    inside = False
    for line in lines:
        whole = ISOLATE + line if inside else line
        inside = whole.rfind(ISOLATE) > whole.rfind(END_ISOLATE)
        whole += END_ISOLATE if inside else ""
        outside = ISOLATED.sub("", whole)
        alone = outside != whole and not any(unicodedata.bidirectional(char) in ("R", "AL") for char in outside)
        yield RIGHT_TO_LEFT + whole if alone else whole


@dataclass(frozen=True, slots=True)
class _Text:
    marks: Marks
    isolate: bool

    def blocks(self, tokens: Sequence[Token], width: int) -> Iterator[str]:
        for group in _groups(tokens):
            yield self._block(group, width)

    def _block(self, group: Sequence[Token], width: int) -> str:
        first, inside = group[0], group[1:-1]
        match first.type:
            case "paragraph_open":
                return self._paragraph(inside[0], width, choices=first.attrGet("class") == "choices")
            case "heading_open":
                return self._paragraph(inside[0], width).upper()
            case "bullet_list_open":
                return self._list(inside, width, lambda index: "- ")
            case "ordered_list_open":
                return self._list(inside, width, lambda index: f"{index + 1}. ")
            case "blockquote_open":
                return _indent("\n\n".join(self.blocks(inside, width - 2)), "  ")
            case "table_open":
                return self._table(group, width)
            case "hr":
                return SIGNATURE
            case _:
                return self.marks.plain(first.content, isolate=self.isolate).rstrip("\n")

    def _paragraph(self, inline: Token, width: int, *, choices: bool = False) -> str:
        if choices:
            return "\n\n".join(self._choices(inline))
        return "\n".join(wrap(line, width) for line in self._inline(inline).split("\n"))

    def _choices(self, inline: Token) -> Iterator[str]:
        """Each link on lines of its own: its words, then the address, which must not be broken."""
        address, words = "", ""
        for child in inline.children or []:
            if child.type == "link_open":
                address, words = self.marks.address(str(child.attrGet("href"))), ""
            elif child.type == "link_close":
                yield words if address == "#" else f"{words}\n<{address}>"
            else:
                words += self.marks.plain(child.content)

    def _inline(self, inline: Token) -> str:
        pieces, starts = [], []
        for child in inline.children or []:
            match child.type:
                case "hardbreak":
                    pieces.append("\n")
                case "softbreak":
                    pieces.append(" ")
                case "link_open":
                    starts.append((len(pieces), self.marks.address(str(child.attrGet("href")))))
                case "link_close":
                    at, address = starts.pop()
                    words = "".join(pieces[at:])
                    pieces.append("" if address in ("#", words, f"mailto:{words}") else f" <{address}>")
                case _:
                    pieces.append(self.marks.plain(child.content, isolate=self.isolate))
        return "".join(pieces)

    def _list(self, items: Sequence[Token], width: int, bullet: Callable[[int], str]) -> str:
        written = []
        for index, item in enumerate(_groups(items)):
            head = bullet(index)
            body = "\n".join(self.blocks(item[1:-1], width - len(head)))
            written.append(head + _indent(body, " " * len(head)).lstrip())
        return "\n".join(written)

    def _table(self, group: Sequence[Token], width: int) -> str:
        """Facts, one a row: the first column as wide as its longest word needs, the rest wrapped beside it."""
        cells: list[list[str]] = []
        for token in group:
            if token.type == "tr_open":
                cells.append([])
            elif token.type == "inline":
                cells[-1].append(self._inline(token))
        rows = [row for row in cells if any(row)]
        first = max((columns(row[0]) for row in rows), default=0) + 2
        written = []
        for label, *rest in rows:
            body = wrap("  ".join(rest), max(20, width - first))
            written.append(label + " " * (first - columns(label)) + _indent(body, " " * first).lstrip())
        return "\n".join(line.rstrip() for line in written)


def _groups(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The blocks of one level, each from its opening to its closing token."""
    depth, start = 0, 0
    for index, token in enumerate(tokens):
        if depth == 0:
            start = index
        depth += token.nesting
        if depth == 0:
            yield tokens[start : index + 1]


def _indent(text: str, margin: str) -> str:
    return "\n".join(margin + line if line else line for line in text.split("\n"))


def columns(text: str) -> int:
    """How many columns a text takes in a fixed-width script."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(c) for c in text)


def _columns_of(char: str) -> int:
    """None for accents and for the marks of direction, two for Chinese."""
    if unicodedata.combining(char) or unicodedata.category(char) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def wrap(text: str, width: int) -> str:
    """Break lines at spaces and between Chinese characters; a longer word is left whole, so that addresses stay so."""
    lines: list[str] = []
    # Most are plain words with a space between, and need not be measured piece by piece.
    if text.isascii() and "  " not in text and text == text.strip(" "):
        while len(text) > width:
            end = text.rfind(" ", 1, width + 1)
            end = text.find(" ", 1) if end < 0 else end
            if end < 0:
                break
            lines.append(text[:end])
            text = text[end + 1 :]
        return "\n".join([*lines, text])
    line, used = "", 0
    for piece in _pieces(text):
        if line and used + columns(piece.rstrip(" ")) > width:
            lines.append(line.rstrip(" "))
            line, used = "", 0
        line += piece
        used += columns(piece)
    return "\n".join([*lines, line.rstrip(" ")])


def _pieces(text: str) -> Iterator[str]:
    """What must stay on one line: words with the space behind them, Chinese characters with their punctuation."""
    return iter(WORD.findall(text)) if not UNSPACED.search(text) else unspaced(text)


def unspaced(text: str) -> Iterator[str]:
    """The same for any text, character by character."""
    piece = ""
    for char in text:
        if char == " ":
            piece += char
            continue
        wide = unicodedata.east_asian_width(char) == "W" or char in NOT_LAST
        joined = char in NOT_FIRST or (piece and piece[-1] in NOT_LAST)
        after_wide = bool(piece) and unicodedata.east_asian_width(piece[-1]) == "W"
        if piece and not joined and (piece.endswith(" ") or wide or after_wide):
            yield piece
            piece = ""
        piece += char
    if piece:
        yield piece
