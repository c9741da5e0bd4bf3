#!/usr/bin/env python3
"""A gateway that is killed and started again goes on with every dialog.

usage: restart.py [CASE...]
"""
from lib import case, ua
from lib.pair import Pair
from lib.site import Site


def reinvite(d, other, s, far):
    """A re-INVITE that is answered and acknowledged."""
    d.request('INVITE', [('Content-Type', 'application/sdp')],
              ua.sdp(s.system, version=5))
    inv = far.peer.expect('INVITE')
    ua.restored(inv, other, far)
    far.reply(inv, 200, other, [('Content-Type', 'application/sdp')],
              ua.sdp(far.system, version=5))
    s.peer.expect(lambda m: m.status == 200 and m.method == 'INVITE')
    d.ack(d.cseq)
    ua.restored(far.peer.expect('ACK'), other, far)


def restart(site):
    site.gateway.kill()
    for p in site.peers.values():
        case.until(lambda p=p: not any(s.open for s in p.streams))
    site.gateway.start()


def both_ways(alpha, bravo):
    with Site(alpha, bravo) as site:
        for a, b in (('alpha', 'bravo'), ('bravo', 'alpha')):
            p = Pair(site, a, b)
            by_caller, by_called = p.call(), p.call()
            restart(site)
            for da, db in (by_caller, by_called):
                reinvite(da, db, p.a, p.b)
                reinvite(db, da, p.b, p.a)
            p.end(*by_caller, p.a, p.b)
            restart(site)
            p.end(by_called[1], by_called[0], p.b, p.a)
            p.check()


def while_it_rings():
    """What was under way goes on too: the answer finds its caller."""
    with Site('udp', 'udp') as site:
        p = Pair(site, 'alpha', 'bravo')
        da = p.a.invite('bravo')
        inv = p.b.peer.expect('INVITE')
        db = p.b.accept(inv)
        p.b.reply(inv, 180, db)
        p.a.peer.expect(180)
        restart(site)
        p.b.reply(inv, 200, db, [('Content-Type', 'application/sdp')],
                  ua.sdp('bravo'))
        ok = p.a.peer.expect(200)
        ua.vias_back(ok, da.raw)
        da.learn(ok)
        da.ack()
        ua.restored(p.b.peer.expect('ACK'), db, p.b)
        p.end(db, da, p.b, p.a)
        p.check()


def rotated_keys():
    """A key that is no longer the newest still opens what it sealed."""
    with Site('udp', 'tcp') as site:
        p = Pair(site, 'alpha', 'bravo')
        da, db = p.call()
        path = site.path('pki', 'token.keys')
        with open(path, encoding='ascii') as f:
            old = f.read()
        with open(path, 'w', encoding='ascii') as f:
            f.write('2 %s\n%s' % ('5a' * 32, old))
        site.gateway.wait_log('gateway.reloaded', site.gateway.reload())
        reinvite(da, db, p.a, p.b)
        reinvite(db, da, p.b, p.a)
        newer = p.call()
        p.end(db, da, p.b, p.a)
        p.end(*newer, p.a, p.b)
        p.check()


def main():
    case.run([
        ('udp-udp', lambda: both_ways('udp', 'udp')),
        ('tcp-tls', lambda: both_ways('tcp', 'tls')),
        ('while it rings', while_it_rings),
        ('rotated keys', rotated_keys)])


if __name__ == '__main__':
    main()
