"""Certificates that must not be believed, and how they are shown."""
import os
import shutil
import ssl
import subprocess

from . import env

BAD = ('expired', 'early', 'other-ca', 'wrong-name', 'server-only', 'weak',
       'revoked')
# Words of the reason in the log.
WHY = {'expired': 'expired', 'early': 'not yet valid', 'other-ca': 'issuer',
       'wrong-name': 'gw.mallory.example', 'server-only': 'purpose',
       'weak': 'too weak', 'revoked': 'revoked', 'none': 'certificate',
       'self-signed': 'self'}


def make(site):
    """All but the self-signed one, in pki/bad of a site that has not started,
    and the list that withdraws the revoked one."""
    subprocess.run([os.path.join(env.TESTS, 'support', 'pki-bad'),
                    site.path('pki')], check=True)
    _make_revoked(site)
    shutil.copy(site.path('pki', 'bad', 'revoked.crl'),
                site.path('pki', 'ca.crl'))


def _make_revoked(site):
    """A list of the right CA that withdraws bravo's own certificate."""
    bad = site.path('pki', 'bad')
    for words in (['-revoke', '../bravo.pem'],
                  ['-gencrl', '-crldays', '30', '-out', 'bravo-revoked.crl']):
        subprocess.run(['openssl', 'ca', '-config', 'db/ca.cnf', '-cert',
                        '../ca.pem', '-keyfile', '../ca.key', '-batch',
                        *words], cwd=bad, check=True, capture_output=True)


def make_self_signed(site):
    folder = site.path('pki', 'bad')
    subprocess.run(
        ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
         'ec_paramgen_curve:P-256', '-nodes', '-keyout',
         folder + '/self-signed.key', '-out', folder + '/self-signed.pem',
         '-subj', '/CN=gw.bravo.example', '-addext',
         'subjectAltName=DNS:gw.bravo.example'], check=True,
        capture_output=True)


def withdraw(site):
    """Bravo's own certificate is revoked from now on."""
    crl = site.path('pki', 'ca.crl')
    shutil.copy(crl, crl + '.good')
    shutil.copy(site.path('pki', 'bad', 'bravo-revoked.crl'), crl + '.new')
    os.rename(crl + '.new', crl)
    site.gateway.wait_log('gateway.reloaded', site.gateway.reload())


def restore(site):
    crl = site.path('pki', 'ca.crl')
    os.rename(crl + '.good', crl)
    site.gateway.wait_log('gateway.reloaded', site.gateway.reload())


def context(site, name, folder='pki/bad'):
    """What a client shows; name None: no certificate."""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.load_verify_locations(site.path('pki', 'ca.pem'))
    c.check_hostname = False
    if name is not None:
        c.set_ciphers('DEFAULT:@SECLEVEL=0')
        c.load_cert_chain(site.path(folder, name + '.pem'),
                          site.path(folder, name + '.key'))
    return c
