/*
 * test_core_redirect.c: redirect responses through the whole engine: written
 * for the three triggers, and what becomes of those that come back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "core/rounds.h"
#include "support/tredirect.h"

#define OLD TREDIRECT_OLD

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

/* ---- written ---- */

static void
triggers_tell_all_there_is_to_know(void **state)
{
	static const struct {
		struct tcall call;
		const char *warning;
	} rows[] = {
		{ { .kmsr = TREDIRECT_ALICES }, "receiver-domain; " }, /* A */
		{ { .kmsr = OLD }, "pair; " }, /* B */
		{ { .kmsi = "kms.alpha-new.example" }, "initiator-domain; " },
	};
	char id[64] = "";

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		const struct tcall *c = &rows[i].call;
		tcall_in(&r.calls, c);
		struct krr k = tredirect_krr(&r, 488);
		tredirect_is(k.author, TREDIRECT_AUTHOR);
		tredirect_is(k.initiator, TCALL_ALICE);
		tredirect_is(k.initiator_domain,
		    c->kmsi == NULL ? TREDIRECT_ALICES : c->kmsi);
		tredirect_is(k.receiver, TCALL_BOB);
		tredirect_is(k.refused, c->kmsr == NULL ? TKRR_ONE : c->kmsr);
		TREDIRECT_LISTS(&k, TKRR_ONE, TKRR_TWO);
		assert_int_equal(
		    k.time_us / 1000000, r.talk.rig.now.wall_us / 1000000);
		assert_int_equal(k.embedded.len, 0);
		assert_int_equal(k.signature.len, 0);
		talk_has(r.talk.rig.sent, rows[i].warning);
		talk_has(r.talk.rig.sent,
		    "receiver domains: " TKRR_ONE " " TKRR_TWO "\"");
		talk_lacks(r.talk.rig.sent, "10.9.8.7");
		/* No two have one Id. */
		assert_false(gw_span_eq(k.id, gw_span_of(id)));
		snprintf(id, sizeof(id), "%.*s", GW_FMT(k.id));
		/* The ACK for it ends here. */
		rig_in(&r.talk.rig, RIG_ALPHA,
		    "ACK " TCALL_BOB " SIP/2.0\n"
		    "Via: SIP/2.0/UDP pcscf.inner:5080;branch=z9hG4bKr1;rport\n"
		    "Max-Forwards: 70\nFrom: " TALK_ALICE "\n"
		    "To: <sip:bob@bravo.example>;tag=x\nCall-ID: id0\n"
		    "CSeq: 1 ACK\nContent-Length: 0\n\n");
		talk_nothing(&r.talk);
	}
}

static uint64_t
redirects(const struct meter *m, char trigger)
{
	return m->redirects[trigger - 'A'];
}

static void
each_is_counted(void **state)
{
	const struct tcall a = { .kmsr = "kms.nobody.example" };
	const struct tcall b = { .kmsr = OLD };
	const struct tcall *const all[] = { &a, &b, &b };
	const struct snapshot *s = r.talk.rig.snap;
	const struct meter *m;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(all); i++) {
		tcall_in(&r.calls, all[i]);
		(void)tredirect_krr(&r, 488);
	}
	m = s->meters->systems[rig_flow(&r.talk.rig, RIG_ALPHA).system];
	assert_int_equal(redirects(m, 'A'), 1);
	assert_int_equal(redirects(m, 'B'), 2);
	assert_int_equal(redirects(m, 'C'), 0);
	m = meters_domain(s->meters, s->policy, GW_SPAN(OLD));
	assert_int_equal(redirects(m, 'B'), 2);
	m = meters_domain(s->meters, s->policy, GW_SPAN("kms.nobody.example"));
	assert_ptr_equal(m, s->meters->domains[s->meters->n_domains]);
	assert_int_equal(redirects(m, 'A'), 1);
	m = meters_domain(s->meters, s->policy, GW_SPAN(TKRR_ONE));
	assert_int_equal(redirects(m, 'B'), 0);
	/* The next settings go on counting. */
	struct meters *next =
	    meters_new(s->policy, s->conf, s->policy, s->conf, s->meters);
	assert_non_null(next);
	for (size_t i = 0; i <= next->n_domains; i++)
		assert_ptr_equal(next->domains[i], s->meters->domains[i]);
	meters_free(next);
}

static void
order_is_that_of_the_rule(void **state)
{
	(void)state;
	tredirect_open(
	    &r, &(struct tredirect_settings){ .pairs = TKRR_TWO " " TKRR_ONE });
	tcall_in(&r.calls, &(struct tcall){ .kmsr = OLD });
	struct krr k = tredirect_krr(&r, 488);
	TREDIRECT_LISTS(&k, TKRR_TWO, TKRR_ONE);
}

static void
other_way_the_caller_learns_the_same(void **state)
{
	(void)state;
	tcall_in(&r.calls,
	    &(struct tcall){ .back = true, .kmsr = "kms.alpha-new.example" });
	struct krr k = tredirect_krr(&r, 488);
	tredirect_is(k.initiator, TCALL_BOB);
	tredirect_is(k.receiver, TCALL_ALICE);
	TREDIRECT_LISTS(&k, TREDIRECT_ALICES);
}

#define REVOKED                                                                \
	"<policy xmlns=\"urn:mcxgw:policy:1\"><revoked kms=\"" TKRR_ONE        \
	"\"/><revoked kms=\"" TKRR_TWO "\"/></policy>\n"

static void
none_left_is_an_empty_list_or_403(void **state)
{
	(void)state;
	tredirect_open(&r, &(struct tredirect_settings){ .policy = REVOKED });
	tcall_in(&r.calls, &(struct tcall){ 0 });
	struct krr k = tredirect_krr(&r, 488);
	tredirect_is(k.refused, TKRR_ONE);
	assert_int_equal(k.n_domains, 0);
	tredirect_open(&r, &(struct tredirect_settings){ .policy = REVOKED,
			       .redirect = "empty=\"refuse\"" });
	tcall_in(&r.calls, &(struct tcall){ 0 });
	tredirect_plain(&r, 403, "no-domain-left; ");
}

static void
who_does_not_understand_gets_it_in_words(void **state)
{
	(void)state;
	tredirect_open(
	    &r, &(struct tredirect_settings){ .alpha = "krr=\"no\">" });
	tcall_in(&r.calls, &(struct tcall){ .kmsr = OLD });
	tredirect_plain(
	    &r, 488, "receiver domains: " TKRR_ONE " " TKRR_TWO "\"");
	tcall_in(&r.calls,
	    &(struct tcall){ .back = true, .kmsr = "kms.alpha-new.example" });
	(void)tredirect_krr(&r, 488);
}

static void
only_the_end_that_may_writes(void **state)
{
	static const struct tcall to_bravo = { .kmsr = OLD };
	static const struct tcall to_alpha = { .back = true,
		.kmsr = "kms.alpha-new.example" };

	(void)state;
	tredirect_open(
	    &r, &(struct tredirect_settings){ .redirect = "author=\"entry\"" });
	tcall_in(&r.calls, &to_bravo);
	tredirect_plain(&r, 488, "receiver domains: " TKRR_ONE);
	tcall_in(&r.calls, &to_alpha);
	(void)tredirect_krr(&r, 488);
	tredirect_open(
	    &r, &(struct tredirect_settings){ .redirect = "author=\"exit\"" });
	tcall_in(&r.calls, &to_bravo);
	(void)tredirect_krr(&r, 488);
	tcall_in(&r.calls, &to_alpha);
	tredirect_plain(&r, 488, "receiver domains: " TREDIRECT_ALICES);
}

static void
retry_with_an_offered_domain_passes(void **state)
{
	char domain[64];

	(void)state;
	tcall_with(&r.calls, &(struct tcall){ .kmsr = OLD }, 1, "again");
	struct krr k = tredirect_krr(&r, 488);
	snprintf(domain, sizeof(domain), "%.*s", GW_FMT(k.domains[1]));
	tcall_with(&r.calls, &(struct tcall){ .kmsr = domain }, 2, "again");
	talk_crossed(&r.talk, 5090);
	talk_has(r.talk.sent, "INVITE ");
}

static void
rounds_of_one_call_end(void **state)
{
	size_t n;

	(void)state;
	for (unsigned i = 0; i < ROUNDS_MAX; i++) {
		tcall_with(
		    &r.calls, &(struct tcall){ .kmsr = OLD }, 100 + i, "round");
		(void)tredirect_krr(&r, 488);
	}
	tcall_with(&r.calls, &(struct tcall){ .kmsr = OLD }, 200, "round");
	tredirect_plain(&r, 488, "receiver domains: ");
	tcall_with(&r.calls, &(struct tcall){ .kmsr = OLD }, 201, "other");
	(void)tredirect_krr(&r, 488);
	rig_wait(&r.talk.rig, ROUNDS_FORGET_US / 1000 + 1000, &n);
	tcall_with(&r.calls, &(struct tcall){ .kmsr = OLD }, 202, "round");
	(void)tredirect_krr(&r, 488);
}

static void
all_that_carries_keys_is_redirected(void **state)
{
	static const char *const methods[] = { "MESSAGE", "PUBLISH", "REGISTER",
		"NOTIFY", "SUBSCRIBE", "INVITE" };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(methods); i++) {
		struct tcall c = {
			.method = methods[i], .bare = true, .kmsr = OLD
		};
		tcall_in(&r.calls, &c);
		struct krr k = tredirect_krr(&r, 488);
		tredirect_is(k.refused, OLD);
		TREDIRECT_LISTS(&k, TKRR_ONE, TKRR_TWO);
		c.kmsr = TKRR_TWO;
		tcall_in(&r.calls, &c);
		talk_crossed(&r.talk, 5090);
	}
}

/* ---- on the way back ---- */

static void
what_is_permitted_passes_octet_for_octet(void **state)
{
	struct gw_span krr = TREDIRECT_OFFER(&r, NULL, TKRR_TWO, TKRR_ONE);
	struct gw_span odd =
	    tredirect_replace(&r, krr, "><", ">\r\n <!-- x --><");
	struct gw_span none = tredirect_offer(&r, 0, NULL, NULL);
	const struct gw_span docs[] = { krr, odd, none };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(docs); i++) {
		tredirect_call(&r);
		const char *back =
		    tredirect_answers(&r, 488, KRR_MEDIA_TYPE, docs[i]);
		tredirect_starts(back, "SIP/2.0 488 ");
		assert_true(gw_span_eq(tredirect_body(back), docs[i]));
	}
}

static void
what_is_partly_permitted_is_written_anew(void **state)
{
	struct gw_span krr = TREDIRECT_OFFER(
	    &r, NULL, OLD, TKRR_TWO, "kms.unknown.example", TKRR_ONE);

	(void)state;
	tredirect_call(&r);
	struct krr k = tredirect_came_krr(
	    &r, tredirect_answers(&r, 488, KRR_MEDIA_TYPE, krr));
	TREDIRECT_LISTS(&k, TKRR_TWO, TKRR_ONE);
	tredirect_is(k.author, TREDIRECT_AUTHOR);
	tredirect_is(k.initiator, TCALL_ALICE);
	assert_true(gw_span_eq(k.embedded, krr));
	assert_int_equal(k.nested, 1);

	tredirect_open(
	    &r, &(struct tredirect_settings){ .redirect = "embed=\"no\"" });
	tredirect_call(&r);
	k = tredirect_came_krr(
	    &r, tredirect_answers(&r, 488, KRR_MEDIA_TYPE, krr));
	TREDIRECT_LISTS(&k, TKRR_TWO, TKRR_ONE);
	assert_int_equal(k.embedded.len, 0);
}

static void
what_is_not_permitted_leaves_nothing(void **state)
{
	struct gw_span krr =
	    TREDIRECT_OFFER(&r, NULL, OLD, "kms.unknown.example");

	(void)state;
	tredirect_call(&r);
	struct krr k = tredirect_came_krr(
	    &r, tredirect_answers(&r, 488, KRR_MEDIA_TYPE, krr));
	assert_int_equal(k.n_domains, 0);
	assert_true(gw_span_eq(k.embedded, krr));
	tredirect_open(
	    &r, &(struct tredirect_settings){ .redirect = "empty=\"refuse\"" });
	tredirect_call(&r);
	tredirect_came_plain(tredirect_answers(&r, 488, KRR_MEDIA_TYPE, krr),
	    "SIP/2.0 403 ", "no domain is left");
	/* So is one that had none to begin with. */
	krr = tredirect_offer(&r, 0, NULL, NULL);
	tredirect_call(&r);
	tredirect_came_plain(tredirect_answers(&r, 488, KRR_MEDIA_TYPE, krr),
	    "SIP/2.0 403 ", "no domain is left");
}

static void
who_may_not_write_strips(void **state)
{
	struct gw_span some = TREDIRECT_OFFER(&r, NULL, OLD, TKRR_TWO);
	struct gw_span all = TREDIRECT_OFFER(&r, NULL, TKRR_TWO);

	(void)state;
	tredirect_open(
	    &r, &(struct tredirect_settings){ .redirect = "author=\"entry\"" });
	tredirect_call(&r);
	tredirect_came_plain(tredirect_answers(&r, 488, KRR_MEDIA_TYPE, some),
	    "SIP/2.0 488 ",
	    "write redirects; receiver domains: " TKRR_TWO "\"");
	tredirect_call(&r);
	assert_true(gw_span_eq(
	    tredirect_body(tredirect_answers(&r, 488, KRR_MEDIA_TYPE, all)),
	    all));
	tredirect_open(
	    &r, &(struct tredirect_settings){ .alpha = "krr=\"no\">" });
	tredirect_call(&r);
	tredirect_came_plain(tredirect_answers(&r, 488, KRR_MEDIA_TYPE, all),
	    "SIP/2.0 488 ",
	    "not understand redirects; receiver domains: " TKRR_TWO "\"");
}

static void
far_rounds_count_too(void **state)
{
	struct gw_span krr = TREDIRECT_OFFER(&r, NULL, TKRR_TWO);

	(void)state;
	for (unsigned i = 0; i <= ROUNDS_MAX; i++) {
		tcall_with(&r.calls, &(struct tcall){ 0 }, 300 + i, "far");
		talk_crossed(&r.talk, 5090);
		const char *back =
		    tredirect_answers(&r, 488, KRR_MEDIA_TYPE, krr);
		if (i < ROUNDS_MAX)
			(void)tredirect_came_krr(&r, back);
		else
			tredirect_came_plain(back, "SIP/2.0 488 ", "too often");
	}
}

static struct gw_span
nested(unsigned depth)
{
	static char text[RIG_TEXT_MAX];
	static const char open[] =
	    "<KmsRedirectResponse xmlns=\"urn:3gpp:ns:mcsecKMSKRR:1.0\">"
	    "<ReceiverKmsUriList><KmsUri>" TKRR_TWO
	    "</KmsUri></ReceiverKmsUriList>";
	size_t n = 0;

	for (unsigned i = 0; i <= depth; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", open,
		    i < depth ? "<EmbeddedKrr>" : "");
	for (unsigned i = 0; i <= depth; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
		    "</KmsRedirectResponse>",
		    i < depth ? "</EmbeddedKrr>" : "");
	assert_true(n < sizeof(text) - 1);
	return tredirect_keep(&r, gw_span_of(text));
}

static struct gw_span
many_domains(size_t n)
{
	static char text[2 * RIG_TEXT_MAX];
	struct gw_span krr = TREDIRECT_OFFER(&r, NULL, TKRR_TWO);
	static const char one[] = "<KmsUri>d</KmsUri>";
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len +=
		    (size_t)snprintf(text + len, sizeof(text) - len, "%s", one);
	assert_int_equal(len, n * (sizeof(one) - 1));
	return tredirect_replace(
	    &r, krr, "<KmsUri>" TKRR_TWO "</KmsUri>", text);
}

static void
what_cannot_be_read_is_stripped(void **state)
{
	struct gw_span krr = TREDIRECT_OFFER(&r, NULL, TKRR_TWO);
	const struct {
		struct gw_span doc;
		const char *why;
	} rows[] = {
		{ GW_SPAN("no XML"), "; " },
		{ tredirect_replace(&r, krr, "<ReceiverKmsUriList>",
		      "<!-- a -- b --><ReceiverKmsUriList>"),
		    "\\\"--\\\" in a comment\"\r\n" },
		{ tredirect_replace(&r, krr, "<KmsRedirectResponse",
		      "<!DOCTYPE x [<!ENTITY e \"kms\">]><KmsRedirectResponse"),
		    "; " },
		{ tredirect_replace(&r, krr, TKRR_TWO, "&e;"), "; " },
		{ tredirect_replace(&r, krr, "ReceiverKmsUriList", "KmsList"),
		    "; " },
		{ nested(1000), "larger than we read" },
		{ nested(KRR_NESTED_MAX + 1),
		    "more embedded KRRs than we read" },
		{ many_domains(KRR_DOMAINS_MAX + 1),
		    "more domains than we read" },
		{ many_domains(10000), "larger than we read" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		tredirect_call(&r);
		tredirect_came_plain(
		    tredirect_answers(&r, 488, KRR_MEDIA_TYPE, rows[i].doc),
		    "SIP/2.0 488 ", rows[i].why);
	}
}

#define SDP_PART "--x\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n"

static struct gw_span
multipart(const char *head, struct gw_span doc)
{
	static char text[RIG_TEXT_MAX];

	snprintf(text, sizeof(text),
	    SDP_PART "--x\r\nContent-Type: " KRR_MEDIA_TYPE "\r\n%s\r\n%.*s"
		     "\r\n--x\r\nContent-Type: text/plain\r\n\r\nlast\r\n"
		     "--x--\r\n",
	    head, GW_FMT(doc));
	return gw_span_of(text);
}

static void
part_of_a_body_is_replaced_in_place(void **state)
{
	static char want[RIG_TEXT_MAX];
	struct gw_span krr = TREDIRECT_OFFER(&r, NULL, OLD, TKRR_TWO);
	struct gw_span all = TREDIRECT_OFFER(&r, NULL, TKRR_TWO);
	struct krr_fault no;
	struct krr k;

	(void)state;
	tredirect_call(&r);
	const char *back = tredirect_answers(
	    &r, 488, "multipart/mixed;boundary=x", multipart("", krr));
	tredirect_starts(back, "SIP/2.0 488 ");
	struct gw_span body = tredirect_body(back);
	size_t head = gw_span_search(multipart("", krr), krr);
	size_t tail = multipart("", krr).len - head - krr.len;
	struct gw_span doc = gw_span_sub(body, head, body.len - head - tail);
	assert_int_equal(
	    krr_read(doc, tkrr_dialects(), r.arena, &k, &no), GW_OK);
	TREDIRECT_LISTS(&k, TKRR_TWO);
	assert_true(gw_span_eq(k.embedded, krr));
	snprintf(want, sizeof(want), "%.*s", GW_FMT(multipart("", doc)));
	assert_true(gw_span_eq(body, gw_span_of(want)));

	tredirect_call(&r);
	back = tredirect_answers(
	    &r, 488, "multipart/mixed;boundary=x", multipart("", all));
	assert_true(gw_span_eq(tredirect_body(back), multipart("", all)));
}

static struct gw_span
base64(struct gw_span doc)
{
	static char text[RIG_TEXT_MAX];

	(void)EVP_EncodeBlock((unsigned char *)text, doc.p, (int)doc.len);
	return gw_span_of(text);
}

static void
encoded_part_is_stripped(void **state)
{
	static const char head[] = "Content-Transfer-Encoding: base64\r\n";
	struct gw_span krr = TREDIRECT_OFFER(&r, NULL, OLD, TKRR_TWO);
	struct gw_span all = TREDIRECT_OFFER(&r, NULL, TKRR_TWO);

	(void)state;
	tredirect_call(&r);
	tredirect_came_plain(
	    tredirect_answers(&r, 488, "multipart/mixed;boundary=x",
		multipart(head, base64(krr))),
	    "SIP/2.0 488 ",
	    "it stands in an encoded part; receiver domains: " TKRR_TWO);
	tredirect_call(&r);
	const char *back = tredirect_answers(&r, 488,
	    "multipart/mixed;boundary=x", multipart(head, base64(all)));
	assert_true(
	    gw_span_eq(tredirect_body(back), multipart(head, base64(all))));
}

static void
only_one_stands_in_a_488(void **state)
{
	struct gw_span krr = TREDIRECT_OFFER(&r, NULL, TKRR_TWO);
	static char two[RIG_TEXT_MAX];
	static const unsigned finals[] = { 486, 500, 403 };
	char line[32];

	(void)state;
	snprintf(two, sizeof(two),
	    "--x\r\nContent-Type: " KRR_MEDIA_TYPE "\r\n\r\n%.*s\r\n"
	    "--x\r\nContent-Type: " KRR_MEDIA_TYPE "\r\n\r\n%.*s\r\n--x--\r\n",
	    GW_FMT(krr), GW_FMT(krr));
	tredirect_call(&r);
	tredirect_came_plain(tredirect_answers(&r, 488,
				 "multipart/mixed;boundary=x", gw_span_of(two)),
	    "SIP/2.0 488 ", "its body cannot be read");
	for (size_t i = 0; i < GW_COUNT(finals); i++) {
		snprintf(line, sizeof(line), "SIP/2.0 %u ", finals[i]);
		tredirect_call(&r);
		tredirect_came_plain(
		    tredirect_answers(&r, finals[i], KRR_MEDIA_TYPE, krr), line,
		    "a redirect belongs in a 488");
	}
	tredirect_call(&r);
	assert_string_equal(
	    tredirect_answers(&r, 183, KRR_MEDIA_TYPE, krr), "");
	tredirect_came_plain(tredirect_answers(&r, 200, KRR_MEDIA_TYPE, krr),
	    "SIP/2.0 502 ", "a redirect belongs in a 488");
}

static void
without_a_key_message_nothing_is_redirected(void **state)
{
	struct gw_span krr = TREDIRECT_OFFER(&r, NULL, TKRR_TWO);

	(void)state;
	rig_in(&r.talk.rig, RIG_ALPHA,
	    "INVITE " TCALL_BOB " SIP/2.0\n"
	    "Via: SIP/2.0/UDP pcscf.inner:5080;branch=z9hG4bKk;rport\n"
	    "Max-Forwards: 70\nFrom: " TALK_ALICE "\n"
	    "To: <sip:bob@bravo.example>\nCall-ID: k\nCSeq: 1 INVITE\n"
	    "Contact: <sip:me@10.9.8.7>\nContent-Length: 0\n\n");
	talk_lacks(rig_sent(&r.talk.rig, 0, NULL), KRR_MEDIA_TYPE);
	/* A BYE needs no key; a 488 for it brings no redirect. */
	tredirect_call(&r);
	talk_answer(
	    &r.talk, RIG_BRAVO, 200, "Contact: <sip:b@10.9.8.7>\n", NULL);
	static char ok[RIG_TEXT_MAX];
	snprintf(ok, sizeof(ok), "%s", rig_sent(&r.talk.rig, 0, NULL));
	talk_inside(&r.talk, RIG_ALPHA, ok,
	    &(struct talk_request){ .method = "INFO", .call_id = "id" });
	talk_crossed(&r.talk, 5090);
	tredirect_came_plain(tredirect_answers(&r, 488, KRR_MEDIA_TYPE, krr),
	    "SIP/2.0 488 ", "the request had no key message");
}

static void
memory_is_needed(void **state)
{
	struct gw_span krr = TREDIRECT_OFFER(&r, NULL, TKRR_TWO);

	(void)state;
	tredirect_call(&r);
	rig_restart(&r.talk.rig);
	assert_string_equal(
	    tredirect_answers(&r, 488, KRR_MEDIA_TYPE, krr), "");
	assert_string_equal(
	    tredirect_answers(
		&r, 488, "multipart/mixed;boundary=x", multipart("", krr)),
	    "");
	assert_string_equal(
	    tredirect_answers(&r, 200, KRR_MEDIA_TYPE, krr), "");
	/* A plain one goes its way. */
	tredirect_starts(
	    tredirect_answers(&r, 488, "text/plain", GW_SPAN("no")),
	    "SIP/2.0 488 ");
}

#define DIALECTS                                                               \
	"<redirect author=\"" TREDIRECT_AUTHOR "\" dialects=\"" GW_TESTS_DIR   \
	"/support/dialects\"/>"

static void
each_system_has_its_dialect(void **state)
{
	struct gw_span krr = TREDIRECT_OFFER(&r, NULL, TKRR_TWO);

	(void)state;
	tredirect_open(&r, &(struct tredirect_settings){ .ours = DIALECTS,
			       .alpha = "><redirect dialect=\"vendor\"/>" });
	tcall_in(&r.calls, &(struct tcall){ .kmsr = OLD });
	struct krr k = tredirect_krr(&r, 488);
	talk_has(r.talk.rig.sent, "urn:example:vendor:redirect:2");
	TREDIRECT_LISTS(&k, TKRR_ONE, TKRR_TWO);
	tredirect_call(&r);
	k = tredirect_came_krr(
	    &r, tredirect_answers(&r, 488, KRR_MEDIA_TYPE, krr));
	assert_ptr_not_equal(k.dialect, &tkrr_dialects()->at[0]);
	TREDIRECT_LISTS(&k, TKRR_TWO);
	assert_true(
	    gw_span_search(k.element, GW_SPAN("useKms")) < k.element.len);
}

#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENARIO(triggers_tell_all_there_is_to_know),
		SCENARIO(each_is_counted),
		SCENARIO(order_is_that_of_the_rule),
		SCENARIO(other_way_the_caller_learns_the_same),
		SCENARIO(none_left_is_an_empty_list_or_403),
		SCENARIO(who_does_not_understand_gets_it_in_words),
		SCENARIO(only_the_end_that_may_writes),
		SCENARIO(retry_with_an_offered_domain_passes),
		SCENARIO(rounds_of_one_call_end),
		SCENARIO(all_that_carries_keys_is_redirected),
		SCENARIO(what_is_permitted_passes_octet_for_octet),
		SCENARIO(what_is_partly_permitted_is_written_anew),
		SCENARIO(what_is_not_permitted_leaves_nothing),
		SCENARIO(who_may_not_write_strips),
		SCENARIO(far_rounds_count_too),
		SCENARIO(what_cannot_be_read_is_stripped),
		SCENARIO(part_of_a_body_is_replaced_in_place),
		SCENARIO(encoded_part_is_stripped),
		SCENARIO(only_one_stands_in_a_488),
		SCENARIO(without_a_key_message_nothing_is_redirected),
		SCENARIO(memory_is_needed),
		SCENARIO(each_system_has_its_dialect),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
