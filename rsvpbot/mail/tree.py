"""Raw bytes into the standard library's tree of parts (compat32), within limits that hold while it is built.

The library's parser recurses once for each level, keeps every field and reads every parameter it is shown: thousands
of levels end in RecursionError, long fields in quadratic time. `Part` cuts both as they arrive, so that what stands
within the limits is still read. `policy.default` is never used on mail that came in.
"""

from __future__ import annotations

import email.parser
import email.policy
import email.utils
import re
from email.message import Message as _StdlibMessage
from typing import Any

MAX_BYTES = 30_000_000
MAX_DEPTH = 100
"""As Postfix's mime_nesting_limit."""
MAX_FIELDS = 1_000
MAX_FIELD = 32_768
"""Characters in one field, folding included."""
MAX_MIME_FIELD = 4_096
"""Characters in one Content-… field: reading its parameters takes the square of this."""
MAX_WORK = 4_000_000
"""Lines times boundaries: each line is held against the boundary of every level that is open."""

CUT = "cut to the limits on size and nesting"


class Part(_StdlibMessage):
    """A part that knows its depth and refuses what is beyond the limits; `cut` in the root says that it did."""

    def __init__(self, policy: email.policy.Policy[Any] = email.policy.compat32) -> None:
        super().__init__(policy)
        self.depth = 0
        self.root: Part = self
        self.cut = False
        self._kind = ""
        """The content type, which is asked for again and again, once it is known."""

    def attach(self, payload: Any) -> None:
        if isinstance(payload, Part):
            payload.depth, payload.root = self.depth + 1, self.root
        super().attach(payload)

    def set_raw(self, name: str, value: Any) -> None:
        if len(self._headers) >= MAX_FIELDS:  # type: ignore[attr-defined]
            self.root.cut = True
            return
        limit = MAX_MIME_FIELD if name.lower().startswith("content-") else MAX_FIELD
        if len(value) > limit:
            self.root.cut = True
            value = value[:limit]
        self._kind = ""
        super().set_raw(name, value)

    def set_default_type(self, ctype: str) -> None:
        self._kind = ""
        super().set_default_type(ctype)

    def get_content_type(self) -> str:
        if not self._kind:
            self._kind = self._content_type()
        return self._kind

    def _content_type(self) -> str:
        found = super().get_content_type()
        if self.depth >= MAX_DEPTH and found.startswith(("multipart/", "message/")):
            self.root.cut = True
            return "text/plain"
        return found


def build(raw: bytes) -> Part:
    """The tree of a message. Raises nothing that any bytes could cause but RecursionError and MemoryError."""
    kept = _within_limits(raw)
    start = re.match(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*", kept)
    if start and start.end():
        kept = kept[start.end() :]
    tree = email.parser.BytesParser(Part, policy=email.policy.compat32).parsebytes(kept)
    assert isinstance(tree, Part)  # noqa: S101 (made by this parser)
    tree.cut = tree.cut or len(kept) < len(raw) - (start.end() if start else 0)
    return tree


def _within_limits(raw: bytes) -> bytes:
    if len(raw) > MAX_BYTES:
        raw = raw[:MAX_BYTES]
    lines = raw.count(b"\n") + raw.count(b"\r")
    levels = min(MAX_DEPTH, len(re.findall(rb"boundary", raw, re.IGNORECASE))) + 1
    if lines * levels <= MAX_WORK:
        return raw
    return raw[: int(len(raw) * MAX_WORK / (lines * levels))]


def fields(part: Part) -> tuple[tuple[str, str], ...]:
    """Name in lower case and value as it stood (surrogates for raw bytes, still folded), topmost first."""
    return tuple((name.lower(), str(value)) for name, value in part.raw_items())


def raw_field(part: Part, name: str) -> str:
    return next((value for key, value in fields(part) if key == name), "")


def parameter(part: Part, name: str, field: str = "content-type") -> str:
    """A parameter's value, decoded (RFC 2231); "" where there is none or it cannot be read."""
    try:
        if name not in str(part.get(field, "")).lower():
            return ""  # most parts have none, and to take a field apart is dear
        value = part.get_param(name, "", header=field)
        if isinstance(value, tuple):
            return str(email.utils.collapse_rfc2231_value(value))
        return str(value or "")
    except Exception:  # any sender can write a parameter that the library trips over
        return ""


def payload_bytes(part: Part) -> bytes:
    """The content with its transfer encoding undone; as it stands where that cannot be."""
    try:
        data = part.get_payload(decode=True)
        if isinstance(data, bytes):
            return data
        payload = part.get_payload()
    except Exception:
        payload = getattr(part, "_payload", "")
    return payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""


def children(part: Part) -> list[Part]:
    payload = getattr(part, "_payload", None)
    return [child for child in payload if isinstance(child, Part)] if isinstance(payload, list) else []
