/*
 * sip_uri.c: URIs, the comparison of users, and parameters.
 */
#include "codec/sip/sip_uri.h"

#include "codec/sip/sip_char.h"

#define PORT_SIP  5060
#define PORT_SIPS 5061

/* What is left of a text to be compared octet by octet. */
struct cursor {
	struct gw_span s;
	size_t at;
};

static enum gw_err
refuse(struct gw_fault *fault, size_t at, const char *why)
{
	*fault = (struct gw_fault){ at, why };
	return GW_EMALFORMED;
}

/* Length of the decimal number 0 to 255 at s.p[at], or 0. */
static size_t
octet_len(struct gw_span s, size_t at)
{
	unsigned n = 0;
	size_t len = 0;

	for (; at + len < s.len && len < 4; len++) {
		uint8_t c = s.p[at + len];
		if (c < '0' || c > '9')
			break;
		n = n * 10 + (unsigned)(c - '0');
	}
	return n <= 255 && len <= 3 ? len : 0;
}

static bool
is_ipv4(struct gw_span s)
{
	size_t at = 0;

	for (int part = 0; part < 4; part++) {
		size_t len = octet_len(s, at);
		if (len == 0)
			return false;
		at += len;
		if (part < 3 && (at == s.len || s.p[at++] != '.'))
			return false;
	}
	return at == s.len;
}

/* Number of hexadecimal digits at s.p[at], at most 5. */
static size_t
hex_len(struct gw_span s, size_t at)
{
	size_t len = 0;

	for (; at + len < s.len && len < 5; len++) {
		uint8_t c = gw_lower(s.p[at + len]);
		if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
			break;
	}
	return len;
}

/* RFC 5954: groups of 16 bits, one "::" at most, an IPv4 tail counts two. */
static bool
is_ipv6(struct gw_span s)
{
	unsigned groups = 0;
	bool gap = false;
	size_t at = 0;

	if (s.len >= 2 && s.p[0] == ':' && s.p[1] == ':') {
		gap = true;
		at = 2;
	}
	while (at < s.len && groups < 8) {
		size_t len = hex_len(s, at);
		if (at + len < s.len && s.p[at + len] == '.')
			return is_ipv4(gw_span_sub(s, at, s.len)) &&
			       (gap ? groups < 6 : groups == 6);
		if (len == 0 || len > 4)
			return false;
		groups++;
		at += len;
		if (at == s.len)
			break;
		if (s.p[at++] != ':' || at == s.len)
			return false;
		if (s.p[at] != ':')
			continue;
		if (gap)
			return false;
		gap = true;
		at++;
	}
	return at == s.len && (gap ? groups < 8 : groups == 8);
}

bool
sip_host_is_address(struct gw_span host)
{
	return gw_span_find(host, 0, ':') < host.len ? is_ipv6(host) :
						       is_ipv4(host);
}

/* host [":" port] from *at on; moves *at behind it. */
static const char *
read_hostport(struct gw_span in, size_t *at, struct sip_uri *u)
{
	size_t end;

	if (*at < in.len && in.p[*at] == '[') {
		end = gw_span_find(in, *at, ']');
		if (end == in.len)
			return "address without its closing bracket";
		u->host = gw_span_sub(in, *at + 1, end - *at - 1);
		if (!is_ipv6(u->host))
			return "not an IPv6 address";
		*at = end + 1;
	} else {
		end = sip_char_skip(in, *at, SIP_CHAR_HOST);
		if (end == *at)
			return "URI without a host";
		u->host = gw_span_sub(in, *at, end - *at);
		*at = end;
	}
	if (*at == in.len || in.p[*at] != ':')
		return NULL;
	end = *at + 1;
	u->port = sip_char_port(in, &end);
	if (u->port == 0)
		return "not a port";
	*at = end;
	return NULL;
}

/* ";a=b;c" and "?h=v": what may follow the host. */
static const char *
read_tail(struct gw_span in, size_t *at, struct sip_uri *u)
{
	struct gw_span name, value;
	size_t mark, pos = 0;

	if (*at == in.len) {
		u->params = gw_span_sub(in, *at, 0);
		return NULL;
	}
	mark = gw_span_find(in, *at, '?');
	u->params = gw_span_sub(in, *at, mark - *at);
	while (sip_param_next(u->params, &pos, &name, &value))
		continue;
	if (pos != u->params.len) {
		*at += pos;
		return "not a URI parameter";
	}
	*at = mark;
	if (mark == in.len)
		return NULL;
	u->headers = gw_span_sub(in, mark + 1, in.len);
	if (u->headers.len == 0)
		return "empty headers in a URI";
	return NULL;
}

/* Is s.p[at] a colon, or the beginning of an escape? */
static bool
is_colon_or_escape(struct gw_span s, size_t at)
{
	return s.p[at] == ':' ||
	       (s.p[at] == '%' && sip_char_escapes(gw_span_sub(s, at, 3)));
}

/* user [":" password] "@", if that comes; moves *at behind it. */
static const char *
read_user(struct gw_span in, size_t *at, struct sip_uri *u)
{
	size_t end = sip_char_run(in, *at, SIP_CHAR_USER | SIP_CHAR_HOST);
	size_t sign = gw_span_find(in, end, '@');

	if (sign == in.len)
		return NULL;
	struct gw_span info = gw_span_sub(in, 0, sign);
	u->user = gw_span_sub(info, *at, gw_span_find(info, end, ':') - *at);
	while (end < sign && is_colon_or_escape(info, end))
		end =
		    sip_char_skip(info, end + 1, SIP_CHAR_USER | SIP_CHAR_HOST);
	if (end < sign) {
		*at = end;
		return "not allowed in a user part";
	}
	if (u->user.len == 0)
		return "empty user part";
	*at = sign + 1;
	return NULL;
}

/* Behind "sip:" or "sips:". */
static enum gw_err
read_sip(
    struct gw_span in, size_t at, struct sip_uri *u, struct gw_fault *fault)
{
	const char *why = read_user(in, &at, u);

	if (why == NULL)
		why = read_hostport(in, &at, u);
	if (why == NULL && at < in.len && in.p[at] != ';' && in.p[at] != '?')
		why = "not allowed behind a host";
	if (why == NULL)
		why = read_tail(in, &at, u);
	return why == NULL ? GW_OK : refuse(fault, at, why);
}

/* Behind "tel:" (RFC 3966): the number and its parameters. */
static enum gw_err
read_tel(
    struct gw_span in, size_t at, struct sip_uri *u, struct gw_fault *fault)
{
	size_t semi = gw_span_find(in, at, ';'), i;
	const char *why;

	u->user = gw_span_sub(in, at, semi - at);
	for (i = at; i < semi; i++)
		if (memchr("0123456789abcdefABCDEF*#-.()", in.p[i], 28) ==
			NULL &&
		    !(i == at && in.p[i] == '+'))
			return refuse(fault, i, "not a telephone number");
	if (u->user.len == 0 || (u->user.len == 1 && u->user.p[0] == '+'))
		return refuse(fault, at, "empty telephone number");
	at = semi;
	why = read_tail(in, &at, u);
	return why == NULL ? GW_OK : refuse(fault, at, why);
}

static enum sip_scheme
scheme_of(struct gw_span name)
{
	if (gw_span_ieq(name, GW_SPAN("sip")))
		return SIP_SCHEME_SIP;
	if (gw_span_ieq(name, GW_SPAN("sips")))
		return SIP_SCHEME_SIPS;
	if (gw_span_ieq(name, GW_SPAN("tel")))
		return SIP_SCHEME_TEL;
	return SIP_SCHEME_OTHER;
}

/* The scheme and its colon; moves *at behind them. */
static enum gw_err
read_scheme(
    struct gw_span in, size_t *at, struct sip_uri *u, struct gw_fault *fault)
{
	size_t colon = gw_span_find(in, 0, ':'), bad;

	if (colon == in.len || colon == 0 || gw_lower(in.p[0]) < 'a' ||
	    gw_lower(in.p[0]) > 'z')
		return refuse(fault, 0, "URI without a scheme");
	for (bad = 1; bad < colon; bad++)
		if (!sip_char_is(in.p[bad], SIP_CHAR_HOST) && in.p[bad] != '+')
			return refuse(fault, bad, "not a scheme");
	if (colon + 1 == in.len)
		return refuse(fault, colon, "URI without a content");
	u->scheme = scheme_of(gw_span_sub(in, 0, colon));
	*at = colon + 1;
	return GW_OK;
}

static bool
is_tail(struct gw_span s)
{
	return s.len == 0 || (sip_char_run(s, 0, SIP_CHAR_URI) == s.len &&
				 sip_char_escapes(s));
}

/* What is wrong with the octets behind the scheme, if anything is. */
static enum gw_err
check_octets(struct gw_span in, size_t at, const struct sip_uri *u,
    struct gw_fault *fault)
{
	size_t bad = sip_char_run(in, at, SIP_CHAR_URI);

	while (bad < in.len && in.p[bad] == '#' && u->scheme >= SIP_SCHEME_TEL)
		bad = sip_char_run(in, bad + 1, SIP_CHAR_URI);
	if (bad < in.len)
		return refuse(fault, bad, "not allowed in a URI");
	if (!sip_char_escapes(in))
		return refuse(fault, gw_span_find(in, 0, '%'),
		    "not an escape of two hexadecimal digits");
	return GW_OK;
}

enum gw_err
sip_uri_parse(struct gw_span in, struct sip_uri *out, struct gw_fault *fault)
{
	struct sip_uri u = { .all = in, .scheme = SIP_SCHEME_SIP };
	size_t at = 4; /* behind "sip:" */
	enum gw_err err = GW_OK;

	if (in.len <= at || memcmp(in.p, "sip:", at) != 0)
		err = read_scheme(in, &at, &u, fault);
	if (err != GW_OK)
		return err;
	/* A user part and a host have no octets that a URI may not have. */
	if (u.scheme <= SIP_SCHEME_SIPS &&
	    read_sip(in, at, &u, fault) == GW_OK && is_tail(u.params) &&
	    is_tail(u.headers)) {
		*out = u;
		return GW_OK;
	}
	/* Something is wrong: the first octet that is tells what. */
	err = check_octets(in, at, &u, fault);
	if (err != GW_OK)
		return err;

	switch (u.scheme) {
	case SIP_SCHEME_SIP:
	case SIP_SCHEME_SIPS: err = read_sip(in, at, &u, fault); break;
	case SIP_SCHEME_TEL: err = read_tel(in, at, &u, fault); break;
	case SIP_SCHEME_OTHER: break;
	}
	if (err == GW_OK)
		*out = u;
	return err;
}

/* The next octet with an escape resolved; -1 at the end. */
static int
next_plain(struct cursor *c)
{
	static const char digits[] = "0123456789abcdef";
	int v = 0;

	if (c->at >= c->s.len)
		return -1;
	if (c->s.p[c->at] != '%' || c->s.len - c->at < 3)
		return c->s.p[c->at++];
	for (size_t i = 1; i <= 2; i++) {
		const char *d = memchr(digits, gw_lower(c->s.p[c->at + i]), 16);
		if (d == NULL)
			return c->s.p[c->at++];
		v = v * 16 + (int)(d - digits);
	}
	c->at += 3;
	return v;
}

/* The next digit of a telephone number, separators skipped; -1 at the end. */
static int
next_digit(struct cursor *c)
{
	while (c->at < c->s.len && memchr("-.()", c->s.p[c->at], 4) != NULL)
		c->at++;
	return c->at < c->s.len ? gw_lower(c->s.p[c->at++]) : -1;
}

static bool
same(struct gw_span a, struct gw_span b, int (*next)(struct cursor *))
{
	struct cursor ca = { a, 0 }, cb = { b, 0 };
	int x, y;

	do {
		x = next(&ca);
		y = next(&cb);
	} while (x == y && x != -1);
	return x == y;
}

static uint16_t
port_of(const struct sip_uri *u)
{
	uint16_t standard = u->scheme == SIP_SCHEME_SIPS ? PORT_SIPS : PORT_SIP;
	return u->port == standard ? 0 : u->port;
}

/* A local number means something only within its context (RFC 3966, 5.1.5). */
static bool
same_context(const struct sip_uri *a, const struct sip_uri *b)
{
	struct gw_span x = { NULL, 0 }, y = { NULL, 0 };

	if (a->user.p[0] == '+')
		return true;
	sip_param_find(a->params, "phone-context", &x);
	sip_param_find(b->params, "phone-context", &y);
	return gw_span_ieq(x, y);
}

bool
sip_uri_same_user(const struct sip_uri *a, const struct sip_uri *b)
{
	bool sip_a = a->scheme <= SIP_SCHEME_SIPS;
	bool sip_b = b->scheme <= SIP_SCHEME_SIPS;

	if (sip_a && sip_b)
		return gw_span_ieq(a->host, b->host) &&
		       port_of(a) == port_of(b) &&
		       same(a->user, b->user, next_plain);
	if (a->scheme != b->scheme)
		return false;
	if (a->scheme == SIP_SCHEME_TEL)
		return same(a->user, b->user, next_digit) && same_context(a, b);
	return gw_span_eq(a->all, b->all);
}

bool
sip_param_find(struct gw_span params, const char *name, struct gw_span *value)
{
	struct gw_span want = gw_span_of(name), key, val;
	size_t pos = 0;

	while (sip_param_next(params, &pos, &key, &val)) {
		if (!gw_span_ieq(key, want))
			continue;
		if (value != NULL)
			*value = val;
		return true;
	}
	return false;
}

bool
sip_param_next(struct gw_span params, size_t *pos, struct gw_span *name,
    struct gw_span *value)
{
	size_t at = sip_char_blanks(params, *pos), end;

	if (at == params.len) {
		*pos = at;
		return false;
	}
	if (params.p[at] != ';')
		return false;
	at = sip_char_blanks(params, at + 1);
	end = sip_char_skip(params, at, SIP_CHAR_PNAME);
	if (end == at)
		return false;
	*name = (struct gw_span){ params.p + at, end - at };
	at = sip_char_blanks(params, end);
	if (at == params.len || params.p[at] != '=') {
		*value = (struct gw_span){ params.p + end, 0 };
		*pos = end;
		return true;
	}
	at = sip_char_blanks(params, at + 1);
	if (at < params.len && params.p[at] == '"') {
		end = sip_char_quoted(params, at);
		if (end == 0)
			return false;
		*value = (struct gw_span){ params.p + at + 1, end - at - 2 };
	} else {
		end = sip_char_run(params, at, SIP_CHAR_PVALUE);
		if (end == at)
			return false;
		*value = (struct gw_span){ params.p + at, end - at };
	}
	*pos = end;
	return true;
}

bool
sip_param_skip(struct gw_span params, size_t *pos)
{
	struct gw_span name, value;

	while (sip_param_next(params, pos, &name, &value))
		continue;
	*pos = sip_char_blanks(params, *pos);
	return *pos == params.len || params.p[*pos] == ',';
}
