"""What --save keeps, what --replay makes of it, and what neither touches."""

import json
import math
import time
from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import Image

from quizcli.demo.events import (
    Array,
    Bars,
    Beat,
    Claim,
    Event,
    Finished,
    Heatmap,
    Images,
    Note,
    Points,
    Progress,
    Scalars,
    Started,
    Table,
)
from quizcli.demo.recordings.png_panels import draw
from quizcli.demo.recordings.record import EVENTS, Recorder, replay, rerun
from quizcli.errors import ExitStatus, QuizError
from quizcli.text import use_language


def floats(*values: float) -> bytes:
    import array

    return array.array("f", values).tobytes()


BOTH = {"en": "In English, $5", "zh": "用中文"}
PANELS: list[Event] = [
    Scalars(panel="loss", x=0.0, values={"train": 3.0, "test": math.nan}, title=BOTH, log=True),
    Scalars(panel="loss", x=1.0, values={"train": 2.0, "test": math.inf}, unit="nats", x_label="step"),
    Scalars(panel="loss", x=2.0, values={"train": -2.0}, names={"train": BOTH}, unit=BOTH, x_label=BOTH),
    Images(panel="grey pictures", images=Array(bytes(range(200)), (5, 8, 5), "uint8"), title=BOTH),
    Images(panel="colour", images=Array(floats(*[0.5] * 12), (1, 2, 2, 3), "float32"), columns=3),
    Heatmap(panel="map", values=Array(floats(1, 2, math.nan, 4), (2, 2), "float32"), x_ticks=("a", BOTH)),
    Heatmap(panel="signed", values=Array(floats(-1, 3), (1, 2), "float32"), diverging=True, x_label=BOTH),
    Heatmap(panel="empty map", values=Array(floats(math.nan), (1, 1), "float32")),
    Points(
        panel="cloud",
        xy=Array(floats(0, 0, 1, 1, 2, 2), (3, 2), "float32"),
        groups=(0, 0, 7),
        group_names=(BOTH,),
    ),
    Points(panel="plain", xy=Array(b"", (0, 2), "float32")),
    Bars(panel="bars", labels=("一", BOTH), values=((1.0, 2.0), (3.0, math.inf)), parts=("p", BOTH)),
    Table(panel="table", columns=(BOTH,), rows=(("b",),)),
]
WHOLE: list[Event] = [
    Started(name="small", settings={"n": 2}),
    Progress(done=1.0, total=math.inf),
    *PANELS,
    Claim(id="c", text=BOTH, measured=math.nan, expected=-math.inf),
    Finished(seconds=1.5),
]
DRAWN = {"loss", "grey-pictures", "colour", "map", "signed", "empty-map", "cloud", "plain", "bars"}


def save(folder: Path, events: list[Event], *, finish: bool = True) -> Path:
    recorder = Recorder(folder)
    for event in events:
        recorder.add(event)
    if finish:
        recorder.finish()
    recorder.close()
    return folder


def test_a_recording_holds_every_event_and_a_picture_of_every_panel(tmp_path: Path) -> None:
    folder = save(tmp_path / "new" / "run", WHOLE)
    assert repr(list(replay(folder))) == repr(WHOLE)
    assert {path.name for path in folder.iterdir()} == {EVENTS, *(f"{name}.png" for name in DRAWN)}
    lines = (folder / EVENTS).read_text("utf-8").splitlines()
    assert [json.loads(line)["event"] for line in lines][:2] == ["started", "progress"]
    times = [json.loads(line)["t"] for line in lines]
    assert times == sorted(times)


def test_panels_with_names_longer_than_those_of_files_have_pictures_of_their_own(tmp_path: Path) -> None:
    longest = [replace(PANELS[0], panel=letter * 3000 + end) for letter in "n面" for end in ("", "!", "?")]
    saved = save(tmp_path / "run", [Started(name="small"), *longest, Finished(seconds=1.0)])
    assert len([path for path in saved.iterdir() if path.suffix == ".png"]) == len(longest)


def test_pictures_are_enlarged_pixel_by_pixel(tmp_path: Path) -> None:
    pictures = next(event for event in PANELS if isinstance(event, Images))
    with Image.open(save(tmp_path / "run", [pictures]) / "grey-pictures.png") as image:
        # five pictures of 8 × 5 in three columns and two rows, one line between two
        scale = 600 // (3 * 6 - 1)
        assert image.size == ((3 * 6 - 1) * scale, (2 * 9 - 1) * scale)
        assert image.getpixel((0, 0)) == (0, 0, 0)
        assert image.getpixel((4 * scale, 7 * scale)) == (39, 39, 39)
        assert image.getpixel((5 * scale, 0)) == (128, 128, 128)
        assert image.getpixel((6 * scale, 0)) == (40, 40, 40)


@pytest.mark.parametrize("fonts", [[], ["Some CJK font"]])
def test_titles_are_chinese_only_where_a_font_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fonts: list[str]
) -> None:
    from matplotlib.axes import Axes

    titles: list[str] = []
    monkeypatch.setattr(Axes, "set_title", lambda axes, text, **rest: titles.append(text))
    monkeypatch.setattr("quizcli.demo.recordings.png_panels._chinese_fonts", lambda: fonts)
    use_language("zh")
    try:
        draw(PANELS[:1], tmp_path)
    finally:
        use_language("en")
    assert titles == [BOTH["zh" if fonts else "en"]]


def test_one_broken_panel_does_not_take_the_others_along(tmp_path: Path) -> None:
    broken = Images(panel="broken", images=Array(b"", (0, 5, 5), "uint8"))
    with pytest.raises(QuizError, match=r"broken\.png"):
        draw([broken, *PANELS[:1]], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["loss.png"]


def test_an_earlier_recording_gives_way(tmp_path: Path) -> None:
    folder = save(tmp_path / "run", PANELS[3:6])
    assert len(list(folder.iterdir())) == 4
    save(folder, WHOLE[:1])
    assert [path.name for path in folder.iterdir()] == [EVENTS]
    (tmp_path / "empty").mkdir()
    save(tmp_path / "empty", WHOLE[:1])


def test_nothing_else_is_overwritten(tmp_path: Path) -> None:
    folder = save(tmp_path / "run", WHOLE[:2])
    (folder / "thesis.txt").write_text("years of work")
    file = tmp_path / "file"
    file.write_text("")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / EVENTS).write_text("of another program")
    for taken in (folder, file, foreign):
        with pytest.raises(QuizError, match="holds something else") as caught:
            Recorder(taken)
        assert caught.value.status == ExitStatus.USAGE
    assert (folder / "thesis.txt").read_text() == "years of work"
    assert len(list(replay(folder))) == 2


def test_what_was_recorded_survives_a_crash(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "run")
    recorder.add(WHOLE[0])
    assert list(replay(tmp_path / "run")) == WHOLE[:1]  # though nobody closed it
    recorder.close()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(QuizError, match="cannot be written"):
        Recorder(tmp_path / "file" / "run")


@pytest.mark.parametrize("line", [b"{", b'{"event": "zebra"}', b"", b"\xff", b'{"event": "note", "text": 5}'])
def test_a_broken_line_is_named(tmp_path: Path, line: bytes) -> None:
    folder = save(tmp_path / "run", WHOLE, finish=False)
    lines = (folder / EVENTS).read_bytes().splitlines()
    lines[2] = line
    (folder / EVENTS).write_bytes(b"\n".join(lines))
    with pytest.raises(QuizError, match=rf"{EVENTS}:3: "):
        list(replay(folder))
    with pytest.raises(QuizError, match=rf"{EVENTS}:3: "):
        rerun(folder)


def test_nothing_to_replay(tmp_path: Path) -> None:
    with pytest.raises(QuizError, match="cannot be read") as caught:
        list(replay(tmp_path / "nowhere"))
    assert "--save" in caught.value.hint


def timed(folder: Path, *times: float) -> Path:
    """A recording of notes at these times, cut short."""
    folder.mkdir()
    lines = [b'{"t":%f,"event":"note","text":{"en":"%f"}}\n' % (t, t) for t in times]
    (folder / EVENTS).write_bytes(b"".join(lines))
    return folder


def test_a_rerun_takes_its_time(tmp_path: Path) -> None:
    began = time.monotonic()
    with rerun(timed(tmp_path / "run", 0.0, 0.3)) as run:
        assert run.poll() == [Note(text={"en": "0.000000"})]
        assert not run.wait(0.05)
        assert run.poll() == []
        assert run.wait()
        assert list(run) == [Note(text={"en": "0.300000"}), Finished(seconds=0.3, stopped=True)]
    assert 0.3 <= time.monotonic() - began < 2


def test_beats_are_time_in_a_rerun(tmp_path: Path) -> None:
    """A run goes on while somebody looks at a beat: its recording knows only that there was one."""
    quick: list[Event] = [Note(text=BOTH), Beat(4), Note(text={"en": "b", "zh": "b"}), Finished(seconds=0.1)]
    folder = save(tmp_path / "run", quick, finish=False)
    assert list(replay(folder)) == quick
    began = time.monotonic()
    with rerun(folder) as run:
        assert list(run) == [quick[0], *quick[2:]]
    assert 0.4 <= time.monotonic() - began < 2


def test_a_rerun_rests_and_stops(tmp_path: Path) -> None:
    with rerun(timed(tmp_path / "run", 0.2, 60.0)) as run:
        run.pause()
        assert not run.wait(0.4)
        run.resume()
        assert run.wait(1.0)
        assert len(run.poll()) == 1
        assert not run.over
        run.stop()
        (last,) = run
        assert isinstance(last, Finished)
        assert last.stopped
        assert run.over


def test_a_rerun_knows_what_ran(tmp_path: Path) -> None:
    with rerun(save(tmp_path / "run", WHOLE, finish=False)) as run:
        assert (run.request.answer, run.request.settings) == ("small", {"n": 2})
        assert repr(list(run)) == repr(WHOLE)
