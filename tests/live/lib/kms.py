"""A KMS that answers for its certificates and takes uploads, and counts."""
import os
import re

from . import env
from .service import Service

NS = 'urn:3gpp:ns:mcsecKMSInterface:1.0'
ROOT = '/keymanagement/identity/v1/'


def certificate(kms):
    return ('<KmsCertificate xmlns="%s" Version="1.1.0" Role="External">'
            '<CertUri>cert1.%s</CertUri><KmsUri>%s</KmsUri>'
            '<UserIdFormat>2</UserIdFormat><UserKeyPeriod>604800'
            '</UserKeyPeriod><UserKeyOffset>0</UserKeyOffset>'
            '<PubEncKey>04AA</PubEncKey><PubAuthKey>04BB</PubAuthKey>'
            '</KmsCertificate>' % (NS, kms, kms))


def real(name):
    """The KmsCertificate of a test KMS, whose keys the tests have."""
    path = os.path.join(env.CORPUS, 'kms', name, 'certificate.xml')
    with open(path, encoding='utf-8') as f:
        return re.search('<KmsCertificate.*</KmsCertificate>', f.read(),
                         re.S).group(0)


def forged(name, by):
    """The same with the key of another KMS for signatures."""
    key = re.compile('<PubAuthKey>[^<]*')
    return key.sub(key.search(real(by)).group(0), real(name))


def request(kms=None, user='sip:alice@mcptt.alpha.example', more=''):
    """A KmsRequest; kms: whom it is for."""
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            '<KmsRequest xmlns="%s" Version="1.1.0"><UserUri>%s</UserUri>'
            '%s<Time>2030-01-01T00:00:00Z</Time>%s</KmsRequest>' % (
                NS, user, '<KmsUri>%s</KmsUri>' % kms if kms else '',
                more)).encode()


def named(octets):
    """The KMSs whose certificates a response holds."""
    return re.findall(r'<CertUri>cert1\.([^<]*)</CertUri>', octets.decode())


class Kms(Service):
    """certificates: the KMSs whose certificates it has; texts: those that are
    not made up."""

    def __init__(self, address, uri, certificates, context=None):
        self.certificates, self.texts = certificates, {}
        super().__init__(address, 'kms', {}, context, kms=uri)

    def response(self, content):
        return 200, 'application/xml', (
            '<KmsResponse xmlns="%s" Version="1.0.0"><UserUri>sip:a@b'
            '</UserUri><KmsUri>%s</KmsUri><Time>2030-01-01T00:00:00Z</Time>'
            '%s</KmsResponse>' % (NS, self.kms, content)).encode()

    def took(self, conn, stream, q):
        with self.news:
            self.asked.append(q)
            self.news.notify_all()
        if self.mood != 'right':
            getattr(self, 'do_' + self.mood)(conn, stream, q)
            return
        kind = q.path[len(ROOT):].partition('/')[0]
        have = self.certificates
        if kind == 'cert':
            name = self.demo.user_of(q.path, ROOT + 'cert/')
            have = [k for k in have if k == name]
        content = '' if kind == 'redirect' else (
            '<KmsMessage><KmsCertCache Version="1.0.0" CacheNum="3">%s'
            '</KmsCertCache></KmsMessage>' % ''.join(
                self.texts.get(k) or certificate(k) for k in have))
        conn.answer(stream, *self.response(content))

    def right(self, q, **_):
        return self.response('')
