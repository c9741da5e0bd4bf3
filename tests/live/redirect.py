#!/usr/bin/env python3
"""Redirect responses (KRR) across the border: decided by the gateway (A, B,
C), of the far side and reduced, in both directions, signed or not.

usage: redirect.py TRANSPORT-OF-ALPHA [CASE...]
"""
import contextlib
import sys

from lib import case, conf, krr, sipp, ua
from lib.redirects import OLD, TAC, WAYS, ZULU, key, signed_if, site_of

SIGNATURES = ('off', 'sign', 'require')


@contextlib.contextmanager
def sipp_site(signature, alpha):
    """With a TLS tunnel for the SIPp of the partner: (site, addresses)."""
    with site_of(signature, alpha, peers=False, start=False) as site, \
            sipp.Tunnel(site, 'bravo') as tunnel:
        site.hops = dict(site.addresses)
        site.hops['bravo'] = [tunnel.back]
        site.write()
        site.gateway.start()
        yield site, {'bravo': '%s:%d' % tunnel.front}


def no_of(play):
    """The 488s that the caller got, in order; each has its ACK."""
    no = play.messages('caller', lambda m: m.received and m.status == 488)
    acks = play.messages('caller', lambda m: not m.received and
                         m.method == 'ACK' and m.cseq == 1)
    assert len(no) == len(acks) == play.calls, (no, acks)
    # What the gateway refuses itself the far side does not hear of.
    if play.roles['called'][0] == 'called':
        assert not play.messages('called', lambda m: m.cseq == 1)
    for m in no:
        assert m.get('warning'), m.head
        assert m.get('content-type').startswith(krr.TYPE), m.head
    return no


def triggers(site, to, a, b, signature):
    """The gateway decides; the second attempt gets through."""
    bad = {'A': (conf.KMS[a], ZULU), 'B': (conf.KMS[a], OLD[b]),
           'C': (OLD[a], conf.KMS[b])}
    rows = [[key(a, b, *pair), key(a, b, None, TAC[b])]
            for pair in bad.values()]
    before = site.gateway.metrics()
    with sipp.Play(site, a, b, ('redirected', rows), ('called', ()),
                   to.get(a)) as play:
        play.wait()
    for m, (trigger, pair) in zip(no_of(play), bad.items()):
        assert krr.domains(m.body) == [conf.KMS[b], TAC[b]], m.body
        for name, want in (('ProcessorUri', 'sip:' + conf.HOST['gateway']),
                           ('InitiatorUri', ua.USERS[a]),
                           ('InitiatorKmsUri', pair[0]),
                           ('ReceiverUri', ua.USERS[b]),
                           ('RejectedReceiverKmsUri', pair[1])):
            assert krr.value(m.body, name) == want, (trigger, m.body)
        signed_if(m.body, signature, site)
    play.check()
    after = site.gateway.metrics()
    for t in bad:
        name = 'mcxgw_redirects_total{trigger="%s"}' % t
        assert after[name] == before[name] + 1, (t, after)


def reductions(site, to, a, b, signature):
    """The far side decides: all, some, none of what it lists may be used."""
    lists = ([TAC[b], conf.KMS[b]], [ZULU, TAC[b], OLD[b]], [OLD[b], ZULU])
    kept = (lists[0], [TAC[b]], [])
    pki = site.path('pki')
    far = [krr.write(a, b, x, 'far-%d' % i) for i, x in enumerate(lists)]
    if signature != 'off':
        far = [krr.sign(x, pki, b + '-krr') for x in far]
    with sipp.Play(site, a, b, ('redirected', [
            [key(a, b), key(a, b, None, TAC[b])] for _ in far]),
            ('redirects', [[x] for x in far]), to.get(a)) as play:
        play.wait()
    no = no_of(play)
    assert no[0].body == far[0].encode(), no[0].body
    for m, sent, left in zip(no, far, kept):
        assert krr.domains(m.body) == left, m.body
        if left == lists[0]:
            continue
        assert krr.value(m.body, 'ProcessorUri') == 'sip:' + \
            conf.HOST['gateway'], m.body
        assert krr.inner(m.body) == sent.encode(), m.body
        signed_if(m.body, signature, site)
        if signature != 'off':
            krr.verify(krr.inner(m.body), pki, 'the inner one: ')
    play.check()


def by_sipp(signature, alpha):
    with sipp_site(signature, alpha) as (site, to):
        for a, b in WAYS:
            triggers(site, to, a, b, signature)
            reductions(site, to, a, b, signature)


def main():
    alpha, names = sys.argv[1], sys.argv[2:]
    case.run([('sipp.' + s, lambda s=s: by_sipp(s, alpha))
              for s in SIGNATURES], names)


if __name__ == '__main__':
    main()
