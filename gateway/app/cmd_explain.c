/*
 * cmd_explain.c: mcxgw explain: the gate of the running gateway, asked about
 * a message in a file.
 */
#include "app/cmd.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/args.h"
#include "app/explain_lookup.h"
#include "app/explain_redirect.h"
#include "app/explain_step.h"
#include "app/settings.h"
#include "core/gate.h"
#include "core/topo.h"

#define OUT_MAX	   (4u << 20)
#define ARENA_MAX  (8u << 20)
#define INSERT_MAX 160 /* octets of an edit that are shown */

enum { CONFIG, FROM, TO, AT, JSON, SCHEMA, RESPONSE, LOOKUP };

static const struct args_option options[] = {
	[CONFIG] = { "-c", "FILE", "the configuration, mcxgw.xml(5)", true },
	[FROM] = { "--from", "SYSTEM",
	    "whom it comes from; \"none\": a peer "
	    "that no system's identity fits",
	    true },
	[TO] = { "--to", "SYSTEM", "where it goes, as if a token said so",
	    false },
	[AT] = { "--at", "TIME", "when (2026-01-31T12:00:00Z; default now)",
	    false },
	[JSON] = { "--json", NULL, "one JSON object on standard output",
	    false },
	[SCHEMA] = { "--schema", "DIR", "where the XSDs are", false },
	[RESPONSE] = { "--response", "FILE",
	    "a 488 that came back: what would become of its redirect", false },
	[LOOKUP] = { "--lookup", "WHAT",
	    "what the target's lookup service answers: \"unknown\" (no such "
	    "user), \"down\" (nothing), or a file with its answer",
	    false },
};

static const struct args_verb verb = {
	"explain -c FILE --from SYSTEM [--to SYSTEM] [--at TIME] "
	"[--lookup WHAT] [--response FILE] [--json] MESSAGE",
	"Tells the verdict on the SIP message in a file, step by step, and\n"
	"what would change in it when it crosses, and the redirect response\n"
	"(KRR) that would be sent.  With --response also what would become of\n"
	"the one that came back for it.  No lookup service is asked: a\n"
	"decision that needs one is \"lookup-pending\" without --lookup.\n"
	"What depends on the moment (rates, open transactions, replays) is\n"
	"not looked at.\n"
	"Exit status 0: permitted; 1: redirected or refused.\n",
	options, GW_COUNT(options), 1, 1
};

struct explain {
	struct snapshot *snap;
	struct gw_buf text, response, answer, out;
	struct gw_arena *arena;
	struct gate gate;
	struct token_sealer *sealer;
	struct gw_now now;
	struct sip_msg msg;
	struct sip_edits edits;
	struct gate_case judged;
	struct topo_target target;
	struct gw_fault fault;
	struct gate_ask ask;
	bool by_dialog; /* permitted by its dialog's token alone */
	const char *said; /* of the lookup: "unknown", "down", "file" or NULL */
	struct explain_lookup lookup;
	bool redirects; /* redirect holds something */
	struct redirect_result redirect;
};

static void
explain_free(struct explain *e)
{
	gw_buf_clear(&e->text);
	gw_buf_clear(&e->response);
	gw_buf_clear(&e->answer);
	gw_buf_clear(&e->out);
	gw_arena_free(e->arena);
	eccsi_verifier_free(e->gate.verifier);
	token_sealer_free(e->sealer);
	snapshot_unref(e->snap);
	free(e);
}

static struct explain *
explain_new(void)
{
	struct explain *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	gw_buf_init(&e->text, SETTINGS_FILE_MAX);
	gw_buf_init(&e->response, SETTINGS_FILE_MAX);
	gw_buf_init(&e->answer, GW_HTTP_BODY_MAX);
	gw_buf_init(&e->out, OUT_MAX);
	e->arena = gw_arena_new(ARENA_MAX);
	e->gate.verifier = eccsi_verifier_new(64);
	e->sealer = token_sealer_new();
	e->now = gw_now_read();
	if (e->arena != NULL && e->gate.verifier != NULL && e->sealer != NULL)
		return e;
	explain_free(e);
	return NULL;
}

/* The system that an option names.  False: said that there is none. */
static bool
system_of(const struct explain *e, const char *id, uint16_t *out)
{
	*out = GW_SYSTEM_NONE;
	if (id == NULL || strcmp(id, "none") == 0)
		return true;
	*out = conf_system_by_id(e->snap->conf, gw_span_of(id));
	if (*out != GW_SYSTEM_NONE)
		return true;
	fprintf(stderr,
	    "mcxgw: the configuration has no system \"%s\"; it "
	    "has:",
	    id);
	for (size_t i = 0; i < e->snap->conf->n_systems && i < 20; i++)
		fprintf(stderr, " %s", e->snap->conf->systems[i].base.id);
	fprintf(stderr, "\n");
	return false;
}

static uint16_t
listener_of(const struct explain *e, uint16_t system)
{
	const struct conf_system *s = &e->snap->conf->systems[system];

	return s->n_hops == 0 ? 0 : s->hops[0].listener;
}

/* What would change; nothing if it cannot be said. */
static bool
edit(struct explain *e)
{
	static const char branch[] = "z9hG4bK0000000000000000000000";
	const struct gw_verdict *v = &e->judged.verdict;
	struct topo t = { e->snap, e->sealer, e->arena, e->now, v->from, v->to,
		0, 0, NULL, e->now.wall_us, NULL };
	const struct conf_system *to;

	if (v->outcome != GW_PERMIT || v->to == GW_SYSTEM_NONE)
		return false;
	to = &e->snap->conf->systems[v->to];
	t.in = listener_of(e, v->from);
	t.out = listener_of(e, v->to);
	struct topo_request r = { .target = &e->target,
		.body = e->by_dialog ? NULL : &e->judged.body,
		.branch = gw_span_of(branch),
		.out_transport =
		    to->n_hops == 0 ? CONF_TLS : to->hops[0].transport,
		.memo = e->judged.memo,
		.cap_p = v->cap_p,
		.cap_q = v->cap_q,
		.handling = policy_handling(
		    e->snap->policy, v->from, v->to, e->now.wall_us) };
	sip_edits_init(&e->edits, e->msg.raw);
	return topo_edit_request(&t, &e->msg, &r, &e->edits, &e->fault) ==
	       GW_OK;
}

/* Is it one that only follows its dialog?  Then the gateway reads no body and
 * asks no rule: the dialog's token permits it. */
static bool
follows_dialog(const struct explain *e)
{
	return e->ask.in_dialog && e->target.has_token && e->target.memo != 0 &&
	       !gate_wants(&e->msg);
}

static void
permit_by_dialog(struct explain *e)
{
	e->judged.memo =
	    e->target.memo_of_uri != 0 ? e->target.memo_of_uri : e->target.memo;
	e->judged.verdict = (struct gw_verdict){ .outcome = GW_PERMIT,
		.rule = "dialog",
		.from = e->ask.from,
		.to = e->target.to,
		.cap_p = -1,
		.cap_q = -1 };
}

static void
judge(struct explain *e)
{
	struct topo t = { e->snap, e->sealer, e->arena, e->now, e->ask.from,
		GW_SYSTEM_NONE, 0, 0, NULL, e->now.wall_us, NULL };
	enum gw_err err = topo_find_target(&t, &e->msg, &e->target, &e->fault);

	e->ask.in_dialog = sip_msg_in_dialog(&e->msg);
	e->ask.to_us = err == GW_OK && e->target.ours && !e->target.has_token;
	if (err == GW_OK && e->target.has_token) {
		e->ask.to = e->target.to;
		e->ask.answering = e->target.answering;
		e->ask.memo = e->target.memo;
		e->ask.newer_memo = e->target.memo_of_uri;
	}
	e->by_dialog = err == GW_OK && follows_dialog(e);
	if (e->by_dialog) {
		permit_by_dialog(e);
		return;
	}
	gate_judge(
	    &e->gate, e->snap, &e->msg, &e->ask, e->now, e->arena, &e->judged);
	explain_lookup_settle(&e->gate, e->snap, e->said,
	    gw_buf_span(&e->answer), e->now, e->arena, &e->judged, &e->lookup);
}

static void
write_steps(struct gw_json *j, const struct gw_verdict *v)
{
	gw_json_open(j, "steps", '[');
	for (unsigned i = 0; i < v->n_steps; i++) {
		gw_json_open(j, NULL, '{');
		explain_step_json(j, &v->steps[i]);
		gw_json_close(j, '}');
	}
	gw_json_close(j, ']');
}

static void
write_changes(struct explain *e, struct gw_json *j, bool edited)
{
	gw_json_open(j, "changes", '[');
	for (unsigned i = 0; edited && i < e->edits.n; i++) {
		const struct sip_edit *x = &e->edits.at[i];
		gw_json_open(j, NULL, '{');
		gw_json_num(j, "offset", x->off);
		gw_json_span(j, "removed",
		    gw_span_sub(gw_span_sub(e->msg.raw, x->off, x->del), 0,
			INSERT_MAX));
		gw_json_span(j, "inserted", gw_span_sub(x->ins, 0, INSERT_MAX));
		gw_json_close(j, '}');
	}
	gw_json_close(j, ']');
}

static void
write_json(struct explain *e, bool edited)
{
	const struct gw_verdict *v = &e->judged.verdict;
	struct gw_json j;

	gw_json_init(&j, &e->out);
	gw_json_open(&j, NULL, '{');
	gw_json_text(&j, "verdict", gw_outcome_name(v->outcome));
	gw_json_num(&j, "status", v->status);
	gw_json_text(&j, "reason", gw_reason_name(v->reason));
	if (v->trigger != 0)
		gw_json_span(&j, "trigger",
		    (struct gw_span){ (const uint8_t *)&v->trigger, 1 });
	if (v->rule != NULL)
		gw_json_text(&j, "rule", v->rule);
	else
		gw_json_null(&j, "rule");
	gw_json_open(&j, "receiver_domains", '[');
	for (unsigned i = 0; i < v->n_domains; i++)
		gw_json_span(&j, NULL, v->domains[i]);
	gw_json_close(&j, ']');
	write_steps(&j, v);
	explain_lookup_json(&j, e->snap, &e->lookup);
	write_changes(e, &j, edited);
	if (e->redirects)
		explain_redirect_json(&j, &e->redirect);
	else
		gw_json_null(&j, "redirect");
	gw_json_close(&j, '}');
	gw_buf_text(&e->out, "\n");
}

static void
write_text(struct explain *e, bool edited)
{
	const struct gw_verdict *v = &e->judged.verdict;

	gw_buf_fmt(&e->out, "verdict: %s", gw_outcome_name(v->outcome));
	if (v->status != 0)
		gw_buf_fmt(
		    &e->out, " (%u, %s)", v->status, gw_reason_name(v->reason));
	gw_buf_fmt(&e->out, "\nrule: %s\n", v->rule == NULL ? "none" : v->rule);
	for (unsigned i = 0; i < v->n_steps; i++) {
		gw_step_text(&e->out, &v->steps[i]);
		gw_buf_text(&e->out, "\n");
	}
	explain_lookup_text(&e->out, e->snap, &e->lookup);
	for (unsigned i = 0; i < v->n_domains; i++) {
		gw_buf_text(&e->out, i == 0 ? "receiver domains: " : ", ");
		gw_buf_add(&e->out, v->domains[i]);
	}
	if (v->n_domains > 0)
		gw_buf_text(&e->out, "\n");
	if (e->redirects)
		explain_redirect_text(&e->out, &e->redirect);
	if (edited)
		gw_buf_fmt(&e->out, "changes: %u places (--json shows them)\n",
		    e->edits.n);
}

/* A message that cannot be read never reaches the gate. */
static int
unreadable(struct explain *e, bool json, enum gw_err err)
{
	struct gw_json j;

	if (!json) {
		gw_buf_fmt(&e->out, "verdict: refuse (400): octet %zu: %s\n",
		    e->fault.at, e->fault.why);
		return CMD_NO;
	}
	gw_json_init(&j, &e->out);
	gw_json_open(&j, NULL, '{');
	gw_json_text(&j, "verdict", "refuse");
	gw_json_num(&j, "status", err == GW_EUNSUPPORTED ? 505 : 400);
	gw_json_open(&j, "error", '{');
	gw_json_text(&j, "code", gw_strerror(err));
	gw_json_num(&j, "at", (int64_t)e->fault.at);
	gw_json_text(&j, "why", e->fault.why);
	gw_json_close(&j, '}');
	gw_json_close(&j, '}');
	gw_buf_text(&e->out, "\n");
	return CMD_NO;
}

/* The redirect that would be written, or what would become of the one that
 * came back. */
static void
redirect(struct explain *e)
{
	struct redirect r = { e->snap, e->arena, e->now, 0 };
	const char *why;

	e->redirects = explain_redirect_out(&r, &e->judged, &e->redirect);
	if (e->redirects || e->response.len == 0)
		return;
	why = explain_redirect_back(
	    &r, &e->judged, gw_buf_span(&e->response), &e->redirect);
	if (why == NULL)
		e->redirects = true;
	else
		fprintf(stderr, "mcxgw: %s\n", why);
}

static int
answer(struct explain *e, bool json)
{
	enum gw_err err =
	    sip_msg_parse(gw_buf_span(&e->text), &e->msg, &e->fault);

	if (err != GW_OK)
		return unreadable(e, json, err);
	judge(e);
	redirect(e);
	bool edited = edit(e);
	if (json)
		write_json(e, edited);
	else
		write_text(e, edited);
	return e->judged.verdict.outcome == GW_PERMIT ? CMD_YES : CMD_NO;
}

static bool
load(struct explain *e, const struct args *a)
{
	char schema[SETTINGS_PATH_MAX];
	struct gw_diag *d = gw_diag_new();

	if (d == NULL)
		return false;
	settings_schema_dir(a->values[CONFIG], a->values[SCHEMA], schema);
	e->snap = settings_load(a->values[CONFIG], schema, d);
	if (e->snap == NULL)
		settings_print(d, a->values[CONFIG]);
	gw_diag_free(d);
	return e->snap != NULL &&
	       token_sealer_use(e->sealer, e->snap->tokens) == GW_OK;
}

static bool
read_optional(const char *path, struct gw_buf *out)
{
	if (path == NULL || settings_read(path, out) == GW_OK)
		return true;
	perror(path);
	return false;
}

static bool
read_lookup(struct explain *e, const char *what)
{
	e->said = what;
	if (what == NULL || strcmp(what, "unknown") == 0 ||
	    strcmp(what, "down") == 0)
		return true;
	e->said = "file";
	return read_optional(what, &e->answer);
}

static int
run(struct explain *e, const struct args *a)
{
	if (a->values[AT] != NULL && gw_time_parse(gw_span_of(a->values[AT]),
					 &e->now.wall_us) != GW_OK) {
		fprintf(stderr,
		    "mcxgw: --at is \"%s\", not a time like "
		    "2026-01-31T12:00:00Z\n",
		    a->values[AT]);
		return CMD_USAGE;
	}
	if (settings_read(a->rest[0], &e->text) != GW_OK) {
		perror(a->rest[0]);
		return CMD_ENVIRONMENT;
	}
	if (!read_optional(a->values[RESPONSE], &e->response) ||
	    !read_lookup(e, a->values[LOOKUP]))
		return CMD_ENVIRONMENT;
	if (!load(e, a))
		return CMD_ENVIRONMENT;
	if (!system_of(e, a->values[FROM], &e->ask.from) ||
	    !system_of(e, a->values[TO], &e->ask.to))
		return CMD_USAGE;
	int status = answer(e, a->values[JSON] != NULL);
	settings_write(&e->out);
	return status;
}

int
cmd_explain(int argc, char **argv)
{
	struct args a;

	switch (args_read(&verb, argc, argv, &a)) {
	case ARGS_HELP: return CMD_YES;
	case ARGS_WRONG: return CMD_USAGE;
	case ARGS_OK: break;
	}
	struct explain *e = explain_new();
	if (e == NULL)
		return CMD_ENVIRONMENT;
	int status = run(e, &a);
	explain_free(e);
	return status;
}
