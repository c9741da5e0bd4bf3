/*
 * topo_uri.c: see topo_uri.h.  The common case, a URI with a public domain,
 * costs its reading and one lookup.
 */
#include "core/topo_uri.h"

#include "codec/sip/sip_addr.h"
#include "core/topo_id.h"
#include "core/topo_seal.h"

/* How the URIs of one field are treated. */
struct rule {
	bool always; /* hidden even with a public domain */
	bool leads; /* requests go there: their tokens say how */
	bool must; /* the message is nothing without it */
};

/* One URI: what it was, what becomes of it. */
struct one {
	struct gw_span base; /* without headers */
	bool brackets; /* new ones are needed */
	bool drop; /* it cannot cross */
	bool plain; /* it stays, whatever the message */
	struct gw_span out; /* empty: stays */
};

static struct rule
rule_of(const struct sip_hdr *h)
{
	struct rule r = { .always = h->id == SIP_HDR_CONTACT };

	r.must = r.always || h->id == SIP_HDR_FROM || h->id == SIP_HDR_TO;
	/* transport has no place in From and To (RFC 3261, 19.1.1). */
	r.leads = r.always || h->id == SIP_HDR_REFER_TO ||
		  h->id == SIP_HDR_REPLY_TO || h->id == SIP_HDR_REFER_EVENTS_AT;
	return r;
}

/* The host that a URI of another scheme names, or empty: behind "//", or
 * behind '@' where that does not name a part of the body (RFC 2392). */
static struct gw_span
host_of_other(struct gw_span uri)
{
	size_t colon = gw_span_find(uri, 0, ':'), end = 0, at;
	struct gw_span scheme = gw_span_sub(uri, 0, colon), host;
	struct gw_span rest = gw_span_sub(uri, colon + 1, uri.len);
	bool has_authority = rest.len >= 2 && memcmp(rest.p, "//", 2) == 0;
	uint16_t port;

	if (has_authority)
		rest = gw_span_sub(rest, 2, rest.len);
	while (end < rest.len && memchr("/?#;", rest.p[end], 4) == NULL)
		end++;
	rest = gw_span_sub(rest, 0, end);
	at = rest.len;
	while (at > 0 && rest.p[at - 1] != '@')
		at--;
	if (!has_authority && (at == 0 || gw_span_ieq(scheme, GW_SPAN("cid")) ||
				  gw_span_ieq(scheme, GW_SPAN("mid"))))
		return (struct gw_span){ NULL, 0 };
	names_split(gw_span_sub(rest, at, rest.len), &host, &port);
	return host;
}

static unsigned
form_of(const struct rule *rule, const struct one *one, enum sip_scheme scheme)
{
	return (rule->leads ? TOPO_SEAL_TRANSPORT : 0u) |
	       (one->brackets ? TOPO_SEAL_BRACKETS : 0u) |
	       (scheme == SIP_SCHEME_SIPS ? TOPO_SEAL_SIPS : 0u);
}

static enum gw_err
bracketed(struct topo_work *w, struct one *one, struct gw_span text)
{
	const struct gw_span parts[] = { GW_SPAN("<"), text, GW_SPAN(">") };

	if (!one->brackets) {
		one->out = text;
		return GW_OK;
	}
	return topo_work_join(w, parts, 3, &one->out);
}

/* A token of ours becomes what it hides, if that is of the system the message
 * goes to.  GW_ENOTFOUND: it is of a third one (the way back leads through
 * the system that brings it, so it is hidden as it stands), or does not open
 * for this bearer. */
static enum gw_err
cross_token(struct topo_work *w, struct one *one, struct gw_span token)
{
	struct topo_secret s;
	enum gw_err err = topo_seal_open(w->t, TOKEN_URI, token, &s);

	if (err == GW_OK && s.system == w->to)
		return bracketed(w, one, s.text);
	return err == GW_ENOMEM ? err : GW_ENOTFOUND;
}

static enum gw_err
cross_sip(struct topo_work *w, const struct rule *rule, struct one *one,
    const struct sip_uri *u)
{
	struct gw_span token;

	if (topo_seal_is_own(w->names, u, &token) && token.len > 0) {
		enum gw_err err = cross_token(w, one, token);
		if (err != GW_ENOTFOUND)
			return err;
	}
	if (!rule->always && names_is_public(w->names, u->host) &&
	    !sip_param_find(u->params, "maddr", NULL)) {
		one->plain = token.len == 0;
		return GW_OK;
	}
	/* What says who it is must not change within a dialog; only a
	 * Contact tells of the dialog. */
	struct topo_secret s = { .system = w->from, .text = one->base };
	if (rule->always) {
		s.memo = w->memo;
		s.answering = w->answering;
	}
	return topo_seal_uri(
	    w, TOKEN_URI, &s, form_of(rule, one, u->scheme), &one->out);
}

/* Another scheme that names a host of the inside cannot become a token: who
 * follows it does not speak SIP.  From and To are only said, not followed, and
 * must stand. */
static enum gw_err
cross_other(struct topo_work *w, const struct rule *rule, struct one *one)
{
	struct topo_secret s = { .system = w->from, .text = one->base };
	struct gw_span host = host_of_other(one->base);

	if (host.len == 0 || names_is_public(w->names, host))
		return GW_OK;
	one->drop = !rule->must || rule->always;
	if (one->drop)
		return GW_OK;
	return topo_seal_uri(
	    w, TOKEN_URI, &s, form_of(rule, one, SIP_SCHEME_OTHER), &one->out);
}

/* One name=value of a URI's headers; *out stays empty if it must not cross. */
static enum gw_err
cross_header(struct topo_work *w, struct gw_span pair, struct gw_span *out)
{
	size_t eq = gw_span_find(pair, 0, '=');
	struct gw_span name = gw_span_sub(pair, 0, eq), value;
	enum sip_border class = sip_hdr_border(sip_hdr_find(name));
	enum gw_err err;

	*out = (struct gw_span){ NULL, 0 };
	if (class == SIP_BORDER_PASS || gw_span_ieq(name, GW_SPAN("body")) ||
	    (class == SIP_BORDER_UNKNOWN && !w->handling->drop_unknown)) {
		*out = pair;
		return GW_OK;
	}
	if (class != SIP_BORDER_CALL_ID || eq == pair.len)
		return GW_OK;
	err = topo_id_escaped(w, gw_span_sub(pair, eq + 1, pair.len), &value);
	if (err != GW_OK)
		return err;
	const struct gw_span parts[] = { gw_span_sub(pair, 0, eq + 1), value };
	if (value.len > 0)
		return topo_work_join(w, parts, 2, out);
	*out = pair;
	return GW_OK;
}

/* The headers of a URI stand outside of its token: whoever uses it must put
 * them into the request (RFC 3261, 19.1.5).  *out begins with '?', or is
 * empty. */
static enum gw_err
cross_headers(struct topo_work *w, struct gw_span headers, struct gw_span *out)
{
	struct gw_span all = { NULL, 0 }, one;
	enum gw_err err = GW_OK;
	size_t at = 0;

	while (err == GW_OK && at < headers.len) {
		size_t end = gw_span_find(headers, at, '&');
		err = cross_header(w, gw_span_sub(headers, at, end - at), &one);
		const struct gw_span parts[] = { all,
			all.len == 0 ? GW_SPAN("?") : GW_SPAN("&"), one };
		if (err == GW_OK && one.len > 0)
			err = topo_work_join(w, parts, 3, &all);
		at = end + 1;
	}
	*out = all;
	return err;
}

/* Put base and headers together again, if one of them changed. */
static enum gw_err
with_headers(struct topo_work *w, struct one *one, const struct sip_uri *u)
{
	struct gw_span headers, base = one->out;
	enum gw_err err = cross_headers(w, u->headers, &headers);

	if (err != GW_OK)
		return err;
	if (base.len == 0) {
		if (headers.len == u->headers.len + 1 &&
		    memcmp(headers.p + 1, u->headers.p, u->headers.len) == 0)
			return GW_OK;
		base = one->base;
	}
	const struct gw_span parts[] = { base, headers };
	/* A URI with headers stood in brackets, so none were added. */
	return topo_work_join(w, parts, 2, &one->out);
}

static enum gw_err
cross(struct topo_work *w, const struct rule *rule, struct gw_span uri,
    struct one *one)
{
	const struct topo *t = w->t;
	struct gw_fault fault;
	struct sip_uri u;
	enum gw_err err;

	if (!rule->always && topo_plain_has(t->plain, t->snap->generation, uri))
		return GW_OK;
	if (sip_uri_parse(uri, &u, &fault) != GW_OK)
		return topo_work_refuse(w, uri, fault.why);
	one->base = uri;
	if (u.scheme == SIP_SCHEME_TEL)
		return GW_OK;
	if (u.scheme == SIP_SCHEME_OTHER)
		return cross_other(w, rule, one);
	if (u.headers.len > 0)
		one->base =
		    gw_span_sub(uri, 0, (size_t)(u.headers.p - uri.p) - 1);
	err = cross_sip(w, rule, one, &u);
	if (err == GW_OK && u.headers.len > 0)
		return with_headers(w, one, &u);
	if (err == GW_OK && one->plain)
		topo_plain_add(t->plain, t->snap->generation, uri);
	return err;
}

/* Parameters of a field may hold URIs too (pub-gruu, target-uri). */
static enum gw_err
cross_params(struct topo_work *w, struct gw_span params, bool *drop)
{
	const struct rule rule = { .always = false };
	struct gw_span name, value;
	enum gw_err err = GW_OK;
	size_t pos = 0;

	if (gw_span_find(params, 0, ':') == params.len)
		return GW_OK;
	while (err == GW_OK && sip_param_next(params, &pos, &name, &value)) {
		struct one one = { .brackets = false };
		if (value.len >= 2 && value.p[0] == '<')
			value = gw_span_sub(value, 1, value.len - 2);
		if (!gw_span_istarts(value, GW_SPAN("sip:")) &&
		    !gw_span_istarts(value, GW_SPAN("sips:")))
			continue;
		err = cross(w, &rule, value, &one);
		*drop |= one.drop;
		if (err == GW_OK && one.out.len > 0)
			err = topo_work_replace(w, value, one.out);
	}
	return err;
}

/* "*;name=\"<sip:...>\", *;..." (RFC 6809, 6.1): no address, but parameters that
 * name nodes of the inside.  A row that cannot be read goes. */
static enum gw_err
cross_caps(struct topo_work *w, struct gw_span v, bool *drop)
{
	enum gw_err err = GW_OK;
	size_t end = 0;

	while (err == GW_OK && !*drop && end < v.len) {
		size_t at = gw_span_find(v, end, ';');
		end = at;
		*drop = !sip_param_skip(v, &end);
		err = cross_params(w, gw_span_sub(v, at, end - at), drop);
	}
	*drop |= err == GW_EMALFORMED;
	return err == GW_EMALFORMED ? GW_OK : err;
}

static enum gw_err
cross_addr(struct topo_work *w, const struct rule *rule,
    const struct sip_addr *a, bool *drop)
{
	struct one one = { .brackets = !a->has_brackets };
	enum gw_err err;

	if (a->is_star)
		return GW_OK;
	err = cross(w, rule, a->uri, &one);
	*drop |= one.drop;
	if (err == GW_OK && one.out.len > 0)
		err = topo_work_replace(w, a->uri, one.out);
	return err != GW_OK ? err : cross_params(w, a->params, drop);
}

enum gw_err
topo_uri_field(struct topo_work *w, const struct sip_hdr *h)
{
	struct topo_mark mark = topo_work_mark(w);
	struct rule rule = rule_of(h);
	struct gw_fault fault = { 0, NULL };
	struct sip_addr a;
	enum gw_err err;
	bool drop = false;
	size_t pos = 0;

	if (h->id == SIP_HDR_FROM || h->id == SIP_HDR_TO)
		return cross_addr(w, &rule,
		    h->id == SIP_HDR_FROM ? &w->m->from : &w->m->to, &drop);
	if (h->id == SIP_HDR_FEATURE_CAPS) {
		err = cross_caps(w, h->value, &drop);
		pos = h->value.len;
		if (err != GW_OK)
			return err;
	}
	while ((err = sip_addr_next(h->value, &pos, &a, &fault)) == GW_OK) {
		err = cross_addr(w, &rule, &a, &drop);
		if (err != GW_OK || drop)
			break;
	}
	if (err == GW_EMALFORMED && fault.why != NULL)
		err = topo_work_refuse(w, h->value, fault.why);
	if (err == GW_EMALFORMED && !w->m->is_request && !rule.must)
		drop = true;
	else if (err != GW_OK && err != GW_ENOTFOUND)
		return err;
	if (drop) {
		topo_work_forget(w, mark);
		topo_work_drop(w, h->line);
	}
	return GW_OK;
}
