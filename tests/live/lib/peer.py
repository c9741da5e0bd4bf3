"""A SIP peer on UDP, TCP or TLS that keeps everything it receives."""
import socket
import ssl
import threading
import time

from . import sip
from .env import PATIENCE


class Late(AssertionError):
    """What was waited for did not come."""


class Stream:
    """One TCP or TLS connection of a peer."""

    def __init__(self, peer, sock):
        self.peer, self.sock = peer, sock
        self.open = True
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def send(self, raw):
        with self.lock:
            self.sock.sendall(raw)

    def _read(self):
        buf = b''
        try:
            while True:
                data = self.sock.recv(65536)
                if not data:
                    break
                if buf == b'' and data == b'\r\n\r\n':
                    self.send(b'\r\n')  # keep-alive, RFC 5626 4.4.1
                    continue
                buf += data
                while True:
                    raw, buf = sip.take(buf)
                    if raw is None:
                        break
                    self.peer.took(raw, self)
        except sip.Malformed as e:
            self.peer.broken.append(str(e))
        except (OSError, ValueError):
            pass
        self.open = False
        with self.peer.news:
            self.peer.news.notify_all()

    def close(self):
        self.open = False
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        # While the reader is in TLS it may write, to whatever has the
        # descriptor by then.
        if self.thread is not threading.current_thread():
            self.thread.join(10)
        self.sock.close()


class Datagrams:
    """The address that a datagram came from."""

    def __init__(self, peer, addr):
        self.peer, self.addr = peer, addr
        self.open = True

    def send(self, raw):
        self.peer.udp.sendto(raw, self.addr)


class Peer:
    """Listens at host:port; talks to `gateway`, an address.

    wire    every message received, with repeats and OPTIONS
    broken  octets that were no message
    """

    def __init__(self, name, transport, host, port, gateway, server=None,
                 client=None, answer_options=True):
        """server, client: ssl.SSLContext of the two roles (TLS)."""
        self.name, self.transport = name, transport
        self.host, self.port, self.gateway = host, port, gateway
        self.family = socket.AF_INET6 if ':' in host else socket.AF_INET
        self.client = client
        self.answer_options = answer_options
        self.news = threading.Condition()
        self.inbox, self.wire, self.broken, self.seen = [], [], [], set()
        self.answers = {}  # the last answer to each request, as it came
        self.streams, self.out = [], None
        self.closing = False
        self.udp = self.listener = None
        if transport == 'udp':
            self._udp()
        else:
            self._listen(server)

    def _udp(self):
        self.udp = socket.socket(self.family, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.udp.bind((self.host, self.port))
        threading.Thread(target=self._read_udp, daemon=True).start()
        # A UDP peer takes what is too large for a datagram over TCP.
        self._listen(None)

    def _listen(self, context):
        self.listener = socket.socket(self.family)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((self.host, self.port))
        self.listener.listen(64)
        threading.Thread(target=self._accept, args=(context,),
                         daemon=True).start()

    def _read_udp(self):
        while not self.closing:
            try:
                raw, addr = self.udp.recvfrom(65535)
            except OSError:
                return
            if raw.strip(b'\r\n\0'):
                self.took(raw, Datagrams(self, addr))

    def _accept(self, context):
        while not self.closing:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._welcome, args=(sock, context),
                             daemon=True).start()

    def _welcome(self, sock, context):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if context is not None:
                sock = context.wrap_socket(sock, server_side=True)
            self.streams.append(Stream(self, sock))
        except OSError:
            sock.close()

    def took(self, raw, source):
        """A message came in."""
        try:
            m = sip.Msg(raw)
        except sip.Malformed as e:
            self.broken.append(str(e))
            return
        m.source = source
        with self.news:
            self.wire.append(m)
            again = raw in self.seen
            if not again and not self._is_probe(m):
                self.seen.add(raw)
                self.inbox.append(m)
            self.news.notify_all()
        if again and raw in self.answers:
            source.send(self.answers[raw])
        if self._is_probe(m):
            source.send(answer(m, 200, tag='probe'))

    def _is_probe(self, m):
        return self.answer_options and m.is_request and \
            m.method == 'OPTIONS' and m.tag('to') is None and \
            m.get('x-test') is None

    def answer(self, m, raw):
        """Answer request m, now and when it comes again."""
        self.answers[m.raw] = raw
        m.source.send(raw)

    def dial(self, context=None):
        """A new connection to the gateway."""
        sock = socket.create_connection(self.gateway, timeout=10 * PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = context or self.client
        if self.transport == 'tls':
            sock = context.wrap_socket(sock)
        sock.settimeout(None)
        s = Stream(self, sock)
        self.streams.append(s)
        return s

    def send(self, raw):
        """Toward the gateway."""
        if self.transport == 'udp':
            self.udp.sendto(raw, self.gateway)
            return
        for _ in range(2):
            if self.out is None or not self.out.open:
                self.out = self.dial()
            try:
                self.out.send(raw)
                return
            except OSError:
                self.out.open = False
        raise OSError('%s: the gateway takes nothing' % self.name)

    def expect(self, what, seconds=8):
        """The next message that fits, and off the inbox with it.

        what: a method, a status, or a function of the message.
        """
        if isinstance(what, str):
            fits = lambda m: m.is_request and m.method == what
        elif isinstance(what, int):
            fits = lambda m: m.status == what
        else:
            fits = what
        end = time.monotonic() + seconds * PATIENCE
        with self.news:
            while True:
                for i, m in enumerate(self.inbox):
                    if fits(m):
                        return self.inbox.pop(i)
                left = end - time.monotonic()
                if left <= 0:
                    raise Late('%s: no %s; has %s' % (
                        self.name, what,
                        [m.start for m in self.inbox]))
                self.news.wait(left)

    def has(self, fits):
        with self.news:
            return any(fits(m) for m in self.inbox)

    def close(self):
        self.closing = True
        for s in self.streams:
            s.close()
        for s in (self.udp, self.listener):
            if s is not None:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                s.close()


def answer(m, status, tag=None, headers=(), body=b''):
    """A response to request m."""
    out = [('Via', v) for n, v in m.headers if n == 'via']
    out.append(('From', m.get('from')))
    to = m.get('to')
    if tag is not None and m.tag('to') is None and status > 100:
        to += ';tag=' + tag
    out += [('To', to), ('Call-ID', m.call_id), ('CSeq', m.get('cseq'))]
    out += list(headers)
    return sip.write('SIP/2.0 %d %s' % (status, sip.REASON.get(status, 'X')),
                     out, body)


def client_context(ca, cert=None, key=None, name=None):
    """TLS toward the gateway, which must show `name` (None: any name)."""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.load_verify_locations(ca)
    c.check_hostname = False
    if cert is not None:
        c.load_cert_chain(cert, key)
    if name is not None:
        c.post_handshake_auth = False
    return c


def server_context(ca, cert, key):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(cert, key)
    c.load_verify_locations(ca)
    c.verify_mode = ssl.CERT_REQUIRED
    return c
