"""How much of a measure's noise the mean of several photos of one minute takes away.

No real bursts are at hand, so they are made: every burst has one light (exposure and white balance,
as far as the edits go that minimum_change is set by), and every photo of it a tilt, a scale and a
compression of its own. What the light does to a measure, all photos of a burst share, and no mean
takes it away. `python -m evaluation.burst rows.jsonl` measures what the file does not hold yet, and
prints for each half of the photos what facet/vision/merge.toml is set by and judged on; where what
is shared lies in 95 % of 300 resamplings of the photos says whether a row has to be set anew.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evaluation import edits
from evaluation.measure import CONCERNS, judged_on, models
from evaluation.photos import CLOSEUPS, PORTRAITS, FacePhoto, folder, load_photos
from facet.domain.errors import PhotoRejectedError
from facet.vision.analyze import analyze_photo
from facet.vision.merge import noise_left
from facet.vision.photo.gates import load_gates

BURSTS, PHOTOS = 6, 3
STOPS, BALANCE, DEGREES = 0.5, 0.05, 4.0
SCALES, QUALITIES = (0.75, 1.0), (60, 75, 95)
LEAST = 12  # bursts, below which nothing is said
RESAMPLES = 300

Row = dict[str, Any]


def bursts(photo: FacePhoto, seed: int) -> Iterator[list[Row]]:
    """Every burst made of one photo: what each of its photos measures."""
    draw = np.random.default_rng([21, seed])
    for _ in range(BURSTS):
        stops = draw.uniform(-STOPS, STOPS)
        red, blue = 1 + draw.uniform(-BALANCE, BALANCE, 2)
        lit = edits.white_balance(photo.pixels, (red * 2**stops, 2**stops, blue * 2**stops))
        taken = []
        for _ in range(PHOTOS):
            turned = edits.rotate(lit, draw.uniform(-DEGREES, DEGREES))
            scaled = edits.resize(turned, draw.uniform(*SCALES))
            taken.append(read(edits.as_jpeg(scaled, int(draw.choice(QUALITIES)))))
        yield taken


def read(file: bytes) -> Row:
    """Concern -> [measured, minimum_change]; empty where even relaxed gates refuse the photo."""
    try:
        reading = analyze_photo(file, models(), load_gates("relaxed")).reading
    except PhotoRejectedError:
        return {}
    return {
        concern.name: [concern.measured, concern.minimum_change]
        for concern in reading.skin.concerns
        if concern.measured is not None
    }


def measure(out: Path) -> list[Row]:
    """The rows of all photos; each is appended as soon as it is there."""
    rows = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    done = {row["photo"] for row in rows}
    photos = sorted(load_photos(folder()), key=lambda photo: photo.path.name)
    for group in (CLOSEUPS, PORTRAITS):
        for number, photo in enumerate(photo for photo in photos if photo.group == group):
            base = read(edits.as_png(photo.pixels)) if photo.name not in done else {}
            if photo.frontal and base:
                half = "judge" if number % 2 else "tune"
                about = {"photo": photo.name, "group": group, "half": half, "base": base}
                rows.append(about | {"bursts": list(bursts(photo, number))})
                with out.open("a") as file:
                    file.write(json.dumps(rows[-1]) + "\n")
    return rows


def judge(rows: Sequence[Row], concern: str) -> tuple[int, float, float] | None:
    """(bursts, own share of a photo's noise, 95th percentile of the mean's noise over one's)."""
    noise = np.array(
        [
            [(photo[concern][0] - before) / unit for photo in burst]
            for row in rows
            if judged_on(concern, row["group"])
            for before, unit in [row["base"].get(concern, (0, 0))]
            for burst in row["bursts"]
            if unit and all(concern in photo for photo in burst)
        ]
    )  # (bursts, photos), in minimum_change
    if len(noise) < LEAST:
        return None
    own = float(noise.var(axis=1, ddof=1).mean() / (noise**2).mean())
    one, mean = (np.quantile(np.abs(x), 0.95) for x in (noise, noise.mean(axis=1)))
    return len(noise), own, float(mean / one)


def shared(rows: Sequence[Row], concern: str) -> float | None:
    """Of a photo's noise what its burst shares, at least: by variance, and by the percentiles."""
    told = judge(rows, concern)
    if told is None:
        return None
    _, own, left = told
    # Solved for what `noise_left` is made of.
    return max(1 - own, (left**2 - 1 / PHOTOS) / (1 - 1 / PHOTOS))


def reach(rows: Sequence[Row], concern: str) -> tuple[float, float]:
    """Where it lies in 95 % of the resamplings of the photos."""
    draw = np.random.default_rng(1)
    seen = [row for row in rows if judged_on(concern, row["group"]) and concern in row["base"]]
    chosen = (draw.integers(0, len(seen), len(seen)) for _ in range(RESAMPLES))
    with np.errstate(divide="ignore", invalid="ignore"):  # photos on which nothing is seen
        again = [shared([seen[at] for at in places], concern) for places in chosen]
    low, high = np.nanquantile([value for value in again if value is not None], (0.025, 0.975))
    return float(low), float(high)


def main() -> None:
    rows = measure(Path(sys.argv[1]))
    for half in ("tune", "judge"):
        print(f"{half}: bursts, shared at least, 95 %, noise left, row's")
        those = [row for row in rows if row["half"] == half]
        for concern in CONCERNS:
            told = judge(those, concern)
            if told is None:
                print(f"  {concern:14} too few")
                continue
            low, high = reach(those, concern)
            print(
                f"  {concern:14} {told[0]:4} {shared(those, concern):.2f} "
                f"({low:.2f} to {high:.2f}) {told[2]:.2f} {noise_left(concern, PHOTOS):.2f}"
            )


if __name__ == "__main__":
    main()
