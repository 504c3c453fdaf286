"""What a subject says by itself, in front of or beside the subject of the mail that is answered."""

from __future__ import annotations

import re

from rsvpbot.reading import clients
from rsvpbot.reading.sheet import LABEL, fingerprint, plain_text

_PREFIX = re.compile(r" ?([^\W\d_][^: ]{0,14}(?: [^: ]{1,10})?) {0,2}(?:\[\d{1,3}\]|\(\d{1,3}\))? {0,2}:")
_TAG = re.compile(r"\[[^\]\n]{1,60}\]")
_END_OF_MESSAGE = re.compile(r"[\s(<\[/-]{0,4}\bEOM\b[\s)>\].]{0,4}$", re.I)
_EDGES = " -–—(),;:|/[]"


def of_subject(subject: str, quoted: str, known: tuple[str, ...]) -> tuple[str, bool]:
    """What the subject says beside that of the mail which `quoted` holds, or ""; and whether they could be parted."""
    subject, replies = _without_prefixes(" ".join(_TAG.sub(" ", subject[:1000]).split()))
    at = _reply_prefix_within(subject)
    if at > 0:
        return _own(subject[:at]), True
    trace = fingerprint(subject)
    original = _without_prefixes(_subject_within(quoted))[0]
    if original and fingerprint(original) in trace:
        at = subject.casefold().find(original.casefold())
        return (_own(f"{subject[:at]} {subject[at + len(original) :]}") if at >= 0 else ""), True
    if any(trace in fingerprint(text) for text in known) or (replies and not original and not known):
        return "", False
    return _own(subject), replies or bool(original)


def _own(subject: str) -> str:
    return " ".join(_END_OF_MESSAGE.sub("", subject.strip(_EDGES)).split())


def _subject_within(quoted: str) -> str:
    for line in quoted.split("\n")[:40]:
        match = LABEL.match(plain_text(line))
        if match and clients.role(match.group(1)) == "subject":
            return line[match.end() :].strip(" *")
    return ""


def _without_prefixes(subject: str) -> tuple[str, bool]:
    """The subject without RE:, AW:, 回复：…, and whether there was one."""
    replies = False
    for _ in range(8):
        match = _PREFIX.match(plain_text(subject))
        if match is None or not clients.is_subject_prefix(match.group(1)):
            break
        replies = True
        subject = subject[match.end() :].strip()
    return subject, replies


def _reply_prefix_within(subject: str) -> int:
    """Where "Re: …" begins inside a subject to which somebody put their answer in front; -1 if nowhere."""
    plain = plain_text(subject)
    at = plain.find(":")
    while at >= 0:
        start = at
        while start > 0 and not plain[start - 1].isspace() and plain[start - 1] not in "([-–—|/,;":
            start -= 1
        if 0 < start < at and clients.is_subject_prefix(plain[start:at]):
            return start
        at = plain.find(":", at + 1)
    return -1
