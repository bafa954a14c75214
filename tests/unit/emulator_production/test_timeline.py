"""Where things sound."""

from __future__ import annotations

import random
from typing import Any

import attrs
import pytest

from audiokit.emulator._plan import Clip, Music, SectionPlan, TimelineError, TimelineOptions
from audiokit.emulator._timeline import LEAD_IN_S, SECTION_GAP_S, TAIL_S, build_timeline

INTRO, MAIN, OUTRO = Music(path="intro", lufs=-20.0), Music(path="main", lufs=-30.0), Music(path="outro")


def voice(seconds: float) -> Clip:
    """Make speech of a length."""
    return Clip(kind="voice", path=f"voice{seconds:g}", seconds=seconds, lufs=-20.0)


def section(name: str, *clips: Clip, **wishes: Any) -> SectionPlan:
    """Make a section."""
    return SectionPlan(name=name, clips=clips, **wishes)


def build(*sections: SectionPlan, **options: Any) -> dict[str, Any]:
    """Build a timeline."""
    return build_timeline(sections, TimelineOptions(**options))


def spans(entries: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """Return start and end of music entries."""
    return [(entry["start_s"], entry["end_s"]) for entry in entries]


def starts(timeline: dict[str, Any]) -> list[float]:
    """Return where speech starts."""
    return [entry["start_s"] for entry in timeline["voice"]]


def test_speech_without_music_has_neither_lead_in_nor_tail() -> None:
    """The track is exactly the speech."""
    timeline = build(section("a", voice(3.0)))
    assert (3.0, [0.0], []) == (timeline["seconds"], starts(timeline), timeline["music"])


def test_music_leads_in_and_fades_out_after_the_last_word() -> None:
    """Music covers the whole track, a lead-in before and a fading tail behind the speech."""
    timeline = build(section("a", voice(3.0), music=MAIN))
    total = LEAD_IN_S + 3.0 + TAIL_S
    assert (total, [LEAD_IN_S], [(0.0, total)]) == (
        timeline["seconds"],
        starts(timeline),
        spans(timeline["music"]),
    )
    assert TAIL_S == timeline["music"][0]["fade_out_s"]


def test_sections_follow_each_other_with_a_breath() -> None:
    """Clips of a section touch, sections are apart."""
    timeline = build(section("a", voice(1.0), voice(2.0)), section("b", voice(1.0)))
    assert [0.0, 1.0, 3.0 + SECTION_GAP_S] == starts(timeline)


def test_one_segment_under_several_sections_is_one_run() -> None:
    """The loop does not begin again at a section border."""
    timeline = build(section("a", voice(2.0), music=MAIN), section("b", voice(2.0), music=MAIN))
    assert 1 == len(timeline["music"])


def test_different_segments_cross_fade_over_the_border() -> None:
    """Both sound half a cross-fade beyond the border."""
    timeline = build(section("a", voice(5.0), music=INTRO), section("b", voice(5.0), music=OUTRO))
    border = LEAD_IN_S + 5.0 + SECTION_GAP_S
    first, second = timeline["music"]
    assert (border + 0.5, border - 0.5) == (first["end_s"], second["start_s"])
    assert (1.0, 1.0) == (first["fade_out_s"], second["fade_in_s"])


def test_music_stops_at_a_section_without_any() -> None:
    """No tail either when the last section is without music."""
    timeline = build(section("a", voice(4.0), music=MAIN), section("b", voice(4.0)))
    border = LEAD_IN_S + 4.0 + SECTION_GAP_S
    assert ([(0.0, border)], border + 4.0) == (spans(timeline["music"]), timeline["seconds"])


@pytest.mark.parametrize("beyond_s", [0.05, 0.1, 0.2, 0.4])
def test_the_last_music_that_is_heard_ends_with_the_track(beyond_s: float) -> None:
    """Sections of nothing but music that a forced length cuts off leave the one before to fade out."""
    spoken = section("a", voice(5.0), music=MAIN)
    timeline = build(
        spoken,
        section("out", music=OUTRO),
        section("end", music=INTRO),
        force_length_s=LEAD_IN_S + 5.0 + beyond_s,
    )
    (entry,) = timeline["music"]
    assert ("main", timeline["seconds"], 1.0) == (entry["path"], entry["end_s"], entry["fade_out_s"])


def _a_section(draw: random.Random, place: int, end_at: float | None) -> SectionPlan:
    kinds = [draw.choice(["voice", "media"]) for _ in range(draw.randint(0, 2))]
    lengths = [draw.choice([0.3, 1.0, 2.5, 7.3, 20.0]) for _ in kinds]
    clips = [Clip(kind=k, path="c", seconds=s) for k, s in zip(kinds, lengths, strict=True)]  # type: ignore[arg-type]
    wishes = {
        "padding_s": draw.choice([0.0, 0.0, 1.5, 4.0]),
        "start_at": draw.choice([None] * 5 + [3.0, 8.0]),
    }
    return section(str(place), *clips, music=draw.choice([None, INTRO, MAIN, OUTRO]), end_at=end_at, **wishes)


def test_music_never_goes_beyond_the_track_whatever_is_asked_for() -> None:
    """Over 3000 drawn scripts: fades are no less than 0 and fit, music lies on the track and ends faded."""
    draw = random.Random(4)
    built = 0
    for _ in range(3000):
        mark, sections = 0.0, list[SectionPlan]()
        for place in range(draw.randint(1, 4)):
            is_marked = draw.random() < 0.2
            mark += draw.choice([2.0, 3.0, 5.0, 10.5]) if is_marked else 0.0
            sections.append(_a_section(draw, place, mark if is_marked else None))
        length = draw.choice([None, 1.0, 5.0, 7.55, 12.34, 30.0])
        try:
            timeline = build(*sections, force_length_s=length, may_overlap=draw.random() < 0.5)
        except TimelineError:
            continue
        built += 1
        end = timeline["seconds"] + 1e-6
        for entry in timeline["music"]:
            assert 0.0 <= entry["start_s"] < entry["end_s"] <= end
            assert min(entry["fade_in_s"], entry["fade_out_s"]) >= 0.0
            assert entry["fade_in_s"] + entry["fade_out_s"] <= entry["end_s"] - entry["start_s"] + 1e-5
            assert entry["fade_out_s"] > 0.0
    assert built > 1000


def test_music_is_brought_to_one_level() -> None:
    """Loud segments go down, quiet ones up, unknown ones stay."""
    timeline = build(
        *(section(str(i), voice(4.0), music=m) for i, m in enumerate((INTRO, MAIN, OUTRO))), music_lufs=-24.0
    )
    assert [-4.0, 6.0, 0.0] == [entry["gain_db"] for entry in timeline["music"]]


@pytest.mark.parametrize(("justify", "start"), [("flex-start", 0.0), ("centre", 3.5), ("flex-end", 7.0)])
def test_an_end_mark_makes_a_slot_and_justify_places_the_content(justify: str, start: float) -> None:
    """Three seconds of speech in a slot of ten; music starts at the beginning in every case."""
    timeline = build(section("a", voice(3.0), music=MAIN, end_at=10.0, justify=justify))
    assert ([start], 10.0, [(0.0, 10.0)]) == (starts(timeline), timeline["seconds"], spans(timeline["music"]))


def test_content_longer_than_its_slot_fades_out_at_the_mark() -> None:
    """The clip at the mark is cut with a fade, those behind it dropped; the next section starts there."""
    timeline = build(section("a", voice(3.0), voice(4.0), voice(1.0), end_at=5.0), section("b", voice(1.0)))
    assert [0.0, 3.0, 5.0] == starts(timeline)
    cut = timeline["voice"][1]
    assert (2.0, 0.5) == (cut["duration_s"], cut["fade_out_s"])


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ([("a", 10.0), ("b", 8.0)], r"endAt of section 'b' is 8 s, but section 'a' before it ends at 10 s"),
        ([("a", 1.5)], r"endAt 1.5 s leaves 1.50 s for section 'a', .* lasts at least 2 s"),
        ([("a", 5.0), ("b", 6.0)], r"leaves 1.00 s for section 'b'"),
    ],
)
def test_marks_must_rise_and_leave_two_seconds(sections: list[tuple[str, float]], message: str) -> None:
    """The refusal names the section and the seconds."""
    with pytest.raises(TimelineError, match=message):
        build(*(section(name, voice(1.0), end_at=end_at) for name, end_at in sections))


@pytest.mark.parametrize("length", [5.0, 12.0, 60.0])
def test_a_forced_length_longer_than_the_content_is_exact(length: float) -> None:
    """The music goes on to the end."""
    timeline = build(section("a", voice(3.0), music=MAIN), force_length_s=length)
    assert (length, [(0.0, length)]) == (timeline["seconds"], spans(timeline["music"]))


def test_a_forced_length_first_drops_the_lead_in() -> None:
    """Speech that fits without the lead-in is not sped up."""
    timeline = build(section("a", voice(5.0), music=MAIN), force_length_s=5.0)
    assert ([0.0], [1.0]) == (starts(timeline), [v["stretch"] for v in timeline["voice"]])


def test_a_forced_length_speeds_speech_up_as_far_as_needed() -> None:
    """Every voice clip gets the same stretch and the last word ends before the end."""
    timeline = build(section("a", voice(6.0)), section("b", voice(6.0)), force_length_s=10.0)
    first, second = timeline["voice"]
    assert first["stretch"] == second["stretch"]
    end = second["start_s"] + 6.0 * second["stretch"]
    assert 9.9 <= end <= 10.0


def test_a_forced_length_that_speech_cannot_meet_is_refused_with_the_natural_length() -> None:
    """Speech is never cut in the middle of a word."""
    with pytest.raises(
        TimelineError, match=r"forceLength 5 s is too short: .* 10.00 s, 7.50 s .* at least 8 s"
    ):
        build(section("a", voice(10.0)), force_length_s=5.0)


def test_recordings_alone_are_cut_at_a_forced_length() -> None:
    """Without synthetic speech the track fades out at its end."""
    clip = Clip(kind="media", path="m", seconds=8.0, lufs=-20.0)
    timeline = build(section("a", clip), force_length_s=5.0)
    assert (5.0, 5.0) == (timeline["seconds"], timeline["media"][0]["duration_s"])


def test_a_mark_beyond_the_forced_length_is_refused() -> None:
    """Two contradicting wishes are told together."""
    with pytest.raises(TimelineError, match="endAt of section 'a' is 12 s, beyond forceLength 10 s"):
        build(section("a", voice(1.0), end_at=12.0), force_length_s=10.0)


@pytest.mark.parametrize("clips", [64, 65])
def test_more_than_64_clips_at_once_are_refused(clips: int) -> None:
    """Each would be an open file of the renderer; those that only touch do not count."""
    sections = [section(str(i), voice(1.0), voice(1.0), start_at=2.0) for i in range(clips)]
    if clips == 64:
        assert 128 == len(build(*sections, may_overlap=True)["voice"])
        return
    with pytest.raises(TimelineError, match=r"65 clips sound at once at 2.00 s; at most 64 are mixed"):
        build(*sections, may_overlap=True)


def test_media_gets_the_trim_and_effects_do_not() -> None:
    """Both stand between the speech of their section; only media ducks the music."""
    media, effect = Clip(kind="media", path="m", seconds=2.0), Clip(kind="effect", path="e", seconds=1.0)
    timeline = build(section("a", voice(1.0), media, effect, voice(1.0)), media_gain_db=-6.0)
    assert [0.0, 4.0] == starts(timeline)
    assert [("m", 1.0, -6.0, True), ("e", 3.0, 0.0, False)] == [
        (entry["path"], entry["start_s"], entry["gain_db"], entry["ducks"]) for entry in timeline["media"]
    ]


@pytest.mark.parametrize("match", [False, True])
def test_match_voice_and_trim_are_passed_on(match: bool) -> None:  # noqa: FBT001
    """The renderer knows how loud recordings are on the track; the trim is part of that."""
    media = Clip(kind="media", path="m", seconds=2.0, lufs=-28.0)
    timeline = build(section("a", voice(1.0), media), media_gain_db=3.0, match_voice=match)
    assert (match, [3.0]) == (timeline["match_voice"], [entry["gain_db"] for entry in timeline["media"]])


def test_a_start_mark_moves_a_section_back_but_not_into_another() -> None:
    """Overlaps need to be allowed."""
    sections = section("a", voice(5.0)), section("b", voice(1.0), start_at=8.0)
    assert [0.0, 8.0] == starts(build(*sections))
    early = sections[0], attrs.evolve(sections[1], start_at=3.0)
    with pytest.raises(TimelineError, match=r"startAt of section 'b' is 3 s, but .* lasts until 5\.25"):
        build(*early)
    assert [0.0, 3.0] == starts(build(*early, may_overlap=True))


def test_the_wishes_of_a_timeline_replace_the_usual_spans() -> None:
    """Start of speech, tail, gap and fades are taken as given."""
    timeline = build(
        section("a", voice(1.0), music=MAIN),
        section("b", voice(1.0), music=MAIN),
        lead_in_s=2.0,
        gap_s=1.0,
        tail_s=4.0,
        fade_in_s=1.5,
        fade_out_s=2.5,
    )
    music = timeline["music"][0]
    assert ([2.0, 4.0], 9.0) == (starts(timeline), timeline["seconds"])
    assert (1.5, 2.5) == (music["fade_in_s"], music["fade_out_s"])


def test_a_track_longer_than_allowed_is_refused() -> None:
    """An end mark in a far future does not fill the disk."""
    with pytest.raises(TimelineError, match="at most 600 s"):
        build(section("a", voice(1.0), end_at=1000.0), max_seconds=600.0)


@pytest.mark.parametrize("channels", [1, 2])
def test_channels_are_passed_on(channels: int) -> None:
    """Mono or stereo."""
    assert channels == build(section("a", voice(1.0)), channels=channels)["channels"]
