/*
 * test_core_redirect_signed.c: redirect responses that the engine signs, and
 * those it must verify.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "codec/krr/krr_verify.h"
#include "support/tpki.h"
#include "support/tredirect.h"

#define OLD TREDIRECT_OLD

static char *dir; /* of certificates */
static char pki[512];
static struct tredirect r;

static int
set_up(void **state)
{
	(void)state;
	tredirect_open(&r, &(struct tredirect_settings){ 0 });
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tredirect_close(&r);
	return 0;
}

static int
set_up_group(void **state)
{
	char folder[256];

	(void)state;
	dir = tpki_new();
	assert_non_null(getcwd(folder, sizeof(folder)));
	snprintf(pki, sizeof(pki), "%s/%s/pki", folder, dir);
	return krr_init() == GW_OK ? 0 : 1;
}

static int
tear_down_group(void **state)
{
	(void)state;
	tpki_free(dir);
	return 0;
}

static void
open_signing(const char *redirect)
{
	static char ours[2048], bravo[2048];

	snprintf(ours, sizeof(ours),
	    "<redirect author=\"" TREDIRECT_AUTHOR
	    "\" certificate=\"%s/krr.pem\""
	    " key=\"%s/krr.key\"/>",
	    pki, pki);
	snprintf(bravo, sizeof(bravo),
	    "><redirect ca=\"%s/ca.pem\" crl=\"%s/ca.crl\">"
	    "<author name=\"gw.bravo.example\"/></redirect>",
	    pki, pki);
	tredirect_open(
	    &r, &(struct tredirect_settings){ .redirect = redirect,
		    .ours = ours,
		    .bravo = bravo,
		    .wall_us = ((int64_t)time(NULL) + 600) * 1000000 });
}

static void
verifies(struct gw_span doc, const char *name)
{
	struct krr_trust *trust = tkrr_trust(pki, "ca.crl", name);
	struct krr_verified good;
	struct krr_fault no;

	if (krr_verify(trust, tkrr_dialects(), doc, r.talk.rig.now.wall_us,
		r.arena, &good, &no) != GW_OK)
		fail_msg("%s in %.*s", no.fault.why, GW_FMT(doc));
	krr_trust_free(trust);
}

static void
what_is_written_is_signed(void **state)
{
	static const char *const words[] = { "signature=\"sign\"",
		"signature=\"require\"" };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(words); i++) {
		open_signing(words[i]);
		tcall_in(&r.calls, &(struct tcall){ .kmsr = OLD });
		struct krr k = tredirect_krr(&r, 488);
		assert_true(k.signature.len > 0);
		TREDIRECT_LISTS(&k, TKRR_ONE, TKRR_TWO);
		verifies(tredirect_body(r.talk.rig.sent), "gw.border.example");
	}
	/* Without a key none goes out unsigned. */
	tredirect_open(&r,
	    &(struct tredirect_settings){ .redirect = "signature=\"sign\"" });
	tcall_in(&r.calls, &(struct tcall){ .kmsr = OLD });
	tredirect_plain(&r, 488, "receiver domains: " TKRR_ONE);
}

static void
signed_one_passes_or_is_embedded(void **state)
{
	(void)state;
	open_signing("signature=\"require\"");
	struct krr_signer *s = tkrr_signer(pki, "bravo-krr");
	struct gw_span all = TREDIRECT_OFFER(&r, s, TKRR_TWO);
	struct gw_span some = TREDIRECT_OFFER(&r, s, TKRR_TWO, OLD);

	tredirect_call(&r);
	assert_true(gw_span_eq(
	    tredirect_body(tredirect_answers(&r, 488, KRR_MEDIA_TYPE, all)),
	    all));
	tredirect_call(&r);
	struct krr k = tredirect_came_krr(
	    &r, tredirect_answers(&r, 488, KRR_MEDIA_TYPE, some));
	TREDIRECT_LISTS(&k, TKRR_TWO);
	assert_true(gw_span_eq(k.embedded, some));
	verifies(k.element, "gw.border.example");
	verifies(k.embedded, "gw.bravo.example");
	krr_signer_free(s);
}

static void
bad_signature_strips(void **state)
{
	(void)state;
	open_signing("signature=\"require\"");
	struct krr_signer *s = tkrr_signer(pki, "bravo-krr");
	struct krr_signer *other = tkrr_signer(pki, "bad/wrong-name");
	const struct {
		struct gw_span doc;
		const char *why;
		enum krr_why reason;
	} rows[] = {
		{ TREDIRECT_OFFER(&r, NULL, TKRR_TWO), "there is no signature",
		    KRR_UNSIGNED },
		{ tredirect_replace(
		      &r, TREDIRECT_OFFER(&r, s, OLD), OLD, TKRR_TWO),
		    "what was signed has been changed", KRR_DIGEST },
		{ TREDIRECT_OFFER(&r, other, TKRR_TWO),
		    "none of the names allowed", KRR_NAME },
	};

	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		const struct metrics *m = core_metrics(r.talk.rig.core);
		tredirect_call(&r);
		const char *back =
		    tredirect_answers(&r, 488, KRR_MEDIA_TYPE, rows[i].doc);
		tredirect_came_plain(back, "SIP/2.0 488 ", rows[i].why);
		talk_lacks(back, "kms.");
		assert_int_equal(
		    m->at[METRIC_REDIRECT_NONE + rows[i].reason], 1);
	}
	/* Where it is not demanded, a bad one is no better than none. */
	open_signing("signature=\"sign\"");
	tredirect_call(&r);
	tredirect_came_plain(
	    tredirect_answers(&r, 488, KRR_MEDIA_TYPE, rows[1].doc),
	    "SIP/2.0 488 ", rows[1].why);
	tredirect_call(&r);
	(void)tredirect_came_krr(
	    &r, tredirect_answers(&r, 488, KRR_MEDIA_TYPE, rows[0].doc));
	/* And where none is looked at, none hinders. */
	open_signing("signature=\"off\"");
	tredirect_call(&r);
	(void)tredirect_came_krr(
	    &r, tredirect_answers(&r, 488, KRR_MEDIA_TYPE, rows[1].doc));
	krr_signer_free(s);
	krr_signer_free(other);
}

#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENARIO(what_is_written_is_signed),
		SCENARIO(signed_one_passes_or_is_embedded),
		SCENARIO(bad_signature_strips),
	};
	return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
