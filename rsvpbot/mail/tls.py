"""How a connection to a mail server is secured: never less than TLS 1.2, always with the name checked."""

from __future__ import annotations

import ssl
from pathlib import Path


def client_context(ca_file: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or later; certificate and host name are verified (RFC 8314, section 3.3; RFC 9325, section 3.1.1).

    `ca_file` (PEM) takes the place of the system's authorities. Raises OSError if it cannot be read, and ssl.SSLError,
    which is an OSError too, if it holds no certificate.
    """
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
