"""Two systems with more than one security domain each, and what is signed."""
import base64

from . import conf, krr, ua
from .site import Site

WAYS = (('alpha', 'bravo'), ('bravo', 'alpha'))
ZULU = 'kms.zulu.example'  # of nobody
TAC = {s: 'kms.%s-tac.example' % s for s in ua.USERS}
OLD = {s: 'kms.%s-old.example' % s for s in ua.USERS}
# Who writes, and whom it believes.
AUTHOR = '  <redirect certificate="pki/krr.pem" key="pki/krr.key"%s/>\n'
TRUST = ('    <redirect ca="pki/ca.pem" crl="pki/ca.crl"%s>'
         '<author name="gw.%s.example"/></redirect>\n')


def rules(signature, more='', key='presence="optional" signature="check"'):
    """Of an agreement: two receiver domains each way, and an old one that
    no longer may be used."""
    return ''.join(conf.permit(
        a, b, a + '-' + b, key=key,
        domains='<domains initiator="%s" receiver="%s %s"/>' % (
            conf.KMS[a], conf.KMS[b], TAC[b]),
        more='    <redirect signature="%s"%s/>\n' % (signature, more))
        for a, b in WAYS)


def agreement(*args, **more):
    return conf.agreement(permits=rules(*args, **more), kms={
        s: (TAC[s], OLD[s]) for s in ('alpha', 'bravo')})


def settings(dialects='', **dialect):
    return {'more': AUTHOR % dialects, 'systems': {
        s: TRUST % (dialect.get(s, ''), s) for s in ('alpha', 'bravo')}}


def site_of(signature, alpha='tcp', bravo='tls', rule='', **more):
    return Site(alpha, bravo, {'a.xml': agreement(signature, rule)},
                **{**settings(), **more})


def octets(a, b, mine=None, theirs=None):
    """A fresh key message of two users."""
    return ua.key(a, b, initiator_kms=mine or conf.KMS[a],
                  receiver_kms=theirs or conf.KMS[b])


def key(a, b, mine=None, theirs=None):
    """The same in base64."""
    return base64.b64encode(octets(a, b, mine, theirs)).decode()


def signed_if(text, signature, site):
    """As the rule demands it, by the gateway."""
    assert krr.is_signed(text) == (signature != 'off'), text
    if signature != 'off':
        krr.verify(text, site.path('pki'))
