#!/usr/bin/env python3
"""Redirect responses (KRR) that are not the usual ones: chains of gateways,
hostile far sides, dialects of vendors, systems that do not understand them;
and what `mcxgw explain` says of them.

usage: redirect_odd.py [CASE...]
"""
import json
import os
import re
import shutil
import time

from lib import case, conf, env, krr, peer, sip, ua
from lib.gateway import Gateway, mcxgw
from lib.pair import Pair
from lib.redirects import (AUTHOR, OLD, TAC, TRUST, WAYS, ZULU, agreement,
                           octets, settings, signed_if, site_of)
from lib.site import Site

NO_TRUST = {'more': AUTHOR % ''}
LARGE = 'message="1048576"'


def called(pair, answer=None, status=488, kind=krr.TYPE, keys=None,
           close=False):
    """One call; the far side answers with a body: what the caller gets."""
    a, b = pair.a, pair.b
    d = a.invite(b.system, keys=keys or [octets(a.system, b.system)])
    inv = b.peer.expect('INVITE')
    try:
        b.reply(inv, status, headers=[('Content-Type', kind)],
                body=answer)
    except OSError:
        pass  # the gateway closed before it had all of it
    end = a.peer.expect(lambda m: m.status is not None and m.status >= 200 and
                        m.call_id == d.call_id, seconds=20)
    d.ack_failure(end)
    return end


def serves(site, a, b):
    """Others get through."""
    p = Pair(site, a, b)
    da, db = p.call(keys=[octets(a, b)])
    p.end(da, db, p.a, p.b)


def plain(end, *words):
    """A 488 with no KRR; the Warning says why."""
    assert end.status == 488 and not end.body, (end.head, end.body)
    assert 'kmsredirect' not in (end.get('content-type') or ''), end.head
    for w in words:
        assert w in end.get('warning'), (w, end.head)
    return end


# What the far side may not do.

def unsigned(site):
    """signature="require": what is not signed does not pass."""
    for a, b in WAYS:
        p = Pair(site, a, b)
        plain(called(p, krr.write(a, b, [TAC[b]])), 'sign')
        text = krr.sign(krr.write(a, b, [TAC[b]]), site.path('pki'), 'krr')
        plain(called(p, text), 'name')
        text = krr.sign(krr.write(a, b, [OLD[b]]), site.path('pki'),
                        b + '-krr')
        plain(called(p, text.replace(OLD[b], TAC[b])), 'has been changed')
        assert krr.domains(called(p, text).body) == []


def required():
    with site_of('require') as site:
        unsigned(site)
        refused = {name: n for name, n in site.gateway.metrics().items()
                   if name.startswith('mcxgw_redirects_refused_total')}
        assert sum(refused.values()) == 6, refused
        for reason in 'unsigned', 'name':
            name = 'mcxgw_redirects_refused_total{reason="%s"}' % reason
            assert refused[name] == 2, refused


def nothing_left_is_403():
    """empty="refuse"."""
    with site_of('sign', rule=' empty="refuse"') as site:
        for a, b in WAYS:
            p = Pair(site, a, b)
            end = called(p, krr.write(a, b, [ZULU, OLD[b]]))
            assert end.status == 403 and not end.body, end.head
            assert 'no domain is left' in end.get('warning'), end.head
            end = called(p, krr.write(a, b, [ZULU, TAC[b]]))
            assert end.status == 488, end.head
            assert krr.domains(end.body) == [TAC[b]], end.body


def not_embedded():
    """embed="no": nothing of the far side's own text passes."""
    with site_of('sign', rule=' embed="no"') as site:
        end = called(Pair(site, 'alpha', 'bravo'), krr.write(
            'alpha', 'bravo', [ZULU, TAC['bravo']]))
        assert krr.domains(end.body) == [TAC['bravo']], end.body
        assert krr.inner(end.body) is None and b'zulu' not in end.body
        signed_if(end.body, 'sign', site)


def one_part_of_many():
    """A KRR in a multipart; the rest of the body is as it was."""
    with site_of('sign') as site:
        for a, b in WAYS:
            text = krr.write(a, b, [ZULU, TAC[b]])
            kind, body = ua.multipart([('application/sdp', ua.sdp(b)),
                                       (krr.TYPE, text)])
            end = called(Pair(site, a, b), body, kind=kind)
            assert end.get('content-type') == kind, end.head
            assert ua.sdp(b).encode() in end.body, end.body
            part = re.search(b'<Kms.*</KmsRedirectResponse>', end.body,
                             re.S).group(0)
            assert krr.domains(part) == [TAC[b]], end.body
            assert krr.inner(part) == text.encode(), part
            krr.verify(part, site.path('pki'))
            assert end.body.count(b'--mcx-boundary') == 3, end.body


def not_understood():
    """A system that understands no KRR gets the domains in the Warning."""
    with site_of('sign', start=False) as site:
        conf.put(site.folder, 'mcxgw.xml', re.sub(
            '(<system id="[a-z]*")', r'\1 krr="no"', site.text()))
        site.gateway.start()
        for a, b in WAYS:
            p = Pair(site, a, b)
            plain(called(p, krr.write(a, b, [ZULU, TAC[b]])), TAC[b])
            d = p.a.invite(b, keys=[octets(a, b, None, ZULU)])
            end = p.a.peer.expect(488)
            d.ack_failure(end)
            plain(end, 'receiver-domain', TAC[b], conf.KMS[b])


def who_may_author():
    """author="exit": the gateway of the caller's side alone; "entry": that
    of the other."""
    for word, a, b in (('exit', 'alpha', 'bravo'),
                       ('entry', 'bravo', 'alpha')):
        with site_of('off', rule=' author="%s"' % word) as site:
            p = Pair(site, a, b)
            text = krr.write(a, b, [ZULU, TAC[b]])
            assert called(p, text).body, word
            q = Pair(site, b, a)
            plain(called(q, krr.write(b, a, [ZULU, TAC[a]])), 'this end')
            text = krr.write(b, a, [TAC[a]])
            assert called(q, text).body == text.encode()


def no_more_rounds():
    """A caller that never takes what is offered is not told for ever."""
    with site_of('sign') as site:
        p = Pair(site, 'alpha', 'bravo')
        told = []
        ident = sip.token()
        for _ in range(12):
            d = p.a.invite('bravo', send=False, keys=[
                octets('alpha', 'bravo', None, ZULU)])
            d.raw = d.raw.replace(d.call_id.encode(), ident.encode())
            p.a.peer.send(d.raw)
            end = p.a.peer.expect(488)
            d.ack_failure(end)
            told.append(bool(end.body))
        assert told == [True] * 8 + [False] * 4, told
        assert site.gateway.find('redirect.rounds')


def other_requests():
    """MESSAGE, PUBLISH, NOTIFY and the like with a key message."""
    with site_of('sign') as site:
        for a, b in WAYS:
            p = Pair(site, a, b)
            for method in ('MESSAGE', 'PUBLISH', 'REGISTER'):
                kind, body = ua.multipart([
                    ('application/mikey', octets(a, b, None, ZULU)),
                    (ua.INFO_TYPE % 'mcptt', ua.info(
                        ua.USERS[a], ua.USERS[b], None))])
                p.a.single(method, b, [('Content-Type', kind)], body)
                end = p.a.peer.expect(lambda m: m.status is not None and
                                      m.status >= 200)
                assert end.status == 488, (method, end.head)
                assert krr.domains(end.body) == [conf.KMS[b], TAC[b]], method
                krr.verify(end.body, site.path('pki'))


# Chains.

def chain():
    """Three gateways, each with less to permit than the one behind it: what
    the far end signed is in what the second wrote is in what the first did."""
    third = 'kms.bravo-reserve.example'
    lists = ((conf.KMS['bravo'],), (conf.KMS['bravo'], TAC['bravo']),
             (conf.KMS['bravo'], TAC['bravo'], third))
    with Site('tcp', 'tcp', start=False) as site:
        names = ['gw%d.border.example' % i for i in (1, 2, 3)]
        behind = names[1:] + [conf.HOST['bravo']]
        hosts = [env.address(20 + i) for i in range(3)]
        gateways = []
        for i, name in enumerate(names):
            folder = site.path(name)
            shutil.copytree(site.path('pki'), folder + '/pki')
            krr.certificate(folder + '/pki', 'krr', name)
            with open(folder + '/pki/token.keys', 'w', encoding='ascii') as f:
                f.write('1 %s\n' % sip.token(32))
            hop = {'alpha': '%s:%d' % site.addresses['alpha'][0],
                   'bravo': '%s:%d' % site.addresses['bravo'][0]}
            if i > 0:
                hop['alpha'] = '%s:%d' % (hosts[i - 1],
                                          conf.SIP_PORT['bravo'])
            if i < 2:
                hop['bravo'] = '%s:%d' % (hosts[i + 1],
                                          conf.SIP_PORT['alpha'])
            text = conf.document(
                site.transports, hosts[i], {s: [h] for s, h in hop.items()},
                more=AUTHOR % '', systems={'bravo': (
                    '    <redirect ca="pki/ca.pem" crl="pki/ca.crl">%s'
                    '</redirect>\n' % ''.join('<author name="%s"/>' % n
                                              for n in behind[i:]))})
            rule = conf.permit(
                'alpha', 'bravo', domains='<domains initiator="%s" '
                'receiver="%s"/>' % (conf.KMS['alpha'], ' '.join(lists[i])),
                more='    <redirect signature="require"/>\n')
            conf.write_files(folder, text.replace(
                'name="%s"' % conf.HOST['gateway'], 'name="%s"' % name), {
                    'a.xml': conf.agreement(permits=rule, kms={
                        'bravo': (TAC['bravo'], third)})})
            gateways.append(Gateway(folder, name=name).start())
        site.alpha.gateway = (hosts[0], conf.SIP_PORT['alpha'])
        try:
            through_three(site, lists, names)
        except AssertionError:
            for g in gateways:
                print('\n'.join(x.text for x in g.lines[-8:]))
            raise
        finally:
            for g in gateways:
                assert g.stop() == 0
                assert not g.complaints(), g.complaints()


def through_three(site, lists, names):
    pki = site.path('pki')
    far = krr.sign(krr.write('alpha', 'bravo', lists[2]), pki, 'bravo-krr')
    p = Pair(site, 'alpha', 'bravo')
    end = called(p, far)
    assert end.status == 488, end.head
    layers = [end.body]
    while krr.inner(layers[-1]):
        layers.append(krr.inner(layers[-1]))
    assert [krr.domains(x) for x in layers] == [list(x) for x in lists], \
        end.body
    assert layers[-1] == far.encode(), layers[-1]
    assert [krr.value(x, 'ProcessorUri') for x in layers] == [
        'sip:' + n for n in names[:2] + [conf.HOST['bravo']]], end.body
    for i, x in enumerate(layers):
        krr.verify(x, pki, 'layer %d: ' % i)
    # The caller takes what is left.
    d = p.a.invite('bravo', keys=[octets('alpha', 'bravo')])
    p.b.reply(p.b.peer.expect('INVITE'), 486)
    d.ack_failure(p.a.peer.expect(486))


# Hostile far sides.

DTD = ('<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;'
       '&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>')


def nested(n):
    one = '<EmbeddedKrr><%s Id="%%d" Version="1.0.0">' % krr.ROOT
    text = krr.write('alpha', 'bravo', [TAC['bravo']])
    end = '</%s>' % krr.ROOT
    return text[:-len(end)] + ''.join(
        one.replace('%d', 'n%d' % i) for i in range(n)) + (
            '</%s></EmbeddedKrr>' % krr.ROOT) * n + end


def hostile_texts():
    good = krr.write('alpha', 'bravo', [TAC['bravo']])
    return (
        ('10,000 domains', krr.write('alpha', 'bravo', [
            'kms%d.bravo.example' % i for i in range(10000)])),
        ('nested 1,000 deep', nested(1000)),
        ('nested 6 deep', nested(6)),
        ('an entity', DTD + good.replace(TAC['bravo'], '&c;')),
        ('a DTD', '<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd">' + good),
        ('a domain of 100,000', good.replace(TAC['bravo'], 'k' * 100000)),
        ('no end', good[:-30]),
        ('two roots', good + good),
        ('another root', good.replace(krr.ROOT, 'KmsResponse')),
        ('no list', re.sub('<Receiver[A-Za-z]*List>.*List>', '', good)),
        ('not XML', '\0\1\2' * 1000),
        ('nothing', ''),
        ('one million attributes', good.replace(
            ' Id=', ''.join(' a%d=""' % i for i in range(100000)) + ' Id=')),
    )


def hostile(site, signature):
    for name, text in hostile_texts():
        p = Pair(site, 'alpha', 'bravo')
        began = time.monotonic()
        end = called(p, text)
        took = time.monotonic() - began
        assert took < 2 * env.PATIENCE, (name, took)
        if text:
            plain(end)
            m = re.search('"redirect; decision [0-9a-f]{16}; (.{8,})"',
                          end.get('warning'))
            assert m, end.head
            print('  %s: %s' % (name, m.group(1)), flush=True)
        assert end.status == 488, (name, end.head)
        serves(site, 'bravo', 'alpha')
    assert site.gateway.rss() < 256 << 20, site.gateway.rss()


def hostile_far_sides():
    for signature in ('off', 'require'):
        with site_of(signature, limits=LARGE) as site:
            hostile(site, signature)


def ten_megabytes():
    """More than a message may have: the connection ends, and the call."""
    with site_of('off') as site:
        text = krr.write('alpha', 'bravo', [TAC['bravo']], more='<!--%s-->' %
                         ('x' * (10 << 20)))
        p = Pair(site, 'alpha', 'bravo')
        began = time.monotonic()
        end = called(p, text)
        assert time.monotonic() - began < 10 * env.PATIENCE
        assert end.start == 'SIP/2.0 502 Response Too Large', end.head
        case.until(lambda: works(site))
        serves(site, 'bravo', 'alpha')


def works(site):
    """Calls get there again."""
    p = Pair(site, 'alpha', 'bravo')
    d = p.a.invite('bravo', keys=[octets('alpha', 'bravo')])
    case.until(lambda: p.b.peer.has(lambda m: m.is_request) or
               p.a.peer.has(lambda m: m.status >= 300))
    if not p.b.peer.has(lambda m: m.is_request):
        d.ack_failure(p.a.peer.expect(lambda m: m.status >= 300))
        return False
    p.b.reply(p.b.peer.expect('INVITE'), 486)
    d.ack_failure(p.a.peer.expect(486))
    return True


# Dialects.

VENDOR = 'urn:example:vendor:redirect:2'


def dialect_site(**more):
    """Bravo speaks the dialect of the file."""
    site = Site('tcp', 'tls', {'a.xml': agreement('sign')}, start=False,
                **{**settings(' dialects="dialects"',
                              bravo=' dialect="vendor"'), **more})
    os.mkdir(site.path('dialects'))
    shutil.copy(os.path.join(env.TESTS, 'support', 'dialects', 'vendor.xml'),
                site.path('dialects', 'vendor.xml'))
    return site


def vendor(domains):
    return ('<v:Redirect xmlns:v="%s" id="v-1" format="2"><v:from>%s</v:from>'
            '<v:fromKms>%s</v:fromKms><v:to>%s</v:to><v:refusedKms>%s'
            '</v:refusedKms>%s<v:comment>no</v:comment></v:Redirect>' % (
                VENDOR, ua.USERS['alpha'], conf.KMS['alpha'],
                ua.USERS['bravo'], conf.KMS['bravo'],
                ''.join('<v:useKms>%s</v:useKms>' % d for d in domains)))


def dialect():
    """Read from bravo and written to it by a file alone."""
    with dialect_site() as site:
        site.gateway.start()
        p = Pair(site, 'alpha', 'bravo')
        for sent, left in (([TAC['bravo']], [TAC['bravo']]),
                           ([ZULU, TAC['bravo']], [TAC['bravo']])):
            end = called(p, vendor(sent))
            assert end.status == 488 and end.body, end.head
            assert b'urn:3gpp:ns:mcsecKMSKRR:1.0' in end.body, end.body
            assert vendor(sent).encode() in end.body, end.body
            assert krr.domains(end.body) == left, end.body
        q = Pair(site, 'bravo', 'alpha')
        d = q.a.invite('alpha', keys=[octets('bravo', 'alpha', None, ZULU)])
        end = q.a.peer.expect(488)
        d.ack_failure(end)
        assert b'<SignedRedirect xmlns="%s"' % VENDOR.encode() in end.body, \
            end.body
        assert krr.domains(end.body, b'useKms') == [
            conf.KMS['alpha'], TAC['alpha']], end.body
        for name, want in (('fromKms', conf.KMS['bravo']),
                           ('refusedKms', ZULU), ('to', ua.USERS['alpha']),
                           ('by', 'sip:' + conf.HOST['gateway'])):
            assert krr.value(end.body, name) == want, end.body


def dialect_mistakes():
    """`mcxgw check` finds them, with file and line."""
    changes = (('is="author"', 'is="writer"', 'xml.schema'),
               ('<element is="embedded" name="because"/>', '', 'krr.dialect-'),
               ('name="useKms"', 'name="refusedKms"', 'krr.dialect-'),
               ('namespace="%s"' % VENDOR, 'namespace=""', ''),
               ('name="by"', 'name="1by"', ''))
    with dialect_site(peers=False) as site:
        path = site.path('dialects', 'vendor.xml')
        with open(path, encoding='utf-8') as f:
            good = f.read()

        def check():
            return mcxgw('check', '-c', site.path('mcxgw.xml'), '--schema',
                         env.SCHEMA)
        assert check().returncode == 0, check().stderr
        for old, new, code in changes:
            assert old in good, old
            conf.put(site.folder, 'dialects/vendor.xml',
                     good.replace(old, new, 1))
            r = check()
            said = r.stderr.decode()
            assert r.returncode == 1, (new, said)
            m = re.search(r'vendor\.xml:(\d+): error: .*\[(.*)\]', said)
            assert m and m.group(2).startswith(code), said
        conf.put(site.folder, 'dialects/vendor.xml', good)
        with open(site.path('mcxgw.xml'), encoding='utf-8') as f:
            text = f.read()
        conf.put(site.folder, 'mcxgw.xml', text.replace(
            'dialect="vendor"', 'dialect="vendors"'))
        said = check().stderr.decode()
        assert '[redirect.dialect]' in said and 'vendors' in said, said


# explain

def explain(site, raw, *words):
    r = mcxgw('explain', '-c', site.path('mcxgw.xml'), '--schema',
              env.SCHEMA, '--from', 'alpha', *words, '-', input=raw)
    assert r.returncode in (0, 1), r.stderr.decode()
    return r.stdout.decode()


def explained():
    """The KRR it would send; of one that came, each domain and why."""
    with site_of('sign') as site:
        a = ua.Server(site, 'alpha')
        d = a.invite('bravo', send=False, keys=[
            octets('alpha', 'bravo', None, ZULU)])
        got = json.loads(explain(site, d.raw, '--json'))
        assert got['verdict'] == 'redirect' and got['status'] == 488, got
        text = got['redirect']['krr'].encode()
        assert krr.domains(text) == got['receiver_domains'] == [
            conf.KMS['bravo'], TAC['bravo']], got
        krr.verify(text, site.path('pki'))
        assert '<KmsRedirectResponse' in explain(site, d.raw)
        d = a.invite('bravo', send=False, keys=[octets('alpha', 'bravo')])
        m = sip.Msg(d.raw)
        sent = krr.write('alpha', 'bravo', [ZULU, TAC['bravo'], OLD['bravo']])
        no = peer.answer(m, 488, 'x', [('Content-Type', krr.TYPE)], sent)
        with open(site.path('488.sip'), 'wb') as f:
            f.write(no)
        words = ('--response', site.path('488.sip'))
        got = json.loads(explain(site, d.raw, '--json', *words))
        r = got['redirect']
        assert got['verdict'] == 'permit', got
        assert [(x['domain'], x['kept']) for x in r['offered']] == [
            (ZULU, False), (TAC['bravo'], True), (OLD['bravo'], False)], r
        assert len({x['because'] for x in r['offered']}) == 3, r
        assert krr.inner(r['krr'].encode()) == sent.encode(), r
        text = explain(site, d.raw, *words)
        assert '%s: dropped: ' % ZULU in text, text
        assert '%s: kept: ' % TAC['bravo'] in text, text


CASES = (required, nothing_left_is_403, not_embedded, one_part_of_many,
         not_understood, who_may_author, no_more_rounds, other_requests,
         chain, hostile_far_sides, ten_megabytes, dialect, dialect_mistakes,
         explained)

if __name__ == '__main__':
    case.run([(f.__name__, f) for f in CASES])
