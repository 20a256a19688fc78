"""The world of a service, in memory."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from facet.domain.account import AccountJob
from facet.domain.analysis import Analysis, Size, Status
from facet.domain.cursor import Cursors
from facet.domain.messages import FaceAnalyzed, LookWanted
from facet.domain.quota import Tier
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
    remembered: fakes.FakeRemembered = field(default_factory=fakes.FakeRemembered)
    users: fakes.FakeUsers = field(default_factory=fakes.FakeUsers)
    dresser: fakes.FakeDresser = field(default_factory=fakes.FakeDresser)
    events: fakes.FakeEvents = field(default_factory=fakes.FakeEvents)
    cursors: Cursors = field(default_factory=lambda: Cursors("a secret of these tests"))
    accounts: fakes.FakeAccounts = field(init=False)
    correlated: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.accounts = fakes.FakeAccounts((self.analyses, self.looks, self.shelves))

    def asked(self, **told: Any) -> Analysis:
        """An analysis that awaits its photo, which lies in the bucket already."""
        asked = fakes.analysis(**told)
        self.analyses.create(asked, Tier.FREE)
        for key in asked.upload_keys:
            self.uploads.of[key] = b"as sent"
        return asked

    def measured(self, **told: Any) -> Analysis:
        """An analysis that waits for its recommendations."""
        asked = self.asked(**told)
        claimed = self.analyses.claim(asked.user_id, asked.analysis_id, NOW)
        assert claimed
        self.media.of[claimed.photo_key] = b"upright"
        size = Size(width=600, height=800)
        saved = self.analyses.save_reading(claimed, face_reading(redness=40), size, NOW)
        assert saved
        return saved

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

    def row(self, analysis: Analysis) -> Analysis:
        """The analysis as it is now."""
        kept = self.analyses.get(analysis.user_id, analysis.analysis_id)
        assert kept
        return kept


@pytest.fixture
def world() -> World:
    return World()
