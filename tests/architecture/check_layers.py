#!/usr/bin/env python3
"""Checks that every #include of the project obeys layers.txt.

usage: check_layers.py ROOT

 - a room includes only itself and rooms listed above it in layers.txt;
 - every folder under include/elegans and src is a listed room;
 - a private header (under src) is included by its own room alone, and never by a public header;
 - the project's headers are included from the root ("elegans/room/thing.hpp", "room/thing.hpp") or, private ones, from their
   own folder ("thing.hpp"), never by "..".

A header directly under include/elegans stands above all rooms: it may include any of them, no room may include it.
Prints FILE:LINE: what is wrong, one a line; exits 1 if anything is.
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def read_rooms(root):
    lines = (root / "layers.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def sources(root):
    """Yields (path relative to root, room or None, is public)."""
    for top, public in (("include/elegans", True), ("src", False)):
        base = root / top
        for path in sorted(p for p in base.rglob("*") if p.is_file()):
            parts = path.relative_to(base).parts
            yield path.relative_to(root), parts[0] if len(parts) > 1 else None, public


def check_include(root, rooms, name, path, room, public):
    """Returns what is wrong with `#include name` in the file `path` of `room`, or None."""
    parts = name.split("/")
    if ".." in parts or "." in parts:
        return f'"{name}" is a relative path; include it from the root'
    if parts[0] == "elegans":
        if len(parts) == 2:
            return f'"{name}" stands above all rooms; include the header that is meant' if room else None
        target = parts[1]
    elif (root / path.parent / name).is_file():
        target = room
    elif (root / "src" / name).is_file():
        target = parts[0]
        if public:
            return f'"{name}" is private: a public header cannot include it'
        if target != room:
            return f'"{name}" is private to {target}; {room} may include only public headers of other rooms'
    else:
        return None  # not ours
    if target not in rooms:
        return f'"{name}" is in {target}, which layers.txt does not list'
    if room is not None and rooms.index(target) > rooms.index(room):
        return f'"{name}" belongs to {target}, which layers.txt lists below {room}: {room} may not include it'
    return None


def check(root):
    root = pathlib.Path(root)
    rooms = read_rooms(root)
    problems = [f"layers.txt: {room} is listed twice" for room in sorted({r for r in rooms if rooms.count(r) > 1})]
    for path, room, public in sources(root):
        if room is None and not public:
            problems.append(f"{path}: a source belongs into the folder of its room")
            continue
        if room is not None and room not in rooms:
            problems.append(f"{path}: layers.txt does not list the room {room}")
            continue
        text = (root / path).read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            if match:
                problem = check_include(root, rooms, match[1], path, room, public)
                if problem:
                    problems.append(f"{path}:{number}: {problem}")
    return problems


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    problems = check(arguments[0])
    print("\n".join(problems) if problems else "every #include obeys layers.txt")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
