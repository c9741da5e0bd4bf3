/*
 * sip_addr.c: one element of a list of addresses.
 */
#include "codec/sip/sip_addr.h"

#include "codec/sip/sip_char.h"

static enum gw_err
refuse(struct gw_fault *fault, size_t at, const char *why)
{
	*fault = (struct gw_fault){ at, why };
	return GW_EMALFORMED;
}

/* Has s the form scheme ":" something?  Its octets are known to be those of
 * a URI. */
static bool
has_scheme(struct gw_span s)
{
	size_t colon = gw_span_find(s, 0, ':');
	uint8_t first = s.len == 0 ? 0 : gw_lower(s.p[0]);

	return first >= 'a' && first <= 'z' && colon + 1 < s.len;
}

/* "<" URI ">" at *at; moves *at behind it. */
static const char *
read_bracketed(struct gw_span v, size_t *at, struct sip_addr *a)
{
	size_t from = *at + 1;
	size_t end = sip_char_run(v, from, SIP_CHAR_URI);

	/* '#' is a digit of tel, and a fragment in other schemes. */
	while (end < v.len && v.p[end] == '#')
		end = sip_char_run(v, end + 1, SIP_CHAR_URI);
	*at = end;
	if (end == v.len)
		return "URI without its closing bracket";
	if (v.p[end] != '>')
		return "not allowed in a URI";
	a->uri = gw_span_sub(v, from, end - from);
	a->has_brackets = true;
	*at = from;
	if (!has_scheme(a->uri))
		return "URI without a scheme";
	*at = end + 1;
	return NULL;
}

/* A URI without brackets ends at a blank, comma or semicolon; a question
 * mark must not stand in it (RFC 3261, 20). */
static const char *
read_bare(struct gw_span v, size_t *at, struct sip_addr *a)
{
	size_t end = *at;

	while (end < v.len && sip_char_is(v.p[end], SIP_CHAR_URI) &&
	       v.p[end] != ',' && v.p[end] != ';' && v.p[end] != '?')
		end++;
	a->uri = gw_span_sub(v, *at, end - *at);
	if (!has_scheme(a->uri))
		return "neither a URI nor a name with one in brackets";
	*at = end;
	if (end < v.len && v.p[end] == '?')
		return "URI with headers but without brackets";
	return NULL;
}

/* [display name] URI; moves *at behind it. */
static const char *
read_address(struct gw_span v, size_t *at, struct sip_addr *a)
{
	size_t from = *at, end;

	if (v.p[from] == '<') {
		a->display = gw_span_sub(v, from, 0);
		return read_bracketed(v, at, a);
	}
	if (v.p[from] == '"') {
		end = sip_char_quoted(v, from);
		if (end == 0)
			return "quoted string without its end";
		a->display = gw_span_sub(v, from, end - from);
		*at = sip_char_blanks(v, end);
		if (*at == v.len || v.p[*at] != '<')
			return "name without a URI in brackets";
		return read_bracketed(v, at, a);
	}
	end = sip_char_skip(v, from, SIP_CHAR_TOKEN | SIP_CHAR_BLANK);
	if (end == v.len || v.p[end] != '<')
		return read_bare(v, at, a);
	a->display = gw_span_trim(gw_span_sub(v, from, end - from));
	*at = end;
	return read_bracketed(v, at, a);
}

enum gw_err
sip_addr_next(struct gw_span value, size_t *pos, struct sip_addr *out,
    struct gw_fault *fault)
{
	size_t from = sip_char_blanks(value, *pos), at = from;
	struct sip_addr a = { .is_star = false };
	const char *why = NULL;

	if (from == value.len)
		return GW_ENOTFOUND;
	if (value.p[at] == '*' && sip_char_blanks(value, at + 1) == value.len) {
		a.is_star = true;
		at++;
	} else {
		why = read_address(value, &at, &a);
	}
	if (why != NULL)
		return refuse(fault, at, why);
	size_t params = sip_char_blanks(value, at), end = params;
	struct gw_span name, val;
	a.params = gw_span_sub(value, params, 0);
	while (end < value.len && sip_param_next(value, &end, &name, &val)) {
		a.params.len = end - params;
		at = end;
	}
	a.all = gw_span_sub(value, from, at - from);
	end = sip_char_blanks(value, end);
	if (end < value.len && value.p[end] != ',')
		return refuse(fault, end, "not a header parameter");
	if (end < value.len && sip_char_blanks(value, ++end) == value.len)
		return refuse(fault, end - 1, "comma without an address");
	*pos = end;
	*out = a;
	return GW_OK;
}
