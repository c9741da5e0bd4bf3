/*
 * test_krr_attack.c: signatures that must not be believed, each refused for a
 * reason of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "codec/krr/krr_verify.h"
#include "support/tfile.h"
#include "support/tkrr.h"
#include "support/tpki.h"

#define PATH_LEN 512
#define PEM_MAX	 16384
#define AUTHOR	 "gw.bravo.example"

#define NS	  "urn:3gpp:ns:mcsecKMSKRR:1.0"
#define DSIG	  "http://www.w3.org/2000/09/xmldsig#"
#define C14N	  "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define ENVELOPED DSIG "enveloped-signature"

static char *dir;
static char pki[PATH_LEN];
static struct gw_arena *arena;
static struct gw_buf signed_doc, work;
static struct krr_trust *trust;
static struct krr_verified verified;
static struct krr_fault no;
static int64_t now_us;

static struct gw_span
sign_by(const char *name, struct gw_buf *to)
{
	struct krr k = tkrr_example();
	struct krr_signer *s = tkrr_signer(pki, name);

	gw_buf_reset(to);
	if (krr_sign(s, &k, to, &no) != GW_OK)
		fail_msg("not signed: %s", no.fault.why);
	krr_signer_free(s);
	return gw_buf_span(to);
}

/* Certificates that conf/demo/pki and pki-bad do not make. */
static void
make_more_certificates(void)
{
	tpki_run(
	    "cd %s && openssl req -x509 -newkey rsa:2048 -nodes -keyout "
	    "rsa.key -subj /CN=" AUTHOR " -out rsa.pem 2>/dev/null && "
	    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 "
	    "-nodes -keyout p384.key -subj /CN=x -out p384.pem "
	    "2>/dev/null && "
	    "openssl req -new -key bravo.key -subj /CN=x -out u.csr && "
	    "printf 'subjectAltName=DNS:%%s\\nkeyUsage=keyAgreement\\n' "
	    "'" AUTHOR "' >u.cnf && "
	    "openssl x509 -req -in u.csr -CA ca.pem -CAkey ca.key "
	    "-days 30 -extfile u.cnf -out usage.pem 2>/dev/null && "
	    "cp bravo.key usage.key && "
	    "printf 'subjectAltName=DNS:*.bravo.example,"
	    "URI:sip:x@%%s,URI:sips:%%s,URI:sip:%%s:5061\\n' "
	    "'" AUTHOR "' '" AUTHOR "' '" AUTHOR "' >w.cnf && "
	    "openssl x509 -req -in u.csr -CA ca.pem -CAkey ca.key "
	    "-days 30 -extfile w.cnf -out wild.pem 2>/dev/null && "
	    "cp bravo.key wild.key && "
	    "openssl req -new -key bravo.key -subj /CN=" AUTHOR
	    " -out cn.csr && "
	    "openssl x509 -req -in cn.csr -CA ca.pem -CAkey ca.key "
	    "-days 30 -out cn.pem 2>/dev/null && cp bravo.key cn.key",
	    pki);
}

static int
set_up_group(void **state)
{
	(void)state;
	dir = tpki_new();
	snprintf(pki, sizeof(pki), "%s/pki", dir);
	make_more_certificates();
	arena = gw_arena_new(8u << 20);
	gw_buf_init(&signed_doc, 1u << 20);
	gw_buf_init(&work, 1u << 20);
	now_us = ((int64_t)time(NULL) + 600) * 1000000;
	if (krr_init() != GW_OK || arena == NULL)
		return 1;
	trust = tkrr_trust(pki, NULL, AUTHOR);
	(void)sign_by("bravo", &signed_doc);
	return 0;
}

static int
tear_down_group(void **state)
{
	(void)state;
	krr_trust_free(trust);
	gw_buf_clear(&signed_doc);
	gw_buf_clear(&work);
	gw_arena_free(arena);
	tpki_free(dir);
	return 0;
}

static enum gw_err
verify(const struct krr_trust *t, struct gw_span doc)
{
	gw_arena_reset(arena);
	no = (struct krr_fault){ KRR_NONE, { 0, NULL } };
	return krr_verify(
	    t, tkrr_dialects(), doc, now_us, arena, &verified, &no);
}

static void
assert_refused(const struct krr_trust *t, struct gw_span doc,
    const char *attack, enum krr_why why)
{
	if (verify(t, doc) == GW_OK)
		fail_msg("%s: believed", attack);
	if (no.why != why)
		fail_msg("%s: %s (%s) instead of %s", attack,
		    krr_why_word(no.why), no.fault.why, krr_why_word(why));
	assert_non_null(no.fault.why);
	assert_true(no.fault.at <= doc.len);
}

static void
what_is_attacked_is_good_before(void **state)
{
	(void)state;
	assert_int_equal(verify(trust, gw_buf_span(&signed_doc)), GW_OK);
	assert_true(gw_span_eq(verified.name, GW_SPAN(AUTHOR)));
}

#define T(uri)	  "<Transform Algorithm=\"" uri "\"></Transform>"
#define T_ENV	  T(ENVELOPED)
#define T_C14N	  T(C14N)
#define REFERENCE "<Reference URI=\"#krr-1\">"
#define LIST	  "<ReceiverKmsUriList>"
#define EVIL	  "<KmsUri>kms.evil.example</KmsUri>"
/* 64 octets of zero */
#define A10   "AAAAAAAAAA"
#define ZEROS A10 A10 A10 A10 A10 A10 A10 A10 "AAAAAA=="

/* From the first `from` to the next `end` is replaced by `to`. */
static const struct {
	const char *attack, *from, *end, *to;
	enum krr_why why;
} edits[] = {
	/* what is said is changed */
	{ "another domain", "kms.bravo.example", "", "kms.evil.example",
	    KRR_DIGEST },
	{ "one domain more", LIST, "", LIST EVIL, KRR_DIGEST },
	{ "one domain less", "<KmsUri>", "</KmsUri>", "", KRR_DIGEST },
	{ "an element of another namespace", LIST, "",
	    "<x xmlns=\"urn:x\"></x>" LIST, KRR_DIGEST },
	{ "white space between elements", LIST, "", " " LIST, KRR_DIGEST },
	{ "a namespace more at the root", " Id=", "",
	    " xmlns:x=\"urn:x\" Id=", KRR_DIGEST },
	{ "another version", "1.0.0", "", "9.9.9", KRR_DIGEST },
	{ "a comment in a domain", "kms.bravo", "", "kms.bravo<!-- -->",
	    KRR_PIECES },
	{ "a CDATA section in a domain", "kms.bravo.example", "",
	    "<![CDATA[kms.bravo]]>.example", KRR_PIECES },
	{ "an entity", "kms.bravo", "", "&kms;", KRR_XML },
	{ "a DTD", "<KmsRedirectResponse", "",
	    "<!DOCTYPE x [<!ENTITY kms 'x'>]><KmsRedirectResponse", KRR_XML },
	{ "an Id by DTD", "<KmsRedirectResponse", "",
	    "<!DOCTYPE x [<!ATTLIST KmsUri n ID #IMPLIED>]>"
	    "<KmsRedirectResponse",
	    KRR_XML },
	{ "another Id", "Id=\"krr-1\"", "", "Id=\"krr-2\"", KRR_REFERENCE },
	{ "no Id", "Id=\"krr-1\"", "", "", KRR_REFERENCE },
	{ "the same Id in a foreign element", LIST, "",
	    "<x xmlns=\"urn:x\" id=\"krr-1\"></x>" LIST, KRR_DUPLICATE_ID },
	{ "the same Id by xml:id", LIST, "",
	    "<x xmlns=\"urn:x\" xml:id=\" krr-1 \"></x>" LIST,
	    KRR_DUPLICATE_ID },

	/* other algorithms */
	{ "HMAC-SHA1", "<SignatureMethod Algorithm=\"", "\"",
	    "<SignatureMethod Algorithm=\"" DSIG "hmac-sha1\"", KRR_ALGORITHM },
	{ "HMAC-SHA256 with a truncated length",
	    "<SignatureMethod Algorithm=\"", "</SignatureMethod>",
	    "<SignatureMethod Algorithm=\"http://www.w3.org/2001/04/"
	    "xmldsig-more#hmac-sha256\"><HMACOutputLength>1"
	    "</HMACOutputLength></SignatureMethod>",
	    KRR_ALGORITHM },
	{ "a length in the right algorithm", "</SignatureMethod>", "",
	    "<HMACOutputLength>1</HMACOutputLength></SignatureMethod>",
	    KRR_ALGORITHM },
	{ "ECDSA with SHA-1", "#ecdsa-sha256", "", "#ecdsa-sha1",
	    KRR_ALGORITHM },
	{ "RSA", "#ecdsa-sha256", "", "#rsa-sha256", KRR_ALGORITHM },
	{ "DSA", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", "",
	    DSIG "dsa-sha1", KRR_ALGORITHM },
	{ "no algorithm", "<SignatureMethod Algorithm=\"", "\"",
	    "<SignatureMethod", KRR_ALGORITHM },
	{ "digest by SHA-1", "http://www.w3.org/2001/04/xmlenc#sha256", "",
	    DSIG "sha1", KRR_DIGEST_METHOD },
	{ "exclusive canonicalization", "<CanonicalizationMethod Algorithm=\"",
	    "\"",
	    "<CanonicalizationMethod Algorithm=\""
	    "http://www.w3.org/2001/10/xml-exc-c14n#\"",
	    KRR_CANONICAL },
	{ "canonicalization with comments",
	    "<CanonicalizationMethod Algorithm=\"" C14N, "",
	    "<CanonicalizationMethod Algorithm=\"" C14N "#WithComments",
	    KRR_CANONICAL },

	/* the reference */
	{ "empty SignedInfo", "<SignedInfo>", "</SignedInfo>", "<SignedInfo/>",
	    KRR_REFERENCES },
	{ "SignedInfo without a reference", "<Reference", "</Reference>", "",
	    KRR_REFERENCES },
	{ "two references", "</Reference>", "",
	    "</Reference><Reference URI=\"\"></Reference>", KRR_REFERENCES },
	{ "another document", "URI=\"#krr-1\"", "",
	    "URI=\"http://evil.example/\"", KRR_REFERENCE },
	{ "a file", "URI=\"#krr-1\"", "", "URI=\"file:///etc/passwd\"",
	    KRR_REFERENCE },
	{ "an XPointer", "URI=\"#krr-1\"", "", "URI=\"#xpointer(/)\"",
	    KRR_REFERENCE },
	{ "an XPointer to an Id", "URI=\"#krr-1\"", "",
	    "URI=\"#xpointer(id('krr-1'))\"", KRR_REFERENCE },
	{ "no URI", " URI=\"#krr-1\"", "", "", KRR_REFERENCE },
	{ "a reference in another spelling", "URI=\"#krr-1\"", "",
	    "URI=\"&#35;krr-1\"", KRR_REFERENCE },
	{ "a reference to a manifest", REFERENCE, "",
	    "<Reference URI=\"#krr-1\" Type=\"" DSIG "Manifest\">", KRR_FORM },

	/* transforms */
	{ "no transforms", "<Transforms>", "</Transforms>", "", KRR_TRANSFORM },
	{ "empty transforms", "<Transforms>", "</Transforms>",
	    "<Transforms></Transforms>", KRR_TRANSFORM },
	{ "the Signature itself is signed", T_ENV, "", "", KRR_TRANSFORM },
	{ "XPath", T_C14N, "",
	    "<Transform Algorithm=\"http://www.w3.org/TR/1999/"
	    "REC-xpath-19991116\"><XPath>not(ancestor::node())</XPath>"
	    "</Transform>",
	    KRR_TRANSFORM },
	{ "XPath filter", T_C14N, "",
	    "<Transform "
	    "Algorithm=\"http://www.w3.org/2002/06/xmldsig-filter2\">"
	    "</Transform>",
	    KRR_TRANSFORM },
	{ "XSLT", T_C14N, "",
	    "<Transform Algorithm=\"http://www.w3.org/TR/1999/"
	    "REC-xslt-19991116\"><x:stylesheet xmlns:x="
	    "\"http://www.w3.org/1999/XSL/Transform\"/></Transform>",
	    KRR_TRANSFORM },
	{ "base64", T_C14N, "", T(DSIG "base64"), KRR_TRANSFORM },
	{ "the Signature cut out twice", T_C14N, "", T_ENV, KRR_TRANSFORM },
	{ "a third transform", T_C14N, "", T_C14N T_C14N, KRR_TRANSFORM },
	{ "content in a transform", T_ENV, "",
	    "<Transform Algorithm=\"" ENVELOPED "\"><x></x></Transform>",
	    KRR_TRANSFORM },
	{ "transforms after the digest", "</DigestValue>", "",
	    "</DigestValue><Transforms>" T_ENV "</Transforms>", KRR_FORM },

	/* values */
	{ "no signature value", "<SignatureValue>", "</SignatureValue>",
	    "<SignatureValue></SignatureValue>", KRR_VALUE },
	{ "a short signature value", "<SignatureValue>", "</SignatureValue>",
	    "<SignatureValue>AAAA</SignatureValue>", KRR_VALUE },
	{ "a DER signature", "<SignatureValue>", "</SignatureValue>",
	    "<SignatureValue>MAYCAQECAQE=</SignatureValue>", KRR_VALUE },
	{ "no base64", "<SignatureValue>", "</SignatureValue>",
	    "<SignatureValue>****</SignatureValue>", KRR_VALUE },
	{ "a comment in the signature value", "<SignatureValue>", "",
	    "<SignatureValue>AA<!-- -->", KRR_VALUE },
	{ "a signature of zeros", "<SignatureValue>", "</SignatureValue>",
	    "<SignatureValue>" ZEROS "</SignatureValue>", KRR_SIGNATURE },
	{ "a short digest", "<DigestValue>", "</DigestValue>",
	    "<DigestValue>AAAA</DigestValue>", KRR_VALUE },
	{ "another digest", "<DigestValue>", "</DigestValue>",
	    "<DigestValue>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	    "</DigestValue>",
	    KRR_DIGEST },

	/* keys */
	{ "no KeyInfo", "<KeyInfo>", "</KeyInfo>", "", KRR_KEY_INFO },
	{ "an empty KeyInfo", "<KeyInfo>", "</KeyInfo>", "<KeyInfo></KeyInfo>",
	    KRR_KEY_INFO },
	{ "no certificate", "<X509Certificate>", "</X509Certificate>", "",
	    KRR_KEY_INFO },
	{ "a key by value", "<KeyInfo>", "", "<KeyInfo><KeyValue></KeyValue>",
	    KRR_KEY_INFO },
	{ "a key by name", "<KeyInfo>", "", "<KeyInfo><KeyName>bravo</KeyName>",
	    KRR_KEY_INFO },
	{ "a key to be fetched", "</X509Data>", "",
	    "</X509Data><RetrievalMethod URI=\"http://evil.example/\">"
	    "</RetrievalMethod>",
	    KRR_KEY_INFO },
	{ "a revocation list of its own", "<X509Data>", "",
	    "<X509Data><X509CRL></X509CRL>", KRR_KEY_INFO },
	{ "a certificate that is none", "<X509Certificate>",
	    "</X509Certificate>", "<X509Certificate>AAAA</X509Certificate>",
	    KRR_CERTIFICATE },

	/* the Signature */
	{ "no signature", "<Signature ", "</Signature>", "", KRR_UNSIGNED },
	{ "a signature of another namespace", "<Signature xmlns=\"" DSIG, "",
	    "<Signature xmlns=\"" DSIG "x", KRR_UNSIGNED },
	{ "an Object in the Signature", "</KeyInfo>", "",
	    "</KeyInfo><Object></Object>", KRR_FORM },
	{ "text in the Signature", "</KeyInfo>", "", "</KeyInfo>x", KRR_FORM },
	{ "a second SignedInfo", "</SignedInfo>", "",
	    "</SignedInfo><SignedInfo></SignedInfo>", KRR_FORM },
	{ "an attribute of no meaning", "<SignedInfo>", "",
	    "<SignedInfo x=\"1\">", KRR_FORM },
	{ "a second signature", "</Signature>", "",
	    "</Signature><Signature xmlns=\"" DSIG "\"></Signature>",
	    KRR_TWO_SIGNATURES },
	{ "a signature before", LIST, "",
	    "<Signature xmlns=\"" DSIG "\"></Signature>" LIST,
	    KRR_TWO_SIGNATURES },
	{ "something behind the root", "</KmsRedirectResponse>", "",
	    "</KmsRedirectResponse><x></x>", KRR_XML },
};

static void
every_edit_is_refused_for_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < GW_COUNT(edits); i++)
		assert_refused(trust,
		    tkrr_replace_to(gw_buf_span(&signed_doc), edits[i].from,
			edits[i].end, edits[i].to),
		    edits[i].attack, edits[i].why);
}

/* The Signature of the good document. */
static struct gw_span
good_signature(void)
{
	struct krr k;

	assert_int_equal(
	    krr_read(gw_buf_span(&signed_doc), tkrr_dialects(), arena, &k, &no),
	    GW_OK);
	return k.signature;
}

#define EVIL_KRR(id, before, after)                                            \
	"<KmsRedirectResponse xmlns=\"" NS "\" Id=\"" id                       \
	"\">" before LIST EVIL "</ReceiverKmsUriList>" after                   \
	"</KmsRedirectResponse>"

/* A document around the good one: %K is the whole of it, %U the same without
 * its Signature, %S the Signature. */
static struct gw_span
compose(const char *form)
{
	struct gw_span whole = gw_buf_span(&signed_doc);
	struct gw_span signature = good_signature();
	size_t at = (size_t)(signature.p - whole.p);

	gw_buf_reset(&work);
	for (; *form != '\0'; form++) {
		if (*form != '%') {
			gw_buf_add(&work,
			    (struct gw_span){ (const uint8_t *)form, 1 });
			continue;
		}
		form++;
		if (*form == 'K')
			gw_buf_add(&work, whole);
		if (*form == 'S')
			gw_buf_add(&work, signature);
		if (*form == 'U') {
			gw_buf_add(&work, gw_span_sub(whole, 0, at));
			gw_buf_add(&work,
			    gw_span_sub(whole, at + signature.len, whole.len));
		}
	}
	return gw_buf_span(&work);
}

static void
a_signature_wrapped_around_something_else_is_refused(void **state)
{
	static const struct {
		const char *attack, *form;
		enum krr_why why;
	} rows[] = {
		{ "the signed KRR moves into a foreign element",
		    EVIL_KRR("evil", "<x xmlns=\"urn:x\">%U</x>", "%S"),
		    KRR_REFERENCE },
		{ "the same, and both have the Id",
		    EVIL_KRR("krr-1", "<x xmlns=\"urn:x\">%U</x>", "%S"),
		    KRR_DUPLICATE_ID },
		{ "the signed KRR becomes the embedded one",
		    EVIL_KRR("evil", "", "<EmbeddedKrr>%U</EmbeddedKrr>%S"),
		    KRR_REFERENCE },
		{ "the signature stays with the embedded one",
		    EVIL_KRR("evil", "", "<EmbeddedKrr>%K</EmbeddedKrr>"),
		    KRR_UNSIGNED },
		{ "the signature hides in a foreign element",
		    EVIL_KRR("evil", "", "<x xmlns=\"urn:x\">%S</x>"),
		    KRR_PLACE },
		{ "the whole hides in a foreign element",
		    EVIL_KRR("evil", "", "<x xmlns=\"urn:x\">%K</x>"),
		    KRR_PLACE },
		{ "the signature hides in the list",
		    "<KmsRedirectResponse xmlns=\"" NS "\">" LIST EVIL
		    "%S</ReceiverKmsUriList></KmsRedirectResponse>",
		    KRR_PLACE },
		{ "the signature covers nothing of a new KRR",
		    EVIL_KRR("krr-1", "", "%S"), KRR_DIGEST },
		{ "a new root stands around", "<x xmlns=\"urn:x\">%K</x>",
		    KRR_ROOT },
		{ "it stands beside a signed root of another dialect",
		    "<SignedRedirect xmlns=\"urn:example:vendor:redirect:2\">"
		    "<Redirect id=\"r\"><fromKms>f</fromKms>"
		    "<useKms>kms.evil.example</useKms></Redirect>%S"
		    "</SignedRedirect>",
		    KRR_REFERENCE },
		{ "the same with its Id",
		    "<SignedRedirect xmlns=\"urn:example:vendor:redirect:2\">"
		    "<Redirect id=\"krr-1\"><fromKms>f</fromKms>"
		    "<useKms>kms.evil.example</useKms></Redirect>%S"
		    "</SignedRedirect>",
		    KRR_DIGEST },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++)
		assert_refused(
		    trust, compose(rows[i].form), rows[i].attack, rows[i].why);
}

static void
a_child_alone_is_no_reference(void **state)
{
	(void)state;
	struct gw_span doc = tkrr_replace(gw_buf_span(&signed_doc),
	    "<ProcessorUri>", "<ProcessorUri Id=\"p\">");
	assert_refused(trust, tkrr_replace(doc, "URI=\"#krr-1\"", "URI=\"#p\""),
	    "a child alone", KRR_REFERENCE);
}

/* The digest is that of a document of the attacker's. */
static void
a_digest_that_was_replaced_is_not_signed(void **state)
{
	struct gw_buf evil;

	(void)state;
	gw_buf_init(&evil, 1u << 20);
	struct krr k = tkrr_example();
	struct krr_signer *s = tkrr_signer(pki, "alpha");
	k.domains[0] = GW_SPAN("kms.evil.example");
	assert_int_equal(krr_sign(s, &k, &evil, &no), GW_OK);
	krr_signer_free(s);
	struct gw_span good = good_signature();
	size_t at = gw_span_search(good, GW_SPAN("<SignatureValue>"));
	gw_buf_reset(&work);
	gw_buf_add(&work, gw_span_sub(gw_buf_span(&evil), 0,
			      gw_span_search(gw_buf_span(&evil),
				  GW_SPAN("<SignatureValue>"))));
	gw_buf_add(&work, gw_span_sub(good, at, good.len));
	gw_buf_text(&work, "</KmsRedirectResponse>");
	assert_refused(
	    trust, gw_buf_span(&work), "another digest", KRR_SIGNATURE);
	gw_buf_clear(&evil);
}

static void
every_bit_of_the_signature_value_counts(void **state)
{
	struct gw_span doc = gw_buf_span(&signed_doc);
	size_t at = gw_span_search(doc, GW_SPAN("<SignatureValue>")) +
		    strlen("<SignatureValue>");

	(void)state;
	for (size_t i = 0; i < 86; i += 5) {
		gw_buf_reset(&work);
		gw_buf_add(&work, doc);
		work.p[at + i] = work.p[at + i] == 'A' ? 'B' : 'A';
		if (verify(trust, gw_buf_span(&work)) == GW_OK)
			fail_msg("octet %zu does not count", i);
	}
}

/* The certificate of a PEM file as one line of base64. */
static const char *
base64_of(const char *name)
{
	static char text[PEM_MAX];
	char path[PATH_LEN + 64];
	size_t n = 0;

	snprintf(path, sizeof(path), "%s/%s.pem", pki, name);
	size_t len = tfile_read(path, (uint8_t *)text, sizeof(text) - 1);
	text[len] = '\0';
	char *from = strstr(text, "CERTIFICATE-----\n");
	assert_non_null(from);
	for (from += 17; *from != '-'; from++)
		if (*from != '\n')
			text[n++] = *from;
	text[n] = '\0';
	return text;
}

static void
a_certificate_that_was_swapped_is_refused(void **state)
{
	static const struct {
		const char *name;
		enum krr_why why;
	} rows[] = {
		/* of the same name, under the same anchor */
		{ "bad/server-only", KRR_SIGNATURE },
		{ "alpha", KRR_NAME },
		{ "rsa", KRR_KEY_TYPE },
		{ "p384", KRR_KEY_TYPE },
		{ "bad/other-ca", KRR_UNTRUSTED },
	};
	char to[PEM_MAX];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		snprintf(to, sizeof(to),
		    "<X509Certificate>%s</X509Cert"
		    "ificate>",
		    base64_of(rows[i].name));
		assert_refused(trust,
		    tkrr_replace_to(gw_buf_span(&signed_doc),
			"<X509Certificate>", "</X509Certificate>", to),
		    rows[i].name, rows[i].why);
	}
}

static void
certificates_are_counted_and_end_where_they_end(void **state)
{
	struct gw_span doc = gw_buf_span(&signed_doc);
	char one[PEM_MAX];

	(void)state;
	snprintf(one, sizeof(one),
	    "<X509Data><X509Certificate>%s</X509Certificate>", base64_of("ca"));
	for (int i = 0; i < 3; i++)
		doc = tkrr_replace(doc, "<X509Data>", one);
	/* The author's is not the first any more. */
	assert_refused(trust, doc, "four certificates", KRR_USAGE);
	assert_refused(trust, tkrr_replace(doc, "<X509Data>", one),
	    "five certificates", KRR_CERTIFICATES);
	snprintf(one, sizeof(one), "<X509Certificate>%s", base64_of("bravo"));
	char *end = one + strlen(one);
	while (end[-1] == '=')
		end--;
	end -= (end - one - (int)strlen("<X509Certificate>")) % 4;
	snprintf(end, 32, "AAAA</X509Certificate>");
	assert_refused(trust,
	    tkrr_replace_to(gw_buf_span(&signed_doc), "<X509Certificate>",
		"</X509Certificate>", one),
	    "something behind a certificate", KRR_CERTIFICATE);
}

static void
an_author_that_is_not_believed_is_refused(void **state)
{
	static const struct {
		const char *signer, *crl;
		enum krr_why why;
	} rows[] = {
		{ "bad/expired", NULL, KRR_EXPIRED },
		{ "bad/early", NULL, KRR_EARLY },
		{ "bad/other-ca", NULL, KRR_UNTRUSTED },
		{ "bad/wrong-name", NULL, KRR_NAME },
		{ "usage", NULL, KRR_USAGE },
		{ "wild", NULL, KRR_NAME },
		{ "cn", NULL, KRR_NAME },
		{ "bad/revoked", "bad/revoked.crl", KRR_REVOKED },
		{ "bravo", "bad/lapsed.crl", KRR_REVOCATION },
		{ "bravo", "bad/early.crl", KRR_REVOCATION },
		{ "bravo", "bad/other.crl", KRR_REVOCATION },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct krr_trust *t = tkrr_trust(pki, rows[i].crl, AUTHOR);
		struct gw_buf doc;
		gw_buf_init(&doc, 1u << 20);
		assert_refused(t, sign_by(rows[i].signer, &doc), rows[i].signer,
		    rows[i].why);
		gw_buf_clear(&doc);
		krr_trust_free(t);
	}
}

static void
without_a_name_nobody_is_believed(void **state)
{
	struct krr_trust *t = tkrr_trust(pki, NULL, NULL);

	(void)state;
	assert_refused(t, gw_buf_span(&signed_doc), "no name", KRR_NAME);
	krr_trust_free(t);
}

static void
time_is_what_the_caller_says(void **state)
{
	int64_t before = now_us;

	(void)state;
	now_us += (int64_t)20 * 365 * 86400 * 1000000;
	assert_refused(
	    trust, gw_buf_span(&signed_doc), "in 20 years", KRR_EXPIRED);
	now_us = before;
}

static double
cpu_s(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* A thousand transforms, a thousand references, 60 KB of blanks in base64. */
static void
bombs_are_refused_in_bounded_time(void **state)
{
	static const struct {
		const char *attack, *at, *more;
		enum krr_why why;
	} rows[] = {
		{ "transforms", T_C14N, T(DSIG "base64"), KRR_TRANSFORM },
		{ "references", "<Reference", "<Reference URI=\"\"/>",
		    KRR_TRANSFORM },
		{ "attributes", "URI=\"#krr-1\"", " a=\"\"", KRR_XML },
		{ "blanks", "</SignatureValue>",
		    "                                                  ",
		    KRR_NONE },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct gw_span doc = gw_buf_span(&signed_doc);
		size_t at = gw_span_search(doc, gw_span_of(rows[i].at));
		gw_buf_reset(&work);
		gw_buf_add(&work, gw_span_sub(doc, 0, at));
		while (work.len < KRR_OCTETS_MAX - doc.len - 128)
			gw_buf_text(&work, rows[i].more);
		gw_buf_add(&work, gw_span_sub(doc, at, doc.len));
		double begin = cpu_s();
		if (rows[i].why == KRR_NONE)
			assert_int_equal(
			    verify(trust, gw_buf_span(&work)), GW_OK);
		else
			assert_refused(trust, gw_buf_span(&work),
			    rows[i].attack, rows[i].why);
		assert_true(cpu_s() - begin < 1.0);
		assert_true(gw_arena_used(arena) < 4 * KRR_OCTETS_MAX);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_attacked_is_good_before),
		cmocka_unit_test(every_edit_is_refused_for_its_reason),
		cmocka_unit_test(
		    a_signature_wrapped_around_something_else_is_refused),
		cmocka_unit_test(a_child_alone_is_no_reference),
		cmocka_unit_test(a_digest_that_was_replaced_is_not_signed),
		cmocka_unit_test(every_bit_of_the_signature_value_counts),
		cmocka_unit_test(a_certificate_that_was_swapped_is_refused),
		cmocka_unit_test(
		    certificates_are_counted_and_end_where_they_end),
		cmocka_unit_test(an_author_that_is_not_believed_is_refused),
		cmocka_unit_test(without_a_name_nobody_is_believed),
		cmocka_unit_test(time_is_what_the_caller_says),
		cmocka_unit_test(bombs_are_refused_in_bounded_time),
	};

	return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
