"""Looks from the face that was measured and the make-up that is owned.

Skin-coloured shades follow the measured skin by CIEDE2000, under the error of one photo; blush,
lips and lids follow the season's shares and the hues beside them; contour follows the shape's
shares. All numbers are in makeup.toml, seasons.toml and shades.toml beside this file.
"""

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from statistics import NormalDist
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from facet.advice import harmony
from facet.advice.answer import Notes, cited
from facet.advice.harmony import LCh, Palette, Scale
from facet.advice.occasions import occasion_of
from facet.advice.owned import is_expired, read_bag
from facet.catalogue.catalogue import Catalogue
from facet.catalogue.suitable import Contents, Person, contents_of, refusal
from facet.catalogue.words import normal
from facet.colour import delta_e_2000, lab_from_hex
from facet.domain.advice import Profile, Reason, Source
from facet.domain.face import FaceReading, Tone
from facet.domain.products import BagItem, HexColor, Product
from facet.domain.style import (
    Look,
    LookStep,
    MakeupCategory,
    MakeupResult,
    Neighbour,
    Region,
    ShadeMatch,
)
from facet.saying import say

METHOD = "1"
CATEGORIES: tuple[str, ...] = get_args(MakeupCategory)
SEASONAL = ("blush", "lip", "eyeshadow")

Floats = NDArray[np.floating]
Direction = Literal["lighter", "deeper", "warmer", "cooler", "softer", "richer"]


@dataclass(frozen=True, slots=True)
class Shade:
    """A colour to put on: of the bag (item_id) or of the shade card."""

    category: str
    name: str  # of the product, or the shade's own
    hex: str
    finish: str | None
    item_id: str | None = None
    product_id: str | None = None

    @property
    def lch(self) -> LCh:
        return _lch(self.hex)

    @property
    def key(self) -> str:
        """Stable order among equals."""
        return f"{self.item_id or ''}/{self.hex}/{self.name}"


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A shade and why it was chosen."""

    shade: Shade
    why: tuple[Reason, ...]
    confidence: float
    match: ShadeMatch | None = None


def recommend_makeup(
    reading: FaceReading,
    profile: Profile,
    bag: Sequence[BagItem | Mapping[str, Any]],
    catalogue: Catalogue,
    occasion: str | None = None,
    *,
    today: date | None = None,
) -> MakeupResult:
    """Up to three looks for an occasion; the same question always gets the same answer.

    bag: as stored; what cannot be used becomes a note. catalogue: names the owned products and
    knows every ingredient. today: None does not ask how long anything has been open.
    """
    return _Artist(reading, profile, bag, catalogue, occasion=occasion, today=today).result()


def worn(
    entry: BagItem, product: Product | None
) -> tuple[MakeupCategory | None, HexColor | None, str | None]:
    """What an owned product is as makeup, its colour and its finish; None: nobody said.

    product: the catalogue's, where the entry names one.
    """
    word = normal((product.category if product else entry.category) or "")
    name = rules()["called"].get(word, word.replace(" ", "_"))
    category = cast(MakeupCategory, name) if name in CATEGORIES else None
    colour = entry.shade or (product.shade if product else None)
    if colour is None and category == "mascara":
        colour = str(rules()["mascara"]["assumed"])
    return category, colour, entry.finish or (product.finish if product else None)


def sampled_skin(tone: Tone) -> Floats:
    """(15, 3) CIELAB: equally likely colours of the skin behind one photo of it.

    Lightness runs through the quantiles of ITA, taken as one standard deviation to either end of
    its interval at the measured b*; hue turns by the error of its white balance.
    """
    rule = rules()["match"]
    lightness, chroma, hue = LCh.of_lab(tone.lab)
    low, high = (_lightness_at(end, tone) for end in tone.ita_interval)
    doubt = 1 - tone.undertone_confidence
    turn = rule["hue_error_sure"] * (1 - doubt) + rule["hue_error_unsure"] * doubt
    normal_ = NormalDist()
    samples = []
    for z in (normal_.inv_cdf(q) for q in (0.1, 0.3, 0.5, 0.7, 0.9)):
        moved = lightness + abs(z) * ((high if z > 0 else low) - lightness)
        for y in (normal_.inv_cdf(q) for q in (1 / 6, 1 / 2, 5 / 6)):
            samples.append(LCh(min(max(moved, 0.0), 100.0), chroma, hue + y * turn).lab)
    return np.asarray(samples)


def _lightness_at(ita: float, tone: Tone) -> float:
    """L* that this ITA has at the skin's own b*; at b* <= 0 ITA says nothing of L*."""
    lightness, _, b = tone.lab
    if b <= 1:
        return lightness
    wanted = 50 + math.tan(math.radians(min(max(ita, -80), 80))) * b
    # Light moves b* along with L*, so the whole way would overstate it where ITA is steep.
    return min(max(wanted, lightness - 12), lightness + 12)


class _Artist:
    """One answer in the making."""

    def __init__(
        self,
        reading: FaceReading,
        profile: Profile,
        bag: Sequence[BagItem | Mapping[str, Any]],
        catalogue: Catalogue,
        *,
        occasion: str | None,
        today: date | None,
    ) -> None:
        self.reading, self.profile, self.catalogue = reading, profile, catalogue
        self.rules = rules()
        self.notes = Notes()
        self.person = Person.of_profile(profile, catalogue.ingredients)
        self.occasion = self._occasion(occasion)
        self.owned = self._owned(bag, today)
        self.palette = Palette(reading)
        self.skin = LCh.of_lab(reading.skin.tone.lab)
        self.samples = sampled_skin(reading.skin.tone)
        self.colours = {c.feature: c for c in reading.face.colours if c.lab is not None}
        self.used: dict[str, int] = {}  # shades of earlier looks -> how often
        self.same: dict[tuple[str, bool], _Chosen | None] = {}  # of what every look shares

    def result(self) -> MakeupResult:
        looks: list[Look] = []
        for idea in self.rules["ideas"]:
            look = self._look(idea)
            if look.steps and not any(_same(look, other) for other in looks):
                looks.append(look)
        wanted = set(self.rules["occasion"][self.occasion]["steps"])
        whole = all(wanted <= {s.category for s in look.steps} for look in looks)
        if len(looks) < len(self.rules["ideas"]):
            text = f"What can be used gives {len(looks)} different looks, not three."
            self.notes.add("few_looks", text)
        return MakeupResult(
            status="completed" if whole and len(looks) == 3 else "partial",
            version=f"{METHOD}.{self.rules['version']}",
            catalogue=self.catalogue.version,
            based_on=self._based_on(),
            looks=tuple(looks),
            notes=tuple(dict.fromkeys(self.notes)),
            sources=self._sources(looks),
        )

    # --- what is known --------------------------------------------------------------------------

    def _occasion(self, given: str | None) -> str:
        known = occasion_of(given)
        if known is None:
            text = f"The occasion {given!r} is not one we know; these looks are for every day."
            self.notes.add("unknown_occasion", text)
        return known or "everyday"

    def _based_on(self) -> tuple[str, ...]:
        tone = self.reading.skin.tone
        parts = [f"skin {tone.hex}, {tone.undertone} undertone"]
        if self.palette.known:
            parts.append(f"season, {self.palette.best} first")
        if self.reading.face.shape:
            parts.append(f"face shape, {self.reading.face.shape[0].name} first")
        parts += [f"{name} colour" for name in sorted(self.colours)]
        owned = sum(len(items) for items in self.owned.values())
        return (*parts, f"{owned} of your own products")

    def _owned(
        self, bag: Sequence[BagItem | Mapping[str, Any]], today: date | None
    ) -> dict[str, list[Shade]]:
        shades: dict[str, list[Shade]] = {}
        for entry, product in read_bag(bag, self.catalogue, self.notes):
            shade = self._shade_of(entry, product, today)
            if shade is not None:
                shades.setdefault(shade.category, []).append(shade)
        return {name: sorted(items, key=lambda s: s.key) for name, items in shades.items()}

    def _shade_of(
        self, entry: BagItem, product: Product | None, today: date | None
    ) -> Shade | None:
        """The make-up of a bag entry that may be used, or None (with a note, where it is one)."""
        category, colour, finish = worn(entry, product)
        name = product.name if product else entry.name
        if category is None or not name:
            return None  # skincare and the like: another job's business
        contents = contents_of(self.catalogue.ingredients, product, entry)
        keeps = self.rules["keeps"]
        months = keeps[category]
        if verdict := refusal(self.person, contents):
            self.notes.add(verdict.code, verdict.text(name), entry.item_id)
        elif entry.quantity == 0:
            self.notes.add("used_up", say("bag.used_up", name=name), entry.item_id)
        elif is_expired(entry, months, today):
            text = say("bag.expired", name=name, months=months)
            self.notes.add("expired", text, entry.item_id, keeps["source"])
        elif colour is None:
            self.notes.add("shade_needed", say("bag.shade_needed", name=name), entry.item_id)
        else:
            return Shade(category, name, colour, finish, entry.item_id, entry.product_id)
        return None

    # --- one look -------------------------------------------------------------------------------

    def _look(self, idea: Mapping[str, Any]) -> Look:
        plan = self.rules["occasion"][self.occasion]
        needed = {*plan["steps"], *([idea["first"]] if plan["accents"] else [])}
        wanted = [
            c
            for c in self.rules["order"]["steps"]
            if c in needed or (c in plan["if_owned"] and self.owned.get(c))
        ]
        # The idea's own colour is chosen first, so that the others can follow it.
        by_turn = sorted(wanted, key=lambda c: (c != idea["first"], c not in SEASONAL))
        chosen: dict[str, _Chosen] = {}
        for category in by_turn:
            lead = chosen[idea["first"]].shade if idea["first"] in chosen else None
            may_suggest = category in needed
            if category == "lip_liner":
                pick = self._lip_liner(chosen.get("lip"))
            else:
                pick = self._choose(category, idea, lead, may_suggest)
            if pick:
                chosen[category] = pick
        for pick in chosen.values():
            self.used[pick.shade.key] = self.used.get(pick.shade.key, 0) + 1
        steps = tuple(self._step(c, chosen[c], idea, plan) for c in wanted if c in chosen)
        confidence = sum(s.confidence for s in steps) / len(steps) if steps else 0.0
        why = [Reason(text=idea["text"], points_at="rules.makeup", sources=(idea["source"],))]
        if self.palette.known:
            why.append(self._season_reason())
        return Look(
            name=f"{self.occasion.capitalize()}: {idea['name']}",
            idea=idea["id"],
            occasion=self.occasion,
            steps=steps,
            confidence=round(confidence, 2),
            why=tuple(why),
        )

    def _choose(
        self, category: str, idea: Mapping[str, Any], lead: Shade | None, may_suggest: bool
    ) -> _Chosen | None:
        if category in SEASONAL:
            return self._season_shade(category, idea, lead, may_suggest)
        key = category, may_suggest
        if key not in self.same:
            self.same[key] = self._choose_for_all(category, idea, may_suggest)
        return self.same[key]

    def _choose_for_all(
        self, category: str, idea: Mapping[str, Any], may_suggest: bool
    ) -> _Chosen | None:
        if category in ("foundation", "concealer"):
            return self._skin_shade(category, may_suggest)
        if category == "eyeliner":
            return self._season_shade(category, idea, None, may_suggest)
        if category == "brow":
            return self._brow(may_suggest)
        if category == "mascara":
            return self._mascara(may_suggest)
        return self._skin_like(category, may_suggest)

    def _step(
        self, category: str, pick: _Chosen, idea: Mapping[str, Any], plan: Mapping[str, Any]
    ) -> LookStep:
        shade = pick.shade
        place = self._contour() if category == "contour" else self.rules["place"][category]
        strength = idea["strength"].get(category, self.rules["strength"].get(category, 50))
        finish, why = self._finish(shade)
        cautions = []
        if shade.item_id is None and self.person.avoided:
            terms = ", ".join((*self.profile.allergies, *self.profile.avoided_ingredients))
            cautions.append(f"Choose one without: {terms}.")
        return LookStep(
            category=cast(MakeupCategory, category),
            regions=cast(tuple[Region, ...], tuple(place["regions"])),
            tool=place["tool"],
            how=place["how"],
            name=shade.name,
            item_id=shade.item_id,
            product_id=shade.product_id,
            hex=shade.hex,
            shade=self._nearest_name(shade) if shade.item_id else shade.name,
            finish=finish,
            intensity=round(strength * plan["strength"]),
            match=pick.match,
            confidence=round(pick.confidence, 2),
            why=(*self._ownership(shade), *pick.why, *place.get("why", ()), *why),
            cautions=tuple(cautions),
        )

    def _said(self, category: str) -> str:
        return str(self.rules["said"].get(category, category))

    def _ownership(self, shade: Shade) -> tuple[Reason, ...]:
        if shade.item_id:
            return (Reason(text="You own it.", points_at=f"bag.{shade.item_id}"),)
        name = self._said(shade.category)
        owned = self.owned.get(shade.category)
        if owned:
            which = "Your own" if len(owned) == 1 else f"None of your {len(owned)}"
            does = "does not suit here" if len(owned) == 1 else "suits here"
            text = f"{which} {name} {does}; this shade would, whatever the brand."
        else:
            text = f"You own no {name} we can use; look for this shade, whatever the brand."
        return (Reason(text=text, points_at="bag"),)

    def _finish(self, shade: Shade) -> tuple[str, tuple[Reason, ...]]:
        """The shade's own finish; for a suggestion, one that the skin asks for."""
        if shade.item_id:
            return shade.finish or "as it is", ()
        measured = {c.name: c.score for c in self.reading.skin.concerns}
        for rule in self.rules["finish"]:
            score = measured.get(rule["concern"])
            if (
                score is not None
                and score <= rule["below"]
                and shade.category in rule["categories"]
            ):
                reason = Reason(
                    text=rule["text"],
                    points_at=f"skin.concerns.{rule['concern']}",
                    sources=(rule["source"],),
                )
                if shade.finish != rule["suggests"]:
                    return rule["suggests"], (reason,)
        return shade.finish or "natural", ()

    # --- shades that follow the skin ------------------------------------------------------------

    def _skin_shade(self, category: str, may_suggest: bool) -> _Chosen | None:
        rule = self.rules["match"]
        lift = rule["lighten"] if category == "concealer" else 0.0
        target = np.asarray(self.skin.lab) + np.array([lift, 0, 0])
        samples = self.samples + np.array([lift, 0, 0])
        for pool in (self.owned.get(category, []), self._card("skin", category)):
            owned = pool and pool[0].item_id
            if not pool or not (owned or may_suggest):
                continue
            labs = _labs(pool)
            away = delta_e_2000(labs, target)
            best = int(np.argmin(away))
            if away[best] <= rule["near"]:
                match = self._matched(pool[best], target, samples, category)
                return _Chosen(pool[best], self._match_why(match, lift), match.chance, match)
            if owned:
                self.notes.add(
                    "shade_does_not_match",
                    f"{pool[best].name}: no match for your skin "
                    f"(CIEDE2000 {away[best]:.1f}; at most {rule['near']:.0f} would do).",
                    pool[best].item_id,
                    rule["source"],
                )
        if may_suggest:
            text = f"No match: no {category} shade we know is near enough to your skin."
            self.notes.add(f"no_{category}_match", text, source=rule["source"])
        return None

    def _matched(self, shade: Shade, target: Floats, samples: Floats, category: str) -> ShadeMatch:
        rule = self.rules["match"]
        away = delta_e_2000(_lab(shade.hex), samples)
        measured = float(delta_e_2000(_lab(shade.hex), target))
        low, high = np.quantile(away, (0.1, 0.9))
        return ShadeMatch(
            delta_e=round(measured, 2),
            interval=(round(float(low), 2), round(float(high), 2)),
            verdict="excellent" if measured <= rule["excellent"] else "near",
            chance=round(float(np.mean(away <= rule["near"])), 2),
            neighbour=self._neighbour(shade, samples, category),
        )

    def _neighbour(self, shade: Shade, samples: Floats, category: str) -> Neighbour | None:
        """The shade beside the chosen that is most often nearer, where the photo erred."""
        rule = self.rules["match"]
        own = [s for s in self.owned.get(category, []) if s.item_id != shade.item_id]
        card = [s for s in self._card("skin", category) if s.hex != shade.hex]
        pool = [*own, *card]
        if not pool:
            return None
        labs = _labs(pool)
        # Only what may still be the skin, and can be told from the chosen one.
        fits = delta_e_2000(labs, samples[len(samples) // 2]) <= rule["near"]
        fits &= delta_e_2000(labs, _lab(shade.hex)) >= rule["apart"]
        rows = np.flatnonzero(fits)
        if not len(rows):
            return None
        away = delta_e_2000(labs[rows][:, None], samples[None])
        nearer = np.mean(away < delta_e_2000(_lab(shade.hex), samples), axis=1)
        best = int(rows[np.argmax(nearer)])
        chance = float(nearer.max())
        if chance < rule["neighbour"]:
            return None
        other = pool[best]
        return Neighbour(
            name=other.name,
            hex=other.hex,
            direction=_direction(shade.lch, other.lch),
            chance=round(chance, 2),
        )

    def _match_why(self, match: ShadeMatch, lift: float) -> tuple[Reason, ...]:
        goal = "the skin under your eyes, one step lighter" if lift else "your measured skin"
        text = (
            f"{match.verdict.capitalize()} match: CIEDE2000 {match.delta_e:.1f} from {goal}; "
            f"one photo leaves {match.interval[0]:.1f} to {match.interval[1]:.1f}."
        )
        sources = (self.rules["match"]["source"],)
        why = [Reason(text=text, points_at="skin.tone.lab", sources=sources)]
        if other := match.neighbour:
            text = f"If it is off on you, try one {other.direction}: {other.name}."
            # Apart, as its name may be one that its owner typed.
            why.append(Reason(text=text, points_at="match.neighbour", sources=sources))
        return tuple(why)

    def _skin_like(self, category: str, may_suggest: bool) -> _Chosen | None:
        """Contour, bronzer and highlighter: the skin's own colour, moved."""
        rule = self.rules["skin_like"][category]
        lightness, chroma, hue = self.skin
        target = LCh(
            min(max(lightness + rule["lightness"], 5), 95),
            chroma * rule["chroma"],
            hue + rule["hue"],
        )
        found = self._nearest(category, target, rule["within"], may_suggest)
        if found is None:
            return None
        shade, away = found
        side = "deeper" if rule["lightness"] < 0 else "lighter"
        text = f"A shade {side} than your skin ({self.reading.skin.tone.hex}), as this step needs."
        source = self.rules["skin_like"]["source"]
        confidence = self.reading.skin.tone.confidence * (1 - away / (2 * rule["within"]))
        reason = Reason(text=text, points_at="skin.tone.lab", sources=(source,))
        return _Chosen(shade, (reason,), confidence)

    def _brow(self, may_suggest: bool) -> _Chosen | None:
        rule = self.rules["brow"]
        seen = self.colours.get("brows") or self.colours.get("hair")
        if seen is None or seen.lab is None:
            text = "Brows and hair could not be seen well enough to choose a brow shade."
            self.notes.add("brows_not_seen", text)
            return None
        lightness, chroma, hue = LCh.of_lab(seen.lab)
        if lightness > rule["light_from"]:
            lightness += rule["deepen"]
        elif lightness < rule["dark_from"]:
            lightness += rule["soften"]
        target = LCh(lightness, chroma, hue)
        found = self._nearest("brow", target, rule["within"], may_suggest)
        if found is None:
            return None
        shade, away = found
        text = f"Close to your {seen.feature} ({seen.name or seen.hex})."
        reason = Reason(
            text=text, points_at=f"face.colours.{seen.feature}", sources=(rule["source"],)
        )
        return _Chosen(shade, (reason,), max(0.0, seen.confidence * (1 - away / 30)))

    def _mascara(self, may_suggest: bool) -> _Chosen | None:
        rule = self.rules["mascara"]
        hair = self.colours.get("hair") or self.colours.get("brows")
        light = bool(hair and hair.lab and hair.lab[0] >= rule["light_hair"])
        owned = self.owned.get("mascara", [])
        pool = owned or (self._card("mascara", "mascara") if may_suggest else [])
        wanted = rule["softer" if light else "black"]
        if not pool:
            return None
        shade = min(pool, key=lambda s: (float(_away(s.hex, wanted)), s.key))
        text = "Softer than black beside light hair." if light else "Black frames every eye."
        points_at = f"face.colours.{hair.feature}" if light and hair else "rules.makeup"
        reason = Reason(text=text, points_at=points_at, sources=(rule["source"],))
        return _Chosen(shade, (reason,), 0.9 if hair else 0.7)

    def _lip_liner(self, lip: _Chosen | None) -> _Chosen | None:
        """An owned one near the lip colour; none is suggested."""
        rule = self.rules["lip_liner"]
        if lip is None:
            return None
        found = self._nearest("lip_liner", lip.shade.lch, rule["within"], may_suggest=False)
        if found is None:
            return None
        shade, away = found
        text = f"Near the lip colour (CIEDE2000 {away:.1f}), so that the line does not show."
        reason = Reason(text=text, points_at="rules.makeup", sources=(rule["source"],))
        return _Chosen(shade, (reason,), lip.confidence)

    def _nearest(
        self, category: str, target: LCh, within: float, may_suggest: bool
    ) -> tuple[Shade, float] | None:
        """(shade, CIEDE2000) nearest to the target; an owned one wherever it serves."""
        owned = self.owned.get(category, [])
        for pool in (owned, self._card(category, category) if may_suggest else []):
            if not pool:
                continue
            away = delta_e_2000(_labs(pool), np.asarray(target.lab))
            best = int(np.argmin(away))
            if away[best] <= within or pool[best].item_id is None:
                return pool[best], min(float(away[best]), 2 * within)
        return None

    # --- shades that follow the season ----------------------------------------------------------

    def _season_shade(
        self, category: str, idea: Mapping[str, Any], lead: Shade | None, may_suggest: bool
    ) -> _Chosen | None:
        card = self._card(category, category)
        owned = self.owned.get(category, [])
        fits = self._fits([*owned, *card], idea, lead)
        top = max((fits[s.key] for s in card), default=0.0)
        # What suits the person serves in every idea: a bright lip is a quiet one when sheer.
        plain = self._fits(owned, {"eye": idea["eye"], "shift": {}}, None)
        least = self.rules["choice"]["owned_from"] * top
        pool = [s for s in owned if max(fits[s.key], plain[s.key]) >= least]
        if not pool and may_suggest:
            pool = [s for s in card if fits[s.key] > 0]
        if not pool:
            return None
        again = self.rules["choice"]["again"].get(category, 1.0)
        # A shade of an earlier look makes room for another that suits.
        shade = min(pool, key=lambda s: (-fits[s.key] * again ** self.used.get(s.key, 0), s.key))
        sure = self.reading.skin.tone.confidence * (0.5 + 0.5 * self.palette.certainty)
        share = min(1.0, fits[shade.key] / top) if top else 0.0
        why = self._season_why(shade, idea, lead)
        return _Chosen(shade, why, sure * (0.4 + 0.6 * share))

    def _fits(
        self, shades: Sequence[Shade], idea: Mapping[str, Any], lead: Shade | None
    ) -> dict[str, float]:
        """Key -> 0..1: how a colour suits the season, on this skin, in this idea."""
        if not shades:
            return {}
        category = shades[0].category
        choice = self.rules["choice"]
        scale, distance, above = self._scale(category)
        shift = idea["shift"].get(category, (0.0, 0.0, 0.0))
        season = self.palette.fits([scale.axes(s.lch) for s in shades], shift, choice["spread"])
        shown = delta_e_2000(_labs(shades), np.asarray(self._ground(category)))
        visible = np.minimum(1.0, shown / distance) ** 2
        found = {}
        for shade, suits in zip(shades, season * visible, strict=True):
            fit = float(suits)
            lighter = shade.lch.lightness - self.skin.lightness - above
            metallic = shade.finish in choice["metallic"]
            if lighter > 0 and not metallic:  # matte and lighter than the skin looks like chalk
                fit *= math.exp(-((lighter / choice["chalk"]) ** 2))
            if category == "eyeshadow":
                fit *= self._eye_factor(shade, idea, lead)
            if lead is not None and lead is not shade:
                kind = self._relation(lead, shade, idea)
                fit *= 1 - choice["harmony"] + choice["harmony"] * kind.fit
            found[shade.key] = fit
        return found

    def _eye_factor(self, shade: Shade, idea: Mapping[str, Any], lead: Shade | None) -> float:
        """An accent sets off the iris; any other lid is brown, colourless, or of the lead's hue."""
        choice = self.rules["choice"]
        if idea["eye"] == "accent":
            return self._set_off(shade)
        low, high = choice["quiet_hues"]
        quiet = low <= shade.lch.hue <= high or shade.lch.chroma < choice["quiet_chroma"]
        if idea["eye"] == "tonal" and lead is not None:
            turn = abs(harmony.hue_difference(shade.lch.hue, lead.lch.hue))
            quiet = quiet or turn <= choice["family"]
        return 1.0 if quiet and shade.finish not in choice["metallic"] else float(choice["loud"])

    def _relation(self, lead: Shade, shade: Shade, idea: Mapping[str, Any]) -> harmony.Relation:
        kind = harmony.relation(lead.lch, shade.lch)
        wanted = idea["eye"] if shade.category == "eyeshadow" else "tonal"
        if wanted == "tonal" and kind.name in ("split", "triad", "complement"):
            return harmony.Relation("free", harmony.rules()["harmony"]["free_fit"])
        return kind

    def _season_why(
        self, shade: Shade, idea: Mapping[str, Any], lead: Shade | None
    ) -> tuple[Reason, ...]:
        why = [self._season_reason()] if self.palette.known else []
        eyes = self.colours.get("eyes")
        accent = shade.category == "eyeshadow" and idea["eye"] == "accent"
        if accent and eyes and self._iris() and self._turn(shade) >= 110:
            text = f"Set against your {eyes.name or eyes.hex} eyes, across the colour wheel."
            why.append(Reason(text=text, points_at="face.colours.eyes", sources=("iris",)))
        if lead is not None and shade.category in SEASONAL:
            kind = self._relation(lead, shade, idea)
            if kind.name in ("tonal", "analogous"):
                text = f"In one family with the {self._said(lead.category)}."
                why.append(
                    Reason(text=text, points_at="rules.makeup.harmony", sources=("harmony",))
                )
        return tuple(why)

    def _scale(self, category: str) -> tuple[Scale, float, float]:
        """The category's colour scale on this skin, the CIEDE2000 from which a colour shows, and
        by how much a matte one may be lighter than the skin."""
        row = dict(
            self.rules["eyeliner"]["scale"]
            if category == "eyeliner"
            else self.rules["scale"][category]
        )
        distance, above = float(row.pop("distance")), float(row.pop("above_skin"))
        moved = row.pop("with_skin") * (self.skin.lightness - 62)
        return replace(Scale(**row), lightness=row["lightness"] + moved), distance, above

    def _ground(self, category: str) -> tuple[float, float, float]:
        lips = self.colours.get("lips")
        least = self.rules["choice"]["lip_confidence"]
        if category == "lip" and lips and lips.lab and lips.confidence >= least:
            return lips.lab
        return self.skin.lab

    def _iris(self) -> LCh | None:
        """The iris, where it has a hue to set off; brown is dark orange and takes every colour."""
        eyes = self.colours.get("eyes")
        if eyes is None or eyes.lab is None or "brown" in (eyes.name or ""):
            return None
        iris = LCh.of_lab(eyes.lab)
        choice = self.rules["choice"]
        sure = eyes.confidence >= choice["iris_confidence"]
        return iris if sure and iris.chroma >= choice["iris_chroma"] else None

    def _turn(self, shade: Shade) -> float:
        iris = self._iris()
        return abs(harmony.hue_difference(iris.hue, shade.lch.hue)) if iris else 0.0

    def _set_off(self, shade: Shade) -> float:
        """0..1: how far an eye accent lies opposite the iris."""
        if self._iris() is None:
            return 1.0
        weight = self.rules["choice"]["complement_of_iris"]
        opposite = math.exp(-(((180 - self._turn(shade)) / 60) ** 2) / 2)
        seen = min(1.0, shade.lch.chroma / 15)  # taupe sets nothing off
        return float(1 - weight + weight * opposite * seen)

    def _season_reason(self) -> Reason:
        best = self.palette.best
        share = round(100 * self.palette.shares[best])
        others = "" if share >= 50 else " and the seasons next to it"
        return Reason(
            text=f"Suits {best}, your likeliest season ({share} %){others}.",
            points_at="season",
            sources=("seasons",),
        )

    # --- where ----------------------------------------------------------------------------------

    def _contour(self) -> dict[str, Any]:
        rule = self.rules["contour"]
        shapes = [
            s
            for s in self.reading.face.shape or ()
            if s.share >= rule["from_share"] and s.name in rule["shapes"]
        ]
        if not shapes:
            return {**rule["unknown"], "tool": rule["tool"]}
        best = rule["shapes"][shapes[0].name]
        # What two likely shapes agree on comes first; places of the likeliest one alone follow.
        shared = [
            r
            for r in best["regions"]
            if all(r in rule["shapes"][s.name]["regions"] for s in shapes[:2])
        ]
        regions = [*shared, *(r for r in best["regions"] if r not in shared)]
        names = " or ".join(f"{s.name} ({round(100 * s.share)} %)" for s in shapes[:2])
        reason = Reason(
            text=f"Placed for a face that looks {names}.",
            points_at="face.shape",
            sources=(rule["source"],),
        )
        return {"regions": regions, "how": best["how"], "tool": rule["tool"], "why": (reason,)}

    # --- the shade card -------------------------------------------------------------------------

    def _card(self, table: str, category: str) -> list[Shade]:
        """Shades to suggest: none that usually contains what is avoided."""
        return [s for s in self._allowed_card[table] if s.category == category]

    @cached_property
    def _allowed_card(self) -> Mapping[str, list[Shade]]:
        card = shade_card()
        if not self.person.avoided:
            return card
        return {
            name: [s for s in rows if refusal(self.person, self._likely(s)) is None]
            for name, rows in card.items()
        }

    def _likely(self, shade: Shade) -> Contents:
        """What a product of a shade of the card usually contains: it is no product yet."""
        likely = self.rules["contains"]
        words = [shade.name, shade.finish or "", shade.category]
        words += likely["finish"].get(shade.finish, [])
        words += likely["category"].get(shade.category, [])
        return Contents(ingredients=frozenset(), written=tuple(words), labelled=True)

    def _nearest_name(self, shade: Shade) -> str:
        table = "skin" if shade.category in ("foundation", "concealer") else shade.category
        category = shade.category
        if category == "lip_liner":
            table = category = "lip"
        card = [s for s in shade_card()[table] if s.category == category]
        best = int(np.argmin(delta_e_2000(_labs(card), _lab(shade.hex))))
        return f"near {card[best].name}"

    # --- saying ---------------------------------------------------------------------------------

    def _sources(self, looks: Iterable[Look]) -> tuple[Source, ...]:
        rows = [self.rules["order"]["source"], _shades()["source"]]
        why = (r for look in looks for r in (*look.why, *(r for s in look.steps for r in s.why)))
        known = sources()
        return tuple(known[id_] for id_ in dict.fromkeys(rows + cited([*why, *self.notes])))


def _same(one: Look, other: Look) -> bool:
    """Whether two looks put the same things on, however strongly."""
    return [(s.category, s.item_id, s.hex) for s in one.steps] == [
        (s.category, s.item_id, s.hex) for s in other.steps
    ]


def _direction(chosen: LCh, other: LCh) -> Direction:
    """How another shade differs most."""
    lightness = other.lightness - chosen.lightness
    turn = harmony.hue_difference(other.hue, chosen.hue)
    chroma = other.chroma - chosen.chroma
    across = math.radians(turn) * (chosen.chroma + other.chroma) / 2
    most = max(abs(lightness), abs(across), abs(chroma))
    if most == abs(lightness):
        return "lighter" if lightness > 0 else "deeper"
    if most == abs(across):
        return "warmer" if turn > 0 else "cooler"
    return "richer" if chroma > 0 else "softer"


def _labs(shades: Sequence[Shade]) -> Floats:
    return np.stack([_lab(s.hex) for s in shades])


@cache
def _lab(shade: str) -> Floats:
    return lab_from_hex(shade)


@cache
def _lch(shade: str) -> LCh:
    return LCh.of_lab(_lab(shade))


def _away(one: str, other: str) -> Floats:
    return delta_e_2000(_lab(one), _lab(other))


@cache
def shade_card() -> Mapping[str, list[Shade]]:
    """Every shade a suggestion may name, by table of shades.toml; "skin" serves two categories."""
    card: dict[str, list[Shade]] = {}
    for name, table in _shades().items():
        if not isinstance(table, dict) or "shades" not in table:
            continue
        served = ("foundation", "concealer") if name == "skin" else (name,)
        card[name] = [
            Shade(category, row[0], row[1], row[2] if len(row) > 2 else table["finish"])
            for category in served
            for row in table["shades"]
        ]
    return card


@cache
def rules() -> Mapping[str, Any]:
    """makeup.toml."""
    return _read("makeup.toml")


@cache
def sources() -> Mapping[str, Source]:
    """Every source the looks may cite."""
    tables = (rules(), harmony.rules(), _shades())
    rows = {id_: row for table in tables for id_, row in table["sources"].items()}
    return {id_: Source(id=id_, **row) for id_, row in rows.items()}


@cache
def _shades() -> Mapping[str, Any]:
    return _read("shades.toml")


def _read(name: str) -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
