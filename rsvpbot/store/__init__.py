"""The record of invitees, replies, letters and handled messages."""

from __future__ import annotations

import contextlib
import logging
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rsvpbot.store.base import Commit, Store, StoreBroken, StoreError

if TYPE_CHECKING:
    from rsvpbot.config import Config
    from rsvpbot.store.repair import Forget, Repair

log = logging.getLogger(__name__)

__all__ = ["Commit", "Store", "StoreBroken", "StoreError", "no_store", "open_store", "repair_store"]


def open_store(url: str, base: Path, *, read_only: bool = False) -> Store:
    """The store that `[store] url` names: "tinydb:" and a path, or the path alone; relative to `base`.

    Opened `read_only`, it makes no file, and one that is not there yet is an empty store. Raises StoreError if the
    kind of store is unknown, if it cannot be opened, or if it holds whom we were asked to forget, and the key by which
    they are known is gone: another would be made, and the list would bring them back. Where it holds letters that went
    out, and the key of their tokens is gone, that is logged: with another they count no more.
    """
    from rsvpbot.model import LetterState
    from rsvpbot.store.lock import KEY_FILE
    from rsvpbot.store.tinydb import TinyStore  # here, as another store would not need TinyDB

    file = _file(url, base)
    store = TinyStore(file, read_only=read_only)
    key = file.parent / KEY_FILE
    try:
        if key.exists():
            return store
        if not store.has_forgotten():
            out = 0 if read_only else store.letter_tally()[LetterState.SENT]
            if out:
                log.warning(
                    "%s is missing beside %s, and the tokens of %d letters that are out count with no other: put it "
                    "back from a backup, or from the machine that wrote them",
                    *(key.name, file.name, out),
                )
            return store
    except BaseException:
        store.close()
        raise
    store.close()
    raise StoreError(
        f"{key} is missing, by which alone it is known whom rsvpbot was asked to forget; put it back from a backup. "
        "Where there is none, the list would bring them back, and tokens in letters that are out count no more: take "
        f"these people off the list, then make a new key with: head -c 30 /dev/urandom | base32 > {key}"
    )


def repair_store(
    url: str,
    base: Path,
    now: datetime,
    source: Path | None = None,
    forget: Forget | None = None,
    *,
    dry_run: bool = False,
) -> Repair:
    """See `repair.repair`, for the store that `[store] url` names."""
    from rsvpbot.store.repair import check_backup, repair
    from rsvpbot.store.tinydb import TinyStore

    if source is not None:
        check_backup(source)
        with TinyStore(source, read_only=True):
            pass  # what cannot be opened must not be put in place
    return repair(_file(url, base), now, source, forget, dry_run=dry_run)


def no_store(config: Config) -> str:
    """What is wrong with [store] url where it names a file that is something else; nothing where it does not."""
    file = config.store_file
    for other, what in ((config.path, "the configuration"), (config.invitees.file, "the list of invitees")):
        with contextlib.suppress(OSError):  # one of them is not there
            if other is not None and file.samefile(other):
                return f'[store] url: {file} is {what}; name a file of its own, for example "tinydb:rsvp.json"'
    if file.is_dir():
        return f'[store] url: {file} is a folder; name a file in it, for example "tinydb:{file.name}/rsvp.json"'
    return ""


def _file(url: str, base: Path) -> Path:
    scheme, colon, rest = url.partition(":")
    if not colon:
        scheme, rest = "tinydb", url
    if scheme != "tinydb":
        raise StoreError(f'[store] url: there is no store "{scheme}"; write for example "tinydb:rsvp.json"')
    if not rest:
        raise StoreError('[store] url: a path is missing; write for example "tinydb:rsvp.json"')
    return base / Path(rest).expanduser()
