"""A few photos and a few edits of what `make evaluate` does on all of them."""

from pathlib import Path

import pytest

from evaluation.judge import Finding, Rows, found, own_edit, steady
from evaluation.measure import CONCERNS, TONELESS, Plan, measure
from evaluation.photos import load_photos

# The concerns that can be measured on each: no photo shows all of them.
ALL = set(CONCERNS) - {"pores"}
PHOTOS = {
    "closeups/if025": ALL,
    "closeups/if035": ALL,
    "portraits/S001221": ALL - {"blemishes", "texture", "wrinkles"},
}
PLAN = Plan(
    concerns=frozenset(ALL),
    strengths=(0.4, 0.7, 1.0),
    nuisances=("exposure_-0.5", "jpeg_95", "mirror"),
    tones=(3, 8),
    regions=False,
)


def missed(findings: list[Finding]) -> list[str]:
    return [f"{one.what}: {one.value} ({one.note})" for one in findings if one.met is False]


@pytest.mark.parametrize("name", PHOTOS)
def test_measures_follow_their_own_edit_but_neither_camera_nor_skin_tone(name: str, faces: Path):
    photo = next(one for one in load_photos(faces) if one.name == name)
    rows = Rows(measure(photo, PLAN))

    assert not missed(found(rows, [photo]))
    assert {concern for concern in CONCERNS if rows.judged(concern)} >= PHOTOS[name]
    for concern in sorted(PHOTOS[name]):
        assert not missed(own_edit(rows, concern))
        assert not missed(steady(rows, concern, "nuisance"))
    for concern in sorted(TONELESS & PHOTOS[name]):
        assert not missed(steady(rows, concern, "tone"))
