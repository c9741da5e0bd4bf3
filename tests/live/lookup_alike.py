#!/usr/bin/python3
"""A user nobody knows, and one of whom nothing may be told, are answered
alike: in octets, in fields and in time.

usage: lookup_alike.py [CASE...]

Times: SAMPLES questions of each kind in random order over one connection;
the statistic is the probability that an answer about one kind takes longer
than one about the other (Mann-Whitney U over n*m), 0.5 if they are alike.
Its standard deviation is 0.021 for 400 samples each, so that a difference of
BOUND = 0.08 comes by chance once in 10,000 times; it must come three times in
a row to be one.
"""
import bisect
import random
import re
import sys
import time

from lib import case, conf, h2raw, peer, questions
from lib.lookups import DIALECTS, OLD, LookupSite, agreement, user

A, B = 'alpha', 'bravo'
SAMPLES, BOUND, ROUNDS = 400, 0.08, 3
NONE_AFTER_MS = 4
AGREEMENTS = {'alpha-bravo.xml': agreement(),
              'alpha-charlie.xml': conf.agreement('alpha', 'charlie')}


class Wire:
    """One connection of bravo or charlie."""

    def __init__(self, site, system=B):
        context = peer.client_context(
            site.path('pki', 'ca.pem'), site.path('pki', system + '.pem'),
            site.path('pki', system + '.key'))
        self.raw = h2raw.Raw((site.http_host, conf.HTTPS_PORT), context)
        self.authority = '%s:%d' % (conf.HOST['gateway'], conf.HTTPS_PORT)

    def ask(self, dialect, who):
        """(seconds, header block's length, status, body)."""
        q = questions.ask(dialect, who)
        head, body = q.h2(self.authority)
        began = time.perf_counter()
        stream = self.raw.ask(head, body)
        f = self.raw.until(lambda f: f.stream == stream)
        took = time.perf_counter() - began
        assert f.kind == h2raw.HEADERS, f
        length, status, out = len(f.body), h2raw.status_of(f.body), b''
        while not f.flags & h2raw.END_STREAM:
            f = self.raw.until(lambda f: f.stream == stream)
            out += f.body
        self.raw.open_window(len(out))
        return took, length, status, out


def later(xs, ys):
    """How often one of xs is larger than one of ys; ties are half."""
    ys = sorted(ys)
    return sum(bisect.bisect_left(ys, x) + bisect.bisect_right(ys, x)
               for x in xs) / (2 * len(xs) * len(ys))


def neutral(body, who):
    """Without whom it is about and when it was."""
    name = re.search(r'sip:([^@]*)@', who).group(1).encode()
    return re.sub(rb'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d', b'T',
                  body.replace(name, b'U'))


def alike(wire, dialect, kinds):
    """kinds: two functions that give a user, in names of one length."""
    for n in range(ROUNDS):
        order = [0, 1] * SAMPLES
        random.shuffle(order)
        times, seen = ([], []), [set(), set()]
        for _ in range(20):
            wire.ask(dialect, kinds[0]())
            wire.ask(dialect, kinds[1]())
        for k in order:
            who = kinds[k]()
            took, length, status, body = wire.ask(dialect, who)
            times[k].append(took)
            seen[k].add((length, status, len(body), neutral(body, who)))
        assert seen[0] == seen[1] and len(seen[0]) == 1, seen
        p = later(*times)
        print('  %s: %.3f, median %.2f and %.2f ms' % (
            dialect, p, *(sorted(t)[len(t) // 2] * 1e3 for t in times)))
        if abs(p - 0.5) <= BOUND:
            return
    raise AssertionError('one takes longer, %d times in a row' % ROUNDS)


def same(wire, dialect, kinds):
    """The octets alone."""
    seen = []
    # A field's value is sent in full once, then as an index (RFC 7541).
    wire.ask(dialect, kinds[0]())
    for kind in kinds:
        who = kind()
        _, length, status, body = wire.ask(dialect, who)
        seen.append((length, status, len(body), neutral(body, who)))
    assert seen[0] == seen[1], seen


def numbered(prefix):
    """A new user each time."""
    count = iter(range(10 ** 6, 10 ** 7))
    return lambda: user(A, '%s-%d' % (prefix, next(count)))


class Site(LookupSite):
    def __init__(self, **settings):
        # h2raw writes fields as literals, so that blocks have one length.
        super().__init__(
            {A: 'domain-lookup-json'}, AGREEMENTS, charlie='udp',
            workers='1', settings={'none_after': '%dms' % NONE_AFTER_MS,
                                   **settings})

    def write(self, **more):
        self.certificate('charlie', conf.HOST['charlie'])
        super().write(**more)


class Some(dict):
    """A service that knows all users whose name begins with a word."""

    def get(self, who, default=None):
        if who.startswith('sip:hide'):
            return [(OLD[A], None)]
        return [] if default is None else default


def remembered():
    """Both were asked for before."""
    with Site() as site:
        site.services[A].users = Some()
        wire = Wire(site)
        kinds = (lambda: user(A, 'miss-1'), lambda: user(A, 'hide-1'))
        alike(wire, 'kms', kinds)
        for dialect in DIALECTS[1:]:
            same(wire, dialect, kinds)
        assert site.services[A].count() == 2, site.services[A].asked


def fresh():
    """Neither was ever asked for."""
    with Site() as site:
        site.services[A].users = Some()
        wire = Wire(site)
        alike(wire, 'domain-lookup', (numbered('miss'), numbered('hide')))


def undisclosed():
    """charlie may ask, but is told nothing at all."""
    with Site() as site:
        site.services[A].users = {user(A, 'known1'): [(conf.KMS[A], None)]}
        wire = Wire(site, 'charlie')
        kinds = (lambda: user(A, 'miss-1'), lambda: user(A, 'known1'))
        alike(wire, 'domain-lookup-json', kinds)
        same(wire, 'domain-lookup', kinds)


def down():
    """A service that is down says so for every user."""
    with Site() as site:
        site.services[A].stop()
        wire = Wire(site)
        for dialect in DIALECTS:
            a, b = (neutral(wire.ask(dialect, user(A, n))[3], user(A, n))
                    for n in ('miss-1', 'hide-1'))
            assert a == b, (a, b)


CASES = (remembered, fresh, undisclosed, down)


def main():
    case.run([(f.__name__, f) for f in CASES], sys.argv[1:])


if __name__ == '__main__':
    main()
