"""What lookups cost: from the cache, translated, beside nghttpx; new
connections; calls that need one; and how much a million users take.

The gateway has one worker, as nghttpx has.  bravo asks about users of alpha,
over TLS with its certificate; alpha's service is nghttpd, with a file of
1.5 kB for each user, or nginx, which knows every user.
"""
import os
import shutil
import statistics

from lib import http, keys, messages, peers, proc, redirects

STREAMS = 32
CONNECTIONS = 1500
# All are asked about in turn: a cache that holds fewer finds none of them.
# In a large one those asked about once may fill a quarter.
USERS, SMALL, LARGE = 4000, 1000, 20000
MANY, AGAIN = 1000000, 1000
TURNS = ('never', 'always', 'always', 'never')
MIB = 1 << 20
HTTPS_PORT = 9543
JSON_PATH = '/domain-lookup/v1/users/%s'
KMS_PATH = '/keymanagement/identity/v1/lookup/%s'
JSON, XML = 'application/json', 'application/xml'
# Of one user: with these names an answer has 1.5 kB.
DOMAINS = ['kms-%02d.unit-%02d.north-district-of-alpha.example' % (i, i)
           for i in range(16)]
# Path, options of h2load and size of the cache.  Translated: asked in the KMS
# dialect, answered in JSON, never remembered.
KINDS = {'cached': (JSON_PATH, ['-H', 'accept: ' + JSON], LARGE),
         'translated': (KMS_PATH, ['-H', ':method: POST'], SMALL)}
ONE = '{"user":"%s","domains":[{"kms":"%s"}]}'


def user(i):
    return 'sip:mc-user-%07d@%s' % (i, messages.HOME)


def escaped(uri):
    return uri.replace(':', '%3A').replace('@', '%40')


def all_users(pattern):
    return [pattern % escaped(user(i)) for i in range(USERS)]


def answer(uri):
    """1.5 kB of JSON."""
    return '{"user":"%s","domains":[%s]}' % (uri, ','.join(
        '{"kms":"%s","external":["%s"]}' % (d, keys.Kms('bravo').uri)
        for d in DOMAINS))


class Gateway(peers.Gateway):
    """A gateway that answers bravo about alpha's users."""

    def __init__(self, name, folder, certs, build, cache=SMALL):
        super().__init__(name, folder, certs, build)
        self.cache = cache
        self.more = (
            '<http-listener id="https" address="%s" port="%d" tls="border" '
            'authority="%s:%d"/>\n'
            '<lookups cache="%d" ttl="3600s" none-after="0ms" asks="0" '
            'streams="256" connections="20000"/>\n' % (
                http.NEAR_IP, HTTPS_PORT, http.NEAR_IP, HTTPS_PORT, cache))
        self.inside = {'alpha': service('alpha')}

    def address(self, transport):
        if transport == 'https':
            return http.NEAR_IP, HTTPS_PORT
        return super().address(transport)

    def _agreement(self, partner, domain, certified):
        bravo = keys.Kms('bravo').uri
        return '''<?xml version="1.0" encoding="UTF-8"?>
<agreement %s id="alpha-bravo" serial="1" valid-from="2020-01-01T00:00:00Z"
 valid-until="2040-01-01T00:00:00Z">
<party system="alpha"><domain name="%s"/>
%s</party>
<party system="bravo"><domain name="%s"/><security-domain kms="%s"/></party>
<permit from="bravo" to="alpha" id="calls">
<communication service="mcptt"><any/></communication>
<initiator><any/></initiator><target><any/></target>
<domains initiator="%s" receiver="%s"/>
<key-message presence="required" signature="off"/>
</permit>
<lookup from="bravo" to="alpha" disclose="permitted"/>
</agreement>
''' % (peers.NS % 'agreement', messages.HOME, ''.join(
            '<security-domain kms="%s"/>\n' % d for d in DOMAINS),
            messages.PARTNER, bravo, bravo, ' '.join(DOMAINS))


class CallGateway(peers.Gateway):
    """A gateway whose calls need a lookup, or not."""

    def __init__(self, name, folder, certs, build, asks):
        super().__init__(name, folder, certs, build)
        self.asks = asks
        self.more = '<lookups ttl="3600s"/>\n'
        self.inside = {'bravo': service('bravo')}

    def permit(self, *args):
        return super().permit(*args).replace(
            '<permit ', '<permit lookup="%s" ' % self.asks, 1)


def service(system):
    name = system + '.bench.example'
    return ('<lookup adapter="domain-lookup-json" authority="%s:%d" '
            'deadline="2s"><endpoint address="%s:%d" tls="border" '
            'tls-name="%s"/></lookup>' % (
                name, http.FAR_PORT, http.FAR_IP, http.FAR_PORT, name))


def nginx_location(kms):
    """JSON about whoever is asked for."""
    return ('location ~ ^%s {\ndefault_type %s;\nreturn 200 \'%s\';\n}' % (
        JSON_PATH % '(?<who>.*)$', JSON, ONE % ('$who', kms)))


class Bench:
    def __init__(self, options, traffic, work, certs):
        self.options, self.traffic = options, traffic
        self.work = os.path.join(work, 'lookups')
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        self.certs = certs
        self.load = http.Load(self.work, certs, os.path.join(
            options.build, 'tests', 'libclientcert.so'))
        self.files = self._files()

    def _files(self):
        """What nghttpd serves; its paths are those after unescaping."""
        root = os.path.join(self.work, 'www')
        folder = root + JSON_PATH.rpartition('/')[0]
        os.makedirs(folder)
        with open(os.path.join(self.work, 'types'), 'w',
                  encoding='ascii') as f:
            f.write('%s example\n' % JSON)
        for i in range(USERS):
            with open(os.path.join(folder, user(i)), 'w',
                      encoding='ascii') as f:
                f.write(answer(user(i)))
        return root

    def beside(self, peer, make_back, what):
        """what(peer, back) with both up."""
        back = make_back()
        try:
            peer.start(*(() if isinstance(peer, http.Nghttpx) else ('udp',)))
            return what(peer, back)
        finally:
            peer.stop()
            back.stop()

    def nghttpd(self):
        return http.Nghttpd(self.work, self.certs, self.files)

    def nghttpx(self):
        return http.Nghttpx('nghttpx', self.work, self.certs)

    def gateway(self, **how):
        return Gateway('gw-lookups', self.work, self.certs,
                       self.options.build, **how)

    def ask(self, peer, back, path, words, wait):
        return self.load.run(peer.pids(), back.pids(),
                             peer.address('https'), path, words, wait)

    def steady(self, peer, back, pattern, words=()):
        """As many as there can be over one connection, about all users in
        turn."""
        words = ['-c', '1', '-m', str(STREAMS), *words]
        path = all_users(pattern)
        self.ask(peer, back, path, words + ['-n', str(USERS)], 20)
        proc.wait_quiet()
        s = self.options.seconds
        return self.ask(peer, back, path, words + ['-D', '%g' % s],
                        s + 20).row()

    def forwarded(self):
        return self.beside(self.nghttpx(), self.nghttpd, lambda p, b:
                           self.steady(p, b, JSON_PATH))

    def answered(self, kind):
        """By the gateway; it must have asked once about each user, or each
        time."""
        pattern, words, cache = KINDS[kind]

        def what(gw, back):
            row = self.steady(gw, back, pattern, words)
            asked = gw.metric(QUESTIONS)
            if (asked < row['ok']) if cache < USERS else (asked > USERS):
                raise proc.Trouble('%s: of %d were asked %d' % (
                    kind, row['ok'], asked))
            return row
        return self.beside(self.gateway(cache=cache), self.nghttpd, what)

    def connections(self, peer):
        """New ones, one question on each."""
        n = min(CONNECTIONS, int(CONNECTIONS * self.options.seconds / 2))
        words = ['-c', str(n), '-n', str(n), '-m', '1']

        def what(p, back):
            path = JSON_PATH % escaped(user(0))
            self.ask(p, back, path, ['-c', '1', '-n', '100'], 20)
            proc.wait_quiet()
            return self.ask(p, back, path, words, 60).row()
        return self.beside(peer, self.nghttpd, what)

    def many(self):
        """What a million remembered users take."""
        n = MANY // 10 if self.options.quick else MANY
        # Whom one asks about once makes room for those asked about again.
        who = [i for at in range(1, n + 1, AGAIN) for _ in range(2)
               for i in range(at, at + AGAIN)]
        words = ['-c', '1', '-m', str(STREAMS), '-H', 'accept: ' + JSON]

        def what(gw, back):
            self.ask(gw, back, JSON_PATH % escaped(user(0)),
                     words + ['-n', '1000'], 20)
            before = proc.rss(gw.process.pid)
            row = self.ask(gw, back,
                           [JSON_PATH % escaped(user(i)) for i in who],
                           words + ['-n', str(len(who))], 600).row()
            row['entries'] = gw.metric(ENTRIES)
            row['octets'] = proc.rss(gw.process.pid) - before
            return row
        return self.beside(
            self.gateway(cache=n + 10), lambda: http.Nginx(
                self.work, self.certs, 'alpha',
                nginx_location(DOMAINS[0])), what)


class Calls(redirects.Bench):
    """Calls of scenario B that need a lookup, remembered, or none."""
    warm = messages.GROUP # each user was asked about

    def both(self, bench):
        """Rows of calls without and with a lookup, by turns: one run alone
        differs from the next by more than a lookup costs."""
        rows = {'never': [], 'always': []}
        for name in TURNS * (1 if self.options.quick else 2):
            rows[name].append(with_bravo(bench, lambda: self.cpu(name)))
            show(name, rows[name][-1])
        return {name: {key: statistics.median(r[key] for r in runs)
                       for key in runs[0]} for name, runs in rows.items()}

    def gateway(self, name):
        return CallGateway('gw-' + name, self.work, self.certs,
                           self.options.build, name)

    @staticmethod
    def outcomes(gw):
        return [gw.series(CACHED), gw.metric(QUESTIONS)]

    @staticmethod
    def check(name, did, calls):
        cached, asked = did
        ok = asked == 0 and (
            cached >= calls if name == 'always' else cached == 0)
        if not ok:
            raise proc.Trouble('%s: of %d calls %d looked up, %d asked' % (
                name, calls, cached, asked))


CACHED = 'mcxgw_lookups_total{result="cached"}'
QUESTIONS, ENTRIES = 'mcxgw_lookup_questions_total', 'mcxgw_lookup_entries'


def show(name, row):
    print('lookups %-11s ' % name + ' '.join(
        '%s=%.4g' % x for x in row.items()), flush=True)


def with_bravo(bench, what):
    """what() with a service of bravo's that knows every user."""
    back = http.Nginx(bench.work, bench.certs, 'bravo', nginx_location(
        keys.Kms('bravo').uri))
    try:
        return what()
    finally:
        back.stop()


def measure(options, traffic, work, certs):
    """All rounds: rows by name; then what a million users take, and
    instructions of calls."""
    b = Bench(options, traffic, work, certs)
    c = Calls(options, traffic, work, certs)
    runs = (('forwarded', b.forwarded),
            ('cached', lambda: b.answered('cached')),
            ('translated', lambda: b.answered('translated')),
            ('new nghttpx', lambda: b.connections(b.nghttpx())),
            ('new gw', lambda: b.connections(b.gateway())))
    rounds, counts = [], {}
    for _ in range(options.repeats):
        row = {}
        for name, run in runs:
            row[name] = run()
            show(name, row[name])
        rounds.append({**row, **c.both(b)})
    for asks in ('never', 'always'):
        counts[asks] = with_bravo(b, lambda: c.instructions(asks))
    show('counted', counts)
    many = b.many()
    show('many', many)
    return {'rounds': rounds, 'instructions': counts, 'many': many,
            'octets': len(answer(user(0)))}
