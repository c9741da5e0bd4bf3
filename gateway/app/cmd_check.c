/*
 * cmd_check.c: mcxgw check.
 */
#include "app/cmd.h"

#include <stdio.h>

#include "app/args.h"
#include "app/settings.h"

#define OUT_MAX (4u << 20)

enum { CONFIG, JSON, SCHEMA };

static const struct args_option options[] = {
	[CONFIG] = { "-c", "FILE", "the configuration, mcxgw.xml(5)", true },
	[JSON] = { "--json", NULL, "one JSON object on standard output",
	    false },
	[SCHEMA] = { "--schema", "DIR", "where the XSDs are", false },
};

static const struct args_verb verb = { "check -c FILE [--json]",
	"Loads the configuration and all that it names (policy, agreements,\n"
	"certificates, keys, CRLs, KMS certificates) as `run` would, and\n"
	"tells every mistake and warning with its place and its remedy.\n"
	"Exit status 0: it would run; 1: there are mistakes.\n",
	options, GW_COUNT(options), 0, 0 };

static void
print_json(const struct gw_diag *d, const struct snapshot *s)
{
	struct gw_buf out;
	struct gw_json j;

	gw_buf_init(&out, OUT_MAX);
	gw_json_init(&j, &out);
	gw_json_open(&j, NULL, '{');
	gw_json_bool(&j, "ok", s != NULL);
	gw_diag_json(d, &j);
	gw_json_close(&j, '}');
	gw_buf_text(&out, "\n");
	settings_write(&out);
}

int
cmd_check(int argc, char **argv)
{
	char schema[SETTINGS_PATH_MAX];
	struct args a;

	switch (args_read(&verb, argc, argv, &a)) {
	case ARGS_HELP: return CMD_YES;
	case ARGS_WRONG: return CMD_USAGE;
	case ARGS_OK: break;
	}
	struct gw_diag *d = gw_diag_new();
	if (d == NULL)
		return CMD_ENVIRONMENT;
	settings_schema_dir(a.values[CONFIG], a.values[SCHEMA], schema);
	struct snapshot *s = settings_load(a.values[CONFIG], schema, d);
	if (a.values[JSON] != NULL)
		print_json(d, s);
	else
		settings_print(d, a.values[CONFIG]);
	if (s != NULL && a.values[JSON] == NULL)
		printf("%s: %zu systems, %zu rules, %zu security domains: "
		       "good\n",
		    a.values[CONFIG], s->conf->n_systems,
		    policy_rules(s->policy), policy_domains(s->policy));
	int status = s != NULL ? CMD_YES : CMD_NO;
	snapshot_unref(s);
	gw_diag_free(d);
	return status;
}
