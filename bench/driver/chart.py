"""docs/benchmarks.svg: how much faster each case is than its peers, on a logarithmic axis, with the bars as ticks. Drawn in
colours that can be read on light and on dark pages."""

import math
from xml.sax.saxutils import escape

import bars as all_bars
from files import write_whole

LABEL, PLOT, NUMBER, ROW, TOP = 330, 460, 80, 22, 66
TICK, TEXT, GRID = "#c0392b", "#808890", "#80889040"
COLOURS = {"met": "#2a9d6f", "undecided": "#c9a227", "not met": "#d9822b", "reported": "#5b8db8"}
MEANINGS = {"met": "bar met", "undecided": "undecided", "not met": "not met", "reported": "no bar"}


def drawn(cases):
    """(label, ratio, interval, bar, verdict) of what is compared with peers by time."""
    for result in cases:
        for line in result["bars"]:
            if line["against"] in all_bars.PEERS and "value" in line and line["measure"] == "time":
                yield (f"{result['case']} / {line['against']}", line["value"], line["interval"],
                       line["bar"].get("at_least"), line["verdict"])


def decades(values):
    return math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))


def render(cases):
    rows = list(drawn(cases))
    if not rows:
        return '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>\n'
    values = [1.0] + [value for _, value, _, _, _ in rows] + [bar for _, _, _, bar, _ in rows if bar]
    low, high = decades(values)
    high = max(high, low + 1)
    width, height = LABEL + PLOT + NUMBER, TOP + ROW * len(rows) + 12

    def x(value):
        return LABEL + PLOT * (math.log10(value) - low) / (high - low)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
             f'font-family="sans-serif" font-size="12" fill="{TEXT}">',
             f'<text x="{LABEL}" y="16" font-weight="bold">times faster than the peer</text>']
    place = LABEL
    for verdict, colour in COLOURS.items():
        parts.append(f'<rect x="{place}" y="25" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{place + 17}" y="35">{MEANINGS[verdict]}</text>')
        place += 92
    parts.append(f'<line x1="{place + 6}" x2="{place + 6}" y1="23" y2="39" stroke="{TICK}" stroke-width="2"/>')
    parts.append(f'<text x="{place + 17}" y="35">the bar</text>')
    for power in range(low, high + 1):
        place = x(10.0**power)
        parts.append(f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{TOP - 8}" y2="{height - 8}" stroke="{GRID}"/>')
        parts.append(f'<text x="{place:.1f}" y="{TOP - 14}" text-anchor="middle">{10.0**power:g}</text>')
    for number, (label, value, interval, bar, verdict) in enumerate(rows):
        y = TOP + ROW * number
        left, right = sorted((x(1.0), x(value)))
        colour = COLOURS[verdict]
        parts.append(f'<text x="{LABEL - 8}" y="{y + 13}" text-anchor="end">{escape(label)}</text>')
        parts.append(f'<rect x="{left:.1f}" y="{y + 3}" width="{max(right - left, 1):.1f}" height="{ROW - 8}" fill="{colour}"/>')
        parts.append(f'<line x1="{x(interval[0]):.1f}" x2="{x(interval[1]):.1f}" y1="{y + ROW / 2 - 1}" '
                     f'y2="{y + ROW / 2 - 1}" stroke="{TEXT}" stroke-width="2"/>')
        if bar:
            parts.append(f'<line x1="{x(bar):.1f}" x2="{x(bar):.1f}" y1="{y}" y2="{y + ROW - 2}" stroke="{TICK}" '
                         'stroke-width="2"/>')
        parts.append(f'<text x="{max(right, x(bar) if bar else 0) + 6:.1f}" y="{y + 13}">{value:.3g} ×</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"


def write(kept, file):
    rendered = render(kept["cases"])
    write_whole(file, rendered)
