/*
 * test_asked.c: who asks over HTTP learns what the agreement discloses, and
 * from nothing else can anything be learned.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/lookup_ask.h"
#include "support/tasked.h"

#define NONE_AFTER_US 100000
#define TICK_US	      4096 /* of the wheel */
#define NEGATIVE_MS   30000

#define BOB    "sip:bob@bravo.example"
#define ALICE  "sip:alice@alpha.example"
#define NOBODY "sip:nobody@bravo.example"
#define HIDDEN "sip:hidden@bravo.example"

static struct tasked *t;
static const struct tasked_settings usual;

static int
set_up(void **state)
{
	(void)state;
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return -1;
	tasked_open(t, &usual);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tasked_close(t);
	free(t);
	return 0;
}

/* Whom the services know. */
static const struct {
	const char *user, *system, *domains;
} users[] = {
	{ ALICE, "alpha", "kms.alpha.example" },
	{ BOB, "bravo", "kms.tac.example kms.bravo.example" },
	{ "sip:carl@bravo.example", "bravo",
	    "kms.hidden.example kms.bravo.example" },
	{ HIDDEN, "bravo", "kms.hidden.example" },
	{ NOBODY, "bravo", "" },
	{ "tel:+123", "", "" },
	{ "sip:zoe@nowhere.example", "", "" },
	{ "sip:chris@charlie.example", "charlie", "" },
};

static const char *
adapter_of(const char *system)
{
	return strcmp(system, "alpha") == 0 ? "kms" : "domain-lookup";
}

static const char *
system_of(const char *user)
{
	for (size_t i = 0; i < GW_COUNT(users); i++)
		if (strcmp(users[i].user, user) == 0)
			return users[i].system;
	fail_msg("no user %s", user);
	return "";
}

static const char *
domains_of(const char *user)
{
	for (size_t i = 0; i < GW_COUNT(users); i++)
		if (strcmp(users[i].user, user) == 0)
			return users[i].domains;
	return "";
}

/* Ask; the service answers if it is asked; until there is an answer. */
static const struct tasked_answer *
ask_after(const char *system, const char *adapter, const char *user,
    unsigned service_ms)
{
	size_t asked = t->n_questions;
	uint64_t stream = tasked_ask(t, system, adapter, user);

	if (t->n_questions > asked) {
		const struct tasked_question q = *tasked_question(t);
		tasked_wait(t, service_ms);
		tasked_serve(
		    t, &q, adapter_of(system_of(user)), user, domains_of(user));
	}
	for (unsigned i = 0; i < 20 && tasked_answer(t, stream) == NULL; i++)
		tasked_wait(t, 20);
	assert_non_null(tasked_answer(t, stream));
	return tasked_answer(t, stream);
}

static const struct tasked_answer *
ask(const char *system, const char *adapter, const char *user)
{
	return ask_after(system, adapter, user, 3);
}

/* ---- what is told to whom ---- */

static const struct {
	const char *asker, *user, *told;
} disclosed[] = {
	{ "alpha", ALICE, "kms.alpha.example" },
	{ "alpha", BOB, "kms.tac.example kms.bravo.example" },
	{ "alpha", "sip:carl@bravo.example", "kms.bravo.example" },
	{ "alpha", HIDDEN, "" },
	{ "alpha", NOBODY, "" },
	{ "alpha", "sip:zoe@nowhere.example", "" },
	{ "alpha", "tel:+123", "" },
	{ "bravo", ALICE, "kms.alpha.example" },
	{ "bravo", BOB, "kms.tac.example kms.bravo.example" },
	{ "bravo", HIDDEN, "kms.hidden.example" },
	{ "charlie", ALICE, "" },
	{ "charlie", BOB, "" },
	{ "charlie", NOBODY, "" },
	{ "delta", ALICE, "kms.alpha.example" },
	{ "delta", BOB, "" },
};

static void
tells_what_the_agreement_discloses(void **state)
{
	static const char *const dialects[] = { "kms", "domain-lookup",
		"domain-lookup-json" };

	(void)state;
	for (size_t k = 0; k < GW_COUNT(dialects); k++)
		for (size_t i = 0; i < GW_COUNT(disclosed); i++) {
			const char *user = disclosed[i].user;
			const struct tasked_answer *a =
			    ask(disclosed[i].asker, dialects[k], user);
			assert_int_equal(a->status, 200);
			const char *told =
			    tasked_domains(t, dialects[k], user, a);
			if (strcmp(told, disclosed[i].told) != 0)
				fail_msg("%s asks %s about %s: \"%s\"",
				    disclosed[i].asker, dialects[k], user,
				    told);
		}
}

static void
a_reload_changes_it_at_once(void **state)
{
	const struct tasked_settings mute = { .rules = TASKED_PERMIT };
	size_t asked;

	(void)state;
	assert_string_equal(
	    tasked_domains(t, "kms", BOB, ask("alpha", "kms", BOB)),
	    "kms.tac.example kms.bravo.example");
	asked = t->n_questions;
	tasked_reload(t, &mute);
	assert_string_equal(
	    tasked_domains(t, "kms", BOB, ask("alpha", "kms", BOB)), "");
	/* What is remembered stays, only what is told changes. */
	assert_int_equal(t->n_questions, asked);
	tasked_reload(t, &usual);
	assert_string_equal(
	    tasked_domains(t, "kms", BOB, ask("alpha", "kms", BOB)),
	    "kms.tac.example kms.bravo.example");
}

/* Even for those who wait for the answer. */
static void
a_reload_while_waiting_counts(void **state)
{
	const struct tasked_settings mute = { .rules = TASKED_PERMIT };
	uint64_t stream = tasked_ask(t, "alpha", "kms", BOB);
	const struct tasked_question q = *tasked_question(t);

	(void)state;
	tasked_reload(t, &mute);
	tasked_serve(t, &q, "domain-lookup", BOB, "kms.bravo.example");
	tasked_wait(t, 200);
	assert_non_null(tasked_answer(t, stream));
	assert_string_equal(
	    tasked_domains(t, "kms", BOB, tasked_answer(t, stream)), "");
}

/* What another service said, or in names that meant something else, is not
 * told: the one that is in force is asked. */
static void
a_reload_that_changes_the_service_asks_anew(void **state)
{
	const struct tasked_settings maps = {
		.party = "<map kms=\"urn:kms:7\" as=\"kms.bravo.example\"/>"
	};
	uint64_t stream = tasked_ask(t, "alpha", "kms", BOB);
	uint64_t gone = tasked_ask(t, "alpha", "kms", BOB);
	struct tasked_question q = *tasked_question(t);

	(void)state;
	tasked_reload(t, &maps);
	tasked_serve(t, &q, "domain-lookup", BOB, "kms.tac.example");
	assert_null(tasked_answer(t, stream));
	assert_int_equal(t->n_questions, 2);
	tasked_gone(t, gone);
	q = *tasked_question(t);
	tasked_serve(t, &q, "domain-lookup", BOB, "urn:kms:7");
	assert_string_equal(
	    tasked_domains(t, "kms", BOB, tasked_answer(t, stream)),
	    "kms.bravo.example");
	assert_null(tasked_answer(t, gone));
}

static void
names_are_those_of_the_asker(void **state)
{
	const struct tasked_settings maps = {
		.party = "<map user-domain=\"inner.example\""
			 " as=\"bravo.example\"/>"
			 "<map kms=\"urn:kms:7\" as=\"kms.bravo.example\"/>"
	};
	uint64_t stream;

	(void)state;
	tasked_reload(t, &maps);
	stream = tasked_ask(t, "alpha", "domain-lookup-json", BOB);
	const struct tasked_question q = *tasked_question(t);
	tasked_serve(
	    t, &q, "domain-lookup", "sip:bob@inner.example", "urn:kms:7");
	assert_string_equal(tasked_domains(t, "domain-lookup-json", BOB,
				tasked_answer(t, stream)),
	    "kms.bravo.example");
	/* bravo asks about its own user, by its own names. */
	assert_string_equal(tasked_domains(t, "kms", "sip:bob@inner.example",
				ask("bravo", "kms", "sip:bob@inner.example")),
	    "urn:kms:7");
}

/* External domains too, whoever asks: `mcxgw lookup` calls the same. */
static void
external_domains_have_the_names_of_the_asker(void **state)
{
	const struct tasked_settings maps = {
		.party = "<map kms=\"urn:kms:7\" as=\"kms.bravo.example\"/>"
	};
	const struct gw_span external[] = { GW_LIT("kms.bravo.example"),
		GW_LIT("kms.hidden.example") };
	struct gw_lookup_answer in = { .n_domains = 1 }, out;

	(void)state;
	tasked_reload(t, &maps);
	const struct snapshot *s = t->rig.snap;
	in.domains[0] = (struct gw_lookup_domain){ GW_SPAN("kms.alpha.example"),
		true, GW_COUNT(external), external };
	assert_true(
	    lookup_ask_told(s, conf_system_by_id(s->conf, GW_SPAN("bravo")),
		conf_system_by_id(s->conf, GW_SPAN("alpha")), &in,
		t->rig.now.wall_us, t->arena, &out));
	assert_int_equal(out.n_domains, 1);
	assert_int_equal(out.domains[0].n_external, 1);
	assert_true(
	    gw_span_eq(out.domains[0].external[0], GW_SPAN("urn:kms:7")));
}

/* Who may be told nothing causes no question. */
static void
nobody_is_asked_in_vain(void **state)
{
	(void)state;
	(void)ask("charlie", "kms", BOB);
	(void)ask("charlie", "kms", ALICE);
	(void)ask("delta", "kms", BOB);
	assert_int_equal(t->n_questions, 0);
	(void)ask("delta", "kms", ALICE);
	assert_int_equal(t->n_questions, 1);
}

/* ---- what tells nothing ---- */

struct sample {
	uint64_t took_us;
	unsigned status;
	struct gw_span body;
};

static struct sample
sample(const char *asker, const char *dialect, const char *user,
    unsigned service_ms)
{
	uint64_t begun = t->rig.now.mono_us;
	const struct tasked_answer *a =
	    ask_after(asker, dialect, user, service_ms);

	return (struct sample){ a->at_us - begun, a->status, a->body };
}

/* The same but for the name of the user, which has the same length. */
static void
assert_alike(struct sample a, struct sample b)
{
	assert_int_equal(a.status, b.status);
	assert_int_equal(a.body.len, b.body.len);
	assert_true(a.took_us >= NONE_AFTER_US &&
		    a.took_us <= NONE_AFTER_US + 2 * TICK_US);
	assert_true(b.took_us >= NONE_AFTER_US &&
		    b.took_us <= NONE_AFTER_US + 2 * TICK_US);
}

static void
unknown_and_undisclosed_are_alike(void **state)
{
	static const char *const dialects[] = { "kms", "domain-lookup",
		"domain-lookup-json" };
	static const char *const askers[] = { "alpha", "charlie", "delta" };

	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		const char *dialect = dialects[i % 3];
		const char *asker = askers[i / 3 % 3];
		/* Known ones take the service longer, and the second time
		 * both are remembered, or only one is. */
		struct sample no = sample(asker, dialect, NOBODY, i % 7);
		struct sample hidden =
		    sample(asker, dialect, HIDDEN, 10 + i % 80);
		assert_alike(no, hidden);
		if (i % 4 == 3)
			tasked_wait(t, 31000); /* negative answers lapse */
	}
}

/* The very same octets, for the same user in the same second. */
static void
the_octets_do_not_tell(void **state)
{
	struct gw_span first = { NULL, 0 };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		/* unknown; then hidden; remembered or not */
		struct gw_now start = t->rig.now;
		size_t asked = t->n_questions;
		uint64_t stream = tasked_ask(t, "alpha", "kms", NOBODY);
		if (t->n_questions > asked)
			tasked_serve(t, tasked_question(t), "domain-lookup",
			    NOBODY, i < 2 ? "" : "kms.hidden.example");
		tasked_wait(t, 150);
		const struct tasked_answer *a = tasked_answer(t, stream);
		assert_non_null(a);
		if (first.p == NULL)
			first = a->body;
		assert_true(gw_span_eq(first, a->body));
		if (i == 1)
			tasked_wait(t, 31000);
		t->rig.now.wall_us = start.wall_us;
	}
}

static void
a_slow_service_costs_whole_steps(void **state)
{
	uint64_t begun = t->rig.now.mono_us;
	const struct tasked_answer *a = ask_after("alpha", "kms", NOBODY, 230);

	(void)state;
	assert_true(a->at_us - begun >= 3 * NONE_AFTER_US);
	assert_true(a->at_us - begun <= 3 * NONE_AFTER_US + 2 * TICK_US);
}

static void
what_is_told_does_not_wait(void **state)
{
	uint64_t begun;

	(void)state;
	(void)ask("alpha", "kms", BOB);
	begun = t->rig.now.mono_us;
	uint64_t stream = tasked_ask(t, "alpha", "kms", BOB);
	assert_non_null(tasked_answer(t, stream));
	assert_int_equal(tasked_answer(t, stream)->at_us, begun);
}

static void
a_service_that_is_down_is_so_for_all(void **state)
{
	(void)state;
	(void)ask("alpha", "kms", HIDDEN); /* remembered */
	(void)ask("alpha", "kms", BOB);
	for (unsigned i = 0; i < 2; i++) {
		char user[64];
		snprintf(user, sizeof(user), "sip:new%u@bravo.example", i);
		(void)tasked_ask(t, "alpha", "kms", user);
		tasked_fail(t, tasked_question(t));
		tasked_wait(t, 150);
	}
	size_t asked = t->n_questions;
	struct sample hidden = sample("alpha", "kms", HIDDEN, 0);
	struct sample no = sample("alpha", "kms", NOBODY, 0);
	struct sample other = sample("charlie", "kms", NOBODY, 0);
	assert_int_equal(hidden.status, 503);
	assert_alike(hidden, no);
	assert_int_equal(other.status, 200); /* it is told nothing anyway */
	assert_int_equal(t->n_questions, asked); /* it is left alone */
	/* What is remembered and may be told is told. */
	assert_string_equal(
	    tasked_domains(t, "kms", BOB, ask("alpha", "kms", BOB)),
	    "kms.tac.example kms.bravo.example");
	/* Users of others are not touched by it. */
	assert_int_equal(ask("alpha", "kms", ALICE)->status, 200);
	assert_int_equal(
	    ask("alpha", "kms", "sip:zoe@nowhere.example")->status, 200);
}

/* One question that fails is no sign that there is no such user. */
static void
a_question_that_fails_is_told_as_that(void **state)
{
	uint64_t stream;

	(void)state;
	stream = tasked_ask(t, "alpha", "kms", NOBODY);
	tasked_fail(t, tasked_question(t));
	tasked_wait(t, 150);
	assert_int_equal(tasked_answer(t, stream)->status, 503);
	assert_int_equal(ask("alpha", "kms", NOBODY)->status, 200);
}

/* What is known of a user of whom nothing is told counts as long as that there
 * is none, though it may be remembered longer: a service that fails then does
 * not tell the two apart. */
static void
what_is_not_told_is_asked_as_often_as_what_is_not_known(void **state)
{
	static const char *const both[] = { HIDDEN, NOBODY };
	size_t before;

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		(void)ask("alpha", "kms", both[i]);
	tasked_wait(t, NEGATIVE_MS - 2000);
	before = t->n_questions;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(ask("alpha", "kms", both[i])->status, 200);
	assert_int_equal(t->n_questions, before);
	tasked_wait(t, 2000);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t stream = tasked_ask(t, "alpha", "kms", both[i]);
		assert_int_equal(t->n_questions, before + i + 1);
		if (i == 0)
			tasked_serve(t, tasked_question(t), "domain-lookup",
			    HIDDEN, "kms.hidden.example");
		else
			tasked_serve(t, tasked_question(t), "domain-lookup",
			    NOBODY, NULL);
		tasked_wait(t, 150);
		assert_int_equal(tasked_answer(t, stream)->status, 200);
	}
	/* And what may be told is told from memory. */
	(void)ask("alpha", "kms", BOB);
	tasked_wait(t, NEGATIVE_MS + 1000);
	before = t->n_questions;
	(void)ask("alpha", "kms", BOB);
	assert_int_equal(t->n_questions, before);
	/* Both are asked about again, and fail alike. */
	for (unsigned i = 0; i < 2; i++) {
		uint64_t stream = tasked_ask(t, "alpha", "kms", both[i]);
		tasked_fail(t, tasked_question(t));
		tasked_wait(t, 150);
		assert_int_equal(tasked_answer(t, stream)->status, 503);
		(void)ask("alpha", "kms", BOB);
	}
}

/* ---- limits ---- */

static void
asks_are_limited_by_system(void **state)
{
	const struct tasked_settings few = { .lookups = "asks=\"3\"" };
	uint64_t stream;

	(void)state;
	(void)ask("alpha", "kms", BOB);
	tasked_reload(t, &few);
	tasked_wait(t, 2000);
	for (unsigned i = 0; i < 5; i++) {
		stream = tasked_ask(t, "alpha", "kms", BOB);
		const struct tasked_answer *a = tasked_answer(t, stream);
		assert_non_null(a);
		assert_int_equal(a->status, i < 3 ? 200 : 429);
		assert_int_equal(a->retry_after_s > 0, i >= 3);
	}
	stream = tasked_ask(t, "bravo", "kms", BOB);
	assert_int_equal(tasked_answer(t, stream)->status, 200);
	tasked_wait(t, 1000);
	stream = tasked_ask(t, "alpha", "kms", BOB);
	assert_int_equal(tasked_answer(t, stream)->status, 200);
}

static void
no_more_wait_than_may(void **state)
{
	const struct tasked_settings few = { .lookups = "waiting=\"3\"" };
	uint64_t streams[4];

	(void)state;
	tasked_reload(t, &few);
	for (size_t i = 0; i < GW_COUNT(streams); i++)
		streams[i] = tasked_ask(t, "alpha", "kms", BOB);
	for (size_t i = 0; i < 3; i++)
		assert_null(tasked_answer(t, streams[i]));
	assert_non_null(tasked_answer(t, streams[3]));
	assert_int_equal(tasked_answer(t, streams[3])->status, 503);
	tasked_serve(
	    t, tasked_question(t), "domain-lookup", BOB, "kms.bravo.example");
	assert_int_equal(t->n_questions, 1);
	assert_int_equal(tasked_answer(t, streams[0])->status, 200);
	assert_int_equal(tasked_answer(t, streams[1])->status, 200);
}

static void
a_slow_service_leaves_room_for_others(void **state)
{
	const struct tasked_settings few = { .lookups = "waiting=\"4\"" };

	(void)state;
	tasked_reload(t, &few);
	for (unsigned i = 0; i < 3; i++) {
		char user[64];
		snprintf(user, sizeof(user), "sip:new%u@bravo.example", i);
		(void)tasked_ask(t, "alpha", "kms", user);
	}
	assert_int_equal(t->n_questions, 2); /* the third is not asked */
	(void)tasked_ask(t, "bravo", "kms", ALICE);
	assert_int_equal(t->n_questions, 3);
}

static void
who_leaves_is_forgotten(void **state)
{
	uint64_t asks = tasked_ask(t, "alpha", "kms", BOB);
	uint64_t stays = tasked_ask(t, "alpha", "kms", BOB);

	(void)state;
	tasked_gone(t, asks);
	tasked_gone(t, asks); /* twice does no harm */
	tasked_gone(t, 999);
	tasked_serve(
	    t, tasked_question(t), "domain-lookup", BOB, "kms.bravo.example");
	uint64_t held = tasked_ask(t, "charlie", "kms", BOB);
	tasked_gone(t, held);
	tasked_wait(t, 1000);
	assert_null(tasked_answer(t, asks));
	assert_null(tasked_answer(t, held));
	assert_non_null(tasked_answer(t, stays));
}

static void
the_end_may_come_while_they_wait(void **state)
{
	(void)state;
	(void)tasked_ask(t, "alpha", "kms", BOB);
	(void)tasked_ask(t, "charlie", "kms", ALICE);
	(void)tasked_ask(t, "charlie", "kms", "sip:zoe@nowhere.example");
	/* tear_down() frees the core; ASan looks at what is left. */
}

/* ---- what is no question ---- */

static void
errors_are_those_of_the_dialect(void **state)
{
	static const char lookup[] = "/keymanagement/identity/v1/lookup/";
	static const struct {
		const char *name, *path;
		enum gw_http_method method;
		unsigned status;
		const char *allow;
	} rows[] = {
		{ "another path", "/x", GW_HTTP_GET, 404, "" },
		{ "a path of ours and more", "/keymanagement/identity/v2/x",
		    GW_HTTP_POST, 404, "" },
		{ "another method", lookup, GW_HTTP_OTHER, 405, "POST" },
		{ "GET of a KMS", lookup, GW_HTTP_GET, 405, "POST" },
		{ "no user", lookup, GW_HTTP_POST, 400, "" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		char path[256];
		bool about = strcmp(rows[i].path, lookup) == 0;
		snprintf(path, sizeof(path), "%s%s", rows[i].path,
		    about ? rows[i].status == 400 ? "bob" :
						    "sip%3Ab%40bravo.example" :
			    "");
		struct gw_http_request r = { .method = rows[i].method,
			.path = gw_span_of(path),
			.authority = GW_SPAN("gw.example:8080") };
		uint64_t stream = tasked_in(t, "alpha", &r);
		const struct tasked_answer *a = tasked_answer(t, stream);
		assert_non_null(a);
		if (a->status != rows[i].status ||
		    strcmp(a->allow, rows[i].allow) != 0)
			fail_msg(
			    "%s: %u %s", rows[i].name, a->status, a->allow);
	}
}

static void
a_stranger_is_refused(void **state)
{
	uint64_t stream = tasked_ask(t, "nobody", "kms", BOB);

	(void)state;
	assert_non_null(tasked_answer(t, stream));
	assert_int_equal(tasked_answer(t, stream)->status, 403);
	assert_int_equal(t->n_questions, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_what_the_agreement_discloses),
		TEST(a_reload_changes_it_at_once),
		TEST(a_reload_while_waiting_counts),
		TEST(a_reload_that_changes_the_service_asks_anew),
		TEST(names_are_those_of_the_asker),
		TEST(external_domains_have_the_names_of_the_asker),
		TEST(nobody_is_asked_in_vain),
		TEST(unknown_and_undisclosed_are_alike),
		TEST(the_octets_do_not_tell),
		TEST(a_slow_service_costs_whole_steps),
		TEST(what_is_told_does_not_wait),
		TEST(a_service_that_is_down_is_so_for_all),
		TEST(a_question_that_fails_is_told_as_that),
		TEST(what_is_not_told_is_asked_as_often_as_what_is_not_known),
		TEST(asks_are_limited_by_system),
		TEST(no_more_wait_than_may),
		TEST(a_slow_service_leaves_room_for_others),
		TEST(who_leaves_is_forgotten),
		TEST(the_end_may_come_while_they_wait),
		TEST(errors_are_those_of_the_dialect),
		TEST(a_stranger_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
