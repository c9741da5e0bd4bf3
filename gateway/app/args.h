/*
 * args.h: the command line of one verb, read by a table.
 */
#ifndef ARGS_H
#define ARGS_H

#include <stdbool.h>
#include <stddef.h>

#define ARGS_REPEAT_MAX 64 /* values of an option that may be repeated */

struct args_option {
	const char *name; /* "--json", or "-c" for a short one alone */
	const char *value; /* "FILE" if it takes a value, else NULL */
	const char *help;
	bool required;
};

struct args_verb {
	const char *usage; /* "explain -c FILE --from SYSTEM MESSAGE" */
	const char *about; /* some lines that teach */
	const struct args_option *options;
	size_t n_options;
	size_t rest_min, rest_max; /* arguments that are no options */
};

struct args {
	/* Values by row of the table; flags have a non-NULL one. */
	const char *values[16];
	/* What is no option, in order. */
	const char *rest[ARGS_REPEAT_MAX];
	size_t n_rest;
};

enum args_result { ARGS_OK, ARGS_HELP, ARGS_WRONG };

/**
 * Read argv (argv[0] is the verb).  On ARGS_HELP the help was written to
 * stdout; on ARGS_WRONG what is wrong and the usage to stderr.  "--" ends the
 * options; "--name=value" is understood.
 */
enum args_result
args_read(const struct args_verb *v, int argc, char **argv, struct args *out);

#endif
