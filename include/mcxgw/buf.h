/*
 * mcxgw/buf.h: a growing run of octets with a cap.
 *
 * Errors stick: after the first failed write the buffer is `bad`, later
 * writes do nothing, and the caller asks once, at the end (gw_buf_ok).
 */
#ifndef MCXGW_BUF_H
#define MCXGW_BUF_H

#include "mcxgw/span.h"

struct gw_buf {
	uint8_t *p;
	size_t len, size, cap;
	bool bad;
};

/** Start empty; grows on the heap up to cap octets. */
void gw_buf_init(struct gw_buf *b, size_t cap);
/** Release the memory; the buffer may be initialised again. */
void gw_buf_clear(struct gw_buf *b);
/** Empty it, keep the memory, forget a failure. */
void gw_buf_reset(struct gw_buf *b);

/** Append octets, a string, a decimal number, octets as lower case
 * hexadecimal digits, formatted text. */
void gw_buf_add(struct gw_buf *b, struct gw_span s);
void gw_buf_text(struct gw_buf *b, const char *s);
void gw_buf_num(struct gw_buf *b, uint64_t n);
void gw_buf_hex(struct gw_buf *b, struct gw_span s);
void gw_buf_fmt(struct gw_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** For gw_buf_room(): n octets more than there is room for. */
uint8_t *gw_buf_grow(struct gw_buf *b, size_t n);
/** Room for n more octets to be written by the caller, then gw_buf_took(). */
static inline uint8_t *
gw_buf_room(struct gw_buf *b, size_t n)
{
	return !b->bad && n <= b->size - b->len ? b->p + b->len :
						  gw_buf_grow(b, n);
}
void gw_buf_took(struct gw_buf *b, size_t n);
/** Drop the first n octets (n <= len), moving the rest to the front. */
void gw_buf_drop(struct gw_buf *b, size_t n);

static inline bool
gw_buf_ok(const struct gw_buf *b)
{
	return !b->bad;
}

static inline struct gw_span
gw_buf_span(const struct gw_buf *b)
{
	return (struct gw_span){ b->p, b->len };
}

#endif
