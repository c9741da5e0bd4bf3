/*
 * tfile.c: whole files, and lists of them, for tests.
 */
#include "support/tfile.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_LEN 1024

size_t
tfile_read(const char *path, uint8_t *out, size_t max)
{
	FILE *f = fopen(path, "rb");

	if (f == NULL) {
		fprintf(stderr, "tfile: cannot open %s\n", path);
		exit(1);
	}
	size_t len = fread(out, 1, max, f);
	if (ferror(f) || (len == max && fgetc(f) != EOF)) {
		fprintf(stderr, "tfile: %s: more than %zu octets\n", path, max);
		exit(1);
	}
	fclose(f);
	return len;
}

size_t
tfile_each(const char *folder, const char *suffix,
    void (*fn)(const char *path, void *arg), void *arg)
{
	struct dirent **names;
	int n = scandir(folder, &names, NULL, alphasort);
	size_t found = 0;

	if (n < 0) {
		fprintf(stderr, "tfile: cannot list %s\n", folder);
		exit(1);
	}
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;
		size_t len = strlen(name), tail = strlen(suffix);
		char path[PATH_LEN];
		if (name[0] != '.' && len >= tail &&
		    strcmp(name + len - tail, suffix) == 0) {
			snprintf(path, sizeof(path), "%s/%s", folder, name);
			fn(path, arg);
			found++;
		}
		free(names[i]);
	}
	free(names);
	return found;
}
