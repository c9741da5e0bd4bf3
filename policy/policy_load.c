/*
 * policy_load.c: the files of a policy.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/policy_code.h"
#include "policy/policy_compile.h"

#define PATH_LEN_MAX	4096
#define NAMES_ARENA_MAX ((size_t)64 << 20)

/* A file name in the agreements' folder. */
struct name {
	struct name *next;
	const char *path;
};

struct names {
	struct gw_arena *arena;
	size_t n;
	struct name *first;
	const char **sorted;
};

struct loading {
	struct policy *p;
	const struct policy_source *src;
	struct gw_diag *d;
};

static const char *
join_path(struct gw_arena *a, const char *dir, const char *file)
{
	char path[PATH_LEN_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, file);

	if (n < 0 || (size_t)n >= sizeof(path))
		return NULL;
	return gw_arena_str(a, gw_span_of(path));
}

/* Hidden files are editors' and package managers'. */
static bool
is_agreement(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && name[0] != '.' && strcmp(name + len - 4, ".xml") == 0;
}

static int
compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The order of a directory is none: sort, so that every load is alike. */
static bool
sort_names(struct names *names)
{
	size_t i = 0;

	names->sorted =
	    gw_arena_alloc(names->arena, names->n + 1, sizeof(*names->sorted));
	if (names->sorted == NULL)
		return false;
	for (const struct name *x = names->first; x != NULL; x = x->next)
		names->sorted[i++] = x->path;
	qsort(names->sorted, names->n, sizeof(*names->sorted), compare_names);
	return true;
}

static bool
list_names(DIR *dir, const char *folder, struct names *out)
{
	const struct dirent *e;

	while ((e = readdir(dir)) != NULL) {
		if (!is_agreement(e->d_name))
			continue;
		struct name *x = gw_arena_alloc(out->arena, 1, sizeof(*x));
		if (x == NULL || out->n == POLICY_AGREEMENTS_MAX ||
		    (x->path = join_path(out->arena, folder, e->d_name)) ==
			NULL)
			return false;
		x->next = out->first;
		out->first = x;
		out->n++;
	}
	return sort_names(out);
}

static bool
read_folder(const char *folder, struct names *out, struct gw_diag *d)
{
	struct gw_where at = { folder, 0 };
	DIR *dir = opendir(folder);

	if (dir == NULL) {
		POLICY_ERROR(
		    d, &at, DIRECTORY, "cannot be read: error %d", errno);
		return false;
	}
	bool good = list_names(dir, folder, out);
	closedir(dir);
	if (!good)
		POLICY_ERROR(d, &at, MEMORY, "too many or too long names");
	return good;
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
	struct names names = { .arena = gw_arena_new(NAMES_ARENA_MAX) };
	struct loading l = { .src = src, .d = d };
	struct gw_where nowhere = { NULL, 0 };
	bool good = false;

	if (names.arena == NULL) {
		POLICY_ERROR(d, &nowhere, MEMORY, "out of memory");
		return NULL;
	}
	/* A folder that cannot be read is an error; read the rest for its
	 * mistakes. */
	read_folder(src->agreements_dir, &names, d);
	if ((l.p = policy_compile_begin(src, names.n, d)) == NULL)
		goto out;
	if (src->policy_file != NULL)
		load_file(
		    &l, src->policy_file, "policy.xsd", policy_compile_local);
	for (size_t i = 0; names.sorted != NULL && i < names.n; i++)
		load_file(
		    &l, names.sorted[i], "agreement.xsd", policy_compile_add);
	good = policy_compile_end(l.p, src->wall_us, d);
out:
	gw_arena_free(names.arena);
	if (good)
		return l.p;
	policy_free(l.p);
	return NULL;
}
