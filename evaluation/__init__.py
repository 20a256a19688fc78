"""What the measures reach, on photos: against limits, labels, edits and repeats."""

import facet  # noqa: F401 before numpy, here and in a worker: it keeps numpy to one thread
