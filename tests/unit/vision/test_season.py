import numpy as np
import pytest

from facet.domain.face import FeatureColour, MonkShare, Share, Tone
from facet.vision.skin import season

TABLE = season._table()


def tone(lightness: float, chroma: float, hue: float) -> Tone:
    a, b = chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))
    return Tone(
        ita=30, ita_interval=(20, 40), ita_class="intermediate", monk=(MonkShare(tone=4, share=1),),
        undertone="neutral", undertone_confidence=0.5, hue=hue, lab=(lightness, a, b),
        hex="#808080", confidence=0.5,
    )  # fmt: skip


def coloured(hair: float | None, eyes: float | None = 23.0) -> tuple[FeatureColour, ...]:
    values = {"hair": hair, "eyes": eyes}
    return tuple(
        FeatureColour(feature=name, lab=(value, 2.0, 3.0))
        if value is not None
        else FeatureColour(feature=name, reason="not seen")
        for name, value in values.items()
    )


def shares_of(shares: tuple[Share, ...]) -> dict[str, float]:
    return {share.name: share.share for share in shares}


def test_all_twelve_seasons_share_the_whole() -> None:
    shares = shares_of(season.measure_season(tone(69, 25, 46), coloured(29), 1.0))

    assert len(shares) == 12
    assert sum(shares.values()) == pytest.approx(1, abs=0.01)
    assert max(shares.values()) < 0.5


@pytest.mark.parametrize(
    ("skin", "hair", "eyes", "name"),
    [
        ((80, 22, 50), 62, 42, "Light Spring"),
        ((80, 22, 41), 62, 42, "Light Summer"),
        ((45, 25, 51), 10, 10, "Deep Autumn"),
        ((45, 25, 41), 8, 8, "Deep Winter"),
        ((70, 26, 58), 25, 20, "True Spring"),
        ((66, 18, 50), 42, 25, "Soft Autumn"),
        ((66, 18, 42), 42, 25, "Soft Summer"),
        ((75, 33, 42), 12, 18, "Bright Winter"),
    ],
)
def test_a_face_at_a_season_gets_that_season(
    skin: tuple[int, int, int], hair: int, eyes: int, name: str
) -> None:
    seasons = season.measure_season(tone(*skin), coloured(hair, eyes), 1.0)

    assert name in [season_share.name for season_share in seasons[:2]]


def test_a_disputed_light_moves_no_one_from_cool_to_warm_for_sure() -> None:
    def warm_share(agreement: float) -> float:
        shares = shares_of(season.measure_season(tone(69, 25, 56), coloured(29), agreement))
        return sum(share for name, share in shares.items() if name.endswith(("Spring", "Autumn")))

    assert warm_share(1.0) > warm_share(0.0) > 0.5


def test_hair_that_is_not_seen_leaves_contrast_out_and_flattens_the_shares() -> None:
    # What hair would have said must come from nowhere: without it, contrast is not known.
    seen = season.axes(tone(75, 25, 46), coloured(10), 1.0)
    unseen = season.axes(tone(75, 25, 46), coloured(None), 1.0)

    assert np.isfinite(seen["contrast"][1])
    assert np.isinf(unseen["contrast"][1])
    assert unseen["value"][1] > seen["value"][1]
    seasons = season.measure_season(tone(75, 33, 42), coloured(None), 1.0)
    assert seasons[0].share < season.measure_season(tone(75, 33, 42), coloured(10), 1.0)[0].share


def test_warmth_follows_the_hue_of_the_skin() -> None:
    cool, warm = (season.axes(tone(69, 25, hue), (), 1.0)["warmth"][0] for hue in (36, 56))

    assert cool < -1 < 1 < warm
