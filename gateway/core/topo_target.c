/*
 * topo_target.c: where Route and Request-URI of a request lead.
 *
 * Only tokens of ours lead anywhere; a Route or Request-URI that names any
 * other place does not choose the next hop.
 */
#include "codec/sip/sip_addr.h"
#include "core/topo_route.h"
#include "core/topo_seal.h"

struct look {
	const struct topo *t;
	struct topo_target *out;
};

/* Use what a token says.  Two that lead to different systems were never given
 * out together. */
static void
take(struct look *l, const struct topo_secret *s, bool is_route)
{
	struct topo_target *out = l->out;
	uint16_t to = names_system(l->t->snap->names, s->system);

	if (to == GW_SYSTEM_NONE || (out->has_token && out->to != to)) {
		out->bad_token = true;
		return;
	}
	if (is_route)
		out->routes = s->text;
	else
		out->uri = s->text;
	if (!is_route)
		out->memo_of_uri = s->memo;
	if (out->has_token)
		return; /* the route's word is that of the dialog */
	out->has_token = true;
	out->to = to;
	out->answering = s->answering;
	out->key_id = s->key_id;
	out->memo = s->memo;
}

/* GW_ENOTFOUND: bad, but not of the other kind. */
static enum gw_err
open_as(struct look *l, enum token_kind kind, struct gw_span token)
{
	struct topo_secret s;
	enum gw_err err = topo_seal_open(l->t, kind, token, &s);

	if (err == GW_OK)
		take(l, &s, kind == TOKEN_ROUTE);
	return err == GW_OK || err == GW_ENOMEM ? err : GW_ENOTFOUND;
}

/* Take our entries off the top, up to the first that has a token. */
static enum gw_err
pop_routes(struct look *l, const struct topo_routes *r, struct gw_fault *fault)
{
	bool is_own = true;
	struct gw_span token;

	for (size_t i = 0; i < r->n; i++) {
		enum gw_err err =
		    topo_seal_read(l->t, r->at[i].uri, &is_own, &token, fault);
		if (err != GW_OK || !is_own)
			return err;
		if (token.len == 0)
			continue;
		err = open_as(l, TOKEN_ROUTE, token);
		if (err == GW_ENOTFOUND)
			l->out->bad_token = true;
		return err == GW_ENOTFOUND ? GW_OK : err;
	}
	return GW_OK;
}

/* A strict router put our Record-Route into the Request-URI, and the target
 * at the end of Route (RFC 3261, 16.4).  GW_ENOTFOUND: it is no route. */
static enum gw_err
undo_strict(struct look *l, const struct topo_routes *r, struct gw_span token,
    struct gw_fault *fault)
{
	enum gw_err err = open_as(l, TOKEN_ROUTE, token);
	bool is_own;

	if (err != GW_OK)
		return err;
	if (r->n == 0) {
		l->out->bad_token = true; /* a route to nobody */
		return GW_OK;
	}
	struct gw_span target = r->at[r->n - 1].uri;
	err = topo_seal_read(l->t, target, &is_own, &token, fault);
	if (err != GW_OK)
		return err;
	if (token.len == 0) {
		l->out->uri = target;
		l->out->bad_token |= is_own;
		return GW_OK;
	}
	err = open_as(l, TOKEN_URI, token);
	if (err == GW_ENOTFOUND)
		l->out->bad_token = true;
	return err == GW_ENOTFOUND ? GW_OK : err;
}

/* The Request-URI has a token of ours. */
static enum gw_err
look_at_token(struct look *l, const struct topo_routes *r, struct gw_span token,
    struct gw_fault *fault)
{
	struct topo_secret s;
	enum gw_err err = topo_seal_open(l->t, TOKEN_URI, token, &s);

	if (err == GW_OK) {
		err = pop_routes(l, r, fault);
		if (err == GW_OK)
			take(l, &s, false);
		return err;
	}
	if (err == GW_ENOMEM)
		return err;
	err = undo_strict(l, r, token, fault);
	if (err == GW_ENOTFOUND)
		l->out->bad_token = true;
	return err == GW_ENOTFOUND ? GW_OK : err;
}

enum gw_err
topo_find_target(const struct topo *t, const struct sip_msg *m,
    struct topo_target *out, struct gw_fault *fault)
{
	struct look l = { t, out };
	struct gw_span token;
	struct topo_routes r;
	enum gw_err err;

	*out = (struct topo_target){ .to = GW_SYSTEM_NONE };
	err = topo_route_read(m, SIP_HDR_ROUTE, &r, fault);
	if (err == GW_OK)
		err = topo_seal_read(t, m->uri, &out->ours, &token, fault);
	if (err == GW_OK)
		err = token.len > 0 ? look_at_token(&l, &r, token, fault) :
				      pop_routes(&l, &r, fault);
	if (err != GW_OK || out->bad_token) {
		bool ours = out->ours, bad = out->bad_token;
		*out = (struct topo_target){ .to = GW_SYSTEM_NONE };
		out->ours = ours;
		out->bad_token = bad;
	}
	return err;
}
