/*
 * lookup_kms_read.c: KmsRequest and KmsResponse (TS 33.180 D.3.5).
 *
 * Real clients and servers leave out Version, send Time without a zone, mix
 * the order of elements and add their own, so of the envelope nothing counts
 * but what is used.  In KmsLookup an unknown element is refused: it could
 * hold domains, and without them an answer would mean "no such user".
 */
#include "adapters/lookup/lookup_build.h"
#include "adapters/lookup/lookup_kms.h"
#include "adapters/lookup/lookup_pull.h"

struct reader {
	struct lookup_pull p;
	const struct gw_lookup_names *names;
	struct lookup_kms_doc *doc;
	struct lookup_build build;
};

/* An element with a value that may stand once. */
static enum gw_err
read_once(struct reader *r, struct gw_span *value)
{
	struct gw_span text;

	if (value->p != NULL)
		return lookup_pull_refuse(&r->p, "an element stands twice");
	enum gw_err err = lookup_pull_text(&r->p, &text);
	if (err == GW_OK)
		*value = text.p == NULL ? GW_SPAN("") : text;
	return err;
}

static enum gw_err
read_domain(struct reader *r)
{
	size_t at = r->p.xp.at;
	struct gw_span kms;
	const char *why;
	enum gw_err err = lookup_pull_text(&r->p, &kms);

	if (err != GW_OK)
		return err;
	err = lookup_build_only(&r->build, kms, &why);
	if (err != GW_OK)
		*r->p.fault = (struct gw_fault){ at, why };
	return err;
}

static enum gw_err
read_lookup(struct reader *r)
{
	bool more;
	enum gw_err err;

	if (r->doc->has_lookup)
		return lookup_pull_refuse(&r->p, "two answers");
	r->doc->has_lookup = true;
	while ((err = lookup_pull_child(&r->p, &more)) == GW_OK && more) {
		if (lookup_pull_is(&r->p, r->names->domain))
			err = read_domain(r);
		else if (lookup_pull_is(&r->p, r->names->user))
			err = read_once(r, &r->doc->about);
		else
			err = lookup_pull_refuse(
			    &r->p, "an element that no dialect knows");
		if (err != GW_OK)
			break;
	}
	return err;
}

static enum gw_err
read_message(struct reader *r)
{
	bool more;
	enum gw_err err;

	while ((err = lookup_pull_child(&r->p, &more)) == GW_OK && more) {
		err = lookup_pull_is(&r->p, r->names->root) ?
			  read_lookup(r) :
			  lookup_pull_refuse(&r->p, "the message is no lookup");
		if (err != GW_OK)
			break;
	}
	return err;
}

static enum gw_err
read_error(struct reader *r)
{
	struct gw_span code = { NULL, 0 };
	bool more;
	enum gw_err err;

	if (r->doc->has_error)
		return lookup_pull_refuse(&r->p, "two errors");
	r->doc->has_error = true;
	while ((err = lookup_pull_child(&r->p, &more)) == GW_OK && more) {
		err = lookup_pull_is(&r->p, GW_SPAN("ErrorCode")) ?
			  read_once(r, &code) :
			  lookup_pull_skip(&r->p);
		if (err != GW_OK)
			break;
	}
	if (err == GW_OK && gw_span_to_u64(code, LOOKUP_KMS_CODE_MAX,
				&r->doc->error_code) != GW_OK)
		err = lookup_pull_refuse(&r->p, "an error without a code");
	return err;
}

static enum gw_err
read_member(struct reader *r, bool request)
{
	if (lookup_pull_is(&r->p, GW_SPAN("UserUri")))
		return read_once(r, &r->doc->user_uri);
	if (lookup_pull_is(&r->p, GW_SPAN("ClientReqUrl")))
		return read_once(r, &r->doc->url);
	if (!request && lookup_pull_is(&r->p, GW_SPAN("KmsMessage")))
		return read_message(r);
	if (!request && lookup_pull_is(&r->p, GW_SPAN("KmsError")))
		return read_error(r);
	return lookup_pull_skip(&r->p);
}

static enum gw_err
read_envelope(struct reader *r, bool request)
{
	bool more;
	enum gw_err err;

	while ((err = lookup_pull_child(&r->p, &more)) == GW_OK && more)
		if ((err = read_member(r, request)) != GW_OK)
			break;
	return err;
}

/* A Signed one has one child that counts. */
static enum gw_err
read_signed(struct reader *r, struct gw_span name, bool request)
{
	bool more, found = false;
	enum gw_err err;

	while ((err = lookup_pull_child(&r->p, &more)) == GW_OK && more) {
		if (found || !lookup_pull_is(&r->p, name))
			return lookup_pull_refuse(
			    &r->p, "another element in a signed one");
		found = true;
		if ((err = read_envelope(r, request)) != GW_OK)
			break;
	}
	if (err == GW_OK && !found)
		err = lookup_pull_refuse(&r->p, "a signed nothing");
	return err;
}

static enum gw_err
read_root(struct reader *r, bool request)
{
	static const struct {
		struct gw_span plain, with_signature;
	} roots[] = {
		{ GW_LIT("KmsResponse"), GW_LIT("SignedKmsResponse") },
		{ GW_LIT("KmsRequest"), GW_LIT("SignedKmsRequest") },
	};

	if (lookup_pull_is(&r->p, roots[request].plain))
		return read_envelope(r, request);
	if (lookup_pull_is(&r->p, roots[request].with_signature))
		return read_signed(r, roots[request].plain, request);
	return lookup_pull_refuse(&r->p, "the root is of another kind");
}

enum gw_err
lookup_kms_read(struct gw_arena *a, const struct gw_lookup_names *names,
    bool request, struct gw_span body, struct lookup_kms_doc *out,
    struct gw_fault *fault)
{
	struct lookup_kms_doc doc = { 0 };
	struct reader r = { .names = names, .doc = &doc };
	enum gw_err err;

	lookup_build_init(&r.build, a);
	err = lookup_pull_root(&r.p, a, names->ns, body, fault);
	if (err == GW_OK)
		err = read_root(&r, request);
	if (err == GW_OK)
		err = lookup_pull_end(&r.p);
	if (err == GW_OK && doc.has_lookup && doc.has_error)
		err = lookup_pull_refuse(&r.p, "an answer and an error");
	if (err != GW_OK)
		return err;
	doc.answer = r.build.answer;
	*out = doc;
	return GW_OK;
}
