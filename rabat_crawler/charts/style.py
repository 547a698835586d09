"""The colours of charts and maps in a file that stands alone, light, dark and printed; a page has the same classes in its own style sheet."""

from __future__ import annotations

LIGHT = ("#1f5a85", "#c2622d", "#5f7d3a", "#84507a", "#a67c1a", "#566070")
DARK = ("#86b8e4", "#f0a374", "#aacb83", "#d3a0c8", "#e2c25f", "#aab3bf")
"""Six colours that differ for colour-blind eyes too, each 3:1 or more against the paper; further series begin again, with another texture."""


def _variables(colours: tuple[str, ...], ink: str, soft: str, rule: str, paper: str) -> str:
    series = "".join(f"--chart-{number}:{colour};" for number, colour in enumerate(colours, 1))
    return f"{series}--chart-ink:{ink};--chart-soft:{soft};--chart-rule:{rule};--chart-paper:{paper};"


_CLASSES = """
svg.chart{font-family:system-ui,"Segoe UI","Helvetica Neue",Arial,sans-serif;background:var(--chart-paper)}
.chart-title{fill:var(--chart-ink);font-family:Georgia,"Times New Roman",serif}
.chart-text{fill:var(--chart-ink)}
.chart-soft{fill:var(--chart-soft)}
.chart-rule{stroke:var(--chart-rule)}
.chart-axis{stroke:var(--chart-soft)}
.chart-paper{fill:var(--chart-paper)}
.chart-weave{stroke:var(--chart-paper);fill:var(--chart-paper)}
"""
STYLE = (
    ":root{" + _variables(LIGHT, "#1d2430", "#565f6d", "#dcdfe4", "#ffffff") + "}"
    "@media(prefers-color-scheme:dark){:root{" + _variables(DARK, "#eceef1", "#a9b1bc", "#3a414c", "#15181d") + "}}"
    "@media print{:root{"
    + _variables(LIGHT, "#000000", "#333333", "#cccccc", "#ffffff")
    + "}}"
    + "".join(f".chart-{n}{{fill:var(--chart-{n})}}.chart-line-{n}{{stroke:var(--chart-{n})}}" for n in range(1, len(LIGHT) + 1))
    + _CLASSES.replace("\n", "")
)
"""The style sheet of a chart that stands alone."""
