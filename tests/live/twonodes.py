#!/usr/bin/env python3
"""Two gateways with one key behind a dispatcher that knows no dialogs.

Each request goes to the other node than the one before; in the hard case
each response does, too.
"""
import itertools
import random
import select
import shutil
import socket
import threading

from lib import case, conf, env, peer, sip, ua
from lib.gateway import Gateway
from lib.pair import Pair
from lib.site import Site

NODES = (11, 12)  # last octets of their addresses
FRONT = 10  # of the dispatcher


class Dispatcher:
    """Datagrams from a peer go to a node, those of nodes to their peer."""

    def __init__(self, site, spread_responses):
        self.closing = False
        self.spread = spread_responses
        self.turn = itertools.cycle(NODES)
        self.dice = random.Random(7)
        self.sides = {}
        for s in ('alpha', 'bravo'):
            face = self.socket(FRONT, conf.SIP_PORT[s])
            back = self.socket(FRONT, conf.PEER_PORT[s])
            self.sides[face] = (s, 'in', back)
            self.sides[back] = (s, 'out', face)
        self.peers = {s: site.addresses[s][0] for s in ('alpha', 'bravo')}
        # Behind which node a request to a peer was sent.
        self.owner = {}
        threading.Thread(target=self.run, daemon=True).start()

    @staticmethod
    def socket(host, port):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        s.bind((env.address(host), port))
        return s

    def run(self):
        while not self.closing:
            ready, _, _ = select.select(list(self.sides), [], [], 0.2)
            for s in ready:
                try:
                    raw, source = s.recvfrom(65535)
                except OSError:
                    return
                self.pass_on(s, raw, source)

    def pass_on(self, s, raw, source):
        system, way, other = self.sides[s]
        from_peer = source == self.peers[system]
        m = sip.Msg(raw)
        if not from_peer:
            # Requests of a node come to the hop's address, its responses
            # to the front that the peer's request came through.
            if m.is_request:
                self.owner[sip.param(m.all('via')[0], 'branch')] = source[0]
            face = other if way == 'out' else s
            face.sendto(raw, self.peers[system])
            return
        if m.is_request:
            node = env.address(next(self.turn))
        elif self.spread:
            node = env.address(self.dice.choice(NODES))
        else:
            node = self.owner[sip.param(m.all('via')[0], 'branch')]
        s.sendto(raw, (node, conf.SIP_PORT[system]))

    def close(self):
        self.closing = True


def nodes(site):
    """Two gateways with the files of the site, each at its address."""
    out = []
    for i, n in enumerate(NODES):
        folder = site.path('node%d' % i)
        shutil.copytree(site.path('pki'), folder + '/pki')
        text = conf.document(
            site.transports, env.address(n),
            {s: ['%s:%d' % (env.address(FRONT), conf.PEER_PORT[s])]
             for s in site.transports})
        # What is answered without memory goes to known addresses only.
        text = text.replace('    <health ', '    <reach address="%s"/>\n'
                            '    <health ' % env.address(FRONT))
        conf.write_files(folder, text, site.agreements)
        out.append(Gateway(folder, name='node%d' % i).start())
    return out


def calls(spread, n):
    with Site('udp', 'udp', start=False, peers=False) as site:
        front = Dispatcher(site, spread)
        for s in ('alpha', 'bravo'):
            site.peers[s] = peer.Peer(
                s, 'udp', *site.addresses[s][0],
                (env.address(FRONT), conf.SIP_PORT[s]))
        both = nodes(site)
        try:
            for i in range(n):
                a, b = ('alpha', 'bravo') if i % 2 else ('bravo', 'alpha')
                p = Pair(site, a, b)
                da, db = p.call(provisional=not spread)
                p.end(da, db, p.a, p.b) if i % 3 else \
                    p.end(db, da, p.b, p.a)
                p.check()
            cancel(Pair(site, 'alpha', 'bravo'))
            work = [g.metrics()['mcxgw_requests_total'] for g in both]
            assert min(work) >= n / 2, 'not spread: %s' % work
        finally:
            front.close()
            for g in both:
                assert g.stop() == 0
                assert not g.complaints(), g.complaints()


def cancel(p):
    """The CANCEL comes to the node that did not get the INVITE."""
    da = p.a.invite(p.b.system)
    inv = p.b.peer.expect('INVITE')
    db = p.b.accept(inv)
    p.b.reply(inv, 180, db)
    p.a.peer.expect(180)
    da.cancel()
    can = p.b.peer.expect('CANCEL')
    assert can.all('via')[0].split(';')[1] == \
        inv.all('via')[0].split(';')[1], 'CANCEL is of another branch'
    p.b.reply(can, 200, db)
    p.b.reply(inv, 487, db)
    end = p.a.peer.expect(487)
    da.ack_failure(end)
    p.check()


def main():
    case.run([('requests spread', lambda: calls(False, 30)),
              ('responses too', lambda: calls(True, 12))])


if __name__ == '__main__':
    main()
