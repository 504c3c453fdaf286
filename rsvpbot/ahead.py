"""Reading in a process of its own: the next messages are read while one is decided on, recorded and answered; and what
reading takes in memory goes when that process ends.

Reading depends on nothing but the message and the configuration, so it can be done anywhere. Whatever goes wrong in the
other process, its death included, changes nothing but the time: what it did not read is read here, by the same rules
about failures and deaths as if there were no other process.
"""

from __future__ import annotations

import gc
import logging
import os
import pickle
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from select import select
from types import TracebackType
from typing import BinaryIO

from rsvpbot.config import Config
from rsvpbot.examine import WARM_UP, Examined, examine
from rsvpbot.timelimit import time_limit

log = logging.getLogger("rsvpbot.ahead")

MOST_AHEAD = 24
"""Messages that are under way: enough that neither process waits for the other, and few enough to keep in memory."""

MOST_BYTES_AHEAD = 20_000_000
"""What they may hold together, where it is more than one: a crowd of large mails must not fill the memory."""

WORTH_IT = 200
"""With fewer messages that wait, starting a process and loading what reads takes longer than it saves; nor need letters
go out while others are read."""

RESTS_AFTER = 300.0
"""Seconds without mail after which the process of a daemon ends. The next message waits about a second for another."""

Skip = Callable[[bytes], bool]
Read = Callable[[Iterable[tuple[int, bytes]], Skip], Iterator[tuple[int, bytes, Examined | None]]]
"""Takes messages by their UIDs, and gives each with what was read of it; None: it has yet to be read. What is to be
skipped is not read, and may come before its turn."""

_FAILED = (pickle.PickleError, EOFError, OSError, AttributeError, ImportError, IndexError, ValueError)
"""What a process that dies, or writes half an answer, makes of reading it."""


class Ahead:
    """A process that reads. A context manager: at its end the process is gone."""

    def __init__(self, config: Config, ours: tuple[str, ...] | None, *, patient: bool = False) -> None:
        """`ours`: what our own letters say; None: the process works it out, and its memory goes with the process.
        `patient`: wait until it is ready, instead of leaving to others what is asked before. Raises OSError."""
        self.ours = ours
        """None until the process has told it."""
        self._patient = patient
        self._asked: SimpleQueue[object] = SimpleQueue()
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-P", "-m", "rsvpbot.ahead"]  # -P: nothing is taken from the working folder
        self._process = subprocess.Popen(  # noqa: S603 (our own program)
            # Control-C is for the process that asks, from the first moment on; when that ends, so does the input.
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            process_group=0,
        )
        # Without it each would wait for the other, once both pipes are full.
        threading.Thread(target=self._feed, name="rsvpbot-ahead", daemon=True).start()
        self._asked.put((config, ours))
        self.sound = True
        """Whether it lives, as far as is known."""
        self._ready = False
        self._number = 0
        """Of the last message that was asked about: UIDs may come again."""

    def __enter__(self) -> Ahead:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._asked.put(None)
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def read(
        self, messages: Iterable[tuple[int, bytes]], skip: Skip = lambda raw: False
    ) -> Iterator[tuple[int, bytes, Examined | None]]:
        """The same messages in the same order, each with what was read of it; None: it has yet to be read, as all are
        until that process has loaded what reads."""
        under_way: deque[tuple[int, int, bytes]] = deque()
        held = 0
        for uid, raw in messages:
            if skip(raw) or not self._is_ready():
                yield uid, raw, None
                continue
            while under_way and (len(under_way) == MOST_AHEAD or held + len(raw) > MOST_BYTES_AHEAD):
                held -= len(under_way[0][2])
                yield self._answered(*under_way.popleft())
            self._number += 1
            self._asked.put((self._number, raw))
            under_way.append((self._number, uid, raw))
            held += len(raw)
        while under_way:
            yield self._answered(*under_way.popleft())

    def _is_ready(self) -> bool:
        """Whether it has said so; and never, where it has ended before."""
        stdout = self._process.stdout
        wait = None if self._patient else 0.0
        if not self._ready and self.sound and stdout is not None and select([stdout], [], [], wait)[0]:
            try:
                self.ours = pickle.load(stdout)  # noqa: S301 (written by our own program)
            except _FAILED:
                self.sound = False
            self._ready = self.sound
            if not self.sound:
                log.warning("reading ahead has ended (%s); the rest is read without it", "at its start")
        return self._ready

    def _answered(self, number: int, uid: int, raw: bytes) -> tuple[int, bytes, Examined | None]:
        stdout = self._process.stdout
        while self.sound and stdout is not None:
            try:
                about, seen = pickle.load(stdout)  # noqa: S301 (written by our own program)
            except _FAILED as error:
                log.warning("reading ahead has ended (%s); the rest is read without it", type(error).__name__)
                self.sound = False
            else:
                if about == number:  # whoever left off halfway has left answers behind
                    return uid, raw, seen
        return uid, raw, None

    def _feed(self) -> None:
        stream = self._process.stdin
        if stream is None:
            return
        with suppress(OSError, ValueError), stream:
            while (asked := self._asked.get()) is not None:
                pickle.dump(asked, stream)
                stream.flush()


class Reader:
    """Where messages are read: here, or ahead where many wait; with `stays`, always in the other process, which stays
    as long as mail comes."""

    def __init__(self, config: Config, *, stays: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._stays = stays
        self._clock = clock
        self._ahead: Ahead | None = None
        self._used = 0.0
        self.ours: tuple[str, ...] | None = None
        """What our own letters say, as the process that stays has worked it out: in all languages, which takes more
        memory than all else."""

    @contextmanager
    def reading(self, number: int, ours: Callable[[], tuple[str, ...]]) -> Iterator[Read]:
        """How so many messages are read; `ours`: what our own letters say, to be worked out here."""
        if number == 0 or not (self._stays or number >= WORTH_IT):
            yield to_be_read
            return
        if self._ahead is None:
            try:
                self._ahead = Ahead(self._config, self.ours if self._stays else ours(), patient=self._stays)
            except OSError as error:
                log.warning("no process could be started for reading ahead (%s)", error.strerror)
                yield to_be_read
                return
        try:
            yield self._ahead.read
        finally:
            self._used = self._clock()
            # A process that cannot work it out (a template was spoilt since the start) is not to be tried each time.
            self.ours = self._ahead.ours or (None if self._ahead.sound else ours())
            if not (self._stays and self._ahead.sound):
                self.close()

    def rest(self) -> None:
        """End the process if no mail has come for a while. Not while it is in use."""
        if self._ahead is not None and self._clock() - self._used >= RESTS_AFTER:
            self.close()
            _give_back()

    def close(self) -> None:
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.close()


def to_be_read(
    messages: Iterable[tuple[int, bytes]], skip: Skip = lambda raw: False
) -> Iterator[tuple[int, bytes, Examined | None]]:
    """Nothing was read yet."""
    return ((uid, raw, None) for uid, raw in messages)


def _give_back() -> None:
    """What a busy time took in memory; glibc keeps it otherwise (malloc_trim(3))."""
    import ctypes

    gc.collect()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def main() -> None:
    """Read what comes on standard input until it ends: first the configuration and our own words, then messages."""
    try:
        _answer(sys.stdin.buffer, sys.stdout.buffer)
    except (EOFError, pickle.UnpicklingError, BrokenPipeError):
        # Whoever asked has ended, and nobody waits for what is left to be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _answer(asked: BinaryIO, answers: BinaryIO) -> None:
    """Raises EOFError, UnpicklingError or BrokenPipeError when whoever asks has ended."""
    config, ours = pickle.load(asked)  # noqa: S301 (written by our own program)
    if ours is None:
        from rsvpbot.letters.sample import own_words
        from rsvpbot.letters.templates import Templates

        try:
            ours = own_words(config, Templates(config, tried=True))
        except Exception as error:
            raise SystemExit(f"what our own letters say cannot be worked out ({type(error).__name__})") from None
    examine(WARM_UP, config, ours)
    pickle.dump(ours, answers)  # which says that it is ready
    answers.flush()
    while True:
        number, raw = pickle.load(asked)  # noqa: S301 (written by our own program)
        seen: Examined | None
        try:
            with time_limit():
                seen = examine(raw, config, ours)
        except Exception:
            seen = None  # the same will happen to whoever reads it next, and there it is counted
        pickle.dump((number, seen), answers)
        answers.flush()


if __name__ == "__main__":
    main()
