/*
 * topo_route.c: routes that a later request shall take.
 *
 * What a request recorded so far becomes one entry of ours; what the response
 * brings above it becomes, turned round, one entry of ours for the other
 * side, in front of that side's own entries.  So each side sees the name of
 * the interface that faces it, and no other (RFC 5658 wants both, and tells
 * each of the other).
 */
#include "core/topo_route.h"

#include "codec/sip/sip_addr.h"
#include "core/topo_seal.h"

enum gw_err
topo_route_read(const struct sip_msg *m, enum sip_hdr_id id,
    struct topo_routes *out, struct gw_fault *fault)
{
	const struct sip_hdr *h = sip_msg_hdr(m, id);
	struct sip_addr a;
	enum gw_err err;

	out->n = 0;
	for (; h != NULL; h = sip_msg_next(m, h)) {
		size_t pos = 0;
		while (
		    (err = sip_addr_next(h->value, &pos, &a, fault)) == GW_OK) {
			if (out->n == TOPO_ROUTES_MAX) {
				*fault = (struct gw_fault){ (size_t)(h->line.p -
								     m->raw.p),
					"too many entries in a route" };
				return GW_ELIMIT;
			}
			out->at[out->n].all = a.all;
			out->at[out->n].uri = a.uri;
			out->at[out->n++].has_brackets = a.has_brackets;
		}
		if (err != GW_ENOTFOUND) {
			fault->at += (size_t)(h->value.p - m->raw.p);
			return err;
		}
	}
	return GW_OK;
}

static bool
put(uint8_t *text, size_t *len, struct gw_span s)
{
	if (s.len > TOKEN_PLAIN_MAX - *len)
		return false;
	memcpy(text + *len, s.p, s.len);
	*len += s.len;
	return true;
}

/* Entries from, from + 1 ... to - 1, or the other way round, as a list. */
static enum gw_err
join(struct topo_work *w, const struct topo_routes *r, size_t n, bool turned,
    struct gw_span *out)
{
	uint8_t text[TOKEN_PLAIN_MAX];
	size_t len = 0;
	bool ok = true;

	for (size_t i = 0; ok && i < n; i++) {
		size_t k = turned ? n - 1 - i : i;
		bool bare = !r->at[k].has_brackets;
		ok = (i == 0 || put(text, &len, GW_SPAN(","))) &&
		     (!bare || put(text, &len, GW_SPAN("<"))) &&
		     put(text, &len, bare ? r->at[k].uri : r->at[k].all) &&
		     (!bare || put(text, &len, GW_SPAN(">")));
	}
	if (!ok)
		return topo_work_limit(w, "route is too long for a token");
	return gw_arena_copy(w->t->arena, (struct gw_span){ text, len }, out) ?
		   GW_OK :
		   GW_ENOMEM;
}

/* One row: our URI over the list, then what follows it (may be empty). */
static enum gw_err
add_row(struct topo_work *w, enum sip_hdr_id id, struct gw_span list,
    struct gw_span then)
{
	struct topo_secret s = { .system = w->from,
		.memo = w->memo,
		.answering = w->answering,
		.text = list };
	unsigned form = TOPO_SEAL_LR | TOPO_SEAL_TRANSPORT | TOPO_SEAL_BRACKETS;
	struct gw_span uri;
	enum gw_err err;

	if (w->m->is_request && gw_span_istarts(w->m->uri, GW_SPAN("sips:")))
		form |= TOPO_SEAL_SIPS;
	err = topo_seal_uri(w, TOKEN_ROUTE, &s, form, &uri);
	if (err != GW_OK)
		return err;
	const struct gw_span parts[] = { sip_hdr_name(id), GW_SPAN(": "), uri,
		then.len > 0 ? GW_SPAN(",") : GW_SPAN(""), then,
		GW_SPAN("\r\n") };
	return topo_work_add_parts(w, parts, GW_COUNT(parts));
}

/* All entries in their order, as one of ours. */
static enum gw_err
seal_all(struct topo_work *w, enum sip_hdr_id id)
{
	struct gw_span list, none = { NULL, 0 };
	struct topo_routes r;
	enum gw_err err = topo_route_read(w->m, id, &r, w->fault);

	if (err == GW_OK)
		err = join(w, &r, r.n, false, &list);
	return err != GW_OK ? err : add_row(w, id, list, none);
}

/* May the request begin a dialog?  A NOTIFY may although it has a tag in To
 * (RFC 6665, 4.4.1). */
static bool
may_begin_dialog(const struct sip_msg *m)
{
	switch (m->method) {
	case SIP_METHOD_NOTIFY: return true;
	case SIP_METHOD_INVITE:
	case SIP_METHOD_SUBSCRIBE:
	case SIP_METHOD_REFER:
	case SIP_METHOD_UPDATE:
	case SIP_METHOD_OTHER: return !sip_msg_in_dialog(m);
	case SIP_METHOD_ACK:
	case SIP_METHOD_BYE:
	case SIP_METHOD_CANCEL:
	case SIP_METHOD_REGISTER:
	case SIP_METHOD_OPTIONS:
	case SIP_METHOD_PRACK:
	case SIP_METHOD_PUBLISH:
	case SIP_METHOD_INFO:
	case SIP_METHOD_MESSAGE:
	case SIP_METHOD_N: break;
	}
	return false;
}

enum gw_err
topo_route_request(struct topo_work *w)
{
	if (may_begin_dialog(w->m))
		return seal_all(w, SIP_HDR_RECORD_ROUTE);
	if (w->m->method == SIP_METHOD_REGISTER &&
	    sip_msg_hdr(w->m, SIP_HDR_PATH) != NULL)
		return seal_all(w, SIP_HDR_PATH);
	return GW_OK;
}

/* Open entry i as one that we made on the way to t->from for t->to.
 * GW_ENOTFOUND: it is not. */
static enum gw_err
open_own(struct topo_work *w, const struct topo_routes *r, size_t i,
    struct topo_secret *out)
{
	struct gw_fault fault;
	struct gw_span token;
	enum gw_err err;
	bool is_own;

	if (topo_seal_read(w->t, r->at[i].uri, &is_own, &token, &fault) !=
		GW_OK ||
	    token.len == 0)
		return GW_ENOTFOUND;
	err = topo_seal_open(w->t, TOKEN_ROUTE, token, out);
	if (err == GW_ENOMEM)
		return err;
	return err == GW_OK && out->system == w->to ? GW_OK : GW_ENOTFOUND;
}

/* A response to a request that recorded routes repeats them below its own;
 * one without our entry, which we alone left in the request, has none that
 * anyone may use. */
static enum gw_err
record_route(struct topo_work *w)
{
	struct topo_routes r;
	struct topo_secret ours;
	struct gw_span list;
	enum gw_err err =
	    topo_route_read(w->m, SIP_HDR_RECORD_ROUTE, &r, w->fault);

	if (err != GW_OK || r.n == 0 || w->m->status <= 100 ||
	    w->m->status > 299)
		return err;
	err = open_own(w, &r, r.n - 1, &ours);
	if (err == GW_ENOTFOUND)
		return GW_OK;
	if (err == GW_OK)
		err = join(w, &r, r.n - 1, true, &list);
	return err != GW_OK ? err :
			      add_row(w, SIP_HDR_RECORD_ROUTE, list, ours.text);
}

/* The registrar repeats the Path of the request (RFC 3327, 5.3). */
static enum gw_err
path(struct topo_work *w)
{
	struct topo_routes r;
	struct topo_secret ours;
	enum gw_err err = topo_route_read(w->m, SIP_HDR_PATH, &r, w->fault);

	if (err != GW_OK || r.n == 0)
		return err;
	err = open_own(w, &r, r.n - 1, &ours);
	if (err == GW_ENOTFOUND)
		return seal_all(w, SIP_HDR_PATH);
	if (err != GW_OK || ours.text.len == 0)
		return err;
	const struct gw_span parts[] = { GW_SPAN("Path: "), ours.text,
		GW_SPAN("\r\n") };
	return topo_work_add_parts(w, parts, GW_COUNT(parts));
}

enum gw_err
topo_route_response(struct topo_work *w)
{
	enum gw_err err = record_route(w);

	if (err == GW_OK)
		err = path(w);
	if (err == GW_OK && sip_msg_hdr(w->m, SIP_HDR_SERVICE_ROUTE) != NULL)
		err = seal_all(w, SIP_HDR_SERVICE_ROUTE);
	return err;
}

enum gw_err
topo_route_strict(struct topo_work *w, const struct topo_target *target,
    struct gw_span *uri, struct gw_span *routes)
{
	struct gw_fault fault;
	struct sip_addr first;
	struct sip_uri u;
	size_t pos = 0;

	*uri = target->uri;
	*routes = target->routes;
	if (sip_addr_next(*routes, &pos, &first, &fault) != GW_OK ||
	    sip_uri_parse(first.uri, &u, &fault) != GW_OK ||
	    u.scheme > SIP_SCHEME_SIPS || u.headers.len > 0 ||
	    sip_param_find(u.params, "lr", NULL))
		return GW_OK;
	struct gw_span rest = gw_span_sub(*routes, pos, routes->len);
	const struct gw_span parts[] = { rest,
		rest.len > 0 ? GW_SPAN(",<") : GW_SPAN("<"),
		uri->len > 0 ? *uri : w->m->uri, GW_SPAN(">") };
	*uri = first.uri;
	return topo_work_join(w, parts, GW_COUNT(parts), routes);
}
