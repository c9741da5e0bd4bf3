/*
 * mcxgw/ledger.h: contract of the usage ledger: what is recorded of a
 * decision that involves an external security domain, and who stores it.
 *
 * A record is a plain value.  Whoever decides fills one in and hands it over;
 * a store keeps it behind a bounded queue of its own, off the signalling
 * threads.  Nothing implements this contract yet.
 *
 * Memory  spans are borrowed for the duration of the call: a store copies.
 */
#ifndef MCXGW_LEDGER_H
#define MCXGW_LEDGER_H

#include "mcxgw/verdict.h"

struct gw_usage {
	int64_t wall_us; /* when it was decided */
	uint64_t decision; /* its id, as logs and responses have it */
	const char *method; /* "INVITE"; static */
	struct gw_span from, to; /* ids of the systems */
	struct gw_span initiator, receiver; /* MC service IDs */
	/* Security domains of the key message; external where not of the
	 * user's own system. */
	struct gw_span initiator_kms, receiver_kms;
	const char *purpose; /* "PCK"; static */
	uint32_t csb_id; /* of the key message */
	enum gw_outcome outcome;
	enum gw_reason reason;
	struct gw_span rule; /* "agreement/rule"; empty: none */
	enum gw_key_state signature;
	uint32_t latency_us; /* of the decision */
	/* Redirect responses as octets: what the gateway wrote, and what it
	 * received on the way back; empty for none. */
	struct gw_span krr_sent, krr_received;
};

struct gw_ledger_store {
	const char *name; /* as written in <ledger store="..."> */

	/** Open what settings names.  GW_EIO (errno), GW_ENOMEM. */
	enum gw_err (*open)(struct gw_span settings, void **store);

	/**
	 * Keep u.  Never waits.
	 *
	 * GW_ELIMIT  the queue is full: the caller counts the loss, or refuses
	 *            the request, as the operator configured
	 */
	enum gw_err (*put)(void *store, const struct gw_usage *u);

	/** Store what is queued, and close. */
	void (*close)(void *store);
};

#endif
