"""The table of api.audio v1."""

from __future__ import annotations

import wire_apiaudio_production
import wire_apiaudio_speech
import wire_apiaudio_texts
from wire import Served, Table

_OURS = "where a file is kept on this side is no business of the API"
_ASKED_BEFORE = "the request it is for is Retrieve's; the download is the file's own URL"
_ASKED_AS_QUERY = "the request it is for is that of Media.list, where its row shows it"
_LOCAL = "a webhook is checked without asking the API"
_RECEIVED = "the API sends it to the caller, who hands it over"

TABLE = Table(
    api="apiaudio",
    contract="apiaudio-v1",
    rows=[*wire_apiaudio_texts.ROWS, *wire_apiaudio_speech.ROWS, *wire_apiaudio_production.ROWS],
    renamed={
        # Each key of an audience is a query parameter of its own; the rows' listener has a username.
        ("Mastering.retrieve", "parameters"): "username",
        ("Speech.retrieve", "parameters"): "username",
        ("SyncTTS.create", "format"): "accept",  # an argument of the official client
    },
    not_sent={
        **{
            ("Mastering.download", theirs): Served(by="mastering.download", argument=ours, why=_ASKED_BEFORE)
            for theirs, ours in [
                ("scriptId", "script_id"),
                ("version", "version"),
                ("parameters", "audience"),
                ("public", "public"),
                ("vast", "vast"),
                ("endFormat", "end_format"),
            ]
        },
        **{
            ("Speech.download", theirs): Served(by="speech.download", argument=ours, why=_ASKED_BEFORE)
            for theirs, ours in [
                ("scriptId", "script_id"),
                ("version", "version"),
                ("section", "section"),
                ("parameters", "audience"),
            ]
        },
        ("Mastering.download", "destination"): Served(by="mastering.download", argument="to", why=_OURS),
        ("Speech.download", "destination"): Served(by="speech.download", argument="to", why=_OURS),
        ("Media.download", "destination"): Served(by="media.download", argument="to", why=_OURS),
        ("Media.upload", "file_path"): Served(by="media.upload", argument="data", why=_OURS),
        ("Media.get_download_url", "mediaId"): Served(
            by="media.get_download_url", argument="media_id", why=_ASKED_AS_QUERY
        ),
        ("Media.download", "mediaId"): Served(by="media.download", argument="media_id", why=_ASKED_AS_QUERY),
        ("Webhooks (event)", "X-Aflr-Secret"): Served(
            by="audiokit.webhooks.verify", argument="header", why=_RECEIVED
        ),
        ("Webhooks (event)", "(event)"): Served(
            by="audiokit.webhooks.verify", argument="payload", why=_RECEIVED
        ),
        **{
            ("Webhooks.verify", theirs): Served(by="audiokit.webhooks.verify", argument=ours, why=_LOCAL)
            for theirs, ours in [
                ("payload", "payload"),
                ("sig_header", "header"),
                ("secret", "secret"),
                ("tolerance", "tolerance_s"),
            ]
        },
    },
    received={
        "Webhooks.verify": "unit/test_webhooks.py",
        "Webhooks (event)": "unit/test_webhooks.py",
    },
)
