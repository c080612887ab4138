"""The colours of the style in both themes, by WCAG's measure of contrast; and that nothing outside is named in it."""

import re
from importlib.resources import files

import pytest

STYLE = (files("chainrule.plots.report") / "style.css").read_text(encoding="utf-8")
CARD = (files("chainrule.plots.card") / "card.css").read_text(encoding="utf-8")
SCRIPT = (files("chainrule.plots.report") / "script.js").read_text(encoding="utf-8")
COLOURS = {name: pair for name, *pair in re.findall(r"--(\w+): light-dark\((#\w+), (#\w+)\)", STYLE)}
TEXT, LINES = ("ink", "soft", "accent", "error", "warning", "note"), tuple(f"s{k}" for k in range(8))


def luminance(colour):
    """WCAG 2.2: of linear light."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    light = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), light, strict=True))


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_itself():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "panel"])
@pytest.mark.parametrize("name", [*TEXT, *LINES])
def test_contrast(name, ground, theme):
    assert contrast(COLOURS[name][theme], COLOURS[ground][theme]) >= (4.5 if name in TEXT else 3)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("step", range(1, 6))
def test_contrast_of_words_on_shaded_cells(step, theme):
    name, share = re.search(rf"\.c{step} {{ background: color-mix\(in srgb, var\(--(\w+)\) (\d+)%", STYLE).groups()
    top, ground = COLOURS[name][theme], COLOURS["paper"][theme]
    parts = [int(top[k : k + 2], 16) * int(share) + int(ground[k : k + 2], 16) * (100 - int(share)) for k in (1, 3, 5)]
    mixed = "#" + "".join(f"{round(part / 100):02x}" for part in parts)
    assert contrast(COLOURS["ink"][theme], mixed) >= 4.5


def test_shades_rise_in_light():
    shades = [luminance(re.search(rf"\.h{k} {{ fill: (#\w+); }}", STYLE)[1]) for k in range(16)]
    assert shades == sorted(shades)
    assert len(set(shades)) == 16


def test_lines_differ_without_colour():
    dashes = [re.search(rf"\.s{k} {{[^}}]*?(dasharray: [^;]+)?; }}", STYLE)[1] for k in range(8)]
    assert len(set(dashes)) == 8


@pytest.mark.parametrize("source", [STYLE, SCRIPT, CARD], ids=["style", "script", "card"])
def test_nothing_outside_is_named(source):
    assert not re.search(r"://|@import|url\(|</", source)


@pytest.mark.parametrize("ground", ["#ffffff", "#1e1e1e", "#111111"])  # of notebooks, light and dark
def test_colours_of_a_card_stand_on_any_ground(ground):
    colours = re.findall(r"#[0-9a-f]{6}\b", CARD)
    assert len(colours) == 3
    assert all(contrast(colour, ground) >= 3 for colour in colours)


def test_the_style_of_a_card_is_of_the_card_alone():
    rules = re.findall(r"([^{}]+){[^{}]*}", CARD.replace("@media (forced-colors: active) {", ""))
    assert len(rules) > 20
    for selector in ",".join(rules).split(","):
        assert selector.strip().startswith(".chainrule-card")
    assert all(name.startswith(("--chainrule-", "--jp-", "--vscode-")) for name in re.findall(r"--[\w-]+", CARD))
