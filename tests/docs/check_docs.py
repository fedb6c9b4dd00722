#!/usr/bin/env python3
"""Holds the pages (README.md, CONTRIBUTING.md, CHANGELOG.md, docs/*.md, data/*/README.md) to the program.

usage: check_docs.py links ROOT                 every relative link leads to a file, and its #anchor to a heading
       check_docs.py commands ROOT PROGRAM      every option of a command line, and every `--option`, is one of elegans
       check_docs.py snippets ROOT FILE         writes all C++ of the pages as one source, to be compiled behind
                                                context.hpp: each block ```cpp as the body of a function, and of tables
                                                with a column "elegans" each `code` of that column, as an expression, or
                                                as statements where it ends with a semicolon

Problems are printed as PAGE:LINE: text, one a line, and the exit code is 1. (The compiler names page and line of C++.)
"""
import pathlib
import re
import subprocess
import sys

PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md", "data/*/README.md")
ROOMS = ("wiring", "nn", "model", "train")

FENCE = re.compile(r"\s*```(\w*)\s*$")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"(?<!`)(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
COMMAND = re.compile(r"(?:\$ )?(?:\S*/)?elegans ([a-z]+)\b(.*)")


def pages(root):
    """(name, lines) of every page."""
    for pattern in PAGES:
        for path in sorted(root.glob(pattern)):
            yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8").splitlines()


def split_page(lines):
    """Prose as [(number, line)], and fenced blocks as [(language, number of the first line, lines)]."""
    prose, blocks, block = [], [], None
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if fence and block is None:
            block = (fence[1], number + 1, [])
        elif fence:
            blocks.append(block)
            block = None
        elif block is not None:
            block[2].append(line)
        else:
            prose.append((number, line))
    return prose, blocks


def anchors(lines):
    """The anchors that GitHub gives the headings of a page."""
    found = set()
    for _, line in split_page(lines)[0]:
        if line.startswith("#"):
            text = re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower()).replace(" ", "-")
            name, copy = text, 0
            while name in found:
                copy += 1
                name = f"{text}-{copy}"
            found.add(name)
    return found


def check_links(root):
    problems = []
    for name, lines in pages(root):
        for number, line in split_page(lines)[0]:
            for link in LINK.findall(CODE.sub("", line)):
                if re.match(r"[a-z]+:", link):
                    continue
                path, _, anchor = link.partition("#")
                target = (root / name).parent / path if path else root / name
                if not target.exists():
                    problems.append(f"{name}:{number}: the link {link} leads nowhere")
                elif anchor and anchor not in anchors(target.read_text(encoding="utf-8").splitlines()):
                    problems.append(f"{name}:{number}: {path or name} has no heading #{anchor}")
    return problems


def command_lines(block):
    """(number, command, rest) of every line that calls elegans; a line that ends in \\ goes on."""
    _, first, lines = block
    at = 0
    while at < len(lines):
        number, line = first + at, lines[at].strip()
        while line.endswith("\\") and at + 1 < len(lines):
            at += 1
            line = line[:-1] + " " + lines[at].strip()
        at += 1
        call = COMMAND.match(line)
        if call:
            yield number, call[1], re.split(r"\s#|\s\|", call[2])[0]


def check_commands(root, options_of):
    """options_of(command) is the set of its options, None for a word that is no command; of "" those of all."""
    problems = []
    for name, lines in pages(root):
        prose, blocks = split_page(lines)
        for block in blocks:
            for number, command, rest in command_lines(block):
                known = options_of(command)
                if known is None:
                    problems.append(f"{name}:{number}: elegans has no command {command}")
                    continue
                problems += [f"{name}:{number}: elegans {command} has no option {option}"
                             for option in OPTION.findall(rest) if option not in known]
        if name == "README.md" or name.startswith("docs/"):
            problems += [f"{name}:{number}: elegans has no option {option}"
                         for number, line in prose for _, code in CODE.findall(line) if code.startswith("--")
                         for option in OPTION.findall(code) if option not in options_of("")]
    return problems


def cells(row):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def table_snippets(prose):
    """(number, C++) of every code in a column whose head is "elegans"."""
    column, before = None, 0
    for number, line in prose:
        if not line.startswith("|") or number != before + 1:
            column = None
        if line.startswith("|"):
            row = cells(line)
            if column is None:
                column = row.index("elegans") if "elegans" in row else -1
            elif 0 <= column < len(row):
                for _, code in CODE.findall(row[column]):
                    yield number, code.replace("\\|", "|").strip()
        before = number


def source_of(root):
    """The C++ of all pages as one source, and how many pieces it has."""
    includes, functions = [], []

    def add(name, number, lines):
        functions.append(f"struct Snippet{len(functions)} : Context {{ void run() {{")
        functions.append(f'#line {number} "{name}"')
        functions.extend([*lines, "}};"])

    headers = [path.relative_to(root / "include").as_posix()
               for room in ROOMS for path in sorted((root / "include/elegans" / room).glob("*.hpp"))]
    for name, lines in pages(root):
        prose, blocks = split_page(lines)
        for language, first, code in blocks:
            if language == "cpp":
                includes += [f'#line {first + i} "{name}"\n{line.strip()}'
                             for i, line in enumerate(code) if line.lstrip().startswith("#include")]
                add(name, first, ["" if line.lstrip().startswith("#include") else line for line in code])
        for number, code in table_snippets(prose):
            add(name, number, [code if code.endswith(";") else f"static_cast<void>({code});"])
    count = sum(line.startswith("struct Snippet") for line in functions)
    text = "\n".join(["// Made by check_docs.py from the pages.", *includes, *(f'#include "{h}"' for h in headers),
                      '#include "docs/context.hpp"', "namespace elegans_pages {", *functions, "}", ""])
    return text, count


def options_of_program(program):
    known = {}

    def options_of(command):
        if command not in known:
            done = subprocess.run([program, command, "--help"], capture_output=True, text=True, timeout=60)
            known[command] = set(OPTION.findall(done.stdout)) if done.returncode == 0 else None
        return known[command]

    overview = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
    commands = re.findall(r"^  ([a-z]+) {2,}", overview.partition("Subcommands:")[2].partition("Examples")[0], re.M)
    known[""] = set(OPTION.findall(overview)).union(*(options_of(command) for command in commands))
    return options_of


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "links":
        problems = check_links(pathlib.Path(arguments[1]))
    elif len(arguments) == 3 and arguments[0] == "commands":
        problems = check_commands(pathlib.Path(arguments[1]), options_of_program(arguments[2]))
    elif len(arguments) == 3 and arguments[0] == "snippets":
        text, count = source_of(pathlib.Path(arguments[1]))
        problems = [] if count else [f"{arguments[1]}: no page holds C++"]
        pathlib.Path(arguments[2]).write_text(text, encoding="utf-8")
    else:
        print(__doc__, file=sys.stderr)
        return 2
    print("\n".join(problems) if problems else f"{arguments[0]}: nothing found amiss")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
