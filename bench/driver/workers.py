"""Processes that serve bursts (bench_e2e --serve and the workers of bench/peers), and which of them are here."""

import hashlib
import json
import os
import subprocess
import tempfile

PEERS_FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "peers")


# What a shell may hold that steers libraries: a peer is measured as it would choose by itself.
STEERING = ("OPENBLAS_", "GOTO_", "MKL_", "DNNL_", "ONEDNN_", "ATEN_", "OMP_", "KMP_", "GOMP_", "ORT_", "TORCH", "MLX_")


def unsteered(environment):
    return {name: value for name, value in environment.items() if not name.startswith(STEERING)}


class Missing(Exception):
    """A series that cannot be measured here; the text says why."""


class Worker:
    """A process that measures one series. Pinned to `cores`; waits without using the processor between bursts."""

    def __init__(self, command, cores, environment=None):
        self.errors = tempfile.TemporaryFile("w+")  # no pipe: one that nobody empties holds up who writes much
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
            env=unsteered(os.environ) | (environment or {}), preexec_fn=lambda: os.sched_setaffinity(0, cores))
        self.header = self.read()
        if "missing" in self.header:
            self.close()
            raise Missing(self.header["missing"])

    def read(self):
        while True:
            line = self.process.stdout.readline()
            if not line:
                code = self.process.wait()
                self.errors.seek(0)
                errors = self.errors.read().strip().splitlines()
                raise Missing(errors[-1] if errors else f"ended with {code}")
            if line.startswith("{"):
                return json.loads(line)

    def burst(self, milliseconds):
        try:
            self.process.stdin.write(f"burst {milliseconds}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended: reading tells why
        return self.read()

    def close(self):
        try:
            self.process.stdin.write("quit\n")
            self.process.stdin.close()
        except OSError:
            pass
        self.process.stdout.close()
        self.errors.close()
        self.process.wait()


class Peers:
    """Makes workers of peers. `python` is an interpreter that has them, or None; `rtneural` the folder of a checkout, or
    None; programs in C and C++ are compiled to `folder` when they are first asked for."""

    def __init__(self, python, rtneural, folder):
        self.python, self.rtneural, self.folder = python, rtneural, folder
        self.exported = {}  # commands by case: the export is made once
        os.makedirs(folder, exist_ok=True)

    def worker(self, peer, case, cores):
        if peer == "rtneural":
            return Worker([self.rtneural_program(), case.split("/")[1]], cores)
        if not self.python:
            raise Missing("no peers; run scripts/bench --with-peers")
        command = [self.python, os.path.join(PEERS_FOLDER, "worker.py"), "--case", case, "--folder", self.folder]
        if peer == "ort-c":
            if case not in self.exported:
                self.exported[case] = self.ort_command(command + ["--peer", "ort", "--export"], case)
            return Worker(self.exported[case], cores)
        return Worker(command + ["--peer", peer], cores,
                      {"TORCHINDUCTOR_CACHE_DIR": os.path.join(self.folder, "inductor"), "OMP_NUM_THREADS": "1"})

    def ort_command(self, export, case):
        program = self.compile("ort_step", "ort_step.c", ["cc", "-O2"], ["-ldl"])
        exported = subprocess.run(export, capture_output=True, text=True)
        lines = [line for line in exported.stdout.splitlines() if line.startswith("{")]
        if not lines:
            raise Missing((exported.stderr.strip().splitlines() or ["the export failed"])[-1])
        answer = json.loads(lines[-1])
        if "missing" in answer:
            raise Missing(answer["missing"])
        ports = [str(word) for port in answer["inputs"] for word in port]
        ports += ["--"] + [str(word) for port in answer["outputs"] for word in port]
        return [program, answer["library"], answer["version"], os.path.join(self.folder, case.split("/")[1] + ".onnx"), *ports]

    def rtneural_version(self):
        """A digest of the headers, and the commit where the folder is a checkout."""
        digest = hashlib.sha256()
        for part in ("RTNeural", os.path.join("modules", "Eigen", "Eigen")):
            for folder, folders, names in os.walk(os.path.join(self.rtneural, part)):
                folders.sort()
                for name in sorted(names):
                    with open(os.path.join(folder, name), "rb") as header:
                        digest.update(header.read())
        version = f"sources {digest.hexdigest()[:7]}"
        try:
            told = subprocess.run(["git", "-C", self.rtneural, "rev-parse", "--show-prefix", "--short", "HEAD"],
                                  capture_output=True, text=True)
        except OSError:  # no git
            return version
        of_this_folder = told.returncode == 0 and told.stdout.startswith("\n")  # HEAD is not of a checkout around it
        return f"{told.stdout.strip()}, {version}" if of_this_folder else version

    def rtneural_program(self):
        if not self.rtneural:
            raise Missing("give a checkout of RTNeural by --rtneural")
        flags = ["c++", "-std=c++17", "-O3", "-march=native", "-DRTNEURAL_USE_EIGEN=1", "-DRTNEURAL_DEFAULT_ALIGNMENT=32",
                 f'-DRTNEURAL_VERSION="RTNeural {self.rtneural_version()}"',
                 "-I", self.rtneural, "-isystem", os.path.join(self.rtneural, "modules", "Eigen"),
                 "-isystem", "/usr/include/eigen3"]
        try:
            return self.compile("rtneural_step", "rtneural_step.cpp", flags, [])
        except Missing as first:  # RTNeural's Eigen may not know the half-precision numbers of this processor
            try:
                return self.compile("rtneural_step", "rtneural_step.cpp", flags + ["-mno-avx512fp16"], [])
            except Missing:
                raise first

    def compile(self, name, source, compiler, libraries):
        """The program of a source; compiled again where the source, the command or the processor is another."""
        source = os.path.join(PEERS_FOLDER, source)
        with open(source, "rb") as text, open("/proc/cpuinfo", "rb") as processor:
            flags = next((line for line in processor if line.startswith(b"flags")), b"")
            made_of = text.read() + repr([os.path.abspath(word) if os.path.exists(word) else word for word in compiler]).encode() + flags
        program = os.path.join(self.folder, f"{name}-{hashlib.sha256(made_of).hexdigest()[:12]}")
        if not os.path.exists(program):
            done = subprocess.run([*compiler, source, "-o", program, *libraries], capture_output=True, text=True)
            if done.returncode:
                errors = [line for line in done.stderr.splitlines() if "error: " in line] or ["error: no message"]
                raise Missing(f"{name} does not compile: {errors[0].split('error: ', 1)[1]}")
        return program
