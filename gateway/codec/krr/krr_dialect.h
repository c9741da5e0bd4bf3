/*
 * krr_dialect.h: how elements of a KRR are called, one table per dialect, and
 * those of a lookup at a KMS.
 *
 * Built in is "3gpp".  Its root and namespace are those of TS 33.180 D.4; the
 * names of its children are NOT CHECKED against D.4.4, which could not be
 * read, and those of a lookup not against D.2.7.  A file conf/dialects/NAME.xml corrects it (same id) or describes
 * what a vendor sends, see dialect(5).
 *
 * Immutable after loading; may be read from any thread.
 */
#ifndef KRR_DIALECT_H
#define KRR_DIALECT_H

#include "mcxgw/diag.h"
#include "mcxgw/lookup.h"

#define KRR_DIALECTS_MAX 32
#define KRR_FIELDS_MAX	 24

/* What an element means. */
enum krr_is {
	KRR_IS_AUTHOR,
	KRR_IS_TIME,
	KRR_IS_INITIATOR,
	KRR_IS_INITIATOR_DOMAIN,
	KRR_IS_RECEIVER,
	KRR_IS_REFUSED_DOMAIN,
	KRR_IS_RECEIVER_DOMAINS,
	KRR_IS_EMBEDDED,
	KRR_IS_OTHER, /* known, of no interest; never written */
	KRR_IS_N
};

struct krr_field {
	enum krr_is is;
	bool required; /* to read it */
	struct gw_span name;
	/* Receiver domains: the element of one domain inside this one; empty
	 * where this element itself is one domain and repeated. */
	struct gw_span item;
};

struct krr_dialect {
	struct gw_span id;
	struct gw_span ns, root;
	/* The element around a signed KRR and its Signature; empty where the
	 * Signature is the last child of the KRR itself. */
	struct gw_span signed_root;
	struct gw_span id_attr; /* empty: it has none */
	struct gw_span version_attr, version; /* empty: it has none */
	bool skip_unknown; /* of its own namespace; else refused */
	size_t n_fields;
	struct krr_field fields[KRR_FIELDS_MAX]; /* as they are written */
	/* Of the KMS interface's lookup; never NULL. */
	const struct gw_lookup_names *lookup;
};

struct krr_dialects {
	struct gw_arena *arena;
	size_t n;
	const struct krr_dialect *at;
};

/** The built-in dialect alone.  Static storage. */
const struct krr_dialects *krr_dialects_builtin(void);

/**
 * The built-in dialect and all of folder (NULL: none): each file in it whose
 * name ends in .xml, checked against schema_dir/dialect.xsd.  A file with the
 * id of the built-in dialect takes its place.  Every mistake goes to d; NULL
 * if there was one.
 */
struct krr_dialects *krr_dialects_load(
    const char *folder, const char *schema_dir, struct gw_diag *d);

/** Release what was loaded.  NULL is allowed, the built-in set is not. */
void krr_dialects_free(struct krr_dialects *set);

/** The dialect with that id, or NULL. */
const struct krr_dialect *
krr_dialect_find(const struct krr_dialects *set, struct gw_span id);

/** The word of a meaning, as dialect files have it ("receiver-domains"). */
const char *krr_is_word(enum krr_is is);

/** Read one dialect from text; name stands for the file in reports.  The
 * result lives in a. */
bool
krr_dialect_parse(struct gw_span text, const char *name, const char *schema_dir,
    struct gw_arena *a, struct krr_dialect *out, struct gw_diag *d);

#endif
