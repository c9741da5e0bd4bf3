"""KMS Redirect Responses of the far side, and what came back of them."""
import os
import re
import shutil
import subprocess
import tempfile

from . import case, conf, ua

TYPE = 'application/vnd.3gpp.kmsredirectresponse+xml'
NS = 'urn:3gpp:ns:mcsecKMSKRR:1.0'
ROOT = 'KmsRedirectResponse'
DSIG = 'http://www.w3.org/2000/09/xmldsig#'
C14N = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
SIGNATURE = (
    '<Signature xmlns="%(d)s"><SignedInfo>'
    '<CanonicalizationMethod Algorithm="%(c)s"/><SignatureMethod Algorithm='
    '"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>'
    '<Reference URI="#%%s"><Transforms>'
    '<Transform Algorithm="%(d)senveloped-signature"/>'
    '<Transform Algorithm="%(c)s"/></Transforms><DigestMethod Algorithm='
    '"http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/></Reference>'
    '</SignedInfo><SignatureValue/><KeyInfo><X509Data><X509Certificate/>'
    '</X509Data></KeyInfo></Signature>' % {'d': DSIG, 'c': C14N})


def write(a, b, domains, ident='far-1', refused=None, embedded='', more='',
          author=None):
    """A KRR of the far side b for a caller of a, on one line."""
    return (
        '<%s xmlns="%s" Id="%s" Version="1.0.0"><ProcessorUri>%s'
        '</ProcessorUri><Time>2030-01-02T03:04:05Z</Time><InitiatorUri>%s'
        '</InitiatorUri><InitiatorKmsUri>%s</InitiatorKmsUri><ReceiverUri>%s'
        '</ReceiverUri><RejectedReceiverKmsUri>%s</RejectedReceiverKmsUri>'
        '<ReceiverKmsUriList>%s</ReceiverKmsUriList>%s%s</%s>' % (
            ROOT, NS, ident, author or 'sip:' + conf.HOST[b], ua.USERS[a],
            conf.KMS[a], ua.USERS[b], refused or conf.KMS[b],
            ''.join('<KmsUri>%s</KmsUri>' % d for d in domains),
            embedded and '<EmbeddedKrr>%s</EmbeddedKrr>' % embedded, more,
            ROOT))


def xmlsec1(*words, **more):
    if shutil.which('xmlsec1') is None:
        raise case.Skip('no xmlsec1')
    return subprocess.run(['xmlsec1', *words], capture_output=True,
                          text=True, check=False, **more)


def sign(text, pki, name):
    """The same, signed with the key NAME.key, still on one line."""
    ident = re.search(' Id="([^"]*)"', text).group(1)
    end = '</%s>' % ROOT
    text = text[:-len(end)] + SIGNATURE % ident + end
    with tempfile.NamedTemporaryFile('w', suffix='.xml',
                                     encoding='utf-8') as f:
        f.write(text)
        f.flush()
        r = xmlsec1('--sign', '--privkey-pem', '%s/%s.key,%s/%s.pem' % (
            pki, name, pki, name), '--id-attr:Id', ROOT, f.name)
    assert r.returncode == 0, r.stderr
    return re.sub(r'<\?xml[^>]*>|\n', '', r.stdout)


def verify(octets, pki, why=''):
    """The command xmlsec1 verifies the document's own signature."""
    with tempfile.NamedTemporaryFile('wb', suffix='.xml') as f:
        f.write(octets)
        f.flush()
        r = xmlsec1('--verify', '--trusted-pem', pki + '/ca.pem',
                    '--enabled-key-data', 'x509,raw-x509-cert',
                    '--id-attr:Id', ROOT, '--node-xpath',
                    '/*/*[local-name()="Signature"]', f.name)
    assert r.returncode == 0, '%s%s\n%s' % (why, r.stderr, octets)


def is_signed(octets):
    return own(octets).rstrip().endswith(b'</Signature></%s>' % ROOT.encode())


def inner(octets):
    """The octets of the KRR inside, or None."""
    m = re.search(b'<(?:v:)?EmbeddedKrr>(.*)</(?:v:)?EmbeddedKrr>', octets, re.S)
    return m and m.group(1)


def own(octets):
    """The document without what it embeds."""
    return re.sub(b'<(?:v:)?EmbeddedKrr>.*</(?:v:)?EmbeddedKrr>', b'',
                  octets, flags=re.S)


def domains(octets, item=b'KmsUri'):
    return [x.decode() for x in re.findall(
        b'<(?:v:)?%s>([^<]*)</' % item, own(octets))]


def value(octets, name):
    m = re.search('<(?:v:)?%s>([^<]*)</' % name, own(octets).decode())
    return m and m.group(1)


def certificate(pki, name, host):
    """One more signer: NAME.pem and NAME.key for a host."""
    def do(*words):
        subprocess.run(['openssl', *words], cwd=pki, check=True,
                       capture_output=True)
    do('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256',
       '-out', name + '.key')
    do('req', '-new', '-key', name + '.key', '-subj', '/CN=' + host, '-out',
       name + '.csr')
    with open(os.path.join(pki, name + '.cnf'), 'w', encoding='ascii') as f:
        f.write('basicConstraints = critical,CA:FALSE\n'
                'keyUsage = critical,digitalSignature\n'
                'subjectAltName = URI:sip:%s,DNS:%s\n'
                'subjectKeyIdentifier = hash\n'
                'authorityKeyIdentifier = keyid\n' % (host, host))
    do('x509', '-req', '-in', name + '.csr', '-CA', 'ca.pem', '-CAkey',
       'ca.key', '-set_serial', '0x5' + os.urandom(15).hex(), '-sha256',
       '-days', '30', '-extfile', name + '.cnf', '-out', name + '.pem')
