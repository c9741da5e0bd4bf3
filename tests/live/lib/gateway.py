"""The gateway under test: one process, its log, its control socket."""
import http.client
import json
import os
import re
import signal
import subprocess
import threading
import time

from . import conf, env
from .env import PATIENCE

FIELD = re.compile(r' ([a-z_-]+)=("(?:[^"\\]|\\.)*"|\S*)')
# What a sanitizer says, and what no run may say.
FATAL = ('AddressSanitizer', 'runtime error:', 'ThreadSanitizer',
         'LeakSanitizer', ' error ', ' bug.')


class Line:
    """One log line."""

    def __init__(self, text):
        self.text = text.rstrip('\n')
        words = self.text.split(' ', 4)
        self.level = words[1] if len(words) > 3 else ''
        self.event = words[3] if len(words) > 3 else ''
        self.fields = {}
        for k, v in FIELD.findall(self.text):
            if v.startswith('"'):
                v = v[1:-1].replace('\\"', '"').replace('\\\\', '\\')
            self.fields[k] = v

    def __getitem__(self, key):
        return self.fields.get(key, '')

    def __repr__(self):
        return self.text


class Gateway:
    def __init__(self, folder, config='mcxgw.xml', name='gw'):
        self.folder, self.name = folder, name
        self.config = os.path.join(folder, config)
        self.process = None
        self.lines = []
        self.news = threading.Condition()
        self.admin = None
        # Events of level error that a test provokes.
        self.provoked = set()

    def start(self, wait=True):
        """Run it, and return when it serves."""
        with open(self.config, encoding='utf-8') as f:
            m = re.search(r'<admin address="([^"]*)" port="(\d+)"', f.read())
        self.admin = (m.group(1), int(m.group(2))) if m else None
        since = len(self.lines)
        self.process = subprocess.Popen(
            [env.BINARY, 'run', '-c', self.config, '--schema', env.SCHEMA],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, errors='replace')
        threading.Thread(target=self._read, args=(self.process.stderr,),
                         daemon=True).start()
        if wait:
            self.wait_log('gateway.ready', since=since, seconds=15)
        return self

    def _read(self, pipe):
        for text in pipe:
            with self.news:
                self.lines.append(Line(text))
                self.news.notify_all()
        with self.news:
            self.news.notify_all()

    def mark(self):
        """A place in the log to look from."""
        with self.news:
            return len(self.lines)

    def find(self, event, since=0, **fields):
        """Lines of the log that fit, so far."""
        with self.news:
            return [x for x in self.lines[since:] if x.event == event and all(
                x[k] == str(v) for k, v in fields.items())]

    def wait_log(self, event, since=0, seconds=8, **fields):
        """The first line with that event and these fields."""
        end = time.monotonic() + seconds * PATIENCE
        while True:
            found = self.find(event, since, **fields)
            if found:
                return found[0]
            left = end - time.monotonic()
            if left <= 0 or self.process.poll() is not None:
                raise AssertionError(
                    '%s: no log line %s %s; exit %s; the log:\n%s' % (
                        self.name, event, fields, self.process.poll(),
                        '\n'.join(x.text for x in self.lines[since:][-30:])))
            with self.news:
                self.news.wait(min(left, 0.2))

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=20):
        """SIGTERM twice (the second ends at once); the exit status."""
        if self.process is None:
            return 0
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(0.3)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError('%s does not end' % self.name) from None

    def reload(self):
        """SIGHUP, and what the gateway says to it."""
        since = self.mark()
        self.process.send_signal(signal.SIGHUP)
        return since

    def ctl(self, *words):
        """(exit status, standard output) of mcxgw ctl."""
        r = subprocess.run(
            [env.BINARY, 'ctl', '--socket', os.path.join(self.folder, 'ctl'),
             *words], capture_output=True, text=True,
            timeout=30 * PATIENCE, check=False)
        return r.returncode, r.stdout

    def status(self):
        code, out = self.ctl('status', '--json')
        assert code == 0, out
        return json.loads(out)

    def why(self, decision):
        code, out = self.ctl('why', decision, '--json')
        assert code == 0, 'no decision %s: %s' % (decision, out)
        return json.loads(out)

    def get(self, path):
        """(status, text) of the admin listener."""
        c = http.client.HTTPConnection(*self.admin, timeout=10 * PATIENCE)
        try:
            c.request('GET', path)
            r = c.getresponse()
            return r.status, r.read().decode()
        finally:
            c.close()

    def metrics(self):
        """Values by name with labels."""
        status, text = self.get('/metrics')
        assert status == 200, status
        out = {}
        for line in text.splitlines():
            if line and not line.startswith('#'):
                name, value = line.rsplit(' ', 1)
                out[name] = float(value)
        return out

    def rss(self):
        """Resident octets."""
        with open('/proc/%d/status' % self.process.pid,
                  encoding='ascii') as f:
            return int(re.search(r'VmRSS:\s+(\d+)', f.read()).group(1)) * 1024

    def complaints(self):
        """Lines that no good run writes."""
        with self.news:
            return [x.text for x in self.lines
                    if x.event not in self.provoked and
                    any(f in x.text for f in FATAL)]


def mcxgw(*words, seconds=60, **more):
    """Any verb: the finished process."""
    return subprocess.run([env.BINARY, *words], capture_output=True,
                          timeout=seconds * PATIENCE, check=False, **more)


def explain(config, system, raw, to=None, response=None, more=()):
    """`mcxgw explain --json` of a message: the object.  response: a file."""
    words = ['explain', '-c', config, '--schema', env.SCHEMA, '--from',
             system, '--json', *more, '-']
    if to is not None:
        words += ['--to', to]
    if response is not None:
        words += ['--response', response]
    r = mcxgw(*words, input=raw)
    assert r.returncode in (0, 1), r.stderr.decode()
    return json.loads(r.stdout)


__all__ = ['Gateway', 'Line', 'mcxgw', 'explain', 'conf']
