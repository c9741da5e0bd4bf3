"""HTTP/2 frames as octets, for peers that do not play by the rules.

A connection of one's own: what is sent is what the test says, what comes back
is read frame by frame.  Field names and values go out as literals without
Huffman (RFC 7541 6.2.2); of what comes back only the status is understood.
"""
import select
import socket
import ssl
import struct
import time

from .env import PATIENCE

PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS = range(5)
PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(5, 10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
HEADER_TABLE_SIZE, MAX_STREAMS, INITIAL_WINDOW, MAX_FRAME = 1, 3, 4, 5
NO_ERROR, CANCEL = 0, 8
# Of the static table, RFC 7541 Appendix A.
STATUS = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}
STATUS_NAMES = range(8, 15)


def frame(kind, flags, stream, body=b''):
    return struct.pack('>I', len(body))[1:] + struct.pack(
        '>BBI', kind, flags, stream) + body


def settings(*pairs, ack=False):
    return frame(SETTINGS, ACK if ack else 0, 0, b''.join(
        struct.pack('>HI', *p) for p in pairs))


def number(value, bits):
    """An integer behind a prefix of so many bits, RFC 7541 5.1."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([value])
    out, value = bytearray([most]), value - most
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes(out + bytes([value]))


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return number(len(value), 7) + value


def field(name, value):
    return b'\0' + text(name) + text(value)


def block(*fields):
    return b''.join(field(*f) for f in fields)


def request(path, authority, method='POST', more=()):
    """The header block of a request."""
    return block((':method', method), (':scheme', 'https'),
                 (':authority', authority), (':path', path), *more)


def status_of(octets):
    """The :status that begins a header block; None if it is none."""
    first = octets[0]
    if first & 0x80:
        return STATUS.get(first & 0x7f)
    while first & 0xe0 == 0x20:  # a table size update
        octets = octets[1:]
        first = octets[0]
        if first & 0x80:
            return STATUS.get(first & 0x7f)
    index = first & (0x3f if first & 0x40 else 0x0f)
    if index not in STATUS_NAMES:
        return None
    size, value = octets[1] & 0x7f, octets[2:]
    value = value[:size]
    return int(digits(value) if octets[1] & 0x80 else value)


def digits(octets):
    """Huffman-coded digits: 0 to 2 have five bits, the others six
    (RFC 7541 Appendix B)."""
    bits = ''.join('%08d' % int(bin(x)[2:]) for x in octets)
    codes = {'%s' % bin(c)[2:].zfill(5): str(c) for c in range(3)}
    codes.update({bin(0x19 + d - 3)[2:].zfill(6): str(d)
                  for d in range(3, 10)})
    out = ''
    while bits:
        for n in (5, 6):
            if bits[:n] in codes:
                out += codes[bits[:n]]
                bits = bits[n:]
                break
        else:
            break
    return out


class Frame:
    def __init__(self, kind, flags, stream, body):
        self.kind, self.flags, self.stream = kind, flags, stream
        self.body = body

    @property
    def code(self):
        """Of RST_STREAM and GOAWAY."""
        at = 4 if self.kind == GOAWAY else 0
        return struct.unpack('>I', self.body[at:at + 4])[0]

    def __repr__(self):
        return '<%d flags %d stream %d: %d octets>' % (
            self.kind, self.flags, self.stream, len(self.body))


class Closed(Exception):
    """The other side is gone."""


class Raw:
    """One connection to the gateway.  context: TLS, with ALPN."""

    def __init__(self, address, context=None, alpn='h2', first=None,
                 receive_buffer=None):
        s = socket.socket()
        if receive_buffer is not None:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        s.settimeout(10 * PATIENCE)
        s.connect(address)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            context.set_alpn_protocols([alpn])
            s = context.wrap_socket(s)
            assert s.selected_alpn_protocol() == alpn, 'no ' + alpn
        self.sock, self.buf, self.next = s, b'', 1
        self.window = None
        if alpn == 'h2':
            self.send(PREFACE + (settings() if first is None else first))

    def fileno(self):
        return self.sock.fileno()

    def send(self, octets):
        """All of it; Closed if the other side does not want it."""
        try:
            self.sock.sendall(octets)
        except (ssl.SSLError, OSError) as e:
            raise Closed(str(e)) from None

    def stream(self):
        self.next += 2
        return self.next - 2

    def _ready(self, seconds):
        """Is there something to read?  select() knows only the first 1,024
        descriptors."""
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def _fill(self, end):
        left = end - time.monotonic()
        pending = getattr(self.sock, 'pending', lambda: 0)()
        if not pending and (left <= 0 or not self._ready(left)):
            return False
        try:
            got = self.sock.recv(65536)
        except (ssl.SSLError, OSError) as e:
            raise Closed(str(e)) from None
        if not got:
            raise Closed('end')
        self.buf += got
        return True

    def read(self, seconds=8):
        """The next frame, or None: none came in time."""
        end = time.monotonic() + seconds * PATIENCE
        while True:
            if len(self.buf) >= 9:
                size = int.from_bytes(self.buf[:3], 'big')
                if len(self.buf) >= 9 + size:
                    kind, flags, stream = struct.unpack('>BBI',
                                                        self.buf[3:9])
                    body = self.buf[9:9 + size]
                    self.buf = self.buf[9 + size:]
                    return Frame(kind, flags, stream & 0x7fffffff, body)
            if not self._fill(end):
                return None

    def until(self, fits, seconds=8):
        """Frames up to the first that fits, which is returned; SETTINGS are
        acknowledged, PINGs answered."""
        end = time.monotonic() + seconds * PATIENCE
        while True:
            f = self.read((end - time.monotonic()) / PATIENCE)
            assert f is not None, 'no such frame in %s s' % seconds
            if f.kind == SETTINGS and not f.flags & ACK:
                self.send(settings(ack=True))
            if f.kind == PING and not f.flags & ACK:
                self.send(frame(PING, ACK, 0, f.body))
            if fits(f):
                return f

    def ask(self, header_block, body=b''):
        """A request; its stream."""
        s = self.stream()
        self.send(frame(HEADERS, END_HEADERS | (0 if body else END_STREAM),
                        s, header_block))
        if body:
            self.send(frame(DATA, END_STREAM, s, body))
        return s

    def open_window(self, octets):
        """What was read of the connection's window."""
        if octets:
            self.send(frame(WINDOW_UPDATE, 0, 0, octets.to_bytes(4, 'big')))

    def answer(self, stream, seconds=8):
        """(status, body) of a stream; status None if it was reset."""
        status, body = None, b''
        while True:
            f = self.until(lambda f: f.stream == stream or f.kind == GOAWAY,
                           seconds)
            if f.kind == GOAWAY or f.kind == RST_STREAM:
                return None, body
            if f.kind == HEADERS:
                status = status_of(f.body)
            if f.kind == DATA:
                body += f.body
            if f.flags & END_STREAM and f.kind in (HEADERS, DATA):
                self.open_window(len(body))
                return status, body

    def gone(self, seconds=8):
        """Wait until the other side ends the connection; its GOAWAY."""
        goaway, end = None, time.monotonic() + seconds * PATIENCE
        try:
            while time.monotonic() < end:
                f = self.read((end - time.monotonic()) / PATIENCE)
                if f is not None and f.kind == GOAWAY:
                    goaway = f
        except Closed:
            return goaway
        raise AssertionError('the connection is still open')

    def close(self):
        self.sock.close()
