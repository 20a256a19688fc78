"""A photo with the face on it, and the pictures that are made of both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facet import colour
from facet.domain.errors import PermanentError
from facet.domain.style import Makeup
from facet.vision.drawing.render import before_and_after, render_look
from facet.vision.face.landmarks import part
from facet.vision.face.models import FaceModels
from facet.vision.face.patches import Pixels, cut
from facet.vision.photo.decode import decode, encode_jpeg
from facet.vision.photo.gates import load_gates

LOOK_EDGE = 1024
_QUALITY = 90
# Around the face in a before and after, in face widths and heights on every side.
_MARGIN = 0.3
# CIELAB a*. Bare and painted lips of 107 portraits of all tones: 9 to 40. Masks and scarves that
# are white, black, grey, blue or green: about 0 and below.
_LEAST_RED = 4.0


@dataclass(frozen=True, slots=True)
class Portrait:
    """An upright sRGB photo and the landmarks of the largest face on it."""

    pixels: Pixels  # (height, width, 3) uint8
    points: NDArray[np.floating]  # (468, 2) x, y in its pixels

    @property
    def lips_hidden(self) -> bool:
        """Whether what is where the lips should be is not reddish at all."""
        lips = cut(self.pixels, self.points[part("lips")], self.points[part("mouth")])
        if not len(lips):
            return True
        middle = np.median(colour.linear_from_srgb(lips), axis=0)
        return bool(colour.lab_from_linear(middle)[1] < _LEAST_RED)


@dataclass(frozen=True, slots=True)
class LookPictures:
    """The pictures of a look, JPEGs without metadata."""

    look: bytes  # the whole photo with the look on, at most 1024 px
    before_after: bytes  # the face twice, side by side


type OpenPortrait = Callable[[bytes], Portrait]  # open_portrait with its models


def open_portrait(photo: bytes, models: FaceModels, *, edge: int | None = None) -> Portrait:
    """JPEG -> its pixels, at most `edge` px on the long side, and its face.

    Raises PermanentError(face_not_found), PhotoRejectedError for a file that cannot be read.
    """
    image = decode(photo, load_gates("relaxed")).image
    pixels = np.asarray(_within(image, edge) if edge else image)
    faces = models.find_faces(pixels)
    if not faces:
        raise PermanentError("face_not_found")
    largest = max(faces, key=lambda face: float(np.ptp(face.mesh.points[part("face"), 0])))
    return Portrait(pixels, largest.mesh.points)


def draw_look(portrait: Portrait, makeup: Sequence[Makeup]) -> LookPictures:
    """The photo with this makeup on, and the face before and after."""
    before = portrait.pixels
    after = render_look(before, portrait.points, makeup)
    face = _around_face(portrait)
    return LookPictures(_jpeg(after), _jpeg(before_and_after(before[face], after[face])))


def show_dressed(photo: bytes, dressed: bytes) -> LookPictures:
    """A photo and the same in other clothes (PNG or JPEG) -> both pictures, the pair uncut."""
    gates = load_gates("relaxed")
    before, after = (_within(decode(data, gates).image, LOOK_EDGE) for data in (photo, dressed))
    if after.size != before.size:
        after = after.resize(before.size, Image.Resampling.LANCZOS)
    whole = np.asarray(after)
    return LookPictures(_jpeg(whole), _jpeg(before_and_after(np.asarray(before), whole)))


def _within(image: Image.Image, edge: int) -> Image.Image:
    """At most `edge` px on the long side; a smaller picture as it is."""
    ratio = edge / max(image.size)
    if ratio >= 1:
        return image
    size = max(1, round(image.width * ratio)), max(1, round(image.height * ratio))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _jpeg(pixels: Pixels) -> bytes:
    return encode_jpeg(Image.fromarray(pixels), _QUALITY)


def _around_face(portrait: Portrait) -> tuple[slice, slice]:
    outline = portrait.points[part("face")]
    low, high = outline.min(axis=0), outline.max(axis=0)
    margin = _MARGIN * (high - low)
    height, width = portrait.pixels.shape[:2]
    left, top = np.maximum(np.floor(low - margin), 0).astype(int)
    right, bottom = np.minimum(np.ceil(high + margin), (width, height)).astype(int)
    return slice(top, bottom), slice(left, right)
