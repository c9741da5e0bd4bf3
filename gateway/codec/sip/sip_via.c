/*
 * sip_via.c: one element of a Via value.
 */
#include "codec/sip/sip_via.h"

#include "codec/sip/sip_char.h"

static enum gw_err
refuse(struct gw_fault *fault, size_t at, const char *why)
{
	*fault = (struct gw_fault){ at, why };
	return GW_EMALFORMED;
}

/* A token; moves *at behind it and the blanks that follow. */
static struct gw_span
read_token(struct gw_span v, size_t *at)
{
	size_t from = *at, end = sip_char_skip(v, from, SIP_CHAR_TOKEN);

	*at = sip_char_blanks(v, end);
	return gw_span_sub(v, from, end - from);
}

/* One octet c; moves *at behind it and the blanks that follow. */
static bool
read_mark(struct gw_span v, size_t *at, uint8_t c)
{
	if (*at == v.len || v.p[*at] != c)
		return false;
	*at = sip_char_blanks(v, *at + 1);
	return true;
}

/* name "/" version "/" transport, then at least one blank. */
static const char *
read_protocol(struct gw_span v, size_t *at, struct sip_via *out)
{
	static const char usual[] = "SIP/2.0/";
	const size_t len = sizeof(usual) - 1;

	if (v.len - *at > len && memcmp(v.p + *at, usual, len) == 0)
		*at = sip_char_blanks(v, *at + len);
	else if (read_token(v, at).len == 0 || !read_mark(v, at, '/') ||
		 read_token(v, at).len == 0 || !read_mark(v, at, '/'))
		return "not a protocol of a Via";
	out->transport = read_token(v, at);
	if (out->transport.len == 0)
		return "Via without a transport";
	if (out->transport.p + out->transport.len == v.p + *at)
		return "no blank behind the transport of a Via";
	return NULL;
}

/* host [":" port], blanks around the colon allowed. */
static const char *
read_sent_by(struct gw_span v, size_t *at, struct sip_via *out)
{
	size_t from = *at, end;

	if (from < v.len && v.p[from] == '[') {
		end = gw_span_find(v, from, ']');
		out->host = gw_span_sub(v, from + 1, end - from - 1);
		if (end == v.len ||
		    gw_span_find(out->host, 0, ':') == out->host.len ||
		    !sip_host_is_address(out->host))
			return "not an IPv6 address";
		end++;
	} else {
		end = sip_char_skip(v, from, SIP_CHAR_HOST);
		out->host = gw_span_sub(v, from, end - from);
		if (end == from)
			return "Via without a host";
	}
	*at = sip_char_blanks(v, end);
	if (!read_mark(v, at, ':'))
		return NULL;
	end = *at;
	out->port = sip_char_port(v, &end);
	if (out->port == 0)
		return "not a port";
	*at = sip_char_blanks(v, end);
	return NULL;
}

static const char *
read_rport(struct gw_span value, struct sip_via *out)
{
	size_t end = 0;

	if (out->has_rport)
		return "rport twice in a Via";
	out->rport = sip_char_port(value, &end);
	if (value.len > 0 && (out->rport == 0 || end < value.len))
		return "not a port";
	out->has_rport = true;
	return NULL;
}

/* An address may stand in brackets or without (RFC 5118, 4.5). */
static struct gw_span
unbracket(struct gw_span s)
{
	if (s.len >= 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
		return gw_span_sub(s, 1, s.len - 2);
	return s;
}

/* Pick out what responses are routed by. */
static const char *
read_param(struct gw_span name, struct gw_span value, struct sip_via *out)
{
	if (gw_span_ieq(name, GW_SPAN("branch"))) {
		if (out->branch.len > 0 || value.len == 0)
			return "branch empty or twice in a Via";
		out->branch = value;
	} else if (gw_span_ieq(name, GW_SPAN("received"))) {
		if (out->received.len > 0 || value.len == 0)
			return "received empty or twice in a Via";
		out->received = unbracket(value);
	} else if (gw_span_ieq(name, GW_SPAN("rport"))) {
		return read_rport(value, out);
	} else if (out->other.len == 0) {
		out->other = name;
		out->other_value = value;
	}
	return NULL;
}

/* All parameters; moves *at behind them. */
static const char *
read_params(struct gw_span v, size_t *at, struct sip_via *out)
{
	struct gw_span name, value;
	const char *why = NULL;

	while (*at < v.len && sip_param_next(v, at, &name, &value))
		if (why == NULL)
			why = read_param(name, value, out);
	return why;
}

enum gw_err
sip_via_next(struct gw_span value, size_t *pos, struct sip_via *out,
    struct gw_fault *fault)
{
	size_t from = sip_char_blanks(value, *pos), at = from;
	struct sip_via v = { .port = 0 };
	const char *why;

	if (from == value.len)
		return GW_ENOTFOUND;
	why = read_protocol(value, &at, &v);
	if (why == NULL)
		why = read_sent_by(value, &at, &v);
	if (why != NULL)
		return refuse(fault, at, why);
	size_t params = at;
	why = read_params(value, &at, &v);
	v.params = gw_span_trim(gw_span_sub(value, params, at - params));
	v.all = gw_span_trim(gw_span_sub(value, from, at - from));
	at = sip_char_blanks(value, at);
	if (at < value.len && value.p[at] != ',')
		return refuse(fault, at, "not a parameter of a Via");
	if (why != NULL)
		return refuse(fault, params, why);
	if (at < value.len && sip_char_blanks(value, ++at) == value.len)
		return refuse(fault, at - 1, "comma without a Via");
	*pos = at;
	*out = v;
	return GW_OK;
}
