"""Questions in each dialect, and what the answers say; written from the
manual, not with the gateway's own code."""
import json
import urllib.parse
from xml.etree import ElementTree

from . import h2raw
from .service import demo

XML, JSON = 'application/xml', 'application/json'
PROBLEM = 'application/problem+json'


class Question:
    """method, path, body, kind (of the body), accept."""

    def __init__(self, dialect, method, path, body=b'', kind=None,
                 accept=None):
        self.dialect, self.method, self.path = dialect, method, path
        self.body, self.kind, self.accept = body, kind, accept

    def fields(self):
        return [(n, v) for n, v in (('content-type', self.kind),
                                    ('accept', self.accept)) if v]

    def h2(self, authority, more=()):
        """(header block, body)."""
        return h2raw.request(self.path, authority, self.method,
                             [*self.fields(), *more]), self.body

    def http1(self, host, more=()):
        rows = ''.join('%s: %s\r\n' % f for f in [*self.fields(), *more])
        length = 'Content-Length: %d\r\n' % len(self.body) \
            if self.method == 'POST' else ''
        return ('%s %s HTTP/1.1\r\nHost: %s\r\n%s%s\r\n' % (
            self.method, self.path, host, rows, length)).encode() + self.body

    def curl(self, asker, **more):
        return asker.curl(self.path, self.body if self.kind else None,
                          self.kind, self.accept, method=self.method, **more)

    def nghttp(self, asker, **more):
        return asker.nghttp(self.path, self.body if self.kind else None,
                            self.kind, self.accept, self.method, **more)

    def h2load(self, asker, **more):
        # h2load sends POST with a body and GET without one.
        fields = [] if self.kind or self.method == 'GET' else [
            ':method: ' + self.method]
        return asker.h2load(self.path, self.body if self.kind else None,
                            self.kind, accept=self.accept, fields=fields,
                            **more)


def escaped(text):
    return urllib.parse.quote(text, safe='')


def ask(dialect, user, path=None):
    """The question about a user; path: in another spelling."""
    path = path or escaped(user)
    d = demo()
    if dialect == 'kms':
        path = d.KMS_PATH + path
        return Question(dialect, 'POST', path, (
            '<KmsRequest xmlns="%s" Version="1.1.0"><UserUri>sip:asker@'
            'example.org</UserUri><KmsUri>gw.border.example</KmsUri><Time>'
            '2030-01-01T00:00:00Z</Time></KmsRequest>' % d.KMS_NS).encode(),
            XML, XML)
    return Question(dialect, 'GET', d.PLAIN_PATH + path, accept={
        'domain-lookup': XML, 'domain-lookup-json': JSON}[dialect])


def told(dialect, answer):
    """What an answer says: (user, [(domain, external or None)])."""
    assert answer.status == 200, answer
    if dialect == 'domain-lookup-json':
        assert answer.kind == JSON, answer
        o = json.loads(answer.body)
        return o['user'], [(x['kms'], x.get('external'))
                           for x in o['domains']]
    assert answer.kind == XML, answer
    root = ElementTree.fromstring(answer.body)
    return (told_kms if dialect == 'kms' else told_xml)(root)


def told_kms(root):
    ns = '{%s}' % demo().KMS_NS
    assert root.tag == ns + 'KmsResponse', root.tag
    lookup = root.find(ns + 'KmsMessage').find(ns + 'KmsLookup')
    return lookup.find(ns + 'UserUri').text, [
        (x.text, None) for x in lookup.findall(ns + 'KmsUri')]


def told_xml(root):
    ns = '{%s}' % demo().PLAIN_NS
    assert root.tag == ns + 'domain-lookup', root.tag
    out = []
    for d in root.findall(ns + 'domain'):
        e = d.find(ns + 'external')
        out.append((d.get('kms'), None if e is None else [
            x.get('kms') for x in e.findall(ns + 'domain')]))
    return root.get('user'), out
