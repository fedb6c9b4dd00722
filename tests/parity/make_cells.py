#!/usr/bin/env python3
"""Makes tests/parity/cells.json: cases of recurrent cells with what the reference answers, in float64.

usage: make_cells.py OUT        needs Python packages torch and ncps (1.0.1)

Format: that of the golden files which tools/check_cells reads. The cases are chosen to meet options, and pairs of options,
that the first golden file has not. Every sample runs alone (the reference cannot take time spans for a batch), cut at its
length.
"""
import json
import sys

import torch
from ncps import torch as cells
from ncps import wirings

SMALL_NCP = {"type": "NCP", "inter_neurons": 4, "command_neurons": 3, "motor_neurons": 2, "sensory_fanout": 2, "inter_fanout": 2,
             "recurrent_command_synapses": 3, "motor_fanin": 2, "seed": 5}
AUTO = {"type": "AutoNCP", "units": 9, "output_size": 2, "sparsity_level": 0.3, "seed": 11}
RANDOM = {"type": "Random", "units": 5, "output_dim": 2, "sparsity_level": 0.5, "random_seed": 3}
FULL = {"type": "FullyConnected", "units": 4, "output_dim": 4, "erev_init_seed": 7, "self_connections": False}

# name, cell, wiring or units, options, and what is given beside x
CASES = [
    ("ltc_units", "ltc", 4, {}, "dt"),
    ("ltc_one_unfold_last", "ltc", SMALL_NCP, {"ode_unfolds": 1, "return_sequences": False, "epsilon": 1e-3}, "dt h0 lengths"),
    ("ltc_explicit_mixed_last", "ltc", RANDOM, {"implicit_param_constraints": False, "mixed_memory": True,
                                                "return_sequences": False, "input_mapping": "linear"}, "dt c0 h0 lengths"),
    ("ltc_time_first_unmapped_output", "ltc", AUTO, {"batch_first": False, "output_mapping": None}, "h0"),
    ("ltc_no_self_connections", "ltc", FULL, {"input_mapping": None, "output_mapping": "linear"}, "dt h0"),
    ("cfc_wired_full", "cfc", FULL, {}, "dt h0 lengths"),
    ("cfc_wired_random_pure", "cfc", RANDOM, {"mode": "pure"}, "dt h0"),
    ("cfc_wired_proj_mixed", "cfc", SMALL_NCP, {"proj_size": 3, "mixed_memory": True}, "dt h0 c0 lengths"),
    ("cfc_wired_no_gate_last", "cfc", AUTO, {"mode": "no_gate", "return_sequences": False, "proj_size": 1}, "h0"),
    ("cfc_relu_3layers_dropout", "cfc", 3, {"activation": "relu", "backbone_layers": 3, "backbone_units": 5,
                                            "backbone_dropout": 0.3}, "dt"),
    ("cfc_tanh_pure_mixed", "cfc", 3, {"activation": "tanh", "mode": "pure", "backbone_units": 4, "mixed_memory": True}, "dt c0 h0"),
    ("cfc_gelu_time_first_last", "cfc", 3, {"activation": "gelu", "batch_first": False, "return_sequences": False,
                                            "backbone_units": 4}, "lengths"),
    ("cfc_no_backbone_no_gate_proj", "cfc", 3, {"backbone_layers": 0, "mode": "no_gate", "proj_size": 2}, "dt h0 lengths"),
    ("cfc_silu_2layers_mixed_time_first", "cfc", 3, {"activation": "silu", "backbone_layers": 2, "backbone_units": 4,
                                                     "mixed_memory": True, "batch_first": False}, "dt"),
]


def make_wiring(description):
    if not isinstance(description, dict):
        return description
    arguments = {key: value for key, value in description.items() if key != "type"}
    return getattr(wirings, description["type"])(**arguments)


def numbers(tensor):
    return None if tensor is None else tensor.detach().tolist()


def run(rnn, options, x, dt, h0, c0, lengths):
    """Output, final state and cell state of every sample, stacked, [batch, time, ...]."""
    batch_first, sequences = options.get("batch_first", True), options.get("return_sequences", True)
    outputs, states, memories = [], [], []
    for b in range(x.shape[0]):
        steps = x.shape[1] if lengths is None else lengths[b]
        one, gaps = x[b:b + 1, :steps], None if dt is None else dt[b:b + 1, :steps]
        if not batch_first:
            one, gaps = one.transpose(0, 1), None if gaps is None else gaps.transpose(0, 1)
        units = rnn.state_size
        h = torch.zeros(1, units, dtype=x.dtype) if h0 is None else h0[b:b + 1]
        if options.get("mixed_memory"):
            c = torch.zeros(1, units, dtype=x.dtype) if c0 is None else c0[b:b + 1]
            y, (h, c) = rnn(one, (h, c), timespans=gaps)
            memories.append(c)
        else:
            y, h = rnn(one, h, timespans=gaps)
        states.append(h)
        if sequences:
            y = y if batch_first else y.transpose(0, 1)
            y = torch.cat([y, torch.zeros(1, x.shape[1] - steps, y.shape[2], dtype=x.dtype)], 1)
        outputs.append(y)
    return torch.cat(outputs), torch.cat(states), torch.cat(memories) if memories else None


def make_case(seed, name, cell, circuit, options, given):
    torch.manual_seed(seed)
    batch, time, inputs = 3, 4, 2
    rnn = {"ltc": cells.LTC, "cfc": cells.CfC}[cell](inputs, make_wiring(circuit), **options).double().eval()
    with torch.no_grad():
        for parameter in rnn.parameters():
            if parameter.requires_grad:
                parameter.add_(0.05 * torch.randn_like(parameter))
    draw = lambda *shape: torch.randn(*shape, dtype=torch.float64)
    x = draw(batch, time, inputs).requires_grad_()
    dt = (draw(batch, time).abs() + 0.1).requires_grad_() if "dt" in given else None
    h0 = (0.5 * draw(batch, rnn.state_size)).requires_grad_() if "h0" in given else None
    c0 = (0.5 * draw(batch, rnn.state_size)).requires_grad_() if "c0" in given else None
    lengths = [4, 1, 3] if "lengths" in given else None
    y, state, memory = run(rnn, options, x, dt, h0, c0, lengths)
    seed_grad = draw(*y.shape)
    loss = (y * seed_grad).sum()
    loss.backward()
    as_stored = (lambda t: t) if options.get("batch_first", True) else (lambda t: t.transpose(0, 1) if t is not None else None)
    sequence = (lambda t: as_stored(t)) if options.get("return_sequences", True) else (lambda t: t)
    parameters = dict(rnn.named_parameters())
    return {"name": name, "cell": cell, "wiring": circuit if isinstance(circuit, dict) else None,
            "units": None if isinstance(circuit, dict) else circuit, "lengths": lengths, "inputs": inputs, "options": options,
            "batch": batch, "time": time,
            "parameters": {key: numbers(value) for key, value in parameters.items()},
            "x": numbers(as_stored(x)), "dt": numbers(as_stored(dt)), "h0": numbers(h0), "c0": numbers(c0),
            "y": numbers(sequence(y)), "state": numbers(state), "cell_state": numbers(memory),
            "seed_grad": numbers(sequence(seed_grad)), "loss": loss.item(),
            "grads": {key: numbers(value.grad) for key, value in parameters.items() if value.grad is not None},
            "grad_x": numbers(as_stored(x.grad)), "grad_dt": numbers(as_stored(dt.grad)) if dt is not None else None,
            "grad_h0": numbers(h0.grad) if h0 is not None else None, "grad_c0": numbers(c0.grad) if c0 is not None else None}


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    made = [make_case(seed, *case) for seed, case in enumerate(CASES)]
    with open(arguments[0], "w", encoding="ascii") as out:
        lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in made)
        out.write('{"reference":"ncps 1.0.1 on PyTorch, float64","cases":[\n' + lines + "\n]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
