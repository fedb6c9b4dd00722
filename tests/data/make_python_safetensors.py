#!/usr/bin/env python3
"""Writes from_python.safetensors by the safetensors package (0.8.0; numpy 2.4). The format is deterministic, so running
it again gives the same bytes; tests/model_file compares our writer's bytes with them."""
import pathlib

import numpy as np

# One metadata entry only: the package writes several in random order.
TENSORS = {
    "cell.kernel": (np.arange(6, dtype=np.float32) / 4 - 0.5).reshape(2, 3),
    "cell.bias": np.array([1e-3, -2e30, np.inf], dtype=np.float32),
    "elegans.mean": np.array(0.1, dtype=np.float64),
    "steps": np.array([-1, 2**62], dtype=np.int64),
    "big": np.array([2**64 - 1], dtype=np.uint64),
    "half": np.array([0.5, -2.0], dtype=np.float16),
    "empty": np.zeros((0, 4), dtype=np.float32),
    "mask": np.array([[True, False], [False, True]]),
    "i8": np.array([-128, 127], dtype=np.int8),
    "u8": np.array([0, 255], dtype=np.uint8),
    "i16": np.array([-300], dtype=np.int16),
    "u16": np.array([65535], dtype=np.uint16),
    "i32": np.array([-70000], dtype=np.int32),
    "u32": np.array([4000000000], dtype=np.uint32),
    "na\u00efve \"name\"\n": np.array([7], dtype=np.uint8),
}

if __name__ == "__main__":
    from safetensors.numpy import save_file

    save_file(TENSORS, pathlib.Path(__file__).parent / "from_python.safetensors",
              metadata={"config": '{"units": 3, "note": "\u0394t \\\\ \t"}'})
