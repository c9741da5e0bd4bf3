#!/usr/bin/env python3
"""SIPp on both sides: calls in both directions over every transport."""
import contextlib

from lib import case, sipp
from lib.site import Site

RATE, CALLS = 50, 60


def calls(alpha, bravo):
    with Site(alpha, bravo, peers=False, start=False) as site, \
            contextlib.ExitStack() as stack:
        front = {}
        for s, t in site.transports.items():
            if t == 'tls':
                tunnel = stack.enter_context(sipp.Tunnel(site, s))
                front[s] = '%s:%d' % tunnel.front
                site.hops = site.hops or dict(site.addresses)
                site.hops[s] = [tunnel.back]
        site.write()
        site.gateway.start()
        for a, b in (('alpha', 'bravo'), ('bravo', 'alpha')):
            with sipp.Load(site, RATE, CALLS, a, b, front.get(a)) as load:
                load.wait()
            load.check()
        done = len(site.gateway.find('txn.done', status=200))
        case.until(lambda: len(site.gateway.find(
            'txn.done', status=200)) >= 4 * CALLS)
        assert done <= 4 * CALLS, done


def main():
    case.run([('-'.join(t), lambda t=t: calls(*t)) for t in (
        ('udp', 'udp'), ('tcp', 'tcp'), ('tls', 'tls'), ('udp', 'tls'),
        ('tcp', 'udp'))])


if __name__ == '__main__':
    main()
