"""The record of invitees, replies, letters and handled messages."""

from __future__ import annotations

from pathlib import Path

from rsvpbot.store.base import Commit, Store, StoreBroken, StoreError

__all__ = ["Commit", "Store", "StoreBroken", "StoreError", "open_store"]


def open_store(url: str, base: Path, *, read_only: bool = False) -> Store:
    """The store that `[store] url` names: "tinydb:" and a path, or the path alone; relative to `base`.

    Opened `read_only`, it makes no file, and one that is not there yet is an empty store. Raises StoreError if the
    kind of store is unknown, or if it cannot be opened.
    """
    scheme, colon, rest = url.partition(":")
    if not colon:
        scheme, rest = "tinydb", url
    if scheme != "tinydb":
        raise StoreError(f'[store] url: there is no store "{scheme}"; write for example "tinydb:rsvp.json"')
    if not rest:
        raise StoreError('[store] url: a path is missing; write for example "tinydb:rsvp.json"')
    from rsvpbot.store.tinydb import TinyStore  # here, as another store would not need TinyDB

    return TinyStore(base / Path(rest).expanduser(), read_only=read_only)
