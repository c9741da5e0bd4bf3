/*
 * cmd_lookup.c: mcxgw lookup: which security domains serve a user, asked as
 * the gateway would, and who would be told what of it.
 */
#include "app/cmd.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/args.h"
#include "app/settings.h"
#include "core/lookup_ask.h"
#include "mcxgw/log.h"
#include "net/lookup_once.h"

#define OUT_MAX	  (4u << 20)
#define ARENA_MAX (8u << 20)

enum { CONFIG, AS, JSON, SCHEMA };

static const struct args_option options[] = {
	[CONFIG] = { "-c", "FILE", "the configuration, mcxgw.xml(5)", true },
	[AS] = { "--as", "SYSTEM",
	    "who asks: in its names, and what it would be told", false },
	[JSON] = { "--json", NULL, "one JSON object on standard output",
	    false },
	[SCHEMA] = { "--schema", "DIR", "where the XSDs are", false },
};

static const struct args_verb verb = {
	"lookup -c FILE [--as SYSTEM] [--json] USER",
	"Asks the lookup service of a user's system which security domains\n"
	"serve the user, and which external domains each of them permits.\n"
	"USER is an MC service ID, sip:bob@mcptt.bravo.example say, or a tel:\n"
	"URI.  Prints the answer and where it came from, and for each system\n"
	"that would be told something of it what that is: the agreement with\n"
	"it decides, not the service.\n\n"
	"With --as the question is that of one system: USER is named as it\n"
	"would name it, the domains as it knows them, and a system that would\n"
	"be told nothing sees no difference to an unknown user.\n\n"
	"A running gateway remembers answers; this command does not: it asks.\n"
	"What the gateway remembers, `mcxgw ctl lookup show USER` tells.\n\n"
	"Exit status 0: a domain was told; 1: the user is unknown, or nothing\n"
	"would be told; 3: there was no answer.\n",
	options, GW_COUNT(options), 1, 1
};

struct lookup {
	struct snapshot *snap;
	struct gw_arena *arena;
	struct gw_buf out;
	struct gw_now now;
	uint16_t as; /* GW_SYSTEM_NONE: not told */
	struct gw_span asked; /* the user as it was written */
	struct lookup_once once;
};

static bool
system_of(struct lookup *l, const char *id)
{
	l->as = GW_SYSTEM_NONE;
	if (id == NULL)
		return true;
	l->as = conf_system_by_id(l->snap->conf, gw_span_of(id));
	if (l->as != GW_SYSTEM_NONE)
		return true;
	fprintf(stderr, "mcxgw: the configuration has no system \"%s\"\n", id);
	return false;
}

static bool
load(struct lookup *l, const struct args *a)
{
	char schema[SETTINGS_PATH_MAX];
	struct gw_diag *d = gw_diag_new();

	if (d == NULL)
		return false;
	settings_schema_dir(a->values[CONFIG], a->values[SCHEMA], schema);
	l->snap = settings_load(a->values[CONFIG], schema, d);
	if (l->snap == NULL)
		settings_print(d, a->values[CONFIG]);
	gw_diag_free(d);
	return l->snap != NULL;
}

/* ---- what a system would be told ---- */

static bool
told(struct lookup *l, uint16_t to, struct gw_lookup_answer *out)
{
	return lookup_ask_told(l->snap, to, l->once.system, &l->once.answer,
		   l->now.wall_us, l->arena, out) &&
	       out->n_domains > 0;
}

static bool
is_shown(const struct lookup *l, size_t system)
{
	return l->as == GW_SYSTEM_NONE ? system != l->once.system :
					 system == l->as;
}

/* ---- the report ---- */

static const char *
word_of(const struct lookup *l)
{
	switch (l->once.found) {
	case LOOKUP_ANSWER:
		return l->once.answer.n_domains > 0 ? "known" : "unknown";
	case LOOKUP_NO_SERVICE: return "no-service";
	case LOOKUP_WAIT:
	case LOOKUP_FAILED: break;
	}
	return "no-answer";
}

static const char *
why_of(const struct lookup *l)
{
	if (l->once.system == GW_SYSTEM_NONE)
		return "the user is of no system that is configured";
	if (l->once.found == LOOKUP_ANSWER)
		return NULL;
	return l->once.source.why == NULL ? "" : l->once.source.why;
}

static const char *
adapter_of(const struct lookup *l)
{
	const struct conf_service *s = l->once.source.service;

	return s == NULL ? "" : s->adapter;
}

static const char *
service_of(const struct lookup *l)
{
	const struct conf_service *s = l->once.source.service;

	if (s == NULL)
		return "";
	return s->file != NULL ? s->file : s->authority;
}

static void
json_domains(
    struct gw_json *j, const char *key, const struct gw_lookup_answer *a)
{
	gw_json_open(j, key, '[');
	for (size_t i = 0; i < a->n_domains; i++) {
		const struct gw_lookup_domain *d = &a->domains[i];
		gw_json_open(j, NULL, '{');
		gw_json_span(j, "kms", d->kms);
		if (d->lists_external) {
			gw_json_open(j, "external", '[');
			for (size_t k = 0; k < d->n_external; k++)
				gw_json_span(j, NULL, d->external[k]);
			gw_json_close(j, ']');
		} else {
			gw_json_null(j, "external");
		}
		gw_json_close(j, '}');
	}
	gw_json_close(j, ']');
}

static void
json_told(struct lookup *l, struct gw_json *j)
{
	const struct conf *c = l->snap->conf;
	struct gw_lookup_answer out;

	gw_json_open(j, "told", '[');
	for (size_t i = 0; i < c->n_systems; i++) {
		if (!is_shown(l, i) || !told(l, (uint16_t)i, &out))
			continue;
		gw_json_open(j, NULL, '{');
		gw_json_text(j, "to", c->systems[i].base.id);
		json_domains(j, "domains", &out);
		gw_json_close(j, '}');
	}
	gw_json_close(j, ']');
}

static void
write_json(struct lookup *l)
{
	struct gw_json j;

	gw_json_init(&j, &l->out);
	gw_json_open(&j, NULL, '{');
	gw_json_span(&j, "user", l->asked);
	gw_json_text(&j, "result", word_of(l));
	if (why_of(l) != NULL)
		gw_json_text(&j, "why", why_of(l));
	if (l->once.system != GW_SYSTEM_NONE)
		gw_json_text(&j, "system",
		    l->snap->conf->systems[l->once.system].base.id);
	else
		gw_json_null(&j, "system");
	gw_json_text(&j, "adapter", adapter_of(l));
	gw_json_text(&j, "service", service_of(l));
	gw_json_num(&j, "age_ms", l->once.source.age_ms);
	gw_json_num(&j, "ttl_ms", l->once.source.left_ms);
	json_domains(&j, "domains", &l->once.answer);
	json_told(l, &j);
	gw_json_close(&j, '}');
	gw_buf_text(&l->out, "\n");
}

static void
text_domains(struct gw_buf *out, const struct gw_lookup_answer *a)
{
	for (size_t i = 0; i < a->n_domains; i++) {
		const struct gw_lookup_domain *d = &a->domains[i];
		gw_buf_fmt(out, "  %.*s", GW_FMT(d->kms));
		if (d->lists_external)
			gw_buf_text(out, d->n_external == 0 ?
					     ", permits no other" :
					     ", permits");
		for (size_t k = 0; k < d->n_external; k++)
			gw_buf_fmt(out, " %.*s", GW_FMT(d->external[k]));
		gw_buf_text(out, "\n");
	}
}

static void
text_told(struct lookup *l)
{
	const struct conf *c = l->snap->conf;
	struct gw_lookup_answer out;
	size_t n = 0;

	for (size_t i = 0; i < c->n_systems; i++) {
		if (!is_shown(l, i) || !told(l, (uint16_t)i, &out))
			continue;
		n++;
		gw_buf_fmt(&l->out, "told to %s:\n", c->systems[i].base.id);
		text_domains(&l->out, &out);
	}
	if (n == 0 && l->as != GW_SYSTEM_NONE)
		gw_buf_fmt(&l->out, "told to %s: nothing\n",
		    c->systems[l->as].base.id);
	else if (n == 0)
		gw_buf_text(&l->out, "told to others: nothing\n");
}

static void
write_text(struct lookup *l)
{
	const struct lookup_source *s = &l->once.source;

	gw_buf_fmt(
	    &l->out, "user: %.*s\nresult: %s\n", GW_FMT(l->asked), word_of(l));
	if (why_of(l) != NULL)
		gw_buf_fmt(&l->out, "why: %s\n", why_of(l));
	if (l->once.system == GW_SYSTEM_NONE)
		return;
	gw_buf_fmt(&l->out, "system: %s\n",
	    l->snap->conf->systems[l->once.system].base.id);
	if (l->once.found != LOOKUP_ANSWER)
		return;
	gw_buf_fmt(&l->out, "source: %s %s\nage: %u s, to be kept for %u s\n",
	    adapter_of(l), service_of(l), s->age_ms / 1000, s->left_ms / 1000);
	if (l->once.answer.n_domains > 0)
		gw_buf_text(&l->out, "domains:\n");
	text_domains(&l->out, &l->once.answer);
	text_told(l);
}

/* ---- the question ---- */

static int
status_of(struct lookup *l)
{
	struct gw_lookup_answer out;

	if (l->once.system != GW_SYSTEM_NONE && l->once.found != LOOKUP_ANSWER)
		return CMD_ENVIRONMENT;
	if (l->once.answer.n_domains == 0)
		return CMD_NO;
	return l->as == GW_SYSTEM_NONE || told(l, l->as, &out) ? CMD_YES :
								 CMD_NO;
}

static int
ask(struct lookup *l, bool json)
{
	const struct policy *p = l->snap->policy;
	struct gw_span user;

	if (gw_lookup_user(l->arena, l->asked, &user) != GW_OK) {
		fprintf(stderr,
		    "mcxgw: \"%.*s\" is no sip: or tel: URI of a user\n",
		    GW_FMT(l->asked));
		return CMD_USAGE;
	}
	l->once.user = user;
	l->once.arena = l->arena;
	l->once.found = LOOKUP_ANSWER;
	if (l->as != GW_SYSTEM_NONE && !policy_map_user(p, l->as, POLICY_MAP_IN,
					   user, l->arena, &l->once.user))
		return CMD_ENVIRONMENT;
	l->once.system = policy_system_of(p, l->once.user);
	if (l->once.system != GW_SYSTEM_NONE &&
	    lookup_once(l->snap, &l->once) != GW_OK) {
		fprintf(stderr, "mcxgw: the question could not be asked\n");
		return CMD_ENVIRONMENT;
	}
	if (json)
		write_json(l);
	else
		write_text(l);
	settings_write(&l->out);
	return status_of(l);
}

int
cmd_lookup(int argc, char **argv)
{
	struct lookup l = { .now = gw_now_read() };
	int status = CMD_ENVIRONMENT;
	struct args a;

	switch (args_read(&verb, argc, argv, &a)) {
	case ARGS_HELP: return CMD_YES;
	case ARGS_WRONG: return CMD_USAGE;
	case ARGS_OK: break;
	}
	gw_log_set_level(GW_LOG_WARN);
	gw_buf_init(&l.out, OUT_MAX);
	l.asked = gw_span_of(a.rest[0]);
	l.arena = gw_arena_new(ARENA_MAX);
	if (l.arena != NULL && load(&l, &a))
		status = system_of(&l, a.values[AS]) ?
			     ask(&l, a.values[JSON] != NULL) :
			     CMD_USAGE;
	gw_arena_free(l.arena);
	snapshot_unref(l.snap);
	gw_buf_clear(&l.out);
	return status;
}
