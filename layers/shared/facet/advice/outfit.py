"""Outfits from the wardrobe for an occasion and its weather.

Every part (formality, harmony, season, warmth, pattern) is worth 0..1; an outfit is worth their
weighted geometric mean, times what was said of its garments before. Numbers are in wardrobe.toml.
"""

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from facet.advice import harmony
from facet.advice.harmony import LCh, Palette, Scale
from facet.advice.occasions import occasion_in_words, occasion_of
from facet.catalogue.words import fold
from facet.colour import hex_from_lab
from facet.domain.advice import Note, Profile, Reason, Source
from facet.domain.analysis import Kind
from facet.domain.face import FaceReading
from facet.domain.style import (
    Feedback,
    Garment,
    GarmentColour,
    GarmentSuggestion,
    Outfit,
    OutfitItem,
    OutfitResult,
    Slot,
    Weather,
)

METHOD = "1"
BASE: tuple[Slot, ...] = ("full_body", "top", "bottom")
ORDER: tuple[Slot, ...] = ("full_body", "top", "bottom", "outer", "shoes", "accessory")


@dataclass(frozen=True, slots=True)
class Piece:
    """A garment with what its colours say."""

    garment: Garment
    slot: Slot
    key: str
    colours: tuple[
        tuple[float | None, float], ...
    ]  # hue (None: neutral) and share of those that count
    hues: tuple[float, ...]  # degrees, of those that are not neutral
    season: float  # 0..1
    clo: float
    loud: bool  # patterned
    liking: float  # -1..1

    @property
    def name(self) -> str:
        return self.garment.name or self.garment.category


@dataclass(frozen=True, slots=True)
class _Scored:
    pieces: tuple[Piece, ...]
    worth: float
    parts: Mapping[str, float]
    relation: str


class _Pair(NamedTuple):
    """How the colours of two garments go together."""

    terms: tuple[tuple[float, float], ...]  # of each pair of colours: weight times fit, weight
    name: str  # the strongest relation
    loudest: float  # its weight


def recommend_outfit(
    reading: FaceReading,
    profile: Profile,
    wardrobe: Sequence[Garment | Mapping[str, Any]],
    feedback: Sequence[Feedback | Mapping[str, Any]],
    occasion: str | None = None,
    *,
    weather: Weather | None = None,
    today: date | None = None,
) -> OutfitResult:
    """Up to three outfits, each on a full-body garment or a top with a bottom.

    wardrobe and feedback: as stored; what cannot be read becomes a note. today: None asks neither
    when a garment was worn nor how old a verdict is. The same question has the same answer.
    """
    return _Stylist(
        reading, profile, wardrobe, feedback, occasion=occasion, weather=weather, today=today
    ).result()


class _Stylist:
    """One answer in the making."""

    def __init__(
        self,
        reading: FaceReading,
        profile: Profile,
        wardrobe: Sequence[Garment | Mapping[str, Any]],
        feedback: Sequence[Feedback | Mapping[str, Any]],
        *,
        occasion: str | None,
        weather: Weather | None,
        today: date | None,
    ) -> None:
        self.rules = rules()
        self.notes: list[Note] = []
        self.today, self.weather = today, weather
        known = occasion_of(occasion)
        if known is None:
            text = f"The occasion {occasion!r} is not one we know; this is for every day."
            self._note("unknown_occasion", text)
        self.occasion = known or "everyday"
        self.palette = Palette(reading)
        self.avoided = [
            word
            for term in (*profile.allergies, *profile.avoided_ingredients)
            if (word := " ".join(fold(term)))
        ]
        # A rating or a comment alone says nothing of what to wear, nor does a word on a product.
        verdicts = [f for f in feedback if isinstance(f, Feedback) or _on_an_outfit(f)]
        self.feedback = list(self._read(Feedback, verdicts, "feedback_unreadable"))
        garments = list(self._read(Garment, self._coloured(wardrobe), "garment_unreadable"))
        self.owned = len(garments)
        self.slots = {g.item_id: g.slot for g in garments}
        self.waterproof = any(g.slot == "outer" and g.waterproof for g in garments)
        self.liking = self._likings()
        self.pieces = self._pieces(self._fresh(self._allowed(garments)))
        self.pairs: dict[tuple[str, str], _Pair] = {}
        self.best: dict[Slot, list[Piece]] = {}

    def result(self) -> OutfitResult:
        outfits = self._outfits()
        wanted = self.rules["outfit"]["outfits"]
        if not self.owned:
            self._note("wardrobe_empty", "Add a garment or two: outfits are made of what you own.")
        elif len(outfits) < wanted:
            given = "one outfit" if len(outfits) == 1 else f"{len(outfits) or 'no'} outfits"
            text = f"Your wardrobe gives {given} for this, not {wanted}."
            self._note("thin_wardrobe", text)
        suggestion = self._suggestion(outfits)
        done = tuple(self._outfit(one) for one in outfits)
        return OutfitResult(
            status="completed" if len(done) == wanted else "partial",
            version=f"{METHOD}.{self.rules['version']}",
            based_on=self._based_on(),
            outfits=done,
            suggestions=(suggestion,) if suggestion else (),
            notes=tuple(dict.fromkeys(self.notes)),
            sources=self._sources(done),
        )

    # --- what is known --------------------------------------------------------------------------

    def _read[T: BaseModel](
        self, model: type[T], rows: Sequence[T | Mapping[str, Any]], code: str
    ) -> Iterable[T]:
        for row in rows:
            try:
                yield row if isinstance(row, model) else model.model_validate(dict(row))
            except (ValidationError, TypeError, ValueError):
                item_id = row.get("item_id") if isinstance(row, Mapping) else None
                what = "garment" if model is Garment else "piece of feedback"
                text = f"One {what} could not be read and was left out."
                self._note(code, text, item_id if isinstance(item_id, str) else None)

    def _coloured(
        self, wardrobe: Iterable[Garment | Mapping[str, Any]]
    ) -> list[Garment | Mapping[str, Any]]:
        """Without garments whose photo is to tell their colours and has not."""
        known = []
        for row in wardrobe:
            if isinstance(row, Mapping) and row.get("photo") and not row.get("colours"):
                name = row.get("name") or row.get("category") or "A garment"
                text = f"{name} was left out: its photo has not told its colours yet."
                self._note("garment_not_read", text, str(row.get("item_id", "")) or None)
            else:
                known.append(row)
        return known

    def _allowed(self, garments: Iterable[Garment]) -> list[Garment]:
        """None that is called by what the person is allergic to or avoids ('wool jumper')."""
        allowed = []
        for garment in garments:
            words = " ".join(fold(f"{garment.name or ''} {garment.category}"))
            # From the start of a word: wool is also in woollen.
            if any(f" {term}" in f" {words}" for term in self.avoided):
                text = f"{garment.name or garment.category}: named by something you avoid."
                self._note("avoided_material", text, garment.item_id)
            else:
                allowed.append(garment)
        return allowed

    def _fresh(self, garments: list[Garment]) -> list[Garment]:
        """Without what was worn within its slot's days."""
        if self.today is None:
            return garments
        worn = {g.item_id: [g.last_worn] if g.last_worn else [] for g in garments}
        for said in self.feedback:
            if said.verdict == "worn":
                for item_id in said.item_ids:
                    worn.get(item_id, []).append(said.on)
        fresh = [
            g
            for g in garments
            if not any(
                0 <= (self.today - day).days < self.rules["repeat"][g.slot]
                for day in worn[g.item_id]
            )
        ]
        if resting := len(garments) - len(fresh):
            rest = "One garment rests" if resting == 1 else f"{resting} garments rest"
            self._note(
                "worn_lately",
                f"{rest}: worn in the last days.",
                source=self.rules["repeat"]["source"],
            )
        return fresh

    def _likings(self) -> dict[str, float]:
        rule = self.rules["feedback"]
        found: dict[str, float] = {}
        for said in self.feedback:
            for item_id in said.item_ids:
                weight = rule[said.verdict] * 0.5 ** (self._age(said) / rule["half_life_days"])
                found[item_id] = min(1.0, max(-1.0, found.get(item_id, 0.0) + weight))
        return found

    def _age(self, said: Feedback) -> int:
        """Days since; what is dated later counts as said today."""
        return max(0, (self.today - said.on).days) if self.today else 0

    def _pieces(self, garments: Sequence[Garment]) -> list[Piece]:
        rule, axes_of = self.rules["colour"], scale().axes
        counted: list[list[GarmentColour]] = []
        for garment in garments:
            ranked = sorted(garment.colours, key=lambda c: (-c.share, c.hex))
            counted.append([c for c in ranked if c.share >= rule["least_share"]] or ranked[:1])
        if not counted:
            return []
        # All colours at once: one by one, they would take most of the time.
        every = LCh.of_hexes([c.hex for colours in counted for c in colours])
        fits = self.palette.fits([axes_of(c) for c in every], spread=rule["spread"]).tolist()
        each = iter(zip(every, fits, strict=True))
        return [
            self._piece(g, c, [next(each) for _ in c])
            for g, c in zip(garments, counted, strict=True)
        ]

    def _piece(
        self, garment: Garment, counted: Sequence[GarmentColour], seen: Sequence[tuple[LCh, float]]
    ) -> Piece:
        shares = [max(c.share, 1e-3) for c in counted]
        hues = [None if colour.is_neutral else colour.hue for colour, _ in seen]
        return Piece(
            garment,
            garment.slot,
            garment.item_id,
            tuple(zip(hues, (c.share for c in counted), strict=True)),
            tuple(hue for hue in hues if hue is not None),
            sum(fit * share for (_, fit), share in zip(seen, shares, strict=True)) / sum(shares),
            float(self.rules["clo"][garment.slot][garment.warmth - 1]),
            garment.pattern.casefold() not in self.rules["pattern"]["plain"],
            self.liking.get(garment.item_id, 0.0),
        )

    def _based_on(self) -> tuple[str, ...]:
        parts = [f"{self.owned} garments", f"occasion {self.occasion}"]
        if self.weather:
            rain = ", rain" if self.weather.rain else ""
            parts.append(f"{self.weather.temperature_c:.0f} degrees{rain}")
        if self.palette.known:
            parts.append(f"season, {self.palette.best} first")
        if self.feedback:
            parts.append(f"{len(self.feedback)} verdicts of yours")
        return tuple(parts)

    # --- choosing -------------------------------------------------------------------------------

    def _outfits(self) -> list[_Scored]:
        """The best, each of garments that the ones before it have not."""
        rule = self.rules["outfit"]
        bases = self._bases()
        formal = [b for b in bases if self._formality(b) >= rule["occasion_floor"]]
        if bases and not formal:
            text = f"Nothing you own is made for this occasion ({self.occasion}); these come near."
            self._note("not_dressy_enough", text)
        scored = [self._scored(base, spare=True) for base in formal or bases]
        scored.sort(key=lambda one: (-one.worth, _key(one)))
        whole = [self._dressed(one.pieces) for one in scored[: 2 * rule["candidates"]]]
        chosen: list[_Scored] = []
        while whole and len(chosen) < rule["outfits"]:
            seen = {p.key for one in chosen for p in one.pieces if p.slot in BASE}

            def after(one: _Scored, seen: set[str] = seen) -> tuple[float, str]:
                again = sum(p.key in seen for p in one.pieces)
                return (-one.worth * (1 - rule["shared"]) ** again, _key(one))

            best = min(whole, key=after)
            if best.worth < rule["floor"]:
                break
            chosen.append(best)
            whole = [one for one in whole if _base(one) != _base(best)]
        return chosen

    def _bases(self) -> list[tuple[Piece, ...]]:
        rejected = self._rejected()
        full, tops, bottoms = (self._candidates(slot) for slot in BASE)
        found: list[tuple[Piece, ...]] = [(one,) for one in full]
        found += [(top, bottom) for top in tops for bottom in bottoms]
        return [base for base in found if frozenset(p.key for p in base) not in rejected]

    def _rejected(self) -> set[frozenset[str]]:
        """Bases of outfits that were rejected lately and not accepted or worn since."""
        days = self.rules["feedback"]["rejected_days"]
        found: dict[frozenset[str], str] = {}
        for said in sorted(self.feedback, key=lambda one: one.on):
            base = frozenset(i for i in said.item_ids if self.slots.get(i) in BASE)
            if self._age(said) < days:
                found[base] = said.verdict
        return {base for base, verdict in found.items() if verdict == "reject"}

    def _candidates(self, slot: Slot) -> list[Piece]:
        """The garments of a slot that suit best alone."""
        if slot not in self.best:
            pieces = [p for p in self.pieces if p.slot == slot]
            pieces.sort(key=lambda p: (-self._alone(p), p.key))
            self.best[slot] = pieces[: self.rules["outfit"]["candidates"]]
        return self.best[slot]

    def _alone(self, piece: Piece) -> float:
        weight = self.rules["weight"]
        near = self.rules["colour"]["near_face"][piece.slot]
        said = math.exp(self.rules["feedback"]["weight"] * piece.liking)
        season = piece.season ** (weight["season"] * near)
        return float(self._formality((piece,)) ** weight["formality"] * season * said)

    def _dressed(self, base: tuple[Piece, ...]) -> _Scored:
        """The base with the outer layer, shoes and accessory that suit it best."""
        best = self._scored(base)
        missing = self._need - self._clo(base) if self.weather else 0.0
        rain = bool(self.weather and self.weather.rain)
        if rain or missing >= self.rules["clo"]["outer_from_clo"]:
            best = self._with(best, "outer", best.worth) or best
        bare = best.worth
        best = self._with(best, "shoes", 0.0) or best
        # An accessory is no must: it has to be worth more than going without it and shoes.
        more = self._with(best, "accessory", bare)
        return more if more and more.parts["harmony"] >= best.parts["harmony"] else best

    def _with(self, one: _Scored, slot: Slot, least: float) -> _Scored | None:
        """With the garment of a slot that makes it worth most; None where none is beyond least."""
        best = None
        for piece in self._candidates(slot)[: self.rules["outfit"]["tried"]]:
            more = self._scored((*one.pieces, piece), above=best.worth if best else least)
            if more.worth > (best.worth if best else least):
                best = more
        return best

    # --- worth ----------------------------------------------------------------------------------

    def _scored(
        self, pieces: tuple[Piece, ...], *, spare: bool = False, above: float = -1.0
    ) -> _Scored:
        """spare: an outer layer is still to come, so what it could add is not missed yet.

        above: what is worth no more than that even if its colours went together perfectly is not
        looked at further, and has no more worth than that.
        """
        near = self.rules["colour"]["near_face"]
        weights = [near[p.slot] for p in pieces]
        season = sum(w * p.season for w, p in zip(weights, pieces, strict=True)) / sum(weights)
        parts = {
            "formality": self._formality(pieces),
            "harmony": 1.0,
            "season": season if self.palette.known else 1.0,
            "warmth": self._warmth(pieces, spare) if self.weather else 1.0,
            "pattern": self._pattern(pieces),
        }
        liking = sum(p.liking for p in pieces) / len(pieces)
        factors = [math.exp(self.rules["feedback"]["weight"] * liking)]
        if not spare:
            factors.append(self._dryness(pieces))
        relation = "neutrals"
        worth = self._worth(parts, factors)
        if worth > above:
            relation, parts["harmony"] = self._harmony(pieces)
            worth = self._worth(parts, factors)
        return _Scored(pieces, worth, parts, relation)

    def _worth(self, parts: Mapping[str, float], factors: Iterable[float] = ()) -> float:
        weight = self.rules["weight"]
        worth = math.prod([float(max(v, 1e-6) ** weight[name]) for name, v in parts.items()])
        for factor in factors:
            worth *= factor
        return worth

    def _formality(self, pieces: Sequence[Piece]) -> float:
        rule = self.rules["formality"]
        levels = [p.garment.formality for p in pieces]
        low, high = min(levels), max(levels)
        off, apart = max(rule[self.occasion] - low, high - rule[self.occasion]), high - low
        return math.exp(-((off / rule["spread"]) ** 2) / 2 - ((apart / rule["apart"]) ** 2) / 4)

    def _harmony(self, pieces: Sequence[Piece]) -> tuple[str, float]:
        """(name of the strongest relation, 0..1) over the colours of different garments."""
        rule = self.rules["colour"]
        total = weights = 0.0
        name, loudest = "neutrals", 0.0
        for pair in combinations(pieces, 2):
            between = self._between(*pair)
            for worth, weight in between.terms:
                total, weights = total + worth, weights + weight
            if between.loudest > loudest:
                name, loudest = between.name, between.loudest
        fit = total / weights if weights else harmony.rules()["harmony"]["neutral_fit"]
        hues: list[float] = []
        for piece in pieces:
            for hue in piece.hues:
                if all(abs(harmony.hue_difference(hue, h)) > rule["hue_apart"] for h in hues):
                    hues.append(hue)
        more = max(0, len(hues) - rule["most_hues"])
        return name, float(fit * rule["one_hue_more"] ** more)

    def _between(self, one: Piece, other: Piece) -> _Pair:
        """What two garments' colours are to each other; asked of the same two many times."""
        key = one.key, other.key
        if key in self.pairs:
            return self.pairs[key]
        neutral = harmony.Relation("neutrals", harmony.rules()["harmony"]["neutral_fit"])
        name, loudest, terms = neutral.name, 0.0, []
        for hue, share in one.colours:
            for against, other_share in other.colours:
                kind = neutral
                if hue is not None and against is not None:
                    kind = harmony.relation_at(abs(harmony.hue_difference(hue, against)))
                weight = share * other_share
                terms.append((weight * kind.fit, weight))
                if kind is not neutral and weight > loudest:
                    name, loudest = kind.name, weight
        self.pairs[key] = _Pair(tuple(terms), name, loudest)
        return self.pairs[key]

    def _pattern(self, pieces: Sequence[Piece]) -> float:
        rule = self.rules["pattern"]
        loud = sum(p.loud for p in pieces)
        return 1.0 if loud < 2 else float(rule["second"] if loud == 2 else rule["more"])

    @cached_property
    def _need(self) -> float:
        rule = self.rules["clo"]
        met = rule["met_sport"] if self.occasion == "sport" else rule["met"]
        air = self.weather.temperature_c if self.weather else rule["indoors_c"]
        return float(max(0.0, (rule["skin_c"] - air) / (rule["divisor"] * met)))

    @cached_property
    def _warmest(self) -> float:
        """clo of the warmest outer layer that is looked at."""
        return max((p.clo for p in self._candidates("outer")), default=0.0)

    def _clo(self, pieces: Sequence[Piece]) -> float:
        return float(self.rules["clo"]["base"] + sum(p.clo for p in pieces))

    def _warmth(self, pieces: Sequence[Piece], spare: bool) -> float:
        rule = self.rules["clo"]
        over = self._clo(pieces) - self._need
        if over < 0 and spare:
            over = min(0.0, over + self._warmest)
        can_cool = any(p.slot == "outer" for p in pieces)
        warmer = rule["warmer_spread"] if can_cool else rule["stuck_spread"]
        spread = rule["colder_spread"] if over < 0 else warmer
        return math.exp(-((over / spread) ** 2) / 2)

    def _dryness(self, pieces: Sequence[Piece]) -> float:
        if not (self.weather and self.weather.rain):
            return 1.0
        rule = self.rules["rain"]
        dry = any(p.garment.waterproof for p in pieces if p.slot in ("outer", "full_body"))
        wet = any(p.slot == "shoes" and not p.garment.waterproof for p in pieces)
        shoes = rule["wet_shoes"] if wet else 1.0
        return float((rule["dry_outer"] if dry else rule["wet_outer"]) * shoes)

    # --- saying ---------------------------------------------------------------------------------

    def _outfit(self, one: _Scored) -> Outfit:
        pieces = sorted(one.pieces, key=lambda p: ORDER.index(p.slot))
        rule = self.rules["confidence"]
        certain = 1 - (1 - rule["no_season"]) * (1 - self.palette.certainty)
        certain *= 1.0 if self.weather else rule["no_weather"]
        return Outfit(
            items=tuple(
                OutfitItem(
                    item_id=p.key,
                    name=p.name,
                    slot=p.slot,
                    hex=max(p.garment.colours, key=lambda c: c.share).hex,
                )
                for p in pieces
            ),
            occasion=self.occasion,
            harmony=one.relation,
            insulation_clo=round(self._clo(pieces), 2),
            confidence=round(min(1.0, self._worth(one.parts) * certain), 2),
            why=tuple(self._why(one)),
        )

    def _why(self, one: _Scored) -> Iterable[Reason]:
        levels = sorted({p.garment.formality for p in one.pieces})
        level = f"{levels[0]}" if len(levels) == 1 else f"{levels[0]} to {levels[-1]}"
        yield Reason(
            text=f"Formality {level} of 5, for {occasion_in_words(self.occasion)}.",
            points_at="rules.wardrobe.formality",
            sources=(self.rules["formality"]["source"],),
        )
        yield Reason(
            text=_HARMONY[one.relation], points_at="rules.wardrobe.colour", sources=("harmony",)
        )
        near = self.rules["colour"]["near_face"]
        best = max(one.pieces, key=lambda p: (near[p.slot] * p.season, p.key))
        if self.palette.known and best.season >= 0.45:
            share = round(100 * self.palette.shares[self.palette.best])
            text = f"{best.name} has a colour of your season ({self.palette.best}, {share} %)"
            text += " near the face." if near[best.slot] >= 0.8 else "."
            yield Reason(text=text, points_at="season", sources=("seasons",))
        if self.weather:
            need, have = self._need, self._clo(one.pieces)
            verdict = "warm enough"
            if have < need - self.rules["clo"]["colder_spread"]:
                verdict = "not warm enough: add a layer"
            elif have > need + self.rules["clo"]["stuck_spread"] * 1.5:
                verdict = "rather warm"
            yield Reason(
                text=f"{self.weather.temperature_c:.0f} degrees ask for about {need:.1f} clo when "
                f"walking; this gives {have:.1f}: {verdict}.",
                points_at="weather.temperature_c",
                sources=("clo",),
            )
            if self.weather.rain:
                dry = [p.name for p in one.pieces if p.garment.waterproof]
                text = f"Against the rain: {', '.join(dry)}." if dry else "Take an umbrella."
                yield Reason(text=text, points_at="weather.rain")
        if liked := [p.name for p in one.pieces if p.liking > 0]:
            text = f"You liked it before: {', '.join(liked)}."
            yield Reason(text=text, points_at="feedback")

    def _suggestion(self, outfits: Sequence[_Scored]) -> GarmentSuggestion | None:
        """The one thing whose lack is felt most, in a colour of the likeliest season."""
        rain = bool(self.weather and self.weather.rain)
        slots = set(self.slots.values())
        cold = self.weather and all(
            self._clo(one.pieces) < self._need - self.rules["clo"]["colder_spread"]
            for one in outfits
        )
        gap: tuple[Slot, str, str] | None = None
        if "full_body" not in slots and not {"top", "bottom"} <= slots:
            slot: Slot = "bottom" if "top" in slots else "top"
            gap = slot, f"A {slot}: without one there is no outfit.", "wardrobe"
        elif rain and not self.waterproof:
            gap = "outer", "A waterproof outer layer: you own none, and it rains.", "weather.rain"
        elif cold and outfits:
            gap = (
                "outer",
                "A warmer outer layer: what you own for this weather is too light.",
                "weather.temperature_c",
            )
        elif outfits and "shoes" not in slots:
            gap = "shoes", "A pair of shoes: none are in your wardrobe yet.", "wardrobe"
        if gap is None:
            return None
        slot, text, points_at = gap
        why = [Reason(text=text, points_at=points_at)]
        if self.palette.known:
            text = f"In a colour of {self.palette.best}, your likeliest season."
            why.append(Reason(text=text, points_at="season", sources=("seasons",)))
        return GarmentSuggestion(
            slot=slot, hex=self._season_hex(), text=why[0].text, why=tuple(why)
        )

    def _season_hex(self) -> str:
        """The middle of what suits the likeliest season, as a garment's colour."""
        place, middle = harmony.rules()["seasons"][self.palette.best], scale()
        away = middle.neutral_distance - place["warmth"] * middle.hue_spread
        return hex_from_lab(
            LCh(
                middle.lightness + place["value"] * middle.lightness_spread,
                max(8.0, middle.chroma + place["chroma"] * middle.chroma_spread),
                (harmony.rules()["harmony"]["warm_pole"] + away) % 360,
            ).lab
        )

    def _note(
        self, code: str, text: str, item_id: str | None = None, source: str | None = None
    ) -> None:
        sources = (source,) if source else ()
        self.notes.append(Note(code=code, text=text, item_id=item_id, sources=sources))

    def _sources(self, outfits: Iterable[Outfit]) -> tuple[Source, ...]:
        cited = [s for outfit in outfits for reason in outfit.why for s in reason.sources]
        cited += [s for note in self.notes for s in note.sources]
        rows = {**harmony.rules()["sources"], **self.rules["sources"]}
        return tuple(Source(id=id_, **rows[id_]) for id_ in dict.fromkeys(cited))


_HARMONY = {
    "neutrals": "Neutrals carry it: they go with everything.",
    "tonal": "One hue in several depths.",
    "analogous": "Hues that lie side by side.",
    "complement": "Hues that lie opposite set each other off.",
    "split": "Nearly opposite hues: contrast without the clash.",
    "triad": "Three hues evenly apart: lively.",
    "free": "Colours of no classic relation; the best your wardrobe gives here.",
}


def _on_an_outfit(said: Any) -> bool:
    if not isinstance(said, Mapping):
        return True  # to be reported
    of_an_outfit = said.get("kind", Kind.OUTFIT) == Kind.OUTFIT and "product_id" not in said
    return of_an_outfit and "verdict" in said


def _base(one: _Scored) -> frozenset[str]:
    return frozenset(p.key for p in one.pieces if p.slot in BASE)


def _key(one: _Scored) -> str:
    """Stable order among equals."""
    return "/".join(sorted(p.key for p in one.pieces))


@cache
def scale() -> Scale:
    """Of garments."""
    row = {k: float(v) for k, v in rules()["scale"].items() if k != "source"}
    return Scale(**row)


@cache
def rules() -> Mapping[str, Any]:
    """wardrobe.toml."""
    path = Path(__file__).with_name("wardrobe.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
