"""An analysis is asked for."""

from datetime import timedelta
from typing import Any

import pytest

from facet.domain.analysis import Analysis, Failure, Kind, Status
from facet.domain.errors import BusyError, PermanentError
from facet.domain.messages import jobs_of
from facet.domain.quota import QuotaExceededError, Tier
from facet.services.start_analysis import (
    NewAnalysis,
    sign_upload,
    start_analysis,
)
from tests.unit.services.conftest import NOW, World

WISH: dict[str, Any] = {
    "content_type": "image/jpeg",
    "content_length": 100,
    "checksum_sha256": "0" * 43 + "=",
    "consent_version": "2026-11",
    "wants": ("skincare", "outfit", "skincare"),
}


def start(
    world: World, *, analysis_id: str = "", minutes: int = 0, made: bool = False, **told: Any
) -> Analysis:
    return start_analysis(
        NewAnalysis.model_validate({**WISH, **told}),
        analysis_id=analysis_id or f"0{len(world.analyses.of)}",
        again=bool(analysis_id),
        made=made,
        user_id="user",
        tier=Tier.FREE,
        correlation_id="correlation",
        max_photo_bytes=1000,
        max_queue_depth=1,
        retention=timedelta(days=30),
        now=NOW + timedelta(minutes=minutes),
        analyses=world.analyses,
        jobs=world.jobs,
        shelves=world.shelves,
    )


def test_a_row_is_written_and_charged_and_each_wish_is_made_once(world: World) -> None:
    analysis = start(world)

    row = world.row(analysis)
    assert (row.status, row.wants) == (Status.AWAITING_UPLOAD, (Kind.SKINCARE, Kind.OUTFIT))
    assert row.expires_at == NOW + timedelta(days=30)
    assert set(world.analyses.used.values()) == {1}


def test_the_sheet_beside_the_face_is_kept_for_who_measures(world: World) -> None:
    assert world.row(start(world, reference="white_paper")).reference == "white_paper"
    assert world.row(start(world)).reference is None


def test_a_photo_that_is_too_large_is_refused(world: World) -> None:
    start(world, content_length=1000)
    with pytest.raises(PermanentError, match=r"file_too_large: The photo has 1,001 bytes"):
        start(world, content_length=1001)


def test_nobody_is_let_in_while_the_queue_is_long(world: World) -> None:
    world.jobs.send(jobs_of(world.measured()), "correlation")
    with pytest.raises(BusyError) as refusal:
        start(world)
    assert refusal.value.retry_after == 30


def test_a_used_up_day_is_refused(world: World) -> None:
    world.analyses.used["user", NOW.date().isoformat()] = 50
    with pytest.raises(QuotaExceededError):
        start(world)


def test_the_upload_is_signed_for_exactly_this_photo(world: World) -> None:
    analysis = start(world)

    started = sign_upload(analysis, now=NOW, uploads=world.uploads)

    assert analysis.upload_keys[0] in started.upload_url
    assert started.upload.headers["Content-Length"] == "100"
    assert started.upload.expires_at == NOW + timedelta(minutes=10)
    assert started.poll_after_ms == 1000


def test_a_repeated_request_is_the_same_analysis_with_ten_minutes_more(world: World) -> None:
    first = start(world, analysis_id="01A")

    again = start(world, analysis_id="01A", minutes=9)

    assert again.analysis_id == first.analysis_id
    assert world.row(again).upload_closes == NOW + timedelta(minutes=19)
    assert world.row(again).due_at == NOW + timedelta(minutes=20)
    assert set(world.analyses.used.values()) == {1}
    assert world.sweeps(15) == {}


def test_a_repeated_request_of_what_is_read_says_how_far_it_is_and_of_what_ended_that(
    world: World,
) -> None:
    taken = world.analyses.claim(start(world, analysis_id="01A"), NOW)
    assert taken
    assert start(world, analysis_id="01A") == taken

    failure = Failure(code="no_face", message="No face.")
    world.analyses.end(taken, Status.FAILED, failure, NOW)
    with pytest.raises(PermanentError, match="analysis_ended"):
        start(world, analysis_id="01A")


def test_what_a_deletion_took_meanwhile_is_not_there(world: World) -> None:
    first = start(world, analysis_id="01A")

    def meanwhile(*_: object) -> bool:
        world.analyses.delete(first)
        return False

    world.analyses.signed_again = meanwhile  # type: ignore[method-assign, assignment]
    with pytest.raises(PermanentError, match="analysis_not_found"):
        start(world, analysis_id="01A")


def test_a_minor_is_let_in_with_a_guardian_s_consent_alone(world: World) -> None:
    world.shelves.save_profile("user", {"age_band": "under_13"})
    with pytest.raises(PermanentError, match="guardian_consent_missing"):
        start(world)
    assert not world.analyses.used

    consent = {"version": "2026-11", "date": "2026-11-01"}
    world.shelves.save_profile("user", {"age_band": "under_13", "guardian_consent": consent})
    assert start(world).status is Status.AWAITING_UPLOAD


# --- several photos -------------------------------------------------------------------------------

ONE = {name: WISH[name] for name in ("content_type", "content_length", "checksum_sha256")}


def some_photos(*lengths: int, **told: Any) -> list[dict[str, Any]]:
    return [
        {**ONE, "content_length": length, "checksum_sha256": f"{number}" * 43 + "=", **told}
        for number, length in enumerate(lengths)
    ]


def start_with(world: World, **told: Any) -> Analysis:
    """Without the fields of the one photo."""
    without: dict[str, Any] = dict.fromkeys(ONE)
    return start(world, **without, **told)


def test_several_photos_are_one_charge_and_each_is_signed_for_itself(world: World) -> None:
    analysis = start_with(world, photos=some_photos(10, 20, 30))

    started = sign_upload(analysis, now=NOW, uploads=world.uploads)

    assert set(world.analyses.used.values()) == {1}
    assert [upload.photo for upload in started.uploads] == [0, 1, 2]
    for upload, key, length in zip(
        started.uploads, analysis.upload_keys, ("10", "20", "30"), strict=True
    ):
        assert f"/{key}?" in upload.upload_url
        assert upload.upload.headers["Content-Length"] == length
    checksums = {upload.upload.headers["x-amz-checksum-sha256"] for upload in started.uploads}
    assert len(checksums) == 3
    assert (started.upload_url, started.upload) == (
        started.uploads[0].upload_url,
        started.uploads[0].upload,
    )


def test_the_single_form_and_a_list_of_one_are_alike(world: World) -> None:
    single, listed = start(world), start_with(world, photos=some_photos(100))

    assert single.photos == listed.photos == ()
    assert len(sign_upload(single, now=NOW, uploads=world.uploads).uploads) == 1
    assert listed.upload_keys == (f"faces/user/{listed.analysis_id}",)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({**ONE, "photos": some_photos(1)}, "one of the two"),
        ({"content_type": "image/png", "photos": some_photos(1)}, "one of the two"),
        ({}, "one of the two"),
        ({"content_type": "image/png", "content_length": 3}, "one of the two"),
        ({"photos": some_photos(1) * 2}, "twice"),
        ({"photos": some_photos(1, 2, view="left")}, "from the front"),
    ],
)
def test_photos_told_in_no_one_way_are_refused_and_not_charged(
    world: World, told: dict[str, Any], why: str
) -> None:
    with pytest.raises(PermanentError, match=f"photos_invalid: .*{why}"):
        start(world, **{**dict.fromkeys(ONE), **told})
    assert not world.analyses.used


def test_one_photo_of_several_that_is_too_large_is_refused(world: World) -> None:
    with pytest.raises(PermanentError, match=r"file_too_large: The photo has 1,001 bytes"):
        start_with(world, photos=some_photos(10, 1001))
