#!/usr/bin/env python3
"""Each row of the decision, once as pass and once as refusal.

Every message goes to the running gateway and to `mcxgw explain`: verdict,
status, reason, rule and steps must be the same, and the same again in the log
line and in `ctl why`.
"""
import os
import re
import time

from lib import case, conf, sip, ua
from lib.gateway import explain
from lib.site import Site

A, B = 'alpha', 'bravo'
KINDS = '<communication service="mcptt" kind="%s"/>'
TAC, EXTRA = 'kms.bravo-tac.example', 'kms.alpha-extra.example'
KRR_TYPE = 'application/vnd.3gpp.kmsredirectresponse+xml'


def pairs(*each):
    return '\n    '.join('<domains initiator="%s" receiver="%s"/>' % p
                         for p in each)


AGREEMENT = conf.agreement(
    kms={A: (EXTRA,), B: (TAC,)}, more='', permits=''.join([
        # Signed, and in two pairs only.
        conf.permit(A, B, 'private', KINDS % 'private first-to-answer '
                    'emergency', 'sip:*@mcptt.alpha.example',
                    'sip:*@mcptt.bravo.example',
                    pairs((conf.KMS[A], conf.KMS[B]), (EXTRA, TAC)),
                    'presence="required" signature="require"',
                    '    <info opaque="refuse"/>\n'),
        # Migrated users of charlie may be called as alpha's.
        conf.permit(A, B, 'chat', KINDS % 'chat', '<any/>', '<any/>', '',
                    'presence="forbidden"', '    <info opaque="allow"/>\n'),
        # Signatures do not matter; nothing left to redirect to means 403.
        conf.permit(A, B, 'group', KINDS % 'group', '<any/>', '<any/>',
                    pairs((EXTRA, TAC)), 'presence="optional" '
                    'signature="off"', '    <redirect empty="refuse"/>\n'),
        conf.permit(A, B, 'gone', KINDS % 'adhoc', '<any/>', '<any/>',
                    pairs((EXTRA, 'kms.bravo-old.example')),
                    'presence="optional" signature="off"',
                    '    <redirect empty="refuse"/>\n'),
        conf.permit(A, B, 'few', KINDS % 'publish', '<any/>', '<any/>', '',
                    'presence="forbidden"', '    <limit rate="2/h"/>\n'),
        conf.permit(A, B, 'one', KINDS % 'subscribe', '<any/>', '<any/>', '',
                    'presence="forbidden"', '    <limit concurrent="1"/>\n'),
        conf.permit(A, B, 'messages', '<communication service="mcptt mcdata" '
                    'kind="message"/>', '<any/>', '<any/>',
                    pairs((conf.KMS[A], conf.KMS[B])),
                    'presence="optional" signature="check"',
                    '    <cap mcpttp="3" mcpttq="9"/>\n'),
        conf.permit(B, A, 'back', KINDS % 'private', key='presence="required"'
                    ' signature="require"'),
    ])).replace('<security-domain kms="%s"/>' % TAC,
                '<security-domain kms="%s"/>\n    <security-domain '
                'kms="kms.bravo-old.example"/>' % TAC)
LAPSED = conf.agreement('alpha', 'charlie', valid=(
    '2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'))
POLICY = '''  <refuse id="lost" initiator="sip:lost@mcptt.alpha.example"/>
  <refuse id="alarms" from="alpha" to="bravo" kind="first-to-answer"
      urgency="emergency"/>
  <revoked kms="kms.bravo-old.example"/>
'''
MIGRATED = '    <migrated user="sip:dora@mcptt.charlie.example"/>\n'


class Row:
    """A message, and what must become of it.

    moment: what depends on the moment, which explain does not look at
    """

    def __init__(self, name, verdict, status=0, reason='none', rule=None,
                 moment=False, check=None, **body):
        self.name, self.verdict, self.status = name, verdict, status
        self.reason, self.rule, self.moment = reason, rule, moment
        self.check, self.body = check, body


def row(*args, **more):
    return Row(*args, **more)


PCK = {'initiator': ua.USERS[A], 'receiver': ua.USERS[B]}


def stale():
    return ua.key(A, B, when=time.time() - 400)


def early():
    return ua.key(A, B, when=time.time() + 400)


def tampered():
    k = bytearray(ua.key(A, B))
    k[-100] ^= 1
    return bytes(k)


def encrypted(name):
    """An identity that only its servers can read (TS 33.180 9.3)."""
    return ('<%s type="Encrypted"><EncryptedData xmlns='
            '"http://www.w3.org/2001/04/xmlenc#"><CipherData><CipherValue>'
            'AAAA</CipherValue></CipherData></EncryptedData></%s>'
            % (name, name))


ROWS = (
    row('2 source', 'permit', rule='private'),
    row('2 source: a migrated user', 'permit', rule='chat', keys=(),
        session='chat', calling='sip:dora@mcptt.charlie.example'),
    row('2 source: of another system', 'refuse', 403, 'source-not-of-peer',
        calling='sip:mallory@mcptt.bravo.example'),
    row('2 source: of no system', 'refuse', 403, 'source-not-of-peer',
        calling='sip:x@nowhere.example'),
    row('3 target: nobody', 'refuse', 404, 'no-route',
        called='sip:x@nowhere.example', uri='sip:x@nowhere.example'),
    row('3 target: the one it comes from', 'refuse', 404, 'no-route',
        called='sip:adam@mcptt.alpha.example',
        uri='sip:adam@mcptt.alpha.example'),
    row('4 agreement: lapsed', 'refuse', 403, 'no-agreement',
        called=ua.USERS['charlie'], uri=ua.USERS['charlie']),
    row('5 rule: a kind that none permits', 'refuse', 403, 'not-permitted',
        session='ambient-listening'),
    row('5 rule: a service that none permits', 'refuse', 403,
        'not-permitted', service='mcvideo'),
    row('5 rule: an emergency, permitted', 'permit', rule='private',
        emergency=True),
    row('5 rule: an emergency, not permitted', 'refuse', 403,
        'not-permitted', session='chat', keys=(), emergency=True),
    row('5 local policy: the caller', 'refuse', 403, 'not-permitted',
        calling='sip:lost@mcptt.alpha.example'),
    row('5 local policy: the kind', 'refuse', 403, 'not-permitted',
        session='first-to-answer', emergency=True),
    row('6 key: missing', 'refuse', 403, 'key-missing', keys=(),
        rule='private'),
    row('6 key: forbidden', 'refuse', 403, 'not-permitted', session='chat',
        rule='chat'),
    row('6 key: none needed', 'permit', keys=(), session='chat',
        rule='chat'),
    row('5 local policy: may be meant', 'refuse', 403, 'not-permitted',
        opaque='mcptt-calling-user-id', keys=(), session='chat'),
    row('6 info: opaque', 'refuse', 403, 'opaque-info', rule='private',
        opaque='mcptt-request-uri', session='first-to-answer'),
    row('6 info: opaque and allowed', 'permit', keys=(), session='chat',
        opaque='mcptt-request-uri', rule='chat'),
    row('7 key: not a message', 'refuse', 400, 'key-malformed',
        keys=(b'\x01\x1a\x05\x00not a key message at all',)),
    row('7 key: cut', 'refuse', 400, 'key-malformed',
        keys=(lambda: ua.key(A, B)[:-20],)),
    row('7 key: too old', 'refuse', 403, 'key-stale', keys=(stale,),
        rule='private'),
    row('7 key: of the future', 'refuse', 403, 'key-stale', keys=(early,),
        rule='private'),
    row('7 key: tampered', 'refuse', 403, 'key-signature', keys=(tampered,),
        rule='private'),
    row('7 key: signed by another KMS', 'refuse', 403, 'key-signature',
        keys=(lambda: ua.key(A, B, signer_kms=conf.KMS[B]),),
        rule='private'),
    row('7 key: of another caller', 'refuse', 403, 'key-not-of-source',
        keys=(lambda: ua.key(A, B, initiator='sip:adam@mcptt.alpha.example'),
              ), rule='private'),
    row('7 key: seen before', 'refuse', 403, 'key-replayed', moment=True,
        keys=('again',), rule='private'),
    row('8 initiator domain: of no agreement', 'redirect', 488,
        'initiator-domain', session='prearranged', rule='group',
        keys=(lambda: ua.key(A, B, initiator_kms='kms.nowhere.example'),),
        check=lambda v: v['receiver_domains'] == [TAC]),
    row('8 initiator domain: not of the rule', 'redirect', 488,
        'initiator-domain', session='prearranged', rule='group'),
    row('9 receiver domain: of another system', 'redirect', 488,
        'receiver-domain', rule='private',
        keys=(lambda: ua.key(A, B, receiver_kms=conf.KMS['charlie']),),
        check=lambda v: v['receiver_domains'] == [conf.KMS[B], TAC]),
    row('10 pair: not permitted', 'redirect', 488, 'pair', rule='private',
        keys=(lambda: ua.key(A, B, receiver_kms=TAC),)),
    row('10 pair: the other one', 'permit', session='prearranged',
        rule='group', keys=(lambda: ua.key(
            A, B, initiator_kms=EXTRA, receiver_kms=TAC),)),
    row('10 pair: revoked, none is left', 'refuse', 403, 'no-domain-left',
        session='adhoc', rule='gone', keys=(lambda: ua.key(
            A, B, initiator_kms=EXTRA,
            receiver_kms='kms.bravo-old.example'),)),
)


def compare(site, raw, wanted, decision, since):
    """explain, the log line and `ctl why` tell one story."""
    line = site.gateway.wait_log('txn.done', since, decision=decision)
    why = site.gateway.why(decision)
    told = explain(site.gateway.config, A, raw)
    for name, told_by in (('log', line.fields), ('why', why),
                          ('explain', told)):
        if wanted.moment and name == 'explain':
            assert told['verdict'] == 'permit', told
            continue
        assert told_by['verdict'] == wanted.verdict, (name, told_by)
        assert told_by['reason'] == wanted.reason, (name, told_by)
        rule = (told_by.get('rule') or '').replace('"', '')
        if wanted.rule is not None:
            assert rule == 'alpha-bravo/' + wanted.rule, (name, told_by)
    if not wanted.moment:
        assert why['status'] == told['status'] == wanted.status, (why, told)
        assert (why['rule'] or None) == told['rule'], (why, told)
        assert [(s['check'], s['outcome'], s['because'])
                for s in why['steps']] == \
            [(s['check'], s['outcome'], s['because'])
             for s in told['steps']], (why, told)
        for s, t in zip(why['steps'], told['steps']):
            place = '%s:%s' % (s['file'], s['line'])
            assert (t['at'] or ':0').endswith(place) or not s['file'], (s, t)
        assert why['receiver_domains'] == ' '.join(told['receiver_domains'])
    if wanted.check is not None:
        assert wanted.check(told), told
    return line


def body_of(wanted, last):
    """The body of a row's INVITE; last: the key message that crossed last."""
    spec = dict(wanted.body)
    keys = spec.pop('keys', None)
    spec.pop('uri', None)
    opaque = spec.pop('opaque', None)
    if keys is None:
        calling = spec.get('calling') or ua.USERS[A]
        keys = (lambda: ua.key(A, B, initiator=calling),)
    keys = tuple(last[0] if k == 'again' else k() if callable(k) else k
                 for k in keys)
    if keys and wanted.verdict == 'permit':
        last[0] = keys[0]
    kind, body = ua.call_body(A, B, keys, **spec)
    if opaque:
        body = re.sub(b'<%s.*?</%s>' % ((opaque.encode(),) * 2),
                      encrypted(opaque).encode(), body, flags=re.S)
    return kind, body


def decision_of(m):
    for w in m.all('warning'):
        found = re.search(r'decision ([0-9a-f]{16})', w)
        if found:
            return found.group(1)
    raise AssertionError('no decision in:\n%s' % m.head.decode())


def same_krr(sent, told):
    """But for what each has of its own."""
    def bare(krr):
        return re.sub(r' Id="[^"]*"|<Time>[^<]*</Time>', '', krr)
    assert bare(sent.decode()) == bare(told), (sent, told)


def refused(site, wanted, m, raw, since):
    """A refusal's response has all that a caller needs."""
    assert m.status == wanted.status, m
    text = ' '.join(m.all('warning'))
    assert wanted.reason in text, text
    if wanted.reason in ('no-agreement', 'not-permitted'):
        assert '179 service not authorized' in text, text
    line = compare(site, raw, wanted, decision_of(m), since)
    assert line['status'] == str(wanted.status), line
    told = explain(site.gateway.config, A, raw)
    if wanted.verdict == 'redirect':
        for d in told['receiver_domains']:
            assert d in text, text
        assert m.get('content-type') == KRR_TYPE, m
        assert told['redirect']['what'] == 'write', told
        assert told['redirect']['domains'] == told['receiver_domains'], told
        same_krr(m.body, told['redirect']['krr'])
    else:
        assert told['redirect'] is None, told


def final(m, dialog):
    """A final response of the dialog's request."""
    return m.status is not None and m.status >= 200 and \
        m.call_id == dialog.call_id


def run_row(site, wanted, last):
    alpha, bravo = ua.Server(site, A), ua.Server(site, B)
    since = site.gateway.mark()
    d = alpha.invite(B, uri=wanted.body.get('uri'),
                     body=body_of(wanted, last))
    raw = d.raw
    if wanted.verdict == 'permit':
        inv = bravo.peer.expect('INVITE')
        bravo.reply(inv, 486)
        end = alpha.peer.expect(lambda m: final(m, d))
        assert end.status == 486, end
        line = site.gateway.wait_log('txn.done', since, method='INVITE')
        compare(site, raw, wanted, line['decision'], since)
        d.ack_failure(end)
        bravo.peer.expect('ACK')
        return
    end = alpha.peer.expect(lambda m: final(m, d))
    d.ack_failure(end)
    refused(site, wanted, end, raw, since)
    assert not bravo.peer.has(lambda m: m.is_request), 'it crossed'


def limits(site):
    """Row 11: the rate of a rule, and its open transactions."""
    alpha, bravo = ua.Server(site, A), ua.Server(site, B)
    event = [('Event', 'presence'), ('Expires', '60')]
    for _ in range(2):
        alpha.single('PUBLISH', B, event)
        bravo.reply(bravo.peer.expect('PUBLISH'), 200)
        alpha.peer.expect(200)
    since = site.gateway.mark()
    d = alpha.single('PUBLISH', B, event)
    m = alpha.peer.expect(503)
    assert int(m.get('retry-after')) >= 1, m.head
    refused(site, Row('rate', 'refuse', 503, 'over-rate', 'few',
                      moment=True), m, d.raw, since)

    alpha.single('SUBSCRIBE', B, event)
    held = bravo.peer.expect('SUBSCRIBE')
    since = site.gateway.mark()
    d = alpha.single('SUBSCRIBE', B, event)
    m = alpha.peer.expect(503)
    assert int(m.get('retry-after')) >= 1, m.head
    refused(site, Row('concurrent', 'refuse', 503, 'over-concurrent', 'one',
                      moment=True), m, d.raw, since)
    bravo.reply(held, 489)
    alpha.peer.expect(489)


def krr_of(*domains):
    return ('<KmsRedirectResponse xmlns="urn:3gpp:ns:mcsecKMSKRR:1.0">'
            '<ReceiverKmsUriList>%s</ReceiverKmsUriList>'
            '</KmsRedirectResponse>' % ''.join(
                '<KmsUri>%s</KmsUri>' % d for d in domains))


def far_redirect(site, domains, what, kept):
    """bravo's 488 comes to alpha as explain --response says."""
    alpha, bravo = ua.Server(site, A), ua.Server(site, B)
    krr = krr_of(*domains)
    head = [('Content-Type', KRR_TYPE)]
    d = alpha.invite(B, keys=(ua.key(A, B),))
    inv = bravo.peer.expect('INVITE')
    bravo.reply(inv, 488, headers=head, body=krr.encode())
    bravo.peer.expect('ACK')
    end = alpha.peer.expect(lambda m: final(m, d))
    d.ack_failure(end)
    path = os.path.join(site.folder, 'response.sip')
    with open(path, 'wb') as f:
        f.write(sip.write('SIP/2.0 488 Not Acceptable Here', [
            ('Via', 'SIP/2.0/UDP x;branch=z9hG4bKx'),
            ('From', '<sip:a@b>;tag=a'), ('To', '<sip:c@d>;tag=b'),
            ('Call-ID', 'x'), ('CSeq', '1 INVITE')] + head, krr))
    told = explain(site.gateway.config, A, d.raw, response=path)['redirect']
    assert told['what'] == what, told
    assert told['domains'] == kept, told
    assert [o['domain'] for o in told['offered']] == list(domains), told
    for o in told['offered']:
        assert o['kept'] == (o['domain'] in kept), told
        assert o['outcome'] == ('pass' if o['kept'] else 'fail'), told
        assert 'a.xml:' in (o['at'] or 'a.xml:'), told
    assert end.status == 488 and end.get('content-type') == KRR_TYPE, end
    if what == 'forward':
        assert end.body == krr.encode(), end.body
    else:
        same_krr(end.body, told['krr'])
        assert krr in end.body.decode(), end.body


def far_redirects(site):
    """A 488 of the far side, all, some or none of it permitted."""
    own = conf.KMS[B]
    far_redirect(site, (own,), 'forward', [own])
    far_redirect(site, (TAC, own, 'kms.nobody.example'), 'write', [own])
    far_redirect(site, (TAC,), 'write', [])


def priority(site):
    """Row 11: a priority above the cap is lowered, one below stays."""
    alpha, bravo = ua.Server(site, A), ua.Server(site, B)
    for sent, wanted in (('mcpttp.12', 'mcpttp.3'), ('mcpttp.2', 'mcpttp.2'),
                         ('mcpttq.15', 'mcpttq.9')):
        d = alpha.single('MESSAGE', B, [('Resource-Priority', sent),
                                        ('Content-Type', 'text/plain')], 'x')
        m = bravo.peer.expect('MESSAGE')
        assert m.get('resource-priority') == wanted, m.head
        bravo.reply(m, 200)
        alpha.peer.expect(200)
        told = explain(site.gateway.config, A, d.raw)
        assert told['verdict'] == 'permit', told


def peer_unknown(site):
    """Row 1: nobody's link."""
    raw = ua.Server(site, A).invite(B, send=False).raw
    told = explain(site.gateway.config, 'none', raw)
    assert (told['verdict'], told['status'], told['reason']) == \
        ('refuse', 403, 'peer-unknown'), told
    told = explain(site.gateway.config, A, raw)
    assert told['steps'][0]['check'] == 'peer'
    assert told['steps'][0]['outcome'] == 'pass'


def unreadable_body(site):
    """A multipart without an end is refused, with the same words."""
    alpha = ua.Server(site, A)
    since = site.gateway.mark()
    kind, body = ua.call_body(A, B)
    d = alpha.invite(B, body=(kind, body[:-20]))
    m = alpha.peer.expect(400)
    d.ack_failure(m)
    refused(site, Row('body', 'refuse', 400, 'body-malformed'), m, d.raw,
            since)


def forked_retransmission(site):
    """The same request again is no replay."""
    alpha, bravo = ua.Server(site, A), ua.Server(site, B)
    d = alpha.invite(B, keys=(ua.key(A, B),))
    inv = bravo.peer.expect('INVITE')
    bravo.reply(inv, 180)
    alpha.peer.expect(180)
    alpha.peer.send(d.raw)
    bravo.reply(inv, 486)
    d.ack_failure(alpha.peer.expect(486))
    bravo.peer.expect('ACK')


def main():
    with Site('udp', 'udp', {'a.xml': AGREEMENT, 'c.xml': LAPSED}, POLICY,
              charlie='udp') as site:
        text = site.text().replace(
            '<domain name="%s"/>\n' % conf.DOMAIN[A],
            '<domain name="%s"/>\n%s' % (conf.DOMAIN[A], MIGRATED))
        conf.put(site.folder, 'mcxgw.xml', text)
        since = site.gateway.reload()
        site.gateway.wait_log('gateway.reloaded', since)
        last = [b'']
        cases = [(r.name, lambda r=r: run_row(site, r, last)) for r in ROWS]
        cases += [(f.__doc__.split('\n')[0].rstrip('.'), lambda f=f: f(site))
                  for f in (peer_unknown, unreadable_body,
                            forked_retransmission, limits, priority,
                            far_redirects)]
        case.run(cases)


if __name__ == '__main__':
    main()
