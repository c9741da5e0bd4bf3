/*
 * topo.c: one pass over the rows of a message, each treated as its class in
 * sip_hdr.def says.
 *
 * New rows (Via, Record-Route, Route ...) stand where the first Via stood.
 */
#include "core/topo.h"

#include <stdio.h>

#include "core/topo_field.h"
#include "core/topo_id.h"
#include "core/topo_route.h"
#include "core/topo_seal.h"
#include "core/topo_uri.h"
#include "core/topo_via.h"

/* What rows need to know beside struct topo_work. */
struct cross {
	struct topo_work w;
	int8_t cap_p, cap_q; /* -1: none */
	size_t cut, put; /* octets that leave and enter the body */
};

static bool
is_listed(const char *const *names, size_t n, struct gw_span name)
{
	for (size_t i = 0; i < n; i++)
		if (gw_span_ieq(gw_span_of(names[i]), name))
			return true;
	return false;
}

/* Without these it is no message, or another one. */
static bool
is_needed(uint8_t id)
{
	switch (id) {
	case SIP_HDR_FROM:
	case SIP_HDR_TO:
	case SIP_HDR_CALL_ID:
	case SIP_HDR_CSEQ:
	case SIP_HDR_CONTACT:
	case SIP_HDR_MAX_FORWARDS:
	case SIP_HDR_CONTENT_TYPE:
	case SIP_HDR_CONTENT_LENGTH:
	case SIP_HDR_CONTENT_ENCODING:
	case SIP_HDR_CONTENT_TRANSFER_ENCODING: return true;
	default: return false;
	}
}

/* Does the row stay outside, by its class and by the agreement? */
static bool
is_dropped(const struct policy_handling *p, const struct sip_hdr *h,
    enum sip_border class)
{
	bool drops = class == SIP_BORDER_DROP ||
		     (class == SIP_BORDER_UNKNOWN && p->drop_unknown);
	struct gw_span name = h->id == SIP_HDR_OTHER ?
				  h->name :
				  sip_hdr_name((enum sip_hdr_id)h->id);

	if (p->n_drop > 0 && is_listed(p->drop, p->n_drop, name))
		return !is_needed(h->id);
	return drops && !is_listed(p->allow, p->n_allow, name);
}

/* A row that says nothing of the inside, but may have to change. */
static enum gw_err
cross_plain(struct cross *c, const struct sip_hdr *h)
{
	struct topo_work *w = &c->w;
	uint32_t hops = w->m->max_forwards;

	switch (h->id) {
	case SIP_HDR_MAX_FORWARDS:
		return w->m->is_request && hops > 0 ?
			   topo_field_number(w, h->value, hops - 1) :
			   GW_OK;
	case SIP_HDR_RESOURCE_PRIORITY:
		return w->m->is_request ?
			   topo_field_priority(w, h, c->cap_p, c->cap_q) :
			   GW_OK;
	case SIP_HDR_CONTENT_LENGTH:
		return c->cut == 0 && c->put == 0 ?
			   GW_OK :
			   topo_field_number(
			       w, h->value, w->m->body.len - c->cut + c->put);
	default: return GW_OK;
	}
}

static enum gw_err
cross_row(struct cross *c, const struct sip_hdr *h)
{
	enum sip_border class = sip_hdr_border((enum sip_hdr_id)h->id);
	struct topo_work *w = &c->w;

	if (is_dropped(w->handling, h, class) ||
	    (h->id == SIP_HDR_P_ASSERTED_IDENTITY &&
		w->handling->asserted_identity != NULL))
		class = SIP_BORDER_DROP;
	else if (class == SIP_BORDER_DROP || class == SIP_BORDER_UNKNOWN)
		class = SIP_BORDER_PASS; /* allowed */
	switch (class) {
	case SIP_BORDER_PASS: return cross_plain(c, h);
	case SIP_BORDER_URI: return topo_uri_field(w, h);
	case SIP_BORDER_CALL_ID: return topo_id_field(w, h);
	case SIP_BORDER_AGENT: return topo_field_warning(w, h);
	case SIP_BORDER_DROP:
	case SIP_BORDER_ROUTE: /* ours were added */
	case SIP_BORDER_UNKNOWN: break;
	}
	topo_work_drop(w, h->line);
	return GW_OK;
}

static enum gw_err
cross_rows(struct cross *c)
{
	enum gw_err err = GW_OK;

	for (size_t i = 0; err == GW_OK && i < c->w.m->n_hdrs; i++)
		err = cross_row(c, &c->w.m->hdrs[i]);
	return err;
}

/* Cut the access token out.  One that stands in an encoded part is not in the
 * message as such; then nothing crosses. */
static enum gw_err
cut_body(struct cross *c, const struct mcx_body *body)
{
	struct topo_work *w = &c->w;
	struct gw_span none = { NULL, 0 };
	enum gw_err err = GW_OK;

	if (body == NULL || !w->handling->access_token_drop)
		return GW_OK;
	for (size_t i = 0; err == GW_OK && i < body->info.n_cuts; i++) {
		struct gw_span cut = body->info.cuts[i];
		if (!gw_span_inside(cut, w->m->body))
			return topo_work_refuse(w, w->m->body,
			    "access token in an encoded body part");
		c->cut += cut.len;
		err = topo_work_replace(w, cut, none);
	}
	return err;
}

static enum gw_err
swap_part(struct cross *c, struct gw_span old, struct gw_span part)
{
	c->cut += old.len;
	c->put += part.len;
	return topo_work_replace(&c->w, old, part);
}

/* Behind a datagram nothing follows, so it may do without; on a stream the body
 * would be taken for the next message (RFC 3261, 16.6 step 10). */
static enum gw_err
put_length(struct cross *c)
{
	const struct sip_msg *m = c->w.m;
	char text[48];
	struct gw_span row;

	if (sip_msg_hdr(m, SIP_HDR_CONTENT_LENGTH) != NULL)
		return GW_OK;
	snprintf(text, sizeof(text), "Content-Length: %zu\r\n",
	    m->body.len - c->cut + c->put);
	if (!gw_arena_copy(c->w.t->arena, gw_span_of(text), &row))
		return GW_ENOMEM;
	return topo_work_add(&c->w, row);
}

static enum gw_err
put_asserted_identity(struct topo_work *w)
{
	const char *uri = w->handling->asserted_identity;

	if (uri == NULL ||
	    (!w->m->is_request &&
		sip_msg_hdr(w->m, SIP_HDR_P_ASSERTED_IDENTITY) == NULL))
		return GW_OK;
	const struct gw_span parts[] = { GW_SPAN("P-Asserted-Identity: <"),
		gw_span_of(uri), GW_SPAN(">\r\n") };
	return topo_work_add_parts(w, parts, GW_COUNT(parts));
}

/* Request-URI, and the rows of a request that are ours. */
static enum gw_err
put_request(struct topo_work *w, const struct topo_request *r)
{
	struct gw_span uri, routes;
	enum gw_err err = topo_route_strict(w, r->target, &uri, &routes);
	const struct gw_span route[] = { GW_SPAN("Route: "), routes,
		GW_SPAN("\r\n") };

	if (err == GW_OK)
		err = topo_via_put(w, r);

	if (err == GW_OK && sip_msg_hdr(w->m, SIP_HDR_MAX_FORWARDS) == NULL)
		err = topo_work_add(w, GW_SPAN("Max-Forwards: 70\r\n"));
	if (err == GW_OK)
		err = topo_route_request(w);
	if (err == GW_OK && routes.len > 0)
		err = topo_work_add_parts(w, route, GW_COUNT(route));
	if (err == GW_OK)
		err = put_asserted_identity(w);
	if (uri.len == 0 && !r->target->has_token)
		uri = gw_span_of(w->handling->request_uri);
	if (err == GW_OK && uri.len > 0)
		err = topo_work_replace(w, w->m->uri, uri);
	return err;
}

enum gw_err
topo_edit_request(const struct topo *t, const struct sip_msg *m,
    const struct topo_request *r, struct sip_edits *edits,
    struct gw_fault *fault)
{
	struct cross c = { .cap_p = r->cap_p, .cap_q = r->cap_q };
	enum gw_err err;

	*fault = (struct gw_fault){ 0, "cannot be sent on" };
	topo_work_init(&c.w, t, m, r->handling, edits, fault);
	c.w.memo = r->memo;
	c.w.key_id = r->target->key_id;
	/* What the side that was called brings back answers; and its own
	 * requests are brought back by the caller. */
	c.w.answering = !r->target->answering;
	err = put_request(&c.w, r);
	if (err == GW_OK)
		err = cut_body(&c, r->body);
	if (err == GW_OK)
		err = put_length(&c);
	if (err == GW_OK)
		err = cross_rows(&c);
	return err != GW_OK ? err : topo_work_end(&c.w);
}

enum gw_err
topo_edit_response(const struct topo *t, const struct sip_msg *m,
    const struct topo_response *r, struct sip_edits *edits,
    struct gw_fault *fault)
{
	struct cross c = { .cap_p = -1, .cap_q = -1 };
	struct topo_via via;
	enum gw_err err;

	*fault = (struct gw_fault){ 0, "cannot be sent on" };
	topo_work_init(&c.w, t, m, r->handling, edits, fault);
	c.w.memo = r->memo;
	/* The request's tokens were sealed with the key of its dialog; so are
	 * those that must be the same, or go together, here. */
	c.w.key_id = r->key_id;
	if (r->key_id == 0 && topo_read_via(t->snap, m, &via))
		c.w.key_id = token_key_id(via.token);
	c.w.answering = r->answering_side;
	err = topo_work_add(&c.w, r->vias);
	if (err == GW_OK)
		err = topo_route_response(&c.w);
	if (err == GW_OK)
		err = put_asserted_identity(&c.w);
	if (err == GW_OK)
		err = cut_body(&c, r->body);
	if (err == GW_OK && r->old_part.len > 0)
		err = swap_part(&c, r->old_part, r->new_part);
	if (err == GW_OK)
		err = put_length(&c);
	if (err == GW_OK)
		err = cross_rows(&c);
	return err != GW_OK ? err : topo_work_end(&c.w);
}
