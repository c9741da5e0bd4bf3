/*
 * mikey_compat.c: the fields of an I_MESSAGE under a domain's declaration.
 */
#include "codec/mikey/mikey_compat.h"

#define ID_TYPE_URI 1 /* RFC 3830, 6.7 */

static const struct mikey_compat strict;

static struct gw_span
without_nul(struct gw_span s)
{
	if (s.len > 0 && s.p[s.len - 1] == 0)
		s.len--;
	return s;
}

struct gw_span
mikey_compat_kms_hint(const struct mikey_imsg *m)
{
	if (m->idr[MIKEY_IDRKMSI].data.p != NULL)
		return without_nul(m->idr[MIKEY_IDRKMSI].data);
	if (m->idr_kms2.data.p != NULL)
		return without_nul(m->idr[MIKEY_IDRKMS].data);
	return (struct gw_span){ NULL, 0 };
}

/* 32 octets that are no text.  No hash is printable by chance. */
static bool
is_uid(struct gw_span s)
{
	bool text = true;

	for (size_t i = 0; i < s.len; i++)
		text = text && s.p[i] > 0x20 && s.p[i] < 0x7f;
	return s.len == MIKEY_UID_LEN && !text;
}

/* What roles 1 and 8, or 2 and 9, say of one user. */
static const char *
name_user(struct gw_span plain, struct gw_span hidden,
    const struct mikey_compat *compat, struct gw_span *uri, struct gw_span *uid)
{
	if (hidden.p != NULL && hidden.len != MIKEY_UID_LEN)
		return "a hidden identity is not 32 octets long";
	*uid = hidden;
	if (!compat->uid_in_role_1_2 || !is_uid(plain)) {
		*uri = plain;
		return NULL;
	}
	if (hidden.p != NULL && !gw_span_eq(hidden, plain))
		return "two UIDs for one user";
	*uid = plain;
	return NULL;
}

/* A KMS is named by a URI: no other kind of name is in any certificate. */
static bool
is_uri(const struct mikey_idr *idr)
{
	return idr->data.p == NULL || idr->id_type == ID_TYPE_URI;
}

static const char *
name_kms(const struct mikey_imsg *m, const struct mikey_compat *compat,
    struct mikey_names *n)
{
	const struct mikey_idr *kmsi = &m->idr[MIKEY_IDRKMSI];
	const struct mikey_idr *kmsr = &m->idr[MIKEY_IDRKMSR];

	if (m->idr_kms2.data.p != NULL) {
		if (!compat->kms_in_role_3)
			return "IDRkms twice";
		if (kmsi->data.p != NULL || kmsr->data.p != NULL)
			return "IDRkms twice, beside IDRkmsi or IDRkmsr";
		kmsi = &m->idr[MIKEY_IDRKMS];
		kmsr = &m->idr_kms2;
	}
	if (!is_uri(kmsi) || !is_uri(kmsr))
		return "the identity of a KMS is not of the type URI";
	n->initiator_kms = kmsi->data;
	n->receiver_kms = kmsr->data;
	if (compat->kms_uri_trailing_nul) {
		n->initiator_kms = without_nul(n->initiator_kms);
		n->receiver_kms = without_nul(n->receiver_kms);
	}
	return NULL;
}

enum gw_err
mikey_compat_names(const struct mikey_imsg *m,
    const struct mikey_compat *compat, struct mikey_names *out,
    const char **why)
{
	const struct mikey_idr *idr = m->idr;
	struct mikey_names n = { 0 };
	const char *bad;

	if (compat == NULL)
		compat = &strict;
	if ((bad = name_kms(m, compat, &n)) != NULL ||
	    (bad = name_user(idr[MIKEY_IDRI].data, idr[MIKEY_IDRUIDI].data,
		 compat, &n.initiator, &n.initiator_uid)) != NULL ||
	    (bad = name_user(idr[MIKEY_IDRR].data, idr[MIKEY_IDRUIDR].data,
		 compat, &n.receiver, &n.receiver_uid)) != NULL) {
		*why = bad;
		return GW_EMALFORMED;
	}
	*out = n;
	return GW_OK;
}

struct gw_span
mikey_compat_signed(
    const struct mikey_imsg *m, const struct mikey_compat *compat)
{
	bool excluded = compat != NULL && compat->sign_header_excluded;

	return gw_span_sub(
	    m->raw, 0, m->sign_at + (excluded ? 0 : MIKEY_SIGN_HEAD_LEN));
}
