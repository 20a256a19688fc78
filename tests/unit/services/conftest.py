"""The world of a service, in memory."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

import pytest

from facet.domain.account import AccountJob
from facet.domain.analysis import Analysis, Kind, ReadAnalysis, Size, Status
from facet.domain.cursor import Cursors
from facet.domain.messages import FaceAnalyzed, LookWanted
from facet.domain.overdue import OPEN_SHARDS
from facet.domain.quota import Tier
from facet.services import sweep as sweeping
from facet.services.analyze_face import Measure, analyze_face
from tests import fakes
from tests.unit.conftest import face_reading

NOW = fakes.now()


@dataclass
class World:
    """A fake for every port, and analyses brought as far as a test needs them."""

    analyses: fakes.FakeAnalyses = field(default_factory=fakes.FakeAnalyses)
    looks: fakes.FakeLooks = field(default_factory=fakes.FakeLooks)
    shelves: fakes.FakeShelves = field(default_factory=fakes.FakeShelves)
    products: fakes.FakeProducts = field(default_factory=fakes.FakeProducts)
    uploads: fakes.FakeObjects = field(default_factory=lambda: fakes.FakeObjects("uploads"))
    media: fakes.FakeObjects = field(default_factory=lambda: fakes.FakeObjects("media"))
    jobs: fakes.FakeQueue[FaceAnalyzed] = field(default_factory=fakes.FakeQueue)
    look_jobs: fakes.FakeQueue[LookWanted] = field(default_factory=fakes.FakeQueue)
    account_jobs: fakes.FakeQueue[AccountJob] = field(default_factory=fakes.FakeQueue)
    users: fakes.FakeUsers = field(default_factory=fakes.FakeUsers)
    dresser: fakes.FakeDresser = field(default_factory=fakes.FakeDresser)
    events: fakes.FakeEvents = field(default_factory=fakes.FakeEvents)
    cursors: Cursors = field(default_factory=lambda: Cursors("a secret of these tests"))
    accounts: fakes.FakeAccounts = field(init=False)
    overdue: fakes.FakeOverdue = field(init=False)
    correlated: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        parts = (self.analyses, self.looks, self.shelves)
        self.accounts = fakes.FakeAccounts(parts)
        self.overdue = fakes.FakeOverdue((*parts, self.accounts))

    def asked(self, **told: Any) -> Analysis:
        """An analysis that awaits its photo, which lies in the bucket already."""
        asked = fakes.analysis(**told)
        for key in asked.upload_keys:
            self.uploads.of[key] = b"as sent"
        return self.analyses.create(asked, Tier.FREE)

    def measured(self, **told: Any) -> Analysis:
        """An analysis that waits for its recommendations."""
        asked = self.asked(**told)
        claimed = self.analyses.claim(asked, NOW)
        assert claimed
        self.media.of[claimed.photo_key] = b"upright"
        size = Size(width=600, height=800)
        saved = self.analyses.save_reading(claimed, face_reading(redness=40), size, NOW)
        assert saved
        return saved

    def completed(
        self,
        results: Mapping[Kind, Mapping[str, Any]] | None = None,
        *,
        lost: bool = False,
        **told: Any,
    ) -> Analysis:
        """An analysis that is completed, with these results; lost: each was."""
        saved = self.measured(**told)
        for kind in saved.wants:
            result = {"status": "failed", "code": "job_lost"} if lost else {"status": "completed"}
            self.analyses.save_result(saved, kind, (results or {}).get(kind, result), lost=lost)
            self.analyses.take_off(saved, kind)
        completed = self.analyses.complete(saved, NOW, all_lost=lost)
        assert completed
        return completed

    def sweeps(self, minutes: int, **how: Any) -> Counter[str]:
        """The sweep over all shards, so many minutes from NOW."""
        world = sweeping.World(
            **{each.name: getattr(self, each.name) for each in fields(sweeping.World)}
        )
        at = NOW + timedelta(minutes=minutes)
        done: Counter[str] = Counter()
        for shard in range(OPEN_SHARDS):
            done += sweeping.sweep(shard, at, world, **how)
        return done

    def arrives(
        self, asked: Analysis, key: str, measure: Measure, *, now: datetime = NOW
    ) -> Status | None:
        """S3 tells that a photo has come."""
        return analyze_face(
            asked.user_id,
            asked.analysis_id,
            key,
            measure=measure,
            analyses=self.analyses,
            uploads=self.uploads,
            media=self.media,
            jobs=self.jobs,
            events=self.events,
            correlate=self.correlated.append,
            clock=lambda: now,
        )

    def read(self, analysis: Analysis) -> ReadAnalysis:
        """The analysis with what was measured, as it is now."""
        kept = self.analyses.read(analysis.user_id, analysis.analysis_id)
        assert kept
        return kept

    def row(self, analysis: Analysis) -> Analysis:
        """The analysis as it is now."""
        kept = self.analyses.get(analysis.user_id, analysis.analysis_id)
        assert kept
        return kept


@pytest.fixture
def world() -> World:
    return World()
