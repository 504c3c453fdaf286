"""rsvpbot reads the replies to an invitation, records them, and answers with the logistics each person needs.

As a library: `read(message, event)` says what a message says, `decide(…)` what to do about it, `parse(raw)` makes a
message of bytes. The words they use are in `rsvpbot.model`. All three are pure; heavy
imports wait until they are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# At once, and not when it is asked for: the name must mean the function, where importing the module later would make
# it mean the module.
from rsvpbot.decide import Decision, decide

if TYPE_CHECKING:
    from rsvpbot.mail.parse import parse
    from rsvpbot.model import Event, Message, Reading
    from rsvpbot.reading import read

__all__ = ["Decision", "Event", "Message", "Reading", "decide", "parse", "read"]

_HOMES = {
    "parse": "rsvpbot.mail.parse",
    "read": "rsvpbot.reading",
    "Event": "rsvpbot.model",
    "Message": "rsvpbot.model",
    "Reading": "rsvpbot.model",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
