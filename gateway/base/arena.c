/*
 * arena.c: a bump allocator over chunks.
 *
 * The arena and its first chunk are one heap block, so that a short life
 * costs one malloc and one free.  Later chunks double up to CHUNK_MAX.
 * Under ASan the part of a chunk that is not handed out is poisoned.
 */
#include "mcxgw/arena.h"

#include <stdalign.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#define HIDE(p, n) ASAN_POISON_MEMORY_REGION((p), (n))
#define SHOW(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#else
#define HIDE(p, n) ((void)(p), (void)(n))
#define SHOW(p, n) ((void)(p), (void)(n))
#endif

/* Room for a message of 4 KB, what is read from it and its edits.  Pages of it
 * that are not used cost nothing. */
#define CHUNK_MIN ((size_t)12288)
#define CHUNK_MAX ((size_t)1 << 20)
#define ALIGN	  alignof(max_align_t)

struct chunk {
	struct chunk *next;
	alignas(max_align_t) uint8_t data[];
};

struct gw_arena {
	uint8_t *at, *end; /* the free part of the current chunk */
	size_t used, cap;
	size_t grow; /* size of the next chunk */
	size_t first_size;
	struct chunk *more; /* all chunks but the first, newest first */
	struct chunk first;
};

struct gw_arena *
gw_arena_new(size_t cap)
{
	size_t size = cap < CHUNK_MIN ? cap : CHUNK_MIN;
	struct gw_arena *a = malloc(sizeof(*a) + size);

	if (a == NULL)
		return NULL;
	a->cap = cap;
	a->first_size = size;
	a->more = NULL;
	gw_arena_reset(a);
	return a;
}

static void
free_more(struct gw_arena *a)
{
	while (a->more != NULL) {
		struct chunk *c = a->more;
		a->more = c->next;
		free(c);
	}
}

void
gw_arena_free(struct gw_arena *a)
{
	if (a == NULL)
		return;
	free_more(a);
	SHOW(a->first.data, a->first_size);
	free(a);
}

void
gw_arena_reset(struct gw_arena *a)
{
	free_more(a);
	a->at = a->first.data;
	a->end = a->at + a->first_size;
	a->used = 0;
	a->grow = 2 * CHUNK_MIN;
	HIDE(a->at, a->first_size);
}

/* Make room for len octets in a fresh chunk. */
static bool
add_chunk(struct gw_arena *a, size_t len)
{
	size_t size = a->cap - a->used;

	if (size > a->grow)
		size = a->grow;
	if (size < len)
		size = len;
	if (size > SIZE_MAX - sizeof(struct chunk))
		return false;

	struct chunk *c = malloc(sizeof(*c) + size);
	if (c == NULL)
		return false;
	c->next = a->more;
	a->more = c;
	a->at = c->data;
	a->end = c->data + size;
	if (a->grow < CHUNK_MAX)
		a->grow *= 2;
	HIDE(c->data, size);
	return true;
}

static inline uint8_t *
take(struct gw_arena *a, size_t pad, size_t len)
{
	size_t left = (size_t)(a->end - a->at);

	/* A chunk is never larger than what the cap leaves. */
	if (pad > left || len > left - pad) {
		if (len > a->cap - a->used || !add_chunk(a, len))
			return NULL;
		pad = 0;
	}
	uint8_t *p = a->at + pad;
	a->at = p + len;
	a->used += pad + len;
	SHOW(p, len);
	return p;
}

void *
gw_arena_alloc(struct gw_arena *a, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		return NULL;
	uint8_t *p = take(a, -(uintptr_t)a->at % ALIGN, n * size);
	return p == NULL ? NULL : memset(p, 0, n * size);
}

uint8_t *
gw_arena_bytes(struct gw_arena *a, size_t len)
{
	return take(a, 0, len);
}

bool
gw_arena_copy(struct gw_arena *a, struct gw_span s, struct gw_span *out)
{
	uint8_t *p = take(a, 0, s.len);

	if (p == NULL)
		return false;
	if (s.len != 0)
		memcpy(p, s.p, s.len);
	*out = (struct gw_span){ p, s.len };
	return true;
}

char *
gw_arena_str(struct gw_arena *a, struct gw_span s)
{
	if (s.len == SIZE_MAX)
		return NULL;
	uint8_t *p = take(a, 0, s.len + 1);
	if (p == NULL)
		return NULL;
	if (s.len != 0)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return (char *)p;
}

size_t
gw_arena_used(const struct gw_arena *a)
{
	return a->used;
}
