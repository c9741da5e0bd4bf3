"""The SIP traffic: scenarios and injection files for SIPp.

Scenario B is a private MCPTT call as a mission-critical server sends it: an
INVITE of about 3 kB whose multipart body holds an SDP offer with a key
message, an info document and a resource list; 180, 200, ACK, 10 ms of talk,
BYE, 200.
"""
import os

from lib import keys, sipp

USERS = 500
CALLER = sipp.UAC_IP, sipp.UAC_PORT
CALLEE = sipp.UAS_IP, sipp.UAS_PORT
HOME, PARTNER = 'mcptt.alpha.example', 'mcptt.bravo.example'
BOUNDARY = 'mcx-boundary-7f3a'
# The first users, a hundred each, by whom the rules of the redirect
# measurement tell calls apart: mc-user-00.., mc-user-01.., and so on.
GROUP, GROUPS = 100, ('written', 'signing', 'stripped', 'called')
KRR_TYPE = 'application/vnd.3gpp.kmsredirectresponse+xml'
KRR = ('<KmsRedirectResponse xmlns="urn:3gpp:ns:mcsecKMSKRR:1.0" Id="far-1" '
       'Version="1.0.0"><ProcessorUri>sip:gw.bravo.bench.example'
       '</ProcessorUri><Time>2030-01-02T03:04:05Z</Time>'
       '<InitiatorUri>%s</InitiatorUri><InitiatorKmsUri>%s</InitiatorKmsUri>'
       '<ReceiverUri>%s</ReceiverUri><RejectedReceiverKmsUri>%s'
       '</RejectedReceiverKmsUri><ReceiverKmsUriList>%s</ReceiverKmsUriList>'
       '</KmsRedirectResponse>')

SDP = """v=0
o=- 1815849 0 IN IP4 [media_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio 40000 RTP/AVP 104 101
b=AS:41
a=rtpmap:104 AMR-WB/16000/1
a=fmtp:104 mode-change-capability=2;max-red=0
a=rtpmap:101 telephone-event/16000
a=fmtp:101 0-15
a=ptime:20
a=maxptime:240
a=sendrecv
"""
FLOOR = """m=application 40002 udp MCPTT
a=fmtp:MCPTT mc_queueing;mc_priority=5;mc_granted;mc_implicit_request
"""
INFO = """<?xml version="1.0" encoding="UTF-8"?>
<mcpttinfo xmlns="urn:3gpp:ns:mcpttInfo:1.0" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<mcptt-Params>
<session-type>private</session-type>
<mcptt-request-uri type="Normal"><mcpttURI>[field1]</mcpttURI>\
</mcptt-request-uri>
<mcptt-calling-user-id type="Normal"><mcpttURI>[field0]</mcpttURI>\
</mcptt-calling-user-id>
<mcptt-called-party-id type="Normal"><mcpttURI>[field1]</mcpttURI>\
</mcptt-called-party-id>
<emergency-ind type="Normal"><mcpttBoolean>false</mcpttBoolean>\
</emergency-ind>
<imminentperil-ind type="Normal"><mcpttBoolean>false</mcpttBoolean>\
</imminentperil-ind>
<mcptt-client-id type="Normal"><mcpttString>\
urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6</mcpttString></mcptt-client-id>
</mcptt-Params>
</mcpttinfo>
"""
LISTS = """<?xml version="1.0" encoding="UTF-8"?>
<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists" \
xmlns:cc="urn:ietf:params:xml:ns:copycontrol">
<list>
<entry uri="[field1]" cc:copyControl="to"/>
</list>
</resource-lists>
"""
BODY = f"""--{BOUNDARY}
Content-Type: application/sdp

{SDP}a=key-mgmt:mikey %s
{FLOOR}
--{BOUNDARY}
Content-Type: application/vnd.3gpp.mcptt-info+xml

{INFO}
--{BOUNDARY}
Content-Type: application/resource-lists+xml
Content-Disposition: recipient-list

{LISTS}
--{BOUNDARY}--
"""
MULTIPART = f'multipart/mixed;boundary="{BOUNDARY}"'
FIELDS = """P-Asserted-Identity: <[field0]>
P-Preferred-Service: urn:urn-7:3gpp-service.ims.icsi.mcptt
Accept-Contact: *;+g.3gpp.mcptt;require;explicit
Accept-Contact: *;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mcptt"\
;require;explicit
Allow: INVITE, ACK, CANCEL, BYE, MESSAGE, UPDATE, PRACK
Supported: timer, 100rel
User-Agent: bench
"""
CONTACT = 'Contact: <sip:gw@[local_ip]:[local_port];transport=[ct]>\n'
# SIPp speaks plain TCP to stunnel in TLS runs: -key vt is the transport for
# the Via, -key ct that for Contact.
REQUEST = """%s %s SIP/2.0
Via: SIP/2.0/[vt] [local_ip]:[local_port];rport;branch=[branch]
Max-Forwards: 70
From: <[field0]>;tag=[pid]u[call_number]
To: <[field1]>%s
Call-ID: [call_id]
CSeq: %s
%sContent-Length: [len]

%s"""
PROGRESS = ('<recv response="100" optional="true"/>\n'
            '<recv response="180" optional="true"/>\n')


def _send(text, attributes=''):
    return '<send%s><![CDATA[\n%s]]></send>\n' % (attributes, text)


def _follow_up(method, cseq):
    return REQUEST % (method, '[next_url]', '[peer_tag_param]',
                      '%d %s' % (cseq, method), '[routes]\n', '')


def _invite(key):
    return REQUEST % ('INVITE', 'sip:[service]@' + PARTNER, '', '1 INVITE',
                      CONTACT + FIELDS + 'Content-Type: %s\n' % MULTIPART,
                      BODY % key)


def _caller(key, pause):
    return ('<scenario name="caller">\n' +
            _send(_invite(key), ' retrans="500" start_rtd="1"') + PROGRESS +
            '<recv response="200" rrs="true" rtd="1"/>\n' +
            _send(_follow_up('ACK', 1)) + '<pause %s/>\n' % pause +
            _send(_follow_up('BYE', 2), ' retrans="500" start_rtd="2"') +
            PROGRESS + '<recv response="200" rtd="2"/>\n</scenario>\n')


def _answer(line, fields, body=''):
    return ('SIP/2.0 %s\n[last_Via:]\n%s[last_Call-ID:]\n[last_CSeq:]\n' %
            (line, fields) + 'Content-Length: [len]\n\n' + body)


def _refused():
    """A caller who expects 488."""
    ack = ('ACK sip:[service]@' + PARTNER + ' SIP/2.0\n[last_Via:]\n'
           'Max-Forwards: 70\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n'
           'CSeq: 1 ACK\nContent-Length: 0\n\n')
    return ('<scenario name="refused">\n' +
            _send(_invite('[field2][dynamic_id][field3]'),
                  ' retrans="500" start_rtd="1"') +
            '<recv response="100" optional="true"/>\n'
            '<recv response="488" rtd="1"/>\n' + _send(ack) +
            '</scenario>\n')


def _refuser(body):
    """A callee who answers 488 with the KRR body, or with none."""
    fields = ('[last_From:]\n[last_To:];tag=[pid]n[call_number]\n'
              'Warning: 399 as.bench "another security domain, please"\n')
    if body:
        fields += 'Content-Type: %s\n' % KRR_TYPE
    return ('<scenario name="refuser">\n<recv request="INVITE"/>\n' +
            _send(_answer('488 Not Acceptable Here', fields, body),
                  ' retrans="500"') +
            '<recv request="ACK"/>\n</scenario>\n')


DIALOG = ('[last_Record-Route:]\n[last_From:]\n'
          '[last_To:];tag=[pid]s[call_number]\n'
          'Contact: <sip:peer@[local_ip]:[uasport];transport=[ct]>\n')
RINGING = _answer('180 Ringing', DIALOG)
ANSWER = _answer('200 OK', DIALOG + 'Content-Type: application/sdp\n', SDP)
ENDED = _answer('200 OK', '[last_From:]\n[last_To:]\n')


def _callee():
    return ('<scenario name="callee">\n'
            '<recv request="INVITE" rrs="true" crlf="true"/>\n' +
            _send(RINGING) + _send(ANSWER, ' retrans="500"') +
            '<recv request="ACK"/>\n<recv request="BYE"/>\n' +
            _send(ENDED) + '</scenario>\n')


def _fill(text, known):
    """text with the keywords that are known replaced, as it is sent."""
    for name, value in known.items():
        text = text.replace('[%s]' % name, value)
    return text.replace('\n', '\r\n')


def _over_udp(ip, port):
    """What keywords of SIPp stand for at one end over UDP."""
    return {'vt': 'UDP', 'ct': 'udp', 'service': 'gw', 'local_ip': ip,
            'local_port': str(port), 'media_ip': ip, 'uasport': str(port)}


class Traffic:
    """Files in the folder where, for SIPp to read."""

    def __init__(self, where, n_signed):
        self.where = where
        self.users = [('sip:mc-user-%04d@%s' % (i, HOME),
                       'sip:mc-user-%04d@%s' % (7000 + i, PARTNER))
                      for i in range(USERS)]
        made = keys.make(self.users, max(USERS, n_signed))
        self.signed, self.used = made, 0
        # [dynamic_id] stands in RAND: each call has a key message of its own,
        # whose signature nobody looks at.
        self._write('varied.xml', _caller('[field2][dynamic_id][field3]',
                                          'milliseconds="10"'))
        self._write('signed.xml', _caller('[field2]', 'milliseconds="10"'))
        self._write('hold.xml', _caller('[field2][dynamic_id][field3]', ''))
        self._write('callee.xml', _callee())
        self._write('refused.xml', _refused())
        self._table('varied.csv', ((u, keys.split(k))
                                   for u, k in zip(self.users, made)))
        self._texts()
        for i, name in enumerate(GROUPS):
            part = slice(i * GROUP, (i + 1) * GROUP)
            self._table(name + '.csv', (
                (u, keys.split(k))
                for u, k in zip(self.users[part], made[part])))

    def refuser(self, name, domains):
        """A callee NAME.xml whose 488 has a KRR with these domains; None:
        no KRR."""
        body = ''
        if domains is not None:
            body = KRR % (self.users[0][0], keys.Kms('alpha').uri,
                          self.users[0][1], keys.Kms('bravo').uri,
                          ''.join('<KmsUri>%s</KmsUri>' % d
                                  for d in domains))
        self._write(name + '.xml', _refuser(body))

    def _texts(self):
        """The same messages for bench_calls."""
        for i, (name, text) in enumerate((
                ('varied', _invite('[field2][dynamic_id][field3]')),
                ('signed', _invite('[field2]')), ('ack', _follow_up('ACK', 1)),
                ('bye', _follow_up('BYE', 2)))):
            self._text(name, text, {
                'call_id': '[call_number]-[pid]@' + CALLER[0],
                'branch': 'z9hG4bK-[pid]-[call_number]-%d' % i,
                **_over_udp(*CALLER)})
        for name, text in (('ringing', RINGING), ('answer', ANSWER),
                           ('ended', ENDED)):
            self._text(name, text, _over_udp(*CALLEE))

    def _text(self, name, text, known):
        with open(self.path(name + '.text'), 'wb') as f:
            f.write(_fill(text, known).encode())

    def _write(self, name, text):
        with open(os.path.join(self.where, name), 'w',
                  encoding='ascii') as f:
            f.write('<?xml version="1.0" encoding="UTF-8"?>\n' * (
                name.endswith('.xml')) + text)

    def _table(self, name, rows):
        self._write(name, 'SEQUENTIAL\n' + ''.join(
            ';'.join(user + tuple(key)) + ';\n' for user, key in rows))

    def rewind(self):
        """A gateway that was started anew has seen none."""
        self.used = 0

    def left(self):
        return len(self.signed) - self.used

    def signed_table(self, n):
        """Write signed.csv with the next n key messages; how many it has."""
        part = self.signed[self.used:self.used + n]
        self._table('signed.csv', (
            (self.users[(self.used + i) % USERS], (k,))
            for i, k in enumerate(part)))
        self.used += len(part)
        return len(part)

    def invite(self, i):
        """The i-th signed INVITE as SIPp would send it over UDP."""
        caller, callee = self.users[i % USERS]
        head, body = _fill(_invite(self.signed[i]), {
            **_over_udp(*CALLER), 'pid': '4711', 'call_number': '1',
            'call_id': '1-4711@' + CALLER[0], 'branch': 'z9hG4bK-4711-1-0',
            'field0': caller, 'field1': callee}).split('\r\n\r\n', 1)
        head = head.replace('[len]', str(len(body)))
        return (head + '\r\n\r\n' + body).encode()

    def path(self, name):
        return os.path.join(self.where, name)
