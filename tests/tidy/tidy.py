#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a reviewer should not have to notice.

Checks every source file of the tree against the tables in rules.py and prints
one line per violation: file:line: [rule] what is wrong; what to do instead.

usage: tidy.py [ROOT]
"""

import ast
import os
import re
import sys

import csource
import rules

CODE_COMMENT = re.compile(r"^(?:\}|(?:if|for|while|switch) \(.*\) ?\{?|return\b.*;|else ?\{|"
                          r"#\s*(?:include|define|if)\b.*|"
                          r"[\w>.\[\]*-]+ [-+|&^]?= [^;]*;|[a-z_]\w*\([^;]*\);)$")


class File:
    """One file: its path from the root, its lines, and its C if it is C."""

    def __init__(self, root, path):
        self.root = root
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8", errors="strict") as source:
            self.text = source.read()
        self.lines = self.text.split("\n")
        self.c = csource.Source(self.text) if path.endswith((".c", ".h")) else None

    def is_below(self, *folders):
        return self.path.startswith(folders)


def source_paths(root):
    """All text of ours below root, build directories left out."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            name for name in folders if name not in rules.SKIPPED_DIRECTORIES and
            not any(os.path.exists(os.path.join(folder, name, mark))
                    for mark in rules.BUILD_DIRECTORY_MARKS) and
            not name.startswith("build"))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root)
            if path.endswith(rules.SOURCE_SUFFIXES):
                yield path


# Each check yields (line, rule, message) for one file.


def check_tag(file):
    if file.path in rules.UNTAGGED:
        return
    first = file.lines[1 if file.lines[0].startswith("#!") else 0:][:1]
    if not first or "SPDX-License-Identifier: Apache-2.0" not in first[0]:
        yield 1, "tag", "no licence tag; begin with SPDX-License-Identifier: Apache-2.0"


def check_lines(file):
    columns = rules.LINE_COLUMNS_MAX
    for suffix, wider in rules.WIDER_COLUMNS_MAX.items():
        if file.path.endswith(suffix):
            columns = wider
    for number, line in enumerate(file.lines, 1):
        if columns < len(line):
            yield number, "line", "%d columns, at most %d; break it" % (len(line), columns)
        if line != line.rstrip() and not file.path.endswith(".scenario"):
            yield number, "line", "blanks at the end; take them out"
        if "\t" in line:
            yield number, "line", "a tab; indent with spaces"
        if rules.MARKERS.search(line):
            yield number, "marker", "a mark of unfinished work; finish it, or open an issue"
    if file.text and not file.text.endswith("\n"):
        yield len(file.lines), "line", "no newline at the end of the file; add one"


def check_file_size(file):
    count = len(file.lines) - 1
    if rules.GENERATED.search("\n".join(file.lines[:rules.GENERATED_LINES])):
        return
    if count > rules.FILE_LINES_MAX and not file.path.endswith(rules.ANY_LENGTH):
        yield count, "size", "%d lines, at most %d; split it by concept" % (
            count, rules.FILE_LINES_MAX)


def check_document(file):
    if not file.path.endswith(".md"):
        return
    titles = []
    fenced = False
    for number, line in enumerate(file.lines, 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif line.startswith("# ") and not fenced:
            titles.append(number)
    if len(titles) != 1:
        yield titles[1] if titles else 1, "title", "%d titles; a document has one '# ' line" % len(
            titles)
    yield from check_links(file)


def check_links(file):
    """Links to files of the tree lead somewhere."""
    folder = os.path.dirname(os.path.join(file.root, file.path))
    for number, line in enumerate(file.lines, 1):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", line):
            if "://" not in target and not os.path.exists(os.path.join(folder, target)):
                yield number, "link", "%s is not there; mend the link" % target


def include_of(directive):
    match = re.match(r'#\s*include\s*([<"])([^>"]+)[>"]', directive)
    return match.groups() if match else None


def layer_of(path):
    """The folder names a quoted include of this file may begin with, or None."""
    for folder, allowed in rules.LAYERS:
        if path.startswith(folder):
            return allowed
    return ()


def check_includes(file):
    if file.c is None:
        return
    allowed = layer_of(file.path)
    for directive in file.c.directives:
        found = include_of(directive.text)
        if found is None:
            continue
        kind, name = found
        yield from check_home(file, directive.line, name)
        if kind == "<":
            if (file.is_below(*rules.PURE_LAYERS) and name not in rules.PURE_HEADERS):
                yield directive.line, "include", "<%s>; base and acd use only %s" % (
                    name, ", ".join(sorted(rules.PURE_HEADERS)))
            continue
        if "/" not in name:
            yield directive.line, "include", '"%s"; write the path from lib/ or the root' % name
            continue
        target = "proto" if name.endswith(".pb-c.h") else name
        if allowed is not None and not target.startswith(tuple(allowed)):
            yield directive.line, "layer", '"%s"; %s may include only %s' % (
                name, os.path.dirname(file.path), ", ".join(allowed))


def check_home(file, line, name):
    for pattern, home, instead in rules.HEADER_HOMES:
        if re.fullmatch(pattern, name) and not re.fullmatch(home, file.path):
            yield line, "home", "%s; %s" % (name, instead)


def check_banned(file):
    if file.c is None:
        return
    tokens = file.c.tokens
    names = [(token, tokens[i - 1].text if i else "", tokens[i + 1].text if i + 1 < len(tokens)
              else "") for i, token in enumerate(tokens) if token.kind == "name"]
    for pattern, allowed, instead in rules.BANNED:
        if re.fullmatch(allowed, file.path):
            continue
        matcher = re.compile(pattern)
        for token, before, after in names:
            is_type = token.text in ("float", "double")
            if not matcher.fullmatch(token.text) or before in (".", "->"):
                continue
            if is_type or after == "(" and not is_member_declaration(before):
                yield token.line, "banned", "%s; use %s" % (token.text, instead)


def is_member_declaration(before):
    """`int (*open)(...)` names a member; so does a declaration `void free(...)`
    of a function of ours, which the compiler would refuse anyway."""
    return before == "*)"


def check_functions(file):
    if file.c is None:
        return
    for function in file.c.functions:
        count = function.end_line - function.line + 1
        if count > rules.FUNCTION_LINES_MAX:
            yield function.line, "size", "%s() has %d lines, at most %d; split it" % (
                function.name, count, rules.FUNCTION_LINES_MAX)
        if function.parameter_count > rules.PARAMETERS_MAX and (
                function.name not in csource.TEST_MACROS):
            yield function.line, "size", "%s() has %d parameters, at most %d; pass a struct" % (
                function.name, function.parameter_count, rules.PARAMETERS_MAX)
        if function.nesting > rules.NESTING_MAX:
            yield function.line, "size", "%s() nests %d deep, at most %d; move a leaf out" % (
                function.name, function.nesting, rules.NESTING_MAX)
        yield from check_goto(function)


def check_goto(function):
    for i, token in enumerate(function.body):
        if token.text == "goto" and function.body[i + 1].text != "fail":
            yield token.line, "goto", "goto %s; the one label is fail" % function.body[i + 1].text


ORACLE = re.compile(r"^cr_|assert|check|expect|verify|scenario_run", re.I)


def names_in(function):
    return {token.text for token in function.body if token.kind == "name"}


def functions_that_assert(c):
    """The functions of a file that assert something, or call one that does."""
    asserting = {function.name for function in c.functions
                 if any(ORACLE.search(name) for name in names_in(function))}
    count = -1
    while count != len(asserting):
        count = len(asserting)
        asserting |= {function.name for function in c.functions
                      if asserting & names_in(function)}
    return asserting - csource.TEST_MACROS


def check_oracle(file):
    """A test must be able to fail."""
    if file.c is None or not file.is_below("tests/"):
        return
    asserting = functions_that_assert(file.c)
    for function in file.c.functions:
        head = " ".join(token.text for token in function.signature)
        if function.name not in ("Test", "ParameterizedTest", "Theory") or (
                ". signal" in head or ". exit_code" in head):
            continue
        names = names_in(function)
        if not names & asserting and not any(ORACLE.search(name) for name in names):
            yield function.line, "oracle", "a test that asserts nothing; say what must be true"


def check_data(file):
    if file.c is None or not file.is_below("lib/"):
        return
    for declaration in file.c.declarations:
        if csource.is_mutable_data(declaration):
            yield declaration[0].line, "data", "%s can change; put it in a struct that is " \
                "passed" % " ".join(token.text for token in declaration[:8])
    for function in file.c.functions:
        for declaration in csource.local_statics(function):
            if csource.is_mutable_data(declaration):
                yield declaration[0].line, "data", "%s can change; put it in a struct that is " \
                    "passed" % " ".join(token.text for token in declaration[:8])


def check_typedefs(file):
    """Only ids (one-field structs), numbers with a meaning, and function types."""
    if file.c is None:
        return
    for declaration in file.c.declarations:
        texts = [token.text for token in declaration]
        if not texts or "typedef" not in texts[:2]:
            continue
        is_id = "struct" in texts and "{" in texts and texts.count(";") == 1
        is_number = re.fullmatch(r"u?int\d+_t", texts[1]) and len(texts) == 3
        if not is_id and not is_number and "(" not in texts:
            yield declaration[0].line, "typedef", "%s; write struct or enum where it is used" % (
                texts[-1])


def check_header(file):
    if not file.path.endswith(".h"):
        return
    if "#pragma once" not in file.lines[:3]:
        yield 1, "header", "no #pragma once on line 2; add it"


def check_essay(file):
    if not file.path.endswith((".c", ".h")):
        return
    starts = [comment.line for comment in file.c.comments if comment.end_line > comment.line]
    code = min([token.line for token in file.c.tokens] or [len(file.lines)])
    if not starts or starts[0] > code:
        yield 1, "essay", "no comment at the top; say what the file knows and why this way"


def check_comments(file):
    if file.c is not None:
        for comment in file.c.comments:
            yield from check_c_comment(comment)
    elif file.path.endswith(".py"):
        for number, line in enumerate(file.lines, 1):
            if is_python_code(line):
                yield number, "comment", "code in a comment; take it out"


def check_c_comment(comment):
    if comment.text.startswith("//"):
        yield comment.line, "comment", "a // comment; write /* ... */"
        return
    for offset, line in enumerate(comment.text[2:-2].split("\n")):
        if CODE_COMMENT.match(line.strip().lstrip("*").strip()):
            yield comment.line + offset, "comment", "code in a comment; take it out, or say it " \
                "in a sentence"


def is_python_code(line):
    body = line.strip()
    if not body.startswith("# ") or body.startswith("#!"):
        return False
    try:
        tree = ast.parse(body[2:].strip())
    except (SyntaxError, ValueError):
        return False
    return any(isinstance(node, (ast.Assign, ast.Import, ast.ImportFrom, ast.Return)) or
               isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
               for node in tree.body)


def check_python(file):
    if not file.path.endswith(".py"):
        return
    for node in ast.walk(ast.parse(file.text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            count = node.end_lineno - node.lineno + 1
            if count > rules.FUNCTION_LINES_MAX:
                yield node.lineno, "size", "%s() has %d lines, at most %d; split it" % (
                    node.name, count, rules.FUNCTION_LINES_MAX)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("time.sleep", "sleep"):
            yield node.lineno, "banned", "sleep; wait for the event itself, with a deadline"


CHECKS = (check_tag, check_lines, check_file_size, check_document, check_includes, check_banned,
          check_functions, check_oracle, check_data, check_typedefs, check_header, check_essay,
          check_comments, check_python)


def check_tree(root):
    """All violations below root, as (path, line, rule, message)."""
    for path in source_paths(root):
        try:
            file = File(root, path)
        except UnicodeDecodeError:
            yield path, 1, "line", "not UTF-8; encode it so"
            continue
        for check in CHECKS:
            for line, rule, message in check(file):
                yield path, line, rule, message


def apply_exceptions(violations, exceptions):
    """The violations that no exception covers, and the exceptions that covered none."""
    left = []
    used = set()
    for violation in violations:
        path, _, rule, message = violation
        for number, (rule_of, path_of, text, _) in enumerate(exceptions):
            if rule == rule_of and re.fullmatch(path_of, path) and text in message:
                used.add(number)
                break
        else:
            left.append(violation)
    return left, [entry for number, entry in enumerate(exceptions) if number not in used]


def print_density(root):
    """Assertions per function: information, not a gate; a quota breeds hollow ones."""
    for folder in ("lib/base/", "lib/acd/", "lib/journal/", "lib/wire/", "daemon/"):
        functions = assertions = 0
        for path in source_paths(root):
            if path.startswith(folder) and path.endswith((".c", ".h")):
                c = File(root, path).c
                functions += len(c.functions)
                assertions += sum(token.text == "ACD_ASSERT" for token in c.tokens)
        if functions:
            print("%-12s %5d functions %5d assertions %5.2f each" % (
                folder, functions, assertions, assertions / functions))


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    violations, unused = apply_exceptions(check_tree(root), rules.EXCEPTIONS)
    for path, line, rule, message in violations:
        print("%s:%d: [%s] %s" % (path, line, rule, message))
    for rule, path, text, _ in unused:
        print("tests/tidy/rules.py:1: [exception] (%s, %s, %s) is needed by nothing; take it out"
              % (rule, path, text))
    print_density(root)
    print("%d violation(s)" % (len(violations) + len(unused)))
    return 1 if violations or unused else 0


if __name__ == "__main__":
    sys.exit(main())
