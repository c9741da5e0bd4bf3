/*
 * mcx_list.h: whom a resource list names (RFC 4826, RFC 5363): the called
 * users of a private call stand in one, not in the info document.
 */
#ifndef MCX_LIST_H
#define MCX_LIST_H

#include "mcxgw/arena.h"

struct mcx_list {
	struct gw_span target; /* URI of the first entry; empty if none */
	/* The user part of the target is a ciphertext (TS 33.180, 9.3: URIs
	 * in attributes): only its domain can be read. */
	bool target_encrypted;
	/* Up to 255; references to entries elsewhere count, they are targets
	 * that nobody here can see. */
	uint8_t entries;
};

/**
 * Read the document doc.
 *
 * GW_EMALFORMED, GW_ELIMIT, GW_ENOMEM  fault is relative to doc
 */
enum gw_err mcx_list_read(struct gw_span doc, struct gw_arena *a,
    struct mcx_list *out, struct gw_fault *fault) GW_NODISCARD;

#endif
