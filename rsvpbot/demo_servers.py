"""A real SMTP server and a real IMAP server in this process, on loopback, for the demo and for tests without Dovecot.

Mail for the mailbox lands in its INBOX, as a receiving host would put it there: with Return-Path, Received and
Authentication-Results on top. Mail for anybody else is the outside world's, and kept for whoever asks.
"""

from __future__ import annotations

import asyncio
import threading
from argparse import Namespace
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from email import message_from_bytes
from email.utils import format_datetime, parseaddr
from typing import Any, Self

from rsvpbot.model import Clock

HOST = "127.0.0.1"
MOST_BYTES = 20_000_000


class Delivered:
    """A mail that left for the outside world."""

    def __init__(self, mail_from: str, recipients: list[str], raw: bytes) -> None:
        self.mail_from = mail_from
        self.recipients = recipients
        self.raw = raw


class Servers:
    """Context manager: both servers run in a thread of their own until it is left.

    `mailbox` is the address whose mail goes to INBOX, `password` its password, `authserv_id` the name under which the
    receiving host reports whether the envelope's sender and From belong together (RFC 8601).
    """

    def __init__(self, mailbox: str, password: str, authserv_id: str, clock: Clock) -> None:
        self.mailbox = mailbox
        self.password = password
        self.authserv_id = authserv_id
        self.imap_port = 0
        self.smtp_port = 0
        self.delivered: list[Delivered] = []
        self._clock = clock
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._serve, name="demo servers", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._error:
            raise RuntimeError("the demo's servers did not start") from self._error
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(timeout=10)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._run())
        except BaseException as error:
            self._error = error
            self._ready.set()
        finally:
            self._loop.close()

    async def _run(self) -> None:
        self._done = asyncio.Event()
        self._loop.set_task_factory(self._kept)
        async with AsyncExitStack() as stack:
            self._identity, self.imap_port = await _start_imap(stack, self.mailbox, self.password)
            self.smtp_port = await _start_smtp(stack, self)
            self._ready.set()
            await self._done.wait()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    def _kept(self, loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
        """The loop holds its tasks weakly, and a connection's may be collected while it waits."""
        task = asyncio.Task(work, loop=loop, **options)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # -------------------------------------------------------------- aiosmtpd's handler

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        raw = bytes(envelope.content)
        if self.mailbox in (address.lower() for address in envelope.rcpt_tos):
            await self._append(self._stamped(envelope.mail_from or "", raw))
        others = [address for address in envelope.rcpt_tos if address.lower() != self.mailbox]
        if others:
            self.delivered.append(Delivered(envelope.mail_from or "", others, raw))
        return "250 OK"

    def _stamped(self, mail_from: str, raw: bytes) -> bytes:
        """The fields that the receiving host puts on top."""
        author = parseaddr(message_from_bytes(raw).get("From", ""))[1]
        aligned = mail_from.rpartition("@")[2].lower() == author.rpartition("@")[2].lower()
        verdict = "none" if not mail_from else "pass" if aligned else "fail"
        lines = (
            f"Return-Path: <{mail_from}>",
            f"Received: from client.example ([{HOST}]) by {self.authserv_id} with ESMTP;"
            f" {format_datetime(self._clock.now())}",
            f"Authentication-Results: {self.authserv_id}; dmarc={verdict}",
        )
        return "".join(f"{line}\r\n" for line in lines).encode() + raw

    async def _append(self, raw: bytes) -> None:
        from pymap.parsing.message import AppendMessage

        async with self._identity.new_session() as session:
            message = AppendMessage(raw, self._clock.now())
            await session.append_messages("INBOX", [message])

    def deliver(self, raw: bytes) -> None:
        """Put a mail into INBOX as it is, past SMTP."""
        self._wait(self._append(raw))

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)


async def _start_imap(stack: AsyncExitStack, user: str, password: str) -> tuple[Any, int]:
    """Returns the mailbox's identity, whose sessions reach it past IMAP, and the port."""
    from proxyprotocol.reader import ProxyProtocolReader
    from pymap.backend.dict import Config, Login
    from pymap.imap import IMAPServer
    from pymap.user import Passwords, UserMetadata

    class Loopback(Config):
        @property
        def greeting(self) -> bytes:
            # The stock greeting asks the resolver for this machine's name, which takes seconds without a network.
            return b"Server ready"

    config = Loopback(
        Namespace(passlib_cfg=None, proxy_protocol=None),
        host=HOST,
        port=0,
        demo_data=False,
        demo_user=user,
        demo_password=password,
        tls_enabled=False,
        invalid_user_sleep=0.0,
        reject_dnsbl=False,
        max_append_len=MOST_BYTES,
    )
    config.apply_context()
    login = Login(config)
    await login.demo_user_identity.set(
        UserMetadata(config, user, password=await Passwords(config).hash_password(password))
    )
    connected = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(login, config))
    server = await asyncio.start_server(connected, host=HOST, port=0)
    await stack.enter_async_context(server)
    return login.demo_user_identity, server.sockets[0].getsockname()[1]


async def _start_smtp(stack: AsyncExitStack, handler: Servers) -> int:
    from aiosmtpd.smtp import SMTP

    def connected() -> SMTP:
        return SMTP(handler, hostname="mx.roundtable.example", data_size_limit=MOST_BYTES)

    server = await asyncio.get_running_loop().create_server(connected, host=HOST, port=0)
    await stack.enter_async_context(server)
    port: int = server.sockets[0].getsockname()[1]
    return port
