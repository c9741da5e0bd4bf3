/*
 * policy_pattern.c: globs over identities.
 */
#include "policy/policy_pattern.h"

#include "mcxgw/host.h"

#define TEXT_MAX 512

/* The pattern with its stars taken out, which is a URI then. */
struct plain {
	char text[TEXT_MAX + 4];
	size_t len;
	enum policy_glob glob;
	bool sub_domains;
};

static void
put(struct plain *p, struct gw_span s)
{
	memcpy(p->text + p->len, s.p, s.len);
	p->len += s.len;
}

static const char *
put_user(struct gw_span user, struct plain *p)
{
	size_t star = gw_span_find(user, 0, '*');

	p->glob = POLICY_GLOB_NONE;
	if (star == user.len) {
		put(p, user);
		return NULL;
	}
	if (gw_span_find(user, star + 1, '*') != user.len)
		return "has more than one '*' in the user part";
	if (user.len == 1) {
		p->glob = POLICY_GLOB_ANY;
		put(p, GW_SPAN("0")); /* any user that can be read */
	} else if (star == 0) {
		p->glob = POLICY_GLOB_SUFFIX;
		put(p, gw_span_sub(user, 1, user.len));
	} else if (star == user.len - 1) {
		p->glob = POLICY_GLOB_PREFIX;
		put(p, gw_span_sub(user, 0, star));
	} else {
		return "has a '*' inside the user part";
	}
	return NULL;
}

static const char *
put_host(struct gw_span host, struct plain *p)
{
	p->sub_domains = gw_span_istarts(host, GW_SPAN("*."));
	if (p->sub_domains)
		host = gw_span_sub(host, 2, host.len);
	if (!gw_host_is_name(host))
		return "has a host that is no host name; no port, no "
		       "parameters";
	put(p, host);
	return NULL;
}

static const char *
make_plain(struct gw_span in, struct plain *p)
{
	size_t colon = gw_span_find(in, 0, ':');
	struct gw_span rest = gw_span_sub(in, colon + 1, in.len);
	size_t at = gw_span_find(rest, 0, '@');
	const char *why;

	*p = (struct plain){ .len = 0 };
	if (in.len == 0 || in.len > TEXT_MAX)
		return "is empty or too long";
	put(p, gw_span_sub(in, 0, colon + 1));
	if (gw_span_istarts(in, GW_SPAN("tel:"))) {
		size_t end = gw_span_find(rest, 0, ';');
		why = put_user(gw_span_sub(rest, 0, end), p);
		put(p, gw_span_sub(rest, end, rest.len));
		return why;
	}
	if (at == rest.len)
		return put_host(rest, p);
	struct gw_span user = gw_span_sub(rest, 0, at);
	if (gw_span_find(user, 0, ':') != user.len)
		return "has a password";
	if ((why = put_user(user, p)) != NULL)
		return why;
	put(p, GW_SPAN("@"));
	return put_host(gw_span_sub(rest, at + 1, rest.len), p);
}

static bool
keep_host(struct gw_arena *a, bool sub_domains, struct gw_span host,
    struct gw_span *out)
{
	size_t dot = sub_domains ? 1 : 0;
	uint8_t *p = gw_arena_bytes(a, host.len + dot);

	if (p == NULL)
		return false;
	if (sub_domains)
		p[0] = '.';
	for (size_t i = 0; i < host.len; i++)
		p[dot + i] = gw_lower(host.p[i]);
	*out = (struct gw_span){ p, host.len + dot };
	return true;
}

enum gw_err
policy_pattern_parse(struct gw_arena *a, const char *text,
    struct policy_pattern *out, const char **why)
{
	struct policy_pattern p = { .text = text };
	struct plain plain;
	struct policy_uri uri;

	if ((*why = make_plain(gw_span_of(text), &plain)) != NULL)
		return GW_EMALFORMED;
	struct gw_span s = { (const uint8_t *)plain.text, plain.len };
	if (!policy_uri_parse(s, &uri)) {
		*why = "is no sip, sips or tel URI";
		return GW_EMALFORMED;
	}
	p.scheme = uri.scheme;
	p.glob = plain.glob;
	p.sub_domains = plain.sub_domains;
	p.hash = policy_uri_hash(&uri);
	struct gw_span user = policy_uri_user(&uri);
	if (p.glob == POLICY_GLOB_ANY)
		user.len = 0;
	if (!keep_host(a, p.sub_domains, uri.host, &p.host) ||
	    !gw_arena_copy(a, user, &p.user))
		return GW_ENOMEM;
	*out = p;
	return GW_OK;
}

static bool
glob_matches(enum policy_glob glob, struct gw_span user, struct gw_span in)
{
	switch (glob) {
	case POLICY_GLOB_ANY: return true;
	case POLICY_GLOB_NONE: return gw_span_eq(user, in);
	case POLICY_GLOB_PREFIX:
		return gw_span_eq(user, gw_span_sub(in, 0, user.len));
	case POLICY_GLOB_SUFFIX:
		return in.len >= user.len &&
		       gw_span_eq(
			   user, gw_span_sub(in, in.len - user.len, user.len));
	}
	return false;
}

static bool
host_matches(const struct policy_pattern *p, struct gw_span host)
{
	if (!p->sub_domains)
		return gw_span_ieq(p->host, host);
	return host.len > p->host.len &&
	       gw_span_ieq(p->host,
		   gw_span_sub(host, host.len - p->host.len, host.len));
}

bool
policy_pattern_matches(
    const struct policy_pattern *p, const struct policy_uri *u)
{
	return p->scheme == u->scheme && host_matches(p, u->host) &&
	       glob_matches(p->glob, p->user, policy_uri_user(u));
}

bool
policy_pattern_is_exact(const struct policy_pattern *p)
{
	return p->glob == POLICY_GLOB_NONE && !p->sub_domains;
}

static bool
glob_covers(const struct policy_pattern *a, const struct policy_pattern *b)
{
	if (a->glob == POLICY_GLOB_ANY)
		return true;
	if (a->glob == POLICY_GLOB_NONE || b->glob == POLICY_GLOB_ANY)
		return a->glob == b->glob && gw_span_eq(a->user, b->user);
	return (b->glob == a->glob || b->glob == POLICY_GLOB_NONE) &&
	       glob_matches(a->glob, a->user, b->user);
}

bool
policy_pattern_covers(
    const struct policy_pattern *a, const struct policy_pattern *b)
{
	bool same =
	    a->sub_domains == b->sub_domains && gw_span_eq(a->host, b->host);

	return a->scheme == b->scheme && glob_covers(a, b) &&
	       (same || (a->sub_domains && host_matches(a, b->host)));
}
