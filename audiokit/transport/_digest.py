"""Which checksum an answer announces for its file, and whether the bytes have it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from typing import Final

_SIZES: Final = {"sha256": 32, "sha512": 64, "md5": 16}
"""Bytes of each digest; the order in which one is chosen where several are announced."""

_NAMES: Final = {"sha-256": "sha256", "sha-512": "sha512", "md5": "md5"}


class Digest:
    """A digest over the bytes of a file, beside the one it should have.

    Args:
        algorithm: ``sha256``, ``sha512`` or ``md5``.
        wanted: What it should come to.
        header: Which header said so.
    """

    def __init__(self, algorithm: str, wanted: bytes, header: str) -> None:
        self.algorithm = algorithm
        self.header = header
        self._wanted = wanted
        self._hash = hashlib.new(algorithm, usedforsecurity=False)
        self.update = self._hash.update

    def __str__(self) -> str:
        return (
            f"{self.header} announces {self.algorithm} {self._wanted.hex()}, "
            f"the bytes have {self._hash.hexdigest()}"
        )

    @property
    def fits(self) -> bool:
        """Whether the bytes so far have the announced digest."""
        return self._hash.digest() == self._wanted

    @classmethod
    def announced(cls, headers: Mapping[str, str]) -> Digest | None:
        """The strongest digest that an answer with the whole file announces, or None.

        Read are Repr-Digest and Content-Digest (RFC 9530), Digest (RFC 3230), ``x-amz-checksum-sha256``,
        the md5 of ``x-goog-hash``, and Content-MD5. An ETag is never taken for an MD5: whether it is one
        depends on how the file was stored and encrypted, which no header tells for certain.
        A packed answer has none: what these headers describe may be the packed bytes.
        """
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            return None
        found: dict[str, tuple[bytes, str]] = {}
        for header, algorithm, text in _announced(headers):
            value = _decoded(text)
            if len(value) == _SIZES[algorithm]:
                found.setdefault(algorithm, (value, header))
        for algorithm in _SIZES:
            if algorithm in found:
                return cls(algorithm, *found[algorithm])
        return None


def _announced(headers: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Header, algorithm and base64 of everything that looks like a digest."""
    for header in ("Repr-Digest", "Content-Digest"):
        for name, value in _members(headers.get(header.lower(), "")):
            if name in _NAMES and value.startswith(":") and value.endswith(":"):
                yield header, _NAMES[name], value[1:-1]
    for name, value in _members(headers.get("digest", "")):
        if name in _NAMES:
            yield "Digest", _NAMES[name], value
    # A file sent in parts has a digest of digests there, which ends in a hyphen and their number.
    yield "x-amz-checksum-sha256", "sha256", headers.get("x-amz-checksum-sha256", "")
    # Stored packed and sent plain: the hash is of what is stored.
    if headers.get("x-goog-stored-content-encoding", "identity").strip().lower() == "identity":
        for name, value in _members(headers.get("x-goog-hash", "")):
            if name == "md5":
                yield "x-goog-hash", "md5", value
    yield "Content-MD5", "md5", headers.get("content-md5", "")


def _members(value: str) -> Iterator[tuple[str, str]]:
    """``name=value`` pairs; base64 holds neither commas nor semicolons."""
    for member in value.split(","):
        name, _, text = member.partition(";")[0].partition("=")
        yield name.strip().lower(), text.strip()


def _decoded(text: str) -> bytes:
    """The bytes of a base64 text; none when it is not one."""
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
