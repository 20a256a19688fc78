"""One photo in, one reading out: photo, face and skin in the order in which a selfie needs them.

Services that draw, shrink a photo or score it again go to those rooms themselves.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from facet.domain.face import (
    FaceReading,
    PaperReason,
    Pose,
    Reference,
    ReferenceKind,
    Skin,
    Versions,
)
from facet.saying import say
from facet.stages import stage
from facet.vision.face.landmarks import part
from facet.vision.face.mesh import Mesh
from facet.vision.face.models import FaceModels
from facet.vision.face.patches import cut
from facet.vision.face.pose import head_pose
from facet.vision.face.shape import Distance, lens_distance, measure_face
from facet.vision.photo.decode import Photo, decode, decode_region, encode_jpeg
from facet.vision.photo.gates import Gates, quality_of, rejection
from facet.vision.skin.colours import measure_colours
from facet.vision.skin.concerns import lay_out, measure_concerns
from facet.vision.skin.covering import covering
from facet.vision.skin.index import skin_index
from facet.vision.skin.light import estimate_light
from facet.vision.skin.paper import Paper, find_paper
from facet.vision.skin.paper import table_version as paper_version
from facet.vision.skin.prediction import load_conditions, predict
from facet.vision.skin.quality import exposure, eye_distance, focus, framing, judge, surface
from facet.vision.skin.scores import load_scoring
from facet.vision.skin.season import measure_season
from facet.vision.skin.tone import PATCHES, measure_tone, skin_colour
from facet.vision.versions import PIPELINE_VERSION, table_versions

_PHOTO_QUALITY = 90

# A face whose eyes are closer together than this, where the file has more pixels to give, is
# decoded again for itself: 90 px is what skin detail needs (face_too_small in gates.toml).
_ENOUGH_EYES = 90
# What is kept around such a face on either side of its middle, in face widths: head and shoulders.
_AROUND = np.array([[-1.5, -1.5], [1.5, 2.0]])
# Gates that say the irises cannot be seen.
_EYES_SHUT = ("eyes_closed", "eyes_hidden", "eyes_covered")
_SIDEWAYS = 45  # degrees of roll from which the photo rather than the head is turned
_TURNS = (Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270)


@dataclass(frozen=True, slots=True)
class PhotoAnalysis:
    """A reading and the photo it was taken on."""

    reading: FaceReading
    photo_jpeg: bytes  # upright, sRGB, no metadata; what later pictures are made of
    width: int  # px, of that photo
    height: int  # px


def analyze_photo(
    data: bytes,
    models: FaceModels,
    gates: Gates,
    reference: ReferenceKind | None = None,
    opened: Callable[[], object] = lambda: None,
) -> PhotoAnalysis:
    """JPEG, PNG, WebP or HEIC bytes -> what the face on it shows.

    reference: what is held beside the face, to measure the tone and all colours by. opened: called
    once, when nothing of the file is left to be decoded.
    Raises PhotoRejectedError with every failing gate, warnings included, when one of them rejects.
    """
    with stage("decode"):
        decoded = decode(data, gates)
    with stage("find the face"):
        photo, meshes = _upright(decoded, models)
    if not meshes:
        # A face may be there and only too dark to be found.
        dark = gates.check("too_dark", exposure(photo.pixels[::4, ::4].reshape(-1, 3))["too_dark"])
        raise rejection((gates.refuse("no_face"), *((dark,) if dark else ())))
    mesh = meshes[0]
    rival = _width(meshes[1]) / _width(mesh) if len(meshes) > 1 else 0.0
    share = _width(mesh) / min(photo.width, photo.height)
    if photo is decoded and photo.scale < 1 and eye_distance(mesh.points) < _ENOUGH_EYES:
        with stage("look closer"):
            photo, mesh = _closer(data, photo, mesh, models, gates)
    opened()

    pixels = photo.pixels
    mesh = models.evened(pixels, mesh)
    points = mesh.points
    pose = _pose(mesh)
    outline = points[part("face")]
    eyes = [points[part("right_eye")], points[part("left_eye")]]
    skin = skin_colour({name: cut(pixels, points[part(name)]) for name in PATCHES})
    values = {
        "multiple_faces": rival,
        "face_share": share,
        **framing(points, outline, pose, size=photo.image.size, scale=photo.scale),
        **exposure(cut(pixels, outline)),
        **focus(photo.image, points),
    }
    if skin is None:  # the cheeks lie outside the picture
        raise rejection((*judge(values, gates), gates.refuse("no_face")))
    light = estimate_light(pixels, outline, eyes, skin.lab)
    values |= surface(skin, [cut(pixels, eye) for eye in eyes], light)
    laid_out = lay_out(pixels, mesh)
    hidden = bool(gates.check("eyes_hidden", values.get("eyes_hidden", math.inf)))
    values |= covering(laid_out, skin, light, flag=mesh.flag, yaw=pose.yaw, eyes_hidden=hidden)
    checks = judge(values, gates)
    quality = quality_of(checks)
    if quality.verdict == "rejected":
        raise rejection(checks)

    shown = pixels
    if reference:
        paper = find_paper(pixels, outline, skin)
        quality = quality.model_copy(update={"reference": _told(reference, paper)})
        if isinstance(paper, Paper):
            skin, light, shown = paper.skin(skin), paper.light(light), paper.developed(pixels)
    tone = measure_tone(skin, light)
    eyes_hidden = any(gates.check(name, values[name]) for name in _EYES_SHUT if name in values)
    colours = measure_colours(shown, points, skin, light, eyes_hidden=eyes_hidden)
    scoring = load_scoring()
    with stage("measure the skin"):
        concerns = measure_concerns(pixels, mesh, scoring, laid_out)
    reading = FaceReading(
        quality=quality,
        face=measure_face(mesh, pose, _distance(photo, mesh), colours),
        skin=Skin(tone=tone, concerns=concerns, index=skin_index(concerns, scoring)),
        season=measure_season(tone, colours, light.agreement),
        prediction=predict(concerns, scoring, load_conditions(scoring.version)),
        classifications=tuple(model.predict(pixels, mesh) for model in models.classifiers),
        versions=Versions(
            pipeline=PIPELINE_VERSION,
            detector=models.detector_version,
            mesh=models.mesh_version,
            scoring=scoring.version,
            tables=table_versions() | ({"paper": paper_version()} if reference else {}),
        ),
    )
    with stage("encode"):
        photo_jpeg = encode_jpeg(photo.image, _PHOTO_QUALITY)
    return PhotoAnalysis(reading, photo_jpeg, photo.width, photo.height)


def _told(kind: ReferenceKind, paper: Paper | PaperReason) -> Reference:
    if isinstance(paper, Paper):
        return Reference(kind=kind, status="used", hint=say("reference.used"))
    return Reference(kind=kind, status="not_usable", reason=paper, hint=say(f"reference.{paper}"))


def _distance(photo: Photo, mesh: Mesh) -> Distance | None:
    header, scale = photo.header, photo.scale
    whole = header.width * scale, header.height * scale
    return lens_distance(head_pose(mesh), header.focal_35mm, *whole)


def _upright(photo: Photo, models: FaceModels) -> tuple[Photo, list[Mesh]]:
    """The photo with its faces the right way up, largest first.

    A file without EXIF may lie on its side or on its head, where the models see nobody or guess.
    """
    meshes = _meshes(photo, models)
    if meshes and abs(head_pose(meshes[0]).roll) <= _SIDEWAYS:
        return photo, meshes
    for turn in _TURNS:
        turned = replace(photo, image=photo.image.transpose(turn))
        upright = _meshes(turned, models)
        if upright and abs(head_pose(upright[0]).roll) <= _SIDEWAYS:
            return turned, upright
    return photo, meshes


def _closer(
    data: bytes, photo: Photo, mesh: Mesh, models: FaceModels, gates: Gates
) -> tuple[Photo, Mesh]:
    """The photo decoded again around a small face; as it was where that gains nothing."""
    middle = (mesh.points.min(axis=0) + mesh.points.max(axis=0)) / 2
    corners = (middle + _AROUND * _width(mesh)) / (photo.width, photo.height)
    left, top, right, bottom = (float(value) for value in corners.clip(0, 1).ravel())
    region = decode_region(data, gates, (left, top, right, bottom))
    closer = _meshes(region, models) if region.scale > photo.scale else []
    return (region, closer[0]) if closer else (photo, mesh)


def _meshes(photo: Photo, models: FaceModels) -> list[Mesh]:
    return sorted((face.mesh for face in models.find_faces(photo.pixels)), key=_width, reverse=True)


def _width(mesh: Mesh) -> float:
    return float(np.ptp(mesh.points[part("face"), 0]))


def _pose(mesh: Mesh) -> Pose:
    pose = head_pose(mesh)
    return Pose(yaw=round(pose.yaw, 1), pitch=round(pose.pitch, 1), roll=round(pose.roll, 1))
