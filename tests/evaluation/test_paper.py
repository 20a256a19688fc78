"""One face of what `make evaluate` draws sheets of paper beside."""

from pathlib import Path

from evaluation.edits import pixels_of
from evaluation.paper import WRONG, find, judge_paper, read_drawn, scene_of, taken
from facet.vision.skin.paper import Paper


def test_a_drawn_sheet_holds_the_tone_where_the_photo_alone_does_not(faces: Path) -> None:
    scene = scene_of(faces / "portraits" / "J000309.jpg", 0)
    assert scene

    reads = {read.edit: read for read in read_drawn(scene)}

    assert len(reads) == 8
    darkest, lamp = reads["-1 stops"], reads["lamp"]
    assert darkest.with_paper is not None
    assert lamp.with_paper is not None
    assert abs(darkest.with_paper) < 10 < abs(darkest.without)
    assert abs(lamp.with_paper) < 10


def test_a_sheet_in_shadow_is_not_measured_by(faces: Path) -> None:
    scene = scene_of(faces / "portraits" / "J000309.jpg", 0)
    assert scene

    drawn = pixels_of(taken(WRONG["in shadow (1.5 stops)"](scene)))
    seen = find(drawn, scene.points)

    assert seen
    assert not isinstance(seen[0], Paper)


def test_without_photos_nothing_is_judged_and_it_says_so(tmp_path: Path) -> None:
    (finding,) = judge_paper(tmp_path)

    assert finding.met is None
    assert "no photos in portraits" in finding.note
