"""Facet: from a photo of a face to measures and advice."""

import os

# Before numpy is loaded, wherever Facet runs: its matrix products are small, and a second thread
# only spins beside the first, for two to eleven times the CPU of the work itself.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
