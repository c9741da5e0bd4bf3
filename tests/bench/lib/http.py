"""h2load on one CPU, and what is measured on the other over HTTP/2: nghttpx
in front of nghttpd, beside the gateway.

h2load has no client certificates: a preloaded library gives it one.
"""
import os
import re
import subprocess
import time

from lib import peers, proc

NEAR_IP, FAR_IP, FAR_PORT = '127.0.0.1', '127.0.0.3', 8543
PROXY_PORT = 9443
CIPHER = 'TLS_AES_128_GCM_SHA256'
UNITS = {'us': 1e-6, 'ms': 1e-3, 's': 1, 'm': 60}


class Run:
    """What h2load said, and what the peer's CPU did meanwhile."""

    def __init__(self, text, peer_s, load_s, wall_s, other, stolen):
        m = re.search(r'finished in ([\d.]+)(us|ms|s|m)\b', text)
        done = re.search(r'requests: (\d+) total, \d+ started, (\d+) done, '
                         r'(\d+) succeeded, (\d+) failed, (\d+) errored',
                         text)
        codes = re.search(r'status codes: (\d+) 2xx', text)
        if not (m and done and codes):
            raise proc.Trouble('h2load: ' + text[-400:])
        self.seconds = float(m.group(1)) * UNITS[m.group(2)]
        self.ok = int(codes.group(1))
        self.bad = int(done.group(2)) - self.ok + int(done.group(5))
        self.peer_s, self.load_s, self.wall_s = peer_s, load_s, wall_s
        self.other, self.stolen = other, stolen

    def row(self):
        if self.ok == 0:
            raise proc.Trouble('h2load: not one request succeeded')
        return {'us': self.peer_s * 1e6 / self.ok, 'ok': self.ok,
                'per_s': self.ok / self.seconds, 'bad': self.bad,
                'peer_busy': self.peer_s / self.wall_s,
                'load_busy': self.load_s / self.wall_s,
                'other': self.other, 'stolen': self.stolen}


class Load:
    """h2load against one address.  helpers: processes on its CPU."""

    def __init__(self, work, certs, shim, who='bravo'):
        self.work, self.shim = work, shim
        self.env = {**os.environ, 'LD_PRELOAD': shim,
                    'CLIENT_CERTIFICATE': '%s/%s.pem' % (certs, who),
                    'CLIENT_KEY': '%s/%s.key' % (certs, who)}

    def run(self, pids, helpers, address, path, words, wait):
        """path: one, or a file of URIs (a list of them)."""
        base = 'https://%s:%d' % address
        if isinstance(path, str):
            where = [base + path]
        else:
            name = os.path.join(self.work, 'uris')
            with open(name, 'w', encoding='ascii') as f:
                f.write(''.join(base + p + '\n' for p in path))
            where = ['-i', name]
        out = os.path.join(self.work, 'h2load.out')
        if os.path.exists(out):
            os.unlink(out)
        before, began = proc.machine(), time.time()
        cpu, helped = proc.cpu_s(pids), proc.cpu_s(helpers)
        p = proc.spawn(['h2load', '-t', '1', '--tls13-ciphers=' + CIPHER,
                        *words, *where], out, env=self.env)
        load = proc.reap(p, wait)
        wall = time.time() - began
        peer = proc.cpu_s(pids) - cpu
        load += proc.cpu_s(helpers) - helped
        after = proc.machine()
        with open(out, encoding='utf-8') as f:
            text = f.read()
        return Run(text, peer, load, wall, max(
            0.0, after[0] - before[0] - peer - load) / wall,
            (after[1] - before[1]) / wall)


class Nghttpd:
    """Files over HTTP/2 and TLS, on the load's CPU."""

    def __init__(self, work, certs, folder):
        self.process = proc.spawn(
            ['nghttpd', '-n1', '-a', FAR_IP, '-d', folder, '--mime-types-file='
             + os.path.join(work, 'types'), str(FAR_PORT),
             certs + '/alpha.key', certs + '/alpha.pem'],
            os.path.join(work, 'nghttpd.log'))
        proc.wait_listening(self.process, 'tcp', FAR_IP, FAR_PORT, 'nghttpd')

    def pids(self):
        return [self.process.pid]

    def stop(self):
        proc.finish(self.process)


class Nginx:
    """An answer for every user, made of its path; on the load's CPU."""

    def __init__(self, work, certs, who, location):
        """who: whose certificate it shows; location: what it answers."""
        config = os.path.join(work, 'nginx.conf')
        with open(config, 'w', encoding='ascii') as f:
            f.write('''daemon off;
master_process off;
worker_rlimit_nofile 8192;
pid %(w)s/nginx.pid;
error_log %(w)s/nginx.log;
events { worker_connections 4096; }
http {
access_log off;
client_body_temp_path %(w)s/nginx-body;
proxy_temp_path %(w)s/nginx-proxy;
fastcgi_temp_path %(w)s/nginx-fastcgi;
uwsgi_temp_path %(w)s/nginx-uwsgi;
scgi_temp_path %(w)s/nginx-scgi;
keepalive_requests 100000000;
http2_max_concurrent_streams 256;
server {
listen %(ip)s:%(port)d ssl http2;
ssl_certificate %(c)s/%(who)s.pem;
ssl_certificate_key %(c)s/%(who)s.key;
%(location)s
}
}
''' % {'w': work, 'c': certs, 'who': who, 'ip': FAR_IP, 'port': FAR_PORT,
       'location': location})
        self.process = proc.spawn(
            ['nginx', '-c', config, '-p', work, '-e', work + '/nginx.log'],
            os.path.join(work, 'nginx.out'))
        proc.wait_listening(self.process, 'tcp', FAR_IP, FAR_PORT, 'nginx')

    def pids(self):
        return [self.process.pid]

    def stop(self):
        proc.finish(self.process)


class Nghttpx(peers.Peer):
    """HTTP/2 over TLS on both sides, client certificates in front, one
    worker."""

    def address(self, _transport='tls'):
        return NEAR_IP, PROXY_PORT

    def start(self):
        self.write('nghttpx.conf', '''frontend=%s,%d
backend=%s,%d;;tls;proto=h2;sni=alpha.bench.example
private-key-file=%s/border.key
certificate-file=%s/border.pem
verify-client=yes
verify-client-cacert=%s/ca.pem
cacert=%s/ca.pem
tls-min-proto-version=TLSv1.2
tls13-ciphers=%s
tls13-client-ciphers=%s
no-ocsp=yes
no-server-push=yes
workers=1
backlog=4096
errorlog-file=%s/error.log
''' % (NEAR_IP, PROXY_PORT, FAR_IP, FAR_PORT, *[self.certs] * 4, CIPHER,
            CIPHER, self.folder))
        # It has no option against tickets, its library has.
        self.write('openssl.cnf', '''openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = defaults
[defaults]
Options = -SessionTicket
NumTickets = 0
''')
        self.process = proc.spawn(
            ['nghttpx', '--conf=' + self.path('nghttpx.conf')],
            self.path('log'), proc.CPU_PEER, env={
                **os.environ, 'OPENSSL_CONF': self.path('openssl.cnf')})
        proc.wait_listening(self.process, 'tcp', NEAR_IP, PROXY_PORT,
                            'nghttpx')


def versions():
    out = []
    for words in (['nghttpx', '--version'], ['h2load', '--version']):
        p = subprocess.run(words, capture_output=True, text=True,
                           check=False)
        out.append(p.stdout.strip())
    return '; '.join(out)
