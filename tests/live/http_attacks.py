#!/usr/bin/python3
"""What a hostile asker may do over HTTP: the gateway lives, answers the
others in time, and what it spends is bounded.

usage: http_attacks.py [CASE...]

charlie attacks over TLS and over alpha's plain link; meanwhile alpha asks
over HTTP/1.1 and bravo over HTTP/2, one question after the other, and every
one must be answered within a bound.
"""
import http.client
import os
import re
import socket
import sys
import threading
import time

from lib import case, conf, env, h2raw, peer, questions
from lib.h2raw import Closed, Raw, frame
from lib.lookups import LookupSite, agreement, user

# Stated bounds.  Sanitizers keep what is freed, so memory is not judged then.
RESIDENT_MAX = 96 << 20
LATENCY_MAX = 2.0
CPU_MAX = 4.0  # seconds of all threads in one attack, traffic included
CONNECTIONS = 1000
# What is sent at most: an attack that is not stopped earlier has won.
FLOOD = 100000
HEADERS_MAX = 4 << 20
PARTNERS = {'alpha-bravo.xml': agreement(),
            'alpha-charlie.xml': conf.agreement('alpha', 'charlie')}
STREAMS = 32
SETTINGS = {'idle': '3s', 'request': '2s', 'streams': str(STREAMS),
            'connections': '3000'}


def cpu_of(pid):
    """Seconds on a CPU, of all threads."""
    with open('/proc/%d/stat' % pid, encoding='ascii') as f:
        v = f.read().rsplit(')', 1)[1].split()
    return (int(v[11]) + int(v[12])) / os.sysconf('SC_CLK_TCK')


def peak(pid):
    with open('/proc/%d/status' % pid, encoding='ascii') as f:
        return int(re.search(r'VmHWM:\s+(\d+)', f.read()).group(1)) * 1024


class Traffic:
    """Questions of those who mean well, all answered."""

    def __init__(self, site):
        self.site = site
        self.slowest, self.n, self.fault = 0, [0, 0], None
        self.ending = False
        self.threads = [threading.Thread(target=self._guard, args=(f,))
                        for f in (self._alpha, self._bravo)]

    def _guard(self, function):
        try:
            function()
        except Exception as e:  # told by the main thread
            self.fault = self.fault or e

    def _took(self, who, began):
        self.n[who] += 1
        self.slowest = max(self.slowest, time.monotonic() - began)
        time.sleep(0.01)

    def _alpha(self):
        q = questions.ask('kms', user('bravo', 'one'))
        while not self.ending:
            began = time.monotonic()
            c = http.client.HTTPConnection(
                self.site.http_host, conf.HTTP_PORT,
                timeout=10 * env.PATIENCE)
            c.request(q.method, q.path, q.body, {
                'Host': 'gw.border.example:%d' % conf.HTTP_PORT,
                'Content-Type': q.kind})
            r = c.getresponse()
            body = r.read()
            c.close()
            assert r.status == 200, (r.status, body)
            self._took(0, began)

    def _bravo(self):
        q = questions.ask('kms', user('alpha', 'one'))
        c = attacker(self.site, 'bravo')
        try:
            while not self.ending:
                began = time.monotonic()
                status, body = c.answer(c.ask(*q.h2(authority())))
                assert status == 200, (status, body)
                self._took(1, began)
        finally:
            c.close()

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:  # some after the attack as well
            n = list(self.n)
            case.until(lambda: self.fault or all(
                b > a + 2 for a, b in zip(n, self.n)), 25)
        self.ending = True
        for t in self.threads:
            t.join()
        if kind is None:
            assert self.fault is None, repr(self.fault)
            assert self.slowest < LATENCY_MAX * env.PATIENCE, \
                'an answer took %.1f s' % self.slowest


def authority(port=conf.HTTPS_PORT):
    return '%s:%d' % (conf.HOST['gateway'], port)


def attacker(site, system='charlie', alpn='h2', **more):
    """A connection over TLS with the certificate of a system."""
    context = peer.client_context(
        site.path('pki', 'ca.pem'), site.path('pki', system + '.pem'),
        site.path('pki', system + '.key'))
    return Raw((site.http_host, conf.HTTPS_PORT), context, alpn, **more)


def plain(site):
    s = socket.create_connection((site.http_host, conf.HTTP_PORT),
                                 10 * env.PATIENCE)
    return s


def block(path='/x', method='GET', more=()):
    return h2raw.request(path, authority(), method, more)


def flood(c, octets, times, each=100):
    """Send octets so often or until the other side has had enough."""
    for _ in range(times // each):
        c.send(octets * each)


def stopped(site, what, seconds=20):
    """what(connection) is stopped by the gateway, with GOAWAY or without."""
    c = attacker(site)
    goaway = None
    try:
        what(c)
    except Closed:
        pass
    finally:
        try:
            goaway = c.gone(seconds)
        finally:
            c.close()
    return goaway


# HTTP/2: too much of what is allowed.

def rapid_reset(site):
    """Streams that are taken back as soon as they are there."""
    def go(c):
        for _ in range(FLOOD // 100):
            out = b''
            for _ in range(100):
                s = c.stream()
                out += frame(h2raw.HEADERS, h2raw.END_HEADERS |
                             h2raw.END_STREAM, s, block())
                out += frame(h2raw.RST_STREAM, 0, s,
                             h2raw.CANCEL.to_bytes(4, 'big'))
            c.send(out)
    stopped(site, go)


def continuation_flood(site):
    """A header block that never ends."""
    piece = frame(h2raw.CONTINUATION, 0, 1,
                  h2raw.field('x-more', 'y' * 1000))

    def go(c):
        c.send(frame(h2raw.HEADERS, h2raw.END_STREAM, 1, block()))
        flood(c, piece, HEADERS_MAX // len(piece), 10)
    stopped(site, go)


def empty_continuations(site):
    def go(c):
        c.send(frame(h2raw.HEADERS, h2raw.END_STREAM, 1, block()))
        flood(c, frame(h2raw.CONTINUATION, 0, 1), FLOOD)
    stopped(site, go)


def settings_flood(site):
    """Each one wants an acknowledgement that nobody reads."""
    stopped(site, lambda c: flood(
        c, h2raw.settings((h2raw.INITIAL_WINDOW, 65535)), 4 * FLOOD))


def ping_flood(site):
    stopped(site, lambda c: flood(
        c, frame(h2raw.PING, 0, 0, b'12345678'), 4 * FLOOD))


def empty_data_flood(site):
    def go(c):
        c.send(frame(h2raw.HEADERS, h2raw.END_HEADERS, 1,
                     block(method='POST')))
        flood(c, frame(h2raw.DATA, 0, 1), FLOOD)
    stopped(site, go)


def window_flood(site):
    """Window updates of one octet, and at last one too many."""
    def go(c):
        flood(c, frame(h2raw.WINDOW_UPDATE, 0, 0, b'\0\0\0\1'), FLOOD)
        c.send(frame(h2raw.WINDOW_UPDATE, 0, 0, b'\x7f\xff\xff\xff'))
    stopped(site, go)


def zero_window(site):
    """Answers that may not be sent: they are given up, the connection ends."""
    q = questions.ask('kms', user('alpha', 'one'))
    cs = [attacker(site, first=h2raw.settings((h2raw.INITIAL_WINDOW, 0)))
          for _ in range(20)]
    for c in cs:
        for _ in range(STREAMS - 2):
            c.ask(*q.h2(authority()))
    for c in cs:
        c.gone(20)
        c.close()


def too_many_streams(site):
    """Ten times as many as one connection may have open."""
    q = questions.ask('kms', user('alpha', 'one'))

    def go(c):
        for _ in range(10 * STREAMS):
            c.ask(*q.h2(authority()))
    stopped(site, go)


def not_reading(site):
    """Answers that nobody takes off the socket."""
    q = questions.ask('kms', user('alpha', 'one'))
    c = attacker(site, receive_buffer=4096, first=h2raw.settings(
        (h2raw.INITIAL_WINDOW, 0x7fffffff)))
    c.sock.settimeout(1)
    c.send(frame(h2raw.WINDOW_UPDATE, 0, 0, b'\x7f\0\0\0'))
    try:
        for _ in range(5000):
            c.ask(*q.h2(authority()))
    except Closed:
        pass
    # Whether it is closed is seen without reading what it sent.
    case.until(lambda: closed_by_peer(c.sock), 25)
    c.close()


def closed_by_peer(sock):
    try:
        sock.send(b'\0' * 9)
    except (BlockingIOError, TimeoutError):
        return False
    except OSError:
        return True
    return False


# HTTP/2: fields.

def big_field(site):
    def go(c):
        s = c.stream()
        octets = block(more=[('x-big', 'y' * (1 << 20))])
        c.send(frame(h2raw.HEADERS, h2raw.END_STREAM, s, octets[:16000]))
        for i in range(16000, len(octets), 16000):
            c.send(frame(h2raw.CONTINUATION, 0, s, octets[i:i + 16000]))
        c.send(frame(h2raw.CONTINUATION, h2raw.END_HEADERS, s))
    refused_or_stopped(site, go)


def many_fields(site):
    def go(c):
        c.ask(block(more=[('x-%d' % i, 'y') for i in range(1000)]))
    refused_or_stopped(site, go)


def table_bomb(site):
    """One large entry of the dynamic table, named thousands of times."""
    entry = b'\x40' + h2raw.text('x-bomb') + h2raw.text('y' * 3900)

    def go(c):
        c.ask(block() + entry + b'\xbe' * 10000)
    refused_or_stopped(site, go)


def table_size(site):
    """A table larger than was offered."""
    stopped(site, lambda c: c.ask(
        b'\x3f' + b'\xff\xff\xff\x7f' + block()))


def refused_or_stopped(site, go):
    """The stream gets an error or the connection ends; never a 2xx."""
    c = attacker(site)
    try:
        go(c)
        f = c.until(lambda f: f.stream == 1 or f.kind == h2raw.GOAWAY, 10)
        if f.kind == h2raw.HEADERS:
            status = h2raw.status_of(f.body)
            assert status is not None and 400 <= status < 500, status
        else:
            assert f.kind in (h2raw.GOAWAY, h2raw.RST_STREAM), f
    except Closed:
        pass
    finally:
        c.close()


# HTTP/2: slow, and out of order.

def slow_headers(site):
    c = attacker(site)
    c.send(frame(h2raw.HEADERS, 0, 1, block()))
    c.gone(15)
    c.close()


def slow_body(site):
    """An octet now and then: the request must be whole in time."""
    cs = [attacker(site) for _ in range(20)]
    for c in cs:
        c.send(frame(h2raw.HEADERS, h2raw.END_HEADERS, 1, block(
            questions.ask('kms', user('alpha', 'one')).path, 'POST')))
    dribbled(cs, frame(h2raw.DATA, 0, 1, b'<'), 15)


def dribbled(cs, octets, seconds):
    """Octets on each connection every half second until all are ended."""
    open_, end = list(cs), time.monotonic() + seconds * env.PATIENCE
    while open_:
        assert time.monotonic() < end, '%d are still open' % len(open_)
        for c in list(open_):
            try:
                c.send(octets)
                f = c.read(0.01)
                if f is not None and f.kind in (h2raw.GOAWAY,
                                                h2raw.RST_STREAM):
                    raise Closed
                if f is not None and f.kind == h2raw.HEADERS:
                    raise Closed
            except Closed:
                open_.remove(c)
                c.close()
        time.sleep(0.5)


def big_body(site):
    """More than any question has."""
    c = attacker(site)
    q = questions.ask('kms', user('alpha', 'one'))
    try:
        c.send(frame(h2raw.HEADERS, h2raw.END_HEADERS, 1, block(
            q.path, 'POST', [('content-type', q.kind)])))
        sent = 0
        while sent < 1 << 20:
            c.send(frame(h2raw.DATA, 0, 1, b'x' * 4000))
            sent += 4000
            f = c.read(0.002)
            if f is not None and f.stream == 1 and f.kind in (
                    h2raw.RST_STREAM, h2raw.HEADERS):
                assert f.kind == h2raw.RST_STREAM or \
                    h2raw.status_of(f.body) == 413, f
                break
        else:
            raise AssertionError('a body of 1 MB was taken')
    except Closed:
        pass
    finally:
        c.close()


NONSENSE = {
    'no-preface': None,
    'data-on-idle': frame(h2raw.DATA, 0, 1, b'x'),
    'even-stream': frame(h2raw.HEADERS, 5, 2, b'\x82'),
    'push': frame(h2raw.PUSH_PROMISE, 4, 1, b'\0\0\0\2\x82'),
    'headers-on-0': frame(h2raw.HEADERS, 5, 0, b'\x82'),
    'settings-length': frame(h2raw.SETTINGS, 0, 0, b'12345'),
    'settings-on-1': frame(h2raw.SETTINGS, 0, 1),
    'window-zero': frame(h2raw.WINDOW_UPDATE, 0, 0, b'\0\0\0\0'),
    'ping-length': frame(h2raw.PING, 0, 0, b'1'),
    'continuation-first': frame(h2raw.CONTINUATION, 4, 1, b'\x82'),
    'too-long': b'\xff\xff\xff' + frame(h2raw.DATA, 0, 1)[3:],
    'padding': frame(h2raw.HEADERS, 0xd, 1, b'\xff\x82'),
    'bad-index': frame(h2raw.HEADERS, 5, 1, b'\xff\xff\xff\x00'),
    'bad-huffman': frame(h2raw.HEADERS, 5, 1, b'\x40\x81\xff\x81\xff'),
}


def nonsense(site):
    """What breaks the protocol ends the connection."""
    for name, octets in NONSENSE.items():
        c = attacker(site)
        try:
            if octets is None:
                c.close()
                c = attacker(site, first=b'')
                c.send(b'GET / HTTP/1.1\r\n\r\n' * 20)
            else:
                c.send(octets)
            c.gone(10)
        except Closed:
            pass
        except AssertionError as e:
            raise AssertionError('%s: %s' % (name, e)) from None
        finally:
            c.close()


BROKEN_REQUESTS = {
    'no path': (((':method', 'GET'), (':scheme', 'https'),
                 (':authority', authority())),),
    'two paths': (((':method', 'GET'), (':scheme', 'https'), (':path', '/'),
                   (':path', '/'), (':authority', authority())),),
    'upper case': (((':method', 'GET'), (':scheme', 'https'),
                    (':path', '/'), (':authority', authority()),
                    ('X-Y', 'z')),),
    'connection': (((':method', 'GET'), (':scheme', 'https'),
                    (':path', '/'), (':authority', authority()),
                    ('connection', 'close')),),
    'te': (((':method', 'GET'), (':scheme', 'https'), (':path', '/'),
            (':authority', authority()), ('transfer-encoding', 'chunked')),),
    'pseudo last': (((':method', 'GET'), (':scheme', 'https'), ('a', 'b'),
                     (':path', '/'), (':authority', authority())),),
    'line in value': (((':method', 'GET'), (':scheme', 'https'),
                       (':path', '/'), (':authority', authority()),
                       ('a', 'b\r\nc: d')),),
    'length': (((':method', 'POST'), (':scheme', 'https'), (':path', '/'),
                (':authority', authority()), ('content-length', '5')),
               b'123456789'),
    'line in path': (((':method', 'GET'), (':scheme', 'https'),
                      (':path', '/a\r\nb'), (':authority', authority())),),
}


def broken_requests(site):
    for name, (fields, *body) in BROKEN_REQUESTS.items():
        c = attacker(site)
        try:
            status, _ = c.answer(c.ask(h2raw.block(*fields), *body))
            assert status is None or 400 <= status < 500, (name, status)
        except Closed:
            pass
        finally:
            c.close()


# HTTP/1.1.

HOST = b'Host: gw.border.example:%d\r\n' % conf.HTTP_PORT
INNER = b'GET /smuggled HTTP/1.1\r\n' + HOST + b'\r\n'
# Requests about whose end two readers may differ.  None may be answered
# with anything but an error, and nothing of what follows may be answered.
SMUGGLED = {
    'length and chunked': b'POST /x HTTP/1.1\r\n' + HOST +
        b'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n'
        b'0\r\n\r\n' + INNER,
    'chunked and length': b'POST /x HTTP/1.1\r\n' + HOST +
        b'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n'
        b'0\r\n\r\n' + INNER,
    'two lengths': b'POST /x HTTP/1.1\r\n' + HOST +
        b'Content-Length: 0\r\nContent-Length: %d\r\n\r\n' % len(INNER) +
        INNER,
    'list of lengths': b'POST /x HTTP/1.1\r\n' + HOST +
        b'Content-Length: 0, %d\r\n\r\n' % len(INNER) + INNER,
    'signed length': b'POST /x HTTP/1.1\r\n' + HOST +
        b'Content-Length: +0\r\n\r\n' + INNER,
    'hex length': b'POST /x HTTP/1.1\r\n' + HOST +
        b'Content-Length: 0x0\r\n\r\n' + INNER,
    'huge length': b'POST /x HTTP/1.1\r\n' + HOST +
        b'Content-Length: 18446744073709551616\r\n\r\n' + INNER,
    'space before colon': b'POST /x HTTP/1.1\r\n' + HOST +
        b'Content-Length : %d\r\n\r\n' % len(INNER) + INNER,
    'folded': b'POST /x HTTP/1.1\r\n' + HOST +
        b'X: y\r\n Content-Length: %d\r\n\r\n' % len(INNER) + INNER,
    'chunked with tab': b'POST /x HTTP/1.1\r\n' + HOST +
        b'Transfer-Encoding: \tchunked, identity\r\n\r\n0\r\n\r\n' + INNER,
    'not chunked': b'POST /x HTTP/1.1\r\n' + HOST +
        b'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n' + INNER,
    'chunk size': b'POST /x HTTP/1.1\r\n' + HOST +
        b'Transfer-Encoding: chunked\r\n\r\n'
        b'10000000000000000\r\n\r\n' + INNER,
    'chunk size sign': b'POST /x HTTP/1.1\r\n' + HOST +
        b'Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n0\r\n\r\n' + INNER,
    'chunk without end': b'POST /x HTTP/1.1\r\n' + HOST +
        b'Transfer-Encoding: chunked\r\n\r\n1\r\nab0\r\n\r\n' + INNER,
    'two hosts': b'GET /x HTTP/1.1\r\n' + HOST + b'Host: other\r\n\r\n' +
        INNER,
    'no host': b'GET /x HTTP/1.1\r\n\r\n' + INNER,
    'bare cr': b'GET /x HTTP/1.1\r\n' + HOST + b'X: a\rY: b\r\n\r\n' + INNER,
    'nul': b'GET /x HTTP/1.1\r\n' + HOST + b'X: a\0b\r\n\r\n' + INNER,
    'no version': b'GET /x\r\n' + HOST + b'\r\n' + INNER,
    'version': b'GET /x HTTP/3.7\r\n' + HOST + b'\r\n' + INNER,
    'old version': b'POST /x HTTP/1.0\r\n' + HOST +
        b'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n' + INNER,
    'upgrade': b'GET /x HTTP/1.1\r\n' + HOST + b'Connection: Upgrade, '
        b'HTTP2-Settings\r\nUpgrade: h2c\r\n'
        b'HTTP2-Settings: AAMAAABkAAQCAAAA\r\n\r\n' + INNER,
    'connect': b'CONNECT a.example:443 HTTP/1.1\r\n' + HOST + b'\r\n' +
        INNER,
}
# These have one meaning only; what follows is a request of its own.
PLAIN_MEANING = ('upgrade',)


def answers(octets):
    """The status of each response in octets of HTTP/1.1."""
    out = []
    while octets:
        head, _, octets = octets.partition(b'\r\n\r\n')
        m = re.match(rb'HTTP/1\.[01] (\d+)', head)
        assert m, head[:200]
        out.append(int(m.group(1)))
        length = re.search(rb'(?i)content-length: *(\d+)', head)
        octets = octets[int(length.group(1)) if length else 0:]
    return out


def everything(s, seconds=8):
    """All octets until the other side ends."""
    s.settimeout(seconds * env.PATIENCE)
    out = b''
    try:
        while True:
            got = s.recv(65536)
            if not got:
                return out
            out += got
    except ConnectionError:
        return out
    except TimeoutError:
        raise AssertionError('still open; it sent %r' % out[:300]) from None


def smuggling(site):
    for name, octets in SMUGGLED.items():
        if name in PLAIN_MEANING:
            continue
        with plain(site) as s:
            s.sendall(octets)
            try:
                got = answers(everything(s))
            except AssertionError as e:
                raise AssertionError('%s: %s' % (name, e)) from None
        assert len(got) <= 1, '%s: answered %s' % (name, got)
        assert all(400 <= x < 600 for x in got), '%s: %s' % (name, got)


def no_upgrade(site):
    """HTTP/2 is not reached by an upgrade (RFC 9113 3.1)."""
    with plain(site) as s:
        s.sendall(SMUGGLED['upgrade'])
        s.shutdown(socket.SHUT_WR)
        got = everything(s)
    assert 101 not in answers(got), got


def slow_lines(site):
    """HTTP/1.1 that comes octet by octet, a thousand header fields, a line
    without an end, a body that does not come."""
    for octets in (b'GET /x HTTP/1.1\r\nX: ',
                   b'POST /x HTTP/1.1\r\n' + HOST +
                   b'Content-Length: 100\r\n\r\n'):
        with plain(site) as s:
            s.sendall(octets)
            everything(s, 15)
    for octets in (b'GET /x HTTP/1.1\r\n' + HOST + b'X: y\r\n' * 100000,
                   b'GET /' + b'x' * (1 << 20),
                   b'GET /x HTTP/1.1\r\n' + HOST + b'X: ' +
                   b'y' * (1 << 20),
                   b'POST /x HTTP/1.1\r\n' + HOST +
                   b'Content-Length: 1000000\r\n\r\n' + b'z' * 1000000,
                   b'POST /x HTTP/1.1\r\n' + HOST +
                   b'Transfer-Encoding: chunked\r\n\r\n' +
                   b'1\r\nz\r\n' * 200000):
        with plain(site) as s:
            try:
                s.sendall(octets)
            except ConnectionError:
                continue
            got = answers(everything(s))
            assert all(400 <= x < 500 for x in got) and len(got) < 2, got


def pipelined(site):
    """Ten thousand requests in one go, and nobody reads."""
    q = questions.ask('kms', user('bravo', 'one'))
    with plain(site) as s:
        s.settimeout(2)
        try:
            s.sendall(q.http1('gw.border.example:%d' % conf.HTTP_PORT) *
                      10000)
        except (TimeoutError, ConnectionError):
            pass


def idle(site):
    """A thousand connections that say nothing, over TLS."""
    cs = [attacker(site) for _ in range(CONNECTIONS)]
    for c in cs:
        c.gone(25)
        c.close()


CASES = (rapid_reset, continuation_flood, empty_continuations,
         settings_flood, ping_flood, empty_data_flood, window_flood,
         zero_window, too_many_streams, not_reading, big_field, many_fields, table_bomb,
         table_size, slow_headers, slow_body, big_body, nonsense,
         broken_requests, smuggling, no_upgrade, slow_lines, pipelined, idle)


def attack(site, function):
    pid = site.gateway.process.pid
    with Traffic(site):
        before = cpu_of(pid)
        function(site)
        spent = cpu_of(pid) - before
    assert spent < CPU_MAX * env.PATIENCE, '%.1f s of CPU' % spent
    if not env.SANITIZED:
        assert peak(pid) < RESIDENT_MAX, '%d KiB resident' % (
            peak(pid) >> 10)


def main():
    with LookupSite(agreements=PARTNERS, charlie='udp',
                    settings=SETTINGS) as site:
        site.certificate('charlie', conf.HOST['charlie'])
        case.run([(f.__name__, lambda f=f: attack(site, f)) for f in CASES],
                 sys.argv[1:])


if __name__ == '__main__':
    main()
