#!/usr/bin/env python3
"""Nothing is left behind: traffic, reloads that succeed and that fail, and
an end that frees everything.

usage: leaks.py [CASE...]

Built with the address sanitizer, the gateway itself tells at its end what it
lost, and the exit status is not 0.  In every build the number of descriptors
must return to what it was, and memory must level off.
"""
import os
import signal
import socket
import time

from lib import case, conf, env, ua
from lib.pair import Pair
from lib.site import Site

RELOADS = 20
# Growth that is allowed over eighty reloads of the same.
GROWTH_MAX = 1 << 20
# An answered INVITE is forgotten after 64 times T1.
LIMITS = 't1="50ms" t2="100ms" failover="2s" message="%d"'
MISTAKES = {'conf.mistake', 'gateway.reload-refused'}


def descriptors(gateway):
    return len(os.listdir('/proc/%d/fd' % gateway.process.pid))


def some_calls(site):
    """Permitted, refused, redirected, cancelled, both ways."""
    for a, b in (('alpha', 'bravo'), ('bravo', 'alpha')):
        p = Pair(site, a, b)
        p.end(*p.call(keys=[ua.key(a, b)]), p.a, p.b)
        for more in ({'uri': 'sip:x@unknown.example', 'body': (
                'application/sdp', ua.sdp(a))},
                     {'body': ('multipart/mixed;boundary=x', b'--y--')},
                     {'keys': [ua.key(a, b)[:-4] + b'XXXX']},
                     {'keys': [ua.key(a, b, receiver_kms='kms.x.example')]}):
            d = p.a.invite(b, **more)
            no = p.a.peer.expect(lambda m, d=d: m.call_id == d.call_id and
                                 m.status is not None and m.status > 200)
            d.ack_failure(no)
        d = p.a.invite(b)
        inv = p.b.peer.expect('INVITE')
        db = p.b.accept(inv)
        p.b.reply(inv, 180, db)
        p.a.peer.expect(180)
        d.cancel()
        p.b.reply(p.b.peer.expect('CANCEL'), 200, db)
        p.b.reply(inv, 487, db)
        d.ack_failure(p.a.peer.expect(487))
        p.b.peer.expect('ACK')
        p.check()


def some_noise(site):
    """Connections of every sad kind, and questions."""
    tls = (site.host, conf.gateway_port('bravo', 'tls'))
    tcp = (site.host, conf.gateway_port('alpha', 'tcp'))
    _, good = site.contexts('bravo')
    _, wrong = site.contexts('gateway')
    for context in (good, wrong, None):
        with socket.create_connection(tls, 10) as c:
            c.settimeout(10 * env.PATIENCE)
            try:
                if context is not None:
                    with context.wrap_socket(c) as s:
                        s.sendall(b'INVITE sip:a@b SIP/2.0\r\nVia: x\r\n')
                else:
                    c.sendall(b'\x16\x03\x01\x02\x00' + b'\x01' * 40)
            except OSError:
                pass
    for octets in (b'', b'MESSAGE sip:x', b'\r\n\r\n', b'\0' * 9000,
                   b'A b SIP/2.0\r\nContent-Length: 9\r\n\r\n'):
        with socket.create_connection(tcp, 10) as c:
            c.sendall(octets)
    site.gateway.ctl('status')
    site.gateway.ctl('why', '0123456789abcdef')
    site.gateway.get('/metrics')
    site.gateway.get('/nothing')


def reload(site, well, number):
    code, out = site.gateway.ctl('reload')
    assert code == (0 if well else 1), (number, code, out)


def good_reload(site, n):
    """Another policy, other limits, and charlie comes or goes."""
    charlie = n % 2 == 0
    if charlie:
        site.transports['charlie'] = 'tcp'
        site.agreements['c.xml'] = conf.agreement('alpha', 'charlie')
    else:
        site.transports.pop('charlie', None)
        site.agreements.pop('c.xml', None)
        if os.path.exists(site.path('agreements', 'c.xml')):
            os.unlink(site.path('agreements', 'c.xml'))
    site.write(limits=LIMITS % (60000 + n))
    if n % 3 == 0:  # a new certificate of the same name
        for kind in ('pem', 'key'):
            os.unlink(site.path('pki', 'gateway.' + kind))
        conf.pki(site.path('pki'))
    reload(site, True, n)
    host = env.address(1)
    try:
        with socket.create_connection((host, conf.SIP_PORT['charlie']), 5):
            assert charlie, 'the listener is still there'
    except ConnectionRefusedError:
        assert not charlie, 'the listener is not there'


def bad_reload(site, n):
    """Something is wrong in one of the files, each in turn."""
    wrong = (('mcxgw.xml', 'system="bravo"', 'system="nobody"'),
             ('mcxgw.xml', '</mcxgw>', ''),
             ('policy.xml', '<key-messages', '<nonsense/><key-messages'),
             ('agreements/alpha-bravo.xml', 'certificate-sha256="',
              'certificate-sha256="00'),
             ('agreements/alpha-bravo.xml', 'party system="bravo"',
              'party system="delta"'),
             ('pki/gateway.key', 'PRIVATE', 'PUBLIC'),
             ('pki/ca.pem', 'BEGIN', 'BEGINNING'),
             ('pki/token.keys', '1 ', '999 '))
    name, old, new = wrong[n % len(wrong)]
    with open(site.path(name), encoding='utf-8') as f:
        text = f.read()
    assert old in text, (name, old)
    conf.put(site.folder, name, text.replace(old, new, 1))
    reload(site, False, name)
    conf.put(site.folder, name, text)


def settle(site):
    """Only what the peers opened is open; the number of descriptors."""
    for p in site.peers.values():
        for s in p.streams:
            s.close()
        p.streams, p.out = [], None
    case.until(lambda: site.gateway.status()['connections'] == 0, 20)
    return case.until(lambda: descriptors(site.gateway))


def everything(ending):
    with Site('tcp', 'tls', limits=LIMITS % 65536) as site:
        site.gateway.provoked |= MISTAKES
        site.addresses['charlie'] = [(env.address(4), 5095)]
        before = None
        for n in range(RELOADS):
            some_calls(site)
            some_noise(site)
            good_reload(site, n)
            bad_reload(site, n)
            if n == 3:
                before = settle(site)
        after = settle(site)
        assert after == before, 'descriptors: %d, then %d' % (before, after)
        ending(site)


def memory_levels_off():
    """The hundredth reload takes no more than the twentieth."""
    with Site('tcp', 'tls', limits=LIMITS % 65536) as site:
        site.gateway.provoked |= MISTAKES
        site.addresses['charlie'] = [(env.address(4), 5095)]
        for n in range(100):
            good_reload(site, n)
            bad_reload(site, n)
            if n == 20:
                before = site.gateway.rss()
        after = site.gateway.rss()
        print('     %d KiB, then %d KiB' % (before >> 10, after >> 10))
        assert env.SANITIZED or after < before + GROWTH_MAX, (before, after)


def drained(site):
    site.gateway.process.send_signal(signal.SIGTERM)
    assert site.gateway.process.wait(60 * env.PATIENCE) == 0


def in_the_middle(site):
    """With calls open, octets half sent and connections half made."""
    p = Pair(site, 'alpha', 'bravo')
    p.call()
    p.a.invite('bravo')
    p.b.peer.expect('INVITE')
    tcp = (site.host, conf.gateway_port('alpha', 'tcp'))
    tls = (site.host, conf.gateway_port('bravo', 'tls'))
    socks = [socket.create_connection(a, 10) for a in (tcp, tls)]
    socks[0].sendall(b'MESSAGE sip:half')
    site.gateway.process.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    site.gateway.process.send_signal(signal.SIGTERM)
    assert site.gateway.process.wait(20 * env.PATIENCE) == 0
    for s in socks:
        s.close()


CASES = (('drained', lambda: everything(drained)),
         ('in the middle', lambda: everything(in_the_middle)),
         ('memory levels off', memory_levels_off))

if __name__ == '__main__':
    os.environ['ASAN_OPTIONS'] = 'detect_leaks=1:' + os.environ.get(
        'ASAN_OPTIONS', '')
    case.run(CASES)
