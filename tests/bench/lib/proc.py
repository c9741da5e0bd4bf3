"""Processes that always end, the CPU time they used, a quiet machine."""
import os
import signal
import subprocess
import sys
import time

CPU_PEER = int(os.environ.get('BENCH_CPU_PEER', '0'))
CPU_LOAD = int(os.environ.get('BENCH_CPU_LOAD', '1'))
NICE = int(os.environ.get('BENCH_NICE', '-10'))
QUIET_WAIT = float(os.environ.get('BENCH_QUIET_WAIT', '4'))
QUIET_CPUS = 0.15
TICK = os.sysconf('SC_CLK_TCK')
PAGE = os.sysconf('SC_PAGE_SIZE')
started = []


class Trouble(Exception):
    """A measurement that cannot be made; the text says why."""


def _pin(cpu, nice):
    os.sched_setaffinity(0, {cpu})
    # An autogroup of its own: without it nice does not count against the
    # processes of other sessions.
    os.setsid()
    try:
        os.nice(nice)
        with open('/proc/self/autogroup', 'w', encoding='ascii') as f:
            f.write('%d' % nice)
    except OSError:
        pass


def spawn(argv, out, cpu=CPU_LOAD, cwd=None, nice=NICE, env=None):
    """Start argv on one CPU; its output goes to the file out."""
    with open(out, 'ab') as f:
        p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=f,
                             stderr=f, cwd=cwd, env=env,
                             preexec_fn=lambda: _pin(cpu, nice))
    started.append(p)
    return p


def reap(p, wait):
    """Wait for p at most wait seconds, then kill it; its CPU seconds."""
    end, cpu = time.time() + wait, 0.0
    while p.returncode is None:
        pid, status, use = os.wait4(p.pid, os.WNOHANG)
        if pid:
            p.returncode = os.waitstatus_to_exitcode(status)
            cpu = use.ru_utime + use.ru_stime
            break
        if time.time() > end:
            p.kill()
            end = time.time() + 5
        time.sleep(0.005)
    if p in started:
        started.remove(p)
    return cpu


def finish(p, sig=signal.SIGTERM, wait=3.0):
    """End a process that was started here."""
    if p.returncode is None:
        try:
            p.send_signal(sig)
        except ProcessLookupError:
            pass
    return reap(p, wait)


def finish_all():
    for p in list(started):
        finish(p, wait=1.0)


def bounded(seconds):
    """The whole run ends after so many seconds, or by a signal."""
    def end(*_):
        finish_all()
        sys.exit('bench: interrupted, or out of time')
    for s in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
        signal.signal(s, end)
    signal.alarm(int(seconds))


def tree(pid):
    """pid and all that descend from it."""
    kids = {}
    for d in os.listdir('/proc'):
        if not d.isdigit():
            continue
        try:
            with open('/proc/%s/stat' % d, encoding='ascii') as f:
                s = f.read()
        except OSError:
            continue
        parent = int(s[s.rindex(')') + 2:].split()[1])
        kids.setdefault(parent, []).append(int(d))
    out, todo = [], [pid]
    while todo:
        p = todo.pop()
        out.append(p)
        todo += kids.get(p, [])
    return out


def cpu_s(pids):
    """Seconds on a CPU, to the nanosecond, of all threads of pids."""
    ns = 0
    for p in pids:
        try:
            for t in os.listdir('/proc/%d/task' % p):
                path = '/proc/%d/task/%s/schedstat' % (p, t)
                with open(path, encoding='ascii') as f:
                    ns += int(f.read().split()[0])
        except OSError:
            pass
    return ns / 1e9


def rss(pid):
    """Resident octets."""
    with open('/proc/%d/statm' % pid, encoding='ascii') as f:
        return int(f.read().split()[1]) * PAGE


def machine():
    """(busy, stolen) seconds of all CPUs since boot."""
    with open('/proc/stat', encoding='ascii') as f:
        v = [int(x) for x in f.readline().split()[1:]]
    return (sum(v[:8]) - v[3] - v[4]) / TICK, v[7] / TICK


def wait_quiet():
    """Wait a while for the rest of the machine to use little."""
    end = time.time() + QUIET_WAIT
    while time.time() < end:
        before = machine()[0]
        time.sleep(0.4)
        if (machine()[0] - before) / 0.4 < QUIET_CPUS:
            return True
    return False


def is_listening(proto, ip, port):
    number = int.from_bytes(bytes(map(int, ip.split('.'))), 'little')
    want = '%08X:%04X' % (number, port)
    with open('/proc/net/' + proto, encoding='ascii') as f:
        for line in f.readlines()[1:]:
            w = line.split()
            if w[1] == want and (proto == 'udp' or w[3] == '0A'):
                return True
    return False


def wait_listening(p, proto, ip, port, who, wait=10.0):
    end = time.time() + wait
    while time.time() < end:
        if is_listening(proto, ip, port):
            return
        if p.poll() is not None:
            break
        time.sleep(0.02)
    raise Trouble('%s does not listen on %s %s:%d' % (who, proto, ip, port))
