#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Where the time goes, as a picture: the stacks of `perf script` as a flame graph.

A box is a function, as wide as its share of the samples, above the one that called
it. Kernel functions are blue, libraries green, ours red to yellow by name. Point at a
box for its share.

    perf record -g -p PID -- sleep 5
    perf script | bench/flame.py --title "..." > flame.svg

usage: flame.py [--title TEXT] [--from FUNCTION] [--minimum SHARE]
"""

import argparse
import html
import re
import sys

WIDTH, ROW, TOP, SIDE = 1200, 17, 40, 10
FRAME = re.compile(r"^\s+[0-9a-f]+ (.+?)(?:\+0x[0-9a-f]+)? \((.*)\)$")
SUFFIX = re.compile(r"\.(isra|part|constprop|lto_priv|cold)(\.\d+)*")


class Box:
    def __init__(self, name, origin):
        self.name, self.origin = name, origin
        self.count = 0
        self.above = {}

    def add(self, stack):
        self.count += 1
        if stack:
            name, origin = stack[0]
            self.above.setdefault(name, Box(name, origin)).add(stack[1:])


def stacks(lines):
    """Each sample's functions, outermost first."""
    stack = []
    for line in lines:
        found = FRAME.match(line)
        if found:
            stack.append((SUFFIX.sub("", found.group(1)), found.group(2)))
        elif not line.strip() and stack:
            yield stack[::-1]
            stack = []
    if stack:
        yield stack[::-1]


def collect(lines, first):
    root = Box("all", "")
    for stack in stacks(lines):
        names = [name for name, _ in stack]
        if first is not None:
            if first not in names:
                continue
            stack = stack[names.index(first):]
        root.add(stack)
    return root


def depth(box, minimum):
    return 1 + max([depth(b, minimum) for b in box.above.values() if b.count >= minimum],
                   default=0)


def colour(box):
    shade = sum(map(ord, box.name)) % 60
    if "kernel" in box.origin or box.origin == "[unknown]":
        return "rgb(%d,%d,235)" % (120 + shade, 150 + shade)
    if ".so" in box.origin:
        return "rgb(%d,210,%d)" % (120 + shade, 120 + shade)
    return "rgb(250,%d,%d)" % (130 + 2 * shade, 60 + shade // 2)


class Picture:
    def __init__(self, root, title, minimum):
        self.root, self.title = root, title
        self.minimum = max(1, minimum * root.count)
        self.rows = depth(root, self.minimum)
        self.lines = []

    def draw(self, box, left, row):
        width = (WIDTH - 2 * SIDE) * box.count / self.root.count
        y = TOP + (self.rows - 1 - row) * ROW
        share = "%.1f %%" % (100 * box.count / self.root.count)
        label = box.name if len(box.name) * 6.6 < width - 4 else box.name[:int(width / 6.6) - 2]
        self.lines.append('<g><title>%s: %s</title><rect x="%.1f" y="%d" width="%.1f" height="%d" '
                          'fill="%s"/>' % (html.escape(box.name), share, left, y,
                                           max(width - 0.5, 0.5), ROW - 1, colour(box)))
        if width > 30:
            self.lines.append('<text x="%.1f" y="%d">%s</text>' % (left + 3, y + 12,
                                                                  html.escape(label)))
        self.lines.append("</g>")
        for above in sorted(box.above.values(), key=lambda b: b.name):
            if above.count >= self.minimum:
                self.draw(above, left, row + 1)
            left += (WIDTH - 2 * SIDE) * above.count / self.root.count

    def svg(self):
        height = TOP + self.rows * ROW + SIDE
        self.draw(self.root, SIDE, 0)
        return "\n".join(
            ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" '
             'font-family="monospace" font-size="11">' % (WIDTH, height, WIDTH, height),
             '<rect width="%d" height="%d" fill="#fffdf5"/>' % (WIDTH, height),
             '<text x="%d" y="24" font-size="15">%s</text>' % (SIDE, html.escape(self.title))] +
            self.lines + ["</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--title", default="where the time goes")
    parser.add_argument("--from", dest="first", help="the outermost function to show")
    parser.add_argument("--minimum", type=float, default=0.002, help="leave out what has less")
    options = parser.parse_args()
    root = collect(sys.stdin, options.first)
    if root.count == 0:
        sys.exit("flame.py: no samples; is that the output of perf script?")
    sys.stdout.write(Picture(root, options.title, options.minimum).svg())
    return 0


if __name__ == "__main__":
    sys.exit(main())
