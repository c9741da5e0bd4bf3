/*
 * kms_cert.c: the certificates of a snapshot, and the check of a key message
 * with one of them.
 */
#include "codec/mikey/kms_cert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "codec/mikey/kms_xml.h"
#include "mcxgw/buf.h"
#include "mcxgw/xml.h"

#define CERTS_ARENA_MAX ((size_t)256 << 20)
#define FILE_ARENA_MAX	((size_t)16 << 20)
#define LIST_FIRST	16

struct kms_certs {
	struct gw_arena *arena; /* holds the certificates and both lists */
	size_t n, room;
	struct kms_cert **list; /* in order of loading */
	struct kms_cert **by_uri; /* sorted without case */
};

struct kms_certs *
kms_certs_new(void)
{
	struct kms_certs *c = calloc(1, sizeof(*c));

	if (c != NULL && (c->arena = gw_arena_new(CERTS_ARENA_MAX)) == NULL) {
		free(c);
		return NULL;
	}
	return c;
}

void
kms_certs_free(struct kms_certs *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		eccsi_kpak_free(c->list[i]->kpak);
	gw_arena_free(c->arena);
	free(c);
}

static int
compare_uris(struct gw_span a, struct gw_span b)
{
	for (size_t i = 0; i < a.len && i < b.len; i++) {
		int diff = gw_lower(a.p[i]) - gw_lower(b.p[i]);
		if (diff != 0)
			return diff;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

/* Where uri stands among the sorted, or would; true if it is there. */
static bool
search(const struct kms_certs *c, struct gw_span uri, size_t *at)
{
	size_t low = 0, high = c->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int diff =
		    compare_uris(uri, gw_span_of(c->by_uri[mid]->kms_uri));
		if (diff == 0) {
			*at = mid;
			return true;
		}
		if (diff < 0)
			high = mid;
		else
			low = mid + 1;
	}
	*at = low;
	return false;
}

static bool
grow(struct kms_certs *c, size_t more)
{
	size_t room = c->room == 0 ? LIST_FIRST : c->room;

	while (room - c->n < more)
		room *= 2;
	if (room == c->room)
		return true;
	struct kms_cert **list = gw_arena_alloc(c->arena, room, sizeof(*list));
	struct kms_cert **sorted =
	    gw_arena_alloc(c->arena, room, sizeof(*sorted));
	if (list == NULL || sorted == NULL)
		return false;
	if (c->n > 0) {
		memcpy(list, c->list, c->n * sizeof(struct kms_cert *));
		memcpy(sorted, c->by_uri, c->n * sizeof(struct kms_cert *));
	}
	c->list = list;
	c->by_uri = sorted;
	c->room = room;
	return true;
}

/* A copy that lives as long as c, without the key. */
static struct kms_cert *
copy(struct kms_certs *c, const struct kms_cert *from)
{
	struct kms_cert *to = gw_arena_alloc(c->arena, 1, sizeof(*to));

	if (to == NULL)
		return NULL;
	*to = *from;
	to->kpak = NULL;
	to->kms_uri = gw_arena_str(c->arena, gw_span_of(from->kms_uri));
	if (from->issuer != NULL)
		to->issuer = gw_arena_str(c->arena, gw_span_of(from->issuer));
	if (to->kms_uri == NULL ||
	    (from->issuer != NULL && to->issuer == NULL) ||
	    !gw_arena_copy(c->arena, from->pub_enc_key, &to->pub_enc_key) ||
	    !gw_arena_copy(c->arena, from->pub_auth_key, &to->pub_auth_key))
		return NULL;
	return to;
}

static void
insert(struct kms_certs *c, struct kms_cert *cert, size_t at)
{
	memmove(c->by_uri + at + 1, c->by_uri + at,
	    (c->n - at) * sizeof(struct kms_cert *));
	c->by_uri[at] = cert;
	c->list[c->n++] = cert;
}

bool
kms_cert_same(const struct kms_cert *a, const struct kms_cert *b)
{
	return a->period == b->period && a->offset == b->offset &&
	       strcmp(a->kms_uri, b->kms_uri) == 0 &&
	       gw_span_eq(a->pub_auth_key, b->pub_auth_key) &&
	       gw_span_eq(a->pub_enc_key, b->pub_enc_key);
}

/* Another certificate for a KMS that is known is somebody's mistake. */
static void
check_known(
    const struct kms_certs *c, const struct kms_xml *x, struct gw_diag *d)
{
	size_t at;

	for (size_t i = 0; i < x->n; i++)
		if (search(c, gw_span_of(x->list[i].kms_uri), &at) &&
		    !kms_cert_same(c->by_uri[at], &x->list[i]))
			gw_diag_error(d, &x->at[i], "kms.conflict",
			    "one certificate of each KMS",
			    "%s: another file has another certificate of it",
			    x->list[i].kms_uri);
}

/* All of x, or none. */
static bool
keep(struct kms_certs *c, struct kms_xml *x,
    const uint8_t sha256[KMS_SHA256_LEN])
{
	struct kms_cert *copies[KMS_XML_CERTS_MAX];
	size_t at;

	if (!grow(c, x->n))
		return false;
	for (size_t i = 0; i < x->n; i++) {
		memcpy(x->list[i].sha256, sha256, KMS_SHA256_LEN);
		if ((copies[i] = copy(c, &x->list[i])) == NULL)
			return false;
	}
	for (size_t i = 0; i < x->n; i++) {
		if (search(c, gw_span_of(copies[i]->kms_uri), &at))
			continue;
		copies[i]->kpak = x->list[i].kpak;
		x->list[i].kpak = NULL;
		insert(c, copies[i], at);
	}
	return true;
}

static void
report_memory(struct gw_diag *d, const struct gw_where *file)
{
	gw_diag_error(d, file, "kms.memory", "more memory", "out of memory");
}

static bool
read_doc(struct kms_certs *c, xmlDoc *doc, const struct gw_where *file,
    const uint8_t sha256[KMS_SHA256_LEN], struct gw_now now, struct gw_diag *d)
{
	struct gw_arena *a = gw_arena_new(FILE_ARENA_MAX);
	size_t errors = gw_diag_errors(d);
	struct kms_xml x = { 0 };
	bool ok = false;

	if (a == NULL) {
		report_memory(d, file);
		return false;
	}
	if (!kms_xml_read(doc, now, a, d, &x))
		goto out;
	check_known(c, &x, d);
	if (gw_diag_errors(d) != errors)
		goto out;
	if (x.n == 0)
		gw_diag_warning(d, file, "kms.none", "a file with certificates",
		    "no certificate in it");
	if (!keep(c, &x, sha256)) {
		report_memory(d, file);
		goto out;
	}
	ok = true;
out:
	kms_xml_clear(&x);
	gw_arena_free(a);
	return ok;
}

bool
kms_cert_sha256(struct gw_span text, uint8_t out[KMS_SHA256_LEN])
{
	return EVP_Digest(text.p, text.len, out, NULL, EVP_sha256(), NULL) == 1;
}

/* False if the octets are not those that were pinned. */
static bool
check_pin(struct gw_span text, const struct gw_where *file, const uint8_t *pin,
    uint8_t sha256[KMS_SHA256_LEN], struct gw_diag *d)
{
	char is[2 * KMS_SHA256_LEN + 1], should[2 * KMS_SHA256_LEN + 1];

	if (!kms_cert_sha256(text, sha256)) {
		report_memory(d, file);
		return false;
	}
	if (pin == NULL || memcmp(pin, sha256, KMS_SHA256_LEN) == 0)
		return true;
	for (size_t i = 0; i < KMS_SHA256_LEN; i++) {
		snprintf(is + 2 * i, 3, "%02x", sha256[i]);
		snprintf(should + 2 * i, 3, "%02x", pin[i]);
	}
	gw_diag_error(d, file, "kms.pin",
	    "the file that was pinned, or its SHA-256 in the agreement",
	    "SHA-256 is %s, pinned is %s", is, should);
	return false;
}

bool
kms_certs_read(struct kms_certs *c, struct gw_span text, const char *name,
    const uint8_t *sha256, struct gw_now now, struct gw_diag *d)
{
	struct gw_where file = { name, 0 };
	uint8_t own[KMS_SHA256_LEN];

	if (!check_pin(text, &file, sha256, own, d))
		return false;
	xmlDoc *doc = gw_xml_parse(text, name, NULL, d);
	if (doc == NULL)
		return false;
	bool ok = read_doc(c, doc, &file, own, now, d);
	gw_xml_free(doc);
	return ok;
}

/* One octet more than allowed is read, so that too much is noticed. */
static bool
read_file(const char *path, struct gw_buf *out)
{
	FILE *f = fopen(path, "rb");
	size_t len = 1;

	if (f == NULL)
		return false;
	while (len > 0) {
		uint8_t *p = gw_buf_room(out, BUFSIZ);
		if (p == NULL)
			break;
		len = fread(p, 1, BUFSIZ, f);
		gw_buf_took(out, len);
	}
	bool ok = gw_buf_ok(out) && !ferror(f);
	fclose(f);
	return ok;
}

static void
report_file(struct gw_diag *d, const struct gw_where *file)
{
	char why[128] = "too large";

	if (errno != 0 && strerror_r(errno, why, sizeof(why)) != 0)
		snprintf(why, sizeof(why), "error %d", errno);
	gw_diag_error(d, file, "kms.file", "a readable file of at most 4 MiB",
	    "cannot read it: %s", why);
}

bool
kms_certs_load(struct kms_certs *c, const char *path, const uint8_t *sha256,
    struct gw_now now, struct gw_diag *d)
{
	struct gw_where file = { path, 0 };
	struct gw_buf text;
	bool ok = false;

	errno = 0;
	gw_buf_init(&text, GW_XML_FILE_MAX + BUFSIZ);
	if (read_file(path, &text) && text.len <= GW_XML_FILE_MAX)
		ok =
		    kms_certs_read(c, gw_buf_span(&text), path, sha256, now, d);
	else
		report_file(d, &file);
	gw_buf_clear(&text);
	return ok;
}

size_t
kms_certs_count(const struct kms_certs *c)
{
	return c->n;
}

const struct kms_cert *
kms_certs_at(const struct kms_certs *c, size_t i)
{
	return c->list[i];
}

const struct kms_cert *
kms_certs_find(const struct kms_certs *c, struct gw_span kms_uri)
{
	size_t at;

	return search(c, kms_uri, &at) ? c->by_uri[at] : NULL;
}

/* The UID of the initiator, by what m says of it. */
static enum gw_err
find_uid(const struct kms_cert *cert, const struct mikey_imsg *m,
    const struct mikey_names *n, uint8_t uid[MIKEY_UID_LEN], const char **why)
{
	if (n->initiator.p == NULL && n->initiator_uid.p == NULL) {
		*why = "no identity of the initiator";
		return GW_EUNSUPPORTED;
	}
	if (n->initiator.p == NULL) {
		memcpy(uid, n->initiator_uid.p, MIKEY_UID_LEN);
		return GW_OK;
	}
	if (m->ntp == 0) {
		*why = "the time stamp is no NTP time";
		return GW_EUNSUPPORTED;
	}
	enum gw_err err = mikey_uid(n->initiator, gw_span_of(cert->kms_uri),
	    cert->period, cert->offset, m->ntp >> 32, uid);
	if (err == GW_ENOMEM) {
		*why = "out of memory";
	} else if (err != GW_OK) {
		*why = "the time stamp is in no key period";
		err = GW_EUNSUPPORTED;
	} else if (n->initiator_uid.p != NULL &&
		   memcmp(uid, n->initiator_uid.p, MIKEY_UID_LEN) != 0) {
		*why = "IDRuidi is not the UID of IDRi";
		err = GW_EAUTH;
	}
	return err;
}

/* What ECCSI hashes as identity: the UID, or its 64 hexadecimal digits. */
static struct gw_span
identity(const uint8_t uid[MIKEY_UID_LEN], bool as_hex,
    char hex[2 * MIKEY_UID_LEN + 1])
{
	if (!as_hex)
		return (struct gw_span){ uid, MIKEY_UID_LEN };
	for (size_t i = 0; i < MIKEY_UID_LEN; i++)
		snprintf(hex + 2 * i, 3, "%02x", uid[i]);
	return gw_span_of(hex);
}

enum gw_err
kms_cert_verify(const struct kms_cert *cert, const struct mikey_imsg *m,
    const struct mikey_compat *compat, struct eccsi_verifier *v,
    const char **why)
{
	struct mikey_names n;
	uint8_t uid[MIKEY_UID_LEN];
	char hex[2 * MIKEY_UID_LEN + 1];
	enum gw_err err;

	if (mikey_compat_names(m, compat, &n, why) != GW_OK)
		return GW_EAUTH;
	if (n.initiator_kms.p != NULL &&
	    !gw_span_ieq(n.initiator_kms, gw_span_of(cert->kms_uri))) {
		*why = "IDRkmsi is not the KMS of the certificate";
		return GW_EAUTH;
	}
	if ((err = find_uid(cert, m, &n, uid, why)) != GW_OK)
		return err;
	bool as_hex = compat != NULL && compat->uid_as_hex;
	err = eccsi_verify(v, cert->kpak, identity(uid, as_hex, hex),
	    mikey_compat_signed(m, compat), m->sign);
	if (err == GW_ENOMEM)
		*why = "out of memory";
	else if (err != GW_OK)
		*why = err == GW_EMALFORMED ?
			   "the public token in the signature is no point" :
			   "the signature does not verify";
	return err == GW_EMALFORMED ? GW_EAUTH : err;
}
