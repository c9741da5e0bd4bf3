"""What redirects cost: those that pass, those the gateway writes, and what a
burst of them does to calls that are permitted.

Each kind has a gateway of its own, one worker, over UDP.
"""
import os
import re
import shutil
import subprocess
import time

from lib import peers, proc, sipp

NEAR = ('kms.bravo-2.example', 'kms.bravo-3.example')
FAR = 'kms.elsewhere.example'
# What the far side's 488 offers: name, domains.
BACK = (('plain', None), ('forwarded', NEAR), ('reduced', NEAR + (FAR,)))
# What the gateway answers itself: name of the users that get it.
OWN = ('stripped', 'written', 'signing')
BURST_RATE = 2000
BURST_LEAD_S = 1.0
AT_ONCE = 500
COUNTED, COUNTED_RATE = 400, 60 # calls under callgrind, calls/s
WARM, IDLE_S = 40, 3
SPEED_S = 2
SETTINGS = '''<redirect certificate="%s/border.pem" key="%s/border.key"/>
'''


class Gateway(peers.Gateway):
    """A gateway that redirects the first users and passes the others on."""

    def __init__(self, name, folder, certs, build):
        super().__init__(name, folder, certs, build)
        self.more = SETTINGS % (certs, certs)

    def domains(self, kms):
        return [kms, *NEAR]

    def rules(self, kms):
        near = ' '.join(NEAR)
        return [('written', 'mc-user-00*', near, '<redirect/>'),
                ('signing', 'mc-user-01*', near,
                 '<redirect signature="sign"/>'),
                ('stripped', 'mc-user-02*', near,
                 '<redirect author="entry"/>'),
                ('called', '*', kms + ' ' + near, '<redirect/>')]


def openssl_us():
    """One ECDSA P-256 signature by openssl speed, CPU time on CPU 0."""
    p = subprocess.run(
        ['taskset', '-c', str(proc.CPU_PEER), 'openssl', 'speed', '-seconds',
         str(SPEED_S), 'ecdsap256'], capture_output=True, text=True,
        check=False)
    m = re.search(r'ecdsa \(nistp256\)\s+\S+\s+\S+\s+([\d.]+)', p.stdout)
    if not m:
        raise proc.Trouble('openssl speed: ' + p.stderr[-200:])
    return 1e6 / float(m.group(1))


class Bench:
    warm = WARM

    def __init__(self, options, traffic, work, certs):
        self.options, self.traffic = options, traffic
        self.work, self.certs = work, certs
        for name, domains in BACK:
            traffic.refuser('far-' + name, domains)

    def _kind(self, name):
        """(callee, caller, users) of a kind."""
        if name in OWN:
            return 'callee', 'refused', name
        if name in dict(BACK):
            return 'far-' + name, 'refused', 'called'
        return 'callee', 'varied', 'called'

    def gateway(self, name):
        return Gateway('gw-' + name, self.work, self.certs,
                       self.options.build)

    def run(self, name, what, wrapper=()):
        """what(gateway, rig) with both up for the kind."""
        gw = self.gateway(name)
        gw.wrapper = list(wrapper)
        folder = os.path.join(self.work, 'sipp-redirects')
        shutil.rmtree(folder, ignore_errors=True)
        try:
            gw.start('udp')
            rig = sipp.Rig(folder, self.traffic, self.certs,
                           gw.address('udp'), 'udp', False)
            rig.callee, rig.caller, rig.table = self._kind(name)
            with rig:
                return what(gw, rig)
        finally:
            gw.stop()

    def cpu(self, name):
        """CPU time per call of one kind, as many as there can be."""
        def what(gw, rig):
            rig.warm_up()
            proc.wait_quiet()
            before = self.outcomes(gw)
            r = rig.run(gw.pids(), 0, self.options.seconds, AT_ONCE)
            did = [b - a for a, b in zip(before, self.outcomes(gw))]
            self.check(name, did, r.calls)
            return {'us': r.us(), 'calls': r.calls,
                    'busy': r.peer_s / self.options.seconds,
                    'other': r.other, 'stolen': r.stolen, 'bad': r.failed + r.repeated}
        return self.run(name, what)

    def instructions(self, name):
        """Instructions per call, user mode, as callgrind counts them, less
        what the gateway does anyway in that time."""
        out = os.path.join(self.work, 'callgrind-' + name)

        def control(gw, letter):
            done = subprocess.run(
                ['callgrind_control', letter, str(gw.process.pid)],
                capture_output=True, check=False)
            if done.returncode != 0:
                raise proc.Trouble('callgrind_control failed')

        def calls(rig, n):
            p, base = rig.start_uac(COUNTED_RATE, n, n)
            proc.reap(p, n / COUNTED_RATE * 3 + 30)
            return sipp.succeeded(base)

        def what(gw, rig):
            calls(rig, self.warm)
            control(gw, '-z')
            began = time.time()
            n = calls(rig, COUNTED)
            busy_s = time.time() - began
            control(gw, '-d')
            began = time.time()
            time.sleep(IDLE_S)
            idle_s = time.time() - began
            control(gw, '-d')
            return n, busy_s / idle_s
        n, times = self.run(name, what, [
            'valgrind', '--tool=callgrind', '--callgrind-out-file=' + out])
        if n < COUNTED:
            raise proc.Trouble('%s: %d of %d calls under callgrind' %
                               (name, n, COUNTED))
        return (counted(out + '.1') - times * counted(out + '.2')) / n

    @staticmethod
    def outcomes(gw):
        return [gw.series(PASSED % 'forwarded'),
                gw.series(PASSED % 'reduced'), gw.metric(OUT)]

    @staticmethod
    def check(name, did, calls):
        """Whether what was measured is what happened."""
        want = {'plain': [0, 0, 0], 'forwarded': [1, 0, 0],
                'reduced': [0, 1, 0]}.get(name, [0, 0, 1])
        for yes, n in zip(want, did):
            if n > 0 and not yes or yes and n < calls:
                raise proc.Trouble('%s: of %d calls %d KRRs forwarded, %d '
                                   'reduced, %d decided' % (
                                       name, calls, *did))

    def latency(self):
        """p99 of permitted calls alone, and while others are redirected."""
        def one(gw, rig):
            r = rig.run(gw.pids(), self.options.rate, self.options.seconds,
                        AT_ONCE)
            return {'p50_ms': sipp.percentile(r.latencies, .5),
                    'p99_ms': sipp.percentile(r.latencies, .99),
                    'bad': r.failed + r.repeated, 'load': r.load}

        def burst(gw, rig, users):
            before = gw.metric(OUT)
            n = int(BURST_RATE * (self.options.seconds + 2 * BURST_LEAD_S))
            p, base = rig.start_uac(BURST_RATE, n, 20000, who='burst',
                                    scenario='refused', table=users)
            time.sleep(BURST_LEAD_S)
            row = one(gw, rig)
            proc.reap(p, 20)
            done = sipp.succeeded(base)
            self.check(users, [0, 0, gw.metric(OUT) - before], done)
            row['cps'] = done / max(sipp.elapsed(base), n / BURST_RATE)
            return row

        def what(gw, rig):
            rig.warm_up()
            proc.wait_quiet()
            alone = one(gw, rig)
            return {'alone': alone, 'unsigned': burst(gw, rig, 'written'),
                    'burst': burst(gw, rig, 'signing')}
        return self.run('permitted', what)


def counted(path):
    """Instructions that callgrind wrote down."""
    with open(path, encoding='utf-8') as f:
        m = re.search(r'^(?:totals|summary): (\d+)', f.read(), re.M)
    if not m:
        raise proc.Trouble('nothing was counted in ' + path)
    return int(m.group(1))


OUT = 'mcxgw_redirects_total'
PASSED = 'mcxgw_redirects_passed_total{outcome="%s"}'


def show(name, row):
    print('redirects %-9s ' % name + ' '.join(
        '%s=%.4g' % (k, v) for k, v in row.items()), flush=True)


def measure(options, traffic, work, certs):
    """All rounds: kinds by name, openssl, latencies; then instructions."""
    b = Bench(options, traffic, work, certs)
    kinds = [name for name, _ in BACK] + list(OWN)
    rounds, counts = [], {}
    for _ in range(options.repeats):
        row = {}
        for name in kinds:
            row[name] = b.cpu(name)
            show(name, row[name])
        row['openssl_us'] = openssl_us()
        row.update(b.latency())
        for name in ('alone', 'unsigned', 'burst'):
            show(name, row[name])
        rounds.append(row)
    for name in kinds:
        counts[name] = b.instructions(name)
    show('counted', counts)
    return {'rounds': rounds, 'instructions': counts}
