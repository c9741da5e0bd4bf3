/*
 * tjson.c: one pass over a private copy of the text.  A value is the first of
 * its container or stands behind a comma, so counting "{[," bounds the nodes.
 */
#include "support/tjson.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64

struct reader {
	struct tjson *nodes;
	size_t used;
	char *at; /* a NUL stands at the end of the text */
	unsigned depth;
};

static bool read_value(struct reader *r, struct tjson **out);

static void
skip_space(struct reader *r)
{
	r->at += strspn(r->at, " \t\r\n");
}

static bool
take(struct reader *r, char c)
{
	skip_space(r);
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Four digits at s, or 0x110000. */
static unsigned long
read_unit(const char *s)
{
	unsigned long u = 0;

	for (int i = 0; i < 4; i++) {
		int d = hex_digit(s[i]);
		if (d < 0)
			return 0x110000;
		u = u << 4 | (unsigned long)d;
	}
	return u;
}

static char *
put_utf8(char *to, unsigned long u)
{
	int more = u < 0x80 ? 0 : u < 0x800 ? 1 : u < 0x10000 ? 2 : 3;
	static const unsigned lead[] = { 0, 0xc0, 0xe0, 0xf0 };

	*to++ = (char)(lead[more] | u >> (6 * more));
	while (more-- > 0)
		*to++ = (char)(0x80 | (u >> (6 * more) & 0x3f));
	return to;
}

/* Behind "\u" at *from; a surrogate pair becomes one character. */
static char *
read_escape_u(char **from, char *to)
{
	unsigned long u = read_unit(*from), low;

	if (u > 0xffff)
		return NULL;
	*from += 4;
	if (u >= 0xd800 && u < 0xdc00 && (*from)[0] == '\\' &&
	    (*from)[1] == 'u') {
		low = read_unit(*from + 2);
		if (low < 0xdc00 || low > 0xdfff)
			return NULL;
		*from += 6;
		u = 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00);
	}
	return put_utf8(to, u);
}

/* Unescaping shrinks, so it is done in place. */
static bool
read_string(struct reader *r, const char **text, size_t *len)
{
	static const char from_set[] = "\"\\/bfnrt",
			  to_set[] = "\"\\/\b\f\n\r\t";
	char *from, *to;

	if (!take(r, '"'))
		return false;
	*text = from = to = r->at;
	while (*from != '"') {
		if ((unsigned char)*from < 0x20)
			return false;
		if (*from != '\\') {
			*to++ = *from++;
			continue;
		}
		from++;
		const char *hit = strchr(from_set, *from);
		if (*from == 'u') {
			from++;
			if ((to = read_escape_u(&from, to)) == NULL)
				return false;
		} else if (*from != '\0' && hit != NULL) {
			*to++ = to_set[hit - from_set];
			from++;
		} else {
			return false;
		}
	}
	*len = (size_t)(to - *text);
	*to = '\0';
	r->at = from + 1;
	return true;
}

static bool
read_members(struct reader *r, struct tjson *v, char end)
{
	struct tjson **link = &v->child;

	if (take(r, end))
		return true;
	do {
		const char *key = NULL;
		size_t len;
		if (end == '}' &&
		    (!read_string(r, &key, &len) || !take(r, ':')))
			return false;
		if (!read_value(r, link))
			return false;
		(*link)->key = key;
		link = &(*link)->next;
	} while (take(r, ','));
	return take(r, end);
}

static bool
read_word(struct reader *r, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(r->at, word, len) != 0)
		return false;
	r->at += len;
	return true;
}

/* The octet behind a number is kept: text ends where len says. */
static bool
read_number(struct reader *r, struct tjson *v)
{
	char *end;

	v->type = TJSON_NUMBER;
	v->text = r->at;
	strtod(r->at, &end);
	v->len = (size_t)(end - r->at);
	r->at = end;
	return v->len > 0;
}

static bool
read_value(struct reader *r, struct tjson **out)
{
	struct tjson *v = &r->nodes[r->used++];
	bool ok;

	if (++r->depth > DEPTH_MAX)
		return false;
	*out = v;
	skip_space(r);
	switch (*r->at) {
	case '{':
	case '[':
		v->type = *r->at == '{' ? TJSON_OBJECT : TJSON_ARRAY;
		r->at++;
		ok = read_members(r, v, v->type == TJSON_OBJECT ? '}' : ']');
		break;
	case '"':
		v->type = TJSON_STRING;
		ok = read_string(r, &v->text, &v->len);
		break;
	case 't':
	case 'f':
		v->type = TJSON_BOOL;
		v->truth = *r->at == 't';
		ok = read_word(r, v->truth ? "true" : "false");
		break;
	case 'n': ok = read_word(r, "null"); break;
	default: ok = read_number(r, v); break;
	}
	r->depth--;
	return ok;
}

struct tjson *
tjson_parse(const void *p, size_t len)
{
	const char *in = p;
	size_t n = 1;

	for (size_t i = 0; i < len; i++)
		if (in[i] == '{' || in[i] == '[' || in[i] == ',')
			n++;
	struct reader r = { .nodes =
				calloc(1, n * sizeof(*r.nodes) + len + 1) };
	if (r.nodes == NULL)
		return NULL;
	r.at = (char *)(r.nodes + n);
	if (len > 0)
		memcpy(r.at, p, len);
	char *end = r.at + len;

	struct tjson *root;
	bool ok = read_value(&r, &root);
	skip_space(&r);
	if (!ok || r.at != end) {
		free(r.nodes);
		return NULL;
	}
	return r.nodes;
}

struct tjson *
tjson_load(const char *path)
{
	struct tjson *root = NULL;
	char *text = NULL;
	FILE *f = fopen(path, "rb");

	if (f != NULL && fseek(f, 0, SEEK_END) == 0) {
		long len = ftell(f);
		rewind(f);
		text = len < 0 ? NULL : malloc((size_t)len + 1);
		if (text != NULL)
			root =
			    tjson_parse(text, fread(text, 1, (size_t)len, f));
	}
	if (f != NULL)
		fclose(f);
	free(text);
	if (root == NULL) {
		fprintf(stderr, "tjson: cannot read %s\n", path);
		exit(1);
	}
	return root;
}

void
tjson_free(struct tjson *root)
{
	free(root);
}

static const struct tjson *
member(const struct tjson *v, const char *name, size_t len)
{
	size_t index = strtoul(name, NULL, 10);
	const struct tjson *c = v->child;

	if (v->type == TJSON_ARRAY && (*name < '0' || *name > '9'))
		return NULL;
	for (; c != NULL; c = c->next)
		if (c->key == NULL ?
			index-- == 0 :
			strlen(c->key) == len && memcmp(c->key, name, len) == 0)
			return c;
	return NULL;
}

const struct tjson *
tjson_get(const struct tjson *v, const char *path)
{
	while (v != NULL && *path != '\0') {
		size_t len = strcspn(path, ".");
		v = member(v, path, len);
		path += len + (path[len] == '.');
	}
	return v;
}

size_t
tjson_count(const struct tjson *v)
{
	size_t n = 0;

	if (v != NULL)
		for (const struct tjson *c = v->child; c != NULL; c = c->next)
			n++;
	return n;
}

const char *
tjson_str(const struct tjson *v, const char *path)
{
	v = tjson_get(v, path);
	return v != NULL && v->type == TJSON_STRING ? v->text : NULL;
}

int64_t
tjson_int(const struct tjson *v, const char *path, int64_t fallback)
{
	v = tjson_get(v, path);
	return v != NULL && v->type == TJSON_NUMBER ?
		   strtoll(v->text, NULL, 10) :
		   fallback;
}

bool
tjson_bool(const struct tjson *v, const char *path, bool fallback)
{
	v = tjson_get(v, path);
	return v != NULL && v->type == TJSON_BOOL ? v->truth : fallback;
}

bool
tjson_has(const struct tjson *v, const char *path, const char *text)
{
	v = tjson_get(v, path);
	if (v == NULL || v->type != TJSON_ARRAY)
		return false;
	for (const struct tjson *c = v->child; c != NULL; c = c->next)
		if (c->type == TJSON_STRING && strcmp(c->text, text) == 0)
			return true;
	return false;
}

size_t
tjson_hex(const struct tjson *v, const char *path, uint8_t *out, size_t max)
{
	const char *s = tjson_str(v, path);
	size_t len = s == NULL ? 0 : strlen(s);

	if (len % 2 != 0 || len / 2 > max)
		return 0;
	for (size_t i = 0; i < len; i += 2) {
		int hi = hex_digit(s[i]), lo = hex_digit(s[i + 1]);
		if (hi < 0 || lo < 0)
			return 0;
		out[i / 2] = (uint8_t)(hi << 4 | lo);
	}
	return len / 2;
}
