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

	*at = sip_char_skip(v, end, SIP_CHAR_BLANK);
	return gw_span_sub(v, from, end - from);
}

/* One octet c; moves *at behind it and the blanks that follow. */
static bool
read_mark(struct gw_span v, size_t *at, uint8_t c)
{
	if (*at == v.len || v.p[*at] != c)
		return false;
	*at = sip_char_skip(v, *at + 1, SIP_CHAR_BLANK);
	return true;
}

/* name "/" version "/" transport, then at least one blank. */
static const char *
read_protocol(struct gw_span v, size_t *at, struct sip_via *out)
{
	if (read_token(v, at).len == 0 || !read_mark(v, at, '/') ||
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
	uint64_t port;

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
	*at = sip_char_skip(v, end, SIP_CHAR_BLANK);
	if (!read_mark(v, at, ':'))
		return NULL;
	for (end = *at; end < v.len; end++)
		if (v.p[end] < '0' || v.p[end] > '9')
			break;
	if (gw_span_to_u64(gw_span_sub(v, *at, end - *at), UINT16_MAX, &port) !=
		GW_OK ||
	    port == 0)
		return "not a port";
	out->port = (uint16_t)port;
	*at = sip_char_skip(v, end, SIP_CHAR_BLANK);
	return NULL;
}

static const char *
read_rport(struct gw_span value, struct sip_via *out)
{
	uint64_t port = 0;

	if (out->has_rport)
		return "rport twice in a Via";
	if (value.len > 0 &&
	    (gw_span_to_u64(value, UINT16_MAX, &port) != GW_OK || port == 0))
		return "not a port";
	out->has_rport = true;
	out->rport = (uint16_t)port;
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

/* All parameters; moves *at behind them and the blanks that follow. */
static const char *
read_params(struct gw_span v, size_t *at, struct sip_via *out)
{
	struct gw_span name, value;
	const char *why = NULL;

	while (sip_param_next(v, at, &name, &value))
		if (why == NULL)
			why = read_param(name, value, out);
	*at = sip_char_skip(v, *at, SIP_CHAR_BLANK);
	return why;
}

enum gw_err
sip_via_next(struct gw_span value, size_t *pos, struct sip_via *out,
    struct gw_fault *fault)
{
	size_t from = sip_char_skip(value, *pos, SIP_CHAR_BLANK), at = from;
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
	if (at < value.len && value.p[at] != ',')
		return refuse(fault, at, "not a parameter of a Via");
	v.params = gw_span_trim(gw_span_sub(value, params, at - params));
	v.all = gw_span_trim(gw_span_sub(value, from, at - from));
	if (why != NULL)
		return refuse(fault, params, why);
	if (at < value.len &&
	    sip_char_skip(value, ++at, SIP_CHAR_BLANK) == value.len)
		return refuse(fault, at - 1, "comma without a Via");
	*pos = at;
	*out = v;
	return GW_OK;
}
