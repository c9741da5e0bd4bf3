/*
 * policy_load.c: the files of a policy.
 */
#include <errno.h>
#include <stdio.h>

#include "mcxgw/folder.h"
#include "policy/policy_code.h"
#include "policy/policy_compile.h"

#define PATH_LEN_MAX	4096
#define NAMES_ARENA_MAX ((size_t)64 << 20)

struct loading {
	struct policy *p;
	const struct policy_source *src;
	struct gw_diag *d;
};

/* The agreements' files: none if there was a mistake. */
static size_t
list_agreements(struct gw_arena *a, const char *folder, const char ***files,
    struct gw_diag *d)
{
	struct gw_where at = { folder, 0 };
	size_t n;
	enum gw_err err =
	    gw_folder_xml(a, folder, POLICY_AGREEMENTS_MAX, files, &n);

	if (err == GW_EIO)
		POLICY_ERROR(
		    d, &at, DIRECTORY, "cannot be read: error %d", errno);
	else if (err != GW_OK)
		POLICY_ERROR(d, &at, MEMORY, "too many or too long names");
	return n;
}

static bool
is_reported(const struct gw_diag *d, const struct gw_where *at)
{
	for (const struct gw_diag_entry *e = gw_diag_first(d); e != NULL;
	     e = e->next)
		if (e->where.line == at->line && e->where.file != NULL &&
		    at->file != NULL && strcmp(e->where.file, at->file) == 0)
			return true;
	return false;
}

/* Add what the second look found in lines that the schema did not mind. */
static void
add_findings(struct gw_diag *d, const struct gw_diag *more)
{
	for (const struct gw_diag_entry *e = gw_diag_first(more); e != NULL;
	     e = e->next)
		if (e->level == GW_DIAG_ERROR && !is_reported(d, &e->where))
			gw_diag_error(
			    d, &e->where, e->code, e->want, "%s", e->text);
}

typedef void take_root(
    struct policy *p, const xmlNode *root, const char *file, struct gw_diag *d);

/*
 * The schema found mistakes, so the file will not be used.  Read it without
 * the schema all the same, so that one run shows every mistake.
 */
static void
look_again(struct loading *l, const char *path, take_root *take)
{
	struct gw_diag *more = gw_diag_new();
	xmlDoc *doc;

	if (more == NULL)
		return;
	if ((doc = gw_xml_load(path, NULL, more)) != NULL) {
		take(l->p, gw_xml_root(doc), path, more);
		add_findings(l->d, more);
	}
	gw_xml_free(doc);
	gw_diag_free(more);
}

static void
load_file(
    struct loading *l, const char *path, const char *schema, take_root *take)
{
	char xsd[PATH_LEN_MAX];
	int n = snprintf(xsd, sizeof(xsd), "%s/%s", l->src->schema_dir, schema);
	struct gw_where at = { path, 0 };
	xmlDoc *doc;

	if (n < 0 || (size_t)n >= sizeof(xsd)) {
		POLICY_ERROR(l->d, &at, DIRECTORY,
		    "the name of the schema folder is too long");
		return;
	}
	if ((doc = gw_xml_load(path, xsd, l->d)) == NULL) {
		look_again(l, path, take);
		return;
	}
	take(l->p, gw_xml_root(doc), path, l->d);
	gw_xml_free(doc);
}

struct policy *
policy_load(const struct policy_source *src, struct gw_diag *d)
{
	struct gw_arena *names = gw_arena_new(NAMES_ARENA_MAX);
	const char **files = NULL;
	struct loading l = { .src = src, .d = d };
	struct gw_where nowhere = { NULL, 0 };
	bool good = false;

	if (names == NULL) {
		POLICY_ERROR(d, &nowhere, MEMORY, "out of memory");
		return NULL;
	}
	/* A folder that cannot be read is an error; read the rest for its
	 * mistakes. */
	size_t n = list_agreements(names, src->agreements_dir, &files, d);
	if ((l.p = policy_compile_begin(src, n, d)) == NULL)
		goto out;
	if (src->policy_file != NULL)
		load_file(
		    &l, src->policy_file, "policy.xsd", policy_compile_local);
	for (size_t i = 0; i < n; i++)
		load_file(&l, files[i], "agreement.xsd", policy_compile_add);
	good = policy_compile_end(l.p, src->wall_us, d);
out:
	gw_arena_free(names);
	if (good)
		return l.p;
	policy_free(l.p);
	return NULL;
}
