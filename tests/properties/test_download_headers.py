"""Properties of what a server says about a file: whatever it is, there is no crash and no unsafe name."""

from __future__ import annotations

import unicodedata

from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from audiokit.transport import safe_file_name
from audiokit.transport._digest import Digest
from audiokit.transport._resume import Continuation, is_whole
from audiokit.transport._target import served_name

DEVICES = {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9"}
few = settings(max_examples=examples(200), deadline=None)
odd = st.text("./\\ :CONcon\u202e\u200b\u00a0\0%2e", max_size=20)
latin = st.text(st.characters(max_codepoint=255), max_size=60)
dates = st.from_regex(r"\A[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,6} [0-9:]{1,12} [A-Z+\-0-9]{0,6}\Z")
tags = st.from_regex(r'\A(W/)?"[ -~]{0,20}"?\Z')
content_ranges = st.from_regex(r"\Abytes [0-9]{0,20}-[0-9]{0,20}/([0-9]{0,20}|\*)\Z")
digests = st.from_regex(r"\A(sha-256|SHA-512|md5|crc32c)=:?[A-Za-z0-9+/]{0,90}=?=?:?\Z")


@few
@given(name=st.text(max_size=80) | odd | st.text(min_size=140, max_size=300))
def test_any_name_becomes_a_plain_one(name: str) -> None:
    """No control or turning characters, no device, no end that Windows drops; safe once, safe for good."""
    safe = safe_file_name(name)
    kinds = {unicodedata.category(character) for character in safe} | {"Ll"}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(safe) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
    assert safe.partition(".")[0].strip().upper() not in DEVICES
    assert safe == safe.strip(" .")
    assert safe == safe_file_name(safe)


@few
@given(header=latin | st.text(";=\"\\*' %ffilename", max_size=60), url=latin)
def test_any_disposition_gives_some_name(header: str, url: str) -> None:
    """However the header is written, there is a name to make safe."""
    assert safe_file_name(served_name({"content-disposition": header}, f"https://host.example/{url}"))


@few
@given(
    tag=st.none() | tags | latin,
    changed=st.none() | dates | latin,
    sent=st.none() | dates | latin,
    answered=content_ranges | latin,
    start=st.integers(1, 10**6),
)
def test_any_answer_is_continued_or_not(
    tag: str | None, changed: str | None, sent: str | None, answered: str, start: int
) -> None:
    """Versions, dates and ranges of any form are believed or passed over."""
    said = {"etag": tag, "last-modified": changed, "date": sent}
    headers = {name: value for name, value in said.items() if value is not None}
    offered = Continuation.offered(200, headers, 10**6)
    is_whole({"content-range": answered})
    if offered is not None:
        assert offered.version in {value.strip() for value in headers.values()}
        assert offered.version.isascii()
        assert "\n" not in offered.version
        refused = offered.objection({**headers, "content-range": answered}, None, start)
        assert refused or answered.strip().lower() == f"bytes {start}-999999/1000000"


@few
@given(value=digests | latin, name=st.sampled_from(["repr-digest", "digest", "content-md5", "x-goog-hash"]))
def test_any_digest_is_believed_or_passed_over(value: str, name: str) -> None:
    """What is believed has the length that its algorithm gives."""
    found = Digest.announced({name: value})
    assert found is None or not found.fits
