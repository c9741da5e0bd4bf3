"""SIPp as callers and called: many calls at once, and what became of them."""
import csv
import os
import re
import shutil
import subprocess
import tempfile

from . import case, conf, env, sip, ua
from .env import PATIENCE

HEAD = '''<?xml version="1.0" encoding="UTF-8"?>
<scenario name="%s">
'''
REQUEST = '''%(method)s %(uri)s SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]
%(routes)sMax-Forwards: 70
From: <%(a)s>;tag=[pid]c[call_number]
To: <%(b)s>%(tag)s
Call-ID: [call_id]
CSeq: %(cseq)d %(method)s
%(more)sContent-Length: [len]

%(body)s'''
ANSWER = '''[last_Via:]
%s[last_From:]
[last_To:]%s
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:as.inside-%s.test:[local_port]>
Content-Length: 0

'''
TAG = ';tag=[pid]s[call_number]'


def send(text, more=''):
    return '<send%s><![CDATA[\n%s]]></send>\n' % (more, text)


def caller(a, b, service='mcptt'):
    """INVITE, ACK, BYE of a user of a to one of b."""
    kind, body = ua.call_body(a, b, service=service)
    names = {'a': ua.USERS[a], 'b': ua.USERS[b], 'tag': '', 'routes': ''}
    invite = REQUEST % {
        **names, 'method': 'INVITE', 'uri': ua.USERS[b], 'cseq': 1,
        'more': 'Contact: <sip:as.inside-%s.test:[local_port]>\n'
        'P-Asserted-Identity: <%s>\n'
        'Content-Type: %s\n' % (a, ua.USERS[a], kind),
        'body': body.decode().replace('\r\n', '\n')}
    names.update(tag='[peer_tag_param]', routes='[routes]\n', more='',
                 body='', uri='[next_url]')
    ack = REQUEST % {**names, 'method': 'ACK', 'cseq': 1}
    bye = REQUEST % {**names, 'method': 'BYE', 'cseq': 2}
    return (HEAD % 'caller' + send(invite, ' retrans="500"') +
            '<recv response="100" optional="true"/>\n'
            '<recv response="180" optional="true"/>\n'
            '<recv response="200" rrs="true"/>\n' + send(ack) +
            '<pause milliseconds="50"/>\n' + send(bye, ' retrans="500"') +
            '<recv response="100" optional="true"/>\n'
            '<recv response="200"/>\n</scenario>\n')


def called(b):
    rr = '[last_Record-Route:]\n'
    return (HEAD % 'called' + '<recv request="INVITE"/>\n' +
            send('SIP/2.0 180 Ringing\n' + ANSWER % (rr, TAG, b)) +
            send('SIP/2.0 200 OK\n' + ANSWER % (rr, TAG, b),
                 ' retrans="500"') +
            '<recv request="ACK"/>\n<recv request="BYE"/>\n' +
            send('SIP/2.0 200 OK\n' + ANSWER % ('', '', b)) +
            '</scenario>\n')


class Load:
    """Calls from alpha to bravo at a rate; a context manager."""

    def __init__(self, site, rate, calls, a='alpha', b='bravo', to=None):
        """to: "host:port" for the caller, by default the gateway."""
        if shutil.which('sipp') is None:
            raise case.Skip('no sipp')
        self.site, self.calls, self.rate = site, calls, rate
        self.a, self.b = a, b
        self.to = to or '%s:%d' % (site.host, conf.gateway_port(
            a, site.transports[a]))
        self.folder = tempfile.mkdtemp(prefix='mcxgw-sipp-')
        self.uac = self.uas = None

    def mode(self, system):
        """Over TLS SIPp speaks TCP to a tunnel."""
        return 'u1' if self.site.transports[system] == 'udp' else 't1'

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, name, text, system, *more):
        with open(self.path(name + '.xml'), 'w', encoding='utf-8') as f:
            f.write(text)
        host, port = self.site.addresses[system][0]
        mode = self.mode(system)
        out = open(self.path(name + '.out'), 'wb')
        with out:
            return subprocess.Popen(
                ['sipp', '-sf', self.path(name + '.xml'), '-t', mode,
                 '-i', host, '-p', str(port), '-nostdin', '-trace_stat',
                 '-stf', self.path(name + '.csv'), '-fd', '1', '-trace_err',
                 '-error_file', self.path(name + '.err'), '-timer_resol',
                 '1', '-max_recv_loops', '1000', '-buff_size', '4000000',
                 '-deadcall_wait', '0', *more],
                stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, cwd=self.folder,
                env={**os.environ, 'TERM': 'dumb'})

    def __enter__(self):
        self.uas = self.run('called', called(self.b), self.b)
        host, port = self.site.addresses[self.b][0]
        kind = 'udp' if self.mode(self.b) == 'u1' else 'tcp'
        case.until(lambda: listening(kind, host, port))
        self.uac = self.run(
            'caller', caller(self.a, self.b), self.a, '-r', str(self.rate),
            '-m', str(self.calls), '-l', str(8 * self.rate), '-timeout',
            str(int(60 * PATIENCE)), self.to)
        return self

    def running(self):
        return self.uac.poll() is None

    def wait(self, seconds=60):
        self.uac.wait(seconds * PATIENCE)

    def __exit__(self, *_):
        for p in (self.uac, self.uas):
            if p is not None and p.poll() is None:
                p.kill()
            if p is not None:
                p.wait()

    def figures(self, name='caller'):
        with open(self.path(name + '.csv'), newline='',
                  encoding='ascii') as f:
            rows = list(csv.DictReader(f, delimiter=';'))
        return rows[-1]

    def check(self):
        """Every call ended well."""
        row = self.figures()
        ok, bad = int(row['SuccessfulCall(C)']), int(row['FailedCall(C)'])
        text = ''
        if os.path.exists(self.path('caller.err')):
            with open(self.path('caller.err'), errors='replace',
                      encoding='utf-8') as f:
                text = f.read(3000)
        assert self.uac.returncode == 0 and (ok, bad) == (self.calls, 0), \
            '%d calls ended well, %d failed, of %d; sipp ends with %s:\n%s' \
            % (ok, bad, self.calls, self.uac.returncode, text)
        shutil.rmtree(self.folder)


class Play(Load):
    """Scenarios of tests/live/sipp, one call after the other.

    caller, called  their names; rows: a list of fields for each call
    """

    def __init__(self, site, a, b, caller, called, to=None):
        self.roles = {'caller': caller, 'called': called}
        super().__init__(site, 10, len(caller[1]), a, b, to)

    def play(self, role, system, *more):
        name, rows = self.roles[role]
        with open(os.path.join(env.HERE, '..', 'sipp', name + '.xml'),
                  encoding='utf-8') as f:
            text = f.read()
        if rows:
            assert not any(';' in x or '\n' in x for r in rows for x in r)
            with open(self.path(role + '.rows'), 'w', encoding='utf-8') as f:
                f.write('SEQUENTIAL\n' + ''.join(
                    ';'.join(r) + '\n' for r in rows))
            more = ('-inf', self.path(role + '.rows'), *more)
        return self.run(role, text, system, '-key', 'inner',
                        'inside-%s.test' % system, '-trace_msg',
                        '-message_file', self.path(role + '.msg'), *more)

    def __enter__(self):
        self.uas = self.play('called', self.b)
        host, port = self.site.addresses[self.b][0]
        kind = 'udp' if self.mode(self.b) == 'u1' else 'tcp'
        case.until(lambda: listening(kind, host, port))
        self.uac = self.play(
            'caller', self.a, '-key', 'from', ua.USERS[self.a], '-key', 'to',
            ua.USERS[self.b], '-m', str(self.calls), '-l', '1', '-timeout',
            str(int(30 * PATIENCE)), self.to)
        return self

    def messages(self, role, fits):
        """What a role sent or received, as sip.Msg."""
        with open(self.path(role + '.msg'), 'rb') as f:
            text = f.read()
        out = []
        for piece in re.split(rb'-{40,} [0-9-]+[^\n]*\n', text)[1:]:
            way, _, raw = piece.partition(b'\n\n')
            size = re.search(rb'[(\[](\d+)(?:\]| bytes)', way)
            if size is None:
                continue
            m = sip.Msg(raw[:int(size.group(1))])
            m.received = b'received' in way
            if fits(m):
                out.append(m)
        return out


class Tunnel:
    """TLS for a SIPp, both ways, with the certificate of its system.

    front  where its caller sends to
    back   where the gateway reaches it
    """

    def __init__(self, site, system):
        if shutil.which('stunnel4') is None:
            raise case.Skip('no stunnel4')
        n = conf.PEER_HOST[system] + 20
        self.front = (env.address(n), 5092)
        self.back = (env.address(n), 5091)
        self.config = site.path('stunnel-%s.conf' % system)
        pki = site.path('pki')
        with open(self.config, 'w', encoding='ascii') as f:
            f.write('foreground = yes\nsyslog = no\npid =\n'
                    'CAfile = %s/ca.pem\nverifyChain = yes\n'
                    'cert = %s/%s.pem\nkey = %s/%s.key\n'
                    '[in]\naccept = %s:%d\nconnect = %s:%d\n'
                    '[out]\nclient = yes\naccept = %s:%d\n'
                    'connect = %s:%d\n' % (
                        pki, pki, system, pki, system, *self.back,
                        *site.addresses[system][0], *self.front, site.host,
                        conf.gateway_port(system, 'tls')))
        self.process = None

    def __enter__(self):
        with open(self.config + '.log', 'wb') as log:
            self.process = subprocess.Popen(
                ['stunnel4', self.config], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        for at in (self.front, self.back):
            case.until(lambda at=at: listening('tcp', *at))
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def listening(kind, host, port):
    want = '%08X:%04X' % (int.from_bytes(
        bytes(int(x) for x in host.split('.')), 'little'), port)
    with open('/proc/net/' + kind, encoding='ascii') as f:
        for line in f.readlines()[1:]:
            words = line.split()
            if words[1] == want and (kind == 'udp' or words[3] == '0A'):
                return True
    return False


