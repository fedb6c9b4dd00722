"""MLX on the processor: its LSTM and GRU, compiled where that is the faster. (ncps has no wired cells for it.) MLX takes as many threads as it
likes; the driver gives it one core."""

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers

from protocol import NotHere, seconds
from shapes import HEAD, INPUTS, recurrent_units

mx.set_default_device(mx.cpu)


def version():
    return f"MLX {mx.__version__}"


def layer(name):
    try:
        kind, units = recurrent_units(name)
        return {"lstm": nn.LSTM, "gru": nn.GRU}[kind](INPUTS, units), units
    except (KeyError, ValueError):
        raise NotHere(f"MLX has no layer for {name}") from None


def step(name):
    cell, units = layer(name)
    head = nn.Linear(units, HEAD)
    is_lstm = isinstance(cell, nn.LSTM)

    def function(x, *state):
        answer = cell(x, *state)
        h, rest = (answer[0], answer[1:]) if is_lstm else (answer, ())
        return head(h[:, -1]), h, *rest

    compiled = mx.compile(function)
    arguments = [mx.random.uniform(shape=(1, 1, INPUTS))] + [mx.zeros((1, units)) for _ in range(2 if is_lstm else 1)]
    return lambda: mx.eval(compiled(*arguments))


def train(name, size):
    batch, time = size
    cell, units = layer(name)
    x, target = mx.random.uniform(-1, 1, (batch, time, INPUTS)), mx.random.uniform(shape=(batch, time, units))
    adam = mlx.optimizers.Adam(1e-3)
    is_lstm = isinstance(cell, nn.LSTM)

    def loss(x, target):
        answer = cell(x)
        return nn.losses.mse_loss(answer[0] if is_lstm else answer, target)

    value_and_gradient = nn.value_and_grad(cell, loss)

    state = [cell.state, adam.state]

    def update(x, target):
        value, gradient = value_and_gradient(x, target)
        adam.update(cell, gradient)
        return value

    def called(step):
        def call():
            mx.eval(step(x, target), state)
        call()
        return call

    # Compiled it is mostly the slower one on the processor: whichever is the faster here.
    calls = [called(update), called(mx.compile(update, inputs=state, outputs=state))]
    return min(calls, key=lambda call: seconds(call, calls=3))


def prepare(kind, name, size):
    if kind == "step":
        return step(name)
    if kind == "train":
        return train(name, size)
    raise NotHere(f"MLX has no case {kind}/{name}")
