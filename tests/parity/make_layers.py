#!/usr/bin/env python3
"""Makes tests/parity/layers.json: recurrent layers with options that the shared golden file does not have.

usage: make_layers.py > tests/parity/layers.json

The equations of the specification, step by step and sample by sample, in PyTorch with float64; gradients are PyTorch's.
"""
import json

import torch

torch.set_default_dtype(torch.float64)
GENERATOR = torch.Generator().manual_seed(7)
GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}
FUNCTIONS = {
    "tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu6": torch.nn.functional.relu6,
    # The derivative of hardsigmoid has 1/6 in float32.
    "hard_sigmoid": lambda x: torch.nn.functional.relu6(x + 3) / 6, "elu": torch.nn.functional.elu,
    "gelu_tanh": lambda x: torch.nn.functional.gelu(x, approximate="tanh"), "mish": torch.nn.functional.mish,
    "softsign": torch.nn.functional.softsign, "softmax": lambda x: torch.softmax(x, -1)}


def numbers(*shape):
    """Multiples of 2^-12 within +-1: exact in float32, too."""
    return (torch.randint(-4096, 4097, shape, generator=GENERATOR).double() / 4096).requires_grad_()


def step(layer, config, w, x, state):
    phi, rho = FUNCTIONS[config["activation"]], FUNCTIONS[config.get("recurrent_activation", "sigmoid")]
    u, h = config["units"], state[0]
    block = lambda z, i: z[i * u:(i + 1) * u]
    k, r, b = x @ w["kernel"], h @ w["recurrent_kernel"], w.get("bias", torch.zeros(1))
    if layer == "SimpleRNN":
        return [phi(k + r + b)]
    if layer == "LSTM":
        z = k + r + b
        c = rho(block(z, 1)) * state[1] + rho(block(z, 0)) * phi(block(z, 2))
        return [rho(block(z, 3)) * phi(c), c]
    if config["reset_after"]:
        rows = b if b.dim() == 2 else torch.zeros(2, 3 * u)
        k, r = k + rows[0], r + rows[1]
        candidate = lambda reset: phi(block(k, 2) + reset * block(r, 2))
    else:
        k = k + b
        candidate = lambda reset: phi(block(k, 2) + (reset * h) @ w["recurrent_kernel"][:, 2 * u:])
    z, reset = rho(block(k, 0) + block(r, 0)), rho(block(k, 1) + block(r, 1))
    return [z * h + (1 - z) * candidate(reset)]


def run(layer, config, w, x, lengths, first, backwards):
    """Outputs [B,T,u] in the order of processing, and final states."""
    batch, time, units = x.shape[0], x.shape[1], config["units"]
    outputs, finals = [], []
    for b in range(batch):
        state, rows = [s[b] for s in first], []
        steps = list(range(lengths[b]))
        for t in reversed(steps) if backwards else steps:
            state = step(layer, config, w, x[b, t], state)
            rows.append(state[0])
        outputs.append(torch.stack(rows + [torch.zeros(units)] * (time - len(rows))))
        finals.append(state)
    return torch.stack(outputs), [torch.stack([f[i] for f in finals]) for i in range(len(first))]


def case(name, layer, lengths=None, states=False, use_bias=True, **options):
    batch, time, inputs, units = 3, 4, 2, 3
    config = {"units": units, "activation": "tanh", "use_bias": use_bias, "return_sequences": True,
              "go_backwards": False, "bidirectional": False}
    if layer != "SimpleRNN":
        config["recurrent_activation"] = "sigmoid"
    if layer == "GRU":
        config["reset_after"] = True
    config.update(options)
    columns = GATES[layer] * units
    given, weights, outputs = {"x": numbers(batch, time, inputs)}, {}, {}
    steps = lengths or [time] * batch
    halves = {}
    for prefix in ["forward_", "backward_"] if config["bidirectional"] else [""]:
        own = {"kernel": numbers(inputs, columns), "recurrent_kernel": numbers(units, columns)}
        if use_bias:
            own["bias"] = numbers(2, columns) if config.get("reset_after") else numbers(columns)
        names = ["h", "c"] if layer == "LSTM" else ["h"]
        first = [numbers(batch, units) if states else torch.zeros(batch, units) for _ in names]
        if states:
            given.update({prefix + n + "0": s for n, s in zip(names, first)})
        weights.update({prefix + n: v for n, v in own.items()})
        y, finals = run(layer, config, own, given["x"], steps, first,
                        config["go_backwards"] or prefix == "backward_")
        if prefix == "backward_":
            y = torch.stack([torch.cat([torch.flip(y[b, :n], [0]), y[b, n:]]) for b, n in enumerate(steps)])
        halves[prefix] = y if config["return_sequences"] else finals[0]
        outputs.update({prefix + n: s for n, s in zip(names, finals)})
    outputs = {"y": torch.cat(list(halves.values()), -1), **outputs}
    cotangent = {n: numbers(*v.shape).detach() for n, v in outputs.items()}
    loss = sum((outputs[n] * cotangent[n]).sum() for n in outputs)
    wrt = {**given, **weights}
    gradients = dict(zip(wrt, torch.autograd.grad(loss, list(wrt.values()), allow_unused=True)))
    gradients = {n: torch.zeros_like(wrt[n]) if g is None else g for n, g in gradients.items()}
    tensors = lambda all: {n: {"shape": list(t.shape), "data": t.detach().flatten().tolist()} for n, t in all.items()}
    written = tensors(given)
    if lengths:
        written["lengths"] = {"dtype": "i32", "shape": [batch], "data": lengths}
    return {"name": name, "layer": layer, "config": config, "training": False, "inputs": written,
            "weights": tensors(weights), "outputs": tensors(outputs), "cotangent": tensors(cotangent),
            "loss": loss.item(), "gradients": tensors(gradients), "state_after": {}}


CASES = [
    case("lstm_empty_sequence_last", "LSTM", [0, 4, 2], states=True, return_sequences=False),
    case("lstm_bidirectional_lengths_last", "LSTM", [3, 0, 4], states=True, bidirectional=True,
         return_sequences=False),
    case("lstm_other_functions_backwards", "LSTM", [2, 4, 1], states=True, go_backwards=True, activation="gelu_tanh",
         recurrent_activation="hard_sigmoid"),
    case("gru_backwards_lengths", "GRU", [4, 1, 3], states=True, go_backwards=True),
    case("gru_before_backwards_last", "GRU", [0, 3, 4], states=True, go_backwards=True, return_sequences=False,
         reset_after=False),
    case("gru_before_no_bias", "GRU", use_bias=False, reset_after=False, activation="mish",
         recurrent_activation="softsign"),
    case("gru_bidirectional_lengths", "GRU", [2, 4, 0], states=True, bidirectional=True, reset_after=False),
    case("simple_rnn_bidirectional_lengths", "SimpleRNN", [1, 0, 4], states=True, bidirectional=True,
         activation="elu"),
    case("simple_rnn_softmax_backwards_no_bias", "SimpleRNN", [2, 4, 3], go_backwards=True, use_bias=False,
         activation="softmax")]

print(json.dumps({"reference": f"PyTorch {torch.__version__.split('+')[0]}, float64", "cases": CASES},
                 separators=(",", ":")).replace('{"name"', '\n{"name"'))
