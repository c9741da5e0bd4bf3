"""The results of redirects.py as text."""
from lib import redirects
from lib.table import BUSY, NAN, below, machine, median, num

TITLE = '## Redirects'
PASS, SIGN, ADDED_MS = 1.5, 1.2, 2.0
WHAT = {
    'plain': '488 of the far side, no KRR',
    'forwarded': '488 of the far side, KRR forwarded',
    'reduced': '488 of the far side, KRR reduced',
    'stripped': '488 of the gateway, no KRR',
    'written': '488 of the gateway, KRR',
    'signing': '488 of the gateway, signed KRR',
}


class Rounds:
    def __init__(self, data):
        self.rows, self.counts = data['rounds'], data['instructions']

    def median(self, pick):
        """Median over the rounds of what pick says of one."""
        return median([pick(r) for r in self.rows])

    def us(self, kind):
        return self.median(lambda r: r[kind]['us'])

    def ratio(self, kind):
        return self.median(lambda r: r[kind]['us'] / r['plain']['us'])

    def counted(self, kind):
        return self.counts[kind] / self.counts['plain']

    def less(self, kind, other):
        """What kind costs more than other, in microseconds."""
        return self.median(lambda r: r[kind]['us'] - r[other]['us'])


def _kinds(r):
    out = ['| INVITE answered | CPU µs per call | to plain | instructions | '
           'to plain | wanted |', '|---|--:|--:|--:|--:|---|']
    for kind, what in WHAT.items():
        cells = [num(r.us(kind), 1), '', num(r.counts[kind]), '', '']
        if kind in ('forwarded', 'reduced'):
            cells[1] = '%s %s' % (num(r.ratio(kind), 2),
                                  below(r.ratio(kind), PASS))
            cells[3] = '%s %s' % (num(r.counted(kind), 2),
                                  below(r.counted(kind), PASS))
            cells[4] = '<= %.1f' % PASS
        out.append('| %s | %s |' % (what, ' | '.join(cells)))
    return out


def _rest(r, options):
    speed = r.median(lambda x: x['openssl_us'])
    write, sign = r.less('written', 'stripped'), r.less('signing', 'written')
    limit = r.median(lambda x: SIGN * x['openssl_us'] + x['written']['us'] -
                     x['stripped']['us'])
    added = r.median(lambda x: x['burst']['p99_ms'] - x['alone']['p99_ms'])
    out = ['| signing, and calls beside it | | wanted |', '|---|--:|---|']

    def line(what, value, wanted=''):
        out.append('| %s | %s | %s |' % (what, value, wanted))
    line('writing a KRR, µs', num(write, 1))
    line('signing it too, µs more', '%s %s' % (num(sign, 1),
                                               below(sign, limit)),
         '<= %s: %.1f signatures, and the codec' % (
             num(limit, 1), SIGN))
    line('one signature of openssl speed ecdsap256, µs', num(speed, 1))
    line('signing / openssl', num(r.median(
        lambda x: (x['signing']['us'] - x['written']['us']) /
        x['openssl_us']), 2))
    line('p99 of permitted calls at %d/s, ms' % options.rate,
         num(r.median(lambda x: x['alone']['p99_ms']), 3))
    for key, how in (('unsigned', 'unsigned'), ('burst', 'signed')):
        line('the same beside %s %s redirects/s, ms' % (
            num(r.median(lambda x: x[key]['cps'])), how),
             num(r.median(lambda x: x[key]['p99_ms']), 3))
    line('p99 added by the signed, ms',
         '%s %s' % (num(added, 3), below(added, ADDED_MS)),
         '<= %.0f' % ADDED_MS)
    return out


def _notes(r):
    kinds = [x[k] for x in r.rows for k in WHAT]
    other = median([k['other'] for k in kinds] or [NAN])
    stolen = median([k['stolen'] for k in kinds] or [NAN])
    out = ['Other programs used %s CPUs meanwhile (median), the hypervisor '
           'took %s: the machine was %s.' % (
               num(other, 2), num(stolen, 2),
               'NOT quiet, trust the instructions more than the microseconds'
               if other > BUSY or stolen > BUSY / 2 else 'quiet')]
    bad = sum(k['bad'] for k in kinds)
    late = sum(x[k]['bad'] for x in r.rows for k in ('alone', 'unsigned',
                                                 'burst'))
    out.append('Failed calls and repeated messages: %d of %d; %d beside '
               'bursts.' % (bad, sum(k['calls'] for k in kinds), late))
    return out


def text(data, options):
    r = Rounds(data)
    return '\n'.join(
        [TITLE, '', 'One worker, UDP, INVITE of scenario B; median of %d '
         'rounds; a KRR of the far side offers %d domains, all or all but '
         'one of %d permitted. %s.' % (
             options.repeats, len(redirects.NEAR), len(redirects.NEAR) + 1,
             machine().rstrip('.')), ''] +
        _kinds(r) + [''] + _rest(r, options) + [''] + _notes(r) + [''])
