"""What the measures reach, on photos: against limits, labels, edits and repeats."""

import os

# Before numpy is loaded, here or in a worker: beside a process on each core, numpy's own threads
# only spin, six times as long as the work itself takes.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
