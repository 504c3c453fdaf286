"""`rsvpbot retry`: what went to Failed is put back into INBOX, to be tried again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from rsvpbot.config import Config
from rsvpbot.mail.imap import Connection
from rsvpbot.model import Done, Folder
from rsvpbot.store import open_store
from rsvpbot.store.base import Commit, Store


def retry(config: Config, *, dry_run: bool) -> int:
    """Put all of it back, say how much it was, and return the exit status. Raises MailboxError and StoreError."""
    where = f"{config.mailbox.folders}/{Folder.FAILED.value}"
    with open_store(config.store_url, config.path.parent) as store, Connection(config.mailbox) as connection:
        there: dict[int, str] = {}
        withheld = 0
        for uid, raw in connection.filed(Folder.FAILED):
            if raw is None:
                withheld += 1
            else:
                there[uid] = hashlib.sha256(raw).hexdigest()
        if withheld:
            print(f"{_messages(withheld)} in {where} cannot be handed out by the server. What cannot stays there.")
        number = _messages(len(there))
        if dry_run or not there:
            print(f"{number} in {where}" + (" would be tried again." if there else ": nothing is to be tried again."))
            return 0
        # Before they move: what lies in INBOX unmarked would go where the same bytes went before.
        store.commit(Commit(done=tuple(_marked(store, there.values()))))
        refused = connection.put_back(list(there), Folder.FAILED)
    if refused:
        print(f"{_messages(len(refused))} in {where} cannot be moved by the server. What cannot stays there.")
        number = _messages(len(there) - len(refused))
    print(f"{number} put back into INBOX. The next poll tries again; what fails three times more returns to {where}.")
    return 0


def _messages(number: int) -> str:
    return f"{number} {'message' if number == 1 else 'messages'}"


def _marked(store: Store, digests: Iterable[str]) -> Iterator[Done]:
    """The records of these messages, as put back.

    Of a message whose reading killed the process only the place is on record: where a digest is unknown, it is of one
    of those. A message that somebody else moved there has no record, and needs none.
    """
    failed = store.failed()
    known: dict[str, list[Done]] = {}
    for done in failed:
        known.setdefault(done.digest, []).append(done)
    for digest in digests:
        found = known.get(digest) or known.get("")
        if found:
            yield replace(found.pop(0), digest=digest, put_back=True)
