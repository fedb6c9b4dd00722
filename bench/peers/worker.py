#!/usr/bin/env python3
"""Serves one case of one peer (protocol.py), for scripts/bench.

    worker.py --peer eager --case train/cfc-ncp/32x64
    worker.py --peer ort --case step/cfc-ncp --folder build/peers

Peers: eager, compiled, fused, ort, mlx. `worker.py --peer ort --case step/cfc-ncp --folder F --export` writes what the C
interface reads, F/NAME.onnx, and prints the path of ONNX Runtime's library and the model's ports."""

import argparse
import json
import os
import sys

from protocol import NotHere, serve
from shapes import parse


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True, choices=["eager", "compiled", "fused", "ort", "mlx"])
    parser.add_argument("--case", required=True)
    parser.add_argument("--folder", default=".", help="where model files are written")
    parser.add_argument("--export", action="store_true")
    arguments = parser.parse_args()
    kind, name, size = parse(arguments.case)
    try:
        if arguments.export:
            import onnx_peer
            file = os.path.join(arguments.folder, f"{name}.onnx")
            values = onnx_peer.export(name, file)
            print(json.dumps({"library": onnx_peer.library(), "version": onnx_peer.version()} | onnx_peer.ports(file, values)))
        elif arguments.peer == "ort":
            import onnx_peer
            serve(lambda: onnx_peer.prepare(kind, name, arguments.folder), onnx_peer.version())
        elif arguments.peer == "mlx":
            import mlx_peer
            serve(lambda: mlx_peer.prepare(kind, name, size), mlx_peer.version())
        else:
            import torch_peer
            serve(lambda: torch_peer.prepare(arguments.peer, kind, name, size), torch_peer.version())
    except (NotHere, ImportError) as error:
        print(json.dumps({"missing": str(error)}), flush=True)
        sys.exit(3)


if __name__ == "__main__":
    main()
