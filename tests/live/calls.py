#!/usr/bin/env python3
"""Every method crosses, and nothing of either inside is seen outside.

usage: calls.py ALPHA BRAVO [ipv6] [CASE...]

ALPHA and BRAVO are the transports of the two sides.  Python plays the MC
servers, message by message; what each side receives is searched for names,
addresses and ports of the other.
"""
import sys

from lib import case, conf, ua
from lib.pair import Pair
from lib.site import Site

EVENT = ('Event', 'conference')


def call_and_bye(p):
    """The caller ends it."""
    da, db = p.call(token='secret-token-of-alice')
    p.end(da, db, p.a, p.b)
    for m in p.b.peer.wire:
        assert b'secret-token' not in m.raw, 'the access token crossed'


def call_and_bye_back(p):
    """The called side ends it."""
    da, db = p.call()
    p.end(db, da, p.b, p.a)


def plain_call(p):
    da, db = p.call(provisional=False)
    p.end(da, db, p.a, p.b)


def reinvite_and_update(p):
    """Both sides change the session."""
    da, db = p.call()
    for d, other, s, far in ((da, db, p.a, p.b), (db, da, p.b, p.a)):
        offer = ua.sdp(s.system, port=20100, version=2)
        d.request('INVITE', [('Content-Type', 'application/sdp')], offer)
        inv = far.peer.expect('INVITE')
        ua.restored(inv, other, far)
        assert inv.body == offer.encode()
        other.contact_of_peer(inv)
        far.reply(inv, 200, other, [('Content-Type', 'application/sdp')],
                  ua.sdp(far.system, version=2))
        ok = s.peer.expect(lambda m: m.status == 200 and m.method == 'INVITE')
        d.contact_of_peer(ok)
        d.ack(d.cseq)
        ua.restored(far.peer.expect('ACK'), other, far)
        d.request('UPDATE', [('Content-Type', 'application/sdp')],
                  ua.sdp(s.system, version=3))
        up = far.peer.expect('UPDATE')
        ua.restored(up, other, far)
        far.reply(up, 200, other, [('Content-Type', 'application/sdp')],
                  ua.sdp(far.system, version=3))
        s.peer.expect(lambda m: m.status == 200 and m.method == 'UPDATE')
    p.end(da, db, p.a, p.b)


def cancel(p):
    """The caller gives up while it rings."""
    da = p.a.invite(p.b.system)
    inv = p.b.peer.expect('INVITE')
    db = p.b.accept(inv)
    p.b.reply(inv, 180, db)
    p.a.peer.expect(180)
    da.cancel()
    p.a.peer.expect(lambda m: m.status == 200 and m.method == 'CANCEL')
    can = p.b.peer.expect('CANCEL')
    assert can.all('via') == inv.all('via'), 'CANCEL is of another branch'
    assert can.cseq == inv.cseq and can.uri == inv.uri
    p.b.reply(can, 200, db)
    p.b.reply(inv, 487, db)
    end = p.a.peer.expect(487)
    ua.vias_back(end, da.raw)
    da.ack_failure(end)
    p.b.peer.expect('ACK')


def refused_inside(p):
    """A refusal of the called side comes back as it is, without its name."""
    da = p.a.invite(p.b.system)
    inv = p.b.peer.expect('INVITE')
    p.b.reply(inv, 486, p.b.accept(inv))
    end = p.a.peer.expect(486)
    assert 'refused inside' in end.get('warning')
    da.ack_failure(end)
    p.b.peer.expect('ACK')


def message(p):
    """MESSAGE with a key message and binary octets, byte for byte."""
    a, b = p.a.system, p.b.system
    kind, body = ua.multipart([
        (ua.INFO_TYPE % 'mcdata', ua.info(ua.USERS[a], ua.USERS[b],
                                         'one-to-one-sds', 'mcdata')),
        ('application/mikey', ua.key(a, b)),
        ('application/vnd.3gpp.mcdata-payload', bytes(range(256)))])
    d = p.a.single('MESSAGE', b, [('Content-Type', kind)], body)
    m = p.b.peer.expect('MESSAGE')
    assert m.body == body, 'the body changed'
    assert m.get('contact') is None or p.a.inner not in m.get('contact')
    p.b.reply(m, 200)
    ok = p.a.peer.expect(lambda m: m.status == 200 and m.method == 'MESSAGE')
    ua.vias_back(ok, d.raw)


def subscribe_and_notify(p):
    d = p.a.single('SUBSCRIBE', p.b.system, [EVENT, ('Expires', '600')])
    sub = p.b.peer.expect('SUBSCRIBE')
    db = p.b.accept(sub)
    p.b.reply(sub, 200, db, [('Expires', '600')])
    ok = p.a.peer.expect(lambda m: m.status == 200 and
                         m.method == 'SUBSCRIBE')
    d.learn(ok)
    db.request('NOTIFY', [EVENT, ('Subscription-State', 'active')])
    n = p.a.peer.expect('NOTIFY')
    ua.restored(n, d, p.a)
    assert n.get('subscription-state') == 'active'
    p.a.reply(n, 200, d)
    p.b.peer.expect(lambda m: m.status == 200 and m.method == 'NOTIFY')
    d.request('SUBSCRIBE', [EVENT, ('Expires', '0')])
    again = p.b.peer.expect('SUBSCRIBE')
    ua.restored(again, db, p.b)
    p.b.reply(again, 200, db, [('Expires', '0')])
    p.a.peer.expect(lambda m: m.status == 200 and m.method == 'SUBSCRIBE')


def refer(p):
    """REFER outside of a dialog, and inside of one."""
    inside = '<sip:conference@focus.%s:6070>' % p.a.inner
    d = p.a.single('REFER', p.b.system, [('Refer-To', inside),
                                         ('Refer-Sub', 'false')])
    m = p.b.peer.expect('REFER')
    assert p.a.inner not in m.get('refer-to'), m.head
    db = p.b.accept(m)
    p.b.reply(m, 202, db)
    d.learn(p.a.peer.expect(202))
    da, db = p.call(provisional=False)
    db.request('REFER', [('Refer-To', '<%s>' % p.a.user)])
    m = p.a.peer.expect('REFER')
    ua.restored(m, da, p.a)
    p.a.reply(m, 202, da)
    p.b.peer.expect(202)
    p.end(da, db, p.a, p.b)


def publish(p):
    d = p.a.single('PUBLISH', p.b.system,
                   [('Event', 'poc-settings'), ('Expires', '3600'),
                    ('Content-Type', 'application/poc-settings+xml')],
                   '<poc-settings/>')
    m = p.b.peer.expect('PUBLISH')
    assert m.body == b'<poc-settings/>'
    p.b.reply(m, 200, None, [('SIP-ETag', 'x1'), ('Expires', '3600')])
    ok = p.a.peer.expect(lambda m: m.status == 200 and m.method == 'PUBLISH')
    assert ok.get('sip-etag') == 'x1'
    ua.vias_back(ok, d.raw)


def info_in_dialog(p):
    """Methods that the gateway has no opinion of cross as well."""
    da, db = p.call(provisional=False)
    da.request('INFO', [('Info-Package', 'g.3gpp.mcptt-info'),
                        ('Content-Type', 'text/plain')], 'hello')
    m = p.b.peer.expect('INFO')
    ua.restored(m, db, p.b)
    assert m.body == b'hello'
    p.b.reply(m, 200, db)
    p.a.peer.expect(lambda m: m.status == 200 and m.method == 'INFO')
    p.end(db, da, p.b, p.a)


def forged_token(p):
    """One bit of a token changed, or a token in the wrong hands: refused."""
    da, db = p.call(provisional=False)
    good = da.target
    at = good.index(':') + 12
    bad = good[:at] + ('A' if good[at] != 'A' else 'B') + good[at + 1:]
    routes, da.routes = da.routes, []
    da.target = bad
    da.request('BYE')
    no = p.a.peer.expect(lambda m: m.method == 'BYE')
    assert no.status in (404, 481), no
    da.target = db.target
    da.request('BYE')
    no = p.a.peer.expect(lambda m: m.method == 'BYE')
    assert no.status in (404, 481), no
    assert not p.b.peer.has(lambda m: m.is_request), 'it crossed'
    da.target, da.routes = good, routes
    p.end(da, db, p.a, p.b)


FLOWS = (call_and_bye, call_and_bye_back, plain_call, reinvite_and_update,
         cancel, refused_inside, message, subscribe_and_notify, refer,
         publish, info_in_dialog, forged_token)


def keep_alive(site):
    """CRLF CRLF on a stream is answered with CRLF (RFC 5626 4.4.1)."""
    import socket
    for s, t in site.transports.items():
        if t != 'tcp':
            continue
        with socket.create_connection(site.peers[s].gateway, 10) as c:
            c.sendall(b'\r\n\r\n')
            assert c.recv(10) == b'\r\n'


def main():
    alpha, bravo, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    ipv6 = names[:1] == ['ipv6']
    names = names[ipv6:]
    hide = conf.handling('alpha', 'bravo', ' hide-call-id="yes"') + \
        conf.handling('bravo', 'alpha', ' hide-call-id="yes"') \
        if alpha != bravo else ''
    with Site(alpha, bravo, {
            'alpha-bravo.xml': conf.agreement(more=hide)}, ipv6=ipv6,
            udp_limit=65507 if alpha == bravo else 1300) as site:
        def one(flow, a, b):
            def go():
                p = Pair(site, a, b)
                flow(p)
                p.check()
                if hide:
                    seen = {m.call_id for m in p.b.peer.wire}
                    assert not seen & {m.call_id for m in p.a.peer.wire
                                       if m.method != 'OPTIONS'}, \
                        'a Call-ID crossed'
            return '%s.%s' % (flow.__name__, a[0] + b[0]), go
        cases = [one(f, *ab) for f in FLOWS
                 for ab in (('alpha', 'bravo'), ('bravo', 'alpha'))]
        cases.append(('keep_alive', lambda: keep_alive(site)))
        case.run(cases, names)


if __name__ == '__main__':
    main()
