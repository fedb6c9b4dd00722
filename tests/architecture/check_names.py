#!/usr/bin/env python3
"""Checks that kernels, operations, graph and back ends know nothing of layers and cells.

usage: check_names.py ROOT

A cell that a user writes tomorrow must go through the same passes to the same kernels as the built-in ones. So no name of
a layer, a cell or an architecture may stand in these rooms: not in an identifier, a string, a comment or a file's name.
Say what the numbers are instead: rows, inputs, gates, a body, a full (not a "dense") matrix.
Prints FILE:LINE: word, one a line; exits 1 if there is any.
"""
import pathlib
import re
import sys

ROOMS = ("kernels", "ops", "graph", "backends")

# Matched without regard to case against every word of every identifier, in the plural too.
FORBIDDEN = {
    # what a network is made of
    "layer", "sublayer", "cell", "neuron", "perceptron", "backbone", "dense",
    # recurrent cells and their families
    "ltc", "cfc", "rnn", "lstm", "gru", "mmrnn", "ctrnn", "ctgru", "odernn", "mgu", "liquid", "transformer", "resnet",
    # circuits
    "ncp", "autoncp", "motor", "sensory", "interneuron", "mlp",
}

IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9]*")
# CfCStep → Cf C Step;  HTTPServer → HTTP Server;  lstm2 → lstm
PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# Acronyms as they are written, wherever they stand: LSTMstep, myCfC.
ACRONYM = re.compile(r"CfC|CFC|LTC|LSTM|GRU|RNN|NCP")


def words(identifier):
    """Every word of an identifier without underscores, in lower case: its pieces, and two or three pieces in a row."""
    pieces = [piece.lower() for piece in PIECE.findall(identifier)]
    found = {"".join(pieces[i:i + n]) for n in (1, 2, 3) for i in range(len(pieces) - n + 1)}
    found.update(match.lower() for match in ACRONYM.findall(identifier))
    return found


def forbidden_in(text):
    """The forbidden words in a line of text, as written there."""
    return [identifier for identifier in IDENTIFIER.findall(text)
            if any(word in FORBIDDEN or word.removesuffix("s") in FORBIDDEN for word in words(identifier))]


def check(root):
    root = pathlib.Path(root)
    problems = [] if any((root / "src" / room).is_dir() for room in ROOMS) else [f"{root}: none of the rooms is here"]
    for top in ("include/elegans", "src"):
        for room in ROOMS:
            for path in sorted(p for p in (root / top / room).rglob("*") if p.is_file()):
                name = path.relative_to(root)
                problems += [f"{name}: {word}, in the file's name" for word in forbidden_in(str(name))]
                text = path.read_text(encoding="utf-8", errors="replace")
                for number, line in enumerate(text.splitlines(), 1):
                    problems += [f"{name}:{number}: {word}" for word in forbidden_in(line)]
    return problems


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    problems = check(arguments[0])
    print("\n".join(problems) if problems else f"{', '.join(ROOMS)} name no layer and no cell")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
