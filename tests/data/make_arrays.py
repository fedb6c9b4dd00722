"""Writes the .npy and .npz files beside it, with NumPy. Run by hand; the files are kept."""
import pathlib

import numpy as np

here = pathlib.Path(__file__).parent / "arrays"
here.mkdir(exist_ok=True)
table = np.arange(6).reshape(2, 3)
for dtype in ("<f8", ">f8", "<f4", ">f4", "<f2", ">f2", "|i1", "<i2", ">i2", "<i4", "<i8", ">i8", "|u1", "<u2", ">u4", "<u8"):
    np.save(here / f"table_{dtype.replace('<', 'le_').replace('>', 'be_').replace('|', '')}.npy", (table * 2.5).astype(dtype))
np.save(here / "fortran.npy", np.asfortranarray(np.arange(24, dtype=float).reshape(2, 3, 4)))
np.save(here / "halves.npy", np.array([0.0, -0.0, 1, -2.5, 65504, 2.0**-24, 2.0**-14, np.inf, -np.inf, np.nan], "f2"))
np.save(here / "booleans.npy", np.array([True, False, True]))
np.save(here / "text.npy", np.array(["walk", "", "Δt", "\U0001f600run"]))
np.save(here / "big_endian_text.npy", np.array(["walk", "Δt"]).astype(">U4"))
np.save(here / "bytes.npy", np.array([b"walk", b"run"]))
np.save(here / "scalar.npy", np.float64(3.5))
np.save(here / "empty.npy", np.zeros((0, 3)))
np.save(here / "objects.npy", np.array([{}], object), allow_pickle=True)
np.save(here / "structure.npy", np.zeros(2, [("a", "f4"), ("b", "i4")]))
np.save(here / "complex.npy", np.zeros(2, complex))
np.save(here / "dates.npy", np.array(["2020-01-01"], "datetime64[ns]"))
np.save(here / "too_large.npy", np.array([0, 2**53, -(2**53), 2**53 + 1]))
with open(here / "version_2.npy", "wb") as file:
    np.lib.format.write_array(file, table.astype("<f8"), version=(2, 0))
with open(here / "version_3.npy", "wb") as file:
    np.lib.format.write_array(file, table.astype("<f8"), version=(3, 0))

recordings = dict(
    x=np.array([[[1, 10], [2, 20], [3, np.nan]], [[4, 40], [5, 50], [np.inf, np.nan]]]),
    y=np.array(["walk", "run"]),
    t=np.array([[0, 0.5, 2], [10, 11, 0]]),
    lengths=np.array([3, 2]),
    features=np.array(["speed", "load"]),
)
np.savez(here / "stored.npz", **recordings)
np.savez_compressed(here / "deflated.npz", **recordings)
