/*
 * tjson.h: a small JSON reader for tests, for the files of tests/corpus.
 *
 * A document is one block of memory; a value is borrowed from it.  A path
 * names a value from an object: "signature.verify_with.kpak"; a number in it
 * is an index into an array.  Asking in vain gives NULL, or the fallback.
 */
#ifndef TJSON_H
#define TJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tjson_type {
	TJSON_NULL,
	TJSON_BOOL,
	TJSON_NUMBER,
	TJSON_STRING,
	TJSON_ARRAY,
	TJSON_OBJECT
};

struct tjson {
	enum tjson_type type;
	const char *key; /* of a member of an object, else NULL */
	const char *text; /* of a string, NUL-terminated; of a number, not */
	size_t len; /* octets of text */
	bool truth; /* of a boolean */
	struct tjson *child, *next; /* members, in order */
};

/** Read len octets.  NULL if they are not one JSON value.  tjson_free() it. */
struct tjson *tjson_parse(const void *p, size_t len);
/** The same for a file; the program ends with a message if it fails. */
struct tjson *tjson_load(const char *path);
void tjson_free(struct tjson *root);

/** The value at path below v, or NULL.  v may be NULL. */
const struct tjson *tjson_get(const struct tjson *v, const char *path);
/** How many members v has; 0 for NULL. */
size_t tjson_count(const struct tjson *v);

/** The string at path (v itself when path is ""), or NULL. */
const char *tjson_str(const struct tjson *v, const char *path);
int64_t tjson_int(const struct tjson *v, const char *path, int64_t fallback);
bool tjson_bool(const struct tjson *v, const char *path, bool fallback);
/** Does the array at path hold that string? */
bool tjson_has(const struct tjson *v, const char *path, const char *text);
/**
 * Decode the hexadecimal string at path into out.  How many octets; 0 when it
 * is absent, not hexadecimal or longer than max octets.
 */
size_t
tjson_hex(const struct tjson *v, const char *path, uint8_t *out, size_t max);

#endif
