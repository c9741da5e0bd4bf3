"""Who asks the gateway over HTTP: curl, nghttp and h2load, as alpha over its
plain link or as a partner with its certificate."""
import json
import os
import re
import shutil
import subprocess

from . import case, conf, env

JSON = 'application/json'
XML = 'application/xml'


class Answer:
    def __init__(self, status, kind, body, version):
        self.status, self.kind, self.body = status, kind, body
        self.version = version

    def __repr__(self):
        return '%s %s %s: %r' % (self.version, self.status, self.kind,
                                 self.body[:2000])


def tool(name):
    if shutil.which(name) is None:
        raise case.Skip('no ' + name)
    return name


class Asker:
    """system: whose certificate, or 'alpha' on its plain link."""

    def __init__(self, site, system='alpha', folder='pki', name=None):
        self.site, self.system = site, system
        self.tls = system != 'alpha'
        self.port = conf.HTTPS_PORT if self.tls else conf.HTTP_PORT
        self.cert = site.path(folder, (name or system) + '.pem')
        self.key = site.path(folder, (name or system) + '.key')
        self.authority = '%s:%d' % (conf.HOST['gateway'], self.port)
        self.at = '%s:%d' % (site.http_host, self.port)

    def url(self, path, host=None):
        return '%s://%s%s' % ('https' if self.tls else 'http',
                              host or self.authority, path)

    def curl(self, path, body=None, kind=XML, accept=None, http='2',
             method=None, token=None, fields=(), seconds=20):
        """http: '2' or '1.1'."""
        way = {'1.1': '--http1.1', '2': '--http2' if self.tls else
               '--http2-prior-knowledge'}[http]
        words = [tool('curl'), '-sS', '--path-as-is', way, '--max-time',
                 str(int(seconds * env.PATIENCE)), '-w',
                 '\n%{http_code} %{http_version} %{content_type}',
                 '--connect-to', '::' + self.at]
        if self.tls:
            words += ['--cacert', self.site.path('pki', 'ca.pem')]
            if self.cert is not None:
                words += ['--cert', self.cert, '--key', self.key]
        if body is not None:
            words += ['--data-binary', '@-', '-H', 'Content-Type: ' + kind]
        if accept is not None:
            words += ['-H', 'Accept: ' + accept]
        if token is not None:
            words += ['-H', 'Authorization: Bearer ' + token]
        for f in fields:
            words += ['-H', f]
        if method is not None:
            words += ['-X', method]
        r = subprocess.run(words + [self.url(path)], input=body or b'',
                           capture_output=True, check=False)
        if r.returncode != 0:
            raise Refused('curl %d: %s' % (r.returncode, r.stderr.decode()))
        out, _, last = r.stdout.rpartition(b'\n')
        status, version, kind = (last.decode() + '  ').split(' ', 2)
        return Answer(int(status), kind.strip(), out, version)

    def nghttp(self, path, body=None, kind=XML, accept=None, method=None,
               seconds=20, more=()):
        folder = self.site.path('nghttp')
        os.makedirs(folder, exist_ok=True)
        har, data = folder + '/har.json', folder + '/body'
        words = [tool('nghttp'), '-y', '--har=' + har, '-t',
                 '%ds' % (seconds * env.PATIENCE), '-H',
                 ':authority: ' + self.authority, *more]
        if self.tls:
            words += ['--cert=' + self.cert, '--key=' + self.key]
        if body is not None:
            with open(data, 'wb') as f:
                f.write(body)
            words += ['-d', data, '-H', 'Content-Type: ' + kind]
        if accept is not None:
            words += ['-H', 'Accept: ' + accept]
        if method is not None:
            words += ['-H', ':method: ' + method]
        r = subprocess.run(words + [self.url(path, self.at)],
                           capture_output=True, check=False)
        with open(har, encoding='utf-8') as f:
            entries = json.load(f)['log']['entries']
        if r.returncode != 0 or not entries:
            raise Refused('nghttp %d: %s' % (r.returncode, r.stderr))
        response = entries[0]['response']
        kinds = [h['value'] for h in response['headers']
                 if h['name'] == 'content-type']
        return Answer(response['status'], (kinds + [''])[0], r.stdout, '2')

    def h2load(self, path, body=None, kind=XML, requests=200, clients=4,
               streams=16, accept=None, http='2', fields=()):
        """How many of each status class: {2: 200, ...}."""
        words = [tool('h2load'), '-n', str(requests), '-c', str(clients),
                 '-m', str(streams), '-H', 'host: ' + self.authority
                 if http == '1.1' else ':authority: ' + self.authority]
        if http == '1.1':
            words.append('--h1')
        if accept is not None:
            words += ['-H', 'accept: ' + accept]
        for f in fields:
            words += ['-H', f]
        if body is not None:
            data = self.site.path('h2load.body')
            with open(data, 'wb') as f:
                f.write(body)
            words += ['-d', data, '-H', 'content-type: ' + kind]
        r = subprocess.run(
            words + [self.url(path, self.at)], capture_output=True,
            text=True, check=False, timeout=60 * env.PATIENCE,
            env=self.shown())
        m = re.search(r'status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, '
                      r'(\d+) 5xx', r.stdout)
        assert r.returncode == 0 and m, r.stdout + r.stderr
        return {k: int(n) for k, n in zip((2, 3, 4, 5), m.groups())}

    def shown(self):
        """The environment in which h2load shows a certificate."""
        if not self.tls:
            return None
        return {**os.environ, 'LD_PRELOAD': shim(),
                'CLIENT_CERTIFICATE': self.cert, 'CLIENT_KEY': self.key}


class Refused(Exception):
    """There was no answer at all."""


def shim():
    """What gives h2load a client certificate; tests.cmake builds it."""
    path = os.environ.get('GW_CLIENTCERT') or os.path.join(
        os.path.dirname(env.BINARY), 'tests', 'libclientcert.so')
    if not os.path.exists(path):
        raise case.Skip('no ' + path)
    return path
