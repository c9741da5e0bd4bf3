/*
 * cmd_run.c: mcxgw run.
 */
#include "app/cmd.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/args.h"
#include "app/settings.h"
#include "net/gateway.h"

enum { CONFIG, WORKERS, SCHEMA };

static const struct args_option options[] = {
	[CONFIG] = { "-c", "FILE", "the configuration, mcxgw.xml(5)", true },
	[WORKERS] = { "--workers", "N", "threads, in place of <run workers>",
	    false },
	[SCHEMA] = { "--schema", "DIR", "where the XSDs are", false },
};

static const struct args_verb verb = { "run -c FILE [--workers N]",
	"Runs the gateway in the foreground until SIGTERM or SIGINT; then no\n"
	"new dialogs are taken and it ends when what is open has ended, or\n"
	"after limits drain.  SIGHUP (or `mcxgw ctl reload`) loads all files\n"
	"again; a mistake leaves the settings in force.  One log line per\n"
	"event goes to standard error.\n",
	options, GW_COUNT(options), 0, 0 };

int
cmd_run(int argc, char **argv)
{
	struct gateway_options run = { 0 };
	char schema[SETTINGS_PATH_MAX];
	struct args a;

	switch (args_read(&verb, argc, argv, &a)) {
	case ARGS_HELP: return CMD_YES;
	case ARGS_WRONG: return CMD_USAGE;
	case ARGS_OK: break;
	}
	if (a.values[WORKERS] != NULL) {
		uint64_t n;
		if (gw_span_to_u64(gw_span_of(a.values[WORKERS]), 64, &n) !=
			GW_OK ||
		    n == 0) {
			fprintf(stderr,
			    "mcxgw: --workers is \"%s\", not a "
			    "number from 1 to 64\n",
			    a.values[WORKERS]);
			return CMD_USAGE;
		}
		run.workers = (unsigned)n;
	}
	settings_schema_dir(a.values[CONFIG], a.values[SCHEMA], schema);
	return gateway_run(a.values[CONFIG], schema, &run);
}
