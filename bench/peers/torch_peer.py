"""PyTorch with ncps on one thread: eager, with the cell under torch.compile, and its Adam as default and fused."""


from protocol import NotHere, seconds
from shapes import BACKBONE, CFC, CFC_NCP, HEAD, INPUTS, LTC_NCP, NCP, UNITS, recurrent_units

import torch

torch.set_num_threads(1)
torch.manual_seed(1)


def version():
    try:
        from importlib.metadata import version as of
        return f"PyTorch {torch.__version__.split('+')[0]}, ncps {of('ncps')}"
    except ImportError:
        return f"PyTorch {torch.__version__.split('+')[0]}"


def network(name):
    """The recurrent layer and the number of its outputs."""
    if name in (CFC_NCP, LTC_NCP, CFC):
        from ncps.torch import CfC, LTC
        from ncps.wirings import AutoNCP
        if name == CFC:
            return CfC(INPUTS, UNITS, backbone_units=BACKBONE), UNITS
        units, outputs = NCP[name]
        return (CfC if name == CFC_NCP else LTC)(INPUTS, AutoNCP(units, outputs)), outputs
    kind, units = recurrent_units(name)
    return {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[kind](INPUTS, units, batch_first=True), units


class GatedStep(torch.nn.Module):
    """One step of torch's LSTM or GRU with Dense 8, states in and out."""

    def __init__(self, name):
        super().__init__()
        kind, units = recurrent_units(name)
        self.cell = {"lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell}[kind](INPUTS, units)
        self.head = torch.nn.Linear(units, HEAD)

    def forward(self, x, *state):
        if isinstance(self.cell, torch.nn.LSTMCell):
            h, c = self.cell(x, state)
            return self.head(h), h, c
        h = self.cell(x, state[0])
        return self.head(h), h


def step_module(name):
    """A module of one step and the arguments that it is called with."""
    x = torch.rand(1, INPUTS)
    if name in NCP:
        layer, _ = network(name)
        return layer.rnn_cell.eval(), (x, torch.zeros(1, NCP[name][0]), torch.full((1, 1), 0.7))
    kind, units = recurrent_units(name)
    return GatedStep(name).eval(), (x,) + tuple(torch.zeros(1, units) for _ in range(2 if kind == "lstm" else 1))


def step(name, compiled):
    module, arguments = step_module(name)

    def call_of(function):
        def call():
            with torch.inference_mode():
                function(*arguments)
        return call

    if not compiled:
        return call_of(module)
    import torch._inductor.config as settings
    settings.freezing = True  # weights are constants

    def compiled_with(wrapper):
        settings.cpp_wrapper = wrapper
        torch._dynamo.reset()  # which also forgets what was compiled before: the one that is chosen is compiled again
        function = torch.compile(module, dynamic=False)

        def call():
            with torch.no_grad():  # freezing needs it in place of inference_mode
                function(*arguments)

        call()
        call()
        return call

    # Calls of kernels from Python or from C++: whichever is the faster here.
    return compiled_with(min((False, True), key=lambda wrapper: seconds(compiled_with(wrapper), calls=200)))


def train(name, size, compiled):
    """Forward, backward and Adam. ncps cannot take Δt for a batch; here every Δt is 1."""
    batch, time_steps = size
    layer, outputs = network(name)
    if compiled:
        if not hasattr(layer, "rnn_cell"):
            raise NotHere(f"{name} has no cell to compile")
        layer.rnn_cell.forward = torch.compile(layer.rnn_cell.forward, dynamic=False)
    x, target = torch.rand(batch, time_steps, INPUTS) * 2 - 1, torch.rand(batch, time_steps, outputs)
    adam = torch.optim.Adam(layer.parameters(), 1e-3, fused=True)

    def call():
        adam.zero_grad()
        loss = torch.nn.functional.mse_loss(layer(x)[0], target)
        loss.backward()
        adam.step()
        loss.item()

    return call


def adam(name, fused):
    count, numbers = {"10M": (1, 10_000_000), "1000x10k": (1000, 10_000)}[name]
    parameters = [torch.nn.Parameter(torch.full((numbers,), 0.25)) for _ in range(count)]
    for parameter in parameters:
        parameter.grad = torch.full((numbers,), 0.25)
    optimizer = torch.optim.Adam(parameters, 1e-12, **({"fused": True} if fused else {}))

    def write_gradients():
        for parameter in parameters:
            parameter.grad.fill_(0.25)

    return optimizer.step, write_gradients


def loss(name):
    prediction = torch.rand(4096, 1000, requires_grad=True)
    if name == "crossentropy":
        target, function = torch.randint(0, 1000, (4096,)), torch.nn.functional.cross_entropy
    else:
        target, function = torch.rand(4096, 1000), torch.nn.functional.mse_loss

    def call():
        prediction.grad = None
        function(prediction, target).backward()

    return call


def dense():
    layer, x, slope = torch.nn.Linear(784, 256), torch.rand(32, 784), torch.rand(32, 256)

    def call():
        layer.weight.grad = layer.bias.grad = None
        layer(x).backward(slope)

    return call


def prepare(peer, kind, name, size):
    if kind == "step":
        return step(name, peer == "compiled")
    if kind == "train":
        return train(name, size, peer == "compiled")
    if kind == "adam":
        return adam(name, peer == "fused")
    if kind == "loss":
        return loss(name)
    if kind == "dense":
        return dense()
    raise NotHere(f"PyTorch has no case {kind}/{name}")
