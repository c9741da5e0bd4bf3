#!/usr/bin/env python3
"""The torture messages of RFC 4475 against the running gateway.

usage: rfc4475.py [CASE...]

Each goes in over UDP, as it is and with a row that asserts a user of alpha,
which lets a good one cross; and over TCP, on a connection of its own.
"""
import json
import os
import re
import select
import socket

from lib import case, conf, env, sip, ua
from lib.peer import answer
from lib.site import Site

FOLDER = os.path.join(env.CORPUS, 'rfc4475')
ASSERTED = ('P-Asserted-Identity: <%s>\r\nP-Asserted-Service: %smcptt\r\n'
            % (ua.USERS['alpha'], ua.ICSI)).encode()
# The hosts of Request-URIs; all of them are bravo's here.
DOMAINS = ('example.com', 'example.net', 'example.org',
           'registrar.example.com', 'chair-dnrc.example.com', 'company.com')
# Ports that Vias name: answers go there.
PORTS = (5060, 5050, 5070)
CROSS, NONE = 'cross', 'none'

# What is right where the class of the message does not tell: methods, fields
# and dialogs that a proxy must look at.
SPECIAL = {
    'wsinv.dat': 481,  # To has a tag, but there is no token of the dialog
    'badvers.dat': 505,
    'bext01.dat': 420,  # Proxy-Require
    'novelsc.dat': 416, 'unkscm.dat': 416,
    'zeromf.dat': 483,
    'multi01.dat': 400, 'mcl01.dat': 400,
    # Nothing to answer with: no From, To or Call-ID, or no Via.
    'insuf.dat': NONE, 'test.dat': NONE,
}


def corpus():
    """(file, octets, entry of expected.json)."""
    with open(os.path.join(FOLDER, 'expected.json'), encoding='utf-8') as f:
        entries = json.load(f)['messages']
    for n, e in enumerate(entries):
        with open(os.path.join(FOLDER, e['file']), 'rb') as f:
            # Some share a branch, which makes them one transaction.
            yield e['file'], f.read().replace(
                b'z9hG4bKkdju', b'z9hG4bKkdju%d-' % n), e


def expected(e):
    """What must become of a message, asserted by a user of alpha."""
    if e['file'] in SPECIAL:
        return SPECIAL[e['file']]
    if e['start_line'].startswith('SIP/2.0'):
        return NONE  # a response to nothing we sent
    return 400 if e['rfc_class'] == 'invalid' else CROSS


def asserted(raw):
    """The same behind the start line: where a user of alpha is asserted."""
    start, rest = raw.split(b'\r\n', 1)
    return start + b'\r\n' + ASSERTED + rest


def with_domains(text):
    """Bravo has the domains of the RFC as well."""
    own = '    <domain name="%s"/>\n' % conf.DOMAIN['bravo']
    return text.replace(own, own + ''.join(
        '    <domain name="%s"/>\n' % d for d in DOMAINS))


class TortureSite(Site):
    """Those domains; and answers to alpha may go to any port."""

    def __init__(self, *transports, **more):
        super().__init__(*transports, peers=False, workers='1', agreements={
            'alpha-bravo.xml': with_domains(conf.agreement())}, **more)

    def text(self, **more):
        return with_domains(super().text(**more)).replace(
            '    <health', '    <reach address="%s/32" ports="1-65535"/>\n'
            '    <health' % env.address(conf.PEER_HOST['alpha']), 1)


class Sender:
    """UDP sockets of alpha, and a question that tells when a message has
    been dealt with: one worker answers in order."""

    def __init__(self, site):
        self.site, self.pings = site, 0
        self.seen = set()  # an answer may be repeated: nobody sends an ACK
        self.gateway = (site.host, conf.SIP_PORT['alpha'])
        self.sockets = []
        for port in PORTS:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind((env.address(conf.PEER_HOST['alpha']), port))
            self.sockets.append(s)

    def ping(self):
        self.pings += 1
        host, port = self.sockets[0].getsockname()
        ident = 'ping-%d' % self.pings
        self.sockets[0].sendto(sip.write(
            'OPTIONS sip:%s:%d SIP/2.0' % self.gateway,
            [('Via', 'SIP/2.0/UDP %s:%d;branch=%s' % (
                host, port, sip.branch())),
             ('Max-Forwards', '1'), ('From', '<sip:x@y.example>;tag=1'),
             ('To', '<sip:%s>' % self.gateway[0]), ('Call-ID', ident),
             ('CSeq', '1 OPTIONS')]), self.gateway)
        return ident

    def answers(self, ident, seconds=8):
        """What comes before the answer to ping ident."""
        out, pong = [], False
        while True:
            ready, _, _ = select.select(self.sockets, [], [],
                                        0 if pong else seconds * env.PATIENCE)
            if pong and not ready:
                return out
            assert ready, 'the gateway does not answer'
            for s in ready:
                raw = s.recv(65535)
                if ident.encode() in raw:
                    pong = True
                elif raw not in self.seen:
                    self.seen.add(raw)
                    out.append(raw)

    def exchange(self, raw):
        """Send it; the final answers to it."""
        self.sockets[0].sendto(raw, self.gateway)
        return [a for a in self.answers(self.ping())
                if not a.startswith(b'SIP/2.0 100')]

    def final(self, seconds=8):
        """The next final answer."""
        while True:
            ready, _, _ = select.select(self.sockets, [], [],
                                        seconds * env.PATIENCE)
            assert ready, 'no answer'
            raw = ready[0].recv(65535)
            if not raw.startswith(b'SIP/2.0 100') and raw not in self.seen:
                self.seen.add(raw)
                return raw

    def close(self):
        for s in self.sockets:
            s.close()


def status(raw):
    return int(re.match(rb'SIP/2\.0 (\d{3}) ', raw).group(1))


def value(raw, *names):
    """A header of a message that only a tolerant reader can read."""
    m = re.search(rb'^(?:%s)[ \t]*:[ \t]*(.*?)[ \t]*\r$' % b'|'.join(
        n.encode() for n in names), raw, re.I | re.M)
    return m.group(1) if m else None


def check_refusal(file, answers, want, raw):
    assert [status(a) for a in answers] == [want], \
        '%s: %s, not %s' % (file, answers, want)
    ident = value(raw, 'Call-ID', 'i')
    assert value(answers[0], 'Call-ID', 'i') == ident, (file, answers)
    assert value(answers[0], 'To', 't') is not None, (file, answers)
    assert int(value(answers[0], 'Content-Length', 'l')) == 0, answers
    if want == 400:
        assert b'octet ' in value(answers[0], 'Warning'), (file, answers)


def check_crossing(file, sender, bravo, raw, kept):
    """It arrives at bravo with all it is about; its answer comes back."""
    m = bravo.expect(lambda m: m.is_request)
    before = sip.Msg(raw)
    assert m.method == before.method, (file, m.start)
    assert m.uri == before.uri, (file, m.start, before.uri)
    assert m.body == kept, (file, m.body)
    for name in ('from', 'to', 'call-id', 'cseq', 'subject', 'event'):
        got = m.get(name)
        # A host that is in no system's domains is hidden.
        assert got == before.get(name) or \
            (name in ('from', 'to') and '@' + conf.HOST['gateway'] in got), \
            (file, name, got)
    m.source.send(answer(m, 200, 'torture'))
    back = sender.final()
    assert status(back) == 200, (file, back)
    got, sent = sip.Msg(back).all('via'), before.all('via')
    assert got[1:] == sent[1:], '%s: Via %s of %s' % (file, got, sent)


def body_of(raw):
    """The body, as long as Content-Length says."""
    head, _, body = raw.partition(b'\r\n\r\n')
    size = value(head + b'\r\n', 'Content-Length', 'l')
    return body if size is None else body[:int(size)]


def by_udp():
    with TortureSite() as s:
        sender, bravo = Sender(s), s.make_peer('bravo', answer_options=False)
        s.peers['bravo'] = bravo
        n = {CROSS: 0, NONE: 0, 'refused': 0}
        for file, raw, e in corpus():
            want = expected(e)
            answers = sender.exchange(asserted(raw))
            if want == CROSS:
                assert answers == [], (file, answers)
                check_crossing(file, sender, bravo, asserted(raw),
                               body_of(raw))
                n[CROSS] += 1
            elif want == NONE:
                assert answers == [], (file, answers)
                n[NONE] += 1
            else:
                check_refusal(file, answers, want, raw)
                n['refused'] += 1
            assert not bravo.has(lambda m: True), (file, bravo.inbox)
        assert n[CROSS] >= 15 and n['refused'] >= 20, n
        sender.close()


def as_they_are():
    """Nobody is asserted: a good one is refused by policy, which shows that
    it was read; nothing crosses."""
    with TortureSite() as s:
        sender, bravo = Sender(s), s.make_peer('bravo', answer_options=False)
        s.peers['bravo'] = bravo
        for file, raw, e in corpus():
            want = expected(e)
            answers = sender.exchange(raw)
            if want == NONE:
                assert answers == [], (file, answers)
            elif want != CROSS:
                check_refusal(file, answers, want, raw)
            else:
                check_refusal(file, answers, 403, raw)
                ident = re.search(r'decision ([0-9a-f]{16})',
                                  value(answers[0], 'Warning').decode())
                why = s.gateway.why(ident.group(1))
                assert why['reason'] == 'source-not-of-peer', (file, why)
                assert why['method'] in raw.decode('latin-1') or \
                    why['method'] == 'OTHER', (file, why)
        assert not bravo.wire, bravo.wire
        sender.close()


def on_a_stream(address, raw):
    """(answers, whether the gateway closed) on a connection of its own."""
    ident = b'after-it'
    ping = sip.write('OPTIONS sip:%s:%d SIP/2.0' % address, [
        ('Via', 'SIP/2.0/TCP 192.0.2.1;branch=' + sip.branch()),
        ('Max-Forwards', '1'), ('From', '<sip:x@y.example>;tag=1'),
        ('To', '<sip:%s>' % address[0]), ('Call-ID', ident.decode()),
        ('CSeq', '1 OPTIONS')])
    buf, answers = b'', []
    with socket.create_connection(address, 10 * env.PATIENCE) as c:
        c.settimeout(8 * env.PATIENCE)
        c.sendall(raw + ping)
        while True:
            try:
                data = c.recv(65536)
            except ConnectionResetError:
                data = b''
            if not data:
                return answers, True
            buf += data
            while True:
                # A copied number may be odd; the length is the gateway's.
                end = buf.find(b'\r\n\r\n')
                if end < 0:
                    break
                one, buf = buf[:end + 4], buf[end + 4:]
                if ident in one:
                    return answers, False
                if not one.startswith(b'SIP/2.0 100'):
                    answers.append(one)


# Where the end of a message on a stream cannot be known, the connection
# ends: no length, a negative one, two that differ, one that is too large, no
# blank line, octets between two messages.
LOST = {'inv2543.dat', 'ncl.dat', 'mcl01.dat', 'clerr.dat', 'baddn.dat',
        'dblreq.dat'}


def by_tcp():
    with TortureSite('tcp', 'tcp',
                     limits='message="65536" message-time="2s"') as s:
        address = (s.host, conf.SIP_PORT['alpha'])
        bravo = s.make_peer('bravo', answer_options=False)
        s.peers['bravo'] = bravo
        for file, raw, e in corpus():
            want = {CROSS: [403], NONE: []}.get(expected(e), [expected(e)])
            answers, closed = on_a_stream(address, raw)
            got = [status(a) for a in answers]
            assert closed == (file in LOST), (file, closed, answers)
            if file == 'dblreq.dat':
                assert got[:2] == [403, 403], (file, answers)
            elif closed:
                assert set(got) <= {400}, (file, answers)
            else:
                assert got == want, (file, got, want)
        assert not bravo.wire, bravo.wire


CASES = (by_udp, as_they_are, by_tcp)

if __name__ == '__main__':
    case.run([(f.__name__, f) for f in CASES])
