"""Labels as shops list them against what people are allergic to: what passes unnoticed.

An independent reading: a regular expression of INCI names for each allergy, written beside the
families of data/skincare/families.toml and not from them. A label that it finds is leaked where
nobody is kept from it. One that is kept back though it finds nothing is counted beside it: a false
alarm, or a name that only the families know. One label in four is held out: nobody tunes on it.

`python -m evaluation.allergens` prints them alone, by allergy.
"""

import csv
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.judge import Finding
from evaluation.photos import ROOT
from facet.catalogue.build import build_catalogue
from facet.catalogue.catalogue import Catalogue
from facet.catalogue.suitable import Contents, Person, avoided_in, contents_of
from facet.domain.advice import Profile
from facet.domain.products import BagItem

SECTION = "Leaked allergens"
LONGEST, MOST = 200, 120  # letters of an entry, entries of a bag item
HELD_OUT = 4  # every fourth label

_OILS = (
    r"citrus|mentha|eucalyptus|melaleuca|rosmarinus|salvia (?!hispanica)|pelargonium|cananga"
    r"|cymbopogon|eugenia|cinnamomum|jasminum|anthemis|santalum|pogostemon|cedrus|juniperus|abies"
    r"|thymus|ocimum|boswellia|zingiber|vetiveria|litsea|foeniculum|illicium|lavandula"
)
# What stands on labels, by what is told.
HOLDS: Mapping[str, str] = {
    "nuts": r"prunus amygdalus|prunus dulcis|\balmond\b|macadamia|corylus|juglans|pistacia vera"
    r"|anacardium|bertholletia|\bpecan\b",
    "peanuts": r"arachis|\bpeanut",
    "sesame": r"sesamum|\bsesame\b",
    "coconut": r"(?<!poria )\bcocos\b|\bcoconut\b",
    "egg": r"\begg\b|albumen|\bovum\b",
    "fish": r"\bfish\b|caviar|\bsalmon\b|\broe\b",
    "shellfish": r"glucosamine|chitosan|chitin\b|\bkrill\b|\bshrimp|\bcrab\b|oyster shell"
    r"|conchiolin",
    "milk": r"\blac\b|casein|\bwhey\b|lactis protein|yogurt|\bmilk\b(?! thistle)",
    "gluten": r"triticum|hordeum|secale|\bwheat\b|\bbarley\b|\brye\b",
    "soy": r"glycine (soja|max)|\bsoy(bean)?\b",
    "bee products": r"\bhoney\b|\bmel\b|\bbeeswax\b|cera alba|propolis|royal jelly",
    "lanolin": r"lanolin|\bwool\b",
    "fragrance": r"\bparfum\b|\bfragrance\b(?!-free)|\bperfume\b|limonene|linalool|citral\b"
    r"|citronellol|geraniol|farnesol|eugenol|coumarin|hydroxycitronellal|benzyl salicylate"
    r"|benzyl benzoate|hexyl cinnamal|isomethyl ionone",
    "essential oils": rf"\b({_OILS})\b(?![^,;]{{0,50}}\bseed oil\b)[^,;]{{0,50}}\boil\b",
    "aspirin": r"salicyl|\bsalix\b|gaultheria|\bwillow bark|homosalate|octisalate",
    "vitamin c": r"ascorb",
    "retinoids": r"retin(ol|al|yl|oic|oate|oxy|oyl)",
    "silicones": r"siloxane|methicone|silsesquioxane|dimethiconol|polysilicone",
    "parabens": r"paraben\b",
    "formaldehyde": r"(?<!poly)(?<!silicone )quaternium-15\b|diazolidinyl urea|imidazolidinyl urea"
    r"|dmdm hydantoin|bromo-2-nitropropane|formaldehyde|hydroxymethylglycinate",
    "isothiazolinones": r"isothiazolinone",
    "sulfates": r"(laureth|lauryl|coco|myreth|pareth|trideceth)[- ]?\d*[- ]sulfate",
    "cocamidopropyl betaine": r"coco?amidopropyl",
    "alcohol": r"(?:^|, ?)alcohol(?=,|\.|$|;)|alcohol denat|sd alcohol|isopropyl alcohol",
}


@dataclass(frozen=True)
class Label:
    """A product as a shop lists it."""

    name: str
    text: str
    contents: Contents


@dataclass(frozen=True)
class Kept:
    """What becomes of the labels for one allergy."""

    told: str
    hold: int
    leaked: Sequence[str]  # names of products
    alarms: int  # kept back though the regular expression finds nothing


def folder() -> Path:
    return Path(os.environ.get("FACET_LABELS") or ROOT.parent / "shared" / "labels")


def load_labels(catalogue: Catalogue, *, held_out: bool) -> list[Label]:
    """The labels that nobody tuned on, or the others. Raises FileNotFoundError."""
    with (folder() / "labels.csv").open(encoding="utf-8", errors="replace", newline="") as file:
        rows = [
            row for n, row in enumerate(csv.DictReader(file)) if (n % HELD_OUT == 0) == held_out
        ]
    return [Label(row["name"], row["label"], _contents(catalogue, row["label"])) for row in rows]


def _contents(catalogue: Catalogue, label: str) -> Contents:
    pieces = tuple(_pieces(catalogue.ingredients.split_label(label)))[:MOST]
    owned = BagItem(item_id="a", name="Mine", category="moisturiser", ingredients=pieces)
    return contents_of(catalogue.ingredients, None, owned)


def _pieces(entries: Sequence[str]) -> Iterator[str]:
    """Entries as a bag takes them: what is longer is cut between two words, nothing is lost."""
    held = ""
    for word in ", ".join(entries).split(" "):
        if len(held) + 1 + len(word) > LONGEST or (held.endswith(",") and len(held) > LONGEST / 4):
            yield held
            held = ""
        held = f"{held} {word}".strip()[:LONGEST]
    if held:
        yield held


def kept(told: str, labels: Sequence[Label], catalogue: Catalogue) -> Kept:
    """What becomes of these labels for somebody who told this allergy."""
    person = Person.of_profile(Profile(allergies=(told,)), catalogue.ingredients)
    holds = re.compile(HOLDS[told], re.IGNORECASE)
    hold, alarms, leaked = 0, 0, []
    for label in labels:
        # Whatever else keeps a product back: another reason would hide that an allergen passed.
        found = bool(holds.search(label.text))
        avoided = avoided_in(person.avoided, label.contents) is not None
        hold += found
        alarms += avoided and not found
        if found and not avoided:
            leaked.append(label.name)
    return Kept(told, hold, leaked, alarms)


def judge_allergens() -> list[Finding]:
    """Leaked labels by allergy, of those nobody tuned on; without any, a finding that says so."""
    catalogue = Catalogue.load(build_catalogue(ROOT / "data" / "skincare"))
    try:
        labels = load_labels(catalogue, held_out=True)
    except FileNotFoundError as error:
        reason = f"skipped: no labels ({error.filename}); set FACET_LABELS"
        return [Finding(SECTION, "all allergies", None, note=reason)]
    results = [kept(told, labels, catalogue) for told in HOLDS]
    return [
        Finding(
            SECTION,
            result.told,
            float(len(result.leaked)),
            unit="labels",
            most=0,
            n=result.hold,
            note=f"{result.alarms} more of {len(labels)} labels are kept back",
            worst=result.leaked[:4],
        )
        for result in results
    ]


def main() -> None:
    catalogue = Catalogue.load(build_catalogue(ROOT / "data" / "skincare"))
    for held_out in (False, True):
        labels = load_labels(catalogue, held_out=held_out)
        print(
            f"{len(labels)} labels{', held out' if held_out else ''}: hold, leaked, more kept back"
        )
        for told in HOLDS:
            result = kept(told, labels, catalogue)
            print(f"  {told:24} {result.hold:5} {len(result.leaked):5} {result.alarms:5}")
            for name in result.leaked:
                print(f"      {name}")


if __name__ == "__main__":
    main()
