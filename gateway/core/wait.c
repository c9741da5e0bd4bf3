/*
 * wait.c: requests whose decision waits for a lookup.
 *
 * Only the request itself is kept meanwhile, and what was found out about its
 * key messages.  With the answer, or without one, it is read and decided
 * again; nobody outside sees a difference but the time it took.
 */
#include "core/engine.h"

static struct gate_lookup
result(enum lookup_found found, const struct gw_lookup_answer *answer,
    const struct lookup_source *source)
{
	if (found == LOOKUP_ANSWER)
		return (struct gate_lookup){ .state = GW_LOOKUP_ANSWERED,
			.answer = answer };
	return (struct gate_lookup){ .state = GW_LOOKUP_NO_ANSWER,
		.why = source->why };
}

bool
core_look_up_known(void *arg, const struct snapshot *s, uint16_t system,
    struct gw_span user, struct gw_arena *arena, struct gate_lookup *out)
{
	struct core *c = arg;

	*out = (struct gate_lookup){ .state = GW_LOOKUP_ANSWERED,
		.answer = &c->answer };
	return s == c->snap &&
	       lookups_recall(c, c->snap, system, user, arena, &c->answer);
}

/* False: w waits. */
static bool
look_up(struct core *c, struct snapshot *s, struct lookup_waiter *w)
{
	struct lookup_source source;
	enum lookup_found found = lookups_find(c, s, c->judged.match.to,
	    gate_target(s, &c->judged), c->arena, w, &c->answer, &source);

	if (found == LOOKUP_WAIT && w != NULL)
		return false;
	if (found == LOOKUP_WAIT)
		source.why = "the answer is not known yet, and an ACK cannot "
			     "wait for it";
	struct gate_lookup lookup = result(found, &c->answer, &source);
	gate_settle(&c->gate, s, &lookup, c->now, &c->judged);
	return true;
}

static void
ready(struct core *c, struct lookup_waiter *w, enum lookup_found found,
    const struct gw_lookup_answer *answer, const struct lookup_source *source)
{
	struct txn *x =
	    (struct txn *)(void *)((char *)w - offsetof(struct txn, waiter));
	struct gate_lookup lookup = result(found, answer, source);

	core_request_again(c, x, &lookup);
}

bool
core_look_up(struct core *c, struct txn *x)
{
	x->waiter.ready = ready;
	return look_up(c, x->snap, &x->waiter);
}

void
core_look_up_now(struct core *c, struct snapshot *s)
{
	(void)look_up(c, s, NULL);
}

/* The message alone, and the state of its key messages: what else was read
 * from it would lie idle. */
static bool
keep(struct core *c, struct txn *x, const struct sip_msg *m)
{
	if ((x->arena = core_fresh_arena(c)) == NULL ||
	    !gw_arena_copy(x->arena, m->raw, &x->raw))
		return false;
	x->checked = gw_arena_alloc(x->arena, 1, sizeof(*x->checked));
	if (x->checked == NULL)
		return false;
	gate_check_keep(&c->judged, x->checked);
	return true;
}

/* The caller of an INVITE learns at once that it is worked on; others as if
 * the next hop were slow (RFC 4320 4.1). */
void
core_wait(struct core *c, struct txn *x, const struct sip_msg *m)
{
	x->verdict = GW_REFUSE;
	x->reason = GW_REASON_LOOKUP_PENDING;
	x->to = c->judged.verdict.to;
	x->rule = c->judged.verdict.rule;
	if (!keep(c, x, m)) {
		lookups_leave(c, &x->waiter);
		core_step_server(c, x, TXN_ON_LIFE, NULL);
		core_settle(c, x);
	} else if (x->method == SIP_METHOD_INVITE) {
		wheel_stop(&c->wheel, &x->timers[TXN_TIMER_S_RETX]);
		core_reply_late(c, x, 100);
	}
}

void
core_wait_cancelled(struct core *c, struct txn *x)
{
	lookups_leave(c, &x->waiter);
	core_reply_late(c, x, 487);
	core_settle(c, x);
}
