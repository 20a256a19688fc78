"""`python -m tests.faults`, which `make faults` runs; its processes import run.py by its name."""

import sys

from tests.faults.run import main

sys.exit(main())
