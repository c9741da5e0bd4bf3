/*
 * explain_redirect.c: the redirects of the running gateway, asked by hand.
 */
#include "app/explain_redirect.h"

#include <stdlib.h>

#include "app/explain_step.h"
#include "codec/krr/krr_body.h"

bool
explain_redirect_out(const struct redirect *r, const struct gate_case *g,
    struct redirect_result *out)
{
	struct redirect_ask ask = redirect_asks(g);

	if (g->verdict.outcome != GW_REDIRECT)
		return false;
	redirect_write(r, &ask, g->verdict.domains, g->verdict.n_domains, out);
	return true;
}

/* Room for a response that is read. */
struct answer {
	struct sip_msg msg;
	struct mcx_body body;
};

static const char *
reduce(const struct redirect *r, const struct redirect_ask *ask,
    struct gw_span text, struct answer *a, struct redirect_result *out)
{
	struct gw_fault fault = { 0, "" };
	struct gw_span doc;
	size_t part;

	if (sip_msg_parse(text, &a->msg, &fault) != GW_OK)
		return "the response cannot be read";
	if (a->msg.is_request || a->msg.status != 488)
		return "the response is no 488";
	if (mcx_body_read(&a->msg, r->arena, &a->body, &fault) != GW_OK)
		return "the body of the response cannot be read";
	if (krr_body_find(&a->body, r->arena, &doc, &part, &fault) != GW_OK)
		return "the response has no redirect response in its body";
	redirect_reduce(r, ask, doc, out);
	return NULL;
}

const char *
explain_redirect_back(const struct redirect *r, const struct gate_case *g,
    struct gw_span text, struct redirect_result *out)
{
	struct answer *a = calloc(1, sizeof(*a));
	struct redirect_ask ask = redirect_asks(g);
	const char *why = "no memory";

	if (g->verdict.outcome != GW_PERMIT)
		why = "the message does not cross: no response comes";
	else if (a != NULL)
		why = reduce(r, &ask, text, a, out);
	free(a);
	return why;
}

static const char *const words[] = {
	[REDIRECT_STRIP] = "plain",
	[REDIRECT_REFUSE] = "refuse",
	[REDIRECT_FORWARD] = "forward",
	[REDIRECT_REPLACE] = "write",
};

static bool
is_kept(const struct gw_step *step)
{
	return step->outcome == GW_STEP_PASS;
}

static void
write_domain(
    struct gw_json *j, struct gw_span domain, const struct gw_step *step)
{
	gw_json_open(j, NULL, '{');
	gw_json_span(j, "domain", domain);
	gw_json_bool(j, "kept", is_kept(step));
	explain_step_json(j, step);
	gw_json_close(j, '}');
}

void
explain_redirect_json(struct gw_json *j, const struct redirect_result *r)
{
	gw_json_open(j, "redirect", '{');
	gw_json_text(j, "what", words[r->what]);
	gw_json_text(j, "why", r->why == NULL ? "" : r->why);
	gw_json_text(j, "fault", krr_why_word(r->refused));
	gw_json_span(j, "author", r->author);
	gw_json_open(j, "domains", '[');
	for (size_t i = 0; i < r->n; i++)
		gw_json_span(j, NULL, r->domains[i]);
	gw_json_close(j, ']');
	gw_json_open(j, "offered", '[');
	for (size_t i = 0; i < r->n_offered; i++)
		write_domain(j, r->offered[i], &r->judged[i]);
	gw_json_close(j, ']');
	if (r->text.len > 0)
		gw_json_span(j, "krr", r->text);
	else
		gw_json_null(j, "krr");
	gw_json_close(j, '}');
}

static void
write_line(
    struct gw_buf *out, struct gw_span domain, const struct gw_step *step)
{
	gw_buf_fmt(out, "  %.*s: %s: %.*s %s\n", GW_FMT(domain),
	    is_kept(step) ? "kept" : "dropped", GW_FMT(step->fact),
	    step->because);
}

void
explain_redirect_text(struct gw_buf *out, const struct redirect_result *r)
{
	gw_buf_fmt(out, "redirect: %s", words[r->what]);
	if (r->why != NULL)
		gw_buf_fmt(out, ": %s", r->why);
	gw_buf_text(out, "\n");
	for (size_t i = 0; i < r->n_offered; i++)
		write_line(out, r->offered[i], &r->judged[i]);
	gw_buf_add(out, r->text);
	if (r->text.len > 0)
		gw_buf_text(out, "\n");
}
