"""The results of lookups.py as text."""
from lib import http, lookups
from lib.table import BUSY, MIB, NAN, below, machine, median, num

TITLE = '## Lookups'
CACHED, TRANSLATED, NEW, CALL, MANY_MIB = 1.0, 1.5, 0.85, 1.03, 256
WHAT = {
    'forwarded': 'nghttpx, forwarded',
    'cached': 'gateway, from its cache',
    'translated': 'gateway, asked and translated',
    'new nghttpx': 'nghttpx, a new connection for each',
    'new gw': 'gateway, a new connection for each',
}


def least(x, limit):
    return below(-x, -limit)


class Rounds:
    def __init__(self, data):
        self.rows, self.data = data['rounds'], data

    def median(self, pick):
        return median([pick(r) for r in self.rows])

    def value(self, kind, key):
        return self.median(lambda r: r[kind][key])

    def ratio(self, kind, other, key='us'):
        return self.median(lambda r: r[kind][key] / r[other][key])


def _requests(r):
    out = ['| a lookup answered by | CPU µs | answers/s | peer busy | '
           'load busy | bad |', '|---|--:|--:|--:|--:|--:|']
    for kind, what in WHAT.items():
        out.append('| %s | %s | %s | %s | %s | %d |' % (
            what, num(r.value(kind, 'us'), 1),
            num(r.value(kind, 'per_s')), num(r.value(kind, 'peer_busy'), 2),
            num(r.value(kind, 'load_busy'), 2),
            sum(x[kind]['bad'] for x in r.rows)))
    return out


def _ratios(r):
    out = ['| what | | wanted |', '|---|--:|---|']

    def line(what, value, mark, wanted):
        out.append('| %s | %s %s | %s |' % (what, value, mark, wanted))

    def ratio(what, x, wanted, most=None, fewest=None):
        mark = below(x, most) if most else least(x, fewest)
        line(what, num(x, 3), mark, wanted)
    ratio('CPU, cache / nghttpx', r.ratio('cached', 'forwarded'), '<= 1',
          most=CACHED)
    ratio('answers/s, cache / nghttpx', r.ratio(
        'cached', 'forwarded', 'per_s'), '>= 1', fewest=1.0)
    ratio('CPU, translated / nghttpx', r.ratio('translated', 'forwarded'),
          '<= 1.5', most=TRANSLATED)
    ratio('new connections/s, gateway / nghttpx', r.ratio(
        'new gw', 'new nghttpx', 'per_s'), '>= 0.85', fewest=NEW)
    line('CPU of a new connection, gateway / nghttpx', num(
        r.ratio('new gw', 'new nghttpx'), 3), '', '')
    ratio('CPU of a call, user looked up in the cache / no lookup',
          r.ratio('always', 'never'), '<= 1.03', most=CALL)
    counts = r.data['instructions']
    ratio('the same in instructions', counts['always'] / counts['never'],
          '<= 1.03', most=CALL)
    many = r.data['many']
    n = many['entries']
    ratio('MiB for %d users in the cache' % n, many['octets'] / MIB,
          '<= %d for %d' % (MANY_MIB, lookups.MANY),
          most=MANY_MIB * n / lookups.MANY)
    return out


def _notes(r):
    rows = [x[k] for x in r.rows for k in [*WHAT, 'never', 'always']]
    other = median([x['other'] for x in rows] or [NAN])
    stolen = median([x['stolen'] for x in rows] or [NAN])
    return ['Other programs used %s CPUs meanwhile (median), the hypervisor '
            'took %s: the machine was %s.' % (
                num(other, 2), num(stolen, 2),
                'NOT quiet, trust ratios more than microseconds'
                if other > BUSY or stolen > BUSY / 2 else 'quiet')]


def text(data, options):
    r = Rounds(data)
    return '\n'.join(
        [TITLE, '', 'One worker; TLS 1.3 with client certificates, one '
         'connection, %d streams; answers of %d octets, from nghttpd; '
         'median of %d rounds. %s; %s.' % (
             lookups.STREAMS, data['octets'], options.repeats,
             machine().rstrip('.'), http.versions()), ''] +
        _requests(r) + [''] + _ratios(r) + [''] + _notes(r) + [''])
