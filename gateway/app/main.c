/*
 * main.c: mcxgw VERB ...
 */
#include <stdio.h>
#include <string.h>

#include "app/cmd.h"
#include "codec/krr/krr.h"
#include "mcxgw/xml.h"

static const struct {
	const char *verb;
	int (*run)(int argc, char **argv);
	const char *does;
} verbs[] = {
	{ "run", cmd_run, "the gateway, in the foreground" },
	{ "check", cmd_check, "load everything, tell every mistake" },
	{ "explain", cmd_explain, "the verdict on a message, step by step" },
	{ "decode", cmd_decode, "what the gateway reads in a message" },
	{ "lookup", cmd_lookup, "ask which security domains serve a user" },
	{ "ctl", cmd_ctl, "talk to the running gateway" },
};

static void
usage(FILE *to)
{
	fprintf(to, "usage: mcxgw VERB [OPTION ...]\n\n"
		    "A border gateway between mission-critical communication "
		    "systems.\n\n");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		fprintf(to, "  %-8s %s\n", verbs[i].verb, verbs[i].does);
	fprintf(to,
	    "\n`mcxgw VERB --help` explains a verb; the manual is mcxgw(8).\n"
	    "Exit status: 0 yes, 1 no or findings, 2 usage, 3 environment.\n");
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return CMD_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return CMD_YES;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("mcxgw %s\n", GW_VERSION);
		return CMD_YES;
	}
	gw_xml_init();
	if (krr_init() != GW_OK) {
		fprintf(stderr, "mcxgw: xmlsec cannot be used: another version "
				"than it was built with\n");
		return CMD_ENVIRONMENT;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].verb) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	fprintf(stderr, "mcxgw: there is no verb \"%s\"\n", argv[1]);
	usage(stderr);
	return CMD_USAGE;
}
