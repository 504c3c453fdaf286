"""rsvpbot reads the replies to an invitation, records them, and answers with the logistics each person needs.

As a library: `read(message, event)` says what a message says, `decide(…)` what to do about it, `parse(raw)` makes a
message of bytes. The words they use are in `rsvpbot.model`. All three are pure; heavy
imports wait until they are used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rsvpbot.decide import Decision, decide
    from rsvpbot.mail.parse import parse
    from rsvpbot.model import Event, Message, Reading
    from rsvpbot.reading import read

__all__ = ["Decision", "Event", "Message", "Reading", "decide", "parse", "read"]

_HOMES = {
    "Decision": "rsvpbot.decide",
    "parse": "rsvpbot.mail.parse",
    "read": "rsvpbot.reading",
    "Event": "rsvpbot.model",
    "Message": "rsvpbot.model",
    "Reading": "rsvpbot.model",
}


class _Package(ModuleType):
    """`rsvpbot.decide` is the function, though a module beside it has the same name, which the import system would set
    here when it is first imported."""

    @property
    def decide(self) -> Any:
        return import_module("rsvpbot.decide").decide

    @decide.setter
    def decide(self, module: ModuleType) -> None:
        """Keeps what it was."""


if not TYPE_CHECKING:
    sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
