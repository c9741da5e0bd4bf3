/*
 * test_core_workers.c: two workers of one gateway: what belongs to the other
 * is handed over, once, and found there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/talk.h"

static const char permits[] =
    "<permit from=\"alpha\" to=\"bravo\" id=\"out\">"
    "<communication service=\"mcptt\" kind=\"message other\"/>"
    "<initiator match=\"sip:*@alpha.example\"/>"
    "<target match=\"sip:*@bravo.example\"/>"
    "<domains initiator=\"kms.alpha.example\""
    " receiver=\"kms.bravo.example\"/>"
    "<key-message presence=\"optional\" signature=\"off\"/></permit>\n";

#define ALICE_IS "P-Asserted-Identity: <sip:alice@alpha.example>\n" TALK_ICSI
#define CONTACT	 "Contact: <sip:me@10.9.8.7:5062>\n"

static const struct talk_request invite = { .more = CONTACT ALICE_IS };
static struct talk t;
static struct core *workers[2];

/* The rig's own core gives way to two. */
static int
set_up(void **state)
{
	(void)state;
	rig_open(&t.rig, permits);
	core_free(t.rig.core);
	for (uint8_t i = 0; i < 2; i++) {
		struct core_setup setup = {
			.worker = i, .n_workers = 2, .replay = t.rig.replay
		};
		memset(setup.seed, i + 1, sizeof(setup.seed));
		workers[i] = core_new(&setup, t.rig.snap, t.rig.now);
		assert_non_null(workers[i]);
	}
	t.rig.core = workers[0];
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	core_free(workers[0] == t.rig.core ? workers[1] : workers[0]);
	rig_close(&t.rig);
	return 0;
}

/* The one thing that came of the last call is for the other worker, which
 * gets it. */
static void
is_handed_over(unsigned to)
{
	static uint8_t octets[RIG_TEXT_MAX];
	const struct core_actions *all = core_actions(t.rig.core);
	size_t n = 0;

	assert_int_equal(all->n, 1);
	assert_int_equal(all->at[0].kind, CORE_HAND_OVER);
	assert_int_equal(all->at[0].worker, to);
	assert_ptr_not_equal(t.rig.core, workers[to]);
	struct core_action a = all->at[0];
	for (size_t i = 0; i < a.n_iov; n += a.iov[i++].iov_len)
		memcpy(octets + n, a.iov[i].iov_base, a.iov[i].iov_len);
	t.rig.core = workers[to];
	core_message(t.rig.core, &a.flow, (struct gw_span){ octets, n },
	    a.rounds, t.rig.now);
}

static void
a_response_goes_to_the_worker_of_its_request(void **state)
{
	(void)state;
	talk_in(&t, RIG_ALPHA, &invite);
	talk_crossed(&t, 5090);
	t.rig.core = workers[1];
	talk_answer(&t, RIG_BRAVO, 180, CONTACT, NULL);
	is_handed_over(0);
	talk_back(&t, 180);
	t.rig.core = workers[1];
	talk_answer(&t, RIG_BRAVO, 404, NULL, NULL);
	is_handed_over(0);
	assert_int_equal(rig_count(&t.rig), 2); /* ACK, 404 */
	t.rig.core = workers[1];
	talk_in(&t, RIG_ALPHA,
	    &(struct talk_request){ .method = "ACK", .branch = "INVITE" });
	is_handed_over(0);
	talk_nothing(&t);
}

static void
a_cancel_goes_round_once(void **state)
{
	const struct talk_request cancel = { .method = "CANCEL",
		.branch = "INVITE" };

	(void)state;
	talk_in(&t, RIG_ALPHA, &invite);
	talk_crossed(&t, 5090);
	talk_answer(&t, RIG_BRAVO, 180, CONTACT, NULL);
	t.rig.core = workers[1];
	talk_in(&t, RIG_ALPHA, &cancel);
	is_handed_over(0);
	assert_int_equal(rig_count(&t.rig), 2); /* 200, CANCEL */
	/* nobody's: the second one passes it on as it would have gone */
	t.rig.core = workers[1];
	talk_in(&t, RIG_ALPHA, &(struct talk_request){ .method = "CANCEL" });
	is_handed_over(0);
	talk_crossed(&t, 5090);
	/* nobody's ACK without a dialog ends */
	t.rig.core = workers[1];
	talk_in(&t, RIG_ALPHA, &(struct talk_request){ .method = "ACK" });
	is_handed_over(0);
	talk_nothing(&t);
}

static void
a_response_that_nobody_waits_for_passes_by_its_token(void **state)
{
	(void)state;
	talk_in(&t, RIG_ALPHA, &invite);
	talk_crossed(&t, 5090);
	core_free(workers[0]);
	struct core_setup setup = { .n_workers = 2, .replay = t.rig.replay };
	workers[0] = core_new(&setup, t.rig.snap, t.rig.now);
	assert_non_null(workers[0]);
	t.rig.core = workers[1];
	talk_answer(&t, RIG_BRAVO, 200, CONTACT, NULL);
	is_handed_over(0);
	talk_back(&t, 200);
}

#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENARIO(a_response_goes_to_the_worker_of_its_request),
		SCENARIO(a_cancel_goes_round_once),
		SCENARIO(a_response_that_nobody_waits_for_passes_by_its_token),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
