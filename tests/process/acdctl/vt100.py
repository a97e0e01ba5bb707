# SPDX-License-Identifier: Apache-2.0
"""As much of a VT100 as ncurses uses of one: from bytes to lines."""

import re

SEQUENCE = re.compile(r"\x1b(?:\[([?0-9;]*)([A-Za-z])|([()][0AB])|([78=>DEMHc]))")


class Screen:
    def __init__(self, rows=24, columns=80):
        self.rows, self.columns = rows, columns
        self.cells = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.top, self.bottom = 0, rows - 1
        self.saved = (0, 0)
        self.rest = ""

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.cells)

    def scroll(self):
        del self.cells[self.top]
        self.cells.insert(self.bottom, [" "] * self.columns)

    def scroll_back(self):
        del self.cells[self.bottom]
        self.cells.insert(self.top, [" "] * self.columns)

    def line_feed(self):
        if self.row == self.bottom:
            self.scroll()
        elif self.row < self.rows - 1:
            self.row += 1

    def put(self, letter):
        if self.column >= self.columns:
            self.column = 0
            self.line_feed()
        self.cells[self.row][self.column] = letter
        self.column += 1

    def control(self, letter):
        if letter == "\r":
            self.column = 0
        elif letter == "\n":
            self.line_feed()
        elif letter == "\b":
            self.column = max(0, min(self.column, self.columns - 1) - 1)

    def erase(self, row, first, last):
        for column in range(first, last):
            self.cells[row][column] = " "

    def bracket(self, arguments, letter):
        if arguments.startswith("?") or letter in "mhlgqcn":
            return
        numbers = [int(part or 0) for part in arguments.split(";")] if arguments else []
        first = numbers[0] if numbers else 0
        if letter in "Hf":
            self.row = max(1, first) - 1
            self.column = max(1, numbers[1] if len(numbers) > 1 else 1) - 1
        elif letter == "J":
            rows = range(self.row + 1, self.rows) if first == 0 else range(self.rows)
            for row in rows:
                self.erase(row, 0, self.columns)
            if first == 0:
                self.erase(self.row, self.column, self.columns)
        elif letter == "K":
            begin = self.column if first == 0 else 0
            end = self.column + 1 if first == 1 else self.columns
            self.erase(self.row, begin, end)
        elif letter == "r":
            self.top = max(1, first) - 1
            self.bottom = (numbers[1] if len(numbers) > 1 else self.rows) - 1
        elif letter in "ABCD":
            step = max(1, first)
            self.row += {"A": -step, "B": step}.get(letter, 0)
            self.column += {"C": step, "D": -step}.get(letter, 0)
        else:
            raise ValueError("the screen got ESC [ %s %s" % (arguments, letter))

    def short(self, letter):
        if letter == "D":
            self.line_feed()
        elif letter == "M" and self.row == self.top:
            self.scroll_back()
        elif letter == "M":
            self.row -= 1
        elif letter == "7":
            self.saved = (self.row, self.column)
        elif letter == "8":
            self.row, self.column = self.saved

    def feed(self, text):
        text = self.rest + text
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                found = SEQUENCE.match(text, at)
                if found is None:
                    break
                if found.group(2):
                    self.bracket(found.group(1), found.group(2))
                elif found.group(4):
                    self.short(found.group(4))
                at = found.end()
            else:
                if text[at] >= " " and text[at] != "\x7f":
                    self.put(text[at])
                else:
                    self.control(text[at])
                at += 1
        self.rest = text[at:]
        if len(self.rest) > 32:
            raise ValueError("the screen got %r" % self.rest)
