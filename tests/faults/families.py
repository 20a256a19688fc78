"""Every sort of trial there is."""

from typing import Final

from tests.faults.deliveries import DELIVERIES
from tests.faults.doubles import DOUBLES
from tests.faults.faults import FAULTS, NOTHING
from tests.faults.interleavings import INTERLEAVINGS
from tests.faults.outages import OUTAGES
from tests.faults.poison import POISON
from tests.faults.releases import RELEASES, ROWS
from tests.faults.trials import Family

FAMILIES: Final[dict[str, Family]] = {
    family.name: family
    for family in (
        *(NOTHING, FAULTS, INTERLEAVINGS, DOUBLES, DELIVERIES, RELEASES, ROWS, OUTAGES, POISON),
    )
}
