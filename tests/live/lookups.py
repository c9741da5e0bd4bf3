#!/usr/bin/python3
"""Lookups across the border: who asks, in which dialect, over what, and which
service answers, in which dialect, over what.

usage: lookups.py [CASE...]

Services are the example program, nginx, nghttpd and a file; askers are curl
over HTTP/2 and HTTP/1.1, nghttp and h2load.  Each pair of dialects, in both
directions, with certificates on both sides toward the partner.
"""
import contextlib
import os
import subprocess
import sys

from lib import case, conf, env, lookups, questions, sipp
from lib.asker import Asker, tool
from lib.lookups import DIALECTS, OLD, TAC, LookupSite, user
from lib.redirects import WAYS
from lib.service import demo

TOOLS = {
    'curl h2': lambda q, who: q.curl(who, http='2'),
    'curl http/1.1': lambda q, who: q.curl(who, http='1.1'),
    'nghttp': lambda q, who: q.nghttp(who),
}


def known(system):
    """What the services of these tests know."""
    return lookups.users(system)


def expected(service, asker, about, name):
    """What an asker's dialect can say of what a service's could."""
    other = 'alpha' if about == 'bravo' else 'bravo'
    out = []
    for kms, external in known(about).get(user(about, name), []):
        if kms == OLD[about]:
            continue
        if service == 'kms' or asker == 'kms' or external is None:
            external = None
        else:
            external = [x for x in external if x == conf.KMS[other]]
        out.append((kms, external))
    return out


# Programs that serve.

class Program:
    """A process that listens; ends with the block."""

    def __init__(self, site, words, at, name):
        self.words, self.at = words, at
        self.log = site.path(name + '.log')
        self.process = None

    def __enter__(self):
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                self.words, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        case.until(lambda: sipp.listening('tcp', *self.at) or
                   self.process.poll() is not None)
        assert self.process.poll() is None, self.said()
        return self

    def said(self):
        with open(self.log, encoding='utf-8', errors='replace') as f:
            return f.read()

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def example(site, system, dialect, http):
    """conf/demo/service."""
    demo()
    at = site.service_at[system]
    path = site.path('users-' + system)
    with open(path, 'w', encoding='ascii') as f:
        for who, domains in known(system).items():
            f.write(' '.join([who] + [
                d if x is None else '%s=%s' % (d, ','.join(x))
                for d, x in domains]) + '\n')
    pki = site.path('pki')
    secured = [] if system not in site.secured else [
        '--tls', *('%s/%s' % (pki, x) for x in (
            'lookup.%s.pem' % system, 'lookup.%s.key' % system, 'ca.pem'))]
    return Program(site, [
        os.path.join(env.ROOT, 'conf', 'demo', 'service'), '--dialect',
        dialect, '--listen', '%s:%d' % at, '--users', path, '--kms',
        conf.KMS[system], *secured], at, 'example-' + system)


def files(site, system, dialect):
    """A folder with an answer for each user, at its path."""
    d = demo()
    root = site.path('www-%s-%s' % (system, dialect))
    for who, domains in known(system).items():
        base = d.KMS_PATH if dialect == 'kms' else d.PLAIN_PATH
        folder = root + base.rstrip('/')
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, who), 'wb') as f:
            f.write(d.write_answer(dialect, who, domains, conf.KMS[system],
                                   base + questions.escaped(who))[2])
    with open(root + '/unknown', 'wb') as f:
        f.write(d.refusal(dialect, d.Refused(404))[2])
    return root


def media(dialect):
    return questions.JSON if dialect.endswith('json') else questions.XML


def nghttpd(site, system, dialect, http):
    """Files by GET."""
    types = site.path('types')
    with open(types, 'w', encoding='ascii') as f:
        f.write('%s example\n' % media(dialect))
    host, port = site.service_at[system]
    words = [tool('nghttpd'), '-a', host, '-d',
             files(site, system, dialect), '--mime-types-file=' + types]
    pki = site.path('pki')
    words += ['-V', str(port), '%s/lookup.%s.key' % (pki, system),
              '%s/lookup.%s.pem' % (pki, system)]
    return Program(site, words, (host, port), 'nghttpd-' + system)


NGINX = '''daemon off;
master_process off;
pid %(w)s/nginx.pid;
error_log %(w)s/error.log;
events { worker_connections 512; }
http {
access_log %(w)s/access.log;
client_body_temp_path %(w)s/body;
proxy_temp_path %(w)s/proxy;
fastcgi_temp_path %(w)s/fastcgi;
uwsgi_temp_path %(w)s/uwsgi;
scgi_temp_path %(w)s/scgi;
default_type %(media)s;
server {
listen %(at)s%(how)s;
%(tls)s
root %(root)s;
# The KMS dialect asks by POST, and what is there is a file; nobody is told
# with an error of its own.
recursive_error_pages on;
error_page 405 =200 $uri;
error_page 404 /unknown;
}
}
'''
NGINX_TLS = '''ssl_certificate %(pki)s/lookup.%(system)s.pem;
ssl_certificate_key %(pki)s/lookup.%(system)s.key;
ssl_client_certificate %(pki)s/ca.pem;
ssl_verify_client on;
'''


def nginx(site, system, dialect, http):
    """Files, over HTTP/2 or HTTP/1.1."""
    folder = site.path('nginx-' + system)
    os.makedirs(folder, exist_ok=True)
    at = site.service_at[system]
    how, tls = '', ''
    if system in site.secured:
        how = ' ssl' + (' http2' if http == '2' else '')
        tls = NGINX_TLS % {'pki': site.path('pki'), 'system': system}
    with open(folder + '/conf', 'w', encoding='ascii') as f:
        f.write(NGINX % {
            'w': folder, 'media': media(dialect), 'at': '%s:%d' % at,
            'how': how, 'tls': tls, 'root': files(site, system, dialect)})
    return Program(site, [tool('nginx'), '-c', folder + '/conf', '-p',
                          folder, '-e', folder + '/error.log'], at,
                   'nginx-' + system)


# What is proven of each.

def asked_each_way(site, dialect, tools):
    """Every asker's dialect, both directions."""
    for system, about in WAYS:
        who = Asker(site, system)
        for way in tools:
            for spoken in DIALECTS:
                for name in ('one', 'two', 'none', 'stranger'):
                    q = questions.ask(spoken, user(about, name))
                    answer = TOOLS[way](q, who)
                    got = questions.told(spoken, answer)
                    want = (user(about, name),
                            expected(dialect, spoken, about, name))
                    assert got == want, (
                        '%s by %s about %s, %s asked: %s, not %s; %s' % (
                            spoken, way, about, dialect, got, want, answer))


def pair(make, dialect, http='2', tools=tuple(TOOLS), secured=WAYS[0]):
    """A site whose two services are of one kind."""
    with LookupSite({'alpha': dialect, 'bravo': dialect}, secured=secured,
                    own_services=False) as site, \
            contextlib.ExitStack() as stack:
        for system in ('alpha', 'bravo'):
            stack.enter_context(make(site, system, dialect, http))
        asked_each_way(site, dialect, tools)
        under_load(site)


def under_load(site):
    """h2load, thousands of questions, none failed."""
    for system, about in WAYS:
        for spoken in DIALECTS:
            q = questions.ask(spoken, user(about, 'one'))
            got = q.h2load(Asker(site, system), requests=300, clients=3)
            assert got[2] == 300, (system, spoken, got)


def table(system):
    """The file of the adapter static."""
    def domain(kms, external):
        if external is None:
            return '<domain kms="%s"/>' % kms
        return '<domain kms="%s"><external>%s</external></domain>' % (
            kms, ''.join('<domain kms="%s"/>' % x for x in external))
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            '<lookup xmlns="urn:mcxgw:lookup:1">\n%s</lookup>\n' % ''.join(
                '  <user uri="%s">%s</user>\n' % (
                    who, ''.join(domain(*d) for d in domains))
                for who, domains in known(system).items()))


def static():
    """A file of the gateway's own on each side."""
    with LookupSite(elements={s: lookups.static(s + '-users.xml')
                              for s in ('alpha', 'bravo')},
                    own_services=False, start=False) as site:
        for s in ('alpha', 'bravo'):
            conf.put(site.folder, s + '-users.xml', table(s))
        site.gateway.start()
        asked_each_way(site, 'static', tuple(TOOLS))
        under_load(site)


def spellings():
    """One user in many spellings; paths that are none."""
    with LookupSite() as site:
        who = Asker(site, 'alpha')
        kms = [(conf.KMS['bravo'], None)]
        for path in ('sip%3Aone%40mcptt.bravo.example',
                     'sip:one@mcptt.bravo.example',
                     'SIP%3aone%40MCPTT.Bravo.EXAMPLE',
                     'sips%3Aone%40mcptt.bravo.example',
                     'sip%3Aone%40mcptt.bravo.example%3Bx%3Dy',
                     'sip%3A%256fn%2565%40mcptt.bravo.example'):
            for spoken in DIALECTS:
                q = questions.ask(spoken, None, path)
                _, got = questions.told(spoken, q.curl(who))
                assert got == kms, (path, spoken, got)
        for path in ('', 'one', 'sip%3Aone', 'a/b', 'sip%3A%40x',
                     'sip%3Aone%40mcptt.bravo.example/x', 'http%3A//x',
                     'sip%3Aone%00%40mcptt.bravo.example', '%zz', '%2',
                     'sip%3A' + 'o' * 600 + '%40mcptt.bravo.example'):
            for spoken in DIALECTS:
                q = questions.ask(spoken, None, path or '%20')
                a = q.curl(who)
                assert a.status in (400, 404), (path, spoken, a)
        # An escaped '/' is of the user, not of the path.
        site.services['bravo'].users['sip:a%2fb@mcptt.bravo.example'] = kms
        site.services['bravo'].users['sip:a/b@mcptt.bravo.example'] = kms
        for spoken in DIALECTS:
            q = questions.ask(spoken, None,
                              'sip%3Aa%2Fb%40mcptt.bravo.example')
            _, got = questions.told(spoken, q.curl(who))
            assert got == kms, (spoken, got)


def errors():
    """Each dialect says what is wrong in its own way."""
    with LookupSite() as site:
        who = Asker(site, 'alpha')
        for spoken in DIALECTS:
            q = questions.ask(spoken, user('bravo', 'one'))
            q.method = 'DELETE'
            a = q.curl(who)
            assert a.status == 405, a
            q = questions.ask(spoken, None, 'nobody')
            a = q.curl(who)
            assert a.status == 400, a
            if spoken == 'kms':
                assert b'<KmsError>' in a.body, a
            else:
                assert a.kind == questions.PROBLEM, a
        a = who.curl('/nothing')
        assert a.status == 404, a


def mapped():
    """bravo's service has other names for domains and users."""
    def inner(text):
        return text.replace('mcptt.bravo.example', 'users.inner.test') \
            .replace('kms.bravo.example', 'key-7.inner.test')
    maps = ('    <map user-domain="users.inner.test" '
            'as="mcptt.bravo.example"/>\n'
            '    <map kms="key-7.inner.test" as="kms.bravo.example"/>\n'
            '    <map user="tel:+4930123456" as="%s"/>\n'
            % user('bravo', 'phone'))
    text = lookups.agreement().replace(
        '<party system="bravo">\n', '<party system="bravo">\n' + maps)
    with LookupSite(agreements={'a.xml': text}, workers='1') as site:
        service = site.services['bravo']
        service.users = {inner(u): [(inner(d), x) for d, x in v]
                         for u, v in known('bravo').items()}
        service.users['tel:+4930123456'] = [('key-7.inner.test', None)]
        who = Asker(site, 'alpha')
        for spoken in DIALECTS:
            for name in ('one', 'two', 'none'):
                q = questions.ask(spoken, user('bravo', name))
                got = questions.told(spoken, q.curl(who))
                assert got == (user('bravo', name), expected(
                    'domain-lookup-json', spoken, 'bravo', name)), got
            q = questions.ask(spoken, user('bravo', 'phone'))
            assert questions.told(spoken, q.curl(who)) == (
                user('bravo', 'phone'), [(conf.KMS['bravo'], None)])
        assert service.count('tel:+4930123456') == 1, service.asked


def failover():
    """The next endpoint answers for one that does not."""
    at = [(env.address(n), lookups.PORT['bravo']) for n in (30, 13)]
    ends = lookups.service('bravo', 'domain-lookup-json', [])
    ends = ends.replace('    </lookup>', ''.join(
        lookups.endpoint(a, 'bravo', True, ' priority="%d"' % (i + 1))
        for i, a in enumerate(at)) + '    </lookup>')
    with LookupSite(elements={'bravo': ends}) as site:
        who = Asker(site, 'alpha')
        service = site.services['bravo']
        for i in range(20):
            name = 'sip:failover-%d@mcptt.bravo.example' % i
            service.users[name] = [(conf.KMS['bravo'], None)]
            q = questions.ask('domain-lookup-json', name)
            _, got = questions.told('domain-lookup-json', q.curl(who))
            assert got == service.users[name], got
        assert service.count() == 20, service.asked
        # One that answers an error is not the only one.
        first = lookups.Service(at[0], 'domain-lookup-json',
                                lookups.users('bravo'),
                                site.service_context('bravo'))
        first.mood = 'refuse'
        with first:
            _, got = questions.told('kms', questions.ask(
                'kms', user('bravo', 'one')).curl(who))
            assert got == [(conf.KMS['bravo'], None)], got


def by_command():
    """mcxgw lookup asks as the gateway would."""
    from lib.gateway import mcxgw
    with LookupSite() as site:
        r = mcxgw('lookup', '-c', site.gateway.config, '--schema',
                  env.SCHEMA, user('bravo', 'two'))
        text = r.stdout.decode()
        assert r.returncode == 0, r.stderr
        for word in (TAC['bravo'], conf.KMS['bravo']):
            assert word in text, text
        r = mcxgw('lookup', '-c', site.gateway.config, '--schema',
                  env.SCHEMA, user('bravo', 'none'))
        assert r.returncode == 1, (r.stdout, r.stderr)


def by_ctl():
    """What is remembered is shown, and forgotten when asked to."""
    with LookupSite(workers='1') as site:
        who, service = Asker(site, 'alpha'), site.services['bravo']
        q = questions.ask('kms', user('bravo', 'two'))
        for _ in range(3):
            q.curl(who)
        assert service.count() == 1, service.asked
        code, text = site.gateway.ctl('lookup', 'show',
                                      user('bravo', 'two'))
        assert code == 0 and TAC['bravo'] in text, text
        code, text = site.gateway.ctl('lookup', 'flush')
        assert code == 0, text
        q.curl(who)
        assert service.count() == 2, service.asked


def cases():
    out = []
    for d in DIALECTS:
        out.append(('example.' + d, lambda d=d: pair(
            example, d, secured=('bravo',))))
        out.append(('nginx.' + d, lambda d=d: pair(
            nginx, d, tools=('curl h2', 'nghttp'))))
        if d != 'kms':
            out.append(('nghttpd.' + d, lambda d=d: pair(
                nghttpd, d, tools=('curl http/1.1', 'nghttp'))))
    out.append(('nginx.http1', lambda: pair(
        nginx, 'kms', '1.1', ('curl http/1.1',), ('bravo',))))
    return out + [(f.__name__, f) for f in (
        static, spellings, errors, mapped, failover, by_command, by_ctl)]


def main():
    case.run(cases(), sys.argv[1:])


if __name__ == '__main__':
    main()
