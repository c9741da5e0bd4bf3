"""A gateway with lookup services on both sides, and the agreement between."""
import os

from . import conf, env, krr, peer, ua
from .redirects import OLD, TAC, WAYS, ZULU
from .service import Service
from .site import Site

PORT = {'alpha': 8180, 'bravo': 8190, 'charlie': 8195}
KMS_PORT = {'alpha': 8181, 'bravo': 8191, 'charlie': 8196}
SERVICE_HOST = {s: 'lookup.%s.example' % s for s in PORT}
DIALECTS = ('kms', 'domain-lookup', 'domain-lookup-json')
CERTIFICATES = ('lookup.alpha', 'lookup.bravo', 'lookup.charlie', 'asker')
# Users of each system by how many domains serve them.
NAMES = ('one', 'two', 'none', 'shy', 'far')


def user(system, name):
    return 'sip:%s@%s' % (name, conf.DOMAIN[system])


def users(system):
    """What a service knows: one domain, two, none, one that permits nobody,
    one whose list has the other's domain."""
    other = {'alpha': 'bravo', 'bravo': 'alpha'}.get(system, 'alpha')
    kms, tac = conf.KMS[system], TAC[system]
    return {
        ua.USERS[system]: [(kms, None)],
        user(system, 'one'): [(kms, None)],
        user(system, 'two'): [(tac, [conf.KMS[other], ZULU]), (kms, None)],
        user(system, 'none'): [],
        user(system, 'shy'): [(kms, [])],
        user(system, 'far'): [(kms, [ZULU])],
        user(system, 'tac'): [(tac, None)],
    }


def disclosure(*pairs, disclose='permitted'):
    """Who may ask about whom."""
    return ''.join('  <lookup from="%s" to="%s" disclose="%s"/>\n' % (
        a, b, disclose) for a, b in pairs)


def rules(lookup='always', failure='refuse', pairs=WAYS):
    return ''.join(conf.permit(
        a, b, a + '-' + b,
        domains='<domains initiator="%s" receiver="%s %s"/>' % (
            conf.KMS[a], conf.KMS[b], TAC[b]),
        attributes=lookup and ' lookup="%s" lookup-failure="%s"' % (
            lookup, failure) or '')
        for a, b in pairs)


def agreement(lookup='always', failure='refuse', more=None):
    """alpha and bravo know two domains of each other, one of old."""
    if more is None:
        more = disclosure(*WAYS)
    return conf.agreement(permits=rules(lookup, failure), more=more, kms={
        s: (TAC[s], OLD[s]) for s in ('alpha', 'bravo')})


def endpoint(at, system, tls, more=''):
    secured = ' tls="border" tls-name="%s"' % SERVICE_HOST[system]
    return '      <endpoint address="%s:%d"%s%s/>\n' % (
        *at, secured if tls else '', more)


def service(system, adapter, ends, tls=True, deadline='2s', element='lookup',
            attributes=''):
    """ends: addresses.  The element of a system."""
    return ('    <lookup adapter="%s" kms="%s" authority="%s:%d" '
            'deadline="%s"%s>\n%s    </lookup>\n' % (
                adapter, conf.KMS[system], SERVICE_HOST[system],
                PORT[system], deadline, attributes,
                ''.join(endpoint(at, system, tls) for at in ends)))


def static(file):
    return '    <lookup adapter="static" file="%s"/>\n' % file


def listeners(host):
    return ('  <http-listener id="alpha-http" address="%s" port="%d" '
            'system="alpha" authority="%s:%d"/>\n'
            '  <http-listener id="partners-http" address="%s" port="%d" '
            'tls="border" authority="%s:%d"/>\n' % (
                host, conf.HTTP_PORT, conf.HOST['gateway'], conf.HTTP_PORT,
                host, conf.HTTPS_PORT, conf.HOST['gateway'],
                conf.HTTPS_PORT))


def lookups(**settings):
    """The element lookups; none_after=... is none-after="..."."""
    return '  <lookups %s/>\n' % ' '.join(
        '%s="%s"' % (k.replace('_', '-'), v) for k, v in settings.items())


class LookupSite(Site):
    """alpha's service and bravo's, each in a dialect; those that are not
    secured speak plain HTTP/1.1.  settings: of the element lookups.

    services  by system, as long as they are of this process
    """

    def __init__(self, dialects=None, agreements=None, settings=None,
                 deadline='2s', own_services=True, elements=None,
                 alpn=('h2', 'http/1.1'), secured=('bravo',), **more):
        self.dialects = {'alpha': 'kms', 'bravo': 'domain-lookup-json',
                         **(dialects or {})}
        self.http_host = env.address(1)
        self.service_at = {s: (env.address(conf.PEER_HOST[s] + 10), PORT[s])
                           for s in PORT}
        self.services, self.alpn, self.secured = {}, alpn, secured
        self.own_services, self.deadline = own_services, deadline
        self.settings = settings or {}
        self.elements = elements or {}
        self.partners = {s: more.get(s, 'tls') for s in ('bravo', 'charlie')
                         if s == 'bravo' or s in more}
        extra = more.pop('more', '')
        super().__init__(
            more.pop('alpha', 'udp'), more.pop('bravo', 'tls'),
            agreements or {'a.xml': agreement()},
            more=listeners(self.http_host) + lookups(
                **{'none_after': '20ms', 'asks': '0', **self.settings}) +
            extra,
            systems=self.systems(), tls=True, **more)

    def systems(self):
        out = {s: self.elements.get(s) or service(
            s, self.dialects[s], [self.service_at[s]], s in self.secured,
            self.deadline) for s in ('alpha', 'bravo')}
        # Partners whose SIP has no TLS show who they are over HTTP.
        for s, t in self.partners.items():
            if t != 'tls':
                out[s] = out.get(s, '') + '    <identity tls="%s"/>\n' % (
                    conf.HOST[s])
        return out

    def write(self, **more):
        for name in CERTIFICATES:
            self.certificate(name)
        super().write(**more)

    def certificate(self, name, host=None):
        """pki/NAME.pem and .key, for NAME.example or another host."""
        if os.path.exists(self.path('pki', name + '.pem')):
            return
        krr.certificate(self.path('pki'), name, host or name + '.example')

    def __enter__(self):
        super_start, self.want_start = self.want_start, False
        super().__enter__()
        try:
            if self.own_services:
                for s in ('alpha', 'bravo'):
                    self.start_service(s)
            if super_start:
                self.gateway.start()
        except BaseException:
            self.__exit__(*([Exception] * 3))
            raise
        return self

    def start_service(self, system, **more):
        context = None
        if system in self.secured:
            context = self.service_context(system)
        self.services[system] = Service(
            self.service_at[system], self.dialects[system], users(system),
            context, self.alpn, conf.KMS[system], **more)
        return self.services[system]

    def service_context(self, system, name=None):
        name = name or 'lookup.' + system
        return peer.server_context(
            self.path('pki', 'ca.pem'), self.path('pki', name + '.pem'),
            self.path('pki', name + '.key'))

    def __exit__(self, *how):
        for s in self.services.values():
            s.stop()
        super().__exit__(*how)

