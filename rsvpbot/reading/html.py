"""HTML mail to the lines that a person sees, with quotations and signatures marked.

A small tokeniser of our own: it looks at each character a bounded number of times, whatever the input. Nothing is fetched,
nothing is run; scripts, styles and hidden or struck-out text leave no trace in the text (what no reader sees does not count).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

QUOTED = "\ue003"
"""Begins a line that stands in a quoting container."""
SIGNED = "\ue001"
"""Begins a line that stands in a signature container."""
CUT = "\ue000"
"""A line of its own: from here to the end a client put the mail that is answered."""

_MARKS = {ord(QUOTED): None, ord(SIGNED): None, ord(CUT): None}

# Class or id (without Outlook's "x_" prefix), lower case.
_QUOTES = frozenset(
    {
        "yahoo_quoted", "zmail_extra", "olk_src_body_section", "tutanota_quote", "isreplycontent", "includetail",
        "messagereplysection", "mail-editor-reference-message-container", "ms-outlook-mobile-reference-message",
        "front-blockquote", "freshdesk_quote", "moz-cite-prefix", "gmail_attr", "airmail_on", "reply-intro", "oriheader",
        "gmx_quote", "quoted_mail", "quoted-text", "cm_quote", "hmquote", "ntes_quote", "zimbra_quote",
    }
)  # fmt: skip
_BLOCKQUOTES = frozenset({"gmail_quote", "gmail-quote", "protonmail_quote", "moz-quote", "clean_bq", "isreplycontent"})
_CUTS = frozenset({"divrplyfwdmsg", "appendonsend", "zwchr", "stopspelling", "moz-forward-container", "replysplit"})
_SIGNATURES = frozenset(
    {
        "gmail_signature", "moz-signature", "ms-outlook-mobile-signature", "signature", "bloop_sign",
        "messagesignaturesection", "composer_signature", "protonmail_signature_block", "zmail_signature", "mobile_signature",
        "yahoo-signature", "tutanota_signature", "ydp_signature",
    }
)  # fmt: skip
_VOID = frozenset("br hr img input meta link area base col embed source track wbr param".split())
_UNSEEN = frozenset("head style script title template noscript svg object select textarea iframe".split())
_STRUCK = frozenset({"s", "strike", "del"})
_PARAGRAPHS = frozenset("p ul ol table h1 h2 h3 h4 h5 h6 dl pre blockquote fieldset".split())
_BLOCKS = _PARAGRAPHS | frozenset(
    "div tr li dt dd section article header footer address center form body html hr main caption legend".split()
)
_SELF_CLOSING = frozenset({"p", "li", "td", "th", "tr", "dt", "dd"})

_NAME = re.compile(r"/?[a-zA-Z][a-zA-Z0-9:_-]*")
_ATTRIBUTE = re.compile(
    r"(?<![-\w:.])(class|id|style|type|cite|hidden|alt|name)\b(?:\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']++)))?",
    re.I,
)
_HIDDEN = re.compile(
    r"display\s?:\s?none|visibility\s?:\s?hidden|mso-hide\s?:\s?all|font-size\s?:\s?0(?![.\d])|font-size\s?:\s?0\.?0*(?:px|pt|em|%)"
    r"|opacity\s?:\s?0(?![.\d])|max-height\s?:\s?0(?![.\d])",
    re.I,
)
_LINE_THROUGH = re.compile(r"text-decoration[-a-z]{0,8}\s?:[^;]{0,40}line-through", re.I)
_SPACES = re.compile(r"[ \t\r\n\f]+")

_LONGEST_TAG = 4_000
_LONGEST = 400_000


@dataclass(frozen=True, slots=True)
class Rendered:
    text: str
    """LF line ends; lines in containers begin with QUOTED or SIGNED; CUT stands alone on its line."""
    struck: bool
    """Something was struck out or hidden, so that another version of the text may say what nobody sees here."""


@dataclass(slots=True)
class _Open:
    tag: str
    hidden: bool
    quoted: int
    signed: bool
    pre: bool


class _Page:
    """What has been written so far, line by line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quoted = 0
        self.signed = False
        self.last_spoken = ""

    def write(self, text: str) -> None:
        if text:
            self.line.append(text)

    def end_line(self) -> None:
        text = "".join(self.line)
        self.line.clear()
        text = text.strip(" \t")
        if text:
            self.last_spoken = text
        mark = QUOTED if self.quoted else SIGNED if self.signed else ""
        self.lines.append(mark + text)

    def break_block(self) -> None:
        if "".join(self.line).strip():
            self.end_line()
        else:
            self.line.clear()

    def break_paragraph(self) -> None:
        self.break_block()
        if self.lines and self.lines[-1].strip(QUOTED + SIGNED):
            self.end_line()

    def cut(self) -> None:
        self.break_block()
        self.lines.append(CUT)


def render(source: str) -> Rendered:
    """The visible text of an HTML body. Linear in its length; more than 400,000 characters are not looked at."""
    source = source[:_LONGEST].translate(_MARKS)
    page = _Page()
    struck = False
    stack: list[_Open] = []
    open_tags: dict[str, int] = {}
    state = _Open("", hidden=False, quoted=0, signed=False, pre=False)
    position, end = 0, len(source)
    no_more: set[str] = set()
    while position < end:
        start = source.find("<", position)
        if start < 0:
            start = end
        if start > position and not state.hidden:
            _write_text(page, source[position:start], state.pre)
        if start == end:
            break
        if source.startswith("<!--", start):
            position = _after(source, "-->", start + 4, no_more)
            continue
        if source.startswith(("<!", "<?"), start):
            position = _after(source, ">", start + 2, no_more)
            continue
        found = _NAME.match(source, start + 1)
        if found is None:
            if not state.hidden:
                page.write("<")
            position = start + 1
            continue
        position, inside = _tag_end(source, found.end(), no_more)
        tag = found.group().lower()
        if tag.startswith("/"):
            tag = tag[1:]
            if open_tags.get(tag, 0):
                while stack:
                    closed = stack.pop()
                    open_tags[closed.tag] -= 1
                    if closed.tag == tag:
                        break
                state = stack[-1] if stack else _Open("", hidden=False, quoted=0, signed=False, pre=False)
            _break_after(page, tag)
            page.quoted, page.signed = state.quoted, state.signed
            continue
        if tag in {"script", "style"}:
            position = _after_element(source, tag, position, no_more)
            continue
        attributes = _attributes(inside)
        if tag == "br":
            if not state.hidden:
                page.end_line()
            continue
        if tag in _SELF_CLOSING and stack and stack[-1].tag == tag:
            open_tags[tag] -= 1
            stack.pop()
            state = stack[-1] if stack else _Open("", hidden=False, quoted=0, signed=False, pre=False)
        _break_before(page, tag, attributes)
        page.quoted, page.signed = state.quoted, state.signed
        hidden, was_struck = _hides(tag, attributes)
        struck = struck or was_struck or (hidden and tag not in _UNSEEN)
        if _names(attributes) & _CUTS and not state.hidden and not state.quoted:
            page.cut()
        if tag in _VOID:
            if not state.hidden:
                if tag == "img":
                    page.write(_emoji(attributes.get("alt", "")))
                elif tag == "hr":
                    page.write("_" * 10)
                    page.end_line()
            continue
        state = _Open(
            tag,
            hidden=state.hidden or hidden,
            quoted=state.quoted + _is_quote(tag, attributes, page.last_spoken),
            signed=state.signed or bool(_names(attributes) & _SIGNATURES),
            pre=state.pre or tag == "pre",
        )
        stack.append(state)
        open_tags[tag] = open_tags.get(tag, 0) + 1
        page.quoted, page.signed = state.quoted, state.signed
        if tag == "li" and not state.hidden:
            page.write("- ")
    page.break_block()
    return Rendered("\n".join(page.lines), struck)


def may_hide(source: str) -> bool:
    """A quick look: does this HTML strike out anything that its plain alternative might show as if it stood?"""
    lower = source[:_LONGEST].lower()
    return any(sign in lower for sign in ("<s>", "<del", "<strike", "<s ", "line-through"))


def _write_text(page: _Page, raw: str, pre: bool) -> None:
    text = unescape(raw).translate(_MARKS) if "&" in raw else raw
    text = text.replace("\xa0", " ")
    if pre:
        first, *rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        page.write(first)
        for line in rest:
            page.end_line()
            page.write(line)
        return
    text = _SPACES.sub(" ", text)
    if text == " " and (not page.line or page.line[-1].endswith(" ")):
        return
    page.write(text)


def _break_before(page: _Page, tag: str, attributes: dict[str, str]) -> None:
    if tag in _PARAGRAPHS and "msonormal" not in attributes.get("class", "").lower():
        page.break_paragraph()
    elif tag in _BLOCKS:
        page.break_block()
    elif tag in {"td", "th"}:
        page.write(" ")


def _break_after(page: _Page, tag: str) -> None:
    if tag == "p":
        # An empty paragraph is how Word writes an empty line.
        if "".join(page.line).strip():
            page.end_line()
        else:
            page.line.clear()
            page.end_line()
    elif tag in _PARAGRAPHS:
        page.break_paragraph()
    elif tag in _BLOCKS:
        page.break_block()
    elif tag in {"td", "th"}:
        page.write(" ")


def _after(source: str, sign: str, start: int, no_more: set[str]) -> int:
    """The position behind the next `sign`, or the end; a sign once not found is not looked for again."""
    if sign in no_more:
        return len(source)
    found = source.find(sign, start)
    if found < 0:
        no_more.add(sign)
        return len(source)
    return found + len(sign)


def _after_element(source: str, tag: str, start: int, no_more: set[str]) -> int:
    for close in (f"</{tag}", f"</{tag.upper()}", f"</{tag.capitalize()}"):
        if close in no_more:
            continue
        found = source.find(close, start)
        if found >= 0:
            return _after(source, ">", found, no_more)
        no_more.add(close)
    return len(source)


def _tag_end(source: str, start: int, no_more: set[str]) -> tuple[int, str]:
    """The position behind the tag's ">" and what stands inside; a ">" in one quoted value does not end the tag."""
    if ">" in no_more:
        return len(source), ""
    close = source.find(">", start)
    if close < 0:
        no_more.add(">")
        return len(source), ""
    for quote in ('"', "'"):
        if close - start < _LONGEST_TAG and source.count(quote, start, close) % 2 and quote not in no_more:
            end_quote = source.find(quote, close)
            if end_quote < 0:
                no_more.add(quote)
            elif end_quote - start < _LONGEST_TAG:
                close = max(close, source.find(">", end_quote))
    return close + 1, source[start : min(close, start + _LONGEST_TAG)]


def _attributes(inside: str) -> dict[str, str]:
    if not inside or inside.isspace():
        return {}
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(inside):
        found.setdefault(match.group(1).lower(), unescape(match.group(2) or match.group(3) or match.group(4) or ""))
    return found


def _names(attributes: dict[str, str]) -> set[str]:
    if not attributes:
        return set()
    words = f"{attributes.get('class', '')} {attributes.get('id', '')} {attributes.get('name', '')}".lower().split()
    return {word.removeprefix("x_") for word in words}


def _is_quote(tag: str, attributes: dict[str, str], before: str) -> int:
    names = _names(attributes)
    if names & _QUOTES or tag == "includetail":
        return 1
    if tag != "blockquote":
        return 0
    if names & _BLOCKQUOTES or "cite" in attributes or attributes.get("type", "").lower() == "cite":
        return 1
    if "border-left" in attributes.get("style", "").lower():
        return 1
    # A bare blockquote is a quotation below "… wrote:", and only an indented paragraph elsewhere.
    return int(before.endswith((":", "：")) and any(sign.isdecimal() or sign == "@" for sign in before))


def _hides(tag: str, attributes: dict[str, str]) -> tuple[bool, bool]:
    """Whether what stands inside is not seen, and whether it was struck out."""
    style = attributes.get("style", "")
    struck = tag in _STRUCK or bool(style and _LINE_THROUGH.search(style))
    return struck or tag in _UNSEEN or "hidden" in attributes or bool(style and _HIDDEN.search(style)), struck


def _emoji(alt: str) -> str:
    """Some clients send an emoji as a picture; its alternative text is what the person wrote."""
    return alt if 0 < len(alt) <= 8 and not any(sign.isascii() for sign in alt) else ""
