#!/usr/bin/env python3
"""Makes tests/parity/optimizers.json: options of optimizers in combinations, by torch.optim in float64.

usage: make_optimizers.py > tests/parity/optimizers.json

Needs PyTorch 2.15. Lion, and decoupled weight decay where torch.optim has none, are their equations in Python. Given
numbers are multiples of 2^-12. The last number of each parameter has gradient 0.
"""
import json
import math
import random

import torch

# Nadam keeps the product of its momenta in the default dtype.
torch.set_default_dtype(torch.float64)
STEPS = 5
draw = random.Random(4)


def numbers(shape, scale=1.0):
    values = torch.tensor([round(draw.uniform(-scale, scale) * 4096) / 4096 for _ in range(math.prod(shape))],
                          dtype=torch.float64)
    return values.reshape(shape)


def tensor(value):
    return {"shape": list(value.shape), "data": value.flatten().tolist()}


class Lion:
    def __init__(self, parameters, config):
        self.parameters, self.config, self.m = parameters, config, [torch.zeros_like(p) for p in parameters]

    def step(self, rate):
        b1, b2, decay = (self.config[key] for key in ("beta_1", "beta_2", "weight_decay"))
        for p, m in zip(self.parameters, self.m):
            p.data -= rate * (torch.sign(b1 * m + (1 - b1) * p.grad) + decay * p.data)
            m.copy_(b2 * m + (1 - b2) * p.grad)


class OfTorch:
    """One of torch.optim; decoupled weight decay is applied here."""

    def __init__(self, parameters, name, c):
        self.parameters, self.decay = parameters, c["weight_decay"] if name == "adamw" or c["decoupled_weight_decay"] else 0
        common = {"lr": c["learning_rate"], "weight_decay": 0 if self.decay else c["weight_decay"]}
        betas = {"betas": (c.get("beta_1"), c.get("beta_2")), "eps": c.get("epsilon")}
        if name == "sgd":
            made = torch.optim.SGD(parameters, momentum=c["momentum"], nesterov=c["nesterov"], **common)
        elif name in ("adam", "adamw", "amsgrad"):
            made = torch.optim.Adam(parameters, amsgrad=name == "amsgrad", **betas, **common)
        elif name == "nadam":
            made = torch.optim.NAdam(parameters, momentum_decay=c["momentum_decay"], **betas, **common)
        elif name == "rmsprop":
            made = torch.optim.RMSprop(parameters, alpha=c["rho"], eps=c["epsilon"], momentum=c["momentum"],
                                       centered=c["centered"], **common)
        else:
            made = torch.optim.Adagrad(parameters, eps=c["epsilon"],
                                       initial_accumulator_value=c["initial_accumulator_value"], **common)
        self.optimizer = made

    def step(self, rate):
        for p in self.parameters:
            p.data *= 1 - rate * self.decay
        self.optimizer.param_groups[0]["lr"] = rate
        self.optimizer.step()


def case(name, optimizer, config, clipping=None):
    shapes = [(2, 3), (3,)]
    parameters = [torch.nn.Parameter(numbers(shape)) for shape in shapes]
    rates = [config["learning_rate"] * factor for factor in (1, 0.5, 2, 1, 0.25)][:STEPS]
    made = {"name": name, "optimizer": optimizer, "config": dict(config), "learning_rates": rates,
            "parameters": {f"p{i}": tensor(p.detach()) for i, p in enumerate(parameters)}, "gradients": [],
            "global_norms": [], "parameters_after": []}
    if clipping:
        made["config"]["clipping"] = clipping
    updates = Lion(parameters, config) if optimizer == "lion" else OfTorch(parameters, optimizer, config)
    for rate in rates:
        gradients = [numbers(shape, 2) for shape in shapes]
        for g in gradients:
            g.view(-1)[-1] = 0
        norm = math.sqrt(sum(float((g * g).sum()) for g in gradients))
        made["gradients"].append({f"p{i}": tensor(g) for i, g in enumerate(gradients)})
        made["global_norms"].append(norm)
        for p, g in zip(parameters, gradients):
            p.grad = g.clone()
            if clipping and "global_norm" in clipping:
                p.grad *= min(1, clipping["global_norm"] / norm)
            elif clipping:
                p.grad.clamp_(-clipping["value"], clipping["value"])
        updates.step(rate)
        made["parameters_after"].append({f"p{i}": tensor(p.detach()) for i, p in enumerate(parameters)})
    return made


def all_cases():
    def of(rate, decay=0.0, decoupled=False, **own):
        return {"learning_rate": rate, "weight_decay": decay, "decoupled_weight_decay": decoupled, **own}

    adam = {"beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-4}
    norm, value = {"global_norm": 0.75}, {"value": 0.625}
    yield case("sgd_nesterov_decoupled_norm", "sgd", of(0.1, 0.3, True, momentum=0.75, nesterov=True), norm)
    yield case("sgd_nesterov_decay_value", "sgd", of(0.1, 0.3, momentum=0.75, nesterov=True), value)
    yield case("adam_decoupled_norm", "adam", of(0.05, 0.3, True, **adam), norm)
    yield case("adam_decay_value", "adam", of(0.05, 0.3, **adam), value)
    yield case("adamw_norm", "adamw", {"learning_rate": 0.05, "weight_decay": 0.3, **adam}, norm)
    yield case("amsgrad_decay_norm", "amsgrad", of(0.05, 0.3, **adam), norm)
    yield case("amsgrad_decoupled", "amsgrad", of(0.05, 0.3, True, **adam))
    yield case("nadam_decay_norm", "nadam", of(0.05, 0.3, momentum_decay=0.5, **adam), norm)
    yield case("nadam_without_decay_of_momentum", "nadam", of(0.05, momentum_decay=0.0, **adam), value)
    yield case("rmsprop_everything", "rmsprop", of(0.02, 0.3, True, rho=0.6, epsilon=1e-3, momentum=0.5, centered=True), norm)
    yield case("rmsprop_momentum_value", "rmsprop", of(0.02, 0.3, rho=0.6, epsilon=1e-3, momentum=0.5, centered=False), value)
    yield case("adagrad_everything", "adagrad", of(0.1, 0.3, epsilon=1e-3, initial_accumulator_value=0.25), norm)
    yield case("adagrad_decoupled_value", "adagrad", of(0.1, 0.3, True, epsilon=1e-3, initial_accumulator_value=0.0), value)
    lion = {"learning_rate": 0.02, "beta_1": 0.6, "beta_2": 0.8, "weight_decay": 0.3}
    yield case("lion_everything", "lion", lion, norm)
    yield case("lion_value", "lion", lion, value)


def schedules():
    yield "step_long", {"type": "step", "learning_rate": 0.5, "step_size": 4, "gamma": 0.3}, lambda t: 0.5 * 0.3 ** (t // 4)
    yield ("exponential_three", {"type": "exponential", "learning_rate": 0.5, "decay_rate": 0.3, "decay_steps": 3},
           lambda t: 0.5 * 0.3 ** (t / 3))
    yield ("warmup_down", {"type": "warmup", "learning_rate": 0.1, "warmup_start": 0.5, "warmup_steps": 3},
           lambda t: 0.5 - 0.4 * t / 3 if t < 3 else 0.1)

    def cosine(t):
        if t < 3:
            return 0.05 + 0.45 * t / 3
        return 0.02 + 0.48 * (1 + math.cos(math.pi * min((t - 3) / 7, 1))) / 2

    yield ("cosine_everything", {"type": "cosine", "learning_rate": 0.5, "minimum": 0.02, "warmup_start": 0.05,
                                 "warmup_steps": 3, "decay_steps": 7}, cosine)


print(json.dumps({"reference": f"PyTorch {torch.__version__}, float64, by make_optimizers.py", "cases": list(all_cases()),
                  "schedules": [{"name": name, "config": config, "values": [rate(t) for t in range(13)]}
                                for name, config, rate in schedules()]}))
