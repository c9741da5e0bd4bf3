"""A lookup service with moods: right, slow, wrong, or worse.

It speaks the dialects of conf/demo/service, over HTTP/2 and HTTP/1.1, keeps
every question, and does with it what its mood says, which a test may change
at any time.
"""
import importlib.machinery
import importlib.util
import os
import socket
import ssl
import threading
import time

from . import case, env

try:
    import h2.config
    import h2.connection
    import h2.errors
    import h2.events
    import h2.exceptions
except ImportError:
    h2 = None

LIAR = 'kms.zulu.example'  # a domain that no agreement knows
HUGE = 1 << 20
LATER = 0.05  # between two octets of a slow body


def demo():
    """conf/demo/service as a module."""
    if h2 is None:
        raise case.Skip('no python3-h2')
    path = os.path.join(env.ROOT, 'conf', 'demo', 'service')
    loader = importlib.machinery.SourceFileLoader('demo_service', path)
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


class Question:
    def __init__(self, method, path, fields, body):
        self.method, self.path = method, path
        self.fields, self.body = fields, body
        self.at = time.monotonic()
        self.user = None

    def __repr__(self):
        return '%s %s' % (self.method, self.path)


class Conn:
    """One connection of the gateway; a thread reads it."""

    def __init__(self, service, sock):
        self.service, self.sock = service, sock
        self.lock = threading.RLock()
        self.open = True

    def run(self):
        try:
            self.read()
        except (OSError, ssl.SSLError, ValueError) as e:
            self.service.troubles.append(str(e))
        self.close()

    def close(self):
        self.open = False
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def guarded(self, function, *args):
        """From any thread; nothing happens once the connection is gone."""
        with self.lock:
            try:
                if self.open:
                    function(*args)
            except (OSError, ssl.SSLError) as e:
                self.service.troubles.append(str(e))
            except Exception as e:  # the stream is gone, says h2
                if not type(e).__module__.startswith('h2'):
                    raise

    def dribble(self, pieces, write):
        """A thread that writes one piece after the other."""
        def go():
            for p in pieces:
                if not self.open or self.service.ending:
                    return
                self.guarded(write, p)
                time.sleep(LATER)
        threading.Thread(target=go, daemon=True).start()


class Http1(Conn):
    def read(self):
        f = self.sock.makefile('rb')
        while self.open:
            line = f.readline(65536)
            if not line:
                return
            method, path, _ = line.decode('latin-1').split(' ', 2)
            fields = {}
            while True:
                row = f.readline(65536).decode('latin-1').rstrip('\r\n')
                if not row:
                    break
                name, _, value = row.partition(':')
                fields[name.lower()] = value.strip()
            body = f.read(int(fields.get('content-length', 0)))
            self.service.took(self, None, Question(method, path, fields,
                                                   body))

    @staticmethod
    def head(status, kind, length, more=''):
        return ('HTTP/1.1 %d X\r\nContent-Type: %s\r\n%s'
                'Content-Length: %d\r\n\r\n' % (
                    status, kind, more, length)).encode()

    def answer(self, _, status, kind, body, more=()):
        self.service.said = body
        rows = ''.join('%s: %s\r\n' % m for m in more)
        self.guarded(self.sock.sendall,
                     self.head(status, kind, len(body), rows) + body)

    def slowly(self, _, kind, body):
        self.guarded(self.sock.sendall, self.head(200, kind, len(body)))
        self.dribble([body[i:i + 1] for i in range(len(body))],
                     self.sock.sendall)

    def reset(self, *_):
        self.close()

    refuse = goaway = reset


class Http2(Conn):
    def __init__(self, service, sock):
        super().__init__(service, sock)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=False, header_encoding='utf-8'))
        self.open_streams, self.owed = {}, {}

    def flush(self):
        self.sock.sendall(self.h2.data_to_send())

    def read(self):
        with self.lock:
            self.h2.initiate_connection()
            self.flush()
        while self.open:
            data = self.sock.recv(65536)
            if not data:
                return
            whole = []
            with self.lock:
                for e in self.h2.receive_data(data):
                    self.event(e, whole)
                self.flush()
            for stream, q in whole:
                self.service.took(self, stream, q)

    def event(self, e, whole):
        s = getattr(e, 'stream_id', None)
        if isinstance(e, h2.events.RequestReceived):
            self.open_streams[s] = dict(e.headers), bytearray()
        elif isinstance(e, h2.events.DataReceived):
            self.open_streams[s][1].extend(e.data)
            self.h2.acknowledge_received_data(e.flow_controlled_length, s)
        elif isinstance(e, h2.events.StreamEnded):
            fields, body = self.open_streams.pop(s)
            whole.append((s, Question(fields[':method'], fields[':path'],
                                      fields, bytes(body))))
        elif isinstance(e, h2.events.StreamReset):
            self.open_streams.pop(s, None)
            self.owed.pop(s, None)
            self.service.resets += 1
        elif isinstance(e, h2.events.WindowUpdated):
            for t in list(self.owed):
                self.more(t)

    def more(self, stream):
        """What the windows let through of what is owed."""
        body = self.owed[stream]
        while body:
            n = min(len(body), self.h2.local_flow_control_window(stream),
                    self.h2.max_outbound_frame_size)
            if n <= 0:
                self.owed[stream] = body
                return
            self.h2.send_data(stream, body[:n])
            body = body[n:]
        del self.owed[stream]
        self.h2.end_stream(stream)

    def begin(self, stream, status, kind, length, more=()):
        self.h2.send_headers(stream, [
            (':status', str(status)), ('content-type', kind),
            ('content-length', str(length)),
            *[(n.lower(), v) for n, v in more]])

    def answer(self, stream, status, kind, body, more=()):
        self.service.said = body

        def go():
            self.begin(stream, status, kind, len(body), more)
            self.owed[stream] = body
            self.more(stream)
            self.flush()
        self.guarded(go)

    def slowly(self, stream, kind, body):
        def go():
            self.begin(stream, 200, kind, len(body))
            self.flush()

        def piece(octets):
            self.h2.send_data(stream, octets)
            self.flush()
        self.guarded(go)
        self.dribble([body[i:i + 1] for i in range(len(body))], piece)

    def reset(self, stream, code=2):
        def go():
            self.h2.reset_stream(stream, code)
            self.flush()
        self.guarded(go)

    def refuse(self, stream):
        self.reset(stream, h2.errors.ErrorCodes.REFUSED_STREAM)

    def goaway(self, _):
        """Nothing that was asked has been looked at."""
        def go():
            self.h2.close_connection(last_stream_id=0)
            self.flush()
            self.close()
        self.guarded(go)


class Service:
    """Listens at (host, port).  users: {user: [(domain, external or None)]}.

    asked     the questions that came, in order
    said      the body of the last answer
    troubles  what broke connections
    """

    def __init__(self, address, dialect, users, context=None,
                 alpn=('h2', 'http/1.1'), kms='kms.example', start=True):
        self.demo = demo()
        self.address, self.dialect = address, dialect
        self.users, self.kms = users, kms
        self.context, self.alpn = context, alpn
        if context is not None:
            context.set_alpn_protocols(list(alpn))
        self.mood, self.delay = 'right', 0.5
        self.asked, self.troubles, self.conns = [], [], []
        self.resets, self.accepted, self.said = 0, 0, b''
        self.news = threading.Condition()
        self.held = []  # of the mood hold
        self.ending, self.listener = False, None
        if start:
            self.start()

    def start(self):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(self.address)
        s.listen(128)
        self.listener, self.ending = s, False
        threading.Thread(target=self._accept, args=(s,),
                         daemon=True).start()
        return self

    def stop(self):
        """Listener and connections are gone."""
        self.ending = True
        if self.listener is not None:
            try:
                self.listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self.listener.close()
        for c in self.conns:
            c.close()
        self.listener, self.conns = None, []

    def _accept(self, listener):
        while not self.ending:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._welcome, args=(sock,),
                             daemon=True).start()

    def _welcome(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        kind = Http1
        try:
            if self.context is not None:
                sock = self.context.wrap_socket(sock, server_side=True)
                if sock.selected_alpn_protocol() == 'h2':
                    kind = Http2
        except OSError as e:
            self.troubles.append(str(e))
            sock.close()
            return
        c = kind(self, sock)
        self.conns.append(c)
        c.run()

    def took(self, conn, stream, q):
        mood = getattr(self, 'do_' + self.mood)
        try:
            q.user = self.demo.read_question(
                self.dialect, q.method, q.path, q.fields, q.body)
        except self.demo.Refused as e:
            q.user = e
        with self.news:
            self.asked.append(q)
            self.news.notify_all()
        mood(conn, stream, q)

    def count(self, user=None):
        with self.news:
            return len([q for q in self.asked
                        if user is None or q.user == user])

    def wait_asked(self, n=1, seconds=8):
        """Until n questions have come."""
        end = time.monotonic() + seconds * env.PATIENCE
        with self.news:
            while len(self.asked) < n:
                left = end - time.monotonic()
                assert left > 0, 'asked %d times, not %d' % (
                    len(self.asked), n)
                self.news.wait(left)

    def forget(self):
        with self.news:
            self.asked.clear()

    # What a mood does.

    def right(self, q, user=None, domains=None):
        """(status, type, body) of the truth, or of this instead."""
        if isinstance(q.user, Exception):
            return self.demo.refusal(self.dialect, q.user)
        if domains is None:
            domains = self.users.get(q.user.lower(), [])
        return self.demo.write_answer(self.dialect, user or q.user, domains,
                                      self.kms, q.path)

    def do_right(self, conn, stream, q):
        conn.answer(stream, *self.right(q))

    def do_slow(self, conn, stream, q):
        t = threading.Timer(self.delay, conn.answer,
                            (stream, *self.right(q)))
        t.daemon = True
        t.start()

    def do_hold(self, conn, stream, q):
        """Answered when the test says release()."""
        with self.news:
            self.held.append((conn, stream, q))
            self.news.notify_all()

    def release(self):
        with self.news:
            held, self.held = self.held, []
        for conn, stream, q in held:
            conn.answer(stream, *self.right(q))
        return len(held)

    def do_never(self, *_):
        pass

    do_down = do_never

    def do_none(self, conn, stream, q):
        conn.answer(stream, *self.right(q, domains=[]))

    def do_lying(self, conn, stream, q):
        conn.answer(stream, *self.right(q, domains=[(LIAR, None)]))

    def do_wrong_user(self, conn, stream, q):
        conn.answer(stream, *self.right(
            q, user='sip:mallory@mcptt.charlie.example'))

    def do_fault(self, conn, stream, _):
        conn.answer(stream, 500, 'text/plain', b'no\n')

    def do_busy(self, conn, stream, _):
        conn.answer(stream, 503, 'text/plain', b'no\n',
                    [('Retry-After', '1')])

    def do_malformed(self, conn, stream, q):
        status, kind, body = self.right(q)
        conn.answer(stream, status, kind, body[:len(body) // 2])

    def do_empty(self, conn, stream, q):
        conn.answer(stream, 200, self.right(q)[1], b'')

    def do_html(self, conn, stream, _):
        conn.answer(stream, 200, 'text/html', b'<html>hello</html>')

    def do_elsewhere(self, conn, stream, q):
        conn.answer(stream, 302, 'text/plain', b'', [
            ('Location', 'http://127.0.0.1:9' + q.path)])

    def do_huge(self, conn, stream, q):
        status, kind, body = self.right(q)
        conn.answer(stream, status, kind, body + b' ' * HUGE)

    def do_slow_body(self, conn, stream, q):
        conn.slowly(stream, *self.right(q)[1:])

    def do_reset(self, conn, stream, _):
        conn.reset(stream)

    def do_refuse(self, conn, stream, _):
        conn.refuse(stream)

    def do_goaway(self, conn, stream, _):
        conn.goaway(stream)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
