#!/usr/bin/env python3
"""Kamailio as the core of both systems: endpoint, Kamailio, gateway, Kamailio,
endpoint.

usage: kamailio.py ALPHA BRAVO [CASE...]

ALPHA and BRAVO are the transports between a core and the gateway; endpoints
speak UDP.  Each Kamailio is a plain record-routing proxy, so routes of two
products stand in one dialog.  Nothing of one system's core or endpoint may be
seen at the other's.
"""
import os
import shutil
import subprocess
import sys

import calls
from lib import case, conf, env, peer, ua
from lib.pair import Pair
from lib.site import Site
from lib.sipp import listening

ENDPOINT = {'alpha': (12, 6071), 'bravo': (13, 6072)}
NAME = 'core-%s.inner.test'

CORE = '''#!KAMAILIO
debug=0
log_stderror=yes
fork=yes
children=2
tcp_children=2
auto_aliases=no
dns=no
rev_dns=no
server_header="Server: %(name)s"
user_agent_header="User-Agent: %(name)s"
listen=udp:%(host)s:%(port)d
%(listen)s
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
%(modules)s
modparam("rr", "append_fromtag", 1)

request_route {
	if (!mf_process_maxfwd_header("70")) {
		sl_send_reply("483", "Too Many Hops");
		exit;
	}
	if (is_method("CANCEL")) {
		if (t_check_trans())
			t_relay();
		exit;
	}
	if (has_totag()) {
		if (loose_route()) {
			t_relay();
			exit;
		}
		if (is_method("ACK")) {
			if (t_check_trans())
				t_relay();
			exit;
		}
		sl_send_reply("404", "Not here");
		exit;
	}
	t_check_trans();
	if (is_method("INVITE|SUBSCRIBE|REFER"))
		record_route();
	if ($si == "%(endpoint)s")
		$du = "sip:%(gateway)s:%(gateway_port)d;transport=%(transport)s";
	else
		$du = "sip:%(endpoint)s:%(endpoint_port)d;transport=udp";
	if (!t_relay())
		sl_reply_error();
}
'''
TLS = '''[server:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
private_key = %(pki)s/%(system)s.key
certificate = %(pki)s/%(system)s.pem
ca_list = %(pki)s/ca.pem

[client:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
private_key = %(pki)s/%(system)s.key
certificate = %(pki)s/%(system)s.pem
ca_list = %(pki)s/ca.pem
'''


class Core:
    """One Kamailio; a context manager."""

    def __init__(self, site, system):
        self.folder = site.path('core-' + system)
        self.host, self.port = site.addresses[system][0]
        self.transport = site.transports[system]
        number, port = ENDPOINT[system]
        facts = {'name': NAME % system, 'host': self.host, 'port': self.port,
                 'endpoint': env.address(number), 'endpoint_port': port,
                 'gateway': site.host, 'transport': self.transport,
                 'gateway_port': conf.gateway_port(system, self.transport),
                 'listen': '', 'modules': ''}
        if self.transport != 'udp':
            facts['listen'] = 'listen=%s:%s:%d' % (
                self.transport, self.host, self.port)
        os.mkdir(self.folder)
        if self.transport == 'tls':
            tls = os.path.join(self.folder, 'tls.cfg')
            facts['listen'] = 'enable_tls=yes\n' + facts['listen']
            facts['modules'] = 'loadmodule "tls.so"\n' \
                'modparam("tls", "config", "%s")' % tls
            with open(tls, 'w', encoding='ascii') as f:
                f.write(TLS % {'pki': site.path('pki'), 'system': system})
        with open(self.path('cfg'), 'w', encoding='ascii') as f:
            f.write(CORE % facts)
        self.process = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def log(self):
        with open(self.path('log'), errors='replace', encoding='utf-8') as f:
            return f.read()

    def __enter__(self):
        program = shutil.which('kamailio') or '/usr/sbin/kamailio'
        if not os.path.exists(program):
            raise case.Skip('no kamailio')
        with open(self.path('log'), 'wb') as log:
            self.process = subprocess.Popen(
                [program, '-f', self.path('cfg'), '-w', self.folder, '-Y',
                 self.folder, '-m', '64', '-M', '8', '-DD'],
                stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT)
        kind = 'udp' if self.transport == 'udp' else 'tcp'

        def up():
            assert self.process.poll() is None, self.log()
            return listening(kind, self.host, self.port) and \
                listening('udp', self.host, self.port)
        case.until(up, 20)
        return self

    def __exit__(self, kind, value, trace):
        self.process.terminate()
        try:
            self.process.wait(20 * env.PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if kind is not None and not (kind is SystemExit and not value.code):
            print(self.log()[-3000:])


class Endpoint(ua.Server):
    """A server behind its core: no inner proxies that it knows of, and a
    contact that its core must reach."""

    def __init__(self, site, system):
        super().__init__(site, system)
        self.core = site.addresses[system][0]
        self.proxies = []
        self.contact = '<sip:mcptt-as@%s:%d>' % (self.peer.host,
                                                 self.peer.port)

    def canaries(self):
        return super().canaries() + [
            NAME % self.system, self.core[0], ':%d' % self.core[1]]

    def vias(self, branch):
        return super().vias(branch)[:1]

    def request(self, *words, record=False, **more):
        return super().request(*words, record=False, **more)


class KamailioSite(Site):
    """The gateway between two cores, which know addresses, not names."""

    def text(self, **more):
        out = super().text(**more)
        for s, t in self.transports.items():
            out = out.replace(' advertise="%s:%d"' % (
                conf.HOST['gateway'], conf.gateway_port(s, t)), '')
        return out

    def make_peer(self, system, host=None, port=None, **more):
        number, port = ENDPOINT[system]
        return peer.Peer(system, 'udp', env.address(number), port,
                         self.addresses[system][0])


class CorePair(Pair):
    def __init__(self, site, a, b):
        super().__init__(site, a, b)
        self.a, self.b = Endpoint(site, a), Endpoint(site, b)


def cancel(p):
    """Hop by hop: the CANCEL that arrives is Kamailio's."""
    da = p.a.invite(p.b.system)
    inv = p.b.peer.expect('INVITE')
    db = p.b.accept(inv)
    p.b.reply(inv, 180, db)
    p.a.peer.expect(180)
    da.cancel()
    p.a.peer.expect(lambda m: m.status == 200 and m.method == 'CANCEL')
    can = p.b.peer.expect('CANCEL')
    assert can.all('via')[0] == inv.all('via')[0], 'of another branch'
    assert can.cseq == inv.cseq and can.uri == inv.uri
    p.b.reply(can, 200, db)
    p.b.reply(inv, 487, db)
    end = p.a.peer.expect(487)
    ua.vias_back(end, da.raw)
    da.ack_failure(end)
    p.b.peer.expect('ACK')


FLOWS = (calls.call_and_bye, calls.call_and_bye_back, calls.plain_call,
         calls.reinvite_and_update, cancel, calls.refused_inside,
         calls.message, calls.subscribe_and_notify, calls.info_in_dialog)


def main():
    alpha, bravo, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    with KamailioSite(alpha, bravo) as site, Core(site, 'alpha'), \
            Core(site, 'bravo'):
        def one(flow, a, b):
            def go():
                p = CorePair(site, a, b)
                flow(p)
                p.check()
            return '%s.%s' % (flow.__name__, a[0] + b[0]), go
        case.run([one(f, *ab) for f in FLOWS
                  for ab in (('alpha', 'bravo'), ('bravo', 'alpha'))], names)


if __name__ == '__main__':
    main()
