#!/usr/bin/python3
"""What many calls cost the services: one question for one user, a bounded
number of attempts at one that is down; and a reload that counts at once.

usage: lookup_flood.py [CASE...]
"""
import sys
import threading
import time

from lib import case, conf, env, lookups, questions, ua
from lib.asker import Asker
from lib.lookups import TAC, LookupSite, agreement, user
from lib.redirects import WAYS

A, B = 'alpha', 'bravo'
CALLS = 10000
# Of RAND in the key messages of mkimsg: each call has another one, so that
# none is a repetition; nobody looks at the signature here.
RAND_AT, RAND_LEN = 22, 8
RESIDENT_MAX = 512 << 20


def unsigned(lookup='always', failure='refuse', more=None):
    return agreement(lookup, failure, more).replace('signature="check"',
                                                    'signature="off"')


class Site(LookupSite):
    def __init__(self, **more):
        super().__init__(
            alpha='tcp', agreements={'a.xml': unsigned()}, workers='1',
            limits='message="65536" transactions="50000" '
            'system-transactions="50000" connections="3000" '
            'write-buffer="16777216"', **more)


class Caller:
    """INVITEs over one connection of alpha, each with its own key message;
    what becomes of each is read from it."""

    def __init__(self, site, kms):
        self.site = site
        self.server = ua.Server(site, A)
        self.key = ua.key(A, B, receiver=user(B, 'x'), receiver_kms=kms)
        self.final, self.ended = {}, 0
        self.news = threading.Condition()

    def invite(self, i, to):
        k = bytearray(self.key)
        k[RAND_AT:RAND_AT + RAND_LEN] = i.to_bytes(RAND_LEN, 'big')
        d = self.server.invite(B, uri=to, send=False, body=ua.call_body(
            A, B, [bytes(k)], called=to))
        return d.raw

    def send(self, invites):
        """All at once; {status: number} when each has its end."""
        s = self.site.peers[A].dial()
        took = self.site.peers[A].inbox
        for i in range(0, len(invites), 200):
            s.send(b''.join(invites[i:i + 200]))
        return took

    def ends(self, n, seconds):
        """Wait for so many final responses: {status: number}."""
        peer, out = self.site.peers[A], {}
        end = time.monotonic() + seconds * env.PATIENCE
        with peer.news:
            while sum(out.values()) < n:
                for m in peer.inbox:
                    if m.status is not None and m.status >= 200:
                        out[m.status] = out.get(m.status, 0) + 1
                peer.inbox.clear()
                left = end - time.monotonic()
                if sum(out.values()) < n:
                    assert left > 0, '%s of %d ended' % (out, n)
                    peer.news.wait(left)
        return out


def one_user():
    """Ten thousand calls to one user nobody knows: one question."""
    n = CALLS if not env.SANITIZED else CALLS // 5
    with Site(settings={'waiting': str(2 * CALLS), 'negative': '60s'},
              deadline='30s') as site:
        service = site.services[B]
        service.mood = 'hold'
        caller = Caller(site, conf.KMS[B])
        invites = [caller.invite(i, user(B, 'nobody')) for i in range(n)]
        caller.send(invites)
        waiting = lambda: site.gateway.metrics().get(
            'mcxgw_lookup_waiting', 0) >= n
        case.until(waiting, 40)
        assert service.count() == 1, service.count()
        assert service.release() == 1
        ends = caller.ends(n, 60)
        assert ends == {488: n}, ends
        assert service.count() == 1, service.count()
        if not env.SANITIZED:
            assert site.gateway.rss() < RESIDENT_MAX, site.gateway.rss()
        # What is known now is not asked again.
        caller.send([caller.invite(n + i, user(B, 'nobody'))
                     for i in range(100)])
        assert caller.ends(100, 20) == {488: 100}
        assert service.count() == 1, service.count()


def too_many():
    """More than may wait for one service, half of all, are refused at once,
    and the rest is served."""
    with Site(settings={'waiting': '200'}, deadline='30s') as site:
        service = site.services[B]
        service.mood = 'hold'
        caller = Caller(site, conf.KMS[B])
        caller.send([caller.invite(i, user(B, 'nobody'))
                     for i in range(300)])
        assert caller.ends(200, 20) == {503: 200}
        case.until(service.release)
        assert caller.ends(100, 20) == {488: 100}
        assert service.count() == 1, service.count()


def down():
    """A service that takes connections and ends them, or none."""
    with Site(settings={'failures': '3', 'down': '30s'}) as site:
        service = site.services[B]
        service.mood = 'goaway'
        caller = Caller(site, conf.KMS[B])
        caller.send([caller.invite(i, user(B, 'u%d' % i))
                     for i in range(1000)])
        ends = caller.ends(1000, 30)
        assert ends == {503: 1000}, ends
        # The first thousand came at once; from here on it is left alone.
        tried = service.accepted
        asked = service.count()
        for j in range(1, 4):
            caller.send([caller.invite(1000 * j + i, user(B, 'v%d' % i))
                         for i in range(500)])
            assert caller.ends(500, 30) == {503: 500}
        more = service.accepted - tried
        assert more <= 3, '%d connections to a dead service' % more
        assert service.count() - asked <= 3, service.count() - asked
        assert tried <= 50, '%d connections for the first' % tried


def recovers():
    """After its rest one question tries it, and it serves again."""
    with Site(settings={'failures': '2', 'down': '1s'}) as site:
        service = site.services[B]
        service.mood = 'fault'
        caller = Caller(site, conf.KMS[B])
        for i in range(4):
            caller.send([caller.invite(i, user(B, 'w%d' % i))])
            assert caller.ends(1, 20) == {503: 1}
        assert service.count() == 2, service.asked
        service.mood = 'right'
        number = iter(range(10, 10000))

        def served():
            i = next(number)
            caller.send([caller.invite(i, user(B, 'w%d' % i))])
            return caller.ends(1, 20) == {488: 1}
        case.until(served, 15, 0.1)
        assert service.count() < 10, service.count()


def reload():
    """What may be told changes with the reload, cached or not."""
    with LookupSite() as site:
        who = Asker(site, A)
        q = questions.ask('domain-lookup-json', user(B, 'two'))

        def told():
            return [d for d, _ in questions.told(q.dialect, q.curl(who))[1]]
        both = [TAC[B], conf.KMS[B]]
        assert told() == both
        for text, want in (
                (agreement(more=lookups.disclosure(*WAYS, disclose='none')),
                 []),
                (agreement(), both),
                (agreement(more=lookups.disclosure((B, A))), []),
                (agreement().replace(' receiver="%s %s"' % (
                    conf.KMS[B], TAC[B]), ' receiver="%s"' % conf.KMS[B]),
                 [conf.KMS[B]])):
            site.agreements['a.xml'] = text
            site.write()
            site.gateway.wait_log('gateway.reloaded', site.gateway.reload())
            assert told() == want, (told(), want)


def rates():
    """Who asks too often is told so, and nobody else."""
    with LookupSite(settings={'asks': '20'}) as site:
        q = questions.ask('kms', user(A, 'one'))
        got = q.h2load(Asker(site, B), requests=500, clients=1)
        assert got[4] > 300 and got[2] >= 20, got
        r = questions.ask('kms', user(B, 'one')).curl(Asker(site, A))
        assert r.status == 200, r
        r = q.curl(Asker(site, B))
        assert r.status in (200, 429), r


CASES = (one_user, too_many, down, recovers, reload, rates)


def main():
    case.run([(f.__name__, f) for f in CASES], sys.argv[1:])


if __name__ == '__main__':
    main()
