"""What a soak saw: what of it breaks a promise, a table of it, and a plot."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from math import ceil
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.report import budget, number

EMULATOR = "MiniStack"  # its own process, beside those that it starts for functions
PHASES = ("capacity", "steady", "burst")
COMPLETED = "completed"
TERMINAL = {COMPLETED, "failed", "expired"}
ENDED = {COMPLETED, "partial", "failed"}  # advice and looks
BEGIN, END = "<!-- soak: begin -->", "<!-- soak: end -->"


@dataclass(frozen=True, slots=True)
class Sent:
    """One photo that a phone sent, until the phone knew how it ended."""

    phase: str
    at: float  # seconds since the soak began, when the phone knew
    seconds: float  # from the first request on
    outcome: str  # a status; `failed` with its code; or the call that went wrong, and how


@dataclass(frozen=True, slots=True)
class Worker:
    """One process, and its resident memory over time."""

    function: str  # as the template calls it
    sizes: Sequence[tuple[float, float]]  # seconds since the soak began, MB

    def growth(self, begin: float, end: float) -> float | None:
        """MB by which the last quarter of this time is above the first, by their medians.

        None for a process that did not live through most of it.
        """
        within = [(at, size) for at, size in self.sizes if begin <= at <= end]
        quarter = len(within) // 4
        if not quarter or within[-1][0] - within[0][0] < 0.75 * (end - begin):
            return None
        sizes = [size for _, size in within]
        return median(sizes[-quarter:]) - median(sizes[:quarter])


@dataclass(frozen=True, slots=True)
class Person:
    """One user's account, once nothing moves any more."""

    used: int  # of the day's quota
    statuses: Mapping[str, int]  # of every analysis of the history
    parts: Mapping[str, int] = field(default_factory=dict)  # advice and looks, by how they ended


@dataclass(frozen=True, slots=True)
class Soak:
    """Everything that was seen."""

    about: str  # the machine
    minutes: float
    capacity: float  # analyses a minute
    rate: float  # of the steady phase, a minute
    phases: Mapping[str, tuple[float, float]]  # when each began and ended to send
    drained: float  # seconds from the last photo sent until every queue was empty
    sent: Sequence[Sent]
    workers: Sequence[Worker]
    people: Sequence[Person]
    queues: Mapping[str, int]  # messages in each after the drain, by its name in the template
    swept: Mapping[str, int]  # statuses of what only the sweep ended
    killed: Mapping[str, int]  # by the emulator at their timeout, by function

    @property
    def statuses(self) -> Counter[str]:
        """Of every analysis of everybody."""
        return sum((Counter(person.statuses) for person in self.people), Counter())

    @property
    def parts(self) -> Counter[str]:
        """Advice and looks of everybody."""
        return sum((Counter(person.parts) for person in self.people), Counter())

    def growth(self) -> dict[str, float]:
        """MB, by function: of that worker which grew most while the load was steady."""
        found: dict[str, float] = {}
        for worker in self.workers:
            grown = worker.growth(*self.phases["steady"])
            if grown is not None:
                found[worker.function] = max(grown, found.get(worker.function, grown))
        return found


def broken(soak: Soak) -> list[str]:
    """A line for each promise that was not kept."""
    told = [f"{n} analyses are still {s}" for s, n in soak.statuses.items() if s not in TERMINAL]
    told += [f"{n} x {part}" for part, n in soak.parts.items() if is_open(part)]
    told += [f"{name} holds {n} messages" for name, n in soak.queues.items() if n]
    told += [
        f"person {number_of}: {person.used} used, {person.statuses.get(COMPLETED, 0)} completed"
        for number_of, person in enumerate(soak.people)
        if person.used != person.statuses.get(COMPLETED, 0)
    ]
    limit = budget("soak/growth")
    growth = {name: grown for name, grown in soak.growth().items() if name != EMULATOR}
    if not growth:
        told.append("no worker lived through the steady phase")
    told += [
        f"a worker of {function} grew by {grown:.0f} MB ({limit})"
        for function, grown in growth.items()
        if not limit.met_by(grown)
    ]
    return told


def is_open(part: str) -> bool:
    """Whether it is still to come, as `look rendering` and `thumbnail missing` are."""
    return part.split()[1] not in ENDED


# --- the table ------------------------------------------------------------------------------------


def tables(soak: Soak) -> str:
    """Markdown: what was sent and how it ended, what was found afterwards, each worker's memory."""
    verdict = broken(soak)
    parts = [
        f"{soak.minutes:g} minutes of {number(soak.rate)} photos a minute, half of the "
        f"{number(soak.capacity)} that this machine did, then the burst. {soak.about}.",
        _rows(("phase", "sent", "ended as", "half within", "95 % within"), _phase_rows(soak)),
        _rows(("afterwards", "found", "has to be"), _found_rows(soak)),
        _rows(("worker", "processes", "MB, steady", "grew by", "most"), _memory_rows(soak)),
        "![Memory of each worker and analyses ended in each minute, over the soak](soak.svg)",
        "Kept: all of it." if not verdict else f"**Not kept:** {'; '.join(verdict)}.",
    ]
    return "\n\n".join(parts)


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def _phase_rows(soak: Soak) -> Iterator[Sequence[str]]:
    for phase in PHASES:
        sent = [one for one in soak.sent if one.phase == phase]
        seconds = [one.seconds for one in sent if one.outcome.split()[0] in TERMINAL]
        yield (
            phase,
            str(len(sent)),
            _counted(Counter(one.outcome for one in sent)),
            f"{median(seconds):.1f} s" if seconds else "",
            f"{_p95(seconds):.1f} s" if seconds else "",
        )


def _p95(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]


def _found_rows(soak: Soak) -> Iterator[Sequence[str]]:
    completed = soak.statuses[COMPLETED]
    used = sum(person.used for person in soak.people)
    yield "analyses", _counted(soak.statuses), "none on its way"
    yield "advice and looks", _counted(soak.parts), "none on its way"
    yield f"used quota of {len(soak.people)} people", f"{used}", f"{completed}, each person's exact"
    yield f"messages in {len(soak.queues)} queues", f"{sum(soak.queues.values())}", "0"
    yield "seconds until they were empty", f"{soak.drained:.0f}", ""
    yield "ended by the sweep alone", _counted(soak.swept) or "none", ""
    yield "workers killed at their timeout", _counted(soak.killed) or "none", "the emulator's"


def _memory_rows(soak: Soak) -> Iterator[Sequence[str]]:
    growth, (begin, end) = soak.growth(), soak.phases["steady"]
    for function in functions(soak.workers):
        workers = [worker for worker in soak.workers if worker.function == function]
        sizes = [(at, size) for worker in workers for at, size in worker.sizes]
        steady = [size for at, size in sizes if begin <= at <= end]
        yield (
            function.removesuffix("Function"),
            str(len(workers)),
            f"{median(steady):.0f}" if steady else "",
            f"{growth[function]:+.1f}" if function in growth else "",
            f"{max(size for _, size in sizes):.0f}",
        )


def _counted(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{n} {what}" for what, n in ordered if n)


def functions(workers: Iterable[Worker]) -> list[str]:
    """Names of the functions, the emulator last."""
    names = {worker.function for worker in workers}
    return [*sorted(names - {EMULATOR}), *({EMULATOR} & names)]


def published(document: str, made: str) -> str:
    """A document with what is between its markers replaced. Raises ValueError without markers."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


# --- the plot -------------------------------------------------------------------------------------

STYLE = (Path(__file__).parent / "soak.css").read_text(encoding="utf-8")
WIDTH, LEFT, RIGHT = 860, 56, 130  # the right margin holds the names
MEMORY = (40, 250)  # top and height, in pixels, as the next
MINUTES = (340, 100)
HEIGHT = 480
LINE = 15  # between two names


def plot(soak: Soak) -> str:
    """SVG: memory of each worker, and below it the analyses that ended in each minute."""
    shown = [worker for worker in soak.workers if worker.function != EMULATOR and worker.sizes]
    last = max([at for worker in shown for at, _ in worker.sizes] + [one.at for one in soak.sent])
    minutes = max(1, ceil(last / 60))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-labelledby="title" font-size="12" '
        "font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif\">",
        '<title id="title">Memory of each worker, and analyses ended in each minute</title>',
        f"<style>\n{STYLE}</style>",
        f'<rect class="page" x="1" y="1" width="{WIDTH - 2}" height="{HEIGHT - 2}" rx="12"/>',
        *_phases(soak.phases, minutes),
        *_memory(shown, minutes),
        *_ended(soak.sent, minutes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(at: float, minutes: int) -> float:
    return LEFT + at / (60 * minutes) * (WIDTH - LEFT - RIGHT)


def _y(value: float, most: float, panel: tuple[int, int]) -> float:
    top, height = panel
    return top + height * (1 - value / most)


def _phases(phases: Mapping[str, tuple[float, float]], minutes: int) -> Iterator[str]:
    """A band behind both panels for the time in which each phase sent."""
    for name, (begin, end) in phases.items():
        left, right = _x(begin, minutes), _x(end, minutes)
        yield (
            f'<rect class="band {escape(name)}" x="{left:.1f}" y="{MEMORY[0]}" '
            f'width="{right - left:.1f}" height="{sum(MINUTES) - MEMORY[0]}"/>'
        )
        middle, y = (left + right) / 2, MEMORY[0] - 6
        yield f'<text class="note middle" x="{middle:.1f}" y="{y}">{escape(name)}</text>'


def _axis(panel: tuple[int, int], most: float, step: float, title: str) -> Iterator[str]:
    yield f'<text class="name" x="{LEFT}" y="{panel[0] - 22}">{escape(title)}</text>'
    for tick in range(0, int(most) + 1, int(step)):
        y = _y(tick, most, panel)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        yield f'<text class="note tick" x="{LEFT - 6}" y="{y + 4:.1f}">{tick}</text>'


def _memory(workers: Sequence[Worker], minutes: int) -> Iterator[str]:
    most = 50 * ceil(max((size for w in workers for _, size in w.sizes), default=1) / 50)
    yield from _axis(MEMORY, most, 50, "Memory of each worker, MB")
    names = functions(workers)
    for worker in workers:
        points = [(_x(at, minutes), _y(size, most, MEMORY)) for at, size in worker.sizes]
        colour = f"f{names.index(worker.function) % 8}"
        yield f'<polyline class="line {colour}" points="{_path(points)}"/>'
    # A name stands where its longest watched worker ends, below the one above it.
    ends = {name: _longest(workers, name).sizes[-1][1] for name in names}
    below = 0.0
    for name in sorted(names, key=lambda name: -ends[name]):
        below = max(below + LINE, _y(ends[name], most, MEMORY) + 4)
        label = escape(name.removesuffix("Function"))
        colour = f"f{names.index(name) % 8}"
        yield f'<text class="label {colour}" x="{WIDTH - RIGHT + 8}" y="{below:.1f}">{label}</text>'


def _longest(workers: Sequence[Worker], function: str) -> Worker:
    return max((w for w in workers if w.function == function), key=lambda w: len(w.sizes))


def _path(points: Sequence[tuple[float, float]]) -> str:
    """Points in tenths of a pixel, without those that lie on a level line between two others."""
    drawn = [(round(x, 1), round(y, 1)) for x, y in points]
    kept = [
        point
        for before, point, after in zip([None, *drawn[:-1]], drawn, [*drawn[1:], None], strict=True)
        if before is None or after is None or not before[1] == point[1] == after[1]
    ]
    return " ".join(f"{x:g},{y:g}" for x, y in kept)


def _ended(sent: Sequence[Sent], minutes: int) -> Iterator[str]:
    counts = Counter(int(one.at // 60) for one in sent if one.outcome.split()[0] in TERMINAL)
    step = max(10, 10 * ceil(max(counts.values(), default=1) / 40))
    most = step * ceil(max(counts.values(), default=1) / step)
    yield from _axis(MINUTES, most, step, "Analyses ended in each minute")
    for minute, n in sorted(counts.items()):
        left, right = _x(60 * minute, minutes) + 1, _x(60 * (minute + 1), minutes) - 1
        y = _y(n, most, MINUTES)
        yield (
            f'<rect class="bar" x="{left:.1f}" y="{y:.1f}" width="{right - left:.1f}" '
            f'height="{sum(MINUTES) - y:.1f}"/>'
        )
    for minute in range(minutes + 1):
        x = _x(60 * minute, minutes)
        yield f'<text class="note middle" x="{x:.1f}" y="{sum(MINUTES) + 16}">{minute}</text>'
    yield f'<text class="note middle" x="{WIDTH - RIGHT + 24}" y="{sum(MINUTES) + 16}">min</text>'


def as_json(soak: Soak) -> dict[str, Any]:
    """What was seen, with nothing left out."""
    return asdict(soak) | {"broken": broken(soak), "growth": soak.growth()}
