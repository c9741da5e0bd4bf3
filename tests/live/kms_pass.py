#!/usr/bin/python3
"""What crosses to the KMS of another system: certificates and uploads, by
policy; keys never; a bearer token to its KMS alone.

usage: kms_pass.py [CASE...]
"""
import hashlib
import os
import subprocess
import sys
import time

from lib import asker, case, conf, env, kms, lookups, questions, ua
from lib.kms import Kms
from lib.lookups import OLD, TAC, KMS_PORT, LookupSite, agreement
from lib.redirects import WAYS, ZULU

A, B = 'alpha', 'bravo'
TOKEN = 'canary-bearer-token.%s' % os.urandom(8).hex()
TOKEN_OWN = 'canary-own-token.%s' % os.urandom(8).hex()
# A user of bravo who is with alpha now.
ROAMING = 'sip:roaming@mcptt.bravo.example'
KRR = '<KrrList><KmsRedirectResponse xmlns="urn:3gpp:ns:mcsecKMSKRR:1.0"/>' \
    '</KrrList>'


def allowed(**what):
    return ''.join('  <kms from="%s" to="%s" %s/>\n' % (
        a, b, ' '.join('%s="%s"' % w for w in what.items()))
        for a, b in WAYS)


def element(system, at, tls, more=''):
    secured = ' tls="border" tls-name="%s"' % conf.KMS[system]
    return ('    <kms uri="%s" deadline="1s"%s>\n      <endpoint '
            'address="%s:%d"%s/>\n    </kms>\n' % (
                conf.KMS[system], more, *at, secured if tls else ''))


class Site(LookupSite):
    """Each system with a KMS; bravo's over TLS."""

    def __init__(self, agreed=None, watch='', **more):
        self.watch = watch
        self.agreed = agreed or allowed(cert='yes', certcache='yes',
                                        redirect='yes')
        self.kms = {}
        super().__init__(
            agreements={'a.xml': self.text_of(self.agreed)},
            log='debug', **more)

    @staticmethod
    def text_of(agreed):
        return agreement(None, more=lookups.disclosure(*WAYS) + agreed)

    def kms_at(self, system):
        return (self.service_at[system][0], KMS_PORT[system])

    def systems(self):
        out = {s: text + element(s, self.kms_at(s), s != A, self.watch)
               for s, text in super().systems().items()}
        out[A] += '    <migrated user="%s"/>\n' % ROAMING
        return out

    def write(self, **more):
        self.certificate('kms.bravo')
        super().write(**more)

    def __enter__(self):
        super().__enter__()
        for s in (A, B):
            other = A if s == B else B
            self.kms[s] = Kms(
                self.kms_at(s), conf.KMS[s],
                [conf.KMS[s], TAC[s], OLD[s], ZULU, conf.KMS[other]],
                None if s == A else self.service_context(s, 'kms.bravo'))
        return self

    def __exit__(self, *how):
        for k in self.kms.values():
            k.stop()
        super().__exit__(*how)

    def agree(self, agreed):
        """Another agreement, in force."""
        self.agreements['a.xml'] = self.text_of(agreed)
        self.write()
        self.gateway.wait_log('gateway.reloaded', self.gateway.reload())


def post(who, what, body, **more):
    return who.curl(kms.ROOT + what, body, method='POST', **more)


def far(system):
    return A if system == B else B


def crossing(site, system):
    """What may cross does, both protocols, and loses what may not."""
    other = far(system)
    who, service = asker.Asker(site, system), site.kms[other]
    for http in ('2', '1.1'):
        r = post(who, 'cert/' + conf.KMS[other],
                 kms.request(conf.KMS[other]), http=http, token=TOKEN)
        assert r.status == 200, r
        assert kms.named(r.body) == [conf.KMS[other]], r
        r = post(who, 'certcache/2', kms.request(conf.KMS[other]), http=http,
                 token=TOKEN)
        assert r.status == 200, r
        assert kms.named(r.body) == [conf.KMS[other], TAC[other]], r
        r = post(who, 'redirect', kms.request(conf.KMS[other], more=KRR),
                 http=http, token=TOKEN)
        assert r.status == 200, r
    assert [q.path.split('/')[4] for q in service.asked] == \
        ['cert', 'certcache', 'redirect'] * 2, service.asked
    for q in service.asked:
        assert q.fields['authorization'] == 'Bearer ' + TOKEN, q.fields
        assert not [f for f in q.fields if f.startswith('x-')], q.fields
    assert b'<KrrList>' in service.asked[2].body


def passes():
    with Site() as site:
        crossing(site, A)
        crossing(site, B)
        kept_quiet(site)


def refused(site, who, what, body, statuses=(403,), **more):
    """Refused, and the KMS has heard nothing of it."""
    before = [k.count() for k in site.kms.values()]
    r = post(who, what, body, token=TOKEN, **more)
    assert r.status in statuses, r
    assert kms.named(r.body) == [], r
    assert [k.count() for k in site.kms.values()] == before, 'it was told'


def never():
    """Keys and what else a KMS gives its own users."""
    with Site() as site:
        for s in (A, B):
            who, k = asker.Asker(site, s), conf.KMS[far(s)]
            for what in ('init', 'keyprov', 'keyprov/sip%3Aalice%40mcptt.'
                         'alpha.example', 'keyprov/sip%3Abob%40mcptt.bravo.'
                         'example/D6B4323200000000'):
                refused(site, who, what, kms.request(k), (400, 403))
            for domain in (OLD[far(s)], ZULU):
                refused(site, who, 'cert/' + domain, kms.request(k))
            for what in ('certs', 'cert', 'cert/a/b', 'INIT', '%69nit',
                         '../v1/init', 'cert/..%2Finit', ''):
                refused(site, who, what, kms.request(k),
                        (400, 403, 404))
            # Of many in one second some lines are left out.
            for kind in ('init', 'keyprov', 'cert'):
                assert site.gateway.find('kms.refused', kind=kind, asker=s)
            refused(site, who, 'certcache', kms.request('kms.x.example'))
            refused(site, who, 'certcache', kms.request(conf.KMS[s]))
            refused(site, who, 'cert/' + k, b'<KmsRequest', (400,))
        kept_quiet(site)


def migrated():
    """The keys of a user who has migrated, for the system where they are."""
    with Site() as site:
        k = conf.KMS[B]
        for what in ('init', 'keyprov',
                     'keyprov/' + questions.escaped(ROAMING)):
            r = post(asker.Asker(site, A), what, kms.request(k, ROAMING),
                     token=TOKEN)
            assert r.status == 200, r
        asked = site.kms[B].asked
        assert len(asked) == 3, asked
        assert all(q.fields['authorization'] == 'Bearer ' + TOKEN
                   for q in asked)
        refused(site, asker.Asker(site, A), 'keyprov', kms.request(
            k, 'sip:bob@mcptt.bravo.example'))
        refused(site, asker.Asker(site, B), 'keyprov', kms.request(
            conf.KMS[A], ROAMING))
        kept_quiet(site)


def as_agreed():
    """Each of the three by itself; a reload counts at once."""
    with Site() as site:
        for only in ('cert', 'certcache', 'redirect'):
            site.agree(allowed(**{only: 'yes'}))
            who = asker.Asker(site, B)
            for what in ('cert/' + conf.KMS[A], 'certcache', 'redirect'):
                body = kms.request(conf.KMS[A])
                if what.split('/')[0] == only:
                    r = post(who, what, body)
                    assert r.status == 200, (only, r)
                else:
                    refused(site, who, what, body)
        site.agree('')
        refused(site, asker.Asker(site, B), 'cert/' + conf.KMS[A],
                kms.request(conf.KMS[A]))


def failing():
    """A KMS that fails is a 503, at its deadline at the latest."""
    with Site() as site:
        who, service = asker.Asker(site, A), site.kms[B]
        for mood in ('never', 'malformed', 'huge', 'reset'):
            service.mood = mood
            before = service.count()
            began = time.monotonic()
            r = post(who, 'cert/' + conf.KMS[B], kms.request(conf.KMS[B]),
                     token=TOKEN)
            assert r.status in (502, 503, 504), (mood, r)
            assert time.monotonic() - began < 3 * env.PATIENCE, mood
            assert service.count() - before == 1, \
                '%s: sent %d times' % (mood, service.count() - before)
        service.mood = 'right'
        case.until(lambda: post(
            who, 'cert/' + conf.KMS[B],
            kms.request(conf.KMS[B])).status == 200, 15)
        kept_quiet(site)


def own_token():
    """The token that the gateway asks with goes to that service alone."""
    element = lookups.service(
        B, 'domain-lookup-json', [(env.address(13), lookups.PORT[B])],
        attributes=' token-file="token"')
    with Site(elements={B: element}, start=False) as site:
        with open(site.path('token'), 'w', encoding='ascii') as f:
            f.write(TOKEN_OWN + '\n')
        os.chmod(site.path('token'), 0o600)
        site.gateway.start()
        r = questions.ask('kms', lookups.user(B, 'one')).curl(
            asker.Asker(site, A), token=TOKEN)
        assert r.status == 200, r
        asked = site.services[B].asked
        assert len(asked) == 1, asked
        assert asked[0].fields.get('authorization') == \
            'Bearer ' + TOKEN_OWN, asked[0].fields
        r = questions.ask('kms', lookups.user(A, 'one')).curl(
            asker.Asker(site, B), token=TOKEN)
        assert r.status == 200, r
        assert 'authorization' not in site.services[A].asked[0].fields
        kept_quiet(site)


def watched():
    """A certificate that differs from the agreement's file is an alarm, and
    nothing else."""
    with Site(watch=' watch="1s"', start=False) as site:
        for s in (A, B):
            site.kms[s].texts[conf.KMS[s]] = kms.real(s)
        site.gateway.start()
        for s in (A, B):
            site.gateway.wait_log('kms.same', kms=conf.KMS[s])
        site.gateway.provoked.add('kms.changed')
        site.kms[B].texts[conf.KMS[B]] = kms.forged(B, 'charlie')
        line = site.gateway.wait_log('kms.changed', kms=conf.KMS[B])
        assert line['pinned'] != line['sha256'], line
        assert site.gateway.metrics()[
            'mcxgw_kms_watch_total{result="changed"}'] >= 1
        assert not site.gateway.find('kms.taken')


def fetched():
    """Where the agreement has a pin and no file, signatures are checked with
    the certificate that was fetched, if it is the one that is pinned."""
    mine = hashlib.sha256(kms.real(B).encode()).hexdigest()
    with Site(watch=' watch="1s"', start=False) as site:
        text = site.agreements['a.xml'].replace('signature="check"',
                                                'signature="require"')
        at = text.index('certificate="kms/bravo.xml"')
        end = text.index('/>', at)
        site.agreements['a.xml'] = text[:at] + \
            'certificate-sha256="%s"' % mine + text[end:]
        site.write()
        site.kms[A].texts[conf.KMS[A]] = kms.real(A)
        site.kms[B].texts[conf.KMS[B]] = kms.forged(B, 'charlie')
        site.gateway.provoked.add('kms.changed')
        site.gateway.start()
        site.gateway.wait_log('kms.changed', kms=conf.KMS[B])
        assert signed_call(site) == 403, 'checked with another certificate'
        site.kms[B].texts[conf.KMS[B]] = kms.real(B)
        site.gateway.wait_log('kms.taken', kms=conf.KMS[B])
        assert signed_call(site) == 486


def signed_call(site):
    """bravo calls alpha with a signed key message: how it ends."""
    b, a = ua.Server(site, B), ua.Server(site, A)
    d = b.invite(A, keys=[ua.key(B, A)])

    def ended(m):
        return m.call_id == d.call_id and (m.status or 0) >= 200

    def crossed(m):
        return m.is_request and m.method == 'INVITE'
    case.until(lambda: a.peer.has(crossed) or b.peer.has(ended))
    if a.peer.has(crossed):
        a.reply(a.peer.expect(crossed), 486)
    end = b.peer.expect(ended)
    d.ack_failure(end)
    return end.status


def kept_quiet(site):
    """No token stands in a log, a metric or an answer of the gateway."""
    log = '\n'.join(x.text for x in site.gateway.lines)
    _, metrics = site.gateway.get('/metrics')
    _, status = site.gateway.ctl('status')
    r = subprocess.run([env.BINARY, 'check', '-c', site.gateway.config,
                        '--schema', env.SCHEMA], capture_output=True,
                       text=True, check=False)
    for text in (log, metrics, status, r.stdout, r.stderr):
        assert 'canary' not in text, [x for x in text.splitlines()
                                      if 'canary' in x]


CASES = (passes, never, migrated, as_agreed, failing, own_token, watched,
         fetched)


def main():
    case.run([(f.__name__, f) for f in CASES], sys.argv[1:])


if __name__ == '__main__':
    main()
