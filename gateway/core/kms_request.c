/*
 * kms_request.c: one table row for each kind of request; of a body the two
 * names that matter.
 */
#include "core/kms_request.h"

#include <limits.h>

#include "mcxgw/lookup.h"
#include "mcxgw/xmlpull.h"

#define PERIOD_LEN 16 /* of an NTP time in hexadecimal */
#define NUMBER_MAX 19 /* digits of a CacheNum */
#define PARTS_MAX  2

enum part { NO_PART, USER, PERIOD, KMS, NUMBER };

static const struct {
	struct gw_span word;
	enum policy_kms_request what;
	unsigned least;
	enum part parts[PARTS_MAX];
} rows[] = {
	{ GW_LIT("init"), POLICY_KMS_INIT, 0, { NO_PART, NO_PART } },
	{ GW_LIT("keyprov"), POLICY_KMS_KEYPROV, 0, { USER, PERIOD } },
	{ GW_LIT("cert"), POLICY_KMS_CERT, 1, { KMS, NO_PART } },
	{ GW_LIT("certcache"), POLICY_KMS_CERTCACHE, 0, { NUMBER, NO_PART } },
	{ GW_LIT("redirect"), POLICY_KMS_REDIRECT, 0, { NO_PART, NO_PART } },
};

static enum gw_err
fail(struct gw_fault *fault, const char *why)
{
	*fault = (struct gw_fault){ 0, why };
	return GW_EMALFORMED;
}

static bool
is_hex(struct gw_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = gw_lower(s.p[i]);
		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
	}
	return true;
}

static bool
is_digits(struct gw_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

/* A name that can be compared and written: one printable word without steps of
 * a path. */
static enum gw_err
read_name(struct gw_arena *a, struct gw_span text, size_t max,
    struct gw_span *out, struct gw_fault *fault)
{
	struct gw_span s;
	enum gw_err err = gw_lookup_unescape(a, text, &s);

	if (err == GW_ENOMEM)
		return err;
	if (err != GW_OK)
		return fail(fault, "a wrong escape in the path");
	if (s.len == 0 || s.len > max || gw_lookup_has_steps(s))
		return fail(fault, "a name in the path that is none");
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f)
			return fail(fault, "a name that is not printable");
	*out = s;
	return GW_OK;
}

static enum gw_err
read_part(struct gw_arena *a, enum part part, struct gw_span text,
    struct kms_request *out, struct gw_fault *fault)
{
	switch (part) {
	case USER:
		return read_name(
		    a, text, GW_LOOKUP_USER_MAX, &out->user, fault);
	case KMS:
		return read_name(a, text, GW_LOOKUP_KMS_MAX, &out->kms, fault);
	case PERIOD:
		if (text.len == PERIOD_LEN && is_hex(text))
			return GW_OK;
		return fail(fault, "a time that is not 16 hexadecimal digits");
	case NUMBER:
		if (text.len > 0 && text.len <= NUMBER_MAX && is_digits(text))
			return GW_OK;
		return fail(fault, "a number of the cache that is none");
	case NO_PART: break;
	}
	return fail(fault, "the path is too long");
}

static enum gw_err
read_parts(struct gw_arena *a, size_t row, struct gw_span rest,
    struct kms_request *out, struct gw_fault *fault)
{
	enum gw_err err = GW_OK;
	unsigned n = 0;

	/* rest is empty, or begins with '/' */
	while (rest.len > 0 && err == GW_OK) {
		size_t end = gw_span_find(rest, 1, '/');
		if (n == PARTS_MAX)
			return fail(fault, "the path is too long");
		err = read_part(a, rows[row].parts[n++],
		    gw_span_sub(rest, 1, end - 1), out, fault);
		rest = gw_span_sub(rest, end, rest.len);
	}
	if (err == GW_OK && n < rows[row].least)
		return fail(fault, "the path lacks a name");
	return err;
}

static enum gw_err
read_path(struct gw_arena *a, struct gw_span path, struct kms_request *out,
    struct gw_fault *fault)
{
	static const struct gw_span root = GW_LIT(KMS_REQUEST_ROOT);

	if (path.len < root.len ||
	    !gw_span_eq(gw_span_sub(path, 0, root.len), root))
		return GW_ENOTFOUND;
	struct gw_span rest = gw_span_sub(path, root.len, path.len);
	size_t end = gw_span_find(rest, 0, '/');
	struct gw_span word = gw_span_sub(rest, 0, end);
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		if (!gw_span_eq(word, rows[i].word))
			continue;
		out->what = rows[i].what;
		if (gw_span_find(rest, 0, '?') < rest.len ||
		    gw_span_find(rest, 0, '#') < rest.len)
			return fail(fault, "a query behind the path");
		return read_parts(
		    a, i, gw_span_sub(rest, end, rest.len), out, fault);
	}
	return GW_ENOTFOUND;
}

/* ---- the body ---- */

#define ENDED (UINT_MAX - 1)

struct body {
	struct gw_arena *a;
	struct gw_xp x;
	struct gw_span ns; /* of the root */
	unsigned request; /* depth of the KmsRequest; 0: not yet, or ENDED */
	struct gw_span kms, user;
	struct gw_span *reading; /* one of them, or NULL */
	unsigned n_texts;
	bool has_kms, has_user;
};

static bool
is(const struct body *b, const char *name)
{
	return gw_span_eq(b->x.name, gw_span_of(name));
}

/* A reader that knows the namespace does not see it in another. */
static bool
is_ours(const struct body *b)
{
	return gw_span_eq(b->x.ns, b->ns);
}

static enum gw_err
begin_value(
    struct body *b, bool *has, struct gw_span *value, struct gw_fault *fault)
{
	if (!is_ours(b))
		return fail(fault, "KmsUri or UserUri of another namespace");
	if (*has)
		return fail(fault, "KmsUri or UserUri stands twice");
	*has = true;
	b->reading = value;
	b->n_texts = 0;
	return GW_OK;
}

static enum gw_err
on_start(struct body *b, struct gw_fault *fault)
{
	if (b->reading != NULL)
		return fail(fault, "an element in KmsUri or UserUri");
	if (b->x.depth == 1) {
		if (!is(b, "KmsRequest") && !is(b, "SignedKmsRequest"))
			return fail(fault, "the body is no KmsRequest");
		b->ns = b->x.ns;
	}
	if (is(b, "KmsRequest")) {
		if (b->request != 0 || !is_ours(b))
			return fail(fault, "KmsRequest stands twice");
		b->request = b->x.depth;
	}
	if (b->request == 0 || b->x.depth != b->request + 1)
		return GW_OK;
	if (is(b, "KmsUri"))
		return begin_value(b, &b->has_kms, &b->kms, fault);
	if (is(b, "UserUri"))
		return begin_value(b, &b->has_user, &b->user, fault);
	return GW_OK;
}

static enum gw_err
on_text(struct body *b, struct gw_fault *fault)
{
	if (b->reading == NULL)
		return GW_OK;
	if (b->n_texts++ > 0)
		return fail(fault, "KmsUri or UserUri in pieces");
	*b->reading = b->x.text;
	if (b->x.is_cdata)
		return GW_OK;
	fault->why = "a wrong reference in KmsUri or UserUri";
	return gw_xp_unescape(b->a, b->x.text, b->reading);
}

static void
on_end(struct body *b)
{
	b->reading = NULL;
	if (b->x.depth == b->request)
		b->request = ENDED;
}

static enum gw_err
read_body(struct body *b, struct gw_fault *fault)
{
	enum gw_xp_event event = GW_XP_START;
	enum gw_err err = GW_OK;

	while (err == GW_OK && event != GW_XP_EOF) {
		err = gw_xp_next(&b->x, &event, fault);
		if (err != GW_OK)
			return GW_EMALFORMED;
		switch (event) {
		case GW_XP_START: err = on_start(b, fault); break;
		case GW_XP_TEXT: err = on_text(b, fault); break;
		case GW_XP_END: on_end(b); break;
		case GW_XP_EOF: break;
		}
	}
	return err;
}

/* Who names a user in the path and another one in the body is answered by a
 * KMS that looks at either. */
static enum gw_err
take_user(struct gw_arena *a, struct gw_span user, struct kms_request *out,
    struct gw_fault *fault)
{
	struct gw_span one, other;

	if (user.len == 0 || out->user.len == 0) {
		out->user = user.len == 0 ? out->user : user;
		return GW_OK;
	}
	if (gw_lookup_user(a, user, &one) == GW_OK &&
	    gw_lookup_user(a, out->user, &other) == GW_OK &&
	    gw_span_eq(one, other))
		return GW_OK;
	return fail(fault, "the path and the body name two users");
}

enum gw_err
kms_request_read(struct gw_arena *a, const struct gw_http_request *r,
    struct kms_request *out, struct gw_fault *fault)
{
	struct kms_request q = { 0 };
	enum gw_err err = read_path(a, r->path, &q, fault);

	if (err == GW_ENOTFOUND)
		return err;
	out->what = q.what;
	if (r->method != GW_HTTP_POST) {
		*fault = (struct gw_fault){ 0, "not a POST" };
		return GW_EUNSUPPORTED;
	}
	if (err != GW_OK)
		return err;
	if (r->body.len > 0) {
		struct body *b = gw_arena_alloc(a, 1, sizeof(*b));
		if (b == NULL)
			return GW_ENOMEM;
		b->a = a;
		gw_xp_init(&b->x, r->body);
		if ((err = read_body(b, fault)) != GW_OK)
			return err;
		q.to = gw_span_trim(b->kms);
		err = take_user(a, gw_span_trim(b->user), &q, fault);
	}
	if (err == GW_OK)
		*out = q;
	return err;
}
