#!/usr/bin/env python3
"""Tests of how processes of ours and of peers are compiled, started, taken in turns and ended. Times nothing."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import measure
import workers


class Programs(unittest.TestCase):
    def test_a_program_of_another_source_or_command_is_another(self):
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "answer.c")
            peers = workers.Peers(None, None, folder)

            def compiled(answer, *options):
                with open(source, "w") as file:
                    file.write(f"int main(void) {{ return {answer}; }}\n")
                return peers.compile("answer", source, ["cc", *options], [])

            first = compiled(3)
            self.assertEqual(subprocess.run([first]).returncode, 3)
            self.assertEqual(compiled(3), first)
            self.assertNotEqual(compiled(3, "-O2"), first)
            self.assertEqual(subprocess.run([compiled(4)]).returncode, 4)
            with self.assertRaisesRegex(workers.Missing, "answer does not compile"):
                compiled("nothing")

    def test_a_checkout_tells_its_commit_and_other_sources_their_digest(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "RTNeural"))

            def version(header=None):
                if header:
                    with open(os.path.join(folder, "RTNeural", "RTNeural.h"), "w") as file:
                        file.write(header)
                return workers.Peers(None, folder, os.path.join(folder, "made")).rtneural_version()

            def git(*words):
                subprocess.run(["git", "-C", folder, "-c", "user.name=n", "-c", "user.email=e", *words], check=True, capture_output=True)

            first = version("// one")
            self.assertRegex(first, "^sources [0-9a-f]{7}$")
            self.assertEqual(version("// one"), first)
            self.assertNotEqual(version("// two"), first)
            git("init")
            git("add", "RTNeural")
            git("commit", "-m", "two")
            commit = version()
            self.assertRegex(commit, "^[0-9a-f]{7,}, sources [0-9a-f]{7}$")
            self.assertNotEqual(version("// changed"), commit)
            within = workers.Peers(None, os.path.join(folder, "RTNeural"), os.path.join(folder, "made"))
            self.assertRegex(within.rtneural_version(), "^sources ")


class Turns(unittest.TestCase):
    class Worker:
        def __init__(self, bursts):
            self.left = bursts

        def burst(self, milliseconds):
            if self.left == 0:
                raise workers.Missing("out of memory")
            self.left -= 1
            return {"ns": 1e6 * milliseconds, "calls": 1}

    def test_one_that_ends_on_the_way_is_missing_and_the_others_go_on(self):
        missing, bursts, last = {}, {"run": [], "eager": []}, {}
        rounds = measure.rounds_of({"run": self.Worker(1000), "eager": self.Worker(1)}, "ns", 0.1, missing, bursts, last)
        self.assertEqual(list(bursts), ["run"])
        self.assertGreaterEqual(rounds, measure.LEAST_ROUNDS)
        self.assertEqual(len(bursts["run"]), rounds)
        self.assertEqual(missing, {"eager": "it ended after 1 bursts: out of memory"})
        self.assertIn("run", last)
        measure.rounds_of({"run": self.Worker(0)}, "ns", 1, missing, bursts, last)
        self.assertEqual(bursts, {})

    def test_processes_are_started_anew_but_those_of_python(self):
        started = {"run": 0, "eager": 0, "broken": 0, "second": 0}

        def maker(name):
            def make(process):
                self.assertEqual(process, started[name])
                started[name] += 1
                if name == "broken" or (name == "second" and started[name] > 1):
                    raise workers.Missing("it does not start")
                worker = self.Worker(1000)
                worker.header, worker.close = {"version": name}, lambda: None
                return worker
            return make

        missing = {}
        bursts, last, headers, processes = measure.in_processes({name: maker(name) for name in started}, "ns", 0.1, missing)
        self.assertEqual(started, {"run": measure.PROCESSES, "eager": 1, "broken": 1, "second": 2})
        self.assertEqual(set(missing), {"broken", "second"})
        self.assertEqual(set(bursts), {"run", "eager"})
        self.assertEqual((len(processes), sum(processes)), (measure.PROCESSES, len(bursts["run"])))
        self.assertEqual(len(bursts["eager"]), len(bursts["run"]))
        self.assertEqual(headers["eager"], {"version": "eager"})

    def test_two_threads_need_two_cores(self):
        before = os.sched_getaffinity(0)
        core = min(before)
        os.sched_setaffinity(0, {core})
        try:
            makers = measure.makers_of({"case": "threads/x", "series": ["two", "one"]}, None, None, [], core)
        finally:
            os.sched_setaffinity(0, before)
        self.assertEqual(makers, {})

    def test_libraries_are_not_steered_by_what_the_shell_holds(self):
        given = {"PATH": "/bin", "OPENBLAS_CORETYPE": "Haswell", "MKL_DEBUG_CPU_TYPE": "5", "OMP_NUM_THREADS": "8"}
        self.assertEqual(workers.unsteered(given), {"PATH": "/bin"})
        os.environ["OPENBLAS_CORETYPE"] = "Haswell"
        try:
            worker = workers.Worker([sys.executable, "-c", "import json, os; print(json.dumps({'core': os.getenv("
                                     "'OPENBLAS_CORETYPE'), 'threads': os.getenv('OMP_NUM_THREADS')}), flush=True); input()"],
                                    os.sched_getaffinity(0), {"OMP_NUM_THREADS": "1"})
        finally:
            del os.environ["OPENBLAS_CORETYPE"]
        worker.close()
        self.assertEqual(worker.header, {"core": None, "threads": "1"})

    def test_one_that_warns_much_goes_on(self):
        worker = workers.Worker([sys.executable, "-c", "import sys; sys.stderr.write('warning\\n' * 100000); print('{}', flush=True)\n"
                                 "for _ in sys.stdin: print('{\"ns\": 1}', flush=True)"], os.sched_getaffinity(0))
        self.assertEqual(worker.burst(1), {"ns": 1})
        worker.close()

    def test_why_a_process_ended_is_told(self):
        worker = workers.Worker([sys.executable, "-c", "import sys; print('{}', flush=True); sys.exit('no memory')"],
                                os.sched_getaffinity(0))
        with self.assertRaisesRegex(workers.Missing, "no memory"):
            for _ in range(2):
                worker.burst(1)
        worker.close()


if __name__ == "__main__":
    unittest.main()
