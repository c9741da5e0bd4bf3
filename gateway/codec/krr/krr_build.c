/*
 * krr_build.c: fields in the order of the dialect.
 */
#include "codec/krr/krr_build.h"

#include "codec/krr/krr_c14n.h"
#include "codec/krr/krr_read.h"
#include "mcxgw/clock.h"

static void
put_name(const struct krr *k, struct gw_span name, struct gw_buf *b)
{
	if (k->prefix.len != 0) {
		gw_buf_add(b, k->prefix);
		gw_buf_text(b, ":");
	}
	gw_buf_add(b, name);
}

static void
put_start(const struct krr *k, struct gw_span name, struct gw_buf *b)
{
	gw_buf_text(b, "<");
	put_name(k, name, b);
	gw_buf_text(b, ">");
}

void
krr_build_end(const struct krr *k, struct gw_span name, struct gw_buf *b)
{
	gw_buf_text(b, "</");
	put_name(k, name, b);
	gw_buf_text(b, ">");
}

void
krr_build_root(const struct krr *k, struct gw_span name, struct gw_buf *b)
{
	gw_buf_text(b, "<");
	put_name(k, name, b);
	gw_buf_text(b, " xmlns");
	if (k->prefix.len != 0) {
		gw_buf_text(b, ":");
		gw_buf_add(b, k->prefix);
	}
	gw_buf_text(b, "=\"");
	krr_c14n_put(b, k->dialect->ns, true);
	gw_buf_text(b, "\"");
}

static void
put_attr(struct gw_buf *b, struct gw_span name, struct gw_span value)
{
	if (name.len == 0 || value.len == 0)
		return;
	gw_buf_text(b, " ");
	gw_buf_add(b, name);
	gw_buf_text(b, "=\"");
	krr_c14n_put(b, value, true);
	gw_buf_text(b, "\"");
}

static bool
is_before(struct gw_span a, struct gw_span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return c < 0 || (c == 0 && a.len < b.len);
}

/* In the order of the canonical form. */
static void
put_attrs(const struct krr *k, struct gw_buf *b)
{
	const struct krr_dialect *d = k->dialect;
	bool id_first = is_before(d->id_attr, d->version_attr);

	if (id_first)
		put_attr(b, d->id_attr, k->id);
	put_attr(b, d->version_attr, d->version);
	if (!id_first)
		put_attr(b, d->id_attr, k->id);
}

static void
put_value(const struct krr *k, const struct krr_field *f, struct gw_span value,
    struct gw_buf *b)
{
	if (value.len == 0)
		return;
	put_start(k, f->name, b);
	krr_c14n_put(b, value, false);
	krr_build_end(k, f->name, b);
}

static void
put_domains(const struct krr *k, const struct krr_field *f, struct gw_buf *b)
{
	struct krr_field item = { .name =
				      f->item.len != 0 ? f->item : f->name };

	if (f->item.len != 0)
		put_start(k, f->name, b);
	for (size_t i = 0; i < k->n_domains; i++)
		put_value(k, &item, k->domains[i], b);
	if (f->item.len != 0)
		krr_build_end(k, f->name, b);
}

static void
put_time(const struct krr *k, const struct krr_field *f, struct gw_buf *b)
{
	char text[GW_TIME_TEXT_LEN];

	if (k->time_us == 0) {
		put_value(k, f, k->time, b);
		return;
	}
	gw_time_text(k->time_us, text);
	put_value(k, f, gw_span_of(text), b);
}

static void
put_embedded(const struct krr *k, const struct krr_field *f, struct gw_buf *b)
{
	if (k->embedded.len == 0)
		return;
	put_start(k, f->name, b);
	gw_buf_add(b, k->embedded);
	krr_build_end(k, f->name, b);
}

static struct gw_span
value_of(const struct krr *k, enum krr_is is)
{
	switch (is) {
	case KRR_IS_AUTHOR: return k->author;
	case KRR_IS_INITIATOR: return k->initiator;
	case KRR_IS_INITIATOR_DOMAIN: return k->initiator_domain;
	case KRR_IS_RECEIVER: return k->receiver;
	case KRR_IS_REFUSED_DOMAIN: return k->refused;
	case KRR_IS_EMBEDDED: return k->embedded;
	case KRR_IS_TIME: return k->time_us != 0 ? GW_SPAN("known") : k->time;
	case KRR_IS_RECEIVER_DOMAINS:
	case KRR_IS_OTHER:
	case KRR_IS_N: break;
	}
	return (struct gw_span){ NULL, 0 };
}

static void
put_field(const struct krr *k, const struct krr_field *f, struct gw_buf *b)
{
	switch (f->is) {
	case KRR_IS_TIME: put_time(k, f, b); return;
	case KRR_IS_RECEIVER_DOMAINS: put_domains(k, f, b); return;
	case KRR_IS_EMBEDDED: put_embedded(k, f, b); return;
	case KRR_IS_AUTHOR:
	case KRR_IS_INITIATOR:
	case KRR_IS_INITIATOR_DOMAIN:
	case KRR_IS_RECEIVER:
	case KRR_IS_REFUSED_DOMAIN:
		put_value(k, f, value_of(k, f->is), b);
		return;
	case KRR_IS_OTHER:
	case KRR_IS_N: return;
	}
}

static bool
has_field(const struct krr_dialect *d, enum krr_is is)
{
	for (size_t i = 0; i < d->n_fields; i++)
		if (d->fields[i].is == is)
			return true;
	return false;
}

static enum gw_err
check_domains(const struct krr *k, struct krr_fault *no)
{
	if (k->n_domains > KRR_DOMAINS_MAX)
		return krr_refuse(no, GW_ELIMIT, 0, KRR_DOMAINS);
	for (size_t i = 0; i < k->n_domains; i++) {
		if (k->domains[i].len == 0)
			return krr_refuse(no, GW_EMALFORMED, 0, KRR_EMPTY);
		if (!krr_is_value(k->domains[i], KRR_DOMAIN_MAX))
			return krr_refuse(no, GW_EMALFORMED, 0, KRR_CHARACTER);
	}
	return GW_OK;
}

/* Values that the reader would refuse, and those the dialect asks for. */
static enum gw_err
check_values(const struct krr *k, struct krr_fault *no)
{
	for (size_t i = 0; i < k->dialect->n_fields; i++) {
		const struct krr_field *f = &k->dialect->fields[i];
		struct gw_span value = value_of(k, f->is);
		if (f->required && value.len == 0 &&
		    f->is != KRR_IS_RECEIVER_DOMAINS)
			return krr_refuse(no, GW_EMALFORMED, 0, KRR_MISSING);
		if (f->is != KRR_IS_EMBEDDED && value.len > KRR_TEXT_MAX)
			return krr_refuse(no, GW_ELIMIT, 0, KRR_LENGTH);
		if (f->is != KRR_IS_EMBEDDED &&
		    !krr_is_value(value, KRR_TEXT_MAX))
			return krr_refuse(no, GW_EMALFORMED, 0, KRR_CHARACTER);
	}
	return check_domains(k, no);
}

static bool
is_id(struct gw_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z') &&
		    !(i > 0 && ((s.p[i] >= '0' && s.p[i] <= '9') ||
				   s.p[i] == '-' || s.p[i] == '.')) &&
		    s.p[i] != '_')
			return false;
	return s.len <= KRR_ID_MAX;
}

static enum gw_err
check(const struct krr *k, struct krr_fault *no)
{
	const struct krr_dialect *d = k->dialect;

	if (!is_id(k->id))
		return krr_refuse(no, GW_EMALFORMED, 0, KRR_ID);
	if (k->embedded.len != 0 && (!has_field(d, KRR_IS_EMBEDDED) ||
					!has_field(d, KRR_IS_RECEIVER_DOMAINS)))
		return krr_refuse(no, GW_EUNSUPPORTED, 0, KRR_DIALECT);
	if (k->nested > KRR_NESTED_MAX)
		return krr_refuse(no, GW_ELIMIT, 0, KRR_NESTED);
	if (k->id.len != 0 &&
	    gw_span_search(k->embedded, k->id) < k->embedded.len)
		return krr_refuse(no, GW_EMALFORMED, 0, KRR_DUPLICATE_ID);
	return check_values(k, no);
}

enum gw_err
krr_build_open(const struct krr *k, struct gw_buf *out, struct krr_fault *no)
{
	enum gw_err err = check(k, no);

	if (err != GW_OK)
		return err;
	krr_build_root(k, k->dialect->root, out);
	put_attrs(k, out);
	gw_buf_text(out, ">");
	for (size_t i = 0; i < k->dialect->n_fields; i++)
		put_field(k, &k->dialect->fields[i], out);
	return GW_OK;
}

void
krr_build_close(const struct krr *k, struct gw_buf *out)
{
	krr_build_end(k, k->dialect->root, out);
}

enum gw_err
krr_build_done(struct gw_buf *out, size_t from, struct krr_fault *no)
{
	enum gw_err err = GW_OK;

	if (!gw_buf_ok(out))
		return krr_refuse(no, GW_ENOMEM, 0, KRR_MEMORY);
	if (out->len - from > KRR_OCTETS_MAX) {
		err = krr_refuse(no, GW_ELIMIT, KRR_OCTETS_MAX, KRR_SIZE);
		out->len = from;
	}
	return err;
}

enum gw_err
krr_build(const struct krr *k, struct gw_buf *out, struct krr_fault *no)
{
	size_t from = out->len;
	enum gw_err err = krr_build_open(k, out, no);

	if (err != GW_OK)
		return err;
	krr_build_close(k, out);
	return krr_build_done(out, from, no);
}
