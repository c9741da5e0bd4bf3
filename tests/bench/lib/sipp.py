"""SIPp on both sides of a peer, and what is measured meanwhile.

SIPp from Debian speaks no TLS: in TLS runs it speaks TCP to a stunnel on each
side of the peer, which shows a client certificate, or asks for one.  All of
these run on the CPU of the load.
"""
import csv
import os
import signal
import time

from lib import proc

UAC_IP, UAC_PORT = '127.0.0.2', 5070
UAS_IP, UAS_PORT, UAS_TLS_PORT = '127.0.0.3', 5080, 5081
FRONT_IP, FRONT_PORT = '127.0.0.4', 5071 # the caller's stunnel
BURST_PORT = 5072 # a second caller's
CONTROL = {'uac': ('-ci', UAC_IP, '-cp', '8902'),
           'burst': ('-ci', UAC_IP, '-cp', '8903'),
           'uas': ('-ci', UAS_IP, '-cp', '8901')}
WARM_CALLS, WARM_RATE = 100, 400
# How long SIPp may wait for its last calls once it is told to stop.
LINGER_S = 3
# Each run of SIPp varies the key messages from another number on.
VARY_FIRST, VARY_STEP = 10000000, 3000000
MANY = 10000000 # calls: more than there can be
NAN = float('nan')


def percentile(values, q):
    if not values:
        return NAN
    v = sorted(values)
    return v[min(len(v) - 1, int(q * len(v)))]


def _rows(path):
    try:
        with open(path, encoding='ascii') as f:
            return list(csv.DictReader(f, delimiter=';'))
    except OSError:
        return []


def _last_row(path):
    rows = _rows(path)
    return rows[-1] if rows else {}


def _number(row, key):
    try:
        return int(row.get(key) or 0)
    except ValueError:
        return 0


def _elapsed(path):
    """Seconds from the first line of SIPp's statistics to the first that has
    all successful calls: it may wait long for one that was lost.  The
    ElapsedTime there has whole seconds only."""
    rows = _rows(path)
    done = [_number(r, 'SuccessfulCall(C)') for r in rows]
    try:
        row = rows[done.index(max(done))]
        return (float(row['CurrentTime'].split('\t')[2]) -
                float(row['StartTime'].split('\t')[2]))
    except (KeyError, IndexError, ValueError):
        return 0.0


def _latencies(path):
    """Milliseconds from INVITE to its first answer other than 100.  Over TCP
    SIPp handles a second answer of the same read only one loop later, so the
    time to the 200 behind a 180 would measure SIPp."""
    sent, out = {}, []
    with open(path, encoding='ascii', errors='replace') as f:
        for line in f:
            w = line.rstrip('\n').split('\t')
            if len(w) < 7:
                continue
            if w[3] == 'S' and w[6].startswith('INVITE'):
                sent.setdefault(w[4], float(w[2]))
            elif (w[3] == 'R' and w[5].endswith('INVITE') and
                  w[6].startswith('SIP/2.0 ') and w[6][8:11] != '100'):
                at = sent.get(w[4])
                if at is not None:
                    out.append((float(w[2]) - at) * 1e3)
                    sent[w[4]] = None
    return out


class Result:
    """One run: calls, failures, CPU seconds of the peer and the machine."""

    def __init__(self):
        self.calls = self.failed = self.repeated = 0
        self.seconds = self.peer_s = 0.0
        self.other = self.stolen = self.load = 0.0
        self.latencies = []

    def us(self):
        """CPU microseconds of the peer for each call."""
        return self.peer_s * 1e6 / self.calls if self.calls else NAN


class Rig:
    """Callee and stunnels up for one peer at (ip, port) over a transport."""

    def __init__(self, folder, traffic, certs, target, transport, signed):
        self.folder, self.traffic, self.certs = folder, traffic, certs
        self.target, self.transport, self.signed = target, transport, signed
        self.runs, self.helpers, self.uas = 0, [], None
        kind = 'signed' if signed else 'varied'
        self.callee, self.caller, self.table = 'callee', kind, kind

    def __enter__(self):
        os.makedirs(self.folder, exist_ok=True)
        try:
            if self.transport == 'tls':
                self._start_stunnels()
            self._start_uas()
        except proc.Trouble:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.uas is not None:
            proc.finish(self.uas, signal.SIGUSR1, 1.0)
        for p in self.helpers:
            proc.finish(p)

    def _file(self, name):
        return os.path.join(self.folder, name)

    def _stunnel(self, name, service, accept, connect, who):
        with open(self._file(name), 'w', encoding='ascii') as f:
            f.write('foreground = yes\ndebug = 3\nsyslog = no\npid =\n'
                    'socket = l:TCP_NODELAY=1\nsocket = r:TCP_NODELAY=1\n'
                    '[%s]\n%saccept = %s:%d\nconnect = %s:%d\n'
                    'CAfile = %s/ca.pem\nverifyChain = yes\n'
                    'cert = %s/%s.pem\nkey = %s/%s.key\n'
                    'sslVersionMin = TLSv1.2\n' %
                    (name.split('.', 1)[0], service, *accept, *connect,
                     self.certs, self.certs, who, self.certs, who))
        p = proc.spawn(['stunnel4', self._file(name)],
                       self._file(name + '.log'))
        self.helpers.append(p)
        proc.wait_listening(p, 'tcp', *accept, 'stunnel')

    def _start_stunnels(self):
        self._stunnel('callee.conf', '', (UAS_IP, UAS_TLS_PORT),
                      (UAS_IP, UAS_PORT), 'bravo')
        self._stunnel('caller.conf', 'client = yes\n',
                      (FRONT_IP, FRONT_PORT), self.target, 'alpha')

    def _common(self):
        return ['-t', 'u1' if self.transport == 'udp' else 't1',
                '-bind_local', '-nostdin', '-trace_stat', '-fd', '250ms',
                '-trace_err', '-deadcall_wait', '500', '-nd',
                '-key', 'ct', self.transport, '-max_recv_loops', '1000',
                '-timer_resol', '1', '-buff_size', '4000000']

    def _start_uas(self):
        port = UAS_TLS_PORT if self.transport == 'tls' else UAS_PORT
        self.uas = proc.spawn(
            ['sipp', '-sf', self.traffic.path(self.callee + '.xml'), '-i',
             UAS_IP, '-p', str(UAS_PORT), *CONTROL['uas'], '-stf',
             self._file('uas.csv'), '-error_file', self._file('uas.err'),
             '-key', 'uasport', str(port), '-timeout', '3600'] +
            self._common(), self._file('uas.out'), cwd=self.folder)
        proc.wait_listening(self.uas, 'udp' if self.transport == 'udp' else
                            'tcp', UAS_IP, UAS_PORT, 'SIPp')

    def first_varied(self):
        """The digits with which the latest run begins in key messages."""
        return VARY_FIRST + self.runs * VARY_STEP

    def start_uac(self, rate, calls, at_once, log=False, scenario=None,
                  hold_ms=None, table=None, who='uac'):
        """SIPp as caller; (process, prefix of its files)."""
        self.runs += 1
        base = self._file('uac%d' % self.runs)
        if self.signed:
            self.traffic.signed_table(calls)
        target = self.target
        if self.transport == 'tls':
            target = FRONT_IP, FRONT_PORT
        p = proc.spawn(
            ['sipp', '-sf', self.traffic.path((scenario or self.caller) +
                                              '.xml'), '-inf',
             self.traffic.path((table or self.table) + '.csv'), '-i', UAC_IP,
             '-p', str(UAC_PORT if who == 'uac' else BURST_PORT),
             *CONTROL[who], '-stf', base + '.csv',
             '-error_file', base + '.err', '-key', 'vt',
             self.transport.upper(), '-s', 'gw', '-r', str(rate), '-m',
             str(calls), '-l', str(at_once), '-timeout', '600',
             '-dynamicStart', str(self.first_varied()), '-dynamicMax',
             '99999999', '-dynamicStep', '1'] + self._common() +
            (['-d', str(hold_ms)] if hold_ms is not None else []) +
            (['-trace_shortmsg', '-shortmessage_file', base + '.short',
              '-max_log_size', '500000000'] if log else []) +
            ['%s:%d' % target], base + '.out', cwd=self.folder,
            nice=proc.NICE if who == 'uac' else 0)
        return p, base

    def _uas_bad(self):
        row = _last_row(self._file('uas.csv'))
        return _number(row, 'Retransmissions(C)'), _number(
            row, 'FailedCall(C)')

    def warm_up(self):
        """Some calls that must succeed."""
        p, base = self.start_uac(WARM_RATE, WARM_CALLS, WARM_CALLS)
        proc.reap(p, 8)
        ok = _number(_last_row(base + '.csv'), 'SuccessfulCall(C)')
        if ok < WARM_CALLS:
            raise proc.Trouble('%d of %d first calls succeeded, see %s' %
                               (ok, WARM_CALLS, self.folder))

    def run(self, pids, rate, seconds, at_once, most=MANY):
        """Calls at a rate (rate 0: as many as there can be, at_once open, no
        more than most), while the processes pids are watched."""
        closed = rate == 0
        calls = most if closed else max(1, int(rate * seconds))
        if closed and self.signed:
            calls = min(most, self.traffic.left())
        r = Result()
        before, bad = proc.machine(), self._uas_bad()
        cpu, began = proc.cpu_s(pids), time.time()
        helpers = proc.cpu_s([q.pid for q in [self.uas] + self.helpers])
        p, base = self.start_uac(100000 if closed else rate, calls,
                                 at_once if closed else max(2000, rate),
                                 log=not closed)
        if closed:
            time.sleep(seconds)
            p.send_signal(signal.SIGUSR1)
        uac = proc.reap(p, LINGER_S if closed else seconds + 8)
        r.peer_s = proc.cpu_s(pids) - cpu
        after, busy = proc.machine(), time.time() - began
        helpers = proc.cpu_s(
            [q.pid for q in [self.uas] + self.helpers]) - helpers
        row = _last_row(base + '.csv')
        r.calls = _number(row, 'SuccessfulCall(C)')
        r.repeated = _number(row, 'Retransmissions(C)')
        r.failed = _number(row, 'FailedCall(C)')
        if not closed:
            r.failed += max(0, calls - r.calls - r.failed)
            r.latencies = _latencies(base + '.short')
            os.unlink(base + '.short')
        time.sleep(0.6) # what the callee had to repeat shows after T1
        now_bad = self._uas_bad()
        r.repeated += now_bad[0] - bad[0]
        r.failed += now_bad[1] - bad[1]
        r.seconds = _elapsed(base + '.csv') or busy
        r.load = (uac + helpers) / (r.seconds if closed else busy)
        r.other = max(0.0, after[0] - before[0] - r.peer_s - uac -
                      helpers) / busy
        r.stolen = (after[1] - before[1]) / busy
        return r


def elapsed(base):
    """Seconds until the caller whose files begin with base had its last
    successful call."""
    return _elapsed(base + '.csv')


def succeeded(base):
    """Successful calls of the caller whose files begin with base."""
    return _number(_last_row(base + '.csv'), 'SuccessfulCall(C)')
