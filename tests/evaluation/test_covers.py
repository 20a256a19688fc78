"""What is asked of covers and marks, on photos made up and on one face."""

from pathlib import Path

import pytest

from evaluation.covers import COVERS, SKINS, Plain, Seen, figures, judge_covers, see
from evaluation.judge import Finding
from evaluation.takes import Source


def seen(name: str, *, ita: float = 40, refused: bool = False, **drawn: str | None) -> Seen:
    kinds = {kind.replace("_", " "): code for kind, code in drawn.items()}
    return Seen(name, Plain(ita, refused), Plain(-20, refused=False), kinds)


def figure(photos: list[Seen], what: str) -> Finding:
    return next(finding for finding in figures(photos) if finding.what == what)


def test_a_cover_that_passes_and_a_mark_that_does_not_are_both_missed_and_named() -> None:
    photos = [
        seen("a", mask_white="no_face", half_black="face_occluded", beard=None),
        seen("b", mask_white=None, half_black="no_face", beard="face_occluded"),
    ]

    mask, half, beard = (figure(photos, f"{what}: accepted") for what in ("mask", "half", "beard"))

    assert (mask.value, mask.met, mask.worst) == (0.5, False, ["mask white on b"])
    assert (half.value, half.met, half.worst) == (0, True, [])
    assert (beard.value, beard.met, beard.worst) == (0.5, False, ["beard on b"])
    assert beard.note == "accepted 1, face_occluded 1"


def test_one_plain_photo_in_a_hundred_may_be_refused_but_none_of_a_dark_face() -> None:
    photos = [seen(f"p{number}", refused=number == 0) for number in range(100)]
    photos += [seen("dark", ita=-20, refused=True), *(seen(f"q{n}") for n in range(99))]

    assert figure(photos, "plain photos: refused").met is True
    assert figure(photos, "plain photos, Monk 7 to 10: refused").worst == ["dark"]
    assert figure(photos, "plain photos, Monk 7 to 10: refused").met is False


def test_a_face_is_drawn_on_with_a_cover_of_every_side_and_with_every_mark(faces: Path) -> None:
    photo = Source("portraits", faces / "portraits" / "J000309.jpg", "one", judged=True)

    one = see(photo, 0)

    assert one
    assert one.plain.refused is False
    assert sum(kind in COVERS for kind in one.drawn) == 3
    assert set(SKINS) <= set(one.drawn)
    assert [kind for kind, code in one.drawn.items() if code is None] == list(SKINS)


def test_without_photos_nothing_is_judged_and_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACET_FACES", str(tmp_path))

    (finding,) = judge_covers(1)

    assert finding.met is None
    assert "no photos" in finding.note
