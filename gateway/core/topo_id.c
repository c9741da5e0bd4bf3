/*
 * topo_id.c: Call-IDs to tokens and back.
 *
 * A Call-ID token is sealed with the key of its dialog (w->key_id), so that it
 * does not change when keys rotate.
 */
#include "core/topo_id.h"

#include "core/topo_seal.h"

/* The token in "TOKEN@our-host", or empty. */
static struct gw_span
token_in(const struct names *n, struct gw_span id)
{
	struct gw_span none = { NULL, 0 };
	size_t at = gw_span_find(id, 0, '@');
	struct gw_span token = gw_span_sub(id, 0, at);

	if (at == id.len || !token_looks_like(token) ||
	    !names_is_own(n, gw_span_sub(id, at + 1, id.len), 0))
		return none;
	return token;
}

enum gw_err
topo_id_cross(struct topo_work *w, struct gw_span id, struct gw_span *out)
{
	struct gw_span token = token_in(w->names, id);
	struct topo_secret s;

	*out = (struct gw_span){ NULL, 0 };
	if (token.len > 0) {
		enum gw_err err =
		    topo_seal_open(w->t, TOKEN_CALL_ID, token, &s);
		if (err == GW_ENOMEM)
			return err;
		/* One of a third system stays a token. */
		if (err == GW_OK && s.system == w->to) {
			*out = s.text;
			return GW_OK;
		}
	}
	if (!w->hide_call_id || id.len == 0)
		return GW_OK;
	s = (struct topo_secret){ .system = w->from, .text = id };
	return topo_seal_call_id(w, &s, out);
}

static enum gw_err
replace(struct topo_work *w, struct gw_span id)
{
	struct gw_span new;
	enum gw_err err = topo_id_cross(w, id, &new);

	if (err != GW_OK || new.len == 0)
		return err;
	return topo_work_replace(w, id, new);
}

enum gw_err
topo_id_field(struct topo_work *w, const struct sip_hdr *h)
{
	struct gw_span v = h->value;
	enum gw_err err = GW_OK;
	size_t at = 0;

	if (h->id != SIP_HDR_IN_REPLY_TO)
		return replace(w,
		    gw_span_trim(gw_span_sub(v, 0, gw_span_find(v, 0, ';'))));
	while (err == GW_OK && at < v.len) {
		size_t end = gw_span_find(v, at, ',');
		err = replace(w, gw_span_trim(gw_span_sub(v, at, end - at)));
		at = end + 1;
	}
	return err;
}

static int
digit_of(uint8_t c)
{
	uint8_t l = gw_lower(c);

	if (c >= '0' && c <= '9')
		return c - '0';
	return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

static enum gw_err
unescape(struct gw_arena *a, struct gw_span s, struct gw_span *out)
{
	uint8_t *p = gw_arena_bytes(a, s.len);
	size_t n = 0;

	if (p == NULL)
		return GW_ENOMEM;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] != '%') {
			p[n++] = s.p[i];
			continue;
		}
		int hi = i + 2 < s.len ? digit_of(s.p[i + 1]) : -1;
		int lo = i + 2 < s.len ? digit_of(s.p[i + 2]) : -1;
		if (hi < 0 || lo < 0)
			return GW_EMALFORMED;
		p[n++] = (uint8_t)(hi << 4 | lo);
		i += 2;
	}
	*out = (struct gw_span){ p, n };
	return GW_OK;
}

/* Only what is unreserved in any place stands as it is. */
static bool
is_plain(uint8_t c)
{
	uint8_t l = gw_lower(c);

	return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_' || c == '.' || c == '~';
}

static enum gw_err
escape(struct gw_arena *a, struct gw_span s, struct gw_span *out)
{
	static const char digits[] = "0123456789ABCDEF";
	uint8_t *p = gw_arena_bytes(a, 3 * s.len);
	size_t n = 0;

	if (p == NULL)
		return GW_ENOMEM;
	for (size_t i = 0; i < s.len; i++) {
		if (is_plain(s.p[i])) {
			p[n++] = s.p[i];
			continue;
		}
		p[n++] = '%';
		p[n++] = (uint8_t)digits[s.p[i] >> 4];
		p[n++] = (uint8_t)digits[s.p[i] & 15];
	}
	*out = (struct gw_span){ p, n };
	return GW_OK;
}

/* Where the parameters begin: ';', escaped or not. */
static size_t
find_params(struct gw_span v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.p[i] == ';' ||
		    gw_span_istarts(gw_span_sub(v, i, v.len), GW_SPAN("%3b")))
			return i;
	return v.len;
}

enum gw_err
topo_id_escaped(struct topo_work *w, struct gw_span value, struct gw_span *out)
{
	size_t end = find_params(value);
	struct gw_span id, new;
	enum gw_err err =
	    unescape(w->t->arena, gw_span_sub(value, 0, end), &id);

	*out = (struct gw_span){ NULL, 0 };
	if (err == GW_OK)
		err = topo_id_cross(w, id, &new);
	if (err != GW_OK || new.len == 0)
		return err;
	struct gw_span parts[2] = { { NULL, 0 },
		gw_span_sub(value, end, value.len) };
	err = escape(w->t->arena, new, &parts[0]);
	return err != GW_OK ? err : topo_work_join(w, parts, 2, out);
}
