/*
 * snapshot.h: all settings at one moment: configuration, policy, KMS
 * certificates, token keys, and what net makes of the TLS material.
 *
 * Immutable after loading, counted, shared by all threads without a lock.
 * A request sees one snapshot from its first octet to its last.  What changes
 * while it is in force (health of next hops, meters of limits) lives in
 * objects of atomics that the snapshot only refers to, and that the next
 * snapshot takes over where the names are the same.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdatomic.h>

#include "codec/mikey/kms_cert.h"
#include "codec/token/token.h"
#include "conf/conf.h"
#include "core/health.h"
#include "core/kms_index.h"
#include "core/kms_watch.h"
#include "core/meter.h"
#include "core/names.h"
#include "core/redirects.h"
#include "core/services.h"
#include "policy/policy.h"

struct snapshot {
	atomic_uint refs;
	uint64_t generation; /* 1 is the first */
	struct conf *conf;
	struct names *names; /* of conf: names_new() */
	struct policy *policy;
	struct kms_certs *kms;
	struct kms_index *kms_index;
	struct kms_watch *kms_watch;
	struct token_ring *tokens;
	struct health *health; /* one entry for each hop id */
	struct redirects *redirects;
	struct services *services; /* one entry for each service id */
	struct meters *meters; /* one entry for each rule, and each system */
	uint8_t branch_key[16]; /* for branches; the same on every node */
	void *net; /* TLS contexts; owned, freed with net_free */
	void (*net_free)(void *);
};

/**
 * Load everything that the file at path names.  Every mistake of every file
 * goes to d; NULL if there was one.  old (may be NULL) is the snapshot in
 * force: health and meters are taken over from it.  The result carries one
 * reference.
 */
struct snapshot *snapshot_load(const char *path, const char *schema_dir,
    struct gw_now now, const struct snapshot *old, struct gw_diag *d);

struct snapshot *snapshot_ref(struct snapshot *s);
/** Drop one reference; the last one frees.  NULL is allowed. */
void snapshot_unref(struct snapshot *s);

#endif
