/*
 * test_core_txn.c: transactions of the engine: repetitions, timers, ends,
 * failover, and settings that change while they are open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/talk.h"

static const char permits[] =
    "<permit from=\"alpha\" to=\"bravo\" id=\"out\">"
    "<communication service=\"mcptt\" kind=\"message other subscribe\"/>"
    "<initiator match=\"sip:*@alpha.example\"/>"
    "<target match=\"sip:*@bravo.example\"/>"
    "<domains initiator=\"kms.alpha.example\""
    " receiver=\"kms.bravo.example\"/>"
    "<key-message presence=\"optional\" signature=\"off\"/></permit>\n";

#define ALPHA                                                                  \
	"<system id=\"alpha\" side=\"local\">\n"                               \
	"<domain name=\"alpha.example\"/>\n"                                   \
	"<next-hop address=\"127.0.0.1:5080\" transport=\"udp\""               \
	" udp-limit=\"60000\"/></system>\n"
#define BRAVO(more)                                                            \
	"<system id=\"bravo\" side=\"partner\">\n"                             \
	"<domain name=\"bravo.example\"/>\n"                                   \
	"<next-hop address=\"127.0.0.1:5090\" transport=\"udp\""               \
	" priority=\"1\" udp-limit=\"60000\" listener=\"b-udp\"/>\n" more      \
	"</system>\n"
#define CONFIG(listeners, systems, limits)                                     \
	"<mcxgw xmlns=\"urn:mcxgw:config:1\" name=\"gw.example\">\n" listeners \
	"<listener id=\"a-udp\" transport=\"udp\" address=\"127.0.0.1\""       \
	" port=\"5060\" system=\"alpha\" advertise=\"in.gw.example\"/>\n"      \
	"<listener id=\"a-tcp\" transport=\"tcp\" address=\"127.0.0.1\""       \
	" port=\"5060\" system=\"alpha\" advertise=\"in.gw.example\"/>\n"      \
	"<listener id=\"b-udp\" transport=\"udp\" address=\"127.0.0.1\""       \
	" port=\"5070\" system=\"bravo\""                                      \
	" advertise=\"out.gw.example:5070\"/>\n" systems                       \
	"<topology keys=\"token.keys\"/>\n"                                    \
	"<policy agreements=\"agreements\"/>\n"                                \
	"<limits " limits "/>\n</mcxgw>\n"

#define B_TCP                                                                  \
	"<listener id=\"b-tcp\" transport=\"tcp\" address=\"127.0.0.1\""       \
	" port=\"5070\" system=\"bravo\" "                                     \
	"advertise=\"out.gw.example:5070\"/>\n"

#define ALICE_IS "P-Asserted-Identity: <sip:alice@alpha.example>\n" TALK_ICSI
#define CONTACT	 "Contact: <sip:me@10.9.8.7:5062>\n"

static const struct talk_request invite = { .more = CONTACT ALICE_IS };
static const struct talk_request message = { .method = "MESSAGE",
	.more = ALICE_IS };

static struct talk t;

static int
set_up(void **state)
{
	(void)state;
	rig_open(&t.rig, permits);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	rig_close(&t.rig);
	return 0;
}

/* For scenarios that bring their settings. */
static void
begin_with(const char *config)
{
	rig_close(&t.rig);
	rig_open_with(&t.rig,
	    &(struct rig_files){ .permits = permits, .config = config });
}

static uint64_t
metric(enum metric m)
{
	return atomic_load(&core_metrics(t.rig.core)->at[m]);
}

/* Whatever is open ends within three times 64*T1 of silence, with all that
 * it held, and nobody has to call for it. */
static void
all_ends(void)
{
	size_t n;

	rig_wait(&t.rig, 3 * 32000 + 1000, &n);
	assert_int_equal(core_open(t.rig.core), 0);
	assert_true(core_next_us(t.rig.core) == UINT64_MAX);
	for (size_t i = 0; i < t.rig.snap->meters->n_systems; i++)
		assert_int_equal(t.rig.snap->meters->systems[i]->open, 0);
	for (size_t i = 0; i < t.rig.snap->meters->n_rules; i++)
		assert_int_equal(t.rig.snap->meters->rules[i]->open, 0);
	assert_int_equal(atomic_load(&t.rig.snap->refs), 2);
}

/* ---- repetitions ---- */

static void
an_invite_again_is_told_that_we_are_trying(void **state)
{
	size_t n;

	(void)state;
	talk_in(&t, RIG_ALPHA, &invite);
	talk_crossed(&t, 5090);
	rig_wait(&t.rig, 250, &n); /* its 100 is lost */
	talk_in(&t, RIG_ALPHA, &invite);
	talk_back(&t, 100); /* RFC 3261, 17.2.1 */
	talk_answer(&t, RIG_BRAVO, 180, CONTACT, NULL);
	talk_back(&t, 180);
	talk_in(&t, RIG_ALPHA, &invite);
	talk_back(&t, 180);
	talk_answer(&t, RIG_BRAVO, 486, NULL, NULL);
	all_ends();
}

static void
a_200_again_is_passed_and_counted_once(void **state)
{
	(void)state;
	talk_in(&t, RIG_ALPHA, &invite);
	talk_crossed(&t, 5090);
	for (int i = 0; i < 3; i++) {
		talk_answer(&t, RIG_BRAVO, 200, CONTACT, NULL);
		talk_back(&t, 200);
	}
	assert_int_equal(metric(METRIC_LATENCY_COUNT), 1);
	all_ends();
}

static void
a_response_of_another_method_is_none(void **state)
{
	char *cseq;

	(void)state;
	talk_in(&t, RIG_ALPHA, &message);
	talk_crossed(&t, 5090);
	cseq = strstr(t.sent, "CSeq: 1 MESSAGE");
	memcpy(cseq, "CSeq: 1 PUBLISH", 15);
	talk_answer(&t, RIG_BRAVO, 200, NULL, NULL);
	talk_nothing(&t); /* RFC 3261, 17.1.3 */
	memcpy(cseq, "CSeq: 1 MESSAGE", 15);
	talk_answer(&t, RIG_BRAVO, 200, NULL, NULL);
	talk_back(&t, 200);
}

static void
a_100_ends_at_the_gateway(void **state)
{
	(void)state;
	talk_in(&t, RIG_ALPHA, &invite);
	talk_crossed(&t, 5090);
	talk_answer(&t, RIG_BRAVO, 100, NULL, NULL);
	talk_nothing(&t);
	rig_restart(&t.rig);
	talk_answer(&t, RIG_BRAVO, 100, NULL, NULL);
	talk_nothing(&t);
	talk_answer(&t, RIG_BRAVO, 180, CONTACT, NULL);
	talk_back(&t, 180);
}

/* ---- timers ---- */

static void
a_request_that_is_being_worked_on_is_not_given_up(void **state)
{
	size_t n;

	(void)state;
	talk_in(&t, RIG_ALPHA, &message);
	talk_crossed(&t, 5090);
	rig_wait(&t.rig, 1000, &n);
	talk_answer(&t, RIG_BRAVO, 100, NULL, NULL);
	talk_nothing(&t);
	/* longer than the patience with a hop that says nothing */
	rig_wait(&t.rig, 3 * t.rig.snap->conf->limits.failover_ms, &n);
	assert_int_equal(core_open(t.rig.core), 1);
	assert_int_equal(metric(METRIC_TIMEOUTS), 0);
	talk_answer(&t, RIG_BRAVO, 200, NULL, NULL);
	talk_back(&t, 200);
	all_ends();
}

static void
a_request_that_is_worked_on_is_repeated_every_t2(void **state)
{
	uint64_t last = 0, t2 = t.rig.snap->conf->limits.t2_ms;
	unsigned hop, times = 0;

	(void)state;
	talk_in(&t, RIG_ALPHA, &message);
	talk_crossed(&t, 5090);
	talk_answer(&t, RIG_BRAVO, 100, NULL, NULL);
	while (times < 4 && rig_next(&t.rig, 20000)) {
		rig_sent(&t.rig, 0, &hop);
		if (hop == 0)
			continue; /* our own 100 */
		uint64_t ms = t.rig.now.mono_us / 1000;
		/* The first was armed before the 100 (17.1.2.2). */
		if (times++ > 0)
			assert_in_range(ms - last, t2, t2 + 20);
		last = ms;
	}
	assert_int_equal(times, 4);
	all_ends();
}

static void
ringing_on_does_not_outlive_a_cancel(void **state)
{
	size_t n;

	(void)state;
	talk_in(&t, RIG_ALPHA, &invite);
	talk_crossed(&t, 5090);
	talk_answer(&t, RIG_BRAVO, 180, CONTACT, NULL);
	talk_in(&t, RIG_ALPHA,
	    &(struct talk_request){ .method = "CANCEL", .branch = "INVITE" });
	assert_int_equal(rig_count(&t.rig), 2); /* 200, CANCEL */
	for (int s = 0; s < 40; s += 10) {
		rig_wait(&t.rig, 10000, &n);
		talk_answer(&t, RIG_BRAVO, 180, CONTACT, NULL);
	}
	/* answered by now; what is left is the caller's missing ACK */
	talk_in(&t, RIG_ALPHA, &invite);
	talk_back(&t, 487);
	all_ends();
}

static void
everything_ends_in_silence(void **state)
{
	(void)state;
	talk_in(&t, RIG_ALPHA, &message);
	all_ends();
	talk_in(&t, RIG_ALPHA, &invite);
	all_ends();
	talk_in(&t, RIG_ALPHA, &invite);
	talk_answer(&t, RIG_BRAVO, 404, NULL, NULL);
	all_ends();
	t.rig.transport = CONF_TCP;
	talk_in(&t, RIG_ALPHA, &message);
	talk_crossed(&t, 5090);
	talk_in(&t, RIG_ALPHA, &invite);
	talk_crossed(&t, 5090);
	t.rig.transport = CONF_UDP;
	talk_answer(&t, RIG_BRAVO, 500, NULL, NULL);
	all_ends();
}

static void
a_timeout_of_the_next_hop_is_not_passed_on(void **state)
{
	size_t n;

	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		t.rig.transport = tcp ? CONF_TCP : CONF_UDP;
		talk_in(&t, RIG_ALPHA, &message);
		talk_crossed(&t, 5090);
		t.rig.transport = CONF_UDP;
		talk_answer(&t, RIG_BRAVO, 408, NULL, NULL);
		talk_nothing(&t); /* RFC 4320, 4.2 */
		rig_wait(&t.rig, 10000, &n);
		assert_int_equal(core_open(t.rig.core), 0);
	}
	talk_in(&t, RIG_ALPHA, &invite);
	talk_crossed(&t, 5090);
	talk_answer(&t, RIG_BRAVO, 408, NULL, NULL);
	assert_int_equal(rig_count(&t.rig), 2); /* ACK, 408 */
	all_ends();
}

/* ---- what a proxy is asked ---- */

static void
all_that_a_proxy_lacks_is_told(void **state)
{
	(void)state;
	talk_in(&t, RIG_ALPHA,
	    &(struct talk_request){ .more = CONTACT ALICE_IS
				    "Proxy-Require:\nProxy-Require: one, two\n"
				    "Proxy-Require: three\n" });
	talk_back(&t, 420);
	talk_has(t.rig.sent, "Unsupported: one, two\r\n");
	talk_has(t.rig.sent, "Unsupported: three\r\n");
}

/* ---- failover ---- */

/* An INVITE with n URIs of the inside. */
static void
put_uris(unsigned n)
{
	static char more[16384];
	char branch[16];
	size_t at;

	snprintf(branch, sizeof(branch), "%s%u",
	    core_open(t.rig.core) == 0 ? "m" : "n", n);
	at = (size_t)snprintf(more, sizeof(more), CONTACT ALICE_IS);
	for (unsigned i = 0; i < n && at < sizeof(more); i++)
		at += (size_t)snprintf(more + at, sizeof(more) - at,
		    "Alert-Info: <sip:a@b.inner>\n");
	talk_in(&t, RIG_ALPHA,
	    &(struct talk_request){ .branch = branch, .more = more });
	assert_int_equal(rig_count(&t.rig), 1);
}

/* Enough URIs of the inside that the request just fits with the short name of
 * one hop's listener, and not with the long one of the other's. */
static void
what_the_next_hop_cannot_be_written_for_ends(void **state)
{
	static const char config[] = CONFIG(
	    "<listener id=\"b-long\" transport=\"udp\" address=\"127.0.0.1\""
	    " port=\"5071\" system=\"bravo\""
	    " advertise=\"a-very-long-name.of-a-very-small-host.which-is-here."
	    "only-to-be-long.out.gw.example:5071\"/>\n",
	    ALPHA BRAVO("<next-hop address=\"127.0.0.1:5091\""
			" transport=\"udp\" priority=\"2\""
			" udp-limit=\"60000\" listener=\"b-long\"/>\n"),
	    "transactions=\"1000\"");
	unsigned n = 0;

	(void)state;
	begin_with(config);
	do
		put_uris(++n);
	while (strncmp(rig_sent(&t.rig, 0, NULL), "SIP/2.0 513", 11) != 0);
	all_ends();
	put_uris(n - 1);
	talk_crossed(&t, 5090);
	talk_answer(&t, RIG_BRAVO, 503, NULL, NULL);
	assert_int_equal(rig_count(&t.rig), 2); /* ACK, and */
	assert_true(strncmp(rig_sent(&t.rig, 1, NULL), "SIP/2.0 513", 11) == 0);
	all_ends();
}

/* bravo's first hop says nothing, so that the second gets the request. */
static void
first_hop_is_given_up(void)
{
	unsigned hop = 0;

	talk_in(&t, RIG_ALPHA, &invite);
	talk_crossed(&t, 5090);
	while (hop != 5091 && rig_next(&t.rig, 10000))
		rig_sent(&t.rig, 0, &hop);
	assert_int_equal(hop, 5091);
}

/* What has gone to 5090 alone begins so. */
static void
to_the_first_hop(const char *line)
{
	unsigned hop;

	assert_int_equal(rig_count(&t.rig), 1);
	const char *out = rig_sent(&t.rig, 0, &hop);
	assert_int_equal(hop, 5090);
	assert_memory_equal(out, line, strlen(line));
	talk_has(out, "CSeq: 1 ");
}

static void
a_hop_that_wakes_up_too_late_is_cancelled(void **state)
{
	(void)state;
	first_hop_is_given_up();
	talk_answer(&t, RIG_BRAVO, 180, CONTACT, NULL);
	to_the_first_hop("CANCEL sip:bob@bravo.example SIP/2.0\r\n");
	talk_answer(&t, RIG_BRAVO, 180, CONTACT, NULL);
	talk_nothing(&t);
	for (int i = 0; i < 2; i++) {
		talk_answer(&t, RIG_BRAVO, 487, NULL, NULL);
		to_the_first_hop("ACK sip:bob@bravo.example SIP/2.0\r\n");
	}
	all_ends();
}

static void
or_told_that_its_answer_came(void **state)
{
	(void)state;
	first_hop_is_given_up();
	talk_answer(&t, RIG_BRAVO, 486, NULL, NULL);
	to_the_first_hop("ACK sip:bob@bravo.example SIP/2.0\r\n");
	all_ends();
	/* one that rings on, whatever it is told */
	first_hop_is_given_up();
	talk_answer(&t, RIG_BRAVO, 180, CONTACT, NULL);
	to_the_first_hop("CANCEL ");
	all_ends();
}

/* ---- settings that change ---- */

static void
a_key_that_is_gone_ends_a_failover(void **state)
{
	static const char other[] =
	    "2 f00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	    "\n";

	(void)state;
	talk_in(&t, RIG_ALPHA, &invite);
	talk_crossed(&t, 5090);
	talk_answer(&t, RIG_BRAVO, 200, CONTACT, NULL);
	talk_back(&t, 200);
	snprintf(t.sent, sizeof(t.sent), "%s", t.rig.sent);
	talk_inside(&t, RIG_ALPHA, t.sent, &(struct talk_request){ 0 });
	talk_crossed(&t, 5090);
	rig_reload(
	    &t.rig, &(struct rig_files){ .permits = permits, .keys = other });
	core_send_failed(t.rig.core, 0, t.rig.now);
	talk_nothing(&t);
	/* bravo's first hop fails; the second cannot be told what it was */
	size_t n;
	rig_wait(&t.rig, t.rig.snap->conf->limits.failover_ms + 100, &n);
	for (size_t i = 0; i < rig_count(&t.rig); i++) {
		unsigned hop;
		rig_sent(&t.rig, i, &hop);
		assert_int_not_equal(hop, 5091);
	}
	all_ends();
}

/* Everything has another number in the new settings. */
static void
settings_may_change_their_order(void **state)
{
	static const char swapped[] = CONFIG(
	    "<listener id=\"b-2\" transport=\"udp\" address=\"127.0.0.1\""
	    " port=\"5072\" system=\"bravo\" advertise=\"b2.gw.example\"/>\n",
	    BRAVO("<next-hop address=\"127.0.0.1:5093\" transport=\"udp\""
		  " listener=\"b-udp\" priority=\"9\"/>\n") ALPHA,
	    "transactions=\"900\"");

	(void)state;
	talk_in(&t, RIG_ALPHA, &invite);
	talk_crossed(&t, 5090);
	rig_reload(&t.rig,
	    &(struct rig_files){ .permits = permits, .config = swapped });
	talk_answer(&t, RIG_BRAVO, 180, CONTACT, NULL);
	talk_back(&t, 180);
	talk_in(&t, RIG_ALPHA, &invite);
	talk_back(&t, 180);
	talk_in(&t, RIG_BRAVO, &invite); /* the same branch, another's */
	talk_back(&t, 403);
	talk_answer(&t, RIG_BRAVO, 200, CONTACT, NULL);
	talk_back(&t, 200);
	snprintf(t.sent, sizeof(t.sent), "%s", t.rig.sent);
	talk_inside(&t, RIG_ALPHA, t.sent, &(struct talk_request){ 0 });
	talk_crossed(&t, 5090);
	all_ends();
}

/* What was sent under an old name of ours is answered under it. */
static void
a_name_may_change_while_a_request_is_open(void **state)
{
	static const char other[] =
	    "<mcxgw xmlns=\"urn:mcxgw:config:1\" name=\"gw.example\">\n"
	    "<listener id=\"a-udp\" transport=\"udp\" address=\"127.0.0.1\""
	    " port=\"5060\" system=\"alpha\" advertise=\"in2.example\"/>\n"
	    "<listener id=\"b-udp\" transport=\"udp\" address=\"127.0.0.1\""
	    " port=\"5070\" system=\"bravo\" "
	    "advertise=\"out2.example\"/>\n" ALPHA BRAVO(
		"") "<topology keys=\"token.keys\"/>\n"
		    "<policy agreements=\"agreements\"/>\n</mcxgw>\n";

	(void)state;
	talk_in(&t, RIG_ALPHA, &invite);
	talk_crossed(&t, 5090);
	rig_reload(
	    &t.rig, &(struct rig_files){ .permits = permits, .config = other });
	talk_answer(&t, RIG_BRAVO, 200, CONTACT, NULL);
	talk_back(&t, 200);
	all_ends();
	talk_answer(&t, RIG_BRAVO, 200, CONTACT, NULL);
	talk_nothing(&t); /* by now the name is a stranger's */
}

static void
a_larger_limit_holds_at_once(void **state)
{
	static const char small[] =
	    CONFIG("", ALPHA BRAVO(""), "message=\"8192\"");
	static const char large[] =
	    CONFIG(B_TCP, ALPHA BRAVO(""), "message=\"524288\"");
	static char body[40000];
	struct core_flow flow = rig_flow(&t.rig, RIG_ALPHA);
	static char text[400000];
	char branch[16];

	(void)state;
	begin_with(small);
	for (int i = 0; i < 3; i++) {
		snprintf(branch, sizeof(branch), "s%d", i);
		talk_in(&t, RIG_ALPHA,
		    &(struct talk_request){ .method = "MESSAGE",
			.more = ALICE_IS,
			.branch = branch });
		talk_crossed(&t, 5090);
	}
	rig_reload(
	    &t.rig, &(struct rig_files){ .permits = permits, .config = large });
	all_ends(); /* what the old ones held is used again */
	memset(body, 'x', sizeof(body) - 1);
	for (int i = 0; i < 6; i++) {
		int n = snprintf(text, sizeof(text),
		    "MESSAGE sip:bob@bravo.example SIP/2.0\r\n"
		    "Via: SIP/2.0/UDP h:5080;branch=z9hG4bKl%d\r\n"
		    "From: <sip:alice@alpha.example>;tag=1\r\n"
		    "To: <sip:bob@bravo.example>\r\nCall-ID: l%d\r\n"
		    "CSeq: 1 MESSAGE\r\n"
		    "P-Asserted-Identity: <sip:alice@alpha.example>\r\n"
		    "P-Asserted-Service: "
		    "urn:urn-7:3gpp-service.ims.icsi.mcptt\r\n"
		    "Content-Type: text/plain\r\nContent-Length: 320000\r\n"
		    "\r\n",
		    i, i);
		memset(text + n, 'x', 320000);
		core_message(t.rig.core, &flow,
		    (struct gw_span){
			(const uint8_t *)text, (size_t)n + 320000 },
		    0, t.rig.now);
		assert_int_equal(rig_count(&t.rig), 1);
		assert_int_equal(
		    core_actions(t.rig.core)->at[0].kind, CORE_SEND_HOP);
	}
}

/* ---- what no datagram holds ---- */

static void
what_no_datagram_holds_is_nobodys_failure(void **state)
{
	static const char config[] =
	    CONFIG("", ALPHA BRAVO(""), "transactions=\"1000\"");
	static char body[70000];
	const struct talk_request large = { .method = "MESSAGE",
		.branch = "large",
		.more = ALICE_IS,
		.type = "text/plain",
		.body = body };

	(void)state;
	begin_with(config);
	memset(body, 'x', sizeof(body) - 1);
	t.rig.transport = CONF_TCP;
	talk_in(&t, RIG_ALPHA, &large);
	talk_back(&t, 513);
	assert_true(health_is_up(t.rig.snap->health, 0, t.rig.now.mono_us) &&
		    health_is_up(t.rig.snap->health, 1, t.rig.now.mono_us));
	/* an answer that cannot get back is one that did not come */
	t.rig.transport = CONF_UDP;
	talk_in(&t, RIG_ALPHA, &message);
	talk_crossed(&t, 5090);
	talk_answer(&t, RIG_BRAVO, 200, NULL, body);
	talk_back(&t, 502);
}

/* ---- streams ---- */

/* text without its Content-Length. */
static void
lose_length(char *text)
{
	char *at = strstr(text, "Content-Length:"), *end = strchr(at, '\n') + 1;

	memmove(at, end, strlen(end) + 1);
}

/* A datagram needs no length; what follows it on a stream would be taken for
 * the next message (RFC 3261, 16.6 step 10 and 16.7 step 9). */
static void
what_goes_into_a_stream_has_its_length(void **state)
{
	static const char config[] = CONFIG(B_TCP,
	    ALPHA "<system id=\"bravo\" side=\"partner\">\n"
		  "<domain name=\"bravo.example\"/>\n"
		  "<next-hop address=\"127.0.0.1:5090\" transport=\"tcp\""
		  " listener=\"b-tcp\"/></system>\n",
	    "transactions=\"1000\"");
	static const struct talk_request with_body = { .method = "MESSAGE",
		.branch = "b",
		.more = ALICE_IS,
		.type = "text/plain",
		.body = "hello" };

	(void)state;
	begin_with(config);
	talk_in(&t, RIG_ALPHA, &with_body); /* to have its text */
	memcpy(strstr(t.text, "z9hG4bKb"), "z9hG4bKc", 8);
	lose_length(t.text);
	rig_in(&t.rig, RIG_ALPHA, t.text);
	talk_crossed(&t, 5090);
	talk_has(t.sent, "Content-Length: 5\r\n");
}

static void
so_has_what_goes_back_on_one(void **state)
{
	(void)state;
	t.rig.transport = CONF_TCP;
	talk_in(&t, RIG_ALPHA, &invite);
	talk_crossed(&t, 5090);
	t.rig.transport = CONF_UDP;
	talk_answer(&t, RIG_BRAVO, 180, CONTACT, NULL);
	lose_length(t.text);
	rig_in(&t.rig, RIG_BRAVO, t.text);
	talk_back(&t, 180);
	talk_has(t.rig.sent, "Content-Length: 0\r\n");
}

/* ---- where a request came from ---- */

static void
rport_is_the_source_port_on_streams_too(void **state)
{
	(void)state;
	t.rig.transport = CONF_TCP;
	talk_in(&t, RIG_ALPHA, &message);
	/* a port for what comes in, another one for what goes out */
	char *port = strstr(t.text, "pcscf.inner:5080");
	memcpy(port, "pcscf.inner:5555", 16);
	memcpy(strstr(t.text, "z9hG4bK") + 7, "XESSAGE", 7);
	rig_in(&t.rig, RIG_ALPHA, t.text);
	talk_crossed(&t, 5090);
	t.rig.transport = CONF_UDP;
	talk_answer(&t, RIG_BRAVO, 200, NULL, NULL);
	talk_back(&t, 200);
	talk_has(t.rig.sent, "pcscf.inner:5555;");
	talk_has(t.rig.sent, "rport=5080");
	t.rig.transport = CONF_TCP;
	memcpy(strstr(t.text, "z9hG4bK"), "z9hG4bK", 7);
	talk_in(&t, RIG_ALPHA,
	    &(struct talk_request){ .method = "MESSAGE",
		.branch = "r",
		.uri = "sip:x@nowhere.example",
		.more = ALICE_IS });
	talk_back(&t, 404);
	talk_has(t.rig.sent, "rport=5080");
}

#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENARIO(an_invite_again_is_told_that_we_are_trying),
		SCENARIO(a_200_again_is_passed_and_counted_once),
		SCENARIO(a_response_of_another_method_is_none),
		SCENARIO(a_100_ends_at_the_gateway),
		SCENARIO(a_request_that_is_being_worked_on_is_not_given_up),
		SCENARIO(a_request_that_is_worked_on_is_repeated_every_t2),
		SCENARIO(ringing_on_does_not_outlive_a_cancel),
		SCENARIO(everything_ends_in_silence),
		SCENARIO(a_timeout_of_the_next_hop_is_not_passed_on),
		SCENARIO(all_that_a_proxy_lacks_is_told),
		SCENARIO(what_the_next_hop_cannot_be_written_for_ends),
		SCENARIO(a_hop_that_wakes_up_too_late_is_cancelled),
		SCENARIO(or_told_that_its_answer_came),
		SCENARIO(a_key_that_is_gone_ends_a_failover),
		SCENARIO(settings_may_change_their_order),
		SCENARIO(a_name_may_change_while_a_request_is_open),
		SCENARIO(a_larger_limit_holds_at_once),
		SCENARIO(what_no_datagram_holds_is_nobodys_failure),
		SCENARIO(what_goes_into_a_stream_has_its_length),
		SCENARIO(so_has_what_goes_back_on_one),
		SCENARIO(rport_is_the_source_port_on_streams_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
