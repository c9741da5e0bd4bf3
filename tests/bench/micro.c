/*
 * micro.c: what single steps cost, in nanoseconds of CPU time.
 *
 * usage: bench_micro CONFIGURATION SCHEMA-FOLDER MESSAGE MESSAGE
 *
 * The messages are INVITEs from system alpha to bravo that the configuration
 * permits, with signed key messages of two users.  Each line is the best of
 * ROUNDS rounds.  tests/bench/micro makes the files and calls this.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/gate.h"
#include "core/topo.h"
#include "support/tfile.h"
#include "support/ttopo.h"

#define ROUNDS	  7
#define ROUND_NS  40000000 /* how long a round should last */
#define SIGNERS	  64
#define ARENA	  ((size_t)1 << 20)
#define PLAIN_LEN 200 /* octets in the token that is measured */

struct micro {
	struct snapshot *snap;
	struct gw_now now;
	struct gw_arena *arena; /* emptied before each call */
	struct token_sealer *sealer;
	struct ttopo_msg in[2]; /* requests */
	struct ttopo_msg out; /* the first as it is sent on */
	struct ttopo_msg reply; /* 200 to it */
	struct sip_msg scratch;
	struct sip_edits edits;
	struct iovec iov[SIP_IOV_MAX];
	struct gate_case judged;
	struct gate gate;
	struct gate_ask ask;
	struct topo_target target;
	struct eccsi_verifier *many, *one; /* room for signers */
	unsigned turn;
	uint8_t text[TOKEN_TEXT_MAX], plain[TOKEN_PLAIN_MAX];
	bool ok; /* all calls so far did what they should */
};

static uint64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static struct topo
way(struct micro *b, uint16_t from, uint16_t to)
{
	uint16_t in = 0, out = 0;

	for (uint16_t i = 0; i < b->snap->conf->n_listeners; i++) {
		if (b->snap->conf->listeners[i].system == from)
			in = i;
		if (b->snap->conf->listeners[i].system == to)
			out = i;
	}
	return (struct topo){ .snap = b->snap,
		.sealer = b->sealer,
		.arena = b->arena,
		.now = b->now,
		.from = from,
		.to = to,
		.in = in,
		.out = out };
}

static void
parse(struct micro *b)
{
	struct gw_fault fault;
	struct gw_span raw = { b->in[0].raw, b->in[0].len };

	b->ok &= sip_msg_parse(raw, &b->scratch, &fault) == GW_OK;
}

static void
parse_reply(struct micro *b)
{
	struct gw_fault fault;
	struct gw_span raw = { b->reply.raw, b->reply.len };

	b->ok &= sip_msg_parse(raw, &b->scratch, &fault) == GW_OK;
}

static void
read_body(struct micro *b)
{
	struct gw_fault fault;

	b->ok &= mcx_body_read(
		     &b->in[0].m, b->arena, &b->judged.body, &fault) == GW_OK;
}

static void
judge(struct micro *b)
{
	gate_judge(&b->gate, b->snap, &b->in[0].m, &b->ask, b->now, b->arena,
	    &b->judged);
	b->ok &= b->judged.verdict.outcome == GW_PERMIT;
}

static void
decide(struct micro *b)
{
	policy_decide(b->snap->policy, &b->judged.facts, b->now.wall_us,
	    &b->judged.verdict);
	b->ok &= b->judged.verdict.outcome == GW_PERMIT;
}

static void
edit_request(struct micro *b)
{
	static const uint8_t branch[TOPO_BRANCH_LEN + 1] =
	    "z9hG4bK0123456789abcdef01234567";
	struct topo t = way(b, b->ask.from, b->judged.verdict.to);
	struct topo_request r = { .target = &b->target,
		.body = &b->judged.body,
		.branch = { branch, TOPO_BRANCH_LEN },
		.memo = b->judged.memo,
		.cap_p = -1,
		.cap_q = -1,
		.handling = policy_handling(
		    b->snap->policy, t.from, t.to, b->now.wall_us) };
	struct gw_fault fault;
	size_t n, len;

	conf_addr_parse(GW_SPAN("127.0.0.2:5070"), &r.source);
	sip_edits_init(&b->edits, b->in[0].m.raw);
	b->ok &= topo_edit_request(&t, &b->in[0].m, &r, &b->edits, &fault) ==
		     GW_OK &&
		 sip_edits_apply(&b->edits, b->iov, &n, &len) == GW_OK;
	b->out.len = 0;
	for (size_t i = 0; b->ok && i < n; i++) {
		memcpy(b->out.raw + b->out.len, b->iov[i].iov_base,
		    b->iov[i].iov_len);
		b->out.len += b->iov[i].iov_len;
	}
}

static void
edit_response(struct micro *b)
{
	struct topo t = way(b, b->judged.verdict.to, b->ask.from);
	struct topo_via via;
	struct topo_back back;
	struct gw_fault fault;
	size_t n, len;

	b->ok &= topo_read_via(b->snap, &b->reply.m, &via) &&
		 topo_open_via(&t, &via, &back) == GW_OK;
	if (!b->ok)
		return;
	struct topo_response r = { .vias = back.vias,
		.key_id = back.key_id,
		.memo = back.memo,
		.handling = policy_handling(
		    b->snap->policy, t.from, t.to, b->now.wall_us) };
	sip_edits_init(&b->edits, b->reply.m.raw);
	b->ok &= topo_edit_response(&t, &b->reply.m, &r, &b->edits, &fault) ==
		     GW_OK &&
		 sip_edits_apply(&b->edits, b->iov, &n, &len) == GW_OK;
}

static struct token_bind
bind(void)
{
	return (struct token_bind){ TOKEN_URI, GW_SPAN("bravo") };
}

static void
seal(struct micro *b)
{
	struct token_bind to = bind();
	struct gw_span plain = { b->in[0].raw, PLAIN_LEN };

	b->ok &= token_seal(b->sealer, 0, &to, plain, b->text) == GW_OK;
}

static void
open_token(struct micro *b)
{
	struct token_bind from = bind();
	struct gw_span text = { b->text, TOKEN_TEXT_LEN(PLAIN_LEN) };
	uint8_t key_id;
	size_t len;

	b->ok &= token_open(b->sealer, b->now, &from, text, b->plain, &len,
		     &key_id) == GW_OK;
}

static void
verify(struct micro *b, struct eccsi_verifier *v, unsigned which)
{
	const struct mcx_key_msg *k;
	struct gw_fault fault;
	const char *why = "";

	if (mcx_body_read(&b->in[which].m, b->arena, &b->judged.body, &fault) !=
		GW_OK ||
	    b->judged.body.n_keys == 0) {
		b->ok = false;
		return;
	}
	k = &b->judged.body.keys[0];
	const struct kms_cert *cert =
	    kms_certs_find(b->snap->kms, GW_SPAN("kms.alpha.example"));
	b->ok &= cert != NULL &&
		 kms_cert_verify(cert, &k->imsg, NULL, v, &why) == GW_OK;
}

static void
verify_known(struct micro *b)
{
	verify(b, b->many, 0);
}

/* Room for one signer, and two in turn: neither is ever remembered. */
static void
verify_new(struct micro *b)
{
	verify(b, b->one, b->turn++ % 2);
}

static const struct {
	const char *name;
	void (*fn)(struct micro *);
} steps[] = {
	{ "sip_msg_parse, INVITE", parse },
	{ "mcx_body_read, 3 parts", read_body },
	{ "gate_judge, signer known", judge },
	{ "policy_decide", decide },
	{ "topo_edit_request", edit_request },
	{ "sip_msg_parse, 200", parse_reply },
	{ "topo_edit_response", edit_response },
	{ "token_seal, 200 octets", seal },
	{ "token_open, 200 octets", open_token },
	{ "read and verify, signer known", verify_known },
	{ "read and verify, signer new", verify_new },
};

/* Nanoseconds of one call: the best of some rounds. */
static double
measure(struct micro *b, void (*fn)(struct micro *))
{
	uint64_t n = 1, ns = 0;
	double best = 0;

	for (unsigned round = 0; round < ROUNDS;) {
		uint64_t from = cpu_ns();
		for (uint64_t i = 0; i < n; i++) {
			gw_arena_reset(b->arena);
			fn(b);
		}
		ns = cpu_ns() - from;
		if (ns < ROUND_NS / 4) {
			n *= 4;
			continue;
		}
		double each = (double)ns / (double)n;
		best = round == 0 || each < best ? each : best;
		round++;
	}
	return best;
}

static void
read_message(struct micro *b, unsigned i, const char *path)
{
	struct ttopo_msg *m = &b->in[i];
	struct gw_fault fault;

	m->len = tfile_read(path, m->raw, sizeof(m->raw));
	b->ok &= sip_msg_parse((struct gw_span){ m->raw, m->len }, &m->m,
		     &fault) == GW_OK;
}

static void
load(struct micro *b, char **argv)
{
	struct gw_diag *d = gw_diag_new();

	b->now = gw_now_read();
	b->snap = snapshot_load(argv[1], argv[2], b->now, NULL, d);
	if (b->snap == NULL) {
		fprintf(stderr, "bench_micro: %s has mistakes\n", argv[1]);
		exit(2);
	}
	gw_diag_free(d);
	b->arena = gw_arena_new(ARENA);
	b->sealer = token_sealer_new();
	b->many = eccsi_verifier_new(SIGNERS);
	b->one = eccsi_verifier_new(1);
	if (b->arena == NULL || b->sealer == NULL || b->many == NULL ||
	    b->one == NULL)
		exit(3);
	b->ok = token_sealer_use(b->sealer, b->snap->tokens) == GW_OK;
	b->gate = (struct gate){ .verifier = b->many };
	b->ask = (struct gate_ask){ .from = conf_system_by_id(
					b->snap->conf, GW_SPAN("alpha")),
		.to = GW_SYSTEM_NONE };
	b->target.to = GW_SYSTEM_NONE;
	read_message(b, 0, argv[3]);
	read_message(b, 1, argv[4]);
}

/* What the called side answers to the request as it was sent on. */
static void
answer(struct micro *b)
{
	struct gw_fault fault;

	judge(b);
	edit_request(b);
	b->ok &= sip_msg_parse((struct gw_span){ b->out.raw, b->out.len },
		     &b->out.m, &fault) == GW_OK;
	if (b->ok)
		ttopo_reply(&b->out, 200, "Contact: <sip:bob@127.0.0.3:5080>\n",
		    &b->reply);
}

int
main(int argc, char **argv)
{
	struct micro *b = calloc(1, sizeof(*b));

	if (argc != 5 || b == NULL) {
		fprintf(stderr, "usage: bench_micro CONFIGURATION "
				"SCHEMA-FOLDER MESSAGE MESSAGE\n");
		return 2;
	}
	load(b, argv);
	if (b->ok)
		answer(b);
	for (size_t i = 0; b->ok && i < GW_COUNT(steps); i++)
		printf(
		    "%-32s %9.0f ns\n", steps[i].name, measure(b, steps[i].fn));
	if (!b->ok)
		fprintf(stderr, "bench_micro: a step failed\n");
	return b->ok ? 0 : 1;
}
