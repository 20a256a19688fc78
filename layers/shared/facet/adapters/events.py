"""The EventBridge bus, where the rest of the world hears of ended analyses."""

from typing import TYPE_CHECKING

from facet.domain.errors import FacetError
from facet.domain.messages import AnalysisEnded

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "facet"


class EventBus:
    """One event bus of EventBridge."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    def publish(self, event: AnalysisEnded) -> None:
        """Put the event of an ended analysis on the bus. Raises FacetError when it is refused."""
        answer = self._client.put_events(
            Entries=[
                {
                    "EventBusName": self._name,
                    "Source": SOURCE,
                    "DetailType": event.detail_type,
                    "Detail": event.model_dump_json(exclude_none=True),
                }
            ]
        )
        if answer["FailedEntryCount"]:
            raise FacetError(f"the event bus refused: {answer['Entries']}")
