"""Mail that broke on its way: labelled mails with bytes changed, cut, repeated and exchanged at random, each parsed,
screened and read. Prints how many, how long, and every exception; there may be none.

    python bench/mutated.py             # 20,000
    python bench/mutated.py 2000 --seed 7
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from pathlib import Path

from rsvpbot.config import READ, load
from rsvpbot.examine import examine

ROOT = Path(__file__).resolve().parent.parent
SIGNS = [
    b"\r\n",
    b"\n",
    b">",
    b"=",
    b"=3D",
    b"\x00",
    b"\xff\xfe",
    b"\xe2\x80\x8f",
    b"--",
    b"<",
    b"</div>",
    b"[",
    b"(",
    b"*",
    b"From: ",
    b":",
]


def mutated(raw: bytes, chance: random.Random) -> bytes:
    """The mail with one to six wounds."""
    data = bytearray(raw)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.randint(1, 60))
        kind = chance.randrange(5)
        if kind == 0:
            del data[at:end]
        elif kind == 1:
            data[at:at] = data[at:end] * chance.randint(1, 20)
        elif kind == 2:
            data[at:at] = chance.choice(SIGNS) * chance.randint(1, 8)
        elif kind == 3:
            data[at:end] = bytes(chance.randrange(256) for _ in range(end - at))
        else:
            other = chance.randrange(len(data) + 1)
            data[other:other] = data[at:end]
    return bytes(data)


def main() -> int:
    parser = argparse.ArgumentParser(description="Read broken mail.")
    parser.add_argument("count", nargs="?", type=int, default=20_000, help="how many mails (20000)")
    parser.add_argument("--seed", type=int, default=2016, help="where chance begins (2016)")
    wish = parser.parse_args()
    config = load(ROOT / "config.example.toml", READ)
    mails = [file.read_bytes() for file in sorted((ROOT / "tests" / "corpus").glob("*/*.eml"))]
    chance = random.Random(wish.seed)  # noqa: S311 (repeatable, not secret)
    kinds: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    slowest, start = 0.0, time.process_time()
    for _ in range(wish.count):
        raw = mutated(chance.choice(mails), chance)
        before = time.process_time()
        try:
            kinds[examine(raw, config).verdict.kind.value] += 1
        except Exception as error:
            broken[f"{type(error).__name__}: {error}"] += 1
        slowest = max(slowest, time.process_time() - before)
    took = time.process_time() - start
    print(
        f"{wish.count:,} broken mails of {len(mails)}, {took:.1f} s, the slowest {slowest * 1000:.0f} ms: {dict(kinds)}"
    )
    print(f"exceptions: {sum(broken.values())}")
    for what, times in broken.most_common(20):
        print(f"  {times} × {what}")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
