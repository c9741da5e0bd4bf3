/*
 * lookup_write.c: runs of plain characters are copied at once.
 */
#include "adapters/lookup/lookup_write.h"

#include "adapters/lookup/lookup_char.h"

static void
write_octet(struct gw_buf *b, uint8_t c)
{
	static const uint8_t digits[] = "0123456789ABCDEF";
	uint8_t escape[3] = { '%', digits[c >> 4], digits[c & 15] };

	lookup_put(b, c == '&' ? GW_SPAN("&amp;") :
				 (struct gw_span){ escape, sizeof(escape) });
}

static inline void
write_uri(struct gw_buf *b, struct gw_span uri, bool ampersand)
{
	size_t plain = 0;

	for (size_t i = lookup_char_run(uri, 0); i < uri.len;
	     i = lookup_char_run(uri, i + 1)) {
		uint8_t c = uri.p[i];
		if (lookup_char_is_uri(c) && !(ampersand && c == '&'))
			continue;
		lookup_put(b, gw_span_sub(uri, plain, i - plain));
		write_octet(b, c);
		plain = i + 1;
	}
	lookup_put(b, gw_span_sub(uri, plain, uri.len));
}

void
lookup_write_xml(struct gw_buf *b, struct gw_span uri)
{
	write_uri(b, uri, true);
}

void
lookup_write_json(struct gw_buf *b, struct gw_span uri)
{
	write_uri(b, uri, false);
}

static bool
try_room(struct gw_arena *a, size_t room, lookup_write_fn *write,
    const void *arg, struct gw_buf *b)
{
	*b = (struct gw_buf){
		.p = gw_arena_bytes(a, room), .size = room, .cap = room
	};
	if (b->p == NULL)
		return false;
	write(b, arg);
	return gw_buf_ok(b);
}

enum gw_err
lookup_write(struct gw_arena *a, size_t room, lookup_write_fn *write,
    const void *arg, struct gw_span *out)
{
	struct gw_buf b;

	if (!try_room(a, room, write, arg, &b) &&
	    !try_room(a, LOOKUP_WRITE_GROWTH * room, write, arg, &b))
		return GW_ENOMEM;
	*out = gw_buf_span(&b);
	return GW_OK;
}
