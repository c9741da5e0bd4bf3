/*
 * args.c: options, help and usage out of one table.
 */
#include "app/args.h"

#include <stdio.h>
#include <string.h>

static void
help(const struct args_verb *v)
{
	printf("usage: mcxgw %s\n\n%s\n", v->usage, v->about);
	for (size_t i = 0; i < v->n_options; i++) {
		const struct args_option *o = &v->options[i];
		char left[64];
		snprintf(left, sizeof(left), "%s%s%s", o->name,
		    o->value != NULL ? " " : "",
		    o->value != NULL ? o->value : "");
		printf("  %-18s %s\n", left, o->help);
	}
	printf("  %-18s %s\n", "--help", "this text");
}

static enum args_result
wrong(const struct args_verb *v, const char *what, const char *which)
{
	fprintf(
	    stderr, "mcxgw: %s%s\nusage: mcxgw %s\n", what, which, v->usage);
	return ARGS_WRONG;
}

/* The row of the option that arg names, or n_options; *value is what stands
 * behind '='. */
static size_t
find(const struct args_verb *v, const char *arg, const char **value)
{
	size_t i;

	for (i = 0; i < v->n_options; i++) {
		size_t len = strlen(v->options[i].name);
		if (strncmp(arg, v->options[i].name, len) != 0)
			continue;
		if (arg[len] == '\0' || arg[len] == '=') {
			*value = arg[len] == '=' ? arg + len + 1 : NULL;
			break;
		}
	}
	return i;
}

/* One option at argv[*i]. */
static enum args_result
option(
    const struct args_verb *v, int argc, char **argv, int *i, struct args *out)
{
	const char *value = NULL;
	size_t row = find(v, argv[*i], &value);

	if (row == v->n_options)
		return wrong(v, "there is no option ", argv[*i]);
	if (v->options[row].value == NULL) {
		if (value != NULL)
			return wrong(v, "takes no value: ", argv[*i]);
		out->values[row] = "yes";
		return ARGS_OK;
	}
	if (value == NULL && *i + 1 < argc)
		value = argv[++*i];
	if (value == NULL || *value == '\0')
		return wrong(v, "a value is missing behind ", argv[*i]);
	out->values[row] = value;
	return ARGS_OK;
}

static enum args_result
check(const struct args_verb *v, const struct args *a)
{
	for (size_t i = 0; i < v->n_options; i++)
		if (v->options[i].required && a->values[i] == NULL)
			return wrong(v, "missing option ", v->options[i].name);
	if (a->n_rest < v->rest_min)
		return wrong(v, "an argument is missing", "");
	if (a->n_rest > v->rest_max)
		return wrong(v, "too many arguments: ", a->rest[v->rest_max]);
	return ARGS_OK;
}

enum args_result
args_read(const struct args_verb *v, int argc, char **argv, struct args *out)
{
	bool only_rest = false;

	*out = (struct args){ .n_rest = 0 };
	for (int i = 1; i < argc; i++) {
		if (!only_rest && strcmp(argv[i], "--") == 0) {
			only_rest = true;
		} else if (!only_rest && (strcmp(argv[i], "--help") == 0 ||
					     strcmp(argv[i], "-h") == 0)) {
			help(v);
			return ARGS_HELP;
		} else if (!only_rest && argv[i][0] == '-' &&
			   argv[i][1] != '\0') {
			enum args_result r = option(v, argc, argv, &i, out);
			if (r != ARGS_OK)
				return r;
		} else if (out->n_rest == ARGS_REPEAT_MAX) {
			return wrong(v, "too many arguments: ", argv[i]);
		} else {
			out->rest[out->n_rest++] = argv[i];
		}
	}
	return check(v, out);
}
