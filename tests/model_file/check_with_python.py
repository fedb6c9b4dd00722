"""Reads the file named by its first argument with the safetensors package and compares it with the tensors of
tests/data/make_python_safetensors.py. Exit status 77 where the package or NumPy is missing."""
import pathlib
import sys

try:
    import numpy as np
    from safetensors import safe_open
except ImportError as missing:
    print(missing)
    sys.exit(77)

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "data"))
from make_python_safetensors import TENSORS  # noqa: E402

with safe_open(sys.argv[1], framework="numpy") as file:
    names = set(file.keys())
    assert names == set(TENSORS), names ^ set(TENSORS)
    for name, expected in TENSORS.items():
        actual = file.get_tensor(name)
        assert actual.dtype == expected.dtype and actual.shape == expected.shape, name
        assert actual.tobytes() == expected.tobytes(), name
    assert file.metadata() == {"first": "1", "second": "\u0394t"}, file.metadata()
