#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Draws how memory and the start grow with the number of clusters: plot.py NUMBERS.json OUT.svg"""
import json
import math
import pathlib
import sys

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 360, 220, 52, 34, 40


class Chart:
    """One curve or two over the number of clusters, both scales linear from nought."""

    def __init__(self, title, unit, curves, xs):
        self.title, self.unit, self.curves, self.xs = title, unit, curves, xs
        self.top = nice(max(max(ys) for _, ys in curves))

    def x(self, value):
        return LEFT + (WIDTH - LEFT - 16) * value / max(self.xs)

    def y(self, value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.top

    def draw(self, left):
        out = [f'<g transform="translate({left},0)">', text(LEFT, 18, self.title, "start", "bold")]
        for i in range(5):
            value = self.top * i / 4
            out.append(f'<line x1="{LEFT}" x2="{WIDTH - 16}" y1="{self.y(value):.1f}" y2="{self.y(value):.1f}" stroke="#ddd"/>')
            out.append(text(LEFT - 6, self.y(value) + 4, f"{value:g}", "end"))
        out.append(text(LEFT - 6, TOP - 4, self.unit, "end"))
        free = 0
        for value in self.xs:
            if self.x(value) >= free:
                out.append(text(self.x(value), HEIGHT - BOTTOM + 16, str(value), "middle"))
                free = self.x(value) + 30
        out.append(text((LEFT + WIDTH) / 2, HEIGHT - 6, "clusters of three servers", "middle"))
        for i, (name, ys) in enumerate(self.curves):
            colour = ("#1f6feb", "#888")[i]
            points = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in zip(self.xs, ys))
            out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
            out += [f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="3" fill="{colour}"/>' for x, y in zip(self.xs, ys)]
            out.append(f'<text x="{LEFT + 8}" y="{TOP + 12 + 14 * i}" fill="{colour}">{name}</text>')
        return "\n".join([*out, "</g>"])


def nice(value):
    step = 10 ** math.floor(math.log10(value or 1))
    return next(step * factor for factor in (1, 2, 4, 5, 8, 10) if step * factor >= value)


def text(x, y, words, anchor, weight="normal"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">{words}</text>'


def main():
    growth = json.loads(pathlib.Path(sys.argv[1]).read_text())["growth"]
    xs = [row["clusters"] for row in growth]

    def column(key, factor=1):
        return [row[key] * factor for row in growth]
    charts = [
        Chart("Resident memory", "MiB", [("settled", column("rss_kb", 1 / 1024)), ("peak", column("hwm_kb", 1 / 1024))], xs),
        Chart("Start until in sync", "ms", [("the operator", column("sync_ms")), ("bare lists", column("lists_ms"))], xs),
        Chart("From a change until its Service shows it", "ms",
              [("the operator, median", column("reaction_ms")), ("bare write of a Service", column("bare_write_ms"))], xs),
        Chart("Processor, settled", "% of a core", [("the operator", column("cpu_percent"))], xs),
    ]
    body = "\n".join(chart.draw(i * WIDTH) for i, chart in enumerate(charts))
    pathlib.Path(sys.argv[2]).write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH * len(charts)}" height="{HEIGHT}" font-family="sans-serif" font-size="11">\n'
        "<!-- SPDX-FileCopyrightText: The neofleet authors -->\n<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
        f'<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n')


if __name__ == "__main__":
    main()
