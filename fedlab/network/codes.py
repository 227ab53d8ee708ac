"""Join codes: where the server is, whom to take for it, and a token that lets one party in.

    fedlab1:192.168.1.20:8443/G7Q2...26 letters.../4KD7...16 letters...#3f

The letters are base 32, which can be read aloud: no 0, 1 or 8. The two at the end are a check sum, so that a slip of
the pen is told from a stranger's server.
"""

from __future__ import annotations

import base64
import re
import secrets
import zlib
from typing import NamedTuple

from fedlab.settings import short
from fedlab.text import say

VERSION = 1
FINGERPRINT, TOKEN = 26, 16  # letters: 128 bits of the certificate's SHA-256, and 80 bits nobody can guess
FORM = re.compile(rf"fedlab{VERSION}:(\S+):(\d{{1,5}})/([A-Z2-7]{{{FINGERPRINT}}})/([A-Z2-7]{{{TOKEN}}})")


class JoinCode(NamedTuple):
    """What a party needs to know of a server."""

    host: str  # a name or an address; one of IPv6 in brackets
    port: int
    fingerprint: str
    token: str

    @property
    def url(self) -> str:
        return f"https://{self.host}:{self.port}"

    def __str__(self) -> str:
        text = f"fedlab{VERSION}:{self.host}:{self.port}/{self.fingerprint}/{self.token}"
        return f"{text}#{check_sum(text)}"


def new_token() -> str:
    return letters(secrets.token_bytes(TOKEN * 5 // 8))


def letters(digest: bytes, count: int | None = None) -> str:
    """Bytes in base 32, the first `count` letters of it."""
    return base64.b32encode(digest).decode().rstrip("=")[:count]


def read(text: str) -> JoinCode:
    """The code in what somebody typed; `ValueError` with one sentence if it is none, or damaged."""
    whole, _, told = "".join(text.split()).rpartition("#")
    head, _, rest = whole.partition(":")
    if head.startswith("fedlab") and head[6:].isdecimal() and head != f"fedlab{VERSION}":
        raise ValueError(
            say(
                "This join code is of version {version}, and this kit knows {ours}: both must use the same kit.",
                version=head[6:],
                ours=VERSION,
            )
        )
    host, _, letters = rest.partition("/")
    whole = f"{head}:{host}/{letters.upper()}"
    found = FORM.fullmatch(whole)
    if not found:
        raise ValueError(
            say(
                "{code} is no join code: one looks like fedlab1:192.168.1.20:8443/, 26 letters, /, 16 letters, # and "
                "two more.",
                code=short(text),
            )
        )
    if check_sum(whole) != told.lower():
        raise ValueError(say("This join code is damaged: a letter of it is missing or wrong. Read it once more."))
    return JoinCode(found[1], int(found[2]), found[3], found[4])


def check_sum(text: str) -> str:
    return f"{zlib.crc32(text.encode()) & 0xFF:02x}"
