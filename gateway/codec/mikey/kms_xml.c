/*
 * kms_xml.c: one table row per element of a KmsCertificate; around it the
 * wrappers of KMS responses.
 */
#include "codec/mikey/kms_xml.h"

#include <libxml/tree.h>

#include "codec/mikey/kms_point.h"
#include "mcxgw/hex.h"

#define NAMESPACE     "urn:3gpp:ns:mcsecKMSInterface:1.0"
#define SOON_US	      (30 * 86400 * (int64_t)1000000)
#define URI_LEN_MAX   255
#define NEED_RESPONSE "a KmsCertificate, or a KmsResponse that holds some"

struct reader {
	struct gw_arena *a;
	struct gw_diag *d;
	struct gw_now now;
	struct kms_xml *out;
	struct kms_cert *cert; /* being read */
	const char *home; /* KmsUri of the response, or NULL */
};

typedef void
field_reader(struct reader *r, const xmlNode *node, const char *text);

static void
report(const struct reader *r, const xmlNode *node, const char *code,
    const char *want, const char *text)
{
	struct gw_where at = gw_xml_where(node);

	gw_diag_error(r->d, &at, code, want, "%s: %s", gw_xml_name(node), text);
}

/* Is node an element of the KMS namespace, with that name (NULL: any)? */
static bool
is_kms(const xmlNode *node, const char *name)
{
	return node->ns != NULL && node->ns->href != NULL &&
	       strcmp((const char *)node->ns->href, NAMESPACE) == 0 &&
	       (name == NULL || strcmp(gw_xml_name(node), name) == 0);
}

static xmlNode *
next_kms(xmlNode *node, const char *name)
{
	while (node != NULL && !is_kms(node, name))
		node = gw_xml_next(node, NULL);
	return node;
}

/* The one child of that name, or NULL with a report. */
static xmlNode *
only_child(struct reader *r, const xmlNode *node, const char *name)
{
	xmlNode *c = next_kms(gw_xml_child(node, NULL), name);

	if (c == NULL) {
		struct gw_where at = gw_xml_where(node);
		gw_diag_error(r->d, &at, "kms.missing", NEED_RESPONSE,
		    "%s: no %s in it", gw_xml_name(node), name);
	} else if (next_kms(gw_xml_next(c, NULL), name) != NULL) {
		report(r, c, "kms.twice", "it once", "stands twice");
		return NULL;
	}
	return c;
}

static const char *
text_of(struct reader *r, const xmlNode *node)
{
	if (gw_xml_child(node, NULL) != NULL) {
		report(r, node, "kms.element", "text alone",
		    "other elements inside");
		return NULL;
	}
	const char *text = gw_xml_text(node, r->a);
	if (text == NULL)
		report(
		    r, node, "kms.memory", "a smaller file", "out of memory");
	return text;
}

/* A KMS URI is a name: seen with and without scheme or port. */
static void
read_kms_uri(struct reader *r, const xmlNode *node, const char *text)
{
	size_t len = strlen(text);
	bool good = len > 0 && len <= URI_LEN_MAX;

	for (size_t i = 0; i < len; i++)
		good = good && text[i] > 0x20 && text[i] < 0x7f;
	if (good)
		r->cert->kms_uri = text;
	else
		report(r, node, "kms.uri",
		    "1 to 255 printable ASCII characters", "not a KMS URI");
}

static void
read_issuer(struct reader *r, const xmlNode *node, const char *text)
{
	(void)node;
	r->cert->issuer = text;
}

/* Real products write xs:dateTime without a zone; it means UTC. */
static int64_t
read_time(struct reader *r, const xmlNode *node, const char *text)
{
	char zoned[64];
	struct gw_span s = gw_span_of(text);
	int64_t us = 0;

	if (gw_time_parse(s, &us) == GW_OK)
		return us;
	if (s.len + 2 <= sizeof(zoned)) {
		memcpy(zoned, s.p, s.len);
		memcpy(zoned + s.len, "Z", 2);
		if (gw_time_parse(gw_span_of(zoned), &us) == GW_OK)
			return us;
	}
	report(r, node, "kms.time", "as 2026-01-01T00:00:00Z", "not a time");
	return 0;
}

static void
read_valid_from(struct reader *r, const xmlNode *node, const char *text)
{
	r->cert->valid_from_us = read_time(r, node, text);
	if (r->cert->valid_from_us > r->now.wall_us)
		report(r, node, "kms.not-yet-valid",
		    "a certificate that is valid now", text);
}

static void
read_valid_to(struct reader *r, const xmlNode *node, const char *text)
{
	int64_t to = read_time(r, node, text);
	struct gw_where at = gw_xml_where(node);

	r->cert->valid_to_us = to;
	if (to != 0 && to <= r->now.wall_us)
		report(r, node, "kms.expired",
		    "a certificate that is valid now", text);
	else if (to != 0 && to - r->now.wall_us < SOON_US)
		gw_diag_warning(r->d, &at, "kms.expires",
		    "a new certificate from the KMS", "ValidTo: %s", text);
}

static void
read_revoked(struct reader *r, const xmlNode *node, const char *text)
{
	if (strcmp(text, "false") != 0 && strcmp(text, "0") != 0)
		report(r, node, "kms.revoked",
		    "a certificate that is not revoked", text);
}

static void
read_format(struct reader *r, const xmlNode *node, const char *text)
{
	if (strcmp(text, "2") != 0)
		report(r, node, "kms.format",
		    "2, the user identifiers of TS 33.180 F.2.1", text);
}

static void
read_parameter_set(struct reader *r, const xmlNode *node, const char *text)
{
	if (strcmp(text, "1") != 0)
		report(r, node, "kms.parameter-set",
		    "1, the parameters of RFC 6509, appendix A", text);
}

static uint64_t
read_seconds(struct reader *r, const xmlNode *node, const char *text)
{
	uint64_t n = 0;

	if (gw_span_to_u64(gw_span_of(text), UINT64_MAX, &n) != GW_OK)
		report(r, node, "kms.number", "seconds, in digits", text);
	return n;
}

static void
read_period(struct reader *r, const xmlNode *node, const char *text)
{
	size_t errors = gw_diag_errors(r->d);

	r->cert->period = read_seconds(r, node, text);
	if (r->cert->period == 0 && gw_diag_errors(r->d) == errors)
		report(r, node, "kms.period", "1 or more seconds", "is 0");
}

static void
read_offset(struct reader *r, const xmlNode *node, const char *text)
{
	r->cert->offset = read_seconds(r, node, text);
}

/*
 * The schema says hexBinary; some products write base64.  The length of the
 * key is known, so the length of the text tells which it is.
 */
static struct gw_span
read_key(struct reader *r, const xmlNode *node, const char *text, size_t len)
{
	struct gw_span s = gw_span_of(text), key = { NULL, 0 };
	struct gw_where at = gw_xml_where(node);
	struct gw_fault fault = { 0, "wrong length" };
	enum gw_err err = GW_EMALFORMED;

	if (s.len == 2 * len)
		err = gw_hex_decode(r->a, s, &key, &fault);
	else if (s.len == (len + 2) / 3 * 4)
		err = gw_b64_decode(r->a, s, &key, &fault);
	if (err == GW_OK && key.len == len)
		return key;
	gw_diag_error(r->d, &at, "kms.key",
	    "an uncompressed point, 04 and both coordinates, in hexadecimal",
	    "%s: %zu characters that are not %zu octets (character %zu: %s)",
	    gw_xml_name(node), s.len, len, fault.at + 1, fault.why);
	return (struct gw_span){ NULL, 0 };
}

static void
report_point(struct reader *r, const xmlNode *node, enum gw_err err)
{
	if (err == GW_ENOMEM)
		report(r, node, "kms.memory", "more memory", "out of memory");
	else if (err != GW_OK)
		report(r, node, "kms.point", "the key as the KMS gave it",
		    "not a point of the curve");
}

static void
read_pub_enc_key(struct reader *r, const xmlNode *node, const char *text)
{
	struct gw_span key = read_key(r, node, text, KMS_SAKKE_POINT_LEN);

	r->cert->pub_enc_key = key;
	if (key.len > 0)
		report_point(r, node, kms_point_check_sakke(key));
}

static void
read_pub_auth_key(struct reader *r, const xmlNode *node, const char *text)
{
	struct gw_span key = read_key(r, node, text, ECCSI_POINT_LEN);

	r->cert->pub_auth_key = key;
	if (key.len > 0)
		report_point(r, node, eccsi_kpak_new(key, &r->cert->kpak));
}

static const struct {
	const char *name;
	field_reader *read;
	bool needed;
} fields[] = {
	{ "KmsUri", read_kms_uri, true },
	{ "Issuer", read_issuer, false },
	{ "ValidFrom", read_valid_from, false },
	{ "ValidTo", read_valid_to, false },
	{ "Revoked", read_revoked, false },
	{ "UserIdFormat", read_format, true },
	{ "UserKeyPeriod", read_period, true },
	{ "UserKeyOffset", read_offset, true },
	{ "PubEncKey", read_pub_enc_key, true },
	{ "PubAuthKey", read_pub_auth_key, true },
	{ "ParameterSet", read_parameter_set, false },
};

static void
read_field(struct reader *r, const xmlNode *node, unsigned *seen)
{
	for (size_t i = 0; i < GW_COUNT(fields); i++) {
		if (!is_kms(node, fields[i].name))
			continue;
		if ((*seen & 1u << i) != 0) {
			report(r, node, "kms.twice", "it once", "stands twice");
			return;
		}
		*seen |= 1u << i;
		const char *text = text_of(r, node);
		if (text != NULL)
			fields[i].read(r, node, text);
	}
}

static bool
is_true(const char *value)
{
	return value != NULL &&
	       (strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
}

static void
read_attributes(struct reader *r, const xmlNode *node)
{
	const char *role = gw_xml_attr(node, "Role", r->a);

	r->cert->external = role != NULL && strcmp(role, "External") == 0;
	if (role != NULL && !r->cert->external && strcmp(role, "Root") != 0)
		report(r, node, "kms.role", "Root or External", "unknown Role");
	r->cert->security_gateway =
	    is_true(gw_xml_attr(node, "IsSecurityGateway", r->a));
}

/* Whose certificate may stand in whose response. */
static void
check_home(struct reader *r, const xmlNode *node, bool in_cache)
{
	const struct kms_cert *c = r->cert;

	if (r->home == NULL || c->kms_uri == NULL)
		return;
	bool is_home = gw_span_ieq(gw_span_of(c->kms_uri), gw_span_of(r->home));
	if (!is_home && !(in_cache && c->external))
		report(r, node, "kms.home",
		    "the KmsUri of the response, or Role External in a cache",
		    c->kms_uri);
	if (is_home && in_cache && c->external)
		report(r, node, "kms.home",
		    "no external certificate with the KmsUri of the response",
		    c->kms_uri);
}

static void
check_alone(struct reader *r, const xmlNode *node)
{
	struct kms_xml *x = r->out;

	for (size_t i = 0; r->cert->kms_uri != NULL && i < x->n; i++)
		if (x->list[i].kms_uri != NULL &&
		    gw_span_ieq(gw_span_of(x->list[i].kms_uri),
			gw_span_of(r->cert->kms_uri)))
			report(r, node, "kms.conflict",
			    "one certificate of each KMS", r->cert->kms_uri);
}

static void
read_certificate(struct reader *r, const xmlNode *node, bool in_cache)
{
	unsigned seen = 0;
	struct gw_where at = gw_xml_where(node);

	if (r->out->n == KMS_XML_CERTS_MAX) {
		report(r, node, "kms.limit", "at most 256 certificates a file",
		    "too many");
		return;
	}
	r->cert = &r->out->list[r->out->n];
	*r->cert = (struct kms_cert){ 0 };
	r->out->at[r->out->n] = at;
	read_attributes(r, node);
	for (xmlNode *c = gw_xml_child(node, NULL); c != NULL;
	     c = gw_xml_next(c, NULL))
		read_field(r, c, &seen);
	for (size_t i = 0; i < GW_COUNT(fields); i++)
		if (fields[i].needed && (seen & 1u << i) == 0)
			gw_diag_error(r->d, &at, "kms.missing", fields[i].name,
			    "KmsCertificate: no %s in it", fields[i].name);
	if (r->cert->period != 0 && r->cert->offset >= r->cert->period)
		report(r, node, "kms.offset", "less than UserKeyPeriod",
		    "UserKeyOffset is too large");
	check_home(r, node, in_cache);
	check_alone(r, node);
	r->out->n++;
}

static void
read_signed_certificate(struct reader *r, const xmlNode *node, bool in_cache)
{
	const xmlNode *c = only_child(r, node, "KmsCertificate");

	if (c != NULL)
		read_certificate(r, c, in_cache);
}

static void
read_list(struct reader *r, const xmlNode *node, bool in_cache)
{
	for (xmlNode *c = next_kms(gw_xml_child(node, NULL), NULL); c != NULL;
	     c = next_kms(gw_xml_next(c, NULL), NULL)) {
		if (is_kms(c, "KmsCertificate"))
			read_certificate(r, c, in_cache);
		else if (is_kms(c, "SignedKmsCertificate"))
			read_signed_certificate(r, c, in_cache);
	}
}

static void
read_message(struct reader *r, const xmlNode *message)
{
	const xmlNode *c = next_kms(gw_xml_child(message, NULL), NULL);

	if (c != NULL && is_kms(c, "KmsInit"))
		read_list(r, c, false);
	else if (c != NULL && is_kms(c, "KmsCertCache"))
		read_list(r, c, true);
	else
		report(r, message, "kms.element", "KmsInit or KmsCertCache",
		    "holds no certificates");
}

static void
report_kms_error(struct reader *r, xmlNode *error)
{
	const xmlNode *code = next_kms(gw_xml_child(error, NULL), "ErrorCode");
	const xmlNode *msg = next_kms(gw_xml_child(error, NULL), "ErrorMsg");
	const char *code_text = code == NULL ? NULL : gw_xml_text(code, r->a);
	const char *msg_text = msg == NULL ? NULL : gw_xml_text(msg, r->a);
	struct gw_where at = gw_xml_where(error);

	gw_diag_error(r->d, &at, "kms.error-response",
	    "an answer with certificates", "the KMS answered with error %s: %s",
	    code_text == NULL ? "?" : code_text,
	    msg_text == NULL ? "?" : msg_text);
}

static void
read_response(struct reader *r, const xmlNode *response)
{
	xmlNode *error = next_kms(gw_xml_child(response, NULL), "KmsError");

	if (error != NULL) {
		report_kms_error(r, error);
		return;
	}
	const xmlNode *uri = only_child(r, response, "KmsUri");
	const xmlNode *message = only_child(r, response, "KmsMessage");
	if (uri == NULL || message == NULL)
		return;
	r->home = text_of(r, uri);
	read_message(r, message);
}

static void
read_root(struct reader *r, const xmlNode *root)
{
	if (!is_kms(root, NULL)) {
		report(r, root, "kms.namespace", "an element of " NAMESPACE,
		    "of another namespace");
	} else if (is_kms(root, "KmsCertificate")) {
		read_certificate(r, root, false);
	} else if (is_kms(root, "SignedKmsCertificate")) {
		read_signed_certificate(r, root, false);
	} else if (is_kms(root, "KmsResponse")) {
		read_response(r, root);
	} else if (is_kms(root, "SignedKmsResponse")) {
		const xmlNode *c = only_child(r, root, "KmsResponse");
		if (c != NULL)
			read_response(r, c);
	} else {
		report(r, root, "kms.element", NEED_RESPONSE, "unexpected");
	}
}

bool
kms_xml_read(xmlDoc *doc, struct gw_now now, struct gw_arena *a,
    struct gw_diag *d, struct kms_xml *out)
{
	struct kms_xml x = { 0 };
	struct reader r = { .a = a, .d = d, .now = now, .out = &x };
	size_t errors = gw_diag_errors(d);
	const xmlNode *root = gw_xml_root(doc);

	x.list = gw_arena_alloc(a, KMS_XML_CERTS_MAX, sizeof(*x.list));
	x.at = gw_arena_alloc(a, KMS_XML_CERTS_MAX, sizeof(*x.at));
	if (x.list == NULL || x.at == NULL)
		report(&r, root, "kms.memory", "more memory", "out of memory");
	else
		read_root(&r, root);
	if (!gw_xml_ok(doc))
		report(
		    &r, root, "kms.memory", "a smaller file", "out of memory");
	if (gw_diag_errors(d) != errors) {
		kms_xml_clear(&x);
		return false;
	}
	*out = x;
	return true;
}

void
kms_xml_clear(struct kms_xml *x)
{
	for (size_t i = 0; i < x->n; i++)
		eccsi_kpak_free(x->list[i].kpak);
	x->n = 0;
}
