/*
 * policy_uri.c: SIP, SIPS and TEL URIs, strictly (RFC 3261 19.1, RFC 3966).
 */
#include "policy/policy_uri.h"

#include "mcxgw/hex.h"
#include "mcxgw/host.h"
#include "mcxgw/siphash.h"

/* Hashes need no secret: the tables are filled by the operator, and strangers
 * only read them. */
static const uint8_t hash_key[GW_SIPHASH_KEY_LEN] = "mcxgw.policy.v1";

/* An octet that may stand in a user part; escapes come as their value. */
static bool
is_user_octet(uint8_t c)
{
	return c > 0x20 && c != 0x7f && c != '<' && c != '>' && c != '"';
}

/* Eight octets of a user part that stand for themselves? */
static bool
are_plain(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101, tops = 0x80 * ones;
	uint64_t over = w | tops;
	uint64_t angle = (w & ~(2 * ones)) ^ '<' * ones; /* or '>' */
	/* The top bit stays where the octet is at least so large. */
	uint64_t good = (over - 0x21 * ones) & ((angle | tops) - ones) &
			(((w ^ '"' * ones) | tops) - ones) &
			(((w ^ '%' * ones) | tops) - ones);

	return (good & ~w & ~(w + ones) & tops) == tops;
}

/* False: some must be looked at one by one. */
static bool
copy_plain(struct gw_span in, uint8_t *out)
{
	uint64_t w;

	if (in.len < sizeof(w) || in.len > POLICY_USER_MAX)
		return false;
	for (size_t i = 0; i < in.len; i += sizeof(w)) {
		/* The last run may overlap the one before. */
		size_t left = in.len - i;
		size_t at = left < sizeof(w) ? in.len - sizeof(w) : i;
		memcpy(&w, in.p + at, sizeof(w));
		if (!are_plain(w))
			return false;
		memcpy(out + at, &w, sizeof(w));
	}
	return true;
}

static bool
read_user(struct gw_span in, struct policy_uri *out)
{
	size_t n = 0;

	if (copy_plain(in, out->user)) {
		out->user_len = in.len;
		return true;
	}
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.p[i];
		if (!is_user_octet(c) || c >= 0x80 || n == POLICY_USER_MAX)
			return false;
		if (c == '%') {
			if (in.len - i < 3)
				return false;
			int high = gw_hex_value(in.p[i + 1]);
			int low = gw_hex_value(in.p[i + 2]);
			if (high < 0 || low < 0)
				return false;
			c = (uint8_t)(high << 4 | low);
			if (c == 0)
				return false;
			i += 2;
		}
		out->user[n++] = c;
	}
	out->user_len = n;
	return n > 0;
}

static bool
is_port(struct gw_span text)
{
	uint64_t port;

	return text.len <= 5 &&
	       gw_span_to_u64(text, UINT16_MAX, &port) == GW_OK;
}

/* Where what is behind host or port begins: at ';' or '?'. */
static size_t
find_end(struct gw_span s, size_t from)
{
	while (from < s.len && s.p[from] != ';' && s.p[from] != '?')
		from++;
	return from;
}

/* The octets of a host at the beginning of in; 0: there is none. */
static size_t
host_run(struct gw_span in)
{
	if (in.len == 0 || in.p[0] != '[')
		return gw_host_name_run(in);
	size_t len = gw_span_find(in, 0, ']') + 1;
	return gw_host_is_reference(gw_span_sub(in, 0, len)) ? len : 0;
}

/* host [":" port] and then nothing, parameters or headers. */
static bool
read_hostport(struct gw_span in, struct policy_uri *out)
{
	size_t end = host_run(in), stop = end;

	out->host = gw_span_sub(in, 0, end);
	if (end == 0)
		return false;
	if (end < in.len && in.p[end] == ':') {
		stop = find_end(in, end + 1);
		if (!is_port(gw_span_sub(in, end + 1, stop - end - 1)))
			return false;
	}
	return stop == in.len || in.p[stop] == ';' || in.p[stop] == '?';
}

static bool
read_sip(struct gw_span in, struct policy_uri *out)
{
	size_t at = gw_span_find(in, 0, '@');

	out->scheme = POLICY_SIP;
	out->user_len = 0;
	if (at == in.len)
		return read_hostport(in, out);
	/* A second '@' would let two readers see two hosts. */
	if (gw_span_find(in, at + 1, '@') != in.len)
		return false;
	struct gw_span user = gw_span_sub(in, 0, at);
	user = gw_span_sub(user, 0, gw_span_find(user, 0, ':'));
	return read_user(user, out) &&
	       read_hostport(gw_span_sub(in, at + 1, in.len), out);
}

/* The value of phone-context among parameters that begin at a ';'. */
static bool
read_context(struct gw_span params, struct policy_uri *out)
{
	static const struct gw_span name = GW_LIT("phone-context=");

	out->host = (struct gw_span){ NULL, 0 };
	for (size_t at = 0; at < params.len;) {
		size_t end = gw_span_find(params, at + 1, ';');
		struct gw_span one = gw_span_sub(params, at + 1, end - at - 1);
		if (gw_span_istarts(one, name)) {
			if (out->host.len != 0)
				return false;
			out->host = gw_span_sub(one, name.len, one.len);
		}
		at = end;
	}
	struct gw_span h = out->host;
	if (h.len > 0 && h.p[0] == '+')
		h = gw_span_sub(h, 1, h.len);
	return out->host.len == 0 || gw_host_is_name(h);
}

static bool
read_tel(struct gw_span in, struct policy_uri *out)
{
	size_t end = gw_span_find(in, 0, ';'), n = 0;

	out->scheme = POLICY_TEL;
	for (size_t i = 0; i < end; i++) {
		uint8_t c = gw_lower(in.p[i]);
		if (c == '-' || c == '.' || c == '(' || c == ')')
			continue;
		bool sign = c == '*' || c == '#' || (c == '+' && i == 0);
		if ((gw_hex_value(c) < 0 && !sign) || n == POLICY_USER_MAX)
			return false;
		out->user[n++] = c;
	}
	out->user_len = n;
	if (n == 0 || !read_context(gw_span_sub(in, end, in.len), out))
		return false;
	/* A global number stands for itself (RFC 3966 5.1.5). */
	if (out->user[0] == '+')
		out->host = (struct gw_span){ NULL, 0 };
	return true;
}

bool
policy_uri_parse(struct gw_span in, struct policy_uri *out)
{
	static const struct {
		struct gw_span prefix;
		bool (*read)(struct gw_span in, struct policy_uri *out);
	} schemes[] = {
		{ GW_LIT("sip:"), read_sip },
		{ GW_LIT("sips:"), read_sip },
		{ GW_LIT("tel:"), read_tel },
	};

	for (size_t i = 0; i < GW_COUNT(schemes); i++)
		if (gw_span_istarts(in, schemes[i].prefix))
			return schemes[i].read(
			    gw_span_sub(in, schemes[i].prefix.len, in.len),
			    out);
	return false;
}

uint64_t
policy_hash_name(struct gw_span name)
{
	return gw_span_ihash(name);
}

uint64_t
policy_hash_mix(uint64_t h, uint64_t n)
{
	/* The finaliser of SplitMix64. */
	h ^= n + 0x9e3779b97f4a7c15 + (h << 6) + (h >> 2);
	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9;
	h = (h ^ h >> 27) * 0x94d049bb133111eb;
	return h ^ h >> 31;
}

uint64_t
policy_uri_hash(const struct policy_uri *u)
{
	uint64_t h = gw_siphash(hash_key, policy_uri_user(u));

	return policy_hash_mix(
	    policy_hash_mix(h, policy_hash_name(u->host)), u->scheme);
}
