"""ONNX Runtime on one thread, a step of a network exported from PyTorch: through Python with bound inputs and outputs, and
the files for its C interface (ort_step.c)."""

import os

import onnxruntime

from protocol import NotHere


def version():
    return f"ONNX Runtime {onnxruntime.__version__}"


def export(name, file):
    """Writes the network's step; returns the arguments it is called with."""
    import torch
    from torch_peer import step_module
    module, arguments = step_module(name)
    names = ["x"] + [f"state{i}" for i in range(len(arguments) - 1)]
    with torch.no_grad():
        torch.onnx.export(module, arguments, file, input_names=names, dynamo=False, opset_version=17)
    return dict(zip(names, (argument.numpy() for argument in arguments)))


def ports(file, values):
    """Names of inputs and outputs, each with its number of elements: the arguments of ort_step."""
    session = onnxruntime.InferenceSession(file, options(), providers=["CPUExecutionProvider"])
    inputs = [port.name for port in session.get_inputs()]
    answers = session.run(None, {name: values[name] for name in inputs})
    return {"inputs": [(name, values[name].size) for name in inputs],
            "outputs": [(port.name, answer.size) for port, answer in zip(session.get_outputs(), answers)]}


def options():
    chosen = onnxruntime.SessionOptions()
    chosen.intra_op_num_threads = chosen.inter_op_num_threads = 1
    chosen.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    chosen.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return chosen


def prepare(kind, name, folder):
    if kind != "step":
        raise NotHere(f"ONNX Runtime has no case {kind}/{name}")
    file = os.path.join(folder, f"{name}.onnx")
    arguments = export(name, file)
    session = onnxruntime.InferenceSession(file, options(), providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    taken = {port.name for port in session.get_inputs()}
    for port, value in arguments.items():
        if port in taken:
            binding.bind_ortvalue_input(port, onnxruntime.OrtValue.ortvalue_from_numpy(value.copy()))
    answers = session.run(None, {port: value for port, value in arguments.items() if port in taken})
    for port, value in zip(session.get_outputs(), answers):
        binding.bind_ortvalue_output(port.name, onnxruntime.OrtValue.ortvalue_from_numpy(value.copy()))
    run = session.run_with_iobinding
    return lambda: run(binding)


def library():
    """The shared library inside the package."""
    folder = os.path.join(os.path.dirname(onnxruntime.__file__), "capi")
    for file in sorted(os.listdir(folder)):
        if file.startswith("libonnxruntime.so"):
            return os.path.join(folder, file)
    raise NotHere(f"{folder} has no libonnxruntime.so")
