/*
 * lookup_media.c: Accept, Content-Type, status codes.
 */
#include "adapters/lookup/lookup_media.h"

#define Q_ONE 1000 /* thousandths: q has three digits */

/* How an Accept field judges one media type: by the range that names it most
 * closely. */
struct wish {
	unsigned q, close; /* close 0: it does not name it */
};

static const struct lookup_media_error errors[GW_LOOKUP_ERROR_N] = {
	[GW_LOOKUP_E_REQUEST] = { 400, GW_LIT("Bad Request"),
	    GW_LIT("the question cannot be read") },
	[GW_LOOKUP_E_FORBIDDEN] = { 403, GW_LIT("Forbidden"),
	    GW_LIT("not for this asker") },
	[GW_LOOKUP_E_NOT_FOUND] = { 404, GW_LIT("Not Found"),
	    GW_LIT("nothing has that path") },
	[GW_LOOKUP_E_METHOD] = { 405, GW_LIT("Method Not Allowed"),
	    GW_LIT("another method is needed") },
	[GW_LOOKUP_E_RATE] = { 429, GW_LIT("Too Many Requests"),
	    GW_LIT("ask less often") },
	[GW_LOOKUP_E_UNAVAILABLE] = { 503, GW_LIT("Service Unavailable"),
	    GW_LIT("the service behind does not answer") },
};

/* Cut what stands before the next mark off *s. */
static struct gw_span
cut(struct gw_span *s, uint8_t mark)
{
	size_t end = gw_span_find(*s, 0, mark);
	struct gw_span head = gw_span_trim(gw_span_sub(*s, 0, end));

	*s = gw_span_sub(*s, end + 1, s->len);
	return head;
}

/* "0.75" in thousandths; what is no such number counts as nothing. */
static unsigned
read_q(struct gw_span s)
{
	static const unsigned unit[] = { 0, Q_ONE, Q_ONE / 10, Q_ONE / 100,
		Q_ONE / 1000 };
	struct gw_span digits = gw_span_sub(s, 2, 3);
	uint64_t whole, rest = 0;

	if (gw_span_to_u64(gw_span_sub(s, 0, 1), 1, &whole) != GW_OK ||
	    s.len > 5 || (s.len > 1 && s.p[1] != '.') ||
	    (digits.len != 0 && gw_span_to_u64(digits, 999, &rest) != GW_OK))
		return 0;
	unsigned q =
	    (unsigned)whole * Q_ONE + (unsigned)rest * unit[digits.len + 1];
	return q < Q_ONE ? q : Q_ONE;
}

static void
judge(struct wish *w, struct gw_span range, struct gw_span type, unsigned q)
{
	unsigned close = gw_span_ieq(range, type)		      ? 3 :
			 gw_span_ieq(range, GW_SPAN("application/*")) ? 2 :
			 gw_span_ieq(range, GW_SPAN("*/*"))	      ? 1 :
									0;

	if (close > w->close || (close == w->close && q > w->q))
		*w = (struct wish){ close == 0 ? 0 : q, close };
}

enum lookup_media
lookup_media_pick(struct gw_span accept)
{
	struct wish xml = { 0, 0 }, json = { 0, 0 };

	if (gw_span_trim(accept).len == 0)
		return LOOKUP_XML;
	while (accept.len != 0) {
		struct gw_span item = cut(&accept, ',');
		struct gw_span range = cut(&item, ';');
		unsigned q = Q_ONE;
		while (item.len != 0) {
			struct gw_span param = cut(&item, ';');
			if (gw_span_istarts(param, GW_SPAN("q=")))
				q = read_q(gw_span_sub(param, 2, param.len));
		}
		judge(&xml, range, GW_SPAN(LOOKUP_MEDIA_XML), q);
		judge(&json, range, GW_SPAN(LOOKUP_MEDIA_JSON), q);
	}
	if (xml.q == 0 && json.q == 0)
		return LOOKUP_NEITHER;
	if (json.q > xml.q || (json.q == xml.q && json.close > xml.close))
		return LOOKUP_JSON;
	return LOOKUP_XML;
}

static bool
is_type(struct gw_span content_type, struct gw_span type, struct gw_span suffix)
{
	struct gw_span is = cut(&content_type, ';');

	return is.len == 0 || gw_span_ieq(is, type) ||
	       (is.len > suffix.len &&
		   gw_span_ieq(
		       gw_span_sub(is, is.len - suffix.len, is.len), suffix));
}

bool
lookup_media_is_xml(struct gw_span content_type)
{
	return is_type(
		   content_type, GW_SPAN(LOOKUP_MEDIA_XML), GW_SPAN("+xml")) ||
	       is_type(content_type, GW_SPAN("text/xml"), GW_SPAN("+xml"));
}

bool
lookup_media_is_json(struct gw_span content_type)
{
	return is_type(
	    content_type, GW_SPAN(LOOKUP_MEDIA_JSON), GW_SPAN("+json"));
}

const struct lookup_media_error *
lookup_media_error(enum gw_lookup_error error)
{
	return &errors[error < GW_LOOKUP_ERROR_N ? error :
						   GW_LOOKUP_E_UNAVAILABLE];
}
