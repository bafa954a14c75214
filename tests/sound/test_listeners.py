"""Tracks for listeners say their words: each is heard to be the track of the text written out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audiokit.errors import RequestRefused

Studio = Any
TEXT = "Good evening {{name|dear listener}}, the weather in {{town|your town}} is fine."
LISTENERS = ({"name": "Bartholomew", "town": "Rome"}, {"name": "Ann", "town": "Wolverhampton"})


def curve(path: Path) -> np.ndarray:
    """Level in dB every 20 ms, down to 60 dB under the loudest."""
    samples, rate_hz = soundfile.read(path)
    size = rate_hz // 50
    rms = np.sqrt((samples[: len(samples) // size * size].reshape(-1, size) ** 2).mean(axis=1))
    return np.maximum(20 * np.log10(rms + 1e-9), 20 * np.log10(rms.max()) - 60)


def likeness(one: Path, other: Path) -> float:
    """Correlation of two level curves; a shorter one is followed by silence."""
    a, b = curve(one), curve(other)
    size = max(len(a), len(b))
    a, b = (np.pad(values, (0, size - len(values)), constant_values=values.min()) for values in (a, b))
    return float(np.corrcoef(a, b)[0, 1])


@pytest.mark.heavy
@pytest.mark.timeout(90)
async def test_each_listener_and_the_fallback_hear_their_own_words(studio: Studio) -> None:
    """A list of two listeners and a call without any: three tracks, each like its text, unlike the others."""
    api = studio.kit.apiaudio
    written = [
        await studio.track(text, channels=1, voice="ryan")
        for text in (
            "Good evening Bartholomew, the weather in Rome is fine.",
            "Good evening Ann, the weather in Wolverhampton is fine.",
            "Good evening dear listener, the weather in your town is fine.",
        )
    ]
    script = await api.scripts.create(TEXT)
    await api.speech.create_and_wait(script.script_id, voice="ryan", audience=list(LISTENERS), timeout=60)
    await api.mastering.create_and_wait(
        script.script_id, end_format=["wav"], channels=1, audience=list(LISTENERS), timeout=60
    )
    with pytest.raises(RequestRefused, match=r"no speech for the fallback track"):
        await api.mastering.create(script.script_id, end_format=["wav"])
    await api.speech.create_and_wait(script.script_id, voice="ryan", timeout=60)
    await api.mastering.create_and_wait(script.script_id, end_format=["wav"], channels=1, timeout=60)
    heard = [
        await api.mastering.download(
            script.script_id, studio.folder / f"{place}.wav", end_format="wav", audience=audience
        )
        for place, audience in enumerate((*LISTENERS, None))
    ]
    for place, path in enumerate(heard):
        alike = [likeness(path, other) for other in written]
        assert alike[place] > 0.95, alike
        assert max(alike[:place] + alike[place + 1 :]) < 0.8, alike
