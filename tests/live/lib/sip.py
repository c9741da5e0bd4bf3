"""Just enough SIP to play a peer: read, frame and write messages."""
import re
import secrets

COMPACT = {'v': 'via', 'f': 'from', 't': 'to', 'i': 'call-id',
           'm': 'contact', 'c': 'content-type', 'l': 'content-length',
           'k': 'supported', 's': 'subject', 'e': 'content-encoding',
           'r': 'refer-to', 'b': 'referred-by', 'o': 'event',
           'u': 'allow-events', 'a': 'accept-contact', 'd':
           'request-disposition', 'j': 'reject-contact', 'x':
           'session-expires'}
REASON = {100: 'Trying', 180: 'Ringing', 183: 'Session Progress', 200: 'OK',
          202: 'Accepted', 302: 'Moved Temporarily', 486: 'Busy Here',
          487: 'Request Terminated', 488: 'Not Acceptable Here',
          503: 'Service Unavailable', 603: 'Decline'}


def canonical(name):
    name = name.strip().lower()
    return COMPACT.get(name, name)


def split_commas(value):
    """The rows of a list header: commas outside of quotes and brackets."""
    out, depth, quoted, at = [], 0, False, 0
    for i, c in enumerate(value):
        if c == '"' and (i == 0 or value[i - 1] != '\\'):
            quoted = not quoted
        elif quoted:
            continue
        elif c == '<':
            depth += 1
        elif c == '>':
            depth -= 1
        elif c == ',' and depth == 0:
            out.append(value[at:i].strip())
            at = i + 1
    out.append(value[at:].strip())
    return [x for x in out if x]


def uri_of(value):
    """The URI of a name-addr or addr-spec."""
    m = re.search(r'<([^>]*)>', value)
    return m.group(1) if m else value.split(';')[0].strip()


def param(value, name):
    """A header parameter, behind the URI."""
    rest = value[value.rfind('>') + 1:]
    m = re.search(r';\s*%s\s*=\s*("[^"]*"|[^;,\s]*)' % re.escape(name), rest,
                  re.I)
    return m.group(1).strip('"') if m else None


class Malformed(Exception):
    """Octets that are no SIP message; in these tests always a finding."""


class Msg:
    """One message as it came over the wire."""

    def __init__(self, raw):
        self.raw = raw
        head, sep, self.body = raw.partition(b'\r\n\r\n')
        if not sep:
            raise Malformed('no end of header: %r' % raw[:200])
        self.head = head + b'\r\n'
        text = head.decode('utf-8', 'surrogateescape')
        lines = re.sub(r'\r\n[ \t]+', ' ', text).split('\r\n')
        self.start = lines[0]
        self.headers = []
        for line in lines[1:]:
            name, colon, value = line.partition(':')
            if not colon:
                raise Malformed('no colon: %r' % line)
            self.headers.append((canonical(name), value.strip()))
        first = self.start.split(' ', 2)
        self.is_request = not self.start.startswith('SIP/2.0')
        if self.is_request:
            self.method, self.uri = first[0], first[1]
            self.status = None
        else:
            self.status, self.uri = int(first[1]), None
            # A 400 repeats the CSeq that could not be read.
            self.method = (self.get('cseq') or '').partition(' ')[2].strip()
        # Whence it came; the transport fills it in.
        self.source = None

    def get(self, name):
        for n, v in self.headers:
            if n == name:
                return v
        return None

    def all(self, name):
        """All rows of a header, across lines and commas."""
        return [x for n, v in self.headers if n == name
                for x in split_commas(v)]

    def tag(self, name):
        return param(self.get(name), 'tag')

    @property
    def call_id(self):
        return self.get('call-id')

    @property
    def cseq(self):
        return int(self.get('cseq').split()[0])

    def __repr__(self):
        return '<%s | %s | %s>' % (self.start, self.get('cseq'),
                                   self.call_id)


def take(buf):
    """(message octets or None, rest) of a stream's buffer."""
    buf = buf.lstrip(b'\r\n') if not buf.startswith(b'SIP') else buf
    end = buf.find(b'\r\n\r\n')
    if end < 0:
        return None, buf
    m = re.search(rb'\r\n(?:content-length|l)[ \t]*:[ \t]*(\d+)',
                  buf[:end + 2], re.I)
    if m is None:
        raise Malformed('no Content-Length on a stream: %r' % buf[:end])
    size = end + 4 + int(m.group(1))
    if len(buf) < size:
        return None, buf
    return buf[:size], buf[size:]


def write(start, headers, body=b''):
    """Octets of a message; Content-Length is added."""
    if isinstance(body, str):
        body = body.encode()
    lines = [start] + ['%s: %s' % h for h in headers]
    lines.append('Content-Length: %d' % len(body))
    return '\r\n'.join(lines).encode('utf-8', 'surrogateescape') + \
        b'\r\n\r\n' + body


def branch():
    return 'z9hG4bK' + secrets.token_hex(8)


def token(n=6):
    return secrets.token_hex(n)
