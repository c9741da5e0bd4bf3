/*
 * krr_dialects.c: the built-in dialect and those of a folder, as one set.
 */
#include <errno.h>

#include "codec/krr/krr_code.h"
#include "codec/krr/krr_dialect_file.h"
#include "mcxgw/folder.h"

#define ARENA_CAP ((size_t)1 << 20)
#define FILES_MAX (4 * KRR_DIALECTS_MAX)

struct loading {
	struct gw_arena *a;
	struct gw_diag *d;
	const char *schema_dir;
	size_t n;
	struct krr_dialect *at; /* KRR_DIALECTS_MAX of them */
	const char **files; /* by dialect; NULL: built in */
};

/* Two dialects that a document could not tell apart. */
static bool
is_same(const struct krr_dialect *a, const struct krr_dialect *b)
{
	return gw_span_eq(a->ns, b->ns) &&
	       (gw_span_eq(a->root, b->root) ||
		   (a->signed_root.len != 0 &&
		       (gw_span_eq(a->signed_root, b->root) ||
			   gw_span_eq(a->signed_root, b->signed_root))) ||
		   (b->signed_root.len != 0 &&
		       gw_span_eq(a->root, b->signed_root)));
}

static const char *
file_of(const struct loading *l, size_t i)
{
	return l->files[i] == NULL ? "what is built in" : l->files[i];
}

/* Take one in, unless it is like another. */
static void
add(struct loading *l, const struct krr_dialect *d, const char *file)
{
	struct gw_where at = { file, 0 };
	size_t to = l->n;

	for (size_t i = 0; i < l->n; i++) {
		bool same_id = gw_span_ieq(l->at[i].id, d->id);
		if (same_id && l->files[i] == NULL)
			to = i;
		else if (same_id) {
			KRR_ERROR(l->d, &at, SAME,
			    "id=\"%.*s\" is that of %s too", GW_FMT(d->id),
			    file_of(l, i));
			return;
		}
	}
	if (to == KRR_DIALECTS_MAX) {
		KRR_ERROR(l->d, &at, TOO_MANY, "more than %d dialects",
		    KRR_DIALECTS_MAX);
		return;
	}
	l->at[to] = *d;
	l->files[to] = file;
	l->n += to == l->n;
}

/* After all are in: a file may have taken the place of the built-in one. */
static void
check_roots(struct loading *l)
{
	for (size_t i = 1; i < l->n; i++)
		for (size_t k = 0; k < i; k++) {
			struct gw_where at = { file_of(l, i), 0 };
			if (is_same(&l->at[i], &l->at[k]))
				KRR_ERROR(l->d, &at, SAME,
				    "root \"%.*s\" and its namespace are those "
				    "of %s too",
				    GW_FMT(l->at[i].root), file_of(l, k));
		}
}

static void
load_folder(struct loading *l, const char *folder)
{
	struct gw_where at = { folder, 0 };
	struct krr_dialect d;
	const char **files;
	size_t n;
	enum gw_err err = gw_folder_xml(l->a, folder, FILES_MAX, &files, &n);

	if (err == GW_EIO) {
		KRR_ERROR(l->d, &at, FOLDER, "cannot be read: error %d", errno);
		return;
	}
	if (err == GW_ELIMIT)
		KRR_ERROR(
		    l->d, &at, TOO_MANY, "too many or too long names of files");
	else if (err != GW_OK)
		KRR_ERROR(l->d, &at, MEMORY, "out of memory");
	for (size_t i = 0; i < n; i++)
		if (krr_dialect_load(files[i], l->schema_dir, l->a, &d, l->d))
			add(l, &d, files[i]);
	check_roots(l);
}

static bool
start(struct loading *l, struct gw_arena *a)
{
	const struct krr_dialects *builtin = krr_dialects_builtin();

	l->a = a;
	l->at = gw_arena_alloc(a, KRR_DIALECTS_MAX, sizeof(*l->at));
	l->files = gw_arena_alloc(a, KRR_DIALECTS_MAX, sizeof(*l->files));
	if (l->at == NULL || l->files == NULL)
		return false;
	for (; l->n < builtin->n; l->n++)
		l->at[l->n] = builtin->at[l->n];
	return true;
}

struct krr_dialects *
krr_dialects_load(const char *folder, const char *schema_dir, struct gw_diag *d)
{
	struct loading l = { .d = d, .schema_dir = schema_dir };
	struct gw_where at = { folder, 0 };
	size_t errors = gw_diag_errors(d);
	struct gw_arena *a = gw_arena_new(ARENA_CAP);
	struct krr_dialects *set =
	    a == NULL ? NULL : gw_arena_alloc(a, 1, sizeof(*set));

	if (set == NULL || !start(&l, a))
		KRR_ERROR(d, &at, MEMORY, "out of memory");
	else if (folder != NULL)
		load_folder(&l, folder);
	if (gw_diag_errors(d) != errors) {
		gw_arena_free(a);
		return NULL;
	}
	*set = (struct krr_dialects){ a, l.n, l.at };
	return set;
}
