"""Every sort of trial there is."""

from typing import Final

from tests.faults.faults import FAULTS
from tests.faults.trials import Family

FAMILIES: Final[dict[str, Family]] = {family.name: family for family in (FAULTS,)}
