/*
 * tls_identity.c: see tls_identity.h.
 */
#include "net/tls_identity.h"

#include <openssl/x509v3.h>

bool
tls_identity_has(const struct tls_identity *id, struct gw_span name)
{
	for (size_t i = 0; i < id->n; i++)
		if (name.len > 0 && gw_span_ieq(id->at[i], name))
			return true;
	return false;
}

static enum gw_err
add(struct tls_identity *id, struct gw_span name)
{
	if (name.len == 0 || tls_identity_has(id, name))
		return GW_OK;
	if (memchr(name.p, 0, name.len) != NULL)
		return GW_EMALFORMED;
	if (id->n == TLS_IDENTITY_MAX || name.len > sizeof(id->text) - id->used)
		return GW_ELIMIT;
	char *at = id->text + id->used;
	memcpy(at, name.p, name.len);
	id->used += name.len;
	id->at[id->n++] = (struct gw_span){ (const uint8_t *)at, name.len };
	return GW_OK;
}

static struct gw_span
octets(const ASN1_STRING *s)
{
	int len = ASN1_STRING_length(s);

	return (struct gw_span){ ASN1_STRING_get0_data(s),
		len < 0 ? 0 : (size_t)len };
}

/* HOST of "sip:HOST"; empty when there is a user, a port, a parameter or
 * another scheme. */
static struct gw_span
host_of_uri(struct gw_span uri)
{
	static const struct gw_span scheme = GW_LIT("sip:");
	struct gw_span none = { NULL, 0 };

	if (!gw_span_istarts(uri, scheme))
		return none;
	struct gw_span host = gw_span_sub(uri, scheme.len, uri.len);
	for (size_t i = 0; i < host.len; i++)
		if (strchr("@:;?/", host.p[i]) != NULL && host.p[i] != 0)
			return none;
	return host;
}

static enum gw_err
add_names(struct tls_identity *id, const GENERAL_NAMES *names, int type)
{
	enum gw_err err = GW_OK;

	for (int i = 0; err == GW_OK && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
		if (g->type != type)
			continue;
		if (type == GEN_URI)
			err = add(id, host_of_uri(octets(
					  g->d.uniformResourceIdentifier)));
		else
			err = add(id, octets(g->d.dNSName));
	}
	return err;
}

static enum gw_err
add_common_name(struct tls_identity *id, const X509 *x)
{
	const X509_NAME *subject = X509_get_subject_name(x);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	/* Two common names: the last is the most specific to some and the
	 * first to others, so none counts. */
	if (at < 0 ||
	    X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
		return GW_OK;
	return add(id,
	    octets(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
}

enum gw_err
tls_identity_read(const X509 *x, struct tls_identity *out)
{
	int state = -1;
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(x, NID_subject_alt_name, &state, NULL);
	enum gw_err err;

	out->n = out->used = 0;
	if (names == NULL) /* -1: there are none; else: cannot be read */
		return state == -1 ? add_common_name(out, x) : GW_EMALFORMED;
	err = add_names(out, names, GEN_URI);
	if (err == GW_OK)
		err = add_names(out, names, GEN_DNS);
	GENERAL_NAMES_free(names);
	return err;
}

bool
tls_identity_is(const struct tls_identity *id, const struct conf_system *s)
{
	for (size_t i = 0; i < s->base.n_identities; i++)
		if (tls_identity_has(id, gw_span_of(s->base.identities[i])))
			return true;
	return false;
}

enum gw_err
tls_identity_system(
    const struct tls_identity *id, const struct conf *c, uint16_t *system)
{
	uint16_t found = GW_SYSTEM_NONE;

	for (size_t i = 0; i < id->n; i++) {
		uint16_t one = conf_system_by_identity(c, id->at[i]);
		if (one == GW_SYSTEM_NONE || one == found)
			continue;
		if (found != GW_SYSTEM_NONE)
			return GW_EAUTH;
		found = one;
	}
	if (found == GW_SYSTEM_NONE)
		return GW_ENOTFOUND;
	*system = found;
	return GW_OK;
}

void
tls_identity_text(const struct tls_identity *id, char *out, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < id->n; i++) {
		size_t n = id->at[i].len;
		if (len < 2 || n + 1 >= len - at)
			break;
		if (at > 0)
			out[at++] = ' ';
		memcpy(out + at, id->at[i].p, n);
		at += n;
	}
	if (len > 0)
		out[at] = '\0';
}
