"""The results as text: Markdown that also reads well on a terminal."""
import math
import platform
import subprocess


MIB = 1048576
HALF, MANY, DIALOG_OCTETS, GONE_S = 0.5, 1.10, 64, 33.0
TRANSACTION_OCTETS = 1500 # of one that lingers, at most
BUSY = 0.3 # CPUs used by others: the machine was not quiet
NAN = float('nan')


def median(values):
    v = sorted(x for x in values if not math.isnan(x))
    if not v:
        return NAN
    mid = len(v) // 2
    return v[mid] if len(v) % 2 else (v[mid - 1] + v[mid]) / 2


def spread(values):
    """Half of (largest - smallest) in percent of the median."""
    m = median(values)
    if math.isnan(m) or m == 0 or len(values) < 2:
        return 0.0
    return (max(values) - min(values)) / m * 50


class Rows:
    """All lines of all rounds."""

    def __init__(self, rows):
        self.rows = rows

    def values(self, transport, peer, key):
        return [r[key] for r in self.rows
                if r['transport'] == transport and r['peer'] == peer and
                key in r]

    def median(self, transport, peer, key):
        return median(self.values(transport, peer, key))

    def ratio(self, transport, peer, other, key='full_us'):
        """Median over the rounds of the ratio within one round: what slows
        the machine down for a while slows both."""
        return median([a / b for a, b in zip(
            self.values(transport, peer, key),
            self.values(transport, other, key)) if b])

    def has(self, transport, peer):
        return bool(self.values(transport, peer, 'p99_ms'))


def num(x, digits=0):
    return '-' if math.isnan(x) else '%.*f' % (digits, x)


def _mark(ok):
    return 'met' if ok else 'MISSED'


def below(x, limit):
    return '-' if math.isnan(x) else _mark(x <= limit)


def _added(rows, t, peer):
    return rows.median(t, peer, 'p99_ms') - rows.median(t, 'direct', 'p99_ms')


def _cell(values):
    out = num(median(values), 1)
    return out + ' ±%.0f %%' % spread(values) if len(values) > 1 else out


def _best(rows, t):
    """The key of the CPU time of a core that is as full as it was."""
    return 'kept_us' if rows.values(t, 'gw', 'kept_us') else 'full_us'


def _main(rows, options):
    out = ['| transport | peer | CPU µs per call, core kept full | 500 open '
           'calls of SIPp | at %d/s | calls/s of one core | p50 ms | p99 ms |'
           ' p99 added ms | bad |' % options.rate,
           '|---|---|' + '--:|' * 8]
    for t in options.transports:
        for peer in ('direct', 'K1', 'K3', 'gw', 'gw-check', 'gw-log',
                     'gw-many'):
            if not rows.has(t, peer):
                continue
            kept = rows.values(t, peer, 'kept_us')
            full = rows.values(t, peer, 'full_us')
            bad = sum(sum(rows.values(t, peer, k)) for k in (
                'fixed_bad', 'full_bad', 'kept_bad'))
            out.append('| %s | %s | %s | %s | %s | %s | %s | %s | %s | %d |' %
                       (t, peer, _cell(kept), _cell(full),
                        num(rows.median(t, peer, 'fixed_us'), 1),
                        num(1e6 / median(kept or full or [NAN])),
                        num(rows.median(t, peer, 'p50_ms'), 3),
                        num(rows.median(t, peer, 'p99_ms'), 3),
                        '-' if peer == 'direct' else
                        num(_added(rows, t, peer), 3), bad))
    return out


def _ratios(rows, options):
    out = ['| what | ' + ' | '.join(options.transports) + ' | wanted |',
           '|---|' + '--:|' * len(options.transports) + '---|']

    def line(what, cells, wanted):
        out.append('| %s | %s | %s |' % (what, ' | '.join(cells), wanted))
    for key, when in (('kept_us', 'core kept full'),
                      ('full_us', '500 open calls of SIPp'),
                      ('fixed_us', 'at %d/s' % options.rate)):
        if all(not rows.values(t, 'gw', key) for t in options.transports):
            continue
        r = [rows.ratio(t, 'gw', 'K3', key) for t in options.transports]
        line('CPU, gw / K3, ' + when, [
            '%s %s' % (num(x, 3), below(x, HALF)) for x in r], '<= 0.5')
        r = [rows.ratio(t, 'gw', 'K1', key) for t in options.transports]
        line('CPU, gw / K1, ' + when, [num(x, 3) for x in r],
             'aim: < 1')
    cells = []
    for t in options.transports:
        gw, k1 = _added(rows, t, 'gw'), _added(rows, t, 'K1')
        ok = '-' if math.isnan(gw - k1) else _mark(gw <= k1)
        cells.append('%s / %s %s' % (num(gw, 3), num(k1, 3), ok))
    line('p99 added, gw / K1, ms', cells, 'gw <= K1')
    first = options.transports[0]
    best = _best(rows, first)
    rest = [''] * (len(options.transports) - 1)
    if rows.has(first, 'gw-many'):
        x = rows.ratio(first, 'gw-many', 'gw', best)
        line('CPU, %d agreements / 1' % options.agreements,
             ['%s %s' % (num(x, 3), below(x, MANY))] + rest, '<= 1.10')
    if rows.has(first, 'gw-log'):
        line('CPU, a log line for each request / none',
             [num(rows.ratio(first, 'gw-log', 'gw', best), 3)] + rest, '')
    line('CPU of checking a signature, µs per call',
         [num(rows.median(t, 'gw-check', _best(rows, t)) -
              rows.median(t, 'gw', _best(rows, t)), 1)
          for t in options.transports], 'reported')
    return out


def _memory(dialogs, flood):
    out = ['| memory | | wanted |', '|---|--:|---|']

    def line(what, value, ok, wanted):
        out.append('| %s | %s %s | %s |' % (what, value, _mark(ok), wanted))
    each = dialogs['octets_each']
    complete = dialogs['completed'] >= dialogs['dialogs'] * 0.999
    line('growth per dialog of %d that are open' % dialogs['dialogs'],
         '%.1f octets' % each, each < DIALOG_OCTETS and complete, '< 64')
    gone = max(dialogs['gone_s'], flood['gone_s'])
    line('transactions left: 0 after', '%.1f s' % gone, gone <= GONE_S,
         '32 s after their end')
    grown, more = flood['growth'], flood['more_transactions']
    allowed = flood['steady_rss'] // 100 + more * TRANSACTION_OCTETS
    line('growth over %d messages at %d calls/s, once the heap has settled' %
         (flood['messages'], flood['rate']),
         '%+.2f MiB' % (grown / MIB), grown <= allowed,
         '0 (1 %% of the whole, and what %d more transactions at once need)' %
         more)
    out.append('| growth while it settles, from 40 to 100 s on | %+.2f MiB | |' %
               (flood['settling'] / MIB))
    out.append('| resident at that rate; after | %.1f; %.1f MiB | |' %
               (flood['last_rss'] / MIB, flood['rss_after'] / MIB))
    return out


def _version(argv, word):
    try:
        p = subprocess.run(argv, capture_output=True, text=True, check=False)
    except OSError:
        return '-'
    for line in p.stdout.splitlines():
        if word in line:
            return line.strip()
    return '-'


def machine():
    cpu = '-'
    with open('/proc/cpuinfo', encoding='utf-8') as f:
        for line in f:
            if line.startswith('model name'):
                cpu = line.split(':', 1)[1].strip()
                break
    return '%s, Linux %s; %s; %s' % (
        cpu, platform.release(), _version(['kamailio', '-v'], 'version'),
        _version(['sipp', '-v'], 'SIPp'))


def _which(rows):
    """Why there are two figures for a full core."""
    def busy(key):
        return ', '.join('%s %s' % (p, num(rows.median('udp', p, key), 2))
                         for p in ('gw', 'K1', 'K3')
                         if rows.values('udp', p, key))
    if not busy('kept_peer_busy'):
        return []
    return ['Two figures for a full core over UDP: "core kept full" is '
            'measured with the project\'s own generator of calls, which always '
            'has more for the peer to do (busy: %s). With "500 open calls of '
            'SIPp" SIPp fills its own core before the gateway\'s (busy: %s), '
            'and a peer that is not full goes to sleep and wakes up for many '
            'messages: not like with like. TCP and TLS have the second alone.' %
            (busy('kept_peer_busy'), busy('full_peer_busy')), '']


def notes(rows):
    other = median([r['other'] for r in rows.rows] or [NAN])
    stolen = median([r['stolen'] for r in rows.rows] or [NAN])
    out = ['Other programs used %s CPUs meanwhile (median), the hypervisor '
           'took %s.' % (num(other, 2), num(stolen, 2))]
    if other > BUSY or stolen > BUSY / 2:
        out.append('The machine was NOT quiet: trust the ratios more than the '
                   'microseconds, and both less than usual.')
    return out


def text(rows, memory, options):
    rows = Rows(rows)
    out = ['Calls of scenario B, median of %d rounds. %s.' % (
        options.repeats, machine()), '']
    if rows.rows:
        out += _main(rows, options) + [''] + _ratios(rows, options) + ['']
        out += _which(rows)
        out += notes(rows) + ['']
    if memory:
        out += _memory(*memory) + ['']
    return '\n'.join(out)


def missed(report):
    return 'MISSED' in report


