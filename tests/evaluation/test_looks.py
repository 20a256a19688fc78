"""One or two photos of what `make evaluate` draws and counts on all of them."""

from pathlib import Path

import pytest

from evaluation.contact_sheet import draw, findings
from evaluation.photos import load_photos

# Fair; teeth and a beard; brown; dark skin that shines.
PHOTOS = ("closeups/if007", "closeups/if022", "closeups/if057", "portraits/J000309")


@pytest.mark.parametrize("name", PHOTOS)
def test_a_look_is_the_shade_and_spares_teeth_eyes_and_brows(name: str, faces: Path) -> None:
    photo = next(photo for photo in load_photos(faces) if photo.name == name)

    drawn = draw(photo)

    assert drawn is not None
    assert len(drawn.tiles) == 4
    assert {"foundation", "blush", "lip"} <= set(drawn.distances)
    counted = {"outside", "brow", "eye", "detail", "shading"}
    assert counted <= set(drawn.numbers)
    for finding in findings([drawn]):
        if finding.n and finding.unit != "of faces":
            assert finding.met, f"{finding.what}: {finding.value}"
