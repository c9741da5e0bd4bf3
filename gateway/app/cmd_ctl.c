/*
 * cmd_ctl.c: mcxgw ctl.
 */
#include "app/cmd.h"

#include <stdio.h>

#include "app/args.h"
#include "app/settings.h"
#include "net/ctl.h"
#include "net/ctl_ask.h"

#define ANSWER_MAX (8u << 20)

enum { CONFIG, JSON, SOCKET, SCHEMA };

static const struct args_option options[] = {
	[CONFIG] = { "-c", "FILE", "the configuration that names the socket",
	    false },
	[JSON] = { "--json", NULL, "one JSON object on standard output",
	    false },
	[SOCKET] = { "--socket", "PATH", "the control socket itself", false },
	[SCHEMA] = { "--schema", "DIR", "where the XSDs are", false },
};

static const struct args_verb verb = {
	"ctl (-c FILE | --socket PATH) status|reload|drain|why ID|\n"
	"           lookup show [USER]|lookup flush [USER] [--json]",
	"Asks the running gateway over its control socket.\n\n"
	"  status   generation, open transactions, connections, next hops\n"
	"  reload   load all files again; every mistake if it is refused\n"
	"  drain    no new dialogs from now on\n"
	"  why ID   the decision with the id that a response or log line "
	"told\n"
	"  lookup show [USER]   what each worker remembers of a user, or of\n"
	"                       the lookup services\n"
	"  lookup flush [USER]  forget it, or everything\n\n"
	"Exit status 0: done; 1: refused, or not known; 3: no gateway "
	"answers.\n",
	options, GW_COUNT(options), 1, 3
};

/* The socket that the configuration names, copied to out.  False: said why.
 */
static bool
socket_of(const struct args *a, struct gw_buf *out)
{
	char schema[SETTINGS_PATH_MAX];

	if (a->values[SOCKET] != NULL) {
		gw_buf_text(out, a->values[SOCKET]);
		return true;
	}
	if (a->values[CONFIG] == NULL) {
		fprintf(stderr, "mcxgw: ctl needs -c FILE or --socket PATH\n");
		return false;
	}
	struct gw_diag *d = gw_diag_new();
	if (d == NULL)
		return false;
	settings_schema_dir(a->values[CONFIG], a->values[SCHEMA], schema);
	struct conf *c = conf_load(a->values[CONFIG], schema, d);
	if (c == NULL)
		settings_print(d, a->values[CONFIG]);
	else if (c->control_socket == NULL)
		fprintf(stderr, "mcxgw: %s has no <control socket>\n",
		    a->values[CONFIG]);
	else
		gw_buf_text(out, c->control_socket);
	conf_free(c);
	gw_diag_free(d);
	return out->len > 0;
}

static int
ask(const char *path, const struct args *a)
{
	struct gw_buf line, answer;
	bool yes = false;

	gw_buf_init(&line, CTL_LINE_MAX);
	for (size_t i = 0; i < a->n_rest; i++)
		gw_buf_fmt(&line, "%s%s", i > 0 ? " " : "", a->rest[i]);
	if (a->values[JSON] != NULL)
		gw_buf_text(&line, " json");
	gw_buf_init(&answer, ANSWER_MAX);
	enum gw_err err = ctl_ask(path, gw_buf_span(&line), &yes, &answer);
	gw_buf_clear(&line);
	if (err != GW_OK) {
		fprintf(stderr, "mcxgw: no gateway answers at %s: %s\n", path,
		    gw_strerror(err));
		gw_buf_clear(&answer);
		return CMD_ENVIRONMENT;
	}
	settings_write(&answer);
	return yes ? CMD_YES : CMD_NO;
}

int
cmd_ctl(int argc, char **argv)
{
	struct gw_buf path;
	struct args a;

	switch (args_read(&verb, argc, argv, &a)) {
	case ARGS_HELP: return CMD_YES;
	case ARGS_WRONG: return CMD_USAGE;
	case ARGS_OK: break;
	}
	gw_buf_init(&path, SETTINGS_PATH_MAX);
	int status = CMD_USAGE;
	if (socket_of(&a, &path)) {
		gw_buf_add(&path, (struct gw_span){ (const uint8_t *)"", 1 });
		status = gw_buf_ok(&path) ? ask((const char *)path.p, &a) :
					    CMD_USAGE;
	}
	gw_buf_clear(&path);
	return status;
}
