#!/usr/bin/env python3
"""What a hostile peer may do: the gateway lives, answers the others in time,
and its memory stays under a bound.

usage: abuse.py [CASE...]

alpha speaks TCP, bravo TLS, charlie UDP.  While each
case runs, alpha sends MESSAGEs to bravo, and every one must be answered
within a bound.
"""
import os
import random
import re
import select
import socket
import ssl
import threading
import time

from lib import case, conf, env, sip, ua
from lib.site import Site

# Stated bounds.  Sanitizers keep what is freed, so memory is not judged then.
RESIDENT_MAX = 64 << 20
LATENCY_MAX = 2.0
LIMITS = ('message="65536" transactions="4000" connections="3000" '
          'idle="60s" message-time="3s" handshake="3s" '
          'write-buffer="131072"')
SEED = int(os.environ.get('GW_LIVE_SEED', random.randrange(1 << 32)))
SYSTEMS = ('alpha', 'bravo', 'charlie')
AGREEMENTS = {'alpha-bravo.xml': conf.agreement('alpha', 'bravo'),
              'alpha-charlie.xml': conf.agreement('alpha', 'charlie')}


class Traffic:
    """alpha's MESSAGEs to bravo, one after the other, all answered."""

    def __init__(self, site):
        self.a, self.b = ua.Server(site, 'alpha'), ua.Server(site, 'bravo')
        self.slowest, self.n, self.fault = 0, 0, None
        self.ending = False
        self.threads = [threading.Thread(target=self._guard, args=(f,))
                        for f in (self._ask, self._answer)]

    def _guard(self, function):
        try:
            function()
        except Exception as e:  # told by the main thread
            self.fault = self.fault or e

    def _ask(self):
        kind = ua.INFO_TYPE % 'mcdata'
        body = ua.info(ua.USERS['alpha'], ua.USERS['bravo'],
                       'one-to-one-sds', 'mcdata')
        while not self.ending:
            began = time.monotonic()
            d = self.a.single('MESSAGE', 'bravo', [('Content-Type', kind)],
                              body)
            ok = self.a.peer.expect(lambda m: m.call_id == d.call_id and
                                    m.status is not None and m.status >= 200,
                                    20)
            assert ok.status == 200, ok.start
            self.n += 1
            self.slowest = max(self.slowest, time.monotonic() - began)
            time.sleep(0.02)

    def _answer(self):
        while not self.ending:
            try:
                m = self.b.peer.expect('MESSAGE', 0.2)
            except AssertionError:
                continue
            self.b.reply(m, 200)

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:  # some after the abuse as well
            n = self.n
            case.until(lambda: self.n > n + 2 or self.fault, 25)
        self.ending = True
        for t in self.threads:
            t.join()
        if kind is None:
            assert self.fault is None, self.fault
            assert self.slowest < LATENCY_MAX * env.PATIENCE, \
                'an answer took %.1f s' % self.slowest


def peak(gateway):
    """The highest number of resident octets so far."""
    with open('/proc/%d/status' % gateway.process.pid,
              encoding='ascii') as f:
        return int(re.search(r'VmHWM:\s+(\d+)', f.read()).group(1)) * 1024


def port_of(site, system):
    return site.host, conf.gateway_port(system, site.transports[system])


def connect(address):
    return socket.create_connection(address, 10 * env.PATIENCE)


def wait_closed(sockets, seconds):
    """All of them are closed by the other side; answers are thrown away."""
    left, end = set(sockets), time.monotonic() + seconds * env.PATIENCE
    while left:
        wait = end - time.monotonic()
        assert wait > 0, '%d connections are still open' % len(left)
        for s in select.select(list(left), [], [], wait)[0]:
            try:
                if s.recv(65536):
                    continue
            except OSError:
                pass
            left.discard(s)
            s.close()


def dribble(sockets, octets, seconds):
    """The next octet on each of them every second, until all are closed."""
    end = time.monotonic() + seconds * env.PATIENCE
    open_ = dict.fromkeys(sockets, 0)
    while open_:
        assert time.monotonic() < end, '%d are still open' % len(open_)
        for s, n in list(open_.items()):
            try:
                s.send(octets[n:n + 1])
                open_[s] = n + 1
            except OSError:
                del open_[s]
                s.close()
        for s in select.select(list(open_), [], [], 1)[0]:
            try:
                if s.recv(4096):
                    continue
            except OSError:
                pass
            open_.pop(s, None)
            s.close()


def message(site, system, **more):
    """A whole MESSAGE from a system to alpha or bravo."""
    to = 'bravo' if system == 'alpha' else 'alpha'
    server = ua.Server(site, system)
    d = ua.Dialog(server, ua.USERS[to])
    return server.request('MESSAGE', d.target, 1, d, **more)


def slow_senders(site):
    """One octet each second: closed when limits message-time is over."""
    socks = [connect(port_of(site, 'alpha')) for _ in range(30)]
    dribble(socks, message(site, 'alpha') * 9, 15)
    tls = [connect(port_of(site, 'bravo')) for _ in range(30)]
    dribble(tls, bytes.fromhex('16030100c8010000c40303') + b'\0' * 99, 15)
    closed = site.gateway.find('stream.closed', why='message took too long')
    assert closed, 'the log does not say why'


def half_open_connections(site):
    """Connected and silent: before a handshake, and inside a message."""
    socks = [connect(port_of(site, 'bravo')) for _ in range(300)]
    half = message(site, 'alpha')[:200]
    for _ in range(300):
        s = connect(port_of(site, 'alpha'))
        s.sendall(half)
        socks.append(s)
    wait_closed(socks, 20)


def headers_without_end(site):
    """As much as fits through: it is thrown away, and the connection ends
    when limits message-time is over."""
    start = message(site, 'alpha').split(b'\r\n\r\n')[0] + b'\r\n'
    for piece in (b'X-Filler: ' + b'a' * 1012 + b'\r\n', b'a' * 1024,
                  b'\0' * 1024, b'\r\n' * 512):
        is_ping = piece.startswith(b'\r')
        began = time.monotonic()
        with connect(port_of(site, 'alpha')) as s:
            s.settimeout(10 * env.PATIENCE)
            try:
                s.sendall(b'' if is_ping else start)
                while time.monotonic() < began + 20 * env.PATIENCE:
                    s.sendall(piece * 64)
            except OSError:
                pass
        took = time.monotonic() - began
        assert took < 15 * env.PATIENCE, '%s: %.1f s' % (piece[:10], took)


def lengths_that_lie(site):
    """A Content-Length that is huge, overflows, or is followed by little."""
    head = message(site, 'alpha').split(b'Content-Length')[0]
    socks = []
    for n in (b'30000', b'65000', b'65537', b'100000000', b'4294967296',
              b'18446744073709551616', b'9' * 60):
        s = connect(port_of(site, 'alpha'))
        s.sendall(head + b'Content-Length: ' + n + b'\r\n\r\nshort')
        socks.append(s)
    wait_closed(socks, 15)


def nested(depth, pad=0):
    body = b'x' * pad
    kind = b'text/plain'
    for i in range(depth):
        edge = b'b%d' % i
        body = b'--%s\r\nContent-Type: %s\r\n\r\n%s\r\n--%s--\r\n' % (
            edge, kind, body, edge)
        kind = b'multipart/mixed;boundary=%s' % edge
    return kind.decode(), body


def deep_bodies(site):
    """Deep multiparts, many parts, deep XML, many key messages: refused,
    one by one, and none crosses."""
    a, n = ua.Server(site, 'alpha'), 0
    doc = ua.INFO_TYPE % 'mcptt'
    deep_xml = '<a>' * 8000 + '</a>' * 8000
    wide = [('application/sdp', 'v=0\r\n')] * 800
    key = ua.key()
    bodies = [nested(40), nested(400), nested(40, 40000),
              ua.multipart(wide), ua.multipart([(doc, deep_xml)]),
              ua.multipart([(doc, '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
                             )]),
              ua.multipart([('application/mikey', key)] * 60),
              ('multipart/mixed;boundary=""', b'----\r\n' * 9000),
              ('multipart/mixed;boundary=' + 'b' * 5000, b'--b\r\n')]
    for kind, body in bodies:
        d = a.invite('bravo', body=(kind, body))
        no = a.peer.expect(lambda m: m.call_id == d.call_id and
                           m.status is not None and m.status >= 200)
        assert 400 <= no.status < 500, (kind[:60], no.start)
        d.ack_failure(no)
        n += 1
    assert n == len(bodies)
    assert not site.bravo.has(lambda m: m.method == 'INVITE')


def a_thousand_idle_connections(site):
    """They cost little, and others are served beside them."""
    before = site.gateway.rss()
    socks = [connect(port_of(site, 'alpha')) for _ in range(1000)]
    case.until(lambda: site.gateway.status()['connections'] >= 1000, 20)
    each = (site.gateway.rss() - before) / 1000
    assert env.SANITIZED or each < 8192, '%d octets each' % each
    ping = b'\r\n\r\n'
    for s in socks[::100]:
        s.sendall(ping)
        s.settimeout(8 * env.PATIENCE)
        assert s.recv(10) == b'\r\n'
    for s in socks:
        s.close()
    case.until(lambda: site.gateway.status()['connections'] < 50, 20)


def too_many_connections(site):
    """More than limits connections: the rest is refused, none waits."""
    socks = []
    for _ in range(3500):
        try:
            socks.append(connect(port_of(site, 'charlie')))
        except OSError:
            break
    n = site.gateway.status()['connections']
    assert n <= 6000, n
    for s in socks:
        s.close()
    case.until(lambda: site.gateway.status()['connections'] < 50, 20)


def a_peer_that_does_not_read(site):
    """Its answers pile up to write-buffer, then it is cut."""
    piece = message(site, 'alpha').replace(b'Max-Forwards: 68',
                                           b'Max-Forwards: 0')
    with connect(port_of(site, 'alpha')) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(15 * env.PATIENCE)
        sent = 0
        try:
            while sent < 256 << 20:
                s.sendall(piece * 16)
                sent += len(piece) * 16
        except OSError:
            pass
        assert sent < 256 << 20, 'everything was answered into the void'
    site.gateway.wait_log('stream.closed', why='the peer does not read')


def flood(site):
    """20,000 INVITEs from one peer, none of them ever answered, while alpha
    and bravo talk: the flooder gets 503, they do not."""
    c = ua.Server(site, 'charlie')
    d = ua.Dialog(c, ua.USERS['alpha'])
    kind, body = ua.call_body('charlie', 'alpha')
    raw = c.request('INVITE', d.target, 1, d, body=body, branch='z9hG4bK@@',
                    headers=[('Content-Type', kind)])
    raw = raw.replace(d.call_id.encode(), b'@@call')
    gateway, udp = c.peer.gateway, c.peer.udp
    for i in range(20000):
        udp.sendto(raw.replace(b'@@', b'%08d' % i), gateway)
        if i % 50 == 49:
            time.sleep(0.005)
    case.until(lambda: any(m.status == 503 for m in list(c.peer.wire)), 20)
    no = [m for m in list(c.peer.wire) if m.status == 503]
    assert int(no[0].get('retry-after')) > 0, no[0].head
    # Half of limits transactions, in each of two workers.
    assert site.gateway.status()['transactions'] <= 4500


GARBAGE = 3000


def noise(rng, good):
    """Random octets, or a good message with some of it spoiled."""
    if rng.random() < 0.3:
        return rng.randbytes(rng.choice((1, 7, 40, 500, 3000)))
    out = bytearray(good)
    for _ in range(rng.choice((1, 2, 5, 40))):
        at = rng.randrange(len(out))
        how = rng.random()
        if how < 0.4:
            out[at] = rng.randrange(256)
        elif how < 0.6:
            del out[at:at + rng.randrange(1, 60)]
        elif how < 0.8:
            out[at:at] = out[at:at + rng.randrange(1, 60)]
        else:
            out[at:at] = rng.choice((b'\r\n', b'\r\n ', b'"', b'<', b'%',
                                     b';', b',', b':', b'\0', b'\xff'))
        out = out or bytearray(good)
    return bytes(out)


def garbage_datagrams(site):
    rng = random.Random(SEED)
    good = [message(site, 'charlie', body=b'x', headers=[
        ('Content-Type', 'text/plain')]), ua.sdp('charlie').encode()]
    good.append(good[0].replace(b'MESSAGE', b'INVITE'))
    good.append(b'SIP/2.0 200 OK\r\n' + good[0].split(b'\r\n', 1)[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((site.peers['charlie'].host, 0))
        for i in range(GARBAGE):
            s.sendto(noise(rng, rng.choice(good)),
                     site.peers['charlie'].gateway)
            if i % 50 == 49:
                time.sleep(0.01)


def garbage_streams(site):
    """TCP, and TLS with and without a handshake before it."""
    rng = random.Random(SEED + 1)
    good = message(site, 'charlie', body=b'x', headers=[
        ('Content-Type', 'text/plain')])
    _, client = site.contexts('bravo')
    for i in range(300):
        system = ('alpha', 'charlie', 'bravo')[i % 3]
        s = connect(port_of(site, system))
        try:
            if system == 'bravo' and i % 2:
                s = client.wrap_socket(s)
            for _ in range(rng.randrange(1, 6)):
                s.sendall(noise(rng, good))
        except OSError:
            pass
        if rng.random() < 0.3:  # a reset
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         b'\1\0\0\0\0\0\0\0')
        s.close()


def torn_tls(site):
    """Records changed on their way: the connection ends, no more."""
    _, client = site.contexts('bravo')
    rng = random.Random(SEED + 2)
    for _ in range(40):
        raw = connect(port_of(site, 'bravo'))
        inp, out = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = client.wrap_bio(inp, out)
        raw.settimeout(5 * env.PATIENCE)
        try:
            for _ in range(6):
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    octets = bytearray(out.read())
                    if octets and rng.random() < 0.5:
                        octets[rng.randrange(len(octets))] ^= 1
                    raw.sendall(octets)
                    inp.write(raw.recv(65536))
            octets = bytearray(out.read())
            tls.write(message(site, 'bravo'))
            octets += out.read()
            if octets:
                octets[rng.randrange(len(octets))] ^= 1
            raw.sendall(octets)
            raw.recv(65536)
        except OSError:
            pass
        raw.close()


CASES = (slow_senders, half_open_connections, headers_without_end,
         lengths_that_lie, deep_bodies, a_thousand_idle_connections,
         too_many_connections, a_peer_that_does_not_read, garbage_datagrams,
         garbage_streams, torn_tls, flood)


def main():
    with Site('tcp', 'tls', AGREEMENTS, charlie='udp',
              limits=LIMITS) as site:
        def one(function):
            def go():
                with Traffic(site):
                    function(site)
                assert site.gateway.alive(), 'it ended'
                top = peak(site.gateway)
                print('     peak %d MiB' % (top >> 20))
                assert env.SANITIZED or top < RESIDENT_MAX, top
            return function.__name__, go
        print('     seed %d' % SEED)
        case.run([one(f) for f in CASES])


if __name__ == '__main__':
    main()
