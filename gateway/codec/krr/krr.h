/*
 * krr.h: a KMS Redirect Response as values (TS 33.180 5.2.8 and D.4).
 *
 * A KRR tells an initiator that the pair of security domains it used is not
 * acceptable, and which receiver domains are.  On its way back each border
 * may narrow the list: it never edits a KRR but writes a new one that embeds
 * the received one octet for octet.
 *
 * One struct serves reading and writing.  Read, its spans point into the
 * document or, where a reference had to be replaced, into the arena.
 *
 * The names of elements differ by dialect (krr_dialect.h); D.4.4 could not be
 * read, so that those of the built-in one are unchecked.
 */
#ifndef KRR_H
#define KRR_H

#include "codec/krr/krr_why.h"
#include "mcxgw/span.h"

/* What a SIP body is worth reading of: a KRR that lists all it may and
 * embeds as many as it may, each signed with a chain, needs half of it. */
#define KRR_OCTETS_MAX	65536
#define KRR_NESTED_MAX	5 /* KRRs inside of one, at any depth */
#define KRR_DOMAINS_MAX 64 /* acceptable receiver domains */
#define KRR_DOMAIN_MAX	255 /* octets of one */
#define KRR_TEXT_MAX	1024 /* octets of any other value */
#define KRR_IDS_MAX	64 /* Id attributes of a document */
#define KRR_ID_MAX	128 /* octets of one */

#define KRR_MEDIA_TYPE "application/vnd.3gpp.kmsredirectresponse+xml"

struct krr_dialect;

struct krr {
	const struct krr_dialect *dialect;
	struct gw_span id; /* its Id attribute; empty for none */
	/* Empty where it does not say. */
	struct gw_span author; /* who wrote this KRR */
	struct gw_span time; /* as it is written */
	int64_t time_us; /* the same since 1970; 0: none that can be read */
	struct gw_span initiator, initiator_domain;
	struct gw_span receiver, refused; /* the domain that was refused */
	size_t n_domains; /* acceptable ones, in order of preference */
	struct gw_span domains[KRR_DOMAINS_MAX];

	/* The KRR inside of it with its tags; empty for none.  Nothing in it
	 * is believed: read it as a document of its own. */
	struct gw_span embedded;
	unsigned nested; /* KRRs inside, at any depth */
	/* Prefix of its names; empty: they are in the default namespace.
	 * A KRR that embeds another has the prefix of that one: what it
	 * declares would else enter the canonical form of the inner. */
	struct gw_span prefix;

	/* Of a document that was read. */
	struct gw_span element; /* the root with its tags: what to embed */
	struct gw_span body; /* the KRR: the root, or inside a signed root */
	struct gw_span signature; /* its own Signature; empty for none */
	unsigned n_foreign; /* elements of other namespaces, passed over */
};

/**
 * Prepare libxml2 and xmlsec.  Once, before threads; without it nothing can
 * be verified.
 *
 * GW_EUNSUPPORTED  the libraries do not fit
 */
enum gw_err krr_init(void) GW_NODISCARD;

/** Is this the media type of a KRR (without its parameters)? */
bool krr_is_type(struct gw_span media_type);

#endif
