"""What every answer of the API tells a browser, errors included.

template.yaml has the same for what API Gateway answers by itself; a test holds them together.
"""

from typing import Final

# Answers are JSON that is nobody's page: nothing is to be run, framed, guessed at or passed on.
SECURITY_HEADERS: Final = {
    "Strict-Transport-Security": "max-age=31536000",  # a year
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
# Faces and what people tell of their health stay out of every cache, a phone's own included. An app
# may hold an answer itself, and ask with its ETag.
NOT_KEPT: Final = {"Cache-Control": "no-store"}
# What is the same for everybody: kept, and asked for again by its ETag.
KEPT: Final = {"Cache-Control": "private, no-cache"}
KEPT_FOR_AN_HOUR: Final = {"Cache-Control": "private, max-age=3600"}
