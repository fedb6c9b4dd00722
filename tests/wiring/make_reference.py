#!/usr/bin/env python3
"""Writes the references of this folder's tests from ncps itself.

usage: make_reference.py FOLDER        (in an environment with numpy==1.24.2 and ncps==1.0.1; PyTorch is not needed)

golden_small.json   a few circuits in full, in the format that tools/check_wirings reads
reference.json      many circuits as hashes: {"type", "args", "inputs", "synapses", "sensory_synapses", "recurrent_hash",
                    "sensory_hash"}; the hash of a list of synapses is
                        h = 0xcbf29ce484222325;  h = (h ^ word) * 0x100000001b3 mod 2^64
                    over the words source, target, polarity + 1 of each, ascending by (source, target).

The circuits are chosen by a fixed seed, so that running it again gives the same files.
"""
import json
import pathlib
import random
import sys

import ncps.wirings

TYPES = {name: getattr(ncps.wirings, name) for name in ("FullyConnected", "Random", "NCP", "AutoNCP")}


def draw(kind, args, inputs):
    wiring = TYPES[kind](**args)
    wiring.build(inputs)
    return wiring


def synapses(matrix):
    return [[int(source), int(target), int(matrix[source, target])] for source, target in zip(*matrix.nonzero())]


def digest(matrix):
    h = 0xcbf29ce484222325
    for source, target, polarity in synapses(matrix):
        for word in (source, target, polarity + 1):
            h = (h ^ word) * 0x100000001b3 % 2**64
    return f"{h:016x}"


def in_full(kind, args, inputs):
    w = draw(kind, args, inputs)
    return {"type": kind, "args": args, "inputs": inputs, "units": w.units, "outputs": w.output_dim,
            "layers": [list(w.get_neurons_of_layer(i)) for i in range(w.num_layers)],
            "types": [w.get_type_of_neuron(i) for i in range(w.units)],
            "recurrent": synapses(w.adjacency_matrix), "sensory": synapses(w.sensory_adjacency_matrix),
            "synapses": int(w.synapse_count), "sensory_synapses": int(w.sensory_synapse_count)}


def hashed(kind, args, inputs):
    w = draw(kind, args, inputs)
    return {"type": kind, "args": args, "inputs": inputs, "synapses": int(w.synapse_count),
            "sensory_synapses": int(w.sensory_synapse_count), "recurrent_hash": digest(w.adjacency_matrix),
            "sensory_hash": digest(w.sensory_adjacency_matrix)}


def random_ncp(rng, seed):
    inter, command, motor = rng.randint(1, 40), rng.randint(1, 30), rng.randint(1, 12)
    return {"inter_neurons": inter, "command_neurons": command, "motor_neurons": motor,
            "sensory_fanout": rng.choice([0, 1, rng.randint(0, inter)]), "inter_fanout": rng.choice([0, 1, rng.randint(0, command)]),
            "recurrent_command_synapses": rng.choice([0, rng.randint(0, 4 * command)]),
            "motor_fanin": rng.choice([0, 1, rng.randint(0, command)]), "seed": seed}


def random_case(rng, kind):
    seed = rng.choice([0, 1, 2**31, 2**32 - 1, rng.randrange(2**32), rng.randrange(2**32), rng.randrange(2**32)])
    inputs = rng.choice([1, rng.randint(1, 8), rng.randint(1, 64)])
    if kind == "NCP":
        return kind, random_ncp(rng, seed), inputs
    if kind == "AutoNCP":
        units = rng.choice([rng.randint(4, 12), rng.randint(4, 200)])
        args = {"units": units, "output_size": rng.randint(1, min(units - 3, 20)), "seed": seed,
                "sparsity_level": rng.choice([0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, round(rng.uniform(0.1, 1), 4)])}
        return kind, args, inputs
    units = rng.choice([1, rng.randint(1, 12), rng.randint(1, 40)])
    if kind == "FullyConnected":
        args = {"units": units, "erev_init_seed": rng.choice([seed, seed, 2**40 + seed]), "self_connections": rng.random() < 0.7}
    else:
        # Populations over 10 000 are sampled in another way, by their share.
        units = rng.choice([units, rng.randint(99, 125)])
        args = {"units": units, "random_seed": rng.choice([seed, seed, 2**40 + seed]),
                "sparsity_level": rng.choice([0.0, 0.1, 0.5, 0.75, 0.9, 0.97, 0.98, 0.985, 0.999, round(rng.random(), 3)])}
    if rng.random() < 0.5:
        args["output_dim"] = rng.randint(1, units)
    return kind, args, inputs


def clipped_by_command_neurons():
    """NCPs in which inter neurons that a forgotten command neuron picks are as many as command neurons, not as on average."""
    args = {"inter_neurons": 12, "command_neurons": 3, "motor_neurons": 2, "sensory_fanout": 3, "inter_fanout": 1,
            "recurrent_command_synapses": 0, "motor_fanin": 2}
    for seed in range(1000):
        wiring = draw("NCP", args | {"seed": seed}, 3)
        if (wiring.adjacency_matrix[5:, 2:5] != 0).sum() > 12:
            yield "NCP", args | {"seed": seed}, 3


def write(path, head, rows):
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    path.write_text(f'{{"reference": "{head}", "cases": [\n{lines}\n]}}\n', encoding="utf-8")


def main(folder):
    small = [("FullyConnected", {"units": 4, "output_dim": 2, "erev_init_seed": 3}, 2),
             ("FullyConnected", {"units": 3, "self_connections": False}, 2),
             ("Random", {"units": 6, "output_dim": 2, "sparsity_level": 0.6, "random_seed": 4294967295}, 3),
             ("NCP", {"inter_neurons": 5, "command_neurons": 4, "motor_neurons": 2, "sensory_fanout": 2, "inter_fanout": 2,
                      "recurrent_command_synapses": 3, "motor_fanin": 2, "seed": 0}, 3),
             ("AutoNCP", {"units": 8, "output_size": 2}, 2),
             ("AutoNCP", {"units": 10, "output_size": 3, "sparsity_level": 0.8, "seed": 2147483648}, 4)]
    rng = random.Random(20240607)
    many = [random_case(rng, kind) for kind in TYPES for _ in range(60)]
    many += [case for case, _ in zip(clipped_by_command_neurons(), range(4))]
    write(folder / "golden_small.json", "ncps 1.0.1 on numpy 1.24.2", [in_full(*case) for case in small])
    write(folder / "reference.json", "ncps 1.0.1 on numpy 1.24.2", [hashed(*case) for case in many])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
