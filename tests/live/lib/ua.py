"""MC servers behind the peers: users, inner networks, dialogs, bodies.

Everything that tells of an inner network carries canary names and addresses;
hidden() looks for them in what the other side received.
"""
import base64

import mkimsg

from . import conf, sip

ICSI = 'urn:urn-7:3gpp-service.ims.icsi.'
USERS = {'alpha': 'sip:alice@mcptt.alpha.example',
         'bravo': 'sip:bob@mcptt.bravo.example',
         'charlie': 'sip:carol@mcptt.charlie.example'}
NET = {'alpha': '10.65', 'bravo': '10.66', 'charlie': '10.67'}


def sdp(system, keys=(), port=20000, version=1):
    """An offer or answer; keys: I_MESSAGEs as octets."""
    address = '192.0.2.%d' % {'alpha': 10, 'bravo': 20, 'charlie': 30}[system]
    lines = ['v=0', 'o=- 1815849 %d IN IP4 %s' % (version, address), 's=-',
             'c=IN IP4 ' + address, 't=0 0']
    lines += ['a=key-mgmt:mikey ' + base64.b64encode(k).decode()
              for k in keys]
    lines += ['m=audio %d RTP/SAVP 105' % port,
              'a=rtpmap:105 AMR-WB/16000/1', 'a=sendrecv']
    return '\r\n'.join(lines) + '\r\n'


def info(calling, called=None, session='private', service='mcptt',
         emergency=False, token=None, more=''):
    """An info document (TS 24.379 F.1, TS 24.282 D.1)."""
    def uri(name, value):
        if value is None:
            return ''
        return '<%s type="Normal"><%sURI>%s</%sURI></%s>' % (
            name, service, value, service, name)
    s = {'mcptt': 'mcptt', 'mcvideo': 'mcvideo', 'mcdata': 'mcdata'}[service]
    ns = {'mcptt': 'mcpttInfo', 'mcvideo': 'mcvideoInfo',
          'mcdata': 'mcdataInfo'}[s]
    kind = 'request-type' if s == 'mcdata' else 'session-type'
    return ('<?xml version="1.0" encoding="UTF-8"?>\r\n'
            '<%sinfo xmlns="urn:3gpp:ns:%s:1.0">\r\n<%s-Params>%s%s%s%s%s%s'
            '</%s-Params>\r\n</%sinfo>\r\n' % (
                s, ns, s,
                '<%s-access-token type="Normal"><%sString>%s</%sString>'
                '</%s-access-token>\r\n' % (s, s, token, s, s)
                if token else '',
                '<%s>%s</%s>\r\n' % (kind, session, kind) if session else '',
                uri(s + '-request-uri', called),
                uri(s + '-calling-user-id', calling),
                '<emergency-ind type="Normal"><%sBoolean>true</%sBoolean>'
                '</emergency-ind>' % (s, s) if emergency else '',
                more, s, s))


def multipart(parts, boundary='mcx-boundary-7f3a'):
    """(Content-Type, body) of parts: (type, body) pairs."""
    out = b''
    for kind, body in parts:
        if isinstance(body, str):
            body = body.encode()
        out += b'--%s\r\nContent-Type: %s\r\n\r\n%s\r\n' % (
            boundary.encode(), kind.encode(), body)
    out += b'--%s--\r\n' % boundary.encode()
    return 'multipart/mixed;boundary="%s"' % boundary, out


INFO_TYPE = 'application/vnd.3gpp.%s-info+xml'


def call_body(a, b, keys=(), session='private', service='mcptt',
              emergency=False, token=None, calling=None, called=None,
              port=20000):
    """The body of an INVITE from system a to system b."""
    document = info(calling or USERS[a], called or USERS[b], session, service,
                    emergency, token)
    return multipart([('application/sdp', sdp(a, keys, port)),
                      (INFO_TYPE % service, document)])


def key(a='alpha', b='bravo', **more):
    """A fresh key message of the users of two systems."""
    return mkimsg.make(more.pop('initiator', USERS[a]),
                       more.pop('receiver', USERS[b]),
                       more.pop('initiator_kms', conf.KMS[a]),
                       more.pop('receiver_kms', conf.KMS[b]), **more)


class Server:
    """The MC server of a system, behind its peer."""

    def __init__(self, site, system):
        self.site, self.system = site, system
        self.peer = site.peers[system]
        self.user = USERS[system]
        self.inner = 'inside-%s.corp.test' % system
        self.net = NET[system]
        two, three = self.net + '.4.4', self.net + '.7.7'
        if site.ipv6:
            two, three = ('[fd00:%s::%d]' % (self.net[-2:], n)
                          for n in (4, 7))
        self.transport = self.peer.transport
        # Proxies between the server and the border, the nearest first.
        self.proxies = ['<sip:scscf.%s:6061;lr;n=2>' % self.inner,
                        '<sip:%s:6062;lr;transport=tcp>' % two]
        self.contact = '<sip:mcptt-as@%s:6063;gr=%s>' % (three, self.inner)
        self.calls = 0

    def canaries(self):
        """What must not be seen on the other side of the border."""
        p = self.peer
        address = 'fd00:' + self.net[-2:] if self.site.ipv6 else p.host
        return [self.inner, self.net + '.', address,
                ':%d' % p.port, 'as-software', 'icid-value=' + self.system,
                'ccf=', 'utran-cell-id-3gpp=' + self.system]

    def vias(self, branch):
        t = self.transport.upper()
        return [('Via', 'SIP/2.0/%s %s;rport;branch=%s' % (
                    t, conf.at(self.peer.host, self.peer.port), branch)),
                ('Via', 'SIP/2.0/UDP scscf.%s:6061;branch=z9hG4bKin1;'
                 'received=%s.3.3' % (self.inner, self.net)),
                ('Via', 'SIP/2.0/TCP %s.7.7:6063;branch=z9hG4bKin2'
                 % self.net)]

    def telling(self):
        """Headers that tell of the inside and never cross."""
        return [('P-Charging-Vector', 'icid-value=%s;icid-generated-at=%s'
                 % (self.system, self.net + '.1.1')),
                ('P-Charging-Function-Addresses', 'ccf=ccf.%s' % self.inner),
                ('P-Access-Network-Info', '3GPP-UTRAN-FDD; '
                 'utran-cell-id-3gpp=' + self.system),
                ('P-Visited-Network-ID', '"visited.%s"' % self.inner)]

    def request(self, method, uri, cseq, dialog, routes=(), headers=(),
                body=b'', contact=True, record=False, branch=None):
        """Octets of a request."""
        h = self.vias(branch or sip.branch())
        h += [('Route', r) for r in routes]
        if record:
            h += [('Record-Route', ', '.join(self.proxies))]
        h += [('Max-Forwards', '68'), ('From', dialog.local),
              ('To', dialog.remote), ('Call-ID', dialog.call_id),
              ('CSeq', '%d %s' % (cseq, method))]
        if contact:
            h.append(('Contact', self.contact))
        if method not in ('ACK', 'CANCEL'):
            h += [('P-Asserted-Identity', '<%s>' % self.user),
                  ('P-Asserted-Service', ICSI + 'mcptt'),
                  ('User-Agent', 'as-software/%s' % self.inner)]
            h += self.telling()
        h += list(headers)
        return sip.write('%s %s SIP/2.0' % (method, uri), h, body)

    def invite(self, other, headers=(), body=None, uri=None, keys=(),
               token=None, send=True):
        """Start a dialog: (Dialog, octets)."""
        d = Dialog(self, uri or USERS[other])
        if body is None:
            body = call_body(self.system, other, keys, token=token)
        kind, octets = body
        d.raw = self.request(
            'INVITE', d.target, d.cseq, d, record=True, body=octets,
            branch=d.branch,
            headers=[('Content-Type', kind), ('Supported', '100rel, timer'),
                     ('Accept-Contact', '*;+g.3gpp.mcptt;require;explicit'),
                     ('Allow', 'INVITE, ACK, CANCEL, BYE, UPDATE, PRACK, '
                      'REFER, NOTIFY')] + list(headers))
        if send:
            self.peer.send(d.raw)
        return d

    def single(self, method, other, headers=(), body=b'', uri=None):
        """A request outside of dialogs: a Dialog for its answers."""
        d = Dialog(self, uri or USERS[other])
        record = method in ('SUBSCRIBE', 'REFER', 'PUBLISH', 'REGISTER')
        d.raw = self.request(method, d.target, d.cseq, d, record=record,
                             headers=headers, body=body, branch=d.branch)
        self.peer.send(d.raw)
        return d

    def accept(self, m):
        """The dialog of a request that came in."""
        d = Dialog(self, None)
        d.call_id = m.call_id
        d.local = m.get('to') + ';tag=' + sip.token()
        d.remote = m.get('from')
        d.routes = self.proxies[::-1] + m.all('record-route')
        d.contact_of_peer(m)
        return d

    def reply(self, m, status, dialog=None, headers=(), body=b'',
              contact=True):
        """Answer request m by the way it came."""
        from .peer import answer
        h = list(headers)
        if m.method in ('INVITE', 'SUBSCRIBE', 'REFER', 'NOTIFY') and \
                100 < status < 300 and m.tag('to') is None:
            h.append(('Record-Route', ', '.join(
                self.proxies[::-1] + m.all('record-route'))))
        if contact and 100 < status < 300 and m.method in (
                'INVITE', 'SUBSCRIBE', 'REFER', 'UPDATE'):
            h.append(('Contact', self.contact))
        if status > 100:
            h.append(('Server', 'as-software/%s' % self.inner))
            h += self.telling()[:3]
        if status >= 300:
            h.append(('Warning', '399 as.%s "refused inside"' % self.inner))
        if m.method == 'REGISTER':
            h.append(('Service-Route', '<sip:scscf.%s;lr>' % self.inner))
            h += [('Path', p) for p in m.all('path')]
        tag = sip.param(dialog.local, 'tag') if dialog is not None else \
            sip.token()
        self.peer.answer(m, answer(m, status, tag, h, body))


class Dialog:
    """One side's view of a dialog."""

    def __init__(self, server, target):
        self.server = server
        self.call_id = sip.token(10)
        self.local = '<%s>;tag=%s' % (server.user, sip.token())
        self.remote = '<%s>' % target
        self.target, self.routes = target, []
        self.cseq, self.branch, self.raw = 1, sip.branch(), None

    def contact_of_peer(self, m):
        c = m.get('contact')
        if c is not None:
            self.target = sip.uri_of(c)

    def learn(self, m):
        """A response that makes or refreshes the dialog."""
        if m.tag('to') is not None:
            self.remote = m.get('to')
        if m.all('record-route'):
            self.routes = m.all('record-route')[::-1]
        self.contact_of_peer(m)

    def outer_routes(self):
        """The route set as it leaves the system: its proxies are passed."""
        inner = self.server.proxies
        return [r for r in self.routes if r not in inner]

    def request(self, method, headers=(), body=b'', contact=None,
                cseq=None, branch=None, send=True):
        """The next request in the dialog; returns its octets."""
        if method not in ('ACK', 'CANCEL'):
            self.cseq += 1
        if contact is None:
            contact = method in ('INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY',
                                 'REFER')
        self.raw = self.server.request(
            method, self.target, cseq or self.cseq, self,
            self.outer_routes(), headers, body, contact, branch=branch)
        if send:
            self.server.peer.send(self.raw)
        return self.raw

    def ack(self, cseq=1):
        """The ACK of a 2xx."""
        return self.request('ACK', cseq=cseq)

    def cancel(self):
        """CANCEL of the INVITE that began the dialog."""
        m = sip.Msg(self.raw)
        h = [('Via', m.all('via')[0]), ('Max-Forwards', '68'),
             ('From', m.get('from')), ('To', m.get('to')),
             ('Call-ID', m.call_id), ('CSeq', '%d CANCEL' % m.cseq)]
        self.server.peer.send(sip.write('CANCEL %s SIP/2.0' % m.uri, h))

    def ack_failure(self, response):
        """The ACK of a response above 299, hop by hop."""
        m = sip.Msg(self.raw)
        h = [('Via', m.all('via')[0]), ('Max-Forwards', '68'),
             ('From', m.get('from')), ('To', response.get('to')),
             ('Call-ID', m.call_id), ('CSeq', '%d ACK' % m.cseq)]
        self.server.peer.send(sip.write('ACK %s SIP/2.0' % m.uri, h))


def hidden(receiver, teller, allow=()):
    """Nothing of the teller's inside is in any header receiver got."""
    for m in receiver.peer.wire:
        head = m.head.decode('utf-8', 'replace')
        for c in teller.canaries():
            if c in allow:
                continue
            assert c not in head, '%s received %r:\n%s' % (
                receiver.system, c, head)


def restored(m, dialog, server):
    """An in-dialog request m came back as the server knows it: its own
    contact and its own route set, in order."""
    assert m.uri == sip.uri_of(server.contact), \
        'Request-URI %s, not %s' % (m.uri, server.contact)
    assert m.all('route') == server.proxies, \
        'Route %s, not %s' % (m.all('route'), server.proxies)
    assert sip.param(dialog.local, 'tag') == m.tag('to'), m


def vias_back(m, raw):
    """A response brings the Vias of its request, source added."""
    sent, got = sip.Msg(raw).all('via'), m.all('via')
    assert len(sent) == len(got), 'Via %s of %s' % (got, sent)
    assert got[1:] == sent[1:], got
    assert got[0].split(';')[0] == sent[0].split(';')[0], got
    assert sip.param(got[0], 'branch') == sip.param(sent[0], 'branch'), got
