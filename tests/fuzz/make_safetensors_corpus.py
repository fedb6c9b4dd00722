#!/usr/bin/env python3
"""Writes corpus/safetensors: one small file for each way in which a file can be right or wrong. Needs Python alone."""
import json
import pathlib
import struct

FOLDER = pathlib.Path(__file__).parent / "corpus" / "safetensors"


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def file(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text) if length is None else length) + text + data


PAIR = {"a": entry("F32", [2], 0, 8), "b": entry("I64", [1], 8, 16)}
DATA = bytes(range(16))
VALID = file({"__metadata__": {"format": "pt", "note": "\u00e9\n"}, **PAIR}, DATA)
TYPES = [("BOOL", 1), ("U8", 1), ("I8", 1), ("I16", 2), ("U16", 2), ("F16", 2), ("BF16", 2), ("I32", 4), ("U32", 4), ("F32", 4),
         ("F64", 8), ("I64", 8), ("U64", 8)]


def one_of_each():
    header, offset = {}, 0
    for name, size in reversed(TYPES):
        header[name] = entry(name, [1, 1], offset, offset + size)
        offset += size
    return file(header, bytes([1] * offset))


SEEDS = {
    "valid": VALID,
    "valid_nothing": file({}),
    "valid_one_of_each": one_of_each(),
    "valid_scalar": file({"s": entry("F64", [], 0, 8)}, bytes(8)),
    "valid_empty_tensors": file({"x": entry("F32", [0, 3], 0, 0), "a": entry("U8", [2], 0, 2), "y": entry("F32", [0], 2, 2)},
                                b"ab"),
    "valid_unpadded": struct.pack("<Q", 2) + b"{}",
    "valid_odd_order": file({"b": entry("U8", [1], 0, 1), "a": entry("F32", [1], 1, 5)}, bytes(5)),
    "truncated_length": VALID[:5],
    "truncated_header": VALID[:40],
    "truncated_data": VALID[:-3],
    "trailing": VALID + b"more",
    "overlap": file({"a": entry("F32", [2], 0, 8), "b": entry("F32", [2], 4, 12)}, bytes(12)),
    "same_bytes": file({"a": entry("F32", [2], 0, 8), "b": entry("F32", [2], 0, 8)}, bytes(8)),
    "gap": file({"a": entry("F32", [1], 0, 4), "b": entry("F32", [1], 8, 12)}, bytes(12)),
    "gap_at_start": file({"a": entry("F32", [1], 4, 8)}, bytes(8)),
    "duplicate_tensor": file(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},'
                             b'"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', b"ab"),
    "duplicate_key": file(b'{"a":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}}', b"a"),
    "duplicate_metadata": file(b'{"__metadata__":{"k":"1","k":"2"}}'),
    "metadata_number": file({"__metadata__": {"k": 1}}),
    "metadata_list": file({"__metadata__": []}),
    "unknown_key": file({"a": {**entry("U8", [1], 0, 1), "stride": [1]}}, b"a"),
    "missing_key": file({"a": {"dtype": "U8", "shape": [1]}}, b"a"),
    "unknown_dtype": file({"a": entry("F8_E4M3", [1], 0, 1)}, b"a"),
    "wrong_size": file({"a": entry("F32", [3], 0, 8)}, bytes(8)),
    "backwards": file({"a": entry("F32", [1], 4, 0)}, bytes(4)),
    "negative_extent": file({"a": entry("F32", [-1, -1], 0, 4)}, bytes(4)),
    "float_extent": file({"a": entry("F32", [1.0], 0, 4)}, bytes(4)),
    "overflow": file({"a": entry("F32", [2**62, 4], 0, 0)}),
    "overflow_hidden_by_zero": file({"a": entry("F32", [0, 2**62, 4], 0, 0)}),
    "offset_of_65_bits": file(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,18446744073709551616]}}', b"a"),
    "offset_of_64_bits": file(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[18446744073709551615,18446744073709551615]}}', b"a"),
    "bad_boolean": file({"a": entry("BOOL", [2], 0, 2)}, b"\x01\x02"),
    "header_huge": file({}, length=2**63),
    "header_over_cap": file({}, length=100_000_001),
    "header_longer_than_file": file({}, length=9),
    "header_empty": struct.pack("<Q", 0),
    "header_list": file(b"[]"),
    "header_space_first": file(b" {}"),
    "header_garbage_after": file(b"{} x"),
    "header_zero_padded": file(b"{}\0\0\0\0\0\0"),
    "header_bad_utf8": file(b'{"\xff":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"a"),
    "header_deep": file(b'{"a":' + b"[" * 500 + b"]" * 500 + b"}"),
    "zip": b"PK\x03\x04" + bytes(40),
}

FOLDER.mkdir(parents=True, exist_ok=True)
for old in FOLDER.iterdir():
    old.unlink()
for name, data in SEEDS.items():
    (FOLDER / name).write_bytes(data)
