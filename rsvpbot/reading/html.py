"""HTML mail to the lines that a person sees, with quotations and signatures marked.

A small tokeniser of our own, because the standard one is slow on hostile input: it looks at each character a bounded
number of times. Nothing is fetched, nothing is run; scripts, styles and hidden or struck-out text leave no trace in the
text (what no reader sees does not count).
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

_MARKS = re.compile(f"[{QUOTED}{SIGNED}{CUT}]")

# Class, id or name (without the "x_" that Outlook puts in front), lower case.
_QUOTES = frozenset({
    "yahoo_quoted", "zmail_extra", "olk_src_body_section", "tutanota_quote", "isreplycontent", "includetail",
    "messagereplysection", "mail-editor-reference-message-container", "ms-outlook-mobile-reference-message",
    "front-blockquote", "freshdesk_quote", "moz-cite-prefix", "gmail_attr", "airmail_on", "reply-intro", "oriheader",
    "gmx_quote", "quoted_mail", "quoted-text", "cm_quote", "hmquote", "ntes_quote", "zimbra_quote",
})  # fmt: skip
_BLOCKQUOTES = frozenset(["gmail_quote", "gmail-quote", "protonmail_quote", "moz-quote", "clean_bq", "isreplycontent"])
_CUTS = frozenset(["divrplyfwdmsg", "appendonsend", "zwchr", "stopspelling", "moz-forward-container", "replysplit"])
_SIGNATURES = frozenset({
    "gmail_signature", "moz-signature", "ms-outlook-mobile-signature", "signature", "bloop_sign",
    "composer_signature", "messagesignaturesection", "protonmail_signature_block", "zmail_signature",
    "mobile_signature", "yahoo-signature", "tutanota_signature", "ydp_signature",
})  # fmt: skip
_VOID = frozenset(
    ["br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr", "param"]
)
_UNSEEN = frozenset(
    ["head", "style", "script", "title", "template", "noscript", "svg", "object", "select", "textarea", "iframe"]
)
_STRUCK = frozenset(["s", "strike", "del"])
_PARAGRAPHS = frozenset(
    ["p", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "pre", "blockquote", "fieldset"]
)
_BLOCKS = _PARAGRAPHS | frozenset({
    "div", "tr", "li", "dt", "dd", "section", "article", "header", "footer", "address", "center", "form", "body",
    "html", "hr", "main", "caption", "legend",
})  # fmt: skip
_MEANINGFUL = _BLOCKS | _VOID | _UNSEEN | _STRUCK | {"td", "th", "includetail"}
"""Elements that change what is shown even without an attribute."""
_SIMPLE = (_BLOCKS | {"td", "th"}) - {"pre", "hr"}
"""Elements that without an attribute only break lines."""
_CLOSES_ITSELF = frozenset(["p", "li", "td", "th", "tr", "dt", "dd"])

_NAME = re.compile(r"/?[a-zA-Z][a-zA-Z0-9:_-]*")
_ATTRIBUTE = re.compile(r"([a-zA-Z_:][-\w:.]*+)(?:\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']++)))?")
_READ = frozenset(["class", "id", "style", "type", "cite", "hidden", "alt", "name"])
_HIDDEN = re.compile(
    r"display\s?:\s?none|visibility\s?:\s?hidden|mso-hide\s?:\s?all|font-size\s?:\s?0(?![.\d])|font-size\s?:\s?0\.?0*(?:px|pt|em|%)"
    r"|opacity\s?:\s?0(?![.\d])|max-height\s?:\s?0(?![.\d])",
    re.I,
)
_LINE_THROUGH = re.compile(r"text-decoration[-a-z]{0,8}\s?:[^;]{0,40}line-through", re.I)
_SPACES = re.compile(r"[ \t\r\n\f]+")

_LONGEST_TAG = 4_000
_LONGEST = 400_000
_MOST_TAGS = 10_000


@dataclass(frozen=True, slots=True)
class Rendered:
    text: str
    """LF line ends; lines in containers begin with QUOTED or SIGNED; CUT stands alone on its line."""
    struck: bool
    """Something was struck out, so that a plain version of the text may say what the writer took back."""
    cut: bool
    """There was more than is looked at: 400,000 characters or 10,000 tags."""


@dataclass(frozen=True, slots=True)
class _State:
    """How what stands inside an element is shown."""

    hidden: bool = False
    quoted: bool = False
    signed: bool = False
    pre: bool = False


class _Page:
    """What has been written so far, line by line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quoted = False
        self.signed = False
        self.pre = False
        self.last_spoken = ""

    def write(self, text: str) -> None:
        if text:
            self.line.append(text)

    def end_line(self) -> None:
        text = "".join(self.line).replace("\xa0", " ").strip(" \t")
        if not self.pre:
            text = _SPACES.sub(" ", text)
        self.line.clear()
        if text:
            self.last_spoken = text
        mark = QUOTED if self.quoted else SIGNED if self.signed else ""
        self.lines.append(mark + text)

    def break_block(self) -> None:
        # A no-break space alone is how clients write an empty line.
        if "".join(self.line).strip(" \t\n"):
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


def without_marks(text: str) -> str:
    """A text in which nobody has put our marks."""
    return text if text.isascii() else _MARKS.sub("", text)


def render(source: str) -> Rendered:
    """The visible text of an HTML body, in time linear in its length."""
    walk = _Walk(without_marks(source[:_LONGEST]))
    walk.run()
    return Rendered("\n".join(walk.page.lines), walk.struck, walk.cut or len(source) > _LONGEST)


class _Walk:
    """One pass over the source, with the stack of open elements."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.page = _Page()
        self.struck = False
        self.cut = False
        self.stack: list[tuple[str, _State]] = [("", _State())]
        self.state = self.stack[0][1]
        self.open_tags: dict[str, int] = {}
        self.no_more: set[str] = set()
        """Signs that were looked for up to the end and not found; looking again would make the pass quadratic."""

    def run(self) -> None:
        source, position = self.source, 0
        for _ in range(_MOST_TAGS):
            if position >= len(source):
                break
            start = source.find("<", position)
            start = len(source) if start < 0 else start
            if start > position and not self.state.hidden:
                _write_text(self.page, source[position:start], self.state.pre)
            position = self.markup(start) if start < len(source) else start
        self.cut = position < len(source)
        self.page.break_block()

    def markup(self, start: int) -> int:
        """What begins with "<" at `start`; returns the position behind it."""
        found = _NAME.match(self.source, start + 1)
        if found is None:
            return self.no_tag(start)
        position, inside = self.tag_end(found.end())
        tag = found.group().lower()
        if inside and not _matters(inside, tag, self.state):
            inside = ""
        if tag[0] == "/":
            self.close(tag[1:])
        elif tag == "br":
            if not self.state.hidden:
                self.page.end_line()
        elif tag in {"script", "style"}:
            return self.after_element(tag, position)
        elif (not inside and tag not in _MEANINGFUL) or (self.state.hidden and tag not in _VOID):
            self.push(tag, self.state)
        elif not inside and tag in _SIMPLE and (tag != "blockquote" or self.state.quoted):
            self.open_simple(tag)
        else:
            self.open(tag, _attributes(inside))
        return position

    def no_tag(self, start: int) -> int:
        if self.source.startswith("<!--", start):
            return self.after("-->", start + 4)
        if self.source.startswith(("<!", "<?"), start):
            return self.after(">", start + 2)
        if not self.state.hidden:
            self.page.write("<")
        return start + 1

    def push(self, tag: str, state: _State) -> None:
        self.stack.append((tag, state))
        self.open_tags[tag] = self.open_tags.get(tag, 0) + 1
        self.state = state

    def pop(self) -> str:
        tag, _ = self.stack.pop()
        self.open_tags[tag] -= 1
        self.state = self.stack[-1][1]
        return tag

    def close(self, tag: str) -> None:
        before = self.state
        if self.open_tags.get(tag, 0):
            while self.pop() != tag:
                pass
        if tag in _MEANINGFUL:
            _break_after(self.page, tag)
        if (before.quoted, before.signed) != (self.state.quoted, self.state.signed):
            self.page.break_block()
        self.show()

    def show(self) -> None:
        self.page.quoted, self.page.signed, self.page.pre = self.state.quoted, self.state.signed, self.state.pre

    def open_simple(self, tag: str) -> None:
        """An element that changes nothing but where lines break."""
        if tag in _CLOSES_ITSELF and self.stack[-1][0] == tag:
            self.pop()
        _break_before(self.page, tag, {})
        self.show()
        self.push(tag, self.state)
        if tag == "li" and not self.state.hidden:
            self.page.write("- ")

    def open(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _CLOSES_ITSELF and self.stack[-1][0] == tag:
            self.pop()
        above = self.state
        _break_before(self.page, tag, attributes)
        self.show()
        hidden, struck = _hides(tag, attributes)
        self.struck = self.struck or struck
        names = _names(attributes)
        if names & _CUTS and not above.hidden and not above.quoted:
            self.page.cut()
        if tag in _VOID:
            if not above.hidden:
                _write_void(self.page, tag, attributes)
            return
        state = _State(
            hidden=above.hidden or hidden,
            quoted=above.quoted or _is_quote(tag, names, attributes, self.page.last_spoken),
            signed=above.signed or bool(names & _SIGNATURES),
            pre=above.pre or tag == "pre",
        )
        if (above.quoted, above.signed) != (state.quoted, state.signed):
            self.page.break_block()
        self.push(tag, above if state == above else state)
        self.show()
        if tag == "li" and not state.hidden:
            self.page.write("- ")

    def after(self, sign: str, start: int) -> int:
        """The position behind the next `sign`, or the end."""
        found = -1 if sign in self.no_more else self.source.find(sign, start)
        if found < 0:
            self.no_more.add(sign)
            return len(self.source)
        return found + len(sign)

    def after_element(self, tag: str, start: int) -> int:
        """The position behind the element's end tag: what a script holds is no markup."""
        for close in (f"</{tag}", f"</{tag.upper()}", f"</{tag.capitalize()}"):
            found = -1 if close in self.no_more else self.source.find(close, start)
            if found >= 0:
                return self.after(">", found)
            self.no_more.add(close)
        return len(self.source)

    def tag_end(self, start: int) -> tuple[int, str]:
        """The position behind the tag's ">" and what stands inside; a ">" in one quoted value does not end the tag."""
        if self.source.startswith(">", start):
            return start + 1, ""
        close = self.after(">", start) - 1
        if ">" in self.no_more:
            return len(self.source), ""
        for quote in ('"', "'"):
            if close - start >= _LONGEST_TAG or self.source.count(quote, start, close) % 2 == 0:
                continue
            end_quote = self.source.find(quote, close, start + _LONGEST_TAG)
            if end_quote >= 0:
                close = max(close, self.source.find(">", end_quote))
        return close + 1, self.source[start : min(close, start + _LONGEST_TAG)]


def _write_void(page: _Page, tag: str, attributes: dict[str, str]) -> None:
    if tag == "img":
        page.write(_emoji(attributes.get("alt", "")))
    elif tag == "hr":
        page.write("_" * 10)
        page.end_line()


def may_hide(source: str) -> bool:
    """A quick look: does this HTML strike out anything that its plain alternative might show as if it stood?"""
    lower = source[:_LONGEST].lower()
    return any(sign in lower for sign in ("<s>", "<del", "<strike", "<s ", "line-through"))


def _write_text(page: _Page, raw: str, pre: bool) -> None:
    text = without_marks(unescape(raw)) if "&" in raw else raw
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


_ATTRIBUTE_READ = re.compile(r"class|\bid|style|type|cite|hidden|alt|name", re.I)
_ATTRIBUTE_HIDES = re.compile(r"style|hidden", re.I)


def _matters(inside: str, tag: str, state: _State) -> bool:
    """Do a tag's attributes say anything here? What is quoted already can only be hidden as well."""
    wanted = _ATTRIBUTE_HIDES if state.quoted and tag not in _VOID else _ATTRIBUTE_READ
    return bool(wanted.search(inside))


def _attributes(inside: str) -> dict[str, str]:
    if not inside or inside.isspace():
        return {}
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(inside):
        name = match.group(1).lower()
        if name in _READ:
            found.setdefault(name, unescape(match.group(2) or match.group(3) or match.group(4) or ""))
    return found


def _names(attributes: dict[str, str]) -> set[str]:
    if not attributes:
        return set()
    words = f"{attributes.get('class', '')} {attributes.get('id', '')} {attributes.get('name', '')}".lower().split()
    return {word.removeprefix("x_") for word in words}


def _is_quote(tag: str, names: set[str], attributes: dict[str, str], before: str) -> bool:
    if names & _QUOTES or tag == "includetail":
        return True
    if tag != "blockquote":
        return False
    if names & _BLOCKQUOTES or "cite" in attributes or attributes.get("type", "").lower() == "cite":
        return True
    if "border-left" in attributes.get("style", "").lower():
        return True
    # A bare blockquote is a quotation below "… wrote:", and only an indented paragraph elsewhere.
    return before.endswith((":", "：")) and any(sign.isdecimal() or sign == "@" for sign in before)


def _hides(tag: str, attributes: dict[str, str]) -> tuple[bool, bool]:
    """Whether what stands inside is not seen, and whether it was struck out."""
    style = attributes.get("style", "")
    struck = tag in _STRUCK or bool(style and _LINE_THROUGH.search(style))
    return struck or tag in _UNSEEN or "hidden" in attributes or bool(style and _HIDDEN.search(style)), struck


def _emoji(alt: str) -> str:
    """Some clients send an emoji as a picture; its alternative text is what the person wrote."""
    return alt if 0 < len(alt) <= 8 and not any(sign.isascii() for sign in alt) else ""
