# SPDX-License-Identifier: Apache-2.0
"""C source as tokens, functions and declarations: as much of C as tidy needs.

A real parser would need include paths and every macro; the rules here are about
shape (sizes, nesting, which names appear), which tokens show. Preprocessor lines
and comments are taken out first, so both branches of an #if are seen.
"""

import re
from collections import namedtuple

Token = namedtuple("Token", "kind text line at")
Comment = namedtuple("Comment", "text line end_line")
Function = namedtuple("Function", "name line end_line parameter_count nesting body signature")

TOKEN = re.compile(r"""
    (?P<comment>/\*.*?\*/|//[^\n]*)
  | (?P<directive>^[ \t]*\#(?:\\\n|/\*.*?\*/|[^\n])*)
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<character>'(?:\\.|[^'\\\n])*')
  | (?P<name>[A-Za-z_]\w*)
  | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
  | (?P<punctuation>->|\+\+|--|<<|>>|[<>=!]=|&&|\|\||\.\.\.|[^\s\w])
""", re.VERBOSE | re.DOTALL | re.MULTILINE)

OPEN = {"(": ")", "[": "]", "{": "}"}
CLOSE = set(OPEN.values())
LOOPS = {"if", "for", "while", "switch"}
TEST_MACROS = {"Test", "ParameterizedTest", "ParameterizedTestParameters", "Theory",
               "TheoryDataPoints"}


class Source:
    """One C file: .tokens (no comments, no directives), .comments, .directives."""

    def __init__(self, text):
        self.text = text
        self.tokens = []
        self.comments = []
        self.directives = []
        line = 1
        at = 0
        for match in TOKEN.finditer(text):
            line += text.count("\n", at, match.start())
            at = match.start()
            kind = match.lastgroup
            body = match.group()
            if kind == "comment":
                self.comments.append(Comment(body, line, line + body.count("\n")))
            elif kind == "directive":
                self.directives.append(Token(kind, body.strip(), line, at))
            else:
                self.tokens.append(Token(kind, body, line, at))
        self.functions = []
        self.declarations = []
        self._split()

    def _split(self):
        """Cut the file at depth zero into function definitions and the rest."""
        tokens = self.tokens
        start = 0
        i = 0
        while i < len(tokens):
            text = tokens[i].text
            if text == "{":
                end = skip_group(tokens, i)
                if self._is_function(start, i):
                    self.functions.append(self._function(start, i, end))
                    start = end
                i = end
            elif text in OPEN:
                i = skip_group(tokens, i)
            elif text == ";":
                self.declarations.append(tokens[start:i])
                i += 1
                start = i
            else:
                i += 1

    def _is_function(self, start, brace):
        head = self.tokens[start:brace]
        texts = [token.text for token in head]
        if "=" in top_level(texts) or "(" not in texts:
            return False
        return texts[-1] == ")" and texts[0] not in ("typedef", "_Static_assert")

    def _function(self, start, brace, end):
        head = self.tokens[start:brace]
        name, parameters = name_and_parameters(head)
        body = self.tokens[brace:end]
        return Function(name, head[0].line, self.tokens[end - 1].line,
                        count_parameters(parameters), Nesting(body).deepest, body, head)


def skip_group(tokens, i):
    """The index after the bracket that closes the one at i."""
    depth = 0
    while i < len(tokens):
        if tokens[i].text in OPEN:
            depth += 1
        elif tokens[i].text in CLOSE:
            depth -= 1
            if depth == 0:
                return i + 1
        i += 1
    return len(tokens)


def top_level(texts):
    """The texts that are in no bracket."""
    depth = 0
    result = []
    for text in texts:
        if text in CLOSE:
            depth -= 1
        if depth == 0:
            result.append(text)
        if text in OPEN:
            depth += 1
    return result


def name_and_parameters(head):
    """The name before the first bracket that is no attribute's, and what is in it."""
    i = 0
    while i < len(head):
        if head[i].text == "(":
            end = skip_group(head, i)
            if i > 0 and head[i - 1].kind == "name" and head[i - 1].text != "__attribute__":
                return head[i - 1].text, head[i + 1:end - 1]
            i = end
        else:
            i += 1
    return "?", []


def count_parameters(tokens):
    texts = [token.text for token in tokens]
    if not texts or texts == ["void"]:
        return 0
    return 1 + top_level(texts).count(",")


class Nesting:
    """The deepest nesting of if, for, while, do and switch in a function's body.
    Braces alone do not nest, and "else if" stays on the level of its if."""

    def __init__(self, body):
        self.tokens = body
        self.deepest = 0
        self._statement(0, 0)

    def _text(self, i):
        return self.tokens[i].text if i < len(self.tokens) else ""

    def _statement(self, i, depth):
        text = self._text(i)
        if text == "{":
            return self._block(i, depth)
        if text in LOOPS:
            return self._controlled(i, depth)
        if text == "do":
            self.deepest = max(self.deepest, depth + 1)
            i = self._statement(i + 1, depth + 1)
            return self._expression(i)
        if text == "case":
            while i < len(self.tokens) and self._text(i) != ":":
                i += 1
            return self._labelled(i + 1, depth)
        if self._text(i + 1) == ":" and self.tokens[i].kind == "name":
            return self._labelled(i + 2, depth)
        return self._expression(i)

    def _labelled(self, i, depth):
        """What a label labels: the next statement, if the block has one."""
        if self._text(i) in ("}", ""):
            return i
        return self._statement(i, depth)

    def _block(self, i, depth):
        i += 1
        while i < len(self.tokens) and self._text(i) != "}":
            i = self._statement(i, depth)
        return i + 1

    def _controlled(self, i, depth):
        is_if = self._text(i) == "if"
        self.deepest = max(self.deepest, depth + 1)
        i = skip_group(self.tokens, i + 1)
        i = self._statement(i, depth + 1)
        if not is_if or self._text(i) != "else":
            return i
        if self._text(i + 1) == "if":
            return self._statement(i + 1, depth)
        return self._statement(i + 1, depth + 1)

    def _expression(self, i):
        while i < len(self.tokens) and self._text(i) != ";":
            i = skip_group(self.tokens, i) if self._text(i) in OPEN else i + 1
        return i + 1


def pointer_to_function(texts):
    """Where "(*" begins a variable that is a pointer to a function, or None."""
    end = texts.index("=") if "=" in texts else len(texts)
    for i in range(end - 2):
        if texts[i] == "(" and texts[i + 1] == "*":
            closing = skip_texts(texts, i)
            return i if closing < end and texts[closing] == "(" else None
        if texts[i] in ("(", "{"):
            return None
    return None


def skip_texts(texts, i):
    """The index after the bracket that closes the one at i."""
    return skip_group([Token("", text, 0, 0) for text in texts], i)


def is_mutable_data(declaration):
    """Does this declaration at file scope, or after "static" in a function, make
    a variable that can change? Types, prototypes and constants do not."""
    texts = [token.text for token in declaration]
    if not texts or texts[0] in ("extern", "_Static_assert", "static_assert"):
        return False
    if "typedef" in texts[:2]:
        return False
    outer = top_level(texts)
    pointer = pointer_to_function(texts)
    if pointer is not None:
        return texts[pointer + 2] != "const"
    if "=" not in outer and "(" in outer:
        return False
    declarator = outer[:outer.index("=")] if "=" in outer else outer
    if declarator[0] in ("struct", "union", "enum") and declarator[-1] == "}":
        return False
    if declarator[0] in ("struct", "union", "enum") and len(declarator) == 2:
        return False
    if "*" in declarator:
        last = len(declarator) - 1 - declarator[::-1].index("*")
        return "const" not in declarator[last:]
    return "const" not in declarator


def local_statics(function):
    """The declarations in a function's body that begin with "static"."""
    body = function.body
    for i, token in enumerate(body):
        if token.text != "static":
            continue
        end = i
        while end < len(body) and body[end].text != ";":
            end = skip_group(body, end) if body[end].text in OPEN else end + 1
        yield body[i:end]
