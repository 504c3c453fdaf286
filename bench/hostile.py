"""How long hostile bodies take: `python bench/hostile.py`. CPU milliseconds each; prints, and judges nothing.

`new_text` is the splitting of the body alone, `read` the whole reading of the message.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rsvpbot.config import load
from rsvpbot.model import Address, Body, Message
from rsvpbot.reading import read
from rsvpbot.reading.newtext import new_text

HEADERS = "From: A <a@b.example>\nSent: 4 April 2016 9:12\nTo: B\n"

PLAIN = {
    "On": "On " * 2_000,
    "spaces": " " * 30_000,
    "blank lines": " \n" * 10_000,
    "one line": "a" * 200_000,
    "one line of words": "yes I will come " * 12_500,
    "quoted lines": "> line\n" * 10_000,
    "nested marks": (">" * 80 + " x\n") * 2_400,
    "colons": "a:\n" * 66_000,
    "header lines": "From: a@b.example\n" * 11_000,
    "header blocks": HEADERS * 3_500,
    "attributions": "On 1 Jan 2016 at 3:14 PM, X <x@y.example> wrote:\n" * 4_000,
    "attributions, marked": "On 1 Jan 2016 at 3:14 PM, X <x@y.example> wrote:\n> x\n" * 3_700,
    "broken attributions": "On 1 Jan 2016 at 3:14 PM, the Secretariat of the Round Table on\n" * 3_000,
    "dashes": "-----\n" * 33_000,
    "delimiters": "--\n" * 66_000,
    "regards": "Regards,\n" * 22_000,
    "names": "Nadia Brook\n" * 16_000,
    "telephones": "+1 212 555 0100 " * 12_500,
    "interleaved": "> q\nanswer\n" * 18_000,
    "notices": "this e-mail is confidential\n" * 7_000,
    "signs": "".join(chr(33 + at % 90) for at in range(200_000)),
    "marks of direction": "\u202b" * 200_000,
    "Chinese": "我将出席。" * 40_000,
}  # fmt: skip

HTML = {
    "angles": "<" * 200_000,
    "open tags": "<a " * 66_000,
    "open comments": "<!--" * 50_000,
    "open values": '<a x="' * 33_000,
    "deep": "<div>" * 40_000,
    "deep quotations": "<blockquote type=cite>" * 9_000,
    "deep and wrong": "<div>" * 20_000 + "</p>" * 20_000,
    "ampersands": "&#x" * 66_000,
    "scripts": "<script>" * 25_000,
    "long attribute": "<a " + "b" * 200_000 + ">",
    "many attributes": "<a " + "b=c " * 50_000 + ">",
    "cells": "<td>x" * 40_000,
    "breaks": "<br>" * 50_000,
    "hidden": '<p style="display:none">x' * 8_000,
}

NADIA, US = Address("Nadia Brook", "nadia@brook.example"), Address("RSVP", "rsvp@roundtable.example")


def message(subtype: str, body: str) -> Message:
    text = f"Yes, I come.\n\n{body}" if subtype == "plain" else f"<div>Yes, I come.</div>{body}"
    return Message("", 0, "", "Re: Invitation", (NADIA,), (US,), bodies=(Body(subtype, text[:200_000]),))


def milliseconds(call: Callable[[], object], times: int = 3) -> float:
    taken = []
    for _ in range(times):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return min(taken) * 1_000


def main() -> None:
    event = load(Path(__file__).resolve().parent.parent / "config.example.toml", frozenset()).event
    read(message("plain", ""), event)
    print(f"{'':>24}  new_text    read")
    for subtype, bodies in (("plain", PLAIN), ("html", HTML)):
        for name, body in bodies.items():
            mail = message(subtype, body)
            split, whole = milliseconds(partial(new_text, mail)), milliseconds(partial(read, mail, event))
            print(f"{name:>24} {split:9.1f} {whole:7.1f}", flush=True)


if __name__ == "__main__":
    main()
