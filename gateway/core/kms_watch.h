/*
 * kms_watch.h: the certificates that KMSs offer, fetched now and then and
 * compared with what the agreements pin.
 *
 * What is fetched never takes effect by itself.  The one exception is a
 * domain whose certificate is pinned but not at hand as a file: the one that
 * is fetched stands in for it, if it is the one that is pinned.
 *
 * Entries are atomics that any thread may read; the one worker that watches
 * writes them.  The next snapshot takes over those of the same KMS and pin.
 */
#ifndef KMS_WATCH_H
#define KMS_WATCH_H

#include <stdatomic.h>

#include "codec/mikey/kms_cert.h"
#include "conf/conf.h"
#include "mcxgw/json.h"

enum kms_watch_state {
	KMS_WATCH_NOT_YET,
	KMS_WATCH_SAME, /* as pinned, or as the file has it */
	KMS_WATCH_CHANGED, /* somebody must look */
	KMS_WATCH_UNPINNED, /* nothing to compare it with */
	KMS_WATCH_FAILED, /* none could be fetched, or none that is good */
	KMS_WATCH_STATE_N
};

struct kms_watched {
	atomic_uint refs;
	_Atomic uint8_t state; /* enum kms_watch_state */
	_Atomic int64_t valid_to_us; /* of the one that was fetched; 0 */
	/* What was fetched, its SHA-256; for people. */
	_Atomic uint64_t print[KMS_SHA256_LEN / 8];
	/* As pinned, for a domain without a file; set once. */
	_Atomic(struct kms_certs *) certs;
};

struct kms_watch_entry {
	const struct conf_service *service; /* of the conf */
	const struct policy_domain *domain; /* of the policy; NULL: none */
	struct kms_watched *seen;
};

struct kms_watch {
	size_t n;
	struct kms_watch_entry *at; /* by name of the domain */
};

struct snapshot;

/** Entries for those of s that are watched; what old (NULL: none) saw is taken
 * over.  NULL: no memory. */
struct kms_watch *
kms_watch_new(const struct snapshot *s, const struct snapshot *old);
void kms_watch_free(struct kms_watch *w);

/** The certificate of that KMS URI that was fetched and is as pinned, or
 * NULL. */
const struct kms_cert *
kms_watch_find(const struct kms_watch *w, struct gw_span kms);

/** What somebody should look at, one line each. */
void
kms_watch_text(const struct kms_watch *w, int64_t wall_us, struct gw_buf *out);
/** All entries, as the member kms of the object that is open. */
void
kms_watch_json(const struct kms_watch *w, int64_t wall_us, struct gw_json *j);
/** "changed"; static. */
const char *kms_watch_word(enum kms_watch_state state);

/** Lapses within so long: time to fetch another. */
#define KMS_WATCH_SOON_US (30 * 86400 * (int64_t)1000000)

#endif
