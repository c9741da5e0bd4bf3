/*
 * topo_work.h: one message on its way across the border.  Private to
 * topo*.c.
 *
 * Edits are bounded in number (SIP_EDITS_MAX) and in what they add
 * (TOPO_GROWTH_MAX); who adds one learns at once that a bound is passed, so
 * that a message built to need many tokens costs no more than the bound.
 */
#ifndef TOPO_WORK_H
#define TOPO_WORK_H

#include "core/topo.h"

struct topo_work {
	const struct topo *t;
	const struct sip_msg *m;
	struct sip_edits *edits;
	struct gw_fault *fault;
	const struct policy_handling *handling;
	const struct names *names;
	uint64_t from, to; /* the systems, as they stand in tokens */
	/* For new tokens. */
	uint64_t memo;
	uint8_t key_id; /* 0: the current one */
	bool answering;
	bool hide_call_id;

	size_t head_off; /* where new rows go: before the first Via */
	uint16_t first_edit; /* those before it are the caller's */
	size_t inserted; /* octets, by us */
	struct gw_span dropped; /* rows, not yet in edits */
};

/** Begin.  m and edits belong together. */
void topo_work_init(struct topo_work *w, const struct topo *t,
    const struct sip_msg *m, const struct policy_handling *handling,
    struct sip_edits *edits, struct gw_fault *fault);

/** Remove a row. */
void topo_work_drop(struct topo_work *w, struct gw_span line);

/** Put ins in place of old.  GW_ELIMIT */
enum gw_err topo_work_replace(
    struct topo_work *w, struct gw_span old, struct gw_span ins) GW_NODISCARD;

/** Add a row, whole line; rows stand in the order of the calls.  GW_ELIMIT */
enum gw_err topo_work_add(struct topo_work *w, struct gw_span row) GW_NODISCARD;

/** The n parts as one text in the arena.  GW_ENOMEM */
enum gw_err topo_work_join(struct topo_work *w, const struct gw_span *parts,
    size_t n, struct gw_span *out) GW_NODISCARD;

/** The same, added as a row.  GW_ENOMEM, GW_ELIMIT */
enum gw_err topo_work_add_parts(
    struct topo_work *w, const struct gw_span *parts, size_t n) GW_NODISCARD;

/* What a row added so far, to be taken back with it. */
struct topo_mark {
	uint16_t n;
	size_t inserted;
};
struct topo_mark topo_work_mark(const struct topo_work *w);
void topo_work_forget(struct topo_work *w, struct topo_mark mark);

/** Say that part of the message cannot be read; GW_EMALFORMED. */
enum gw_err
topo_work_refuse(struct topo_work *w, struct gw_span part, const char *why);
/** Say that it would grow too large; GW_ELIMIT. */
enum gw_err topo_work_limit(struct topo_work *w, const char *why);

/** Numbers in tokens, most significant octet first. */
static inline void
topo_work_put64(uint8_t *p, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (56 - 8 * i));
}

/** The way back. */
static inline uint64_t
topo_work_get64(const uint8_t *p)
{
	return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 |
	       (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 |
	       (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
	       (uint64_t)p[6] << 8 | (uint64_t)p[7];
}

/** Finish: the removed rows, and the bounds once more.  GW_ELIMIT */
enum gw_err topo_work_end(struct topo_work *w) GW_NODISCARD;

#endif
