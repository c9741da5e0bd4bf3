/*
 * conf_addr.c: addresses, ranges and ports as they are written.
 */
#include "conf/conf_addr.h"

#include <arpa/inet.h>
#include <stdio.h>

#define HOST_MAX  253 /* RFC 1035, 2.3.4, without the root label */
#define LABEL_MAX 63

static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

bool
conf_addr_is_v4(const struct conf_addr *a)
{
	return memcmp(a->ip, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool
conf_addr_is_any(const struct conf_addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->ip, zero, 16) == 0 ||
	       (conf_addr_is_v4(a) && memcmp(a->ip + 12, zero, 4) == 0);
}

bool
conf_addr_is_loopback(const struct conf_addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return memcmp(a->ip, one, 16) == 0 ||
	       (conf_addr_is_v4(a) && a->ip[12] == 127);
}

bool
conf_addr_is_unicast(const struct conf_addr *a)
{
	if (conf_addr_is_any(a))
		return false;
	if (conf_addr_is_v4(a)) /* multicast, reserved, broadcast */
		return a->ip[12] != 0 && a->ip[12] < 224;
	return a->ip[0] != 0xff;
}

bool
conf_addr_eq(const struct conf_addr *a, const struct conf_addr *b)
{
	return memcmp(a->ip, b->ip, 16) == 0 && a->port == b->port;
}

static bool
is_label(struct gw_span s)
{
	if (s.len == 0 || s.len > LABEL_MAX || s.p[0] == '-' ||
	    s.p[s.len - 1] == '-')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = gw_lower(s.p[i]);
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-')
			return false;
	}
	return true;
}

bool
conf_addr_is_host(struct gw_span s)
{
	if (s.len > 1 && s.p[s.len - 1] == '.')
		s.len--;
	if (s.len == 0 || s.len > HOST_MAX)
		return false;
	for (size_t pos = 0; pos <= s.len;) {
		size_t dot = gw_span_find(s, pos, '.');
		if (!is_label(gw_span_sub(s, pos, dot - pos)))
			return false;
		pos = dot + 1;
	}
	return true;
}

static bool
read_ip(struct gw_span text, uint8_t ip[16])
{
	char buf[INET6_ADDRSTRLEN];

	if (text.len == 0 || text.len >= sizeof(buf) ||
	    memchr(text.p, 0, text.len) != NULL)
		return false;
	memcpy(buf, text.p, text.len);
	buf[text.len] = '\0';
	if (inet_pton(AF_INET6, buf, ip) == 1)
		return true;
	if (inet_pton(AF_INET, buf, ip + 12) != 1)
		return false;
	memcpy(ip, v4_prefix, sizeof(v4_prefix));
	return true;
}

static bool
read_port(struct gw_span text, uint16_t *out)
{
	uint64_t n = 0;

	if (gw_span_to_u64(text, UINT16_MAX, &n) != GW_OK || n == 0)
		return false;
	*out = (uint16_t)n;
	return true;
}

/* Cut "[v6]:port", "host:port" or either without a port. */
static bool
cut(struct gw_span text, struct gw_span *host, struct gw_span *port,
    bool *bracketed)
{
	size_t end;

	*bracketed = text.len > 0 && text.p[0] == '[';
	if (*bracketed) {
		end = gw_span_find(text, 0, ']');
		if (end == text.len)
			return false;
		*host = gw_span_sub(text, 1, end - 1);
		end++;
	} else {
		end = gw_span_find(text, 0, ':');
		*host = gw_span_sub(text, 0, end);
	}
	*port = gw_span_sub(text, end, text.len);
	if (port->len == 0)
		return true;
	if (port->len == 1 || port->p[0] != ':')
		return false;
	*port = gw_span_sub(*port, 1, port->len);
	return true;
}

bool
conf_addr_split(struct gw_span text, struct gw_span *host, uint16_t *port)
{
	struct gw_span port_text;
	bool bracketed;
	uint8_t ip[16];

	*port = 0;
	if (!cut(text, host, &port_text, &bracketed))
		return false;
	if (port_text.len > 0 && !read_port(port_text, port))
		return false;
	return bracketed ? read_ip(*host, ip) : conf_addr_is_host(*host);
}

bool
conf_addr_parse(struct gw_span text, struct conf_addr *out)
{
	struct conf_addr a = { 0 };
	struct gw_span host, port;
	bool bracketed;

	if (read_ip(text, a.ip)) { /* an address alone */
		*out = a;
		return true;
	}
	if (!cut(text, &host, &port, &bracketed) || !read_ip(host, a.ip) ||
	    (port.len > 0 && !read_port(port, &a.port)))
		return false;
	*out = a;
	return true;
}

/* n in decimal at p; what follows it. */
static char *
put_number(char *p, unsigned n)
{
	char digits[10];
	size_t len = 0;

	do
		digits[len++] = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	while (len > 0)
		*p++ = digits[--len];
	return p;
}

/* Each request is told where it came from, so this is no place for printf. */
static char *
put_v4(char *p, const uint8_t ip[4])
{
	for (unsigned i = 0; i < 4; i++) {
		p = put_number(p, ip[i]);
		*p++ = i < 3 ? '.' : '\0';
	}
	return p - 1;
}

void
conf_addr_text(const struct conf_addr *a, char out[CONF_ADDR_TEXT])
{
	char ip[INET6_ADDRSTRLEN] = "?", *p = out;

	if (conf_addr_is_v4(a)) {
		p = put_v4(p, a->ip + 12);
	} else {
		inet_ntop(AF_INET6, a->ip, ip, sizeof(ip));
		p += snprintf(out, CONF_ADDR_TEXT, "[%s]", ip);
	}
	if (a->port == 0)
		return;
	*p++ = ':';
	*put_number(p, a->port) = '\0';
}

bool
conf_addr_inside(const uint8_t a[16], const uint8_t b[16], uint8_t prefix)
{
	size_t whole = prefix / 8;
	unsigned rest = prefix % 8;

	if (prefix > 128 || memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 ||
	       ((a[whole] ^ b[whole]) & (uint8_t)(0xff << (8 - rest))) == 0;
}

/* Is no bit set from prefix on? */
static bool
is_network(const uint8_t ip[16], unsigned prefix)
{
	for (unsigned bit = prefix; bit < 128; bit++)
		if ((ip[bit / 8] & (0x80u >> (bit % 8))) != 0)
			return false;
	return true;
}

enum gw_err
conf_addr_range(struct gw_span text, uint8_t ip[16], uint8_t *prefix)
{
	struct conf_addr a = { 0 };
	size_t slash = gw_span_find(text, 0, '/');
	uint64_t bits = 128;

	if (!read_ip(gw_span_sub(text, 0, slash), a.ip))
		return GW_EMALFORMED;
	unsigned first = memchr(text.p, ':', text.len) == NULL ? 96 : 0;
	if (slash < text.len &&
	    gw_span_to_u64(gw_span_sub(text, slash + 1, text.len), 128 - first,
		&bits) != GW_OK)
		return GW_EMALFORMED;
	if (slash < text.len)
		bits += first;
	if (!is_network(a.ip, (unsigned)bits))
		return GW_EUNSUPPORTED;
	memcpy(ip, a.ip, 16);
	*prefix = (uint8_t)bits;
	return GW_OK;
}

bool
conf_addr_ports(struct gw_span text, uint16_t *from, uint16_t *to)
{
	size_t dash = gw_span_find(text, 0, '-');
	uint16_t first, last;

	if (!read_port(gw_span_sub(text, 0, dash), &first))
		return false;
	last = first;
	if (dash < text.len &&
	    !read_port(gw_span_sub(text, dash + 1, text.len), &last))
		return false;
	if (last < first)
		return false;
	*from = first;
	*to = last;
	return true;
}

const char *
conf_transport_name(enum conf_transport t)
{
	static const char *const names[] = { "udp", "tcp", "tls" };

	return (unsigned)t < CONF_TRANSPORT_N ? names[t] : "?";
}
