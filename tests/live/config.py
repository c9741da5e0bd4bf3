#!/usr/bin/env python3
"""Kinds of mistakes in configuration: each is told with its place, what is
there, what should be, and a code that the manual explains.

`mcxgw check` and `mcxgw run` say the same and end with 1.
"""
import json
import os
import re

from lib import case, conf, env
from lib.gateway import mcxgw
from lib.site import Site

M, A, P = 'mcxgw.xml', 'agreements/a.xml', 'policy.xml'
PARTY_B = '<party system="bravo">'
LINE = re.compile(r'^(.*?)(?::(\d+))?: (error|warning): (.*) \[([a-z.-]+)\]$',
                  re.M)


class Mistake:
    """Replace `old` by `new` in a file; the place is that of `at`, by
    default of `new`; '': another file's, or the end."""

    def __init__(self, name, file, old, new, code, at=None, level='error'):
        self.name, self.file, self.old, self.new = name, file, old, new
        self.code, self.level = code, level
        self.at = new if at is None else at


def bad(*args, **more):
    return Mistake(*args, **more)


TWO_ALPHA = '<listener id="alpha-udp"'
MISTAKES = (
    # the form
    bad('not XML', M, '<run workers="2"/>', '<run workers="2">', 'xml.not-well-formed', at=''),
    bad('an unknown element', M, '<run workers="2"/>', '<turbo/>',
        'xml.schema'),
    bad('an unknown attribute', M, '<run workers="2"/>',
        '<run workers="2" colour="red"/>', 'xml.schema'),
    bad('a word of no list', M, '<log level="info"/>', '<log level="loud"/>',
        'xml.schema'),
    bad('a document type', M, '<mcxgw ', '<!DOCTYPE x>\n<mcxgw ',
        'xml.doctype', at='<!DOCTYPE'),
    bad('no such element left', M, '<topology keys="pki/token.keys"/>', '',
        'conf.missing', at=''),
    # mcxgw.xml
    bad('a number with letters', M, 'workers="2"', 'workers="two"',
        'conf.number'),
    bad('a number out of range', M, 'workers="2"', 'workers="9000"',
        'conf.range'),
    bad('a time without a unit', M, 'message="65536"',
        'message="65536" idle="600"', 'conf.unit'),
    bad('an address that is none', M, 'port="5070"', 'port="5070" ',
        'conf.address', at='address="127.0.0.300"'),
    bad('a port that is none', M, 'port="5061"', 'port="70000"',
        'conf.port'),
    bad('a system that is not there', M, 'system="bravo"', 'system="brave"',
        'conf.unknown-system'),
    bad('a tls that is not there', M, 'tls="border" advertise',
        'tls="boarder" advertise', 'conf.unknown-tls'),
    bad('one id twice', M, 'listener id="alpha-tcp"',
        'listener id="alpha-udp"', 'conf.id-twice', at='transport="tcp"'),
    bad('one address twice', M, '<listener id="alpha-tcp"',
        '<listener id="more" transport="tcp" address="%(gw)s" port="5060" '
        'system="alpha"/>\n  <listener id="alpha-tcp"',
        'conf.listener-twice', at='<listener id="alpha-tcp"'),
    bad('one domain in two systems', M, '<domain name="mcptt.bravo.example"/>',
        '<domain name="mcptt.bravo.example"/>\n'
        '    <domain name="mcptt.alpha.example" />', 'conf.domain-twice',
        at='<domain name="mcptt.alpha.example" />'),
    bad('no next hop', M, '    <next-hop address="%(bravo)s" '
        'transport="tls" tls="border" tls-name="gw.bravo.example"/>\n', '',
        'conf.hop-missing', at='<system id="bravo"', level='warning'),
    bad('a next hop that is us', M, 'address="%(alpha)s"',
        'address="%(gw)s:5060"', 'conf.hop-self'),
    bad('a next hop of no host', M, 'address="%(alpha)s"',
        'address="0.0.0.0:5080"', 'conf.hop-address'),
    bad('no identity', M, '    <identity tls="gw.bravo.example"/>\n', '',
        'conf.listener-identity', at='<listener id="bravo-tls"'),
    bad('a plain listener of nobody', M, 'port="5060" system="alpha"',
        'port="5060"', 'conf.listener-system'),
    bad('TLS without material', M, ' tls="border" advertise', ' advertise',
        'conf.listener-tls', at='<listener id="bravo-tls"'),
    bad('a certificate that is not there', M, 'pki/gateway.pem',
        'pki/nothing.pem', 'conf.file'),
    bad('a certificate that is none', M, 'pki/gateway.pem', 'policy.xml',
        'conf.certificate'),
    bad('the key of another', M, 'pki/gateway.key', 'pki/alpha.key',
        'conf.key-mismatch'),
    bad('metrics for everybody', M, '<admin address="%(gw)s"',
        '<admin address="0.0.0.0"', 'conf.admin-loopback'),
    bad('no folder for the socket', M, 'socket="ctl"',
        'socket="nowhere/ctl"', 'conf.control-folder', level='warning'),
    bad('a signer without its key', M, '<log level="info"/>',
        '<redirect certificate="pki/krr.pem"/>', 'conf.redirect-pair'),
    bad('the key of another signer', M, '<log level="info"/>',
        '<redirect certificate="pki/krr.pem" key="pki/bravo-krr.key"/>',
        'conf.key-mismatch'),
    bad('an author without a host', M, '<log level="info"/>',
        '<redirect author="tel:+491234"/>', 'conf.author'),
    bad('dialects that are nowhere', M, '<log level="info"/>',
        '<redirect dialects="none"/>', 'conf.folder'),
    bad('lookups for everybody', M, '<log level="info"/>',
        '<http-listener id="h" address="0.0.0.0" port="8080" '
        'system="alpha"/>', 'conf.http-plain'),
    bad('lookups where SIP is', M, '<log level="info"/>',
        '<http-listener id="h" address="%(gw)s" port="5060" '
        'system="alpha"/>', 'conf.listener-twice'),
    bad('an adapter that there is not', M, '<health options="0s"/>',
        '<lookup adapter="ldap"><endpoint address="127.0.0.9:8180"/>'
        '</lookup>', 'lookup.adapter'),
    bad('a service that is nowhere', M, '<health options="0s"/>',
        '<lookup adapter="kms"/>', 'conf.endpoint-missing'),
    bad('a service that is us', M, '<health options="0s"/>',
        '<lookup adapter="kms"><endpoint address="%(gw)s:5060"/></lookup>',
        'conf.endpoint-self'),
    bad('a table that is none', M, '<health options="0s"/>',
        '<lookup adapter="static" file="policy.xml"/>', 'xml.schema', at=''),
    bad('times that disagree', M, '<log level="info"/>',
        '<lookups ttl="2h" ttl-max="1h"/>', 'conf.limits'),
    bad('token keys that are none', M, 'pki/token.keys', 'pki/ca.pem',
        'token.', at=''),
    # agreements
    bad('an agreement of one party', A, PARTY_B + '%(rest)s', '',
        'agreement.parties', at='    valid-from'),
    bad('a party that is no system', A, PARTY_B, '<party system="brave">',
        'policy.system'),
    bad('a time that is none', A, 'valid-until="2036-01-01T00:00:00Z"',
        'valid-until="next year"', 'agreement.time', at='    valid-from'),
    bad('an end before the beginning', A, '2036-01-01', '2016-01-01',
        'agreement.validity', at='    valid-from'),
    bad('a rule of strangers', A, 'from="alpha" to="bravo" id="out"',
        'from="alpha" to="zulu" id="out"', 'agreement.direction'),
    bad('one rule twice', A, 'id="in"', 'id="out" ', 'agreement.rule-twice'),
    bad('no kind', A, '<communication service="mcptt mcvideo mcdata"><any/>'
        '</communication>', '<communication service="mcptt"/>', 'policy.any'),
    bad('a kind that is none', A, '<communication service="mcptt mcvideo '
        'mcdata"><any/></communication>',
        '<communication service="mcptt" kind="gossip"/>', 'policy.word'),
    bad('a pattern that is none', A, '<initiator><any/></initiator>',
        '<initiator match="alice"/>', 'policy.pattern'),
    bad('a domain that is not of the party', A, 'receiver="kms.bravo.example"',
        'receiver="kms.zulu.example"', 'agreement.kms-unlisted'),
    bad('a pin that is none', A, 'certificate-sha256="', 'certificate-sha256='
        '"xx', 'agreement.pin'),
    bad('a certificate that changed', A, 'certificate-sha256="%(pin)s"',
        'certificate-sha256="' + '0' * 64 + '"', 'kms.', at=''),
    bad('a certificate of another KMS', A, 'kms/alpha.xml" '
        'certificate-sha256="%(pin)s"', 'kms/charlie.xml"', 'agreement.'
        'certificate-of-other-kms'),
    bad('an overlap', A, '', '', 'agreement.overlap', at=''),
    bad('a rule that is never reached', A, '  <permit from="bravo"',
        '%(again)s  <permit from="bravo"', 'agreement.unreachable', at='',
        level='warning'),
    # local policy
    bad('a refusal of everything unsaid', P, '</policy>',
        '<refuse id="x"/>\n</policy>', 'policy.any', at='<refuse'),
    bad('a refusal of no system', P, '</policy>',
        '<refuse id="x" from="zulu"/>\n</policy>', 'policy.system',
        at='<refuse'),
    bad('a revoked domain of nobody', P, '</policy>',
        '<revoked kms="kms.zulu.example"/>\n</policy>', 'policy.revoked',
        at='<revoked', level='warning'),
    bad('a replay window that is too short', P, 'replay-window="900s"',
        'replay-window="300s"', 'policy.replay'),
    bad('a duration that is none', P, 'replay-window="900s"',
        'replay-window="soon"', 'policy.duration'),
)


def words(site):
    """What stands for itself in the table."""
    text = site.agreements['a.xml']
    one = conf.permit('alpha', 'bravo', 'again')
    return {
        'gw': site.host,
        'alpha': '%s:%d' % site.addresses['alpha'][0],
        'bravo': '%s:%d' % site.addresses['bravo'][0],
        'pin': re.search('certificate-sha256="([^"]*)"', text).group(1),
        'again': one,
        'rest': text[text.index(PARTY_B) + len(PARTY_B):
                     text.index('<permit')],
    }


def check(site, *more):
    return mcxgw('check', '-c', site.path(M), '--schema', env.SCHEMA, *more)


def try_one(site, m):
    w = words(site)
    site.write()
    if m.name == 'an overlap':
        conf.put(site.folder, 'agreements/b.xml',
                 conf.agreement(ident='again'))
    with open(site.path(m.file), encoding='utf-8') as f:
        text = f.read()
    old, new, at = m.old % w, m.new % w, m.at % w
    if m.name == 'an address that is none':
        old = 'address="%s" port="5070"' % site.host
        if old not in text:
            old = 'address="%s" port="5061"' % site.host
        new = old.replace(site.host, '127.0.0.300')
    assert old in text, 'not in %s: %s' % (m.file, old)
    text = text.replace(old, new, 1)
    conf.put(site.folder, m.file, text)
    r = check(site)
    said = r.stderr.decode()
    found = [f for f in LINE.findall(said) if f[4].startswith(m.code)]
    assert found, 'no %s in:\n%s' % (m.code, said)
    file, line, level, what, code = found[0]
    assert level == m.level, said
    assert os.path.basename(file) == os.path.basename(m.file) or not at, said
    if at:
        where = text[:text.index(at)].count('\n') + 1
        assert int(line) == where, 'line %s, not %d:\n%s' % (line, where,
                                                             said)
    after = said[said.index('[%s]' % code):].split('\n')[1]
    assert re.match(r'    want: .{8,}', after), said
    assert len(what) > 8, said
    assert r.returncode == (1 if m.level == 'error' else 0), r.returncode
    compare_json(site, code, level)
    if m.level == 'error':
        run = mcxgw('run', '-c', site.path(M), '--schema', env.SCHEMA)
        assert run.returncode == 1, run.returncode
        assert '[%s]' % code in run.stderr.decode(), run.stderr.decode()
    explained(code)


def compare_json(site, code, level):
    r = check(site, '--json')
    told = json.loads(r.stdout)
    assert told['ok'] == (level != 'error'), told
    assert any(code == e.get('code') for e in told['findings']), told


def explained(code):
    """The manual has an entry for the code."""
    pages = os.path.join(env.ROOT, 'doc', 'man')
    for name in os.listdir(pages):
        with open(os.path.join(pages, name), encoding='utf-8') as f:
            if code in f.read().replace('\\-', '-'):
                return
    raise AssertionError('no manual page knows ' + code)


def all_at_once(site):
    """Many mistakes are told in one run."""
    site.write()
    for f, old, new in ((M, 'workers="2"', 'workers="two"'),
                        (M, 'system="bravo"', 'system="brave"'),
                        (A, 'id="in"', 'id="out"'),
                        (P, '900s', 'soon')):
        with open(site.path(f), encoding='utf-8') as x:
            conf.put(site.folder, f, x.read().replace(old, new, 1))
    said = check(site).stderr.decode()
    codes = {f[4] for f in LINE.findall(said)}
    assert {'conf.number', 'conf.unknown-system'} <= codes, said
    assert re.search(r': [2-9]\d* errors, \d+ warnings\n$', said), said


def good(site):
    """The files themselves are good."""
    site.write()
    r = check(site)
    assert r.returncode == 0, r.stderr.decode()
    assert b'2 systems' in r.stdout, r.stdout


def shipped(_):
    """So is the example, once it has its keys."""
    import shutil
    import tempfile
    folder = tempfile.mkdtemp(prefix='mcxgw-live-')
    try:
        for name in ('mcxgw.xml', 'policy.xml', 'agreements', 'kms',
                     'schema'):
            path = os.path.join(env.ROOT, 'conf', name)
            copy = shutil.copytree if os.path.isdir(path) else shutil.copy
            copy(path, os.path.join(folder, name))
        conf.pki(os.path.join(folder, 'pki'))
        r = mcxgw('check', '-c', os.path.join(folder, 'mcxgw.xml'))
        assert r.returncode == 0, r.stderr.decode()
        assert b'error' not in r.stderr.split(b': 0 errors')[0], r.stderr
    finally:
        shutil.rmtree(folder)


def main():
    with Site('udp', 'tls', {'a.xml': conf.agreement()}, start=False,
              peers=False) as site:
        def one(m):
            def go():
                try:
                    try_one(site, m)
                finally:
                    if os.path.exists(site.path('agreements', 'b.xml')):
                        os.unlink(site.path('agreements', 'b.xml'))
            return m.name, go
        cases = [('good', lambda: good(site)), ('shipped',
                                                lambda: shipped(site))]
        cases += [one(m) for m in MISTAKES]
        cases.append(('all at once', lambda: all_at_once(site)))
        case.run(cases)


if __name__ == '__main__':
    main()
