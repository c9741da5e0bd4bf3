"""Configuration of a gateway under test, as text and as files.

Systems: alpha (ours), bravo (a partner with an agreement), charlie (a partner
without one).  Each has one peer on a loopback address of its own.
"""
import hashlib
import os
import shutil
import subprocess

from . import env

SIP_PORT = {'alpha': 5060, 'bravo': 5070, 'charlie': 5064}
PEER_PORT = {'alpha': 5080, 'bravo': 5090, 'charlie': 5095}
PEER_HOST = {'alpha': 2, 'bravo': 3, 'charlie': 4}
ADMIN_PORT = 9464
TLS_PORT = 5061
HTTP_PORT, HTTPS_PORT = 8080, 8443
HOST = {s: 'gw.%s.example' % s for s in SIP_PORT}
HOST['gateway'] = 'gw.border.example'
DOMAIN = {s: 'mcptt.%s.example' % s for s in SIP_PORT}
KMS = {s: 'kms.%s.example' % s for s in SIP_PORT}

LIMITS = 'message="65536"'


def at(host, port):
    """An address as it is written."""
    return ('[%s]:%d' if ':' in host else '%s:%d') % (host, port)


def gateway_port(system, transport):
    """Where the gateway listens for a system."""
    if transport == 'tls':
        return TLS_PORT + (0 if system != 'alpha' else 2)
    return SIP_PORT[system]


def listeners(system, transport, host):
    """The listeners that face one system."""
    port = gateway_port(system, transport)
    if transport == 'tls':
        return ('  <listener id="%s-tls" transport="tls" address="%s" '
                'port="%d" system="%s" tls="border" advertise="%s:%d"/>\n'
                % (system, host, port, system, HOST['gateway'], port))
    kinds = ('udp', 'tcp') if transport == 'udp' else ('tcp',)
    return ''.join(
        '  <listener id="%s-%s" transport="%s" address="%s" port="%d" '
        'system="%s" advertise="%s:%d"/>\n'
        % (system, t, t, host, port, system, HOST['gateway'], port)
        for t in kinds)


def hop(system, transport, address, udp_limit, more=''):
    tls = ''
    if transport == 'tls':
        tls = ' tls="border" tls-name="%s"' % HOST[system]
    if transport == 'udp':
        tls = ' udp-limit="%d"' % udp_limit
    return '    <next-hop address="%s" transport="%s"%s%s/>\n' % (
        address, transport, tls, more)


def system(name, transport, hops, health='0s', udp_limit=65507, more=''):
    """hops: addresses "host:port"."""
    identity = ''
    if transport == 'tls':
        identity = '    <identity tls="%s"/>\n' % HOST[name]
    side = 'local' if name == 'alpha' else 'partner'
    return ('  <system id="%s" side="%s">\n'
            '    <domain name="%s"/>\n%s%s%s'
            '    <health options="%s"/>\n  </system>\n'
            % (name, side, DOMAIN[name], identity,
               ''.join(hop(name, transport, h, udp_limit) for h in hops),
               more, health))


def document(transports, host, peers, limits=LIMITS, workers='2',
             log='info', crl=True, udp_limit=65507, health='0s', more='',
             systems=None, tls=False):
    """mcxgw.xml.  transports, peers: dicts by system id; systems: by id
    what more is in one; tls: there is TLS beside SIP's."""
    out = ['<?xml version="1.0" encoding="UTF-8"?>\n',
           '<mcxgw xmlns="urn:mcxgw:config:1" name="%s">\n'
           % HOST['gateway'],
           '  <run workers="%s"/>\n  <log level="%s"/>\n' % (workers, log)]
    if tls or 'tls' in transports.values():
        out.append('  <tls id="border" certificate="pki/gateway.pem" '
                   'key="pki/gateway.key" ca="pki/ca.pem"%s/>\n'
                   % (' crl="pki/ca.crl"' if crl else ''))
    for s, t in transports.items():
        out.append(listeners(s, t, host))
    for s, t in transports.items():
        out.append(system(s, t, peers[s], health, udp_limit,
                          (systems or {}).get(s, '')))
    out.append('  <topology keys="pki/token.keys"/>\n'
               '  <policy file="policy.xml" agreements="agreements"/>\n'
               '  <limits %s/>\n'
               '  <admin address="%s" port="%d"/>\n'
               '  <control socket="ctl"/>\n%s</mcxgw>\n'
               % (limits, '127.0.0.1' if host is None else host, ADMIN_PORT,
                  more))
    return ''.join(out)


POLICY = '''<?xml version="1.0" encoding="UTF-8"?>
<policy xmlns="urn:mcxgw:policy:1">
  <key-messages clock-tolerance="300s" replay-window="900s"/>
%s</policy>
'''


def party(name, kms=()):
    """kms: more security domains than the system's own."""
    path = os.path.join(env.CORPUS, 'kms', name, 'certificate.xml')
    with open(path, 'rb') as f:
        pin = hashlib.sha256(f.read()).hexdigest()
    out = ['  <party system="%s">\n    <domain name="%s"/>\n'
           % (name, DOMAIN[name]),
           '    <security-domain kms="%s" certificate="kms/%s.xml" '
           'certificate-sha256="%s"/>\n' % (KMS[name], name, pin)]
    out += ['    <security-domain kms="%s"/>\n' % k for k in kms]
    out.append('    <identity tls="%s"/>\n' % HOST[name])
    out.append('    <gateway sip="sips:%s:5061"/>\n  </party>\n' % HOST[name])
    return ''.join(out)


ANY = '<communication service="mcptt mcvideo mcdata"><any/></communication>'


def permit(a, b, ident='all', communication=ANY, initiator='<any/>',
           target='<any/>', domains=None, key='presence="optional" '
           'signature="check"', more='', attributes=''):
    """initiator, target: <any/> or a pattern; domains: elements."""
    def who(element, value):
        if value == '<any/>':
            return '    <%s><any/></%s>\n' % (element, element)
        return '    <%s match="%s"/>\n' % (element, value)
    if domains is None:
        domains = '<domains initiator="%s" receiver="%s"/>' % (KMS[a], KMS[b])
    return ('  <permit from="%s" to="%s" id="%s"%s>\n    %s\n%s%s    %s\n'
            '    <key-message %s/>\n%s  </permit>\n'
            % (a, b, ident, attributes, communication,
               who('initiator', initiator),
               who('target', target), domains, key, more))


def agreement(a='alpha', b='bravo', permits=None, more='', valid=(
        '2026-01-01T00:00:00Z', '2036-01-01T00:00:00Z'), attributes='',
        kms=None, ident=None):
    if permits is None:
        permits = permit(a, b, 'out') + permit(b, a, 'in')
    kms = kms or {}
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            '<agreement xmlns="urn:mcxgw:agreement:1" id="%s" serial="1"\n'
            '    valid-from="%s" valid-until="%s"%s>\n%s%s%s%s</agreement>\n'
            % (ident or a + '-' + b, valid[0], valid[1], attributes,
               party(a, kms.get(a, ())), party(b, kms.get(b, ())), permits,
               more))


def handling(a, b, attributes='', elements=''):
    return '  <handling from="%s" to="%s"%s>%s</handling>\n' % (
        a, b, attributes, elements)


def pki(folder):
    """A throw-away PKI of the example systems, charlie included."""
    subprocess.run([os.path.join(env.ROOT, 'conf', 'demo', 'pki'), folder],
                   check=True)


def write_files(folder, document_text, agreements, policy=''):
    """Everything but the PKI.  agreements: texts by file name."""
    os.makedirs(os.path.join(folder, 'agreements', 'kms'), exist_ok=True)
    for name in ('alpha', 'bravo', 'charlie'):
        shutil.copy(os.path.join(env.CORPUS, 'kms', name, 'certificate.xml'),
                    os.path.join(folder, 'agreements', 'kms', name + '.xml'))
    put(folder, 'mcxgw.xml', document_text)
    put(folder, 'policy.xml', POLICY % policy)
    for name, text in agreements.items():
        put(folder, os.path.join('agreements', name), text)


def put(folder, name, text):
    """Replace a file in one step, as an operator's tool would."""
    path = os.path.join(folder, name)
    with open(path + '.new', 'w', encoding='utf-8') as f:
        f.write(text)
    os.rename(path + '.new', path)
