/*
 * folder.c: see mcxgw/folder.h.
 */
#include "mcxgw/folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define PATH_LEN_MAX 4096

/* How many there are is known at the end only. */
struct name {
	struct name *next;
	const char *path;
};

static bool
is_wanted(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && name[0] != '.' && strcmp(name + len - 4, ".xml") == 0;
}

static int
compare(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static enum gw_err
add(struct gw_arena *a, const char *folder, const char *file,
    struct name **first)
{
	char path[PATH_LEN_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", folder, file);

	if (len < 0 || (size_t)len >= sizeof(path))
		return GW_ELIMIT;
	struct name *x = gw_arena_alloc(a, 1, sizeof(*x));
	if (x == NULL || (x->path = gw_arena_str(a, gw_span_of(path))) == NULL)
		return GW_ENOMEM;
	x->next = *first;
	*first = x;
	return GW_OK;
}

static enum gw_err
read_names(struct gw_arena *a, DIR *dir, const char *folder, size_t max,
    struct name **first, size_t *n)
{
	enum gw_err err = GW_OK;
	const struct dirent *e;

	while (err == GW_OK && (e = readdir(dir)) != NULL) {
		if (!is_wanted(e->d_name))
			continue;
		err = *n == max ? GW_ELIMIT : add(a, folder, e->d_name, first);
		++*n;
	}
	return err;
}

enum gw_err
gw_folder_xml(struct gw_arena *a, const char *folder, size_t max,
    const char ***files, size_t *n)
{
	struct name *first = NULL;
	const char **all = NULL;
	size_t count = 0, i = 0;
	DIR *dir = opendir(folder);
	enum gw_err err;

	*n = 0;
	if (dir == NULL)
		return GW_EIO;
	err = read_names(a, dir, folder, max, &first, &count);
	closedir(dir);
	if (err == GW_OK &&
	    (all = gw_arena_alloc(a, count + 1, sizeof(*all))) == NULL)
		err = GW_ENOMEM;
	if (err != GW_OK)
		return err;
	for (; first != NULL; first = first->next)
		all[i++] = first->path;
	qsort(all, count, sizeof(*all), compare);
	*files = all;
	*n = count;
	return GW_OK;
}
