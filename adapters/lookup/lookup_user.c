/*
 * lookup_user.c: one pass over a URI, its form written beside it.
 *
 * Case and escapes as RFC 3261 19.1.4 has them, tel: as RFC 3966 5.  A
 * password, a standard port, parameters and headers do not tell one user from
 * another; the context of a local number does.
 */
#include "adapters/lookup/lookup_user.h"

#include "adapters/lookup/lookup_char.h"
#include "mcxgw/hex.h"
#include "mcxgw/host.h"

#define PORT_LEN_MAX 5

/* Counts on where there is no room, so that one test at the end tells. */
static void
put(struct lookup_user *u, uint8_t c)
{
	if (u->len < sizeof(u->text))
		u->text[u->len] = c;
	u->len++;
}

static void
put_run(struct lookup_user *u, struct gw_span s)
{
	if (u->len <= sizeof(u->text) && s.len <= sizeof(u->text) - u->len)
		memcpy(u->text + u->len, s.p, s.len);
	u->len += s.len;
}

/* In lower case. */
static void
put_text(struct lookup_user *u, struct gw_span s)
{
	if (u->len <= sizeof(u->text) && s.len <= sizeof(u->text) - u->len)
		for (size_t i = 0; i < s.len; i++)
			u->text[u->len + i] = gw_lower(s.p[i]);
	u->len += s.len;
}

static void
put_escape(struct lookup_user *u, uint8_t c)
{
	static const uint8_t digits[] = "0123456789ABCDEF";

	put(u, '%');
	put(u, digits[c >> 4]);
	put(u, digits[c & 15]);
}

/* The octet that "%HH" at s.p[i] stands for, or -1. */
static int
read_escape(struct gw_span s, size_t i)
{
	if (s.len - i < 3)
		return -1;
	int high = gw_hex_value(s.p[i + 1]);
	int low = gw_hex_value(s.p[i + 2]);

	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* A character that is its own escape is written plain, one that an escape
 * makes another stays escaped, and what should have been escaped is. */
static bool
read_name(struct gw_span in, struct lookup_user *u)
{
	static const struct lookup_char_set unreserved = {
		LOOKUP_CHAR_DIGITS | LOOKUP_CHAR('-') | LOOKUP_CHAR('.') |
		    LOOKUP_CHAR('!') | LOOKUP_CHAR('*') | LOOKUP_CHAR('\'') |
		    LOOKUP_CHAR('(') | LOOKUP_CHAR(')'),
		LOOKUP_CHAR_LETTERS | LOOKUP_CHAR('_') | LOOKUP_CHAR('~'),
	};
	static const struct lookup_char_set as_is = {
		LOOKUP_CHAR('&') | LOOKUP_CHAR('=') | LOOKUP_CHAR('+') |
		    LOOKUP_CHAR('$') | LOOKUP_CHAR(',') | LOOKUP_CHAR(';') |
		    LOOKUP_CHAR('?') | LOOKUP_CHAR('/'),
		0,
	};

	for (size_t i = 0, end; i < in.len; i++) {
		/* No colon is left, and all else of a run is as it is. */
		end = lookup_char_run(in, i);
		put_run(u, gw_span_sub(in, i, end - i));
		if ((i = end) == in.len)
			break;
		int c = in.p[i];
		bool escaped = c == '%';

		if (escaped && (c = read_escape(in, i)) <= 0)
			return false;
		if (lookup_char_in(unreserved, (uint8_t)c) ||
		    (!escaped && lookup_char_in(as_is, (uint8_t)c)))
			put(u, (uint8_t)c);
		else
			put_escape(u, (uint8_t)c);
		i += escaped ? 2 : 0;
	}
	return in.len != 0;
}

/* Offset of what ends a host (colon) or a port, or s.len. */
static size_t
find_end(struct gw_span s, size_t from, bool colon)
{
	while (from < s.len && s.p[from] != ';' && s.p[from] != '?' &&
	       !(colon && s.p[from] == ':'))
		from++;
	return from;
}

/* sips counts as sip, so either standard port says nothing. */
static bool
read_port(struct gw_span in, struct lookup_user *u)
{
	uint64_t port;

	if (in.len > PORT_LEN_MAX || in.len == 0 ||
	    gw_span_to_u64(in, UINT16_MAX, &port) != GW_OK)
		return false;
	if (port == 5060 || port == 5061)
		return true;
	while (in.len > 1 && in.p[0] == '0')
		in = gw_span_sub(in, 1, in.len);
	put(u, ':');
	put_text(u, in);
	return true;
}

static bool
read_host(struct gw_span in, struct lookup_user *u)
{
	size_t from =
	    in.len > 0 && in.p[0] == '[' ? gw_span_find(in, 0, ']') : 0;
	size_t end = find_end(in, from, true);
	struct gw_span host = gw_span_sub(in, 0, end);

	if (!gw_host_is_name(host) && !gw_host_is_reference(host))
		return false;
	u->host_at = u->len;
	u->host_len = host.len;
	put_text(u, host);
	if (end == in.len || in.p[end] != ':')
		return true;
	return read_port(
	    gw_span_sub(in, end + 1, find_end(in, end + 1, false) - end - 1),
	    u);
}

static bool
read_sip(struct gw_span in, struct lookup_user *u)
{
	size_t at = gw_span_find(in, 0, '@');
	struct gw_span user = gw_span_sub(in, 0, at);

	/* A second '@' would let two readers see two hosts. */
	if (at == in.len || gw_span_find(in, at + 1, '@') != in.len)
		return false;
	put_text(u, GW_SPAN("sip:"));
	if (!read_name(gw_span_sub(user, 0, gw_span_find(user, 0, ':')), u))
		return false;
	put(u, '@');
	return read_host(gw_span_sub(in, at + 1, in.len), u);
}

/* The context of a local number, among parameters that begin at a ';'. */
static bool
read_context(struct gw_span params, struct lookup_user *u)
{
	static const struct gw_span name = GW_LIT("phone-context=");
	struct gw_span context = { NULL, 0 };
	size_t end;

	for (size_t at = 0; at < params.len; at = end) {
		end = gw_span_find(params, at + 1, ';');
		struct gw_span one = gw_span_sub(params, at + 1, end - at - 1);
		if (!gw_span_istarts(one, name))
			continue;
		if (context.len != 0)
			return false;
		context = gw_span_sub(one, name.len, one.len);
	}
	if (context.len == 0)
		return true;
	put(u, ';');
	put_text(u, name);
	put_text(u, context);
	return gw_host_is_name(
	    gw_span_sub(context, context.p[0] == '+', context.len));
}

static bool
read_tel(struct gw_span in, struct lookup_user *u)
{
	size_t end = gw_span_find(in, 0, ';'), from;

	put_text(u, GW_SPAN("tel:"));
	from = u->len;
	for (size_t i = 0; i < end; i++) {
		uint8_t c = in.p[i];
		if (c == '-' || c == '.' || c == '(' || c == ')')
			continue;
		if (gw_hex_value(c) < 0 && c != '*' && c != '#' &&
		    !(c == '+' && u->len == from))
			return false;
		put(u, gw_lower(c));
	}
	if (u->len == from || (u->len == from + 1 && u->text[from] == '+'))
		return false;
	/* A global number stands for itself (RFC 3966 5.1.5). */
	return u->text[from] == '+' ||
	       read_context(gw_span_sub(in, end, in.len), u);
}

static bool
is_visible(struct gw_span s)
{
	for (size_t i = lookup_char_run(s, 0); i < s.len;
	     i = lookup_char_run(s, i + 1))
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f || s.p[i] == '<' ||
		    s.p[i] == '>' || s.p[i] == '"')
			return false;
	return true;
}

enum gw_err
lookup_user_read(struct gw_span uri, struct lookup_user *out)
{
	static const struct {
		struct gw_span prefix;
		bool (*read)(struct gw_span in, struct lookup_user *u);
	} schemes[] = {
		{ GW_LIT("sip:"), read_sip },
		{ GW_LIT("sips:"), read_sip },
		{ GW_LIT("tel:"), read_tel },
	};

	out->len = out->host_at = out->host_len = 0;
	for (size_t i = 0; i < GW_COUNT(schemes); i++) {
		struct gw_span prefix = schemes[i].prefix;
		if (!gw_span_istarts(uri, prefix))
			continue;
		if (!is_visible(uri) ||
		    !schemes[i].read(
			gw_span_sub(uri, prefix.len, uri.len), out))
			return GW_EMALFORMED;
		return out->len > sizeof(out->text) ? GW_ELIMIT : GW_OK;
	}
	return GW_EMALFORMED;
}

bool
lookup_user_same(struct gw_span a, struct gw_span b)
{
	struct lookup_user x, y;

	return lookup_user_read(a, &x) == GW_OK &&
	       lookup_user_read(b, &y) == GW_OK &&
	       gw_span_eq(lookup_user_span(&x), lookup_user_span(&y));
}

enum gw_err
gw_lookup_user(struct gw_arena *a, struct gw_span uri, struct gw_span *out)
{
	struct lookup_user u;
	enum gw_err err = lookup_user_read(uri, &u);

	if (err == GW_OK && !gw_arena_copy(a, lookup_user_span(&u), out))
		err = GW_ENOMEM;
	return err;
}
