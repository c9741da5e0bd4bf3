#!/usr/bin/python3
"""Who may ask over HTTPS, and which service is believed: the right
certificate and no other; what is refused is logged, and told nothing.

usage: http_tls.py [CASE...]
"""
import socket
import ssl
import sys
import warnings

from lib import asker, case, certs, conf, env, h2raw, peer, questions
from lib.lookups import LookupSite, user

A, B = 'alpha', 'bravo'


def ask(site, context, alpn='h2'):
    """A question over a connection of one's own: its status, or None."""
    q = questions.ask('kms', user(A, 'one'))
    try:
        c = h2raw.Raw((site.http_host, conf.HTTPS_PORT), context, alpn)
    except (ssl.SSLError, OSError):
        return None
    try:
        return c.answer(c.ask(*q.h2('gw.border.example:8443')))[0]
    except h2raw.Closed:
        return None
    finally:
        c.close()


def refused(site, name, context=None):
    since = site.gateway.mark()
    asked = site.services[A].count()
    got = ask(site, context or certs.context(site, name))
    assert got is None, '%s was answered %s' % (name, got)
    line = site.gateway.wait_log('http.refused', since)
    assert certs.WHY[name].lower() in line.text.lower(), line
    assert '127.' in line['peer'], line
    assert site.services[A].count() == asked


def good(site):
    assert ask(site, certs.context(site, B, 'pki')) == 200
    for http in ('2', '1.1'):
        r = questions.ask('kms', user(A, 'one')).curl(
            asker.Asker(site, B), http=http)
        assert (r.status, r.version) == (200, http), r


def nobody(site):
    refused(site, 'none', certs.context(site, None))


def self_signed(site):
    certs.make_self_signed(site)
    refused(site, 'self-signed')


def of_no_system(site):
    """The service's own certificate: right CA, but it is no partner's."""
    since = site.gateway.mark()
    assert ask(site, certs.context(site, 'lookup.bravo', 'pki')) is None
    line = site.gateway.wait_log('http.refused', since)
    assert 'lookup.bravo.example' in line.text, line


def other_alpn(site):
    """Neither of the two protocols: no connection."""
    c = certs.context(site, B, 'pki')
    c.set_alpn_protocols(['spdy/3'])
    try:
        with socket.create_connection(
                (site.http_host, conf.HTTPS_PORT), 10) as s, \
                c.wrap_socket(s) as t:
            t.settimeout(10 * env.PATIENCE)
            t.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
            got = t.recv(100)
    except (ssl.SSLError, OSError):
        got = b''
    assert not got.startswith(b'HTTP/1.1 200'), got


def plain_text(site):
    with socket.create_connection((site.http_host, conf.HTTPS_PORT),
                                  10) as s:
        s.settimeout(10 * env.PATIENCE)
        s.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
        try:
            got = s.recv(100)
        except ConnectionError:
            got = b''
    assert not got.startswith(b'HTTP'), got


def old_protocol(site):
    c = certs.context(site, B, 'pki')
    warnings.simplefilter('ignore', DeprecationWarning)
    c.minimum_version = ssl.TLSVersion.TLSv1
    c.maximum_version = ssl.TLSVersion.TLSv1_1
    assert ask(site, c) is None


SERVICES = {
    'of another service': ('pki', 'lookup.charlie', 'lookup.charlie.example'),
    'of the partner itself': ('pki', 'bravo', 'gw.bravo.example'),
    'expired': ('pki/bad', 'expired', 'expired'),
    'of another CA': ('pki/bad', 'other-ca', 'issuer'),
    'revoked': ('pki/bad', 'revoked', 'revoked'),
}


def wrong_services(site):
    """The gateway asks no service that cannot show its name."""
    service = site.services[B]
    who = asker.Asker(site, A)
    for what, (folder, name, why) in SERVICES.items():
        service.stop()
        service.context = peer.server_context(
            site.path('pki', 'ca.pem'), site.path(folder, name + '.pem'),
            site.path(folder, name + '.key'))
        service.context.set_alpn_protocols(['h2'])
        service.start()
        service.forget()
        since = site.gateway.mark()

        def told():
            q = questions.ask('kms', user(B, 'x%d' % site.gateway.mark()))
            r = q.curl(who)
            assert r.status == 503 or not questions.told('kms', r)[1], r
            return [x for x in site.gateway.find('http.refused', since,
                                                 side='client')
                    if why in x.text]
        case.until(told, 10, 0.1)
        assert service.count() == 0, (what, service.asked)
    service.stop()
    service.context = site.service_context(B)
    service.context.set_alpn_protocols(['h2'])
    service.start()
    case.until(lambda: questions.ask('kms', user(B, 'one')).curl(
        who).status == 200, 10, 0.1)


def withdrawn(site):
    """A new revocation list ends what is open, both ways."""
    c = h2raw.Raw((site.http_host, conf.HTTPS_PORT),
                  certs.context(site, B, 'pki'))
    q = questions.ask('kms', user(A, 'one'))
    assert c.answer(c.ask(*q.h2('gw.border.example:8443')))[0] == 200
    certs.withdraw(site)
    c.gone(10)
    c.close()
    refused(site, 'revoked', certs.context(site, B, 'pki'))
    certs.restore(site)
    good(site)


def main():
    with LookupSite(start=False, settings={'failures': '100',
                                           'down': '1s'}) as site:
        certs.make(site)
        site.gateway.start()

        def one(name):
            return name, lambda: refused(site, name)
        case.run([('good', lambda: good(site))] +
                 [one(n) for n in certs.BAD] +
                 [(f.__name__, lambda f=f: f(site)) for f in (
                     nobody, self_signed, of_no_system, other_alpn,
                     plain_text, old_protocol, wrong_services, withdrawn)],
                 sys.argv[1:])


if __name__ == '__main__':
    main()
