"""What is measured: Kamailio as K1 and K3, and the gateway.

K1  Kamailio as a plain record-routing, transaction-stateful proxy
K3  the same, with topology hiding (topoh: Via, Contact, Record-Route,
    Call-ID) and with as much of the inspection as its modules can do
gw  the gateway, one worker, all on CPU 0 as the others are

Kamailio is set up for its own benefit: the TLSF allocator, a pre-faulted
pool, one worker for the one core.  Debian's default allocator costs it
several times the CPU time.
"""
import glob
import os
import shutil
import time
import urllib.request

from lib import keys, messages, proc, sipp

IP = '127.0.0.1'
GONE_S = 33 # finished transactions stay for 64*T1 (RFC 3261 17.1.1.2)
NS = 'xmlns="urn:mcxgw:%s:1"'


def make_certificates(folder, sh):
    """A throw-away CA and ECDSA certificates: border, alpha, bravo."""
    os.makedirs(folder, exist_ok=True)
    if os.path.exists(os.path.join(folder, 'done')):
        return
    with open(os.path.join(folder, 'make.sh'), 'w', encoding='ascii') as f:
        f.write('''set -eu
openssl ecparam -name prime256v1 -genkey -noout -out ca.key
openssl req -x509 -new -key ca.key -sha256 -days 30 -out ca.pem \\
	-subj "/O=bench/CN=bench CA" \\
	-addext "basicConstraints=critical,CA:TRUE" \\
	-addext "keyUsage=critical,keyCertSign,cRLSign"
for n in border alpha bravo; do
	openssl ecparam -name prime256v1 -genkey -noout -out $n.key
	openssl req -new -key $n.key -subj "/O=bench/CN=$n" -out $n.csr
	printf '%s\\n' "subjectAltName=DNS:$n.bench.example,IP:127.0.0.1" \\
		extendedKeyUsage=serverAuth,clientAuth \\
		keyUsage=digitalSignature basicConstraints=CA:FALSE >$n.ext
	openssl x509 -req -in $n.csr -CA ca.pem -CAkey ca.key \\
		-CAcreateserial -days 30 -sha256 -extfile $n.ext -out $n.pem
done
# Kamailio gives up its rights and reads them afterwards.
chmod 600 *.key
touch done
''')
    sh(['sh', 'make.sh'], folder)


class Peer:
    """A program under measurement; addresses by transport."""
    base = 0

    def __init__(self, name, folder, certs):
        self.name, self.certs = name, certs
        self.folder = os.path.join(folder, name)
        self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)

    def address(self, transport):
        return IP, self.base + (1 if transport == 'tls' else 0)

    def pids(self):
        return proc.tree(self.process.pid)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='ascii') as f:
            f.write(text)

    def pause(self):
        """Between two runs: what the first leaves to be put away is not to
        be done in the second."""
        time.sleep(6)

    def rest(self):
        """Wait until finished transactions are gone, and ask nothing of the
        peer meanwhile: its answers would cost CPU time."""
        time.sleep(6)

    def stop(self):
        if self.process is not None:
            kids = self.pids()
            proc.finish(self.process, wait=30)
            end = time.time() + 5
            while any(os.path.isdir('/proc/%d' % k) for k in kids):
                if time.time() > end:
                    raise proc.Trouble('%s does not end' % self.name)
                time.sleep(0.05)
        self.process = None


class Kamailio(Peer):
    BASES = {'K1': 5160, 'K3': 5360}
    DEFS = {'K1': '', 'K3': '#!define WITH_TOPOH\n#!define WITH_INSPECT'}

    def start(self, _transport):
        self.base = self.BASES[self.name]
        here = os.path.dirname(os.path.abspath(__file__))
        with open(os.path.join(here, '..', 'kamailio.cfg.in'),
                  encoding='ascii') as f:
            text = f.read()
        modules = glob.glob('/usr/lib/*/kamailio/modules/')
        if not modules:
            raise proc.Trouble('no modules of Kamailio in /usr/lib')
        for name, value in (
                ('DEFS', self.DEFS[self.name]), ('IP', IP),
                ('PORT', self.base), ('TLSPORT', self.base + 1),
                ('NEXT', sipp.UAS_IP), ('NEXTPORT', sipp.UAS_PORT),
                ('NEXTTLS', sipp.UAS_TLS_PORT), ('RUN', self.folder),
                ('MODULES', modules[0]), ('HOME', messages.HOME)):
            text = text.replace('@%s@' % name, str(value))
        self.write('kamailio.cfg', '#!KAMAILIO\n' + text)
        self.write('tls.cfg', ''.join(
            '[%s:default]\nmethod = TLSv1.2+\nverify_certificate = yes\n'
            'require_certificate = yes\nprivate_key = %s/border.key\n'
            'certificate = %s/border.pem\nca_list = %s/ca.pem\n\n' %
            (s, self.certs, self.certs, self.certs)
            for s in ('server', 'client')))
        self.process = proc.spawn(
            ['kamailio', '-f', self.path('kamailio.cfg'), '-w', self.folder,
             '-Y', self.folder, '-m', '4096', '-M', '16', '-x', 'tlsf', '-X',
             'tlsf', '-DD'], self.path('log'), proc.CPU_PEER)
        proc.wait_listening(self.process, 'udp', IP, self.base, self.name, 30)
        proc.wait_listening(self.process, 'tcp', IP, self.base + 1,
                            self.name)
        time.sleep(0.5)


class Gateway(Peer):
    """The gateway; signature is what its agreement demands, agreements how
    many there are, log its level."""
    base, back, admin = 5460, 5462, 5490
    more = '' # elements of the configuration
    inside = {} # elements of a system, by its id
    HOP = {'udp': (sipp.UAS_PORT, 'udp'), 'tcp': (sipp.UAS_PORT, 'tcp'),
           'tls': (sipp.UAS_TLS_PORT, 'tls')}

    def __init__(self, name, folder, certs, build, signature='off',
                 agreements=1, log='warn'):
        super().__init__(name, folder, certs)
        self.build, self.signature = build, signature
        self.agreements, self.log = agreements, log
        self.wrapper = []
        self.schema = os.path.join(build, '..', '..', 'conf', 'schema')

    def _hop(self, ip, transport, port, name):
        if transport == 'tls':
            rest = ' tls="border" tls-name="%s.bench.example"' % name
        else:
            rest = ' udp-limit="65507"' if transport == 'udp' else ''
        return '<next-hop address="%s:%d" transport="%s"%s/>' % (
            ip, port, transport, rest)

    def _configuration(self, transport):
        port, kind = self.HOP[transport]
        plain = '\n'.join(
            '<listener id="%s-%s" transport="%s" address="%s" port="%d" '
            'system="%s"/>' % (s, t, t, IP, p, s)
            for s, p in (('alpha', self.base), ('bravo', self.back))
            for t in ('udp', 'tcp'))
        return '''<?xml version="1.0" encoding="UTF-8"?>
<mcxgw %s name="border.bench.example">
<run workers="1"/><log level="%s"/>
<tls id="border" certificate="%s/border.pem" key="%s/border.key" ca="%s/ca.pem"/>
%s
<listener id="tls" transport="tls" address="%s" port="%d" tls="border"
 advertise="border.bench.example:%d"/>
<system id="alpha" side="local"><domain name="%s"/>
<identity tls="alpha.bench.example"/>%s%s</system>
<system id="bravo" side="partner"><domain name="%s"/>
<identity tls="bravo.bench.example"/>%s%s</system>
%s%s
<topology keys="token.keys"/>
<policy file="policy.xml" agreements="agreements"/>
<limits drain="0s" transactions="500000" system-transactions="500000"/>
<admin address="%s" port="%d"/>
<control socket="ctl"/>
</mcxgw>
''' % (NS % 'config', self.log, *[self.certs] * 3, plain, IP, self.base + 1,
            self.base + 1, messages.HOME,
            self._hop(sipp.UAC_IP, kind, sipp.UAC_PORT, 'alpha'),
            self.inside.get('alpha', ''),
            messages.PARTNER, self._hop(sipp.UAS_IP, kind, port, 'bravo'),
            self.inside.get('bravo', ''),
            self._crowd(), self.more, IP, self.admin)

    def _crowd(self):
        """Partners beside bravo, for the agreements beside the one used."""
        return '\n'.join(
            '<system id="p%05d" side="partner"><domain '
            'name="mcptt.p%05d.example"/><identity tls="p%05d.example"/>'
            '<next-hop address="127.%d.%d.%d:5061" transport="tls" '
            'tls="border"/></system>' %
            (i, i, i, 1 + i // 62500, i // 250 % 250, i % 250 + 1)
            for i in range(1, self.agreements))

    def _agreement(self, partner, domain, certified):
        alpha, bravo = keys.Kms('alpha'), keys.Kms('bravo')
        other = bravo.uri if certified else 'kms.%s.example' % partner
        return '''<?xml version="1.0" encoding="UTF-8"?>
<agreement %s id="alpha-%s" serial="1" valid-from="2020-01-01T00:00:00Z"
 valid-until="2040-01-01T00:00:00Z">
<party system="alpha"><domain name="%s"/>
<security-domain kms="%s"%s/></party>
<party system="%s"><domain name="%s"/>
%s</party>
%s</agreement>
''' % (NS % 'agreement', partner, messages.HOME, alpha.uri,
            ' certificate="../kms.xml"' if certified else '', partner, domain,
            ''.join('<security-domain kms="%s"/>' % d
                    for d in self.domains(other)),
            ''.join(self.permit(partner, domain, alpha.uri, *rule)
                    for rule in self.rules(other)))

    def domains(self, kms):
        """The security domains of a partner."""
        return [kms]

    def rules(self, kms):
        """Id, users, receiver domains and redirect element of each."""
        return [('calls', '*', kms, '')]

    def permit(self, partner, domain, initiator, name, users, receiver, more):
        return '''<permit from="alpha" to="%s" id="%s">
<communication service="mcptt" kind="private first-to-answer emergency"/>
<initiator match="sip:%s@%s"/><target match="sip:*@%s"/>
<domains initiator="%s" receiver="%s"/>
<key-message presence="required" signature="%s"/>
%s</permit>
''' % (partner, name, users, messages.HOME, domain, initiator, receiver,
            self.signature, more)

    def configure(self, transport):
        os.makedirs(self.path('agreements'), exist_ok=True)
        self.write('mcxgw.xml', self._configuration(transport))
        self.write('policy.xml', '<?xml version="1.0" encoding="UTF-8"?>\n'
                   '<policy %s><key-messages clock-tolerance="4h" '
                   'replay-window="8h"/></policy>\n' % (NS % 'policy'))
        self.write('token.keys', '1 %s\n' % os.urandom(32).hex())
        os.chmod(self.path('token.keys'), 0o600)
        shutil.copy(keys.Kms('alpha').certificate, self.path('kms.xml'))
        self.write('agreements/alpha-bravo.xml',
                   self._agreement('bravo', messages.PARTNER, True))
        for i in range(1, self.agreements):
            name = 'p%05d' % i
            self.write('agreements/%s.xml' % name, self._agreement(
                name, 'mcptt.%s.example' % name, False))

    def start(self, transport):
        self.configure(transport)
        self.process = proc.spawn(
            self.wrapper + [os.path.join(self.build, 'mcxgw'), 'run', '-c',
                            self.path('mcxgw.xml'), '--workers', '1',
                            '--schema', self.schema],
            self.path('log'), proc.CPU_PEER)
        wait = 120 if self.agreements > 1 or self.wrapper else 15
        if transport == 'udp':
            proc.wait_listening(self.process, 'udp', IP, self.base,
                                self.name, wait)
        else:
            proc.wait_listening(self.process, 'tcp', *self.address(transport),
                                self.name, wait)
        proc.wait_listening(self.process, 'tcp', IP, self.admin, self.name)

    def _metrics(self):
        """(series, value) of each line."""
        url = 'http://%s:%d/metrics' % (IP, self.admin)
        with urllib.request.urlopen(url, timeout=5) as f:
            lines = f.read().decode().splitlines()
        return [(x.rsplit(' ', 1)[0], float(x.rsplit(' ', 1)[1]))
                for x in lines if not x.startswith('#')]

    def series(self, name):
        return sum(v for s, v in self._metrics() if s == name)

    def metric(self, name):
        """A sum over the series of a metric."""
        return sum(v for s, v in self._metrics() if s.split('{')[0] == name)

    def pause(self):
        """Transactions stay longer than runs last."""

    def rest(self):
        time.sleep(GONE_S)
        self.settle()

    def settle(self, most=45):
        """Wait until no transaction is open; how long it took."""
        began = time.time()
        while self.metric('mcxgw_transactions') > 0:
            if time.time() - began > most:
                raise proc.Trouble('%d transactions are still open' %
                                   self.metric('mcxgw_transactions'))
            time.sleep(0.25)
        return time.time() - began
