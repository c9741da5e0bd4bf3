/*
 * policy_int.h: what a policy consists of.
 *
 * One agreement has two directions, from its first party to its second and
 * back; a direction has rules, and the first one that fits a request is the
 * rule.  What local policy says of a pair of systems is worked into the
 * directions when the policy is compiled.
 *
 * Everything lives in the policy's arena and is never written after loading.
 */
#ifndef POLICY_INT_H
#define POLICY_INT_H

#include "policy/policy.h"
#include "policy/policy_pattern.h"
#include "policy/policy_table.h"

/* Caps: deciding walks these lists, so they are short. */
#define POLICY_RULES_MAX	    64 /* of one direction */
#define POLICY_PATTERNS_MAX	    64 /* initiators or targets of a rule */
#define POLICY_COMMS_MAX	    16 /* communications of a rule */
#define POLICY_PAIRS_MAX	    32 /* domains elements of a rule */
#define POLICY_PARTY_MAX	    64 /* domains of a party */
#define POLICY_KMS_MAX		    32 /* security domains of a party */
#define POLICY_HEADERS_MAX	    64
#define POLICY_SUCCESSORS_MAX	    16 /* agreements of two systems */
#define POLICY_GENERAL_REFUSALS_MAX 256 /* that no index narrows down */
/* Caps that only guard memory and loading time. */
#define POLICY_AGREEMENTS_MAX 65536
#define POLICY_REFUSALS_MAX   10000
#define POLICY_CAPS_MAX	      1000
#define POLICY_REVOKED_MAX    10000
#define POLICY_MAPS_MAX	      10000 /* of a party */
#define POLICY_KMS_LEN_MAX    255

/* Bits of a kind, a service, an urgency in a mask. */
#define POLICY_BIT(n)	 (1u << (unsigned)(n))
#define POLICY_ALL(end)	 (POLICY_BIT(end) - 1u)
#define POLICY_SERVICE_N 4

struct policy_comm {
	uint32_t services, kinds, urgencies; /* masks */
};

struct policy_patterns {
	bool any;
	size_t n;
	const struct policy_pattern *at;
};

/* A <domains> element: each initiator with each receiver. */
struct policy_pairs {
	struct gw_where at;
	bool any; /* every domain of either party */
	size_t n_initiator, n_receiver;
	/* While reading names, then numbers in policy->domains. */
	const char **initiator_kms, **receiver_kms;
	uint32_t *initiator, *receiver;
};

enum policy_presence {
	POLICY_PRESENCE_REQUIRED,
	POLICY_PRESENCE_OPTIONAL,
	POLICY_PRESENCE_FORBIDDEN
};

struct policy_rule {
	const char *id, *name; /* "calls", "alpha-bravo/calls" */
	struct gw_where at, key_at, info_at, limit_at, cap_at;
	const struct policy_agreement *agreement; /* once compiled */
	uint8_t direction; /* 0: from the first party */
	size_t n_comms;
	const struct policy_comm *comms;
	struct policy_patterns initiator, target;
	size_t n_pairs;
	struct policy_pairs *pairs;
	enum policy_presence presence;
	enum policy_demand signature;
	enum policy_lookup lookup;
	bool lookup_fallback;
	bool opaque; /* info documents that we cannot read are let pass */
	struct policy_redirect redirect;
	struct policy_limit limit;
	int8_t cap_p, cap_q; /* -1: none */
	uint32_t index; /* among all rules */
};

enum policy_disclose { POLICY_DISCLOSE_NONE, POLICY_DISCLOSE_PERMITTED };

/* A cap of priorities for one urgency; -1: none. */
struct policy_level {
	int8_t p, q;
	struct gw_where at;
};

struct policy_direction {
	bool has_handling, has_lookup, has_kms;
	struct policy_handling handling;
	enum policy_disclose disclose;
	struct gw_where kms_at;
	bool kms_may[POLICY_KMS_N]; /* requests to the KMS of `to` */
	uint32_t *reach; /* of each domain of `to`, see policy_reach_of() */
	size_t n_rules;
	struct policy_rule **rules; /* in document order */
	/* From local policy. */
	struct policy_level cap[GW_URGENCY_N];
	size_t n_refusals;
	const uint32_t *refusals; /* that name one of the systems */
};

struct policy_kms {
	const char *kms, *certificate;
	struct gw_where at;
	bool pinned;
	uint8_t sha256[32];
	uint32_t compat;
	uint32_t domain; /* number in policy->domains, once compiled */
};

enum policy_map_what {
	POLICY_MAP_DOMAIN, /* of MC service IDs */
	POLICY_MAP_USER,
	POLICY_MAP_KMS,
	POLICY_MAP_N
};

/* A name of a system's service, and the agreement's name of the same. */
struct policy_map {
	enum policy_map_what what;
	struct gw_where at;
	const char *name, *as; /* lower case, of users as written */
	struct policy_pattern name_user, as_user;
	uint16_t system; /* once compiled */
};

struct policy_party {
	const char *id; /* of the system */
	uint16_t system;
	struct gw_where at;
	size_t n_domains, n_kms, n_identities;
	const char **domains; /* lower case */
	struct gw_where *domains_at;
	struct policy_kms *kms;
	const char **identities; /* of TLS */
	size_t n_maps;
	struct policy_map *maps;
};

struct policy_agreement {
	const char *id;
	struct gw_where at;
	uint64_t serial;
	int64_t from_us, until_us; /* in force at from_us, not at until_us */
	bool suspended;
	bool has_signature;
	struct policy_party party[2];
	struct policy_direction direction[2];
	size_t n_rules;
	struct policy_rule *rules; /* of both directions, document order */
};

/* A refusal of local policy: all that is set must fit. */
struct policy_refusal {
	const char *id;
	struct gw_where at;
	uint16_t from, to; /* GW_SYSTEM_NONE: any */
	struct policy_comm comm;
	bool by_initiator, by_target;
	struct policy_pattern initiator, target;
	const char *kms; /* NULL: any */
};

struct policy_cap {
	struct gw_where at;
	uint16_t from, to;
	uint32_t urgencies;
	int8_t p, q;
};

struct policy_revoked {
	const char *kms; /* lower case */
	struct gw_where at;
};

/* The local policy as it was read. */
struct policy_local {
	struct gw_where at;
	size_t n_refusals, n_caps, n_revoked, n_signed;
	struct policy_refusal *refusals;
	struct policy_cap *caps;
	struct policy_revoked *revoked;
	const char **signed_ids; /* agreements that need signatures */
	struct gw_where *signed_at;
	bool all_signed;
	int64_t clock_us, replay_us;
	struct policy_record record;
};

/* The agreements between two systems, in order of their validity. */
struct policy_relation {
	uint16_t low, high;
	uint32_t first, n; /* in policy->agreements */
};

/* A domain of MC service IDs; of two systems it belongs to none. */
struct policy_host {
	struct gw_span name;
	uint16_t system;
};

/* What is refused when an identity of this system cannot be read. */
struct policy_hidden {
	const struct policy_refusal *initiator, *target;
};

/* Users of other systems that a system may speak for. */
struct policy_migrated {
	uint16_t system;
	struct policy_pattern pattern;
};

struct policy {
	struct gw_arena *arena; /* holds all, itself too */
	const struct gw_system *systems;
	size_t n_systems;
	/* By system; then of identities of no system, and of any. */
	struct policy_hidden *hidden;

	size_t n_agreements, room; /* of agreements */
	size_t n_relations, n_rules, n_domains, n_migrated, n_hosts, n_maps;
	struct policy_agreement **agreements;
	struct policy_relation *relations;
	struct policy_rule **rules;
	struct policy_domain *domains;
	const struct policy_revoked **revoked; /* by domain, NULL: it is not */
	struct policy_migrated *migrated;
	struct policy_host *hosts;
	const struct policy_map **maps;
	uint64_t *map_digests; /* by system */
	bool *maps_kms; /* by system */

	struct policy_local local;
	size_t n_general;
	const uint32_t *general; /* refusals that no index narrows down */

	struct policy_table by_id, by_domain, by_migrated;
	struct policy_table by_agreement, by_relation, by_kms;
	struct policy_table by_map[2]; /* by enum policy_map_way */
	struct policy_table by_initiator, by_target, by_refused_kms;
	/* All refusals that name a KMS, once for each from, to and
	 * communication, whatever identities they name. */
	struct policy_table by_pair_kms;
};

/** The system of that id (with case), or NONE. */
uint16_t policy_system_of_id(const struct policy *p, const char *id);
/** Is the user one of another system that system may speak for? */
bool policy_is_migrated(
    const struct policy *p, uint16_t system, const struct policy_uri *uri);
/** The system of a host that is a domain of MC service IDs, or NONE. */
uint16_t policy_system_of_host(const struct policy *p, struct gw_span host);
/** The system of an identity that was read. */
uint16_t
policy_system_of_uri(const struct policy *p, const struct policy_uri *uri);
/** The number of a domain in policy->domains, or UINT32_MAX. */
uint32_t policy_domain_number(const struct policy *p, struct gw_span kms);
/** The agreements between two systems, in either order, or NULL. */
const struct policy_relation *
policy_relation_of(const struct policy *p, uint16_t a, uint16_t b);
/** The one in force then, else the one that comes or went last. */
uint32_t policy_relation_current(
    const struct policy *p, const struct policy_relation *r, int64_t wall_us);
/** The agreement between two systems that is in force, or NULL; *out is the
 * step that settled it.  Both must be systems of p. */
const struct policy_agreement *policy_agreement_step(const struct policy *p,
    uint16_t from, uint16_t to, int64_t wall_us, struct gw_step *out);
/** Why an agreement does not hold at that time, or NULL. */
const char *
policy_agreement_fault(const struct policy_agreement *a, int64_t wall_us);
/** The name of a domain in policy->domains. */
struct gw_span policy_kms_name(const struct policy *p, uint32_t domain);

#endif
