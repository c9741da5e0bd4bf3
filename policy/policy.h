/*
 * policy.h: agreements and local policy, compiled; the decision.
 *
 * The only header of this folder that others see.  A policy is immutable
 * after loading, so any thread may read it without a lock.  Deciding is a
 * pure function of (policy, facts, now): no clock, no allocation, bounded
 * time that does not depend on how many agreements there are.
 *
 * Deciding has two halves, so that costly facts are found only when a rule
 * asks for them: steps 1 to 5 say which rule applies and what it needs
 * (signature, lookup, limits), the others look at the completed facts.
 *
 *   policy_match()   the first half
 *   policy_decide()  both, with facts that are complete
 *   policy_judge()   both, with facts that are completed between them
 */
#ifndef POLICY_H
#define POLICY_H

#include "mcxgw/verdict.h"

struct gw_arena;

/* A system as the configuration names it; the index is its name in facts. */
struct gw_system {
	const char *id;
	bool local;
	size_t n_domains; /* domains of its MC service IDs, lower case */
	const char *const *domains;
	size_t n_migrated; /* users of other systems that it may speak for */
	const char *const *migrated;
	size_t n_identities; /* TLS identities it may show */
	const char *const *identities;
};

enum policy_demand { POLICY_OFF, POLICY_CHECK, POLICY_REQUIRE };
enum policy_lookup {
	POLICY_LOOKUP_NEVER,
	POLICY_LOOKUP_WHEN_UNKNOWN,
	POLICY_LOOKUP_ALWAYS
};

struct policy_match {
	bool matched; /* a rule was found; index and the rest are set */
	uint32_t rule; /* index among all rules, 0 to policy_rules() - 1 */
	uint16_t to;
	bool reversed; /* the rule is that of the other direction */
	enum policy_demand signature;
	enum policy_lookup lookup;
	bool lookup_fallback; /* no answer: the agreement's list serves */
	/* About whom the service of `to` is asked; borrowed from the facts,
	 * empty: nobody who can be asked about is told, or it is
	 * encrypted. */
	struct gw_span target;
};

/* What the agreement says about headers and bodies that cross. */
struct policy_handling {
	bool hide_call_id;
	bool drop_unknown; /* header fields we do not know; default true */
	bool access_token_drop; /* default true; false only by agreement */
	size_t n_allow, n_drop; /* header names, lower case */
	const char *const *allow, *const *drop;
	const char *asserted_identity; /* URI to put, or NULL: leave */
	const char *request_uri; /* PSI to put, or NULL: leave */
};

/* A security domain that an agreement names. */
struct policy_domain {
	const char *kms; /* lower case */
	uint16_t system;
	const char *certificate; /* file, NULL: none given */
	bool pinned;
	uint8_t sha256[32];
	uint32_t compat; /* POLICY_COMPAT_* */
	struct gw_where at;
};
#define POLICY_COMPAT_SIGN_HEADER  (1u << 0) /* "sign-header-excluded" */
#define POLICY_COMPAT_UID_HEX	   (1u << 1) /* "uid-hex" */
#define POLICY_COMPAT_TRAILING_NUL (1u << 2) /* "kms-trailing-nul" */
#define POLICY_COMPAT_UID_IN_IDR   (1u << 3) /* "uid-in-idr" */
#define POLICY_COMPAT_KMS_IN_ROLE3 (1u << 4) /* "kms-in-role-3" */

/* Whether redirect responses (KRR) carry signatures. */
enum policy_krr_signature {
	POLICY_KRR_OFF, /* neither signed nor looked at */
	POLICY_KRR_SIGN, /* what the gateway writes is signed */
	POLICY_KRR_REQUIRE /* and what it receives must be verified */
};

/* What a rule says of redirect responses. */
struct policy_redirect {
	struct gw_where at; /* of the rule, where it does not say */
	enum policy_krr_signature signature;
	bool embed; /* a reduced one embeds the one that was received */
	/* Who may write one: the gateway of the caller's side (the system
	 * that the request comes from is local), that of the target's.
	 * Between two local systems, or two partners, it is both. */
	bool author_exit, author_entry;
	bool empty_refuse; /* 403 instead of a list without a domain */
};

struct policy_limit {
	uint32_t rate; /* requests per window; 0: none */
	uint32_t window_s; /* 1, 60 or 3600 */
	uint32_t concurrent; /* transactions open at once; 0: none */
};

struct policy_source {
	const char *policy_file; /* NULL: an empty local policy */
	const char *agreements_dir; /* every *.xml in it */
	const char *schema_dir; /* agreement.xsd, policy.xsd */
	const struct gw_system *systems; /* borrowed for the policy's life */
	size_t n_systems;
	int64_t wall_us; /* for warnings about validity */
};

struct policy;

/**
 * Load, check and compile.  Every mistake goes to d; NULL if there was an
 * error (warnings do not hinder).
 */
struct policy *policy_load(const struct policy_source *src, struct gw_diag *d);
void policy_free(struct policy *p);

/**
 * Steps 1 to 5.  False if no rule applies: policy_decide() with the same
 * facts gives the reason.
 */
bool policy_match(const struct policy *p, const struct gw_facts *f,
    int64_t wall_us, struct policy_match *out);

/** The decision.  Total: always fills *v.  Default: refuse. */
void policy_decide(const struct policy *p, const struct gw_facts *f,
    int64_t wall_us, struct gw_verdict *v);

/* Who completes the facts once a rule is found. */
struct policy_finder {
	struct policy_match *match; /* out: what policy_match() says of them */
	/* Called once match is there, if a rule was found.  It may change of
	 * the facts what is told of key messages beside their names, what the
	 * lookup service said, and the meters' part.  NULL: they are
	 * complete. */
	void (*find)(void *arg);
	void *arg;
};

/** policy_match() and then policy_decide(), with one look at steps 1 to 5. */
void policy_judge(const struct policy *p, const struct gw_facts *f,
    int64_t wall_us, const struct policy_finder *finder, struct gw_verdict *v);

/** The system whose MC service IDs are in the domain of uri, or NONE. */
uint16_t policy_system_of(const struct policy *p, struct gw_span uri);

/** May a system assert that identity?  Not if it is of another system; one
 * that is of no system (a function of the network, a number) may be. */
bool
policy_may_assert(const struct policy *p, uint16_t from, struct gw_span uri);

/** How messages between two systems are handled, by the agreement that is in
 * force then, else by the one that comes or went last; never NULL
 * (defaults). */
const struct policy_handling *policy_handling(
    const struct policy *p, uint16_t from, uint16_t to, int64_t wall_us);

size_t policy_rules(const struct policy *p);
/** "agreement/rule", unique. */
const char *policy_rule_name(const struct policy *p, uint32_t rule);
const struct policy_limit *
policy_rule_limit(const struct policy *p, uint32_t rule);
const struct policy_redirect *
policy_rule_redirect(const struct policy *p, uint32_t rule);

/**
 * Steps 8 to 10 for one pair of security domains, as policy_decide() takes
 * them: is it permitted now under a rule that matched a request?  For what a
 * redirect response proposes on its way back; initiator_kms is that of the
 * request.  reversed is that of the match: then the initiator is of the
 * system that the rule names in to.
 *
 * The agreement must be in force, and local policy must not refuse either
 * domain.  Who takes part in what communication is not known here, so a
 * refusal by kms counts if it may fit any request under the rule: what
 * passes here, the decision permits too.
 */
bool policy_permits_pair(const struct policy *p, uint32_t rule, bool reversed,
    struct gw_span initiator_kms, struct gw_span receiver_kms, int64_t wall_us);
/** The same; *out is the step that settled it.  Its fact borrows from the
 * arguments. */
bool policy_pair_step(const struct policy *p, uint32_t rule, bool reversed,
    struct gw_span initiator_kms, struct gw_span receiver_kms, int64_t wall_us,
    struct gw_step *out);

/** All of them, one array: the first is policy_domain_at(p, 0). */
size_t policy_domains(const struct policy *p);
const struct policy_domain *policy_domain_at(const struct policy *p, size_t i);
/** The domain of that KMS URI (without case), or NULL. */
const struct policy_domain *
policy_domain_find(const struct policy *p, struct gw_span kms);

/*
 * Lookups.  Systems name users and security domains in their own way; <map> of
 * an agreement says which name of its party's service means which name of the
 * agreement.  Signed material is never mapped.
 */
enum policy_map_way { POLICY_MAP_IN, POLICY_MAP_OUT }; /* from, to a service */
/** The other name of a user or a KMS URI of that system's service, in the
 * arena, or the name itself where nothing is mapped.  False: arena full. */
bool policy_map_user(const struct policy *p, uint16_t system,
    enum policy_map_way way, struct gw_span user, struct gw_arena *a,
    struct gw_span *out) GW_NODISCARD;
bool
policy_map_kms(const struct policy *p, uint16_t system, enum policy_map_way way,
    struct gw_span kms, struct gw_arena *a, struct gw_span *out) GW_NODISCARD;
/** Changes when anything that maps names of that system does. */
uint64_t policy_map_digest(const struct policy *p, uint16_t system);
/** Has any KMS another name at the service of system? */
bool policy_maps_kms(const struct policy *p, uint16_t system);

/**
 * What a system that asks may be told of an answer about a user of another:
 * only under an agreement in force with disclose="permitted", only domains
 * that the agreement names for the user's system, that are not revoked and
 * may be paired with a domain of the asker's system under some rule from the
 * asker's system (or the reverse of one), and of external domains only the
 * asker's that may be paired with it.  In the order of the answer.  Empty:
 * nothing is told, and no time to live either.  Between local systems without
 * an agreement, and toward oneself: as it is.  Spans borrow from in.
 */
void policy_disclose(const struct policy *p, uint16_t asker, uint16_t system,
    const struct gw_lookup_answer *in, int64_t wall_us, struct gw_arena *a,
    struct gw_lookup_answer *out);

/** May anything at all be told so?  If not, nobody needs to be asked. */
bool policy_discloses(
    const struct policy *p, uint16_t asker, uint16_t system, int64_t wall_us);

/* KMS traffic (TS 33.180 Annex D) that one system sends to another's KMS. */
enum policy_kms_request {
	POLICY_KMS_INIT, /* of a listed migrated user only */
	POLICY_KMS_KEYPROV, /* the same */
	POLICY_KMS_CERT,
	POLICY_KMS_CERTCACHE,
	POLICY_KMS_REDIRECT, /* upload of KRRs */
	POLICY_KMS_N
};
/** May it cross?  kms: whose certificate, for CERT; user: for whom, for INIT
 * and KEYPROV; both may be empty.  Without kms, and for CERTCACHE, what comes
 * back is for policy_kms_visible() to judge.  *out is the step that settled
 * it; what it has as fact may borrow from the arguments. */
bool policy_kms_may(const struct policy *p, uint16_t from, uint16_t to,
    enum policy_kms_request what, struct gw_span kms, struct gw_span user,
    int64_t wall_us, struct gw_step *out);
/** May the asking system hold the certificate of that domain of `to`? */
bool policy_kms_visible(const struct policy *p, uint16_t asker, uint16_t to,
    struct gw_span kms, int64_t wall_us);
/** "init"; static. */
const char *policy_kms_request_name(enum policy_kms_request what);

/* What the ledger writes down. */
enum policy_record_what {
	POLICY_RECORD_NONE,
	POLICY_RECORD_REFUSED, /* redirects and refusals */
	POLICY_RECORD_EXTERNAL, /* what involves an external domain */
	POLICY_RECORD_ALL
};
struct policy_record {
	enum policy_record_what decisions; /* default: external */
	bool identities; /* users by name; else left out.  Default true */
};
/** What local policy wants recorded. */
const struct policy_record *policy_record(const struct policy *p);

/** How far a time stamp of a key message may lie off, and how long a key
 * message is remembered against replay (microseconds). */
int64_t policy_clock_tolerance_us(const struct policy *p);
int64_t policy_replay_window_us(const struct policy *p);

#endif
