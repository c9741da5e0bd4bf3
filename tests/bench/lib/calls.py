"""The project's own generator of calls, calls.c, on the CPU of the load.

It needs a quarter of SIPp's CPU time, so that a peer's core is really full.
Its messages are those of the SIPp scenarios (Traffic writes both).
"""
import json
import os
import time

from lib import proc, sipp

MARGIN_S = 10 # beyond the seconds of a run


def program(build):
    return os.path.join(build, 'tests', 'bench_calls')


class Run(sipp.Result):
    """Both ends of calls through a peer; nobody else may have the addresses
    of SIPp."""

    def __init__(self, build, folder, traffic, signed, first):
        super().__init__()
        self.build, self.folder, self.traffic = build, folder, traffic
        self.kind, self.first = 'signed' if signed else 'varied', first

    def go(self, pids, target, seconds, at_once):
        """As many calls as there can be, at_once open, while the processes
        pids are watched."""
        out = os.path.join(self.folder, 'calls.out')
        argv = [program(self.build), '-n', str(at_once), '-s',
                str(max(1, round(seconds))), '-v', str(self.first)]
        if self.kind == 'signed':
            self.traffic.signed_table(self.traffic.left())
            argv.append('-u')
        before, cpu, began = proc.machine(), proc.cpu_s(pids), time.time()
        p = proc.spawn(argv + [self.traffic.where, self.kind, target[0],
                               str(target[1])], out)
        used = proc.reap(p, seconds + MARGIN_S)
        self.peer_s = proc.cpu_s(pids) - cpu
        after, busy = proc.machine(), time.time() - began
        self._read(out)
        self.load = used / self.seconds
        self.other = max(0.0, after[0] - before[0] - self.peer_s - used) / busy
        self.stolen = (after[1] - before[1]) / busy
        return self

    def _read(self, path):
        with open(path, encoding='utf-8', errors='replace') as f:
            text = f.read()
        try:
            row = json.loads(text)
        except ValueError:
            raise proc.Trouble('bench_calls: ' + text[-200:].strip())
        if not row['calls'] or not row['seconds']:
            raise proc.Trouble('bench_calls: no call succeeded')
        self.calls, self.failed = row['calls'], row['failed']
        self.repeated, self.seconds = row['ignored'], row['seconds']
