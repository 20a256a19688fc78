"""The colour maths of facet.colour, by the name the vision modules know it by."""

from facet.colour import (
    delta_e_2000,
    hex_from_lab,
    hue,
    ita,
    lab_from_linear,
    lab_from_srgb,
    linear_from_lab,
    linear_from_srgb,
    luminance,
    srgb_from_linear,
)

__all__ = [
    "delta_e_2000",
    "hex_from_lab",
    "hue",
    "ita",
    "lab_from_linear",
    "lab_from_srgb",
    "linear_from_lab",
    "linear_from_srgb",
    "luminance",
    "srgb_from_linear",
]
