# SPDX-License-Identifier: Apache-2.0
"""Small changes of C source that a good test should notice.

Works on the tokens of tests/tidy/csource.py, inside function bodies only, and
never inside an assertion: taking one out changes nothing while the code is
right. Each mutant is one replacement of one piece of one file.
"""

import os
import re
import sys
from collections import namedtuple

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tidy"))
import csource  # noqa: E402 pylint: disable=wrong-import-position

# at, end: the piece of the text that is replaced by text. what: for people.
Mutant = namedtuple("Mutant", "path line at end text what source")

RELATIONS = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
             "==": ("!=",), "!=": ("==",)}
ARITHMETIC = {"+": "-", "-": "+", "/": "*", "%": "/", "<<": ">>", ">>": "<<", "&": "|", "|": "&",
              "^": "&", "++": "--", "--": "++"}
LOGIC = {"&&": "||", "||": "&&"}
ASSERTIONS = {"ACD_ASSERT", "_Static_assert", "static_assert", "acd_panic"}
KEYWORDS = {"if", "while", "for", "switch", "return", "sizeof", "do", "goto", "case", "else"}
NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)$")
SIGNED = re.compile(r"(u?int(8|16|32|64)?_t|int|size_t|ssize_t|long|unsigned)$")


class Function:
    """The mutants of one function."""

    def __init__(self, path, text, function):
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        self.function = function
        self.body = function.body
        self.found = []
        self.guarded = self._guarded()

    def _guarded(self):
        """Indexes of tokens inside assertions."""
        inside = set()
        for i, token in enumerate(self.body):
            if token.text in ASSERTIONS and i + 1 < len(self.body):
                inside.update(range(i, csource.skip_group(self.body, i + 1)))
        return inside

    def add(self, first, last, text, what):
        """Replace the tokens from index first to last by text."""
        begin = self.body[first]
        end = self.body[last]
        self.found.append(Mutant(self.path, begin.line, begin.at, end.at + len(end.text), text,
                                 what, self.lines[begin.line - 1].strip()))

    def mutants(self):
        for i, token in enumerate(self.body):
            if i in self.guarded:
                continue
            if token.kind == "punctuation":
                self._operator(i, token)
            elif token.kind == "number":
                self._number(i, token)
            elif token.text in ("if", "while"):
                self._condition(i)
            elif token.text == "return":
                self._return(i)
            if self._begins_statement(i):
                self._statement(i)
        return self.found

    def _operator(self, i, token):
        text = token.text
        before = self.body[i - 1]
        is_binary = before.kind in ("name", "number") and before.text != "return" or (
            before.text in (")", "]"))
        if text in RELATIONS:
            for other in RELATIONS[text]:
                self.add(i, i, other, "%s to %s" % (text, other))
        elif text in LOGIC:
            self.add(i, i, LOGIC[text], "%s to %s" % (text, LOGIC[text]))
        elif text == "!":
            self.add(i, i, "", "! taken out")
        elif text in ("++", "--") or text in ARITHMETIC and is_binary and not (
                text == "&" and before.text == ")"):
            self.add(i, i, ARITHMETIC[text], "%s to %s" % (text, ARITHMETIC[text]))

    def _number(self, i, token):
        match = NUMBER.match(token.text)
        if match is None:
            return
        value = int(match.group(1), 0)
        if value == 0 and self.body[i - 1].text == "return" and self._result()[-1] == "int":
            # Failures are negative: to who asks for one, 1 is as good as 0.
            self.add(i, i, "-1", "0 to -1")
            return
        self.add(i, i, "%d%s" % (value + 1, match.group(2)), "%s to %d" % (token.text, value + 1))
        if value > 0:
            self.add(i, i, "%d%s" % (value - 1, match.group(2)),
                     "%s to %d" % (token.text, value - 1))

    def _condition(self, i):
        end = csource.skip_group(self.body, i + 1) - 1
        if self.body[i].text == "if":
            self.add(i + 1, end, "(1)", "condition to true")
        self.add(i + 1, end, "(0)", "condition to false")

    def _result(self):
        """The words of what the function returns."""
        head = [token.text for token in self.function.signature]
        return head[:head.index(self.function.name)]

    def _return(self, i):
        end = i
        while self.body[end].text != ";":
            end = csource.skip_group(self.body, end) if self.body[end].text in csource.OPEN else (
                end + 1)
        if end == i + 1:
            return
        begin = self.body[i + 1].at
        expression = self.text[begin:self.body[end - 1].at + len(self.body[end - 1].text)]
        kind = self._result()
        if "*" in kind:
            if expression != "NULL":
                self.add(i + 1, end - 1, "NULL", "result to NULL")
        elif "bool" in kind:
            self.add(i + 1, end - 1, "!(%s)" % expression, "result negated")
        elif any(SIGNED.match(word) for word in kind) and not NUMBER.match(expression):
            self.add(i + 1, end - 1, "(%s) + 1" % expression, "result plus one")

    def _begins_statement(self, i):
        before = self.body[i - 1].text if i else ""
        return self.body[i].kind == "name" and before in (";", "{", "}", ")", "else", ":")

    def _statement(self, i):
        """Take out a call, or an assignment to what outlives the statement."""
        end = i
        while end < len(self.body) and self.body[end].text not in (";", "{", "}"):
            end = csource.skip_group(self.body, end) if self.body[end].text in ("(", "[") else (
                end + 1)
        if end >= len(self.body) or self.body[end].text != ";":
            return
        texts = [token.text for token in self.body[i:end]]
        if self.body[i].text in ASSERTIONS | KEYWORDS or len(texts) < 3:
            return
        is_call = texts[1] == "(" and csource.skip_group(self.body, i + 1) == end
        outer = csource.top_level(texts)
        is_store = "=" in outer and ("->" in outer[:outer.index("=")] or "." in
                                     outer[:outer.index("=")] or "[" in outer[:outer.index("=")])
        if is_call:
            self.add(i, end - 1, "", "call taken out")
        elif is_store:
            self.add(i, end - 1, "", "assignment taken out")


def mutants_of(path, text):
    """Every mutant of one file, in the order of the text, no two alike."""
    found = {}
    for function in csource.Source(text).functions:
        for mutant in Function(path, text, function).mutants():
            found.setdefault((mutant.at, mutant.end, mutant.text), mutant)
    return number_likes(sorted(found.values()))


def number_likes(found):
    """Tell apart the same change in two places of one line: "+ to - #2"."""
    seen = {}
    result = []
    for mutant in found:
        count = seen[mutant.line, mutant.what] = seen.get((mutant.line, mutant.what), 0) + 1
        what = mutant.what if count == 1 else "%s #%d" % (mutant.what, count)
        result.append(mutant._replace(what=what))
    return result
