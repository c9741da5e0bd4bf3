#!/usr/bin/env python3
"""Who may connect over TLS: the right certificate and no other.

A refused peer gets no answer to anything it sends, the log says why, and
nothing crosses.  A certificate that is withdrawn by a reload loses the
connection it has.
"""
import re
import socket
import ssl
import warnings

from lib import case, certs, conf, env, peer, ua
from lib.pair import Pair
from lib.site import Site


def ask(site, context, seconds=5):
    """Connect, send OPTIONS, return what comes back; b'' if refused."""
    raw = ua.Server(site, 'bravo').request(
        'OPTIONS', 'sip:gw.border.example', 1,
        ua.Dialog(ua.Server(site, 'bravo'), 'sip:gw.border.example'))
    s = socket.create_connection((site.host, conf.TLS_PORT), 10)
    s.settimeout(seconds * env.PATIENCE)
    try:
        with context.wrap_socket(s, do_handshake_on_connect=True) as t:
            t.sendall(raw)
            return t.recv(4096)
    except ssl.SSLError:
        return b''
    except (ConnectionError, BrokenPipeError):
        return b''
    finally:
        s.close()


def reason(site, since):
    """The log line of a refused peer."""
    return site.gateway.wait_log('stream.refused', since)


def refused(site, name, context=None):
    since = site.gateway.mark()
    got = ask(site, context or certs.context(site, name))
    assert got == b'', '%s was answered: %r' % (name, got)
    line = reason(site, since)
    assert certs.WHY[name].lower() in line.text.lower(), line
    assert '127.' in line['peer'], line


def good(site):
    got = ask(site, certs.context(site, 'bravo', 'pki'))
    assert got.startswith(b'SIP/2.0 200'), got


def nobody(site):
    refused(site, 'none', certs.context(site, None))


def self_signed(site):
    certs.make_self_signed(site)
    refused(site, 'self-signed')


def another_system(site):
    """Right CA, but another system's name: it may not speak for bravo.

    Alpha's certificate names a system that this listener is not for.
    """
    since = site.gateway.mark()
    got = ask(site, certs.context(site, 'alpha', 'pki'))
    assert got == b'', got
    line = reason(site, since)
    assert 'gw.alpha.example' in line.text, line


def old_protocol(site):
    """TLS 1.1 and plain text are refused."""
    c = certs.context(site, 'bravo', 'pki')
    warnings.simplefilter('ignore', DeprecationWarning)
    c.minimum_version = ssl.TLSVersion.TLSv1
    c.maximum_version = ssl.TLSVersion.TLSv1_1
    assert ask(site, c) == b''
    with socket.create_connection((site.host, conf.TLS_PORT), 10) as s:
        s.settimeout(10 * env.PATIENCE)
        s.sendall(b'OPTIONS sip:x SIP/2.0\r\n\r\n')
        try:
            got = s.recv(100)
        except ConnectionError:
            got = b''
        assert not got.startswith(b'SIP'), got


def server_of_another(site):
    """The gateway does not speak to a next hop that is another system."""
    site.bravo.close()
    cert, key = site.path('pki', 'alpha.pem'), site.path('pki', 'alpha.key')
    other = peer.Peer('bravo', 'tls', *site.addresses['bravo'][0],
                      (site.host, conf.TLS_PORT), peer.server_context(
                          site.path('pki', 'ca.pem'), cert, key))
    try:
        a = ua.Server(site, 'alpha')
        since = site.gateway.mark()
        d = a.invite('bravo')
        end = a.peer.expect(lambda m: m.status is not None and
                            m.status >= 400, seconds=20)
        d.ack_failure(end)
        assert end.status in (500, 503, 504, 480, 408), end
        assert not other.wire, 'it was told %s' % other.wire
        line = reason(site, since)
        assert 'gw.alpha.example' in line.text, line
    finally:
        other.close()
        site.peers['bravo'] = site.make_peer('bravo')


def withdrawn(site):
    """A new revocation list ends the connection that lives, and no other
    gets in; with the old list back, calls cross again."""
    p = Pair(site, 'alpha', 'bravo')
    site.gateway.wait_log('gateway.reloaded', site.gateway.reload())
    case.until(lambda: try_call(p), 40)
    q = Pair(site, 'bravo', 'alpha')
    da, db = q.call()
    live = site.bravo.out
    assert live.open
    certs.withdraw(site)
    case.until(lambda: not live.open)
    refused(site, 'revoked', certs.context(site, 'bravo', 'pki'))
    certs.restore(site)
    q.end(da, db, q.a, q.b)


def other_settings(site):
    """A listener with other TLS settings lets go of who came under the old
    ones, though those are still there for the next hop; so does a next hop."""
    p = Pair(site, 'alpha', 'bravo')
    case.until(lambda: try_call(p), 40)
    q = Pair(site, 'bravo', 'alpha')
    da, db = q.call()
    came = site.bravo.out
    gone_to = [s for s in site.bravo.streams if s.open and s is not came]
    assert came.open and gone_to
    plain = site.text()
    tls = re.search(r'<tls id="border".*?/>', plain, re.S).group(0)
    more = plain.replace(tls, tls + tls.replace('"border"', '"other"'))

    def use(text):
        with open(site.path('mcxgw.xml'), 'w', encoding='utf-8') as f:
            f.write(text)
        site.gateway.wait_log('gateway.reloaded', site.gateway.reload())
    use(re.sub(r'(<listener[^>]*)tls="border"', r'\1tls="other"', more))
    case.until(lambda: not came.open)
    assert all(c.open for c in gone_to)
    use(re.sub(r'(<next-hop[^>]*)tls="border"', r'\1tls="other"', more))
    case.until(lambda: not any(c.open for c in gone_to))
    use(plain)
    q.end(da, db, q.a, q.b)


def try_call(p):
    """True if a call gets through; the next hop may still rest."""
    da = p.a.invite('bravo')
    case.until(lambda: p.b.peer.has(lambda m: m.is_request) or
               p.a.peer.has(lambda m: m.status >= 300))
    through = p.b.peer.has(lambda m: m.is_request)
    if through:
        p.b.reply(p.b.peer.expect('INVITE'), 486)
    da.ack_failure(p.a.peer.expect(lambda m: m.status >= 300))
    return through


def main():
    with Site('udp', 'tls', limits='message="65536" hop-rest="1s"',
              start=False) as site:
        certs.make(site)
        site.gateway.start()

        def one(name):
            return name, lambda: refused(site, name)
        cases = [('good', lambda: good(site))]
        cases += [one(n) for n in certs.BAD]
        cases += [(f.__name__, lambda f=f: f(site)) for f in (
            nobody, self_signed, another_system, old_protocol, good,
            server_of_another, withdrawn, other_settings)]
        case.run(cases)


if __name__ == '__main__':
    main()
