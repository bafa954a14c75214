"""Names of downloads: whatever a file is called, it stays in its folder and harms no system."""

from __future__ import annotations

import pytest

from audiokit.transport import safe_file_name
from audiokit.transport._target import served_name

URL = "https://host.example/files/take%201.wav?signature=a/b"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("take 1.wav", "take 1.wav"),
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("..\\../mixed\\up.wav", "up.wav"),
        ("C:\\x\\y.wav", "y.wav"),
        ("C:y.wav", "C_y.wav"),
        ("..", "audio"),
        (".", "audio"),
        ("", "audio"),
        ("a/", "audio"),
        ("\u200b..\u200b", "audio"),
        ("\ufeff", "audio"),
        (".hidden", "hidden"),
        ("a\x00b\nc", "a_b_c"),
        ("a\x85b\u2028c\u2029d", "a_b_c_d"),
        ('a<b>c:d"e|f?g*h', "a_b_c_d_e_f_g_h"),
        ("  spaced  ", "spaced"),
        ("trailing. . .", "trailing"),
        ("\u3000wide\u00a0space\u3000", "wide space"),
        ("grüße.wav", "grüße.wav"),
        ("می\u200cخواهم.wav", "می\u200cخواهم.wav"),
        ("invoice\u202evaw.exe", "invoicevaw.exe"),
        ("\u2066take\u2069.wav", "take.wav"),
        ("half \ud800 pair", "half _ pair"),
        ("%2e%2e%2fpasswd", "%2e%2e%2fpasswd"),
    ],
)
def test_file_names_are_made_harmless(name: str, safe: str) -> None:
    """Folders, control characters, marks that turn the writing and what systems refuse go; the rest stays."""
    assert safe == safe_file_name(name)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("CON", "_CON"),
        ("nul.wav", "_nul.wav"),
        ("Aux .wav", "_Aux.wav"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("LPT\u00b9.wav", "_LPT\u00b9.wav"),
        ("CONIN$", "_CONIN$"),
        ("COM10.wav", "COM10.wav"),
        ("console.wav", "console.wav"),
        ("my.con", "my.con"),
    ],
)
def test_names_of_devices_are_given_to_no_file(name: str, safe: str) -> None:
    """On Windows they open a device whatever follows the first dot; names that only look similar stay."""
    assert safe == safe_file_name(name)


def test_long_names_are_cut_and_keep_their_extension() -> None:
    """At most 150 bytes, whatever the script, with the extension whole."""
    name = safe_file_name("名" * 100 + ".wav")
    assert name.endswith("名.wav")
    assert len(name.encode()) <= 150


def test_long_extension_does_not_hide_the_file() -> None:
    """Cutting never makes a hidden file."""
    assert not safe_file_name("a." + "x" * 300).startswith(".")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment; filename=\"a.wav\"; filename*=UTF-8''gr%C3%BC.wav", "grü.wav"),
        ("attachment; filename*=UTF-8''gr%C3%BC.wav; filename=\"a.wav\"", "grü.wav"),
        ("attachment; filename*=iso-8859-1'en'%A3.wav", "£.wav"),
        ("attachment; filename*=UTF-8''%ff%fe.wav; filename=a.wav", "a.wav"),
        ("attachment; filename*=utf-7''%2B.wav; filename=a.wav", "a.wav"),
        ("attachment; filename*=UTF-8''", "take 1.wav"),
        ("attachment; filename=plain.wav", "plain.wav"),
        ('attachment; filename="a;b=c.wav"; size=5', "a;b=c.wav"),
        ('attachment; filename="say \\"hi\\".wav"', 'say "hi".wav'),
        ('attachment; filename="never ends', "never ends"),
        ("ATTACHMENT; FileName=upper.wav", "upper.wav"),
        ('attachment; filename="first.wav"; filename="second.wav"', "first.wav"),
        ("filename=bare.wav", "bare.wav"),
        ("attachment; name=other.wav", "take 1.wav"),
        ("attachment", "take 1.wav"),
        ("", "take 1.wav"),
    ],
)
def test_server_names_the_file_as_rfc_6266_has_it(header: str, name: str) -> None:
    """`filename*` goes before `filename` wherever it stands; what cannot be read falls back."""
    assert name == served_name({"content-disposition": header}, URL)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://host.example/files/..%2f..%2fetc%2fpasswd", "passwd"),
        ("https://host.example/files/..%5c..%5cboot.ini", "boot.ini"),
        ("https://host.example/files/%252e%252e%252fpasswd", "%2e%2e%2fpasswd"),
        ("https://host.example/files/%00%0a", "__"),
        ("https://host.example/files/", "audio"),
        ("https://host.example", "audio"),
    ],
)
def test_url_cannot_lead_out_of_the_folder(url: str, safe: str) -> None:
    """Its last part is decoded once, and then treated as any name."""
    assert safe == safe_file_name(served_name({}, url))


def test_endless_header_is_no_work() -> None:
    """A header of many unclosed quotes is looked at up to a few thousand characters only."""
    assert "take 1.wav" == served_name({"content-disposition": ';a="' * 100_000}, URL)
