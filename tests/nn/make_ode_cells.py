#!/usr/bin/env python3
"""Makes tests/nn/ode_cells.json: continuous-time cells and solvers, written from their equations, in float64.

usage: make_ode_cells.py OUT        needs the Python package torch

The file holds cases {name, layer, config, training, inputs, weights, outputs, cotangent, loss, gradients, state_after} with
tensors {shape, data}; gradients are those of the loss, the sum of outputs times cotangents, by automatic differentiation.
A kernel on a circuit is written as a whole array; what stands where no synapse is does not count. Beside x, inputs are dt
[batch, time] and lengths. Numbers that are given are multiples of 1/4096, exact in float32 too.
"""
import json
import math
import sys

import torch

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(20)


def draw(shape, low, high):
    numbers = torch.rand(shape, generator=generator) * (high - low) + low
    return torch.round(numbers * 4096) / 4096


def step_of(solver, v, h, rate):
    """One step of size h by an explicit solver."""
    if solver == "euler":
        return v + h * rate(v)
    if solver == "heun":
        k1 = rate(v)
        return v + h * (k1 + rate(v + h * k1)) / 2
    k1 = rate(v)
    k2 = rate(v + h * k1 / 2)
    k3 = rate(v + h * k2 / 2)
    k4 = rate(v + h * k3)
    return v + h * (k1 + 2 * k2 + 2 * k3 + k4) / 6


def ctrnn(c, w, x, dt, state):
    h, = state
    tau = torch.nn.functional.softplus(w["tau"]) if "tau" in w else c["tau"]
    phi = {"tanh": torch.tanh, "sigmoid": torch.sigmoid}[c["activation"]]
    kernel, recurrent = w["kernel"], w["recurrent_kernel"]
    if "wiring" in c:
        kernel, recurrent = kernel * torch.tensor(SENSORY) ** 2, recurrent * torch.tensor(MATRIX) ** 2

    def drive(h):
        return w.get("scale", 1) * phi(x @ kernel + h @ recurrent + w.get("bias", 0))

    for _ in range(c["ode_unfolds"]):
        delta = dt / c["ode_unfolds"]
        if c["solver"] == "semi_implicit":  # h' = h + delta (drive(h) - h' / tau)
            h = (h + delta * drive(h)) / (1 + delta / tau)
        else:
            h = step_of(c["solver"], h, delta, lambda h: -h / tau + drive(h))
    return h[:, :c["wiring"]["output_dim"]] if "wiring" in c else h, (h,)


def ctgru(c, w, x, dt, state):
    scales = c["scales"]
    tau = torch.tensor([c["tau"] * c["ratio"] ** i for i in range(scales)])
    memory = state[0].reshape(x.shape[0], -1, scales)
    fade = torch.exp(-dt[:, :, None] / tau)
    if c["decay"] == "before_event":
        memory = memory * fade
    h = memory.sum(2)

    def gate(name):
        ln_tau = x @ w[name + "_kernel"] + h @ w[name + "_recurrent_kernel"] + w.get(name + "_bias", 0)
        return torch.softmax(-(ln_tau.reshape(memory.shape) - torch.log(tau)) ** 2, dim=2)

    read = (gate("retrieval") * memory).sum(2)
    q = torch.tanh(x @ w["detect_kernel"] + read @ w["detect_recurrent_kernel"] + w.get("detect_bias", 0))
    s = gate("storage")
    memory = (1 - s) * memory + s * q[:, :, None]
    if c["decay"] == "after_event":
        memory = memory * fade
    return memory.sum(2), (memory.reshape(state[0].shape),)


def neural_ode(c, w, x, dt, state):
    h, c_state = state[0], state[1:]
    if c["mixed_memory"]:
        size = h.shape[1]
        z = x @ w["memory_kernel"] + h @ w["memory_recurrent_kernel"] + w["memory_bias"]
        candidate, i, f, o = (z[:, k * size:(k + 1) * size] for k in range(4))
        memory = c_state[0] * torch.sigmoid(f + 1) + torch.tanh(candidate) * torch.sigmoid(i)
        h, c_state = torch.tanh(memory) * torch.sigmoid(o), (memory,)
    of_rate = {"tanh": torch.tanh, "linear": lambda z: z}[c["activation"]]

    def rate(h):
        z = h @ w["recurrent_kernel"] + w["bias"]
        if "kernel" in w:
            z = z + x @ w["kernel"]
        for name in [f"hidden_{i}" for i in range(1, c["hidden_layers"])] + ["rate"] * (c["hidden_layers"] > 0):
            z = torch.tanh(z) @ w[name + "_kernel"] + w[name + "_bias"]
        return of_rate(z)

    for _ in range(c["ode_unfolds"]):
        h = step_of(c["solver"], h, dt / c["ode_unfolds"], rate)
    return h, (h, *c_state)


def ltc(c, w, x, dt, state):
    v, = state
    softplus = torch.nn.functional.softplus
    x = x * w["input_w"] + w["input_b"]
    adjacency = torch.tensor([[s != 0 for s in row] for row in MATRIX])
    sensory = torch.tensor([[s != 0 for s in row] for row in SENSORY])

    def sums(prefix, exists, of):
        a = softplus(w[prefix + "w"]) * torch.sigmoid(w[prefix + "sigma"] * (of[:, :, None] - w[prefix + "mu"])) * exists
        return a.sum(1), (a * w[prefix + "erev"]).sum(1)

    gleak = softplus(w["gleak"])
    from_input = sums("sensory_", sensory, x)

    def rate(v):
        conductance, current = sums("", adjacency, v)
        return (gleak * w["vleak"] + current + from_input[1]
                - v * (gleak + conductance + from_input[0] + c["epsilon"])) / softplus(w["cm"])

    for _ in range(c["ode_unfolds"]):
        v = step_of(c["solver"], v, dt / c["ode_unfolds"], rate)
    return v[:, :c["wiring"]["output_dim"]] * w["output_w"] + w["output_b"], (v,)


# source by target
MATRIX = [[0, 1, 0, 0], [1, 0, -1, 0], [0, 1, 1, 1], [-1, 0, 0, 0]]
SENSORY = [[1, 0, 0, 1], [0, -1, 0, 0], [0, 0, 1, 0]]
WIRING = {"type": "Wiring", "units": 4, "output_dim": 2, "input_dim": 3, "adjacency_matrix": MATRIX,
          "sensory_adjacency_matrix": SENSORY}
STEPS = {"CTRNN": ctrnn, "CTGRU": ctgru, "NeuralODE": neural_ode, "LTC": ltc}


def shapes_of(layer, c, inputs, units):
    """name: (shape, lowest, highest) of every weight."""
    if layer == "CTRNN":
        made = {"kernel": ([inputs, units], -1, 1), "recurrent_kernel": ([units, units], -1, 1)}
        if c["use_bias"]:
            made["bias"] = ([units], -0.5, 0.5)
        if c["use_scale"]:
            made["scale"] = ([units], 0.5, 1.5)
        if not c["fix_tau"]:
            made["tau"] = ([units], -1, 2)
        return made
    if layer == "CTGRU":
        made = {}
        for name, columns in (("retrieval", units * c["scales"]), ("detect", units), ("storage", units * c["scales"])):
            made[name + "_kernel"] = ([inputs, columns], -1, 1)
            made[name + "_recurrent_kernel"] = ([units, columns], -1, 1)
            if c["use_bias"]:
                made[name + "_bias"] = ([columns], -0.5, 0.5)
        return made
    if layer == "NeuralODE":
        width = c["hidden_units"] if c["hidden_layers"] else units
        made = {"recurrent_kernel": ([units, width], -1, 1), "bias": ([width], -0.5, 0.5)}
        if not c["mixed_memory"]:
            made["kernel"] = ([inputs, width], -1, 1)
        for name in [f"hidden_{i}" for i in range(1, c["hidden_layers"])]:
            made[name + "_kernel"], made[name + "_bias"] = ([width, width], -1, 1), ([width], -0.5, 0.5)
        if c["hidden_layers"]:
            made["rate_kernel"], made["rate_bias"] = ([width, units], -1, 1), ([units], -0.5, 0.5)
        if c["mixed_memory"]:
            made |= {"memory_kernel": ([inputs, 4 * units], -1, 1), "memory_recurrent_kernel": ([units, 4 * units], -1, 1),
                     "memory_bias": ([4 * units], -0.5, 0.5)}
        return made
    made = {"gleak": ([units], -1, 1), "vleak": ([units], -0.2, 0.2), "cm": ([units], 0, 1),
            "input_w": ([inputs], 0.5, 1.5), "input_b": ([inputs], -0.5, 0.5), "output_w": ([2], 0.5, 1.5),
            "output_b": ([2], -0.5, 0.5)}
    for prefix, rows in (("", units), ("sensory_", inputs)):
        made |= {prefix + "w": ([rows, units], -1, 1), prefix + "mu": ([rows, units], 0.3, 0.8),
                 prefix + "sigma": ([rows, units], 1, 4), prefix + "erev": ([rows, units], -1, 1)}
    return made


def tensor(t):
    kind = {} if t.is_floating_point() else {"dtype": "i32"}
    return {**kind, "shape": list(t.shape), "data": t.detach().flatten().tolist()}


def case(name, layer, c, units, inputs, size_of_states, lengths):
    batch, time = 3, 4
    x = draw([batch, time, inputs], -1, 1).requires_grad_()
    dt = draw([batch, time], 0, 2).requires_grad_()
    weights = {n: draw(*what).requires_grad_() for n, what in shapes_of(layer, c, inputs, units).items()}
    ends = lengths or [time] * batch
    width = c["wiring"]["output_dim"] if "wiring" in c else units
    ys, finals = [], []
    for b in range(batch):  # each sample alone
        state = tuple(torch.zeros(1, size) for size in size_of_states)
        y = []
        for t in range(time):
            if t < ends[b]:
                out, state = STEPS[layer](c, weights, x[b:b + 1, t], dt[b:b + 1, t:t + 1], state)
            y.append(out if t < ends[b] else torch.zeros(1, width))
        ys.append(torch.cat(y)[None])
        finals.append(state)
    outputs = {"y": torch.cat(ys)}
    for i, key in enumerate(STATES[layer, c.get("mixed_memory", False)]):
        outputs[key] = torch.cat([f[i] for f in finals])
    cotangent = {key: draw(list(out.shape), -1, 1) for key, out in outputs.items()}
    loss = sum((out * cotangent[key]).sum() for key, out in outputs.items())
    loss.backward()
    given = {"x": x, "dt": dt} | ({"lengths": torch.tensor(lengths)} if lengths else {})
    assert all(math.isfinite(v) for out in outputs.values() for v in out.flatten().tolist())
    if c.get("mixed_memory", False):
        cell = {"type": layer + "Cell", "config": {k: v for k, v in c.items() if k != "mixed_memory"}}
        layer, c = "RNN", {"cell": {"type": "MixedMemory", "config": {"cell": cell}}}
    c = {k: v for k, v in c.items() if k != "mixed_memory"}
    return {"name": name, "layer": layer, "config": c, "training": True, "inputs": {k: tensor(v) for k, v in given.items()},
            "weights": {k: tensor(v) for k, v in weights.items()}, "outputs": {k: tensor(v) for k, v in outputs.items()},
            "cotangent": {k: tensor(v) for k, v in cotangent.items()}, "loss": loss.item(),
            "gradients": {k: tensor(v.grad if v.grad is not None else torch.zeros_like(v))
                          for k, v in ({"x": x, "dt": dt} | weights).items()}, "state_after": {}}


STATES = {("CTRNN", False): ["h"], ("CTGRU", False): ["h_hat"], ("NeuralODE", False): ["h"], ("NeuralODE", True): ["h", "c"],
          ("LTC", False): ["v"]}
CTRNN = {"units": 5, "activation": "tanh", "solver": "semi_implicit", "ode_unfolds": 6, "tau": 1.0, "fix_tau": True,
         "use_bias": True, "use_scale": True}
CTGRU = {"units": 3, "scales": 8, "tau": 1.0, "ratio": math.sqrt(10), "decay": "before_event", "activation": "tanh",
         "use_bias": True}
NODE = {"units": 4, "activation": "tanh", "hidden_layers": 0, "hidden_units": 3, "hidden_activation": "tanh", "solver": "rk4",
        "ode_unfolds": 6, "use_bias": True, "mixed_memory": False}
LTC = {"wiring": WIRING, "ode_unfolds": 3, "epsilon": 1e-8, "input_mapping": "affine", "output_mapping": "affine",
       "implicit_param_constraints": True}


def main():
    cases = []
    for solver in ("euler", "heun", "rk4", "semi_implicit"):
        cases.append(case(f"ctrnn_{solver}", "CTRNN", {**CTRNN, "solver": solver}, 5, 2, [5], [4, 2, 0]))
    wired = {k: v for k, v in CTRNN.items() if k != "units"}
    cases.append(case("ctrnn_wired_heun", "CTRNN", {**wired, "wiring": WIRING, "solver": "heun", "ode_unfolds": 2, "tau": 0.5},
                      4, 3, [4], None))
    cases.append(case("ctrnn_learned_tau", "CTRNN", {**CTRNN, "units": 2, "fix_tau": False, "ode_unfolds": 3,
                                                     "use_bias": False, "activation": "sigmoid"}, 2, 2, [2], None))
    cases.append(case("ctrnn_no_scale_one_unfold", "CTRNN", {**CTRNN, "units": 3, "use_scale": False, "ode_unfolds": 1,
                                                             "tau": 2.5}, 3, 1, [3], [1, 4, 3]))
    for decay in ("before_event", "after_event"):
        cases.append(case(f"ctgru_{decay}", "CTGRU", {**CTGRU, "decay": decay}, 3, 2, [24], [3, 4, 0]))
    cases.append(case("ctgru_three_scales", "CTGRU", {**CTGRU, "units": 4, "scales": 3, "tau": 0.25, "ratio": 2.0,
                                                      "use_bias": False}, 4, 3, [12], None))
    cases.append(case("ctgru_one_scale", "CTGRU", {**CTGRU, "units": 1, "scales": 1}, 1, 1, [1], None))
    for solver in ("euler", "heun", "rk4"):
        cases.append(case(f"neural_ode_{solver}", "NeuralODE", {**NODE, "solver": solver}, 4, 2, [4], [4, 1, 2]))
    cases.append(case("neural_ode_two_hidden", "NeuralODE", {**NODE, "hidden_layers": 2, "solver": "heun", "ode_unfolds": 2,
                                                             "activation": "linear"}, 4, 3, [4], None))
    none = {"rows": 2, "columns": 3, "synapses": []}
    cases.append(case("ode_lstm", "NeuralODE", {**NODE, "hidden_layers": 1, "activation": "linear", "mixed_memory": True,
                                                "ode_unfolds": 3, "input_pattern": none}, 4, 2, [4, 4], [2, 4, 3]))
    for solver in ("euler", "heun", "rk4"):
        cases.append(case(f"ltc_{solver}", "LTC", {**LTC, "solver": solver}, 4, 3, [4], [4, 3, 0]))
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases)
        file.write(f'{{"reference":"written from the equations, float64","cases":[\n{lines}\n]}}\n')


main()
