#!/usr/bin/python3
"""The end of a gateway: who asked over HTTP before it gets an answer, is told
to go (GOAWAY, Connection: close), and the process does not wait for others.

usage: http_drain.py [CASE...]
"""
import signal
import socket
import sys
import time

from lib import case, conf, env, h2raw, peer, questions
from lib.lookups import LookupSite, user

A, B = 'alpha', 'bravo'
HOST = 'gw.border.example:%d' % conf.HTTP_PORT


def over_tls(site):
    context = peer.client_context(
        *(site.path('pki', x) for x in ('ca.pem', B + '.pem', B + '.key')))
    return h2raw.Raw((site.http_host, conf.HTTPS_PORT), context, 'h2')


def plain(site):
    s = socket.create_connection((site.http_host, conf.HTTP_PORT), 10)
    s.settimeout(8 * env.PATIENCE)
    return s


def ends(site, seconds):
    began = time.monotonic()
    assert site.gateway.process.wait(20 * env.PATIENCE) == 0
    took = time.monotonic() - began
    assert took < seconds * env.PATIENCE, '%.1f s to end' % took
    assert not site.gateway.find('gateway.drain-cut')


def answered(site):
    """Two wait for alpha's and bravo's services; one says nothing."""
    for system in (A, B):
        site.services[system].mood = 'hold'
    h2, h1, idle = over_tls(site), plain(site), over_tls(site)
    stream = h2.ask(*questions.ask('kms', user(A, 'one')).h2(
        'gw.border.example:8443'))
    h1.sendall(questions.ask('kms', user(B, 'one')).http1(HOST))
    for system in (A, B):
        site.services[system].wait_asked()
    site.gateway.process.send_signal(signal.SIGTERM)
    for c in (h2, idle):
        c.until(lambda f: f.kind == h2raw.GOAWAY)
    time.sleep(0.5)
    assert site.gateway.alive(), 'it did not wait'
    for system in (A, B):
        assert site.services[system].release() == 1
    f = h2.until(lambda f: f.stream == stream and f.kind == h2raw.HEADERS)
    assert h2raw.status_of(f.body) == 200
    got = b''
    while True:
        more = h1.recv(65536)
        if not more:
            break
        got += more
    assert got.startswith(b'HTTP/1.1 200 '), got
    assert b'\r\nConnection: close\r\n' in got, got
    ends(site, 3)
    for c in (h2, idle, h1):
        c.close()


def not_waited_for(site):
    """Connections that ask nothing, and one that has begun to."""
    if not site.gateway.alive():
        site.gateway.start()
    cs = [over_tls(site) for _ in range(20)]
    half = plain(site)
    half.sendall(b'POST /x HTTP/1.1\r\nHost: ' + HOST.encode() + b'\r\n')
    site.gateway.process.send_signal(signal.SIGTERM)
    for c in cs:
        c.until(lambda f: f.kind == h2raw.GOAWAY)
    ends(site, 3)
    for c in cs + [half]:
        c.close()


def main():
    with LookupSite() as site:
        case.run([(f.__name__, lambda f=f: f(site))
                  for f in (answered, not_waited_for)], sys.argv[1:])


if __name__ == '__main__':
    main()
