/*
 * explain_lookup.c: lookups of the running gateway, answered by hand.
 */
#include "app/explain_lookup.h"

#include "core/lookup_ask.h"

static bool
is(const char *said, const char *word)
{
	return said != NULL && strcmp(said, word) == 0;
}

/* Whatever dialect the response is in: the service's own first. */
static const char *
read_text(const struct lookup_ask *q, struct gw_span text,
    struct gw_arena *arena, struct gw_lookup_answer *out)
{
	const struct gw_http_response in = { .status = 200, .body = text };
	const char *why =
	    lookup_ask_read(q, q->service->adapter, arena, &in, out);
	size_t n;
	const struct gw_lookup_adapter *const *all = gw_lookup_adapters(&n);

	for (size_t i = 0; why != NULL && i < n; i++)
		if (lookup_ask_read(q, all[i], arena, &in, out) == NULL)
			why = NULL;
	return why;
}

/* No answer, as the gateway would say it. */
static const char *
fault_of(const struct lookup_ask *q, struct gw_span user,
    struct gw_arena *arena, struct gw_span *name)
{
	if (q->service == NULL)
		return "the system has no lookup service";
	if (gw_lookup_user(arena, user, name) != GW_OK)
		return "no such user can be asked about";
	return NULL;
}

static void
answer(const struct lookup_ask *q, const char *said, struct gw_span text,
    struct gw_arena *arena, struct explain_lookup *out)
{
	out->source = said;
	if (q->service->table != NULL) {
		out->source = "static";
		if (!lookup_ask_table(q, arena, &out->answer))
			out->why = "the memory of the request is full";
	} else if (is(said, "unknown")) {
		out->answer.n_domains = 0;
	} else if (is(said, "down")) {
		out->why = "no answer within the deadline";
	} else {
		out->why = read_text(q, text, arena, &out->answer);
	}
}

void
explain_lookup_settle(struct gate *g, const struct snapshot *s,
    const char *said, struct gw_span text, struct gw_now now,
    struct gw_arena *arena, struct gate_case *judged,
    struct explain_lookup *out)
{
	struct lookup_ask q = { .snap = s, .wall_us = now.wall_us };

	*out = (struct explain_lookup){ .system = GW_SYSTEM_NONE };
	if (!gate_is_pending(judged))
		return;
	out->system = judged->match.to;
	out->user = gate_target(s, judged);
	q.service = lookup_ask_service(s, out->system);
	out->why = fault_of(&q, out->user, arena, &q.user);
	if (out->why != NULL) {
		out->source = "none";
	} else if (said == NULL && q.service->table == NULL) {
		out->why = "--lookup unknown, down or FILE tells what the "
			   "service answers";
		return;
	} else {
		answer(&q, said, text, arena, out);
	}
	out->lookup =
	    (struct gate_lookup){ GW_LOOKUP_ANSWERED, &out->answer, NULL };
	if (out->why != NULL)
		out->lookup =
		    (struct gate_lookup){ GW_LOOKUP_NO_ANSWER, NULL, out->why };
	gate_settle(g, s, &out->lookup, now, judged);
}

static struct gw_span
system_id(const struct snapshot *s, const struct explain_lookup *l)
{
	if (l->system >= s->conf->n_systems)
		return GW_SPAN("");
	return gw_span_of(s->conf->systems[l->system].base.id);
}

static void
write_domain(struct gw_json *j, const struct gw_lookup_domain *d)
{
	gw_json_open(j, NULL, '{');
	gw_json_span(j, "domain", d->kms);
	if (!d->lists_external) {
		gw_json_null(j, "external");
		gw_json_close(j, '}');
		return;
	}
	gw_json_open(j, "external", '[');
	for (size_t i = 0; i < d->n_external; i++)
		gw_json_span(j, NULL, d->external[i]);
	gw_json_close(j, ']');
	gw_json_close(j, '}');
}

void
explain_lookup_json(
    struct gw_json *j, const struct snapshot *s, const struct explain_lookup *l)
{
	if (l->system == GW_SYSTEM_NONE) {
		gw_json_null(j, "lookup");
		return;
	}
	gw_json_open(j, "lookup", '{');
	gw_json_span(j, "system", system_id(s, l));
	gw_json_span(j, "user", l->user);
	if (l->source == NULL)
		gw_json_null(j, "source");
	else
		gw_json_text(j, "source", l->source);
	if (l->why == NULL)
		gw_json_null(j, "why");
	else
		gw_json_text(j, "why", l->why);
	gw_json_open(j, "domains", '[');
	for (size_t i = 0; l->why == NULL && i < l->answer.n_domains; i++)
		write_domain(j, &l->answer.domains[i]);
	gw_json_close(j, ']');
	gw_json_close(j, '}');
}

void
explain_lookup_text(struct gw_buf *out, const struct snapshot *s,
    const struct explain_lookup *l)
{
	if (l->system == GW_SYSTEM_NONE)
		return;
	gw_buf_fmt(out,
	    "lookup: %.*s at the service of %.*s: ", GW_FMT(l->user),
	    GW_FMT(system_id(s, l)));
	if (l->why != NULL)
		gw_buf_fmt(out, "%s: %s",
		    l->source == NULL ? "not asked" : "no answer", l->why);
	else if (l->answer.n_domains == 0)
		gw_buf_text(out, "no such user");
	for (size_t i = 0; l->why == NULL && i < l->answer.n_domains; i++)
		gw_buf_fmt(out, "%s%.*s", i == 0 ? "" : ", ",
		    GW_FMT(l->answer.domains[i].kms));
	gw_buf_text(out, "\n");
}
