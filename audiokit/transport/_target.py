"""Where a download goes, and under which name: nothing a server says leads out of the folder."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import attrs

from audiokit._formats import HEAD_BYTES, AudioFormat, sniff
from audiokit.errors import DownloadFailed, InvalidRequest
from audiokit.typing import StrPath

_MAX_NAME_BYTES: Final = 150
_MAX_EXTENSION: Final = 10
_MAX_HEADER: Final = 4096

_UNSAFE: Final = frozenset('<>:"|?*')
_JOINERS: Final = frozenset("\u200c\u200d")
"""Invisible, and part of the spelling of several scripts."""

_RESERVED: Final = frozenset({"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}) | {
    f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"
}
"""Devices on Windows, also with an extension."""

_PARAMETER: Final = re.compile(r'(?:^|;)\s*([\w!#$&+.^`|~-]+\*?)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
_EXTENDED: Final = re.compile(r"(utf-8|iso-8859-1)'[^']*'(.*)", re.IGNORECASE | re.DOTALL)


def names_a_folder(to: StrPath) -> bool:
    """The rule for every ``to=``: a trailing slash or no extension means a folder, else a file.

    An existing folder is one whatever its name; that takes a look at the disk, see `Target`.

    Raises:
        InvalidRequest: It is no path at all.
    """
    try:
        text = os.fspath(to)
    except TypeError:
        text = None
    if not isinstance(text, str) or not text or "\0" in text:
        raise InvalidRequest.of("to", to, "a path: a folder, or a file with its extension")
    return text.endswith(("/", os.sep)) or not Path(text).suffix


@attrs.frozen(kw_only=True)
class Target:
    """Where a download goes.

    Attributes:
        path: A folder, made when missing (the name comes from `name` or the server, made safe), or
            the file's own path, whose missing parents are made.
        is_folder: What `names_a_folder` says of it.
        name: Base name for the folder form, without extension; the extension always
            follows the content.
        must_be_audio: Refuse content that is no audio, or a path whose extension names another format.
    """

    path: Path
    is_folder: bool
    name: str | None = None
    must_be_audio: bool = True

    @classmethod
    def of(cls, to: StrPath, *, name: str | None = None, must_be_audio: bool = True) -> Target:
        """Build from what a caller passes as ``to=``."""
        return cls(
            is_folder=names_a_folder(to), path=Path(os.fspath(to)), name=name, must_be_audio=must_be_audio
        )

    def named(self, head: bytes, *, headers: Mapping[str, str], url: str, is_folder: bool) -> Path:
        """The file's own path, once its first bytes are known.

        Args:
            head: The first `HEAD_BYTES` of the content, or all of it.
            headers: Of the answer; may name the file.
            url: Where it came from; its last part names the file where nothing else does.
            is_folder: Whether `path` is a folder, after a look at the disk.

        Raises:
            DownloadFailed: It is no audio, and has to be.
            InvalidRequest: It is another format than the path's extension says.
        """
        audio = sniff(head, complete=len(head) < HEAD_BYTES)
        if self.must_be_audio and audio is None:
            raise DownloadFailed(
                f"what arrived from {urlsplit(url).path!r} is no audio; nothing was saved",
                operation="download",
            )
        if is_folder:
            served = safe_file_name(self.name or served_name(headers, url))
            return self.path / (_stem(served) + audio.extension if audio else served)
        wanted = AudioFormat.of_extension(self.path.suffix)
        if self.must_be_audio and audio is not None and self.path.suffix and wanted is not audio:
            raise InvalidRequest(
                f"to={str(self.path)!r} does not fit: the audio is {audio.value}; "
                f"end the name in {audio.extension}, or give a folder",
                field="to",
                value=str(self.path),
            )
        return self.path


def _stem(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    return stem.rstrip(" .") if dot and AudioFormat.of_extension(f".{extension}") else name


def served_name(headers: Mapping[str, str], url: str) -> str:
    """What the server calls the file: by its Content-Disposition, else by the last part of the URL.

    Not safe yet. As RFC 6266 has it, ``filename*`` goes before ``filename``, wherever it stands.
    """
    given: dict[str, str] = {}
    for name, value in _PARAMETER.findall(headers.get("content-disposition", "")[:_MAX_HEADER]):
        given.setdefault(name.lower(), value.strip())
    return (
        _extended(given.get("filename*", ""))
        or _unquoted(given.get("filename", ""))
        or unquote(urlsplit(url).path.rsplit("/", 1)[-1])
    )


def _extended(value: str) -> str:
    """A value that names its character set; empty when it cannot be read."""
    value = _unquoted(value)
    found = _EXTENDED.fullmatch(value)
    if found is None:
        return "" if "'" in value else unquote(value)
    try:
        return unquote_to_bytes(found[2]).decode(found[1])
    except UnicodeDecodeError:
        return ""


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    return re.sub(r"\\(.)", r"\1", value[1:].removesuffix('"'))


def safe_file_name(name: str, *, fallback: str = "audio") -> str:
    """Reduce *name*, from a server or a user, to a harmless base name of at most 150 bytes.

    Folders, drive letters, control characters, characters that turn the direction of writing, leading dots
    and trailing dots and spaces go; ``../../etc/passwd`` becomes ``passwd``, the device ``NUL.wav`` becomes
    ``_NUL.wav``.
    """
    base = "".join(map(_harmless, name.replace("\\", "/"))).rsplit("/", 1)[-1].strip(" .")
    stem, dot, extension = base.rpartition(".")
    if not dot or len(extension) > _MAX_EXTENSION:  # a long part after a dot is no extension
        stem, dot, extension = base, "", ""
    room = _MAX_NAME_BYTES - len((dot + extension).encode())
    stem = stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .")
    if not stem:
        return fallback
    is_device = stem.partition(".")[0].rstrip().casefold() in _RESERVED
    return ("_" if is_device else "") + stem + dot + extension


def _harmless(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Cf":  # marks without a shape, among them those that reverse what follows
        return character if character in _JOINERS else ""
    if kind == "Zs":
        return " "
    return "_" if kind in {"Cc", "Cs", "Zl", "Zp"} or character in _UNSAFE else character
