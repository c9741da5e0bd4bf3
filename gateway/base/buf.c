/*
 * buf.c: growth by doubling, capped; errors stick.
 */
#include "mcxgw/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SIZE_FIRST ((size_t)256)

void
gw_buf_init(struct gw_buf *b, size_t cap)
{
	*b = (struct gw_buf){ .cap = cap };
}

void
gw_buf_clear(struct gw_buf *b)
{
	free(b->p);
	*b = (struct gw_buf){ .cap = b->cap };
}

void
gw_buf_reset(struct gw_buf *b)
{
	b->len = 0;
	b->bad = false;
}

static bool
grow(struct gw_buf *b, size_t n)
{
	size_t size = b->size < SIZE_FIRST / 2 ? SIZE_FIRST : b->size * 2;

	if (n > b->cap - b->len)
		return false;
	if (size < b->len + n)
		size = b->len + n;
	if (size > b->cap)
		size = b->cap;
	uint8_t *p = realloc(b->p, size);
	if (p == NULL)
		return false;
	b->p = p;
	b->size = size;
	return true;
}

uint8_t *
gw_buf_grow(struct gw_buf *b, size_t n)
{
	if (b->bad)
		return NULL;
	if (!grow(b, n)) {
		b->bad = true;
		return NULL;
	}
	return b->p + b->len;
}

void
gw_buf_took(struct gw_buf *b, size_t n)
{
	if (n > b->size - b->len)
		b->bad = true; /* the caller wrote past its room */
	else
		b->len += n;
}

void
gw_buf_drop(struct gw_buf *b, size_t n)
{
	if (n > b->len)
		n = b->len;
	b->len -= n;
	if (b->len != 0 && n != 0)
		memmove(b->p, b->p + n, b->len);
}

void
gw_buf_add(struct gw_buf *b, struct gw_span s)
{
	uint8_t *to;

	if (s.len == 0 || (to = gw_buf_room(b, s.len)) == NULL)
		return;
	memcpy(to, s.p, s.len);
	b->len += s.len;
}

void
gw_buf_text(struct gw_buf *b, const char *s)
{
	gw_buf_add(b, gw_span_of(s));
}

void
gw_buf_num(struct gw_buf *b, uint64_t n)
{
	uint8_t digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (uint8_t)('0' + n % 10);
	while ((n /= 10) != 0);
	gw_buf_add(b, (struct gw_span){ digits + at, sizeof(digits) - at });
}

void
gw_buf_hex(struct gw_buf *b, struct gw_span s)
{
	static const char digit[] = "0123456789abcdef";
	uint8_t *to = NULL;

	if (s.len > SIZE_MAX / 2)
		b->bad = true;
	else if (s.len != 0)
		to = gw_buf_room(b, 2 * s.len);
	if (to == NULL)
		return;
	for (size_t i = 0; i < s.len; i++) {
		*to++ = (uint8_t)digit[s.p[i] >> 4];
		*to++ = (uint8_t)digit[s.p[i] & 15];
	}
	b->len += 2 * s.len;
}

void
gw_buf_fmt(struct gw_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->bad = true;
		return;
	}

	/* The NUL that vsnprintf adds must not cost an octet of the cap. */
	char small[256];
	char *text = (size_t)n < sizeof(small) ? small : malloc((size_t)n + 1);
	if (text == NULL) {
		b->bad = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	gw_buf_add(b, (struct gw_span){ (uint8_t *)text, (size_t)n });
	if (text != small)
		free(text);
}
