/*
 * policy_handling.c: the <handling> of an agreement: headers that cross.
 */
#include "policy/policy_agreement.h"

#include "policy/policy_code.h"

struct policy_handling
policy_handling_default(void)
{
	return (struct policy_handling){ .drop_unknown = true,
		.access_token_drop = true };
}

/* token (RFC 3261 25.1), of which header names are made. */
static bool
is_token(struct gw_span s)
{
	static const char marks[] = "-.!%*_+`'~";

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = gw_lower(s.p[i]);
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    (c == 0 || strchr(marks, c) == NULL))
			return false;
	}
	return s.len > 0;
}

static char *
keep_lower(struct policy_reader *r, struct gw_span s)
{
	char *out = gw_arena_str(r->a, s);

	if (out == NULL)
		r->no_memory = true;
	for (char *c = out; c != NULL && *c != '\0'; c++)
		*c = (char)gw_lower((uint8_t)*c);
	return out;
}

static bool
is_in(const char *const *names, size_t n, struct gw_span name)
{
	for (size_t i = 0; i < n; i++)
		if (gw_span_ieq(gw_span_of(names[i]), name))
			return true;
	return false;
}

/* The header names of all <allow headers=> or <drop headers=>. */
static const char *const *
read_headers(struct policy_reader *r, const xmlNode *node, const char *name,
    const struct policy_handling *other, size_t *n)
{
	const char **out =
	    policy_read_alloc(r, POLICY_HEADERS_MAX, sizeof(*out));
	const xmlNode *c = gw_xml_child(node, name);

	for (; out != NULL && c != NULL; c = gw_xml_next(c, name)) {
		struct gw_where at = policy_read_where(r, c);
		struct gw_span list = gw_span_of(
				   policy_read_need(r, c, "headers")),
			       one;
		size_t pos = 0;
		while ((one = policy_read_next(list, &pos)).len > 0) {
			if (!is_token(one))
				POLICY_ERROR(r->d, &at, HEADER,
				    "\"%.*s\" is no header name", GW_FMT(one));
			else if (*n == POLICY_HEADERS_MAX)
				POLICY_ERROR(r->d, &at, TOO_MANY,
				    "more than %d headers in <%s>",
				    POLICY_HEADERS_MAX, name);
			else if (is_in(other->allow, other->n_allow, one))
				POLICY_ERROR(r->d, &at, HEADER_BOTH,
				    "\"%.*s\" is allowed and dropped",
				    GW_FMT(one));
			else if ((out[*n] = keep_lower(r, one)) != NULL)
				++*n;
			if (*n == POLICY_HEADERS_MAX)
				break;
		}
	}
	return out;
}

/* The uri= of a child, which must be a SIP URI; NULL if there is none. */
static const char *
read_uri(struct policy_reader *r, const xmlNode *node, const char *name)
{
	const xmlNode *c = gw_xml_child(node, name);
	const char *uri = c == NULL ? NULL : policy_read_need(r, c, "uri");
	struct policy_uri read;

	if (uri == NULL)
		return NULL;
	if (policy_uri_parse(gw_span_of(uri), &read) &&
	    read.scheme == POLICY_SIP)
		return uri;
	struct gw_where at = policy_read_where(r, c);
	POLICY_ERROR(
	    r->d, &at, URI, "<%s> uri=\"%s\" is no SIP URI", name, uri);
	return NULL;
}

void
policy_handling_read(
    struct policy_reader *r, const xmlNode *node, struct policy_handling *out)
{
	static const char *const words[] = { "drop", "pass" };

	*out = policy_handling_default();
	out->hide_call_id = policy_read_yes(r, node, "hide-call-id", false);
	out->drop_unknown =
	    policy_read_word(r, node, "unknown-headers", words, 2, 0) == 0;
	out->access_token_drop =
	    policy_read_word(r, node, "access-token", words, 2, 0) == 0;
	struct policy_handling none = { .n_allow = 0 };
	out->allow = read_headers(r, node, "allow", &none, &out->n_allow);
	out->drop = read_headers(r, node, "drop", out, &out->n_drop);
	out->asserted_identity = read_uri(r, node, "asserted-identity");
	out->request_uri = read_uri(r, node, "request-uri");
}
