#!/usr/bin/env python3
"""Doxygen's input filter: turns the plain // comments of a header into documentation.

usage: doxygen_comments.py HEADER

The comment after #pragma once describes the file; one before a declaration the declaration; one behind a member the
member. Lines indented by two spaces or more (equations, tables) are kept as they are; everything else is text in which
Doxygen must not look for commands or HTML.
"""
import re
import sys

COMMENT = re.compile(r"^(\s*)//(?!/) ?(.*)$")
TRAILING = re.compile(r"^(.*[^\s/].*?)(\s)//(?!/) ?(.*)$")
LIST_ITEM = re.compile(r"\s{0,3}([-*]|\d+\.)\s")
CODE_SPAN = re.compile(r"(`[^`]*`)")


def escaped(text):
    parts = CODE_SPAN.split(text)
    parts[::2] = [re.sub(r"([\\@<>#&%])", r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def block(indent, lines):
    """The documentation of one run of comment lines."""
    output, in_list, code = [], False, False
    for line in [*lines, ""]:  # the empty line ends what is still open
        in_list = bool(LIST_ITEM.match(line)) or (in_list and bool(line.strip()))
        keep = line.startswith("  ") and not in_list
        if keep != code:
            output.append("@code{.unparsed}" if keep else "@endcode")
        code = keep
        output.append(line if keep else escaped(line))
    return [f"{indent}/// {line}" for line in output[:-1]]


def convert(lines):
    output, index, column = [], 0, None
    while index < len(lines):
        line = lines[index]
        comment, trailing = COMMENT.match(line), TRAILING.match(line)
        if comment and column == len(comment[1]):  # goes on with the comment behind the line above
            output.append(f"{comment[1]}///< {escaped(comment[2])}")
        elif comment:
            end = index
            while end < len(lines) and COMMENT.match(lines[end]):
                end += 1
            output += block(comment[1], [COMMENT.match(each)[2] for each in lines[index:end]])
            index, column = end, None
            continue
        elif trailing and trailing[1].count('"') % 2 == 0:
            column = len(trailing[1] + trailing[2])
            output.append(f"{trailing[1]}{trailing[2]}///< {escaped(trailing[3])}")
        else:
            column = None
            output.append("/// @file" if line.strip() == "#pragma once" else line)
        index += 1
    return output


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    with open(arguments[0], encoding="utf-8") as header:
        print("\n".join(convert(header.read().splitlines())))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
