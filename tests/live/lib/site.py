"""A gateway between peers that play alpha and bravo, and what must hold."""
import os
import shutil
import tempfile

from . import conf, env, peer
from .gateway import Gateway


class Site:
    """Files, PKI, gateway and peers of one test; a context manager."""

    def __init__(self, alpha='udp', bravo='udp', agreements=None, policy='',
                 start=True, peers=True, charlie=None, ipv6=False,
                 **document):
        self.transports = {'alpha': alpha, 'bravo': bravo}
        if charlie is not None:
            self.transports['charlie'] = charlie
        self.folder = tempfile.mkdtemp(prefix='mcxgw-live-')
        self.ipv6 = ipv6  # there is one loopback address: one such test
        self.host = '::1' if ipv6 else env.address(1)
        self.document = document
        self.addresses = {
            s: [('::1' if ipv6 else env.address(conf.PEER_HOST[s]),
                 conf.PEER_PORT[s])]
            for s in self.transports}
        self.peers = {}
        self.hops = None  # where peers are reached, if not at their address
        self.want_peers, self.want_start = peers, start
        self.agreements = agreements
        if agreements is None:
            self.agreements = {'alpha-bravo.xml': conf.agreement()}
        self.policy = policy
        self.gateway = Gateway(self.folder)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def text(self, **more):
        """mcxgw.xml."""
        return conf.document(
            self.transports, self.host,
            {s: [conf.at(*a) for a in at]
             for s, at in (self.hops or self.addresses).items()
             if s in self.transports},
            **{**self.document, **more})

    def write(self, **more):
        conf.write_files(self.folder, self.text(**more), self.agreements,
                         self.policy)

    def __enter__(self):
        try:
            conf.pki(self.path('pki'))
            self.write()
            if self.want_peers:
                for s in self.transports:
                    self.peers[s] = self.make_peer(s)
            if self.want_start:
                self.gateway.start()
        except BaseException:
            self.__exit__(*([Exception] * 3))
            raise
        return self

    def make_peer(self, system, host=None, port=None, **more):
        t = self.transports[system]
        at = self.addresses[system][0]
        server = client = None
        if t == 'tls':
            server, client = self.contexts(system)
        return peer.Peer(system, t, host or at[0], port or at[1],
                         (self.host, conf.gateway_port(system, t)),
                         server, client, **more)

    def contexts(self, name, folder='pki'):
        """(server, client) TLS contexts with the certificate of name."""
        cert = self.path(folder, name + '.pem')
        key = self.path(folder, name + '.key')
        ca = self.path('pki', 'ca.pem')
        return (peer.server_context(ca, cert, key),
                peer.client_context(ca, cert, key))

    @property
    def alpha(self):
        return self.peers['alpha']

    @property
    def bravo(self):
        return self.peers['bravo']

    def __exit__(self, kind, value, trace):
        status = None
        if self.gateway.process is not None:
            status = self.gateway.stop()
        for p in self.peers.values():
            p.close()
        log = '\n'.join(x.text for x in self.gateway.lines)
        good = kind is None or (kind is SystemExit and not value.code)
        if good:
            bad = self.gateway.complaints()
            assert not bad, 'the gateway complained:\n' + '\n'.join(bad)
            assert status in (None, 0, -9), \
                'exit status %s:\n%s' % (status, log[-8000:])
            broken = [b for p in self.peers.values() for b in p.broken]
            assert not broken, 'malformed on the wire: %s' % broken
        elif env.os.environ.get('GW_LIVE_LOG'):
            print(log)
        else:
            print(log[-6000:])
        shutil.rmtree(self.folder, ignore_errors=True)
